/* Writing a session: renewed, changed, carried over from another format, new, or ended. */
#include <math.h>
#include <string.h>

#include "base/error.h"
#include "base/str.h"
#include "flow/exchange.h"
#include "session/auth0_write.h"
#include "session/bridge.h"
#include "wire/json_set.h"

/* --- lines ------------------------------------------------------------------------------------ */

/* A second write replaces the first: a piece that is not needed any more must not stay behind. */
static void drop_session_lines(usher_exchange *ex)
{
    size_t kept = 0;

    for (size_t i = 0; i < ex->set_cookie_count; i++)
        if (!ex->set_cookies[i].of_session) ex->set_cookies[kept++] = ex->set_cookies[i];
    ex->set_cookie_count = kept;
}

static usher_status put_lines(usher_exchange *ex, const usher_str *lines, size_t count,
                              usher_error *err)
{
    usher_status rc = USHER_OK;

    for (size_t i = 0; i < count && rc == USHER_OK; i++) {
        usher_str rest, name = usher_str_cut(lines[i], '=', &rest);
        rc = usher_respond_set_cookie(ex, name, lines[i], err);
        for (size_t j = 0; j < ex->set_cookie_count && rc == USHER_OK; j++)
            if (usher_str_eq(ex->set_cookies[j].name, name)) ex->set_cookies[j].of_session = true;
    }
    return rc;
}

static usher_session_cookie_attributes attributes_of(const usher_site_cookie *c, int64_t expires_s)
{
    return (usher_session_cookie_attributes){.name = c->name,
                                             .domain = c->domain,
                                             .path = c->path,
                                             .secure = c->secure,
                                             .same_site = c->same_site,
                                             .expires_s = expires_s};
}

/* Deletes what came of one format. */
static usher_status forget_format(usher_exchange *ex, size_t index, usher_error *err)
{
    const usher_format *f = &ex->site->formats[index];
    usher_brought *b = usher_flow_brought(ex, index);
    usher_session_cookie_attributes attributes = attributes_of(&f->cookie, 0);
    usher_auth0_context c = usher_flow_auth0(ex, f);
    usher_auth0_lines *gone;
    usher_str *lines;
    size_t count;
    usher_status rc;

    if (!b) return usher_arena_fail(&ex->arena, err);
    if (b->jar && b->jar->count) {
        if (!(gone = usher_arena_get(&ex->arena, sizeof *gone)))
            return usher_arena_fail(&ex->arena, err);
        rc = usher_auth0_session_clear(gone, &c, b->jar, err);
        return rc ? rc : put_lines(ex, gone->items, gone->count, err);
    }
    if (!b->pieces.count) return USHER_OK;
    rc = usher_session_cookie_write(&lines, &count, &ex->arena, f->profile, &b->pieces, &attributes,
                                    USHER_STR(""), err);
    return rc ? rc : put_lines(ex, lines, count, err);
}

/* The other formats' cookies go where a session is written in the first, and only there. */
static usher_status forget_others(usher_exchange *ex, usher_error *err)
{
    usher_status rc = USHER_OK;

    for (size_t i = 1; i < ex->site->format_count && rc == USHER_OK; i++)
        rc = forget_format(ex, i, err);
    return rc;
}

usher_status usher_flow_forget_session(usher_exchange *ex, bool all, usher_error *err)
{
    usher_status rc = USHER_OK;

    if (ex->read_only) return USHER_OK;
    drop_session_lines(ex);
    if (all || !ex->site->profile->keeps_bad_cookies) rc = forget_format(ex, 0, err);
    return rc || !all ? rc : forget_others(ex, err);
}

/* --- limits ----------------------------------------------------------------------------------- */

static usher_status too_large(usher_exchange *ex)
{
    usher_flow_report(ex, USHER_CAUSE_SESSION_TOO_LARGE, NULL);
    return USHER_OK;
}

static bool exceeds(const usher_exchange *ex, usher_str claims)
{
    return ex->site->claims_max && claims.len > ex->site->claims_max;
}

/* --- claims ----------------------------------------------------------------------------------- */

typedef struct writing {
    bool only_one; /* nothing is written unless it takes a single Set-Cookie */
    bool keep_exp; /* carried over: no longer life than it had */
    bool *written;
} writing;

static void is_ours_now(usher_exchange *ex, int64_t exp_s)
{
    ex->held.written = true;
    ex->held.format = &ex->site->formats[0];
    ex->held.auth0 = NULL;
    ex->held.end_s = (double)exp_s;
}

static usher_status put_token(usher_exchange *ex, usher_str token, int64_t exp_s, const writing *w,
                              usher_error *err)
{
    const usher_format *f = &ex->site->formats[0];
    usher_session_cookie_attributes attributes = attributes_of(&f->cookie, exp_s);
    usher_str *lines = NULL;
    size_t count = 0;
    usher_status rc = token.len > ex->site->token_max
                          ? USHER_E_LIMIT
                          : usher_session_cookie_write(&lines, &count, &ex->arena, f->profile,
                                                       &ex->first.pieces, &attributes, token, err);

    if (usher_flow_peer_fault(ex, rc)) return too_large(ex);
    if (rc || (w->only_one && count != 1)) return rc;
    drop_session_lines(ex);
    if ((rc = forget_others(ex, err)) || (rc = put_lines(ex, lines, count, err))) return rc;
    *w->written = true;
    is_ours_now(ex, exp_s);
    return USHER_OK;
}

static usher_status make_token(usher_str *token, int64_t *exp_s, usher_exchange *ex,
                               usher_str claims, int64_t now_s, int64_t max_age_s, usher_error *err)
{
    const usher_format *f = &ex->site->formats[0];

    if (f->form == USHER_TOKEN_SIGNED)
        return usher_signed_seal(token, exp_s, &ex->arena, f->signing, claims, now_s, max_age_s,
                                 ex->entropy, err);
    if (f->form == USHER_TOKEN_HOOKED)
        return usher_stamp(token, NULL, exp_s, &ex->arena, claims, now_s, max_age_s, ex->entropy,
                           err);
    return usher_token_seal(token, exp_s, &ex->arena, ex->cipher, f->keys, USHER_FOR_SESSION,
                            claims, now_s, max_age_s, ex->entropy, err);
}

/* A site with an absolute duration writes down when the session began. */
static usher_status add_created(usher_str *claims, usher_exchange *ex, const usher_life *life,
                                int64_t now_s, usher_error *err)
{
    usher_json_object object;
    usher_str text;
    usher_buf b;
    usher_status rc;

    if (!ex->site->lifetime.absolute_s || life->has_created) return USHER_OK;
    usher_buf_init(&b, &ex->arena, 32);
    usher_buf_put_i64(&b, life->has_sealed && life->sealed_s > 0 ? (int64_t)life->sealed_s : now_s);
    if ((rc = usher_buf_take(&text, &b, err)) ||
        (rc = usher_json_read_object(&object, &ex->arena, *claims, &usher_json_limits_claims, err)))
        return rc;
    return usher_json_set(claims, &ex->arena, &object, USHER_CLAIM_CREATED, text, USHER_STR(""),
                          err);
}

/* Seals claims and sets their cookies. *w->written stays false, with a report, if they would not
 * fit; then nothing changes. */
static usher_status write_claims(usher_exchange *ex, usher_str claims, const usher_life *life,
                                 const writing *w, usher_error *err)
{
    int64_t now_s, exp_s;
    usher_str token;
    usher_status rc;

    *w->written = false;
    usher_lifetime_next(&ex->site->lifetime, life, w->keep_exp, usher_now_s(ex), &now_s, &exp_s);
    if (exp_s <= usher_now_s(ex)) return USHER_OK; /* no life is left to write */
    if (exceeds(ex, claims)) return too_large(ex);
    if ((rc = add_created(&claims, ex, life, now_s, err)) == USHER_OK)
        rc = make_token(&token, &exp_s, ex, claims, now_s, exp_s - now_s, err);
    if (usher_flow_peer_fault(ex, rc)) return too_large(ex);
    if (rc) return rc;
    ex->held.fresh = token;
    if (ex->site->formats[0].form != USHER_TOKEN_HOOKED) return put_token(ex, token, exp_s, w, err);
    if (w->only_one) return USHER_OK; /* how many cookies it takes is known too late */
    ex->unencoded = token;
    ex->unencoded_exp_s = exp_s;
    *w->written = true;
    is_ours_now(ex, exp_s);
    return USHER_OK;
}

usher_status usher_flow_encode(usher_exchange *ex, usher_want *want, usher_error *err)
{
    (void)err;
    if (!ex->unencoded.len) return USHER_OK;
    *want = (usher_want){.kind = USHER_WANT_HOOK,
                         .hook = {.kind = USHER_HOOK_ENCODE,
                                  .value = ex->unencoded,
                                  .cookie_name = ex->site->formats[0].cookie.name,
                                  .max_age_s = ex->unencoded_exp_s - usher_now_s(ex)}};
    ex->state = USHER_AT_ENCODE;
    return USHER_OK;
}

/* What a Set-Cookie value may be made of (RFC 6265), and so what comes back unchanged. */
static bool is_cookie_value(usher_str token)
{
    for (size_t i = 0; i < token.len; i++) {
        unsigned char c = (unsigned char)token.ptr[i];
        if (c <= ' ' || c >= 0x7f || usher_str_has(USHER_STR("\",;\\%"), (char)c)) return false;
    }
    return token.len != 0;
}

/* The answer stands; if the session cannot be written, a new one is a failed sign-in, and an old
 * one stays as it is. */
usher_status usher_flow_encoded(usher_exchange *ex, const usher_event *event, usher_want *want,
                                usher_error *err)
{
    bool written = false;
    const writing w = {.written = &written};
    usher_str token = {0};
    usher_status rc = USHER_OK;

    (void)want;
    ex->unencoded = (usher_str){0};
    if (event->kind == USHER_EVENT_HOOKED) {
        if ((rc = usher_arena_dup(&token, &ex->arena, event->value, err))) return rc;
        if (is_cookie_value(token)) rc = put_token(ex, token, ex->unencoded_exp_s, &w, err);
    }
    if (rc || written) return rc;
    if (!ex->report_count ||
        ex->reports[ex->report_count - 1].cause != USHER_CAUSE_SESSION_TOO_LARGE)
        usher_flow_report(ex, USHER_CAUSE_HOOK, NULL);
    ex->held.fresh = (usher_str){0};
    ex->held.written = false;
    if (!ex->signed_in) return USHER_OK;
    ex->signed_in = false;
    ex->response = (usher_response){0};
    return usher_respond_failure(ex, USHER_FAIL_CONFIGURATION, 500, err);
}

/* --- Auth0's ---------------------------------------------------------------------------------- */

static usher_status put_auth0(usher_exchange *ex, const usher_auth0_lines *lines, const writing *w,
                              usher_error *err)
{
    const usher_auth0_jar *jar = ex->first.jar;
    usher_str rest;
    usher_status rc = USHER_OK;

    for (size_t i = 1; w->only_one && i < lines->count; i++)
        if (usher_auth0_jar_get(jar, usher_str_cut(lines->items[i], '=', &rest))) return USHER_OK;
    drop_session_lines(ex);
    if ((rc = forget_others(ex, err)) ||
        (rc = put_lines(ex, lines->items, w->only_one ? 1 : lines->count, err)))
        return rc;
    *w->written = true;
    ex->held.written = true;
    ex->held.format = &ex->site->formats[0];
    return USHER_OK;
}

static usher_status write_auth0(usher_exchange *ex, usher_auth0_session *s, const writing *w,
                                usher_error *err)
{
    const usher_format *f = &ex->site->formats[0];
    usher_auth0_context c = usher_flow_auth0(ex, f);
    usher_auth0_lines *lines = usher_arena_get(&ex->arena, sizeof *lines);
    usher_str token;
    usher_status rc;

    *w->written = false;
    if (!lines) return usher_arena_fail(&ex->arena, err);
    if (exceeds(ex, s->json)) return too_large(ex);
    s->has_end = w->keep_exp && isfinite(ex->held.end_s);
    s->end_s = ex->held.end_s;
    if (usher_auth0_end(&f->auth0, s, c.now_s) <= c.now_s) return USHER_OK;
    rc = usher_auth0_session_write(lines, &token, &c, ex->first.jar, s, ex->entropy, err);
    if (rc == USHER_OK && token.len > ex->site->token_max) return too_large(ex);
    if (usher_flow_peer_fault(ex, rc)) return too_large(ex);
    if (rc || (rc = put_auth0(ex, lines, w, err)) || !*w->written) return rc;
    if ((rc = usher_flow_hold_auth0(ex, f, s, err))) return rc;
    ex->held.end_s = (double)usher_auth0_end(&f->auth0, s, c.now_s);
    return USHER_OK;
}

/* An object in Auth0's shape, judged as if it had come from a store. */
static usher_status auth0_from(usher_auth0_session **out, usher_exchange *ex, usher_str json,
                               usher_error *err)
{
    usher_auth0_context c = usher_flow_auth0(ex, &ex->site->formats[0]);
    usher_auth0_session *s = usher_arena_get(&ex->arena, sizeof *s);
    usher_verdict verdict;
    usher_cause cause;

    *out = NULL;
    if (!s) return usher_arena_fail(&ex->arena, err);
    usher_status rc = usher_auth0_record_open(s, &verdict, &cause, &c, json, err);
    if (rc == USHER_OK && verdict == USHER_SESSION_VALID) *out = s;
    return rc;
}

/* --- renewing and carrying over --------------------------------------------------------------- */

/* *out stays NULL if Auth0's rules leave it no life. When it was created is known if its claims say
 * so; to a site that has an absolute duration, sealing is the earliest that is known; otherwise it
 * begins here, and ends no later than it would have. */
static usher_status as_auth0(usher_auth0_session **out, usher_exchange *ex, usher_error *err)
{
    const usher_claims *claims = &ex->held.claims;
    usher_life life = usher_life_of(claims);
    bool sealed = ex->site->lifetime.absolute_s && life.has_sealed;
    usher_str json;
    usher_status rc;

    *out = NULL;
    rc = usher_bridge_to_auth0(&json, &ex->arena, claims,
                               sealed ? (int64_t)life.sealed_s : usher_now_s(ex), err);
    return rc ? rc : auth0_from(out, ex, json, err);
}

static usher_status carry_to_auth0(usher_exchange *ex, const writing *w, usher_error *err)
{
    usher_auth0_session *s;
    usher_status rc = as_auth0(&s, ex, err);

    return rc || !s ? rc : write_auth0(ex, s, w, err);
}

static usher_status carry_to_claims(usher_exchange *ex, const writing *w, usher_error *err)
{
    usher_life life = {.has_exp = isfinite(ex->held.end_s),
                       .exp_s = ex->held.end_s,
                       .has_created = ex->held.auth0->has_created,
                       .created_s = ex->held.auth0->created_s};
    usher_json_object whole;
    usher_str claims;
    usher_status rc;

    /* What came in cookies of its own stands in the object that programs are handed. */
    if ((rc = usher_json_read_object(&whole, &ex->arena, ex->held.auth0->json,
                                     &usher_json_limits_claims, err)) ||
        (rc = usher_bridge_to_claims(&claims, &ex->arena, &whole, err)))
        return rc;
    return write_claims(ex, claims, &life, w, err);
}

/* The clock was set back since this was written: whatever is written now would end too early. */
static bool auth0_from_the_future(const usher_exchange *ex)
{
    return ex->held.auth0->has_created && ex->held.auth0->created_s > (double)usher_now_s(ex);
}

static usher_status renew(usher_exchange *ex, const writing *w, usher_error *err)
{
    const usher_format *from = ex->held.format, *to = &ex->site->formats[0];
    usher_life life = usher_life_of(&ex->held.claims);

    if (from != to && from->profile->auth0 && !to->profile->auth0)
        return carry_to_claims(ex, w, err);
    if (from != to && to->profile->auth0 && !from->profile->auth0)
        return carry_to_auth0(ex, w, err);
    if (!to->profile->auth0) return write_claims(ex, ex->held.claims.text, &life, w, err);
    if (auth0_from_the_future(ex)) return USHER_OK;
    return write_auth0(ex, ex->held.auth0, w, err);
}

usher_status usher_flow_roll_session(usher_exchange *ex, bool only_one_cookie, usher_error *err)
{
    bool written = false, foreign = ex->held.format != &ex->site->formats[0];
    bool old_cookies = ex->held.auth0 && ex->held.auth0->legacy;
    const writing w = {.only_one = only_one_cookie, .keep_exp = foreign, .written = &written};

    if (ex->read_only || ex->held.written || ex->unencoded.len) return USHER_OK;
    if (!ex->site->lifetime.rolling && !foreign && !old_cookies) return USHER_OK;
    if (foreign && only_one_cookie)
        return USHER_OK; /* the old cookie has to go in the same answer */
    usher_status rc = renew(ex, &w, err);
    /* To the millisecond where the end is counted from now, as the originals print it. */
    if (rc == USHER_OK && written)
        ex->session.expires_ms = (int64_t)ex->held.end_s * 1000 + (foreign ? 0 : ex->now_ms % 1000);
    return rc;
}

/* --- new sessions ----------------------------------------------------------------------------- */

static usher_status look_for_old(usher_exchange *ex, usher_error *err)
{
    usher_status rc = usher_flow_read_session(ex, false, err);

    /* Whatever was there, the answer is about the new one. */
    ex->verdict = USHER_NO_SESSION;
    ex->session = (usher_session){0};
    ex->held.format = NULL;
    ex->held.fresh = (usher_str){0};
    return rc;
}

usher_status usher_flow_issue_session(usher_exchange *ex, const usher_user *user, bool *issued,
                                      usher_error *err)
{
    const writing w = {.written = issued};
    usher_life life = {0};
    size_t reports = ex->report_count;
    usher_str claims;
    usher_status rc;

    *issued = false;
    if ((rc = look_for_old(ex, err))) return rc;
    ex->report_count = reports; /* that an old session was over is nobody's concern now */
    if ((rc = usher_session_new_claims(&claims, &ex->arena, user, ex->entropy, err)) ||
        (rc = write_claims(ex, claims, &life, &w, err)))
        return rc;
    ex->signed_in = *issued;
    return USHER_OK;
}

usher_status usher_flow_issue_auth0(usher_exchange *ex, usher_str json, bool *issued,
                                    usher_error *err)
{
    const writing w = {.written = issued};
    size_t reports = ex->report_count;
    usher_auth0_session *s;
    usher_status rc;

    *issued = false;
    if ((rc = look_for_old(ex, err))) return rc;
    ex->report_count = reports; /* that an old session was over is nobody's concern now */
    if ((rc = auth0_from(&s, ex, json, err)) || !s || (rc = write_auth0(ex, s, &w, err))) return rc;
    if (*issued) ex->verdict = USHER_SESSION_VALID;
    ex->signed_in = *issued;
    return USHER_OK;
}

/* --- changes ---------------------------------------------------------------------------------- */

static const usher_str unchangeable[] = {
    USHER_STR_INIT("iat"),  USHER_STR_INIT("exp"),  USHER_STR_INIT("nbf"),
    USHER_STR_INIT("jti"),  USHER_STR_INIT("sub"),  USHER_STR_INIT("usid"),
    USHER_STR_INIT("ucat"), USHER_STR_INIT("uend"), USHER_STR_INIT("user"),
};

static const struct {
    usher_str member, claim;
} people[] = {
    {USHER_STR_INIT("name"), USHER_STR_INIT("name")},
    {USHER_STR_INIT("email"), USHER_STR_INIT("email")},
    {USHER_STR_INIT("image"), USHER_STR_INIT("picture")},
};

static usher_status set_claim(usher_str *claims, usher_exchange *ex, usher_str name,
                              usher_str value, usher_error *err)
{
    usher_json_object object;
    usher_status rc =
        usher_json_read_object(&object, &ex->arena, *claims, &usher_json_limits_claims, err);

    return rc ? rc : usher_json_set(claims, &ex->arena, &object, name, value, USHER_STR(""), err);
}

static bool may_change(const usher_json_member *m)
{
    for (size_t i = 0; i < sizeof unchangeable / sizeof *unchangeable; i++)
        if (usher_json_is_named(m, unchangeable[i])) return false;
    return true;
}

/* The changes first, then what they left alone: one pass over each, however many there are. */
static usher_status merge_claims(usher_str *out, usher_exchange *ex,
                                 const usher_json_object *claims, const usher_json_object *changes,
                                 usher_error *err)
{
    usher_buf b;
    usher_json_writer w;

    usher_buf_init(&b, &ex->arena, USHER_TOKEN_MAX);
    usher_json_write_init(&w, &b);
    usher_json_open_object(&w);
    for (size_t i = 0; i < claims->count; i++) {
        usher_str name = usher_json_quoted_name(&claims->members[i]);
        usher_json value = claims->members[i].value;

        for (size_t j = 0; j < changes->count; j++)
            if (may_change(&changes->members[j]) &&
                usher_str_eq(name, usher_json_quoted_name(&changes->members[j])))
                value = changes->members[j].value;
        usher_json_name_raw(&w, name);
        usher_json_put_raw(&w, value.text);
    }
    for (size_t j = 0; j < changes->count; j++) {
        bool known = !may_change(&changes->members[j]);

        for (size_t i = 0; i < claims->count && !known; i++)
            known = usher_str_eq(changes->members[j].name, claims->members[i].name);
        if (known) continue;
        usher_json_name_raw(&w, usher_json_quoted_name(&changes->members[j]));
        usher_json_put_raw(&w, changes->members[j].value.text);
    }
    usher_json_close_object(&w);
    return usher_buf_take(out, &b, err);
}

static usher_status change_user(usher_str *claims, usher_exchange *ex,
                                const usher_json_object *changes, usher_error *err)
{
    usher_json user = usher_json_get(changes, USHER_STR("user"));
    usher_json_object members;
    usher_status rc;

    if (user.type != USHER_JSON_OBJECT) return USHER_OK;
    if ((rc = usher_json_members(&members, &ex->arena, user, err))) return rc;
    for (size_t i = 0; i < sizeof people / sizeof *people; i++) {
        usher_json value = usher_json_get(&members, people[i].member);

        if (value.type != USHER_JSON_ABSENT &&
            (rc = set_claim(claims, ex, people[i].claim, value.text, err)))
            return rc;
    }
    return USHER_OK;
}

static usher_status change_claims(usher_exchange *ex, const usher_json_object *changes,
                                  const writing *w, usher_error *err)
{
    usher_life life = usher_life_of(&ex->held.claims);
    const usher_json_object *held = &ex->held.claims.object;
    usher_json_object carried;
    usher_str claims;
    usher_status rc;

    if (ex->held.auth0) {
        if ((rc = usher_bridge_to_claims(&claims, &ex->arena, &ex->held.auth0->members, err)) ||
            (rc = usher_json_read_object(&carried, &ex->arena, claims, &usher_json_limits_claims,
                                         err)))
            return rc;
        life = (usher_life){.has_exp = isfinite(ex->held.end_s), .exp_s = ex->held.end_s};
        held = &carried;
    }
    if ((rc = merge_claims(&claims, ex, held, changes, err)) ||
        (rc = change_user(&claims, ex, changes, err)))
        return rc;
    return write_claims(ex, claims, &life, w, err);
}

/* Auth0's: a new session altogether, but for what is not the caller's to say. */
static usher_status change_auth0(usher_exchange *ex, const usher_json_object *changes,
                                 const writing *w, usher_error *err)
{
    const usher_json_object *old = &ex->held.auth0->members;
    usher_json tokens = usher_json_get(changes, USHER_STR("tokenSet"));
    usher_json_object object;
    usher_auth0_session *s;
    usher_str json;
    usher_status rc;

    if (usher_json_get(changes, USHER_STR("user")).type != USHER_JSON_OBJECT)
        return usher_fail(err, USHER_E_USAGE, "exchange: a session of Auth0's needs a user", 0);
    if (tokens.type != USHER_JSON_OBJECT) tokens = usher_json_get(old, USHER_STR("tokenSet"));
    if ((rc = usher_json_set(&json, &ex->arena, changes, USHER_STR("tokenSet"), tokens.text,
                             USHER_STR("exp"), err)) ||
        (rc = usher_json_read_object(&object, &ex->arena, json, &usher_json_limits_claims, err)) ||
        (rc = usher_json_set(&json, &ex->arena, &object, USHER_STR("internal"),
                             usher_json_get(old, USHER_STR("internal")).text, USHER_STR("exp"),
                             err)) ||
        (rc = auth0_from(&s, ex, json, err)))
        return rc;
    if (!s) return usher_fail(err, USHER_E_USAGE, "exchange: that is no session of Auth0's", 0);
    return write_auth0(ex, s, w, err);
}

usher_status usher_flow_change_session(usher_exchange *ex, const usher_json_object *changes,
                                       usher_error *err)
{
    bool written = false, foreign = ex->held.format != &ex->site->formats[0];
    const writing w = {.keep_exp = foreign, .written = &written};
    usher_status rc;

    if (!ex->site->profile->auth0) return change_claims(ex, changes, &w, err);
    if ((rc = usher_flow_as_auth0(ex, err)) || !ex->held.auth0) return rc;
    return change_auth0(ex, changes, &w, err);
}

usher_status usher_flow_as_auth0(usher_exchange *ex, usher_error *err)
{
    double end_s = ex->held.end_s;
    usher_auth0_session *s;
    usher_status rc;

    if (ex->held.auth0) return USHER_OK;
    if ((rc = as_auth0(&s, ex, err)) || !s ||
        (rc = usher_flow_hold_auth0(ex, ex->site->formats, s, err)))
        return rc;
    ex->held.end_s = end_s;
    return USHER_OK;
}

usher_status usher_flow_replace_auth0(usher_exchange *ex, usher_str json, bool *written,
                                      usher_error *err)
{
    const writing w = {.keep_exp = ex->held.format != &ex->site->formats[0], .written = written};
    usher_auth0_session *s;
    usher_status rc;

    *written = false;
    if ((rc = auth0_from(&s, ex, json, err)) || !s) return rc;
    return write_auth0(ex, s, &w, err);
}
