import { auth } from '../../../lib/auth.js';

export default async function handler(req, res) {
  const session = await auth(req, res);
  if (session) res.status(200).json(session);
  else res.status(401).json({ error: 'not signed in' });
}
