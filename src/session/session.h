/* session - claims of a token <-> the session a program sees. */
#ifndef USHER_SESSION_SESSION_H
#define USHER_SESSION_SESSION_H

#include "session/token.h"
#include "usher/session.h"

struct usher_session {
    usher_str subject, name, email, picture; /* decoded; absent if not there or no string */
    int64_t expires_ms;
    usher_str json;   /* {"user":{...},"expires":"..."}; absent until it is written */
    usher_str claims; /* source text */
};

/* What a new session says about its user. Absent members are left out, except that a sign-in
 * through a provider that gave none writes null where `null_*` is set (the originals keep null). */
typedef struct usher_user {
    usher_str id, name, email, picture;
    bool null_name, null_email, null_picture;
} usher_user;

/* Builds the session from opened claims. `expires_ms` is the end it will have (rolled or not).
 * Shape check: the claims must be those of a session (a check cookie's `value` + `provider` shape
 * is refused: *is_session false). */
USHER_MUST_USE usher_status usher_session_from_claims(struct usher_session *out, bool *is_session,
                                                      usher_arena *a, const usher_claims *claims,
                                                      int64_t expires_ms, usher_error *err);

/* Writes s->json from the claims and s->expires_ms: for those who hand it out. */
USHER_MUST_USE usher_status usher_session_write_json(struct usher_session *s, usher_arena *a,
                                                     const usher_claims *claims, usher_error *err);

/* Claims of a new session, in the originals' order: name, email, picture, sub, then our private
 * session id `usid` (22 random characters; survives re-sealing; what revocation will name). */
USHER_MUST_USE usher_status usher_session_new_claims(usher_str *claims_json, usher_arena *a,
                                                     const usher_user *user, usher_entropy entropy,
                                                     usher_error *err);

#endif
