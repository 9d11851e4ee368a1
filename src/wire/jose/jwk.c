#include "wire/jose/jwk.h"

#include <string.h>

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/param_build.h>
#include <openssl/params.h>

#include "base/buf.h"
#include "base/error.h"
#include "base/str.h"
#include "wire/base64url.h"
#include "wire/jose/crypto.h"
#include "wire/jose/jwk_evp.h"

#define RSA_BITS_MIN USHER_JWK_RSA_BITS_MIN
#define RSA_BITS_MAX USHER_JWK_RSA_BITS_MAX
#define TEXT_MAX     (256u << 10)
#define COORDINATE   66 /* bytes at most */

static const struct {
    usher_str crv;
    usher_jwk_type type;
    const char *group;
    size_t size;
} curves[] = {
    {USHER_STR_INIT("P-256"), USHER_JWK_EC_P256, "prime256v1", 32},
    {USHER_STR_INIT("P-384"), USHER_JWK_EC_P384, "secp384r1", 48},
    {USHER_STR_INIT("P-521"), USHER_JWK_EC_P521, "secp521r1", COORDINATE},
};
#define CURVES (sizeof curves / sizeof *curves)

size_t usher_jwk_coordinate_size(usher_jwk_type type)
{
    for (size_t i = 0; i < CURVES; i++)
        if (curves[i].type == type) return curves[i].size;
    return 0;
}

const char *usher_jwk_group(usher_jwk_type type)
{
    for (size_t i = 0; i < CURVES; i++)
        if (curves[i].type == type) return curves[i].group;
    return NULL;
}

usher_str usher_jwk_curve(usher_jwk_type type)
{
    for (size_t i = 0; i < CURVES; i++)
        if (curves[i].type == type) return curves[i].crv;
    return (usher_str){0};
}

/* ---- import ---- */

usher_status usher_jwk_bytes(uint8_t *out, size_t *len, usher_arena *a, const usher_json_object *o,
                             usher_str name, size_t min, size_t max, usher_error *err)
{
    usher_status rc;
    usher_str text;

    if ((rc = usher_json_string(&text, a, usher_json_get(o, name), err))) return rc;
    *len = usher_base64url_decoded_size(text.len);
    if (*len < min || *len > max)
        return usher_fail(err, USHER_E_SYNTAX, "jwk: a number or coordinate of another size", 0);
    return usher_base64url_decode(out, text, err);
}

/* An optional string. */
static usher_status member_text(usher_str *out, usher_arena *a, const usher_json_object *o,
                                usher_str name, usher_error *err)
{
    usher_json value = usher_json_get(o, name);

    return value.type ? usher_json_string(out, a, value, err) : USHER_OK;
}

usher_status usher_jwk_import_failed(usher_error *err)
{
    usher_status rc = usher_crypto_fail(err, "jwk: libcrypto does not take the key");

    if (rc == USHER_E_NOMEM) return rc;
    return usher_fail(err, USHER_E_SYNTAX, "jwk: libcrypto does not take the key", 0);
}

usher_status usher_jwk_from_params(void **out, const char *type, int selection, OSSL_PARAM *params,
                                   usher_error *err)
{
    EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_name(NULL, type, NULL);
    EVP_PKEY *made = NULL;
    usher_status rc = USHER_OK;

    if (!ctx || EVP_PKEY_fromdata_init(ctx) != 1)
        rc = usher_crypto_fail(err, "jwk: libcrypto failed");
    else if (EVP_PKEY_fromdata(ctx, &made, selection, params) != 1)
        rc = usher_jwk_import_failed(err);
    else if (EVP_PKEY_get_size(made) <= 0) /* it could not note the size, and says nothing */
        rc = usher_fail(err, USHER_E_NOMEM, "jwk: out of memory", 0);
    if (rc) {
        EVP_PKEY_free(made);
        made = NULL;
    }
    *out = made;
    EVP_PKEY_CTX_free(ctx);
    return rc;
}

bool usher_jwk_rsa_acceptable(const BIGNUM *n, const BIGNUM *e)
{
    int bits = BN_num_bits(n), e_bits = BN_num_bits(e);

    return bits >= RSA_BITS_MIN && bits <= RSA_BITS_MAX && BN_is_odd(n) && BN_is_odd(e) &&
           e_bits >= 2 && e_bits <= 32;
}

static usher_status import_rsa(usher_jwk *key, usher_arena *a, const usher_json_object *o,
                               usher_error *err)
{
    usher_status rc;
    uint8_t n[RSA_BITS_MAX / 8 + 1], e[8]; /* a leading zero is written by some, and harmless */
    size_t n_len, e_len;
    BIGNUM *n_bn = NULL, *e_bn = NULL;
    OSSL_PARAM_BLD *build = NULL;
    OSSL_PARAM *params = NULL;

    if ((rc = usher_jwk_bytes(n, &n_len, a, o, USHER_STR("n"), RSA_BITS_MIN / 8, sizeof n, err)) ||
        (rc = usher_jwk_bytes(e, &e_len, a, o, USHER_STR("e"), 1, sizeof e, err)))
        return rc;
    if (!(n_bn = BN_bin2bn(n, (int)n_len, NULL)) || !(e_bn = BN_bin2bn(e, (int)e_len, NULL)) ||
        !(build = OSSL_PARAM_BLD_new()) ||
        OSSL_PARAM_BLD_push_BN(build, OSSL_PKEY_PARAM_RSA_N, n_bn) != 1 ||
        OSSL_PARAM_BLD_push_BN(build, OSSL_PKEY_PARAM_RSA_E, e_bn) != 1 ||
        !(params = OSSL_PARAM_BLD_to_param(build)))
        rc = usher_crypto_fail(err, "jwk: libcrypto failed");
    else if (!usher_jwk_rsa_acceptable(n_bn, e_bn))
        rc = usher_fail(err, USHER_E_UNSUPPORTED, "jwk: RSA modulus or exponent not accepted", 0);
    else
        rc = usher_jwk_from_params(&key->key, "RSA", EVP_PKEY_PUBLIC_KEY, params, err);
    OSSL_PARAM_free(params);
    OSSL_PARAM_BLD_free(build);
    BN_free(e_bn);
    BN_free(n_bn);
    return rc;
}

static usher_status import_ec(usher_jwk *key, usher_arena *a, const usher_json_object *o,
                              usher_error *err)
{
    usher_json crv = usher_json_get(o, USHER_STR("crv"));
    uint8_t point[1 + 2 * COORDINATE] = {4}; /* uncompressed */
    size_t i = 0, size, x, y;
    usher_status rc;

    while (i < CURVES && !usher_json_string_is(crv, curves[i].crv))
        i++;
    if (i == CURVES)
        return usher_fail(err, USHER_E_UNSUPPORTED, "jwk: an EC curve that is not read", 0);
    size = curves[i].size;
    if ((rc = usher_jwk_bytes(point + 1, &x, a, o, USHER_STR("x"), size, size, err)) ||
        (rc = usher_jwk_bytes(point + 1 + size, &y, a, o, USHER_STR("y"), size, size, err)))
        return rc;
    OSSL_PARAM params[] = {
        OSSL_PARAM_construct_utf8_string(OSSL_PKEY_PARAM_GROUP_NAME,
                                         usher_crypto_unconst(curves[i].group), 0),
        OSSL_PARAM_construct_octet_string(OSSL_PKEY_PARAM_PUB_KEY, point, 1 + 2 * size),
        OSSL_PARAM_END,
    };
    key->type = curves[i].type;
    return usher_jwk_from_params(&key->key, "EC", EVP_PKEY_PUBLIC_KEY, params, err);
}

static usher_status import_okp(usher_jwk *key, usher_arena *a, const usher_json_object *o,
                               usher_error *err)
{
    usher_status rc;
    uint8_t x[32];
    size_t len;

    if (!usher_json_string_is(usher_json_get(o, USHER_STR("crv")), USHER_STR("Ed25519")))
        return usher_fail(err, USHER_E_UNSUPPORTED, "jwk: an OKP curve other than Ed25519", 0);
    if ((rc = usher_jwk_bytes(x, &len, a, o, USHER_STR("x"), sizeof x, sizeof x, err))) return rc;
    key->key = EVP_PKEY_new_raw_public_key_ex(NULL, "ED25519", NULL, x, sizeof x);
    return key->key ? USHER_OK : usher_jwk_import_failed(err);
}

/* `use` must be sig and `key_ops` must list verify, where they are given (RFC 7517 section 4). */
static usher_status purpose(usher_jwk *key, const usher_json_object *o, usher_error *err)
{
    usher_json ops = usher_json_get(o, USHER_STR("key_ops")), op;
    bool listed = ops.type == USHER_JSON_ABSENT;

    if (ops.type && ops.type != USHER_JSON_ARRAY)
        return usher_fail(err, USHER_E_SYNTAX, "jwk: key_ops is no array", 0);
    for (usher_str rest = ops.text; ops.type && usher_json_next(&op, &rest);)
        if (usher_json_string_is(op, USHER_STR("verify"))) listed = true;
    key->may_verify = listed && (!key->use.ptr || usher_str_eq(key->use, USHER_STR("sig")));
    return USHER_OK;
}

static const struct {
    usher_str kty;
    usher_jwk_type type;
    usher_status (*import)(usher_jwk *, usher_arena *, const usher_json_object *, usher_error *);
} types[] = {
    {USHER_STR_INIT("RSA"), USHER_JWK_RSA, import_rsa},
    {USHER_STR_INIT("EC"), USHER_JWK_EC_P256, import_ec}, /* or what its crv says */
    {USHER_STR_INIT("OKP"), USHER_JWK_ED25519, import_okp},
};

static usher_status import(usher_jwk *key, usher_arena *a, const usher_json_object *o,
                           usher_error *err)
{
    usher_json kty = usher_json_get(o, USHER_STR("kty"));

    if (kty.type != USHER_JSON_STRING) return usher_fail(err, USHER_E_SYNTAX, "jwk: no kty", 0);
    for (size_t i = 0; i < sizeof types / sizeof *types; i++) {
        if (!usher_json_string_is(kty, types[i].kty)) continue;
        key->type = types[i].type;
        return types[i].import(key, a, o, err);
    }
    return usher_fail(err, USHER_E_UNSUPPORTED, "jwk: a kty that never verifies here", 0);
}

usher_status usher_jwk_read(usher_jwk *out, usher_arena *a, usher_json value, usher_error *err)
{
    usher_status rc;
    usher_jwk key = {0};
    usher_json_object o;

    *out = key;
    ERR_clear_error(); /* what others left there must not be read as our lack of memory */
    if ((rc = usher_json_members(&o, a, value, err))) return rc;
    if (o.duplicates) return usher_fail(err, USHER_E_SYNTAX, "jwk: a member is repeated", 0);
    if ((rc = member_text(&key.kid, a, &o, USHER_STR("kid"), err)) ||
        (rc = member_text(&key.alg, a, &o, USHER_STR("alg"), err)) ||
        (rc = member_text(&key.use, a, &o, USHER_STR("use"), err)) ||
        (rc = purpose(&key, &o, err)) || (rc = import(&key, a, &o, err)))
        return rc;
    *out = key;
    return USHER_OK;
}

void usher_jwk_free(usher_jwk *key)
{
    if (!key) return;
    EVP_PKEY_free(key->key);
    *key = (usher_jwk){0};
}

/* ---- key sets ---- */

static usher_status set_count(size_t *out, usher_json keys, usher_error *err)
{
    usher_json item;

    *out = 0;
    if (keys.type != USHER_JSON_ARRAY)
        return usher_fail(err, USHER_E_SYNTAX, "jwk: the set has no array of keys", 0);
    for (usher_str rest = keys.text; usher_json_next(&item, &rest);)
        if (++*out > USHER_JWKS_KEYS_MAX)
            return usher_fail(err, USHER_E_LIMIT, "jwk: more keys than are read", 0);
    return USHER_OK;
}

/* A key we cannot use must not cost the others; lack of memory must not look like one. */
static usher_status set_fill(usher_jwks *set, usher_arena *a, usher_json keys, usher_error *err)
{
    usher_json item;

    for (usher_str rest = keys.text; usher_json_next(&item, &rest);) {
        usher_jwk *key = &set->keys[set->count];
        usher_status rc = usher_jwk_read(key, a, item, err);

        if (rc && USHER_STATUS_CLASS(rc) != USHER_CLASS_PEER) return rc;
        if (!rc && key->may_verify) {
            set->count++;
        } else {
            usher_jwk_free(key);
            set->unusable++;
        }
    }
    return USHER_OK;
}

usher_status usher_jwks_read(usher_jwks *out, usher_arena *a, usher_str text, usher_error *err)
{
    usher_status rc;
    usher_jwks set = {0};
    usher_json_object o;
    usher_json keys;
    size_t count;

    *out = set;
    if (text.len > TEXT_MAX) return usher_fail(err, USHER_E_LIMIT, "jwk: set too long", text.len);
    if ((rc = usher_json_read_object(&o, a, text, &usher_json_limits_document, err))) return rc;
    if (o.duplicates)
        return usher_fail(err, USHER_E_SYNTAX, "jwk: a member of the set is repeated", 0);
    keys = usher_json_get(&o, USHER_STR("keys"));
    if ((rc = set_count(&count, keys, err))) return rc;
    if (!(set.keys = usher_arena_get_zero(a, count, sizeof *set.keys)))
        return usher_arena_fail(a, err);
    if ((rc = set_fill(&set, a, keys, err))) {
        usher_jwks_free(&set);
        return rc;
    }
    *out = set;
    return USHER_OK;
}

void usher_jwks_free(usher_jwks *set)
{
    if (!set) return;
    for (size_t i = 0; i < set->count; i++)
        usher_jwk_free(&set->keys[i]);
    *set = (usher_jwks){0};
}

/* ---- thumbprints ---- */

/* The required members of each kty, in lexicographic order. */
static const struct {
    usher_str kty, members[4];
} required[] = {
    {USHER_STR_INIT("oct"), {USHER_STR_INIT("k"), USHER_STR_INIT("kty")}},
    {USHER_STR_INIT("RSA"), {USHER_STR_INIT("e"), USHER_STR_INIT("kty"), USHER_STR_INIT("n")}},
    {USHER_STR_INIT("EC"),
     {USHER_STR_INIT("crv"), USHER_STR_INIT("kty"), USHER_STR_INIT("x"), USHER_STR_INIT("y")}},
    {USHER_STR_INIT("OKP"), {USHER_STR_INIT("crv"), USHER_STR_INIT("kty"), USHER_STR_INIT("x")}},
};

static usher_status write_members(usher_buf *b, usher_arena *a, const usher_json_object *o,
                                  const usher_str *names, usher_error *err)
{
    usher_status rc;
    usher_json_writer w;
    usher_str text;

    usher_json_write_init(&w, b);
    usher_json_open_object(&w);
    for (size_t i = 0; i < 4 && names[i].len; i++) {
        if ((rc = usher_json_string(&text, a, usher_json_get(o, names[i]), err))) return rc;
        if (text.len == 0)
            return usher_fail(err, USHER_E_SYNTAX, "jwk: a required member is empty", 0);
        usher_json_put_member(&w, names[i], text);
    }
    usher_json_close_object(&w);
    return USHER_OK;
}

static usher_status thumbprint(usher_str *out, usher_arena *a, const usher_json_object *o,
                               const usher_str *names, usher_digest_kind kind, usher_error *err)
{
    usher_status rc;
    usher_buf json;
    usher_str text;
    uint8_t digest[USHER_DIGEST_MAX];
    size_t size = usher_digest_size(kind);
    char *chars = usher_arena_get(a, usher_base64url_encoded_size(size));

    if (!chars) return usher_arena_fail(a, err);
    usher_buf_init(&json, a, TEXT_MAX);
    if ((rc = write_members(&json, a, o, names, err)) || (rc = usher_buf_take(&text, &json, err)) ||
        (rc = usher_digest(digest, kind, text, err)))
        return rc;
    usher_base64url_encode(chars, digest, size);
    *out = (usher_str){chars, usher_base64url_encoded_size(size)};
    return USHER_OK;
}

usher_status usher_jwk_thumbprint(usher_str *out, usher_arena *a, usher_json value,
                                  usher_digest_kind kind, usher_error *err)
{
    usher_status rc;
    usher_json_object o;
    usher_json kty;

    *out = (usher_str){0};
    if ((rc = usher_json_members(&o, a, value, err))) return rc;
    if (o.duplicates) return usher_fail(err, USHER_E_SYNTAX, "jwk: a member is repeated", 0);
    kty = usher_json_get(&o, USHER_STR("kty"));
    for (size_t i = 0; i < sizeof required / sizeof *required; i++)
        if (usher_json_string_is(kty, required[i].kty))
            return thumbprint(out, a, &o, required[i].members, kind, err);
    return usher_fail(err, kty.type == USHER_JSON_STRING ? USHER_E_UNSUPPORTED : USHER_E_SYNTAX,
                      "jwk: no thumbprint for such a kty", 0);
}
