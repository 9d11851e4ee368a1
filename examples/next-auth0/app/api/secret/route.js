import { auth0 } from '../../../lib/auth0.js';

export const GET = auth0.withApiAuthRequired(async () => {
  const { user } = await auth0.getSession();
  return Response.json({ email: user.email });
});
