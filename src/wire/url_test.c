#include "tests/kit/kit.h"

#include "base/buf.h"
#include "base/str.h"
#include "wire/json.h"
#include "wire/url.h"

static usher_str origin_of(const usher_url *url)
{
    usher_buf b;
    usher_str out;

    usher_buf_init(&b, &kit_arena, 1000);
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
        usher_buf_init(&b, &kit_arena, 1000);
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

static usher_str callback(usher_url_kind *kind, const char *url, const char *base)
{
    usher_url_kind same;
    usher_str out, again;

    assert_ok(usher_url_callback(&out, kind, &kit_arena, kit_str(url), kit_str(base), NULL));
    assert_ok(usher_url_callback(&again, &same, &kit_arena, out, kit_str(base), NULL));
    assert_true(usher_str_eq(out, again)); /* a callback cookie holds it and is judged again */
    return out;
}

#define BASE  "https://app.example.com"
#define NONE  USHER_URL_NONE
#define OTHER USHER_URL_OTHER
#define WEB   USHER_URL_WEB

/* `result` NULL: the base; "=": the URL itself. What Node 20 says of each, but for the controls. */
static void test_callback(void **state)
{
    static const struct {
        const char *url, *result;
        usher_url_kind kind;
    } cases[] = {
        {"/", BASE "/", WEB},
        {"/x?a=/b//c#d", BASE "/x?a=/b//c#d", WEB},
        {"/a//b", BASE "/a//b", WEB},
        {"/x?y=\\z", BASE "/x?y=\\z", WEB},
        {"/?//evil.example", BASE "/?//evil.example", WEB},
        {"//evil.example", BASE "//evil.example", WEB},
        {"///evil.example", BASE "///evil.example", WEB},
        {"/\\evil.example", BASE "/\\evil.example", WEB},
        {"/x\\y", BASE "/x\\y", WEB},
        {"//", BASE "//", NONE},
        {"//[", BASE "//[", NONE},
        {"//a b", BASE "//a b", NONE},
        {BASE "?x", "=", WEB},
        {BASE "#x", "=", WEB},
        {BASE "\\x", "=", WEB},
        {BASE "/%0d%0a", "=", WEB},
        {BASE ":/x", "=", WEB},
        {BASE ":0443/x", "=", WEB},
        {BASE ":443\\@evil.example", "=", WEB},
        {"https:app.example.com", "=", WEB},
        {"https:/app.example.com", "=", WEB},
        {"https:\\/\\app.example.com/x", "=", WEB},
        {"https:///app.example.com", "=", WEB},
        {"  hTTps://APP.example.com/x ", "=", WEB},
        {"https://u:p@app.example.com/x", "=", WEB},
        {"https://evil.example@app.example.com/x", "=", WEB},
        {"https://a@b@app.example.com", "=", WEB},
        {"https://app.ex%61mple.com/x", "=", WEB},
        {"blob:" BASE "/uuid", "=", OTHER},
        {"BLOB:https:app.example.com?x", "=", OTHER},
        {"blob:", NULL, OTHER},
        {"blob:uuid", NULL, OTHER},
        {"blob:http://app.example.com/uuid", NULL, OTHER},
        {"blob:blob:" BASE "/uuid", NULL, OTHER},
        {"blob://app.example.com/uuid", NULL, OTHER},
        {"", NULL, NONE},
        {"\\/evil.example", NULL, NONE},
        {"/\t/evil.example", NULL, WEB},
        {"/\n/evil.example", NULL, WEB},
        {"/x\r\nSet-Cookie: a=b", NULL, WEB},
        {"/x\x7f", NULL, WEB},
        {"/x\xff", NULL, WEB},
        {"\t" BASE, NULL, WEB},
        {"ht\ntps://app.example.com", NULL, WEB},
        {BASE "\\@evil.example", "=", WEB},
        {BASE "@evil.example", NULL, WEB},
        {BASE "%2eevil.example", NULL, WEB},
        {BASE ":443@evil.example", NULL, WEB},
        {BASE ".", NULL, WEB},
        {BASE "\t.evil.example", NULL, WEB},
        {"http:"
         "//app.example.com",
         NULL, WEB},
        {"https://app.example.com:444", NULL, WEB},
        {"https://app.ex\xc3\xa4mple.com", NULL, WEB},
        {"https://app!.example.com", NULL, WEB},
        {"https:evil.example", NULL, WEB},
        {"ftp://app.example.com", NULL, OTHER},
        {"wss://app.example.com", NULL, OTHER},
        {"javascript:alert(1)", NULL, OTHER},
        {"file:///x", NULL, OTHER},
        {"x+-.9://u@h:1/", NULL, OTHER},
        {"x://", NULL, OTHER},
        {"x://[::1]:65535", NULL, OTHER},
        {" //evil.example", NULL, NONE},
        {"ftp://evil.example\\x", NULL, OTHER},
        {"wss:/\\\\x", NULL, OTHER},
        {"\x1f//x", NULL, NONE},
        {"x", NULL, NONE},
        {"?x", NULL, NONE},
        {"#x", NULL, NONE},
        {":", NULL, NONE},
        {"1:", NULL, NONE},
        {"h_ttp://a", NULL, NONE},
        {"https:", NULL, NONE},
        {"https://", NULL, NONE},
        {"https://u@", NULL, NONE},
        {"https://u@:1", NULL, NONE},
        {"https://:443", NULL, NONE},
        {"https://a:b", NULL, NONE},
        {"https://a:65536", NULL, NONE},
        {"https://a b", NULL, NONE},
        {"https://a%", NULL, NONE},
        {"https://a%20b", NULL, NONE},
        {"https://a|b", NULL, NONE},
        {"https://[::1", NULL, NONE},
        {"https://[::1]x", NULL, NONE},
        {"https://[::g]", NULL, NONE},
        {"https://a.256", NULL, NONE},
        {"https://256.1.1.1", NULL, NONE},
        {"https://1.256.1", NULL, NONE},
        {"https://1.2.3.4.5", NULL, NONE},
        {"https://1..2", NULL, NONE},
        {"https://08", NULL, NONE},
        {"https://4294967296", NULL, NONE},
        {"x://a b", NULL, NONE},
        {"x://a:b", NULL, NONE},
        {"x://:1", NULL, NONE},
        {"x://[::1", NULL, NONE},
        {"ftp://", NULL, NONE},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        usher_url_kind kind;
        usher_str out = callback(&kind, cases[i].url, BASE);
        const char *expected = cases[i].result ? cases[i].result : BASE;

        if (*expected == '=') expected = cases[i].url;
        if (kind != cases[i].kind || !usher_str_eq(out, kit_str(expected)))
            fail_msg("%s: kind %d, %.*s", cases[i].url, (int)kind, (int)out.len, out.ptr);
    }
}

/* The one host has many spellings, and the originals know them all. */
static void test_callback_to_addresses(void **state)
{
    static const struct {
        const char *base, *url;
        bool own;
    } cases[] = {
        {"http://127.0.0.1:3000", "http://127.0.0.1:3000/x", true},
        {"http://127.0.0.1:3000", "http://0x7f.1:3000/x", true},
        {"http://127.0.0.1:3000", "http://2130706433:3000/x", true},
        {"http://127.0.0.1:3000", "http://0177.0.0.01:3000/x", true},
        {"http://127.0.0.1:3000", "http://127.0.1.:3000/x", true},
        {"http://127.0.0.1:3000", "http://0X7F000001:3000/x", true},
        {"http://127.0.0.1:3000", "http://127.0.0.2:3000/x", false},
        {"http://127.0.0.1:3000", "http://127.1/x", false},
        {"http://0.0.0.0", "http://0x/", true},
        {"http://255.250.99.10", "http://4294599434/", true},
        {"http://[::1]:3000", "http://[0:0::0:1]:3000", true},
        {"http://[::1]:3000", "http://[::2]:3000", false},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        usher_url_kind kind;
        assert_str(callback(&kind, cases[i].url, cases[i].base),
                   cases[i].own ? cases[i].url : cases[i].base);
        assert_int_equal(kind, WEB);
    }
}

/* Hosts at and past the length that is remembered: foreign, whatever they begin with. */
static void test_callback_to_long_hosts(void **state)
{
    char url[700];

    (void)state;
    for (size_t n = 1; n < 600; n++) {
        usher_url_kind kind;
        int len = snprintf(url, sizeof url, "%s.", BASE);
        memset(url + len, 'a', n);
        url[(size_t)len + n] = 0;
        assert_str(callback(&kind, url, BASE), BASE);
        assert_int_equal(kind, WEB);
    }
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
        usher_url_kind kind;
        usher_str out;
        usher_status rc =
            usher_url_callback(&out, &kind, &kit_arena, USHER_STR("/x"), kit_str(bases[i]), NULL);
        assert_int_equal(rc, USHER_E_USAGE);
        assert_int_equal(kind, NONE);
        assert_null(out.ptr);
    }
}

/* The one place where the measured rule lets text through that we do not is controls. The number of
 * lines is checked, so a change of mind has to be written down here. */
typedef enum { AS_MEASURED, CONTROL, THROWN } difference;

static difference difference_of(usher_str url, usher_json expected)
{
    if (expected.type == USHER_JSON_ABSENT) return THROWN;
    for (size_t i = 0; i < url.len; i++)
        if (url.ptr[i] > 0 && url.ptr[i] < ' ') return CONTROL;
    return AS_MEASURED;
}

static usher_json member(usher_json object, const char *name)
{
    usher_json_object o;

    assert_ok(usher_json_members(&o, &kit_arena, object, NULL));
    return usher_json_get(&o, kit_str(name));
}

static usher_str string(usher_json value)
{
    usher_str s;

    assert_ok(usher_json_string(&s, &kit_arena, value, NULL));
    return s;
}

static difference check_measured(usher_json v)
{
    usher_json input = member(v, "input");
    usher_json expected = member(member(member(v, "expected"), "callback"), "result");
    usher_str url = string(member(input, "url")), base = string(member(input, "base_url")), out;
    usher_str id = string(member(v, "id"));
    difference d = difference_of(url, expected);
    usher_url_kind kind;

    assert_ok(usher_url_callback(&out, &kind, &kit_arena, url, base, NULL));
    assert_int_equal(d == THROWN, kind == NONE);
    if (!usher_str_eq(out, d == AS_MEASURED ? string(expected) : base))
        fail_msg("%.*s: %.*s", (int)id.len, id.ptr, (int)out.len, out.ptr);
    return d;
}

static void test_measured_redirects(void **state)
{
    size_t len, counts[3] = {0};
    char *file = kit_read_file("tests/vectors/redirects-authjs.json", &len);
    usher_json root, v;

    (void)state;
    assert_ok(usher_json_read(&root, (usher_str){file, len}, &usher_json_limits_document, NULL));
    usher_str rest = member(root, "vectors").text;
    while (usher_json_next(&v, &rest))
        counts[check_measured(v)]++;
    assert_int_equal(counts[AS_MEASURED], 58);
    assert_int_equal(counts[CONTROL], 6);
    assert_int_equal(counts[THROWN], 12);
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
        {"/signin?z=1?", "/signin?z=1?&callbackUrl=%2Fx%3Fa%3D1"},
        {"/signin??", "/signin??&callbackUrl=%2Fx%3Fa%3D1"},
        {"https://a.example", "https://a.example?callbackUrl=%2Fx%3Fa%3D1"},
        {"/signin#top", "/signin?callbackUrl=%2Fx%3Fa%3D1#top"},
        {"/signin?z=1#top?", "/signin?z=1&callbackUrl=%2Fx%3Fa%3D1#top?"},
        {"/signin#", "/signin?callbackUrl=%2Fx%3Fa%3D1#"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        usher_buf b;
        usher_str out;
        usher_buf_init(&b, &kit_arena, 1000);
        usher_buf_put_z(&b, cases[i].before);
        usher_url_put_param(&b, USHER_STR("callbackUrl"), USHER_STR("/x?a=1"));
        assert_ok(usher_buf_take(&out, &b, NULL));
        assert_str(out, cases[i].after);
    }
}

/* ---- memory --------------------------------------------------------------------------------- */

static usher_status use_memory(usher_arena *a)
{
    usher_url_kind kind;
    usher_str out;
    usher_buf b;
    usher_status rc = /* the tab asks for a copy */
        usher_url_callback(&out, &kind, a, USHER_STR("/x\ty"), USHER_STR("https://a.example"),
                           NULL);

    if (rc == USHER_OK)
        rc = usher_url_callback(&out, &kind, a, USHER_STR("/x"), USHER_STR("https://a.example"),
                                NULL);

    if (rc) {
        assert_null(out.ptr);
        assert_int_equal(kind, NONE);
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
        cmocka_unit_test_setup_teardown(test_hosts, kit_arena_up, kit_arena_down),
        cmocka_unit_test_setup_teardown(test_long_hosts, kit_arena_up, kit_arena_down),
        cmocka_unit_test_setup_teardown(test_same_origin, kit_arena_up, kit_arena_down),
        cmocka_unit_test_setup_teardown(test_put_origin, kit_arena_up, kit_arena_down),
        cmocka_unit_test(test_loopback),
        cmocka_unit_test_setup_teardown(test_callback, kit_arena_up, kit_arena_down),
        cmocka_unit_test_setup_teardown(test_callback_to_addresses, kit_arena_up, kit_arena_down),
        cmocka_unit_test_setup_teardown(test_callback_to_long_hosts, kit_arena_up, kit_arena_down),
        cmocka_unit_test_setup_teardown(test_base_must_be_an_origin, kit_arena_up, kit_arena_down),
        cmocka_unit_test_setup_teardown(test_measured_redirects, kit_arena_up, kit_arena_down),
        cmocka_unit_test_setup_teardown(test_put_param, kit_arena_up, kit_arena_down),
        cmocka_unit_test(test_every_allocation_fails_in_turn),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
