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

let responseClass;

/** A NextResponse, for who sets cookies on what a middleware answers; a Response where there is no Next.js. */
function nextResponse(body, headers, status = 200) {
  if (!responseClass) {
    try {
      responseClass = fromNext('next/server').NextResponse;
    } catch {
      responseClass = Response;
    }
  }
  return new responseClass(body, { status, headers });
}

module.exports = { fromNext, nextResponse };
