/* The writer: JSON as JSON.stringify prints it, so without white space and with the same escapes.
 */
#include <assert.h>

#include "base/error.h"
#include "base/str.h"
#include "wire/json.h"
#include "wire/json_text.h"
#include "wire/utf8.h"

#define LEVELS 64

void usher_json_write_init(usher_json_writer *w, usher_buf *buf)
{
    *w = (usher_json_writer){.buf = buf};
}

/* Of the innermost open container; none at the top, where one value is all there is. */
static uint64_t level_bit(const usher_json_writer *w)
{
    if (w->depth == 0) return 0;
    return UINT64_C(1) << ((w->depth < LEVELS ? w->depth : LEVELS) - 1);
}

/* The comma before a value or name, unless it is the first or a name's value. */
static void put_comma(usher_json_writer *w)
{
    if (!w->named && (w->some & level_bit(w))) usher_buf_put_char(w->buf, ',');
    w->some |= level_bit(w);
    w->named = false;
}

static void open_container(usher_json_writer *w, char bracket)
{
    put_comma(w);
    usher_buf_put_char(w->buf, bracket);
    if (++w->depth > LEVELS && !w->buf->failed) w->buf->failed = USHER_E_LIMIT;
    w->some &= ~level_bit(w);
}

static void close_container(usher_json_writer *w, char bracket)
{
    assert(w->depth > 0 && !w->named);
    w->depth--;
    usher_buf_put_char(w->buf, bracket);
}

void usher_json_open_object(usher_json_writer *w)
{
    open_container(w, '{');
}

void usher_json_close_object(usher_json_writer *w)
{
    close_container(w, '}');
}

void usher_json_open_array(usher_json_writer *w)
{
    open_container(w, '[');
}

void usher_json_close_array(usher_json_writer *w)
{
    close_container(w, ']');
}

static void put_escape(usher_buf *b, uint8_t c)
{
    static const char hex[] = "0123456789abcdef"; /* JSON.stringify writes small letters */

    switch (c) {
    case '"': usher_buf_put(b, USHER_STR("\\\"")); return;
    case '\\': usher_buf_put(b, USHER_STR("\\\\")); return;
    case '\b': usher_buf_put(b, USHER_STR("\\b")); return;
    case '\f': usher_buf_put(b, USHER_STR("\\f")); return;
    case '\n': usher_buf_put(b, USHER_STR("\\n")); return;
    case '\r': usher_buf_put(b, USHER_STR("\\r")); return;
    case '\t': usher_buf_put(b, USHER_STR("\\t")); return;
    default: break;
    }
    usher_buf_put(b, (usher_str){(char[]){'\\', 'u', '0', '0', hex[c >> 4], hex[c & 15]}, 6});
}

/* Everything up to the next byte that needs an escape, or is at fault. */
static size_t clean_run(usher_str s)
{
    const uint8_t *start = (const uint8_t *)s.ptr, *end = start + s.len;
    const uint8_t *p = usher_json_plain_end(start, end);

    while (p < end && *p >= 0x80) {
        size_t n = usher_utf8_step((usher_str){(const char *)p, (size_t)(end - p)});
        if (n == 0) break;
        p = usher_json_plain_end(p + n, end);
    }
    return (size_t)(p - start);
}

static void put_quoted(usher_buf *b, usher_str text)
{
    usher_buf_put_char(b, '"');
    while (text.len) {
        size_t clean = clean_run(text);
        if (clean) usher_buf_put(b, (usher_str){text.ptr, clean});
        text = usher_str_from(text, clean);
        if (text.len == 0) break;
        size_t bad = usher_utf8_bad_step(text);
        if (bad)
            usher_buf_put(b, USHER_STR("\xef\xbf\xbd"));
        else
            put_escape(b, (uint8_t)text.ptr[0]);
        text = usher_str_from(text, bad ? bad : 1);
    }
    usher_buf_put_char(b, '"');
}

void usher_json_name(usher_json_writer *w, usher_str name)
{
    assert(w->depth > 0 && !w->named);
    put_comma(w);
    put_quoted(w->buf, name);
    usher_buf_put_char(w->buf, ':');
    w->named = true;
}

void usher_json_name_raw(usher_json_writer *w, usher_str quoted)
{
    put_comma(w);
    usher_buf_put(w->buf, quoted);
    usher_buf_put_char(w->buf, ':');
    w->named = true;
}

void usher_json_put_string(usher_json_writer *w, usher_str text)
{
    put_comma(w);
    put_quoted(w->buf, text);
}

void usher_json_put_int(usher_json_writer *w, int64_t n)
{
    put_comma(w);
    usher_buf_put_i64(w->buf, n);
}

void usher_json_put_bool(usher_json_writer *w, bool value)
{
    put_comma(w);
    usher_buf_put(w->buf, value ? USHER_STR("true") : USHER_STR("false"));
}

void usher_json_put_null(usher_json_writer *w)
{
    put_comma(w);
    usher_buf_put(w->buf, USHER_STR("null"));
}

void usher_json_put_raw(usher_json_writer *w, usher_str json)
{
    put_comma(w);
    usher_buf_put(w->buf, json);
}

void usher_json_put_member(usher_json_writer *w, usher_str name, usher_str text)
{
    if (!text.ptr) return;
    usher_json_name(w, name);
    usher_json_put_string(w, text);
}
