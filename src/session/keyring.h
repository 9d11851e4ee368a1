/* keyring - the keys of a site: every secret × purpose, derived once when the site is made.
 * Immutable afterwards; read by all threads. The first secret seals, all open. */
#ifndef USHER_SESSION_KEYRING_H
#define USHER_SESSION_KEYRING_H

#include "base/arena.h"
#include "base/secret.h"
#include "profile/profile.h"
#include "usher/base.h"
#include "wire/jose/jwe.h"

#define USHER_SECRETS_MAX 16

typedef struct usher_keyring {
    const usher_profile *profile;
    size_t secret_count;
    /* [purpose][secret][0: the profile's enc, 1: A256GCM where it is read too] */
    usher_jwe_key keys[USHER_PURPOSES][USHER_SECRETS_MAX][2];
    bool has[USHER_PURPOSES];
    usher_secret csrf; /* what CSRF and e-mail hashes are keyed with: the secrets joined by "," */
} usher_keyring;

/* `salts[purpose]` is the HKDF salt: a cookie's configured name, or empty. A profile without secret
 * lists still opens with every secret given here: rotation is ours to offer. */
USHER_MUST_USE usher_status usher_keyring_init(usher_keyring *out, const usher_allocator *alloc,
                                               const usher_profile *profile,
                                               const usher_secret *secrets, size_t count,
                                               const usher_str salts[USHER_PURPOSES],
                                               usher_error *err);
void usher_keyring_deinit(usher_keyring *k, const usher_allocator *alloc); /* wipes */

#endif
