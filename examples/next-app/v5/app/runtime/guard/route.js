import { getServerSession } from '../../../lib/runtime.js';

class NotSignedIn extends Error {}

async function requireSession(request) {
  const session = await getServerSession(request);
  if (!session) throw new NotSignedIn();
  return session;
}

export async function GET(request) {
  try {
    const { user } = await requireSession(request);
    if (!user.emailVerified) return Response.json({ error: 'verify your e-mail address first' }, { status: 403 });
    return Response.json({ email: user.email });
  } catch (error) {
    if (!(error instanceof NotSignedIn)) throw error;
    return Response.json({ error: 'not signed in' }, { status: 401 });
  }
}
