/* keyring - the keys of a site: every secret × purpose, derived once when the site is made.
 * Immutable afterwards; read by all threads. The first secret seals, all open. A ring made by
 * usher_keyring_new counts what its keys are used for. */
#ifndef USHER_SESSION_KEYRING_H
#define USHER_SESSION_KEYRING_H

#include <stdatomic.h>

#include "base/arena.h"
#include "base/locked.h"
#include "base/secret.h"
#include "profile/profile.h"
#include "usher/base.h"
#include "usher/site.h"
#include "wire/jose/jwe.h"

#define USHER_SECRETS_MAX 16
#define USHER_SIGNING_KEY 32 /* HMAC with SHA-256 */
#define USHER_HEADER_JSON_MAX                                                                      \
    (44 + USHER_JWE_KID_MAX) /* {"alg":"dir","enc":"A256CBC-HS512","kid":"…"} */
#define USHER_HEADER_B64_MAX ((USHER_HEADER_JSON_MAX + 2) / 3 * 4)

/* The protected header that goes with a key, as the originals write it: `json` is sealed under, and
 * a token whose first segment equals `b64` needs no look into its header. */
typedef struct usher_key_header {
    char json[USHER_HEADER_JSON_MAX];
    char b64[USHER_HEADER_B64_MAX];
    uint16_t json_len, b64_len;
} usher_key_header;

/* Counters are written by every thread and keys by none, so they share no page; and threads that
 * use different ciphers mostly share no line. */
#define USHER_KEY_SHARDS 16

typedef enum usher_key_use { USHER_KEY_OPENED, USHER_KEY_SEALED, USHER_KEY_FAILED } usher_key_use;
#define USHER_KEY_USES 3

typedef struct usher_key_shard {
    _Alignas(64) atomic_uint_least64_t used[USHER_SECRETS_MAX][USHER_KEY_USES];
} usher_key_shard;

typedef struct usher_keyring {
    const usher_profile *profile;
    size_t secret_count;
    /* [purpose][secret][0: the profile's enc, 1: A256GCM where it is read too] */
    usher_jwe_key keys[USHER_PURPOSES][USHER_SECRETS_MAX][2];
    usher_key_header headers[USHER_PURPOSES][USHER_SECRETS_MAX]; /* of the keys at [0] */
    bool has[USHER_PURPOSES];
    uint8_t signing[USHER_SECRETS_MAX][USHER_SIGNING_KEY]; /* auth0-4: v3's signed ids; else zero */
    usher_secret csrf; /* what CSRF and e-mail hashes are keyed with: the secrets joined by ","
                          where the original knows lists, else the first, which is all it knows */
    usher_key_shard *shards; /* [USHER_KEY_SHARDS], or NULL: nothing is counted */

    /* Of usher_keyring_new only. */
    usher_locked pages;
    usher_allocator alloc;
    void *counters; /* what `shards` is an aligned part of */
} usher_keyring;

/* `salts[purpose]` is the HKDF salt: a cookie's configured name. A purpose without one has no key
 * (`has` is false), except that the profile decides alone about the session where it is not salted
 * and about the state parameter, whose salt is fixed. Two purposes with one salt would share a key,
 * and each would open as the other: USHER_E_SETTING, as for no secret, an empty one or too many. A
 * profile without secret lists still opens with every secret given here: rotation is ours to offer.
 * In a profile with one key, every purpose has it and `salts` are not looked at. */
USHER_MUST_USE usher_status usher_keyring_init(usher_keyring *out, const usher_allocator *alloc,
                                               const usher_profile *profile,
                                               const usher_secret *secrets, size_t count,
                                               const usher_str salts[USHER_PURPOSES],
                                               usher_error *err);
void usher_keyring_deinit(usher_keyring *k, const usher_allocator *alloc); /* wipes */

/* The same in pages of its own (base/locked.h) that nobody can write to any more, with counters.
 * `alloc` is for the counters, which are no secret. */
USHER_MUST_USE usher_status usher_keyring_new(usher_keyring **out, const usher_allocator *alloc,
                                              const usher_profile *profile,
                                              const usher_secret *secrets, size_t count,
                                              const usher_str salts[USHER_PURPOSES],
                                              usher_error *err);
void usher_keyring_free(usher_keyring *k); /* NULL is fine; wipes */

/* What became of a token: USHER_OK, the last of `tried` opened it; USHER_E_FORGED, none of them
 * did; anything else says nothing about keys. `who` tells threads apart: the cipher. */
void usher_keyring_count_open(const usher_keyring *k, const void *who,
                              const usher_jwe_key *const *tried, size_t count, usher_status rc);
void usher_keyring_count_seal(const usher_keyring *k, const void *who); /* with the first secret */
/* What was counted so far for one of the secrets. False past the last, and *out is zero. */
bool usher_keyring_counts(const usher_keyring *k, size_t secret, usher_key_counts *out);

#endif
