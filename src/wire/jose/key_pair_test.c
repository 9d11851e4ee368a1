#include "tests/kit/kit.h"

#include <openssl/ec.h>
#include <openssl/evp.h>

#include "base/str.h"
#include "wire/base64url.h"
#include "wire/jose/jws_sign.h"
#include "wire/jose/key_pair.h"
#include "wire/jose/key_samples.h"

#define RSA USHER_JWK_RSA
#define EC  USHER_JWK_EC_P256
#define ED  USHER_JWK_ED25519
#define D   "\"d\":\"UloBuEOyC3FO-u3APLvh8bkWjUyiGHxOWnQiAfwUeoM\""

static const struct {
    const char *name, *text;
    usher_status rc;
    usher_jwk_type type;
    bool may_sign, may_verify;
    const char *thumbprint;
} cases[] = {
    {"RSA PKCS#8", KEY_RSA_PKCS8, USHER_OK, RSA, true, true, KEY_RSA_THUMBPRINT},
    {"RSA PKCS#1", KEY_RSA_PKCS1, USHER_OK, RSA, true, true, KEY_RSA_THUMBPRINT},
    {"RSA SPKI", KEY_RSA_PUBLIC, USHER_OK, RSA, false, true, KEY_RSA_THUMBPRINT},
    {"RSA public PKCS#1", KEY_RSA_PUBLIC_PKCS1, USHER_OK, RSA, false, true, KEY_RSA_THUMBPRINT},
    {"RSA JWK", KEY_RSA_JWK_OPEN "}", USHER_OK, RSA, true, true, KEY_RSA_THUMBPRINT},
    {"RSA public JWK", KEY_RSA_PUBLIC_JWK_OPEN "}", USHER_OK, RSA, false, true, KEY_RSA_THUMBPRINT},
    {"EC SEC1", KEY_EC_SEC1, USHER_OK, EC, true, true, KEY_EC_THUMBPRINT},
    {"EC SEC1 behind its parameters", KEY_EC_PARAMS_SEC1, USHER_OK, EC, true, true,
     KEY_EC_THUMBPRINT},
    {"EC PKCS#8", KEY_EC_PKCS8, USHER_OK, EC, true, true, KEY_EC_THUMBPRINT},
    {"EC SPKI", KEY_EC_PUBLIC, USHER_OK, EC, false, true, KEY_EC_THUMBPRINT},
    {"EC JWK", KEY_EC_JWK_OPEN "}", USHER_OK, EC, true, true, KEY_EC_THUMBPRINT},
    {"Ed25519 PKCS#8", KEY_ED_PKCS8, USHER_OK, ED, true, true, KEY_ED_THUMBPRINT},
    {"Ed25519 SPKI", KEY_ED_PUBLIC, USHER_OK, ED, false, true, KEY_ED_THUMBPRINT},
    {"Ed25519 JWK", KEY_ED_JWK_OPEN "}", USHER_OK, ED, true, true, KEY_ED_THUMBPRINT},
    {"white space before JSON", " \r\n\t" KEY_ED_JWK_OPEN "}\n", USHER_OK, ED, true, true,
     KEY_ED_THUMBPRINT},
    {"words before PEM", "the key of 2026\n" KEY_ED_PKCS8, USHER_OK, ED, true, true,
     KEY_ED_THUMBPRINT},
    {"a public key and then a pair: the pair", KEY_EC_PUBLIC KEY_ED_PKCS8, USHER_OK, ED, true, true,
     KEY_ED_THUMBPRINT},
    {"PEM without a last line feed",
     "-----BEGIN PUBLIC KEY-----\nMCowBQYDK2VwAyEAnhNZHqiSwNjP8PJlacE1tuc77AUCiZMMknsQUG1azGI=\n"
     "-----END PUBLIC KEY-----",
     USHER_OK, ED, false, true, KEY_ED_THUMBPRINT},
    {"use sig", KEY_ED_JWK_OPEN ",\"use\":\"sig\"}", USHER_OK, ED, true, true, NULL},
    {"use enc", KEY_ED_JWK_OPEN ",\"use\":\"enc\"}", USHER_OK, ED, false, false, NULL},
    {"key_ops sign", KEY_ED_JWK_OPEN ",\"key_ops\":[\"sign\"]}", USHER_OK, ED, true, true, NULL},
    {"key_ops verify", KEY_ED_JWK_OPEN ",\"key_ops\":[\"verify\"]}", USHER_OK, ED, false, true,
     NULL},

    {"empty", "", USHER_E_SYNTAX, 0, false, false, NULL},
    {"a word", "secret", USHER_E_SYNTAX, 0, false, false, NULL},
    {"with a password", KEY_ED_ENCRYPTED, USHER_E_SYNTAX, 0, false, false, NULL},
    {"a certificate", KEY_CERTIFICATE, USHER_E_SYNTAX, 0, false, false, NULL},
    {"PEM without an end", "-----BEGIN PRIVATE KEY-----\nMC4CAQAwBQYDK2Vw\n", USHER_E_SYNTAX, 0,
     false, false, NULL},
    {"PEM of nothing", "-----BEGIN PRIVATE KEY-----\n-----END PRIVATE KEY-----\n", USHER_E_SYNTAX,
     0, false, false, NULL},
    {"RSA of 1024 bits", KEY_RSA_1024, USHER_E_UNSUPPORTED, 0, false, false, NULL},
    {"RSA for PSS only", KEY_RSA_PSS, USHER_E_UNSUPPORTED, 0, false, false, NULL},
    {"secp256k1", KEY_SECP256K1, USHER_E_UNSUPPORTED, 0, false, false, NULL},
    {"X25519", KEY_X25519, USHER_E_UNSUPPORTED, 0, false, false, NULL},
    {"a JWK set", "{\"keys\":[" KEY_ED_JWK_OPEN "}]}", USHER_E_SYNTAX, 0, false, false, NULL},
    {"oct", "{\"kty\":\"oct\",\"k\":\"AAAA\"}", USHER_E_UNSUPPORTED, 0, false, false, NULL},
    {"d of another key",
     "{\"kty\":\"OKP\",\"crv\":\"Ed25519\"," D
     ",\"x\":\"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo\"}",
     USHER_E_SYNTAX, 0, false, false, NULL},
    {"d twice", KEY_ED_JWK_OPEN "," D "}", USHER_E_SYNTAX, 0, false, false, NULL},
    {"d a number", KEY_ED_PUBLIC_JWK_OPEN ",\"d\":1}", USHER_E_SYNTAX, 0, false, false, NULL},
    {"d null", KEY_ED_PUBLIC_JWK_OPEN ",\"d\":null}", USHER_E_SYNTAX, 0, false, false, NULL},
    {"d short", KEY_ED_PUBLIC_JWK_OPEN ",\"d\":\"AAAA\"}", USHER_E_SYNTAX, 0, false, false, NULL},
    {"EC with a short d", KEY_EC_PUBLIC_JWK_OPEN ",\"d\":\"AAAA\"}", USHER_E_SYNTAX, 0, false,
     false, NULL},
    {"RSA with d alone", KEY_RSA_PUBLIC_JWK_OPEN ",\"d\":\"AAAA\"}", USHER_E_SYNTAX, 0, false,
     false, NULL},
    {"RSA of three primes", KEY_RSA_JWK_OPEN ",\"oth\":[]}", USHER_E_UNSUPPORTED, 0, false, false,
     NULL},
};

static void test_read(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        usher_jwk key;
        usher_error err = {0};
        usher_status rc = usher_key_pair_read(&key, &kit_arena, kit_str(cases[i].text), &err);
        usher_str public, thumb;
        usher_json value;

        if (rc != cases[i].rc) print_error("%s: %s\n", cases[i].name, err.what);
        assert_int_equal(rc, cases[i].rc);
        assert_true((key.key != NULL) == (rc == USHER_OK));
        if (key.may_sign != cases[i].may_sign) print_error("%s\n", cases[i].name);
        assert_true(key.may_sign == cases[i].may_sign && key.may_verify == cases[i].may_verify);
        assert_int_equal(key.type, cases[i].type);
        if (cases[i].thumbprint) {
            assert_ok(usher_jwk_write(&public, &kit_arena, &key, NULL));
            assert_ok(usher_json_read(&value, public, &usher_json_limits_document, NULL));
            assert_ok(usher_jwk_thumbprint(&thumb, &kit_arena, value, USHER_SHA256, NULL));
            assert_str(thumb, cases[i].thumbprint);
        }
        usher_jwk_free(&key);
    }
}

/* Every pair signs, with each algorithm of its type, what its public half verifies; nothing else
 * signs, and no other key verifies. */
static void test_sign_and_verify(void **state)
{
    static const char *const pairs[] = {KEY_RSA_PKCS8, KEY_RSA_JWK_OPEN "}",
                                        KEY_EC_SEC1,   KEY_EC_JWK_OPEN "}",
                                        KEY_ED_PKCS8,  KEY_ED_JWK_OPEN "}"};
    static const char *const publics[] = {KEY_RSA_PUBLIC, KEY_RSA_PUBLIC, KEY_EC_PUBLIC,
                                          KEY_EC_PUBLIC,  KEY_ED_PUBLIC,  KEY_ED_PUBLIC};
    size_t made = 0;

    (void)state;
    for (size_t i = 0; i < 6; i++)
        for (int alg = USHER_JWS_NONE; alg < USHER_JWS_ALGS; alg++) {
            usher_jwk pair, public;
            usher_jws jws;
            usher_str token, payload;
            char header[60];
            usher_str name = usher_jws_alg_name((usher_jws_alg)alg);

            snprintf(header, sizeof header, "{\"alg\":\"%.*s\"}", (int)name.len,
                     name.ptr ? name.ptr : "");
            assert_ok(usher_key_pair_read(&pair, &kit_arena, kit_str(pairs[i]), NULL));
            assert_ok(usher_key_pair_read(&public, &kit_arena, kit_str(publics[i]), NULL));
            usher_status rc = usher_jws_sign(&token, &kit_arena, (usher_jws_alg)alg, &pair,
                                             kit_str(header), USHER_STR("{\"a\":1}"), NULL);
            assert_int_equal(rc, usher_jws_alg_fits((usher_jws_alg)alg, &pair) ? USHER_OK
                                                                               : USHER_E_USAGE);
            if (!rc) {
                assert_ok(usher_jws_read(&jws, &kit_arena, token, NULL));
                assert_ok(usher_jws_verify(&payload, &kit_arena, &jws, (usher_jws_alg)alg, &public,
                                           NULL));
                assert_str(payload, "{\"a\":1}");
                made++;
            } else {
                assert_null(token.ptr);
            }
            assert_int_equal(usher_jws_sign(&token, &kit_arena, (usher_jws_alg)alg, &public,
                                            kit_str(header), USHER_STR("{}"), NULL),
                             USHER_E_USAGE);
            usher_jwk_free(&pair);
            usher_jwk_free(&public);
        }
    assert_int_equal(made, 2 * (6 + 1 + 1));
}

/* P-384 and P-521 sign too, and short numbers come about by chance. */
static void test_other_curves(void **state)
{
    static const struct {
        const char *group;
        usher_jwk_type type;
        usher_jws_alg alg;
        usher_str header;
    } rows[] = {
        {"P-256", USHER_JWK_EC_P256, USHER_ES256, USHER_STR_INIT("{\"alg\":\"ES256\"}")},
        {"P-384", USHER_JWK_EC_P384, USHER_ES384, USHER_STR_INIT("{\"alg\":\"ES384\"}")},
        {"P-521", USHER_JWK_EC_P521, USHER_ES512, USHER_STR_INIT("{\"alg\":\"ES512\"}")},
    };

    (void)state;
    for (size_t i = 0; i < 3; i++) {
        usher_jwk key = {.type = rows[i].type,
                         .may_sign = true,
                         .may_verify = true,
                         .key = EVP_EC_gen(rows[i].group)};
        size_t size = usher_jwk_coordinate_size(key.type);

        for (size_t n = 0; n < 40; n++) {
            usher_str token, payload;
            usher_jws jws;

            assert_ok(usher_jws_sign(&token, &kit_arena, rows[i].alg, &key, rows[i].header,
                                     USHER_STR("x"), NULL));
            assert_ok(usher_jws_read(&jws, &kit_arena, token, NULL));
            assert_int_equal(jws.signature.len, usher_base64url_encoded_size(2 * size));
            assert_ok(usher_jws_verify(&payload, &kit_arena, &jws, rows[i].alg, &key, NULL));
        }
        usher_jwk_free(&key);
    }
}

static void test_macs(void **state)
{
    uint8_t bytes[] = "0123456789abcdef0123456789abcdef";
    usher_secret secret = {bytes, 32};

    (void)state;
    for (int alg = USHER_JWS_NONE; alg < USHER_JWS_ALGS; alg++) {
        usher_str token, payload, name = usher_jws_alg_name((usher_jws_alg)alg);
        usher_jws jws;
        char header[60];

        snprintf(header, sizeof header, "{\"alg\":\"%.*s\"}", (int)name.len,
                 name.ptr ? name.ptr : "");
        usher_status rc = usher_jws_sign_mac(&token, &kit_arena, (usher_jws_alg)alg, secret,
                                             kit_str(header), USHER_STR("{}"), NULL);
        assert_int_equal(rc, alg >= USHER_HS256 ? USHER_OK : USHER_E_USAGE);
        if (rc) continue;
        assert_ok(usher_jws_read(&jws, &kit_arena, token, NULL));
        assert_ok(
            usher_jws_verify_mac(&payload, &kit_arena, &jws, (usher_jws_alg)alg, secret, NULL));
        assert_int_equal(usher_jws_sign_mac(&token, &kit_arena, (usher_jws_alg)alg,
                                            (usher_secret){0}, kit_str(header), USHER_STR("{}"),
                                            NULL),
                         USHER_E_USAGE);
        assert_null(token.ptr);
    }
}

/* ---- failures of the host ---- */

static usher_status whole_life(const usher_allocator *alloc, const char *text, usher_jws_alg alg)
{
    usher_status rc;
    usher_arena a;
    usher_jwk key = {0};
    usher_str token, public;

    usher_arena_init(&a, alloc, 512, 1 << 20);
    if (!(rc = usher_key_pair_read(&key, &a, kit_str(text), NULL)) &&
        !(rc = usher_jwk_write(&public, &a, &key, NULL)))
        rc = usher_jws_sign(&token, &a, alg, &key, USHER_STR("{}"), USHER_STR("{}"), NULL);

    usher_jwk_free(&key);
    usher_arena_deinit(&a);
    return rc;
}

static const struct {
    const char *text;
    usher_jws_alg alg;
} lives[] = {
    {KEY_RSA_PKCS8, USHER_RS256},       {KEY_EC_SEC1, USHER_ES256},
    {KEY_ED_PKCS8, USHER_EDDSA},        {KEY_RSA_JWK_OPEN ",\"kid\":\"\\u0061\"}", USHER_PS256},
    {KEY_EC_JWK_OPEN "}", USHER_ES256}, {KEY_ED_JWK_OPEN "}", USHER_EDDSA},
};

static void test_every_allocation_may_fail(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof lives / sizeof *lives; i++) {
        kit_alloc ours;
        size_t n = 0;

        do {
            ours = (kit_alloc){.fail_at = n++};
            usher_allocator alloc = kit_allocator(&ours);
            usher_status rc = whole_life(&alloc, lives[i].text, lives[i].alg);
            assert_int_equal(rc, ours.failed ? USHER_E_NOMEM : USHER_OK);
            assert_int_equal(ours.live, 0);
        } while (ours.failed);
        assert_true(n > 1);
    }
}

/* A key that could not be read for want of memory must not be called unfit: the setting is right.
 * libcrypto does not always say that it was memory (USHER_E_CRYPTO then), but never anything about
 * the key. */
static void test_every_allocation_of_libcrypto_may_fail(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof lives / sizeof *lives; i++) {
        size_t n = 0, step = strstr(lives[i].text, "kty") ? 1 : 7; /* decoders allocate much */

        assert_ok(whole_life(usher_allocator_default(), lives[i].text, lives[i].alg));
        do {
            kit_crypto.fail_at = n, kit_crypto.from_then_on = false;
            kit_crypto.calls = 0, kit_crypto.failed = false;
            usher_status rc = whole_life(usher_allocator_default(), lives[i].text, lives[i].alg);
            kit_crypto.fail_at = SIZE_MAX;
            if (rc && USHER_STATUS_CLASS(rc) != USHER_CLASS_HOST)
                print_error("row %zu, allocation %zu: %s\n", i, n, usher_status_name(rc));
            assert_true(rc == USHER_OK ||
                        (kit_crypto.failed && USHER_STATUS_CLASS(rc) == USHER_CLASS_HOST));
            n += step;
        } while (kit_crypto.failed);
        assert_true(n > 20);
    }
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, kit_arena_up, kit_arena_down)
    const struct CMUnitTest tests[] = {
        TEST(test_read),
        TEST(test_sign_and_verify),
        TEST(test_other_curves),
        TEST(test_macs),
        TEST(test_every_allocation_may_fail),
        TEST(test_every_allocation_of_libcrypto_may_fail),
    };

    kit_crypto_install();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
