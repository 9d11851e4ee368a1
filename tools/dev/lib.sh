# shellcheck shell=bash
# What every subcommand uses: messages, steps with a log, the running count, build folders.

# Read by the sourced parts.
# shellcheck disable=SC2034
{
    DEV_LOGS=artefacts/logs
    JOBS=${USHER_JOBS:-$(nproc 2>/dev/null || echo 2)}
}

if [[ -t 1 && -z ${NO_COLOR:-} && ${TERM:-dumb} != dumb ]]; then
    TTY=1 BOLD=$'\e[1m' DIM=$'\e[2m' RED=$'\e[31m' GREEN=$'\e[32m' YELLOW=$'\e[33m' PLAIN=$'\e[0m'
else
    TTY='' BOLD='' DIM='' RED='' GREEN='' YELLOW='' PLAIN=''
fi

say() { printf '%s\n' "$*"; }
title() { printf '\n%s%s%s\n' "$BOLD" "$*" "$PLAIN"; }
good() { printf '  %sok%s      %s\n' "$GREEN" "$PLAIN" "$*"; }
bad() { printf '  %sFAILED%s  %s\n' "$RED" "$PLAIN" "$*"; }
note() { printf '  %snote%s    %s\n' "$YELLOW" "$PLAIN" "$*"; }

# die REASON WHAT-TO-DO-NEXT: one line each, then the end.
die() {
    printf '%s./dev: %s%s\n' "$RED" "$1" "$PLAIN" >&2
    [[ -z ${2:-} ]] || printf '       %s\n' "$2" >&2
    exit 1
}

have() { command -v "$1" >/dev/null 2>&1; }

# step LABEL LOGNAME COMMAND...: runs the command with its output in artefacts/logs/LOGNAME.log and
# prints one line about it. On a terminal the log's last line shows how far it is. Returns the
# command's status; step_failed shows the log.
step() {
    local label=$1 log=$DEV_LOGS/$2.log began=$SECONDS rc=0
    shift 2
    mkdir -p "$DEV_LOGS"
    if [[ $TTY ]]; then
        "$@" >"$log" 2>&1 </dev/null &
        step_watch $! "$label" "$log" || rc=$?
    else
        "$@" >"$log" 2>&1 </dev/null || rc=$?
    fi
    STEP_TOOK=$((SECONDS - began))
    ((rc == 0)) && [[ -z ${STEP_QUIET:-} ]] && good "$label ${DIM}$STEP_TOOK s${PLAIN}"
    return "$rc"
}

step_watch() {
    local pid=$1 label=$2 log=$3 began=$SECONDS rc=0 room last
    # A background child of a script ignores the interrupt key, so it is passed on.
    # shellcheck disable=SC2064
    trap "kill -TERM $pid 2>/dev/null; printf '\n'; exit 130" INT TERM
    while kill -0 "$pid" 2>/dev/null; do
        room=$((${COLUMNS:-100} - ${#label} - 18))
        ((room > 10)) || room=10
        last=$(tail -n 1 "$log" 2>/dev/null | tr -cd '[:print:]' | cut -c "1-$room") || last=''
        printf '\r\e[K  ...     %s %s%d s  %s%s' "$label" "$DIM" "$((SECONDS - began))" "$last" "$PLAIN"
        sleep 0.5
    done
    wait "$pid" || rc=$?
    trap - INT TERM
    printf '\r\e[K'
    return "$rc"
}

# What a log says about a failure, in at most 60 lines: the compiler's messages, or the cases that
# failed and what they said, or its end.
log_findings() {
    local log=$1
    if [[ ! -s $log ]]; then
        say '(nothing was written)'
    elif grep -qa '^FAILED: ' "$log"; then
        sed -n '/^FAILED: /,$p' "$log" | grep -avE '^\[[0-9]+/[0-9]+\]|^(gcc|clang-14|cc) ' | head -n 60
    elif grep -qa '^>>> ' "$log"; then
        sed -n '/^>>> /,/^$/p' "$log" | head -n 50
        tail -n 4 "$log"
    elif grep -qa '^not ok' "$log"; then
        grep -a -A 6 '^not ok' "$log" | grep -avE '^ok ' | head -n 45
        say '...'
        tail -n 12 "$log"
    else
        tail -n 60 "$log"
    fi | cut -c1-300 || : # a reader that has enough is no failure
}

# step_failed LABEL LOGNAME WHAT-TO-DO-NEXT
step_failed() {
    bad "$1"
    printf '%s--- from %s%s\n' "$DIM" "$DEV_LOGS/$2.log" "$PLAIN"
    log_findings "$DEV_LOGS/$2.log"
    printf '%s---%s\n' "$DIM" "$PLAIN"
    [[ -z ${3:-} ]] || say "  next: $3"
}

# must LABEL LOGNAME COMMAND...: a step without which there is no going on.
must() {
    step "$@" && return
    step_failed "$1" "$2"
    die "$1: failed" "the whole log is in $DEV_LOGS/$2.log"
}

# The running count of `./dev test` and `./dev lint`.
PASSED=0 FAILED=0
FAILED_STAGES=()
tally() { PASSED=$((PASSED + $1)) FAILED=$((FAILED + $2)); }

# counted LABEL LOGNAME NEXT: reads "N passed, N failed" off the end of a log and adds it up. A stage
# that counts nothing has failed: it proved nothing.
counted() {
    local label=$1 log=$DEV_LOGS/$2.log next=$3 rc=$4 line passed=0 failed=0
    line=$(grep -aE '^[0-9]+ passed, [0-9]+ failed' "$log" | tail -n 1) || line=''
    if [[ $line =~ ^([0-9]+)\ passed,\ ([0-9]+)\ failed ]]; then
        passed=${BASH_REMATCH[1]} failed=${BASH_REMATCH[2]}
    fi
    if ((passed + failed == 0)); then
        step_failed "$label: nothing ran" "$2" "$next"
        tally 0 1
        return 1
    fi
    # A program that ends badly after a clean count (a leak found at exit, say) counts as a failure.
    ((rc != 0 && failed == 0)) && failed=1
    tally "$passed" "$failed"
    if ((failed)); then
        step_failed "$label: $passed passed, $failed failed" "$2" "$next"
        return 1
    fi
    good "$label: $passed passed ${DIM}$STEP_TOOK s${PLAIN}"
}

# configure FOLDER COMPILER OPTIONS...: a build folder with exactly these options. Other options, or
# a folder that belongs to another copy of the repository, mean a fresh start.
configure() {
    local dir=$1 cc=$2 wanted rc=0
    shift 2
    wanted="$PWD $cc $*"
    if [[ -f $dir/build.ninja && $(cat "$dir/.dev-options" 2>/dev/null) == "$wanted" ]]; then
        return
    fi
    rm -rf "$dir"
    step "configure $dir" "configure-$dir" env CC="$cc" meson setup "$dir" "$@" || rc=$?
    if ((rc)); then
        step_failed "configure $dir" "configure-$dir" "./dev deps test, then try again"
        rm -rf "$dir"
        return 1
    fi
    printf '%s' "$wanted" >"$dir/.dev-options"
}

# compile FOLDER LABEL [TARGETS...]. A folder that did not build is not tried twice in one run.
BROKEN_BUILDS=' '
compile() {
    local dir=$1 label=$2 log=build-$1
    shift 2
    if [[ $BROKEN_BUILDS == *" $dir "* ]]; then
        bad "$dir did not build: see above"
        return 1
    fi
    step "$label" "$log" ninja -C "$dir" -j "$JOBS" -k 0 "$@" && return
    BROKEN_BUILDS+="$dir "
    if grep -q '^FAILED: libusher-io.so' "$DEV_LOGS/$log.log"; then
        step_failed "$label" "$log" "if src/io uses a function of a floor below for the first time: tools/check_symbols $dir --update"
        return 1
    fi
    step_failed "$label" "$log" "ninja -C $dir"
    return 1
}

# npm_packages FOLDER [FLAGS...]: what the folder's lockfile pins. The lockfile that was installed from
# lies beside the packages: file times say nothing after a checkout of another state.
npm_packages() {
    local dir=$1 kept=$1/node_modules/.installed-lock.json
    shift
    cmp -s "$dir/package-lock.json" "$kept" && return
    (cd "$dir" && npm ci --no-audit --no-fund "$@") && cp "$dir/package-lock.json" "$kept"
}
