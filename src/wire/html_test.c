#include "wire/html.h"

#include "base/str.h"
#include "tests/kit/kit.h"
#include "wire/utf8.h"

#define COUNT(rows) (sizeof(rows) / sizeof *(rows))

static const struct {
    const char *name;
    usher_str text;
    const char *html;
} rows[] = {
#define ROW(name, text, html)                                                                      \
    {                                                                                              \
        name, USHER_STR_INIT(text), html                                                           \
    }
    ROW("nothing", "", ""),
    ROW("plain", "Sign in, 100% safe; a=b/c?d#e`", "Sign in, 100% safe; a=b/c?d#e`"),
    ROW("the five", "&<>\"'", "&amp;&lt;&gt;&quot;&#39;"),
    ROW("an element", "<script>alert('x')</script>",
        "&lt;script&gt;alert(&#39;x&#39;)&lt;/script&gt;"),
    ROW("out of an attribute", "\" onload=\"x", "&quot; onload=&quot;x"),
    ROW("what looks escaped is escaped", "&lt;&amp;lt;", "&amp;lt;&amp;amp;lt;"),
    ROW("tab and line feed stay", "a\tb\nc", "a\tb\nc"),
    ROW("other controls go",
        "a\0b\x01"
        "c\x08"
        "d\x0b"
        "e\x0c"
        "f\rg\x1b[31mh\x1f"
        "i\x7fj",
        "abcdefg[31mhij"),
    ROW("C1 controls go",
        "a\xc2\x80"
        "b\xc2\x85"
        "c\xc2\x9f"
        "d",
        "abcd"),
    ROW("also at the end", "a\xc2\x9f", "a"),
    ROW("what follows them stays", "\xc2\xa0\xc2\xa9\xc3\x80", "\xc2\xa0\xc2\xa9\xc3\x80"),
    ROW("other scripts", "\xe6\x97\xa5\xe6\x9c\xac \xf0\x9f\x98\x80 \xd7\xa9",
        "\xe6\x97\xa5\xe6\x9c\xac \xf0\x9f\x98\x80 \xd7\xa9"),
    ROW("not UTF-8",
        "a\xff"
        "b\xc3",
        "a\xef\xbf\xbd"
        "b\xef\xbf\xbd"),
    ROW("a cut character eats nothing", "\xe2\x82<b>\xc3\"",
        "\xef\xbf\xbd&lt;b&gt;\xef\xbf\xbd&quot;"),
    ROW("an overlong '<'", "\xc0\xbc", "\xef\xbf\xbd\xef\xbf\xbd"),
    ROW("a surrogate", "\xed\xa0\x80", "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd"),
    ROW("a lone C1 lead", "\xc2", "\xef\xbf\xbd"),
#undef ROW
};

static usher_str escape(usher_str text)
{
    usher_buf b;
    usher_str out;
    char *exact =
        malloc(text.len ? text.len : 1); /* so that the sanitizer sees one byte too many */

    assert_non_null(exact);
    if (text.len) memcpy(exact, text.ptr, text.len);
    usher_buf_init(&b, &kit_arena, 1 << 20);
    usher_html_put(&b, (usher_str){exact, text.len});
    assert_ok(usher_buf_take(&out, &b, NULL));
    free(exact);
    return out;
}

static void test_rows(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        usher_str html = escape(rows[i].text);
        if (!usher_str_eq(html, kit_str(rows[i].html)))
            fail_msg("%s: %.*s", rows[i].name, (int)html.len, html.ptr);
    }
    assert_int_equal(escape((usher_str){0}).len, 0);
}

static void test_any_bytes(void **state)
{
    (void)state;
    uint64_t seed = 11;

    for (int round = 0; round < 5000; round++) {
        char bytes[64];
        size_t len = kit_next(&seed) % sizeof bytes;
        for (size_t i = 0; i < len; i++)
            bytes[i] = (char)(uint8_t)(kit_next(&seed) >> (round % 2));
        usher_str html = escape((usher_str){bytes, len});
        assert_true(usher_utf8_valid(html));
        for (size_t i = 0; i < html.len; i++) {
            uint8_t c = (uint8_t)html.ptr[i];
            assert_true((c >= 0x20 && c != 0x7f) || c == '\t' || c == '\n');
            assert_false(c == '<' || c == '>' || c == '"' || c == '\'');
        }
        usher_arena_reset(&kit_arena);
    }
}

static void test_every_allocation_may_fail(void **state)
{
    (void)state;
    static const char text[] = "<p class='x'>\xc3\xa9\xff\x01&amp;</p>";
    bool failed;
    size_t n = 0;

    do {
        kit_alloc kit = {.fail_at = n++};
        usher_allocator alloc = kit_allocator(&kit);
        usher_arena a;
        usher_buf b;
        usher_str out;
        usher_arena_init(&a, &alloc, 16, 1 << 20);
        usher_buf_init(&b, &a, 1 << 16);
        for (int i = 0; i < 200; i++)
            usher_html_put(&b, (usher_str){text, sizeof text - 1});
        usher_status rc = usher_buf_take(&out, &b, NULL);
        assert_int_equal(rc, kit.failed ? USHER_E_NOMEM : USHER_OK);
        usher_arena_deinit(&a);
        assert_int_equal(kit.live, 0);
        failed = kit.failed;
    } while (failed);
    assert_true(n > 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_rows, kit_arena_up, kit_arena_down),
        cmocka_unit_test_setup_teardown(test_any_bytes, kit_arena_up, kit_arena_down),
        cmocka_unit_test(test_every_allocation_may_fail),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
