// Auth0Client beside Auth0's own SDK: the same secret, the same cookies, the same requests to both.
import assert from 'node:assert/strict';
import { AsyncLocalStorage } from 'node:async_hooks';
import { createRequire } from 'node:module';
import test from 'node:test';
import * as Ours from '../auth0/index.mjs';
import { Jar } from './kit/kit.mjs';
import { Tenant } from './kit/tenant.mjs';

globalThis.AsyncLocalStorage = AsyncLocalStorage; // as Next.js' server has it
const tests = new URL('../../../tests/package.json', import.meta.url);
const load = (path) => import(new URL(`node_modules/${path}`, tests));
process.chdir(new URL('.', tests).pathname); // where the application's Next.js is
for (const name of Object.keys(process.env)) if (/^(AUTH0_|APP_BASE_URL|NEXT_PUBLIC_)/.test(name)) delete process.env[name];
const Theirs = await load('@auth0/nextjs-auth0/dist/server/index.js');
const theirErrors = await load('@auth0/nextjs-auth0/dist/errors/index.js');
const { generateSessionCookie } = await load('@auth0/nextjs-auth0/dist/testing/index.js');
const { encrypt } = await load('@auth0/nextjs-auth0/dist/server/cookies.js');
const require = createRequire(tests);
const { NextRequest, NextResponse } = require('next/server');

const secret = 'tests-only-0fX3kq9ZtR7mW2vB8yN5cJ1h';
const BASE = 'http://localhost:3000';
const options = { domain: 'tenant.example.com', clientId: 'app', clientSecret: 'the client secret of the tests', secret, appBaseUrl: BASE };
const both = (more = {}) => [Ours.Auth0Client, Theirs.Auth0Client].map((Client) => new Client({ ...options, ...more }));
const now = () => Math.floor(Date.now() / 1000);

const data = (more = {}) => ({
  user: { sub: 'auth0|1', name: 'Ann', email: 'ann@example.com', picture: null },
  tokenSet: { accessToken: 'at0', idToken: 'it0', refreshToken: 'rt0', scope: 'openid profile email offline_access', requestedScope: 'openid profile email offline_access', expiresAt: now() + 600 },
  internal: { sid: 'SID1', createdAt: now() - 60 },
  custom: { theme: 'dark' },
  ...more,
});
const cookieOf = async (session = data()) => `__session=${await generateSessionCookie(session, { secret })}`;
const request = (path, cookie, init = {}) => new NextRequest(BASE + path, { ...init, headers: { ...(cookie && { cookie }), ...init.headers } });
const outcome = (promise) => promise.then((value) => ({ value }), (error) => ({ name: error.name, code: error.code, message: error.message, cause: error.cause?.code }));
const namesOf = (response) => response.headers.getSetCookie().map((line) => line.split('=')[0]);
const written = (response) => response.headers.getSetCookie().filter((line) => !/max-age=0/i.test(line));

class Res {
  headers = new Headers();
  code = 200;
  appendHeader(name, value) { this.headers.append(name, value); return this; }
  setHeader(name, value) { this.headers.delete(name); for (const one of [value].flat()) this.headers.append(name, one); return this; }
  status(code) { this.code = code; return this; }
  json(body) { this.body = body; }
}

// ---- within Next.js' own storage: a Route Handler or a Server Action, and a component ----------------

const { createRequestStoreForAPI } = require('next/dist/server/async-storage/request-store.js');
const { workAsyncStorage } = require('next/dist/server/app-render/work-async-storage.external.js');
const { workUnitAsyncStorage } = require('next/dist/server/app-render/work-unit-async-storage.external.js');

/** What `run` gives, and the Set-Cookie lines that Next.js would send. */
async function inRoute(cookie, run, phase = 'action') {
  const req = request('/page', cookie);
  let lines = [];
  const store = createRequestStoreForAPI(req, req.nextUrl, { tags: [], expirationsByCacheKind: new Map() }, (set) => { lines = set; }, undefined);
  store.phase = phase;
  const work = { route: '/page', page: '/page', forceStatic: false, forceDynamic: false, dynamicShouldError: false, isStaticGeneration: false };
  const result = await workAsyncStorage.run(work, () => workUnitAsyncStorage.run(store, () => outcome(run())));
  return { ...result, lines };
}

// ---- reading -----------------------------------------------------------------------------------------

test('A1, A2, A4: getSession in every form', async () => {
  const [ours, theirs] = both();
  const cookie = await cookieOf();
  const seen = [];
  for (const client of [ours, theirs]) {
    for (const call of [
      () => client.getSession(request('/', cookie)),
      () => client.getSession(new Request(BASE, { headers: { cookie } })),
      () => client.getSession({ headers: { cookie }, cookies: {}, method: 'GET', url: '/' }),
      async () => (await inRoute(cookie, () => client.getSession())).value,
      async () => (await inRoute(cookie, () => client.getSession(), 'render')).value,
    ]) seen.push(await call());
  }
  for (const session of seen) assert.deepEqual(session, seen[9]);
  assert.equal(seen[0].user.name, 'Ann');
  assert.deepEqual(Object.keys(seen[0]), Object.keys(seen[9]));
});

test('A6: null and never an exception', async () => {
  const [ours, theirs] = both();
  const good = await cookieOf();
  const spoilt = good.slice(0, -2) + (good.endsWith('AA') ? 'BB' : 'AA');
  const expired = `__session=${await encrypt(data(), secret, now() - 100)}`;
  const foreign = `__session=${await generateSessionCookie(data(), { secret: 'another-secret-0fX3kq9ZtR7mW2vB8y' })}`;
  for (const cookie of [undefined, '', expired, '__session=', '__session=zzz', spoilt, foreign, 'a=b; c', '__session__0=x; __session__2=y', `${good}x`]) {
    for (const client of [ours, theirs]) {
      assert.equal(await client.getSession(request('/', cookie)), null, cookie);
      assert.equal(await client.getSession({ headers: { cookie } }), null, cookie);
    }
  }
  assert.equal(await ours.getSession(request('/', undefined, { headers: { authorization: `Bearer ${good.slice(10)}` } })), null);
  for (const bad of [null, 1, 'x', {}, { headers: 1 }]) await assert.rejects(ours.getSession(bad), TypeError);
});

// ---- middleware --------------------------------------------------------------------------------------

test('A3, A5: middleware rolls the session, and what is read after it is what was written', async () => {
  for (const session of [{}, { rolling: false }, { absoluteDuration: 100, inactivityDuration: 40 }, { inactivityDuration: 7200 }, { cookie: { name: 'app', path: '/', sameSite: 'strict' } }]) {
    const pair = both({ session });
    const name = session.cookie?.name ?? '__session';
    const cookie = (await cookieOf()).replace('__session', name);
    const seen = [];
    for (const client of pair) {
      const req = request('/page', cookie);
      const before = await client.getSession(req);
      const response = await client.middleware(req);
      const after = await client.getSession(req);
      const [line] = written(response);
      seen.push({
        next: response.headers.get('x-middleware-next'),
        cache: [response.headers.get('cache-control'), response.headers.get('pragma'), response.headers.get('expires')],
        names: written(response).map((l) => l.split('=')[0]),
        attributes: line?.split('; ').slice(1).map((part) => part.replace(/(?<=Expires=|Max-Age=).*/, '')),
        maxAge: Number(/Max-Age=(\d+)/.exec(line)?.[1] ?? 0),
        rolled: req.headers.get('cookie') !== cookie,
        later: (after?.exp ?? 0) - (before?.exp ?? 0),
        user: after?.user,
        createdAt: after?.internal.createdAt,
        forwarded: (response.headers.get('x-middleware-set-cookie') ?? '').split(',').filter((l) => l.startsWith(`${name}=`)).length,
        jar: response.cookies.get(name)?.value !== undefined,
      });
    }
    for (const name of ['later', 'maxAge']) { // a second may have begun in between
      assert.ok(Math.abs(seen[0][name] - seen[1][name]) <= 1, `${name}: ${seen[0][name]} ${seen[1][name]}`);
      seen[0][name] = seen[1][name];
    }
    assert.deepEqual(seen[0], seen[1], JSON.stringify(session));
  }
});

test('A3: nobody is stopped; a hook may leave the session as it is', async () => {
  for (const [cookie, beforeSessionRolled] of [[undefined], ['__session=zzz'], [await cookieOf(), () => false], [await cookieOf(), async () => { throw new Error('no'); }], [await cookieOf(), () => undefined]]) {
    const seen = [];
    for (const client of both({ session: { beforeSessionRolled } })) {
      const response = await client.middleware(request('/page', cookie));
      seen.push([response.status, response.headers.get('x-middleware-next'), written(response).length, response.headers.get('cache-control')]);
    }
    assert.deepEqual(seen[0], seen[1], `${cookie?.length} ${beforeSessionRolled}`);
  }
});

test('A3: `export default auth0.middleware`, plain requests, other methods and paths', async () => {
  const [ours, theirs] = both();
  const cookie = await cookieOf();
  for (const [path, method] of [['/page', 'GET'], ['/auth/login', 'POST'], ['/auth/loginx', 'GET'], ['/Auth/login', 'GET'], ['/auth', 'GET'], ['/auth/profile', 'HEAD']]) {
    const seen = [];
    for (const { middleware } of [ours, theirs]) {
      const response = await middleware(new Request(BASE + path, { method, headers: { cookie } }));
      seen.push([response.status, response.headers.get('x-middleware-next'), written(response).length]);
    }
    assert.deepEqual(seen[0], seen[1], `${method} ${path}`);
  }
  const plain = new Request(`${BASE}/page`, { headers: { cookie } });
  const response = await ours.middleware(plain);
  assert.ok(response instanceof NextResponse);
  assert.notEqual(plain.headers.get('cookie'), cookie);
  response.cookies.set('mine', '1');
  assert.ok(namesOf(response).includes('mine') && namesOf(response).includes('__session'));
  for (const bad of [undefined, null, 1, {}, { headers: {} }]) await assert.rejects(ours.middleware(bad), TypeError);
});

test('A7: updateSession in its three forms', async () => {
  const [ours, theirs] = both();
  const cookie = await cookieOf();
  const next = { ...data(), user: { sub: 'auth0|1', name: 'Renamed', extra: [1, { a: 'é' }] }, fresh: true, internal: { createdAt: 1, sid: 'forged' } };
  delete next.custom;
  const seen = [];
  for (const client of [ours, theirs]) {
    const route = await inRoute(cookie, async () => { await client.updateSession(next); return client.getSession(); });
    const jar = new Jar().take(route.lines);
    const req = request('/', cookie);
    const res = NextResponse.next();
    await client.updateSession(req, res, next);
    const pages = new Res();
    await client.updateSession({ headers: { cookie } }, pages, next);
    for (const session of [route.value, await ours.getSession(request('/', jar.header)), await theirs.getSession(request('/', jar.header)), await client.getSession(req),
      await theirs.getSession(request('/', new Jar().take(res.headers.getSetCookie()).header)), await ours.getSession(request('/', new Jar().take(pages.headers.getSetCookie()).header))]) {
      delete session.exp;
      seen.push(session);
    }
  }
  for (const session of seen) assert.deepEqual(session, seen[11]);
  assert.deepEqual([seen[0].user.name, seen[0].internal.sid, seen[0].custom, seen[0].fresh], ['Renamed', 'SID1', undefined, true]);
});

test('A7: who cannot be updated', async () => {
  const cookie = await cookieOf();
  for (const client of both()) {
    for (const [given, session] of [[undefined, data()], ['__session=zzz', data()], [cookie, undefined], [cookie, null]]) {
      const route = await inRoute(given, () => client.updateSession(session));
      const pages = await outcome(client.updateSession({ headers: { cookie: given } }, new Res(), session));
      assert.equal(route.message, session ? 'The user is not authenticated.' : 'The session data is missing.');
      assert.equal(pages.message, route.message);
      assert.deepEqual(route.lines, []);
    }
  }
});

// ---- tokens ------------------------------------------------------------------------------------------

const tenantOptions = (tenant, more) => ({ domain: tenant.issuer, allowInsecureRequests: true, ...more });

test('A8: getAccessToken without a refresh', async () => {
  const sets = {
    fresh: data(),
    'no end': data({ tokenSet: { accessToken: 'at', expiresAt: null } }),
    'over, nothing to refresh with': data({ tokenSet: { accessToken: 'at', expiresAt: now() - 5 } }),
    'no tokens': data({ tokenSet: {} }),
    'of another audience': data({ accessTokens: [{ accessToken: 'other', audience: 'https://api', scope: 'read', requestedScope: 'openid profile email offline_access read', expiresAt: now() + 600, token_type: 'bearer' }] }),
  };
  for (const [label, session] of Object.entries(sets)) {
    const cookie = await cookieOf(session);
    for (const question of [{}, { audience: 'https://api', scope: 'read' }, { scope: 'openid' }, { mergeScopes: false, scope: 'openid' }]) {
      if (question.audience && session.tokenSet.refreshToken && !session.accessTokens) continue; // that is a refresh
      const seen = [];
      for (const client of both()) {
        seen.push(await outcome(client.getAccessToken({ headers: { cookie } }, new Res(), question)));
        const route = await inRoute(cookie, () => client.getAccessToken(question));
        assert.deepEqual(route.lines, []);
        delete route.lines;
        seen.push(route);
      }
      for (const one of seen) assert.deepEqual(one, seen[3], `${label} ${JSON.stringify(question)}`);
    }
  }
  for (const client of both()) {
    assert.equal((await outcome(client.getAccessToken({ headers: {} }, new Res()))).code, 'missing_session');
    for (const bad of [[{ headers: {} }], [{}, new Res()], [undefined, undefined, {}]]) await assert.rejects(client.getAccessToken(...bad), TypeError);
  }
});

test('A8: getAccessToken refreshes when it is due or asked to', async (t) => {
  const tenant = await Tenant.listening(t);
  const over = data({ tokenSet: { ...data().tokenSet, expiresAt: now() - 5 } });
  let number = 0;
  for (const [session, question, buffer] of [[over, {}], [data(), { refresh: true }], [data(), {}, 3600], [data(), { audience: 'https://api' }], [data(), { scope: 'read:x' }],
    [data(), { scope: 'read:x', audience: 'https://api' }], [data(), { scope: 'read:x', audience: 'https://api', mergeScopes: false }]]) {
    const refreshToken = `rt${number += 1}`; // the same request is made once only
    const cookie = await cookieOf({ ...session, tokenSet: { ...session.tokenSet, refreshToken } });
    const seen = [];
    for (const client of both(tenantOptions(tenant, { tokenRefreshBuffer: buffer }))) {
      tenant.valid = new Set([refreshToken]);
      tenant.asked = [];
      const req = request('/', cookie);
      const res = NextResponse.next();
      const { value } = await outcome(client.getAccessToken(req, res, question));
      const { body } = tenant.refreshes[0];
      const later = await client.getSession(req);
      seen.push({
        value: { ...value, token: 'new', expiresAt: Math.abs(value.expiresAt - now() - 3600) < 3 },
        asked: [...body.keys()].sort(), sent: [body.get('scope'), body.get('audience'), body.get('refresh_token')],
        main: later.tokenSet.accessToken !== 'at0', kept: tenant.valid.has(later.tokenSet.refreshToken), user: later.user,
        others: later.accessTokens?.map(({ audience, scope, requestedScope, token_type }) => ({ audience, scope, requestedScope, token_type })),
        read: (await Promise.all(both().map((c) => c.getSession(request('/', new Jar().take(res.headers.getSetCookie()).header))))).map((s) => s?.tokenSet.refreshToken === later.tokenSet.refreshToken),
      });
    }
    // Theirs loses a rotated refresh token where the new set has no place of its own.
    if (question.scope && !question.audience) for (const one of seen) { delete one.kept; delete one.read; delete one.user; }
    assert.deepEqual(seen[0], seen[1], JSON.stringify(question));
  }
});

test('A8: refused, unreachable, another factor', async (t) => {
  const tenant = await Tenant.listening(t);
  const cookie = await cookieOf(data({ tokenSet: { ...data().tokenSet, expiresAt: now() - 5 } }));
  for (const body of [{ error: 'invalid_grant', error_description: 'gone' }, { error: 'access_denied' }, { nothing: 1 }, { error: 'mfa_required', error_description: 'another factor', mfa_token: 'mt', mfa_requirements: { challenge: [{ type: 'otp' }] } }]) {
    const seen = [];
    for (const client of both(tenantOptions(tenant))) {
      tenant.refusal = { status: 403, body };
      const res = new Res();
      const { cause, ...rest } = await outcome(client.getAccessToken({ headers: { cookie } }, res));
      seen.push({ ...rest, cause: body.nothing ? undefined : cause });
    }
    assert.deepEqual(seen[0], seen[1], JSON.stringify(body));
  }
  for (const [index, client] of both({ domain: 'http://localhost:9/', allowInsecureRequests: true }).entries()) {
    const error = await client.getAccessToken({ headers: { cookie } }, new Res()).catch((e) => e);
    assert.equal(error.code, 'discovery_error');
    assert.ok(error instanceof [Ours, theirErrors][index].DiscoveryError);
  }
});

test('A8: one refresh, however many ask', async (t) => {
  const tenant = await Tenant.listening(t);
  const [ours] = both(tenantOptions(tenant));
  const over = data({ tokenSet: { ...data().tokenSet, expiresAt: now() - 5, refreshToken: 'rt-once' } });
  const cookie = await cookieOf(over);
  tenant.valid = new Set(['rt-once', 'rt-other']);
  tenant.delay = 60;
  const ask = async (given, ...rest) => { const res = new Res(); const { token } = await ours.getAccessToken({ headers: { cookie: given } }, res, ...rest); return [token, new Jar().take(res.headers.getSetCookie()).header]; };
  const answers = await Promise.all([ask(cookie), ask(`a=b; ${cookie}`), ask(cookie), inRoute(cookie, () => ours.getAccessToken()), visit(ours, new Jar().take([cookie]), '/auth/access-token').then(({ body }) => [JSON.parse(body).token])]);
  answers.push(await ask(cookie)); // sent before the new cookie had come
  assert.equal(tenant.refreshes.length, 1);
  const tokens = answers.map((answer) => answer[0] ?? answer.value.token);
  assert.deepEqual(new Set(tokens).size, 1, tokens.join());
  for (const [, header] of answers.filter((answer) => answer[1])) {
    assert.ok(tenant.valid.has((await ours.getSession(request('/', header))).tokenSet.refreshToken), 'everybody has the rotated one');
  }
  const other = await cookieOf({ ...over, user: { sub: 'auth0|1' }, tokenSet: { ...over.tokenSet, refreshToken: 'rt-other' } });
  assert.notEqual((await ask(other))[0], tokens[0]);
  assert.equal(tenant.refreshes.length, 2);
  tenant.valid = new Set();
  const gone = await cookieOf({ ...over, tokenSet: { ...over.tokenSet, refreshToken: 'rt-gone' } });
  const refused = await Promise.all([outcome(ask(gone)), outcome(ask(gone))]);
  assert.deepEqual(refused.map(({ code }) => code), ['failed_to_refresh_token', 'failed_to_refresh_token']);
  assert.equal(tenant.refreshes.length, 3);
  await outcome(ask(gone));
  assert.equal(tenant.refreshes.length, 4, 'a failure is not kept');
});

// ---- guards ------------------------------------------------------------------------------------------

test('withApiAuthRequired and withPageAuthRequired, in both routers', async () => {
  const cookie = await cookieOf();
  for (const given of [cookie, undefined, '__session=zzz', await cookieOf(data({ user: undefined }))]) {
    const seen = [];
    for (const client of both()) {
      const api = client.withApiAuthRequired(async (req, res) => (res instanceof Res ? res.status(204).json({ ok: 1 }) : Response.json({ ok: await client.getSession().then((s) => s.user.name) })));
      const { value: answer } = await inRoute(given, () => api(request('/api', given), {}));
      const res = new Res();
      await api({ headers: { cookie: given } }, res);
      const page = client.withPageAuthRequired(async (props) => props.x, { returnTo: ({ x }) => `/p/${x}` });
      const bare = client.withPageAuthRequired(async () => 'page');
      const props = client.withPageAuthRequired({ getServerSideProps: async () => ({ props: Promise.resolve({ mine: 1 }) }) });
      const ctx = { req: { headers: { cookie: given } }, resolvedUrl: '/here?a=1&b=2' };
      const redirected = ({ value, message, ...rest }) => [value, message];
      const moved = async (run) => { const e = await inRoute(given, () => run().catch((error) => { throw Object.assign(new Error(error.digest ?? error.message)); })); return redirected(e); };
      seen.push([answer.status, await answer.json(), res.code, res.body, await moved(() => page({ x: 7 })), await moved(() => bare({})), await props(ctx),
        await client.withPageAuthRequired({ returnTo: '/there' })(ctx), await client.withPageAuthRequired()(ctx)]);
    }
    assert.deepEqual(JSON.stringify(seen[0]), JSON.stringify(seen[1]), given?.slice(0, 20));
  }
});

// ---- settings ----------------------------------------------------------------------------------------

test('options and environment', async () => {
  const { error } = console;
  console.error = () => {};
  try {
    for (const Client of [Ours.Auth0Client, Theirs.Auth0Client]) {
      assert.doesNotThrow(() => new Client()); // a build has no secrets
      assert.throws(() => new Client({ ...options, appBaseUrl: 'no url' }), TypeError);
      assert.throws(() => new Client({ ...options, tokenRefreshBuffer: -1 }), TypeError);
      assert.throws(() => new Client({ ...options, appBaseUrl: [] }).startInteractiveLogin() && (() => { throw new Error('later'); })());
    }
  } finally {
    console.error = error;
  }
  Object.assign(process.env, { AUTH0_DOMAIN: 'tenant.example.com', AUTH0_CLIENT_ID: 'app', AUTH0_CLIENT_SECRET: 'x', AUTH0_SECRET: secret, APP_BASE_URL: BASE, AUTH0_COOKIE_SAME_SITE: 'strict', AUTH0_COOKIE_PATH: '/' });
  const lines = [];
  for (const Client of [Ours.Auth0Client, Theirs.Auth0Client]) {
    const response = await new Client().middleware(request('/page', await cookieOf()));
    lines.push(written(response)[0].split('; ').filter((part) => /^(Path|SameSite|HttpOnly|Secure)/.test(part)));
  }
  assert.deepEqual(lines[0], lines[1]);
  for (const name of Object.keys(process.env)) if (/^(AUTH0_|APP_BASE_URL)/.test(name)) delete process.env[name];
  for (const bad of [null, 1, 'x', []]) assert.throws(() => new Ours.Auth0Client(bad), TypeError);
  assert.throws(() => new Ours.Auth0Client({ ...options, useDPoP: true }), /useDPoP/);
  for (const other of [{ path: '/x' }, { sameSite: 'strict' }, { domain: 'example.com' }, { secure: true }]) {
    assert.throws(() => new Ours.Auth0Client({ ...options, transactionCookie: other }), /transactionCookie\.\w+ other than the session cookie's/);
  }
  const session = { cookie: { path: '/x', sameSite: 'strict' } };
  assert.ok(new Ours.Auth0Client({ ...options, session, transactionCookie: { path: '/x', sameSite: 'strict', secure: false, prefix: 't_', domain: undefined } }));
  assert.ok(new Ours.Auth0Client({ ...options, appBaseUrl: 'https://app.example.com', transactionCookie: { secure: false } }));
});

// ---- routes ------------------------------------------------------------------------------------------

/** What the browser does: a request by a middleware, its cookies kept. */
async function visit(client, jar, path, init) {
  const response = await client.middleware(request(path, jar.header, init));
  jar.take(response.headers.getSetCookie());
  return { status: response.status, location: response.headers.get('location') ?? undefined, body: await response.text(), cache: response.headers.get('cache-control'), response };
}

async function signIn(first, second, tenant, { query = '', callback = '/auth/callback', login = '/auth/login' } = {}) {
  const jar = new Jar();
  const started = await visit(first, jar, `${login}${query}`);
  const { searchParams } = new URL(started.location);
  tenant.nonce = searchParams.get('nonce');
  const ended = await visit(second, jar, `${callback}?${new URLSearchParams({ code: 'c', state: searchParams.get('state') })}`);
  tenant.nonce = undefined;
  return { jar, ended, asked: searchParams };
}

test('A10: a sign-in begun by one and ended by the other, both ways', async (t) => {
  const tenant = await Tenant.listening(t);
  const [ours, theirs] = both(tenantOptions(tenant, { authorizationParameters: { audience: 'https://api', max_age: undefined, prompt: 'login' }, signInReturnToPath: '/home' }));
  const seen = [];
  for (const [first, second] of [[ours, theirs], [theirs, ours], [ours, ours], [theirs, theirs]]) {
    for (const query of ['', '?returnTo=/after%3Fa%3D1&ui_locales=fr', '?returnTo=https://evil.example/']) {
      const { jar, ended, asked } = await signIn(first, second, tenant, { query });
      const sessions = [await ours.getSession(request('/', jar.header)), await theirs.getSession(request('/', jar.header))];
      assert.deepEqual(sessions[0], sessions[1]);
      const { user, tokenSet: { accessToken, refreshToken, expiresAt, idToken, ...rest }, internal } = sessions[0];
      const profile = await visit(first, jar, '/auth/profile');
      const token = await visit(second, jar, '/auth/access-token');
      seen.push({ query, status: ended.status, location: ended.location, cache: ended.cache, user, rest, internal: [internal.sid, Math.abs(internal.createdAt - now()) < 3],
        asked: [...asked].filter(([name]) => !/^(state|nonce|code_challenge)$/.test(name)).sort(), profile: [profile.status, profile.body], token: [token.status, Object.keys(JSON.parse(token.body))],
        cookies: jar.header.split('; ').map((pair) => pair.split('=')[0]) });
      const out = await visit(second, jar, '/auth/logout?returnTo=/bye');
      assert.deepEqual([out.status, jar.header, new URL(out.location).searchParams.get('post_logout_redirect_uri')], [307, '', '/bye']);
    }
  }
  for (const [i, one] of seen.entries()) assert.deepEqual(one, seen[9 + (i % 3)], `${i}`);
});

test('routes, and what is answered without a session', async (t) => {
  const tenant = await Tenant.listening(t);
  const routes = { login: '/in', callback: '/back', logout: '/out', profile: '/me', accessToken: '/token' };
  for (const [label, options_, paths] of [['default', {}, ['/auth/profile', '/auth/profile/', '/auth/access-token', '/auth/callback', '/auth/callback?state=x', '/auth/logout', '/auth/login?max_age=x']],
    ['elsewhere', { routes }, ['/me', '/token', '/back', '/auth/profile', '/auth/login', '/out/']],
    ['without', { enableAccessTokenEndpoint: false, noContentProfileResponseWhenUnauthenticated: true, logoutStrategy: 'v2' }, ['/auth/profile', '/auth/access-token', '/auth/logout']]]) {
    for (const path of paths) {
      const seen = [];
      for (const client of both(tenantOptions(tenant, options_))) {
        const { status, location, body, response } = await visit(client, new Jar(), path);
        seen.push([status, location, body, response.headers.get('x-middleware-next')]);
      }
      assert.deepEqual(seen[0], seen[1], `${label} ${path}`);
    }
  }
  const [ours, theirs] = both(tenantOptions(tenant, { routes, transactionCookie: { prefix: '__in_', maxAge: 60 }, session: { cookie: { transient: true } } }));
  for (const [first, second] of [[ours, theirs], [theirs, ours]]) {
    const { ended, asked } = await signIn(first, second, tenant, { login: '/in', callback: '/back' });
    assert.deepEqual([ended.status, asked.get('redirect_uri')], [307, `${BASE}/back`]);
    assert.deepEqual(written(ended.response).map((line) => line.replace(/=[^;]*/, '')), ['__session; Path=/; HttpOnly; SameSite=lax']);
  }
});

test('a login by a pushed request', async (t) => {
  const tenant = await Tenant.listening(t);
  const seen = [];
  for (const client of both(tenantOptions(tenant, { pushedAuthorizationRequests: true }))) {
    const jar = new Jar();
    tenant.asked = [];
    const { status, location } = await visit(client, jar, '/auth/login?ui_locales=fr');
    const { body } = tenant.asked.find(({ pathname }) => pathname === '/oauth/par');
    assert.equal(location, `${tenant.issuer}authorize?${new URLSearchParams({ request_uri: `urn:par:${body.get('state')}`, client_id: 'app' })}`);
    tenant.nonce = body.get('nonce');
    const ended = await visit(client, jar, `/auth/callback?${new URLSearchParams({ code: 'c', state: body.get('state') })}`);
    tenant.nonce = undefined;
    seen.push([status, ended.status, ended.location, [...body.keys()].sort()]);
  }
  assert.deepEqual(seen[0], seen[1]);
});

test('hooks: beforeSessionSaved and onCallback', async (t) => {
  const tenant = await Tenant.listening(t);
  const heard = [];
  const cases = {
    saved: { beforeSessionSaved: async (session, idToken) => { heard.push(typeof idToken, session.user.favourite); return { ...session, user: { sub: session.user.sub, role: 'admin' }, internal: { createdAt: 1 }, more: 1 }; } },
    'all claims': { beforeSessionSaved: (session) => session },
    callback: { onCallback: async (error, context, session) => { heard.push(error, context, session.user.favourite); const to = NextResponse.redirect(`${BASE}/own`); to.cookies.set('own', '1'); return to; } },
    both: { onCallback: (error, context, session) => { session.extra = 'seen'; return NextResponse.json({ ok: 1 }, { headers: { 'x-own': '1' } }); }, beforeSessionSaved: (session) => session },
  };
  for (const [label, hooks] of Object.entries(cases)) {
    const seen = [];
    for (const client of both(tenantOptions(tenant, hooks))) {
      heard.length = 0;
      const { jar, ended } = await signIn(client, client, tenant);
      const { user, internal, tokenSet, exp, ...rest } = await client.getSession(request('/', jar.header));
      const { iat, exp: end, nonce, ...claims } = user;
      seen.push({ status: ended.status, location: ended.location, body: ended.body, own: ended.response.headers.get('x-own'), cookies: jar.header.split('; ').map((pair) => pair.split('=')[0]).sort(),
        claims, sid: internal.sid, old: internal.createdAt === 1, rest, heard: JSON.stringify(heard) });
    }
    assert.deepEqual(seen[0], seen[1], label);
  }
});

test('hooks: onCallback hears how a sign-in failed', async (t) => {
  const tenant = await Tenant.listening(t);
  const heard = [];
  const onCallback = async (error, context, session) => {
    heard.push([error.name, error.code, error.message, error.cause?.code, error.cause?.message, context, session]);
    return NextResponse.redirect(`${BASE}/failed?code=${error.code}`);
  };
  for (const [label, path, refusal] of [['no state', () => '/auth/callback?code=c'], ['another state', () => '/auth/callback?code=c&state=x'],
    ['refused', (state) => `/auth/callback?state=${state}&error=access_denied&error_description=no`], ['not granted', (state) => `/auth/callback?state=${state}&code=c`, { error: 'invalid_grant', error_description: 'gone' }]]) {
    const seen = [];
    for (const client of both(tenantOptions(tenant, { onCallback }))) {
      heard.length = 0;
      tenant.refusal = refusal && { status: 403, body: refusal };
      const jar = new Jar();
      const started = await visit(client, jar, '/auth/login?returnTo=/here');
      const ended = await visit(client, jar, path(new URL(started.location).searchParams.get('state')));
      tenant.refusal = undefined;
      seen.push([ended.status, ended.location, jar.header.split('=')[0].slice(0, 6), JSON.stringify(heard)]);
    }
    assert.deepEqual(seen[0], seen[1], label);
  }
  const failing = new Error('database is away');
  const [ours] = both(tenantOptions(tenant, { onCallback: () => { throw failing; } }));
  await assert.rejects(signIn(ours, ours, tenant), failing);
  const [keeper] = both(tenantOptions(tenant, { beforeSessionSaved: () => { throw failing; } }));
  await assert.rejects(signIn(keeper, keeper, tenant), failing);
  tenant.valid = new Set(['rt0']);
  const cookie = await cookieOf();
  const req = request('/', cookie);
  await assert.rejects(keeper.getAccessToken(req, NextResponse.next(), { refresh: true }), failing);
  assert.ok(tenant.valid.has((await keeper.getSession(req)).tokenSet.refreshToken), 'what was rotated is kept');
});

// ---- sessions in a store -----------------------------------------------------------------------------

const copy = (value) => value && JSON.parse(JSON.stringify(value));

/** A store as programs write it; `calls` has what was asked of it, `fails` what it throws. */
class Store {
  records = new Map();
  calls = [];
  fails;

  constructor(update) {
    if (update) this.update = (id, session) => this.#do('update', id, () => this.records.has(id) && !!this.records.set(id, copy(session)));
  }

  async #do(name, id, run) {
    this.calls.push(name);
    assert.match(id, /^[0-9a-f]{32}$/);
    if (this.fails) throw this.fails;
    return run();
  }

  get(id) { return this.#do('get', id, () => copy(this.records.get(id)) ?? null); }
  set(id, session) { return this.#do('set', id, () => { this.records.set(id, copy(session)); }); }
  delete(id) { return this.#do('delete', id, () => { this.records.delete(id); }); }
}

test('A9: sessions in a store, shared by both', async (t) => {
  const tenant = await Tenant.listening(t);
  for (const update of [false, true]) {
    const store = new Store(update);
    const [ours, theirs] = both(tenantOptions(tenant, { sessionStore: store }));
    const seen = [];
    for (const [first, second] of [[ours, theirs], [theirs, ours], [ours, ours], [theirs, theirs]]) {
      store.records.clear();
      const { jar, ended } = await signIn(first, second, tenant);
      const [record] = [...store.records.values()];
      const sessions = [await ours.getSession(request('/', jar.header)), await theirs.getSession(request('/', jar.header))];
      assert.deepEqual(sessions[0], sessions[1]);
      assert.deepEqual(sessions[0], record);
      assert.ok(jar.header.length < 200, 'the cookie holds an id');
      const req = request('/page', jar.header);
      const rolled = await second.middleware(req);
      jar.take(rolled.headers.getSetCookie());
      const pages = new Res();
      await first.updateSession({ headers: { cookie: jar.header } }, pages, { ...record, user: { ...record.user, name: 'Renamed' } });
      jar.take(pages.headers.getSetCookie());
      const renamed = (await second.getSession(request('/', jar.header))).user.name;
      const token = await outcome(second.getAccessToken({ headers: { cookie: jar.header } }, new Res(), { refresh: true }));
      const kept = tenant.valid.has([...store.records.values()][0].tokenSet.refreshToken);
      const again = await signIn(first, second, tenant); // another browser
      const size = store.records.size;
      const gone = new Jar().take(again.ended.response.headers.getSetCookie());
      store.records.clear(); // somebody ended them all
      const nobody = await first.getSession(request('/', gone.header));
      const touched = await first.middleware(request('/page', gone.header));
      seen.push({ status: ended.status, rolled: written(rolled).length, renamed, token: typeof token.value?.token, kept, size, nobody, touched: written(touched).length, left: store.records.size });
    }
    for (const one of seen) assert.deepEqual(one, seen[3], String(update));
    const { jar } = await signIn(ours, ours, tenant);
    const before = [...store.records.keys()];
    const later = await ours.middleware(request('/auth/logout', jar.header));
    assert.deepEqual([later.status, store.records.size, new Jar().take(later.headers.getSetCookie()).header], [307, before.length - 1, '']);
  }
});

test('A9: a store that throws: could not tell, and nothing is set', async () => {
  for (const client of both({ sessionStore: Object.assign(new Store(), { fails: new Error('database is away') }) })) {
    const cookie = `__session=${await encrypt({ id: '00112233445566778899aabbccddeeff' }, secret, now() + 100)}`;
    assert.equal((await outcome(client.getSession(request('/', cookie)))).message, 'database is away');
    assert.equal((await outcome(client.getAccessToken({ headers: { cookie } }, new Res()))).message, 'database is away');
    assert.equal(await client.getSession(request('/')), null);
  }
  for (const bad of [{}, { get() {} }, 1]) assert.throws(() => new Ours.Auth0Client({ ...options, sessionStore: bad }), TypeError);
});
