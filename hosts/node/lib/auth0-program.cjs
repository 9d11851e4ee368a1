'use strict';

// The functions of Auth0Client's options, asked by the engine on its way: onCallback with how a sign-in
// ended, beforeSessionSaved with the session as it would be stored.

const errors = require('./auth0-errors.cjs');
const { wrongType } = require('./errors.cjs');
const { isObject } = require('./headers.cjs');
const { nextResponse } = require('./next.cjs');

const CALLBACK_ERRORS = {
  missing_state: () => new errors.MissingStateError(),
  invalid_state: () => new errors.InvalidStateError(),
  discovery_error: () => new errors.DiscoveryError(),
  authorization_error: (cause) => new errors.AuthorizationError({ cause }),
  authorization_code_grant_request_error: () => new errors.AuthorizationCodeGrantRequestError(),
  authorization_code_grant_error: (cause) => new errors.AuthorizationCodeGrantError({ cause }),
  session_expired: (cause, message) => new errors.AccessTokenError('session_expired', message),
};

function errorOf(error) {
  if (!error) return null;
  const cause = new errors.OAuth2Error({ code: error.cause?.code ?? 'unknown_error', message: error.cause?.message });
  const make = CALLBACK_ERRORS[error.code];
  return make ? make(cause, error.message) : Object.assign(new errors.SdkError(error.message), { code: error.code });
}

class Auth0Program {
  /** What a function threw. */
  error;
  #options;
  #session; // as onCallback was handed it: what it changed is what is saved
  #response;

  constructor(options) {
    this.#options = options;
    this.onReport = options.onReport;
  }

  get hooks() { return this; }

  get heard() { return this; }

  onError(error) {
    this.error = error;
  }

  failed(error) {
    this.error = error;
  }

  async beforeSessionSaved({ session, idToken }) {
    const saved = await this.#options.beforeSessionSaved(this.#session ?? session, idToken ?? null);
    if (!isObject(saved) || Array.isArray(saved)) throw wrongType('what beforeSessionSaved returns', 'a session', saved);
    return saved;
  }

  async onCallback({ error, context, session }) {
    this.#session = session ?? undefined;
    this.#response = await this.#options.onCallback(errorOf(error), context, session ?? null);
    if (!(this.#response instanceof Response) && !isObject(this.#response?.headers)) throw wrongType('what onCallback returns', 'a Response', this.#response);
    return true;
  }

  /** The response: the program's own with our cookies, or the engine's. */
  answer(result) {
    const own = this.#response;
    const bare = result.status === 204 || result.body === '';
    if (!own) return nextResponse(bare ? null : result.body, result.headers, result.status);
    const headers = new Headers(own.headers);
    for (const [name, value] of result.headers) {
      const lower = name.toLowerCase();
      if (lower === 'set-cookie') headers.append(name, value);
      else if (/^(cache-control|pragma|expires)$/.test(lower)) headers.set(name, value);
    }
    return nextResponse(own.body, headers, own.status);
  }
}

module.exports = { Auth0Program };
