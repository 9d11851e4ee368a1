/** usher/auth0/errors: the errors of Auth0's SDK, with its codes. */

export abstract class SdkError extends Error {
  abstract code: string;
}

interface Caused { cause?: OAuth2Error; message?: string }

/** What the provider said. */
export class OAuth2Error extends SdkError {
  code: string;
  constructor(params: { code: string; message?: string });
}
export class DiscoveryError extends SdkError { code: string; constructor(message?: string) }
export class MissingStateError extends SdkError { code: string; constructor(message?: string) }
export class InvalidStateError extends SdkError { code: string; constructor(message?: string) }
export class InvalidConfigurationError extends SdkError { code: string; constructor(message?: string) }
export class BackchannelLogoutError extends SdkError { code: string; constructor(message?: string) }
export class AuthorizationCodeGrantRequestError extends SdkError { code: string; constructor(message?: string) }
export class AuthorizationError extends SdkError {
  code: string;
  cause?: OAuth2Error;
  constructor(params?: Caused);
}
export class AuthorizationCodeGrantError extends SdkError {
  code: string;
  cause?: OAuth2Error;
  constructor(params?: Caused);
}

export enum AccessTokenErrorCode {
  MISSING_SESSION = 'missing_session',
  MISSING_REFRESH_TOKEN = 'missing_refresh_token',
  FAILED_TO_REFRESH_TOKEN = 'failed_to_refresh_token',
  SESSION_EXPIRED = 'session_expired',
}
export class AccessTokenError extends SdkError {
  code: string;
  cause?: OAuth2Error;
  constructor(code: string, message: string, cause?: OAuth2Error);
}
export enum AccessTokenForConnectionErrorCode {
  MISSING_SESSION = 'missing_session',
  MISSING_REFRESH_TOKEN = 'missing_refresh_token',
  FAILED_TO_EXCHANGE = 'failed_to_exchange_refresh_token',
}
export class AccessTokenForConnectionError extends SdkError {
  code: string;
  cause?: OAuth2Error;
  constructor(code: string, message: string, cause?: OAuth2Error);
}
export enum TokenRevocationErrorCode {
  MISSING_SESSION = 'missing_session',
  MISSING_REFRESH_TOKEN = 'missing_refresh_token',
  FAILED_TO_REVOKE = 'failed_to_revoke',
}
export class TokenRevocationError extends SdkError {
  code: string;
  cause?: OAuth2Error;
  constructor(code: string, message: string, cause?: OAuth2Error);
}

export interface MfaRequirements {
  enroll?: { type: string }[];
  challenge?: { type: string }[];
}
export class MfaRequiredError extends SdkError {
  readonly code: 'mfa_required';
  readonly error: 'mfa_required';
  readonly error_description: string;
  readonly mfa_token: string;
  readonly mfa_requirements?: MfaRequirements;
  readonly cause?: Error;
  constructor(error_description: string, mfa_token: string, mfa_requirements?: MfaRequirements, cause?: Error);
  toJSON(): { error: string; error_description: string; mfa_token: string; mfa_requirements?: MfaRequirements };
}
