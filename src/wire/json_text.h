/* json_text - what the reader and the writer of JSON share: the scan over the plain part of a
 * string, once to its end and once for all strings of a text. Internal to the files of json. */
#ifndef USHER_WIRE_JSON_TEXT_H
#define USHER_WIRE_JSON_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "wire/json.h"

#if defined(__x86_64__) && defined(__GNUC__) && !defined(USHER_PLAIN_C)
#define USHER_JSON_WIDE 1
#include <immintrin.h>
#else
#define USHER_JSON_WIDE 0
#endif

static inline bool usher_json_is_digit(uint8_t c)
{
    return c >= '0' && c <= '9';
}

static inline int usher_json_is_plain(uint8_t c)
{
    return c >= 0x20 && c < 0x80 && c != '"' && c != '\\';
}

/* One of 64 kinds of names, as a bit: those of different kinds differ. */
static inline uint64_t usher_json_kind(usher_str name)
{
    size_t mix = name.len;

    if (name.len) mix += (uint8_t)name.ptr[0] * 3u + (uint8_t)name.ptr[name.len - 1] * 7u;
    return UINT64_C(1) << mix % 64;
}

#if USHER_JSON_WIDE
/* The highest bit of each byte that is a stop. A control and a byte from 0x80 on are both less than
 * a space where bytes are signed. */
static inline __m128i usher_json_stops16(const uint8_t *p)
{
    __m128i v = _mm_loadu_si128((const __m128i *)(const void *)p);

    return _mm_or_si128(
        _mm_or_si128(_mm_cmpeq_epi8(v, _mm_set1_epi8('"')), _mm_cmpeq_epi8(v, _mm_set1_epi8('\\'))),
        _mm_subs_epi8(v, _mm_set1_epi8(' ')));
}
#endif

/* The first byte from `p` on that is a quote, a backslash, a control or not ASCII; else `end`. */
static inline const uint8_t *usher_json_plain_end(const uint8_t *p, const uint8_t *end)
{
#if USHER_JSON_WIDE
    for (; end - p >= 16; p += 16) {
        unsigned mask = (unsigned)_mm_movemask_epi8(usher_json_stops16(p));
        if (mask) return p + __builtin_ctz(mask);
        for (; end - p >= 48; p += 32) { /* a long one: an access token */
            __m128i a = usher_json_stops16(p + 16);
            __m128i b = usher_json_stops16(p + 32);
            if (_mm_movemask_epi8(_mm_or_si128(a, b))) break;
        }
    }
#endif
    while (p < end && usher_json_is_plain(*p))
        p++;
    return p;
}

/* The same stops, found in advance for a piece of the text: most strings are short, and looking for
 * each one's end from its beginning costs more than finding all of them at once. */
#define USHER_JSON_WINDOW 1024

typedef struct usher_json_window {
    const uint8_t *text;
    size_t len;
    uint16_t stops[USHER_JSON_WINDOW + 4]; /* offsets; behind the last one three times `len` */
} usher_json_window;

/* Looks at what begins at `p`; of a text of at least 64 bytes, which ends at `end`. */
void usher_json_look(usher_json_window *w, const uint8_t *p, const uint8_t *end);

#define USHER_JSON_PLAIN_DIGITS 18 /* of a number that needs no second look */

/* A member as JSON.stringify writes most of them: no space, no escape, the value a string or a few
 * digits. `stop` is where its name begins in the window; returns where the comma or brace behind
 * the value is, and *next the stop behind it. 0 says that it is something else, right or wrong, or
 * not all in the window. The text ends with a brace, so what is looked at behind a quote, a colon
 * or a digit is there. */
static inline size_t usher_json_plain_member(usher_json_member *m, const usher_json_window *w,
                                             const uint16_t *stop, const uint16_t **next)
{
    const uint8_t *text = w->text;
    size_t name_end = stop[1], value = name_end + 2, end = value;
    bool string;

    if (text[stop[0]] != '"') return 0;
    if (name_end >= w->len || text[name_end] != '"' || text[name_end + 1] != ':') return 0;
    if ((string = text[value] == '"')) {
        end = stop[3];
        if (end >= w->len || text[end++] != '"') return 0;
    } else {
        while (usher_json_is_digit(text[end]))
            end++;
        if (text[value] == '0' || end == value || end - value > USHER_JSON_PLAIN_DIGITS) return 0;
    }
    if (text[end] != ',' && text[end] != '}') return 0;
    m->name = (usher_str){(const char *)text + stop[0] + 1, name_end - stop[0] - 1};
    m->name_escaped = false;
    m->value.type = string ? USHER_JSON_STRING : USHER_JSON_NUMBER;
    m->value.escaped = false;
    m->value.text = (usher_str){(const char *)text + value, end - value};
    *next = stop + (string ? 4 : 2);
    return end;
}

#endif
