/* vector_site - a site as a case describes it, and whole requests to it: what the original's
 * handlers were asked is asked of the engine. */
#ifndef USHER_HOSTS_CLI_VECTOR_SITE_H
#define USHER_HOSTS_CLI_VECTOR_SITE_H

#include "hosts/cli/vector.h"
#include "usher/exchange.h"

typedef struct vector_site {
    usher_site *site;
    usher_exchange *ex;
    usher_header headers[2]; /* of the request that was asked last */
    usher_request request;
} vector_site;

/* input.secret, base_url, max_age, use_secure_cookies, session_cookie; base path /api/auth.
 * `providers`: a JSON array, or absent. Close it whatever came of this. */
USHER_MUST_USE usher_status vector_site_open(vector_site *out, vector *v, const char *profile,
                                             usher_str providers, usher_error *err);
void vector_site_close(vector_site *s);

typedef usher_status vector_operation(usher_exchange *ex, usher_want *want, usher_error *err);

typedef struct vector_request {
    usher_str target, cookies; /* cookies absent: no such header */
    usher_str form;            /* absent: a GET, else a POST of it */
} vector_request;

/* Up to the first want, at the case's time. */
USHER_MUST_USE usher_status vector_site_ask(vector_site *s, const vector *v,
                                            vector_operation *operation, const vector_request *r,
                                            usher_want *want, usher_error *err);

/* The last response. Header: the first of that name, or absent. Cookie: the decoded value of the
 * Set-Cookie line of that name, or absent. */
usher_str vector_site_header(const vector_site *s, usher_str name);
USHER_MUST_USE usher_status vector_site_cookie(usher_str *out, const vector_site *s, usher_arena *a,
                                               usher_str name, usher_error *err);
/* Holds the Set-Cookie lines against expected.set_cookies: their order, names and attributes, and
 * the values as far as they are not masked. */
USHER_MUST_USE usher_status vector_site_judge_cookies(vector *v, const vector_site *s,
                                                      usher_error *err);

#endif
