#include "session/auth0_return_to.h"

#include "base/str.h"
#include "session/auth0_rig.h"

#define APP "https://app.example.com"

static void test_what_is_kept(void **state)
{
    static const struct {
        const char *base, *value, *path;
    } cases[] = {
        {APP, "/dashboard", "/dashboard"},
        {APP, "/a/b?x=1&y=2#z", "/a/b?x=1&y=2#z"},
        {APP, "foo/bar", "/foo/bar"},
        {APP, "?a=1", "/?a=1"},
        {APP, "#f", "/#f"},
        {APP, "", "/home"},
        {APP, "   ", "/"},
        {APP, " \x1f /x \x01 ", "/x"},
        {APP, "/a/../b/./c", "/b/c"},
        {APP, "/a/%2e%2E/b/.%2e/c/%2e", "/c/"},
        {APP, "/../..", "/"},
        {APP, "/a?", "/a"},
        {APP, "/a#", "/a"},
        {APP, "/a?#", "/a"},
        {APP, "/\\x", "/home"},
        {APP, "/a\\..\\b", "/b"},
        {APP, "/a?b\\c#d\\e", "/a?b\\c#d\\e"},
        {APP,
         "/stra\xc3\x9f"
         "e?q=\xc3\xbc#\xc3\x9f",
         "/stra%C3%9Fe?q=%C3%BC#%C3%9F"},
        {APP, "/ \"#<>?`{}", "/%20%22#%3C%3E?%60{}"},
        {APP, "/a b\"c<d>e`f{g}h^i|j[k]l", "/a%20b%22c%3Cd%3Ee%60f%7Bg%7Dh^i|j[k]l"},
        {APP, "/?a b\"c<d>e`f{g}h'i", "/?a%20b%22c%3Cd%3Ee`f{g}h%27i"},
        {APP, "/%zz%4", "/%zz%4"},
        {APP, "/\x7f\x01x", "/%7F%01x"},
        {APP, "/a\tb\nc\rd", "/abcd"},
        {APP, "/\xff", "/home"}, /* no text */
        /* the same origin, spelled otherwise */
        {APP, APP "/x?y", "/x?y"},
        {APP, "HTTPS://APP.EXAMPLE.COM/Path", "/Path"},
        {APP, APP ":443/p", "/p"},
        {APP, APP ":/p", "/p"},
        {APP, APP ":00443/p", "/p"},
        {APP, APP, "/"},
        {APP, APP "?q", "/?q"},
        {APP, "https:\\\\app.example.com\\p", "/p"},
        {APP, "//app.example.com/p", "/p"},
        {APP, "////app.example.com/p", "/p"},
        {APP, "https://user:pass@app.example.com/x", "/x"},
        {APP, "https://a@b@app.example.com/x", "/x"},
        {APP, "https://app%2eexample.com/x", "/x"},
        {APP,
         "https://app\xe3\x80\x82"
         "example.com/x",
         "/x"},
        {APP, "https://\xef\xbd\x81pp.example.com/x", "/x"},
        {APP, "https:evil.example", "/evil.example"},
        {APP, "https:/evil.example", "/evil.example"},
        {APP, APP "//evil.example", "//evil.example"},
        /* another */
        {APP, "//evil.example", "/home"},
        {APP, "/\t/evil.example", "/home"},
        {APP, "\x01//evil.example", "/home"},
        {APP, "https:///evil.example", "/home"},
        {APP, "http:evil.example", "/home"},
        {APP, "http://app.example.com/x", "/home"},
        {APP, APP ":8443/x", "/home"},
        {APP, APP ":99999/x", "/home"},
        {APP, APP ":x/x", "/home"},
        {APP, APP "./x", "/home"},
        {APP, "https://sub.app.example.com/x", "/home"},
        {APP, APP ".evil.example/", "/home"},
        {APP, APP "@evil.example/", "/home"},
        {APP, "https://", "/home"},
        {APP, "https://@/x", "/home"},
        {APP, "javascript:alert(1)", "/home"},
        {APP, "java\tscript:alert(1)", "/home"},
        {APP, "data:text/html,x", "/home"},
        {APP, "blob:" APP "/x", "/home"},
        {APP, "ftp://app.example.com/x", "/home"},
        /* other bases */
        {APP "/base", "/x", "/x"},
        {APP "/base", "x", "/x"},
        {APP "/base/", "x", "/base/x"},
        {APP "/base/", "..", "/"},
        {APP "/base", "?q", "/base?q"},
        {"http://localhost:3000", "//localhost:3000/x", "/x"},
        {"http://localhost:3000", "http://localhost/x", "/home"},
        {"http://localhost:3000", "https://localhost:3000/x", "/home"},
        {"http://[::1]:3000", "http://[::1]:3000/x", "/x"},
        {"http://[::1]:3000", "http://[::1]/x", "/home"},
        {"https://az.example.of", "https://AZ.EXAMPLE.OF/x", "/x"},
        {"https://az.example.of", "https://a%7a.example.%6F%66/x", "/x"},
        {"https://jz.example.of", "https://%4a%5a.example.o%6g/x", "/home"},
        {"https://jz.example.of", "https://%4a%5A.example.of/x", "/x"},
        {"https://app.example", "https://app.exampl\xef\xbd\x85/x", "/x"},
        {"https://app.example.op", "https://app.example.o%6g/x", "/home"},
        {APP, "https://\xef\xb9\x81pp.example.com/x", "/home"}, /* no full-width letter */
        {"https://app.example:65535", "https://app.example:65535/x", "/x"},
        {"https://app.example:65535", "https://app.example:131071/x", "/home"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        usher_str path;
        a0 t;

        a0_open(&t);
        assert_ok(usher_auth0_return_to(&path, &t.r.arena, kit_str(cases[i].value),
                                        kit_str(cases[i].base), USHER_STR("/home"), 2048, NULL));
        assert_str(path, cases[i].path);
        a0_close(&t);
    }
}

static void test_length(void **state)
{
    static const struct {
        size_t len;
        char fill;
        bool kept;
    } cases[] = {{2048, 'a', true},
                 {2049, 'a', false},
                 {684, '"', false},
                 {683, '"', true},
                 {20000, '/', false}};

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char *value = malloc(cases[i].len);
        usher_str path;
        a0 t;

        assert_non_null(value);
        a0_open(&t);
        memset(value, cases[i].fill, cases[i].len);
        value[0] = '/';
        assert_ok(usher_auth0_return_to(&path, &t.r.arena, (usher_str){value, cases[i].len},
                                        USHER_STR(APP), USHER_STR("/"), 2048, NULL));
        assert_int_equal(path.len > 1, cases[i].kept);
        a0_close(&t);
        free(value);
    }
}

static void test_locations(void **state)
{
    static const struct {
        const char *base, *path, *url;
    } cases[] = {
        {APP, "/", APP "/"},
        {APP, "", APP "/"},
        {APP, "/x?y#z", APP "/x?y#z"},
        {APP "/sub", "/x", APP "/sub/x"},
        {APP "/sub/", "/x", APP "/sub/x"},
        {APP "/sub", "", APP "/sub/"},
        {APP "/sub?q", "", APP "/sub/"},
        {"https://APP.example.com:443", "/x", APP "/x"},
        {"http://localhost:3000", "/x", "http://localhost:3000/x"},
        /* one slash is taken off, as the original does */
        {APP, "//evil.example", APP "/evil.example"},
        {APP "/sub", "//evil.example", APP "/evil.example"},
        {APP, "/https:evil.example", APP "/evil.example"},
        {APP, "/" APP "/x", APP "/x"},
        {APP, "/https://user@app.example.com/x", APP "/x"},
        /* where that leads elsewhere, ours does not follow */
        {APP, "/https://evil.example/", APP "/https://evil.example/"},
        {APP "/sub", "/https://evil.example/", APP "/sub/https://evil.example/"},
        {APP, "///evil.example/x", APP "/evil.example/x"},
        {APP, "/\\\\evil.example", APP "/evil.example"},
        {APP, "/javascript:x", APP "/javascript:x"},
        {APP, "/http://app.example.com/", APP "/http://app.example.com/"},
        {APP, "/\t/evil.example", APP "/evil.example"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        usher_str url;
        a0 t;

        a0_open(&t);
        assert_ok(usher_auth0_location(&url, &t.r.arena, kit_str(cases[i].path),
                                       kit_str(cases[i].base), NULL));
        assert_str(url, cases[i].url);
        a0_close(&t);
    }
}

static void test_bases_that_are_none(void **state)
{
    static const char *const bases[] = {"", "app.example.com", "ftp://x/", "javascript:x", "/x"};

    (void)state;
    for (size_t i = 0; i < sizeof bases / sizeof *bases; i++) {
        usher_str text;
        a0 t;

        a0_open(&t);
        assert_int_equal(usher_auth0_return_to(&text, &t.r.arena, USHER_STR("/x"),
                                               kit_str(bases[i]), USHER_STR("/"), 2048, NULL),
                         USHER_E_SETTING);
        assert_str(text, "/");
        assert_int_equal(
            usher_auth0_location(&text, &t.r.arena, USHER_STR("/x"), kit_str(bases[i]), NULL),
            USHER_E_SETTING);
        assert_null(text.ptr);
        a0_close(&t);
    }
}

static void test_every_allocation_may_fail(void **state)
{
    kit_alloc memory;
    size_t n = 0;

    (void)state;
    do {
        usher_arena a;
        usher_str path, url;

        memory = (kit_alloc){.fail_at = n++};
        usher_allocator alloc = kit_allocator(&memory);
        usher_arena_init(&a, &alloc, 16, RIG_LIMIT);
        usher_status rc = usher_auth0_return_to(&path, &a, USHER_STR("/https://evil.example/"),
                                                USHER_STR(APP "/sub"), USHER_STR("/"), 2048, NULL);
        if (rc == USHER_OK) rc = usher_auth0_location(&url, &a, path, USHER_STR(APP "/sub"), NULL);
        assert_int_equal(rc, memory.failed ? USHER_E_NOMEM : USHER_OK);
        usher_arena_deinit(&a);
        assert_int_equal(memory.live, 0);
    } while (memory.failed);
    assert_true(n > 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_what_is_kept),
        cmocka_unit_test(test_length),
        cmocka_unit_test(test_locations),
        cmocka_unit_test(test_bases_that_are_none),
        cmocka_unit_test(test_every_allocation_may_fail),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
