#include "session/auth0_legacy.h"
#include "session/auth0_rig.h"
#include "wire/jose/sha.h"

/* What the specification's appendix gives; the original made it. */
#define SPEC_V3                                                                                    \
    "eyJhbGciOiJkaXIiLCJlbmMiOiJBMjU2R0NNIiwidWF0IjoxNzAwMDAwMTAwLCJpYXQiOjE3MDAwMDAwMDAsImV4cCI6" \
    "MTcwMDA4NjUwMH0..AAECAwQFBgcICQoL."                                                           \
    "XTdb4LhzzjUfmQNU3v9jklIg05bIOOWC2vuyblOaVaAgRw294Y_br0jjjFptcXjBV5DARQ_5kwsjYlEDVlXvDBp0mzNJ" \
    "QxmSqrQWPBfQS1yX--oJS_pztrBn0U_chCqd4cRO0zmw0I8H7wfM5WYxDoF6O31O0CbFT0B2VJs66n9adyDbAINKT1eM" \
    "vZFld6Xur_hc_y3c_6coE88.qCKHdvi_ntvIKB3A8FwK1Q"
#define SPEC_SIGNED "legacyid.-d29YlLoG6WMZn-oSBFtdWXkbploBYNa0yKGydhjnuU"

static void test_times(void **state)
{
    static const struct {
        const char *header;
        bool is_v3, has_iat, has_uat, has_exp;
        const char *iat;
    } cases[] = {
        {"{\"iat\":5,\"uat\":6,\"exp\":7}", true, true, true, true, "5"},
        {"{\"iat\":0,\"uat\":6,\"exp\":7}", false, true, true, true, "0"},
        {"{\"iat\":-0.0}", false, true, false, false, "-0.0"},
        {"{\"iat\":1e300}", true, true, false, false, "1e300"},
        {"{\"iat\":\"x\"}", true, false, false, false, "\"x\""},
        {"{\"iat\":\"\"}", false, false, false, false, "\"\""},
        {"{\"iat\":null}", false, false, false, false, "null"},
        {"{\"iat\":false}", false, false, false, false, "false"},
        {"{\"iat\":true}", true, false, false, false, "true"},
        {"{\"iat\":[]}", true, false, false, false, "[]"},
        {"{\"iat\":{}}", true, false, false, false, "{}"},
        {"{\"exp\":\"7\",\"uat\":null}", false, false, false, false, ""},
        {"{}", false, false, false, false, ""},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        usher_json_object header;
        usher_auth0_v3_times t;
        a0 r;

        a0_open(&r);
        assert_ok(usher_json_read_object(&header, &r.r.arena, kit_str(cases[i].header),
                                         &usher_json_limits_claims, NULL));
        usher_auth0_v3_times_read(&t, &header);
        assert_int_equal(t.is_v3, cases[i].is_v3);
        assert_int_equal(t.has_iat, cases[i].has_iat);
        assert_int_equal(t.has_uat, cases[i].has_uat);
        assert_int_equal(t.has_exp, cases[i].has_exp);
        assert_str(t.iat, cases[i].iat);
        a0_close(&r);
    }
}

static void test_times_of_a_token(void **state)
{
    usher_auth0_v3_times t;
    a0 r;

    (void)state;
    a0_open(&r);
    assert_ok(usher_auth0_v3_token_times(&t, &r.r.arena, USHER_STR(SPEC_V3), NULL));
    assert_true(t.is_v3 && t.has_iat && t.has_uat && t.has_exp);
    assert_true(t.iat_s == 1700000000 && t.uat_s == 1700000100 && t.exp_s == 1700086500);
    assert_ok(usher_auth0_v3_token_times(&t, &r.r.arena, a0_seal(&r, A0_SESSION), NULL));
    assert_false(t.is_v3);
    static const char *const broken[] = {"", "!", "e30x", "W10..", "e30"}; /* the last is {} */
    for (size_t i = 0; i < sizeof broken / sizeof *broken; i++)
        assert_int_equal(usher_auth0_v3_token_times(&t, &r.r.arena, kit_str(broken[i]), NULL),
                         i == sizeof broken / sizeof *broken - 1 ? USHER_OK : USHER_E_SYNTAX);
    a0_close(&r);
}

static void test_conversion(void **state)
{
    static const struct {
        const char *session, *json;
    } cases[] = {
        {A0_V3,
         "{\"user\":{\"sub\":\"u\",\"sid\":\"S3\"},\"tokenSet\":{\"idToken\":\"i\","
         "\"accessToken\":\"a\",\"scope\":\"openid\",\"refreshToken\":\"r\",\"expiresAt\":5},"
         "\"internal\":{\"sid\":\"S3\",\"createdAt\":17}}"},
        {"{\"user\":{}}", "{\"user\":{},\"tokenSet\":{},\"internal\":{\"createdAt\":17}}"},
        /* what the browser is told is what was sealed, byte for byte */
        {"{\"x\":1,\"user\":{\"s\\u0069d\":\"\\ud800\",\"n\":1.50e1},\"refreshToken\":null}",
         "{\"user\":{\"s\\u0069d\":\"\\ud800\",\"n\":1.50e1},\"tokenSet\":{\"refreshToken\":null},"
         "\"internal\":{\"sid\":\"\\ud800\",\"createdAt\":17}}"},
        {"{\"user\":{\"sid\":null},\"idToken\":null,\"accessToken\":null,"
         "\"accessTokenScope\":null,\"accessTokenExpiresAt\":null}",
         "{\"user\":{\"sid\":null},\"tokenSet\":{\"scope\":null,\"expiresAt\":null},"
         "\"internal\":{\"sid\":null,\"createdAt\":17}}"},
        {"{}", NULL},
        {"{\"user\":null}", NULL},
        {"{\"user\":\"u\"}", NULL},
        {"{\"user\":[]}", NULL},
    };
    const usher_auth0_v3_times times = {.is_v3 = true, .iat = USHER_STR("17")};

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        usher_json_object session;
        usher_str json;
        a0 r;

        a0_open(&r);
        assert_ok(usher_json_read_object(&session, &r.r.arena, kit_str(cases[i].session),
                                         &usher_json_limits_claims, NULL));
        assert_ok(usher_auth0_v3_convert(&json, &r.r.arena, &times, &session, NULL));
        if (cases[i].json)
            assert_str(json, cases[i].json);
        else
            assert_null(json.ptr);
        a0_close(&r);
    }
}

static usher_str id_in(a0 *r, const char *name, usher_str value)
{
    usher_str id;

    assert_ok(usher_auth0_v3_signed_id(&id, &r->r.keys, kit_str(name), value, NULL));
    return id;
}

static void test_signed_ids(void **state)
{
    static const struct {
        const char *name, *value, *id;
    } cases[] = {
        {"appSession", SPEC_SIGNED, "legacyid"},
        {"appSession", SPEC_SIGNED ".more", "legacyid"}, /* the original looks at two parts */
        {"__session", SPEC_SIGNED, ""},                  /* the name is part of what was signed */
        {"appsession", SPEC_SIGNED, ""},
        {"appSession", "x" SPEC_SIGNED, ""},
        {"appSession", "legacyid", ""},
        {"appSession", "legacyid.", ""},
        {"appSession", ".", ""},
        {"appSession", "", ""},
        {"appSession", ".-d29YlLoG6WMZn-oSBFtdWXkbploBYNa0yKGydhjnuU", ""},
        {"appSession", "legacyid.-d29YlLoG6WMZn-oSBFtdWXkbploBYNa0yKGydhjnu", ""},
        {"appSession", "legacyid.-d29YlLoG6WMZn-oSBFtdWXkbploBYNa0yKGydhjnuV",
         ""}, /* not canonical */
        {"appSession", "legacyid.+d29YlLoG6WMZn-oSBFtdWXkbploBYNa0yKGydhjnuU", ""},
    };
    a0 r;

    (void)state;
    a0_open(&r);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        assert_str(id_in(&r, cases[i].name, kit_str(cases[i].value)), cases[i].id);
    a0_close(&r);
}

static void test_no_flipped_bit_of_a_signed_id_is_accepted(void **state)
{
    char value[] = SPEC_SIGNED;
    a0 r;

    (void)state;
    a0_open(&r);
    for (size_t bit = 0; bit < 8 * strlen(SPEC_SIGNED); bit++) {
        value[bit / 8] = (char)(value[bit / 8] ^ 1 << bit % 8);
        assert_null(id_in(&r, "appSession", (usher_str){value, strlen(SPEC_SIGNED)}).ptr);
        value[bit / 8] = (char)(value[bit / 8] ^ 1 << bit % 8);
    }
    assert_str(id_in(&r, "appSession", kit_str(value)), "legacyid");
    a0_close(&r);
}

static void test_every_secret_verifies(void **state)
{
    static const char *const rotated[] = {"new", "other", A0_SECRET, NULL};
    static const char *const dropped[] = {"new", "other", NULL};
    a0 r;

    (void)state;
    a0_open_with(&r, rotated);
    assert_str(id_in(&r, "appSession", USHER_STR(SPEC_SIGNED)), "legacyid");
    a0_close(&r);
    a0_open_with(&r, dropped);
    assert_null(id_in(&r, "appSession", USHER_STR(SPEC_SIGNED)).ptr);
    a0_close(&r);
}

/* The keys of the specification's appendix. */
static void test_keys(void **state)
{
    static const struct {
        const char *hex;
        bool signing;
    } cases[] = {{"17d0ccb9ec2af76ff72d00eb124f215fbedf5307906f74ddc74298029291ba58", false},
                 {"e1bf37af276b68d1c6acdd8813c35198d559adea0604ead288bf7a145b52ab12", true}};
    a0 r;

    (void)state;
    a0_open(&r);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const uint8_t *key =
            cases[i].signing ? r.r.keys.signing[0] : r.r.keys.keys[USHER_FOR_SESSION][0][0].bytes;
        char text[65] = "";

        for (size_t b = 0; b < 32; b++)
            snprintf(text + 2 * b, 3, "%02x", key[b]);
        assert_string_equal(text, cases[i].hex);
    }
    for (unsigned p = 0; p < USHER_PURPOSES; p++) {
        assert_true(r.r.keys.has[p]);
        assert_memory_equal(r.r.keys.keys[p][0][0].bytes, r.r.keys.keys[0][0][0].bytes, 32);
    }
    const usher_key_header *h = &r.r.keys.headers[USHER_FOR_SESSION][0];
    assert_str(((usher_str){h->json, h->json_len}), A0_HEADER);
    assert_str(((usher_str){h->b64, h->b64_len}), "eyJlbmMiOiJBMjU2R0NNIiwiYWxnIjoiZGlyIn0");
    a0_close(&r);
}

static usher_status convert_all(const usher_allocator *alloc)
{
    usher_auth0_v3_times t;
    usher_json_object o;
    usher_str json;
    usher_arena a;
    usher_status rc;

    usher_arena_init(&a, alloc, 64, RIG_LIMIT);
    if ((rc = usher_auth0_v3_token_times(&t, &a, USHER_STR(SPEC_V3), NULL)) == USHER_OK &&
        (rc = usher_json_read_object(&o, &a, USHER_STR(A0_V3), &usher_json_limits_claims, NULL)) ==
            USHER_OK)
        rc = usher_auth0_v3_convert(&json, &a, &t, &o, NULL);
    usher_arena_deinit(&a);
    return rc;
}

static void test_every_allocation_may_fail(void **state)
{
    kit_alloc memory;
    size_t n = 0;

    (void)state;
    do {
        memory = (kit_alloc){.fail_at = n++};
        usher_allocator alloc = kit_allocator(&memory);
        usher_status rc = convert_all(&alloc);
        assert_int_equal(rc, memory.failed ? USHER_E_NOMEM : USHER_OK);
        assert_int_equal(memory.live, 0);
    } while (memory.failed);
    assert_true(n > 1);
}

/* Memory of libcrypto too: a signature that could not be looked at is not a wrong one. */
static void test_every_allocation_of_libcrypto_may_fail(void **state)
{
    usher_str id;
    size_t n = 0;
    a0 r;

    (void)state;
    a0_open(&r);
    do {
        kit_crypto = (kit_alloc){.fail_at = n++};
        usher_status rc = usher_auth0_v3_signed_id(&id, &r.r.keys, USHER_STR("appSession"),
                                                   USHER_STR(SPEC_SIGNED), NULL);
        bool failed = kit_crypto.failed;
        kit_crypto = (kit_alloc){.fail_at = SIZE_MAX};
        if (failed) {
            assert_int_equal(rc, USHER_E_NOMEM);
            assert_null(id.ptr);
        } else {
            assert_ok(rc);
            assert_str(id, "legacyid");
            break;
        }
    } while (n < 100);
    /* Its digest takes no memory where libcrypto's hash functions may be called by themselves. */
    assert_int_equal(n > 1, !USHER_SHA_STATES);
    assert_true(n < 100);
    a0_close(&r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_times),
        cmocka_unit_test(test_times_of_a_token),
        cmocka_unit_test(test_conversion),
        cmocka_unit_test(test_signed_ids),
        cmocka_unit_test(test_no_flipped_bit_of_a_signed_id_is_accepted),
        cmocka_unit_test(test_every_secret_verifies),
        cmocka_unit_test(test_keys),
        cmocka_unit_test(test_every_allocation_may_fail),
        cmocka_unit_test(test_every_allocation_of_libcrypto_may_fail),
    };
    kit_crypto_install();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
