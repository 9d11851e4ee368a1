import all from './errors.cjs';

export const {
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
} = all;
