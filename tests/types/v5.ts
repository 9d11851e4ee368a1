// An Auth.js v5 application.
import NextAuth, { AuthError, CredentialsSignin, type DefaultSession, type NextAuthConfig, type Session } from 'next-auth';
import { decode, encode, getToken } from 'next-auth/jwt';
import Credentials from 'next-auth/providers/credentials';
import Google from 'next-auth/providers/google';
import type { NextApiRequest, NextApiResponse } from 'next';
import { NextResponse } from 'next/server';

declare module 'next-auth' {
  interface Session {
    user: { role?: string } & DefaultSession['user'];
  }
}

class Locked extends CredentialsSignin {
  code = 'locked';
}

const config = {
  providers: [
    Google,
    Credentials({
      credentials: { username: {}, password: { label: 'Password', type: 'password' } },
      async authorize({ username, password }, request) {
        if (request.headers.get('x-blocked')) throw new Locked();
        return typeof username === 'string' && password === process.env.PASSWORD ? { id: '7', name: username } : null;
      },
    }),
    Credentials({ id: 'code', authorize: () => null }),
    Google({ clientId: 'app', clientSecret: 'secret' }),
    { id: 'company', name: 'Company', type: 'oidc', issuer: 'https://id.example.com', clientId: 'app', clientSecret: 'secret' },
  ],
  trustHost: true,
  basePath: '/auth',
  session: { strategy: 'jwt', maxAge: 3600 },
  pages: { signIn: '/login' },
  callbacks: {
    authorized({ request, auth }) {
      if (request.nextUrl.pathname === '/closed') return !!auth?.user;
      return true;
    },
    async jwt({ token, user, account, trigger, session }) {
      if (user) token.role = 'reader';
      if (account?.access_token) token.accessToken = account.access_token;
      return trigger === 'update' ? { ...token, ...session } : token;
    },
    session({ session, token }) {
      if (typeof token.role === 'string') session.user.role = token.role;
      return session;
    },
    signIn({ user, profile }) { return !!user.email && profile?.email_verified !== false; },
    redirect({ url, baseUrl }) { return url.startsWith('/') ? `${baseUrl}${url}` : url; },
  },
  events: {
    async signOut(message) { if ('token' in message) console.log(message.token?.sub); },
  },
} satisfies NextAuthConfig;

export const { handlers, auth, signIn, signOut, unstable_update: update } = NextAuth(config);
export const { GET, POST } = handlers;
export const lazy = NextAuth((request) => ({ ...config, basePath: request?.nextUrl.basePath ?? '/auth' }));
export const lazier = NextAuth(async () => config);

export async function Page() {
  const session: Session | null = await auth();
  return session?.user.role ?? session?.user.name;
}

export default auth((req) => {
  const session: Session | null = req.auth;
  if (!session && req.nextUrl.pathname !== '/login') return Response.redirect(new URL('/login', req.nextUrl.origin));
  return NextResponse.next();
});

export const route = auth(async function GET(req) {
  return req.auth ? NextResponse.json({ name: req.auth.user.name }) : NextResponse.json(null, { status: 401 });
});

export { auth as middleware };

export async function api(req: NextApiRequest, res: NextApiResponse) {
  const session = await auth(req, res);
  res.json(session?.user ?? null);
}

export async function enter(form: FormData) {
  'use server';
  await signIn('company', form);
  await signIn('company', { redirectTo: '/' }, { login_hint: 'ann' });
  await update({ user: { name: 'Ann' } });
  await signOut({ redirectTo: '/' });
}

export async function tokens(req: Request) {
  const salt = 'authjs.session-token';
  const token = await encode({ token: { sub: '1' }, secret: 'secret', salt, maxAge: 60 });
  const claims = await decode({ token, secret: ['new', 'old'], salt });
  const other = await getToken({ req, secret: 'secret', salt });
  const raw: string | null = await getToken({ req, secret: 'secret', raw: true });
  return [claims?.sub, other?.email, raw];
}

// What must stay an error.
// @ts-expect-error providers are not optional
NextAuth({});
// @ts-expect-error a number is no base path
NextAuth({ providers: [], basePath: 5 });

export async function byPassword(form: FormData): Promise<string | undefined> {
  'use server';
  try {
    await signIn('credentials', form);
  } catch (error) {
    if (error instanceof CredentialsSignin) return error.code;
    if (error instanceof AuthError) return error.type;
    throw error;
  }
}
