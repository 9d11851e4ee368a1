// The applications of examples/next-app on Next.js 15, which builds them by webpack, with a middleware where
// Next.js 16 has a proxy.
import { Visitor } from "../e2e/kit/visitor.mjs";
import { proveCalls } from "./kit/calls.mjs";
import { smoke } from "./kit/smoke.mjs";
import { ask, take } from "./kit/visit.mjs";

const config = "export const config = { runtime: 'nodejs', matcher: ['/dashboard/:path*', '/plain'] };\n";

const middlewares = {
    v4: ["export { default } from 'usher/next-auth/middleware';\n", "export { default }"],
    v5: ["export { auth as middleware } from './lib/auth.js';\n", "export { auth as middleware }"],
};

export default async function run(t) {
    for (const [app, [line, name]] of Object.entries(middlewares))
        await t.case(`${app} on Next.js 15`, async (t) => {
            const started = await smoke(t, app, "next15", { "middleware.js": line + config });
            const { location } = await take(new Visitor(started.origin), ask("", "/plain"));
            t.match(location, /\/api\/auth\/signin\?callbackUrl=/, `${name} guards the pages of the matcher`);
            await started.program.stop();
        });
    proveCalls(t, "apps/next15");
}
