import { getToken } from 'usher/authjs/jwt';
import { config } from '../../../lib/config.js';

/**
 * What the session's token says; ?raw=1 is the token itself. Bearer tokens count, too. A route of yours should not
 * answer so: it hands scripts what HttpOnly keeps from them.
 */
export async function GET(req) {
  const raw = req.nextUrl.searchParams.has('raw');
  return Response.json(await getToken({ req, raw, secret: process.env.AUTH_SECRET, decode: config.jwt.decode }));
}
