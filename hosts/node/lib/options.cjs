'use strict';

// What NextAuth's options and Auth.js' config must be: a mistake is told by its name, and not found by the
// first visitor. Looked at when a site is made of them, not for each request.

const { wrongType } = require('./errors.cjs');
const { isObject } = require('./headers.cjs');

const MEMBERS = {
  secret: ['a string', (value) => typeof value === 'string'],
  useSecureCookies: ['a boolean', (value) => typeof value === 'boolean'],
  debug: ['a boolean', (value) => typeof value === 'boolean'],
  basePath: ['a string', (value) => typeof value === 'string'],
  session: ['an object', isObject],
  'session.strategy': ["'jwt' or 'database'", (value) => value === 'jwt' || value === 'database'],
  'session.maxAge': ['a number of seconds', (value) => typeof value === 'number'],
  'session.updateAge': ['a number of seconds', (value) => typeof value === 'number'],
  jwt: ['an object', isObject],
  'jwt.maxAge': ['a number of seconds', (value) => typeof value === 'number'],
  theme: ['an object', isObject],
  adapter: ['an object', isObject],
  usher: ['an object', isObject],
  'usher.accept': ['an array of settings', Array.isArray],
};

const FUNCTIONS = {
  jwt: ['encode', 'decode'],
  callbacks: ['signIn', 'redirect', 'jwt', 'session', 'authorized'],
  events: ['signIn', 'signOut', 'createUser', 'updateUser', 'linkAccount', 'session'],
  logger: ['error', 'warn', 'debug'],
};

const PAGES = ['signIn', 'signOut', 'error', 'verifyRequest', 'newUser'];

const isMissing = (value) => value === undefined || value === null;

function checkGroup(group, name, members, wanted, is) {
  if (isMissing(group)) return;
  if (!isObject(group) || Array.isArray(group)) throw wrongType(name, 'an object', group);
  for (const member of members) {
    if (!isMissing(group[member]) && !is(group[member])) throw wrongType(`${name}.${member}`, wanted, group[member]);
  }
}

/** `name` is what the caller calls them; v5's secrets may be several. */
function checkMembers(options, name, severalSecrets = false) {
  for (const [path, [wanted, is]] of Object.entries(MEMBERS)) {
    const [first, second] = path.split('.');
    const value = second ? options[first]?.[second] : options[first];
    if (isMissing(value) || is(value)) continue;
    if (path === 'secret' && severalSecrets && Array.isArray(value) && value.every((one) => typeof one === 'string')) continue;
    throw wrongType(`${name}.${path}`, path === 'secret' && severalSecrets ? 'a string or an array of strings' : wanted, value);
  }
  for (const [group, members] of Object.entries(FUNCTIONS)) checkGroup(options[group], `${name}.${group}`, members, 'a function', (value) => typeof value === 'function');
  checkGroup(options.pages, `${name}.pages`, PAGES, 'a string', (value) => typeof value === 'string');
}

const told = new Set();

/** `debug`: that it is on, once; then a line for each answer. Nothing secret is among it, as it is with the originals. */
function tellDebug({ debug, logger }, prefix, code, line) {
  if (!debug) return;
  const warn = logger?.warn ?? ((word) => console.warn(`[${prefix}][warn][${word}]`));
  if (!told.has(code)) warn(code);
  told.add(code);
  (logger?.debug ?? ((message, metadata) => console.log(`[${prefix}][debug]`, message, metadata)))('ANSWER', line);
}

module.exports = { checkMembers, tellDebug };
