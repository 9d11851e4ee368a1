#include "wire/jose/jws.h"

#include <string.h>

#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/rsa.h>

#include "base/error.h"
#include "base/str.h"
#include "wire/base64url.h"
#include "wire/jose/crypto.h"
#include "wire/jose/jws_evp.h"

#define HEADER_CHARS 8192
#define DER_MAX      (3 + 2 * 69) /* two numbers of 66 bytes, with their heads and signs */

static const struct {
    usher_str name;
    usher_jwk_type type; /* USHER_JWK_TYPES: a secret */
    usher_digest_kind digest;
    bool pss;
} algs[USHER_JWS_ALGS] = {
    [USHER_RS256] = {USHER_STR_INIT("RS256"), USHER_JWK_RSA, USHER_SHA256, false},
    [USHER_RS384] = {USHER_STR_INIT("RS384"), USHER_JWK_RSA, USHER_SHA384, false},
    [USHER_RS512] = {USHER_STR_INIT("RS512"), USHER_JWK_RSA, USHER_SHA512, false},
    [USHER_PS256] = {USHER_STR_INIT("PS256"), USHER_JWK_RSA, USHER_SHA256, true},
    [USHER_PS384] = {USHER_STR_INIT("PS384"), USHER_JWK_RSA, USHER_SHA384, true},
    [USHER_PS512] = {USHER_STR_INIT("PS512"), USHER_JWK_RSA, USHER_SHA512, true},
    [USHER_ES256] = {USHER_STR_INIT("ES256"), USHER_JWK_EC_P256, USHER_SHA256, false},
    [USHER_ES384] = {USHER_STR_INIT("ES384"), USHER_JWK_EC_P384, USHER_SHA384, false},
    [USHER_ES512] = {USHER_STR_INIT("ES512"), USHER_JWK_EC_P521, USHER_SHA512, false},
    [USHER_EDDSA] = {USHER_STR_INIT("EdDSA"), USHER_JWK_ED25519, USHER_SHA512, false},
    [USHER_HS256] = {USHER_STR_INIT("HS256"), USHER_JWK_TYPES, USHER_SHA256, false},
    [USHER_HS384] = {USHER_STR_INIT("HS384"), USHER_JWK_TYPES, USHER_SHA384, false},
    [USHER_HS512] = {USHER_STR_INIT("HS512"), USHER_JWK_TYPES, USHER_SHA512, false},
};

static bool known(usher_jws_alg alg)
{
    return alg > USHER_JWS_NONE && alg < USHER_JWS_ALGS;
}

usher_jws_alg usher_jws_alg_of(usher_str name)
{
    for (size_t i = USHER_RS256; i < USHER_JWS_ALGS; i++)
        if (usher_str_eq(name, algs[i].name)) return (usher_jws_alg)i;
    return USHER_JWS_NONE;
}

usher_str usher_jws_alg_name(usher_jws_alg alg)
{
    return known(alg) ? algs[alg].name : (usher_str){0};
}

bool usher_jws_alg_is_mac(usher_jws_alg alg)
{
    return known(alg) && algs[alg].type == USHER_JWK_TYPES;
}

usher_digest_kind usher_jws_alg_digest(usher_jws_alg alg)
{
    return known(alg) ? algs[alg].digest : USHER_SHA256;
}

bool usher_jws_alg_fits(usher_jws_alg alg, const usher_jwk *key)
{
    return known(alg) && key->key && key->may_verify && key->type == algs[alg].type &&
           (!key->alg.ptr || usher_str_eq(key->alg, algs[alg].name));
}

size_t usher_jws_signature_size(usher_jws_alg alg, const usher_jwk *key)
{
    size_t coordinate = usher_jwk_coordinate_size(key->type);
    int size = alg == USHER_EDDSA ? 64
               : coordinate       ? 2 * (int)coordinate
                                  : EVP_PKEY_get_size(key->key);

    return size > 0 && size <= USHER_JWS_SIGNATURE_MAX ? (size_t)size : 0;
}

/* ---- reading ---- */

static usher_status optional_text(usher_str *out, usher_arena *a, const usher_json_object *o,
                                  usher_str name, usher_error *err)
{
    usher_json value = usher_json_get(o, name);

    return value.type ? usher_json_string(out, a, value, err) : USHER_OK;
}

static usher_status header_members(usher_jws *out, usher_arena *a, const usher_json_object *o,
                                   usher_error *err)
{
    usher_status rc;

    if (o->duplicates)
        return usher_fail(err, USHER_E_SYNTAX, "jws: a header member is repeated", 0);
    /* b64 changes what is signed (RFC 7797) and comes with crit; neither is understood here. */
    if (usher_json_get(o, USHER_STR("crit")).type || usher_json_get(o, USHER_STR("b64")).type)
        return usher_fail(err, USHER_E_UNSUPPORTED, "jws: crit or b64", 0);
    out->has_zip = usher_json_get(o, USHER_STR("zip")).type != USHER_JSON_ABSENT;
    if ((rc = usher_json_string(&out->alg, a, usher_json_get(o, USHER_STR("alg")), err)) ||
        (rc = optional_text(&out->kid, a, o, USHER_STR("kid"), err)))
        return rc;
    return optional_text(&out->typ, a, o, USHER_STR("typ"), err);
}

static usher_status read_header(usher_jws *out, usher_arena *a, usher_str text, usher_error *err)
{
    usher_status rc;
    usher_json_object o;
    size_t size = usher_base64url_decoded_size(text.len);
    uint8_t *bytes;

    if (text.len == 0 || text.len > HEADER_CHARS)
        return usher_fail(err, USHER_E_SYNTAX, "jws: header empty or too long", 0);
    if (!(bytes = usher_arena_get(a, size))) return usher_arena_fail(a, err);
    if ((rc = usher_base64url_decode(bytes, text, err)) ||
        (rc = usher_json_read_object(&o, a, (usher_str){(const char *)bytes, size},
                                     &usher_json_limits_document, err)))
        return rc;
    return header_members(out, a, &o, err);
}

usher_status usher_jws_read(usher_jws *out, usher_arena *a, usher_str token, usher_error *err)
{
    usher_status rc;
    usher_jws jws = {0};
    usher_str header, rest;

    *out = jws;
    header = usher_str_cut(token, '.', &rest);
    jws.payload = usher_str_cut(rest, '.', &jws.signature);
    if (!jws.signature.ptr || usher_str_has(jws.signature, '.'))
        return usher_fail(err, USHER_E_SYNTAX, "jws: not three segments", 0);
    jws.signing_input = (usher_str){token.ptr, header.len + 1 + jws.payload.len};
    if ((rc = read_header(&jws, a, header, err))) return rc;
    *out = jws;
    return USHER_OK;
}

/* ---- verifying ---- */

/* One INTEGER of a DER signature: no leading zeros, but one before a set top bit. */
static uint8_t *der_integer(uint8_t *at, const uint8_t *bytes, size_t len)
{
    while (len > 1 && *bytes == 0)
        bytes++, len--;
    size_t sign = *bytes >> 7;
    *at++ = 2;
    *at++ = (uint8_t)(len + sign);
    if (sign) *at++ = 0;
    memcpy(at, bytes, len);
    return at + len;
}

/* JWS has r and s after each other, as long as the field (RFC 7518 section 3.4); libcrypto wants
 * DER. */
static usher_str der_signature(uint8_t out[DER_MAX], const uint8_t *raw, size_t size)
{
    uint8_t *body = out + 3, *end = der_integer(body, raw, size / 2);
    size_t len;

    end = der_integer(end, raw + size / 2, size / 2);
    len = (size_t)(end - body);
    *--body = (uint8_t)len;
    if (len > 127) *--body = 0x81; /* a length of one byte follows */
    *--body = 0x30;
    return (usher_str){(const char *)body, (size_t)(end - body)};
}

const char *usher_jws_md(usher_jws_alg alg)
{
    static const char *const names[] = {
        [USHER_SHA256] = "SHA256", [USHER_SHA384] = "SHA384", [USHER_SHA512] = "SHA512"};

    return alg == USHER_EDDSA ? NULL : names[algs[alg].digest];
}

bool usher_jws_pad(EVP_PKEY_CTX *ctx, usher_jws_alg alg)
{
    if (algs[alg].type != USHER_JWK_RSA) return true;
    if (!algs[alg].pss) return EVP_PKEY_CTX_set_rsa_padding(ctx, RSA_PKCS1_PADDING) == 1;
    /* salt as long as the digest, no other (RFC 7518 section 3.5) */
    return EVP_PKEY_CTX_set_rsa_padding(ctx, RSA_PKCS1_PSS_PADDING) == 1 &&
           EVP_PKEY_CTX_set_rsa_pss_saltlen(ctx, RSA_PSS_SALTLEN_DIGEST) == 1;
}

/* USHER_OK: *good is the answer, and *why what libcrypto recorded about a no. */
static usher_status check_once(bool *good, usher_crypto_reason *why, usher_jws_alg alg,
                               const usher_jwk *key, usher_str input, usher_str signature,
                               usher_error *err)
{
    usher_status rc = USHER_OK;
    EVP_PKEY_CTX *settings;
    EVP_MD_CTX *ctx;

    ERR_clear_error(); /* what others left there must not be read as our lack of memory */
    ctx = EVP_MD_CTX_new();
    if (!ctx ||
        EVP_DigestVerifyInit_ex(ctx, &settings, usher_jws_md(alg), NULL, NULL, key->key, NULL) !=
            1 ||
        !usher_jws_pad(settings, alg)) {
        rc = usher_crypto_fail(err, "jws: libcrypto failed");
    } else {
        *good = EVP_DigestVerify(ctx, (const uint8_t *)signature.ptr, signature.len,
                                 (const uint8_t *)input.ptr, input.len) == 1;
        *why = usher_crypto_reason_read();
    }
    EVP_MD_CTX_free(ctx); /* and the settings */
    return rc;
}

/* A wrong signature must not be taken for lack of memory, nor lack of memory for a wrong signature.
 * libcrypto says no silently for both at times (EC and Ed25519 always do for the first), and now
 * and then names another reason for the second, so a no is asked again, once memory is known to be
 * there. */
static usher_status check(usher_jws_alg alg, const usher_jwk *key, usher_str input,
                          usher_str signature, usher_error *err)
{
    usher_crypto_reason why = USHER_CRYPTO_SILENT;
    uint8_t probe[USHER_DIGEST_MAX];
    bool good = false;

    for (int round = 0; round < 2 && !good && why != USHER_CRYPTO_MEMORY; round++) {
        usher_status rc;

        if (round && (rc = usher_digest(probe, USHER_SHA512, input, err))) return rc;
        if ((rc = check_once(&good, &why, alg, key, input, signature, err))) return rc;
    }
    if (good) return USHER_OK;
    if (why == USHER_CRYPTO_MEMORY) return usher_fail(err, USHER_E_NOMEM, "jws: out of memory", 0);
    return usher_fail(err, USHER_E_FORGED, "jws: the signature is wrong", 0);
}

static usher_status check_signature(const usher_jws *jws, usher_jws_alg alg, const usher_jwk *key,
                                    usher_error *err)
{
    usher_status rc;
    uint8_t raw[USHER_JWS_SIGNATURE_MAX], der[DER_MAX];
    size_t size = usher_jws_signature_size(alg, key);
    usher_str signature = {(const char *)raw, size};

    if (size == 0 || jws->signature.len != usher_base64url_encoded_size(size))
        return usher_fail(err, USHER_E_FORGED, "jws: a signature of another size", 0);
    if ((rc = usher_base64url_decode(raw, jws->signature, err))) return rc;
    if (usher_jwk_coordinate_size(key->type)) signature = der_signature(der, raw, size);
    return check(alg, key, jws->signing_input, signature, err);
}

static usher_status check_mac(const usher_jws *jws, usher_jws_alg alg, usher_secret secret,
                              usher_error *err)
{
    usher_status rc;
    uint8_t theirs[USHER_DIGEST_MAX], ours[USHER_DIGEST_MAX];
    size_t size = usher_digest_size(algs[alg].digest);

    if (jws->signature.len != usher_base64url_encoded_size(size))
        return usher_fail(err, USHER_E_FORGED, "jws: a signature of another size", 0);
    if ((rc = usher_base64url_decode(theirs, jws->signature, err)) ||
        (rc = usher_hmac(ours, algs[alg].digest, secret, jws->signing_input, err)))
        return rc;
    if (!usher_secret_equal((usher_secret){theirs, size}, (usher_secret){ours, size}))
        rc = usher_fail(err, USHER_E_FORGED, "jws: the signature is wrong", 0);
    usher_wipe(ours, sizeof ours); /* it would be the signature of what was not signed */
    return rc;
}

static usher_status payload_bytes(usher_str *payload, usher_arena *a, const usher_jws *jws,
                                  usher_error *err)
{
    usher_status rc;
    size_t size = usher_base64url_decoded_size(jws->payload.len);
    uint8_t *bytes = usher_arena_get(a, size);

    if (!bytes) return usher_arena_fail(a, err);
    if ((rc = usher_base64url_decode(bytes, jws->payload, err))) return rc;
    *payload = (usher_str){(const char *)bytes, size};
    return USHER_OK;
}

static usher_status agreed(const usher_jws *jws, usher_jws_alg alg, usher_error *err)
{
    if (alg != USHER_JWS_NONE && usher_jws_alg_of(jws->alg) == alg) return USHER_OK;
    return usher_fail(err, USHER_E_UNSUPPORTED, "jws: not the algorithm that was agreed", 0);
}

usher_status usher_jws_verify(usher_str *payload, usher_arena *a, const usher_jws *jws,
                              usher_jws_alg alg, const usher_jwk *key, usher_error *err)
{
    usher_status rc;

    *payload = (usher_str){0};
    if ((rc = agreed(jws, alg, err))) return rc;
    if (!usher_jws_alg_fits(alg, key))
        return usher_fail(err, USHER_E_UNSUPPORTED, "jws: a key of another kind or purpose", 0);
    if ((rc = check_signature(jws, alg, key, err))) return rc;
    return payload_bytes(payload, a, jws, err);
}

usher_status usher_jws_verify_mac(usher_str *payload, usher_arena *a, const usher_jws *jws,
                                  usher_jws_alg alg, usher_secret secret, usher_error *err)
{
    usher_status rc;

    *payload = (usher_str){0};
    if ((rc = agreed(jws, alg, err))) return rc;
    if (!usher_jws_alg_is_mac(alg))
        return usher_fail(err, USHER_E_UNSUPPORTED, "jws: a secret for a pair of keys", 0);
    if ((rc = check_mac(jws, alg, secret, err))) return rc;
    return payload_bytes(payload, a, jws, err);
}
