import { NotSignedIn, requireSession } from '../../../lib/auth.js';

/** For people whose e-mail address is known to be theirs. */
export async function GET() {
  try {
    const { user } = await requireSession();
    if (!user.emailVerified) return Response.json({ error: 'verify your e-mail address first' }, { status: 403 });
    return Response.json({ email: user.email });
  } catch (error) {
    if (!(error instanceof NotSignedIn)) throw error;
    return Response.json({ error: 'not signed in' }, { status: 401 });
  }
}
