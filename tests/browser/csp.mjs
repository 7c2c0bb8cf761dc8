// Prints what csp_evaluator finds in the policy given as argument: "severity<TAB>directive<TAB>text".
// Severities are those of the package: 10 high, 20 syntax, 30 medium, 40 and above hints.
import { createRequire } from "node:module";

const require = createRequire(import.meta.url);
const { CspEvaluator } = require("csp_evaluator");
const { CspParser } = require("csp_evaluator/dist/parser.js");

const findings = new CspEvaluator(new CspParser(process.argv[2]).csp).evaluate();
for (const finding of findings) {
  console.log([finding.severity, finding.directive, finding.description].join("\t"));
}
