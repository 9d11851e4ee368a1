#include "wire/jose/key_pair.h"

#include <string.h>

#include <openssl/core_names.h>
#include <openssl/decoder.h>
#include <openssl/err.h>
#include <openssl/evp.h>

#include "base/buf.h"
#include "base/error.h"
#include "base/secret.h"
#include "base/str.h"
#include "wire/base64url.h"
#include "wire/jose/crypto.h"
#include "wire/jose/jwk_evp.h"

#define RSA_BYTES   (USHER_JWK_RSA_BITS_MAX / 8)
#define EC_BYTES    66 /* P-521 */
#define NUMBERS_MAX 8
#define BLOCKS_MAX  8 /* of PEM that are tried */

/* ---- JWK ---- */

/* libcrypto takes numbers in the byte order of the machine. */
static void native_order(uint8_t *bytes, size_t len)
{
    if (__BYTE_ORDER__ == __ORDER_BIG_ENDIAN__) return;
    for (size_t i = 0; i < len / 2; i++) {
        uint8_t last = bytes[len - 1 - i];

        bytes[len - 1 - i] = bytes[i];
        bytes[i] = last;
    }
}

static usher_status rsa_pair(void **out, usher_arena *a, const usher_json_object *o,
                             usher_error *err)
{
    static const struct {
        usher_str name;
        const char *param;
    } names[NUMBERS_MAX] = {
        {USHER_STR_INIT("n"), OSSL_PKEY_PARAM_RSA_N},
        {USHER_STR_INIT("e"), OSSL_PKEY_PARAM_RSA_E},
        {USHER_STR_INIT("d"), OSSL_PKEY_PARAM_RSA_D},
        {USHER_STR_INIT("p"), OSSL_PKEY_PARAM_RSA_FACTOR1},
        {USHER_STR_INIT("q"), OSSL_PKEY_PARAM_RSA_FACTOR2},
        {USHER_STR_INIT("dp"), OSSL_PKEY_PARAM_RSA_EXPONENT1},
        {USHER_STR_INIT("dq"), OSSL_PKEY_PARAM_RSA_EXPONENT2},
        {USHER_STR_INIT("qi"), OSSL_PKEY_PARAM_RSA_COEFFICIENT1},
    };
    uint8_t numbers[NUMBERS_MAX][RSA_BYTES + 1]; /* a leading zero is harmless */
    OSSL_PARAM params[NUMBERS_MAX + 1];
    usher_status rc = USHER_OK;
    size_t len;

    if (usher_json_get(o, USHER_STR("oth")).type)
        return usher_fail(err, USHER_E_UNSUPPORTED, "key: RSA of more than two primes", 0);
    for (size_t i = 0; i < NUMBERS_MAX && !rc; i++) {
        rc = usher_jwk_bytes(numbers[i], &len, a, o, names[i].name, 1, sizeof numbers[i], err);
        if (rc) break;
        native_order(numbers[i], len);
        params[i] = OSSL_PARAM_construct_BN(names[i].param, numbers[i], len);
    }
    params[NUMBERS_MAX] = OSSL_PARAM_construct_end();
    if (!rc) rc = usher_jwk_from_params(out, "RSA", EVP_PKEY_KEYPAIR, params, err);
    usher_wipe(numbers, sizeof numbers);
    return rc;
}

static usher_status ec_pair(void **out, usher_arena *a, usher_jwk_type type,
                            const usher_json_object *o, usher_error *err)
{
    size_t size = usher_jwk_coordinate_size(type), len;
    uint8_t point[1 + 2 * EC_BYTES] = {4}, d[EC_BYTES]; /* uncompressed */
    usher_status rc;

    if ((rc = usher_jwk_bytes(point + 1, &len, a, o, USHER_STR("x"), size, size, err)) ||
        (rc = usher_jwk_bytes(point + 1 + size, &len, a, o, USHER_STR("y"), size, size, err)) ||
        (rc = usher_jwk_bytes(d, &len, a, o, USHER_STR("d"), size, size, err)))
        goto done;
    native_order(d, size);
    OSSL_PARAM params[] = {
        OSSL_PARAM_construct_utf8_string(OSSL_PKEY_PARAM_GROUP_NAME,
                                         usher_crypto_unconst(usher_jwk_group(type)), 0),
        OSSL_PARAM_construct_octet_string(OSSL_PKEY_PARAM_PUB_KEY, point, 1 + 2 * size),
        OSSL_PARAM_construct_BN(OSSL_PKEY_PARAM_PRIV_KEY, d, size),
        OSSL_PARAM_END,
    };
    rc = usher_jwk_from_params(out, "EC", EVP_PKEY_KEYPAIR, params, err);
done:
    usher_wipe(d, sizeof d);
    return rc;
}

/* RSA and EC pairs are made of both halves; this one is made of d, so x is looked at. */
static usher_status okp_pair(void **out, usher_arena *a, const usher_json_object *o,
                             usher_error *err)
{
    uint8_t d[32], x[32], made[32];
    size_t len;
    EVP_PKEY *pair = NULL;
    usher_status rc;

    if ((rc = usher_jwk_bytes(x, &len, a, o, USHER_STR("x"), sizeof x, sizeof x, err)) ||
        (rc = usher_jwk_bytes(d, &len, a, o, USHER_STR("d"), sizeof d, sizeof d, err)))
        goto done;
    pair = EVP_PKEY_new_raw_private_key_ex(NULL, "ED25519", NULL, d, sizeof d);
    if (!pair || EVP_PKEY_get_raw_public_key(pair, made, &len) != 1)
        rc = usher_crypto_fail(err, "key: libcrypto failed");
    else if (!usher_secret_equal((usher_secret){x, sizeof x}, (usher_secret){made, len}))
        rc = usher_fail(err, USHER_E_SYNTAX, "key: d is of another key", 0);
    if (rc)
        EVP_PKEY_free(pair);
    else
        *out = pair;
done:
    usher_wipe(d, sizeof d);
    return rc;
}

/* `use` allows signing, and key_ops, if there, lists it. Whoever signs may look at what he wrote.
 */
static void may(usher_jwk *key, const usher_json_object *o)
{
    usher_json ops = usher_json_get(o, USHER_STR("key_ops")), op;
    bool listed = ops.type == USHER_JSON_ABSENT;

    for (usher_str rest = ops.text; ops.type && usher_json_next(&op, &rest);)
        if (usher_json_string_is(op, USHER_STR("sign"))) listed = true;
    key->may_sign = listed && (!key->use.ptr || usher_str_eq(key->use, USHER_STR("sig")));
    key->may_verify = key->may_verify || key->may_sign;
}

static usher_status add_private(usher_jwk *key, usher_arena *a, const usher_json_object *o,
                                usher_error *err)
{
    void *pair = NULL;
    usher_status rc = key->type == USHER_JWK_RSA       ? rsa_pair(&pair, a, o, err)
                      : key->type == USHER_JWK_ED25519 ? okp_pair(&pair, a, o, err)
                                                       : ec_pair(&pair, a, key->type, o, err);

    if (rc) return rc;
    EVP_PKEY_free(key->key);
    key->key = pair;
    may(key, o);
    return USHER_OK;
}

static usher_status read_jwk(usher_jwk *out, usher_arena *a, usher_str text, usher_error *err)
{
    usher_status rc;
    usher_json value;
    usher_json_object o;
    usher_jwk key;

    if ((rc = usher_json_read(&value, text, &usher_json_limits_document, err)) ||
        (rc = usher_json_members(&o, a, value, err)) || (rc = usher_jwk_read(&key, a, value, err)))
        return rc;
    if (usher_json_get(&o, USHER_STR("d")).type && (rc = add_private(&key, a, &o, err))) {
        usher_jwk_free(&key);
        return rc;
    }
    *out = key;
    return USHER_OK;
}

/* ---- PEM ---- */

/* Nobody is asked for a password: an encrypted key is refused. */
static int no_password(char *buf, int size, int writing, void *ctx)
{
    (void)buf, (void)size, (void)writing, (void)ctx;
    return -1;
}

typedef struct block {
    usher_str text;
    int selection;    /* the halves that its label promises; 0: it is no key that can be read */
    const char *kind; /* NULL: whatever it turns out to be */
} block;

static bool is_base64(usher_str text)
{
    for (size_t i = 0; i < text.len; i++) {
        char c = text.ptr[i];
        if (!(c >= 'A' && c <= 'Z') && !(c >= 'a' && c <= 'z') && !(c >= '0' && c <= '9') &&
            !memchr("+/= \t\r\n", c, 8))
            return false;
    }
    return text.len != 0;
}

/* What stands between the lines of a key, "RSA PRIVATE KEY" say, and nothing that only looks so:
 * asking libcrypto takes longer than signing does. Headers are those of an encrypted key. */
static int selection_of(usher_str label, usher_str body)
{
    if (!is_base64(body) || usher_str_starts(label, USHER_STR("ENCRYPTED "))) return 0;
    if (usher_str_ends(label, USHER_STR("PRIVATE KEY"))) return EVP_PKEY_KEYPAIR;
    return usher_str_ends(label, USHER_STR("PUBLIC KEY")) ? EVP_PKEY_PUBLIC_KEY : 0;
}

#define HEAD 64 /* characters in which an algorithm is named */

/* The algorithm that stands at the beginning of PKCS#8 and of SubjectPublicKeyInfo. A guess, which
 * libcrypto checks: told what to look for it needs a quarter of the time. */
static const char *kind_of(usher_str label, usher_str body)
{
    static const struct {
        const char *kind;
        usher_str label, id;
    } kinds[] = {
        {"RSA", USHER_STR_INIT("RSA "),
         USHER_STR_INIT("\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x01\x01")},
        {"EC", USHER_STR_INIT("EC "), USHER_STR_INIT("\x06\x07\x2a\x86\x48\xce\x3d\x02\x01")},
        {"ED25519", USHER_STR_INIT("ED25519 "), USHER_STR_INIT("\x06\x03\x2b\x65\x70")},
    };
    char head[HEAD];
    uint8_t bytes[HEAD]; /* of a short private key these are all */
    const char *kind = NULL;
    size_t len = 0;

    for (size_t i = 0; i < body.len && len < HEAD; i++) {
        char c = body.ptr[i] == '+' ? '-' : body.ptr[i] == '/' ? '_' : body.ptr[i];
        if (c > ' ' && c != '=') head[len++] = c;
    }
    len -= len % 4;
    if (!usher_base64url_decode(bytes, (usher_str){head, len}, NULL)) {
        usher_str der = {(const char *)bytes, usher_base64url_decoded_size(len)};
        for (size_t i = 0; i < sizeof kinds / sizeof *kinds && !kind; i++)
            if (usher_str_starts(label, kinds[i].label) ||
                usher_str_find(der, kinds[i].id) != SIZE_MAX)
                kind = kinds[i].kind;
    }
    usher_wipe(head, sizeof head);
    usher_wipe(bytes, sizeof bytes);
    return kind;
}

/* Takes the next block off *rest, with what stands before it. */
static bool next_block(block *out, usher_str *rest)
{
    const usher_str begin = USHER_STR("-----BEGIN "), end = USHER_STR("\n-----END ");
    size_t at = usher_str_find(*rest, begin), stop;
    usher_str label, body, after;

    *out = (block){.selection = 0};
    if (at == SIZE_MAX) return false;
    out->text = usher_str_from(*rest, at);
    *rest = usher_str_from(out->text, begin.len);
    label = usher_str_cut(*rest, '-', &body);
    if ((stop = usher_str_find(body, end)) == SIZE_MAX) return true;
    after = usher_str_from(body, stop + end.len);
    if (!usher_str_starts(after, label)) return true;
    after = usher_str_from(after, label.len);
    if (!usher_str_starts(after, USHER_STR("-----"))) return true;
    after = usher_str_from(after, 5);
    out->text.len = (size_t)(after.ptr - out->text.ptr);
    body.len = stop;
    if (!usher_str_starts(body, USHER_STR("----"))) return true;
    body = usher_str_from(body, 4);
    out->selection = selection_of(label, body);
    out->kind = out->selection ? kind_of(label, body) : NULL;
    return true;
}

static EVP_PKEY *decode(const block *b)
{
    const unsigned char *at = (const unsigned char *)b->text.ptr;
    EVP_PKEY *key = NULL;
    size_t left = b->text.len;
    OSSL_DECODER_CTX *ctx =
        OSSL_DECODER_CTX_new_for_pkey(&key, "PEM", NULL, b->kind, b->selection, NULL, NULL);

    if (ctx && OSSL_DECODER_CTX_set_pem_password_cb(ctx, no_password, NULL) == 1)
        (void)OSSL_DECODER_from_data(ctx, &at, &left);
    OSSL_DECODER_CTX_free(ctx);
    return key;
}

/* The first of its kind; what else there is (EC PARAMETERS) is passed over. */
static EVP_PKEY *find(usher_str text, int selection)
{
    EVP_PKEY *key = NULL;
    block b;

    for (size_t blocks = 0; !key && blocks < BLOCKS_MAX && next_block(&b, &text); blocks++)
        if (b.selection == selection) key = decode(&b);
    return key;
}

static usher_status number(BIGNUM **out, const EVP_PKEY *key, const char *name, usher_error *err)
{
    *out = NULL;
    if (EVP_PKEY_get_bn_param(key, name, out) == 1) return USHER_OK;
    return usher_crypto_fail(err, "key: libcrypto does not tell a number");
}

static usher_status rsa_type(usher_jwk *key, usher_error *err)
{
    BIGNUM *n = NULL, *e = NULL;
    usher_status rc;

    if (!(rc = number(&n, key->key, OSSL_PKEY_PARAM_RSA_N, err)) &&
        !(rc = number(&e, key->key, OSSL_PKEY_PARAM_RSA_E, err)) && !usher_jwk_rsa_acceptable(n, e))
        rc = usher_fail(err, USHER_E_UNSUPPORTED, "key: RSA modulus or exponent not accepted", 0);
    BN_free(n);
    BN_free(e);
    key->type = USHER_JWK_RSA;
    return rc;
}

static usher_status ec_type(usher_jwk *key, usher_error *err)
{
    char name[64];
    size_t len;

    if (EVP_PKEY_get_group_name(key->key, name, sizeof name, &len) == 1)
        for (key->type = USHER_JWK_RSA; key->type < USHER_JWK_TYPES; key->type++) {
            const char *group = usher_jwk_group(key->type);
            if (group && usher_str_eq(usher_str_z(group), (usher_str){name, len})) return USHER_OK;
        }
    return usher_fail(err, USHER_E_UNSUPPORTED, "key: an EC curve that is not read", 0);
}

static usher_status type_of(usher_jwk *key, usher_error *err)
{
    if (EVP_PKEY_is_a(key->key, "RSA")) return rsa_type(key, err);
    if (EVP_PKEY_is_a(key->key, "EC")) return ec_type(key, err);
    key->type = USHER_JWK_ED25519;
    if (EVP_PKEY_is_a(key->key, "ED25519")) return USHER_OK;
    return usher_fail(err, USHER_E_UNSUPPORTED, "key: a kind that signs nothing here", 0);
}

static usher_status read_pem(usher_jwk *key, usher_str text, usher_error *err)
{
    usher_status rc;

    *key = (usher_jwk){.may_verify = true};
    key->key = find(text, EVP_PKEY_KEYPAIR);
    key->may_sign = key->key != NULL;
    if (!key->key && !(key->key = find(text, EVP_PKEY_PUBLIC_KEY)))
        rc = usher_fail(err, USHER_E_SYNTAX, "key: no PEM of a key, or one with a password", 0);
    else
        rc = type_of(key, err);
    ERR_clear_error(); /* what was tried before the kind of key was known */
    if (rc) usher_jwk_free(key);
    return rc;
}

static usher_status read_once(usher_jwk *out, usher_arena *a, usher_str text, usher_error *err)
{
    usher_status rc;

    *out = (usher_jwk){0};
    ERR_clear_error(); /* what others left there must not be read as our lack of memory */
    rc = usher_str_starts(text, USHER_STR("{")) ? read_jwk(out, a, text, err)
                                                : read_pem(out, text, err);
    if (rc || EVP_PKEY_get_size(out->key) > 0) return rc;
    usher_jwk_free(out); /* libcrypto could not note its size, and says nothing about that */
    return usher_fail(err, USHER_E_NOMEM, "key: out of memory", 0);
}

/* A text that is no key must not be taken for lack of memory, nor the reverse; libcrypto does not
 * always tell. So a no is asked again, once memory is known to be there. */
usher_status usher_key_pair_read(usher_jwk *out, usher_arena *a, usher_str text, usher_error *err)
{
    uint8_t probe[USHER_DIGEST_MAX];
    usher_str from = text;
    usher_status rc;

    while (from.len && memchr(" \t\r\n", *from.ptr, 4))
        from = usher_str_from(from, 1);
    rc = read_once(out, a, from, err);
    if (USHER_STATUS_CLASS(rc) != USHER_CLASS_PEER) return rc;
    if ((rc = usher_digest(probe, USHER_SHA512, from, err))) return rc;
    return read_once(out, a, from, err);
}

/* ---- the public half ---- */

static usher_status put_bytes(usher_json_writer *w, usher_arena *a, usher_str name,
                              const uint8_t *bytes, size_t len, usher_error *err)
{
    size_t chars = usher_base64url_encoded_size(len);
    char *text = usher_arena_get(a, chars);

    if (!text) return usher_arena_fail(a, err);
    usher_base64url_encode(text, bytes, len);
    usher_json_put_member(w, name, (usher_str){text, chars});
    return USHER_OK;
}

/* `size` 0: as many bytes as it takes. */
static usher_status put_number(usher_json_writer *w, usher_arena *a, usher_str name,
                               const usher_jwk *key, const char *param, size_t size,
                               usher_error *err)
{
    uint8_t bytes[RSA_BYTES];
    BIGNUM *n;
    usher_status rc = number(&n, key->key, param, err);
    size_t len = rc ? 0 : size ? size : (size_t)BN_num_bytes(n);

    if (!rc && (len > sizeof bytes || BN_bn2binpad(n, bytes, (int)len) < 0))
        rc = usher_fail(err, USHER_E_CRYPTO, "key: a number of another size", 0);
    BN_free(n);
    return rc ? rc : put_bytes(w, a, name, bytes, len, err);
}

static usher_status put_rsa(usher_json_writer *w, usher_arena *a, const usher_jwk *key,
                            usher_error *err)
{
    usher_status rc = put_number(w, a, USHER_STR("e"), key, OSSL_PKEY_PARAM_RSA_E, 0, err);

    usher_json_put_member(w, USHER_STR("kty"), USHER_STR("RSA"));
    return rc ? rc : put_number(w, a, USHER_STR("n"), key, OSSL_PKEY_PARAM_RSA_N, 0, err);
}

static usher_status put_ec(usher_json_writer *w, usher_arena *a, const usher_jwk *key,
                           usher_error *err)
{
    size_t size = usher_jwk_coordinate_size(key->type);
    usher_status rc;

    usher_json_put_member(w, USHER_STR("crv"), usher_jwk_curve(key->type));
    usher_json_put_member(w, USHER_STR("kty"), USHER_STR("EC"));
    rc = put_number(w, a, USHER_STR("x"), key, OSSL_PKEY_PARAM_EC_PUB_X, size, err);
    return rc ? rc : put_number(w, a, USHER_STR("y"), key, OSSL_PKEY_PARAM_EC_PUB_Y, size, err);
}

static usher_status put_okp(usher_json_writer *w, usher_arena *a, const usher_jwk *key,
                            usher_error *err)
{
    uint8_t x[32];
    size_t len = sizeof x;

    if (EVP_PKEY_get_raw_public_key(key->key, x, &len) != 1)
        return usher_crypto_fail(err, "key: libcrypto does not tell the public half");
    usher_json_put_member(w, USHER_STR("crv"), USHER_STR("Ed25519"));
    usher_json_put_member(w, USHER_STR("kty"), USHER_STR("OKP"));
    return put_bytes(w, a, USHER_STR("x"), x, len, err);
}

usher_status usher_jwk_write(usher_str *out, usher_arena *a, const usher_jwk *key, usher_error *err)
{
    usher_status rc;
    usher_json_writer w;
    usher_buf b;

    *out = (usher_str){0};
    ERR_clear_error();
    usher_buf_init(&b, a, 4096);
    usher_json_write_init(&w, &b);
    usher_json_open_object(&w);
    rc = key->type == USHER_JWK_RSA       ? put_rsa(&w, a, key, err)
         : key->type == USHER_JWK_ED25519 ? put_okp(&w, a, key, err)
                                          : put_ec(&w, a, key, err);
    if (rc) return rc;
    usher_json_close_object(&w);
    return usher_buf_take(out, &b, err);
}
