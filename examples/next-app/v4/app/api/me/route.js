import { auth } from '../../../lib/auth.js';

export async function GET() {
  const session = await auth();
  return session ? Response.json(session) : Response.json({ error: 'not signed in' }, { status: 401 });
}
