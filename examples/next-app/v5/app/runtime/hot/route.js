import { recentSession } from '../../../lib/recent.js';
import { getServerSession } from '../../../lib/runtime.js';

/** A route that is asked often. */
export async function GET(request) {
  const { session, hit } = await recentSession(request, getServerSession);
  const headers = { 'x-session-cache': hit ? 'hit' : 'miss', 'cache-control': 'private, no-store' };
  if (!session) return Response.json({ error: 'not signed in' }, { status: 401, headers });
  return Response.json({ email: session.user.email }, { headers });
}
