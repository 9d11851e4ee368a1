#include "wire/percent.h"

#include "base/str.h"
#include "tests/kit/kit.h"
#include "wire/utf8.h"

#define COUNT(rows) (sizeof(rows) / sizeof *(rows))

typedef void put_function(usher_buf *b, usher_str text);

static usher_str encoded(put_function *put, usher_str text)
{
    usher_buf b;
    usher_str out;

    usher_buf_init(&b, &kit_arena, 1 << 20);
    put(&b, text);
    assert_ok(usher_buf_take(&out, &b, NULL));
    return out;
}

/* encodeURIComponent and URLSearchParams of Node 20.20.2. */
static const struct {
    usher_str text;
    const char *component, *form;
} encodings[] = {
#define ROW(text, component, form)                                                                 \
    {                                                                                              \
        USHER_STR_INIT(text), component, form                                                      \
    }
    ROW("", "", ""),
    ROW("abcXYZ019", "abcXYZ019", "abcXYZ019"),
    ROW("-_.!~*'()", "-_.!~*'()", "-_.%21%7E*%27%28%29"),
    ROW("token|hash", "token%7Chash", "token%7Chash"),
    ROW("a b", "a%20b", "a+b"),
    ROW("a+b", "a%2Bb", "a%2Bb"),
    ROW("100%", "100%25", "100%25"),
    ROW("%41", "%2541", "%2541"),
    ROW("http://a.b:1/c?d=e&f#g", "http%3A%2F%2Fa.b%3A1%2Fc%3Fd%3De%26f%23g",
        "http%3A%2F%2Fa.b%3A1%2Fc%3Fd%3De%26f%23g"),
    ROW(";,/?:@&=+$#", "%3B%2C%2F%3F%3A%40%26%3D%2B%24%23", "%3B%2C%2F%3F%3A%40%26%3D%2B%24%23"),
    ROW("[]{}\\^`|<>\"", "%5B%5D%7B%7D%5C%5E%60%7C%3C%3E%22", "%5B%5D%7B%7D%5C%5E%60%7C%3C%3E%22"),
    ROW("\0\t\n\r\x1f\x7f", "%00%09%0A%0D%1F%7F", "%00%09%0A%0D%1F%7F"),
    ROW("\xc3\xa9", "%C3%A9", "%C3%A9"),
    ROW("\xe2\x82\xac", "%E2%82%AC", "%E2%82%AC"),
    ROW("\xf0\x9f\x98\x80", "%F0%9F%98%80", "%F0%9F%98%80"),
#undef ROW
};

static void test_encodings(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(encodings); i++) {
        usher_str text = encodings[i].text, back;
        usher_str component = encoded(usher_percent_put, text);
        usher_str form = encoded(usher_percent_put_form, text);
        assert_str(component, encodings[i].component);
        assert_str(form, encodings[i].form);
        assert_ok(usher_percent_decode(&back, &kit_arena, component, NULL));
        assert_true(usher_str_eq(back, text));
        assert_ok(usher_percent_decode_form(&back, &kit_arena, form, NULL));
        assert_true(usher_str_eq(back, text));
        assert_ok(usher_percent_decode_form(&back, &kit_arena, component, NULL));
        assert_true(usher_str_eq(back, text));
    }
}

static void test_every_pair_of_digits(void **state)
{
    (void)state;
    static const char hex[] = "0123456789abcdefABCDEF";

    for (unsigned high = 0; high < 256; high++)
        for (unsigned low = 0; low < 256; low++) {
            char text[3] = {'%', (char)(uint8_t)high, (char)(uint8_t)low};
            const char *h = high ? strchr(hex, (int)high) : NULL;
            const char *l = low ? strchr(hex, (int)low) : NULL;
            unsigned value = 0;
            if (h && l) value = (unsigned)strtoul((char[]){*h, *l, 0}, NULL, 16);
            usher_str out;
            usher_status rc = usher_percent_decode(&out, &kit_arena, (usher_str){text, 3}, NULL);
            assert_int_equal(rc, h && l && value < 0x80 ? USHER_OK : USHER_E_SYNTAX);
            if (rc == USHER_OK) assert_int_equal(out.ptr[0], value);
            assert_ok(usher_percent_decode_form(&out, &kit_arena, (usher_str){text, 3}, NULL));
            assert_int_equal(out.len == 1, h && l && value < 0x80);
            usher_arena_reset(&kit_arena);
        }
}

static void test_every_byte(void **state)
{
    (void)state;
    static const char alnum[] = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

    for (unsigned c = 0; c < 256; c++) {
        char byte = (char)(uint8_t)c, hex[4];
        usher_str text = {&byte, 1};
        bool letter = c && strchr(alnum, (int)c);
        snprintf(hex, sizeof hex, "%%%02X", c);
        usher_str got = encoded(usher_percent_put, text);
        bool stays = letter || (c && strchr("-_.!~*'()", (int)c));
        assert_true(usher_str_eq(got, stays ? text : kit_str(hex)));
        got = encoded(usher_percent_put_form, text);
        stays = letter || (c && strchr("*-._", (int)c));
        assert_true(usher_str_eq(got, stays ? text : c == ' ' ? USHER_STR("+") : kit_str(hex)));
    }
}

/* Readers that take 16 or 32 bytes a step find a byte wherever it stands among others. */
static void test_every_byte_at_every_place(void **state)
{
    enum { LEN = 70 };

    (void)state;
    for (unsigned c = 0; c < 256; c++)
        for (size_t place = 0; place < LEN; place++) {
            char text[LEN], alone[8];
            usher_str got, one;
            memset(text, 'x', LEN);
            text[place] = (char)(uint8_t)c;
            got = encoded(usher_percent_put, (usher_str){text + place, 1});
            memcpy(alone, got.ptr, got.len);
            one = (usher_str){alone, got.len};
            got = encoded(usher_percent_put, (usher_str){text, LEN});
            assert_int_equal(got.len, LEN - 1 + one.len);
            assert_memory_equal(got.ptr, text, place);
            assert_memory_equal(got.ptr + place, one.ptr, one.len);
            assert_memory_equal(got.ptr + place + one.len, text + place + 1, LEN - 1 - place);
            usher_arena_reset(&kit_arena);
        }
}

/* decodeURIComponent of Node 20.20.2: the text, or where the first fault is. */
static const struct {
    usher_str text, plain;
    bool ok;
    size_t at;
} decodings[] = {
#define YES(text, plain)                                                                           \
    {                                                                                              \
        USHER_STR_INIT(text), USHER_STR_INIT(plain), true, 0                                       \
    }
#define NO(text, at)                                                                               \
    {                                                                                              \
        USHER_STR_INIT(text), {NULL, 0}, false, at                                                 \
    }
    YES("", ""),
    YES("abc", "abc"),
    YES("a+b", "a+b"),
    YES("%41", "A"),
    YES("%2541", "%41"),
    YES("%7C", "|"),
    YES("%7c%7C", "||"),
    YES("a%20b%20c", "a b c"),
    YES("%00", "\0"),
    YES("%C3%A9", "\xc3\xa9"),
    YES("%c3%a9", "\xc3\xa9"),
    YES("x%E2%82%ACy", "x\xe2\x82\xacy"),
    YES("%F0%9F%98%80", "\xf0\x9f\x98\x80"),
    YES("%F4%8F%BF%BF", "\xf4\x8f\xbf\xbf"),
    YES("%EF%BB%BF", "\xef\xbb\xbf"),
    YES("%ED%9F%BF%EE%80%80", "\xed\x9f\xbf\xee\x80\x80"),
    YES("\xc3\xa9%41", "\xc3\xa9"
                       "A"),
    YES("A%C3%A9%41%E2%82%AC%42", "A\xc3\xa9"
                                  "A\xe2\x82\xac"
                                  "B"),
    NO("%", 0),
    NO("%4", 0),
    NO("a%", 1),
    NO("%%41", 0),
    NO("%4g", 0),
    NO("%g4", 0),
    NO("% 41", 0),
    NO("%+1", 0),
    NO("%-1", 0),
    NO("%0x", 0),
    NO("%u0041", 0),
    NO("100%", 3),
    NO("%41%", 3),
    NO("%41%4", 3),
    NO("%41%%41", 3),
    NO("%C3", 0),
    NO("%C3A", 0),
    NO("%C3%41", 0),
    NO("%C3\xa9", 0), /* half escaped is not a character */
    NO("%C3%A9%C3", 6),
    NO("%41%C3%41", 3),
    NO("a%C3%A9b%A9c", 8),
    NO("%80", 0),
    NO("%BF", 0),
    NO("%FF", 0),
    NO("%FE", 0),
    NO("%C0%80", 0), /* overlong */
    NO("%C1%81", 0),
    NO("%E0%80%80", 0),
    NO("%F0%80%80%80", 0),
    NO("%ED%A0%80", 0), /* surrogates */
    NO("%ED%BF%BF", 0),
    NO("%F4%90%80%80", 0), /* past U+10FFFF */
    NO("%F5%80%80%80", 0),
    NO("%F8%88%80%80%80", 0),
    NO("%E2%82", 0),
    NO("%E2%82x%AC", 0),
    NO("%F0%9F%98", 0),
#undef YES
#undef NO
};

static void test_decodings(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(decodings); i++) {
        usher_str out = USHER_STR("x");
        usher_error err = {0};
        usher_status rc = usher_percent_decode(&out, &kit_arena, decodings[i].text, &err);
        if (rc != (decodings[i].ok ? USHER_OK : USHER_E_SYNTAX) ||
            !usher_str_eq(out, decodings[i].plain) ||
            (rc && (err.at != decodings[i].at || out.ptr)))
            fail_msg("%s: status %d at %zu", decodings[i].text.ptr, (int)rc, err.at);
    }
    usher_str text = USHER_STR("plain"), out;
    assert_ok(usher_percent_decode(&out, &kit_arena, text, NULL));
    assert_ptr_equal(out.ptr, text.ptr); /* itself */
    assert_ok(usher_percent_decode(&out, &kit_arena, (usher_str){0}, NULL));
    assert_null(out.ptr);
}

/* What URLSearchParams of Node 20.20.2 reads as a value; for raw bytes, after TextDecoder. */
static const struct {
    usher_str text, plain;
} forms[] = {
#define BAD "\xef\xbf\xbd"
#define ROW(text, plain)                                                                           \
    {                                                                                              \
        USHER_STR_INIT(text), USHER_STR_INIT(plain)                                                \
    }
    ROW("", ""),
    ROW("abc", "abc"),
    ROW("a+b", "a b"),
    ROW("a%2Bb", "a+b"),
    ROW("%2B+%20", "+  "),
    ROW("%", "%"),
    ROW("%4", "%4"),
    ROW("%%41", "%A"),
    ROW("%%%", "%%%"),
    ROW("%zz%41", "%zzA"),
    ROW("%4g+", "%4g "),
    ROW("100%", "100%"),
    ROW("%C3%A9", "\xc3\xa9"),
    ROW("%C3\xa9", "\xc3\xa9"), /* here the bytes meet */
    ROW("\xc3%A9", "\xc3\xa9"),
    ROW("%C3", BAD),
    ROW("%C3%28", BAD "("),
    ROW("%FF%FE", BAD BAD),
    ROW("%E2%82", BAD),
    ROW("%E2%82+%AC", BAD " " BAD),
    ROW("%ED%A0%80", BAD BAD BAD),
    ROW("%F0%9F%98%80", "\xf0\x9f\x98\x80"),
    ROW("%00", "\0"),
    ROW("%EF%BB%BFx", "\xef\xbb\xbfx"),
    ROW("\xff", BAD),
    ROW("a\xff+\xc3", "a" BAD " " BAD),
    ROW("%25%32%42", "%2B"), /* once, not twice */
#undef ROW
};

static void test_forms(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(forms); i++) {
        usher_str out;
        assert_ok(usher_percent_decode_form(&out, &kit_arena, forms[i].text, NULL));
        if (!usher_str_eq(out, forms[i].plain))
            fail_msg("%s gives %.*s", forms[i].text.ptr, (int)out.len, out.ptr);
    }
    usher_str text = USHER_STR("plain\xc3\xa9"), out;
    assert_ok(usher_percent_decode_form(&out, &kit_arena, text, NULL));
    assert_ptr_equal(out.ptr, text.ptr);
    assert_ok(usher_percent_decode_form(&out, &kit_arena, (usher_str){0}, NULL));
    assert_null(out.ptr);
}

static void test_any_text_comes_back(void **state)
{
    (void)state;
    uint64_t seed = 9;

    for (int round = 0; round < 20000; round++) {
        char bytes[64];
        size_t len = kit_next(&seed) % sizeof bytes;
        for (size_t i = 0; i < len; i++)
            bytes[i] = (char)(uint8_t)(kit_next(&seed) >> (round % 4 == 0 ? 0 : 1) & 0xff);
        usher_str text = {bytes, len}, back;
        bool valid = usher_utf8_valid(text);
        usher_status rc =
            usher_percent_decode(&back, &kit_arena, encoded(usher_percent_put, text), NULL);
        assert_int_equal(rc, valid ? USHER_OK : USHER_E_SYNTAX);
        if (valid) assert_true(usher_str_eq(back, text));
        assert_ok(usher_percent_decode_form(&back, &kit_arena,
                                            encoded(usher_percent_put_form, text), NULL));
        assert_true(usher_utf8_valid(back));
        if (valid) assert_true(usher_str_eq(back, text));
        usher_arena_reset(&kit_arena);
    }
}

static usher_status use(usher_arena *a)
{
    usher_str out;
    usher_status rc;

    if ((rc = usher_percent_decode(&out, a, USHER_STR("a%20b"), NULL)) ||
        (rc = usher_percent_decode_form(&out, a, USHER_STR("a+b%C3%A9"), NULL)) ||
        (rc = usher_percent_decode_form(&out, a, USHER_STR("a+b%FF"), NULL)))
        return rc;
    usher_buf b;
    usher_buf_init(&b, a, 100);
    usher_percent_put(&b, USHER_STR("a b"));
    usher_percent_put_form(&b, USHER_STR("a b"));
    return usher_buf_take(&out, &b, NULL);
}

static void test_every_allocation_may_fail(void **state)
{
    (void)state;
    bool failed;
    size_t n = 0;

    do {
        kit_alloc kit = {.fail_at = n++};
        usher_allocator alloc = kit_allocator(&kit);
        usher_arena a;
        usher_arena_init(&a, &alloc, 1, 1 << 20);
        usher_status rc = use(&a);
        assert_int_equal(rc, kit.failed ? USHER_E_NOMEM : USHER_OK);
        usher_arena_deinit(&a);
        assert_int_equal(kit.live, 0);
        failed = kit.failed;
    } while (failed);
    assert_true(n > 2);
}

/* Texts that are all the memory there is. */
static void test_at_the_edges(void **state)
{
    kit_pages pages = kit_pages_new(512);
    uint64_t seed = 5;

    (void)state;
    for (size_t i = 0; i < 6 * 201; i++) {
        size_t len = i / 6;
        char *text = i % 2 ? pages.end - len : pages.begin;
        usher_str escaped, back;
        usher_buf b;

        for (size_t at = 0; at < len; at++)
            text[at] =
                i / 2 % 3 ? "aZ0-_.%;\x7f "[kit_next(&seed) % (i / 2 % 3 == 1 ? 6 : 10)] : 'a';
        usher_buf_init(&b, &kit_arena, 3 * len);
        usher_percent_put(&b, (usher_str){text, len});
        assert_ok(usher_buf_take(&escaped, &b, NULL));
        assert_ok(usher_percent_decode(&back, &kit_arena, escaped, NULL));
        assert_int_equal(back.len, len);
        if (len) assert_memory_equal(back.ptr, text, len);
        usher_status rc = usher_percent_decode(&back, &kit_arena, (usher_str){text, len}, NULL);
        assert_true(rc == USHER_OK || rc == USHER_E_SYNTAX);
    }
    kit_pages_free(&pages);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, kit_arena_up, kit_arena_down)
    const struct CMUnitTest tests[] = {
        TEST(test_encodings),
        TEST(test_every_byte),
        TEST(test_every_byte_at_every_place),
        TEST(test_every_pair_of_digits),
        TEST(test_decodings),
        TEST(test_forms),
        TEST(test_any_text_comes_back),
        TEST(test_at_the_edges),
        TEST(test_every_allocation_may_fail),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
