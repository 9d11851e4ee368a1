#include "base/locked.h"

#include <stdatomic.h>

#include <sys/mman.h>
#include <unistd.h>

#include "base/error.h"
#include "base/secret.h"

#if defined(__SANITIZE_ADDRESS__)
#define USHER_LEAK_CHECK 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define USHER_LEAK_CHECK 1
#endif
#endif
#ifdef USHER_LEAK_CHECK
#include <sanitizer/lsan_interface.h>
#endif

#define ALIGN 64 /* a cache line, and enough for any type */

static atomic_size_t refused;

static size_t page_size(void)
{
    long size = sysconf(_SC_PAGESIZE);

    return size > 0 ? (size_t)size : 4096;
}

static uint8_t *inside(const usher_locked *l)
{
    return (uint8_t *)l->map + page_size();
}

static size_t inside_size(const usher_locked *l)
{
    return l->map_size - 2 * page_size();
}

/* Everything is mapped untouchable first and opened between the guards, so that there is no moment
 * at which a guard is missing. */
static bool pages_get(usher_locked *l, size_t size)
{
    size_t page = page_size(), body;

    if (size == 0 || size > SIZE_MAX / 2) return false;
    body = (size + page - 1) / page * page;
    l->map_size = body + 2 * page;
    l->map = mmap(NULL, l->map_size, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (l->map == MAP_FAILED) return false;
    if (mprotect(inside(l), body, PROT_READ | PROT_WRITE) == 0) {
#ifdef USHER_LEAK_CHECK
        /* What is referred to from here only is no leak. */
        __lsan_register_root_region(l->map, l->map_size);
#endif
        return true;
    }
    munmap(l->map, l->map_size);
    return false;
}

/* Not being swapped or dumped is worth asking for, and no reason to refuse service: a container may
 * allow a few pages only. A child of fork must have its keys, hence no MADV_WIPEONFORK. */
static void pages_keep(usher_locked *l)
{
    l->in_memory = mlock(inside(l), inside_size(l)) == 0;
    if (!l->in_memory) atomic_fetch_add_explicit(&refused, 1, memory_order_relaxed);
#ifdef MADV_DONTDUMP
    (void)madvise(l->map, l->map_size, MADV_DONTDUMP);
#endif
}

usher_status usher_locked_init(usher_locked *out, size_t size, usher_error *err)
{
    usher_locked l = {.size = size};

    *out = (usher_locked){0};
    if (!pages_get(&l, size)) return usher_fail(err, USHER_E_NOMEM, "locked: no pages", 0);
    pages_keep(&l);
    /* At the end, so that what reads on past it meets the guard. */
    l.ptr = inside(&l) + (inside_size(&l) - size) / ALIGN * ALIGN;
    *out = l;
    return USHER_OK;
}

usher_status usher_locked_freeze(usher_locked *l, usher_error *err)
{
    if (mprotect(inside(l), inside_size(l), PROT_READ) == 0) return USHER_OK;
    return usher_fail(err, USHER_E_NOMEM, "locked: the pages cannot be made read-only", 0);
}

void usher_locked_deinit(usher_locked *l)
{
    if (!l || !l->map) return;
    /* If even this fails, unmapping is all that is left: the system clears pages before it gives
     * them to anybody else. */
    if (mprotect(inside(l), inside_size(l), PROT_READ | PROT_WRITE) == 0)
        usher_wipe(inside(l), inside_size(l));
#ifdef USHER_LEAK_CHECK
    __lsan_unregister_root_region(l->map, l->map_size);
#endif
    munmap(l->map, l->map_size); /* unlocks too */
    *l = (usher_locked){0};
}

size_t usher_locked_refused(void)
{
    return atomic_load_explicit(&refused, memory_order_relaxed);
}
