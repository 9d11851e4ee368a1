import { auth0 } from '../../../lib/auth0.js';

export async function GET() {
  const session = await auth0.getSession();
  return session ? Response.json(session.user) : Response.json({ error: 'not signed in' }, { status: 401 });
}
