#include "wire/jose/digest.h"

#include <string.h>

#include "base/error.h"
#include "wire/jose/crypto.h"

size_t usher_digest_size(usher_digest_kind kind)
{
    static const size_t sizes[] = {32, 48, 64};

    return sizes[kind];
}

usher_status usher_digest_parts(uint8_t *out, usher_digest_kind kind, const usher_str *parts,
                                size_t count, usher_error *err)
{
    usher_status rc = USHER_OK;
    const EVP_MD *md = usher_crypto_digest(kind);
    EVP_MD_CTX *ctx = md ? EVP_MD_CTX_new() : NULL;
    bool ok = ctx && EVP_DigestInit_ex2(ctx, md, NULL) == 1;

    memset(out, 0, usher_digest_size(kind));
    for (size_t i = 0; ok && i < count; i++)
        ok = EVP_DigestUpdate(ctx, parts[i].ptr, parts[i].len) == 1;
    if (!ok || EVP_DigestFinal_ex(ctx, out, NULL) != 1)
        rc = usher_crypto_fail(err, "digest: libcrypto failed");
    EVP_MD_CTX_free(ctx);
    return rc;
}

usher_status usher_digest(uint8_t *out, usher_digest_kind kind, usher_str bytes, usher_error *err)
{
    return usher_digest_parts(out, kind, &bytes, 1, err);
}

void usher_hex(char *out, const uint8_t *in, size_t len)
{
    static const char digits[] = "0123456789abcdef";

    for (size_t i = 0; i < len; i++) {
        out[2 * i] = digits[in[i] >> 4];
        out[2 * i + 1] = digits[in[i] & 15];
    }
}
