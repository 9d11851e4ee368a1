# shellcheck shell=bash
# fuzz: libFuzzer on each target, from its corpus; finds are kept.

fuzz_build() {
    local targets
    # The library needs the coverage hooks too, not only the target's own file. But not those of
    # comparisons, a third to a half of the time: libFuzzer takes hints from those of four and eight
    # bytes alone, which here are lengths; what is compared as text it sees in memcmp.
    configure build-fuzz clang-14 -Dfuzz=true -Db_sanitize=address,undefined -Db_lundef=false \
        "-Dc_args=-fsanitize=fuzzer-no-link -fno-sanitize-coverage=trace-cmp,stack-depth \
        -fsanitize-coverage-ignorelist=$PWD/tools/dev/fuzz.ignore" \
        -Doptimization=2 -Darena_debug=true || return 1
    ninja -C build-fuzz build.ninja >/dev/null 2>&1 || :
    mapfile -t targets < <(ninja -C build-fuzz -t targets all | sed -n 's|^\(tests/[a-z0-9_]*_fuzz\):.*|\1|p')
    ((${#targets[@]})) || die 'meson knows no fuzz target' 'fuzz_targets += files(...) in a meson.build'
    compile build-fuzz 'build the fuzz targets (clang, libFuzzer, ASan, UBSan)' "${targets[@]}"
}

# Target sources, one a line, sorted.
fuzz_sources() { git ls-files -co --exclude-standard -- '*_fuzz.c' | sort; }

# Seeds say how large an input is worth trying: twice as large as nineteen of twenty (of fewer: as all
# but the largest), at least 256 bytes.
# Without a bound most runs are spent on kilobytes of repetition.
fuzz_max_len() {
    find "$1" -type f -printf '%s\n' | sort -n | awk '{size[NR] = $1}
        END {odd = NR < 40 ? 1 : int(NR / 20); max = 2 * size[NR - odd]; print (max > 256 ? max : 256)}'
}

# Replaying the corpora has every check of the address sanitizer; here the dearest are left out: a
# look at stack frames that were left, long traces of each allocation, and much freed memory kept.
fuzz_env() {
    sanitizer_env
    export ASAN_OPTIONS=abort_on_error=1:detect_leaks=1:malloc_context_size=6:quarantine_size_mb=16
}

# The time is the program's own on the processor: how many runs a second has depends on what else the
# machine does, and the system's part of it is the writing down of what was found.
fuzz_timed() {
    local TIMEFORMAT='stat::cpu_seconds: %U %S'
    time "$@"
}

# -entropic=0: its bookkeeping takes up to half of the time of targets as quick as these, and found
# less in the same time.
SLOW_TARGETS=() FINDS=()
fuzz_one() {
    local source=$1 seconds=$2 count=$3 name dir seeds work found log rc=0 extra=() input
    name=$(basename "$source" .c)
    dir=$(dirname "$source")
    seeds=$dir/${name/%_fuzz/_corpus}
    work=build-fuzz/corpus/$name
    found=artefacts/fuzz/$name
    log=fuzz-$name
    mkdir -p "$work" "$found"
    extra=("-max_len=$(fuzz_max_len "$seeds")")
    [[ -f $dir/${name/%_fuzz/.dict} ]] && extra+=("-dict=$dir/${name/%_fuzz/.dict}")
    [[ -x build-fuzz/tests/$name ]] || {
        bad "$name was not built: is it in fuzz_targets of $dir/meson.build?"
        tally 0 1
        return 1
    }
    step "$count $name, $seconds s" "$log" fuzz_timed "build-fuzz/tests/$name" -max_total_time="$seconds" \
        -timeout=10 -entropic=0 -rss_limit_mb=2048 -print_final_stats=1 -artifact_prefix="$found/" \
        "${extra[@]}" "$work" "$seeds" || rc=$?
    if ((rc)); then
        tally 0 1
        input=$(sed -n 's/.*Test unit written to //p' "$DEV_LOGS/$log.log" | tail -n 1)
        FINDS+=("build-fuzz/tests/$name ${input:-(see $DEV_LOGS/$log.log)}")
        step_failed "$name found something${input:+: $input}" "$log" \
            "build-fuzz/tests/$name ${input:-$found/FILE}; repair; then make it a seed: cp ${input:-$found/FILE} $seeds/WHAT-IT-SHOWS"
        return 1
    fi
    tally 1 0
    fuzz_numbers "$log" "$name"
}

FUZZ_RATE=20000 # runs in a second of the processor that a target should make
fuzz_numbers() {
    local log=$DEV_LOGS/$1.log numbers rate
    numbers=$(awk '/stat::number_of_executed_units/ {runs = $2}
         /stat::cpu_seconds/ {cpu = $2}
         /stat::new_units_added/ {new = $2}
         / cov: / {for (i = 1; i < NF; i++) if ($i == "cov:") cov = $(i + 1)}
         END {rate = (cpu > 0) ? runs / cpu : 0; printf "%d %d %d %d", rate, runs, cov, new}' "$log")
    rate=${numbers%% *}
    # shellcheck disable=SC2086
    printf '          %d/s of its own time, %d runs, %d edges, %d new inputs\n' $numbers
    ((rate >= FUZZ_RATE)) || SLOW_TARGETS+=("$2 $rate/s")
}

dev_fuzz() {
    local seconds=30 minutes='' target='' source sources=() i began=$SECONDS rc=0
    while (($#)); do
        case $1 in
            --seconds)
                [[ ${2:-} =~ ^[1-9][0-9]*$ ]] || die 'fuzz: --seconds wants a number' './dev fuzz --seconds 60'
                seconds=$2
                shift 2
                ;;
            --minutes) # for all of them together, as a night has
                [[ ${2:-} =~ ^[1-9][0-9]*$ ]] || die 'fuzz: --minutes wants a number' './dev fuzz --minutes 480'
                minutes=$2
                shift 2
                ;;
            -*) die "fuzz: there is no option '$1'" './dev fuzz [TARGET] [--seconds N | --minutes N]' ;;
            *)
                target=${1%.c}
                target=${target%_fuzz}_fuzz
                shift
                ;;
        esac
    done
    need fuzz
    if [[ $target ]] && ! fuzz_sources | grep -q "/$target\.c$"; then
        die "fuzz: there is no target '$target'" \
            "there are: $(fuzz_sources | xargs -r -n 1 basename | sed 's/\.c$//' | xargs)"
    fi
    fuzz_build || die 'the fuzz build failed' 'ninja -C build-fuzz'
    fuzz_env
    while read -r source; do
        [[ $target && $source != */$target.c ]] || sources+=("$source")
    done < <(fuzz_sources)
    [[ -z $minutes ]] || seconds=$((minutes * 60 / ${#sources[@]} + 1))
    for i in "${!sources[@]}"; do
        fuzz_one "${sources[i]}" "$seconds" "$((i + 1))/${#sources[@]}" || rc=1
    done
    ((!${#FINDS[@]})) || note "found, each with its input:$(printf '\n          %s' "${FINDS[@]}")"
    ((!${#SLOW_TARGETS[@]})) || note "below $FUZZ_RATE/s: $(printf '%s, ' "${SLOW_TARGETS[@]}" | sed 's/, $//')"
    summary "$began" || rc=1
    return "$rc"
}
