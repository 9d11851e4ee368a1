/** usher/auth0: Auth0Client of Auth0's Next.js SDK v4 on the native engine. */
import type { IncomingMessage } from 'node:http';
import type { ReactNode } from 'react';
import type { GetServerSideProps, GetServerSidePropsContext, NextApiHandler, NextApiRequest, NextApiResponse } from 'next';
import type { NextRequest, NextResponse } from 'next/server';
import type { Report } from '../index.d.ts';
import type { SdkError } from './errors';

export * from './errors';

export interface User {
  sub: string;
  name?: string;
  nickname?: string;
  given_name?: string;
  family_name?: string;
  picture?: string;
  email?: string;
  email_verified?: boolean;
  org_id?: string;
  [claim: string]: any;
}

export interface TokenSet {
  accessToken: string;
  idToken?: string;
  scope?: string;
  requestedScope?: string;
  refreshToken?: string;
  expiresAt: number;
  audience?: string;
  token_type?: string;
}

export interface AccessTokenSet {
  accessToken: string;
  scope?: string;
  requestedScope?: string;
  audience: string;
  expiresAt: number;
  token_type?: string;
}

export interface ConnectionTokenSet {
  accessToken: string;
  scope?: string;
  expiresAt: number;
  connection: string;
  loginHint?: string;
  [member: string]: unknown;
}

export interface SessionData {
  user: User;
  tokenSet: TokenSet;
  accessTokens?: AccessTokenSet[];
  internal: { sid?: string; createdAt: number; sessionExpiresAt?: number };
  connectionTokenSets?: ConnectionTokenSet[];
  [member: string]: unknown;
}

export interface SessionCookieOptions {
  name?: string;
  domain?: string;
  path?: string;
  sameSite?: 'lax' | 'strict' | 'none';
  secure?: boolean;
  /** The cookie goes with the browser. */
  transient?: boolean;
}

export interface SessionConfiguration {
  rolling?: boolean;
  /** Seconds; three days by default. */
  absoluteDuration?: number;
  /** Seconds; a day by default. */
  inactivityDuration?: number;
  cookie?: SessionCookieOptions;
  /** False leaves the session as it is for this request. */
  beforeSessionRolled?(req: NextRequest | Request): boolean | Promise<boolean>;
}

export interface TransactionCookieOptions {
  prefix?: string;
  /** Seconds; an hour by default. */
  maxAge?: number;
  sameSite?: 'lax' | 'strict' | 'none';
  secure?: boolean;
  path?: string;
  domain?: string;
}

export interface AuthorizationParameters {
  scope?: string | Record<string, string>;
  audience?: string;
  redirect_uri?: string | null;
  max_age?: number;
  organization?: string;
  [parameter: string]: unknown;
}

export interface Routes {
  login?: string;
  logout?: string;
  callback?: string;
  profile?: string;
  accessToken?: string;
}

export interface OnCallbackContext {
  responseType?: string;
  returnTo?: string;
  challengeMode?: string;
  appBaseUrl?: string;
}

export type BeforeSessionSavedHook = (session: SessionData, idToken: string | null) => SessionData | Promise<SessionData>;
export type OnCallbackHook = (error: SdkError | null, context: OnCallbackContext, session: SessionData | null) => Response | Promise<Response>;

/** Sessions in a database: the cookie holds an id. A record lives as long as the session; see internal.createdAt. */
export interface SessionDataStore {
  get(id: string): Promise<SessionData | null>;
  set(id: string, session: SessionData): Promise<void>;
  /** False if there is no such record any more. Without it, get and set stand in. */
  update?(id: string, session: SessionData): Promise<boolean>;
  delete(id: string): Promise<void>;
  deleteByLogoutToken?(claims: { sid?: string; sub?: string; iss?: string }): Promise<void>;
}

export interface Auth0ClientOptions {
  domain?: string;
  clientId?: string;
  clientSecret?: string;
  secret?: string;
  appBaseUrl?: string | string[];
  authorizationParameters?: AuthorizationParameters;
  session?: SessionConfiguration;
  sessionStore?: SessionDataStore;
  transactionCookie?: TransactionCookieOptions;
  enableParallelTransactions?: boolean;
  signInReturnToPath?: string;
  pushedAuthorizationRequests?: boolean;
  logoutStrategy?: 'auto' | 'oidc' | 'v2';
  includeIdTokenHintInOIDCLogoutUrl?: boolean;
  routes?: Routes;
  enableAccessTokenEndpoint?: boolean;
  noContentProfileResponseWhenUnauthenticated?: boolean;
  /** Seconds before its end at which an access token is refreshed. */
  tokenRefreshBuffer?: number;
  /** The provider may be reached by http, at an address that is not public. */
  allowInsecureRequests?: boolean;
  /** Milliseconds. */
  httpTimeout?: number;
  customFetch?: typeof globalThis.fetch;
  beforeSessionSaved?: BeforeSessionSavedHook;
  onCallback?: OnCallbackHook;
  /** Without appBaseUrl: the headers of a request name the site. */
  trustHost?: boolean;
  onReport?(report: Report): void;
}

export interface GetAccessTokenOptions {
  refresh?: boolean;
  scope?: string;
  audience?: string;
  mergeScopes?: boolean;
}

export interface AccessToken {
  token: string;
  scope?: string;
  expiresAt: number;
  token_type?: string;
  audience?: string;
}

export interface StartInteractiveLoginOptions {
  authorizationParameters?: AuthorizationParameters;
  returnTo?: string;
}

type PagesRequest = IncomingMessage | NextApiRequest | Request;
type PagesResponse = NextApiResponse | GetServerSidePropsContext['res'] | Response;

export interface PageProps {
  params?: Promise<any>;
  searchParams?: Promise<any>;
}
type Page = (props: any) => Promise<ReactNode> | ReactNode;

export interface AppPageOptions {
  returnTo?: string | ((props: PageProps) => string | Promise<string>);
}

export interface PagesPageOptions {
  getServerSideProps?: GetServerSideProps<any, any, any>;
  returnTo?: string;
}

export class Auth0Client {
  constructor(options?: Auth0ClientOptions);
  readonly routes: Required<Routes> & Record<string, string>;
  /** For middleware.ts or proxy.ts: answers the routes, renews the session, lets everything pass. */
  middleware(req: NextRequest | Request): Promise<NextResponse>;
  getSession(): Promise<SessionData | null>;
  getSession(req: PagesRequest): Promise<SessionData | null>;
  updateSession(session: SessionData): Promise<void>;
  updateSession(req: PagesRequest, res: PagesResponse, session: SessionData): Promise<void>;
  getAccessToken(options?: GetAccessTokenOptions): Promise<AccessToken>;
  getAccessToken(req: PagesRequest, res: PagesResponse, options?: GetAccessTokenOptions): Promise<AccessToken>;
  withPageAuthRequired(page: Page, options?: AppPageOptions): (props?: any) => Promise<any>;
  withPageAuthRequired(options?: PagesPageOptions): GetServerSideProps<any, any, any>;
  withApiAuthRequired(handler: (req: NextRequest, context?: any) => Promise<Response> | Response): (req: NextRequest | Request, context?: any) => Promise<Response>;
  withApiAuthRequired(handler: NextApiHandler): NextApiHandler;
  startInteractiveLogin(options?: StartInteractiveLoginOptions): Promise<NextResponse>;
}
