// Every misbehaviour of tests/provider/misbehaviours.mjs against usherd, for both profiles. A wrong
// step must end on the profile's error page with a reference that the log explains, without a session
// cookie, and without a single request more than honesty would have needed.
import { createHash } from "node:crypto";
import { Visitor, navigation } from "./kit/visitor.mjs";
import { Usherd } from "./kit/process.mjs";
import { bothProfiles, developmentSite, loopbackProvider, profiles } from "./kit/sites.mjs";
import { hasSessionCookie, startSignIn } from "./kit/flows.mjs";
import { Pace } from "./kit/pace.mjs";
import { Provider } from "../provider/op.mjs";
import { misbehaviours } from "../provider/misbehaviours.mjs";

const clientSecret = "client-secret-of-the-tests-0123456789";

/** How many visitors at a time at one usherd; enough to hide the waiting of the slow rows. */
const parallel = 4;

/** A site has at most 100 providers, and each row is one. */
const providersMax = 90;

function settingsOf(op, row) {
    const { id_token_alg: alg = "RS256" } = row.settings ?? {};
    const issuer = op.add(row.id, { alg, lies: row.lies, clientId: "usher-client", clientSecret });

    return loopbackProvider(row.id, issuer.url, {
        client_secret: clientSecret,
        checks: ["state", "nonce"],
        userinfo: true,
        timeout: "10s",
        ...row.settings,
        issuer: issuer.url,
    });
}

export default async function run(t) {
    const only = process.env.USHER_ROW; // "m042": one row, while looking for its fault
    const shards = [];
    for (let i = 0; i < misbehaviours.length; i += providersMax)
        shards.push(misbehaviours.slice(i, i + providersMax));

    await Promise.all(bothProfiles.map((name) =>
        t.case(name, async (t) => {
            const op = await Provider.start(t);
            const runs = shards
                .map((all, i) => ({ all, i, rows: all.filter((row) => !only || row.id === only) }))
                .filter(({ rows }) => rows.length)
                .map((shard) => oneDaemon(t, name, op, shard));
            await Promise.all(runs);
        })));
}

async function oneDaemon(t, name, op, { all, rows, i }) {
    const settings = await developmentSite({ profile: name });
    settings.site.providers = all.map((row) => settingsOf(op, row));
    const usherd = await Usherd.start(t, `usherd-${name}-${i + 1}`, settings);
    const shared = {
        op, usherd, profile: profiles[name], origin: settings.site.base_url,
        neighbours: all.slice(0, 2).map((row) => row.id),
    };
    const waiting = interleaved(rows);
    const pace = new Pace();
    const one = async () => {
        for (let row; (row = waiting.shift());) {
            if (row.failure !== "works") await pace.take(row.causes);
            await visit(t, shared, row);
        }
    };
    await Promise.all(Array.from({ length: parallel }, one));
    noSecretsInLog(t, shared);
}

/** Rows of one cause far from each other: each waits its turn in the log. */
function interleaved(rows) {
    const groups = new Map();
    for (const row of rows)
        groups.set(row.causes[0], [...(groups.get(row.causes[0]) ?? []), row]);
    const order = [...groups.values()].flatMap((group) =>
        group.map((row, i) => ({ row, at: i / group.length })));
    return order.sort((a, b) => a.at - b.at).map(({ row }) => row);
}


/** One line for each row: the first thing that is wrong with it. */
async function visit(t, shared, row) {
    const { op, usherd, profile, origin } = shared;
    const issuer = op.issuer(row.id);
    const name = `${row.id} ${row.name}`;
    const context = {
        ...shared, row, issuer, id: row.id,
        otherId: shared.neighbours.find((id) => id !== row.id),
        visitor: new Visitor(origin),
    };
    try {
        await row.before?.(issuer);
        if (row.warmUp) await signIn({ ...context, visitor: new Visitor(origin) });
        const answer = await signIn(context);
        const problems = row.failure === "works"
            ? await wrongWithSuccess(context, answer)
            : await wrongWithRefusal(context, answer);
        if (!row.faults) problems.push(...issuer.faults.map((fault) => `usherd's fault: ${fault}`));
        t.ok(!problems.length, name, [...problems, `hits ${JSON.stringify(issuer.hits)}`,
            `the log is ${usherd.log}; alone: USHER_ROW=${row.id} node tests/run.mjs misbehaving`]
            .join("\n"));
    } catch (error) {
        t.fail(name, error.stack);
    }
}

/** To the provider and back; returns the answer on which it ended. */
async function signIn(context) {
    const { id, issuer, row } = context;
    const start = await startSignIn(context.visitor, id, "/after");

    context.visit = createVisitId(context.visitor, context.profile);
    if (!start.location?.startsWith(`${issuer.url}/authorize`)) return start;
    context.started = true;
    const page = await context.visitor.get(start.location, { headers: navigation });
    context.callback = page.location;
    await row.between?.(issuer);
    await row.way?.(context);
    return context.visitor.get(context.callback, { headers: navigation });
}

/** The reference that error pages show and the log repeats: see visit_id in src/flow/csrf.c. */
function createVisitId(visitor, profile) {
    const token = visitor.cookie(profile.cookie.csrf)?.split("%7C")[0] ?? "";
    return createHash("sha256").update(`usher visit|${token}`).digest("hex").slice(0, 16);
}

async function wrongWithSuccess({ visitor, profile, issuer, row, origin }, answer) {
    const problems = [];
    const session = (await visitor.get("/api/auth/session")).json;
    const name = row.userinfo === 0 ? "Ann Exemplar" : "Ann of userinfo";

    if (answer.location !== `${origin}/after`) problems.push(`not signed in: ${answer}`);
    if (!hasSessionCookie(visitor, profile)) problems.push("no session cookie");
    if (session?.user?.name !== name) problems.push(`session ${JSON.stringify(session)}`);
    if (row.jwks && issuer.hits.jwks !== row.jwks)
        problems.push(`the key set was fetched ${issuer.hits.jwks} times, not ${row.jwks}`);
    const visits = row.warmUp ? 2 : 1;
    if (issuer.hits.userinfo !== row.userinfo * visits) problems.push("userinfo was not asked once");
    return problems;
}

async function wrongWithRefusal(context, answer) {
    const { visitor, profile, issuer, row, origin, usherd, visit: visitId } = context;
    const problems = [];
    const expected = `${origin}/api/auth${profile.failure[row.failure]}`;

    if (answer.location !== expected) problems.push(`expected ${expected}, got: ${answer}`);
    if (hasSessionCookie(visitor, profile) || answer.cookies(profile.cookie.session).length)
        problems.push("a session cookie was set");
    if (row.failure === "start" && issuer.hits.authorize) problems.push("the sign-in was started");
    if (issuer.hits.userinfo > (row.userinfo ?? 0)) problems.push("userinfo was asked for");
    // Auth.js v5 looks at its nonce cookie after the exchange (measured: oauth-checks.json).
    const late = profile.name === "authjs-5" && row.causes.includes("nonce_cookie");
    if (row.failure === "check" && issuer.hits.token && !late) problems.push("the code was sent");
    if (issuer.hits.jwks > 2) problems.push("the key set was fetched more than twice");

    const page = await followToPage(visitor, answer);
    const reference = /Reference <code>([0-9a-f]{16})<\/code>/.exec(page?.text ?? "")?.[1];
    if (!reference) problems.push(`no reference on the page: ${page}`);
    const lines = await usherd.linesOf(reference ?? visitId);
    const said = causesOf(lines);
    if (!said.some((cause) => row.causes.includes(cause)))
        problems.push(`the log of ${reference} says [${said}], not ${row.causes.join(" or ")}`);
    const session = (await visitor.get("/api/auth/session")).json;
    if (JSON.stringify(session) !== JSON.stringify(profile.noSession))
        problems.push(`there is a session: ${JSON.stringify(session)}`);
    return problems;
}

async function followToPage(visitor, answer) {
    for (let i = 0; i < 4 && answer.location?.startsWith(visitor.origin); i += 1)
        answer = await visitor.get(answer.location, { headers: navigation });
    return answer;
}

function causesOf(lines) {
    return lines.flatMap((line) => [line.cause, line.causes ?? []].flat()).filter(Boolean);
}

/** No code, token, verifier or state that was ever issued may be in the log, nor our own secrets. */
function noSecretsInLog(t, { op, usherd, profile }) {
    const log = usherd.out + usherd.err;
    const found = [...op.secrets, clientSecret].filter((secret) => log.includes(secret));

    t.equal(found.length, 0, `none of ${op.secrets.size} secrets is in the log`,
        `for example ${found[0]?.slice(0, 12)}… in ${usherd.log}`);
}
