/* token_request - exchanging a code for tokens, and asking for userinfo: the requests to send and
 * how their answers are read (RFC 6749 sections 4.1.3-5.2, OpenID Connect Core 3.1.3 and 5.3). */
#ifndef USHER_OAUTH_TOKEN_REQUEST_H
#define USHER_OAUTH_TOKEN_REQUEST_H

#include "base/arena.h"
#include "oauth/metadata.h"
#include "oauth/provider.h"
#include "usher/exchange.h"
#include "wire/form.h"
#include "wire/json.h"

/* Fills in the whole fetch, client authentication included. `verifier`: absent if and only if the
 * provider's `pkce` is false. */
USHER_MUST_USE usher_status usher_token_request(usher_fetch *out, usher_arena *a,
                                                const usher_provider *p,
                                                const usher_metadata *metadata, usher_str code,
                                                usher_str redirect_uri, usher_str verifier,
                                                usher_error *err);

/* The same for a refresh token (RFC 6749 section 6). `scope` and `audience` may be absent: then the
 * provider gives what it gave before. */
USHER_MUST_USE usher_status usher_refresh_request(usher_fetch *out, usher_arena *a,
                                                  const usher_provider *p,
                                                  const usher_metadata *metadata,
                                                  usher_str refresh_token, usher_str scope,
                                                  usher_str audience, usher_error *err);
/* Revokes a refresh token (RFC 7009). USHER_E_USAGE without a revocation endpoint. */
USHER_MUST_USE usher_status usher_revocation_request(usher_fetch *out, usher_arena *a,
                                                     const usher_provider *p,
                                                     const usher_metadata *metadata,
                                                     usher_str refresh_token, usher_error *err);

/* Pushes the parameters of an authorization request, client_id among them (RFC 9126).
 * USHER_E_USAGE without such an endpoint. */
USHER_MUST_USE usher_status usher_pushed_request(usher_fetch *out, usher_arena *a,
                                                 const usher_provider *p,
                                                 const usher_metadata *metadata,
                                                 const usher_form *parameters, usher_error *err);
/* USHER_E_SYNTAX: not 201, not JSON, no request_uri that a URL could carry. */
USHER_MUST_USE usher_status usher_pushed_response_read(usher_str *request_uri, usher_arena *a,
                                                       int status, usher_str content_type,
                                                       usher_str body, usher_error *err);

typedef struct usher_tokens {
    usher_str access_token, id_token; /* after a refresh, id_token may be absent */
    usher_str refresh_token, scope;   /* absent if not given */
    bool has_expires;
    int64_t expires_in_s; /* 0 … 10 years */
} usher_tokens;

/* USHER_E_SYNTAX: not 200, an error document, not JSON, token_type other than bearer, a token
 * missing, empty or not printable ASCII. *out is in the arena and does not need `body`. */
USHER_MUST_USE usher_status usher_token_response_read(usher_tokens *out, usher_arena *a, int status,
                                                      usher_str content_type, usher_str body,
                                                      usher_error *err);

/* The answer to a refresh: the same, but an ID token need not come. */
USHER_MUST_USE usher_status usher_refresh_response_read(usher_tokens *out, usher_arena *a,
                                                        int status, usher_str content_type,
                                                        usher_str body, usher_error *err);
/* The members of an error document (RFC 6749 section 5.2); none if the answer is something else. */
USHER_MUST_USE usher_status usher_token_error_read(usher_json_object *out, usher_arena *a,
                                                   usher_str content_type, usher_str body,
                                                   usher_error *err);

USHER_MUST_USE usher_status usher_userinfo_request(usher_fetch *out, usher_arena *a,
                                                   const usher_provider *p,
                                                   const usher_metadata *metadata,
                                                   usher_str access_token, usher_error *err);
/* The claims, in the arena; `sub` must be a string equal to `subject`. */
USHER_MUST_USE usher_status usher_userinfo_read(usher_json_object *out, usher_arena *a, int status,
                                                usher_str content_type, usher_str body,
                                                usher_str subject, usher_error *err);
#endif
