'use strict';

// Server Actions of Auth.js v5: signIn, signOut and unstable_update, by Next.js' headers, cookies and
// redirect. They are POST requests to our own routes; Next.js has seen to it that its page called.

const { fromNext } = require('./next.cjs');
const errors = require('../authjs/errors.cjs');
const { UsherError, isRefusal, wrongType } = require('./errors.cjs');
const { isObject } = require('./headers.cjs');
const { fetchOf, searchOf } = require('./providers.cjs');
const { cookieOf, keep } = require('./set-cookie.cjs');
const { internals, setCookiesOf } = require('./site.cjs');
const { placeOf, programOf, providersOf, routesOf } = require('./v5.cjs');

/** What `authorize` is shown of the visitor's request. */
function asForm(headers) {
  const copy = new Headers(headers);
  copy.set('content-type', 'application/x-www-form-urlencoded');
  return copy;
}

/** A request of the browser whose action this is. */
async function post(config, headers, path, search, fields, json = false) {
  const known = providersOf(config);
  const site = routesOf(config, placeOf(config, headers), known);
  const cookie = headers.get('cookie') ?? '';
  const program = programOf(config, site, known);
  const [, action, id] = path.split('/');
  program.fetch = fetchOf(known, id);
  program.action = { headers: asForm(headers) };
  const { csrfToken, setCookies } = await internals.csrf(site, { cookie }, program);
  const fresh = setCookies.map((line) => line.split(';', 1)[0]);
  const all = { csrfToken, ...fields };
  const result = await internals.serve(site, {
    method: 'POST',
    url: `${site.basePath}${path}${searchOf(search, 'POST', [action, id], known)}`,
    headers: { cookie: [...(cookie ? [cookie] : []), ...fresh].join('; '), 'content-type': json ? 'application/json' : 'application/x-www-form-urlencoded', 'x-auth-return-redirect': '1' },
    body: [Buffer.from(json ? JSON.stringify(all) : new URLSearchParams(all).toString())],
  }, program);
  const lines = setCookiesOf(result);
  await keep(lines);
  return { answer: parsed(result, program), lines, thrown: program.error };
}

/** What the routes said; where that is no answer of theirs, nobody can tell. */
function parsed({ status, body }, program) {
  try {
    return JSON.parse(body || 'null');
  } catch (error) {
    throw program.error ?? new UsherError('USHER_E_IO', `usher: the answer has the status ${status}`, { cause: error });
  }
}

async function requestHeaders() {
  return new Headers(await fromNext('next/headers').headers());
}

async function leave(url) {
  fromNext('next/navigation').redirect(url);
}

// What a person can do something about, by the word that the sign-in page is given.
const TOLD = ['AccessDenied', 'AccountNotLinked', 'CredentialsSignin', 'MissingCSRF', 'OAuthAccountNotLinked', 'OAuthCallbackError', 'Verification'];

/** The originals throw from an action what their pages would show; `thrown` is what a function of the program threw. */
function throwTold(url, thrown, provider) {
  const query = new URL(url, 'http://localhost').searchParams;
  const error = query.get('error');
  if (thrown && error === 'Configuration') throw new errors.CallbackRouteError(thrown, { provider });
  if (!TOLD.includes(error)) return;
  if (isRefusal(thrown)) throw thrown;
  const code = query.get('code');
  throw Object.assign(new errors[error](), code !== null && { code });
}

function fieldsOf(options, name) {
  if (options instanceof FormData) return Object.fromEntries(options);
  if (!isObject(options) || Array.isArray(options)) throw wrongType(name, 'an object or FormData', options);
  return options;
}

/** The sign-in page, or the provider's door. */
async function signIn(config, provider, options, authorizationParams) {
  const { redirect = true, redirectTo, ...rest } = fieldsOf(options ?? {}, 'options');
  if (authorizationParams && typeof authorizationParams !== 'string' && !isObject(authorizationParams)) throw wrongType('authorizationParams', 'an object or a query', authorizationParams);
  const headers = await requestHeaders();
  const callbackUrl = redirectTo?.toString() ?? headers.get('referer') ?? '/';
  const known = provider ? providersOf(config).byId.get(provider) : undefined;
  let url;
  if (known) {
    const query = new URLSearchParams(authorizationParams ?? {}).toString();
    const path = `/${known.type === 'credentials' ? 'callback' : 'signin'}/${provider}`;
    const { answer, thrown } = await post(config, headers, path, query && `?${query}`, { ...rest, callbackUrl });
    ({ url } = answer);
    throwTold(url, thrown, provider);
  } else {
    const [base, path] = placeOf(config, headers);
    url = `${base}${path}/signin?${new URLSearchParams({ callbackUrl })}`;
  }
  if (redirect) await leave(url);
  return url;
}

/** As the original's answer to itself: where to go, and the cookies that were set. */
async function signOut(config, options) {
  const { redirect = true, redirectTo } = fieldsOf(options ?? {}, 'options');
  const headers = await requestHeaders();
  const { answer: { url }, lines } = await post(config, headers, '/signout', '', { callbackUrl: redirectTo ?? headers.get('referer') ?? '/' });
  if (redirect) await leave(url);
  return { redirect: url, cookies: lines.map(cookieOf).map(({ name, value, ...attributes }) => ({ name, value, options: attributes })) };
}

async function update(config, data) {
  return (await post(config, await requestHeaders(), '/session', '', { data }, true)).answer;
}

module.exports = { signIn, signOut, update };
