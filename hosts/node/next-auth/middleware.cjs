'use strict';

// withAuth: guards pages in a middleware (or proxy) of the Node.js runtime.

const { wrongType } = require('../lib/errors.cjs');
const { isObject } = require('../lib/headers.cjs');
const { native } = require('../lib/native.cjs');
const { checkMembers } = require('../lib/options.cjs');
const { internals } = require('../lib/site.cjs');
const { programOf, readerOf, secretOf } = require('../lib/v4.cjs');
const { getToken } = require('./jwt.cjs');

function redirect(url) {
  return new Response(null, { status: 307, headers: { Location: url } });
}

function placeOf(req) {
  const url = req.nextUrl ?? new URL(req.url);
  return { pathname: url.pathname, search: url.search, origin: url.origin, basePath: url.basePath ?? '' };
}

/** Where sessions are rows, what a token of that user would say: the original has none for them. */
async function tokenOf(req, options, secret) {
  if (options?.adapter && (options.session?.strategy ?? 'database') === 'database') {
    const site = readerOf(options, req.headers);
    return internals.token(site, req.headers.get('cookie') ?? undefined, programOf(options, site));
  }
  return getToken({ req, decode: options?.jwt?.decode, cookieName: options?.cookies?.sessionToken?.name, secret });
}

const passed = new WeakSet();

/** Once for an options object: a mistake is told where the middleware is made. */
function checkOptions(options) {
  if (options === undefined || options === null || passed.has(options)) return;
  if (!isObject(options)) throw wrongType('options', 'an object', options);
  if (typeof options === 'function') return; // a NextFetchEvent of a test, say
  checkMembers(options, 'options');
  const name = options.cookies?.sessionToken?.name;
  if (name !== undefined && typeof name !== 'string') throw wrongType('options.cookies.sessionToken.name', 'a string', name);
  passed.add(options);
}

async function handleMiddleware(req, options, onSuccess) {
  if (!isObject(req) || typeof req.url !== 'string') throw wrongType('req', 'a Request', req);
  checkOptions(options);
  const { pathname, search, origin, basePath } = placeOf(req);
  const targets = native.withAuth(options?.pages?.signIn ?? '', options?.pages?.error ?? '',
    process.env.NEXTAUTH_URL ?? '', basePath, origin, pathname, search);
  if (!targets) return undefined;
  const [signIn, failed] = targets;
  const secret = secretOf(options?.secret);
  if (!secret) {
    console.error('[next-auth][error][NO_SECRET]', '\nhttps://next-auth.js.org/errors#no_secret');
    return redirect(failed);
  }
  const token = await tokenOf(req, options, secret);
  const authorized = (await options?.callbacks?.authorized?.({ req, token })) ?? !!token;
  if (authorized) return onSuccess?.(token);
  return redirect(signIn);
}

/**
 * As the original: withAuth(req, options), withAuth(options), withAuth(middleware, options), and
 * the function itself as a middleware.
 */
function withAuth(...args) {
  const [first, options] = args;
  if (args.length === 0) throw wrongType('req', 'a Request', undefined);
  if (first instanceof Request) return handleMiddleware(first, options);
  if (typeof first === 'function') {
    checkOptions(options);
    return (...given) => handleMiddleware(given[0], options, (token) => {
      given[0].nextauth = { token };
      return first(...given);
    });
  }
  checkOptions(first);
  return (...given) => handleMiddleware(given[0], first);
}

module.exports = withAuth;
module.exports.default = withAuth;
module.exports.withAuth = withAuth;
