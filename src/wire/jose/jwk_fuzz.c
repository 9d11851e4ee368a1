/* A key set as a provider serves it. */
#include <assert.h>

#include <openssl/evp.h>

#include "tests/kit/kit.h"
#include "wire/jose/jwk.h"
#include "wire/jose/jwk_evp.h"
#include "wire/jose/jws.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Curves have a name, libcrypto's name and a coordinate as wide as the field; nothing else has. */
static void check_curve(const usher_jwk *key, int bits)
{
    bool curve = key->type == USHER_JWK_EC_P256 || key->type == USHER_JWK_EC_P384 ||
                 key->type == USHER_JWK_EC_P521;

    assert((usher_jwk_group(key->type) != NULL) == curve);
    assert((usher_jwk_curve(key->type).len != 0) == curve);
    assert(usher_jwk_coordinate_size(key->type) == (curve ? ((size_t)bits + 7) / 8 : 0));
}

/* What is in a set verifies, and with the algorithms of its type only. */
static void check_key(const usher_jwk *key)
{
    int bits = EVP_PKEY_get_bits(key->key);

    assert(key->key && key->may_verify);
    assert(!key->use.ptr || (key->use.len == 3 && !memcmp(key->use.ptr, "sig", 3)));
    assert(!(usher_jws_alg_fits(USHER_RS256, key) && usher_jws_alg_fits(USHER_ES256, key)));
    assert(!usher_jws_alg_fits(USHER_JWS_NONE, key) && !usher_jws_alg_fits(USHER_HS256, key));
    assert(!key->may_sign);
    check_curve(key, bits);
    switch (key->type) {
    case USHER_JWK_RSA:
        assert(EVP_PKEY_is_a(key->key, "RSA") && bits >= 2048 && bits <= 8192);
        break;
    case USHER_JWK_EC_P256: assert(EVP_PKEY_is_a(key->key, "EC") && bits == 256); break;
    case USHER_JWK_EC_P384: assert(EVP_PKEY_is_a(key->key, "EC") && bits == 384); break;
    case USHER_JWK_EC_P521: assert(EVP_PKEY_is_a(key->key, "EC") && bits == 521); break;
    case USHER_JWK_ED25519: assert(EVP_PKEY_is_a(key->key, "ED25519")); break;
    case USHER_JWK_TYPES: assert(false); break;
    }
}

static void check_thumbprints(usher_arena *a, usher_str text)
{
    usher_json_object o;
    usher_json item;
    usher_str thumb;

    if (usher_json_read_object(&o, a, text, &usher_json_limits_document, NULL)) return;
    usher_json keys = usher_json_get(&o, USHER_STR("keys"));
    if (keys.type != USHER_JSON_ARRAY) return;
    for (usher_str rest = keys.text; usher_json_next(&item, &rest);) {
        usher_status rc = usher_jwk_thumbprint(&thumb, a, item, USHER_SHA256, NULL);
        assert(thumb.len == (rc ? 0 : 43));
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    usher_str text = {(const char *)data, size};
    kit_alloc state = {.fail_at = SIZE_MAX};
    usher_allocator alloc = kit_allocator(&state);
    usher_arena a;
    usher_jwks set;

    if (size > 1 && data[0] == '!') { /* and a character: the allocation of that number fails */
        state.fail_at = (size_t)data[1] % 32;
        text = (usher_str){text.ptr + 2, size - 2};
    }
    usher_arena_init(&a, &alloc, 1024, 4 << 20);
    usher_status rc = usher_jwks_read(&set, &a, text, NULL);
    assert(!rc || (!set.count && !set.unusable));
    assert(set.count + set.unusable <= USHER_JWKS_KEYS_MAX);
    for (size_t i = 0; i < set.count; i++)
        check_key(&set.keys[i]);
    usher_jwks_free(&set);
    assert(!set.keys && !set.count);
    usher_jwks_free(NULL); /* as every free */
    usher_jwk_free(NULL);
    check_thumbprints(&a, text);
    usher_arena_deinit(&a);
    assert(state.live == 0);
    return 0;
}
