import type { DefaultJWT } from '../next-auth/jwt';

export type { DefaultJWT };

/** Extend it in one place: declare module 'usher/authjs/jwt' { interface JWT { role?: string } } */
export interface JWT extends DefaultJWT {}

export interface JWTEncodeParams {
  token?: JWT;
  secret: string | string[];
  /** The name of the cookie. */
  salt: string;
  maxAge?: number;
}

export interface JWTDecodeParams {
  token?: string;
  secret: string | string[];
  salt: string;
}

export interface JWTOptions {
  secret: string | string[];
  maxAge: number;
  encode(params: JWTEncodeParams): string | Promise<string>;
  decode(params: JWTDecodeParams): JWT | null | Promise<JWT | null>;
}

export interface GetTokenParams<R extends boolean = false> {
  req: Request | { headers: Headers | Record<string, string | string[] | undefined> };
  secret?: string | string[];
  secureCookie?: boolean;
  cookieName?: string;
  salt?: string;
  raw?: R;
  decode?(params: JWTDecodeParams): JWT | null | Promise<JWT | null>;
}

export function encode(params: JWTEncodeParams): Promise<string>;
export function decode(params: JWTDecodeParams): Promise<JWT | null>;
export function getToken<R extends boolean = false>(params: GetTokenParams<R>): Promise<R extends true ? string | null : JWT | null>;
