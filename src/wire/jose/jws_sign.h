/* jws_sign - compact signatures (RFC 7515) with a key pair, and MACs with a secret. */
#ifndef USHER_WIRE_JOSE_JWS_SIGN_H
#define USHER_WIRE_JOSE_JWS_SIGN_H

#include "wire/jose/jws.h"

/* base64url(header) "." base64url(payload) "." base64url(signature), in the arena; `header_json` is
 * written as it stands. The key must be of the algorithm's type and may_sign, or else it is
 * USHER_E_USAGE. */
USHER_MUST_USE usher_status usher_jws_sign(usher_str *token, usher_arena *a, usher_jws_alg alg,
                                           const usher_jwk *key, usher_str header_json,
                                           usher_str payload, usher_error *err);

/* The same with a secret: `alg` must be one of the MACs, and the secret not empty. */
USHER_MUST_USE usher_status usher_jws_sign_mac(usher_str *token, usher_arena *a, usher_jws_alg alg,
                                               usher_secret secret, usher_str header_json,
                                               usher_str payload, usher_error *err);

#endif
