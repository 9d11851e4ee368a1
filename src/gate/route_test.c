#include "tests/kit/kit.h"

#include "base/str.h"
#include "gate/route.h"

#define ROOM ((size_t)1 << 20)

/* Made with path-to-regexp 6 as Next.js 16 has it: pathToRegexp(source).source. */
static void test_sources(void **state)
{
    static const struct {
        const char *source, *regexp;
    } cases[] = {
        {"", "^[\\/#\\?]?$"},
        {"/", "^\\/[\\/#\\?]?$"},
        {"/a", "^\\/a[\\/#\\?]?$"},
        {"/a.b-c", "^\\/a\\.b-c[\\/#\\?]?$"},
        {"/:x", "^(?:\\/([^\\/#\\?]+?))[\\/#\\?]?$"},
        {"/:x?", "^(?:\\/([^\\/#\\?]+?))?[\\/#\\?]?$"},
        {"/:x*", "^(?:\\/((?:[^\\/#\\?]+?)(?:\\/(?:[^\\/#\\?]+?))*))?[\\/#\\?]?$"},
        {"/:x+", "^(?:\\/((?:[^\\/#\\?]+?)(?:\\/(?:[^\\/#\\?]+?))*))[\\/#\\?]?$"},
        {"/:x(\\d+)", "^(?:\\/(\\d+))[\\/#\\?]?$"},
        {"/(a|b)", "^(?:\\/(a|b))[\\/#\\?]?$"},
        {"/a(.*)", "^\\/a(.*)[\\/#\\?]?$"},
        {"/(a/[^/]b\\/c)", "^(?:\\/(a\\/[^/]b\\/c))[\\/#\\?]?$"},
        {"/((?!a\\)).*)", "^(?:\\/((?!a\\)).*))[\\/#\\?]?$"},
        {"/a{/b}?", "^\\/a(?:\\/b)?[\\/#\\?]?$"},
        {"/a{b:cd}", "^\\/a(?:b((?:(?!b)[^\\/#\\?])+?))[\\/#\\?]?$"},
        {"/a{-:w}+",
         "^\\/a(?:-((?:(?:(?!-)[^\\/#\\?])+?)(?:-(?:(?:(?!-)[^\\/#\\?])+?))*))[\\/#\\?]?$"},
        {"/x-:a.:b", "^\\/x-([^\\/#\\?]+?)(?:\\.((?:(?!\\.)[^\\/#\\?])+?))[\\/#\\?]?$"},
        {"/a:b*", "^\\/a(?:\\/((?:[^\\/#\\?]+?)(?:\\/(?:[^\\/#\\?]+?))*))?[\\/#\\?]?$"},
        {"/\\:a\\", "^\\/\\:a[\\/#\\?]?$"},
        {"/\xc3\xa9", "^\\/\xc3\xa9[\\/#\\?]?$"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        usher_arena a;
        usher_str got;

        usher_arena_init(&a, usher_allocator_default(), 4096, ROOM);
        if (usher_route_regexp(&got, &a, kit_str(cases[i].source), NULL))
            got = USHER_STR("refused");
        assert_str(got, cases[i].regexp);
        usher_arena_deinit(&a);
    }
}

static void test_refused(void **state)
{
    static const struct {
        const char *source;
        size_t at;
    } cases[] = {
        {"/:", 1},       {"/:-", 1},          {"/(", 1},     {"/()", 1},    {"/(a", 1},
        {"/(?:a)", 2},   {"/((a))", 2},       {"/(a\\)", 1}, {"/a*", 2},    {"/a**", 2},
        {"/:a**", 4},    {"/{a", 3},          {"/a}", 2},    {"/{a}b}", 5}, {"/:a:b", 3},
        {"/{:a{b}}", 4}, {"/{a:b(c)d:e}", 9}, {"+", 0},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        usher_error err = {0};
        usher_arena a;
        usher_str got;

        usher_arena_init(&a, usher_allocator_default(), 4096, ROOM);
        usher_status rc = usher_route_regexp(&got, &a, kit_str(cases[i].source), &err);
        if (rc != USHER_E_SETTING || err.at != cases[i].at || got.ptr)
            fail_msg("%s: %s at %zu", cases[i].source, usher_status_name(rc), err.at);
        usher_arena_deinit(&a);
    }
}

static void test_length(void **state)
{
    static char text[USHER_ROUTE_SOURCE_MAX + 1];
    usher_arena a;
    usher_str got;

    (void)state;
    memset(text, 'a', sizeof text);
    usher_arena_init(&a, usher_allocator_default(), 4096, ROOM);
    assert_ok(usher_route_regexp(&got, &a, (usher_str){text, sizeof text - 1}, NULL));
    assert_int_equal(got.len, sizeof text - 1 + strlen("^[\\/#\\?]?$"));
    assert_int_equal(usher_route_regexp(&got, &a, (usher_str){text, sizeof text}, NULL),
                     USHER_E_SETTING);
    usher_arena_deinit(&a);
}

static void test_every_allocation_may_fail(void **state)
{
    kit_alloc f;
    size_t n = 0;

    (void)state;
    do {
        f = (kit_alloc){.fail_at = n++};
        usher_allocator alloc = kit_allocator(&f);
        usher_arena a;
        usher_str got;

        usher_arena_init(&a, &alloc, 256, ROOM);
        usher_status rc = usher_route_regexp(&got, &a, USHER_STR("/a-:b/:c*{d:e(f)g}?"), NULL);
        assert_int_equal(rc, f.failed ? USHER_E_NOMEM : USHER_OK);
        assert_int_equal(got.ptr != NULL, !f.failed);
        usher_arena_deinit(&a);
        assert_int_equal(f.live, 0);
    } while (f.failed);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_sources),
        cmocka_unit_test(test_refused),
        cmocka_unit_test(test_length),
        cmocka_unit_test(test_every_allocation_may_fail),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
