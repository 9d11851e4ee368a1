/* row - rows of a store, as Auth.js' adapters have them: a session's and its user's, JSON to values
 * and to what a session shows. They are the site's own, and so nobody's attack; what is not a row
 * is a failure of the store, not an answer about a visitor. */
#ifndef USHER_SESSION_ROW_H
#define USHER_SESSION_ROW_H

#include "base/arena.h"
#include "usher/base.h"
#include "wire/json.h"

#define USHER_ROW_TOKEN_MAX 1024 /* characters of a session's token; the originals' have 36 */

/* Views into the text that was read. */
typedef struct usher_row_user {
    usher_str text;            /* the whole row */
    usher_str id;              /* its source text, quotes included: 7 and "7" are two ids */
    usher_str subject;         /* the same as text */
    usher_str email;           /* text; absent if it is none */
    usher_json_object members; /* all columns */
} usher_row_user;

typedef struct usher_row_session {
    usher_str text;
    usher_str token;
    int64_t expires_ms;
    usher_json_object members;
} usher_row_session;

/* A point in time as a row has it: ISO-8601 text, or whole milliseconds. */
bool usher_row_date(int64_t *ms, usher_json value);

/* USHER_E_SYNTAX for what is no such row: an object, with an id that is a text or a number (a
 * session: a sessionToken of 1 … USHER_ROW_TOKEN_MAX bytes, and `expires`). */
USHER_MUST_USE usher_status usher_row_user_read(usher_row_user *out, usher_arena *a, usher_str json,
                                                usher_error *err);
USHER_MUST_USE usher_status usher_row_session_read(usher_row_session *out, usher_arena *a,
                                                   usher_str json, usher_error *err);
/* {"session":{…},"user":{…}}; where it, or one of both, is null, *found is false. */
USHER_MUST_USE usher_status usher_row_read(usher_row_session *session, usher_row_user *user,
                                           bool *found, usher_arena *a, usher_str json,
                                           usher_error *err);

/* What the claims of a token for this user would be: name, email, picture and sub, as they stand in
 * the row. */
USHER_MUST_USE usher_status usher_row_claims(usher_str *out, usher_arena *a,
                                             const usher_row_user *user, usher_error *err);

/* {"user":{name, email, image},"expires":…}; `whole`: all columns of both, as Auth.js v5 hands them
 * to the program's session function. */
USHER_MUST_USE usher_status usher_row_json(usher_str *out, usher_arena *a,
                                           const usher_row_session *session,
                                           const usher_row_user *user, bool whole,
                                           usher_error *err);

#endif
