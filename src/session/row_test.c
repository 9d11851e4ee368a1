#include "session/row.h"

#include "tests/kit/kit.h"

#include "base/str.h"

#define SESSION "{\"sessionToken\":\"t\",\"userId\":7,\"expires\":\"2026-01-01T00:00:00.000Z\"}"
#define USER    "{\"id\":7,\"name\":\"Ada\",\"email\":\"a@b.c\",\"image\":null}"

static void begin(usher_arena *a)
{
    usher_arena_init(a, usher_allocator_default(), 1024, (size_t)1 << 20);
}

static void test_dates(void **state)
{
    static const struct {
        const char *json;
        bool ok;
        int64_t ms;
    } rows[] = {
        {"\"2026-01-01T00:00:00.000Z\"", true, INT64_C(1767225600000)},
        {"\"2026-01-01T00:00:00Z\"", true, INT64_C(1767225600000)},
        {"1767225600000", true, INT64_C(1767225600000)},
        {"1.7672256e12", true, INT64_C(1767225600000)},
        {"0", true, 0},
        {"253402300799999", true, INT64_C(253402300799999)},
        {"253402300800000", false, 0},
        {"-1", false, 0},
        {"1.5", false, 0},
        {"null", false, 0},
        {"true", false, 0},
        {"\"\"", false, 0},
        {"\"2026-01-01\"", false, 0},
        {"\"2026-01-01T00:00:00.000+01:00\"", false, 0},
        {"\"1767225600000\"", false, 0},
        {"\"2026-01-01T00:00:00.000\\u005a\"", false, 0},
        {"{}", false, 0},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        usher_json value;
        int64_t ms;

        assert_ok(usher_json_read(&value, kit_str(rows[i].json), &usher_json_limits_claims, NULL));
        if (usher_row_date(&ms, value) != rows[i].ok) fail_msg("%s", rows[i].json);
        if (rows[i].ok) assert_int_equal(ms, rows[i].ms);
    }
}

static void test_users(void **state)
{
    static const struct {
        const char *json, *id, *subject, *email; /* id NULL: no row */
    } rows[] = {
        {USER, "7", "7", "a@b.c"},
        {"{\"id\":\"7\"}", "\"7\"", "7", NULL},
        {"{\"id\":\"\\u00e9\",\"email\":null}", "\"\\u00e9\"", "é", NULL},
        {"{\"id\":7.50,\"email\":3}", "7.50", "7.50", NULL},
        {"{\"id\":\"a\",\"id\":\"b\"}", "\"b\"", "b", NULL},
        {"{\"id\":\"\"}", NULL, NULL, NULL},
        {"{\"id\":null}", NULL, NULL, NULL},
        {"{\"id\":true}", NULL, NULL, NULL},
        {"{\"id\":{}}", NULL, NULL, NULL},
        {"{}", NULL, NULL, NULL},
        {"[]", NULL, NULL, NULL},
        {"null", NULL, NULL, NULL},
        {"", NULL, NULL, NULL},
        {"{\"id\":7", NULL, NULL, NULL},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        usher_row_user user;
        usher_arena a;

        begin(&a);
        usher_status rc = usher_row_user_read(&user, &a, kit_str(rows[i].json), NULL);
        assert_int_equal(rc, rows[i].id ? USHER_OK : USHER_E_SYNTAX);
        if (rows[i].id) {
            assert_str(user.id, rows[i].id);
            assert_str(user.subject, rows[i].subject);
            assert_str(user.text, rows[i].json);
            if (rows[i].email) assert_str(user.email, rows[i].email);
        }
        if (!rows[i].email) assert_null(user.email.ptr);
        if (!rows[i].id) assert_null(user.text.ptr);
        usher_arena_deinit(&a);
    }
}

static void test_sessions(void **state)
{
    static const struct {
        const char *json;
        bool ok;
    } rows[] = {
        {SESSION, true},
        {"{\"sessionToken\":\"t\",\"expires\":1}", true},
        {"{\"sessionToken\":\"\",\"expires\":1}", false},
        {"{\"sessionToken\":7,\"expires\":1}", false},
        {"{\"sessionToken\":\"t\"}", false},
        {"{\"sessionToken\":\"t\",\"expires\":null}", false},
        {"{\"expires\":1}", false},
        {"7", false},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        usher_row_session session;
        usher_arena a;

        begin(&a);
        assert_int_equal(usher_row_session_read(&session, &a, kit_str(rows[i].json), NULL),
                         rows[i].ok ? USHER_OK : USHER_E_SYNTAX);
        if (rows[i].ok) assert_str(session.token, "t");
        if (!rows[i].ok) assert_null(session.token.ptr);
        usher_arena_deinit(&a);
    }
}

static void test_longest_token(void **state)
{
    char json[USHER_ROW_TOKEN_MAX + 64];

    (void)state;
    for (int more = 0; more < 2; more++) {
        usher_row_session session;
        usher_arena a;

        snprintf(json, sizeof json, "{\"sessionToken\":\"%0*d\",\"expires\":1}",
                 USHER_ROW_TOKEN_MAX + more, 0);
        begin(&a);
        assert_int_equal(usher_row_session_read(&session, &a, kit_str(json), NULL),
                         more ? USHER_E_SYNTAX : USHER_OK);
        usher_arena_deinit(&a);
    }
}

static void test_both(void **state)
{
    static const struct {
        const char *json;
        usher_status rc;
        bool found;
    } rows[] = {
        {"{\"session\":" SESSION ",\"user\":" USER "}", USHER_OK, true},
        {"null", USHER_OK, false},
        {"{\"session\":null,\"user\":" USER "}", USHER_OK, false},
        {"{\"session\":" SESSION ",\"user\":null}", USHER_OK, false},
        {"{\"session\":" SESSION "}", USHER_E_SYNTAX, false},
        {"{\"user\":" USER "}", USHER_E_SYNTAX, false},
        {"{\"session\":[],\"user\":" USER "}", USHER_E_SYNTAX, false},
        {"{}", USHER_E_SYNTAX, false},
        {"\"null\"", USHER_E_SYNTAX, false},
        {"", USHER_E_SYNTAX, false},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        usher_row_session session;
        usher_row_user user;
        usher_arena a;
        bool found;

        begin(&a);
        if (usher_row_read(&session, &user, &found, &a, kit_str(rows[i].json), NULL) != rows[i].rc)
            fail_msg("%s", rows[i].json);
        assert_int_equal(found, rows[i].found);
        assert_int_equal(session.token.ptr != NULL, found);
        assert_int_equal(user.id.ptr != NULL, found);
        usher_arena_deinit(&a);
    }
}

static void test_shown(void **state)
{
    static const char row[] =
        "{\"session\":{\"id\":9,\"sessionToken\":\"t\",\"user\":\"x\",\"expires\":0},"
        "\"user\":{\"id\":7,\"name\":\"A\\u0064a\",\"image\":null,\"role\":\"admin\"}}";
    usher_row_session session;
    usher_row_user user;
    usher_str text;
    usher_arena a;
    bool found;

    (void)state;
    begin(&a);
    assert_ok(usher_row_read(&session, &user, &found, &a, kit_str(row), NULL));
    assert_ok(usher_row_claims(&text, &a, &user, NULL));
    assert_str(text, "{\"name\":\"A\\u0064a\",\"picture\":null,\"sub\":\"7\"}");
    assert_ok(usher_row_json(&text, &a, &session, &user, false, NULL));
    assert_str(text, "{\"user\":{\"name\":\"A\\u0064a\",\"image\":null},"
                     "\"expires\":\"1970-01-01T00:00:00.000Z\"}");
    assert_ok(usher_row_json(&text, &a, &session, &user, true, NULL));
    assert_str(text, "{\"id\":9,\"sessionToken\":\"t\",\"expires\":0,\"user\":{\"id\":7,"
                     "\"name\":\"A\\u0064a\",\"image\":null,\"role\":\"admin\"}}");
    usher_arena_deinit(&a);
}

static void test_without_memory(void **state)
{
    static const char row[] = "{\"session\":{\"sessionToken\":\"\\u0074\",\"expires\":0},"
                              "\"user\":{\"id\":\"\\u0037\",\"email\":\"\\u0061\"}}";
    kit_alloc memory;
    size_t at = 0;

    (void)state;
    do {
        memory = (kit_alloc){.fail_at = at++};
        usher_allocator alloc = kit_allocator(&memory);
        usher_row_session session;
        usher_row_user user;
        usher_arena a;
        usher_str text;
        bool found;

        usher_arena_init(&a, &alloc, 64, (size_t)1 << 20);
        usher_status rc = usher_row_read(&session, &user, &found, &a, kit_str(row), NULL);
        if (!rc) rc = usher_row_claims(&text, &a, &user, NULL);
        if (!rc) rc = usher_row_json(&text, &a, &session, &user, true, NULL);
        assert_int_equal(rc, memory.failed ? USHER_E_NOMEM : USHER_OK);
        usher_arena_deinit(&a);
        assert_int_equal(memory.live, 0);
    } while (memory.failed);
    assert_true(at > 1); /* a plain arena asks its allocator a few times only */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_dates),          cmocka_unit_test(test_users),
        cmocka_unit_test(test_sessions),       cmocka_unit_test(test_longest_token),
        cmocka_unit_test(test_both),           cmocka_unit_test(test_shown),
        cmocka_unit_test(test_without_memory),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
