/* floor - the least that opening or sealing a session token can cost here: base64url and OpenSSL
 * with fetched algorithms and kept, keyed contexts, on the same bytes. No JSON, no names, no checks
 * beside the tag. What the engine takes is compared with this.
 *
 * `best`: base64url and HMAC as good as we know how, which is the engine's. Otherwise as a good
 * program has them: base64url by one table, HMAC by a kept EVP_MAC. */
#ifndef USHER_BENCH_FLOOR_H
#define USHER_BENCH_FLOOR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "usher/base.h"

#define FLOOR_ROOM 16384 /* bytes of a token's plain text, at most */

typedef struct floor_state floor_state;

/* `key` has 32 bytes for A256GCM, 64 for A256CBC-HS512 (HMAC key first, RFC 7518 section 5.2.5.1).
 * NULL when the crypto library refuses. */
floor_state *floor_new(bool gcm, const uint8_t *key);
void floor_free(floor_state *f);

/* The plain text lies in the state until the next call. */
bool floor_open(floor_state *f, usher_str token, bool best, usher_str *plain);
/* Seals with a fixed IV: entropy is no part of the floor. The token lies in the state. */
bool floor_seal(floor_state *f, usher_str header_b64, usher_str plain, bool best, usher_str *token);

#endif
