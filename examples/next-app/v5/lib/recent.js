// Sessions that were just read, for routes that are asked often. Whoever signs in or out empties it; what is
// in it is ten seconds old at most, so a session that ended elsewhere is not shown for longer.
import { createHash } from 'node:crypto';

const KEPT_MS = 10000;
const KEPT_MAX = 10000;

// Next.js gives routes copies of a module; this is one for the process.
const kept = (globalThis.recentSessions ??= new Map());

export const forgetSessions = () => kept.clear();

/** {session, hit}; `read` is asked if there is none. */
export async function recentSession(request, read) {
  const cookie = request.headers.get('cookie') ?? '';
  const key = createHash('sha256').update(cookie).digest('base64url');
  const known = kept.get(key);
  if (known && known.until > Date.now()) return { session: known.session, hit: true };
  if (kept.size >= KEPT_MAX) kept.clear();
  const session = await read(request);
  if (session) kept.set(key, { session, until: Date.now() + KEPT_MS });
  else kept.delete(key);
  return { session, hit: false };
}
