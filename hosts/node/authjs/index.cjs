'use strict';

// NextAuth(config) of Auth.js v5: { handlers, auth, signIn, signOut, unstable_update }.

const { signIn, signOut, update } = require('../lib/action.cjs');
const { AuthError, CredentialsSignin } = require('./errors.cjs');
const { SiteError, wrongType } = require('../lib/errors.cjs');
const { isObject } = require('../lib/headers.cjs');
const { fromNext } = require('../lib/next.cjs');
const { checkMembers, tellDebug } = require('../lib/options.cjs');
const { customFetch, fetchOf, searchOf } = require('../lib/providers.cjs');
const { internals, responseOf } = require('../lib/site.cjs');
const { unusable } = require('../lib/unusable.cjs');
const { isPromise, then } = require('../lib/wants.cjs');
const {
  checkConfig, environmentUrl, logError, placeOf, programOf, providersOf, readerOf, readingProgramOf, routesOf,
} = require('../lib/v5.cjs');

// ---- reading ---------------------------------------------------------------------------------------

const shown = new WeakMap();

/** auth() shows what the session callback answers; the token stands in where that has no user. */
function shownBy(config) {
  const session = config.callbacks?.session;
  const rows = (config.session?.strategy ?? (config.adapter ? 'database' : 'jwt')) === 'database';
  if (!session && !rows) return config;
  let known = shown.get(config);
  if (!known || known.session !== session) {
    const callback = (params) => then(session?.(params), (answer) => ({ user: params.user ?? params.token, ...(answer ?? params.session) }));
    known = { session, config: { ...config, callbacks: { ...config.callbacks, session: callback } } };
    shown.set(config, known);
  }
  return known.config;
}

/** Nobody, where the engine or a callback cannot tell. */
function nobody(error, program, config) {
  logError(config, program?.error ?? error);
  return { session: null, setCookies: [] };
}

/** {session, setCookies}, or a promise of it if a function of the program gives one. */
function read(given, headers, url, readOnly) {
  const config = shownBy(given);
  let site;
  let program;
  try {
    site = readerOf(config, placeOf(config, headers, url));
    program = readingProgramOf(config, site);
    const checked = internals.check(site, headers.get('cookie') ?? undefined, readOnly, program);
    return isPromise(checked) ? checked.catch((error) => nobody(error, program, config)) : checked;
  } catch (error) {
    if (error instanceof TypeError && !site) throw error;
    return nobody(error, program, config);
  }
}

// ---- requests --------------------------------------------------------------------------------------

/** The request at the origin that the environment names. */
function atHome(req) {
  const own = environmentUrl();
  if (!own) return req;
  const url = new URL(req.nextUrl?.href ?? req.url);
  const { origin } = new URL(own);
  return url.origin === origin ? req : new req.constructor(origin + url.href.slice(url.origin.length), req);
}

const pass = () => new Response(null, { headers: { 'x-middleware-next': '1' } }); // as NextResponse.next()

function toSignIn(request, config) {
  const url = new URL(request.nextUrl?.href ?? request.url);
  const { basePath = '/api/auth', pages } = config;
  const page = pages?.signIn ?? `${basePath}/signin`;
  if (url.pathname === page) return pass();
  const target = new URL(url);
  const query = target.searchParams;
  target.pathname = page;
  query.set('callbackUrl', url.href);
  return new Response(null, { status: 307, headers: { location: target.href } });
}

/** A middleware, or a function of the program behind one. */
async function guard(req, context, config, behind) {
  const request = atHome(req);
  // As the original: the origin is the one that Next.js' own headers tell; theirs are missing in a test alone.
  const url = request.headers.has('x-forwarded-proto') ? undefined : request.url;
  const { session, setCookies } = await read(config, request.headers, url, false);
  const allowed = config.callbacks?.authorized ? await config.callbacks.authorized({ request, auth: session }) : true;
  let response;
  if (allowed instanceof Response) {
    response = allowed;
  } else if (behind) {
    request.auth = session;
    response = (await behind(request, context)) ?? pass();
  } else {
    response = allowed ? pass() : toSignIn(request, config);
  }
  const answer = new Response(response.body, response);
  for (const line of setCookies) answer.headers.append('set-cookie', line);
  return answer;
}

/** As a component or an action asks: nothing can be written. */
async function fromComponent(configOf) {
  const headers = new Headers(await fromNext('next/headers').headers());
  const config = await configOf(undefined);
  return (await read(config, headers, undefined, true)).session;
}

function headersOf(req) {
  const { headers } = req;
  if (!isObject(headers)) throw wrongType('req.headers', 'Headers or an object', headers);
  const get = typeof headers.get === 'function' ? (name) => headers.get(name) : (name) => headers[name];
  return { get: (name) => (get(name) ? String(get(name)) : null) };
}

/** In API routes and getServerSideProps: the cookies go to the response. */
async function fromPages(first, second, configOf) {
  const req = isObject(first.req) ? first.req : first;
  const res = isObject(first.res) ? first.res : second;
  if (!isObject(res) || !(typeof res.appendHeader === 'function' || isObject(res.headers))) throw wrongType('res', 'a response', res);
  let config = configOf(req);
  if (isPromise(config)) config = await config;
  let checked = read(config, headersOf(req), undefined, false);
  if (isPromise(checked)) checked = await checked;
  for (const line of checked.setCookies) {
    if (isObject(res.headers) && typeof res.headers.append === 'function') res.headers.append('set-cookie', line);
    else res.appendHeader('set-cookie', line);
  }
  return checked.session;
}

// ---- routes ----------------------------------------------------------------------------------------

const PROBLEM = 'There was a problem with the server configuration. Check the server logs for more information.';
const json = (status, value) => new Response(JSON.stringify(value), { status, headers: { 'content-type': 'application/json' } });

/** What the original answers when it cannot be used: its error page, or a line for a program. */
function failed(config, { url: given, headers }, basePath) {
  const url = new URL(given);
  if (/\/(session|csrf|providers)$/.test(url.pathname)) return json(503, { message: PROBLEM });
  const page = new URL(config.pages?.error ?? `${basePath}/error`, url);
  page.searchParams.set('error', 'Configuration');
  if (headers.has('x-auth-return-redirect')) return json(200, { url: page.href });
  return new Response(null, { status: 302, headers: { location: page.href } });
}

/** No site can be made of the settings. */
async function noSite(config, { method }, url) {
  const own = config.pages?.error && new URL(config.pages.error, url.origin).href;
  const [action] = url.pathname.slice((config.basePath ?? '/api/auth').length).split('/').filter(Boolean);
  return responseOf(await unusable({ profile: 'authjs-5', origin: url.origin, method, action, query: url.searchParams, own, message: PROBLEM }));
}

async function answer(req, configOf) {
  if (!isObject(req) || typeof req.url !== 'string') throw wrongType('req', 'a Request', req);
  const request = atHome(req);
  const config = await configOf(request);
  const url = new URL(request.url);
  let program;
  try {
    const known = providersOf(config);
    const place = placeOf(config, request.headers, request.url);
    const site = routesOf(config, place, known);
    program = programOf(config, site, known);
    const segments = url.pathname.slice(site.basePath.length).split('/').filter(Boolean);
    program.fetch = fetchOf(known, segments[1]);
    program.onReport = ({ cause, what }) => (config.logger?.warn ?? ((code) => console.warn(`[auth][warn][${code}]`)))(cause, what);
    const target = url.pathname + searchOf(url.search, request.method, segments, known);
    const result = await internals.serve(site, { method: request.method, url: target, headers: request.headers, body: request.body }, program);
    tellDebug(config, 'auth', 'debug-enabled', { method: request.method, action: segments[0], status: result.status });
    return responseOf(result);
  } catch (error) {
    if (!program?.error && !(error instanceof SiteError) && error.code !== 'USHER_E_SETTING') throw error;
    logError(config, program?.error ?? error);
    return program ? failed(config, request, config.basePath ?? '/api/auth') : noSite(config, request, url);
  }
}

// ---- NextAuth --------------------------------------------------------------------------------------

function authOf(configOf) {
  return (...args) => {
    const [first, second] = args;
    if (args.length === 0) return fromComponent(configOf);
    if (first instanceof Request) return Promise.resolve(configOf(first)).then((config) => guard(first, second, config));
    if (typeof first === 'function') return async (req, context) => guard(req, context, await configOf(req), first);
    if (!isObject(first)) return Promise.reject(wrongType('req', 'a Request, a request of Node, a context, or a function', first));
    return fromPages(first, second, configOf);
  };
}

const passed = new WeakSet();

/** What a function of the request returned. */
function checked(config) {
  checkConfig(config, 'what config returns');
  if (!passed.has(config)) checkMembers(config, 'config', true);
  passed.add(config);
  return config;
}

/** As the original; `config` may be a function of the request. */
function NextAuth(config) {
  const lazy = typeof config === 'function';
  if (!lazy) {
    checkMembers(checkConfig(config), 'config', true);
    providersOf(config); // what this version does not have is said now
  }
  const configOf = lazy ? async (req) => checked(await config(req)) : () => config;
  const handler = (req) => answer(req, configOf);
  return {
    handlers: { GET: handler, POST: handler },
    auth: authOf(configOf),
    signIn: async (...args) => signIn(await configOf(undefined), ...args),
    signOut: async (options) => signOut(await configOf(undefined), options),
    unstable_update: async (data) => update(await configOf(undefined), data),
  };
}

module.exports = Object.assign(NextAuth, { default: NextAuth, AuthError, CredentialsSignin, customFetch });
