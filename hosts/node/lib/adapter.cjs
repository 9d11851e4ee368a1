'use strict';

// Steps on rows: the engine wants them one by one, and an adapter of Auth.js or a session store of Auth0's
// SDK performs them as it is. Whatever it throws ends in an event.

const { UsherError, wrongType } = require('./errors.cjs');
const { isObject } = require('./headers.cjs');

/** A row of ours as adapters want it: dates are Dates. */
function withDates(row) {
  const out = { ...row };
  for (const name of ['expires', 'emailVerified']) if (typeof out[name] === 'string') out[name] = new Date(out[name]);
  return out;
}

const STEPS = {
  getSessionAndUser: (store, { id }) => store.getSessionAndUser(id),
  createSession: (store, { value }) => store.createSession(withDates(value)),
  updateSession: (store, { value }) => store.updateSession(withDates(value)),
  deleteSession: (store, { id }) => store.deleteSession(id),
  getUser: (store, { id }) => store.getUser(id),
  getUserByEmail: (store, { id }) => store.getUserByEmail(id),
  getUserByAccount: (store, { provider, id }) => store.getUserByAccount({ provider, providerAccountId: id }),
  createUser: (store, { value }) => store.createUser(withDates(value)),
  updateUser: (store, { value }) => store.updateUser(withDates(value)),
  linkAccount: (store, { value }) => store.linkAccount(value),
  get: (store, { id }) => store.get(id),
  set: (store, { id, value }) => store.set(id, value),
  update: replaced,
  delete: (store, { id }) => store.delete(id),
  deleteByLogoutToken: (store, { value }) => store.deleteByLogoutToken(value),
};

/** A record is written again only if it is still there: null says that it is not. */
async function replaced(store, { id, value }) {
  if (typeof store.update === 'function') return (await store.update(id, value)) === false ? null : value;
  if (!(await store.get(id))) return null;
  await store.set(id, value);
  return value;
}

// ---- answers -------------------------------------------------------------------------------------

/** A number that JSON cannot hold is a text to the engine: rounded, it would be another user's id. */
function plain(key, value) {
  if (typeof value !== 'bigint') return value;
  const number = Number(value);
  return Number.isSafeInteger(number) ? number : String(value);
}

/** Stores that keep dates as text or numbers are read, too. */
function withIso(row) {
  if (!isObject(row) || row.expires === undefined || row.expires === null || row.expires instanceof Date) return row;
  const text = typeof row.expires === 'string' && /^\d+$/.test(row.expires) ? Number(row.expires) : row.expires;
  const date = new Date(text);
  return Number.isNaN(date.getTime()) ? row : { ...row, expires: date };
}

function textOf(op, row) {
  const whole = op === 'getSessionAndUser' && isObject(row) ? { ...row, session: withIso(row.session) } : withIso(row);
  return JSON.stringify(whole ?? null, plain) ?? 'null';
}

/** What databases say when a row of that key is there already. */
const TAKEN = new Set(['23505', 'P2002', 'ER_DUP_ENTRY', 'SQLITE_CONSTRAINT_UNIQUE', 'SQLITE_CONSTRAINT_PRIMARYKEY', 11000, 1062]);

function isTaken(error) {
  for (let e = error, depth = 0; isObject(e) && depth < 5; e = e.cause?.err ?? e.cause ?? e.err, depth += 1) {
    if (TAKEN.has(e.code) || TAKEN.has(e.errno)) return true;
  }
  return false;
}

/** Whose row it is, as the adapter itself wrote that id. */
function owned(want, heard) {
  const { value } = want;
  return heard.userId && isObject(value) && value.userId !== undefined ? { ...want, value: { ...value, userId: heard.userId(value.userId) } } : want;
}

/**
 * An event for a step. `heard`: {row(op, row), failed(error, op), userId(id)}, who keeps what came as it came;
 * each may be missing.
 */
async function stepped(want, store, heard = {}) {
  try {
    if (!store) throw new UsherError('USHER_E_SETTING', 'usher: this site has no store');
    if (!Object.hasOwn(STEPS, want.op)) throw new UsherError('USHER_E_USAGE', `usher: no step on rows is called ${want.op}`);
    const row = await STEPS[want.op](store, owned(want, heard));
    const value = textOf(want.op, row);
    heard.row?.(want.op, row);
    return { kind: 'stored', value };
  } catch (error) {
    if (isTaken(error)) return { kind: 'conflict' };
    heard.failed?.(error, want.op);
    return { kind: 'store_failed' };
  }
}

// ---- addresses ---------------------------------------------------------------------------------------

/**
 * An address as users are looked up by it: in lower case, as the originals have it. But the sign for kelvins stays
 * what it is: its small letter is a "k", and the address would be somebody else's.
 */
const addressOf = (email) => email.replace(/[^\u212a]+/g, (part) => part.toLowerCase());

// ---- options -------------------------------------------------------------------------------------

/** The settings that go with the options of Auth.js' systems: {strategy, users}. */
function rowsOf({ session = {}, adapter }, name = 'options') {
  if (adapter !== undefined && adapter !== null && !isObject(adapter)) throw wrongType(`${name}.adapter`, 'an adapter', adapter);
  const strategy = session.strategy ?? (adapter ? 'database' : 'jwt');
  if (strategy === 'database' && !adapter) throw new UsherError('USHER_E_SETTING', `usher: ${name}.session.strategy is "database", and there is no ${name}.adapter`);
  return { strategy, users: adapter ? 'database' : 'none' };
}

module.exports = { addressOf, rowsOf, stepped };
