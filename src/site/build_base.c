/* The origin and the base path, from the settings and from the environment of the originals. */
#include "base/str.h"
#include "gate/path.h"
#include "site/build.h"

#define BASE_URL "site.base_url"

/* Where the URL came from, for messages. */
typedef struct source {
    usher_str name, text;
    usher_place place;
} source;

static void complain(usher_building *b, const source *s, const char *text, usher_str detail)
{
    usher_complain(&b->c, s->place, text, s->name, detail, USHER_NIL);
}

static source from_environment(usher_building *b)
{
    const usher_environment *names = usher_build_environment(b);
    source s = {0};

    for (size_t i = 0; i < 2 && !s.text.ptr; i++)
        s = (source){usher_str_z(names->url[i]), usher_build_env(b, names->url[i]), {0, 0}};
    /* As NextAuth.js v4 does, which looks no further than these four letters. */
    if (s.text.ptr && names->scheme_optional && !usher_str_starts(s.text, USHER_STR("http"))) {
        usher_buf whole;
        usher_buf_init(&whole, &b->scratch, 4096);
        usher_buf_put(&whole, USHER_STR("https://"));
        usher_buf_put(&whole, s.text);
        if (usher_buf_take(&s.text, &whole, NULL) == USHER_E_NOMEM && !b->status)
            b->status = USHER_E_NOMEM;
    }
    return s;
}

/* A path without its last slash; "/" becomes empty. */
static usher_str without_slash(usher_str path)
{
    if (usher_str_ends(path, USHER_STR("/"))) path.len--;
    return path.len ? path : USHER_STR("");
}

static bool is_plain_path(usher_str path)
{
    usher_str same;

    return path.len == 0 || (usher_path_classify(&same, path) == USHER_PATH_CANONICAL);
}

static bool read_url(usher_building *b, usher_url *url, const source *s)
{
    usher_error why = {0};

    if (usher_url_read(url, s->text, &why)) {
        complain(b, s, "$1 is no URL that can be used; write https://host or https://host:port",
                 USHER_NIL);
        return false;
    }
    if (url->query.ptr || url->fragment.ptr) {
        complain(b, s, "$1 has a query or a fragment; write scheme, host and port only", USHER_NIL);
        return false;
    }
    if (!is_plain_path(without_slash(url->path))) {
        complain(b, s, "$1 has a path that is not in its plain form: no escapes or dots",
                 USHER_NIL);
        return false;
    }
    if (!url->https && !usher_url_is_loopback(url) && !b->site->development) {
        complain(b, s,
                 "$1 is http: cookies would travel in the clear. Use https; http is for "
                 "loopback hosts and for development: true",
                 USHER_NIL);
        return false;
    }
    return true;
}

static usher_str origin_of(usher_building *b, const usher_url *url)
{
    usher_str text = {0};
    usher_buf buf;

    usher_buf_init(&buf, &b->site->arena, 4096);
    usher_url_put_origin(&buf, url);
    usher_status rc = usher_buf_take(&text, &buf, NULL);
    if (rc && !b->status) b->status = rc;
    return text;
}

/* The base path that a URL with this path means. */
static usher_str base_path_of(usher_building *b, usher_str from_url)
{
    usher_str path = {0};
    usher_buf buf;

    if (!from_url.len) return b->site->profile->base_path;
    if (!b->site->profile->base_path_below) return from_url;
    usher_buf_init(&buf, &b->scratch, 8192);
    usher_buf_put(&buf, from_url);
    usher_buf_put(&buf, b->site->profile->base_path);
    usher_status rc = usher_buf_take(&path, &buf, NULL);
    if (rc && !b->status) b->status = rc;
    return path;
}

static void set_base_path(usher_building *b, const source *s, usher_str from_url)
{
    const usher_value *v = &b->v[USHER_ROW_SITE_BASE_PATH];
    usher_str path = base_path_of(b, from_url);

    if (v->node && !v->bad) {
        path = without_slash(v->text);
        if (from_url.len && !usher_str_eq(from_url, path))
            usher_warn(&b->c, s->place, "the path of $1 is not used, since site.base_path is given",
                       s->name, USHER_NIL, USHER_NIL);
    } else if (b->site->profile->base_path_below) {
        b->url_path = from_url;
    }
    b->site->base_path = usher_build_keep(b, path);
}

/* The setting wins, and says so if the environment means something else. */
static void compare_environment(usher_building *b, const source *setting)
{
    source env = from_environment(b);
    usher_url url;

    if (!env.text.ptr) return;
    bool read = usher_url_read(&url, env.text, NULL) == USHER_OK;
    usher_str path = read ? without_slash(url.path) : USHER_NIL;
    if (!read || !usher_url_same_origin(&url, &b->base) ||
        (path.len && !usher_str_eq(base_path_of(b, path), b->site->base_path)))
        usher_warn(&b->c, setting->place,
                   "$1 is used, and $2 of the environment, which differs, is not", setting->name,
                   env.name, USHER_NIL);
}

static void complain_missing(usher_building *b)
{
    usher_complain(&b->c, (usher_place){0, 0},
                   BASE_URL
                   " is missing: write where browsers reach the site (https://app.example.com),"
                   " or set $1",
                   usher_str_z(usher_build_environment(b)->url[0]), USHER_NIL, USHER_NIL);
}

void usher_build_base(usher_building *b)
{
    const usher_value *v = &b->v[USHER_ROW_SITE_BASE_URL];
    bool written = v->node != NULL;
    source s = written ? (source){USHER_STR(BASE_URL), v->text, usher_place_of(v->node)}
                       : from_environment(b);
    usher_url url;

    b->site->base_path = b->site->profile->base_path;
    if (v->bad) return;
    if (!s.text.ptr) {
        complain_missing(b);
        return;
    }
    if (!read_url(b, &url, &s)) return;
    b->site->base_url = origin_of(b, &url);
    if (usher_url_read(&b->base, b->site->base_url, NULL)) return; /* only when memory ran out */
    b->base_known = true;
    b->loopback = usher_url_is_loopback(&url);
    set_base_path(b, &s, without_slash(url.path));
    if (written) compare_environment(b, &s);
}
