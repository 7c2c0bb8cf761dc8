#!/usr/bin/env bash
# Fetches the Elasticsearch server of the tests once, checks it against its pinned sum and unpacks it.
# The cache folder: $XDG_CACHE_HOME, or /var/cache for root (servers run as another account), or ~/.cache.
# tests/support/elasticsearch.py looks in the same place. Ends with 1 when it cannot be had.
set -euo pipefail
cd "$(dirname "$0")/.."
# shellcheck source=bin/lib.sh
. bin/lib.sh

read -r version sum <tests/support/elasticsearch.pin
if [ "$(id -u)" = 0 ]; then default=/var/cache; else default="$HOME/.cache"; fi
cache="${XDG_CACHE_HOME:-$default}/service-provider-marketplace"
server="$cache/elasticsearch-$version"
zip="$cache/elasticsearch-$version.zip"

give_up() { printf '!! %s\n' "$*" >&2; exit 1; }
right_sum() { [ -f "$zip" ] && echo "$sum  $zip" | sha256sum --check --status; }

[ -x "$server/bin/elasticsearch" ] && exit 0
command -v mvn >/dev/null 2>&1 || give_up "Maven is missing, so Elasticsearch cannot be fetched"
mkdir -p "$cache"
exec 9>"$cache/elasticsearch.lock"
flock 9
[ -x "$server/bin/elasticsearch" ] && exit 0

if ! right_sum; then
  say "Fetching Elasticsearch $version for the tests (100 MB, once)"
  rm -f "$zip"
  artifact="org.elasticsearch.distribution.integ-test-zip:elasticsearch:$version:zip"
  mvn -q -B dependency:copy -Dartifact="$artifact" -DoutputDirectory="$cache" >&2 ||
    give_up "Elasticsearch $version could not be fetched"
fi
right_sum || give_up "$zip is not the pinned file; delete it and look where it came from"

# Unpacked aside and renamed, so that a half-unpacked server is never taken for a whole one.
rm -rf "$server.new"
python3 -m zipfile -e "$zip" "$server.new"
chmod -R a+rX "$server.new"
chmod a+x "$server.new/elasticsearch-$version/bin/"* # Python's unzip forgets the permissions
mv "$server.new/elasticsearch-$version" "$server"
rmdir "$server.new"
rm -f "$zip"
