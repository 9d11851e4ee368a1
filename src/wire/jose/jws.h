/* jws - verification of RFC 7515 compact signatures and MACs: RS, PS, ES and HS, each with 256, 384
 * and 512 (RFC 7518 section 3), and EdDSA (Ed25519). The algorithm is the caller's, never the
 * token's; header members that name keys are ignored. */
#ifndef USHER_WIRE_JOSE_JWS_H
#define USHER_WIRE_JOSE_JWS_H

#include "base/arena.h"
#include "base/secret.h"
#include "usher/base.h"
#include "wire/jose/jwk.h"
#include "wire/json.h"

typedef enum usher_jws_alg {
    USHER_JWS_NONE = 0, /* not an algorithm: "unknown" */
    USHER_RS256,
    USHER_RS384,
    USHER_RS512,
    USHER_PS256,
    USHER_PS384,
    USHER_PS512,
    USHER_ES256,
    USHER_ES384,
    USHER_ES512,
    USHER_EDDSA,
    USHER_HS256, /* from here on: a secret that both sides know, not a key pair */
    USHER_HS384,
    USHER_HS512,
    USHER_JWS_ALGS, /* their number, and one */
} usher_jws_alg;

#define USHER_JWS_SIGNATURE_MAX 1024 /* bytes: RSA of 8192 bits */

/* USHER_JWS_NONE for anything else, "none" included */
usher_jws_alg usher_jws_alg_of(usher_str name);
usher_str usher_jws_alg_name(usher_jws_alg alg);
bool usher_jws_alg_is_mac(usher_jws_alg alg); /* HS256, HS384, HS512 */
/* What goes with the algorithm, for at_hash and c_hash too; SHA-512 with EdDSA. */
usher_digest_kind usher_jws_alg_digest(usher_jws_alg alg);
/* The key is of the algorithm's type, may verify, and its own `alg`, if any, is this one. No key
 * fits a MAC: a public key can never be taken for a secret. */
bool usher_jws_alg_fits(usher_jws_alg alg, const usher_jwk *key);
/* The bytes of its signatures; 0 if there are none, or more than are read. */
size_t usher_jws_signature_size(usher_jws_alg alg, const usher_jwk *key);

typedef struct usher_jws {
    usher_str signing_input; /* header "." payload */
    usher_str signature;     /* base64url */
    usher_str payload;       /* base64url */
    usher_str alg, kid, typ; /* from the protected header; absent if not there */
    bool has_zip;            /* a member of JWE's headers: nothing of ours has it */
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

/* The same with a secret: `alg` must be one of the MACs. An empty secret is USHER_E_USAGE. */
USHER_MUST_USE usher_status usher_jws_verify_mac(usher_str *payload, usher_arena *a,
                                                 const usher_jws *jws, usher_jws_alg alg,
                                                 usher_secret secret, usher_error *err);

#endif
