// A NextAuth v4 application of the Pages Router, as one writes it with the original's types.
import type { GetServerSidePropsContext, NextApiRequest, NextApiResponse } from 'next';
import NextAuth, { type DefaultSession, type NextAuthOptions, type Session, type User } from 'next-auth';
import { type JWT, decode, encode, getToken } from 'next-auth/jwt';
import { getServerSession } from 'next-auth/next';
import CredentialsProvider from 'next-auth/providers/credentials';
import GoogleProvider from 'next-auth/providers/google';

declare module 'next-auth' {
  interface Session {
    user: { id: string; role: 'admin' | 'reader' } & DefaultSession['user'];
    accessToken?: string;
  }
  interface User {
    role?: 'admin' | 'reader';
  }
}

declare module 'next-auth/jwt' {
  interface JWT {
    role?: 'admin' | 'reader';
    accessToken?: string;
  }
}

export const authOptions: NextAuthOptions = {
  providers: [
    GoogleProvider({ clientId: 'app', clientSecret: 'secret' }),
    CredentialsProvider({
      name: 'Password',
      credentials: { username: { label: 'Name', type: 'text', placeholder: 'ada' }, password: { label: 'Password', type: 'password' } },
      async authorize(credentials, req) {
        if (!credentials || req.headers?.['x-blocked']) throw new Error('Not now');
        const { username, password } = credentials;
        return password === process.env.PASSWORD ? { id: '7', name: username.trim(), email: null, role: 'admin' as const } : null;
      },
    }),
    CredentialsProvider({ id: 'code', credentials: {}, authorize: () => null }),
    {
      id: 'company',
      name: 'Company',
      type: 'oauth',
      wellKnown: 'https://id.example.com/.well-known/openid-configuration',
      authorization: { params: { scope: 'openid email profile' } },
      idToken: true,
      checks: ['pkce', 'state'],
      clientId: 'app',
      clientSecret: 'secret',
      profile(profile) {
        return { id: profile.sub, name: profile.name, email: profile.email, image: profile.picture };
      },
    },
  ],
  secret: process.env.NEXTAUTH_SECRET,
  debug: false,
  session: { strategy: 'jwt', maxAge: 30 * 24 * 60 * 60, updateAge: 24 * 60 * 60 },
  pages: { signIn: '/login', error: '/failed', newUser: '/welcome' },
  useSecureCookies: true,
  cookies: {
    sessionToken: { name: '__Secure-own.session', options: { httpOnly: true, sameSite: 'lax', path: '/', secure: true, domain: '.example.com' } },
  },
  callbacks: {
    async signIn({ user, account, profile, email, credentials }) {
      if (account?.provider === 'google') return !!profile?.email?.endsWith('@example.com');
      return user.email === undefined ? '/denied' : !email?.verificationRequest && !credentials;
    },
    async redirect({ url, baseUrl }) {
      return url.startsWith(baseUrl) ? url : baseUrl;
    },
    async jwt({ token, user, account, trigger, session }) {
      if (user) token.role = user.role ?? 'reader';
      if (account) token.accessToken = account.access_token;
      if (trigger === 'update' && session?.name) token.name = session.name;
      return token;
    },
    async session({ session, token }) {
      session.user.id = token.sub!;
      session.user.role = token.role ?? 'reader';
      session.accessToken = token.accessToken;
      return session;
    },
  },
  events: {
    async signIn({ user, isNewUser }) { console.log(user.id, isNewUser); },
    async signOut({ token }) { console.log(token.sub); },
    async session({ session }) { console.log(session.expires); },
  },
  logger: { error(code, metadata) { console.error(code, metadata); }, warn(code) { console.warn(code); }, debug(code, metadata) { console.debug(code, metadata); } },
};

export default NextAuth(authOptions);

export async function advanced(req: NextApiRequest, res: NextApiResponse) {
  return await NextAuth(req, res, { ...authOptions, session: { maxAge: req.query.remember ? 1000 : 10 } });
}

export async function api(req: NextApiRequest, res: NextApiResponse) {
  const session = await getServerSession(req, res, authOptions);
  if (!session) {
    res.status(401).json({ message: 'sign in first' });
    return;
  }
  const role: 'admin' | 'reader' = session.user.role;
  const email: string | null | undefined = session.user.email;
  const token: JWT | null = await getToken({ req, secret: authOptions.secret });
  const raw: string | null = await getToken({ req, raw: true, secureCookie: true, cookieName: 'own' });
  res.json({ role, email, sub: token?.sub, tokenRole: token?.role, raw: raw?.length, expires: session.expires });
}

export async function getServerSideProps(context: GetServerSidePropsContext) {
  const session: Session | null = await getServerSession(context.req, context.res, authOptions);
  if (!session) return { redirect: { destination: '/login', permanent: false } };
  return { props: { name: session.user.name ?? null } };
}

export async function tokens(): Promise<string> {
  const token = await encode({ token: { sub: '1', role: 'admin' }, secret: 'secret', maxAge: 60 });
  const claims: JWT | null = await decode({ token, secret: 'secret' });
  return claims?.name ?? 'nobody';
}

export const nobody: User = { id: '0', role: 'reader' };

// What must stay an error.
// @ts-expect-error there is no such strategy
export const wrongStrategy: NextAuthOptions = { providers: [], session: { strategy: 'cookie' } };
// @ts-expect-error providers are not optional
export const noProviders: NextAuthOptions = {};
// @ts-expect-error a number is no secret
export const wrongSecret: NextAuthOptions = { providers: [], secret: 5 };
export const wrongRole = async () => {
  const session = await getServerSession(authOptions);
  // @ts-expect-error the role is one of two
  const role: 'owner' = session?.user.role;
  return role;
};
