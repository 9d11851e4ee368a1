/* Signing in by a form that a function of the program judges: what it is asked, every way it may
 * answer in each system, what the others are told, the page; and each step failed in turn, each
 * allocation refused in turn, and nothing of a password left behind. */
#include "tests/kit/browser.h"

#include <stdio.h>

#include "base/str.h"

#define NOW_S    INT64_C(1767225600)
#define ADA      "{\"id\":\"7\",\"name\":\"Ada\",\"email\":\"ada@example.com\",\"role\":\"admin\"}"
#define PASSWORD "open-sesame-42"

typedef struct program {
    char lines[8192]; /* what was asked and told: name, value */
    const char *user, *sign_in, *jwt;
    usher_event_kind kind; /* of authorize's answer, if not HOOKED */
    usher_event_kind sign_in_kind, jwt_kind;
    bool threw; /* with a no */
} program;

typedef struct rig {
    browser b;
    kit_store store;
    program p;
} rig;

static const char *const systems[] = {"nextauth-4", "authjs-5", "robojs"};

static void say(usher_event *event, usher_event_kind kind, const char *value, const char *otherwise)
{
    event->value = kit_str(value ? value : otherwise);
    if (kind) event->kind = kind;
}

static void hear(void *ctx, const usher_hook *hook, usher_event *event)
{
    static const char *const names[] = {[USHER_HOOK_JWT] = "jwt",
                                        [USHER_HOOK_SIGN_IN] = "signIn",
                                        [USHER_HOOK_EVENT] = "event",
                                        [USHER_HOOK_AUTHORIZE] = "authorize"};
    program *p = ctx;
    size_t n = strlen(p->lines);

    snprintf(p->lines + n, sizeof p->lines - n, "%s%.*s %.*s\n", names[hook->kind],
             (int)hook->name.len, hook->name.ptr ? hook->name.ptr : "", (int)hook->value.len,
             hook->value.ptr);
    if (hook->kind == USHER_HOOK_AUTHORIZE) say(event, p->kind, p->user, ADA);
    if (hook->kind == USHER_HOOK_SIGN_IN) say(event, p->sign_in_kind, p->sign_in, "true");
    if (hook->kind == USHER_HOOK_JWT)
        say(event, p->jwt_kind, p->jwt, "{\"sub\":\"7\",\"name\":\"Ada\",\"role\":\"admin\"}");
    if (p->threw && event->kind == USHER_EVENT_HOOK_REFUSED) event->why = "it threw";
}

#define FIELDS                                                                                     \
    "\"fields\":[{\"name\":\"user\",\"label\":\"Your <name>\",\"placeholder\":\"a\\\"b\"},"        \
    "{\"name\":\"pass\\\"><b>\",\"type\":\"password\"}]"

static void open_rig(rig *r, const char *profile, const char *hooks, const char *more)
{
    char json[4096];

    memset(r, 0, sizeof *r);
    snprintf(json, sizeof json,
             "{\"base_url\":\"http://localhost:3000\",\"development\":true,\"profile\":\"%s\","
             "\"secret\":\"0123456789abcdef-test-only-0123456789abcdef\"%s,"
             "\"hooks\":[\"authorize\"%s],\"providers\":["
             "{\"id\":\"Log_in\",\"type\":\"credentials\",\"name\":\"A & B\"," FIELDS "},"
             "{\"id\":\"op\",\"type\":\"oidc\",\"issuer\":\"" KIT_ISSUER "\",\"client_id\":\"c\","
             "\"client_secret\":\"a-client-secret-of-some-length\"}]}",
             profile, more, hooks);
    browser_start(&r->b, kit_site(json), NOW_S);
    kit_store_init(&r->store);
    r->b.store = &r->store;
    r->b.hook = hear;
    r->b.hook_ctx = &r->p;
}

static void close_rig(rig *r)
{
    browser_close(&r->b);
}

static void fetch_csrf(rig *r)
{
    browser_ask(&r->b, usher_handle, "GET", "/api/auth/csrf", NULL, NULL, NULL);
    assert_int_equal(sscanf(r->b.body, "{\"csrfToken\":\"%64[0-9a-f]\"}", r->b.csrf), 1);
}

/* In a form, '$' stands for the CSRF token. */
static void fill(char body[1024], const rig *r, const char *form)
{
    const char *at = strchr(form, '$');
    size_t before = at ? (size_t)(at - form) : strlen(form);

    snprintf(body, 1024, "%.*s%s%s", (int)before, form, at ? r->b.csrf : "", at ? at + 1 : "");
}

static void post(rig *r, const char *query, const char *form)
{
    char target[256], body[1024];

    snprintf(target, sizeof target, "/api/auth/callback/Log_in%s", query);
    fill(body, r, form);
    r->p.lines[0] = 0;
    browser_ask(&r->b, usher_handle, "POST", target, body, NULL, NULL);
}

#define FORM "user=ada&password=" PASSWORD "&callbackUrl=%2Fclosed&csrfToken=$"

static void sign_in(rig *r, bool json)
{
    fetch_csrf(r);
    if (json) {
        snprintf(r->b.extra[0], sizeof r->b.extra[0], "X-Auth-Return-Redirect");
        snprintf(r->b.extra[1], sizeof r->b.extra[1], "1");
    }
    post(r, "", json ? "json=true&" FORM : FORM);
}

static void contains(const char *text, const char *part)
{
    if (!strstr(text, part)) fail_msg("%s\nis not in\n%s", part, text);
}

static bool has_session(const rig *r)
{
    return browser_find(&r->b, "session-token") < r->b.cookies;
}

/* --- what the program is asked and told ------------------------------------------------------- */

static void test_what_functions_get(void **state)
{
    (void)state;
    for (size_t i = 0; i < 3; i++) {
        rig r;

        open_rig(&r, systems[i], ",\"sign_in\",\"jwt\",\"events\"", "");
        fetch_csrf(&r);
        snprintf(r.b.extra[0], sizeof r.b.extra[0], "X-Real-IP");
        snprintf(r.b.extra[1], sizeof r.b.extra[1], "10.0.0.1\"\xff");
        post(&r, "?a=1&b=%20&a=2", "user=a&__proto__=p&user=b%00%22&csrfToken=$&=x");
        assert_true(r.b.signed_in);
        contains(r.p.lines, "authorize {\"provider\":\"Log_in\",\"credentials\":{\"user\":"
                            "\"b\\u0000\\\"\",\"__proto__\":\"p\",\"csrfToken\":\"");
        contains(r.p.lines, "\",\"\":\"x\"},\"method\":\"POST\",\"url\":\"http://localhost:3000/"
                            "api/auth/callback/Log_in?a=1&b=%20&a=2\",\"query\":{\"a\":\"2\","
                            "\"b\":\" \"},\"headers\":{\"cookie\":\"");
        contains(r.p.lines, "\"x-real-ip\":\"10.0.0.1\\\"\xc3\xbf\"}}\n");
        contains(r.p.lines, "\nsignIn {\"user\":" ADA ",\"account\":{\"providerAccountId\":\"7\","
                            "\"type\":\"credentials\",\"provider\":\"Log_in\"},\"credentials\":{"
                            "\"user\":\"b\\u0000");
        contains(r.p.lines, "\njwt {\"token\":{\"name\":\"Ada\",\"email\":\"ada@example.com\","
                            "\"sub\":\"7\",\"usid\":\"");
        contains(r.p.lines, "\"},\"user\":" ADA ",\"account\":{\"providerAccountId\":\"7\","
                            "\"type\":\"credentials\",\"provider\":\"Log_in\"},\"isNewUser\":false,"
                            "\"trigger\":\"signIn\"}\n");
        contains(r.p.lines, "\neventsignIn {\"user\":" ADA ",\"account\":{\"providerAccountId\":"
                            "\"7\",\"type\":\"credentials\",\"provider\":\"Log_in\"}}\n");
        browser_ask(&r.b, usher_get_token, "GET", "/", NULL, NULL, NULL);
        contains(r.b.session, "\"role\":\"admin\"");
        close_rig(&r);
    }
}

/* A body of JSON is handed on as it came: numbers, lists and all. */
static void test_json_bodies(void **state)
{
    rig r;

    (void)state;
    open_rig(&r, "authjs-5", "", "");
    fetch_csrf(&r);
    post(&r, "", "{ \"csrfToken\":\"$\", \"pin\":1e2, \"list\":[\"\\ud800\"], \"json\":true }");
    assert_true(r.b.signed_in);
    contains(r.p.lines, "\", \"pin\":1e2, \"list\":[\"\\ud800\"], \"json\":true },\"method\"");
    post(&r, "", "[\"$\"]");
    assert_int_equal(r.b.status, 400);
    assert_int_equal(r.b.cause, USHER_CAUSE_BODY_MALFORMED);
    close_rig(&r);
}

/* --- who it is -------------------------------------------------------------------------------- */

static void test_who_it_is(void **state)
{
    static const struct {
        const char *user, *v4, *v5; /* of the claims */
    } rows[] = {
        {"{\"id\":\"7\"}", "{\"sub\":\"7\",", "{\"sub\":\"7\","},
        {"{\"id\":7.5,\"name\":null}", "{\"name\":null,\"sub\":\"7.5\",",
         "{\"name\":null,\"sub\":\"7.5\","},
        {"{\"name\":\"\\u00e9\",\"image\":\"/i\"}",
         "{\"name\":\"\xc3\xa9\",\"picture\":\"/i\",\"us",
         "{\"name\":\"\xc3\xa9\",\"picture\":\"/i\",\"sub\":\""},
        {"{\"id\":null,\"email\":7}", "{\"usid\":", "{\"sub\":\""},
        {"{\"id\":\"a\\\"b\"}", "{\"sub\":\"a\\\"b\",", "{\"sub\":\"a\\\"b\","},
    };

    (void)state;
    for (size_t i = 0; i < 3 * sizeof rows / sizeof *rows; i++) {
        rig r;

        open_rig(&r, systems[i % 3], "", "");
        r.p.user = rows[i / 3].user;
        sign_in(&r, false);
        assert_true(r.b.signed_in);
        assert_string_equal(r.b.location, "http://localhost:3000/closed");
        browser_ask(&r.b, usher_get_token, "GET", "/", NULL, NULL, NULL);
        contains(r.b.session, i % 3 ? rows[i / 3].v5 : rows[i / 3].v4);
        close_rig(&r);
    }
}

/* A number stays one for v4's functions, and is a text for v5's. */
static void test_account_ids(void **state)
{
    rig r;

    (void)state;
    for (size_t i = 0; i < 2; i++) {
        open_rig(&r, systems[i], ",\"sign_in\"", "");
        r.p.user = "{\"a\":1,\"id\":42}";
        sign_in(&r, false);
        contains(r.p.lines, i ? "\"user\":{\"a\":1,\"id\":\"42\"},\"account\":{"
                                "\"providerAccountId\":\"42\","
                              : "\"user\":{\"a\":1,\"id\":42},\"account\":{"
                                "\"providerAccountId\":42,");
        close_rig(&r);
    }
}

/* --- every way it may end --------------------------------------------------------------------- */

#define U   "http://localhost:3000/api/auth"
#define BAD USHER_EVENT_HOOK_FAILED
#define NO  USHER_EVENT_HOOK_REFUSED

typedef struct outcome {
    const char *name;
    program p;
    const char *v4, *v5; /* where it leads */
    int status;          /* v4's in JSON */
    usher_cause cause;
} outcome;

static const outcome outcomes[] = {
    {"nobody",
     {.user = "null"},
     U "/error?error=CredentialsSignin&provider=Log_in",
     U "/signin?error=CredentialsSignin&code=credentials",
     401,
     USHER_CAUSE_CREDENTIALS},
    {"refused",
     {.user = "", .kind = NO},
     U "/error?error=CredentialsSignin&provider=Log_in",
     U "/signin?error=CredentialsSignin&code=credentials",
     401,
     USHER_CAUSE_CREDENTIALS},
    {"refused with a word",
     {.user = "boom & my bust's", .kind = NO},
     U "/error?error=boom%20%26%20my%20bust's",
     U "/signin?error=CredentialsSignin&code=boom+%26+my+bust%27s",
     401,
     USHER_CAUSE_CREDENTIALS},
    {"a word that splits nothing",
     {.user = "a\r\nSet-Cookie: b", .kind = NO},
     U "/error?error=a%0D%0ASet-Cookie%3A%20b",
     U "/signin?error=CredentialsSignin&code=a%0D%0ASet-Cookie%3A+b",
     401,
     USHER_CAUSE_CREDENTIALS},
    {"it threw a word",
     {.user = "boom & my bust's", .kind = NO, .threw = true},
     U "/error?error=boom%20%26%20my%20bust's",
     U "/signin?error=CredentialsSignin&code=boom+%26+my+bust%27s",
     401,
     USHER_CAUSE_CALLBACK_FAILED},
    {"it threw nothing",
     {.user = "", .kind = NO, .threw = true},
     U "/error?error=CredentialsSignin&provider=Log_in",
     U "/signin?error=CredentialsSignin&code=credentials",
     401,
     USHER_CAUSE_CALLBACK_FAILED},
    {"it cannot tell",
     {.user = "x", .kind = BAD},
     U "/error?error=Configuration",
     U "/error?error=Configuration",
     500,
     USHER_CAUSE_HOOK},
    {"no user: a text",
     {.user = "\"ada\""},
     U "/error?error=Configuration",
     U "/error?error=Configuration",
     500,
     USHER_CAUSE_HOOK},
    {"no user: true",
     {.user = "true"},
     U "/error?error=Configuration",
     U "/error?error=Configuration",
     500,
     USHER_CAUSE_HOOK},
    {"no JSON",
     {.user = "{\"id\":"},
     U "/error?error=Configuration",
     U "/error?error=Configuration",
     500,
     USHER_CAUSE_HOOK},
    {"a list",
     {.user = "[]"},
     U "/error?error=Configuration",
     U "/error?error=Configuration",
     500,
     USHER_CAUSE_HOOK},
    {"signIn says no",
     {.sign_in = "false"},
     U "/error?error=AccessDenied",
     U "/error?error=AccessDenied",
     403,
     USHER_CAUSE_SIGN_IN_DENIED},
    {"signIn threw",
     {.sign_in = "", .sign_in_kind = NO, .threw = true},
     U "/error?error=AccessDenied",
     U "/error?error=AccessDenied",
     403,
     USHER_CAUSE_CALLBACK_FAILED},
    {"signIn threw, and that leads elsewhere",
     {.sign_in = "\"/somewhere\"", .sign_in_kind = NO, .threw = true},
     "/somewhere",
     "/somewhere",
     200,
     USHER_CAUSE_CALLBACK_FAILED},
    {"signIn says no, and a place is none",
     {.sign_in = "\"/somewhere\"", .sign_in_kind = NO},
     U "/error?error=AccessDenied",
     U "/error?error=AccessDenied",
     403,
     USHER_CAUSE_SIGN_IN_DENIED},
    {"signIn leads elsewhere",
     {.sign_in = "\"/somewhere\""},
     "/somewhere",
     "/somewhere",
     200,
     USHER_CAUSE_SIGN_IN_DENIED},
};

static void check_outcome(const outcome *o, const char *profile, bool json)
{
    bool v4 = profile[0] == 'n';
    const char *where = v4 ? o->v4 : o->v5;
    char body[512];
    rig r;

    open_rig(&r, profile, ",\"sign_in\"", "");
    r.p = o->p;
    sign_in(&r, json);
    if (r.b.signed_in || has_session(&r)) fail_msg("%s: signed in", o->name);
    if (r.b.cause != o->cause || r.b.cause_count != 1)
        fail_msg("%s: cause %s", o->name, usher_cause_word(r.b.cause));
    snprintf(body, sizeof body, "{\"url\":\"%s\"}", where);
    if (strcmp(json ? r.b.body : r.b.location, json ? body : where) != 0)
        fail_msg("%s, %s: %s%s", o->name, profile, r.b.location, r.b.body);
    assert_int_equal(r.b.status, !json ? 302 : v4 ? o->status : 200);
    close_rig(&r);
}

static void test_outcomes(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof outcomes / sizeof *outcomes; i++)
        for (size_t s = 0; s < 6; s++)
            check_outcome(&outcomes[i], systems[s / 2], s % 2);
}

/* Whoever is signed in stays so, whatever becomes of the attempt. */
static void test_a_session_survives(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof outcomes / sizeof *outcomes; i++) {
        rig r;

        open_rig(&r, systems[i % 3], ",\"sign_in\"", "");
        sign_in(&r, false);
        assert_true(r.b.signed_in);
        r.p = outcomes[i].p;
        sign_in(&r, i % 2);
        assert_false(r.b.signed_in);
        browser_ask(&r.b, usher_get_token, "GET", "/", NULL, NULL, NULL);
        assert_int_equal(r.b.verdict, USHER_SESSION_VALID);
        close_rig(&r);
    }
}

static void test_the_token_fails(void **state)
{
    static const struct {
        program p;
        usher_status rc;
    } rows[] = {{{.jwt_kind = BAD}, USHER_E_IO},
                {{.jwt = "[]"}, USHER_E_IO},
                {{.jwt = "{\"value\":"}, USHER_E_IO},
                {{.jwt = "null"}, USHER_OK},
                {{.sign_in_kind = BAD}, USHER_E_IO}};

    (void)state;
    for (size_t i = 0; i < 3 * sizeof rows / sizeof *rows; i++) {
        rig r;

        open_rig(&r, systems[i % 3], ",\"sign_in\",\"jwt\"", "");
        fetch_csrf(&r);
        r.p = rows[i / 3].p;
        r.b.may_fail = true;
        sign_in(&r, false);
        assert_int_equal(r.b.rc, rows[i / 3].rc);
        assert_false(r.b.signed_in || has_session(&r));
        close_rig(&r);
    }
}

/* --- who may ask ------------------------------------------------------------------------------ */

static void test_no_csrf_token(void **state)
{
    static const char *const where[] = {U "/signin?csrf=true", U "/signin?error=MissingCSRF",
                                        U "/signin?error=MissingCSRF"};
    static const char *const bodies[] = {"user=a&password=b", "user=a&csrfToken=x$",
                                         "{\"csrfToken\":7,\"x\":\"$\"}", ""};

    (void)state;
    for (size_t i = 0; i < 12; i++) {
        rig r;

        open_rig(&r, systems[i % 3], "", "");
        fetch_csrf(&r);
        post(&r, "", bodies[i / 3]);
        assert_string_equal(r.b.location, where[i % 3]);
        assert_int_equal(r.b.cause, USHER_CAUSE_CSRF_TOKEN);
        assert_string_equal(r.p.lines, ""); /* nobody was asked */
        close_rig(&r);
    }
}

static void test_other_routes(void **state)
{
    static const char *const get[] = {"", U "/error?error=Configuration",
                                      U "/error?error=Configuration"};
    (void)state;
    for (size_t i = 0; i < 3; i++) {
        char body[256];
        rig r;

        open_rig(&r, systems[i], "", ",\"pages\":{\"sign_in\":\"/login\"}");
        browser_ask(&r.b, usher_handle, "GET", "/api/auth/callback/Log_in?user=a", NULL, NULL,
                    NULL);
        assert_string_equal(r.b.location, get[i]);
        assert_int_equal(r.b.status, i ? 302 : 500);
        if (!i)
            assert_string_equal(r.b.body,
                                "Error: Callback for provider type credentials not supported");
        fetch_csrf(&r);
        snprintf(body, sizeof body, "csrfToken=%s", r.b.csrf);
        browser_ask(&r.b, usher_handle, "POST", "/api/auth/signin/Log_in", body, NULL, NULL);
        assert_string_equal(r.b.location, U "/signin");
        browser_ask(&r.b, usher_handle, "GET", "/api/auth/providers", NULL, NULL, NULL);
        contains(r.b.body, "{\"Log_in\":{\"id\":\"Log_in\",\"name\":\"A & B\",\"type\":"
                           "\"credentials\",\"signinUrl\":\"" U "/signin/Log_in\",\"callbackUrl\":"
                           "\"" U "/callback/Log_in\"},\"op\":");
        assert_string_equal(r.p.lines, "");
        close_rig(&r);
    }
}

static void test_the_page(void **state)
{
    char form[1024];
    rig r;

    (void)state;
    open_rig(&r, "authjs-5", "", "");
    fetch_csrf(&r);
    browser_ask(&r.b, usher_handle, "GET", "/api/auth/signin", NULL, NULL, NULL);
    snprintf(form, sizeof form,
             "<form method=\"POST\" action=\"" U "/callback/Log_in\"><input type=\"hidden\" "
             "name=\"csrfToken\" value=\"%s\"><label for=\"input-user-for-Log_in-provider\">Your "
             "&lt;name&gt;</label><input name=\"user\" id=\"input-user-for-Log_in-provider\" "
             "type=\"text\" placeholder=\"a&quot;b\"><label for=\"input-pass&quot;&gt;&lt;b&gt;-"
             "for-Log_in-provider\">pass&quot;&gt;&lt;b&gt;</label><input "
             "name=\"pass&quot;&gt;&lt;b&gt;\" id=\"input-pass&quot;&gt;&lt;b&gt;-for-Log_in-"
             "provider\" type=\"password\"><button type=\"submit\">Sign in with A &amp; "
             "B</button></form>",
             r.b.csrf);
    contains(r.b.body, form);
    close_rig(&r);
}

/* --- rows ------------------------------------------------------------------------------------- */

#define ROWS ",\"session\":{\"strategy\":\"database\"}"

/* Users are rows, sessions are cookies: no row is touched. */
static void test_beside_rows(void **state)
{
    (void)state;
    for (size_t i = 0; i < 3; i++) {
        rig r;

        open_rig(&r, systems[i], "", ",\"users\":\"database\"");
        sign_in(&r, false);
        assert_true(r.b.signed_in && has_session(&r));
        assert_int_equal(r.store.step_count, 0);
        close_rig(&r);
    }
}

/* Sessions are rows: where the system has none for them, they are told, and nothing is lost. */
static void test_among_rows(void **state)
{
    (void)state;
    for (size_t i = 0; i < 2; i++) {
        rig r;

        open_rig(&r, systems[i], "", ROWS);
        sign_in(&r, false);
        assert_false(r.b.signed_in);
        assert_int_equal(r.b.cause, USHER_CAUSE_STRATEGY);
        assert_string_equal(r.b.location, U "/error?error=Configuration");
        assert_string_equal(r.p.lines, "");
        assert_int_equal(r.store.step_count, 0);
        close_rig(&r);
    }
}

static void test_a_row_for_whom_authorize_said(void **state)
{
    static const char *const nobody[] = {"{\"id\":\"\"}", "{\"id\":\"7\",\"id\":\"8\"}"};
    rig r;

    (void)state;
    open_rig(&r, "robojs", ",\"sign_in\",\"events\"", ROWS);
    sign_in(&r, true);
    assert_true(r.b.signed_in);
    assert_int_equal(r.store.step_count, 1); /* createSession alone */
    assert_int_equal(kit_store_count(&r.store, KIT_SESSIONS), 1);
    const char *row =
        kit_store_get(&r.store, KIT_SESSIONS, r.b.jar[browser_find(&r.b, "session-token")][1]);
    contains(row, "\"userId\":\"7\"");
    contains(r.p.lines, "\neventsignIn {\"user\":" ADA);
    r.store.fail_at = r.store.step_count;
    r.store.failure = USHER_EVENT_STORE_FAILED;
    r.b.may_fail = true;
    sign_in(&r, false);
    assert_int_equal(r.b.rc, USHER_E_IO);
    close_rig(&r);
    open_rig(&r, "robojs", "", ROWS);
    r.p.user = nobody[0];
    r.b.may_fail = true;
    sign_in(&r, false);
    assert_int_equal(r.b.rc, USHER_E_IO);
    assert_int_equal(kit_store_count(&r.store, KIT_SESSIONS), 0);
    close_rig(&r);
}

/* The one system that has rows for them needs no other provider. */
static void test_forms_alone(void **state)
{
    (void)state;
    usher_site_unref(
        kit_site("{\"base_url\":\"https://app.example.com\",\"profile\":\"robojs\","
                 "\"secret\":\"Zr8KvT3nQx5WmBd7LpYc2HsJf9GaUe4o\",\"hooks\":[\"authorize\"],"
                 "\"providers\":[{\"id\":\"form\",\"type\":\"credentials\"}]" ROWS "}"));
}

/* --- too much --------------------------------------------------------------------------------- */

typedef struct asked {
    usher_status rc;
    int status;
    usher_cause cause;
    usher_want_kind want;
} asked;

static asked ask_with(usher_site *site, const char *cookie, usher_str body, usher_str header)
{
    const usher_header headers[] = {
        {USHER_STR("Content-Type"), USHER_STR("application/x-www-form-urlencoded")},
        {USHER_STR("Cookie"), kit_str(cookie)},
        {USHER_STR("X-More"), header}};
    usher_request request = {.size = sizeof request,
                             .method = USHER_STR("POST"),
                             .target = USHER_STR("/api/auth/callback/Log_in"),
                             .headers = headers,
                             .header_count = 3,
                             .body = body};
    usher_exchange *ex;
    usher_want want = {0};
    size_t count;
    asked a;

    assert_ok(usher_exchange_new(&ex, NULL, NULL));
    assert_ok(usher_exchange_start(ex, site, &request, NOW_S * 1000, NULL));
    a.rc = usher_handle(ex, &want, NULL);
    a.want = want.kind;
    a.status = usher_exchange_response(ex)->status;
    const usher_report *reports = usher_exchange_reports(ex, &count);
    a.cause = count ? reports[count - 1].cause : USHER_CAUSE_NONE;
    usher_exchange_free(ex);
    return a;
}

static void test_too_much(void **state)
{
    static char body[80000], header[600000];
    char cookie[512];
    rig r;

    (void)state;
    open_rig(&r, "authjs-5", "", "");
    fetch_csrf(&r);
    snprintf(cookie, sizeof cookie, "authjs.csrf-token=%s",
             r.b.jar[browser_find(&r.b, "csrf-token")][1]);
    memset(body, 'a', sizeof body);
    memset(header, 'h', sizeof header);
    int n = snprintf(body, sizeof body, "csrfToken=%s&a=", r.b.csrf);
    body[n] = 'a';
    asked fits = ask_with(r.b.site, cookie, usher_str_of(body, 65536), USHER_STR("x"));
    assert_int_equal(fits.want, USHER_WANT_HOOK);
    asked large = ask_with(r.b.site, cookie, usher_str_of(body, 65537), USHER_STR("x"));
    assert_int_equal(large.rc, USHER_OK);
    assert_int_equal(large.status, 400);
    assert_int_equal(large.cause, USHER_CAUSE_REQUEST_TOO_LARGE);
    asked heavy =
        ask_with(r.b.site, cookie, usher_str_of(body, 100), usher_str_of(header, sizeof header));
    assert_int_equal(heavy.rc, USHER_OK);
    assert_int_equal(heavy.status, 400);
    assert_int_equal(heavy.cause, USHER_CAUSE_REQUEST_TOO_LARGE);
    close_rig(&r);
}

/* Several header fields of a name are one. */
static void test_repeated_headers(void **state)
{
    char body[1024], cookie[512];
    usher_exchange *ex;
    usher_want want;
    rig r;

    (void)state;
    open_rig(&r, "authjs-5", "", "");
    fetch_csrf(&r);
    fill(body, &r, "csrfToken=$");
    snprintf(cookie, sizeof cookie, "authjs.csrf-token=%s",
             r.b.jar[browser_find(&r.b, "csrf-token")][1]);
    const usher_header headers[] = {
        {USHER_STR("X-A"), USHER_STR("1")},
        {USHER_STR("cookie"), USHER_STR("a=b")},
        {USHER_STR("Content-Type"), USHER_STR("application/x-www-form-urlencoded")},
        {USHER_STR("x-a"), USHER_STR("2")},
        {USHER_STR("Cookie"), kit_str(cookie)}};
    usher_request request = {.size = sizeof request,
                             .method = USHER_STR("POST"),
                             .target = USHER_STR("/api/auth/callback/Log_in"),
                             .headers = headers,
                             .header_count = 5,
                             .body = kit_str(body)};
    assert_ok(usher_exchange_new(&ex, NULL, NULL));
    assert_ok(usher_exchange_start(ex, r.b.site, &request, NOW_S * 1000, NULL));
    assert_ok(usher_handle(ex, &want, NULL));
    assert_int_equal(want.hook.kind, USHER_HOOK_AUTHORIZE);
    snprintf(r.p.lines, sizeof r.p.lines, "%.*s", (int)want.hook.value.len, want.hook.value.ptr);
    contains(r.p.lines, "\"headers\":{\"x-a\":\"1, 2\",\"cookie\":\"a=b; authjs.csrf-token=");
    contains(r.p.lines, "\",\"content-type\":\"application/x-www-form-urlencoded\"}}");
    usher_exchange_free(ex);
    close_rig(&r);
}

/* --- memory ----------------------------------------------------------------------------------- */

static void test_without_memory(void **state)
{
    (void)state;
    for (size_t i = 0; i < 8; i++) {
        recorded all[1];
        rig r;

        open_rig(&r, systems[i % 3], ",\"sign_in\",\"jwt\",\"events\"", i == 5 ? ROWS : "");
        if (i == 3) r.p.user = "null";
        if (i == 4) r.p.kind = NO;
        if (i == 6) r.p.kind = BAD;
        sign_in(&r, i % 2);
        assert_int_equal(r.b.signed_in, i < 3 || i == 5 || i == 7);
        browser_take_record(&r.b, &all[0]);
        recorded_without_memory(r.b.site, all, 1);
        if (i < 2) recorded_without_entropy(r.b.site, all, 1);
        if (i < 2) recorded_without_crypto(r.b.site, all, 1);
        recorded_free(&all[0]);
        close_rig(&r);
    }
}

/* Memory that is looked through when it is given back. */
typedef struct watch {
    size_t blocks, left;
    struct {
        void *ptr;
        size_t size;
    } live[4096];
} watch;

static bool holds(const void *ptr, size_t size)
{
    return usher_str_find(usher_str_of(ptr, size), USHER_STR(PASSWORD)) != SIZE_MAX;
}

static void *watch_get(void *ctx, size_t size)
{
    watch *w = ctx;
    void *ptr = calloc(1, size);

    assert_true(ptr && w->blocks < 4096);
    w->live[w->blocks].ptr = ptr;
    w->live[w->blocks++].size = size;
    return ptr;
}

static void watch_put(void *ctx, void *ptr, size_t size)
{
    watch *w = ctx;
    size_t at = 0;

    if (!ptr) return;
    w->left += holds(ptr, size);
    while (w->live[at].ptr != ptr)
        at++;
    w->live[at] = w->live[--w->blocks];
    free(ptr);
}

static size_t holding(const watch *w)
{
    size_t n = 0;

    for (size_t i = 0; i < w->blocks; i++)
        n += holds(w->live[i].ptr, w->live[i].size);
    return n;
}

/* With the same answers as the rig's: what is left of a password when the exchange is put aside. */
static void test_nothing_is_left_of_a_password(void **state)
{
    static watch w;
    char body[1024], cookie[512], name[64];
    usher_allocator allocator = {watch_get, watch_put, &w};
    usher_exchange_options options = {.size = sizeof options, .allocator = &allocator};
    usher_exchange *ex;
    usher_want want;
    rig r;

    (void)state;
    open_rig(&r, "nextauth-4", ",\"sign_in\",\"events\"", "");
    fetch_csrf(&r);
    fill(body, &r, FORM);
    snprintf(name, sizeof name, "%s", r.b.jar[browser_find(&r.b, "csrf-token")][0]);
    snprintf(cookie, sizeof cookie, "%s=%s", name, r.b.jar[browser_find(&r.b, "csrf-token")][1]);
    const usher_header headers[] = {
        {USHER_STR("Content-Type"), USHER_STR("application/x-www-form-urlencoded")},
        {USHER_STR("Cookie"), kit_str(cookie)}};
    usher_request request = {.size = sizeof request,
                             .method = USHER_STR("POST"),
                             .target = USHER_STR("/api/auth/callback/Log_in"),
                             .headers = headers,
                             .header_count = 2,
                             .body = kit_str(body)};
    assert_ok(usher_exchange_new(&ex, &options, NULL));
    assert_ok(usher_exchange_start(ex, r.b.site, &request, NOW_S * 1000, NULL));
    assert_ok(usher_handle(ex, &want, NULL));
    assert_true(holding(&w) > 0); /* the control: it is there while it is asked about */
    while (want.kind != USHER_WANT_NOTHING) {
        usher_event event = {
            .size = sizeof event, .kind = USHER_EVENT_HOOKED, .now_ms = NOW_S * 1000};
        hear(&r.p, &want.hook, &event);
        assert_ok(usher_resume(ex, &event, &want, NULL));
    }
    assert_true(usher_exchange_signed_in(ex));
    const usher_response *response = usher_exchange_response(ex);
    for (size_t i = 0; i < response->header_count; i++)
        assert_int_equal(usher_str_find(response->headers[i].value, USHER_STR(PASSWORD)), SIZE_MAX);
    usher_exchange_forget(ex);
    assert_int_equal(holding(&w), 0);
    usher_exchange_free(ex);
    assert_int_equal(w.left, 0);
    assert_int_equal(w.blocks, 0);
    close_rig(&r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_what_functions_get),
        cmocka_unit_test(test_json_bodies),
        cmocka_unit_test(test_who_it_is),
        cmocka_unit_test(test_account_ids),
        cmocka_unit_test(test_outcomes),
        cmocka_unit_test(test_a_session_survives),
        cmocka_unit_test(test_the_token_fails),
        cmocka_unit_test(test_no_csrf_token),
        cmocka_unit_test(test_other_routes),
        cmocka_unit_test(test_the_page),
        cmocka_unit_test(test_beside_rows),
        cmocka_unit_test(test_among_rows),
        cmocka_unit_test(test_a_row_for_whom_authorize_said),
        cmocka_unit_test(test_forms_alone),
        cmocka_unit_test(test_too_much),
        cmocka_unit_test(test_repeated_headers),
        cmocka_unit_test(test_without_memory),
        cmocka_unit_test(test_nothing_is_left_of_a_password),
    };

    kit_crypto_install();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
