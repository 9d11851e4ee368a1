// NextAuth v4's options and what its functions are given. Session, User, Account, Profile and JWT are interfaces
// to be extended in one place:
//   declare module 'usher/next-auth' { interface Session { … } }
//   declare module 'usher/next-auth/jwt' { interface JWT { … } }
import type { AcceptSettings } from '../settings';
import type { Adapter, AdapterUser } from './adapters';
import type { JWT, JWTOptions } from './jwt';

export type Awaitable<T> = T | PromiseLike<T>;

export interface DefaultSession {
  user?: { name?: string | null; email?: string | null; image?: string | null };
  /** ISO 8601. */
  expires: string;
}

export interface Session extends DefaultSession {}

export interface DefaultUser {
  id: string;
  name?: string | null;
  email?: string | null;
  image?: string | null;
}

export interface User extends DefaultUser {}

export interface TokenSet {
  access_token?: string;
  token_type?: string;
  id_token?: string;
  refresh_token?: string;
  scope?: string;
  /** Seconds since 1970. */
  expires_at?: number;
  session_state?: string;
  [more: string]: unknown;
}

export type ProviderType = 'oauth' | 'oidc' | 'email' | 'credentials';

export interface Account extends Partial<TokenSet> {
  provider: string;
  /** The user's id at the provider. */
  providerAccountId: string;
  userId?: string;
  type: ProviderType;
}

export interface Profile {
  sub?: string;
  name?: string;
  email?: string;
  image?: string;
}

export interface CredentialInput {
  label?: string;
  type?: string;
  value?: string;
  placeholder?: string;
  [attribute: string]: any;
}

/** In the shape of NextAuth's providers; `usher` has settings of ours (docs/settings.md, site.providers[]). */
export interface Provider {
  id: string;
  type: ProviderType | (string & {});
  name?: string;
  clientId?: string;
  clientSecret?: string;
  wellKnown?: string;
  issuer?: string;
  authorization?: string | { url?: string; params?: Record<string, any>; [more: string]: any };
  token?: any;
  userinfo?: any;
  idToken?: boolean;
  checks?: any;
  client?: Record<string, any>;
  profile?(profile: any, tokens: any): any;
  credentials?: Record<string, CredentialInput>;
  authorize?(credentials: any, request: any): any;
  usher?: Record<string, unknown>;
  [more: string]: any;
}

export interface CallbacksOptions<P = Profile, A = Account> {
  /** True, false, or a URL to go to instead. */
  signIn(params: {
    user: User | AdapterUser;
    account: A | null;
    profile?: P;
    email?: { verificationRequest?: boolean };
    credentials?: Record<string, CredentialInput>;
  }): Awaitable<string | boolean>;
  redirect(params: { url: string; baseUrl: string }): Awaitable<string>;
  session(params: { session: Session; token: JWT; user: AdapterUser } & { newSession: any; trigger: 'update' }): Awaitable<Session | DefaultSession>;
  jwt(params: {
    token: JWT;
    user: User | AdapterUser;
    account: A | null;
    profile?: P;
    trigger?: 'signIn' | 'signUp' | 'update';
    isNewUser?: boolean;
    session?: any;
  }): Awaitable<JWT>;
}

export interface EventCallbacks {
  signIn(message: { user: User; account: Account | null; profile?: Profile; isNewUser?: boolean }): Awaitable<void>;
  signOut(message: { session: Session; token: JWT }): Awaitable<void>;
  createUser(message: { user: User }): Awaitable<void>;
  updateUser(message: { user: User }): Awaitable<void>;
  linkAccount(message: { user: User | AdapterUser; account: Account; profile: User | AdapterUser }): Awaitable<void>;
  session(message: { session: Session; token: JWT }): Awaitable<void>;
}

export type EventType = keyof EventCallbacks;

export interface PagesOptions {
  signIn: string;
  signOut: string;
  error: string;
  verifyRequest: string;
  newUser: string;
}

export interface CookieSerializeOptions {
  domain?: string;
  path?: string;
  sameSite?: boolean | 'lax' | 'strict' | 'none';
  secure?: boolean;
  httpOnly?: boolean;
  maxAge?: number;
  expires?: Date;
  encode?(value: string): string;
  [more: string]: any;
}

export interface CookieOption {
  name: string;
  options: CookieSerializeOptions;
}

export interface CookiesOptions {
  sessionToken: CookieOption;
  callbackUrl: CookieOption;
  csrfToken: CookieOption;
  pkceCodeVerifier: CookieOption;
  state: CookieOption;
  nonce: CookieOption;
}

export type SessionStrategy = 'jwt' | 'database';

export interface SessionOptions {
  strategy: SessionStrategy;
  /** Seconds. */
  maxAge: number;
  updateAge: number;
  generateSessionToken(): Awaitable<string>;
}

export interface LoggerInstance {
  error(code: string, metadata?: any): void;
  warn(code: string, ...more: any[]): void;
  debug(code: string, metadata?: any): void;
  [level: string]: (...line: any[]) => any;
}

export interface Theme {
  colorScheme?: 'auto' | 'dark' | 'light';
  logo?: string;
  brandColor?: string;
  buttonText?: string;
}

/** What the originals have no word for. */
export interface UsherOptions {
  /** Sessions that are read besides, so that nobody is signed out by a move. */
  accept?: readonly AcceptSettings[];
}

export interface AuthOptions {
  providers: Provider[];
  secret?: string;
  session?: Partial<SessionOptions>;
  jwt?: Partial<JWTOptions>;
  pages?: Partial<PagesOptions>;
  callbacks?: Partial<CallbacksOptions>;
  events?: Partial<EventCallbacks>;
  adapter?: Adapter;
  debug?: boolean;
  logger?: Partial<LoggerInstance>;
  theme?: Theme;
  useSecureCookies?: boolean;
  cookies?: Partial<CookiesOptions>;
  usher?: UsherOptions;
}

export type NextAuthOptions = AuthOptions;
