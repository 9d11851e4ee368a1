// The question: what does a call of Auth0's SDK cost a Node program, in usher's package and in the original
// one, on the same request in the same process? Interleaved rounds, one core; every answer is checked first. What
// is counted is the process' processor time, as in node.mjs.
//
//   node bench/node-auth0.mjs [--rounds N] [--out FOLDER]
//
// Prints the ratios and writes FOLDER/bench-node-auth0.json. Carry ratios, not times.
import { spawnSync } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import os from "node:os";
import path from "node:path";
import { performance } from "node:perf_hooks";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";

const { values } = parseArgs({ options: { rounds: { type: "string", default: "15" },
    out: { type: "string", default: "artefacts" }, pinned: { type: "boolean", default: false } } });

if (!values.pinned) {
    const core = String(os.cpus().length - 1);
    const { status } = spawnSync("taskset", ["-c", core, process.execPath, fileURLToPath(import.meta.url),
        "--pinned", ...process.argv.slice(2)], { stdio: "inherit", env: { ...process.env, NODE_ENV: "production" } });
    process.exit(status ?? 1);
}

const out = path.resolve(values.out); // before the folder is another
const folder = new URL("../tests/node_modules/", import.meta.url);
process.chdir(fileURLToPath(new URL("../tests/", import.meta.url))); // where Next.js is
const original = await import(new URL("@auth0/nextjs-auth0/dist/server/index.js", folder));
const { generateSessionCookie } = await import(new URL("@auth0/nextjs-auth0/dist/testing/index.js", folder));
const usher = createRequire(new URL("../hosts/node/package.json", import.meta.url))("./auth0/index.cjs");
const { NextRequest } = createRequire(new URL("../tests/package.json", import.meta.url))("next/server");

const secret = "gT5wq0Zr8KvT3nQx5WmBd7LpYc2HsJf9GaUe4oAA";
const session = {
    user: { sub: "auth0|5f7c8ec7c33c4c00", name: "Ada Lovelace-Byron", email: "ada.lovelace@example.com", email_verified: true,
        picture: "https://images.example.com/avatars/u/1815?v=4" },
    tokenSet: { accessToken: "a".repeat(400), idToken: "i".repeat(700), refreshToken: "r".repeat(50), scope: "openid profile email offline_access",
        expiresAt: Math.floor(Date.now() / 1000) + 86400 },
    internal: { sid: "s".repeat(32), createdAt: Math.floor(Date.now() / 1000) },
};
const cookie = `_ga=GA1.1.1463218790.1767225600; theme=dark; __session=${await generateSessionCookie(session, { secret })}`;
const clients = [original, usher].map(({ Auth0Client }) => new Auth0Client({ domain: "tenant.example.com", clientId: "app",
    clientSecret: "the client secret of the benchmark", secret, appBaseUrl: "http://localhost:3000" }));
const node = { headers: { host: "localhost:3000", cookie }, cookies: {}, method: "GET", url: "/page" };
const request = () => new NextRequest("http://localhost:3000/page", { headers: { cookie } });
const kept = request(); // read only: nothing is rolled on it

const isAda = (found) => found?.user.email === session.user.email;
const rolled = async (response) => {
    const value = response.headers.getSetCookie().find((line) => line.startsWith("__session=ey"))?.split(/[=;]/)[1];
    return Promise.all(clients.map((client) => client.getSession({ headers: { cookie: `__session=${value}` } }))).then((all) => all.every(isAda));
};
const rows = [
    { name: "getSession(req), pages router", goal: 25, call: (client) => client.getSession(node), right: isAda },
    { name: "getSession(request), NextRequest", goal: 25, call: (client) => client.getSession(kept), right: isAda },
    { name: "getAccessToken(req, res)", goal: 25, call: (client) => client.getAccessToken(node, { appendHeader() {}, setHeader() {} }), right: ({ token }) => token === session.tokenSet.accessToken },
    { name: "middleware(request), rolling", goal: undefined, call: (client) => client.middleware(request()), right: rolled },
].map(({ call, ...row }) => ({ ...row, sides: clients.map((client) => () => call(client)) }));

// What rolling costs beside Next.js' request and response, which both have to make: the touch itself.
const { internals } = createRequire(new URL("../hosts/node/package.json", import.meta.url))("./lib/site.cjs");
const { createSite } = createRequire(new URL("../hosts/node/package.json", import.meta.url))("./index.cjs");
const site = createSite({ profile: "auth0-4", base_url: "http://localhost:3000", secret, development: true }, { env: null });
const { RequestCookies, ResponseCookies } = await import(new URL("@auth0/nextjs-auth0/dist/server/cookies.js", folder));
const { StatelessSessionStore } = await import(new URL("@auth0/nextjs-auth0/dist/server/session/stateless-session-store.js", folder));
const store = new StatelessSessionStore({ secret, rolling: true, cookieOptions: { name: "__session", secure: false, sameSite: "lax", path: "/", transient: false } });
rows.push({ name: "rolling touch, no NextResponse", goal: 50, right: (lines) => rolled({ headers: { getSetCookie: () => lines } }), sides: [
    async () => {
        const headers = new Headers();
        const jar = new RequestCookies(new Headers({ cookie }));
        await store.set(jar, new ResponseCookies(headers), await store.get(jar));
        return headers.getSetCookie();
    },
    async () => (await internals.touch(site, cookie)).setCookies,
] });

for (const row of rows)
    for (const [k, side] of row.sides.entries()) if (!(await row.right(await side()))) throw new Error(`${row.name}: wrong answer of ${k ? "ours" : "the original"}`);

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

const median = (list) => [...list].sort((a, b) => a - b)[list.length >> 1];
const rounds = Number(values.rounds);
for (const row of rows) {
    row.times = [[], []];
    for (const side of row.sides) await time(side, 300); // warm
}
for (let i = 0; i < rounds; i++)
    for (const row of rows)
        for (const [k, side] of row.sides.entries()) row.times[k].push(await time(side, 60));

const results = rows.map(({ name, goal, times: [theirs, ours] }) => {
    const ratios = theirs.map((us, i) => us / ours[i]).sort((a, b) => a - b);
    const best = [Math.min(...theirs), Math.min(...ours)];
    return { name, goal, best_original_us: best[0], best_usher_us: best[1], best_ratio: best[0] / best[1],
        original_us: median(theirs), usher_us: median(ours), ratio: ratios[ratios.length >> 1],
        low: ratios[ratios.length >> 2], high: ratios[Math.ceil(ratios.length * 0.75) - 1] };
});
console.log(`${"".padEnd(34)}${"original".padStart(12)}${"usher".padStart(12)}${"ratio".padStart(8)}   half of the rounds within`);
for (const r of results) {
    const goal = r.goal ? `; the goal is ${r.goal} x` : "";
    console.log(`${r.name.padEnd(34)}${`${r.original_us.toFixed(1)} us`.padStart(12)}${`${r.usher_us.toFixed(1)} us`.padStart(12)}${`${r.ratio.toFixed(1)} x`.padStart(8)}   ${r.low.toFixed(1)} to ${r.high.toFixed(1)}; quickest rounds ${r.best_ratio.toFixed(1)} x${goal}`);
}
mkdirSync(out, { recursive: true });
writeFileSync(path.join(out, "bench-node-auth0.json"), `${JSON.stringify({ node: process.version, cpu: os.cpus()[0].model,
    peers: { auth0: "@auth0/nextjs-auth0 4.30.0" }, rounds, results }, null, 2)}\n`);
