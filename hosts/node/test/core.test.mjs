import assert from 'node:assert/strict';
import { createRequire } from 'node:module';
import test from 'node:test';
import usher, { createSite, info, SiteError, UsherError } from '../index.mjs';
import { BASE, cookieFor, SECRET, siteOf } from './kit/kit.mjs';

const claims = { sub: '42', name: 'Ann', email: 'ann@example.com' };

test('both entries are one module', () => {
  const required = createRequire(import.meta.url)('../index.cjs');
  assert.equal(required.createSite, createSite);
  assert.equal(usher.createSite, createSite);
});

for (const profile of ['authjs-5', 'nextauth-4']) {
  test(`${profile}: a session is read from every form of headers`, async () => {
    const site = siteOf({ profile });
    const cookie = cookieFor(site);
    const forms = [
      new Request(BASE, { headers: { cookie } }), new Headers({ cookie }), { headers: new Headers({ cookie }) },
      { headers: { cookie } }, { cookie }, { Cookie: cookie }, [['cookie', cookie]], [['a', 'b'], ['Cookie', cookie]],
      { headers: { cookie: [cookie, 'a=b'] } }, new Map([['cookie', cookie]]),
    ];
    for (const [i, form] of forms.entries()) {
      const session = await site.getSession(form);
      assert.equal(session?.user.email, claims.email, `form ${i}`);
      assert.ok(Date.parse(session.expires) > Date.now());
      assert.equal((await site.getToken(form)).sub, '42');
      assert.equal(await site.getToken(form, { raw: true }), cookie.split('=')[1]);
    }
  });

  test(`${profile}: no session, a forged one, an expired one are null`, async () => {
    const site = siteOf({ profile });
    const cookie = cookieFor(site);
    const flipped = cookie.slice(0, -8) + (cookie.at(-8) === 'A' ? 'B' : 'A') + cookie.slice(-7);
    for (const bad of ['', 'a=b', flipped, cookieFor(site, claims, -100), cookieFor(siteOf({ profile, secret: `${SECRET}x` }))]) {
      assert.equal(await site.getSession({ cookie: bad }), null);
      assert.equal(await site.getToken({ cookie: bad }), null);
    }
    assert.equal((await site.checkSession({ cookie: flipped })).verdict, 'rejected');
    assert.equal((await site.checkSession({ cookie: cookieFor(site, claims, -100) })).verdict, 'expired');
    assert.equal((await site.checkSession({})).verdict, 'none');
    assert.equal((await site.checkSession({ cookie })).verdict, 'valid'); // the control
  });

  test(`${profile}: checkSession renews, getSession does not touch`, async () => {
    let now = Date.parse('2026-01-01T00:00:00Z');
    const site = siteOf({ profile }, { now: () => now });
    const cookie = cookieFor(site);
    const before = await site.getSession({ cookie });
    now += 60_000;
    const { session, setCookies } = await site.checkSession({ cookie });
    const line = setCookies.find((c) => c.includes('session-token='));
    assert.ok(line, 'the session is written anew');
    assert.ok(Date.parse(session.expires) > Date.parse(before.expires));
    const renewed = line.split(';')[0];
    assert.notEqual(renewed, cookie);
    assert.equal((await site.getToken({ cookie: renewed })).sub, '42');
  });

  test(`${profile}: a session is changed`, async () => {
    const site = siteOf({ profile });
    const { session, written, setCookies } = await site.updateSession({ cookie: cookieFor(site) }, { name: 'Bob', role: 'admin' });
    assert.equal(written, true);
    assert.equal(session.user.name, 'Bob');
    const token = await site.getToken({ cookie: setCookies.find((c) => c.includes('session-token=')).split(';')[0] });
    assert.equal(token.role, 'admin');
    assert.equal((await site.updateSession({}, { name: 'Bob' })).written, false);
  });

  test(`${profile}: a CSRF token and its cookie`, async () => {
    const site = siteOf({ profile });
    const { csrfToken, setCookies } = await site.getCsrfToken({});
    assert.match(csrfToken, /^[0-9a-f]{64}$/);
    const again = await site.getCsrfToken({ cookie: setCookies[0].split(';')[0] });
    assert.equal(again.csrfToken, csrfToken);
    assert.deepEqual(again.setCookies, []);
  });
}

test('a Bearer token is a token, and no session cookie', async () => {
  const site = siteOf();
  const authorization = `Bearer ${cookieFor(site).split('=')[1]}`;
  assert.equal((await site.getToken({ authorization })).sub, '42');
  assert.equal((await site.getToken(new Headers({ authorization }))).sub, '42');
  assert.equal((await site.getToken({ headers: { cookie: 'a=b', authorization } })).sub, '42');
  assert.equal(await site.getSession({ authorization }), null);
});

test('claims are plain data, whatever they are called', async () => {
  const site = siteOf();
  const odd = JSON.parse('{"sub":"1","__proto__":{"admin":true},"constructor":1,"toString":null,"big":12345678901234567890,"text":"\\ud83d\\ude00 \\u0000 \\u2028"}');
  const token = await site.getToken({ cookie: cookieFor(site, odd) });
  assert.equal(Object.getPrototypeOf(token), Object.prototype);
  assert.deepEqual(Object.getOwnPropertyDescriptor(token, '__proto__').value, { admin: true });
  assert.equal(token.admin, undefined);
  assert.equal({}.admin, undefined);
  assert.equal(token.text, '\ud83d\ude00 \u0000 \u2028');
  assert.equal(token.big, 12345678901234567890);
});

test('a large session is cut into cookies, and joined', async () => {
  const site = siteOf();
  const { setCookies } = await site.updateSession({ cookie: cookieFor(site) }, { blob: 'x'.repeat(9000) });
  const cookie = setCookies.filter((c) => /session-token\.\d=/.test(c)).map((c) => c.split(';')[0]).join('; ');
  assert.ok(cookie.length > 9000);
  assert.equal((await site.getToken({ cookie })).blob.length, 9000);
});

test('routes are answered, others are not ours', async () => {
  const site = siteOf();
  const cookie = cookieFor(site);
  const answer = await site.handle(new Request(`${BASE}/api/auth/session`, { headers: { cookie } }));
  assert.equal(answer.status, 200);
  assert.match(answer.headers.get('content-type'), /^application\/json/);
  assert.equal((await answer.json()).user.email, claims.email);
  assert.ok(answer.headers.getSetCookie().some((c) => c.includes('session-token=')));
  assert.equal((await site.handle(new Request(`${BASE}/api/auth/nothing`))).status, 400);
  assert.ok(site.owns('/api/auth/session?x') && site.owns(`${BASE}/api/auth`));
  assert.ok(!site.owns('/api/authors') && !site.owns('/'));
});

test('a guard allows who is signed in, and sends others to sign in', async () => {
  const site = siteOf({ open: ['/', '/docs/*'] });
  const page = (path, headers) => site.guard(new Request(BASE + path, { headers: { accept: 'text/html', ...headers } }));
  assert.equal((await page('/closed', { cookie: cookieFor(site) })).allowed, true);
  assert.equal((await page('/docs/x')).allowed, true);
  const denied = await page('/closed?a=b');
  assert.equal(denied.decision, 'deny');
  assert.equal(denied.response.status, 302);
  const location = new URL(denied.response.headers.get('location'));
  assert.equal(location.searchParams.get('callbackUrl'), `${BASE}/closed?a=b`);
  assert.equal((await site.guard(new Request(`${BASE}/closed`))).response.status, 401);
  for (const path of ['//docs/x', '/docs/../closed', '/docs/%2e%2e/closed', '/docs\\x']) {
    const asked = await site.guard({ method: 'GET', url: path, headers: new Headers() });
    assert.equal(asked.allowed, false, path);
  }
});

test('a guard with a matcher asks for a session where Next.js would run a middleware', async () => {
  const site = siteOf({ matcher: ['/dashboard/:path*', '/((?!api|public).*)x'], open: ['/dashboard/help'], pages: { sign_in: '/login' } });
  const decided = async (path, headers = {}) => (await site.guard(new Request(BASE + path, { headers: { accept: 'text/html', ...headers } }))).decision;
  for (const path of ['/dashboard', '/dashboard/a/b?c=d', '/ax', '/dashboard/%61', '/other/..;/dashboard', '/%2564ashboard']) assert.equal(await decided(path), 'deny', path);
  for (const path of ['/', '/about', '/dashboards', '/dashboard/help', '/login', '/apix', '/publicx']) assert.equal(await decided(path), 'allow', path);
  assert.equal(await decided('/dashboard', { cookie: cookieFor(site) }), 'allow');
  assert.throws(() => siteOf({ matcher: ['dashboard'] }), /site.matcher cannot be used: a source begins with/);
});

test('problems of the settings are named, each of them', () => {
  assert.throws(() => createSite({ nope: 1 }, { env: null }), (e) => {
    assert.ok(e instanceof SiteError && e instanceof Error);
    assert.equal(e.code, 'USHER_E_SETTING');
    assert.ok(e.problems.length >= 3);
    assert.ok(e.problems.every((p) => typeof p.message === 'string' && typeof p.warning === 'boolean'));
    return /site\.nope/.test(e.message) && /base_url/.test(e.message);
  });
  const site = siteOf({ secret: 'short', development: true });
  assert.ok(site.warnings.some((w) => w.warning));
  assert.throws(() => siteOf({ secret: 'short' }), SiteError);
});

test('the environment is asked only if it is given', async () => {
  const env = { AUTH_SECRET: SECRET, AUTH_URL: BASE };
  assert.equal(createSite({}, { env }).baseUrl, BASE);
  assert.throws(() => createSite({}, { env: null }), SiteError);
  assert.throws(() => createSite({}, { env: { ...env, AUTH_SECRET: 7 } }), SiteError);
});

const odd = [undefined, null, 0, 1n, 'text', true, Symbol('x'), [], [1], () => 1, Number.NaN];
const notHeaders = [undefined, null, 0, 1n, 'text', true, Symbol('x'), [1], [['a']], [['a', 1]], [[1, 'a']],
  { cookie: 1 }, { headers: 1 }, { headers: null }, { cookie: 'caf\u20ac' }, { headers: { cookie: {} } }];

test('a wrong argument is a TypeError that names it', async () => {
  const site = siteOf();
  const methods = ['getSession', 'getToken', 'checkSession', 'getCsrfToken'];
  for (const bad of notHeaders) {
    for (const method of methods) {
      await assert.rejects(site[method](bad), (e) => e instanceof TypeError && /headers|cookie/.test(e.message), method);
    }
    await assert.rejects(site.getToken(bad, { raw: true }), TypeError);
    await assert.rejects(site.updateSession(bad, {}), TypeError);
  }
  for (const bad of odd) {
    if (bad !== undefined) await assert.rejects(site.updateSession({}, bad), /changes must be/);
    await assert.rejects(site.handle(bad), /request(\.\w+)? must be/);
    await assert.rejects(site.guard(bad), /request(\.\w+)? must be/);
    assert.throws(() => createSite(bad), /settings must be/);
    assert.throws(() => site.mint({ claims: bad }), /claims must be/);
    if (typeof bad !== 'string') assert.throws(() => site.owns(bad), /url must be/);
    if (typeof bad !== 'function') {
      if (bad !== undefined) assert.throws(() => siteOf({}, { fetch: bad }), /options\.fetch must be/);
      if (bad !== undefined) assert.throws(() => siteOf({}, { onReport: bad }), /options\.onReport must be/);
    }
  }
  await assert.rejects(site.getToken({}, null), /options must be/);
  await assert.rejects(site.handle({ method: 'GET', url: '/', headers: null }), /request\.headers must be/);
  await assert.rejects(site.handle({ method: 'GET', url: 'http://', headers: new Headers() }), /request\.url must be/);
  await assert.rejects(site.handle({ url: '/', headers: new Headers() }), /request\.method must be/);
  assert.throws(() => createSite({ a: 1n }), TypeError);
});

test('hostile headers end in an answer', async () => {
  const site = siteOf();
  const name = 'authjs.session-token';
  const hostile = [`${name}=`, `${name}=%`, `${name}="`, `${name}=a.b.c.d.e`, `${name}.0=a; ${name}.1=b`, `${name}.9999999999=a`,
    ';'.repeat(5000), '='.repeat(5000), `${'a=b; '.repeat(2000)}`, `${name}=${'A'.repeat(200_000)}`, '\u00ff'.repeat(100), '\u0000'];
  for (const cookie of hostile) {
    assert.equal(await site.getSession({ cookie }), null);
    assert.equal(await site.getToken({ cookie }), null);
  }
});

test('too many headers are refused by name', async () => {
  const site = siteOf();
  const headers = Array.from({ length: 600 }, (_, i) => [`x-${i}`, '1']);
  await assert.rejects(site.handle({ method: 'GET', url: '/api/auth/session', headers: new Map(headers) }), /headers must be/);
});

test('what could not be told is an error with a code', async () => {
  const site = siteOf();
  const body = async function* bytes() { for (let i = 0; i < 3; i += 1) yield Buffer.alloc(1 << 19); };
  await assert.rejects(site.handle({ method: 'POST', url: '/api/auth/signout', headers: new Headers(), body: body() }),
    (e) => e instanceof UsherError && e.code === 'USHER_E_LIMIT');
});

test('reports come with a cause', async () => {
  const reports = [];
  const site = siteOf({}, { onReport: (r) => reports.push(r) });
  await site.checkSession({ cookie: 'authjs.session-token=a.b.c.d.e' });
  assert.equal(reports.length, 1);
  assert.match(reports[0].cause, /^token_/);
  assert.ok(reports[0].id);
});

test('it says which libcrypto it uses', () => {
  const about = info();
  assert.match(about.libcrypto, /^OpenSSL 3\./);
  assert.equal(about.libcryptoInside, about.libcryptoFile === about.addonFile);
  assert.notEqual(about.libcryptoFile, process.execPath);
});
