// The question: what does one session cost, from a browser's Cookie header to its claims, in the
// engine, beside the least the crypto library needs for the same bytes and beside the original
// packages? All in one run, on one core, in interleaved rounds, on the same genuine tokens.
//
//   node bench/run.mjs open|seal --bench build-bench/bench/usher-bench --out artefacts
import { spawn, spawnSync } from "node:child_process";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";

const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
        bench: { type: "string", default: "build-bench/bench/usher-bench" },
        out: { type: "string", default: "artefacts" },
        rounds: { type: "string", default: "11" },
    },
});
const mode = positionals[0];
if (!["open", "seal"].includes(mode)) {
    console.error("usage: node bench/run.mjs open|seal [--bench PROGRAM] [--out FOLDER] [--rounds N]");
    process.exit(2);
}
const rounds = Number(values.rounds);
const core = String(os.cpus().length - 1);
const originals = fileURLToPath(new URL("originals.mjs", import.meta.url));
const file = path.resolve(values.out, "bench-fixtures");

// Named after docs/architecture.md's hot path; times as much as the floor that the engine may take.
const goals = { open: { "nextauth-4 small": 2.0, "nextauth-4 large": 1.6, "authjs-5 small": 1.3, "authjs-5 large": 1.25 } };

const pinned = (command) => ["taskset", ["-c", core, ...command]];

/** A child that answers one word at a time. */
class Runner {
    constructor(name, command, read) {
        const [program, args] = pinned(command);
        this.name = name;
        this.read = read;
        this.child = spawn(program, args, { stdio: ["pipe", "pipe", "inherit"] });
        this.lines = createInterface({ input: this.child.stdout })[Symbol.asyncIterator]();
        this.ended = new Promise((resolve) => this.child.on("exit", resolve));
    }

    async next() {
        const { value, done } = await this.lines.next();
        if (done) throw new Error(`${this.name} ended with status ${await this.ended}`);
        return this.read(value);
    }

    async ask(word) {
        const answers = [];
        this.child.stdin.write(`${word}\n`);
        for (;;) {
            const answer = await this.next();
            if (answer.end) return answers;
            answers.push(answer);
        }
    }

    async close() {
        this.child.stdin.end();
        if (await this.ended) throw new Error(`${this.name} failed`);
    }
}

function readNative(line) {
    const [what, profile, size, row, a, b, c] = line.split("\t");
    if (what === "end") return { end: true };
    if (what === "ready") return { ready: profile };
    if (what === "minted") return { profile, size, token: a };
    return { [what]: row, profile, size, ns: Number(a), cpu: Number(b), allocations: Number(c) };
}

const results = new Map(); // "profile size" -> row -> numbers

// Of ours the processor's time counts, which neighbours on the core do not lengthen; `share` tells
// how much of the core we had. Of the originals it is the better of two clocks (originals.mjs).
function keep({ profile, size }, row, ns, more = {}) {
    const key = `${profile} ${size}`;
    if (!results.has(key)) results.set(key, new Map());
    const rows = results.get(key);
    if (!rows.has(row)) rows.set(row, { rounds: [], shares: [], ...more });
    rows.get(row).rounds.push(ns);
    if (more.share) rows.get(row).shares.push(more.share);
}

async function measure(native, peers) {
    for (let i = 0; i < rounds; i++) {
        for (const r of await native.ask("round 50"))
            keep(r, r.timed, r.cpu, { share: r.cpu / r.ns, allocations: r.allocations });
        for (const r of await peers.ask("round 160"))
            keep(r, `${r.peer} ${r.timed}`, Math.min(r.single, r.window32), { original: true });
        if (process.stderr.isTTY) process.stderr.write(`\r  round ${i + 1} of ${rounds} `);
    }
    if (process.stderr.isTTY) process.stderr.write("\r\x1b[K");
}

function summarise(row) {
    const sorted = [...row.rounds].sort((a, b) => a - b);
    const share = row.shares.length ? row.shares.reduce((a, b) => a + b) / row.shares.length : null;
    return { median: sorted[sorted.length >> 1], low: sorted[0], high: sorted.at(-1), rounds: row.rounds,
        allocations: row.original ? null : row.allocations, core_share: share, original: !!row.original };
}

// How many times `b` takes `a`: the median of the rounds' own ratios. The two stood next to each other
// in every round, so what slowed the machine slowed both.
function times(a, b) {
    const each = a.rounds.map((ns, i) => ns / b.rounds[i]).sort((x, y) => x - y);
    return each[each.length >> 1];
}

const labels = {
    open: { floor: "floor: base64url + OpenSSL, kept context", token: "usher_token_open: token to claims",
        session: "usher_get_token: Cookie header to session" },
    seal: { floor: "floor: OpenSSL, kept context + base64url", token: "usher_token_seal: claims to token" },
};

function print(key, rows, ours) {
    const [profile, size] = key.split(" ");
    const f = fixtures.find((x) => x.profile === profile && x.size === size);
    const floor = rows.get("floor");
    console.log(`\n${profile}, ${size}: token of ${f.token.length} characters, Cookie header of ${f.header.length}`);
    console.log("                                                   ns  (lowest-highest)      floor  original  allocations");
    for (const [name, r] of rows) {
        const spread = `(${r.low.toFixed(0)}-${r.high.toFixed(0)})`;
        const above = name === "floor" ? "" : `${times(r, floor).toFixed(2)}x`;
        const against = r.original ? `${times(r, rows.get(ours)).toFixed(0)}x ours` : "";
        const allocations = r.allocations === null ? "" : String(r.allocations);
        console.log(`  ${(labels[mode][name] ?? name).padEnd(43)} ${r.median.toFixed(0).padStart(7)}  ${spread.padEnd(18)} ${above.padStart(8)} ${against.padStart(9)}  ${allocations.padStart(11)}`);
    }
}

function version(name) {
    const packageFile = new URL(`../tests/node_modules/${name}/package.json`, import.meta.url);
    return JSON.parse(readFileSync(packageFile, "utf8")).version;
}

mkdirSync(values.out, { recursive: true });
const made = spawnSync(process.execPath, [originals, "fixtures", file], { stdio: "inherit" });
if (made.status !== 0) throw new Error("the original packages could not mint the fixtures");
const fixtures = JSON.parse(readFileSync(`${file}.json`, "utf8"));

const native = new Runner("usher-bench", [path.resolve(values.bench), mode, `${file}.tsv`], readNative);
const { ready: openssl } = await native.next();
const peers = new Runner("originals", [process.execPath, originals, mode, file], JSON.parse);
const { ready: node } = await peers.next();

// Nothing is timed before everything has given the right answer and refused a wrong one.
await native.ask("check");
await peers.ask("check");
const minted = await native.ask("mint");
await peers.ask(`verify ${JSON.stringify(minted)}`);
console.log(`${fixtures.length} tokens of the originals open in usher, ${minted.length} of usher's in the originals; broken ones open nowhere.`);

await measure(native, peers);
await native.ask("check");
await peers.ask("check");
await native.close();
await peers.close();

const machine = { cpu: os.cpus()[0].model, cores: os.cpus().length, kernel: os.release(), load: os.loadavg()[0] };
const versions = { openssl, node, "next-auth": version("next-auth"), "@auth/core": version("@auth/core") };
console.log(`${machine.cpu}, core ${core} of ${machine.cores}; ${openssl}; ${node}; ${rounds} interleaved rounds`);

const ours = mode === "open" ? "session" : "token";
const out = { mode, machine, versions, rounds, results: {} };
for (const [key, raw] of results) {
    const rows = new Map([...raw].map(([name, row]) => [name, summarise(row)]));
    print(key, rows, ours);
    const ratio = times(rows.get(ours), rows.get("floor"));
    const goal = goals[mode]?.[key];
    if (goal) console.log(`  ${ratio.toFixed(2)} times the floor; the goal is at most ${goal} ${ratio <= goal ? "(met)" : "(NOT met)"}`);
    const share = Math.min(...[...rows.values()].map((r) => r.core_share ?? 1));
    if (share < 0.95) console.log(`  disturbed: the core was ours only ${(share * 100).toFixed(0)} % of the time; repeat on a quiet machine`);
    out.results[key] = { rows: Object.fromEntries(rows), times_floor: ratio, goal: goal ?? null, disturbed: share < 0.95 };
}
const json = path.join(values.out, `bench-${mode}.json`);
writeFileSync(json, `${JSON.stringify(out, null, 1)}\n`);
console.log(`\nraw numbers: ${json}`);
