/* metadata - the discovery document (OpenID Connect Discovery 1.0, RFC 8414), as far as we use it.
 */
#ifndef USHER_OAUTH_METADATA_H
#define USHER_OAUTH_METADATA_H

#include "base/arena.h"
#include "oauth/provider.h"
#include "usher/base.h"
#include "usher/cause.h"

typedef struct usher_metadata {
    usher_str issuer, authorization_endpoint, token_endpoint, jwks_uri;
    usher_str userinfo_endpoint; /* absent if there is none */
    /* Absent if there is none, or one that cannot be used: nobody is signed in by them. */
    usher_str end_session_endpoint, revocation_endpoint, pushed_request_endpoint;
    bool response_iss; /* authorization_response_iss_parameter_supported */
} usher_metadata;

/* issuer + "/.well-known/openid-configuration" (one slash between). */
USHER_MUST_USE usher_status usher_metadata_url(usher_str *out, usher_arena *a, usher_str issuer,
                                               usher_error *err);
/* The issuer must equal the configured one exactly; every endpoint must be an absolute https URL
 * (http only if the provider allows it) without a fragment, and a URI as it stands.
 * USHER_E_SYNTAX otherwise. *out is in the arena and does not need `text`. */
USHER_MUST_USE usher_status usher_metadata_read(usher_metadata *out, usher_arena *a,
                                                const usher_provider *p, usher_str text,
                                                usher_error *err);
#endif
