import { auth0 } from '../../../lib/auth0.js';

export default auth0.withApiAuthRequired(async (req, res) => {
  const { user } = await auth0.getSession(req);
  res.status(200).json({ email: user.email });
});
