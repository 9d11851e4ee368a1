/* auth0_session - a session of Auth0's SDK: opened from its cookies, or from the record that its id
 * cookie names, and judged.
 *
 * All kinds of cookie of this system share one key and one format, so what opened is believed only
 * if it has a session's shape. Limits are enforced here as well as on writing: the sealed expiry,
 * the ceiling that the provider set, and the absolute duration since the session was created (also
 * where no expiry was sealed at all, as versions before 4.5.1 did). */
#ifndef USHER_SESSION_AUTH0_SESSION_H
#define USHER_SESSION_AUTH0_SESSION_H

#include "session/auth0_cookies.h"
#include "session/token.h"
#include "usher/cause.h"
#include "usher/session.h"

#define USHER_AUTH0_SETS_MAX 32 /* of connection tokens; further ones are not read */

typedef struct usher_auth0_session {
    usher_str json;            /* what getSession() hands out */
    usher_json_object members; /* of the session alone, without what came in cookies of its own */
    usher_str sets[USHER_AUTH0_SETS_MAX]; /* connection tokens: source text of each object */
    size_t set_count;
    bool has_created;
    double created_s;
    bool legacy;  /* version 3 wrote it; converted */
    bool has_end; /* it was carried over from elsewhere and ends no later than there */
    double end_s;
    bool has_promise; /* it was sealed with this end, which renewing does not shorten */
    double promised_s;
} usher_auth0_session;

/* What a verdict needs and every call here takes. */
typedef struct usher_auth0_context {
    usher_arena *arena;
    usher_jwe_cipher *cipher;
    const usher_keyring *keys; /* of usher_profile_auth0_4 */
    const usher_auth0_options *options;
    int64_t now_s;
} usher_auth0_context;

/* The stateless session in a request's cookies. An answer: VALID with *out; NO_SESSION if no cookie
 * came; EXPIRED or REJECTED with a cause, and *out empty. Pieces with a gap are REJECTED. */
USHER_MUST_USE usher_status usher_auth0_session_open(usher_auth0_session *out,
                                                     usher_verdict *verdict, usher_cause *cause,
                                                     const usher_auth0_context *c,
                                                     const usher_auth0_jar *jar, usher_error *err);

typedef struct usher_auth0_id {
    usher_str id;
    bool has_exp;
    double exp;  /* when its cookie is over, in seconds */
    bool is_old; /* not from the session's own sealed cookie: the next write takes another id */
} usher_auth0_id;

/* The id cookie of a stored session: sealed, or signed by version 3. VALID means that the record is
 * worth looking for, no more. */
USHER_MUST_USE usher_status usher_auth0_id_open(usher_auth0_id *out, usher_verdict *verdict,
                                                usher_cause *cause, const usher_auth0_context *c,
                                                const usher_auth0_jar *jar, usher_error *err);

/* Judges the record that the store had under the id; with the cause TOKEN_MALFORMED it is none. */
USHER_MUST_USE usher_status usher_auth0_record_open(usher_auth0_session *out,
                                                    usher_verdict *verdict, usher_cause *cause,
                                                    const usher_auth0_context *c, usher_str record,
                                                    usher_error *err);

#endif
