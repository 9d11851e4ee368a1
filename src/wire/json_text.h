/* json_text - what the reader and the writer of JSON share: the scan over the plain part of a
 * string. Internal to json.c and json_write.c. */
#ifndef USHER_WIRE_JSON_TEXT_H
#define USHER_WIRE_JSON_TEXT_H

#include <stdint.h>

#if defined(__SSE2__) && !defined(USHER_PLAIN_C)
#include <emmintrin.h>
#endif

static inline int usher_json_is_plain(uint8_t c)
{
    return c >= 0x20 && c < 0x80 && c != '"' && c != '\\';
}

/* The first byte from `p` on that is a quote, a backslash, a control or not ASCII; else `end`. */
static inline const uint8_t *usher_json_plain_end(const uint8_t *p, const uint8_t *end)
{
#if defined(__SSE2__) && !defined(USHER_PLAIN_C)
    const __m128i quote = _mm_set1_epi8('"'), slash = _mm_set1_epi8('\\');
    const __m128i space = _mm_set1_epi8(' ');

/* Signed, so that one comparison finds both controls and bytes from 0x80 on. */
#define USHER_JSON_STOPS(v)                                                                        \
    _mm_or_si128(_mm_or_si128(_mm_cmpeq_epi8(v, quote), _mm_cmpeq_epi8(v, slash)),                 \
                 _mm_cmplt_epi8(v, space))

    for (; end - p >= 16; p += 16) {
        __m128i v = _mm_loadu_si128((const __m128i *)(const void *)p);
        unsigned mask = (unsigned)_mm_movemask_epi8(USHER_JSON_STOPS(v));
        if (mask) return p + __builtin_ctz(mask);
        for (; end - p >= 48; p += 32) { /* a long one: an access token */
            __m128i a = _mm_loadu_si128((const __m128i *)(const void *)(p + 16));
            __m128i b = _mm_loadu_si128((const __m128i *)(const void *)(p + 32));
            if (_mm_movemask_epi8(_mm_or_si128(USHER_JSON_STOPS(a), USHER_JSON_STOPS(b)))) break;
        }
    }
#undef USHER_JSON_STOPS
#endif
    while (p < end && usher_json_is_plain(*p))
        p++;
    return p;
}

#endif
