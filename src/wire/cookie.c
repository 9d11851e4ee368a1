#include "wire/cookie.h"

#include <string.h>

#include "base/error.h"
#include "base/str.h"
#include "base/utc.h"
#include "wire/cookie_wide.h"
#include "wire/percent.h"

#define SET_COOKIE_MAX (64u * 1024)
#define FEW            16 /* cookies that are compared with each other one by one */

static usher_str str_range(usher_str s, size_t from, size_t to)
{
    return (usher_str){s.ptr + from, to - from};
}

/* ---- reading ------------------------------------------------------------------------------- */

/* What a dialect takes off both ends of a name and a value. In API routes that is what trim() of
 * JavaScript does: each byte is one character there (Latin-1), so byte A0 is a no-break space. */
static inline bool is_blank(char c, usher_cookie_dialect dialect)
{
    if ((signed char)c > ' ') return false; /* the ASCII that is nearly always there */
    if (dialect == USHER_COOKIE_NEXT_PAGES)
        return c == ' ' || (c >= '\t' && c <= '\r') || c == '\xa0';
    return dialect != USHER_COOKIE_NEXT_EDGE && (c == ' ' || c == '\t');
}

static inline usher_str dialect_trim(usher_str s, usher_cookie_dialect dialect)
{
    while (s.len && is_blank(s.ptr[0], dialect))
        s.ptr++, s.len--;
    while (s.len && is_blank(s.ptr[s.len - 1], dialect))
        s.len--;
    return s;
}

static bool is_http_space(char c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

/* Names that a plain JavaScript object has from birth: `undefined == obj[name]` is false for them,
 * so the parser of Next.js' API routes takes each for a duplicate. */
static bool is_inherited(usher_str name)
{
    static const usher_str names[] = {
        USHER_STR_INIT("__proto__"),        USHER_STR_INIT("constructor"),
        USHER_STR_INIT("toString"),         USHER_STR_INIT("valueOf"),
        USHER_STR_INIT("hasOwnProperty"),   USHER_STR_INIT("isPrototypeOf"),
        USHER_STR_INIT("toLocaleString"),   USHER_STR_INIT("propertyIsEnumerable"),
        USHER_STR_INIT("__defineGetter__"), USHER_STR_INIT("__defineSetter__"),
        USHER_STR_INIT("__lookupGetter__"), USHER_STR_INIT("__lookupSetter__"),
    };

    if (name.len < 7 || name.len > 20) return false; /* as most names are */
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (usher_str_eq(name, names[i])) return true;
    return false;
}

static bool is_lost(usher_str name, usher_cookie_dialect dialect)
{
    switch (dialect) {
    case USHER_COOKIE_PACKAGE: return usher_str_eq(name, USHER_STR("__proto__"));
    case USHER_COOKIE_NEXT_PAGES: return is_inherited(name);
    case USHER_COOKIE_AUTHJS:
    case USHER_COOKIE_NEXT_EDGE: break;
    }
    return false;
}

/* The text of the next pair. What is left in *rest begins with the ';' that ended the pair, or is
 * empty: so a rest that begins otherwise is a whole header, which matters to two dialects. */
static usher_str take_pair(usher_str *rest, usher_cookie_dialect dialect)
{
    usher_str s = *rest;
    bool edge = dialect == USHER_COOKIE_NEXT_EDGE;

    if (s.ptr[0] == ';') {
        s.ptr++, s.len--;
        while (edge && s.len && s.ptr[0] == ' ')
            s.ptr++, s.len--;
    } else {
        while (edge && s.len && is_http_space(s.ptr[0])) /* Headers.get() has trimmed it */
            s.ptr++, s.len--;
    }
    const char *end = s.len ? memchr(s.ptr, ';', s.len) : NULL;
    size_t len = end ? (size_t)(end - s.ptr) : s.len;
    *rest = str_range(s, len, s.len);
    while (edge && !end && len && is_http_space(s.ptr[len - 1]))
        len--;
    return str_range(s, 0, len);
}

static bool read_pair(usher_cookie_raw *out, usher_str pair, usher_cookie_dialect dialect)
{
    usher_str value, name = usher_str_cut(pair, '=', &value);

    if (!value.ptr) { /* no '=' at all */
        if (dialect != USHER_COOKIE_NEXT_EDGE || pair.len == 0) return false;
        *out = (usher_cookie_raw){pair, USHER_STR("true")};
        return true;
    }
    name = dialect_trim(name, dialect);
    if (is_lost(name, dialect)) return false;
    *out = (usher_cookie_raw){name, dialect_trim(value, dialect)};
    return true;
}

/* Two of the originals look at nothing shorter than two bytes: "=" alone is no pair there. */
static void skip_too_short(usher_str *header, usher_cookie_dialect dialect)
{
    if (header->len == 1 && (dialect == USHER_COOKIE_PACKAGE || dialect == USHER_COOKIE_AUTHJS))
        *header = usher_str_from(*header, 1);
}

bool usher_cookie_next(usher_cookie_raw *out, usher_str *header, usher_cookie_dialect dialect)
{
    *out = (usher_cookie_raw){0};
    skip_too_short(header, dialect);
    while (header->len)
        if (read_pair(out, take_pair(header, dialect), dialect)) return true;
    return false;
}

/* False for most of what a browser sends. True is a guess: the name may end too early. */
static bool may_begin(usher_str pair, usher_str prefix, usher_cookie_dialect dialect)
{
    while (pair.len && is_blank(pair.ptr[0], dialect))
        pair.ptr++, pair.len--;
    return pair.len >= prefix.len && pair.ptr[0] == prefix.ptr[0] && usher_str_starts(pair, prefix);
}

/* Past the pairs that may_begin() would say no to: most of a Cookie header is other people's. The
 * rest begins as take_pair() leaves it. */
static usher_str skip_wide(usher_str header, usher_str prefix, usher_cookie_dialect dialect)
{
    const char *end = header.ptr + header.len, *at = header.ptr, *begin;

    while ((at = usher_cookie_find(at, end, prefix))) {
        for (begin = at++; begin > header.ptr && is_blank(begin[-1], dialect); begin--) {
        }
        if (begin == header.ptr) return header;
        if (begin[-1] == ';') return (usher_str){begin - 1, (size_t)(end - begin) + 1};
    }
    return str_range(header, header.len, header.len);
}

/* The same in plain C, pair by pair. */
static usher_str skip_others(usher_str header, usher_str prefix, usher_cookie_dialect dialect)
{
    const char *at = header.ptr, *end = at + header.len;

    while (at) {
        const char *name = at;
        header = (usher_str){at, (size_t)(end - at)};
        if (name < end && *name == ';') name++;
        while (name < end && is_blank(*name, dialect))
            name++;
        size_t left = (size_t)(end - name);
        if (left < prefix.len) break;
        if (*name == *prefix.ptr && usher_str_eq((usher_str){name, prefix.len}, prefix))
            return header;
        at = memchr(name, ';', left);
    }
    return str_range(header, header.len, header.len);
}

/* What is left of *header begins with a pair that may be one. */
static bool skip_to(usher_str *header, usher_str prefix, usher_cookie_dialect dialect)
{
    if (prefix.len && header->len && dialect != USHER_COOKIE_NEXT_EDGE)
        *header = usher_cookie_wide() ? skip_wide(*header, prefix, dialect)
                                      : skip_others(*header, prefix, dialect);
    return header->len != 0;
}

bool usher_cookie_seek(usher_cookie_raw *out, usher_str *header, usher_str prefix,
                       usher_cookie_dialect dialect)
{
    bool edge = dialect == USHER_COOKIE_NEXT_EDGE;

    *out = (usher_cookie_raw){0};
    skip_too_short(header, dialect);
    while (skip_to(header, prefix, dialect)) {
        usher_str pair = take_pair(header, dialect);
        if (edge && prefix.len && !may_begin(pair, prefix, dialect)) continue;
        if (read_pair(out, pair, dialect) && usher_str_starts(out->name, prefix)) return true;
        *out = (usher_cookie_raw){0};
    }
    return false;
}

static usher_str unquote(usher_str raw, usher_cookie_dialect dialect)
{
    bool strip = raw.len && raw.ptr[0] == '"';

    /* Next.js' older copy takes the last character off whatever it is. */
    if (dialect == USHER_COOKIE_PACKAGE)
        strip = strip && raw.ptr[raw.len - 1] == '"';
    else if (dialect != USHER_COOKIE_NEXT_PAGES)
        strip = false;
    if (!strip) return raw;
    return raw.len < 2 ? str_range(raw, 1, 1) : str_range(raw, 1, raw.len - 1);
}

usher_status usher_cookie_decode(usher_str *out, bool *keep, usher_arena *a, usher_str raw,
                                 usher_cookie_dialect dialect, usher_error *err)
{
    usher_error why = {0};

    *out = raw = unquote(raw, dialect);
    *keep = true;
    if (!usher_str_has(raw, '%')) return USHER_OK;
    usher_status rc = usher_percent_decode(out, a, raw, &why);
    if (rc == USHER_OK) return USHER_OK;
    *keep = rc == USHER_E_SYNTAX && dialect != USHER_COOKIE_NEXT_EDGE;
    *out = *keep ? raw : (usher_str){0};
    if (rc == USHER_E_SYNTAX) return USHER_OK; /* an answer of the dialect, not a failure */
    if (err) *err = why;
    return rc;
}

/* ---- one for each name ---------------------------------------------------------------------- */

/* Positions in an array of cookies. Small enough for the stack, so ordering allocates nothing. */
typedef struct ranks {
    uint16_t at[USHER_COOKIES_MAX];
    size_t count;
} ranks;

typedef int compare_fn(const usher_cookie *a, const usher_cookie *b);

static void merge(uint16_t *to, const uint16_t *from, size_t mid, size_t end,
                  const usher_cookie *items, compare_fn *compare)
{
    size_t left = 0, right = mid;

    for (size_t i = 0; i < end; i++) {
        bool take_left =
            right == end || (left < mid && compare(&items[from[left]], &items[from[right]]) <= 0);
        to[i] = take_left ? from[left++] : from[right++];
    }
}

/* A stable merge sort: its time does not depend on what a client chose for names, as a hash table's
 * would, and the C library's qsort promises neither stability nor to allocate nothing. */
static void sort(ranks *order, const usher_cookie *items, compare_fn *compare)
{
    uint16_t spare[USHER_COOKIES_MAX];
    size_t n = order->count;

    for (size_t width = 1; width < n; width *= 2) {
        for (size_t at = 0; at < n; at += 2 * width) {
            size_t end = n - at < 2 * width ? n - at : 2 * width;
            size_t mid = end < width ? end : width;
            merge(spare + at, order->at + at, mid, end, items, compare);
        }
        memcpy(order->at, spare, n * sizeof *spare);
    }
}

static int by_name(const usher_cookie *a, const usher_cookie *b)
{
    return usher_str_cmp(a->name, b->name);
}

/* JavaScript calls a property an array index if it is a whole number below 2^32 - 1 without leading
 * zeros; an object lists those first, by value. */
static bool array_index(uint64_t *out, usher_str name)
{
    if (name.len == 0 || name.len > 10 || (name.ptr[0] == '0' && name.len > 1)) return false;
    return usher_str_u64(out, name) && *out < UINT32_MAX;
}

static int by_property_order(const usher_cookie *a, const usher_cookie *b)
{
    uint64_t m = 0, n = 0;
    bool a_first = array_index(&m, a->name), b_first = array_index(&n, b->name);

    if (a_first && b_first) return (m > n) - (m < n);
    return (int)b_first - (int)a_first;
}

/* Resolves duplicates: the place is the first one's; the value is the first one's in an object and
 * the last one's in a Map. The survivors' ranks are left in *order. */
static void resolve(ranks *order, usher_cookie *items, size_t count, usher_cookie_dialect dialect)
{
    ranks sorted = {.count = count};
    bool gone[USHER_COOKIES_MAX] = {false};

    for (size_t i = 0; i < count; i++)
        sorted.at[i] = (uint16_t)i;
    sort(&sorted, items, by_name);
    for (size_t i = 1, first = 0; i < count; i++) {
        usher_cookie *kept = &items[sorted.at[first]], *later = &items[sorted.at[i]];
        if (!usher_str_eq(kept->name, later->name)) {
            first = i;
            continue;
        }
        if (dialect == USHER_COOKIE_NEXT_EDGE) kept->value = later->value;
        gone[sorted.at[i]] = true;
    }
    order->count = 0;
    for (size_t i = 0; i < count; i++)
        if (!gone[i]) order->at[order->count++] = (uint16_t)i;
    if (dialect != USHER_COOKIE_NEXT_EDGE) sort(order, items, by_property_order);
}

/* The first few pairs, which in most headers are all, are taken apart once and for all; the rest is
 * counted first. */
typedef struct pairs {
    usher_cookie_raw few[FEW];
    usher_str rest; /* behind them */
    size_t count;   /* of all; more than USHER_COOKIES_MAX is too many */
} pairs;

static void pairs_read(pairs *p, usher_str header, usher_cookie_dialect dialect)
{
    usher_cookie_raw raw;

    p->rest = header;
    for (p->count = 0; p->count < FEW; p->count++)
        if (!usher_cookie_next(&p->few[p->count], &p->rest, dialect)) return;
    header = p->rest;
    while (p->count <= USHER_COOKIES_MAX && usher_cookie_next(&raw, &header, dialect))
        p->count++;
}

static usher_status decode_all(usher_cookie *items, size_t *count, usher_arena *a, pairs *p,
                               usher_cookie_dialect dialect, usher_error *err)
{
    usher_cookie_raw raw;

    *count = 0;
    for (size_t i = 0; i < p->count; i++) {
        usher_str value;
        bool keep;
        if (i < FEW)
            raw = p->few[i];
        else
            (void)usher_cookie_next(&raw, &p->rest, dialect);
        usher_status rc = usher_cookie_decode(&value, &keep, a, raw.value, dialect, err);
        if (rc) return rc;
        if (keep) items[(*count)++] = (usher_cookie){raw.name, value};
    }
    return USHER_OK;
}

/* As most browsers send them: so few that each is compared with each, and none named by a number,
 * which would come first. False if they are not; what resolve() does then is right for all. */
static bool resolve_few(usher_cookies *out, const usher_cookie *items, size_t count,
                        usher_cookie_dialect dialect)
{
    bool edge = dialect == USHER_COOKIE_NEXT_EDGE;

    out->count = 0;
    for (size_t i = 0; i < count; i++) {
        usher_str name = items[i].name;
        size_t same = 0;

        if (i == FEW || (!edge && name.len && name.ptr[0] <= '9' && name.ptr[0] >= '0'))
            return false;
        while (same < out->count && !usher_str_eq(out->items[same].name, name))
            same++;
        if (same == out->count)
            out->items[out->count++] = items[i];
        else if (edge)
            out->items[same].value = items[i].value;
    }
    return true;
}

static void resolve_all(usher_cookies *out, usher_cookie *items, size_t count,
                        usher_cookie_dialect dialect)
{
    ranks order;

    resolve(&order, items, count, dialect);
    for (size_t i = 0; i < order.count; i++)
        out->items[i] = items[order.at[i]];
    out->count = order.count;
}

usher_status usher_cookies_read(usher_cookies *out, usher_arena *a, usher_str header,
                                usher_cookie_dialect dialect, usher_error *err)
{
    usher_cookies kept = {0};
    size_t count;
    pairs found;
    usher_status rc;

    *out = (usher_cookies){0};
    pairs_read(&found, header, dialect);
    if ((count = found.count) == 0) return USHER_OK;
    if (count > USHER_COOKIES_MAX)
        return usher_fail(err, USHER_E_LIMIT, "cookie: too many pairs", header.len);
    usher_cookie *all = usher_arena_get(a, count * sizeof *all);
    kept.items = all ? usher_arena_get(a, count * sizeof *all) : NULL;
    if (!kept.items) return usher_arena_fail(a, err);
    if ((rc = decode_all(all, &count, a, &found, dialect, err))) return rc;
    if (!resolve_few(&kept, all, count, dialect)) resolve_all(&kept, all, count, dialect);
    *out = kept;
    return USHER_OK;
}

usher_str usher_cookies_get(const usher_cookies *cookies, usher_str name)
{
    for (size_t i = 0; i < cookies->count; i++)
        if (usher_str_eq(cookies->items[i].name, name)) return cookies->items[i].value;
    return (usher_str){0};
}

usher_status usher_cookie_read_one(usher_str *out, usher_arena *a, usher_str header, usher_str name,
                                   usher_cookie_dialect dialect, usher_error *err)
{
    usher_cookie_raw raw;
    usher_status rc;

    *out = (usher_str){0};
    while (usher_cookie_seek(&raw, &header, name, dialect)) {
        usher_str value;
        bool keep;
        if (raw.name.len != name.len) continue;
        if ((rc = usher_cookie_decode(&value, &keep, a, raw.value, dialect, err))) return rc;
        if (!keep) continue;
        *out = value;
        if (dialect != USHER_COOKIE_NEXT_EDGE)
            break; /* a Map keeps the last, an object the first */
    }
    return USHER_OK;
}

bool usher_cookies_too_many(usher_str header, usher_cookie_dialect dialect)
{
    usher_cookie_raw raw;
    size_t count = 0;

    if (header.len <= 2 * USHER_COOKIES_MAX) return false; /* a pair and its ';' are two at least */
    while (count <= USHER_COOKIES_MAX && usher_cookie_next(&raw, &header, dialect))
        count++;
    return count > USHER_COOKIES_MAX;
}

/* ---- writing -------------------------------------------------------------------------------- */

static bool is_alnum(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

/* A token of RFC 9110 section 5.6.2: letters, digits and !#$%&'*+-.^_`|~, a bit for each. */
bool usher_cookie_is_name(usher_str s)
{
    static const uint64_t half[2] = {UINT64_C(0x03ff6cfa00000000), UINT64_C(0x57ffffffc7fffffe)};

    for (size_t i = 0; i < s.len; i++) {
        uint8_t c = (uint8_t)s.ptr[i];
        if (c >= 0x80 || !(half[c / 64] >> c % 64 & 1)) return false;
    }
    return s.len != 0;
}

/* Stricter than the grammar, which allows spaces and commas: some readers split at them. */
static bool is_path(usher_str s)
{
    for (size_t i = 0; i < s.len; i++)
        if (s.ptr[i] <= ' ' || s.ptr[i] > '~' || s.ptr[i] == ';' || s.ptr[i] == ',') return false;
    return s.len == 0 || s.ptr[0] == '/';
}

static bool is_domain(usher_str s)
{
    usher_str rest = usher_str_starts(s, USHER_STR(".")) ? usher_str_from(s, 1) : s;

    for (size_t i = 0; i < rest.len; i++)
        if (!is_alnum(rest.ptr[i]) && rest.ptr[i] != '-' && rest.ptr[i] != '.') return false;
    return s.len == 0 || (rest.len && is_alnum(rest.ptr[0]) && is_alnum(rest.ptr[rest.len - 1]));
}

static void put_attribute(usher_buf *b, const char *label, usher_str value)
{
    if (value.len == 0) return;
    usher_buf_put_z(b, label);
    usher_buf_put(b, value);
}

static void put_expires(usher_buf *b, int64_t expires_s)
{
    char date[USHER_HTTP_DATE_LEN];

    usher_http_date_from_s(date, expires_s);
    put_attribute(b, "; Expires=", (usher_str){date, sizeof date});
}

static const char *same_site_text(usher_same_site same_site)
{
    switch (same_site) {
    case USHER_SAME_SITE_LAX: return "; SameSite=Lax";
    case USHER_SAME_SITE_STRICT: return "; SameSite=Strict";
    case USHER_SAME_SITE_NONE: return "; SameSite=None";
    case USHER_SAME_SITE_UNSET: break;
    }
    return "";
}

static void put_max_age(usher_buf *b, const usher_set_cookie *c)
{
    if (!c->has_max_age) return;
    usher_buf_put_z(b, "; Max-Age=");
    usher_buf_put_i64(b, c->max_age_s);
}

static void put_attributes(usher_buf *b, const usher_set_cookie *c)
{
    put_max_age(b, c);
    put_attribute(b, "; Domain=", c->domain);
    put_attribute(b, "; Path=", c->path);
    if (c->has_expires) put_expires(b, c->expires_s);
    if (c->http_only) usher_buf_put_z(b, "; HttpOnly");
    if (c->secure) usher_buf_put_z(b, "; Secure");
    usher_buf_put_z(b, same_site_text(c->same_site));
}

static const char *edge_same_site_text(usher_same_site same_site)
{
    switch (same_site) {
    case USHER_SAME_SITE_LAX: return "; SameSite=lax";
    case USHER_SAME_SITE_STRICT: return "; SameSite=strict";
    case USHER_SAME_SITE_NONE: return "; SameSite=none";
    case USHER_SAME_SITE_UNSET: break;
    }
    return "";
}

static void put_edge_attributes(usher_buf *b, const usher_set_cookie *c)
{
    put_attribute(b, "; Path=", c->path);
    if (c->has_expires) put_expires(b, c->expires_s);
    put_max_age(b, c);
    put_attribute(b, "; Domain=", c->domain);
    if (c->secure) usher_buf_put_z(b, "; Secure");
    if (c->http_only) usher_buf_put_z(b, "; HttpOnly");
    usher_buf_put_z(b, edge_same_site_text(c->same_site));
}

usher_status usher_set_cookie_write(usher_str *out, usher_arena *a, const usher_set_cookie *c,
                                    usher_error *err)
{
    usher_buf b;

    *out = (usher_str){0};
    if (!usher_cookie_is_name(c->name))
        return usher_fail(err, USHER_E_USAGE, "cookie: not a cookie name", 0);
    if (!is_domain(c->domain)) return usher_fail(err, USHER_E_USAGE, "cookie: not a domain", 0);
    if (!is_path(c->path)) return usher_fail(err, USHER_E_USAGE, "cookie: not a cookie path", 0);
    usher_buf_init(&b, a, SET_COOKIE_MAX);
    usher_buf_put(&b, c->name);
    usher_buf_put_char(&b, '=');
    if (c->plain)
        usher_buf_put(&b, c->value);
    else
        usher_percent_put(&b, c->value);
    if (c->edge)
        put_edge_attributes(&b, c);
    else
        put_attributes(&b, c);
    return usher_buf_take(out, &b, err);
}
