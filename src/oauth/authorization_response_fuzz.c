/* The query of a callback. */
#include <assert.h>

#include "base/str.h"
#include "oauth/authorization.h"
#include "oauth/text.h"
#include "tests/kit/kit.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_value(const usher_form *form, usher_str name, usher_str value)
{
    assert(usher_form_count(form, name) == (value.ptr ? 1 : 0));
    if (!value.ptr) return;
    assert(usher_oauth_visible(value) && usher_str_eq(value, usher_form_last(form, name)));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    kit_alloc state = {.fail_at = SIZE_MAX};
    usher_allocator alloc = kit_allocator(&state);
    usher_authorization_response r;
    usher_arena a;
    usher_form form;

    usher_arena_init(&a, &alloc, 1024, 4 << 20);
    if (!usher_form_read(&form, &a, (usher_str){(const char *)data, size}, NULL)) {
        if (usher_authorization_response_read(&r, &form, NULL)) {
            assert(!r.code.ptr && !r.state.ptr && !r.iss.ptr && !r.error.ptr);
        } else {
            assert(!r.code.ptr != !r.error.ptr);
            check_value(&form, USHER_STR("code"), r.code);
            check_value(&form, USHER_STR("state"), r.state);
            check_value(&form, USHER_STR("iss"), r.iss);
            check_value(&form, USHER_STR("error"), r.error);
        }
    }
    usher_arena_deinit(&a);
    assert(state.live == 0);
    return 0;
}
