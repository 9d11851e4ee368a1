'use strict';

// Providers of NextAuth's options as settings of a site. What the engine does not have is an error that
// names it: nothing is left out in silence.

const { UsherError, wrongType } = require('./errors.cjs');
const { isObject } = require('./headers.cjs');

/** A provider's member of this name is the fetch that its requests are made by. */
const customFetch = Symbol('custom-fetch');

const WELL_KNOWN = '/.well-known/openid-configuration';
const CLIENT_AUTH = new Set(['client_secret_basic', 'client_secret_post', 'none']);

function missing(provider, what) {
  return new UsherError('USHER_E_SETTING', `usher: the provider "${provider.id}" ${what}, which is not part of this version`);
}

/** As the originals: what the program gave (`options`) is laid over what the provider's file says. */
function merged(base, over) {
  const out = { ...base };
  for (const [name, value] of Object.entries(over)) {
    const both = isObject(value) && !Array.isArray(value) && typeof value !== 'function' && isObject(out[name]);
    if (both) out[name] = merged(out[name], value);
    else if (value !== undefined) out[name] = value;
  }
  return out;
}

function providerOf(given, i) {
  const provider = typeof given === 'function' ? given() : given;
  if (!isObject(provider)) throw wrongType(`options.providers[${i}]`, 'a provider', provider);
  const { options, ...base } = provider;
  if (!isObject(options)) return base;
  const own = options[customFetch];
  return { ...merged(base, options), ...(own && { [customFetch]: own }) };
}

/** [issuer, parameters of every authorization request] */
function authorizationOf({ authorization }) {
  const params = {};
  if (typeof authorization === 'string') {
    for (const [name, value] of new URL(authorization, 'http://localhost').searchParams) params[name] = value;
  }
  if (isObject(authorization)) {
    if (typeof authorization.url === 'string') for (const [name, value] of new URL(authorization.url, 'http://localhost').searchParams) params[name] = value;
    for (const [name, value] of Object.entries(authorization.params ?? {})) {
      if (value !== undefined && value !== null) params[name] = isObject(value) ? JSON.stringify(value) : String(value);
    }
  }
  const { scope, ...rest } = params;
  for (const name of ['client_id', 'redirect_uri', 'response_type', 'state', 'nonce', 'code_challenge', 'code_challenge_method']) delete rest[name];
  return { scope, params: rest };
}

/** v4 says `oauth` for both; an ID token makes it OpenID Connect. */
function isOpenId(provider, scope) {
  if (provider.type === 'oidc') return true;
  return provider.idToken ?? provider.wellKnown?.includes('openid-configuration') ?? scope?.split(' ').includes('openid') ?? false;
}

function issuerOf(provider) {
  const { wellKnown, issuer } = provider;
  const url = wellKnown?.endsWith(WELL_KNOWN) ? wellKnown.slice(0, -WELL_KNOWN.length) : issuer;
  // Auth0 writes its issuer with a slash, and the settings of everybody without.
  return provider.id === 'auth0' && url && !url.endsWith('/') ? `${url}/` : url;
}

const LOOPBACK = /^(localhost|.*\.localhost|127\.\d+\.\d+\.\d+|\[::1\])$/;

/** A provider on this machine is for development; elsewhere `usher: { private_network: true }` says so. */
function networkOf(issuer, development) {
  if (!development || !URL.canParse(issuer)) return {};
  const { protocol, hostname } = new URL(issuer);
  return { ...(LOOPBACK.test(hostname) && { private_network: true }), ...(protocol === 'http:' && { plain_http: true }) };
}

function checksOf({ checks }) {
  const list = checks === undefined ? undefined : [checks].flat();
  const kept = list?.filter((check) => check === 'state' || check === 'nonce');
  return kept?.length ? { checks: kept } : {};
}

function clientOf(provider) {
  const { client = {}, clientId, clientSecret } = provider;
  const method = client.token_endpoint_auth_method;
  if (method !== undefined && !CLIENT_AUTH.has(method)) throw missing(provider, `wants the client authentication ${method}`);
  const algorithm = client.id_token_signed_response_alg;
  return {
    client_id: clientId ?? client.client_id,
    ...(clientSecret !== undefined && { client_secret: clientSecret }),
    ...((method ?? (clientSecret === undefined ? 'none' : undefined)) && { client_auth: method ?? 'none' }),
    ...(algorithm && { id_token_alg: algorithm }),
  };
}

/** What the sign-in page asks for; other attributes of an input are for pages of the program's own. */
function fieldsOf({ credentials }, i) {
  const name = `options.providers[${i}].credentials`;
  if (credentials !== undefined && (!isObject(credentials) || Array.isArray(credentials))) throw wrongType(name, 'an object', credentials);
  return Object.entries(credentials ?? {}).map(([field, input]) => {
    if (!isObject(input)) throw wrongType(`${name}.${field}`, 'an object', input);
    const { label, type, placeholder } = input;
    return { name: field, ...(label && { label }), ...(type && { type }), ...(placeholder && { placeholder }) };
  });
}

/** A form that the provider's function `authorize` judges. */
function formOf(provider, i) {
  if (typeof provider.authorize !== 'function') throw wrongType(`options.providers[${i}].authorize`, 'a function', provider.authorize);
  const fields = fieldsOf(provider, i);
  return { id: provider.id, type: 'credentials', name: provider.name ?? provider.id, ...(fields.length > 0 && { fields }) };
}

function assertPossible(provider, scope) {
  if (provider.type !== 'oauth' && provider.type !== 'oidc') throw missing(provider, `is of the type "${provider.type}"`);
  if (!isOpenId(provider, scope)) throw missing(provider, 'is OAuth without OpenID Connect (no discovery, no ID token)');
  for (const name of ['token', 'userinfo']) {
    for (const own of ['request', 'conform']) if (typeof provider[name]?.[own] === 'function') throw missing(provider, `has a function ${name}.${own}`);
  }
}

function checkFetch(provider, i) {
  const own = provider[customFetch];
  if (own !== undefined && typeof own !== 'function') throw wrongType(`options.providers[${i}][customFetch]`, 'a function', own);
  if (provider.redirectProxyUrl) throw missing(provider, 'has a redirectProxyUrl');
}

function settingsOf(provider, development, i) {
  if (provider.type === 'credentials') return { settings: formOf(provider, i), params: {} };
  const { scope, params } = authorizationOf(provider);
  assertPossible(provider, scope);
  const issuer = issuerOf(provider);
  return {
    params,
    settings: {
      id: provider.id,
      name: provider.name ?? provider.id,
      issuer,
      ...clientOf(provider),
      ...(scope !== undefined && { scope }),
      ...checksOf(provider),
      ...(provider.type === 'oidc' && provider.idToken === false && { userinfo: true }),
      ...(provider.allowDangerousEmailAccountLinking === true && { allow_dangerous_email_account_linking: true }),
      ...networkOf(issuer, development),
      ...(isObject(provider.usher) ? provider.usher : {}), // settings of ours, for what the originals have no word for
    },
  };
}

/**
 * The providers of options: their settings, themselves by id, and the parameters that each wants in
 * every authorization request. `fill` completes one before (v5: from the environment).
 */
function readProviders(providers, development, fill = (provider) => provider) {
  if (!Array.isArray(providers)) throw wrongType('options.providers', 'an array', providers);
  const all = { settings: [], byId: new Map(), params: new Map(), mapped: false, authorizes: false };
  for (const [i, given] of providers.entries()) {
    const provider = fill(providerOf(given, i));
    if (typeof provider.id !== 'string') throw wrongType(`options.providers[${i}].id`, 'a string', provider.id);
    checkFetch(provider, i);
    const { settings, params } = settingsOf(provider, development, i);
    all.settings.push(settings);
    all.byId.set(provider.id, provider);
    all.params.set(provider.id, params);
    all.mapped ||= typeof provider.profile === 'function';
    all.authorizes ||= provider.type === 'credentials';
  }
  return all;
}

/** What a provider wants in every authorization request goes along as the query of its sign-in. */
function searchOf(search, method, [action, id], providers) {
  const wanted = Object.entries(providers.params.get(id) ?? {});
  if (method !== 'POST' || action !== 'signin' || wanted.length === 0) return search;
  const query = new URLSearchParams(search);
  for (const [name, value] of wanted) if (!query.has(name)) query.set(name, value);
  return `?${query}`;
}

/** The fetch of the program's that a provider brings. */
const fetchOf = (providers, id) => providers.byId.get(id)?.[customFetch];

module.exports = { customFetch, fetchOf, readProviders, searchOf };
