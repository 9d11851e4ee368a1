/* result - what an exchange came to, as one JSON text. */
#include "base/buf.h"
#include "base/str.h"
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

static void put_response(usher_json_writer *w, const usher_response *r, bool with_body)
{
    put_int(w, "status", r->status);
    put_headers(w, r->headers, r->header_count);
    if (with_body) put_text(w, "body", r->body);
}

static void put_if(usher_json_writer *w, const char *name, usher_str text)
{
    if (text.ptr) put_text(w, name, text);
}

/* Members as Auth0's SDK names them. */
static void put_access(usher_json_writer *w, const usher_access_token *t)
{
    if (!t) return;
    usher_json_name(w, USHER_STR("access"));
    usher_json_open_object(w);
    put_if(w, "token", t->token);
    put_if(w, "scope", t->scope);
    put_if(w, "token_type", t->type);
    put_if(w, "audience", t->audience);
    if (t->has_expires) put_int(w, "expiresAt", t->expires_s);
    if (t->code) put_text(w, "code", usher_str_z(t->code));
    if (t->message) put_text(w, "message", usher_str_z(t->message));
    put_if(w, "error", t->provider_error);
    put_if(w, "description", t->provider_description);
    usher_json_close_object(w);
}

/* Who wants an access token needs it where there is none: it says more about why. */
static bool wants_body(const addon_exchange *x)
{
    const usher_access_token *t = usher_exchange_access_token(x->ex);

    return x->answer == ANSWER_ALL || (x->answer == ANSWER_ACCESS && t && t->code);
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
    if (x->answer == ANSWER_ALL) {
        put_raw(&w, "session", s ? usher_session_json(s) : (usher_str){0});
        put_raw(&w, "claims", s ? usher_session_claims(s) : (usher_str){0});
    }
    put_text(&w, "decision", usher_str_z(decisions[usher_exchange_decision(x->ex)]));
    put_response(&w, usher_exchange_response(x->ex), wants_body(x));
    put_bool(&w, "written", usher_exchange_session_written(x->ex));
    put_bool(&w, "signedIn", usher_exchange_signed_in(x->ex));
    put_bool(&w, "signedOut", usher_exchange_signed_out(x->ex));
    usher_str csrf = usher_exchange_csrf_token(x->ex);
    if (csrf.ptr) put_text(&w, "csrfToken", csrf);
    put_access(&w, usher_exchange_access_token(x->ex));
    put_text(&w, "id", usher_exchange_id(x->ex));
    put_reports(&w, x->ex);
    usher_json_close_object(&w);
    return usher_buf_take(out, &b, err);
}

/* Each part as it is: nothing has to be escaped, and little parsed. */
static usher_status brief_of(usher_str *out, addon_exchange *x, usher_error *err)
{
    const usher_session *s = usher_exchange_session(x->ex);
    const usher_response *r = usher_exchange_response(x->ex);
    usher_json_writer w;
    size_t count;
    usher_buf b;

    usher_buf_init(&b, &x->arena, RESULT_MAX);
    for (size_t i = 0; i < r->header_count; i++)
        if (usher_str_eq(r->headers[i].name, USHER_STR("Set-Cookie"))) {
            usher_buf_put(&b, r->headers[i].value);
            usher_buf_put_char(&b, ADDON_SEPARATOR);
        }
    usher_buf_put(&b, or_null(s ? usher_session_json(s) : (usher_str){0}));
    usher_buf_put_char(&b, ADDON_SEPARATOR);
    (void)usher_exchange_reports(x->ex, &count);
    if (count) {
        usher_json_write_init(&w, &b);
        usher_json_open_object(&w);
        put_text(&w, "id", usher_exchange_id(x->ex));
        put_reports(&w, x->ex);
        usher_json_close_object(&w);
    }
    return usher_buf_take(out, &b, err);
}

usher_status addon_result(usher_str *out, addon_exchange *x, usher_error *err)
{
    const usher_session *s = usher_exchange_session(x->ex);

    if (x->answer == ANSWER_READ) return brief_of(out, x, err);
    if (x->answer >= ANSWER_ALL) return all_of(out, x, err);
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
static void put_session(usher_json_writer *w, usher_str json)
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
        put_session(w, h->same);
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

usher_status addon_want(usher_str *out, addon_exchange *x, uint32_t number, usher_error *err)
{
    usher_json_writer w;
    usher_buf b;

    usher_buf_init(&b, &x->arena, RESULT_MAX);
    usher_buf_put_char(&b, ADDON_WANT);
    usher_json_write_init(&w, &b);
    usher_json_open_object(&w);
    put_int(&w, "number", number);
    if (x->want.kind == USHER_WANT_FETCH)
        put_fetch(&w, &x->want.fetch);
    else if (x->want.kind == USHER_WANT_STORE)
        put_store(&w, &x->want.store);
    else
        put_hook(&w, x, &x->want.hook);
    usher_json_close_object(&w);
    return usher_buf_take(out, &b, err);
}
