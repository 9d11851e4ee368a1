/* The six cookies: the profile's names and attributes, with what the settings changed, and what a
 * browser would silently drop refused here. */
#include "base/str.h"
#include "site/build.h"

#define ROWS_OF(KIND)                                                                              \
    {                                                                                              \
        USHER_ROW_SITE_COOKIES_##KIND##_NAME, USHER_ROW_SITE_COOKIES_##KIND##_DOMAIN,              \
            USHER_ROW_SITE_COOKIES_##KIND##_PATH, USHER_ROW_SITE_COOKIES_##KIND##_SAME_SITE        \
    }

static const struct {
    int name, domain, path, same_site;
} rows[USHER_COOKIE_KINDS] = {
    [USHER_COOKIE_SESSION] = ROWS_OF(SESSION), [USHER_COOKIE_CALLBACK_URL] = ROWS_OF(CALLBACK_URL),
    [USHER_COOKIE_CSRF] = ROWS_OF(CSRF),       [USHER_COOKIE_PKCE] = ROWS_OF(PKCE),
    [USHER_COOKIE_STATE] = ROWS_OF(STATE),     [USHER_COOKIE_NONCE] = ROWS_OF(NONCE),
};

static const usher_value *name_of(const usher_building *b, size_t kind)
{
    return &b->v[rows[kind].name];
}

/* The row that counts: the cookie's own where it is written, else the one for all of them. */
static int own_or(const usher_building *b, int own, int all)
{
    return b->v[own].node ? own : all;
}

static usher_str row_name(size_t kind)
{
    return usher_str_z(usher_site_table.rows[rows[kind].name].path);
}

static void complain_at(usher_building *b, int row, const char *text, usher_str v1, usher_str v2)
{
    usher_complain(&b->c, usher_place_of(b->v[row].node), text, v1, v2, USHER_NIL);
}

/* token of RFC 9110, which is what a cookie's name is. */
bool usher_build_is_cookie_name(usher_str name)
{
    for (size_t i = 0; i < name.len; i++) {
        unsigned char c = (unsigned char)name.ptr[i];
        if (c <= ' ' || c >= 0x7f || usher_str_has(USHER_STR("()<>@,;:\\\"/[]?={}"), (char)c))
            return false;
    }
    return name.len != 0;
}

static bool has_prefix(usher_str name, const char *prefix)
{
    usher_str p = usher_str_z(prefix);

    /* Browsers compare without case. */
    return name.len >= p.len && usher_str_eq_case(usher_str_of(name.ptr, p.len), p);
}

static bool decide_secure(usher_building *b)
{
    enum { AUTO, ON, OFF };
    const usher_value *v = &b->v[USHER_ROW_SITE_COOKIES_SECURE];
    bool https = b->base_known && b->base.https;

    if (v->number == AUTO) return https;
    if (v->number == OFF && https && !b->site->development)
        usher_warn(&b->c, usher_place_of(v->node),
                   "site.cookies.secure is false: browsers send the session over http too",
                   USHER_NIL, USHER_NIL, USHER_NIL);
    if (v->number == ON && b->base_known && !https)
        usher_warn(&b->c, usher_place_of(v->node),
                   "site.cookies.secure is true, but browsers drop such cookies over http",
                   USHER_NIL, USHER_NIL, USHER_NIL);
    return v->number == ON;
}

/* "app.example.com" lies in "example.com". */
static bool lies_in(usher_str host, usher_str domain)
{
    if (host.len <= domain.len) return usher_str_eq_case(host, domain);
    usher_str tail = usher_str_from(host, host.len - domain.len);
    return host.ptr[host.len - domain.len - 1] == '.' && usher_str_eq_case(tail, domain);
}

static bool is_address(usher_str host)
{
    bool digits = true;

    for (size_t i = 0; i < host.len; i++)
        digits &= (host.ptr[i] >= '0' && host.ptr[i] <= '9') || host.ptr[i] == '.';
    return digits || usher_str_has(host, ':');
}

static bool is_host_text(usher_str domain)
{
    for (size_t i = 0; i < domain.len; i++) {
        char c = domain.ptr[i];
        bool fine = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                    c == '-' || c == '.';
        if (!fine) return false;
    }
    return domain.len != 0;
}

static void check_domain(usher_building *b, int row)
{
    const usher_value *v = &b->v[row];
    usher_str name = usher_str_z(usher_site_table.rows[row].path);
    usher_str domain = v->text;

    if (!v->node || v->bad) return;
    if (usher_str_starts(domain, USHER_STR("."))) domain = usher_str_from(domain, 1);
    if (!is_host_text(domain) || is_address(domain) || !usher_str_has(domain, '.'))
        complain_at(b, row, "site.$1 is '$2'; write a domain: example.com", name, v->text);
    else if (b->base_known && !lies_in(b->base.host, domain))
        complain_at(b, row,
                    "site.$1 is '$2', but site.base_url is not in it: browsers would drop the "
                    "cookies",
                    name, v->text);
}

/* path-match of RFC 6265 section 5.1.4 */
static bool covers(usher_str path, usher_str below)
{
    if (!usher_str_starts(below, path)) return false;
    return below.len == path.len || usher_str_ends(path, USHER_STR("/")) ||
           below.ptr[path.len] == '/';
}

static void check_path(usher_building *b, int row)
{
    const usher_value *v = &b->v[row];
    usher_str base = b->site->base_path.len ? b->site->base_path : USHER_STR("/");

    if (v->node && !v->bad && !covers(v->text, base))
        usher_complain(&b->c, usher_place_of(v->node),
                       "site.$1 is '$2', which does not cover site.base_path ('$3'): signing in "
                       "would never see its cookies",
                       usher_str_z(usher_site_table.rows[row].path), v->text, base);
}

enum { LAX, STRICT, NONE }; /* in the order of the setting's words */

static int64_t same_site_word(usher_building *b, size_t kind)
{
    int row = own_or(b, rows[kind].same_site, USHER_ROW_SITE_COOKIES_SAME_SITE);

    return b->v[row].bad ? LAX : b->v[row].number;
}

static usher_same_site same_site_of(usher_building *b, size_t kind)
{
    int64_t wanted = same_site_word(b, kind);

    if (wanted == NONE) return USHER_SAME_SITE_NONE;
    /* The browser comes back from the provider's site with the checks' cookies. */
    return wanted == STRICT && kind == USHER_COOKIE_SESSION ? USHER_SAME_SITE_STRICT
                                                            : USHER_SAME_SITE_LAX;
}

static void check_same_site(usher_building *b, size_t kind)
{
    int row = own_or(b, rows[kind].same_site, USHER_ROW_SITE_COOKIES_SAME_SITE);

    if (same_site_word(b, kind) != NONE || b->site->secure_cookies || !b->base_known) return;
    /* Said once where it is said once. */
    if (row == USHER_ROW_SITE_COOKIES_SAME_SITE && kind != USHER_COOKIE_SESSION) return;
    complain_at(b, row, "site.$1 is none, which browsers take from secure cookies only",
                usher_str_z(usher_site_table.rows[row].path), USHER_NIL);
}

/* RFC 6265bis section 4.1.3: what a browser demands of a name it believes. */
static void check_prefix(usher_building *b, size_t kind)
{
    const usher_site_cookie *c = &b->site->cookies[kind];
    bool host = has_prefix(c->name, "__Host-");

    if (!host && !has_prefix(c->name, "__Secure-")) return;
    if (!c->secure)
        complain_at(b, rows[kind].name,
                    "site.$1 is '$2', but cookies are not secure here: take another name, or https",
                    row_name(kind), c->name);
    else if (host && (c->domain.len || !usher_str_eq(c->path, USHER_STR("/"))))
        complain_at(b, rows[kind].name,
                    "site.$1 is '$2', but such a name allows no domain and no path but '/'",
                    row_name(kind), c->name);
}

/* __Host- of the profile's own name: what the site says for all cookies passes this one by; what it
 * says for this one alone was meant. */
static void keep_to_host(usher_building *b, size_t kind)
{
    usher_site_cookie *c = &b->site->cookies[kind];
    const int own[] = {rows[kind].domain, rows[kind].path};

    for (size_t i = 0; i < sizeof own / sizeof *own; i++)
        if (b->v[own[i]].node)
            usher_warn(&b->c, usher_place_of(b->v[own[i]].node),
                       "site.$1 is not used: a cookie called '$2' has no domain, and the path '/'; "
                       "give it a name of its own",
                       usher_str_z(usher_site_table.rows[own[i]].path), c->name, USHER_NIL);
    c->path = USHER_STR("/");
    c->domain = USHER_NIL;
}

static void set_cookie(usher_building *b, size_t kind)
{
    const usher_profile_cookie *standard = &b->site->profile->cookies[kind];
    const usher_value *v = name_of(b, kind);
    usher_site_cookie *c = &b->site->cookies[kind];
    bool renamed = v->node && !v->bad;
    bool secure = b->site->secure_cookies;

    c->name = renamed  ? usher_build_keep(b, v->text)
              : secure ? standard->secure_name
                       : standard->name;
    c->secure = secure;
    c->http_only = !standard->script_readable;
    c->same_site = same_site_of(b, kind);
    c->path =
        usher_build_keep(b, b->v[own_or(b, rows[kind].path, USHER_ROW_SITE_COOKIES_PATH)].text);
    c->domain =
        usher_build_keep(b, b->v[own_or(b, rows[kind].domain, USHER_ROW_SITE_COOKIES_DOMAIN)].text);
    if (!renamed) {
        if (has_prefix(c->name, "__Host-")) keep_to_host(b, kind);
        return;
    }
    if (usher_build_is_cookie_name(c->name))
        check_prefix(b, kind);
    else
        complain_at(b, rows[kind].name,
                    "site.$1 is '$2', which no cookie can be called: no spaces, separators or '='",
                    row_name(kind), c->name);
}

/* Names are salts of keys too, and chunks of the session are found by how their names begin. */
static void check_distinct(usher_building *b, size_t kind)
{
    const usher_site_cookie *cookies = b->site->cookies;
    usher_str session = cookies[USHER_COOKIE_SESSION].name;
    size_t blamed = name_of(b, kind)->node ? kind : USHER_COOKIE_SESSION;

    if (kind != USHER_COOKIE_SESSION && usher_str_starts(cookies[kind].name, session)) {
        complain_at(
            b, rows[blamed].name,
            "the cookie '$1' begins like the session's, '$2', and would be read as a part of it",
            cookies[kind].name, session);
        return;
    }
    for (size_t other = 0; other < kind; other++)
        if (usher_str_eq(cookies[other].name, cookies[kind].name))
            complain_at(b, rows[name_of(b, kind)->node ? kind : other].name,
                        "two cookies are called '$1'; each needs a name of its own",
                        cookies[kind].name, USHER_NIL);
}

/* Not every system has every cookie. */
static bool exists(usher_building *b, size_t kind)
{
    if (b->site->profile->cookies[kind].name.len) return true;
    if (name_of(b, kind)->node)
        complain_at(b, rows[kind].name, "site.$1: profile $2 has no such cookie", row_name(kind),
                    b->site->profile->name);
    return false;
}

static void check_own(usher_building *b, size_t kind)
{
    check_domain(b, rows[kind].domain);
    check_path(b, rows[kind].path);
    set_cookie(b, kind);
    check_same_site(b, kind);
}

void usher_build_cookies(usher_building *b)
{
    b->site->secure_cookies = decide_secure(b);
    check_domain(b, USHER_ROW_SITE_COOKIES_DOMAIN);
    check_path(b, USHER_ROW_SITE_COOKIES_PATH);
    for (size_t kind = 0; kind < USHER_COOKIE_KINDS; kind++)
        if (exists(b, kind)) check_own(b, kind);
    for (size_t kind = 0; kind < USHER_COOKIE_KINDS; kind++)
        if (exists(b, kind)) check_distinct(b, kind);
}
