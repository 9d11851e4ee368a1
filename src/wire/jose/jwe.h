/* jwe - RFC 7516 compact serialization with direct encryption (alg "dir"), and nothing else:
 * A256GCM and A256CBC-HS512 (RFC 7518 sections 5.3 and 5.2.5). No zip, no crit, canonical
 * base64url.
 *
 * Contexts of the crypto library are expensive to set up and cheap to reuse: a `usher_jwe_cipher`
 * belongs to one thread and keeps them keyed. Opening and sealing with a kept context allocate
 * nothing beside the text in the arena, take no lock and make no system call (bench/quiet_test.c).
 */
#ifndef USHER_WIRE_JOSE_JWE_H
#define USHER_WIRE_JOSE_JWE_H

#include "base/arena.h"
#include "usher/base.h"

typedef enum usher_jwe_enc {
    USHER_A256GCM = 1,
    USHER_A256CBC_HS512 = 2,
} usher_jwe_enc;

#define USHER_JWE_KEY_MAX 64
#define USHER_JWE_KID_MAX 86 /* base64url of SHA-512 */

/* One content key. Immutable once made; shared by all threads; wiped by its owner. */
typedef struct usher_jwe_key {
    uint64_t serial; /* unique in the process: what a cipher remembers its contexts by */
    usher_jwe_enc enc;
    uint8_t bytes[USHER_JWE_KEY_MAX]; /* 32 for A256GCM, 64 for A256CBC-HS512 */
    char kid[USHER_JWE_KID_MAX];      /* RFC 7638 thumbprint by SHA-256 or SHA-512, by key size */
    size_t kid_len;
} usher_jwe_key;

size_t usher_jwe_key_size(usher_jwe_enc enc);
/* Fills in serial, enc, bytes and kid. */
USHER_MUST_USE usher_status usher_jwe_key_init(usher_jwe_key *key, usher_jwe_enc enc,
                                               const uint8_t *bytes, usher_error *err);

typedef struct usher_jwe_header {
    bool dir;   /* alg is "dir" */
    bool known; /* enc is one of ours */
    usher_jwe_enc enc;
    usher_str kid; /* absent if there is none */
} usher_jwe_header;

typedef struct usher_jwe_parts {
    usher_str header, encrypted_key, iv, ciphertext, tag; /* base64url text, as it stands */
} usher_jwe_parts;

/* Exactly five segments. No allocation. */
USHER_MUST_USE usher_status usher_jwe_split(usher_jwe_parts *out, usher_str token,
                                            usher_error *err);

/* The same where the header is known byte for byte, and with it how long IV and tag are: the dots
 * are then where these leave them, and nobody has to look for them. False if the token is none
 * such, which says nothing about it. Dots in the ciphertext are found by whoever decodes it. */
bool usher_jwe_split_under(usher_jwe_parts *out, usher_str token, usher_str header,
                           usher_jwe_enc enc);

/* Reads the protected header: a JSON object without repeated members. USHER_E_UNSUPPORTED for zip,
 * crit, an alg other than "dir", or another enc. */
USHER_MUST_USE usher_status usher_jwe_read_header(usher_jwe_header *out, usher_arena *a,
                                                  usher_str header_b64, usher_error *err);

typedef struct usher_jwe_cipher usher_jwe_cipher;
/* For one thread; contexts are made as keys are first used and kept (the least recently used of 8
 * goes). NULL when memory or the crypto library fails. */
usher_jwe_cipher *usher_jwe_cipher_new(const usher_allocator *alloc);
void usher_jwe_cipher_free(usher_jwe_cipher *c); /* NULL is fine; wipes */

/* Authenticates, then decrypts into the arena. USHER_E_FORGED if it does not authenticate with this
 * key; USHER_E_SYNTAX if a segment is malformed. *plain is only set on USHER_OK. */
USHER_MUST_USE usher_status usher_jwe_open(usher_str *plain, usher_arena *a, usher_jwe_cipher *c,
                                           const usher_jwe_key *key, const usher_jwe_parts *parts,
                                           usher_error *err);

/* Seals `plain` into a token with the given protected header, which is written as it stands. */
USHER_MUST_USE usher_status usher_jwe_seal(usher_str *token, usher_arena *a, usher_jwe_cipher *c,
                                           const usher_jwe_key *key, usher_str header_json,
                                           usher_str plain, usher_entropy entropy,
                                           usher_error *err);
/* The same with the header as it is to stand in the token, in base64url. */
USHER_MUST_USE usher_status usher_jwe_seal_under(usher_str *token, usher_arena *a,
                                                 usher_jwe_cipher *c, const usher_jwe_key *key,
                                                 usher_str header_b64, usher_str plain,
                                                 usher_entropy entropy, usher_error *err);

#endif
