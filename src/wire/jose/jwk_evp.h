/* jwk_evp - what reading public keys and reading pairs share: numbers of a JWK into libcrypto. */
#ifndef USHER_WIRE_JOSE_JWK_EVP_H
#define USHER_WIRE_JOSE_JWK_EVP_H

#include <openssl/bn.h>
#include <openssl/params.h>

#include "wire/jose/jwk.h"

/* A member that must be a base64url string of `min` to `max` bytes. */
usher_status usher_jwk_bytes(uint8_t *out, size_t *len, usher_arena *a, const usher_json_object *o,
                             usher_str name, size_t min, size_t max, usher_error *err);
/* Sizes are checked before any arithmetic: a key of 16 kbit or with a huge exponent costs time. */
bool usher_jwk_rsa_acceptable(const BIGNUM *n, const BIGNUM *e);
/* `selection` is EVP_PKEY_PUBLIC_KEY or EVP_PKEY_KEYPAIR; *out an EVP_PKEY, or NULL. */
usher_status usher_jwk_from_params(void **out, const char *type, int selection, OSSL_PARAM *params,
                                   usher_error *err);
/* libcrypto refused what the bounds let through (USHER_E_SYNTAX), or could not do its work. */
usher_status usher_jwk_import_failed(usher_error *err);
/* The names of the type's curve: libcrypto's and RFC 7518's; NULL and absent without one. */
const char *usher_jwk_group(usher_jwk_type type);
usher_str usher_jwk_curve(usher_jwk_type type);

#endif
