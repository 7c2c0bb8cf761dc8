#!/usr/bin/env bash
# Installs the page checkers (Lighthouse, csp_evaluator) from the lock file beside the browser tests.
set -euo pipefail
cd "$(dirname "$0")/../tests/browser"
# shellcheck source=bin/lib.sh
. ../../bin/lib.sh

if ! command -v npm >/dev/null 2>&1 ||
  ! node -e 'process.exit(parseInt(process.versions.node) < 18 ? 1 : 0)'; then
  fail "Node.js 18 or newer with npm is needed for the page checkers: apt-get install nodejs npm"
fi
state="$(cat package.json package-lock.json | sha256sum | cut -d' ' -f1)"
if [ "$(cat node_modules/.installed 2>/dev/null || true)" != "$state" ]; then
  say "Installing the page checkers"
  # No package may run code of its own: a browser download would be tried otherwise.
  npm ci --silent --ignore-scripts --no-audit --no-fund
  echo "$state" >node_modules/.installed
fi
