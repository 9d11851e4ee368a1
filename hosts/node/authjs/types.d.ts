// Auth.js v5's config and what its functions are given. Session, User, Account, Profile and JWT are interfaces to
// be extended in one place:
//   declare module 'usher/authjs' { interface Session { … } }
//   declare module 'usher/authjs/jwt' { interface JWT { … } }
import type { CookieSerializeOptions, CredentialInput, PagesOptions, Provider as AnyProvider, ProviderType, Theme, UsherOptions } from '../next-auth/types';
import type { Adapter, AdapterSession, AdapterUser } from './adapters';
import type { JWT, JWTOptions } from './jwt';

export type { CookieSerializeOptions, CredentialInput, PagesOptions, ProviderType, Theme };

export type Awaitable<T> = T | PromiseLike<T>;

export interface DefaultUser {
  id?: string;
  name?: string | null;
  email?: string | null;
  image?: string | null;
}

export interface User extends DefaultUser {}

export interface DefaultSession {
  user?: User;
  /** ISO 8601. */
  expires: string;
}

export interface Session extends DefaultSession {}

export interface Account {
  provider: string;
  /** The user's id at the provider. */
  providerAccountId: string;
  type: ProviderType;
  userId?: string;
  access_token?: string;
  token_type?: string;
  id_token?: string;
  refresh_token?: string;
  scope?: string;
  expires_in?: number;
  /** Seconds since 1970. */
  expires_at?: number;
  [more: string]: any;
}

export interface Profile {
  id?: string | null;
  sub?: string | null;
  name?: string | null;
  given_name?: string | null;
  family_name?: string | null;
  middle_name?: string | null;
  nickname?: string | null;
  preferred_username?: string | null;
  profile?: string | null;
  picture?: string | null | any;
  website?: string | null;
  email?: string | null;
  email_verified?: boolean | null;
  gender?: string | null;
  birthdate?: string | null;
  zoneinfo?: string | null;
  locale?: string | null;
  phone_number?: string | null;
  updated_at?: Date | string | number | null;
  address?: {
    formatted?: string | null;
    street_address?: string | null;
    locality?: string | null;
    region?: string | null;
    postal_code?: string | null;
    country?: string | null;
  } | null;
  [claim: string]: unknown;
}

export interface Provider extends Omit<AnyProvider, 'id'> {
  id: string;
  options?: any;
  /** A fetch of the program's, for this provider's requests: the symbol that `customFetch` is. */
  [custom: symbol]: any;
}

export interface CookieOption {
  name: string;
  options: CookieSerializeOptions;
}

export interface CookiesOptions {
  sessionToken: Partial<CookieOption>;
  callbackUrl: Partial<CookieOption>;
  csrfToken: Partial<CookieOption>;
  pkceCodeVerifier: Partial<CookieOption>;
  state: Partial<CookieOption>;
  nonce: Partial<CookieOption>;
  webauthnChallenge: Partial<CookieOption>;
}

export interface LoggerInstance {
  error(error: Error): void;
  warn(code: string, ...more: any[]): void;
  debug(message: string, metadata?: unknown): void;
  [level: string]: (...line: any[]) => any;
}

export interface Callbacks {
  /** In a middleware: true, false, or what to answer. */
  authorized?(params: { request: any; auth: Session | null }): Awaitable<boolean | Response | undefined | any>;
  /** True, false, or a URL to go to instead. */
  signIn?(params: {
    user: User | AdapterUser;
    account?: Account | null;
    profile?: Profile;
    email?: { verificationRequest?: boolean };
    credentials?: Record<string, CredentialInput>;
  }): Awaitable<boolean | string>;
  redirect?(params: { url: string; baseUrl: string }): Awaitable<string>;
  session?(params: ({ session: { user: AdapterUser } & AdapterSession; user: AdapterUser } & { session: Session; token: JWT }) & { newSession: any; trigger?: 'update' }): Awaitable<Session | DefaultSession>;
  /** Null ends the session. */
  jwt?(params: {
    token: JWT;
    user: User | AdapterUser;
    account?: Account | null;
    profile?: Profile;
    trigger?: 'signIn' | 'signUp' | 'update';
    isNewUser?: boolean;
    session?: any;
  }): Awaitable<JWT | null>;
}

export interface Events {
  signIn?(message: { user: User; account?: Account | null; profile?: Profile; isNewUser?: boolean }): Awaitable<void>;
  signOut?(message: { session: AdapterSession | null | undefined | void } | { token: JWT | null }): Awaitable<void>;
  createUser?(message: { user: User }): Awaitable<void>;
  updateUser?(message: { user: User }): Awaitable<void>;
  linkAccount?(message: { user: User | AdapterUser; account: Account; profile: User | AdapterUser }): Awaitable<void>;
  session?(message: { session: Session; token: JWT }): Awaitable<void>;
}

export interface NextAuthConfig {
  providers: (Provider | ((...args: any[]) => any))[];
  secret?: string | string[];
  basePath?: string;
  trustHost?: boolean;
  useSecureCookies?: boolean;
  session?: { strategy?: 'jwt' | 'database'; maxAge?: number; updateAge?: number; generateSessionToken?(): string };
  jwt?: Partial<JWTOptions>;
  pages?: Partial<PagesOptions>;
  callbacks?: Callbacks;
  events?: Events;
  adapter?: Adapter;
  cookies?: Partial<CookiesOptions>;
  debug?: boolean;
  logger?: Partial<LoggerInstance>;
  theme?: Theme;
  usher?: UsherOptions;
  /** Not part of this version: an error when NextAuth is called. */
  redirectProxyUrl?: string;
  experimental?: { enableWebAuthn?: boolean };
}

export type AuthConfig = NextAuthConfig;
