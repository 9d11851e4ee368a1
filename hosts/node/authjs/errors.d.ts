/** What went wrong; `type` is a word for programs, `cause` has what there is to know. */
export class AuthError extends Error {
  constructor(message?: string | Error | Record<string, unknown>, options?: Error | Record<string, unknown>);
  /** The name of the class. */
  type: string;
  /** Where a person is sent for it: the sign-in page or the error page. */
  kind: 'signIn' | 'error';
  cause?: Record<string, unknown> & { err?: Error };
  static type: string;
  static kind: string;
}
export class SignInError extends AuthError {}
/** Thrown by `authorize`: `code` is shown to the person who signs in. */
export class CredentialsSignin extends SignInError {
  code: string;
}
export class AccessDenied extends AuthError {}
export class AccountNotLinked extends SignInError {}
export class AdapterError extends AuthError {}
export class CallbackRouteError extends AuthError {}
export class DuplicateConditionalUI extends AuthError {}
export class EmailSignInError extends SignInError {}
export class ErrorPageLoop extends AuthError {}
export class EventError extends AuthError {}
export class ExperimentalFeatureNotEnabled extends AuthError {}
export class InvalidCallbackUrl extends AuthError {}
export class InvalidCheck extends AuthError {}
export class InvalidEndpoints extends AuthError {}
export class InvalidProvider extends AuthError {}
export class JWTSessionError extends AuthError {}
export class MissingAdapter extends AuthError {}
export class MissingAdapterMethods extends AuthError {}
export class MissingAuthorize extends AuthError {}
export class MissingCSRF extends SignInError {}
export class MissingSecret extends AuthError {}
export class MissingWebAuthnAutocomplete extends AuthError {}
export class OAuthAccountNotLinked extends SignInError {}
export class OAuthCallbackError extends SignInError {}
export class OAuthProfileParseError extends AuthError {}
export class OAuthSignInError extends SignInError {}
export class SessionTokenError extends AuthError {}
export class SignOutError extends AuthError {}
export class UnknownAction extends AuthError {}
export class UnsupportedStrategy extends AuthError {}
export class UntrustedHost extends AuthError {}
export class Verification extends AuthError {}
export class WebAuthnVerificationError extends AuthError {}
