#include "gate/matcher.h"

#include "base/buf.h"
#include "base/error.h"
#include "base/str.h"
#include "gate/path.h"
#include "gate/pattern.h"
#include "gate/route.h"
#include "wire/cookie.h"
#include "wire/form.h"
#include "wire/utf8.h"

#define MATCHERS_MAX   256
#define CONDITIONS_MAX 64
#define VALUE_MAX      ((size_t)64 << 10)

typedef enum condition_type {
    CONDITION_HEADER,
    CONDITION_COOKIE,
    CONDITION_QUERY,
    CONDITION_HOST,
} condition_type;

/* One item of `has` or `missing`. */
typedef struct condition {
    condition_type type;
    usher_str key;
    const usher_pattern *value; /* NULL: any value that is not empty */
} condition;

typedef struct matcher {
    usher_str regexp;
    const usher_pattern *path;
    const condition *has, *missing;
    size_t has_count, missing_count;
} matcher;

struct usher_matcher {
    const matcher *items;
    size_t count;
    bool everything; /* there is no config */
};

/* ---- settings ------------------------------------------------------------------------------ */

static usher_status refuse(usher_error *err, const char *what)
{
    return usher_fail(err, USHER_E_SETTING, what, 0);
}

static usher_status text_of(usher_str *out, usher_arena *a, usher_json value, const char *what,
                            usher_error *err)
{
    if (value.type != USHER_JSON_STRING) return refuse(err, what);
    return usher_json_string(out, a, value, err);
}

/* The value of a condition is the whole of the request's: "^value$", bars inside and all. */
static usher_status compile_value(const usher_pattern **out, usher_arena *a, usher_str value,
                                  usher_error *err)
{
    usher_str text;
    usher_status rc;
    usher_buf b;

    usher_buf_init(&b, a, VALUE_MAX);
    usher_buf_put_char(&b, '^');
    usher_buf_put(&b, value);
    usher_buf_put_char(&b, '$');
    return (rc = usher_buf_take(&text, &b, err)) ? rc : usher_pattern_compile(out, a, text, err);
}

static usher_status read_type(condition_type *out, usher_json type, usher_error *err)
{
    static const char *const names[] = {"header", "cookie", "query", "host"};

    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        if (!usher_json_string_is(type, usher_str_z(names[i]))) continue;
        *out = (condition_type)i;
        return USHER_OK;
    }
    return refuse(err, "matcher: a condition's type is header, cookie, query or host");
}

static usher_status read_condition(condition *out, usher_arena *a, usher_json item,
                                   usher_error *err)
{
    usher_json_object o;
    usher_str value = {0};
    usher_status rc;

    *out = (condition){0};
    if (item.type != USHER_JSON_OBJECT) return refuse(err, "matcher: a condition is an object");
    if ((rc = usher_json_members(&o, a, item, err)) ||
        (rc = read_type(&out->type, usher_json_get(&o, USHER_STR("type")), err)))
        return rc;
    usher_json key = usher_json_get(&o, USHER_STR("key")),
               wanted = usher_json_get(&o, USHER_STR("value"));
    if (out->type != CONDITION_HOST &&
        (rc = text_of(&out->key, a, key, "matcher: a condition's key is a text", err)))
        return rc;
    if ((wanted.type || out->type == CONDITION_HOST) &&
        (rc = text_of(&value, a, wanted, "matcher: a condition's value is a text", err)))
        return rc;
    return value.len ? compile_value(&out->value, a, value, err) : USHER_OK;
}

static size_t count_items(usher_json list)
{
    usher_str rest = list.text;
    usher_json item;
    size_t n = 0;

    while (usher_json_next(&item, &rest))
        n++;
    return n;
}

static usher_status read_conditions(const condition **out, size_t *count, usher_arena *a,
                                    usher_json list, usher_error *err)
{
    usher_str rest = list.text;
    usher_json item;
    usher_status rc;
    size_t n = 0;

    *out = NULL;
    *count = 0;
    if (list.type == USHER_JSON_ABSENT) return USHER_OK;
    if (list.type != USHER_JSON_ARRAY) return refuse(err, "matcher: has and missing are arrays");
    size_t size = count_items(list);
    if (size > CONDITIONS_MAX) return refuse(err, "matcher: too many conditions");
    condition *conditions = usher_arena_get(a, size * sizeof *conditions);
    if (!conditions) return usher_arena_fail(a, err);
    while (usher_json_next(&item, &rest))
        if ((rc = read_condition(&conditions[n++], a, item, err))) return rc;
    *out = conditions;
    *count = n;
    return USHER_OK;
}

/* What Next.js puts around a source: base path, data routes, the locale, and the other spellings
 * of one page that its client asks for. */
static usher_status whole_source(usher_str *out, usher_arena *a, usher_str source, bool localised,
                                 const usher_matcher_options *o, usher_error *err)
{
    bool root = usher_str_eq(source, USHER_STR("/"));
    usher_buf b;

    usher_buf_init(&b, a, (size_t)4 * USHER_ROUTE_SOURCE_MAX);
    usher_buf_put(&b, o->base_path);
    usher_buf_put_z(&b, "/:nextData(_next/data/[^/]{1,})?");
    if (localised) usher_buf_put_z(&b, "/:nextInternalLocale((?!_next/)[^/.]{1,})");
    if (!root || !localised) usher_buf_put(&b, source);
    if (!root) {
        usher_buf_put_z(&b, "{(\\.json|\\.rsc|\\.segments/.+\\.segment\\.rsc)}?");
    } else {
        usher_buf_put_char(&b, '(');
        if (o->locales) usher_buf_put_z(&b, "|\\.json|");
        usher_buf_put_z(&b, "/?index|/?index\\.json|"
                            "/?index(?:\\.rsc|\\.segments/.+\\.segment\\.rsc))?");
    }
    return usher_buf_take(out, &b, err);
}

static usher_status compile_source(matcher *m, usher_arena *a, usher_str source, bool localised,
                                   const usher_matcher_options *o, usher_error *err)
{
    usher_str whole;
    usher_status rc;

    if (!o->unchecked && !usher_str_starts(source, USHER_STR("/")))
        return refuse(err, "matcher: a source begins with '/'");
    if ((rc = whole_source(&whole, a, source, localised, o, err)) ||
        (rc = usher_route_regexp(&m->regexp, a, whole, err)))
        return rc;
    return usher_pattern_compile(&m->path, a, m->regexp, err);
}

/* A member that nobody reads is more likely a slip ("mising") than meant. */
static usher_status check_names(const usher_json_object *o, usher_error *err)
{
    static const char *const names[] = {"source", "has", "missing", "locale"};

    for (size_t i = 0; i < o->count; i++) {
        bool known = false;
        for (size_t k = 0; k < sizeof names / sizeof *names; k++)
            known = known || usher_str_eq(o->members[i].name, usher_str_z(names[k]));
        if (!known) return refuse(err, "matcher: an object has source, has, missing, locale only");
    }
    return USHER_OK;
}

static usher_status read_object(matcher *m, usher_arena *a, usher_json item,
                                const usher_matcher_options *options, usher_error *err)
{
    usher_json_object o;
    usher_str source;
    usher_status rc;

    if ((rc = usher_json_members(&o, a, item, err)) ||
        (!options->unchecked && (rc = check_names(&o, err))))
        return rc;
    usher_json locale = usher_json_get(&o, USHER_STR("locale"));
    if (locale.type != USHER_JSON_ABSENT && locale.type != USHER_JSON_FALSE && !options->unchecked)
        return refuse(err, "matcher: locale is false or left out");
    if ((rc = text_of(&source, a, usher_json_get(&o, USHER_STR("source")),
                      "matcher: source is a text", err)) ||
        (rc = read_conditions(&m->has, &m->has_count, a, usher_json_get(&o, USHER_STR("has")),
                              err)) ||
        (rc = read_conditions(&m->missing, &m->missing_count, a,
                              usher_json_get(&o, USHER_STR("missing")), err)))
        return rc;
    bool localised = options->locales && locale.type != USHER_JSON_FALSE;
    return compile_source(m, a, source, localised, options, err);
}

static usher_status read_item(matcher *m, usher_arena *a, usher_json item,
                              const usher_matcher_options *options, usher_error *err)
{
    usher_str source;
    usher_status rc;

    *m = (matcher){0};
    if (item.type == USHER_JSON_OBJECT) return read_object(m, a, item, options, err);
    if ((rc = text_of(&source, a, item, "matcher: a text, an object, or an array of them", err)))
        return rc;
    return compile_source(m, a, source, options->locales, options, err);
}

static usher_status read_list(usher_matcher *out, usher_arena *a, usher_json config,
                              const usher_matcher_options *options, usher_error *err)
{
    bool array = config.type == USHER_JSON_ARRAY;
    size_t size = array ? count_items(config) : 1, n = 0;
    usher_str rest = config.text;
    usher_json item = config;
    usher_status rc;

    if (size > MATCHERS_MAX) return refuse(err, "matcher: too many matchers");
    matcher *items = usher_arena_get(a, size * sizeof *items);
    if (!items) return usher_arena_fail(a, err);
    while (array ? usher_json_next(&item, &rest) : n == 0)
        if ((rc = read_item(&items[n++], a, item, options, err))) return rc;
    *out = (usher_matcher){.items = items, .count = n};
    return USHER_OK;
}

usher_status usher_matcher_new(const usher_matcher **out, usher_arena *a, usher_json config,
                               const usher_matcher_options *options, usher_error *err)
{
    usher_matcher *m = usher_arena_get_zero(a, 1, sizeof *m);
    usher_status rc = USHER_OK;

    *out = NULL;
    if (!m) return usher_arena_fail(a, err);
    m->everything = config.type == USHER_JSON_ABSENT || config.type == USHER_JSON_NULL;
    if (!m->everything && (rc = read_list(m, a, config, options, err))) return rc;
    *out = m;
    return USHER_OK;
}

size_t usher_matcher_count(const usher_matcher *m)
{
    return m->count;
}

usher_str usher_matcher_regexp(const usher_matcher *m, size_t index)
{
    return index < m->count ? m->items[index].regexp : (usher_str){0};
}

/* ---- conditions ---------------------------------------------------------------------------- */

/* What is asked of the request, read when first needed. */
typedef struct asked {
    usher_arena *arena;
    const usher_request *request;
    usher_str query; /* absent: none */
    usher_cookies cookies;
    usher_form form;
    bool cookies_read, form_read;
} asked;

/* Of these Node keeps the first, and joins the others by ", " ("; " for cookies). */
static bool comes_once(usher_str name)
{
    static const char *const names[] = {"age",
                                        "authorization",
                                        "content-length",
                                        "content-type",
                                        "etag",
                                        "expires",
                                        "from",
                                        "host",
                                        "last-modified",
                                        "if-modified-since",
                                        "location",
                                        "if-unmodified-since",
                                        "max-forwards",
                                        "proxy-authorization",
                                        "referer",
                                        "retry-after",
                                        "server",
                                        "user-agent"};

    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (usher_str_eq_case(name, usher_str_z(names[i]))) return true;
    return false;
}

/* The value of a header as Node holds it; absent if it was not sent. */
static usher_status header_value(usher_str *out, const asked *q, usher_str name, usher_error *err)
{
    bool cookie = usher_str_eq_case(name, USHER_STR("cookie")), once = comes_once(name);
    usher_status rc;
    usher_buf b;

    *out = (usher_str){0};
    for (size_t i = 0; i < q->request->header_count; i++) {
        const usher_header *h = &q->request->headers[i];
        if (!usher_str_eq_case(h->name, name) || (out->ptr && once)) continue;
        if (!out->ptr) {
            *out = h->value;
            continue;
        }
        usher_buf_init(&b, q->arena, VALUE_MAX * 4);
        usher_buf_put(&b, *out);
        usher_buf_put_z(&b, cookie ? "; " : ", ");
        usher_buf_put(&b, h->value);
        if ((rc = usher_buf_take(out, &b, err))) return rc;
    }
    return USHER_OK;
}

static usher_status header_units(usher_units *out, const asked *q, usher_str name, usher_error *err)
{
    usher_str value;
    usher_status rc = header_value(&value, q, name, err);

    return rc ? rc : usher_units_latin1(out, q->arena, value, err);
}

/* Without a port, in lower case. */
static usher_status host_units(usher_units *out, const asked *q, usher_error *err)
{
    usher_str value, rest;
    usher_status rc = header_value(&value, q, USHER_STR("host"), err);

    if (rc) return rc;
    value = usher_str_cut(value, ':', &rest);
    uint16_t *units = usher_arena_get(q->arena, value.len * sizeof *units);
    if (!units) return usher_arena_fail(q->arena, err);
    for (size_t i = 0; i < value.len; i++) {
        uint16_t c = (unsigned char)value.ptr[i];
        bool upper = (c >= 'A' && c <= 'Z') || (c >= 0xc0 && c <= 0xde && c != 0xd7);
        units[i] = (uint16_t)(upper ? c + 32 : c);
    }
    *out = (usher_units){units, value.len};
    return USHER_OK;
}

/* Text that was decoded: units of its UTF-8, U+FFFD for what is none. */
static usher_status decoded_units(usher_units *out, usher_arena *a, usher_str text,
                                  usher_error *err)
{
    usher_str fine = text;
    usher_status rc;
    usher_buf b;

    if (!usher_utf8_valid(text)) {
        usher_buf_init(&b, a, VALUE_MAX * 4);
        usher_utf8_put(&b, text);
        if ((rc = usher_buf_take(&fine, &b, err))) return rc;
    }
    return usher_units_of(out, a, fine, err);
}

static usher_status cookie_units(usher_units *out, asked *q, usher_str key, usher_error *err)
{
    usher_str header;
    usher_status rc;

    if (!q->cookies_read) {
        if ((rc = header_value(&header, q, USHER_STR("cookie"), err)) ||
            (rc = usher_cookies_read(&q->cookies, q->arena, header, USHER_COOKIE_NEXT_PAGES, err)))
            return rc;
        q->cookies_read = true;
    }
    return decoded_units(out, q->arena, usher_cookies_get(&q->cookies, key), err);
}

/* *many: it came more than once, and so is there even if each is empty; the last one counts. */
static usher_status query_units(usher_units *out, bool *many, asked *q, usher_str key,
                                usher_error *err)
{
    usher_status rc;

    if (!q->form_read && (rc = usher_form_read(&q->form, q->arena, q->query, err))) return rc;
    q->form_read = true;
    *many = usher_form_count(&q->form, key) > 1;
    return decoded_units(out, q->arena, usher_form_last(&q->form, key), err);
}

static usher_status holds(bool *out, const condition *c, asked *q, usher_error *err)
{
    usher_units value = {0};
    bool many = false;
    usher_status rc = USHER_OK;

    *out = false;
    switch (c->type) {
    case CONDITION_HEADER: rc = header_units(&value, q, c->key, err); break;
    case CONDITION_COOKIE: rc = cookie_units(&value, q, c->key, err); break;
    case CONDITION_QUERY: rc = query_units(&value, &many, q, c->key, err); break;
    case CONDITION_HOST: rc = host_units(&value, q, err); break;
    }
    if (rc || (value.len == 0 && !many)) return rc;
    *out = true;
    return c->value ? usher_pattern_test(out, c->value, q->arena, value, err) : USHER_OK;
}

/* Every condition of `has`, and none of `missing`. */
static usher_status conditions_hold(bool *out, const matcher *m, asked *q, usher_error *err)
{
    usher_status rc;
    bool holding;

    *out = false;
    for (size_t i = 0; i < m->has_count; i++)
        if ((rc = holds(&holding, &m->has[i], q, err)) || !holding) return rc;
    for (size_t i = 0; i < m->missing_count; i++)
        if ((rc = holds(&holding, &m->missing[i], q, err)) || holding) return rc;
    *out = true;
    return USHER_OK;
}

/* ---- paths --------------------------------------------------------------------------------- */

static int hex_value(char c)
{
    if (c >= '0' && c <= '9') return c - '0';
    if (c >= 'a' && c <= 'f') return c - 'a' + 10;
    return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

/* The byte that "%XX" at the start of `s` stands for, or -1. */
static int escaped_byte(usher_str s)
{
    int high = s.len >= 3 && s.ptr[0] == '%' ? hex_value(s.ptr[1]) : -1,
        low = high < 0 ? -1 : hex_value(s.ptr[2]);

    return low < 0 ? -1 : high << 4 | low;
}

/* One character that is written in escapes, as decodeURIComponent takes it: its bytes in `bytes`,
 * how many are returned; 0 if there is none. */
static size_t escaped_character(char bytes[4], usher_str s)
{
    for (size_t n = 0; n < 4; n++) {
        int c = escaped_byte(usher_str_from(s, n * 3));
        if (c < 0) return 0;
        bytes[n] = (char)c;
        if (usher_utf8_step((usher_str){bytes, n + 1}) == n + 1) return n + 1;
    }
    return 0;
}

/* decodeURIComponent of text as Node hands it on: bytes above 0x7f are characters of their own.
 * *fine is false where it would throw. */
static usher_status decode_path(usher_units *out, bool *fine, usher_arena *a, usher_str path,
                                usher_error *err)
{
    uint16_t *units = usher_arena_get(a, path.len * sizeof *units);
    usher_units one;
    usher_status rc;
    size_t n = 0;

    *fine = false;
    if (!units) return usher_arena_fail(a, err);
    for (size_t at = 0; at < path.len;) {
        char bytes[4];
        if (path.ptr[at] != '%') {
            units[n++] = (unsigned char)path.ptr[at++];
            continue;
        }
        size_t len = escaped_character(bytes, usher_str_from(path, at));
        if (len == 0) return USHER_OK;
        at += len * 3;
        if (len == 1) {
            units[n++] = (unsigned char)bytes[0];
            continue;
        }
        if ((rc = usher_units_of(&one, a, (usher_str){bytes, len}, err))) return rc;
        for (size_t i = 0; i < one.len; i++)
            units[n++] = one.ptr[i];
    }
    *out = (usher_units){units, n};
    *fine = true;
    return USHER_OK;
}

static usher_status runs_for(bool *out, const usher_matcher *m, usher_units path, asked *q,
                             usher_error *err)
{
    usher_status rc = USHER_OK;

    *out = m->everything;
    for (size_t i = 0; i < m->count && rc == USHER_OK && !*out; i++) {
        rc = usher_pattern_test(out, m->items[i].path, q->arena, path, err);
        if (rc == USHER_OK && *out) rc = conditions_hold(out, &m->items[i], q, err);
    }
    if (rc) *out = false;
    return rc;
}

/* Where a fragment begins a target ends: a browser sends none, and Node cuts it off. */
static usher_str path_of(usher_str target, usher_str *query)
{
    usher_str fragment, whole = usher_str_cut(target, '#', &fragment);

    return usher_str_cut(whole, '?', query);
}

usher_status usher_matcher_ask(usher_matched *out, const usher_matcher *m, usher_arena *a,
                               const usher_request *request, usher_error *err)
{
    asked q = {.arena = a, .request = request};
    usher_str path = path_of(request->target, &q.query);
    usher_matched got = {false, false};
    usher_units raw, decoded;
    bool fine;
    usher_status rc;

    *out = got;
    if ((rc = usher_units_latin1(&raw, a, path, err)) ||
        (rc = decode_path(&decoded, &fine, a, path, err)) ||
        (rc = runs_for(&got.raw, m, raw, &q, err)))
        return rc;
    got.decoded = got.raw; /* what cannot be decoded is asked for as it is */
    if (usher_str_has(path, '%') && fine && (rc = runs_for(&got.decoded, m, decoded, &q, err)))
        return rc;
    *out = got;
    return USHER_OK;
}

usher_status usher_matcher_guards(bool *out, const usher_matcher *m, usher_arena *a,
                                  const usher_request *request, usher_error *err)
{
    usher_matched matched;
    usher_str path;
    usher_status rc;

    *out = true;
    if (usher_path_classify(&path, request->target) != USHER_PATH_CANONICAL) return USHER_OK;
    if ((rc = usher_matcher_ask(&matched, m, a, request, err))) return rc;
    *out = matched.raw || matched.decoded;
    return USHER_OK;
}
