'use strict';

// getServerSession, in its three forms: (req, res, options), (options) and ().

const { wrongType } = require('../lib/errors.cjs');
const { cookieOf, isObject } = require('../lib/headers.cjs');
const { fromNext } = require('../lib/next.cjs');
const { internals } = require('../lib/site.cjs');
const { isPromise } = require('../lib/wants.cjs');
const { append, checkOptions, configurationError, headersOf, readerOf, readingProgramOf } = require('../lib/v4.cjs');

function siteOrThrow(options, headers) {
  try {
    return readerOf(options, headers);
  } catch (error) {
    throw configurationError(error, options);
  }
}

/** The original deletes the session here. An error of the program says nothing about a cookie. */
function nobody(error, program, options) {
  if (!program?.error) throw error;
  (options.logger?.error ?? console.error)('JWT_SESSION_ERROR', program.error);
  return { session: null, setCookies: [] };
}

/** {session, setCookies} with the program's functions, or a promise of it if one of them gives one. */
function evaluate(options, headers, readOnly) {
  const site = siteOrThrow(options, headers.headers);
  const program = readingProgramOf(options, site);
  const cookie = cookieOf(headers, 'headers');
  try {
    const checked = internals.check(site, cookie, readOnly, program);
    return isPromise(checked) ? checked.catch((error) => nobody(error, program, options)) : checked;
  } catch (error) {
    return nobody(error, program, options);
  }
}

function isEmpty(session) {
  if (!session || typeof session === 'string') return true;
  for (const name in session) if (Object.hasOwn(session, name)) return false;
  return true;
}

async function fromComponent(options) {
  const headers = await fromNext('next/headers').headers();
  const { session } = await evaluate(options, { headers }, true);
  if (isEmpty(session)) return null;
  const { expires, ...rest } = session;
  return rest;
}

/** In a page or a route of the Pages Router: the cookies go to its response. */
function fromPages(req, res, given) {
  const options = checkOptions(given);
  if (!isObject(req)) throw wrongType('req', 'a request', req);
  if (!isObject(res) || typeof res.setHeader !== 'function') throw wrongType('res', 'a response', res);
  const checked = evaluate(options, headersOf(req), false);
  return isPromise(checked) ? checked.then((found) => answered(found, res)) : answered(checked, res);
}

function answered({ session, setCookies }, res) {
  append(res, setCookies);
  return isEmpty(session) ? null : session;
}

/** A promise, without what an async function keeps to wait with. */
function getServerSession(...args) {
  try {
    return Promise.resolve(args.length <= 1 ? fromComponent(checkOptions(args[0])) : fromPages(args[0], args[1], args[2]));
  } catch (error) {
    return Promise.reject(error);
  }
}

let warned = false;
async function unstable_getServerSession(...args) {
  if (!warned && process.env.NODE_ENV !== 'production') {
    console.warn('`unstable_getServerSession` has been renamed to `getServerSession`.');
    warned = true;
  }
  return getServerSession(...args);
}

module.exports = { getServerSession, unstable_getServerSession };
