// What people copy from the examples, where it stands by itself.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import test from 'node:test';

/** A module of an example as it stands there: its folder does not say to Node.js what kind of module it is. */
const example = (path) => import(`data:text/javascript,${encodeURIComponent(readFileSync(new URL(`../../../examples/${path}`, import.meta.url), 'utf8'))}`);
const { forgetSessions, recentSession } = await example('next-app/v5/lib/recent.js');

const asked = (cookie) => new Request('http://localhost/', { headers: cookie ? { cookie } : {} });
const ofAnn = (ms = 3_600_000) => ({ user: { name: 'Ann' }, expires: new Date(Date.now() + ms).toISOString() });

test('the cache of sessions: what was read is kept for whoever has that cookie', async () => {
  forgetSessions();
  assert.deepEqual([(await recentSession(asked('a=1'), async () => ofAnn())).hit, (await recentSession(asked('a=1'), () => null)).hit], [false, true]);
  assert.deepEqual(await recentSession(asked('a=2'), async () => null), { session: null, hit: false });
  assert.deepEqual(await recentSession(asked('a=2'), async () => null), { session: null, hit: false });
  forgetSessions();
  assert.deepEqual(await recentSession(asked('a=1'), async () => null), { session: null, hit: false });
});

test('the cache of sessions: a session that was being read while somebody signed out is not kept', async () => {
  forgetSessions();
  let answer;
  const reading = recentSession(asked('a=1'), () => new Promise((resolve) => { answer = resolve; }));
  forgetSessions();
  answer(ofAnn());
  assert.equal((await reading).session.user.name, 'Ann');
  assert.deepEqual(await recentSession(asked('a=1'), async () => null), { session: null, hit: false });
});

test('the cache of sessions: none is shown beyond its end', async (t) => {
  forgetSessions();
  let now = Date.now();
  t.mock.method(Date, 'now', () => now);
  await recentSession(asked('a=1'), async () => ofAnn(2000));
  assert.equal((await recentSession(asked('a=1'), async () => null)).hit, true);
  now += 2000;
  assert.deepEqual(await recentSession(asked('a=1'), async () => null), { session: null, hit: false });
  await recentSession(asked('a=1'), async () => ({ user: { name: 'Ann' } })); // which does not say when it ends
  assert.equal((await recentSession(asked('a=1'), async () => null)).hit, false);
});

test('the cache of sessions: a request without a cookie is nobody in particular', async () => {
  forgetSessions();
  assert.equal((await recentSession(asked(), async () => ofAnn())).session.user.name, 'Ann');
  assert.deepEqual(await recentSession(asked(), async () => null), { session: null, hit: false });
});
