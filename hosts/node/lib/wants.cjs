'use strict';

// What an exchange wants is done here: requests to providers by the platform's fetch, functions
// of the program, and steps on rows. Each ends in an event; none of them throws.

const { createHash } = require('node:crypto');
const dns = require('node:dns/promises');
const net = require('node:net');

const { stepped } = require('./adapter.cjs');
const { isRefusal } = require('./errors.cjs');

const NOTHING = Buffer.alloc(0);

// ---- addresses ---------------------------------------------------------------------------------

const closed = new net.BlockList();
for (const [address, bits] of [['0.0.0.0', 8], ['10.0.0.0', 8], ['100.64.0.0', 10], ['127.0.0.0', 8],
  ['169.254.0.0', 16], ['172.16.0.0', 12], ['192.0.0.0', 24], ['192.0.2.0', 24], ['192.168.0.0', 16],
  ['198.18.0.0', 15], ['198.51.100.0', 24], ['203.0.113.0', 24], ['224.0.0.0', 3]]) {
  closed.addSubnet(address, bits, 'ipv4');
}
const global6 = new net.BlockList();
global6.addSubnet('2000::', 3, 'ipv6');
for (const [address, bits] of [['2001:db8::', 32], ['2001::', 23], ['2002::', 16]]) closed.addSubnet(address, bits, 'ipv6');

function isPublic(address) {
  if (net.isIPv4(address)) return !closed.check(address, 'ipv4');
  return global6.check(address, 'ipv6') && !closed.check(address, 'ipv6');
}

/**
 * A name is looked up once more by fetch itself: this keeps mistakes out, not a hostile name server.
 * A program that brings its own fetch decides itself where names lead.
 */
async function isAllowed(url, want, ownFetch) {
  if (url.protocol !== 'https:' && !(url.protocol === 'http:' && want.plainHttp)) return false;
  if (want.privateNetwork) return true;
  const host = url.hostname.replace(/^\[|\]$/g, '');
  if (net.isIP(host)) return isPublic(host);
  if (host === 'localhost' || host.endsWith('.localhost')) return false;
  if (ownFetch) return true;
  const addresses = await dns.lookup(host, { all: true });
  return addresses.length > 0 && addresses.every((a) => isPublic(a.address));
}

// ---- fetch -------------------------------------------------------------------------------------

/** At most `max` bytes, or null. */
async function bodyOf(response, max) {
  const parts = [];
  let size = 0;
  if (!response.body) return NOTHING;
  for await (const part of response.body) {
    size += part.byteLength;
    if (size > max) return null;
    parts.push(part);
  }
  return Buffer.concat(parts);
}

async function request(want, means) {
  const url = new URL(want.url);
  if (!(await isAllowed(url, want, means.ownFetch))) return { kind: 'forbidden' };
  const signal = AbortSignal.timeout(want.timeoutMs || 10_000);
  const response = await means.fetch(want.url, {
    method: want.method,
    headers: want.headers,
    body: want.body,
    redirect: 'manual',
    credentials: 'omit',
    cache: 'no-store',
    signal,
  });
  const body = await bodyOf(response, want.answerMax);
  if (!body) return { kind: 'large' };
  return {
    kind: 'fetched',
    status: response.status,
    type: response.headers.get('content-type') ?? '',
    body,
    fetched: Date.now(),
  };
}

async function answerOf(want, means) {
  try {
    return await request(want, means);
  } catch (error) {
    return { kind: error?.name === 'TimeoutError' ? 'late' : 'unreachable' };
  }
}

/** Documents of providers, which are the same for every visitor: one request at a time for each. */
class Documents {
  #known = new Map();
  #asked = new Map();

  async get(want, means) {
    const copy = this.#known.get(want.url);
    const now = Date.now();
    if (copy && now - copy.fetched <= want.cacheS * 1000 && copy.fetched > want.newerThanMs) return copy;
    // A flood of tokens with unknown keys must not become a flood of requests.
    if (copy && want.newerThanMs && now - copy.fetched < 60_000) return copy;
    let asked = this.#asked.get(want.url);
    if (!asked) {
      asked = answerOf(want, means).then((answer) => this.#keep(want.url, answer));
      this.#asked.set(want.url, asked);
    }
    return asked;
  }

  #keep(url, answer) {
    this.#asked.delete(url);
    if (answer.kind !== 'fetched' || answer.status !== 200) return answer;
    this.#known.delete(url);
    this.#known.set(url, answer);
    if (this.#known.size > 64) this.#known.delete(this.#known.keys().next().value);
    return answer;
  }
}

/**
 * Requests that spend something: the same one, byte for byte, is made once, and its answer given to whoever
 * wants it meanwhile or soon after. The body has the session's own refresh token, and so nobody else's.
 */
class Spending {
  #asked = new Map();

  get(want, means) {
    const key = createHash('sha256').update(JSON.stringify([want.method, want.url, want.headers, want.body])).digest('base64');
    let asked = this.#asked.get(key);
    if (!asked) {
      asked = answerOf(want, means).then((answer) => {
        const keep = answer.kind === 'fetched' && answer.status === 200;
        if (keep) setTimeout(() => this.#asked.delete(key), want.onceS * 1000).unref();
        else this.#asked.delete(key);
        return answer;
      });
      this.#asked.set(key, asked);
    }
    return asked;
  }
}

const spending = new Spending(); // of the process: whichever site of it asks

// ---- hooks -------------------------------------------------------------------------------------

const isPromise = (value) => typeof value?.then === 'function';

/** `next` of what a function answered: at once, unless it gave a promise. */
function then(answer, next) {
  return isPromise(answer) ? Promise.resolve(answer).then(next) : next(answer);
}

function claimsEvent(claims) {
  return claims === null || claims === undefined ? { kind: 'refused' } : { kind: 'hooked', value: JSON.stringify(claims) };
}

const decoded = (want, hooks) => then(hooks.decode({ token: want.value, salt: want.cookieName }), claimsEvent);

function tokenEvent(token) {
  return typeof token === 'string' ? { kind: 'hooked', value: token } : { kind: 'failed' };
}

const encoded = (want, hooks) => then(hooks.encode({ token: want.value, salt: want.cookieName, maxAge: want.maxAgeS }), tokenEvent);

/** What a function answers that has changed nothing of what it was handed: nothing need be written down. */
const SAME = Symbol('same');
const sameEvent = Object.freeze({ kind: 'same' });

/** What a function answers that threw where the original takes it for a no: a word, a text of JSON, or nothing. */
class Threw {
  constructor(value) {
    this.value = value;
  }
}

/** The value that the program answers; null and false are a no. */
function valueEvent(answer) {
  if (answer === SAME) return sameEvent;
  if (answer instanceof Threw) return { kind: 'threw', value: answer.value };
  if (answer === null || answer === false) return { kind: 'refused' };
  const value = JSON.stringify(answer);
  return value === undefined ? { kind: 'failed' } : { kind: 'hooked', value };
}

/** jwt, session, signIn, redirect. */
const answered = (want, hooks) => then(hooks[want.kind](want.value), valueEvent);

const told = (want, hooks) => then(hooks.event(want.name, want.value), () => ({ kind: 'hooked', value: 'null' }));

/** Who signs in by a form; nothing at all is nobody, too. */
function judged(want, hooks) {
  return then(hooks.authorize(want.value), (user) => valueEvent(user || null));
}

const HOOKS = {
  __proto__: null,
  decode: decoded,
  encode: encoded,
  jwt: answered,
  session: answered,
  signIn: answered,
  redirect: answered,
  event: told,
  profile: answered,
  sessionToken: answered,
  beforeSessionSaved: answered,
  onCallback: answered,
  authorize: judged,
};

/**
 * What token libraries throw at a token that is none of theirs (jsonwebtoken's names, jose's codes). Any other
 * error says nothing about the token: a key service that is down must not sign anybody out.
 */
function isAboutToken(error) {
  return /^(JsonWebTokenError|TokenExpiredError|NotBeforeError)$/.test(error?.name)
    || /^ERR_(JW[EST]_|JOSE_ALG_NOT_ALLOWED$)/.test(error?.code);
}

function thrown(error, { kind }, program) {
  program?.onError?.(error, kind);
  if (kind === 'authorize' && isRefusal(error)) return { kind: 'refused', value: String(error.code ?? '') };
  return { kind: kind === 'decode' && isAboutToken(error) ? 'refused' : 'failed' };
}

/** An event, or a promise of one. */
function hooked(want, program) {
  try {
    const { hooks } = program;
    if (!HOOKS[want.kind] || typeof hooks?.[want.kind] !== 'function') return { kind: 'failed' };
    const event = HOOKS[want.kind](want, hooks);
    return isPromise(event) ? event.catch((error) => thrown(error, want, program)) : event;
  } catch (error) {
    return thrown(error, want, program);
  }
}

/** An event for a want; `program` has the functions that are asked. */
function perform(want, means, program) {
  if (want.kind === 'fetch' && want.onceS > 0) return spending.get(want, means);
  if (want.kind === 'store') return stepped(want, program?.store ?? means.store, program?.heard ?? { failed: program?.onError });
  if (want.kind !== 'fetch') return hooked(want, program);
  const by = program?.fetch ? { ...means, fetch: program.fetch, ownFetch: true } : means;
  const may = want.cacheS > 0 && want.method === 'GET' && want.body === undefined;
  return may ? means.documents.get(want, by) : answerOf(want, by);
}

module.exports = { Documents, SAME, Threw, isPromise, perform, then };
