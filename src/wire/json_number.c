/* Numbers of JSON, from decimal digits to a double or an integer. Integer arithmetic throughout, so
 * neither the locale nor the C library has a say; the result is the nearest double (ties to even)
 * for any number of digits. */
#include <float.h>
#include <math.h>
#include <string.h>

#include "wire/json.h"

#define HEAD_DIGITS  19  /* what always fits in 64 bits */
#define DIGITS_MAX   768 /* more never decide a rounding, except by not being zero */
#define EXPONENT_MAX INT64_C(1000000000000000)

/* head * 10^exp10, if `more` is false; else other digits follow the head and some is not zero. */
typedef struct decimal {
    bool negative, more;
    uint64_t head;
    int count;          /* digits in head, the first of them not zero */
    int64_t exp10;      /* of the head's last digit */
    const char *digits; /* where the first of them stands */
    const char *end;    /* of digits and point */
} decimal;

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

/* "e-12" or nothing. */
static int64_t read_exponent(const char *p, const char *end)
{
    int64_t n = 0;
    bool negative = false;

    if (p == end) return 0;
    p++; /* the e */
    if (p < end && (*p == '+' || *p == '-')) negative = *p++ == '-';
    for (; p < end && is_digit(*p); p++)
        if (n < EXPONENT_MAX) n = n * 10 + (*p - '0');
    return negative ? -n : n;
}

static decimal read_decimal(usher_str s)
{
    decimal d = {.negative = s.len && s.ptr[0] == '-'};
    const char *p = s.ptr + d.negative, *end = s.ptr + s.len;
    bool fraction = false;

    for (; p < end && (is_digit(*p) || *p == '.'); p++) {
        if (*p == '.') {
            fraction = true;
            continue;
        }
        bool kept = d.count < HEAD_DIGITS && (d.count || *p != '0');
        if (kept) {
            if (d.count++ == 0) d.digits = p;
            d.head = d.head * 10 + (uint64_t)(*p - '0');
        } else if (d.count && *p != '0')
            d.more = true;
        if (fraction) d.exp10--;
        if (!kept && d.count) d.exp10++; /* a digit dropped behind the head */
    }
    d.end = p;
    d.exp10 += read_exponent(p, end);
    return d;
}

/* Whole numbers without a bound but that of the longest input: 5^1095 and 768 digits are both below
 * 2^2560; the quotient's 64 bits come on top. */
#define WORDS 96

typedef struct big {
    uint32_t word[WORDS]; /* lowest first */
    size_t len;           /* without leading zeros */
} big;

static void big_set(big *n, uint64_t value)
{
    n->word[0] = (uint32_t)value;
    n->word[1] = (uint32_t)(value >> 32);
    n->len = n->word[1] ? 2 : n->word[0] != 0;
}

static void big_muladd(big *n, uint32_t factor, uint32_t term)
{
    uint64_t carry = term;

    for (size_t i = 0; i < n->len; i++) {
        carry += (uint64_t)n->word[i] * factor;
        n->word[i] = (uint32_t)carry;
        carry >>= 32;
    }
    if (carry) n->word[n->len++] = (uint32_t)carry;
}

static void big_mul_pow5(big *n, int64_t power)
{
    for (; power >= 13; power -= 13)
        big_muladd(n, UINT32_C(1220703125), 0); /* 5^13 */
    for (; power > 0; power--)
        big_muladd(n, 5, 0);
}

static int64_t big_bits(const big *n)
{
    return n->len ? (int64_t)n->len * 32 - __builtin_clz(n->word[n->len - 1]) : 0;
}

static void big_shift_left(big *n, int64_t bits)
{
    size_t words = (size_t)bits / 32, rest = (size_t)bits % 32;

    if (n->len == 0) return;
    n->word[n->len] = 0;
    for (size_t i = n->len + 1; i-- > 0;) {
        uint32_t low = rest && i ? n->word[i - 1] >> (32 - rest) : 0;
        n->word[i + words] = n->word[i] << rest | low;
    }
    memset(n->word, 0, words * sizeof *n->word);
    n->len += words;
    if (n->word[n->len]) n->len++;
}

static void big_halve(big *n)
{
    for (size_t i = 0; i < n->len; i++)
        n->word[i] = n->word[i] >> 1 | (i + 1 < n->len ? n->word[i + 1] << 31 : 0);
    if (n->len && n->word[n->len - 1] == 0) n->len--;
}

static int big_cmp(const big *a, const big *b)
{
    if (a->len != b->len) return a->len < b->len ? -1 : 1;
    for (size_t i = a->len; i-- > 0;)
        if (a->word[i] != b->word[i]) return a->word[i] < b->word[i] ? -1 : 1;
    return 0;
}

/* a -= b; b is not greater. */
static void big_sub(big *a, const big *b)
{
    int64_t borrow = 0;

    for (size_t i = 0; i < a->len; i++) {
        int64_t n = (int64_t)a->word[i] - (i < b->len ? b->word[i] : 0) + borrow;
        a->word[i] = (uint32_t)n;
        borrow = n < 0 ? -1 : 0;
    }
    while (a->len && a->word[a->len - 1] == 0)
        a->len--;
}

/* floor(num / den), which is below 2^64; num becomes the remainder. */
static uint64_t big_divide(big *num, big *den)
{
    uint64_t quotient = 0;

    big_shift_left(den, 63);
    for (int bit = 63; bit >= 0; bit--) {
        if (big_cmp(num, den) >= 0) {
            big_sub(num, den);
            quotient |= UINT64_C(1) << bit;
        }
        big_halve(den);
    }
    return quotient;
}

/* All digits, or the first 768 and a 1 that stands for the rest; moves *exp10 to the last of them.
 */
static void big_digits(big *n, const decimal *d, int64_t *exp10)
{
    int taken = 0;

    *exp10 = d->exp10 + d->count;
    big_set(n, 0);
    for (const char *p = d->digits; p < d->end && taken <= DIGITS_MAX; p++) {
        if (!is_digit(*p)) continue;
        uint32_t digit = (uint32_t)(*p - '0');
        if (taken == DIGITS_MAX && digit == 0) continue; /* the 1 is for the first that is none */
        big_muladd(n, 10, taken == DIGITS_MAX ? 1 : digit);
        --*exp10;
        taken++;
    }
}

static double from_bits(uint64_t bits)
{
    double d;

    memcpy(&d, &bits, sizeof d);
    return d;
}

/* The double nearest to mantissa * 2^exp2; `sticky` if the truth is slightly more. The mantissa has
 * 63 or 64 bits. */
static double round_to_double(uint64_t mantissa, int64_t exp2, bool sticky)
{
    int bits = 64 - __builtin_clzll(mantissa);
    int64_t lead = exp2 + bits - 1; /* exponent of the leading bit */

    if (lead > 1023) return (double)INFINITY;
    int64_t keep = lead >= -1022 ? 53 : 53 - (-1022 - lead);
    int64_t drop = bits - keep;
    if (drop > 64) return 0;
    uint64_t kept = drop == 64 ? 0 : mantissa >> drop;
    uint64_t half = UINT64_C(1) << (drop - 1);
    uint64_t rest = mantissa & (half | (half - 1));
    if (rest > half || (rest == half && (sticky || (kept & 1)))) kept++;
    /* A normal number's leading bit adds 1 to the exponent field, and so does a carry. */
    return from_bits(kept + (lead >= -1022 ? (uint64_t)(lead + 1022) << 52 : 0));
}

static double exact(const decimal *d)
{
    big num, den;
    int64_t exp10 = d->exp10;

    if (d->more)
        big_digits(&num, d, &exp10);
    else
        big_set(&num, d->head);
    big_set(&den, 1);
    big_mul_pow5(exp10 < 0 ? &den : &num, exp10 < 0 ? -exp10 : exp10);
    /* Scaled so that the quotient has 63 or 64 bits. */
    int64_t shift = 63 + big_bits(&den) - big_bits(&num);
    big_shift_left(shift < 0 ? &den : &num, shift < 0 ? -shift : shift);
    uint64_t quotient = big_divide(&num, &den);
    return round_to_double(quotient, exp10 - shift, num.len != 0);
}

static double magnitude(const decimal *d)
{
    static const double pow10[] = {1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,
                                   1e8,  1e9,  1e10, 1e11, 1e12, 1e13, 1e14, 1e15,
                                   1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22};
    int64_t first = d->exp10 + d->count - 1; /* exponent of the first digit */

    if (d->head == 0 || first < -326) return 0;
    if (first > 310) return (double)INFINITY;
    /* Both operands are exact, so the one rounding is the right one. */
    if (FLT_EVAL_METHOD == 0 && !d->more && d->head <= UINT64_C(1) << 53 && d->exp10 >= -22 &&
        d->exp10 <= 22)
        return d->exp10 < 0 ? (double)d->head / pow10[-d->exp10]
                            : (double)d->head * pow10[d->exp10];
    return exact(d);
}

/* Eight digits at once: one by one, each waits for the multiplication before it. */
static inline bool eight_digits(int64_t *out, const char *p)
{
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
    const uint64_t zeros = UINT64_C(0x3030303030303030), sixes = UINT64_C(0x0606060606060606);
    const uint64_t highs = UINT64_C(0xf0f0f0f0f0f0f0f0);
    uint64_t v;

    memcpy(&v, p, sizeof v);
    /* Digits are 30 to 39: six more stays below 40 for them, and for nothing else above 2f. */
    if (((v & highs) ^ zeros) | (((v + sixes) & highs) ^ zeros)) return false;
    v -= zeros;
    v = v * 10 + (v >> 8); /* pairs, in every other byte */
    *out = (int64_t)(((v & UINT64_C(0x000000ff000000ff)) * UINT64_C(0x000f424000000064) +
                      (v >> 16 & UINT64_C(0x000000ff000000ff)) * UINT64_C(0x0000271000000001)) >>
                     32);
    return true;
#else
    (void)out, (void)p;
    return false;
#endif
}

/* Up to eighteen digits and nothing else: what exp and iat are, in every session. */
static bool plain_digits(int64_t *out, usher_str s)
{
    int64_t n = 0;

    if (s.len == 0 || s.len > 18) return false;
    size_t i = s.len >= 8 && eight_digits(&n, s.ptr) ? 8 : 0;
    for (; i < s.len; i++) {
        if (!is_digit(s.ptr[i])) return false;
        n = n * 10 + (s.ptr[i] - '0');
    }
    *out = n;
    return true;
}

bool usher_json_double(double *out, usher_json value)
{
    int64_t n;

    *out = 0;
    if (value.type != USHER_JSON_NUMBER) return false;
    if (plain_digits(&n, value.text) && n <= INT64_C(1) << 53) {
        *out = (double)n;
        return true;
    }
    decimal d = read_decimal(value.text);
    *out = d.negative ? -magnitude(&d) : magnitude(&d);
    return true;
}

/* head * 10^exp10 if that is whole and fits. */
static bool whole(uint64_t *out, const decimal *d)
{
    uint64_t n = d->head;
    int64_t exp10 = d->exp10;

    if (n == 0) exp10 = 0;
    for (; exp10 < 0; exp10++, n /= 10)
        if (n % 10) return false;
    for (; exp10 > 0; exp10--, n *= 10)
        if (n > UINT64_MAX / 10) return false;
    *out = n;
    return !d->more; /* twenty digits or more: a fraction, or too great */
}

bool usher_json_int64(int64_t *out, usher_json value)
{
    uint64_t n = 0;

    *out = 0;
    if (value.type != USHER_JSON_NUMBER) return false;
    if (plain_digits(out, value.text)) return true;
    decimal d = read_decimal(value.text);
    if (!whole(&n, &d) || n > (uint64_t)INT64_MAX + d.negative) return false;
    *out = d.negative ? -(int64_t)(n - (n != 0)) - (n != 0) : (int64_t)n;
    return true;
}
