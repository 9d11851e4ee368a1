#include "session/keyring.h"

#include <string.h>

#include "base/error.h"
#include "base/str.h"
#include "wire/base64url.h"
#include "wire/jose/hkdf.h"

#define INFO_MAX 1024 /* the profile's text and a cookie's name */

/* HKDF info: the profile's text, then " (salt)". NextAuth v4 leaves the brackets out where there is
 * no salt; Auth.js v5 writes them even around nothing. */
static usher_status info_write(char out[INFO_MAX], size_t *len, const usher_profile *profile,
                               usher_str salt, usher_error *err)
{
    bool brackets = salt.len || profile->session_salted;

    *len = 0;
    if (salt.len > INFO_MAX - 3 - profile->info.len)
        return usher_fail(err, USHER_E_SETTING, "keyring: a cookie's name is too long", 0);
    memcpy(out, profile->info.ptr, profile->info.len);
    *len = profile->info.len;
    if (!brackets) return USHER_OK;
    memcpy(out + *len, " (", 2);
    *len += 2;
    if (salt.len) memcpy(out + *len, salt.ptr, salt.len);
    *len += salt.len;
    out[(*len)++] = ')';
    return USHER_OK;
}

static void header_append(usher_key_header *h, usher_str text)
{
    memcpy(h->json + h->json_len, text.ptr, text.len);
    h->json_len = (uint16_t)(h->json_len + text.len);
}

/* The members in the originals' order, without white space. */
static void header_write(usher_key_header *h, const usher_profile *profile,
                         const usher_jwe_key *key)
{
    *h = (usher_key_header){0};
    header_append(h, profile->header_enc_first ? USHER_STR("{\"enc\":\"")
                                               : USHER_STR("{\"alg\":\"dir\",\"enc\":\""));
    header_append(h, key->enc == USHER_A256GCM ? USHER_STR("A256GCM") : USHER_STR("A256CBC-HS512"));
    if (profile->header_enc_first) header_append(h, USHER_STR("\",\"alg\":\"dir"));
    if (profile->kid) {
        header_append(h, USHER_STR("\",\"kid\":\""));
        header_append(h, (usher_str){key->kid, key->kid_len});
    }
    header_append(h, USHER_STR("\"}"));
    usher_base64url_encode(h->b64, (const uint8_t *)h->json, h->json_len);
    h->b64_len = (uint16_t)usher_base64url_encoded_size(h->json_len);
}

/* Derives the keys of one secret for one purpose. A256GCM's key is the first half of the longer
 * one: HKDF's output does not depend on how much of it is asked for. */
static usher_status keys_derive(usher_keyring *k, usher_purpose purpose, size_t index,
                                usher_secret secret, usher_str salt, usher_error *err)
{
    uint8_t bytes[USHER_JWE_KEY_MAX];
    char info[INFO_MAX];
    size_t info_len;
    usher_jwe_key *keys = k->keys[purpose][index];
    usher_status rc;

    if ((rc = info_write(info, &info_len, k->profile, salt, err)) ||
        (rc = usher_hkdf_sha256(bytes, usher_jwe_key_size(k->profile->enc), secret.ptr, secret.len,
                                salt, (usher_str){info, info_len}, err)) ||
        (rc = usher_jwe_key_init(&keys[0], k->profile->enc, bytes, err)))
        goto done;
    if (k->profile->also_gcm && (rc = usher_jwe_key_init(&keys[1], USHER_A256GCM, bytes, err)))
        goto done;
    header_write(&k->headers[purpose][index], k->profile, &keys[0]);
done:
    usher_wipe(bytes, sizeof bytes);
    return rc;
}

/* Which salt a purpose has. False: it has no key. */
static bool salt_of(usher_str *salt, const usher_profile *profile, usher_purpose purpose,
                    const usher_str salts[USHER_PURPOSES])
{
    *salt = salts[purpose];
    if (profile->one_key) {
        *salt = USHER_STR("");
        return true;
    }
    if (purpose == USHER_FOR_SESSION) {
        if (!profile->session_salted) *salt = USHER_STR("");
        return !profile->session_salted || salt->ptr;
    }
    if (purpose == USHER_FOR_STATE_PARAM) *salt = profile->state_param_salt;
    return salt->len != 0;
}

static usher_status salts_differ(const usher_profile *profile,
                                 const usher_str salts[USHER_PURPOSES], usher_error *err)
{
    usher_str one, other;

    if (profile->one_key) return USHER_OK;
    for (unsigned i = 0; i < USHER_PURPOSES; i++)
        for (unsigned j = 0; j < i; j++)
            if (salt_of(&one, profile, (usher_purpose)i, salts) &&
                salt_of(&other, profile, (usher_purpose)j, salts) && usher_str_eq(one, other))
                return usher_fail(err, USHER_E_SETTING,
                                  "keyring: two cookies of one name would share a key", i);
    return USHER_OK;
}

static usher_status secrets_check(const usher_secret *secrets, size_t count, usher_error *err)
{
    if (count == 0) return usher_fail(err, USHER_E_SETTING, "keyring: no secret", 0);
    if (count > USHER_SECRETS_MAX)
        return usher_fail(err, USHER_E_SETTING, "keyring: more secrets than are tried", count);
    for (size_t i = 0; i < count; i++)
        if (secrets[i].len == 0)
            return usher_fail(err, USHER_E_SETTING, "keyring: an empty secret", i);
    return USHER_OK;
}

/* As JavaScript prints a list: the elements joined by commas; a single text is itself. */
static usher_status csrf_join(usher_secret *out, const usher_allocator *alloc,
                              const usher_secret *secrets, size_t count, usher_error *err)
{
    size_t len = count - 1, at = 0;

    for (size_t i = 0; i < count; i++)
        len += secrets[i].len;
    uint8_t *p = alloc->get(alloc->ctx, len);
    if (!p) return usher_fail(err, USHER_E_NOMEM, "keyring: out of memory", 0);
    for (size_t i = 0; i < count; i++) {
        if (i) p[at++] = ',';
        memcpy(p + at, secrets[i].ptr, secrets[i].len);
        at += secrets[i].len;
    }
    *out = (usher_secret){p, len};
    return USHER_OK;
}

static usher_status purpose_derive(usher_keyring *k, usher_purpose purpose,
                                   const usher_secret *secrets,
                                   const usher_str salts[USHER_PURPOSES], usher_error *err)
{
    usher_str salt;
    usher_status rc = USHER_OK;

    if (!salt_of(&salt, k->profile, purpose, salts)) return USHER_OK;
    for (size_t i = 0; i < k->secret_count && rc == USHER_OK; i++)
        rc = keys_derive(k, purpose, i, secrets[i], salt, err);
    k->has[purpose] = rc == USHER_OK;
    return rc;
}

static usher_status signing_derive(usher_keyring *k, const usher_secret *secrets, usher_error *err)
{
    usher_status rc = USHER_OK;

    if (!k->profile->auth0) return USHER_OK;
    for (size_t i = 0; i < k->secret_count && rc == USHER_OK; i++)
        rc = usher_hkdf_sha256(k->signing[i], USHER_SIGNING_KEY, secrets[i].ptr, secrets[i].len,
                               USHER_STR(""), k->profile->auth0->signing_info, err);
    return rc;
}

usher_status usher_keyring_init(usher_keyring *out, const usher_allocator *alloc,
                                const usher_profile *profile, const usher_secret *secrets,
                                size_t count, const usher_str salts[USHER_PURPOSES],
                                usher_error *err)
{
    usher_status rc;

    memset(out, 0, sizeof *out);
    if ((rc = secrets_check(secrets, count, err)) || (rc = salts_differ(profile, salts, err)))
        return rc;
    out->profile = profile;
    out->secret_count = count;
    rc = csrf_join(&out->csrf, alloc, secrets, profile->secret_list ? count : 1, err);
    for (unsigned p = 0; p < USHER_PURPOSES && rc == USHER_OK; p++)
        rc = purpose_derive(out, (usher_purpose)p, secrets, salts, err);
    if (rc == USHER_OK) rc = signing_derive(out, secrets, err);
    if (rc) usher_keyring_deinit(out, alloc);
    return rc;
}

void usher_keyring_deinit(usher_keyring *k, const usher_allocator *alloc)
{
    if (!k) return;
    usher_secret_free(&k->csrf, alloc);
    usher_wipe(k, sizeof *k);
}
