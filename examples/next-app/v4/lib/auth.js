import { getServerSession } from 'usher/next-auth';
import { authOptions } from './options.js';

/** The session: auth() in components, handlers and actions, auth(req, res) in the Pages Router. */
export const auth = (...args) => getServerSession(...args, authOptions);

export class NotSignedIn extends Error {}

export async function requireSession() {
  const session = await auth();
  if (!session) throw new NotSignedIn();
  return session;
}
