import type { Claims, HeadersInput, Report, Session } from './index';

export interface AuthRuntimeOptions {
  basePath: string;
  baseUrl: string;
  cookieName: string;
  secret: string;
  sessionStrategy: 'jwt' | 'database';
}

export interface AuthProxyRuntimeOptions {
  localBasePath: string;
  targetBasePath?: string;
  baseUrl: string;
  cookieName?: string;
  secret?: string | null;
  sessionStrategy: 'jwt' | 'database';
  headers?: Record<string, string>;
  fetch?: typeof globalThis.fetch;
  /** What an outage of the upstream gives: null (the default), or an UsherError. It is reported either way. */
  onError?: 'null' | 'throw';
  /** Milliseconds; 5000 by default. */
  timeout?: number;
  onReport?: (report: Omit<Report, 'id'>) => void;
}

/** The last configure call counts. */
export function configureAuthRuntime(config: object, options: AuthRuntimeOptions): void;
export function configureAuthProxyRuntime(options: AuthProxyRuntimeOptions): void;

export interface SessionCallOptions {
  /** Gets the lines of Set-Cookie that renew or clear the session, for who can answer with them. Without it nothing is renewed. */
  onSetCookie?: (lines: string[]) => void;
}

export function getServerSession(input?: HeadersInput | null, options?: SessionCallOptions): Promise<Session | null>;
export function getToken(input?: HeadersInput | null, options?: { raw?: false }): Promise<Claims | null>;
export function getToken(input: HeadersInput | null | undefined, options: { raw: true }): Promise<string | null>;
