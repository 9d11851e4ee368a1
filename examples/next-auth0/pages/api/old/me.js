import { auth0 } from '../../../lib/auth0.js';

export default async function handler(req, res) {
  const session = await auth0.getSession(req);
  if (session) res.status(200).json(session.user);
  else res.status(401).json({ error: 'not signed in' });
}
