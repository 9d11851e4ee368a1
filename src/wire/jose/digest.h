/* digest - SHA-256/384/512 of bytes in one call, and HMAC with them. */
#ifndef USHER_WIRE_JOSE_DIGEST_H
#define USHER_WIRE_JOSE_DIGEST_H

#include "base/secret.h"
#include "usher/base.h"

#define USHER_DIGEST_MAX 64
typedef enum usher_digest_kind { USHER_SHA256, USHER_SHA384, USHER_SHA512 } usher_digest_kind;
size_t usher_digest_size(usher_digest_kind kind);
USHER_MUST_USE usher_status usher_digest(uint8_t *out, usher_digest_kind kind, usher_str bytes,
                                         usher_error *err);
/* The same over several pieces. */
USHER_MUST_USE usher_status usher_digest_parts(uint8_t *out, usher_digest_kind kind,
                                               const usher_str *parts, size_t count,
                                               usher_error *err);
/* HMAC (RFC 2104). An empty key is USHER_E_USAGE: anybody could make such a tag. */
USHER_MUST_USE usher_status usher_hmac(uint8_t *out, usher_digest_kind kind, usher_secret key,
                                       usher_str bytes, usher_error *err);
void usher_hex(char *out, const uint8_t *in, size_t len); /* lower case, 2*len characters, no NUL */
#endif
