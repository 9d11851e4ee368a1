// Fresh cases of the kind that tests/vectors has: inputs made from a seed, answers of the original
// packages, judged by `usher vectors`. First the originals are asked what the recorded cases ask, so
// that a case that is fresh means what a recorded one does. USHER_SEED and USHER_FRESH (how many) make
// a run longer (with USHER_SUITE_MS) or another one; USHER_FRESH_PARTS (names, with commas) makes it narrower.
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { isDeepStrictEqual } from "node:util";
import { Worker, isMainThread, parentPort, workerData } from "node:worker_threads";
import { fileURLToPath } from "node:url";
import { run as start } from "../e2e/kit/process.mjs";

const seed = Number(process.env.USHER_SEED ?? 20261122);
const count = Number(process.env.USHER_FRESH ?? 5000);
const FILE_CASES = 10000;
const only = process.env.USHER_FRESH_PARTS?.split(",");
const here = path.dirname(fileURLToPath(import.meta.url));
const vectors = path.join(here, "../vectors");

/** For information only, or not ours to measure. */
const unbound = new Set(["reason", "real_error", "other_versions", "real", "status", "message", "throws"]);
const bare = (value) => Array.isArray(value) ? value.map(bare)
    : value && typeof value === "object"
        ? Object.fromEntries(Object.entries(value).filter(([k]) => !unbound.has(k)).map(([k, v]) => [k, bare(v)]))
        : value;

const recorded = (name) => JSON.parse(readFileSync(path.join(vectors, `${name}.json`), "utf8")).vectors;

/* --- in the worker, whose clock stands still ------------------------------------------------------ */

async function recall(part, kit) {
    const problems = [];
    let asked = 0;
    for (const v of recorded(part.name)) {
        const ask = part.answers[v.op];
        if (!ask || v.conformance === "safer-than-real" || part.unmeasured?.(v)) continue;
        kit.stopClock(v.input.now);
        const got = await ask(v.input).catch?.((error) => ({ error: error.stack })) ?? await ask(v.input);
        kit.stopClock();
        asked += 1;
        const [want, have] = [bare(v.expected), bare(JSON.parse(JSON.stringify(got)))];
        if (!isDeepStrictEqual(have, want))
            problems.push(`${v.id} (${v.tests})\n  recorded ${JSON.stringify(want).slice(0, 500)}\n  answered ${JSON.stringify(have).slice(0, 500)}`);
    }
    return { asked, problems };
}

async function oneCase(part, kit, seeds, number) {
    const pick = new kit.Choice(seed, part.name, number);
    kit.stopClock(kit.NOW);
    const made = await part.make(pick, seeds);
    if (!made || !kit.writable(made.input)) return null;
    kit.stopClock(made.input.now);
    const expected = JSON.parse(JSON.stringify(await part.answers[made.op](made.input)));
    kit.stopClock();
    if (!kit.writable(expected)) return null;
    const whole = { ...made, expected };
    const conformance = await part.other?.(whole) ?? "exact";
    if (conformance === "skip") return null;
    return { id: `${part.name}-fresh-${seed}-${number}`, system: made.system, op: made.op,
        tests: made.tests ?? "fresh", input: made.input, expected, conformance };
}

async function fresh(part, kit, wanted) {
    const seeds = recorded(part.name).filter((v) => part.answers[v.op]);
    const cases = [];
    for (let number = 0; cases.length < wanted && number < wanted * 3; number += 1) {
        const one = await oneCase(part, kit, seeds, number);
        if (one) cases.push(one);
    }
    return cases;
}

/** In files that are not larger than usher reads. */
function written(dir, name, cases) {
    const files = [];
    for (let at = 0; at < cases.length; at += FILE_CASES) {
        const to = path.join(dir, `${name}${at ? `-${at}` : ""}.json`);
        writeFileSync(to, JSON.stringify({ schema: "interop-vectors/1", file: name, vectors: cases.slice(at, at + FILE_CASES) }, null, 1));
        files.push(to);
    }
    return files;
}

async function work({ dir }) {
    const kit = await import("./fresh/kit.mjs");
    // Addresses last: @auth/core remembers for good that some configuration had an e-mail provider.
    const names = ["cookies", "matchers", "urls", "auth0", "write", "id_token", "checks", "authjs"];
    const parts = (await Promise.all(names.map((name) => import(`./fresh/${name}.mjs`))))
        .flatMap((module) => module.parts).filter(({ name }) => !only || only.includes(name));
    const all = parts.reduce((sum, { weight }) => sum + weight, 0);
    for (const part of parts) {
        const begin = performance.now();
        const memory = await recall(part, kit);
        const cases = await fresh(part, kit, Math.ceil((count * part.weight) / all));
        parentPort.postMessage({ name: part.name, files: written(dir, part.name, cases), cases: cases.length, memory,
            ms: Math.round(performance.now() - begin),
            other: cases.filter((c) => c.conformance !== "exact").length });
    }
}

if (!isMainThread && workerData?.suite === "fresh")
    work(workerData).then(() => process.exit(0), (error) => {
        parentPort.postMessage({ error: error.stack });
        process.exit(1);
    });

/* --- the suite ----------------------------------------------------------------------------------- */

function generated(dir, done) {
    return new Promise((resolve, reject) => {
        const worker = new Worker(fileURLToPath(import.meta.url), { workerData: { suite: "fresh", dir } });
        worker.on("message", (one) => (one.error ? reject(new Error(one.error)) : done(one)));
        worker.on("error", reject);
        worker.on("exit", resolve);
    });
}

async function judge(t, part) {
    const ran = [];
    for (const file of part.files) ran.push(await start(t.tools.usher, ["vectors", file], { timeout: 600000 }));
    const passed = ran.map(({ out }) => Number(/^(\d+) passed, 0 failed$/m.exec(out)?.[1] ?? 0));
    const bad = ran.filter(({ code }, i) => code !== 0 || !passed[i]);
    t.ok(!bad.length && passed.reduce((sum, n) => sum + n, 0) === part.cases,
        `${part.name}: ${part.cases} fresh cases are answered alike`,
        bad.map(({ err, out }) => `${err.slice(-2000)}\n${out.slice(-4000)}`).join("\n"));
}

export default async function run(t) {
    const dir = path.join(t.dir, "cases");
    const judged = [];
    mkdirSync(dir, { recursive: true });
    t.note(`seed ${seed} (USHER_SEED), ${count} cases (USHER_FRESH), in ${dir}`);
    await generated(dir, (part) => {
        t.ok(!part.memory.problems.length, `${part.name}: the originals answer ${part.memory.asked} recorded cases as recorded`,
            `${part.memory.problems.length} differ; the first:\n${part.memory.problems.slice(0, 5).join("\n")}`);
        judged.push(judge(t, part).then(() => t.note(`${part.name}: ${part.cases} cases, ${part.other} may be answered otherwise, ${part.ms} ms to make`)));
    });
    await Promise.all(judged);
}
