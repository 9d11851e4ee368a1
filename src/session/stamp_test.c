#include "session/stamp.h"

#include "base/str.h"
#include "tests/kit/kit.h"

#define NOW  INT64_C(1767225600)
#define LONG "0123456789012345678901234567890123456789012345678901234567890123"
#define UUID "\"00000000-0000-4000-8000-000000000000\""

static bool zeros(void *ctx, uint8_t *out, size_t len)
{
    (void)ctx;
    memset(out, 0, len);
    return true;
}

static const usher_entropy no_entropy = {zeros, NULL};

static void test_stamped(void **state)
{
    static const struct {
        const char *claims, *stamped;
        size_t members;
    } cases[] = {
        {"{}", "{\"iat\":1767225600,\"exp\":1767225660,\"jti\":" UUID "}", 3},
        {" {\"a\" : 1.50 } ", "{\"a\":1.50,\"iat\":1767225600,\"exp\":1767225660,\"jti\":" UUID "}",
         4},
        {"{\"jti\":1,\"a\":{\"exp\":1},\"exp\":\"x\"}",
         "{\"jti\":" UUID ",\"a\":{\"exp\":1},\"exp\":1767225660,\"iat\":1767225600}", 4},
        {"{\"a\":[1,{\"exp\":2}],\"iat\":1,\"b\":\"x\",\"exp\":\"\",\"jti\":{},\"sub\":\"1\"}",
         "{\"a\":[1,{\"exp\":2}],\"iat\":1767225600,\"b\":\"x\",\"exp\":1767225660,\"jti\":" UUID
         ",\"sub\":\"1\"}",
         6},
        {"{\"exp\":1}", "{\"exp\":1767225660,\"iat\":1767225600,\"jti\":" UUID "}", 3},
        {"{\"exp\":1,\"a\":2,\"exp\":3}",
         "{\"exp\":1767225660,\"a\":2,\"iat\":1767225600,\"jti\":" UUID "}", 4},
        {"{\"exp\":1, \"a\":2,\"iat\":3}",
         "{\"exp\":1767225660,\"a\":2,\"iat\":1767225600,\"jti\":" UUID "}", 4},
        {"{\"exp\":1,\"iat\":2,\"jti\":3}\n",
         "{\"exp\":1767225660,\"iat\":1767225600,\"jti\":" UUID "}", 3},
        /* read off, and of the same sort but read: the last is one digit, one name, one space more
         */
        {"{\"sub\":\"" LONG "\",\"exp\":1,\"jti\":\"\",\"n\":42}",
         "{\"sub\":\"" LONG "\",\"exp\":1767225660,\"jti\":" UUID ",\"n\":42,\"iat\":1767225600}",
         5},
        {"{\"iat\":12345678901234567,\"exp\":\"" LONG "\",\"jti\":7}",
         "{\"iat\":1767225600,\"exp\":1767225660,\"jti\":" UUID "}", 3},
        {"{\"sub\":\"" LONG "\",\"exp\":1,\"exp\":\"\",\"n\":42}",
         "{\"sub\":\"" LONG "\",\"exp\":1767225660,\"n\":42,\"iat\":1767225600,\"jti\":" UUID "}",
         5},
        {"{\"sub\":\"" LONG "\",\"exp\":1 ,\"n\":42}",
         "{\"sub\":\"" LONG "\",\"exp\":1767225660,\"n\":42,\"iat\":1767225600,\"jti\":" UUID "}",
         5},
        {"{\"e\\u0078p\":1,\"iat\":null,\"jti\":[]}",
         "{\"e\\u0078p\":1767225660,\"iat\":1767225600,\"jti\":" UUID "}", 3},
    };
    usher_arena a;

    (void)state;
    usher_arena_init(&a, usher_allocator_default(), 4096, 1 << 20);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        usher_str out;
        size_t members;
        int64_t exp;

        assert_ok(usher_stamp(&out, &members, &exp, &a, kit_str(cases[i].claims), NOW, 60,
                              no_entropy, NULL));
        assert_str(out, cases[i].stamped);
        assert_int_equal(members, cases[i].members);
        assert_int_equal(exp, NOW + 60);
    }
    usher_arena_deinit(&a);
}

static void test_not_stamped(void **state)
{
    static const struct {
        const char *claims;
        int64_t now_s, max_age_s;
        usher_status rc;
    } cases[] = {
        {"[]", NOW, 60, USHER_E_SYNTAX},
        {"", NOW, 60, USHER_E_SYNTAX},
        {"{}", INT64_MAX, 1, USHER_E_USAGE},
        {"{}", INT64_MIN, -1, USHER_E_USAGE},
    };
    kit_random random = {.fail_at = 0};
    usher_arena a;
    usher_str out;
    int64_t exp = 1;

    (void)state;
    usher_arena_init(&a, usher_allocator_default(), 4096, 1 << 20);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        assert_int_equal(usher_stamp(&out, NULL, &exp, &a, kit_str(cases[i].claims), cases[i].now_s,
                                     cases[i].max_age_s, no_entropy, NULL),
                         cases[i].rc);
        assert_null(out.ptr);
        assert_int_equal(exp, 0);
    }
    assert_int_equal(
        usher_stamp(&out, NULL, &exp, &a, USHER_STR("{}"), NOW, 60, kit_entropy(&random), NULL),
        USHER_E_CRYPTO);
    assert_null(out.ptr);
    usher_arena_deinit(&a);
}

static void test_judged(void **state)
{
    static const struct {
        const char *claims;
        usher_cause cause;
    } cases[] = {
        {"{}", USHER_CAUSE_NONE},
        {"{\"exp\":1767225586}", USHER_CAUSE_NONE}, /* 15 s of tolerance */
        {"{\"exp\":1767225585}", USHER_CAUSE_TOKEN_EXPIRED},
        {"{\"nbf\":1767225615}", USHER_CAUSE_NONE},
        {"{\"nbf\":1767225616}", USHER_CAUSE_TOKEN_NOT_YET},
        {"{\"nbf\":1767225616,\"exp\":1}", USHER_CAUSE_TOKEN_NOT_YET},
        {"{\"iat\":9e15}", USHER_CAUSE_NONE},
        {"{\"iat\":\"1\"}", USHER_CAUSE_TOKEN_CLAIMS},
        {"{\"nbf\":null}", USHER_CAUSE_TOKEN_CLAIMS},
        {"{\"exp\":true}", USHER_CAUSE_TOKEN_CLAIMS},
    };
    usher_arena a;

    (void)state;
    usher_arena_init(&a, usher_allocator_default(), 4096, 1 << 20);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        usher_claims claims = {0};

        assert_ok(usher_json_read_object(&claims.object, &a, kit_str(cases[i].claims),
                                         &usher_json_limits_claims, NULL));
        if (usher_claims_judge(&claims, NOW, 15) != cases[i].cause) fail_msg("%s", cases[i].claims);
        assert_int_equal(claims.has_exp, !!strstr(cases[i].claims, "exp"));
        assert_int_equal(claims.has_iat, !!strstr(cases[i].claims, "iat"));
    }
    usher_arena_deinit(&a);
}

#define ALL_OF_THEM                                                                                \
    "{\"sub\":\"1\",\"name\":\"2\",\"email\":\"3\",\"picture\":\"4\",\"iat\":5,\"nbf\":6,"         \
    "\"exp\":7,\"ucat\":8,\"uend\":9,\"value\":\"10\",\"provider\":\"11\"}"

/* What is found in one pass is what looking for each name would find. */
static void test_known_claims(void **state)
{
    static const char *const names[USHER_KNOWN_COUNT] = {
        "sub", "name", "email", "picture", "iat", "nbf", "exp", "ucat", "uend", "value", "provider",
    };
    static const char *const texts[] = {
        "{}",
        ALL_OF_THEM,
        "{\"suB\":1,\"nam\":2,\"names\":3,\"pictures\":4,\"emails\":5,\"uent\":6,\"xalue\":7}",
        "{\"exp\":1,\"sub\":2,\"exp\":3,\"\":4}",
        "{\"s\\u0075b\":1,\"exp\":2}",
        "{ \"sub\" : null , \"uend\" : [1] }",
    };
    usher_arena a;

    (void)state;
    usher_arena_init(&a, usher_allocator_default(), 4096, 1 << 20);
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        usher_claims claims = {.text = kit_str(texts[i])};
        usher_json_object other;

        assert_ok(usher_json_read_object(&claims.object, &a, claims.text, &usher_json_limits_claims,
                                         NULL));
        (void)usher_claims_judge(&claims, NOW, 15);
        for (size_t k = 0; k < USHER_KNOWN_COUNT; k++) {
            usher_json want = usher_json_get(&claims.object, kit_str(names[k]));
            usher_json got = usher_claims_get(&claims, (usher_known_claim)k);
            assert_int_equal(got.type, want.type);
            assert_ptr_equal(got.text.ptr, want.text.ptr);
        }
        /* Other members than those that were judged: looked for anew. */
        assert_ok(usher_json_read_object(&other, &a, USHER_STR("{\"sub\":\"other\"}"),
                                         &usher_json_limits_claims, NULL));
        claims.object = other;
        assert_str(usher_claims_get(&claims, USHER_KNOWN_SUB).text, "\"other\"");
        assert_int_equal(usher_claims_get(&claims, USHER_KNOWN_EXP).type, USHER_JSON_ABSENT);
    }
    usher_arena_deinit(&a);
}

static void test_every_allocation_may_fail(void **state)
{
    kit_alloc memory = {0};
    usher_allocator alloc = kit_allocator(&memory);
    bool failed = true;
    size_t n;

    (void)state;
    for (n = 0; failed; n++) {
        usher_arena a;
        usher_str out;
        int64_t exp;

        memory = (kit_alloc){.fail_at = n};
        usher_arena_init(&a, &alloc, 64, 1 << 20);
        usher_status rc =
            usher_stamp(&out, NULL, &exp, &a, USHER_STR("{\"a\":1}"), NOW, 60, no_entropy, NULL);
        failed = memory.failed;
        assert_int_equal(rc, failed ? USHER_E_NOMEM : USHER_OK);
        usher_arena_deinit(&a);
        assert_int_equal(memory.live, 0);
    }
    assert_true(n > 1); /* a plain arena asks its allocator a few times only */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_stamped),
        cmocka_unit_test(test_not_stamped),
        cmocka_unit_test(test_judged),
        cmocka_unit_test(test_known_claims),
        cmocka_unit_test(test_every_allocation_may_fail),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
