// The question: what does one call cost a Node program, in usher's package and in the original one, on
// the same requests in the same process? Interleaved rounds, one core; every answer is checked first, and
// each side's cookies are opened by the other. What is counted is the process' processor time, all threads: on
// one core it is what a call costs, and a neighbour on the machine does not lengthen it. And what does it take
// of JavaScript's heap, and to be imported by a new process?
//
//   node bench/node.mjs [--rounds N] [--out FOLDER]
//
// Prints the ratios and writes FOLDER/bench-node.json. Carry ratios, not times.
import { spawnSync } from "node:child_process";
import { randomBytes } from "node:crypto";
import { mkdirSync, writeFileSync } from "node:fs";
import { createRequire, register } from "node:module";
import os from "node:os";
import path from "node:path";
import { performance } from "node:perf_hooks";
import { fileURLToPath } from "node:url";
import v8 from "node:v8";
import vm from "node:vm";
import { parseArgs } from "node:util";

const { values } = parseArgs({ options: { rounds: { type: "string", default: "15" },
    out: { type: "string", default: "artefacts" }, pinned: { type: "boolean", default: false } } });

// As a deployment runs them, on one core. libuv's threads and V8's are on it, too, for both sides.
if (!values.pinned) {
    const core = String(os.cpus().length - 1);
    const { status } = spawnSync("taskset", ["-c", core, process.execPath, fileURLToPath(import.meta.url),
        "--pinned", ...process.argv.slice(2)], { stdio: "inherit", env: { ...process.env,
        NODE_ENV: "production", NEXTAUTH_URL: "http://localhost:3000", AUTH_URL: "http://localhost:3000" } });
    process.exit(status ?? 1);
}

// next-auth 5 names files of Next.js without their suffix, which its bundlers add and Node does not.
register(`data:text/javascript,${encodeURIComponent(`export const resolve = (name, context, next) =>
    next(/^next\\/(server|headers|navigation)$/.test(name) ? name + ".js" : name, context);`)}`);

const tests = createRequire(new URL("../tests/package.json", import.meta.url));
const usher = createRequire(new URL("../hosts/node/package.json", import.meta.url));
const v4 = { jwt: tests("next-auth/jwt"), next: tests("next-auth/next") };
const v5 = {
    jwt: await import(new URL("node_modules/next-auth/jwt.js", import.meta.url)),
    next: (await import(new URL("node_modules/next-auth/index.js", import.meta.url))).default,
};
const ours4 = { jwt: usher("./next-auth/jwt.cjs"), next: usher("./next-auth/next.cjs") };
const ours5 = { jwt: usher("./authjs/jwt.cjs"), next: usher("./authjs/index.cjs") };

const secret = randomBytes(32).toString("base64url"); // one that a deployment may have
const claims = { name: "Ada Lovelace-Byron", email: "ada.lovelace@example.com", sub: "5f7c8ec7-c33c-4c00",
    picture: "https://images.example.com/avatars/u/1815?v=4", role: "admin", accessToken: "x".repeat(300) };
const callbacks = {
    jwt: ({ token }) => token,
    session: ({ session, token }) => ({ ...session, user: { ...session.user, role: token.role } }),
};

const responseOf = () => ({
    cookies: [],
    setHeader(name, value) { this.cookies = [].concat(value); },
    getHeader() { return this.cookies; },
    appendHeader(name, value) { this.cookies.push(value); },
});

// A browser that has been here before: nobody has to make it a callback URL or a CSRF token.
async function browser(prefix, token, handler) {
    const jar = new Map([["_ga", "GA1.1.1463218790.1767225600"], ["theme", "dark"], [`${prefix}.session-token`, token]]);
    const response = responseOf();
    await handler({ headers: { host: "localhost:3000" }, cookies: {} }, response);
    for (const line of response.cookies) {
        const [pair] = line.split(";", 1);
        if (/csrf-token|callback-url/.test(pair)) jar.set(pair.slice(0, pair.indexOf("=")), pair.slice(pair.indexOf("=") + 1));
    }
    const cookie = [...jar].map(([name, value]) => `${name}=${value}`).join("; ");
    const cookies = Object.fromEntries([...jar].map(([name, value]) => [name, decodeURIComponent(value)]));
    return { headers: { host: "localhost:3000", cookie }, cookies, method: "GET", query: {} };
}

const options = { secret, providers: [], session: { strategy: "jwt" } };
// One object for all calls, as the `authOptions` of a program are.
const asks4 = (extra) => {
    const all = { ...options, ...extra };
    return [v4.next, ours4.next].map((side) => (req, res) => side.getServerSession(req, res, all));
};
const asks5 = (extra) => [v5.next, ours5.next].map((make) => make({ ...options, trustHost: true, basePath: "/api/auth", ...extra }).auth);

const salt = "authjs.session-token";
const token4 = await v4.jwt.encode({ token: claims, secret });
const token5 = await v5.jwt.encode({ token: claims, secret, salt });
const request4 = await browser("next-auth", token4, asks4({})[0]);
const request5 = await browser("authjs", token5, asks5({})[0]);

// Each row: what is called, for the original and for ours, and what makes an answer right.
const isUser = (answer) => answer?.email === claims.email;
function reading(name, sides, goal) {
    return { name, goal, sides: sides.map((side) => () => side()), bare: async () => null, right: isUser };
}
function renewing(name, [theirs, ours], request, open, goal) {
    const call = (ask) => async () => {
        const response = responseOf();
        return { session: await ask(request, response), cookies: response.cookies };
    };
    const right = async ({ session, cookies }) => {
        const line = cookies.map(String).find((c) => c.includes("session-token="));
        return session?.user?.email === claims.email && isUser(await open(line?.split(/[=;]/)[1]));
    };
    return { name, goal, sides: [call(theirs), call(ours)], bare: call(async () => null), right };
}
// Ours are opened by the original, and its own, too.
const open4 = (token) => v4.jwt.decode({ token, secret });
const open5 = (token) => v5.jwt.decode({ token, secret, salt });

const rows = [
    reading("v4 getToken", [v4, ours4].map(({ jwt }) => () => jwt.getToken({ req: request4, secret, secureCookie: false })), 13),
    reading("v5 getToken", [v5, ours5].map(({ jwt }) => () => jwt.getToken({ req: request5, secret, salt })), 40),
    renewing("v4 getServerSession", asks4({}), request4, open4, 20),
    renewing("v4 getServerSession, callbacks", asks4({ callbacks }), request4, open4, 20),
    renewing("v5 auth", asks5({}), request5, open5, 60),
    renewing("v5 auth, callbacks", asks5({ callbacks }), request5, open5, 60),
];

// A broken token is nobody to both.
for (const [request, asks] of [[request4, asks4({})], [request5, asks5({})]]) {
    for (const ask of asks) {
        const cookie = request.headers.cookie.replace(/(session-token=.{400})./, (_, head) => `${head}*`);
        const cookies = Object.fromEntries(cookie.split("; ").map((p) => [p.slice(0, p.indexOf("=")), decodeURIComponent(p.slice(p.indexOf("=") + 1))]));
        const error = console.error;
        console.error = () => {};
        const answer = await ask({ ...request, headers: { ...request.headers, cookie }, cookies }, responseOf());
        console.error = error;
        if (answer) throw new Error("a broken token was taken");
    }
}
for (const row of rows)
    for (const side of row.sides) if (!(await row.right(await side()))) throw new Error(`${row.name}: wrong answer`);

// ---- measuring ---------------------------------------------------------------------------------------

async function time(run, ms) {
    const began = performance.now();
    const before = process.cpuUsage();
    let calls = 0;
    while (performance.now() - began < ms) {
        for (let i = 0; i < 8; i++) await run();
        calls += 8;
    }
    const { user, system } = process.cpuUsage(before);
    return (user + system) / calls;
}

v8.setFlagsFromString("--expose-gc");
const collect = vm.runInNewContext("gc");

/**
 * KiB of JavaScript's heap that a call takes, by the middle one of fifteen short series without a collection. What
 * the benchmark itself makes for it, a response that both sides write to, is measured without a call, and not counted.
 */
async function heap(run) {
    const sizes = [];
    await time(run, 60); // what has not been called yet is compiled
    for (let round = 0; round < 15; round++) {
        collect();
        const before = process.memoryUsage().heapUsed;
        for (let i = 0; i < 40; i++) await run();
        sizes.push((process.memoryUsage().heapUsed - before) / 40 / 1024);
    }
    return median(sizes);
}

/** Milliseconds of processor time of a process that does nothing but import. */
function cold(folder, names) {
    const code = `${names.map((name) => `require(${JSON.stringify(name)});`).join("")}const c = process.cpuUsage(); console.log((c.user + c.system) / 1000)`;
    return Number(spawnSync(process.execPath, ["-e", code], { cwd: fileURLToPath(new URL(folder, import.meta.url)), encoding: "utf8" }).stdout);
}

const median = (list) => [...list].sort((a, b) => a - b)[list.length >> 1];
const rounds = Number(values.rounds);
for (const row of rows) {
    row.times = [[], []];
    for (const side of [...row.sides, row.bare]) await time(side, 300); // warm
}
for (let i = 0; i < rounds; i++)
    for (const row of rows)
        for (const [k, side] of row.sides.entries()) row.times[k].push(await time(side, 60));

for (const row of rows) {
    const bare = await heap(row.bare);
    row.heaps = [];
    for (const side of row.sides) row.heaps.push(await heap(side) - bare);
}

// The first of each is a process that imports nothing.
const imports = [["../tests/", ["next-auth", "next-auth/jwt"]], ["../hosts/node/", ["./next-auth/index.cjs", "./next-auth/jwt.cjs"]]].map(([folder, names]) =>
    ({ nothing: [], all: [], folder, names }));
for (let i = 0; i < 9; i++)
    for (const side of imports) {
        side.nothing.push(cold(side.folder, []));
        side.all.push(cold(side.folder, side.names));
    }
const [theirImport, ourImport] = imports.map(({ nothing, all }) => median(all) - median(nothing));

const results = rows.map(({ name, goal, heaps, times: [theirs, ours] }) => {
    const ratios = theirs.map((us, i) => us / ours[i]).sort((a, b) => a - b);
    const best = [Math.min(...theirs), Math.min(...ours)]; // each side's quickest round: the steadiest where there are neighbours
    return { name, goal, best_original_us: best[0], best_usher_us: best[1], best_ratio: best[0] / best[1], original_us: median(theirs), usher_us: median(ours), original_heap_kib: heaps[0], usher_heap_kib: heaps[1], ratio: ratios[ratios.length >> 1],
        low: ratios[ratios.length >> 2], high: ratios[Math.ceil(ratios.length * 0.75) - 1] };
});
console.log(`${"".padEnd(32)}${"original".padStart(12)}${"usher".padStart(12)}${"ratio".padStart(8)}   half of the rounds within`);
for (const r of results)
    console.log(`${r.name.padEnd(32)}${`${r.original_us.toFixed(1)} us`.padStart(12)}${`${r.usher_us.toFixed(1)} us`.padStart(12)}${`${r.ratio.toFixed(1)} x`.padStart(8)}   ${r.low.toFixed(1)} to ${r.high.toFixed(1)}; quickest rounds ${r.best_ratio.toFixed(1)} x (${r.best_original_us.toFixed(1)} and ${r.best_usher_us.toFixed(1)} us); the goal is ${r.goal} x; heap ${r.original_heap_kib.toFixed(1)} and ${r.usher_heap_kib.toFixed(1)} KiB`);
console.log(`import next-auth, next-auth/jwt: ${theirImport.toFixed(1)} and ${ourImport.toFixed(1)} ms`);
mkdirSync(values.out, { recursive: true });
writeFileSync(path.join(values.out, "bench-node.json"), `${JSON.stringify({ node: process.version, cpu: os.cpus()[0].model,
    peers: { v4: "next-auth 4.24.15", v5: "next-auth 5.0.0-beta.32" }, rounds, results, import_ms: { original: theirImport, usher: ourImport } }, null, 2)}\n`);
