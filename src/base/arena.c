#include "base/arena.h"

#include <stdalign.h>
#include <string.h>

#include "base/error.h"
#include "base/secret.h"

#define ALIGN     alignof(max_align_t)
#define BLOCK_MIN 4096u

struct usher_arena_block {
    usher_arena_block *next;
    size_t size, used; /* of data */
    alignas(max_align_t) char data[];
};

void usher_arena_init(usher_arena *a, const usher_allocator *alloc, size_t first_size, size_t limit)
{
    *a = (usher_arena){.alloc = alloc, .limit = limit, .first = first_size};
}

static void block_free(usher_arena *a, usher_arena_block *b)
{
    usher_wipe(b->data, b->used);
    a->alloc->put(a->alloc->ctx, b, sizeof *b + b->size);
}

void usher_arena_reset(usher_arena *a)
{
    usher_arena_block *b = a->blocks;

#ifdef USHER_ARENA_DEBUG
    const bool keep = false;
#else
    const bool keep = true;
#endif
    while (b && (b->next || !keep)) {
        usher_arena_block *next = b->next;
        block_free(a, b);
        b = next;
    }
    if (b) {
        usher_wipe(b->data, b->used);
        b->used = 0;
    }
    a->blocks = b;
    a->used = 0;
    a->failed = USHER_OK;
}

void usher_arena_deinit(usher_arena *a)
{
    for (usher_arena_block *b = a->blocks, *next; b; b = next) {
        next = b->next;
        block_free(a, b);
    }
    a->blocks = NULL;
    a->used = 0;
}

static usher_arena_block *block_new(usher_arena *a, size_t size)
{
    usher_arena_block *b = NULL;

    if (size <= SIZE_MAX - sizeof *b) b = a->alloc->get(a->alloc->ctx, sizeof *b + size);
    if (!b) {
        a->failed = USHER_E_NOMEM;
        return NULL;
    }
    *b = (usher_arena_block){.next = a->blocks, .size = size};
    a->blocks = b;
    return b;
}

#ifdef USHER_ARENA_DEBUG
static size_t block_size(const usher_arena *a, size_t size)
{
    (void)a;
    return size; /* its own block, ending where the allocation ends */
}
#else
static size_t block_size(const usher_arena *a, size_t size)
{
    size_t want = a->blocks ? BLOCK_MIN : a->first;

    if (a->blocks && a->used > want) want = a->used; /* doubles */
    return size > want ? size : want;
}
#endif

void *usher_arena_get(usher_arena *a, size_t size)
{
    size_t rounded = (size + ALIGN - 1) / ALIGN * ALIGN; /* 0 if that is past SIZE_MAX */
    usher_arena_block *b = a->blocks;

    if (rounded < size || rounded > a->limit - a->used) {
        a->failed = USHER_E_LIMIT;
        return NULL;
    }
#ifdef USHER_ARENA_DEBUG
    if (!(b = block_new(a, block_size(a, size)))) return NULL;
    b->used = size;
    a->used += rounded;
    return b->data;
#else
    if (!b || b->size - b->used < rounded)
        if (!(b = block_new(a, block_size(a, rounded)))) return NULL;
    void *p = b->data + b->used;
    b->used += rounded;
    a->used += rounded;
    return p;
#endif
}

void *usher_arena_get_zero(usher_arena *a, size_t count, size_t size)
{
    if (size && count > SIZE_MAX / size) {
        a->failed = USHER_E_LIMIT;
        return NULL;
    }
    void *p = usher_arena_get(a, count * size);
    if (p) memset(p, 0, count * size);
    return p;
}

void *usher_arena_grow(usher_arena *a, void *ptr, size_t old_size, size_t new_size)
{
#ifndef USHER_ARENA_DEBUG
    usher_arena_block *b = a->blocks;
    size_t old_rounded = (old_size + ALIGN - 1) / ALIGN * ALIGN;

    if (ptr && b && b->used >= old_rounded && b->data + b->used - old_rounded == (char *)ptr &&
        new_size >= old_size && new_size <= SIZE_MAX - ALIGN) {
        size_t more = (new_size + ALIGN - 1) / ALIGN * ALIGN - old_rounded;
        if (b->size - b->used >= more && a->limit - a->used >= more) {
            b->used += more;
            a->used += more;
            return ptr;
        }
    }
#endif
    void *p = usher_arena_get(a, new_size);
    if (p && ptr) memcpy(p, ptr, old_size < new_size ? old_size : new_size);
    return p;
}

static void give_back(usher_arena *a, char *ptr, size_t old_size, size_t new_size, bool wipe)
{
#ifdef USHER_ARENA_DEBUG
    (void)a, (void)ptr, (void)old_size, (void)new_size, (void)wipe;
#else
    usher_arena_block *b = a->blocks;
    size_t old_rounded = (old_size + ALIGN - 1) / ALIGN * ALIGN;
    size_t new_rounded = (new_size + ALIGN - 1) / ALIGN * ALIGN;

    if (!ptr || !b || new_rounded > old_rounded || b->used < old_rounded ||
        b->data + b->used - old_rounded != ptr)
        return;
    if (wipe) usher_wipe(ptr + new_rounded, old_rounded - new_rounded);
    b->used -= old_rounded - new_rounded;
    a->used -= old_rounded - new_rounded;
#endif
}

void usher_arena_trim(usher_arena *a, void *ptr, size_t old_size, size_t new_size)
{
    give_back(a, ptr, old_size, new_size, true);
}

void usher_arena_untouched(usher_arena *a, void *ptr, size_t old_size, size_t new_size)
{
    give_back(a, ptr, old_size, new_size, false);
}

usher_status usher_arena_fail(const usher_arena *a, usher_error *err)
{
    if (a->failed == USHER_E_LIMIT)
        return usher_fail(err, USHER_E_LIMIT, "arena: this exchange's memory bound was reached", 0);
    return usher_fail(err, USHER_E_NOMEM, "arena: out of memory", 0);
}

usher_status usher_arena_dup(usher_str *out, usher_arena *a, usher_str s, usher_error *err)
{
    *out = (usher_str){0};
    if (!s.ptr) return USHER_OK;
    char *p = usher_arena_get(a, s.len);
    if (!p) return usher_arena_fail(a, err);
    if (s.len) memcpy(p, s.ptr, s.len);
    *out = (usher_str){p, s.len};
    return USHER_OK;
}
