#include "wire/jose/hmac512.h"

#include <string.h>

#include "base/error.h"
#include "base/secret.h"
#include "base/str.h"
#include "wire/jose/crypto.h"

#define BLOCK 128

#if USHER_SHA_STATES

static bool begin(SHA512_CTX *state, const uint8_t *key, size_t len, uint8_t mask)
{
    uint8_t block[BLOCK];
    bool fine;

    memset(block, mask, sizeof block);
    for (size_t i = 0; i < len; i++)
        block[i] ^= key[i];
    fine = SHA512_Init(state) == 1 && SHA512_Update(state, block, sizeof block) == 1;
    usher_wipe(block, sizeof block);
    return fine;
}

usher_status usher_hmac512_init(usher_hmac512 *h, const uint8_t *key, size_t len, usher_error *err)
{
    if (len > BLOCK)
        return usher_fail(err, USHER_E_USAGE, "hmac512: a key longer than a block", len);
    h->ready = begin(&h->inner, key, len, 0x36) && begin(&h->outer, key, len, 0x5c);
    return h->ready ? USHER_OK : usher_crypto_fail(err, "hmac512: SHA-512 failed");
}

void usher_hmac512_deinit(usher_hmac512 *h)
{
    usher_wipe(h, sizeof *h);
}

/* `state` is a copy of a kept one. */
static bool hash(uint8_t out[USHER_HMAC512_SIZE], SHA512_CTX *state, const usher_str *parts,
                 size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (parts[i].len && SHA512_Update(state, parts[i].ptr, parts[i].len) != 1) return false;
    return SHA512_Final(out, state) == 1;
}

static usher_status mac_from(uint8_t out[USHER_HMAC512_SIZE], const usher_hmac512 *h,
                             const SHA512_CTX *from, const usher_str *parts, size_t count,
                             usher_error *err)
{
    SHA512_CTX state = *from;
    uint8_t digest[USHER_HMAC512_SIZE];
    const usher_str inner = {(const char *)digest, sizeof digest};
    bool fine = h->ready && hash(digest, &state, parts, count);

    state = h->outer;
    fine = fine && hash(out, &state, &inner, 1);
    usher_wipe(&state, sizeof state);
    usher_wipe(digest, sizeof digest);
    return fine ? USHER_OK : usher_crypto_fail(err, "hmac512: SHA-512 failed");
}

usher_status usher_hmac512_parts(uint8_t out[USHER_HMAC512_SIZE], usher_hmac512 *h,
                                 const usher_str *parts, size_t count, usher_error *err)
{
    return mac_from(out, h, &h->inner, parts, count, err);
}

static bool begin_with(usher_hmac512 *h, usher_str begin)
{
    if (usher_str_eq(begin, (usher_str){h->begin, h->begin_len})) return true;
    h->begin_len = 0; /* until it is whole again */
    h->begun = h->inner;
    if (SHA512_Update(&h->begun, begin.ptr, begin.len) != 1) return false;
    memcpy(h->begin, begin.ptr, begin.len);
    h->begin_len = begin.len;
    return true;
}

usher_status usher_hmac512_begun(uint8_t out[USHER_HMAC512_SIZE], usher_hmac512 *h, usher_str begin,
                                 const usher_str *parts, size_t count, usher_error *err)
{
    SHA512_CTX longer;

    if (begin.len == 0) return mac_from(out, h, &h->inner, parts, count, err);
    if (begin.len <= USHER_HMAC512_BEGIN_MAX)
        return begin_with(h, begin) ? mac_from(out, h, &h->begun, parts, count, err)
                                    : usher_crypto_fail(err, "hmac512: SHA-512 failed");
    longer = h->inner;
    usher_status rc = SHA512_Update(&longer, begin.ptr, begin.len) == 1
                          ? mac_from(out, h, &longer, parts, count, err)
                          : usher_crypto_fail(err, "hmac512: SHA-512 failed");
    usher_wipe(&longer, sizeof longer);
    return rc;
}

#else

#include <openssl/core_names.h>
#include <openssl/params.h>

usher_status usher_hmac512_init(usher_hmac512 *h, const uint8_t *key, size_t len, usher_error *err)
{
    char sha512[] = "SHA512";
    const OSSL_PARAM params[] = {OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, sha512, 0),
                                 OSSL_PARAM_END};
    EVP_MAC *hmac;

    if (len > BLOCK)
        return usher_fail(err, USHER_E_USAGE, "hmac512: a key longer than a block", len);
    hmac = EVP_MAC_fetch(NULL, "HMAC", NULL);
    h->mac = hmac ? EVP_MAC_CTX_new(hmac) : NULL;
    EVP_MAC_free(hmac); /* the context holds a reference */
    h->ready = h->mac && EVP_MAC_init(h->mac, key, len, params) == 1;
    if (h->ready) return USHER_OK;
    usher_hmac512_deinit(h);
    return usher_crypto_fail(err, "hmac512: no context for the key");
}

void usher_hmac512_deinit(usher_hmac512 *h)
{
    EVP_MAC_CTX_free(h->mac);
    *h = (usher_hmac512){0};
}

usher_status usher_hmac512_parts(uint8_t out[USHER_HMAC512_SIZE], usher_hmac512 *h,
                                 const usher_str *parts, size_t count, usher_error *err)
{
    return usher_hmac512_begun(out, h, (usher_str){0}, parts, count, err);
}

usher_status usher_hmac512_begun(uint8_t out[USHER_HMAC512_SIZE], usher_hmac512 *h, usher_str begin,
                                 const usher_str *parts, size_t count, usher_error *err)
{
    size_t got = 0;
    bool fine = h->ready && EVP_MAC_init(h->mac, NULL, 0, NULL) == 1; /* the same key again */

    if (fine && begin.len)
        fine = EVP_MAC_update(h->mac, (const uint8_t *)begin.ptr, begin.len) == 1;
    for (size_t i = 0; fine && i < count; i++)
        if (parts[i].len)
            fine = EVP_MAC_update(h->mac, (const uint8_t *)parts[i].ptr, parts[i].len) == 1;
    fine = fine && EVP_MAC_final(h->mac, out, &got, USHER_HMAC512_SIZE) == 1;
    return fine ? USHER_OK : usher_crypto_fail(err, "hmac512: HMAC failed");
}

#endif
