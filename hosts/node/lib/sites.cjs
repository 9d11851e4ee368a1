'use strict';

// One site for each set of settings, kept while it is used: making one derives keys.

const { wrongType } = require('./errors.cjs');
const { isObject } = require('./headers.cjs');
const { createSite } = require('./site.cjs');

const SITES_MAX = 32;

const sites = new Map();

function siteOf(settings) {
  const key = JSON.stringify(settings);
  let site = sites.get(key);
  if (site) return site;
  site = createSite(settings, { env: null });
  sites.set(key, site);
  if (sites.size > SITES_MAX) sites.delete(sites.keys().next().value);
  return site;
}

const places = new Map();

/** [origin, path without a slash at its end] of a URL that the environment names: read once. */
function urlParts(text) {
  let place = places.get(text);
  if (place) return place;
  const url = new URL(text.startsWith('http') ? text : `https://${text}`);
  place = [url.origin, url.pathname.replace(/\/$/, '')];
  if (places.size >= SITES_MAX) places.clear();
  places.set(text, place);
  return place;
}

function isSame(known, parts) {
  for (let i = 0; i < parts.length; i += 1) if (known[i] !== parts[i]) return false;
  return known.length === parts.length;
}

/**
 * The site of an options object, looked up by identity where nothing it is made of has changed: calls
 * that pass the same options do not pay for writing their settings down. `parts` are compared one by one.
 */
class Memo {
  #known = new WeakMap();

  get(options, parts) {
    const known = this.#known.get(options);
    return known && isSame(known.parts, parts) ? known.site : undefined;
  }

  keep(options, parts, site) {
    this.#known.set(options, { parts, site });
    return site;
  }
}

/** The sites that tokens alone need, found by comparing a few values: no key has to be written down. */
class Recent {
  #known = [];

  get(values, make) {
    for (const { of, site } of this.#known) if (isSame(of, values)) return site;
    const site = make();
    if (this.#known.length >= SITES_MAX) this.#known.shift();
    this.#known.push({ of: values, site });
    return site;
  }
}

const PAGES = { signIn: 'sign_in', signOut: 'sign_out', error: 'error', verifyRequest: 'verify_request', newUser: 'new_user' };

function pageSettings(pages = {}) {
  const settings = {};
  for (const [name, ours] of Object.entries(PAGES)) if (pages[name]) settings[ours] = pages[name];
  return settings;
}

const THEME = { brandColor: 'brand_color', buttonText: 'button_text', logo: 'logo' };

/** `theme` of options: how our own pages look. What is left empty is ours. */
function themeSettings(theme) {
  if (!theme) return {};
  const settings = ['auto', 'dark', 'light'].includes(theme.colorScheme) ? { color_scheme: theme.colorScheme } : {};
  for (const [name, ours] of Object.entries(THEME)) if (theme[name]) settings[ours] = String(theme[name]);
  return { theme: settings };
}

const COOKIES = { sessionToken: 'session', callbackUrl: 'callback_url', csrfToken: 'csrf', pkceCodeVerifier: 'pkce', state: 'state', nonce: 'nonce' };

/** The `cookies` of options; `session` is the name that the session's has otherwise. */
function cookieSettings(secure, session, cookies = {}) {
  if (!isObject(cookies) || Array.isArray(cookies)) throw wrongType('options.cookies', 'an object', cookies);
  const { options: own = {} } = cookies.sessionToken ?? {};
  const settings = { secure: own.secure ?? secure ? 'true' : 'false', session: { name: session } };
  for (const [theirs, ours] of Object.entries(COOKIES)) {
    const cookie = cookies[theirs];
    if (cookie === undefined) continue;
    if (!isObject(cookie)) throw wrongType(`options.cookies.${theirs}`, 'an object', cookie);
    const { name, options = {} } = cookie;
    if (name !== undefined && typeof name !== 'string') throw wrongType(`options.cookies.${theirs}.name`, 'a string', name);
    if (!isObject(options)) throw wrongType(`options.cookies.${theirs}.options`, 'an object', options);
    settings[ours] = { ...settings[ours], ...(name && { name }), ...attributesOf(options) };
  }
  return settings;
}

function attributesOf({ domain, path, sameSite }) {
  const word = sameSite === true ? 'strict' : sameSite;
  return { ...(domain && { domain }), ...(path && { path }), ...(typeof word === 'string' && { same_site: word.toLowerCase() }) };
}

/** Where a proxy that is trusted says that the request went to; undefined if it does not say. */
function forwardedOrigin(headers, protocol) {
  const get = (name) => (typeof headers?.get === 'function' ? headers.get(name) : headers?.[name]);
  const host = get('x-forwarded-host') ?? get('host');
  if (typeof host !== 'string' || !/^[a-z0-9.:[\]-]+$/i.test(host)) return undefined;
  return `${get('x-forwarded-proto') === 'http' ? 'http' : protocol}://${host.toLowerCase()}`;
}

module.exports = {
  Memo, Recent, urlParts, siteOf, pageSettings, themeSettings, cookieSettings, forwardedOrigin,
};
