'use strict';

// NextAuth v4's options as settings of a site, and what its entries share.

const { hostIsTrusted, isDevelopment, variable } = require('./environment.cjs');
const { SiteError, wrongType } = require('./errors.cjs');
const { isObject } = require('./headers.cjs');
const { checkMembers } = require('./options.cjs');
const { rowsOf } = require('./adapter.cjs');
const { Program, asksProgram, hooksOf, readingHooks } = require('./program.cjs');
const { readProviders } = require('./providers.cjs');
const { Showing, showsLast } = require('./showing.cjs');
const { Memo, Recent, cookieSettings, forwardedOrigin, pageSettings, siteOf, themeSettings, urlParts } = require('./sites.cjs');
const { Threw } = require('./wants.cjs');

const DEFAULT_URL = 'http://localhost:3000';
const BASE_PATH = '/api/auth';
const MAX_AGE = 30 * 24 * 60 * 60;

function secretOf(secret) {
  return secret ?? variable('NEXTAUTH_SECRET') ?? variable('AUTH_SECRET');
}

/** True if the URL of the environment says so, or a platform that is always https. */
function secureByDefault() {
  return variable('NEXTAUTH_URL')?.startsWith('https://') ?? !!variable('VERCEL');
}

function defaultCookieName(secure) {
  return secure ? '__Secure-next-auth.session-token' : 'next-auth.session-token';
}

/** [origin, base path]: of the environment, or of a platform whose headers are trusted. */
function placeOf(headers) {
  const own = variable('NEXTAUTH_URL');
  const trusted = own ? undefined : hostIsTrusted('VERCEL', 'AUTH_TRUST_HOST');
  const given = own || (trusted && forwardedOrigin(headers, 'https')) || DEFAULT_URL;
  const [origin, path] = urlParts(given);
  return [origin, path || BASE_PATH];
}

const originOf = (headers) => placeOf(headers)[0];

const tokenSites = new Recent();

/** The site that tokens alone need. */
function siteFor({ secret, cookieName, secure }) {
  const [base] = placeOf();
  const development = isDevelopment();
  const secrets = typeof secret === 'string' ? secret : JSON.stringify(secret);
  return tokenSites.get([base, development, secure, cookieName, secrets], () => siteOf({
    profile: 'nextauth-4',
    base_url: base,
    development,
    ...(Array.isArray(secret) ? { secrets: secret } : { secret }),
    cookies: cookieSettings(secure, cookieName),
  }));
}

/** The site that opens and seals with a salt, which is a check cookie's name. */
function saltedSiteFor({ secret, salt }) {
  return siteOf({
    profile: 'nextauth-4',
    base_url: DEFAULT_URL,
    development: isDevelopment(),
    ...(Array.isArray(secret) ? { secrets: secret } : { secret }),
    cookies: cookieSettings(salt.startsWith('__'), `${salt.startsWith('__Secure-') ? '__Secure-' : ''}usher.session`, { state: { name: salt } }),
  });
}

// ---- options -----------------------------------------------------------------------------------

function codecOf({ jwt = {} }) {
  if (!jwt.encode && !jwt.decode) return undefined;
  if (!jwt.encode || !jwt.decode) throw wrongType('options.jwt', 'with both encode and decode, or neither', jwt);
  return 'hook';
}

/** What is the same for reading sessions and for the routes. */
function settingsOf(options, [base, path]) {
  checkMembers(options, 'options');
  const rows = rowsOf(options);
  const secure = options.useSecureCookies ?? base.startsWith('https:');
  const { maxAge = MAX_AGE, updateAge } = options.session ?? {};
  const token = codecOf(options);
  return {
    profile: 'nextauth-4',
    base_url: base,
    base_path: path,
    development: isDevelopment(),
    secret: secretOf(options.jwt?.secret ?? options.secret),
    cookies: cookieSettings(secure, defaultCookieName(secure), options.cookies),
    session: { strategy: rows.strategy, max_age: maxAge, ...(updateAge !== undefined && { update_age: updateAge }), ...(token && rows.strategy === 'jwt' && { token }) },
    users: rows.users,
    ...(options.usher?.accept && { accept: options.usher.accept }),
    hooks: hooksOf(options, false, showsLast(options)),
  };
}

const readers = new Memo();

function readerOf(options, headers) {
  const place = placeOf(headers);
  const { secret, session, cookies, jwt, adapter, useSecureCookies, usher } = options;
  const parts = [place[0], place[1], isDevelopment(), secretOf(jwt?.secret ?? secret), session?.strategy, session?.maxAge, session?.updateAge,
    cookies, jwt?.encode, jwt?.decode, adapter, useSecureCookies, readingHooks(options), usher?.accept];
  return readers.get(options, parts) ?? readers.keep(options, parts, siteOf(settingsOf(options, place)));
}

/** The site of the routes; `known` is what readProviders found. */
function routesOf(options, headers, known) {
  return siteOf({
    ...settingsOf(options, placeOf(headers)),
    hooks: hooksOf({ ...options, mapped: known.mapped, authorizes: known.authorizes }, true),
    pages: pageSettings(options.pages),
    ...themeSettings(options.theme),
    providers: known.settings,
  });
}

const providersOf = (options) => readProviders(options.providers ?? [], isDevelopment());

// ---- functions of the program --------------------------------------------------------------------

const logError = (options) => options.logger?.error ?? ((code, ...more) => console.error(`[next-auth][error][${code}]`, ...more));

class Program4 extends Program {
  #site;

  constructor(options, site, known, reads) {
    super(options, known?.byId, reads);
    this.#site = site;
  }

  get tellsUser() { return true; }

  get keeps() { return true; }

  given() {
    const { jwt, secret } = this.options;
    return { ...jwt, secret: secretOf(jwt?.secret ?? secret), maxAge: jwt?.maxAge ?? MAX_AGE };
  }

  user(mapped, own) {
    const id = mapped.id === undefined ? undefined : String(mapped.id);
    return { user: { ...mapped, id: id ?? own.id }, id };
  }

  /** The claims from before the callback, which it may have changed in place. */
  shown(session, token) {
    return { ...session, user: { name: token.name, email: token.email, image: token.picture } };
  }

  /** What it throws is told to whoever tried, as the original has it. */
  async judge(provider, credentials, { method, query, headers }) {
    try {
      return await provider.authorize(credentials, { query, body: credentials, headers, method });
    } catch (error) {
      return new Threw(String(error?.message));
    }
  }

  refused(error) {
    logError(this.options)('OAUTH_CALLBACK_HANDLER_ERROR', error);
    return `${this.#site.baseUrl}${this.#site.basePath}/error?error=${encodeURIComponent(error?.message ?? String(error))}`; // which knows of a page of the program's
  }

  eventFailed(name, error) {
    logError(this.options)(`${name.replace(/[A-Z]/g, '_$&').toUpperCase()}_EVENT_ERROR`, error);
  }
}

class Showing4 extends Showing {
  /** Of the claims from before the callback, which it may have changed in place. */
  shown({ given, expires }) {
    return { user: { name: given.name, email: given.email, image: given.picture }, expires };
  }

  /** As it is: it may hold more than JSON can. */
  made(answer) {
    return answer === undefined ? null : answer;
  }
}

const programOf = (options, site, known) => new Program4(options, site, known);

/** For who reads a session: undefined where nothing is asked. */
function readingProgramOf(options, site) {
  if (!asksProgram(options)) return undefined;
  return showsLast(options) ? new Showing4(options) : new Program4(options, site, undefined, true);
}

// ---- requests ------------------------------------------------------------------------------------

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

/** Adds to what a response of Node already sets. */
function append(res, setCookies) {
  if (setCookies.length === 0) return;
  const before = res.getHeader('Set-Cookie') ?? [];
  const lines = Array.isArray(before) ? before : [String(before)];
  res.setHeader('Set-Cookie', lines.length === 0 ? setCookies : [...lines, ...setCookies]);
}

const PROBLEM = 'There is a problem with the server configuration. Check the server logs for more information.';

/** The original throws this text, and logs the reason. */
function configurationError(error, options) {
  if (!(error instanceof SiteError)) return error;
  (options.logger?.error ?? console.error)('CONFIGURATION_ERROR', error);
  return Object.assign(new Error(PROBLEM), { cause: error });
}

function checkOptions(options) {
  if (options !== undefined && (!isObject(options) || Array.isArray(options))) throw wrongType('options', 'an object', options);
  return options ?? {};
}

module.exports = {
  MAX_AGE, append, checkOptions, configurationError, defaultCookieName, headersOf, logError, originOf, programOf, providersOf,
  readerOf, readingProgramOf, routesOf, secretOf, saltedSiteFor, secureByDefault, siteFor,
};
