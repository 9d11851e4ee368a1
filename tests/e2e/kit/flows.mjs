// What a browser does on the way through a sign-in, step by step.

/** The CSRF token, with its cookie in the visitor's jar. */
export async function csrfToken(visitor) {
    return (await visitor.get("/api/auth/csrf")).json.csrfToken;
}

/** POST signin: the answer is a redirect to the provider, or to an error. */
export async function startSignIn(visitor, provider, callbackUrl = "/closed") {
    const token = await csrfToken(visitor);
    return visitor.post(`/api/auth/signin/${provider}`, { csrfToken: token, callbackUrl });
}

/** Signs in with the development provider. */
export async function pickName(visitor, { provider = "development", user, callbackUrl = "/" }) {
    const token = await csrfToken(visitor);
    return visitor.post(`/api/auth/callback/${provider}`, { csrfToken: token, user, callbackUrl });
}

export async function signOut(visitor, callbackUrl = "/") {
    const token = await csrfToken(visitor);
    return visitor.post("/api/auth/signout", { csrfToken: token, callbackUrl });
}

/** The Cookie header value of all session cookies the visitor has. */
export function sessionCookies(visitor, profile) {
    return [...visitor.cookies()].filter(
        ([name]) => name === profile.cookie.session || name.startsWith(`${profile.cookie.session}.`));
}

export const hasSessionCookie = (visitor, profile) => sessionCookies(visitor, profile).length > 0;

/** The hidden fields and the action of the forms on a page. */
export function forms(html) {
    return [...html.matchAll(/<form\b([^>]*)>([\s\S]*?)<\/form>/gi)].map(([, attributes, inside]) => ({
        action: unescapeHtml(attribute(attributes, "action")),
        method: (attribute(attributes, "method") ?? "get").toLowerCase(),
        fields: Object.fromEntries(
            [...inside.matchAll(/<(?:input|button)\b([^>]*)>/gi)]
                .map(([, text]) => [attribute(text, "name"), attribute(text, "value")])
                .filter(([name]) => name !== undefined)
                .map(([name, value]) => [name, unescapeHtml(value ?? "")])),
        html: inside,
    }));
}

function attribute(text, name) {
    const found = new RegExp(`\\b${name}\\s*=\\s*("([^"]*)"|'([^']*)'|([^\\s>]+))`, "i").exec(text);
    return found?.[2] ?? found?.[3] ?? found?.[4];
}

function unescapeHtml(text) {
    const names = { amp: "&", lt: "<", gt: ">", quot: '"', apos: "'" };
    return text?.replace(/&(?:#x([0-9a-f]+)|#(\d+)|(\w+));/gi, (all, hex, decimal, name) =>
        hex ? String.fromCodePoint(parseInt(hex, 16))
        : decimal ? String.fromCodePoint(Number(decimal))
        : names[name] ?? all);
}
