/* account - who signs in, where users and their accounts at providers are rows of a store: the
 * owner of the account, whoever is signed in already, or somebody new. The order of the steps is
 * that of what may be left behind if one of them is the last: a user without account or session
 * harms nobody, and an account never has no user. */
#ifndef USHER_FLOW_ACCOUNT_H
#define USHER_FLOW_ACCOUNT_H

#include "flow/exchange.h"
#include "session/row.h"

struct usher_who {
    usher_str account; /* providerAccountId */
    usher_str profile; /* the user as the provider has him: JSON */
    usher_str email;   /* of that; absent if there is none */
    usher_str shown;   /* the user that functions of the program get: a row, or the profile */
    usher_row_user owner, current, user; /* of the account, of the session, who it comes to */
    bool has_owner, has_current;
    bool again; /* somebody else was faster; looked once more */
    bool is_new;
};

/* Goes on where a provider's answer has been verified; `said` is what it said, as JSON. */
usher_status usher_account_sign_in(usher_exchange *ex, const usher_user *user, usher_str said,
                                   usher_want *want, usher_error *err);
/* A session's row for the user that the program's authorize answered, and for nobody else. */
usher_status usher_account_admit(usher_exchange *ex, usher_want *want, usher_error *err);
/* The program lets him in. */
usher_status usher_account_resolve(usher_exchange *ex, usher_want *want, usher_error *err);

#endif
