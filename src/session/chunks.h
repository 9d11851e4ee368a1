/* chunks - a session token in the Cookie header, perhaps cut into pieces, and in Set-Cookie.
 *
 * Reading is the originals': every cookie whose name begins with the session cookie's counts,
 * ordered by the number after the last dot; so what they read, we read, and what they fail on, we
 * fail on (vectors authjs4-cookies, authjs5-cookies). Bounded: at most USHER_CHUNKS_MAX pieces. */
#ifndef USHER_SESSION_CHUNKS_H
#define USHER_SESSION_CHUNKS_H

#include "base/arena.h"
#include "profile/profile.h"
#include "usher/base.h"
#include "wire/cookie.h"

#define USHER_CHUNKS_MAX 32

typedef struct usher_session_cookie {
    usher_str value; /* joined; absent if no such cookie came, or all were empty */
    size_t count;
    bool too_many; /* more than USHER_CHUNKS_MAX: value is absent, treat as rejected */
    /* As received, in order: what has to be deleted. Filled up to `count`, and no further. */
    usher_str names[USHER_CHUNKS_MAX];
} usher_session_cookie;

/* `header` is the value of the Cookie header (several fields joined by "; "). No copy is made when
 * there is one plain cookie without percent signs. */
USHER_MUST_USE usher_status usher_session_cookie_read(usher_session_cookie *out, usher_arena *a,
                                                      const usher_profile *profile,
                                                      usher_cookie_dialect dialect, usher_str name,
                                                      usher_str header, usher_error *err);

typedef struct usher_session_cookie_attributes {
    usher_str name, domain, path;
    bool secure;
    usher_same_site same_site;
    int64_t expires_s;
    bool plain; /* the token is one of ours, so of base64url and dots: nothing to encode */
} usher_session_cookie_attributes;

/* The Set-Cookie values that replace what was received by `token`: deletions of received names that
 * are not written again, then the new ones. At most one value for each name. An empty token deletes
 * only. *lines has *count values, in the arena. USHER_E_LIMIT if the token needs more than
 * USHER_CHUNKS_MAX cookies: then nothing is written and the old session stays. */
USHER_MUST_USE usher_status usher_session_cookie_write(
    usher_str **lines, size_t *count, usher_arena *a, const usher_profile *profile,
    const usher_session_cookie *received, const usher_session_cookie_attributes *attributes,
    usher_str token, usher_error *err);

#endif
