// An application of Auth0's SDK v4.
import { Auth0Client } from '@auth0/nextjs-auth0/server';
import type { NextApiRequest, NextApiResponse } from 'next';
import { type NextRequest, NextResponse } from 'next/server';

export const auth0 = new Auth0Client();
export const configured = new Auth0Client({
  domain: 'tenant.example.com',
  clientId: 'app',
  clientSecret: 'secret',
  appBaseUrl: 'https://app.example.com',
  secret: 'secret',
  authorizationParameters: { scope: 'openid profile email offline_access', audience: 'https://api.example.com' },
  signInReturnToPath: '/welcome',
  session: { rolling: true, absoluteDuration: 3 * 24 * 60 * 60, inactivityDuration: 24 * 60 * 60, cookie: { name: 'own', sameSite: 'lax', secure: true, path: '/', domain: 'example.com', transient: false } },
  async beforeSessionSaved(session, idToken) {
    return { ...session, user: { ...session.user, hasToken: idToken !== null } };
  },
  async onCallback(error, context, session) {
    if (error) return NextResponse.redirect(new URL('/failed', 'https://app.example.com'));
    return NextResponse.redirect(new URL(context.returnTo ?? '/', `https://app.example.com?${session?.user.sub}`));
  },
});

export async function middleware(request: NextRequest) {
  const response: NextResponse = await auth0.middleware(request);
  const session = await auth0.getSession(request);
  if (!session && request.nextUrl.pathname.startsWith('/closed')) return NextResponse.redirect(new URL('/auth/login', request.nextUrl.origin));
  return response;
}

export async function Page() {
  const session = await auth0.getSession();
  const name: string | undefined = session?.user.name;
  const sub: string | undefined = session?.user.sub;
  return [name, sub, session?.tokenSet.accessToken, session?.tokenSet.expiresAt];
}

export async function action() {
  const { token, expiresAt } = await auth0.getAccessToken();
  const fresh = await auth0.getAccessToken({ refresh: true });
  const session = await auth0.getSession();
  if (session) await auth0.updateSession({ ...session, user: { ...session.user, seen: Date.now() } });
  return [token.length, expiresAt, fresh.token];
}

export async function api(req: NextApiRequest, res: NextApiResponse) {
  const session = await auth0.getSession(req);
  if (session) await auth0.updateSession(req, res, { ...session, user: { ...session.user, seen: 1 } });
  const { token } = await auth0.getAccessToken(req, res);
  res.json({ email: session?.user.email, token: token.length });
}

export const closedApi = auth0.withApiAuthRequired(async function closed(req: NextApiRequest, res: NextApiResponse) {
  res.json({ url: req.url });
});

export const getServerSideProps = auth0.withPageAuthRequired({ returnTo: '/closed', async getServerSideProps() { return { props: { more: 1 } }; } });
export const closedPage = auth0.withPageAuthRequired(async () => null as any, { returnTo: '/closed' });
