import assert from 'node:assert/strict';
import http from 'node:http';
import test from 'node:test';
import { BASE, cookieFor, Jar, Provider, siteOf } from './kit/kit.mjs';

const ask = (site, jar, path, init = {}) => {
  const request = new Request(BASE + path, { ...init, headers: { cookie: jar.header, accept: 'text/html', ...init.headers } });
  return site.handle(request).then((r) => (jar.take(r.headers.getSetCookie()), r));
};

async function startSignIn(site, jar) {
  const { csrfToken } = await (await ask(site, jar, '/api/auth/csrf')).json();
  const body = new URLSearchParams({ csrfToken, callbackUrl: `${BASE}/after` });
  return ask(site, jar, '/api/auth/signin/company', { method: 'POST', body });
}

async function signIn(site, jar, provider) {
  const started = await startSignIn(site, jar);
  assert.equal(started.status, 302);
  const to = new URL(started.headers.get('location'));
  provider.nonce = to.searchParams.get('nonce') ?? undefined;
  const query = new URLSearchParams({ code: 'c', ...(to.searchParams.get('state') && { state: to.searchParams.get('state') }) });
  return ask(site, jar, `/api/auth/callback/company?${query}`);
}

for (const profile of ['authjs-5', 'nextauth-4']) {
  test(`${profile}: a sign-in with a provider, and a sign-out`, async () => {
    const provider = new Provider();
    const site = siteOf({ profile, ...provider.settings }, { fetch: provider.fetch });
    const jar = new Jar();
    const answer = await signIn(site, jar, provider);
    assert.equal(answer.status, 302);
    assert.equal(answer.headers.get('location'), `${BASE}/after`);
    assert.equal((await site.getSession({ cookie: jar.header })).user.email, 'ann@example.com');
    const { csrfToken } = await (await ask(site, jar, '/api/auth/csrf')).json();
    await ask(site, jar, '/api/auth/signout', { method: 'POST', body: new URLSearchParams({ csrfToken }) });
    assert.equal(await site.getSession({ cookie: jar.header }), null);
  });
}

test('requests to a provider follow nothing, send no cookie, and documents are kept', async () => {
  const provider = new Provider();
  const site = siteOf(provider.settings, { fetch: provider.fetch });
  for (let i = 0; i < 3; i += 1) await signIn(site, new Jar(), provider);
  for (const asked of provider.asked) {
    assert.equal(asked.redirect, 'manual');
    assert.ok(asked.signal instanceof AbortSignal);
    assert.ok(!asked.headers.some(([name]) => name.toLowerCase() === 'cookie'));
  }
  const count = (path) => provider.asked.filter((a) => a.url.endsWith(path)).length;
  assert.equal(count('/openid-configuration'), 1);
  assert.equal(count('/keys'), 1);
  assert.equal(count('/token'), 3);
});

test('a provider that is away, slow, large or elsewhere signs nobody in, and nothing throws', async () => {
  const timeout = Object.assign(new Error('late'), { name: 'TimeoutError' });
  const failures = {
    away: async () => { throw new TypeError('fetch failed'); },
    late: async () => { throw timeout; },
    large: async () => new Response('x'.repeat(4 << 20)),
    empty: async () => new Response(null),
    html: async () => new Response('<html>', { headers: { 'content-type': 'text/html' } }),
    redirect: async () => new Response(null, { status: 302, headers: { location: 'http://elsewhere.example' } }),
    broken: async () => new Response(new ReadableStream({ start(c) { c.error(new Error('cut')); } })),
    nothing: async () => undefined,
  };
  for (const [name, fetch] of Object.entries(failures)) {
    const provider = new Provider();
    const reports = [];
    const site = siteOf(provider.settings, { fetch, onReport: (r) => reports.push(r.cause) });
    const jar = new Jar();
    const answer = await startSignIn(site, jar);
    assert.ok(answer.status >= 300, name);
    assert.ok(!String(answer.headers.get('location')).startsWith(provider.issuer), name);
    assert.ok(reports.length > 0, name);
    assert.ok(!jar.has('authjs.session-token'), name);
  }
});

test('private addresses are never asked, whatever a provider says', async () => {
  for (const elsewhere of ['https://127.0.0.1/token', 'https://10.1.2.3/token', 'https://[::1]/token', 'https://localhost/token', 'http://id.example.com/token']) {
    const provider = new Provider();
    const fetch = async (url, init) => {
      const answer = await provider.fetch(url, init);
      if (!url.endsWith('/openid-configuration')) return answer;
      return Response.json({ ...(await answer.json()), token_endpoint: elsewhere });
    };
    const site = siteOf(provider.settings, { fetch });
    const jar = new Jar();
    const started = await startSignIn(site, jar);
    const state = new URL(started.headers.get('location'), BASE).searchParams.get('state');
    await ask(site, jar, `/api/auth/callback/company?${new URLSearchParams({ code: 'c', ...(state && { state }) })}`);
    assert.deepEqual(provider.asked.filter((a) => a.url.endsWith('/token')), [], elsewhere);
    assert.ok(!jar.has('authjs.session-token'));
  }
});

test('many exchanges wait at once, each for its own', async () => {
  const provider = new Provider();
  const site = siteOf(provider.settings, { fetch: provider.fetch });
  const answers = await Promise.all(Array.from({ length: 200 }, () => startSignIn(site, new Jar())));
  const states = new Set(answers.map((a) => a.headers.get('location')));
  assert.equal(states.size, 200);
});

test('tokens of the program: encode and decode', async () => {
  const kept = new Map();
  const hooks = {
    encode: async ({ token, maxAge, salt }) => { const id = `t${kept.size}`; kept.set(id, { ...token, salt, maxAge }); return id; },
    decode: async ({ token }) => kept.get(token) ?? null,
  };
  const site = siteOf({ session: { token: 'hook' } }, { hooks });
  kept.set('mine', { sub: '1', name: 'Ann', exp: Math.floor(Date.now() / 1000) + 60 });
  const cookie = 'authjs.session-token=mine';
  assert.equal((await site.getSession({ cookie })).user.name, 'Ann');
  assert.equal((await site.getToken({ cookie })).sub, '1');
  assert.equal(await site.getSession({ cookie: 'authjs.session-token=foreign' }), null);
  const { setCookies } = await site.checkSession({ cookie });
  assert.ok(setCookies.some((c) => /session-token=t\d/.test(c)));
  const throwing = (error) => siteOf({ session: { token: 'hook' } }, { hooks: { decode: () => { throw error; } } });
  for (const about of [{ name: 'JsonWebTokenError' }, { name: 'TokenExpiredError' }, { code: 'ERR_JWS_SIGNATURE_VERIFICATION_FAILED' }, { code: 'ERR_JWT_EXPIRED' }]) {
    assert.equal(await throwing(Object.assign(new Error('no'), about)).getSession({ cookie }), null);
  }
  // Any other error says nothing about the token: neither a session nor the end of one.
  for (const other of [new Error('the key service is down'), Object.assign(new Error('no'), { code: 'ERR_JWKS_TIMEOUT' })]) {
    await assert.rejects(throwing(other).getSession({ cookie }), { code: 'USHER_E_IO' });
  }
});

test('mint makes what the site reads', async () => {
  const token = { sub: '1', name: 'Ann' };
  const signed = siteOf({ session: { token: 'signed' } });
  const value = signed.mint({ claims: token });
  assert.equal(value.split('.').length, 3);
  assert.equal((await signed.getSession({ cookie: `authjs.session-token=${value}` })).user.name, 'Ann');
  assert.throws(() => siteOf({ session: { token: 'hook' } }).mint({ claims: token }), { code: 'USHER_E_USAGE' });
  assert.throws(() => siteOf({ profile: 'auth0-4' }).mint({ claims: token }), { code: 'USHER_E_USAGE' });
});

for (const profile of ['authjs-5', 'nextauth-4']) {
  test(`${profile}: callbacks and events of the program`, async () => {
    const provider = new Provider();
    const told = [];
    const hooks = {
      jwt: async ({ token, user }) => ({ ...token, role: user ? 'admin' : token.role, seen: (token.seen ?? 0) + 1 }),
      session: ({ session, token }) => ({ ...session, role: token.role }),
      signIn: ({ user }) => user.email === 'ann@example.com',
      redirect: ({ baseUrl }) => `${baseUrl}/elsewhere`,
      event: (name) => { told.push(name); },
    };
    const site = siteOf({ profile, ...provider.settings }, { fetch: provider.fetch, hooks });
    const jar = new Jar();
    const answer = await signIn(site, jar, provider);
    assert.equal(answer.headers.get('location'), `${BASE}/elsewhere`);
    assert.equal((await site.getSession({ cookie: jar.header })).role, 'admin');
    assert.ok(told.includes('signIn'));
    const denied = siteOf({ profile, ...provider.settings }, { fetch: provider.fetch, hooks: { signIn: () => false } });
    const other = new Jar();
    await signIn(denied, other, provider);
    assert.equal(await denied.getSession({ cookie: other.header }), null);
    const errors = [];
    const failing = siteOf({ profile }, { hooks: { session: () => { throw new Error('away'); } }, onError: (e, hook) => errors.push(hook) });
    await failing.getSession({ cookie: cookieFor(failing) }).then((s) => assert.equal(s, null), (e) => assert.ok(e.code.startsWith('USHER_E_')));
    assert.deepEqual(errors, ['session']);
  });
}

test('plain http and Express call the same handler', async (t) => {
  const site = siteOf();
  const handler = site.nodeHandler();
  const server = http.createServer((req, res) => handler(req, res, (error) => {
    res.statusCode = error ? 500 : 404;
    res.end('next');
  }));
  await new Promise((done) => { server.listen(0, '127.0.0.1', done); });
  t.after(() => server.close());
  const url = `http://127.0.0.1:${server.address().port}`;
  const session = await fetch(`${url}/api/auth/session`, { headers: { cookie: cookieFor(site) } });
  assert.equal(session.status, 200);
  assert.equal((await session.json()).user.name, 'Ann');
  assert.ok(session.headers.getSetCookie().length > 0);
  assert.equal((await fetch(`${url}/elsewhere`)).status, 404);
  const jar = new Jar();
  const csrf = await fetch(`${url}/api/auth/csrf`);
  jar.take(csrf.headers.getSetCookie());
  const { csrfToken } = await csrf.json();
  const out = await fetch(`${url}/api/auth/signout`, { method: 'POST', redirect: 'manual', headers: { cookie: jar.header }, body: new URLSearchParams({ csrfToken }) });
  assert.equal(out.status, 302);
});
