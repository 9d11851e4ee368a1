/* Reading the request: headers that matter, cookies, query and body. */
#include <string.h>

#include "base/error.h"
#include "base/str.h"
#include "flow/exchange.h"
#include "wire/json.h"

#define COOKIE_HEADER_MAX ((size_t)256 << 10)
#define HEADERS_SENT_MAX  1000

#define WANTED_HEADERS(X)                                                                          \
    X("authorization", authorization, false)                                                       \
    X("content-type", content_type, false)                                                         \
    X("accept", accept, false)                                                                     \
    X("x-requested-with", requested_with, false)                                                   \
    X("sec-fetch-mode", fetch_mode, false)                                                         \
    X("x-auth-return-redirect", return_redirect, false)                                            \
    X("x-original-uri", original_uri, true)                                                        \
    X("x-original-method", original_method, true)                                                  \
    X("x-forwarded-uri", forwarded_uri, true)                                                      \
    X("x-forwarded-method", forwarded_method, true)

static const struct {
    usher_str name;
    size_t field;
    bool trusted_only;
} wanted_headers[] = {
#define ROW(text, member, trusted)                                                                 \
    {USHER_STR_INIT(text), offsetof(usher_request_headers, member), trusted},
    WANTED_HEADERS(ROW)
#undef ROW
};

/* A bit for each length that a name we look for has: a browser sends some fifteen headers, and most
 * are passed over by this. */
#define BIT(text, member, trusted) | UINT32_C(1) << (sizeof text - 1)
static const uint32_t wanted_lengths = UINT32_C(1) << (sizeof "cookie" - 1) WANTED_HEADERS(BIT);
#undef BIT

static usher_str *slot(usher_exchange *ex, size_t i)
{
    return (usher_str *)(void *)((char *)&ex->headers + wanted_headers[i].field);
}

/* `name` is in small letters, as most servers hand headers on. */
static bool is_named(const usher_header *h, usher_str name)
{
    if (h->name.len != name.len || (h->name.ptr[0] | 0x20) != name.ptr[0]) return false;
    return usher_str_eq(h->name, name) || usher_str_eq_case(h->name, name);
}

static bool is_cookie(const usher_header *h)
{
    return is_named(h, USHER_STR("cookie"));
}

/* RFC 6265 forbids a second Cookie field and HTTP/2 allows it; Node.js joins them with "; ", so do
 * we. */
static usher_status join_cookies(usher_exchange *ex, size_t fields, size_t bytes, usher_error *err)
{
    usher_buf joined;

    usher_buf_init(&joined, &ex->arena, bytes + 2 * fields);
    for (size_t i = 0; i < ex->request->header_count; i++) {
        const usher_header *h = &ex->request->headers[i];
        if (!is_cookie(h)) continue;
        if (joined.len) usher_buf_put(&joined, USHER_STR("; "));
        usher_buf_put(&joined, h->value);
    }
    return usher_buf_take(&ex->headers.cookie, &joined, err);
}

static void read_header(usher_exchange *ex, const usher_header *h)
{
    for (size_t i = 0; i < sizeof wanted_headers / sizeof *wanted_headers; i++) {
        if (h->name.len != wanted_headers[i].name.len) continue;
        if (wanted_headers[i].trusted_only && !ex->request->peer_trusted) continue;
        if (!is_named(h, wanted_headers[i].name)) continue;
        if (!slot(ex, i)->ptr)
            *slot(ex, i) = h->value; /* the first one counts */
        else if (wanted_headers[i].trusted_only)
            ex->headers.repeated_question = true;
        break;
    }
}

usher_status usher_flow_read_request(usher_exchange *ex, usher_error *err)
{
    const usher_request *r = ex->request;
    size_t fields = 0, bytes = 0;

    ex->path = usher_str_cut(r->target, '?', &ex->query_text);
    ex->post = usher_str_eq(r->method, USHER_STR("POST"));
    for (size_t i = 0; i < r->header_count && i < HEADERS_SENT_MAX; i++) {
        const usher_header *h = &r->headers[i];
        if (h->name.len >= 32 || !(wanted_lengths >> h->name.len & 1)) continue;
        if (!is_cookie(h)) {
            read_header(ex, h);
            continue;
        }
        if (fields++ == 0) ex->headers.cookie = h->value;
        bytes += h->value.len;
    }
    ex->too_large = r->header_count > HEADERS_SENT_MAX || bytes > COOKIE_HEADER_MAX;
    if (ex->too_large) ex->headers.cookie = (usher_str){0};
    return fields > 1 && !ex->too_large ? join_cookies(ex, fields, bytes, err) : USHER_OK;
}

usher_status usher_flow_check_cookies(const usher_exchange *ex, usher_error *err)
{
    if (!ex->too_large && !usher_cookies_too_many(ex->headers.cookie, ex->site->profile->dialect))
        return USHER_OK;
    return usher_fail(err, USHER_E_LIMIT, "exchange: more headers or cookies than are read", 0);
}

usher_status usher_flow_cookie(usher_str *out, usher_exchange *ex, usher_cookie_kind kind,
                               usher_error *err)
{
    usher_str name = ex->site->cookies[kind].name;

    *out = (usher_str){0};
    if (!name.len) return USHER_OK;
    return usher_cookie_read_one(out, &ex->arena, ex->headers.cookie, name,
                                 ex->site->profile->dialect, err);
}

/* The string members of a JSON body as if they had come as a form; the last of a repeated name. */
static usher_status read_json_body(usher_exchange *ex, usher_error *err)
{
    usher_json_object object;
    usher_status rc = usher_json_read_object(&object, &ex->arena, ex->request->body,
                                             &usher_json_limits_document, err);
    if (rc) return rc;
    usher_form_pair *pairs = usher_arena_get_zero(&ex->arena, object.count, sizeof *pairs);
    if (!pairs) return usher_arena_fail(&ex->arena, err);
    size_t count = 0;
    for (size_t i = 0; i < object.count; i++) {
        const usher_json_member *m = &object.members[i];
        if (m->value.type != USHER_JSON_STRING || m->name_escaped) continue;
        rc = usher_json_string(&pairs[count].value, &ex->arena, m->value, err);
        if (rc) return rc;
        pairs[count++].name = m->name;
    }
    ex->body = (usher_form){pairs, count};
    return USHER_OK;
}

bool usher_flow_body_is_json(const usher_exchange *ex)
{
    return ex->post && ex->request->body.len &&
           usher_str_find(ex->headers.content_type, USHER_STR("application/json")) != SIZE_MAX;
}

usher_status usher_flow_read_body(usher_exchange *ex, usher_error *err)
{
    usher_status rc = usher_form_read(&ex->query, &ex->arena, ex->query_text, err);

    if (rc || !ex->post || ex->request->body.len == 0) return rc;
    if (usher_flow_body_is_json(ex)) return read_json_body(ex, err);
    if (usher_str_find(ex->headers.content_type, USHER_STR("application/x-www-form-urlencoded")) !=
        SIZE_MAX)
        return usher_form_read(&ex->body, &ex->arena, ex->request->body, err);
    return USHER_OK; /* another type: no body, as both systems treat it */
}

bool usher_flow_is_navigation(const usher_exchange *ex, usher_str method)
{
    const usher_request_headers *h = &ex->headers;

    if (!usher_str_eq(method, USHER_STR("GET")) && !usher_str_eq(method, USHER_STR("HEAD")))
        return false;
    if (h->fetch_mode.ptr) return usher_str_eq(h->fetch_mode, USHER_STR("navigate"));
    if (usher_str_eq_case(h->requested_with, USHER_STR("XMLHttpRequest"))) return false;
    return usher_str_find(h->accept, USHER_STR("text/html")) != SIZE_MAX;
}
