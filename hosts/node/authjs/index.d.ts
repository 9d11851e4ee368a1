import type { NextAuthConfig, Session } from './types';

export * from './types';
export { AuthError, CredentialsSignin } from './errors';

/** A provider's member of this name is the fetch that its requests are made by. */
export const customFetch: unique symbol;

export interface NextAuthRequest extends Request {
  auth: Session | null;
  nextUrl: any;
  cookies: any;
}

type Handler = (req: any) => Promise<Response>;

export interface NextAuthResult {
  handlers: { GET: Handler; POST: Handler };
  auth: {
    /** In a component or an action: nothing is renewed. */
    (): Promise<Session | null>;
    /** In API routes and getServerSideProps. */
    (context: { req: any; res: any }): Promise<Session | null>;
    (req: { headers: any; [more: string]: any }, res: { [more: string]: any }): Promise<Session | null>;
    /** As a middleware. */
    (request: Request, event?: any): Promise<Response>;
    /** Around a middleware or a route handler. */
    (behind: (request: NextAuthRequest, context: any) => any): (request: any, context?: any) => Promise<Response>;
  };
  signIn(
    provider?: string,
    options?: FormData | ({ redirectTo?: string; redirect?: boolean } & Record<string, any>),
    authorizationParams?: string[][] | Record<string, string> | string | URLSearchParams,
  ): Promise<any>;
  signOut(options?: { redirectTo?: string; redirect?: boolean }): Promise<any>;
  unstable_update(data: Partial<Session> | { user: Partial<Session['user']> } | Record<string, any>): Promise<Session | null>;
}

export default function NextAuth(config: NextAuthConfig | ((request: any) => NextAuthConfig | PromiseLike<NextAuthConfig>)): NextAuthResult;
