#!/usr/bin/env bash
# Installs the Debian programs that only the tests need: PostgreSQL, Chromium with Chinese fonts, wrk,
# and Java with Maven for the Elasticsearch server, which is fetched here too.
# Without them, and without the rights to install them, the tests still run and say what they left out;
# with CI=true that is a failure.
set -euo pipefail
cd "$(dirname "$0")/.."
# shellcheck source=bin/lib.sh
. bin/lib.sh

has_postgres() { command -v initdb || compgen -G "/usr/lib/postgresql/*/bin/initdb"; }
# The Node.js inside Playwright needs it.
has_libatomic() { compgen -G "/usr/lib/*/libatomic.so.1" || compgen -G "/lib/*/libatomic.so.1"; }

missing=()
has_postgres >/dev/null 2>&1 || missing+=(postgresql)
command -v chromium-headless-shell >/dev/null 2>&1 || missing+=(chromium-headless-shell)
has_libatomic >/dev/null 2>&1 || missing+=(libatomic1)
command -v fc-list >/dev/null 2>&1 || missing+=(fontconfig)
has_letter_font || missing+=(fonts-noto-cjk)
command -v wrk >/dev/null 2>&1 || missing+=(wrk)
# A developer with a server of their own needs neither Java nor the fetched one.
if [ -z "${MARKETPLACE_TEST_SEARCH_URL:-}" ]; then
  command -v java >/dev/null 2>&1 || missing+=(openjdk-17-jre-headless)
  command -v mvn >/dev/null 2>&1 || missing+=(maven)
fi

if [ "${#missing[@]}" -gt 0 ] && ! debian_install "${missing[@]}"; then
  [ "${CI:-}" = true ] && fail "Continuous integration needs: ${missing[*]}"
  say "Going on without: ${missing[*]}"
fi

if [ -z "${MARKETPLACE_TEST_SEARCH_URL:-}" ] && ! bin/elasticsearch.sh; then
  [ "${CI:-}" = true ] && fail "Continuous integration needs Elasticsearch"
  say "Going on without Elasticsearch: the tests that need it will be left out, and say so"
fi
