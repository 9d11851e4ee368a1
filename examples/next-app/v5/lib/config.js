// What NextAuth and the configured runtime have in common.
import { forgetSessions } from './recent.js';
import { adapter } from './rows.js';
import { signedTokens } from './signed-tokens.js';

/** Any provider of OpenID Connect; `usher` is read by usher alone. */
const company = {
  id: 'company',
  name: 'Company',
  type: 'oidc',
  issuer: process.env.COMPANY_ISSUER,
  clientId: process.env.COMPANY_ID,
  clientSecret: process.env.COMPANY_SECRET,
  usher: { private_network: process.env.COMPANY_IS_INSIDE === 'yes' },
};

export const maxAge = Number(process.env.SESSION_SECONDS ?? 30 * 24 * 60 * 60);

export const config = {
  providers: [company],
  adapter,
  session: { maxAge },
  jwt: process.env.SIGNED_TOKENS === 'yes' ? signedTokens : {},
  pages: process.env.OWN_PAGES === 'yes' ? { signIn: '/enter', error: '/enter' } : {},
  callbacks: {
    jwt({ token, profile, trigger, session }) {
      if (profile) token.emailVerified = profile.email_verified === true;
      if (trigger === 'update' && typeof session?.nickname === 'string') token.nickname = session.nickname;
      return token;
    },
    session({ session, token, user }) {
      if (user) { // sessions are rows, and there is no token: the row, with its key, stays here
        const { id, name, email, image } = user;
        return { user: { id, name, email, image }, expires: session.expires };
      }
      session.user.id = token.sub;
      session.user.emailVerified = token.emailVerified;
      if (token.nickname) session.user.nickname = token.nickname;
      return session;
    },
    /** Asked by the proxy: yes, no, or an answer of its own. */
    authorized({ request, auth }) {
      const { pathname } = request.nextUrl;
      if (pathname.startsWith('/admin') && auth?.user.email !== 'ann@example.com') return Response.redirect(new URL('/', request.nextUrl));
      if (pathname.startsWith('/staff') && !auth?.user.emailVerified) return Response.json({ error: 'staff only' }, { status: 403 });
      return !!auth;
    },
  },
  events: { signIn: forgetSessions, signOut: forgetSessions },
};
