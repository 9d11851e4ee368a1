// The name that getServerSession had before.
import { unstable_getServerSession } from 'usher/next-auth/next';
import { authOptions } from '../../../lib/options.js';

export default async function handler(req, res) {
  const session = await unstable_getServerSession(req, res, authOptions);
  if (session) res.status(200).json(session);
  else res.status(401).json({ error: 'not signed in' });
}
