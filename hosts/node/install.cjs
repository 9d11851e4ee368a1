'use strict';

// npm runs this when the package is installed: it builds the addon from the sources that came with the
// package, with Meson. Nothing is fetched. `node install.cjs --force` builds although one is there.

const { spawnSync } = require('node:child_process');
const fs = require('node:fs');
const path = require('node:path');

const OUT = path.join(__dirname, 'build');
const WORK = path.join(OUT, 'work');
// In the package the engine's sources are in native/; in the repository the package is a part of them.
const SOURCES = [path.join(__dirname, 'native'), path.join(__dirname, '..', '..')]
  .find((folder) => fs.existsSync(path.join(folder, 'meson.build')));

// What a build takes, and the Debian package that has it.
const PROGRAMS = [['meson', 'meson'], ['ninja', 'ninja-build'], ['pkg-config', 'pkg-config']];
const LIBRARIES = [['libcrypto', '3.0', 'libssl-dev', 'crypto'], ['libutf8proc', '2.5', 'libutf8proc-dev', 'utf8proc'],
  ['libpcre2-16', '10.30', 'libpcre2-dev', 'pcre2-16']];

const say = (line) => process.stderr.write(`usher: ${line}\n`);

function ask(command, args) {
  const { status, stdout } = spawnSync(command, args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] });
  return status === 0 ? stdout.trim() : undefined;
}

const compiler = () => (process.env.CC || 'cc').trim().split(/\s+/);

/** [what, Debian package] of everything that is missing. */
function missing() {
  const list = PROGRAMS.filter(([program]) => ask(program, ['--version']) === undefined);
  const [cc, ...args] = compiler();
  if (ask(cc, [...args, '--version']) === undefined) list.unshift([`a C compiler (${cc})`, 'gcc libc6-dev']);
  if (list.some(([what]) => what === 'pkg-config')) return list; // without it, nobody can tell about the libraries
  for (const [name, version, debian] of LIBRARIES) {
    if (ask('pkg-config', [`--atleast-version=${version}`, name]) === undefined) list.push([`${name} ${version} or later, with its headers`, debian]);
  }
  if (!headers()) list.push(['node_api.h', 'libnode-dev, or npm\'s node-api-headers']);
  return list;
}

/** The folder of node_api.h: of this Node, of where npm was told that it is, or of the registry's package. */
function headers() {
  const folders = [path.resolve(process.execPath, '../../include/node')];
  if (process.env.npm_config_nodedir) folders.push(path.join(process.env.npm_config_nodedir, 'include', 'node'));
  try {
    folders.push(require('node-api-headers').include_dir);
  } catch { /* it is not installed: one of the others must do */ }
  return folders.find((folder) => fs.existsSync(path.join(folder, 'node_api.h')));
}

/** Archives go into the addon, so that Node's own OpenSSL cannot get in between; else the shared libraries. */
function libraries() {
  const [cc, ...args] = compiler();
  const archived = LIBRARIES.every(([, , , name]) => path.isAbsolute(ask(cc, [...args, `-print-file-name=lib${name}.a`]) ?? ''));
  return archived ? 'static' : 'shared';
}

function run(command, args) {
  const { status, stdout, stderr, error } = spawnSync(command, args, { encoding: 'utf8', maxBuffer: 1 << 26 });
  if (status === 0) return true;
  process.stderr.write(`${stdout ?? ''}${stderr ?? ''}${error ? `${error.message}\n` : ''}`);
  say(`${command} failed, see above`);
  return false;
}

function build() {
  const kind = libraries();
  const file = kind === 'static' ? 'usher.node' : 'usher-shared.node';
  fs.rmSync(WORK, { recursive: true, force: true });
  fs.mkdirSync(OUT, { recursive: true });
  const options = ['--buildtype=release', '-Dio=disabled', '-Dtests=false', '-Dbench=false', '-Dnode=enabled',
    `-Dnode_libraries=${kind}`, `-Dnode_headers=${headers()}`];
  if (!run('meson', ['setup', WORK, SOURCES, ...options]) || !run('ninja', ['-C', WORK, `hosts/node/${file}`])) return false;
  for (const old of ['usher.node', 'usher-shared.node']) fs.rmSync(path.join(OUT, old), { force: true });
  fs.copyFileSync(path.join(WORK, 'hosts', 'node', file), path.join(OUT, file));
  fs.rmSync(WORK, { recursive: true, force: true });
  return true;
}

/** What the addon says of itself, in a process of its own: one that does not load must not end this one. */
function loaded() {
  const code = 'const i = require("./lib/native.cjs").info(); console.log(`${i.libcrypto}, ${i.libcryptoInside ? "inside" : "the system\'s"}`)';
  const { status, stdout } = spawnSync(process.execPath, ['-e', code], { cwd: __dirname, encoding: 'utf8' });
  return status === 0 ? stdout.trim() : undefined;
}

/** Before a package is made of this folder: without the sources it would be of no use. */
function packable() {
  if (fs.existsSync(path.join(__dirname, 'native', 'src', 'meson.build'))) return 0;
  say('make the package with ./dev pack: the engine\'s sources belong in it');
  return 1;
}

function main() {
  if (process.argv.includes('--sources')) return packable();
  const there = process.argv.includes('--force') ? undefined : loaded();
  if (there) {
    say(`the addon is there (${there})`);
    return 0;
  }
  if (process.platform !== 'linux') {
    say(`there is no addon for ${process.platform}: it is built and tested on Linux`);
    return 1;
  }
  if (!SOURCES) {
    say('the sources are not in this package: make it with ./dev pack');
    return 1;
  }
  const wanted = missing();
  if (wanted.length > 0) {
    say('the addon cannot be built, because something is missing:');
    for (const [what, debian] of wanted) say(`  ${what.padEnd(44)} Debian: ${debian}`);
    say(`apt-get install ${wanted.map(([, debian]) => debian.split(',')[0]).join(' ')}, then: npm rebuild usher`);
    say(`or put one that was built for this system at ${path.join(OUT, 'usher.node')}, or name it in USHER_ADDON`);
    return 1;
  }
  if (!build()) return 1;
  const info = loaded();
  if (!info) {
    say('the addon was built, and does not load: npx usher doctor says more');
    return 1;
  }
  say(`built the addon (${info})`);
  return 0;
}

process.exitCode = main();
