// What the routes, the components and the proxy have in common.
import { adapter } from './rows.js';
import { signedTokens } from './signed-tokens.js';

/** Any provider of OpenID Connect; `usher` is read by usher alone. */
const company = {
  id: 'company',
  name: 'Company',
  type: 'oauth',
  wellKnown: `${process.env.COMPANY_ISSUER}/.well-known/openid-configuration`,
  clientId: process.env.COMPANY_ID,
  clientSecret: process.env.COMPANY_SECRET,
  idToken: true,
  checks: ['pkce', 'state'],
  authorization: { params: { scope: 'openid profile email' } },
  profile: (profile) => ({ id: profile.sub, name: profile.name, email: profile.email, image: profile.picture }),
  usher: { private_network: process.env.COMPANY_IS_INSIDE === 'yes' },
};

/** Tokens of your own instead of encrypted ones; the proxy needs the same. */
export const jwt = process.env.SIGNED_TOKENS === 'yes' ? signedTokens : {};

/** Pages of your own. */
export const pages = process.env.OWN_PAGES === 'yes' ? { signIn: '/enter', error: '/enter' } : {};

export const authOptions = {
  providers: [company],
  adapter,
  jwt,
  pages,
  session: { maxAge: Number(process.env.SESSION_SECONDS ?? 30 * 24 * 60 * 60) },
  callbacks: {
    jwt({ token, profile, trigger, session }) {
      if (profile) token.emailVerified = profile.email_verified === true;
      if (trigger === 'update' && typeof session?.nickname === 'string') token.nickname = session.nickname;
      return token;
    },
    session({ session, token, user }) {
      if (user) { // sessions are rows, and there is no token
        session.user.id = user.id;
        return session;
      }
      session.user.id = token.sub;
      session.user.emailVerified = token.emailVerified;
      if (token.nickname) session.user.nickname = token.nickname;
      return session;
    },
  },
};
