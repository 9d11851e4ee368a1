/* Reading, rolling, issuing and ending the session of an exchange. */
#include <string.h>

#include "base/error.h"
#include "base/str.h"
#include "flow/exchange.h"
#include "session/bearer.h"

static usher_session_cookie_attributes attributes(const usher_exchange *ex, int64_t expires_s)
{
    const usher_site_cookie *c = &ex->site->cookies[USHER_COOKIE_SESSION];

    return (usher_session_cookie_attributes){.name = c->name,
                                             .domain = c->domain,
                                             .path = c->path,
                                             .secure = c->secure,
                                             .same_site = c->same_site,
                                             .expires_s = expires_s};
}

static usher_status judge(usher_exchange *ex, usher_str token, usher_error *err)
{
    usher_cause cause = USHER_CAUSE_NONE;
    bool is_session = false;
    usher_status rc =
        usher_token_open(&ex->claims, &ex->verdict, &cause, &ex->arena, ex->cipher, &ex->site->keys,
                         USHER_FOR_SESSION, token, usher_now_s(ex), err);

    if (rc) return rc;
    usher_flow_report(ex, cause, NULL);
    if (ex->verdict != USHER_SESSION_VALID) return USHER_OK;
    int64_t expires_ms = ex->claims.has_exp && ex->claims.exp < 1e12
                             ? (int64_t)(ex->claims.exp * 1000)
                             : INT64_C(253402300799999);
    rc = usher_session_from_claims(&ex->session, &is_session, &ex->arena, &ex->claims, expires_ms,
                                   err);
    if (rc || is_session) return rc;
    ex->verdict = USHER_SESSION_REJECTED;
    usher_flow_report(ex, USHER_CAUSE_TOKEN_CLAIMS, NULL);
    return USHER_OK;
}

usher_status usher_flow_read_session(usher_exchange *ex, bool bearer, usher_error *err)
{
    usher_str token;
    usher_status rc = usher_session_cookie_read(
        &ex->received, &ex->arena, ex->site->profile, ex->site->profile->dialect,
        ex->site->cookies[USHER_COOKIE_SESSION].name, ex->headers.cookie, err);

    /* More cookies than anybody has: none of them is believed. */
    if (ex->too_large || usher_flow_peer_fault(ex, rc)) {
        ex->verdict = USHER_SESSION_REJECTED;
        usher_flow_report(ex, USHER_CAUSE_REQUEST_TOO_LARGE, NULL);
        return USHER_OK;
    }
    if (rc) return rc;
    token = ex->received.value;
    if (bearer && !token.len && !ex->received.too_many && ex->headers.authorization.len)
        if ((rc = usher_bearer_read(&token, &ex->arena, ex->headers.authorization, err))) return rc;
    if (ex->received.too_many || token.len > ex->site->token_max) {
        ex->verdict = USHER_SESSION_REJECTED;
        usher_flow_report(ex, USHER_CAUSE_TOKEN_TOO_LARGE, NULL);
        return USHER_OK;
    }
    return token.len ? judge(ex, token, err) : USHER_OK;
}

static usher_status put_lines(usher_exchange *ex, const usher_str *lines, size_t count,
                              usher_error *err)
{
    usher_status rc = USHER_OK;

    for (size_t i = 0; i < count && rc == USHER_OK; i++) {
        usher_str rest, name = usher_str_cut(lines[i], '=', &rest);
        rc = usher_respond_set_cookie(ex, name, lines[i], err);
    }
    return rc;
}

usher_status usher_flow_forget_session(usher_exchange *ex, usher_error *err)
{
    usher_session_cookie_attributes attrs = attributes(ex, 0);
    usher_str *lines;
    size_t count;

    if (!ex->received.count) return USHER_OK;
    usher_status rc = usher_session_cookie_write(&lines, &count, &ex->arena, ex->site->profile,
                                                 &ex->received, &attrs, USHER_STR(""), err);
    return rc ? rc : put_lines(ex, lines, count, err);
}

/* Seals `claims` and sets its cookies. *written is false, with a report, if they would not fit:
 * then nothing changes. */
static usher_status write_session(usher_exchange *ex, usher_str claims, bool only_one_cookie,
                                  bool *written, usher_error *err)
{
    usher_str token, *lines = NULL;
    size_t count = 0;
    int64_t exp_s, now_s = usher_now_s(ex), age_s = ex->site->session_max_age_s;
    usher_session_cookie_attributes attrs = attributes(ex, now_s + age_s);
    usher_status rc = usher_token_seal(&token, &exp_s, &ex->arena, ex->cipher, &ex->site->keys,
                                       USHER_FOR_SESSION, claims, now_s, age_s, ex->entropy, err);

    *written = false;
    if (rc) return rc;
    if (token.len > ex->site->token_max)
        rc = USHER_E_LIMIT;
    else
        rc = usher_session_cookie_write(&lines, &count, &ex->arena, ex->site->profile,
                                        &ex->received, &attrs, token, err);
    if (usher_flow_peer_fault(ex, rc)) {
        usher_flow_report(ex, USHER_CAUSE_SESSION_TOO_LARGE, NULL);
        return USHER_OK;
    }
    if (rc || (only_one_cookie && count != 1)) return rc;
    *written = true;
    return put_lines(ex, lines, count, err);
}

usher_status usher_flow_roll_session(usher_exchange *ex, bool only_one_cookie, usher_error *err)
{
    bool written;
    usher_status rc = write_session(ex, ex->claims.text, only_one_cookie, &written, err);

    if (rc == USHER_OK && written)
        ex->session.expires_ms = ex->now_ms + ex->site->session_max_age_s * 1000;
    return rc;
}

usher_status usher_flow_issue_session(usher_exchange *ex, const usher_user *user, bool *issued,
                                      usher_error *err)
{
    usher_str claims;
    usher_status rc;

    *issued = false;
    if ((rc = usher_session_cookie_read(
             &ex->received, &ex->arena, ex->site->profile, ex->site->profile->dialect,
             ex->site->cookies[USHER_COOKIE_SESSION].name, ex->headers.cookie, err)) ||
        (rc = usher_session_new_claims(&claims, &ex->arena, user, ex->entropy, err)) ||
        (rc = write_session(ex, claims, false, issued, err)))
        return rc;
    ex->signed_in = *issued;
    return USHER_OK;
}

usher_status usher_flow_session_answer(usher_exchange *ex, usher_error *err)
{
    usher_str body = ex->site->profile->no_session;
    usher_status rc = usher_flow_read_session(ex, false, err);

    if (rc) return rc;
    if (ex->post && !ex->csrf_verified) {
        usher_flow_report(ex, USHER_CAUSE_CSRF_TOKEN, NULL);
        ex->verdict = USHER_NO_SESSION;
        usher_respond_body(ex, 400, USHER_STR("application/json"), body);
        return USHER_OK;
    }
    if (ex->verdict == USHER_SESSION_VALID) {
        if ((rc = usher_flow_roll_session(ex, false, err)) ||
            (rc = usher_session_write_json(&ex->session, &ex->arena, &ex->claims, err)))
            return rc;
        body = ex->session.json;
    } else if (ex->verdict != USHER_NO_SESSION) {
        if ((rc = usher_flow_forget_session(ex, err))) return rc;
    }
    usher_respond_body(ex, 200, USHER_STR("application/json"), body);
    usher_respond_private(ex);
    return USHER_OK;
}
