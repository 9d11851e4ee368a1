/* Auth0's profile as a program asks it: access tokens, each want of a refresh failed in turn, every
 * allocation refused in turn. */
#include "tests/kit/auth0.h"

#include "base/str.h"

#define NOW_S   AUTH0_NOW_S
#define SECRET  AUTH0_SECRET
#define APP     AUTH0_APP
#define REFRESH ",\"refresh_token\":\"rt-1\",\"scope\":\"openid profile email offline_access\""
#define ROTATED ",\"refresh_token\":\"rt-2\",\"scope\":\"openid profile email offline_access\""

/* --- a browser, and a program behind it ------------------------------------------------------- */

static void look(const usher_exchange *ex);

static void browser_open(browser *b, const char *more)
{
    auth0_open(b, more, "");
    b->look = look;
    b->op.tokens = REFRESH;
}

static uint32_t once_s; /* of the last request for tokens */

static void overhear(void *ctx, size_t want, const usher_fetch *fetch, usher_event *event)
{
    if (usher_str_ends(fetch->url, USHER_STR("/token"))) once_s = fetch->once_s;
    auth0_meddle(ctx, want, fetch, event);
}

/* --- access tokens ---------------------------------------------------------------------------- */

/* The browser asks by a function without arguments, and reads what every operation answers. */
static usher_access_token_question question;
static struct {
    bool found, has_expires;
    char token[64], scope[128], type[16], audience[64], code[64], error[32], description[64];
    int64_t expires_s;
} found;

static void keep(char *out, size_t room, usher_str text)
{
    snprintf(out, room, "%.*s", (int)text.len, text.len ? text.ptr : "");
}

static void look(const usher_exchange *ex)
{
    const usher_access_token *t = usher_exchange_access_token(ex);

    memset(&found, 0, sizeof found);
    found.found = t != NULL;
    if (!t) return;
    found.has_expires = t->has_expires;
    found.expires_s = t->expires_s;
    keep(found.token, sizeof found.token, t->token);
    keep(found.scope, sizeof found.scope, t->scope);
    keep(found.type, sizeof found.type, t->type);
    keep(found.audience, sizeof found.audience, t->audience);
    keep(found.error, sizeof found.error, t->provider_error);
    keep(found.description, sizeof found.description, t->provider_description);
    keep(found.code, sizeof found.code, t->code ? kit_str(t->code) : (usher_str){0});
    assert_true(!t->code == (t->token.len != 0));
    assert_true(!t->code == !t->message);
}

static usher_status get_access_token(usher_exchange *ex, usher_want *want, usher_error *err)
{
    question.size = sizeof question;
    return usher_get_access_token(ex, &question, want, err);
}

static void ask_token(browser *b, meddler *meddle, void *ctx)
{
    browser_ask(b, get_access_token, "GET", "/", NULL, meddle, ctx);
}

static void test_a_token_that_is_not_due(void **state)
{
    (void)state;
    browser b;

    browser_open(&b, "");
    auth0_sign_in(&b);
    question = (usher_access_token_question){.size = 0};
    ask_token(&b, NULL, NULL);
    assert_int_equal(b.wants, 0);
    assert_int_equal(b.set_cookies, 0);
    assert_string_equal(found.token, "at-1");
    assert_string_equal(found.scope, "openid profile email offline_access");
    assert_string_equal(found.type, "");
    assert_true(found.has_expires);
    assert_int_equal(found.expires_s, NOW_S + 3600);
    assert_int_equal(b.status, 200); /* the route's answer is there as well */
    assert_non_null(strstr(b.body, "\"token\":\"at-1\""));
    browser_close(&b);
}

static void nine_seconds_old(void *ctx, size_t want, const usher_fetch *fetch, usher_event *event)
{
    (void)ctx;
    (void)want;
    if (usher_str_ends(fetch->url, USHER_STR("/token"))) event->fetched_ms = event->now_ms - 9000;
}

/* An answer that another exchange got: its token does not live longer because of that. */
static void test_a_shared_answer(void **state)
{
    (void)state;
    browser b;

    browser_open(&b, "");
    auth0_sign_in(&b);
    b.op.tokens = ROTATED;
    question = (usher_access_token_question){.refresh = true};
    ask_token(&b, nine_seconds_old, NULL);
    assert_string_equal(found.token, "at-1");
    assert_int_equal(found.expires_s, b.now_s + 3600 - 9);
    browser_close(&b);
}

static void test_a_token_is_refreshed(void **state)
{
    static const struct {
        const char *name;
        int64_t later_s;
        usher_access_token_question question;
        const char *sent; /* in the request */
        const char *audience;
    } cases[] = {
        {"it is over", 3600, {0}, "refresh_token=rt-1&grant_type=refresh_token&", ""},
        {"it is asked for", 0, {.refresh = true}, "refresh_token=rt-1&", ""},
        {"another audience",
         0,
         {.audience = USHER_STR_INIT("https://api")},
         "audience=https%3A%2F%2Fapi&",
         "https://api"},
        {"more scope",
         0,
         {.scope = USHER_STR_INIT("read:x")},
         "scope=openid+profile+email+offline_access+read%3Ax&",
         ""},
        {"more than another default",
         0,
         {.scope = USHER_STR_INIT("read:x"), .default_scope = USHER_STR_INIT("openid")},
         "scope=openid+read%3Ax&",
         ""},
        {"that scope alone",
         0,
         {.scope = USHER_STR_INIT("read:x"), .no_merge = true},
         "scope=read%3Ax&",
         ""},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        browser b;
        browser_open(&b, "");
        auth0_sign_in(&b);
        b.now_s += cases[i].later_s;
        b.op.tokens = ROTATED;
        question = cases[i].question;
        auth0_mischief none = {.want = SIZE_MAX};
        ask_token(&b, overhear, &none);
        assert_int_equal(once_s, cases[i].question.refresh ? 1 : 10); /* it may be spent */
        if (b.wants != 3 || !strstr(b.op.asked, cases[i].sent))
            fail_msg("%s: %zu wants, %s", cases[i].name, b.wants, b.op.asked);
        assert_string_equal(found.token, "at-1");
        assert_string_equal(found.type, "bearer");
        assert_string_equal(found.audience, cases[i].audience);
        assert_true(b.written);
        browser_ask(&b, usher_get_token, "GET", "/", NULL, NULL, NULL);
        if (!strstr(b.session, "\"refreshToken\":\"rt-2\"")) fail_msg("%s", cases[i].name);
        browser_close(&b);
    }
}

static void test_who_gets_no_token(void **state)
{
    (void)state;
    browser b;

    question = (usher_access_token_question){.size = 0};
    browser_open(&b, "");
    ask_token(&b, NULL, NULL);
    assert_string_equal(found.code, "missing_session");
    b.op.tokens = "";
    auth0_sign_in(&b);
    question.audience = USHER_STR("https://api");
    ask_token(&b, NULL, NULL);
    assert_string_equal(found.code, "missing_refresh_token");
    question.audience = (usher_str){0};
    b.now_s += 3600;
    ask_token(&b, NULL, NULL);
    assert_string_equal(found.code, "missing_refresh_token");
    assert_int_equal(b.wants, 0);
    assert_int_equal(b.set_cookies, 0);
    browser_close(&b);
}

static void test_each_want_of_a_refresh_fails(void **state)
{
    (void)state;
    browser b;

    question = (usher_access_token_question){.refresh = true};
    for (size_t at = 0; at < 3; at++)
        for (enum auth0_wrong kind = 0; kind < AUTH0_WRONGS; kind++) {
            auth0_mischief m = {at, kind};
            browser_open(&b, "");
            auth0_sign_in(&b);
            ask_token(&b, overhear, &m);
            bool again = at == 1 && kind >= AUTH0_EMPTY &&
                         kind <= AUTH0_OTHER; /* a bad key set: a newer one */
            if (strcmp(found.code, again     ? ""
                                   : at == 0 ? "discovery_error"
                                             : "failed_to_refresh_token") != 0)
                fail_msg("want %zu, %d: %s", at, kind, found.code);
            assert_string_equal(
                found.error, at == 2 && (kind == AUTH0_OTHER || kind == AUTH0_REFUSED) ? "no" : "");
            assert_int_equal(b.set_cookies, again ? b.set_cookies : 0);
            assert_int_equal(browser_count(&b, "__session"), 1);
            assert_int_equal(b.cause_count != 0, !again);
            browser_close(&b);
        }
}

static void refuse(void *ctx, size_t want, const usher_fetch *fetch, usher_event *event)
{
    (void)fetch;
    if (want != 2) return;
    event->http_status = 403;
    event->body = kit_str(ctx);
}

static void test_what_the_provider_says(void **state)
{
    (void)state;
    char gone[] = "{\"error\":\"invalid_grant\",\"error_description\":\"It is gone.\"}";
    char factor[] = "{\"error\":\"mfa_required\",\"mfa_token\":\"mt\"}";
    browser b;

    question = (usher_access_token_question){.refresh = true};
    browser_open(&b, "");
    auth0_sign_in(&b);
    ask_token(&b, refuse, gone);
    assert_string_equal(found.code, "failed_to_refresh_token");
    assert_string_equal(found.error, "invalid_grant");
    assert_string_equal(found.description, "It is gone.");
    assert_int_equal(b.set_cookies, 0);
    ask_token(&b, refuse, factor);
    assert_string_equal(found.code, "mfa_required");
    assert_int_equal(b.status, 403);
    assert_non_null(strstr(b.body, "\"mfa_token\":\"eyJ"));
    assert_int_equal(browser_count(&b, "__session"), 1);
    browser_close(&b);
}

/* Each operation sees what the ones before it wrote, and only this one tells of a token. */
static void test_beside_other_operations(void **state)
{
    (void)state;
    usher_exchange *ex;
    usher_want want;
    browser b;
    char cookie[2 * BROWSER_COOKIE_MAX];

    browser_open(&b, "");
    auth0_sign_in(&b);
    snprintf(cookie, sizeof cookie, "%s=%s", b.jar[0][0], b.jar[0][1]);
    const usher_header header = {USHER_STR("Cookie"), kit_str(cookie)};
    usher_request r = {.size = sizeof r,
                       .method = USHER_STR("GET"),
                       .target = USHER_STR("/"),
                       .headers = &header,
                       .header_count = 1};
    usher_access_token_question q = {.size = sizeof q};
    assert_ok(usher_exchange_new(&ex, NULL, NULL));
    assert_ok(usher_exchange_start(ex, b.site, &r, NOW_S * 1000, NULL));
    assert_ok(usher_get_session(ex, &want, NULL));
    assert_null(usher_exchange_access_token(ex));
    assert_ok(usher_get_access_token(ex, &q, &want, NULL));
    assert_str(usher_exchange_access_token(ex)->token, "at-1");
    assert_ok(usher_get_token(ex, &want, NULL));
    assert_null(usher_exchange_access_token(ex));
    q.size = 1;
    assert_int_equal(usher_get_access_token(ex, &q, &want, NULL), USHER_E_USAGE);
    assert_int_equal(usher_get_access_token(ex, NULL, &want, NULL), USHER_E_USAGE);
    assert_int_equal(usher_get_access_token(NULL, &q, &want, NULL), USHER_E_USAGE);
    char *scope = malloc(3000);
    assert_non_null(scope);
    memset(scope, 'a', 3000);
    q = (usher_access_token_question){.size = sizeof q, .scope = {scope, 3000}};
    assert_int_equal(usher_get_access_token(ex, &q, &want, NULL), USHER_E_USAGE);
    free(scope);
    r.read_only = true;
    q = (usher_access_token_question){.size = sizeof q};
    assert_ok(usher_exchange_start(ex, b.site, &r, NOW_S * 1000, NULL));
    assert_int_equal(usher_get_access_token(ex, &q, &want, NULL), USHER_E_USAGE);
    usher_site *other = kit_site("{\"base_url\":\"" APP "\",\"development\":true,"
                                 "\"secret\":\"" SECRET "\"}");
    r.read_only = false;
    assert_ok(usher_exchange_start(ex, other, &r, NOW_S * 1000, NULL));
    assert_int_equal(usher_get_access_token(ex, &q, &want, NULL), USHER_E_USAGE);
    usher_exchange_free(ex);
    usher_site_unref(other);
    browser_close(&b);
}

/* --- functions of the program ----------------------------------------------------------------- */

#define HOOKS ",\"hooks\":[\"before_session_saved\",\"on_callback\"]"

/* What the program is asked last, and what it answers; `kind` says which one goes wrong. */
typedef struct program {
    char saved[8000], called[8000];
    usher_hook_kind bad;
    usher_event_kind how; /* of the bad one; HOOKED by default, with `answer` */
    const char *answer;
    size_t asked;
    char made[8000];
} program;

/* The session with a user of the program's, and an `internal` that is not the program's to say. */
static void make_session(program *p)
{
    snprintf(p->made, sizeof p->made,
             "{\"user\":{\"sub\":\"user-1\",\"role\":\"admin\"},\"tokenSet\":"
             "{\"accessToken\":\"hook\",\"refreshToken\":\"rt-h\",\"expiresAt\":%ld},"
             "\"internal\":{\"createdAt\":1},\"more\":1.50,\"exp\":9}",
             (long)NOW_S + 60);
}

static void be_asked(void *ctx, const usher_hook *hook, usher_event *event)
{
    program *p = ctx;
    bool saving = hook->kind == USHER_HOOK_BEFORE_SESSION_SAVED;

    assert_true(saving || hook->kind == USHER_HOOK_ON_CALLBACK);
    keep(saving ? p->saved : p->called, sizeof p->saved, hook->value);
    p->asked++;
    make_session(p);
    event->value = saving ? kit_str(p->made) : USHER_STR("true");
    if (hook->kind != p->bad) return;
    event->kind = p->how ? p->how : USHER_EVENT_HOOKED;
    event->value = p->answer ? kit_str(p->answer) : (usher_str){0};
}

static void open_with(browser *b, program *p, const char *more)
{
    browser_open(b, more);
    *p = (program){.asked = 0};
    b->hook = be_asked;
    b->hook_ctx = p;
    b->op.tokens = REFRESH;
}

#define CLAIMS(nonce)                                                                              \
    "{\"iss\":\"" KIT_ISSUER "\",\"sub\":\"user-1\",\"aud\":\"client-1\","                         \
    "\"iat\":1767225600,\"exp\":1767229999,\"favourite\":\"blue\"" nonce "}"

static void log_in_as(browser *b, char claims[512])
{
    char state[128];

    auth0_log_in(b, "?returnTo=%2Fclosed", state);
    snprintf(claims, 512, CLAIMS(",\"nonce\":\"%s\""), b->op.nonce);
    b->op.id_token_claims = claims;
    auth0_come_back(b, state, "&code=code-1", NULL, NULL);
}

static void test_what_is_saved(void **state)
{
    (void)state;
    browser b;
    program p;
    char claims[512];

    open_with(&b, &p, HOOKS);
    log_in_as(&b, claims);
    assert_int_equal(b.status, 307);
    assert_string_equal(b.location, APP "/closed");
    assert_true(b.signed_in);
    assert_int_equal(p.asked, 2);
    assert_non_null(strstr(p.called, "{\"error\":null,\"context\":{\"responseType\":\"code\","
                                     "\"returnTo\":\"/closed\",\"challengeMode\":\"redirect\","
                                     "\"appBaseUrl\":\"" APP "\"},\"session\":{\"user\":"));
    assert_non_null(strstr(p.called, "\"favourite\":\"blue\"")); /* all claims */
    assert_non_null(strstr(p.saved, "\"favourite\":\"blue\""));
    assert_non_null(strstr(p.saved, "\"idToken\":\"eyJ"));
    browser_ask(&b, usher_get_token, "GET", "/", NULL, NULL, NULL);
    assert_true(usher_str_starts(kit_str(b.session),
                                 USHER_STR("{\"user\":{\"sub\":\"user-1\",\"role\":\"admin\"},"
                                           "\"tokenSet\":{\"accessToken\":\"hook\"")));
    assert_non_null(strstr(b.session, "\"createdAt\":1767225600"));
    assert_non_null(strstr(b.session, "\"more\":1.50"));
    assert_null(strstr(b.session, "\"exp\":9"));
    b.op.id_token_claims = CLAIMS(""); /* and again when tokens are refreshed */
    b.op.tokens = ROTATED;
    p.saved[0] = 0;
    question = (usher_access_token_question){.refresh = true};
    ask_token(&b, NULL, NULL);
    assert_string_equal(found.token, "at-1");
    assert_non_null(strstr(p.saved, "\"favourite\":\"blue\""));
    assert_non_null(strstr(p.saved, "\"refreshToken\":\"rt-2\""));
    browser_close(&b);
}

static void test_only_one_of_them(void **state)
{
    (void)state;
    browser b;
    program p;
    char claims[512];

    open_with(&b, &p, ",\"hooks\":[\"on_callback\"]");
    log_in_as(&b, claims);
    assert_non_null(strstr(p.called, "favourite"));
    browser_ask(&b, usher_get_token, "GET", "/", NULL, NULL, NULL);
    assert_null(strstr(b.session, "favourite")); /* nobody said that it is kept */
    assert_non_null(strstr(b.session, "\"user\":{\"sub\":\"user-1\"}"));
    browser_close(&b);
    open_with(&b, &p, ",\"hooks\":[\"before_session_saved\"]");
    log_in_as(&b, claims);
    assert_int_equal(p.asked, 1);
    assert_non_null(strstr(p.saved, "favourite"));
    browser_close(&b);
}

static void test_where_the_program_leads(void **state)
{
    static const struct {
        usher_event_kind how;
        const char *answer, *location;
    } cases[] = {
        {USHER_EVENT_HOOKED, "\"https://elsewhere.example/a?b\"", "https://elsewhere.example/a?b"},
        {USHER_EVENT_HOOKED, "\"/welcome\"", "/welcome"},
        {USHER_EVENT_HOOKED, "true", APP "/closed"},
        {USHER_EVENT_HOOKED, "null", APP "/closed"},
        {USHER_EVENT_HOOKED, "{\"a\":1}", APP "/closed"},
        {USHER_EVENT_HOOK_REFUSED, NULL, APP "/closed"},
        {USHER_EVENT_HOOKED, "\"/a b\"", NULL},
        {USHER_EVENT_HOOKED, "\"\"", NULL},
        {USHER_EVENT_HOOKED, "{", NULL},
        {USHER_EVENT_HOOK_FAILED, NULL, NULL},
    };
    browser b;
    program p;
    char s[128];

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        for (int fails = 0; fails < 2; fails++) { /* and after a sign-in that came to nothing */
            open_with(&b, &p, HOOKS);
            p.bad = USHER_HOOK_ON_CALLBACK;
            p.how = cases[i].how;
            p.answer = cases[i].answer;
            auth0_log_in(&b, "?returnTo=%2Fclosed", s);
            b.fails = cases[i].location ? USHER_OK : USHER_E_IO;
            auth0_come_back(&b, s, fails ? "&error=access_denied" : "&code=code-1", NULL, NULL);
            bool own =
                cases[i].location && !usher_str_starts(kit_str(cases[i].location), USHER_STR(APP));
            if (b.fails) {
                assert_int_equal(b.set_cookies, 0);
                assert_int_equal(browser_count(&b, "__txn_"), 1);
            } else {
                assert_int_equal(b.status, fails && !own ? 500 : 307);
                assert_string_equal(b.location, fails && !own ? "" : cases[i].location);
                assert_int_equal(browser_count(&b, "__txn_"), 0);
            }
            assert_int_equal(browser_count(&b, "__session"), !fails && !b.fails);
            browser_close(&b);
        }
}

static void test_what_the_program_hears_of_failures(void **state)
{
    static const struct {
        const char *query, *heard;
        int want; /* that goes wrong */
        enum auth0_wrong kind;
    } cases[] = {
        {"&error=access_denied&error_description=no%20way",
         "{\"error\":{\"code\":\"authorization_error\",\"message\":\"An error occurred during the "
         "authorization flow.\",\"cause\":{\"code\":\"access_denied\",\"message\":\"no way\"}},"
         "\"context\":{\"responseType\":\"code\"",
         -1, AUTH0_UNREACHABLE},
        {"", "{\"error\":{\"code\":\"authorization_code_grant_request_error\"", -1,
         AUTH0_UNREACHABLE},
        {"&code=code-1", "{\"error\":{\"code\":\"discovery_error\"", 0, AUTH0_LATE},
        {"&code=code-1", "{\"error\":{\"code\":\"authorization_code_grant_request_error\"", 1,
         AUTH0_UNREACHABLE},
        {"&code=code-1", "\"cause\":{\"code\":\"no\",\"message\":\"<b>no</b>\"}},", 1,
         AUTH0_REFUSED},
        {"&code=code-1", "{\"error\":{\"code\":\"authorization_code_grant_error\"", 2,
         AUTH0_REFUSED},
        {"x&code=code-1",
         "{\"error\":{\"code\":\"invalid_state\",\"message\":\"The state parameter is "
         "invalid.\"},\"context\":{},\"session\":null}",
         -1, AUTH0_UNREACHABLE},
    };
    browser b;
    program p;
    char s[128], target[512];

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        auth0_mischief m = {(size_t)cases[i].want, cases[i].kind};
        open_with(&b, &p, HOOKS);
        auth0_log_in(&b, "?returnTo=%2Fclosed", s);
        snprintf(target, sizeof target, "/auth/callback?state=%s%s", s, cases[i].query);
        browser_ask(&b, usher_handle, "GET", target, NULL, overhear, &m);
        assert_int_equal(b.status, 500);
        assert_int_equal(p.asked, 1);
        if (!strstr(p.called, cases[i].heard)) fail_msg("%s: %s", cases[i].query, p.called);
        browser_close(&b);
    }
    open_with(&b, &p, HOOKS);
    browser_get(&b, "/auth/callback?code=code-1");
    assert_true(
        usher_str_starts(kit_str(p.called), USHER_STR("{\"error\":{\"code\":\"missing_state\"")));
    browser_close(&b);
}

/* Answers that are no session: nobody is signed in, and nothing is set. But tokens that were
 * refreshed are kept, with the user as it was: the old ones may be spent. */
static void test_a_session_that_is_none(void **state)
{
    static const struct {
        usher_event_kind how;
        const char *answer;
    } cases[] = {
        {USHER_EVENT_HOOKED, "null"},
        {USHER_EVENT_HOOKED, "{"},
        {USHER_EVENT_HOOKED, "7"},
        {USHER_EVENT_HOOKED, "{}"},
        {USHER_EVENT_HOOKED, "{\"user\":{\"sub\":\"x\"}}"},
        {USHER_EVENT_HOOKED, "{\"user\":1,\"tokenSet\":{}}"},
        {USHER_EVENT_HOOK_REFUSED, NULL},
        {USHER_EVENT_HOOK_FAILED, NULL},
    };
    browser b;
    program p;
    char s[128];

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        open_with(&b, &p, HOOKS);
        auth0_log_in(&b, "?returnTo=%2Fclosed", s);
        p.bad = USHER_HOOK_BEFORE_SESSION_SAVED;
        p.how = cases[i].how;
        p.answer = cases[i].answer;
        b.fails = USHER_E_IO;
        auth0_come_back(&b, s, "&code=code-1", NULL, NULL);
        assert_int_equal(b.set_cookies, 0);
        assert_false(b.signed_in);
        b.fails = USHER_OK;
        p.bad = 0;
        auth0_sign_in(&b);
        p.bad = USHER_HOOK_BEFORE_SESSION_SAVED;
        b.op.tokens = ROTATED;
        question = (usher_access_token_question){.refresh = true};
        ask_token(&b, NULL, NULL);
        assert_string_equal(found.token, "at-1");
        assert_true(browser_has_cause(&b, USHER_CAUSE_HOOK));
        browser_ask(&b, usher_get_token, "GET", "/", NULL, NULL, NULL);
        assert_non_null(strstr(b.session, "\"role\":\"admin\""));
        assert_non_null(strstr(b.session, "\"refreshToken\":\"rt-2\""));
        browser_close(&b);
    }
}

/* --- where the routes are --------------------------------------------------------------------- */

static void test_routes_elsewhere(void **state)
{
    (void)state;
    browser b;
    char s[128], value[256];

    browser_open(&b, ",\"auth0\":{\"routes\":{\"login\":\"/in\",\"callback\":\"/a/back/\","
                     "\"logout\":\"/out\",\"profile\":\"/me\",\"access_token\":\"/token\"},"
                     "\"transaction\":{\"prefix\":\"__in_\",\"max_age\":\"5m\",\"parallel\":false},"
                     "\"transient\":true}");
    browser_get(&b, "/in");
    assert_int_equal(b.status, 307);
    assert_true(kit_parameter(b.location, "redirect_uri", value, sizeof value));
    assert_string_equal(value, APP "/a/back");
    assert_true(kit_parameter(b.location, "state", s, sizeof s));
    assert_true(kit_parameter(b.location, "nonce", b.op.nonce, sizeof b.op.nonce));
    assert_string_equal(b.jar[0][0], "__in_");
    snprintf(value, sizeof value, "/a/back/?state=%s&code=code-1", s);
    browser_get(&b, value);
    assert_int_equal(b.status, 307);
    assert_int_equal(browser_count(&b, "__session"), 1);
    browser_get(&b, "/me/");
    assert_int_equal(b.status, 200);
    browser_get(&b, "/token");
    assert_int_equal(b.status, 200);
    browser_ask(&b, usher_guard, "GET", "/closed", NULL, NULL, NULL);
    assert_int_equal(b.decision, USHER_ALLOW);
    browser_get(&b, "/auth/profile");
    assert_int_equal(b.status, 404);
    browser_get(&b, "/out");
    assert_int_equal(browser_count(&b, "__session"), 0);
    b.accept = "text/html";
    browser_ask(&b, usher_guard, "GET", "/closed", NULL, NULL, NULL);
    assert_string_equal(b.location, APP "/in?returnTo=%2Fclosed");
    browser_close(&b);
}

/* --- pushed requests -------------------------------------------------------------------------- */

#define PUSHED  ",\"auth0\":{\"pushed_authorization_requests\":true}"
#define PUSH_AT ",\"pushed_authorization_request_endpoint\":\"" KIT_ISSUER "/par\""

static void test_a_pushed_request(void **state)
{
    (void)state;
    browser b;
    char s[128], value[256];
    const char *at;

    browser_open(&b, PUSHED);
    b.op.metadata = PUSH_AT;
    browser_get(&b, "/auth/login?returnTo=%2Fclosed&ui_locales=fr");
    assert_int_equal(b.status, 307);
    assert_string_equal(b.location, KIT_ISSUER
                        "/auth?request_uri=urn%3Aexample%3Ar%3F1%262&client_id=client-1");
    assert_true(usher_str_starts(kit_str(b.op.asked),
                                 USHER_STR("scope=openid+profile+email+offline_access&ui_locales=fr"
                                           "&client_id=client-1&redirect_uri=")));
    assert_true(usher_str_ends(kit_str(b.op.asked),
                               USHER_STR("&client_secret=a-client-secret-of-some-length")));
    assert_non_null(at = strstr(b.op.asked, "&state="));
    snprintf(s, sizeof s, "%.43s", at + 7);
    assert_non_null(at = strstr(b.op.asked, "&nonce="));
    snprintf(b.op.nonce, sizeof b.op.nonce, "%.43s", at + 7);
    snprintf(value, sizeof value, "__txn_%s", s);
    assert_string_equal(b.jar[0][0], value);
    auth0_come_back(&b, s, "&code=code-1", NULL, NULL);
    assert_true(b.signed_in);
    assert_string_equal(b.location, APP "/closed");
    browser_close(&b);
}

static void test_a_request_that_cannot_be_pushed(void **state)
{
    (void)state;
    browser b;

    for (enum auth0_wrong kind = 0; kind < AUTH0_WRONGS; kind++) {
        auth0_mischief m = {1, kind};
        browser_open(&b, PUSHED);
        b.op.metadata = PUSH_AT;
        browser_ask(&b, usher_handle, "GET", "/auth/login", NULL, overhear, &m);
        assert_int_equal(b.wants, 2);
        assert_int_equal(b.status, 500);
        assert_string_equal(b.body,
                            "An error occurred while trying to initiate the login request.");
        assert_int_equal(b.cookies, 0); /* nothing was begun */
        assert_int_equal(b.cause_count, 1);
        browser_close(&b);
    }
    browser_open(&b, PUSHED); /* a provider that takes none */
    browser_get(&b, "/auth/login");
    assert_int_equal(b.status, 500);
    assert_int_equal(b.cookies, 0);
    browser_close(&b);
}

/* --- whatever fails underneath ---------------------------------------------------------------- */

static void stress(void (*sweep)(usher_site *site, const recorded *all, size_t count))
{
    browser b;
    program p;
    recorded all[5];
    char s[128];

    question = (usher_access_token_question){.audience = USHER_STR("https://api"),
                                             .scope = USHER_STR("read:x")};
    open_with(&b, &p, HOOKS);
    auth0_log_in(&b, "?returnTo=%2Fclosed", s);
    auth0_come_back(&b, s, "&code=code-1", NULL, NULL);
    browser_take_record(&b, &all[0]);
    ask_token(&b, NULL, NULL);
    browser_take_record(&b, &all[1]);
    ask_token(&b, NULL, NULL); /* the same, held by now */
    browser_take_record(&b, &all[2]);
    auth0_log_in(&b, "?returnTo=%2Fclosed", s);
    auth0_come_back(&b, s, "&error=access_denied", NULL, NULL);
    browser_take_record(&b, &all[3]);
    sweep(b.site, all, 4);
    recorded_free_all(all, 4);
    browser_close(&b);
    browser_open(&b, PUSHED);
    b.op.metadata = PUSH_AT;
    browser_get(&b, "/auth/login");
    browser_take_record(&b, &all[4]);
    sweep(b.site, &all[4], 1);
    recorded_free(&all[4]);
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

int main(void)
{
    kit_crypto_install();
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_token_that_is_not_due),
        cmocka_unit_test(test_a_shared_answer),
        cmocka_unit_test(test_a_token_is_refreshed),
        cmocka_unit_test(test_who_gets_no_token),
        cmocka_unit_test(test_each_want_of_a_refresh_fails),
        cmocka_unit_test(test_what_the_provider_says),
        cmocka_unit_test(test_beside_other_operations),
        cmocka_unit_test(test_what_is_saved),
        cmocka_unit_test(test_only_one_of_them),
        cmocka_unit_test(test_where_the_program_leads),
        cmocka_unit_test(test_what_the_program_hears_of_failures),
        cmocka_unit_test(test_a_session_that_is_none),
        cmocka_unit_test(test_routes_elsewhere),
        cmocka_unit_test(test_a_pushed_request),
        cmocka_unit_test(test_a_request_that_cannot_be_pushed),
        cmocka_unit_test(test_every_allocation_may_fail),
        cmocka_unit_test(test_every_crypto_allocation_may_fail),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
