/* bearer - the session token of a request that sends it in Authorization instead of a cookie. */
#ifndef USHER_SESSION_BEARER_H
#define USHER_SESSION_BEARER_H

#include "base/arena.h"
#include "usher/base.h"

/* `authorization` is the header's value, or absent. *token is empty if it carries none: another
 * scheme (the word is compared exactly), an empty word after it, or percent signs that decode to
 * nothing. Both originals split at single spaces and decode what follows; "Bearer" alone makes them
 * decode the text "undefined", which is kept: it is a token that fails, not an absent one. */
USHER_MUST_USE usher_status usher_bearer_read(usher_str *token, usher_arena *a,
                                              usher_str authorization, usher_error *err);

#endif
