/* auth0 - what mint and inspect do otherwise for Auth0's sessions: their own way to cut a session
 * into cookies, and a session object in the place of claims. */
#ifndef USHER_HOSTS_CLI_AUTH0_H
#define USHER_HOSTS_CLI_AUTH0_H

#include "hosts/cli/found.h"
#include "session/auth0_session.h"

/* The session's cookie among those of a Cookie header, or version 3's; out->pieces stays 0 if none
 * came. An absent name is the profile's. */
USHER_MUST_USE usher_status cli_auth0_find(cli_found *out, usher_arena *a, usher_str name,
                                           usher_str header, usher_error *err);

/* As a site with this secret and the original's defaults judges what was found. *claims gets what
 * getSession() hands out if it is valid, and stays as it is otherwise. */
USHER_MUST_USE usher_status cli_auth0_judge(usher_claims *claims, usher_verdict *verdict,
                                            usher_cause *cause, usher_auth0_context *c,
                                            const cli_found *found, usher_error *err);

/* The session object of a user, from claims. */
USHER_MUST_USE usher_status cli_auth0_new(usher_str *session, usher_arena *a, usher_str claims,
                                          int64_t now_s, usher_error *err);

/* Seals a session object as it is, `exp` set. */
USHER_MUST_USE usher_status cli_auth0_seal(usher_str *token, int64_t *exp_s,
                                           const usher_auth0_context *c, usher_str session,
                                           int64_t max_age_s, usher_entropy entropy,
                                           usher_error *err);

typedef struct cli_auth0_sealing {
    usher_str session, cookie_name;
    bool secure;
    int64_t max_age_s;
    usher_entropy entropy;
} cli_auth0_sealing;

/* The Set-Cookie values of a new session; connection tokens travel in cookies of their own.
 * USHER_E_USAGE for an object that no site would take for a session. */
USHER_MUST_USE usher_status cli_auth0_lines(usher_str **lines, size_t *count,
                                            const usher_auth0_context *c,
                                            const cli_auth0_sealing *what, usher_error *err);

#endif
