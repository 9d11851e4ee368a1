// usher/auth0/client beside the client of Auth0's SDK, in Chromium: the same things are done with each, at
// servers of both, and what the pages ask and show must be the same.
import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { createRequire, register } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'node:test';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { Auth0Client } from '../auth0/index.mjs';
import { appRouter, bundle, chromium, record, serve } from './kit/browser.mjs';
import { Tenant } from './kit/tenant.mjs';

const tests = new URL('../../../tests/package.json', import.meta.url);
const require = createRequire(tests);
const react = pathToFileURL(require.resolve('react')).href;
register(`data:text/javascript,${encodeURIComponent(`export const resolve = (name, context, next) => next(name === 'react' ? '${react}' : name, context);`)}`);
process.chdir(new URL('.', tests).pathname);
const load = (path) => import(new URL(`node_modules/@auth0/nextjs-auth0/dist/${path}`, tests));
const { Auth0Client: Theirs } = await load('server/index.js');
const { generateSessionCookie } = await load('testing/index.js');
const { NextRequest } = require('next/server');

const secret = 'tests-only-0fX3kq9ZtR7mW2vB8yN5cJ1h';
const clients = { ours: fileURLToPath(new URL('../auth0/client.mjs', import.meta.url)), original: fileURLToPath(new URL('node_modules/@auth0/nextjs-auth0/dist/client/index.js', tests)) };
const makers = { ours: Auth0Client, original: Theirs };
const nowS = () => Math.floor(Date.now() / 1000);
const data = (name) => ({ user: { sub: 'auth0|1', name }, tokenSet: { accessToken: 'at', refreshToken: 'rt0', expiresAt: nowS() + 600, scope: 'openid' }, internal: { sid: 'S', createdAt: nowS() } });
const sleep = (ms) => new Promise((done) => { setTimeout(done, ms); });

async function settled({ lines, page }) {
  for (let quiet = 0, before = -1; quiet < 3; before = lines.length) {
    await sleep(40);
    const waits = await page.evaluate(() => window.page?.seen.at(-1)?.startsWith('loading'));
    quiet = lines.length === before && lines.open === 0 && !waits ? quiet + 1 : 0;
  }
}

const call = (name, ...args) => async (it) => {
  const value = await it.page.evaluate(([n, a]) => window.page[n](...a), [name, args]);
  await settled(it);
  return value;
};
const poke = async (it, type) => {
  await it.page.evaluate((t) => document.dispatchEvent(new Event(t)), type);
  await settled(it);
};

/** The server's next answers on a route. */
const answers = (pattern, answer) => (it) => it.context.route(pattern, (route) => (answer === 'abort' ? route.abort() : route.fulfill(answer)));
const inOrder = (...steps) => async (it) => {
  let last;
  for (const step of steps) last = await step(it);
  return last;
};
const signedOut = (it) => it.context.clearCookies();
const leaves = (...args) => async (it) => {
  const left = it.page.waitForURL(/authorize/);
  await it.page.evaluate(([a]) => { window.page.guarded(...a); }, [args]);
  await left;
  return new URL(it.page.url()).searchParams.get('redirect_uri').replace(it.origin, '');
};

// name: [signed in before, what is done]; what it returns is compared, too
const scenarios = {
  'nobody is signed in': [false, call('show')],
  'somebody is signed in': [true, call('show')],
  'two components, one question': [true, call('twice')],
  'a user that the server passed': [true, call('with', { sub: 'x', name: 'Passed' })],
  'a user that the server passed, and nobody is signed in': [false, call('with', { sub: 'x', name: 'Passed' })],
  'another route': [true, call('show', { route: '/auth/profile?again' })],
  'another route, with a user': [true, call('with', { sub: 'x', name: 'Passed' }, { route: '/auth/profile?again' })],
  'no content': [false, inOrder(answers(/profile/, { status: 204 }), call('show'))],
  'no answer': [false, inOrder(answers(/profile/, 'abort'), async (it) => { await call('show')(it); return (await it.page.evaluate(() => window.page.seen)).at(-1).slice(0, 9); })],
  'an error of the server': [true, inOrder(answers(/profile/, { status: 503, body: 'down' }), call('show'))],
  'looked at again after it ended': [true, inOrder(call('show'), () => sleep(5100), signedOut, (it) => poke(it, 'visibilitychange'))],
  'looked at again at once': [true, inOrder(call('show'), signedOut, (it) => poke(it, 'visibilitychange'))],
  'told that it changed': [true, inOrder(call('show'), signedOut, (it) => it.page.evaluate(() => { window.page.invalidate(); }), settled)],
  'shown again': [true, inOrder(call('show'), call('hide'), call('show'))],
  'a guarded page, signed in': [true, call('guarded')],
  'a guarded page, signed in, with handlers': [true, call('guarded', { told: true })],
  'a guarded page for nobody': [false, leaves({ returnTo: '/there?a=1&b=2', told: true })],
  'a token': [true, call('token')],
  'a token, whole': [true, call('token', { includeFullResponse: true })],
  'a token for an audience': [true, call('token', { audience: 'https://api', scope: 'read:x', mergeScopes: false })],
  'a token by another route': [false, call('token', { route: '/auth/access-token?x' })],
  'no token': [false, call('token')],
  'no token: another factor': [true, inOrder(answers(/access-token/, { status: 403, json: { error: 'mfa_required', error_description: 'more', mfa_token: 'mt' } }), call('token'))],
  'no token: flat error': [true, inOrder(answers(/access-token/, { status: 400, json: { error: 'bad', error_description: 'very' } }), call('token'))],
  'no token: no JSON': [true, inOrder(answers(/access-token/, { status: 502, body: '<p>' }), call('token'))],
};

async function seen(browser, origin, [signedIn, act]) {
  const context = await browser.newContext();
  const page = await context.newPage();
  const errors = [];
  page.on('pageerror', (error) => errors.push(String(error)));
  const lines = record(page, origin);
  try {
    if (signedIn) await context.addCookies([{ name: '__session', value: await generateSessionCookie(data('Ann'), { secret }), url: origin }]);
    await context.route(/authorize/, (route) => route.fulfill({ body: 'the provider' }));
    await page.goto(`${origin}/`);
    const returned = await act({ page, context, lines, origin });
    const left = await page.evaluate(() => !window.page);
    const shown = left ? [] : await page.evaluate(() => window.page.seen);
    return { lines: lines.map((line) => line.replace(/http:\/\/localhost:\d+/, 'TENANT')), shown: shown.map((line) => line.replace(/Failed to fetch|NetworkError.*/, 'no network')), returned, errors };
  } finally {
    await context.close();
  }
}

async function scene(t, client, Maker, tenant) {
  const folder = mkdtempSync(join(tmpdir(), 'usher-page-'));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  const script = await bundle(clients[client], folder, 'auth0-page.mjs');
  let auth0;
  const origin = await serve(t, { script: script.file, at: '/auth/', auth: (req, res) => appRouter((request) => auth0.middleware(request), NextRequest)(req, res) });
  auth0 = new Maker({ domain: tenant.issuer, allowInsecureRequests: true, clientId: 'app', clientSecret: 'the client secret of the tests', secret, appBaseUrl: origin });
  return { origin, warnings: script.warnings };
}

const skip = !existsSync(process.env.USHER_CHROMIUM ?? '/usr/bin/chromium') && 'no Chromium';

test('a page asks and shows the same with either package', { skip }, async (t) => {
  const browser = await chromium(t);
  const tenant = await Tenant.listening(t);
  for (const maker of ['ours', 'original']) {
    const [theirs, mine] = [await scene(t, 'original', makers[maker], tenant), await scene(t, 'ours', makers[maker], tenant)];
    assert.deepEqual(mine.warnings, []);
    for (const [what, steps] of Object.entries(scenarios)) {
      await t.test(`${maker} server: ${what}`, async () => {
        tenant.valid = new Set(['rt0']);
        const expected = await seen(browser, theirs.origin, steps);
        tenant.valid = new Set(['rt0']);
        const actual = await seen(browser, mine.origin, steps);
        assert.deepEqual(actual, expected);
        assert.ok(expected.lines.length + expected.shown.length > 0, 'something happened');
      });
    }
  }
});
