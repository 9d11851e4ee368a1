// Memory stays where it is, however many calls there are. USHER_TEST_CALLS=1000000 for the long run.
import assert from 'node:assert/strict';
import { createRequire } from 'node:module';
import test from 'node:test';
import { createSite } from '../index.mjs';
import { cookieFor, siteOf } from './kit/kit.mjs';

// The address sanitizer keeps what was freed for a while.
const skip = process.env.USHER_TEST_ASAN === '1';
const CALLS = Number(process.env.USHER_TEST_CALLS ?? 60_000);

test(`${CALLS} calls leave nothing behind`, { skip }, async () => {
  const site = siteOf();
  const headers = { headers: { cookie: cookieFor(site) } };
  const bad = { headers: { cookie: 'authjs.session-token=a.b.c.d.e' } };
  const some = async (n) => {
    for (let i = 0; i < n; i += 1) {
      await site.getSession(headers);
      await site.getToken(i % 8 ? headers : bad);
      if (i % 16 === 0) await site.checkSession(headers);
    }
  };
  await some(CALLS / 4);
  const before = process.memoryUsage.rss();
  await some(CALLS / 2);
  const grown = (process.memoryUsage.rss() - before) / 2 ** 20;
  assert.ok(grown < 24, `grew by ${grown.toFixed(1)} MiB`);
});

test('sites go when nobody holds them', { skip }, async () => {
  const make = () => { for (let i = 0; i < 300; i += 1) siteOf(); };
  const rest = () => new Promise((done) => { setImmediate(done); });
  for (let i = 0; i < 3; i += 1) { make(); await rest(); }
  const before = process.memoryUsage.rss();
  for (let i = 0; i < 6; i += 1) { make(); globalThis.gc?.(); await rest(); }
  const grown = (process.memoryUsage.rss() - before) / 2 ** 20;
  assert.ok(grown < 96, `grew by ${grown.toFixed(1)} MiB`);
});

test('an answer that cannot be taken leaves no exchange waiting', () => {
  const { native } = createRequire(import.meta.url)('../lib/native.cjs');
  const settings = { profile: 'authjs-5', base_url: 'https://a.example', secret: '5f0c9a61d27b4e83b1f6c4a09e7d3528', session: { token: 'hook' } };
  const [site] = native.siteNew(JSON.stringify(settings), null);
  const ask = () => native.run(site, 1, undefined, undefined, '__Secure-authjs.session-token=a', undefined, undefined, true);
  const number = ask();
  assert.equal(typeof number, 'number');
  for (const bad of [['what', 200, ''], ['hooked', 'x', ''], ['hooked', 200, '\u2028'], ['hooked', 200, '', 'no buffer']]) {
    assert.equal(ask(), number + 1);
    assert.throws(() => native.resume(number + 1, bad[0], bad[1], bad[2], bad[3], 0, '{}'), TypeError);
    assert.throws(() => native.describe(number + 1), /an exchange that waits/);
  }
  native.abandon(number);
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
