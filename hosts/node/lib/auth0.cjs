'use strict';

// Auth0Client's options and environment as settings of a site, and where a request is at home.

const { InvalidConfigurationError } = require('./auth0-errors.cjs');
const { hostIsTrusted } = require('./environment.cjs');
const { UsherError, wrongType } = require('./errors.cjs');
const { isObject } = require('./headers.cjs');

const DEFAULT_SCOPE = 'openid profile email offline_access';
const SITES_MAX = 32;

const isDevelopment = () => process.env.NODE_ENV !== 'production';

// ---- what this version does not have ---------------------------------------------------------------

const NOT_THERE = ['clientAssertionSigningKey', 'useDPoP', 'useMtls', 'enterpriseConnect', 'enableConnectAccountEndpoint'];

/** What would be done otherwise than the program asks is said when the client is made, by name. */
function refuse(options) {
  for (const name of NOT_THERE) {
    if (options[name]) throw new UsherError('USHER_E_SETTING', `usher: options.${name} is not part of this version`);
  }
  if (typeof options.domain === 'function') throw new UsherError('USHER_E_SETTING', 'usher: options.domain as a function is not part of this version');
}

// ---- reading options -------------------------------------------------------------------------------

function text(options, name, variable) {
  const value = options[name] ?? process.env[variable];
  if (value !== undefined && typeof value !== 'string') throw wrongType(`options.${name}`, 'a string', value);
  return value || undefined;
}

function checkTypes(options) {
  if (!isObject(options) || Array.isArray(options)) throw wrongType('options', 'an object', options);
  for (const name of ['session', 'transactionCookie', 'authorizationParameters', 'routes', 'sessionStore']) {
    if (options[name] !== undefined && !isObject(options[name])) throw wrongType(`options.${name}`, 'an object', options[name]);
  }
  for (const name of ['beforeSessionSaved', 'onCallback', 'customFetch']) {
    if (options[name] !== undefined && typeof options[name] !== 'function') throw wrongType(`options.${name}`, 'a function', options[name]);
  }
  for (const name of ['get', 'set', 'delete']) {
    const { sessionStore: store } = options;
    if (store && typeof store[name] !== 'function') throw wrongType(`options.sessionStore.${name}`, 'a function', store[name]);
  }
  const buffer = options.tokenRefreshBuffer;
  if (buffer != null && !(Number.isFinite(buffer) && buffer >= 0)) throw new TypeError('tokenRefreshBuffer must be a non-negative number of seconds.');
}

const VARIABLES = { domain: 'AUTH0_DOMAIN', clientId: 'AUTH0_CLIENT_ID', secret: 'AUTH0_SECRET', clientSecret: 'AUTH0_CLIENT_SECRET' };

/** As the original: a build may have none of them; whatever is missing is said, and fails when it is needed. */
function requiredOf(options) {
  const found = Object.fromEntries(Object.entries(VARIABLES).map(([name, variable]) => [name, text(options, name, variable)]));
  const missing = Object.keys(found).filter((name) => !found[name]);
  if (missing.length) {
    const lines = missing.map((name) => `Missing: ${name}: Set ${VARIABLES[name]} env var or pass ${name} in options`);
    console.error(['WARNING: Auth0Client was not given everything that it needs.', ...lines].join('\n'));
  }
  return found;
}

// ---- where -----------------------------------------------------------------------------------------

function baseUrlsOf(options) {
  const { APP_BASE_URL: variable } = process.env;
  const given = options.appBaseUrl ?? (variable?.includes(',') ? variable.split(',').map((url) => url.trim()).filter(Boolean) : variable || undefined);
  if (given === undefined || typeof given === 'string') {
    if (given !== undefined) new URL(given); // a TypeError, as the original
    return given;
  }
  if (!Array.isArray(given) || given.length === 0) throw new InvalidConfigurationError('appBaseUrl must be a URL, or an array of at least one.');
  for (const url of given) {
    if (!URL.canParse(url) || !/^https?:$/.test(new URL(url).protocol)) throw new InvalidConfigurationError('appBaseUrl must use http or https.');
  }
  return given;
}

const first = (value) => value?.split(',')[0].trim() || undefined;

/** The origin that a request was sent to, by what stands in front of us. */
function inferred(req) {
  const { headers } = req;
  const get = typeof headers?.get === 'function' ? (name) => headers.get(name) : (name) => headers?.[name];
  const url = typeof req.url === 'string' && URL.canParse(req.url) ? new URL(req.url) : undefined;
  const host = first(get('x-forwarded-host')) ?? first(get('host')) ?? url?.host;
  const scheme = first(get('x-forwarded-proto')) ?? url?.protocol.replace(':', '');
  if (!host || !/^https?$/.test(scheme ?? '') || !URL.canParse(`${scheme}://${host}`)) return undefined;
  return new URL(`${scheme}://${host}`).origin;
}

/** Headers that anybody may write name the site only where somebody said that a proxy writes them. */
function isTrusted(options) {
  return options.trustHost ?? (isDevelopment() || hostIsTrusted('AUTH_TRUST_HOST', 'VERCEL', 'CF_PAGES') === true);
}

/** The base URL of the site that this request is for. */
function placeOf(options, given, req) {
  if (typeof given === 'string') return given;
  const origin = req && inferred(req);
  if (!origin) throw new InvalidConfigurationError('APP_BASE_URL is not configured as a static string, and the origin of the request could not be told.');
  if (given === undefined) {
    if (isTrusted(options)) return origin;
    throw new InvalidConfigurationError('APP_BASE_URL is not configured; set it, or AUTH_TRUST_HOST if a proxy in front writes the host.');
  }
  if (given.some((url) => new URL(url).origin === origin)) return origin;
  throw new InvalidConfigurationError('APP_BASE_URL is not configured as a static string, and none of its URLs has the origin of the request.');
}

// ---- cookies ---------------------------------------------------------------------------------------

function isSecure(options, baseUrls) {
  const { AUTH0_COOKIE_SECURE: variable } = process.env;
  const given = options.session?.cookie?.secure ?? (variable === undefined ? undefined : variable === 'true');
  if (baseUrls !== undefined) return [baseUrls].flat().every((url) => new URL(url).protocol === 'https:') || given === true;
  if (isDevelopment()) return given === true;
  if (given === false || options.transactionCookie?.secure === false) {
    throw new InvalidConfigurationError('Cookies must be marked secure in production when appBaseUrl is not configured.');
  }
  return true;
}

function cookiesOf(options, baseUrls) {
  const { env } = process;
  const cookie = options.session?.cookie ?? {};
  const domain = cookie.domain ?? env.AUTH0_COOKIE_DOMAIN;
  return {
    secure: String(isSecure(options, baseUrls)),
    path: cookie.path ?? env.AUTH0_COOKIE_PATH ?? (env.NEXT_PUBLIC_BASE_PATH || '/'),
    same_site: cookie.sameSite ?? env.AUTH0_COOKIE_SAME_SITE ?? 'lax',
    ...(domain && { domain }),
    session: { name: cookie.name ?? '__session' },
  };
}

/** The cookies of a sign-in go where the session's go: what would be otherwise is said, not passed over. */
function checkCookies(options, baseUrls) {
  const { secure, path, same_site: sameSite, domain } = cookiesOf(options, baseUrls);
  const session = { path, sameSite, domain, secure: secure === 'true' };
  for (const [name, given] of Object.entries(options.transactionCookie ?? {})) {
    if (!(name in session) || given === undefined || given === session[name]) continue;
    if (name === 'secure' && session.secure) continue; // https makes both so
    throw new UsherError('USHER_E_SETTING', `usher: options.transactionCookie.${name} other than the session cookie's is not part of this version`);
  }
}

// ---- settings --------------------------------------------------------------------------------------

/** What the protocol itself sets, and what is said elsewhere: never a parameter of the program's. */
const OURS = new Set(['scope', 'client_id', 'redirect_uri', 'response_type', 'response_mode', 'code_challenge', 'code_challenge_method',
  'nonce', 'state', 'request', 'request_uri', 'client_secret', 'returnTo', 'challengeMode']);

function parametersOf({ authorizationParameters = {} }) {
  return Object.entries(authorizationParameters)
    .filter(([name, value]) => !OURS.has(name) && value !== null && value !== undefined)
    .map(([name, value]) => `${name}=${value}`);
}

/** The configured scope for an audience: a text, or a map from audiences to texts. */
function scopeFor({ authorizationParameters: { scope, audience: own } = {} }, audience = own) {
  if (!isObject(scope)) return scope || DEFAULT_SCOPE;
  return scope[audience] ?? (audience === own ? DEFAULT_SCOPE : undefined);
}

function scopeOf(options) {
  const { scope, audience } = options.authorizationParameters ?? {};
  if (isObject(scope) && !audience) throw new Error('authorizationParameters.audience is needed where scope is a map.');
  const own = scopeFor(options);
  if (!own.split(' ').includes('openid')) throw new Error('The \'openid\' scope must be included in the set of scopes.');
  return own;
}

/** The tenant: a domain by name, or for machines that are none of the public net the issuer as it is. */
function issuerOf({ allowInsecureRequests }, domain) {
  if (!allowInsecureRequests || !domain || !URL.canParse(domain.includes('://') ? domain : `https://${domain}`)) return {};
  return { issuer: domain.includes('://') ? domain : `https://${domain}/`, plain_http: true, private_network: true };
}

function providerOf(options, { domain }) {
  const { httpTimeout = 5000 } = options;
  return { scope: scopeOf(options), timeout: `${Math.min(Math.max(httpTimeout, 100), 60000)}ms`, ...issuerOf(options, domain) };
}

function sessionOf({ session = {}, sessionStore }) {
  const { rolling, absoluteDuration, inactivityDuration } = session;
  return {
    ...(sessionStore && { strategy: 'database' }),
    ...(rolling !== undefined && { rolling }),
    ...(absoluteDuration !== undefined && { absolute_duration: absoluteDuration }),
    ...(inactivityDuration !== undefined && { inactivity_duration: inactivityDuration }),
  };
}

const STRATEGIES = ['auto', 'oidc', 'v2'];

function routesOf(options) {
  const { env } = process;
  return {
    login: env.NEXT_PUBLIC_LOGIN_ROUTE || '/auth/login',
    logout: '/auth/logout',
    callback: '/auth/callback',
    backChannelLogout: '/auth/backchannel-logout',
    profile: env.NEXT_PUBLIC_PROFILE_ROUTE || '/auth/profile',
    accessToken: env.NEXT_PUBLIC_ACCESS_TOKEN_ROUTE || '/auth/access-token',
    connectAccount: '/auth/connect',
    ...options.routes,
  };
}

function auth0Of(options) {
  const { env } = process;
  const { session = {}, transactionCookie: txn = {}, logoutStrategy = 'auto' } = options;
  const { login, logout, callback, profile, accessToken } = routesOf(options);
  return {
    sign_in_return_to: options.signInReturnToPath ?? '/',
    authorization_parameters: parametersOf(options),
    logout_strategy: STRATEGIES.includes(logoutStrategy) ? logoutStrategy : 'auto',
    id_token_hint: options.includeIdTokenHintInOIDCLogoutUrl ?? true,
    access_token_route: options.enableAccessTokenEndpoint ?? true,
    profile_no_content: options.noContentProfileResponseWhenUnauthenticated ?? false,
    token_refresh_buffer: options.tokenRefreshBuffer ?? 0,
    pushed_authorization_requests: options.pushedAuthorizationRequests ?? false,
    transient: session.cookie?.transient ?? env.AUTH0_COOKIE_TRANSIENT === 'true',
    transaction: { prefix: txn.prefix ?? '__txn_', max_age: txn.maxAge || 3600, parallel: options.enableParallelTransactions ?? true },
    routes: { login, logout, callback, profile, access_token: accessToken },
  };
}

const HOOKS = { beforeSessionSaved: 'before_session_saved', onCallback: 'on_callback' };

/** Settings, and the environment that goes with them: the tenant's domain is read as the engine reads it. */
function settingsOf(options, required, baseUrls, place) {
  const { env } = process;
  const { domain = '', clientId, clientSecret, secret } = required;
  return [{
    profile: 'auth0-4',
    base_url: place.replace(/\/+$/, '') + (env.NEXT_PUBLIC_BASE_PATH || ''),
    development: isDevelopment() || !!options.allowInsecureRequests,
    secret,
    session: sessionOf(options),
    cookies: cookiesOf(options, baseUrls),
    auth0: auth0Of(options),
    hooks: Object.keys(HOOKS).filter((name) => options[name]).map((name) => HOOKS[name]),
    providers: [providerOf(options, required)],
  }, { AUTH0_DOMAIN: domain, AUTH0_CLIENT_ID: clientId, AUTH0_CLIENT_SECRET: clientSecret }];
}

module.exports = {
  SITES_MAX, baseUrlsOf, checkCookies, checkTypes, isSecure, placeOf, refuse, requiredOf, routesOf, scopeFor, settingsOf,
};
