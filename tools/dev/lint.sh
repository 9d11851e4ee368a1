# shellcheck shell=bash
# lint: what can be told without running the product.

CHECKERS=(check_includes check_homes check_words check_headers check_docs_code check_links)

# Our own C, without what is generated or measured.
c_files() { git ls-files -co --exclude-standard -- '*.c' '*.h' | sort; }
# By their name, or by their first line.
shell_files() {
    git ls-files -co --exclude-standard -z | LC_ALL=C xargs -0 awk '
        FNR == 1 { if (FILENAME ~ /\.sh$/ || /^#!.*[ \/](ba)?sh$/) print FILENAME; nextfile }'
}

lint_format() {
    local f wrong=0 right=0
    if c_files | xargs -P "$JOBS" -n 24 clang-format-14 --dry-run --Werror 2>/dev/null; then
        say "all of $(c_files | wc -l) files are formatted"
        say '1 passed, 0 failed'
        return 0
    fi
    while read -r f; do
        if clang-format-14 --dry-run --Werror "$f" >/dev/null 2>&1; then
            right=$((right + 1))
        else
            say "$f: clang-format-14 -i $f would change it:"
            # Enough to see what is meant.
            clang-format-14 "$f" | diff -u "$f" - | sed -n '4,12p' || :
            wrong=$((wrong + 1))
        fi
    done < <(c_files)
    say "$right files are formatted, $wrong are not"
    say "0 passed, $wrong failed"
    return 1
}

lint_shell() {
    local f wrong=0 right=0 shell
    while read -r f; do
        shell=bash
        if head -n 1 "$f" | grep -q '^#!/bin/sh'; then shell='sh'; fi
        if "$shell" -n "$f"; then right=$((right + 1)); else wrong=$((wrong + 1)); fi
    done < <(shell_files)
    shell_files | xargs -P "$JOBS" -n 3 shellcheck --severity=warning || wrong=$((wrong + 1))
    say "$right passed, $wrong failed"
    ((wrong == 0))
}

lint_python() {
    local f wrong=0 right=0
    while read -r f; do
        if python3 -c 'import ast, sys; ast.parse(open(sys.argv[1]).read(), sys.argv[1])' "$f"; then
            right=$((right + 1))
        else
            wrong=$((wrong + 1))
        fi
    done < <(git ls-files -co --exclude-standard -- tools | xargs grep -lE '^#!.*python3' | sort)
    say "$right passed, $wrong failed"
    ((wrong == 0))
}

# A finished -Werror build counts as one.
lint_build() {
    if "$@"; then
        tally 1 0
    else
        tally 0 1
        return 1
    fi
}

build_lint() {
    configure build-lint gcc -Dbuildtype=release -Dwerror=true &&
        compile build-lint 'build without a warning (gcc, -O3)'
}

lint_all() {
    local name rc=0
    need lint
    lint_build build_lint || rc=1
    lint_build build_clang || rc=1
    for name in "${CHECKERS[@]}"; do
        stage "tools/$name --self-test" "$name-self" "tools/$name --self-test" \
            "tools/$name" --self-test || rc=1
        stage "tools/$name" "$name" "tools/$name" "tools/$name" || rc=1
    done
    stage 'tools/check_symbols --self-test' check_symbols-self 'tools/check_symbols --self-test' \
        tools/check_symbols --self-test || rc=1
    stage 'tools/check_symbols' check_symbols 'tools/check_symbols build-lint [--update]' \
        tools/check_symbols build-lint || rc=1
    stage 'generated pages are current' docs-current './dev docs' docs_current build-lint || rc=1
    stage 'path analysis (gcc -fanalyzer)' analyze 'tools/analyze build-lint' \
        tools/analyze build-lint "$JOBS" || rc=1
    stage 'C is formatted' format 'clang-format-14 -i FILE' lint_format || rc=1
    stage 'shell scripts parse' shell './dev lint' lint_shell || rc=1
    stage 'Python scripts parse' python './dev lint' lint_python || rc=1
    return "$rc"
}

dev_lint() {
    local began=$SECONDS
    run_stage lint
    summary "$began"
}
