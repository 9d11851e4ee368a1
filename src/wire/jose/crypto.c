#include "wire/jose/crypto.h"

#include <stdatomic.h>

#include <openssl/err.h>

const EVP_MD *usher_crypto_digest(usher_digest_kind kind)
{
    static _Atomic(EVP_MD *) fetched[3];
    static const char *const names[] = {"SHA256", "SHA384", "SHA512"};
    EVP_MD *md = atomic_load(&fetched[kind]), *mine;

    if (md || !(mine = EVP_MD_fetch(NULL, names[kind], NULL))) return md;
    if (atomic_compare_exchange_strong(&fetched[kind], &md, mine)) return mine;
    EVP_MD_free(mine); /* another thread was first */
    return md;
}

usher_status usher_crypto_fail_at(usher_error *err, const char *what, const char *where)
{
    usher_status status = USHER_E_CRYPTO;

    /* The cause is the oldest entry, but every caller on the way up adds its own. */
    for (unsigned long e; (e = ERR_get_error());)
        if (ERR_GET_REASON(e) == ERR_R_MALLOC_FAILURE) status = USHER_E_NOMEM;
    return usher_fail_at(err, status, what, where, 0);
}
