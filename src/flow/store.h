/* store - rows that an exchange wants: sessions kept in a database, users and their accounts.
 *
 * Rows are read before an operation looks at its session (usher_store_read), and most of what it
 * writes is put down for the end, when its answer is known (usher_store_later): so the operations
 * stay as they are for sessions in cookies. A step that failed is "could not tell". */
#ifndef USHER_FLOW_STORE_H
#define USHER_FLOW_STORE_H

#include "flow/exchange.h"
#include "session/row.h"

/* A session that is a row, as it was read. */
struct usher_stored {
    usher_row_session session;
    usher_row_user user;
};

/* What it means if a step at the end fails, or finds its row gone. */
typedef enum usher_write_rule {
    USHER_WRITE_MUST,         /* could not tell */
    USHER_WRITE_OR_NO_COOKIE, /* the answer stands without the session's Set-Cookie */
    USHER_WRITE_OR_REPORT,    /* the answer stands */
} usher_write_rule;

#define USHER_WRITES_MAX 4

typedef struct usher_write {
    usher_store store;
    usher_write_rule rule;
} usher_write;

struct usher_storing {
    usher_step *answered;   /* what reads the answer */
    usher_operation *after; /* where the flow goes on */
    usher_write writes[USHER_WRITES_MAX];
    size_t count, next;
};

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

/* Puts a step down for the end of the operation. Its texts are the exchange's. */
usher_status usher_store_later(usher_exchange *ex, const usher_store *store, usher_write_rule rule,
                               usher_error *err);
/* Wants the next of them; wants nothing if there is none left. */
usher_status usher_store_flush(usher_exchange *ex, usher_want *want, usher_error *err);

/* The held session's row, renewed if it is old enough; its cookie in any case. */
usher_status usher_store_roll(usher_exchange *ex, bool only_one_cookie, usher_error *err);
/* Sets the session's cookie to the key of a row, until then. */
usher_status usher_store_put_cookie(usher_exchange *ex, usher_str token, int64_t expires_s,
                                    bool only_one_cookie, bool *written, usher_error *err);

/* Judges the row that was brought for a format of Auth.js'. */
usher_status usher_store_judge(usher_exchange *ex, const usher_brought *b, usher_error *err);

#endif
