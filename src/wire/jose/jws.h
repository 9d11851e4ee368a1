/* jws - verification of RFC 7515 compact signatures: RS256, PS256, ES256, EdDSA (Ed25519). The
 * algorithm is the caller's, never the token's; header members that name keys are ignored. */
#ifndef USHER_WIRE_JOSE_JWS_H
#define USHER_WIRE_JOSE_JWS_H

#include "base/arena.h"
#include "usher/base.h"
#include "wire/jose/jwk.h"
#include "wire/json.h"

typedef enum usher_jws_alg {
    USHER_JWS_NONE = 0, /* not an algorithm: "unknown" */
    USHER_RS256,
    USHER_PS256,
    USHER_ES256,
    USHER_EDDSA,
} usher_jws_alg;

usher_jws_alg
usher_jws_alg_of(usher_str name); /* USHER_JWS_NONE for anything else, "none" included */
usher_str usher_jws_alg_name(usher_jws_alg alg);
/* The key is of the algorithm's type, may verify, and its own `alg`, if any, is this one. */
bool usher_jws_alg_fits(usher_jws_alg alg, const usher_jwk *key);

typedef struct usher_jws {
    usher_str signing_input; /* header "." payload */
    usher_str signature;     /* base64url */
    usher_str payload;       /* base64url */
    usher_str alg, kid, typ; /* from the protected header; absent if not there */
} usher_jws;

/* Splits and reads the header (JSON object, no repeated members, no crit, no b64). Nothing is
 * verified yet. */
USHER_MUST_USE usher_status usher_jws_read(usher_jws *out, usher_arena *a, usher_str token,
                                           usher_error *err);

/* Verifies with one key. The header's alg must equal `alg`, the key must be of its type, and the
 * key's own `alg`, if any, too. USHER_E_FORGED if the signature is wrong; on USHER_OK *payload has
 * the decoded bytes, in the arena. */
USHER_MUST_USE usher_status usher_jws_verify(usher_str *payload, usher_arena *a,
                                             const usher_jws *jws, usher_jws_alg alg,
                                             const usher_jwk *key, usher_error *err);

#endif
