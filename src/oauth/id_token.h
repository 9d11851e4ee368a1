/* id_token - validation of an ID token (OpenID Connect Core 3.1.3.7). The signature is always
 * verified; the algorithm is the configured one; keys are chosen by kid, type and use. With an
 * algorithm that takes a secret, the key is the client secret (Core 10.1) and the key set is not
 * looked at. */
#ifndef USHER_OAUTH_ID_TOKEN_H
#define USHER_OAUTH_ID_TOKEN_H

#include "base/arena.h"
#include "oauth/provider.h"
#include "usher/cause.h"
#include "wire/jose/jwk.h"
#include "wire/jose/jws.h"
#include "wire/json.h"

typedef struct usher_id_token_rules {
    usher_str issuer, client_id;
    usher_jws_alg alg;
    usher_str nonce;        /* absent: a nonce in the token is an error */
    bool any_nonce;         /* instead: it was refreshed, and may repeat what its sign-in had */
    usher_str access_token; /* for at_hash, when the token has one; may be absent */
    int64_t now_s;
    int64_t skew_s;   /* 60 */
    usher_str code;   /* for c_hash, when the token has one; may be absent */
    bool has_max_age; /* max_age was sent: auth_time must be there and recent enough */
    int64_t max_age_s;
    usher_secret client_secret; /* for the algorithms HS256, HS384, HS512, and for no other */
} usher_id_token_rules;

typedef struct usher_id_token {
    usher_json_object claims;
    usher_str text;    /* the claims' JSON */
    usher_str subject; /* 1-255 ASCII characters (Core section 2) */
} usher_id_token;

/* USHER_OK: every check passed. A status of the peer class: refused, *cause says why;
 * *cause == USHER_CAUSE_ID_TOKEN_KEY means no key fitted, so a newer key set may help: none of the
 * token's kid, or, where kids do not tell, none that verifies it. The claims are in the arena. */
USHER_MUST_USE usher_status usher_id_token_verify(usher_id_token *out, usher_cause *cause,
                                                  usher_arena *a, usher_str token,
                                                  const usher_jwks *keys,
                                                  const usher_id_token_rules *rules,
                                                  usher_error *err);
#endif
