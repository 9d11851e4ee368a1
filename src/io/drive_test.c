/* A real exchange, a real host, and a provider that is not there. */
#include "usher/drive.h"

#include "base/str.h"
#include "io/host.h"
#include "tests/kit/kit.h"

static const char settings[] =
    "{\"site\":{\"base_url\":\"http://localhost:3000\",\"development\":true,"
    "\"secret\":\"0f7a4c2e9b8d61354ac0f7e2d9b8c6a1f04e7d3b\",\"providers\":["
    "{\"id\":\"away\",\"type\":\"oidc\",\"issuer\":\"http://127.0.0.1:1\",\"client_id\":\"c\","
    "\"client_secret\":\"s\",\"plain_http\":true,\"private_network\":true}]}}";

static usher_site *site;
static usher_host *host;
static usher_exchange *ex;

static int begin(void **state)
{
    const usher_exchange_options options = {.size = sizeof options};

    (void)state;
    return usher_site_new(&site, NULL, kit_str(settings), NULL, NULL, NULL) ||
           usher_host_new(&host, NULL, NULL) || usher_exchange_new(&ex, &options, NULL);
}

static int end(void **state)
{
    (void)state;
    usher_exchange_free(ex);
    usher_host_free(host);
    usher_site_unref(site);
    return 0;
}

/* The value of the first header of that name, without its attributes; absent if there is none. */
static usher_str header(const char *name)
{
    const usher_response *r = usher_exchange_response(ex);
    usher_str rest;

    for (size_t i = 0; i < r->header_count; i++)
        if (usher_str_eq_case(r->headers[i].name, kit_str(name)))
            return usher_str_cut(r->headers[i].value, ';', &rest);
    return (usher_str){0};
}

static void copy(char *out, size_t room, usher_str s)
{
    assert_true(s.len < room);
    memcpy(out, s.ptr, s.len);
    out[s.len] = 0;
}

static void test_answers_at_once(void **state)
{
    usher_request request = {.size = sizeof request,
                             .method = USHER_STR("GET"),
                             .target = USHER_STR("/api/auth/providers")};

    (void)state;
    assert_ok(usher_exchange_start(ex, site, &request, usher_now_ms(), NULL));
    assert_ok(usher_drive(host, ex, usher_handle, NULL));
    assert_int_equal(usher_exchange_response(ex)->status, 200);
}

static void test_performs_what_is_wanted(void **state)
{
    usher_request request = {
        .size = sizeof request, .method = USHER_STR("GET"), .target = USHER_STR("/api/auth/csrf")};
    char cookie[512], body[256] = "csrfToken=";
    size_t count;

    (void)state;
    assert_ok(usher_exchange_start(ex, site, &request, usher_now_ms(), NULL));
    assert_ok(usher_drive(host, ex, usher_handle, NULL));
    copy(cookie, sizeof cookie, header("Set-Cookie"));
    usher_str json = usher_exchange_response(ex)->body; /* {"csrfToken":"64 digits"} */
    copy(body + 10, sizeof body - 10, (usher_str){json.ptr + 14, 64});

    usher_header headers[] = {
        {USHER_STR("Cookie"), kit_str(cookie)},
        {USHER_STR("Content-Type"), USHER_STR("application/x-www-form-urlencoded")},
    };
    request.method = USHER_STR("POST");
    request.target = USHER_STR("/api/auth/signin/away");
    request.headers = headers;
    request.header_count = 2;
    request.body = kit_str(body);
    assert_ok(usher_exchange_start(ex, site, &request, usher_now_ms(), NULL));
    assert_ok(usher_drive(host, ex, usher_handle, NULL));
    assert_int_equal(usher_exchange_response(ex)->status, 302); /* to the page that says so */
    const usher_report *reports = usher_exchange_reports(ex, &count);
    assert_int_equal(count, 1);
    assert_int_equal(reports[0].cause, USHER_CAUSE_PROVIDER_UNREACHABLE);
    assert_false(usher_exchange_signed_in(ex));
}

/* What was kept for others goes when its time is over, whether or not somebody fetches again. */
static void test_forgets_what_is_over(void **state)
{
    const usher_fetch spends = {.method = USHER_STR("POST"),
                                .url = USHER_STR("http://127.0.0.1:1/token"),
                                .body = USHER_STR("refresh_token=a"),
                                .timeout_ms = 1000,
                                .answer_max = 4096,
                                .once_s = 10,
                                .plain_http = true,
                                .private_network = true};
    usher_answer *answer;

    for (int by_hand = 0; by_hand < 2; by_hand++) {
        assert_ok(usher_host_fetch(&answer, host, &spends, NULL));
        assert_non_null(answer->why);
        usher_answer_unref(answer);
        assert_int_equal(host->spending.count, 1);
        if (by_hand)
            usher_host_sweep(host);
        else
            test_answers_at_once(state);
        assert_int_equal(host->spending.count, 0);
    }
    usher_host_sweep(NULL);
}

static usher_status want_nonsense(usher_exchange *e, usher_want *want, usher_error *err)
{
    (void)e, (void)err;
    *want = (usher_want){.kind = (usher_want_kind)99};
    return USHER_OK;
}

static usher_status fail_at_once(usher_exchange *e, usher_want *want, usher_error *err)
{
    (void)e, (void)err;
    *want = (usher_want){.kind = USHER_WANT_FETCH}; /* not looked at */
    return USHER_E_CRYPTO;
}

static void test_what_goes_wrong_is_a_status(void **state)
{
    usher_error err = {0};

    (void)state;
    assert_int_equal(usher_drive(host, ex, usher_handle, NULL), USHER_E_USAGE); /* not started */
    assert_int_equal(usher_drive(host, ex, want_nonsense, &err), USHER_E_USAGE);
    assert_int_equal(err.status, USHER_E_USAGE);
    assert_int_equal(usher_drive(host, ex, fail_at_once, NULL), USHER_E_CRYPTO);
}

/* --- the program's own tokens: {"sub":"u"} under a marker --- */

static usher_event_kind own_tokens(void *ctx, const usher_hook *hook, usher_str *value)
{
    static const char claims[] = "{\"sub\":\"u\",\"exp\":4102444800}";
    size_t *calls = ctx;

    ++*calls;
    assert_str(hook->cookie_name, "authjs.session-token");
    if (hook->kind == USHER_HOOK_ENCODE) {
        *value = USHER_STR("own-2");
        return USHER_EVENT_HOOKED;
    }
    if (usher_str_eq(hook->value, USHER_STR("broken"))) return (usher_event_kind)77;
    *value = kit_str(claims);
    return usher_str_starts(hook->value, USHER_STR("own-")) ? USHER_EVENT_HOOKED
                                                            : USHER_EVENT_HOOK_REFUSED;
}

static usher_status ask_with(usher_host *h, usher_site *s, const char *cookie)
{
    usher_header field = {USHER_STR("Cookie"), kit_str(cookie)};
    usher_request request = {.size = sizeof request,
                             .method = USHER_STR("GET"),
                             .target = USHER_STR("/"),
                             .headers = &field,
                             .header_count = 1};

    assert_ok(usher_exchange_start(ex, s, &request, usher_now_ms(), NULL));
    return usher_drive(h, ex, usher_get_session, NULL);
}

static void test_hooks(void **state)
{
    static const char json[] = "{\"base_url\":\"http://localhost\",\"development\":true,"
                               "\"secret\":\"0f7a4c2e9b8d61354ac0f7e2d9b8c6a1f04e7d3b\","
                               "\"session\":{\"token\":\"hook\"}}";
    size_t calls = 0;
    const usher_host_options options = {
        .size = sizeof options, .hook = own_tokens, .hook_ctx = &calls};
    usher_host *hooked;
    usher_site *own;

    (void)state;
    assert_ok(usher_site_new(&own, NULL, kit_str(json), NULL, NULL, NULL));
    assert_ok(usher_host_new(&hooked, &options, NULL));
    assert_ok(ask_with(hooked, own, "authjs.session-token=own-1"));
    assert_int_equal(usher_exchange_verdict(ex), USHER_SESSION_VALID);
    assert_true(usher_exchange_session_written(ex));
    assert_int_equal(calls, 2);
    assert_ok(ask_with(hooked, own, "authjs.session-token=stolen"));
    assert_int_equal(usher_exchange_verdict(ex), USHER_SESSION_REJECTED);
    /* an answer that is none, and a host without the function: could not tell */
    assert_int_equal(ask_with(hooked, own, "authjs.session-token=broken"), USHER_E_IO);
    assert_int_equal(ask_with(host, own, "authjs.session-token=own-1"), USHER_E_IO);
    usher_host_free(hooked);
    usher_site_unref(own);
}

/* --- rows of the program --- */

static usher_event_kind rows(void *ctx, const usher_store *store, usher_str *row)
{
    size_t *calls = ctx;

    ++*calls;
    if (store->op == USHER_STORE_UPDATE_SESSION) return USHER_EVENT_STORED;
    assert_int_equal(store->op, USHER_STORE_GET_SESSION_AND_USER);
    if (usher_str_eq(store->id, USHER_STR("broken"))) return (usher_event_kind)77;
    *row = usher_str_eq(store->id, USHER_STR("t"))
               ? USHER_STR("{\"session\":{\"sessionToken\":\"t\",\"userId\":1,"
                           "\"expires\":\"2999-01-01T00:00:00.000Z\"},\"user\":{\"id\":1}}")
               : USHER_STR("null");
    return USHER_EVENT_STORED;
}

static void test_store(void **state)
{
    static const char json[] = "{\"base_url\":\"http://localhost\",\"development\":true,"
                               "\"secret\":\"0f7a4c2e9b8d61354ac0f7e2d9b8c6a1f04e7d3b\","
                               "\"session\":{\"strategy\":\"database\"}}";
    size_t calls = 0;
    const usher_host_options options = {.size = sizeof options, .store = rows, .store_ctx = &calls};
    usher_host *stored;
    usher_site *own;

    (void)state;
    assert_ok(usher_site_new(&own, NULL, kit_str(json), NULL, NULL, NULL));
    assert_ok(usher_host_new(&stored, &options, NULL));
    assert_ok(ask_with(stored, own, "authjs.session-token=t"));
    assert_int_equal(usher_exchange_verdict(ex), USHER_SESSION_VALID);
    assert_str(usher_session_subject(usher_exchange_session(ex)), "1");
    assert_ok(ask_with(stored, own, "authjs.session-token=other"));
    assert_int_equal(usher_exchange_verdict(ex), USHER_SESSION_REJECTED);
    assert_int_equal(calls, 2);
    /* an answer that is none, and a host without rows: could not tell */
    assert_int_equal(ask_with(stored, own, "authjs.session-token=broken"), USHER_E_IO);
    assert_int_equal(ask_with(host, own, "authjs.session-token=t"), USHER_E_IO);
    usher_host_free(stored);
    usher_site_unref(own);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_answers_at_once),
        cmocka_unit_test(test_forgets_what_is_over),
        cmocka_unit_test(test_performs_what_is_wanted),
        cmocka_unit_test(test_what_goes_wrong_is_a_status),
        cmocka_unit_test(test_hooks),
        cmocka_unit_test(test_store),
    };
    return cmocka_run_group_tests(tests, begin, end);
}
