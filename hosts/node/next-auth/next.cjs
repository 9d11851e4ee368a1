'use strict';

// getServerSession, in its three forms: (req, res, options), (options) and ().

const { createRequire } = require('node:module');
const path = require('node:path');
const { wrongType } = require('../lib/errors.cjs');
const { isObject } = require('../lib/headers.cjs');
const {
  MAX_AGE, configurationError, defaultCookieName, headersOf, secretOf, secureByDefault, siteFor,
} = require('../lib/v4.cjs');

/** Next.js is the application's: found from here, or from where the application runs. */
function nextHeaders() {
  try {
    return require('next/headers');
  } catch (error) {
    if (error.code !== 'MODULE_NOT_FOUND') throw error;
    return createRequire(path.join(process.cwd(), 'package.json'))('next/headers');
  }
}

// ---- the site of a set of options --------------------------------------------------------------

const hooked = new WeakMap();

function hooksOf(options, secret) {
  const { encode, decode } = options.jwt;
  return {
    decode: ({ token }) => decode({ ...options.jwt, token, secret }),
    encode: ({ token, maxAge }) => encode({ ...options.jwt, token, secret, maxAge }),
  };
}

function makeSite(options) {
  const secret = secretOf(options.secret);
  const secure = options.useSecureCookies ?? secureByDefault();
  const { maxAge, updateAge, strategy } = options.session ?? {};
  if (strategy === 'database' || (strategy === undefined && options.adapter)) {
    throw new Error('usher: sessions in a database are not part of this version; set session.strategy to "jwt"');
  }
  const custom = options.jwt?.encode || options.jwt?.decode;
  if (custom && !(options.jwt.encode && options.jwt.decode)) {
    throw wrongType('options.jwt', 'with both encode and decode, or neither', options.jwt);
  }
  const cookie = options.cookies?.sessionToken;
  return siteFor({
    secret,
    secure,
    cookieName: cookie?.name ?? defaultCookieName(secure),
    cookieOptions: cookie?.options,
    maxAge: maxAge ?? MAX_AGE,
    updateAge,
    hooks: custom ? hooksOf(options, secret) : undefined,
  });
}

function siteOf(options) {
  const key = options.jwt;
  if (!key?.encode && !key?.decode) return makeSite(options);
  let site = hooked.get(key);
  if (!site) hooked.set(key, (site = makeSite(options)));
  return site;
}

// ---- callbacks ---------------------------------------------------------------------------------

const isSessionCookie = (line, name) => line.startsWith(`${name}=`) || line.startsWith(`${name}.`);

/** The token that the jwt callback returned, sealed into cookies in place of the renewed one. */
async function cookiesOf(site, options, headers, token, checked) {
  const maxAge = options.session?.maxAge ?? MAX_AGE;
  const secure = options.useSecureCookies ?? secureByDefault();
  const name = options.cookies?.sessionToken?.name ?? defaultCookieName(secure);
  const secret = secretOf(options.secret);
  const sealed = options.jwt?.encode
    ? await options.jwt.encode({ ...options.jwt, token, secret, maxAge })
    : site.mint({ claims: token, maxAge });
  const lines = site.sessionCookies(headers, sealed, Date.now() + maxAge * 1000);
  return [...checked.setCookies.filter((line) => !isSessionCookie(line, name)), ...lines];
}

/** What the callbacks of the options make of a valid session. */
async function applied(site, options, headers, checked, readOnly) {
  const { jwt, session: callback } = options.callbacks ?? {};
  const { claims } = checked;
  let { setCookies } = checked;
  let token = claims;
  if (jwt) {
    token = await jwt({ token: structuredClone(claims), session: undefined });
    if (!readOnly) setCookies = await cookiesOf(site, options, headers, token ?? {}, checked);
  }
  let session = {
    user: { name: claims.name, email: claims.email, image: claims.picture },
    expires: checked.session.expires,
  };
  if (callback) session = await callback({ session, token });
  try {
    await options.events?.session?.({ session, token });
  } catch (error) {
    (options.logger?.error ?? console.error)('SESSION_EVENT_ERROR', error);
  }
  return { session, setCookies };
}

async function evaluate(site, options, headers, readOnly) {
  const checked = await site.checkSession(headers, { readOnly });
  if (checked.verdict !== 'valid') return { session: null, setCookies: checked.setCookies };
  try {
    return await applied(site, options, headers, checked, readOnly);
  } catch (error) {
    // The original deletes the session here. An error of the program says nothing about a cookie.
    (options.logger?.error ?? console.error)('JWT_SESSION_ERROR', error);
    return { session: null, setCookies: [] };
  }
}

// ---- the call ----------------------------------------------------------------------------------

function append(res, setCookies) {
  if (setCookies.length === 0) return;
  const before = res.getHeader('Set-Cookie') ?? [];
  res.setHeader('Set-Cookie', [...(Array.isArray(before) ? before : [String(before)]), ...setCookies]);
}

function isEmpty(session) {
  return !session || typeof session === 'string' || Object.keys(session).length === 0;
}

function checkOptions(options) {
  if (options !== undefined && (!isObject(options) || Array.isArray(options))) throw wrongType('options', 'an object', options);
  return options ?? {};
}

function siteOrThrow(options) {
  try {
    return siteOf(options);
  } catch (error) {
    throw configurationError(error, options.logger);
  }
}

async function fromComponent(options) {
  const site = siteOrThrow(options);
  const headers = await nextHeaders().headers();
  const { session } = await evaluate(site, options, { headers }, true);
  if (isEmpty(session)) return null;
  const { expires, ...rest } = session;
  return rest;
}

async function getServerSession(...args) {
  if (args.length <= 1) return fromComponent(checkOptions(args[0]));
  const [req, res] = args;
  const options = checkOptions(args[2]);
  if (!isObject(req)) throw wrongType('req', 'a request', req);
  if (!isObject(res) || typeof res.setHeader !== 'function') throw wrongType('res', 'a response', res);
  const { session, setCookies } = await evaluate(siteOrThrow(options), options, headersOf(req), false);
  append(res, setCookies);
  return isEmpty(session) ? null : session;
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
