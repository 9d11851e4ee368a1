/* secret - bytes that are wiped when freed and cannot be passed where text is expected. */
#ifndef USHER_BASE_SECRET_H
#define USHER_BASE_SECRET_H

#include "usher/base.h"

typedef struct usher_secret {
    uint8_t *ptr;
    size_t len;
} usher_secret;

/* A copy that belongs to the caller; free with the same allocator. */
USHER_MUST_USE usher_status usher_secret_dup(usher_secret *out, const usher_allocator *alloc,
                                             const void *bytes, size_t len, usher_error *err);
void usher_secret_free(usher_secret *s,
                       const usher_allocator *alloc); /* wipes; NULL fields are fine */

void usher_wipe(void *ptr, size_t len);

/* Constant time in the content. Two missing values do not match: an absent CSRF token must fail. */
bool usher_secret_equal(usher_secret a, usher_secret b);
bool usher_secret_equal_str(usher_str a, usher_str b); /* the same for digests held as text */

#endif
