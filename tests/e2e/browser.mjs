// A person with a real browser goes through the quickstart, in a light and in a dark room.
import { cpSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { Usherd } from "./kit/process.mjs";
import { freePort } from "./kit/net.mjs";

const chromiumAt = process.env.USHER_CHROMIUM ?? "/usr/bin/chromium";

const switches = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
    "--no-proxy-server", "--disable-dev-shm-usage"];

const people = {
    light: { name: "Bob Específico", email: "bob@example.com", initials: "BE" },
    dark: { name: "智子", email: "chi@example.com", initials: "智" },
};

export default async function run(t) {
    t.need(existsSync(chromiumAt), "Chromium is installed",
        "apt-get install chromium, ./dev deps test, or say where it is in USHER_CHROMIUM");
    const { usherd, origin } = await startQuickstart(t);
    const { chromium } = await import("playwright-core");

    for (const [colorScheme, person] of Object.entries(people))
        await t.case(colorScheme, async (t) => {
            const profile = mkdtempSync(path.join(os.tmpdir(), "usher-chromium-"));
            t.defer(() => rmSync(profile, { recursive: true, force: true, maxRetries: 5 }));
            const context = await chromium.launchPersistentContext(profile, {
                executablePath: chromiumAt,
                headless: true,
                args: switches,
                colorScheme,
                viewport: colorScheme === "light" ? { width: 1000, height: 800 }
                    : { width: 390, height: 800 },
                env: { PATH: process.env.PATH, HOME: profile, LANG: "C.UTF-8" },
            });
            t.defer(() => context.close());
            await visit(t, { context, origin, usherd, colorScheme, person });
            await context.close();
        });
    await t.case("a site's own colours", (t) => themed(t, chromium));
}

/** Dark whatever the browser says, with a logo, and nothing that the policy would hold back. */
async function themed(t, chromium) {
    const { origin } = await startQuickstart(t, "  theme: {color_scheme: dark, brand_color: '#0f766e', button_text: white, logo: /icon.svg}\n");
    const browser = await chromium.launch({ executablePath: chromiumAt, headless: true, args: switches });
    t.defer(() => browser.close());
    const page = await browser.newPage({ colorScheme: "light" });
    const complaints = [];
    await page.addInitScript(() => addEventListener("securitypolicyviolation", (event) =>
        console.error(`policy: ${event.violatedDirective} ${event.blockedURI}`)));
    page.on("console", (message) => {
        if (message.text().startsWith("policy:")) complaints.push(message.text()); // there is no favicon.ico
    });

    await page.goto(`${origin}/api/auth/signin`);
    const seen = await page.evaluate(() => {
        const of = (wanted, name) => getComputedStyle(document.querySelector(wanted))[name];
        return [of("button", "backgroundColor"), of("button", "color"), of("body", "colorScheme"), of("body", "backgroundColor"),
            document.querySelector("img.logo").naturalWidth > 0];
    });
    t.equal(seen, ["rgb(15, 118, 110)", "rgb(255, 255, 255)", "dark", "rgb(23, 22, 20)", true], "as the settings say");
    t.equal(complaints, [], "the policy lets it be");
    await page.screenshot({ path: path.join(t.dir, "themed.png"), fullPage: true });
}

/** The quickstart as it is shipped, on another port. */
async function startQuickstart(t, more = "") {
    const folder = path.join(t.dir, `quickstart${more && "-more"}`);
    const port = await freePort();
    cpSync(path.join(t.tools.root, "examples/quickstart"), folder, { recursive: true });
    const file = path.join(folder, "usherd.yaml");
    const text = readFileSync(file, "utf8");
    t.ok(text.includes("http://localhost:3000") && text.includes("127.0.0.1:3000"),
        "the quickstart is at http://localhost:3000");
    writeFileSync(file, text.replaceAll(":3000", `:${port}`).replace("site:\n", `site:\n${more}`));
    const usherd = await Usherd.start(t, more ? "usherd-more" : "usherd", null, { file });
    return { usherd, origin: `http://localhost:${port}` };
}

async function visit(t, { context, origin, usherd, colorScheme, person }) {
    const page = context.pages()[0] ?? await context.newPage();
    const complaints = [];
    const requests = [];
    await page.addInitScript(() => addEventListener("securitypolicyviolation", (event) =>
        console.error(`policy: ${event.violatedDirective} ${event.blockedURI}`)));
    page.on("console", (message) => {
        if (["error", "warning"].includes(message.type())) complaints.push(message.text());
    });
    page.on("pageerror", (error) => complaints.push(String(error)));
    page.on("requestfailed", (request) =>
        complaints.push(`${request.url()}: ${request.failure()?.errorText}`));
    page.on("request", (request) => requests.push(request.url()));
    page.setDefaultTimeout(20000);
    let shots = 0;
    const shot = (name) => page.screenshot({
        path: path.join(t.dir, `${colorScheme}-${(shots += 1)}-${name}.png`), fullPage: true });

    await page.goto(`${origin}/`);
    t.equal(await page.title(), "usher quickstart", "the public page is there");
    await page.getByRole("status").filter({ hasText: "Not signed in" }).waitFor();
    t.ok(true, "it says that nobody is signed in");
    await shot("public");

    await page.locator("#go").click();
    await page.waitForURL(/\/api\/auth\/signin/);
    t.ok(new URL(page.url()).searchParams.get("callbackUrl") === `${origin}/closed`,
        "the closed page leads to the sign-in page, with the way back", page.url());
    await shot("sign-in");

    await page.getByLabel("Sign in as").selectOption({ label: person.name });
    await page.getByRole("button", { name: /Sign in/ }).click();
    await page.waitForURL(`${origin}/closed`);
    await page.locator("#card").waitFor();
    t.equal(await page.locator("#name").textContent(), person.name, "the card shows the name");
    t.equal(await page.locator("#email").textContent(), person.email, "and the address");
    const json = JSON.parse(await page.locator("#json").textContent());
    t.equal(json.user, { name: person.name, email: person.email }, "the JSON is the session");
    t.match(await page.locator("#remaining").textContent(), /in (29|30) days/, "it lasts 30 days");
    t.equal(await page.locator("#face").textContent(), person.initials, "the face has initials");
    await shot("closed");

    const cookies = (await context.cookies(origin)).filter((c) => c.name.startsWith("authjs."));
    t.ok(cookies.every((c) => c.httpOnly && c.sameSite === "Lax" && c.path === "/"),
        "all cookies are HttpOnly and Lax", JSON.stringify(cookies.map(({ value, ...c }) => c)));
    t.equal(await page.evaluate(() => document.cookie), "", "scripts see none of them");

    await page.goto(`${origin}/`);
    await page.getByRole("status").filter({ hasText: `Signed in as ${person.name}` }).waitFor();
    t.ok(true, "the public page says who is signed in");
    await page.goto(`${origin}/closed`);
    await page.locator("#sign-out:enabled").click();
    await page.waitForURL(`${origin}/`);
    await page.getByRole("status").filter({ hasText: "Not signed in" }).waitFor();
    t.ok(true, "sign-out leads to the public page");
    await shot("signed-out");

    await page.goto(`${origin}/closed`);
    t.match(page.url(), /\/api\/auth\/signin\?callbackUrl=/, "and the closed page is closed again");
    await page.goBack();
    await page.waitForLoadState();
    t.ok(!page.url().endsWith("/closed") || !(await page.content()).includes("You are in"),
        "going back does not show it", page.url());

    t.equal(complaints, [], "the browser has no complaint");
    t.equal(requests.filter((url) => !url.startsWith(`${origin}/`)), [],
        "nothing is loaded from elsewhere");
    await accessible(t, page, origin);
    t.ok(usherd.running, "usherd is still there");
}

/** What a screen reader needs at least. */
async function accessible(t, page, origin) {
    for (const target of ["/", "/api/auth/signin", "/api/auth/error?error=Configuration"]) {
        await page.goto(origin + target);
        const found = await page.evaluate(() => ({
            lang: document.documentElement.lang,
            h1: document.querySelectorAll("h1").length,
            main: document.querySelectorAll("main").length,
            unlabelled: [...document.querySelectorAll("input:not([type=hidden]), select, button")]
                .filter((e) => !e.labels?.length && !e.textContent.trim() && !e.ariaLabel).length,
            wide: document.documentElement.scrollWidth > innerWidth,
        }));
        t.equal(found, { lang: "en", h1: 1, main: 1, unlabelled: 0, wide: false },
            `${target}: language, one heading, labels, nothing cut off`);
    }
}
