#include "wire/json_text.h"

/* Which of the 64 bytes from `p` on are stops. */
typedef uint64_t marker(const uint8_t *p);

static inline __attribute__((always_inline)) uint16_t *put_stops(uint16_t *out, size_t at,
                                                                 uint64_t marks)
{
    for (; marks; marks &= marks - 1)
        *out++ = (uint16_t)(at + (unsigned)__builtin_ctzll(marks));
    return out;
}

static inline __attribute__((always_inline)) void look_by(usher_json_window *w, const uint8_t *p,
                                                          const uint8_t *end, marker *mark)
{
    size_t len = (size_t)(end - p), at = 0;
    uint16_t *out = w->stops;

    if (len > USHER_JSON_WINDOW) len = USHER_JSON_WINDOW;
    for (; len - at >= 64; at += 64)
        out = put_stops(out, at, mark(p + at));
    if (len > at) /* the last few, with some that were looked at before */
        out = put_stops(out, at, mark(p + len - 64) >> (64 - (len - at)));
    out[0] = out[1] = out[2] = (uint16_t)len;
    w->text = p;
    w->len = len;
}

#if USHER_JSON_WIDE

static inline uint64_t marks_sse2(const uint8_t *p)
{
    uint64_t marks = 0;

    for (unsigned i = 0; i < 64; i += 16)
        marks |= (uint64_t)(unsigned)_mm_movemask_epi8(usher_json_stops16(p + i)) << i;
    return marks;
}

__attribute__((target("avx2"))) static inline uint64_t marks_avx2(const uint8_t *p)
{
    const __m256i quote = _mm256_set1_epi8('"'), slash = _mm256_set1_epi8('\\');
    const __m256i space = _mm256_set1_epi8(' ');
    __m256i a = _mm256_loadu_si256((const __m256i *)(const void *)p);
    __m256i b = _mm256_loadu_si256((const __m256i *)(const void *)(p + 32));

    a = _mm256_or_si256(_mm256_or_si256(_mm256_cmpeq_epi8(a, quote), _mm256_cmpeq_epi8(a, slash)),
                        _mm256_subs_epi8(a, space));
    b = _mm256_or_si256(_mm256_or_si256(_mm256_cmpeq_epi8(b, quote), _mm256_cmpeq_epi8(b, slash)),
                        _mm256_subs_epi8(b, space));
    return (uint64_t)(uint32_t)_mm256_movemask_epi8(b) << 32 | (uint32_t)_mm256_movemask_epi8(a);
}

__attribute__((target("avx2"))) static void look_avx2(usher_json_window *w, const uint8_t *p,
                                                      const uint8_t *end)
{
    look_by(w, p, end, marks_avx2);
    _mm256_zeroupper(); /* see base64url_wide.h */
}

void usher_json_look(usher_json_window *w, const uint8_t *p, const uint8_t *end)
{
    if (__builtin_cpu_supports("avx2"))
        look_avx2(w, p, end);
    else
        look_by(w, p, end, marks_sse2);
}

#else

static inline uint64_t marks_plain(const uint8_t *p)
{
    uint64_t marks = 0;

    for (unsigned i = 0; i < 64; i++)
        marks |= (uint64_t)!usher_json_is_plain(p[i]) << i;
    return marks;
}

void usher_json_look(usher_json_window *w, const uint8_t *p, const uint8_t *end)
{
    look_by(w, p, end, marks_plain);
}

#endif
