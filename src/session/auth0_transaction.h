/* auth0_transaction - what Auth0's SDK keeps in the browser between sign-in and callback: one
 * cookie with everything, named for the state. Its value is `<created, unix seconds>:<token>`,
 * before version 4.29 the token alone; the number is not authenticated and decides only which
 * cookie goes first when there are too many. */
#ifndef USHER_SESSION_AUTH0_TRANSACTION_H
#define USHER_SESSION_AUTH0_TRANSACTION_H

#include "session/auth0_session.h"

typedef struct usher_auth0_transaction {
    usher_str state, nonce, code_verifier, return_to; /* return_to is absent if there is none */
    usher_str scope, audience, challenge_mode;        /* absent if there is none */
    bool connect; /* an account is being connected, nobody signs in */
    bool has_max_age;
    int64_t max_age_s;
} usher_auth0_transaction;

typedef enum usher_auth0_callback {
    USHER_AUTH0_TRANSACTION_FOUND,
    USHER_AUTH0_STATE_MISSING, /* the request has none */
    USHER_AUTH0_STATE_INVALID, /* no cookie for it, or one that does not open: nothing is deleted */
    USHER_AUTH0_STATE_FOREIGN, /* the cookie holds another state, or is no transaction */
} usher_auth0_callback;

/* What the original answers with, as text/plain. NULL if it was found. */
const char *usher_auth0_callback_message(usher_auth0_callback answer);

/* The name of the cookie for a state. */
USHER_MUST_USE usher_status usher_auth0_transaction_name(usher_str *name, usher_arena *a,
                                                         const usher_auth0_options *options,
                                                         usher_str state, usher_error *err);

/* Finds the transaction that a callback's state belongs to. *cause says why it was not; *out is
 * empty then. `jar` is of usher_auth0_jar_read_transactions. */
USHER_MUST_USE usher_status usher_auth0_transaction_open(
    usher_auth0_transaction *out, usher_auth0_callback *answer, usher_cause *cause,
    const usher_auth0_context *c, const usher_auth0_jar *jar, usher_str state, usher_error *err);

/* The line that keeps a new transaction, and deletions of the oldest others so that all of them
 * stay below the bound (names->transactions_max bytes of name=value). */
USHER_MUST_USE usher_status usher_auth0_transaction_write(usher_auth0_lines *lines,
                                                          const usher_auth0_context *c,
                                                          const usher_auth0_jar *jar,
                                                          const usher_auth0_transaction *t,
                                                          usher_entropy entropy, usher_error *err);

/* Deletes the state's cookie; with an absent state, every transaction that came. */
USHER_MUST_USE usher_status usher_auth0_transaction_clear(usher_auth0_lines *lines,
                                                          const usher_auth0_context *c,
                                                          const usher_auth0_jar *jar,
                                                          usher_str state, usher_error *err);

#endif
