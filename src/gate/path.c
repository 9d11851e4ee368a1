#include "gate/path.h"

#include "base/str.h"

/* The kinds are ordered: what is found later can only make a path worse. */
static usher_path_kind worse(usher_path_kind a, usher_path_kind b)
{
    return a > b ? a : b;
}

static int hex_value(char c)
{
    if (c >= '0' && c <= '9') return c - '0';
    if (c >= 'a' && c <= 'f') return c - 'a' + 10;
    return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

static bool is_control(int c)
{
    return c < 0x20 || c == 0x7f;
}

/* The byte at *at after one decoding, and *at moved past it; -1 at the end or at a bad escape. */
static int take_decoded(usher_str path, size_t *at)
{
    if (*at >= path.len) return -1;
    if (path.ptr[*at] != '%') return (unsigned char)path.ptr[(*at)++];
    if (path.len - *at < 3) return -1;
    int high = hex_value(path.ptr[*at + 1]), low = hex_value(path.ptr[*at + 2]);
    *at += 3;
    return high < 0 || low < 0 ? -1 : high << 4 | low;
}

/* Whether what follows a decoded '%' makes it "%2e", "%2f" or "%5c": a second decoding, somewhere
 * behind us, would find a dot, a slash or a backslash there. */
static bool hides_separator(usher_str path, size_t at)
{
    int high = take_decoded(path, &at), low = take_decoded(path, &at) | 0x20;

    return (high == '2' && (low == 'e' || low == 'f')) || (high == '5' && low == 'c');
}

static usher_path_kind judge_escape(usher_str path, size_t at)
{
    int c = take_decoded(path, &at);

    if (c < 0 || is_control(c)) return USHER_PATH_INVALID;
    if (c == '%' && hides_separator(path, at)) return USHER_PATH_INVALID;
    return USHER_PATH_UNCLEAR;
}

/* pchar of RFC 3986 without escapes, and without ';', where some servers cut a parameter off. */
static bool is_plain(char c)
{
    if ((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9')) return true;
    return usher_str_has(USHER_STR("/-._~!$&'()*+,=:@"), c);
}

static usher_path_kind judge_byte(usher_str path, size_t at)
{
    char c = path.ptr[at];

    if (is_plain(c)) return USHER_PATH_CANONICAL;
    if (c == '%') return judge_escape(path, at);
    if (is_control((unsigned char)c) || c == '#' || c == '\\') return USHER_PATH_INVALID;
    return USHER_PATH_UNCLEAR;
}

/* "." and "..", and longer runs too: some systems climb further for each dot. */
static bool is_dots(usher_str segment)
{
    for (size_t i = 0; i < segment.len; i++)
        if (segment.ptr[i] != '.') return false;
    return segment.len != 0;
}

/* `path` begins with '/'. Only the last segment may be empty: that is a path ending in '/'. */
static usher_path_kind judge_segments(usher_str path)
{
    usher_str rest = usher_str_from(path, 1);

    while (rest.ptr) {
        usher_str segment = usher_str_cut(rest, '/', &rest);
        if (is_dots(segment) || (segment.len == 0 && rest.ptr)) return USHER_PATH_UNCLEAR;
    }
    return USHER_PATH_CANONICAL;
}

usher_path_kind usher_path_classify(usher_str *path, usher_str target)
{
    usher_str query;
    usher_str p = *path = usher_str_cut(target, '?', &query);

    if (p.len == 0 || p.ptr[0] != '/') return USHER_PATH_INVALID;
    usher_path_kind kind = judge_segments(p);
    for (size_t i = 0; i < p.len; i++)
        kind = worse(kind, judge_byte(p, i));
    return kind;
}
