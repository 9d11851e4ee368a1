#include "site/reader.h"

#include "site/nearest.h"
#include "tests/kit/kit.h"

static void test_durations(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        usher_setting_unit unit;
        bool good;
        int64_t value;
    } cases[] = {
        {"0", USHER_UNIT_S, true, 0},
        {"90", USHER_UNIT_S, true, 90},
        {"90s", USHER_UNIT_S, true, 90},
        {"15m", USHER_UNIT_S, true, 900},
        {"12h", USHER_UNIT_S, true, 43200},
        {"30d", USHER_UNIT_S, true, 2592000},
        {"2w", USHER_UNIT_S, true, 1209600},
        {"5000ms", USHER_UNIT_S, true, 5},
        {"5", USHER_UNIT_MS, true, 5000},
        {"250ms", USHER_UNIT_MS, true, 250},
        {"1m", USHER_UNIT_MS, true, 60000},
        {"500ms", USHER_UNIT_S, false, 0}, /* no whole second */
        {"", USHER_UNIT_S, false, 0},
        {"d", USHER_UNIT_S, false, 0},
        {"-1", USHER_UNIT_S, false, 0},
        {"+1", USHER_UNIT_S, false, 0},
        {"1.5h", USHER_UNIT_S, false, 0},
        {"1 h", USHER_UNIT_S, false, 0},
        {"1h30m", USHER_UNIT_S, false, 0},
        {"1H", USHER_UNIT_S, false, 0},
        {"1y", USHER_UNIT_S, false, 0},
        {"0x10", USHER_UNIT_S, false, 0},
        {"99999999999999999999", USHER_UNIT_S, false, 0},
        {"9223372036854775807w", USHER_UNIT_S, false, 0},
        {"9223372036854775", USHER_UNIT_MS, true, 9223372036854775000},
        {"9223372036854776", USHER_UNIT_MS, false, 0},
    };

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        int64_t value = -1;
        bool good = usher_duration_read(&value, kit_str(cases[i].text), cases[i].unit);
        if (good != cases[i].good || value != cases[i].value)
            fail_msg("'%s': %d, %lld", cases[i].text, good, (long long)value);
    }
}

static void test_sizes(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        bool good;
        int64_t value;
    } cases[] = {
        {"0", true, 0},
        {"65536", true, 65536},
        {"64KiB", true, 65536},
        {"1MiB", true, 1048576},
        {"", false, 0},
        {"KiB", false, 0},
        {"1kb", false, 0},
        {"1KB", false, 0},
        {"1 MiB", false, 0},
        {"-1", false, 0},
        {"1e3", false, 0},
        {"9223372036854775807", true, INT64_MAX},
        {"9223372036854775808", false, 0},
        {"9007199254740992KiB", false, 0},
    };

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        int64_t value = -1;
        bool good = usher_bytes_read(&value, kit_str(cases[i].text));
        if (good != cases[i].good || value != cases[i].value)
            fail_msg("'%s': %d, %lld", cases[i].text, good, (long long)value);
    }
}

static void test_nearest(void **state)
{
    (void)state;
    static const struct {
        const char *wrong, *meant;
    } cases[] = {
        {"baseUrl", "base_url"},
        {"base-url", "base_url"},
        {"bas_url", "base_url"},
        {"baes_url", "base_url"},
        {"basePath", "base_path"},
        {"sesion", "session"},
        {"session.stategy", "session.strategy"},
        {"session.maxAge", "session.max_age"},
        {"session.maxage", "session.max_age"},
        {"cookie", "cookies"},
        {"cookies.sesion", "cookies.session"},
        {"cookies.sameSite", "cookies.same_site"},
        {"page.signIn", "pages.sign_in"},
        {"pages.signIn", "pages.sign_in"},
        {"provider", "providers"},
        {"secrt", "secret"},
        {"openn", "open"},
        {"wholly_different", ""},
        {"x", ""},
        {"", ""},
        {"a_name_that_is_longer_than_any_setting_could_ever_be_written", ""},
    };

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        assert_str(usher_setting_nearest(&usher_site_table, kit_str(cases[i].wrong)),
                   cases[i].meant);
}

/* Every row is complete, and its default is one it would accept itself. */
static void test_rows_are_sound(void **state)
{
    (void)state;
    for (size_t t = 0; t < USHER_SETTING_TABLES; t++) {
        const usher_setting_table *table = usher_setting_tables[t];
        usher_value values[96];
        usher_complaints c = {usher_problems_new(), kit_str("defaults"), false};
        assert_true(table->count <= 96);
        usher_settings_read(values, &c, table, kit_str(table->name), NULL);
        assert_int_equal(usher_problems_count(c.list), 0);
        assert_false(c.no_memory);
        usher_problems_free(c.list);
        for (size_t i = 0; i < table->count; i++) {
            const usher_setting *row = &table->rows[i];
            assert_non_null(row->path);
            assert_true(row->fallback || row->note);
            assert_non_null(row->since);
            assert_true(strlen(row->help) > 5);
            assert_non_null(row->example);
            assert_true(row->min <= row->max);
            assert_true(!row->fallback || strcmp(row->fallback, row->example) != 0);
            assert_int_equal(row->words != NULL,
                             row->type == USHER_SETTING_WORD || row->type == USHER_SETTING_WORDS);
            assert_int_equal(row->unit != USHER_UNIT_NONE, row->type == USHER_SETTING_DURATION);
            for (size_t j = 0; j < i; j++)
                assert_string_not_equal(row->path, table->rows[j].path);
        }
    }
}

static void test_words(void **state)
{
    (void)state;
    assert_str(usher_setting_word("a|bc|d", 0), "a");
    assert_str(usher_setting_word("a|bc|d", 1), "bc");
    assert_str(usher_setting_word("a|bc|d", 2), "d");
    assert_null(usher_setting_word("a|bc|d", 3).ptr);
    assert_null(usher_setting_word(NULL, 0).ptr);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_durations), cmocka_unit_test(test_sizes),
        cmocka_unit_test(test_nearest),   cmocka_unit_test(test_rows_are_sound),
        cmocka_unit_test(test_words),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
