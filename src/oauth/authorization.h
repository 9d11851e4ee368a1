/* authorization - the authorization request and the response that comes back (RFC 6749 section 4.1,
 * RFC 7636, RFC 9207). */
#ifndef USHER_OAUTH_AUTHORIZATION_H
#define USHER_OAUTH_AUTHORIZATION_H

#include "base/arena.h"
#include "oauth/metadata.h"
#include "oauth/provider.h"
#include "usher/cause.h"
#include "wire/form.h"

#define USHER_RANDOM_TEXT 43 /* base64url of 32 bytes: state, nonce, code verifier */
USHER_MUST_USE usher_status usher_random_text(char out[USHER_RANDOM_TEXT], usher_entropy entropy,
                                              usher_error *err);
/* base64url(SHA-256(verifier)) */
USHER_MUST_USE usher_status usher_pkce_challenge(char out[USHER_RANDOM_TEXT], usher_str verifier,
                                                 usher_error *err);

typedef struct usher_authorization_request {
    usher_str redirect_uri;
    usher_str code_challenge; /* absent if the provider refuses PKCE (usher_provider.pkce) */
    usher_str state, nonce;   /* absent: not sent */
    const usher_form *extra;  /* more parameters from the caller of signIn(); may be NULL. Ones that
                                 the protocol itself sets are ignored. */
} usher_authorization_request;

USHER_MUST_USE usher_status usher_authorization_url(usher_str *out, usher_arena *a,
                                                    const usher_provider *p,
                                                    const usher_metadata *metadata,
                                                    const usher_authorization_request *request,
                                                    usher_error *err);

typedef struct usher_authorization_response {
    usher_str code;
    usher_str state; /* absent if not sent */
    usher_str iss;
    usher_str error; /* absent: success */
} usher_authorization_response;

/* Reads the callback's parameters. A repeated code, state, iss or error, or both code and error, or
 * neither: USHER_E_SYNTAX. */
USHER_MUST_USE usher_status usher_authorization_response_read(usher_authorization_response *out,
                                                              const usher_form *params,
                                                              usher_error *err);
#endif
