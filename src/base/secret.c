#include "base/secret.h"

#include <string.h>

#include <openssl/crypto.h>

#include "base/error.h"

void usher_wipe(void *ptr, size_t len)
{
    /* Never left out by a compiler, and several times as fast as libcrypto's, which goes by eights:
     * every exchange wipes its arena. */
    if (ptr && len) explicit_bzero(ptr, len);
}

usher_status usher_secret_dup(usher_secret *out, const usher_allocator *alloc, const void *bytes,
                              size_t len, usher_error *err)
{
    *out = (usher_secret){0};
    uint8_t *p = alloc->get(alloc->ctx, len ? len : 1);
    if (!p) return usher_fail(err, USHER_E_NOMEM, "secret: out of memory", 0);
    if (len) memcpy(p, bytes, len);
    *out = (usher_secret){p, len};
    return USHER_OK;
}

void usher_secret_free(usher_secret *s, const usher_allocator *alloc)
{
    if (!s || !s->ptr) return;
    usher_wipe(s->ptr, s->len);
    alloc->put(alloc->ctx, s->ptr, s->len ? s->len : 1);
    *s = (usher_secret){0};
}

bool usher_secret_equal(usher_secret a, usher_secret b)
{
    return a.len != 0 && a.len == b.len && CRYPTO_memcmp(a.ptr, b.ptr, a.len) == 0;
}

bool usher_secret_equal_str(usher_str a, usher_str b)
{
    return a.len != 0 && a.len == b.len && CRYPTO_memcmp(a.ptr, b.ptr, a.len) == 0;
}
