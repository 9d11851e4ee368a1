#include "base/buf.h"

#include <string.h>

#include "base/error.h"
#include "base/secret.h"
#include "base/str.h"

void usher_buf_init(usher_buf *b, usher_arena *a, size_t max)
{
    *b = (usher_buf){.arena = a, .max = max};
}

static char *reserve(usher_buf *b, size_t n)
{
    if (b->failed) return NULL;
    if (n > b->max || b->len > b->max - n) {
        b->failed = USHER_E_LIMIT;
        return NULL;
    }
    if (!b->ptr || b->room - b->len < n) {
        size_t room = b->room < 64 ? 128 : b->room * 2;
        if (room < b->len + n) room = b->len + n;
        if (room > b->max) room = b->max;
        char *p = usher_arena_grow(b->arena, b->ptr, b->room, room);
        if (!p) {
            b->failed = b->arena->failed;
            return NULL;
        }
        b->ptr = p;
        b->room = room;
    }
    return b->ptr + b->len;
}

char *usher_buf_room(usher_buf *b, size_t n)
{
    char *p = reserve(b, n);

    if (p && b->touched < b->len + n) b->touched = b->len + n;
    return p;
}

void usher_buf_wrote(usher_buf *b, size_t n)
{
    if (!b->failed) b->len += n;
}

void usher_buf_put(usher_buf *b, usher_str s)
{
    char *p = reserve(b, s.len);

    if (!p) return;
    if (s.len) memcpy(p, s.ptr, s.len);
    b->len += s.len;
}

void usher_buf_put_z(usher_buf *b, const char *z)
{
    usher_buf_put(b, (usher_str){z, strlen(z)});
}

void usher_buf_put_u64(usher_buf *b, uint64_t n)
{
    char room[USHER_U64_DIGITS];

    usher_buf_put(b, usher_str_digits(room, n));
}

void usher_buf_put_i64(usher_buf *b, int64_t n)
{
    if (n < 0) usher_buf_put_char(b, '-');
    usher_buf_put_u64(b, n < 0 ? -(uint64_t)n : (uint64_t)n);
}

usher_str usher_buf_view(const usher_buf *b)
{
    return (usher_str){b->ptr ? b->ptr : "", b->len};
}

usher_status usher_buf_take(usher_str *out, usher_buf *b, usher_error *err)
{
    *out = (usher_str){0};
    if (b->failed == USHER_E_LIMIT)
        return usher_fail(err, USHER_E_LIMIT, "buf: longer than its maximum", b->len);
    if (b->failed) return usher_fail(err, b->failed, "buf: out of memory", b->len);
    if (b->touched > b->len) usher_wipe(b->ptr + b->len, b->touched - b->len);
    usher_arena_untouched(b->arena, b->ptr, b->room, b->len);
    b->room = b->touched = b->len; /* what was given back is somebody else's when more is put */
    *out = usher_buf_view(b);
    return USHER_OK;
}
