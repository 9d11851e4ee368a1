// Sessions that were just read, for routes that are asked often. Whoever signs in or out empties it; what is
// in it is ten seconds old at most, so a session that ended elsewhere is not shown for longer, and none is
// shown beyond its own end.
import { createHash } from 'node:crypto';

const KEPT_MS = 10000;
const KEPT_MAX = 10000;

// Next.js gives routes copies of a module; this is one for the process.
const cache = (globalThis.recentSessions ??= { kept: new Map(), emptied: 0 });

export function forgetSessions() {
  cache.kept.clear();
  cache.emptied += 1;
}

/** {session, hit}; `read` is asked if there is none. */
export async function recentSession(request, read) {
  const { kept, emptied } = cache;
  const cookie = request.headers.get('cookie');
  if (!cookie) return { session: await read(request), hit: false }; // nothing says whose it would be
  const key = createHash('sha256').update(cookie).digest('base64url');
  const known = kept.get(key);
  if (known && Date.now() < known.until) return { session: known.session, hit: true };
  kept.delete(key);
  const session = await read(request);
  if (session && emptied === cache.emptied) { // else somebody signed out meanwhile, and it may have been him
    if (kept.size >= KEPT_MAX) kept.clear();
    kept.set(key, { session, until: Math.min(Date.now() + KEPT_MS, Date.parse(session.expires)) });
  }
  return { session, hit: false };
}
