/* pool - random bytes fetched many at a time and handed out few at a time, each once.
 *
 * Asking libcrypto's generator for twelve bytes costs nearly as much as asking for a thousand, and
 * as much as sealing a session. What waits in the pool is as secret as what it becomes (state, PKCE
 * verifiers, session ids): it is kept out of core dumps, and every byte is wiped as it is handed
 * out.
 *
 * A child of fork must not hand out what its parent does. The pool lies in a page of its own that
 * the system empties in a child, so that a child finds no bytes left and fetches its own, however
 * it was made. Where the system cannot promise that, nothing is kept and each request goes to the
 * source. */
#ifndef USHER_BASE_POOL_H
#define USHER_BASE_POOL_H

#include "usher/base.h"

typedef struct usher_pool_page usher_pool_page;

typedef struct usher_pool {
    usher_entropy source;
    usher_pool_page *page; /* NULL: nothing is kept */
} usher_pool;

void usher_pool_init(usher_pool *p, usher_entropy source);
void usher_pool_deinit(usher_pool *p); /* wipes; reusable after init */

/* Lives as long as the pool and stays at its address. Threads: one at a time. */
usher_entropy usher_pool_entropy(usher_pool *p);

#endif
