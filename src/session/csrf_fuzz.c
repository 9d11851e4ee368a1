/* Input: the value of the CSRF cookie, for a site with the secret "secret". */
#include <assert.h>
#include <string.h>

#include "session/csrf.h"
#include "session/rig.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char *const secrets[] = {"secret", NULL};
    static usher_keyring keys;
    usher_str token, again, value = {(const char *)data, size};

    if (!keys.profile &&
        rig_ring(&keys, usher_allocator_default(), &usher_profile_authjs_5, secrets))
        abort();
    if (usher_csrf_read(&token, &keys, value, NULL)) abort();
    if (!token.ptr) return 0;
    assert(token.len && token.ptr == value.ptr); /* the text before the first bar */
    assert(value.len >= token.len + 65 && value.ptr[token.len] == '|');
    assert(!usher_str_has(token, '|'));
    /* With the hash alone behind it, it is still trusted; one digit less, and it is not. */
    assert(!usher_csrf_read(&again, &keys, (usher_str){value.ptr, token.len + 65}, NULL));
    assert(usher_str_eq(again, token));
    assert(!usher_csrf_read(&again, &keys, (usher_str){value.ptr, token.len + 64}, NULL));
    assert(!again.ptr);
    return 0;
}
