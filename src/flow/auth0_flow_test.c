/* The routes of Auth0's SDK, with a browser's cookies: each visit from the first request to the
 * last, its refusals, its wants failed in turn, and every allocation and draw of entropy refused in
 * turn. */
#include "tests/kit/auth0.h"

#include "base/str.h"

#define NOW_S  AUTH0_NOW_S
#define SECRET AUTH0_SECRET
#define APP    AUTH0_APP
#define ENDS   AUTH0_ENDS

/* --- a browser -------------------------------------------------------------------------------- */

static void browser_open(browser *b, const char *more)
{
    auth0_open(b, more, "");
}

static void ask(browser *b, usher_operation_fn *op, const char *method, const char *target,
                meddler *meddle, void *ctx)
{
    browser_ask(b, op, method, target, NULL, meddle, ctx);
}

#define SAFE_CACHE "private, no-cache, no-store, must-revalidate, max-age=0"

/* --- whole visits ----------------------------------------------------------------------------- */

static void look_at_request(browser *b)
{
    static const struct {
        const char *name, *value;
    } expected[] = {
        {"scope", "openid profile email offline_access"},
        {"client_id", "client-1"},
        {"redirect_uri", APP "/auth/callback"},
        {"response_type", "code"},
        {"code_challenge_method", "S256"},
    };
    char value[512];

    for (size_t i = 0; i < sizeof expected / sizeof *expected; i++) {
        assert_true(kit_parameter(b->location, expected[i].name, value, sizeof value));
        assert_string_equal(value, expected[i].value);
    }
    assert_true(kit_parameter(b->location, "code_challenge", value, sizeof value));
    assert_int_equal(strlen(value), 43);
    assert_true(kit_parameter(b->location, "state", value, sizeof value));
    assert_int_equal(strlen(value), 43);
}

static void test_a_whole_visit(void **state)
{
    (void)state;
    browser b;
    char s[128], value[4096];

    browser_open(&b, "");
    browser_get(&b, "/auth/profile");
    assert_int_equal(b.status, 401);
    assert_string_equal(b.body, "");
    assert_string_equal(b.cache, SAFE_CACHE);
    auth0_log_in(&b, "?returnTo=%2Fclosed%3Fa%3D1", s);
    look_at_request(&b);
    assert_string_equal(b.cache, SAFE_CACHE);
    assert_int_equal(b.wants, 1);
    assert_int_equal(b.cookies, 1);
    auth0_come_back(&b, s, "&code=code-1", NULL, NULL);
    assert_int_equal(b.status, 307);
    assert_string_equal(b.location, APP "/closed?a=1");
    assert_string_equal(b.cache, SAFE_CACHE);
    assert_int_equal(b.wants, 3);
    assert_int_equal(browser_count(&b, "__txn_"), 0);
    assert_non_null(strstr(b.op.asked, "grant_type=authorization_code"));
    assert_non_null(strstr(b.op.asked, "&code_verifier="));
    assert_non_null(strstr(b.op.asked, "client_secret=a-client-secret-of-some-length"));

    browser_get(&b, "/auth/profile");
    assert_int_equal(b.status, 200);
    assert_string_equal(
        b.body, "{\"sub\":\"user-1\",\"name\":\"Ada Lovelace\",\"email\":\"ada@example.com\"}");
    assert_int_equal(b.set_cookies, 0);
    assert_string_equal(b.cache, SAFE_CACHE);
    b.now_s += 600;
    browser_get(&b, "/auth/access-token");
    assert_string_equal(b.body, "{\"token\":\"at-1\",\"scope\":\"openid profile\","
                                "\"expires_at\":1767229200,\"expires_in\":3000}");
    assert_int_equal(b.set_cookies + b.wants, 0);
    assert_string_equal(b.cache, SAFE_CACHE);

    auth0_come_back(&b, s, "&code=code-1", NULL, NULL); /* a transaction serves once */
    assert_int_equal(b.status, 500);
    assert_string_equal(b.body, "The state parameter is invalid.");

    browser_get(&b, "/auth/logout");
    assert_int_equal(b.status, 307);
    assert_true(b.signed_out);
    assert_int_equal(b.cookies, 0);
    assert_true(usher_str_starts(kit_str(b.location), USHER_STR(KIT_ISSUER "/bye?client_id=")));
    assert_true(kit_parameter(b.location, "post_logout_redirect_uri", value, sizeof value));
    assert_string_equal(value, APP);
    assert_true(kit_parameter(b.location, "id_token_hint", value, sizeof value));
    assert_true(strlen(value) > 100);
    assert_non_null(strstr(b.op.asked, "token_type_hint=refresh_token&token=rt-1&client_id="));
    browser_get(&b, "/auth/profile");
    assert_int_equal(b.status, 401);
    browser_close(&b);
}

/* What the original would read of it. */
static void test_what_a_session_holds(void **state)
{
    (void)state;
    browser b;
    char s[128], expected[8000], *id_token, *usid;

    browser_open(&b, ",\"auth0\":{\"authorization_parameters\":[\"audience=https://api\"]}");
    auth0_log_in(&b, "", s);
    char claims[1024];
    snprintf(claims, sizeof claims,
             "{\"iss\":\"" KIT_ISSUER "\",\"sub\":\"u|1\",\"aud\":\"client-1\",\"iat\":%lld,"
             "\"exp\":%lld,\"nonce\":\"%s\",\"sid\":\"S1\",\"session_expiry\":%lld,"
             "\"nickname\":\"A\\u00e4\",\"email_verified\":true,\"act\":{\"sub\":\"x\"},"
             "\"secret_claim\":1,\"zip\":2}",
             (long long)NOW_S, (long long)NOW_S + 60, b.op.nonce, (long long)NOW_S + 5000);
    b.op.id_token_claims = claims;
    auth0_come_back(&b, s, "&code=code-1", NULL, NULL);
    assert_true(b.signed_in);
    ask(&b, usher_get_token, "GET", "/", NULL, NULL);
    assert_int_equal(b.verdict, USHER_SESSION_VALID);
    id_token = strstr(b.session, "\"idToken\":\"") + 11;
    usid = strstr(b.session, "\"usid\":\"") + 8;
    assert_non_null(id_token);
    snprintf(expected, sizeof expected,
             "{\"user\":{\"sub\":\"u|1\",\"nickname\":\"A\\u00e4\",\"email_verified\":true,"
             "\"act\":{\"sub\":\"x\"}},\"tokenSet\":{\"accessToken\":\"at-1\",\"idToken\":\"%.*s\","
             "\"scope\":\"openid profile\","
             "\"requestedScope\":\"openid profile email offline_access\","
             "\"audience\":\"https://api\",\"refreshToken\":\"rt-1\",\"expiresAt\":1767229200},"
             "\"internal\":{\"sid\":\"S1\",\"createdAt\":1767225600,"
             "\"sessionExpiresAt\":1767230600,\"usid\":\"%.22s\"},\"exp\":1767312000}",
             (int)strcspn(id_token, "\""), id_token, usid);
    assert_string_equal(b.session, expected);
    browser_get(&b, "/auth/logout?state=x&federated&returnTo=%2Fbye");
    assert_non_null(strstr(b.location, "&post_logout_redirect_uri=%2Fbye&state=x&logout_hint=S1&"));
    assert_true(usher_str_ends(kit_str(b.location), USHER_STR("&federated=")));
    browser_close(&b);
}

static void test_a_new_sign_in_replaces_the_session(void **state)
{
    (void)state;
    browser b;
    char first[8000];

    browser_open(&b, "");
    auth0_sign_in(&b);
    ask(&b, usher_get_token, "GET", "/", NULL, NULL);
    snprintf(first, sizeof first, "%s", strstr(b.session, "\"usid\""));
    browser_put_cookie(&b, USHER_STR("__session__0"), USHER_STR("left"));
    b.now_s += 1000;
    auth0_sign_in(&b); /* asserts that one cookie is left */
    ask(&b, usher_get_token, "GET", "/", NULL, NULL);
    assert_string_not_equal(first, strstr(b.session, "\"usid\""));
    assert_non_null(strstr(b.session, "\"createdAt\":1767226600"));
    browser_close(&b);
}

/* Signed in under another system: the same user here, and signed out for good. */
static void test_a_session_of_another_system(void **state)
{
    (void)state;
    browser b;
    usher_site *other = NULL;
    usher_site *own;

    browser_open(&b, ",\"accept\":[{\"profile\":\"authjs-5\"}]");
    own = b.site;
    assert_ok(usher_site_new(&other, NULL,
                             USHER_STR("{\"site\":{\"base_url\":\"" APP "\",\"secret\":\"" SECRET
                                       "\",\"accept\":[{\"profile\":\"auth0-4\"}]}}"),
                             NULL, NULL, NULL));
    auth0_sign_in(&b);
    /* carried over there, and read here */
    b.site = other;
    ask(&b, usher_get_session, "GET", "/", NULL, NULL);
    assert_int_equal(browser_count(&b, "authjs.session-token"), 1);
    assert_int_equal(browser_count(&b, "__session"), 0);
    usher_site_unref(other);
    b.site = own;
    browser_get(&b, "/auth/profile");
    assert_int_equal(b.status, 200);
    assert_non_null(strstr(b.body, "\"sub\":\"user-1\""));
    assert_null(strstr(b.body, "expires"));
    assert_int_equal(b.set_cookies, 0);
    browser_get(&b, "/auth/access-token");
    assert_non_null(strstr(b.body, "\"token\":\"at-1\""));
    b.now_s += 3600; /* the refresh writes it in the site's own format */
    browser_get(&b, "/auth/access-token");
    assert_int_equal(b.status, 200);
    assert_int_equal(browser_count(&b, "__session"), 1);
    assert_int_equal(browser_count(&b, "authjs.session-token"), 0);
    browser_close(&b);
}

/* --- login ------------------------------------------------------------------------------------ */

static void test_login_parameters(void **state)
{
    (void)state;
    static const struct {
        const char *query, *name, *value; /* no value: not there */
    } rows[] = {
        {"?connection=google&prompt=none", "connection", "google"},
        {"?connection=google&prompt=none", "prompt", "none"},
        {"?screen_hint=signup", "screen_hint", "signup"},
        {"?x=1&x=2", "x", "2"},
        {"?x=a+b%26c", "x", "a b&c"},
        {"?scope=openid+read:x", "scope", "openid read:x"},
        {"", "audience", "https://api"},
        {"?audience=https://other", "audience", "https://other"},
        {"?max_age=0", "max_age", "0"},
        {"?client_id=evil", "client_id", "client-1"},
        {"?redirect_uri=https://evil.example", "redirect_uri", APP "/auth/callback"},
        {"?response_type=token", "response_type", "code"},
        {"?code_challenge_method=plain", "code_challenge_method", "S256"},
        {"?response_mode=query", "response_mode", NULL},
        {"?request=x", "request", NULL},
        {"?request_uri=x", "request_uri", NULL},
        {"?client_secret=x", "client_secret", NULL},
        {"?returnTo=/x", "returnTo", NULL},
        {"?challengeMode=redirect", "challengeMode", NULL},
        {"?=x", "", NULL},
        {"?state=1&nonce=2&code_challenge=3", "ui", "y"},
    };
    browser b;
    char s[128], value[1024];

    browser_open(&b,
                 ",\"auth0\":{\"authorization_parameters\":[\"audience=https://api\",\"ui=y\"]}");
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        b.cookies = 0;
        auth0_log_in(&b, rows[i].query, s);
        bool there = kit_parameter(b.location, rows[i].name, value, sizeof value);
        if (there != (rows[i].value != NULL) || (there && strcmp(value, rows[i].value)))
            fail_msg("%s: %s=%s", rows[i].query, rows[i].name, value);
        assert_int_equal(strlen(s), 43);
        assert_int_equal(strlen(b.op.nonce), 43);
    }
    browser_close(&b);
}

static void test_login_refusals(void **state)
{
    (void)state;
    static const struct {
        const char *query;
        int status;
        const char *body;
    } rows[] = {
        {"?max_age=-1", 400,
         "Invalid max_age query param: \"-1\". Must be a non-negative integer."},
        {"?max_age=", 400, "Invalid max_age query param: \"\". Must be a non-negative integer."},
        {"?max_age=99999999999999999999", 400,
         "Invalid max_age query param: \"99999999999999999999\". Must be a non-negative integer."},
        {"?challengeMode=x", 400,
         "Invalid challengeMode query param: x. Expected 'redirect', 'popup', or omit."},
        {"?challengeMode=popup", 400, "challengeMode=popup is not supported."},
    };
    browser b;
    char target[9000], s[128];

    browser_open(&b, "");
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        snprintf(target, sizeof target, "/auth/login%s", rows[i].query);
        browser_get(&b, target);
        assert_int_equal(b.status, rows[i].status);
        assert_string_equal(b.body, rows[i].body);
        assert_int_equal(b.set_cookies + b.wants, 0);
    }
    memset(target, 'a', sizeof target);
    memcpy(target, "/auth/login?x=", 14);
    target[8500] = 0;
    browser_get(&b, target);
    assert_int_equal(b.status, 400);
    assert_int_equal(b.cause, USHER_CAUSE_REQUEST_TOO_LARGE);
    target[8000] = 0; /* not too long, and three times as long when it is encoded */
    memset(target + 14, '[', 7900);
    target[7900] = 0;
    browser_get(&b, target);
    assert_int_equal(b.status, 307);
    usher_site_unref(b.site);
    usher_problems *problems;
    assert_ok(usher_site_new(&b.site, &problems,
                             USHER_STR("{\"site\":{\"base_url\":\"" APP "\",\"secret\":\"" SECRET
                                       "\",\"profile\":\"auth0-4\"}}"),
                             NULL, NULL, NULL));
    usher_problems_free(problems);
    b.cookies = 0;
    browser_get(&b, "/auth/login");
    assert_int_equal(b.status, 500);
    assert_int_equal(b.cause, USHER_CAUSE_PROVIDER_UNKNOWN);
    browser_get(&b, "/auth/logout");
    assert_int_equal(b.status, 500);
    browser_get(&b, "/auth/callback?state=x&code=y");
    assert_int_equal(b.status, 500);
    (void)s;
    browser_close(&b);
}

static void test_prefetches_begin_and_end_nothing(void **state)
{
    (void)state;
    static const struct {
        const char *name, *value;
        int status;
    } rows[] = {
        {"next-router-prefetch", "2", 204},
        {"Next-Router-Prefetch", "1", 204},
        {"next-router-prefetch", "0", 307},
        {"next-router-prefetch", "false", 307},
        {"next-router-prefetch", "", 307},
        {"purpose", "prefetch", 204},
        {"purpose", "other", 307},
        {"sec-purpose", "prefetch", 204},
        {"sec-purpose", "prefetch;prerender", 307},
        {"x-middleware-prefetch", "1", 204},
        {"x-middleware-prefetch", "0", 307},
        {"sec-fetch-mode", "cors", 307},
    };
    static const char *const routes[] = {"/auth/login", "/auth/logout"};
    browser b;

    browser_open(&b, "");
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        for (size_t j = 0; j < 2; j++) {
            b.extra[0][0] = 0;
            b.cookies = 0;
            auth0_sign_in(&b);
            snprintf(b.extra[0], sizeof b.extra[0], "%s", rows[i].name);
            snprintf(b.extra[1], sizeof b.extra[1], "%s", rows[i].value);
            browser_get(&b, routes[j]);
            if (b.status != rows[i].status) fail_msg("%s: %s", rows[i].name, rows[i].value);
            if (b.status != 204) continue;
            assert_int_equal(b.set_cookies + b.wants, 0);
            assert_string_equal(b.cache, "no-store");
        }
    browser_close(&b);
}

static void test_where_a_sign_in_ends(void **state)
{
    (void)state;
    static const struct {
        const char *query, *location;
    } rows[] = {
        {"", APP "/start"},
        {"?returnTo=", APP "/start"},
        {"?returnTo=/a?b=c%23d", APP "/a?b=c#d"},
        {"?returnTo=http://LOCALHOST:3000/x", APP "/x"},
        {"?returnTo=a", APP "/a"},
        {"?returnTo=/a/../b", APP "/b"},
        {"?returnTo=//evil.example", APP "/start"},
        {"?returnTo=/%5Cevil.example", APP "/start"},
        {"?returnTo=https://evil.example/x", APP "/start"},
        {"?returnTo=javascript:alert(1)", APP "/start"},
        {"?returnTo=blob:http://localhost:3000/x", APP "/start"},
        {"?returnTo=%09//evil.example", APP "/start"},
        {"?returnTo=/https://evil.example/", APP "/https://evil.example/"},
        {"?returnTo=/x&returnTo=/y", APP "/y"},
    };
    browser b;
    char s[128], query[4096];

    browser_open(&b, ",\"auth0\":{\"sign_in_return_to\":\"/start\"}");
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        b.cookies = 0;
        auth0_log_in(&b, rows[i].query, s);
        auth0_come_back(&b, s, "&code=code-1", NULL, NULL);
        if (b.status != 307 || strcmp(b.location, rows[i].location))
            fail_msg("%s: %d %s", rows[i].query, b.status, b.location);
    }
    memset(query, 'a', sizeof query);
    memcpy(query, "?returnTo=/", 11);
    query[2200] = 0;
    auth0_log_in(&b, query, s);
    auth0_come_back(&b, s, "&code=code-1", NULL, NULL);
    assert_string_equal(b.location, APP "/start");
    browser_close(&b);
}

/* An application below its origin: its paths are kept without where it is. */
static void test_an_application_below_its_origin(void **state)
{
    (void)state;
    static const struct {
        const char *target, *kept, *end;
    } rows[] = {
        {"/shop/closed?a=b", "/closed?a=b", APP "/shop/closed?a=b"},
        {"/shop", "/", APP "/shop/"},
        {"/shop?a", "/?a", APP "/shop/?a"},
        {"/shopping", "/shopping", APP "/shop/shopping"},
    };
    browser b;
    char s[128], kept[256];

    browser_open(&b, "");
    usher_site_unref(b.site);
    assert_ok(usher_site_new(
        &b.site, NULL,
        USHER_STR(
            "{\"site\":{\"base_url\":\"" APP "/shop\",\"development\":true,\"secret\":\"" SECRET
            "\",\"profile\":\"auth0-4\",\"providers\":[{\"issuer\":\"" KIT_ISSUER
            "\",\"client_id\":\"client-1\",\"client_secret\":\"s\",\"id_token_alg\":\"ES256\"}]}}"),
        NULL, NULL, NULL));
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        char target[512];
        b.cookies = 0;
        snprintf(b.extra[0], sizeof b.extra[0], "Accept");
        snprintf(b.extra[1], sizeof b.extra[1], "text/html");
        ask(&b, usher_guard, "GET", rows[i].target, NULL, NULL);
        assert_int_equal(b.status, 302);
        assert_true(
            usher_str_starts(kit_str(b.location), USHER_STR(APP "/shop/auth/login?returnTo=")));
        assert_true(kit_parameter(b.location, "returnTo", kept, sizeof kept));
        assert_string_equal(kept, rows[i].kept);
        browser_get(&b, b.location + strlen(APP));
        assert_true(kit_parameter(b.location, "state", s, sizeof s));
        assert_true(kit_parameter(b.location, "nonce", b.op.nonce, sizeof b.op.nonce));
        snprintf(target, sizeof target, "/shop/auth/callback?code=c&state=%s", s);
        browser_get(&b, target);
        if (b.status != 307 || strcmp(b.location, rows[i].end))
            fail_msg("%s: %d %s", rows[i].target, b.status, b.location);
    }
    browser_close(&b);
}

static void test_routes(void **state)
{
    (void)state;
    static const struct {
        const char *method, *target;
        int status;
    } rows[] = {
        {"GET", "/auth/login", 307},
        {"GET", "/auth/login/", 307},
        {"GET", "/auth/login//", 404},
        {"GET", "/auth//login", 404},
        {"GET", "/Auth/login", 404},
        {"GET", "/auth/Login", 404},
        {"GET", "/auth/loginx", 404},
        {"GET", "/auth", 404},
        {"GET", "/auth/", 404},
        {"GET", "/authx/login", 404},
        {"GET", "/", 404},
        {"GET", "", 404},
        {"GET", "/auth/signin", 404},
        {"GET", "/auth/session", 404},
        {"POST", "/auth/login", 405},
        {"HEAD", "/auth/login", 405},
        {"POST", "/auth/logout", 405},
        {"HEAD", "/auth/profile", 405},
        {"get", "/auth/profile", 405},
        {"POST", "/auth/nothing", 404},
        {"GET", "/auth/profile/", 401},
        {"GET", "/auth/access-token", 401},
    };
    browser b;

    browser_open(&b, "");
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        ask(&b, usher_handle, rows[i].method, rows[i].target, NULL, NULL);
        if (b.status != rows[i].status)
            fail_msg("%s %s: %d", rows[i].method, rows[i].target, b.status);
        if (b.status >= 404) assert_int_equal(b.cause, USHER_CAUSE_ACTION_UNKNOWN);
    }
    browser_close(&b);
    browser_open(&b, ",\"auth0\":{\"access_token_route\":false,\"profile_no_content\":true}");
    browser_get(&b, "/auth/access-token");
    assert_int_equal(b.status, 404);
    browser_get(&b, "/auth/profile");
    assert_int_equal(b.status, 204);
    assert_string_equal(b.body, "");
    browser_close(&b);
}

static void test_many_logins_fit(void **state)
{
    (void)state;
    browser b;
    char first[128], s[128];

    browser_open(&b, "");
    auth0_log_in(&b, "", first);
    for (size_t i = 0; i < 9; i++) {
        b.now_s++;
        auth0_log_in(&b, "", s);
    }
    assert_true(browser_count(&b, "__txn_") < 10 && browser_count(&b, "__txn_") > 3);
    auth0_come_back(&b, first, "&code=code-1", NULL, NULL);
    assert_string_equal(b.body, "The state parameter is invalid.");
    auth0_come_back(&b, s, "&code=code-1", NULL, NULL);
    assert_true(b.signed_in);
    auth0_log_in(&b, "", s);
    browser_get(&b, "/auth/logout");
    assert_int_equal(b.cookies, 0); /* transactions too */
    browser_close(&b);
}

/* A request may bring names that no answer could delete: they are left where they are. */
static void test_cookies_that_cannot_be_deleted(void **state)
{
    (void)state;
    static const char *const names[] = {"__txn_(", "__txn_a b", "__txn_\x01", "__txn_\"q\"",
                                        "__txn_\xe9"};
    browser b;
    char s[128], target[256], old[6000];

    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        browser_open(&b, "");
        auth0_log_in(&b, "", s);
        snprintf(old, sizeof old, "%s", b.jar[0][1]);
        browser_put_cookie(&b, kit_str(names[i]), kit_str(old));
        snprintf(target, sizeof target, "/auth/callback?code=c&state=%s",
                 i == 1 ? "a+b" : names[i] + 6);
        browser_get(&b, target);
        assert_string_equal(b.body, "The state parameter is invalid.");
        for (size_t j = 0; j < 7; j++) /* enough to drive the oldest out */
            auth0_log_in(&b, "", s);
        auth0_come_back(&b, s, "&code=code-1", NULL, NULL);
        assert_true(b.signed_in);
        browser_get(&b, "/auth/logout");
        assert_int_equal(b.status, 307);
        assert_int_equal(b.cookies, 1);
        browser_close(&b);
    }
}

/* --- callback --------------------------------------------------------------------------------- */

#define FLOW     "An error occurred during the authorization flow."
#define EXCHANGE "An error occurred while trying to exchange the authorization code."
#define REQUEST                                                                                    \
    "An error occurred while preparing or performing the authorization code grant request."

static void test_callback_refusals(void **state)
{
    (void)state;
    static const struct {
        const char *query; /* %s: the state */
        const char *body;
        usher_cause cause;
        bool kept; /* the transaction */
    } rows[] = {
        {"?code=c", "The state parameter is missing.", USHER_CAUSE_STATE_MISMATCH, true},
        {"?error=access_denied", "The state parameter is missing.", USHER_CAUSE_STATE_MISMATCH,
         true},
        {"?code=c&state=", "The state parameter is missing.", USHER_CAUSE_STATE_MISMATCH, true},
        {"?code=c&state=other", "The state parameter is invalid.", USHER_CAUSE_STATE_COOKIE, true},
        {"?code=c&state=%s&state=other", FLOW, USHER_CAUSE_RESPONSE_PARAMS, false},
        {"?state=%s", REQUEST, USHER_CAUSE_RESPONSE_PARAMS, false},
        {"?state=%s&code=", REQUEST, USHER_CAUSE_RESPONSE_PARAMS, false},
        {"?state=%s&code=a&code=b", REQUEST, USHER_CAUSE_RESPONSE_PARAMS, false},
        {"?state=%s&error=access_denied", FLOW, USHER_CAUSE_PROVIDER_ERROR, false},
        {"?state=%s&code=c&error=x", FLOW, USHER_CAUSE_PROVIDER_ERROR, false},
        {"?state=%s&code=c&response=x", FLOW, USHER_CAUSE_RESPONSE_PARAMS, false},
        {"?state=%s&code=c&id_token=x", FLOW, USHER_CAUSE_RESPONSE_PARAMS, false},
        {"?state=%s&code=c&token=x", FLOW, USHER_CAUSE_RESPONSE_PARAMS, false},
        {"?state=%s&code=c&iss=https://evil.example", FLOW, USHER_CAUSE_RESPONSE_ISS, false},
        {"?state=%s&code=c&iss=" KIT_ISSUER "/", FLOW, USHER_CAUSE_RESPONSE_ISS, false},
        {"?state=%s&code=c&iss=" KIT_ISSUER, "", USHER_CAUSE_NONE, false}, /* control */
    };
    browser b;
    char s[128], target[2048], query[1024];

    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        const char *hole = strstr(rows[i].query, "%s");
        browser_open(&b, "");
        auth0_log_in(&b, "", s);
        size_t before = hole ? (size_t)(hole - rows[i].query) : strlen(rows[i].query);
        snprintf(query, sizeof query, "%.*s%s%s", (int)before, rows[i].query, hole ? s : "",
                 hole ? hole + 2 : "");
        snprintf(target, sizeof target, "/auth/callback%s", query);
        browser_get(&b, target);
        bool good = rows[i].cause == USHER_CAUSE_NONE;
        if (b.status != (good ? 307 : 500) || strcmp(b.body, rows[i].body) ||
            b.cause != rows[i].cause)
            fail_msg("%s: %d %s %s", rows[i].query, b.status, b.body, usher_cause_word(b.cause));
        assert_int_equal(b.signed_in, good);
        assert_int_equal(browser_count(&b, "__txn_"), rows[i].kept);
        assert_int_equal(browser_count(&b, "__session"), good);
        if (!good) assert_string_equal(b.cache, SAFE_CACHE);
        browser_close(&b);
    }
}

static void test_response_iss_may_be_promised(void **state)
{
    (void)state;
    browser b;
    char s[128];

    browser_open(&b, "");
    b.op.metadata = ",\"authorization_response_iss_parameter_supported\":true";
    auth0_log_in(&b, "", s);
    auth0_come_back(&b, s, "&code=code-1", NULL, NULL);
    assert_int_equal(b.cause, USHER_CAUSE_RESPONSE_ISS);
    auth0_log_in(&b, "", s);
    auth0_come_back(&b, s, "&code=code-1&iss=" KIT_ISSUER, NULL, NULL);
    assert_true(b.signed_in);
    browser_close(&b);
}

/* The claims of ID tokens, with the nonce where %s stands. */
static void test_id_tokens(void **state)
{
    (void)state;
#define ID    "{\"iss\":\"" KIT_ISSUER "\",\"sub\":\"u\",\"aud\":\"client-1\""
#define TIMES ",\"iat\":1767225600,\"exp\":1767225900"
#define NONCE ",\"nonce\":\"%s\""
    static const struct {
        const char *login, *claims, *body;
    } rows[] = {
        {"", ID TIMES NONCE "}", NULL},
        {"", ID TIMES "}", EXCHANGE},
        {"", ID TIMES ",\"nonce\":\"other\"}", EXCHANGE},
        {"", ID ",\"iat\":1767225500,\"exp\":1767225575" NONCE "}", NULL}, /* 25 s ago */
        {"", ID ",\"iat\":1767225500,\"exp\":1767225569" NONCE "}", EXCHANGE},
        {"", "{\"iss\":\"" KIT_ISSUER "/\",\"sub\":\"u\",\"aud\":\"client-1\"" TIMES NONCE "}",
         EXCHANGE},
        {"",
         "{\"iss\":\"" KIT_ISSUER "\",\"sub\":\"u\",\"aud\":[\"client-1\",\"x\"]" TIMES NONCE "}",
         EXCHANGE},
        {"", "{\"iss\":\"" KIT_ISSUER "\",\"aud\":\"client-1\"" TIMES NONCE "}", EXCHANGE},
        {"?max_age=60", ID TIMES NONCE ",\"auth_time\":1767225520}", NULL},
        {"?max_age=60", ID TIMES NONCE ",\"auth_time\":1767225500}", EXCHANGE},
        {"?max_age=60", ID TIMES NONCE "}", EXCHANGE},
        {"?max_age=0", ID TIMES NONCE ",\"auth_time\":1767225500}", EXCHANGE},
        {"", ID TIMES NONCE ",\"session_expiry\":1767225630}",
         "The session has expired and the user must re-authenticate."},
        {"", ID TIMES NONCE ",\"session_expiry\":1767225631}", NULL},
        {"", ID ",\"iat\":1767225620,\"exp\":1767225900" NONCE ",\"session_expiry\":1767225650}",
         "The session has expired and the user must re-authenticate."},
        {"", ID ",\"iat\":1767225620,\"exp\":1767225900" NONCE ",\"session_expiry\":1767225651}",
         NULL},
        {"", ID TIMES NONCE ",\"session_expiry\":1767225600000}", NULL}, /* milliseconds: ignored */
        {"", ID TIMES NONCE ",\"session_expiry\":-1}", NULL},
        {"", ID TIMES NONCE ",\"session_expiry\":\"1\"}", NULL},
        {"", ID TIMES NONCE ",\"at_hash\":\"AAAAAAAAAAAAAAAAAAAAAA\"}", EXCHANGE},
    };
    browser b;
    char s[128], claims[2048];

    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        const char *hole = strstr(rows[i].claims, "%s");
        size_t before = hole ? (size_t)(hole - rows[i].claims) : strlen(rows[i].claims);
        browser_open(&b, "");
        auth0_log_in(&b, rows[i].login, s);
        snprintf(claims, sizeof claims, "%.*s%s%s", (int)before, rows[i].claims,
                 hole ? b.op.nonce : "", hole ? hole + 2 : "");
        b.op.id_token_claims = claims;
        auth0_come_back(&b, s, "&code=code-1", NULL, NULL);
        if (b.signed_in != !rows[i].body || (rows[i].body && strcmp(b.body, rows[i].body)))
            fail_msg("row %zu: %d %s %s", i, b.status, b.body, usher_cause_word(b.cause));
        assert_int_equal(browser_count(&b, "__txn_"), 0);
        assert_int_equal(browser_count(&b, "__session"), b.signed_in);
        browser_close(&b);
    }
}

static void test_transactions_of_other_flows(void **state)
{
    (void)state;
    browser b;
    char s[128];

    browser_open(&b, "");
    auth0_log_in(&b, "", s);
    /* a session's cookie is no transaction, nor the other way round */
    browser_put_cookie(&b, USHER_STR("__session"),
                       usher_str_from(kit_str(b.jar[0][1]), strcspn(b.jar[0][1], "%") + 3));
    browser_get(&b, "/auth/profile");
    assert_int_equal(b.status, 401);
    browser_get(&b, "/auth/access-token");
    assert_string_equal(b.body, "{\"error\":{\"message\":\"The user does not have an active "
                                "session.\",\"code\":\"missing_session\"}}");
    b.now_s += 3600 + 15;
    auth0_come_back(&b, s, "&code=code-1", NULL, NULL);
    assert_string_equal(b.body, "The state parameter is invalid.");
    assert_int_equal(browser_count(&b, "__txn_"), 1);
    browser_close(&b);
}

static void test_keys_may_have_changed(void **state)
{
    (void)state;
    browser b;
    char s[128];

    browser_open(&b, "");
    b.op.old_keys_first = true;
    auth0_log_in(&b, "", s);
    auth0_come_back(&b, s, "&code=code-1", NULL, NULL);
    assert_true(b.signed_in);
    assert_int_equal(b.wants, 4);
    browser_close(&b);
}

/* --- wants that fail -------------------------------------------------------------------------- */

static void test_each_want_of_a_callback_fails(void **state)
{
    (void)state;
    static const char *const texts[] = {"Discovery failed for the OpenID Connect configuration.",
                                        EXCHANGE, EXCHANGE};
    browser b;
    char s[128];

    for (size_t at = 0; at < 3; at++)
        for (enum auth0_wrong kind = 0; kind < AUTH0_WRONGS; kind++) {
            auth0_mischief m = {at, kind};
            browser_open(&b, "");
            auth0_log_in(&b, "", s);
            auth0_come_back(&b, s, "&code=code-1", auth0_meddle, &m);
            assert_int_equal(b.status, 500);
            assert_string_equal(b.body, at == 1 && kind <= AUTH0_LATE ? REQUEST : texts[at]);
            assert_int_not_equal(b.cause, USHER_CAUSE_NONE);
            assert_false(b.signed_in);
            assert_int_equal(b.cookies, 0);
            browser_close(&b);
        }
}

static void test_each_want_of_a_login_and_logout_fails(void **state)
{
    (void)state;
    browser b;

    for (enum auth0_wrong kind = 0; kind < AUTH0_WRONGS; kind++) {
        auth0_mischief m = {0, kind};
        browser_open(&b, "");
        ask(&b, usher_handle, "GET", "/auth/login", auth0_meddle, &m);
        assert_int_equal(b.status, 500);
        assert_string_equal(b.body,
                            "An error occurred while trying to initiate the login request.");
        assert_int_equal(b.cookies, 0);
        auth0_sign_in(&b);
        ask(&b, usher_handle, "GET", "/auth/logout", auth0_meddle, &m);
        assert_int_equal(b.status, 500);
        assert_string_equal(b.body,
                            "An error occurred while trying to initiate the logout request.");
        assert_true(b.signed_out);
        assert_int_equal(b.cookies, 0);
        auth0_sign_in(&b); /* a token that could not be revoked keeps nobody here */
        m.want = 1;
        ask(&b, usher_handle, "GET", "/auth/logout", auth0_meddle, &m);
        assert_int_equal(b.status, 307);
        assert_int_equal(b.wants, 2);
        assert_true(b.signed_out);
        assert_int_equal(b.cookies, 0);
        browser_close(&b);
    }
}

/* --- logout ----------------------------------------------------------------------------------- */

static void test_logout(void **state)
{
    (void)state;
    static const struct {
        const char *settings, *metadata, *query, *location; /* the beginning; NULL: 500 */
    } rows[] = {
        {"", ENDS, "", KIT_ISSUER "/bye?client_id=client-1&post_logout_redirect_uri="},
        {"", "", "", KIT_ISSUER "/v2/logout?returnTo=http%3A%2F%2Flocalhost%3A3000&client_id="},
        {"\"logout_strategy\":\"v2\"", ENDS, "?returnTo=/x&federated=1",
         KIT_ISSUER "/v2/logout?returnTo=%2Fx&client_id=client-1&federated="},
        {"\"logout_strategy\":\"v2\"", ENDS, "?federated=false",
         KIT_ISSUER "/v2/logout?returnTo=http%3A%2F%2Flocalhost%3A3000&client_id=client-1"},
        {"\"logout_strategy\":\"oidc\"", ENDS, "", KIT_ISSUER "/bye?"},
        {"\"logout_strategy\":\"oidc\"", "", "", NULL},
        {"", ",\"end_session_endpoint\":\"http://insecure.example/\"", "", KIT_ISSUER "/v2/"},
        {"", ",\"end_session_endpoint\":7,\"revocation_endpoint\":[]", "", KIT_ISSUER "/v2/"},
        {"", ",\"end_session_endpoint\":\"" KIT_ISSUER "/x?p=1\"", "",
         KIT_ISSUER "/x?p=1&client_id="},
    };
    browser b;
    char more[256], target[256], value[4096];

    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        for (int signed_in = 0; signed_in < 2; signed_in++) {
            snprintf(more, sizeof more, ",\"auth0\":{%s}", rows[i].settings);
            browser_open(&b, more);
            b.op.metadata = rows[i].metadata;
            if (signed_in) auth0_sign_in(&b);
            snprintf(target, sizeof target, "/auth/logout%s", rows[i].query);
            browser_get(&b, target);
            assert_int_equal(b.status, rows[i].location ? 307 : 500);
            if (rows[i].location && strncmp(b.location, rows[i].location, strlen(rows[i].location)))
                fail_msg("row %zu: %s", i, b.location);
            assert_int_equal(b.signed_out, signed_in);
            assert_int_equal(b.cookies, 0);
            bool hint = kit_parameter(b.location, "id_token_hint", value, sizeof value);
            assert_int_equal(hint,
                             signed_in && strstr(b.location, "/v2/") == NULL && rows[i].location);
            browser_close(&b);
        }
    browser_open(&b, ",\"auth0\":{\"id_token_hint\":false}");
    auth0_sign_in(&b);
    browser_get(&b, "/auth/logout");
    assert_false(kit_parameter(b.location, "id_token_hint", value, sizeof value));
    browser_close(&b);
}

/* More transactions and old pieces than one answer can take away: the session goes all the same. */
static void test_logout_with_a_crowd_of_cookies(void **state)
{
    (void)state;
    browser b;
    size_t n = 0;

    browser_open(&b, "");
    auth0_sign_in(&b);
    snprintf(b.extra[0], sizeof b.extra[0], "Cookie");
    for (int i = 0; i < 128; i++)
        n += (size_t)snprintf(b.extra[1] + n, sizeof b.extra[1] - n, "__txn_%d=x; ", i);
    for (int i = 0; i < 60; i++)
        n += (size_t)snprintf(b.extra[1] + n, sizeof b.extra[1] - n, "__session__%d=x; __FC_%d=x%s",
                              i, i, i < 59 ? "; " : "");
    browser_get(&b, "/auth/logout");
    assert_int_equal(b.status, 307);
    assert_true(b.signed_out);
    assert_int_equal(b.cookies, 0);
    assert_int_equal(b.cause, USHER_CAUSE_REQUEST_TOO_LARGE);
    browser_close(&b);
}

/* --- access tokens ---------------------------------------------------------------------------- */

#define ROTATED ",\"refresh_token\":\"rt-2\",\"scope\":\"openid profile\""

static void test_tokens_are_refreshed_when_due(void **state)
{
    (void)state;
    browser b;

    browser_open(&b, ",\"auth0\":{\"token_refresh_buffer\":60}");
    auth0_sign_in(&b);
    b.now_s += 3600 - 61;
    browser_get(&b, "/auth/access-token");
    assert_int_equal(b.status, 200);
    assert_int_equal(b.wants + b.set_cookies, 0);
    b.now_s += 1;
    b.op.tokens = ROTATED;
    browser_get(&b, "/auth/access-token");
    assert_int_equal(b.status, 200);
    assert_int_equal(b.wants, 3);
    assert_non_null(strstr(b.body, "\"expires_in\":3600,\"token_type\":\"bearer\"}"));
    assert_string_equal(b.op.asked, "refresh_token=rt-1&grant_type=refresh_token&client_id=client-1"
                                    "&client_secret=a-client-secret-of-some-length");
    assert_true(b.written);
    assert_string_equal(b.cache, SAFE_CACHE);
    ask(&b, usher_get_token, "GET", "/", NULL, NULL);
    assert_non_null(strstr(b.session, "\"refreshToken\":\"rt-2\""));
    assert_non_null(strstr(b.session, "\"token_type\":\"bearer\""));
    assert_non_null(strstr(b.session, "\"createdAt\":1767225600"));
    b.now_s += 3600;
    browser_get(&b, "/auth/access-token");
    assert_non_null(strstr(b.op.asked, "refresh_token=rt-2"));
    browser_close(&b);
}

static void test_what_a_refresh_changes(void **state)
{
    (void)state;
    browser b;

    browser_open(&b, "");
    auth0_sign_in(&b);
    b.now_s += 3600;
    b.op.id_token_claims =
        "{\"iss\":\"" KIT_ISSUER "\",\"sub\":\"user-1\",\"aud\":\"client-1\",\"iat\":1767229200,"
        "\"exp\":1767229300,\"name\":\"Ada II\",\"x\":1}";
    browser_get(&b, "/auth/access-token");
    assert_int_equal(b.status, 200);
    browser_get(&b, "/auth/profile");
    assert_string_equal(b.body, "{\"sub\":\"user-1\",\"name\":\"Ada II\"}");
    b.now_s += 3600; /* no ID token: the old one goes, the user stays */
    b.op.no_id_token = true;
    b.op.tokens = "";
    browser_get(&b, "/auth/access-token");
    assert_int_equal(b.status, 200);
    assert_null(strstr(b.body, "\"scope\""));
    ask(&b, usher_get_token, "GET", "/", NULL, NULL);
    assert_null(strstr(b.session, "idToken"));
    assert_non_null(strstr(b.session, "\"refreshToken\":\"rt-1\""));
    assert_non_null(strstr(b.session, "Ada II"));
    browser_close(&b);
}

static void test_a_refresh_for_somebody_else(void **state)
{
    (void)state;
    browser b;
    char before[8000];

    browser_open(&b, "");
    auth0_sign_in(&b);
    ask(&b, usher_get_token, "GET", "/", NULL, NULL);
    snprintf(before, sizeof before, "%s", b.session);
    b.now_s += 3600;
    b.op.id_token_claims =
        "{\"iss\":\"" KIT_ISSUER "\",\"sub\":\"user-2\",\"aud\":\"client-1\",\"iat\":1767229200,"
        "\"exp\":1767229300}";
    browser_get(&b, "/auth/access-token");
    assert_int_equal(b.status, 401);
    assert_non_null(strstr(b.body, "\"code\":\"failed_to_refresh_token\""));
    assert_int_equal(b.set_cookies, 0);
    ask(&b, usher_get_token, "GET", "/", NULL, NULL);
    assert_string_equal(b.session, before);
    browser_close(&b);
}

static void test_each_want_of_a_refresh_fails(void **state)
{
    (void)state;
    browser b;

    for (size_t at = 0; at < 3; at++)
        for (enum auth0_wrong kind = 0; kind < AUTH0_WRONGS; kind++) {
            auth0_mischief m = {at, kind};
            browser_open(&b, "");
            auth0_sign_in(&b);
            b.now_s += 3600;
            ask(&b, usher_handle, "GET", "/auth/access-token", auth0_meddle, &m);
            bool asked_again = /* a bad key set: a newer one */
                at == 1 && kind >= AUTH0_EMPTY && kind <= AUTH0_OTHER;
            if (b.status != (asked_again ? 200 : 401))
                fail_msg("want %zu, %d: %d %s", at, kind, b.status, b.body);
            if (!asked_again) {
                assert_non_null(
                    strstr(b.body, at == 0 ? "discovery_error" : "failed_to_refresh_token"));
                assert_int_equal(b.set_cookies, 0);
            }
            assert_int_equal(browser_count(&b, "__session"), 1);
            browser_close(&b);
        }
}

static void test_newer_keys_that_cannot_be_had(void **state)
{
    (void)state;
    browser b;

    for (enum auth0_wrong kind = 0; kind < AUTH0_WRONGS; kind++) {
        auth0_mischief m = {3, kind};
        browser_open(&b, "");
        auth0_sign_in(&b);
        b.now_s += 3600;
        b.op.old_keys_first = true;
        b.op.keys_asked = 0;
        b.op.tokens = ROTATED;
        ask(&b, usher_handle, "GET", "/auth/access-token", auth0_meddle, &m);
        assert_int_equal(b.wants, 4);
        if (kind < AUTH0_EMPTY ||
            kind > AUTH0_OTHER) { /* the rotated token is kept; the ID token is not believed */
            assert_int_equal(b.status, 200);
            ask(&b, usher_get_token, "GET", "/", NULL, NULL);
            assert_non_null(strstr(b.session, "rt-2"));
            assert_null(strstr(b.session, "idToken"));
        } else {
            assert_int_equal(b.status, 401);
            assert_int_equal(b.set_cookies, 0);
        }
        browser_close(&b);
    }
}

static void test_audiences_and_scopes(void **state)
{
    (void)state;
    browser b;

    browser_open(&b, "");
    auth0_sign_in(&b);
    browser_get(&b, "/auth/access-token?scope=openid");
    assert_int_equal(b.wants, 0);
    b.op.tokens = ",\"refresh_token\":\"rt-2\",\"scope\":\"read:x\"";
    browser_get(&b, "/auth/access-token?audience=https://api");
    assert_int_equal(b.wants, 3);
    assert_true(usher_str_starts(kit_str(b.op.asked),
                                 USHER_STR("audience=https%3A%2F%2Fapi&refresh_token=rt-1&")));
    ask(&b, usher_get_token, "GET", "/", NULL, NULL);
    assert_non_null(strstr(b.session, "\"accessTokens\":[{\"accessToken\":\"at-1\","));
    assert_non_null(strstr(b.session, "\"audience\":\"https://api\""));
    assert_non_null(strstr(b.session, "\"refreshToken\":\"rt-2\""));
    assert_non_null(strstr(b.session, "\"scope\":\"openid profile\"")); /* the main one */
    browser_get(&b, "/auth/access-token?audience=https://api");
    assert_int_equal(b.wants, 0);
    assert_non_null(strstr(b.body, "\"scope\":\"read:x\""));
    browser_get(&b, "/auth/access-token?audience=https://api&mergeScopes=false");
    assert_int_equal(b.wants, 0);

    /* more of it: the same entry when as much is granted, with what was asked for joined */
    browser_get(&b, "/auth/access-token?audience=https://api&scope=read:x");
    assert_int_equal(b.wants, 3);
    assert_true(usher_str_starts(
        kit_str(b.op.asked),
        USHER_STR("scope=openid+profile+email+offline_access+read%3Ax&audience=")));
    ask(&b, usher_get_token, "GET", "/", NULL, NULL);
    assert_null(strstr(strstr(b.session, "\"accessTokens\":") + 20, "},{"));
    assert_non_null(
        strstr(b.session, "\"requestedScope\":\"openid profile email offline_access read:x\""));
    browser_get(&b, "/auth/access-token?audience=https://api&scope=read:x&mergeScopes=false");
    assert_int_equal(b.wants, 0);

    /* when the entry is over, it alone is renewed */
    b.now_s += 3000;
    browser_get(&b, "/auth/access-token"); /* still good */
    assert_int_equal(b.wants, 0);
    b.now_s += 600;
    browser_get(&b, "/auth/access-token?audience=https://api&scope=read:x");
    assert_int_equal(b.wants, 3);
    ask(&b, usher_get_token, "GET", "/", NULL, NULL);
    assert_null(strstr(strstr(b.session, "\"accessTokens\":") + 20, "},{"));
    assert_non_null(strstr(b.session, "\"expiresAt\":1767229200")); /* the main one: over */
    browser_get(&b, "/auth/access-token");
    assert_int_equal(b.wants, 3);
    ask(&b, usher_get_token, "GET", "/", NULL, NULL);
    assert_null(strstr(b.session, "\"expiresAt\":1767229200"));
    assert_non_null(strstr(b.session, "\"accessTokens\":[{")); /* they stay */
    browser_close(&b);
}

/* Of two that would do, the one that was granted less. */
static void test_the_least_token_that_is_enough(void **state)
{
    (void)state;
    browser b;

    for (int order = 0; order < 2; order++) {
        browser_open(&b, "");
        auth0_sign_in(&b);
        for (int i = 0; i < 2; i++) {
            b.op.tokens = i == order ? ",\"scope\":\"read:x write:y z\"" : ",\"scope\":\"read:x\"";
            browser_get(&b,
                        i == order
                            ? "/auth/access-token?audience=a&scope=read:x+write:y&mergeScopes=false"
                            : "/auth/access-token?audience=a&scope=read:x+more&mergeScopes=false");
            assert_int_equal(b.wants, 3);
        }
        browser_get(&b, "/auth/access-token?audience=a&scope=read:x&mergeScopes=false");
        assert_int_equal(b.wants, 0);
        assert_non_null(strstr(b.body, "\"scope\":\"read:x\""));
        browser_close(&b);
    }
}

/* The original saves nothing here, and loses a rotated token. */
static void test_more_scope_without_an_audience(void **state)
{
    (void)state;
    browser b;

    browser_open(&b, "");
    auth0_sign_in(&b);
    b.op.tokens = ",\"refresh_token\":\"rt-2\",\"scope\":\"read:x\"";
    browser_get(&b, "/auth/access-token?scope=read:x");
    assert_int_equal(b.wants, 3);
    assert_non_null(strstr(b.body, "\"scope\":\"read:x\""));
    ask(&b, usher_get_token, "GET", "/", NULL, NULL);
    assert_non_null(strstr(b.session, "\"refreshToken\":\"rt-2\""));
    assert_non_null(strstr(b.session, "\"scope\":\"openid profile\""));
    assert_null(strstr(b.session, "accessTokens"));
    browser_close(&b);
}

static void test_without_a_refresh_token(void **state)
{
    (void)state;
    browser b;
    char long_scope[2400];

    browser_open(&b, "");
    b.op.tokens = "";
    auth0_sign_in(&b);
    browser_get(&b, "/auth/access-token");
    assert_int_equal(b.status, 200);
    browser_get(&b, "/auth/access-token?audience=https://api");
    assert_int_equal(b.status, 401);
    b.now_s += 3600;
    browser_get(&b, "/auth/access-token");
    assert_int_equal(b.status, 401);
    assert_string_equal(
        b.body,
        "{\"error\":{\"message\":\"The access token has expired and a refresh token was not "
        "provided. The user needs to re-authenticate.\",\"code\":\"missing_refresh_token\"}}");
    assert_int_equal(b.wants, 0);
    memset(long_scope, 'a', sizeof long_scope);
    memcpy(long_scope, "/auth/access-token?scope=", 25);
    long_scope[sizeof long_scope - 1] = 0;
    browser_get(&b, long_scope);
    assert_int_equal(b.status, 400);
    browser_close(&b);
}

/* expires_in may be missing: then nobody knows when it ends. */
static void unknown_end(void *ctx, size_t want, const usher_fetch *fetch, usher_event *event)
{
    char *at = strstr(*(char **)ctx, ",\"expires_in\":3600");

    (void)want;
    if (usher_str_ends(fetch->url, USHER_STR("/token")) && at)
        memmove(at, at + 18, strlen(at + 18) + 1);
    event->body = kit_str(*(char **)ctx);
}

static void test_an_end_that_nobody_knows(void **state)
{
    (void)state;
    browser b;
    char s[128];

    for (int refresh = 0; refresh < 2; refresh++) {
        browser_open(&b, "");
        b.op.tokens = refresh ? AUTH0_REFRESH : "";
        auth0_log_in(&b, "", s);
        auth0_come_back(&b, s, "&code=code-1", unknown_end, &b.op.body);
        assert_true(b.signed_in);
        ask(&b, usher_handle, "GET", "/auth/access-token", unknown_end, &b.op.body);
        assert_int_equal(b.status, 200);
        assert_non_null(strstr(b.body, "\"expires_at\":0,\"expires_in\":0"));
        assert_int_equal(b.wants, refresh ? 3 : 0);
        browser_close(&b);
    }
}

/* A session that does not fit stays as it was, and its answer is given. */
static void test_a_session_that_grows_too_large(void **state)
{
    (void)state;
    browser b;
    char s[128], *huge = malloc(5000);

    browser_open(&b, ",\"session\":{\"claims_max\":\"1KiB\"}");
    auth0_sign_in(&b);
    assert_non_null(huge);
    memcpy(huge, ",\"refresh_token\":\"", 18);
    memset(huge + 18, 'r', 2000);
    memcpy(huge + 2018, "\"", 2);
    b.op.tokens = huge;
    b.now_s += 3600;
    browser_get(&b, "/auth/access-token");
    assert_int_equal(b.status, 200);
    assert_int_equal(b.set_cookies, 0);
    assert_int_equal(b.cause, USHER_CAUSE_SESSION_TOO_LARGE);
    auth0_log_in(&b, "", s);
    auth0_come_back(&b, s, "&code=code-1", NULL, NULL);
    assert_int_equal(b.status, 500);
    assert_false(b.signed_in);
    assert_int_equal(b.cause, USHER_CAUSE_SESSION_TOO_LARGE);
    browser_close(&b);
    free(huge);
}

typedef struct another_factor {
    int status;
    const char *body;
} another_factor;

static void ask_for_a_factor(void *ctx, size_t want, const usher_fetch *fetch, usher_event *event)
{
    const another_factor *f = ctx;

    (void)want;
    if (!usher_str_ends(fetch->url, USHER_STR("/token"))) return;
    event->http_status = f->status;
    event->body = kit_str(f->body);
}

static void test_another_factor_is_wanted(void **state)
{
    (void)state;
    static const char start[] = "{\"error\":\"mfa_required\",\"error_description\":\"";
    another_factor with = {403, "{\"error\":\"mfa_required\",\"error_description\":\"<b>\","
                                "\"mfa_token\":\"raw\",\"mfa_requirements\":{\"challenge\":[]}}"},
                   without = {400, "{\"error\":\"mfa_required\"}"},
                   other = {403, "{\"error\":\"invalid_grant\",\"mfa_token\":\"raw\"}"};
    browser b;

    browser_open(&b, "");
    auth0_sign_in(&b);
    b.now_s += 3600;
    ask(&b, usher_handle, "GET", "/auth/access-token?audience=api", ask_for_a_factor, &with);
    assert_int_equal(b.status, 403);
    assert_memory_equal(b.body, start, sizeof start - 1);
    assert_non_null(
        strstr(b.body, "\"<b>\",\"mfa_token\":\"eyJlbmMiOiJBMjU2R0NNIiwiYWxnIjoiZGlyIn0.."));
    assert_non_null(strstr(b.body, ",\"mfa_requirements\":{\"challenge\":[]}}"));
    assert_null(strstr(b.body, "raw"));
    assert_true(b.written);
    assert_string_equal(b.cache, SAFE_CACHE);
    /* what is sealed there is no session */
    char *token = strstr(b.body, "eyJ");
    browser_put_cookie(&b, USHER_STR("__session"), usher_str_of(token, strcspn(token, "\"")));
    browser_get(&b, "/auth/profile");
    assert_int_equal(b.status, 401);
    b.cookies = 0;
    auth0_sign_in(&b);
    b.now_s += 3600;
    ask(&b, usher_handle, "GET", "/auth/access-token", ask_for_a_factor, &without);
    assert_int_equal(b.status, 403);
    assert_string_equal(b.body,
                        "{\"error\":\"mfa_required\",\"error_description\":\"Multi-factor "
                        "authentication is required. Please log in again.\",\"mfa_token\":\"\"}");
    ask(&b, usher_handle, "GET", "/auth/access-token", ask_for_a_factor, &other);
    assert_int_equal(b.status, 401);
    assert_int_equal(b.set_cookies, 0);
    browser_close(&b);
}

/* --- every allocation, and every draw of entropy, refused in turn ------------------------------
 */

static size_t keep_record(browser *b, recorded *all, size_t n)
{
    browser_take_record(b, &all[n]);
    return n + 1;
}

static size_t record_all(browser *b, recorded *all)
{
    char s[128];
    size_t n = 0;

    browser_open(b, "");
    auth0_log_in(b, "?returnTo=%2Fx%3Fy&max_age=100&connection=a", s);
    n = keep_record(b, all, n);
    char claims[512];
    snprintf(claims, sizeof claims,
             "{\"iss\":\"" KIT_ISSUER "\",\"sub\":\"user-1\",\"aud\":\"client-1\","
             "\"iat\":1767225600,\"exp\":1767239200,\"auth_time\":1767225600,\"nonce\":\"%s\","
             "\"sid\":\"S\",\"name\":\"A\\u00e4\",\"session_expiry\":1767299999}",
             b->op.nonce);
    b->op.id_token_claims = claims;
    auth0_come_back(b, s, "&code=code-1", NULL, NULL);
    assert_true(b->signed_in);
    n = keep_record(b, all, n);
    browser_get(b, "/auth/callback?code=x&state=unknown");
    n = keep_record(b, all, n);
    browser_get(b, "/auth/profile");
    assert_int_equal(b->status, 200);
    n = keep_record(b, all, n);
    browser_get(b, "/auth/access-token?audience=https://api&scope=a");
    assert_int_equal(b->status, 200);
    n = keep_record(b, all, n);
    browser_get(b, "/auth/access-token?audience=https://api&scope=b");
    assert_int_equal(b->status, 200);
    n = keep_record(b, all, n);
    b->now_s += 3600;
    browser_get(b, "/auth/access-token");
    assert_int_equal(b->status, 200);
    n = keep_record(b, all, n);
    browser_get(b, "/auth/nothing");
    n = keep_record(b, all, n);
    another_factor factor = {403, "{\"error\":\"mfa_required\",\"mfa_token\":\"a\\u0061\","
                                  "\"mfa_requirements\":[]}"};
    ask(b, usher_handle, "GET", "/auth/access-token?audience=other", ask_for_a_factor, &factor);
    assert_int_equal(b->status, 403);
    n = keep_record(b, all, n);
    browser_get(b, "/auth/logout?federated");
    assert_true(b->signed_out);
    b->op.id_token_claims = NULL;
    return keep_record(b, all, n);
}

/* As `sweep` has it: see browser.h. */
static void stress(void (*sweep)(usher_site *, const recorded *, size_t))
{
    static recorded all[12];
    browser b;
    size_t n = record_all(&b, all);

    sweep(b.site, all, n);
    recorded_free_all(all, n);
    browser_close(&b);
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

int main(void)
{
    kit_crypto_install();
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_whole_visit),
        cmocka_unit_test(test_what_a_session_holds),
        cmocka_unit_test(test_a_new_sign_in_replaces_the_session),
        cmocka_unit_test(test_a_session_of_another_system),
        cmocka_unit_test(test_login_parameters),
        cmocka_unit_test(test_login_refusals),
        cmocka_unit_test(test_prefetches_begin_and_end_nothing),
        cmocka_unit_test(test_where_a_sign_in_ends),
        cmocka_unit_test(test_an_application_below_its_origin),
        cmocka_unit_test(test_routes),
        cmocka_unit_test(test_many_logins_fit),
        cmocka_unit_test(test_cookies_that_cannot_be_deleted),
        cmocka_unit_test(test_callback_refusals),
        cmocka_unit_test(test_response_iss_may_be_promised),
        cmocka_unit_test(test_id_tokens),
        cmocka_unit_test(test_transactions_of_other_flows),
        cmocka_unit_test(test_keys_may_have_changed),
        cmocka_unit_test(test_each_want_of_a_callback_fails),
        cmocka_unit_test(test_each_want_of_a_login_and_logout_fails),
        cmocka_unit_test(test_logout),
        cmocka_unit_test(test_logout_with_a_crowd_of_cookies),
        cmocka_unit_test(test_tokens_are_refreshed_when_due),
        cmocka_unit_test(test_what_a_refresh_changes),
        cmocka_unit_test(test_a_refresh_for_somebody_else),
        cmocka_unit_test(test_each_want_of_a_refresh_fails),
        cmocka_unit_test(test_newer_keys_that_cannot_be_had),
        cmocka_unit_test(test_audiences_and_scopes),
        cmocka_unit_test(test_the_least_token_that_is_enough),
        cmocka_unit_test(test_more_scope_without_an_audience),
        cmocka_unit_test(test_without_a_refresh_token),
        cmocka_unit_test(test_an_end_that_nobody_knows),
        cmocka_unit_test(test_a_session_that_grows_too_large),
        cmocka_unit_test(test_another_factor_is_wanted),
        cmocka_unit_test(test_every_allocation_may_fail),
        cmocka_unit_test(test_every_crypto_allocation_may_fail),
        cmocka_unit_test(test_every_draw_of_entropy_may_fail),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
