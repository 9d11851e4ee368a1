import { getToken } from 'usher/next-auth/jwt';
import { jwt } from '../../../lib/options.js';

/**
 * What the session's token says; ?raw=1 is the token itself. Bearer tokens count, too. ?cookie=… looks at another
 * cookie, ?secure=1 at the one that a site on https has. A route of yours should not answer so: it hands scripts
 * what HttpOnly keeps from them.
 */
export async function GET(req) {
  const { searchParams } = req.nextUrl;
  return Response.json(await getToken({
    req,
    raw: searchParams.has('raw'),
    secret: process.env.NEXTAUTH_SECRET,
    decode: jwt.decode,
    ...(searchParams.has('cookie') && { cookieName: searchParams.get('cookie') }),
    ...(searchParams.has('secure') && { secureCookie: true }),
  }));
}
