#include "wire/jose/digest.h"

#include "wire/jose/sha.h" /* before any header of libcrypto */

#include <stdatomic.h>
#include <string.h>

#include <openssl/core_names.h>
#include <openssl/params.h>

#include "base/error.h"
#include "wire/jose/crypto.h"

size_t usher_digest_size(usher_digest_kind kind)
{
    static const size_t sizes[] = {32, 48, 64};

    return sizes[kind];
}

#if USHER_SHA_STATES

/* SHA-384 is SHA-512 from another beginning, cut off. */
static bool hash(uint8_t *out, usher_digest_kind kind, const usher_str *parts, size_t count)
{
    union {
        SHA256_CTX small;
        SHA512_CTX large;
    } state;
    bool small = kind == USHER_SHA256;
    bool ok = (small                  ? SHA256_Init(&state.small)
               : kind == USHER_SHA384 ? SHA384_Init(&state.large)
                                      : SHA512_Init(&state.large)) == 1;

    for (size_t i = 0; ok && i < count; i++)
        ok =
            !parts[i].len || (small ? SHA256_Update(&state.small, parts[i].ptr, parts[i].len)
                                    : SHA512_Update(&state.large, parts[i].ptr, parts[i].len)) == 1;
    ok = ok && (small ? SHA256_Final(out, &state.small) : SHA512_Final(out, &state.large)) == 1;
    usher_wipe(&state, sizeof state);
    return ok;
}

#else

static bool hash(uint8_t *out, usher_digest_kind kind, const usher_str *parts, size_t count)
{
    const EVP_MD *md = usher_crypto_digest(kind);
    EVP_MD_CTX *ctx = md ? EVP_MD_CTX_new() : NULL;
    bool ok = ctx && EVP_DigestInit_ex2(ctx, md, NULL) == 1;

    for (size_t i = 0; ok && i < count; i++)
        ok = EVP_DigestUpdate(ctx, parts[i].ptr, parts[i].len) == 1;
    ok = ok && EVP_DigestFinal_ex(ctx, out, NULL) == 1;
    EVP_MD_CTX_free(ctx);
    return ok;
}

#endif

usher_status usher_digest_parts(uint8_t *out, usher_digest_kind kind, const usher_str *parts,
                                size_t count, usher_error *err)
{
    memset(out, 0, usher_digest_size(kind));
    return hash(out, kind, parts, count) ? USHER_OK
                                         : usher_crypto_fail(err, "digest: libcrypto failed");
}

usher_status usher_digest(uint8_t *out, usher_digest_kind kind, usher_str bytes, usher_error *err)
{
    return usher_digest_parts(out, kind, &bytes, 1, err);
}

/* Fetched once for the process, as the digests are: fetching takes a lock that all threads share.
 */
static EVP_MAC *hmac_fetched(void)
{
    static _Atomic(EVP_MAC *) fetched;
    EVP_MAC *mac = atomic_load(&fetched), *mine;

    if (mac || !(mine = EVP_MAC_fetch(NULL, "HMAC", NULL))) return mac;
    if (atomic_compare_exchange_strong(&fetched, &mac, mine)) return mine;
    EVP_MAC_free(mine); /* another thread was first */
    return mac;
}

usher_status usher_hmac(uint8_t *out, usher_digest_kind kind, usher_secret key, usher_str bytes,
                        usher_error *err)
{
    char names[][7] = {"SHA256", "SHA384", "SHA512"};
    const OSSL_PARAM params[] = {
        OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, names[kind], 0), OSSL_PARAM_END};
    size_t size = usher_digest_size(kind), got = 0;
    usher_status rc = USHER_OK;
    EVP_MAC_CTX *ctx;
    EVP_MAC *mac;

    usher_wipe(out, size);
    if (key.len == 0) return usher_fail(err, USHER_E_USAGE, "hmac: no key", 0);
    mac = hmac_fetched();
    ctx = mac ? EVP_MAC_CTX_new(mac) : NULL;
    if (!ctx || EVP_MAC_init(ctx, key.ptr, key.len, params) != 1 ||
        EVP_MAC_update(ctx, (const uint8_t *)bytes.ptr, bytes.len) != 1 ||
        EVP_MAC_final(ctx, out, &got, size) != 1 || got != size) {
        rc = usher_crypto_fail(err, "hmac: libcrypto failed");
        usher_wipe(out, size);
    }
    EVP_MAC_CTX_free(ctx); /* wipes its copy of the key */
    return rc;
}

/* Without a table: which of its bytes are read would depend on digests that nobody may learn, such
 * as the hash that a CSRF cookie ought to have. Past 9 the subtraction wraps, and the letters begin
 * 39 after where the digits would go on. */
static char hex_digit(unsigned n)
{
    return (char)('0' + n + ((9 - n) >> 8 & 39));
}

/* Four bytes become eight characters in one register: every exchange gets a number to be found by.
 */
static void hex_four(char *out, const uint8_t *in)
{
    uint64_t v =
        (uint64_t)in[0] | (uint64_t)in[1] << 16 | (uint64_t)in[2] << 32 | (uint64_t)in[3] << 48;

    v = (v >> 4 | v << 8) & UINT64_C(0x0f0f0f0f0f0f0f0f); /* the high half of a byte comes first */
    uint64_t letter = (v + UINT64_C(0x0606060606060606)) >> 4 & UINT64_C(0x0101010101010101);
    v += UINT64_C(0x3030303030303030) + letter * ('a' - '0' - 10);
#if __BYTE_ORDER__ != __ORDER_LITTLE_ENDIAN__
    v = __builtin_bswap64(v);
#endif
    memcpy(out, &v, sizeof v);
}

void usher_hex(char *out, const uint8_t *in, size_t len)
{
    for (; len >= 4; len -= 4, in += 4, out += 8)
        hex_four(out, in);
    for (size_t i = 0; i < len; i++) {
        out[2 * i] = hex_digit(in[i] >> 4u);
        out[2 * i + 1] = hex_digit(in[i] & 15u);
    }
}
