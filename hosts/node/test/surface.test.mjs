// The parts of the two systems' surface beside sign-in and session: errors, cookies, salts, a fetch of the
// program's, wrong arguments. Beside the originals where they can be asked.
import assert from 'node:assert/strict';
import { createRequire } from 'node:module';
import test from 'node:test';
import * as errors from '../authjs/errors.mjs';
import Five, { AuthError, CredentialsSignin, customFetch } from '../authjs/index.mjs';
import * as v5jwt from '../authjs/jwt.mjs';
import Four, { getServerSession } from '../next-auth/index.mjs';
import * as v4jwt from '../next-auth/jwt.mjs';
import withAuth from '../next-auth/middleware.mjs';
import { BASE, Jar, Provider, SECRET as secret } from './kit/kit.mjs';

const tests = createRequire(new URL('../../../tests/package.json', import.meta.url));
const theirErrors = await import(new URL('../../../tests/node_modules/@auth/core/errors.js', import.meta.url));
const { Auth } = await import(new URL('../../../tests/node_modules/@auth/core/index.js', import.meta.url));
const theirV4 = tests('next-auth/jwt');
const theirV5 = await import(new URL('../../../tests/node_modules/@auth/core/jwt.js', import.meta.url));
const { AuthHandler } = tests('../tests/node_modules/next-auth/core/index.js');

for (const name of ['NEXTAUTH_URL', 'AUTH_URL', 'NEXTAUTH_SECRET', 'AUTH_SECRET', 'VERCEL', 'AUTH_TRUST_HOST', 'AUTH_REDIRECT_PROXY_URL']) delete process.env[name];

const quiet = { error() {}, warn() {}, debug() {} };
const company = (provider, more) => ({ id: 'company', name: 'Company', issuer: provider.issuer, clientId: 'app', clientSecret: 'company-client-secret-0123456789', ...more });
const oidc = (provider, more) => company(provider, { type: 'oidc', ...more });
const oauth = (provider, more) => company(provider, { type: 'oauth', wellKnown: `${provider.issuer}/.well-known/openid-configuration`, idToken: true, profile: (p) => ({ id: p.sub, name: p.name }), ...more });

/** A request to our handlers of the app router. */
function ask(make, options, path, { jar = new Jar(), form, base = BASE } = {}) {
  const init = { headers: { cookie: jar.header, host: new URL(base).host }, ...(form && { method: 'POST', body: new URLSearchParams(form) }) };
  const request = new Request(base + path, init);
  const nextauth = new URL(path, base).pathname.slice('/api/auth/'.length).split('/');
  const answer = make === Four ? make(options)(request, { params: Promise.resolve({ nextauth }) }) : make({ trustHost: true, ...options }).handlers[form ? 'POST' : 'GET'](request);
  return answer.then((response) => {
    jar.take(response.headers.getSetCookie());
    return response;
  });
}

async function signIn(make, options, how = {}) {
  const jar = new Jar();
  const { csrfToken } = await (await ask(make, options, '/api/auth/csrf', { jar, ...how })).json();
  return ask(make, options, '/api/auth/signin/company', { jar, form: { csrfToken, callbackUrl: `${how.base ?? BASE}/after` }, ...how });
}

// ---- errors --------------------------------------------------------------------------------------------

test('the errors of v5 are those of the original: names, types, kinds, codes, causes', () => {
  const given = [[], ['m'], [new Error('x')], ['m', { cause: { a: 1 } }], [{ cause: { a: 1 } }], [{ a: 1 }], [new Error('x'), { provider: 'p' }]];
  const names = Object.keys(theirErrors).filter((name) => name !== 'isClientError');
  assert.deepEqual(Object.keys(errors).sort(), names.sort());
  for (const name of names) {
    for (const args of given) {
      const [mine, theirs] = [new errors[name](...args), new theirErrors[name](...args)];
      for (const member of ['message', 'name', 'type', 'kind', 'code']) assert.equal(mine[member], theirs[member], `${name} ${member}`);
      if (!args[0]?.a) assert.deepEqual({ ...mine.cause, err: mine.cause?.err?.message }, { ...theirs.cause, err: theirs.cause?.err?.message }, name);
      assert.ok(mine instanceof errors.AuthError && mine instanceof Error);
      assert.equal(mine instanceof errors.SignInError, theirs instanceof theirErrors.SignInError, name);
    }
  }
  assert.equal(new errors.AccessDenied('m', new Error('why')).cause.err.message, 'why');
  class Locked extends CredentialsSignin { code = 'locked'; }
  const locked = new Locked();
  assert.deepEqual([locked.code, locked.type, locked.kind, locked.name, locked instanceof AuthError], ['locked', 'CredentialsSignin', 'signIn', 'Locked', true]);
});

// ---- cookies -------------------------------------------------------------------------------------------

const partsOf = (line) => {
  const [pair, ...attributes] = line.split('; ');
  return [pair.split('=')[0], ...attributes.filter((a) => !/^(expires|max-age)=/i.test(a)).map((a) => a.toLowerCase()).sort()];
};

test('every cookie can have a name and attributes of its own, as in the originals', async (t) => {
  const provider = await Provider.listening(t);
  const base = 'https://app.example.com';
  const own = (name, more) => ({ name, options: { httpOnly: true, sameSite: 'lax', path: '/', secure: true, ...more } });
  const cookies = {
    sessionToken: own('__Secure-own.session', { domain: '.example.com', sameSite: 'strict' }),
    callbackUrl: own('__Secure-own.url', { domain: '.example.com' }),
    csrfToken: own('__Host-own.csrf'),
    pkceCodeVerifier: own('own.pkce', { sameSite: 'none' }),
    state: own('own.state', { domain: 'example.com', path: '/api' }),
    nonce: own('own.nonce'),
  };
  const sorted = (lines) => lines.map(partsOf).sort();
  const checks = ['pkce', 'state', 'nonce'];

  process.env.NEXTAUTH_URL = base;
  t.after(() => { delete process.env.NEXTAUTH_URL; });
  const four = { secret, cookies, logger: quiet, providers: [oauth(provider, { checks })] };
  const mine = sorted((await signIn(Four, four, { base })).headers.getSetCookie());
  const theirs = await theirSignIn4(four, base);
  assert.deepEqual(mine, theirs);
  assert.deepEqual(mine.map(([name]) => name), ['__Secure-own.url', 'own.nonce', 'own.pkce', 'own.state'], 'and all of them are there');
  const token = await v4jwt.encode({ token: { sub: '1', name: 'Ann' }, secret });
  const renewed = await ask(Four, four, '/api/auth/session', { jar: new Jar().take([`__Secure-own.session=${token}`]), base });
  assert.deepEqual(partsOf(renewed.headers.getSetCookie().find((line) => line.startsWith('__Secure-own.session'))), ['__Secure-own.session', 'domain=.example.com', 'httponly', 'path=/', 'samesite=strict', 'secure']);
  delete process.env.NEXTAUTH_URL;

  const five = { secret, cookies, logger: quiet, trustHost: true, basePath: '/api/auth', providers: [oidc(provider, { checks })] };
  const got = sorted((await signIn(Five, five, { base })).headers.getSetCookie());
  const jar = new Jar();
  const at = (path, form) => Auth(new Request(base + path, { headers: { cookie: jar.header }, ...(form && { method: 'POST', body: new URLSearchParams(form) }) }), five);
  const csrf = await at('/api/auth/csrf');
  jar.take(csrf.headers.getSetCookie());
  const begun = await at('/api/auth/signin/company', { csrfToken: (await csrf.json()).csrfToken, callbackUrl: `${base}/after` });
  assert.deepEqual(got, sorted(begun.headers.getSetCookie()));

  for (const [make, providers] of [[Four, four.providers], [Five, five.providers]]) {
    for (const [bad, name] of [[1, 'options.cookies'], [{ state: 'x' }, 'options.cookies.state'], [{ nonce: { name: 1 } }, 'options.cookies.nonce.name'], [{ csrfToken: { options: 'x' } }, 'options.cookies.csrfToken.options']]) {
      await assert.rejects(ask(make, { secret, providers, cookies: bad, logger: quiet }, '/api/auth/csrf'), (e) => e instanceof TypeError && e.message.startsWith(`${name} must be`), name);
    }
  }
});

/** The same at the original of v4. */
async function theirSignIn4(options, base) {
  const jar = new Jar();
  const at = async (req) => {
    const cookies = Object.fromEntries(jar.header.split('; ').filter(Boolean).map((pair) => [pair.slice(0, pair.indexOf('=')), decodeURIComponent(pair.slice(pair.indexOf('=') + 1))]));
    const answer = await AuthHandler({ req: { headers: {}, query: {}, origin: base, cookies, ...req }, options });
    const lines = (answer.cookies ?? []).map(({ name, value, options: o }) => [`${name}=${encodeURIComponent(value)}`, ...Object.entries(o).filter(([k, v]) => v !== false && k !== 'maxAge' && k !== 'expires').map(([k, v]) => (v === true ? k : `${k}=${v}`))].join('; '));
    jar.take(lines);
    return { answer, lines };
  };
  const { answer } = await at({ method: 'GET', action: 'csrf' });
  const { lines } = await at({ method: 'POST', action: 'signin', providerId: 'company', body: { csrfToken: answer.body.csrfToken, callbackUrl: `${base}/after` } });
  return lines.map(partsOf).sort();
}

// ---- salts ---------------------------------------------------------------------------------------------

test('encode and decode with a salt, both ways and both systems', async () => {
  const token = { value: 'x', provider: 'company' };
  for (const salt of ['next-auth.state', '__Secure-next-auth.state', 'own']) {
    const mine = await v4jwt.encode({ token, secret, salt, maxAge: 60 });
    assert.equal((await theirV4.decode({ token: mine, secret, salt })).value, 'x', salt);
    assert.equal((await v4jwt.decode({ token: await theirV4.encode({ token, secret, salt }), secret, salt })).value, 'x', salt);
    await assert.rejects(v4jwt.decode({ token: mine, secret }), /does not open/);
    await assert.rejects(v4jwt.decode({ token: mine, secret, salt: `${salt}x` }), /does not open/);
    await assert.rejects(v4jwt.decode({ token: await v4jwt.encode({ token, secret, salt, maxAge: -60 }), secret, salt }), /does not open/);
    const five = await v5jwt.encode({ token, secret, salt, maxAge: 60 });
    assert.equal((await theirV5.decode({ token: five, secret, salt })).value, 'x', salt);
    assert.equal((await v5jwt.decode({ token: await theirV5.encode({ token, secret, salt }), secret, salt })).value, 'x', salt);
  }
  assert.equal((await v4jwt.decode({ token: await v4jwt.encode({ token: { sub: '1' }, secret, salt: '' }), secret, salt: '' })).sub, '1');
  for (const [params, name] of [[undefined, 'params'], [{ secret, salt: 1 }, 'params.salt'], [{ secret: 1 }, 'params.secret'], [{ secret, token: 'x' }, 'params.token'], [{ secret, token: [] }, 'params.token'], [{ secret, maxAge: '1' }, 'params.maxAge']]) {
    await assert.rejects(v4jwt.encode(params), (e) => e instanceof TypeError && e.message.startsWith(`${name} must be`), name);
    if (name !== 'params.salt') await assert.rejects(v5jwt.encode(params && { salt: 'own', ...params }), (e) => e instanceof TypeError && e.message.startsWith(`${name} must be`), name);
  }
});

test('__proto__ and its like in claims are plain data', async () => {
  const text = '{"sub":"1","__proto__":{"admin":true},"constructor":{"prototype":{"admin":true}},"toString":"x"}';
  const token = JSON.parse(text);
  for (const [{ encode, decode, getToken }, salt, name] of [[v4jwt, undefined, 'next-auth.session-token'], [v4jwt, 'own', 'own'], [v5jwt, 'authjs.session-token', 'authjs.session-token']]) {
    const sealed = await encode({ token, secret, salt });
    const claims = await decode({ token: sealed, secret, salt });
    assert.deepEqual(Object.keys(claims).slice(0, 4), ['sub', '__proto__', 'constructor', 'toString']);
    assert.equal(claims.admin, undefined);
    assert.equal({}.admin, undefined);
    if (name !== 'own') assert.ok(Object.hasOwn(await getToken({ req: { headers: { cookie: `${name}=${sealed}` } }, secret }), '__proto__'));
  }
  const cookie = `next-auth.session-token=${await v4jwt.encode({ token, secret })}`;
  const res = { getHeader() {}, setHeader() {} };
  const seen = [];
  const options = { secret, providers: [], callbacks: { jwt: ({ token: t }) => { seen.push(Object.hasOwn(t, '__proto__'), t.admin); return t; }, session: ({ session, token: t }) => ({ ...session, own: Object.hasOwn(t, '__proto__') }) } };
  assert.equal((await getServerSession({ headers: { cookie } }, res, options)).own, true);
  assert.deepEqual(seen, [true, undefined]);
});

// ---- a fetch of the program's ------------------------------------------------------------------------------

test('customFetch makes the requests of its provider, and of no other', async () => {
  const provider = new Provider();
  const asked = [];
  const own = (url, init) => { asked.push(url); return provider.fetch(url, init); };
  for (const one of [oidc(provider, { [customFetch]: own }), { ...oidc(provider), options: { clientId: 'other', [customFetch]: own } }]) {
    asked.length = 0;
    const answer = await signIn(Five, { secret, logger: quiet, providers: [one] });
    assert.match(answer.headers.get('location'), /^https:\/\/id\.example\.com\/authorize\?/);
    assert.deepEqual(asked, [`${provider.issuer}/.well-known/openid-configuration`]);
  }
  const other = await signIn(Five, { secret, logger: quiet, providers: [oidc({ issuer: 'https://nobody.invalid' }), { ...oidc(provider), id: 'second', [customFetch]: own }] });
  assert.match(other.headers.get('location'), /error=/);
  assert.throws(() => Five({ secret, providers: [oidc(provider, { [customFetch]: 'x' })] }), /^TypeError: options.providers\[0\]\[customFetch\] must be a function/);
});

// ---- what is not part of it --------------------------------------------------------------------------------

test('what is not part of this version is an error that names it', (t) => {
  const provider = new Provider();
  const five = (more) => () => Five({ secret, providers: [oidc(provider)], ...more });
  assert.throws(five({ redirectProxyUrl: 'https://proxy.example.com/api/auth' }), { code: 'USHER_E_SETTING', message: /redirectProxyUrl/ });
  assert.throws(five({ providers: [oidc(provider, { redirectProxyUrl: 'https://proxy.example.com' })] }), /"company" has a redirectProxyUrl/);
  process.env.AUTH_REDIRECT_PROXY_URL = 'https://proxy.example.com';
  t.after(() => { delete process.env.AUTH_REDIRECT_PROXY_URL; });
  assert.throws(five(), /AUTH_REDIRECT_PROXY_URL/);
});

test('a wrong argument is a TypeError that names it', async () => {
  const rejects = (promise, name) => assert.rejects(promise, (e) => e instanceof TypeError && e.message.startsWith(`${name} must be`), name);
  const throws = (f, name) => assert.throws(f, (e) => e instanceof TypeError && e.message.startsWith(`${name} must be`), name);
  const five = Five({ secret, providers: [], trustHost: true });
  for (const bad of [null, 1, 'x', []]) {
    throws(() => Four(bad), 'options');
    throws(() => Five(bad), 'config');
    if (bad !== null && bad.length !== 0) await rejects(five.signIn('company', bad), 'options');
    if (bad !== null && bad.length !== 0) await rejects(five.signOut(bad), 'options');
    if (bad !== null) await rejects(getServerSession(bad), 'options');
    await rejects(getServerSession(bad === null || Array.isArray(bad) ? 1 : bad, {}, {}), 'req');
  }
  await rejects(getServerSession({ headers: {} }, {}, {}), 'res');
  await rejects(five.signIn('company', {}, 5), 'authorizationParams');
  throws(() => withAuth(), 'req');
  throws(() => withAuth('x'), 'options');
  await rejects(withAuth({})(1), 'req');
  throws(() => Four({ providers: 1 }), 'options.providers');
  throws(() => Four({ providers: [1] }), 'options.providers[0]');
  throws(() => Five({ providers: [{ id: 5 }] }), 'options.providers[0].id');
});

test('a wrong option is a TypeError that names it, before anybody asks', async () => {
  const wrong = {
    secret: 5, useSecureCookies: 'yes', debug: 1, session: 'jwt', 'session.strategy': 'cookie', 'session.maxAge': '1', 'session.updateAge': {}, jwt: 1, 'jwt.maxAge': 'x', 'jwt.encode': 1,
    theme: 'dark', adapter: 1, callbacks: [], 'callbacks.jwt': {}, 'callbacks.session': 1, 'callbacks.signIn': true, 'callbacks.redirect': '/', events: 1, 'events.signIn': 'x', 'events.linkAccount': 1,
    logger: 1, 'logger.error': 'x', 'logger.warn': 1, 'logger.debug': {}, pages: '/x', 'pages.signIn': 1, 'pages.newUser': {},
  };
  for (const [path, value] of Object.entries(wrong)) {
    const [first, second] = path.split('.');
    const options = { secret, providers: [], [first]: second ? { [second]: value } : value };
    assert.throws(() => Four(options), (e) => e instanceof TypeError && e.message.startsWith(`options.${path} must be`), path);
    assert.throws(() => Five(options), (e) => e instanceof TypeError && e.message.startsWith(`config.${path} must be`), path);
    const read = getServerSession({ headers: {} }, { getHeader() {}, setHeader() {} }, options);
    await assert.rejects(read, (e) => e instanceof TypeError && e.message.startsWith(`options.${path} must be`), path);
    const { auth } = Five(() => ({ trustHost: true, ...options }));
    await assert.rejects(auth({ headers: { host: 'localhost:3000' } }, { appendHeader() {} }), (e) => e instanceof TypeError && e.message.startsWith(`config.${path} must be`), path);
  }
  for (const fine of [undefined, null]) for (const path of Object.keys(wrong)) if (!path.includes('.')) Four({ secret, providers: [], [path]: fine });
});

test('debug says that it is on, once, and what was answered, without secrets', async () => {
  for (const [make, word] of [[Four, 'DEBUG_ENABLED'], [Five, 'debug-enabled']]) {
    const said = [];
    const options = { secret, providers: [], debug: true, logger: { error() {}, warn: (code) => said.push(['warn', code]), debug: (...line) => said.push(['debug', ...line]) } };
    await ask(make, options, '/api/auth/csrf');
    await ask(make, options, '/api/auth/session');
    assert.deepEqual(said, [['warn', word], ['debug', 'ANSWER', { method: 'GET', action: 'csrf', status: 200 }], ['debug', 'ANSWER', { method: 'GET', action: 'session', status: 200 }]]);
  }
});

test('withAuth and getToken: a wrong argument is named, and no cookie is an exception', async () => {
  const is = (name) => (e) => e instanceof TypeError && e.message.startsWith(`${name} must be`);
  const wrong = { secret: 5, pages: 1, 'pages.signIn': 1, callbacks: 1, 'callbacks.authorized': true, jwt: 1, 'jwt.decode': 'x' };
  for (const [path, value] of Object.entries(wrong)) {
    const [first, second] = path.split('.');
    const options = { [first]: second ? { [second]: value } : value };
    assert.throws(() => withAuth(options), is(`options.${path}`), path);
    assert.throws(() => withAuth(() => {}, options), is(`options.${path}`), path);
    await assert.rejects(withAuth(new Request(`${BASE}/x`), options), is(`options.${path}`), path);
  }
  assert.throws(() => withAuth({ cookies: { sessionToken: { name: 1 } } }), is('options.cookies.sessionToken.name'));
  const req = { headers: {} };
  for (const { getToken } of [v4jwt, v5jwt]) {
    for (const bad of [1, 'x', null, undefined]) await assert.rejects(getToken(bad), is('params'));
    for (const [name, value] of [['secret', 5], ['cookieName', 5], ['decode', 'x']]) await assert.rejects(getToken({ req, secret, [name]: value }), is(`params.${name}`));
    for (const cookie of ['', ';', '=', 'a', `${'x'.repeat(9000)}=1`, 'next-auth.session-token', 'authjs.session-token=%', 'authjs.session-token="a', 'next-auth.session-token=a.b.c.d.e', '\u00ff=1', '__proto__=1; constructor=2']) {
      for (const more of [{}, { decode: () => { throw new Error('no'); } }, { decode: () => null }]) {
        assert.equal(await getToken({ req: { headers: { cookie } }, secret, ...more }), null, cookie);
        const answer = await withAuth({ secret })(new Request(`${BASE}/x`, { headers: { cookie } }));
        assert.equal(answer.status, 307);
      }
    }
    for (const authorization of ['Bearer', 'Bearer %', 'Bearer %ZZ', 'bearer x', 'Basic x', 'Bearer a.b.c.d.e']) assert.equal(await getToken({ req: { headers: { authorization } }, secret }), null, authorization);
  }
});
