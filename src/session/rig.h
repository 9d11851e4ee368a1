/* rig - what this folder's tests share: key rings with known secrets, an arena, a cipher, a seeded
 * entropy. Test code only. */
#ifndef USHER_SESSION_RIG_H
#define USHER_SESSION_RIG_H

#include "base/str.h"
#include "session/token.h"
#include "tests/kit/kit.h"

#define RIG_NOW   INT64_C(1767225600) /* 2026-01-01T00:00:00Z */
#define RIG_LIMIT ((size_t)64 << 20)

typedef struct rig {
    kit_alloc memory;
    usher_allocator alloc;
    usher_arena arena;
    kit_random random;
    usher_entropy entropy;
    usher_jwe_cipher *cipher;
    usher_keyring keys;
} rig;

static inline void rig_salts(usher_str salts[USHER_PURPOSES], const usher_profile *profile)
{
    for (unsigned p = 0; p < USHER_FOR_STATE_PARAM; p++)
        salts[p] = profile->cookies[usher_profile_cookie_of((usher_purpose)p)].name;
    salts[USHER_FOR_STATE_PARAM] = (usher_str){0};
}

/* `secrets` is a list with NULL at its end. */
static inline usher_status rig_ring(usher_keyring *keys, const usher_allocator *alloc,
                                    const usher_profile *profile, const char *const *secrets)
{
    usher_secret list[USHER_SECRETS_MAX + 1];
    usher_str salts[USHER_PURPOSES];
    size_t count = 0;

    for (; secrets[count]; count++) {
        union {
            const char *text;
            uint8_t *bytes;
        } u = {.text = secrets[count]};
        list[count] = (usher_secret){u.bytes, strlen(secrets[count])};
    }
    rig_salts(salts, profile);
    return usher_keyring_init(keys, alloc, profile, list, count, salts, NULL);
}

static inline void rig_open(rig *r, const usher_profile *profile, const char *const *secrets)
{
    *r = (rig){.memory = {.fail_at = SIZE_MAX}, .random = {.seed = 7, .fail_at = SIZE_MAX}};
    r->alloc = kit_allocator(&r->memory);
    r->entropy = kit_entropy(&r->random);
    usher_arena_init(&r->arena, &r->alloc, 1 << 16, RIG_LIMIT);
    r->cipher = usher_jwe_cipher_new(&r->alloc);
    assert_non_null(r->cipher);
    assert_ok(rig_ring(&r->keys, &r->alloc, profile, secrets));
}

static inline void rig_close(rig *r)
{
    usher_jwe_cipher_free(r->cipher);
    usher_keyring_deinit(&r->keys, &r->alloc);
    usher_arena_deinit(&r->arena);
    assert_int_equal(r->memory.live, 0);
}

static inline usher_str rig_seal(rig *r, usher_purpose purpose, usher_str claims, int64_t max_age_s)
{
    usher_str token;
    int64_t exp;

    assert_ok(usher_token_seal(&token, &exp, &r->arena, r->cipher, &r->keys, purpose, claims,
                               RIG_NOW, max_age_s, r->entropy, NULL));
    return token;
}

/* A token around any plaintext and header, as only a holder of the secret can make it. */
static inline usher_str rig_seal_raw(rig *r, const usher_jwe_key *key, usher_str header,
                                     usher_str plain)
{
    usher_str token;

    assert_ok(usher_jwe_seal(&token, &r->arena, r->cipher, key, header, plain, r->entropy, NULL));
    return token;
}

static inline usher_verdict rig_judge(rig *r, usher_purpose purpose, usher_str token, int64_t now_s,
                                      usher_cause *cause, usher_claims *claims)
{
    usher_verdict verdict;

    assert_ok(usher_token_open(claims, &verdict, cause, &r->arena, r->cipher, &r->keys, purpose,
                               token, now_s, NULL));
    return verdict;
}

/* Whether the token opens; the arena is given back, for sweeps. */
static inline bool rig_opens(rig *r, usher_purpose purpose, usher_str token)
{
    usher_claims claims;
    usher_cause cause;
    usher_verdict verdict = rig_judge(r, purpose, token, RIG_NOW, &cause, &claims);

    if (verdict != USHER_SESSION_VALID) assert_null(claims.text.ptr);
    return verdict == USHER_SESSION_VALID;
}

#endif
