#include <assert.h>

#include "base/buf.h"
#include "base/str.h"
#include "gate/pattern.h"
#include "gate/route.h"
#include "tests/kit/kit.h"
#include "wire/utf8.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define ROOM ((size_t)8 << 20)

/* Memory may end where an input says so; nothing else of the host can fail here. */
static bool fits(usher_status rc, const kit_alloc *memory)
{
    return rc != USHER_E_NOMEM || memory->failed;
}

static void check_route(usher_arena *a, usher_str source, const kit_alloc *memory)
{
    usher_str regexp;
    const usher_pattern *pattern;
    usher_error err = {0};
    usher_status rc = usher_route_regexp(&regexp, a, source, &err);

    assert(rc == USHER_OK || rc == USHER_E_SETTING || USHER_STATUS_CLASS(rc) == USHER_CLASS_HOST);
    assert(fits(rc, memory));
    assert(rc == USHER_OK ? usher_str_starts(regexp, USHER_STR("^")) : !regexp.ptr);
    if (rc == USHER_E_SETTING) assert(err.at <= source.len);
    if (rc == USHER_OK) (void)!usher_pattern_compile(&pattern, a, regexp, NULL);
}

/* A literal text matches itself, whatever it is made of, if every unit is written as an escape. One
 * input in four: it takes one more compilation. */
static void check_literal(usher_arena *a, usher_units text, const kit_alloc *memory)
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
    assert(fits(rc, memory) && (rc == USHER_OK) == found && (found || memory->failed));
}

static void check_test(usher_arena *a, const usher_pattern *pattern, usher_units units,
                       const kit_alloc *memory)
{
    bool found = true, again;
    usher_status rc = usher_pattern_test(&found, pattern, a, units, NULL);

    assert(rc == USHER_OK || (USHER_STATUS_CLASS(rc) == USHER_CLASS_HOST && !found));
    assert(fits(rc, memory));
    if (rc == USHER_OK && usher_pattern_test(&again, pattern, a, units, NULL) == USHER_OK)
        assert(again == found);
}

/* What the bytes are as UTF-8: never more units than bytes, and two for what is beyond 0xffff. */
static bool read_utf8(usher_units *out, usher_arena *a, usher_str text, const kit_alloc *memory)
{
    usher_status rc = usher_units_of(out, a, text, NULL);

    assert(fits(rc, memory) && (rc || out->len <= text.len) && (!rc || !out->len));
    if (!memory->failed) assert((rc == USHER_OK) == usher_utf8_valid(text));
    return rc == USHER_OK;
}

/* A line feed divides an expression from a text; '!' and a byte in front: the allocation of that
 * number fails. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    usher_str input = {(const char *)data, size}, text, js;
    kit_alloc memory = {.fail_at = SIZE_MAX};
    usher_allocator alloc = kit_allocator(&memory);
    const usher_pattern *pattern;
    usher_units bytes, units;
    usher_error err = {0};
    usher_arena a;

    if (size > 1 && data[0] == '!') {
        memory.fail_at = data[1];
        input = usher_str_from(input, 2);
    }
    js = usher_str_cut(input, '\n', &text);
    usher_arena_init(&a, &alloc, 4096, ROOM);
    check_route(&a, js, &memory);
    if (usher_units_latin1(&bytes, &a, text, NULL)) goto done;
    if (kit_sampled(data, size, 4)) check_literal(&a, bytes, &memory);
    usher_status rc = usher_pattern_compile(&pattern, &a, js, &err);
    assert(rc == USHER_OK || (!pattern && err.status == rc && err.what));
    assert(fits(rc, &memory));
    if (rc) goto done;
    check_test(&a, pattern, bytes, &memory);
    if (read_utf8(&units, &a, text, &memory) && units.len != bytes.len)
        check_test(&a, pattern, units, &memory);
done:
    usher_arena_deinit(&a);
    assert(memory.live == 0);
    return 0;
}
