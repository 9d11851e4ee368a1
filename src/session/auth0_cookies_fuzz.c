/* Input: a byte that says which allocation fails ('~': none), and a Cookie header. */
#include <assert.h>

#include "session/auth0_rig.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define LIMIT ((size_t)16 << 20)

static void check_jar(const usher_auth0_jar *jar)
{
    assert(jar->count <= USHER_AUTH0_COOKIES_MAX);
    for (size_t i = 0; i < jar->count; i++) /* one for each name */
        for (size_t j = 0; j < i; j++)
            assert(!usher_str_eq(jar->items[i].name, jar->items[j].name));
}

/* A value is the plain cookie's, or as long as its pieces together. */
static void check_value(usher_arena *a, const usher_auth0_jar *jar, usher_str name,
                        usher_str separator)
{
    usher_auth0_value v;
    const usher_cookie *plain = usher_auth0_jar_get(jar, name);
    size_t number, total = 0, count = 0, end = usher_auth0_pieces_end(jar, name, separator);

    if (usher_auth0_jar_value(&v, a, jar, name, separator, NULL)) {
        assert(!v.value.ptr);
        return;
    }
    for (size_t i = 0; i < jar->count; i++)
        if (usher_auth0_piece(&number, jar->items[i].name, name, separator)) {
            assert(number < end || number == SIZE_MAX);
            total += jar->items[i].value.len;
            count++;
        }
    assert((count == 0) == (end == 0));
    if (plain && plain->value.len)
        assert(usher_str_eq(v.value, plain->value) && !v.incomplete && !v.too_many);
    else if (v.incomplete || v.too_many || count == 0)
        assert(!v.value.ptr && (count != 0) == (v.incomplete || v.too_many));
    else
        assert(v.value.len == total && count <= USHER_CHUNKS_MAX);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    kit_alloc memory = {.fail_at = SIZE_MAX};
    usher_allocator alloc = kit_allocator(&memory);
    usher_auth0_options o;
    usher_auth0_jar jar;
    usher_arena arena;

    if (size < 1) return 0;
    usher_str header = {(const char *)data + 1, size - 1};
    if (data[0] != '~') memory.fail_at = data[0];
    usher_auth0_options_init(&o);
    usher_arena_init(&arena, &alloc, 1 << 12, LIMIT);
    if (usher_auth0_jar_read(&jar, &arena, &o, header, NULL) == USHER_OK) {
        check_jar(&jar);
        check_value(&arena, &jar, o.cookie_name, o.names->chunk);
        check_value(&arena, &jar, o.names->legacy_session, o.names->legacy_chunk);
    } else {
        assert(jar.count == 0);
    }
    if (usher_auth0_jar_read_transactions(&jar, &arena, &o, header, NULL) == USHER_OK)
        check_jar(&jar);
    usher_arena_deinit(&arena);
    assert(memory.live == 0);
    return 0;
}
