/* jwk - public keys as JSON (RFC 7517, 7518 section 6, 8037) and their thumbprints (RFC 7638).
 *
 * Import is for verifying only: RSA 2048-8192 bits with e <= 2^32 and odd, points on the curves
 * P-256, P-384 and P-521, Ed25519. Private members are ignored, symmetric keys never import. */
#ifndef USHER_WIRE_JOSE_JWK_H
#define USHER_WIRE_JOSE_JWK_H

#include "base/arena.h"
#include "usher/base.h"
#include "wire/jose/digest.h"
#include "wire/json.h"

typedef enum usher_jwk_type {
    USHER_JWK_RSA,
    USHER_JWK_EC_P256,
    USHER_JWK_EC_P384,
    USHER_JWK_EC_P521,
    USHER_JWK_ED25519,
    USHER_JWK_TYPES,
} usher_jwk_type;

#define USHER_JWK_RSA_BITS_MIN 2048
#define USHER_JWK_RSA_BITS_MAX 8192

/* Bytes of a coordinate of the type's curve; 0 for what is no such curve. */
size_t usher_jwk_coordinate_size(usher_jwk_type type);

typedef struct usher_jwk {
    usher_jwk_type type;
    usher_str kid, alg, use; /* absent if not given; in the arena or the source */
    bool may_verify;         /* `use` and `key_ops` allow verifying */
    bool may_sign;           /* it is a pair, and they allow signing: see key_pair.h */
    void *key;               /* EVP_PKEY; freed by usher_jwk_free */
} usher_jwk;

USHER_MUST_USE usher_status usher_jwk_read(usher_jwk *out, usher_arena *a, usher_json value,
                                           usher_error *err);
void usher_jwk_free(usher_jwk *key); /* what usher_jwk_read filled in; a zeroed one is fine */

#define USHER_JWKS_KEYS_MAX 64
/* A JWK set document: unusable keys, among them those that may not verify, are left out, more than
 * the maximum is USHER_E_LIMIT. Free each of the `count` keys. */
typedef struct usher_jwks {
    usher_jwk *keys;
    size_t count;
    size_t unusable;
} usher_jwks;
USHER_MUST_USE usher_status usher_jwks_read(usher_jwks *out, usher_arena *a, usher_str text,
                                            usher_error *err);
void usher_jwks_free(usher_jwks *set);

/* The thumbprint of any kty that RFC 7638 and 8037 define (oct, RSA, EC, OKP), base64url. The JSON
 * may hold any members. USHER_E_SYNTAX if a required one is missing or no string. */
USHER_MUST_USE usher_status usher_jwk_thumbprint(usher_str *out, usher_arena *a, usher_json value,
                                                 usher_digest_kind kind, usher_error *err);

#endif
