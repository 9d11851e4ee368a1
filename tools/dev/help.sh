# shellcheck shell=bash
# The table of subcommands: what `./dev help` prints and what dev_main accepts.

dev_commands() {
    cat <<'TABLE'
deps|[run|test|secrets|fuzz|cover|bench|counts|fresh]|install the Debian packages that are missing for it
build||build usherd, usher and the libraries into build/
run|[--port N] [-- USHERD-OPTIONS]|build, start usherd with examples/quickstart, say what to try
test|[unit|vectors|secrets|lint|clang|sanitized|node|package|e2e [NAME...]]|everything CI runs, or one stage of it
vectors|[FILE...]|the measured cases, through the usher command
bench|open|seal|node|counts [--update]|a session beside the floor and the originals; the Node package; instructions beside the last ones
fuzz|[TARGET] [--seconds N, --minutes N]|libFuzzer on each target, 30 s each, or N minutes for all
lint||both compilers with -Werror, the checkers of tools/, formatting, shell scripts
cover|[corpus]|line and branch coverage of the unit tests, as a page; or of the readers, by the seeds alone
fresh|[run|test]|the same in a bare Debian 12 (needs root; 10 to 20 minutes)
soak|node [CALLS [THREADS]]|the Node package for a long time: memory stays where it is
pack||the npm package as a file, with the sources it is built from
docs||write the generated pages again and check all of them
clean|[--all]|remove build folders and artefacts; --all: what was downloaded too
help||this text
TABLE
}

dev_help() {
    local name rest args what
    say "${BOLD}./dev COMMAND${PLAIN}"
    say ''
    while IFS='|' read -r name rest; do
        what=${rest##*|} args=${rest%|*}
        printf '  %s%-8s%s %-42s %s\n' "$BOLD" "$name" "$PLAIN" "$args" "$what"
    done < <(dev_commands)
    say ''
    say 'Logs of every step are kept in artefacts/logs. USHER_JOBS bounds what runs at once.'
}

dev_main() {
    local name=${1:-help}
    [[ $# -eq 0 ]] || shift
    case $name in -h | --help) name=help ;; esac
    if ! dev_commands | cut -d'|' -f1 | grep -qx -- "$name"; then
        die "there is no command '$name'" "./dev help lists them"
    fi
    "dev_$name" "$@"
}
