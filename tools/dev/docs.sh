# shellcheck shell=bash
# docs: pages that are made from tables, and what checks the others.

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

dev_docs() {
    local began=$SECONDS table=build/src/site/settings_doc
    need lint
    build_release || die 'the build failed' 'ninja -C build'
    must 'docs/settings.md from the table of settings' docs-settings \
        docs_write docs/settings.md "$table" --markdown
    must 'docs/man/usherd.yaml.5 from the same table' docs-man5 \
        docs_write docs/man/usherd.yaml.5 "$table" --man
    must 'docs/man/usher.1 from the table of commands' docs-man1 \
        docs_write docs/man/usher.1 "build/$USHER" help --man
    stage 'tools/check_docs_code' check_docs_code tools/check_docs_code tools/check_docs_code || :
    stage 'tools/check_links' check_links tools/check_links tools/check_links || :
    summary "$began"
}
