'use strict';

// The addon. One that has libcrypto inside is loaded as any other. One that uses the system's must be
// loaded apart from Node's symbols: Node exports an OpenSSL of its own, and would lend it silently.

const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');

const folder = path.join(__dirname, '..', 'build');
const inside = path.join(folder, 'usher.node');
const shared = path.join(folder, 'usher-shared.node');

function loadShared() {
  const { RTLD_NOW, RTLD_DEEPBIND } = os.constants.dlopen;
  if (RTLD_DEEPBIND === undefined) {
    throw new Error('usher: this C library cannot load the addon apart from Node\'s OpenSSL; use the build that has its own');
  }
  const holder = { exports: {} };
  process.dlopen(holder, shared, RTLD_NOW | RTLD_DEEPBIND);
  return holder.exports;
}

function load() {
  if (fs.existsSync(inside)) return require(inside);
  if (fs.existsSync(shared)) return loadShared();
  const error = new Error(`usher: the addon was not built: there is neither ${inside} nor ${shared}`);
  error.code = 'USHER_NO_ADDON';
  throw error;
}

const native = load();

/** Which engine and which libcrypto are in use. */
function info() {
  return { ...JSON.parse(native.info()), node: process.version, nodeOpenssl: process.versions.openssl };
}

module.exports = { native, info };
