// What adapters hand out and get back: ids of any type, and addresses as they compare them. The rows are in
// memory; PostgreSQL's own adapter is in tests/e2e/adapters.mjs.
import assert from 'node:assert/strict';
import test from 'node:test';
import NextAuth from '../authjs/index.mjs';
import { encode, getToken } from '../authjs/jwt.mjs';
import { BASE, Jar, Provider, SECRET as secret } from './kit/kit.mjs';

for (const name of ['AUTH_URL', 'NEXTAUTH_URL', 'AUTH_SECRET', 'NEXTAUTH_SECRET', 'AUTH_TRUST_HOST', 'VERCEL']) delete process.env[name];

const quiet = { error() {}, warn() {}, debug() {} };

/** An adapter whose users have the ids that `ids` gives one by one. */
class Rows {
  users = [];
  accounts = [];
  sessions = [];

  constructor(ids) {
    const find = (list, wanted) => list.find((row) => Object.entries(wanted).every(([name, value]) => row[name] === value)) ?? null;
    this.adapter = {
      createUser: (user) => this.users[this.users.push({ ...user, id: ids.shift() }) - 1],
      getUser: (id) => this.users.find((user) => String(user.id) === id) ?? null,
      getUserByEmail: (email) => find(this.users, { email }),
      getUserByAccount: (key) => find(this.users, { id: find(this.accounts, key)?.userId }),
      linkAccount: (account) => { this.accounts.push(account); },
      createSession: (session) => this.sessions[this.sessions.push(session) - 1],
      getSessionAndUser: (sessionToken) => {
        const session = find(this.sessions, { sessionToken });
        const user = session && find(this.users, { id: session.userId });
        return user && { session, user };
      },
      updateSession: (changes) => Object.assign(find(this.sessions, { sessionToken: changes.sessionToken }), changes),
      deleteSession: (sessionToken) => { this.sessions = this.sessions.filter((session) => session.sessionToken !== sessionToken); },
      updateUser: (user) => user,
    };
  }
}

function appOf(provider, rows, profile, more = {}) {
  return NextAuth({ secret, trustHost: true, logger: quiet, adapter: rows.adapter, providers: [{ id: 'company', name: 'Company', type: 'oidc',
    issuer: provider.issuer, clientId: 'app', clientSecret: 'company-client-secret-0123456789', checks: ['pkce', 'state'], profile, ...more }] });
}

async function ask({ handlers }, jar, path, form) {
  const headers = { host: 'localhost:3000', 'x-forwarded-proto': 'http', cookie: jar.header, ...(form && { 'x-auth-return-redirect': '1' }) };
  const answer = await handlers.GET(new Request(BASE + path, { headers, ...(form && { method: 'POST', body: new URLSearchParams(form) }) }));
  jar.take(answer.headers.getSetCookie());
  return { location: answer.headers.get('location') ?? undefined, body: await answer.text() };
}

async function signIn(app, jar) {
  const { csrfToken } = JSON.parse((await ask(app, jar, '/api/auth/csrf')).body);
  const { url } = JSON.parse((await ask(app, jar, '/api/auth/signin/company', { csrfToken, callbackUrl: `${BASE}/after` })).body);
  const state = new URL(url).searchParams.get('state');
  return (await ask(app, jar, `/api/auth/callback/company?${new URLSearchParams({ code: 'c', state })}`)).location;
}

const userOf = async (app, jar) => JSON.parse((await ask(app, jar, '/api/auth/session')).body)?.user;

test('ids that no number can hold are those of the same user', async (t) => {
  const provider = await Provider.listening(t);
  const many = 9007199254740992n; // 2 ** 53: the next one looks the same as a number
  for (const ids of [[many + 1n, many + 2n], [7n, 8n], [7, 8], ['7', '8']]) {
    const rows = new Rows([...ids]);
    rows.adapter.createUser({ name: 'Neighbour', email: 'neighbour@example.com' });
    rows.users.unshift({ id: many, name: 'Neighbour', email: 'other@example.com' });
    const app = appOf(provider, rows, (p) => ({ id: p.sub, name: p.name, email: p.email }));
    for (let visit = 0; visit < 2; visit += 1) { // somebody new, and the same again
      const jar = new Jar();
      assert.equal(await signIn(app, jar), `${BASE}/after`);
      assert.equal((await userOf(app, jar)).name, 'Ann');
    }
    for (const { userId } of [...rows.sessions, ...rows.accounts]) assert.equal(userId, ids[1]);
    assert.deepEqual([rows.sessions.length, rows.accounts.length], [2, 1]);
  }
});

test('an address that only looks like another is another', async (t) => {
  const provider = await Provider.listening(t);
  for (const [email, same] of [['ANN@example.com', true], ['\u212aate@example.com', false], ['\u212aATE@Example.com', false], ['KATE@EXAMPLE.com', true], ['\u00c9VE@example.com', true]]) {
    const rows = new Rows(['1', '2', '3', '4']);
    for (const known of ['ann@example.com', 'kate@example.com', '\u00e9ve@example.com']) rows.adapter.createUser({ name: 'Known', email: known });
    const app = appOf(provider, rows, (p) => ({ id: p.sub, name: p.name, email }), { allowDangerousEmailAccountLinking: true });
    const jar = new Jar();
    await signIn(app, jar);
    assert.equal((await userOf(app, jar)).name, same ? 'Known' : 'Ann', email);
  }
});

test('a session that was a token is shown with its own user, whatever row came with it', async () => {
  const rows = new Rows([1, 2]);
  rows.adapter.createUser({ name: 'Ann', email: 'ann@example.com', emailVerified: null, image: null });
  rows.adapter.createUser({ name: 'Bob', email: 'bob@example.com', emailVerified: null, image: null });
  rows.sessions.push({ sessionToken: 'over', userId: 2, expires: new Date(Date.now() - 1000) });
  const seen = [];
  const app = NextAuth({ secret, trustHost: true, logger: quiet, adapter: rows.adapter, providers: [],
    session: { generateSessionToken: () => 'own-key' },
    callbacks: { session: (params) => { seen.push(params); return params.session; } },
    usher: { accept: [{ profile: 'authjs-5', cookie: 'old', subject: 'user' }] } });
  const jar = new Jar();
  jar.take([`authjs.session-token=over; Path=/`, `old=${await encode({ token: { sub: '1' }, secret, salt: 'old', maxAge: 3600 })}; Path=/`]);
  assert.equal((await userOf(app, jar)).name, 'Ann');
  assert.equal(seen[0].user, rows.users[0]);
  assert.deepEqual([seen[0].session.sessionToken, seen[0].session.userId, seen[0].session.expires instanceof Date], ['own-key', 1, true]);
  assert.equal(rows.sessions.at(-1).userId, 1);
  assert.equal((await userOf(app, jar)).name, 'Ann');
  assert.match(jar.header, /authjs\.session-token=own-key/);
  assert.doesNotMatch(jar.header, /old=/);
  assert.throws(() => NextAuth({ secret, providers: [], usher: { accept: {} } }), /config\.usher\.accept must be an array/);
});

test('a session ends with its cookie or its token, whichever is first', async (t) => {
  const provider = await Provider.listening(t);
  for (const [session, jwt, lives] of [[{ maxAge: 3600 }, {}, 3600], [{ maxAge: 3600 }, { maxAge: 60 }, 60], [{}, { maxAge: 60 }, 60], [{ maxAge: 60 }, { maxAge: 3600 }, 60]]) {
    const rows = new Rows([1]);
    const app = NextAuth({ secret, trustHost: true, logger: quiet, session: { ...session, strategy: 'jwt' }, jwt, adapter: rows.adapter, providers: [{ id: 'company', name: 'Company',
      type: 'oidc', issuer: provider.issuer, clientId: 'app', clientSecret: 'company-client-secret-0123456789', checks: ['pkce', 'state'] }] });
    const jar = new Jar();
    assert.equal(await signIn(app, jar), `${BASE}/after`);
    const { exp, iat } = await getToken({ req: { headers: { cookie: jar.header } }, secret });
    assert.equal(exp - iat, lives);
  }
});
