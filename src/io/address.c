#include "io/address.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <string.h>

#include "base/str.h"

static const uint8_t mapped[12] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};

static void set_v4(usher_address *out, const void *four)
{
    memcpy(out->bytes, mapped, sizeof mapped);
    memcpy(out->bytes + 12, four, 4);
}

static bool is_v4(const usher_address *a)
{
    for (size_t i = 0; i < sizeof mapped; i++)
        if (a->bytes[i] != mapped[i]) return false;
    return true;
}

bool usher_address_read(usher_address *out, usher_str text)
{
    char z[USHER_ADDRESS_TEXT_MAX + 1];
    struct in_addr v4;

    *out = (usher_address){0};
    if (text.len > 2 && text.ptr[0] == '[' && text.ptr[text.len - 1] == ']')
        text = (usher_str){text.ptr + 1, text.len - 2};
    if (text.len == 0 || text.len >= sizeof z || usher_str_has(text, '\0')) return false;
    memcpy(z, text.ptr, text.len);
    z[text.len] = 0;
    /* inet_pton takes no short or octal forms, unlike inet_aton, and knows no locale. */
    if (inet_pton(AF_INET, z, &v4) == 1) {
        set_v4(out, &v4);
        return true;
    }
    return inet_pton(AF_INET6, z, out->bytes) == 1;
}

bool usher_address_in(const usher_address_range *range, const usher_address *address)
{
    size_t whole = range->bits / 8;
    unsigned rest = range->bits % 8;

    if (memcmp(range->base.bytes, address->bytes, whole) != 0) return false;
    return rest == 0 || ((range->base.bytes[whole] ^ address->bytes[whole]) >> (8 - rest)) == 0;
}

static bool tail_is_zero(const usher_address *address, unsigned bits)
{
    for (unsigned i = bits; i < 128; i++)
        if (address->bytes[i / 8] >> (7 - i % 8) & 1) return false;
    return true;
}

bool usher_address_range_read(usher_address_range *out, usher_str text)
{
    usher_str bits, address = usher_str_cut(text, '/', &bits);
    bool v6 = usher_str_has(address, ':');
    uint64_t n = v6 ? 128 : 32;

    *out = (usher_address_range){.bits = 128};
    if (!usher_address_read(&out->base, address)) return false;
    if (bits.ptr) {
        if (!usher_str_u64(&n, bits) || n > (v6 ? 128 : 32)) return false;
        if (bits.len > 1 && bits.ptr[0] == '0') return false;
    }
    out->bits = (unsigned)n + (v6 ? 0 : 96);
    /* 10.0.0.1/8 is more likely a slip than a wish for all of 10/8. */
    return tail_is_zero(&out->base, out->bits);
}

bool usher_address_of(usher_address *out, const struct sockaddr *sa)
{
    *out = (usher_address){0};
    if (sa && sa->sa_family == AF_INET) {
        struct sockaddr_in in;
        memcpy(&in, sa, sizeof in);
        set_v4(out, &in.sin_addr);
        return true;
    }
    if (sa && sa->sa_family == AF_INET6) {
        struct sockaddr_in6 in6;
        memcpy(&in6, sa, sizeof in6);
        memcpy(out->bytes, &in6.sin6_addr, 16);
        return true;
    }
    return false;
}

size_t usher_address_text(char out[USHER_ADDRESS_TEXT_MAX], const usher_address *address)
{
    char z[USHER_ADDRESS_TEXT_MAX + 1];
    bool v4 = is_v4(address);
    const char *text =
        inet_ntop(v4 ? AF_INET : AF_INET6, address->bytes + (v4 ? 12 : 0), z, sizeof z);
    size_t len = text ? strlen(text) : 0;

    memcpy(out, z, len);
    return len;
}

static bool listed(const usher_address_range *ranges, size_t count, const usher_address *address)
{
    for (size_t i = 0; i < count; i++)
        if (usher_address_in(&ranges[i], address)) return true;
    return false;
}

#define V4(a, b, c, d, n)                                                                          \
    {                                                                                              \
        {{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, a, b, c, d}}, 96 + (n)                         \
    }

bool usher_address_is_loopback(const usher_address *address)
{
    static const usher_address_range loopback[] = {
        V4(127, 0, 0, 0, 8),
        {{{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1}}, 128},
    };
    return listed(loopback, sizeof loopback / sizeof *loopback, address);
}

/* The IANA special-purpose registry for IPv4; what is "globally reachable" there is not listed. */
static const usher_address_range special_v4[] = {
    V4(0, 0, 0, 0, 8),      V4(10, 0, 0, 0, 8),     V4(100, 64, 0, 0, 10), V4(127, 0, 0, 0, 8),
    V4(169, 254, 0, 0, 16), V4(172, 16, 0, 0, 12),  V4(192, 0, 0, 0, 24),  V4(192, 0, 2, 0, 24),
    V4(192, 88, 99, 0, 24), V4(192, 168, 0, 0, 16), V4(198, 18, 0, 0, 15), V4(198, 51, 100, 0, 24),
    V4(203, 0, 113, 0, 24), V4(224, 0, 0, 0, 4),    V4(240, 0, 0, 0, 4),
};

/* Parts of 2000::/3 that are not ordinary public addresses. */
static const usher_address_range special_v6[] = {
    {{{0x20, 0x01, 0x00}}, 23},       /* 2001::/23: protocol assignments, Teredo, ORCHID */
    {{{0x20, 0x01, 0x0d, 0xb8}}, 32}, /* documentation */
    {{{0x3f, 0xff, 0x00}}, 20},       /* documentation */
};

/* An IPv4 address that stands inside an IPv6 one, at `at`. */
static bool inner_is_public(const usher_address *address, size_t at)
{
    usher_address inner;

    set_v4(&inner, address->bytes + at);
    return !listed(special_v4, sizeof special_v4 / sizeof *special_v4, &inner);
}

bool usher_address_is_public(const usher_address *address)
{
    static const usher_address_range unicast = {{{0x20}}, 3};
    static const usher_address_range nat64 = {{{0x00, 0x64, 0xff, 0x9b}}, 96};
    static const usher_address_range six_to_four = {{{0x20, 0x02}}, 16};

    if (is_v4(address)) return inner_is_public(address, 12);
    if (usher_address_in(&nat64, address)) return inner_is_public(address, 12);
    if (usher_address_in(&six_to_four, address)) return inner_is_public(address, 2);
    return usher_address_in(&unicast, address) &&
           !listed(special_v6, sizeof special_v6 / sizeof *special_v6, address);
}
