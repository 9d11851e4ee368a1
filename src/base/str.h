/* str - views of text: compare, cut, search. Pure; no allocation; no locale. */
#ifndef USHER_BASE_STR_H
#define USHER_BASE_STR_H

#include <string.h>

#include "usher/base.h"

static inline usher_str usher_str_of(const char *ptr, size_t len)
{
    return (usher_str){ptr, len};
}

usher_str usher_str_z(const char *z); /* of a NUL-terminated text; NULL gives the absent value */

/* Exact bytes; not for secrets. Here to be inlined, as are those below: a session check calls them
 * forty times. */
static inline bool usher_str_eq(usher_str a, usher_str b)
{
    return a.len == b.len && (a.len == 0 || memcmp(a.ptr, b.ptr, a.len) == 0);
}

bool usher_str_eq_case(usher_str a, usher_str b); /* ASCII letters without case */

static inline bool usher_str_starts(usher_str s, usher_str prefix)
{
    return s.len >= prefix.len && usher_str_eq((usher_str){s.ptr, prefix.len}, prefix);
}

bool usher_str_ends(usher_str s, usher_str suffix);

static inline bool usher_str_has(usher_str s, char c)
{
    return s.len && memchr(s.ptr, c, s.len);
}

int usher_str_cmp(usher_str a, usher_str b); /* by bytes, then by length */

/* Returns what precedes the first `sep`; *rest gets what follows it (absent if there is no `sep`:
 * rest->ptr is NULL). */
static inline usher_str usher_str_cut(usher_str s, char sep, usher_str *rest)
{
    const char *hit = s.len ? (const char *)memchr(s.ptr, sep, s.len) : NULL;
    size_t head = hit ? (size_t)(hit - s.ptr) : s.len;

    *rest = hit ? (usher_str){hit + 1, s.len - head - 1} : (usher_str){0};
    return (usher_str){s.ptr, head};
}

/* The offset of `needle`, or SIZE_MAX. */
size_t usher_str_find(usher_str s, usher_str needle);
usher_str usher_str_from(usher_str s, size_t at); /* the tail; empty past the end */
usher_str usher_str_trim(usher_str s);            /* SP and HTAB at both ends */

/* Decimal digits only, no sign, the whole view; false on anything else or on overflow. */
bool usher_str_u64(uint64_t *out, usher_str s);

/* And back: the digits of n at the end of `room`, of which a view is returned. */
#define USHER_U64_DIGITS 20
usher_str usher_str_digits(char room[USHER_U64_DIGITS], uint64_t n);

#endif
