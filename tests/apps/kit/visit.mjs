// Visits as tables of steps, made to an application on the original and on usher, and compared.
import { readFileSync } from "node:fs";
import { randomBytes } from "node:crypto";
import { forms } from "../../e2e/kit/flows.mjs";
import { Visitor, navigation } from "../../e2e/kit/visitor.mjs";
import { startApp, variants } from "./build.mjs";
import { remember } from "./calls.mjs";
import { signInAt } from "./people.mjs";
import { Masks, compare, recorded } from "./record.mjs";

const differences = JSON.parse(readFileSync(new URL("../differences.json", import.meta.url), "utf8"));

export const ask = (name, target, options) => ({ name, method: "GET", target, ...options });
export const send = (name, target, form, options) => ({ name, method: "POST", target, form, ...options });

/** The form of a page that calls a Server Action, sent as a browser without scripts sends it. */
export const act = (name, target, fields, options) => ({ name, action: target, fields, ...options });

async function csrfOf(visitor) {
    return (await visitor.get("/api/auth/csrf")).json.csrfToken;
}

/** [content type, body] of a form with files, which this one has none of. */
function multipart(fields) {
    const boundary = randomBytes(12).toString("hex");
    const parts = Object.entries(fields).map(([name, value]) =>
        `--${boundary}\r\ncontent-disposition: form-data; name="${name}"\r\n\r\n${value}\r\n`);
    return [`multipart/form-data; boundary=${boundary}`, `${parts.join("")}--${boundary}--\r\n`];
}

async function takeAction(visitor, { action, fields, headers = {} }) {
    const page = await visitor.get(action, { headers: { ...navigation, ...headers } });
    const form = forms(page.text).find((one) => Object.keys(one.fields).some((n) => n.startsWith("$ACTION")));
    if (!form) return page;
    const [type, body] = multipart({ ...form.fields, ...fields });
    return visitor.request("POST", action, {
        body, headers: { ...navigation, origin: visitor.origin, "content-type": type, ...headers },
    });
}

/** The step's answer; `csrf: true` asks for the token first. */
export async function take(visitor, step) {
    if (step.action) return takeAction(visitor, step);
    const { method, target, csrf, headers = {} } = step;
    let { form, json } = step;
    if (csrf) {
        const csrfToken = await csrfOf(visitor);
        if (json) json = { csrfToken, ...json };
        else form = { csrfToken, ...form };
    }
    return visitor.request(method, target, { form, json, headers: { ...navigation, ...headers } });
}

/**
 * Signs in, beginning with `start`; what the application answers on the way is handed to `record`.
 * The answer is the URL that the provider led back to.
 */
export async function signIn(visitor, { login, start, record = () => {} }) {
    const answer = await take(visitor, start);
    record("sign-in", answer);
    const back = await signInAt(visitor, answer.location ?? answer.json.url, { login });
    record("callback", await visitor.get(back, { headers: navigation }));
    return back;
}

/** The application in both variants, at `${prefix}${variant}` of the origins. */
export async function startBoth(t, app, { prefix = "", origins, env }) {
    return Object.fromEntries(await Promise.all(variants.map(async (variant) => {
        const name = `${prefix}${variant}`;
        const origin = origins[name];
        return [variant, await startApp(t, { app, variant, origin, name, env: env(origin) })];
    })));
}

export async function recordedVisit({ origin }, { op }, steps) {
    const masks = new Masks([...(op ? [[op.issuer, "<provider>"]] : []), [origin, "<origin>"],
        [new URL(origin).host, "<host>"]]);
    const record = {};
    const keep = (who) => (name, answer) => { record[`${who}: ${name}`] = recorded(answer, masks); };
    await steps(keep, () => new Visitor(origin));
    return record;
}

/** The same visit at both, compared; `steps(keep, newVisitor)` makes it. */
export async function swap(t, name, started, context, steps) {
    const seen = {};
    for (const variant of variants) seen[variant] = await recordedVisit(started[variant], context, steps);
    compareVisits(t, name, seen);
}

/** {original, usher}: two visits that were recorded. */
export function compareVisits(t, name, seen) {
    remember(name, seen);
    compare(t, name, seen.original, seen.usher, differences);
}
