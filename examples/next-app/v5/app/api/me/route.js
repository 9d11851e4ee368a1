import { auth } from '../../../lib/auth.js';

/** auth() around a handler: the session is in the request, its renewal in the answer. */
export const GET = auth((req) => (req.auth ? Response.json(req.auth) : Response.json({ error: 'not signed in' }, { status: 401 })));
