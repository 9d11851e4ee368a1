#!/bin/sh
# Prints the path of a Node.js that is new enough for the suites in this folder (20 or later).
#
# Debian 12's own is 18. If the one on the PATH is too old, a pinned one is installed from npm's
# `node` package into a cache folder: node.sh [--pinned] [CACHE_FOLDER], by default build/node in the
# project. With --pinned it is that one, whatever is on the PATH.
set -eu

oldest=20
version=22.23.3
pinned=''
if [ "${1:-}" = --pinned ]; then
    pinned=1
    shift
fi
root=$(cd "$(dirname "$0")/.." && pwd)
cache=${1:-${USHER_NODE_CACHE:-$root/build/node}}

new_enough() {
    [ -x "$1" ] && major=$("$1" -p 'process.versions.node.split(".")[0]' 2>/dev/null) &&
        [ "$major" -ge "$oldest" ] 2>/dev/null
}

found=$(command -v node || true)
if [ -z "$pinned" ] && [ -n "$found" ] && new_enough "$found"; then
    echo "$found"
    exit 0
fi

kept=$cache/node_modules/node/bin/node
if ! new_enough "$kept"; then
    command -v npm >/dev/null || {
        echo "node.sh: no Node.js $oldest or later, and no npm to get one: run ./dev deps test" >&2
        exit 1
    }
    mkdir -p "$cache"
    echo '{"private": true}' >"$cache/package.json"
    log=$cache/install.log
    # The package fetches the program for this machine when it is installed, so scripts must run.
    if ! npm install --prefix "$cache" --no-save --no-audit --no-fund --ignore-scripts=false \
        "node@$version" >"$log" 2>&1 || ! new_enough "$kept"; then
        echo "node.sh: npm could not install node@$version; its last words:" >&2
        tail -n 20 "$log" >&2
        exit 1
    fi
fi
echo "$kept"
