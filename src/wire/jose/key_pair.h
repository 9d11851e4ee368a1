/* key_pair - a signing key as its owner keeps it: PEM (PKCS#8, PKCS#1, SEC1; public keys as SPKI or
 * PKCS#1) or a JWK; and its public half as others are shown it. For settings, not for what peers
 * send: these keys are believed. */
#ifndef USHER_WIRE_JOSE_KEY_PAIR_H
#define USHER_WIRE_JOSE_KEY_PAIR_H

#include "wire/jose/jwk.h"

/* A text whose first character, but for white space, is '{' is a JWK; anything else is PEM, of
 * which the first key counts. Of a pair, may_sign and may_verify are set (unless the JWK's `use` or
 * `key_ops` say otherwise); of a public key, may_verify. The bounds are those of usher_jwk_read. A
 * PEM that is encrypted is USHER_E_SYNTAX; a kind of key that is not read, USHER_E_UNSUPPORTED.
 * That the halves belong together is known for JWKs of OKP only: let the pair sign something and
 * verify it. Free with usher_jwk_free. */
USHER_MUST_USE usher_status usher_key_pair_read(usher_jwk *out, usher_arena *a, usher_str text,
                                                usher_error *err);

/* The public half: the members that RFC 7638 requires, in its order. */
USHER_MUST_USE usher_status usher_jwk_write(usher_str *out, usher_arena *a, const usher_jwk *key,
                                            usher_error *err);

#endif
