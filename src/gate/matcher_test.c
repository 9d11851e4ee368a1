#include "tests/kit/kit.h"

#include "base/str.h"
#include "gate/matcher.h"

#define ROOM ((size_t)4 << 20)

static usher_json json_of(const char *text)
{
    usher_json value = {0};

    if (text) assert_ok(usher_json_read(&value, kit_str(text), &usher_json_limits_document, NULL));
    return value;
}

static const usher_matcher *compile(usher_arena *a, const char *config)
{
    const usher_matcher_options options = {0};
    const usher_matcher *m;
    usher_error err = {0};

    if (usher_matcher_new(&m, a, json_of(config), &options, &err))
        fail_msg("%s: %s", config, err.what);
    return m;
}

static void test_settings(void **state)
{
    static const struct {
        const char *config;
        size_t count; /* 99: refused */
    } cases[] = {
        {NULL, 0},
        {"null", 0},
        {"\"/a\"", 1},
        {"[]", 0},
        {"[\"/a\",{\"source\":\"/b\"}]", 2},
        {"{\"source\":\"/b\",\"locale\":false,\"has\":[],\"missing\":[]}", 1},
        {"{\"source\":\"/b\",\"has\":[{\"type\":\"host\",\"value\":\"a\"}]}", 1},
        {"{\"source\":\"/b\",\"has\":[{\"type\":\"query\",\"key\":\"a\"}]}", 1},
        {"\"a\"", 99},
        {"1", 99},
        {"[1]", 99},
        {"[[\"/a\"]]", 99},
        {"{}", 99},
        {"{\"source\":1}", 99},
        {"{\"source\":\"/b\",\"mising\":[]}", 99},
        {"{\"source\":\"/b\",\"locale\":true}", 99},
        {"{\"source\":\"/b\",\"has\":{}}", 99},
        {"{\"source\":\"/b\",\"has\":[1]}", 99},
        {"{\"source\":\"/b\",\"has\":[{\"type\":\"body\",\"key\":\"a\"}]}", 99},
        {"{\"source\":\"/b\",\"has\":[{\"type\":\"header\"}]}", 99},
        {"{\"source\":\"/b\",\"has\":[{\"type\":\"host\"}]}", 99},
        {"{\"source\":\"/b\",\"has\":[{\"type\":\"header\",\"key\":\"a\",\"value\":1}]}", 99},
        {"{\"source\":\"/b\",\"has\":[{\"type\":\"header\",\"key\":\"a\",\"value\":\"(\"}]}", 99},
        {"\"/a/:b**\"", 99},
        {"\"/(a++)\"", 99},
    };
    const usher_matcher_options options = {0};

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const usher_matcher *m;
        usher_error err = {0};
        usher_arena a;

        usher_arena_init(&a, usher_allocator_default(), 4096, ROOM);
        usher_status rc = usher_matcher_new(&m, &a, json_of(cases[i].config), &options, &err);
        if ((rc != USHER_OK) != (cases[i].count == 99) || (rc && (rc != USHER_E_SETTING || m)))
            fail_msg("%s: %s", cases[i].config, usher_status_name(rc));
        if (rc == USHER_OK) {
            assert_int_equal(usher_matcher_count(m), cases[i].count);
            assert_null(usher_matcher_regexp(m, cases[i].count).ptr);
        }
        usher_arena_deinit(&a);
    }
}

/* The expressions themselves, and which paths they take, are measured cases: next-matchers. Here is
 * what those do not reach. */
static void test_requests(void **state)
{
    static const char has[] = "{\"source\":\"/:p*\",\"has\":[%s]}";
    static const struct {
        const char *config, *condition, *target, *name, *value;
        bool raw, decoded;
    } cases[] = {
        {NULL, NULL, "/any", NULL, NULL, true, true},
        {"[]", NULL, "/any", NULL, NULL, false, false},
        {"\"/a\"", NULL, "/a?/b", NULL, NULL, true, true},
        {"\"/a\"", NULL, "/b?/a", NULL, NULL, false, false},
        {"\"/a\"", NULL, "/a#/b", NULL, NULL, true, true},
        {"\"/a\"", NULL, "/%61", NULL, NULL, false, true},
        {"\"/%61\"", NULL, "/%61", NULL, NULL, true, false},
        {"\"/a%\"", NULL, "/a%", NULL, NULL, true, true}, /* cannot be decoded: asked as it is */
        {"\"/a/:x\"", NULL, "/a/%e2%82%ac", NULL, NULL, true, true},
        {"\"/\\u20ac\"", NULL, "/%e2%82%ac", NULL, NULL, false, true},
        {"\"/\\u20ac\"", NULL, "/%e2%82", NULL, NULL, false, false},
        {"\"/\\u20ac\"", NULL, "/\xe2\x82\xac", NULL, NULL, false, false}, /* three characters */
        {"\"/(.{3})\"", NULL, "/\xe2\x82\xac", NULL, NULL, true, true},
        {"\"/(.{2})\"", NULL, "/%f0%9f%98%80", NULL, NULL, false, true},
        {"\"/a\"", NULL, "", NULL, NULL, false, false},
        {has, "{\"type\":\"header\",\"key\":\"x\"}", "/", "X", "1", true, true},
        {has, "{\"type\":\"header\",\"key\":\"x\"}", "/", "X", "", false, false},
        {has, "{\"type\":\"header\",\"key\":\"x\"}", "/", "Y", "1", false, false},
        {has, "{\"type\":\"header\",\"key\":\"x\",\"value\":\"a|b\"}", "/", "x", "axx", true, true},
        {has, "{\"type\":\"header\",\"key\":\"x\",\"value\":\"\\u00e9\"}", "/", "x", "\xe9", true,
         true},
        {has, "{\"type\":\"cookie\",\"key\":\"c\",\"value\":\"\\u20ac\"}", "/", "cookie",
         "c=%e2%82%ac", true, true},
        {has, "{\"type\":\"cookie\",\"key\":\"c\",\"value\":\"1\"}", "/", "Cookie", "b=2; c=1",
         true, true},
        {has, "{\"type\":\"cookie\",\"key\":\"c\"}", "/", "Cookie", "c=", false, false},
        {has, "{\"type\":\"query\",\"key\":\"q\"}", "/?q=&q=", NULL, NULL, true, true},
        {has, "{\"type\":\"query\",\"key\":\"q\"}", "/?q=", NULL, NULL, false, false},
        {has, "{\"type\":\"query\",\"key\":\"q\",\"value\":\"2\"}", "/?q=2&q=1", NULL, NULL, false,
         false},
        {has, "{\"type\":\"host\",\"value\":\"a.example\"}", "/", "host", "A.Example:80", true,
         true},
        {has, "{\"type\":\"host\",\"value\":\"a.example\"}", "/", "host", "b.a.example", false,
         false},
        {has, "{\"type\":\"host\",\"value\":\".*\"}", "/", NULL, NULL, false, false},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        usher_header header = {usher_str_z(cases[i].name), usher_str_z(cases[i].value)};
        usher_request request = {.size = sizeof request,
                                 .target = kit_str(cases[i].target),
                                 .headers = &header,
                                 .header_count = cases[i].name ? 1 : 0};
        char config[512];
        usher_matched got;
        usher_arena a;

        if (cases[i].condition)
            (void)snprintf(config, sizeof config, "{\"source\":\"/:p*\",\"has\":[%s]}",
                           cases[i].condition);
        usher_arena_init(&a, usher_allocator_default(), 4096, ROOM);
        const usher_matcher *m = compile(&a, cases[i].condition ? config : cases[i].config);
        assert_ok(usher_matcher_ask(&got, m, &a, &request, NULL));
        if (got.raw != cases[i].raw || got.decoded != cases[i].decoded)
            fail_msg("%zu: %s %s on %s", i, cases[i].config ? cases[i].config : "",
                     cases[i].condition ? cases[i].condition : "", cases[i].target);
        usher_arena_deinit(&a);
    }
}

/* A header that is there twice, as Node holds it. */
static void test_repeated_headers(void **state)
{
    static const struct {
        const char *name, *value;
        bool runs;
    } cases[] = {{"x", "1, 2", true},
                 {"x", "1", false},
                 {"referer", "1", true},
                 {"referer", "1, 2", false},
                 {"cookie", "1; 2", true}};

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        usher_header headers[] = {{kit_str(cases[i].name), USHER_STR("1")},
                                  {kit_str(cases[i].name), USHER_STR("2")}};
        usher_request request = {.size = sizeof request,
                                 .target = USHER_STR("/"),
                                 .headers = headers,
                                 .header_count = 2};
        char config[200];
        usher_matched got;
        usher_arena a;

        (void)snprintf(config, sizeof config,
                       "{\"source\":\"/\",\"has\":[{\"type\":\"header\",\"key\":\"%s\",\"value\":"
                       "\"%s\"}]}",
                       cases[i].name, cases[i].value);
        usher_arena_init(&a, usher_allocator_default(), 4096, ROOM);
        assert_ok(usher_matcher_ask(&got, compile(&a, config), &a, &request, NULL));
        assert_int_equal(got.raw, cases[i].runs);
        usher_arena_deinit(&a);
    }
}

/* Only a plain path that no matcher names is let go unseen. */
static void test_guards(void **state)
{
    static const struct {
        const char *target;
        bool guards;
    } cases[] = {
        {"/admin", true},   {"/admin/x", true},    {"/public", false},  {"/public?x=/admin", false},
        {"//public", true}, {"/public/%2e", true}, {"/public;x", true}, {"/a/../admin", true},
        {"/%61dmin", true}, {"/public\\x", true},  {"", true},          {"public", true},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        usher_request request = {.size = sizeof request, .target = kit_str(cases[i].target)};
        usher_arena a;
        bool guards;

        usher_arena_init(&a, usher_allocator_default(), 4096, ROOM);
        assert_ok(usher_matcher_guards(&guards, compile(&a, "\"/admin/:p*\""), &a, &request, NULL));
        if (guards != cases[i].guards) fail_msg("%s", cases[i].target);
        usher_arena_deinit(&a);
    }
}

/* Too much work, or too many pairs: could not tell, and so guarded. */
static void test_could_not_tell(void **state)
{
    static char target[4096], query[4096];
    usher_request request = {.size = sizeof request, .target = {target, sizeof target}};
    usher_matched got;
    usher_arena a;
    bool guards = false;

    (void)state;
    memset(target, 'a', sizeof target);
    target[0] = '/';
    target[sizeof target - 1] = '-';
    usher_arena_init(&a, usher_allocator_default(), 4096, ROOM);
    const usher_matcher *m = compile(&a, "\"/((?:a|aa)+)\"");
    assert_int_equal(usher_matcher_ask(&got, m, &a, &request, NULL), USHER_E_LIMIT);
    assert_false(got.raw || got.decoded);
    assert_int_equal(usher_matcher_guards(&guards, m, &a, &request, NULL), USHER_E_LIMIT);
    assert_true(guards);
    for (size_t i = 0; i < sizeof query; i++)
        query[i] = "/?a&"[i < 2 ? i : 2 + i % 2];
    request.target = (usher_str){query, sizeof query};
    m = compile(&a, "{\"source\":\"/\",\"has\":[{\"type\":\"query\",\"key\":\"b\"}]}");
    assert_int_equal(usher_matcher_ask(&got, m, &a, &request, NULL), USHER_E_LIMIT);
    usher_arena_deinit(&a);
}

static void test_every_allocation_may_fail(void **state)
{
    static const char config[] =
        "[\"/x\",{\"source\":\"/a/"
        ":p*\",\"has\":[{\"type\":\"header\",\"key\":\"a\",\"value\":\"1\"},"
        "{\"type\":\"cookie\",\"key\":\"c\",\"value\":\"1\"},{\"type\":\"query\",\"key\":\"q\"},"
        "{\"type\":\"host\",\"value\":\"h\"}],\"missing\":[{\"type\":\"header\",\"key\":\"z\"}]}]";
    const usher_header headers[] = {{USHER_STR("a"), USHER_STR("1")},
                                    {USHER_STR("cookie"), USHER_STR("b=2")},
                                    {USHER_STR("cookie"), USHER_STR("c=%31")},
                                    {USHER_STR("host"), USHER_STR("H:1")}};
    const usher_request request = {.size = sizeof request,
                                   .target = USHER_STR("/%61/%e2%82%ac?q=%31"),
                                   .headers = headers,
                                   .header_count = 4};
    const usher_matcher_options options = {.base_path = USHER_STR("")};
    kit_alloc f;
    size_t n = 0;

    (void)state;
    do {
        f = (kit_alloc){.fail_at = n++};
        usher_allocator alloc = kit_allocator(&f);
        usher_matched got = {false, false};
        const usher_matcher *m;
        usher_arena a;
        usher_status rc;

        usher_arena_init(&a, &alloc, 256, ROOM);
        if (!(rc = usher_matcher_new(&m, &a, json_of(config), &options, NULL)))
            rc = usher_matcher_ask(&got, m, &a, &request, NULL);
        assert_int_equal(rc, f.failed ? USHER_E_NOMEM : USHER_OK);
        assert_int_equal(got.decoded, !f.failed);
        usher_arena_deinit(&a);
        assert_int_equal(f.live, 0);
    } while (f.failed);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_settings),         cmocka_unit_test(test_requests),
        cmocka_unit_test(test_repeated_headers), cmocka_unit_test(test_guards),
        cmocka_unit_test(test_could_not_tell),   cmocka_unit_test(test_every_allocation_may_fail),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
