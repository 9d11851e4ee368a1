/* hmac512 - HMAC-SHA-512 (RFC 2104) of one key over many messages, without memory.
 *
 * The two hash states that the key leads to are kept and copied for each message (wire/jose/sha.h);
 * libcrypto's own HMAC takes memory twice for each, and a tenth more time over a session.
 */
#ifndef USHER_WIRE_JOSE_HMAC512_H
#define USHER_WIRE_JOSE_HMAC512_H

#include "usher/base.h"
#include "wire/jose/sha.h"

#if !USHER_SHA_STATES
#include <openssl/evp.h>
#endif

#define USHER_HMAC512_SIZE      64
#define USHER_HMAC512_BEGIN_MAX 256 /* a longer beginning is hashed anew each time */

typedef struct usher_hmac512 {
    bool ready;
#if USHER_SHA_STATES
    SHA512_CTX inner, outer; /* after the block that the key is mixed into */
    SHA512_CTX begun;        /* `inner` after `begin`, once there was one */
    char begin[USHER_HMAC512_BEGIN_MAX];
    size_t begin_len;
#else
    EVP_MAC_CTX *mac;
#endif
} usher_hmac512;

/* A key of at most 128 bytes. `h` is zero, or was deinitialised. */
USHER_MUST_USE usher_status usher_hmac512_init(usher_hmac512 *h, const uint8_t *key, size_t len,
                                               usher_error *err);
void usher_hmac512_deinit(usher_hmac512 *h); /* wipes */

/* Over the parts, one after the other. On a failure deinitialise: the state is unknown. */
USHER_MUST_USE usher_status usher_hmac512_parts(uint8_t out[USHER_HMAC512_SIZE], usher_hmac512 *h,
                                                const usher_str *parts, size_t count,
                                                usher_error *err);
/* The same with `begin` before them, for messages that begin alike, as the tokens of a key do with
 * their header: what was hashed of it for the last message is not hashed again. */
USHER_MUST_USE usher_status usher_hmac512_begun(uint8_t out[USHER_HMAC512_SIZE], usher_hmac512 *h,
                                                usher_str begin, const usher_str *parts,
                                                size_t count, usher_error *err);

#endif
