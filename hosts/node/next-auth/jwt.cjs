'use strict';

// getToken, encode and decode as NextAuth v4 has them.

const { randomBytes } = require('node:crypto');
const { wrongType } = require('../lib/errors.cjs');
const { isObject } = require('../lib/headers.cjs');
const { internals } = require('../lib/site.cjs');
const { MAX_AGE, defaultCookieName, headersOf, saltedSiteFor, secretOf, secureByDefault, siteFor } = require('../lib/v4.cjs');

function checkParams(params) {
  if (!isObject(params)) throw wrongType('params', 'an object', params);
  const { salt, secret } = params;
  if (salt !== undefined && typeof salt !== 'string') throw wrongType('params.salt', 'a string', salt);
  if (typeof secret !== 'string' && !Array.isArray(secret)) throw wrongType('params.secret', 'a string', secret);
}

/** Reading a cookie takes no secret, but a site has one. */
let anySecret;

function checkClaims(token, maxAge) {
  if (!isObject(token) || Array.isArray(token)) throw wrongType('params.token', 'an object', token);
  if (typeof maxAge !== 'number') throw wrongType('params.maxAge', 'a number of seconds', maxAge);
}

/** Seals a session token, or with a salt what a cookie of that name holds. */
async function encode(params) {
  checkParams(params);
  const { token = {}, secret, salt, maxAge = MAX_AGE } = params;
  checkClaims(token, maxAge);
  if (salt) return internals.sealCheck(saltedSiteFor({ secret, salt }), token, maxAge);
  return siteFor({ secret }).mint({ claims: token, maxAge });
}

/** The claims of a session token; throws if it is none. */
async function decode(params) {
  checkParams(params);
  const { token, secret, salt } = params;
  if (!token) return null;
  if (typeof token !== 'string') throw wrongType('params.token', 'a string', token);
  const claims = salt ? internals.openCheck(saltedSiteFor({ secret, salt }), token)
    : await siteFor({ secret }).getToken({ authorization: `Bearer ${encodeURIComponent(token)}` });
  if (!claims) throw new Error('the token does not open, or is over');
  return claims;
}

/** The claims of the request's session token, or null; with `raw` the token itself. */
async function getToken(params) {
  if (!isObject(params)) throw wrongType('params', 'an object', params);
  const { req, secureCookie = secureByDefault(), raw, decode: custom, secret = secretOf() } = params;
  if (!isObject(req)) throw new Error('Must pass `req` to JWT getToken()');
  const { cookieName = defaultCookieName(secureCookie) } = params;
  if (custom !== undefined && typeof custom !== 'function') throw wrongType('params.decode', 'a function', custom);
  if (secret !== undefined && typeof secret !== 'string' && !Array.isArray(secret)) throw wrongType('params.secret', 'a string', secret);
  if (typeof cookieName !== 'string') throw wrongType('params.cookieName', 'a string', cookieName);
  const headers = headersOf(req);
  if (raw) anySecret ??= randomBytes(32).toString('hex');
  const secure = cookieName.startsWith('__');
  const site = siteFor({ secret: raw ? anySecret : secret, cookieName, secure });
  if (!raw && !custom) return site.getToken(headers);
  const token = await site.getToken(headers, { raw: true });
  if (!token || raw) return token;
  try {
    return (await custom({ token, secret })) ?? null;
  } catch {
    return null;
  }
}

module.exports = { encode, decode, getToken };
