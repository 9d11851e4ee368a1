// Sessions of every size, through cookies: each small size, and each size that ends within two
// characters of a full cookie, up to 128 KiB. The original cuts and usher joins, and the other way
// round. More pieces than usher reads are rejected, and written by nobody.
import { Worker, isMainThread, parentPort, workerData } from "node:worker_threads";
import { fileURLToPath } from "node:url";
import { inspect, mint, parsed } from "./cli.mjs";
import { padding } from "./payloads.mjs";
import { cookieHeader, same, secrets, systems } from "./systems.mjs";

const secret = secrets[0];
const most = 32; // cookies of one session
const largest = 128 * 1024;

const show = (value) => JSON.stringify(value)?.slice(0, 300);

const sessionOf = (system, n) => system.whole({ sub: "1", text: padding(n) });

/** Characters of the token for n of text, and about the n for so many characters. */
async function lengths(system) {
    const measured = async (n) => (await system.encode(sessionOf(system, n), secret)).length;
    const none = await measured(0);
    return { measured, guess: (length) => Math.max(0, Math.floor((length - none) * 3 / 4)) };
}

/** Every n whose token ends within two characters of k full cookies; of blocks, the nearest two. */
async function aroundFull(system) {
    const { measured, guess } = await lengths(system);
    const found = new Set();
    for (let k = 1; k * system.chunk <= largest + system.chunk; k += 1) {
        const full = k * system.chunk;
        const near = [];
        for (let n = guess(full) - 20; n <= guess(full) + 20; n += 1)
            if (n > 0) near.push([n, (await measured(n)) - full]);
        for (const [n, off] of near) if (Math.abs(off) <= 2) found.add(n);
        const below = near.filter(([, off]) => off <= 0).at(-1);
        const above = near.find(([, off]) => off > 0);
        for (const one of [below, above]) if (one) found.add(one[0]);
    }
    return [...found];
}

async function sizes(system) {
    const small = Array.from({ length: 512 }, (_, i) => i + 1);
    const middle = Array.from({ length: 600 }, (_, i) => 513 + 13 * i);
    return [...small, ...middle, ...await aroundFull(system)];
}

/* --- in a worker --------------------------------------------------------------------------------- */

async function toUsher(usher, system, all) {
    const sealed = all.map((n) => sessionOf(system, n));
    const jars = [];
    for (const one of sealed) jars.push(await system.cookies(one, secret));
    // Other cookies around them, and the pieces in any order.
    const headers = jars.map((jar, i) => cookieHeader(Object.fromEntries(
        [["a", "b"], ...(i % 2 ? Object.entries(jar).reverse() : Object.entries(jar)), ["z.0", "y"]])));
    const answers = await inspect(usher, system.name, secret, headers);
    return answers.flatMap((answer, i) => {
        const pieces = Object.keys(jars[i]).length;
        const good = pieces > most ? answer.verdict === "rejected" && !answer.claims
            : answer.verdict === "valid" && same(system, sealed[i], answer.claims);
        return good ? [] : [`${all[i]} characters, ${pieces} cookies: ${show(answer)}`];
    });
}

async function fromUsher(usher, system, all) {
    const sealed = all.map((n) => sessionOf(system, n));
    const headers = await mint(usher, system.name, secret, sealed, ["--cookie"]);
    const problems = [];
    for (const [i, n] of all.entries()) {
        const jar = headers[i] ? parsed(headers[i]) : {};
        const pieces = Object.keys(jar).length;
        const wrong = (what) => problems.push(`${n} characters, ${pieces} cookies: ${what}`);
        if (!pieces) {
            const { length } = await system.encode(sealed[i], secret);
            if (length <= most * system.chunk) wrong(`not written, with a token of ${length}`);
            continue;
        }
        const values = Object.values(jar).map((value) => value.length);
        if (Math.max(...values) > system.chunk) wrong(`a cookie of ${Math.max(...values)}`);
        if (pieces !== Math.ceil(values.reduce((a, b) => a + b) / system.chunk)) wrong("more than needed");
        const opened = await system.open(jar, secret).catch((error) => error.message);
        if (!same(system, sealed[i], opened)) wrong(show(opened));
    }
    return problems;
}

async function work({ usher, name }) {
    const system = systems[name];
    const all = await sizes(system);
    const problems = { "to usher": [], "from usher": [] };
    for (let i = 0; i < all.length; i += 200) {
        const part = all.slice(i, i + 200);
        problems["to usher"].push(...await toUsher(usher, system, part));
        problems["from usher"].push(...await fromUsher(usher, system, part));
    }
    return { count: all.length, problems };
}

if (!isMainThread && workerData?.suite === "sizes")
    parentPort.on("message", async (task) => {
        try {
            parentPort.postMessage({ task, ...await work(task) });
        } catch (error) {
            parentPort.postMessage({ task, count: 0, problems: { "runs": [error.stack] } });
        }
    });

/* --- the suite ----------------------------------------------------------------------------------- */

function inWorker(task) {
    const worker = new Worker(fileURLToPath(import.meta.url), { workerData: { suite: "sizes" } });
    return new Promise((resolve, reject) => {
        worker.once("message", (answer) => worker.terminate().then(() => resolve(answer)));
        worker.once("error", reject);
        worker.postMessage(task);
    });
}

export default async function run(t) {
    const names = Object.keys(systems);
    const half = async (mine) => {
        for (const name of mine) {
            const { count, problems } = await inWorker({ usher: t.tools.usher, name });
            for (const [direction, found] of Object.entries(problems))
                t.ok(count && !found.length, `${name}, ${direction}: ${count} sizes`,
                    `${found.length} differ; the first:\n${found.slice(0, 3).join("\n")}`);
        }
    };
    await Promise.all([half(names.slice(0, 2)), half(names.slice(2))]);
}
