#include "hosts/daemon/visit.h"

#include <string.h>
#include <time.h>

#include "base/secret.h"
#include "base/str.h"

static int64_t mono_us(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

int64_t usherd_visit_age_us(const usherd_visit *v)
{
    return mono_us() - v->started_us;
}

usherd_visit *usherd_visit_new(usherd *d, struct MHD_Connection *connection, usherd_client *client,
                               const char *target)
{
    const usher_allocator *heap = usher_allocator_default();
    size_t len = target ? strlen(target) : 0;
    usherd_visit *v = heap->get(heap->ctx, sizeof *v + len);

    if (!v) return NULL;
    *v = (usherd_visit){
        .daemon = d,
        .connection = connection,
        .client = client,
        .started_us = mono_us(),
        .target = (char *)(v + 1),
        .target_len = len,
        .target_at = target,
    };
    if (len) memcpy(v->target, target, len);
    return v;
}

void usherd_visit_let_go(usherd_visit *v)
{
    const usher_allocator *heap = usher_allocator_default();

    usherd_exchanges_give(&v->daemon->exchanges, v->exchange);
    usher_wipe(v->body, v->body_len); /* a password may have been in it */
    heap->put(heap->ctx, v->body, v->body_room);
    v->exchange = NULL;
    v->body = NULL;
    v->body_len = v->body_room = 0;
}

void usherd_visit_free(usherd_visit *v)
{
    const usher_allocator *heap = usher_allocator_default();

    if (!v) return;
    usherd_visit_let_go(v);
    usher_wipe(v->target, v->target_len); /* a code and a state may have been in it */
    heap->put(heap->ctx, v->fields, v->head.field_count * sizeof *v->fields);
    heap->put(heap->ctx, v, sizeof *v + v->target_len);
}

usher_str usherd_visit_path(const usherd_visit *v)
{
    usher_str query;

    return usher_str_cut((usher_str){v->target, v->target_len}, '?', &query);
}

bool usherd_visit_keep_fields(usherd_visit *v)
{
    const usher_allocator *heap = usher_allocator_default();
    size_t size = v->head.field_count * sizeof *v->fields;

    if (!(v->fields = heap->get(heap->ctx, size))) return false;
    if (size) memcpy(v->fields, v->head.fields, size);
    v->head.fields = v->fields;
    return true;
}

void usherd_visit_cause(usherd_visit *v, unsigned cause)
{
    usherd_counters_cause(&v->daemon->counters, cause);
    if (v->cause_count < USHERD_VISIT_CAUSES) v->causes[v->cause_count++] = cause;
}

bool usherd_visit_add_body(usherd_visit *v, const char *bytes, size_t len)
{
    const usher_allocator *heap = usher_allocator_default();

    if (v->body_len + len > v->body_room) {
        size_t room = v->body_room ? v->body_room * 2 : 4096;
        while (room < v->body_len + len)
            room *= 2;
        char *longer = heap->get(heap->ctx, room);
        if (!longer) return false;
        if (v->body_len) memcpy(longer, v->body, v->body_len);
        usher_wipe(v->body, v->body_len);
        heap->put(heap->ctx, v->body, v->body_room);
        v->body = longer;
        v->body_room = room;
    }
    memcpy(v->body + v->body_len, bytes, len);
    v->body_len += len;
    return true;
}
