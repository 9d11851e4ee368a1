// usher/next-auth/react and usher/authjs/react beside the packages whose place they take, in Chromium: the
// same things are done with each, at the same server, and what the pages ask and show must be the same.
import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createRequire, register } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'node:test';
import { fileURLToPath, pathToFileURL } from 'node:url';
import Five from '../authjs/index.mjs';
import * as v5jwt from '../authjs/jwt.mjs';
import Four from '../next-auth/index.mjs';
import * as v4jwt from '../next-auth/jwt.mjs';
import { appRouter, bundle, chromium, moduleOf, pageOf, pagesRouter, record, serve } from './kit/browser.mjs';
import { Provider, SECRET as secret } from './kit/kit.mjs';

const bench = new URL('../../../bench/package.json', import.meta.url);
const tests = createRequire(new URL('../../../tests/package.json', import.meta.url));
// next-auth 5 names files of Next.js without their suffix, which bundlers add and Node does not; and React is
// the application's, which is tests/ here.
const react = pathToFileURL(tests.resolve('react')).href;
register(`data:text/javascript,${encodeURIComponent(`export const resolve = (name, context, next) => next(name === 'react' ? '${react}' : /^next\\/(server|headers|navigation)$/.test(name) ? name + '.js' : name, context);`)}`);
const { NextRequest } = createRequire(bench)('next/server');
const { default: TheirFive } = await import(new URL('node_modules/next-auth/index.js', bench));
const { default: credentials5 } = await import(new URL('node_modules/next-auth/providers/credentials.js', bench));
const TheirFour = tests('next-auth').default;
const credentials4 = tests('next-auth/providers/credentials').default;

const ours = (name) => fileURLToPath(new URL(`../${name}/react.mjs`, import.meta.url));
for (const name of ['NEXTAUTH_URL', 'AUTH_URL', 'NEXTAUTH_SECRET', 'AUTH_SECRET', 'VERCEL']) delete process.env[name];
process.env.AUTH_TRUST_HOST = 'true';

const claims = { sub: '42', name: 'Ann', email: 'ann@example.com' };
const quiet = { error() {}, warn() {}, debug() {} };
const login = { credentials: { name: {}, password: {} }, authorize: ({ name, password }) => (password === 'right' ? { id: '7', name } : null) };
const update = { jwt: ({ token, trigger, session }) => (trigger === 'update' && session ? { ...token, name: session.name } : token) };
const companyOf = ({ issuer }) => ({ id: 'company', name: 'Company', issuer, clientId: 'app', clientSecret: 'company-client-secret-0123456789', profile: (p) => ({ id: p.sub, name: p.name }) });

const systems = {
  v4: {
    clients: { original: fileURLToPath(new URL('../../../tests/node_modules/next-auth/react/index.js', import.meta.url)), ours: ours('next-auth') },
    session: 'next-auth.session-token',
    mint: () => v4jwt.encode({ token: claims, secret }),
    server(make, provider, more) {
      const company = { ...companyOf(provider), type: 'oauth', wellKnown: `${provider.issuer}/.well-known/openid-configuration`, authorization: { params: { scope: 'openid' } } };
      return pagesRouter(make({ secret, providers: [company, ...more], callbacks: update, logger: quiet }));
    },
    makers: { original: TheirFour, ours: Four },
    login: () => credentials4(login),
  },
  v5: {
    clients: { original: fileURLToPath(new URL('node_modules/next-auth/react.js', bench)), ours: ours('authjs') },
    session: 'authjs.session-token',
    mint: () => v5jwt.encode({ token: claims, secret, salt: 'authjs.session-token' }),
    server(make, provider, more) {
      const { handlers } = make({ secret, trustHost: true, providers: [{ ...companyOf(provider), type: 'oidc' }, ...more], callbacks: { ...update, session: ({ session }) => session }, logger: quiet });
      return appRouter((request) => handlers[request.method](request), NextRequest);
    },
    makers: { original: TheirFive, ours: Five },
    login: () => credentials5(login),
  },
};

// ---- what is done ------------------------------------------------------------------------------------

const sleep = (ms) => new Promise((done) => { setTimeout(done, ms); });

/** Until nothing is asked any more, and something is shown. */
async function settled({ lines, page }) {
  for (let quiet = 0, before = -1; quiet < 3; before = lines.length) {
    await sleep(40);
    const waits = await page.evaluate(() => window.page?.seen.at(-1)?.startsWith('loading') && !window.page.mayWait);
    quiet = lines.length === before && lines.open === 0 && !waits ? quiet + 1 : 0;
  }
}

async function show(it, props = {}, how = {}) {
  await it.page.evaluate(([p, h]) => window.page.show(p, h), [props, how]);
  await settled(it);
}

const call = (it, name, ...args) => it.page.evaluate(([n, a]) => window.page.client[n](...a), [name, args]);
const poke = (it, type) => it.page.evaluate((t) => document.dispatchEvent(new Event(t)), type);

/** A call that leaves the page: until the other one is there. */
async function leaving(it, name, ...args) {
  const loaded = it.page.waitForEvent('load');
  await it.page.evaluate(([n, a]) => { window.page.client[n](...a); }, [name, args]);
  await loaded;
  await settled(it);
}

const session = { user: { name: 'Passed' }, expires: '2099-01-01T00:00:00.000Z' };

/** The network goes or comes, and the page has heard of it. */
async function line(it, online) {
  await it.context.setOffline(!online);
  while (await it.page.evaluate(() => navigator.onLine) !== online) await sleep(10);
  await sleep(100);
}

// name: [signed in before, what is done]; what it returns is compared, too
const scenarios = {
  'nobody is signed in': [false, (it) => show(it)],
  'somebody is signed in': [true, (it) => show(it)],
  'a session that was passed is shown at once, and nothing asked': [true, (it) => show(it, { session })],
  'null was passed: nobody, and nothing asked': [true, (it) => show(it, { session: null })],
  'another base path': [true, (it) => show(it, { basePath: '/elsewhere/auth' })],
  'a page that wants somebody leads to the sign-in page': [false, async (it) => {
    await Promise.all([it.page.waitForURL(/signin/), it.page.evaluate(() => window.page.show({}, { required: true }))]);
    await settled(it);
  }],
  'a page that wants somebody and knows better': [false, async (it) => {
    await show(it, {}, { required: true, told: true });
    return it.page.evaluate(() => window.page.called);
  }],
  'a page that wants somebody, and has them': [true, (it) => show(it, {}, { required: true })],
  'looked at again': [true, async (it) => { await show(it); await poke(it, 'visibilitychange'); await settled(it); }],
  'looked at again, nobody there': [false, async (it) => { await show(it); await poke(it, 'visibilitychange'); await settled(it); }],
  'looked at again, but not wanted': [true, async (it) => { await show(it, { refetchOnWindowFocus: false }); await poke(it, 'visibilitychange'); await settled(it); }],
  'from time to time': [true, async (it) => {
    await it.page.clock.install();
    await show(it, { refetchInterval: 60 });
    for (let i = 0; i < 3; i += 1) { await it.page.clock.runFor(60_000); await settled(it); }
  }],
  'from time to time, but there is nobody': [false, async (it) => {
    await it.page.clock.install();
    await show(it, { refetchInterval: 60 });
    await it.page.clock.runFor(180_000);
    await settled(it);
  }],
  'not while offline': [true, async (it) => {
    await it.page.clock.install();
    await show(it, { refetchInterval: 60, refetchWhenOffline: false });
    await line(it, false);
    await it.page.clock.runFor(120_000);
    await settled(it);
    await line(it, true);
    await it.page.clock.runFor(60_000);
    await settled(it);
  }],
  'the session ends meanwhile': [true, async (it) => {
    await show(it);
    await it.context.clearCookies();
    await poke(it, 'visibilitychange');
    await settled(it);
  }],
  'update changes the session': [true, async (it) => { await show(it); const v = await it.page.evaluate(() => window.update({ name: 'Bob' })); await settled(it); return v.user; }],
  'update without data': [true, async (it) => { await show(it); await it.page.evaluate(() => window.update()); await settled(it); }],
  'update with nobody there': [false, async (it) => { await show(it); const v = await it.page.evaluate(() => window.update({ name: 'Bob' })); await settled(it); return v ?? 'nothing'; }],
  'the plain calls': [true, async (it) => {
    const { user } = await call(it, 'getSession');
    const providers = await call(it, 'getProviders');
    const csrf = await call(it, 'getCsrfToken');
    await settled(it);
    return [user, Object.keys(providers), providers.company.type, csrf.length];
  }],
  'getSession without a word to other tabs': [true, async (it) => { await show(it); await call(it, 'getSession', { broadcast: false }); await settled(it); }],
  'signIn': [false, (it) => leaving(it, 'signIn')],
  'signIn with a provider nobody has': [false, (it) => leaving(it, 'signIn', 'nobody', { callbackUrl: '/after' })],
  'signIn with the name of a member that every object has': [false, (it) => leaving(it, 'signIn', 'nobody-toString')],
  'signIn at a provider': [false, (it) => leaving(it, 'signIn', 'company', { callbackUrl: '/after' })],
  'signIn at a provider, with parameters': [false, (it) => leaving(it, 'signIn', 'company', { callbackUrl: '/after' }, { prompt: 'login', login_hint: 'ann@example.com' })],
  'signOut': [true, async (it) => { await show(it); await leaving(it, 'signOut', { callbackUrl: '/after' }); }],
  'signOut to a place in the page': [true, async (it) => { await show(it); await leaving(it, 'signOut', { callbackUrl: '/#there' }); }],
  'signOut and stay': [true, async (it) => { await show(it); const v = await call(it, 'signOut', { redirect: false, callbackUrl: '/after' }); await settled(it); return v.url.replace(it.origin, ''); }],
};

const credentials = {
  'the right password, and stay': [false, async (it) => {
    await show(it);
    const v = await call(it, 'signIn', 'credentials', { name: 'Carl', password: 'right', redirect: false, callbackUrl: '/after' });
    await settled(it);
    return { ...v, url: v.url.replace(it.origin, '') };
  }],
  'the wrong password, and stay': [false, async (it) => {
    await show(it);
    const v = await call(it, 'signIn', 'credentials', { name: 'Carl', password: 'wrong', redirect: false });
    await settled(it);
    return v;
  }],
  'the right password': [false, (it) => leaving(it, 'signIn', 'credentials', { name: 'Carl', password: 'right', callbackUrl: '/after' })],
  'the wrong password': [false, (it) => leaving(it, 'signIn', 'credentials', { name: 'Carl', password: 'wrong' })],
};

/** Does it, and tells what was asked, shown and returned. */
async function seen(browser, origin, system, [signedIn, act]) {
  const context = await browser.newContext();
  const page = await context.newPage();
  const errors = [];
  page.on('pageerror', (error) => errors.push(String(error)));
  const lines = record(page, origin);
  try {
    if (signedIn) await context.addCookies([{ name: system.session, value: await system.mint(), url: origin }]);
    await context.route(/127\.0\.0\.1/, (route) => route.fulfill({ body: 'the provider' }));
    await page.goto(`${origin}/`);
    const returned = await act({ page, context, lines, origin });
    const left = await page.evaluate(() => !window.page || window.page.seen.length === 0);
    return { lines: [...lines], shown: left ? [] : await page.evaluate(() => window.page.seen), returned, errors };
  } finally {
    await context.close();
  }
}

async function scene(t, { system, client, maker, provider, more = [] }) {
  const folder = mkdtempSync(join(tmpdir(), 'usher-page-'));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  const { file } = await bundle(system.clients[client], folder);
  return serve(t, { script: file, auth: system.server(system.makers[maker], provider, more) });
}

const skip = !existsSync(process.env.USHER_CHROMIUM ?? '/usr/bin/chromium') && 'no Chromium';

for (const [name, system] of Object.entries(systems)) {
  test(`${name}: a page asks and shows the same with either package`, { skip }, async (t) => {
    const browser = await chromium(t);
    const provider = await Provider.listening(t);
    for (const [maker, more, set] of [['ours', [], scenarios], ['original', [system.login()], credentials], ['ours', [system.login()], credentials]]) {
      const [theirs, mine] = [await scene(t, { system, client: 'original', maker, provider, more }), await scene(t, { system, client: 'ours', maker, provider, more })];
      for (const [what, steps] of Object.entries(set)) {
        await t.test(`${maker} handlers: ${what}`, async () => {
          const [actual, expected] = await Promise.all([seen(browser, mine, system, steps), seen(browser, theirs, system, steps)]);
          assert.deepEqual(actual, expected);
          assert.ok(expected.lines.length + expected.shown.length > 0, 'something happened');
        });
      }
    }
  });

  test(`${name}: the form of the sign-in page, filled in at either handlers`, { skip }, async (t) => {
    const browser = await chromium(t);
    const provider = await Provider.listening(t);
    const ends = {};
    for (const maker of ['original', 'ours']) {
      const origin = await scene(t, { system, client: 'ours', maker, provider, more: [system.login()] });
      const context = await browser.newContext();
      const page = await context.newPage();
      ends[maker] = [];
      await page.goto(`${origin}/api/auth/signin?callbackUrl=${encodeURIComponent(`${origin}/after?a=b`)}`);
      for (const password of ['wrong', 'right']) {
        const form = page.locator('form[action$="/callback/credentials"]');
        await form.locator('input[name="name"]').fill('Carl');
        await form.locator('input[name="password"]').fill(password);
        await Promise.all([page.waitForNavigation(), form.locator('button').click()]);
        const { cookies } = await context.storageState();
        ends[maker].push([page.url().replace(origin, ''), cookies.some((cookie) => cookie.name === system.session)]);
      }
      const session = await page.evaluate(() => fetch('/api/auth/session').then((answer) => answer.json()));
      ends[maker].push(session.user);
      await context.close();
    }
    assert.deepEqual(ends.ours, ends.original);
    assert.deepEqual([ends.ours[0][1], ends.ours[1]], [false, ['/after?a=b', true]]);
  });

  test(`${name}: tabs with either package tell each other`, { skip }, async (t) => {
    const browser = await chromium(t);
    const files = {};
    const folder = mkdtempSync(join(tmpdir(), 'usher-page-'));
    t.after(() => rmSync(folder, { recursive: true, force: true }));
    for (const client of ['ours', 'original']) {
      files[`/${client}.js`] = readFileSync((await bundle(system.clients[client], folder)).file);
    }
    files['/ours.html'] = pageOf('<script src="/ours.js"></script>');
    files['/original.html'] = pageOf('<script src="/original.js"></script>');
    const origin = await serve(t, { files, auth: system.server(system.makers.ours, await Provider.listening(t), []) });
    for (const [first, second] of [['ours', 'ours'], ['ours', 'original'], ['original', 'ours'], ['original', 'original']]) {
      const context = await browser.newContext();
      await context.addCookies([{ name: system.session, value: await system.mint(), url: origin }]);
      const tabs = [];
      for (const client of [first, second]) {
        const page = await context.newPage();
        const tab = { page, context, origin, lines: record(page, origin) };
        await page.goto(`${origin}/${client}.html`);
        await show(tab);
        tabs.push(tab);
      }
      await Promise.all(tabs.map(settled));
      const [one, other] = tabs;
      const before = other.lines.length;
      const heard = other.page.waitForEvent('request');
      if (first === 'original') await sleep(1100); // v4's words are heard once a second
      await call(one, 'getSession');
      await heard;
      await Promise.all(tabs.map(settled));
      assert.deepEqual(other.lines.slice(before).map((line) => line.split(' | ')[0]), ['GET ORIGIN/api/auth/session'], `${second} hears of ${first}`);
      await call(one, 'signOut', { redirect: false });
      await other.page.waitForFunction(() => window.page.seen.at(-1).startsWith('unauthenticated'));
      await context.close();
    }
  });

  test(`${name}: an answer that cannot be had is null, and signs nobody out`, { skip }, async (t) => {
    const browser = await chromium(t);
    const provider = await Provider.listening(t);
    const origin = await scene(t, { system, client: 'ours', maker: 'ours', provider });
    const bad = { 'no answer': (route) => route.abort(), 'an error of the server': (route) => route.fulfill({ status: 503, json: { message: 'down' } }), 'no JSON': (route) => route.fulfill({ body: '<p>' }), 'null and an error': (route) => route.fulfill({ status: 500, json: null }) };
    for (const [what, answer] of Object.entries(bad)) {
      const outage = [true, async (it) => {
        await show(it);
        await it.context.route(/\/api\/auth\/(session|csrf|providers)/, answer);
        await poke(it, 'visibilitychange');
        await settled(it);
        const read = [await call(it, 'getSession'), await call(it, 'getProviders'), await call(it, 'getCsrfToken') ?? ''];
        const stays = await it.page.evaluate(() => window.page.seen.at(-1));
        await it.context.unroute(/\/api\/auth\/(session|csrf|providers)/);
        await poke(it, 'visibilitychange');
        await settled(it);
        return { read, stays };
      }];
      const { shown, returned, lines, errors } = await seen(browser, origin, system, outage);
      assert.deepEqual({ shown, returned, errors }, { shown: ['loading undefined', 'authenticated Ann'], returned: { read: [null, null, ''], stays: 'authenticated Ann' }, errors: [] }, what);
      const logged = lines.filter((line) => line.includes('/api/auth/_log'));
      assert.equal(logged.length, name === 'v4' ? 4 : 0, what);
      if (name === 'v4') assert.match(logged[0], /^POST .*level=error&code=CLIENT_FETCH_ERROR&message=.*&url=.*&client=true$/);
      const first = [true, async (it) => { await it.context.route(/\/api\/auth\/session/, answer); await show(it); }];
      assert.deepEqual((await seen(browser, origin, system, first)).shown, ['loading undefined', 'unauthenticated null'], `${what}, the first time`);
    }
  });

  test(`${name}: a browser loads it as it is`, { skip }, async (t) => {
    const browser = await chromium(t);
    const folder = mkdtempSync(join(tmpdir(), 'usher-page-'));
    t.after(() => rmSync(folder, { recursive: true, force: true }));
    const imports = { client: `/usher/${name === 'v4' ? 'next-auth' : 'authjs'}/react.mjs` };
    const files = { '/page.mjs': readFileSync(new URL('kit/page.mjs', import.meta.url)) };
    for (const part of ['react', 'react-dom/client']) {
      const file = `/${part.replace('/', '-')}.react.mjs`;
      imports[part] = file;
      files[file] = await moduleOf(part, folder);
    }
    files.html = pageOf(`<script type="importmap">${JSON.stringify({ imports })}</script><script type="module" src="/page.mjs"></script>`);
    const origin = await serve(t, { files, auth: system.server(system.makers.ours, await Provider.listening(t), []) });
    const { shown, errors } = await seen(browser, origin, system, [true, (it) => show(it)]);
    assert.deepEqual({ shown, errors }, { shown: ['loading undefined', 'authenticated Ann'], errors: [] });
  });
}

// ---- on a server -----------------------------------------------------------------------------------------

test('on a server the calls ask the site that the environment names, in the name of who asks', async (t) => {
  for (const [name, system] of Object.entries(systems)) {
    const origin = await serve(t, { auth: system.server(system.makers.ours, await Provider.listening(t), []) });
    process.env.NEXTAUTH_URL = origin;
    t.after(() => { delete process.env.NEXTAUTH_URL; });
    const mine = await import(`${pathToFileURL(system.clients.ours)}?${name}`);
    const cookie = `${system.session}=${await system.mint()}`;
    const req = { headers: { cookie } };
    for (const params of [{ req }, { ctx: { req } }, { req: { headers: new Headers({ cookie }) } }, ...(name === 'v5' ? [req] : [])]) {
      assert.equal((await mine.getSession(params)).user.name, 'Ann');
    }
    assert.equal(await mine.getSession(), null);
    assert.equal(await mine.getSession({ req: { headers: {} } }), null);
    assert.match(await mine.getCsrfToken({ req }), /^[0-9a-f]{64}$/);
    assert.deepEqual(Object.keys(await mine.getProviders()), ['company']);
  }
});

test('rendered on a server: what was passed, or loading; outside a provider an error', async () => {
  const React = tests('react');
  const { renderToString } = tests('react-dom/server');
  for (const { clients } of Object.values(systems)) {
    const { SessionProvider, useSession } = await import(pathToFileURL(clients.ours));
    const Probe = ({ options }) => { const { status, data } = useSession(options); return `${status} ${data?.user?.name}`; };
    const page = (props, options) => renderToString(React.createElement(SessionProvider, props, React.createElement(Probe, { options })));
    assert.equal(page({}), 'loading undefined');
    assert.equal(page({ session }), 'authenticated Passed');
    assert.equal(page({ session: null }), 'unauthenticated undefined');
    assert.equal(page({ session: null }, { required: true }), 'loading undefined');
    assert.throws(() => renderToString(React.createElement(Probe)), /must be wrapped in a <SessionProvider/);
  }
});

test('a wrong argument is a TypeError that names it', async () => {
  for (const { clients } of Object.values(systems)) {
    const mine = await import(pathToFileURL(clients.ours));
    await assert.rejects(mine.signIn('company', 'x'), { name: 'TypeError', message: /^options must be an object/ });
    await assert.rejects(mine.signOut(1), { name: 'TypeError', message: /^options must be an object/ });
    await assert.rejects(mine.getSession('x'), { name: 'TypeError', message: /^params must be an object/ });
  }
});
