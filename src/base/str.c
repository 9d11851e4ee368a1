#include "base/str.h"

#include <string.h>

usher_str usher_str_z(const char *z)
{
    return (usher_str){z, z ? strlen(z) : 0};
}

static unsigned char lower(char c)
{
    return (unsigned char)(c >= 'A' && c <= 'Z' ? c + 32 : c);
}

bool usher_str_eq_case(usher_str a, usher_str b)
{
    if (a.len != b.len) return false;
    for (size_t i = 0; i < a.len; i++)
        if (lower(a.ptr[i]) != lower(b.ptr[i])) return false;
    return true;
}

bool usher_str_ends(usher_str s, usher_str suffix)
{
    return s.len >= suffix.len && usher_str_eq(usher_str_from(s, s.len - suffix.len), suffix);
}

int usher_str_cmp(usher_str a, usher_str b)
{
    size_t n = a.len < b.len ? a.len : b.len;
    int order = n ? memcmp(a.ptr, b.ptr, n) : 0;

    return order ? order : (a.len > b.len) - (a.len < b.len);
}

size_t usher_str_find(usher_str s, usher_str needle)
{
    if (needle.len == 0) return 0;
    if (needle.len > s.len) return SIZE_MAX;
    const char *hit = memmem(s.ptr, s.len, needle.ptr, needle.len);
    return hit ? (size_t)(hit - s.ptr) : SIZE_MAX;
}

usher_str usher_str_from(usher_str s, size_t at)
{
    if (s.len == 0) return s;
    if (at > s.len) at = s.len;
    return (usher_str){s.ptr + at, s.len - at};
}

usher_str usher_str_trim(usher_str s)
{
    while (s.len && (s.ptr[0] == ' ' || s.ptr[0] == '\t'))
        s.ptr++, s.len--;
    while (s.len && (s.ptr[s.len - 1] == ' ' || s.ptr[s.len - 1] == '\t'))
        s.len--;
    return s;
}

bool usher_str_u64(uint64_t *out, usher_str s)
{
    uint64_t n = 0;

    *out = 0;
    if (s.len == 0) return false;
    for (size_t i = 0; i < s.len; i++) {
        if (s.ptr[i] < '0' || s.ptr[i] > '9') return false;
        uint64_t digit = (uint64_t)(s.ptr[i] - '0');
        if (n > (UINT64_MAX - digit) / 10) return false;
        n = n * 10 + digit;
    }
    *out = n;
    return true;
}

/* Two a step: each division waits for the one before it. */
usher_str usher_str_digits(char room[USHER_U64_DIGITS], uint64_t n)
{
    static const char pairs[] =
        "00010203040506070809101112131415161718192021222324252627282930313233"
        "34353637383940414243444546474849505152535455565758596061626364656667"
        "6869707172737475767778798081828384858687888990919293949596979899";
    size_t at = USHER_U64_DIGITS;

    for (; n >= 10; n /= 100) {
        at -= 2;
        memcpy(room + at, pairs + 2 * (n % 100), 2);
    }
    if (n || at == USHER_U64_DIGITS) room[--at] = (char)('0' + n);
    return (usher_str){room + at, USHER_U64_DIGITS - at};
}
