// Memory stays where it is, however many calls there are. `./dev soak node` makes ten million.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { createRequire } from 'node:module';
import test from 'node:test';
import { fileURLToPath } from 'node:url';
import v8 from 'node:v8';
import vm from 'node:vm';
import { createSite } from '../index.mjs';
import { cookieFor, SECRET, siteOf } from './kit/kit.mjs';

// The address sanitizer keeps what was freed for a while.
const skip = process.env.USHER_TEST_ASAN === '1';
v8.setFlagsFromString('--expose-gc');
const collect = vm.runInNewContext('gc');
const CALLS = Number(process.env.USHER_TEST_CALLS ?? 1_000_000);

// A leak shows in each quarter of the calls; a step that V8 takes when it likes (a larger young generation,
// a pool of pages) in one or two. 32 bytes a call would be 8 MiB a quarter at a million.
test(`${CALLS} calls leave nothing behind`, { skip }, async () => {
  const site = siteOf();
  const headers = { headers: { cookie: cookieFor(site) } };
  const bad = { headers: { cookie: 'authjs.session-token=a.b.c.d.e' } };
  const require = createRequire(import.meta.url);
  const { getServerSession } = require('../next-auth/next.cjs');
  const res = { getHeader: () => undefined, setHeader: () => {} };
  const req = { headers: { cookie: cookieFor(siteOf({ profile: 'nextauth-4' })) } };
  const callbacks = { jwt: ({ token }) => token, session: ({ session, token }) => ({ ...session, id: token.sub }) };
  const waiting = { jwt: async ({ token }) => ({ ...token, n: 1 }), session: async ({ session }) => session };
  const programs = [{ secret: SECRET, callbacks }, { secret: SECRET, callbacks: waiting }, { secret: SECRET }];
  const some = async (n) => {
    for (let i = 0; i < n; i += 4) {
      await site.getSession(headers);
      await site.getToken(headers);
      await site.getToken(i % 8 ? headers : bad);
      if (i % 32 === 4) await getServerSession(req, res, programs[i % 3]);
      else if (i % 64) await site.getSession(bad);
      else await site.checkSession(headers);
    }
  };
  const now = () => {
    collect();
    return { rss: process.memoryUsage.rss(), heap: process.memoryUsage().heapUsed };
  };
  await some(CALLS / 4);
  const grown = { rss: [], heap: [] };
  for (let before = now(), quarter = 0; quarter < 3; quarter += 1) {
    await some(CALLS / 4);
    const after = now();
    for (const name of ['rss', 'heap']) grown[name].push((after[name] - before[name]) / 2 ** 20);
    before = after;
  }
  const told = (list) => list.map((size) => size.toFixed(1)).join(', ');
  assert.ok(Math.min(...grown.rss) < 6, `memory grew by ${told(grown.rss)} MiB`);
  assert.ok(Math.min(...grown.heap) < 2, `JavaScript's heap grew by ${told(grown.heap)} MiB`);
});

test('a check takes little of JavaScript\'s heap, renewing it, too', { skip }, () => {
  const script = fileURLToPath(new URL('kit/heap.mjs', import.meta.url));
  const { stdout, stderr } = spawnSync(process.execPath, [script], { encoding: 'utf8', env: { ...process.env, NODE_ENV: 'production' } });
  assert.equal(stderr, '');
  for (const [name, size] of Object.entries(JSON.parse(stdout))) assert.ok(size < 3 * 1024, `${name}: ${size} bytes`);
});

test('sites go when nobody holds them', { skip }, async () => {
  const make = () => { for (let i = 0; i < 300; i += 1) siteOf(); };
  const rest = () => new Promise((done) => { setImmediate(done); });
  for (let i = 0; i < 3; i += 1) { make(); await rest(); }
  const before = process.memoryUsage.rss();
  for (let i = 0; i < 6; i += 1) { make(); collect(); await rest(); }
  const grown = (process.memoryUsage.rss() - before) / 2 ** 20;
  assert.ok(grown < 96, `grew by ${grown.toFixed(1)} MiB`);
});

test('an answer that cannot be taken leaves no exchange waiting', () => {
  const { native } = createRequire(import.meta.url)('../lib/native.cjs');
  const settings = { profile: 'authjs-5', base_url: 'https://a.example', secret: '5f0c9a61d27b4e83b1f6c4a09e7d3528', session: { token: 'hook' } };
  const [site] = native.siteNew(JSON.stringify(settings), null);
  const ask = () => JSON.parse(native.run(site, 1, undefined, undefined, '__Secure-authjs.session-token=a', undefined, undefined, true).slice(1)).number;
  const number = ask();
  const now = undefined;
  for (const bad of [['what'], [undefined], ['hookedhookedhooked'], ['same', '{}'], ['hooked', 1], ['hooked', {}], ['fetched', '{}', now, 'x'],
    ['fetched', '{}', now, 200, '\u2028'], ['fetched', '{}', now, 200, '', 'no buffer'], ['fetched', '{}', now, 200, '', undefined, 'x']]) {
    assert.equal(ask(), number + 1);
    assert.throws(() => native.resume(number + 1, ...bad), TypeError, String(bad));
    assert.throws(() => native.resume(number + 1, 'refused'), /an exchange that waits/);
  }
  native.abandon(number);
});

test('arguments that find no memory end in an error that says so', () => {
  const { native } = createRequire(import.meta.url)('../lib/native.cjs');
  const [site] = native.siteNew(JSON.stringify({ profile: 'authjs-5', base_url: 'https://a.example', secret: SECRET }), null);
  const fields = new Array(1024).fill('a');
  let refused = 0;
  for (let short = 0; short < 40_000; short += 1000) { // of the 16 MiB that a call may have
    const target = `/${'x'.repeat((16 << 20) - short)}`;
    try {
      assert.equal(typeof native.run(site, 4, 'GET', target, fields, undefined, undefined, false), 'string');
    } catch (error) {
      assert.match(String(error.code), /^USHER_E_(NOMEM|LIMIT)$/, `${short}: ${error.message}`);
      refused += 1;
    }
  }
  assert.ok(refused > 10, `${refused} were refused`);
});

test('a clock that throws leaves no exchange waiting', async () => {
  let calls = 0;
  const now = () => { if (calls++ % 2) throw new Error('no time'); return Date.now(); };
  const settings = { profile: 'authjs-5', base_url: 'https://a.example', secret: '5f0c9a61d27b4e83b1f6c4a09e7d3528', session: { token: 'hook' } };
  const site = createSite(settings, { env: null, now, hooks: { decode: () => null, encode: () => 'x' } });
  for (let i = 0; i < 4200; i += 1) { // more than may wait
    await assert.rejects(site.getToken({ cookie: '__Secure-authjs.session-token=a' }), /no time/);
  }
});
