#include "tests/kit/kit.h"

#include "base/buf.h"
#include "base/str.h"
#include "wire/json.h"
#include "wire/url.h"

static usher_arena arena;

static int set_up(void **state)
{
    (void)state;
    usher_arena_init(&arena, usher_allocator_default(), 4096, 16u << 20);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    usher_arena_deinit(&arena);
    return 0;
}

static usher_str origin_of(const usher_url *url)
{
    usher_buf b;
    usher_str out;

    usher_buf_init(&b, &arena, 1000);
    usher_url_put_origin(&b, url);
    assert_ok(usher_buf_take(&out, &b, NULL));
    return out;
}

/* ---- reading -------------------------------------------------------------------------------- */

static void test_parts(void **state)
{
    static const struct {
        const char *text, *host;
        uint16_t port;
        bool port_given;
        const char *path, *query, *fragment; /* NULL: absent */
    } cases[] = {
        {"https://a.example", "a.example", 443, false, "", NULL, NULL},
        {"http://a.example/", "a.example", 80, false, "/", NULL, NULL},
        {"http://a.example:8080/x/y?b=c#d", "a.example", 8080, true, "/x/y", "b=c", "d"},
        {"https://a.example?", "a.example", 443, false, "", "", NULL},
        {"https://a.example#", "a.example", 443, false, "", NULL, ""},
        {"https://a.example#x?y/z", "a.example", 443, false, "", NULL, "x?y/z"},
        {"https://a.example/?x?y#z#", "a.example", 443, false, "/", "x?y", "z#"},
        {"HTTPS://A.Example:443/P", "A.Example", 443, true, "/P", NULL, NULL},
        {"http://[::1]:3000/x", "[::1]", 3000, true, "/x", NULL, NULL},
        {"http://localhost:1", "localhost", 1, true, "", NULL, NULL},
        {"http://my_service-1:65535", "my_service-1", 65535, true, "", NULL, NULL},
        {"http://127.0.0.1/@x:y", "127.0.0.1", 80, false, "/@x:y", NULL, NULL},
        {"http://a.example/stra\xc3\x9f"
         "e x?q=a\\b#\\",
         "a.example", 80, false,
         "/stra\xc3\x9f"
         "e x",
         "q=a\\b", "\\"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        usher_url url;
        assert_ok(usher_url_read(&url, kit_str(cases[i].text), NULL));
        assert_str(url.host, cases[i].host);
        assert_int_equal(url.port, cases[i].port);
        assert_int_equal(url.port_given, cases[i].port_given);
        assert_int_equal(url.https, (cases[i].text[4] | 0x20) == 's');
        assert_str(url.path, cases[i].path);
        assert_int_equal(url.query.ptr != NULL, cases[i].query != NULL);
        if (cases[i].query) assert_str(url.query, cases[i].query);
        assert_int_equal(url.fragment.ptr != NULL, cases[i].fragment != NULL);
        if (cases[i].fragment) assert_str(url.fragment, cases[i].fragment);
    }
}

static void test_refused(void **state)
{
    static const struct {
        const char *text;
        size_t at;
    } cases[] = {
        {"", 0},
        {"/x", 0},
        {"a.example", 0},
        {"https:a.example", 0},
        {"https:/a.example", 0},
        {"ftp://a.example", 0},
        {"javascript:alert(1)//http://a.example", 0},
        {"blob:https://a.example/x", 0},
        {" https://a.example", 0},
        {"https\xef\xbc\x9a//a.example", 0},
        {"https://", 8},
        {"https:///a.example", 8},
        {"https://?x", 8},
        {"https://u@a.example", 8},
        {"https://u:p@a.example/", 8},
        {"https://@a.example/", 8},
        {"https://a.example:", 18},
        {"https://a.example:0", 18},
        {"https://a.example:00443", 18},
        {"https://a.example:65536", 18},
        {"https://a.example:+1", 18},
        {"https://a.example:1:2", 18},
        {"https://a.example:99999999999999999999", 18},
        {"https://a.example\\x", 17},
        {"https:\\\\a.example", 6},
        {"https://a.example/x\\y", 19},
        {"https://a.example/\tx", 18},
        {"https://a.example/x\r\nSet-Cookie: a=b", 19},
        {"https://a.example/?\x7f", 19},
        {"https://a.example/#\x01", 19},
        {"https://a.example/\xff", 18},
        {"https://a.example/\xc0\xaf", 18},
        {"https://a.example/\xed\xa0\x80", 18},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        usher_url url;
        usher_error err = {0};
        assert_int_equal(usher_url_read(&url, kit_str(cases[i].text), &err), USHER_E_SYNTAX);
        assert_int_equal(err.status, USHER_E_SYNTAX);
        assert_int_equal(err.at, cases[i].at);
        assert_null(url.host.ptr);
    }
    usher_url url;
    assert_int_equal(usher_url_read(&url, USHER_STR("https://a.example/\0x"), NULL),
                     USHER_E_SYNTAX);
}

/* NULL: refused. The origins of those that are not are what `new URL(text).origin` of Node 20
 * prints, except that a browser adds nothing to IPv4. */
static void test_hosts(void **state)
{
    static const struct {
        const char *host, *origin;
    } cases[] = {
        {"a", "http://a"},
        {"A.B-c.9x", "http://a.b-c.9x"},
        {"xn--strae-oqa.example", "http://xn--strae-oqa.example"},
        {"a.b.", NULL},
        {".a", NULL},
        {"a..b", NULL},
        {"a b", NULL},
        {"a%2eb", NULL},
        {"a%00b", NULL},
        {"a,b", NULL},
        {"a;b", NULL},
        {"a|b", NULL},
        {"a<b", NULL},
        {"a*b", NULL},
        {"stra\xc3\x9f"
         "e.example",
         NULL},
        {"\xef\xbc\x8e", NULL},
        {"1.2.3.4", "http://1.2.3.4"},
        {"255.255.255.255", "http://255.255.255.255"},
        {"4.a", "http://4.a"},
        {"1.2.3.4.a", "http://1.2.3.4.a"},
        {"0xg", "http://0xg"},
        {"0x7f.a1", "http://0x7f.a1"},
        {"127.1", NULL},
        {"127.0.1", NULL},
        {"0x7f.1", NULL},
        {"0x7f000001", NULL},
        {"0X7F.0.0.1", NULL},
        {"127.0.0.0x1", NULL},
        {"0x", NULL},
        {"2130706433", NULL},
        {"0177.0.0.1", NULL},
        {"127.0.0.01", NULL},
        {"256.1.1.1", NULL},
        {"1.2.3.4.5", NULL},
        {"a.1", NULL},
        {"[::1]", "http://[::1]"},
        {"[::]", "http://[::]"},
        {"[0:0:0:0:0:0:0:1]", "http://[::1]"},
        {"[2001:DB8::00FF]", "http://[2001:db8::ff]"},
        {"[::ffff:1.2.3.4]", "http://[::ffff:102:304]"},
        {"[1:0:0:2:0:0:0:3]", "http://[1:0:0:2::3]"},
        {"[1:0:0:2:3:0:0:4]", "http://[1::2:3:0:0:4]"},
        {"[1:2:3:4:5:6:7::]", "http://[1:2:3:4:5:6:7:0]"},
        {"[::2:3:4:5:6:7:8]", "http://[0:2:3:4:5:6:7:8]"},
        {"[1::]", "http://[1::]"},
        {"[1:0:2:0:3:0:4:0]", "http://[1:0:2:0:3:0:4:0]"},
        {"[1:2:3:4:5:6:7:8]", "http://[1:2:3:4:5:6:7:8]"},
        {"[1:2:3:4:5:6:1.2.3.4]", "http://[1:2:3:4:5:6:102:304]"},
        {"[1:2:3:4:5:6:7:1.2.3.4]", NULL},
        {"[1:2:3:4:5:6:7:8:9]", NULL},
        {"[1:2:3:4:5:6:7]", NULL},
        {"[1:2:3:4::5:6:7:8]", NULL},
        {"[::1.2.3]", NULL},
        {"[1.2.3.4::]", NULL},
        {"[1.2.3.4]", NULL},
        {"[:::1]", NULL},
        {"[1:::2]", NULL},
        {"[1::2::3]", NULL},
        {"[:1]", NULL},
        {"[1:]", NULL},
        {"[1::2:]", NULL},
        {"[1:2:3:4:5:6:7:8:]", NULL},
        {"[12345::]", NULL},
        {"[g::]", NULL},
        {"[fe80::1%25eth0]", NULL},
        {"[fe80::1%eth0]", NULL},
        {"[]", NULL},
        {"[", NULL},
        {"[::1", NULL},
        {"[::1]x", NULL},
        {"[v1.a]", NULL},
        {"::1", NULL},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char text[200];
        int len = snprintf(text, sizeof text, "http://%s/x", cases[i].host);
        usher_url url;
        usher_status rc = usher_url_read(&url, (usher_str){text, (size_t)len}, NULL);
        if ((rc == USHER_OK) != (cases[i].origin != NULL)) fail_msg("host %s", cases[i].host);
        if (cases[i].origin) assert_str(origin_of(&url), cases[i].origin);
    }
}

static void test_long_hosts(void **state)
{
    static const struct {
        size_t labels, each;
        bool fine;
    } cases[] = {{1, 63, true}, {1, 64, false}, {4, 62, true}, {4, 63, false}};

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        usher_buf b;
        usher_url url;
        usher_buf_init(&b, &arena, 1000);
        usher_buf_put_z(&b, "http://");
        for (size_t n = 0; n < cases[i].labels; n++) {
            if (n) usher_buf_put_char(&b, '.');
            for (size_t k = 0; k < cases[i].each; k++)
                usher_buf_put_char(&b, 'a');
        }
        assert_int_equal(usher_url_read(&url, usher_buf_view(&b), NULL),
                         cases[i].fine ? USHER_OK : USHER_E_SYNTAX);
    }
}

/* ---- origins -------------------------------------------------------------------------------- */

static void test_same_origin(void **state)
{
    static const struct {
        const char *a, *b;
        bool same;
    } cases[] = {
        {"https://a.example", "https://A.EXAMPLE:443/x?y#z", true},
        {"http://a.example:80", "http://a.example", true},
        {"http://a.example", "https://a.example", false},
        {"http://a.example:443", "https://a.example:443", false},
        {"https://a.example", "https://a.example:8443", false},
        {"https://a.example", "https://b.example", false},
        {"https://a.example", "https://a.example.evil.example", false},
        {"https://a.example", "https://sub.a.example", false},
        {"http://localhost", "http://127.0.0.1", false},
        {"http://[::1]", "http://[0:0::0001]", true},
        {"http://[::1]", "http://[::2]", false},
        {"http://[::ffff:1.2.3.4]", "http://1.2.3.4", false},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        usher_url a, b;
        assert_ok(usher_url_read(&a, kit_str(cases[i].a), NULL));
        assert_ok(usher_url_read(&b, kit_str(cases[i].b), NULL));
        assert_int_equal(usher_url_same_origin(&a, &b), cases[i].same);
        assert_int_equal(usher_url_same_origin(&b, &a), cases[i].same);
        assert_int_equal(usher_str_eq(origin_of(&a), origin_of(&b)), cases[i].same);
    }
}

static void test_put_origin(void **state)
{
    static const struct {
        const char *url, *origin;
    } cases[] = {
        {"HTTPS://A.Example:443/X?y", "https://a.example"},
        {"http://a.example:80", "http://a.example"},
        {"http://a.example:443", "http://a.example:443"},
        {"http://LOCALHOST:3000/", "http://localhost:3000"},
        {"https://[::0:1]:8443", "https://[::1]:8443"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        usher_url url;
        assert_ok(usher_url_read(&url, kit_str(cases[i].url), NULL));
        assert_str(origin_of(&url), cases[i].origin);
    }
}

static void test_loopback(void **state)
{
    static const struct {
        const char *url;
        bool is;
    } cases[] = {
        {"http://localhost", true},
        {"http://LocalHost:3000", true},
        {"http://a.localhost", true},
        {"http://a.b.LOCALHOST/", true},
        {"http://127.0.0.1", true},
        {"https://127.255.0.9:1", true},
        {"http://[::1]", true},
        {"http://[0::0:1]", true},
        {"http://localhost.example", false},
        {"http://notlocalhost", false},
        {"http://a.xlocalhost", false},
        {"http://128.0.0.1", false},
        {"http://127.0.0.1.example", false},
        {"http://127.example", false},
        {"http://[::2]", false},
        {"http://[::ffff:127.0.0.1]", false},
        {"http://[1::1]", false},
        {"http://0.0.0.0", false},
        {"http://[::]", false},
        {"http://a.example/localhost", false},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        usher_url url;
        assert_ok(usher_url_read(&url, kit_str(cases[i].url), NULL));
        if (usher_url_is_loopback(&url) != cases[i].is) fail_msg("%s", cases[i].url);
    }
}

/* ---- callback URLs -------------------------------------------------------------------------- */

static usher_str callback(const char *url, const char *base)
{
    usher_str out, again;

    assert_ok(usher_url_callback(&out, &arena, kit_str(url), kit_str(base), NULL));
    assert_ok(usher_url_callback(&again, &arena, out, kit_str(base), NULL));
    assert_true(usher_str_eq(out, again)); /* a callback cookie holds it and is judged again */
    return out;
}

static void test_callback(void **state)
{
    static const struct {
        const char *url, *result; /* NULL: the base */
    } cases[] = {
        {"/", "https://app.example.com/"},
        {"/x?a=/b//c#d", "https://app.example.com/x?a=/b//c#d"},
        {"/a//b", "https://app.example.com/a//b"},
        {"/x?y=\\z", "https://app.example.com/x?y=\\z"},
        {"/?//evil.example", "https://app.example.com/?//evil.example"},
        {"https://app.example.com?x", "https://app.example.com?x"},
        {"https://app.example.com/%0d%0a", "https://app.example.com/%0d%0a"},
        {"", NULL},
        {"//evil.example", NULL},
        {"///evil.example", NULL},
        {"/\\evil.example", NULL},
        {"\\/evil.example", NULL},
        {"/\t/evil.example", NULL},
        {"/\n/evil.example", NULL},
        {"/x\\y", NULL},
        {"/x\r\nSet-Cookie: a=b", NULL},
        {"/x\x7f", NULL},
        {"/x\xff", NULL},
        {"https://app.example.com\\@evil.example", NULL},
        {"https://app.example.com@evil.example", NULL},
        {"https://app.example.com%2eevil.example", NULL},
        {"https://app.example.com:443@evil.example", NULL},
        {"https://app.example.com:/x", NULL},
        {"https://app.example.com.", NULL},
        {"https://app.example.com\t.evil.example", NULL},
        {"https:app.example.com", NULL},
        {"https:/app.example.com", NULL},
        {"https:///app.example.com", NULL},
        {"ftp://app.example.com", NULL},
        {"x", NULL},
        {"?x", NULL},
        {"#x", NULL},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        assert_str(callback(cases[i].url, "https://app.example.com"),
                   cases[i].result ? cases[i].result : "https://app.example.com");
}

static void test_base_must_be_an_origin(void **state)
{
    static const char *const bases[] = {
        "",
        "/",
        "app.example.com",
        "https://a.example/",
        "https://a.example/x",
        "http",
        "https://",
        "https://a.example?x",
        "https://a.example?",
        "https://a.example#",
        "//a",
        "https://u@a.example",
        "https://a.example\r\n",
    };

    (void)state;
    for (size_t i = 0; i < sizeof bases / sizeof *bases; i++) {
        usher_str out;
        assert_int_equal(usher_url_callback(&out, &arena, USHER_STR("/x"), kit_str(bases[i]), NULL),
                         USHER_E_USAGE);
        assert_null(out.ptr);
    }
}

/* Where the measured rule lets text through that we do not. The number of lines is checked, so a
 * change of mind has to be written down here. */
typedef enum { AS_MEASURED, SECOND_SLASH, CONTROL, USER_INFO, NOT_HTTP, NO_URL } difference;

static difference difference_of(usher_str url, usher_json expected)
{
    if (expected.type == USHER_JSON_ABSENT) return NO_URL; /* the original throws */
    if (usher_str_starts(url, USHER_STR("//")) || usher_str_starts(url, USHER_STR("/\\")))
        return SECOND_SLASH;
    for (size_t i = 0; i < url.len; i++)
        if (url.ptr[i] > 0 && url.ptr[i] < ' ') return CONTROL;
    if (usher_str_starts(url, USHER_STR("blob:"))) return NOT_HTTP;
    return usher_str_starts(url, USHER_STR("https://u:p@")) ? USER_INFO : AS_MEASURED;
}

static usher_json member(usher_json object, const char *name)
{
    usher_json_object o;

    assert_ok(usher_json_members(&o, &arena, object, NULL));
    return usher_json_get(&o, kit_str(name));
}

static usher_str string(usher_json value)
{
    usher_str s;

    assert_ok(usher_json_string(&s, &arena, value, NULL));
    return s;
}

static difference check_measured(usher_json v)
{
    usher_json input = member(v, "input");
    usher_json expected = member(member(member(v, "expected"), "callback"), "result");
    usher_str url = string(member(input, "url")), base = string(member(input, "base_url")), out;
    usher_str id = string(member(v, "id"));
    difference d = difference_of(url, expected);

    assert_ok(usher_url_callback(&out, &arena, url, base, NULL));
    if (!usher_str_eq(out, d == AS_MEASURED ? string(expected) : base))
        fail_msg("%.*s: %.*s", (int)id.len, id.ptr, (int)out.len, out.ptr);
    return d;
}

static void test_measured_redirects(void **state)
{
    size_t len, counts[6] = {0};
    char *file = kit_read_file("tests/vectors/redirects-authjs.json", &len);
    usher_json root, v;

    (void)state;
    assert_ok(usher_json_read(&root, (usher_str){file, len}, &usher_json_limits_document, NULL));
    usher_str rest = member(root, "vectors").text;
    while (usher_json_next(&v, &rest))
        counts[check_measured(v)]++;
    assert_int_equal(counts[AS_MEASURED], 48);
    assert_int_equal(counts[SECOND_SLASH], 6);
    assert_int_equal(counts[CONTROL], 6);
    assert_int_equal(counts[USER_INFO], 2);
    assert_int_equal(counts[NOT_HTTP], 2);
    assert_int_equal(counts[NO_URL], 12);
    free(file);
}

/* ---- parameters ----------------------------------------------------------------------------- */

static void test_put_param(void **state)
{
    static const struct {
        const char *before, *after;
    } cases[] = {
        {"/signin", "/signin?callbackUrl=%2Fx%3Fa%3D1"},
        {"/signin?", "/signin?callbackUrl=%2Fx%3Fa%3D1"},
        {"/signin?z=1", "/signin?z=1&callbackUrl=%2Fx%3Fa%3D1"},
        {"/signin?z=1&", "/signin?z=1&callbackUrl=%2Fx%3Fa%3D1"},
        {"https://a.example", "https://a.example?callbackUrl=%2Fx%3Fa%3D1"},
        {"/signin#top", "/signin?callbackUrl=%2Fx%3Fa%3D1#top"},
        {"/signin?z=1#top?", "/signin?z=1&callbackUrl=%2Fx%3Fa%3D1#top?"},
        {"/signin#", "/signin?callbackUrl=%2Fx%3Fa%3D1#"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        usher_buf b;
        usher_str out;
        usher_buf_init(&b, &arena, 1000);
        usher_buf_put_z(&b, cases[i].before);
        usher_url_put_param(&b, USHER_STR("callbackUrl"), USHER_STR("/x?a=1"));
        assert_ok(usher_buf_take(&out, &b, NULL));
        assert_str(out, cases[i].after);
    }
}

/* ---- memory --------------------------------------------------------------------------------- */

static usher_status use_memory(usher_arena *a)
{
    usher_str out;
    usher_buf b;
    usher_status rc =
        usher_url_callback(&out, a, USHER_STR("/x"), USHER_STR("https://a.example"), NULL);

    if (rc) {
        assert_null(out.ptr);
        return rc;
    }
    usher_buf_init(&b, a, 1000);
    usher_buf_put_z(&b, "/a#b");
    usher_url_put_param(&b, USHER_STR("c"), USHER_STR("d"));
    return usher_buf_take(&out, &b, NULL);
}

static void test_every_allocation_fails_in_turn(void **state)
{
    kit_alloc memory = {.failed = true};

    (void)state;
    for (size_t n = 0; memory.failed; n++) {
        memory = (kit_alloc){.fail_at = n};
        usher_allocator from = kit_allocator(&memory);
        usher_arena a;
        usher_arena_init(&a, &from, 64, 1 << 20);
        usher_status rc = use_memory(&a);
        assert_int_equal(rc, memory.failed ? USHER_E_NOMEM : USHER_OK);
        usher_arena_deinit(&a);
        assert_int_equal(memory.live, 0);
        assert_true(n || memory.failed);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_parts),
        cmocka_unit_test(test_refused),
        cmocka_unit_test_setup_teardown(test_hosts, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_long_hosts, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_same_origin, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_put_origin, set_up, tear_down),
        cmocka_unit_test(test_loopback),
        cmocka_unit_test_setup_teardown(test_callback, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_base_must_be_an_origin, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_measured_redirects, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_put_param, set_up, tear_down),
        cmocka_unit_test(test_every_allocation_fails_in_turn),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
