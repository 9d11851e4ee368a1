#include "wire/base64url.h"

#include <string.h>

#include "base/error.h"
#include "wire/base64url_wide.h"

/* What each character is worth, and its position, so that one list makes every table. */
/* clang-format off */
#define ALPHABET(X)                                                                               \
    X('A', 0) X('B', 1) X('C', 2) X('D', 3) X('E', 4) X('F', 5) X('G', 6) X('H', 7)               \
    X('I', 8) X('J', 9) X('K', 10) X('L', 11) X('M', 12) X('N', 13) X('O', 14) X('P', 15)         \
    X('Q', 16) X('R', 17) X('S', 18) X('T', 19) X('U', 20) X('V', 21) X('W', 22) X('X', 23)       \
    X('Y', 24) X('Z', 25) X('a', 26) X('b', 27) X('c', 28) X('d', 29) X('e', 30) X('f', 31)       \
    X('g', 32) X('h', 33) X('i', 34) X('j', 35) X('k', 36) X('l', 37) X('m', 38) X('n', 39)       \
    X('o', 40) X('p', 41) X('q', 42) X('r', 43) X('s', 44) X('t', 45) X('u', 46) X('v', 47)       \
    X('w', 48) X('x', 49) X('y', 50) X('z', 51) X('0', 52) X('1', 53) X('2', 54) X('3', 55)       \
    X('4', 56) X('5', 57) X('6', 58) X('7', 59) X('8', 60) X('9', 61) X('-', 62) X('_', 63)
/* clang-format on */

/* One table for each of four characters, shifted to its place in the three bytes they make. A bit
 * above those says "in the alphabet": four characters are good when all four bits are there. */
#define GOOD(n)    (UINT32_C(1) << (24 + (n)))
#define ALL_GOOD   UINT32_C(0xf)
#define ROW0(c, v) [c] = GOOD(0) | UINT32_C(v) << 18,
#define ROW1(c, v) [c] = GOOD(1) | UINT32_C(v) << 12,
#define ROW2(c, v) [c] = GOOD(2) | UINT32_C(v) << 6,
#define ROW3(c, v) [c] = GOOD(3) | UINT32_C(v),
static const uint32_t table0[256] = {ALPHABET(ROW0)};
static const uint32_t table1[256] = {ALPHABET(ROW1)};
static const uint32_t table2[256] = {ALPHABET(ROW2)};
static const uint32_t table3[256] = {ALPHABET(ROW3)};

static inline uint32_t four(const uint8_t *in)
{
    return table0[in[0]] | table1[in[1]] | table2[in[2]] | table3[in[3]];
}

static inline void store_three(uint8_t *out, uint32_t bits)
{
    out[0] = (uint8_t)(bits >> 16);
    out[1] = (uint8_t)(bits >> 8);
    out[2] = (uint8_t)bits;
}

/* Eight bytes, of which the first six count. GCC 12 does not make one store of eight by itself. */
static inline void store_eight(uint8_t *out, uint64_t bits)
{
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
    bits = __builtin_bswap64(bits);
#endif
    memcpy(out, &bits, sizeof bits);
}

static usher_status bad_character(usher_error *err, const uint8_t *in, size_t len, size_t at)
{
    while (at < len && table3[in[at]])
        at++;
    return usher_fail(err, USHER_E_SYNTAX, "base64url: character outside the alphabet", at);
}

/* The last two or three characters. */
static usher_status decode_tail(uint8_t *out, const uint8_t *in, size_t len, size_t at,
                                usher_error *err)
{
    size_t n = len - at;
    uint32_t bits = table0[in[at]] | table1[in[at + 1]] | (n == 3 ? table2[in[at + 2]] : GOOD(2));

    if ((bits | GOOD(3)) >> 24 != ALL_GOOD) return bad_character(err, in, len, at);
    if (bits & (n == 3 ? 0xffu : 0xffffu))
        return usher_fail(err, USHER_E_SYNTAX, "base64url: unused bits are not zero", len - 1);
    out[0] = (uint8_t)(bits >> 16);
    if (n == 3) out[1] = (uint8_t)(bits >> 8);
    return USHER_OK;
}

usher_status usher_base64url_decode(uint8_t *out, usher_str text, usher_error *err)
{
    const uint8_t *in = (const uint8_t *)text.ptr;
    size_t at = 0, len = text.len;

    if (len % 4 == 1) {
        for (; at < len && table3[in[at]]; at++) {
        }
        return usher_fail(err, USHER_E_SYNTAX,
                          at < len ? "base64url: character outside the alphabet"
                                   : "base64url: no value has this length",
                          at);
    }
    if (len >= 32 && usher_wide()) {
        at = usher_wide_decode(out, in, len);
        out += at / 4 * 3;
    }
    /* The store of eight needs room behind its six: eleven characters make eight bytes. */
    for (; len - at >= 11; at += 8, out += 6) {
        uint32_t a = four(in + at), b = four(in + at + 4);
        if ((a & b) >> 24 != ALL_GOOD) return bad_character(err, in, len, at);
        store_eight(out, (uint64_t)(a & 0xffffff) << 40 | (uint64_t)(b & 0xffffff) << 16);
    }
    for (; len - at >= 4; at += 4, out += 3) {
        uint32_t a = four(in + at);
        if (a >> 24 != ALL_GOOD) return bad_character(err, in, len, at);
        store_three(out, a);
    }
    return at < len ? decode_tail(out, in, len, at, err) : USHER_OK;
}

static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
static const char letters_basic[] =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

static char *encode(char *out, const uint8_t *in, size_t len, const char *alphabet)
{
    for (; len >= 3; len -= 3, in += 3, out += 4) {
        uint32_t bits = (uint32_t)in[0] << 16 | (uint32_t)in[1] << 8 | in[2];
        out[0] = alphabet[bits >> 18];
        out[1] = alphabet[bits >> 12 & 63];
        out[2] = alphabet[bits >> 6 & 63];
        out[3] = alphabet[bits & 63];
    }
    if (len == 0) return out;
    uint32_t bits = (uint32_t)in[0] << 16 | (len == 2 ? (uint32_t)in[1] << 8 : 0);
    *out++ = alphabet[bits >> 18];
    *out++ = alphabet[bits >> 12 & 63];
    if (len == 2) *out++ = alphabet[bits >> 6 & 63];
    return out;
}

void usher_base64url_encode(char *out, const uint8_t *in, size_t len)
{
    size_t done = len >= 28 && usher_wide() ? usher_wide_encode(out, in, len) : 0;

    if (len == 0) return; /* `in` may be NULL then, and C adds not even 0 to that */
    (void)encode(out + done / 3 * 4, in + done, len - done, letters);
}

void usher_base64url_put(usher_buf *b, const uint8_t *in, size_t len)
{
    size_t size = usher_base64url_encoded_size(len);
    char *out = usher_buf_room(b, size);

    if (!out) return;
    usher_base64url_encode(out, in, len);
    usher_buf_wrote(b, size);
}

void usher_base64_put(usher_buf *b, const uint8_t *in, size_t len)
{
    size_t size = len / 3 * 4 + (len % 3 ? 4 : 0);
    char *out = usher_buf_room(b, size);

    if (!out) return;
    for (char *end = encode(out, in, len, letters_basic); end < out + size;)
        *end++ = '=';
    usher_buf_wrote(b, size);
}
