// The install script, where something is missing: it says what, and what has it. tests/package builds for real.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import test from 'node:test';
import { fileURLToPath } from 'node:url';

const folder = fileURLToPath(new URL('..', import.meta.url));
const install = (args, env, program = path.join(folder, 'install.cjs')) => {
  const { status, stderr } = spawnSync(process.execPath, [program, ...args], { encoding: 'utf8', env: { ...process.env, ...env } });
  return { status, stderr };
};

/** A folder of links to the programs that a build takes, without some of them. */
function programs(t, without) {
  const bin = fs.mkdtempSync(path.join(os.tmpdir(), 'usher-bin-'));
  t.after(() => fs.rmSync(bin, { recursive: true }));
  for (const name of ['cc', 'meson', 'ninja', 'pkg-config'].filter((n) => !without.includes(n))) {
    const found = process.env.PATH.split(':').map((f) => path.join(f, name)).find((f) => fs.existsSync(f));
    if (found) fs.symlinkSync(found, path.join(bin, name));
  }
  return bin;
}

test('an addon that is there and loads is left alone', { skip: process.env.USHER_TEST_ASAN === '1' }, () => {
  const { status, stderr } = install([]);
  assert.equal(status, 0);
  assert.match(stderr, /the addon is there \(OpenSSL 3/);
});

test('libraries that are missing are named with their Debian packages', () => {
  const { status, stderr } = install(['--force'], { PKG_CONFIG_LIBDIR: '/nonexistent', PKG_CONFIG_PATH: '' });
  assert.equal(status, 1);
  for (const word of ['libcrypto 3.0 or later', 'libssl-dev', 'libutf8proc-dev', 'libpcre2-16', 'libpcre2-dev', 'apt-get install', 'USHER_ADDON']) {
    assert.ok(stderr.includes(word), `${word}: ${stderr}`);
  }
});

for (const [program, debian] of [['meson', 'meson'], ['ninja', 'ninja-build'], ['pkg-config', 'pkg-config'], ['cc', 'gcc libc6-dev']]) {
  test(`without ${program}`, (t) => {
    const { status, stderr } = install(['--force'], { PATH: programs(t, [program]), CC: '' });
    assert.equal(status, 1);
    assert.match(stderr, new RegExp(`Debian: ${debian}\n`));
    assert.ok(stderr.includes('npm rebuild usher'));
  });
}

test('a compiler of CC that is not there', () => {
  const { status, stderr } = install(['--force'], { CC: 'no-such-compiler -m64' });
  assert.equal(status, 1);
  assert.match(stderr, /a C compiler \(no-such-compiler\)/);
});

test('a package without sources says so, and cannot be packed', (t) => {
  const lone = fs.mkdtempSync(path.join(os.tmpdir(), 'usher-lone-'));
  t.after(() => fs.rmSync(lone, { recursive: true }));
  const inner = path.join(lone, 'a', 'b');
  fs.mkdirSync(inner, { recursive: true });
  fs.copyFileSync(path.join(folder, 'install.cjs'), path.join(inner, 'install.cjs'));
  assert.match(install([], {}, path.join(inner, 'install.cjs')).stderr, /the sources are not in this package/);
  assert.equal(install([], {}, path.join(inner, 'install.cjs')).status, 1);
  assert.match(install(['--sources']).stderr, /\.\/dev pack/);
  assert.equal(install(['--sources']).status, 1);
});

test('USHER_ADDON names another file', () => {
  const ask = (file) => spawnSync(process.execPath, ['-p', 'require("./index.cjs").info().addonFile'], { cwd: folder, encoding: 'utf8', env: { ...process.env, USHER_ADDON: file } });
  const own = path.join(folder, 'build', 'usher.node');
  assert.equal(ask(path.relative(folder, own)).stdout.trim(), own);
  const other = ask('/nonexistent/usher.node');
  assert.notEqual(other.status, 0);
  assert.match(other.stderr, /\/nonexistent\/usher\.node/);
});
