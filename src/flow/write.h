/* write - a session written in the site's own format; for the flows that make or change one. */
#ifndef USHER_FLOW_WRITE_H
#define USHER_FLOW_WRITE_H

#include "flow/exchange.h"

typedef struct usher_writing {
    bool only_one; /* nothing is written unless it takes a single Set-Cookie */
    bool keep_exp; /* carried over: no longer life than it had */
    bool anew;     /* a sign-in: rows and records that came end, and a new one has a new key */
    bool must;     /* of a record: if it cannot be stored, nobody can tell */
    bool *written; /* stays false, with a report, if the session would not fit: nothing changes */
} usher_writing;

/* Seals claims of the life that is given, and sets their cookies; the other formats' go. */
usher_status usher_flow_write_claims(usher_exchange *ex, usher_str claims, const usher_life *life,
                                     const usher_writing *w, usher_error *err);
/* Sets the session's cookie to the key of a row, until then. */
usher_status usher_store_put_cookie(usher_exchange *ex, usher_str token, int64_t expires_s,
                                    const usher_writing *w, usher_error *err);
/* The same for a session of Auth0's, which is then the held one. */
usher_status usher_flow_write_auth0(usher_exchange *ex, usher_auth0_session *s,
                                    const usher_writing *w, usher_error *err);
/* An object in Auth0's shape, judged as if it had come from a store; NULL if it is none. */
usher_status usher_flow_auth0_from(usher_auth0_session **out, usher_exchange *ex, usher_str json,
                                   usher_error *err);
#endif
