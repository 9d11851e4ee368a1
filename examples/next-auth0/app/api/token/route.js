import { AccessTokenError } from 'usher/auth0/errors';
import { auth0 } from '../../../lib/auth0.js';

/** Calls an API in the visitor's name; ?refresh asks for a new token. */
export async function GET(req) {
  try {
    const { token, scope, expiresAt } = await auth0.getAccessToken({ refresh: req.nextUrl.searchParams.has('refresh') });
    return Response.json({ characters: token.length, scope, expiresAt });
  } catch (error) {
    if (!(error instanceof AccessTokenError)) throw error;
    return Response.json({ error: error.code }, { status: 401 });
  }
}
