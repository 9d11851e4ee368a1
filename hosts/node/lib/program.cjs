'use strict';

// The callbacks and events of NextAuth's options, as functions that the engine asks. A program is made
// for each call and keeps what its functions were given and answered: the originals hand objects from
// one function to the next, where the engine hands on their text.

const { randomUUID } = require('node:crypto');

const { addressOf } = require('./adapter.cjs');
const { wrongType } = require('./errors.cjs');
const { isObject } = require('./headers.cjs');
const { tokenAnswered } = require('./showing.cjs');
const { SAME, Threw, then } = require('./wants.cjs');

const SESSION_EVENTS = ['session'];
const ALL_EVENTS = ['session', 'signIn', 'signOut', 'createUser', 'linkAccount'];

const isFunction = (value) => typeof value === 'function';
const has = (functions, name) => isFunction(functions?.[name]);

/** Of a column that holds a date, a text or milliseconds. */
const timeOf = (value) => new Date(typeof value === 'string' && /^\d+$/.test(value) ? Number(value) : value).getTime();

/**
 * The setting `hooks` for options: what has to be asked while a session is read, or on every route. `shows`: what
 * callbacks.session says is asked once the engine is done.
 */
function hooksOf({ callbacks, events, session, adapter, usher, mapped = false, authorizes = false }, everyRoute, shows = false) {
  const hooks = [];
  if (has(callbacks, 'jwt') || (everyRoute && mapped && !adapter)) hooks.push('jwt');
  if (everyRoute && mapped && adapter) hooks.push('profile');
  if ((everyRoute || usher?.accept) && adapter && has(session, 'generateSessionToken')) hooks.push('session_token');
  // Where sessions are rows there is no token, and without a callback the engine leaves the row's key out.
  const isRow = (session?.strategy ?? (adapter ? 'database' : 'jwt')) === 'database';
  if (!shows && (has(callbacks, 'session') || (has(callbacks, 'jwt') && !isRow))) hooks.push('session');
  if (everyRoute && authorizes) hooks.push('authorize');
  if (everyRoute && has(callbacks, 'signIn')) hooks.push('sign_in');
  if (everyRoute && has(callbacks, 'redirect')) hooks.push('redirect');
  if ((everyRoute ? ALL_EVENTS : SESSION_EVENTS).some((name) => has(events, name))) hooks.push('events');
  return hooks;
}

/** Which functions are asked while a session is read: a number to compare, and 0 if none is. */
const readingHooks = ({ callbacks, events }) => isFunction(callbacks?.jwt) | isFunction(callbacks?.session) << 1 | isFunction(events?.session) << 2;

/** True if reading a session with these options asks anything of the program. */
const asksProgram = (options) => readingHooks(options) !== 0 || !!options.adapter || !!options.jwt?.decode;

/** An id that JSON can hold. */
const plainId = (id) => (id === undefined || id === null || typeof id === 'number' || typeof id === 'string' ? id : String(id));

/**
 * Its methods are the hooks that wants name, and what v4 and v5 do differently is what their own programs
 * have in the place of the functions below.
 */
class Program {
  /** What the session callback answered, where that is what is shown: it may hold more than JSON can. */
  kept;
  /** What a function threw. */
  error;
  storeFailed = false;
  options;
  #reads;
  #providers;
  #given; // the claims as the jwt callback got them: one that changes them in place is seen, too
  #token;
  #person;
  #found; // session and user as the adapter gave them: dates are Dates
  #made; // the row of a session that was carried over from another format
  #users; // rows of users by their id, as the adapter gave them
  #mapped;
  #judged; // {user, credentials, account} of who signs in by a form

  /** `reads`: for a call that reads a session, and makes no text of it. */
  constructor(options, providers, reads = false) {
    this.options = options;
    this.#providers = providers;
    this.#reads = reads;
  }

  // ---- of each system ----------------------------------------------------------------------------

  /** The session callback gets a row and its user, not a session made of them. */
  get wholeRow() { return false; }

  /** Who reads a session is shown what the callback answered, not what JSON makes of it. */
  get keeps() { return false; }

  /** Events get the user as profile, not what the provider said. */
  get tellsUser() { return false; }

  /** What encode and decode get beside the token. */
  given() { return {}; }

  /** The session that the callback is handed. */
  shown(session) { return session; }

  /** Where a URL leads that signIn answered. */
  redirected(url) { return url; }

  /** The user that `authorize` answered, as it is handed on; `told` is what the engine makes of it. */
  person(user) { return user; }

  // user(mapped, own): {user, id} of a provider's profile(); refused(error): what signIn means that threw;
  // judge(provider, credentials, request): what its authorize answers; eventFailed(name, error)

  // ---- what wants ask ----------------------------------------------------------------------------

  get hooks() { return this; }

  get heard() { return this; }

  get store() { return this.options.adapter; }

  onError(error) {
    this.error = error;
  }

  failed(error) {
    this.error = error;
    this.storeFailed = true;
  }

  /** An id as the adapter itself wrote it. */
  userId(id) {
    return this.#users?.get(String(id))?.id ?? id;
  }

  decode({ token, salt }) {
    return this.options.jwt.decode({ ...this.given(salt), token });
  }

  encode({ token, salt, maxAge }) {
    return this.options.jwt.encode({ ...this.given(salt), token, maxAge });
  }

  redirect(params) {
    return this.options.callbacks.redirect(params);
  }

  sessionToken() {
    return this.options.session.generateSessionToken();
  }

  row(op, row) {
    if (row === null || row === undefined) return;
    if (op === 'getSessionAndUser') this.#found = row;
    if (op === 'createSession') this.#made = row;
    const user = op === 'getSessionAndUser' ? row.user : row;
    if (/User/.test(op) && user) (this.#users ??= new Map()).set(String(user.id), user);
  }

  /** A provider's profile(), for users who are rows: what it makes of them is looked up and stored. */
  async profile({ profile, account }) {
    const provider = this.#providers?.get(account.provider);
    const made = has(provider, 'profile') ? await provider.profile(profile, account) : {
      id: profile.sub, name: profile.name ?? profile.nickname ?? profile.preferred_username, email: profile.email, image: profile.picture,
    };
    this.#mapped = { ...made, id: made.id ?? randomUUID(), ...(typeof made.email === 'string' && { email: addressOf(made.email) }) };
    return this.#mapped;
  }

  /** Who signs in by a form. The engine needs to know of a user what its token holds, and no more. */
  async authorize({ provider: id, credentials, ...request }) {
    const user = await this.judge(this.#providers.get(id), credentials, request);
    if (!user) return null;
    if (user instanceof Threw) return user;
    if (typeof user !== 'object' || Array.isArray(user)) throw wrongType('what authorize returns', 'a user or null', user);
    this.#judged = { user, credentials };
    const { name, email, image } = user;
    return { id: plainId(user.id), name, email, image };
  }

  /** The same objects for each function, as the originals have it. */
  #formPeople({ user: told, account, credentials, ...params }) {
    const judged = this.#judged;
    const user = this.person(judged.user, told);
    judged.account ??= { ...account, providerAccountId: user.id };
    return { ...params, user, account: judged.account, ...(credentials && { credentials: judged.credentials }) };
  }

  /** With the rows as the adapter gave them. */
  #asStored(params) {
    const row = params.user && this.#users?.get(String(params.user.id));
    return row ? { ...params, user: row } : params;
  }

  /** User and account as the provider's profile() makes them; once for each sign-in. */
  async #people(params) {
    if (this.#judged) return this.#formPeople(params);
    if (this.store) return this.#asStored(params);
    const provider = this.#providers?.get(params.account?.provider);
    if (!params.profile || !has(provider, 'profile')) return params;
    this.#person ??= await this.user(await provider.profile(params.profile, params.account), params.user);
    const { user, id } = this.#person;
    return { ...params, user, account: { ...params.account, providerAccountId: id ?? params.account.providerAccountId }, mapped: true };
  }

  jwt(params) {
    return params.user ? this.#signedIn(params) : this.#asked(params);
  }

  async #signedIn(params) {
    const { mapped, ...people } = await this.#people(params);
    if (mapped) {
      const { user } = people;
      people.token = { ...people.token, name: user.name, email: user.email, picture: user.image, sub: String(user.id) };
    }
    return this.#asked(people);
  }

  #asked(people) {
    const { callbacks } = this.options;
    this.#token = people.token;
    if (!isFunction(callbacks?.jwt)) return people.token;
    this.#given = people.token;
    const before = this.#reads ? { ...people.token } : undefined;
    return then(callbacks.jwt(people), (token) => {
      this.#token = token;
      return tokenAnswered(token, before);
    });
  }

  /**
   * Session and user of what the engine shows, as the adapter gave them: found under the browser's key, or made of
   * a session in another format, which the row that was found is not. One that no row was made of has none.
   */
  #rowsOf(session, user) {
    const end = new Date(session.expires);
    const is = (row) => timeOf(row?.expires) === end.getTime();
    if (is(this.#found?.session) && String(this.#found.user?.id) === String(user.id)) return this.#found;
    const { user: shown, ...row } = session;
    return { session: is(this.#made) ? this.#made : { ...row, expires: end }, user: this.#users?.get(String(user.id)) ?? user };
  }

  /** Of a session that is a row. */
  async #sessionOfRow({ session, user, ...more }) {
    const { callbacks } = this.options;
    const found = this.#rowsOf(session, user);
    const shown = this.wholeRow ? { ...found.session, user: found.user } : session;
    const answer = has(callbacks, 'session') ? await callbacks.session({ session: shown, user: found.user, newSession: undefined, ...more }) : shown;
    if (this.keeps) this.kept = answer;
    return answer === undefined ? null : answer;
  }

  session(params) {
    if (params.user) return this.#sessionOfRow(params);
    const { session, token } = params;
    const { callbacks } = this.options;
    const shown = this.#given ? this.shown(session, this.#given) : session;
    const answer = isFunction(callbacks?.session) ? callbacks.session({ session: shown, token: this.#token ?? token }) : shown;
    return then(answer, (value) => this.#showing(value));
  }

  /** The engine need not see what is shown as it is, unless there is an event to tell of it. */
  #showing(value) {
    if (value === undefined) return null;
    if (!this.keeps) return value;
    this.kept = value;
    return this.#reads && isObject(value) && !isFunction(this.options.events?.session) ? SAME : value;
  }

  async signIn(params) {
    const { mapped, ...people } = await this.#people(params);
    const { callbacks } = this.options;
    let answer;
    try {
      answer = await callbacks.signIn(people);
    } catch (error) {
      const to = this.refused(error);
      return new Threw(to ? JSON.stringify(to) : undefined);
    }
    return typeof answer === 'string' ? this.redirected(answer) : !!answer;
  }

  async event(name, message) {
    const { events } = this.options;
    if (!has(events, name)) return;
    try {
      const { mapped, ...people } = message.account || this.store ? await this.#people(message) : message;
      if (mapped && this.tellsUser) people.profile = people.user;
      if (this.#mapped && this.tellsUser && name === 'signIn') people.profile = this.#mapped;
      await events[name](this.#token && people.token ? { ...people, token: this.#token } : people);
    } catch (error) {
      this.eventFailed(name, error);
    }
  }
}

module.exports = { Program, asksProgram, hooksOf, readingHooks };
