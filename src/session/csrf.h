/* csrf - the double-submit token of both systems: cookie "token|hash", hash = SHA-256 hex of token
 * followed by the secret. */
#ifndef USHER_SESSION_CSRF_H
#define USHER_SESSION_CSRF_H

#include "base/arena.h"
#include "session/keyring.h"
#include "usher/base.h"

/* *token is the trusted token if the (decoded) cookie value is genuine, else the absent view. An
 * empty token is not trusted [S]. */
USHER_MUST_USE usher_status usher_csrf_read(usher_str *token, const usher_keyring *keys,
                                            usher_str cookie_value, usher_error *err);
/* A new token (64 hex digits) and the cookie value that vouches for it. */
USHER_MUST_USE usher_status usher_csrf_new(usher_str *token, usher_str *cookie_value,
                                           usher_arena *a, const usher_keyring *keys,
                                           usher_entropy entropy, usher_error *err);
#endif
