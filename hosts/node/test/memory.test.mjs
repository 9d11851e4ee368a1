// Memory stays where it is, however many calls there are. USHER_TEST_CALLS=1000000 for the long run.
import assert from 'node:assert/strict';
import test from 'node:test';
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
