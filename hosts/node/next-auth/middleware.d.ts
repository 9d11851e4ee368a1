import type { JWT, JWTOptions } from './jwt';

export interface NextAuthMiddlewareOptions {
  pages?: { signIn?: string; error?: string };
  cookies?: { sessionToken?: { name?: string } };
  jwt?: Partial<Pick<JWTOptions, 'decode'>>;
  callbacks?: { authorized?(params: { token: JWT | null; req: any }): boolean | null | undefined | Promise<boolean | null | undefined> };
  secret?: string;
}

export interface NextRequestWithAuth extends Request {
  nextauth: { token: JWT | null };
  nextUrl: any;
  cookies: any;
}

type Answer = Response | null | undefined | void;
type Middleware = (request: any, event?: any) => Promise<Answer>;

export function withAuth(request: Request, options?: unknown): Promise<Answer>;
export function withAuth(
  middleware: (request: NextRequestWithAuth, event: any) => Answer | Promise<Answer>,
  options?: NextAuthMiddlewareOptions,
): Middleware;
export function withAuth(options?: NextAuthMiddlewareOptions): Middleware;
export default withAuth;
