/* store - rows that an exchange wants: sessions kept in a database, users and their accounts.
 *
 * Rows are read before an operation looks at its session (usher_store_read), and most of what it
 * writes is put down for the end, when its answer is known (usher_store_later): so the operations
 * stay as they are for sessions in cookies. A step that failed is "could not tell". */
#ifndef USHER_FLOW_STORE_H
#define USHER_FLOW_STORE_H

#include "flow/exchange.h"
#include "session/row.h"

/* A session that is a row, as it was read; or one that is to become a row: it has no token yet. */
struct usher_stored {
    usher_row_session session;
    usher_row_user user;
    bool stays; /* in its old cookie: a row cannot keep all that limits it */
};

/* What it means if a step at the end fails, or finds its row gone. */
typedef enum usher_write_rule {
    USHER_WRITE_MUST,         /* could not tell */
    USHER_WRITE_OR_NO_COOKIE, /* the answer stands without the session's Set-Cookie */
    USHER_WRITE_OR_REPORT,    /* the answer stands */
} usher_write_rule;

#define USHER_WRITES_MAX (USHER_FORMATS_MAX + 3)

typedef struct usher_write {
    usher_store store;
    usher_write_rule rule;
} usher_write;

struct usher_storing {
    usher_step *answered;     /* what reads the answer */
    usher_operation *after;   /* where the flow goes on */
    size_t format;            /* whose row is asked for */
    usher_operation *reading; /* what looks for the next row to ask for */
    usher_operation *settled; /* where it goes on when all that was put down is done */
    usher_operation *carried; /* where it goes on behind usher_store_carry */
    usher_str token;          /* of a new row */
    usher_write writes[USHER_WRITES_MAX];
    size_t count, next;
};

/* What is under way; NULL: out of memory. */
struct usher_storing *usher_store_state(usher_exchange *ex);

/* Asks for one step; `answered` gets STORED, or CONFLICT where the step can have one, with a copy
 * of the row, absent for null. A failure ends the exchange: could not tell. */
usher_status usher_store_ask(usher_exchange *ex, usher_want *want, const usher_store *store,
                             usher_step *answered, usher_error *err);
usher_step usher_store_answered;
/* Could not tell, for `what` reason: static text. */
usher_status usher_store_failed(usher_exchange *ex, const char *what, usher_error *err);

/* Brings the rows of sessions, once for each request, and goes on with `after`. */
usher_status usher_store_read(usher_exchange *ex, usher_operation *after, usher_want *want,
                              usher_error *err);
/* Brings the rows of all sessions that came, also behind one that is valid: for what ends them. */
usher_status usher_store_read_all(usher_exchange *ex, usher_operation *after, usher_want *want,
                                  usher_error *err);

/* Puts a step down for the end of the operation. Its texts are the exchange's. */
usher_status usher_store_later(usher_exchange *ex, const usher_store *store, usher_write_rule rule,
                               usher_error *err);
/* Wants the next of them; wants nothing if there is none left. */
usher_status usher_store_flush(usher_exchange *ex, usher_want *want, usher_error *err);
/* Has all of them done now, and goes on with `after`: for what must not be told before. */
usher_status usher_store_settle(usher_exchange *ex, usher_operation *after, usher_want *want,
                                usher_error *err);

/* The held session's row, renewed if it is old enough; its cookie in any case. */
usher_status usher_store_roll(usher_exchange *ex, bool only_one_cookie, usher_error *err);

/* Judges the row that was brought for a format of Auth.js'. */
usher_status usher_store_judge(usher_exchange *ex, size_t format, usher_error *err);
/* The same as claims would be, so that whoever looks at a session need not know where it is kept.
 */
usher_status usher_store_hold(usher_exchange *ex, struct usher_stored *s, usher_error *err);
/* Is the held session a row of the site's own? */
bool usher_store_is_row(const usher_exchange *ex);

/* carry.c */
/* A valid session of another format, where the site's own are rows: it is its user's, who is a row.
 * Whose that is has to be asked; where there is none, it is no session. */
usher_status usher_store_adopt(usher_exchange *ex, size_t format, usher_error *err);
/* What is asked: the step that finds the owner of the held session. */
usher_store usher_store_owner(const usher_exchange *ex, size_t format);
/* Makes a row of such a session, and the cookie for it, where the answer may set one; then goes on
 * with `after`, also if the store fails: then the session stays where it was. */
usher_status usher_store_carry(usher_exchange *ex, usher_operation *after, usher_want *want,
                               usher_error *err);
/* A row's key: the program's generateSessionToken, or a UUID; then `after`. */
usher_status usher_store_new_token(usher_exchange *ex, usher_operation *after, usher_want *want,
                                   usher_error *err);
/* {"sessionToken":…,"userId":…,"expires":…}; without the first while it is absent. */
usher_status usher_store_session_row(usher_str *out, usher_exchange *ex, usher_str token,
                                     const usher_row_user *user, int64_t expires_ms,
                                     usher_error *err);
/* The row of another format, whose session is a token now: it ends soon, and not at once, for a
 * request that is on its way still has the old cookie. `ended`: it ends now, once, however many
 * cookies have its key. */
usher_status usher_store_let_go(usher_exchange *ex, size_t format, bool ended, usher_error *err);
/* The row under this key, or the record, went: nobody asks for its end again. */
void usher_store_is_gone(usher_exchange *ex, bool record, usher_str key);
/* Does the held session have so little life that it is, or could be, one that was just left? It is
 * shown, and not written: the browser may have the new cookie already. */
bool usher_store_was_left(const usher_exchange *ex);

#endif
