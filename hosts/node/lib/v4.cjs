'use strict';

// What the entries of NextAuth v4 share: its options as settings of a site, one site for each set.

const { createSite } = require('./site.cjs');
const { SiteError, wrongType } = require('./errors.cjs');
const { isObject } = require('./headers.cjs');

const DEFAULT_URL = 'http://localhost:3000';
const MAX_AGE = 30 * 24 * 60 * 60;
const SITES_MAX = 32;

const sites = new Map();

function secretOf(secret) {
  return secret ?? process.env.NEXTAUTH_SECRET ?? process.env.AUTH_SECRET;
}

function baseUrl() {
  const url = process.env.NEXTAUTH_URL || DEFAULT_URL;
  return new URL(url.startsWith('http') ? url : `https://${url}`).origin;
}

function cookieSettings({ cookieName, secure, options = {} }) {
  const settings = { secure: secure ? 'true' : 'false' };
  if (cookieName) settings.session = { name: cookieName };
  if (options.domain) settings.domain = options.domain;
  if (options.path) settings.path = options.path;
  if (typeof options.sameSite === 'string') settings.same_site = options.sameSite;
  return settings;
}

/**
 * The site for a secret, a cookie and lifetimes: made once, and kept while it is used. Sites with
 * hooks of the program are the caller's to keep.
 */
function siteFor({ secret, cookieName, secure, cookieOptions, maxAge, updateAge, hooks }) {
  const settings = {
    profile: 'nextauth-4',
    base_url: baseUrl(),
    development: process.env.NODE_ENV !== 'production',
    ...(Array.isArray(secret) ? { secrets: secret } : { secret }),
    cookies: cookieSettings({ cookieName, secure, options: cookieOptions }),
    session: { ...(maxAge !== undefined && { max_age: maxAge }), ...(updateAge !== undefined && { update_age: updateAge }), ...(hooks && { token: 'hook' }) },
  };
  if (hooks) return createSite(settings, { env: null, hooks });
  const key = JSON.stringify(settings);
  let site = sites.get(key);
  if (site) return site;
  site = createSite(settings, { env: null });
  sites.set(key, site);
  if (sites.size > SITES_MAX) sites.delete(sites.keys().next().value);
  return site;
}

/** True if the URL of the environment says so, or a platform that is always https. */
function secureByDefault() {
  return process.env.NEXTAUTH_URL?.startsWith('https://') ?? !!process.env.VERCEL;
}

function defaultCookieName(secure) {
  return `${secure ? '__Secure-' : ''}next-auth.session-token`;
}

/** Cookies that a framework has read already, as the header they came in. */
function headerOf(cookies) {
  let pairs;
  if (typeof cookies.getAll === 'function') pairs = cookies.getAll().map((c) => [c.name, c.value]);
  else if (cookies instanceof Map) pairs = [...cookies];
  else pairs = Object.entries(cookies);
  return pairs.filter(([, value]) => typeof value === 'string').map(([name, value]) => `${name}=${encodeURIComponent(value)}`).join('; ');
}

/** What the engine reads of a request of any framework. */
function headersOf(req) {
  const { headers } = req;
  if (isObject(headers)) {
    const cookie = typeof headers.get === 'function' ? headers.get('cookie') : headers.cookie;
    if (cookie || !isObject(req.cookies)) return { headers };
    const authorization = typeof headers.get === 'function' ? headers.get('authorization') : headers.authorization;
    return { headers: { cookie: headerOf(req.cookies), ...(authorization && { authorization }) } };
  }
  if (isObject(req.cookies)) return { headers: { cookie: headerOf(req.cookies) } };
  throw wrongType('req.headers', 'Headers or an object', headers);
}

const PROBLEM = 'There is a problem with the server configuration. Check the server logs for more information.';

/** The original throws this text, and logs the reason. */
function configurationError(error, logger) {
  if (!(error instanceof SiteError)) return error;
  (logger?.error ?? console.error)('CONFIGURATION_ERROR', error);
  return Object.assign(new Error(PROBLEM), { cause: error });
}

module.exports = {
  MAX_AGE, secretOf, siteFor, secureByDefault, defaultCookieName, headersOf, configurationError,
};
