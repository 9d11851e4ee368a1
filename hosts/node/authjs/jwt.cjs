'use strict';

// getToken, encode and decode as Auth.js v5 has them: the salt is the cookie's name.

const { randomBytes } = require('node:crypto');
const { wrongType } = require('../lib/errors.cjs');
const { isObject } = require('../lib/headers.cjs');
const { internals } = require('../lib/site.cjs');
const { MAX_AGE, defaultCookieName, siteFor } = require('../lib/v5.cjs');

function checkParams(params) {
  if (!isObject(params)) throw wrongType('params', 'an object', params);
  const { salt, secret } = params;
  if (typeof salt !== 'string' || !salt) throw wrongType('params.salt', 'the name of the cookie', salt);
  if (typeof secret !== 'string' && !Array.isArray(secret)) throw wrongType('params.secret', 'a string or an array of strings', secret);
}

/** Seals a session token. */
async function encode(params) {
  checkParams(params);
  const { token = {}, secret, salt, maxAge = MAX_AGE } = params;
  if (!isObject(token) || Array.isArray(token)) throw wrongType('params.token', 'an object', token);
  if (typeof maxAge !== 'number') throw wrongType('params.maxAge', 'a number of seconds', maxAge);
  return siteFor({ secret, cookieName: salt }).mint({ claims: token, maxAge });
}

/** The claims of a session token; throws if it is none. */
async function decode(params) {
  checkParams(params);
  const { token, secret, salt } = params;
  if (!token) return null;
  if (typeof token !== 'string') throw wrongType('params.token', 'a string', token);
  // What is in a check cookie is no session, whatever it was sealed for.
  const isCheck = !salt.endsWith('session-token');
  const site = siteFor({ secret, cookieName: salt, isCheck });
  const claims = isCheck ? internals.openCheck(site, token) : await site.getToken({ authorization: `Bearer ${encodeURIComponent(token)}` });
  if (!claims) throw new Error('the token does not open, or is over');
  return claims;
}

let anySecret; // reading a cookie takes none, but a site has one

/** The claims of the request's session token, or null; with `raw` the token itself. */
async function getToken(params) {
  if (!isObject(params)) throw wrongType('params', 'an object', params);
  const { req, secret, secureCookie = false, raw, decode: custom } = params;
  if (!isObject(req)) throw new Error('Must pass `req` to JWT getToken()');
  const { cookieName = defaultCookieName(secureCookie), salt = cookieName } = params;
  if (typeof cookieName !== 'string') throw wrongType('params.cookieName', 'a string', cookieName);
  if (typeof salt !== 'string') throw wrongType('params.salt', 'a string', salt);
  if (custom !== undefined && typeof custom !== 'function') throw wrongType('params.decode', 'a function', custom);
  if (!raw && !secret) throw new Error('Must pass `secret` if not set to JWT getToken()');
  if (!raw && typeof secret !== 'string' && !Array.isArray(secret)) throw wrongType('params.secret', 'a string or an array of strings', secret);
  if (raw && !secret) anySecret ??= randomBytes(32).toString('hex');
  const site = siteFor({ secret: secret ?? anySecret, cookieName });
  const headers = isObject(req.headers) ? { headers: req.headers } : { headers: req };
  if (!raw && !custom && salt === cookieName) return site.getToken(headers);
  const token = await site.getToken(headers, { raw: true });
  if (!token || raw) return token;
  try {
    return (await (custom ?? decode)({ token, secret, salt })) ?? null;
  } catch {
    return null;
  }
}

module.exports = { encode, decode, getToken };
