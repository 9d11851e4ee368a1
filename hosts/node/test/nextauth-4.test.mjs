// NextAuth(options) of v4, beside the original: the same requests to both, and each goes on with what
// the other began.
import assert from 'node:assert/strict';
import { createRequire } from 'node:module';
import test from 'node:test';
import NextAuth, { getServerSession } from '../next-auth/index.mjs';
import { BASE, Jar, PagesResponse, Provider, SECRET as secret } from './kit/kit.mjs';

const originals = createRequire(new URL('../../../tests/package.json', import.meta.url));
const Theirs = originals('next-auth').default;
const SESSION = 'next-auth.session-token';

process.env.NEXTAUTH_URL = BASE;
delete process.env.NEXTAUTH_SECRET;

/** As Next.js' pages router calls a handler: query, cookies and body are read already. */
async function ask(handler, jar, path, form) {
  const url = new URL(path, BASE);
  const cookies = Object.fromEntries(jar.header.split('; ').filter(Boolean).map((pair) => [pair.slice(0, pair.indexOf('=')), decodeURIComponent(pair.slice(pair.indexOf('=') + 1))]));
  const headers = { host: 'localhost:3000', cookie: jar.header, ...(form && { 'content-type': 'application/x-www-form-urlencoded' }) };
  const query = { ...Object.fromEntries(url.searchParams), nextauth: url.pathname.slice('/api/auth/'.length).split('/') };
  const res = new PagesResponse();
  await handler({ method: form ? 'POST' : 'GET', url: url.pathname + url.search, headers, query, cookies, body: form ?? '' }, res);
  jar.take([res.headers['set-cookie'] ?? []].flat());
  return { status: res.statusCode, location: res.headers.location, body: res.body, type: res.headers['content-type'], cookies: [res.headers['set-cookie'] ?? []].flat().map((line) => line.split('=')[0]) };
}

/** As the app router calls it. */
async function askRoute(handler, jar, path, form) {
  const init = { headers: { cookie: jar.header }, ...(form && { method: 'POST', body: new URLSearchParams(form) }) };
  const nextauth = new URL(path, BASE).pathname.slice('/api/auth/'.length).split('/');
  const answer = await handler(new Request(BASE + path, init), { params: Promise.resolve({ nextauth }) });
  jar.take(answer.headers.getSetCookie());
  return { status: answer.status, location: answer.headers.get('location') ?? undefined, body: await answer.text() };
}

const companyOf = (provider, more = {}) => ({
  id: 'company', name: 'Company', type: 'oauth', wellKnown: `${provider.issuer}/.well-known/openid-configuration`, idToken: true,
  authorization: { params: { scope: 'openid email profile', prompt: 'login' } }, checks: ['pkce', 'state'],
  profile: (p) => ({ id: p.sub, name: p.name, email: p.email, image: null }), options: { clientId: 'app', clientSecret: 'company-client-secret-0123456789' }, ...more,
});

const quiet = { error() {}, warn() {}, debug() {} };

async function csrfOf(handler, jar, how) {
  return JSON.parse((await how(handler, jar, '/api/auth/csrf')).body).csrfToken;
}

async function begin(handler, jar, how = ask) {
  const csrfToken = await csrfOf(handler, jar, how);
  return how(handler, jar, '/api/auth/signin/company', { csrfToken, callbackUrl: `${BASE}/after`, json: 'true' });
}

const comeBack = (handler, jar, url, how = ask) => how(handler, jar, `/api/auth/callback/company?${new URLSearchParams({ code: 'c', state: new URL(url).searchParams.get('state') })}`);

test('a sign-in begun by one and ended by the other, both ways and both routers', async (t) => {
  const provider = await Provider.listening(t);
  const told = [];
  const options = { secret, providers: [companyOf(provider)], logger: quiet, callbacks: {
    signIn: ({ user, account, profile }) => { told.push([user.name, account.provider, account.type, account.providerAccountId, profile.sub]); return true; },
    jwt: ({ token, user, account }) => (user ? { ...token, role: 'admin', via: account.provider } : token),
    session: ({ session, token }) => ({ ...session, role: token.role, via: token.via, id: token.sub }),
  } };
  const [ours, theirs] = [NextAuth(options), Theirs(options)];
  const sessions = [];
  for (const [first, second, how] of [[ours, theirs, ask], [theirs, ours, ask], [ours, ours, ask], [theirs, theirs, ask], [ours, ours, askRoute]]) {
    const jar = new Jar();
    const started = await begin(first, jar, how);
    assert.equal(started.status, 200);
    const { url } = JSON.parse(started.body);
    const sent = new URL(url).searchParams;
    assert.deepEqual([sent.get('prompt'), sent.get('scope'), sent.get('redirect_uri')], ['login', 'openid email profile', `${BASE}/api/auth/callback/company`]);
    const ended = await comeBack(second, jar, url, how);
    assert.deepEqual([ended.status, ended.location], [302, `${BASE}/after`]);
    for (const reader of [ours, theirs]) sessions.push({ ...JSON.parse((await ask(reader, jar, '/api/auth/session')).body), expires: '' });
    assert.equal((await getServerSession({ headers: { cookie: jar.header } }, new PagesResponse(), options)).id, 'u1');
    const out = await how(second, jar, '/api/auth/signout', { csrfToken: await csrfOf(second, jar, how), json: 'true' });
    assert.equal(out.status, 200);
    assert.ok(!jar.has(SESSION));
  }
  for (const session of sessions) assert.deepEqual(session, { user: { name: 'Ann', email: 'ann@example.com', image: null }, expires: '', role: 'admin', via: 'company', id: 'u1' });
  for (const line of told) assert.deepEqual(line, ['Ann', 'company', 'oauth', 'u1', 'u1']);
  assert.equal(told.length, 5);
});

test('every route answers as the original', async (t) => {
  const provider = await Provider.listening(t);
  const options = { secret, providers: [companyOf(provider)], logger: quiet, pages: { signIn: '/login', error: '/failed' } };
  const [ours, theirs] = [NextAuth(options), Theirs(options)];
  const routes = [['csrf'], ['session'], ['providers'], ['signin'], ['signin?callbackUrl=/x'], ['error?error=AccessDenied'], ['signout', { csrfToken: 'forged' }],
    ['signin/company', { csrfToken: 'forged' }], ['nowhere'], ['callback/company?error=access_denied'], ['callback/company?code=c&state=forged'], ['callback/nobody'], ['verify-request'], ['_log', { level: 'error', code: 'x' }]];
  const masked = (text) => (text.startsWith('{') && text.includes('csrfToken') ? 'csrf' : text.startsWith('<') ? 'html' : text);
  for (const [path, form] of routes) {
    const [a, b] = [await ask(ours, new Jar(), `/api/auth/${path}`, form), await ask(theirs, new Jar(), `/api/auth/${path}`, form)];
    // Ours are absolute where a page of the program is led to.
    const [here, there] = [a, b].map(({ location }) => location && new URL(location, BASE).href);
    assert.deepEqual([a.status, here, a.cookies.sort()], [b.status, there, b.cookies.sort()], path);
    if (masked(b.body) !== 'html') assert.equal(masked(a.body), masked(b.body), path);
  }
});

test('signIn may refuse, lead elsewhere and throw; redirect decides where to', async (t) => {
  const provider = await Provider.listening(t);
  const answers = [false, '/elsewhere', () => { throw new Error('not today'); }, true];
  for (const [i, answer] of [...answers, ...answers].entries()) {
    const pages = i < answers.length ? {} : { error: '/failed?from=here' };
    const callbacks = { signIn: () => (typeof answer === 'function' ? answer() : answer), redirect: ({ url, baseUrl }) => (url.endsWith('/after') ? `${baseUrl}/redirected` : url) };
    const options = { secret, providers: [companyOf(provider)], logger: quiet, callbacks, pages };
    const ends = [];
    for (const make of [NextAuth, Theirs]) {
      const handler = make(options);
      const jar = new Jar();
      const { url } = JSON.parse((await begin(handler, jar)).body);
      const { status, location } = await comeBack(handler, jar, url);
      ends.push([status, location, jar.has(SESSION)]);
    }
    assert.deepEqual(ends[0], ends[1], String(answer));
  }
});

test('update() goes through the jwt callback', async (t) => {
  const provider = await Provider.listening(t);
  const callbacks = { jwt: ({ token, trigger, session }) => (trigger === 'update' ? { ...token, nick: session.nick } : token), session: ({ session, token }) => ({ ...session, nick: token.nick }) };
  const options = { secret, providers: [companyOf(provider)], logger: quiet, callbacks };
  const answers = [];
  for (const make of [NextAuth, Theirs]) {
    const handler = make(options);
    const jar = new Jar();
    const { url } = JSON.parse((await begin(handler, jar)).body);
    await comeBack(handler, jar, url);
    const csrfToken = await csrfOf(handler, jar, ask);
    const res = new PagesResponse();
    await handler({ method: 'POST', url: '/api/auth/session', headers: { cookie: jar.header, 'content-type': 'application/json' }, query: { nextauth: ['session'] },
      cookies: Object.fromEntries(jar.header.split('; ').map((p) => [p.slice(0, p.indexOf('=')), decodeURIComponent(p.slice(p.indexOf('=') + 1))])), body: { csrfToken, data: { nick: 'Annie' } } }, res);
    answers.push([res.statusCode, JSON.parse(res.body).nick]);
  }
  assert.deepEqual(answers, [[200, 'Annie'], [200, 'Annie']]);
});

test('events are told, and one that throws changes nothing', async (t) => {
  const provider = await Provider.listening(t);
  const both = [];
  for (const make of [NextAuth, Theirs]) {
    const told = [];
    const tell = (name) => (message) => { told.push([name, Object.keys(message).filter((k) => message[k] !== undefined).sort(), message.user?.name ?? message.token?.name, message.profile]); if (name === 'signOut') throw new Error('away'); };
    const handler = make({ secret, providers: [companyOf(provider)], logger: quiet, events: { signIn: tell('signIn'), signOut: tell('signOut'), session: tell('session') } });
    const jar = new Jar();
    const { url } = JSON.parse((await begin(handler, jar)).body);
    await comeBack(handler, jar, url);
    await ask(handler, jar, '/api/auth/session');
    await ask(handler, jar, '/api/auth/signout', { csrfToken: await csrfOf(handler, jar, ask), json: 'true' });
    assert.ok(!jar.has(SESSION));
    both.push(told);
  }
  assert.deepEqual(both[0].map(([name, , ...who]) => [name, ...who]), both[1].map(([name, , ...who]) => [name, ...who]));
  assert.deepEqual(both[0][0][1].filter((k) => k !== 'isNewUser'), both[1][0][1].filter((k) => k !== 'isNewUser'));
});

test('what this version does not have is an error that names it', () => {
  const oauth = { id: 'hub', name: 'Hub', type: 'oauth', authorization: 'https://hub.example/authorize', token: 'https://hub.example/token', userinfo: 'https://hub.example/user', clientId: 'a', clientSecret: 'b' };
  for (const [provider, words] of [[{ id: 'email', type: 'email' }, /"email".*type "email"/],
    [oauth, /"hub".*without OpenID Connect/], [{ ...oauth, idToken: true, issuer: 'https://hub.example', client: { token_endpoint_auth_method: 'private_key_jwt' } }, /private_key_jwt/],
    [{ ...oauth, idToken: true, issuer: 'https://hub.example', userinfo: { request() {} } }, /userinfo\.request/]]) {
    assert.throws(() => NextAuth({ secret, providers: [provider] }), (e) => e.code === 'USHER_E_SETTING' && words.test(e.message));
  }
  for (const bad of [undefined, null, 1, 'x', []]) assert.throws(() => NextAuth(bad ?? 1), TypeError);
  assert.throws(() => NextAuth({ providers: {} }), TypeError);
  assert.throws(() => NextAuth({ providers: [1] }), TypeError);
});

test('settings that cannot be used are a 500 and a line in the log', async () => {
  const logged = [];
  const handler = NextAuth({ secret, providers: [{ id: 'Not An Id', type: 'oidc', issuer: 'https://id.example.com', clientId: 'a', clientSecret: 'b' }], logger: { ...quiet, error: (code) => logged.push(code) } });
  const { status, body } = await ask(handler, new Jar(), '/api/auth/session');
  assert.deepEqual([status, logged], [500, ['CONFIGURATION_ERROR']]);
  assert.match(JSON.parse(body).message, /server configuration/);
  // Whoever looks at a page sees one: the program's own, unless that is what led here.
  const unusable = { secret, session: { maxAge: -1 }, logger: quiet, providers: [] };
  for (const [path, form, pages, expected] of [
    ['signin', undefined, {}, [500, 'text/html; charset=utf-8', undefined, []]],
    ['signin', 'a=b', {}, [500, 'application/json', undefined, []]],
    ['error?error=x', undefined, { error: '/oops' }, [302, undefined, '/oops?error=Configuration', []]],
    ['signin?callbackUrl=%2Foops', undefined, { error: '/oops' }, [500, 'text/html; charset=utf-8', undefined, []]]]) {
    const page = await ask(NextAuth({ ...unusable, pages }), new Jar(), `/api/auth/${path}`, form);
    assert.deepEqual([page.status, page.type, page.location, page.cookies], expected, path);
  }
  await assert.rejects(handler({ method: 'GET', url: '/', headers: {}, query: {} }, new PagesResponse()), /nextauth/);
  await assert.rejects(handler(1, new PagesResponse()), TypeError);
  await assert.rejects(handler({ headers: {} }, 1), TypeError);
});

test('theme: the class of the original, colours and logo in what the policy allows', async () => {
  const classOf = (page) => /<body class="([^"]*)"/.exec(page.body)?.[1];
  for (const colorScheme of ['auto', 'dark', 'light', undefined]) {
    const options = { secret, logger: quiet, providers: [], theme: { colorScheme, brandColor: '#0f766e', buttonText: '', logo: '/logo.svg' } };
    const [ours, theirs] = [await ask(NextAuth(options), new Jar(), '/api/auth/signout'), await ask(Theirs(options), new Jar(), '/api/auth/signout')];
    assert.equal(classOf(ours), classOf(theirs));
    assert.match(theirs.body, /#0f766e/);
    assert.match(ours.body, /\{--go:#0f766e\}<\/style>/);
    assert.match(ours.body, /<img class="logo" alt="" src="\/logo\.svg">/);
  }
  const plain = await ask(NextAuth({ secret, logger: quiet, providers: [], theme: { colorScheme: 'blue', brandColor: 'url(//x)', logo: 'javascript:1' } }), new Jar(), '/api/auth/signout');
  assert.equal(classOf(plain), '__next-auth-theme-auto');
  assert.doesNotMatch(plain.body, /url\(|javascript|<img/);
});
