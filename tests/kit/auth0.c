#include "tests/kit/auth0.h"

#include "base/str.h"

void auth0_open(browser *b, const char *more, const char *provider)
{
    char json[4096];

    snprintf(json, sizeof json,
             "{\"site\":{\"base_url\":\"" AUTH0_APP "\",\"development\":true,"
             "\"profile\":\"auth0-4\",\"secret\":\"" AUTH0_SECRET "\","
             "\"providers\":[{\"issuer\":\"" KIT_ISSUER "\",\"client_id\":\"client-1\","
             "\"client_secret\":\"a-client-secret-of-some-length\","
             "\"id_token_alg\":\"ES256\"%s}]%s}}",
             provider, more);
    browser_start(b, kit_site(json), AUTH0_NOW_S);
    b->op.metadata = AUTH0_ENDS;
    b->op.tokens = AUTH0_REFRESH;
}

void auth0_log_in(browser *b, const char *query, char state[128])
{
    char target[9000];

    snprintf(target, sizeof target, "/auth/login%s", query);
    browser_get(b, target);
    if (b->status != 307) fail_msg("%s: %d %s", target, b->status, b->body);
    assert_true(usher_str_starts(kit_str(b->location), USHER_STR(KIT_ISSUER "/auth?")));
    assert_true(kit_parameter(b->location, "state", state, 128));
    assert_true(kit_parameter(b->location, "nonce", b->op.nonce, sizeof b->op.nonce));
}

void auth0_come_back(browser *b, const char *state, const char *more, meddler *meddle, void *ctx)
{
    char target[2048];

    snprintf(target, sizeof target, "/auth/callback?state=%s%s", state, more);
    browser_ask(b, usher_handle, "GET", target, NULL, meddle, ctx);
}

void auth0_sign_in(browser *b)
{
    size_t others = browser_count(b, "__txn_");
    char state[128];

    auth0_log_in(b, "?returnTo=%2Fclosed", state);
    auth0_come_back(b, state, "&code=code-1", NULL, NULL);
    if (b->status != 307) fail_msg("callback: %d %s", b->status, b->body);
    assert_string_equal(b->location, AUTH0_APP "/closed");
    assert_true(b->signed_in);
    assert_int_equal(browser_count(b, "__session"), 1);
    assert_int_equal(browser_count(b, "__txn_"), others);
}

void auth0_meddle(void *mischief, size_t want, const usher_fetch *fetch, usher_event *event)
{
    static const char no[] = "{\"error\":\"no\",\"error_description\":\"<b>no</b>\"}";
    const auth0_mischief *m = mischief;

    (void)fetch;
    if (want != m->want) return;
    switch (m->how) {
    case AUTH0_UNREACHABLE:
    case AUTH0_LATE:
        *event = (usher_event){.size = sizeof *event,
                               .kind = USHER_EVENT_FETCH_FAILED,
                               .now_ms = event->now_ms,
                               .why = m->how == AUTH0_LATE ? "no answer in time" : "no answer"};
        return;
    case AUTH0_FAILED: event->http_status = 500; return;
    case AUTH0_EMPTY: event->body = USHER_STR(""); return;
    case AUTH0_MALFORMED: event->body = USHER_STR("{\"a\":"); return;
    case AUTH0_OTHER: event->body = kit_str(no); return;
    case AUTH0_REFUSED:
        event->body = kit_str(no);
        event->http_status = 403;
        return;
    case AUTH0_REDIRECT:
        event->http_status = 302;
        event->content_type = USHER_STR("text/html");
        return;
    case AUTH0_WRONGS: return;
    }
}
