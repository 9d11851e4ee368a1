'use strict';

// Auth.js v5's config as settings of a site, and what its entries share.

const { hostIsTrusted, isDevelopment, variable } = require('./environment.cjs');
const { UsherError, wrongType } = require('./errors.cjs');
const { isObject } = require('./headers.cjs');
const { checkMembers } = require('./options.cjs');
const { addressOf, rowsOf } = require('./adapter.cjs');
const { Program, asksProgram, hooksOf, readingHooks } = require('./program.cjs');
const { readProviders } = require('./providers.cjs');
const { Showing, showsLast } = require('./showing.cjs');
const { Memo, Recent, cookieSettings, forwardedOrigin, pageSettings, siteOf, themeSettings, urlParts } = require('./sites.cjs');

const BASE_PATH = '/api/auth';
const MAX_AGE = 30 * 24 * 60 * 60;

function defaultCookieName(secure) {
  return secure ? '__Secure-authjs.session-token' : 'authjs.session-token';
}

function secretsOf(config) {
  const one = config.secret ?? variable('AUTH_SECRET') ?? variable('NEXTAUTH_SECRET');
  const all = one ?? [3, 2, 1].map((n) => variable(`AUTH_SECRET_${n}`)).filter(Boolean);
  return Array.isArray(all) ? { secrets: all } : { secret: all };
}

// ---- where ---------------------------------------------------------------------------------------

const environmentUrl = () => variable('AUTH_URL') ?? variable('NEXTAUTH_URL');

function isTrusted(config) {
  return config.trustHost ?? hostIsTrusted('AUTH_URL', 'AUTH_TRUST_HOST', 'VERCEL', 'CF_PAGES') ?? isDevelopment();
}

/** [origin, base path]: of the environment, else of the request if its host is trusted. */
function placeOf(config, headers, url) {
  const given = environmentUrl();
  const own = given ? urlParts(given) : undefined;
  const path = config.basePath ?? (own?.[1] || BASE_PATH);
  if (own) return [own[0], path];
  if (!isTrusted(config)) throw new UsherError('USHER_E_SETTING', 'UntrustedHost: set AUTH_URL, or AUTH_TRUST_HOST if a proxy in front writes the host');
  return [url ? new URL(url).origin : forwardedOrigin(headers, 'https') ?? 'http://localhost:3000', path];
}

// ---- settings ------------------------------------------------------------------------------------

function codecOf({ jwt = {} }) {
  if (!jwt.encode && !jwt.decode) return undefined;
  if (!jwt.encode || !jwt.decode) throw wrongType('config.jwt', 'with both encode and decode, or neither', jwt);
  return 'hook';
}

function settingsOf(config, [base, path]) {
  checkMembers(config, 'config', true);
  const rows = rowsOf(config, 'config');
  const secure = config.useSecureCookies ?? base.startsWith('https:');
  const { maxAge = MAX_AGE, updateAge } = config.session ?? {};
  const token = codecOf(config);
  // A token is written to last jwt.maxAge, its cookie session.maxAge: what ends first ends the session.
  const tokenAge = rows.strategy === 'jwt' ? config.jwt?.maxAge ?? maxAge : maxAge;
  return {
    profile: 'authjs-5',
    base_url: base,
    base_path: path,
    development: isDevelopment(),
    ...secretsOf(config),
    cookies: cookieSettings(secure, defaultCookieName(secure), config.cookies),
    session: { strategy: rows.strategy, max_age: Math.min(maxAge, tokenAge), ...(updateAge !== undefined && { update_age: updateAge }), ...(token && rows.strategy === 'jwt' && { token }) },
    users: rows.users,
    ...(config.usher?.accept && { accept: config.usher.accept }),
    hooks: hooksOf(config, false, showsLast(config)),
  };
}

const readers = new Memo();

function readerOf(config, place) {
  const { session, cookies, jwt, adapter, useSecureCookies, usher } = config;
  const { secret, secrets } = secretsOf(config);
  const parts = [place[0], place[1], isDevelopment(), secret ?? secrets.join(), session?.strategy, session?.maxAge, session?.updateAge,
    cookies, jwt?.maxAge, jwt?.encode, jwt?.decode, adapter, useSecureCookies, readingHooks(config), usher?.accept];
  return readers.get(config, parts) ?? readers.keep(config, parts, siteOf(settingsOf(config, place)));
}

function routesOf(config, place, known) {
  return siteOf({
    ...settingsOf(config, place),
    hooks: hooksOf({ ...config, mapped: known.mapped, authorizes: known.authorizes }, true),
    pages: pageSettings(config.pages),
    ...themeSettings(config.theme),
    providers: known.settings,
  });
}

/** AUTH_ID_ID, AUTH_ID_SECRET and AUTH_ID_ISSUER stand in for what a provider leaves out. */
function fromEnvironment(provider) {
  const id = String(provider.id).toUpperCase().replaceAll('-', '_');
  const { [`AUTH_${id}_ID`]: clientId, [`AUTH_${id}_SECRET`]: clientSecret, [`AUTH_${id}_ISSUER`]: issuer } = process.env;
  return { ...provider, clientId: provider.clientId ?? clientId, clientSecret: provider.clientSecret ?? clientSecret, issuer: provider.issuer ?? issuer };
}

const providersOf = (config) => readProviders(config.providers ?? [], isDevelopment(), fromEnvironment);

const tokenSites = new Recent();

/** One site for tokens alone: their salt is the cookie's name, which is a session's or any other's. */
function siteFor({ secret, cookieName, isCheck = false }) {
  const secure = cookieName.startsWith('__');
  const session = `${secure ? '__Secure-' : ''}usher.session`;
  const secrets = typeof secret === 'string' ? secret : JSON.stringify(secret);
  return tokenSites.get([isDevelopment(), cookieName, isCheck, secrets], () => siteOf({
    profile: 'authjs-5',
    base_url: 'http://localhost:3000',
    development: isDevelopment(),
    ...(Array.isArray(secret) ? { secrets: secret } : { secret }),
    cookies: isCheck ? cookieSettings(secure, session, { state: { name: cookieName } }) : cookieSettings(secure, cookieName),
  }));
}

// ---- functions of the program --------------------------------------------------------------------

function logError(config, error) {
  const log = config.logger?.error ?? ((e) => console.error('[auth][error]', e));
  log(error instanceof Error ? error : new Error(String(error)));
}

/** Where an answer of signIn leads, by the rule for every URL. */
function redirected(config, url, baseUrl) {
  if (config.callbacks?.redirect) return config.callbacks.redirect({ url, baseUrl });
  if (url.startsWith('/')) return baseUrl + url;
  return new URL(url).origin === baseUrl ? url : baseUrl;
}

class Program5 extends Program {
  /** {headers} of the visitor's own request, for a Server Action. */
  action;
  #site;

  constructor(config, site, known, reads) {
    super(config, known?.byId, reads);
    this.#site = site;
  }

  get wholeRow() { return true; }

  given(salt) {
    const config = this.options;
    const { secret, secrets } = secretsOf(config);
    return { ...config.jwt, secret: secrets ?? secret, salt, maxAge: config.jwt?.maxAge ?? config.session?.maxAge ?? MAX_AGE };
  }

  user(mapped, own) {
    return { user: { ...mapped, id: own.id, email: mapped.email && addressOf(mapped.email) }, id: mapped.id === undefined ? undefined : String(mapped.id) };
  }

  person(user, told) {
    return user.id === told.id ? user : Object.assign(user, { id: told.id });
  }

  async judge(provider, credentials, { url, method, headers }) {
    if (this.action) delete credentials.csrfToken; // ours, which the original's actions do without
    const init = { method, headers: this.action?.headers ?? headers, body: JSON.stringify(credentials) };
    try {
      return await provider.authorize(credentials, new Request(url, init));
    } catch (error) {
      logError(this.options, error);
      throw error;
    }
  }

  redirected(url) {
    return redirected(this.options, url, this.#site.baseUrl);
  }

  refused(error) {
    logError(this.options, error);
    return false;
  }

  eventFailed(name, error) {
    logError(this.options, error);
  }
}

class Showing5 extends Showing {
  /** Of the token that the callback answered: what JSON makes of it, if that may be something else. */
  shown({ token, expires, json }) {
    if (json) return JSON.parse(json);
    const { name, email, picture } = token;
    if (name !== undefined && email !== undefined && picture !== undefined) return { user: { name, email, image: picture }, expires };
    return { user: { ...(name !== undefined && { name }), ...(email !== undefined && { email }), ...(picture !== undefined && { image: picture }) }, expires };
  }

  /** As JSON has it, which the original makes of it. */
  made(answer) {
    const text = JSON.stringify(answer ?? null);
    if (text === undefined) throw wrongType('what callbacks.session returns', 'a session', answer);
    return JSON.parse(text);
  }
}

const programOf = (config, site, known) => new Program5(config, site, known);

/** For who reads a session: undefined where nothing is asked. */
function readingProgramOf(config, site) {
  if (!asksProgram(config)) return undefined;
  return showsLast(config) ? new Showing5(config) : new Program5(config, site, undefined, true);
}

function checkConfig(config, name = 'config') {
  if (!isObject(config) || Array.isArray(config)) throw wrongType(name, 'an object or a function', config);
  if (config.redirectProxyUrl ?? process.env.AUTH_REDIRECT_PROXY_URL) {
    throw new UsherError('USHER_E_SETTING', 'usher: redirectProxyUrl (AUTH_REDIRECT_PROXY_URL) is not part of this version');
  }
  return config;
}

module.exports = {
  MAX_AGE, checkConfig, defaultCookieName, environmentUrl, logError, placeOf, programOf, providersOf, readerOf, readingProgramOf, routesOf, siteFor,
};
