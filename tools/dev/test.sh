# shellcheck shell=bash
# test: everything CI runs, in stages that can be run alone; vectors.

VECTOR_FILES=(authjs4-tokens authjs5-tokens authjs4-cookies authjs5-cookies csrf cookie-headers
    jwk-thumbprints redirects-authjs authjs4-write authjs5-write verification-tokens
    oauth-checks auth0-sessions auth0-legacy-v3 auth0-roll auth0-stateful auth0-transactions
    redirects-auth0 jose-id-token
    next-matchers authjs4-middleware)

# The programs under test stop at the first finding of a sanitizer.
sanitizer_env() {
    export ASAN_OPTIONS=detect_leaks=1:abort_on_error=1:detect_stack_use_after_return=1
    export UBSAN_OPTIONS=halt_on_error=1:abort_on_error=1:print_stacktrace=1
    export MALLOC_PERTURB_=0
}

build_test() {
    configure build-test gcc -Db_sanitize=address,undefined -Darena_debug=true &&
        compile build-test 'build with ASan and UBSan (gcc)'
}

# The other compiler, and the arena as it ships: slices of blocks, where the debugging one asks the
# allocator each time.
build_clang() {
    configure build-clang clang-14 -Db_sanitize=address,undefined -Db_lundef=false -Dwerror=true &&
        compile build-clang 'build with ASan and UBSan (clang, -Werror)'
}

# tests_named FOLDER NAME...: the programs whose names begin so.
tests_named() {
    local dir=$1 name
    shift
    for name in "$@"; do
        meson test -C "$dir" --list --no-rebuild 2>/dev/null | sed 's|.* / ||' | grep -E "^$name" || {
            say "there is no test program whose name begins with $name" >&2
            return 1
        }
    done
}

# meson_tests FOLDER [NAME...]: runs unit tests and corpus replay, then counts their cases.
meson_tests() {
    local dir=$1 rc=0 names
    shift
    if (($#)); then
        names=$(tests_named "$dir" "$@") || return 1
        # shellcheck disable=SC2086
        set -- $names
    fi
    # A count of an earlier run must not pass for this one's.
    rm -f "$dir/meson-logs/testlog.json"
    meson test -C "$dir" --no-rebuild --num-processes "$JOBS" --print-errorlogs "$@" || rc=$?
    [[ ! -e $dir/meson-logs/testlog.json ]] || tools/count_tests "$dir" || rc=$?
    return "$rc"
}

# stage NAME NEXT COMMAND...: runs a step that ends with a count, and counts it.
stage() {
    local label=$1 log=$2 next=$3 rc=0
    shift 3
    STEP_QUIET=1 step "$label" "$log" "$@" || rc=$?
    counted "$label" "$log" "$next" "$rc"
}

stage_unit() {
    need unit
    build_test || return 1
    sanitizer_env
    stage 'unit tests and corpus replay' unit './dev test unit [NAME...]' meson_tests build-test "$@"
}

stage_vectors() {
    local files=("$@")
    need unit
    build_test || return 1
    sanitizer_env
    ((${#files[@]})) || files=("${VECTOR_FILES[@]/#/tests/vectors/}")
    files=("${files[@]/%/.json}")
    files=("${files[@]/%.json.json/.json}")
    stage "measured cases (${#files[@]} files)" vectors "./dev vectors ${files[0]}" \
        "build-test/$USHER" vectors "${files[@]}"
}

stage_clang() {
    need clang
    build_clang || return 1
    sanitizer_env
    stage 'unit tests, built by clang' unit-clang './dev test clang [NAME...]' \
        meson_tests build-clang "$@"
}

stage_e2e() {
    local node
    need e2e
    build_test || return 1
    step "find or fetch Node 20" node node_path || {
        step_failed 'find or fetch Node 20' node 'is the network there? ./dev deps test'
        return 1
    }
    node=$(node_path)
    must 'install the original packages' npm original_packages
    node_addon build-node "$node" -Dbuildtype=release || return 1
    sanitizer_env
    export USHER_ARTEFACTS=$PWD/artefacts/e2e
    stage 'originals, providers, gateways, browser' e2e './dev test e2e [SUITE...]' \
        "$node" tests/run.mjs --usherd "build-test/$USHERD" --usher "build-test/$USHER" "$@"
}

# As it ships, without sanitizers: valgrind wants the program for itself, and a sanitizer makes mlock do
# nothing. The tests of locked memory run here once more for that reason.
SECRETS_TESTS=(locked_test keyring_test key_counts_test)
stage_secrets() {
    local rc=0
    need secrets
    configure build-secrets gcc -Dbuildtype=release -Ddebug=true -Dio=disabled || return 1
    compile build-secrets 'build as it ships, for valgrind' tests/secrets/secrets \
        "${SECRETS_TESTS[@]/#/tests/}" || return 1
    stage 'nothing takes time that depends on a secret' secrets './dev test secrets' \
        valgrind --quiet --error-limit=no --num-callers=12 build-secrets/tests/secrets/secrets || rc=1
    stage 'keys in locked memory' secrets-memory './dev test secrets' \
        meson_tests build-secrets "${SECRETS_TESTS[@]}" || rc=1
    return "$rc"
}

original_packages() { npm_packages tests; }

# The addon is built with the headers of Node-API that the package pins (Debian's node and npm's have
# theirs in different places, or not at all), and put where the package looks for it.
node_addon() {
    local dir=$1 node=$2
    shift 2
    PATH=${node%/*}:$PATH configure "$dir" gcc -Dtests=false -Dio=disabled -Dnode=enabled \
        -Dwerror=true "-Dnode_headers=$PWD/tests/node_modules/node-api-headers/include" "$@" || return 1
    compile "$dir" "build the addon ($dir)" hosts/node/usher.node || return 1
    mkdir -p hosts/node/build
    cp "$dir/hosts/node/usher.node" hosts/node/build/
}

# Ends with a count, as every stage's step does. Node itself ends without tidying up, so a leak counts
# if it was one of our functions that took the memory.
node_tests() {
    local reports=$DEV_LOGS/node-asan leaks
    "$@" | awk '{ print } /^# pass / { p = $3 } /^# (fail|cancelled) / { f += $3 }
        END { printf "%d passed, %d failed\n", p, f }' || return 1
    leaks=$(cat "$reports".* 2>/dev/null | grep -acE '^ +#1 0x[0-9a-f]+ in \w+ \S*(src|hosts/node)/[a-z0-9_/]+\.c:') || return 0
    sed -n '1,200p' "$reports".*
    say "$leaks findings in our code, see above"
    return 1
}

# stage_node [asan] [NAME...]: with asan the addon is built with sanitizers, which Node has to be started
# with.
stage_node() {
    local node dir=build-node files=() with=(env)
    need e2e
    step "find or fetch Node 20" node node_path || return 1
    node=$(node_path)
    must 'install the original packages' npm original_packages
    must 'install next-auth 5' bench-npm bench_packages
    rm -f "$DEV_LOGS"/node-asan.*
    if [[ ${1:-} == asan ]]; then
        shift
        dir=build-node-asan
        node_addon "$dir" "$node" -Db_sanitize=address,undefined -Db_lundef=false \
            -Darena_debug=true || return 1
        with+=("LD_PRELOAD=$(gcc -print-file-name=libasan.so) $(gcc -print-file-name=libubsan.so)"
            "ASAN_OPTIONS=detect_leaks=1:abort_on_error=1:log_path=$PWD/$DEV_LOGS/node-asan"
            LSAN_OPTIONS=exitcode=0 UBSAN_OPTIONS=halt_on_error=1:abort_on_error=1 USHER_TEST_ASAN=1)
    else
        node_addon "$dir" "$node" -Dbuildtype=release || return 1
    fi
    files=("${@/#/hosts/node/test/}")
    files=("${files[@]/%/.test.mjs}")
    (($#)) || files=(hosts/node/test/*.test.mjs)
    # A browser would be started with the sanitizer in it, too; what it runs is JavaScript.
    [[ $dir == build-node || $# -gt 0 ]] ||
        mapfile -t files < <(printf '%s\n' "${files[@]}" | grep -vE 'react|client')
    stage 'the Node package' node-tests './dev test node [asan] [NAME...]' \
        node_tests "${with[@]}" "$node" --test --test-concurrency="$JOBS" --test-reporter=tap "${files[@]}"
}

stage_lint() { lint_all; }

# A stage that could not even begin (a build that fails, say) is one failure, unless it counted its own.
run_stage() {
    local name=$1 before=$FAILED
    shift
    title "$name"
    "stage_$name" "$@" && return
    FAILED_STAGES+=("$name")
    ((FAILED > before)) || tally 0 1
}

summary() {
    local began=$1
    say ''
    if ((${#FAILED_STAGES[@]})); then
        say "${RED}failed: ${FAILED_STAGES[*]}${PLAIN}   (each alone: ./dev ${2:-test} ${FAILED_STAGES[0]})"
    fi
    say "${DIM}$((SECONDS - began)) s; logs in $DEV_LOGS, pictures and pages in artefacts${PLAIN}"
    say "$PASSED passed, $FAILED failed"
    ((FAILED == 0 && PASSED > 0))
}

dev_test() {
    local began=$SECONDS name
    if (($#)); then
        case $1 in
            unit | vectors | secrets | lint | clang | sanitized | node | package | e2e) run_stage "$@" ;;
            *) die "test: there is no stage '$1'" './dev test [unit|vectors|secrets|lint|clang|sanitized|node|package|e2e [NAME...]]' ;;
        esac
    else
        title 'packages'
        need test
        good 'everything that the tests need is installed'
        for name in unit vectors secrets lint clang sanitized node package e2e; do
            run_stage "$name"
        done
    fi
    summary "$began"
}

dev_vectors() {
    local began=$SECONDS
    run_stage vectors "$@"
    summary "$began"
}
