"""Lighthouse and csp_evaluator on the main pages of the demo: ``make lighthouse``.

Fails below accessibility 100 or performance 95, or on a finding of high severity in the policy.
"""

import json
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
import urllib.request
from pathlib import Path

from tests.support import server

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-headless-shell")
FOLDER = Path(__file__).parent
FLOORS = {"accessibility": 100, "performance": 95}
HIGH_SEVERITY = 10
TRIES = 3  # on a busy machine the trace of a page load gets lost now and then
LISTS = ("/", "/providers", "/products", "/cases")
DETAILS = ("/providers", "/cases")
CHROMIUM_FLAGS = (
    "--headless=new --no-sandbox --disable-gpu --disable-quic --no-first-run "
    "--disable-background-networking --disable-component-update --disable-sync"
)


def read(url: str) -> tuple[str, str]:
    """Body and Content-Security-Policy of a page."""
    with urllib.request.urlopen(url, timeout=30) as answer:
        return answer.read().decode(), answer.headers["Content-Security-Policy"]


def pages(base: str) -> list[str]:
    """The lists, and the first page that each of some lists links to."""
    found = list(LISTS)
    for path in DETAILS:
        body, _ = read(base + path)
        if link := re.search(rf'href="({path}/\d+)"', body):
            found.append(link.group(1))
    return found


def scores(url: str) -> dict[str, int]:
    """Lighthouse's scores of one page, 0 to 100. Raises RuntimeError after three tries."""
    for _ in range(TRIES):
        done = subprocess.run(
            [
                "node", FOLDER / "node_modules/lighthouse/cli/index.js", url, "--quiet",
                "--output=json", f"--only-categories={','.join(FLOORS)}",
                f"--chrome-flags={CHROMIUM_FLAGS}",
            ],
            capture_output=True, text=True, check=False, timeout=300,
            env={**server.environment(FOLDER), "CHROME_PATH": CHROMIUM or ""},
        )  # fmt: skip
        if done.returncode == 0:
            categories = json.loads(done.stdout)["categories"]
            return {name: round(100 * (categories[name]["score"] or 0)) for name in FLOORS}
    raise RuntimeError(f"Lighthouse could not look at {url}:\n{done.stderr[-2000:]}")


def good_enough(got: dict[str, int]) -> bool:
    return all(got[name] >= floor for name, floor in FLOORS.items())


def measure(url: str) -> dict[str, int]:
    """The scores; the median of three runs where one was not good enough, as loads vary."""
    runs = [scores(url)]
    if not good_enough(runs[0]):
        runs += [scores(url), scores(url)]
    return {name: round(statistics.median(run[name] for run in runs)) for name in FLOORS}


def policy_findings(policy: str) -> list[tuple[int, str]]:
    """Severity and text of what csp_evaluator says about a policy."""
    done = subprocess.run(
        ["node", FOLDER / "csp.mjs", policy], capture_output=True, text=True, check=True
    )
    rows = [line.split("\t") for line in done.stdout.splitlines() if line]
    return [(int(severity), f"{directive}: {text}") for severity, directive, text in rows]


def check(base: str) -> bool:
    """Print all scores and findings; whether everything is good enough."""
    good = True
    for path in pages(base):
        got = measure(base + path)
        good &= good_enough(got)
        print(f"{path:<20}", *(f"{name} {value:>3}" for name, value in got.items()), flush=True)
    for severity, text in policy_findings(read(base + "/")[1]):
        good &= severity > HIGH_SEVERITY
        print(f"policy, severity {severity}: {text}")
    return good


def main() -> int:
    """Serve the demo from a folder of its own and check it."""
    with tempfile.TemporaryDirectory() as folder:
        data = Path(folder)
        server.run(data, "db", "upgrade")
        server.run(data, "seed", "demo")
        with server.serve(data) as base:
            return 0 if check(base) else 1


if __name__ == "__main__":
    sys.exit(main())
