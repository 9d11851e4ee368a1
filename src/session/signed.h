/* signed - session tokens that are signed and not sealed: plain JWTs (RFC 7519), for sites that
 * replaced NextAuth's jwt.encode and jwt.decode. Whoever has the cookie can read its claims.
 *
 * What is written: {"alg":"…","typ":"JWT"} and, with a private key among several keys, its "kid":
 * the kid of its JWK, or its thumbprint (RFC 7638, SHA-256). What is read: exactly the configured
 * algorithm, whatever the header says; a typ of JWT, or none; no crit, b64 or zip; canonical
 * base64url. A kid that is one of our keys' selects that key; any other is ignored, and each key is
 * tried. */
#ifndef USHER_SESSION_SIGNED_H
#define USHER_SESSION_SIGNED_H

#include "base/arena.h"
#include "base/secret.h"
#include "session/stamp.h"
#include "usher/base.h"
#include "usher/cause.h"
#include "usher/session.h"
#include "wire/jose/jws.h"

#define USHER_SIGNING_KEYS_MAX  16
#define USHER_SIGNED_MAX        (256u * 1024) /* characters, as USHER_TOKEN_MAX */
#define USHER_SIGNED_SECRET_MIN 32            /* bytes; what sites ask for outside development */

/* USHER_HS256, USHER_RS256, USHER_ES256 or USHER_EDDSA. */
typedef usher_jws_alg usher_signed_alg;

typedef struct usher_signing_key {
    usher_jwk pair;      /* unless HS256 */
    usher_secret secret; /* HS256; owned */
    usher_secret kid;    /* text, no secret; owned; empty with HS256 */
} usher_signing_key;

/* The keys of one format: the first signs, all of them verify. Immutable once made; read by all
 * threads. */
typedef struct usher_signing_keys {
    usher_signed_alg alg;
    size_t count;
    usher_signing_key *keys; /* owned */
    usher_secret header;     /* what is signed under: text, no secret; owned */
    usher_allocator alloc;
} usher_signing_keys;

/* HS256: each key is the bytes of a secret; the site refuses short ones outside development.
 * Others: PEM (PKCS#8, SEC1, PKCS#1; public keys as SPKI or PKCS#1) or a JWK; the first must be a
 * private key, later ones may be public. Every private key signs a sample here, which its public
 * half must verify. USHER_E_SETTING says that a key is unfit, with its index in err->at. The
 * algorithm must be one of the four and there must be 1 to 16 keys. */
USHER_MUST_USE usher_status usher_signing_keys_init(usher_signing_keys *out,
                                                    const usher_allocator *alloc,
                                                    usher_signed_alg alg, const usher_secret *keys,
                                                    size_t count, usher_error *err);
void usher_signing_keys_deinit(usher_signing_keys *k); /* wipes; a zeroed one is fine */

/* An answer, not a status, as usher_token_open's. */
USHER_MUST_USE usher_status usher_signed_open(usher_claims *out, usher_verdict *verdict,
                                              usher_cause *cause, usher_arena *a,
                                              const usher_signing_keys *keys, usher_str token,
                                              int64_t now_s, int64_t tolerance_s, usher_error *err);

/* Signs `claims_json` (an object) after setting iat, exp and jti, as usher_token_seal does.
 * `entropy` is for jti; what ES256 needs for each signature, libcrypto takes from its own
 * generator. */
USHER_MUST_USE usher_status usher_signed_seal(usher_str *token, int64_t *exp_s, usher_arena *a,
                                              const usher_signing_keys *keys, usher_str claims_json,
                                              int64_t now_s, int64_t max_age_s,
                                              usher_entropy entropy, usher_error *err);

#endif
