#include "wire/jose/crypto.h"

#include <stdatomic.h>

#include <openssl/err.h>
#include <openssl/evperr.h>
#include <openssl/proverr.h>

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

/* A refused allocation is not always recorded as one. With algorithms that were fetched and
 * arguments that were checked, the others here mean that a state could not be allocated (seen by
 * failing each allocation of libcrypto 3.0.22 in turn). */
static bool is_memory(unsigned long e)
{
    static const struct {
        int lib, reason;
    } disguises[] = {
        {ERR_LIB_EVP, EVP_R_INITIALIZATION_ERROR},
        {ERR_LIB_EVP, EVP_R_NOT_ABLE_TO_COPY_CTX},
        {ERR_LIB_EVP, EVP_R_KEY_SETUP_FAILED},
        {ERR_LIB_EVP, ERR_R_INTERNAL_ERROR},
        {ERR_LIB_PROV, PROV_R_DIGEST_NOT_ALLOWED},
        {ERR_LIB_EVP, EVP_R_OPERATION_NOT_SUPPORTED_FOR_THIS_KEYTYPE},
    };
    int lib = ERR_GET_LIB(e), reason = ERR_GET_REASON(e);

    for (size_t i = 0; i < sizeof disguises / sizeof *disguises; i++)
        if (lib == disguises[i].lib && reason == disguises[i].reason) return true;
    return reason == ERR_R_MALLOC_FAILURE;
}

/* "RSA lib": the library below failed, and why is another entry's business. */
static bool is_echo(unsigned long e)
{
    int reason = ERR_GET_REASON(e);

    return reason == ERR_R_RSA_LIB || reason == ERR_R_EC_LIB || reason == ERR_R_BN_LIB ||
           reason == ERR_R_EVP_LIB;
}

usher_crypto_reason usher_crypto_reason_read(void)
{
    usher_crypto_reason reason = USHER_CRYPTO_SILENT;

    /* The cause is the oldest entry, but every caller on the way up may add its own. */
    for (unsigned long e; (e = ERR_get_error());)
        if (reason != USHER_CRYPTO_MEMORY && !is_echo(e))
            reason = is_memory(e) ? USHER_CRYPTO_MEMORY : USHER_CRYPTO_OTHER;
    ERR_clear_error(); /* frees the places that the entries kept */
    return reason;
}

usher_status usher_crypto_fail_at(usher_error *err, const char *what, const char *where)
{
    bool other = usher_crypto_reason_read() == USHER_CRYPTO_OTHER;

    return usher_fail_at(err, other ? USHER_E_CRYPTO : USHER_E_NOMEM, what, where, 0);
}
