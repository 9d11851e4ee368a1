#include "wire/html.h"

#include <string.h>

#include "base/str.h"
#include "wire/utf8.h"

/* What stands for a byte that may not stand as it is; "" drops it, NULL keeps it. The apostrophe
 * has no name in HTML 4, hence the number. CR goes too: browsers would turn it into a line feed. */
static const char *replacement(uint8_t c)
{
    switch (c) {
    case '&': return "&amp;";
    case '<': return "&lt;";
    case '>': return "&gt;";
    case '"': return "&quot;";
    case '\'': return "&#39;";
    case '\t':
    case '\n': return NULL;
    case 0x7f: return "";
    default: return c < 0x20 ? "" : NULL;
    }
}

/* U+0080 to U+009F: browsers read some of them as Windows-1252, so they go as controls. */
static bool is_c1(usher_str s)
{
    return s.len >= 2 && (uint8_t)s.ptr[0] == 0xc2 && (uint8_t)s.ptr[1] < 0xa0;
}

static void put_one(usher_buf *b, usher_str s, size_t n)
{
    if (!is_c1(s)) usher_buf_put(b, (usher_str){s.ptr, n});
}

void usher_html_put(usher_buf *b, usher_str text)
{
    while (text.len) {
        size_t plain = 0;
        while (plain < text.len && (uint8_t)text.ptr[plain] < 0x80 &&
               !replacement((uint8_t)text.ptr[plain]))
            plain++;
        if (plain) usher_buf_put(b, (usher_str){text.ptr, plain});
        text = usher_str_from(text, plain);
        if (text.len == 0) break;

        const char *instead = replacement((uint8_t)text.ptr[0]);
        size_t n = usher_utf8_step(text);
        if (instead)
            usher_buf_put_z(b, instead);
        else if (n)
            put_one(b, text, n);
        else
            usher_buf_put(b, USHER_STR("\xef\xbf\xbd"));
        text = usher_str_from(text, n ? n : usher_utf8_bad_step(text));
    }
}
