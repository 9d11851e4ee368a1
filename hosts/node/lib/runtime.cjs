'use strict';

// The configured runtime: one record for the process (or worker), which the last configure* call
// replaces. Local mode opens the cookie here; proxy mode asks another deployment.

const { randomBytes } = require('node:crypto');
const { rowsOf } = require('./adapter.cjs');
const { upstream } = require('./counts.cjs');
const { UsherError, wrongType } = require('./errors.cjs');
const { flatOf, isObject } = require('./headers.cjs');
const { Program, hooksOf } = require('./program.cjs');
const { createSite, internals } = require('./site.cjs');

const NAME = 'authjs.session-token';
const TIMEOUT_MS = 5000;
const ANSWER_MAX = 1 << 20;

// What must not travel on: it belongs to one connection, or fetch writes it itself.
const HOP = new Set(['connection', 'keep-alive', 'te', 'trailer', 'transfer-encoding', 'upgrade', 'host',
  'content-length', 'expect', 'accept-encoding', 'proxy-authenticate', 'proxy-authorization', 'proxy-connection']);

function fromEnvironment() {
  const { env } = process;
  return {
    mode: 'unconfigured',
    baseUrl: env.NEXTAUTH_URL ?? env.AUTH_URL ?? `http://localhost:${env.PORT ?? 3000}`,
    localBasePath: '/api/auth',
    targetBasePath: '/api/auth',
    cookieName: NAME,
    secret: env.NEXTAUTH_SECRET ?? env.AUTH_SECRET ?? '',
    sessionStrategy: 'jwt',
  };
}

let state = fromEnvironment();
let opener; // the site that opens tokens; made when first needed

function use(next) {
  state = next;
  opener = undefined;
}

// ---- configuring ---------------------------------------------------------------------------------

function text(options, name, optional = false) {
  const value = options[name];
  if (typeof value !== 'string' && !(optional && (value === undefined || value === null))) throw wrongType(`options.${name}`, 'a string', value);
  return value ?? undefined;
}

function strategyOf(options) {
  const strategy = options.sessionStrategy ?? 'jwt';
  if (strategy !== 'jwt' && strategy !== 'database') throw wrongType('options.sessionStrategy', "'jwt' or 'database'", strategy);
  return strategy;
}

function configureAuthRuntime(config, options) {
  if (!isObject(config)) throw wrongType('config', 'an object', config);
  if (!isObject(options)) throw wrongType('options', 'an object', options);
  const basePath = text(options, 'basePath');
  const sessionStrategy = strategyOf(options);
  if (sessionStrategy === 'database') rowsOf({ session: { strategy: sessionStrategy }, adapter: config.adapter }, 'config');
  use({
    mode: 'local',
    config,
    baseUrl: text(options, 'baseUrl'),
    localBasePath: basePath,
    targetBasePath: basePath,
    cookieName: text(options, 'cookieName'),
    secret: text(options, 'secret'),
    sessionStrategy,
  });
}

/** One slash in front, and one less behind. */
function pathOf(path) {
  const whole = path.startsWith('/') ? path : `/${path}`;
  return whole.length > 1 && whole.endsWith('/') ? whole.slice(0, -1) : whole;
}

function configureAuthProxyRuntime(options) {
  if (!isObject(options)) throw wrongType('options', 'an object', options);
  const { fetch = globalThis.fetch, headers, onError = 'null', timeout = TIMEOUT_MS } = options;
  if (typeof fetch !== 'function') throw wrongType('options.fetch', 'a function', fetch);
  if (headers !== undefined && !isObject(headers)) throw wrongType('options.headers', 'an object', headers);
  if (onError !== 'null' && onError !== 'throw') throw wrongType('options.onError', "'null' or 'throw'", onError);
  if (typeof timeout !== 'number' || !(timeout > 0)) throw wrongType('options.timeout', 'a number of milliseconds', timeout);
  const localBasePath = pathOf(text(options, 'localBasePath'));
  const target = text(options, 'targetBasePath', true);
  use({
    mode: 'proxy',
    baseUrl: text(options, 'baseUrl'),
    localBasePath,
    targetBasePath: target === undefined ? localBasePath : pathOf(target),
    cookieName: text(options, 'cookieName', true) ?? NAME,
    secret: text(options, 'secret', true) ?? null,
    sessionStrategy: strategyOf(options),
    fetch,
    headers: headers && { ...headers },
    onError,
    timeout,
    onReport: options.onReport,
  });
}

// ---- headers -------------------------------------------------------------------------------------

/** A copy: the caller's object is not touched, and a body stays readable. */
function headersOf(input) {
  const copy = new Headers();
  if (input) {
    const flat = flatOf(input, 'input');
    for (let i = 0; i < flat.length; i += 2) {
      if (!flat[i].startsWith(':')) copy.append(flat[i], flat[i + 1]);
    }
  }
  for (const [name, value] of Object.entries(state.headers ?? {})) copy.set(name, value);
  return copy;
}

// ---- local ---------------------------------------------------------------------------------------

function siteOf({ config = {}, baseUrl, cookieName, secret, sessionStrategy }) {
  if (opener) return opener;
  const { origin, protocol } = new URL(baseUrl);
  opener = createSite({
    profile: 'robojs',
    base_url: origin,
    development: process.env.NODE_ENV !== 'production',
    secret,
    cookies: { secure: protocol === 'https:' || cookieName.startsWith('__') ? 'true' : 'false', session: { name: cookieName } },
    session: {
      strategy: sessionStrategy,
      ...(config.session?.maxAge !== undefined && { max_age: config.session.maxAge }),
      ...(config.session?.updateAge !== undefined && { update_age: config.session.updateAge }),
    },
    users: sessionStrategy === 'database' ? 'database' : 'none',
    hooks: hooksOf({ ...config, session: { strategy: sessionStrategy } }, false),
  }, { env: null });
  return opener;
}

// No providers, routes or tokens of the program here: its callbacks and its event are all there is.
class RuntimeProgram extends Program {
  get wholeRow() { return true; }

  eventFailed(name, error) {
    (this.options.logger?.error ?? console.error)(error);
  }
}

async function localSession(headers, onSetCookie) {
  const { config, sessionStrategy } = state;
  const { callbacks, events, logger, adapter } = config;
  const hasRows = sessionStrategy === 'database';
  const program = new RuntimeProgram({ callbacks, events, logger, ...(hasRows && { adapter }) }, undefined, true);
  try {
    // A row is renewed, or removed when it is over, also where nobody can be handed the cookie that goes with it.
    const { session, setCookies } = await internals.check(siteOf(state), headers.get('cookie') ?? undefined, !onSetCookie && !hasRows, program);
    onSetCookie?.(setCookies);
    return session;
  } catch (error) {
    if (!program.error) throw error;
    (config.logger?.error ?? console.error)(program.error);
    return null;
  }
}

// ---- proxy ---------------------------------------------------------------------------------------

function forwarded(headers) {
  const named = new Set((headers.get('connection') ?? '').split(',').map((name) => name.trim().toLowerCase()));
  const copy = new Headers();
  for (const [name, value] of headers) {
    if (!HOP.has(name) && !named.has(name)) copy.append(name, value);
  }
  return copy;
}

async function textOf(response) {
  const parts = [];
  let size = 0;
  if (response.body) {
    for await (const part of response.body) {
      size += part.byteLength;
      if (size > ANSWER_MAX) throw new Error('the answer is too large');
      parts.push(part);
    }
    return Buffer.concat(parts).toString();
  }
  return response.text();
}

/** Nobody is signed out by an outage: it is counted and said, and whoever wants to tell the two apart can. */
function outage(error, { onReport, onError }) {
  upstream.outages += 1;
  if (onReport) onReport({ cause: 'host', what: `the upstream gave no session: ${error.message}` });
  else console.error('[usher] the upstream gave no session:', error.message);
  if (onError === 'throw') throw new UsherError('USHER_E_IO', 'usher: the upstream gave no session', { cause: error });
  return null;
}

/** An error of the upstream says as little about a session as no answer does. */
const isAway = (status) => status >= 500 || status === 429;

async function upstreamSession(headers, signal, onSetCookie) {
  const asked = state;
  const { baseUrl, targetBasePath, fetch, timeout } = asked;
  const url = new URL(targetBasePath === '/' ? '/session' : `${targetBasePath}/session`, baseUrl);
  const limit = AbortSignal.timeout(timeout);
  upstream.asked += 1;
  try {
    const response = await fetch(url, {
      headers: forwarded(headers), method: 'GET', redirect: 'manual', signal: signal ? AbortSignal.any([limit, signal]) : limit,
    });
    if (isAway(response.status)) return outage(new Error(`it answers with ${response.status}`), asked);
    if (!response.ok) return null;
    const session = JSON.parse(await textOf(response));
    onSetCookie?.(response.headers.getSetCookie());
    return isObject(session) && !Array.isArray(session) ? session : null;
  } catch (error) {
    if (error instanceof UsherError) throw error;
    return outage(error, asked);
  }
}

// ---- calls ---------------------------------------------------------------------------------------

/** The session of whoever sent these headers, or null. `onSetCookie` gets the cookies that go with it. */
async function getServerSession(input, options = {}) {
  if (state.mode === 'unconfigured') {
    throw new Error('Auth runtime has not been configured: call configureAuthRuntime or configureAuthProxyRuntime first');
  }
  if (!isObject(options)) throw wrongType('options', 'an object', options);
  const { onSetCookie } = options;
  if (onSetCookie !== undefined && typeof onSetCookie !== 'function') throw wrongType('options.onSetCookie', 'a function', onSetCookie);
  const headers = headersOf(input);
  if (state.mode !== 'proxy') return localSession(headers, onSetCookie);
  // Who goes away in the middle of a request does not keep the upstream busy.
  return upstreamSession(headers, input instanceof Request ? input.signal : undefined, onSetCookie);
}

/** The claims of the session token, or null; with `raw` the token itself. No network. */
async function getToken(input, options = {}) {
  if (!isObject(options)) throw wrongType('options', 'an object', options);
  if (state.sessionStrategy === 'database' && !options.raw) return getServerSession(input);
  const headers = headersOf(input);
  if (!state.secret && !options.raw) {
    throw new Error('usher: getToken needs the secret that sealed the token; give one when configuring, or ask with { raw: true }');
  }
  // Reading a cookie takes no secret, but a site has one.
  const secret = state.secret || randomBytes(32).toString('hex');
  const site = siteOf({ ...state, secret });
  if (options.raw) headers.delete('authorization'); // the cookie's text, and nothing else's
  return site.getToken(headers, { raw: options.raw === true });
}

module.exports = { configureAuthRuntime, configureAuthProxyRuntime, getServerSession, getToken };
