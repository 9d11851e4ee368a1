#include "base/pool.h"

#include <string.h>

#include <sys/mman.h>

#include "base/secret.h"

#define FETCH ((size_t)1024) /* forty sessions sealed */
#define SMALL ((size_t)128)  /* more than this at a time is better fetched by itself */

/* All zero in a child of fork: nothing left. */
struct usher_pool_page {
    size_t left; /* bytes[0] to bytes[left - 1] have not been handed out */
    uint8_t bytes[FETCH];
};

void usher_pool_init(usher_pool *p, usher_entropy source)
{
    *p = (usher_pool){.source = source};
#ifdef MADV_WIPEONFORK
    void *page =
        mmap(NULL, sizeof *p->page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (page == MAP_FAILED) return;
    if (madvise(page, sizeof *p->page, MADV_WIPEONFORK) == 0) {
        (void)madvise(page, sizeof *p->page, MADV_DONTDUMP);
        p->page = page;
    } else
        munmap(page, sizeof *p->page);
#endif
}

void usher_pool_deinit(usher_pool *p)
{
    if (p->page) {
        usher_wipe(p->page, sizeof *p->page);
        munmap(p->page, sizeof *p->page);
    }
    *p = (usher_pool){0};
}

/* Moves 8 to 16 bytes, as an IV and an identifier have: calls take longer than the bytes. The page
 * outlives this, so no compiler leaves the zeroes out. */
static void move_short(uint8_t *to, uint8_t *from, size_t len)
{
    uint8_t *tail = from + len - 8;
    uint64_t head_bytes, tail_bytes;

    memcpy(&head_bytes, from, 8);
    memcpy(&tail_bytes, tail, 8);
    memset(from, 0, 8);
    memset(tail, 0, 8);
    memcpy(to, &head_bytes, 8);
    memcpy(to + len - 8, &tail_bytes, 8);
}

static bool pool_fill(void *ctx, uint8_t *out, size_t len)
{
    usher_pool *p = ctx;
    usher_pool_page *page = p->page;

    if (!page || len > SMALL) return p->source.fill(p->source.ctx, out, len);
    if (page->left < len) {
        page->left = 0;
        if (!p->source.fill(p->source.ctx, page->bytes, FETCH)) return false;
        page->left = FETCH;
    }
    page->left -= len;
    if (len >= 8 && len <= 16) {
        move_short(out, page->bytes + page->left, len);
        return true;
    }
    memcpy(out, page->bytes + page->left, len);
    usher_wipe(page->bytes + page->left, len);
    return true;
}

usher_entropy usher_pool_entropy(usher_pool *p)
{
    return (usher_entropy){pool_fill, p};
}
