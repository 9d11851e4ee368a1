/* buf - text that grows in an arena, born with a maximum. The first failure sticks: put as much as
 * you like and look once, with usher_buf_take. */
#ifndef USHER_BASE_BUF_H
#define USHER_BASE_BUF_H

#include "base/arena.h"
#include "usher/base.h"

typedef struct usher_buf {
    usher_arena *arena;
    char *ptr;
    size_t len, room, max;
    size_t touched; /* what lies behind was never written to */
    usher_status failed;
} usher_buf;

void usher_buf_init(usher_buf *b, usher_arena *a, size_t max);
void usher_buf_put(usher_buf *b, usher_str s);
void usher_buf_put_z(usher_buf *b, const char *z); /* a NUL-terminated literal */
void usher_buf_put_u64(usher_buf *b, uint64_t n);
void usher_buf_put_i64(usher_buf *b, int64_t n);
/* Room for `n` more bytes to write to, or NULL (then the buffer has failed). Follow with
 * usher_buf_wrote. */
char *usher_buf_room(usher_buf *b, size_t n);
void usher_buf_wrote(usher_buf *b, size_t n);
static inline void usher_buf_put_char(usher_buf *b, char c)
{
    char *p = b->len < b->room && !b->failed ? b->ptr + b->len : usher_buf_room(b, 1);

    if (!p) return;
    *p = c;
    b->len++;
}
usher_str usher_buf_view(const usher_buf *b); /* what is there now; dies with the next put */

/* The finished text (never absent), or why there is none. */
USHER_MUST_USE usher_status usher_buf_take(usher_str *out, usher_buf *b, usher_error *err);

#endif
