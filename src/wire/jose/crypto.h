/* crypto - what the units of this folder share: algorithms of libcrypto fetched once for the
 * process (fetching by name takes a lock that all threads share), and the reading of its error
 * queue. */
#ifndef USHER_WIRE_JOSE_CRYPTO_H
#define USHER_WIRE_JOSE_CRYPTO_H

#include <openssl/evp.h>

#include "base/error.h"
#include "usher/base.h"
#include "wire/jose/digest.h"

/* Borrowed for the life of the process; NULL when it cannot be fetched. The next call tries again.
 */
const EVP_MD *usher_crypto_digest(usher_digest_kind kind);

/* What the error queue says about libcrypto's last failure. Reading it empties it, so nothing of
 * ours shows up in the host's log. */
typedef enum usher_crypto_reason {
    USHER_CRYPTO_SILENT, /* nothing was recorded */
    USHER_CRYPTO_MEMORY,
    USHER_CRYPTO_OTHER,
} usher_crypto_reason;
usher_crypto_reason usher_crypto_reason_read(void);

/* For steps that can fail for lack of memory only, or for a reason that libcrypto records:
 * USHER_E_NOMEM, or else USHER_E_CRYPTO. */
#define usher_crypto_fail(err, what) usher_crypto_fail_at((err), (what), USHER_HERE)
usher_status usher_crypto_fail_at(usher_error *err, const char *what, const char *where);

/* OSSL_PARAM has one type for reading and for writing. Only for values that libcrypto reads. */
static inline void *usher_crypto_unconst(const void *p)
{
    union {
        const void *in;
        void *out;
    } u = {.in = p};

    return u.out;
}

#endif
