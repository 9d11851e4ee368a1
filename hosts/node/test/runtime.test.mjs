import assert from 'node:assert/strict';
import test from 'node:test';
import { createSite, info } from '../index.mjs';
import { configureAuthProxyRuntime, configureAuthRuntime, getServerSession, getToken } from '../runtime.mjs';
import { BASE, SECRET } from './kit/kit.mjs';

const NAME = 'authjs.session-token';
const site = createSite({ profile: 'robojs', base_url: BASE, secret: SECRET, cookies: { secure: 'false', session: { name: NAME } } }, { env: null });
const claims = { sub: '42', name: 'Ann', email: 'ann@example.com', picture: null, role: 'admin' };
const cookie = `${NAME}=${site.mint({ claims })}`;
const local = (config = {}, more = {}) => configureAuthRuntime(config, { basePath: '/api/auth', baseUrl: BASE, cookieName: NAME, secret: SECRET, sessionStrategy: 'jwt', ...more });
const proxy = (more = {}) => configureAuthProxyRuntime({ localBasePath: '/api/auth', baseUrl: 'https://auth.example.com/sub', sessionStrategy: 'jwt', onReport() {}, ...more });

test('unconfigured: it rejects, before the input is looked at', async () => {
  await assert.rejects(getServerSession(), /^Error: Auth runtime has not been configured.*configureAuthRuntime/);
  await assert.rejects(getServerSession(1), /not been configured/);
  assert.equal(await getToken({ cookie }, { raw: true }), cookie.slice(NAME.length + 1));
});

test('local: every form of input', async () => {
  local();
  const forms = [new Request(BASE, { headers: { cookie } }), new Headers({ cookie }), [['cookie', cookie]],
    [['cookie', 'a=b'], ['Cookie', cookie]], { cookie }, { Cookie: cookie }, { headers: { cookie } }, { cookie: ['a=b', cookie] }];
  for (const [i, form] of forms.entries()) {
    assert.equal((await getServerSession(form)).user.email, claims.email, `form ${i}`);
    assert.equal((await getToken(form)).role, 'admin', `form ${i}`);
  }
  for (const nothing of [undefined, null, '', 0, false, {}, [], new Headers()]) {
    assert.equal(await getServerSession(nothing), null);
    assert.equal(await getToken(nothing), null);
  }
  for (const wrong of ['x', 1, [['a']], { cookie: 1 }]) await assert.rejects(getServerSession(wrong), TypeError);
});

test('local: no session', async () => {
  local();
  const expired = `${NAME}=${site.mint({ claims, maxAge: -20 })}`;
  const late = `${NAME}=${site.mint({ claims, maxAge: -10 })}`;
  for (const bad of [`${NAME}=`, `${NAME}=x`, cookie.slice(0, -3), `other${cookie}`, expired]) {
    assert.equal(await getServerSession({ cookie: bad }), null);
    assert.equal(await getToken({ cookie: bad }), null);
  }
  assert.equal((await getServerSession({ cookie: late })).user.name, 'Ann'); // within the tolerance
  assert.equal(await getServerSession({ authorization: `Bearer ${cookie.slice(NAME.length + 1)}` }), null);
  assert.equal((await getToken({ authorization: `Bearer ${cookie.slice(NAME.length + 1)}` })).sub, '42');
  assert.equal(await getToken({ authorization: 'Bearer %' }), null);
  assert.equal(await getToken({ authorization: `Bearer ${cookie.slice(NAME.length + 1)}` }, { raw: true }), null);
});

test('local: callbacks', async () => {
  const calls = [];
  local({ callbacks: { jwt: ({ token }) => ({ ...token, seen: true }), session: ({ session, token }) => ({ ...session, user: { ...session.user, id: token.sub, seen: token.seen } }) }, events: { session: () => { calls.push(1); } } });
  const { user } = await getServerSession({ cookie });
  assert.deepEqual([user.id, user.seen, user.name, calls.length], ['42', true, 'Ann', 1]);
  const logger = { error() {} };
  for (const callbacks of [{ jwt: () => null }, { session: () => { throw new Error('no'); } }, { session: () => undefined }]) {
    local({ callbacks, logger });
    assert.equal(await getServerSession({ cookie }), null);
  }
});

test('local: a row is shown as the callback says, and never its key unless it does', async () => {
  const key = '4fe1c6a2-0d0e-4f5a-9a53-5b8f7e0f1a11';
  const expires = new Date(Date.now() + 20 * 86400_000);
  const user = { id: '7', name: 'Ann', email: 'ann@example.com', emailVerified: null, role: 'admin' };
  const adapter = { getSessionAndUser: async () => ({ session: { sessionToken: key, userId: '7', expires }, user }), updateSession: async (row) => row };
  const shape = { user: { name: 'Ann', email: 'ann@example.com' }, expires: expires.toISOString() };
  for (const [callbacks, expected] of [
    [{}, shape],
    [{ jwt: ({ token }) => token }, shape],
    [{ session: ({ session, user: row }) => ({ id: row.id, whose: session.userId, role: session.user.role }) }, { id: '7', whose: '7', role: 'admin' }]]) {
    local({ adapter, callbacks }, { sessionStrategy: 'database' });
    const session = JSON.parse(JSON.stringify(await getServerSession({ cookie: `${NAME}=${key}` })));
    if (session.user) delete session.user.image;
    assert.deepEqual(session, expected);
  }
});

test('local: a row is renewed when that is due, and removed when it is over', async () => {
  const key = '4fe1c6a2-0d0e-4f5a-9a53-5b8f7e0f1a11';
  const day = 86400_000;
  let row = { sessionToken: key, userId: '7', expires: new Date(Date.now() + 12 * day) };
  const adapter = {
    getSessionAndUser: async () => row && { session: row, user: { id: '7', name: 'Ann' } },
    updateSession: async (changed) => { row = { ...row, ...changed }; return row; },
    deleteSession: async () => { row = null; },
  };
  local({ adapter }, { sessionStrategy: 'database' });
  assert.equal((await getServerSession({ cookie: `${NAME}=${key}` })).user.name, 'Ann');
  assert.ok(row.expires - Date.now() > 29 * day);
  row.expires = new Date(Date.now() - 1000);
  assert.equal(await getServerSession({ cookie: `${NAME}=${key}` }), null);
  assert.equal(row, null);
});

test('local: rows that cannot be read are nobody, and said', async () => {
  const rows = { sessionStrategy: 'database' };
  assert.throws(() => local({}, rows), /config\.adapter/);
  const asked = [];
  const logged = [];
  const adapter = { getSessionAndUser: async (key) => { asked.push(key); throw new Error('away'); }, deleteSession: (key) => { asked.push(`deleted ${key}`); } };
  local({ adapter, logger: { error: (error) => logged.push(error.message) } }, rows);
  assert.equal(await getServerSession({ cookie: `${NAME}=4fe1c6a2-0d0e-4f5a-9a53-5b8f7e0f1a11` }), null);
  assert.deepEqual([asked.length, logged], [1, ['away']]);
  assert.equal(await getServerSession(), null);
  assert.equal(asked.length, 1); // nobody is not looked up
  assert.equal(await getToken({ cookie: `${NAME}=a-key` }, { raw: true }), 'a-key');
});

test('proxy: what is sent, and what comes back', async () => {
  const asked = [];
  const answers = (response) => async (url, init) => { asked.push({ url: String(url), ...init }); return response(); };
  const session = { user: { name: 'Ann' }, expires: 'x' };
  proxy({ fetch: answers(() => Response.json(session)), headers: { authorization: 'Bearer own' } });
  const got = await getServerSession({ cookie, authorization: 'Bearer theirs', host: 'h', connection: 'x-hop, close', 'x-hop': '1', 'transfer-encoding': 'chunked', 'x-kept': '2' });
  assert.deepEqual(got, session);
  const [{ url, method, redirect, headers, signal }] = asked;
  assert.deepEqual([url, method, redirect], ['https://auth.example.com/api/auth/session', 'GET', 'manual']);
  assert.deepEqual([...headers.keys()].sort(), ['authorization', 'cookie', 'x-kept']);
  assert.equal(headers.get('authorization'), 'Bearer own');
  assert.ok(signal instanceof AbortSignal);
  for (const [status, body] of [[200, 'null'], [200, '[]'], [200, '"x"'], [301, ''], [401, '{}'], [404, '{"a":1}']]) {
    proxy({ fetch: answers(() => new Response(body, { status })) });
    assert.equal(await getServerSession({ cookie }), null, `${status} ${body}`);
  }
  for (const [given, path] of [['/', '/session'], ['x', '/x/session'], ['/x/', '/x/session']]) {
    proxy({ targetBasePath: given, fetch: answers(() => Response.json(session)) });
    await getServerSession();
    assert.equal(new URL(asked.at(-1).url).pathname, path);
  }
});

test('proxy: an outage is null and reported, or an error if that is wished', async () => {
  const away = [async () => { throw new TypeError('fetch failed'); }, async () => new Response('<html>'), async () => new Response(null, { status: 204 }),
    async () => new Response('x'.repeat(2 << 20)), (url, { signal }) => new Promise((done, failed) => { signal.addEventListener('abort', () => failed(signal.reason)); }),
    async () => Response.json({ message: 'x' }, { status: 500 }), async () => new Response('', { status: 429 })];
  const before = info().upstream;
  for (const fetch of away) {
    const reports = [];
    proxy({ fetch, timeout: 40, onReport: (r) => reports.push(r) });
    // The promise's timer does not hold the process by itself.
    const hold = setTimeout(() => {}, 1000);
    assert.equal(await getServerSession({ cookie }), null);
    assert.equal(reports.length, 1);
    proxy({ fetch, timeout: 40, onError: 'throw' });
    await assert.rejects(getServerSession({ cookie }), (e) => e.code === 'USHER_E_IO');
    clearTimeout(hold);
  }
  const { asked, outages } = info().upstream;
  assert.deepEqual([asked - before.asked, outages - before.outages], [2 * away.length, 2 * away.length]);
  proxy({ fetch: async () => Response.json(null) });
  await getServerSession({ cookie });
  assert.deepEqual([info().upstream.asked - asked, info().upstream.outages], [1, outages], 'nobody is no outage');
});

test('proxy: who goes away does not keep the upstream busy', async () => {
  const controller = new AbortController();
  const reports = [];
  proxy({ onReport: (r) => reports.push(r.what), fetch: (url, { signal }) => new Promise((done, failed) => { signal.addEventListener('abort', () => failed(signal.reason)); controller.abort(new Error('gone')); }) });
  assert.equal(await getServerSession(new Request(BASE, { headers: { cookie }, signal: controller.signal })), null);
  assert.deepEqual(reports, ['the upstream gave no session: gone']);
});

test('the cookies that go with a session, for who can answer with them', async () => {
  const kept = [];
  const onSetCookie = (lines) => kept.push(lines);
  local();
  assert.equal((await getServerSession({ cookie }, { onSetCookie })).user.name, 'Ann');
  assert.ok(kept.pop().some((line) => line.startsWith(`${NAME}=`)));
  assert.equal(await getServerSession({ cookie: `${NAME}=x` }, { onSetCookie }), null);
  assert.ok(kept.pop().some((line) => /^authjs.session-token=;.*Max-Age=0/i.test(line)));
  proxy({ fetch: async () => new Response('{"user":{}}', { headers: [['set-cookie', 'a=1'], ['set-cookie', 'b=2']] }) });
  await getServerSession({ cookie }, { onSetCookie });
  assert.deepEqual(kept.pop(), ['a=1', 'b=2']);
  await assert.rejects(getServerSession({ cookie }, 1), /options must be/);
  await assert.rejects(getServerSession({ cookie }, { onSetCookie: 1 }), /options.onSetCookie must be/);
});

test('local: cookies in pieces, and what opens with no key', async () => {
  local();
  const long = site.mint({ claims: { ...claims, filler: 'x'.repeat(42000) } });
  const pieces = Array.from({ length: Math.ceil(long.length / 3936) }, (_, i) => `${NAME}.${i}=${long.slice(i * 3936, (i + 1) * 3936)}`);
  assert.ok(pieces.length > 11);
  for (const order of [pieces, [...pieces].sort(), [...pieces].reverse()]) {
    assert.equal((await getServerSession({ cookie: order.join('; ') })).user.name, 'Ann');
    assert.equal((await getToken({ cookie: order.join('; ') })).filler.length, 42000);
    assert.equal(await getToken({ cookie: order.join('; ') }, { raw: true }), long);
  }
  for (const more of [{ secret: `${SECRET}x` }, { cookieName: 'other' }]) {
    local({}, more);
    assert.equal(await getServerSession({ cookie: cookie.replace(NAME, more.cookieName ?? NAME) }), null);
    assert.equal(await getToken({ cookie: cookie.replace(NAME, more.cookieName ?? NAME) }), null);
  }
});

test('local: visitors at the same time do not see each other', async () => {
  local({ callbacks: { async jwt({ token }) { await new Promise((done) => { setTimeout(done, Math.random() * 5); }); return token; }, session: ({ session, token }) => ({ ...session, sub: token.sub }) } });
  const many = await Promise.all(Array.from({ length: 50 }, (_, i) => getServerSession({ cookie: `${NAME}=${site.mint({ claims: { sub: String(i), name: `n${i}` } })}` })));
  many.forEach((session, i) => assert.deepEqual([session.sub, session.user.name], [String(i), `n${i}`]));
});

test('a guard of the program sees what the callbacks added', async () => {
  local({ callbacks: { jwt: ({ token }) => token, session: ({ session, token }) => ({ ...session, user: { ...session.user, emailVerified: token.role === 'admin' ? '2026-01-01' : null } }) } });
  const requireVerified = async (input) => {
    const session = await getServerSession(input);
    if (!session) return 401;
    return session.user.emailVerified ? 200 : 403;
  };
  const other = `${NAME}=${site.mint({ claims: { sub: '1' } })}`;
  assert.deepEqual([await requireVerified(), await requireVerified({ cookie: other }), await requireVerified({ cookie })], [401, 403, 200]);
});

test('the headers of the caller stay as they are, and a body can be read afterwards', async () => {
  local();
  const headers = new Headers({ cookie });
  await getServerSession(headers);
  assert.deepEqual([...headers], [['cookie', cookie]]);
  const request = new Request(BASE, { method: 'POST', body: 'text', headers: { cookie } });
  await getServerSession(request);
  assert.equal(await request.text(), 'text');
});

test('proxy: a token is opened here if the secret is known', async () => {
  const fetch = async () => { throw new Error('no network'); };
  proxy({ fetch, secret: SECRET });
  assert.equal((await getToken({ cookie })).role, 'admin');
  assert.equal(await getToken({ cookie }, { raw: true }), cookie.slice(NAME.length + 1));
  proxy({ fetch });
  await assert.rejects(getToken({ cookie }), /secret/);
  assert.equal(await getToken({ cookie }, { raw: true }), cookie.slice(NAME.length + 1));
});

test('the last configuration counts; wrong ones name the option', async () => {
  proxy({ fetch: async () => Response.json({ user: {} }), headers: { cookie: 'a=b' } });
  local();
  assert.equal((await getServerSession({ cookie })).user.name, 'Ann');
  assert.throws(() => configureAuthRuntime(), /config must be/);
  assert.throws(() => configureAuthRuntime({}), /options must be/);
  for (const name of ['basePath', 'baseUrl', 'cookieName', 'secret', 'sessionStrategy']) assert.throws(() => local({}, { [name]: 1 }), new RegExp(`options\\.${name} must be`));
  for (const name of ['localBasePath', 'baseUrl', 'fetch', 'headers', 'onError', 'timeout', 'secret']) assert.throws(() => proxy({ [name]: 7n }), new RegExp(`options\\.${name} must be`));
  assert.equal((await getServerSession({ cookie })).user.name, 'Ann'); // a wrong call changes nothing
});
