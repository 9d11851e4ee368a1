/* The two cookies that every action looks at first: the CSRF token and the callback URL. */
#include <string.h>

#include "base/error.h"
#include "base/secret.h"
#include "base/str.h"
#include "flow/exchange.h"
#include "session/csrf.h"
#include "wire/jose/digest.h"
#include "wire/json.h"
#include "wire/url.h"

/* One id for all requests of a browser's visit, so that the error page shows what the log calls the
 * request that failed: a digest of the CSRF token, which is neither secret nor reversible here. */
static usher_status visit_id(usher_exchange *ex, usher_error *err)
{
    const usher_str parts[] = {USHER_STR_INIT("usher visit|"), ex->csrf_token};
    uint8_t digest[USHER_DIGEST_MAX];
    usher_status rc = usher_digest_parts(digest, USHER_SHA256, parts, 2, err);

    if (rc == USHER_OK) usher_hex(ex->id, digest, USHER_ID_LEN / 2);
    return rc;
}

usher_status usher_flow_csrf(usher_exchange *ex, usher_error *err)
{
    usher_str cookie = usher_flow_cookie(ex, USHER_COOKIE_CSRF), fresh;
    usher_status rc = usher_csrf_read(&ex->csrf_token, &ex->site->keys, cookie, err);

    if (rc) return rc;
    if (ex->csrf_token.ptr) {
        usher_str sent = usher_form_last(&ex->body, USHER_STR("csrfToken"));
        ex->csrf_verified = ex->post && usher_secret_equal_str(ex->csrf_token, sent);
        return visit_id(ex, err);
    }
    if ((rc = usher_csrf_new(&ex->csrf_token, &fresh, &ex->arena, &ex->site->keys, ex->entropy,
                             err)) ||
        (rc = visit_id(ex, err)))
        return rc;
    return usher_respond_cookie(ex, USHER_COOKIE_CSRF, fresh, 0, 0, err);
}

/* What the originals demand of a value in the query: an http(s) URL, or a path. */
static bool plausible(usher_str url)
{
    usher_url parsed;

    if (usher_str_starts(url, USHER_STR("/"))) return true;
    return usher_url_read(&parsed, url, NULL) == USHER_OK;
}

usher_status usher_flow_callback_url(usher_exchange *ex, bool *usable, usher_error *err)
{
    usher_str cookie = usher_flow_cookie(ex, USHER_COOKIE_CALLBACK_URL);
    usher_str url = usher_form_last(&ex->body, USHER_STR("callbackUrl"));
    bool from_query = false;

    *usable = true;
    if (!url.len) {
        url = usher_form_last(&ex->query, USHER_STR("callbackUrl"));
        from_query = url.len != 0;
    }
    if (from_query && !plausible(url)) {
        usher_flow_report(ex, USHER_CAUSE_CALLBACK_URL, NULL);
        *usable = false;
        ex->callback_url = ex->site->base_url;
        return USHER_OK;
    }
    /* A bad cookie is replaced rather than obeyed: it must not lock its browser out. */
    if (!url.len) url = cookie;
    usher_status rc =
        usher_url_callback(&ex->callback_url, &ex->arena, url, ex->site->base_url, err);
    if (rc || usher_str_eq(ex->callback_url, cookie)) return rc;
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
