# shellcheck shell=bash
# docs: pages that are made from tables, headers and programs, and what checks the others.

# docs_write FILE COMMAND...: replaces a page only by one that was made completely.
docs_write() {
    local file=$1
    shift
    mkdir -p "$(dirname "$file")"
    "$@" >"$file.new" || {
        rm -f "$file.new"
        return 1
    }
    mv "$file.new" "$file"
}

# The pages that are made: FILE COMMAND... a line each, for a build folder.
docs_made() {
    local header
    echo "docs/settings.md $1/src/site/settings_doc --markdown"
    echo "hosts/node/settings.d.ts $1/src/site/settings_doc --types"
    echo "docs/man/usherd.yaml.5 $1/src/site/settings_doc --man"
    echo "docs/man/usher.1 $1/$USHER help --man"
    echo "docs/strict-cases.md tools/strict_cases $1/$USHER"
    echo "docs/man/usherd.8 tools/man_pages usherd $1/$USHERD"
    echo "docs/man/libusher.3 tools/man_pages libusher"
    for header in include/usher/*.h; do
        [[ $header == */usher.h ]] ||
            echo "docs/man/usher-$(basename "$header" .h).3 tools/man_pages header $header"
    done
}

# Part of lint: none of them was forgotten when what it is made from changed.
docs_current() {
    local file command right=0 wrong=0
    while read -r file command; do
        # shellcheck disable=SC2086
        if $command | cmp -s - "$file"; then
            right=$((right + 1))
        else
            say "$file is not what $command prints: ./dev docs"
            wrong=$((wrong + 1))
        fi
    done < <(docs_made "$1")
    say "$right passed, $wrong failed"
    ((wrong == 0))
}

dev_docs() {
    local began=$SECONDS file command
    need lint
    build_release || die 'the build failed' 'ninja -C build'
    while read -r file command; do
        # shellcheck disable=SC2086
        must "$file" "docs-$(basename "$file")" docs_write "$file" $command
    done < <(docs_made build)
    stage 'tools/check_docs_code' check_docs_code tools/check_docs_code tools/check_docs_code || :
    stage 'tools/check_links' check_links tools/check_links tools/check_links || :
    summary "$began"
}
