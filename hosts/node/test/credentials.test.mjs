// Credentials providers of NextAuth v4 and Auth.js v5, beside the originals: the same requests to both, what their
// functions are given, and where each leads. The providers are made by the originals' own functions.
import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire, register } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'node:test';
import Ours5, { CredentialsSignin } from '../authjs/index.mjs';
import * as ourErrors from '../authjs/errors.mjs';
import Ours4 from '../next-auth/index.mjs';
import { createSite } from '../index.mjs';
import { BASE, Jar, PagesResponse, SECRET as secret } from './kit/kit.mjs';

// What Next.js gives to a Server Action, for both packages: next-auth 5 imports it, ours asks for it by require.
const shim = (name) => `data:text/javascript,${encodeURIComponent(`export const headers = (...a) => globalThis.nextShim.headers(...a); export const cookies = (...a) => globalThis.nextShim.cookies(...a); export const redirect = (...a) => globalThis.nextShim.redirect(...a); // ${name}`)}`;
register(`data:text/javascript,${encodeURIComponent(`const shims = ${JSON.stringify({ 'next/headers': shim('headers'), 'next/navigation': shim('navigation') })};
export const resolve = (name, context, next) => (shims[name] ? { url: shims[name], shortCircuit: true } : next(name === 'next/server' ? name + '.js' : name, context));`)}`);
const bench = new URL('../../../bench/package.json', import.meta.url);
const at = (path) => new URL(`node_modules/${path}`, bench);
const { default: Theirs5, CredentialsSignin: TheirSignin } = await import(at('next-auth/index.js'));
const { default: Credentials5 } = await import(at('next-auth/providers/credentials.js'));
const { decode: decode5 } = await import(at('next-auth/jwt.js'));
const { NextRequest } = createRequire(bench)('next/server');
const originals = createRequire(new URL('../../../tests/package.json', import.meta.url));
const Theirs4 = originals('next-auth').default;
const Credentials4 = originals('next-auth/providers/credentials').default;
const { decode: decode4 } = originals('next-auth/jwt');
const decodeSession4 = ({ token }) => decode4({ token, secret });

for (const name of ['AUTH_URL', 'NEXTAUTH_SECRET', 'AUTH_SECRET', 'AUTH_TRUST_HOST', 'VERCEL']) delete process.env[name];
process.env.NEXTAUTH_URL = BASE;

const quiet = { error() {}, warn() {}, debug() {} };
const company = { id: 'company', name: 'Company', type: 'oauth', wellKnown: 'https://id.example.com/.well-known/openid-configuration', idToken: true, clientId: 'a', clientSecret: 'company-client-secret-0123456789', profile: (p) => p };
const FIELDS = { username: { label: 'Name', type: 'text', placeholder: 'ada' }, password: { label: 'Pass <word>', type: 'password' } };

// ---- what both are asked -------------------------------------------------------------------------

/** Each says of whom it believes the password, and of the others what they are told. */
const USERS = {
  ada: () => ({ id: '7', name: 'Ada', email: 'ada@example.com', role: 'admin', since: new Date(0) }),
  number: () => ({ id: 42, name: null, image: '/i.png' }),
  bare: () => ({ id: 'x' }),
  big: () => ({ id: 12345678901234567890n, name: 'Big' }),
  class: () => new (class { id = 'of-a-class'; name = 'C'; #secret = 1; })(),
  nobody: () => null,
  nothing: () => undefined,
  no: () => false,
  throws: () => { throw new Error('boom & bust'); },
  umlaut: () => { throw new Error('Zugang gesperrt für "ada" \u2013 100 %'); },
};

function programOf(Credentials, told, more = {}) {
  const authorize = async (credentials, req) => {
    const { csrfToken, ...rest } = credentials;
    const isRequest = req instanceof Request;
    const { cookie, host, 'content-length': length, ...headers } = isRequest ? Object.fromEntries(req.headers) : req.headers;
    told.push(['authorize', rest, typeof csrfToken, isRequest ? [req.url, req.method, { ...JSON.parse(await req.text()), csrfToken: '' }] : [req.query, req.method, { ...req.body, csrfToken: '' }], headers, !!cookie]);
    return (more.users ?? USERS)[credentials.username]?.(credentials) ?? null;
  };
  const seen = (name) => (params) => {
    const { user, account, credentials, token, ...others } = params;
    const { usid, ...claims } = token ?? {};
    told.push([name, user, account, credentials && { ...credentials, csrfToken: typeof credentials.csrfToken }, claims, others, Object.keys(params).sort()]);
    return more[name]?.(params);
  };
  return {
    secret,
    logger: quiet,
    providers: [Credentials({ name: 'A & B', credentials: FIELDS, authorize }), ...(more.providers ?? [])],
    callbacks: {
      signIn: (params) => seen('signIn')(params) ?? true,
      jwt: (params) => (params.user ? seen('jwt')(params) : undefined) ?? (params.user ? { ...params.token, role: params.user.role } : params.token),
      ...more.callbacks,
    },
    events: { signIn: (params) => { seen('event')(params); } },
    ...more.options,
  };
}

/** The account's id may be more than text; what is compared is what a program would see. */
const shown = (told) => told.map((line) => JSON.stringify(line, (key, value) => (typeof value === 'bigint' ? `${value}n` : value)));

const claimsOf = async (jar, name, decode) => {
  const value = jar.header.split('; ').find((pair) => pair.startsWith(`${name}=`))?.slice(name.length + 1);
  if (!value) return null;
  const { iat, exp, jti, usid, ...claims } = await decode({ token: decodeURIComponent(value), secret, salt: name });
  return claims;
};

// ---- v4 ------------------------------------------------------------------------------------------

const typeOf = (body) => (body instanceof URLSearchParams ? 'application/x-www-form-urlencoded' : 'application/json');
const parsedBody = (body) => (body instanceof URLSearchParams ? Object.fromEntries(body) : body);

/** As Next.js' pages router calls a handler: query, cookies and body are read already. */
async function pages(handler, jar, path, body, more = {}) {
  const url = new URL(path, BASE);
  const cookies = Object.fromEntries(jar.header.split('; ').filter(Boolean).map((pair) => [pair.slice(0, pair.indexOf('=')), decodeURIComponent(pair.slice(pair.indexOf('=') + 1))]));
  const headers = { host: 'localhost:3000', cookie: jar.header, ...(body && { 'content-type': typeOf(body) }), ...more };
  const query = { ...Object.fromEntries(url.searchParams), nextauth: url.pathname.slice('/api/auth/'.length).split('/') };
  const res = new PagesResponse();
  await handler({ method: body ? 'POST' : 'GET', url: url.pathname + url.search, headers, query, cookies, body: body ? parsedBody(body) : '' }, res);
  const lines = [res.headers['set-cookie'] ?? []].flat();
  jar.take(lines);
  return { status: res.statusCode, location: res.headers.location, body: res.body, cookies: lines.map((line) => line.split('=')[0]).sort() };
}

/** As the app router calls it. */
async function route(handler, jar, path, body, more = {}) {
  const init = { headers: { cookie: jar.header, ...(body && { 'content-type': typeOf(body) }), ...more }, ...(body && { method: 'POST', body: body instanceof URLSearchParams ? body : JSON.stringify(body) }) };
  const nextauth = new URL(path, BASE).pathname.slice('/api/auth/'.length).split('/');
  const answer = await handler(new Request(BASE + path, init), { params: Promise.resolve({ nextauth }) });
  const lines = answer.headers.getSetCookie();
  jar.take(lines);
  return { status: answer.status, location: answer.headers.get('location') ?? undefined, body: await answer.text(), cookies: lines.map((line) => line.split('=')[0]).sort() };
}

async function v5(app, jar, path, body, more = {}) {
  const init = { headers: { host: 'localhost:3000', 'x-forwarded-proto': 'http', cookie: jar.header, ...(body && { 'content-type': typeOf(body) }), ...more }, ...(body && { method: 'POST', body: body instanceof URLSearchParams ? body.toString() : JSON.stringify(body) }) };
  const answer = await app.handlers[body ? 'POST' : 'GET'](new NextRequest(BASE + path, init));
  const lines = answer.headers.getSetCookie();
  jar.take(lines);
  // The original keeps Location beside an answer in JSON that was a success; nobody who asked for JSON looks at it.
  const location = more['x-auth-return-redirect'] ? undefined : answer.headers.get('location') ?? undefined;
  return { status: answer.status, location, body: await answer.text(), cookies: lines.map((line) => line.split('=')[0]).sort() };
}

async function attempt(ask, app, jar, fields, { json, asForm = true, query = '', headers = {}, token, id = 'credentials' } = {}) {
  const { csrfToken } = JSON.parse((await ask(app, jar, '/api/auth/csrf')).body);
  const all = { ...fields, csrfToken: token ?? csrfToken };
  if (token === null) delete all.csrfToken;
  const body = asForm ? new URLSearchParams({ ...all, ...(json && { json: 'true' }) }) : { ...all, ...(json && { json: 'true' }) };
  return ask(app, jar, `/api/auth/callback/${id}${query}`, body, { ...headers, ...(json && ask === v5 && { 'x-auth-return-redirect': '1' }) });
}

const SYSTEMS = {
  4: { ask: pages, decode: decodeSession4, cookie: 'next-auth.session-token', make: (config, our) => (our ? Ours4 : Theirs4)(config), Credentials: Credentials4 },
  5: { ask: v5, decode: decode5, cookie: 'authjs.session-token', make: (config, our) => (our ? Ours5 : Theirs5)({ trustHost: true, ...config }), Credentials: Credentials5 },
};

/** What becomes of an attempt at each of them. */
async function compare(version, fields, how = {}, more = {}) {
  const { ask, decode, cookie, make, Credentials } = SYSTEMS[version];
  const ends = [];
  for (const our of [true, false]) {
    const told = [];
    const app = make(programOf(Credentials, told, more), our);
    const jar = new Jar();
    let answer;
    try {
      answer = await attempt(ask, app, jar, fields, how);
    } catch (error) {
      answer = { thrown: error.message };
    }
    ends.push({ answer, claims: await claimsOf(jar, cookie, decode), told: shown(told) });
  }
  return ends;
}

const WAYS = [{}, { json: true }, { asForm: false }, { asForm: false, json: true }];

for (const version of [4, 5]) {
  test(`v${version}: who is believed, and who is not`, async () => {
    for (const username of Object.keys(USERS)) {
      for (const how of WAYS) {
        const [ours, theirs] = await compare(version, { username, password: 'open-sesame', callbackUrl: '/after', odd: 'ä"\\', __proto__: null }, how);
        assert.deepEqual(ours, theirs, `${username} ${JSON.stringify(how)}`);
      }
    }
  });

  test(`v${version}: what signIn and jwt say`, async () => {
    const says = [
      { signIn: () => false }, { signIn: () => '/somewhere?a=b' }, { signIn: () => `${BASE}/x` }, { signIn: () => { throw new Error('no & never'); } },
      { signIn: ({ user, account }) => { user.role = 'changed'; account.more = 'kept'; return true; } }, { jwt: ({ token }) => ({ ...token, more: { deep: [1, null] } }) },
    ];
    for (const more of says) {
      for (const how of WAYS.slice(0, 2)) {
        for (const username of ['ada', 'number']) {
          const [ours, theirs] = await compare(version, { username, callbackUrl: `${BASE}/after` }, how, more);
          assert.deepEqual(ours, theirs, `${username} ${JSON.stringify(how)} ${Object.values(more)}`);
        }
      }
    }
  });

  test(`v${version}: where it leads, and who may ask`, async () => {
    const ways = [
      [{ callbackUrl: 'https://elsewhere.example/x' }], [{ callbackUrl: '//elsewhere.example' }], [{}], [{ callbackUrl: `${BASE}/a%20b?c=d#e` }],
      [{}, { query: '?callbackUrl=%2Ffrom-query&x=1' }], [{ callbackUrl: '/a' }, { token: 'forged' }], [{ callbackUrl: '/a' }, { token: null }], [{}, { token: 'forged', json: true }],
      [{}, { id: 'nobody' }], [{}, { headers: { 'x-name': 'Zo\u00eb \u00c3\u00ab', 'x-forwarded-for': '10.1.2.3, 10.1.2.4' } }],
    ];
    for (const [fields, how = {}] of ways) {
      const [ours, theirs] = await compare(version, { username: 'ada', ...fields }, how);
      assert.deepEqual(ours, theirs, JSON.stringify([fields, how]));
    }
  });

  test(`v${version}: every route of such a provider, and pages of the program's own`, async () => {
    const { ask, make, Credentials } = SYSTEMS[version];
    const signIn = ({ user }) => { if (user.id === 'x') throw new Error('no & never'); return user.id !== 42; };
    for (const own of [{}, { pages: { signIn: '/login', error: '/failed' } }]) {
      const apps = [true, false].map((our) => make(programOf(Credentials, [], { signIn, options: own }), our));
      for (const path of ['/api/auth/callback/credentials?username=ada', '/api/auth/providers']) {
        const [ours, theirs] = await Promise.all(apps.map((app) => ask(app, new Jar(), path)));
        assert.deepEqual(ours, theirs, path);
      }
      const jars = [new Jar(), new Jar()];
      const ends = [];
      for (const [i, app] of apps.entries()) {
        const { csrfToken } = JSON.parse((await ask(app, jars[i], '/api/auth/csrf')).body);
        const { location, status } = await ask(app, jars[i], '/api/auth/signin/credentials', new URLSearchParams({ csrfToken }));
        const nobody = await attempt(ask, app, jars[i], { username: 'nobody' });
        const thrown = await attempt(ask, app, jars[i], { username: 'throws' });
        const refused = [await attempt(ask, app, jars[i], { username: 'bare' }), await attempt(ask, app, jars[i], { username: 'number' }, { json: true })];
        ends.push([location, status, nobody, thrown, refused]);
      }
      // Pages of the program's are led to by absolute URLs here.
      assert.deepEqual(ends[0], ends[1], JSON.stringify(own));
    }
  });

  test(`v${version}: the form of the sign-in page is the original's, field by field`, async () => {
    const { ask, make, Credentials } = SYSTEMS[version];
    const forms = [];
    for (const our of [true, false]) {
      const app = make(programOf(Credentials, []), our);
      const { body } = await ask(app, new Jar(), '/api/auth/signin');
      const form = /<form[^>]*callback\/credentials[^>]*>.*?<\/form>/s.exec(body)[0];
      const value = (tag, name) => new RegExp(`${name}="([^"]*)"`).exec(tag)?.[1];
      const inputs = [...form.matchAll(/<input[^>]*>/g)].map(([tag]) => [value(tag, 'name'), value(tag, 'type'), value(tag, 'placeholder') || undefined]);
      const labels = [...form.matchAll(/<label[^>]*>([^<]*)</g)].map(([, text]) => text.replaceAll('>', '&gt;'));
      forms.push([value(form, 'action'), inputs.filter(([name]) => name), labels]);
    }
    assert.deepEqual(forms[0], forms[1]);
  });
}

test('v4: the app router answers as the pages router', async () => {
  for (const username of ['ada', 'number', 'nobody', 'throws']) {
    for (const how of WAYS) {
      const ends = [];
      for (const ask of [pages, route]) {
        const told = [];
        const jar = new Jar();
        const answer = await attempt(ask, Ours4(programOf(Credentials4, told)), jar, { username }, how);
        ends.push([answer, await claimsOf(jar, 'next-auth.session-token', decodeSession4), shown(told)]);
      }
      assert.deepEqual(ends[1], ends[0], username);
    }
  }
});

test('v4: an exception of jwt is the framework\'s, and nobody is signed in', async () => {
  const [ours, theirs] = await compare(4, { username: 'ada' }, {}, { jwt: () => { throw new Error('no token'); } });
  assert.deepEqual([ours.answer, ours.claims], [theirs.answer, null]);
});

test('v5: codes of CredentialsSignin, and other errors', async () => {
  const classes = (Base) => ({
    code: () => { throw Object.assign(new (class extends Base { code = 'my code'; })(), {}); },
    plain: () => { throw new Base('a text that nobody is shown'); },
    type: () => { throw new TypeError('the database is away'); },
    text: () => { throw 'text'; }, // eslint-disable-line no-throw-literal
  });
  for (const username of ['code', 'plain', 'type', 'text']) {
    for (const how of WAYS) {
      const { ask, make } = SYSTEMS[5];
      const ends = [];
      for (const our of [true, false]) {
        const errors = [];
        const config = programOf(Credentials5, [], { users: classes(our ? CredentialsSignin : TheirSignin), options: { logger: { ...quiet, error: (e) => errors.push(e) } } });
        const jar = new Jar();
        ends.push([await attempt(ask, make(config, our), jar, { username }, how), jar.has('authjs.session-token'), errors.length]);
      }
      assert.deepEqual(ends[0], ends[1], username);
    }
  }
});

test('v5: a sign-in that fails for want of a token leads where the original leads', async () => {
  for (const how of WAYS.slice(0, 2)) {
    const [ours, theirs] = await compare(5, { username: 'ada' }, how, { jwt: () => { throw new Error('no token'); } });
    assert.deepEqual([ours.answer, ours.claims], [theirs.answer, null]);
  }
  const [ours, theirs] = await compare(5, { username: 'ada' }, {}, { callbacks: { jwt: () => null } });
  assert.deepEqual([ours.answer.location, ours.claims], [theirs.answer.location, null]);
});

test('a user without id: v4 has none, v5 makes one up', async () => {
  const users = { ada: () => ({ name: 'Ada' }) };
  const [ours, theirs] = await compare(4, { username: 'ada' }, {}, { users });
  assert.deepEqual(ours, theirs);
  const [five] = await compare(5, { username: 'ada' }, {}, { users });
  assert.match(five.claims.sub, /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
  const [, signIn, jwt] = five.told.map((line) => JSON.parse(line));
  assert.deepEqual([signIn[1].id, signIn[2].providerAccountId, jwt[1].id], [five.claims.sub, five.claims.sub, five.claims.sub]);
});

test('what is no user signs nobody in', async () => {
  for (const version of [4, 5]) {
    for (const user of [true, 'ada', 7, [], [1]]) {
      const { ask, make, Credentials } = SYSTEMS[version];
      const jar = new Jar();
      const answer = await attempt(ask, make(programOf(Credentials, [], { users: { ada: () => user } }), true), jar, { username: 'ada' });
      assert.deepEqual([answer.location, jar.has(SYSTEMS[version].cookie)], [`${BASE}/api/auth/error?error=Configuration`, false]);
    }
  }
});

// ---- Server Actions --------------------------------------------------------------------------------

test('signIn in a Server Action answers and throws as the original', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'usher-actions-'));
  mkdirSync(join(folder, 'node_modules/next'), { recursive: true });
  for (const name of ['headers', 'navigation']) writeFileSync(join(folder, `node_modules/next/${name}.js`), `for (const name of ['headers', 'cookies', 'redirect']) exports[name] = (...a) => globalThis.nextShim[name](...a);`);
  writeFileSync(join(folder, 'node_modules/next/package.json'), '{"name":"next","version":"16.0.0"}');
  const before = process.cwd();
  process.chdir(folder);
  t.after(() => { process.chdir(before); rmSync(folder, { recursive: true }); delete globalThis.nextShim; });

  async function run(our, call) {
    const set = [];
    const told = [];
    const users = { ...USERS, code: () => { throw Object.assign(new (our ? CredentialsSignin : TheirSignin)(), { code: 'locked', minutes: 5 }); } };
    globalThis.nextShim = {
      headers: async () => new Headers({ host: 'localhost:3000', 'x-forwarded-proto': 'http', referer: `${BASE}/from`, 'user-agent': 'a browser', 'x-forwarded-for': '10.1.2.3' }),
      cookies: async () => ({ set: (name) => set.push(name), get: () => undefined, getAll: () => [] }),
      redirect: (url) => { throw Object.assign(new Error('NEXT_REDIRECT'), { url }); },
    };
    const app = SYSTEMS[5].make(programOf(Credentials5, told, { users }), our);
    let result;
    try {
      result = await call(app);
    } catch (error) {
      const { name, type, kind, code, message, url, cause, minutes } = error;
      result = { minutes, name: url ? '' : error.constructor.name, type, kind, code, message: url ? '' : message, url, cause: cause?.err?.message, provider: cause?.provider };
    }
    const [[, rest, token, [url, method, body] = [], headers] = []] = told;
    const { csrfToken, ...posted } = body ?? {};
    return { result, signed: set.filter((name) => name.includes('session')), asked: JSON.stringify([rest, token, url?.replace(/\?$/, ''), method, posted, headers]) };
  }

  const form = new FormData();
  for (const [name, value] of Object.entries({ username: 'ada', password: 'p', redirectTo: '/from-form' })) form.set(name, value);
  const calls = [];
  for (const username of ['ada', 'nobody', 'throws', 'code']) {
    for (const more of [{ redirect: false }, { redirectTo: '/after' }]) calls.push((app) => app.signIn('credentials', { username, password: 'p', ...more }));
  }
  calls.push((app) => app.signIn('credentials', form), (app) => app.signIn('credentials', { username: 'ada', redirect: false }, { a: '1' }));
  for (const [i, call] of calls.entries()) assert.deepEqual(await run(true, call), await run(false, call), `call ${i}`);
  assert.ok((await run(true, calls[0])).signed.length === 1);
});

// ---- settings --------------------------------------------------------------------------------------

test('several forms, each with a function of its own', async () => {
  for (const version of [4, 5]) {
    const { ask, make, Credentials } = SYSTEMS[version];
    const providers = ['by-mail', 'byPhone_2'].map((id) => Credentials({ id, name: id, credentials: {}, authorize: ({ who }) => (who === id ? { id } : null) }));
    const app = make({ secret, logger: quiet, providers }, true);
    for (const id of ['by-mail', 'byPhone_2']) {
      const jar = new Jar();
      await attempt(ask, app, jar, { who: 'another' }, { id });
      assert.equal(jar.has(SYSTEMS[version].cookie), false);
      await attempt(ask, app, jar, { who: id }, { id });
      assert.equal((await claimsOf(jar, SYSTEMS[version].cookie, SYSTEMS[version].decode)).sub, id);
    }
  }
});

test('sessions in a database: forms alone are an error, beside others an attempt is, and the session stays', async () => {
  const adapter = { getSessionAndUser: async () => null, deleteSession: async () => null };
  for (const version of [4, 5]) {
    const { ask, make, Credentials } = SYSTEMS[version];
    const options = { adapter, session: { strategy: 'database' } };
    for (const our of [true, false]) {
      const app = make(programOf(Credentials, [], { options }), our);
      const answer = await ask(app, new Jar(), '/api/auth/session');
      assert.equal(answer.status, 500, `v${version} ${our}`);
    }
    const jar = new Jar();
    jar.take([`${SYSTEMS[version].cookie}=a-row`]);
    const answer = await attempt(ask, make(programOf(Credentials, [], { options, providers: [version === 5 ? { ...company, type: 'oidc', issuer: 'https://id.example.com' } : company] }), true), jar, { username: 'ada' });
    assert.equal(answer.location, `${BASE}/api/auth/error?error=Configuration`);
    assert.match(jar.header, /session-token=a-row/);
  }
});

test('users in a database and sessions in cookies: no row is touched', async () => {
  const touched = [];
  const adapter = new Proxy({}, { get: (_, name) => (typeof name === 'string' ? async () => { touched.push(name); return null; } : undefined) });
  for (const version of [4, 5]) {
    const [ours, theirs] = await compare(version, { username: 'ada' }, {}, { options: { adapter, session: { strategy: 'jwt' } } });
    assert.deepEqual(ours, theirs);
    assert.equal(ours.claims.sub, '7');
  }
  assert.deepEqual(touched, []);
});

test('a provider that cannot be is named when NextAuth is called', () => {
  const bad = [{ authorize: 1 }, { authorize: undefined }, { credentials: 1 }, { credentials: { a: 1 } }, { credentials: { csrfToken: {} } }];
  for (const more of bad.slice(0, 4)) {
    for (const make of [Ours4, Ours5]) {
      const provider = { id: 'c', type: 'credentials', name: 'C', credentials: {}, authorize: () => null, ...more };
      assert.throws(() => make({ secret, providers: [provider] }), TypeError);
    }
  }
});

// ---- causes ----------------------------------------------------------------------------------------

for (const version of [4, 5]) {
  test(`v${version}: what was thrown has a cause of its own`, async () => {
    const { ask, make, Credentials } = SYSTEMS[version];
    const causes = [];
    const signIn = ({ user }) => { if (user.id === '7') throw new Error('no database'); return String(user.id) !== '42'; };
    const options = { logger: { ...quiet, warn: (cause) => causes.push(cause.toLowerCase()) } };
    const app = make(programOf(Credentials, [], { signIn, options }), true);
    const jar = new Jar();
    for (const username of ['nobody', 'throws', 'ada', 'number']) await attempt(ask, app, jar, { username });
    const thrown = version === 4 ? 'callback_failed' : 'hook'; // of authorize: v5 tells who tried nothing of it
    assert.deepEqual(causes, ['credentials', thrown, 'callback_failed', 'sign_in_denied']);
  });
}

// ---- sites -----------------------------------------------------------------------------------------

test('createSite: a hook judges, refuses with a word, and may fail', async () => {
  const asked = [];
  const reports = [];
  const thrown = [];
  const answers = { ada: () => ({ id: '7', name: 'Ada' }), nobody: () => null, locked: () => { throw Object.assign(new ourErrors.CredentialsSignin(), { code: 'locked' }); }, away: () => { throw new Error('away'); } };
  const site = createSite({ profile: 'authjs-5', base_url: BASE, secret, providers: [{ id: 'form', type: 'credentials', fields: [{ name: 'user' }] }] }, {
    env: null, onReport: ({ cause }) => reports.push(cause), onError: (error, hook) => thrown.push([hook, error.message.slice(0, 4)]),
    hooks: { authorize: (question) => { asked.push(question); return answers[question.credentials.user](); } },
  });
  const ends = {};
  for (const user of Object.keys(answers)) {
    const jar = new Jar();
    const { csrfToken, setCookies } = await site.getCsrfToken({});
    jar.take(setCookies);
    const answer = await site.handle(new Request(`${BASE}/api/auth/callback/form?a=b`, { method: 'POST', headers: { cookie: jar.header, 'x-more': 'é' }, body: new URLSearchParams({ user, csrfToken }) }));
    jar.take(answer.headers.getSetCookie());
    ends[user] = [answer.headers.get('location'), (await site.getSession({ cookie: jar.header }))?.user.name];
  }
  assert.deepEqual(ends, {
    ada: [BASE, 'Ada'], nobody: [`${BASE}/api/auth/signin?error=CredentialsSignin&code=credentials`, undefined],
    locked: [`${BASE}/api/auth/signin?error=CredentialsSignin&code=locked`, undefined], away: [`${BASE}/api/auth/error?error=Configuration`, undefined],
  });
  assert.deepEqual([reports, thrown.map(([hook]) => hook)], [['credentials', 'credentials', 'hook'], ['authorize', 'authorize']]);
  const [{ credentials, provider, method, url, query }] = asked;
  assert.deepEqual([Object.keys(credentials), provider, method, url, query], [['user', 'csrfToken'], 'form', 'POST', `${BASE}/api/auth/callback/form?a=b`, { a: 'b' }]);
});

test('createSite: without a hook there is no form', () => {
  assert.throws(() => createSite({ base_url: BASE, secret, providers: [{ id: 'form', type: 'credentials' }] }, { env: null }), /'form' is of type credentials.*authorize/);
  assert.throws(() => createSite({ base_url: BASE, secret }, { env: null, hooks: { authorize: 1 } }), TypeError);
});

test('what a request brought is wiped', async (t) => {
  const bodies = [];
  const { concat } = Buffer;
  t.mock.method(Buffer, 'concat', (...args) => { const whole = concat.apply(Buffer, args); if (whole.toString().startsWith('username=')) bodies.push(whole); return whole; });
  const before = [];
  const users = { ada: () => { before.push(bodies.at(-1).some((byte) => byte !== 0)); return { id: '7' }; } };
  for (const version of [4, 5]) {
    const { ask, make, Credentials } = SYSTEMS[version];
    const answer = await attempt(ask, make(programOf(Credentials, [], { users }), true), new Jar(), { username: 'ada', password: 'open-sesame' });
    assert.equal(answer.status, 302);
  }
  const broken = createSite({ base_url: BASE, secret }, { env: null, now: () => { throw new Error('no clock'); } });
  const request = new Request(`${BASE}/api/auth/callback/form`, { method: 'POST', body: new URLSearchParams({ username: 'ada', password: 'open-sesame' }) });
  await assert.rejects(broken.handle(request), /no clock/);
  assert.ok(bodies.length >= 3);
  assert.ok(bodies.every((body) => body.every((byte) => byte === 0)));
  assert.deepEqual(before, [false, false]);
});

test('a password is in no line of any log, and in no answer', async () => {
  const lines = [];
  const logger = { error: (...line) => lines.push(line), warn: (...line) => lines.push(line), debug: (...line) => lines.push(line) };
  for (const version of [4, 5]) {
    const { ask, make, Credentials } = SYSTEMS[version];
    for (const username of Object.keys(USERS)) {
      for (const how of WAYS) {
        const app = make(programOf(Credentials, [], { options: { logger, debug: true } }), true);
        const answer = await attempt(ask, app, new Jar(), { username, password: 'open-sesame-42' }, how);
        assert.ok(!JSON.stringify(answer).includes('open-sesame'));
      }
    }
  }
  assert.ok(lines.length > 10);
  assert.ok(!lines.flat().some((part) => `${part} ${part?.stack} ${JSON.stringify(part)}`.includes('open-sesame')));
});
