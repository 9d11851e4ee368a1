// The question: what does one session cost, from a browser's Cookie header to its claims, in the
// engine, beside the least the crypto library needs for the same bytes and beside the original
// packages? All in one run, on one core, in interleaved rounds, on the same genuine tokens.
//
//   node bench/run.mjs open|seal --bench build-bench/bench/usher-bench --out artefacts [--rounds N]
//
// Writes FOLDER/bench-open.json or bench-seal.json; bench/plot.mjs draws the two.
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

// How many times the floor the engine may take, and how many times the engine the original takes at
// least. Row "floor" is base64url and OpenSSL as good as we know how.
const goals = {
    open: {
        "nextauth-4 small": { floor: 2.0, peers: { decode: 25 } },
        "nextauth-4 large": { floor: 2.0 },
        "authjs-5 small": { floor: 1.3, peers: { decode: 60 } },
        "authjs-5 large": { floor: 1.3 },
    },
    seal: {
        "nextauth-4 small": { floor: 1.5, peers: { getServerSession: 40 } },
        "nextauth-4 large": { floor: 1.5 },
        "authjs-5 small": { floor: 1.5, peers: { auth: 150 } },
        "authjs-5 large": { floor: 1.5 },
    },
};
// Which row of ours does the work of which call of theirs.
const counterpart = { decode: "session", getToken: "session", encode: "token", getServerSession: "roll", auth: "roll" };

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
    const at = (part) => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))];
    const share = row.shares.length ? row.shares.reduce((a, b) => a + b) / row.shares.length : null;
    // Half of the rounds lie within a tenth on a quiet machine; the originals collect garbage besides.
    const spread = (at(0.75) - at(0.25)) / at(0.5);
    return { median: at(0.5), low: sorted[0], high: sorted.at(-1), spread, rounds: row.rounds,
        allocations: row.original ? null : row.allocations, core_share: share, original: !!row.original,
        disturbed: (share !== null && share < 0.95) || spread > (row.original ? 0.25 : 0.1) };
}

// How many times `b` takes `a`: the median of the rounds' own ratios. The two stood next to each other
// in every round, so what slowed the machine slowed both.
function times(a, b) {
    const each = a.rounds.map((ns, i) => ns / b.rounds[i]).sort((x, y) => x - y);
    return each[each.length >> 1];
}

const labels = {
    open: { floor: "floor: the best base64url and OpenSSL", "table floor": "the same, base64url by a table, EVP_MAC",
        token: "usher_token_open: token to claims", session: "usher_get_token: Cookie header to session",
        "step request": "  the request's headers", "step cookie": "  Cookie header: find, join",
        "step base64url": "  base64url", "step unseal": "  base64url and AEAD", "step json": "  JSON: check, index",
        "step claims": "  claims to session" },
    seal: { floor: "floor: the best base64url and OpenSSL", "table floor": "the same, base64url by a table, EVP_MAC",
        token: "usher_token_seal: claims to token", again: "  the same, of claims just opened",
        roll: "usher_get_session: read, seal, Set-Cookie" },
};

function print(key, rows) {
    const [profile, size] = key.split(" ");
    const f = fixtures.find((x) => x.profile === profile && x.size === size);
    const floor = rows.get("floor");
    console.log(`\n${profile}, ${size}: token of ${f.token.length} characters, Cookie header of ${f.header.length}`);
    console.log("                                                   ns  (lowest-highest)      floor  original  allocations");
    for (const [name, r] of rows) {
        const spread = `(${r.low.toFixed(0)}-${r.high.toFixed(0)})`;
        const above = name === "floor" ? "" : `${times(r, floor).toFixed(2)}x`;
        const against = r.original ? `${times(r, rows.get(counterpart[name.split(" ").at(-1)])).toFixed(0)}x ours` : "";
        const allocations = r.allocations === null ? "" : String(r.allocations);
        const columns = [(labels[mode][name] ?? name).padEnd(43), r.median.toFixed(0).padStart(7), "", spread.padEnd(18),
            above.padStart(8), against.padStart(9), "", allocations.padStart(11), r.disturbed ? " disturbed" : ""];
        console.log(`  ${columns.join(" ")}`);
    }
}

const failed = [];
function judge(key, what, value, bound, atLeast) {
    const met = atLeast ? value >= bound : value <= bound;
    if (!met) failed.push(`${key}: ${what} ${value.toFixed(2)}, wanted ${atLeast ? "at least" : "at most"} ${bound}`);
    console.log(`  ${what}: ${value.toFixed(2)}, the goal is at ${atLeast ? "least" : "most"} ${bound} (${met ? "met" : "NOT met"})`);
    return { value, bound, atLeast: !!atLeast, met };
}

function judgeAll(key, rows) {
    const goal = goals[mode][key];
    const ours = rows.get(mode === "open" ? "session" : "token");
    const verdicts = { "times the floor": judge(key, "times the floor", times(ours, rows.get("floor")), goal.floor),
        "times the table floor": judge(key, "times the table floor", times(ours, rows.get("table floor")), goal.floor) };
    if (mode === "seal")
        verdicts["again, times the floor"] =
            judge(key, "of claims just opened, times the floor", times(rows.get("again"), rows.get("floor")), goal.floor);
    for (const [call, bound] of Object.entries(goal.peers ?? {})) {
        const [name, peer] = [...rows].find(([row]) => row.endsWith(` ${call}`));
        verdicts[name] = judge(key, `${name}, times ours`, times(peer, rows.get(counterpart[call])), bound, true);
    }
    return verdicts;
}

// Twice the bytes, at most 2.1 times the time: a session in two cookies and one in three.
function judgeGrowth(profile) {
    const row = mode === "open" ? "session" : "token";
    const [large, double] = ["large", "double"].map((size) => out.results[`${profile} ${size}`].rows[row]);
    const length = (size) => fixtures.find((x) => x.profile === profile && x.size === size).token.length;
    return judge(profile, `time for ${(length("double") / length("large")).toFixed(2)} times the bytes`, times(double, large), 2.1);
}

// Not on one core, so not among the rounds. What an opening takes each of two threads at once, beside what
// it takes them alone; and the same of two that have not even the site in common, which tells what a second
// core is worth on this machine at this time.
function judgeThreads() {
    const run = spawnSync(path.resolve(values.bench), ["threads", `${file}.tsv`], { encoding: "utf8" });
    if (run.status !== 0) throw new Error("the threads failed: they need two cores");
    for (const line of run.stdout.split("\n").filter((text) => text.startsWith("threads"))) {
        const [, profile, size, , ...ns] = line.split("\t");
        const [first, second, bothFirst, bothSecond, apartFirst, apartSecond] = ns.map(Number);
        const shared = first / bothFirst + second / bothSecond;
        const apart = first / apartFirst + second / apartSecond;
        const verdict = judge(`${profile} ${size}`, "two threads, times one", shared, 1.9, true);
        console.log(`    two that share nothing at all: ${apart.toFixed(2)}${apart < 1.9 ? "; disturbed: the machine gives no more" : ""}`);
        out.results[`${profile} ${size}`].threads = { ...verdict, apart };
    }
}

function version(name, folder = "../tests/node_modules") {
    const packageFile = new URL(`${folder}/${name}/package.json`, import.meta.url);
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
const versions = { openssl, node, "next-auth": version("next-auth"), "@auth/core": version("@auth/core"),
    "next-auth 5": version("next-auth", "node_modules") };
console.log(`${machine.cpu}, core ${core} of ${machine.cores}; ${openssl}; ${node}; ${rounds} interleaved rounds`);

const out = { mode, machine, versions, rounds, results: {} };
for (const [key, raw] of results) {
    const rows = new Map([...raw].map(([name, row]) => [name, summarise(row)]));
    const f = fixtures.find((x) => `${x.profile} ${x.size}` === key);
    print(key, rows);
    const verdicts = goals[mode][key] ? judgeAll(key, rows) : {};
    out.results[key] = { token: f.token.length, header: f.header.length, rows: Object.fromEntries(rows), verdicts };
}
console.log("\ngrowth and threads");
for (const profile of new Set(fixtures.map((x) => x.profile)))
    out.results[`${profile} double`].growth = judgeGrowth(profile);
if (mode === "open") judgeThreads();

const json = path.join(values.out, `bench-${mode}.json`);
writeFileSync(json, `${JSON.stringify(out, null, 1)}\n`);
console.log(`\nraw numbers: ${json}`);
for (const text of failed) console.log(`NOT met: ${text}`);
if (failed.length) console.log("On a machine with neighbours repeat before you believe it: rows that say so were disturbed.");
