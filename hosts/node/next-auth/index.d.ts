import type { SessionOptions } from './next';

export * from './next';

/** OpenID Connect, in the shape of NextAuth's providers; `usher` has settings of ours (docs/settings.md, site.providers[]). */
export interface Provider {
  id: string;
  type: string;
  name?: string;
  usher?: Record<string, unknown>;
  [more: string]: any;
}

export interface AuthOptions extends SessionOptions {
  providers: Provider[];
  pages?: { signIn?: string; signOut?: string; error?: string; verifyRequest?: string; newUser?: string };
}
export type NextAuthOptions = AuthOptions;

type Handler = (req: any, second: any) => Promise<any>;

/** A handler for pages/api/auth/[...nextauth] and app/api/auth/[...nextauth]/route. */
export default function NextAuth(options: AuthOptions): Handler;
export default function NextAuth(req: any, res: any, options: AuthOptions): Promise<any>;
