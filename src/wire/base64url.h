/* base64url - RFC 4648 section 5 without padding, canonical only: no '=', no white space, no '+' or
 * '/', unused low bits zero. One spelling for each value, so a token has one spelling too. */
#ifndef USHER_WIRE_BASE64URL_H
#define USHER_WIRE_BASE64URL_H

#include "base/arena.h"
#include "base/buf.h"
#include "usher/base.h"

static inline size_t usher_base64url_decoded_size(size_t chars)
{
    return chars / 4 * 3 + (chars % 4 ? chars % 4 - 1 : 0);
}
static inline size_t usher_base64url_encoded_size(size_t bytes)
{
    return bytes / 3 * 4 + (bytes % 3 ? bytes % 3 + 1 : 0);
}

/* Decodes into `out`, which has usher_base64url_decoded_size(in.len) bytes. */
USHER_MUST_USE usher_status usher_base64url_decode(uint8_t *out, usher_str in, usher_error *err);
/* Writes usher_base64url_encoded_size(len) characters, no NUL. */
void usher_base64url_encode(char *out, const uint8_t *in, size_t len);
void usher_base64url_put(usher_buf *b, const uint8_t *in, size_t len);

/* The ordinary alphabet with padding, written only: HTTP Basic (RFC 7617). */
void usher_base64_put(usher_buf *b, const uint8_t *in, size_t len);

#endif
