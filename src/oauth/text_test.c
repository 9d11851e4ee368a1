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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_content_types),
        cmocka_unit_test(test_visible),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
