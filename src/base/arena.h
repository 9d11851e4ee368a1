/* arena - memory of one exchange. Everything parsed or answered lives here and goes at once.
 *
 * A plain build hands out slices of a few blocks; a debug build (USHER_ARENA_DEBUG) gives every
 * allocation its own block from the allocator, so that the address sanitizer sees overruns. What
 * was handed out is wiped on reset and deinit, since session claims pass through here. */
#ifndef USHER_BASE_ARENA_H
#define USHER_BASE_ARENA_H

#include "usher/base.h"

typedef struct usher_arena_block usher_arena_block;

typedef struct usher_arena {
    const usher_allocator *alloc;
    usher_arena_block *blocks; /* newest first */
    size_t limit;              /* bytes that may be handed out in all */
    size_t used;               /* bytes handed out */
    size_t first;              /* size of the first block */
    usher_status failed;       /* why the last get returned NULL */
} usher_arena;

/* No memory is taken until the first get. `first_size` is the size of the block that is kept over
 * resets; `limit` bounds what may be handed out between two resets. */
void usher_arena_init(usher_arena *a, const usher_allocator *alloc, size_t first_size,
                      size_t limit);
void usher_arena_reset(usher_arena *a);  /* wipes; keeps the first block */
void usher_arena_deinit(usher_arena *a); /* wipes and gives everything back; reusable after init */

/* Aligned for any type, not zeroed. NULL when the limit or the allocator says no: then
 * usher_arena_fail() is the status to return. Size 0 gives a valid pointer. */
void *usher_arena_get(usher_arena *a, size_t size);
void *usher_arena_get_zero(usher_arena *a, size_t count, size_t size);
/* Grows the newest allocation in place if it can, else copies. The old pointer is dead. */
void *usher_arena_grow(usher_arena *a, void *ptr, size_t old_size, size_t new_size);
/* Gives back the tail of the newest allocation, wiped; otherwise does nothing. */
void usher_arena_trim(usher_arena *a, void *ptr, size_t old_size, size_t new_size);
/* The same for a tail that nothing was ever written to: what is not wiped costs nothing. */
void usher_arena_untouched(usher_arena *a, void *ptr, size_t old_size, size_t new_size);

usher_status usher_arena_fail(const usher_arena *a, usher_error *err);

/* A copy of `s` in the arena. USHER_OK, or why not. An absent view stays absent. */
USHER_MUST_USE usher_status usher_arena_dup(usher_str *out, usher_arena *a, usher_str s,
                                            usher_error *err);

#endif
