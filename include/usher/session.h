/* usher/session.h - what an exchange found out about the visitor. Views borrowed from the exchange:
 * they die with it or with its next start. Since 0.1. */
#ifndef USHER_SESSION_H
#define USHER_SESSION_H

#include "usher/base.h"
#include "usher/cause.h"

#ifdef __cplusplus
extern "C" {
#endif

/* An answer about a cookie. "Could not tell" is none of these: it is a status. */
typedef enum usher_verdict {
    USHER_NO_SESSION = 0,   /* no session cookie was sent */
    USHER_SESSION_VALID,    /* authentic and within its lifetime */
    USHER_SESSION_EXPIRED,  /* authentic, past its end */
    USHER_SESSION_REJECTED, /* forged, damaged, of the wrong kind, or sealed with a key we dropped
                             */
    USHER_SESSION_REVOKED,  /* authentic, but ended by someone who may */
} usher_verdict;

/* "valid", "expired", … Static text. */
USHER_API const char *usher_verdict_word(usher_verdict verdict);

typedef struct usher_session usher_session; /* opaque: the layout may change in any release */

/* Each is absent if the session does not have it. Text is decoded UTF-8. */
USHER_API usher_str usher_session_subject(const usher_session *s); /* the user's id (`sub`) */
USHER_API usher_str usher_session_name(const usher_session *s);
USHER_API usher_str usher_session_email(const usher_session *s);
USHER_API usher_str usher_session_picture(const usher_session *s);
/* Milliseconds since 1970 at which the cookie that is set now, or else the token, ends. */
USHER_API int64_t usher_session_expires_ms(const usher_session *s);
/* What the session endpoint answers: {"user":{…},"expires":"…"}. After usher_get_session and
 * usher_handle; absent after the operations that only judge. */
USHER_API usher_str usher_session_json(const usher_session *s);
/* All claims of the token as they were sealed: a JSON object. Holds what the browser must not see.
 */
USHER_API usher_str usher_session_claims(const usher_session *s);

#ifdef __cplusplus
}
#endif
#endif
