import { getServerSession } from '../../../lib/runtime.js';

export async function GET(request) {
  const session = await getServerSession(request);
  return session ? Response.json(session) : Response.json({ error: 'not signed in' }, { status: 401 });
}
