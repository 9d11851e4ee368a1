#include "tests/kit/kit.h"

#include "base/str.h"
#include "wire/json_set.h"

typedef struct row {
    const char *object, *name, *value, *without, *expected;
} row;

static const row rows[] = {
    {"{}", "a", "1", "", "{\"a\":1}"},
    {"{\"a\":1}", "a", "[2]", "", "{\"a\":[2]}"},
    {"{\"a\":1,\"b\":2}", "c", "null", "", "{\"a\":1,\"b\":2,\"c\":null}"},
    {"{ \"a\" : 1.50 , \"b\" : \"\\ud800\" }", "b", "true", "", "{\"a\":1.50,\"b\":true}"},
    {"{\"\\u0061\":1,\"b\":2}", "a", "3", "", "{\"\\u0061\":3,\"b\":2}"},
    {"{\"a\":1,\"b\":2}", "c", "3", "a", "{\"b\":2,\"c\":3}"},
    {"{\"a\":1}", "c", "3", "a", "{\"c\":3}"},
    {"{\"a\":1,\"a\":2}", "b", "3", "", "{\"a\":2,\"b\":3}"},
    {"{\"__proto__\":{\"x\":1}}", "b", "3", "", "{\"__proto__\":{\"x\":1},\"b\":3}"},
};

static void test_rows(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        usher_arena a;
        usher_json_object object;
        usher_str out;

        usher_arena_init(&a, usher_allocator_default(), 1024, 1 << 16);
        assert_ok(usher_json_read_object(&object, &a, kit_str(rows[i].object),
                                         &usher_json_limits_claims, NULL));
        assert_ok(usher_json_set(&out, &a, &object, kit_str(rows[i].name), kit_str(rows[i].value),
                                 kit_str(rows[i].without), NULL));
        assert_str(out, rows[i].expected);
        usher_arena_deinit(&a);
    }
}

static void test_no_memory(void **state)
{
    (void)state;
    for (size_t fail_at = 0;; fail_at++) {
        kit_alloc memory = {.fail_at = fail_at};
        usher_allocator alloc = kit_allocator(&memory);
        usher_arena a;
        usher_json_object object;
        usher_str out;

        usher_arena_init(&a, &alloc, 16, 1 << 16);
        usher_status rc = usher_json_read_object(&object, &a, USHER_STR("{\"a\":1}"),
                                                 &usher_json_limits_claims, NULL);
        if (!rc)
            rc = usher_json_set(&out, &a, &object, USHER_STR("b"), USHER_STR("2"), USHER_STR(""),
                                NULL);
        usher_arena_deinit(&a);
        assert_int_equal(memory.live, 0);
        if (!rc) break;
        assert_int_equal(rc, USHER_E_NOMEM);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_rows),
                                       cmocka_unit_test(test_no_memory)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
