// NextAuth(config) of v5, beside next-auth 5: the same requests to both, and each goes on with what the
// other began.
import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire, register } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'node:test';
import NextAuth from '../authjs/index.mjs';
import { decode, encode, getToken } from '../authjs/jwt.mjs';
import { BASE, Jar, Provider, SECRET as secret } from './kit/kit.mjs';

// next-auth 5 names files of Next.js without their suffix, which bundlers add and Node does not.
register(`data:text/javascript,${encodeURIComponent(`export const resolve = (name, context, next) => next(/^next\\/(server|headers|navigation)$/.test(name) ? name + '.js' : name, context);`)}`);
const bench = new URL('../../../bench/package.json', import.meta.url);
const { default: Theirs } = await import(new URL('node_modules/next-auth/index.js', bench));
const theirJwt = await import(new URL('node_modules/next-auth/jwt.js', bench));
const { NextRequest } = createRequire(bench)('next/server');

const SESSION = 'authjs.session-token';
for (const name of ['AUTH_URL', 'NEXTAUTH_URL', 'AUTH_SECRET', 'NEXTAUTH_SECRET', 'AUTH_TRUST_HOST', 'VERCEL']) delete process.env[name];

const quiet = { error() {}, warn() {}, debug() {} };
const claims = { sub: '42', name: 'Ann', email: 'ann@example.com', picture: null, role: 'admin' };
const cookieOf = async () => `${SESSION}=${await encode({ token: claims, secret, salt: SESSION })}`;
const both = (config) => [NextAuth, Theirs].map((make) => make({ secret, trustHost: true, providers: [], logger: quiet, ...config }));
const request = (path, cookie, init = {}) => new NextRequest(BASE + path, { ...init, headers: { host: 'localhost:3000', 'x-forwarded-proto': 'http', ...(cookie && { cookie }), ...init.headers } });
const bare = (session) => session && { ...session, expires: session.expires && 'soon', user: session.user && { ...session.user, iat: undefined, exp: undefined, jti: undefined } };
const namesOf = (headers) => headers.getSetCookie().map((line) => line.split('=')[0]).sort();

const companyOf = (provider, more = {}) => ({ id: 'company', name: 'Company', type: 'oidc', issuer: provider.issuer, clientId: 'app', clientSecret: 'company-client-secret-0123456789',
  authorization: { params: { scope: 'openid email profile', prompt: 'login' } }, checks: ['pkce', 'state'], ...more });

async function ask({ handlers }, jar, path, form, headers = {}) {
  const init = form ? { method: 'POST', body: new URLSearchParams(form) } : {};
  const answer = await handlers[form ? 'POST' : 'GET'](request(path, jar.header, { ...init, headers }));
  jar.take(answer.headers.getSetCookie());
  return { status: answer.status, location: answer.headers.get('location') ?? undefined, body: await answer.text(), cookies: namesOf(answer.headers) };
}

const csrfOf = async (app, jar) => JSON.parse((await ask(app, jar, '/api/auth/csrf')).body).csrfToken;

async function signIn(first, second, jar) {
  const started = await ask(first, jar, '/api/auth/signin/company', { csrfToken: await csrfOf(first, jar), callbackUrl: `${BASE}/after` }, { 'x-auth-return-redirect': '1' });
  const { url } = JSON.parse(started.body);
  const { searchParams } = new URL(url);
  assert.deepEqual([searchParams.get('prompt'), searchParams.get('redirect_uri')], ['login', `${BASE}/api/auth/callback/company`]);
  return ask(second, jar, `/api/auth/callback/company?${new URLSearchParams({ code: 'c', state: searchParams.get('state') })}`);
}

test('a sign-in begun by one and ended by the other, both ways', async (t) => {
  const provider = await Provider.listening(t);
  const told = [];
  const [ours, theirs] = both({ providers: [companyOf(provider, { profile: (p) => ({ id: p.sub, name: p.name.toUpperCase(), email: p.email }) })], callbacks: {
    signIn: ({ user, account, profile }) => { told.push([user.name, account.provider, account.type, account.providerAccountId, profile.sub]); return true; },
    jwt: ({ token, account }) => (account ? { ...token, role: 'admin', via: account.provider } : token),
    session: ({ session, token }) => ({ ...session, role: token.role, via: token.via }),
  } });
  for (const [first, second] of [[ours, theirs], [theirs, ours], [ours, ours], [theirs, theirs]]) {
    const jar = new Jar();
    const ended = await signIn(first, second, jar);
    assert.deepEqual([ended.status, ended.location], [302, `${BASE}/after`]);
    for (const reader of [ours, theirs]) {
      const { user, role, via } = JSON.parse((await ask(reader, jar, '/api/auth/session')).body);
      assert.deepEqual([user.name, user.email, role, via], ['ANN', 'ann@example.com', 'admin', 'company']);
    }
    const out = await ask(second, jar, '/api/auth/signout', { csrfToken: await csrfOf(second, jar) });
    assert.deepEqual([out.status, jar.has(SESSION)], [302, false]);
  }
  for (const line of told) assert.deepEqual(line, ['ANN', 'company', 'oidc', 'u1', 'u1']);
  assert.equal(told.length, 4);
});

test('signIn may refuse, lead elsewhere and throw', async (t) => {
  const provider = await Provider.listening(t);
  for (const answer of [() => false, () => '/elsewhere', () => `${BASE}/x`, () => 'https://elsewhere.example/', () => { throw new Error('no'); }]) {
    const ends = [];
    for (const app of both({ providers: [companyOf(provider)], callbacks: { signIn: answer } })) {
      const jar = new Jar();
      const { status, location } = await signIn(app, app, jar);
      ends.push([status, location, jar.has(SESSION)]);
    }
    assert.deepEqual(ends[0], ends[1], String(answer));
  }
});

test('every route answers as the original', async (t) => {
  const provider = await Provider.listening(t);
  const [ours, theirs] = both({ providers: [companyOf(provider)] });
  for (const [path, form] of [['csrf'], ['session'], ['providers'], ['nowhere'], ['callback/company?code=c&state=forged'], ['signin/company', { csrfToken: 'forged' }], ['signout', { csrfToken: 'forged' }], ['_log', {}]]) {
    const [a, b] = [await ask(ours, new Jar(), `/api/auth/${path}`, form), await ask(theirs, new Jar(), `/api/auth/${path}`, form)];
    assert.deepEqual([a.status, a.location, a.cookies], [b.status, b.location, b.cookies], path);
    if (path !== 'csrf') assert.equal(a.body, b.body, path);
  }
});

class Res {
  headers = new Headers();
  appendHeader(name, value) { this.headers.append(name, value); }
}

test('auth(req, res) and auth(context)', async () => {
  const cookie = await cookieOf();
  const session = ({ session: s, token }) => ({ ...s, user: { ...s.user, id: token.sub, role: token.role } });
  for (const callbacks of [{}, { session }, { session: ({ token }) => ({ only: token.role }) }, { jwt: ({ token }) => ({ ...token, name: 'Renamed' }) }, { jwt: () => null }]) {
    for (const header of [cookie, undefined, `${SESSION}=x`]) {
      const answers = [];
      for (const { auth } of both({ callbacks })) {
        for (const call of [(req, res) => auth(req, res), (req, res) => auth({ req, res })]) {
          const res = new Res();
          const found = await call({ headers: { host: 'localhost:3000', 'x-forwarded-proto': 'http', ...(header && { cookie: header }) } }, res);
          answers.push([bare(found), namesOf(res.headers)]);
        }
      }
      for (const answer of answers) assert.deepEqual(JSON.stringify(answer), JSON.stringify(answers[3]), `${Object.keys(callbacks)} ${header?.length}`);
    }
  }
});

test('callbacks are handed what the original hands them, and may answer in every way', async () => {
  const plain = ({ iat, exp, jti, ...more }) => more;
  const tokens = [claims, { sub: '42' }, { sub: '42', name: 'Ann', groups: ['a', { b: 1 }] }];
  const jwts = { none: undefined, same: ({ token }) => token, promised: async ({ token }) => token, thenable: ({ token }) => ({ then: (done) => done(token) }),
    copied: ({ token }) => ({ ...token }), kept: ({ token }) => { const copy = { ...token }; token.name = 'In place'; return copy; },
    changed: ({ token }) => ({ ...token, name: 'Other', role: 'guest', at: new Date(0) }) };
  const sessions = { none: undefined, same: ({ session }) => session, inPlace: ({ session, token }) => { session.user.role = token.role; session.user.name += '!'; return session; },
    other: ({ token }) => ({ id: token.sub, at: new Date(0), gone: undefined, user: { toJSON: () => 'someone' } }), promised: async ({ session }) => ({ ...session, p: 1 }),
    thenable: ({ session }) => ({ then: (done) => done(session) }), nothing: () => undefined, null: () => null, empty: () => ({}), text: () => 'ab', number: () => 1 };
  for (const of of tokens) {
    const cookie = `${SESSION}=${await encode({ token: of, secret, salt: SESSION })}`;
    for (const [jwtName, jwt] of Object.entries(jwts)) {
      for (const [sessionName, session] of Object.entries(sessions)) {
        const answers = [];
        const seen = [];
        const callbacks = { ...(jwt && { jwt: (params) => { seen.push(['jwt', plain(params.token)]); return jwt(params); } }),
          ...(session && { session: (params) => { seen.push(['session', Object.keys(params), JSON.stringify({ ...params.session, expires: typeof params.session.expires }), plain(params.token)]); return session(params); } }) };
        for (const { auth } of both({ callbacks })) {
          const res = new Res();
          const found = await auth({ headers: { host: 'localhost:3000', 'x-forwarded-proto': 'http', cookie } }, res);
          answers.push({ found: bare(found), names: namesOf(res.headers), seen: seen.splice(0) });
        }
        assert.deepEqual(JSON.parse(JSON.stringify(answers[0])), JSON.parse(JSON.stringify(answers[1])), `${jwtName}, ${sessionName}, ${JSON.stringify(of)}`);
      }
    }
  }
});

test('auth(handler), and auth as a middleware with authorized', async () => {
  const cookie = await cookieOf();
  const page = (req) => Response.json({ name: req.auth?.user.name ?? null });
  const rules = [undefined, () => true, () => false, ({ auth }) => !!auth, ({ request: r }) => r.nextUrl.pathname === '/open',
    () => Response.redirect(`${BASE}/elsewhere`), () => new Response('stop', { status: 403 })];
  for (const authorized of rules) {
    for (const path of ['/x?a=1&b=c%20d', '/open', '/api/auth/signin']) {
      for (const header of [cookie, undefined]) {
        const answers = [];
        for (const { auth } of both({ callbacks: authorized ? { authorized } : {} })) {
          const [inline, wrapped, empty] = [await auth(request(path, header), {}), await auth(page)(request(path, header), {}), await auth(() => undefined)(request(path, header), {})];
          const seen = [];
          for (const answer of [inline, wrapped, empty]) seen.push([answer.status, answer.headers.get('location'), answer.headers.get('x-middleware-next'), await answer.text(), namesOf(answer.headers)]);
          answers.push(seen);
        }
        assert.deepEqual(answers[0], answers[1], `${authorized} ${path} ${!!header}`);
      }
    }
  }
});

test('auth: pages, AUTH_URL and a config that is a function', async (t) => {
  process.env.AUTH_URL = 'https://app.example.com';
  t.after(() => { delete process.env.AUTH_URL; });
  const name = `__Secure-${SESSION}`;
  const cookie = `${name}=${await encode({ token: claims, secret, salt: name })}`;
  const answers = [];
  for (const make of [NextAuth, Theirs]) {
    const asked = [];
    const { auth } = make(async (req) => { asked.push(req?.url ?? null); return { secret, providers: [], logger: quiet, pages: { signIn: '/login' }, callbacks: { authorized: ({ auth: s }) => !!s } }; });
    const [denied, let_in] = [await auth(request('/x')), await auth(request('/x', cookie))];
    answers.push([denied.status, denied.headers.get('location'), let_in.status, namesOf(let_in.headers)]);
  }
  assert.deepEqual(answers[0], answers[1]);
  assert.match(answers[0][1], /^https:\/\/app\.example\.com\/login\?callbackUrl=/);
});

test('components and actions, by the headers, cookies and redirect of Next.js', async (t) => {
  const provider = await Provider.listening(t);
  const folder = mkdtempSync(join(tmpdir(), 'usher-next-'));
  t.after(() => rmSync(folder, { recursive: true }));
  mkdirSync(join(folder, 'node_modules/next'), { recursive: true });
  writeFileSync(join(folder, 'node_modules/next/package.json'), '{"name":"next","version":"16.0.0"}');
  writeFileSync(join(folder, 'node_modules/next/headers.js'), `const set = []; exports.set = set;
    exports.headers = async () => new Headers({ cookie: process.env.COOKIE ?? '', host: 'localhost:3000', 'x-forwarded-proto': 'http', referer: '${BASE}/from' });
    exports.cookies = async () => ({ set: (name, value, options) => set.push({ name, value, ...options }) });`);
  writeFileSync(join(folder, 'node_modules/next/navigation.js'), 'exports.redirect = (url) => { throw Object.assign(new Error("NEXT_REDIRECT"), { url }); };');
  const entry = new URL('../authjs/index.cjs', import.meta.url).pathname;
  const config = JSON.stringify({ secret, providers: [companyOf(provider)] });
  // In a process of its own, whose provider is here: so not spawnSync for what asks it.
  const run = async (code, cookie = '') => {
    const source = `const app = require(${JSON.stringify(entry)})({ ...${config}, logger: { error: (e) => { throw e; }, warn() {} }, callbacks: { jwt: ({ token, trigger, session }) => (trigger === 'update' ? { ...token, name: session.user.name } : token) } });
      (async () => { const result = await (async () => { ${code} })().catch((e) => (e.url ? { redirect: e.url } : { error: String(e) })); console.log(JSON.stringify({ result, set: require(process.cwd() + '/node_modules/next/headers.js').set })); })();`;
    const { spawn } = await import('node:child_process');
    const child = spawn(process.execPath, ['-e', source], { cwd: folder, env: { ...process.env, COOKIE: cookie } });
    let out = '';
    for await (const part of child.stdout) out += part;
    return JSON.parse(out);
  };
  const cookie = await cookieOf();
  assert.equal((await run('return app.auth();', cookie)).result.user.name, 'Ann');
  assert.deepEqual(await run('return app.auth();'), { result: null, set: [] });
  assert.equal((await run('return app.signIn();')).result.redirect, `${BASE}/api/auth/signin?callbackUrl=${encodeURIComponent(`${BASE}/from`)}`);
  assert.equal((await run('return app.signIn("nobody", { redirect: false, redirectTo: "/x" });')).result, `${BASE}/api/auth/signin?callbackUrl=%2Fx`);
  const started = await run('return app.signIn("company", { redirectTo: "/after" }, { login_hint: "ann" });');
  const url = new URL(started.result.redirect);
  assert.deepEqual([url.origin, url.searchParams.get('login_hint'), url.searchParams.get('prompt')], [provider.issuer, 'ann', 'login']);
  const verifier = started.set.find(({ name }) => name === 'authjs.pkce.code_verifier');
  assert.deepEqual([verifier.httpOnly, verifier.path, verifier.sameSite, verifier.maxAge], [true, '/', 'lax', 900]);
  // The browser comes back to the original, which ends what the action began.
  const jar = new Jar();
  for (const { name, value } of started.set) jar.take([`${name}=${encodeURIComponent(value)}`]);
  const [, theirs] = both({ providers: [companyOf(provider)] });
  const ended = await ask(theirs, jar, `/api/auth/callback/company?${new URLSearchParams({ code: 'c', state: url.searchParams.get('state') })}`);
  assert.deepEqual([ended.location, jar.has(SESSION)], [`${BASE}/after`, true]);
  const updated = await run('return app.unstable_update({ user: { name: "Renamed" } });', cookie);
  assert.equal(updated.result.user.name, 'Renamed');
  const { value } = updated.set.find(({ name }) => name === SESSION);
  assert.equal((await theirJwt.decode({ token: value, secret, salt: SESSION })).name, 'Renamed');
  const out = await run('return app.signOut({ redirectTo: "/bye" });', cookie);
  assert.equal(out.result.redirect, `${BASE}/bye`);
  assert.deepEqual(out.set.filter(({ name }) => name === SESSION).map((c) => [c.value, c.maxAge]), [['', 0]]);
  const stayed = (await run('return app.signOut({ redirectTo: "/bye", redirect: false });', cookie)).result;
  const gone = stayed.cookies.find(({ name }) => name === SESSION);
  assert.deepEqual([stayed.redirect, gone.value, gone.options.maxAge, gone.options.path, gone.options.httpOnly], [`${BASE}/bye`, '', 0, '/', true]);
  assert.match((await run('return app.signIn("company", 5);')).result.error, /TypeError: options must be/);
});

test('tokens pass in both directions', async () => {
  const token = await encode({ token: claims, secret, salt: SESSION });
  assert.equal((await theirJwt.decode({ token, secret, salt: SESSION })).role, 'admin');
  assert.equal((await decode({ token: await theirJwt.encode({ token: claims, secret, salt: SESSION }), secret, salt: SESSION })).role, 'admin');
  const req = { headers: { cookie: `${SESSION}=${token}` } };
  for (const params of [{ req, secret }, { req: request('/', req.headers.cookie), secret }, { req: { headers: { authorization: `Bearer ${token}` } }, secret }, { req, secret: ['another-secret-0fX3kq9ZtR7mW2vB8yN5cJ1h', secret] }]) {
    assert.equal((await getToken(params)).role, 'admin');
    assert.equal((await theirJwt.getToken(params)).role, 'admin');
  }
  assert.equal(await getToken({ req, raw: true }), token);
  for (const params of [{ req: { headers: {} }, secret }, { req, secret, secureCookie: true }, { req, secret, salt: 'other' }, { req, secret: `${secret}x` }]) {
    assert.equal(await getToken(params), null);
    assert.equal(await theirJwt.getToken(params), null);
  }
  await assert.rejects(getToken({ req }), /secret/);
  await assert.rejects(decode({ token: 'x', secret, salt: SESSION }));
  for (const bad of [undefined, 1, {}, { secret }, { secret, salt: 1 }, { salt: 'x', secret: 1 }]) await assert.rejects(encode(bad), TypeError);
});

test('a session that is a row is shown without its key, whatever other callbacks there are', async () => {
  const key = '4fe1c6a2-0d0e-4f5a-9a53-5b8f7e0f1a11';
  const expires = new Date(Date.now() + 29.5 * 86400_000);
  const user = { id: '7', name: 'Ann', email: 'ann@example.com', emailVerified: null, image: null, role: 'admin' };
  const found = async () => ({ session: { sessionToken: key, userId: '7', expires }, user });
  const others = ['createUser', 'getUser', 'getUserByEmail', 'getUserByAccount', 'updateUser', 'linkAccount', 'createSession', 'updateSession', 'deleteSession'];
  const adapter = { getSessionAndUser: found, ...Object.fromEntries(others.map((name) => [name, async () => null])) };
  for (const callbacks of [{}, { jwt: ({ token }) => token }, { signIn: () => true }]) {
    const apps = both({ adapter, callbacks });
    const [ours, theirs] = await Promise.all(apps.map(async ({ handlers }) => (await handlers.GET(request('/api/auth/session', `${SESSION}=${key}`))).json()));
    assert.deepEqual([ours, JSON.stringify(ours).includes(key)], [theirs, false]);
  }
});

test('what cannot be is nobody, or an error that names it', async () => {
  const cookie = await cookieOf();
  const errors = [];
  const logger = { ...quiet, error: (e) => errors.push(e.message) };
  const at = { headers: { host: 'localhost:3000', 'x-forwarded-proto': 'http', cookie } };
  const [{ auth, handlers }] = both({ logger, callbacks: { session: () => { throw new Error('database is away'); } } });
  const res = new Res();
  assert.equal(await auth(at, res), null);
  assert.deepEqual([errors.pop(), namesOf(res.headers)], ['database is away', []]);
  assert.equal((await handlers.GET(request('/api/auth/session', cookie))).status, 503);
  const [untrusted] = both({ trustHost: false, logger });
  assert.equal(await untrusted.auth(at, new Res()), null);
  assert.match(errors.pop(), /UntrustedHost/);
  assert.equal((await untrusted.handlers.GET(request('/api/auth/session'))).status, 500);
  const page = await untrusted.handlers.GET(request('/api/auth/signin'));
  assert.deepEqual([page.status, page.headers.get('content-type'), page.headers.getSetCookie()], [500, 'text/html; charset=utf-8', []]);
  const [led] = both({ trustHost: false, logger, pages: { error: '/oops' } });
  assert.match((await led.handlers.GET(request('/api/auth/error'))).headers.get('location'), /^http:.*\/oops\?error=Configuration$/);
  assert.throws(() => NextAuth({ secret, providers: [{ id: 'mail', type: 'email' }] }), /"mail" is of the type "email"/);
  for (const bad of [undefined, null, 1, 'x', []]) assert.throws(() => NextAuth(bad), TypeError);
  for (const bad of [null, 1, 'x']) await assert.rejects(auth(bad), TypeError);
  await assert.rejects(auth({ headers: {} }), /res must be/);
  await assert.rejects(handlers.GET(1), TypeError);
});
