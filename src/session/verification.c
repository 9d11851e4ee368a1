#include "session/verification.h"

#include "base/buf.h"
#include "base/error.h"
#include "wire/jose/digest.h"
#include "wire/url.h"

#define URL_MAX ((size_t)64 << 10)

usher_status usher_verification_new(char out[USHER_VERIFICATION_TOKEN], usher_entropy entropy,
                                    usher_error *err)
{
    uint8_t random[USHER_VERIFICATION_TOKEN / 2];

    if (!entropy.fill(entropy.ctx, random, sizeof random))
        return usher_fail(err, USHER_E_CRYPTO, "verification: no entropy for a token", 0);
    usher_hex(out, random, sizeof random);
    usher_wipe(random, sizeof random);
    return USHER_OK;
}

usher_status usher_verification_hash(char out[USHER_VERIFICATION_HASH], const usher_keyring *keys,
                                     usher_secret provider_secret, usher_str token,
                                     usher_error *err)
{
    usher_secret secret = provider_secret.len ? provider_secret : keys->csrf;
    const usher_str parts[] = {token, {(const char *)secret.ptr, secret.len}};
    uint8_t digest[USHER_DIGEST_MAX];
    usher_status rc = usher_digest_parts(digest, USHER_SHA256, parts, 2, err);

    if (rc == USHER_OK) usher_hex(out, digest, USHER_VERIFICATION_HASH / 2);
    return rc;
}

usher_status usher_verification_link(usher_str *out, usher_arena *a, usher_str callback,
                                     usher_str callback_url, usher_str token, usher_str address,
                                     usher_error *err)
{
    usher_buf b;

    usher_buf_init(&b, a, URL_MAX);
    usher_buf_put(&b, callback);
    usher_url_put_param(&b, USHER_STR("callbackUrl"), callback_url);
    usher_url_put_param(&b, USHER_STR("token"), token);
    usher_url_put_param(&b, USHER_STR("email"), address);
    return usher_buf_take(out, &b, err);
}

usher_status usher_verification_sent(usher_str *out, usher_arena *a, usher_str page,
                                     usher_str provider, usher_error *err)
{
    usher_buf b;

    usher_buf_init(&b, a, URL_MAX);
    usher_buf_put(&b, page);
    usher_url_put_param(&b, USHER_STR("provider"), provider);
    usher_url_put_param(&b, USHER_STR("type"), USHER_STR("email"));
    return usher_buf_take(out, &b, err);
}
