#include "tests/kit/kit.h"

#include "base/str.h"
#include "gate/rules.h"

static void test_patterns(void **state)
{
    static const struct {
        const char *pattern;
        bool fine;
        size_t at;
    } cases[] = {
        {"/", true, 0},          {"/about", true, 0},
        {"/about/", true, 0},    {"/docs/*", true, 0},
        {"/*", true, 0},         {"/.well-known/*", true, 0},
        {"", false, 0},          {"about", false, 0},
        {"*", false, 0},         {"http://a.example/x", false, 0},
        {"/docs*", false, 5},    {"/*/docs", false, 1},
        {"/docs/**", false, 6},  {"/a/*/b/*", false, 3},
        {"/docs/*?x", false, 6}, {"/docs?x", false, 5},
        {"/docs?", false, 5},    {"/docs//*", false, 0},
        {"/a/../b", false, 0},   {"/a/./*", false, 0},
        {"/a%20b", false, 0},    {"/a;b", false, 0},
        {"/a b", false, 0},      {"/a#b", false, 0},
        {"/a\\b", false, 0},     {"/\xc3\xa9", false, 0},
        {"/a\n", false, 0},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        usher_error err = {0};
        usher_status rc = usher_rules_check(kit_str(cases[i].pattern), &err);
        if (rc != (cases[i].fine ? USHER_OK : USHER_E_SETTING)) fail_msg("%s", cases[i].pattern);
        assert_int_equal(err.status, rc);
        assert_int_equal(err.at, cases[i].at);
        assert_int_equal(err.what != NULL, !cases[i].fine);
    }
    assert_int_equal(usher_rules_check((usher_str){0}, NULL), USHER_E_SETTING);
}

/* T54 and M62 beside the boundaries: a query, a fragment or a foreign host cannot open a path. */
static void test_open(void **state)
{
    static const usher_str patterns[] = {USHER_STR_INIT("/about"), USHER_STR_INIT("/docs/*"),
                                         USHER_STR_INIT("/a/b/*"), USHER_STR_INIT("/login/")};
    static const struct {
        const char *target;
        bool open;
    } cases[] = {
        {"/about", true},
        {"/about?x=1", true},
        {"/about/", false},
        {"/about/x", false},
        {"/aboutx", false},
        {"/abou", false},
        {"/About", false},
        {"/docs", true},
        {"/docs/", true},
        {"/docs/x/y", true},
        {"/docs/x?y=/../admin", true},
        {"/docsx", false},
        {"/docs-internal/x", false},
        {"/doc", false},
        {"/x/docs", false},
        {"/docs/../admin", false},
        {"/docs/..", false},
        {"/docs/..%2fadmin", false},
        {"/docs/..;/admin", false},
        {"/docs/%61", false},
        {"/docs//x", false},
        {"/docs/\\..\\admin", false},
        {"/docs/*", true},
        {"/a/b", true},
        {"/a/b/c", true},
        {"/a/bc", false},
        {"/a", false},
        {"/a/", false},
        {"/login/", true},
        {"/login", false},
        {"/admin?/docs/x", false},
        {"/admin?about", false},
        {"/admin#/docs/x", false},
        {"/admin;/docs/x", false},
        {"http://a.example/docs/x", false},
        {"docs/x", false},
        {"*", false},
        {"", false},
        {"/", false},
    };
    const usher_rules rules = {patterns, sizeof patterns / sizeof *patterns};

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        if (usher_rules_open(&rules, kit_str(cases[i].target)) != cases[i].open)
            fail_msg("%s", cases[i].target);
    for (size_t i = 0; i < rules.open_count; i++)
        assert_ok(usher_rules_check(patterns[i], NULL));
}

static void test_edges(void **state)
{
    static const usher_str root[] = {USHER_STR_INIT("/")}, all[] = {USHER_STR_INIT("/*")};

    (void)state;
    assert_false(
        usher_rules_open(&(usher_rules){0}, USHER_STR("/"))); /* no rule: nothing is open */
    assert_false(usher_rules_open(NULL, USHER_STR("/")));
    assert_true(usher_rules_open(&(usher_rules){root, 1}, USHER_STR("/")));
    assert_false(usher_rules_open(&(usher_rules){root, 1}, USHER_STR("/x")));
    assert_true(usher_rules_open(&(usher_rules){all, 1}, USHER_STR("/")));
    assert_true(usher_rules_open(&(usher_rules){all, 1}, USHER_STR("/x/y")));
    assert_false(usher_rules_open(&(usher_rules){all, 1}, USHER_STR("/x/../y")));
    assert_false(usher_rules_open(&(usher_rules){all, 1}, (usher_str){0}));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_patterns),
        cmocka_unit_test(test_open),
        cmocka_unit_test(test_edges),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
