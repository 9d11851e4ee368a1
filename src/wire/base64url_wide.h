/* base64url_wide - base64url 32 characters at a time, on processors that can (AVX2, asked for when
 * the program runs). Internal to base64url.c, which does what is left over and all else.
 *
 * A register of AVX2 has two halves that shuffles do not leave, so a step works on twice twelve
 * bytes. Both functions put the upper halves back to zero: code that follows and knows SSE only,
 * libcrypto's AES before all, would else run at half its speed (measured; compilers put that in by
 * themselves only sometimes). */
#ifndef USHER_WIRE_BASE64URL_WIDE_H
#define USHER_WIRE_BASE64URL_WIDE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#if defined(__x86_64__) && defined(__GNUC__) && !defined(USHER_PLAIN_C)
#include <immintrin.h>

#define USHER_WIDE __attribute__((target("avx2")))

static inline bool usher_wide(void)
{
    return __builtin_cpu_supports("avx2");
}

/* The same sixteen bytes in both halves, first one first. */
#define USHER_TWICE(...) _mm256_broadcastsi128_si256(_mm_setr_epi8(__VA_ARGS__))

/* Each character's value in its byte. *bad gets a byte that is not zero for each that has none.
 *
 * The high half of a character says which row of the ASCII table it is in, the low half its column.
 * A column knows in which rows it is outside the alphabet, one bit for each kind of row: 1 for 2x,
 * 2 for 3x, 4 for 4x and 6x, 8 for 5x, 16 for 7x; 32 for the rows that have no letter at all. */
USHER_WIDE static inline __m256i usher_wide_values(__m256i text, __m256i *bad)
{
    const __m256i low4 = _mm256_set1_epi8(15);
    const __m256i column_bad =
        USHER_TWICE(37, 33, 33, 33, 33, 33, 33, 33, 33, 33, 35, 59, 59, 58, 59, 51);
    const __m256i row_kind = USHER_TWICE(32, 32, 1, 2, 4, 8, 4, 16, 32, 32, 32, 32, 32, 32, 32, 32);
    const __m256i row_shift = USHER_TWICE(0, 0, 62 - '-', 52 - '0', -'A', -'A', 26 - 'a', 26 - 'a',
                                          0, 0, 0, 0, 0, 0, 0, 0);
    const __m256i underscore = _mm256_set1_epi8('_'), and_33 = _mm256_set1_epi8(63 - '_' + 'A');
    __m256i row = _mm256_and_si256(_mm256_srli_epi32(text, 4), low4);
    __m256i column = _mm256_and_si256(text, low4);
    __m256i shift = _mm256_add_epi8(_mm256_shuffle_epi8(row_shift, row),
                                    _mm256_and_si256(_mm256_cmpeq_epi8(text, underscore),
                                                     and_33)); /* the row's one exception */

    *bad = _mm256_and_si256(_mm256_shuffle_epi8(row_kind, row),
                            _mm256_shuffle_epi8(column_bad, column));
    return _mm256_add_epi8(text, shift);
}

/* Decodes whole steps of 32 characters; how many characters that were. It stops before a step with
 * a character outside the alphabet. Writes three bytes for four characters, and not one more. */
USHER_WIDE static inline size_t usher_wide_decode(uint8_t *out, const uint8_t *in, size_t len)
{
    const __m256i pairs = _mm256_set1_epi32(0x01400140), fours = _mm256_set1_epi32(0x00011000);
    const __m256i big_endian = USHER_TWICE(2, 1, 0, 6, 5, 4, 10, 9, 8, 14, 13, 12, -1, -1, -1, -1);
    const __m256i close_up = _mm256_setr_epi32(0, 1, 2, 4, 5, 6, 3, 7);
    size_t at = 0;

    for (; len - at >= 32; at += 32, out += 24) {
        __m256i bad;
        __m256i v =
            usher_wide_values(_mm256_loadu_si256((const __m256i *)(const void *)(in + at)), &bad);
        if (!_mm256_testz_si256(bad, bad)) break;
        v = _mm256_madd_epi16(_mm256_maddubs_epi16(v, pairs), fours); /* 6 + 6 bits, 12 + 12 */
        v = _mm256_permutevar8x32_epi32(_mm256_shuffle_epi8(v, big_endian), close_up);
        _mm_storeu_si128((__m128i *)(void *)out, _mm256_castsi256_si128(v));
        _mm_storel_epi64((__m128i *)(void *)(out + 16), _mm256_extracti128_si256(v, 1));
    }
    _mm256_zeroupper();
    return at;
}

/* Values from 0 to 63 become letters. Each range of the alphabet has a distance of its own. */
USHER_WIDE static inline __m256i usher_wide_letters(__m256i v)
{
    const __m256i distance =
        USHER_TWICE('a' - 26, '0' - 52, '0' - 52, '0' - 52, '0' - 52, '0' - 52, '0' - 52, '0' - 52,
                    '0' - 52, '0' - 52, '0' - 52, '-' - 62, '_' - 63, 'A', 0, 0);
    /* 0 for a small letter, 1 to 10 for a digit, 11 and 12 for the two others; 13 for a capital. */
    __m256i range = _mm256_subs_epu8(v, _mm256_set1_epi8(51));
    __m256i capital = _mm256_cmpgt_epi8(_mm256_set1_epi8(26), v);

    range = _mm256_or_si256(range, _mm256_and_si256(capital, _mm256_set1_epi8(13)));
    return _mm256_add_epi8(v, _mm256_shuffle_epi8(distance, range));
}

/* Encodes whole steps of 24 bytes; how many bytes that were. It reads four bytes past a step, so
 * the last few are left to the caller. */
USHER_WIDE static inline size_t usher_wide_encode(char *out, const uint8_t *in, size_t len)
{
    const __m256i spread = USHER_TWICE(1, 0, 2, 1, 4, 3, 5, 4, 7, 6, 8, 7, 10, 9, 11, 10);
    size_t at = 0;

    for (; len - at >= 28; at += 24, out += 32) {
        __m128i low = _mm_loadu_si128((const __m128i *)(const void *)(in + at));
        __m128i high = _mm_loadu_si128((const __m128i *)(const void *)(in + at + 12));
        __m256i v = _mm256_shuffle_epi8(_mm256_set_m128i(high, low), spread);
        /* Bytes 1, 0, 2, 1 of three: multiplying shifts the first and third value of four down to
         * their places, and the second and fourth up to theirs. */
        __m256i odd = _mm256_mulhi_epu16(_mm256_and_si256(v, _mm256_set1_epi32(0x0fc0fc00)),
                                         _mm256_set1_epi32(0x04000040));
        __m256i even = _mm256_mullo_epi16(_mm256_and_si256(v, _mm256_set1_epi32(0x003f03f0)),
                                          _mm256_set1_epi32(0x01000010));
        _mm256_storeu_si256((__m256i *)(void *)out, usher_wide_letters(_mm256_or_si256(odd, even)));
    }
    _mm256_zeroupper();
    return at;
}

#else

static inline bool usher_wide(void)
{
    return false;
}

static inline size_t usher_wide_decode(uint8_t *out, const uint8_t *in, size_t len)
{
    (void)out, (void)in, (void)len;
    return 0;
}

static inline size_t usher_wide_encode(char *out, const uint8_t *in, size_t len)
{
    (void)out, (void)in, (void)len;
    return 0;
}

#endif
#endif
