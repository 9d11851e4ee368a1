// Bad input, by property: whatever an exported function is given, it answers, or it throws an Error; it gives no
// exception of another kind, no crash, and nothing stays behind. First the addon itself, whose arguments come from
// our own JavaScript and so should never be wrong; then the package's functions, where a promise is rejected with
// an Error that names the argument, or is kept.
import assert from 'node:assert/strict';
import { createRequire } from 'node:module';
import test from 'node:test';
import { createSite } from '../index.mjs';
import { cookieFor, SECRET, siteOf } from './kit/kit.mjs';

const require = createRequire(import.meta.url);
const { native } = require('../lib/native.cjs');

const ROUNDS = Number(process.env.USHER_TEST_ROUNDS ?? 400);
const BAD = new Error('a getter of the test');

/** The same numbers for the same seed: a failure can be seen again. */
function random(seed) {
  let state = seed >>> 0;
  return (below) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
}

function detached() {
  const buffer = new Uint8Array(64);
  structuredClone(buffer, { transfer: [buffer.buffer] });
  return buffer;
}

const revoked = () => {
  const { proxy, revoke } = Proxy.revocable({}, {});
  revoke();
  return proxy;
};
const throwing = () => new Proxy({}, { get() { throw BAD; }, has() { throw BAD; }, ownKeys() { throw BAD; }, getPrototypeOf() { throw BAD; } });
const cyclic = () => { const a = {}; a.a = a; return a; };
const deep = () => { let a = {}; for (let i = 0; i < 2000; i += 1) a = { a }; return a; };

// Made anew each time: a function may keep or change what it is given.
const VALUES = [
  () => undefined, () => null, () => true, () => false, () => 0, () => -1, () => 1.5, () => NaN, () => Infinity, () => -0, () => 2 ** 53, () => 4294967296,
  () => 10n, () => '', () => 'a', () => '\0', () => '\ud800', () => 'Ā', () => 'é'.repeat(300), () => '😀'.repeat(5000), () => 'x'.repeat(1 << 20),
  () => 'a; b=c; '.repeat(4000), () => '{"__proto__":{"a":1}}', () => '[]', () => '{', () => 'GET', () => '/api/auth/session', () => 'fetched', () => 'hooked',
  () => 'authjs.session-token=a.b.c.d.e', () => Symbol('s'), () => () => {}, () => async () => {}, () => [], () => ['a'], () => ['cookie', 'a=b'], () => [1, 2],
  () => new Array(2000).fill('x'), () => [[['a']]], () => ({}), () => ({ a: 1 }), () => Object.create(null), () => ({ then: 5 }), () => ({ get cookie() { throw BAD; } }),
  () => ({ get headers() { throw BAD; } }), () => ({ headers: { get cookie() { throw BAD; } } }), () => ({ toString() { throw BAD; } }), () => ({ toJSON() { throw BAD; } }),
  () => ({ headers: null }), () => ({ headers: new Map([['cookie', 'a=b']]) }), () => new Map(), () => new Date(NaN), () => /x/, () => new Error('e'), throwing, revoked, cyclic, deep,
  () => Buffer.from('abc'), () => Buffer.alloc(0), () => Buffer.alloc(1 << 20, 65), detached, () => new ArrayBuffer(8), () => new DataView(new ArrayBuffer(8)),
  () => new Float64Array(3), () => new Uint8Array(new SharedArrayBuffer(8)), () => new Headers({ cookie: 'a=b' }), () => new Request('http://localhost:3000/api/auth/session'),
  () => new URL('http://localhost:3000'), () => new Proxy(() => {}, { apply() { throw BAD; } }), () => globalThis,
];

const settings = JSON.stringify({ profile: 'authjs-5', base_url: 'http://localhost:3000', secret: SECRET });
const [site] = native.siteNew(settings, null);
const hooked = native.siteNew(JSON.stringify({ ...JSON.parse(settings), session: { token: 'hook' } }), null)[0];
const sites = [() => site, () => hooked, () => undefined, () => ({}), () => native.siteNew(settings, null)[0]];

const isWant = (answer) => typeof answer === 'string' && answer.startsWith('\x1e');

function isExpected(error) {
  return error === BAD || error instanceof Error;
}

for (const name of Object.keys(native)) {
  test(`addon: ${name} of anything`, () => {
    const next = random(name.length * 7919 + name.charCodeAt(0));
    let answered = 0;
    for (let round = 0; round < ROUNDS; round += 1) {
      const args = Array.from({ length: next(13) }, (_, i) => {
        const list = i === 0 && next(4) ? sites : VALUES;
        return list[next(list.length)]();
      });
      if (name === 'run' && next(2)) args[1] = next(14);
      try {
        const answer = native[name](...args);
        answered += 1;
        assert.ok(['string', 'undefined'].includes(typeof answer) || answer === null || Array.isArray(answer), `${name}: ${typeof answer}`);
        if (isWant(answer)) native.abandon(JSON.parse(answer.slice(1)).number);
      } catch (error) {
        assert.ok(isExpected(error), `${name}: ${String(error)}`);
      }
    }
    if (name === 'info') assert.equal(answered, ROUNDS);
    // It still works, and no exchange waits that was not asked for.
    const want = native.run(hooked, 1, undefined, undefined, 'authjs.session-token=a', undefined, undefined, true);
    assert.ok(isWant(want));
    const { number } = JSON.parse(want.slice(1));
    assert.equal(number, 0);
    native.abandon(number);
  });
}

test('addon: a detached or shared buffer as a body', () => {
  const run = (body) => native.run(site, 4, 'POST', '/api/auth/signin', ['host', 'localhost:3000'], undefined, body, false);
  for (const body of [detached(), new Uint8Array(new SharedArrayBuffer(8)), Buffer.alloc(0), new DataView(new ArrayBuffer(8))]) {
    try {
      assert.equal(typeof run(body), 'string');
    } catch (error) {
      assert.ok(error instanceof TypeError, String(error));
    }
  }
});

/** Every function of the package that takes something, with something that works behind it. */
function functions() {
  const own = siteOf();
  const jwt4 = require('../next-auth/jwt.cjs');
  const jwt5 = require('../authjs/jwt.cjs');
  const next4 = require('../next-auth/next.cjs');
  const { withAuth } = require('../next-auth/middleware.cjs');
  const authjs = require('../authjs/index.cjs');
  const runtime = require('../runtime.cjs');
  const { auth } = authjs({ providers: [], secret: SECRET, trustHost: true, logger: { error() {}, warn() {} } });
  runtime.configureAuthRuntime({ providers: [] }, { basePath: '/api/auth', baseUrl: 'http://localhost:3000', cookieName: 'authjs.session-token', secret: SECRET, sessionStrategy: 'jwt' });
  const of = (object, names) => names.map((name) => [name, (...args) => object[name](...args)]);
  return [
    ['createSite', createSite],
    ...of(own, ['getSession', 'getToken', 'checkSession', 'sessionCookies', 'updateSession', 'getCsrfToken', 'handle', 'guard', 'owns', 'mint']),
    ...of(jwt4, ['encode', 'decode', 'getToken']).map(([name, f]) => [`v4 ${name}`, f]),
    ...of(jwt5, ['encode', 'decode', 'getToken']).map(([name, f]) => [`v5 ${name}`, f]),
    ['v4 getServerSession', next4.getServerSession], ['v4 withAuth', withAuth], ['v5 auth', auth], ['v5 NextAuth', authjs],
    ...of(runtime, ['getServerSession', 'getToken']).map(([name, f]) => [`runtime ${name}`, f]),
  ];
}

test('the package: whatever is given, an answer or an Error', async () => {
  const error = console.error;
  console.error = () => {};
  try {
    for (const [name, f] of functions()) {
      const next = random(name.length * 104729 + name.charCodeAt(0));
      for (let round = 0; round < ROUNDS / 4; round += 1) {
        const args = Array.from({ length: 1 + next(3) }, () => VALUES[next(VALUES.length)]());
        try {
          const answer = await f(...args);
          if (typeof answer === 'function') assert.ok(/withAuth|NextAuth|auth/.test(name));
        } catch (thrown) {
          assert.ok(isExpected(thrown), `${name}: ${String(thrown)}`);
        }
      }
    }
  } finally {
    console.error = error;
  }
  const own = siteOf();
  assert.equal((await own.getSession({ cookie: cookieFor(own) })).user.name, 'Ann');
});

test('a wrong first argument is a TypeError that names it', async () => {
  const names = { getSession: 'headers', getToken: 'headers', checkSession: 'headers', getCsrfToken: 'headers', updateSession: 'headers|changes', handle: 'request', guard: 'request' };
  const own = siteOf();
  for (const [name, argument] of Object.entries(names)) {
    for (const value of [undefined, null, 5, 'text', true, Symbol('s'), 10n]) {
      await assert.rejects(async () => own[name](value, {}), (error) => error instanceof TypeError && error.code === 'ERR_INVALID_ARG_TYPE'
        && new RegExp(`^(${argument})\\b`).test(error.message), `${name}(${String(value)})`);
    }
  }
});

test('members called __proto__ are plain data, and change nobody', async () => {
  const own = siteOf();
  const claims = JSON.parse('{"sub":"1","__proto__":{"isAdmin":true},"constructor":{"prototype":{"isAdmin":true}},"toString":"x"}');
  const token = await own.getToken({ cookie: cookieFor(own, claims) });
  assert.equal(Object.getPrototypeOf(token), Object.prototype);
  assert.deepEqual(Object.getOwnPropertyDescriptor(token, '__proto__').value, { isAdmin: true });
  assert.equal({}.isAdmin, undefined);
  assert.equal(token.isAdmin, undefined);
});
