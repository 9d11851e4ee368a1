'use strict';

// One site for each set of settings, kept while it is used: making one derives keys.

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

/**
 * The site of an options object, looked up by identity where nothing it is made of has changed: calls
 * that pass the same options do not pay for writing their settings down. `parts` are compared one by one.
 */
class Memo {
  #known = new WeakMap();

  get(options, parts, make) {
    const known = this.#known.get(options);
    if (known && known.parts.length === parts.length && known.parts.every((part, i) => part === parts[i])) return known.site;
    const site = make();
    this.#known.set(options, { parts, site });
    return site;
  }
}

/** The sites that tokens alone need, found by comparing a few values: no key has to be written down. */
class Recent {
  #known = [];

  get(values, make) {
    for (const { of, site } of this.#known) {
      let i = 0;
      while (i < values.length && of[i] === values[i]) i += 1;
      if (i === values.length) return site;
    }
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

function cookieSettings(secure, cookie = {}) {
  const { name, options = {} } = cookie;
  const settings = { secure: secure ? 'true' : 'false' };
  if (name) settings.session = { name };
  if (options.domain) settings.domain = options.domain;
  if (options.path) settings.path = options.path;
  if (typeof options.sameSite === 'string') settings.same_site = options.sameSite;
  return settings;
}

/** Where a proxy that is trusted says that the request went to; undefined if it does not say. */
function forwardedOrigin(headers, protocol) {
  const get = (name) => (typeof headers?.get === 'function' ? headers.get(name) : headers?.[name]);
  const host = get('x-forwarded-host') ?? get('host');
  if (typeof host !== 'string' || !/^[a-z0-9.:[\]-]+$/i.test(host)) return undefined;
  return `${get('x-forwarded-proto') === 'http' ? 'http' : protocol}://${host.toLowerCase()}`;
}

module.exports = {
  Memo, Recent, urlParts, siteOf, pageSettings, cookieSettings, forwardedOrigin,
};
