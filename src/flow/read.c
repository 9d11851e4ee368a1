/* Finding and judging the session of a request: format by format, the site's own first. */
#include <math.h>
#include <string.h>

#include "base/error.h"
#include "base/str.h"
#include "flow/store.h"
#include "session/bearer.h"

#define LATEST_MS INT64_C(253402300799999) /* the year 9999 */

/* --- cookies ---------------------------------------------------------------------------------- */

usher_brought *usher_flow_brought(usher_exchange *ex, size_t format)
{
    if (format == 0) return &ex->first;
    if (!ex->others)
        ex->others =
            usher_arena_get_zero(&ex->arena, ex->site->format_count - 1, sizeof *ex->others);
    return ex->others ? &ex->others[format - 1] : NULL;
}

static usher_status read_jar(usher_brought *b, usher_exchange *ex, const usher_format *f,
                             usher_error *err)
{
    b->jar = usher_arena_get(&ex->arena, sizeof *b->jar);
    if (!b->jar) return usher_arena_fail(&ex->arena, err);
    usher_status rc = usher_auth0_jar_read(b->jar, &ex->arena, &f->auth0, ex->headers.cookie, err);
    b->too_many = b->jar->too_many;
    return rc;
}

static usher_status read_pieces(usher_brought *b, usher_exchange *ex, const usher_format *f,
                                usher_error *err)
{
    usher_status rc =
        usher_session_cookie_read(&b->pieces, &ex->arena, f->profile, f->profile->dialect,
                                  f->cookie.name, ex->headers.cookie, err);

    b->token = b->pieces.value;
    b->too_many = b->pieces.too_many;
    return rc;
}

usher_status usher_flow_bring(usher_brought **out, usher_exchange *ex, size_t index,
                              usher_error *err)
{
    const usher_format *f = &ex->site->formats[index];
    usher_brought *b = usher_flow_brought(ex, index);

    *out = b;
    if (!b) return usher_arena_fail(&ex->arena, err);
    if (b->read) return USHER_OK;
    usher_status rc = f->profile->auth0 ? read_jar(b, ex, f, err) : read_pieces(b, ex, f, err);
    b->read = rc == USHER_OK;
    return rc;
}

/* --- verdicts --------------------------------------------------------------------------------- */

static usher_status refuse(usher_exchange *ex, usher_verdict verdict, usher_cause cause)
{
    ex->verdict = verdict;
    usher_flow_report(ex, cause, NULL);
    return USHER_OK;
}

static int64_t end_ms(double end_s)
{
    if (!(end_s > 0)) return 0;
    return end_s < 253402300799.0 ? (int64_t)(end_s * 1000) : LATEST_MS;
}

/* A token opened; whether it is a session, and how long, is a second question. */
static usher_status judge_claims(usher_exchange *ex, usher_error *err)
{
    usher_held *h = &ex->held;
    usher_life life = usher_life_of(&h->claims);
    double now = (double)usher_now_s(ex), limit = usher_lifetime_limit(&ex->site->lifetime, &life);
    bool is_session = false;

    h->end_s = usher_lifetime_end(&ex->site->lifetime, &life);
    if (limit <= now - (double)ex->site->profile->tolerance_s)
        return refuse(ex, USHER_SESSION_EXPIRED, USHER_CAUSE_TOKEN_EXPIRED);
    usher_status rc = usher_session_from_claims(&ex->session, &is_session, &ex->arena, &h->claims,
                                                end_ms(h->end_s), err);
    if (rc || is_session) return rc;
    return refuse(ex, USHER_SESSION_REJECTED, USHER_CAUSE_TOKEN_CLAIMS);
}

/* What the program's own function made of a token is judged like what we opened. */
static usher_status open_hooked(usher_exchange *ex, const usher_format *f, const usher_brought *b,
                                usher_cause *cause, usher_error *err)
{
    usher_held *h = &ex->held;
    usher_status rc;

    ex->verdict = USHER_SESSION_REJECTED;
    *cause = USHER_CAUSE_TOKEN_FORGED;
    if (b->refused) return USHER_OK;
    h->claims.text = b->claims;
    rc = usher_json_read_object(&h->claims.object, &ex->arena, b->claims, &usher_json_limits_claims,
                                err);
    *cause = USHER_CAUSE_HOOK;
    if (usher_flow_peer_fault(ex, rc)) return USHER_OK;
    if (rc) return rc;
    *cause = usher_claims_judge(&h->claims, usher_now_s(ex), f->profile->tolerance_s);
    if (*cause == USHER_CAUSE_NONE) ex->verdict = USHER_SESSION_VALID;
    if (*cause == USHER_CAUSE_TOKEN_EXPIRED) ex->verdict = USHER_SESSION_EXPIRED;
    return USHER_OK;
}

static usher_status open_token(usher_exchange *ex, const usher_format *f, const usher_brought *b,
                               usher_str token, usher_cause *cause, usher_error *err)
{
    int64_t now_s = usher_now_s(ex);

    switch (f->form) {
    case USHER_TOKEN_SEALED:
        return usher_token_open(&ex->held.claims, &ex->verdict, cause, &ex->arena, ex->cipher,
                                f->keys, USHER_FOR_SESSION, token, now_s, err);
    case USHER_TOKEN_SIGNED:
        return usher_signed_open(&ex->held.claims, &ex->verdict, cause, &ex->arena, f->signing,
                                 token, now_s, f->profile->tolerance_s, err);
    case USHER_TOKEN_HOOKED:
    case USHER_TOKEN_STORED: break;
    }
    return open_hooked(ex, f, b, cause, err);
}

static bool judges_again(const usher_exchange *ex)
{
    return ex->site->stores && ex->site->format_count > 1;
}

static usher_status keep_opened(usher_exchange *ex, usher_brought *b, usher_cause cause,
                                const usher_auth0_session *s, usher_error *err)
{
    if (!(b->opened = usher_arena_get_zero(&ex->arena, 1, sizeof *b->opened)))
        return usher_arena_fail(&ex->arena, err);
    b->opened->verdict = ex->verdict;
    b->opened->cause = cause;
    b->opened->claims = ex->held.claims;
    if (s) b->opened->auth0 = *s;
    return USHER_OK;
}

/* A Bearer token, and one that was written meanwhile, is not what came in the cookie. */
static usher_status open_once(usher_exchange *ex, const usher_format *f, usher_brought *b,
                              usher_str token, usher_cause *cause, usher_error *err)
{
    bool keeps = judges_again(ex) && token.ptr == b->token.ptr && f->form != USHER_TOKEN_HOOKED;
    usher_status rc;

    if (keeps && b->opened) {
        ex->verdict = b->opened->verdict;
        ex->held.claims = b->opened->claims;
        *cause = b->opened->cause;
        return USHER_OK;
    }
    rc = open_token(ex, f, b, token, cause, err);
    return rc || !keeps ? rc : keep_opened(ex, b, *cause, NULL, err);
}

static usher_status judge_token(usher_exchange *ex, const usher_format *f, usher_brought *b,
                                usher_str token, usher_error *err)
{
    usher_cause cause = USHER_CAUSE_NONE;
    usher_status rc = open_once(ex, f, b, token, &cause, err);

    if (rc) return rc;
    usher_flow_report(ex, cause, NULL);
    return ex->verdict == USHER_SESSION_VALID ? judge_claims(ex, err) : USHER_OK;
}

static usher_status judge_pieces(usher_exchange *ex, const usher_format *f, usher_brought *b,
                                 bool bearer, usher_error *err)
{
    usher_str token = b->token;
    usher_status rc;

    if (bearer && !token.len && !b->too_many && ex->headers.authorization.len)
        if ((rc = usher_bearer_read(&token, &ex->arena, ex->headers.authorization, err))) return rc;
    if (b->too_many || token.len > ex->site->token_max)
        return refuse(ex, USHER_SESSION_REJECTED, USHER_CAUSE_TOKEN_TOO_LARGE);
    return token.len ? judge_token(ex, f, b, token, err) : USHER_OK;
}

/* --- Auth0's ---------------------------------------------------------------------------------- */

static double number_in(const usher_json_object *o, usher_str name, double otherwise)
{
    double n;

    return usher_json_double(&n, usher_json_get(o, name)) && isfinite(n) ? n : otherwise;
}

static double earlier(double a, double b)
{
    return b < a ? b : a;
}

/* The sealed expiry, the ceiling of the provider, the absolute duration: whichever comes first. */
static usher_status auth0_end(double *end, usher_exchange *ex, const usher_format *f,
                              const usher_auth0_session *s, usher_error *err)
{
    usher_json value = usher_json_get(&s->members, USHER_STR("internal"));
    usher_json_object internal = {0};
    usher_status rc = value.type == USHER_JSON_OBJECT
                          ? usher_json_members(&internal, &ex->arena, value, err)
                          : USHER_OK;

    *end = earlier(number_in(&s->members, USHER_STR("exp"), INFINITY),
                   number_in(&internal, USHER_STR("sessionExpiresAt"), INFINITY));
    if (s->has_created) *end = earlier(*end, s->created_s + (double)f->auth0.absolute_s);
    return rc;
}

static usher_status text_member(usher_str *out, usher_arena *a, const usher_json_object *o,
                                usher_str name, usher_error *err)
{
    usher_json value = usher_json_get(o, name);

    *out = (usher_str){0};
    return value.type == USHER_JSON_STRING ? usher_json_string(out, a, value, err) : USHER_OK;
}

static usher_status view_auth0(usher_exchange *ex, const usher_format *f, usher_error *err)
{
    const usher_auth0_session *s = ex->held.auth0;
    usher_session *out = &ex->session;
    usher_json_object user;
    usher_status rc;

    *out = (usher_session){.claims = s->json};
    if ((rc = auth0_end(&ex->held.end_s, ex, f, s, err)) ||
        (rc = usher_json_members(&user, &ex->arena, usher_json_get(&s->members, USHER_STR("user")),
                                 err)) ||
        (rc = text_member(&out->subject, &ex->arena, &user, USHER_STR("sub"), err)) ||
        (rc = text_member(&out->name, &ex->arena, &user, USHER_STR("name"), err)) ||
        (rc = text_member(&out->email, &ex->arena, &user, USHER_STR("email"), err)) ||
        (rc = text_member(&out->picture, &ex->arena, &user, USHER_STR("picture"), err)))
        return rc;
    out->expires_ms = end_ms(ex->held.end_s);
    return USHER_OK;
}

usher_auth0_context usher_flow_auth0(usher_exchange *ex, const usher_format *f)
{
    return (usher_auth0_context){.arena = &ex->arena,
                                 .cipher = ex->cipher,
                                 .keys = f->keys,
                                 .options = &f->auth0,
                                 .now_s = usher_now_s(ex)};
}

usher_status usher_flow_hold_auth0(usher_exchange *ex, const usher_format *f,
                                   const usher_auth0_session *s, usher_error *err)
{
    if (!ex->held.auth0) ex->held.auth0 = usher_arena_get(&ex->arena, sizeof *s);
    if (!ex->held.auth0) return usher_arena_fail(&ex->arena, err);
    *ex->held.auth0 = *s;
    return view_auth0(ex, f, err);
}

/* The row under the id that the cookie holds; gone means that somebody ended it, and what is no
 * record at all says nothing about the visitor. */
static usher_status open_record(usher_auth0_session *s, usher_cause *cause, usher_exchange *ex,
                                const usher_auth0_context *c, const usher_brought *b,
                                usher_error *err)
{
    ex->verdict = b->id_verdict;
    *cause = b->id_cause;
    if (b->id_verdict != USHER_SESSION_VALID) return USHER_OK;
    if (b->row.ptr) {
        usher_status rc = usher_auth0_record_open(s, &ex->verdict, cause, c, b->row, err);
        if (rc || *cause != USHER_CAUSE_TOKEN_MALFORMED) return rc;
        return usher_store_failed(ex, "exchange: what the store answered is no record", err);
    }
    ex->verdict = USHER_SESSION_REVOKED;
    *cause = USHER_CAUSE_SESSION_UNKNOWN;
    return USHER_OK;
}

static usher_status open_jar(usher_auth0_session *s, usher_cause *cause, usher_exchange *ex,
                             const usher_auth0_context *c, usher_brought *b, usher_error *err)
{
    usher_status rc;

    if (b->opened) {
        *s = b->opened->auth0;
        ex->verdict = b->opened->verdict;
        *cause = b->opened->cause;
        return USHER_OK;
    }
    rc = usher_auth0_session_open(s, &ex->verdict, cause, c, b->jar, err);
    return rc || !judges_again(ex) ? rc : keep_opened(ex, b, *cause, s, err);
}

static usher_status judge_jar(usher_exchange *ex, const usher_format *f, usher_brought *b,
                              usher_error *err)
{
    if (f->form == USHER_TOKEN_STORED && !b->asked) {
        ex->held.unasked = (size_t)(f - ex->site->formats) + 1;
        return USHER_OK;
    }
    usher_auth0_context c = usher_flow_auth0(ex, f);
    usher_cause cause = USHER_CAUSE_NONE;
    usher_auth0_session *s = usher_arena_get(&ex->arena, sizeof *s);
    usher_status rc;

    if (!s) return usher_arena_fail(&ex->arena, err);
    rc = f->form == USHER_TOKEN_STORED ? open_record(s, &cause, ex, &c, b, err)
                                       : open_jar(s, &cause, ex, &c, b, err);
    if (rc) return rc;
    usher_flow_report(ex, cause, NULL);
    if (ex->verdict != USHER_SESSION_VALID) return USHER_OK;
    if (f->form != USHER_TOKEN_STORED && s->json.len > ex->site->token_max)
        return refuse(ex, USHER_SESSION_REJECTED, USHER_CAUSE_TOKEN_TOO_LARGE);
    rc = usher_flow_hold_auth0(ex, f, s, err);
    if (rc == USHER_OK && f->form == USHER_TOKEN_STORED && b->id.has_exp && /* of its cookie */
        b->id.exp < ex->held.end_s) {
        ex->held.end_s = b->id.exp;
        ex->session.expires_ms = end_ms(b->id.exp);
    }
    return rc;
}

/* --- the program's hook ----------------------------------------------------------------------- */

usher_status usher_flow_decode(usher_exchange *ex, usher_want *want, usher_error *err)
{
    usher_status rc;

    for (; ex->decoding < ex->site->format_count; ex->decoding++) {
        const usher_format *f = &ex->site->formats[ex->decoding];
        usher_brought *b;
        usher_str token;

        if (f->form != USHER_TOKEN_HOOKED) continue;
        rc = usher_flow_bring(&b, ex, ex->decoding, err);
        if (usher_flow_peer_fault(ex, rc)) continue; /* reading the session says so */
        if (rc) return rc;
        token = b->token;
        if (ex->decoding == 0 && !token.len && ex->headers.authorization.len &&
            (rc = usher_bearer_read(&token, &ex->arena, ex->headers.authorization, err)))
            return rc;
        if (!token.len || b->too_many || token.len > ex->site->token_max) continue;
        *want = (usher_want){
            .kind = USHER_WANT_HOOK,
            .hook = {.kind = USHER_HOOK_DECODE, .value = token, .cookie_name = f->cookie.name}};
        ex->state = USHER_AT_DECODE;
        return USHER_OK;
    }
    return USHER_OK;
}

usher_status usher_flow_decoded(usher_exchange *ex, const usher_event *event, usher_want *want,
                                usher_error *err)
{
    usher_brought *b = usher_flow_brought(ex, ex->decoding);
    usher_status rc;

    ex->decoding++;
    if (!b) return usher_arena_fail(&ex->arena, err);
    if (event->kind == USHER_EVENT_HOOK_FAILED) {
        usher_flow_report(ex, USHER_CAUSE_HOOK, NULL);
        return usher_fail(err, USHER_E_IO, "exchange: the program's decode failed", 0);
    }
    b->refused = event->kind == USHER_EVENT_HOOK_REFUSED;
    if (!b->refused && (rc = usher_arena_dup(&b->claims, &ex->arena, event->value, err))) return rc;
    if ((rc = usher_flow_decode(ex, want, err)) || want->kind != USHER_WANT_NOTHING) return rc;
    return usher_flow_run(ex, want, err);
}

/* --- all of it -------------------------------------------------------------------------------- */

static usher_status judge_format(usher_exchange *ex, size_t index, bool bearer, usher_error *err)
{
    const usher_format *f = &ex->site->formats[index];
    usher_brought *b;
    usher_status rc = usher_flow_bring(&b, ex, index, err);

    ex->verdict = USHER_NO_SESSION;
    /* More cookies than anybody has: none of them is believed. */
    if (ex->too_large || usher_flow_peer_fault(ex, rc))
        return refuse(ex, USHER_SESSION_REJECTED, USHER_CAUSE_REQUEST_TOO_LARGE);
    if (rc || !b) return rc ? rc : usher_arena_fail(&ex->arena, err);
    if (b->jar) return judge_jar(ex, f, b, err);
    if (f->form == USHER_TOKEN_STORED) return usher_store_judge(ex, index, err);
    return judge_pieces(ex, f, b, bearer && index == 0, err);
}

/* Whoever asks sees what the site's own profile would show. */
static usher_status into_own_form(usher_exchange *ex, size_t index, usher_error *err)
{
    const usher_format *own = ex->site->formats;
    bool lives;
    usher_status rc = usher_flow_own_form(ex, &lives, err);

    if (rc) return rc;
    if (!lives) return refuse(ex, USHER_SESSION_EXPIRED, USHER_CAUSE_TOKEN_EXPIRED);
    if (own->form != USHER_TOKEN_STORED || own->profile->auth0) return USHER_OK;
    return usher_store_adopt(ex, index, err);
}

/* The first format that has a valid one. Else the most that could be said: that it is over, by who
 * could open it; that somebody could not; that nothing came. What the formats before a valid one
 * made of a cookie that was not theirs is no rejection. */
static usher_status judge_formats(usher_exchange *ex, bool bearer, usher_error *err)
{
    usher_verdict most = USHER_NO_SESSION;
    size_t reports = ex->report_count;

    for (size_t i = 0; i < ex->site->format_count; i++) {
        if (i) ex->held = (usher_held){.bearer = bearer}; /* nothing of one is another's */
        usher_status rc = judge_format(ex, i, bearer, err);

        if (rc || ex->held.unasked) return rc;
        if (i == 0) ex->first.over = ex->verdict == USHER_SESSION_EXPIRED;
        if (ex->verdict == USHER_SESSION_VALID) {
            ex->held.format = ex->held.found = &ex->site->formats[i];
            if (i && (rc = into_own_form(ex, i, err))) return rc;
            if (ex->verdict == USHER_SESSION_VALID) {
                ex->report_count = reports;
                return USHER_OK;
            }
        }
        if (most == USHER_NO_SESSION || ex->verdict == USHER_SESSION_EXPIRED ||
            ex->verdict == USHER_SESSION_REVOKED)
            most = ex->verdict;
        if (ex->verdict == USHER_SESSION_REVOKED || ex->too_large) break;
    }
    ex->verdict = most;
    return USHER_OK;
}

/* What this exchange wrote itself is read as the next request will read it. */
static usher_status read_fresh(usher_exchange *ex, usher_error *err)
{
    usher_str token = ex->held.fresh;
    usher_brought hooked = {.claims = token};

    ex->held.fresh = (usher_str){0};
    return judge_token(ex, &ex->site->formats[0], &hooked, token, err);
}

/* One operation takes a Bearer token, and another after the same start does not: what the first
 * found there is no session to the second, which would make a cookie of it; and where the first did
 * not look, the second may still find one. */
static bool asks_anew(const usher_exchange *ex, bool bearer)
{
    bool came = ex->headers.authorization.len && !ex->first.jar && !ex->first.token.len;

    if (!came || bearer == ex->held.bearer) return false;
    return ex->held.bearer || ex->verdict != USHER_SESSION_VALID;
}

usher_status usher_flow_judge(usher_exchange *ex, bool bearer, usher_error *err)
{
    ex->held = (usher_held){.bearer = bearer};
    ex->session = (usher_session){0};
    return judge_formats(ex, bearer, err);
}

usher_status usher_flow_read_session(usher_exchange *ex, bool bearer, usher_error *err)
{
    if (ex->held.judged && ex->held.fresh.len) return read_fresh(ex, err);
    if (ex->held.judged && !asks_anew(ex, bearer)) return USHER_OK;
    usher_status rc = usher_flow_judge(ex, bearer, err);
    if (rc == USHER_OK && ex->held.unasked)
        rc = usher_fail(err, USHER_E_USAGE, "exchange: the store was not asked", 0);
    ex->held.judged = rc == USHER_OK;
    return rc;
}
