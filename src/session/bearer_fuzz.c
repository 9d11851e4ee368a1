/* Input: a byte that says which allocation fails ('~': none) and the value of Authorization. */
#include <assert.h>
#include <string.h>

#include "session/bearer.h"
#include "session/rig.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size == 0) return 0;
    kit_alloc memory = {.fail_at = data[0] == '~' ? SIZE_MAX : data[0]};
    usher_allocator alloc = kit_allocator(&memory);
    usher_str token, header = {(const char *)data + 1, size - 1};
    usher_arena a;

    usher_arena_init(&a, &alloc, 256, (size_t)1 << 22);
    usher_status rc = usher_bearer_read(&token, &a, header, NULL);
    assert(!rc || USHER_STATUS_CLASS(rc) == USHER_CLASS_HOST);
    if (rc) assert(!token.ptr);
    if (token.len) assert(usher_str_starts(header, USHER_STR("Bearer")));
    if (token.len) assert(header.len == 6 || token.len <= header.len - 7);
    usher_arena_deinit(&a);
    assert(memory.live == 0);
    return 0;
}
