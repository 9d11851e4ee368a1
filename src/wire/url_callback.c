/* The callback rule of both originals: what JavaScript's URL parser makes of any text, as far as it
 * decides on the origin. It repairs where usher_url_read refuses (spaces, slashes, user
 * information, addresses in odd spellings), and so must this. */
#include <string.h>

#include "base/buf.h"
#include "base/error.h"
#include "base/str.h"
#include "wire/url.h"
#include "wire/utf8.h"

#define HOST_MAX 256 /* a longer one is of no site */

/* What was read of a URL: its kind, and whose it is. */
typedef struct reading {
    usher_url_kind kind;
    bool https, has_host; /* has_host: http(s), and `host` is complete and known to us */
    char host[HOST_MAX];
    size_t host_len;
    uint16_t port;
} reading;

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static char to_lower(char c)
{
    return (char)(c >= 'A' && c <= 'Z' ? c + 32 : c);
}

static int hex_value(char c)
{
    c = to_lower(c);
    if (is_digit(c)) return c - '0';
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static bool is_slash(char c)
{
    return c == '/' || c == '\\';
}

static usher_str head(usher_str s, size_t len)
{
    return (usher_str){s.ptr, len};
}

/* Text that goes into a header as it stands, or percent-encoded. */
static bool is_plain(usher_str s)
{
    for (size_t i = 0, step; i < s.len; i += step) {
        unsigned char c = (unsigned char)s.ptr[i];
        step = c < 0x80 ? 1 : usher_utf8_step(usher_str_from(s, i));
        if (c < ' ' || c == 0x7f || step == 0) return false;
    }
    return true;
}

/* ---- hosts ---------------------------------------------------------------------------------- */

/* One number of an IPv4 address as the URL parser reads it: decimal, 0x…, or octal after a 0. */
static bool read_number(uint64_t *out, usher_str s)
{
    unsigned base = 10;

    *out = 0;
    if (s.len == 0) return false;
    if (s.len > 1 && s.ptr[0] == '0') {
        base = to_lower(s.ptr[1]) == 'x' ? 16 : 8;
        s = usher_str_from(s, base == 16 ? 2 : 1);
    }
    for (size_t i = 0; i < s.len; i++) {
        int digit = hex_value(s.ptr[i]);
        if (digit < 0 || (unsigned)digit >= base) return false;
        *out = *out * base + (unsigned)digit;
        if (*out > UINT32_MAX) *out = (uint64_t)UINT32_MAX + 1; /* too large, and stays it */
    }
    return true;
}

/* A host whose last label is a number is an address, or nothing. */
static bool ends_in_number(usher_str host)
{
    uint64_t n;
    size_t at = host.len, digits = 0;

    while (at && host.ptr[at - 1] != '.')
        at--;
    usher_str label = usher_str_from(host, at);
    while (digits < label.len && is_digit(label.ptr[digits]))
        digits++;
    return label.len && (digits == label.len || read_number(&n, label));
}

static void put_address(reading *r, uint32_t ip)
{
    usher_str digits = USHER_STR("0123456789");

    r->host_len = 0;
    for (int shift = 24; shift >= 0; shift -= 8) {
        unsigned octet = ip >> shift & 255;
        if (octet > 99) r->host[r->host_len++] = digits.ptr[octet / 100];
        if (octet > 9) r->host[r->host_len++] = digits.ptr[octet / 10 % 10];
        r->host[r->host_len++] = digits.ptr[octet % 10];
        if (shift) r->host[r->host_len++] = '.';
    }
}

/* At most four numbers, the last of which fills what is left. */
static bool read_address(reading *r, usher_str host)
{
    uint64_t n = 0, ip = 0;
    size_t parts = 0;

    for (usher_str rest = host; rest.ptr; parts++) {
        usher_str part = usher_str_cut(rest, '.', &rest);
        if (parts == 4 || !read_number(&n, part)) return false;
        if (rest.ptr && n > 255) return false;
        if (rest.ptr) ip |= n << (24 - 8 * parts);
    }
    if (parts == 0 || n >= UINT64_C(1) << (40 - 8 * parts)) return false;
    put_address(r, (uint32_t)(ip | n));
    return true;
}

/* Percent-decoded and in lower case. Letters beyond ASCII have a mapping that changes from year to
 * year: such a host is one, but never the site's own. False if it is no host. */
static bool read_name(reading *r, usher_str host)
{
    bool known = true;

    r->host_len = 0;
    for (size_t i = 0; i < host.len; i++) {
        unsigned char c = (unsigned char)host.ptr[i];
        bool escape = c == '%' && host.len - i > 2 && hex_value(host.ptr[i + 1]) >= 0 &&
                      hex_value(host.ptr[i + 2]) >= 0;
        if (escape)
            c = (unsigned char)(hex_value(host.ptr[i + 1]) << 4 | hex_value(host.ptr[i + 2]));
        if (escape) i += 2;
        if (c <= ' ' || c == 0x7f || usher_str_has(USHER_STR("#/:<>?@[\\]^|%"), (char)c))
            return false;
        if (c >= 0x80 || r->host_len == HOST_MAX)
            known = false;
        else
            r->host[r->host_len++] = to_lower((char)c);
    }
    if (r->host_len == 0 && known) return false;
    r->has_host = known;
    usher_str name = {r->host, r->host_len};
    if (known && name.len > 1 && name.ptr[name.len - 1] == '.') name.len--;
    return !known || !ends_in_number(name) || read_address(r, name);
}

static bool read_bracketed(reading *r, usher_str host)
{
    char text[8 + HOST_MAX] = "http://";
    usher_url url;

    if (host.len > 64) return false;
    memcpy(text + 7, host.ptr, host.len);
    if (usher_url_read(&url, (usher_str){text, 7 + host.len}, NULL) || url.host.len != host.len)
        return false;
    memcpy(r->host, host.ptr, host.len);
    r->host_len = host.len;
    return r->has_host = true;
}

/* ---- authorities ---------------------------------------------------------------------------- */

static bool read_port(uint16_t *port, usher_str digits)
{
    uint32_t n = 0;

    for (size_t i = 0; i < digits.len; i++) {
        if (!is_digit(digits.ptr[i])) return false;
        n = n * 10 + (uint32_t)(digits.ptr[i] - '0');
        if (n > 65535) return false;
    }
    if (digits.len) *port = (uint16_t)n; /* "host:" has the default one */
    return true;
}

/* A host of a scheme that is not of the web is kept as it is; some characters it may not have. */
static bool is_opaque_host(usher_str host)
{
    for (size_t i = 0; i < host.len; i++)
        if (host.ptr[i] == 0 || usher_str_has(USHER_STR(" \t\r\n#/:<>?@[\\]^|"), host.ptr[i]))
            return false;
    return true;
}

/* [ user information "@" ] host [ ":" port ] */
static bool read_authority(reading *r, usher_str authority, bool web)
{
    size_t at = authority.len, end = 0;

    while (at && authority.ptr[at - 1] != '@')
        at--;
    usher_str host = usher_str_from(authority, at);
    bool bracket = host.len && host.ptr[0] == '[';
    while (end < host.len && host.ptr[end] != (bracket ? ']' : ':'))
        end++;
    if (bracket && end++ == host.len) return false;
    usher_str port = usher_str_from(host, end);
    host = head(host, end);
    if (host.len == 0 && (web || at || port.len)) return false;
    if (port.len && port.ptr[0] != ':') return false;
    if (!read_port(&r->port, port.len ? usher_str_from(port, 1) : port)) return false;
    if (bracket) return read_bracketed(r, host);
    return web ? read_name(r, host) : is_opaque_host(host);
}

static usher_str authority_of(usher_str s, usher_str enders)
{
    size_t end = 0;

    while (end < s.len && !usher_str_has(enders, s.ptr[end]))
        end++;
    return head(s, end);
}

/* After "http:": any number of slashes of either kind, none among them. */
static bool read_web(reading *r, usher_str rest)
{
    while (rest.len && is_slash(rest.ptr[0]))
        rest = usher_str_from(rest, 1);
    return read_authority(r, authority_of(rest, USHER_STR("/\\?#")), true);
}

/* ---- URLs ----------------------------------------------------------------------------------- */

/* Length of "scheme:" in front, or 0. */
static size_t scheme_length(usher_str s)
{
    for (size_t i = 0; i < s.len; i++) {
        char c = to_lower(s.ptr[i]);
        if (c == ':') return i ? i + 1 : 0;
        bool letter = c >= 'a' && c <= 'z';
        if (!letter && (i == 0 || !(is_digit(c) || usher_str_has(USHER_STR("+-."), c)))) return 0;
    }
    return 0;
}

static bool scheme_is(usher_str scheme, const char *name)
{
    return usher_str_eq_case(scheme, usher_str_z(name));
}

/* Beside http and https: in these, too, any slashes stand for two. */
static bool is_special(usher_str scheme)
{
    return scheme_is(scheme, "ftp:") || scheme_is(scheme, "ws:") || scheme_is(scheme, "wss:");
}

static void read_text(reading *r, usher_str text, bool inside)
{
    size_t n = scheme_length(text);
    usher_str scheme = head(text, n), rest = usher_str_from(text, n);
    bool valid = n != 0;

    *r = (reading){.kind = USHER_URL_OTHER};
    r->https = scheme_is(scheme, "https:");
    if (r->https || scheme_is(scheme, "http:")) {
        r->kind = USHER_URL_WEB;
        r->port = r->https ? 443 : 80;
        valid = read_web(r, rest);
    } else if (scheme_is(scheme, "blob:") && !inside && !usher_str_starts(rest, USHER_STR("//"))) {
        /* Its origin is that of the URL inside; it need not have one. */
        read_text(r, authority_of(rest, USHER_STR("?#")), true);
        r->kind = USHER_URL_OTHER;
    } else if (is_special(scheme)) {
        valid = read_web(r, rest);
        r->has_host = false;
    } else if (n && usher_str_starts(rest, USHER_STR("//")) && !scheme_is(scheme, "file:")) {
        valid = read_authority(r, authority_of(usher_str_from(rest, 2), USHER_STR("/?#")), false);
        r->has_host = false;
    }
    if (!valid) *r = (reading){.kind = USHER_URL_NONE};
}

/* What the parser takes away first: spaces and controls at both ends, tabs and line ends inside. */
static usher_status clean(usher_str *out, usher_arena *a, usher_str text, usher_error *err)
{
    usher_buf b;

    while (text.len && (unsigned char)text.ptr[0] <= ' ')
        text = usher_str_from(text, 1);
    while (text.len && (unsigned char)text.ptr[text.len - 1] <= ' ')
        text.len--;
    *out = text;
    if (is_plain(text)) return USHER_OK;
    usher_buf_init(&b, a, text.len + 1);
    for (size_t i = 0; i < text.len; i++)
        if (!usher_str_has(USHER_STR("\t\r\n"), text.ptr[i])) usher_buf_put_char(&b, text.ptr[i]);
    return usher_buf_take(out, &b, err);
}

static bool is_own(const reading *r, const usher_url *origin)
{
    const usher_url url = {.https = r->https, .host = {r->host, r->host_len}, .port = r->port};

    return r->has_host && usher_url_same_origin(&url, origin);
}

/* A path is resolved against the base, so "//host" and "/\host" name a host of their own; the rule
 * puts the base in front of them all the same, and then they do not. */
static void read_path(reading *r, usher_str text)
{
    *r = (reading){.kind = USHER_URL_WEB};
    if (text.len > 1 && is_slash(text.ptr[1]) && !read_web(r, text)) r->kind = USHER_URL_NONE;
}

usher_status usher_url_callback(usher_str *out, usher_url_kind *kind, usher_arena *a, usher_str url,
                                usher_str base, usher_error *err)
{
    usher_url origin;
    reading r;
    usher_str text;
    usher_buf b;
    usher_status rc;
    bool path = usher_str_starts(url, USHER_STR("/"));

    *out = (usher_str){0};
    *kind = USHER_URL_NONE;
    if (usher_url_read(&origin, base, NULL) || origin.path.len || origin.query.ptr ||
        origin.fragment.ptr)
        return usher_fail(err, USHER_E_USAGE, "url: the base is not an origin", 0);
    if ((rc = clean(&text, a, url, err))) return rc;
    if (path)
        read_path(&r, text);
    else
        read_text(&r, text, false);
    *kind = r.kind;
    *out = base;
    if (!is_plain(url)) return USHER_OK;
    if (!path && is_own(&r, &origin)) *out = url;
    if (!path) return USHER_OK;
    usher_buf_init(&b, a, base.len + url.len);
    usher_buf_put(&b, base);
    usher_buf_put(&b, url);
    rc = usher_buf_take(out, &b, err);
    if (rc) *kind = USHER_URL_NONE;
    return rc;
}
