#include "wire/jose/jws_sign.h"

#include <string.h>

#include <openssl/bn.h>
#include <openssl/ecdsa.h>
#include <openssl/err.h>
#include <openssl/evp.h>

#include "base/buf.h"
#include "base/error.h"
#include "base/str.h"
#include "wire/base64url.h"
#include "wire/jose/crypto.h"
#include "wire/jose/jws_evp.h"

/* libcrypto signs in DER; JWS has r and s after each other, as long as the field. */
static bool raw_signature(uint8_t *out, size_t size, const uint8_t *der, size_t len)
{
    ECDSA_SIG *sig = d2i_ECDSA_SIG(NULL, &der, (long)len);
    int half = (int)(size / 2);
    bool ok = sig && BN_bn2binpad(ECDSA_SIG_get0_r(sig), out, half) == half &&
              BN_bn2binpad(ECDSA_SIG_get0_s(sig), out + half, half) == half;

    ECDSA_SIG_free(sig);
    return ok;
}

/* `size` bytes of signature. */
static usher_status signature_of(uint8_t *out, size_t size, usher_jws_alg alg, const usher_jwk *key,
                                 usher_str input, usher_error *err)
{
    usher_status rc = USHER_OK;
    uint8_t made[USHER_JWS_SIGNATURE_MAX];
    size_t len = sizeof made;
    bool ec = usher_jwk_coordinate_size(key->type) != 0;
    EVP_PKEY_CTX *settings;
    EVP_MD_CTX *ctx;

    ERR_clear_error(); /* what others left there must not be read as our lack of memory */
    ctx = EVP_MD_CTX_new();
    if (!ctx ||
        EVP_DigestSignInit_ex(ctx, &settings, usher_jws_md(alg), NULL, NULL, key->key, NULL) != 1 ||
        !usher_jws_pad(settings, alg) ||
        EVP_DigestSign(ctx, made, &len, (const uint8_t *)input.ptr, input.len) != 1 ||
        (ec ? !raw_signature(out, size, made, len) : len != size))
        rc = usher_crypto_fail(err, "jws: libcrypto does not sign");
    else if (!ec)
        memcpy(out, made, size);
    EVP_MD_CTX_free(ctx); /* and the settings */
    return rc;
}

/* header "." payload, and room for "." and a signature of `size` bytes. */
static void put_input(usher_buf *b, usher_arena *a, usher_str header, usher_str payload,
                      size_t size)
{
    size_t len = usher_base64url_encoded_size(header.len) +
                 usher_base64url_encoded_size(payload.len) + usher_base64url_encoded_size(size) + 2;

    usher_buf_init(b, a, len);
    usher_base64url_put(b, (const uint8_t *)header.ptr, header.len);
    usher_buf_put_char(b, '.');
    usher_base64url_put(b, (const uint8_t *)payload.ptr, payload.len);
}

static usher_status take_token(usher_str *token, usher_buf *b, const uint8_t *signature,
                               size_t size, usher_error *err)
{
    usher_buf_put_char(b, '.');
    usher_base64url_put(b, signature, size);
    return usher_buf_take(token, b, err);
}

usher_status usher_jws_sign(usher_str *token, usher_arena *a, usher_jws_alg alg,
                            const usher_jwk *key, usher_str header_json, usher_str payload,
                            usher_error *err)
{
    usher_status rc;
    uint8_t signature[USHER_JWS_SIGNATURE_MAX];
    size_t size;
    usher_buf b;

    *token = (usher_str){0};
    if (!key->may_sign || !usher_jws_alg_fits(alg, key))
        return usher_fail(err, USHER_E_USAGE, "jws: not a key that signs so", 0);
    if ((size = usher_jws_signature_size(alg, key)) == 0)
        return usher_fail(err, USHER_E_USAGE, "jws: a signature longer than what is read", 0);
    put_input(&b, a, header_json, payload, size);
    if (b.failed) return usher_buf_take(token, &b, err);
    if ((rc = signature_of(signature, size, alg, key, usher_buf_view(&b), err))) return rc;
    return take_token(token, &b, signature, size, err);
}

usher_status usher_jws_sign_mac(usher_str *token, usher_arena *a, usher_jws_alg alg,
                                usher_secret secret, usher_str header_json, usher_str payload,
                                usher_error *err)
{
    usher_status rc;
    usher_digest_kind kind = usher_jws_alg_digest(alg);
    uint8_t mac[USHER_DIGEST_MAX];
    size_t size = usher_digest_size(kind);
    usher_buf b;

    *token = (usher_str){0};
    if (!usher_jws_alg_is_mac(alg))
        return usher_fail(err, USHER_E_USAGE, "jws: a secret for a pair of keys", 0);
    put_input(&b, a, header_json, payload, size);
    if (b.failed) return usher_buf_take(token, &b, err);
    if ((rc = usher_hmac(mac, kind, secret, usher_buf_view(&b), err))) return rc;
    return take_token(token, &b, mac, size, err);
}
