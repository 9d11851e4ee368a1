# shellcheck shell=bash
# cover: which lines and branches the unit tests reach; and which branches of the readers the seeds of
# their fuzz targets reach alone.

# The other compiler's counters: gcc counts edges of machine code, clang the sides of conditions.
cover_corpus() {
    local flags='-fprofile-instr-generate -fcoverage-mapping' dir=build-cover-corpus targets rc=0
    # Programs of the build that have counters too would leave their profile in the root.
    local -x LLVM_PROFILE_FILE=$PWD/build-cover-corpus/build.profraw
    need cover
    configure "$dir" clang-14 -Dbuildtype=debug -Darena_debug=true -Db_lundef=false \
        "-Dc_args=$flags" "-Dc_link_args=$flags" || die 'meson refused' './dev deps cover'
    ninja -C "$dir" build.ninja >/dev/null 2>&1 || :
    mapfile -t targets < <(ninja -C "$dir" -t targets all | sed -n 's|^\(tests/[a-z0-9_]*_fuzz_replay\):.*|\1|p')
    ((${#targets[@]})) || die 'meson knows no fuzz target' 'fuzz_targets += files(...) in a meson.build'
    compile "$dir" 'build with counters (clang)' "${targets[@]}" || die 'the build failed' "ninja -C $dir"
    STEP_QUIET=1 step 'replay the corpora' cover-corpus tools/corpus_branches "$dir" --missing || rc=$?
    grep -v '^    [a-z]' "$DEV_LOGS/cover-corpus.log" | grep -v ' passed, '
    say "  the sides of conditions that no seed takes: $DEV_LOGS/cover-corpus.log"
    counted 'readers with 90 % of their branches, and targets that are listed' cover-corpus \
        'tools/corpus_branches, or a seed' "$rc"
}

dev_cover() {
    local out=artefacts/cover rc=0
    case ${1:-} in
        '') ;;
        corpus)
            cover_corpus
            return
            ;;
        *) die "cover: there is no '$1'" './dev cover [corpus]' ;;
    esac
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
