#include "tests/kit/kit.h"

#include "oauth/text.h"

static const struct {
    const char *type;
    bool json;
} types[] = {
    {"application/json", true},
    {"application/json;charset=utf-8", true},
    {"Application/JSON ; charset=UTF-8", true},
    {" application/json\t", true},
    {"application/problem+json", true},
    {"application/vnd.x.y+JSON", true},
    {"", false},
    {"text/html", false},
    {"text/json", false},
    {"text/plain; application/json", false},
    {"application/", false},
    {"application/+json", false},
    {"application/jsonp", false},
    {"application/jwt", false},
    {"application/x-www-form-urlencoded", false},
    {"xapplication/json", false},
    {"application/json, text/html", false},
};

static void test_content_types(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof types / sizeof *types; i++) {
        if (usher_oauth_is_json(kit_str(types[i].type)) != types[i].json)
            print_error("%s\n", types[i].type);
        assert_true(usher_oauth_is_json(kit_str(types[i].type)) == types[i].json);
    }
    assert_false(usher_oauth_is_json((usher_str){0}));
}

static void test_visible(void **state)
{
    (void)state;
    for (int c = 0; c < 256; c++) {
        char text[] = {'a', (char)c, 'b'};
        assert_true(usher_oauth_visible((usher_str){text, 3}) == (c >= 0x20 && c <= 0x7e));
    }
    assert_false(usher_oauth_visible(USHER_STR("")));
    assert_false(usher_oauth_visible((usher_str){0}));
}

static usher_arena arena;

static const struct {
    const char *text;
    usher_status status;
} documents[] = {
    {"{\"a\":1}", USHER_OK},        {" {} ", USHER_OK},
    {"", USHER_E_SYNTAX},           {"[]", USHER_E_SYNTAX},
    {"{\"a\":1", USHER_E_SYNTAX},   {"{\"a\":1,\"a\":1}", USHER_E_SYNTAX},
    {"{\"a\":1}x", USHER_E_SYNTAX}, {"{\"a\":1,\"\\u0061\":1}", USHER_E_SYNTAX},
};

static void test_documents(void **state)
{
    static char big[(1 << 20) + 1];
    usher_json_object o;

    (void)state;
    usher_arena_init(&arena, usher_allocator_default(), 4096, 4 << 20);
    for (size_t i = 0; i < sizeof documents / sizeof *documents; i++) {
        assert_int_equal(usher_oauth_document(&o, &arena, kit_str(documents[i].text), NULL),
                         documents[i].status);
        assert_int_equal(o.count, i == 0);
        assert_false(o.duplicates);
    }
    memset(big, ' ', sizeof big);
    memcpy(big, "{\"a\":1}", 7);
    assert_ok(usher_oauth_document(&o, &arena, (usher_str){big, sizeof big - 1}, NULL));
    assert_int_equal(usher_oauth_document(&o, &arena, (usher_str){big, sizeof big}, NULL),
                     USHER_E_SYNTAX);
    usher_arena_deinit(&arena);
    usher_arena_init(&arena, usher_allocator_default(), 16, 32);
    assert_int_equal(usher_oauth_document(&o, &arena, (usher_str){big, 64}, NULL), USHER_E_LIMIT);
    usher_arena_deinit(&arena);
}

static void test_optional(void **state)
{
    static const char json[] =
        "{\"text\":\"x\",\"empty\":\"\",\"null\":null,\"number\":1,\"list\":[]}";
    static const struct {
        const char *name, *value; /* NULL: absent */
        usher_status status;
    } rows[] = {
        {"text", "x", USHER_OK},   {"empty", "", USHER_OK},          {"null", NULL, USHER_OK},
        {"other", NULL, USHER_OK}, {"number", NULL, USHER_E_SYNTAX}, {"list", NULL, USHER_E_SYNTAX},
    };
    usher_json_object o;

    (void)state;
    usher_arena_init(&arena, usher_allocator_default(), 4096, 1 << 20);
    assert_ok(usher_oauth_document(&o, &arena, kit_str(json), NULL));
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        usher_str out = USHER_STR("before");

        assert_int_equal(usher_oauth_optional(&out, &arena, &o, kit_str(rows[i].name), NULL),
                         rows[i].status);
        assert_true((out.ptr != NULL) == (rows[i].value != NULL));
        if (rows[i].value) assert_str(out, rows[i].value);
    }
    usher_arena_deinit(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_content_types),
        cmocka_unit_test(test_visible),
        cmocka_unit_test(test_documents),
        cmocka_unit_test(test_optional),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
