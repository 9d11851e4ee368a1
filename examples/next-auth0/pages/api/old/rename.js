import { auth0 } from '../../../lib/auth0.js';

export default async function handler(req, res) {
  const session = await auth0.getSession(req);
  if (!session) return res.status(401).json({ error: 'not signed in' });
  await auth0.updateSession(req, res, { ...session, user: { ...session.user, nickname: 'Nan' } });
  return res.status(200).json({ nickname: 'Nan' });
}
