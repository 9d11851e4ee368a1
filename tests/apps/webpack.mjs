// The applications of examples/ on Next.js 16, built by webpack.
import { smoke } from "./kit/smoke.mjs";

export default async function run(t) {
    for (const app of ["v4", "v5", "auth0"])
        await t.case(`${app}, built by webpack`, async (t) => (await smoke(t, app, "webpack")).program.stop());
}
