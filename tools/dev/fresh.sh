# shellcheck shell=bash
# fresh: does it work on a machine that has nothing? A bare Debian 12 made by debootstrap, with git
# added; the last commit cloned into it; ./dev run and ./dev test inside. The packages come from where
# this machine's apt gets its own.

FRESH_SUITE=bookworm

fresh_mirror() {
    # shellcheck disable=SC2016
    apt-get indextargets --format '$(SITE) $(RELEASE) $(COMPONENT) $(CREATED_BY)' 2>/dev/null |
        awk -v suite="$FRESH_SUITE" '$2 == suite && $3 == "main" && $4 == "Packages" {print $1; exit}'
}

# The bare system is kept as an archive: making it takes a minute and the network.
fresh_archive() {
    local archive=$1 mirror made
    [[ -s $archive ]] && return
    mirror=${USHER_FRESH_MIRROR:-$(fresh_mirror)}
    [[ $mirror ]] || die "this machine's apt has no source for Debian $FRESH_SUITE" \
        'USHER_FRESH_MIRROR=http://MIRROR/debian ./dev fresh'
    made=$(mktemp -d "${TMPDIR:-/var/tmp}/usher-debian.XXXXXX")
    mkdir -p "$(dirname "$archive")"
    step "make a bare Debian ($FRESH_SUITE)" fresh-debootstrap debootstrap --variant=minbase \
        --include=git "$FRESH_SUITE" "$made" "$mirror" || {
        step_failed "make a bare Debian ($FRESH_SUITE)" fresh-debootstrap
        rm -rf --one-file-system "$made"
        die 'debootstrap failed' 'it needs root, the network, and a file system that allows device nodes'
    }
    tar -C "$made" --numeric-owner -cf "$archive.new" . && mv "$archive.new" "$archive"
    rm -rf --one-file-system "$made"
}

# What the machine knows about reaching its mirrors goes in at run time, and only into the folder that
# is thrown away: sources, proxy settings, certificates.
fresh_lend() {
    local root=$1 bundle=/etc/ssl/certs/ca-certificates.crt
    cp -a /etc/apt/. "$root/etc/apt/"
    cp -a /usr/share/keyrings/. "$root/usr/share/keyrings/"
    cp -L /etc/resolv.conf /etc/hosts "$root/etc/"
    if [[ -r $bundle ]]; then
        mkdir -p "$root/etc/usher-fresh"
        cp -L "$bundle" "$root/etc/usher-fresh/ca.crt"
    fi
    ln -sfn /proc/self/fd "$root/dev/fd"
    mkdir -p "$root/dev/shm" "$root/proc"
}

fresh_env() {
    local root=$1 name
    printf '%s\n' HOME=/root LANG=C.UTF-8 "TERM=${TERM:-dumb}" \
        PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
    [[ -e $root/etc/usher-fresh/ca.crt ]] && printf '%s\n' NODE_EXTRA_CA_CERTS=/etc/usher-fresh/ca.crt \
        npm_config_cafile=/etc/usher-fresh/ca.crt
    for name in http_proxy https_proxy no_proxy HTTP_PROXY HTTPS_PROXY NO_PROXY; do
        [[ -z ${!name:-} ]] || printf '%s=%s\n' "$name" "${!name}"
    done
    if have npm; then printf 'npm_config_registry=%s\n' "$(npm config get registry 2>/dev/null)"; fi
}

# A mount and process namespace of its own: /proc goes and everything that still runs ends with it,
# however this script ends.
fresh_inside() {
    local root=$1 env
    shift
    mapfile -t env < <(fresh_env "$root")
    # shellcheck disable=SC2016
    unshare --mount --pid --fork --kill-child bash -c 'root=$1; shift
        mount -t proc proc "$root/proc" && mount -t tmpfs tmpfs "$root/dev/shm" && exec "$@"' \
        bash "$root" chroot "$root" env -i "${env[@]}" "$@"
}

fresh_part() {
    local root=$1 part=$2 rc=0
    title "./dev $part in the bare Debian"
    fresh_inside "$root" bash -c 'cd /usher && exec tools/dev/fresh-inside "$1"' bash "$part" </dev/null || rc=$?
    if ((rc)); then
        bad "./dev $part"
        FAILED_STAGES+=("$part")
        tally 0 1
    else
        good "./dev $part"
        tally 1 0
    fi
}

dev_fresh() {
    local parts=("$@") part root archive=.cache/fresh/debian-$FRESH_SUITE.tar began=$SECONDS
    ((${#parts[@]})) || parts=(run test)
    for part in "${parts[@]}"; do
        [[ $part == run || $part == test ]] || die "fresh: there is no part '$part'" './dev fresh [run|test]'
    done
    [[ $(id -u) -eq 0 ]] || die 'fresh makes a bare system in a folder and needs root for that' 'sudo ./dev fresh'
    have debootstrap || have apt-get || die 'fresh needs debootstrap' 'run it on a Debian or Ubuntu machine'
    need fresh
    say '  A bare Debian with only git, bash and apt: everything is installed and built anew.'
    say '  Ten to twenty minutes with two processors; some 3 GB in a scratch folder, removed at the end.'
    [[ -z $(git status --porcelain) ]] || note 'what is not committed is not in it'
    fresh_archive "$archive"
    root=$(mktemp -d "${TMPDIR:-/var/tmp}/usher-fresh.XXXXXX")
    # shellcheck disable=SC2064
    trap "rm -rf --one-file-system '$root'" EXIT
    must 'unpack the bare Debian' fresh-unpack tar -C "$root" --numeric-owner -xf "$archive"
    chmod 755 "$root" # as / is: PostgreSQL runs as a user who may do nothing, but must get there
    fresh_lend "$root"
    must 'clone the last commit into it' fresh-clone git clone -q --no-hardlinks . "$root/usher"
    for part in "${parts[@]}"; do
        fresh_part "$root" "$part"
    done
    mkdir -p artefacts/fresh
    cp -a "$root/usher/artefacts/." artefacts/fresh/ 2>/dev/null || note 'there were no artefacts'
    summary "$began" fresh
}
