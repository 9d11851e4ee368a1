/* Input: a digit that picks the base, a byte that says which allocation fails ('~': none), and what
 * the request wants to return to. */
#include <assert.h>

#include "base/str.h"
#include "session/auth0_return_to.h"
#include "tests/kit/kit.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define LIMIT ((size_t)16 << 20)

static const struct {
    usher_str base, origin;
} bases[] = {
    {USHER_STR_INIT("https://app.example.com"), USHER_STR_INIT("https://app.example.com/")},
    {USHER_STR_INIT("https://app.example.com/base"), USHER_STR_INIT("https://app.example.com/")},
    {USHER_STR_INIT("http://localhost:3000/a/b/?q"), USHER_STR_INIT("http://localhost:3000/")},
};

static void check_ascii(usher_str s)
{
    for (size_t i = 0; i < s.len; i++)
        assert(s.ptr[i] > ' ' && s.ptr[i] < 0x7f);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    kit_alloc memory = {.fail_at = SIZE_MAX};
    usher_allocator alloc = kit_allocator(&memory);
    usher_str path, url, again;
    usher_arena arena;

    if (size < 2) return 0;
    usher_str value = {(const char *)data + 2, size - 2};
    usher_str base = bases[data[0] % 3].base, origin = bases[data[0] % 3].origin;
    if (data[1] != '~') memory.fail_at = data[1];
    usher_arena_init(&arena, &alloc, 1 << 12, LIMIT);
    usher_status rc =
        usher_auth0_return_to(&path, &arena, value, base, USHER_STR("/home"), 2048, NULL);
    assert(path.len && path.len <= 2048 && path.ptr[0] == '/');
    check_ascii(path);
    if (rc == USHER_OK && (rc = usher_auth0_location(&url, &arena, path, base, NULL)) == USHER_OK) {
        assert(usher_str_starts(url, origin)); /* whatever was asked for */
        check_ascii(url);
        /* the URL itself is a way to ask for the same place */
        rc = usher_auth0_return_to(&again, &arena, url, base, USHER_STR("/home"), 1 << 16, NULL);
        assert(rc || usher_str_eq(again, usher_str_from(url, origin.len - 1)));
    }
    /* the path behind the seal is not trusted to be one of ours */
    if (usher_auth0_location(&url, &arena, value, base, NULL) == USHER_OK)
        assert(usher_str_starts(url, origin));
    usher_arena_deinit(&arena);
    assert(memory.live == 0);
    return 0;
}
