/* The two cookies that every action looks at first: the CSRF token and the callback URL. */
#include <string.h>

#include "base/error.h"
#include "base/secret.h"
#include "base/str.h"
#include "flow/exchange.h"
#include "session/csrf.h"
#include "wire/json.h"
#include "wire/url.h"

usher_status usher_flow_csrf(usher_exchange *ex, usher_error *err)
{
    usher_str cookie, fresh;
    usher_status rc;

    if (ex->csrf_token.ptr) return USHER_OK; /* an operation before this one looked at it */
    if ((rc = usher_flow_cookie(&cookie, ex, USHER_COOKIE_CSRF, err)) ||
        (rc = usher_csrf_read(&ex->csrf_token, ex->site->keys, cookie, err)))
        return rc;
    if (ex->csrf_token.ptr) {
        usher_str sent = usher_form_last(&ex->body, USHER_STR("csrfToken"));
        ex->csrf_verified = ex->post && usher_secret_equal_str(ex->csrf_token, sent);
        return USHER_OK;
    }
    if ((rc =
             usher_csrf_new(&ex->csrf_token, &fresh, &ex->arena, ex->site->keys, ex->entropy, err)))
        return rc;
    return usher_respond_cookie(ex, USHER_COOKIE_CSRF, fresh, 0, 0, err);
}

/* A browser keeps no cookie of more than 4 KiB, and the URL is percent-encoded in one. */
#define CALLBACK_URL_MAX 2048

/* Most were written by ourselves: the base URL, which is an origin, and a path in characters that
 * no reader of URLs takes away. Such a one is as it should be, and needs no reading. */
static bool is_below(usher_str url, usher_str base)
{
    if (url.len <= base.len || url.ptr[base.len] != '/' || !usher_str_starts(url, base))
        return false;
    for (size_t i = base.len; i < url.len; i++)
        if (url.ptr[i] <= ' ' || url.ptr[i] > '~') return false;
    return true;
}

/* The callback URL that `url` asks for; absent if the originals throw over it. They take a blob:
 * URL of the own origin too, but no browser follows a redirect to one. */
static usher_status chosen(usher_str *out, usher_url_kind *kind, usher_exchange *ex, usher_str url,
                           usher_error *err)
{
    if (url.len > CALLBACK_URL_MAX) {
        *out = (usher_str){0};
        *kind = USHER_URL_NONE;
        return USHER_OK;
    }
    if (is_below(url, ex->site->base_url)) {
        *out = url;
        *kind = USHER_URL_WEB;
        return USHER_OK;
    }
    usher_status rc = usher_url_callback(out, kind, &ex->arena, url, ex->site->base_url, err);
    bool thrown = *kind == USHER_URL_NONE && !usher_str_starts(url, USHER_STR("/"));
    bool blob = *kind == USHER_URL_OTHER && out->ptr == url.ptr;

    if (thrown || blob) *out = (usher_str){0};
    return rc;
}

static usher_status from_cookie(usher_exchange *ex, usher_str cookie, usher_error *err)
{
    usher_url_kind kind;
    usher_status rc = chosen(&ex->callback_url, &kind, ex, cookie, err);

    /* A bad cookie is replaced rather than obeyed: it must not lock its browser out. */
    if (rc == USHER_OK && !ex->callback_url.ptr) ex->callback_url = ex->site->base_url;
    return rc;
}

usher_status usher_flow_callback_url(usher_exchange *ex, bool *usable, usher_error *err)
{
    usher_str cookie, sent = usher_form_last(&ex->body, USHER_STR("callbackUrl"));
    bool from_query = !sent.len;
    usher_url_kind kind;
    usher_status rc;

    *usable = true;
    if ((rc = usher_flow_cookie(&cookie, ex, USHER_COOKIE_CALLBACK_URL, err))) return rc;
    if (from_query) sent = usher_form_last(&ex->query, USHER_STR("callbackUrl"));
    if (sent.len && (rc = chosen(&ex->callback_url, &kind, ex, sent, err))) return rc;
    if (sent.len && (!ex->callback_url.ptr || (from_query && kind != USHER_URL_WEB))) {
        usher_flow_report(ex, USHER_CAUSE_CALLBACK_URL, NULL);
        /* In the query it is what the originals call a configuration error; in the body it counts
         * as if it had not been sent. */
        *usable = !from_query;
        ex->callback_url = (usher_str){0};
    }
    if (!ex->callback_url.ptr && (rc = from_cookie(ex, cookie, err))) return rc;
    if (!*usable || usher_str_eq(ex->callback_url, cookie)) return USHER_OK;
    return usher_respond_cookie(ex, USHER_COOKIE_CALLBACK_URL, ex->callback_url, 0, 0, err);
}

usher_status usher_csrf_get(usher_exchange *ex, usher_error *err)
{
    usher_buf text;
    usher_json_writer w;
    usher_str body;

    usher_buf_init(&text, &ex->arena, 4096);
    usher_json_write_init(&w, &text);
    usher_json_open_object(&w);
    usher_json_put_member(&w, USHER_STR("csrfToken"), ex->csrf_token);
    usher_json_close_object(&w);
    usher_status rc = usher_buf_take(&body, &text, err);
    if (rc) return rc;
    usher_respond_body(ex, 200, USHER_STR("application/json"), body);
    usher_respond_private(ex);
    return USHER_OK;
}
