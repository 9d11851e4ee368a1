#include <assert.h>

#include "base/buf.h"
#include "base/str.h"
#include "gate/pattern.h"
#include "gate/route.h"
#include "tests/kit/kit.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define ROOM ((size_t)8 << 20)

static void check_route(usher_arena *a, usher_str source)
{
    usher_str regexp;
    const usher_pattern *pattern;
    usher_error err = {0};
    usher_status rc = usher_route_regexp(&regexp, a, source, &err);

    assert(rc == USHER_OK || rc == USHER_E_SETTING || rc == USHER_E_LIMIT);
    assert(rc == USHER_OK ? usher_str_starts(regexp, USHER_STR("^")) : err.at <= source.len);
    if (rc == USHER_OK) (void)!usher_pattern_compile(&pattern, a, regexp, NULL);
}

/* A literal text matches itself, whatever it is made of, if every unit is written as an escape. */
static void check_literal(usher_arena *a, usher_units text)
{
    static const char hex[] = "0123456789abcdef";
    const usher_pattern *pattern;
    usher_str js;
    usher_buf b;
    bool found;

    usher_buf_init(&b, a, USHER_PATTERN_MAX);
    usher_buf_put_char(&b, '^');
    for (size_t i = 0; i < text.len; i++) {
        usher_buf_put_z(&b, "\\u");
        for (int shift = 12; shift >= 0; shift -= 4)
            usher_buf_put_char(&b, hex[text.ptr[i] >> shift & 15]);
    }
    usher_buf_put_char(&b, '$');
    if (usher_buf_take(&js, &b, NULL) || usher_pattern_compile(&pattern, a, js, NULL)) return;
    usher_status rc = usher_pattern_test(&found, pattern, a, text, NULL);
    assert(rc == USHER_OK && found);
}

/* A line feed divides an expression from a text. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    usher_str text, js = usher_str_cut((usher_str){(const char *)data, size}, '\n', &text);
    const usher_pattern *pattern;
    usher_units units;
    usher_error err = {0};
    usher_arena a;
    bool found = true, again;

    usher_arena_init(&a, usher_allocator_default(), 4096, ROOM);
    check_route(&a, js);
    if (usher_units_latin1(&units, &a, text, NULL)) goto done;
    check_literal(&a, units);
    usher_status rc = usher_pattern_compile(&pattern, &a, js, &err);
    assert(rc == USHER_OK || (!pattern && err.status == rc && err.what));
    if (rc) goto done;
    rc = usher_pattern_test(&found, pattern, &a, units, NULL);
    assert(rc == USHER_OK || (rc == USHER_E_LIMIT && !found));
    if (rc == USHER_OK && usher_pattern_test(&again, pattern, &a, units, NULL) == USHER_OK)
        assert(again == found);
done:
    usher_arena_deinit(&a);
    return 0;
}
