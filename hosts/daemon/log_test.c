#include "hosts/daemon/log.h"

#include <fcntl.h>
#include <unistd.h>

#include "hosts/daemon/counters.h"
#include "tests/kit/kit.h"
#include "wire/json.h"

/* A log that ends in a pipe. */
static int ends[2];
static usherd_log out;

static int begin(void **state)
{
    (void)state;
    if (pipe2(ends, O_NONBLOCK)) return -1;
    usherd_log_init(&out, ends[1]);
    return 0;
}

static int end(void **state)
{
    (void)state;
    usherd_log_deinit(&out);
    close(ends[0]);
    close(ends[1]);
    return 0;
}

/* What was written since the last call. Every line must be one JSON object. */
static usher_str written(void)
{
    static char text[65536];
    ssize_t n = read(ends[0], text, sizeof text);
    usher_str all = {text, n > 0 ? (size_t)n : 0}, rest = all;

    while (rest.len) {
        usher_json json;
        usher_str line = {rest.ptr, 0};
        const char *lf = memchr(rest.ptr, '\n', rest.len);
        if (!lf) fail_msg("no line end: %.*s", (int)rest.len, rest.ptr);
        line.len = (size_t)(lf - rest.ptr);
        if (usher_json_read(&json, line, &usher_json_limits_document, NULL) ||
            json.type != USHER_JSON_OBJECT)
            fail_msg("no JSON: %.*s", (int)line.len, line.ptr);
        rest = (usher_str){lf + 1, rest.len - line.len - 1};
    }
    return all;
}

static bool has(usher_str text, const char *z)
{
    return memmem(text.ptr, text.len, z, strlen(z)) != NULL;
}

static size_t lines_in(usher_str s)
{
    size_t n = 0;

    for (size_t i = 0; i < s.len; i++)
        n += s.ptr[i] == '\n';
    return n;
}

static void test_shape(void **state)
{
    usherd_line l;

    (void)state;
    usherd_line_begin(&l, &out, USHERD_WARNING, "request");
    usherd_line_str(&l, "path", USHER_STR("/a"));
    usherd_line_str(&l, "absent", (usher_str){0});
    usherd_line_z(&l, "absent", NULL);
    usherd_line_str(&l, "empty", USHER_STR(""));
    usherd_line_int(&l, "small", INT64_MIN);
    usherd_line_int(&l, "zero", 0);
    usherd_line_open(&l, "list", '[');
    usherd_line_item(&l, "one");
    usherd_line_item(&l, "two");
    usherd_line_close(&l, ']');
    usherd_line_open(&l, "map", '{');
    usherd_line_close(&l, '}');
    usherd_line_int(&l, "last", 7);
    usherd_line_end(&l);
    usher_str text = written();
    /* {"ts":"2026-01-01T00:00:00.123456Z", … */
    assert_memory_equal(text.ptr, "{\"ts\":\"2", 8);
    assert_int_equal(text.ptr[6 + 20], '.');
    assert_int_equal(text.ptr[6 + 27], 'Z');
    assert_str(((usher_str){text.ptr + 35, text.len - 35}),
               ",\"level\":\"warning\",\"event\":\"request\",\"path\":\"/a\",\"empty\":\"\","
               "\"small\":-9223372036854775808,\"zero\":0,\"list\":[\"one\",\"two\"],\"map\":{},"
               "\"last\":7}\n");
}

static void test_values_cannot_break_out(void **state)
{
    static const struct {
        usher_str in;
        const char *out;
    } cases[] = {
        {USHER_STR_INIT("a\"b\\c"), "\"v\":\"a\\\"b\\\\c\""},
        {USHER_STR_INIT("a\nb\r\0\x7f"), "\"v\":\"a\\u000ab\\u000d\\u0000\\u007f\""},
        {USHER_STR_INIT("\x1b[31m"), "\"v\":\"\\u001b[31m\""},
        {USHER_STR_INIT("caf\xc3\xa9"), "\"v\":\"caf\xc3\xa9\""},
        {USHER_STR_INIT("\xff\xc3(\xed\xa0\x80"), "\"v\":\"\\ufffd\\ufffd(\\ufffd\\ufffd\\ufffd\""},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        usherd_line l;
        usherd_line_begin(&l, &out, USHERD_INFO, "e");
        usherd_line_str(&l, "v", cases[i].in);
        usherd_line_end(&l);
        usher_str text = written();
        assert_int_equal(lines_in(text), 1);
        if (!has(text, cases[i].out)) fail_msg("%s in %.*s", cases[i].out, (int)text.len, text.ptr);
    }
}

static void test_any_bytes_make_a_line(void **state)
{
    uint64_t seed = 1;
    char bytes[600];

    (void)state;
    for (unsigned i = 0; i < 500; i++) {
        usherd_line l;
        size_t len = (size_t)(kit_next(&seed) % sizeof bytes);
        for (size_t j = 0; j < len; j++)
            bytes[j] = (char)kit_next(&seed);
        usherd_line_begin(&l, &out, USHERD_INFO, "e");
        usherd_line_str(&l, "v", (usher_str){bytes, len});
        usherd_line_end(&l);
        assert_int_equal(lines_in(written()), 1);
    }
}

static void test_bounded(void **state)
{
    char bytes[5000];
    usherd_line l;

    (void)state;
    memset(bytes, '\x01', sizeof bytes); /* six characters each */
    usherd_line_begin(&l, &out, USHERD_INFO, "e");
    usherd_line_str(&l, "cut", (usher_str){bytes, sizeof bytes});
    usherd_line_end(&l);
    usher_str text = written();
    assert_true(text.len > USHERD_LOG_VALUE_MAX * 6 && text.len < USHERD_LOG_VALUE_MAX * 6 + 150);
    assert_true(has(text, "\\u2026\"}"));

    usherd_line_begin(&l, &out, USHERD_INFO, "e"); /* more than fits */
    for (unsigned i = 0; i < 100; i++) {
        usherd_line_str(&l, "v", (usher_str){bytes, 200});
        usherd_line_open(&l, "map", '{');
        usherd_line_int(&l, "i", i);
        usherd_line_open(&l, "list", '[');
        usherd_line_item(&l, "x");
        usherd_line_close(&l, ']');
        usherd_line_close(&l, '}');
    }
    usherd_line_end(&l);
    assert_int_equal(lines_in(written()), 1);
    for (unsigned i = 0; i < 3000; i++) { /* brackets that never close in time */
        if (i == 0) usherd_line_begin(&l, &out, USHERD_INFO, "e");
        usherd_line_int(&l, "n", i);
    }
    usherd_line_open(&l, "map", '{');
    usherd_line_close(&l, '}');
    usherd_line_end(&l);
    assert_int_equal(lines_in(written()), 1);
}

static void test_a_stalled_reader_does_not_stall_us(void **state)
{
    usherd_line l;
    unsigned written_lines = 0;

    (void)state;
    for (unsigned i = 0; i < 20000; i++) {
        usherd_line_begin(&l, &out, USHERD_INFO, "e");
        usherd_line_end(&l);
    }
    uint64_t lost = atomic_load(&out.lost);
    assert_true(lost > 0);
    for (usher_str text; (text = written()).len;)
        written_lines += (unsigned)lines_in(text);
    assert_int_equal(written_lines + lost, 20000);
}

static void test_repetition_is_limited(void **state)
{
    unsigned said = 0;

    (void)state;
    for (unsigned i = 0; i < 1000; i++)
        said += usherd_log_may(&out, USHERD_HEAD_NUL, 100);
    assert_int_equal(said, USHERD_LOG_REPEATS);
    assert_true(usherd_log_may(&out, USHERD_HEAD_BARE_LF, 100)); /* another cause */
    usherd_log_sum_up(&out, 100);                                /* the second is not over */
    assert_int_equal(written().len, 0);
    usherd_log_sum_up(&out, 101);
    usher_str text = written();
    assert_int_equal(lines_in(text), 1);
    assert_true(has(text, "\"cause\":\"head_nul\",\"withheld\":990}"));
    usherd_log_sum_up(&out, 102); /* said once */
    assert_int_equal(written().len, 0);

    for (unsigned i = 0; i < 15; i++)
        (void)usherd_log_may(&out, USHERD_HEAD_NUL, 103);
    assert_true(usherd_log_may(&out, USHERD_HEAD_NUL, 104)); /* a new second says it itself */
    text = written();
    assert_true(has(text, "\"withheld\":5}"));
    assert_true(usherd_log_may(&out, USHERD_CAUSE_COUNT, 104)); /* no cause: no limit */
}

static void test_counters(void **state)
{
    static usherd_counters c;

    (void)state;
    usherd_counters_answer(&c, USHERD_ROUTE_HANDLE, 200);
    usherd_counters_answer(&c, USHERD_ROUTE_HANDLE, 200);
    usherd_counters_answer(&c, USHERD_ROUTE_FILE, 302);
    usherd_counters_answer(&c, USHERD_ROUTE_COUNT, 9999);
    usherd_counters_cause(&c, USHER_CAUSE_NONE);
    usherd_counters_cause(&c, USHER_CAUSE_TOKEN_FORGED);
    usherd_counters_cause(&c, USHERD_UNDECIDED);
    usherd_counters_cause(&c, USHERD_CAUSE_COUNT);
    usherd_counted(&c.sign_ins);
    usherd_counters_log(&c, NULL, &out);
    usher_str text = written();
    static const char expected[] =
        "\"sign_ins\":1,\"sign_outs\":0,\"log_lines_lost\":0,\"answers\":{\"none\":{"
        "\"000\":1},\"handle\":{\"200\":2},\"file\":{\"302\":1}},\"causes\":{"
        "\"token_forged\":1,\"undecided\":1}}";
    if (!has(text, expected)) fail_msg("%.*s", (int)text.len, text.ptr);

    for (unsigned i = 0; i < USHERD_CAUSE_COUNT; i++) /* all of them at once still make a line */
        atomic_store(&c.causes[i], UINT64_C(1) << 62);
    for (unsigned i = 0; i < USHERD_STATUS_MAX; i++)
        atomic_store(&c.answers[USHERD_ROUTE_HANDLE][i], UINT64_C(1) << 62);
    usherd_counters_log(&c, NULL, &out);
    assert_int_equal(lines_in(written()), 1);
}

static void test_counters_of_keys(void **state)
{
    static const char settings[] =
        "{\"base_url\":\"http://localhost:3000\",\"development\":true,\"secrets\":[\"a\",\"b\"],"
        "\"profile\":\"authjs-5\",\"accept\":[{\"profile\":\"nextauth-4\",\"secret\":\"c\"}]}";
    static usherd_counters c;
    usher_problems *problems;
    usher_site *site;

    (void)state;
    assert_int_equal(usher_site_new(&site, &problems, (usher_str){settings, sizeof settings - 1},
                                    NULL, NULL, NULL),
                     USHER_OK);
    usherd_counters_log(&c, site, &out);
    usher_str text = written();
    if (!has(text, "\"log_lines_lost\":0,\"keys\":["
                   "{\"format\":0,\"secret\":0,\"opened\":0,\"sealed\":0,\"failed\":0},"
                   "{\"format\":0,\"secret\":1,\"opened\":0,\"sealed\":0,\"failed\":0},"
                   "{\"format\":1,\"secret\":0,\"opened\":0,\"sealed\":0,\"failed\":0}"
                   "],\"answers\":{}"))
        fail_msg("%.*s", (int)text.len, text.ptr);
    usher_site_unref(site);
    usher_problems_free(problems);
}

static void test_words_are_distinct(void **state)
{
    (void)state;
    for (unsigned a = 0; a < USHERD_CAUSE_COUNT; a++)
        for (unsigned b = 0; b < a; b++)
            assert_string_not_equal(usherd_cause_word(a), usherd_cause_word(b));
    assert_string_equal(usherd_cause_word(USHERD_CAUSE_COUNT), "none");
    assert_string_equal(usherd_cause_word(USHERD_HEAD_MALFORMED), "head_malformed");
    assert_string_equal(usherd_cause_word(USHER_CAUSE_HOST), "host");
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, begin, end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_shape),
        TEST(test_values_cannot_break_out),
        TEST(test_any_bytes_make_a_line),
        TEST(test_bounded),
        TEST(test_a_stalled_reader_does_not_stall_us),
        TEST(test_repetition_is_limited),
        TEST(test_counters),
        TEST(test_counters_of_keys),
        TEST(test_words_are_distinct),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
