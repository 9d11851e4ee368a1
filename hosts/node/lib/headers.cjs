'use strict';

// Headers as callers have them: Request, Headers, Node's request, tuples, a plain object.

const { wrongType } = require('./errors.cjs');

const WANTED = 'a Request, Headers, a Node request, an array of [name, value], or an object of headers';

function isObject(value) {
  return (typeof value === 'object' && value !== null) || typeof value === 'function';
}

/** True for Headers, and for what is used as such (Next.js' ReadonlyHeaders). */
function isHeaders(value) {
  return typeof value.get === 'function' && typeof value.entries === 'function';
}

function textOf(value, label) {
  if (typeof value === 'string') return value;
  if (Array.isArray(value) && value.every((v) => typeof v === 'string')) {
    return value.join(label.endsWith('.cookie') ? '; ' : ', ');
  }
  throw wrongType(label, 'a string or an array of strings', value);
}

/** What holds the headers: `input` itself, or what is in its `headers`. */
function holderOf(input, name) {
  if (!isObject(input)) throw wrongType(name, WANTED, input);
  if (Array.isArray(input) || isHeaders(input)) return input;
  const inner = Object.hasOwn(input, 'headers') || typeof input.headers === 'object' ? input.headers : undefined;
  if (inner === undefined) return input;
  if (!isObject(inner)) throw wrongType(`${name}.headers`, WANTED, inner);
  return inner;
}

function* pairsOf(input, name) {
  const holder = holderOf(input, name);
  if (Array.isArray(holder)) {
    for (const [i, pair] of holder.entries()) {
      if (!Array.isArray(pair) || pair.length !== 2 || typeof pair[0] !== 'string') {
        throw wrongType(`${name}[${i}]`, 'a pair [name, value]', pair);
      }
      yield [pair[0], textOf(pair[1], `${name}.${pair[0].toLowerCase()}`)];
    }
  } else if (isHeaders(holder)) {
    for (const [key, value] of holder.entries()) yield [key, textOf(value, `${name}.${key}`)];
  } else {
    for (const key of Object.keys(holder)) {
      const value = holder[key];
      if (value === undefined || value === null) continue;
      yield [key, textOf(value, `${name}.${key.toLowerCase()}`)];
    }
  }
}

/** [Cookie, Authorization]: all that a session is read from. */
function credentialsOf(input, name) {
  const holder = holderOf(input, name);
  if (!Array.isArray(holder) && isHeaders(holder)) {
    return [holder.get('cookie') ?? undefined, holder.get('authorization') ?? undefined];
  }
  if (!Array.isArray(holder) && typeof holder.cookie === 'string' && typeof holder.authorization !== 'object'
      && holder === input.headers) {
    return [holder.cookie, holder.authorization]; // Node's request: its names are in lower case
  }
  let cookie;
  let authorization;
  for (const [key, value] of pairsOf(input, name)) {
    const lower = key.toLowerCase();
    if (lower === 'cookie') cookie = cookie === undefined ? value : `${cookie}; ${value}`;
    else if (lower === 'authorization') authorization ??= value;
  }
  return [cookie, authorization];
}

/** Cookie alone; without a list to put it in where Node has read the headers. */
function cookieOf(input, name) {
  const { headers } = input;
  const isPlain = typeof headers?.cookie === 'string' && typeof headers.authorization !== 'object' && !Array.isArray(headers) && !isHeaders(headers);
  return isPlain ? headers.cookie : credentialsOf(input, name)[0];
}

/** A flat list of names and values. */
function flatOf(input, name) {
  const flat = [];
  for (const [key, value] of pairsOf(input, name)) flat.push(key, value);
  return flat;
}

module.exports = { cookieOf, credentialsOf, flatOf, isObject };
