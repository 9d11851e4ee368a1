#include "site/complain.h"

#include "base/buf.h"
#include "base/str.h"
#include "wire/utf8.h"

#define MESSAGE_MAX 1024
#define VIEW_MAX    120 /* bytes of one piece of input that are shown */

usher_place usher_place_of(const usher_node *node)
{
    return node ? (usher_place){node->line, node->column} : (usher_place){0, 0};
}

usher_place usher_place_of_key(const usher_node *node)
{
    if (node && node->key.ptr) return (usher_place){node->key_line, node->key_column};
    return usher_place_of(node);
}

static bool shown_as_is(usher_str character)
{
    unsigned char c = (unsigned char)character.ptr[0];

    if (character.len == 1) return c >= 0x20 && c < 0x7f;
    return c != 0xc2 || (unsigned char)character.ptr[1] >= 0xa0; /* U+0080-U+009F steer terminals */
}

static void put_escaped(usher_buf *b, usher_str bytes)
{
    static const char hex[] = "0123456789abcdef";

    for (size_t i = 0; i < bytes.len; i++) {
        unsigned char c = (unsigned char)bytes.ptr[i];
        usher_buf_put(b, USHER_STR("\\x"));
        usher_buf_put_char(b, hex[c >> 4]);
        usher_buf_put_char(b, hex[c & 15]);
    }
}

static void put_view(usher_buf *b, usher_str view)
{
    for (size_t shown = 0; view.len;) {
        size_t step = usher_utf8_step(view);
        usher_str character = {view.ptr, step ? step : 1};

        if ((shown += character.len) > VIEW_MAX) {
            usher_buf_put(b, USHER_STR("…"));
            return;
        }
        if (step && shown_as_is(character))
            usher_buf_put(b, character);
        else
            put_escaped(b, character);
        view = usher_str_from(view, character.len);
    }
}

static void record(usher_complaints *c, usher_place at, bool warning, const char *text,
                   const usher_str views[3])
{
    usher_str message, rest = usher_str_z(text);
    usher_buf b;

    if (usher_problems_full(c->list)) { /* it is only counted: no memory for words nobody reads */
        c->list->errors += !warning;
        return;
    }
    usher_buf_init(&b, &c->list->arena, MESSAGE_MAX);
    while (rest.ptr) {
        usher_buf_put(&b, usher_str_cut(rest, '$', &rest));
        if (!rest.len) break;
        put_view(&b, views[(rest.ptr[0] - '1') % 3]);
        rest = usher_str_from(rest, 1);
    }
    if (usher_buf_take(&message, &b, NULL) ||
        !usher_problems_add(c->list, c->file, at.line, at.column, warning, message))
        c->no_memory = true;
}

void usher_complain(usher_complaints *c, usher_place at, const char *text, usher_str v1,
                    usher_str v2, usher_str v3)
{
    record(c, at, false, text, (const usher_str[]){v1, v2, v3});
}

void usher_warn(usher_complaints *c, usher_place at, const char *text, usher_str v1, usher_str v2,
                usher_str v3)
{
    record(c, at, true, text, (const usher_str[]){v1, v2, v3});
}
