/* Sessions of Auth0's that a store keeps: the cookie has their id only. Found, renewed, changed,
 * gone meanwhile, ended; the store failing in turn, each allocation refused in turn. */
#include "tests/kit/auth0.h"

#include "base/str.h"
#include "session/auth0_rig.h"

#define NOW_S RIG_NOW
#define ID    "00112233445566778899aabbccddeeff"
#define DATA  "{" A0_USER "," A0_TOKENS "," A0_MADE "}"

typedef struct visit {
    browser b;
    kit_store store;
    a0 keys;
} visit;

static void open_visit(visit *v, const char *more)
{
    char json[1024];

    snprintf(json, sizeof json,
             "{\"base_url\":\"http://localhost:3000\",\"development\":true,\"profile\":\"auth0-4\","
             "\"secret\":\"" A0_SECRET "\",\"session\":{\"strategy\":\"database\"}%s}",
             more);
    browser_start(&v->b, kit_site(json), NOW_S);
    kit_store_init(&v->store);
    v->b.store = &v->store;
    a0_open(&v->keys);
}

static void close_visit(visit *v)
{
    a0_close(&v->keys);
    browser_close(&v->b);
}

/* Somebody with a session. */
static void open_guest(visit *v, const char *more)
{
    open_visit(v, more);
    kit_store_put(&v->store, KIT_RECORDS, ID, DATA);
    browser_put_cookie(&v->b, USHER_STR("__session"), a0_seal(&v->keys, A0_ID));
}

static usher_status change_name(usher_exchange *ex, usher_want *want, usher_error *err)
{
    return usher_update_session(ex, USHER_STR("{\"user\":{\"sub\":\"auth0|1\",\"name\":\"Anna\"}}"),
                                want, err);
}

static const char *ask(visit *v, usher_operation_fn *op)
{
    v->store.step_count = 0;
    browser_ask(&v->b, op, "GET", "/page", NULL, NULL, NULL);
    return kit_store_steps(&v->store);
}

static const char *get(visit *v, const char *target)
{
    v->store.step_count = 0;
    browser_ask(&v->b, usher_handle, "GET", target, NULL, NULL, NULL);
    return kit_store_steps(&v->store);
}

/* The id in the cookie that the browser has now. */
static void cookie_id(visit *v, char out[64])
{
    usher_auth0_id id;
    usher_verdict verdict;
    usher_cause cause;
    char header[8192];

    snprintf(header, sizeof header, "__session=%s", v->b.jar[browser_find(&v->b, "__session")][1]);
    assert_ok(usher_auth0_jar_read(&v->keys.jar, &v->keys.r.arena, &v->keys.options,
                                   kit_str(header), NULL));
    assert_ok(usher_auth0_id_open(&id, &verdict, &cause, &v->keys.c, &v->keys.jar, NULL));
    assert_int_equal(verdict, USHER_SESSION_VALID);
    snprintf(out, 64, "%.*s", (int)id.id.len, id.id.ptr);
}

static void test_found_and_renewed(void **state)
{
    visit v;
    char id[64];

    (void)state;
    open_guest(&v, "");
    assert_string_equal(ask(&v, usher_get_token), "get");
    assert_int_equal(v.b.verdict, USHER_SESSION_VALID);
    assert_string_equal(v.b.session, DATA);
    assert_string_equal(ask(&v, usher_guard), "get");
    assert_int_equal(v.b.decision, USHER_ALLOW);
    assert_string_equal(get(&v, "/auth/profile"), "get");
    assert_string_equal(v.b.body, "{\"sub\":\"auth0|1\",\"name\":\"Ann\"}");
    assert_string_equal(ask(&v, usher_get_session), "get update");
    assert_int_equal(v.b.set_cookies, 1);
    assert_true(v.b.written);
    cookie_id(&v, id);
    assert_string_equal(id, ID);
    assert_string_equal(kit_store_get(&v.store, KIT_RECORDS, ID), DATA);
    close_visit(&v);
}

static void test_changed(void **state)
{
    visit v;

    (void)state;
    open_guest(&v, "");
    assert_string_equal(ask(&v, change_name), "get update");
    assert_true(v.b.written);
    assert_non_null(strstr(kit_store_get(&v.store, KIT_RECORDS, ID), "\"name\":\"Anna\""));
    assert_non_null(strstr(kit_store_get(&v.store, KIT_RECORDS, ID), "\"sid\":\"S\""));
    assert_null(strstr(kit_store_get(&v.store, KIT_RECORDS, ID), "exp\":"));
    close_visit(&v);
}

/* A session that its owner ended while this request was under way does not come back. */
static void test_gone_meanwhile(void **state)
{
    static const struct {
        usher_operation_fn *op;
        size_t step;
    } rows[] = {{usher_get_session, 1}, {change_name, 1}};

    (void)state;
    for (size_t i = 0; i < 2; i++) {
        visit v;

        open_guest(&v, "");
        v.store.fail_at = rows[i].step;
        v.store.failure = USHER_EVENT_STORED;
        v.store.garbage = "null";
        (void)ask(&v, rows[i].op);
        assert_int_equal(v.b.set_cookies, 0);
        assert_false(v.b.written);
        assert_int_equal(v.b.cause, USHER_CAUSE_SESSION_UNKNOWN);
        close_visit(&v);
    }
}

static void test_not_found(void **state)
{
    visit v;

    (void)state;
    open_guest(&v, "");
    v.store.count = 0;
    assert_string_equal(ask(&v, usher_get_session), "get");
    assert_int_equal(v.b.verdict, USHER_SESSION_REVOKED);
    assert_int_equal(v.b.cause, USHER_CAUSE_SESSION_UNKNOWN);
    assert_int_equal(v.b.set_cookies, 0); /* as the original: it stays */
    /* what does not open is not looked for; nor is a session that a cookie holds whole */
    browser_put_cookie(&v.b, USHER_STR("__session"), USHER_STR("made-up"));
    assert_string_equal(ask(&v, usher_get_session), "");
    assert_true(v.b.verdict != USHER_SESSION_VALID);
    browser_put_cookie(&v.b, USHER_STR("__session"), a0_seal(&v.keys, A0_SESSION));
    assert_string_equal(ask(&v, usher_get_session), "");
    assert_int_equal(v.b.verdict, USHER_SESSION_REJECTED);
    close_visit(&v);
}

static void test_id_and_session_are_not_mixed_up(void **state)
{
    visit v;

    (void)state;
    open_guest(&v, "");
    usher_site_unref(v.b.site); /* the same keys, and sessions in cookies */
    v.b.site = kit_site("{\"base_url\":\"http://localhost:3000\",\"development\":true,"
                        "\"profile\":\"auth0-4\",\"secret\":\"" A0_SECRET "\"}");
    assert_string_equal(ask(&v, usher_get_session), "");
    assert_int_equal(v.b.verdict, USHER_SESSION_REJECTED);
    close_visit(&v);
}

static void test_over(void **state)
{
    visit v;

    (void)state;
    open_guest(&v, "");
    kit_store_put(&v.store, KIT_RECORDS, ID,
                  "{" A0_USER "," A0_TOKENS ",\"internal\":{\"sid\":\"S\",\"createdAt\":1000}}");
    assert_string_equal(ask(&v, usher_get_session), "get delete");
    assert_int_equal(v.b.verdict, USHER_SESSION_EXPIRED);
    assert_int_equal(kit_store_count(&v.store, KIT_RECORDS), 0);
    close_visit(&v);
}

/* --- signing in and out ------------------------------------------------------------------------
 */

#define ROWS ",\"session\":{\"strategy\":\"database\"}"

static void open_site(visit *v, const char *more)
{
    static const char *const secrets[] = {AUTH0_SECRET, NULL};

    auth0_open(&v->b, more, "");
    kit_store_init(&v->store);
    v->b.store = &v->store;
    a0_open_with(&v->keys, secrets);
}

/* The record of whoever is signed in; its id is the cookie's. */
static const char *record(visit *v, char id[64])
{
    cookie_id(v, id);
    return kit_store_get(&v->store, KIT_RECORDS, id);
}

static void test_sign_in_and_out(void **state)
{
    char id[64];
    const char *row;
    visit v;

    (void)state;
    open_site(&v, ROWS);
    v.store.step_count = 0;
    auth0_sign_in(&v.b);
    assert_string_equal(kit_store_steps(&v.store), "set");
    row = record(&v, id);
    assert_non_null(row);
    assert_int_equal(strlen(id), 32);
    assert_non_null(strstr(row, "{\"user\":{\"sub\":\"user-1\","));
    assert_non_null(strstr(row, "\"refreshToken\":\"rt-1\""));
    assert_null(strstr(row, "\"exp\":"));
    /* the cookie says who it is, and not what he has */
    assert_true(strlen(v.b.jar[browser_find(&v.b, "__session")][1]) < 200);
    assert_string_equal(get(&v, "/auth/profile"), "get");
    assert_int_equal(v.b.status, 200);
    assert_string_equal(get(&v, "/auth/access-token"), "get");
    assert_non_null(strstr(v.b.body, "\"token\":\"at-1\""));

    assert_string_equal(get(&v, "/auth/logout"), "get delete");
    assert_int_equal(v.b.status, 307);
    assert_true(v.b.signed_out);
    assert_non_null(strstr(v.b.op.asked, "token=rt-1")); /* it is revoked */
    assert_int_equal(v.b.cookies, 0);
    assert_int_equal(kit_store_count(&v.store, KIT_RECORDS), 0);
    close_visit(&v);
}

/* Whoever planted an id, or knew the old one, has nothing: it goes before the new one comes. */
static void test_sign_in_takes_a_new_id(void **state)
{
    char planted[64], id[64];
    visit v;

    (void)state;
    open_site(&v, ROWS);
    auth0_sign_in(&v.b);
    assert_non_null(record(&v, planted));
    v.store.step_count = 0;
    auth0_sign_in(&v.b);
    assert_non_null(strstr(kit_store_steps(&v.store), "delete set"));
    assert_non_null(record(&v, id));
    assert_string_not_equal(id, planted);
    assert_null(kit_store_get(&v.store, KIT_RECORDS, planted));
    assert_int_equal(kit_store_count(&v.store, KIT_RECORDS), 1);
    /* one that no record has is not taken up either */
    v.store.count = 0;
    auth0_sign_in(&v.b);
    assert_non_null(record(&v, planted));
    assert_string_not_equal(id, planted);
    close_visit(&v);
}

/* A record whose id another cookie has, where sessions are in cookies: it ends with a sign-in, and
 * with a logout, also behind a session that is looked at first. */
static void test_records_of_another_cookie(void **state)
{
    static const char moved[] =
        ",\"accept\":[{\"profile\":\"auth0-4\",\"cookie\":\"old\",\"strategy\":\"database\"}]";
    char state_[128], token[BROWSER_COOKIE_MAX];
    kit_store kept;
    visit v;

    (void)state;
    open_site(&v, ROWS);
    auth0_sign_in(&v.b);
    assert_int_equal(kit_store_count(&v.store, KIT_RECORDS), 1);
    snprintf(token, sizeof token, "%s", v.b.jar[browser_find(&v.b, "__session")][1]);
    kept = v.store;
    close_visit(&v);

    for (size_t fails = 0; fails < 3; fails++) {
        open_site(&v, moved);
        v.store = kept;
        browser_put_cookie(&v.b, USHER_STR("old"), kit_str(token));
        auth0_log_in(&v.b, "", state_);
        v.store.step_count = 0;
        v.store.fail_at = fails < 2 ? fails : SIZE_MAX;
        v.b.may_fail = fails < 2;
        auth0_come_back(&v.b, state_, "&code=code-1", NULL, NULL);
        assert_int_equal(v.b.signed_in, fails == 2);
        assert_int_equal(browser_count(&v.b, "old"), fails < 2);
        assert_int_equal(kit_store_count(&v.store, KIT_RECORDS), fails < 2);
        if (fails == 2) assert_string_equal(kit_store_steps(&v.store), "get delete");
        close_visit(&v);
    }

    open_site(&v, moved);
    auth0_sign_in(&v.b);
    v.store = kept;
    browser_put_cookie(&v.b, USHER_STR("old"), kit_str(token));
    assert_string_equal(ask(&v, usher_get_session), "");
    assert_int_equal(browser_count(&v.b, "old"), 1);
    v.b.may_fail = true;
    for (v.store.fail_at = 0; v.store.fail_at < 2; v.store.fail_at++) {
        (void)get(&v, "/auth/logout");
        assert_int_equal(v.b.rc, USHER_E_IO);
        assert_false(v.b.signed_out);
    }
    v.store.fail_at = SIZE_MAX;
    assert_string_equal(get(&v, "/auth/logout"), "get delete");
    assert_true(v.b.signed_out);
    assert_int_equal(v.b.cookies, 0);
    assert_int_equal(kit_store_count(&v.store, KIT_RECORDS), 0);
    close_visit(&v);
}

/* Nobody is told that he is signed in or out before it is written down. */
static void test_each_step_of_signing_in_and_out_fails(void **state)
{
    static const usher_event_kind how[] = {USHER_EVENT_STORE_FAILED, USHER_EVENT_STORE_CONFLICT};
    char state_[128], id[64];

    (void)state;
    for (size_t i = 0; i < 2 * 5; i++) {
        size_t step = i / 2;
        bool out = step > 2;
        visit v;

        open_site(&v, ROWS);
        auth0_sign_in(&v.b);
        (void)record(&v, id);
        if (!out) auth0_log_in(&v.b, "", state_);
        v.b.may_fail = true;
        v.store.step_count = 0;
        v.store.fail_at = out ? step - 3 : step;
        v.store.failure = how[i % 2];
        if (out)
            (void)get(&v, "/auth/logout");
        else
            auth0_come_back(&v.b, state_, "&code=code-1", NULL, NULL);
        assert_true(v.store.step_count > v.store.fail_at || step == 2);
        if (v.store.step_count > v.store.fail_at) assert_int_equal(v.b.rc, USHER_E_IO);
        assert_false(v.b.signed_in && v.b.rc);
        assert_false(v.b.signed_out);
        if (v.b.rc) assert_int_equal(v.b.set_cookies, 0);
        if (out) assert_non_null(kit_store_get(&v.store, KIT_RECORDS, id));
        close_visit(&v);
    }
}

/* A token that is refreshed while its owner signs out brings nothing back. */
static void test_refreshed_while_it_ends(void **state)
{
    char id[64];
    visit v;

    (void)state;
    open_site(&v, ROWS);
    auth0_sign_in(&v.b);
    (void)record(&v, id);
    v.b.now_s += 3600;
    v.store.fail_at = 1;
    v.store.failure = USHER_EVENT_STORED;
    v.store.garbage = "null"; /* what `update` answers for a record that is gone */
    assert_string_equal(get(&v, "/auth/access-token"), "get update");
    assert_int_equal(v.b.set_cookies, 0);
    assert_int_equal(v.b.cause, USHER_CAUSE_SESSION_UNKNOWN);
    close_visit(&v);
}

/* Version 3 signed the id; it is written anew under another one. */
static void test_signed_id_moves(void **state)
{
    char id[64];
    visit v;

    (void)state;
    open_visit(&v, "");
    kit_store_put(&v.store, KIT_RECORDS, "legacyid",
                  "{\"header\":{\"iat\":1767225540,\"uat\":1767225540,\"exp\":1767830340},"
                  "\"data\":" A0_V3 "}");
    browser_put_cookie(&v.b, USHER_STR("appSession"),
                       USHER_STR("legacyid.-d29YlLoG6WMZn-oSBFtdWXkbploBYNa0yKGydhjnuU"));
    assert_string_equal(ask(&v, usher_get_session), "get set delete");
    assert_int_equal(v.b.verdict, USHER_SESSION_VALID);
    assert_int_equal(browser_find(&v.b, "appSession"), v.b.cookies);
    cookie_id(&v, id);
    assert_int_equal(strlen(id), 32);
    assert_non_null(kit_store_get(&v.store, KIT_RECORDS, id));
    assert_null(kit_store_get(&v.store, KIT_RECORDS, "legacyid"));
    assert_string_equal(ask(&v, usher_get_session), "get update");
    close_visit(&v);
}

/* What is no record says nothing about who has its id: nobody is signed out by it, and a sign-in,
 * which replaces whatever there is, is not kept from anybody. */
static void test_what_is_no_record(void **state)
{
    static const char *const nonsense[] = {
        "[7]",
        "7",
        "\"x\"",
        "{}",
        "{\"error\":\"timeout\"}",
        "{\"user\":\"auth0|1\",\"tokenSet\":{}}",
    };
    static usher_operation_fn *const ops[] = {usher_get_session, usher_get_token, usher_guard,
                                              change_name};
    char id[64], state_[128];
    visit v;

    (void)state;
    for (size_t i = 0; i < sizeof nonsense / sizeof *nonsense; i++) {
        open_site(&v, ROWS);
        auth0_sign_in(&v.b);
        (void)record(&v, id);
        snprintf(v.store.rows[0].json, KIT_ROW_MAX, "%s", nonsense[i]);
        v.b.may_fail = true;
        for (size_t k = 0; k < 5; k++) {
            if (k < 4)
                (void)ask(&v, ops[k]);
            else
                (void)get(&v, "/auth/logout");
            assert_int_equal(v.b.rc, USHER_E_IO);
            assert_int_equal(v.b.causes[0], USHER_CAUSE_STORE);
            assert_int_equal(v.b.verdict, USHER_NO_SESSION);
            assert_int_equal(v.b.decision, USHER_UNDECIDED);
            assert_int_equal(v.b.set_cookies, 0);
        }
        v.b.may_fail = false;
        auth0_log_in(&v.b, "", state_);
        v.store.step_count = 0;
        auth0_come_back(&v.b, state_, "&code=code-1", NULL, NULL);
        assert_true(v.b.signed_in);
        assert_string_equal(kit_store_steps(&v.store), "get delete set");
        assert_null(kit_store_get(&v.store, KIT_RECORDS, id));
        close_visit(&v);
    }
    /* One without tokens is a session that this site does not take. */
    open_guest(&v, "");
    kit_store_put(&v.store, KIT_RECORDS, ID, "{" A0_USER "}");
    assert_string_equal(ask(&v, usher_get_session), "get");
    assert_int_equal(v.b.verdict, USHER_SESSION_REJECTED);
    close_visit(&v);
}

static void test_failures(void **state)
{
    static const struct {
        usher_operation_fn *op;
        size_t step;
        usher_status rc;
    } rows[] = {
        {usher_get_session, 0, USHER_E_IO},
        {usher_guard, 0, USHER_E_IO},
        {usher_get_session, 1, USHER_OK}, /* shown, and not renewed */
        {change_name, 1, USHER_E_IO},
    };

    (void)state;
    for (size_t i = 0; i < 2 * sizeof rows / sizeof *rows; i++) {
        visit v;

        open_guest(&v, "");
        v.b.may_fail = true;
        v.store.fail_at = rows[i / 2].step;
        if (i % 2) v.store.failure = USHER_EVENT_STORE_CONFLICT;
        (void)ask(&v, rows[i / 2].op);
        assert_int_equal(v.b.rc, rows[i / 2].rc);
        if (v.b.rc == USHER_OK) {
            assert_int_equal(v.b.verdict, USHER_SESSION_VALID);
            assert_int_equal(v.b.set_cookies, 0);
            assert_int_equal(v.b.cause, USHER_CAUSE_STORE);
        }
        assert_string_equal(kit_store_get(&v.store, KIT_RECORDS, ID), DATA);
        close_visit(&v);
    }
}

static void test_without_memory(void **state)
{
    recorded all[3];
    visit v;

    (void)state;
    open_guest(&v, "");
    (void)ask(&v, usher_get_session);
    browser_take_record(&v.b, &all[0]);
    (void)ask(&v, change_name);
    browser_take_record(&v.b, &all[1]);
    (void)get(&v, "/auth/profile");
    browser_take_record(&v.b, &all[2]);
    recorded_without_memory(v.b.site, all, 3);
    recorded_without_crypto(v.b.site, all, 3);
    recorded_without_entropy(v.b.site, all, 2);
    recorded_free_all(all, 3);
    close_visit(&v);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_found_and_renewed),
        cmocka_unit_test(test_changed),
        cmocka_unit_test(test_gone_meanwhile),
        cmocka_unit_test(test_not_found),
        cmocka_unit_test(test_id_and_session_are_not_mixed_up),
        cmocka_unit_test(test_over),
        cmocka_unit_test(test_sign_in_and_out),
        cmocka_unit_test(test_sign_in_takes_a_new_id),
        cmocka_unit_test(test_records_of_another_cookie),
        cmocka_unit_test(test_each_step_of_signing_in_and_out_fails),
        cmocka_unit_test(test_refreshed_while_it_ends),
        cmocka_unit_test(test_signed_id_moves),
        cmocka_unit_test(test_what_is_no_record),
        cmocka_unit_test(test_failures),
        cmocka_unit_test(test_without_memory),
    };

    kit_crypto_install();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
