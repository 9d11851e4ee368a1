/* Sessions that change where they are kept: tokens that become rows, rows that become tokens, rows
 * and records that change their cookie. Nobody is signed out on the way, whoever asks at once; each
 * step on the rows failed in turn, each allocation refused in turn. */
#include "tests/kit/browser.h"

#include "base/str.h"
#include "flow/site.h"
#include "session/auth0_write.h"
#include "session/chunks.h"
#include "session/token.h"

#define NOW_S  INT64_C(1767225600) /* 2026-01-01T00:00:00Z */
#define HOUR_S INT64_C(3600)
#define TOKEN  "0b9c6f3e-7d1a-4c55-9a3e-2f4b8d6c1a70"
#define SECRET "0123456789abcdef-test-only-0123456789abcdef"
#define SITE                                                                                       \
    "\"base_url\":\"http://localhost:3000\",\"development\":true,\"secret\":\"" SECRET "\","
#define ROWS  SITE "\"session\":{\"strategy\":\"database\"},"
#define USERS SITE "\"users\":\"database\","
#define OP                                                                                         \
    "\"providers\":[{\"id\":\"op\",\"issuer\":\"https://op.example\",\"client_id\":\"client\","    \
    "\"client_auth\":\"none\"}],"
#define USER7                                                                                      \
    "{\"id\":7,\"name\":\"Ada\",\"email\":\"ada@example.com\",\"emailVerified\":null,"             \
    "\"image\":null}"

typedef struct rig {
    browser b;
    kit_store store;
} rig;

static void open_rig(rig *r, const char *settings)
{
    char json[2048];

    snprintf(json, sizeof json, "{%s}", settings);
    browser_start(&r->b, kit_site(json), NOW_S);
    kit_store_init(&r->store);
    r->b.store = &r->store;
    kit_store_put(&r->store, KIT_USERS, "7", USER7);
    kit_store_put(&r->store, KIT_ACCOUNTS, "op auth0|7",
                  "{\"userId\":7,\"provider\":\"op\",\"providerAccountId\":\"auth0|7\"}");
}

/* The first visit sets the CSRF and callback-url cookies, which are not what is counted below. */
static void settle_in(rig *r)
{
    browser_ask(&r->b, usher_handle, "GET", "/api/auth/csrf", NULL, NULL, NULL);
    assert_int_equal(sscanf(r->b.body, "{\"csrfToken\":\"%64[0-9a-f]\"}", r->b.csrf), 1);
}

static const char *ask(rig *r, usher_operation_fn *op, const char *target)
{
    r->store.step_count = 0;
    browser_ask(&r->b, op, "GET", target, NULL, NULL, NULL);
    return kit_store_steps(&r->store);
}

static const char *get_session(rig *r)
{
    const char *steps = ask(r, usher_handle, "/api/auth/session");

    if (r->b.rc == USHER_OK) assert_int_equal(r->b.status, 200);
    return steps;
}

static const char *cookie(const rig *r, const char *name)
{
    for (size_t i = 0; i < r->b.cookies; i++)
        if (strcmp(r->b.jar[i][0], name) == 0) return r->b.jar[i][1];
    return NULL;
}

static void post(rig *r, const char *target)
{
    char body[256];

    r->store.step_count = 0;
    snprintf(body, sizeof body, "csrfToken=%s", r->b.csrf);
    browser_ask(&r->b, usher_handle, "POST", target, body, NULL, NULL);
}

static usher_status change_name(usher_exchange *ex, usher_want *want, usher_error *err)
{
    return usher_update_session(ex, USHER_STR("{\"user\":{\"name\":\"Anna\"}}"), want, err);
}

/* --- cookies as the old site wrote them ------------------------------------------------------- */

static void keep(rig *r, usher_str line)
{
    usher_str rest, value, name = usher_str_cut(usher_str_cut(line, ';', &rest), '=', &value);

    browser_put_cookie(&r->b, name, value);
}

static void bring_auth0(rig *r, usher_arena *a, usher_jwe_cipher *cipher, const usher_format *f,
                        usher_str session)
{
    static usher_auth0_lines lines;
    usher_auth0_context c = {a, cipher, f->keys, &f->auth0, NOW_S};
    usher_auth0_session s;
    usher_auth0_jar jar;
    usher_verdict verdict;
    usher_cause cause;
    usher_str token;

    assert_ok(usher_auth0_jar_read(&jar, a, &f->auth0, USHER_STR(""), NULL));
    assert_ok(usher_auth0_record_open(&s, &verdict, &cause, &c, session, NULL));
    assert_int_equal(verdict, USHER_SESSION_VALID);
    s.has_end = true;
    s.end_s = (double)(NOW_S + HOUR_S);
    assert_ok(
        usher_auth0_session_write(&lines, &token, &c, &jar, &s, usher_entropy_default(), NULL));
    for (size_t i = 0; i < lines.count; i++)
        keep(r, lines.items[i]);
}

/* A session of one hour, as a site with these settings would have sealed it. */
static void bring(rig *r, const char *settings, const char *claims)
{
    char json[2048];
    snprintf(json, sizeof json, "{%s}", settings);
    usher_site *site = kit_site(json);
    const usher_format *f = site->formats;
    usher_jwe_cipher *cipher = usher_jwe_cipher_new(usher_allocator_default());
    usher_session_cookie none = {.count = 0};
    usher_session_cookie_attributes at = {.name = f->cookie.name, .path = USHER_STR("/")};
    usher_str token, *lines;
    usher_arena a;
    size_t count;

    usher_arena_init(&a, usher_allocator_default(), 4096, (size_t)1 << 20);
    if (f->profile->auth0) {
        bring_auth0(r, &a, cipher, f, kit_str(claims));
    } else {
        assert_ok(usher_token_seal(&token, &at.expires_s, &a, cipher, f->keys, USHER_FOR_SESSION,
                                   kit_str(claims), NOW_S, HOUR_S, usher_entropy_default(), NULL));
        assert_ok(
            usher_session_cookie_write(&lines, &count, &a, f->profile, &none, &at, token, NULL));
        for (size_t i = 0; i < count; i++)
            keep(r, lines[i]);
    }
    usher_arena_deinit(&a);
    usher_jwe_cipher_free(cipher);
    usher_site_unref(site);
}

/* --- tokens become rows ----------------------------------------------------------------------- */

#define CLAIMS7 "{\"name\":\"A\",\"sub\":\"7\"}"
#define AUTH0_7                                                                                    \
    "{\"user\":{\"sub\":\"auth0|7\"},\"tokenSet\":{},\"internal\":{\"sid\":\"S\",\"createdAt\":"   \
    "1767225600}}"
#define V4    "{\"profile\":\"nextauth-4\",\"subject\":\"user\"}"
#define V5    "{\"profile\":\"authjs-5\",\"subject\":\"user\"}"
#define AUTH0 "{\"profile\":\"auth0-4\",\"subject\":\"account\",\"provider\":\"op\"}"

typedef struct move {
    const char *from, *claims, *to, *old_name, *new_name, *finds;
} move;

static const move moves[] = {
    {SITE "\"profile\":\"nextauth-4\"", CLAIMS7, ROWS "\"accept\":[" V4 "]",
     "next-auth.session-token", "authjs.session-token", "getUser"},
    {SITE "\"profile\":\"authjs-5\"", CLAIMS7, ROWS "\"accept\":[" V5 "]", "authjs.session-token",
     "authjs.session-token", "getUser"},
    {SITE "\"profile\":\"nextauth-4\"", CLAIMS7,
     ROWS "\"profile\":\"nextauth-4\",\"accept\":[" V4 "]", "next-auth.session-token",
     "next-auth.session-token", "getUser"},
    {SITE "\"profile\":\"auth0-4\"", AUTH0_7, ROWS OP "\"accept\":[" AUTH0 "]", "__session",
     "authjs.session-token", "getUserByAccount"},
    {SITE "\"profile\":\"auth0-4\"", AUTH0_7, ROWS OP "\"accept\":[" V4 "," V5 "," AUTH0 "]",
     "__session", "authjs.session-token", "getUserByAccount"},
};

#define MOVES (sizeof moves / sizeof *moves)

static void open_move(rig *r, const move *m)
{
    open_rig(r, m->to);
    settle_in(r);
    bring(r, m->from, m->claims);
    assert_non_null(cookie(r, m->old_name));
}

static bool same_name(const move *m)
{
    return strcmp(m->old_name, m->new_name) == 0;
}

/* The browser has the old cookie still, and nothing else. */
static void assert_stayed(const rig *r, const move *m, const char *old)
{
    assert_string_equal(cookie(r, m->old_name), old);
    if (!same_name(m)) assert_null(cookie(r, m->new_name));
    assert_int_equal(r->b.set_cookies, 0);
    assert_false(r->b.written);
}

static void test_tokens_become_rows(void **state)
{
    char expected[128];

    (void)state;
    for (size_t i = 0; i < MOVES; i++) {
        const move *m = &moves[i];
        rig r;

        open_move(&r, m);
        snprintf(expected, sizeof expected, "%s createSession", m->finds);
        assert_string_equal(get_session(&r), expected);
        assert_int_equal(r.b.verdict, USHER_SESSION_VALID);
        assert_int_equal(r.b.cause_count, 0);
        assert_true(r.b.written);
        /* the row's user, and no more life than the token had */
        assert_string_equal(r.b.body, "{\"user\":{\"name\":\"Ada\",\"email\":\"ada@example.com\","
                                      "\"image\":null},\"expires\":\"2026-01-01T01:00:00.000Z\"}");
        const char *token = cookie(&r, m->new_name);
        assert_int_equal(strlen(token), 36);
        if (!same_name(m)) assert_null(cookie(&r, m->old_name));
        if (i < 3) assert_int_equal(r.b.set_cookies, same_name(m) ? 1 : 2);
        snprintf(expected, sizeof expected,
                 "{\"sessionToken\":\"%s\",\"userId\":7,\"expires\":\"2026-01-01T01:00:00.000Z\"}",
                 token);
        assert_string_equal(kit_store_get(&r.store, KIT_SESSIONS, token), expected);
        /* from then on it is one of the site's own */
        assert_string_equal(get_session(&r), "getSessionAndUser updateSession");
        assert_int_equal(r.b.verdict, USHER_SESSION_VALID);
        assert_int_equal(kit_store_count(&r.store, KIT_SESSIONS), 1);
        browser_close(&r.b);
    }
}

/* A token in pieces: the name that the key gets is one of theirs. */
static uint64_t opened(const rig *r)
{
    usher_key_counts c;
    uint64_t all = 0;

    for (size_t i = 0; usher_site_key_counts(r->b.site, i, &c); i++)
        if (c.format) all += c.opened;
    return all;
}

/* Its owner is asked for between two looks at it; it is opened for the first of them. */
static void test_tokens_are_opened_once(void **state)
{
    (void)state;
    for (size_t i = 0; i < MOVES; i++) {
        rig r;

        open_move(&r, &moves[i]);
        ask(&r, usher_get_token, "/closed");
        assert_int_equal(r.b.verdict, USHER_SESSION_VALID);
        assert_int_equal(opened(&r), 1);
        get_session(&r);
        assert_true(r.b.written);
        assert_int_equal(opened(&r), 2);
        browser_close(&r.b);
    }
}

static void test_pieces_become_a_row(void **state)
{
    static char claims[9000];
    rig r;

    (void)state;
    snprintf(claims, sizeof claims, "{\"sub\":\"7\",\"role\":\"%08000d\"}", 1);
    open_rig(&r, moves[1].to);
    settle_in(&r);
    bring(&r, moves[1].from, claims);
    assert_non_null(cookie(&r, "authjs.session-token.2"));
    assert_string_equal(get_session(&r), "getUser createSession");
    assert_int_equal(r.b.verdict, USHER_SESSION_VALID);
    assert_int_equal(strlen(cookie(&r, "authjs.session-token")), 36);
    for (char name[] = "authjs.session-token.0"; name[sizeof name - 2] < '4';
         name[sizeof name - 2]++)
        assert_null(cookie(&r, name));
    browser_close(&r.b);
}

static void assert_still_there(rig *r, const move *m, usher_operation_fn *op)
{
    char *old = strdup(cookie(r, m->old_name));

    assert_string_equal(ask(r, op, "/closed"), m->finds);
    assert_int_equal(r->b.verdict, USHER_SESSION_VALID);
    assert_stayed(r, m, old);
    assert_int_equal(kit_store_count(&r->store, KIT_SESSIONS), 0);
    free(old);
}

/* Whoever may not set two cookies, or none, sees the session and leaves it. */
static void test_read_only_leaves_it(void **state)
{
    (void)state;
    for (size_t i = 0; i < MOVES; i++) {
        rig r;

        open_move(&r, &moves[i]);
        assert_still_there(&r, &moves[i], usher_get_token);
        assert_non_null(strstr(r.b.session, "\"sub\":\"7\""));
        assert_still_there(&r, &moves[i], usher_guard);
        assert_int_equal(r.b.decision, USHER_ALLOW);
        assert_still_there(&r, &moves[i], usher_forward_auth);
        browser_close(&r.b);
    }
}

/* A page that can set nothing. */
static void test_nothing_can_be_set(void **state)
{
    (void)state;
    for (size_t i = 0; i < MOVES; i++) {
        usher_header line;
        usher_request request = {.size = sizeof request,
                                 .method = USHER_STR("GET"),
                                 .target = USHER_STR("/"),
                                 .headers = &line,
                                 .header_count = 1,
                                 .read_only = true};
        char header[2 * BROWSER_COOKIE_MAX];
        usher_exchange *ex;
        usher_want want;
        rig r;

        open_move(&r, &moves[i]);
        snprintf(header, sizeof header, "%s=%s", moves[i].old_name, cookie(&r, moves[i].old_name));
        line = (usher_header){USHER_STR("Cookie"), kit_str(header)};
        assert_ok(usher_exchange_new(&ex, NULL, NULL));
        assert_ok(usher_exchange_start(ex, r.b.site, &request, NOW_S * 1000, NULL));
        assert_ok(usher_get_session(ex, &want, NULL));
        while (want.kind == USHER_WANT_STORE) {
            usher_event event = {.size = sizeof event, .now_ms = NOW_S * 1000};
            event.kind = kit_store_answer(&r.store, &want.store, &event.value);
            assert_ok(usher_resume(ex, &event, &want, NULL));
        }
        assert_string_equal(kit_store_steps(&r.store), moves[i].finds);
        assert_int_equal(usher_exchange_verdict(ex), USHER_SESSION_VALID);
        assert_int_equal(kit_store_count(&r.store, KIT_SESSIONS), 0);
        usher_exchange_free(ex);
        browser_close(&r.b);
    }
}

/* Two windows at once: each gets a row, and either cookie is good. */
static void test_two_at_once(void **state)
{
    (void)state;
    for (size_t i = 0; i < MOVES; i++) {
        char old[BROWSER_COOKIE_MAX], first[64];
        const move *m = &moves[i];
        rig r;

        open_move(&r, m);
        snprintf(old, sizeof old, "%s", cookie(&r, m->old_name));
        get_session(&r);
        snprintf(first, sizeof first, "%s", cookie(&r, m->new_name));
        if (!same_name(m)) browser_drop_cookie(&r.b, browser_find(&r.b, m->new_name));
        browser_put_cookie(&r.b, kit_str(m->old_name), kit_str(old));
        get_session(&r);
        assert_int_equal(r.b.verdict, USHER_SESSION_VALID);
        assert_int_equal(kit_store_count(&r.store, KIT_SESSIONS), 2);
        assert_string_not_equal(cookie(&r, m->new_name), first);
        browser_put_cookie(&r.b, kit_str(m->new_name), kit_str(first));
        assert_string_equal(get_session(&r), "getSessionAndUser updateSession");
        assert_int_equal(r.b.verdict, USHER_SESSION_VALID);
        browser_close(&r.b);
    }
}

/* Nobody's: never created, never found by an address; the cookie stays for whoever wrote it. */
static void test_no_such_user(void **state)
{
    (void)state;
    for (size_t i = 0; i < MOVES; i++) {
        const move *m = &moves[i];
        rig r;

        open_move(&r, m);
        r.store.count = 0;
        kit_store_put(&r.store, KIT_USERS, "8", "{\"id\":8,\"email\":\"ada@example.com\"}");
        assert_string_equal(get_session(&r), m->finds);
        assert_int_equal(r.b.verdict, USHER_SESSION_REJECTED);
        assert_true(browser_has_cause(&r.b, USHER_CAUSE_USER_UNKNOWN));
        assert_int_equal(r.store.count, 1);
        if (!same_name(m)) assert_non_null(cookie(&r, m->old_name));
        browser_close(&r.b);
    }
}

/* A row of the site's own that is over, or gone, is another's: the token is its own user's. */
static void test_beside_a_row(void **state)
{
    static const char *const expires[] = {"2025-12-31T00:00:00.000Z", NULL};

    (void)state;
    for (size_t i = 0; i < 2 * MOVES; i++) {
        const move *m = &moves[i % MOVES];
        char row[256];
        rig r;

        if (same_name(m)) continue;
        open_move(&r, m);
        kit_store_put(&r.store, KIT_USERS, "8", "{\"id\":8,\"name\":\"Bob\"}");
        if (expires[i / MOVES]) {
            snprintf(row, sizeof row, "{\"sessionToken\":\"%s\",\"userId\":8,\"expires\":\"%s\"}",
                     TOKEN, expires[i / MOVES]);
            kit_store_put(&r.store, KIT_SESSIONS, TOKEN, row);
        }
        browser_put_cookie(&r.b, kit_str(m->new_name), USHER_STR(TOKEN));
        ask(&r, usher_get_token, "/closed");
        assert_int_equal(r.b.verdict, USHER_SESSION_VALID);
        assert_non_null(strstr(r.b.session, "\"sub\":\"7\""));
        get_session(&r);
        assert_non_null(strstr(r.b.body, "ada@example.com"));
        const char *key = cookie(&r, m->new_name);
        assert_string_not_equal(key, TOKEN);
        assert_non_null(strstr(kit_store_get(&r.store, KIT_SESSIONS, key), "\"userId\":7"));
        browser_close(&r.b);
    }
}

/* Nobody knows whose it is: shown as it stands, for as long as it was promised, and no longer. */
static void test_of_nobody(void **state)
{
    static const struct {
        const char *from, *accepted, *name, *to;
    } cases[] = {
        {SITE "\"profile\":\"nextauth-4\"", "nextauth-4", "next-auth.session-token", ROWS},
        {SITE "\"profile\":\"authjs-5\"", "authjs-5", "authjs.session-token", ROWS},
        {SITE "\"profile\":\"auth0-4\"", "auth0-4", "__session", ROWS},
        {SITE "\"profile\":\"nextauth-4\"", "nextauth-4", "next-auth.session-token", USERS},
        {SITE "\"profile\":\"auth0-4\"", "auth0-4", "__session", USERS},
    };
    char settings[512], old[BROWSER_COOKIE_MAX];

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const char *name = cases[i].name;
        rig r;

        snprintf(settings, sizeof settings,
                 "%s\"accept\":[{\"profile\":\"%s\",\"subject\":\"none\"}]", cases[i].to,
                 cases[i].accepted);
        open_rig(&r, settings);
        settle_in(&r);
        bring(&r, cases[i].from, strcmp(name, "__session") == 0 ? AUTH0_7 : CLAIMS7);
        snprintf(old, sizeof old, "%s", cookie(&r, name));
        /* 7 is somebody's row here, and not this visitor's */
        assert_string_equal(get_session(&r), "");
        assert_int_equal(r.b.verdict, USHER_SESSION_VALID);
        assert_null(strstr(r.b.body, "ada@example.com"));
        assert_non_null(strstr(r.b.body, "2026-01-01T01:00:00.000Z"));
        assert_false(r.b.written);
        post(&r, "/api/auth/session");
        assert_int_equal(r.b.verdict, USHER_SESSION_VALID);
        ask(&r, change_name, "/page");
        assert_int_equal(r.b.verdict, USHER_SESSION_VALID);
        assert_string_equal(kit_store_steps(&r.store), "");
        assert_string_equal(cookie(&r, name), old);
        if (strcmp(name, "authjs.session-token")) assert_null(cookie(&r, "authjs.session-token"));
        ask(&r, usher_guard, "/closed");
        assert_int_equal(r.b.decision, USHER_ALLOW);
        post(&r, "/api/auth/signout");
        assert_true(r.b.signed_out);
        assert_null(cookie(&r, name));
        assert_int_equal(kit_store_count(&r.store, KIT_SESSIONS), 0);
        browser_close(&r.b);
    }
}

/* --- the store fails -------------------------------------------------------------------------- */

static const struct {
    usher_event_kind kind;
    const char *garbage;
} failures[] = {
    {USHER_EVENT_STORE_FAILED, NULL}, {USHER_EVENT_STORE_CONFLICT, NULL},
    {USHER_EVENT_STORED, "{}"},       {USHER_EVENT_STORED, "[7]"},
    {USHER_EVENT_STORED, "\"7\""},    {USHER_EVENT_STORED, "{"},
};

static void test_the_store_fails(void **state)
{
    (void)state;
    for (size_t i = 0; i < MOVES * 2 * (sizeof failures / sizeof *failures); i++) {
        char old[BROWSER_COOKIE_MAX];
        const move *m = &moves[i % MOVES];
        size_t step = i / MOVES % 2, failure = i / MOVES / 2;
        rig r;

        open_move(&r, m);
        snprintf(old, sizeof old, "%s", cookie(&r, m->old_name));
        r.store.fail_at = step;
        r.store.failure = failures[failure].kind;
        r.store.garbage = failures[failure].garbage;
        /* what is no JSON at all is the same to either step */
        bool blind = step == 0 || (r.store.garbage && strcmp(r.store.garbage, "{") == 0);
        r.b.fails = blind ? USHER_E_IO : USHER_OK;
        get_session(&r);
        assert_int_equal(r.b.verdict, blind ? USHER_NO_SESSION : USHER_SESSION_VALID);
        assert_true(browser_has_cause(&r.b, USHER_CAUSE_STORE));
        if (!blind) assert_non_null(strstr(r.b.body, "ada@example.com"));
        assert_stayed(&r, m, old);
        /* and the next one moves it */
        r.b.fails = USHER_OK;
        r.store.fail_at = SIZE_MAX;
        get_session(&r);
        assert_true(r.b.written);
        browser_close(&r.b);
    }
}

/* --- other ways out of it --------------------------------------------------------------------- */

static void test_sign_out_of_a_token(void **state)
{
    (void)state;
    for (size_t i = 0; i < MOVES; i++) {
        rig r;

        open_move(&r, &moves[i]);
        post(&r, "/api/auth/signout");
        assert_true(r.b.signed_out);
        assert_string_equal(kit_store_steps(&r.store), moves[i].finds);
        assert_null(cookie(&r, moves[i].old_name));
        browser_close(&r.b);
    }
}

/* What limits a session and has no column keeps it where it is. */
static void test_a_ceiling_stays(void **state)
{
    char old[BROWSER_COOKIE_MAX];
    rig r;

    (void)state;
    open_rig(&r, moves[0].to);
    settle_in(&r);
    bring(&r, moves[0].from, "{\"sub\":\"7\",\"uend\":1767226200}");
    snprintf(old, sizeof old, "%s", cookie(&r, moves[0].old_name));
    assert_string_equal(get_session(&r), "getUser");
    assert_int_equal(r.b.verdict, USHER_SESSION_VALID);
    assert_non_null(strstr(r.b.body, "2026-01-01T00:10:00.000Z"));
    assert_stayed(&r, &moves[0], old);
    r.b.now_s += 616; /* no clock is exact */
    get_session(&r);
    assert_int_equal(r.b.verdict, USHER_SESSION_EXPIRED);
    browser_close(&r.b);
}

static void name_it(void *ctx, const usher_hook *hook, usher_event *event)
{
    char *seen = ctx;

    if (hook->kind == USHER_HOOK_SESSION_TOKEN) event->value = USHER_STR("\"own-key\"");
    if (hook->kind != USHER_HOOK_SESSION) return;
    snprintf(seen, 1024, "%.*s", (int)hook->value.len, hook->value.ptr);
    event->value = USHER_STR("{\"user\":{\"id\":7}}");
}

/* The program names the rows, and sees what it sees of every session of the site. */
static void test_hooks(void **state)
{
    char seen[1024];
    rig r;

    (void)state;
    open_rig(&r, ROWS "\"hooks\":[\"session\",\"session_token\"],\"accept\":[" V4 "]");
    r.b.hook = name_it;
    r.b.hook_ctx = seen;
    settle_in(&r);
    bring(&r, moves[0].from, CLAIMS7);
    get_session(&r);
    assert_string_equal(cookie(&r, "authjs.session-token"), "own-key");
    assert_string_equal(seen, "{\"session\":{\"sessionToken\":\"own-key\",\"userId\":7,"
                              "\"expires\":\"2026-01-01T01:00:00.000Z\",\"user\":" USER7
                              "},\"user\":" USER7 "}");
    assert_string_equal(r.b.body, "{\"user\":{\"id\":7}}");
    browser_close(&r.b);
}

/* --- rows become tokens ----------------------------------------------------------------------- */

#define V4_ROWS "{\"profile\":\"nextauth-4\",\"strategy\":\"database\"}"
#define V5_ROWS "{\"profile\":\"authjs-5\",\"strategy\":\"database\"}"

static void put_session(rig *r, const char *expires)
{
    char row[512];

    snprintf(row, sizeof row, "{\"sessionToken\":\"%s\",\"userId\":7,\"expires\":\"%s\"}", TOKEN,
             expires);
    kit_store_put(&r->store, KIT_SESSIONS, TOKEN, row);
}

static const struct {
    const char *settings, *old_name, *new_name;
} back[] = {
    {SITE "\"accept\":[" V5_ROWS "]", "authjs.session-token", "authjs.session-token"},
    {SITE "\"accept\":[" V4_ROWS "]", "next-auth.session-token", "authjs.session-token"},
    {SITE "\"profile\":\"nextauth-4\",\"accept\":[" V4_ROWS "]", "next-auth.session-token",
     "next-auth.session-token"},
};

#define BACK (sizeof back / sizeof *back)

static void open_back(rig *r, size_t i)
{
    open_rig(r, back[i].settings);
    settle_in(r);
    put_session(r, "2026-01-02T00:00:00.000Z");
    browser_put_cookie(&r->b, kit_str(back[i].old_name), USHER_STR(TOKEN));
}

static void test_rows_become_tokens(void **state)
{
    (void)state;
    for (size_t i = 0; i < BACK; i++) {
        rig r;

        open_back(&r, i);
        assert_string_equal(ask(&r, usher_guard, "/closed"), "getSessionAndUser");
        assert_int_equal(r.b.decision, USHER_ALLOW);
        assert_int_equal(r.b.set_cookies, 0);
        assert_string_equal(get_session(&r), "getSessionAndUser updateSession");
        assert_int_equal(r.b.verdict, USHER_SESSION_VALID);
        assert_int_equal(r.b.cause_count, 0);
        assert_non_null(strstr(r.b.body, "\"expires\":\"2026-01-02T00:00:00.000Z\""));
        assert_true(usher_str_starts(kit_str(cookie(&r, back[i].new_name)), USHER_STR("eyJ")));
        if (i == 1) assert_null(cookie(&r, back[i].old_name));
        /* the row is let go, in a minute */
        assert_non_null(
            strstr(kit_store_get(&r.store, KIT_SESSIONS, TOKEN), "2026-01-01T00:01:00.000Z"));
        /* a token needs no store, and keeps what it had */
        assert_string_equal(get_session(&r), "");
        assert_int_equal(r.b.verdict, USHER_SESSION_VALID);
        assert_non_null(strstr(r.b.session, "\"sub\":\"7\""));
        browser_close(&r.b);
    }
}

/* A request that was on its way while the first was answered: it sees the session, and takes
 * nothing from the browser, which has the new cookie by now. */
static void test_a_row_that_was_left(void **state)
{
    (void)state;
    for (size_t i = 0; i < BACK; i++) {
        rig r;

        open_back(&r, i);
        get_session(&r);
        if (i == 1) browser_drop_cookie(&r.b, browser_find(&r.b, back[i].new_name));
        browser_put_cookie(&r.b, kit_str(back[i].old_name), USHER_STR(TOKEN));
        assert_string_equal(get_session(&r), "getSessionAndUser");
        assert_int_equal(r.b.verdict, USHER_SESSION_VALID);
        assert_int_equal(r.b.set_cookies, 0);
        post(&r, "/api/auth/session");
        assert_int_equal(r.b.verdict, USHER_SESSION_VALID);
        assert_int_equal(r.b.set_cookies, 0);
        r.b.now_s += 61;
        get_session(&r);
        assert_int_equal(r.b.verdict, USHER_SESSION_EXPIRED);
        browser_close(&r.b);
    }
}

/* A token that is over, or that nobody here sealed, is not looked for among the keys of rows. */
static void test_tokens_are_no_keys(void **state)
{
    rig r;

    (void)state;
    open_rig(&r, back[0].settings);
    settle_in(&r);
    bring(&r, moves[1].from, CLAIMS7);
    r.b.now_s += 2 * HOUR_S;
    assert_string_equal(get_session(&r), "");
    assert_int_equal(r.b.verdict, USHER_SESSION_EXPIRED);
    browser_put_cookie(&r.b, USHER_STR("authjs.session-token"), USHER_STR("eyJh.b.c.d.e"));
    assert_string_equal(get_session(&r), "");
    assert_int_equal(r.b.verdict, USHER_SESSION_REJECTED);
    browser_put_cookie(&r.b, USHER_STR("authjs.session-token"), USHER_STR("eyJhb"));
    assert_string_equal(get_session(&r), "getSessionAndUser");
    browser_close(&r.b);
}

static void test_reading_rows_fails(void **state)
{
    (void)state;
    for (size_t i = 0; i < BACK * (sizeof failures / sizeof *failures); i++) {
        rig r;

        open_back(&r, i % BACK);
        r.store.fail_at = 0;
        r.store.failure = failures[i / BACK].kind;
        r.store.garbage = failures[i / BACK].garbage;
        r.b.fails = USHER_E_IO;
        get_session(&r);
        assert_int_equal(r.b.verdict, USHER_NO_SESSION);
        assert_int_equal(r.b.set_cookies, 0);
        assert_string_equal(cookie(&r, back[i % BACK].old_name), TOKEN);
        browser_close(&r.b);
    }
}

/* That the row cannot be shortened keeps nobody from the token: it ends when it was going to. */
static void test_letting_go_fails(void **state)
{
    (void)state;
    for (size_t i = 0; i < BACK; i++) {
        rig r;

        open_back(&r, i);
        r.store.fail_at = 1;
        get_session(&r);
        assert_int_equal(r.b.verdict, USHER_SESSION_VALID);
        assert_true(browser_has_cause(&r.b, USHER_CAUSE_STORE));
        assert_true(usher_str_starts(kit_str(cookie(&r, back[i].new_name)), USHER_STR("eyJ")));
        browser_close(&r.b);
    }
}

static void test_sign_out_of_a_row(void **state)
{
    (void)state;
    for (size_t i = 0; i < BACK; i++) {
        rig r;

        open_back(&r, i);
        r.store.fail_at = 1;
        r.b.fails = USHER_E_IO;
        post(&r, "/api/auth/signout");
        assert_string_equal(kit_store_steps(&r.store), "getSessionAndUser deleteSession");
        assert_false(r.b.signed_out);
        assert_int_equal(r.b.set_cookies, 0);
        r.store.fail_at = SIZE_MAX;
        r.b.fails = USHER_OK;
        post(&r, "/api/auth/signout");
        assert_true(r.b.signed_out);
        assert_int_equal(kit_store_count(&r.store, KIT_SESSIONS), 0);
        assert_null(cookie(&r, back[i].old_name));
        browser_close(&r.b);
    }
}

/* The same rows under another system's cookie: nothing is made, nothing is let go. */
static void test_rows_change_their_cookie(void **state)
{
    rig r;

    (void)state;
    open_rig(&r, ROWS "\"accept\":[" V4_ROWS "]");
    settle_in(&r);
    put_session(&r, "2026-01-30T23:00:00.000Z");
    browser_put_cookie(&r.b, USHER_STR("next-auth.session-token"), USHER_STR(TOKEN));
    assert_string_equal(get_session(&r), "getSessionAndUser");
    assert_int_equal(r.b.verdict, USHER_SESSION_VALID);
    assert_string_equal(cookie(&r, "authjs.session-token"), TOKEN);
    assert_null(cookie(&r, "next-auth.session-token"));
    assert_string_equal(get_session(&r), "getSessionAndUser");
    assert_int_equal(r.b.verdict, USHER_SESSION_VALID);
    browser_close(&r.b);

    open_rig(&r, SITE
             "\"session\":{\"strategy\":\"database\",\"rolling\":false},\"accept\":[" V4_ROWS "]");
    settle_in(&r);
    put_session(&r, "2026-01-02T00:00:00.000Z");
    browser_put_cookie(&r.b, USHER_STR("next-auth.session-token"), USHER_STR(TOKEN));
    assert_string_equal(get_session(&r), "getSessionAndUser");
    assert_string_equal(cookie(&r, "authjs.session-token"), TOKEN);
    browser_close(&r.b);
}

/* Adapters throw where a row to be deleted is not there: it is asked once. */
static void test_sign_out_of_a_row_in_another_cookie(void **state)
{
    rig r;

    (void)state;
    open_rig(&r, ROWS "\"accept\":[" V4_ROWS "]");
    settle_in(&r);
    put_session(&r, "2026-01-30T23:00:00.000Z");
    browser_put_cookie(&r.b, USHER_STR("next-auth.session-token"), USHER_STR(TOKEN));
    post(&r, "/api/auth/signout");
    assert_string_equal(kit_store_steps(&r.store), "getSessionAndUser deleteSession");
    assert_true(r.b.signed_out);
    assert_int_equal(kit_store_count(&r.store, KIT_SESSIONS), 0);
    assert_null(cookie(&r, "next-auth.session-token"));
    browser_close(&r.b);
}

/* --- rows that nobody could end any more ------------------------------------------------------ */

#define DEVELOPMENT                                                                                \
    ",\"providers\":[{\"id\":\"development\",\"type\":\"development\",\"name\":\"D\",\"users\":[{" \
    "\"id\":\"bob\",\"name\":\"Bob\"}]}]"
#define OTHER "5d0f7a36-90a1-4e0c-8f55-6f7f9f0b3c11"

static void open_back_to_sign_in(rig *r, size_t i)
{
    char settings[1024];

    snprintf(settings, sizeof settings, "%s" DEVELOPMENT, back[i].settings);
    open_rig(r, settings);
    settle_in(r);
}

static void bring_row(rig *r, size_t i)
{
    put_session(r, "2026-01-02T00:00:00.000Z");
    browser_put_cookie(&r->b, kit_str(back[i].old_name), USHER_STR(TOKEN));
}

static void sign_in(rig *r)
{
    char body[256];

    r->store.step_count = 0;
    snprintf(body, sizeof body, "csrfToken=%s&user=bob", r->b.csrf);
    browser_ask(&r->b, usher_handle, "POST", "/api/auth/callback/development", body, NULL, NULL);
}

/* Who signs in leaves no session behind: the browser loses the row's key, and whoever else knows it
 * has nothing. */
static void test_signing_in_ends_the_row(void **state)
{
    (void)state;
    for (size_t i = 0; i < BACK; i++) {
        rig r;

        open_back_to_sign_in(&r, i);
        bring_row(&r, i);
        r.b.fails = USHER_E_IO;
        for (r.store.fail_at = 0; r.store.fail_at < 2; r.store.fail_at++) {
            sign_in(&r);
            assert_false(r.b.signed_in);
            assert_int_equal(r.b.set_cookies, 0);
            assert_string_equal(cookie(&r, back[i].old_name), TOKEN);
        }
        r.store.fail_at = SIZE_MAX;
        r.b.fails = USHER_OK;
        sign_in(&r);
        assert_string_equal(kit_store_steps(&r.store), "getSessionAndUser deleteSession");
        assert_true(r.b.signed_in);
        assert_int_equal(kit_store_count(&r.store, KIT_SESSIONS), 0);
        assert_true(usher_str_starts(kit_str(cookie(&r, back[i].new_name)), USHER_STR("eyJ")));
        if (i == 1) assert_null(cookie(&r, back[i].old_name));
        browser_close(&r.b);
    }
}

/* The same behind a session of the site's own, which is all that is looked at otherwise. */
static void test_the_row_behind_a_session(void **state)
{
    (void)state;
    for (size_t out = 0; out < 2; out++) {
        rig r;

        open_back_to_sign_in(&r, 1);
        sign_in(&r);
        assert_string_equal(kit_store_steps(&r.store), "");
        bring_row(&r, 1);
        assert_string_equal(get_session(&r), ""); /* which writes, and asks for no row */
        assert_true(r.b.written);
        assert_string_equal(cookie(&r, back[1].old_name), TOKEN);
        r.b.fails = USHER_E_IO;
        for (r.store.fail_at = 0; r.store.fail_at < 2; r.store.fail_at++) {
            if (out)
                post(&r, "/api/auth/signout");
            else
                sign_in(&r);
            assert_false(r.b.signed_in || r.b.signed_out);
            assert_string_equal(cookie(&r, back[1].old_name), TOKEN);
        }
        r.store.fail_at = SIZE_MAX;
        r.b.fails = USHER_OK;
        if (out)
            post(&r, "/api/auth/signout");
        else
            sign_in(&r);
        assert_true(out ? r.b.signed_out : r.b.signed_in);
        assert_string_equal(kit_store_steps(&r.store), "getSessionAndUser deleteSession");
        assert_int_equal(kit_store_count(&r.store, KIT_SESSIONS), 0);
        assert_null(cookie(&r, back[1].old_name));
        browser_close(&r.b);
    }
}

/* Rows under two cookies: two that go, or one that goes once. */
static void test_sign_out_of_two_rows(void **state)
{
    (void)state;
    for (size_t same = 0; same < 2; same++) {
        rig r;

        open_rig(&r, ROWS "\"accept\":[" V4_ROWS "]");
        settle_in(&r);
        put_session(&r, "2026-01-30T23:00:00.000Z");
        kit_store_put(&r.store, KIT_SESSIONS, OTHER,
                      "{\"sessionToken\":\"" OTHER
                      "\",\"userId\":7,\"expires\":\"2026-01-30T23:00:00.000Z\"}");
        browser_put_cookie(&r.b, USHER_STR("authjs.session-token"), USHER_STR(TOKEN));
        browser_put_cookie(&r.b, USHER_STR("next-auth.session-token"),
                           same ? USHER_STR(TOKEN) : USHER_STR(OTHER));
        post(&r, "/api/auth/signout");
        assert_true(r.b.signed_out);
        assert_string_equal(
            kit_store_steps(&r.store),
            same ? "getSessionAndUser getSessionAndUser deleteSession"
                 : "getSessionAndUser getSessionAndUser deleteSession deleteSession");
        assert_int_equal(kit_store_count(&r.store, KIT_SESSIONS), same);
        assert_null(cookie(&r, "authjs.session-token"));
        assert_null(cookie(&r, "next-auth.session-token"));
        browser_close(&r.b);
    }
}

static void test_ending_without_memory(void **state)
{
    recorded all[2];
    rig r;

    (void)state;
    open_back_to_sign_in(&r, 1);
    bring_row(&r, 1);
    sign_in(&r);
    assert_true(r.b.signed_in);
    browser_take_record(&r.b, &all[0]);
    bring_row(&r, 1);
    post(&r, "/api/auth/signout");
    assert_true(r.b.signed_out);
    browser_take_record(&r.b, &all[1]);
    recorded_without_memory(r.b.site, all, 2);
    recorded_free_all(all, 2);
    browser_close(&r.b);
}

/* --- Auth0's ---------------------------------------------------------------------------------- */

#define AUTH0_ROWS "{\"profile\":\"auth0-4\",\"strategy\":\"database\"}"

static void test_records(void **state)
{
    char old[BROWSER_COOKIE_MAX];
    rig r;

    (void)state;
    /* a session in its cookie becomes a record */
    open_rig(&r, ROWS "\"profile\":\"auth0-4\",\"accept\":[{\"profile\":\"auth0-4\"}]");
    bring(&r, moves[3].from, AUTH0_7);
    snprintf(old, sizeof old, "%s", cookie(&r, "__session"));
    assert_string_equal(ask(&r, usher_get_session, "/page"), "set");
    assert_int_equal(r.b.verdict, USHER_SESSION_VALID);
    assert_string_not_equal(cookie(&r, "__session"), old);
    assert_int_equal(kit_store_count(&r.store, KIT_RECORDS), 1);
    assert_string_equal(ask(&r, usher_get_session, "/page"), "get update");
    assert_int_equal(r.b.verdict, USHER_SESSION_VALID);
    snprintf(old, sizeof old, "%s", cookie(&r, "__session"));
    kit_store kept = r.store;
    browser_close(&r.b);

    /* and goes back; the record stays, for whoever still has its id */
    open_rig(&r, SITE "\"profile\":\"auth0-4\",\"accept\":[" AUTH0_ROWS "]");
    r.store = kept;
    r.store.step_count = 0;
    browser_put_cookie(&r.b, USHER_STR("__session"), kit_str(old));
    assert_string_equal(ask(&r, usher_get_session, "/page"), "get");
    assert_int_equal(r.b.verdict, USHER_SESSION_VALID);
    assert_string_not_equal(cookie(&r, "__session"), old);
    assert_string_equal(ask(&r, usher_get_session, "/page"), "");
    assert_int_equal(r.b.verdict, USHER_SESSION_VALID);
    assert_non_null(strstr(r.b.session, "auth0|7"));
    /* a store that fails is no answer */
    browser_put_cookie(&r.b, USHER_STR("__session"), kit_str(old));
    r.store.fail_at = 0;
    r.b.fails = USHER_E_IO;
    ask(&r, usher_get_session, "/page");
    assert_string_equal(cookie(&r, "__session"), old);
    browser_close(&r.b);
}

/* What cannot be read, perhaps because somebody newer wrote it, is not removed because a cookie of
 * another system beside it is over. */
static void test_a_record_beside_what_is_over(void **state)
{
    rig r;

    (void)state;
    open_rig(&r, ROWS "\"profile\":\"auth0-4\",\"accept\":[{\"profile\":\"nextauth-4\"}]");
    bring(&r, moves[0].from, CLAIMS7);
    assert_string_equal(ask(&r, usher_get_session, "/page"), "set");
    assert_string_equal(ask(&r, usher_get_session, "/page"), "get update");
    for (size_t i = 0; i < r.store.count; i++)
        if (r.store.rows[i].table == KIT_RECORDS)
            snprintf(r.store.rows[i].json, KIT_ROW_MAX, "{\"version\":5}");
    bring(&r, moves[0].from, CLAIMS7);
    r.b.now_s += 2 * HOUR_S;
    r.b.fails = USHER_E_IO;
    assert_string_equal(ask(&r, usher_get_session, "/page"), "get");
    assert_int_equal(r.b.set_cookies, 0);
    assert_int_equal(kit_store_count(&r.store, KIT_RECORDS), 1);
    browser_close(&r.b);
}

/* --- memory ----------------------------------------------------------------------------------- */

static void test_without_memory(void **state)
{
    (void)state;
    for (size_t i = 0; i < 4; i++) {
        recorded all[2];
        rig r;

        if (i < 2) {
            open_move(&r, &moves[2 * i + 1 - i]); /* of Auth.js', of both shapes */
            if (i == 1) {
                browser_close(&r.b);
                open_move(&r, &moves[3]);
            }
        } else {
            open_back(&r, i - 2);
        }
        ask(&r, usher_get_token, "/closed");
        browser_take_record(&r.b, &all[0]);
        get_session(&r);
        assert_int_equal(r.b.verdict, USHER_SESSION_VALID);
        browser_take_record(&r.b, &all[1]);
        recorded_without_memory(r.b.site, all, 2);
        recorded_without_crypto(r.b.site, all, 2);
        recorded_without_entropy(r.b.site, all, 2);
        recorded_free_all(all, 2);
        browser_close(&r.b);
    }
}

/* --- settings --------------------------------------------------------------------------------- */

static void test_settings_that_do_not_fit(void **state)
{
    static const char *const wrong[] = {
        ROWS "\"accept\":[{\"profile\":\"nextauth-4\"}]", /* whose is sub? */
        ROWS "\"accept\":[{\"profile\":\"nextauth-4\",\"subject\":\"account\"}]",
        ROWS OP "\"accept\":[{\"profile\":\"nextauth-4\",\"subject\":\"account\",\"provider\":"
                "\"other\"}]",
        ROWS OP
        "\"accept\":[{\"profile\":\"nextauth-4\",\"subject\":\"user\",\"provider\":\"op\"}]",
        ROWS "\"accept\":[{\"profile\":\"nextauth-4\",\"strategy\":\"database\",\"subject\":"
             "\"user\"}]",
        ROWS "\"accept\":[{\"profile\":\"authjs-5\",\"strategy\":\"database\"}]",
        SITE "\"accept\":[{\"profile\":\"nextauth-4\",\"subject\":\"user\"}]",
        USERS "\"accept\":[{\"profile\":\"nextauth-4\"}]", /* whose is sub? */
        USERS OP "\"accept\":[{\"profile\":\"nextauth-4\",\"subject\":\"account\","
                 "\"provider\":\"op\"}]",
        SITE "\"accept\":[{\"profile\":\"nextauth-4\",\"strategy\":\"database\",\"token\":"
             "\"signed\"}]",
    };
    char json[1024];

    (void)state;
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        usher_site *site;
        snprintf(json, sizeof json, "{%s}", wrong[i]);
        assert_int_equal(usher_site_new(&site, NULL, kit_str(json), NULL, NULL, NULL),
                         USHER_E_SETTING);
    }
    for (size_t i = 0; i < BACK; i++) {
        snprintf(json, sizeof json, "{%s}", back[i].settings);
        usher_site *site = kit_site(json);
        assert_true(usher_site_wants_store(site));
        usher_site_unref(site);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_tokens_become_rows),
        cmocka_unit_test(test_tokens_are_opened_once),
        cmocka_unit_test(test_pieces_become_a_row),
        cmocka_unit_test(test_read_only_leaves_it),
        cmocka_unit_test(test_nothing_can_be_set),
        cmocka_unit_test(test_two_at_once),
        cmocka_unit_test(test_no_such_user),
        cmocka_unit_test(test_beside_a_row),
        cmocka_unit_test(test_of_nobody),
        cmocka_unit_test(test_the_store_fails),
        cmocka_unit_test(test_sign_out_of_a_token),
        cmocka_unit_test(test_a_ceiling_stays),
        cmocka_unit_test(test_hooks),
        cmocka_unit_test(test_rows_become_tokens),
        cmocka_unit_test(test_a_row_that_was_left),
        cmocka_unit_test(test_tokens_are_no_keys),
        cmocka_unit_test(test_reading_rows_fails),
        cmocka_unit_test(test_letting_go_fails),
        cmocka_unit_test(test_sign_out_of_a_row),
        cmocka_unit_test(test_rows_change_their_cookie),
        cmocka_unit_test(test_sign_out_of_a_row_in_another_cookie),
        cmocka_unit_test(test_signing_in_ends_the_row),
        cmocka_unit_test(test_the_row_behind_a_session),
        cmocka_unit_test(test_sign_out_of_two_rows),
        cmocka_unit_test(test_ending_without_memory),
        cmocka_unit_test(test_records),
        cmocka_unit_test(test_a_record_beside_what_is_over),
        cmocka_unit_test(test_without_memory),
        cmocka_unit_test(test_settings_that_do_not_fit),
    };

    kit_crypto_install();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
