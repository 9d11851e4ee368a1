# shellcheck shell=bash
# bench: the engine beside the crypto floor and the original packages, in one run; and its instructions
# counted, which needs no quiet machine.

dev_bench() {
    local mode node
    (($#)) || die 'bench: what should be measured?' './dev bench open seal | node | counts [--update]'
    need bench
    if [[ $1 == node ]]; then
        shift
        bench_node "$@"
        return
    fi
    configure build-bench gcc -Dbuildtype=release -Dbench=true -Dtests=false -Dio=disabled ||
        die 'meson refused' './dev deps bench'
    compile build-bench 'build for measuring (gcc, -O3)' || die 'the build failed' 'ninja -C build-bench'
    must 'find or fetch Node 20' node node_path
    node=$(node_path)
    if [[ $1 == counts ]]; then
        shift
        need counts
        "$node" bench/counts.mjs --bench build-bench/bench/usher-bench "$@" ||
            die 'the engine takes more instructions than it did' 'the rows marked GROWN'
        return
    fi
    must 'fetch the original packages' bench-npm bench_packages
    for mode in "$@"; do
        [[ $mode == open || $mode == seal ]] ||
            die "bench: there is no '$mode'" './dev bench open seal | node | counts [--update]'
        "$node" bench/run.mjs "$mode" --bench build-bench/bench/usher-bench --out artefacts ||
            die 'the benchmark failed' 'its reason is above'
    done
    [[ -e artefacts/bench-open.json && -e artefacts/bench-seal.json ]] || return 0
    "$node" bench/plot.mjs artefacts/bench-open.json artefacts/bench-seal.json artefacts/performance.svg
    note 'drawn: artefacts/performance.svg. What docs/performance.md quotes is kept in bench/results'
}

# The addon as it ships, beside the original packages in one process.
bench_node() {
    local node
    must 'find or fetch Node 20' node node_path
    node=$(node_path)
    must 'fetch the original packages' bench-npm bench_packages
    must 'install the original packages' npm original_packages
    node_addon build-node "$node" -Dbuildtype=release || die 'the addon was not built' './dev test node'
    "$node" bench/node.mjs --out artefacts "$@" || die 'the benchmark failed' 'its reason is above'
    "$node" bench/node-auth0.mjs --out artefacts "$@" || die 'the benchmark failed' 'its reason is above'
}

node_path() { tests/node.sh "$PWD/.cache/node"; }

bench_packages() {
    npm_packages tests && npm_packages bench --omit=optional --ignore-scripts
}
