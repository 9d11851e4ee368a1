#include "wire/utf8.h"

#include "base/str.h"
#include "tests/kit/kit.h"

#define COUNT(rows) (sizeof(rows) / sizeof *(rows))

static uint32_t decoded;

/* The definition, in its own words: a code point from its bits, then the ranges it must be in. */
static size_t plain_step(const uint8_t *p, size_t len)
{
    static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
    size_t n = p[0] < 0x80 ? 1 : p[0] >> 5 == 6 ? 2 : p[0] >> 4 == 14 ? 3 : p[0] >> 3 == 30 ? 4 : 0;
    uint32_t c = n == 1 ? p[0] : p[0] & (0x7fu >> n);

    if (n == 0 || n > len) return 0;
    for (size_t i = 1; i < n; i++) {
        if (p[i] >> 6 != 2) return 0;
        c = c << 6 | (p[i] & 0x3f);
    }
    decoded = c;
    return c < least[n] || c > 0x10ffff || (c >= 0xd800 && c <= 0xdfff) ? 0 : n;
}

static void test_every_short_sequence(void **state)
{
    (void)state;
    static const uint8_t later[] = {0x00, 0x7f, 0x80, 0x8f, 0x90, 0x9f, 0xa0, 0xbf, 0xc0, 0xff};

    for (unsigned a = 0; a < 256; a++)
        for (unsigned b = 0; b < 256; b++)
            for (size_t c = 0; c < COUNT(later); c++)
                for (size_t d = 0; d < COUNT(later); d++)
                    for (size_t len = 1; len <= 4; len++) {
                        uint8_t bytes[] = {(uint8_t)a, (uint8_t)b, later[c], later[d]};
                        usher_str s = {(const char *)bytes, len};
                        size_t n = usher_utf8_step(s), bad = usher_utf8_bad_step(s);
                        assert_int_equal(n, plain_step(bytes, len));
                        assert_true(n ? bad == 0 : bad >= 1 && bad <= 3 && bad <= len);
                    }
    assert_int_equal(usher_utf8_step((usher_str){0}), 0);
    assert_int_equal(usher_utf8_bad_step((usher_str){0}), 0);
}

static void test_every_code_point(void **state)
{
    (void)state;
    for (uint32_t c = 0; c < 0x110000; c++) {
        uint8_t bytes[4];
        usher_str s = {(const char *)bytes, usher_utf8_encode(bytes, c)};
        bool surrogate = c >= 0xd800 && c <= 0xdfff;
        assert_int_equal(s.len, c < 0x80 ? 1 : c < 0x800 ? 2 : c < 0x10000 ? 3 : 4);
        assert_int_equal(usher_utf8_step(s), surrogate ? 0 : s.len);
        assert_int_equal(plain_step(bytes, s.len), surrogate ? 0 : s.len);
        assert_int_equal(decoded, c);
    }
}

/* One bad byte at any place of a longer text, with ASCII and with others around it. */
static void test_a_whole_text(void **state)
{
    (void)state;
    for (size_t len = 0; len < 40; len++) {
        char *text = malloc(len + 1);
        assert_non_null(text);
        memset(text, 'x', len + 1);
        assert_true(usher_utf8_valid((usher_str){text, len}));
        for (size_t at = 0; at < len; at++) {
            text[at] = (char)0x80;
            assert_false(usher_utf8_valid((usher_str){text, len}));
            assert_true(usher_utf8_valid((usher_str){text, at}));
            text[at] = (char)0xc3;
            assert_false(usher_utf8_valid((usher_str){text, len}));
            text[at + 1] = (char)0xa9;
            assert_int_equal(usher_utf8_valid((usher_str){text, len}), at + 1 < len);
            text[at] = text[at + 1] = 'x';
        }
        free(text);
    }
    assert_true(usher_utf8_valid((usher_str){0}));
}

/* What TextDecoder of Node 20.20.2 makes of it. */
static const struct {
    usher_str bytes;
    const char *text;
} repaired[] = {
#define BAD "\xef\xbf\xbd"
#define ROW(bytes, text)                                                                           \
    {                                                                                              \
        USHER_STR_INIT(bytes), text                                                                \
    }
    ROW("", ""),
    ROW("abc", "abc"),
    ROW("\xc3\xa9", "\xc3\xa9"),
    ROW("\x80", BAD),
    ROW("\xc3", BAD),
    ROW("\xc3\x28", BAD "("),
    ROW("\xe2\x82", BAD),
    ROW("\xe2\x28\x82", BAD "(" BAD),
    ROW("\xe2\x82\x28", BAD "("),
    ROW("\xf0\x9f\x98", BAD),
    ROW("\xf0\x9f\x98\xc3\xa9", BAD "\xc3\xa9"),
    ROW("\xf0\x80\x80\x80", BAD BAD BAD BAD),
    ROW("\xe0\x80\x80", BAD BAD BAD),
    ROW("\xed\xa0\x80", BAD BAD BAD),
    ROW("\xc0\xaf", BAD BAD),
    ROW("\xf4\x8f\xbf\xbf\xf4\x90", "\xf4\x8f\xbf\xbf" BAD BAD),
    ROW("\xf5\x80", BAD BAD),
    ROW("\xff\xfe", BAD BAD),
    ROW("\xf1\x80\x80\xf1\x80\xc3", BAD BAD BAD),
    ROW("a\x80"
        "b\x80\x80"
        "c",
        "a" BAD "b" BAD BAD "c"),
    ROW("\xef\xbb\xbfx", "\xef\xbb\xbfx"), /* with ignoreBOM: it stays */
#undef ROW
};

static void test_repair(void **state)
{
    (void)state;
    usher_arena arena;

    usher_arena_init(&arena, usher_allocator_default(), 4096, 1 << 20);
    for (size_t i = 0; i < COUNT(repaired); i++) {
        usher_buf b;
        usher_str out;
        usher_buf_init(&b, &arena, 100);
        usher_utf8_put(&b, repaired[i].bytes);
        assert_ok(usher_buf_take(&out, &b, NULL));
        assert_str(out, repaired[i].text);
        assert_int_equal(usher_utf8_valid(repaired[i].bytes), usher_str_eq(repaired[i].bytes, out));
    }
    usher_arena_deinit(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_short_sequence),
        cmocka_unit_test(test_every_code_point),
        cmocka_unit_test(test_a_whole_text),
        cmocka_unit_test(test_repair),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
