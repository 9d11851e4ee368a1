/* spending - requests that use something up: a refresh token that rotates. However many exchanges
 * want the same one, byte for byte, it is made once, and its answer is for all who want it
 * meanwhile or within once_s. The request holds the session's own token, and so nobody gets what is
 * another's.
 */
#ifndef USHER_IO_SPENDING_H
#define USHER_IO_SPENDING_H

#include <stdatomic.h>

#include "io/documents.h"

#define USHER_SPENDINGS_MAX 256

typedef struct usher_spent usher_spent;

typedef struct usher_spending {
    const usher_allocator *alloc;
    usher_document_source source;
    pthread_mutex_t lock;
    pthread_cond_t landed; /* some request came to its end */
    usher_spent *first;    /* at most USHER_SPENDINGS_MAX */
    atomic_size_t count;   /* read without the lock */
} usher_spending;

USHER_MUST_USE usher_status usher_spending_init(usher_spending *s, const usher_allocator *alloc,
                                                usher_document_source source, usher_error *err);
void usher_spending_deinit(usher_spending *s); /* nobody may be asking */

/* The answer to the request, whoever made it; *out is counted. Where nothing can be shared (no
 * memory, too many at once) the request is made. Blocks, at most about the time of one fetch.
 * Threads: shared by all. */
USHER_MUST_USE usher_status usher_spending_get(usher_answer **out, usher_spending *s,
                                               const usher_fetch *fetch, usher_error *err);
/* Forgets answers whose time is over: they hold tokens. Costs nothing where none is kept. */
void usher_spending_sweep(usher_spending *s);

#endif
