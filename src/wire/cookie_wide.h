/* cookie_wide - looks for a name in a Cookie header 64 bytes at a time, on processors that can
 * (AVX2, asked for when the program runs). Internal to cookie.c, which has another way. */
#ifndef USHER_WIRE_COOKIE_WIDE_H
#define USHER_WIRE_COOKIE_WIDE_H

#include "base/str.h"

#if defined(__x86_64__) && defined(__GNUC__) && !defined(USHER_PLAIN_C)
#include <immintrin.h>

static inline bool usher_cookie_wide(void)
{
    return __builtin_cpu_supports("avx2");
}

/* Of 32 places, those where the first and the last byte of a name are that far apart. */
__attribute__((target("avx2"))) static inline __m256i
usher_cookie_ends(const char *at, __m256i first, __m256i last, size_t apart)
{
    __m256i a = _mm256_loadu_si256((const __m256i *)(const void *)at);
    __m256i b = _mm256_loadu_si256((const __m256i *)(const void *)(at + apart));

    return _mm256_and_si256(_mm256_cmpeq_epi8(a, first), _mm256_cmpeq_epi8(b, last));
}

/* The same of 64 places, a bit for each. */
__attribute__((target("avx2"))) static inline uint64_t
usher_cookie_places(const char *at, __m256i first, __m256i last, size_t apart)
{
    __m256i low = usher_cookie_ends(at, first, last, apart);
    __m256i high = usher_cookie_ends(at + 32, first, last, apart);

    if (_mm256_testz_si256(_mm256_or_si256(low, high), _mm256_set1_epi8(-1))) return 0;
    return (uint64_t)(uint32_t)_mm256_movemask_epi8(high) << 32 |
           (uint32_t)_mm256_movemask_epi8(low);
}

/* Few places have both of a name's ends, and only those are compared. */
static inline const char *usher_cookie_at(const char *at, uint64_t places, usher_str name)
{
    for (; places; places &= places - 1) {
        const char *place = at + __builtin_ctzll(places);
        if (usher_str_eq((usher_str){place, name.len}, name)) return place;
    }
    return NULL;
}

static inline const char *usher_cookie_find_short(const char *at, const char *end, usher_str name)
{
    for (; (size_t)(end - at) >= name.len; at++) {
        at = (const char *)memchr(at, name.ptr[0], (size_t)(end - at) - name.len + 1);
        if (!at) break;
        if (usher_str_eq((usher_str){at, name.len}, name)) return at;
    }
    return NULL;
}

/* The first place from `at` on where `name`, which is not empty, stands; NULL if there is none. The
 * last 64 places are looked at together with some before them. */
__attribute__((target("avx2"))) static const char *
usher_cookie_find(const char *at, const char *end, usher_str name)
{
    const __m256i first = _mm256_set1_epi8(name.ptr[0]);
    const __m256i last = _mm256_set1_epi8(name.ptr[name.len - 1]);
    const size_t apart = name.len - 1, block = 64 + apart;
    const char *hit = NULL;

    if ((size_t)(end - at) < block) return usher_cookie_find_short(at, end, name);
    const char *tail = end - block;
    for (; !hit && at < tail; at += 64)
        hit = usher_cookie_at(at, usher_cookie_places(at, first, last, apart), name);
    if (!hit) hit = usher_cookie_at(tail, usher_cookie_places(tail, first, last, apart), name);
    _mm256_zeroupper(); /* see base64url_wide.h */
    return hit;
}

#else

static inline bool usher_cookie_wide(void)
{
    return false;
}

static inline const char *usher_cookie_find(const char *at, const char *end, usher_str name)
{
    (void)at, (void)end, (void)name;
    return NULL;
}

#endif
#endif
