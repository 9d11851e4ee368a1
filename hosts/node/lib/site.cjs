'use strict';

const { SiteError, UsherError, shown, wrongType } = require('./errors.cjs');
const { credentialsOf, flatOf, isObject } = require('./headers.cjs');
const { native } = require('./native.cjs');
const { Documents, isPromise, perform } = require('./wants.cjs');

// Numbers of the addon's operations.
const SESSION = 0;
const TOKEN = 1;
const CHECK = 2;
const CSRF = 3;
const HANDLE = 4;
const GUARD = 5;
const UPDATE = 6;
const READ = 8;
const TOUCH = 9;
const ACCESS = 10;
const SHOW = 11;

const BODY_MAX = 1 << 20;
const WANTS_MAX = 32;

// ---- running -----------------------------------------------------------------------------------

/** The text of something that is wanted begins with a character that no other does. */
const isWant = (text) => text.charCodeAt(0) === 0x1e;

/** A token stands alone, behind its exchange's number; anything else is JSON. */
function wantOf(text) {
  if (text.charCodeAt(1) !== 0x1d) return JSON.parse(text.slice(1));
  const number = (text.charCodeAt(2) - 0x30) * 64 + text.charCodeAt(3) - 0x30;
  return { kind: 'jwt', number, value: { token: JSON.parse(text.slice(4)) } };
}

/** Nobody comes back for an exchange once something was thrown. */
function abandoned({ number }, error) {
  native.abandon(number);
  return error;
}

/** The event for a want, or a promise of it. */
function eventOf(want, turns, means, program) {
  try {
    if (turns >= WANTS_MAX) throw new UsherError('USHER_E_LIMIT', 'usher: too many wants');
    return perform(want, means, program);
  } catch (error) {
    throw abandoned(want, error);
  }
}

function resumed(want, event, means) {
  let now;
  try {
    now = means.now?.(); // the program's, and so it may throw
  } catch (error) {
    throw abandoned(want, error);
  }
  if (event.kind !== 'fetched') return native.resume(want.number, event.kind, event.value, now);
  return native.resume(want.number, event.kind, undefined, now, event.status, event.type, event.body, event.fetched);
}

/** settle, from the first want on that has to be waited for. */
async function wait(promise, first, means, program, begun) {
  let event = promise;
  let want = first;
  for (let turns = begun + 1; ; turns += 1) {
    try {
      event = await event;
    } catch (error) {
      throw abandoned(want, error);
    }
    const text = resumed(want, event, means);
    if (!isWant(text)) return text;
    want = wantOf(text);
    event = eventOf(want, turns, means, program);
  }
}

/**
 * Goes on until nothing is wanted; a promise only if somebody has to be waited for. `program`: the functions that
 * are asked, and who hears of what they throw.
 */
function settle(begun, means, program) {
  let text = begun;
  for (let turns = 0; isWant(text); turns += 1) {
    const want = wantOf(text);
    const event = eventOf(want, turns, means, program);
    if (isPromise(event)) return wait(event, want, means, program, turns);
    text = resumed(want, event, means);
  }
  return text;
}

function once(means, operation, method, target, headers, authorization, body, readOnly, changes) {
  try {
    return native.run(means.site, operation, method, target, headers, authorization, body, readOnly,
      means.now?.(), changes);
  } catch (error) {
    throw shown(error);
  }
}

function rethrow(error) {
  throw shown(error);
}

/** A text, or a promise of one. */
function later(text, means, program = means.program) {
  if (!isWant(text)) return text;
  try {
    const end = settle(text, means, program);
    return isPromise(end) ? end.catch(rethrow) : end;
  } catch (error) {
    return rethrow(error);
  }
}

// ---- requests and responses --------------------------------------------------------------------

function targetOf(url, name) {
  if (url.startsWith('/')) return url.split('#', 1)[0]; // as it was sent: the engine judges its spelling
  try {
    const { pathname, search } = new URL(url);
    return pathname + search;
  } catch {
    throw wrongType(name, 'a URL or a path', url);
  }
}

async function bodyOf(request) {
  if (request.method === 'GET' || request.method === 'HEAD' || !request.body) return undefined;
  const parts = [];
  let size = 0;
  for await (const part of request.body) {
    size += part.byteLength;
    if (size > BODY_MAX) throw new UsherError('USHER_E_LIMIT', 'usher: the request\'s body is too large');
    parts.push(part);
  }
  return Buffer.concat(parts);
}

/** The body of a Node request: the stream, or what a parser before us made of it. */
function streamOf(req) {
  if (req.body === undefined || !req.readableEnded) return req;
  if (typeof req.body === 'string' || Buffer.isBuffer(req.body)) return [Buffer.from(req.body)];
  const isJson = String(req.headers['content-type']).includes('json');
  return [Buffer.from(isJson ? JSON.stringify(req.body) : new URLSearchParams(req.body).toString())];
}

function checkRequest(request, name) {
  if (!isObject(request)) throw wrongType(name, 'a Request', request);
  if (typeof request.method !== 'string') throw wrongType(`${name}.method`, 'a string', request.method);
  if (typeof request.url !== 'string') throw wrongType(`${name}.url`, 'a string', request.url);
  if (!isObject(request.headers)) throw wrongType(`${name}.headers`, 'Headers', request.headers);
}

function responseOf(result) {
  const headers = new Headers();
  for (const [name, value] of result.headers) headers.append(name, value);
  const bare = result.status === 204 || result.status === 304 || result.body === '';
  return new Response(bare ? null : result.body, { status: result.status, headers });
}

function setCookiesOf(result) {
  return result.headers.filter(([name]) => name.toLowerCase() === 'set-cookie').map(([, value]) => value);
}

// ---- settings ----------------------------------------------------------------------------------

const HOOKS = { jwt: 'jwt', session: 'session', signIn: 'sign_in', redirect: 'redirect', event: 'events', profile: 'profile', sessionToken: 'session_token', authorize: 'authorize' };

/** The functions that are given are the hooks that are asked, unless the settings say so themselves. */
function withHooks(settings, hooks = {}) {
  const inner = isObject(settings.site) ? settings.site : settings;
  const given = Object.keys(HOOKS).filter((name) => hooks[name] !== undefined);
  for (const name of [...given, 'encode', 'decode']) {
    if (hooks[name] !== undefined && typeof hooks[name] !== 'function') throw wrongType(`options.hooks.${name}`, 'a function', hooks[name]);
  }
  if (given.length === 0 || inner.hooks !== undefined) return settings;
  const whole = { ...inner, hooks: given.map((name) => HOOKS[name]) };
  return inner === settings ? whole : { ...settings, site: whole };
}

function settingsText(settings, hooks) {
  if (!isObject(settings) || Array.isArray(settings) || typeof settings === 'function') {
    throw wrongType('settings', 'an object', settings);
  }
  const text = JSON.stringify(withHooks(settings, hooks));
  if (text === undefined) throw wrongType('settings', 'an object that JSON can hold', settings);
  return text;
}

function optional(options, name, type) {
  const value = options[name];
  if (value !== undefined && typeof value !== type) throw wrongType(`options.${name}`, `a ${type}`, value);
  return value;
}

function readOptions(options) {
  if (!isObject(options) || Array.isArray(options)) throw wrongType('options', 'an object', options);
  const env = options.env === undefined ? process.env : options.env;
  if (env !== null && !isObject(env)) throw wrongType('options.env', 'an object or null', env);
  if (options.hooks !== undefined && !isObject(options.hooks)) throw wrongType('options.hooks', 'an object', options.hooks);
  return {
    env,
    hooks: options.hooks,
    fetch: optional(options, 'fetch', 'function'),
    now: optional(options, 'now', 'function'),
    onReport: optional(options, 'onReport', 'function'),
    onError: optional(options, 'onError', 'function'),
    store: optional(options, 'store', 'object'),
  };
}

/** Plain data of the environment: process.env answers with texts only when asked for them. */
function environment(env) {
  return env === null ? null : { ...env };
}

// ---- the site ----------------------------------------------------------------------------------

let internals;

class Site {
  #means;
  #onReport;

  static {
    internals = {
      /** A token whose salt is the state cookie's name. */
      sealCheck: (site, claims, maxAge) => site.#mint(claims, maxAge, true),
      openCheck: (site, token) => JSON.parse(native.openCheck(site.#means.site, token, Date.now() / 1000)),
      /** { session, setCookies } for a Cookie header, with functions of this call; a promise of it if one of them gives one. */
      check: (site, cookie, readOnly, program) => site.#brief(cookie, readOnly, program),
      /** As handle, for a request in parts; what was decided as the engine tells it. */
      serve: (site, request, program) => site.#serve(HANDLE, request, program),
      csrf: (site, headers, program) => site.#csrf(headers, program),
      /** Everything that is sealed, or null, for a Cookie header: no Bearer token counts. A promise of it if somebody is waited for. */
      claims: (site, cookie, program) => site.#claims(cookie, program),
      touch: (site, cookie, program) => site.#touch(cookie, program),
      /** What a token would say, or null, for a Cookie header and with functions of this call. */
      token: (site, cookie, program) => site.#tokenFor(cookie, program),
      update: (site, cookie, changes, program) => site.#all(UPDATE, { cookie }, false, changes, program),
      /** An access token, with functions of this call. */
      access: (site, cookie, question, program) => site.#access(cookie, question, program),
    };
  }

  /** @internal use createSite */
  constructor(settings, options) {
    const { env, hooks, fetch, now, onReport, onError, store } = readOptions(options);
    const text = settingsText(settings, hooks);
    let made;
    try {
      made = native.siteNew(text, environment(env));
    } catch (error) {
      throw shown(error);
    }
    const problems = JSON.parse(made[1]);
    if (!made[0]) throw new SiteError(problems);
    Object.assign(this, JSON.parse(native.siteInfo(made[0])));
    this.warnings = problems;
    this.#onReport = onReport;
    this.#means = {
      site: made[0],
      program: { hooks, onError },
      store,
      now,
      fetch: fetch ?? ((...args) => globalThis.fetch(...args)),
      ownFetch: fetch !== undefined,
      documents: new Documents(),
    };
    Object.freeze(this);
  }

  #report(result, program) {
    const tell = program?.onReport ?? this.#onReport;
    if (tell && result.reports) for (const report of result.reports) tell({ ...report, id: result.id });
    return result;
  }

  #ask(operation, input, readOnly, changes) {
    const [cookie, authorization] = credentialsOf(input, 'headers');
    return once(this.#means, operation, undefined, undefined, cookie, authorization, undefined, readOnly, changes);
  }

  async #all(operation, input, readOnly, changes, program) {
    const end = this.#ask(operation, input, readOnly, changes);
    return this.#report(JSON.parse(isWant(end) ? await later(end, this.#means, program) : end), program);
  }

  #run(operation, cookie, readOnly, changes, program) {
    return later(once(this.#means, operation, undefined, undefined, cookie, undefined, undefined, readOnly, changes), this.#means, program);
  }

  #brief(cookie, readOnly, program) {
    const end = this.#run(program?.show ? SHOW : READ, cookie, readOnly, undefined, program);
    return isPromise(end) ? end.then((text) => this.#read(text, program)) : this.#read(end, program);
  }

  /** What READ and its like answer: Set-Cookie values and what else there is, in parts. */
  #partsOf(text, program) {
    const parts = text.split('\x1f');
    const reports = parts.pop();
    if (reports) this.#report(JSON.parse(reports), program);
    return parts;
  }

  #read(text, program) {
    const setCookies = this.#partsOf(text, program);
    const json = setCookies.pop();
    if (program?.show) return this.#shown(setCookies, json, program);
    return { session: json === 'null' ? null : program?.kept ?? JSON.parse(json), setCookies };
  }

  /** SHOW: the session is what the program makes of it. */
  #shown(setCookies, claims, program) {
    const json = setCookies.pop();
    const expires = setCookies.pop();
    const session = expires ? program.show(expires, json, claims) : null;
    return isPromise(session) ? session.then((value) => ({ session: value, setCookies })) : { session, setCookies };
  }

  /** {setCookies, headers}: the cookies that renew a session, and the headers that go with them. */
  async #touch(cookie, program) {
    const setCookies = this.#partsOf(await this.#run(TOUCH, cookie, false, undefined, program), program);
    const headers = [];
    for (let n = Number(setCookies.pop()); n > 0; n -= 1) {
      const value = setCookies.pop();
      headers.push([setCookies.pop(), value]);
    }
    return { setCookies, headers };
  }

  /** {setCookies, access, body} */
  async #access(cookie, question, program) {
    const setCookies = this.#partsOf(await this.#run(ACCESS, cookie, false, question, program), program);
    const body = setCookies.pop();
    return { access: JSON.parse(setCookies.pop()), body, setCookies };
  }

  #checked(result) {
    return { verdict: result.verdict, session: result.session, claims: result.claims, setCookies: setCookiesOf(result) };
  }

  /** The session of whoever sent these headers, or null. Nothing is renewed. */
  async getSession(headers) {
    const end = this.#ask(SESSION, headers, true);
    return JSON.parse(isWant(end) ? await later(end, this.#means) : end);
  }

  /** The sealed claims, or null; with `raw` the token itself, unread. A Bearer token counts too. */
  async getToken(headers, options = {}) {
    if (!isObject(options)) throw wrongType('options', 'an object', options);
    if (options.raw) return this.#raw(headers);
    const end = this.#ask(TOKEN, headers, true);
    return JSON.parse(isWant(end) ? await later(end, this.#means) : end);
  }

  #claims(cookie, program) {
    const end = this.#run(TOKEN, cookie, true, undefined, program);
    return isPromise(end) ? end.then(JSON.parse) : JSON.parse(end);
  }

  async #tokenFor(cookie, program) {
    const end = this.#ask(TOKEN, { cookie }, true);
    return JSON.parse(isWant(end) ? await later(end, this.#means, program) : end);
  }

  #raw(headers) {
    const [cookie, authorization] = credentialsOf(headers, 'headers');
    try {
      return native.rawToken(this.#means.site, cookie, authorization);
    } catch (error) {
      throw shown(error);
    }
  }

  /**
   * The session, and the cookies that renew or clear it: for who answers a request. With `readOnly`
   * no cookie is renewed or cleared.
   */
  async checkSession(headers, options = {}) {
    if (!isObject(options)) throw wrongType('options', 'an object', options);
    return this.#checked(await this.#all(CHECK, headers, options.readOnly === true));
  }

  /** Changes the session; the cookies hold the new one. */
  async updateSession(headers, changes) {
    if (!isObject(changes) || Array.isArray(changes)) throw wrongType('changes', 'an object', changes);
    const result = await this.#all(UPDATE, headers, false, JSON.stringify(changes));
    return { session: result.session, written: result.written, setCookies: setCookiesOf(result) };
  }

  async #csrf(headers, program) {
    const result = await this.#all(CSRF, headers, false, undefined, program);
    return { csrfToken: result.csrfToken, setCookies: setCookiesOf(result) };
  }

  async getCsrfToken(headers) {
    return this.#csrf(headers);
  }

  async #serve(operation, request, program) {
    checkRequest(request, 'request');
    const target = targetOf(request.url, 'request.url');
    const body = await bodyOf(request);
    let end;
    try {
      end = once(this.#means, operation, request.method, target, flatOf(request, 'request'), undefined, body, false);
    } finally {
      body?.fill(0); // the engine has its own copy, which it wipes; there may be a password in it
    }
    return this.#report(JSON.parse(isWant(end) ? await later(end, this.#means, program) : end), program);
  }

  /** Answers a request below the base path. */
  async handle(request) {
    return responseOf(await this.#serve(HANDLE, request));
  }

  /** May this request pass? `response` is what to answer if it may not. */
  async guard(request) {
    const result = await this.#serve(GUARD, request);
    const allowed = result.decision === 'allow';
    return {
      decision: result.decision,
      allowed,
      session: result.session,
      setCookies: setCookiesOf(result),
      response: allowed ? null : responseOf(result),
    };
  }

  /** True for a path that `handle` answers. */
  owns(url) {
    if (typeof url !== 'string') throw wrongType('url', 'a string', url);
    const [path] = targetOf(url, 'url').split('?');
    return path === this.basePath || path.startsWith(`${this.basePath}/`);
  }

  /** For Express, Connect and node:http: answers what is below the base path, else calls `next`. */
  nodeHandler() {
    return async (req, res, next) => {
      try {
        const url = req.originalUrl ?? req.url;
        if (next && !this.owns(url)) {
          next();
          return;
        }
        const result = await this.#serve(HANDLE, { method: req.method, url, headers: req.headers, body: streamOf(req) });
        res.statusCode = result.status;
        for (const [name, value] of result.headers) res.appendHeader(name, value);
        res.end(result.body);
      } catch (error) {
        if (next) {
          next(error);
        } else {
          res.statusCode = 503;
          res.end();
        }
      }
    };
  }

  /** Set-Cookie values that put `token` in the place of what `headers` brought. */
  sessionCookies(headers, token, expires) {
    const [cookie] = credentialsOf(headers, 'headers');
    try {
      return JSON.parse(native.sessionCookies(this.#means.site, cookie, token, Math.floor(expires / 1000)));
    } catch (error) {
      throw shown(error);
    }
  }

  /** A session token for tests: {claims, maxAge?} to a token that this site opens. */
  mint({ claims, maxAge = 3600 } = {}) {
    if (!isObject(claims) || Array.isArray(claims)) throw wrongType('claims', 'an object', claims);
    if (typeof maxAge !== 'number') throw wrongType('maxAge', 'a number of seconds', maxAge);
    return this.#mint(claims, maxAge, false);
  }

  #mint(claims, maxAge, isCheck) {
    const now = Math.floor((this.#means.now?.() ?? Date.now()) / 1000);
    try {
      return native.mint(this.#means.site, JSON.stringify(claims), now, maxAge, isCheck);
    } catch (error) {
      throw shown(error);
    }
  }
}

/** Makes a site of settings (docs/settings.md). Throws SiteError if they cannot be used. */
function createSite(settings, options = {}) {
  return new Site(settings, options);
}

module.exports = {
  createSite, Site, internals, responseOf, setCookiesOf, streamOf,
};
