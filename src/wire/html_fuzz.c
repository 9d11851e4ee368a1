/* What comes out can stand in element content and in a double-quoted attribute, and undoing the
 * five escapes gives the text again, less what is dropped. */
#include <assert.h>

#include "base/str.h"
#include "tests/kit/kit.h"
#include "wire/html.h"
#include "wire/utf8.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const struct {
    usher_str entity;
    char c;
} entities[] = {
    {USHER_STR_INIT("&amp;"), '&'},  {USHER_STR_INIT("&lt;"), '<'},   {USHER_STR_INIT("&gt;"), '>'},
    {USHER_STR_INIT("&quot;"), '"'}, {USHER_STR_INIT("&#39;"), '\''},
};

/* Every '&' begins one of the five. */
static usher_str unescape(char *out, usher_str html)
{
    size_t len = 0;

    while (html.len) {
        char c = html.ptr[0];
        size_t step = 1;
        if (c == '&') {
            size_t i = 0;
            while (i < 5 && !usher_str_starts(html, entities[i].entity))
                i++;
            assert(i < 5);
            c = entities[i].c;
            step = entities[i].entity.len;
        }
        out[len++] = c;
        html = usher_str_from(html, step);
    }
    return (usher_str){out, len};
}

static bool is_dropped(usher_str s)
{
    uint8_t c = (uint8_t)s.ptr[0];

    return (c < 0x20 && c != '\t' && c != '\n') || c == 0x7f ||
           (c == 0xc2 && s.len > 1 && (uint8_t)s.ptr[1] < 0xa0);
}

static usher_str without_dropped(char *out, usher_str text)
{
    size_t len = 0;

    while (text.len) {
        size_t n = usher_utf8_step(text);
        assert(n);
        if (!is_dropped(text)) {
            memcpy(out + len, text.ptr, n);
            len += n;
        }
        text = usher_str_from(text, n);
    }
    return (usher_str){out, len};
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    usher_str text = {(const char *)data, size}, html, repaired;
    usher_arena a;
    usher_buf b;

    usher_arena_init(&a, usher_allocator_default(), 256, SIZE_MAX);
    usher_buf_init(&b, &a, 6 * size); /* "&quot;" is the longest */
    usher_html_put(&b, text);
    assert(usher_buf_take(&html, &b, NULL) == USHER_OK);
    assert(usher_utf8_valid(html));
    for (size_t i = 0; i < html.len; i++) {
        assert(!strchr("<>\"'", html.ptr[i]) && html.ptr[i] != 0x7f);
        assert((uint8_t)html.ptr[i] >= 0x20 || html.ptr[i] == '\t' || html.ptr[i] == '\n');
    }
    usher_buf_init(&b, &a, 3 * size);
    usher_utf8_put(&b, text);
    assert(usher_buf_take(&repaired, &b, NULL) == USHER_OK);
    char *back = malloc(html.len + 1), *expected = malloc(repaired.len + 1);
    assert(back && expected);
    assert(usher_str_eq(unescape(back, html), without_dropped(expected, repaired)));
    free(back);
    free(expected);
    usher_arena_deinit(&a);
    return 0;
}
