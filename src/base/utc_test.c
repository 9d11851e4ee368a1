#include "base/utc.h"

#include "tests/kit/kit.h"

/* What JavaScript prints: toISOString and toUTCString of Node 20.20.2. */
static const struct {
    int64_t ms;
    const char *iso, *http;
} moments[] = {
    {INT64_C(0), "1970-01-01T00:00:00.000Z", "Thu, 01 Jan 1970 00:00:00 GMT"},
    {INT64_C(1), "1970-01-01T00:00:00.001Z", "Thu, 01 Jan 1970 00:00:00 GMT"},
    {INT64_C(-1), "1969-12-31T23:59:59.999Z", "Wed, 31 Dec 1969 23:59:59 GMT"},
    {INT64_C(999), "1970-01-01T00:00:00.999Z", "Thu, 01 Jan 1970 00:00:00 GMT"},
    {INT64_C(1000), "1970-01-01T00:00:01.000Z", "Thu, 01 Jan 1970 00:00:01 GMT"},
    {INT64_C(-1000), "1969-12-31T23:59:59.000Z", "Wed, 31 Dec 1969 23:59:59 GMT"},
    {INT64_C(951782399999), "2000-02-28T23:59:59.999Z", "Mon, 28 Feb 2000 23:59:59 GMT"},
    {INT64_C(951782400000), "2000-02-29T00:00:00.000Z", "Tue, 29 Feb 2000 00:00:00 GMT"},
    {INT64_C(951868800000), "2000-03-01T00:00:00.000Z", "Wed, 01 Mar 2000 00:00:00 GMT"},
    {INT64_C(1709164799999), "2024-02-28T23:59:59.999Z", "Wed, 28 Feb 2024 23:59:59 GMT"},
    {INT64_C(1709164800000), "2024-02-29T00:00:00.000Z", "Thu, 29 Feb 2024 00:00:00 GMT"},
    {INT64_C(1709251200000), "2024-03-01T00:00:00.000Z", "Fri, 01 Mar 2024 00:00:00 GMT"},
    {INT64_C(2147483647000), "2038-01-19T03:14:07.000Z", "Tue, 19 Jan 2038 03:14:07 GMT"},
    {INT64_C(2147483648000), "2038-01-19T03:14:08.000Z", "Tue, 19 Jan 2038 03:14:08 GMT"},
    {INT64_C(4294967295999), "2106-02-07T06:28:15.999Z", "Sun, 07 Feb 2106 06:28:15 GMT"},
    {INT64_C(4294967296000), "2106-02-07T06:28:16.000Z", "Sun, 07 Feb 2106 06:28:16 GMT"},
    {INT64_C(253402300799999), "9999-12-31T23:59:59.999Z", "Fri, 31 Dec 9999 23:59:59 GMT"},
    {INT64_C(-62167219200000), "0000-01-01T00:00:00.000Z", "Sat, 01 Jan 0000 00:00:00 GMT"},
    {INT64_C(-62162121600000), "0000-02-29T00:00:00.000Z", "Tue, 29 Feb 0000 00:00:00 GMT"},
    {INT64_C(-62162035200000), "0000-03-01T00:00:00.000Z", "Wed, 01 Mar 0000 00:00:00 GMT"},
    {INT64_C(-2208988800000), "1900-01-01T00:00:00.000Z", "Mon, 01 Jan 1900 00:00:00 GMT"},
    {INT64_C(-2203891200001), "1900-02-28T23:59:59.999Z", "Wed, 28 Feb 1900 23:59:59 GMT"},
    {INT64_C(-2203891200000), "1900-03-01T00:00:00.000Z", "Thu, 01 Mar 1900 00:00:00 GMT"},
    {INT64_C(1767225600000), "2026-01-01T00:00:00.000Z", "Thu, 01 Jan 2026 00:00:00 GMT"},
    {INT64_C(1798761599999), "2026-12-31T23:59:59.999Z", "Thu, 31 Dec 2026 23:59:59 GMT"},
    {INT64_C(4107542399999), "2100-02-28T23:59:59.999Z", "Sun, 28 Feb 2100 23:59:59 GMT"},
    {INT64_C(4107542400000), "2100-03-01T00:00:00.000Z", "Mon, 01 Mar 2100 00:00:00 GMT"},
    {INT64_C(13569465600000), "2400-01-01T00:00:00.000Z", "Sat, 01 Jan 2400 00:00:00 GMT"},
    {INT64_C(-12219292800000), "1582-10-15T00:00:00.000Z", "Fri, 15 Oct 1582 00:00:00 GMT"},
    {INT64_C(-11676096000000), "1600-01-01T00:00:00.000Z", "Sat, 01 Jan 1600 00:00:00 GMT"},
    {INT64_C(946684800000), "2000-01-01T00:00:00.000Z", "Sat, 01 Jan 2000 00:00:00 GMT"},
    {INT64_C(1790000000123), "2026-09-21T14:13:20.123Z", "Mon, 21 Sep 2026 14:13:20 GMT"},
};

static usher_str iso(char text[USHER_ISO_LEN], int64_t ms)
{
    usher_iso_from_ms(text, ms);
    return (usher_str){text, USHER_ISO_LEN};
}

static usher_str http(char text[USHER_HTTP_DATE_LEN], int64_t s)
{
    usher_http_date_from_s(text, s);
    return (usher_str){text, USHER_HTTP_DATE_LEN};
}

static int64_t floor_s(int64_t ms)
{
    return ms / 1000 - (ms % 1000 < 0);
}

static void test_moments(void **state)
{
    (void)state;
    char text[64];

    for (size_t i = 0; i < sizeof moments / sizeof *moments; i++) {
        int64_t back = 42;
        assert_str(iso(text, moments[i].ms), moments[i].iso);
        assert_str(http(text, floor_s(moments[i].ms)), moments[i].http);
        assert_true(usher_iso_to_ms(&back, kit_str(moments[i].iso)));
        assert_int_equal(back, moments[i].ms);
    }
}

static void test_what_is_outside_is_clamped(void **state)
{
    (void)state;
    char text[64];
    static const int64_t before[] = {INT64_MIN, INT64_MIN + 1, INT64_C(-62167219200001)};
    static const int64_t after[] = {INT64_MAX, INT64_MAX - 1, INT64_C(253402300800000)};

    for (size_t i = 0; i < 3; i++) {
        assert_str(iso(text, before[i]), "0000-01-01T00:00:00.000Z");
        assert_str(iso(text, after[i]), "9999-12-31T23:59:59.999Z");
    }
    static const int64_t too_early[] = {INT64_MIN, INT64_MIN / 1000, INT64_C(-62167219201)};
    static const int64_t too_late[] = {INT64_MAX, INT64_MAX / 1000 + 1, INT64_C(253402300800)};
    for (size_t i = 0; i < 3; i++) {
        assert_str(http(text, too_early[i]), "Sat, 01 Jan 0000 00:00:00 GMT");
        assert_str(http(text, too_late[i]), "Fri, 31 Dec 9999 23:59:59 GMT");
    }
}

static bool is_leap(int year)
{
    return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
}

/* A calendar that counts, against the one that computes: each day of ten thousand years. */
static void test_every_day(void **state)
{
    (void)state;
    static const int lengths[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    static const char *names[] = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
    int64_t day = -719528; /* 0000-01-01 */
    int weekday = 6;
    char text[64], expected[64];

    for (int year = 0; year <= 9999; year++)
        for (int month = 0; month < 12; month++) {
            int last = lengths[month] + (month == 1 && is_leap(year));
            for (int d = 1; d <= last; d++, day++, weekday = (weekday + 1) % 7) {
                if (year > 1800 && year < 2200)
                    snprintf(expected, sizeof expected, "%04d-%02d-%02dT00:00:00.000Z", year,
                             month + 1, d);
                else if (d != 1 && d != last) /* the edges of each month are enough */
                    continue;
                else
                    snprintf(expected, sizeof expected, "%04d-%02d-%02dT00:00:00.000Z", year,
                             month + 1, d);
                assert_str(iso(text, day * 86400000), expected);
                int64_t back;
                assert_true(usher_iso_to_ms(&back, kit_str(expected)));
                assert_true(back == day * 86400000);
                usher_http_date_from_s(text, day * 86400 + 86399);
                assert_memory_equal(text, names[weekday], 3);
                assert_memory_equal(text + 16, " 23:59:59 GMT", 13);
            }
            snprintf(expected, sizeof expected, "%04d-%02d-%02dT00:00:00Z", year, month + 1,
                     last + 1);
            int64_t none = 42;
            assert_false(usher_iso_to_ms(&none, kit_str(expected)));
            assert_int_equal(none, 0);
        }
    assert_int_equal(day, 2932897); /* 10000-01-01 */
}

static void test_any_moment_comes_back(void **state)
{
    (void)state;
    uint64_t seed = 7;
    char text[USHER_ISO_LEN];

    for (int i = 0; i < 100000; i++) {
        int64_t ms =
            (int64_t)(kit_next(&seed) % UINT64_C(315569520000000)) - INT64_C(62167219200000);
        int64_t back, seconds;
        assert_true(usher_iso_to_ms(&back, iso(text, ms)));
        assert_true(back == ms);
        text[19] = 'Z';
        assert_true(usher_iso_to_ms(&seconds, (usher_str){text, 20}));
        assert_true(seconds == floor_s(ms) * 1000);
    }
}

static void test_what_is_read(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        bool ok;
        int64_t ms;
    } rows[] = {
        {"2026-11-22T10:20:30.456Z", true, INT64_C(1795342830456)},
        {"2026-11-22T10:20:30Z", true, INT64_C(1795342830000)},
        {"2024-02-29T23:59:59.999Z", true, INT64_C(1709251199999)},
        {"2000-02-29T00:00:00Z", true, INT64_C(951782400000)},
        {"", false, 0},
        {"2026-11-22", false, 0},
        {"2026-11-22T10:20:30", false, 0},
        {"2026-11-22T10:20:30.456", false, 0},
        {"2026-11-22T10:20:30.4567Z", false, 0},
        {"2026-11-22T10:20:30.45Z", false, 0},
        {"2026-11-22T10:20:30,456Z", false, 0},
        {"2026-11-22T10:20:30.456z", false, 0},
        {"2026-11-22t10:20:30.456Z", false, 0},
        {"2026-11-22 10:20:30.456Z", false, 0},
        {"2026-11-22T10:20:30+0000", false, 0},
        {"2026/11/22T10:20:30.456Z", false, 0},
        {"2026-11-22T10.20.30.456Z", false, 0},
        {"2026-00-22T10:20:30.456Z", false, 0},
        {"2026-13-22T10:20:30.456Z", false, 0},
        {"2026-11-00T10:20:30.456Z", false, 0},
        {"2026-11-31T10:20:30.456Z", false, 0},
        {"2023-02-29T10:20:30.456Z", false, 0},
        {"1900-02-29T10:20:30.456Z", false, 0},
        {"2100-02-29T10:20:30.456Z", false, 0},
        {"2026-11-22T24:00:00.000Z", false, 0},
        {"2026-11-22T23:60:00.000Z", false, 0},
        {"2016-12-31T23:59:60.000Z", false, 0}, /* JavaScript has no leap seconds either */
        {"+026-11-22T10:20:30.456Z", false, 0},
        {"-026-11-22T10:20:30.456Z", false, 0},
        {" 026-11-22T10:20:30.456Z", false, 0},
        {"2026-11-22T10:20:30.-56Z", false, 0},
        {"2026-1a-22T10:20:30.456Z", false, 0},
        {"+002026-11-22T10:20:30Z", false, 0},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        int64_t ms = 42;
        if (usher_iso_to_ms(&ms, kit_str(rows[i].text)) != rows[i].ok || ms != rows[i].ms)
            fail_msg("\"%s\"", rows[i].text);
    }
    int64_t ms = 42;
    assert_false(usher_iso_to_ms(&ms, (usher_str){0}));
    assert_false(usher_iso_to_ms(&ms, USHER_STR("2026-11-22T10:20:30\0")));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_moments),      cmocka_unit_test(test_what_is_outside_is_clamped),
        cmocka_unit_test(test_every_day),    cmocka_unit_test(test_any_moment_comes_back),
        cmocka_unit_test(test_what_is_read),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
