#!/usr/bin/env bash
# Installs the Debian programs that only the tests need: PostgreSQL, Chromium with Chinese fonts, wrk.
# Without them, and without the rights to install them, the tests still run and say what they left out;
# with CI=true that is a failure.
set -euo pipefail
cd "$(dirname "$0")/.."
# shellcheck source=bin/lib.sh
. bin/lib.sh

has_postgres() { command -v initdb || compgen -G "/usr/lib/postgresql/*/bin/initdb"; }
has_fonts() { [ -n "$(fc-list :lang=zh-cn 2>/dev/null)" ]; }
# The Node.js inside Playwright needs it.
has_libatomic() { compgen -G "/usr/lib/*/libatomic.so.1" || compgen -G "/lib/*/libatomic.so.1"; }

missing=()
has_postgres >/dev/null 2>&1 || missing+=(postgresql)
command -v chromium >/dev/null 2>&1 || missing+=(chromium)
has_libatomic >/dev/null 2>&1 || missing+=(libatomic1)
has_fonts || missing+=(fontconfig fonts-noto-cjk)
command -v wrk >/dev/null 2>&1 || missing+=(wrk)

if [ "${#missing[@]}" -gt 0 ] && ! debian_install "${missing[@]}"; then
  [ "${CI:-}" = true ] && fail "Continuous integration needs: ${missing[*]}"
  say "Going on without: ${missing[*]}"
fi
