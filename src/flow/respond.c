/* Building the response: status, headers, cookies, and the redirects of both systems. */
#include <string.h>

#include "base/error.h"
#include "base/str.h"
#include "flow/exchange.h"
#include "wire/json.h"
#include "wire/percent.h"
#include "wire/url.h"

#define URL_MAX ((size_t)32 << 10)

void usher_respond_header(usher_exchange *ex, usher_str name, usher_str value)
{
    if (ex->response.header_count < USHER_HEADERS_MAX - USHER_SET_COOKIES_MAX)
        ex->response_headers[ex->response.header_count++] = (usher_header){name, value};
}

void usher_respond_private(usher_exchange *ex)
{
    const usher_auth0_names *auth0 = ex->site->profile->auth0;

    usher_respond_header(ex, USHER_STR("Cache-Control"),
                         auth0 ? auth0->cache_control : USHER_STR("private, no-cache, no-store"));
    usher_respond_header(ex, USHER_STR("Pragma"), USHER_STR("no-cache"));
    usher_respond_header(ex, USHER_STR("Expires"), USHER_STR("0"));
}

void usher_respond_body(usher_exchange *ex, int status, usher_str type, usher_str body)
{
    ex->response.status = status;
    ex->response.body = body;
    if (body.len) usher_respond_header(ex, USHER_STR("Content-Type"), type);
    usher_respond_header(ex, USHER_STR("X-Content-Type-Options"), USHER_STR("nosniff"));
}

/* Where the authority of "https://host/path" ends, of which slashes of either kind may be in front.
 */
static size_t authority_end(usher_str url)
{
    size_t i = 0;

    while (i < url.len && url.ptr[i] != ':')
        i++;
    for (i++; i < url.len && usher_str_has(USHER_STR("/\\"), url.ptr[i]); i++) {
    }
    while (i < url.len && !usher_str_has(USHER_STR("/\\?#"), url.ptr[i]))
        i++;
    return i;
}

/* How many bytes in front stay as they are. */
static size_t uri_run(usher_str url)
{
    size_t run = 0;

    while (run < url.len && url.ptr[run] > ' ' && url.ptr[run] < 0x7f && url.ptr[run] != '\\')
        run++;
    return run;
}

/* Location holds a URI: what a browser would percent-encode on its own (spaces, bytes of UTF-8) is
 * encoded here, and the backslash, which it would take for a slash. One that ends the authority is
 * written as the slash it is: "https://own.example%5C@evil.example" would be another host. Spaces
 * in front are those of a callback URL that names its scheme behind them; encoded they would make a
 * path of it. Controls never get this far; this is the last door. */
static usher_status location_value(usher_str *out, usher_exchange *ex, usher_str url,
                                   usher_error *err)
{
    static const char hex[] = "0123456789ABCDEF";
    usher_buf b;

    usher_buf_init(&b, &ex->arena, URL_MAX * 3);
    while (url.len && url.ptr[0] == ' ')
        url = usher_str_from(url, 1);
    size_t path = authority_end(url);
    for (size_t i = 0; i < url.len; i++) {
        size_t run = uri_run(usher_str_from(url, i));
        usher_buf_put(&b, (usher_str){url.ptr + i, run});
        if ((i += run) == url.len) break;
        unsigned char c = (unsigned char)url.ptr[i];
        if (c < ' ' || c == 0x7f)
            return usher_fail(err, USHER_E_USAGE, "respond: a control character in Location", i);
        if (c == '\\' && i <= path)
            usher_buf_put_char(&b, '/');
        else
            usher_buf_put(&b, (usher_str){(char[]){'%', hex[c >> 4], hex[c & 15]}, 3});
    }
    return usher_buf_take(out, &b, err);
}

usher_status usher_respond_redirect(usher_exchange *ex, usher_str url, usher_error *err)
{
    usher_str location;
    usher_status rc = location_value(&location, ex, url, err);

    if (rc) return rc;
    ex->response.status = 302;
    usher_respond_header(ex, USHER_STR("Location"), location);
    usher_respond_header(ex, USHER_STR("Referrer-Policy"), USHER_STR("no-referrer"));
    usher_respond_private(ex);
    return USHER_OK;
}

usher_status usher_respond_url(usher_exchange *ex, usher_str url, int json_status, usher_error *err)
{
    usher_buf text;
    usher_json_writer w;
    usher_str body;

    if (!ex->json_mode) return usher_respond_redirect(ex, url, err);
    usher_buf_init(&text, &ex->arena, URL_MAX * 2);
    usher_json_write_init(&w, &text);
    usher_json_open_object(&w);
    usher_json_put_member(&w, USHER_STR("url"), url);
    usher_json_close_object(&w);
    usher_status rc = usher_buf_take(&body, &text, err);
    if (rc) return rc;
    usher_respond_body(ex, ex->site->profile->json_status ? json_status : 200,
                       USHER_STR("application/json"), body);
    usher_respond_private(ex);
    return USHER_OK;
}

usher_status usher_respond_own_url(usher_str *out, usher_exchange *ex, usher_str tail,
                                   usher_error *err)
{
    usher_buf url;

    usher_buf_init(&url, &ex->arena, URL_MAX);
    usher_buf_put(&url, ex->site->base_url);
    usher_buf_put(&url, ex->site->base_path);
    usher_buf_put(&url, tail);
    return usher_buf_take(out, &url, err);
}

static usher_str configured_page(const usher_site *site, usher_page page)
{
    switch (page) {
    case USHER_PAGE_SIGN_IN: return site->pages.sign_in;
    case USHER_PAGE_SIGN_OUT: return site->pages.sign_out;
    case USHER_PAGE_ERROR: return site->pages.error;
    case USHER_PAGE_VERIFY: return site->pages.verify_request;
    }
    return (usher_str){0};
}

static usher_str own_page(const usher_site *site, usher_page page)
{
    switch (page) {
    case USHER_PAGE_SIGN_IN: return site->profile->sign_in_path;
    case USHER_PAGE_SIGN_OUT: return USHER_STR("/signout");
    case USHER_PAGE_ERROR: return USHER_STR("/error");
    case USHER_PAGE_VERIFY: return USHER_STR("/verify-request");
    }
    return USHER_STR("/error");
}

usher_status usher_respond_page_url(usher_str *out, usher_exchange *ex, usher_page page,
                                    usher_error *err)
{
    usher_str custom = configured_page(ex->site, page);
    usher_buf url;

    if (!custom.len && page == USHER_PAGE_SIGN_IN && ex->site->profile->auth0)
        custom = ex->site->auth0.routes[USHER_AUTH0_LOGIN];
    if (!custom.len) return usher_respond_own_url(out, ex, own_page(ex->site, page), err);
    usher_buf_init(&url, &ex->arena, URL_MAX);
    if (custom.ptr[0] == '/') usher_buf_put(&url, ex->site->base_url);
    usher_buf_put(&url, custom);
    return usher_buf_take(out, &url, err);
}

#define WORD_MAX ((size_t)1024)

/* `word` is the program's, about credentials that it refused; absent if it has none. */
static usher_status failure_url(usher_str *out, usher_exchange *ex, usher_failure failure,
                                usher_str word, usher_error *err)
{
    const usher_failure_route *route = &ex->site->profile->failures[failure];
    usher_str page;
    usher_buf url;
    usher_status rc = ex->site->profile->custom_pages_direct
                          ? usher_respond_page_url(&page, ex, route->page, err)
                          : usher_respond_own_url(&page, ex, own_page(ex->site, route->page), err);

    if (rc) return rc;
    usher_buf_init(&url, &ex->arena, URL_MAX);
    usher_buf_put(&url, page);
    if (word.len && ex->site->profile->json_status) {
        usher_buf_put_z(&url, "?error="); /* the word stands in the code's place */
        usher_percent_put(&url, word);
        return usher_buf_take(out, &url, err);
    }
    if (route->code.len)
        usher_url_put_param(&url, USHER_STR("error"), route->code);
    else
        usher_url_put_param(&url, USHER_STR("csrf"), USHER_STR("true"));
    if (failure == USHER_FAIL_CREDENTIALS && ex->site->profile->json_status)
        usher_url_put_param(&url, USHER_STR("provider"), ex->sign_in.provider->id);
    else if (failure == USHER_FAIL_CREDENTIALS)
        usher_url_put_param(&url, USHER_STR("code"), word.len ? word : USHER_STR("credentials"));
    return usher_buf_take(out, &url, err);
}

static usher_status respond_failure(usher_exchange *ex, usher_failure failure, usher_str word,
                                    int json_status, usher_error *err)
{
    usher_str url;
    usher_status rc = failure_url(&url, ex, failure, word, err);

    if (rc) return rc;
    if (!ex->site->profile->failure_keeps_cookies) ex->set_cookie_count = 0;
    return usher_respond_url(ex, url, json_status, err);
}

usher_status usher_respond_failure(usher_exchange *ex, usher_failure failure, int json_status,
                                   usher_error *err)
{
    return respond_failure(ex, failure, (usher_str){0}, json_status, err);
}

usher_status usher_respond_refused(usher_exchange *ex, usher_str word, usher_error *err)
{
    if (word.len > WORD_MAX) /* between two characters */
        for (word.len = WORD_MAX; word.len && (word.ptr[word.len] & 0xc0) == 0x80;)
            word.len--;
    return respond_failure(ex, USHER_FAIL_CREDENTIALS, word, 401, err);
}

usher_status usher_respond_unknown(usher_exchange *ex, usher_error *err)
{
    usher_buf text;
    usher_str body;

    if (!ex->report_count) usher_flow_report(ex, USHER_CAUSE_ACTION_UNKNOWN, NULL);
    ex->set_cookie_count = 0;
    if (ex->site->profile->strict_paths) {
        usher_respond_body(ex, 400, USHER_STR("application/json"), USHER_STR("\"Bad request.\""));
        return USHER_OK;
    }
    usher_buf_init(&text, &ex->arena, 256);
    usher_buf_put_z(&text, "Error: This action with HTTP ");
    usher_buf_put(&text, ex->post ? USHER_STR("POST")
                         : usher_str_eq(ex->request->method, USHER_STR("GET"))
                             ? USHER_STR("GET")
                             : USHER_STR("method"));
    usher_buf_put_z(&text, " is not supported by NextAuth.js");
    usher_status rc = usher_buf_take(&body, &text, err);
    if (rc) return rc;
    usher_respond_body(ex, 400, USHER_STR("text/plain; charset=utf-8"), body);
    return USHER_OK;
}

usher_status usher_respond_set_cookie(usher_exchange *ex, usher_str name, usher_str line,
                                      usher_error *err)
{
    for (size_t i = 0; i < ex->set_cookie_count; i++) {
        if (!usher_str_eq(ex->set_cookies[i].name, name)) continue;
        ex->set_cookies[i].line = line;
        return USHER_OK;
    }
    if (ex->set_cookie_count == USHER_SET_COOKIES_MAX)
        return usher_fail(err, USHER_E_LIMIT, "respond: too many cookies", 0);
    ex->set_cookies[ex->set_cookie_count++] = (usher_cookie_line){.name = name, .line = line};
    return USHER_OK;
}

static usher_set_cookie base_cookie(const usher_exchange *ex, usher_cookie_kind kind)
{
    const usher_site_cookie *c = &ex->site->cookies[kind];

    return (usher_set_cookie){.name = c->name,
                              .domain = c->domain,
                              .path = c->path,
                              .http_only = c->http_only,
                              .secure = c->secure,
                              .same_site = c->same_site};
}

usher_status usher_respond_cookie(usher_exchange *ex, usher_cookie_kind kind, usher_str value,
                                  int64_t expires_s, int64_t max_age_s, usher_error *err)
{
    usher_set_cookie c = base_cookie(ex, kind);
    usher_str line;

    c.value = value;
    c.has_expires = expires_s != 0;
    c.expires_s = expires_s;
    c.has_max_age = max_age_s != 0;
    c.max_age_s = max_age_s;
    usher_status rc = usher_set_cookie_write(&line, &ex->arena, &c, err);
    return rc ? rc : usher_respond_set_cookie(ex, c.name, line, err);
}

usher_status usher_respond_forget_cookie(usher_exchange *ex, usher_cookie_kind kind,
                                         usher_error *err)
{
    usher_set_cookie c = base_cookie(ex, kind);
    usher_str line;

    c.value = USHER_STR("");
    c.has_max_age = true;
    usher_status rc = usher_set_cookie_write(&line, &ex->arena, &c, err);
    return rc ? rc : usher_respond_set_cookie(ex, c.name, line, err);
}
