/* The Set-Cookie of a session: sealed, signed or encoded by the program, in pieces if it is large,
 * and the deletions that go with it. */
#include <math.h>
#include <string.h>

#include "base/error.h"
#include "base/str.h"
#include "flow/store.h"
#include "flow/write.h"
#include "session/auth0_write.h"
#include "wire/json_set.h"

/* --- lines ------------------------------------------------------------------------------------ */

/* A second write replaces the first: a piece that is not needed any more must not stay behind. */
void usher_flow_drop_session_lines(usher_exchange *ex)
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

/* Deletes what came of one format; `ended` with its row. */
static usher_status forget_format(usher_exchange *ex, size_t index, bool ended, usher_error *err)
{
    const usher_format *f = &ex->site->formats[index];
    usher_brought *b;
    usher_session_cookie_attributes attributes = attributes_of(&f->cookie, 0);
    usher_auth0_context c = usher_flow_auth0(ex, f);
    usher_auth0_lines *gone;
    usher_str *lines;
    size_t count;
    usher_status rc;

    /* Reading ended at the first that was valid: the others may have come all the same. */
    rc = usher_flow_bring(&b, ex, index, err);
    if (usher_flow_peer_fault(ex, rc)) return USHER_OK;
    /* A row that nobody asked for would stay, and nobody could end it any more. */
    if (!rc && !ended && f->form == USHER_TOKEN_STORED && !b->asked) return USHER_OK;
    if (rc || (index && (rc = usher_store_let_go(ex, index, ended, err)))) return rc;
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
static usher_status forget_others(usher_exchange *ex, bool ended, usher_error *err)
{
    usher_status rc = USHER_OK;

    for (size_t i = 1; i < ex->site->format_count && rc == USHER_OK; i++)
        rc = forget_format(ex, i, ended, err);
    return rc;
}

/* What is over need not be kept; a record that its owner ends must go. */
static usher_status forget_row(usher_exchange *ex, bool all, usher_error *err)
{
    const usher_brought *b = &ex->first;

    return all || b->over ? usher_store_let_go(ex, 0, true, err) : USHER_OK;
}

usher_status usher_flow_forget_session(usher_exchange *ex, bool all, usher_error *err)
{
    usher_status rc = USHER_OK;

    if (ex->read_only) return USHER_OK;
    if ((rc = forget_row(ex, all, err))) return rc;
    usher_flow_drop_session_lines(ex);
    if (all || !ex->site->profile->keeps_bad_cookies) rc = forget_format(ex, 0, true, err);
    return rc || !all ? rc : forget_others(ex, true, err);
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

static void is_ours_now(usher_exchange *ex, int64_t exp_s)
{
    ex->held.written = true;
    ex->held.format = &ex->site->formats[0];
    ex->held.auth0 = NULL;
    ex->held.end_s = (double)exp_s;
}

static usher_status put_token(usher_exchange *ex, usher_str token, int64_t exp_s,
                              const usher_writing *w, usher_error *err)
{
    const usher_format *f = &ex->site->formats[0];
    usher_session_cookie_attributes attributes = attributes_of(&f->cookie, exp_s);
    usher_str *lines = NULL;
    size_t count = 0;

    attributes.plain = f->form == USHER_TOKEN_SEALED || f->form == USHER_TOKEN_SIGNED;
    usher_status rc = token.len > ex->site->token_max
                          ? USHER_E_LIMIT
                          : usher_session_cookie_write(&lines, &count, &ex->arena, f->profile,
                                                       &ex->first.pieces, &attributes, token, err);

    if (usher_flow_peer_fault(ex, rc)) return too_large(ex);
    if (rc || (w->only_one && count != 1)) return rc;
    usher_flow_drop_session_lines(ex);
    if ((w->anew && (rc = usher_store_let_go(ex, 0, true, err))) ||
        (rc = forget_others(ex, w->anew, err)) || (rc = put_lines(ex, lines, count, err)))
        return rc;
    *w->written = true;
    is_ours_now(ex, exp_s);
    return USHER_OK;
}

usher_status usher_store_put_cookie(usher_exchange *ex, usher_str token, int64_t expires_s,
                                    const usher_writing *w, usher_error *err)
{
    struct usher_stored *stored = ex->held.stored;
    double end_s = ex->held.end_s;

    *w->written = false;
    usher_status rc = put_token(ex, token, expires_s, w, err);
    ex->held.stored = stored; /* the row ends when it says, not when its cookie does */
    ex->held.end_s = end_s;
    return rc;
}

static usher_status make_token(usher_str *token, int64_t *exp_s, usher_exchange *ex,
                               usher_str claims, int64_t now_s, int64_t max_age_s, usher_error *err)
{
    const usher_claims *held = &ex->held.claims;
    const usher_format *f = &ex->site->formats[0];

    if (f->form == USHER_TOKEN_SIGNED)
        return usher_signed_seal(token, exp_s, &ex->arena, f->signing, claims, now_s, max_age_s,
                                 ex->entropy, err);
    if (f->form == USHER_TOKEN_HOOKED)
        return usher_stamp(token, NULL, exp_s, &ex->arena, claims, now_s, max_age_s, ex->entropy,
                           err);
    if (claims.len && held->text.ptr == claims.ptr && held->text.len == claims.len) /* as opened */
        return usher_token_seal_again(token, exp_s, &ex->arena, ex->cipher, f->keys,
                                      USHER_FOR_SESSION, &held->object, claims, now_s, max_age_s,
                                      ex->entropy, err);
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
usher_status usher_flow_write_claims(usher_exchange *ex, usher_str claims, const usher_life *life,
                                     const usher_writing *w, usher_error *err)
{
    int64_t now_s, exp_s;
    usher_str token;
    usher_status rc;

    *w->written = false;
    if (ex->site->formats[0].form == USHER_TOKEN_STORED) return USHER_OK; /* there it has no row */
    /* Its `sub` is nobody's here, which a token of our own could not say. */
    if (ex->held.found && ex->held.found->of_nobody) return USHER_OK;
    usher_lifetime_next(&ex->site->lifetime, life, w->keep_exp, usher_now_s(ex), &now_s, &exp_s);
    if (exp_s <= usher_now_s(ex)) return USHER_OK; /* no life is left to write */
    if (exceeds(ex, claims)) return too_large(ex);
    if ((rc = add_created(&claims, ex, life, now_s, err)) == USHER_OK)
        rc = make_token(&token, &exp_s, ex, claims, now_s, exp_s - now_s, err);
    if (usher_flow_peer_fault(ex, rc)) return too_large(ex);
    if (rc) return rc;
    if (ex->site->formats[0].form != USHER_TOKEN_HOOKED) {
        rc = put_token(ex, token, exp_s, w, err);
    } else if (!w->only_one) { /* else how many cookies it takes is known too late */
        ex->unencoded = token;
        ex->unencoded_exp_s = exp_s;
        *w->written = true;
        is_ours_now(ex, exp_s);
    }
    if (*w->written) ex->held.fresh = token;
    return rc;
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
    const usher_writing w = {.anew = ex->signed_in, .written = &written};
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

static usher_status put_auth0(usher_exchange *ex, const usher_auth0_lines *lines,
                              const usher_writing *w, usher_error *err)
{
    const usher_auth0_jar *jar = ex->first.jar;
    usher_str rest;
    usher_status rc = USHER_OK;

    for (size_t i = 1; w->only_one && i < lines->count; i++)
        if (usher_auth0_jar_get(jar, usher_str_cut(lines->items[i], '=', &rest))) return USHER_OK;
    usher_flow_drop_session_lines(ex);
    if ((rc = forget_others(ex, w->anew, err)) ||
        (rc = put_lines(ex, lines->items, w->only_one ? 1 : lines->count, err)))
        return rc;
    *w->written = true;
    ex->held.written = true;
    ex->held.format = &ex->site->formats[0];
    return USHER_OK;
}

/* What a store keeps of a session: all of it but the end that a cookie had. */
static usher_status record_of(usher_str *out, usher_exchange *ex, const usher_auth0_session *s,
                              usher_error *err)
{
    usher_json_object whole;
    usher_status rc =
        usher_json_read_object(&whole, &ex->arena, s->json, &usher_json_limits_claims, err);

    return rc ? rc
              : usher_json_set(out, &ex->arena, &whole, USHER_STR("internal"),
                               usher_json_get(&whole, USHER_STR("internal")).text, USHER_STR("exp"),
                               err);
}

/* The steps that go with the cookie of a record: at a sign-in the old one goes before the new one
 * comes, so that nobody who knew its id gets in; one of version 3 goes after. */
static usher_status store_record(usher_exchange *ex, const usher_store *store,
                                 const usher_writing *w, usher_error *err)
{
    const usher_auth0_id *id = &ex->first.id;
    usher_store gone = {.op = USHER_STORE_DELETE_RECORD, .id = id->id};
    bool known = ex->first.id_verdict == USHER_SESSION_VALID && id->id.len;
    bool other = known && store->op == USHER_STORE_SET_RECORD;
    usher_status rc = USHER_OK;

    if (other && w->anew) rc = usher_store_later(ex, &gone, USHER_WRITE_MUST, err);
    if (rc == USHER_OK)
        rc = usher_store_later(ex, store, w->must ? USHER_WRITE_MUST : USHER_WRITE_OR_NO_COOKIE,
                               err);
    if (rc == USHER_OK && other && !w->anew)
        rc = usher_store_later(ex, &gone, USHER_WRITE_OR_REPORT, err);
    return rc;
}

static usher_status new_id(usher_str *out, usher_exchange *ex, usher_error *err)
{
    char id[32];
    usher_status rc = usher_auth0_id_new(id, ex->entropy, err);

    return rc ? rc : usher_arena_dup(out, &ex->arena, (usher_str){id, sizeof id}, err);
}

/* The record and the cookie with its id. */
static usher_status write_record(usher_exchange *ex, usher_auth0_lines *lines,
                                 const usher_auth0_session *s, const usher_auth0_context *c,
                                 const usher_writing *w, usher_error *err)
{
    usher_brought *b = &ex->first;
    bool there = b->id_verdict == USHER_SESSION_VALID && b->row.ptr && !b->id.is_old;
    usher_store store = {.op = USHER_STORE_REPLACE_RECORD, .id = b->id.id};
    usher_str token;
    usher_status rc;

    store.expires_ms = usher_auth0_end(c->options, s, c->now_s) * 1000;
    if (w->anew || !there) {
        store.op = USHER_STORE_SET_RECORD;
        if ((rc = new_id(&store.id, ex, err))) return rc;
    }
    if ((rc = record_of(&store.value, ex, s, err)) ||
        (rc = usher_auth0_id_write(lines, &token, c, b->jar, store.id, s, ex->entropy, err)) ||
        (rc = put_auth0(ex, lines, w, err)) || !*w->written)
        return rc;
    rc = store_record(ex, &store, w, err);
    b->id = (usher_auth0_id){.id = store.id};
    b->id_verdict = USHER_SESSION_VALID;
    b->row = store.value;
    return rc;
}

usher_status usher_flow_write_auth0(usher_exchange *ex, usher_auth0_session *s,
                                    const usher_writing *w, usher_error *err)
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
    /* These sessions do not say when they were sealed: that the clock was set back since, or that
     * the site now allows less idleness, looks the same. Neither takes away what was promised. */
    s->has_promise = !w->keep_exp && ex->held.auth0 && isfinite(ex->held.end_s);
    s->promised_s = ex->held.end_s;
    if (usher_auth0_end(&f->auth0, s, c.now_s) <= c.now_s) return USHER_OK;
    if (f->form == USHER_TOKEN_STORED) {
        rc = write_record(ex, lines, s, &c, w, err);
    } else {
        rc = usher_auth0_session_write(lines, &token, &c, ex->first.jar, s, ex->entropy, err);
        if (rc == USHER_OK && token.len > ex->site->token_max) return too_large(ex);
        if (usher_flow_peer_fault(ex, rc)) return too_large(ex);
        if (rc == USHER_OK) rc = put_auth0(ex, lines, w, err);
    }
    if (rc || !*w->written) return rc;
    if ((rc = usher_flow_hold_auth0(ex, f, s, err))) return rc;
    ex->held.end_s = (double)usher_auth0_end(&f->auth0, s, c.now_s);
    return USHER_OK;
}

/* An object in Auth0's shape, judged as if it had come from a store. */
usher_status usher_flow_auth0_from(usher_auth0_session **out, usher_exchange *ex, usher_str json,
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
