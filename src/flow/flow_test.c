/* Every flow from the first request to the last, with a browser's cookies, and then each of them
 * again with every allocation refused and every want failing, late or lying. Rows proved: T01
 * (state and PKCE cookies), T17, T20-T24 and T26 in part, T82, R2 and R3 for these flows. */
#include "tests/kit/browser.h"

#include "base/str.h"

#define NOW_S INT64_C(1767225600)

/* --- a browser -------------------------------------------------------------------------------- */

static usher_site *make_site(const char *profile, const char *extra)
{
    char json[4096];

    snprintf(json, sizeof json,
             "{\"site\":{\"base_url\":\"http://localhost:3000\",\"development\":true,"
             "\"profile\":\"%s\",\"secret\":\"0123456789abcdef-test-only-0123456789abcdef\","
             "\"open\":[\"/\",\"/docs/*\"],"
             "\"providers\":[{\"id\":\"op\",\"type\":\"oidc\",\"issuer\":\"" KIT_ISSUER "\","
             "\"client_id\":\"client-1\",\"client_secret\":\"a-client-secret-of-some-length\","
             "\"id_token_alg\":\"ES256\"%s},"
             "{\"id\":\"development\",\"type\":\"development\",\"name\":\"Development\","
             "\"users\":[{\"id\":\"ada\",\"name\":\"Ada\",\"email\":\"ada@example.com\"}]}]}}",
             profile, extra);
    return kit_site(json);
}

static void browser_open(browser *b, const char *profile, const char *extra)
{
    browser_start(b, make_site(profile, extra), NOW_S);
    b->accept = "text/html";
}

/* `rec` (may be NULL) remembers the request. */
static void ask(browser *b, usher_operation_fn *op, const char *method, const char *target,
                const char *body, meddler *meddle, void *ctx, recorded *rec)
{
    browser_ask(b, op, method, target, body, meddle, ctx);
    if (rec) browser_take_record(b, rec);
}

static void get(browser *b, const char *target)
{
    ask(b, usher_handle, "GET", target, NULL, NULL, NULL, NULL);
}

static void fetch_csrf(browser *b)
{
    get(b, "/api/auth/csrf");
    assert_int_equal(b->status, 200);
    assert_int_equal(sscanf(b->body, "{\"csrfToken\":\"%64[0-9a-f]\"}", b->csrf), 1);
    assert_int_equal(strlen(b->csrf), 64);
}

static bool has_cookie(const browser *b, const char *part)
{
    return browser_find(b, part) < b->cookies;
}

static bool has_cause(const browser *b, usher_cause cause)
{
    return browser_has_cause(b, cause);
}

/* From the sign-in button to the provider; leaves `state` for the callback. */
static void start_sign_in(browser *b, char *state, size_t room, recorded *rec)
{
    char body[512];

    fetch_csrf(b);
    snprintf(body, sizeof body, "csrfToken=%s&callbackUrl=%%2Fclosed", b->csrf);
    ask(b, usher_handle, "POST", "/api/auth/signin/op", body, NULL, NULL, rec);
    assert_int_equal(b->status, 302);
    assert_true(usher_str_starts(kit_str(b->location), USHER_STR(KIT_ISSUER "/auth?")));
    (void)kit_parameter(b->location, "state", state, room);
    (void)kit_parameter(b->location, "nonce", b->op.nonce, sizeof b->op.nonce);
}

static void callback_target(char *out, size_t room, const char *state)
{
    snprintf(out, room, "/api/auth/callback/op?code=code-1%s%s", state[0] ? "&state=" : "", state);
}

/* --- the flows
 * ------------------------------------------------------------------------------------ */

static const char *const profiles[] = {"nextauth-4", "authjs-5"};
static const char *const variants[] = {
    "", ",\"checks\":[\"state\",\"nonce\"]", ",\"userinfo\":true",
    ",\"client_auth\":\"client_secret_post\",\"checks\":[\"nonce\"],\"userinfo\":true",
    ",\"pkce\":false,\"checks\":[\"state\"]"};

static void test_sign_in_session_sign_out(void **state)
{
    (void)state;
    for (size_t p = 0; p < 2; p++)
        for (size_t v = 0; v < sizeof variants / sizeof *variants; v++) {
            browser b;
            char s[1024], target[2048], body[256];

            browser_open(&b, profiles[p], variants[v]);
            start_sign_in(&b, s, sizeof s, NULL);
            assert_false(has_cookie(&b, "session-token"));
            callback_target(target, sizeof target, s);
            get(&b, target);
            assert_int_equal(b.status, 302);
            assert_string_equal(b.location, "http://localhost:3000/closed");
            assert_true(b.signed_in);
            assert_true(has_cookie(&b, "session-token"));
            assert_false(has_cookie(&b, "pkce"));
            assert_false(has_cookie(&b, ".state"));

            get(&b, "/api/auth/session");
            assert_int_equal(b.verdict, USHER_SESSION_VALID);
            assert_non_null(strstr(b.body, "\"email\":\"ada@example.com\""));
            assert_non_null(strstr(b.body, "\"expires\":\"2026-01-31T00:00:00.000Z\""));
            b.now_s += 3600;
            get(&b, "/api/auth/session");
            assert_non_null(strstr(b.body, "\"expires\":\"2026-01-31T01:00:00.000Z\""));
            assert_int_equal(b.set_cookies, 1); /* rolled, and nothing else */

            ask(&b, usher_guard, "GET", "/closed", NULL, NULL, NULL, NULL);
            assert_int_equal(b.decision, USHER_ALLOW);

            snprintf(body, sizeof body, "csrfToken=%s", b.csrf);
            ask(&b, usher_handle, "POST", "/api/auth/signout", body, NULL, NULL, NULL);
            assert_true(b.signed_out);
            assert_false(has_cookie(&b, "session-token"));
            ask(&b, usher_guard, "GET", "/closed", NULL, NULL, NULL, NULL);
            assert_int_equal(b.decision, USHER_DENY);
            assert_int_equal(b.status, 302);
            assert_string_equal(b.location, "http://localhost:3000/api/auth/signin?callbackUrl="
                                            "http%3A%2F%2Flocalhost%3A3000%2Fclosed");
            browser_close(&b);
        }
}

/* The same person has the same id at the second sign-in, and it is a UUID where the profile says
 * so. */
static void test_user_id_is_stable(void **state)
{
    (void)state;
    char ids[2][2][64];

    for (size_t p = 0; p < 2; p++)
        for (size_t i = 0; i < 2; i++) {
            browser b;
            char s[1024], target[2048];
            browser_open(&b, profiles[p], "");
            b.seed = 1000 * (i + 1);
            start_sign_in(&b, s, sizeof s, NULL);
            callback_target(target, sizeof target, s);
            get(&b, target);
            ask(&b, usher_forward_auth, "GET", "/_usher/check", NULL, NULL, NULL, NULL);
            assert_int_equal(b.status, 200);
            snprintf(ids[p][i], 64, "%s", b.user_header);
            browser_close(&b);
        }
    assert_string_equal(ids[0][0], "user-1");
    assert_string_equal(ids[0][0], ids[0][1]);
    assert_int_equal(strlen(ids[1][0]), 36);
    assert_string_equal(ids[1][0], ids[1][1]);
}

static void test_development_sign_in(void **state)
{
    (void)state;
    for (size_t p = 0; p < 2; p++) {
        browser b;
        char body[256];

        browser_open(&b, profiles[p], "");
        fetch_csrf(&b);
        snprintf(body, sizeof body, "csrfToken=%s&user=nobody", b.csrf);
        ask(&b, usher_handle, "POST", "/api/auth/callback/development", body, NULL, NULL, NULL);
        assert_false(b.signed_in);
        assert_true(has_cause(&b, USHER_CAUSE_CREDENTIALS));
        snprintf(body, sizeof body, "user=ada");
        ask(&b, usher_handle, "POST", "/api/auth/callback/development", body, NULL, NULL, NULL);
        assert_false(b.signed_in);
        assert_true(has_cause(&b, USHER_CAUSE_CSRF_TOKEN));
        snprintf(body, sizeof body, "csrfToken=%s&user=ada", b.csrf);
        ask(&b, usher_handle, "POST", "/api/auth/callback/development", body, NULL, NULL, NULL);
        assert_true(b.signed_in);
        get(&b, "/api/auth/session");
        assert_non_null(strstr(b.body, "\"name\":\"Ada\""));
        browser_close(&b);
    }
}

static void test_anonymous_answers(void **state)
{
    (void)state;
    static const struct {
        const char *profile, *target;
        int status;
        const char *body_part;
        size_t cookies;
    } rows[] = {
        {"nextauth-4", "/api/auth/session", 200, "{}", 2},
        {"authjs-5", "/api/auth/session", 200, "null", 2},
        {"nextauth-4", "/api/auth/providers", 200, "\"type\":\"oauth\"", 0},
        {"authjs-5", "/api/auth/providers", 200, "\"type\":\"oidc\"", 0},
        {"nextauth-4", "/api/auth/signin", 200, "name=\"csrfToken\"", 2},
        {"authjs-5", "/api/auth/signin", 200, "action=\"http://localhost:3000/api/auth/signin/op\"",
         2},
        {"authjs-5", "/api/auth/signout", 200, "/signout\"", 2},
        {"nextauth-4", "/api/auth/error?error=accessdenied", 403, "AccessDenied", 2},
        {"authjs-5", "/api/auth/error?error=Configuration", 500, "Configuration", 2},
        {"authjs-5", "/api/auth/error?error=configuration", 200, "Something went wrong", 2},
        {"authjs-5", "/api/auth/error?error=%3Cscript%3E", 200, "Something went wrong", 2},
        {"nextauth-4", "/api/auth/nothing", 400, "not supported", 0},
        {"authjs-5", "/api/auth/nothing", 400, "\"Bad request.\"", 0},
        {"authjs-5", "/api/authx/session", 400, "\"Bad request.\"", 0},
        {"authjs-5", "/api/auth/session/x", 400, "\"Bad request.\"", 0},
        {"nextauth-4", "/api/auth/session/x", 200, "{}", 2},
        {"authjs-5", "/api/auth/session?callbackUrl=foo", 500, "message", 0},
        {"authjs-5", "/api/auth/session?callbackUrl=javascript:alert(1)", 500, "message", 0},
        {"nextauth-4", "/api/auth/signin?callbackUrl=foo", 500, "Configuration", 0},
        {"nextauth-4", "/api/auth/signin?callbackUrl=%2F%2F%5B", 500, "Configuration", 0},
        {"nextauth-4", "/api/auth/signin?callbackUrl=blob:http://localhost:3000/", 500,
         "Configuration", 0},
    };

    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        browser b;
        browser_open(&b, rows[i].profile, "");
        get(&b, rows[i].target);
        if (b.status != rows[i].status || !strstr(b.body, rows[i].body_part) ||
            b.set_cookies != rows[i].cookies)
            fail_msg("%s %s: %d, %zu cookies, %.300s", rows[i].profile, rows[i].target, b.status,
                     b.set_cookies, b.body);
        assert_null(strstr(b.body, "<script"));
        browser_close(&b);
    }
}

static void test_error_codes_lead_to_sign_in(void **state)
{
    (void)state;
    browser b;
    browser_open(&b, "nextauth-4", "");
    get(&b, "/api/auth/error?error=OAuthCallback");
    assert_int_equal(b.status, 302);
    assert_string_equal(b.location, "http://localhost:3000/api/auth/signin?error=OAuthCallback");
    browser_close(&b);
}

#define HOME "http://localhost:3000"

/* What comes of a callback URL in a sign-in's form: never a foreign place. */
static void test_foreign_callback_urls_stay_home(void **state)
{
    (void)state;
    static const struct {
        const char *url, *location;
        bool reported;
    } rows[] = {
        {"%2Fclosed", HOME "/closed", false},
        {"https%3A%2F%2Fevil.example%2Fx", HOME, false},
        {"%20%20https%3A%2F%2Fevil.example", HOME, false},
        {"https%3Aevil.example", HOME, false},
        {"http%3A%2F%2Flocalhost%3A3000%40evil.example", HOME, false},
        {"%2F%2Fevil.example", HOME "//evil.example", false},
        {"%2F%5Cevil.example", HOME "/%5Cevil.example", false}, /* not what a browser takes for / */
        {"%20http%3Alocalhost%3A3000%2Fx", "http:localhost:3000/x", false},
        {"http%3A%2F%2Fu%3Ap%40localhost%3A3000%2F", "http://u:p@localhost:3000/", false},
        {"http%3A%2F%2Flocalhost%3A3000%5C%40evil.example%5C", HOME "/@evil.example%5C", false},
        {"http%3A%5C%2Flocalhost%3A3000%3F%5C", HOME "?%5C", false},
        {"http%3A%2F%2Flocalhost%3A3000%2Fdeep%3Fa%3Db%23c", HOME "/deep?a=b#c", false},
        {"http%3A%2F%2Flocalhost%3A3000%2Fdeep%0Aer", HOME, false},
        {"http%3A%2F%2Flocalhost%3A30001%2Fdeep", HOME, false},
        {"javascript%3Aalert(1)", HOME, false},
        {"foo", HOME, true},
        {"blob%3Ahttp%3A%2F%2Flocalhost%3A3000%2Fx", HOME, true},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        browser b;
        char body[512];
        browser_open(&b, "authjs-5", "");
        fetch_csrf(&b);
        snprintf(body, sizeof body, "csrfToken=%s&user=ada&callbackUrl=%s", b.csrf, rows[i].url);
        ask(&b, usher_handle, "POST", "/api/auth/callback/development", body, NULL, NULL, NULL);
        assert_true(b.signed_in);
        assert_string_equal(b.location, rows[i].location);
        assert_int_equal(has_cause(&b, USHER_CAUSE_CALLBACK_URL), rows[i].reported);
        browser_close(&b);
    }
}

/* --- what must be refused at the callback --------------------------------------------------------
 */

static void drop_cookie(browser *b, const char *part)
{
    browser_drop_cookie(b, browser_find(b, part));
}

static char *cookie_value(browser *b, const char *part)
{
    size_t at = browser_find(b, part);

    if (at == b->cookies) fail_msg("no cookie %s", part);
    return b->jar[at][1];
}

/* Targets have room for a few parameters more. */
static void append(char *target, const char *more)
{
    memcpy(target + strlen(target), more, strlen(more) + 1);
}

static void no_state(browser *b, char *t)
{
    (void)b;
    *strstr(t, "&state=") = 0;
}
static void empty_state(browser *b, char *t)
{
    (void)b;
    strstr(t, "&state=")[7] = 0;
}
static void other_state(browser *b, char *t)
{
    (void)b;
    t[strlen(t) - 1] ^= 1;
}
static void two_states(browser *b, char *t)
{
    (void)b;
    append(t, "&state=x");
}
static void no_code(browser *b, char *t)
{
    (void)b;
    memmove(strstr(t, "code="), "cod_=", 5);
}
static void two_codes(browser *b, char *t)
{
    (void)b;
    append(t, "&code=y");
}
static void code_and_error(browser *b, char *t)
{
    (void)b;
    append(t, "&error=x");
}
static void wrong_iss(browser *b, char *t)
{
    (void)b;
    append(t, "&iss=https%3A%2F%2Fother.example");
}
static void no_state_cookie(browser *b, char *t)
{
    (void)t;
    drop_cookie(b, ".state");
}
static void no_pkce_cookie(browser *b, char *t)
{
    (void)t;
    drop_cookie(b, "pkce");
}
static void no_nonce_cookie(browser *b, char *t)
{
    (void)t;
    drop_cookie(b, "nonce");
}
static void forged_state(browser *b, char *t)
{
    (void)t;
    cookie_value(b, ".state")[80] ^= 1;
}
static void forged_pkce(browser *b, char *t)
{
    (void)t;
    cookie_value(b, "pkce")[80] ^= 1;
}
static void late(browser *b, char *t)
{
    (void)t;
    b->now_s += 900 + 15;
}
static void swapped(browser *b, char *t)
{
    char keep[6000];
    (void)t;
    memcpy(keep, cookie_value(b, "pkce"), sizeof keep);
    memcpy(cookie_value(b, "pkce"), cookie_value(b, ".state"), sizeof keep);
    memcpy(cookie_value(b, ".state"), keep, sizeof keep);
}
static void other_provider(browser *b, char *t)
{
    (void)b;
    memcpy(strstr(t, "callback/op"), "callback/ox", 11);
}

static void test_callback_refusals(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        void (*spoil)(browser *, char *target);
        usher_cause cause;
        size_t wants; /* how far it may get */
    } rows[] = {
        {"no state", no_state, USHER_CAUSE_STATE_MISMATCH, 0},
        {"empty state", empty_state, USHER_CAUSE_RESPONSE_PARAMS, 0},
        {"other state", other_state, USHER_CAUSE_STATE_MISMATCH, 0},
        {"two states", two_states, USHER_CAUSE_RESPONSE_PARAMS, 0},
        {"no code", no_code, USHER_CAUSE_RESPONSE_PARAMS, 0},
        {"two codes", two_codes, USHER_CAUSE_RESPONSE_PARAMS, 0},
        {"code and error", code_and_error, USHER_CAUSE_RESPONSE_PARAMS, 0},
        {"no state cookie", no_state_cookie, USHER_CAUSE_STATE_COOKIE, 0},
        {"no pkce cookie", no_pkce_cookie, USHER_CAUSE_PKCE_COOKIE, 0},
        {"no nonce cookie", no_nonce_cookie, USHER_CAUSE_NONCE_COOKIE,
         2}, /* authjs-5 looks after the exchange */
        {"forged state cookie", forged_state, USHER_CAUSE_STATE_COOKIE, 0},
        {"forged pkce cookie", forged_pkce, USHER_CAUSE_PKCE_COOKIE, 0},
        {"check cookies swapped", swapped, USHER_CAUSE_STATE_COOKIE, 0},
        {"after the checks expired", late, USHER_CAUSE_STATE_COOKIE, 0},
        {"another provider's callback", other_provider, USHER_CAUSE_PROVIDER_UNKNOWN, 0},
        {"wrong iss", wrong_iss, USHER_CAUSE_RESPONSE_ISS, 0},
    };

    for (size_t p = 0; p < 2; p++)
        for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
            browser b;
            char s[1024], target[4096];
            browser_open(&b, profiles[p], ",\"checks\":[\"state\",\"nonce\"]");
            start_sign_in(&b, s, sizeof s, NULL);
            callback_target(target, sizeof target, s);
            rows[i].spoil(&b, target);
            get(&b, target);
            if (b.signed_in || has_cookie(&b, "session-token") || !has_cause(&b, rows[i].cause) ||
                b.wants > rows[i].wants || b.cause_count != 1)
                fail_msg("%s, %s: status %d, cause %s, %zu wants", profiles[p], rows[i].name,
                         b.status, usher_cause_word(b.causes[0]), b.wants);
            browser_close(&b);
        }
}

/* A provider that refuses PKCE: no cookie, no parameter, no verifier; a sign-in all the same. */
static void test_without_pkce(void **state)
{
    (void)state;
    for (size_t p = 0; p < 2; p++) {
        browser b;
        char s[1024], target[2048];

        browser_open(&b, profiles[p], ",\"pkce\":false,\"checks\":[\"state\"]");
        start_sign_in(&b, s, sizeof s, NULL);
        assert_null(strstr(b.location, "code_challenge"));
        assert_false(has_cookie(&b, "pkce"));
        callback_target(target, sizeof target, s);
        get(&b, target);
        assert_true(b.signed_in);
        assert_false(has_cookie(&b, "pkce")); /* nor is one taken back that was never set */
        assert_false(has_cookie(&b, ".state"));
        browser_close(&b);
    }
}

#define OTHER_ISS "&iss=https%3A%2F%2Fother.example"

/* v4 tells of a provider's error before it looks at anything else, v5 only if it is the provider's.
 */
static void test_provider_error(void **state)
{
    (void)state;
    static const struct {
        const char *profile, *iss, *location;
        usher_cause cause;
    } rows[] = {
        {"nextauth-4", "", "error?error=Callback", USHER_CAUSE_PROVIDER_ERROR},
        {"nextauth-4", OTHER_ISS, "error?error=Callback", USHER_CAUSE_PROVIDER_ERROR},
        {"authjs-5", "", "signin?error=OAuthCallbackError", USHER_CAUSE_PROVIDER_ERROR},
        {"authjs-5", OTHER_ISS, "error?error=Configuration", USHER_CAUSE_RESPONSE_ISS},
    };

    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        browser b;
        char s[1024], target[2048];
        browser_open(&b, rows[i].profile, ",\"checks\":[\"state\"]");
        start_sign_in(&b, s, sizeof s, NULL);
        snprintf(target, sizeof target, "/api/auth/callback/op?error=access_denied&state=%s%s", s,
                 rows[i].iss);
        get(&b, target);
        assert_string_equal(strstr(b.location, "/api/auth/") + 10, rows[i].location);
        assert_true(has_cause(&b, rows[i].cause));
        browser_close(&b);
    }
}

/* --- every want failed, late, or lying in turn
 * ---------------------------------------------------- */

typedef struct spoiler {
    size_t at;
    int kind;
    bool reached;
} spoiler;

enum { FAILED, STATUS_500, EMPTY, ONE_BYTE, HTML, TRUNCATED, JSON_ARRAY, HUGE_DEPTH, KINDS };

static void spoil(void *ctx, size_t want, const usher_fetch *fetch, usher_event *event)
{
    static char deep[4096];
    spoiler *s = ctx;

    (void)fetch;
    if (want != s->at) return;
    s->reached = true;
    switch (s->kind) {
    case FAILED:
        event->kind = USHER_EVENT_FETCH_FAILED;
        event->why = "timed out";
        event->body = (usher_str){0};
        break;
    case STATUS_500: event->http_status = 500; break;
    case EMPTY: event->body = USHER_STR(""); break;
    case ONE_BYTE: event->body.len = 1; break;
    case HTML:
        event->body = USHER_STR("<html>hello</html>");
        event->content_type = USHER_STR("text/html");
        break;
    case TRUNCATED: event->body.len -= 1; break;
    case JSON_ARRAY: event->body = USHER_STR("[]"); break;
    case HUGE_DEPTH:
        memset(deep, '[', sizeof deep);
        event->body = (usher_str){deep, sizeof deep};
        break;
    }
}

static void test_each_want_failed_in_turn(void **state)
{
    (void)state;
    size_t spoiled = 0;

    for (size_t p = 0; p < 2; p++)
        for (int kind = 0; kind < KINDS; kind++)
            for (size_t at = 0; at < 6; at++) {
                browser b;
                char s[1024], target[2048], body[512];
                spoiler sp = {.at = at, .kind = kind};

                browser_open(&b, profiles[p], ",\"userinfo\":true");
                if (at == 0) { /* the start has one want of its own */
                    fetch_csrf(&b);
                    snprintf(body, sizeof body, "csrfToken=%s", b.csrf);
                    ask(&b, usher_handle, "POST", "/api/auth/signin/op", body, spoil, &sp, NULL);
                    assert_true(sp.reached && b.cause_count == 1);
                    assert_false(has_cookie(&b, "pkce"));
                    sp.reached = false;
                }
                start_sign_in(&b, s, sizeof s, NULL);
                callback_target(target, sizeof target, s);
                ask(&b, usher_handle, "GET", target, NULL, spoil, &sp, NULL);
                if (!sp.reached) {
                    assert_true(b.signed_in); /* the control */
                    browser_close(&b);
                    break;
                }
                spoiled++;
                if (b.signed_in || b.status != 302 || b.cause_count == 0 ||
                    has_cookie(&b, "session-token") || !strstr(b.location, "error="))
                    fail_msg("%s: want %zu spoiled by %d: %d %s", profiles[p], at, kind, b.status,
                             b.location);
                assert_true(has_cookie(&b, "pkce")); /* a failed callback takes nothing away */
                browser_close(&b);
            }
    assert_int_equal(spoiled, 2 * KINDS * 4); /* metadata, tokens, keys, userinfo */
}

static void test_keys_may_have_changed(void **state)
{
    (void)state;
    browser b;
    char s[1024], target[2048];

    browser_open(&b, "authjs-5", "");
    start_sign_in(&b, s, sizeof s, NULL);
    b.op.old_keys_first = true;
    callback_target(target, sizeof target, s);
    get(&b, target);
    assert_true(b.signed_in);
    assert_int_equal(b.op.keys_asked, 2);
    browser_close(&b);
}

static void old_and_bad(void *ctx, size_t want, const usher_fetch *fetch, usher_event *event)
{
    size_t *at = ctx;

    if (want == *at) { /* a copy from a moment when the provider showed a page about its repairs */
        assert_int_equal(fetch->newer_than_ms, 0);
        event->fetched_ms = event->now_ms - 5000;
        event->body = USHER_STR("{}");
    } else if (want == *at + 1) {
        assert_int_equal(fetch->newer_than_ms, event->now_ms - 5000);
    }
}

static void test_a_bad_old_copy_is_asked_for_again(void **state)
{
    (void)state;
    for (size_t at = 0; at < 3; at += 2) { /* metadata, then keys; between them the tokens */
        browser b;
        char s[1024], target[2048], body[256];

        browser_open(&b, "authjs-5", "");
        if (at == 0) {
            fetch_csrf(&b);
            snprintf(body, sizeof body, "csrfToken=%s", b.csrf);
            ask(&b, usher_handle, "POST", "/api/auth/signin/op", body, old_and_bad, &at, NULL);
            assert_true(b.wants == 2 && b.cause_count == 0 && has_cookie(&b, "pkce"));
        }
        start_sign_in(&b, s, sizeof s, NULL);
        callback_target(target, sizeof target, s);
        ask(&b, usher_handle, "GET", target, NULL, old_and_bad, &at, NULL);
        assert_true(b.signed_in);
        assert_int_equal(b.wants, 4);
        browser_close(&b);
    }
}

/* A token in Authorization is for programs that ask (getToken, withAuth); the session endpoint
 * would make a cookie of it. */
static void test_bearer_tokens_make_no_cookie(void **state)
{
    (void)state;
    browser b;
    char body[256], bearer[6100];
    usher_exchange *ex;
    usher_want want;
    usher_error err = {0};

    browser_open(&b, "nextauth-4", "");
    fetch_csrf(&b);
    snprintf(body, sizeof body, "csrfToken=%s&user=ada", b.csrf);
    ask(&b, usher_handle, "POST", "/api/auth/callback/development", body, NULL, NULL, NULL);
    snprintf(bearer, sizeof bearer, "Bearer %s", cookie_value(&b, "session-token"));
    usher_header header = {USHER_STR("Authorization"), kit_str(bearer)};
    usher_request request = {.size = sizeof request,
                             .method = USHER_STR("GET"),
                             .target = USHER_STR("/api/auth/session"),
                             .headers = &header,
                             .header_count = 1};
    assert_ok(usher_exchange_new(&ex, NULL, &err));
    assert_ok(usher_exchange_start(ex, b.site, &request, NOW_S * 1000, &err));
    assert_ok(usher_get_token(ex, &want, &err));
    assert_int_equal(usher_exchange_verdict(ex), USHER_SESSION_VALID);
    assert_ok(usher_exchange_start(ex, b.site, &request, NOW_S * 1000, &err));
    assert_ok(usher_handle(ex, &want, &err));
    assert_int_equal(usher_exchange_verdict(ex), USHER_NO_SESSION);
    assert_ok(usher_exchange_start(ex, b.site, &request, (NOW_S + 5 * 86400) * 1000, &err));
    assert_ok(usher_forward_auth(ex, &want, &err));
    browser_keep_answer(&b, ex);
    assert_int_equal(b.status, 200);
    assert_int_equal(b.set_cookies, 0);
    usher_exchange_free(ex);
    browser_close(&b);
}

/* Nor do they where several operations follow one start, in whatever order. */
static void test_bearer_tokens_count_where_asked(void **state)
{
    (void)state;
    browser b;
    char body[256], bearer[6100];
    usher_exchange *ex;
    usher_want want;

    browser_open(&b, "nextauth-4", "");
    fetch_csrf(&b);
    snprintf(body, sizeof body, "csrfToken=%s&user=ada", b.csrf);
    ask(&b, usher_handle, "POST", "/api/auth/callback/development", body, NULL, NULL, NULL);
    snprintf(bearer, sizeof bearer, "Bearer %s", cookie_value(&b, "session-token"));
    usher_header headers[] = {{USHER_STR("Authorization"), kit_str(bearer)},
                              {USHER_STR("Cookie"), USHER_STR("next-auth.session-token=bad")}};
    usher_request request = {.size = sizeof request,
                             .method = USHER_STR("GET"),
                             .target = USHER_STR("/api/auth/session"),
                             .headers = headers,
                             .header_count = 1};
    assert_ok(usher_exchange_new(&ex, NULL, NULL));
    assert_ok(usher_exchange_start(ex, b.site, &request, NOW_S * 1000, NULL));
    for (int i = 0; i < 2; i++) {
        assert_ok(usher_get_session(ex, &want, NULL));
        assert_int_equal(usher_exchange_verdict(ex), USHER_NO_SESSION);
        assert_null(usher_exchange_session(ex));
        assert_ok(usher_get_token(ex, &want, NULL));
        assert_int_equal(usher_exchange_verdict(ex), USHER_SESSION_VALID);
        assert_str(usher_session_name(usher_exchange_session(ex)), "Ada");
        assert_ok(usher_update_session(ex, USHER_STR("{\"a\":1}"), &want, NULL));
        assert_int_equal(usher_exchange_verdict(ex), USHER_NO_SESSION);
        assert_false(usher_exchange_session_written(ex));
        assert_ok(usher_get_token(ex, &want, NULL));
    }
    assert_ok(usher_handle(ex, &want, NULL));
    assert_int_equal(usher_exchange_verdict(ex), USHER_NO_SESSION);
    browser_keep_answer(&b, ex);
    assert_string_equal(b.body, "{}");
    /* a cookie, even a bad one, hides the token, and is said to be bad once */
    request.header_count = 2;
    assert_ok(usher_exchange_start(ex, b.site, &request, NOW_S * 1000, NULL));
    assert_ok(usher_get_token(ex, &want, NULL));
    assert_ok(usher_get_session(ex, &want, NULL));
    assert_ok(usher_get_token(ex, &want, NULL));
    assert_int_equal(usher_exchange_verdict(ex), USHER_SESSION_REJECTED);
    usher_exchange_free(ex);
    browser_close(&b);
}

static usher_str header_of(const usher_exchange *ex, usher_str name)
{
    const usher_response *r = usher_exchange_response(ex);

    for (size_t i = 0; i < r->header_count; i++)
        if (usher_str_eq(r->headers[i].name, name)) return r->headers[i].value;
    fail_msg("no header %.*s", (int)name.len, name.ptr);
    return (usher_str){0};
}

/* A name that does not fit in its header is not cut: what is left could be somebody else's. */
static void test_identities_are_whole(void **state)
{
    (void)state;
    static const struct {
        size_t letters; /* in front of "\u00e9", which takes six characters */
        bool fits;
    } rows[] = {{0, true}, {4090, true}, {4091, false}, {4096, false}, {9000, false}};
    static char changes[20000], name[9001];
    browser b;
    char body[256], bearer[40000];

    browser_open(&b, "nextauth-4", "");
    fetch_csrf(&b);
    snprintf(body, sizeof body, "csrfToken=%s&user=ada", b.csrf);
    ask(&b, usher_handle, "POST", "/api/auth/callback/development", body, NULL, NULL, NULL);
    snprintf(bearer, sizeof bearer, "next-auth.session-token=%s",
             cookie_value(&b, "session-token"));
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        usher_header cookie = {USHER_STR("Cookie"), kit_str(bearer)};
        usher_request request = {.size = sizeof request,
                                 .method = USHER_STR("GET"),
                                 .target = USHER_STR("/_usher/check"),
                                 .headers = &cookie,
                                 .header_count = 1};
        usher_exchange *ex;
        usher_want want;
        memset(name, 'n', rows[i].letters);
        name[rows[i].letters] = 0;
        snprintf(changes, sizeof changes, "{\"name\":\"%s\\u00e9\"}", name);
        assert_ok(usher_exchange_new(&ex, NULL, NULL));
        assert_ok(usher_exchange_start(ex, b.site, &request, NOW_S * 1000, NULL));
        assert_ok(usher_update_session(ex, kit_str(changes), &want, NULL));
        assert_ok(usher_forward_auth(ex, &want, NULL));
        assert_int_equal(usher_exchange_decision(ex), USHER_ALLOW);
        usher_str got = header_of(ex, USHER_STR("X-Usher-Name"));
        assert_int_equal(got.len, rows[i].fits ? rows[i].letters + 6 : 0);
        if (rows[i].fits) assert_true(usher_str_ends(got, USHER_STR("%C3%A9")));
        assert_str(header_of(ex, USHER_STR("X-Usher-Email")), "ada@example.com");
        usher_exchange_free(ex);
    }
    browser_close(&b);
}

/* What a browser sends too much of is its own doing: an answer, and never 503. */
static void test_too_much_is_an_answer(void **state)
{
    (void)state;
    static char big[40000], target[41000];
    static usher_header headers[1200];
    usher_site *site = make_site("authjs-5", "");
    usher_exchange *ex;
    usher_want want;
    usher_error err = {0};

    memset(big, '@', sizeof big - 1);
    snprintf(target, sizeof target, "/api/auth/signin?callbackUrl=/%s", big);
    assert_ok(usher_exchange_new(&ex, NULL, &err));
    usher_request request = {
        .size = sizeof request, .method = USHER_STR("GET"), .headers = headers};
    request.target = kit_str(target);
    assert_ok(usher_exchange_start(ex, site, &request, NOW_S * 1000, &err));
    assert_ok(usher_handle(ex, &want, &err));
    assert_int_equal(usher_exchange_response(ex)->status,
                     500); /* the originals' configuration error */

    for (size_t i = 0; i < 90; i++) /* joined once, not each time anew */
        headers[i] = (usher_header){USHER_STR("Cookie"), {big, 600}};
    request.header_count = 90;
    request.target = USHER_STR("/api/auth/session");
    assert_ok(usher_exchange_start(ex, site, &request, NOW_S * 1000, &err));
    assert_ok(usher_handle(ex, &want, &err));
    assert_int_equal(usher_exchange_response(ex)->status, 200);

    for (size_t i = 0; i < 1200; i++)
        headers[i] = (usher_header){USHER_STR("Cookie"), {big, 600}};
    request.header_count = 1200;
    assert_ok(usher_exchange_start(ex, site, &request, NOW_S * 1000, &err));
    assert_ok(usher_handle(ex, &want, &err));
    assert_int_equal(usher_exchange_response(ex)->status, 400);
    assert_ok(usher_exchange_start(ex, site, &request, NOW_S * 1000, &err));
    assert_ok(usher_get_token(ex, &want, &err));
    assert_int_equal(usher_exchange_verdict(ex), USHER_SESSION_REJECTED);

    headers[0] = (usher_header){USHER_STR("X-Forwarded-Uri"), {target + 17, 38000}};
    headers[1] = (usher_header){USHER_STR("Accept"), USHER_STR("text/html")};
    target[17] = '/';
    request.header_count = 2;
    request.peer_trusted = true;
    assert_ok(usher_exchange_start(ex, site, &request, NOW_S * 1000, &err));
    assert_ok(usher_forward_auth(ex, &want, &err));
    assert_int_equal(usher_exchange_decision(ex), USHER_DENY);
    usher_exchange_free(ex);
    usher_site_unref(site);
}

/* --- every allocation, and every draw of entropy, refused in turn
 * --------------------------------- */

static size_t record_all(browser *b, const char *profile, recorded *all)
{
    char s[1024], target[2048], body[256];
    size_t n = 0;

    browser_open(b, profile, ",\"checks\":[\"state\",\"nonce\"],\"userinfo\":true");
    ask(b, usher_handle, "GET", "/api/auth/signin", NULL, NULL, NULL, &all[n++]);
    ask(b, usher_handle, "GET", "/api/auth/providers", NULL, NULL, NULL, &all[n++]);
    ask(b, usher_handle, "GET", "/api/auth/error?error=AccessDenied", NULL, NULL, NULL, &all[n++]);
    ask(b, usher_guard, "GET", "/closed", NULL, NULL, NULL, &all[n++]);
    start_sign_in(b, s, sizeof s, &all[n++]);
    callback_target(target, sizeof target, s);
    ask(b, usher_handle, "GET", target, NULL, NULL, NULL, &all[n++]);
    assert_true(b->signed_in);
    ask(b, usher_handle, "GET", "/api/auth/session", NULL, NULL, NULL, &all[n++]);
    ask(b, usher_get_token, "GET", "/closed", NULL, NULL, NULL, &all[n++]);
    ask(b, usher_forward_auth, "GET", "/_usher/check", NULL, NULL, NULL, &all[n++]);
    snprintf(body, sizeof body, "csrfToken=%s", b->csrf);
    ask(b, usher_handle, "POST", "/api/auth/session", body, NULL, NULL, &all[n++]);
    ask(b, usher_handle, "POST", "/api/auth/signout", body, NULL, NULL, &all[n++]);
    assert_true(b->signed_out);
    return n;
}

/* As `sweep` has it: see browser.h. */
static void stress(void (*sweep)(usher_site *, const recorded *, size_t))
{
    static recorded all[16];

    for (size_t p = 0; p < 2; p++) {
        browser b;
        size_t n = record_all(&b, profiles[p], all);

        sweep(b.site, all, n);
        recorded_free_all(all, n);
        browser_close(&b);
    }
}

static void test_every_allocation_may_fail(void **state)
{
    (void)state;
    stress(recorded_without_memory);
}

static void test_every_crypto_allocation_may_fail(void **state)
{
    (void)state;
    stress(recorded_without_crypto);
}

static void test_every_draw_of_entropy_may_fail(void **state)
{
    (void)state;
    stress(recorded_without_entropy);
}

/* --- forward authentication
 * ------------------------------------------------------------------------ */

/* What a proxy asks, from a trusted peer or not; without a session, all of /docs being open. Rows
 * of T50, T53-T55. */
static void test_forward_auth_answers(void **state)
{
    (void)state;
    static const struct {
        const char *headers[4][2];
        bool trusted;
        int status;
        usher_cause cause;
    } rows[] = {
        {{{"X-Original-URI", "/docs/x"}}, true, 200, USHER_CAUSE_NONE},
        {{{"X-Forwarded-Uri", "/docs/x?a=1"}}, true, 200, USHER_CAUSE_NONE},
        {{{"X-Original-URI", "/docs/x"}}, false, 401, USHER_CAUSE_NONE}, /* not believed */
        {{{"X-Forwarded-Uri", "/docs/x"}}, false, 401, USHER_CAUSE_NONE},
        {{{"X-Original-URI", "/closed"}}, true, 401, USHER_CAUSE_NONE},
        {{{"X-Original-URI", "/closed"}, {"Accept", "text/html"}}, true, 401, USHER_CAUSE_NONE},
        {{{"X-Forwarded-Uri", "/closed"}, {"Accept", "text/html"}}, true, 302, USHER_CAUSE_NONE},
        {{{"X-Forwarded-Uri", "/closed"}, {"X-Forwarded-Method", "POST"}, {"Accept", "text/html"}},
         true,
         401,
         USHER_CAUSE_NONE},
        {{{"X-Original-URI", "/docs/x"}, {"X-Forwarded-Uri", "/closed"}},
         true,
         403,
         USHER_CAUSE_QUESTION_UNCLEAR},
        {{{"X-Original-URI", "/docs/x"}, {"x-original-uri", "/closed"}},
         true,
         403,
         USHER_CAUSE_QUESTION_UNCLEAR},
        {{{"X-Original-URI", "/docs/../closed"}}, true, 401, USHER_CAUSE_NONE},
        {{{"X-Original-URI", "/docs/%2e%2e/closed"}}, true, 401, USHER_CAUSE_NONE},
        {{{"X-Original-URI", "/docs//x"}}, true, 401, USHER_CAUSE_NONE},
        {{{"X-Original-URI", "/docs/%zz"}}, true, 403, USHER_CAUSE_PATH_UNCLEAR},
        {{{"X-Forwarded-Uri", "/docs/%00"}}, true, 400, USHER_CAUSE_PATH_UNCLEAR},
        {{{"X-Original-URI", ""}}, true, 403, USHER_CAUSE_PATH_UNCLEAR},
        {{{"Accept", "text/html"}}, true, 302, USHER_CAUSE_NONE}, /* the proxy did not say */
    };
    usher_site *site = make_site("authjs-5", "");

    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        usher_header headers[4];
        usher_request request = {.size = sizeof request,
                                 .method = USHER_STR("GET"),
                                 .target = USHER_STR("/_usher/check"),
                                 .headers = headers,
                                 .peer_trusted = rows[i].trusted};
        usher_exchange *ex;
        usher_want want;
        usher_error err = {0};
        size_t count;

        for (; rows[i].headers[request.header_count][0]; request.header_count++)
            headers[request.header_count] =
                (usher_header){kit_str(rows[i].headers[request.header_count][0]),
                               kit_str(rows[i].headers[request.header_count][1])};
        assert_ok(usher_exchange_new(&ex, NULL, &err));
        assert_ok(usher_exchange_start(ex, site, &request, NOW_S * 1000, &err));
        assert_ok(usher_forward_auth(ex, &want, &err));
        const usher_report *reports = usher_exchange_reports(ex, &count);
        int status = usher_exchange_response(ex)->status;
        if (status != rows[i].status ||
            (count ? reports[0].cause : USHER_CAUSE_NONE) != rows[i].cause)
            fail_msg("row %zu: %d, %s", i, status,
                     count ? usher_cause_word(reports[0].cause) : "no cause");
        assert_int_equal(usher_exchange_decision(ex), status == 200 ? USHER_ALLOW : USHER_DENY);
        usher_exchange_free(ex);
    }
    usher_site_unref(site);
}

static void test_misuse_is_told(void **state)
{
    (void)state;
    usher_exchange *ex;
    usher_error err = {0};
    usher_want want;
    usher_event event = {.size = sizeof event, .kind = USHER_EVENT_FETCHED};
    usher_request request = {.size = sizeof request,
                             .method = USHER_STR("GET"),
                             .target = USHER_STR("/api/auth/session")};
    usher_site *site = make_site("authjs-5", "");

    assert_ok(usher_exchange_new(&ex, NULL, &err));
    assert_int_equal(usher_handle(ex, &want, &err), USHER_E_USAGE);
    assert_ok(usher_exchange_start(ex, site, &request, NOW_S * 1000, &err));
    assert_int_equal(usher_resume(ex, &event, &want, &err), USHER_E_USAGE);
    assert_ok(usher_handle(ex, &want, &err));
    assert_int_equal(usher_handle(ex, &want, &err), USHER_E_USAGE);
    usher_site_unref(site); /* the exchange holds its own reference */
    assert_ok(usher_exchange_start(ex, site, &request, NOW_S * 1000, &err));
    usher_exchange_free(ex);
}

int main(void)
{
    kit_crypto_install();
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_sign_in_session_sign_out),
        cmocka_unit_test(test_user_id_is_stable),
        cmocka_unit_test(test_development_sign_in),
        cmocka_unit_test(test_anonymous_answers),
        cmocka_unit_test(test_error_codes_lead_to_sign_in),
        cmocka_unit_test(test_foreign_callback_urls_stay_home),
        cmocka_unit_test(test_callback_refusals),
        cmocka_unit_test(test_without_pkce),
        cmocka_unit_test(test_provider_error),
        cmocka_unit_test(test_each_want_failed_in_turn),
        cmocka_unit_test(test_keys_may_have_changed),
        cmocka_unit_test(test_every_allocation_may_fail),
        cmocka_unit_test(test_every_crypto_allocation_may_fail),
        cmocka_unit_test(test_every_draw_of_entropy_may_fail),
        cmocka_unit_test(test_a_bad_old_copy_is_asked_for_again),
        cmocka_unit_test(test_bearer_tokens_make_no_cookie),
        cmocka_unit_test(test_bearer_tokens_count_where_asked),
        cmocka_unit_test(test_identities_are_whole),
        cmocka_unit_test(test_too_much_is_an_answer),
        cmocka_unit_test(test_forward_auth_answers),
        cmocka_unit_test(test_misuse_is_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
