/* Input: what somebody wrote into the field for an e-mail address. */
#include <assert.h>

#include "base/str.h"
#include "session/email.h"
#include "tests/kit/kit.h"
#include "wire/utf8.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(usher_str out, bool dotted)
{
    usher_str domain, rest, local = usher_str_cut(out, '@', &domain);

    (void)usher_str_cut(domain, '@', &rest);
    assert(local.len && domain.len && !rest.ptr); /* one '@', with something on both sides */
    assert(usher_utf8_valid(out));
    assert(!usher_str_has(domain, ',') && !usher_str_has(out, '"'));
    assert(!dotted || usher_str_has(domain, '.'));
    for (size_t i = 0; i < out.len; i++) {
        unsigned char c = (unsigned char)out.ptr[i];
        assert(c > ' ' && c != 0x7f && !(c >= 'A' && c <= 'Z'));
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    usher_str text = {(const char *)data, size}, v4, v5;
    usher_arena a;
    usher_status rc;

    usher_arena_init(&a, usher_allocator_default(), 4096, 1 << 20);
    rc = usher_email_read(&v4, &a, text, true, NULL);
    assert(rc == USHER_OK);
    rc = usher_email_read(&v5, &a, text, false, NULL);
    assert(rc == USHER_OK);
    if (v4.ptr) {
        check(v4, true);
        assert(usher_str_eq(v4, v5));
    }
    if (v5.ptr) check(v5, false);
    usher_arena_deinit(&a);
    return 0;
}
