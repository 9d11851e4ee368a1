'use strict';

// NextAuth(options): every route below the base path, for the pages router and for the app router.

const { SiteError, wrongType } = require('../lib/errors.cjs');
const { isObject } = require('../lib/headers.cjs');
const { checkMembers, tellDebug } = require('../lib/options.cjs');
const { searchOf } = require('../lib/providers.cjs');
const { internals, responseOf } = require('../lib/site.cjs');
const { unusable } = require('../lib/unusable.cjs');
const { checkOptions, configurationError, logError, originOf, programOf, providersOf, routesOf } = require('../lib/v4.cjs');

/** What the engine has to say goes where the originals say it. */
function reporter(options) {
  const warn = options.logger?.warn ?? ((code) => console.warn(`[next-auth][warn][${code}]`));
  return ({ cause, what }) => warn(cause.toUpperCase(), what);
}

/** The providers of options are read once, and again only where they are another list. */
const known = new WeakMap();

function knownOf(options) {
  const { providers } = options;
  const kept = isObject(providers) && known.get(providers);
  if (kept?.environment === process.env.NODE_ENV && kept) return kept.found;
  const found = providersOf(options);
  if (isObject(providers)) known.set(providers, { found, environment: process.env.NODE_ENV });
  return found;
}

const unavailable = { status: 503, headers: [['content-type', 'application/json']], body: '{"message":"Service unavailable"}' };

// ---- one request -----------------------------------------------------------------------------------

/** The engine's answer: {status, headers, body}. */
async function answer(options, { segments, method, search, headers, body }) {
  const providers = knownOf(options);
  let site;
  try {
    site = routesOf(options, headers, providers);
  } catch (error) {
    if (!(error instanceof SiteError)) throw error;
    const { message } = configurationError(error, options);
    const query = new URLSearchParams(search);
    return unusable({ profile: 'nextauth-4', origin: originOf(headers), method, action: segments[0], query, own: options.pages?.error, message });
  }
  const program = programOf(options, site, providers);
  program.onReport = reporter(options);
  const path = segments.map((segment) => `/${encodeURIComponent(segment)}`).join('');
  const url = `${site.basePath}${path}${searchOf(search, method, segments, providers)}`;
  try {
    const result = await internals.serve(site, { method, url, headers, body }, program);
    tellDebug(options, 'next-auth', 'DEBUG_ENABLED', { method, action: segments[0], status: result.status });
    return result;
  } catch (error) {
    if (!program.error) throw error;
    logError(options)(program.storeFailed ? 'ADAPTER_ERROR' : 'CALLBACK_ERROR', program.error);
    if (program.storeFailed) return unavailable; // nobody can tell: nothing is set, nothing cleared
    throw program.error; // the program's own: its framework answers, as it does with the original
  }
}

function segmentsOf(value) {
  const segments = Array.isArray(value) ? value : typeof value === 'string' ? [value] : [];
  if (segments.length === 0 || !segments.every((segment) => typeof segment === 'string')) {
    throw new Error('Cannot find [...nextauth].{js,ts} in `/pages/api/auth`, or [...nextauth]/route in `/app/api/auth`: is the file named so?');
  }
  return segments;
}

// ---- the pages router ------------------------------------------------------------------------------

function textOf(body, type) {
  if (type.includes('json')) return JSON.stringify(body);
  const pairs = Object.entries(body).flatMap(([name, value]) => [value].flat().map((one) => [name, String(one)]));
  return new URLSearchParams(pairs).toString();
}

/** What a body parser has left, or the stream itself. */
function bodyOf(req) {
  const { body } = req;
  if (body === undefined || body === null || body === '') return req.readableEnded === false ? req : undefined;
  if (typeof body === 'string' || Buffer.isBuffer(body)) return [Buffer.from(body)];
  return [Buffer.from(textOf(body, String(req.headers['content-type'] ?? '')))];
}

function send(res, { status, headers, body }) {
  const cookies = [];
  res.statusCode = status;
  for (const [name, value] of headers) {
    if (name.toLowerCase() === 'set-cookie') cookies.push(value);
    else res.setHeader(name, value);
  }
  if (cookies.length > 0) {
    const before = res.getHeader('Set-Cookie') ?? [];
    res.setHeader('Set-Cookie', [...(Array.isArray(before) ? before : [String(before)]), ...cookies]);
  }
  res.end(body);
}

async function page(req, res, options) {
  if (!isObject(req) || !isObject(req.headers)) throw wrongType('req', 'a request', req);
  if (!isObject(res) || typeof res.setHeader !== 'function') throw wrongType('res', 'a response', res);
  const { search } = new URL(req.url ?? '/', 'http://localhost');
  const segments = segmentsOf(req.query?.nextauth);
  send(res, await answer(options, { segments, method: req.method, search, headers: req.headers, body: bodyOf(req) }));
}

// ---- the app router --------------------------------------------------------------------------------

async function route(req, context, options) {
  if (!isObject(req) || typeof req.url !== 'string') throw wrongType('req', 'a Request', req);
  const { nextauth } = (await context.params) ?? {};
  const { search } = new URL(req.url);
  return responseOf(await answer(options, { segments: segmentsOf(nextauth), method: req.method, search, headers: req.headers, body: req.body }));
}

const run = (req, second, options) => (isObject(second) && second.params ? route(req, second, options) : page(req, second, options));

/** As the original: NextAuth(options) is a handler; NextAuth(req, res, options) and NextAuth(req, context, options) answer at once. */
function NextAuth(...args) {
  if (args.length !== 1) return run(args[0], args[1], checkOptions(args[2]));
  const options = checkOptions(args[0]);
  checkMembers(options, 'options');
  knownOf(options); // what this version does not have is said now
  return (req, second) => run(req, second, options);
}

module.exports = NextAuth;
