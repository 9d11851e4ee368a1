#include "wire/percent.h"

#include <string.h>

#include "base/error.h"
#include "base/str.h"
#include "wire/utf8.h"

#if defined(__SSE2__) && !defined(USHER_PLAIN_C)
#include <emmintrin.h>
#endif

#define STAYS_COMPONENT 1
#define STAYS_FORM      2
#define BOTH            (STAYS_COMPONENT | STAYS_FORM)

/* Which characters each dialect leaves alone. */
static uint8_t stays(uint8_t c)
{
    if ((c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z')) return BOTH;
    switch (c) {
    case '-':
    case '_':
    case '.':
    case '*': return BOTH;
    case '!':
    case '~':
    case '\'':
    case '(':
    case ')': return STAYS_COMPONENT;
    default: return 0;
    }
}

static void put_hex(usher_buf *b, uint8_t c)
{
    static const char digits[] = "0123456789ABCDEF"; /* both originals write capitals */

    usher_buf_put(b, (usher_str){(char[]){'%', digits[c >> 4], digits[c & 15]}, 3});
}

#if defined(__SSE2__) && !defined(USHER_PLAIN_C)

static __m128i in_range(__m128i v, char first, char last)
{
    __m128i from_first = _mm_sub_epi8(v, _mm_set1_epi8(first)); /* those below wrap to the top */

    return _mm_cmpeq_epi8(_mm_min_epu8(from_first, _mm_set1_epi8((char)(last - first))),
                          from_first);
}

/* Which of 16 bytes are a letter, a digit, '-', '.' or '_'. Only '/' stands among those from '-' to
 * '9' that is none of them. */
static __m128i are_plain(const char *p)
{
    __m128i v = _mm_loadu_si128((const __m128i *)(const void *)p);
    __m128i letter = in_range(_mm_or_si128(v, _mm_set1_epi8(0x20)), 'a', 'z');
    __m128i other = _mm_andnot_si128(_mm_cmpeq_epi8(v, _mm_set1_epi8('/')), in_range(v, '-', '9'));

    return _mm_or_si128(_mm_or_si128(letter, other), _mm_cmpeq_epi8(v, _mm_set1_epi8('_')));
}

/* How many bytes at the start are sure to stay in both dialects. Of a session token that is all. */
static size_t plain_run(usher_str text)
{
    size_t at = 0;

    while (text.len - at >= 32 &&
           _mm_movemask_epi8(
               _mm_and_si128(are_plain(text.ptr + at), are_plain(text.ptr + at + 16))) == 0xffff)
        at += 32;
    for (; text.len - at >= 16; at += 16) {
        unsigned stay = (unsigned)_mm_movemask_epi8(are_plain(text.ptr + at));
        if (stay != 0xffff) return at + (size_t)__builtin_ctz(~stay);
    }
    return at;
}

#else

static size_t plain_run(usher_str text)
{
    (void)text;
    return 0;
}

#endif

static void put_escaped(usher_buf *b, usher_str text, uint8_t dialect)
{
    while (text.len) {
        size_t plain = plain_run(text);
        while (plain < text.len && (stays((uint8_t)text.ptr[plain]) & dialect))
            plain++;
        if (plain) usher_buf_put(b, (usher_str){text.ptr, plain});
        text = usher_str_from(text, plain);
        if (text.len == 0) break;
        if (dialect == STAYS_FORM && text.ptr[0] == ' ')
            usher_buf_put_char(b, '+');
        else
            put_hex(b, (uint8_t)text.ptr[0]);
        text = usher_str_from(text, 1);
    }
}

void usher_percent_put(usher_buf *b, usher_str text)
{
    put_escaped(b, text, STAYS_COMPONENT);
}

void usher_percent_put_form(usher_buf *b, usher_str text)
{
    put_escaped(b, text, STAYS_FORM);
}

static int hex_value(char c)
{
    if (c >= '0' && c <= '9') return c - '0';
    if (c >= 'A' && c <= 'F') return c - 'A' + 10;
    if (c >= 'a' && c <= 'f') return c - 'a' + 10;
    return -1;
}

/* Reads %XX at the start of `s`. */
static bool hex_pair(char *out, usher_str s)
{
    int high, low;

    if (s.len < 3 || s.ptr[0] != '%' || (high = hex_value(s.ptr[1])) < 0 ||
        (low = hex_value(s.ptr[2])) < 0)
        return false;
    *out = (char)(uint8_t)(high << 4 | low);
    return true;
}

/* Decodes a run of %XX into `out`; the run ends before the first byte that begins none. */
static size_t decode_run(char *out, usher_str text)
{
    size_t n = 0;

    while (hex_pair(out + n, usher_str_from(text, 3 * n)))
        n++;
    return n;
}

/* Offset, in bytes, of the first of `run` that begins no valid sequence; run.len if all do. */
static size_t first_invalid(usher_str run)
{
    size_t at = 0, n;

    while ((n = usher_utf8_step(usher_str_from(run, at))) && at < run.len)
        at += n;
    return at;
}

usher_status usher_percent_decode(usher_str *out, usher_arena *a, usher_str text, usher_error *err)
{
    *out = (usher_str){0};
    if (!usher_str_has(text, '%')) {
        *out = text;
        return USHER_OK;
    }
    char *ptr = usher_arena_get(a, text.len);
    size_t len = 0;
    if (!ptr) return usher_arena_fail(a, err);
    for (usher_str rest = text; rest.len;) {
        const char *hit = memchr(rest.ptr, '%', rest.len);
        size_t plain = hit ? (size_t)(hit - rest.ptr) : rest.len;
        memcpy(ptr + len, rest.ptr, plain);
        len += plain;
        rest = usher_str_from(rest, plain);
        if (rest.len == 0) break;

        if (hex_pair(ptr + len, rest) && !((uint8_t)ptr[len] & 0x80)) { /* ASCII: as good as all */
            rest = usher_str_from(rest, 3);
            len++;
            continue;
        }
        size_t at = text.len - rest.len;
        size_t run = decode_run(ptr + len, rest);
        size_t good = first_invalid((usher_str){ptr + len, run});
        if (run == 0) return usher_fail(err, USHER_E_SYNTAX, "percent: '%' without two digits", at);
        if (good < run) return usher_fail(err, USHER_E_SYNTAX, "percent: not UTF-8", at + 3 * good);
        len += run;
        rest = usher_str_from(rest, 3 * run);
    }
    usher_arena_trim(a, ptr, text.len, len);
    *out = (usher_str){ptr, len};
    return USHER_OK;
}

static bool form_is_plain(usher_str text)
{
    return !usher_str_has(text, '%') && !usher_str_has(text, '+') && usher_utf8_valid(text);
}

static size_t form_unescape(char *out, usher_str text)
{
    size_t len = 0;

    while (text.len) {
        bool escaped = hex_pair(out + len, text);
        if (!escaped) out[len] = text.ptr[0] == '+' ? ' ' : text.ptr[0];
        len++;
        text = usher_str_from(text, escaped ? 3 : 1);
    }
    return len;
}

usher_status usher_percent_decode_form(usher_str *out, usher_arena *a, usher_str text,
                                       usher_error *err)
{
    *out = (usher_str){0};
    if (form_is_plain(text)) {
        *out = text;
        return USHER_OK;
    }
    char *ptr = usher_arena_get(a, text.len);
    if (!ptr) return usher_arena_fail(a, err);
    usher_str bytes = {ptr, form_unescape(ptr, text)};
    if (usher_utf8_valid(bytes)) {
        usher_arena_trim(a, ptr, text.len, bytes.len);
        *out = bytes;
        return USHER_OK;
    }
    usher_buf b; /* one bad byte becomes three */
    usher_buf_init(&b, a, bytes.len > SIZE_MAX / 3 ? SIZE_MAX : bytes.len * 3);
    usher_utf8_put(&b, bytes);
    return usher_buf_take(out, &b, err);
}
