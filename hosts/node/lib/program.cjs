'use strict';

// The callbacks and events of NextAuth's options, as functions that the engine asks. A program is made
// for each call and keeps what its functions were given and answered: the originals hand objects from
// one function to the next, where the engine hands on their text.

const { randomUUID } = require('node:crypto');

const { addressOf } = require('./adapter.cjs');
const { wrongType } = require('./errors.cjs');
const { then } = require('./wants.cjs');

const SESSION_EVENTS = ['session'];
const ALL_EVENTS = ['session', 'signIn', 'signOut', 'createUser', 'linkAccount'];

const has = (functions, name) => typeof functions?.[name] === 'function';

/** The setting `hooks` for options: what has to be asked while a session is read, or on every route. */
function hooksOf({ callbacks, events, session, adapter, mapped = false }, everyRoute) {
  const hooks = [];
  if (has(callbacks, 'jwt') || (everyRoute && mapped && !adapter)) hooks.push('jwt');
  if (everyRoute && mapped && adapter) hooks.push('profile');
  if (everyRoute && adapter && has(session, 'generateSessionToken')) hooks.push('session_token');
  if (has(callbacks, 'session') || has(callbacks, 'jwt')) hooks.push('session');
  if (everyRoute && has(callbacks, 'signIn')) hooks.push('sign_in');
  if (everyRoute && has(callbacks, 'redirect')) hooks.push('redirect');
  if ((everyRoute ? ALL_EVENTS : SESSION_EVENTS).some((name) => has(events, name))) hooks.push('events');
  return hooks;
}

/** `jwt.encode` and `jwt.decode`, with what the originals pass beside the token. */
function codecs({ encode, decode }, given) {
  if (!encode) return {};
  return {
    decode: ({ token, salt }) => decode({ ...given(salt), token }),
    encode: ({ token, salt, maxAge }) => encode({ ...given(salt), token, maxAge }),
  };
}

/**
 * `system` is what v4 and v5 do differently:
 *   given(salt)           what encode and decode get beside the token
 *   user(mapped, own)     the user of a provider's profile()
 *   shown(seen, session)  the session that the callback is handed
 *   refused(error)        what signIn means that threw
 *   redirected(url)       where a URL leads that signIn answered; absent: there
 *   wholeRow              the session callback gets a row and its user, not a session made of them
 *   tellsUser             events get the user as profile, not what the provider said
 *   eventFailed(name, error)
 */
class Program {
  /** What the session callback answered: an object that may hold more than JSON can. */
  session;
  /** What a function threw. */
  error;
  #options;
  #system;
  #providers;
  #given; // the claims as the jwt callback got them: one that changes them in place is seen, too
  #token;
  #person;
  #found; // session and user as the adapter gave them: dates are Dates
  #users = new Map();
  #mapped;

  constructor(options, system, providers = new Map()) {
    const { callbacks = {}, events = {}, jwt = {}, adapter, session } = options;
    this.store = adapter;
    this.heard = {
      row: (op, row) => this.#keep(op, row),
      failed: (error) => { this.error = error; this.storeFailed = true; },
      userId: (id) => this.#users.get(String(id))?.id ?? id,
    };
    this.#options = { callbacks, events };
    this.#system = system;
    this.#providers = providers;
    this.onError = (error) => { this.error = error; };
    this.hooks = {
      ...codecs(jwt, system.given),
      jwt: (params) => this.#jwt(params),
      session: (params) => this.#session(params),
      signIn: (params) => this.#signIn(params),
      redirect: (params) => callbacks.redirect(params),
      event: (name, message) => this.#event(name, message),
      profile: (params) => this.#profile(params),
      sessionToken: () => session.generateSessionToken(),
    };
  }

  #keep(op, row) {
    if (row === null || row === undefined) return;
    if (op === 'getSessionAndUser') this.#found = row;
    const user = op === 'getSessionAndUser' ? row.user : row;
    if (/User/.test(op) && user) this.#users.set(String(user.id), user);
  }

  /** A provider's profile(), for users who are rows: what it makes of them is looked up and stored. */
  async #profile({ profile, account }) {
    const provider = this.#providers.get(account.provider);
    const made = has(provider, 'profile') ? await provider.profile(profile, account) : {
      id: profile.sub, name: profile.name ?? profile.nickname ?? profile.preferred_username, email: profile.email, image: profile.picture,
    };
    this.#mapped = { ...made, id: made.id ?? randomUUID(), ...(typeof made.email === 'string' && { email: addressOf(made.email) }) };
    return this.#mapped;
  }

  /** With the rows as the adapter gave them. */
  #asStored(params) {
    const row = params.user && this.#users.get(String(params.user.id));
    return row ? { ...params, user: row } : params;
  }

  /** User and account as the provider's profile() makes them; once for each sign-in. */
  async #people(params) {
    if (this.store) return this.#asStored(params);
    const provider = this.#providers.get(params.account?.provider);
    if (!params.profile || !has(provider, 'profile')) return params;
    this.#person ??= await this.#system.user(await provider.profile(params.profile, params.account), params.user);
    const { user, id } = this.#person;
    return { ...params, user, account: { ...params.account, providerAccountId: id ?? params.account.providerAccountId }, mapped: true };
  }

  #jwt(params) {
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
    const { callbacks } = this.#options;
    if (!has(callbacks, 'jwt')) return people.token;
    this.#given = people.token;
    return then(callbacks.jwt(people), (token) => {
      this.#token = token;
      if (typeof token !== 'object' || Array.isArray(token)) throw wrongType('what callbacks.jwt returns', 'a token or null', token);
      return token;
    });
  }

  /** Of a session that is a row. */
  async #sessionOfRow({ session, user, ...more }) {
    const { callbacks } = this.#options;
    const found = this.#found ?? { session, user };
    const shown = this.#system.wholeRow ? { ...found.session, user: found.user } : session;
    this.session = has(callbacks, 'session') ? await callbacks.session({ session: shown, user: found.user, newSession: undefined, ...more }) : shown;
    return this.session === undefined ? null : this.session;
  }

  #session(params) {
    if (params.user) return this.#sessionOfRow(params);
    const { session, token } = params;
    const { callbacks } = this.#options;
    const shown = this.#given ? this.#system.shown(session, this.#given) : session;
    const answer = has(callbacks, 'session') ? callbacks.session({ session: shown, token: this.#token ?? token }) : shown;
    return then(answer, (value) => {
      this.session = value;
      return value === undefined ? null : value;
    });
  }

  async #signIn(params) {
    const { mapped, ...people } = await this.#people(params);
    const { callbacks } = this.#options;
    let answer;
    try {
      answer = await callbacks.signIn(people);
    } catch (error) {
      return this.#system.refused(error);
    }
    if (typeof answer !== 'string' || !this.#system.redirected) return typeof answer === 'string' ? answer : !!answer;
    return this.#system.redirected(answer);
  }

  async #event(name, message) {
    const { events } = this.#options;
    if (!has(events, name)) return;
    try {
      const { mapped, ...people } = message.account || this.store ? await this.#people(message) : message;
      if (mapped && this.#system.tellsUser) people.profile = people.user;
      if (this.#mapped && this.#system.tellsUser && name === 'signIn') people.profile = this.#mapped;
      await events[name](this.#token && people.token ? { ...people, token: this.#token } : people);
    } catch (error) {
      this.#system.eventFailed(name, error);
    }
  }
}

module.exports = { Program, hooksOf };
