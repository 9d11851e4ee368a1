/* result - what an exchange came to, as one JSON text. */
#include "base/buf.h"
#include "base/str.h"
#include "base/utc.h"
#include "hosts/node/addon.h"
#include "wire/json.h"

#define RESULT_MAX ((size_t)8 << 20)

static usher_str or_null(usher_str json)
{
    return json.len ? json : USHER_STR("null");
}

static void put_headers(usher_json_writer *w, const usher_header *headers, size_t count)
{
    usher_json_name(w, USHER_STR("headers"));
    usher_json_open_array(w);
    for (size_t i = 0; i < count; i++) {
        usher_json_open_array(w);
        usher_json_put_string(w, headers[i].name);
        usher_json_put_string(w, headers[i].value);
        usher_json_close_array(w);
    }
    usher_json_close_array(w);
}

static void put_text(usher_json_writer *w, const char *name, usher_str text)
{
    usher_json_name(w, usher_str_z(name));
    usher_json_put_string(w, text);
}

static void put_raw(usher_json_writer *w, const char *name, usher_str json)
{
    usher_json_name(w, usher_str_z(name));
    usher_json_put_raw(w, or_null(json));
}

static void put_int(usher_json_writer *w, const char *name, int64_t value)
{
    usher_json_name(w, usher_str_z(name));
    usher_json_put_int(w, value);
}

static void put_bool(usher_json_writer *w, const char *name, bool value)
{
    usher_json_name(w, usher_str_z(name));
    usher_json_put_bool(w, value);
}

static void put_reports(usher_json_writer *w, const usher_exchange *ex)
{
    size_t count;
    const usher_report *reports = usher_exchange_reports(ex, &count);

    usher_json_name(w, USHER_STR("reports"));
    usher_json_open_array(w);
    for (size_t i = 0; i < count; i++) {
        usher_json_open_object(w);
        put_text(w, "cause", usher_str_z(usher_cause_word(reports[i].cause)));
        if (reports[i].what) put_text(w, "what", usher_str_z(reports[i].what));
        if (reports[i].where) put_text(w, "where", usher_str_z(reports[i].where));
        usher_json_close_object(w);
    }
    usher_json_close_array(w);
}

static void put_response(usher_json_writer *w, const usher_response *r)
{
    put_int(w, "status", r->status);
    put_headers(w, r->headers, r->header_count);
    put_text(w, "body", r->body);
}

static void put_if(usher_json_writer *w, const char *name, usher_str text)
{
    if (text.ptr) put_text(w, name, text);
}

static usher_status all_of(usher_str *out, addon_exchange *x, usher_error *err)
{
    static const char *const decisions[] = {"undecided", "allow", "deny"};
    const usher_session *s = usher_exchange_session(x->ex);
    usher_json_writer w;
    usher_buf b;

    usher_buf_init(&b, &x->arena, RESULT_MAX);
    usher_json_write_init(&w, &b);
    usher_json_open_object(&w);
    put_text(&w, "verdict", usher_str_z(usher_verdict_word(usher_exchange_verdict(x->ex))));
    put_raw(&w, "session", s ? usher_session_json(s) : (usher_str){0});
    put_raw(&w, "claims", s ? usher_session_claims(s) : (usher_str){0});
    put_text(&w, "decision", usher_str_z(decisions[usher_exchange_decision(x->ex)]));
    put_response(&w, usher_exchange_response(x->ex));
    put_bool(&w, "written", usher_exchange_session_written(x->ex));
    put_bool(&w, "signedIn", usher_exchange_signed_in(x->ex));
    put_bool(&w, "signedOut", usher_exchange_signed_out(x->ex));
    usher_str csrf = usher_exchange_csrf_token(x->ex);
    if (csrf.ptr) put_text(&w, "csrfToken", csrf);
    put_text(&w, "id", usher_exchange_id(x->ex));
    put_reports(&w, x->ex);
    usher_json_close_object(&w);
    return usher_buf_take(out, &b, err);
}

/* ---- parts ----------------------------------------------------------------------------------- */

static void put_part(usher_buf *b, usher_str part)
{
    usher_buf_put(b, part);
    usher_buf_put_char(b, ADDON_SEPARATOR);
}

static bool is_set_cookie(const usher_header *h)
{
    return usher_str_eq(h->name, USHER_STR("Set-Cookie"));
}

static void put_session(usher_buf *b, const addon_exchange *x)
{
    const usher_session *s = usher_exchange_session(x->ex);

    put_part(b, or_null(s ? usher_session_json(s) : (usher_str){0}));
}

static void put_shown(usher_buf *b, const addon_exchange *x)
{
    const usher_session *s = usher_exchange_session(x->ex);
    usher_str json = s ? usher_session_json(s) : (usher_str){0};
    char expires[] = "\"2026-01-01T00:00:00.000Z\"";

    if (json.len) usher_iso_from_ms(expires + 1, usher_session_expires_ms(s));
    put_part(b, json.len ? usher_str_z(expires) : (usher_str){0});
    put_part(b, x->token_told && !x->token_same ? json : (usher_str){0});
    put_part(b, x->token_told || !json.len ? (usher_str){0} : usher_session_claims(s));
}

/* Members as Auth0's SDK names them. Where there is no token, its route says more about why. */
static void put_access(usher_buf *b, const addon_exchange *x)
{
    const usher_access_token *t = usher_exchange_access_token(x->ex);
    usher_json_writer w;

    if (t) {
        usher_json_write_init(&w, b);
        usher_json_open_object(&w);
        put_if(&w, "token", t->token);
        put_if(&w, "scope", t->scope);
        put_if(&w, "token_type", t->type);
        put_if(&w, "audience", t->audience);
        if (t->has_expires) put_int(&w, "expiresAt", t->expires_s);
        if (t->code) put_text(&w, "code", usher_str_z(t->code));
        if (t->message) put_text(&w, "message", usher_str_z(t->message));
        put_if(&w, "error", t->provider_error);
        put_if(&w, "description", t->provider_description);
        usher_json_close_object(&w);
    }
    put_part(b, (usher_str){0});
    put_part(b, t && t->code ? usher_exchange_response(x->ex)->body : (usher_str){0});
}

static void put_others(usher_buf *b, const addon_exchange *x)
{
    const usher_response *r = usher_exchange_response(x->ex);
    int64_t count = 0;

    for (size_t i = 0; i < r->header_count; i++) {
        if (is_set_cookie(&r->headers[i])) continue;
        put_part(b, r->headers[i].name);
        put_part(b, r->headers[i].value);
        count++;
    }
    usher_buf_put_i64(b, count);
    put_part(b, (usher_str){0});
}

static void put_reports_part(usher_buf *b, const addon_exchange *x)
{
    usher_json_writer w;
    size_t count;

    (void)usher_exchange_reports(x->ex, &count);
    if (!count) return;
    usher_json_write_init(&w, b);
    usher_json_open_object(&w);
    put_text(&w, "id", usher_exchange_id(x->ex));
    put_reports(&w, x->ex);
    usher_json_close_object(&w);
}

/* Nothing has to be escaped, and little parsed. */
static usher_status parts_of(usher_str *out, addon_exchange *x, usher_error *err)
{
    static void (*const own[])(usher_buf * b,
                               const addon_exchange *x) = {[ANSWER_READ] = put_session,
                                                           [ANSWER_SHOW] = put_shown,
                                                           [ANSWER_ACCESS] = put_access,
                                                           [ANSWER_TOUCH] = put_others};
    const usher_response *r = usher_exchange_response(x->ex);
    usher_buf b;

    usher_buf_init(&b, &x->arena, RESULT_MAX);
    for (size_t i = 0; i < r->header_count; i++)
        if (is_set_cookie(&r->headers[i])) put_part(&b, r->headers[i].value);
    own[x->answer](&b, x);
    put_reports_part(&b, x);
    return usher_buf_take(out, &b, err);
}

usher_status addon_result(usher_str *out, addon_exchange *x, usher_error *err)
{
    const usher_session *s = usher_exchange_session(x->ex);

    if (x->answer >= ANSWER_READ) return parts_of(out, x, err);
    if (x->answer == ANSWER_ALL) return all_of(out, x, err);
    *out = USHER_STR("null");
    if (s)
        *out =
            or_null(x->answer == ANSWER_CLAIMS ? usher_session_claims(s) : usher_session_json(s));
    return USHER_OK;
}

static void put_fetch(usher_json_writer *w, const usher_fetch *f)
{
    put_text(w, "kind", USHER_STR("fetch"));
    put_text(w, "method", f->method);
    put_text(w, "url", f->url);
    put_headers(w, f->headers, f->header_count);
    if (f->body.ptr) put_text(w, "body", f->body);
    put_int(w, "timeoutMs", f->timeout_ms);
    put_int(w, "answerMax", (int64_t)f->answer_max);
    put_bool(w, "plainHttp", f->plain_http);
    put_bool(w, "privateNetwork", f->private_network);
    put_int(w, "cacheS", f->cache_s);
    put_int(w, "newerThanMs", f->newer_than_ms);
    put_int(w, "onceS", f->once_s);
}

/* Without the token, which stands in the other text, too. */
static void put_session_alone(usher_json_writer *w, usher_str json)
{
    usher_json_name(w, USHER_STR("value"));
    usher_json_open_object(w);
    put_raw(w, "session", json);
    usher_json_close_object(w);
}

static void put_hook(usher_json_writer *w, const addon_exchange *x, const usher_hook *h)
{
    static const char *const kinds[] = {"",
                                        "decode",
                                        "encode",
                                        "jwt",
                                        "session",
                                        "signIn",
                                        "redirect",
                                        "event",
                                        "profile",
                                        "sessionToken",
                                        "beforeSessionSaved",
                                        "onCallback",
                                        "authorize"};
    bool known = h->kind < (int)(sizeof kinds / sizeof *kinds);

    put_text(w, "kind", usher_str_z(kinds[known ? h->kind : 0])); /* none of ours: it fails */
    if (h->kind == USHER_HOOK_DECODE) /* a token; the others are JSON, and parsed with the rest */
        put_text(w, "value", h->value);
    else if (h->kind == USHER_HOOK_SESSION && h->same.ptr && x->token_told)
        put_session_alone(w, h->same);
    else
        put_raw(w, "value", h->value);
    if (h->kind == USHER_HOOK_EVENT) put_text(w, "name", h->name);
    if (h->kind != USHER_HOOK_DECODE && h->kind != USHER_HOOK_ENCODE) return;
    put_text(w, "cookieName", h->cookie_name);
    put_int(w, "maxAgeS", h->max_age_s);
}

static void put_store(usher_json_writer *w, const usher_store *s)
{
    put_text(w, "kind", USHER_STR("store"));
    put_text(w, "op", usher_str_z(usher_store_op_word(s->op)));
    put_text(w, "id", s->id);
    put_text(w, "provider", s->provider);
    put_raw(w, "value", s->value);
    put_int(w, "expiresMs", s->expires_ms);
}

_Static_assert(ADDON_WAITING_MAX <= 64 * 64, "an exchange's number is two characters");

/* Little has to be parsed but the token. */
static void put_token_want(usher_buf *b, uint32_t number, usher_str token)
{
    usher_buf_put_char(b, ADDON_WANT_TOKEN);
    usher_buf_put_char(b, (char)('0' + number / 64));
    usher_buf_put_char(b, (char)('0' + number % 64));
    usher_buf_put(b, token);
}

static void put_want(usher_buf *b, const addon_exchange *x, uint32_t number)
{
    usher_json_writer w;

    usher_json_write_init(&w, b);
    usher_json_open_object(&w);
    put_int(&w, "number", number);
    if (x->want.kind == USHER_WANT_FETCH)
        put_fetch(&w, &x->want.fetch);
    else if (x->want.kind == USHER_WANT_STORE)
        put_store(&w, &x->want.store);
    else
        put_hook(&w, x, &x->want.hook);
    usher_json_close_object(&w);
}

usher_status addon_want(usher_str *out, addon_exchange *x, uint32_t number, usher_error *err)
{
    const usher_want *want = &x->want;
    usher_buf b;

    usher_buf_init(&b, &x->arena, RESULT_MAX);
    usher_buf_put_char(&b, ADDON_WANT);
    if (x->answer == ANSWER_SHOW && want->kind == USHER_WANT_HOOK &&
        want->hook.kind == USHER_HOOK_JWT && want->hook.same.ptr)
        put_token_want(&b, number, want->hook.same);
    else
        put_want(&b, x, number);
    return usher_buf_take(out, &b, err);
}
