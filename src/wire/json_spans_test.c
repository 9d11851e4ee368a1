#include "base/str.h"
#include "tests/kit/kit.h"
#include "wire/json.h"

/* An object of `count` members like "a":0, of names that differ, padded to `len` bytes by the value
 * of the last, which is named like the first if `twice`. */
static usher_str object_of(char *room, size_t count, size_t len, bool twice)
{
    size_t at = 0;

    room[at++] = '{';
    for (size_t i = 0; i + 1 < count; i++)
        at += (size_t)snprintf(room + at, len - at, "\"%c\":%zu,", (char)('a' + i), i + 1);
    at += (size_t)snprintf(room + at, len - at, "\"%c\":\"", twice ? 'a' : '~');
    memset(room + at, '.', len - at);
    room[len - 2] = '"';
    room[len - 1] = '}';
    return (usher_str){room, len};
}

static void test_sizes_and_members(void **state)
{
    static const struct {
        size_t members, len, found;
        bool twice;
    } cases[] = {
        {1, 63, 0, false},    {1, 64, 1, false},     {1, 1024, 1, false}, {1, 1025, 0, false},
        {16, 200, 16, false}, {17, 200, 0, false},   {2, 100, 2, false},  {2, 100, 0, true},
        {16, 1024, 0, true},  {16, 1023, 16, false}, {5, 128, 5, false},  {5, 127, 5, false},
    };
    char room[2048];
    usher_json_span spans[USHER_JSON_FEW];
    (void)state;

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        usher_str text = object_of(room, cases[i].members, cases[i].len, cases[i].twice);
        assert_int_equal(usher_json_spans(spans, text), cases[i].found);
    }
}

/* Padded to a length that is looked at; what stands for the dots says nothing. */
#define PAD ",\"z\":\"..............................................................\"}"

static void test_what_is_read_off(void **state)
{
    static const struct {
        const char *text;
        size_t found;
    } cases[] = {
        {"{\"a\":1" PAD, 2},
        {"{\"a\":\"\"" PAD, 2},
        {"{\"\":1" PAD, 2},
        {"{\"ab\":1,\"ba\":2,\"aab\":3" PAD, 4},
        {"{\"a1b\":1,\"a2b\":2" PAD, 3}, /* of one kind, and not the same */
        {"{\"a1b\":1,\"a1b\":2" PAD, 0},
        {"{\"a\":999999999999999999" PAD, 2},
        {"{\"a\":1999999999999999999" PAD, 0}, /* right, and to be read */
        {"{\"a\":0" PAD, 0},
        {"{\"a\":-1" PAD, 0},
        {"{\"a\":1.5" PAD, 0},
        {"{\"a\":01" PAD, 0},
        {"{\"a\":null" PAD, 0},
        {"{\"a\":{}" PAD, 0},
        {"{\"a\":[\"\"]" PAD, 0},
        {"{\"a\":\"\\n\"" PAD, 0},
        {"{\"\\u0061\":1" PAD, 0},
        {"{\"a\":\"\xc3\xa9\"" PAD, 0},
        {"{ \"a\":1" PAD, 0},
        {"{\"a\" :1" PAD, 0},
        {"{\"a\": 1" PAD, 0},
        {"{\"a\":1 " PAD, 0},
        {" {\"a\":1" PAD, 0},
        {"{\"a\":1" PAD " ", 0},
        {"{\"a\":1" PAD "}", 0},
        {"{\"a\":1}" PAD, 0},
        {"{\"a\":1," PAD, 0},
        {"{\"a\"" PAD, 0},
        {"{a:1" PAD, 0},
        {"{\"a\":x" PAD, 0},
        {"{\"a\":" PAD, 0},
        {"{" PAD, 0},
        {"[\"a\":1" PAD, 0},
        {"{\"a\":\"" PAD, 0},
    };
    usher_json_span spans[USHER_JSON_FEW];
    (void)state;

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        usher_str text = kit_str(cases[i].text);
        assert_in_range(text.len, 64, 1024);
        if (usher_json_spans(spans, text) != cases[i].found)
            fail_msg("%s: %zu", cases[i].text, usher_json_spans(spans, text));
    }
    assert_int_equal(usher_json_spans(spans, (usher_str){0}), 0);
}

static usher_str between(usher_str text, size_t from, size_t end)
{
    return (usher_str){text.ptr + from, end - from};
}

static void check_spans(usher_str text, const usher_json_span *spans, size_t count)
{
    usher_json_object o;
    usher_arena a;

    usher_arena_init(&a, usher_allocator_default(), 2048, 1 << 16);
    assert_ok(usher_json_read_object(&o, &a, text, &usher_json_limits_claims, NULL));
    assert_int_equal(o.count, count);
    assert_false(o.duplicates);
    for (size_t i = 0; i < count; i++) {
        usher_str name = between(text, spans[i].name, spans[i].name_end);
        usher_str value = between(text, spans[i].value, spans[i].value_end);

        assert_true(usher_str_eq(o.members[i].name, name));
        assert_true(usher_str_eq(o.members[i].value.text, value));
    }
    usher_arena_deinit(&a);
}

/* Every byte of a session's claims replaced by every other: what is read off then is what the
 * reader finds, too. */
static void test_every_byte_changed(void **state)
{
    char text[] =
        "{\"name\":\"Ada\",\"email\":\"ada@example.com\",\"sub\":\"1815\",\"iat\":1767225600,"
        "\"exp\":1769817600,\"jti\":\"9f0c\"}";
    usher_str view = {text, sizeof text - 1};
    usher_json_span spans[USHER_JSON_FEW];
    size_t plain = 0;
    (void)state;

    for (size_t at = 0; at < view.len; at++) {
        char was = text[at];
        for (int c = 0; c < 256; c++) {
            text[at] = (char)c;
            size_t count = usher_json_spans(spans, view);
            if (!count) continue;
            plain++;
            check_spans(view, spans, count);
        }
        text[at] = was;
    }
    assert_in_range(plain, 1000, 100 * view.len);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_sizes_and_members),
        cmocka_unit_test(test_what_is_read_off),
        cmocka_unit_test(test_every_byte_changed),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
