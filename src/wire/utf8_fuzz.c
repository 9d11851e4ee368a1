/* The table of valid sequences against arithmetic: a sequence is valid if its code point, computed
 * from the bits, has that length as its shortest form and is no surrogate. */
#include <assert.h>

#include "base/str.h"
#include "tests/kit/kit.h"
#include "wire/utf8.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static size_t plain_step(const uint8_t *p, size_t len, uint32_t *code)
{
    static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
    size_t n = 1;

    if (len == 0) return 0;
    *code = p[0];
    if (p[0] < 0x80) return 1;
    while (n < 5 && p[0] & (0x80 >> n))
        n++;
    if (n < 2 || n > 4 || n > len) return 0;
    *code = p[0] & (0x7fu >> n);
    for (size_t i = 1; i < n; i++) {
        if ((p[i] & 0xc0) != 0x80) return 0;
        *code = *code << 6 | (p[i] & 0x3f);
    }
    bool surrogate = *code >= 0xd800 && *code <= 0xdfff;
    return *code < least[n] || *code > 0x10ffff || surrogate ? 0 : n;
}

/* A repaired text is valid, stays as it is when repaired again, and a valid one was not touched. */
static void check_repair(usher_str text, bool valid)
{
    usher_arena a;
    usher_buf b;
    usher_str once, twice;

    usher_arena_init(&a, usher_allocator_default(), 256, 1 << 20);
    usher_buf_init(&b, &a, 3 * text.len);
    usher_utf8_put(&b, text);
    usher_status rc = usher_buf_take(&once, &b, NULL);
    assert(rc == USHER_OK && usher_utf8_valid(once) && usher_str_eq(once, text) == valid);
    usher_buf_init(&b, &a, once.len);
    usher_utf8_put(&b, once);
    rc = usher_buf_take(&twice, &b, NULL);
    assert(rc == USHER_OK && usher_str_eq(once, twice));
    usher_arena_deinit(&a);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    usher_str text = {(const char *)data, size};
    bool valid = true;

    if (size > 4096) return 0;
    for (usher_str rest = text; rest.len;) {
        uint8_t again[4];
        uint32_t code = 0;
        size_t n = usher_utf8_step(rest), bad = usher_utf8_bad_step(rest);
        assert(n == plain_step((const uint8_t *)rest.ptr, rest.len, &code));
        assert(n ? bad == 0 : bad >= 1 && bad <= 3 && bad <= rest.len);
        if (n) assert(usher_utf8_encode(again, code) == n && !memcmp(again, rest.ptr, n));
        valid = valid && n;
        rest = usher_str_from(rest, n ? n : bad);
    }
    assert(usher_utf8_valid(text) == valid);
    assert(usher_utf8_step(usher_str_from(text, size)) == 0);
    assert(usher_utf8_bad_step(usher_str_from(text, size)) == 0);
    check_repair(text, valid);
    return 0;
}
