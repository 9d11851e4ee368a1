// Who may see which pages, before they are made. An application has one of these forms; this one has
// each of them, by path.
import { NextResponse } from 'next/server';
import withAuth from 'usher/next-auth/middleware';
import { authOptions, jwt, pages } from './lib/options.js';

// `export { default } from 'usher/next-auth/middleware'` is this one.
const plain = withAuth;

// With the adapter, sessions that are rows open it, too: that is usher's alone.
const { adapter, session } = authOptions;

const dashboard = withAuth({
  callbacks: { authorized: ({ token }) => token?.email !== undefined },
  pages,
  jwt,
  adapter,
  session,
});

const admin = withAuth(
  function seen(req) {
    const headers = new Headers(req.headers);
    headers.set('x-seen-by-proxy', req.nextauth.token.name);
    return NextResponse.next({ request: { headers } });
  },
  { callbacks: { authorized: ({ token }) => token?.email === 'ann@example.com' }, pages, jwt },
);

export default function proxy(req, event) {
  const { pathname } = req.nextUrl;
  if (pathname.startsWith('/admin')) return admin(req, event);
  // A sign-in page of one's own is never guarded: `pages` says where it is.
  if (pathname.startsWith('/dashboard') || pathname === '/enter') return dashboard(req, event);
  return plain(req, event);
}

export const config = { matcher: ['/plain', '/dashboard/:path*', '/admin/:path*', '/enter'] };
