#include "tests/kit/kit.h"

#include "base/str.h"
#include "gate/with_auth.h"

#define ROOM ((size_t)1 << 20)

static void test_next_paths(void **state)
{
    static const struct {
        const char *base, *path, *its_base, *page;
    } cases[] = {
        {"", "/x", "", "/x"},
        {"/base", "/base/x", "/base", "/x"},
        {"/base", "/base", "/base", "/"},
        {"/base", "/based", "", "/based"},
        {"/base", "/x", "", "/x"},
        {"", "/_next/data/b/x.json", "", "/x"},
        {"", "/_next/data/b/x/y.json", "", "/x/y"},
        {"", "/_next/data/b/index.json", "", "/"},
        {"", "/_next/data/b/index/x.json", "", "/"},
        {"", "/_next/data/b.json", "", "/"},
        {"", "/_next/data/.json", "", "/"},
        {"", "/_next/data/b/x", "", "/_next/data/b/x"},
        {"", "/_next/static/x.json", "", "/_next/static/x.json"},
        {"/base", "/base/_next/data/b/x.json", "/base", "/x"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        usher_next_path got = usher_next_path_of(kit_str(cases[i].base), kit_str(cases[i].path));
        assert_str(got.base, cases[i].its_base);
        assert_str(got.path, cases[i].page);
    }
}

static void test_skips(void **state)
{
    static const struct {
        const char *page, *url, *base, *path;
        bool skips;
    } cases[] = {
        {"", "", "", "/api/auth", true},
        {"", "", "", "/api/auth/session", true},
        {"", "", "", "/api/authors", false},
        {"", "", "", "/api/auth/../admin", false},
        {"", "", "", "/api/auth/%2e%2e/admin", false},
        {"", "", "", "/api/auth//x", false},
        {"", "", "", "/x/api/auth", false},
        {"", "", "", "/_next", true},
        {"", "", "", "/_next/static/x.js", true},
        {"", "", "", "/_nextdoor", false},
        {"", "", "", "/favicon.ico", true},
        {"", "", "", "/favicon.icon", false},
        {"", "", "", "/api/auth/error", true},
        {"/login", "", "", "/login", true},
        {"/login", "", "", "/login/", false},
        {"/login", "", "", "/login/x", false},
        {"/login", "", "", "/Login", false},
        {"/login?x", "", "", "/login", false},
        {"/login", "", "", "/api/auth/signin", true},
        {"", "http://a.example/custom", "", "/custom/x", true},
        {"", "http://a.example/custom/", "", "/custom/x", true},
        {"", "http://a.example/custom", "", "/api/auth/x", false},
        {"", "http://a.example/", "", "/api/auth/x", true},
        {"", "http://a.example", "", "/x", false},
        {"", "a.example/custom", "", "/custom/x", true},
        {"", "http://", "", "/api/auth/x", true},
        {"", "http://a.example/base/api/auth", "/base", "/api/auth/x", true},
        {"", "http://a.example/api/auth", "/base", "/api/auth/x", false},
        {"", "", "", "/_next?/x", false},
        {"", "", "", "", false},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        usher_with_auth w = {.sign_in_page = kit_str(cases[i].page),
                             .auth_url = kit_str(cases[i].url),
                             .base_path = kit_str(cases[i].base)};
        usher_arena a;
        bool skips;

        usher_arena_init(&a, usher_allocator_default(), 4096, ROOM);
        assert_ok(usher_with_auth_skips(&skips, &w, &a, kit_str(cases[i].path), NULL));
        if (skips != cases[i].skips) fail_msg("%zu: %s", i, cases[i].path);
        usher_arena_deinit(&a);
    }
}

static void test_sign_in(void **state)
{
    static const struct {
        const char *page, *base, *path, *search, *location;
    } cases[] = {
        {"", "", "/x", "", "http://o.example/api/auth/signin?callbackUrl=%2Fx"},
        {"", "", "/x", "?a=b%20c&e=1+2",
         "http://o.example/api/auth/signin?callbackUrl=%2Fx%3Fa%3Db%2520c%26e%3D1%2B2"},
        {"", "/bp", "/x", "", "http://o.example/bp/api/auth/signin?callbackUrl=%2Fbp%2Fx"},
        {"/login", "", "/y", "", "http://o.example/login?callbackUrl=%2Fy"},
        {"/login?z=1", "", "/y", "", "http://o.example/login?z=1&callbackUrl=%2Fy"},
        {"/login?z=/a%20b", "", "/y", "", "http://o.example/login?z=%2Fa+b&callbackUrl=%2Fy"},
        {"/login?\xc3\xa9&=&x", "", "/y", "",
         "http://o.example/login?%C3%A9=&=&x=&callbackUrl=%2Fy"},
        {"/login?", "", "/y", "", "http://o.example/login?callbackUrl=%2Fy"},
        {"/login?callbackUrl=/z", "", "/y", "",
         "http://o.example/login?callbackUrl=%2Fz&callbackUrl=%2Fy"},
        {"https://b.example", "", "/y", "", "https://b.example/?callbackUrl=%2Fy"},
        {"https://b.example?z", "", "/y", "", "https://b.example/?z=&callbackUrl=%2Fy"},
        {"/login#top", "", "/y", "", "http://o.example/login?callbackUrl=%2Fy#top"},
        {"https://b.example/in", "/bp", "/y", "", "https://b.example/in?callbackUrl=%2Fbp%2Fy"},
        {"login", "", "/y", "", NULL},
        {"javascript:alert(1)", "", "/y", "", NULL},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        usher_with_auth w = {.sign_in_page = kit_str(cases[i].page),
                             .base_path = kit_str(cases[i].base),
                             .origin = USHER_STR("http://o.example")};
        usher_arena a;
        usher_str got;

        usher_arena_init(&a, usher_allocator_default(), 4096, ROOM);
        usher_status rc = usher_with_auth_sign_in(&got, &w, &a, kit_str(cases[i].path),
                                                  kit_str(cases[i].search), NULL);
        assert_int_equal(rc, cases[i].location ? USHER_OK : USHER_E_SETTING);
        if (cases[i].location) assert_str(got, cases[i].location);
        usher_arena_deinit(&a);
    }
}

static void test_misconfigured(void **state)
{
    usher_with_auth w = {.origin = USHER_STR("http://o.example"), .base_path = USHER_STR("/bp")};
    usher_arena a;
    usher_str got;

    (void)state;
    usher_arena_init(&a, usher_allocator_default(), 4096, ROOM);
    assert_ok(usher_with_auth_misconfigured(&got, &w, &a, NULL));
    assert_str(got, "http://o.example/bp/api/auth/error?error=Configuration");
    w.error_page = USHER_STR("/oops");
    assert_ok(usher_with_auth_misconfigured(&got, &w, &a, NULL));
    assert_str(got, "http://o.example/bp/oops?error=Configuration");
    usher_arena_deinit(&a);
}

static void test_every_allocation_may_fail(void **state)
{
    const usher_with_auth w = {.origin = USHER_STR("http://o.example"),
                               .auth_url = USHER_STR("o.example")};
    kit_alloc f;
    size_t n = 0;

    (void)state;
    do {
        f = (kit_alloc){.fail_at = n++};
        usher_allocator alloc = kit_allocator(&f);
        usher_str got = {0};
        usher_status rc;
        usher_arena a;
        bool skips;

        usher_arena_init(&a, &alloc, 64, ROOM);
        if (!(rc = usher_with_auth_skips(&skips, &w, &a, USHER_STR("/x"), NULL)))
            rc = usher_with_auth_sign_in(&got, &w, &a, USHER_STR("/x"), USHER_STR("?y"), NULL);
        if (rc != (f.failed ? USHER_E_NOMEM : USHER_OK))
            fail_msg("allocation %zu: %d", n - 1, (int)rc);
        if (rc == USHER_OK) assert_false(skips);
        usher_arena_deinit(&a);
        assert_int_equal(f.live, 0);
    } while (f.failed);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_next_paths),
        cmocka_unit_test(test_skips),
        cmocka_unit_test(test_sign_in),
        cmocka_unit_test(test_misconfigured),
        cmocka_unit_test(test_every_allocation_may_fail),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
