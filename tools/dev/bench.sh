# shellcheck shell=bash
# bench: the engine beside the crypto floor and the original packages, in one run.

dev_bench() {
    local mode=${1:-} node
    [[ $mode == open || $mode == seal ]] || die 'bench: what should be measured?' './dev bench open|seal'
    need bench
    configure build-bench gcc -Dbuildtype=release -Dbench=true -Dtests=false -Dio=disabled ||
        die 'meson refused' './dev deps bench'
    compile build-bench 'build for measuring (gcc, -O3)' || die 'the build failed' 'ninja -C build-bench'
    must 'find or fetch Node 20' node node_path
    node=$(node_path)
    must 'fetch the original packages' bench-npm bench_packages
    "$node" bench/run.mjs "$mode" --bench build-bench/bench/usher-bench --out artefacts ||
        die 'the benchmark failed' 'its reason is above'
}

node_path() { tests/node.sh "$PWD/.cache/node"; }

bench_packages() {
    [[ tests/node_modules/.package-lock.json -nt tests/package-lock.json ]] ||
        (cd tests && npm ci --no-audit --no-fund)
}
