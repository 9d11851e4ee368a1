/* exchanges - the exchanges of one environment: idle ones, and those that wait. */
#include "base/error.h"
#include "hosts/node/addon.h"

#define ARENA_FIRST ((size_t)16 << 10)
#define ARENA_MAX   ((size_t)16 << 20)

static void release(addon *a, addon_exchange *x)
{
    usher_exchange_free(x->ex);
    usher_arena_deinit(&x->arena);
    a->alloc.put(a->alloc.ctx, x, sizeof *x);
}

usher_status addon_take(addon_exchange **out, addon *a, usher_error *err)
{
    const usher_exchange_options options = {.size = sizeof options, .allocator = &a->alloc};
    usher_status rc;

    *out = NULL;
    if (a->idle_count) {
        *out = a->idle[--a->idle_count];
        return USHER_OK;
    }
    addon_exchange *x = a->alloc.get(a->alloc.ctx, sizeof *x);
    if (!x) return usher_fail(err, USHER_E_NOMEM, "node: no memory for an exchange", 0);
    *x = (addon_exchange){.ex = NULL};
    if ((rc = usher_exchange_new(&x->ex, &options, err))) {
        a->alloc.put(a->alloc.ctx, x, sizeof *x);
        return rc;
    }
    usher_arena_init(&x->arena, &a->alloc, ARENA_FIRST, ARENA_MAX);
    *out = x;
    return USHER_OK;
}

void addon_give(addon *a, addon_exchange *x)
{
    usher_exchange_forget(x->ex);
    usher_arena_reset(&x->arena);
    if (a->idle_count < ADDON_IDLE_MAX)
        a->idle[a->idle_count++] = x;
    else
        release(a, x);
}

static usher_status make_room(addon *a, usher_error *err)
{
    size_t room = a->waiting_room ? a->waiting_room * 2 : 64, size = sizeof(addon_exchange *);

    if (a->waiting_room >= ADDON_WAITING_MAX)
        return usher_fail(err, USHER_E_LIMIT, "node: too many exchanges are waiting", room);
    addon_exchange **waiting = a->alloc.get(a->alloc.ctx, room * size);
    if (!waiting) return usher_fail(err, USHER_E_NOMEM, "node: no memory for an exchange", 0);
    for (size_t i = 0; i < room; i++)
        waiting[i] = i < a->waiting_room ? a->waiting[i] : NULL;
    a->alloc.put(a->alloc.ctx, a->waiting, a->waiting_room * size);
    a->waiting = waiting;
    a->waiting_room = room;
    return USHER_OK;
}

usher_status addon_wait(uint32_t *number, addon *a, addon_exchange *x, usher_error *err)
{
    usher_status rc;

    *number = 0;
    if (a->waiting_count == a->waiting_room && (rc = make_room(a, err))) return rc;
    while (a->waiting[*number])
        (*number)++;
    a->waiting[*number] = x;
    a->waiting_count++;
    return USHER_OK;
}

addon_exchange *addon_waiting(const addon *a, uint32_t number)
{
    return number < a->waiting_room ? a->waiting[number] : NULL;
}

void addon_wake(addon *a, uint32_t number)
{
    a->waiting[number] = NULL;
    a->waiting_count--;
}

void addon_free(addon *a)
{
    usher_allocator alloc = a->alloc;

    while (a->idle_count)
        release(a, a->idle[--a->idle_count]);
    for (size_t i = 0; i < a->waiting_room; i++)
        if (a->waiting[i]) release(a, a->waiting[i]);
    alloc.put(alloc.ctx, a->waiting, a->waiting_room * sizeof *a->waiting);
    alloc.put(alloc.ctx, a, sizeof *a);
}
