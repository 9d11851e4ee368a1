# shellcheck shell=bash
# build, run, clean.

USHERD=hosts/daemon/usherd
USHER=hosts/cli/usher

build_release() {
    configure build gcc -Dbuildtype=release -Dtests=false && compile build 'build usherd and usher'
}

dev_build() {
    need run
    build_release || die 'the build failed' 'ninja -C build'
    say "  build/$USHERD"
    say "  build/$USHER"
}

# The quickstart's settings name port 3000 in their URLs; another port gets a copy of its own.
run_settings() {
    local port=$1
    if ((port == 3000)); then
        echo examples/quickstart/usherd.yaml
        return
    fi
    rm -rf build/quickstart
    cp -r examples/quickstart build/quickstart
    sed -i "s/:3000\b/:$port/g" build/quickstart/usherd.yaml
    echo build/quickstart/usherd.yaml
}

run_hints() {
    local url=$1
    title "usherd is running on $url"
    say "  $url/            a page for everybody: it says what to try"
    say "  $url/closed      a closed page: you are sent to sign in; pick a name, and it opens"
    say "  $url/api/auth/session   what a program sees: null, then the session as JSON"
    say '  curl -i '"$url"'/closed   an API call gets 401 instead of a redirect'
    say "  build/$USHER help        make secrets, open and mint cookies, check settings"
    say "  ${DIM}Ctrl-C stops it. The lines below are its log: one JSON object each, never a cookie.${PLAIN}"
    say ''
}

dev_run() {
    local port=3000 settings ready pid rc=0
    while (($#)); do
        case $1 in
            --port)
                [[ ${2:-} =~ ^[0-9]+$ ]] && ((${2} >= 1 && ${2} <= 65535)) ||
                    die "run: --port wants a number from 1 to 65535" './dev run --port 3001'
                port=$2
                shift 2
                ;;
            --)
                shift
                break
                ;;
            *) die "run: there is no option '$1'" './dev run [--port N] [-- USHERD-OPTIONS]' ;;
        esac
    done
    need run
    build_release || die 'the build failed' 'ninja -C build'
    if (exec 3<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null; then
        die "port $port is taken by another program" "./dev run --port $((port + 1))"
    fi
    settings=$(run_settings "$port")

    coproc DAEMON { exec "build/$USHERD" --config "$settings" "$@" 2>&3; } 3>&2
    pid=$DAEMON_PID
    # shellcheck disable=SC2064
    trap "kill -TERM $pid 2>/dev/null || :" INT TERM
    if read -r ready <&"${DAEMON[0]}"; then
        say "  ${DIM}$ready${PLAIN}"
        run_hints "http://localhost:$port"
    fi
    wait "$pid" || rc=$?
    # The first wait ends with the signal; the second one with the daemon, once it has drained.
    if kill -0 "$pid" 2>/dev/null; then
        rc=0
        wait "$pid" || rc=$?
    fi
    trap - INT TERM
    ((rc == 0)) || die "usherd ended with status $rc" \
        "its reason is the last line above; settings: $settings"
}

dev_clean() {
    rm -rf build build-* artefacts tests/apps/build
    [[ ${1:-} != --all ]] || rm -rf .cache tests/node_modules tests/apps/node_modules
    good 'clean'
}
