# shellcheck shell=bash
# cover: which lines and branches the unit tests reach.

dev_cover() {
    local out=artefacts/cover rc=0
    need cover
    configure build-cover gcc -Db_coverage=true -Dbuildtype=debug -Darena_debug=true || die 'meson refused' './dev deps cover'
    compile build-cover 'build with counters' || die 'the build failed' 'ninja -C build-cover'
    find build-cover -name '*.gcda' -delete
    step 'run the unit tests' cover-unit meson_tests build-cover || {
        step_failed 'run the unit tests' cover-unit './dev test unit'
        rc=1
    }
    mkdir -p "$out"
    must 'count' cover gcovr --root . --filter 'src/' --filter 'hosts/' --exclude '.*(_(test|fuzz)\.c|rig\.h)' \
        --html-details "$out/index.html" --txt "$out/summary.txt" --json-summary "$out/summary.json" \
        --print-summary build-cover
    awk '/^(src|hosts)\// || /^TOTAL/ || /^File/' "$out/summary.txt" | cut -c1-90
    grep -E '^(lines|branches|functions):' "$DEV_LOGS/cover.log"
    say "  the page: $out/index.html"
    return "$rc"
}
