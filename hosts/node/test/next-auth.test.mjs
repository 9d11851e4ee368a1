// The calls of NextAuth v4, beside the original where it can be asked.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'node:test';
import withAuth, { withAuth as named } from '../next-auth/middleware.mjs';
import { decode, encode, getToken } from '../next-auth/jwt.mjs';
import { getServerSession, unstable_getServerSession } from '../next-auth/index.mjs';
import { SECRET as secret } from './kit/kit.mjs';

const originals = createRequire(new URL('../../../tests/package.json', import.meta.url));
const theirJwt = originals('next-auth/jwt');
const { getServerSession: theirs } = originals('next-auth/next');

const NAME = 'next-auth.session-token';
const token = { sub: '42', name: 'Ann', email: 'ann@example.com', picture: 'https://cdn.example.com/a.png', role: 'admin' };
const cookieOf = async (claims = token) => `${NAME}=${await encode({ token: claims, secret })}`;
const request = (path, cookie, origin = 'http://localhost:3000') => new Request(origin + path, cookie ? { headers: { cookie } } : {});

function withEnv(values, t) {
  const before = {};
  for (const [name, value] of Object.entries(values)) {
    before[name] = process.env[name];
    if (value === undefined || value === null) delete process.env[name];
    else process.env[name] = value;
  }
  t.after(() => {
    for (const [name, value] of Object.entries(before)) {
      if (value === undefined) delete process.env[name];
      else process.env[name] = value;
    }
  });
}

test.beforeEach((t) => withEnv({ NEXTAUTH_URL: 'http://localhost:3000', NEXTAUTH_SECRET: undefined, AUTH_SECRET: undefined, VERCEL: undefined }, t));

class Res {
  headers = {};
  getHeader(name) { return this.headers[name.toLowerCase()]; }
  setHeader(name, value) { this.headers[name.toLowerCase()] = value; return this; }
  get names() { return (this.headers['set-cookie'] ?? []).map((c) => c.split('=', 1)[0]).sort(); }
}

// ---- tokens --------------------------------------------------------------------------------------

test('tokens pass in both directions', async () => {
  assert.equal((await theirJwt.decode({ token: await encode({ token, secret }), secret })).role, 'admin');
  assert.equal((await decode({ token: await theirJwt.encode({ token, secret }), secret })).role, 'admin');
  const { exp, iat } = await decode({ token: await encode({ token, secret, maxAge: 60 }), secret });
  assert.equal(exp - iat, 60);
});

test('decode throws for what is no token, as the original', async () => {
  const other = await encode({ token, secret: `${secret}x` });
  for (const bad of ['x', 'a.b.c.d.e', other, await encode({ token, secret, maxAge: -60 })]) {
    await assert.rejects(decode({ token: bad, secret }));
    await assert.rejects(theirJwt.decode({ token: bad, secret }));
  }
  assert.equal(await decode({ token: '', secret }), null);
  for (const bad of [undefined, null, 1, 'x', {}, { secret: 1 }, { secret, salt: 1 }]) await assert.rejects(encode(bad), TypeError);
  await assert.rejects(decode({ token: 1, secret }), TypeError);
});

test('getToken reads every request', async () => {
  const cookie = await cookieOf();
  const value = cookie.slice(NAME.length + 1);
  const requests = [
    request('/', cookie), { headers: { cookie }, cookies: {} }, { headers: new Headers({ cookie }) },
    { headers: {}, cookies: { [NAME]: value } }, { cookies: new Map([[NAME, value]]) },
    { headers: {}, cookies: { getAll: () => [{ name: NAME, value }] } },
    { headers: { authorization: `Bearer ${value}` } }, { headers: {}, cookies: { [`${NAME}.0`]: value.slice(0, 50), [`${NAME}.1`]: value.slice(50) } },
  ];
  for (const [i, req] of requests.entries()) {
    assert.equal((await getToken({ req, secret })).role, 'admin', `request ${i}`);
    assert.equal(await getToken({ req, raw: true }), value, `request ${i}`);
  }
  assert.equal(await getToken({ req: { headers: {} }, secret }), null);
  assert.equal(await getToken({ req: { headers: {}, cookies: { [NAME]: 'x' } }, secret }), null);
  assert.equal(await getToken({ req: { headers: { authorization: 'Bearer %zz' } }, secret }), null);
  assert.equal(await getToken({ req: { headers: { cookie } }, secret, secureCookie: true }), null);
  assert.equal((await getToken({ req: { headers: { cookie: `sid=${value}` } }, secret, cookieName: 'sid' })).sub, '42');
});

test('getToken: environment, custom decode, wrong arguments', async (t) => {
  const cookie = await cookieOf();
  const req = { headers: { cookie } };
  withEnv({ NEXTAUTH_SECRET: secret }, t);
  assert.equal((await getToken({ req })).sub, '42');
  assert.deepEqual(await getToken({ req: { headers: { cookie: `${NAME}=mine` } }, decode: async (p) => p }), { token: 'mine', secret });
  assert.equal(await getToken({ req, decode: () => { throw new Error('no'); } }), null);
  await assert.rejects(getToken({}), /Must pass `req`/);
  await assert.rejects(getToken(), TypeError);
  for (const bad of [1, 'x', { headers: 1 }, { headers: null }, {}]) await assert.rejects(getToken({ req: bad }));
});

// ---- getServerSession ----------------------------------------------------------------------------

const shown = (session) => JSON.parse(JSON.stringify({ ...session, expires: undefined }));

test('getServerSession answers as the original', async () => {
  const options = { secret, callbacks: {
    jwt: ({ token: t }) => ({ ...t, seen: (t.seen ?? 0) + 1 }),
    session: ({ session, token: t }) => ({ ...session, user: { ...session.user, id: t.sub, role: t.role }, seen: t.seen }),
  } };
  const cookie = await cookieOf();
  for (const opts of [{ secret }, options]) {
    const cookies = { [NAME]: cookie.slice(NAME.length + 1) };
    const [ours, original] = [new Res(), new Res()];
    const a = await getServerSession({ headers: { cookie }, cookies }, ours, opts);
    const b = await theirs({ headers: { cookie }, cookies }, original, { providers: [], ...opts });
    assert.deepEqual(shown(a), shown(b));
    assert.ok(Math.abs(Date.parse(a.expires) - Date.parse(b.expires)) < 5000);
    assert.deepEqual(ours.names, original.names);
    const line = ours.headers['set-cookie'].find((c) => c.startsWith(NAME));
    const claims = await theirJwt.decode({ token: line.split(/[=;]/)[1], secret });
    assert.equal(claims.seen, opts === options ? 1 : undefined);
    assert.equal(claims.role, 'admin');
  }
});

test('getServerSession: nobody is null, and what was there in Set-Cookie stays', async () => {
  for (const cookie of [undefined, 'a=b', `${NAME}=x`, `${NAME}=a.b.c.d.e`]) {
    const res = new Res().setHeader('Set-Cookie', 'mine=1');
    assert.equal(await getServerSession({ headers: { cookie } }, res, { secret }), null);
    assert.equal(res.headers['set-cookie'][0], 'mine=1');
    const original = new Res();
    const cookies = cookie ? { [cookie.slice(0, cookie.indexOf('='))]: cookie.slice(cookie.indexOf('=') + 1) } : {};
    assert.equal(await theirs({ headers: { cookie }, cookies }, original, { secret, providers: [], logger: { error() {}, warn() {}, debug() {} } }), null);
    assert.deepEqual(res.names.filter((n) => n !== 'mine'), original.names);
  }
});

test('a jwt callback may remove members, and a session may be cut into cookies', async () => {
  const res = new Res();
  const callbacks = { jwt: ({ token: { role, ...rest } }) => ({ ...rest, blob: 'x'.repeat(9000) }) };
  await getServerSession({ headers: { cookie: await cookieOf() } }, res, { secret, callbacks });
  const jar = res.headers['set-cookie'].filter((c) => !/Max-Age=0|1970/.test(c)).map((c) => c.split(';')[0]).join('; ');
  assert.ok(res.names.includes(`${NAME}.0`) && res.names.includes(`${NAME}.2`));
  const claims = await getToken({ req: { headers: { cookie: jar } }, secret });
  assert.equal(claims.role, undefined);
  assert.equal(claims.blob.length, 9000);
});

test('a callback that fails signs nobody out', async () => {
  const logged = [];
  const logger = { error: (code) => logged.push(code) };
  const res = new Res();
  const callbacks = { session: () => { throw new Error('database is away'); } };
  assert.equal(await getServerSession({ headers: { cookie: await cookieOf() } }, res, { secret, callbacks, logger }), null);
  assert.deepEqual(logged, ['JWT_SESSION_ERROR']);
  assert.equal(res.headers['set-cookie'], undefined);
});

test('objects go from one callback to the next as they are, as in the original', async () => {
  const cookie = await cookieOf();
  const seen = [];
  const at = new Date();
  const options = { secret, callbacks: {
    jwt: ({ token: t }) => { t.name = 'Changed'; return { ...t, at, role: undefined }; },
    session: ({ session, token: t }) => { seen.push([session.user.name, t.at]); return { ...session, at: t.at }; },
  }, events: { session: ({ token: t }) => { seen.push(t.at); throw new Error('told in vain'); } }, logger: { error: (code) => seen.push(code), warn() {}, debug() {} } };
  const req = { headers: { cookie }, cookies: { [NAME]: cookie.slice(NAME.length + 1) } };
  const ours = await getServerSession(req, new Res(), options);
  const original = await theirs(req, new Res(), { providers: [], ...options });
  assert.equal(ours.at, at);
  assert.equal(original.at, at);
  const [mine, others] = [seen.slice(0, 3), seen.slice(3)];
  assert.deepEqual(mine, [['Changed', at], at, 'SESSION_EVENT_ERROR']);
  assert.deepEqual(mine, others);
  // What JSON cannot hold is shown, too.
  const session = ({ session: s }) => { const odd = { ...s, n: 1n }; odd.self = odd; return odd; };
  for (const wrap of [session, async (params) => session(params)]) {
    for (const call of [getServerSession, theirs]) {
      const res = new Res();
      const odd = await call(req, res, { secret, providers: [], callbacks: { session: wrap } });
      assert.ok(odd.n === 1n && odd.self === odd);
      assert.ok(res.headers['set-cookie'].some((line) => line.startsWith(`${NAME}=ey`)));
    }
  }
});

const plain = ({ iat, exp, jti, ...claims }) => claims;

test('callbacks are handed what the original hands them, and may answer in every way', async () => {
  const tokens = [token, { sub: '42' }, { sub: '42', name: null, email: 'a@b.example' }, { sub: '42', name: 'Ann', groups: ['a', { b: 1 }] }];
  const jwts = { none: undefined, same: ({ token: t }) => t, promised: async ({ token: t }) => t, thenable: ({ token: t }) => ({ then: (done) => done(t) }),
    copied: ({ token: t }) => ({ ...t }), kept: ({ token: t }) => { const copy = { ...t }; t.name = 'In place'; return copy; },
    changed: ({ token: t }) => ({ ...t, name: 'Other', role: 'guest' }) };
  const sessions = { none: undefined, same: ({ session: s }) => s, inPlace: ({ session: s, token: t }) => { s.user.role = t.role; s.user.name += '!'; return s; },
    other: ({ token: t }) => ({ id: t.sub, at: new Date(0), [Symbol.for('s')]: 1 }), promised: async ({ session: s }) => ({ ...s, p: 1 }), thenable: ({ session: s }) => ({ then: (done) => done(s) }),
    nothing: () => undefined, null: () => null, false: () => false, text: () => 'text', empty: () => ({}), list: () => [1], number: () => 1 };
  for (const claims of tokens) {
    const cookie = `${NAME}=${await theirJwt.encode({ token: claims, secret })}`;
    for (const [jwtName, jwt] of Object.entries(jwts)) {
      for (const [sessionName, session] of Object.entries(sessions)) {
        const both = [];
        for (const call of [getServerSession, theirs]) {
          const seen = [];
          const res = new Res();
          const callbacks = { ...(jwt && { jwt: (params) => { seen.push(['jwt', Object.keys(params), plain(params.token)]); return jwt(params); } }),
            ...(session && { session: (params) => { seen.push(['session', Object.keys(params), structuredClone({ ...params.session, expires: typeof params.session.expires }), plain(params.token)]); return session(params); } }) };
          const found = await call({ headers: { cookie }, cookies: { [NAME]: cookie.slice(NAME.length + 1) } }, res, { secret, providers: [], callbacks });
          // The original hands keys without a value to the jwt callback of a session that is read.
          for (const one of seen) if (one[0] === 'jwt') one[1] = ['token'];
          const end = found && { ...found, expires: typeof found.expires };
          both.push({ seen, found: jwt || session || !end ? end : JSON.parse(JSON.stringify(end)), names: res.names });
        }
        assert.deepEqual(both[0], both[1], `${jwtName}, ${sessionName}, ${JSON.stringify(claims)}`);
      }
    }
  }
});

test('a token that comes back as it went is sealed as it was; any other as JSON has it', async () => {
  const held = { sub: 'u1', name: 'Ada', n: 1.5, no: false, nothing: null, ids: [1, 2], inner: { a: 1 } };
  const flat = { sub: 'u1', name: 'Ada', n: 1.5, no: false, nothing: null };
  const callbacks = {
    same: (t) => t,
    copied: (t) => ({ ...t }),
    turned: (t) => Object.fromEntries(Object.entries(t).reverse()),
    changed: (t) => { t.name = 'Eve'; return t; },
    added: (t) => ({ ...t, role: 'admin' }),
    removed: ({ name, ...t }) => t,
    exchanged: ({ name, ...t }) => ({ ...t, other: undefined }),
    inside: (t) => { if (t.ids) { t.ids.push(3); t.inner.a = 2; } return t; },
  };
  for (const [name, change] of Object.entries(callbacks)) {
    for (const token of [flat, held]) {
      const cookie = `${NAME}=${await theirJwt.encode({ token, secret })}`;
      const sealed = [];
      const tokens = [];
      for (const call of [getServerSession, theirs]) {
        const res = new Res();
        const options = { secret, providers: [], callbacks: { jwt: ({ token: t }) => change(t), session: ({ session, token: t }) => { tokens.push(t); return session; } } };
        const session = await call({ headers: { cookie }, cookies: { [NAME]: cookie.slice(NAME.length + 1) } }, res, options);
        const line = res.headers['set-cookie'].find((c) => c.startsWith(NAME));
        const { iat, exp, jti, ...claims } = await theirJwt.decode({ token: line.split(/[=;]/)[1], secret });
        sealed.push({ claims, user: session.user });
      }
      assert.deepEqual(sealed[0], sealed[1], name);
      const [ours, original] = tokens.map(({ iat, exp, jti, ...t }) => t);
      assert.deepEqual(ours, original, name);
    }
  }
  // What the original does not take at all, is what JSON makes of it.
  class Token { constructor(t) { Object.assign(this, t); } toJSON() { return { sub: 'u2' }; } }
  for (const [change, sealed] of [[(t) => new Token(t), { sub: 'u2', name: undefined }], [({ name, ...t }) => Object.assign(Object.create({ name }), t), { sub: 'u1', name: undefined }]]) {
    const res = new Res();
    await getServerSession({ headers: { cookie: `${NAME}=${await theirJwt.encode({ token: flat, secret })}` } }, res, { secret, callbacks: { jwt: ({ token: t }) => change(t) } });
    const { sub, name } = await theirJwt.decode({ token: res.headers['set-cookie'].find((c) => c.startsWith(NAME)).split(/[=;]/)[1], secret });
    assert.deepEqual({ sub, name }, sealed);
  }
});

test('a jwt callback that returns null ends the session; one that forgets to return does not', async () => {
  const cookie = await cookieOf();
  const ended = new Res();
  assert.equal(await getServerSession({ headers: { cookie } }, ended, { secret, callbacks: { jwt: () => null } }), null);
  assert.match(ended.headers['set-cookie'].find((c) => c.startsWith(NAME)), /=;.*Max-Age=0/);
  for (const bad of [undefined, 'token', 1, []]) {
    const res = new Res();
    const logged = [];
    assert.equal(await getServerSession({ headers: { cookie } }, res, { secret, callbacks: { jwt: () => bad }, logger: { error: (...line) => logged.push(line) } }), null);
    assert.equal(res.headers['set-cookie'], undefined);
    assert.match(String(logged[0][1]), /callbacks\.jwt/);
  }
  const nothing = new Res();
  assert.equal(await getServerSession({ headers: { cookie } }, nothing, { secret, callbacks: { session: () => undefined } }), null);
  assert.ok(nothing.names.includes(NAME));
});

test('calls that wait at once keep their own functions', async () => {
  const cookie = await cookieOf();
  const later = (ms) => new Promise((done) => { setTimeout(done, ms); });
  const all = await Promise.all(Array.from({ length: 150 }, (_, i) => getServerSession({ headers: { cookie } }, new Res(), { secret, callbacks: {
    jwt: async ({ token: t }) => { await later(150 - i); return { ...t, i }; },
    session: async ({ session, token: t }) => { await later(i); return { ...session, i: [i, t.i] }; },
  } })));
  assert.deepEqual(all.map((s) => s.i), Array.from({ length: 150 }, (_, i) => [i, i]));
});

test('tokens of the program are used everywhere', async () => {
  const jwt = {
    encode: async ({ token: t, secret: s, maxAge }) => Buffer.from(JSON.stringify({ ...t, s, maxAge })).toString('base64url'),
    decode: async ({ token: t }) => JSON.parse(Buffer.from(t, 'base64url').toString()),
  };
  const own = await jwt.encode({ token: { ...token, exp: Math.floor(Date.now() / 1000) + 60 }, secret });
  const res = new Res();
  const session = await getServerSession({ headers: { cookie: `${NAME}=${own}` } }, res, { secret, jwt });
  assert.equal(session.user.name, 'Ann');
  const line = res.headers['set-cookie'].find((c) => c.startsWith(NAME));
  assert.equal((await jwt.decode({ token: line.split(/[=;]/)[1] })).s, secret);
  const passed = await withAuth(request('/x', `${NAME}=${own}`), { secret, jwt });
  assert.equal(passed, undefined);
});

test('getServerSession: wrong arguments and settings', async (t) => {
  const res = new Res();
  for (const bad of [null, 1, 'x']) {
    await assert.rejects(getServerSession(bad, res, { secret }), /req must be/);
    await assert.rejects(getServerSession({ headers: {} }, bad, { secret }), /res must be/);
    await assert.rejects(getServerSession({ headers: {} }, res, bad ?? []), /options must be/);
  }
  const logger = { error() {} };
  withEnv({ NODE_ENV: 'production' }, t);
  await assert.rejects(getServerSession({ headers: {} }, res, { logger }), /problem with the server configuration/);
  await assert.rejects(getServerSession({ headers: {} }, res, { secret, session: { strategy: 'database' } }), /no options.adapter/);
  process.env.NODE_ENV = 'test';
  const warn = console.warn;
  const warned = [];
  console.warn = (text) => warned.push(text);
  assert.equal(await unstable_getServerSession({ headers: {} }, res, { secret }), null);
  await unstable_getServerSession({ headers: {} }, res, { secret });
  console.warn = warn;
  assert.equal(warned.length, 1);
});

test('getServerSession in a Server Component: without expires, and nothing is written', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'usher-next-'));
  t.after(() => rmSync(folder, { recursive: true }));
  mkdirSync(join(folder, 'node_modules/next'), { recursive: true });
  writeFileSync(join(folder, 'node_modules/next/package.json'), '{"name":"next","version":"16.0.0"}');
  writeFileSync(join(folder, 'node_modules/next/headers.js'), 'exports.headers = async () => new Headers({ cookie: process.env.COOKIE });');
  const entry = new URL('../next-auth/index.cjs', import.meta.url).pathname;
  const run = (cookie, options) => {
    const code = `require(${JSON.stringify(entry)}).getServerSession(${options}).then((s) => console.log(JSON.stringify(s)))`;
    const { stdout, stderr } = spawnSync(process.execPath, ['-e', code], { cwd: folder, encoding: 'utf8', env: { ...process.env, COOKIE: cookie, NEXTAUTH_SECRET: secret } });
    assert.equal(stderr, '');
    return JSON.parse(stdout);
  };
  const user = { name: token.name, email: token.email, image: token.picture };
  assert.deepEqual(run(await cookieOf(), ''), { user });
  assert.deepEqual(run(await cookieOf(), '{ callbacks: { session: ({ session, token }) => ({ ...session, id: token.sub }) } }'), { user, id: '42' });
  assert.equal(run('a=b', '{}'), null);
});

// ---- withAuth ------------------------------------------------------------------------------------

function nextRequest(url, cookie, base = '') {
  const req = request('', cookie, url);
  const parsed = new URL(url);
  if (/^127\.|^\[::1\]$/.test(parsed.hostname)) parsed.hostname = 'localhost';
  const inside = base && (parsed.pathname === base || parsed.pathname.startsWith(`${base}/`));
  const nextUrl = { pathname: inside ? parsed.pathname.slice(base.length) || '/' : parsed.pathname, search: parsed.search, origin: parsed.origin, basePath: inside ? base : '' };
  return Object.defineProperty(req, 'nextUrl', { value: nextUrl });
}

test('measured cases of the middleware, without a cookie', async (t) => {
  const { vectors } = JSON.parse(readFileSync(new URL('../../../tests/vectors/authjs4-middleware.json', import.meta.url)));
  let ran = 0;
  for (const v of vectors.filter((c) => !c.input.cookie_header)) {
    const { input, expected } = v;
    withEnv({ NEXTAUTH_URL: input.nextauth_url }, t);
    const answer = await withAuth(nextRequest(input.url, undefined, input.base_path), { secret: input.secret ?? undefined, pages: input.pages });
    if (v.conformance === 'stricter-allowed') assert.equal(answer.status, 307, v.id);
    else if (expected.decision === 'next') assert.equal(answer, undefined, v.id);
    else assert.equal(answer.headers.get('location'), expected.location, v.id);
    ran += 1;
  }
  assert.ok(ran > 15);
});

test('withAuth in each of its forms', async () => {
  const cookie = await cookieOf();
  const seen = [];
  const page = (req) => { seen.push(req.nextauth.token.sub); return new Response('page'); };
  assert.equal(named, withAuth);
  const forms = [(req) => withAuth(req, { secret }), withAuth({ secret }), withAuth(() => undefined, { secret })];
  for (const form of forms) {
    assert.equal(await form(nextRequest('http://localhost:3000/x', cookie)), undefined);
    const denied = await form(nextRequest('http://localhost:3000/x?a=1'));
    assert.equal(denied.status, 307);
    assert.equal(denied.headers.get('location'), 'http://localhost:3000/api/auth/signin?callbackUrl=%2Fx%3Fa%3D1');
  }
  assert.equal(await (await withAuth(page, { secret })(nextRequest('http://localhost:3000/x', cookie))).text(), 'page');
  assert.equal((await withAuth(page, { secret })(nextRequest('http://localhost:3000/x'))).status, 307);
  assert.deepEqual(seen, ['42']);
  assert.throws(() => withAuth(), TypeError);
  assert.throws(() => withAuth(1), TypeError);
  await assert.rejects(withAuth({ secret })(1), TypeError);
});

test('withAuth: the authorized callback decides; null and undefined leave it to the token', async () => {
  const cookie = await cookieOf();
  for (const [result, passes] of [[true, true], [false, false], [0, false], ['', false], [null, true], [undefined, true], ['yes', true]]) {
    const answer = await withAuth(nextRequest('http://localhost:3000/x', cookie), { secret, callbacks: { authorized: async () => result } });
    assert.equal(answer === undefined, passes, String(result));
  }
  const given = [];
  await withAuth(nextRequest('http://localhost:3000/x'), { secret, callbacks: { authorized: (p) => { given.push(p.token); return true; } } });
  assert.deepEqual(given, [null]);
});

test('withAuth without a secret: the error page, except for what is always open', async () => {
  const error = console.error;
  console.error = () => {};
  const answer = await withAuth(nextRequest('http://localhost:3000/x'));
  console.error = error;
  assert.equal(answer.headers.get('location'), 'http://localhost:3000/api/auth/error?error=Configuration');
  assert.equal(await withAuth(nextRequest('http://localhost:3000/_next/x.js')), undefined);
});
