'use strict';

// The errors of Auth0's SDK: the same names, codes and members, so that code that tells them apart goes on
// doing so.

class SdkError extends Error {}

/** An error class with one code and a message of its own. */
function classOf(name, code, message) {
  return { [name]: class extends SdkError {
    constructor(given) {
      super(given ?? message);
      this.code = code;
      this.name = name;
    }
  } }[name];
}

/** The same for {cause, message}. */
function causedOf(name, code, message) {
  return { [name]: class extends SdkError {
    constructor({ cause, message: given } = {}) {
      super(given ?? message);
      this.code = code;
      this.cause = cause;
      this.name = name;
    }
  } }[name];
}

/** The same for (code, message, cause). */
function codedOf(name) {
  return { [name]: class extends SdkError {
    constructor(code, message, cause) {
      super(message);
      this.name = name;
      this.code = code;
      this.cause = cause;
    }
  } }[name];
}

class OAuth2Error extends SdkError {
  constructor({ code, message }) {
    super(message ?? 'An error occurred while interacting with the authorization server.');
    this.name = 'OAuth2Error';
    this.code = code;
  }
}

const DiscoveryError = classOf('DiscoveryError', 'discovery_error', 'Discovery failed for the OpenID Connect configuration.');
const MissingStateError = classOf('MissingStateError', 'missing_state', 'The state parameter is missing.');
const InvalidStateError = classOf('InvalidStateError', 'invalid_state', 'The state parameter is invalid.');
const InvalidConfigurationError = classOf('InvalidConfigurationError', 'invalid_configuration', 'The configuration is invalid.');
const AuthorizationError = causedOf('AuthorizationError', 'authorization_error', 'An error occurred during the authorization flow.');
const AuthorizationCodeGrantRequestError = classOf('AuthorizationCodeGrantRequestError', 'authorization_code_grant_request_error',
  'An error occurred while preparing or performing the authorization code grant request.');
const AuthorizationCodeGrantError = causedOf('AuthorizationCodeGrantError', 'authorization_code_grant_error',
  'An error occurred while trying to exchange the authorization code.');
const BackchannelLogoutError = classOf('BackchannelLogoutError', 'backchannel_logout_error', 'An error occurred while completing the backchannel logout request.');
const AccessTokenError = codedOf('AccessTokenError');
const AccessTokenForConnectionError = codedOf('AccessTokenForConnectionError');
const TokenRevocationError = codedOf('TokenRevocationError');

class MfaRequiredError extends SdkError {
  constructor(description, token, requirements, cause) {
    super(description);
    this.code = 'mfa_required';
    this.error = 'mfa_required';
    this.name = 'MfaRequiredError';
    this.error_description = description;
    this.mfa_token = token;
    this.mfa_requirements = requirements;
    this.cause = cause;
  }

  toJSON() {
    const { error, error_description, mfa_token, mfa_requirements } = this;
    return { error, error_description, mfa_token, ...(mfa_requirements && { mfa_requirements }) };
  }
}

const AccessTokenErrorCode = {
  MISSING_SESSION: 'missing_session',
  MISSING_REFRESH_TOKEN: 'missing_refresh_token',
  FAILED_TO_REFRESH_TOKEN: 'failed_to_refresh_token',
  SESSION_EXPIRED: 'session_expired',
};
const AccessTokenForConnectionErrorCode = {
  MISSING_SESSION: 'missing_session',
  MISSING_REFRESH_TOKEN: 'missing_refresh_token',
  FAILED_TO_EXCHANGE: 'failed_to_exchange_refresh_token',
};
const TokenRevocationErrorCode = {
  MISSING_SESSION: 'missing_session',
  MISSING_REFRESH_TOKEN: 'missing_refresh_token',
  FAILED_TO_REVOKE: 'failed_to_revoke',
};

module.exports = {
  SdkError,
  OAuth2Error,
  DiscoveryError,
  MissingStateError,
  InvalidStateError,
  InvalidConfigurationError,
  AuthorizationError,
  AuthorizationCodeGrantRequestError,
  AuthorizationCodeGrantError,
  BackchannelLogoutError,
  AccessTokenError,
  AccessTokenErrorCode,
  AccessTokenForConnectionError,
  AccessTokenForConnectionErrorCode,
  TokenRevocationError,
  TokenRevocationErrorCode,
  MfaRequiredError,
};
