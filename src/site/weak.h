/* weak - secrets that anybody could guess: too short, printed in some documentation, or made of a
 * few repeated characters. Keys derived from them protect nothing. */
#ifndef USHER_SITE_WEAK_H
#define USHER_SITE_WEAK_H

#include "usher/base.h"

#define USHER_SECRET_MIN 32 /* bytes */

/* Why a secret is weak, as the end of a sentence ("is shorter than 32 bytes"), or NULL. */
const char *usher_secret_weakness(usher_str secret);
/* The known samples, for tests: NULL past the last. */
const char *usher_secret_sample(size_t index);

#endif
