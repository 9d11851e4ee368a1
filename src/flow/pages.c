/* Our own pages: sign-in, sign-out, error, verify-request. The forms are the originals' contract
 * (field names and actions); the look is ours. No script, no foreign content, one style sheet whose
 * digest stands in the content security policy. */
#include <string.h>

#include "base/error.h"
#include "base/str.h"
#include "flow/exchange.h"
#include "wire/base64url.h"
#include "wire/html.h"
#include "wire/jose/digest.h"
#include "wire/url.h"

#define PAGE_MAX ((size_t)256 << 10)

#define DARK                                                                                       \
    "{color-scheme:dark;--bg:#171614;--card:#211f1c;--ink:#f0eee9;--soft:#a39f96;--line:#3a3732;"  \
    "--go:#7aa7ff;--go-ink:#10151f;--bad:#ffb4a8;--bad-bg:#3a1d18}"

static const char style[] =
    ":root{color-scheme:light dark;--bg:#f5f4f1;--card:#fff;--ink:#1d1c1a;--soft:#6b6862;"
    "--line:#dedbd4;--go:#1f5fd0;--go-ink:#fff;--bad:#a12b1d;--bad-bg:#fdf0ee}"
    ".__next-auth-theme-light{color-scheme:light}.__next-auth-theme-dark" DARK
    "@media(prefers-color-scheme:dark){.__next-auth-theme-auto" DARK "}"
    "*{box-sizing:border-box}body{margin:0;min-height:100vh;display:grid;place-items:center;"
    "padding:1.5rem;background:var(--bg);color:var(--ink);"
    "font:16px/1.5 system-ui,-apple-system,Segoe UI,Roboto,sans-serif}"
    "main{width:100%;max-width:24rem;background:var(--card);border:1px solid var(--line);"
    "border-radius:14px;padding:2rem;box-shadow:0 1px 3px rgb(0 0 0/.06)}"
    "h1{font-size:1.35rem;line-height:1.25;margin:0 0 .35rem}p{margin:.35rem 0 "
    "1rem;color:var(--soft)}"
    "form{margin:.75rem 0 0}label{display:block;font-size:.9rem;margin:.75rem 0 .3rem}"
    "input,select{width:100%;font:inherit;color:inherit;background:var(--bg);"
    "border:1px solid var(--line);border-radius:8px;padding:.6rem .7rem}"
    "button,a.button{display:block;width:100%;font:inherit;font-weight:600;text-align:center;"
    "text-decoration:none;cursor:pointer;color:var(--go-ink);background:var(--go);border:0;"
    "border-radius:8px;padding:.7rem 1rem;margin-top:.75rem}"
    ":focus-visible{outline:3px solid var(--go);outline-offset:2px}"
    ".bad{color:var(--bad);background:var(--bad-bg);border-radius:8px;padding:.6rem .8rem}"
    ".ref{font-size:.8rem}code{font-size:.95em}hr{border:0;border-top:1px solid var(--line);"
    "margin:1.25rem 0 .5rem}.logo{display:block;max-width:100%;max-height:4rem;margin:0 0 1rem}";

/* --- the frame of a page ------------------------------------------------------------------------
 */

#define STYLE_PARTS 7

/* The style sheet, and behind it the site's colours, which count for light and dark. */
static size_t style_parts(usher_str parts[STYLE_PARTS], const usher_theme *theme)
{
    size_t n = 0;

    parts[n++] = (usher_str){style, sizeof style - 1};
    if (theme->brand.len) {
        parts[n++] = USHER_STR("body[class]{--go:");
        parts[n++] = theme->brand;
        parts[n++] = USHER_STR("}");
    }
    if (theme->button_text.len) {
        parts[n++] = USHER_STR("body[class]{--go-ink:");
        parts[n++] = theme->button_text;
        parts[n++] = USHER_STR("}");
    }
    return n;
}

static void put_style(usher_exchange *ex, usher_buf *b)
{
    usher_str parts[STYLE_PARTS];
    size_t count = style_parts(parts, &ex->site->theme);

    usher_buf_put_z(b, "<style>");
    for (size_t i = 0; i < count; i++)
        usher_buf_put(b, parts[i]);
    usher_buf_put_z(b, "</style>");
}

static void put_logo(usher_exchange *ex, usher_buf *b)
{
    if (!ex->site->theme.logo.len) return;
    usher_buf_put_z(b, "<img class=\"logo\" alt=\"\" src=\"");
    usher_html_put(b, ex->site->theme.logo);
    usher_buf_put_z(b, "\">");
}

static void open_page(usher_exchange *ex, usher_buf *b, const char *title)
{
    static const char *const schemes[] = {"auto", "light", "dark"};

    usher_buf_init(b, &ex->arena, PAGE_MAX);
    usher_buf_put_z(b, "<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\">"
                       "<meta name=\"viewport\" content=\"width=device-width,initial-scale=1\">"
                       "<meta name=\"robots\" content=\"noindex\"><title>");
    usher_buf_put_z(b, title);
    usher_buf_put_z(b, " · ");
    usher_html_put(b, ex->site->title);
    usher_buf_put_z(b, "</title>");
    put_style(ex, b);
    usher_buf_put_z(b, "</head><body class=\"__next-auth-theme-");
    usher_buf_put_z(b, schemes[ex->site->theme.scheme]);
    usher_buf_put_z(b, "\"><main>");
    put_logo(ex, b);
    usher_buf_put_z(b, "<h1>");
    usher_buf_put_z(b, title);
    usher_buf_put_z(b, "</h1>");
}

static usher_status policy(usher_str *out, usher_exchange *ex, usher_error *err)
{
    uint8_t digest[USHER_DIGEST_MAX];
    usher_str parts[STYLE_PARTS];
    size_t count = style_parts(parts, &ex->site->theme);
    usher_buf b;
    usher_status rc = usher_digest_parts(digest, USHER_SHA256, parts, count, err);

    if (rc) return rc;
    usher_buf_init(&b, &ex->arena, 512 + ex->site->theme.logo_source.len);
    usher_buf_put_z(&b, "default-src 'none'; base-uri 'none'; frame-ancestors 'none'; "
                        "style-src 'sha256-");
    usher_base64_put(&b, digest, 32);
    usher_buf_put_z(&b, "'");
    if (ex->site->theme.logo_source.len) {
        usher_buf_put_z(&b, "; img-src ");
        usher_buf_put(&b, ex->site->theme.logo_source);
    }
    return usher_buf_take(out, &b, err);
}

static usher_status close_page(usher_exchange *ex, usher_buf *b, int status, usher_error *err)
{
    usher_str body, csp;
    usher_status rc;

    usher_buf_put_z(b, "</main></body></html>");
    if ((rc = usher_buf_take(&body, b, err)) || (rc = policy(&csp, ex, err))) return rc;
    usher_respond_body(ex, status, USHER_STR("text/html; charset=utf-8"), body);
    usher_respond_header(ex, USHER_STR("Content-Security-Policy"), csp);
    usher_respond_header(ex, USHER_STR("X-Frame-Options"), USHER_STR("DENY"));
    usher_respond_header(ex, USHER_STR("Referrer-Policy"), USHER_STR("no-referrer"));
    usher_respond_private(ex);
    return USHER_OK;
}

static void put_hidden(usher_buf *b, const char *name, usher_str value)
{
    usher_buf_put_z(b, "<input type=\"hidden\" name=\"");
    usher_buf_put_z(b, name);
    usher_buf_put_z(b, "\" value=\"");
    usher_html_put(b, value);
    usher_buf_put_z(b, "\">");
}

static void put_form(usher_exchange *ex, usher_buf *b, const char *action, usher_str id)
{
    usher_buf_put_z(b, "<form method=\"POST\" action=\"");
    usher_html_put(b, ex->site->base_url);
    usher_html_put(b, ex->site->base_path);
    usher_buf_put_z(b, action);
    usher_html_put(b, id);
    usher_buf_put_z(b, "\">");
    put_hidden(b, "csrfToken", ex->csrf_token);
}

/* --- messages -----------------------------------------------------------------------------------
 */

/* Codes of both systems in our words. Unknown codes get the last row's text and are never shown. */
static const struct {
    usher_str code;
    bool on_sign_in; /* the code belongs to the sign-in page */
    int status;      /* of the error page */
    const char *title, *text;
} messages[] = {
    {USHER_STR_INIT("Configuration"), false, 500, "Something is set up wrongly",
     "This site could not complete the request. Its operator finds the reason in the log."},
    {USHER_STR_INIT("AccessDenied"), false, 403, "Access denied",
     "You do not have permission to sign in."},
    {USHER_STR_INIT("Verification"), false, 403, "This link no longer works",
     "It may have been used already, or it may have expired."},
    {USHER_STR_INIT("Signin"), true, 200, "Unable to sign in", "Please try another account."},
    {USHER_STR_INIT("OAuthSignin"), true, 200, "Unable to sign in",
     "The sign-in service could not be reached. Please try again in a moment."},
    {USHER_STR_INIT("OAuthCallback"), true, 200, "Unable to sign in",
     "The sign-in could not be completed. Please try again."},
    {USHER_STR_INIT("OAuthCallbackError"), true, 200, "Unable to sign in",
     "The sign-in service did not let you in. Please try again, or use another account."},
    {USHER_STR_INIT("OAuthCreateAccount"), true, 200, "Unable to sign in",
     "No account could be made. Please try another one."},
    {USHER_STR_INIT("EmailCreateAccount"), true, 200, "Unable to sign in",
     "No account could be made. Please try another address."},
    {USHER_STR_INIT("Callback"), true, 200, "Unable to sign in",
     "The sign-in service did not let you in. Please try again, or use another account."},
    {USHER_STR_INIT("OAuthAccountNotLinked"), true, 200, "Unable to sign in",
     "Sign in with the account you used the first time."},
    {USHER_STR_INIT("EmailSignin"), true, 200, "Unable to sign in",
     "The e-mail could not be sent."},
    {USHER_STR_INIT("CredentialsSignin"), true, 200, "Unable to sign in",
     "Check that what you entered is right."},
    {USHER_STR_INIT("SessionRequired"), true, 200, "Please sign in",
     "This page is for people who are signed in."},
    {USHER_STR_INIT("MissingCSRF"), true, 200, "Unable to sign in",
     "The form had expired. Please try again."},
    {USHER_STR_INIT(""), false, 200, "Something went wrong", "Please try again."},
};
#define MESSAGES (sizeof messages / sizeof *messages)

static size_t message_of(const usher_exchange *ex, usher_str code)
{
    bool any_case = ex->site->profile->error_case_free;

    for (size_t i = 0; i + 1 < MESSAGES; i++)
        if (any_case ? usher_str_eq_case(messages[i].code, code)
                     : usher_str_eq(messages[i].code, code))
            return i;
    return MESSAGES - 1;
}

static void put_reference(usher_exchange *ex, usher_buf *b)
{
    usher_buf_put_z(b, "<p class=\"ref\">Reference <code>");
    usher_html_put(b, usher_exchange_id(ex));
    usher_buf_put_z(b, "</code></p>");
}

/* --- pages --------------------------------------------------------------------------------------
 */

static void put_oidc_form(usher_exchange *ex, usher_buf *b, const usher_provider *p)
{
    put_form(ex, b, "/signin/", p->id);
    put_hidden(b, "callbackUrl", ex->callback_url);
    usher_buf_put_z(b, "<button type=\"submit\">Sign in with ");
    usher_html_put(b, p->name);
    usher_buf_put_z(b, "</button></form>");
}

static void put_development_form(usher_exchange *ex, usher_buf *b, const usher_provider *p)
{
    put_form(ex, b, "/callback/", p->id);
    usher_buf_put_z(b, "<label for=\"user-");
    usher_html_put(b, p->id);
    usher_buf_put_z(b, "\">Sign in as</label><select name=\"user\" id=\"user-");
    usher_html_put(b, p->id);
    usher_buf_put_z(b, "\">");
    for (size_t i = 0; i < p->user_count; i++) {
        usher_buf_put_z(b, "<option value=\"");
        usher_html_put(b, p->users[i].id);
        usher_buf_put_z(b, "\">");
        usher_html_put(b, p->users[i].name.len ? p->users[i].name : p->users[i].id);
        usher_buf_put_z(b, "</option>");
    }
    usher_buf_put_z(b, "</select><button type=\"submit\">Sign in with ");
    usher_html_put(b, p->name);
    usher_buf_put_z(b, "</button></form>");
}

static void put_attribute(usher_buf *b, const char *name, usher_str value)
{
    usher_buf_put_z(b, name);
    usher_buf_put_z(b, "=\"");
    usher_html_put(b, value);
    usher_buf_put_z(b, "\"");
}

/* Two forms may ask for the same field. */
static void put_field_id(usher_buf *b, const char *name, const usher_field *f,
                         const usher_provider *p)
{
    usher_buf_put_z(b, name);
    usher_buf_put_z(b, "=\"input-");
    usher_html_put(b, f->name);
    usher_buf_put_z(b, "-for-");
    usher_html_put(b, p->id);
    usher_buf_put_z(b, "-provider\"");
}

static void put_field(usher_buf *b, const usher_field *f, const usher_provider *p)
{
    put_field_id(b, "<label for", f, p);
    usher_buf_put_z(b, ">");
    usher_html_put(b, f->label);
    put_attribute(b, "</label><input name", f->name);
    put_field_id(b, " id", f, p);
    put_attribute(b, " type", f->type);
    if (f->placeholder.ptr) put_attribute(b, " placeholder", f->placeholder);
    usher_buf_put_z(b, ">");
}

/* Where to go afterwards is in a cookie, as at the originals. */
static void put_credentials_form(usher_exchange *ex, usher_buf *b, const usher_provider *p)
{
    put_form(ex, b, "/callback/", p->id);
    for (size_t i = 0; i < p->field_count; i++)
        put_field(b, &p->fields[i], p);
    usher_buf_put_z(b, "<button type=\"submit\">Sign in with ");
    usher_html_put(b, p->name);
    usher_buf_put_z(b, "</button></form>");
}

static void put_provider_form(usher_exchange *ex, usher_buf *b, const usher_provider *p)
{
    switch (p->type) {
    case USHER_PROVIDER_OIDC: put_oidc_form(ex, b, p); return;
    case USHER_PROVIDER_DEVELOPMENT: put_development_form(ex, b, p); return;
    case USHER_PROVIDER_CREDENTIALS: put_credentials_form(ex, b, p); return;
    }
}

usher_status usher_page_sign_in(usher_exchange *ex, usher_error *err)
{
    usher_buf b;
    usher_str code = usher_form_last(&ex->query, USHER_STR("error"));

    if (usher_str_eq(usher_form_last(&ex->query, USHER_STR("csrf")), USHER_STR("true")))
        code = USHER_STR("MissingCSRF");
    open_page(ex, &b, "Sign in");
    usher_buf_put_z(&b, "<p>to continue to ");
    usher_html_put(&b, ex->site->title);
    usher_buf_put_z(&b, "</p>");
    if (code.len) {
        size_t m = message_of(ex, code);
        usher_buf_put_z(&b, "<p class=\"bad\" role=\"alert\">");
        usher_buf_put_z(&b, messages[m].text);
        usher_buf_put_z(&b, "</p>");
        put_reference(ex, &b);
    }
    for (size_t i = 0; i < ex->site->provider_count; i++) {
        if (i) usher_buf_put_z(&b, "<hr>");
        put_provider_form(ex, &b, &ex->site->providers[i]);
    }
    if (!ex->site->provider_count)
        usher_buf_put_z(&b, "<p>No way to sign in is configured yet.</p>");
    return close_page(ex, &b, 200, err);
}

usher_status usher_page_sign_out(usher_exchange *ex, usher_error *err)
{
    usher_buf b;

    open_page(ex, &b, "Sign out");
    usher_buf_put_z(&b, "<p>Are you sure you want to sign out?</p>");
    put_form(ex, &b, "/signout", USHER_STR(""));
    usher_buf_put_z(&b, "<button type=\"submit\">Sign out</button></form>");
    return close_page(ex, &b, 200, err);
}

usher_status usher_page_error(usher_exchange *ex, usher_str code, usher_error *err)
{
    size_t m = message_of(ex, code);
    usher_buf b;

    open_page(ex, &b, messages[m].title);
    usher_buf_put_z(&b, "<p>");
    usher_buf_put_z(&b, messages[m].text);
    usher_buf_put_z(&b, "</p>");
    if (messages[m].code.len) {
        usher_buf_put_z(&b, "<p class=\"ref\">Code <code>");
        usher_html_put(&b, messages[m].code);
        usher_buf_put_z(&b, "</code></p>");
    }
    put_reference(ex, &b);
    usher_buf_put_z(&b, "<a class=\"button\" href=\"");
    usher_html_put(&b, ex->site->base_url);
    usher_html_put(&b, ex->site->base_path);
    usher_buf_put_z(&b, "/signin\">Sign in</a>");
    return close_page(ex, &b, messages[m].status, err);
}

usher_status usher_page_verify(usher_exchange *ex, usher_error *err)
{
    usher_buf b;

    open_page(ex, &b, "Check your e-mail");
    usher_buf_put_z(&b, "<p>A sign-in link is on its way to you.</p>");
    return close_page(ex, &b, 200, err);
}

static usher_status hand_on(usher_exchange *ex, usher_str page, usher_str code, usher_error *err)
{
    usher_buf url;
    usher_str text;

    usher_buf_init(&url, &ex->arena, (size_t)32 << 10);
    usher_buf_put(&url, page);
    if (code.ptr) usher_url_put_param(&url, USHER_STR("error"), code);
    usher_status rc = usher_buf_take(&text, &url, err);
    return rc ? rc : usher_respond_redirect(ex, text, err);
}

usher_status usher_error_get(usher_exchange *ex, usher_error *err)
{
    usher_str code = usher_form_last(&ex->query, USHER_STR("error")), page;
    usher_status rc;

    if (!code.len && !ex->site->profile->strict_paths) code = ex->argument;
    if (ex->site->profile->error_to_sign_in && messages[message_of(ex, code)].on_sign_in) {
        if ((rc = usher_respond_own_url(&page, ex, USHER_STR("/signin"), err))) return rc;
        return hand_on(ex, page, code, err);
    }
    if (!ex->site->pages.error.len ||
        usher_str_starts(ex->callback_url, ex->site->pages.error)) /* never in a circle */
        return usher_page_error(ex, code, err);
    if ((rc = usher_respond_page_url(&page, ex, USHER_PAGE_ERROR, err))) return rc;
    return hand_on(ex, page, code.len ? code : (usher_str){0}, err);
}

usher_status usher_verify_get(usher_exchange *ex, usher_error *err)
{
    usher_str page;

    if (!ex->site->pages.verify_request.len) return usher_page_verify(ex, err);
    usher_status rc = usher_respond_page_url(&page, ex, USHER_PAGE_VERIFY, err);
    return rc ? rc : usher_respond_redirect(ex, page, err);
}
