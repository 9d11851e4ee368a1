/* What visitors see and where they may go: pages, title, open paths, the header prefix. */
#include "base/str.h"
#include "gate/matcher.h"
#include "gate/path.h"
#include "gate/rules.h"
#include "site/build.h"

#define MATCHER_MAX ((size_t)256 << 10) /* bytes of its sources */

static usher_place place_of(const usher_building *b, int row)
{
    return usher_place_of(b->v[row].node);
}

/* A path in its plain form, with or without a query, or a URL of this origin. */
static bool is_page(const usher_building *b, usher_str page)
{
    usher_str path;
    usher_url url;

    for (size_t i = 0; i < page.len; i++)
        if ((unsigned char)page.ptr[i] <= ' ' || page.ptr[i] == '\\' || page.ptr[i] == '#' ||
            (unsigned char)page.ptr[i] >= 0x7f)
            return false;
    if (page.ptr[0] == '/') return usher_path_classify(&path, page) == USHER_PATH_CANONICAL;
    if (usher_url_read(&url, page, NULL)) return false;
    return !b->base_known || usher_url_same_origin(&url, &b->base);
}

/* The part of a page's address that rules are about. */
static usher_str path_of_page(usher_str page)
{
    usher_url url;
    usher_str query;

    if (page.len && page.ptr[0] != '/' && usher_url_read(&url, page, NULL) == USHER_OK)
        return url.path.len ? url.path : USHER_STR("/");
    return usher_str_cut(page, '?', &query);
}

/* base_path followed by "/signin" and nothing else */
static bool is_endpoint(const usher_building *b, usher_str path, usher_str endpoint)
{
    usher_str base = b->site->base_path;

    return usher_str_starts(path, base) && usher_str_eq(usher_str_from(path, base.len), endpoint);
}

static usher_str build_page(usher_building *b, int row, usher_str endpoint)
{
    const usher_value *v = &b->v[row];
    usher_str what = usher_str_z(usher_site_table.rows[row].path);

    if (!v->node || v->bad) return USHER_NIL;
    if (!is_page(b, v->text)) {
        usher_complain(&b->c, place_of(b, row),
                       "site.$1 is '$2'; write a path (/login) or a URL of site.base_url's origin",
                       what, v->text, USHER_NIL);
        return USHER_NIL;
    }
    if (endpoint.len && is_endpoint(b, path_of_page(v->text), endpoint)) {
        usher_complain(
            &b->c, place_of(b, row),
            "site.$1 is '$2', the endpoint that sends people there: they would go in a circle",
            what, v->text, USHER_NIL);
        return USHER_NIL;
    }
    return usher_build_keep(b, v->text);
}

static void build_title(usher_building *b)
{
    const usher_value *v = &b->v[USHER_ROW_SITE_TITLE];

    if (v->node && !v->bad)
        b->site->title = usher_build_keep(b, v->text);
    else if (b->base_known)
        b->site->title = usher_build_keep(b, b->base.host);
}

/* --- theme ------------------------------------------------------------------------------------ */

static bool is_hex(usher_str text)
{
    for (size_t i = 0; i < text.len; i++)
        if (!usher_str_has(USHER_STR("0123456789abcdefABCDEF"), text.ptr[i])) return false;
    return text.len == 3 || text.len == 4 || text.len == 6 || text.len == 8;
}

static bool is_word(usher_str text)
{
    for (size_t i = 0; i < text.len; i++)
        if ((text.ptr[i] | 32) < 'a' || (text.ptr[i] | 32) > 'z') return false;
    return text.len != 0;
}

/* What a colour may be written as; nothing of it could end a declaration, or load something. */
static bool is_color(usher_str text)
{
    static const char *const functions[] = {"rgb", "rgba", "hsl",   "hsla", "hwb",
                                            "lab", "lch",  "oklab", "oklch"};
    usher_str inside, name = usher_str_cut(text, '(', &inside);

    if (text.len && text.ptr[0] == '#') return is_hex(usher_str_from(text, 1));
    if (!inside.ptr) return is_word(text);
    if (!usher_str_ends(inside, USHER_STR(")"))) return false;
    for (size_t i = 0; i + 1 < inside.len; i++)
        if (!usher_str_has(USHER_STR("0123456789 .,%/+-adegrntu"), inside.ptr[i])) return false;
    for (size_t i = 0; i < sizeof functions / sizeof *functions; i++)
        if (usher_str_eq_case(name, usher_str_z(functions[i]))) return true;
    return false;
}

/* The look of a page keeps nobody from signing in: what cannot be used is said, and left out. */
static void warn_look(usher_building *b, int row, const char *text)
{
    usher_warn(&b->c, place_of(b, row), text, usher_str_z(usher_site_table.rows[row].path),
               b->v[row].text, USHER_NIL);
}

static usher_str build_color(usher_building *b, int row)
{
    const usher_value *v = &b->v[row];

    if (!v->node || v->bad) return USHER_NIL;
    if (is_color(v->text)) return usher_build_keep(b, v->text);
    warn_look(b, row, "site.$1 is '$2', which is no colour that is known here, and is left out");
    return USHER_NIL;
}

static bool is_address(usher_str text)
{
    for (size_t i = 0; i < text.len; i++)
        if ((unsigned char)text.ptr[i] <= ' ' || (unsigned char)text.ptr[i] >= 0x7f ||
            usher_str_has(USHER_STR("\\\"'<>"), text.ptr[i]))
            return false;
    return true;
}

/* Its origin is all that the page may load. */
static void build_logo(usher_building *b)
{
    const usher_value *v = &b->v[USHER_ROW_SITE_THEME_LOGO];
    usher_theme *theme = &b->site->theme;
    usher_buf origin;
    usher_url url;
    usher_str text;

    if (!v->node || v->bad) return;
    bool path = v->text.ptr[0] == '/' && !usher_str_starts(v->text, USHER_STR("//"));
    bool absolute = !path && usher_url_read(&url, v->text, NULL) == USHER_OK &&
                    (url.https || b->site->development);
    if (!is_address(v->text) || (!path && !absolute)) {
        warn_look(b, USHER_ROW_SITE_THEME_LOGO,
                  "site.$1 is '$2', which is neither a path nor an https URL, and is left out");
        return;
    }
    theme->logo = usher_build_keep(b, v->text);
    theme->logo_source = USHER_STR("'self'");
    if (path) return;
    usher_buf_init(&origin, &b->scratch, 4096);
    usher_url_put_origin(&origin, &url);
    if (usher_buf_take(&text, &origin, NULL) == USHER_OK)
        theme->logo_source = usher_build_keep(b, text);
    else
        theme->logo = USHER_NIL;
}

static void build_theme(usher_building *b)
{
    usher_theme *theme = &b->site->theme;

    theme->scheme = (usher_color_scheme)b->v[USHER_ROW_SITE_THEME_COLOR_SCHEME].number;
    theme->brand = build_color(b, USHER_ROW_SITE_THEME_BRAND_COLOR);
    theme->button_text = build_color(b, USHER_ROW_SITE_THEME_BUTTON_TEXT);
    build_logo(b);
}

/* --- paths ------------------------------------------------------------------------------------ */

static void complain_pattern(usher_building *b, const usher_node *item, const usher_error *why)
{
    usher_str detail, whole = usher_str_z(why->what);

    usher_str_cut(whole, ' ', &detail); /* without the unit's name */
    usher_complain(&b->c, usher_place_of(item), "site.open: '$1' cannot be used: $2", item->text,
                   detail.ptr ? detail : whole, USHER_NIL);
}

static void add_pattern(usher_str *patterns, size_t *count, usher_str pattern)
{
    if (pattern.len && usher_rules_check(pattern, NULL) == USHER_OK) patterns[(*count)++] = pattern;
}

/* A visitor without a session must reach the pages that are for visitors without one. */
static void add_pages(usher_building *b, usher_str *patterns, size_t *count)
{
    const usher_pages *p = &b->site->pages;
    const usher_str pages[] = {p->sign_in, p->error, p->verify_request};

    for (size_t i = 0; i < sizeof pages / sizeof *pages; i++)
        add_pattern(patterns, count, path_of_page(pages[i]));
}

static void build_open(usher_building *b)
{
    const usher_value *v = &b->v[USHER_ROW_SITE_OPEN];
    const usher_node *first = v->node && !v->bad ? v->node->first : NULL;
    usher_error why = {0};
    size_t count = 3; /* pages */

    for (const usher_node *n = first; n; n = n->next)
        count++;
    usher_str *patterns = usher_build_get(b, count, sizeof *patterns);
    usher_rules *rules = usher_build_get(b, 1, sizeof *rules);
    if (!patterns || !rules) return;
    count = 0;
    for (const usher_node *n = first; n; n = n->next)
        if (usher_rules_check(n->text, &why))
            complain_pattern(b, n, &why);
        else
            add_pattern(patterns, &count, usher_build_keep(b, n->text));
    add_pages(b, patterns, &count);
    if (!count) return; /* no rules: every path needs a session */
    *rules = (usher_rules){patterns, count};
    b->site->rules = rules;
}

/* The list as the matcher reads it. */
static usher_status matcher_json(usher_json *out, usher_building *b, const usher_node *first)
{
    usher_json_writer w;
    usher_buf buf;
    usher_str text;
    usher_status rc;

    usher_buf_init(&buf, &b->scratch, MATCHER_MAX);
    usher_json_write_init(&w, &buf);
    usher_json_open_array(&w);
    for (const usher_node *n = first; n; n = n->next)
        usher_json_put_string(&w, n->text);
    usher_json_close_array(&w);
    if ((rc = usher_buf_take(&text, &buf, NULL))) return rc;
    return usher_json_read(out, text, &usher_json_limits_document, NULL);
}

static void build_matcher(usher_building *b)
{
    static const usher_matcher_options options = {.base_path = {0}};
    const usher_value *v = &b->v[USHER_ROW_SITE_MATCHER];
    usher_error why = {0};
    usher_json config;
    usher_str detail;
    usher_status rc;

    if (!v->node || v->bad) return;
    if ((rc = matcher_json(&config, b, v->node->first)) == USHER_OK)
        rc = usher_matcher_new(&b->site->matcher, &b->site->arena, config, &options, &why);
    if (rc == USHER_E_SETTING) {
        usher_str whole = usher_str_z(why.what);
        usher_str_cut(whole, ' ', &detail); /* without the unit's name */
        usher_complain(&b->c, usher_place_of(v->node), "site.matcher cannot be used: $1",
                       detail.ptr ? detail : whole, USHER_NIL, USHER_NIL);
    } else if (rc && !b->status) {
        b->status = rc;
    }
}

static bool is_header_prefix(usher_str text)
{
    for (size_t i = 0; i < text.len; i++) {
        char c = text.ptr[i];
        bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
        if (!letter && (i == 0 || (c != '-' && (c < '0' || c > '9')))) return false;
    }
    return usher_str_ends(text, USHER_STR("-"));
}

/* Headers with this prefix are taken out of requests; these are for others to read. */
static bool is_taken(usher_str text)
{
    static const char *const taken[] = {"X-Forwarded-", "X-Original-", "X-", "Sec-", "Content-"};

    for (size_t i = 0; i < sizeof taken / sizeof *taken; i++)
        if (usher_str_eq_case(text, usher_str_z(taken[i]))) return true;
    return false;
}

static void build_header_prefix(usher_building *b)
{
    const usher_value *v = &b->v[USHER_ROW_SITE_IDENTITY_HEADER_PREFIX];

    b->site->header_prefix = usher_build_keep(b, v->text);
    if (!is_header_prefix(v->text))
        usher_complain(
            &b->c, usher_place_of(v->node),
            "site.identity_header_prefix is '$1'; write letters, digits and '-', ending with "
            "'-': X-Usher-",
            v->text, USHER_NIL, USHER_NIL);
    else if (is_taken(v->text))
        usher_complain(
            &b->c, usher_place_of(v->node),
            "site.identity_header_prefix is '$1', which has another meaning; take one of your "
            "own: X-Usher-",
            v->text, USHER_NIL, USHER_NIL);
}

void usher_build_pages(usher_building *b)
{
    usher_pages *p = &b->site->pages;

    p->sign_in = build_page(b, USHER_ROW_SITE_PAGES_SIGN_IN, USHER_STR("/signin"));
    p->sign_out = build_page(b, USHER_ROW_SITE_PAGES_SIGN_OUT, USHER_STR("/signout"));
    p->error = build_page(b, USHER_ROW_SITE_PAGES_ERROR, USHER_STR("/error"));
    p->verify_request =
        build_page(b, USHER_ROW_SITE_PAGES_VERIFY_REQUEST, USHER_STR("/verify-request"));
    p->new_user = build_page(b, USHER_ROW_SITE_PAGES_NEW_USER, USHER_NIL);
    build_title(b);
    build_theme(b);
    build_open(b);
    build_matcher(b);
    build_header_prefix(b);
}
