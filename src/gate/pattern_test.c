#include "tests/kit/kit.h"

#include "base/str.h"
#include "gate/pattern.h"

#define ROOM ((size_t)4 << 20)

/* -1: refused; otherwise whether it matches. */
static int ask(usher_str js, usher_str text)
{
    const usher_pattern *pattern;
    usher_units units;
    usher_error err = {0};
    usher_arena a;
    bool found = false;

    usher_arena_init(&a, usher_allocator_default(), 4096, ROOM);
    usher_status rc = usher_pattern_compile(&pattern, &a, js, &err);
    if (rc) {
        assert_int_equal(rc, USHER_E_SETTING);
        assert_int_equal(err.status, rc);
        assert_null(pattern);
    } else {
        assert_ok(usher_units_of(&units, &a, text, &err));
        assert_ok(usher_pattern_test(&found, pattern, &a, units, &err));
    }
    usher_arena_deinit(&a);
    return rc ? -1 : found;
}

/* What `new RegExp(js).test(text)` says; -1 where it throws. Each row is one that PCRE2, given the
 * same text, answers otherwise, or the control beside it. */
static void test_javascript(void **state)
{
    static const struct {
        const char *js, *text;
        int expected;
    } cases[] = {
        /* end and beginning */
        {"a$", "a", 1},
        {"a$", "a\n", 0},
        {"^b", "a\nb", 0},
        /* '.' */
        {"^.$", "\r", 0},
        {"^.$", "\n", 0},
        {"^.$", "\x0b", 1},
        {"^.$", "\xe2\x80\xa8", 0},
        {"^.$", "\xc2\x85", 1},
        {"^.$", "\xc3\xa9", 1},
        {"^.$", "\xf0\x9f\x98\x80", 0}, /* two units */
        {"^..$", "\xf0\x9f\x98\x80", 1},
        {"^[^/]{2}$", "\xf0\x9f\x98\x80", 1},
        /* classes of characters */
        {"^\\s$", "\xc2\xa0", 1},
        {"^\\s$", "\xef\xbb\xbf", 1},
        {"^\\s$", "\x1c", 0},
        {"^\\S$", "\xc2\xa0", 0},
        {"^\\S$", "x", 1},
        {"^[\\s-a]$", "-", 1},
        {"^[\\s-a]$", "\xe3\x80\x80", 1},
        {"^[a-\\s]$", "-", 1},
        {"^[a-\\s]$", "b", 0},
        {"^[\\S]$", "\xc3\xa9", 1},
        {"^[\\S]$", " ", 0},
        {"^[^\\S]$", " ", 1},
        {"^\\d$", "\xd9\xa1", 0},
        {"^\\w$", "\xc3\xa9", 0},
        {"^\\W$", "\xc3\xa9", 1},
        {"^[\\d-x]+$", "1-x", 1},
        {"^[\\d-x]$", "a", 0},
        {"x\\b", "x\xc3\xa9", 1},
        /* brackets */
        {"[]", "a", 0},
        {"^[]?$", "", 1},
        {"a[]*", "a", 1},
        {"^[^]$", "\n", 1},
        {"^[^]$", "", 0},
        {"^[[:alpha:]]$", "x", 0},
        {"^[[:alpha:]]$", "p]", 1},
        {"^[[:alpha:]]$", "[]", 1},
        {"^[a-]$", "-", 1},
        {"^[-a]$", "-", 1},
        {"^[a\\-z]$", "m", 0},
        {"^[\\b]$", "\x08", 1},
        {"^[\\B]$", "B", 1},
        {"^[b-d]$", "c", 1},
        {"^[&&]$", "&", 1},
        {"[d-b]", "c", -1},
        {"[a", "a", -1},
        {"[\\", "a", -1},
        {"^]$", "]", 1},
        /* escapes */
        {"^\\A$", "A", 1},
        {"^\\z$", "z", 1},
        {"^\\Q.\\E$", "QxE", 1},
        {"^\\K\\R\\h\\e\\a\\G\\N\\X$", "KRheaGNX", 1},
        {"^\\p{L}$", "p{L}", 1},
        {"^\\x41\\u0042$", "AB", 1},
        {"^\\x4$", "x4", 1},
        {"^\\x{41}$", "A", 0},
        {"^\\u{2}$", "uu", 1},
        {"^\\u00e9$", "\xc3\xa9", 1},
        {"^\\t\\n\\v\\f\\r$", "\t\n\x0b\x0c\r", 1},
        {"^\\cA$", "\x01", 1},
        {"^\\c1$", "\\c1", 1},
        {"^[\\c1]$", "\x11", 1},
        {"^[\\c*]+$", "\\c*", 1},
        {"^\\/\\.\\-$", "/.-", 1},
        {"a\\", "a", -1},
        {"(a)\\1", "aa", -1},        /* not taken, though JavaScript does */
        {"\\01", "\x01", -1},        /* the same */
        {"(?<n>a)\\k<n>", "aa", -1}, /* the same */
        /* groups */
        {"^(?:a|b)+$", "abab", 1},
        {"^(?!api).*$", "apiary", 0},
        {"^(?=a).$", "a", 1},
        {"(?<=/)a", "/a", 1},
        {"(?<!/)a", "/a", 0},
        {"^(?<name>a)$", "a", 1},
        {"(?<n>a)(?<n>b)", "ab", -1},
        {"(?<1>a)", "a", -1},
        {"(?=a)*a", "a", 1},
        {"(?<=a)*a", "a", -1},
        {"(?i)a", "A", -1},
        {"(?>a)", "a", -1},
        {"(?#a)", "", -1},
        {"(?|a)", "a", -1},
        {"(?P<n>a)", "a", -1},
        {"(?R)", "", -1},
        {"(*FAIL)", "", -1},
        {"(a", "a", -1},
        {"a)", "a", -1},
        {"()", "", 1},
        /* repetition */
        {"a++", "a", -1},
        {"a*+", "a", -1},
        {"a**", "a", -1},
        {"a+?", "a", 1},
        {"a??", "", 1},
        {"a???", "", -1},
        {"a{2}{3}", "a", -1},
        {"^a{2}$", "aa", 1},
        {"^a{2,}$", "aaa", 1},
        {"^a{,2}$", "a{,2}", 1},
        {"^a{$", "a{", 1},
        {"^a}$", "a}", 1},
        {"a{3,2}", "aaa", -1},
        {"{2}", "", -1},
        {"*", "", -1},
        {"^*", "", -1},
        {"a|*", "", -1},
        {"\\b+", "", -1},
        {"", "anything", 1},
        {"^#x $", "#x ", 1},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        int got = ask(kit_str(cases[i].js), kit_str(cases[i].text));
        if (got != cases[i].expected)
            fail_msg("/%s/ on \"%s\": %d", cases[i].js, cases[i].text, got);
    }
}

static void test_bytes(void **state)
{
    (void)state;
    assert_int_equal(ask(USHER_STR("^a\0b$"), USHER_STR("a\0b")), 1);
    assert_int_equal(ask(USHER_STR("^a\\0b$"), USHER_STR("a\0b")), 1);
    assert_int_equal(ask(USHER_STR("^[\0]$"), USHER_STR("\0")), 1);
    assert_int_equal(ask(USHER_STR("\xff"), USHER_STR("a")), -1);
    assert_int_equal(ask((usher_str){0}, (usher_str){0}), 1);
}

static void test_units(void **state)
{
    usher_units units;
    usher_error err = {0};
    usher_arena a;

    (void)state;
    usher_arena_init(&a, usher_allocator_default(), 4096, ROOM);
    assert_ok(usher_units_of(&units, &a, USHER_STR("a\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80"), NULL));
    static const uint16_t expected[] = {'a', 0xe9, 0x20ac, 0xd83d, 0xde00};
    assert_int_equal(units.len, 5);
    assert_memory_equal(units.ptr, expected, sizeof expected);
    assert_int_equal(usher_units_of(&units, &a, USHER_STR("ab\xff"), &err), USHER_E_SYNTAX);
    assert_int_equal(err.at, 2);
    assert_null(units.ptr);
    assert_ok(usher_units_latin1(&units, &a, USHER_STR("\xc3\xa9"), NULL));
    assert_int_equal(units.len, 2);
    assert_int_equal(units.ptr[0], 0xc3);
    usher_arena_deinit(&a);
}

/* An expression that takes exponential time must end, and not in a no. */
static void test_work_is_bounded(void **state)
{
    static char text[4096];
    const usher_pattern *pattern;
    usher_units units;
    usher_arena a;
    bool found;

    (void)state;
    memset(text, 'a', sizeof text);
    usher_arena_init(&a, usher_allocator_default(), 4096, ROOM);
    assert_ok(usher_pattern_compile(&pattern, &a, USHER_STR("^(a|aa)+$"), NULL));
    text[sizeof text - 1] = 'b';
    assert_ok(usher_units_latin1(&units, &a, (usher_str){text, sizeof text}, NULL));
    assert_int_equal(usher_pattern_test(&found, pattern, &a, units, NULL), USHER_E_LIMIT);
    assert_false(found);
    assert_ok(usher_units_latin1(&units, &a, (usher_str){text, 16}, NULL)); /* control */
    assert_ok(usher_pattern_test(&found, pattern, &a, units, NULL));
    assert_true(found);
    usher_arena_deinit(&a);
}

static void test_long_expressions(void **state)
{
    static char text[USHER_PATTERN_MAX + 1];

    (void)state;
    memset(text, '/', sizeof text);
    assert_int_equal(ask((usher_str){text, sizeof text}, USHER_STR("")), -1);
    assert_int_equal(ask((usher_str){text, 8192}, (usher_str){text, 8192}), 1);
    memset(text, '(', 300);
    memset(text + 300, ')', 300);
    assert_int_equal(ask((usher_str){text, 600}, USHER_STR("")), -1);
    assert_int_equal(ask((usher_str){text + 200, 200}, USHER_STR("")), 1);
}

static void test_every_allocation_may_fail(void **state)
{
    kit_alloc f;
    size_t n = 0;

    (void)state;
    do {
        f = (kit_alloc){.fail_at = n++};
        usher_allocator alloc = kit_allocator(&f);
        const usher_pattern *pattern;
        usher_units units;
        usher_arena a;
        usher_status rc;
        bool found = false;

        usher_arena_init(&a, &alloc, 256, ROOM);
        if (!(rc = usher_pattern_compile(&pattern, &a, USHER_STR("^(?:a|[\\s]){2,}$"), NULL)) &&
            !(rc = usher_units_of(&units, &a, USHER_STR("a a"), NULL)))
            rc = usher_pattern_test(&found, pattern, &a, units, NULL);
        assert_int_equal(rc, f.failed ? USHER_E_NOMEM : USHER_OK);
        assert_int_equal(found, !f.failed);
        usher_arena_deinit(&a);
        assert_int_equal(f.live, 0);
    } while (f.failed);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_javascript),
        cmocka_unit_test(test_bytes),
        cmocka_unit_test(test_units),
        cmocka_unit_test(test_work_is_bounded),
        cmocka_unit_test(test_long_expressions),
        cmocka_unit_test(test_every_allocation_may_fail),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
