/* address - IPv4 and IPv6 addresses as numbers: reading them, ranges of them, and which of them are
 * public. Pure; resolves no names. */
#ifndef USHER_IO_ADDRESS_H
#define USHER_IO_ADDRESS_H

#include <sys/socket.h>

#include "usher/base.h"

/* IPv4 as its mapped form ::ffff:a.b.c.d, so that one comparison serves both. */
typedef struct usher_address {
    uint8_t bytes[16];
} usher_address;

typedef struct usher_address_range {
    usher_address base;
    unsigned bits; /* of the 16 bytes: an IPv4 /8 is 104 */
} usher_address_range;

#define USHER_ADDRESS_TEXT_MAX 46 /* "ffff:…:255.255.255.255" */

/* "192.0.2.1", "2001:db8::1", "[2001:db8::1]". No zone, no port, no short forms such as "127.1". */
bool usher_address_read(usher_address *out, usher_str text);
/* An address or address/bits; bits below the prefix length must be zero. */
bool usher_address_range_read(usher_address_range *out, usher_str text);
bool usher_address_in(const usher_address_range *range, const usher_address *address);

/* False if the socket address is neither IPv4 nor IPv6. */
bool usher_address_of(usher_address *out, const struct sockaddr *sa);
/* Writes at most USHER_ADDRESS_TEXT_MAX characters, no NUL counted; returns the length. */
size_t usher_address_text(char out[USHER_ADDRESS_TEXT_MAX], const usher_address *address);

bool usher_address_is_loopback(const usher_address *address); /* 127.0.0.0/8, ::1 */
/* A unicast address that the public internet routes. Everything that may lead back into a private
 * network is not: loopback, private, link-local, shared, reserved, documentation, multicast, and
 * those inside a mapped, translated (NAT64) or tunnelled (6to4) address. */
bool usher_address_is_public(const usher_address *address);

#endif
