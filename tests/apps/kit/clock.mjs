// Sessions that last for seconds, in a browser that waits: use renews them, and what is not used ends.
import { Visitor } from "../../e2e/kit/visitor.mjs";
import { openBrowser } from "./browser.mjs";

const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

/** As long as a token that is over still opens: the clocks of two machines differ. */
const TOLERANCE = 15;

/** A browser, and what a request of its page for `target` is answered. */
async function browserAt(t, app) {
    const { context, page } = await openBrowser(t, app.origin);
    const ask = (target) => page.evaluate(async (url) => {
        const answer = await fetch(url);
        return answer.ok ? answer.json() : null;
    }, target);
    return { context, page, ask };
}

/** Asks every second; how many seconds the answer was somebody. */
async function secondsOf(ask, who, most) {
    const began = Date.now();
    while (Date.now() - began < most * 1000) {
        if (!who(await ask())) return (Date.now() - began) / 1000;
        await sleep(1000);
    }
    return most;
}

/**
 * Auth.js: one limit, and each look at the session begins it anew. With `copies`, its tokens end with their cookies:
 * NextAuth v4 seals them for jwt.maxAge, which is another setting.
 */
export async function authjsByTheClock(t, app, { seconds, cookie, copies, signIn }) {
    const { context, page, ask } = await browserAt(t, app);
    const session = () => ask("/api/auth/session");
    const hasCookie = async () => (await context.cookies(app.origin)).some(({ name }) => name.startsWith(cookie));
    const who = (answer) => answer?.user?.email === "ann@example.com";

    await signIn(page);
    const began = Date.now();
    const copy = (await context.cookies(app.origin)).find(({ name }) => name === cookie);
    t.ok(await hasCookie() && who(await session()), "a session of seconds works");
    t.equal(await secondsOf(session, who, seconds + 2), seconds + 2, "use renews it");
    await page.goto("about:blank");
    await sleep((seconds + 1) * 1000);
    t.ok(!await hasCookie(), "the browser has dropped its cookie");
    await page.goto(`${app.origin}/dashboard`);
    t.equal(new URL(page.url()).pathname, "/api/auth/signin", "one that is not used ends");
    await context.close();
    if (!copies) return;
    await sleep(began + (seconds + TOLERANCE + 2) * 1000 - Date.now());
    const answer = await new Visitor(app.origin, { headers: { cookie: `${cookie}=${copy.value}` } }).get("/api/me");
    t.equal(answer.status, 401, "and so does a copy of its cookie", answer);
}

/** Auth0: rolling until the absolute duration is over. */
export async function auth0ByTheClock(t, app, { absolute, idle, signIn }) {
    const { context, page, ask } = await browserAt(t, app);
    const profile = () => ask("/api/me"); // the routes of the SDK renew nothing
    const who = (answer) => answer?.email === "ann@example.com";

    await signIn(page);
    const lasted = await secondsOf(profile, who, absolute + 10);
    t.ok(lasted > idle + 1, "use renews it", `${lasted} s`);
    t.ok(lasted > absolute - 3 && lasted < absolute + 4, "the absolute duration ends a session that is used", `${lasted} s`);
    await signIn(page, { known: true });
    t.ok(who(await profile()), "a new one begins anew");
    await page.goto("about:blank");
    await sleep((idle + 1) * 1000);
    await page.goto(`${app.origin}/`);
    t.equal(await page.locator("#who").textContent(), "Not signed in", "the inactivity duration ends one that is not");
    await context.close();
}
