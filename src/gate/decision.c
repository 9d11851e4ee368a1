/* decision - may this request pass? The same judgement for a program that asks (usher_guard) and
 * for a proxy that asks by HTTP (usher_forward_auth). Undecided is never a yes, and never clears a
 * cookie. */
#include <string.h>

#include "base/error.h"
#include "base/str.h"
#include "flow/exchange.h"
#include "gate/matcher.h"
#include "gate/path.h"
#include "gate/rules.h"
#include "wire/url.h"

#define VALUE_MAX  ((size_t)4096)
#define TARGET_MAX ((size_t)8192) /* a longer way back is not offered */

/* How the asker wants a refusal. */
typedef enum asker {
    ASKER_PROGRAM, /* 302 or 401 to the browser itself */
    ASKER_PROXY,   /* Caddy, Traefik: our answer is given to the browser */
    ASKER_NGINX,   /* auth_request: only 2xx, 401 and 403 mean anything */
} asker;

typedef struct question {
    asker who;
    usher_str method, target; /* target absent: the proxy did not say */
} question;

/* --- refusals -----------------------------------------------------------------------------------
 */

/* A path of an application that lives below its origin is kept without where that is: the end of
 * the sign-in puts it back (flow/site.h, app_url). */
static void put_target(usher_buf *b, const usher_exchange *ex, usher_str target)
{
    usher_str app = usher_str_from(ex->site->auth0.app_url, ex->site->base_url.len);
    usher_str rest = usher_str_from(target, app.len);
    bool inside = app.len && usher_str_starts(target, app) &&
                  (!rest.len || rest.ptr[0] == '/' || rest.ptr[0] == '?');

    if (inside && (!rest.len || rest.ptr[0] == '?')) usher_buf_put_char(b, '/');
    usher_buf_put(b, inside ? rest : target);
}

/* The sign-in page, with the way back. The origin is the configured one, whatever was forwarded. */
static usher_status sign_in_url(usher_str *out, usher_exchange *ex, usher_str target,
                                usher_error *err)
{
    usher_buf url, back;
    usher_str page, here;
    usher_status rc;

    usher_buf_init(&back, &ex->arena, (size_t)32 << 10);
    if (!ex->site->profile->return_path_only) usher_buf_put(&back, ex->site->base_url);
    if (target.ptr && target.len <= TARGET_MAX) put_target(&back, ex, target);
    if ((rc = usher_buf_take(&here, &back, err)) ||
        (rc = usher_respond_page_url(&page, ex, USHER_PAGE_SIGN_IN, err)))
        return rc;
    usher_buf_init(&url, &ex->arena, (size_t)128 << 10);
    usher_buf_put(&url, page);
    usher_url_put_param(&url, ex->site->profile->return_param, here);
    return usher_buf_take(out, &url, err);
}

static void refuse_program(usher_exchange *ex)
{
    usher_respond_body(ex, 401, USHER_STR("application/json"),
                       USHER_STR("{\"error\":\"unauthenticated\"}"));
    usher_respond_private(ex);
}

static usher_status refuse(usher_exchange *ex, const question *q, usher_error *err)
{
    usher_str url;
    usher_status rc;

    ex->decision = USHER_DENY;
    if ((rc = usher_flow_forget_session(ex, false, err)))
        return rc; /* only what was judged bad was read */
    if (!usher_flow_is_navigation(ex, q->method)) {
        refuse_program(ex);
        return USHER_OK;
    }
    if ((rc = sign_in_url(&url, ex, q->target, err))) return rc;
    if (q->who != ASKER_NGINX) return usher_respond_redirect(ex, url, err);
    refuse_program(ex);
    usher_respond_header(ex, USHER_STR("X-Usher-Redirect"), url);
    return USHER_OK;
}

static usher_status refuse_path(usher_exchange *ex, const question *q)
{
    usher_flow_report(ex, USHER_CAUSE_PATH_UNCLEAR, NULL);
    ex->decision = USHER_DENY;
    usher_respond_body(ex, q->who == ASKER_NGINX ? 403 : 400, USHER_STR("application/json"),
                       USHER_STR("{\"error\":\"bad_request\"}"));
    usher_respond_private(ex);
    return USHER_OK;
}

/* --- judgement ----------------------------------------------------------------------------------
 */

/* What the rules leave open to everybody. A matcher that could not tell guards. */
static usher_status is_open(bool *out, usher_exchange *ex, const question *q, usher_error *err)
{
    const usher_site *site = ex->site;
    usher_request asked = *ex->request;
    bool guards = true;
    usher_status rc;

    *out = false;
    if (!q->target.ptr) return USHER_OK;
    *out = site->rules && usher_rules_open(site->rules, q->target);
    if (*out || !site->matcher) return USHER_OK;
    asked.target = q->target;
    rc = usher_matcher_guards(&guards, site->matcher, &ex->arena, &asked, err);
    *out = rc == USHER_OK && !guards;
    return rc == USHER_E_LIMIT ? USHER_OK : rc;
}

static usher_status judge(usher_exchange *ex, const question *q, usher_error *err)
{
    usher_str path;
    bool open;

    if (q->target.ptr && usher_path_classify(&path, q->target) == USHER_PATH_INVALID)
        return refuse_path(ex, q);
    usher_status rc = usher_flow_read_session(ex, true, err);
    if (rc) return rc;
    if ((rc = is_open(&open, ex, q, err))) return rc;
    if (ex->verdict == USHER_SESSION_VALID || open) {
        ex->decision = USHER_ALLOW;
        ex->response.status = 200;
        return USHER_OK;
    }
    return refuse(ex, q, err);
}

static usher_status guard(usher_exchange *ex, usher_want *want, usher_error *err)
{
    question q = {ASKER_PROGRAM, ex->request->method, ex->request->target};

    (void)want;
    return judge(ex, &q, err);
}

usher_status usher_guard(usher_exchange *ex, usher_want *want, usher_error *err)
{
    return usher_flow_operate(ex, guard, USHER_OPERATING_FINAL | USHER_OPERATING_ON_SESSION, want,
                              err);
}

/* --- forward authentication ---------------------------------------------------------------------
 */

static question question_of(const usher_exchange *ex)
{
    const usher_request_headers *h = &ex->headers;
    question q = {ASKER_PROXY, USHER_STR("GET"), {0}};

    if (h->original_uri.ptr) {
        q.who = ASKER_NGINX;
        q.target = h->original_uri;
        if (h->original_method.len) q.method = h->original_method;
    } else if (h->forwarded_uri.ptr) {
        q.target = h->forwarded_uri;
        if (h->forwarded_method.len) q.method = h->forwarded_method;
    } else if (h->original_method.len) {
        q.method = h->original_method;
    }
    return q;
}

/* A claim as one header value: what is not visible ASCII is percent-encoded, so no claim can end
 * the header or pass for another. One that is too long is empty: its beginning could be somebody
 * else's name. */
static usher_status header_value(usher_str *out, usher_exchange *ex, usher_str text,
                                 usher_error *err)
{
    static const char hex[] = "0123456789ABCDEF";
    usher_buf b;

    *out = USHER_STR("");
    if (text.len > VALUE_MAX) return USHER_OK;
    usher_buf_init(&b, &ex->arena, 3 * VALUE_MAX);
    for (size_t i = 0; i < text.len; i++) {
        unsigned char c = (unsigned char)text.ptr[i];
        if (c > ' ' && c < 0x7f && c != '%' && c != ',')
            usher_buf_put_char(&b, (char)c);
        else
            usher_buf_put(&b, (usher_str){(char[]){'%', hex[c >> 4], hex[c & 15]}, 3});
    }
    return usher_buf_view(&b).len <= VALUE_MAX ? usher_buf_take(out, &b, err) : USHER_OK;
}

static usher_status put_identity(usher_exchange *ex, const char *suffix, usher_str claim,
                                 usher_error *err)
{
    usher_buf name;
    usher_str name_text, value;
    usher_status rc;

    usher_buf_init(&name, &ex->arena, 256);
    usher_buf_put(&name, ex->site->header_prefix);
    usher_buf_put_z(&name, suffix);
    if ((rc = usher_buf_take(&name_text, &name, err)) ||
        (rc = header_value(&value, ex, claim, err)))
        return rc;
    usher_respond_header(ex, name_text, value);
    return USHER_OK;
}

/* All of them on every yes, empty where the session says nothing: the proxy then has something to
 * put over what the client may have sent. */
static usher_status put_identities(usher_exchange *ex, usher_error *err)
{
    const usher_session *s = usher_exchange_session(ex);
    usher_session nobody = {0};
    usher_buf expires;
    usher_str expires_text;
    usher_status rc;

    if (!s) s = &nobody;
    usher_buf_init(&expires, &ex->arena, 32);
    if (s->expires_ms) usher_buf_put_i64(&expires, s->expires_ms / 1000);
    if ((rc = usher_buf_take(&expires_text, &expires, err)) ||
        (rc = put_identity(ex, "User", s->subject, err)) ||
        (rc = put_identity(ex, "Name", s->name, err)) ||
        (rc = put_identity(ex, "Email", s->email, err)) ||
        (rc = put_identity(ex, "Expires", expires_text, err)))
        return rc;
    return USHER_OK;
}

/* When the session was sealed: written down, or else told from its end. */
static double sealed_at(const usher_exchange *ex)
{
    if (ex->held.claims.has_iat) return ex->held.claims.iat;
    if (ex->held.stored) return ex->held.end_s - (double)ex->site->lifetime.max_age_s;
    return ex->held.end_s - (double)ex->site->formats[0].auth0.inactivity_s;
}

/* Renewal is due once update_age has passed since the session was sealed. Proxies hand on one
 * Set-Cookie only, so a session in pieces, or one in another format, is left to the endpoint or the
 * page that asks for it. */
static usher_status roll_if_due(usher_exchange *ex, usher_error *err)
{
    if (ex->verdict != USHER_SESSION_VALID) return USHER_OK;
    if (!ex->first.jar && ex->first.pieces.count != 1) return USHER_OK;
    if (!(sealed_at(ex) + (double)ex->site->update_age_s <= (double)usher_now_s(ex)))
        return USHER_OK;
    return usher_flow_roll_session(ex, true, err);
}

/* A proxy that speaks one convention hands on what its client sent in the other's words; an answer
 * to the wrong one would open a closed page. The configurations in examples/ remove the other's
 * headers; where that was forgotten, nobody gets in. 403 means "no" in every convention. */
static bool two_questions(const usher_exchange *ex)
{
    return ex->headers.repeated_question ||
           (ex->headers.original_uri.ptr && ex->headers.forwarded_uri.ptr);
}

static usher_status refuse_question(usher_exchange *ex)
{
    usher_flow_report(ex, USHER_CAUSE_QUESTION_UNCLEAR, NULL);
    ex->decision = USHER_DENY;
    usher_respond_body(ex, 403, USHER_STR("application/json"),
                       USHER_STR("{\"error\":\"two_questions\"}"));
    usher_respond_private(ex);
    return USHER_OK;
}

static usher_status forward_auth(usher_exchange *ex, usher_want *want, usher_error *err)
{
    question q = question_of(ex);

    (void)want;
    if (two_questions(ex)) return refuse_question(ex);
    usher_status rc = judge(ex, &q, err);

    if (rc || ex->decision != USHER_ALLOW) return rc;
    if ((rc = roll_if_due(ex, err)) || (rc = put_identities(ex, err))) return rc;
    usher_respond_private(ex);
    return USHER_OK;
}

usher_status usher_forward_auth(usher_exchange *ex, usher_want *want, usher_error *err)
{
    return usher_flow_operate(ex, forward_auth, USHER_OPERATING_FINAL | USHER_OPERATING_ON_SESSION,
                              want, err);
}
