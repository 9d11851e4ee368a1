// Chromium, for what only a browser does: scripts, and being sent around.
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import os from "node:os";
import path from "node:path";

const chromiumAt = process.env.USHER_CHROMIUM ?? "/usr/bin/chromium";

const switches = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
    "--no-proxy-server", "--disable-dev-shm-usage"];

/** A browser with an empty profile; `page.complaints` is what it had to say about the application. */
export async function openBrowser(t, origin) {
    t.need(existsSync(chromiumAt), "Chromium is installed",
        "apt-get install chromium, ./dev deps test, or say where it is in USHER_CHROMIUM");
    const { chromium } = await import("playwright-core");
    const profile = mkdtempSync(path.join(os.tmpdir(), "usher-chromium-"));
    t.defer(() => rmSync(profile, { recursive: true, force: true, maxRetries: 5 }));
    const context = await chromium.launchPersistentContext(profile, {
        executablePath: chromiumAt,
        headless: true,
        args: switches,
        ignoreHTTPSErrors: true, // the provider's certificate is made for the run
        env: { PATH: process.env.PATH, HOME: profile, LANG: "C.UTF-8" },
    });
    t.defer(() => context.close());
    const page = context.pages()[0] ?? await context.newPage();
    page.setDefaultTimeout(20000);
    page.complaints = [];
    page.on("console", (message) => {
        const { url } = message.location();
        if (message.type() !== "error" || !url.startsWith(origin) || url.endsWith("/favicon.ico")) return;
        page.complaints.push(`${message.text()} ${url}`);
    });
    page.on("pageerror", (error) => page.complaints.push(String(error)));
    return { context, page };
}

/** Answers the provider's pages, until it leads back; whoever has consented before is not asked again. */
export async function passProvider(page, { login, issuer, consented = false }) {
    await page.waitForURL((url) => url.href.startsWith(issuer));
    await page.locator("input[name=login]").fill(login);
    await page.locator("input[name=password]").fill("any");
    await page.locator("button[type=submit]").click();
    if (!consented) await page.getByText("Continue").click();
    await page.waitForURL((url) => !url.href.startsWith(issuer));
}
