'use strict';

/** The settings cannot be used; `problems` has every reason. */
class SiteError extends Error {
  constructor(problems) {
    const wrong = problems.filter((p) => !p.warning);
    super(`the site's settings cannot be used: ${wrong.map((p) => p.message).join('; ')}`);
    this.name = 'SiteError';
    this.code = 'USHER_E_SETTING';
    this.problems = problems;
  }
}

/** The engine could not tell: nothing was decided, set or cleared. Answer 503. */
class UsherError extends Error {
  constructor(code, message, options) {
    super(message, options);
    this.name = 'UsherError';
    this.code = code;
  }
}

/** What `authorize` throws to refuse somebody, and have `code` told to whoever tried. */
const isRefusal = (error) => error?.type === 'CredentialsSignin';

/** An exception of the addon, as what the caller should see. */
function shown(error) {
  if (error instanceof TypeError || typeof error?.code !== 'string') return error;
  return error.code.startsWith('USHER_E_') ? new UsherError(error.code, error.message) : error;
}

function wrongType(name, wanted, value) {
  const got = value === null ? 'null' : Array.isArray(value) ? 'an array' : typeof value;
  const error = new TypeError(`${name} must be ${wanted}, not ${got}`);
  error.code = 'ERR_INVALID_ARG_TYPE';
  return error;
}

module.exports = { SiteError, UsherError, isRefusal, shown, wrongType };
