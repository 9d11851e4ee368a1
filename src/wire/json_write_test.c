/* The writer of json.h (json_write.c). */
#include "base/str.h"
#include "tests/kit/kit.h"
#include "wire/json.h"
#include "wire/utf8.h"

#define COUNT(rows) (sizeof(rows) / sizeof *(rows))

static usher_arena arena;
static usher_buf buf;
static usher_json_writer w;

static int setup(void **state)
{
    (void)state;
    usher_arena_init(&arena, usher_allocator_default(), 4096, 4 << 20);
    usher_buf_init(&buf, &arena, 1 << 20);
    usher_json_write_init(&w, &buf);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    usher_arena_deinit(&arena);
    return 0;
}

static usher_str take(void)
{
    usher_str out;
    usher_json v;

    assert_ok(usher_buf_take(&out, &buf, NULL));
    assert_ok(usher_json_read(&v, out, &usher_json_limits_claims, NULL)); /* always JSON */
    return out;
}

static void test_a_document(void **state)
{
    (void)state;
    usher_json_open_object(&w);
    usher_json_put_member(&w, USHER_STR("name"), USHER_STR("Ann \xc3\xa9"));
    usher_json_put_member(&w, USHER_STR("absent"), (usher_str){0});
    usher_json_put_member(&w, USHER_STR("empty"), USHER_STR(""));
    usher_json_name(&w, USHER_STR("picture"));
    usher_json_put_null(&w);
    usher_json_name(&w, USHER_STR("list"));
    usher_json_open_array(&w);
    usher_json_put_int(&w, 0);
    usher_json_put_int(&w, INT64_MIN);
    usher_json_put_bool(&w, true);
    usher_json_put_bool(&w, false);
    usher_json_put_null(&w);
    usher_json_put_string(&w, USHER_STR("x"));
    usher_json_put_raw(&w, USHER_STR("1e+21"));
    usher_json_open_array(&w);
    usher_json_close_array(&w);
    usher_json_open_object(&w);
    usher_json_close_object(&w);
    usher_json_open_object(&w);
    usher_json_name(&w, USHER_STR(""));
    usher_json_open_array(&w);
    usher_json_put_int(&w, 1);
    usher_json_close_array(&w);
    usher_json_name(&w, USHER_STR("b"));
    usher_json_put_int(&w, 2);
    usher_json_close_object(&w);
    usher_json_put_int(&w, 3);
    usher_json_close_array(&w);
    usher_json_name(&w, USHER_STR("exp"));
    usher_json_put_int(&w, 1893456000);
    usher_json_close_object(&w);
    assert_str(take(), "{\"name\":\"Ann \xc3\xa9\",\"empty\":\"\",\"picture\":null,\"list\":[0,"
                       "-9223372036854775808,true,false,null,\"x\",1e+21,[],{},{\"\":[1],\"b\":2},"
                       "3],\"exp\":1893456000}");
}

static void test_one_value(void **state)
{
    (void)state;
    usher_json_put_string(&w, USHER_STR("alone"));
    assert_str(take(), "\"alone\"");
}

static void test_nothing_but_absent_members(void **state)
{
    (void)state;
    usher_json_open_object(&w);
    usher_json_put_member(&w, USHER_STR("a"), (usher_str){0});
    usher_json_close_object(&w);
    assert_str(take(), "{}");
}

/* What JSON.stringify of Node 20.20.2 prints; invalid UTF-8 has no equal there and becomes U+FFFD,
 * one for each sequence cut short, as TextDecoder does. */
static const struct {
    usher_str text;
    const char *json;
} strings[] = {
#define ROW(text, json)                                                                            \
    {                                                                                              \
        USHER_STR_INIT(text), "\"" json "\""                                                       \
    }
    ROW("", ""),
    ROW("abc", "abc"),
    ROW("\"\\/", "\\\"\\\\/"),
    ROW("\b\f\n\r\t", "\\b\\f\\n\\r\\t"),
    ROW("\0\x01\x07\x0b\x0e\x1f", "\\u0000\\u0001\\u0007\\u000b\\u000e\\u001f"),
    ROW("\x7f", "\x7f"),
    ROW("<script>&'", "<script>&'"),
    ROW("\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80", "\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80"),
    ROW("\xe2\x80\xa8\xe2\x80\xa9", "\xe2\x80\xa8\xe2\x80\xa9"),
    ROW("\xef\xbb\xbf", "\xef\xbb\xbf"),
    ROW("\xff", "\xef\xbf\xbd"),
    ROW("a\xffz", "a\xef\xbf\xbdz"),
    ROW("\xc3", "\xef\xbf\xbd"),
    ROW("\xe2\x82", "\xef\xbf\xbd"),
    ROW("\xe2\x82z", "\xef\xbf\xbdz"),
    ROW("\xf0\x9f\x98\"", "\xef\xbf\xbd\\\""),
    ROW("\xed\xa0\x80", "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd"),
    ROW("\xc0\x80", "\xef\xbf\xbd\xef\xbf\xbd"),
    ROW("\xf4\x90\x80\x80", "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd"),
    ROW("\x80\x80", "\xef\xbf\xbd\xef\xbf\xbd"),
    ROW("\xc3\xa9\xff\xc3\xa9", "\xc3\xa9\xef\xbf\xbd\xc3\xa9"),
    ROW("0123456789abcdef\n0123456789abcdef", "0123456789abcdef\\n0123456789abcdef"),
    ROW("0123456789abcde\xc3\xa9\x01", "0123456789abcde\xc3\xa9\\u0001"),
#undef ROW
};

static void test_strings(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(strings); i++) {
        usher_buf_init(&buf, &arena, 1000);
        usher_json_write_init(&w, &buf);
        usher_json_put_string(&w, strings[i].text);
        assert_str(take(), strings[i].json);
        usher_buf_init(&buf, &arena, 1000);
        usher_json_write_init(&w, &buf);
        usher_json_open_object(&w); /* names are written alike */
        usher_json_name(&w, strings[i].text);
        usher_json_put_null(&w);
        usher_json_close_object(&w);
        usher_str object = take();
        assert_true(usher_str_starts(usher_str_from(object, 1), kit_str(strings[i].json)));
    }
}

/* Whatever bytes: what is written reads as the same text, if it was text. */
static void test_any_string_comes_back(void **state)
{
    (void)state;
    uint64_t seed = 6;

    for (int round = 0; round < 20000; round++) {
        uint8_t bytes[48];
        size_t len = kit_next(&seed) % sizeof bytes;
        for (size_t i = 0; i < len; i++)
            bytes[i] = (uint8_t)(kit_next(&seed) >> (round % 3));
        char *exact = malloc(len ? len : 1); /* the sanitizer sees one byte too many */
        assert_non_null(exact);
        memcpy(exact, bytes, len);
        usher_str text = {exact, len}, back;
        usher_json v;
        usher_buf_init(&buf, &arena, 1000);
        usher_json_write_init(&w, &buf);
        usher_json_put_string(&w, text);
        assert_ok(usher_json_read(&v, take(), &usher_json_limits_claims, NULL));
        assert_ok(usher_json_string(&back, &arena, v, NULL));
        assert_true(usher_utf8_valid(back));
        if (usher_utf8_valid(text)) {
            assert_true(usher_str_eq(back, text));
            assert_true(usher_json_string_is(v, text));
        }
        free(exact);
        usher_arena_reset(&arena);
    }
}

static void test_nesting_up_to_64(void **state)
{
    (void)state;
    for (int i = 0; i < 64; i++) {
        if (i % 2) {
            usher_json_open_object(&w);
            usher_json_put_member(&w, USHER_STR("a"), USHER_STR("x"));
            usher_json_name(&w, USHER_STR("b"));
        } else {
            usher_json_open_array(&w);
            usher_json_put_int(&w, i);
        }
    }
    usher_json_put_int(&w, 64);
    for (int i = 64; i-- > 0;) {
        if (i % 2) {
            usher_json_put_member(&w, USHER_STR("c"), USHER_STR("y"));
            usher_json_close_object(&w);
        } else {
            usher_json_put_null(&w);
            usher_json_close_array(&w);
        }
    }
    (void)take();

    usher_str out;
    usher_buf_init(&buf, &arena, 1000);
    usher_json_write_init(&w, &buf);
    for (int i = 0; i < 65; i++)
        usher_json_open_array(&w);
    for (int i = 0; i < 65; i++)
        usher_json_close_array(&w);
    assert_int_equal(usher_buf_take(&out, &buf, NULL), USHER_E_LIMIT);
}

static void test_failures_stick(void **state)
{
    (void)state;
    usher_str out;

    for (size_t max = 0; max < 12; max++) {
        usher_buf_init(&buf, &arena, max);
        usher_json_write_init(&w, &buf);
        usher_json_open_object(&w);
        usher_json_put_member(&w, USHER_STR("a"), USHER_STR("bcd\n"));
        usher_json_close_object(&w);
        assert_int_equal(usher_buf_take(&out, &buf, NULL), USHER_E_LIMIT);
    }
    bool failed;
    size_t n = 0;
    do {
        kit_alloc kit = {.fail_at = n++};
        usher_allocator alloc = kit_allocator(&kit);
        usher_arena a;
        usher_arena_init(&a, &alloc, 16, 1 << 20);
        usher_buf_init(&buf, &a, 1 << 16);
        usher_json_write_init(&w, &buf);
        usher_json_open_array(&w);
        for (int i = 0; i < 1000; i++)
            usher_json_put_string(&w, USHER_STR("\xc3\xa9\t\xff"));
        usher_json_close_array(&w);
        usher_status rc = usher_buf_take(&out, &buf, NULL);
        assert_int_equal(rc, kit.failed ? USHER_E_NOMEM : USHER_OK);
        usher_arena_deinit(&a);
        assert_int_equal(kit.live, 0);
        failed = kit.failed;
    } while (failed);
    assert_true(n > 2);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(test_a_document),
        TEST(test_one_value),
        TEST(test_nothing_but_absent_members),
        TEST(test_strings),
        TEST(test_any_string_comes_back),
        TEST(test_nesting_up_to_64),
        TEST(test_failures_stick),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
