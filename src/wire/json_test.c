#include "wire/json.h"

#include "base/str.h"
#include "tests/kit/kit.h"
#include "wire/json_text.h"
#include "wire/utf8.h"

#define COUNT(rows) (sizeof(rows) / sizeof *(rows))

/* A copy that ends where the text ends, so that the sanitizer sees one byte too many. */
static usher_str exact(usher_str s)
{
    char *p = malloc(s.len ? s.len : 1);

    assert_non_null(p);
    if (s.len) memcpy(p, s.ptr, s.len);
    return (usher_str){p, s.len};
}

static void release(usher_str s)
{
    void *p;

    memcpy(&p, &s.ptr, sizeof p); /* without casting const away */
    free(p);
}

static usher_json must_read(usher_str text)
{
    usher_json v = {0};
    usher_error err = {0};

    if (usher_json_read(&v, text, &usher_json_limits_claims, &err))
        fail_msg("%.*s: %s at %zu", (int)text.len, text.ptr, err.what, err.at);
    return v;
}

static usher_json_object must_index(usher_str text)
{
    usher_json_object o = {0};
    usher_error err = {0};

    if (usher_json_read_object(&o, &kit_arena, text, &usher_json_limits_claims, &err))
        fail_msg("%.*s: %s at %zu", (int)text.len, text.ptr, err.what, err.at);
    return o;
}

/* Members as JSON.stringify writes them have a loop of their own. A space before each name takes
 * it out of use: the same must come of it, wrong texts included. */
static size_t put_spaces(char out[300], const char *text)
{
    size_t spaces = 0;

    for (; *text; text++) {
        *out++ = *text;
        if (*text != '{' && *text != ',') continue;
        *out++ = ' ';
        spaces++;
    }
    *out = '\0';
    return spaces;
}

static void test_plain_members_are_members(void **state)
{
    static const char *const texts[] = {
        "{\"a\":1}",
        "{\"a\":\"x\",\"b\":12,\"a\":\"y\"}",
        "{\"a\":123456789012345678,\"b\":1234567890123456789,\"c\":0,\"d\":10}",
        "{\"\":\"\",\"b\":\"\",\"c\":\"\\\"\",\"d\\n\":\"\\n\"}",
        "{\"long\":\"0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef0123456789\","
        "\"b\":[1,{\"c\":\"d\"}],\"e\":true,\"f\":-1,\"g\":1.5,\"h\":1e3,\"i\":\"j\"}",
        "{\"a\":1,\"b\":2,\"c\":3,\"d\":4,\"e\":5,\"f\":6,\"g\":7,\"h\":8,\"i\":9,\"j\":10,"
        "\"k\":11,\"l\":12,\"m\":13,\"n\":14,\"o\":15,\"p\":16,\"q\":17,\"r\":18,\"a\":19}",
        "{\"a\":01}",
        "{\"a\":1x}",
        "{\"a\":1",
        "{\"a\":\"x",
        "{\"a\":\"x\"",
        "{\"a\":\"x\",",
        "{\"a\":\"x\",}",
        "{\"a\":\"x\"]",
        "{\"a\"",
        "{\"a\":",
        "{\"a\":}",
        "{\"a\" \"b\"}",
        "{\"a\":\"\x01\"}",
        "{\"a\":\"\xff\"}",
        "{\"a\":1}x",
        "{\"a\":\"0123456789abcdef0123456789abcdef0123456789abcdef\x1f\"}",
    };

    (void)state;
    for (size_t i = 0; i < COUNT(texts); i++) {
        char spaced[300];
        usher_json_object quick, slow;
        usher_error quick_err = {0}, slow_err = {0};
        usher_str text = exact(kit_str(texts[i]));

        size_t spaces = put_spaces(spaced, texts[i]);
        usher_status rc =
            usher_json_read_object(&quick, &kit_arena, text, &usher_json_limits_claims, &quick_err);
        assert_int_equal(usher_json_read_object(&slow, &kit_arena, kit_str(spaced),
                                                &usher_json_limits_claims, &slow_err),
                         rc);
        assert_int_equal(quick.count, slow.count);
        assert_int_equal(quick.duplicates, slow.duplicates);
        if (rc) assert_true(slow_err.at > quick_err.at && slow_err.at <= quick_err.at + spaces);
        for (size_t m = 0; m < quick.count; m++) {
            assert_true(usher_str_eq(quick.members[m].name, slow.members[m].name));
            if (quick.members[m].value.type != USHER_JSON_ARRAY)
                assert_true(usher_str_eq(quick.members[m].value.text, slow.members[m].value.text));
            assert_int_equal(quick.members[m].value.type, slow.members[m].value.type);
            assert_int_equal(quick.members[m].value.escaped, slow.members[m].value.escaped);
        }
        release(text);
    }
}

/* The grammar. A row that is refused says where the first wrong byte is; the end of the text counts
 * as one. */
#define YES(text, type)                                                                            \
    {                                                                                              \
        USHER_STR_INIT(text), USHER_JSON_##type, 0                                                 \
    }
#define NO(text, at)                                                                               \
    {                                                                                              \
        USHER_STR_INIT(text), USHER_JSON_ABSENT, at                                                \
    }
static const struct {
    usher_str text;
    usher_json_type type;
    size_t at;
} grammar[] = {
    /* words */
    YES("null", NULL),
    YES("true", TRUE),
    YES("false", FALSE),
    YES(" null", NULL),
    YES("true\n", TRUE),
    NO("", 0),
    NO(" ", 1),
    NO("\r\n\t ", 4),
    NO("nul", 3),
    NO("nulL", 3),
    NO("Null", 0),
    NO("NULL", 0),
    NO("nullx", 4),
    NO("null null", 5),
    NO("tru", 3),
    NO("True", 0),
    NO("trueth", 4),
    NO("fals", 4),
    NO("falsy", 4),
    NO("undefined", 0),
    NO("NaN", 0),
    NO("Infinity", 0),
    NO("-Infinity", 1),
    NO("-NaN", 1),
    NO("nan", 1),
    NO("None", 0),
    NO("x", 0),
    NO("\0", 0),
    NO("null\0", 4),
    NO("1\0", 1),
    NO("\0null", 0),
    /* white space is these four and nothing else */
    YES(" \t\r\n 1 \t\r\n ", NUMBER),
    YES("[ ]", ARRAY),
    YES("{ }", OBJECT),
    YES("[\n1\t,\r2 ]", ARRAY),
    YES("{ \"a\" : 1 , \"b\" : 2 }", OBJECT),
    NO("\v1", 0),
    NO("\f1", 0),
    NO("1\f", 1),
    NO("\xc2\xa0"
       "1",
       0),
    NO("\xe2\x80\xa8"
       "1",
       0),
    NO("[\v1]", 1),
    NO("[1\xc2\xa0]", 2),
    NO("\xef\xbb\xbf{}", 0), /* BOM */
    NO("\xef\xbb\xbf", 0),
    NO("{}\xef\xbb\xbf", 2),
    NO("\xff\xfe{\0}\0", 0), /* UTF-16 */
    NO("{\0}\0", 1),
    NO("\xe2\x81\xa0"
       "1",
       0),
    /* comments and other languages */
    NO("/**/1", 0),
    NO("1//x", 1),
    NO("[1,/*x*/2]", 3),
    NO("#1", 0),
    NO("'a'", 0),
    NO("`a`", 0),
    NO("{a:1}", 1),
    NO("{'a':1}", 1),
    NO("(1)", 0),
    NO("<1>", 0),
    NO("a=1", 0),
    /* numbers */
    YES("0", NUMBER),
    YES("-0", NUMBER),
    YES("7", NUMBER),
    YES("-7", NUMBER),
    YES("10", NUMBER),
    YES("1234567890", NUMBER),
    YES("0.0", NUMBER),
    YES("-0.0", NUMBER),
    YES("0.5", NUMBER),
    YES("1.25", NUMBER),
    YES("1e5", NUMBER),
    YES("1E5", NUMBER),
    YES("1e+21", NUMBER),
    YES("1E-7", NUMBER),
    YES("0e0", NUMBER),
    YES("0e+00", NUMBER),
    YES("1e00005", NUMBER),
    YES("5e-324", NUMBER),
    YES("1.7976931348623157e+308", NUMBER),
    NO("1e400", 0),
    NO("-1e309", 0),
    NO("1.7976931348623159e+308", 0),
    YES("123e-10000000", NUMBER),
    YES("1.5e300", NUMBER),
    YES("12345678901234567000", NUMBER),
    YES("123456789012345678901234567890123456789012345678901234567890", NUMBER),
    YES("0.123456789012345678901234567890123456789", NUMBER),
    YES("0.00000000000000000000000000000000000000000000000000000000001", NUMBER),
    YES("9007199254740993", NUMBER),
    NO("-", 1),
    NO("--1", 1),
    NO("+1", 0),
    NO("- 1", 1),
    NO("-x", 1),
    NO("01", 1),
    NO("00", 1),
    NO("-01", 2),
    NO("-00", 2),
    NO("007", 1),
    NO("0x1", 1),
    NO("0b1", 1),
    NO("1.", 2),
    NO("1.x", 2),
    NO("1.e5", 2),
    NO(".5", 0),
    NO("-.5", 1),
    NO("0.", 2),
    NO("1..2", 2),
    NO("1.2.3", 3),
    NO("1e", 2),
    NO("1e+", 3),
    NO("1e-", 3),
    NO("1ex", 2),
    NO("1e5.2", 3),
    NO("1e5e5", 3),
    NO("1e+-5", 3),
    NO("1e 5", 2),
    NO("1 e5", 2),
    NO("1 2", 2),
    NO("1,2", 1),
    NO("1_000", 1),
    NO("1n", 1),
    NO("1f", 1),
    NO("\xef\xbc\x91", 0), /* a full-width digit */
    NO("1\xef\xbc\x91", 1),
    NO("[-]", 2),
    NO("[1.]", 3),
    NO("[1e]", 3),
    NO("[+1]", 1),
    NO("[0123]", 2),
    NO("[1 000]", 3),
    /* strings */
    YES("\"\"", STRING),
    YES("\"a\"", STRING),
    YES("\" \"", STRING),
    YES("\"\x7f\"", STRING),
    YES("\"/\"", STRING),
    YES("\"'\"", STRING),
    YES("\"\\\"\"", STRING),
    YES("\"\\\\\"", STRING),
    YES("\"\\/\"", STRING),
    YES("\"\\b\\f\\n\\r\\t\"", STRING),
    YES("\"\\u0000\"", STRING),
    YES("\"\\u0022\\u005c\"", STRING),
    YES("\"\\uABCD\\uabcd\\uAbC9\"", STRING),
    YES("\"\\uD83D\\uDE00\"", STRING),
    YES("\"\\ud800\"", STRING), /* JSON.stringify prints lone surrogates like this */
    YES("\"\\udc00\"", STRING),
    YES("\"\\udc00\\ud800\"", STRING),
    YES("\"\\ud800\\ud800\"", STRING),
    YES("\"\\ud800x\"", STRING),
    YES("\"\\ud800\\n\"", STRING),
    YES("\"\\ud800\\u0041\"", STRING),
    YES("\"\\uffff\\ufffe\"", STRING),
    YES("\"\\u2028\\u2029\"", STRING),
    YES("\"0123456789abcdef\"", STRING),
    YES("\"0123456789abcde\\u0041f0123456789abcdef\"", STRING),
    YES("\"[\"", STRING),
    YES("\"{\\\"a\\\":1}\"", STRING),
    NO("\"", 1),
    NO("\"a", 2),
    NO("a\"", 0),
    NO("\"\"\"", 2),
    NO("\"a\"b", 3),
    NO("\"\\", 2),
    NO("\"\\\"", 3),
    NO("\"\\\\\\\"", 5),
    NO("\"\\a\"", 2),
    NO("\"\\v\"", 2),
    NO("\"\\0\"", 2),
    NO("\"\\'\"", 2),
    NO("\"\\x41\"", 2),
    NO("\"\\U0041\"", 2),
    NO("\"\\ \"", 2),
    NO("\"\\\n\"", 2),
    NO("\"\\\0\"", 2),
    NO("\"\\\xc3\xa9\"", 2),
    NO("\"\\N\"", 2),
    NO("\"\\u\"", 3),
    NO("\"\\u", 3),
    NO("\"\\u004\"", 6),
    NO("\"\\u004", 6),
    NO("\"\\u00g1\"", 5),
    NO("\"\\u 041\"", 3),
    NO("\"\\u-041\"", 3),
    NO("\"\\u+041\"", 3),
    NO("\"\\u{41}\"", 3),
    NO("\"\\u00\\u0041\"", 5),
    NO("\"\\u00/1\"", 5),
    NO("\"\\u00:1\"", 5),
    NO("\"\\u00@1\"", 5),
    NO("\"\\u00`1\"", 5),
    NO("\"\\ud800\\u\"", 9),
    NO("\"\\ud800\\ux\"", 9),
    NO("\"\\u\xef\xbc\x91"
       "000\"",
       3),
    /* control characters */
    NO("\"\0\"", 1),
    NO("\"a\0b\"", 2),
    NO("\"\x01\"", 1),
    NO("\"\x1f\"", 1),
    NO("\"\t\"", 1),
    NO("\"\n\"", 1),
    NO("\"a\r\"", 2),
    NO("\"0123456789abcdef\x1f\"", 17),
    NO("\"0123456789abcde\n0123456789abcdef0123456789abcdef\"", 16),
    /* UTF-8 */
    YES("\"\xc2\x80\"", STRING),
    YES("\"\xc3\xa9\"", STRING),
    YES("\"\xdf\xbf\"", STRING),
    YES("\"\xe0\xa0\x80\"", STRING),
    YES("\"\xe2\x80\xa8\xe2\x80\xa9\"", STRING),
    YES("\"\xed\x9f\xbf\xee\x80\x80\"", STRING),
    YES("\"\xef\xbb\xbf\"", STRING), /* inside it is a character */
    YES("\"\xef\xbf\xbe\xef\xbf\xbf\"", STRING),
    YES("\"\xf0\x90\x80\x80\"", STRING),
    YES("\"\xf0\x9f\x98\x80\"", STRING),
    YES("\"\xf4\x8f\xbf\xbf\"", STRING),
    YES("{\"\xc3\xa9\":\"\xe6\x97\xa5\xe6\x9c\xac\"}", OBJECT),
    NO("\"\x80\"", 1),
    NO("\"\xbf\"", 1),
    NO("\"a\xc3\"", 2),
    NO("\"\xc3", 1),
    NO("\"\xc3\x28\"", 1),
    NO("\"\xc0\xaf\"", 1), /* overlong */
    NO("\"\xc1\xbf\"", 1),
    NO("\"\xe0\x80\xaf\"", 1),
    NO("\"\xe0\x9f\xbf\"", 1),
    NO("\"\xf0\x80\x80\xaf\"", 1),
    NO("\"\xf0\x8f\xbf\xbf\"", 1),
    NO("\"\xed\xa0\x80\"", 1), /* surrogates */
    NO("\"\xed\xbf\xbf\"", 1),
    NO("\"\xf4\x90\x80\x80\"", 1), /* past U+10FFFF */
    NO("\"\xf5\x80\x80\x80\"", 1),
    NO("\"\xf8\x88\x80\x80\x80\"", 1),
    NO("\"\xfe\"", 1),
    NO("\"\xff\"", 1),
    NO("\"\xe2\x82\"", 1),
    NO("\"\xe2\"", 1),
    NO("\"\xf0\x9f\x98\"", 1),
    NO("\"\xf0\x9f\"", 1),
    NO("\"\xc3\xa9\xa9\"", 3),
    NO("\"0123456789abcde\xff\"", 16),
    NO("\"0123456789abcdef\xe9\"", 17),
    NO("{\"\xff\":1}", 2),
    NO("\xff", 0),
    NO("[\xff]", 1),
    NO("[1,\xe9]", 3),
    NO("1\xe5", 1),
    NO("\xc3\xa9", 0),
    NO("[\xc3\xa9]", 1),
    /* arrays */
    YES("[]", ARRAY),
    YES("[1]", ARRAY),
    YES("[1,2]", ARRAY),
    YES("[[]]", ARRAY),
    YES("[[],[]]", ARRAY),
    YES("[[[[[[]]]]]]", ARRAY),
    YES("[{}]", ARRAY),
    YES("[null,true,false,0,\"\",[],{}]", ARRAY),
    YES("[[1,[2,[3]]],4]", ARRAY),
    NO("[", 1),
    NO("]", 0),
    NO("[]]", 2),
    NO("[[]", 3),
    NO("[1", 2),
    NO("[1,", 3),
    NO("[,", 1),
    NO("[,]", 1),
    NO("[,1]", 1),
    NO("[1,]", 3),
    NO("[1,,2]", 3),
    NO("[1,,]", 3),
    NO("[1 2]", 3),
    NO("[1;2]", 2),
    NO("[1:2]", 2),
    NO("[\"a\":1]", 4),
    NO("[1}", 2),
    NO("[}", 1),
    NO("[{]", 2),
    NO("[\"\"", 3),
    NO("[\"a", 3),
    NO("[1]x", 3),
    NO("[1],", 3),
    NO("[][]", 2),
    NO("[x]", 1),
    NO("[nul]", 4),
    NO("[*]", 1),
    NO("[...]", 1),
    NO("[\"a\" \"b\"]", 5),
    NO("[[1],]", 5),
    NO("[{},]", 4),
    /* objects */
    YES("{}", OBJECT),
    YES("{\"a\":1}", OBJECT),
    YES("{\"a\":1,\"b\":2}", OBJECT),
    YES("{\"\":0}", OBJECT),
    YES("{\"a\":{\"b\":{\"c\":[]}}}", OBJECT),
    YES("{\"a\":1,\"a\":2}", OBJECT),
    YES("{\"a\":[{},[]],\"b\":{}}", OBJECT),
    YES("{\"\\u0061\\n\":1}", OBJECT),
    YES("{\"__proto__\":null}", OBJECT),
    NO("{", 1),
    NO("}", 0),
    NO("{}}", 2),
    NO("{{}", 1),
    NO("{[]}", 1),
    NO("{1}", 1),
    NO("{1:2}", 1),
    NO("{null:2}", 1),
    NO("{\"a\"", 4),
    NO("{\"a", 3),
    NO("{\"a\"}", 4),
    NO("{\"a\" ", 5),
    NO("{\"a\",}", 4),
    NO("{\"a\"1}", 4),
    NO("{\"a\":", 5),
    NO("{\"a\": ", 6),
    NO("{\"a\":}", 5),
    NO("{\"a\"::1}", 5),
    NO("{\"a\":1", 6),
    NO("{\"a\":1,", 7),
    NO("{\"a\":1,}", 7),
    NO("{\"a\":1,,\"b\":2}", 7),
    NO("{,\"a\":1}", 1),
    NO("{,}", 1),
    NO("{:1}", 1),
    NO("{\"a\":1]", 6),
    NO("{]", 1),
    NO("{\"a\":[}", 6),
    NO("{\"a\":1 \"b\":2}", 7),
    NO("{\"a\":1,\"b\"}", 10),
    NO("{\"a\":1,b:2}", 7),
    NO("{\"a\"=1}", 4),
    NO("{\"a\":1}x", 7),
    NO("{\"a\":1}{}", 7),
    NO("{\"a\":1},", 7),
    NO("{\"a\":'b'}", 5),
    NO("{\"a\":b}", 5),
    NO("{\"a\":tru}", 8),
    NO("{\"a\":01}", 6),
    NO("{\"a\":\"\n\"}", 6),
    NO("{\"a\n\":1}", 3),
    NO("{\"a\":1,\"\\x\":2}", 9),
    NO("{\"a\":{\"b\":1}", 12),
    NO("{\"a\":{},}", 8),
    NO("{\"a\":[],}", 8),
    NO("[{\"a\":1},{\"b\":[1,{\"c\":2,}]}]", 24),
};

static void test_grammar(void **state)
{
    (void)state;
    assert_true(COUNT(grammar) >= 150);
    for (size_t i = 0; i < COUNT(grammar); i++) {
        usher_json v = {.type = USHER_JSON_NULL};
        usher_error err = {0};
        usher_str text = exact(grammar[i].text);
        usher_status rc = usher_json_read(&v, text, &usher_json_limits_claims, &err);
        bool yes = grammar[i].type != USHER_JSON_ABSENT;
        if (rc != (yes ? USHER_OK : USHER_E_SYNTAX) || v.type != grammar[i].type ||
            (!yes && (err.at != grammar[i].at || err.status != rc || v.text.ptr)))
            fail_msg("%.*s: status %d, type %d, %s at %zu", (int)text.len, text.ptr, (int)rc,
                     (int)v.type, err.what ? err.what : "-", err.at);
        /* Wherever a value may stand, it is judged alike. */
        usher_arena_reset(&kit_arena);
        usher_buf b;
        usher_buf_init(&b, &kit_arena, 4096);
        usher_buf_put_z(&b, "[0,{\"x\":");
        usher_buf_put(&b, text);
        usher_buf_put_z(&b, "},0]");
        rc = usher_json_read(&v, usher_buf_view(&b), &usher_json_limits_claims, &err);
        if (yes) assert_int_equal(rc, USHER_OK);
        if (!yes && grammar[i].at < text.len && text.ptr[grammar[i].at] != ',' &&
            text.ptr[grammar[i].at] != '}') {
            assert_int_equal(rc, USHER_E_SYNTAX);
            assert_int_equal(err.at, grammar[i].at + 8);
        }
        release(text);
    }
    usher_json v;
    assert_int_equal(usher_json_read(&v, (usher_str){0}, &usher_json_limits_claims, NULL),
                     USHER_E_SYNTAX);
}

static void test_no_start_of_a_text_is_a_text(void **state)
{
    (void)state;
    usher_str whole = USHER_STR("{\"a\":[1,-2.5e+3,\"\\u00e9\xc3\xa9\\n\",true,false,null,{}],"
                                "\"b\\\"c\":{\"0123456789abcdef0123\":[[],[[\"x\"]]]}}");
    for (size_t len = 0; len <= whole.len; len++) {
        usher_json v;
        usher_error err = {0};
        usher_str text = exact((usher_str){whole.ptr, len});
        usher_status rc = usher_json_read(&v, text, &usher_json_limits_claims, &err);
        assert_int_equal(rc, len == whole.len ? USHER_OK : USHER_E_SYNTAX);
        if (rc)
            assert_true(err.at <= len && err.at + 2 >= len); /* only a cut character is earlier */
        release(text);
    }
}

/* The fast scan against a plain one: each byte at each place of three steps of sixteen. */
static void test_scan_stops_where_it_should(void **state)
{
    (void)state;
    for (size_t len = 0; len <= 50; len++)
        for (size_t at = 0; at < len; at++)
            for (unsigned c = 0; c < 256; c++) {
                uint8_t *text = malloc(len);
                assert_non_null(text);
                memset(text, 'x', len);
                text[at] = (uint8_t)c;
                bool plain = c >= 0x20 && c < 0x80 && c != '"' && c != '\\';
                const uint8_t *end = usher_json_plain_end(text, text + len);
                assert_int_equal(end - text, plain ? len : at);
                free(text);
            }
}

/* The same of all bytes at once, in every phase of its steps. */
static void test_look_finds_every_stop(void **state)
{
    static const uint8_t odd[] = {0, 0x1f, ' ', '"', '#', '[', '\\', ']', 0x7f, 0x80, 0xff};
    static usher_json_window w;

    (void)state;
    for (size_t len = 64; len <= 200; len++)
        for (size_t at = 0; at < len; at++)
            for (size_t c = 0; c < sizeof odd; c++) {
                uint8_t *text = malloc(len);
                assert_non_null(text);
                memset(text, 'x', len);
                text[at] = odd[c];
                text[len - 1 - (at + 7) % len] = '"';
                usher_json_look(&w, text + len / 3, text + len);
                const uint16_t *stop = w.stops;
                for (size_t i = 0; i < len - len / 3; i++)
                    if (!usher_json_is_plain(text[len / 3 + i])) assert_int_equal(*stop++, i);
                assert_int_equal(stop[0], len - len / 3);
                assert_int_equal(stop[2], len - len / 3);
                assert_int_equal(w.len, len - len / 3);
                free(text);
            }
}

/* An object as JSON.stringify writes it is read by a loop of its own; with a space behind it, by
 * the full reader. Members of every length lie across the edge of what that loop looks at at once.
 */
static void test_plain_and_full_readers_agree(void **state)
{
    static const char *values[] = {"1760000000",
                                   "0",
                                   "-1",
                                   "1.5",
                                   "\"\"",
                                   "\"\\n\"",
                                   "{\"a\":1}",
                                   "123456789012345678",
                                   "1234567890123456789",
                                   "\"caf\xc3\xa9\"",
                                   "null"};

    (void)state;
    for (size_t i = 0; i < 2 * (sizeof values / sizeof *values); i++)
        for (size_t len = 0; len < 1200; len += len < 970 ? 61 : 1) {
            usher_json_object fast, full;
            usher_buf b;
            usher_str text;

            usher_arena_reset(&kit_arena);
            usher_buf_init(&b, &kit_arena, 4096);
            usher_buf_put_z(&b, i % 2 ? "{\"first\":\"" : "{\"first\":\"\",\"second");
            for (size_t n = 0; n < len; n++)
                usher_buf_put_char(&b, 'x');
            usher_buf_put_z(&b, i % 2 ? "\",\"second\":" : "\":");
            usher_buf_put_z(&b, values[i / 2]);
            usher_buf_put_z(&b, ",\"third\":\"some more\",\"third\":2,\"last\":123} ");
            assert_ok(usher_buf_take(&text, &b, NULL));
            assert_ok(
                usher_json_read_object(&full, &kit_arena, text, &usher_json_limits_claims, NULL));
            text.len--;
            assert_ok(
                usher_json_read_object(&fast, &kit_arena, text, &usher_json_limits_claims, NULL));
            assert_int_equal(fast.count, 4);
            assert_int_equal(full.count, 4);
            assert_true(fast.duplicates && full.duplicates);
            for (size_t m = 0; m < 4; m++) {
                assert_true(usher_str_eq(fast.members[m].name, full.members[m].name));
                assert_int_equal(fast.members[m].value.type, full.members[m].value.type);
                assert_int_equal(fast.members[m].value.escaped, full.members[m].value.escaped);
                assert_ptr_equal(fast.members[m].value.text.ptr, full.members[m].value.text.ptr);
                assert_int_equal(fast.members[m].value.text.len, full.members[m].value.text.len);
            }
        }
}

static usher_str repeat(const char *piece, size_t times, const char *middle, const char *tail)
{
    usher_buf b;
    usher_str out;

    usher_buf_init(&b, &kit_arena, 32 << 20);
    for (size_t i = 0; i < times; i++)
        usher_buf_put_z(&b, piece);
    usher_buf_put_z(&b, middle);
    for (size_t i = 0; i < times; i++)
        usher_buf_put_z(&b, tail);
    assert_ok(usher_buf_take(&out, &b, NULL));
    return out;
}

/* And about what is no JSON, which each would see by itself. */
static void test_plain_reader_takes_nothing_wrong(void **state)
{
    static const struct {
        const char *tail;
        bool good;
    } cases[] = {
        {"\"a\":1}", true},        {"\"a\":01}", false},       {"\"a\":-}", false},
        {"\"a\":1x}", false},      {"\"a\":}", false},         {"\"a\"}", false},
        {"\"a\":\"b\"x}", false},  {"\"a\":\"b}", false},      {"\"a\":\"b\",}", false},
        {"\"a\":\"b\",,}", false}, {"\"a:1}", false},          {"a:1}", false},
        {"\"a\"\"b\"}", false},    {"\"a\":\"\x01\"}", false}, {"\"a\":\"\xff\"}", false},
        {"\"a\":\"\\q\"}", false}, {"\"a\":1}}", false},       {"\"a\":\"b\"}", true},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        usher_json_object o;
        usher_str text = repeat("", 1,
                                "{\"first\":\"a string that is long enough to make the text "
                                "one of more than sixty-four bytes\",",
                                cases[i].tail);
        assert_int_equal(usher_json_read_object(&o, &kit_arena, text, &usher_json_limits_claims,
                                                NULL) == USHER_OK,
                         cases[i].good);
    }
}

static void test_depth_is_bounded(void **state)
{
    (void)state;
    static const size_t depths[] = {0, 1, 2, 31, 32, 63, 64, 65, 127, 128, 1000, 1023, 1024};
    static const char *pairs[][2] = {{"[", "]"}, {"{\"a\":", "}"}, {"[0,{\"b\":[", "]}]"}};
    static const size_t levels[] = {1, 1, 3};

    for (size_t kind = 0; kind < COUNT(pairs); kind++)
        for (size_t i = 0; i < COUNT(depths); i++) {
            usher_json_limits limits = {.depth = depths[i], .members = 10};
            size_t times = depths[i] / levels[kind];
            usher_json v;
            usher_error err = {0};
            usher_str fits = repeat(pairs[kind][0], times, "1", pairs[kind][1]);
            assert_ok(usher_json_read(&v, fits, &limits, &err));
            usher_str deeper = repeat(pairs[kind][0], times + 1, "1", pairs[kind][1]);
            assert_int_equal(usher_json_read(&v, deeper, &limits, &err), USHER_E_LIMIT);
            assert_int_equal(v.type, USHER_JSON_ABSENT);
            if (kind == 0) assert_int_equal(err.at, depths[i]);
            usher_json_object o;
            assert_int_equal(usher_json_read_object(&o, &kit_arena, deeper, &limits, &err),
                             kind == 1 ? USHER_E_LIMIT : USHER_E_SYNTAX);
            if (kind == 1 && depths[i])
                assert_ok(usher_json_read_object(&o, &kit_arena, fits, &limits, &err));
            usher_arena_reset(&kit_arena);
        }
    /* More than the hard bound is the hard bound, and a million brackets are refused at once. */
    usher_json_limits limits = {.depth = SIZE_MAX, .members = 10};
    usher_json v;
    usher_error err = {0};
    usher_str text = repeat("[", 1000000, "", "]");
    assert_int_equal(usher_json_read(&v, text, &limits, &err), USHER_E_LIMIT);
    assert_int_equal(err.at, USHER_JSON_DEPTH_MAX);
    text = repeat("{\"a\":[", 1000000, "", "");
    assert_int_equal(usher_json_read(&v, text, &limits, &err), USHER_E_LIMIT);
    /* Width is not depth. */
    text = repeat("[[],{}],", 100000, "", "");
    usher_buf b;
    usher_buf_init(&b, &kit_arena, 4 << 20);
    usher_buf_put_char(&b, '[');
    usher_buf_put(&b, text);
    usher_buf_put_z(&b, "0]");
    limits.depth = 3;
    assert_ok(usher_json_read(&v, usher_buf_view(&b), &limits, &err));
}

/* Brackets that close wrongly at every level of the bit stack. */
static void test_brackets_match_at_any_depth(void **state)
{
    (void)state;
    uint64_t seed = 4;

    for (int round = 0; round < 200; round++) {
        char text[2 * 200 * 5], close[200];
        size_t len = 0, depth = 1 + kit_next(&seed) % 199;
        for (size_t i = 0; i < depth; i++) {
            bool object = kit_next(&seed) % 2;
            memcpy(text + len, object ? "{\"\":" : "[", object ? 4 : 1);
            len += object ? 4 : 1;
            close[i] = object ? '}' : ']';
        }
        text[len++] = '0';
        size_t wrong = kit_next(&seed) % depth, at = 0;
        for (size_t i = depth; i-- > 0; len++) {
            if (i == wrong) at = len;
            text[len] = close[i];
        }
        usher_json v;
        usher_error err = {0};
        assert_ok(usher_json_read(&v, (usher_str){text, len}, &usher_json_limits_claims, &err));
        text[at] = text[at] == '}' ? ']' : '}';
        assert_int_equal(
            usher_json_read(&v, (usher_str){text, len}, &usher_json_limits_claims, &err),
            USHER_E_SYNTAX);
        assert_int_equal(err.at, at);
    }
}

/* The index of members. */

static void test_members(void **state)
{
    (void)state;
    usher_str text =
        USHER_STR(" { \"name\" : \"Ann \xc3\xa9\" ,\"n\\u0061\":-1.50e+2, \"o\":{\"name\":"
                  "[1,{}]}\t,\"\":null,\"t\":true,\"f\":false,\"a\":[ ] } ");
    static const struct {
        const char *name;
        bool name_escaped;
        usher_json_type type;
        bool escaped;
        const char *text;
    } rows[] = {
        {"name", false, USHER_JSON_STRING, false, "\"Ann \xc3\xa9\""},
        {"n\\u0061", true, USHER_JSON_NUMBER, false, "-1.50e+2"},
        {"o", false, USHER_JSON_OBJECT, false, "{\"name\":[1,{}]}"},
        {"", false, USHER_JSON_NULL, false, "null"},
        {"t", false, USHER_JSON_TRUE, false, "true"},
        {"f", false, USHER_JSON_FALSE, false, "false"},
        {"a", false, USHER_JSON_ARRAY, false, "[ ]"},
    };
    usher_json_object o = must_index(text);

    assert_int_equal(o.count, COUNT(rows));
    assert_false(o.duplicates);
    for (size_t i = 0; i < COUNT(rows); i++) {
        const usher_json_member *m = &o.members[i];
        assert_str(m->name, rows[i].name);
        assert_int_equal(m->name_escaped, rows[i].name_escaped);
        assert_int_equal(m->value.type, rows[i].type);
        assert_int_equal(m->value.escaped, rows[i].escaped);
        assert_str(m->value.text, rows[i].text);
        assert_true(m->value.text.ptr >= text.ptr && m->value.text.ptr < text.ptr + text.len);
    }
    assert_str(usher_json_get(&o, USHER_STR("name")).text, "\"Ann \xc3\xa9\"");
    assert_str(usher_json_get(&o, USHER_STR("na")).text, "-1.50e+2");
    assert_str(usher_json_get(&o, USHER_STR("")).text, "null");
    assert_int_equal(usher_json_get(&o, USHER_STR("n\\u0061")).type, USHER_JSON_ABSENT);
    assert_int_equal(usher_json_get(&o, USHER_STR("Name")).type, USHER_JSON_ABSENT);
    assert_int_equal(usher_json_get(&o, USHER_STR("nam")).type, USHER_JSON_ABSENT);
    assert_int_equal(usher_json_get(&o, USHER_STR("name\0")).type, USHER_JSON_ABSENT);
    usher_json_object empty = must_index(USHER_STR("{}"));
    assert_int_equal(empty.count, 0);
    assert_int_equal(usher_json_get(&empty, USHER_STR("")).type, USHER_JSON_ABSENT);

    usher_json_object inner;
    assert_ok(usher_json_members(&inner, &kit_arena, usher_json_get(&o, USHER_STR("o")), NULL));
    assert_int_equal(inner.count, 1);
    assert_str(inner.members[0].value.text, "[1,{}]");
}

static void test_only_an_object_has_members(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        size_t at;
    } rows[] = {
        {"[]", 0},         {"\"{}\"", 0},     {"null", 0},        {" 1", 1},
        {"", 0},           {"{", 1},          {"{}x", 2},         {"[{}]", 0},
        {"{\"a\":1}}", 7}, {"{\"a\":1,}", 7}, {"{\"a\":1 2}", 7},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        usher_json_object o = {.count = 9};
        usher_error err = {0};
        assert_int_equal(usher_json_read_object(&o, &kit_arena, kit_str(rows[i].text),
                                                &usher_json_limits_claims, &err),
                         USHER_E_SYNTAX);
        assert_int_equal(err.at, rows[i].at);
        assert_null(o.members);
        assert_int_equal(o.count, 0);
    }
    static const char *values[] = {"[]", "\"a\"", "null", "1", "true"};
    for (size_t i = 0; i < COUNT(values); i++) {
        usher_json_object o;
        assert_int_equal(usher_json_members(&o, &kit_arena, must_read(kit_str(values[i])), NULL),
                         USHER_E_SYNTAX);
    }
    usher_json_object o;
    assert_int_equal(usher_json_members(&o, &kit_arena, (usher_json){0}, NULL), USHER_E_SYNTAX);
}

/* What a repeated name leaves: the first position, the last value. `expected` lists name=value. */
static const struct {
    const char *text, *expected;
    bool repeated;
} repeats[] = {
    {"{\"a\":1,\"a\":2}", "a=2 ", true},
    {"{\"a\":1,\"b\":2,\"a\":3}", "a=3 b=2 ", true},
    {"{\"a\":1,\"b\":2,\"a\":3,\"b\":4,\"a\":5,\"c\":6}", "a=5 b=4 c=6 ", true},
    {"{\"\":1,\"\":2}", "=2 ", true},
    {"{\"a\":1,\"\\u0061\":2}", "a=2 ", true},
    {"{\"\\u0061\":1,\"a\":2}", "\\u0061=2 ", true},
    {"{\"\\u0061\":1,\"\\u0061\":2}", "\\u0061=2 ", true},
    {"{\"\\u00e9\":1,\"\xc3\xa9\":2,\"\\u00E9\":3}", "\\u00e9=3 ", true},
    {"{\"\\ud83d\\ude00\":1,\"\xf0\x9f\x98\x80\":2}", "\\ud83d\\ude00=2 ", true},
    {"{\"\xf0\x9f\x98\x80\":1,\"\\uD83D\\uDE00\":2}", "\xf0\x9f\x98\x80=2 ", true},
    {"{\"\\/\":1,\"/\":2}", "\\/=2 ", true},
    {"{\"\\n\":1,\"\\u000a\":2,\"\\u000A\":3}", "\\n=3 ", true},
    {"{\"\\u0000\":1,\"\":2,\"\\u0000\\u0000\":3}", "\\u0000=1 =2 \\u0000\\u0000=3 ", false},
    {"{\"\\ud800\":1,\"\\ud801\":2,\"\\uD800\":3}", "\\ud800=3 \\ud801=2 ", true},
    {"{\"\\ud800\":1,\"\\ufffd\":2,\"\xef\xbf\xbd\":3}", "\\ud800=1 \\ufffd=3 ", true},
    {"{\"\\ud83d\":1,\"\\ude00\":2,\"\\ude00\\ud83d\":3,\"\\ud83d\\ude00\":4}",
     "\\ud83d=1 \\ude00=2 \\ude00\\ud83d=3 \\ud83d\\ude00=4 ", false},
    {"{\"a\":1,\"A\":2,\"aa\":3,\"a \":4}", "a=1 A=2 aa=3 a =4 ", false},
    {"{\"ab\":1,\"a\\u0062c\":2,\"abc\":3,\"a\\u0062\":4}", "ab=4 a\\u0062c=3 ", true},
    {"{\"__proto__\":1,\"constructor\":2,\"__proto__\":3}", "__proto__=3 constructor=2 ", true},
    {"{\"a\":{\"b\":1,\"b\":2},\"b\":3}", "a={\"b\":1,\"b\":2} b=3 ", false},
};

static usher_str listing(const usher_json_object *o)
{
    usher_buf b;
    usher_str out;

    usher_buf_init(&b, &kit_arena, 8 << 20);
    for (size_t i = 0; i < o->count; i++) {
        usher_buf_put(&b, o->members[i].name);
        usher_buf_put_char(&b, '=');
        usher_buf_put(&b, o->members[i].value.text);
        usher_buf_put_char(&b, ' ');
    }
    assert_ok(usher_buf_take(&out, &b, NULL));
    return out;
}

/* The same rows among few members and among many, where another way finds them. */
static void test_repeated_names(void **state)
{
    (void)state;
    static const size_t others[] = {0, 1, 14, 15, 16, 17, 40, 300};

    for (size_t i = 0; i < COUNT(repeats); i++)
        for (size_t k = 0; k < COUNT(others); k++) {
            usher_buf text, expected;
            usher_str source, listed;
            usher_buf_init(&text, &kit_arena, 1 << 16);
            usher_buf_init(&expected, &kit_arena, 1 << 16);
            for (size_t n = 0; n < others[k]; n++) {
                usher_buf_put_z(&text, n ? ",\"other " : "{\"other ");
                usher_buf_put_u64(&text, n);
                usher_buf_put_z(&text, "\":0");
                usher_buf_put_z(&expected, "other ");
                usher_buf_put_u64(&expected, n);
                usher_buf_put_z(&expected, "=0 ");
            }
            usher_buf_put_z(&text, others[k] ? "," : "{");
            usher_buf_put_z(&text, repeats[i].text + 1);
            usher_buf_put_z(&expected, repeats[i].expected);
            assert_ok(usher_buf_take(&source, &text, NULL));
            assert_ok(usher_buf_take(&listed, &expected, NULL));
            usher_json_object o = must_index(source);
            usher_str got = listing(&o);
            if (!usher_str_eq(got, listed))
                fail_msg("%.*s\ngives %.*s\nnot   %.*s", (int)source.len, source.ptr, (int)got.len,
                         got.ptr, (int)listed.len, listed.ptr);
            assert_int_equal(o.duplicates, repeats[i].repeated);
            usher_arena_reset(&kit_arena);
        }
    /* What repeats inside a value is its own affair. */
    assert_false(must_index(USHER_STR("{\"a\":1,\"A\":{\"a\":1,\"a\":2}}")).duplicates);
}

/* Random small alphabets, so that most names repeat, against a list kept in the plainest way. */
static void test_any_repetition(void **state)
{
    (void)state;
    static const char *letters[] = {"a",        "b",       "\\u0061", "\\u0062",
                                    "\xc3\xa9", "\\u00e9", "\\ud800"};
    static const char plain[] = "ababee?"; /* the same letters, one sign each */
    uint64_t seed = 99;

    for (int round = 0; round < 3000; round++) {
        char names[200][4];
        unsigned values[200];
        size_t kept = 0, count = kit_next(&seed) % 120, longest = 1 + kit_next(&seed) % 3;
        usher_buf b;
        usher_str text;
        usher_buf_init(&b, &kit_arena, 1 << 16);
        usher_buf_put_char(&b, '{');
        for (size_t i = 0; i < count; i++) {
            char name[4] = {0};
            usher_buf_put_z(&b, i ? ",\"" : "\"");
            for (size_t n = 0, len = kit_next(&seed) % (longest + 1); n < len; n++) {
                size_t k = kit_next(&seed) % COUNT(letters);
                usher_buf_put_z(&b, letters[k]);
                name[n] = plain[k];
            }
            usher_buf_put_z(&b, "\":");
            usher_buf_put_u64(&b, i);
            size_t at = 0;
            while (at < kept && strcmp(names[at], name) != 0)
                at++;
            if (at == kept) memcpy(names[kept++], name, 4);
            values[at] = (unsigned)i;
        }
        usher_buf_put_char(&b, '}');
        assert_ok(usher_buf_take(&text, &b, NULL));
        usher_json_object o = must_index(text);
        assert_int_equal(o.count, kept);
        assert_int_equal(o.duplicates, kept < count);
        for (size_t i = 0; i < kept; i++) {
            int64_t n;
            assert_true(usher_json_int64(&n, o.members[i].value));
            assert_int_equal(n, values[i]);
        }
        usher_arena_reset(&kit_arena);
    }
}

/* The reader's own hash (FNV-1a, folded), to make names that all fall on one slot of its table: the
 * budget of comparisons runs out and the members are sorted instead. */
static uint32_t hash_of(const char *name)
{
    uint64_t h = UINT64_C(0xcbf29ce484222325);

    for (; *name; name++)
        h = (h ^ (uint8_t)*name) * UINT64_C(0x100000001b3);
    return (uint32_t)(h ^ h >> 32);
}

#define COLLIDING 400
#define SLOTS     2048 /* of a table for twice as many */

static void test_colliding_names(void **state)
{
    (void)state;
    static char names[COLLIDING][12];
    size_t found = 0;

    for (unsigned n = 0; found < COLLIDING; n++) {
        snprintf(names[found], sizeof *names, "%x", n);
        if (hash_of(names[found]) % SLOTS == 5) found++;
    }
    usher_buf b;
    usher_str text;
    usher_buf_init(&b, &kit_arena, 1 << 16);
    for (size_t i = 0; i < 2 * COLLIDING; i++) { /* each name twice, the second time backwards */
        size_t k = i < COLLIDING ? i : 2 * COLLIDING - 1 - i;
        usher_buf_put_z(&b, i ? ",\"" : "{\"");
        if (i >= COLLIDING && i % 3) { /* and some of them in another spelling */
            char first[8];
            snprintf(first, sizeof first, "\\u%04x", (unsigned)names[k][0]);
            usher_buf_put_z(&b, first);
        }
        usher_buf_put_z(&b, names[k] + (i >= COLLIDING && i % 3));
        usher_buf_put_z(&b, "\":");
        usher_buf_put_u64(&b, i);
    }
    usher_buf_put_char(&b, '}');
    assert_ok(usher_buf_take(&text, &b, NULL));
    usher_json_object o = must_index(text);
    assert_int_equal(o.count, COLLIDING);
    assert_true(o.duplicates);
    for (size_t i = 0; i < COLLIDING; i++) {
        int64_t n;
        assert_str(o.members[i].name, names[i]);
        assert_true(usher_json_int64(&n, o.members[i].value));
        assert_int_equal(n, 2 * COLLIDING - 1 - i);
    }
}

static usher_str many_members(size_t count, const char *prefix)
{
    usher_buf b;
    usher_str text;

    usher_buf_init(&b, &kit_arena, 32 << 20);
    usher_buf_put_char(&b, '{');
    for (size_t i = 0; i < count; i++) {
        usher_buf_put_z(&b, i ? ",\"" : "\"");
        usher_buf_put_z(&b, prefix);
        usher_buf_put_u64(&b, i);
        usher_buf_put_z(&b, "\":");
        usher_buf_put_u64(&b, i);
    }
    usher_buf_put_char(&b, '}');
    assert_ok(usher_buf_take(&text, &b, NULL));
    return text;
}

/* Into the caller's room: nothing is taken from the arena until there are too many. */
static void test_few_members_take_no_memory(void **state)
{
    (void)state;
    for (size_t count = 0; count <= 3 * USHER_JSON_FEW; count++) {
        kit_alloc kit = {.fail_at = SIZE_MAX};
        usher_allocator alloc = kit_allocator(&kit);
        usher_json_member room[USHER_JSON_FEW];
        usher_json_object o;
        usher_arena a;
        usher_str text = many_members(count, "x");
        usher_json_object whole = must_index(text);

        usher_arena_init(&a, &alloc, 16, 1 << 20);
        assert_ok(usher_json_read_few(&o, room, &a, text, &usher_json_limits_claims, NULL));
        assert_int_equal(kit.calls == 0, count <= USHER_JSON_FEW);
        assert_ptr_equal(o.members == room, count <= USHER_JSON_FEW);
        assert_int_equal(o.count, count);
        assert_int_equal(o.kinds, whole.kinds);
        for (size_t i = 0; i < count; i++) {
            assert_ptr_equal(o.members[i].name.ptr, whole.members[i].name.ptr);
            assert_ptr_equal(o.members[i].value.text.ptr, whole.members[i].value.text.ptr);
        }
        usher_arena_deinit(&a);
        kit = (kit_alloc){.fail_at = 0};
        usher_arena_init(&a, &alloc, 16, 1 << 20);
        assert_int_equal(usher_json_read_few(&o, room, &a, text, &usher_json_limits_claims, NULL),
                         count <= USHER_JSON_FEW ? USHER_OK : USHER_E_NOMEM);
        usher_arena_deinit(&a);
    }
}

/* Said of texts that surely are; the others are looked at by whoever wants to know. */
static void test_compact(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        bool compact, duplicates;
    } rows[] = {
        {"{\"a\":1,\"a long name to fill the text with\":\"and a long value, too\",\"c\":3}", true,
         false},
        {"{\"a\":1,\"a long name to fill the text with\":\"and a long value, too\",\"a\":3}", true,
         true},
        {"{\"a\":1,\"a long name to fill the text with\":\"and a long value, too\",\"c\":3 }",
         false, false},
        {"{ \"a\":1,\"a long name to fill the text with\":\"and a long value, too\",\"c\":3}",
         false, false},
        {" {\"a\":1,\"a long name to fill the text with\":\"and a long value, too\",\"c\":3}",
         false, false},
        {"{\"a\":1,\"a long name to fill the text with\": \"and a long value, too\",\"c\":3}",
         false, false},
        {"{\"a\":1, \"a long name to fill the text with\":\"and a long value, too\",\"c\":3}",
         false, false},
        {"{\"a\":1,\"a long name to fill the text with\":\"and a long value, too\",\"c\":3}\n",
         false, false},
        {"{}", false, false},
    };

    for (size_t i = 0; i < COUNT(rows); i++) {
        usher_json_object o = must_index(kit_str(rows[i].text));
        assert_int_equal(o.compact, rows[i].compact);
        assert_int_equal(o.duplicates, rows[i].duplicates);
    }
}

static void test_members_are_bounded(void **state)
{
    (void)state;
    static const size_t bounds[] = {0, 1, 15, 16, 17, 1000};

    for (size_t i = 0; i < COUNT(bounds); i++) {
        usher_json_limits limits = {.depth = 4, .members = bounds[i]};
        usher_json_object o;
        usher_error err = {0};
        usher_str text = many_members(bounds[i], "");
        assert_ok(usher_json_read_object(&o, &kit_arena, text, &limits, &err));
        assert_int_equal(o.count, bounds[i]);
        usher_str more = many_members(bounds[i] + 1, "");
        assert_int_equal(usher_json_read_object(&o, &kit_arena, more, &limits, &err),
                         USHER_E_LIMIT);
        assert_null(o.members);
        assert_int_equal(err.at, bounds[i] ? text.len : 1); /* the name that is one too many */
        /* The bound is the indexed object's; what is inside it has its own reading. */
        usher_json v;
        assert_ok(usher_json_read(&v, more, &limits, &err));
    }
    usher_json_limits limits = {.depth = 4, .members = 3}; /* a repeated name counts each time */
    usher_json_object o;
    assert_int_equal(usher_json_read_object(&o, &kit_arena,
                                            USHER_STR("{\"a\":1,\"a\":2,\"a\":3,\"a\":4}"), &limits,
                                            NULL),
                     USHER_E_LIMIT);
    assert_int_equal(usher_json_limits_claims.members, 10000);
    assert_int_equal(usher_json_limits_claims.depth, 1024);
    assert_int_equal(usher_json_limits_document.members, 4096);
    assert_int_equal(usher_json_limits_document.depth, 32);
}

static void test_ten_thousand_members(void **state)
{
    (void)state;
    usher_str text = many_members(10000, "claim:");
    usher_json_object o = must_index(text);

    assert_int_equal(o.count, 10000);
    assert_false(o.duplicates);
    for (size_t i = 0; i < o.count; i++) {
        int64_t n;
        assert_true(usher_json_int64(&n, o.members[i].value));
        assert_int_equal(n, i);
    }
    assert_str(usher_json_get(&o, USHER_STR("claim:9999")).text, "9999");
    usher_json v = must_read(text);
    assert_ok(usher_json_members(&o, &kit_arena, v, NULL));
    assert_int_equal(o.count, 10000);
}

/* Arrays. */

static void test_items(void **state)
{
    (void)state;
    static const struct {
        const char *text, *expected;
    } rows[] = {
        {"[]", ""},
        {"[ ]", ""},
        {"[1]", "1;"},
        {"[ 1 , \"a,]\" ]", "1;\"a,]\";"},
        {"[[1,2],[],{\"a\":[3]},[[4]]]", "[1,2];[];{\"a\":[3]};[[4]];"},
        {"[null,true,false,-0,1e+21,\"\"]", "null;true;false;-0;1e+21;\"\";"},
        {"[\n\t1\r,\n2\n]", "1;2;"},
        {"{}", ""}, /* not an array: no items */
        {"{\"a\":1}", ""},
        {"\"[1]\"", ""},
        {"1", ""},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        usher_str whole = exact(kit_str(rows[i].text)), got;
        usher_str rest = must_read(whole).text;
        usher_json item;
        usher_buf b;
        usher_buf_init(&b, &kit_arena, 4096);
        while (usher_json_next(&item, &rest)) {
            assert_int_equal(item.type, must_read(item.text).type);
            usher_buf_put(&b, item.text);
            usher_buf_put_char(&b, ';');
        }
        assert_int_equal(item.type, USHER_JSON_ABSENT);
        assert_false(usher_json_next(&item, &rest)); /* the end stays the end */
        assert_ok(usher_buf_take(&got, &b, NULL));
        assert_str(got, rows[i].expected);
        release(whole);
    }
    /* A text that nobody validated leads nowhere. */
    static const char *wrong[] = {"[", "[x", "[1", "[1 2]", ",", "]", "[1,", "[}", ",1", "[\"a"};
    for (size_t i = 0; i < COUNT(wrong); i++) {
        usher_str rest = kit_str(wrong[i]);
        usher_json item;
        for (int n = 0; usher_json_next(&item, &rest); n++)
            assert_true(n < 2);
    }
    usher_str rest = {0};
    usher_json item;
    assert_false(usher_json_next(&item, &rest));
}

/* Strings. */

static const struct {
    usher_str source, text;
} strings[] = {
#define ROW(source, text)                                                                          \
    {                                                                                              \
        USHER_STR_INIT(source), USHER_STR_INIT(text)                                               \
    }
    ROW("\"\"", ""),
    ROW("\"abc\"", "abc"),
    ROW("\"\\\"\\\\\\/\\b\\f\\n\\r\\t\"", "\"\\/\b\f\n\r\t"),
    ROW("\"\\u0000\"", "\0"),
    ROW("\"a\\u0000b\"", "a\0b"),
    ROW("\"\\u0041\\u007f\\u0080\\u07ff\\u0800\\uffff\"",
        "A\x7f\xc2\x80\xdf\xbf\xe0\xa0\x80\xef\xbf\xbf"),
    ROW("\"\\u00E9\\u00e9\"", "\xc3\xa9\xc3\xa9"),
    ROW("\"\\ud83d\\ude00\"", "\xf0\x9f\x98\x80"),
    ROW("\"\\ud800\\udc00\"", "\xf0\x90\x80\x80"),
    ROW("\"\\uDBFF\\uDFFF\"", "\xf4\x8f\xbf\xbf"),
    ROW("\"x\\ud83d\\ude00y\"", "x\xf0\x9f\x98\x80y"),
    ROW("\"\\n\xc3\xa9\"", "\n\xc3\xa9"),
    ROW("\"0123456789abcdef0123456789abcdef\\t\"", "0123456789abcdef0123456789abcdef\t"),
    ROW("\"\\\\u0041\"", "\\u0041"),
    ROW("\"\\\\\\u0041\"", "\\A"),
#undef ROW
};

static void test_strings(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(strings); i++) {
        usher_str source = exact(strings[i].source), text;
        usher_json v = must_read(source);
        bool escaped = memchr(source.ptr, '\\', source.len);
        assert_int_equal(v.escaped, escaped);
        assert_ok(usher_json_string(&text, &kit_arena, v, NULL));
        assert_true(usher_str_eq(text, strings[i].text));
        if (!escaped) assert_ptr_equal(text.ptr, source.ptr + 1); /* a view */
        for (size_t k = 0; k < COUNT(strings); k++)
            assert_int_equal(usher_json_string_is(v, strings[k].text),
                             usher_str_eq(strings[i].text, strings[k].text));
        assert_false(usher_json_string_is(v, USHER_STR("\"\"")));
        if (text.len) assert_false(usher_json_string_is(v, (usher_str){text.ptr, text.len - 1}));
        release(source);
    }
    static const char *others[] = {"null", "1", "[]", "{}", "true", "[\"a\"]"};
    for (size_t i = 0; i < COUNT(others); i++) {
        usher_str text = USHER_STR("x");
        usher_json v = must_read(kit_str(others[i]));
        assert_int_equal(usher_json_string(&text, &kit_arena, v, NULL), USHER_E_SYNTAX);
        assert_null(text.ptr);
        assert_false(usher_json_string_is(v, USHER_STR("")));
        assert_false(usher_json_string_is(v, v.text));
    }
    usher_str text;
    assert_int_equal(usher_json_string(&text, &kit_arena, (usher_json){0}, NULL), USHER_E_SYNTAX);
    assert_false(usher_json_string_is((usher_json){0}, (usher_str){0}));
}

/* A lone surrogate reads as U+FFFD, but equals no text: two different claims must not become one.
 */
static void test_lone_surrogates(void **state)
{
    (void)state;
    static const struct {
        const char *source, *text;
    } rows[] = {
        {"\"\\ud800\"", "\xef\xbf\xbd"},
        {"\"\\udfff\"", "\xef\xbf\xbd"},
        {"\"a\\udc00\\ud800b\"", "a\xef\xbf\xbd\xef\xbf\xbd"
                                 "b"},
        {"\"\\ud83d\\ud83d\\ude00\"", "\xef\xbf\xbd\xf0\x9f\x98\x80"},
        {"\"\\ud83dx\\ude00\"", "\xef\xbf\xbdx\xef\xbf\xbd"},
        {"\"\\ud83d\\n\"", "\xef\xbf\xbd\n"},
        {"\"\\ud83d\\\\u\"", "\xef\xbf\xbd\\u"},
        {"\"\\ud83d\\u0041\"", "\xef\xbf\xbd"
                               "A"},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        usher_str source = exact(kit_str(rows[i].source)), text;
        usher_json v = must_read(source);
        assert_ok(usher_json_string(&text, &kit_arena, v, NULL));
        assert_str(text, rows[i].text);
        assert_true(usher_utf8_valid(text));
        assert_false(usher_json_string_is(v, text));
        assert_false(usher_json_string_is(v, USHER_STR("\xed\xa0\x80")) &&
                     usher_utf8_valid(USHER_STR("\xed\xa0\x80")));
        release(source);
    }
}

/* What untouched members are for: the source text is what is written again. */
static void test_values_come_back_byte_for_byte(void **state)
{
    (void)state;
    static const char *values[] = {
        "1e+21",       "-0",
        "5e-324",      "12345678901234567000",
        "1.0",         "\"\\ud800\"",
        "\"\\u0000\"", "\"\\/\"",
        "[1, 2]",      "{\"b\":1,\"a\":{\"x\":1,\"x\":2}}",
        "\"\\u00e9\"", "0.1",
    };
    for (size_t i = 0; i < COUNT(values); i++) {
        usher_buf b;
        usher_str text, again;
        usher_json_writer w;
        usher_buf_init(&b, &kit_arena, 4096);
        usher_json_write_init(&w, &b);
        usher_json_open_object(&w);
        usher_json_name(&w, USHER_STR("kept"));
        usher_json_put_raw(&w, kit_str(values[i]));
        usher_json_close_object(&w);
        assert_ok(usher_buf_take(&text, &b, NULL));
        usher_json_object o = must_index(text);
        again = usher_json_get(&o, USHER_STR("kept")).text;
        assert_str(again, values[i]);
    }
}

/* The files that the original packages made. */
static void test_vectors(void **state)
{
    (void)state;
    size_t len, files = 0, payloads = 0, too_deep = 0;
    char *manifest = kit_read_file("tests/vectors/manifest.json", &len);
    usher_json_object top = must_index((usher_str){manifest, len});
    usher_json file, vector;

    for (usher_str rest = usher_json_get(&top, USHER_STR("files")).text;
         usher_json_next(&file, &rest); files++) {
        usher_json_object entry, document;
        usher_str name;
        int64_t expected, count = 0;
        char path[256];
        assert_ok(usher_json_members(&entry, &kit_arena, file, NULL));
        assert_ok(
            usher_json_string(&name, &kit_arena, usher_json_get(&entry, USHER_STR("file")), NULL));
        assert_true(usher_json_int64(&expected, usher_json_get(&entry, USHER_STR("vectors"))));
        snprintf(path, sizeof path, "tests/vectors/%.*s", (int)name.len, name.ptr);
        char *text = kit_read_file(path, &len);
        document = must_index((usher_str){text, len});
        usher_str vectors = usher_json_get(&document, USHER_STR("vectors")).text;
        for (; usher_json_next(&vector, &vectors); count++) {
            usher_json_object v, result;
            usher_json payload;
            usher_str claims;
            assert_ok(usher_json_members(&v, &kit_arena, vector, NULL));
            if (usher_json_members(&result, &kit_arena, usher_json_get(&v, USHER_STR("expected")),
                                   NULL))
                continue;
            usher_json source = usher_json_get(&result, USHER_STR("payload_json"));
            if (usher_json_string(&claims, &kit_arena, source, NULL)) continue;
            usher_status rc = usher_json_read(&payload, claims, &usher_json_limits_claims, NULL);
            if (rc == USHER_E_LIMIT)
                too_deep++;
            else
                assert_int_equal(rc, USHER_OK);
            payloads++;
        }
        assert_int_equal(count, expected);
        free(text);
        usher_arena_reset(&kit_arena);
    }
    assert_int_equal(files, 23);
    assert_true(payloads > 50);
    assert_int_equal(too_deep, 2); /* two nest 1500 levels, where they allow to be stricter */
    free(manifest);
}

static usher_status use(usher_arena *a, usher_str few, usher_str many)
{
    usher_json_object o;
    usher_str text;
    usher_status rc;

    if ((rc = usher_json_read_object(&o, a, few, &usher_json_limits_claims, NULL)) ||
        (rc = usher_json_string(&text, a, usher_json_get(&o, USHER_STR("s")), NULL)))
        return rc;
    assert_str(text, "\n");
    return usher_json_read_object(&o, a, many, &usher_json_limits_claims, NULL);
}

static void test_every_allocation_may_fail(void **state)
{
    (void)state;
    usher_str few = USHER_STR("{\"a\":1,\"s\":\"\\n\",\"a\":2}"), many = many_members(200, "x");
    bool failed;
    size_t n = 0;

    do {
        kit_alloc kit = {.fail_at = n / 2, .from_then_on = n % 2};
        usher_allocator alloc = kit_allocator(&kit);
        usher_arena a;
        usher_arena_init(&a, &alloc, 16, 1 << 20);
        usher_status rc = use(&a, few, many);
        assert_int_equal(rc, kit.failed ? USHER_E_NOMEM : USHER_OK);
        usher_arena_deinit(&a);
        assert_int_equal(kit.live, 0);
        failed = kit.failed;
        n++;
    } while (failed);
    assert_true(n > 6);
    for (size_t limit = 0; limit < 30000; limit += 200) { /* the arena's own bound */
        usher_arena a;
        usher_arena_init(&a, usher_allocator_default(), 16, limit);
        usher_status rc = use(&a, few, many);
        assert_true(rc == USHER_OK || rc == USHER_E_LIMIT);
        if (limit == 0) assert_int_equal(rc, USHER_E_LIMIT);
        usher_arena_deinit(&a);
    }
    kit_alloc kit = {.fail_at = SIZE_MAX}; /* validation allocates nothing */
    usher_allocator alloc = kit_allocator(&kit);
    usher_arena a;
    usher_str text;
    usher_arena_init(&a, &alloc, 16, 1 << 20);
    assert_ok(usher_json_string(&text, &a, must_read(USHER_STR("\"plain\"")), NULL));
    assert_int_equal(kit.calls, 0);
    usher_arena_deinit(&a);
}

/* Texts that are all the memory there is: whole, and cut off anywhere in their last string. */
static void test_at_the_edges(void **state)
{
    static const char head[] = "{\"a\":1,\"text\":\"";
    kit_pages pages = kit_pages_new(512);

    (void)state;
    for (size_t i = 0; i < 2 * 201; i++) {
        size_t len = sizeof head - 1 + i / 2 + 2;

        for (size_t cut = 0; cut < 4; cut++) {
            char *text = i % 2 ? pages.end - (len - cut) : pages.begin;
            usher_str view = {text, len - cut};
            usher_json_object o;
            usher_json v;

            if (cut > i / 2) break;
            memset(text, 'x', view.len);
            memcpy(text, head, sizeof head - 1);
            if (!cut) memcpy(text + len - 2, "\"}", 2);
            if (cut == 2) text[view.len - 1] = '\\';
            if (cut == 3) text[view.len - 1] = (char)0xe2;
            assert_int_equal(usher_json_read(&v, view, &usher_json_limits_claims, NULL),
                             cut ? USHER_E_SYNTAX : USHER_OK);
            assert_int_equal(
                usher_json_read_object(&o, &kit_arena, view, &usher_json_limits_claims, NULL),
                cut ? USHER_E_SYNTAX : USHER_OK);
        }
    }
    kit_pages_free(&pages);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, kit_arena_up, kit_arena_down)
    const struct CMUnitTest tests[] = {
        TEST(test_plain_members_are_members),
        TEST(test_grammar),
        TEST(test_no_start_of_a_text_is_a_text),
        TEST(test_scan_stops_where_it_should),
        TEST(test_look_finds_every_stop),
        TEST(test_plain_and_full_readers_agree),
        TEST(test_plain_reader_takes_nothing_wrong),
        TEST(test_depth_is_bounded),
        TEST(test_brackets_match_at_any_depth),
        TEST(test_members),
        TEST(test_few_members_take_no_memory),
        TEST(test_compact),
        TEST(test_only_an_object_has_members),
        TEST(test_repeated_names),
        TEST(test_any_repetition),
        TEST(test_colliding_names),
        TEST(test_members_are_bounded),
        TEST(test_ten_thousand_members),
        TEST(test_items),
        TEST(test_strings),
        TEST(test_lone_surrogates),
        TEST(test_values_come_back_byte_for_byte),
        TEST(test_at_the_edges),
        TEST(test_vectors),
        TEST(test_every_allocation_may_fail),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
