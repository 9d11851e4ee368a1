import { auth0 } from '../../../lib/auth0.js';

/** What a session is made of. The session itself, with its tokens, stays on the server. */
export async function GET() {
  const { user, tokenSet, internal, ...own } = (await auth0.getSession()) ?? {};
  const names = (object) => Object.keys(object ?? {}).sort();
  return Response.json({ user: names(user), tokenSet: names(tokenSet), internal: names(internal), own: names(own) });
}
