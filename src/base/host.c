/* The defaults for what the engine does not own: memory and entropy. */
#include <stdlib.h>

#include <openssl/rand.h>

#include "usher/base.h"

static void *heap_get(void *ctx, size_t size)
{
    (void)ctx;
    return malloc(size ? size : 1);
}

static void heap_put(void *ctx, void *ptr, size_t size)
{
    (void)ctx, (void)size;
    free(ptr);
}

const usher_allocator *usher_allocator_default(void)
{
    static const usher_allocator heap = {heap_get, heap_put, NULL};
    return &heap;
}

static bool crypto_fill(void *ctx, uint8_t *out, size_t len)
{
    (void)ctx;
    while (len) {
        int step = len > 1u << 20 ? 1 << 20 : (int)len;
        if (RAND_bytes(out, step) != 1) return false;
        out += step;
        len -= (size_t)step;
    }
    return true;
}

usher_entropy usher_entropy_default(void)
{
    return (usher_entropy){crypto_fill, NULL};
}
