// The check list of the calls that the originals' documentation shows, and what proves each of them:
// calls.json. A row is proved by an answer of a visit, which says what it must, at the original and at
// usher; by a check that has passed, in a browser mostly; or by a test of the package.
import { existsSync, readFileSync } from "node:fs";
import path from "node:path";

export const rows = JSON.parse(readFileSync(new URL("../calls.json", import.meta.url), "utf8"));

/** How many rows each part of the list has: one that is lost is noticed. */
const parts = { A: 10, B: 10, C: 8, D: 7, E: 6, F: 9 };

const all = rows.flatMap(({ row, proof = [] }) => proof.map((one) => ({ row, ...one })));

/** {swap: {original: {step: {field: text}}, usher: …}}, of this run. */
const visits = {};

export function remember(name, seen) {
    visits[name] = seen;
}

// ---- the list itself -----------------------------------------------------------------------------

const folders = { v4: "examples/next-app/v4", v5: "examples/next-app/v5", auth0: "examples/next-auth0" };

function sourceOf(root, { app, file }) {
    const where = path.join(root, app ? folders[app] : "", file);
    return existsSync(where) ? readFileSync(where, "utf8") : undefined;
}

/** What an answer can be held to; see wrongOf. */
const shown = ["status", "body", "text", "location", "cookie", "headers", "without", "lacks"];

/** What is wrong with a proof, without running anything. */
function faultOf(root, proof) {
    const { app, file, has, suite, visit, check } = proof;
    const source = file && sourceOf(root, proof);
    if (source === undefined) return `there is no ${app ?? ""} ${file}`;
    if (!has || !source.includes(has)) return `${file} has no ${JSON.stringify(has)}`;
    if (!suite) return /\.test\.mjs$|^tests\/types\//.test(file) ? undefined : `${file} is no test`;
    const suites = sourceOf(root, { file: `tests/${suite}.mjs` });
    if (!suites?.includes(`proveCalls(t, "${suite}")`)) return `no suite ${suite} that proves calls`;
    const says = visit ? shown.some((name) => name in proof) : check;
    return says ? undefined : `${file}: nothing is said that it shows`;
}

/** The list is whole, and every page, route and test that it names is there and has the call. */
export function checkList(t) {
    for (const [part, count] of Object.entries(parts)) {
        const expected = Array.from({ length: count }, (_, i) => `${part}${i + 1}`);
        t.equal(rows.map(({ row }) => row).filter((row) => row.startsWith(part)), expected, `part ${part} has each of its rows`);
    }
    for (const { row, call, proof = [] } of rows) {
        const faults = proof.map((one) => faultOf(t.tools.root, one)).filter(Boolean);
        t.ok(proof.length > 0 && !faults.length, `${row}, ${call}: what proves it is there`, proof.length ? faults.join("\n") : "nothing");
    }
}

// ---- what was seen -------------------------------------------------------------------------------

/** The fields of an answer that are otherwise than the proof says, as text. */
function* wrongOf(answer, { status, body, text, location, cookie, headers = {}, without = [], lacks }) {
    const where = [answer["location to"], Object.keys(answer).filter((field) => /^location (?!to$)/.test(field))
        .map((field) => `${field.slice(9)}=${answer[field]}`).join("&")].filter(Boolean).join("?");
    const has = (field, is, wanted) => (wanted !== undefined && !is?.includes(wanted) ? [`${field} is ${is}, without ${wanted}`] : []);
    if (status !== undefined && answer.status !== status) yield `status is ${answer.status}, not ${status}`;
    yield* has("body", answer.body, body);
    yield* has("text", answer.text, text);
    yield* has("location", where, location);
    if (cookie && !(`cookie ${cookie}` in answer)) yield `no cookie ${cookie}`;
    for (const [name, wanted] of Object.entries(headers)) yield* has(name, answer[`header ${name}`], wanted);
    for (const field of without) if (field in answer) yield `there is ${field}`;
    if (lacks && JSON.stringify(answer).includes(lacks)) yield `there is ${lacks}`;
}

/** What a visit has shown otherwise than the proof says. */
function unseen({ visit, on, step, ...shows }) {
    const variants = on ? [on] : ["original", "usher"];
    return variants.flatMap((variant) => {
        const answer = visits[visit]?.[variant]?.[step];
        const wrong = answer ? [...wrongOf(answer, shows)] : ["was not made"];
        return wrong.map((what) => `${visit} on ${variant}, "${step}": ${what}`);
    });
}

function unpassed(t, { suite, check, variants }) {
    const names = variants ? variants.map((variant) => check.replace("{variant}", variant)) : [check];
    return names.filter((name) => !t.hasPassed(`${suite}: ${name}`)).map((name) => `no such check passed: ${suite}: ${name}`);
}

/** At the end of a suite: each row that it is to prove was proved in this run. */
export function proveCalls(t, suite) {
    const own = all.filter((one) => one.suite === suite);
    for (const row of new Set(own.map((one) => one.row))) {
        const proofs = own.filter((one) => one.row === row);
        const faults = proofs.flatMap((one) => (one.visit ? unseen(one) : unpassed(t, one))).filter(Boolean);
        t.ok(proofs.length && !faults.length, `${row}, ${rows.find((one) => one.row === row).call}`, faults.join("\n"));
    }
}
