/** usher: web sessions and sign-in on a native engine. */
import type { SiteSettings } from './settings';

export type * from './settings';

export interface Problem {
  message: string;
  /** The site can be used all the same. */
  warning: boolean;
  line: number;
  column: number;
}

/** The settings cannot be used. */
export class SiteError extends Error {
  readonly code: 'USHER_E_SETTING';
  readonly problems: Problem[];
}

/** The engine could not tell: nothing was decided, set or cleared. Answer 503. */
export class UsherError extends Error {
  readonly code: `USHER_E_${string}`;
}

export interface Session {
  user?: { name?: string | null; email?: string | null; image?: string | null; [member: string]: unknown };
  expires: string;
  [member: string]: unknown;
}

export type Claims = Record<string, unknown>;

/** What a request's headers are read from. */
export type HeadersInput =
  | Request
  | Headers
  | { headers: Headers | Record<string, string | string[] | undefined> }
  | ReadonlyArray<readonly [string, string]>
  | Record<string, string | string[] | undefined>;

export type Verdict = 'none' | 'valid' | 'expired' | 'rejected' | 'revoked';

export interface CheckedSession {
  verdict: Verdict;
  session: Session | null;
  claims: Claims | null;
  /** Values of Set-Cookie that renew or clear the session. */
  setCookies: string[];
}

export interface UpdatedSession {
  session: Session | null;
  /** False if there is no valid session, or the new one would not fit into cookies. */
  written: boolean;
  setCookies: string[];
}

export interface Guarded {
  decision: 'allow' | 'deny' | 'undecided';
  allowed: boolean;
  session: Session | null;
  setCookies: string[];
  /** What to answer if it may not pass. */
  response: Response | null;
}

/** Something was refused, or could not be told: a line for the log. */
export interface Report {
  cause: string;
  what?: string;
  where?: string;
  id: string;
}

export interface AuthorizedUser {
  id?: string | number | null;
  name?: string | null;
  email?: string | null;
  image?: string | null;
  [more: string]: any;
}

export interface Hooks {
  /** jwt.decode: the claims, with `exp`, or null for a token that is none of yours. */
  decode?(params: { token: string; salt: string }): Claims | null | Promise<Claims | null>;
  /** jwt.encode: the token. */
  encode?(params: { token: Claims; salt: string; maxAge: number }): string | Promise<string>;
  /** callbacks.jwt: the token; null ends the session. */
  jwt?(params: { token: Claims; user?: any; account?: any; profile?: any; trigger?: string; session?: any }): Claims | null | Promise<Claims | null>;
  /** callbacks.session: what getSession shows. */
  session?(params: { session: Session; token: Claims }): any;
  /** callbacks.signIn: true, false, or a URL to go to instead. */
  signIn?(params: { user: any; account: any; profile?: any; credentials?: Record<string, any> }): boolean | string | Promise<boolean | string>;
  /** callbacks.redirect: a URL. */
  redirect?(params: { url: string; baseUrl: string }): string | Promise<string>;
  event?(name: string, message: any): void | Promise<void>;
  /** A provider's profile(), where users are rows: {id, name, email, image, …}. */
  profile?(params: { profile: any; account: any }): any;
  /** generateSessionToken(): the key of a new session's row. */
  sessionToken?(): string | Promise<string>;
  /**
   * Who sent the form of a credentials provider: the user, or null. An error whose `type` is `CredentialsSignin` refuses, and its
   * `code` is told to whoever tried; after any other nobody can tell, and every session stays.
   */
  authorize?(question: {
    provider: string;
    /** All that was posted. */
    credentials: Record<string, any>;
    method: string;
    url: string;
    query: Record<string, string>;
    headers: Record<string, string>;
  }): AuthorizedUser | null | undefined | false | Promise<AuthorizedUser | null | undefined | false>;
}

export interface SiteOptions {
  /** Where AUTH_SECRET and the like come from; process.env by default, null for nowhere. */
  env?: Record<string, string | undefined> | null;
  /** For requests to providers; the platform's by default. */
  fetch?: typeof globalThis.fetch;
  /** Milliseconds since 1970; for tests. */
  now?: () => number;
  onReport?: (report: Report) => void;
  /** What a hook threw. */
  onError?: (error: unknown, hook: string) => void;
  hooks?: Hooks;
  /** Rows (settings: session.strategy, users): an Auth.js adapter, or a session store of Auth0's SDK. */
  store?: object;
}

/** docs/settings.md lists them. */
export type Settings = SiteSettings | { site: SiteSettings };

export class Site {
  private constructor();
  readonly baseUrl: string;
  readonly basePath: string;
  readonly profile: 'nextauth-4' | 'authjs-5' | 'auth0-4' | 'robojs';
  readonly warnings: Problem[];

  getSession(headers: HeadersInput): Promise<Session | null>;
  getToken(headers: HeadersInput, options?: { raw?: false }): Promise<Claims | null>;
  getToken(headers: HeadersInput, options: { raw: true }): Promise<string | null>;
  checkSession(headers: HeadersInput, options?: { readOnly?: boolean }): Promise<CheckedSession>;
  /** Set-Cookie values that put `token` in the place of what `headers` brought; `expires` in milliseconds. */
  sessionCookies(headers: HeadersInput, token: string, expires: number): string[];
  updateSession(headers: HeadersInput, changes: Record<string, unknown>): Promise<UpdatedSession>;
  getCsrfToken(headers: HeadersInput): Promise<{ csrfToken: string; setCookies: string[] }>;
  handle(request: Request): Promise<Response>;
  guard(request: Request): Promise<Guarded>;
  owns(url: string): boolean;
  /** For Express, Connect and node:http. */
  nodeHandler(): (req: any, res: any, next?: (error?: unknown) => void) => Promise<void>;
  /** A session token for tests. */
  mint(session: { claims: Claims; maxAge?: number }): string;
}

export function createSite(settings: Settings, options?: SiteOptions): Site;

/** Which engine and which libcrypto are in use. */
export function info(): {
  version: string;
  libcrypto: string;
  libcryptoFile?: string;
  addonFile?: string;
  /** True: the addon has a libcrypto of its own. */
  libcryptoInside: boolean;
  node: string;
  nodeOpenssl: string;
  /** Requests of usher/runtime to its upstream, and how many of them had no answer. */
  upstream: { asked: number; outages: number };
};
