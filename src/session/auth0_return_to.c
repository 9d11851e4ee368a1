#include "session/auth0_return_to.h"

#include "base/buf.h"
#include "base/error.h"
#include "base/str.h"
#include "wire/url.h"
#include "wire/utf8.h"

#define VALUE_MAX (16u * 1024) /* longer ones are not looked at */
#define HOST_MAX  256

/* ---- text ---------------------------------------------------------------------------------- */

static bool is_slash(char c)
{
    return c == '/' || c == '\\';
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static char lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c + 32) : c;
}

static bool is_letter(char c)
{
    c = lower(c);
    return c >= 'a' && c <= 'z';
}

static int hex_value(char c)
{
    c = lower(c);
    if (is_digit(c)) return c - '0';
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* What the URL parser does before it looks: spaces and controls off both ends, tabs and line ends
 * out of the middle. `room` holds value.len bytes. */
static usher_str clean(char *room, usher_str value)
{
    size_t len = 0;

    while (value.len && (unsigned char)value.ptr[0] <= ' ')
        value = usher_str_from(value, 1);
    while (value.len && (unsigned char)value.ptr[value.len - 1] <= ' ')
        value.len--;
    for (size_t i = 0; i < value.len; i++)
        if (!usher_str_has(USHER_STR("\t\n\r"), value.ptr[i])) room[len++] = value.ptr[i];
    return (usher_str){room, len};
}

/* ---- the part that names a host ------------------------------------------------------------- */

/* Full-width forms of ASCII and the other full stops mean what they look like (UTS 46); any other
 * letter is left as it is, and is of no host we know. */
static size_t fold(char *out, usher_str s, size_t *step)
{
    const unsigned char *p = (const unsigned char *)s.ptr;

    *step = 1;
    if (s.len < 3 || (p[0] != 0xef && p[0] != 0xe3)) {
        *out = lower(s.ptr[0]);
        return 1;
    }
    unsigned code = (unsigned)(p[0] & 15) << 12 | (unsigned)(p[1] & 63) << 6 | (p[2] & 63);
    if (code == 0x3002 || code == 0xff61)
        *out = '.';
    else if (code >= 0xff01 && code <= 0xff5e)
        *out = lower((char)(code - 0xff01 + '!'));
    else
        *out = (char)p[0];
    if (*out != (char)p[0]) *step = 3;
    return 1;
}

/* Percent-decoded, folded, in lower case; empty if it is too long to be a host. */
static usher_str host_text(char room[HOST_MAX], usher_str host)
{
    char plain[HOST_MAX];
    size_t n = 0, len = 0, step;

    if (host.len > HOST_MAX) return (usher_str){0};
    for (size_t i = 0; i < host.len; i++) {
        bool escape = host.ptr[i] == '%' && i + 2 < host.len && hex_value(host.ptr[i + 1]) >= 0 &&
                      hex_value(host.ptr[i + 2]) >= 0;

        plain[n++] = escape ? (char)(hex_value(host.ptr[i + 1]) * 16 + hex_value(host.ptr[i + 2]))
                            : host.ptr[i];
        if (escape) i += 2;
    }
    for (size_t i = 0; i < n; i += step)
        len += fold(room + len, (usher_str){plain + i, n - i}, &step);
    return (usher_str){room, len};
}

/* The port that these digits are; false if there is no such port. */
static bool port_of(uint32_t *port, usher_str digits, uint32_t otherwise)
{
    *port = digits.len ? 0 : otherwise;
    for (size_t i = 0; i < digits.len; i++) {
        *port = *port * 10 + (uint32_t)(digits.ptr[i] - '0');
        if (*port > 65535) return false;
    }
    return true;
}

/* user:password@host:port, of the base's scheme: whether it is the base's origin. */
static bool same_authority(usher_str authority, const usher_url *base)
{
    char room[HOST_MAX];
    size_t at = authority.len, colon;
    uint32_t port;

    while (at && authority.ptr[at - 1] != '@')
        at--;
    usher_str host = usher_str_from(authority, at);
    for (colon = host.len; colon && is_digit(host.ptr[colon - 1]); colon--) {
    }
    bool has_port = colon && host.ptr[colon - 1] == ':';
    usher_str digits = has_port ? usher_str_from(host, colon) : (usher_str){0};
    if (has_port) host.len = colon - 1;
    return port_of(&port, digits, base->https ? 443 : 80) && port == base->port &&
           usher_str_eq_case(host_text(room, host), base->host);
}

/* ---- writing ------------------------------------------------------------------------------- */

typedef struct writer {
    char *text;
    size_t len;
} writer;

static void write_encoded(writer *w, usher_str part, usher_str also)
{
    static const char digits[] = "0123456789ABCDEF";

    for (size_t i = 0; i < part.len; i++) {
        unsigned char c = (unsigned char)part.ptr[i];

        if (c > ' ' && c < 0x7f && !usher_str_has(also, (char)c)) {
            w->text[w->len++] = (char)c;
            continue;
        }
        w->text[w->len++] = '%';
        w->text[w->len++] = digits[c >> 4];
        w->text[w->len++] = digits[c & 15];
    }
}

/* How many dots a segment is made of, where %2e counts as one; 0: it is an ordinary one. */
static unsigned dots(usher_str segment)
{
    unsigned n = 0;

    for (size_t i = 0; i < segment.len; n++) {
        usher_str rest = usher_str_from(segment, i);

        if (rest.ptr[0] == '.')
            i++;
        else if (rest.len >= 3 && usher_str_eq_case((usher_str){rest.ptr, 3}, USHER_STR("%2e")))
            i += 3;
        else
            return 0;
    }
    return n;
}

static void drop_segment(writer *w)
{
    while (w->len && w->text[--w->len] != '/') {
    }
}

/* Appends what `path` has between slashes, behind what is there. */
static void write_path(writer *w, usher_str path)
{
    if (path.len == 0) path = USHER_STR("");
    for (size_t at = 0, end;; at = end + 1) {
        for (end = at; end < path.len && !is_slash(path.ptr[end]); end++) {
        }
        usher_str segment = {path.ptr + at, end - at};
        unsigned n = dots(segment);
        bool last = end == path.len, dotted = n == 1 || n == 2;

        if (n == 2) drop_segment(w);
        if (!dotted || last) w->text[w->len++] = '/';
        if (!dotted) write_encoded(w, segment, USHER_STR("\"#<>?`{}"));
        if (last) return;
    }
}

/* ---- resolving ----------------------------------------------------------------------------- */

/* Cuts the fragment and the query off a reference. */
static usher_str cut_tail(usher_str s, usher_str *query, usher_str *fragment)
{
    return usher_str_cut(usher_str_cut(s, '#', fragment), '?', query);
}

static void write_tail(writer *w, usher_str query, usher_str fragment)
{
    if (query.len) {
        w->text[w->len++] = '?';
        write_encoded(w, query, USHER_STR("\"#<>'"));
    }
    if (fragment.len) {
        w->text[w->len++] = '#';
        write_encoded(w, fragment, USHER_STR("\"<>`"));
    }
}

/* The base's path up to its last segment, which what follows replaces. */
static void write_base_folder(writer *w, const usher_url *base)
{
    if (base->path.len == 0) return;
    write_path(w, usher_str_from(base->path, 1));
    drop_segment(w);
}

static usher_str authority_of(usher_str s, usher_str *path)
{
    size_t end = 0;

    while (s.len && is_slash(s.ptr[0]))
        s = usher_str_from(s, 1);
    while (end < s.len && !is_slash(s.ptr[end]))
        end++;
    *path = usher_str_from(s, end);
    return (usher_str){s.ptr, end};
}

/* A reference without scheme. False if it leads to another origin. */
static bool resolve_relative(writer *w, usher_str s, const usher_url *base)
{
    usher_str query, fragment, path = cut_tail(s, &query, &fragment);

    if (path.len > 1 && is_slash(path.ptr[0]) && is_slash(path.ptr[1])) {
        usher_str authority = authority_of(path, &path);

        if (!same_authority(authority, base)) return false;
        write_path(w, path.len ? usher_str_from(path, 1) : path);
    } else if (path.len && is_slash(path.ptr[0])) {
        write_path(w, usher_str_from(path, 1));
    } else if (path.len) {
        write_base_folder(w, base);
        write_path(w, path);
    } else {
        write_path(w, base->path.len ? usher_str_from(base->path, 1) : base->path);
        if (!query.ptr) query = base->query;
    }
    write_tail(w, query, fragment);
    return true;
}

/* Length of "scheme:" at the start, or 0. */
static size_t scheme_length(usher_str s)
{
    if (s.len == 0 || !is_letter(s.ptr[0])) return 0;
    for (size_t i = 1; i < s.len; i++) {
        if (s.ptr[i] == ':') return i + 1;
        if (!is_letter(s.ptr[i]) && !is_digit(s.ptr[i]) &&
            !usher_str_has(USHER_STR("+-."), s.ptr[i]))
            return 0;
    }
    return 0;
}

/* The base's own scheme in front changes nothing; any other is another origin. */
static bool resolve(writer *w, usher_str s, const usher_url *base)
{
    size_t n = scheme_length(s);
    usher_str scheme = {s.ptr, n};

    if (n && !usher_str_eq_case(scheme, base->https ? USHER_STR("https:") : USHER_STR("http:")))
        return false;
    return resolve_relative(w, usher_str_from(s, n), base);
}

static usher_status read_base(usher_url *out, usher_str base, usher_error *err)
{
    if (usher_url_read(out, base, NULL) == USHER_OK) return USHER_OK;
    return usher_fail(err, USHER_E_SETTING, "auth0: the base URL is no http or https URL", 0);
}

/* *path is absent if `value` leads to another origin. */
static usher_status resolve_text(usher_str *path, usher_arena *a, usher_str value,
                                 const usher_url *base, usher_error *err)
{
    /* Each byte becomes three at most; slashes and marks of the parts come on top. */
    size_t size = 4 * value.len + 3 * (base->path.len + base->query.len) + 8;
    writer w = {.text = usher_arena_get(a, size)};
    char *room = w.text ? usher_arena_get(a, value.len) : NULL;

    *path = (usher_str){0};
    if (!room) return usher_arena_fail(a, err);
    if (value.len <= VALUE_MAX && usher_utf8_valid(value) && resolve(&w, clean(room, value), base))
        *path = (usher_str){w.text, w.len};
    return USHER_OK;
}

usher_status usher_auth0_return_to(usher_str *path, usher_arena *a, usher_str value, usher_str base,
                                   usher_str fallback, size_t max, usher_error *err)
{
    usher_url url;
    usher_str kept;
    usher_status rc;

    *path = fallback;
    if ((rc = read_base(&url, base, err))) return rc;
    if (value.len == 0 || value.len > VALUE_MAX) return USHER_OK;
    if ((rc = resolve_text(&kept, a, value, &url, err))) return rc;
    if (kept.ptr && kept.len <= max) *path = kept;
    return USHER_OK;
}

/* ---- the end of a sign-in ------------------------------------------------------------------- */

static usher_status join(usher_str *out, usher_arena *a, usher_str folder, usher_str rest,
                         usher_error *err)
{
    usher_buf b;

    usher_buf_init(&b, a, folder.len + rest.len + 1);
    usher_buf_put(&b, folder);
    if (!usher_str_ends(folder, USHER_STR("/"))) usher_buf_put_char(&b, '/');
    usher_buf_put(&b, rest);
    return usher_buf_take(out, &b, err);
}

static usher_status below_base(usher_str *path, usher_arena *a, usher_str kept,
                               const usher_url *base, usher_error *err)
{
    usher_str text;
    usher_status rc;

    while (kept.len && is_slash(kept.ptr[0]))
        kept = usher_str_from(kept, 1);
    if ((rc = join(&text, a, base->path, kept, err))) return rc;
    return resolve_text(path, a, text, base, err);
}

static usher_status with_origin(usher_str *url, usher_arena *a, usher_str path,
                                const usher_url *base, usher_error *err)
{
    usher_buf b;

    usher_buf_init(&b, a, path.len + base->host.len + 32);
    usher_url_put_origin(&b, base);
    usher_buf_put(&b, path.len ? path : USHER_STR("/"));
    return usher_buf_take(url, &b, err);
}

usher_status usher_auth0_location(usher_str *url, usher_arena *a, usher_str path, usher_str base,
                                  usher_error *err)
{
    usher_url read, folder;
    usher_str result;
    usher_status rc;

    *url = (usher_str){0};
    if ((rc = read_base(&read, base, err))) return rc;
    folder = read;
    folder.query = (usher_str){0};
    if ((rc = join(&folder.path, a, read.path, (usher_str){0}, err))) return rc;
    if ((rc = resolve_text(&result, a, usher_str_from(path, path.len && path.ptr[0] == '/'),
                           &folder, err)) ||
        (!result.ptr && (rc = below_base(&result, a, path, &folder, err))))
        return rc;
    return with_origin(url, a, result, &read, err);
}
