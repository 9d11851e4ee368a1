// Cookies that the original packages made, shown to usherd: it must see the same session as they do,
// and they must see the same in what usherd makes of it.
import { Visitor } from "./kit/visitor.mjs";
import { Usherd } from "./kit/process.mjs";
import { bothProfiles, developmentSite, encodeVisible, newSecret, profiles } from "./kit/sites.mjs";
import { hasSessionCookie, sessionCookies } from "./kit/flows.mjs";
import { credentials, originals, sessionOf, signInAt } from "./kit/originals.mjs";

const claimsOf = {
    "everything": {
        name: "Ann é", email: "ann@example.com", picture: "https://example.com/a.png", sub: "42",
    },
    "nulls": { name: null, email: null, picture: null, sub: "42" },
    "a name only": { name: "Ann" },
    "nothing but sub": { sub: "42" },
    "no sub": { name: "Ann", email: "ann@example.com" },
    "own claims": {
        name: "Ann", sub: "42", role: "admin", groups: ["a", "b"], deep: { a: [1, { b: 2 }] },
    },
    "odd names": { name: "\u0000 \u2028 \ud83e\udd89 <b>&\"'\\", email: "a+b@exämple.com", sub: "☃" },
    "odd types": { name: 7, email: ["a"], picture: { url: "x" }, sub: "42" },
    "numbers": { sub: "42", n: [0, 1e21, 5e-324, 1.7976931348623157e308, 2 ** 53, -0.1] },
    "two cookies": { name: "Ann", sub: "42", text: "x".repeat(4000) },
    "five cookies": { name: "智子".repeat(100), sub: "42", text: "é".repeat(6000) },
};

const users = {
    "full": {
        id: "u-1", name: "Zoé 智子", email: "zoe@example.com", image: "https://example.com/z.png",
    },
    "bare": { id: "u-2" },
    "nulls": { id: "u-3", name: null, email: null, image: null },
};

export default async function run(t) {
    for (const name of bothProfiles) {
        const profile = profiles[name];
        const old = newSecret();
        // A secret list is known to authjs-5 only; there, the older one only opens.
        const secrets = name === "authjs-5" ? [newSecret(), old] : [old];
        const settings = await developmentSite({
            profile: name,
            secret: null,
            site: { secrets, session: { update_age: "1s" } },
        });
        const usherd = await Usherd.start(t, `usherd-${name}`, settings);
        const context = { usherd, profile, origin: settings.site.base_url, secrets };

        for (const secret of secrets) {
            const which = secret === secrets[0] ? "" : " (older secret)";
            for (const [what, claims] of Object.entries(claimsOf))
                await t.case(`${name}: ${what}${which}`, (t) =>
                    encoded(t, { ...context, secret, claims }));
        }
        for (const [what, user] of Object.entries(users))
            await t.case(`${name}: signed in at the original, ${what}`, (t) =>
                signedIn(t, { ...context, secret: secrets[0], user }));
        await t.case(`${name}: CSRF`, (t) => csrfBothWays(t, context));
    }
}

/** A cookie from the package's encode. */
async function encoded(t, context) {
    const { profile, secret, claims } = context;
    const cookieName = profile.cookie.session;
    const token = await originals[profile.name].encode({
        claims, secret, maxAge: 3600, salt: cookieName });
    const cookies = originals[profile.name].chunks(cookieName, token);

    await sameSession(t, { ...context, cookies });
}

/** A cookie that the real handler set, with the providers' rules about what goes into it. */
async function signedIn(t, context) {
    const { profile, secret, origin, user } = context;
    const providers = [await credentials(profile.name)];
    const all = await signInAt[profile.name]({ origin, secret, user, providers });
    const cookies = Object.fromEntries(
        Object.entries(all).filter(([name]) => name.startsWith(profile.cookie.session)));

    t.need(Object.keys(cookies).length, "the original signs in", Object.keys(all));
    await sameSession(t, { ...context, cookies });
}

async function sameSession(t, { profile, origin, secret, secrets, cookies, usherd }) {
    const theirs = await sessionOf[profile.name]({ origin, secret, cookies });
    const visitor = new Visitor(origin);
    for (const [name, value] of Object.entries(cookies)) visitor.setCookie(name, value);

    const check = await visitor.get("/_usher/check",
        { headers: { "x-forwarded-uri": "/closed", "x-forwarded-method": "GET" } });
    const { user } = theirs.body;
    t.equal(check.status, 200, "forward authentication accepts it", `${check}\n${usherd.tail(2)}`);
    const text = (value) => (typeof value === "string" ? encodeVisible(value) : "");
    t.equal([check.headers["x-usher-name"], check.headers["x-usher-email"]],
        [text(user.name), text(user.email)], "and says who it is");

    const ours = await visitor.get("/api/auth/session");
    t.need(ours.json?.user, "usherd sees a session", `${ours}\n${usherd.tail(2)}`);
    const days = (Date.parse(ours.json.expires) - Date.now()) / 86400000;
    t.ok(days > 29.9 && days < 30.1, "with an end that moved", ours.json.expires);
    t.equal({ ...ours.json, expires: "" }, { ...theirs.body, expires: "" },
        "it is the session that the original sees");
    t.equal(JSON.stringify(Object.keys(ours.json.user)), JSON.stringify(Object.keys(user)),
        "its members are in the same order");

    const rolled = Object.fromEntries(
        sessionCookies(visitor, profile).map(([name, { value }]) => [name, value]));
    const again = await sessionOf[profile.name]({ origin, secret: secrets[0], cookies: rolled });
    t.equal({ ...again.body, expires: "" }, { ...theirs.body, expires: "" },
        "the original sees it too in what usherd made of it");
    const [before, after] = await Promise.all([[secret, cookies], [secrets[0], rolled]].map(
        ([s, c]) => originals[profile.name].getToken({ cookies: c, secret: s })));
    const bare = ({ iat, exp, jti, usid, ...rest }) => JSON.stringify(rest);
    t.equal(bare(after), bare(before), "no claim was lost, added or moved on the way");
}

/** The CSRF cookie of one is good at the other. */
async function csrfBothWays(t, { profile, origin, secrets }) {
    const providers = [await credentials(profile.name)];
    const secret = profile.name === "authjs-5" ? secrets : secrets[0];
    const all = await signInAt[profile.name]({ origin, secret, user: users.full, providers });
    const visitor = new Visitor(origin);
    // v4 hands the value over before it is encoded for the header.
    for (const [name, value] of Object.entries(all))
        visitor.setCookie(name, profile.name === "nextauth-4" ? encodeURIComponent(value) : value);
    const token = decodeURIComponent(visitor.cookie(profile.cookie.csrf)).split("|")[0];

    t.equal((await visitor.get("/api/auth/csrf")).json.csrfToken, token,
        "the csrf cookie of the original is good at usherd");
    const out = await visitor.post("/api/auth/signout", { csrfToken: token, callbackUrl: "/" });
    t.equal(out.location, `${origin}/`, "its token signs out", out);
    t.ok(!hasSessionCookie(visitor, profile), "and the session is over", out);
}
