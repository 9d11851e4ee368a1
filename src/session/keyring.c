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
static size_t csrf_size(const usher_secret *secrets, size_t count)
{
    size_t len = count - 1;

    for (size_t i = 0; i < count; i++)
        len += secrets[i].len;
    return len;
}

static void csrf_join(uint8_t *out, const usher_secret *secrets, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (i) *out++ = ',';
        memcpy(out, secrets[i].ptr, secrets[i].len);
        out += secrets[i].len;
    }
}

static size_t csrf_count(const usher_profile *profile, size_t count)
{
    return profile->secret_list ? count : 1;
}

/* The same key needs no second derivation; and as it has the same serial, ciphers that were made
 * ready for one purpose are ready for all. */
static void purpose_copy(usher_keyring *k, usher_purpose purpose)
{
    memcpy(k->keys[purpose], k->keys[USHER_FOR_SESSION], sizeof k->keys[purpose]);
    memcpy(k->headers[purpose], k->headers[USHER_FOR_SESSION], sizeof k->headers[purpose]);
    k->has[purpose] = true;
}

static usher_status purpose_derive(usher_keyring *k, usher_purpose purpose,
                                   const usher_secret *secrets,
                                   const usher_str salts[USHER_PURPOSES], usher_error *err)
{
    usher_str salt;
    usher_status rc = USHER_OK;

    if (k->profile->one_key && purpose != USHER_FOR_SESSION) {
        purpose_copy(k, purpose);
        return USHER_OK;
    }
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

static usher_status settings_check(const usher_profile *profile, const usher_secret *secrets,
                                   size_t count, const usher_str salts[USHER_PURPOSES],
                                   usher_error *err)
{
    usher_status rc = secrets_check(secrets, count, err);

    return rc ? rc : salts_differ(profile, salts, err);
}

/* Into zeroed memory; `csrf` has room for the secrets' text. */
static usher_status ring_fill(usher_keyring *out, uint8_t *csrf, const usher_profile *profile,
                              const usher_secret *secrets, size_t count,
                              const usher_str salts[USHER_PURPOSES], usher_error *err)
{
    usher_status rc = USHER_OK;

    out->profile = profile;
    out->secret_count = count;
    out->csrf = (usher_secret){csrf, csrf_size(secrets, csrf_count(profile, count))};
    csrf_join(csrf, secrets, csrf_count(profile, count));
    for (unsigned p = 0; p < USHER_PURPOSES && rc == USHER_OK; p++)
        rc = purpose_derive(out, (usher_purpose)p, secrets, salts, err);
    return rc ? rc : signing_derive(out, secrets, err);
}

/* ---- in the caller's memory ---------------------------------------------------------------- */

usher_status usher_keyring_init(usher_keyring *out, const usher_allocator *alloc,
                                const usher_profile *profile, const usher_secret *secrets,
                                size_t count, const usher_str salts[USHER_PURPOSES],
                                usher_error *err)
{
    usher_status rc;

    memset(out, 0, sizeof *out);
    if ((rc = settings_check(profile, secrets, count, salts, err))) return rc;
    uint8_t *csrf = alloc->get(alloc->ctx, csrf_size(secrets, csrf_count(profile, count)));
    if (!csrf) return usher_fail(err, USHER_E_NOMEM, "keyring: out of memory", 0);
    rc = ring_fill(out, csrf, profile, secrets, count, salts, err);
    if (rc) usher_keyring_deinit(out, alloc);
    return rc;
}

void usher_keyring_deinit(usher_keyring *k, const usher_allocator *alloc)
{
    if (!k || !k->secret_count) return; /* fifty kilobytes of zeroes need no wiping */
    usher_secret_free(&k->csrf, alloc);
    usher_wipe(k, sizeof *k);
}

/* ---- in pages of its own ------------------------------------------------------------------- */

#define COUNTERS_SIZE (USHER_KEY_SHARDS * sizeof(usher_key_shard) + _Alignof(usher_key_shard))

/* An allocator aligns for any plain type, and a shard wants a line. */
static usher_status counters_get(usher_keyring *k, usher_error *err)
{
    size_t align = _Alignof(usher_key_shard);

    if (!(k->counters = k->alloc.get(k->alloc.ctx, COUNTERS_SIZE)))
        return usher_fail(err, USHER_E_NOMEM, "keyring: out of memory", 0);
    memset(k->counters, 0, COUNTERS_SIZE);
    size_t past = (uintptr_t)k->counters % align;
    k->shards = (usher_key_shard *)(void *)((uint8_t *)k->counters + (align - past));
    return USHER_OK;
}

usher_status usher_keyring_new(usher_keyring **out, const usher_allocator *alloc,
                               const usher_profile *profile, const usher_secret *secrets,
                               size_t count, const usher_str salts[USHER_PURPOSES],
                               usher_error *err)
{
    usher_status rc;
    usher_locked pages;

    *out = NULL;
    if ((rc = settings_check(profile, secrets, count, salts, err)) ||
        (rc = usher_locked_init(
             &pages, sizeof(usher_keyring) + csrf_size(secrets, csrf_count(profile, count)), err)))
        return rc;
    usher_keyring *k = pages.ptr;
    k->pages = pages;
    k->alloc = *alloc;
    if ((rc = counters_get(k, err)) ||
        (rc = ring_fill(k, (uint8_t *)(k + 1), profile, secrets, count, salts, err)) ||
        (rc = usher_locked_freeze(&pages, err))) {
        usher_keyring_free(k);
        return rc;
    }
    *out = k;
    return USHER_OK;
}

void usher_keyring_free(usher_keyring *k)
{
    if (!k) return;
    usher_locked pages = k->pages;
    if (k->counters) k->alloc.put(k->alloc.ctx, k->counters, COUNTERS_SIZE);
    usher_locked_deinit(&pages);
}

/* ---- counting ------------------------------------------------------------------------------ */

/* Ciphers belong to threads. Their addresses differ in any bits at all, which multiplying by 2^64
 * over the golden ratio carries into the highest. */
static usher_key_shard *shard_of(const usher_keyring *k, const void *who)
{
    uint64_t mixed = (uint64_t)(uintptr_t)who * UINT64_C(0x9e3779b97f4a7c15);

    return &k->shards[mixed >> 60];
}

_Static_assert(USHER_KEY_SHARDS == 16, "shard_of takes four bits");

static void count_one(usher_key_shard *shard, size_t secret, usher_key_use use)
{
    atomic_fetch_add_explicit(&shard->used[secret][use], 1, memory_order_relaxed);
}

/* From the key's place in the table [purpose][secret][enc]. */
static size_t secret_of(const usher_keyring *k, const usher_jwe_key *key)
{
    return (size_t)(key - &k->keys[0][0][0]) / 2 % USHER_SECRETS_MAX;
}

void usher_keyring_count_open(const usher_keyring *k, const void *who,
                              const usher_jwe_key *const *tried, size_t count, usher_status rc)
{
    if (!k->shards || count == 0) return;
    usher_key_shard *shard = shard_of(k, who);
    if (rc == USHER_OK) count_one(shard, secret_of(k, tried[count - 1]), USHER_KEY_OPENED);
    if (rc != USHER_E_FORGED) return;
    for (size_t i = 0; i < count; i++)
        count_one(shard, secret_of(k, tried[i]), USHER_KEY_FAILED);
}

void usher_keyring_count_seal(const usher_keyring *k, const void *who)
{
    if (k->shards) count_one(shard_of(k, who), 0, USHER_KEY_SEALED);
}

static uint64_t count_all(const usher_keyring *k, size_t secret, usher_key_use use)
{
    uint64_t n = 0;

    for (size_t i = 0; i < USHER_KEY_SHARDS; i++)
        n += atomic_load_explicit(&k->shards[i].used[secret][use], memory_order_relaxed);
    return n;
}

bool usher_keyring_counts(const usher_keyring *k, size_t secret, usher_key_counts *out)
{
    *out = (usher_key_counts){0};
    if (secret >= k->secret_count) return false;
    out->secret = secret;
    if (!k->shards) return true;
    out->opened = count_all(k, secret, USHER_KEY_OPENED);
    out->sealed = count_all(k, secret, USHER_KEY_SEALED);
    out->failed = count_all(k, secret, USHER_KEY_FAILED);
    return true;
}
