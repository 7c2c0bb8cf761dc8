#!/usr/bin/env bash
# Makes .venv with the locked dependencies. Safe to repeat: it does nothing when nothing changed.
#   bin/bootstrap.sh [runtime|semantic|dev|bench]
# Honours PYTHON (the interpreter to use) and VENV (default .venv).
set -euo pipefail
cd "$(dirname "$0")/.."
# shellcheck source=bin/lib.sh
. bin/lib.sh

kind="${1:-runtime}"
venv="${VENV:-.venv}"
lock="requirements/$kind.txt"
[ -f "$lock" ] || fail "No such set of dependencies: $kind (runtime, semantic, dev or bench)"

new_enough() { "$1" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; }

find_python() {
  local name
  for name in ${PYTHON:-} python3 python3.14 python3.13 python3.12 python3.11; do
    if command -v "$name" >/dev/null 2>&1 && new_enough "$name"; then
      command -v "$name"
      return 0
    fi
  done
  return 1
}

# The package that carries venv: python3-venv for the system's python3, python3.12-venv for python3.12.
venv_package() {
  case "$(basename "$1")" in
    python3.*) echo "$(basename "$1")-venv" ;;
    *) echo python3-venv ;;
  esac
}

make_venv() {
  local python
  if ! python="$(find_python)"; then
    debian_install python3 python3-venv || exit 1
    python="$(find_python)" || fail "Python 3.11 or newer is needed; set PYTHON to its path"
  fi
  if ! "$python" -c 'import ensurepip, venv' 2>/dev/null; then
    debian_install "$(venv_package "$python")" || exit 1
  fi
  say "Creating $venv with $("$python" --version)"
  "$python" -m venv --clear "$venv"
}

mkdir -p var
if command -v flock >/dev/null 2>&1; then
  exec 9>var/bootstrap.lock
  flock 9
fi

new_enough "$venv/bin/python" || make_venv

# What was installed is named by the content of its lock, the project file and the interpreter.
state="$({ cat "$lock" pyproject.toml requirements/*.in; "$venv/bin/python" -VV; pwd; } | sha256sum | cut -d' ' -f1)"
stamp="$venv/.installed-$kind"
if [ "$(cat "$stamp" 2>/dev/null || true)" != "$state" ]; then
  say "Installing the locked dependencies ($kind)"
  export PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_ROOT_USER_ACTION=ignore
  # A server compiles all it has now, before anybody waits; tests use a part and compile that.
  compile=--compile
  [ "$kind" = dev ] && compile=--no-compile
  "$venv/bin/python" -m pip install -q "$compile" --require-hashes -r "$lock"
  PYTHONWARNINGS=ignore "$venv/bin/python" -m pip install -q --no-deps --no-build-isolation -e .
  has_letter_font || debian_install fonts-noto-cjk ||
    say "Going on without: PDF files then name a standard font instead of carrying theirs (/readyz says so)"
  echo "$state" >"$stamp"
fi
