'use strict';

// The errors of Auth.js v5: a class for each thing that goes wrong. `type` is the class' name, `kind` says which
// page a person is sent to, `cause` has what there is to know.

const { isObject } = require('../lib/headers.cjs');

function causeOf(message, options) {
  if (message instanceof Error) return { err: message, ...message.cause, ...options };
  if (options instanceof Error) return { err: options, ...options.cause };
  const given = typeof message === 'string' ? options : message;
  if (!isObject(given)) return undefined;
  return isObject(given.cause) ? given.cause : given;
}

class AuthError extends Error {
  static type = 'AuthError';
  static kind = 'error';

  constructor(message, options) {
    const cause = causeOf(message, options);
    super(typeof message === 'string' ? message : undefined, cause && { cause });
    const { name, type, kind } = new.target;
    Object.assign(this, { name, type, kind });
    this.message += `${this.message ? '. ' : ''}Read more at https://errors.authjs.dev#${type.toLowerCase()}`;
  }
}

class SignInError extends AuthError {
  static kind = 'signIn';
}

/** Thrown by `authorize`: its `code` is shown to the person who signs in. */
class CredentialsSignin extends SignInError {
  static type = 'CredentialsSignin';
  code = 'credentials';
}

const errors = { AuthError, SignInError, CredentialsSignin };

function declare(base, names) {
  for (const name of names) errors[name] = { [name]: class extends base { static type = name; } }[name];
}

declare(AuthError, ['AccessDenied', 'AdapterError', 'CallbackRouteError', 'DuplicateConditionalUI', 'ErrorPageLoop', 'EventError',
  'ExperimentalFeatureNotEnabled', 'InvalidCallbackUrl', 'InvalidCheck', 'InvalidEndpoints', 'InvalidProvider', 'JWTSessionError',
  'MissingAdapter', 'MissingAdapterMethods', 'MissingAuthorize', 'MissingSecret', 'MissingWebAuthnAutocomplete', 'OAuthProfileParseError',
  'SessionTokenError', 'SignOutError', 'UnknownAction', 'UnsupportedStrategy', 'UntrustedHost', 'Verification', 'WebAuthnVerificationError']);
declare(SignInError, ['AccountNotLinked', 'EmailSignInError', 'MissingCSRF', 'OAuthAccountNotLinked', 'OAuthCallbackError', 'OAuthSignInError']);

module.exports = errors;
