/* A signed token as it comes; or
 *   '{'   a header up to the first line feed and a payload behind it, signed here with the first
 *         secret before it is read;
 *   'E{'  the same with the Ed25519 pair: one input in sixteen, for it takes as long as a hundred
 *         readings; the others with the secret;
 *   '!'   claims to sign, with the pair too for one input in sixteen;
 *   '~'   the number of a set of keys, and a token for which each allocation fails in turn. */
#include <assert.h>

#include "base/str.h"
#include "session/signed.h"
#include "tests/kit/kit.h"
#include "wire/jose/jws_sign.h"
#include "wire/jose/key_pair.h"
#include "wire/jose/key_samples.h"

#define NOW INT64_C(1767225600)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define SETS 3
static usher_signing_keys sets[SETS]; /* HS256, EdDSA; and HS256 with two secrets */
static usher_secret first_secret;
static usher_jwk pair;
static usher_arena kept;

static void set_up(void)
{
    static uint8_t secret[] = "0123456789abcdef0123456789abcdef", ed[] = KEY_ED_PKCS8;
    static uint8_t public[] = KEY_ED_OTHER;
    const usher_secret one[] = {{secret, sizeof secret - 1}, {secret, sizeof secret - 2}},
                       two[] = {{ed, sizeof ed - 1}, {public, sizeof public - 1}};
    const usher_allocator *alloc = usher_allocator_default();
    usher_status rc = usher_signing_keys_init(&sets[0], alloc, USHER_HS256, one, 1, NULL);

    if (!rc) rc = usher_signing_keys_init(&sets[1], alloc, USHER_EDDSA, two, 2, NULL);
    if (!rc) rc = usher_signing_keys_init(&sets[2], alloc, USHER_HS256, one, 2, NULL);
    usher_arena_init(&kept, alloc, 4096, 1 << 20);
    first_secret = one[0];
    if (!rc) rc = usher_key_pair_read(&pair, &kept, USHER_STR(KEY_ED_PKCS8), NULL);
    assert(!rc), (void)rc;
}

static usher_verdict open_with(const usher_signing_keys *k, usher_arena *a, usher_str token,
                               usher_claims *claims)
{
    usher_verdict verdict;
    usher_cause cause;
    usher_status rc = usher_signed_open(claims, &verdict, &cause, a, k, token, NOW, 15, NULL);

    assert(!rc), (void)rc;
    assert((cause == USHER_CAUSE_NONE) ==
           (verdict == USHER_SESSION_VALID || verdict == USHER_NO_SESSION));
    assert((claims->text.ptr != NULL) ==
           (verdict == USHER_SESSION_VALID || verdict == USHER_SESSION_EXPIRED));
    assert((token.len == 0) == (verdict == USHER_NO_SESSION));
    return verdict;
}

/* A token that opens is exactly what its signer wrote: the last character changed, it is not. */
static void check_opened(const usher_signing_keys *k, usher_arena *a, usher_str token)
{
    char *copy = usher_arena_get(a, token.len);
    usher_claims claims;

    memcpy(copy, token.ptr, token.len);
    copy[token.len - 1] ^= 1;
    assert(open_with(k, a, (usher_str){copy, token.len}, &claims) == USHER_SESSION_REJECTED);
    assert(open_with(k, a, (usher_str){token.ptr, token.len - 1}, &claims) ==
           USHER_SESSION_REJECTED);
}

static void check_token(usher_arena *a, usher_str token)
{
    size_t opened = 0;

    for (size_t i = 0; i < SETS; i++) {
        usher_claims claims;
        usher_verdict verdict = open_with(&sets[i], a, token, &claims);

        if (verdict != USHER_SESSION_VALID && verdict != USHER_SESSION_EXPIRED) continue;
        check_opened(&sets[i], a, token);
        opened += i < 2;
    }
    assert(opened <= 1); /* no token is of two algorithms */
}

static void check_claims(usher_arena *a, usher_str json, size_t kinds)
{
    kit_random random = {.seed = 1, .fail_at = SIZE_MAX};

    for (size_t i = 0; i < kinds; i++) {
        usher_str token;
        usher_claims claims;
        int64_t exp;
        usher_status rc =
            usher_signed_seal(&token, &exp, a, &sets[i], json, NOW, 60, kit_entropy(&random), NULL);

        assert(!token.ptr == (rc != USHER_OK));
        if (rc) continue;
        /* what was written is read, unless its own nbf says not yet */
        usher_verdict verdict = open_with(&sets[i], a, token, &claims);
        assert(verdict == USHER_SESSION_REJECTED || (claims.has_exp && claims.exp == NOW + 60));
        assert(open_with(&sets[1 - i], a, token, &claims) == USHER_SESSION_REJECTED);
    }
}

/* Every allocation of the exchange fails in turn: no answer then, and no claims. */
static void check_failures(const usher_signing_keys *k, usher_str token)
{
    kit_alloc memory;
    size_t n = 0;

    do {
        usher_allocator alloc = kit_allocator(&memory);
        usher_verdict verdict;
        usher_claims claims;
        usher_cause cause;
        usher_arena a;

        memory = (kit_alloc){.fail_at = n++};
        usher_arena_init(&a, &alloc, 256, 16 << 20);
        usher_status rc = usher_signed_open(&claims, &verdict, &cause, &a, k, token, NOW, 15, NULL);
        assert(rc == (memory.failed ? USHER_E_NOMEM : USHER_OK));
        assert(!rc || (verdict == USHER_NO_SESSION && !claims.text.ptr));
        usher_arena_deinit(&a);
        assert(memory.live == 0);
    } while (memory.failed);
}

static usher_str sign(usher_arena *a, bool with_pair, usher_str input)
{
    usher_str token, payload, header = usher_str_cut(input, '\n', &payload);
    usher_status rc =
        with_pair ? usher_jws_sign(&token, a, USHER_EDDSA, &pair, header, payload, NULL)
                  : usher_jws_sign_mac(&token, a, USHER_HS256, first_secret, header, payload, NULL);

    assert(!rc), (void)rc;
    return token;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    usher_str input = {(const char *)data, size};
    usher_arena a;

    if (!pair.key) set_up();
    if (size > 1 << 16) return 0;
    bool dear = kit_sampled(data, size, 16);
    usher_arena_init(&a, usher_allocator_default(), 8192, 16 << 20);
    if (usher_str_starts(input, USHER_STR("!")))
        check_claims(&a, usher_str_from(input, 1), dear ? 2 : 1);
    else if (size >= 2 && data[0] == '~')
        check_failures(&sets[data[1] % SETS], usher_str_from(input, 2));
    else if (usher_str_starts(input, USHER_STR("{")))
        check_token(&a, sign(&a, false, input));
    else if (usher_str_starts(input, USHER_STR("E{")))
        check_token(&a, sign(&a, dear, usher_str_from(input, 1)));
    else
        check_token(&a, input);
    usher_arena_deinit(&a);
    return 0;
}
