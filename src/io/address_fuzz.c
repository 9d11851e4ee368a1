/* An address is written and read back; a range holds exactly what its bits, compared one by one,
 * say; a public address is in none of the places that are not. */
#include <assert.h>
#include <netinet/in.h>

#include "base/str.h"
#include "io/address.h"
#include "tests/kit/kit.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static unsigned bit(const usher_address *a, unsigned i)
{
    return a->bytes[i / 8] >> (7 - i % 8) & 1;
}

static bool plain_in(const usher_address_range *r, const usher_address *a)
{
    for (unsigned i = 0; i < r->bits; i++)
        if (bit(&r->base, i) != bit(a, i)) return false;
    return true;
}

static void check_address(const usher_address *a, usher_str text)
{
    char out[USHER_ADDRESS_TEXT_MAX];
    struct sockaddr_in6 in6 = {.sin6_family = AF_INET6};
    usher_address again, from_socket;
    size_t len = usher_address_text(out, a);

    assert(len && len <= sizeof out && usher_address_read(&again, usher_str_of(out, len)));
    assert(!memcmp(again.bytes, a->bytes, 16));
    memcpy(&in6.sin6_addr, a->bytes, 16);
    assert(usher_address_of(&from_socket, (const struct sockaddr *)(const void *)&in6));
    assert(!memcmp(from_socket.bytes, a->bytes, 16));
    assert(!usher_address_is_loopback(a) || !usher_address_is_public(a));
    for (size_t i = 0; i < text.len; i++)
        assert(strchr("0123456789abcdefABCDEF.:[]", text.ptr[i]));
}

/* Its borders are inside, what lies just beyond them is not. */
static void check_range(const usher_address_range *r)
{
    usher_address last = r->base, other;

    assert(r->bits <= 128);
    for (unsigned i = r->bits; i < 128; i++) {
        assert(!bit(&r->base, i));
        last.bytes[i / 8] |= (uint8_t)(1u << (7 - i % 8));
    }
    assert(usher_address_in(r, &r->base) && usher_address_in(r, &last));
    for (unsigned i = 0; i < 128; i++) {
        other = last;
        other.bytes[i / 8] ^= (uint8_t)(1u << (7 - i % 8));
        assert(usher_address_in(r, &other) == plain_in(r, &other));
        assert(usher_address_in(r, &other) == (i >= r->bits));
    }
}

static void check_public(const usher_address *a)
{
    static const char *const closed[] = {
        "0.0.0.0/8",     "10.0.0.0/8",     "100.64.0.0/10", "127.0.0.0/8",   "169.254.0.0/16",
        "172.16.0.0/12", "192.168.0.0/16", "224.0.0.0/3",   "::/32",         "fc00::/7",
        "fe80::/10",     "ff00::/8",       "2001:db8::/32", "2002:7f00::/24"};
    static usher_address_range ranges[sizeof closed / sizeof *closed];
    usher_address_range mapped = {{{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff}}, 96};

    for (size_t i = 0; i < sizeof closed / sizeof *closed; i++) {
        if (!ranges[i].bits) assert(usher_address_range_read(&ranges[i], kit_str(closed[i])));
        if (ranges[i].bits == 32 && plain_in(&mapped, a)) continue; /* "::/32" */
        assert(!plain_in(&ranges[i], a) || !usher_address_is_public(a));
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    usher_str text = {(const char *)data, size};
    usher_address_range range;
    usher_address a;

    if (usher_address_read(&a, text)) {
        check_address(&a, text);
        check_public(&a);
        assert(usher_address_range_read(&range, text) && range.bits == 128);
    } else {
        assert(!usher_address_is_public(&a));
    }
    if (usher_address_range_read(&range, text)) check_range(&range);
    if (size == 16) { /* as a number too: what the network gives has no spelling */
        memcpy(a.bytes, data, 16);
        check_address(&a, (usher_str){0});
        check_public(&a);
    }
    return 0;
}
