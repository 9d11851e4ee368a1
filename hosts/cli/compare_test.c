#include "hosts/cli/compare.h"
#include "tests/kit/kit.h"

static bool same(const char *one, const char *other)
{
    usher_json x, y;
    usher_arena a;
    bool result;

    usher_arena_init(&a, usher_allocator_default(), 4096, 1 << 24);
    assert_ok(usher_json_read(&x, kit_str(one), &usher_json_limits_claims, NULL));
    assert_ok(usher_json_read(&y, kit_str(other), &usher_json_limits_claims, NULL));
    assert_ok(cli_json_same(&result, &a, x, y, NULL));
    usher_arena_deinit(&a);
    return result;
}

static void test_pairs(void **state)
{
    static const struct {
        const char *one, *other;
        bool same;
    } cases[] = {
        {"{\"a\":1,\"b\":2}", "{\"b\":2,\"a\":1}", true},
        {"{\"a\":1,\"b\":2}", "{\"a\":1}", false},
        {"{\"a\":1}", "{\"a\":1,\"b\":2}", false},
        {"{\"a\":1,\"b\":2}", "{\"a\":1,\"c\":2}", false},
        {"{\"a\":{\"x\":[1,2]}}", "{ \"a\" : { \"x\" : [ 1, 2 ] } }", true},
        {"{\"a\":{\"x\":[1,2]}}", "{\"a\":{\"x\":[2,1]}}", false},
        {"[1,2]", "[1]", false},
        {"[1]", "[1,2]", false},
        {"[]", "[]", true},
        {"[]", "{}", false},
        {"{\"a\":1,\"b\":2,\"a\":3}", "{\"a\":3,\"b\":2}", true},
        {"{\"\\u0061\":1}", "{\"a\":1}", true},
        {"100000", "1e5", true},
        {"1.0", "1", true},
        {"0", "-0", true},
        {"0.1", "0.10000000000000001", true},
        {"9007199254740993", "9007199254740992", true},
        {"1", "2", false},
        {"1", "\"1\"", false},
        {"1e308", "null", false},
        {"true", "true", true},
        {"true", "false", false},
        {"null", "false", false},
        {"\"\"", "\"\"", true},
        {"\"a\"", "\"\\u0061\"", true},
        {"\"\\/\"", "\"/\"", true},
        {"\"\\b\\f\\n\\r\\t\"", "\"\\u0008\\u000c\\u000a\\u000D\\u0009\"", true},
        {"\"\xf0\x9f\x98\x80\"", "\"\\ud83d\\ude00\"", true},
        {"\"\\ud83d\"", "\"\\ud83d\"", true},
        {"\"\\ud83d\"", "\"\\ud83e\"", false}, /* both would be U+FFFD after decoding */
        {"\"\\ud83d\"", "\"\xef\xbf\xbd\"", false},
        {"\"\\u0000\"", "\"\\u0000\"", true},
        {"\"a\\u0000\"", "\"a\"", false},
        {"\"a\"", "\"a\\u0000\"", false},
        {"\"ab\"", "\"a\"", false},
        {"\"\xc3\xa9\"", "\"\\u00e9\"", true},
        {"\"\xe5\xb1\xb1\"", "\"\\u5c71\"", true},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        if (same(cases[i].one, cases[i].other) != cases[i].same)
            fail_msg("%s and %s", cases[i].one, cases[i].other);
        assert_int_equal(same(cases[i].other, cases[i].one), cases[i].same);
    }
}

static void test_no_memory_is_no_answer(void **state)
{
    kit_alloc memory = {.fail_at = 0};
    usher_allocator alloc = kit_allocator(&memory);
    usher_json x, y;
    usher_arena a;
    bool result = true;

    (void)state;
    usher_arena_init(&a, &alloc, 4096, 1 << 24);
    assert_ok(usher_json_read(&x, USHER_STR("{\"a\":1}"), &usher_json_limits_claims, NULL));
    assert_ok(usher_json_read(&y, USHER_STR("{\"a\":1}"), &usher_json_limits_claims, NULL));
    assert_int_equal(cli_json_same(&result, &a, x, y, NULL), USHER_E_NOMEM);
    usher_arena_deinit(&a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_pairs),
        cmocka_unit_test(test_no_memory_is_no_answer),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
