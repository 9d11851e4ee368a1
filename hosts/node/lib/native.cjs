'use strict';

// The addon: the one that USHER_ADDON names, or the one in build/. One that has libcrypto inside is loaded
// as any other. One that uses the system's must be loaded apart from Node's symbols: Node exports an
// OpenSSL of its own, and would lend it silently.

const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');

const folder = path.join(__dirname, '..', 'build');
const inside = path.join(folder, 'usher.node');
const shared = path.join(folder, 'usher-shared.node');

function loadShared(file) {
  const { RTLD_NOW, RTLD_DEEPBIND } = os.constants.dlopen;
  if (RTLD_DEEPBIND === undefined) {
    throw new Error('usher: this C library cannot load the addon apart from Node\'s OpenSSL; use the build that has its own');
  }
  const holder = { exports: {} };
  process.dlopen(holder, file, RTLD_NOW | RTLD_DEEPBIND);
  return holder.exports;
}

const loadFile = (file) => (path.basename(file) === path.basename(shared) ? loadShared(file) : require(file));

function load() {
  const named = process.env.USHER_ADDON;
  if (named) return loadFile(path.resolve(named));
  const file = [inside, shared].find((f) => fs.existsSync(f));
  if (file) return loadFile(file);
  const error = new Error(`usher: the addon was not built: there is neither ${inside} nor ${shared}; npm rebuild usher builds it`);
  error.code = 'USHER_NO_ADDON';
  throw error;
}

const native = load();

/** Which engine and which libcrypto are in use. */
function info() {
  return { ...JSON.parse(native.info()), node: process.version, nodeOpenssl: process.versions.openssl };
}

module.exports = { native, info };
