#include "session/csrf.h"

#include "base/error.h"
#include "base/str.h"
#include "wire/jose/digest.h"

#define HASH_CHARS 64

/* SHA-256 of the token's text followed by the secret, in hex. No HMAC: it is the originals'. */
static usher_status csrf_hash(char out[HASH_CHARS], const usher_keyring *keys, usher_str token,
                              usher_error *err)
{
    uint8_t digest[USHER_DIGEST_MAX];
    const usher_str parts[] = {token, {(const char *)keys->csrf.ptr, keys->csrf.len}};
    usher_status rc = usher_digest_parts(digest, USHER_SHA256, parts, 2, err);

    if (rc == USHER_OK) usher_hex(out, digest, HASH_CHARS / 2);
    return rc;
}

usher_status usher_csrf_read(usher_str *token, const usher_keyring *keys, usher_str cookie_value,
                             usher_error *err)
{
    char want[HASH_CHARS];
    usher_str rest, more, text, hash;
    usher_status rc;

    *token = (usher_str){0};
    text = usher_str_cut(cookie_value, '|', &rest);
    hash = usher_str_cut(rest, '|', &more); /* what follows a second bar is ignored, as there */
    if (text.len == 0 || hash.len != HASH_CHARS) return USHER_OK;
    if ((rc = csrf_hash(want, keys, text, err))) return rc;
    if (usher_secret_equal_str(hash, (usher_str){want, HASH_CHARS})) *token = text;
    return USHER_OK;
}

usher_status usher_csrf_new(usher_str *token, usher_str *cookie_value, usher_arena *a,
                            const usher_keyring *keys, usher_entropy entropy, usher_error *err)
{
    uint8_t random[HASH_CHARS / 2];
    usher_status rc;

    *token = *cookie_value = (usher_str){0};
    if (!entropy.fill(entropy.ctx, random, sizeof random))
        return usher_fail(err, USHER_E_CRYPTO, "csrf: no entropy for a token", 0);
    char *p = usher_arena_get(a, 2 * HASH_CHARS + 1); /* token, bar, hash */
    if (!p) return usher_arena_fail(a, err);
    usher_hex(p, random, sizeof random);
    p[HASH_CHARS] = '|';
    if ((rc = csrf_hash(p + HASH_CHARS + 1, keys, (usher_str){p, HASH_CHARS}, err))) return rc;
    *token = (usher_str){p, HASH_CHARS};
    *cookie_value = (usher_str){p, 2 * HASH_CHARS + 1};
    return USHER_OK;
}
