import { auth0 } from '../../../lib/auth0.js';

export default async function handler(req, res) {
  try {
    const { token, scope, expiresAt } = await auth0.getAccessToken(req, res, { refresh: 'refresh' in req.query });
    res.status(200).json({ characters: token.length, scope, expiresAt });
  } catch (error) {
    res.status(401).json({ error: error.code });
  }
}
