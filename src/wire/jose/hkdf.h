/* hkdf - RFC 5869 with SHA-256, as both token formats derive their keys. At load only. */
#ifndef USHER_WIRE_JOSE_HKDF_H
#define USHER_WIRE_JOSE_HKDF_H

#include "usher/base.h"

USHER_MUST_USE usher_status usher_hkdf_sha256(uint8_t *out, size_t out_len, const uint8_t *ikm,
                                              size_t ikm_len, usher_str salt, usher_str info,
                                              usher_error *err);
#endif
