# shellcheck shell=bash
# What only the Node package has: as it is installed, and for a long time.

node22_path() { tests/node.sh --pinned "$PWD/.cache/node22"; }

# The package installed as its users do, by npm, under this Node and the pinned one; and the tests of the
# repository under the pinned one, with the addon that is there (Node-API is the same for all), but for
# those of what runs in a browser.
stage_package() {
    local node other files
    need e2e
    step 'find or fetch Node 20' node node_path && step 'fetch the other Node' node22 node22_path || return 1
    node=$(node_path) other=$(node22_path)
    step 'pack the npm package' pack pack_make artefacts || return 1
    stage 'the package, installed by npm' package './dev test package' \
        node_tests env USHER_PACKAGE="$(echo "$PWD"/artefacts/usher-*.tgz)" USHER_NODES="$other" \
        "$node" --test --test-reporter=tap hosts/node/test/package/*.test.mjs || return 1
    must 'install the original packages' npm original_packages
    must 'install next-auth 5' bench-npm bench_packages
    stage 'code written for the originals compiles (tsc)' types 'node tests/types/check.mjs' \
        "$node" tests/types/check.mjs || return 1
    node_addon build-node "$node" -Dbuildtype=release || return 1
    mapfile -t files < <(printf '%s\n' hosts/node/test/*.test.mjs | grep -vE 'react|client')
    stage "the Node package under $("$other" --version)" node22-tests './dev test package' \
        node_tests "$other" --test --test-concurrency="$JOBS" --test-reporter=tap "${files[@]}"
}

# Ten million calls and two thousand threads: what a night would show.
stage_soak() {
    local node
    need bench
    step 'find or fetch Node 20' node node_path || return 1
    must 'install the original packages' npm original_packages
    node=$(node_path)
    node_addon build-node "$node" -Dbuildtype=release || return 1
    stage "${1:-10000000} calls, ${2:-2000} threads" soak './dev soak node [CALLS [THREADS]]' \
        node_tests env USHER_TEST_CALLS="${1:-10000000}" USHER_TEST_WORKERS="${2:-2000}" \
        "$node" --test --test-reporter=tap hosts/node/test/{memory,workers}.test.mjs
}

dev_soak() {
    local began=$SECONDS
    [[ ${1:-} == node ]] || die 'soak: what?' './dev soak node [CALLS [THREADS]]'
    shift
    run_stage soak "$@"
    summary "$began" soak
}

# The addon with sanitizers through the whole suite; before the stage that puts the usual one in its place.
stage_sanitized() { stage_node asan "$@"; }
