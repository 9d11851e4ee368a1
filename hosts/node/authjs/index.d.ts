import type { DefaultSession } from '../next-auth/next';
import type { Provider } from '../next-auth/index';

/** Extend it in one place: declare module 'usher/authjs' { interface Session { … } } */
export interface Session extends DefaultSession {}

type ProviderInput = Provider | ((...args: any[]) => Provider);

export interface NextAuthConfig {
  providers: ProviderInput[];
  secret?: string | string[];
  basePath?: string;
  trustHost?: boolean;
  useSecureCookies?: boolean;
  session?: { strategy?: 'jwt'; maxAge?: number; updateAge?: number };
  pages?: { signIn?: string; signOut?: string; error?: string; verifyRequest?: string; newUser?: string };
  jwt?: { maxAge?: number; encode?(params: any): any; decode?(params: any): any };
  cookies?: { sessionToken?: { name?: string; options?: Record<string, any> }; [more: string]: any };
  callbacks?: {
    signIn?(params: any): any;
    redirect?(params: { url: string; baseUrl: string }): any;
    jwt?(params: any): any;
    session?(params: any): any;
    authorized?(params: { request: any; auth: Session | null }): any;
    [more: string]: any;
  };
  events?: Record<string, (message: any) => any>;
  logger?: Record<string, (...line: any[]) => any>;
  [more: string]: any;
}

export interface NextAuthRequest extends Request {
  auth: Session | null;
  nextUrl: any;
  cookies: any;
}

type Handler = (req: any) => Promise<Response>;

export interface NextAuthResult {
  handlers: { GET: Handler; POST: Handler };
  /** In a component or an action: nothing is renewed. */
  auth(): Promise<Session | null>;
  /** As a middleware. */
  auth(request: Request, event?: any): Promise<Response>;
  /** Around a middleware or a route handler. */
  auth(behind: (request: NextAuthRequest, context: any) => any): (request: any, context?: any) => Promise<Response>;
  /** In API routes and getServerSideProps. */
  auth(context: { req: any; res: any }): Promise<Session | null>;
  auth(req: any, res: any): Promise<Session | null>;
  signIn(provider?: string, options?: FormData | { redirectTo?: string; redirect?: boolean; [more: string]: any }, authorizationParams?: Record<string, string> | URLSearchParams | string): Promise<any>;
  signOut(options?: { redirectTo?: string; redirect?: boolean }): Promise<any>;
  unstable_update(data: any): Promise<Session | null>;
}

export default function NextAuth(config: NextAuthConfig | ((request: any) => NextAuthConfig | Promise<NextAuthConfig>)): NextAuthResult;
