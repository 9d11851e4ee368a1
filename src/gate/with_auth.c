#include "gate/with_auth.h"

#include "base/buf.h"
#include "base/error.h"
#include "base/str.h"
#include "gate/path.h"
#include "wire/form.h"
#include "wire/url.h"

#define URL_MAX ((size_t)256 << 10)

static usher_str or_default(usher_str text, usher_str otherwise)
{
    return text.len ? text : otherwise;
}

static usher_str sign_in_page(const usher_with_auth *w)
{
    return or_default(w->sign_in_page, USHER_STR("/api/auth/signin"));
}

static usher_str error_page(const usher_with_auth *w)
{
    return or_default(w->error_page, USHER_STR("/api/auth/error"));
}

static usher_status join(usher_str *out, usher_arena *a, usher_str first, usher_str second,
                         usher_error *err)
{
    usher_buf b;

    usher_buf_init(&b, a, URL_MAX);
    usher_buf_put(&b, first);
    usher_buf_put(&b, second);
    return usher_buf_take(out, &b, err);
}

/* The path that auth_url names: its own if it has one beside "/". Without a scheme, "https://" is
 * thought in front; what is no URL at all counts as not set. */
static usher_status auth_path(usher_str *out, const usher_with_auth *w, usher_arena *a,
                              usher_error *err)
{
    usher_str text = w->auth_url;
    usher_url url;
    usher_status rc;

    *out = USHER_STR("/api/auth");
    if (!text.len) return USHER_OK;
    if (!usher_str_starts(text, USHER_STR("http")) &&
        (rc = join(&text, a, USHER_STR("https://"), text, err)))
        return rc;
    if (usher_url_read(&url, text, NULL)) return USHER_OK;
    if (usher_str_ends(url.path, USHER_STR("/"))) url.path.len--;
    *out = or_default(url.path, *out);
    return USHER_OK;
}

/* `path` is `folder`, or below it. */
static bool is_below(usher_str path, usher_str folder)
{
    usher_str rest = usher_str_from(path, folder.len);

    return usher_str_starts(path, folder) && (rest.len == 0 || rest.ptr[0] == '/');
}

/* "/_next/data/<build>/a/b.json" is "/a/b", and its "index" is "/". */
static usher_str page_of_data(usher_str path)
{
    usher_str folder = USHER_STR("/_next/data/"), end = USHER_STR(".json"), page, rest;

    if (!usher_str_starts(path, folder) || !usher_str_ends(path, end)) return path;
    path = usher_str_from(path, folder.len);
    path.len -= path.len < end.len ? path.len : end.len;
    (void)usher_str_cut(path, '/', &page); /* the build */
    if (!page.ptr || usher_str_eq(usher_str_cut(page, '/', &rest), USHER_STR("index")))
        return USHER_STR("/");
    return (usher_str){page.ptr - 1, page.len + 1};
}

usher_next_path usher_next_path_of(usher_str base, usher_str path)
{
    usher_next_path out = {{"", 0}, path};

    if (base.len && is_below(path, base)) {
        out.base = base;
        out.path = usher_str_from(path, base.len);
    }
    if (out.path.len == 0) out.path = USHER_STR("/");
    out.path = page_of_data(out.path);
    return out;
}

usher_status usher_with_auth_skips(bool *out, const usher_with_auth *w, usher_arena *a,
                                   usher_str path, usher_error *err)
{
    usher_str whole, endpoints, plain;
    usher_status rc;

    *out = false;
    if ((rc = join(&whole, a, w->base_path, path, err)) ||
        (rc = auth_path(&endpoints, w, a, err)) ||
        usher_path_classify(&plain, path) != USHER_PATH_CANONICAL || plain.len != path.len)
        return rc;
    *out = is_below(whole, endpoints) || usher_str_eq(path, sign_in_page(w)) ||
           usher_str_eq(path, error_page(w)) || is_below(path, USHER_STR("/_next")) ||
           is_below(path, USHER_STR("/favicon.ico"));
    return USHER_OK;
}

/* A page's own query is written anew, as URLSearchParams does when it gets one more. */
static usher_status put_query(usher_buf *b, usher_arena *a, usher_str query, usher_error *err)
{
    usher_form form;
    usher_status rc = usher_form_read(&form, a, query, err);

    if (rc == USHER_E_LIMIT)
        return usher_fail(err, USHER_E_SETTING, "with_auth: a page with a long query", 0);
    if (rc) return rc;
    usher_buf_put_char(b, '?');
    for (size_t i = 0; i < form.count; i++)
        usher_form_put(b, form.pairs[i].name, form.pairs[i].value);
    return USHER_OK;
}

/* The page as a URL on the request's origin; an absolute one stays what it is. A fragment would
 * swallow the parameters that follow, so they go before it. */
static usher_status page_url(usher_str *out, const usher_with_auth *w, usher_arena *a,
                             usher_str page, usher_str name, usher_str value, usher_error *err)
{
    usher_str fragment, query, absolute = usher_str_cut(page, '#', &fragment);
    usher_url url;
    usher_buf b;
    bool relative = usher_url_read(&url, absolute, NULL) != USHER_OK;

    usher_buf_init(&b, a, URL_MAX);
    if (relative) {
        if (!usher_str_starts(absolute, USHER_STR("/")))
            return usher_fail(err, USHER_E_SETTING, "with_auth: a page is a path or a URL", 0);
        usher_buf_put(&b, w->origin);
        usher_buf_put(&b, w->base_path);
    }
    usher_buf_put(&b, usher_str_cut(absolute, '?', &query));
    if (!relative && !url.path.len) usher_buf_put_char(&b, '/');
    usher_status rc = put_query(&b, a, query, err);
    if (rc) return rc;
    usher_form_put(&b, name, value);
    if (fragment.ptr) {
        usher_buf_put_char(&b, '#');
        usher_buf_put(&b, fragment);
    }
    return usher_buf_take(out, &b, err);
}

usher_status usher_with_auth_sign_in(usher_str *out, const usher_with_auth *w, usher_arena *a,
                                     usher_str path, usher_str search, usher_error *err)
{
    usher_str back;
    usher_status rc;

    *out = (usher_str){0};
    if ((rc = join(&back, a, w->base_path, path, err)) || (rc = join(&back, a, back, search, err)))
        return rc;
    return page_url(out, w, a, sign_in_page(w), USHER_STR("callbackUrl"), back, err);
}

usher_status usher_with_auth_misconfigured(usher_str *out, const usher_with_auth *w, usher_arena *a,
                                           usher_error *err)
{
    *out = (usher_str){0};
    return page_url(out, w, a, error_page(w), USHER_STR("error"), USHER_STR("Configuration"), err);
}
