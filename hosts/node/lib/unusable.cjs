'use strict';

// What a program is answered whose settings make no site: its error page to who looks at a page, a line of
// JSON to everybody else. The page is the engine's, of a site that has nothing but pages.

const { randomBytes } = require('node:crypto');
const { createSite, internals } = require('./site.cjs');

const PAGES = new Set(['signin', 'signout', 'error', 'verify-request']);
const secret = randomBytes(32).toString('hex'); // nothing is sealed with it that anybody gets

async function page(profile, origin) {
  let site;
  try {
    site = createSite({ profile, base_url: origin, development: true, secret }, { env: null });
  } catch {
    return page(profile, 'http://localhost:3000'); // the address is what cannot be used
  }
  const url = `${site.basePath}/error?error=Configuration`;
  const { status, headers, body } = await internals.serve(site, { method: 'GET', url, headers: {} });
  return { status, headers: headers.filter(([name]) => name.toLowerCase() !== 'set-cookie'), body };
}

/** {status, headers, body}; `own`: the program's error page, which may itself be what had to be signed in for. */
async function unusable({ profile, origin, method, action, query, own, message }) {
  if (method !== 'GET' || !PAGES.has(action)) {
    return { status: 500, headers: [['content-type', 'application/json']], body: JSON.stringify({ message }) };
  }
  if (!own || query.get('callbackUrl')?.startsWith(own)) return page(profile, origin);
  return { status: 302, headers: [['location', `${own}?error=Configuration`]], body: '' };
}

module.exports = { unusable };
