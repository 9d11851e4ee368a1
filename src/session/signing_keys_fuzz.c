/* Keys of signed tokens as their owner keeps them: the letter of an algorithm, a byte (the
 * allocation of that number fails; '~': none), then keys, PEM or JWK, with a 0x1e between. Nothing
 * here comes from a browser: settings do. PEM is libcrypto's to read, which takes it half a
 * millisecond here, twice where the answer is no: of the inputs that would have it do so, one in
 * four does. The others' time goes into JWKs, which are read by us. */
#include <assert.h>

#include "base/str.h"
#include "session/signed.h"
#include "tests/kit/kit.h"

#define NOW INT64_C(1767225600)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static usher_signed_alg alg_of(uint8_t letter)
{
    switch (letter) {
    case 'R': return USHER_RS256;
    case 'E': return USHER_ES256;
    case 'D': return USHER_EDDSA;
    case 'H': return USHER_HS256;
    default: return USHER_PS256; /* not one of sessions */
    }
}

static usher_verdict open_with(usher_claims *claims, usher_arena *a, const usher_signing_keys *k,
                               usher_str token)
{
    usher_verdict verdict;
    usher_cause cause;
    usher_status rc = usher_signed_open(claims, &verdict, &cause, a, k, token, NOW, 15, NULL);

    assert(!rc && !claims->text.ptr == (verdict == USHER_SESSION_REJECTED)), (void)rc;
    return verdict;
}

/* Keys that were taken sign what they verify, and with another character it is refused. */
static void check_signs(const usher_signing_keys *k)
{
    kit_random random = {.seed = 1, .fail_at = SIZE_MAX};
    usher_claims claims;
    usher_str token;
    usher_arena a;
    int64_t exp;

    usher_arena_init(&a, usher_allocator_default(), 8192, 16 << 20);
    usher_status rc = usher_signed_seal(&token, &exp, &a, k, USHER_STR("{\"sub\":\"a\"}"), NOW, 60,
                                        kit_entropy(&random), NULL);
    assert(!rc && open_with(&claims, &a, k, token) == USHER_SESSION_VALID);
    assert(claims.has_exp && claims.exp == NOW + 60 && exp == NOW + 60);
    char *copy = usher_arena_get(&a, token.len);
    memcpy(copy, token.ptr, token.len);
    copy[token.len / 2] ^= 1;
    assert(open_with(&claims, &a, k, (usher_str){copy, token.len}) == USHER_SESSION_REJECTED);
    usher_arena_deinit(&a);
}

/* Whether a key may be PEM where the algorithm takes a pair. */
static bool has_pem(uint8_t alg, usher_str keys)
{
    return alg != 'H' && usher_str_find(keys, USHER_STR("-----BEGIN ")) != SIZE_MAX;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    kit_alloc memory = {.fail_at = SIZE_MAX};
    usher_allocator alloc = kit_allocator(&memory);
    usher_secret keys[USHER_SIGNING_KEYS_MAX + 1];
    usher_str text = {(const char *)data, size};
    usher_signing_keys k;
    size_t count = 0;

    if (size < 2 || size > 1 << 16) return 0;
    if (data[1] != '~') memory.fail_at = data[1];
    text = usher_str_from(text, 2);
    if (has_pem(data[0], text) && !kit_sampled(data, size, 4)) return 0;
    while ((text.len || (count && text.ptr)) && count < USHER_SIGNING_KEYS_MAX + 1) {
        usher_str key = usher_str_cut(text, 0x1e, &text);
        keys[count++] = (usher_secret){(uint8_t *)(uintptr_t)key.ptr, key.len};
    }
    usher_status rc = usher_signing_keys_init(&k, &alloc, alg_of(data[0]), keys, count, NULL);
    /* whatever is wrong with a key is a setting's fault, never "out of memory" */
    assert(rc != USHER_E_NOMEM || memory.failed);
    assert(USHER_STATUS_CLASS(rc) != USHER_CLASS_PEER && (rc ? !k.keys : k.count == count));
    if (!rc && kit_sampled(data, size, 8)) check_signs(&k);
    usher_signing_keys_deinit(&k);
    assert(memory.live == 0);
    return 0;
}
