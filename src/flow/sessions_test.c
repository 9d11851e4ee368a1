/* What programs do with the session of a request: read it from any format, renew, change and carry
 * it over, several times after one start, under limits, with hooks of their own, with every
 * allocation refused. Rows proved: T08 in part, T20-T22, R2 and R3 for these operations. */
#include "tests/kit/browser.h"

#include <time.h>

#include "base/str.h"
#include "flow/site.h"
#include "session/auth0_write.h"
#include "session/chunks.h"
#include "session/token.h"
#include "usher/usher.h"

#define NOW_S   INT64_C(1767225600)
#define DAY_S   INT64_C(86400)
#define SECRET  "Zr8KvT3nQx5WmBd7LpYc2HsJf9GaUe4o"
#define SECRET2 "pN4xWq8VtRj2LmZc6KsHf9DbYg3TeUa5"
#define BASE    "\"base_url\":\"https://app.example.com\""
#define OWN     BASE ",\"secret\":\"" SECRET "\""

/* --- a browser that keeps what it is told ------------------------------------------------------
 */

#define JAR_MAX 64

typedef struct visit {
    usher_exchange *ex;
    usher_site *site;
    char *names[JAR_MAX], *values[JAR_MAX];
    size_t cookies;
    char header[65536];
    usher_header fields[2];
    usher_request request;
    size_t lines, deletions; /* Set-Cookie of the last answer */
} visit;

static void visit_open(visit *v, const char *settings)
{
    memset(v, 0, sizeof *v);
    v->site = kit_site(settings);
    assert_ok(usher_exchange_new(&v->ex, NULL, NULL));
}

static void visit_site(visit *v, const char *settings)
{
    usher_site_unref(v->site);
    v->site = kit_site(settings);
}

static void forget(visit *v, size_t at)
{
    free(v->names[at]);
    free(v->values[at]);
    v->cookies--;
    v->names[at] = v->names[v->cookies];
    v->values[at] = v->values[v->cookies];
}

static void visit_close(visit *v)
{
    while (v->cookies)
        forget(v, 0);
    usher_exchange_free(v->ex);
    usher_site_unref(v->site);
}

static char *copy(usher_str s)
{
    char *p = malloc(s.len + 1);

    assert_non_null(p);
    if (s.len) memcpy(p, s.ptr, s.len);
    p[s.len] = 0;
    return p;
}

static size_t find_cookie(const visit *v, usher_str name)
{
    size_t at = 0;

    while (at < v->cookies && !usher_str_eq(kit_str(v->names[at]), name))
        at++;
    return at;
}

static bool has_cookie(const visit *v, const char *name)
{
    return find_cookie(v, kit_str(name)) < v->cookies;
}

static void keep(visit *v, usher_str name, usher_str value)
{
    size_t at = find_cookie(v, name);

    if (at < v->cookies) forget(v, at);
    assert_true(v->cookies < JAR_MAX);
    v->names[v->cookies] = copy(name);
    v->values[v->cookies++] = copy(value);
}

static void start_at(visit *v, int64_t now_s, bool read_only)
{
    size_t n = 0;

    v->header[0] = 0;
    for (size_t i = 0; i < v->cookies; i++)
        n += (size_t)snprintf(v->header + n, sizeof v->header - n, "%s%s=%s", i ? "; " : "",
                              v->names[i], v->values[i]);
    v->fields[0] = (usher_header){USHER_STR("Cookie"), kit_str(v->header)};
    v->request = (usher_request){.size = sizeof v->request,
                                 .method = USHER_STR("GET"),
                                 .target = USHER_STR("/private"),
                                 .headers = v->fields,
                                 .header_count = v->cookies ? 1 : 0,
                                 .read_only = read_only};
    assert_ok(usher_exchange_start(v->ex, v->site, &v->request, now_s * 1000, NULL));
}

/* Does what the answer says; a name may be set once only. */
static void obey(visit *v)
{
    const usher_response *r = usher_exchange_response(v->ex);

    v->lines = v->deletions = 0;
    for (size_t i = 0; i < r->header_count; i++) {
        usher_str rest, pair, value, name;

        if (!usher_str_eq(r->headers[i].name, USHER_STR("Set-Cookie"))) continue;
        pair = usher_str_cut(r->headers[i].value, ';', &rest);
        name = usher_str_cut(pair, '=', &value);
        for (size_t j = 0; j < i; j++) {
            usher_str other, cut = usher_str_cut(r->headers[j].value, '=', &other);
            if (usher_str_eq(r->headers[j].name, USHER_STR("Set-Cookie")))
                assert_false(usher_str_eq(cut, name));
        }
        v->lines++;
        if (usher_str_find(rest, USHER_STR("Max-Age=0")) == SIZE_MAX) {
            keep(v, name, value);
            continue;
        }
        v->deletions++;
        size_t at = find_cookie(v, name);
        if (at < v->cookies) forget(v, at);
    }
}

static usher_verdict get_session_at(visit *v, int64_t now_s)
{
    usher_want want;

    start_at(v, now_s, false);
    assert_ok(usher_get_session(v->ex, &want, NULL));
    assert_int_equal(want.kind, USHER_WANT_NOTHING);
    obey(v);
    return usher_exchange_verdict(v->ex);
}

static usher_str claims_of(const visit *v)
{
    const usher_session *s = usher_exchange_session(v->ex);

    assert_non_null(s);
    return usher_session_claims(s);
}

static bool claims_have(const visit *v, const char *text)
{
    return usher_str_find(claims_of(v), kit_str(text)) != SIZE_MAX;
}

/* --- cookies as other sites write them ----------------------------------------------------------
 */

static usher_str first_claims(char *out, size_t room, bool auth0, const char *more)
{
    if (auth0)
        snprintf(out, room,
                 "{\"user\":{\"sub\":\"u1\",\"name\":\"Ada\",\"email\":\"ada@example.com\"%s},"
                 "\"tokenSet\":{\"accessToken\":\"at\",\"refreshToken\":\"rt\",\"expiresAt\":99},"
                 "\"internal\":{\"sid\":\"S1\",\"createdAt\":%lld}}",
                 more, (long long)NOW_S);
    else
        snprintf(
            out, room,
            "{\"name\":\"Ada\",\"email\":\"ada@example.com\",\"picture\":null,\"sub\":\"u1\"%s}",
            more);
    return kit_str(out);
}

static void keep_line(visit *v, usher_str line)
{
    usher_str rest, value, pair = usher_str_cut(line, ';', &rest);
    usher_str name = usher_str_cut(pair, '=', &value);

    if (usher_str_find(rest, USHER_STR("Max-Age=0")) == SIZE_MAX) keep(v, name, value);
}

static void bring_auth0(visit *v, usher_arena *a, usher_jwe_cipher *cipher, const usher_format *f,
                        usher_str session, int64_t now_s)
{
    static usher_auth0_lines lines;
    usher_auth0_context c = {a, cipher, f->keys, &f->auth0, now_s};
    usher_auth0_session s;
    usher_auth0_jar jar;
    usher_verdict verdict;
    usher_cause cause;
    usher_str token;

    assert_ok(usher_auth0_jar_read(&jar, a, &f->auth0, USHER_STR(""), NULL));
    assert_ok(usher_auth0_record_open(&s, &verdict, &cause, &c, session, NULL));
    assert_int_equal(verdict, USHER_SESSION_VALID);
    assert_ok(
        usher_auth0_session_write(&lines, &token, &c, &jar, &s, usher_entropy_default(), NULL));
    for (size_t i = 0; i < lines.count; i++)
        keep_line(v, lines.items[i]);
}

/* Lets a browser bring a session as the site with these settings would have written it. */
static void bring(visit *v, const char *settings, const char *more, int64_t now_s, int64_t age_s)
{
    static char claims[32768];
    usher_site *site = kit_site(settings);
    const usher_format *f = &site->formats[0];
    usher_jwe_cipher *cipher = usher_jwe_cipher_new(usher_allocator_default());
    usher_session_cookie none = {.count = 0};
    usher_session_cookie_attributes at = {.name = f->cookie.name, .path = USHER_STR("/")};
    usher_str text = first_claims(claims, sizeof claims, f->profile->auth0 != NULL, more);
    usher_str token, *lines;
    usher_arena a;
    int64_t exp_s;
    size_t count;

    usher_arena_init(&a, usher_allocator_default(), 4096, (size_t)4 << 20);
    if (f->profile->auth0) {
        bring_auth0(v, &a, cipher, f, text, now_s);
    } else {
        if (f->form == USHER_TOKEN_SIGNED)
            assert_ok(usher_signed_seal(&token, &exp_s, &a, f->signing, text, now_s, age_s,
                                        usher_entropy_default(), NULL));
        else
            assert_ok(usher_token_seal(&token, &exp_s, &a, cipher, f->keys, USHER_FOR_SESSION, text,
                                       now_s, age_s, usher_entropy_default(), NULL));
        at.expires_s = exp_s;
        assert_ok(
            usher_session_cookie_write(&lines, &count, &a, f->profile, &none, &at, token, NULL));
        for (size_t i = 0; i < count; i++)
            keep_line(v, lines[i]);
    }
    usher_arena_deinit(&a);
    usher_jwe_cipher_free(cipher);
    usher_site_unref(site);
}

/* --- from one system to another -----------------------------------------------------------------
 */

typedef struct move {
    const char *from, *to; /* settings */
    const char *old_name, *new_name;
    const char *kept[4]; /* what the new one's claims hold */
} move;

#define NAMED(profile) "\"profile\":\"" profile "\","
#define ACCEPT(entry)  ",\"accept\":[" entry "]"

static const move moves[] = {
    {"{" NAMED("nextauth-4") OWN "}",
     "{" NAMED("authjs-5") OWN ACCEPT("{\"profile\":\"nextauth-4\"}") "}",
     "__Secure-next-auth.session-token",
     "__Secure-authjs.session-token",
     {"\"role\":[1.50]", "\"sub\":\"u1\"", "\"picture\":null", "\"email\":\"ada@example.com\""}},
    {"{" NAMED("authjs-5") OWN "}",
     "{" NAMED("nextauth-4") OWN ACCEPT("{\"profile\":\"authjs-5\"}") "}",
     "__Secure-authjs.session-token",
     "__Secure-next-auth.session-token",
     {"\"role\":[1.50]", "\"sub\":\"u1\""}},
    {"{" NAMED("nextauth-4") OWN "}",
     "{" NAMED("auth0-4") OWN ACCEPT("{\"profile\":\"nextauth-4\"}") "}",
     "__Secure-next-auth.session-token",
     "__session",
     {"\"user\":{\"sub\":\"u1\",\"name\":\"Ada\",\"email\":\"ada@example.com\"}", "\"tokenSet\":{}",
      "\"createdAt\":1767225660", "\"role\":[1.50]"}},
    {"{" NAMED("auth0-4") OWN "}",
     "{" NAMED("authjs-5") OWN ACCEPT("{\"profile\":\"auth0-4\"}") "}",
     "__session",
     "__Secure-authjs.session-token",
     {"\"name\":\"Ada\",\"email\":\"ada@example.com\",\"sub\":\"u1\",\"role\":[1.50]",
      "\"access_token\":\"at\",\"refresh_token\":\"rt\",\"expires_at\":99", "\"sid\":\"S1\"",
      "\"ucat\":1767225600"}},
    {"{" NAMED("robojs") OWN "}",
     "{" NAMED("authjs-5") OWN ACCEPT("{\"profile\":\"robojs\"}") "}",
     "authjs.session-token",
     "__Secure-authjs.session-token",
     {"\"role\":[1.50]"}},
    {"{" NAMED("authjs-5") BASE ",\"secret\":\"" SECRET2 "\"}",
     "{" NAMED("authjs-5") OWN ACCEPT("{\"profile\":\"authjs-5\",\"secret\":\"" SECRET2 "\"}") "}",
     "__Secure-authjs.session-token",
     "__Secure-authjs.session-token",
     {"\"role\":[1.50]"}},
    {"{" NAMED("authjs-5") OWN ",\"cookies\":{\"session\":{\"name\":\"old\"}}}",
     "{" NAMED("authjs-5") OWN ACCEPT("{\"profile\":\"authjs-5\",\"cookie\":\"old\"}") "}",
     "old",
     "__Secure-authjs.session-token",
     {"\"role\":[1.50]"}},
    {"{" NAMED("nextauth-4") OWN ",\"cookies\":{\"session\":{\"name\":\"same\"}}}",
     "{" NAMED("authjs-5") OWN ",\"cookies\":{\"session\":{\"name\":\"same\"}}" ACCEPT(
         "{\"profile\":\"nextauth-4\",\"cookie\":\"same\"}") "}",
     "same",
     "same",
     {"\"role\":[1.50]"}},
    {"{" NAMED("nextauth-4") OWN ",\"session\":{\"token\":\"signed\"}}",
     "{" NAMED("authjs-5") OWN ACCEPT("{\"profile\":\"nextauth-4\",\"token\":\"signed\"}") "}",
     "__Secure-next-auth.session-token",
     "__Secure-authjs.session-token",
     {"\"role\":[1.50]"}},
};

/* The session is valid at once, written in the new form with what it held, no longer than it would
 * have lived; the old cookie goes with the same answer, and the next request needs it no more. */
static void check_move(const move *m)
{
    bool same = strcmp(m->old_name, m->new_name) == 0;
    visit v;

    visit_open(&v, m->to);
    bring(&v, m->from, ",\"role\":[1.50]", NOW_S, 3600);
    assert_true(has_cookie(&v, m->old_name));
    assert_int_equal(get_session_at(&v, NOW_S + 60), USHER_SESSION_VALID);
    assert_true(usher_exchange_session_written(v.ex));
    assert_non_null(strstr(m->from, usher_exchange_session_profile(v.ex).ptr)); /* where it was */
    assert_true(has_cookie(&v, m->new_name));
    assert_true(same || !has_cookie(&v, m->old_name));
    assert_true(usher_session_expires_ms(usher_exchange_session(v.ex)) <= (NOW_S + 86400) * 1000);
    /* the next request has the new cookie alone, on a site that knows of no other */
    visit_site(&v, m->to);
    v.site->format_count = 1;
    start_at(&v, NOW_S + 61, true);
    usher_want want;
    assert_ok(usher_get_session(v.ex, &want, NULL));
    assert_int_equal(usher_exchange_verdict(v.ex), USHER_SESSION_VALID);
    for (size_t i = 0; i < 4 && m->kept[i]; i++)
        if (!claims_have(&v, m->kept[i]))
            fail_msg("%s: no %s in %.*s", m->to, m->kept[i], (int)claims_of(&v).len,
                     claims_of(&v).ptr);
    if (!strstr(m->from, "auth0-4")) /* an hour it had, of which a minute is gone */
        assert_int_equal(usher_session_expires_ms(usher_exchange_session(v.ex)),
                         (NOW_S + 3600) * 1000);
    usher_exchange_free(v.ex);
    assert_ok(usher_exchange_new(&v.ex, NULL, NULL));
    v.site->format_count = USHER_FORMATS_MAX; /* all of them are to be freed */
    visit_close(&v);
}

static void test_moves(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof moves / sizeof *moves; i++)
        check_move(&moves[i]);
}

/* A cookie that is no session of any format stays where it is, if another system may know it. */
static void test_what_is_not_understood_stays(void **state)
{
    (void)state;
    visit v;

    visit_open(&v, moves[0].to);
    bring(&v, "{" NAMED("nextauth-4") BASE ",\"secret\":\"" SECRET2 "\"}", "", NOW_S, 3600);
    assert_int_equal(get_session_at(&v, NOW_S), USHER_SESSION_REJECTED);
    assert_true(has_cookie(&v, moves[0].old_name));
    assert_false(usher_exchange_session_written(v.ex));
    visit_close(&v);
}

/* The own session counts, whatever the others say; signing in and out does away with all. */
static void test_the_own_session_comes_first(void **state)
{
    (void)state;
    visit v;

    visit_open(&v, moves[0].to);
    bring(&v, moves[0].from, ",\"from\":\"old\"", NOW_S, 3600);
    bring(&v, moves[0].to, ",\"from\":\"new\"", NOW_S, 3600);
    assert_int_equal(get_session_at(&v, NOW_S), USHER_SESSION_VALID);
    assert_true(claims_have(&v, "\"from\":\"new\""));
    bring(&v, moves[0].from, ",\"from\":\"old\"", NOW_S, 3600);
    assert_int_equal(get_session_at(&v, NOW_S + 40 * DAY_S), USHER_SESSION_EXPIRED);
    visit_close(&v);

    visit_open(&v, moves[0].to); /* the own one is over, the old one is not */
    bring(&v, moves[0].from, ",\"from\":\"old\"", NOW_S, 100 * DAY_S);
    bring(&v, moves[0].to, ",\"from\":\"new\"", NOW_S, 60);
    assert_int_equal(get_session_at(&v, NOW_S + DAY_S), USHER_SESSION_VALID);
    assert_true(claims_have(&v, "\"from\":\"old\""));
    visit_close(&v);
}

/* Signing out in the new system must not leave an old cookie that signs in again. */
static void test_signing_out_clears_all(void **state)
{
    (void)state;
    char body[256], csrf[65];
    usher_want want;
    visit v;

    visit_open(&v, moves[0].to);
    bring(&v, moves[0].from, "", NOW_S, 3600);
    bring(&v, moves[0].to, "", NOW_S, 3600); /* reading ends here, clearing does not */
    start_at(&v, NOW_S, false);
    assert_ok(usher_get_csrf_token(v.ex, &want, NULL));
    assert_int_equal(usher_exchange_csrf_token(v.ex).len, 64);
    snprintf(csrf, sizeof csrf, "%.64s", usher_exchange_csrf_token(v.ex).ptr);
    obey(&v);
    assert_int_equal(v.lines, 1);
    start_at(&v, NOW_S, false);
    snprintf(body, sizeof body, "csrfToken=%s", csrf);
    v.request.method = USHER_STR("POST");
    v.request.target = USHER_STR("/api/auth/signout");
    v.request.body = kit_str(body);
    v.fields[1] =
        (usher_header){USHER_STR("Content-Type"), USHER_STR("application/x-www-form-urlencoded")};
    v.request.header_count = 2;
    assert_ok(usher_exchange_start(v.ex, v.site, &v.request, NOW_S * 1000, NULL));
    assert_ok(usher_handle(v.ex, &want, NULL));
    assert_true(usher_exchange_signed_out(v.ex));
    obey(&v);
    assert_false(has_cookie(&v, moves[0].old_name));
    assert_int_equal(get_session_at(&v, NOW_S), USHER_NO_SESSION);
    visit_close(&v);
}

/* --- changes ------------------------------------------------------------------------------------
 */

static usher_status update(visit *v, const char *changes)
{
    usher_want want;

    return usher_update_session(v->ex, kit_str(changes), &want, NULL);
}

static void test_update_claims(void **state)
{
    (void)state;
    usher_want want;
    visit v;

    visit_open(&v, moves[0].from);
    bring(&v, moves[0].from, ",\"role\":\"user\",\"n\":1.0", NOW_S, 3600);
    start_at(&v, NOW_S + 5, false);
    assert_ok(update(&v,
                     "{\"role\":\"admin\",\"user\":{\"name\":\"Countess\",\"image\":\"/a\"},"
                     "\"sub\":\"u2\",\"exp\":1,\"s\\u0075b\":\"u3\",\"new\":{\"__proto__\":1}}"));
    assert_true(usher_exchange_session_written(v.ex));
    /* read-after-write, without another request */
    assert_str(usher_session_name(usher_exchange_session(v.ex)), "Countess");
    assert_str(usher_session_picture(usher_exchange_session(v.ex)), "/a");
    assert_str(usher_session_subject(usher_exchange_session(v.ex)), "u1");
    assert_true(claims_have(&v, "\"role\":\"admin\",\"n\":1.0,"));
    assert_true(claims_have(&v, "\"new\":{\"__proto__\":1}"));
    assert_ok(update(&v, "{\"role\":\"owner\"}"));
    assert_ok(usher_get_session(v.ex, &want, NULL));
    assert_true(claims_have(&v, "\"role\":\"owner\""));
    assert_ok(usher_get_token(v.ex, &want, NULL));
    assert_true(claims_have(&v, "\"role\":\"owner\""));
    assert_ok(usher_get_session(v.ex, &want, NULL));
    obey(&v);
    assert_int_equal(get_session_at(&v, NOW_S + 6), USHER_SESSION_VALID);
    assert_true(claims_have(&v, "\"role\":\"owner\"") && claims_have(&v, "\"name\":\"Countess\""));
    visit_close(&v);
}

static void test_update_auth0(void **state)
{
    (void)state;
    static const char settings[] = "{" NAMED("auth0-4") OWN "}";
    visit v;

    visit_open(&v, settings);
    bring(&v, settings, "", NOW_S, 0);
    start_at(&v, NOW_S + 5, false);
    assert_int_equal(update(&v, "{\"tokenSet\":{}}"), USHER_E_USAGE); /* no user */
    start_at(&v, NOW_S + 5, false);
    assert_ok(update(&v, "{\"user\":{\"sub\":\"u1\",\"plan\":\"pro\"},\"custom\":[1e3],"
                         "\"internal\":{\"createdAt\":1,\"sid\":\"other\"}}"));
    obey(&v);
    assert_int_equal(get_session_at(&v, NOW_S + 6), USHER_SESSION_VALID);
    assert_true(claims_have(&v, "\"user\":{\"sub\":\"u1\",\"plan\":\"pro\"}"));
    assert_true(claims_have(&v, "\"custom\":[1e3]"));
    assert_true(claims_have(&v, "\"internal\":{\"sid\":\"S1\",\"createdAt\":1767225600}"));
    assert_true(claims_have(&v, "\"accessToken\":\"at\"")); /* none was given */
    assert_str(usher_session_json(usher_exchange_session(v.ex)),
               "{\"sub\":\"u1\",\"plan\":\"pro\"}");
    visit_close(&v);
}

static void test_updates_that_change_nothing(void **state)
{
    (void)state;
    static const char *const bad[] = {"", "null", "[]", "\"x\"", "{", "{\"a\":1}x", "{\"a\":01}"};
    visit v;

    visit_open(&v, moves[0].from);
    bring(&v, moves[0].from, "", NOW_S, 3600);
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        start_at(&v, NOW_S, false);
        assert_int_equal(update(&v, bad[i]), USHER_E_USAGE);
    }
    start_at(&v, NOW_S, true);
    assert_int_equal(update(&v, "{\"a\":1}"), USHER_E_USAGE); /* read only */
    start_at(&v, NOW_S + 5000, false);
    assert_ok(update(&v, "{\"a\":1}"));
    assert_int_equal(usher_exchange_verdict(v.ex), USHER_SESSION_EXPIRED);
    assert_false(usher_exchange_session_written(v.ex));
    visit_close(&v);
}

/* One that would not fit is refused with a report, and the old one stays. */
static void test_too_large(void **state)
{
    (void)state;
    static const char settings[] =
        "{" NAMED("authjs-5") OWN ",\"session\":{\"claims_max\":\"1KiB\"}}";
    static char changes[2048];
    size_t count;
    visit v;

    visit_open(&v, settings);
    bring(&v, settings, "", NOW_S, 3600);
    start_at(&v, NOW_S, false);
    snprintf(changes, sizeof changes, "{\"x\":\"%01500d\"}", 1);
    assert_ok(update(&v, changes));
    assert_false(usher_exchange_session_written(v.ex));
    const usher_report *reports = usher_exchange_reports(v.ex, &count);
    assert_int_equal(count, 1);
    assert_int_equal(reports[0].cause, USHER_CAUSE_SESSION_TOO_LARGE);
    assert_int_equal(usher_exchange_verdict(v.ex), USHER_SESSION_VALID);
    obey(&v);
    assert_int_equal(v.lines, 0);
    assert_ok(update(&v, "{\"x\":\"small\"}"));
    assert_true(usher_exchange_session_written(v.ex));
    visit_close(&v);
}

/* So is one that no buffer holds, and the caller's mistake is no outage. */
static void test_far_too_large(void **state)
{
    (void)state;
    static char changes[310000];
    static const size_t sizes[] = {100000, 300000};
    size_t count;
    visit v;

    visit_open(&v, moves[0].from);
    bring(&v, moves[0].from, "", NOW_S, 3600);
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        start_at(&v, NOW_S, false);
        snprintf(changes, sizeof changes, "{\"x\":\"%0*d\"}", (int)sizes[i], 1);
        assert_ok(update(&v, changes));
        assert_false(usher_exchange_session_written(v.ex));
        const usher_report *reports = usher_exchange_reports(v.ex, &count);
        assert_int_equal(count, 1);
        assert_int_equal(reports[0].cause, USHER_CAUSE_SESSION_TOO_LARGE);
        assert_int_equal(usher_exchange_verdict(v.ex), USHER_SESSION_VALID);
    }
    visit_close(&v);
}

/* The least of three: what the processor spent on changing each of `count` claims. */
static double cost_of_changes(visit *v, size_t count)
{
    static char changes[100000];
    double least = 0;
    size_t len = 1;

    changes[0] = '{';
    for (size_t i = 0; i < count; i++)
        len += (size_t)snprintf(changes + len, sizeof changes - len, "%s\"c\\u0061%zu\":%zu",
                                i ? "," : "", i, i);
    snprintf(changes + len, sizeof changes - len, "}");
    start_at(v, NOW_S, false);
    assert_ok(update(v, changes));
    obey(v);
    for (int i = 0; i < 3; i++) {
        start_at(v, NOW_S, false);
        clock_t began = clock();
        assert_ok(update(v, changes));
        double spent = (double)(clock() - began);
        assert_true(usher_exchange_session_written(v->ex));
        least = i && least < spent ? least : spent;
    }
    return least;
}

/* Four times as many changes of four times as many claims: not sixteen times the work. */
static void test_many_changes(void **state)
{
    (void)state;
    visit v;

    visit_open(&v, moves[0].from);
    bring(&v, moves[0].from, "", NOW_S, 3600);
    double few = cost_of_changes(&v, 400), many = cost_of_changes(&v, 1600);
    assert_true(many < 12 * few);
    visit_close(&v);
}

/* What was not written is not read either. */
static void test_too_large_for_cookies(void **state)
{
    (void)state;
    static const char settings[] = "{" NAMED("authjs-5") OWN ",\"token_max\":\"1KiB\"}";
    static char changes[4096];
    usher_want want;
    visit v;

    visit_open(&v, settings);
    bring(&v, settings, ",\"old\":1", NOW_S, 3600);
    start_at(&v, NOW_S, false);
    snprintf(changes, sizeof changes, "{\"x\":\"%02000d\"}", 1);
    assert_ok(update(&v, changes));
    assert_false(usher_exchange_session_written(v.ex));
    assert_ok(usher_get_token(v.ex, &want, NULL));
    assert_false(claims_have(&v, "\"x\""));
    assert_true(claims_have(&v, "\"old\":1"));
    visit_close(&v);
}

/* From many pieces to one and back, twice within an exchange: no piece of the first is left. */
static void test_pieces_within_one_answer(void **state)
{
    (void)state;
    static char changes[20000];
    visit v;

    visit_open(&v, moves[0].from);
    bring(&v, moves[0].from, "", NOW_S, 3600);
    start_at(&v, NOW_S, false);
    snprintf(changes, sizeof changes, "{\"x\":\"%09000d\"}", 1);
    assert_ok(update(&v, changes));
    assert_ok(update(&v, "{\"x\":\"\"}"));
    obey(&v);
    assert_int_equal(v.lines, 1);
    assert_int_equal(get_session_at(&v, NOW_S + 1), USHER_SESSION_VALID);
    start_at(&v, NOW_S, false);
    assert_ok(update(&v, changes));
    obey(&v);
    assert_true(v.lines >= 4); /* the pieces, and the single cookie's deletion */
    assert_int_equal(get_session_at(&v, NOW_S + 1), USHER_SESSION_VALID);
    visit_close(&v);
}

/* --- who only reads ------------------------------------------------------------------------------
 */

static void test_read_only(void **state)
{
    (void)state;
    usher_want want;
    visit v;

    for (size_t i = 0; i < sizeof moves / sizeof *moves; i++) {
        visit_open(&v, moves[i].to);
        bring(&v, moves[i].from, "", NOW_S, 3600);
        start_at(&v, NOW_S + 60, true);
        assert_ok(usher_get_session(v.ex, &want, NULL));
        assert_int_equal(usher_exchange_verdict(v.ex), USHER_SESSION_VALID);
        assert_true(usher_session_json(usher_exchange_session(v.ex)).len > 10);
        assert_false(usher_exchange_session_written(v.ex));
        obey(&v);
        assert_int_equal(v.lines, 0);
        if (!strstr(moves[i].from, "auth0-4")) /* the end that it has, not one it would get */
            assert_int_equal(usher_session_expires_ms(usher_exchange_session(v.ex)),
                             (NOW_S + 3600) * 1000);
        start_at(&v, NOW_S + 60, true);
        assert_int_equal(usher_handle(v.ex, &want, NULL), USHER_E_USAGE);
        start_at(&v, NOW_S + 400 * DAY_S, true); /* nor is anything cleared */
        assert_ok(usher_get_session(v.ex, &want, NULL));
        assert_int_equal(usher_exchange_verdict(v.ex), USHER_SESSION_EXPIRED);
        obey(&v);
        assert_int_equal(v.lines, 0);
        visit_close(&v);
    }
}

static void read_only_id(char *id, visit *v, int64_t now_s, bool read_only, size_t wanted)
{
    usher_want want;
    size_t reports;

    start_at(v, now_s, read_only);
    assert_ok(usher_get_session(v->ex, &want, NULL));
    (void)usher_exchange_reports(v->ex, &reports);
    assert_int_equal(reports, wanted);
    assert_int_equal(usher_exchange_id(v->ex).len, 16);
    memcpy(id, usher_exchange_id(v->ex).ptr, 16);
    if (!read_only) obey(v);
}

/* What is refused to who only reads is logged as a line of the browser's visit. */
static void test_read_only_reports(void **state)
{
    (void)state;
    char first[16], again[16];
    visit v;

    visit_open(&v, "{" NAMED("authjs-5") OWN "}");
    bring(&v, "{" NAMED("authjs-5") OWN "}", "", NOW_S, 3600);
    read_only_id(first, &v, NOW_S, false, 0); /* it gets its CSRF token */
    assert_true(has_cookie(&v, "__Host-authjs.csrf-token"));
    keep(&v, kit_str("__Secure-authjs.session-token"), kit_str("a.b.c.d.e"));
    read_only_id(first, &v, NOW_S, true, 1);
    read_only_id(again, &v, NOW_S, true, 1);
    assert_memory_equal(first, again, sizeof first);
    visit_close(&v);
}

/* --- lifetimes
 * ------------------------------------------------------------------------------------ */

static void test_absolute_duration(void **state)
{
    (void)state;
    static const char settings[] =
        "{" NAMED("authjs-5") OWN ",\"session\":{\"absolute_duration\":\"10d\"}}";
    visit v;

    visit_open(&v, settings);
    bring(&v, "{" NAMED("authjs-5") OWN "}", "", NOW_S, 30 * DAY_S);
    for (int64_t day = 1; day < 10; day++) { /* in use every day, and over on the tenth */
        assert_int_equal(get_session_at(&v, NOW_S + day * DAY_S), USHER_SESSION_VALID);
        assert_true(claims_have(&v, "\"ucat\":1767225600") || day == 1);
        assert_int_equal(usher_session_expires_ms(usher_exchange_session(v.ex)),
                         (NOW_S + 10 * DAY_S) * 1000);
    }
    assert_int_equal(get_session_at(&v, NOW_S + 10 * DAY_S + 16), USHER_SESSION_EXPIRED);
    assert_int_equal(v.deletions, 1);
    visit_close(&v);

    visit_open(&v, settings); /* older than that already when it was lowered */
    bring(&v, "{" NAMED("authjs-5") OWN "}", "", NOW_S, 30 * DAY_S);
    assert_int_equal(get_session_at(&v, NOW_S + 11 * DAY_S), USHER_SESSION_EXPIRED);
    visit_close(&v);
}

static void test_inactivity_and_rolling(void **state)
{
    (void)state;
    visit v;

    visit_open(&v, "{" NAMED("nextauth-4") OWN ",\"session\":{\"inactivity_duration\":\"1h\"}}");
    bring(&v, moves[0].from, "", NOW_S, 30 * DAY_S);
    assert_int_equal(get_session_at(&v, NOW_S + 3500), USHER_SESSION_VALID);
    assert_int_equal(get_session_at(&v, NOW_S + 7000), USHER_SESSION_VALID);
    assert_int_equal(get_session_at(&v, NOW_S + 7000 + 3616), USHER_SESSION_EXPIRED);
    visit_close(&v);

    visit_open(&v, "{" NAMED("nextauth-4") OWN ",\"session\":{\"rolling\":false}}");
    bring(&v, moves[0].from, "", NOW_S, 3600);
    assert_int_equal(get_session_at(&v, NOW_S + 3000), USHER_SESSION_VALID);
    assert_false(usher_exchange_session_written(v.ex));
    start_at(&v, NOW_S + 3000, false); /* a change is written, to the same end */
    assert_ok(update(&v, "{\"a\":1}"));
    obey(&v);
    assert_int_equal(get_session_at(&v, NOW_S + 3599), USHER_SESSION_VALID);
    assert_int_equal(get_session_at(&v, NOW_S + 3616), USHER_SESSION_EXPIRED);
    visit_close(&v);
}

/* A clock ten years back loses nobody: neither then, nor when it is right again. */
static void test_a_clock_that_steps_back(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof moves / sizeof *moves; i++) {
        visit v;

        visit_open(&v, moves[i].from);
        bring(&v, moves[i].from, "", NOW_S, 3600);
        assert_int_equal(get_session_at(&v, NOW_S - 3650 * DAY_S), USHER_SESSION_VALID);
        start_at(&v, NOW_S - 3650 * DAY_S, false);
        if (!v.site->profile->auth0) assert_ok(update(&v, "{\"a\":1}"));
        obey(&v);
        assert_int_equal(get_session_at(&v, NOW_S + 3599), USHER_SESSION_VALID);
        visit_close(&v);
    }
}

/* Auth0's sessions do not say when they were sealed; a step within their life takes nothing away.
 */
static void test_a_clock_that_steps_back_a_little(void **state)
{
    (void)state;
    static const char settings[] = "{" NAMED("auth0-4") OWN "}";
    visit v;

    visit_open(&v, settings);
    bring(&v, settings, "", NOW_S, 0);
    assert_int_equal(get_session_at(&v, NOW_S + DAY_S - 60), USHER_SESSION_VALID);
    assert_int_equal(get_session_at(&v, NOW_S + 60), USHER_SESSION_VALID); /* nearly a day back */
    assert_int_equal(get_session_at(&v, NOW_S + 2 * DAY_S - 61), USHER_SESSION_VALID);
    assert_int_equal(get_session_at(&v, NOW_S + 3 * DAY_S + 16), USHER_SESSION_EXPIRED);
    visit_close(&v);
}

/* --- the program's own tokens
 * --------------------------------------------------------------------- */

/* The simplest of encodings: a marker, and the claims in hexadecimal. */
static usher_str encode(usher_str claims)
{
    static char text[8192];
    size_t n = (size_t)snprintf(text, sizeof text, "own-");

    assert_true(claims.len * 2 + 8 < sizeof text);
    for (size_t i = 0; i < claims.len; i++)
        n += (size_t)snprintf(text + n, sizeof text - n, "%02x", (unsigned char)claims.ptr[i]);
    return kit_str(text);
}

static bool decode(usher_str *claims, usher_str token)
{
    static char text[8192];
    size_t n = 0;

    if (!usher_str_starts(token, USHER_STR("own-"))) return false;
    for (size_t i = 4; i + 1 < token.len; i += 2) {
        unsigned byte;
        char pair[3] = {token.ptr[i], token.ptr[i + 1], 0};
        assert_int_equal(sscanf(pair, "%x", &byte), 1);
        text[n++] = (char)byte;
    }
    *claims = (usher_str){text, n};
    return true;
}

typedef struct hooks {
    size_t decodes, encodes;
    usher_event_kind on_decode, on_encode; /* 0: as it should */
    const char *decoded, *encoded;         /* an answer of another kind */
} hooks;

static usher_status drive(visit *v, hooks *h, usher_status rc, usher_want *want)
{
    while (rc == USHER_OK && want->kind != USHER_WANT_NOTHING) {
        usher_event e = {.size = sizeof e, .kind = USHER_EVENT_HOOKED, .now_ms = NOW_S * 1000};

        assert_int_equal(want->kind, USHER_WANT_HOOK);
        assert_str(want->hook.cookie_name, "__Secure-next-auth.session-token");
        if (want->hook.kind == USHER_HOOK_DECODE) {
            h->decodes++;
            if (!decode(&e.value, want->hook.value)) e.kind = USHER_EVENT_HOOK_REFUSED;
            if (h->on_decode) e.kind = h->on_decode;
            if (h->decoded) e.value = kit_str(h->decoded);
        } else {
            h->encodes++;
            assert_true(want->hook.max_age_s > 0);
            e.value = encode(want->hook.value);
            if (h->on_encode) e.kind = h->on_encode;
            if (h->encoded) e.value = kit_str(h->encoded);
        }
        rc = usher_resume(v->ex, &e, want, NULL);
    }
    return rc;
}

#define HOOKED "{" NAMED("nextauth-4") OWN ",\"session\":{\"token\":\"hook\"}}"

static void open_hooked(visit *v)
{
    char claims[256];

    visit_open(v, HOOKED);
    snprintf(claims, sizeof claims, "{\"sub\":\"u1\",\"iat\":%lld,\"exp\":%lld}", (long long)NOW_S,
             (long long)NOW_S + 3600);
    keep(v, USHER_STR("__Secure-next-auth.session-token"), encode(kit_str(claims)));
}

static void test_hooks(void **state)
{
    (void)state;
    hooks h = {0};
    usher_want want;
    visit v;

    open_hooked(&v);
    start_at(&v, NOW_S, false);
    assert_ok(drive(&v, &h, usher_get_session(v.ex, &want, NULL), &want));
    assert_int_equal(usher_exchange_verdict(v.ex), USHER_SESSION_VALID);
    assert_true(usher_exchange_session_written(v.ex));
    assert_int_equal(h.decodes, 1);
    assert_int_equal(h.encodes, 1);
    obey(&v);
    start_at(&v, NOW_S + 1, false);
    assert_ok(
        drive(&v, &h, usher_update_session(v.ex, USHER_STR("{\"a\":[1]}"), &want, NULL), &want));
    assert_ok(drive(&v, &h, usher_get_token(v.ex, &want, NULL), &want));
    assert_true(claims_have(&v, "\"a\":[1]"));
    obey(&v);
    assert_int_equal(h.decodes, 2);
    start_at(&v, NOW_S + 30 * DAY_S - 1, false);
    assert_ok(drive(&v, &h, usher_guard(v.ex, &want, NULL), &want));
    assert_int_equal(usher_exchange_decision(v.ex), USHER_ALLOW);
    visit_close(&v);
}

/* getToken() takes a Bearer token, getSession() does not: with the program's own tokens too. */
static void test_hooks_and_bearer(void **state)
{
    (void)state;
    char bearer[512];
    hooks h = {0};
    usher_want want;
    visit v;

    open_hooked(&v);
    snprintf(bearer, sizeof bearer, "Bearer %s", v.values[0]);
    forget(&v, 0);
    for (int i = 0; i < 2; i++) {
        start_at(&v, NOW_S, false);
        v.fields[0] = (usher_header){USHER_STR("Authorization"), kit_str(bearer)};
        v.request.header_count = 1;
        assert_ok(usher_exchange_start(v.ex, v.site, &v.request, NOW_S * 1000, NULL));
        usher_status rc =
            i ? usher_get_token(v.ex, &want, NULL) : usher_get_session(v.ex, &want, NULL);
        assert_ok(drive(&v, &h, rc, &want));
        assert_int_equal(usher_exchange_verdict(v.ex), i ? USHER_SESSION_VALID : USHER_NO_SESSION);
    }
    visit_close(&v);
}

static void test_hooks_that_fail(void **state)
{
    (void)state;
    static const char *const nonsense[] = {
        "", "null", "[]", "{", "{}", "{\"sub\":\"u\"}", "{\"sub\":\"u\",\"exp\":\"1\"}"};
    static const char *const unfit[] = {"", "a b", "a;b", "a\r\nSet-Cookie: x=y", "a\x80", "a,b"};
    usher_want want;
    visit v;

    open_hooked(&v);
    hooks refuses = {.on_decode = USHER_EVENT_HOOK_REFUSED};
    start_at(&v, NOW_S, false);
    assert_ok(drive(&v, &refuses, usher_get_token(v.ex, &want, NULL), &want));
    assert_int_equal(usher_exchange_verdict(v.ex), USHER_SESSION_REJECTED);
    hooks fails = {.on_decode = USHER_EVENT_HOOK_FAILED}; /* could not tell: nothing is cleared */
    start_at(&v, NOW_S, false);
    assert_int_equal(drive(&v, &fails, usher_get_session(v.ex, &want, NULL), &want), USHER_E_IO);
    assert_int_equal(usher_exchange_response(v.ex)->header_count, 0);
    start_at(&v, NOW_S, false);
    assert_int_equal(drive(&v, &fails, usher_guard(v.ex, &want, NULL), &want), USHER_E_IO);
    assert_int_equal(usher_exchange_decision(v.ex), USHER_UNDECIDED);
    for (size_t i = 0; i < sizeof nonsense / sizeof *nonsense; i++) {
        hooks h = {.decoded = nonsense[i]};
        start_at(&v, NOW_S, false);
        assert_ok(drive(&v, &h, usher_get_token(v.ex, &want, NULL), &want));
        assert_int_equal(usher_exchange_verdict(v.ex), USHER_SESSION_REJECTED);
    }
    for (size_t i = 0; i <= sizeof unfit / sizeof *unfit; i++) {
        hooks h = {.encoded = i ? unfit[i - 1] : NULL,
                   .on_encode = i ? 0 : USHER_EVENT_HOOK_FAILED};
        size_t count;
        start_at(&v, NOW_S, false);
        assert_ok(drive(&v, &h, usher_get_session(v.ex, &want, NULL), &want));
        assert_int_equal(usher_exchange_verdict(v.ex), USHER_SESSION_VALID);
        assert_false(usher_exchange_session_written(v.ex));
        const usher_report *reports = usher_exchange_reports(v.ex, &count);
        assert_int_equal(reports[0].cause, USHER_CAUSE_HOOK);
        assert_int_equal(count, 1);
    }
    visit_close(&v);
}

/* --- callbacks and events ----------------------------------------------------------------------
 */

typedef struct program {
    char log[8192];         /* the hooks in the order they were asked, with what they were handed */
    const char *answers[5]; /* by kind, from JWT on; NULL: a sensible one */
    usher_event_kind kinds[5];
    bool same; /* answers jwt and session with what it was handed */
} program;

static const char *const hook_names[] = {"jwt", "session", "signIn", "redirect", "event"};

static const char *sensible(usher_hook_kind kind)
{
    switch (kind) {
    case USHER_HOOK_JWT: return "{\"sub\":\"u9\",\"name\":\"Ada\",\"role\":\"admin\"}";
    case USHER_HOOK_SESSION: return "{\"user\":{\"name\":\"Ada\"},\"role\":\"admin\"}";
    case USHER_HOOK_SIGN_IN: return "true";
    case USHER_HOOK_REDIRECT: return "\"http://localhost:3000/welcome\"";
    default: return "null";
    }
}

static usher_status play(visit *v, program *p, usher_status rc, usher_want *want)
{
    while (rc == USHER_OK && want->kind != USHER_WANT_NOTHING) {
        usher_event e = {.size = sizeof e, .kind = USHER_EVENT_HOOKED, .now_ms = NOW_S * 1000};
        size_t i = (size_t)want->hook.kind - USHER_HOOK_JWT, n = strlen(p->log);

        assert_int_equal(want->kind, USHER_WANT_HOOK);
        assert_true(i < 5);
        snprintf(p->log + n, sizeof p->log - n, "%s%.*s %.*s\n", hook_names[i],
                 (int)want->hook.name.len, want->hook.name.len ? want->hook.name.ptr : "",
                 (int)want->hook.value.len, want->hook.value.ptr);
        e.value = kit_str(p->answers[i] ? p->answers[i] : sensible(want->hook.kind));
        if (p->same) { /* a part of what was handed out, as it stands there */
            assert_true(want->hook.same.len && want->hook.value.len);
            assert_non_null(memmem(want->hook.value.ptr, want->hook.value.len, want->hook.same.ptr,
                                   want->hook.same.len));
            e.value = want->hook.same;
        }
        if (p->kinds[i]) e.kind = p->kinds[i];
        rc = usher_resume(v->ex, &e, want, NULL);
    }
    return rc;
}

#define ALL_HOOKS ",\"hooks\":[\"jwt\",\"session\",\"sign_in\",\"redirect\",\"events\"]"
#define DEVELOPMENT                                                                                \
    "\"base_url\":\"http://localhost:3000\",\"development\":true,\"secret\":\"" SECRET "\","       \
    "\"providers\":[{\"id\":\"dev\",\"type\":\"development\"}]"

static void test_callbacks_on_a_session(void **state)
{
    (void)state;
    static const char *const profiles[] = {"{" NAMED("nextauth-4") OWN, "{" NAMED("authjs-5") OWN};
    char settings[512], own[512];

    for (size_t i = 0; i < 2; i++) {
        program p = {.log = ""};
        usher_want want;
        visit v;

        snprintf(own, sizeof own, "%s}", profiles[i]);
        snprintf(settings, sizeof settings, "%s" ALL_HOOKS "}", profiles[i]);
        visit_open(&v, settings);
        bring(&v, own, ",\"usid\":\"S\",\"ucat\":5", NOW_S, 3600);
        start_at(&v, NOW_S, false);
        assert_ok(play(&v, &p, usher_get_session(v.ex, &want, NULL), &want));
        obey(&v);
        assert_int_equal(strncmp(p.log, "jwt {\"token\":{\"name\":\"Ada\"", 25), 0);
        assert_str(usher_session_json(usher_exchange_session(v.ex)),
                   "{\"user\":{\"name\":\"Ada\"},\"role\":\"admin\"}");
        assert_str(usher_session_subject(usher_exchange_session(v.ex)), "u9");
        /* what was written is the function's, and ours with it */
        p = (program){.log = ""};
        start_at(&v, NOW_S + 1, false);
        assert_ok(usher_get_token(v.ex, &want, NULL));
        assert_true(claims_have(&v, "\"role\":\"admin\",\"usid\":\"S\",\"ucat\":5"));
        assert_ok(
            play(&v, &p, usher_update_session(v.ex, USHER_STR("{\"x\":[1]}"), &want, NULL), &want));
        assert_non_null(strstr(p.log, "\"session\":{\"x\":[1]},\"trigger\":\"update\"}"));
        assert_non_null(strstr(p.log, "eventsession {\"session\":{\"user\":{\"name\":\"Ada\"}"));
        assert_true(usher_exchange_session_written(v.ex));
        visit_close(&v);
    }
}

/* Functions that change nothing: the session that a site without them shows and writes, whose
 * members keep their bytes. */
static void test_callbacks_that_change_nothing(void **state)
{
    (void)state;
    static const char *const profiles[] = {"{" NAMED("nextauth-4") OWN, "{" NAMED("authjs-5") OWN};
    static const char members[] = "\"big\":12345678901234567890,\"one\":1.0,\"usid\":\"S\"";
    char settings[512], own[512];

    for (size_t i = 0; i < 2; i++) {
        program p = {.log = "", .same = true};
        char shown[256];
        usher_want want;
        visit v;

        snprintf(own, sizeof own, "%s}", profiles[i]);
        visit_open(&v, own);
        bring(&v, own, ",\"big\":12345678901234567890,\"one\":1.0,\"usid\":\"S\"", NOW_S, 3600);
        start_at(&v, NOW_S + 1, false);
        assert_ok(usher_get_session(v.ex, &want, NULL));
        usher_str json = usher_session_json(usher_exchange_session(v.ex));
        snprintf(shown, sizeof shown, "%.*s", (int)json.len, json.ptr);
        visit_close(&v);

        snprintf(settings, sizeof settings, "%s,\"hooks\":[\"jwt\",\"session\"]}", profiles[i]);
        visit_open(&v, settings);
        bring(&v, own, ",\"big\":12345678901234567890,\"one\":1.0,\"usid\":\"S\"", NOW_S, 3600);
        start_at(&v, NOW_S + 1, false);
        assert_ok(play(&v, &p, usher_get_session(v.ex, &want, NULL), &want));
        assert_str(usher_session_json(usher_exchange_session(v.ex)), shown);
        assert_true(usher_exchange_session_written(v.ex));
        obey(&v);
        assert_non_null(strstr(p.log, "session {\"session\":"));
        start_at(&v, NOW_S + 2, true);
        assert_ok(usher_get_token(v.ex, &want, NULL));
        assert_true(claims_have(&v, members));
        visit_close(&v);
    }
}

/* v4 shows the token as it was before the function, v5 as it is after it. */
static void test_which_token_a_session_shows(void **state)
{
    (void)state;
    static const struct {
        const char *settings, *name;
    } rows[] = {{"{" NAMED("nextauth-4") OWN "}", "\"name\":\"Ada\""},
                {"{" NAMED("authjs-5") OWN "}", "\"name\":\"Bob\""}};
    char settings[512];

    for (size_t i = 0; i < 2; i++) {
        program p = {.answers = {"{\"sub\":\"u1\",\"name\":\"Bob\"}"}};
        usher_want want;
        visit v;

        snprintf(settings, sizeof settings, "%.*s,\"hooks\":[\"jwt\"]}",
                 (int)strlen(rows[i].settings) - 1, rows[i].settings);
        visit_open(&v, settings);
        bring(&v, rows[i].settings, "", NOW_S, 3600);
        start_at(&v, NOW_S, false);
        assert_ok(play(&v, &p, usher_get_session(v.ex, &want, NULL), &want));
        assert_true(usher_str_find(usher_session_json(usher_exchange_session(v.ex)),
                                   kit_str(rows[i].name)) != SIZE_MAX);
        visit_close(&v);
    }
}

static void test_callbacks_that_say_no(void **state)
{
    (void)state;
    static const char settings[] = "{" NAMED("authjs-5") OWN ALL_HOOKS "}";
    static const char *const nonsense[] = {"",  "[]",    "1",
                                           "{", "\"x\"", "{\"value\":\"v\",\"provider\":\"p\"}"};
    usher_want want;
    visit v;

    visit_open(&v, settings);
    bring(&v, "{" NAMED("authjs-5") OWN "}", "", NOW_S, 3600);
    program fails = {.kinds = {USHER_EVENT_HOOK_FAILED}}; /* nobody can tell: nothing is cleared */
    start_at(&v, NOW_S, false);
    assert_int_equal(play(&v, &fails, usher_get_session(v.ex, &want, NULL), &want), USHER_E_IO);
    assert_int_equal(usher_exchange_response(v.ex)->header_count, 0);
    for (size_t i = 0; i < sizeof nonsense / sizeof *nonsense; i++) {
        program p = {.answers = {nonsense[i]}};
        start_at(&v, NOW_S, false);
        assert_int_equal(play(&v, &p, usher_get_session(v.ex, &want, NULL), &want), USHER_E_IO);
    }
    program shy = {.answers = {NULL, "null"}}; /* a session that shows nothing is still there */
    start_at(&v, NOW_S, false);
    assert_ok(play(&v, &shy, usher_get_session(v.ex, &want, NULL), &want));
    assert_str(usher_exchange_response(v.ex)->body, "null");
    assert_int_equal(usher_exchange_verdict(v.ex), USHER_SESSION_VALID);
    program deaf = {.kinds = {0, 0, 0, 0, USHER_EVENT_HOOK_FAILED}}; /* events change nothing */
    start_at(&v, NOW_S, false);
    assert_ok(play(&v, &deaf, usher_get_session(v.ex, &want, NULL), &want));
    assert_int_equal(usher_exchange_verdict(v.ex), USHER_SESSION_VALID);
    program ends = {.kinds = {USHER_EVENT_HOOK_REFUSED}}; /* null from jwt: the session is over */
    start_at(&v, NOW_S, false);
    assert_ok(play(&v, &ends, usher_get_session(v.ex, &want, NULL), &want));
    assert_int_equal(usher_exchange_verdict(v.ex), USHER_SESSION_REVOKED);
    obey(&v);
    assert_int_equal(v.deletions, 1);
    visit_close(&v);
}

/* Signs in with the development provider; the status, and the Location in `where`. */
static usher_status sign_in(visit *v, program *p, char where[512])
{
    char body[256];
    usher_want want;

    start_at(v, NOW_S, false);
    assert_ok(usher_get_csrf_token(v->ex, &want, NULL));
    snprintf(body, sizeof body, "csrfToken=%.64s&user=ada&callbackUrl=%%2Fback",
             usher_exchange_csrf_token(v->ex).ptr);
    obey(v);
    start_at(v, NOW_S, false);
    v->request.method = USHER_STR("POST");
    v->request.target = USHER_STR("/api/auth/callback/dev");
    v->request.body = kit_str(body);
    v->fields[1] =
        (usher_header){USHER_STR("Content-Type"), USHER_STR("application/x-www-form-urlencoded")};
    v->request.header_count = 2;
    assert_ok(usher_exchange_start(v->ex, v->site, &v->request, NOW_S * 1000, NULL));
    usher_status rc = play(v, p, usher_handle(v->ex, &want, NULL), &want);
    const usher_response *r = usher_exchange_response(v->ex);
    where[0] = 0;
    for (size_t i = 0; i < r->header_count; i++)
        if (usher_str_eq(r->headers[i].name, USHER_STR("Location")))
            snprintf(where, 512, "%.*s", (int)r->headers[i].value.len, r->headers[i].value.ptr);
    obey(v);
    return rc;
}

static const char sign_in_settings[] = "{" DEVELOPMENT ALL_HOOKS "}";

static void test_callbacks_on_a_sign_in(void **state)
{
    (void)state;
    char where[512];
    usher_want want;
    visit v;

    visit_open(&v, sign_in_settings);
    program fine = {.log = ""};
    assert_ok(sign_in(&v, &fine, where));
    assert_true(usher_exchange_signed_in(v.ex));
    assert_string_equal(where, "http://localhost:3000/welcome");
    assert_non_null(strstr(fine.log,
                           "redirect {\"url\":\"/back\",\"baseUrl\":\"http://localhost:3000\"}\n"
                           "signIn {\"user\":{\"id\":\"ada\","));
    assert_non_null(strstr(fine.log, "\"account\":{\"provider\":\"dev\",\"type\":\"credentials\","
                                     "\"providerAccountId\":\"ada\"}}\njwt {\"token\":{\"name\":"));
    assert_non_null(strstr(fine.log, "\"isNewUser\":false,\"trigger\":\"signIn\"}\neventsignIn {"));
    start_at(&v, NOW_S, true);
    assert_ok(usher_get_token(v.ex, &want, NULL));
    assert_true(claims_have(&v, "\"role\":\"admin\",\"usid\":\""));
    visit_close(&v);
}

static void test_callbacks_that_refuse_a_sign_in(void **state)
{
    (void)state;
    static const struct {
        program p;
        usher_status status;
        const char *where;
        bool session;
    } rows[] = {
        {{.answers = {NULL, NULL, "false"}}, USHER_OK, "error=AccessDenied", false},
        {{.answers = {NULL, NULL, "\"https://other.example/\""}},
         USHER_OK,
         "https://other.example/",
         false},
        {{.answers = {NULL, NULL, "{}"}}, USHER_OK, "error=AccessDenied", false},
        {{.kinds = {0, 0, USHER_EVENT_HOOK_REFUSED}}, USHER_OK, "error=AccessDenied", false},
        {{.kinds = {0, 0, USHER_EVENT_HOOK_FAILED}}, USHER_E_IO, "", false},
        {{.answers = {"null"}}, USHER_OK, "/welcome", false},
        {{.answers = {"[]"}}, USHER_E_IO, "", false},
        {{.kinds = {USHER_EVENT_HOOK_FAILED}}, USHER_E_IO, "", false},
        {{.answers = {NULL, NULL, NULL, "7"}}, USHER_E_IO, "", false},
        {{.answers = {NULL, NULL, NULL, "\"/a\\nSet-Cookie: x\""}}, USHER_E_IO, "", false},
        {{.kinds = {0, 0, 0, 0, USHER_EVENT_HOOK_FAILED}}, USHER_OK, "/welcome", true},
    };

    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        program p = rows[i].p;
        char where[512];
        visit v;

        visit_open(&v, sign_in_settings);
        if (sign_in(&v, &p, where) != rows[i].status || !strstr(where, rows[i].where))
            fail_msg("row %zu: %s", i, where);
        assert_int_equal(usher_exchange_signed_in(v.ex), rows[i].session);
        assert_int_equal(has_cookie(&v, "authjs.session-token"), rows[i].session);
        visit_close(&v);
    }
}

/* --- misuse
 * --------------------------------------------------------------------------------------- */

static void test_operations_need_a_start(void **state)
{
    (void)state;
    usher_want want;
    visit v;

    visit_open(&v, moves[0].from);
    assert_int_equal(usher_get_session(v.ex, &want, NULL), USHER_E_USAGE);
    assert_int_equal(update(&v, "{}"), USHER_E_USAGE);
    start_at(&v, NOW_S, false);
    assert_ok(usher_guard(v.ex, &want, NULL));
    assert_int_equal(usher_get_session(v.ex, &want, NULL), USHER_E_USAGE);
    assert_int_equal(update(&v, "{}"), USHER_E_USAGE);
    visit_close(&v);
    visit_open(&v, "{" NAMED("auth0-4") OWN "}");
    start_at(&v, NOW_S, false);
    assert_int_equal(usher_get_csrf_token(v.ex, &want, NULL), USHER_E_USAGE);
    visit_close(&v);
}

/* --- memory
 * --------------------------------------------------------------------------------------- */

typedef usher_status operation(usher_exchange *ex, usher_want *want, usher_error *err);

static usher_status change(usher_exchange *ex, usher_want *want, usher_error *err)
{
    return usher_update_session(ex, USHER_STR("{\"user\":{\"name\":\"x\"},\"y\":1}"), want, err);
}

/* Refused memory is "could not tell": no verdict, no cookie. */
static void sweep(const move *m, operation *run, bool from_then_on)
{
    bool failed = true;
    visit v;

    visit_open(&v, m->to);
    bring(&v, m->from, ",\"role\":[1.50]", NOW_S, 3600);
    for (size_t n = 0; failed; n++) {
        kit_alloc memory = {.fail_at = n, .from_then_on = from_then_on};
        usher_allocator alloc = kit_allocator(&memory);
        usher_exchange_options options = {.size = sizeof options, .allocator = &alloc};
        usher_exchange *ex = NULL;
        usher_want want;

        start_at(&v, NOW_S + 60, false);
        usher_status rc = usher_exchange_new(&ex, &options, NULL);
        if (!rc) rc = usher_exchange_start(ex, v.site, &v.request, (NOW_S + 60) * 1000, NULL);
        if (!rc) rc = run(ex, &want, NULL);
        if (ex && rc) {
            assert_int_equal(usher_exchange_verdict(ex), USHER_NO_SESSION);
            assert_int_equal(usher_exchange_response(ex)->header_count, 0);
        }
        if (!rc) assert_int_equal(usher_exchange_verdict(ex), USHER_SESSION_VALID);
        usher_exchange_free(ex);
        assert_int_equal(memory.live, 0);
        failed = memory.failed;
        if (failed) assert_int_equal(rc, USHER_E_NOMEM);
    }
    visit_close(&v);
}

static void test_every_allocation_may_fail(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof moves / sizeof *moves; i++) {
        sweep(&moves[i], usher_get_session, i % 2 == 0);
        sweep(&moves[i], change, i % 2 == 1);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_moves),
        cmocka_unit_test(test_what_is_not_understood_stays),
        cmocka_unit_test(test_the_own_session_comes_first),
        cmocka_unit_test(test_signing_out_clears_all),
        cmocka_unit_test(test_update_claims),
        cmocka_unit_test(test_update_auth0),
        cmocka_unit_test(test_updates_that_change_nothing),
        cmocka_unit_test(test_too_large),
        cmocka_unit_test(test_far_too_large),
        cmocka_unit_test(test_many_changes),
        cmocka_unit_test(test_too_large_for_cookies),
        cmocka_unit_test(test_pieces_within_one_answer),
        cmocka_unit_test(test_read_only),
        cmocka_unit_test(test_read_only_reports),
        cmocka_unit_test(test_absolute_duration),
        cmocka_unit_test(test_inactivity_and_rolling),
        cmocka_unit_test(test_a_clock_that_steps_back),
        cmocka_unit_test(test_a_clock_that_steps_back_a_little),
        cmocka_unit_test(test_hooks),
        cmocka_unit_test(test_hooks_and_bearer),
        cmocka_unit_test(test_hooks_that_fail),
        cmocka_unit_test(test_callbacks_on_a_session),
        cmocka_unit_test(test_callbacks_that_change_nothing),
        cmocka_unit_test(test_which_token_a_session_shows),
        cmocka_unit_test(test_callbacks_that_say_no),
        cmocka_unit_test(test_callbacks_on_a_sign_in),
        cmocka_unit_test(test_callbacks_that_refuse_a_sign_in),
        cmocka_unit_test(test_operations_need_a_start),
        cmocka_unit_test(test_every_allocation_may_fail),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
