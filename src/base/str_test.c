#include "base/str.h"

#include <inttypes.h>
#include <stdio.h>

#include "tests/kit/kit.h"

static const usher_str absent;

static void test_of_text(void **state)
{
    (void)state;
    assert_str(usher_str_z("abc"), "abc");
    assert_non_null(usher_str_z("").ptr);
    assert_null(usher_str_z(NULL).ptr);
    assert_int_equal(usher_str_z(NULL).len, 0);
    assert_int_equal(usher_str_of("a\0b", 3).len, 3);
}

static const struct {
    const char *name;
    usher_str a, b;
    bool equal, equal_case;
    int order;
} pairs[] = {
    {"the same", USHER_STR_INIT("abc"), USHER_STR_INIT("abc"), true, true, 0},
    {"case", USHER_STR_INIT("aBc-Z"), USHER_STR_INIT("AbC-z"), false, true, 1},
    {"neighbours of the letters", USHER_STR_INIT("@[`{"), USHER_STR_INIT("`{@["), false, false, -1},
    {"not ASCII is not folded", USHER_STR_INIT("\xc3\xa9"), USHER_STR_INIT("\xc3\x89"), false,
     false, 1},
    {"bytes are unsigned", USHER_STR_INIT("\x7f"), USHER_STR_INIT("\x80"), false, false, -1},
    {"shorter first", USHER_STR_INIT("ab"), USHER_STR_INIT("abc"), false, false, -1},
    {"bytes before length", USHER_STR_INIT("b"), USHER_STR_INIT("abc"), false, false, 1},
    {"NUL is a byte", USHER_STR_INIT("a\0b"), USHER_STR_INIT("a\0c"), false, false, -1},
    {"empty and absent are equal", USHER_STR_INIT(""), {NULL, 0}, true, true, 0},
    {"absent twice", {NULL, 0}, {NULL, 0}, true, true, 0},
    {"absent and something", {NULL, 0}, USHER_STR_INIT("a"), false, false, -1},
};

static int sign(int n)
{
    return (n > 0) - (n < 0);
}

static void test_compare(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof pairs / sizeof *pairs; i++) {
        usher_str a = pairs[i].a, b = pairs[i].b;
        if (usher_str_eq(a, b) != pairs[i].equal || usher_str_eq(b, a) != pairs[i].equal ||
            usher_str_eq_case(a, b) != pairs[i].equal_case ||
            usher_str_eq_case(b, a) != pairs[i].equal_case ||
            sign(usher_str_cmp(a, b)) != pairs[i].order ||
            sign(usher_str_cmp(b, a)) != -pairs[i].order)
            fail_msg("%s", pairs[i].name);
    }
}

static void test_starts_ends_find(void **state)
{
    (void)state;
    static const struct {
        usher_str s, part;
        bool starts, ends;
        size_t at;
    } rows[] = {
        {USHER_STR_INIT("/api/auth"), USHER_STR_INIT("/api"), true, false, 0},
        {USHER_STR_INIT("/api/auth"), USHER_STR_INIT("auth"), false, true, 5},
        {USHER_STR_INIT("/api/auth"), USHER_STR_INIT("/api/auth"), true, true, 0},
        {USHER_STR_INIT("/api/auth"), USHER_STR_INIT("/api/auth/"), false, false, SIZE_MAX},
        {USHER_STR_INIT("aab"), USHER_STR_INIT("ab"), false, true, 1},
        {USHER_STR_INIT("a\0b"), USHER_STR_INIT("\0"), false, false, 1},
        {USHER_STR_INIT("abc"), USHER_STR_INIT(""), true, true, 0},
        {USHER_STR_INIT(""), USHER_STR_INIT(""), true, true, 0},
        {USHER_STR_INIT(""), USHER_STR_INIT("a"), false, false, SIZE_MAX},
        {{NULL, 0}, {NULL, 0}, true, true, 0},
        {{NULL, 0}, USHER_STR_INIT("a"), false, false, SIZE_MAX},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        assert_int_equal(usher_str_starts(rows[i].s, rows[i].part), rows[i].starts);
        assert_int_equal(usher_str_ends(rows[i].s, rows[i].part), rows[i].ends);
        assert_int_equal(usher_str_find(rows[i].s, rows[i].part), rows[i].at);
    }
    assert_true(usher_str_has(USHER_STR("a;b"), ';'));
    assert_true(usher_str_has(USHER_STR("a\0b"), 0));
    assert_false(usher_str_has(USHER_STR("ab"), 0)); /* the terminator is not part of the view */
    assert_false(usher_str_has(absent, 0));
}

static void test_cut(void **state)
{
    (void)state;
    static const struct {
        const char *s, *head, *rest; /* rest NULL: no separator */
    } rows[] = {
        {"a=b=c", "a", "b=c"}, {"=b", "", "b"},      {"a=", "a", ""},
        {"=", "", ""},         {"abc", "abc", NULL}, {"", "", NULL},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        usher_str rest, head = usher_str_cut(kit_str(rows[i].s), '=', &rest);
        assert_str(head, rows[i].head);
        if (rows[i].rest) {
            assert_non_null(rest.ptr);
            assert_str(rest, rows[i].rest);
        } else
            assert_null(rest.ptr);
    }
    usher_str rest = USHER_STR("x");
    assert_int_equal(usher_str_cut(absent, '=', &rest).len, 0);
    assert_null(rest.ptr);
    usher_str s = USHER_STR("a;b;c"); /* the source may be the rest */
    assert_str(usher_str_cut(s, ';', &s), "a");
    assert_str(usher_str_cut(s, ';', &s), "b");
    assert_str(usher_str_cut(s, ';', &s), "c");
    assert_null(s.ptr);
}

static void test_from_and_trim(void **state)
{
    (void)state;
    assert_str(usher_str_from(USHER_STR("abc"), 0), "abc");
    assert_str(usher_str_from(USHER_STR("abc"), 2), "c");
    assert_str(usher_str_from(USHER_STR("abc"), 3), "");
    assert_str(usher_str_from(USHER_STR("abc"), SIZE_MAX), "");
    assert_null(usher_str_from(absent, 5).ptr);
    static const char *trims[][2] = {
        {"", ""},
        {" ", ""},
        {"\t", ""},
        {" \t ", ""},
        {"a", "a"},
        {" a", "a"},
        {"a\t", "a"},
        {"a ", "a"},
        {"a\t ", "a"},
        {"a \t", "a"},
        {" a b\t", "a b"},
        {"\na\r", "\na\r"}, /* not white space of HTTP */
        {"\xc2\xa0x", "\xc2\xa0x"},
    };
    for (size_t i = 0; i < sizeof trims / sizeof *trims; i++)
        assert_str(usher_str_trim(kit_str(trims[i][0])), trims[i][1]);
    assert_int_equal(usher_str_trim(absent).len, 0);
}

static void test_u64(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        bool ok;
        uint64_t n;
    } rows[] = {
        {"0", true, 0},
        {"00", true, 0},
        {"7", true, 7},
        {"007", true, 7},
        {"18446744073709551615", true, UINT64_MAX},
        {"018446744073709551615", true, UINT64_MAX},
        {"18446744073709551616", false, 0},
        {"18446744073709551620", false, 0},
        {"99999999999999999999", false, 0},
        {"184467440737095516150", false, 0},
        {"", false, 0},
        {"-1", false, 0},
        {"+1", false, 0},
        {" 1", false, 0},
        {"1 ", false, 0},
        {"1.0", false, 0},
        {"1e3", false, 0},
        {"0x1", false, 0},
        {"/", false, 0},
        {":", false, 0},
        {"\xd9\xa1", false, 0}, /* a digit in another script */
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        uint64_t n = 42;
        if (usher_str_u64(&n, kit_str(rows[i].text)) != rows[i].ok || n != rows[i].n)
            fail_msg("\"%s\"", rows[i].text);
    }
    uint64_t n = 42;
    assert_false(usher_str_u64(&n, absent));
    assert_false(usher_str_u64(&n, USHER_STR("1\0")));
    assert_int_equal(n, 0);
}

static void check_digits(uint64_t n)
{
    char room[USHER_U64_DIGITS], want[32];
    usher_str got = usher_str_digits(room, n);
    int len = snprintf(want, sizeof want, "%" PRIu64, n);

    if (!usher_str_eq(got, usher_str_of(want, (size_t)len)))
        fail_msg("%s: %.*s", want, (int)got.len, got.ptr);
    assert_ptr_equal(got.ptr + got.len, room + sizeof room);
}

/* Around each power of ten, where a digit more begins, and each power of two. */
static void test_digits(void **state)
{
    (void)state;
    for (uint64_t n = 0; n <= 12345; n++)
        check_digits(n);
    for (uint64_t power = 10; power <= UINT64_MAX / 10; power *= 10)
        for (uint64_t n = power - 2; n <= power + 2; n++)
            check_digits(n);
    for (int bit = 0; bit < 64; bit++)
        check_digits((UINT64_C(1) << bit) - 1);
    check_digits(UINT64_C(10000000000000000000));
    check_digits(UINT64_MAX);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_of_text),          cmocka_unit_test(test_compare),
        cmocka_unit_test(test_starts_ends_find), cmocka_unit_test(test_cut),
        cmocka_unit_test(test_from_and_trim),    cmocka_unit_test(test_u64),
        cmocka_unit_test(test_digits),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
