// What a browser asks of the routes below the base path, in the words of NextAuth v4 (`four`) or of Auth.js
// v5 (`five`). Nothing here knows React, Node.js or the addon: bundlers put it into pages.

const BASE_PATH = '/api/auth';

export const inBrowser = () => typeof window !== 'undefined';

/** What bundlers put in the place of process.env.X, and Node.js knows; undefined in a bare browser. */
export function environment(read) {
  try {
    return read() || undefined;
  } catch {
    return undefined;
  }
}

const siteUrl = () => environment(() => process.env.NEXTAUTH_URL);
const innerUrl = () => environment(() => process.env.NEXTAUTH_URL_INTERNAL);
const platformUrl = () => environment(() => process.env.VERCEL_URL);

/** [origin, path] of a URL that may lack its scheme. */
function partsOf(text) {
  if (!text) return ['http://localhost:3000', BASE_PATH];
  const { origin, pathname } = new URL(text.startsWith('http') ? text : `https://${text}`);
  return [origin, pathname === '/' ? BASE_PATH : pathname.replace(/\/$/, '')];
}

function wrongType(name, wanted, value) {
  const error = new TypeError(`${name} must be ${wanted}, not ${value === null ? 'null' : typeof value}`);
  error.code = 'ERR_INVALID_ARG_TYPE';
  return error;
}

function optionalObject(name, value) {
  if (value === undefined || value === null) return {};
  if (typeof value !== 'object') throw wrongType(name, 'an object', value);
  return value;
}

/** The Cookie header of whatever the caller has: {req}, {ctx: {req}}, or (v5) a request itself. */
function cookieOf(params, itself) {
  const req = params.req ?? params.ctx?.req ?? (itself ? params : undefined);
  const headers = req?.headers;
  return (typeof headers?.get === 'function' ? headers.get('cookie') : headers?.cookie) ?? undefined;
}

// ---- telling other tabs ----------------------------------------------------------------------------

const STORAGE_KEY = 'nextauth.message';

/** v4: by an entry of localStorage, of which the other tabs get an event if it is another one than before. */
const byStorage = {
  post(message) {
    if (!inBrowser()) return;
    try {
      localStorage.setItem(STORAGE_KEY, JSON.stringify({ ...message, timestamp: Date.now() / 1000 }));
    } catch {
      // Full, or switched off: the other tabs will find out by themselves.
    }
  },
  receive(heard) {
    const listener = ({ key, newValue }) => {
      if (key !== STORAGE_KEY || !newValue) return;
      let message;
      try {
        message = JSON.parse(newValue);
      } catch {
        return; // somebody else's
      }
      if (message?.event === 'session' && message.data) heard(message);
    };
    window.addEventListener('storage', listener);
    return () => window.removeEventListener('storage', listener);
  },
};

const CHANNEL = 'next-auth';

/** v5: by a channel. `all` reaches this page, too: getSession() means that useSession shows the same. */
class ByChannel {
  #own;

  #channel() {
    if (typeof BroadcastChannel === 'undefined' || !inBrowser()) return undefined;
    this.#own ??= new BroadcastChannel(CHANNEL);
    return this.#own;
  }

  post(message, all = false) {
    if (!all) {
      this.#channel()?.postMessage(message);
    } else if (this.#channel()) {
      const other = new BroadcastChannel(CHANNEL);
      other.postMessage(message);
      other.close();
    }
  }

  receive(heard) {
    const channel = this.#channel();
    const listener = () => heard();
    channel?.addEventListener('message', listener);
    return () => channel?.removeEventListener('message', listener);
  }
}

// ---- saying what went wrong --------------------------------------------------------------------------

const textOf = (error) => (error instanceof Error ? error.message : String(error?.message ?? error));

/** v4: on the console, and to the server's log. */
function sayFour(code, error, url, basePath) {
  console.error(`[next-auth][error][${code}]`, `\nhttps://next-auth.js.org/errors#${code.toLowerCase()}`, textOf(error), { error, url });
  if (!inBrowser()) return;
  const body = new URLSearchParams({ level: 'error', code, message: textOf(error), ...(url && { url }), client: 'true' });
  if (navigator.sendBeacon) navigator.sendBeacon(`${basePath}/_log`, body);
  else fetch(`${basePath}/_log`, { method: 'POST', body, keepalive: true }).catch(() => {});
}

const NAMES = { CLIENT_FETCH_ERROR: 'ClientFetchError', CLIENT_SESSION_ERROR: 'ClientSessionError' };

/** v5: on the console. */
function sayFive(code, error) {
  const said = new Error(textOf(error), { cause: error });
  said.name = NAMES[code];
  console.error(said);
}

// ---- the two systems -----------------------------------------------------------------------------------

const FORM = { 'Content-Type': 'application/x-www-form-urlencoded' };
const RETURN = { ...FORM, 'X-Auth-Return-Redirect': '1' };

export const four = {
  tabs: () => byStorage,
  say: sayFour,
  requestItself: false,
  headers: FORM,
  /** An object without members is nobody. */
  value: (data) => (data && Object.keys(data).length > 0 ? data : null),
  noToken: undefined,
  target: (options) => options.callbackUrl ?? window.location.href,
  signInBody: (options, csrfToken, callbackUrl) => ({ ...options, csrfToken, callbackUrl, json: 'true' }),
  signOutBody: (csrfToken, callbackUrl) => ({ csrfToken, callbackUrl, json: 'true' }),
  query: (params) => (params ? `?${new URLSearchParams(params)}` : ''),
  /** Where a provider has to be visited there is nothing to come back with. */
  canStay: (type) => type === 'credentials' || type === 'email',
  answer: (query, { status, ok }, url) => {
    const error = query.get('error');
    return { error, status, ok, url: error ? null : url };
  },
  updatesNobody: false,
};

export const five = {
  tabs: () => new ByChannel(),
  say: sayFive,
  requestItself: true,
  headers: RETURN,
  value: (data) => data ?? null,
  noToken: '',
  target: (options) => options.redirectTo ?? options.callbackUrl ?? window.location.href,
  signInBody: ({ redirect, redirectTo, callbackUrl: unused, ...rest }, csrfToken, callbackUrl) => ({ ...rest, csrfToken, callbackUrl }),
  signOutBody: (csrfToken, callbackUrl) => ({ csrfToken, callbackUrl }),
  query: (params) => `?${new URLSearchParams(params)}`,
  canStay: () => true,
  answer: (query, { status, ok }, url) => {
    const error = query.get('error') ?? undefined;
    return { error, code: query.get('code') ?? undefined, status, ok, url: error ? null : url };
  },
  updatesNobody: true,
};

// ---- calls -------------------------------------------------------------------------------------------

/** Leaves the page. A URL that differs in its fragment alone would not be loaded. */
function leaveTo(url) {
  window.location.href = url;
  if (url.includes('#')) window.location.reload();
}

const SESSION_READ = { event: 'session', data: { trigger: 'getSession' } };
const SIGNED_OUT = { event: 'session', data: { trigger: 'signout' } };

export class Traffic {
  basePath = partsOf(siteUrl())[1];
  /** Called when this page has signed in or out without leaving: whoever shows the session asks again. */
  changed = async () => {};
  #system;

  constructor(system) {
    this.#system = system;
    this.system = system;
    this.tabs = system.tabs();
  }

  /** Relative in a browser; on a server where the environment says that the site is. */
  get base() {
    if (inBrowser()) return this.basePath;
    const [origin] = partsOf(innerUrl() ?? siteUrl() ?? platformUrl());
    const [, path] = partsOf(innerUrl() ?? siteUrl());
    return origin + path;
  }

  say(code, error, url) {
    this.#system.say(code, error, url, this.basePath);
  }

  /** {known, value}; known is false if the server could not be asked. */
  async ask(action, { cookie, body } = {}) {
    const url = `${this.base}/${action}`;
    try {
      const response = await fetch(url, {
        headers: { 'Content-Type': 'application/json', ...(cookie && { cookie }) },
        ...(body && { method: 'POST', body: JSON.stringify(body) }),
      });
      const data = await response.json();
      if (!response.ok) throw Object.assign(new Error(textOf(data ?? response.status)), { status: response.status });
      return { known: true, value: this.#system.value(data) };
    } catch (error) {
      this.say('CLIENT_FETCH_ERROR', error, url);
      return { known: false, value: null };
    }
  }

  #fromCaller(params) {
    return { cookie: cookieOf(optionalObject('params', params), this.#system.requestItself) };
  }

  tellSession(all) {
    this.tabs.post(SESSION_READ, all);
  }

  /** As getSession, and whether it is known. */
  async readSession(params) {
    const answer = await this.ask('session', this.#fromCaller(params));
    if (params?.broadcast ?? true) this.tellSession(true);
    return answer;
  }

  getSession = async (params) => (await this.readSession(params)).value;

  getCsrfToken = async (params) => (await this.ask('csrf', this.#fromCaller(params))).value?.csrfToken ?? this.#system.noToken;

  getProviders = async (params) => (await this.ask('providers', this.#fromCaller(params))).value;

  async #post(path, fields) {
    const response = await fetch(`${this.base}${path}`, { method: 'post', headers: this.#system.headers, body: new URLSearchParams(fields) });
    return { response, data: await response.json() };
  }

  signIn = async (provider, given, authorizationParams) => {
    const options = optionalObject('options', given);
    const { redirect = true } = options;
    const callbackUrl = this.#system.target(options);
    const providers = await this.getProviders();
    if (!providers) {
      window.location.href = `${this.base}/error`;
      return undefined;
    }
    // A provider nobody has, and the event of a button whose handler this is: the sign-in page.
    if (typeof provider !== 'string' || !Object.hasOwn(providers, provider)) {
      window.location.href = `${this.base}/signin?${new URLSearchParams({ callbackUrl })}`;
      return undefined;
    }
    const { type } = providers[provider];
    if (type === 'webauthn') throw new TypeError(`usher: the provider "${provider}" signs people in by passkeys, which is not part of this version`);
    const path = `/${type === 'credentials' ? 'callback' : 'signin'}/${provider}${this.#system.query(authorizationParams)}`;
    const csrfToken = await this.getCsrfToken();
    const { response, data } = await this.#post(path, this.#system.signInBody(options, csrfToken, callbackUrl));
    if (redirect || !this.#system.canStay(type)) {
      leaveTo(data.url ?? callbackUrl);
      return undefined;
    }
    const { searchParams } = new URL(data.url, window.location.href);
    if (response.ok) await this.changed();
    return this.#system.answer(searchParams, response, data.url);
  };

  signOut = async (given) => {
    const options = optionalObject('options', given);
    const callbackUrl = this.#system.target(options);
    const csrfToken = await this.getCsrfToken();
    const { data } = await this.#post('/signout', this.#system.signOutBody(csrfToken, callbackUrl));
    this.tabs.post(SIGNED_OUT);
    if (options.redirect ?? true) {
      leaveTo(data.url ?? callbackUrl);
      return undefined;
    }
    await this.changed();
    return data;
  };
}
