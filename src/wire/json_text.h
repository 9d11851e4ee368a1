/* json_text - what the reader and the writer of JSON share: the scan over the plain part of a
 * string, once to its end and once for all strings of a text. Internal to json.c and json_write.c.
 */
#ifndef USHER_WIRE_JSON_TEXT_H
#define USHER_WIRE_JSON_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#if defined(__x86_64__) && defined(__GNUC__) && !defined(USHER_PLAIN_C)
#define USHER_JSON_WIDE 1
#include <immintrin.h>
#else
#define USHER_JSON_WIDE 0
#endif

static inline int usher_json_is_plain(uint8_t c)
{
    return c >= 0x20 && c < 0x80 && c != '"' && c != '\\';
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

#endif
