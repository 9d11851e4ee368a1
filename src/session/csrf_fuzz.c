/* Input: the value of the CSRF cookie, for a site with the secret "secret"; '!' in front: each
 * allocation of libcrypto fails in turn, and nothing is trusted for it. */
#include <assert.h>
#include <string.h>

#include "session/csrf.h"
#include "session/rig.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_failures(const usher_keyring *keys, usher_str value)
{
    usher_str sound, token;
    usher_status rc = usher_csrf_read(&sound, keys, value, NULL);

    assert(!rc);
    for (kit_crypto.fail_at = 0;; kit_crypto.fail_at++) {
        kit_crypto.calls = 0, kit_crypto.failed = false;
        rc = usher_csrf_read(&token, keys, value, NULL);
        if (!kit_crypto.failed) break;
        assert(rc ? !token.ptr : usher_str_eq(token, sound));
    }
    assert(!rc && usher_str_eq(token, sound));
    kit_crypto.fail_at = SIZE_MAX;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char *const secrets[] = {"secret", NULL};
    static usher_keyring keys;
    usher_str token, again, value = {(const char *)data, size};

    if (!keys.profile) {
        kit_crypto_install();
        if (rig_ring(&keys, usher_allocator_default(), &usher_profile_authjs_5, secrets)) abort();
    }
    if (usher_str_starts(value, USHER_STR("!"))) {
        check_failures(&keys, usher_str_from(value, 1));
        return 0;
    }
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
