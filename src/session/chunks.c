#include "session/chunks.h"

#include <math.h>
#include <string.h>

#include "base/error.h"
#include "base/str.h"

typedef struct chunk {
    usher_cookie_raw cookie; /* its value decoded, in the end */
    double number;           /* NaN: no number after the last dot */
} chunk;

typedef struct chunk_list {
    chunk items[USHER_CHUNKS_MAX + 1]; /* the last is room for one more than is kept */
    size_t count;
    bool too_many;
} chunk_list;

/* ---- order --------------------------------------------------------------------------------- */

static unsigned digit_of(char c)
{
    if (c >= '0' && c <= '9') return (unsigned)(c - '0');
    if (c >= 'a' && c <= 'f') return (unsigned)(c - 'a') + 10;
    if (c >= 'A' && c <= 'F') return (unsigned)(c - 'A') + 10;
    return 99;
}

/* JavaScript's parseInt of a text: leading digits count ("1x" is 1), a sign and 0x are understood,
 * nothing to read is NaN. */
static double js_int(usher_str s)
{
    unsigned base = 10;
    bool negative = false, any = false;
    double n = 0;

    while (s.len && (s.ptr[0] == ' ' || (s.ptr[0] >= '\t' && s.ptr[0] <= '\r')))
        s = usher_str_from(s, 1);
    if (s.len && (s.ptr[0] == '-' || s.ptr[0] == '+')) {
        negative = s.ptr[0] == '-';
        s = usher_str_from(s, 1);
    }
    if (s.len > 1 && s.ptr[0] == '0' && (s.ptr[1] == 'x' || s.ptr[1] == 'X')) {
        base = 16;
        s = usher_str_from(s, 2);
    }
    for (size_t i = 0; i < s.len && digit_of(s.ptr[i]) < base; i++, any = true)
        n = n * base + digit_of(s.ptr[i]);
    if (!any) return NAN;
    return negative ? -n : n;
}

/* What the originals read off a name to order it by: the number after the last dot, or at the start
 * of a name without one. */
static double chunk_number(usher_str name, const usher_profile *profile)
{
    size_t at = name.len;

    while (at && name.ptr[at - 1] != '.')
        at--;
    usher_str tail = usher_str_from(name, at);
    return tail.len || !profile->chunk_dot_is_zero ? js_int(tail) : 0;
}

static double chunk_compare(const chunk *a, const chunk *b)
{
    double d = a->number - b->number;

    return isnan(d) ? 0 : d; /* a name without number is equal to every other */
}

/* The run at the start of the list: rising, or strictly falling and then turned round. */
static size_t run_at_start(chunk *items, size_t count)
{
    size_t run = 2;

    if (count < 2) return count;
    bool falling = chunk_compare(&items[1], &items[0]) < 0;
    while (run < count && (chunk_compare(&items[run], &items[run - 1]) < 0) == falling)
        run++;
    for (size_t i = 0; falling && i < run / 2; i++) {
        chunk swap = items[i];
        items[i] = items[run - 1 - i];
        items[run - 1 - i] = swap;
    }
    return run;
}

/* "Equal to every other" is no order, so how a list comes out depends on who compares with whom.
 * This is what JavaScript's sort does with so few items: take the run they begin with, then insert
 * the rest one by one by bisection, behind its equals. Stable where the order is one. */
static void chunks_sort(chunk_list *list, const usher_profile *profile)
{
    if (list->count < 2) return;
    for (size_t i = 0; i < list->count; i++)
        list->items[i].number = chunk_number(list->items[i].cookie.name, profile);
    for (size_t next = run_at_start(list->items, list->count); next < list->count; next++) {
        chunk moving = list->items[next];
        size_t left = 0, right = next;

        while (left < right) {
            size_t middle = left + (right - left) / 2;
            if (chunk_compare(&moving, &list->items[middle]) < 0)
                right = middle;
            else
                left = middle + 1;
        }
        memmove(&list->items[left + 1], &list->items[left], (next - left) * sizeof moving);
        list->items[left] = moving;
    }
}

/* ---- reading ------------------------------------------------------------------------------- */

static chunk *chunk_find(chunk_list *list, usher_str name)
{
    for (size_t i = 0; i < list->count; i++)
        if (usher_str_eq(list->items[i].cookie.name, name)) return &list->items[i];
    return NULL;
}

/* What stands behind the last chunk becomes one. A name that came before: the last value counts for
 * Next.js' edge parser, the first elsewhere. */
static usher_status chunk_take(chunk_list *list, usher_arena *a, usher_cookie_dialect dialect,
                               usher_error *err)
{
    usher_cookie_raw *new = &list->items[list->count].cookie;
    chunk *seen = chunk_find(list, new->name);
    bool keep;
    usher_status rc;

    if (seen && dialect != USHER_COOKIE_NEXT_EDGE) return USHER_OK;
    if ((rc = usher_cookie_decode(&new->value, &keep, a, new->value, dialect, err)) || !keep)
        return rc;
    if (seen) {
        seen->cookie.value = new->value;
    } else if (list->count == USHER_CHUNKS_MAX) {
        list->too_many = true;
    } else {
        list->count++;
    }
    return USHER_OK;
}

static void drop_empty(chunk_list *list)
{
    size_t kept = 0;

    for (size_t i = 0; i < list->count; i++)
        if (list->items[i].cookie.value.len) list->items[kept++] = list->items[i];
    list->count = kept;
}

static usher_status chunks_collect(chunk_list *list, usher_arena *a, const usher_profile *profile,
                                   usher_cookie_dialect dialect, usher_str name, usher_str header,
                                   usher_error *err)
{
    usher_status rc;

    list->count = 0; /* the items need no zeroes: this is the hot path */
    list->too_many = false;
    while (usher_cookie_seek(&list->items[list->count].cookie, &header, name, dialect))
        if ((rc = chunk_take(list, a, dialect, err))) return rc;
    if (profile->chunks_ignore_empty) drop_empty(list);
    return USHER_OK;
}

static usher_status chunks_join(usher_str *out, usher_arena *a, chunk_list *list, usher_error *err)
{
    size_t len = 0, at = 0, filled = 0;

    for (size_t i = 0; i < list->count; i++) {
        len += list->items[i].cookie.value.len;
        if (list->items[i].cookie.value.len) filled = i;
    }
    if (len == 0) return USHER_OK;
    if (len == list->items[filled].cookie.value.len) { /* the only one: no copy */
        *out = list->items[filled].cookie.value;
        return USHER_OK;
    }
    char *p = usher_arena_get(a, len);
    if (!p) return usher_arena_fail(a, err);
    for (size_t i = 0; i < list->count; i++) {
        if (list->items[i].cookie.value.len)
            memcpy(p + at, list->items[i].cookie.value.ptr, list->items[i].cookie.value.len);
        at += list->items[i].cookie.value.len;
    }
    *out = (usher_str){p, len};
    return USHER_OK;
}

usher_status usher_session_cookie_read(usher_session_cookie *out, usher_arena *a,
                                       const usher_profile *profile, usher_cookie_dialect dialect,
                                       usher_str name, usher_str header, usher_error *err)
{
    chunk_list list;
    usher_status rc;

    out->count = 0; /* the names need no zeroes either */
    out->value = (usher_str){0};
    out->too_many = false;
    if (name.len == 0) return usher_fail(err, USHER_E_USAGE, "chunks: a cookie without name", 0);
    if ((rc = chunks_collect(&list, a, profile, dialect, name, header, err))) return rc;
    for (size_t i = 0; i < list.count; i++)
        out->names[out->count++] = list.items[i].cookie.name;
    if ((out->too_many = list.too_many)) return USHER_OK;
    chunks_sort(&list, profile);
    if ((rc = chunks_join(&out->value, a, &list, err))) out->count = 0;
    return rc;
}

/* ---- writing ------------------------------------------------------------------------------- */

typedef struct chunk_writer {
    usher_arena *arena;
    const usher_session_cookie_attributes *attributes;
    usher_str token;
    size_t chunk_max, chunks; /* 0: nothing is written; 1: under the plain name */
    usher_str names[USHER_CHUNKS_MAX];
    usher_str lines[2 * USHER_CHUNKS_MAX];
    size_t line_count;
} chunk_writer;

static usher_status name_chunk(usher_str *out, chunk_writer *w, size_t index, usher_error *err)
{
    usher_buf b;

    usher_buf_init(&b, w->arena, w->attributes->name.len + 24);
    usher_buf_put(&b, w->attributes->name);
    usher_buf_put_char(&b, '.');
    usher_buf_put_u64(&b, index);
    return usher_buf_take(out, &b, err);
}

static usher_status name_chunks(chunk_writer *w, usher_error *err)
{
    usher_status rc = USHER_OK;

    w->chunks = w->token.len / w->chunk_max + (w->token.len % w->chunk_max != 0);
    if (w->chunks > USHER_CHUNKS_MAX)
        return usher_fail(err, USHER_E_LIMIT, "chunks: the token needs too many cookies",
                          w->chunks);
    if (w->chunks == 1) w->names[0] = w->attributes->name;
    for (size_t i = 0; w->chunks > 1 && i < w->chunks && rc == USHER_OK; i++)
        rc = name_chunk(&w->names[i], w, i, err);
    return rc;
}

static usher_status write_line(chunk_writer *w, usher_set_cookie *c, usher_error *err)
{
    c->domain = w->attributes->domain;
    c->path = w->attributes->path;
    c->http_only = true;
    c->secure = w->attributes->secure;
    c->same_site = w->attributes->same_site;
    return usher_set_cookie_write(&w->lines[w->line_count], w->arena, c, err);
}

static usher_status write_chunk(chunk_writer *w, size_t index, usher_error *err)
{
    usher_str rest = usher_str_from(w->token, index * w->chunk_max);
    usher_set_cookie c = {.name = w->names[index],
                          .value = {rest.ptr, rest.len < w->chunk_max ? rest.len : w->chunk_max},
                          .plain = w->attributes->plain,
                          .has_expires = true,
                          .expires_s = w->attributes->expires_s};
    usher_status rc = write_line(w, &c, err);

    if (rc == USHER_OK) w->line_count++;
    return rc;
}

/* A name that cannot be written (it came with a space inside, say) cannot be deleted either; the
 * rest of the answer is not held up by it. */
static usher_status write_deletion(chunk_writer *w, usher_str name, usher_error *err)
{
    usher_set_cookie c = {.name = name, .value = USHER_STR(""), .has_max_age = true};
    usher_status rc = write_line(w, &c, NULL);

    if (rc == USHER_OK) w->line_count++;
    if (rc == USHER_OK || rc == USHER_E_USAGE) return USHER_OK;
    return usher_fail(err, rc, "chunks: a deletion could not be written", 0);
}

static size_t chunk_named(const chunk_writer *w, usher_str name)
{
    size_t i = 0;

    while (i < w->chunks && !usher_str_eq(w->names[i], name))
        i++;
    return i;
}

/* The originals' order: the names as they were received, each written anew or deleted, then what is
 * new. */
static usher_status write_lines(chunk_writer *w, const usher_session_cookie *received,
                                usher_error *err)
{
    bool done[USHER_CHUNKS_MAX] = {false};
    usher_status rc = USHER_OK;

    for (size_t i = 0; i < received->count && rc == USHER_OK; i++) {
        size_t index = chunk_named(w, received->names[i]);
        if (index == w->chunks) {
            rc = write_deletion(w, received->names[i], err);
        } else if (!done[index]) {
            done[index] = true;
            rc = write_chunk(w, index, err);
        }
    }
    for (size_t i = 0; i < w->chunks && rc == USHER_OK; i++)
        if (!done[i]) rc = write_chunk(w, i, err);
    return rc;
}

usher_status usher_session_cookie_write(usher_str **lines, size_t *count, usher_arena *a,
                                        const usher_profile *profile,
                                        const usher_session_cookie *received,
                                        const usher_session_cookie_attributes *attributes,
                                        usher_str token, usher_error *err)
{
    usher_status rc;
    chunk_writer w = {
        .arena = a, .attributes = attributes, .token = token, .chunk_max = profile->chunk_max};

    *lines = NULL;
    *count = 0;
    if ((rc = name_chunks(&w, err)) || (rc = write_lines(&w, received, err))) return rc;
    if (w.line_count == 0) return USHER_OK;
    usher_str *kept = usher_arena_get(a, w.line_count * sizeof *kept);
    if (!kept) return usher_arena_fail(a, err);
    memcpy(kept, w.lines, w.line_count * sizeof *kept);
    *lines = kept;
    *count = w.line_count;
    return USHER_OK;
}
