#include "wire/url.h"

#include <string.h>

#include "base/error.h"
#include "base/str.h"
#include "wire/form.h"
#include "wire/utf8.h"

#define HOST_MAX  253 /* RFC 1035, without the last dot */
#define LABEL_MAX 63

static usher_str str_range(usher_str s, size_t from, size_t to)
{
    return (usher_str){s.ptr + from, to - from};
}

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
    if (is_digit(c)) return c - '0';
    c = to_lower(c);
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* The offset of the first byte that is in `set`, or the length. */
static size_t span_until(usher_str s, usher_str set)
{
    size_t end = s.len;

    for (size_t i = 0; i < set.len && end; i++) {
        const char *hit = memchr(s.ptr, set.ptr[i], end);
        if (hit) end = (size_t)(hit - s.ptr);
    }
    return end;
}

/* Decimal without leading zeros, at most `max`. */
static bool read_decimal(unsigned *out, usher_str s, unsigned max)
{
    uint64_t n = 0;

    *out = 0;
    if ((s.len > 1 && s.ptr[0] == '0') || !usher_str_u64(&n, s) || n > max) return false;
    *out = (unsigned)n;
    return true;
}

/* ---- hosts ---------------------------------------------------------------------------------- */

static bool read_ipv4(uint8_t out[4], usher_str s)
{
    usher_str rest = s;

    for (size_t i = 0; i < 4; i++) {
        unsigned octet;
        usher_str part = usher_str_cut(rest, '.', &rest);
        if (!read_decimal(&octet, part, 255)) return false;
        if ((rest.ptr != NULL) != (i < 3)) return false; /* exactly three dots */
        out[i] = (uint8_t)octet;
    }
    return true;
}

/* Takes one group of 1-4 hexadecimal digits off *s. */
static bool take_group(uint8_t out[2], usher_str *s)
{
    unsigned n = 0;
    size_t len = 0;

    for (; len < s->len && len < 4 && hex_value(s->ptr[len]) >= 0; len++)
        n = n << 4 | (unsigned)hex_value(s->ptr[len]);
    if (len == 0) return false;
    out[0] = (uint8_t)(n >> 8);
    out[1] = (uint8_t)n;
    *s = usher_str_from(*s, len);
    return true;
}

/* Groups divided by ':', the last two perhaps as an IPv4 address, at most 16 bytes. */
static bool read_groups(uint8_t out[16], size_t *len, usher_str s)
{
    for (*len = 0; s.len;) {
        if (usher_str_has(s, '.') && !usher_str_has(s, ':')) {
            if (*len > 12 || !read_ipv4(out + *len, s)) return false;
            *len += 4;
            return true;
        }
        if (*len > 14 || !take_group(out + *len, &s)) return false;
        *len += 2;
        if (s.len == 0) return true;
        if (s.ptr[0] != ':' || s.len == 1) return false;
        s = usher_str_from(s, 1);
    }
    return true;
}

/* RFC 4291 section 2.2, without a zone: that names an interface of this machine, not a site. */
static bool read_ipv6(uint8_t out[16], usher_str s)
{
    size_t gap = usher_str_find(s, USHER_STR("::")), head = 0, tail = 0;
    uint8_t after[16];

    memset(out, 0, 16);
    if (gap == SIZE_MAX) return read_groups(out, &head, s) && head == 16;
    usher_str before = str_range(s, 0, gap);
    if (usher_str_has(before, '.') || !read_groups(out, &head, before)) return false;
    if (!read_groups(after, &tail, str_range(s, gap + 2, s.len))) return false;
    if (head + tail > 14) return false; /* "::" stands for at least one group */
    memcpy(out + 16 - tail, after, tail);
    return true;
}

static bool is_bracketed(usher_str host)
{
    return host.len > 2 && host.ptr[0] == '[' && host.ptr[host.len - 1] == ']';
}

static bool read_bracketed(uint8_t out[16], usher_str host)
{
    return is_bracketed(host) && read_ipv6(out, str_range(host, 1, host.len - 1));
}

/* ASCII only. A name in another script has to be written in its "xn--" form: which one that is
 * depends on tables that change, and a host that two parties map differently is two hosts. */
static bool is_label(usher_str s)
{
    for (size_t i = 0; i < s.len; i++) {
        char c = to_lower(s.ptr[i]);
        if (!is_digit(c) && !(c >= 'a' && c <= 'z') && c != '-' && c != '_') return false;
    }
    return s.len > 0 && s.len <= LABEL_MAX;
}

/* A browser takes a host for an IPv4 address if its last label is a number, decimal or 0x. */
static bool is_number(usher_str label)
{
    bool hex = label.len > 1 && label.ptr[0] == '0' && to_lower(label.ptr[1]) == 'x';

    for (size_t i = hex ? 2 : 0; i < label.len; i++)
        if (hex ? hex_value(label.ptr[i]) < 0 : !is_digit(label.ptr[i])) return false;
    return label.len > 0;
}

/* A name, or an address in its one usual spelling. "127.1", "0x7f.1", "2130706433" and "0177.0.0.1"
 * are all 127.0.0.1 to a browser and to most resolvers, but other text to everything that compares
 * hosts, so these spellings are refused. */
static bool is_host(usher_str host)
{
    uint8_t address[16];
    usher_str rest = host, label = {0};

    if (host.len && host.ptr[0] == '[') return read_bracketed(address, host);
    if (host.len > HOST_MAX) return false;
    while (rest.ptr) {
        label = usher_str_cut(rest, '.', &rest);
        if (!is_label(label)) return false;
    }
    return label.ptr && (!is_number(label) || read_ipv4(address, host));
}

/* ---- reading -------------------------------------------------------------------------------- */

static bool take_prefix(usher_str *s, usher_str prefix)
{
    if (s->len < prefix.len || !usher_str_eq_case(str_range(*s, 0, prefix.len), prefix))
        return false;
    *s = usher_str_from(*s, prefix.len);
    return true;
}

/* Bytes that may go into Location. A browser removes tabs and line ends and turns a backslash that
 * precedes the query into '/', so text with these is not the URL it seems to be. */
static usher_status check_text(usher_str text, usher_error *err)
{
    size_t query = span_until(text, USHER_STR("?#"));

    for (size_t i = 0, step; i < text.len; i += step) {
        unsigned char c = (unsigned char)text.ptr[i];
        step = c < 0x80 ? 1 : usher_utf8_step(usher_str_from(text, i));
        if (c < 0x20 || c == 0x7f)
            return usher_fail(err, USHER_E_SYNTAX, "url: control character", i);
        if (c == '\\' && i < query) return usher_fail(err, USHER_E_SYNTAX, "url: backslash", i);
        if (step == 0) return usher_fail(err, USHER_E_SYNTAX, "url: invalid UTF-8", i);
    }
    return USHER_OK;
}

static usher_status read_authority(usher_url *url, usher_str authority, size_t at, usher_error *err)
{
    usher_str port;
    size_t close =
        authority.len && authority.ptr[0] == '[' ? span_until(authority, USHER_STR("]")) : 0;
    size_t colon = close + span_until(usher_str_from(authority, close), USHER_STR(":"));
    unsigned n = url->https ? 443 : 80;

    if (usher_str_has(authority, '@'))
        return usher_fail(err, USHER_E_SYNTAX, "url: user information", at);
    url->host = str_range(authority, 0, colon);
    if (!is_host(url->host)) return usher_fail(err, USHER_E_SYNTAX, "url: not a host", at);
    url->port_given = colon < authority.len;
    port = url->port_given ? usher_str_from(authority, colon + 1) : (usher_str){0};
    if (url->port_given && (!read_decimal(&n, port, 65535) || n == 0))
        return usher_fail(err, USHER_E_SYNTAX, "url: not a port", at + colon + 1);
    url->port = (uint16_t)n;
    return USHER_OK;
}

/* path [ "?" query ] [ "#" fragment ] */
static void read_rest(usher_url *url, usher_str rest)
{
    usher_str fragment;
    usher_str before = usher_str_cut(rest, '#', &fragment);

    url->path = usher_str_cut(before, '?', &url->query);
    url->fragment = fragment;
}

usher_status usher_url_read(usher_url *out, usher_str text, usher_error *err)
{
    usher_url url = {0};
    usher_str rest = text;
    usher_status rc;

    *out = (usher_url){0};
    if ((rc = check_text(text, err))) return rc;
    url.https = take_prefix(&rest, USHER_STR("https://"));
    if (!url.https && !take_prefix(&rest, USHER_STR("http://")))
        return usher_fail(err, USHER_E_SYNTAX, "url: does not begin with http:// or https://", 0);
    size_t end = span_until(rest, USHER_STR("/?#"));
    if ((rc = read_authority(&url, str_range(rest, 0, end), text.len - rest.len, err))) return rc;
    read_rest(&url, usher_str_from(rest, end));
    *out = url;
    return USHER_OK;
}

/* ---- origins -------------------------------------------------------------------------------- */

static bool same_address(const uint8_t a[16], const uint8_t b[16])
{
    return usher_str_eq((usher_str){(const char *)a, 16}, (usher_str){(const char *)b, 16});
}

static bool same_host(usher_str a, usher_str b)
{
    uint8_t m[16], n[16];

    if (read_bracketed(m, a) && read_bracketed(n, b)) return same_address(m, n);
    return usher_str_eq_case(a, b);
}

bool usher_url_same_origin(const usher_url *a, const usher_url *b)
{
    return a->https == b->https && a->port == b->port && same_host(a->host, b->host);
}

/* The longest run of two zero groups or more, the first of equals (RFC 5952 section 4.2). */
static size_t longest_zeros(size_t *at, const uint8_t ip[16])
{
    size_t best = 1;

    *at = 8;
    for (size_t i = 0; i < 8; i++) {
        size_t n = 0;
        while (i + n < 8 && ip[2 * (i + n)] == 0 && ip[2 * (i + n) + 1] == 0)
            n++;
        if (n > best) best = n, *at = i;
    }
    return best;
}

static void put_group(usher_buf *b, const uint8_t pair[2])
{
    unsigned n = (unsigned)pair[0] << 8 | pair[1];
    bool some = false;

    for (int shift = 12; shift >= 0; shift -= 4) {
        unsigned digit = n >> shift & 15;
        some = some || digit || shift == 0;
        if (some) usher_buf_put_char(b, "0123456789abcdef"[digit]);
    }
}

/* As a browser writes it in Origin, however the setting spelled it. */
static void put_ipv6(usher_buf *b, const uint8_t ip[16])
{
    size_t zeros_at, zeros = longest_zeros(&zeros_at, ip);

    usher_buf_put_char(b, '[');
    for (size_t i = 0; i < 8;) {
        if (i == zeros_at) {
            usher_buf_put_z(b, "::");
            i += zeros;
            continue;
        }
        if (i && i != zeros_at + zeros) usher_buf_put_char(b, ':');
        put_group(b, ip + 2 * i++);
    }
    usher_buf_put_char(b, ']');
}

void usher_url_put_origin(usher_buf *b, const usher_url *url)
{
    uint8_t ip[16];

    usher_buf_put_z(b, url->https ? "https://" : "http://");
    if (read_bracketed(ip, url->host))
        put_ipv6(b, ip);
    else
        for (size_t i = 0; i < url->host.len; i++)
            usher_buf_put_char(b, to_lower(url->host.ptr[i]));
    if (url->port == (url->https ? 443 : 80)) return;
    usher_buf_put_char(b, ':');
    usher_buf_put_u64(b, url->port);
}

bool usher_url_is_loopback(const usher_url *url)
{
    static const uint8_t loopback[16] = {[15] = 1};
    usher_str host = url->host, below = USHER_STR(".localhost");
    uint8_t ip[16];

    if (read_bracketed(ip, host)) return same_address(ip, loopback);
    if (read_ipv4(ip, host)) return ip[0] == 127;
    if (host.len > below.len) host = usher_str_from(host, host.len - below.len);
    return usher_str_eq_case(host, below) || usher_str_eq_case(host, USHER_STR("localhost"));
}

/* ---- parameters ----------------------------------------------------------------------------- */

/* Takes the fragment off the URL in the buffer. */
static usher_str take_fragment(usher_buf *b)
{
    size_t hash = span_until(usher_buf_view(b), USHER_STR("#"));
    usher_str fragment = {0};

    if (b->failed || hash == b->len) return fragment;
    b->failed = usher_arena_dup(&fragment, b->arena, usher_str_from(usher_buf_view(b), hash), NULL);
    b->len = hash;
    return fragment;
}

void usher_url_put_param(usher_buf *b, usher_str name, usher_str value)
{
    usher_str fragment = take_fragment(b); /* a parameter behind '#' would not reach the server */
    usher_str url = usher_buf_view(b);
    size_t query = usher_str_find(url, USHER_STR("?"));

    if (query == SIZE_MAX)
        usher_buf_put_char(b, '?');
    else if (query + 1 < url.len && usher_str_ends(url, USHER_STR("?")))
        usher_buf_put_char(b, '&'); /* the last character of a value */
    usher_form_put(b, name, value);
    usher_buf_put(b, fragment);
}
