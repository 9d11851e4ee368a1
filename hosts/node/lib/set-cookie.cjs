'use strict';

// Lines of Set-Cookie as Next.js' cookie jars take them, and put into whatever answers a request.

const { isObject } = require('./headers.cjs');
const { fromNext } = require('./next.cjs');

const ATTRIBUTES = { 'max-age': 'maxAge', expires: 'expires', path: 'path', domain: 'domain', samesite: 'sameSite', httponly: 'httpOnly', secure: 'secure' };

function pairOf(pair) {
  const at = pair.indexOf('=');
  const value = pair.slice(at + 1);
  return { name: pair.slice(0, at), value: value.includes('%') ? decodeURIComponent(value) : value };
}

/** A line of Set-Cookie as what Next.js' cookies().set takes. */
function cookieOf(line) {
  const [pair, ...rest] = line.split('; ');
  const cookie = pairOf(pair);
  for (const part of rest) {
    const [name, value] = part.split('=');
    const ours = ATTRIBUTES[name.toLowerCase()];
    if (ours === 'maxAge') cookie.maxAge = Number(value);
    else if (ours === 'expires') cookie.expires = new Date(value);
    else if (ours === 'sameSite') cookie.sameSite = value.toLowerCase();
    else if (ours) cookie[ours] = value ?? true;
  }
  return cookie;
}

function setIn(jar, lines) {
  for (const line of lines) {
    const { name, value, ...options } = cookieOf(line);
    jar.set(name, value, options);
  }
}

/** In a Server Action or a Route Handler; Next.js throws elsewhere. */
async function keep(lines) {
  setIn(await fromNext('next/headers').cookies(), lines);
}

const isJar = (value) => isObject(value) && typeof value.set === 'function' && typeof value.delete === 'function';

/** To a NextResponse, a Response, or a response of Node. */
function putInResponse(res, lines) {
  if (isJar(res.cookies)) return setIn(res.cookies, lines);
  const headers = isObject(res.headers) && typeof res.headers.append === 'function' ? res.headers : undefined;
  for (const line of lines) {
    if (headers) headers.append('set-cookie', line);
    else res.appendHeader('set-cookie', line);
  }
  return undefined;
}

/** A Cookie header after these lines of Set-Cookie: what is read later in the same request sees them. */
function cookieAfter(header, lines) {
  const pairs = new Map();
  for (const pair of (header ?? '').split(/; */)) if (pair) pairs.set(pair.split('=', 1)[0], pair);
  for (const line of lines) {
    const [pair] = line.split(';', 1);
    const at = pair.indexOf('=');
    if (at === pair.length - 1) pairs.delete(pair.slice(0, at));
    else pairs.set(pair.slice(0, at), pair);
  }
  return [...pairs.values()].join('; ');
}

/** The same where the request stands: NextRequest's jar writes its header too. */
function putInRequest(req, lines) {
  if (lines.length === 0) return;
  if (isJar(req.cookies)) {
    for (const line of lines) {
      const { name, value } = pairOf(line.split(';', 1)[0]);
      if (value !== '') req.cookies.set(name, value);
      else if (req.cookies.get(name)) req.cookies.delete(name); // each writes the whole header anew
    }
  } else if (typeof req.headers.set === 'function') {
    req.headers.set('cookie', cookieAfter(req.headers.get('cookie'), lines));
  } else {
    req.headers.cookie = cookieAfter(req.headers.cookie, lines);
  }
}

module.exports = { cookieOf, keep, putInRequest, putInResponse };
