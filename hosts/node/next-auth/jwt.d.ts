import type { IncomingHttpHeaders } from 'node:http';

export interface DefaultJWT {
  name?: string | null;
  email?: string | null;
  picture?: string | null;
  sub?: string;
  iat?: number;
  exp?: number;
  jti?: string;
  [claim: string]: unknown;
}

/** Extend it in one place: declare module 'usher/next-auth/jwt' { interface JWT { role?: string } } */
export interface JWT extends DefaultJWT {}

export interface JWTEncodeParams {
  token?: JWT;
  secret: string | string[];
  maxAge?: number;
  /** Of a check cookie: its name. A session token has none. */
  salt?: string;
}

export interface JWTDecodeParams {
  token?: string;
  secret: string | string[];
  /** Of a check cookie: its name. A session token has none. */
  salt?: string;
}

export interface JWTOptions {
  secret?: string;
  maxAge?: number;
  encode(params: JWTEncodeParams): string | Promise<string>;
  decode(params: JWTDecodeParams): JWT | null | Promise<JWT | null>;
}

export interface GetTokenRequest {
  headers?: Headers | IncomingHttpHeaders | Record<string, string | string[] | undefined>;
  cookies?: unknown;
}

export interface GetTokenParams<R extends boolean = false> {
  req: GetTokenRequest;
  secureCookie?: boolean;
  cookieName?: string;
  raw?: R;
  secret?: string;
  decode?: JWTOptions['decode'];
}

export function encode(params: JWTEncodeParams): Promise<string>;
export function decode(params: JWTDecodeParams): Promise<JWT | null>;
export function getToken<R extends boolean = false>(params: GetTokenParams<R>): Promise<R extends true ? string | null : JWT | null>;
