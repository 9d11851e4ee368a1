import { getToken } from 'usher/next-auth/jwt';
import { jwt } from '../../../lib/options.js';

/** What the session's token says; ?raw=1 is the token itself. Bearer tokens count, too. */
export async function GET(req) {
  const raw = req.nextUrl.searchParams.has('raw');
  return Response.json(await getToken({ req, raw, decode: jwt.decode }));
}
