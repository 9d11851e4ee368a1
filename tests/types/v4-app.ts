// A NextAuth v4 application of the App Router: route handler, component, action, middleware.
import NextAuth, { type AuthOptions, getServerSession } from 'next-auth';
import { getToken } from 'next-auth/jwt';
import middlewareOfAll, { type NextRequestWithAuth, withAuth } from 'next-auth/middleware';
import type { NextFetchEvent, NextRequest } from 'next/server';
import { NextResponse } from 'next/server';

const options: AuthOptions = {
  providers: [],
  secret: 'secret',
  jwt: {
    maxAge: 60,
    async encode({ token, secret, maxAge }) { return JSON.stringify({ token, secret: typeof secret, maxAge }); },
    async decode({ token }) { return token ? JSON.parse(token) : null; },
  },
};

const handler = NextAuth(options);
export { handler as GET, handler as POST };

export async function Page() {
  const session = await getServerSession(options);
  return session?.user?.name ?? 'nobody';
}

export async function route(request: NextRequest) {
  const token = await getToken({ req: request, secret: 'secret' });
  return NextResponse.json({ email: token?.email ?? null });
}

export default middlewareOfAll;

export const wrapped = withAuth(
  function middleware(req: NextRequestWithAuth) {
    if (req.nextUrl.pathname.startsWith('/admin') && req.nextauth.token?.role !== 'admin') return NextResponse.rewrite(new URL('/denied', req.url));
    return NextResponse.next();
  },
  { callbacks: { authorized: ({ token, req }) => !!token && req.nextUrl.pathname !== '/closed' } },
);

export const byOptions = withAuth({ pages: { signIn: '/login', error: '/failed' }, secret: 'secret', callbacks: { authorized: ({ token }) => token?.role === 'admin' } });

export async function inside(req: NextRequestWithAuth, event: NextFetchEvent) {
  return await withAuth(req, { pages: { signIn: '/login' } }) ?? event.sourcePage;
}

export const config = { matcher: ['/account/:path*'] };
