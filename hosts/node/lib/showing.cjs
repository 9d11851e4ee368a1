'use strict';

// A program for who reads a session where nothing follows callbacks.session: no event, no row, no token of the
// program's own. The engine asks for the token alone, and what is shown is made when it is done.

const { wrongType } = require('./errors.cjs');
const { SAME, isPromise, then } = require('./wants.cjs');

const isFunction = (value) => typeof value === 'function';

/** True for options that such a program will do for. */
const showsLast = ({ events, jwt, adapter, usher }) => !isFunction(events?.session) && !jwt?.encode && !adapter && !usher?.accept;

/** True if a flat object has the members that it had: texts and numbers, which nobody can have changed inside. */
function isSame(before, after) {
  if (Object.getPrototypeOf(after) !== Object.prototype) return false;
  let more = 0;
  for (const name in after) {
    const value = after[name];
    if (value !== before[name] || value === undefined || (typeof value === 'object' && value !== null)) return false;
    more += 1;
  }
  for (const name in before) if (Object.hasOwn(before, name)) more -= 1;
  return more === 0;
}

/** What callbacks.jwt answered, or SAME if that is what it was handed: `before` is a copy from then. */
function tokenAnswered(token, before) {
  if (typeof token !== 'object' || Array.isArray(token)) throw wrongType('what callbacks.jwt returns', 'a token or null', token);
  return before && token && isSame(before, token) ? SAME : token;
}

class Showing {
  /** What a function threw. */
  error;
  #callbacks;
  #given; // the token as the jwt callback got it: one that changes it in place is seen, too
  #token;

  constructor({ callbacks }) {
    this.#callbacks = callbacks;
  }

  // Of each system: shown({given, token, expires, json}), the session that the callback is handed; made(answer), what the
  // caller gets of what it answered.

  get hooks() { return this; }

  onError(error) {
    this.error = error;
  }

  jwt(params) {
    const { token } = params;
    const before = { ...token };
    this.#given = token;
    return then(this.#callbacks.jwt(params), (answer) => {
      this.#token = answer;
      return tokenAnswered(answer, before);
    });
  }

  /**
   * The session, or a promise of it. JSON: when it ends, what the engine makes of a token that jwt has changed, and the
   * token if jwt was not asked.
   */
  show(expires, session, claims) {
    try {
      const shown = this.#asked(JSON.parse(expires), session, claims);
      return isPromise(shown) ? shown.catch((error) => this.#failed(error)) : shown;
    } catch (error) {
      return this.#failed(error);
    }
  }

  #asked(expires, json, claims) {
    const callbacks = this.#callbacks;
    const token = this.#token ?? JSON.parse(claims);
    const session = this.shown({ given: this.#given ?? token, token, expires, json });
    if (!isFunction(callbacks.session)) return session;
    return then(callbacks.session({ session, token }), (answer) => this.made(answer));
  }

  #failed(error) {
    this.error = error;
    throw error;
  }
}

module.exports = { Showing, showsLast, tokenAnswered };
