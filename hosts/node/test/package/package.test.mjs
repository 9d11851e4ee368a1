// The package as its users get it: the file of ./dev pack, installed into an empty folder by npm, which
// builds the addon; then programs in ESM and in CommonJS, under every Node there is.
//   USHER_PACKAGE  the file
//   USHER_NODES    other Node.js programs, with ':' between them
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import test from 'node:test';

const file = path.resolve(process.env.USHER_PACKAGE);
const nodes = [process.execPath, ...(process.env.USHER_NODES ?? '').split(':').filter(Boolean)];
const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'usher-package-'));
const installed = path.join(folder, 'node_modules', 'usher');
test.after(() => fs.rmSync(folder, { recursive: true }));

function run(command, args, env = {}) {
  const { status, stdout, stderr } = spawnSync(command, args, { cwd: folder, encoding: 'utf8', env: { ...process.env, NODE_OPTIONS: '', ...env } });
  assert.equal(status, 0, `${command} ${args.join(' ')}\n${stdout}${stderr}`);
  return stdout + stderr;
}

function program(node, name, text) {
  fs.writeFileSync(path.join(folder, name), text);
  return run(node, [name]);
}

test('what is in it: everything to build from, and nothing besides', () => {
  const names = run('tar', ['-tzf', file]).split('\n').filter((name) => name && !name.endsWith('/'));
  for (const name of ['LICENSE', 'README.md', 'install.cjs', 'bin/usher.cjs', 'lib/site.cjs', 'native/meson.build', 'native/src/meson.build', 'native/include/usher/usher.h']) {
    assert.ok(names.includes(`package/${name}`), name);
  }
  assert.deepEqual(names.filter((name) => /_test\.c|_fuzz|corpus|\/test\/|\.node$|\/src\/io\//.test(name)), []);
});

test('npm installs it into an empty folder, and builds the addon', () => {
  fs.writeFileSync(path.join(folder, 'package.json'), '{ "name": "empty", "private": true }');
  const said = run('npm', ['install', '--no-audit', '--no-fund', '--prefer-offline', '--ignore-scripts=false', '--foreground-scripts', file]);
  assert.match(said, /usher: built the addon \(OpenSSL 3[^)]*, inside\)/);
  assert.deepEqual(fs.readdirSync(path.join(folder, 'node_modules')).filter((name) => !name.startsWith('.')).sort(), ['node-api-headers', 'usher']);
  assert.deepEqual(fs.readdirSync(path.join(installed, 'build')), ['usher.node']);
});

const main = `
const secret = 'tests-only-0fX3kq9ZtR7mW2vB8yN5cJ1h';
async function main(usher, v4, v5) {
  const site = usher.createSite({ base_url: 'http://localhost:3000', secret }, { env: null });
  const cookie = 'authjs.session-token=' + site.mint({ claims: { sub: '42', name: 'Ann' } });
  const session = await site.getSession({ cookie });
  const token = await v4.encode({ token: { sub: '4' }, secret });
  const salt = 'authjs.session-token';
  const five = await v5.encode({ token: { sub: '5' }, secret, salt });
  console.log(session.user.name, (await v4.decode({ token, secret })).sub, (await v5.decode({ token: five, secret, salt })).sub, usher.info().libcryptoInside);
}
`;

for (const node of nodes) {
  const version = run(node, ['--version']).trim();

  test(`${version}: ESM`, () => {
    const text = `import * as usher from 'usher'; import * as v4 from 'usher/next-auth/jwt'; import * as v5 from 'usher/authjs/jwt';${main}await main(usher, v4, v5);`;
    assert.equal(program(node, 'main.mjs', text), 'Ann 4 5 true\n');
  });

  test(`${version}: CommonJS`, () => {
    assert.equal(program(node, 'main.cjs', `${main}main(require('usher'), require('usher/next-auth/jwt'), require('usher/authjs/jwt'));`), 'Ann 4 5 true\n');
  });

  // What needs React or Next.js says so where they are not installed; both kinds of import lead to the same functions.
  test(`${version}: every entry, imported and required`, () => {
    const { exports, peerDependenciesMeta = {} } = JSON.parse(fs.readFileSync(path.join(installed, 'package.json'), 'utf8'));
    const names = Object.keys(exports).filter((name) => !name.endsWith('.json'));
    const entries = names.map((name) => path.posix.join('usher', name));
    // Some are types alone, and those of the browser are modules alone.
    const programs = names.filter((name) => exports[name].import ?? exports[name].default).map((name) => [path.posix.join('usher', name), exports[name].require !== undefined]);
    const said = JSON.parse(program(node, 'entries.mjs', `
      import { createRequire } from 'node:module';
      const require = createRequire(import.meta.url);
      const missing = [];
      for (const [name, both] of ${JSON.stringify(programs)}) {
        try {
          const imported = await import(name);
          const required = both ? require(name) : {};
          for (const key of Object.keys(required)) if (key in imported && key !== 'default' && imported[key] !== required[key]) throw new Error(name + ' has another ' + key);
          for (const key of Object.keys(required)) if (!(key in imported)) throw new Error(name + ' does not export ' + key);
        } catch (error) {
          const [, peer] = /Cannot find (?:package|module) '([^'/]+)/.exec(error.message) ?? [];
          if (!peer) throw error;
          missing.push(peer);
        }
      }
      console.log(JSON.stringify(missing));`));
    for (const peer of said) assert.ok(peerDependenciesMeta[peer]?.optional, `${peer} is no optional peer`);
    for (const name of entries) {
      const entry = exports[`.${name.slice('usher'.length)}`];
      for (const target of Object.values(entry)) assert.ok(fs.existsSync(path.join(installed, target)), `${name}: ${target}`);
      if (!entry.types) assert.fail(`${name} has no types`);
    }
  });

  test(`${version}: usher doctor`, () => {
    const said = run(node, [path.join('node_modules', '.bin', 'usher'), 'doctor'], { AUTH_SECRET: 'tests-only-0fX3kq9ZtR7mW2vB8yN5cJ1h', AUTH_URL: 'https://app.example.com' });
    assert.match(said, /libcrypto .* inside the addon/);
  });
}
