#include "tests/kit/kit.h"

#include <openssl/evp.h>

#include "base/str.h"
#include "wire/jose/jwk.h"
#include "wire/jose/jws_sample.h"
#include "wire/jose/jws_tokens.h"

static usher_json value_of(usher_str text)
{
    usher_json value;

    assert_ok(usher_json_read(&value, text, &usher_json_limits_document, NULL));
    return value;
}

/* RSA moduli by size, from a seed: only their shape matters here. */
static const char *modulus(size_t bytes, bool even)
{
    uint8_t n[2100];
    uint64_t seed = bytes;
    char *text = usher_arena_get(&kit_arena, 2900);

    for (size_t i = 0; i < bytes; i++)
        n[i] = (uint8_t)kit_next(&seed);
    n[0] |= 0x80;
    n[bytes - 1] = (uint8_t)(even ? n[bytes - 1] & 0xfe : n[bytes - 1] | 1);
    usher_base64url_encode(text, n, bytes);
    text[usher_base64url_encoded_size(bytes)] = 0;
    return text;
}

/* RFC 7517 appendix A.1, both keys; the first is for encryption. */
#define A1_N                                                                                       \
    "0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86zwu1RK7aPFFxuhDR1L6tSoc_"      \
    "BJECPeb"                                                                                      \
    "WKRXjBZCiFV4n3oknjhMstn64tZ_2W-5JsGY4Hc5n9yBXArwl93lqt7_RN5w6Cf0h4QyQ5v-65YGjQR0_"            \
    "FDW2QvzqY368Q"                                                                                \
    "QMicAtaSqzs8KJZgnYb9c7d0zgdAZHzu6qMQvRL5hajrn1n91CbOpbISD08qNLyrdkt-"                         \
    "bFTWhAI4vMQFh6WeZu0fM4lFd2"                                                                   \
    "NcRwr3XPksINHaQ-G_xBniIqbw0Ls1jF44-csFCur-kEgU8awapJzKnqDKgw"
#define A1_EC                                                                                      \
    "{\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":\"MKBCTNIcKUSDii11ySs3526iDZ8AiTo7Tu6KPAqv7D4\","     \
    "\"y\":\"4Etl6SRW2YiLUrN5vfvVHuhp7x8PxltmWWlbbM4IFyM\",\"use\":\"enc\",\"kid\":\"1\"}"
#define A1_RSA                                                                                     \
    "{\"kty\":\"RSA\",\"n\":\"" A1_N "\",\"e\":\"AQAB\",\"alg\":\"RS256\",\"kid\":\"2011-04-29\"}"
#define EC_XY(x, y) "{\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":\"" x "\",\"y\":\"" y "\"}"
#define RSA_E(e)    "{\"kty\":\"RSA\",\"n\":\"" A1_N "\",\"e\":\"" e "\"}"
#define ED(rest)    "{\"kty\":\"OKP\",\"crv\":\"Ed25519\",\"x\":\"" SAMPLE_ED_X "\"" rest "}"

static const struct {
    const char *name, *json;
    usher_status status;
    usher_jwk_type type;
    bool may_verify;
} keys[] = {
    {"RFC 7517 A.1 EC", A1_EC, USHER_OK, USHER_JWK_EC_P256, false},
    {"RFC 7517 A.1 RSA", A1_RSA, USHER_OK, USHER_JWK_RSA, true},
    {"RFC 7515 A.3 EC", SAMPLE_ES_JWK, USHER_OK, USHER_JWK_EC_P256, true},
    {"RFC 8037 A.2 Ed25519", SAMPLE_ED_JWK, USHER_OK, USHER_JWK_ED25519, true},
    {"private member ignored", ED(",\"d\":\"" SAMPLE_ED_D "\""), USHER_OK, USHER_JWK_ED25519, true},
    {"even a malformed one", ED(",\"d\":7"), USHER_OK, USHER_JWK_ED25519, true},
    {"use sig", ED(",\"use\":\"sig\""), USHER_OK, USHER_JWK_ED25519, true},
    {"use enc", ED(",\"use\":\"enc\""), USHER_OK, USHER_JWK_ED25519, false},
    {"use empty", ED(",\"use\":\"\""), USHER_OK, USHER_JWK_ED25519, false},
    {"key_ops verify", ED(",\"key_ops\":[\"sign\",\"verify\"]"), USHER_OK, USHER_JWK_ED25519, true},
    {"key_ops sign", ED(",\"key_ops\":[\"sign\"]"), USHER_OK, USHER_JWK_ED25519, false},
    {"key_ops empty", ED(",\"key_ops\":[]"), USHER_OK, USHER_JWK_ED25519, false},
    {"key_ops verify, use enc", ED(",\"use\":\"enc\",\"key_ops\":[\"verify\"]"), USHER_OK,
     USHER_JWK_ED25519, false},
    {"key_ops text", ED(",\"key_ops\":\"verify\""), USHER_E_SYNTAX, 0, false},
    {"key_ops null", ED(",\"key_ops\":null"), USHER_E_SYNTAX, 0, false},
    {"use number", ED(",\"use\":1"), USHER_E_SYNTAX, 0, false},
    {"kid number", ED(",\"kid\":1"), USHER_E_SYNTAX, 0, false},
    {"alg null", ED(",\"alg\":null"), USHER_E_SYNTAX, 0, false},
    {"member twice", ED(",\"kid\":\"a\",\"kid\":\"b\""), USHER_E_SYNTAX, 0, false},
    {"no kty", "{\"crv\":\"Ed25519\",\"x\":\"" SAMPLE_ED_X "\"}", USHER_E_SYNTAX, 0, false},
    {"not an object", "[]", USHER_E_SYNTAX, 0, false},
    {"oct never imports", "{\"kty\":\"oct\",\"k\":\"AAAA\"}", USHER_E_UNSUPPORTED, 0, false},
    {"unknown kty", "{\"kty\":\"AKP\"}", USHER_E_UNSUPPORTED, 0, false},
    {"kty in other letters", "{\"kty\":\"rsa\",\"n\":\"" A1_N "\",\"e\":\"AQAB\"}",
     USHER_E_UNSUPPORTED, 0, false},
    {"X25519", "{\"kty\":\"OKP\",\"crv\":\"X25519\",\"x\":\"" SAMPLE_ED_X "\"}",
     USHER_E_UNSUPPORTED, 0, false},
    {"Ed448", "{\"kty\":\"OKP\",\"crv\":\"Ed448\",\"x\":\"" SAMPLE_ED_X "\"}", USHER_E_UNSUPPORTED,
     0, false},
    {"P-384", TOKENS_P384, USHER_OK, USHER_JWK_EC_P384, true},
    {"P-521", TOKENS_P521, USHER_OK, USHER_JWK_EC_P521, true},
    {"a point of another curve",
     "{\"kty\":\"EC\",\"crv\":\"P-384\",\"x\":\"" SAMPLE_ES_X "\",\"y\":\"" SAMPLE_ES_Y "\"}",
     USHER_E_SYNTAX, 0, false},
    {"P-224",
     "{\"kty\":\"EC\",\"crv\":\"P-224\",\"x\":\"" SAMPLE_ES_X "\",\"y\":\"" SAMPLE_ES_Y "\"}",
     USHER_E_UNSUPPORTED, 0, false},
    {"secp256k1",
     "{\"kty\":\"EC\",\"crv\":\"secp256k1\",\"x\":\"" SAMPLE_ES_X "\",\"y\":\"" SAMPLE_ES_Y "\"}",
     USHER_E_UNSUPPORTED, 0, false},
    {"EC without crv", "{\"kty\":\"EC\",\"x\":\"" SAMPLE_ES_X "\",\"y\":\"" SAMPLE_ES_Y "\"}",
     USHER_E_UNSUPPORTED, 0, false},
    {"EC without y", "{\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":\"" SAMPLE_ES_X "\"}", USHER_E_SYNTAX,
     0, false},
    {"point off the curve", EC_XY(SAMPLE_ES_X, SAMPLE_ES_X), USHER_E_SYNTAX, 0, false},
    {"point (0, 0)",
     EC_XY("AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
           "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"),
     USHER_E_SYNTAX, 0, false},
    {"coordinate beyond the field",
     EC_XY("__________________________________________8", SAMPLE_ES_Y), USHER_E_SYNTAX, 0, false},
    {"short coordinate", EC_XY("83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU", SAMPLE_ES_Y),
     USHER_E_SYNTAX, 0, false},
    {"coordinate with a zero in front",
     EC_XY("AH_Nzidw9sRdQYPL7m_bS3tYBzM1e-nvE7rPbjx70VRF", SAMPLE_ES_Y), USHER_E_SYNTAX, 0, false},
    {"padded base64url", "{\"kty\":\"OKP\",\"crv\":\"Ed25519\",\"x\":\"" SAMPLE_ED_X "=\"}",
     USHER_E_SYNTAX, 0, false},
    {"Ed25519 of 31 bytes",
     "{\"kty\":\"OKP\",\"crv\":\"Ed25519\",\"x\":\"qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo\"}",
     USHER_E_SYNTAX, 0, false},
    {"e = 3", RSA_E("Aw"), USHER_OK, USHER_JWK_RSA, true},
    {"e = 2^32 - 1", RSA_E("_____w"), USHER_OK, USHER_JWK_RSA, true},
    {"e with a zero in front", RSA_E("AAEAAQ"), USHER_OK, USHER_JWK_RSA, true},
    {"e = 1", RSA_E("AQ"), USHER_E_UNSUPPORTED, 0, false},
    {"e = 0", RSA_E("AA"), USHER_E_UNSUPPORTED, 0, false},
    {"e even", RSA_E("AQAA"), USHER_E_UNSUPPORTED, 0, false},
    {"e = 2^32 + 1", RSA_E("AQAAAAE"), USHER_E_UNSUPPORTED, 0, false},
    {"e of nine bytes", RSA_E("AQAAAAAAAAAB"), USHER_E_SYNTAX, 0, false},
    {"e empty", RSA_E(""), USHER_E_SYNTAX, 0, false},
    {"RSA without e", "{\"kty\":\"RSA\",\"n\":\"" A1_N "\"}", USHER_E_SYNTAX, 0, false},
    {"n is a number", "{\"kty\":\"RSA\",\"n\":5,\"e\":\"AQAB\"}", USHER_E_SYNTAX, 0, false},
};

static void test_import(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++) {
        usher_jwk key;
        usher_status rc = usher_jwk_read(&key, &kit_arena, value_of(kit_str(keys[i].json)), NULL);

        if (rc != keys[i].status) print_error("%s\n", keys[i].name);
        assert_int_equal(rc, keys[i].status);
        assert_true((key.key != NULL) == (rc == USHER_OK));
        assert_int_equal(key.type, keys[i].type);
        if (key.may_verify != keys[i].may_verify) print_error("%s\n", keys[i].name);
        assert_true(key.may_verify == keys[i].may_verify);
        usher_jwk_free(&key);
        assert_null(key.key);
        usher_jwk_free(&key);
    }
    usher_jwk_free(NULL);
}

static void test_members_of_a_key(void **state)
{
    usher_jwk key;

    (void)state;
    assert_ok(usher_jwk_read(&key, &kit_arena, value_of(USHER_STR(A1_RSA)), NULL));
    assert_str(key.kid, "2011-04-29");
    assert_str(key.alg, "RS256");
    assert_null(key.use.ptr);
    usher_jwk_free(&key);
    assert_ok(
        usher_jwk_read(&key, &kit_arena, value_of(USHER_STR(ED(",\"kid\":\"\\u00e9\\n\""))), NULL));
    assert_str(key.kid, "\xc3\xa9\n");
    usher_jwk_free(&key);
}

static const struct {
    size_t bytes;
    bool even;
    usher_status status;
} moduli[] = {
    {128, false, USHER_E_SYNTAX},     /* 1024 bits */
    {255, false, USHER_E_SYNTAX},     /* 2040 */
    {256, false, USHER_OK},           /* 2048 */
    {256, true, USHER_E_UNSUPPORTED}, /* no product of odd primes */
    {512, false, USHER_OK},           /* 4096 */
    {1024, false, USHER_OK},          /* 8192 */
    {1025, false, USHER_E_UNSUPPORTED},
    {2048, false, USHER_E_SYNTAX}, /* 16384: refused before any arithmetic */
};

static void test_sizes_of_rsa(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof moduli / sizeof *moduli; i++) {
        char json[4000];
        usher_jwk key;

        snprintf(json, sizeof json, "{\"kty\":\"RSA\",\"e\":\"AQAB\",\"n\":\"%s\"}",
                 modulus(moduli[i].bytes, moduli[i].even));
        assert_int_equal(usher_jwk_read(&key, &kit_arena, value_of(kit_str(json)), NULL),
                         moduli[i].status);
        usher_jwk_free(&key);
    }
}

/* ---- sets ---- */

static const struct {
    const char *name, *json;
    usher_status status;
    size_t count, unusable;
} sets[] = {
    {"two", SAMPLE_JWKS, USHER_OK, 2, 0},
    {"RFC 7517 A.1: one of them is for encryption", "{\"keys\":[" A1_EC "," A1_RSA "]}", USHER_OK,
     1, 1},
    {"unusable ones cost nothing",
     "{\"keys\":[1,null,{},[],{\"kty\":\"oct\",\"k\":\"AAAA\"}," SAMPLE_ED_JWK
     ",{\"kty\":\"RSA\"}]}",
     USHER_OK, 1, 6},
    {"same kid, other type: both", "{\"keys\":[" ED(",\"kid\":\"es\"") "," SAMPLE_ES_JWK "]}",
     USHER_OK, 2, 0},
    {"empty", "{\"keys\":[]}", USHER_OK, 0, 0},
    {"other members", "{\"x\":{\"keys\":1},\"keys\":[" SAMPLE_ED_JWK "]}", USHER_OK, 1, 0},
    {"no keys", "{}", USHER_E_SYNTAX, 0, 0},
    {"keys is an object", "{\"keys\":{}}", USHER_E_SYNTAX, 0, 0},
    {"keys is null", "{\"keys\":null}", USHER_E_SYNTAX, 0, 0},
    {"keys twice", "{\"keys\":[],\"keys\":[" SAMPLE_ED_JWK "]}", USHER_E_SYNTAX, 0, 0},
    {"an array", "[" SAMPLE_ED_JWK "]", USHER_E_SYNTAX, 0, 0},
    {"not JSON", "{\"keys\":[" SAMPLE_ED_JWK "]", USHER_E_SYNTAX, 0, 0},
    {"nothing", "", USHER_E_SYNTAX, 0, 0},
};

static void test_sets(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof sets / sizeof *sets; i++) {
        usher_jwks set;
        usher_status rc = usher_jwks_read(&set, &kit_arena, kit_str(sets[i].json), NULL);

        if (rc != sets[i].status) print_error("%s\n", sets[i].name);
        assert_int_equal(rc, sets[i].status);
        assert_int_equal(set.count, sets[i].count);
        assert_int_equal(set.unusable, sets[i].unusable);
        usher_jwks_free(&set);
        assert_int_equal(set.count, 0);
    }
    usher_jwks_free(NULL);
}

static usher_str set_of(size_t count, const char *key)
{
    usher_buf b;
    usher_str text;

    usher_buf_init(&b, &kit_arena, 1 << 20);
    usher_buf_put_z(&b, "{\"keys\":[");
    for (size_t i = 0; i < count; i++) {
        if (i) usher_buf_put_char(&b, ',');
        usher_buf_put_z(&b, key);
    }
    usher_buf_put_z(&b, "]}");
    assert_ok(usher_buf_take(&text, &b, NULL));
    return text;
}

static void test_bounds_of_sets(void **state)
{
    usher_jwks set;
    usher_buf b;
    usher_str text;

    (void)state;
    assert_ok(usher_jwks_read(&set, &kit_arena, set_of(USHER_JWKS_KEYS_MAX, SAMPLE_ED_JWK), NULL));
    assert_int_equal(set.count, USHER_JWKS_KEYS_MAX);
    usher_jwks_free(&set);
    assert_int_equal(usher_jwks_read(&set, &kit_arena, set_of(USHER_JWKS_KEYS_MAX + 1, "{}"), NULL),
                     USHER_E_LIMIT);
    assert_int_equal(set.count, 0);
    /* 256 KiB, and one byte more */
    usher_buf_init(&b, &kit_arena, 1 << 20);
    usher_buf_put_z(&b, "{\"keys\":[" SAMPLE_ED_JWK "]");
    while (b.len < (256u << 10) - 1)
        usher_buf_put_char(&b, ' ');
    usher_buf_put_char(&b, '}');
    assert_ok(usher_buf_take(&text, &b, NULL));
    assert_ok(usher_jwks_read(&set, &kit_arena, text, NULL));
    usher_jwks_free(&set);
    usher_buf_init(&b, &kit_arena, 1 << 20);
    usher_buf_put(&b, text);
    usher_buf_put_char(&b, ' ');
    assert_ok(usher_buf_take(&text, &b, NULL));
    assert_int_equal(usher_jwks_read(&set, &kit_arena, text, NULL), USHER_E_LIMIT);
}

/* ---- thumbprints ---- */

static usher_json member(usher_json object, const char *name)
{
    usher_json_object o;

    assert_ok(usher_json_members(&o, &kit_arena, object, NULL));
    return usher_json_get(&o, kit_str(name));
}

/* Every case of the vectors, each with all three digests. */
static void test_thumbprint_vectors(void **state)
{
    static const char *const names[] = {"sha256", "sha384", "sha512"};
    size_t len, count = 0;
    char *file = kit_read_file("tests/vectors/jwk-thumbprints.json", &len);
    usher_json cases = member(value_of((usher_str){file, len}), "vectors"), item;

    (void)state;
    for (usher_str rest = cases.text; usher_json_next(&item, &rest); count++) {
        usher_json jwk = member(member(item, "input"), "jwk"), expected = member(item, "expected");

        for (int kind = USHER_SHA256; kind <= USHER_SHA512; kind++) {
            usher_str thumb;

            assert_ok(usher_jwk_thumbprint(&thumb, &kit_arena, jwk, (usher_digest_kind)kind, NULL));
            assert_true(usher_json_string_is(member(expected, names[kind]), thumb));
        }
    }
    assert_int_equal(count, 20);
    free(file);
}

static const struct {
    const char *name, *json;
    usher_status status;
} thumbs[] = {
    {"oct", "{\"kty\":\"oct\",\"k\":\"AAAA\"}", USHER_OK},
    {"any members beside", "{\"kty\":\"oct\",\"k\":\"AAAA\",\"kid\":1}", USHER_OK},
    {"no k", "{\"kty\":\"oct\"}", USHER_E_SYNTAX},
    {"empty k", "{\"kty\":\"oct\",\"k\":\"\"}", USHER_E_SYNTAX},
    {"k is a number", "{\"kty\":\"oct\",\"k\":1}", USHER_E_SYNTAX},
    {"k is null", "{\"kty\":\"oct\",\"k\":null}", USHER_E_SYNTAX},
    {"k twice", "{\"kty\":\"oct\",\"k\":\"a\",\"k\":\"b\"}", USHER_E_SYNTAX},
    {"EC without y", "{\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":\"a\"}", USHER_E_SYNTAX},
    {"no kty", "{\"k\":\"AAAA\"}", USHER_E_SYNTAX},
    {"kty is an array", "{\"kty\":[\"oct\"],\"k\":\"AAAA\"}", USHER_E_SYNTAX},
    {"another kty", "{\"kty\":\"AKP\",\"k\":\"AAAA\"}", USHER_E_UNSUPPORTED},
    {"a string", "\"oct\"", USHER_E_SYNTAX},
};

static void test_thumbprint_refusals(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof thumbs / sizeof *thumbs; i++) {
        usher_str out = USHER_STR("before");
        usher_status rc = usher_jwk_thumbprint(&out, &kit_arena, value_of(kit_str(thumbs[i].json)),
                                               USHER_SHA256, NULL);

        assert_int_equal(rc, thumbs[i].status);
        assert_true((out.ptr != NULL) == (rc == USHER_OK));
    }
}

/* ---- failures of the host ---- */

static usher_status whole_life(const usher_allocator *alloc)
{
    static const char text[] =
        "{\"keys\":[" A1_RSA "," SAMPLE_ES_JWK "," ED(",\"kid\":\"\\u0061\"") "]}";
    usher_status rc;
    usher_jwks set = {0};
    usher_arena a;
    usher_str thumb;

    usher_arena_init(&a, alloc, 512, 1 << 20);
    if (!(rc = usher_jwks_read(&set, &a, kit_str(text), NULL)) &&
        !(rc = usher_jwk_thumbprint(&thumb, &a, value_of(USHER_STR(SAMPLE_ED_JWK)), USHER_SHA256,
                                    NULL))) {
        assert_int_equal(set.count, 3);
        /* RFC 8037 appendix A.3 */
        assert_str(thumb, "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k");
    }
    usher_jwks_free(&set);
    usher_arena_deinit(&a);
    return rc;
}

static void test_every_allocation_may_fail(void **state)
{
    (void)state;
    for (int on = 0; on < 2; on++) {
        kit_alloc ours;
        size_t n = 0;

        do {
            ours = (kit_alloc){.fail_at = n++, .from_then_on = on};
            usher_allocator alloc = kit_allocator(&ours);
            usher_status rc = whole_life(&alloc);
            assert_int_equal(rc, ours.failed ? USHER_E_NOMEM : USHER_OK);
            assert_int_equal(ours.live, 0);
        } while (ours.failed);
        assert_true(n > 2);
    }
}

/* A key that cannot be imported for want of memory must not be left out as unusable. */
static void test_every_allocation_of_libcrypto_may_fail(void **state)
{
    (void)state;
    assert_ok(whole_life(usher_allocator_default()));
    for (int on = 0; on < 2; on++) {
        size_t n = 0, live = kit_crypto.live;

        do {
            kit_crypto.fail_at = n++, kit_crypto.from_then_on = on;
            kit_crypto.calls = 0, kit_crypto.failed = false;
            usher_status rc = whole_life(usher_allocator_default());
            kit_crypto.fail_at = SIZE_MAX;
            if (rc != USHER_OK && rc != USHER_E_NOMEM) print_error("allocation %zu\n", n - 1);
            assert_true(rc == USHER_OK || (kit_crypto.failed && rc == USHER_E_NOMEM));
            /* the error queue keeps texts in its 16 places; leaks are the sanitizer's to see */
            assert_true(kit_crypto.live >= live && kit_crypto.live <= live + 16);
        } while (kit_crypto.failed);
        assert_true(n > 20);
    }
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, kit_arena_up, kit_arena_down)
    const struct CMUnitTest tests[] = {
        TEST(test_import),
        TEST(test_members_of_a_key),
        TEST(test_sizes_of_rsa),
        TEST(test_sets),
        TEST(test_bounds_of_sets),
        TEST(test_thumbprint_vectors),
        TEST(test_thumbprint_refusals),
        TEST(test_every_allocation_may_fail),
        TEST(test_every_allocation_of_libcrypto_may_fail),
    };

    kit_crypto_install();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
