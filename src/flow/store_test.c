/* Sessions that are rows of Auth.js' two systems: found, renewed, ended; each step on the rows
 * failed in turn, each allocation refused in turn. */
#include "tests/kit/browser.h"

#include "base/str.h"

#define NOW_S  INT64_C(1767225600) /* 2026-01-01T00:00:00Z */
#define DAY_S  INT64_C(86400)
#define TOKEN  "0b9c6f3e-7d1a-4c55-9a3e-2f4b8d6c1a70"
#define SECRET "0123456789abcdef-test-only-0123456789abcdef"

typedef struct system_row {
    const char *profile, *cookie, *nobody;
} system_row;

static const system_row systems[] = {
    {"nextauth-4", "next-auth.session-token", "{}"},
    {"authjs-5", "authjs.session-token", "null"},
};

typedef struct rig {
    browser b;
    kit_store store;
    const char *cookie;
} rig;

static void open_site(rig *r, const char *profile, const char *more)
{
    char json[2048];

    snprintf(json, sizeof json,
             "{\"base_url\":\"http://localhost:3000\",\"development\":true,\"profile\":\"%s\","
             "\"secret\":\"" SECRET "\",\"session\":{\"strategy\":\"database\"}%s}",
             profile, more);
    browser_start(&r->b, kit_site(json), NOW_S);
    kit_store_init(&r->store);
    r->b.store = &r->store;
}

static void put_session(rig *r, const char *expires)
{
    char row[512];

    snprintf(row, sizeof row, "{\"id\":9,\"sessionToken\":\"%s\",\"userId\":7,\"expires\":\"%s\"}",
             TOKEN, expires);
    kit_store_put(&r->store, KIT_SESSIONS, TOKEN, row);
}

static void open_rig(rig *r, const system_row *system, const char *expires, const char *more)
{
    open_site(r, system->profile, more);
    r->cookie = system->cookie;
    kit_store_put(&r->store, KIT_USERS, "7",
                  "{\"id\":7,\"name\":\"Ada\",\"email\":\"ada@example.com\","
                  "\"emailVerified\":null,\"image\":null,\"role\":\"admin\"}");
    put_session(r, expires);
    browser_put_cookie(&r->b, kit_str(system->cookie), USHER_STR(TOKEN));
}

static void get(rig *r, const char *target)
{
    r->store.step_count = 0;
    browser_ask(&r->b, usher_handle, "GET", target, NULL, NULL, NULL);
}

static void ask(rig *r, usher_operation_fn *op)
{
    r->store.step_count = 0;
    browser_ask(&r->b, op, "GET", "/closed", NULL, NULL, NULL);
}

static void get_session(rig *r)
{
    get(r, "/api/auth/session");
    assert_int_equal(r->b.rc, USHER_OK);
    assert_int_equal(r->b.status, 200);
}

/* The first visit sets the CSRF and callback-url cookies, which are not what is counted below. */
static void settle_in(rig *r)
{
    get(r, "/api/auth/csrf");
    assert_string_equal(kit_store_steps(&r->store), "");
    assert_int_equal(sscanf(r->b.body, "{\"csrfToken\":\"%64[0-9a-f]\"}", r->b.csrf), 1);
}

/* --- reading ---------------------------------------------------------------------------------- */

static void test_found(void **state)
{
    (void)state;
    for (size_t i = 0; i < 2; i++) {
        rig r;

        open_rig(&r, &systems[i], "2026-01-30T23:00:00.000Z", "");
        settle_in(&r);
        get_session(&r);
        assert_int_equal(r.b.verdict, USHER_SESSION_VALID);
        assert_string_equal(r.b.body, "{\"user\":{\"name\":\"Ada\",\"email\":\"ada@example.com\","
                                      "\"image\":null},\"expires\":\"2026-01-30T23:00:00.000Z\"}");
        assert_string_equal(r.b.session, "{\"name\":\"Ada\",\"email\":\"ada@example.com\","
                                         "\"picture\":null,\"sub\":\"7\"}");
        /* young: its row stays, its cookie is sent again */
        assert_string_equal(kit_store_steps(&r.store), "getSessionAndUser");
        assert_int_equal(r.b.set_cookies, 1);
        assert_string_equal(r.b.jar[browser_find(&r.b, r.cookie)][1], TOKEN);

        ask(&r, usher_guard);
        assert_int_equal(r.b.decision, USHER_ALLOW);
        ask(&r, usher_get_token);
        assert_int_equal(r.b.verdict, USHER_SESSION_VALID);
        assert_string_equal(kit_store_steps(&r.store), "getSessionAndUser");
        browser_close(&r.b);
    }
}

static void test_not_found(void **state)
{
    (void)state;
    for (size_t i = 0; i < 2; i++) {
        rig r;

        open_rig(&r, &systems[i], "2026-01-30T23:00:00.000Z", "");
        settle_in(&r);
        r.store.count--; /* the session's row */
        get_session(&r);
        assert_int_equal(r.b.verdict, USHER_SESSION_REJECTED);
        assert_int_equal(r.b.cause, USHER_CAUSE_SESSION_UNKNOWN);
        assert_string_equal(r.b.body, systems[i].nobody);
        assert_int_equal(browser_find(&r.b, r.cookie), r.b.cookies);

        /* without a cookie nothing is asked, nor for one that is longer than any */
        get_session(&r);
        assert_string_equal(kit_store_steps(&r.store), "");
        char *large = calloc(1, 1026);
        memset(large, 'a', 1025);
        browser_put_cookie(&r.b, kit_str(r.cookie), kit_str(large));
        free(large);
        get_session(&r);
        assert_int_equal(r.b.verdict, USHER_SESSION_REJECTED);
        assert_int_equal(r.b.cause, USHER_CAUSE_TOKEN_TOO_LARGE);
        assert_string_equal(kit_store_steps(&r.store), "");
        browser_close(&r.b);
    }
}

static void test_expired(void **state)
{
    static const struct {
        const char *expires;
        bool valid;
    } rows[] = {{"2026-01-01T00:00:00.000Z", true}, {"2025-12-31T23:59:59.999Z", false}};

    (void)state;
    for (size_t i = 0; i < 4; i++) {
        rig r;

        open_rig(&r, &systems[i % 2], rows[i / 2].expires, "");
        settle_in(&r);
        get_session(&r);
        if (rows[i / 2].valid) {
            assert_int_equal(r.b.verdict, USHER_SESSION_VALID);
        } else {
            assert_int_equal(r.b.verdict, USHER_SESSION_EXPIRED);
            assert_string_equal(kit_store_steps(&r.store), "getSessionAndUser deleteSession");
            assert_int_equal(kit_store_count(&r.store, KIT_SESSIONS), 0);
            assert_string_equal(r.b.body, systems[i % 2].nobody);
            assert_int_equal(browser_find(&r.b, r.cookie), r.b.cookies);
        }
        browser_close(&r.b);
    }
}

/* --- renewing --------------------------------------------------------------------------------- */

static void test_rolled(void **state)
{
    /* 30 days to live, written anew after one */
    static const struct {
        const char *expires, *settings;
        bool rolled;
    } rows[] = {
        {"2026-01-30T00:00:00.000Z", "", true},
        {"2026-01-30T00:00:00.001Z", "", false},
        {"2026-01-02T00:00:00.000Z", "", true},
        {"2026-02-28T00:00:00.000Z", "", false}, /* the clock was set back */
    };

    (void)state;
    for (size_t i = 0; i < 2 * sizeof rows / sizeof *rows; i++) {
        rig r;

        open_rig(&r, &systems[i % 2], rows[i / 2].expires, rows[i / 2].settings);
        settle_in(&r);
        get_session(&r);
        assert_int_equal(r.b.verdict, USHER_SESSION_VALID);
        assert_true(r.b.written);
        assert_non_null(strstr(r.b.body, rows[i / 2].expires)); /* what was read */
        assert_string_equal(kit_store_steps(&r.store), rows[i / 2].rolled
                                                           ? "getSessionAndUser updateSession"
                                                           : "getSessionAndUser");
        const char *row = kit_store_get(&r.store, KIT_SESSIONS, TOKEN);
        assert_non_null(strstr(row, rows[i / 2].rolled ? "\"expires\":\"2026-01-31T00:00:00.000Z\""
                                                       : rows[i / 2].expires));
        assert_non_null(strstr(row, "\"id\":9"));
        browser_close(&r.b);
    }
}

static void sign_out(rig *r)
{
    char body[256];

    snprintf(body, sizeof body, "csrfToken=%s", r->b.csrf);
    r->store.step_count = 0;
    browser_ask(&r->b, usher_handle, "POST", "/api/auth/signout", body, NULL, NULL);
}

/* An adapter may keep digests, and answer with a row as it is: the session's key is what the
 * browser has, for its cookie and for every further step. */
static void test_row_without_the_key(void **state)
{
    (void)state;
    for (size_t i = 0; i < 2; i++) {
        rig r;

        open_rig(&r, &systems[i], "2026-01-02T00:00:00.000Z", "");
        kit_store_put(&r.store, KIT_SESSIONS, TOKEN,
                      "{\"sessionToken\":\"digest-of-it\",\"userId\":7,"
                      "\"expires\":\"2026-01-02T00:00:00.000Z\"}");
        settle_in(&r);
        get_session(&r);
        assert_int_equal(r.b.verdict, USHER_SESSION_VALID);
        assert_string_equal(r.b.jar[browser_find(&r.b, r.cookie)][1], TOKEN);
        assert_string_equal(kit_store_steps(&r.store), "getSessionAndUser updateSession");
        assert_non_null(strstr(kit_store_get(&r.store, KIT_SESSIONS, TOKEN),
                               "\"expires\":\"2026-01-31T00:00:00.000Z\""));
        sign_out(&r);
        assert_true(r.b.signed_out);
        assert_int_equal(kit_store_count(&r.store, KIT_SESSIONS), 0);
        browser_close(&r.b);
    }
}

/* A proxy asks; it hands on one Set-Cookie, and a row needs no more. */
static void test_rolled_for_a_proxy(void **state)
{
    static const char *const expires[] = {"2026-01-02T00:00:00.000Z", "2026-01-30T23:00:00.000Z"};

    (void)state;
    for (size_t i = 0; i < 4; i++) {
        rig r;

        open_rig(&r, &systems[i % 2], expires[i / 2], "");
        ask(&r, usher_forward_auth);
        assert_int_equal(r.b.decision, USHER_ALLOW);
        assert_string_equal(r.b.user_header, "7");
        assert_string_equal(kit_store_steps(&r.store),
                            i / 2 ? "getSessionAndUser" : "getSessionAndUser updateSession");
        assert_int_equal(r.b.set_cookies, i / 2 ? 0 : 1);
        browser_close(&r.b);
    }
}

static void test_read_only_asks_and_writes_nothing(void **state)
{
    (void)state;
    for (size_t i = 0; i < 4; i++) {
        usher_header cookie;
        usher_request request = {.size = sizeof request,
                                 .method = USHER_STR("GET"),
                                 .target = USHER_STR("/"),
                                 .headers = &cookie,
                                 .header_count = 1,
                                 .read_only = true};
        usher_exchange *ex;
        usher_want want;
        char line[128];
        rig r;

        open_rig(&r, &systems[i % 2], i < 2 ? "2026-01-02T00:00:00Z" : "2025-01-01T00:00:00Z", "");
        snprintf(line, sizeof line, "%s=" TOKEN, r.cookie);
        cookie = (usher_header){USHER_STR("Cookie"), kit_str(line)};
        assert_ok(usher_exchange_new(&ex, NULL, NULL));
        assert_ok(usher_exchange_start(ex, r.b.site, &request, NOW_S * 1000, NULL));
        assert_ok(usher_get_session(ex, &want, NULL));
        while (want.kind == USHER_WANT_STORE) {
            usher_event event = {.size = sizeof event, .now_ms = NOW_S * 1000};
            event.kind = kit_store_answer(&r.store, &want.store, &event.value);
            assert_ok(usher_resume(ex, &event, &want, NULL));
        }
        assert_string_equal(kit_store_steps(&r.store), "getSessionAndUser");
        assert_int_equal(usher_exchange_verdict(ex),
                         i < 2 ? USHER_SESSION_VALID : USHER_SESSION_EXPIRED);
        assert_int_equal(kit_store_count(&r.store, KIT_SESSIONS), 1);
        usher_exchange_free(ex);
        browser_close(&r.b);
    }
}

/* --- ending ----------------------------------------------------------------------------------- */

static void test_sign_out(void **state)
{
    (void)state;
    for (size_t i = 0; i < 2; i++) {
        rig r;

        open_rig(&r, &systems[i], "2026-01-30T23:00:00.000Z", "");
        settle_in(&r);
        sign_out(&r);
        assert_int_equal(r.b.status, 302);
        assert_true(r.b.signed_out);
        assert_string_equal(kit_store_steps(&r.store), "getSessionAndUser deleteSession");
        assert_int_equal(kit_store_count(&r.store, KIT_SESSIONS), 0);
        assert_int_equal(browser_find(&r.b, r.cookie), r.b.cookies);
        /* of a session that is gone there is nothing left to delete, and its cookie goes */
        browser_put_cookie(&r.b, kit_str(r.cookie), USHER_STR(TOKEN));
        sign_out(&r);
        assert_false(r.b.signed_out);
        assert_string_equal(kit_store_steps(&r.store), "getSessionAndUser");
        assert_int_equal(browser_find(&r.b, r.cookie), r.b.cookies);
        browser_close(&r.b);
    }
}

/* --- a store that fails ----------------------------------------------------------------------- */

typedef struct failing {
    const char *name;
    usher_event_kind kind;
    const char *answer;
} failing;

static const failing failures[] = {
    {"failed", USHER_EVENT_STORE_FAILED, NULL},
    {"conflict", USHER_EVENT_STORE_CONFLICT, NULL},
    {"no JSON", USHER_EVENT_STORED, "{\"session\":"},
    {"nothing", USHER_EVENT_STORED, ""},
};
/* rows that are none: only where a row is looked at */
static const failing no_rows[] = {
    {"a list", USHER_EVENT_STORED, "[]"},
    {"no user", USHER_EVENT_STORED, "{\"session\":{\"sessionToken\":\"x\",\"expires\":1}}"},
    {"no expires", USHER_EVENT_STORED,
     "{\"session\":{\"sessionToken\":\"x\"},\"user\":{\"id\":1}}"},
    {"a date that is none", USHER_EVENT_STORED,
     "{\"session\":{\"sessionToken\":\"x\",\"expires\":\"soon\"},\"user\":{\"id\":1}}"},
    {"a user without id", USHER_EVENT_STORED,
     "{\"session\":{\"sessionToken\":\"x\",\"expires\":1},\"user\":{\"id\":null}}"},
};

static void fail_with(rig *r, const failing *f, size_t step)
{
    r->store.fail_at = step;
    r->store.failure = f->kind;
    r->store.garbage = f->answer;
}

static void check_untouched(rig *r, const char *what)
{
    if (r->b.rc != USHER_E_IO) fail_msg("%s: %s", what, usher_status_name(r->b.rc));
    assert_string_equal(r->b.jar[browser_find(&r->b, r->cookie)][1], TOKEN);
    assert_non_null(kit_store_get(&r->store, KIT_SESSIONS, TOKEN));
}

static void test_reading_that_fails_is_no_answer(void **state)
{
    (void)state;
    for (size_t i = 0; i < 2; i++) {
        rig r;

        open_rig(&r, &systems[i], "2026-01-02T00:00:00.000Z", "");
        settle_in(&r);
        r.b.may_fail = true;
        for (size_t f = 0; f < sizeof failures / sizeof *failures; f++) {
            fail_with(&r, &failures[f], 0);
            get(&r, "/api/auth/session");
            check_untouched(&r, failures[f].name);
            ask(&r, usher_guard);
            check_untouched(&r, failures[f].name);
            sign_out(&r);
            check_untouched(&r, failures[f].name);
        }
        for (size_t f = 0; f < sizeof no_rows / sizeof *no_rows; f++) {
            fail_with(&r, &no_rows[f], 0);
            get(&r, "/api/auth/session");
            check_untouched(&r, no_rows[f].name);
        }
        /* control: it answers again */
        r.store.fail_at = SIZE_MAX;
        get_session(&r);
        assert_int_equal(r.b.verdict, USHER_SESSION_VALID);
        browser_close(&r.b);
    }
}

/* The session was read and is shown; only its new end did not come about. */
static void test_renewing_that_fails_renews_nothing(void **state)
{
    (void)state;
    for (size_t i = 0; i < 2; i++)
        for (size_t f = 0; f < 2; f++) {
            rig r;

            open_rig(&r, &systems[i], "2026-01-02T00:00:00.000Z", "");
            settle_in(&r);
            fail_with(&r, &failures[f], 1);
            get_session(&r);
            assert_int_equal(r.b.verdict, USHER_SESSION_VALID);
            assert_int_equal(r.b.cause, USHER_CAUSE_STORE);
            assert_int_equal(r.b.set_cookies, 0);
            assert_false(r.b.written);
            browser_close(&r.b);
        }
}

static void test_ending_that_fails_ends_nothing(void **state)
{
    (void)state;
    for (size_t i = 0; i < 2; i++)
        for (size_t f = 0; f < 2; f++) {
            rig r;

            open_rig(&r, &systems[i], "2026-01-02T00:00:00.000Z", "");
            settle_in(&r);
            r.b.may_fail = true;
            fail_with(&r, &failures[f], 1);
            sign_out(&r);
            check_untouched(&r, failures[f].name);
            /* but what is over by itself is over, whether or not its row can be removed */
            put_session(&r, "2025-01-01T00:00:00.000Z");
            fail_with(&r, &failures[f], 1);
            get_session(&r);
            assert_int_equal(r.b.verdict, USHER_SESSION_EXPIRED);
            assert_int_equal(r.b.cause, USHER_CAUSE_STORE);
            assert_int_equal(browser_find(&r.b, r.cookie), r.b.cookies);
            browser_close(&r.b);
        }
}

/* --- hooks ------------------------------------------------------------------------------------ */

typedef struct heard {
    char session[4096], event[4096], name[32];
    const char *shows;
} heard;

static void hear(void *ctx, const usher_hook *hook, usher_event *event)
{
    heard *h = ctx;

    if (hook->kind == USHER_HOOK_EVENT) {
        snprintf(h->event, sizeof h->event, "%.*s", (int)hook->value.len, hook->value.ptr);
        snprintf(h->name, sizeof h->name, "%.*s", (int)hook->name.len, hook->name.ptr);
        return;
    }
    assert_int_equal(hook->kind, USHER_HOOK_SESSION); /* jwt is for tokens */
    snprintf(h->session, sizeof h->session, "%.*s", (int)hook->value.len, hook->value.ptr);
    event->value = kit_str(h->shows);
}

static void test_hooks_get_the_row(void **state)
{
    static const char user[] = "\"user\":{\"id\":7,\"name\":\"Ada\",\"email\":\"ada@example.com\","
                               "\"emailVerified\":null,\"image\":null,\"role\":\"admin\"}";
    static const char *const whole[] = {
        "{\"session\":{\"user\":{\"name\":\"Ada\",\"email\":\"ada@example.com\",\"image\":null},"
        "\"expires\":\"2026-01-30T23:00:00.000Z\"},",
        "{\"session\":{\"id\":9,\"sessionToken\":\"" TOKEN
        "\",\"userId\":7,\"expires\":\"2026-01-30T23:00:00.000Z\","};
    char body[256];

    (void)state;
    for (size_t i = 0; i < 2; i++) {
        heard h = {.shows = "{\"user\":{\"id\":7}}"};
        rig r;

        open_rig(&r, &systems[i], "2026-01-30T23:00:00.000Z",
                 ",\"hooks\":[\"jwt\",\"session\",\"events\"]");
        r.b.hook = hear;
        r.b.hook_ctx = &h;
        settle_in(&r);
        get_session(&r);
        assert_string_equal(r.b.body, h.shows);
        assert_true(usher_str_starts(kit_str(h.session), kit_str(whole[i])));
        assert_non_null(strstr(h.session, user));
        assert_null(strstr(h.session, "trigger"));
        assert_null(strstr(h.session, "token\":{"));
        assert_string_equal(h.name, "session");
        assert_string_equal(h.event, "{\"session\":{\"user\":{\"id\":7}}}");
        snprintf(body, sizeof body, "csrfToken=%s", r.b.csrf);
        browser_ask(&r.b, usher_handle, "POST", "/api/auth/session", body, NULL, NULL);
        assert_int_equal(r.b.status, 200);
        assert_non_null(strstr(h.session, "\"trigger\":\"update\""));
        sign_out(&r);
        assert_string_equal(h.name, "signOut");
        assert_true(usher_str_starts(kit_str(h.event), USHER_STR("{\"session\":{\"id\":9,")));
        browser_close(&r.b);
    }
}

/* --- memory ----------------------------------------------------------------------------------- */

static void test_without_memory(void **state)
{
    (void)state;
    for (size_t i = 0; i < 2; i++) {
        heard h = {.shows = "{\"user\":{\"id\":7}}"};
        recorded all[5];
        rig r;

        open_rig(&r, &systems[i], "2026-01-02T00:00:00.000Z",
                 ",\"hooks\":[\"session\",\"events\"]");
        r.b.hook = hear;
        r.b.hook_ctx = &h;
        settle_in(&r);
        get_session(&r);
        browser_take_record(&r.b, &all[0]);
        ask(&r, usher_guard);
        browser_take_record(&r.b, &all[1]);
        ask(&r, usher_get_token);
        browser_take_record(&r.b, &all[2]);
        sign_out(&r);
        browser_take_record(&r.b, &all[3]);
        browser_put_cookie(&r.b, kit_str(r.cookie), USHER_STR(TOKEN));
        put_session(&r, "2025-01-01T00:00:00.000Z");
        get_session(&r);
        assert_int_equal(r.b.verdict, USHER_SESSION_EXPIRED);
        browser_take_record(&r.b, &all[4]);
        recorded_without_memory(r.b.site, all, 5);
        recorded_without_crypto(r.b.site, all, 5);
        recorded_free_all(all, 5);
        browser_close(&r.b);
    }
}

/* --- settings --------------------------------------------------------------------------------- */

static void test_settings_that_do_not_fit(void **state)
{
    static const char *const wrong[] = {
        "\"session\":{\"strategy\":\"database\",\"token\":\"signed\"}",
        "\"session\":{\"strategy\":\"database\",\"absolute_duration\":\"1d\"}",
        "\"session\":{\"strategy\":\"database\",\"inactivity_duration\":\"1d\"}",
        "\"session\":{\"strategy\":\"database\"},\"accept\":[{\"profile\":\"nextauth-4\"}]",
        "\"profile\":\"auth0-4\",\"users\":\"database\"",
    };
    static const struct {
        const char *settings;
        bool wants;
    } right[] = {
        {"\"session\":{\"strategy\":\"database\"}", true},
        {"\"users\":\"database\"", true},
        {"\"profile\":\"auth0-4\",\"session\":{\"strategy\":\"database\","
         "\"absolute_duration\":\"1d\",\"inactivity_duration\":\"1h\"}",
         true},
        {"\"session\":{\"strategy\":\"jwt\"}", false},
    };
    char json[1024];

    (void)state;
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        usher_site *site;
        snprintf(json, sizeof json,
                 "{\"base_url\":\"http://localhost\",\"secret\":\"" SECRET "\",%s}", wrong[i]);
        assert_int_equal(usher_site_new(&site, NULL, kit_str(json), NULL, NULL, NULL),
                         USHER_E_SETTING);
    }
    for (size_t i = 0; i < sizeof right / sizeof *right; i++) {
        snprintf(json, sizeof json,
                 "{\"base_url\":\"http://localhost\",\"secret\":\"" SECRET "\",%s}",
                 right[i].settings);
        usher_site *site = kit_site(json);
        assert_int_equal(usher_site_wants_store(site), right[i].wants);
        usher_site_unref(site);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_found),
        cmocka_unit_test(test_not_found),
        cmocka_unit_test(test_expired),
        cmocka_unit_test(test_rolled),
        cmocka_unit_test(test_row_without_the_key),
        cmocka_unit_test(test_rolled_for_a_proxy),
        cmocka_unit_test(test_read_only_asks_and_writes_nothing),
        cmocka_unit_test(test_sign_out),
        cmocka_unit_test(test_reading_that_fails_is_no_answer),
        cmocka_unit_test(test_renewing_that_fails_renews_nothing),
        cmocka_unit_test(test_ending_that_fails_ends_nothing),
        cmocka_unit_test(test_hooks_get_the_row),
        cmocka_unit_test(test_without_memory),
        cmocka_unit_test(test_settings_that_do_not_fit),
    };

    kit_crypto_install();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
