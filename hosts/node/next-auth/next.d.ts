import type { JWT, JWTOptions } from './jwt';

export interface DefaultSession {
  user?: { name?: string | null; email?: string | null; image?: string | null };
  expires: string;
}

/** Extend it in one place: declare module 'usher/next-auth/next' { interface Session { … } } */
export interface Session extends DefaultSession {}

export interface SessionOptions {
  secret?: string;
  useSecureCookies?: boolean;
  session?: { strategy?: 'jwt'; maxAge?: number; updateAge?: number };
  jwt?: Partial<JWTOptions>;
  cookies?: { sessionToken?: { name?: string; options?: { domain?: string; path?: string; sameSite?: 'lax' | 'strict' | 'none' | boolean; secure?: boolean; httpOnly?: boolean } } };
  callbacks?: {
    jwt?(params: { token: any; session?: any; [more: string]: any }): JWT | Promise<JWT>;
    session?(params: { session: any; token: any; [more: string]: any }): any;
    [more: string]: any;
  };
  events?: { session?(message: { session: any; token: JWT }): void | Promise<void>; [more: string]: any };
  logger?: { error?(code: string, metadata?: unknown): void; [more: string]: any };
  [more: string]: unknown;
}

interface NodeResponse {
  getHeader(name: string): unknown;
  setHeader(name: string, value: any): unknown;
}

/** In a Server Component, Server Action or Route Handler: without `expires`, and nothing is renewed. */
export function getServerSession<O extends SessionOptions>(options?: O): Promise<Session | null>;
/** In an API route or getServerSideProps: the cookie is renewed on `res`. */
export function getServerSession<O extends SessionOptions>(req: { headers?: any; cookies?: any }, res: NodeResponse, options?: O): Promise<Session | null>;
export const unstable_getServerSession: typeof getServerSession;
