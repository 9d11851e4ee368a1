/* auth0 - visits to the routes of Auth0's profile, for tests of flows: a site, the way through the
 * provider, and what may go wrong between the engine and it. */
#ifndef USHER_TESTS_AUTH0_H
#define USHER_TESTS_AUTH0_H

#include "tests/kit/browser.h"

#define AUTH0_NOW_S  INT64_C(1767225600)
#define AUTH0_SECRET "Zr8KvT3nQx5WmBd7LpYc2HsJf9GaUe4o"
#define AUTH0_APP    "http://localhost:3000"

/* For the provider's answers: what auth0_open gives it. */
#define AUTH0_ENDS                                                                                 \
    ",\"end_session_endpoint\":\"" KIT_ISSUER "/bye\",\"revocation_endpoint\":\"" KIT_ISSUER       \
    "/revoke\""
#define AUTH0_REFRESH ",\"refresh_token\":\"rt-1\",\"scope\":\"openid profile\""

/* A browser at such a site. `more` stands behind the site's settings, `provider` behind the
 * provider's: ",\"a\":1", or empty. The provider takes logouts and hands out refresh tokens. */
void auth0_open(browser *b, const char *more, const char *provider);

/* From the link to the provider; `state` is what the callback needs. `query` begins with its '?'.
 */
void auth0_log_in(browser *b, const char *query, char state[128]);
/* Back from there; `more` begins with its '&': "&code=code-1". */
void auth0_come_back(browser *b, const char *state, const char *more, meddler *meddle, void *ctx);
/* Both, to /closed; asserts that it worked, and left the session's cookie alone. */
void auth0_sign_in(browser *b);

enum auth0_wrong {
    AUTH0_UNREACHABLE,
    AUTH0_LATE,
    AUTH0_FAILED,    /* 500, with what would have been right */
    AUTH0_EMPTY,     /* 200, and nothing */
    AUTH0_MALFORMED, /* 200, with half of an object */
    AUTH0_OTHER,     /* 200, with an object that says it went wrong */
    AUTH0_REFUSED,   /* 403, with the same */
    AUTH0_REDIRECT,
    AUTH0_WRONGS
};

/* The want with this number goes wrong: a meddler, and its context. */
typedef struct auth0_mischief {
    size_t want;
    enum auth0_wrong how;
} auth0_mischief;
void auth0_meddle(void *mischief, size_t want, const usher_fetch *fetch, usher_event *event);

#endif
