/* jws_sample - signs tokens for tests and fuzz targets, with the published example keys of RFC 8037
 * appendix A.1 (Ed25519, kid "ed") and RFC 7515 appendix A.3 (P-256, kid "es"). Not in the library.
 */
#ifndef USHER_WIRE_JOSE_JWS_SAMPLE_H
#define USHER_WIRE_JOSE_JWS_SAMPLE_H

#include <assert.h>
#include <string.h>

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/ecdsa.h>
#include <openssl/evp.h>
#include <openssl/param_build.h>

#include "base/buf.h"
#include "wire/base64url.h"
#include "wire/jose/jws.h"

#define SAMPLE_ED_X "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"
#define SAMPLE_ED_D "nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A"
#define SAMPLE_ES_X "f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU"
#define SAMPLE_ES_Y "x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0"
#define SAMPLE_ES_D "jpsQnnGQmL-YBIffH1136cspYG6-0iY7X1fCE9-E9LI"
#define SAMPLE_ED_JWK                                                                              \
    "{\"kty\":\"OKP\",\"crv\":\"Ed25519\",\"kid\":\"ed\",\"x\":\"" SAMPLE_ED_X "\"}"
#define SAMPLE_ES_JWK                                                                              \
    "{\"kty\":\"EC\",\"crv\":\"P-256\",\"kid\":\"es\",\"x\":\"" SAMPLE_ES_X                        \
    "\",\"y\":\"" SAMPLE_ES_Y "\"}"
#define SAMPLE_JWKS "{\"keys\":[" SAMPLE_ED_JWK "," SAMPLE_ES_JWK "]}"

static inline void sample_unb64(uint8_t out[32], const char *text)
{
    usher_status rc = usher_base64url_decode(out, (usher_str){text, 43}, NULL);
    assert(rc == USHER_OK), (void)rc;
}

static inline EVP_PKEY *sample_key_ed(void)
{
    uint8_t d[32];

    sample_unb64(d, SAMPLE_ED_D);
    return EVP_PKEY_new_raw_private_key_ex(NULL, "ED25519", NULL, d, sizeof d);
}

static inline EVP_PKEY *sample_key_es(void)
{
    uint8_t point[65] = {4}, d[32];
    EVP_PKEY *key = NULL;
    OSSL_PARAM_BLD *build = OSSL_PARAM_BLD_new();
    EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_name(NULL, "EC", NULL);
    BIGNUM *secret;

    sample_unb64(point + 1, SAMPLE_ES_X);
    sample_unb64(point + 33, SAMPLE_ES_Y);
    sample_unb64(d, SAMPLE_ES_D);
    secret = BN_bin2bn(d, sizeof d, NULL);
    OSSL_PARAM_BLD_push_utf8_string(build, OSSL_PKEY_PARAM_GROUP_NAME, "prime256v1", 0);
    OSSL_PARAM_BLD_push_octet_string(build, OSSL_PKEY_PARAM_PUB_KEY, point, sizeof point);
    OSSL_PARAM_BLD_push_BN(build, OSSL_PKEY_PARAM_PRIV_KEY, secret);
    OSSL_PARAM *params = OSSL_PARAM_BLD_to_param(build);
    EVP_PKEY_fromdata_init(ctx);
    EVP_PKEY_fromdata(ctx, &key, EVP_PKEY_KEYPAIR, params);
    OSSL_PARAM_free(params);
    OSSL_PARAM_BLD_free(build);
    EVP_PKEY_CTX_free(ctx);
    BN_clear_free(secret);
    return key;
}

/* The raw 64 bytes of a signature over `input`. */
static inline void sample_signature(uint8_t out[64], bool ed, usher_str input)
{
    EVP_PKEY *key = ed ? sample_key_ed() : sample_key_es();
    EVP_MD_CTX *md = EVP_MD_CTX_new();
    uint8_t der[80];
    size_t len = sizeof der;
    int ok = key && md &&
             EVP_DigestSignInit_ex(md, NULL, ed ? NULL : "SHA256", NULL, NULL, key, NULL) == 1 &&
             EVP_DigestSign(md, der, &len, (const uint8_t *)input.ptr, input.len) == 1;

    assert(ok), (void)ok;
    if (ed) {
        memcpy(out, der, 64);
    } else {
        const uint8_t *p = der;
        ECDSA_SIG *sig = d2i_ECDSA_SIG(NULL, &p, (long)len);
        BN_bn2binpad(ECDSA_SIG_get0_r(sig), out, 32);
        BN_bn2binpad(ECDSA_SIG_get0_s(sig), out + 32, 32);
        ECDSA_SIG_free(sig);
    }
    EVP_MD_CTX_free(md);
    EVP_PKEY_free(key);
}

/* A token with this header and payload, signed with the Ed25519 key or the P-256 key. */
static inline usher_str sample_sign(usher_arena *a, bool ed, usher_str header, usher_str payload)
{
    uint8_t signature[64];
    usher_buf b;
    usher_str token;

    usher_buf_init(&b, a, 1 << 20);
    usher_base64url_put(&b, (const uint8_t *)header.ptr, header.len);
    usher_buf_put_char(&b, '.');
    usher_base64url_put(&b, (const uint8_t *)payload.ptr, payload.len);
    sample_signature(signature, ed, usher_buf_view(&b));
    usher_buf_put_char(&b, '.');
    usher_base64url_put(&b, signature, sizeof signature);
    usher_status rc = usher_buf_take(&token, &b, NULL);
    assert(rc == USHER_OK), (void)rc;
    return token;
}

#endif
