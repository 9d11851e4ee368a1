/* hmac512 - HMAC-SHA-512 (RFC 2104) of one key over many messages, without memory.
 *
 * The two hash states that the key leads to are kept and copied for each message. libcrypto's own
 * HMAC, and any copy of an EVP_MD_CTX, takes and gives back memory for each message in 3.0 (EVP_MAC
 * twice), and a tenth more time over a session; so this uses SHA512_Update and its like, which 3.0
 * calls deprecated and keeps. A libcrypto built without those gets EVP_MAC instead. */
#ifndef USHER_WIRE_JOSE_HMAC512_H
#define USHER_WIRE_JOSE_HMAC512_H

#ifndef OPENSSL_SUPPRESS_DEPRECATED
#define OPENSSL_SUPPRESS_DEPRECATED
#endif
#include <openssl/opensslconf.h>

#include "usher/base.h"

#if !defined(OPENSSL_NO_DEPRECATED_3_0) && !defined(USHER_PROVIDERS_ONLY)
#define USHER_HMAC512_STATES 1
#include <openssl/sha.h>
#else
#define USHER_HMAC512_STATES 0
#include <openssl/evp.h>
#endif

#define USHER_HMAC512_SIZE 64

typedef struct usher_hmac512 {
    bool ready;
#if USHER_HMAC512_STATES
    SHA512_CTX inner, outer; /* after the block that the key is mixed into */
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

#endif
