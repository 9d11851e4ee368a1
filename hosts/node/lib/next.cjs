'use strict';

const { createRequire } = require('node:module');
const path = require('node:path');

/** A module of Next.js, which is the application's: found from here, or from where it runs. */
function fromNext(name) {
  try {
    return require(name);
  } catch (error) {
    if (error.code !== 'MODULE_NOT_FOUND') throw error;
    return createRequire(path.join(process.cwd(), 'package.json'))(name);
  }
}

module.exports = { fromNext };
