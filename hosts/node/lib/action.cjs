'use strict';

// Server Actions of Auth.js v5: signIn, signOut and unstable_update, by Next.js' headers, cookies and
// redirect. They are POST requests to our own routes; Next.js has seen to it that its page called.

const { fromNext } = require('./next.cjs');
const { searchOf } = require('./providers.cjs');
const { keep } = require('./set-cookie.cjs');
const { internals, setCookiesOf } = require('./site.cjs');
const { placeOf, programOf, providersOf, routesOf } = require('./v5.cjs');

/** A request of the browser whose action this is. */
async function post(config, headers, path, search, fields, json = false) {
  const known = providersOf(config);
  const site = routesOf(config, placeOf(config, headers), known);
  const cookie = headers.get('cookie') ?? '';
  const program = programOf(config, site, known);
  const { csrfToken, setCookies } = await internals.csrf(site, { cookie }, program);
  const fresh = setCookies.map((line) => line.split(';', 1)[0]);
  const all = { csrfToken, ...fields };
  const result = await internals.serve(site, {
    method: 'POST',
    url: `${site.basePath}${path}${searchOf(search, 'POST', path.split('/').slice(1), known)}`,
    headers: { cookie: [...(cookie ? [cookie] : []), ...fresh].join('; '), 'content-type': json ? 'application/json' : 'application/x-www-form-urlencoded', 'x-auth-return-redirect': '1' },
    body: [Buffer.from(json ? JSON.stringify(all) : new URLSearchParams(all).toString())],
  }, program);
  await keep(setCookiesOf(result));
  return JSON.parse(result.body || 'null');
}

async function requestHeaders() {
  return new Headers(await fromNext('next/headers').headers());
}

async function leave(url) {
  fromNext('next/navigation').redirect(url);
}

/** The sign-in page, or the provider's door. */
async function signIn(config, provider, options = {}, authorizationParams = {}) {
  const headers = await requestHeaders();
  const { redirect = true, redirectTo, ...rest } = options instanceof FormData ? Object.fromEntries(options) : options;
  const callbackUrl = redirectTo?.toString() ?? headers.get('referer') ?? '/';
  let url;
  if (provider && providersOf(config).byId.has(provider)) {
    const query = new URLSearchParams(authorizationParams).toString();
    ({ url } = await post(config, headers, `/signin/${provider}`, query && `?${query}`, { ...rest, callbackUrl }));
  } else {
    const [base, path] = placeOf(config, headers);
    url = `${base}${path}/signin?${new URLSearchParams({ callbackUrl })}`;
  }
  if (redirect) await leave(url);
  return url;
}

async function signOut(config, { redirect = true, redirectTo } = {}) {
  const headers = await requestHeaders();
  const { url } = await post(config, headers, '/signout', '', { callbackUrl: redirectTo ?? headers.get('referer') ?? '/' });
  if (redirect) await leave(url);
  return { redirect: url };
}

async function update(config, data) {
  return post(config, await requestHeaders(), '/session', '', { data }, true);
}

module.exports = { signIn, signOut, update };
