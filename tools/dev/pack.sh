# shellcheck shell=bash
# pack: the npm package as a file, with the sources that its install script builds the addon from.

# The engine's own files: no tests, no corpora, nothing that only the daemon needs.
pack_sources() {
    git ls-files -co --exclude-standard -- include src hosts/node tools/symbols meson.build \
        meson_options.txt | grep -E '\.(c|h|map|build|txt)$' |
        grep -vE '_(test|fuzz)\.c$|rig\.h$|_corpus/|^src/io/|^src/.*meson\.build$|settings_doc_main\.c$'
}

# One list in the place of those that name the tests, too.
pack_list() {
    say '# Made by ./dev pack: the sources of libusher.'
    say 'core_sources += files('
    (cd "$1" && find . -name '*.c' | sort | sed "s|^\./\(.*\)|  '\1',|")
    say ')'
}

pack_stage() {
    local to=$1 native=$1/native
    rm -rf "$to"
    mkdir -p "$native"
    git ls-files -co --exclude-standard -- hosts/node |
        grep -vE '\.(c|h|map|build)$|^hosts/node/test/' | sed 's|^hosts/node/||' |
        tar -C hosts/node -cf - -T - | tar -C "$to" -xf -
    pack_sources | tar -cf - -T - | tar -C "$native" -xf -
    pack_list "$native/src" >"$native/src/meson.build"
    cp LICENSE "$to/"
}

pack_make() {
    local out=$PWD/$1
    pack_stage artefacts/package && mkdir -p "$out" && rm -f "$out"/usher-*.tgz &&
        (cd artefacts/package && npm pack --pack-destination "$out" --loglevel=error)
}

dev_pack() {
    local file
    need bench # Node and npm
    must 'pack the npm package' pack pack_make artefacts
    file=$(echo artefacts/usher-*.tgz)
    say "  $file: $(($(wc -c <"$file") / 1024)) KiB, $(tar -tzf "$file" | wc -l) files"
    say "  npm install $file   builds the addon; see hosts/node/README.md"
}
