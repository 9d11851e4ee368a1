// Prints what a call takes of JavaScript's heap, as {name: bytes}. A program of its own: below a test runner
// each promise takes more, for the runner follows them all.
import { createRequire } from 'node:module';
import v8 from 'node:v8';
import vm from 'node:vm';
import { BASE, cookieFor, SECRET, siteOf } from './kit.mjs';

const require = createRequire(import.meta.url);
const { getServerSession } = require('../../next-auth/next.cjs');
const { auth } = require('../../authjs/index.cjs')({ secret: SECRET, providers: [], trustHost: true });
const options = { secret: SECRET };
const claims = { sub: 'u1', name: 'Ada Lovelace', email: 'ada@example.com', picture: 'https://images.example.com/1.png', accessToken: 'x'.repeat(300) };

v8.setFlagsFromString('--expose-gc');
const collect = vm.runInNewContext('gc');

async function heapOf(run) {
  for (let i = 0; i < 20_000; i += 1) await run(); // as it is once it is compiled
  const sizes = [];
  for (let round = 0; round < 9; round += 1) {
    collect();
    const before = process.memoryUsage().heapUsed;
    for (let i = 0; i < 40; i += 1) await run(); // too few for a collection in between
    sizes.push((process.memoryUsage().heapUsed - before) / 40);
  }
  return Math.round(sizes.sort((a, b) => a - b)[4]);
}

/** A browser that has been here before: nobody has to make it a CSRF token or a callback URL. */
async function requestOf(profile) {
  const site = siteOf({ profile });
  const cookie = cookieFor(site, claims);
  const { setCookies } = await site.checkSession({ cookie });
  const others = setCookies.map((line) => line.split(';')[0]).filter((pair) => !pair.includes('session-token'));
  return { headers: { cookie: [cookie, ...others].join('; ') } };
}

let renewed;
const res = { getHeader: () => undefined, setHeader: (name, lines) => { renewed = lines; }, appendHeader: (name, line) => { renewed = line; } };
process.env.NEXTAUTH_URL = BASE;
const [v4, v5] = [await requestOf('nextauth-4'), await requestOf('authjs-5')];
const site = siteOf();
const sizes = { getToken: await heapOf(() => site.getToken(v5)) };
for (const [name, read] of [['getServerSession', () => getServerSession(v4, res, options)], ['auth', () => auth(v5, res)]]) {
  const session = await read();
  if (session?.user?.email !== claims.email || !String(renewed).includes('session-token=ey')) throw new Error(`${name}: it was not renewed`);
  sizes[name] = await heapOf(read);
}
console.log(JSON.stringify(sizes));
