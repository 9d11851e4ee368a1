#include "hosts/daemon/request_view.h"

#include "hosts/daemon/request_view_rig.h"
#include "tests/kit/kit.h"

#define HOST    "Host: a\r\n"
#define LIBRARY USHERD_CAUSE_COUNT /* refused before it gets to us */
#define NONE    USHER_CAUSE_NONE
#define ROW(name, text, cause)                                                                     \
    {                                                                                              \
        name, text, sizeof(text) - 1, cause                                                        \
    }

static const struct {
    const char *name, *bytes;
    size_t len;
    unsigned cause;
} rows[] = {
    ROW("plain", "GET / HTTP/1.1\r\n" HOST "\r\n", NONE),
    ROW("no fields in 1.0", "GET / HTTP/1.0\r\n\r\n", NONE),
    ROW("white space around values", "GET / HTTP/1.1\r\nHost: \t a \t\r\nX:\r\nY: \t \r\n\r\n",
        NONE),
    ROW("query", "GET /a?b=%20&c=d+e HTTP/1.1\r\n" HOST "\r\n", NONE),
    ROW("bytes above 127", "GET /\xc3\xa9 HTTP/1.1\r\n" HOST "X: \xff\xfe\r\n\r\n", NONE),
    ROW("every token character",
        "!#$%&'*+-.^_`|~09AZaz / HTTP/1.1\r\n" HOST "!#$%&'*+-.^_`|~: x\r\n\r\n", NONE),
    ROW("port and brackets", "GET / HTTP/1.1\r\nHost: [::1]:8080\r\n\r\n", NONE),
    ROW("empty host", "GET / HTTP/1.1\r\nHost:\r\n\r\n", NONE),
    ROW("length", "POST / HTTP/1.1\r\n" HOST "Content-Length: 5\r\n\r\n", NONE),
    ROW("chunked", "POST / HTTP/1.1\r\n" HOST "Transfer-Encoding: Chunked\r\n\r\n", NONE),

    ROW("LF everywhere", "GET / HTTP/1.1\nHost: a\n\n", USHERD_HEAD_BARE_LF),
    ROW("LF after the request line", "GET / HTTP/1.1\n" HOST "\r\n", USHERD_HEAD_BARE_LF),
    ROW("LF after the only field", "GET / HTTP/1.1\r\nHost: a\n\r\n", USHERD_HEAD_BARE_LF),
    ROW("LF between fields", "GET / HTTP/1.1\r\nHost: a\nX: y\r\n\r\n", USHERD_HEAD_BARE_LF),
    ROW("LF as the empty line", "GET / HTTP/1.1\r\n" HOST "\n", USHERD_HEAD_BARE_LF),
    ROW("LF LF", "GET / HTTP/1.1\r\nHost: a\n\n", USHERD_HEAD_BARE_LF),
    ROW("CR in a value", "GET / HTTP/1.1\r\n" HOST "X: a\rb\r\n\r\n", USHERD_HEAD_BARE_CR),
    ROW("CR CR LF", "GET / HTTP/1.1\r\n" HOST "X: a\r\r\n\r\n", USHERD_HEAD_BARE_CR),
    ROW("CR before a name", "GET / HTTP/1.1\r\n" HOST "\rX: a\r\n\r\n", USHERD_HEAD_BARE_CR),
    ROW("CR as a field that hides one", "GET / HTTP/1.1\r\n" HOST "X: a\rHost: b\r\n\r\n",
        USHERD_HEAD_BARE_CR),
    ROW("NUL in a value", "GET / HTTP/1.1\r\nX: a\0b\r\n" HOST "\r\n", USHERD_HEAD_NUL),
    ROW("NUL in the last value", "GET / HTTP/1.1\r\n" HOST "X: a\0b\r\n\r\n", USHERD_HEAD_NUL),
    ROW("NUL ends the last value", "GET / HTTP/1.1\r\n" HOST "X: a\0\r\n\r\n", USHERD_HEAD_NUL),
    ROW("NUL as the value", "GET / HTTP/1.1\r\nX: \0\r\n" HOST "\r\n", USHERD_HEAD_NUL),
    ROW("NUL in a name", "GET / HTTP/1.1\r\n" HOST "X\0: a\r\n\r\n", LIBRARY),
    ROW("NUL in the target", "GET /a\0b HTTP/1.1\r\n" HOST "\r\n", USHERD_HEAD_NUL),
    ROW("NUL after the version", "GET / HTTP/1.1\0\r\n" HOST "\r\n", LIBRARY),
    ROW("NUL in the method", "G\0T / HTTP/1.1\r\n" HOST "\r\n", USHERD_HEAD_SPACING),
    ROW("a line that begins with NUL", "GET / HTTP/1.1\r\n" HOST "\0junk\r\n\r\n", USHERD_HEAD_NUL),
    ROW("continued", "GET / HTTP/1.1\r\n" HOST "X: a\r\n b\r\n\r\n", USHERD_HEAD_FOLDED),
    ROW("continued with a tab", "GET / HTTP/1.1\r\n" HOST "X: a\r\n\tb\r\nY: c\r\n\r\n",
        USHERD_HEAD_FOLDED),
    ROW("continued twice", "GET / HTTP/1.1\r\nHost: a\r\n b\r\n c\r\n\r\n", USHERD_HEAD_FOLDED),
    ROW("continued by nothing", "GET / HTTP/1.1\r\n" HOST "X: a\r\n \r\n\r\n", USHERD_HEAD_FOLDED),
    ROW("first line continued", "GET / HTTP/1.1\r\n " HOST "\r\n", USHERD_HEAD_FOLDED),
    ROW("space before the colon", "GET / HTTP/1.1\r\nHost : a\r\n\r\n", USHERD_HEAD_SPACING),
    ROW("tab before the colon", "GET / HTTP/1.1\r\n" HOST "X\t: a\r\n\r\n", USHERD_HEAD_SPACING),
    ROW("space in a name", "GET / HTTP/1.1\r\n" HOST "X Y: a\r\n\r\n", USHERD_HEAD_NAME),
    ROW("no name", "GET / HTTP/1.1\r\n" HOST ": a\r\n\r\n", USHERD_HEAD_NAME),
    ROW("name of other bytes", "GET / HTTP/1.1\r\n" HOST "X\xc3\xa9: a\r\n\r\n", USHERD_HEAD_NAME),
    ROW("parenthesis in a name", "GET / HTTP/1.1\r\n" HOST "X(: a\r\n\r\n", USHERD_HEAD_NAME),
    ROW("colon and LF as the empty line", "GET / HTTP/1.1\r\n" HOST ":\nX: y\r\n\r\n",
        USHERD_HEAD_BARE_LF),
    ROW("no colon", "GET / HTTP/1.1\r\n" HOST "X\r\n\r\n", USHERD_HEAD_NAME),
    ROW("control byte in a value", "GET / HTTP/1.1\r\n" HOST "X: \x01\r\n\r\n",
        USHERD_HEAD_CONTROL),
    ROW("escape in a value", "GET / HTTP/1.1\r\n" HOST "X: \x1b[2J\r\n\r\n", USHERD_HEAD_CONTROL),
    ROW("DEL in a value", "GET / HTTP/1.1\r\n" HOST "X: \x7f\r\n\r\n", USHERD_HEAD_CONTROL),
    ROW("vertical tab before chunked",
        "POST / HTTP/1.1\r\n" HOST "Transfer-Encoding: \vchunked\r\n\r\n", USHERD_HEAD_CONTROL),

    ROW("two spaces before the target", "GET  / HTTP/1.1\r\n" HOST "\r\n", USHERD_HEAD_SPACING),
    ROW("two spaces behind it", "GET /  HTTP/1.1\r\n" HOST "\r\n", USHERD_HEAD_SPACING),
    ROW("space in it", "GET /a b HTTP/1.1\r\n" HOST "\r\n", USHERD_HEAD_SPACING),
    ROW("space behind the version", "GET / HTTP/1.1 \r\n" HOST "\r\n", USHERD_VERSION),
    ROW("no target", "GET HTTP/1.1\r\n" HOST "\r\n", LIBRARY),
    ROW("absolute form", "GET http://a/ HTTP/1.1\r\n" HOST "\r\n", USHERD_TARGET),
    ROW("asterisk", "OPTIONS * HTTP/1.1\r\n" HOST "\r\n", USHERD_TARGET),
    ROW("authority", "CONNECT a:80 HTTP/1.1\r\n" HOST "\r\n", USHERD_TARGET),
    ROW("fragment", "GET /#a HTTP/1.1\r\n" HOST "\r\n", USHERD_TARGET),
    ROW("control byte in the target", "GET /\x01 HTTP/1.1\r\n" HOST "\r\n", USHERD_TARGET),
    ROW("tab in the target", "GET /\t HTTP/1.1\r\n" HOST "\r\n", USHERD_TARGET),
    ROW("CR in the target", "GET /\r HTTP/1.1\r\n" HOST "\r\n", USHERD_TARGET),
    ROW("DEL in the target", "GET /\x7f HTTP/1.1\r\n" HOST "\r\n", USHERD_TARGET),
    ROW("method that is no token", "G(T / HTTP/1.1\r\n" HOST "\r\n", USHERD_METHOD),
    ROW("method of 33 letters", "GGGGGGGGGGGGGGGGGGGGGGGGGGGGGGGGG / HTTP/1.1\r\n" HOST "\r\n",
        USHERD_METHOD),
    ROW("no method", " / HTTP/1.1\r\n" HOST "\r\n", USHERD_METHOD),
    ROW("HTTP/1.2", "GET / HTTP/1.2\r\n" HOST "\r\n", USHERD_VERSION),
    ROW("http/1.1", "GET / http/1.1\r\n" HOST "\r\n", USHERD_VERSION),
    ROW("HTTP/1.10", "GET / HTTP/1.10\r\n" HOST "\r\n", USHERD_VERSION),

    ROW("no Host", "GET / HTTP/1.1\r\nX: a\r\n\r\n", USHERD_HOST_MISSING),
    ROW("no field at all", "GET / HTTP/1.1\r\n\r\n", USHERD_HOST_MISSING),
    ROW("two Hosts", "GET / HTTP/1.1\r\n" HOST "hOST: a\r\n\r\n", USHERD_HOST_REPEATED),
    ROW("two Hosts in 1.0", "GET / HTTP/1.0\r\n" HOST HOST "\r\n", USHERD_HOST_REPEATED),
    ROW("space in Host", "GET / HTTP/1.1\r\nHost: a b\r\n\r\n", USHERD_HOST_MALFORMED),
    ROW("slash in Host", "GET / HTTP/1.1\r\nHost: a/b\r\n\r\n", USHERD_HOST_MALFORMED),
    ROW("list in Host", "GET / HTTP/1.1\r\nHost: a,b\r\n\r\n", USHERD_HOST_MALFORMED),
    ROW("length beside chunked",
        "POST / HTTP/1.1\r\n" HOST "Content-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n",
        USHERD_LENGTH_AND_CHUNKED),
    ROW("chunked beside length",
        "POST / HTTP/1.1\r\n" HOST "transfer-encoding: chunked\r\ncontent-length: 3\r\n\r\n",
        USHERD_LENGTH_AND_CHUNKED),
    ROW("same length twice",
        "POST / HTTP/1.1\r\n" HOST "Content-Length: 3\r\nContent-Length: 3\r\n\r\n",
        USHERD_LENGTH_REPEATED),
    ROW("length list", "POST / HTTP/1.1\r\n" HOST "Content-Length: 3, 3\r\n\r\n",
        USHERD_LENGTH_MALFORMED),
    ROW("length with sign", "POST / HTTP/1.1\r\n" HOST "Content-Length: +3\r\n\r\n",
        USHERD_LENGTH_MALFORMED),
    ROW("length without digits", "POST / HTTP/1.1\r\n" HOST "Content-Length: \r\n\r\n",
        USHERD_LENGTH_MALFORMED),
    ROW("length in hex", "POST / HTTP/1.1\r\n" HOST "Content-Length: 0x3\r\n\r\n",
        USHERD_LENGTH_MALFORMED),
    ROW("length past 64 bits",
        "POST / HTTP/1.1\r\n" HOST "Content-Length: 18446744073709551616\r\n\r\n",
        USHERD_LENGTH_MALFORMED),
    ROW("gzip, chunked", "POST / HTTP/1.1\r\n" HOST "Transfer-Encoding: gzip, chunked\r\n\r\n",
        USHERD_TRANSFER_ENCODING),
    ROW("identity", "POST / HTTP/1.1\r\n" HOST "Transfer-Encoding: identity\r\n\r\n",
        USHERD_TRANSFER_ENCODING),
    ROW("xchunked", "POST / HTTP/1.1\r\n" HOST "Transfer-Encoding: xchunked\r\n\r\n",
        USHERD_TRANSFER_ENCODING),
    ROW("chunked, chunked",
        "POST / HTTP/1.1\r\n" HOST
        "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n",
        USHERD_TRANSFER_ENCODING),
    ROW("chunked in 1.0", "POST / HTTP/1.0\r\n" HOST "Transfer-Encoding: chunked\r\n\r\n",
        USHERD_TRANSFER_ENCODING),
};

static void test_each_kind_of_head(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        rig r;
        usherd_framing framing;
        unsigned cause = LIBRARY;

        if (rig_read(&r, rows[i].bytes, rows[i].len)) cause = usherd_head_check(&r.head, &framing);
        rig_free(&r);
        if (cause != rows[i].cause)
            fail_msg("%s: %s, not %s", rows[i].name, usherd_cause_word(cause),
                     usherd_cause_word(rows[i].cause));
    }
}

static void test_what_is_seen(void **state)
{
    static const char bytes[] =
        "POST /a?b HTTP/1.1\r\nHost:a\r\nX: \t y z \t\r\nContent-Length: 12\r\n\r\n";
    usherd_framing framing;
    rig r;

    (void)state;
    assert_true(rig_read(&r, bytes, sizeof bytes - 1));
    assert_int_equal(usherd_head_check(&r.head, &framing), 0);
    assert_str(r.head.method, "POST");
    assert_str(r.head.target, "/a?b");
    assert_int_equal(r.head.field_count, 3);
    assert_str(r.head.fields[0].value, "a");
    assert_str(r.head.fields[1].name, "X");
    assert_str(r.head.fields[1].value, "y z");
    assert_int_equal(framing.length, 12);
    assert_false(framing.chunked);
    assert_false(framing.close_after);
    rig_free(&r);
}

static void test_chunked_ends_the_connection(void **state)
{
    static const char bytes[] = "POST / HTTP/1.1\r\n" HOST "Transfer-Encoding: chunked\r\n\r\n";
    usherd_framing framing;
    rig r;

    (void)state;
    assert_true(rig_read(&r, bytes, sizeof bytes - 1));
    assert_int_equal(usherd_head_check(&r.head, &framing), 0);
    assert_true(framing.chunked);
    assert_true(framing.close_after);
    rig_free(&r);
}

/* What the account cannot see is seen before, or ends the connection. */
static void test_hidden_line_ends(void **state)
{
    static const struct {
        const char *bytes;
        size_t len;
    } cases[] = {
#define HIDDEN(text) {"GET / HTTP/1.1\r\n" HOST text, sizeof("GET / HTTP/1.1\r\n" HOST text) - 1}
        HIDDEN(":\nX: y\r\n\r\n"),
        HIDDEN("X: y\0\nZ: a\r\n\r\n"),
        HIDDEN("X: y\0\0\n\n"),
        HIDDEN("X: y\n\0\r\n"),
        HIDDEN("\r\n"),
#undef HIDDEN
    };
    const size_t line = sizeof "GET / HTTP/1.1\r\n" - 1;

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        for (size_t arrived = line; arrived <= cases[i].len; arrived++) {
            usherd_framing framing;
            rig r;
            assert_true(rig_read_pieces(&r, cases[i].bytes, cases[i].len, arrived));
            unsigned cause = usherd_head_check(&r.head, &framing);
            bool good = i == 4 && arrived == cases[i].len;
            if (!cause && framing.close_after == good)
                fail_msg("case %zu, %zu arrived", i, arrived);
            if (good) assert_int_equal(cause, 0);
            rig_free(&r);
        }
    }
}

/* Cookie fields are renamed on the way through the library; nobody else may call one so. */
static void test_renamed_cookies(void **state)
{
    static const struct {
        const char *fields;
        size_t late; /* bytes at the end that come after the request line was read */
        unsigned cause, cookies;
    } cases[] = {
        {"Cookie: a=b\r\ncOOKIE: c=d\r\n\r\n", 0, 0, 2},
        {"Cookie: a=b\r\nCookie: c=d\r\n\r\n", 15, 0, 2},
        {"Cookie: a=b\r\nCookies: c=d\r\nXCookie:\r\n\r\n", 0, 0, 1},
        {"\x01ookie: a=b\r\n\r\n", 0, USHERD_HEAD_NAME, 0},
        {"\x01ookie: a=b\r\n\r\n", 16, USHERD_HEAD_NAME, 0},
        {"Cookie: a=b\r\n\x01ookie: c=d\r\n\r\n", 16, USHERD_HEAD_NAME, 0},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char bytes[256];
        usherd_framing framing;
        unsigned cookies = 0;
        rig r;
        size_t len =
            (size_t)snprintf(bytes, sizeof bytes, "GET / HTTP/1.1\r\n" HOST "%s", cases[i].fields);

        assert_true(rig_read_pieces(&r, bytes, len, len - cases[i].late));
        unsigned cause = usherd_head_check(&r.head, &framing);
        if (cause != cases[i].cause) fail_msg("case %zu: %s", i, usherd_cause_word(cause));
        for (size_t j = 0; j < r.head.field_count && !cause; j++)
            cookies += usher_str_eq_case(r.head.fields[j].name, USHER_STR("cookie"));
        assert_int_equal(cookies, cases[i].cookies);
        rig_free(&r);
    }
}

static void test_number_of_fields(void **state)
{
    char bytes[4096];

    (void)state;
    for (size_t fields = 99; fields <= 102; fields++) {
        usherd_framing framing;
        size_t len = 0;
        rig r;

        len += (size_t)snprintf(bytes, sizeof bytes, "GET / HTTP/1.1\r\nHost: a\r\n");
        for (size_t i = 1; i < fields; i++)
            len += (size_t)snprintf(bytes + len, sizeof bytes - len, "X: y\r\n");
        len += (size_t)snprintf(bytes + len, sizeof bytes - len, "\r\n");
        assert_true(rig_read(&r, bytes, len));
        assert_int_equal(usherd_head_check(&r.head, &framing),
                         fields > USHERD_FIELDS_MAX ? USHERD_HEAD_FIELDS : 0);
        rig_free(&r);
    }
}

/* Whatever one byte is put anywhere into a good head, or taken out of it: never a line end or a NUL
 * that goes unseen, and never a read outside the buffer. */
static void test_one_byte_more_or_less(void **state)
{
    static const char good[] = "POST /a HTTP/1.1\r\nHost: a\r\nX: b c\r\nContent-Length: 3\r\n\r\n";
    static const char put[] = {0, '\r', '\n', '\t', 1, 127};
    const size_t len = sizeof good - 1;
    size_t accepted = 0;

    (void)state;
    for (size_t at = 1; at < len; at++) {
        for (size_t i = 0; i < sizeof put; i++) {
            char bytes[sizeof good + 1];
            usherd_framing framing;
            rig r;

            memcpy(bytes, good, at);
            bytes[at] = put[i];
            memcpy(bytes + at + 1, good + at, len - at);
            if (rig_read(&r, bytes, len + 1) && usherd_head_check(&r.head, &framing) == 0) {
                accepted++;
                /* White space around a value is the only thing that may be added; an empty line
                 * earlier ends the head, and what follows is the body's business. */
                bool early = r.head.size < len + 1;
                if (put[i] != '\t' && !early) fail_msg("byte %d at %zu", put[i], at);
            }
            rig_free(&r);
        }
    }
    assert_true(accepted > 5); /* control: tabs around values */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_each_kind_of_head),
        cmocka_unit_test(test_what_is_seen),
        cmocka_unit_test(test_chunked_ends_the_connection),
        cmocka_unit_test(test_hidden_line_ends),
        cmocka_unit_test(test_renamed_cookies),
        cmocka_unit_test(test_number_of_fields),
        cmocka_unit_test(test_one_byte_more_or_less),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
