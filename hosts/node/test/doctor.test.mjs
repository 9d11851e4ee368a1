// usher doctor: each of its checks in both states, and the exit status of the program.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import { createRequire } from 'node:module';
import os from 'node:os';
import path from 'node:path';
import test from 'node:test';
import { fileURLToPath } from 'node:url';

const { doctor, memoryChecks, nodeCheck, processorChecks } = createRequire(import.meta.url)('../lib/doctor.cjs');
const SECRET = 'tests-only-0fX3kq9ZtR7mW2vB8yN5cJ1h';
const bin = fileURLToPath(new URL('../bin/usher.cjs', import.meta.url));

const clean = Object.fromEntries(Object.entries(process.env).filter(([name]) => !/^(NEXTAUTH|AUTH0?|APP)_/.test(name)));
function run(args, env = {}, cwd = os.tmpdir()) {
  return spawnSync(process.execPath, [bin, ...args], { encoding: 'utf8', cwd, env: { ...clean, NODE_ENV: 'production', ...env } });
}

function emptyFolder(t) {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'usher-doctor-'));
  t.after(() => fs.rmSync(folder, { recursive: true }));
  return folder;
}

const named = (checks, name) => checks.filter((c) => c.name === name);

test('versions of Node', () => {
  assert.deepEqual(nodeCheck('22.1.0'), { name: 'Node.js', state: 'ok', text: '22.1.0' });
  assert.equal(nodeCheck('18.20.4').state, 'bad');
  assert.match(nodeCheck('18.20.4').hint, /20 or later/);
});

test('the processor', () => {
  const of = (flags, arch = 'x64') => processorChecks(`processor : 0\nflags\t\t: ${flags}\n`, arch)[0];
  assert.deepEqual(of('fpu aes pclmulqdq avx2 sse2'), { name: 'processor', state: 'ok', text: 'x64 with AVX2, AES-NI, PCLMULQDQ' });
  assert.equal(of('fpu aes pclmulqdq').state, 'note');
  assert.match(of('fpu aes pclmulqdq').hint, /without AVX2, base64url/);
  assert.match(of('fpu').text, /nothing that helps/);
  assert.equal(processorChecks('Features\t: fp asimd aes sha2\n', 'arm64')[0].state, 'ok');
  assert.equal(processorChecks('', 'riscv64')[0].state, 'note');
});

test('locked memory', () => {
  const of = (soft) => memoryChecks(`Limit  Soft Limit  Hard Limit  Units\nMax locked memory         ${soft}              8388608              bytes\n`)[0];
  assert.deepEqual(of('8388608'), { name: 'locked memory', state: 'ok', text: 'up to 8192 KiB' });
  assert.equal(of('unlimited').state, 'ok');
  assert.equal(of('65536').state, 'note');
  assert.match(of('0').hint, /RLIMIT_MEMLOCK/);
  assert.equal(memoryChecks('')[0].state, 'note');
});

test('libcrypto and the addon are named, no secret is', () => {
  const checks = doctor({ folder: os.tmpdir(), env: { AUTH_SECRET: SECRET, AUTH_URL: 'https://app.example.com' } });
  assert.match(named(checks, 'libcrypto')[0].text, /^OpenSSL 3.*inside the addon$/);
  assert.equal(named(checks, 'addon')[0].state, 'ok');
  assert.ok(!JSON.stringify(checks).includes(SECRET));
});

test('the environment', () => {
  const of = (env, profile) => named(doctor({ folder: os.tmpdir(), env, profile }), 'environment');
  assert.equal(of({})[0].state, 'note');
  const production = { NODE_ENV: 'production' };
  assert.deepEqual(of({ ...production, NEXTAUTH_SECRET: SECRET, NEXTAUTH_URL: 'https://a.example' })[0], { name: 'environment', state: 'ok', text: 'nextauth-4 at https://a.example/api/auth: usable' });
  assert.deepEqual(of({ ...production, AUTH_SECRET: SECRET }).map((c) => c.state), ['ok', 'note']);
  assert.deepEqual(of({ ...production, AUTH_SECRET: 'short', AUTH_URL: 'https://a.example' }).map((c) => c.state), ['bad']);
  assert.equal(of({ AUTH_SECRET: 'short', AUTH_URL: 'https://a.example' })[0].state, 'ok', 'development takes it, with a warning');
  assert.ok(of({ ...production, AUTH_SECRET: 'short' }, 'auth0-4').some((c) => c.state === 'bad'));
  assert.equal(of({}, 'nextauth-5')[0].state, 'bad');
});

test('Next.js: its version, and whether its bundler leaves usher alone', (t) => {
  const folder = emptyFolder(t);
  const of = (name) => named(doctor({ folder, env: {} }), name);
  assert.match(of('Next.js')[0].text, /not installed/);
  const next = (version) => {
    fs.mkdirSync(path.join(folder, 'node_modules', 'next'), { recursive: true });
    fs.writeFileSync(path.join(folder, 'node_modules', 'next', 'package.json'), JSON.stringify({ name: 'next', version }));
  };
  next('16.0.1');
  assert.deepEqual(of('Next.js')[0], { name: 'Next.js', state: 'ok', text: '16.0.1' });
  assert.equal(of('bundling')[0].state, 'note');
  fs.writeFileSync(path.join(folder, 'next.config.mjs'), 'export default { serverExternalPackages: ["usher"] };\n');
  assert.match(of('bundling')[0].hint, /usher\/server/);
  fs.writeFileSync(path.join(folder, 'next.config.mjs'), 'export default { serverExternalPackages: ["usher/server"] };\n');
  assert.equal(of('bundling')[0].state, 'ok');
  next('14.2.3');
  assert.match(of('bundling')[0].hint, /serverComponentsExternalPackages/);
  next('13.5.0');
  assert.equal(of('Next.js')[0].state, 'bad');
});

test('exit status and forms of output', (t) => {
  const folder = emptyFolder(t);
  const fine = run(['doctor'], { AUTH_SECRET: SECRET, AUTH_URL: 'https://a.example' });
  assert.equal(fine.status, 0, fine.stdout + fine.stderr);
  assert.match(fine.stdout, /^ {2}ok {3}libcrypto/m);
  const bad = run(['doctor'], { AUTH_SECRET: 'short', AUTH_URL: 'https://a.example' });
  assert.equal(bad.status, 1);
  assert.match(bad.stdout, /^ {2}BAD {2}environment/m);
  const json = JSON.parse(run(['doctor', '--json']).stdout);
  assert.equal(json[0].name, 'Node.js');
  fs.writeFileSync(path.join(folder, 'env'), `AUTH0_SECRET=${SECRET}\n`);
  assert.match(run(['doctor', '--dotenv', path.join(folder, 'env')]).stdout, /APP_BASE_URL/);
  for (const args of [[], ['what'], ['doctor', 'more'], ['doctor', '--what'], ['doctor', '--dotenv', '/nonexistent']]) {
    const { status, stderr } = run(args);
    assert.equal(status, 2, args.join(' '));
    assert.match(stderr, /^usher: /);
  }
  assert.equal(run(['help']).status, 0);
  assert.equal(run(['--help']).status, 0);
});

test('an addon that does not load', () => {
  const { status, stdout } = run(['doctor'], { USHER_ADDON: '/nonexistent/usher.node' });
  assert.equal(status, 1);
  assert.match(stdout, /BAD {2}addon[^]*npm rebuild usher/);
});
