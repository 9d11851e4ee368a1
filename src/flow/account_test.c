/* Signing in where users are rows: every branch of who it comes to, in both systems of Auth.js,
 * with sessions in cookies and in rows; two at once; each step of the store failed in turn, each
 * allocation refused in turn. */
#include "tests/kit/browser.h"

#include "base/str.h"

#define NOW_S INT64_C(1767225600)
#define TOKEN "0b9c6f3e-7d1a-4c55-9a3e-2f4b8d6c1a70"
#define ADA   "{\"id\":7,\"name\":\"Ada L.\",\"email\":\"ada@example.com\",\"image\":null}"
#define BOB   "{\"id\":8,\"name\":\"Bob\",\"email\":\"bob@example.com\",\"image\":null}"

typedef struct heard {
    char lines[8192]; /* what was asked and told: kind, name, value */
    const char *profile, *refuse, *token;
} heard;

typedef struct rig {
    browser b;
    kit_store store;
    heard heard;
    bool rows; /* sessions are rows */
} rig;

static void hear(void *ctx, const usher_hook *hook, usher_event *event)
{
    heard *h = ctx;
    size_t n = strlen(h->lines);

    snprintf(h->lines + n, sizeof h->lines - n, "%d %.*s %.*s\n", (int)hook->kind,
             (int)hook->name.len, hook->name.ptr, (int)hook->value.len, hook->value.ptr);
    switch (hook->kind) {
    case USHER_HOOK_SIGN_IN: event->value = USHER_STR("true"); return;
    case USHER_HOOK_PROFILE: event->value = kit_str(h->profile); return;
    case USHER_HOOK_SESSION_TOKEN: event->value = kit_str(h->token); return;
    default: return;
    }
}

static void open_rig(rig *r, const char *profile, bool rows, const char *site, const char *provider)
{
    char json[4096];

    memset(r, 0, sizeof *r);
    snprintf(json, sizeof json,
             "{\"base_url\":\"http://localhost:3000\",\"development\":true,\"profile\":\"%s\","
             "\"secret\":\"0123456789abcdef-test-only-0123456789abcdef\",%s"
             "\"session\":{\"strategy\":\"%s\"}%s,"
             "\"providers\":[{\"id\":\"op\",\"type\":\"oidc\",\"issuer\":\"" KIT_ISSUER "\","
             "\"client_id\":\"client-1\",\"client_secret\":\"a-client-secret-of-some-length\","
             "\"id_token_alg\":\"ES256\"%s}]}",
             profile, strstr(site, "\"users\"") ? "" : "\"users\":\"database\",",
             rows ? "database" : "jwt", site, provider);
    browser_start(&r->b, kit_site(json), NOW_S);
    kit_store_init(&r->store);
    r->b.store = &r->store;
    r->b.hook = hear;
    r->b.hook_ctx = &r->heard;
    r->rows = rows;
}

static void close_rig(rig *r)
{
    browser_close(&r->b);
}

static void start(rig *r)
{
    char body[512];

    browser_ask(&r->b, usher_handle, "GET", "/api/auth/csrf", NULL, NULL, NULL);
    assert_int_equal(sscanf(r->b.body, "{\"csrfToken\":\"%64[0-9a-f]\"}", r->b.csrf), 1);
    snprintf(body, sizeof body, "csrfToken=%s&callbackUrl=%%2Fclosed", r->b.csrf);
    browser_ask(&r->b, usher_handle, "POST", "/api/auth/signin/op", body, NULL, NULL);
    assert_int_equal(r->b.status, 302);
}

static void finish(rig *r)
{
    char state[1024], target[2048];

    (void)kit_parameter(r->b.location, "state", state, sizeof state);
    (void)kit_parameter(r->b.location, "nonce", r->b.op.nonce, sizeof r->b.op.nonce);
    snprintf(target, sizeof target, "/api/auth/callback/op?code=code-1%s%s",
             state[0] ? "&state=" : "", state);
    r->store.step_count = 0;
    r->heard.lines[0] = 0;
    browser_ask(&r->b, usher_handle, "GET", target, NULL, NULL, NULL);
}

static void sign_in(rig *r)
{
    start(r);
    finish(r);
}

static void put_account(rig *r, const char *user_id)
{
    char row[256];

    snprintf(row, sizeof row,
             "{\"userId\":%s,\"provider\":\"op\",\"providerAccountId\":\"user-1\"}", user_id);
    kit_store_put(&r->store, KIT_ACCOUNTS, "op user-1", row);
}

/* Somebody is signed in already. */
static void put_session(rig *r, const char *profile, const char *user_id)
{
    char row[256];

    snprintf(row, sizeof row,
             "{\"sessionToken\":\"" TOKEN "\",\"userId\":%s,"
             "\"expires\":\"2026-01-20T00:00:00.000Z\"}",
             user_id);
    kit_store_put(&r->store, KIT_SESSIONS, TOKEN, row);
    browser_put_cookie(
        &r->b, kit_str(profile[0] == 'n' ? "next-auth.session-token" : "authjs.session-token"),
        USHER_STR(TOKEN));
}

static const char *session_token(const rig *r)
{
    return r->b.jar[browser_find(&r->b, "session-token")][1];
}

static void check_signed_in(rig *r, const char *subject)
{
    char line[64];

    if (!r->b.signed_in) fail_msg("not signed in: %s", r->b.location);
    assert_int_equal(r->b.status, 302);
    assert_string_equal(r->b.location, "http://localhost:3000/closed");
    browser_ask(&r->b, usher_get_token, "GET", "/", NULL, NULL, NULL);
    assert_int_equal(r->b.verdict, USHER_SESSION_VALID);
    snprintf(line, sizeof line, "\"sub\":\"%s\"", subject);
    if (!strstr(r->b.session, line)) fail_msg("%s is not in %s", line, r->b.session);
    if (r->rows) assert_non_null(kit_store_get(&r->store, KIT_SESSIONS, session_token(r)));
    assert_int_equal(kit_store_count(&r->store, KIT_SESSIONS), r->rows);
}

static const char *const profiles[] = {"nextauth-4", "authjs-5"};

/* --- who it comes to -------------------------------------------------------------------------- */

typedef struct branch {
    const char *name;
    const char *owner, *current; /* user ids, or NULL */
    const char *namesake;        /* a row of a user with the address */
    bool may_link;
    const char *comes_to; /* NULL: refused */
    const char *steps;    /* behind the reading of account and session */
} branch;

static const branch branches[] = {
    {"the account's owner", "7", NULL, NULL, false, "7", ""},
    {"the owner, signed in", "7", "7", NULL, false, "7", ""},
    {"another is signed in", "7", "8", NULL, false, NULL, ""},
    {"one is signed in, and links", NULL, "8", NULL, false, "8", " linkAccount"},
    {"nobody knows it", NULL, NULL, NULL, false, "1", " getUserByEmail createUser linkAccount"},
    {"the address is known", NULL, NULL, ADA, false, NULL, " getUserByEmail"},
    {"the address is known, and may be linked", NULL, NULL, ADA, true, "7",
     " getUserByEmail linkAccount"},
    {"signed in, and the address is another's", NULL, "8", ADA, false, "8", " linkAccount"},
};

static void open_branch(rig *r, const branch *c, const char *profile, bool rows, const char *site)
{
    open_rig(r, profile, rows, site,
             c->may_link ? ",\"allow_dangerous_email_account_linking\":true" : "");
    if (c->namesake) kit_store_put(&r->store, KIT_USERS, "7", c->namesake);
    if (c->owner) {
        kit_store_put(&r->store, KIT_USERS, c->owner, ADA);
        put_account(r, c->owner);
    }
    if (!c->current) return;
    if (!c->owner || strcmp(c->owner, c->current))
        kit_store_put(&r->store, KIT_USERS, c->current, BOB);
    if (rows) put_session(r, profile, c->current);
}

/* A session in a cookie of this user's: he signs in with an account of his own first. */
static void sign_in_before(rig *r, const branch *c)
{
    char account[256], kept[256] = "";
    const char *other = kit_store_get(&r->store, KIT_ACCOUNTS, "op user-1");

    if (other) snprintf(kept, sizeof kept, "%s", other);
    snprintf(account, sizeof account, "{\"userId\":%s}", c->current);
    kit_store_put(&r->store, KIT_ACCOUNTS, "op user-1", account);
    sign_in(r);
    assert_true(r->b.signed_in);
    if (kept[0]) kit_store_put(&r->store, KIT_ACCOUNTS, "op user-1", kept);
    for (size_t i = 0; !kept[0] && i < r->store.count; i++)
        if (r->store.rows[i].table == KIT_ACCOUNTS)
            r->store.rows[i--] = r->store.rows[--r->store.count];
}

static void check_branch(rig *r, const branch *c, const char *profile)
{
    char steps[256];

    snprintf(steps, sizeof steps, "getUserByAccount%s%s%s",
             !c->current ? ""
             : r->rows   ? " getSessionAndUser"
                         : " getUser",
             c->steps,
             !c->comes_to || !r->rows ? ""
             : c->current             ? " createSession deleteSession"
                                      : " createSession");
    if (strcmp(kit_store_steps(&r->store), steps))
        fail_msg("%s: %s, not %s", c->name, kit_store_steps(&r->store), steps);
    if (c->comes_to) {
        check_signed_in(r, c->comes_to);
        if (r->rows) assert_string_not_equal(session_token(r), TOKEN);
        assert_non_null(kit_store_get(&r->store, KIT_ACCOUNTS, "op user-1"));
        return;
    }
    assert_false(r->b.signed_in);
    assert_int_equal(r->b.cause, USHER_CAUSE_ACCOUNT_NOT_LINKED);
    assert_non_null(strstr(r->b.location, "error=OAuthAccountNotLinked"));
    assert_non_null(strstr(r->b.location, profile[0] == 'n' ? "/error?" : "/signin?"));
}

/* Signed in by another system: what its `sub` is here, the site says. The same text may be the id
 * of somebody else's row, whose the new account must not become. */
static void test_signed_in_elsewhere(void **state)
{
    static const struct {
        const char *subject, *comes_to, *steps;
    } cases[] = {
        {"user", "user-1", "getUserByAccount getUser linkAccount"},
        {"none", "1", "getUserByAccount getUserByEmail createUser linkAccount"},
    };
    char accept[128];

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        rig old, r;

        open_rig(&old, "nextauth-4", false, ",\"users\":\"none\"", "");
        sign_in(&old);
        assert_true(old.b.signed_in);
        snprintf(accept, sizeof accept,
                 ",\"accept\":[{\"profile\":\"nextauth-4\",\"subject\":\"%s\"}]", cases[i].subject);
        open_rig(&r, "authjs-5", false, accept, "");
        kit_store_put(&r.store, KIT_USERS, "user-1",
                      "{\"id\":\"user-1\",\"name\":\"Bob\",\"email\":\"bob@example.com\"}");
        browser_put_cookie(&r.b, USHER_STR("next-auth.session-token"),
                           kit_str(old.b.jar[browser_find(&old.b, "session-token")][1]));
        browser_ask(&r.b, usher_handle, "GET", "/api/auth/session", NULL, NULL, NULL);
        assert_int_equal(r.b.verdict, USHER_SESSION_VALID);
        sign_in(&r);
        assert_string_equal(kit_store_steps(&r.store), cases[i].steps);
        check_signed_in(&r, cases[i].comes_to);
        close_rig(&old);
        close_rig(&r);
    }
}

static void test_branches(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof branches / sizeof *branches; i++)
        for (size_t p = 0; p < 4; p++) {
            rig r;

            open_branch(&r, &branches[i], profiles[p % 2], p / 2, "");
            if (branches[i].current && !r.rows) sign_in_before(&r, &branches[i]);
            sign_in(&r);
            check_branch(&r, &branches[i], profiles[p % 2]);
            close_rig(&r);
        }
}

/* An address that the provider itself does not vouch for is nobody's proof, whatever the site says
 * of that provider. */
static void test_address_that_is_not_verified(void **state)
{
    static const struct {
        const char *says;
        bool links;
    } rows[] = {
        {"", true},
        {",\"email_verified\":true", true},
        {",\"email_verified\":\"true\"", true},
        {",\"email_verified\":false", false},
        {",\"email_verified\":\"false\"", false},
        {",\"email_verified\":null", false},
        {",\"email_verified\":1", false},
        {",\"email_verified\":[true]", false},
        {",\"email\\u005fverified\":false", false},
    };

    (void)state;
    for (size_t i = 0; i < 4 * sizeof rows / sizeof *rows; i++) {
        const branch c = {.name = rows[i / 4].says, .namesake = ADA, .may_link = true};
        char claims[1024], nonce[128];
        rig r;

        open_branch(&r, &c, profiles[i % 2], i / 2 % 2, "");
        start(&r);
        (void)kit_parameter(r.b.location, "nonce", nonce, sizeof nonce);
        snprintf(claims, sizeof claims,
                 "{\"iss\":\"" KIT_ISSUER "\",\"sub\":\"user-1\",\"aud\":\"client-1\","
                 "\"iat\":1767225600,\"exp\":1767225900%s%s%s,\"name\":\"Ada L.\","
                 "\"email\":\"ada@example.com\"%s}",
                 nonce[0] ? ",\"nonce\":\"" : "", nonce, nonce[0] ? "\"" : "", rows[i / 4].says);
        r.b.op.id_token_claims = claims;
        finish(&r);
        if (rows[i / 4].links) {
            check_signed_in(&r, "7");
        } else {
            assert_false(r.b.signed_in);
            assert_int_equal(r.b.cause, USHER_CAUSE_ACCOUNT_NOT_LINKED);
            assert_string_equal(kit_store_steps(&r.store), "getUserByAccount getUserByEmail");
        }
        close_rig(&r);
    }
}

/* --- what is written -------------------------------------------------------------------------- */

static void test_rows_of_somebody_new(void **state)
{
    (void)state;
    for (size_t p = 0; p < 2; p++) {
        char line[128];
        rig r;

        open_rig(&r, profiles[p], true, "", "");
        r.b.op.tokens = ",\"scope\":\"openid\",\"refresh_token\":\"rt-1\"";
        sign_in(&r);
        check_signed_in(&r, "1");
        const char *user = kit_store_get(&r.store, KIT_USERS, "1");
        assert_non_null(strstr(user, "\"email\":\"ada@example.com\""));
        assert_non_null(strstr(user, "\"emailVerified\":null"));
        const char *account = kit_store_get(&r.store, KIT_ACCOUNTS, "op user-1");
        assert_non_null(strstr(account, "\"userId\":1"));
        assert_non_null(strstr(account, p ? "\"type\":\"oidc\"" : "\"type\":\"oauth\""));
        assert_non_null(strstr(account, "\"refresh_token\":\"rt-1\""));
        const char *row = kit_store_get(&r.store, KIT_SESSIONS, session_token(&r));
        assert_non_null(strstr(row, "\"userId\":1,"));
        assert_non_null(strstr(row, "\"expires\":\"2026-01-31T00:00:00.000Z\""));
        assert_int_equal(strlen(session_token(&r)), 36);
        snprintf(line, sizeof line, "\"sessionToken\":\"%s\"", session_token(&r));
        assert_non_null(strstr(row, line));
        close_rig(&r);
    }
}

static void test_what_functions_get(void **state)
{
    (void)state;
    for (size_t p = 0; p < 4; p++) {
        bool v4 = p % 2 == 0;
        rig r;

        open_rig(&r, profiles[p % 2], p / 2,
                 ",\"hooks\":[\"sign_in\",\"events\",\"profile\",\"session_token\"],"
                 "\"pages\":{\"new_user\":\"/welcome\"}",
                 "");
        r.heard.profile =
            "{\"id\":991,\"name\":\"A\",\"email\":\"Ada@Example.com\",\"team\":\"x\"}";
        r.heard.token = "\"my-token\"";
        sign_in(&r);
        assert_true(r.b.signed_in);
        assert_string_equal(r.b.location, "http://localhost:3000/welcome?callbackUrl="
                                          "http%3A%2F%2Flocalhost%3A3000%2Fclosed");
        if (r.rows) assert_string_equal(session_token(&r), "my-token");
        /* the provider's own id, as text; nobody's row yet */
        const char *signing = strstr(r.heard.lines, "5  ");
        assert_non_null(signing);
        assert_non_null(strstr(signing, "\"providerAccountId\":\"991\""));
        if (v4) assert_non_null(strstr(signing, "{\"user\":{\"id\":\"991\",\"name\":\"A\","));
        assert_non_null(strstr(kit_store_get(&r.store, KIT_USERS, "1"),
                               "\"email\":\"ada@example.com\",\"team\":\"x\""));
        assert_non_null(kit_store_get(&r.store, KIT_ACCOUNTS, "op 991"));
        const char *made = strstr(r.heard.lines, "7 createUser {\"user\":{");
        const char *linked = strstr(r.heard.lines, "7 linkAccount {\"user\":{");
        const char *told = strstr(r.heard.lines, "7 signIn {\"user\":{");
        assert_true(made && linked && told && made < linked && linked < told);
        assert_non_null(strstr(told, "\"isNewUser\":true"));
        assert_non_null(strstr(told, "\"id\":1"));

        /* the second time it is the row */
        r.heard.token = "\"my-next-token\"";
        sign_in(&r);
        assert_true(r.b.signed_in);
        signing = strstr(r.heard.lines, "5  ");
        assert_non_null(strstr(signing, "\"team\":\"x\""));
        assert_non_null(strstr(signing, "\"id\":1"));
        assert_null(strstr(r.heard.lines, "createUser"));
        assert_non_null(strstr(r.heard.lines, "\"isNewUser\":false"));
        close_rig(&r);
    }
}

static void test_jwt_is_told_of_a_new_user(void **state)
{
    (void)state;
    for (size_t p = 0; p < 2; p++) {
        rig r;

        open_rig(&r, profiles[p], false, ",\"hooks\":[\"jwt\"]", "");
        sign_in(&r);
        assert_non_null(strstr(r.heard.lines, "\"isNewUser\":true,\"trigger\":\"signUp\""));
        assert_non_null(strstr(r.heard.lines, "\"id\":1"));
        assert_non_null(strstr(r.heard.lines, "\"sub\":\"1\""));
        close_rig(&r);
    }
}

/* --- two at once ------------------------------------------------------------------------------ */

static void test_somebody_was_faster(void **state)
{
    (void)state;
    for (size_t p = 0; p < 2; p++) {
        rig r;

        /* his account was linked between the look and the link */
        open_rig(&r, profiles[p], true, "", "");
        start(&r);
        kit_store_put(&r.store, KIT_USERS, "8", BOB); /* under another address */
        put_account(&r, "8");
        r.store.fail_at = 0;
        r.store.failure = USHER_EVENT_STORED;
        r.store.garbage = "null";
        finish(&r);
        assert_string_equal(kit_store_steps(&r.store),
                            "getUserByAccount getUserByEmail createUser "
                            "linkAccount getUserByAccount createSession");
        check_signed_in(&r, "8");
        close_rig(&r);

        /* a user of that address was made; it is another's, and the second look says so */
        open_rig(&r, profiles[p], true, "", "");
        r.store.unique_email = true;
        start(&r);
        kit_store_put(&r.store, KIT_USERS, "7", ADA);
        r.store.fail_at = 1;
        r.store.failure = USHER_EVENT_STORED;
        r.store.garbage = "null";
        finish(&r);
        assert_string_equal(kit_store_steps(&r.store), "getUserByAccount getUserByEmail createUser "
                                                       "getUserByAccount getUserByEmail");
        assert_int_equal(r.b.cause, USHER_CAUSE_ACCOUNT_NOT_LINKED);
        close_rig(&r);
    }
}

/* --- a store that fails ----------------------------------------------------------------------- */

static void test_each_step_failed(void **state)
{
    static const struct {
        usher_event_kind kind;
        const char *answer;
    } failures[] = {
        {USHER_EVENT_STORE_FAILED, NULL},
        {USHER_EVENT_STORED, "no JSON"},
        {USHER_EVENT_STORED, "[7]"},
    };

    (void)state;
    for (size_t p = 0; p < 4; p++)
        for (size_t f = 0; f < sizeof failures / sizeof *failures; f++)
            for (size_t step = 0; step < (p / 2 ? 5u : 4u); step++) {
                rig r;

                open_rig(&r, profiles[p % 2], p / 2, "", "");
                r.b.may_fail = true;
                start(&r);
                r.store.fail_at = step;
                r.store.failure = failures[f].kind;
                r.store.garbage = failures[f].answer;
                finish(&r);
                /* nobody looks at what linking answers, and where linking is not allowed, a user
                 * of that address is reason enough */
                bool fine = f == 2 && step == 3, refused = f == 2 && step == 1;
                assert_int_equal(r.b.rc, fine || refused ? USHER_OK : USHER_E_IO);
                assert_int_equal(r.b.signed_in, fine);
                assert_int_equal(browser_find(&r.b, "session-token") < r.b.cookies, fine);
                assert_int_equal(kit_store_count(&r.store, KIT_SESSIONS), fine && r.rows);
                close_rig(&r);
            }
}

/* A row in another system's cookie is one that the browser has a key of, too. */
static void test_a_row_in_another_cookie(void **state)
{
    rig r;

    (void)state;
    open_rig(&r, "authjs-5", true,
             ",\"accept\":[{\"profile\":\"nextauth-4\",\"strategy\":\"database\"}]", "");
    kit_store_put(&r.store, KIT_USERS, "7", ADA);
    put_account(&r, "7");
    put_session(&r, "nextauth-4", "7");
    sign_in(&r);
    assert_string_equal(kit_store_steps(&r.store),
                        "getUserByAccount getSessionAndUser createSession deleteSession");
    check_signed_in(&r, "7");
    assert_int_equal(browser_count(&r.b, "next-auth.session-token"), 0);
    close_rig(&r);
}

/* The row of whoever was signed in goes before anybody is told, or nobody is signed in. */
static void test_the_old_row_stays(void **state)
{
    (void)state;
    for (size_t p = 0; p < 2; p++) {
        rig r;

        open_rig(&r, profiles[p], true, ",\"hooks\":[\"events\"]", "");
        kit_store_put(&r.store, KIT_USERS, "7", ADA);
        put_account(&r, "7");
        put_session(&r, profiles[p], "7");
        r.b.may_fail = true;
        start(&r);
        r.store.fail_at = 3;
        finish(&r);
        assert_string_equal(kit_store_steps(&r.store),
                            "getUserByAccount getSessionAndUser createSession deleteSession");
        assert_int_equal(r.b.rc, USHER_E_IO);
        assert_false(r.b.signed_in);
        assert_string_equal(session_token(&r), TOKEN);
        assert_null(strstr(r.heard.lines, "7 signIn "));
        r.store.fail_at = SIZE_MAX;
        sign_in(&r);
        assert_true(r.b.signed_in);
        assert_null(kit_store_get(&r.store, KIT_SESSIONS, TOKEN));
        assert_non_null(strstr(r.heard.lines, "7 signIn "));
        close_rig(&r);
    }
}

static void test_conflicts_end(void **state)
{
    (void)state;
    for (size_t step = 2; step < 5; step++) {
        rig r;

        open_rig(&r, "authjs-5", true, "", "");
        r.b.may_fail = true;
        start(&r);
        r.store.fail_at = step;
        r.store.failure = USHER_EVENT_STORE_CONFLICT;
        finish(&r);
        /* a user or an account that is there already: looked up, made after all; a session that is
         * there already: somebody guesses */
        assert_int_equal(r.b.rc, step == 4 ? USHER_E_IO : USHER_OK);
        close_rig(&r);
    }
}

static void test_a_profile_that_makes_no_sense(void **state)
{
    static const char *const wrong[] = {"{}", "null", "[]", "{\"id\":null}", "{\"id\":\"\"}", "7"};
    static const char *const no_token[] = {"null", "\"\"", "7", "{}"};

    (void)state;
    for (size_t i = 0; i < 10; i++) {
        rig r;

        open_rig(&r, "authjs-5", true, ",\"hooks\":[\"profile\",\"session_token\"]", "");
        r.heard.profile = i < 6 ? wrong[i] : "{\"id\":\"a\"}";
        r.heard.token = i < 6 ? "\"t\"" : no_token[i - 6];
        r.b.may_fail = true;
        sign_in(&r);
        assert_int_equal(r.b.rc, USHER_E_IO);
        assert_int_equal(kit_store_count(&r.store, KIT_SESSIONS), 0);
        close_rig(&r);
    }
}

/* --- memory ----------------------------------------------------------------------------------- */

static void test_without_memory(void **state)
{
    (void)state;
    for (size_t p = 0; p < 4; p++) {
        recorded all[2];
        rig r;

        open_rig(&r, profiles[p % 2], p / 2,
                 ",\"hooks\":[\"sign_in\",\"events\",\"profile\",\"session_token\"]", "");
        r.heard.profile = "{\"id\":991,\"email\":\"Ada@Example.com\"}";
        r.heard.token = "\"my-token\"";
        sign_in(&r);
        assert_true(r.b.signed_in);
        browser_take_record(&r.b, &all[0]);
        r.heard.token = "\"my-next-token\"";
        sign_in(&r);
        browser_take_record(&r.b, &all[1]);
        recorded_without_memory(r.b.site, all, 2);
        recorded_free_all(all, 2);
        close_rig(&r);
    }
}

static void test_without_entropy(void **state)
{
    recorded one;
    rig r;

    (void)state;
    open_rig(&r, "authjs-5", true, "", "");
    sign_in(&r);
    browser_take_record(&r.b, &one);
    recorded_without_entropy(r.b.site, &one, 1);
    recorded_free(&one);
    close_rig(&r);
}

/* Who signs in with a token of another format has a row of his own afterwards: the token named him,
 * and there was no row that could stay. */
static void test_over_a_token(void **state)
{
    static char token[BROWSER_COOKIE_MAX];
    char accept[128];

    (void)state;
    for (size_t i = 0; i < 2; i++) {
        const char *name = i ? "authjs.session-token" : "next-auth.session-token";
        rig r;

        open_rig(&r, profiles[i], false, "", "");
        kit_store_put(&r.store, KIT_USERS, "7", ADA);
        put_account(&r, "7");
        sign_in(&r);
        check_signed_in(&r, "7");
        snprintf(token, sizeof token, "%s", session_token(&r));
        close_rig(&r);

        snprintf(accept, sizeof accept, ",\"accept\":[{\"profile\":\"%s\",\"subject\":\"user\"}]",
                 profiles[i]);
        open_rig(&r, profiles[i], true, accept, "");
        kit_store_put(&r.store, KIT_USERS, "7", ADA);
        browser_put_cookie(&r.b, kit_str(name), kit_str(token));
        sign_in(&r);
        assert_string_equal(kit_store_steps(&r.store),
                            "getUserByAccount getUser linkAccount createSession");
        check_signed_in(&r, "7");
        close_rig(&r);

        /* a token that names no row: whoever has that number is another */
        snprintf(accept, sizeof accept, ",\"accept\":[{\"profile\":\"%s\",\"subject\":\"none\"}]",
                 profiles[i]);
        open_rig(&r, profiles[i], true, accept, "");
        kit_store_put(&r.store, KIT_USERS, "7", BOB);
        browser_put_cookie(&r.b, kit_str(name), kit_str(token));
        sign_in(&r);
        assert_string_equal(kit_store_steps(&r.store), "getUserByAccount getUserByEmail createUser "
                                                       "linkAccount createSession");
        check_signed_in(&r, "1");
        close_rig(&r);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_signed_in_elsewhere),
        cmocka_unit_test(test_branches),
        cmocka_unit_test(test_address_that_is_not_verified),
        cmocka_unit_test(test_rows_of_somebody_new),
        cmocka_unit_test(test_what_functions_get),
        cmocka_unit_test(test_jwt_is_told_of_a_new_user),
        cmocka_unit_test(test_somebody_was_faster),
        cmocka_unit_test(test_each_step_failed),
        cmocka_unit_test(test_a_row_in_another_cookie),
        cmocka_unit_test(test_the_old_row_stays),
        cmocka_unit_test(test_conflicts_end),
        cmocka_unit_test(test_a_profile_that_makes_no_sense),
        cmocka_unit_test(test_without_memory),
        cmocka_unit_test(test_without_entropy),
        cmocka_unit_test(test_over_a_token),
    };

    kit_crypto_install();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
