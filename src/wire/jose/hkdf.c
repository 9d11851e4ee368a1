#include "wire/jose/hkdf.h"

#include <openssl/core_names.h>
#include <openssl/kdf.h>
#include <openssl/params.h>

#include "base/secret.h"
#include "wire/jose/crypto.h"

#define OUT_MAX  (255u * 32)
#define INFO_MAX 1024u /* libcrypto's own bound */

static OSSL_PARAM octets(const char *name, const void *bytes, size_t len)
{
    return OSSL_PARAM_construct_octet_string(name, usher_crypto_unconst(len ? bytes : ""), len);
}

usher_status usher_hkdf_sha256(uint8_t *out, size_t out_len, const uint8_t *ikm, size_t ikm_len,
                               usher_str salt, usher_str info, usher_error *err)
{
    usher_status rc = USHER_OK;
    char sha256[] = "SHA256";
    OSSL_PARAM params[] = {
        OSSL_PARAM_construct_utf8_string(OSSL_KDF_PARAM_DIGEST, sha256, 0),
        octets(OSSL_KDF_PARAM_KEY, ikm, ikm_len),
        octets(OSSL_KDF_PARAM_SALT, salt.ptr, salt.len),
        octets(OSSL_KDF_PARAM_INFO, info.ptr, info.len),
        OSSL_PARAM_END,
    };
    EVP_KDF *kdf = NULL;
    EVP_KDF_CTX *ctx = NULL;

    if (out_len) usher_wipe(out, out_len); /* nobody seals with what happened to lie there */
    if (ikm_len == 0)                      /* a derived key would be public knowledge */
        return usher_fail(err, USHER_E_USAGE, "hkdf: no key material", 0);
    if (out_len == 0) return USHER_OK;
    if (out_len > OUT_MAX || info.len > INFO_MAX)
        return usher_fail(err, USHER_E_USAGE, "hkdf: more output or info than it has", out_len);
    kdf = EVP_KDF_fetch(NULL, "HKDF", NULL);
    ctx = kdf ? EVP_KDF_CTX_new(kdf) : NULL;
    if (!ctx || EVP_KDF_derive(ctx, out, out_len, params) != 1) {
        rc = usher_crypto_fail(err, "hkdf: libcrypto failed");
        usher_wipe(out, out_len);
    }
    EVP_KDF_CTX_free(ctx); /* wipes its copy of the key */
    EVP_KDF_free(kdf);
    return rc;
}
