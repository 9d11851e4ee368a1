// Ten thousand payloads of every kind for each system and direction: sealed by the original and opened
// by usher, sealed by usher and opened by the original, equal as JSON and in order. A payload is made
// from the seed and its number: USHER_SEED and USHER_CASE run one again.
import { Worker, isMainThread, parentPort, workerData } from "node:worker_threads";
import { fileURLToPath } from "node:url";
import { inspect, mint } from "./cli.mjs";
import { payloadAt } from "./payloads.mjs";
import { same, secrets, systems } from "./systems.mjs";

const seed = Number(process.env.USHER_SEED ?? 20261122);
const only = process.env.USHER_CASE;
const count = Number(process.env.USHER_PAYLOADS ?? 10000);
const batch = 500;

const show = (value) => JSON.stringify(value)?.slice(0, 600);

/* --- in a worker --------------------------------------------------------------------------------- */

async function toUsher({ usher, system, secret, sealed }) {
    const tokens = await Promise.all(sealed.map((one) => system.encode(one, secret)));
    const answers = await inspect(usher, system.name, secret, tokens);
    return answers.map((answer, i) => answer.verdict !== "valid" ? show(answer)
        : same(system, sealed[i], answer.claims) ? null : show(answer.claims));
}

async function fromUsher({ usher, system, secret, sealed }) {
    const tokens = await mint(usher, system.name, secret, sealed);
    const opened = await Promise.all(tokens.map((token) =>
        system.decode(token, secret).catch((error) => error.message)));
    return opened.map((one, i) => (same(system, sealed[i], one) ? null : show(one)));
}

async function work({ usher, name, direction, first, last }) {
    const system = systems[name];
    const secret = secrets[Math.floor(first / batch) % secrets.length];
    const numbers = Array.from({ length: last - first }, (_, i) => first + i);
    const sealed = numbers.map((n) => system.whole(payloadAt(seed, n)));
    const judge = direction === "to usher" ? toUsher : fromUsher;
    const wrong = await judge({ usher, system, secret, sealed });
    return wrong.flatMap((what, i) => what === null ? []
        : [`USHER_SEED=${seed} USHER_CASE=${numbers[i]}: sealed ${show(sealed[i])}\nopened ${what}`]);
}

if (!isMainThread && workerData?.suite === "random")
    parentPort.on("message", async (task) => {
        try {
            parentPort.postMessage({ task, problems: await work(task) });
        } catch (error) {
            parentPort.postMessage({ task, problems: [error.stack] });
        }
    });

/* --- the suite ----------------------------------------------------------------------------------- */

function tasks(usher) {
    const [from, to] = only === undefined ? [0, count] : [Number(only), Number(only) + 1];
    const all = [];
    for (const name of Object.keys(systems))
        for (const direction of ["to usher", "from usher"])
            for (let first = from; first < to; first += batch - (first % batch))
                all.push({ usher, name, direction, first,
                    last: Math.min(to, first + batch - (first % batch)) });
    return all;
}

/** Hands the tasks to `threads` workers, one at a time each. */
function spread(list, threads, done) {
    const queue = [...list];
    return Promise.all(Array.from({ length: threads }, () => new Promise((resolve, reject) => {
        const worker = new Worker(fileURLToPath(import.meta.url), { workerData: { suite: "random" } });
        const next = () => {
            const task = queue.shift();
            if (task) worker.postMessage(task);
            else worker.terminate().then(resolve);
        };
        worker.on("message", (answer) => {
            done(answer);
            next();
        });
        worker.on("error", reject);
        next();
    })));
}

export default async function run(t) {
    const found = new Map();
    t.note(`seed ${seed} (USHER_SEED), ${count} payloads (USHER_PAYLOADS)`);
    await spread(tasks(t.tools.usher), 2, ({ task, problems }) => {
        const key = `${task.name}, ${task.direction}`;
        const row = found.get(key) ?? { count: 0, problems: [] };
        row.count += task.last - task.first;
        row.problems.push(...problems);
        found.set(key, row);
    });
    for (const [key, row] of found)
        t.ok(!row.problems.length, `${key}: ${row.count} payloads are the same`,
            `${row.problems.length} are not; the first:\n${row.problems.slice(0, 3).join("\n")}`);
    t.equal(found.size, 2 * Object.keys(systems).length, "every system, in both directions");
}
