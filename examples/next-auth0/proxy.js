import { NextResponse } from 'next/server';
import { auth0 } from './lib/auth0.js';

export async function proxy(request) {
  const response = await auth0.middleware(request); // the routes below /auth, and the session renewed
  const { pathname, search, origin } = request.nextUrl;
  if (pathname.startsWith('/auth/')) return response;

  const session = await auth0.getSession(request);
  if (pathname.startsWith('/dashboard') && !session) {
    return NextResponse.redirect(new URL(`/auth/login?returnTo=${encodeURIComponent(pathname + search)}`, origin));
  }
  if (pathname === '/visits' && session) {
    await auth0.updateSession(request, response, { ...session, visits: (session.visits ?? 0) + 1 });
    // What was written is what is read from now on.
    const { visits } = await auth0.getSession(request);
    response.headers.set('x-visits', String(visits));
  }
  return response;
}

export const config = { matcher: ['/((?!_next/static|_next/image|favicon.ico).*)'] };
