#!/usr/bin/env bash
# Pins requirements/*.in with hashes. The locks name versions and hashes only, never where they came from.
#   bin/lock.sh [--upgrade]
set -euo pipefail
cd "$(dirname "$0")/.."
venv="${VENV:-.venv}"
"$venv/bin/python" -m pip install -q --disable-pip-version-check --require-hashes -r requirements/tools.txt

pin() { # pin TARGET ARGUMENT...
  local target="requirements/$1.txt"
  shift
  "$venv/bin/uv" pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-annotate \
    --no-emit-index-url --no-header --output-file "$target" "${upgrade[@]}" "$@"
  sed -i '1i # Written by `make lock`; change the .in files.' "$target"
}

upgrade=("$@")
pin tools requirements/tools.in
pin runtime requirements/runtime.in requirements/build.in --constraint requirements/limits.txt
# Each set holds the smaller one at the same versions, so that adding one never moves the other.
pin semantic requirements/runtime.in requirements/build.in requirements/semantic.in --constraint requirements/runtime.txt
pin dev requirements/runtime.in requirements/build.in requirements/semantic.in requirements/dev.in --constraint requirements/runtime.txt
pin bench requirements/runtime.in requirements/build.in requirements/semantic.in requirements/dev.in requirements/bench.in --constraint requirements/dev.txt
if command -v npm >/dev/null 2>&1; then
  # The second pass adds the peers that the first leaves out.
  for _ in 1 2; do
    (cd tests/browser && npm install --silent --package-lock-only --omit-lockfile-registry-resolved \
      --ignore-scripts --no-audit --no-fund)
  done
fi
