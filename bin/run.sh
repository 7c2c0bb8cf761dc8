#!/usr/bin/env bash
# The demo on this machine only: migrate, seed once, then web and worker until Ctrl-C.
set -euo pipefail
cd "$(dirname "$0")/.."
marketplace="${VENV:-.venv}/bin/marketplace"
"$marketplace" db upgrade
"$marketplace" seed demo
exec "$marketplace" run
