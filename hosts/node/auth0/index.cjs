'use strict';

// Auth0Client, as Auth0's Next.js SDK has it.

const errors = require('../lib/auth0-errors.cjs');
const {
  SITES_MAX, baseUrlsOf, checkCookies, checkTypes, isSecure, placeOf, refuse, requiredOf, routesOf, scopeFor, settingsOf,
} = require('../lib/auth0.cjs');
const { Auth0Program } = require('../lib/auth0-program.cjs');
const { wrongType } = require('../lib/errors.cjs');
const { isObject } = require('../lib/headers.cjs');
const { fromNext, nextResponse } = require('../lib/next.cjs');
const { keep, putInRequest, putInResponse } = require('../lib/set-cookie.cjs');
const { createSite, internals, setCookiesOf } = require('../lib/site.cjs');

const { AccessTokenError, DiscoveryError, MfaRequiredError, OAuth2Error } = errors;

// ---- requests --------------------------------------------------------------------------------------

function checkRequest(req, name = 'req') {
  if (!isObject(req) || !isObject(req.headers)) throw wrongType(name, 'a Request, or a request of Node', req);
}

function cookieOf(req) {
  const { headers } = req;
  const cookie = typeof headers.get === 'function' ? headers.get('cookie') : headers.cookie;
  return typeof cookie === 'string' ? cookie : undefined;
}

/** What a component, an action or a route's function was sent, with what it wrote since. */
async function cookieOfComponent() {
  const jar = await fromNext('next/headers').cookies();
  // One that a middleware has deleted stands there without a value.
  const there = jar.getAll().filter(({ value }) => value);
  return there.map(({ name, value }) => `${name}=${encodeURIComponent(value)}`).join('; ') || undefined;
}

/** [path without Next.js' base path, search] */
function pathOf(req) {
  const url = req.nextUrl ?? new URL(req.url);
  const basePath = req.nextUrl?.basePath || process.env.NEXT_PUBLIC_BASE_PATH || '';
  const inside = basePath && (url.pathname === basePath || url.pathname.startsWith(`${basePath}/`));
  return [inside ? url.pathname.slice(basePath.length) || '/' : url.pathname, url.search];
}

const isRequest = (value) => value instanceof Request || (isObject(value) && isObject(value.headers) && typeof value.headers.get === 'function');

/** In development a component that cannot write says so; elsewhere it is silent, as the original is. */
async function keepIfPossible(lines) {
  if (lines.length === 0) return;
  try {
    await keep(lines);
  } catch {
    if (process.env.NODE_ENV === 'development') console.warn('The renewed tokens could not be kept: getAccessToken() was called where no cookie can be set.');
  }
}

function answerTo(req, res, lines) {
  putInResponse(res, lines);
  putInRequest(req, lines);
}

/** What a renewed session adds to a page's answer: what is in the page, its own type says. */
const OF_SESSION = new Set(['cache-control', 'pragma', 'expires']);

// ---- tokens ----------------------------------------------------------------------------------------

/** The error that the engine's answer stands for. */
function tokenError({ code, message, error, description }, body) {
  if (code === 'discovery_error') return new DiscoveryError(message);
  const asked = code === 'failed_to_refresh_token' || code === 'mfa_required';
  const cause = asked ? new OAuth2Error({ code: error ?? 'unknown_error', message: description }) : undefined;
  if (code !== 'mfa_required') return new AccessTokenError(code, message, cause);
  const { error_description: told, mfa_token: token, mfa_requirements: requirements } = JSON.parse(body);
  return new MfaRequiredError(told, token, requirements, cause);
}

function checkQuestion(options) {
  if (!isObject(options) || Array.isArray(options)) throw wrongType('options', 'an object', options);
  for (const name of ['scope', 'audience']) {
    if (options[name] != null && typeof options[name] !== 'string') throw wrongType(`options.${name}`, 'a string', options[name]);
  }
}

// ---- the client ------------------------------------------------------------------------------------

class Auth0Client {
  #options;
  #required;
  #baseUrls;
  #sites = new Map();
  #reader;
  #routes;

  constructor(options = {}) {
    checkTypes(options);
    refuse(options);
    this.#options = options;
    this.#required = requiredOf(options);
    this.#baseUrls = baseUrlsOf(options);
    this.routes = routesOf(options);
    this.#routes = new Set([this.routes.login, this.routes.logout, this.routes.callback, this.routes.profile,
      ...(options.enableAccessTokenEndpoint === false ? [] : [this.routes.accessToken])]);
    checkCookies(options, this.#baseUrls);
    scopeFor(options);
    this.middleware = this.middleware.bind(this); // `export default auth0.middleware` calls it alone
  }

  // ---- sites ---------------------------------------------------------------------------------------

  #siteAt(place) {
    let site = this.#sites.get(place);
    if (site) return site;
    const [settings, env] = settingsOf(this.#options, this.#required, this.#baseUrls, place);
    const { customFetch: fetch, onReport, sessionStore: store } = this.#options;
    site = createSite(settings, { env, fetch, onReport, store });
    this.#sites.set(place, site);
    if (this.#sites.size > SITES_MAX) this.#sites.delete(this.#sites.keys().next().value);
    return site;
  }

  /** For whoever reads or writes a session: there the origin counts for nothing. */
  #anySite() {
    if (!this.#reader) {
      const [base] = [this.#baseUrls ?? []].flat();
      this.#reader = this.#siteAt(base ?? `${isSecure(this.#options, undefined) ? 'https' : 'http'}://localhost:3000`);
    }
    return this.#reader;
  }

  // ---- reading -------------------------------------------------------------------------------------

  /** The session, whole, or null. `req` in the Pages Router and in a middleware, nothing elsewhere. */
  getSession(req) {
    try {
      if (req === undefined) return this.#ofComponent();
      checkRequest(req);
      return Promise.resolve(this.#sessionOf(cookieOf(req)));
    } catch (error) {
      return Promise.reject(error);
    }
  }

  async #ofComponent() {
    const cookie = await cookieOfComponent(); // first: a build, without settings, learns here that the page is made anew each time
    return this.#sessionOf(cookie);
  }

  #sessionOf(cookie) {
    if (!this.#options.sessionStore) return internals.claims(this.#anySite(), cookie);
    return this.#asked((program) => internals.claims(this.#anySite(), cookie, program));
  }

  /** What a function or the store of the program threw is thrown as it is. */
  async #asked(run, program = new Auth0Program(this.#options)) {
    try {
      return await run(program);
    } catch (error) {
      throw program.error ?? error;
    }
  }

  // ---- middleware ----------------------------------------------------------------------------------

  async #route(req, path, search) {
    const site = this.#siteAt(placeOf(this.#options, this.#baseUrls, req));
    const program = new Auth0Program(this.#options);
    const url = (process.env.NEXT_PUBLIC_BASE_PATH || '') + path + search;
    const result = await this.#asked(() => internals.serve(site, { method: req.method, url, headers: req.headers, body: null }, program), program);
    putInRequest(req, setCookiesOf(result));
    return program.answer(result);
  }

  async #isRolled(req) {
    const { beforeSessionRolled } = this.#options.session ?? {};
    if (!beforeSessionRolled) return true;
    try {
      return !!(await beforeSessionRolled(req));
    } catch {
      return true; // as the original: a function that throws does not end sessions
    }
  }

  /** Any other request: the session is renewed, and the request goes on. */
  async #touch(req) {
    const headers = [['x-middleware-next', '1']];
    if (this.#options.session?.rolling !== false && (await this.#isRolled(req))) {
      const touched = await this.#asked((program) => internals.touch(this.#anySite(), cookieOf(req), program));
      const lines = touched.setCookies;
      if (lines.length) {
        putInRequest(req, lines);
        headers.push(...lines.map((line) => ['set-cookie', line]), ...touched.headers.filter(([name]) => OF_SESSION.has(name.toLowerCase())),
          ['x-middleware-set-cookie', lines.join(',')]);
      }
    }
    return nextResponse(null, headers);
  }

  /** The routes below /auth; every other request passes, its session renewed. */
  async middleware(req) {
    checkRequest(req);
    if (typeof req.url !== 'string') throw wrongType('req.url', 'a string', req.url);
    const [path, search] = pathOf(req);
    const plain = path.length > 1 && path.endsWith('/') ? path.slice(0, -1) : path;
    if (req.method === 'GET' && this.#routes.has(plain)) return this.#route(req, plain, search);
    return this.#touch(req);
  }

  // ---- writing -------------------------------------------------------------------------------------

  /** updateSession(session), or (req, res, session): a session in the place of the present one. */
  async updateSession(...args) {
    const [req, res, session] = args.length > 1 ? args : [undefined, undefined, args[0]];
    if (!session) throw new Error('The session data is missing.');
    if (!isObject(session) || Array.isArray(session)) throw wrongType('session', 'an object', session);
    if (req !== undefined) checkRequest(req);
    const cookie = req ? cookieOf(req) : await cookieOfComponent();
    const result = await this.#asked((program) => internals.update(this.#anySite(), cookie, JSON.stringify(session), program));
    if (result.verdict !== 'valid') throw new Error('The user is not authenticated.');
    const lines = setCookiesOf(result);
    if (req) answerTo(req, res, lines);
    else await keep(lines);
  }

  // ---- tokens --------------------------------------------------------------------------------------

  async #token(options, req, res) {
    checkQuestion(options);
    const { audience, scope = undefined, mergeScopes = true, refresh = false } = options;
    const program = new Auth0Program(this.#options);
    const cookie = req ? cookieOf(req) : await cookieOfComponent();
    const question = { audience: audience ?? undefined, scope: scope ?? undefined, mergeScopes: mergeScopes !== false, refresh: refresh === true,
      configuredScope: scopeFor(this.#options, audience ?? undefined) };
    const { access, body, setCookies: lines } = await this.#asked(() => internals.access(this.#anySite(), cookie, JSON.stringify(question), program), program);
    if (req) answerTo(req, res, lines);
    else await keepIfPossible(lines);
    if (program.error) throw program.error; // of beforeSessionSaved; the tokens are kept
    if (access.code) throw tokenError(access, body);
    return { token: access.token, scope: access.scope, expiresAt: access.expiresAt ?? null, token_type: access.token_type, audience: access.audience };
  }

  /** getAccessToken(options?), or (req, res, options?) in the Pages Router and in a middleware. */
  async getAccessToken(...args) {
    const [one, res, given] = args;
    if (isObject(one) && isObject(one.headers)) {
      if (!res) throw new TypeError('getAccessToken(req, res): The \'res\' argument is missing. It is needed beside \'req\'.');
      return this.#token(given ?? {}, one, res);
    }
    if (res !== undefined || given !== undefined) {
      throw new TypeError('getAccessToken: Invalid arguments. It takes nothing, (options), or (req, res, options).');
    }
    return this.#token(one ?? {});
  }

  // ---- guards --------------------------------------------------------------------------------------

  #guardedPage(handler, { returnTo } = {}) {
    return async (props) => {
      const session = await this.getSession();
      if (!session?.user) {
        const back = typeof returnTo === 'function' ? await returnTo(props) : returnTo;
        fromNext('next/navigation').redirect(this.routes.login + (back ? `?returnTo=${encodeURIComponent(back)}` : ''));
      }
      return handler(props);
    };
  }

  #guardedProps({ getServerSideProps, returnTo } = {}) {
    return async (ctx) => {
      const session = await this.getSession(ctx.req);
      if (!session?.user) {
        return { redirect: { destination: `${this.routes.login}?returnTo=${encodeURIComponent(returnTo || ctx.resolvedUrl)}`, permanent: false } };
      }
      const found = getServerSideProps ? await getServerSideProps(ctx) : { props: {} };
      return { ...found, props: { user: session.user, ...(await found.props) } };
    };
  }

  /** (component, options) in the App Router; (options) gives getServerSideProps. */
  withPageAuthRequired(first, options) {
    return typeof first === 'function' ? this.#guardedPage(first, options) : this.#guardedProps(first);
  }

  /** Around a Route Handler, or an API route. */
  withApiAuthRequired(handler) {
    if (typeof handler !== 'function') throw wrongType('handler', 'a function', handler);
    const refusal = { error: 'not_authenticated', description: 'The user does not have an active session or is not authenticated' };
    return async (req, second) => {
      if (isRequest(req)) {
        const session = await this.getSession();
        if (!session?.user) return nextResponse(JSON.stringify(refusal), [['content-type', 'application/json']], 401);
        return handler(req, second);
      }
      const session = await this.getSession(req);
      if (!session?.user) {
        second.status(401).json(refusal);
        return undefined;
      }
      return handler(req, second);
    };
  }

  // ---- login ---------------------------------------------------------------------------------------

  /** The response that leads to the provider. */
  async startInteractiveLogin({ authorizationParameters = {}, returnTo } = {}) {
    const headers = new Headers(await fromNext('next/headers').headers());
    const cookie = await cookieOfComponent();
    const query = new URLSearchParams();
    for (const [name, value] of Object.entries(authorizationParameters)) {
      if (value !== null && value !== undefined) query.set(name, String(value));
    }
    query.delete('returnTo');
    if (returnTo !== undefined) query.set('returnTo', returnTo);
    const site = this.#siteAt(placeOf(this.#options, this.#baseUrls, { headers }));
    const url = `${process.env.NEXT_PUBLIC_BASE_PATH || ''}${this.routes.login}${query.size ? `?${query}` : ''}`;
    const program = new Auth0Program(this.#options);
    return program.answer(await internals.serve(site, { method: 'GET', url, headers: new Headers(cookie && { cookie }), body: null }, program));
  }
}

module.exports = { Auth0Client, ...errors };
