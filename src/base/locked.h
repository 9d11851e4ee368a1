/* locked - whole pages for keys: kept out of swap (where the system lets us), out of core dumps,
 * with a page before and after that nobody may touch, read only once they are filled, wiped before
 * they go back.
 *
 * A process that forks keeps its keys: the child reads the same pages. The system gives locks to
 * the process that asked, not to its children; the pages stay in memory while that process lives.
 */
#ifndef USHER_BASE_LOCKED_H
#define USHER_BASE_LOCKED_H

#include "usher/base.h"

typedef struct usher_locked {
    void *ptr; /* `size` zeroed bytes, aligned to 64, near the end of the last page */
    size_t size;
    void *map; /* with both guards */
    size_t map_size;
    bool in_memory; /* the system agreed to keep them out of swap */
} usher_locked;

/* USHER_E_NOMEM if there are no pages. That they cannot be locked (RLIMIT_MEMLOCK) is no failure.
 */
USHER_MUST_USE usher_status usher_locked_init(usher_locked *out, size_t size, usher_error *err);
/* From here on a write ends the process. */
USHER_MUST_USE usher_status usher_locked_freeze(usher_locked *l, usher_error *err);
void usher_locked_deinit(usher_locked *l); /* wipes, frozen or not; reusable after init */

/* How many regions of this process could not be locked so far; a host may say so, once. */
size_t usher_locked_refused(void);

#endif
