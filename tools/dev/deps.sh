# shellcheck shell=bash
# Debian packages: installed only if missing, quietly unless that fails.

# What each use needs, as PACKAGE or PACKAGE=COMMAND (any program of that name will do: a newer Node,
# another nginx).
deps_of() {
    local run='gcc=gcc libc6-dev meson=meson ninja-build=ninja pkg-config=pkg-config
        libssl-dev libutf8proc-dev libpcre2-dev libmicrohttpd-dev libcurl4-openssl-dev libyaml-dev'
    local clang='clang-14=clang-14 libclang-rt-14-dev llvm-14=llvm-symbolizer-14'
    local node='nodejs=node npm=npm ca-certificates'
    case $1 in
        run) echo "$run" ;;
        unit) echo "$run libcmocka-dev python3=python3 strace=strace" ;;
        lint) echo "$run $clang libcmocka-dev python3=python3 binutils=nm clang-format-14=clang-format-14
            git=git shellcheck=shellcheck" ;;
        clang) echo "$run $clang libcmocka-dev python3=python3 strace=strace" ;;
        e2e) echo "$run $node nginx-light=nginx caddy=caddy chromium=chromium openssl=openssl libcmocka-dev
            postgresql" ;;
        secrets) echo "$run libcmocka-dev valgrind python3=python3" ;;
        test) echo "$(deps_of lint) $(deps_of e2e) $(deps_of secrets)" ;;
        fuzz) echo "$run $clang libcmocka-dev" ;;
        cover) echo "$run $clang libcmocka-dev gcovr=gcovr python3=python3" ;;
        bench) echo "$run $node util-linux=taskset" ;;
        counts) echo "$(deps_of bench) valgrind=valgrind openssl=openssl" ;;
        fresh) echo 'debootstrap=debootstrap util-linux=unshare git=git curl=curl' ;;
        *) return 1 ;;
    esac
}

deps_installed() {
    local package=${1%%=*} command=''
    [[ $1 != *=* ]] || command=${1#*=}
    if [[ $command ]]; then
        # Servers live in sbin, which an ordinary user's PATH may lack.
        PATH=$PATH:/usr/sbin:/sbin have "$command"
    else
        [[ $(dpkg-query -W -f '${Status}' "$package" 2>/dev/null) == 'install ok installed' ]]
    fi
}

deps_missing() {
    local want
    for want in $(deps_of "$1" | tr ' ' '\n' | sort -u); do
        deps_installed "$want" || echo "${want%%=*}"
    done
}

# Servers that only the tests start must not come up as services when their package is installed.
deps_no_services() {
    local policy=/usr/sbin/policy-rc.d
    if [[ -e $policy ]]; then
        "$@"
        return
    fi
    # shellcheck disable=SC2016
    $DEPS_ROOT sh -c 'policy=$1; shift
        trap "rm -f $policy" EXIT INT TERM
        printf "#!/bin/sh\nexit 101\n" >"$policy" && chmod 755 "$policy" && "$@"' sh "$policy" "$@"
}

deps_install() {
    local apt=(env DEBIAN_FRONTEND=noninteractive apt-get -q -y -o Dpkg::Use-Pty=0)

    $DEPS_ROOT "${apt[@]}" update
    deps_no_services $DEPS_ROOT "${apt[@]}" install --no-install-recommends "$@"
}

# need USE: called by every subcommand first.
need() {
    local missing
    have dpkg-query || {
        note "no dpkg here: make sure that these are installed: $(deps_of "$1" | xargs)"
        return
    }
    mapfile -t missing < <(deps_missing "$1")
    ((${#missing[@]})) || return 0
    DEPS_ROOT=''
    if [[ $(id -u) -ne 0 ]]; then
        have sudo || die "Debian packages are missing and there is no sudo here" \
            "as root: apt-get install --no-install-recommends ${missing[*]}"
        DEPS_ROOT=sudo
        sudo -v || die 'packages have to be installed and sudo refused' \
            "as root: apt-get install --no-install-recommends ${missing[*]}"
    fi
    step "install ${missing[*]}" "deps-$1" deps_install "${missing[@]}" && return
    step_failed "install ${missing[*]}" "deps-$1"
    die 'apt-get could not install what is missing' \
        'look at the lines above: usually the network, or a line of /etc/apt/sources.list.d'
}

dev_deps() {
    local use=${1:-test}
    deps_of "$use" >/dev/null || die "deps: there is no '$use'" './dev deps [run|test|secrets|fuzz|cover|bench|counts|fresh]'
    need "$use"
    good "everything for '$use' is installed"
}
