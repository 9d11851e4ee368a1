/* A compact JWS as it comes; or, if it begins with '{', a header up to the first line feed and a
 * payload behind it, which are signed here with the sample's Ed25519 key first (one input in eight,
 * for it takes as long as a hundred readings; the others with the MAC); 'M' in front of that: with
 * a MAC of a secret; 'N': so, and the payload as it stands, be it base64url or not. Keys of RSA are
 * there for the branches, not for signatures that hold. */
#include <assert.h>

#include "base/str.h"
#include "tests/kit/kit.h"
#include "wire/jose/digest.h"
#include "wire/jose/jws.h"
#include "wire/jose/jws_sample.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define RSA_N                                                                                      \
    "x7TQuM6XGSjMrMsouAqu62Vc5lr6-RL7m0ld-6UbSTLxQP4JTENOcMPOVIxFFPPBWE"                           \
    "0-pMcZ4ukT06QNKkde4WYbV55Ghp23coZiLzdIhMJ7mavC-4Gs-vT1NCPdfPCnxym4"                           \
    "iLLIe0mlYIMC-bpeKe4Zi1LqbiP2Le70_WK6La9-OJRGeg7fAnbHwEKvgKNjKKS_3Y"                           \
    "1eJCiaDFlWdbR1T3niBfidxzxvzWqfYie6qgQ33tE42nrR8_yd_jF2XjNXV-DKVVDr"                           \
    "J6i9SXNUUHhBfq5GDfIhxuTIu521zCJmLfElHi-gBIQvCJYzV0CB_b2C58q1AME8jE"                           \
    "gw2EY0LLDuPQ"
#define RSA(kid, more)                                                                             \
    "{\"kty\":\"RSA\",\"kid\":\"" kid "\"," more "\"e\":\"AQAB\",\"n\":\"" RSA_N "\"}"
#define KEYS                                                                                       \
    "{\"keys\":[" SAMPLE_ED_JWK "," SAMPLE_ES_JWK "," RSA("any", "") "," RSA(                      \
        "rs", "\"alg\":\"RS256\",") "," RSA("enc", "\"key_ops\":[\"encrypt\"],") "]}"

static usher_jwks keys;
static usher_arena keys_arena;

static void set_up(void)
{
    usher_arena_init(&keys_arena, usher_allocator_default(), 4096, 1 << 20);
    usher_status rc = usher_jwks_read(&keys, &keys_arena, USHER_STR(KEYS), NULL);
    assert(!rc && keys.count >= 4);
}

/* What is no algorithm has no name and fits no key; a key that may not verify, or is none, fits no
 * algorithm. */
static void check_tables(void)
{
    for (int i = USHER_JWS_NONE; i <= USHER_JWS_ALGS; i++) {
        usher_jws_alg alg = (usher_jws_alg)i;
        usher_str name = usher_jws_alg_name(alg);
        usher_jwk key = {0};

        assert((i == USHER_JWS_NONE || i == USHER_JWS_ALGS) == !name.len);
        assert(!name.len || usher_jws_alg_of(name) == alg);
        assert(!usher_jws_alg_is_mac(alg) || name.ptr[0] == 'H');
        assert(usher_digest_size(usher_jws_alg_digest(alg)) >= 32);
        assert(!usher_jws_alg_fits(alg, &key));
        for (size_t k = 0; k < keys.count; k++) {
            key = keys.keys[k];
            key.may_verify = false;
            assert(!usher_jws_alg_fits(alg, &key));
        }
    }
}

/* The payload is what the token says, and a token with another signature is refused. */
static void check_good(usher_arena *a, const usher_jws *jws, usher_jws_alg alg,
                       const usher_jwk *key, usher_str payload)
{
    usher_jws forged = *jws;
    usher_str text;
    usher_buf b;

    usher_buf_init(&b, a, 1 << 20);
    usher_base64url_put(&b, (const uint8_t *)payload.ptr, payload.len);
    if (!usher_buf_take(&text, &b, NULL)) assert(usher_str_eq(text, jws->payload));
    assert(usher_str_eq(jws->alg, usher_jws_alg_name(alg)));
    /* A second look at the signature takes as long as the first: one input in eight has it. */
    if (jws->signing_input.len > 1 && jws->signing_input.len % 8 == 0) {
        forged.signing_input.len--;
        assert(usher_jws_verify(&text, a, &forged, alg, key, NULL) != USHER_OK);
    }
    forged.signing_input = jws->signing_input;
    forged.signature.len--;
    assert(usher_jws_verify(&text, a, &forged, alg, key, NULL) != USHER_OK);
}

static void read_token(usher_arena *a, usher_str token, bool ours)
{
    usher_jws jws;
    usher_str payload;

    if (usher_jws_read(&jws, a, token, NULL)) {
        assert(!jws.signing_input.ptr && !jws.alg.ptr);
        return;
    }
    assert(jws.alg.ptr && jws.signing_input.len + 1 + jws.signature.len == token.len);
    for (int alg = USHER_JWS_NONE; alg < USHER_JWS_ALGS; alg++)
        for (size_t i = 0; i < keys.count; i++) {
            const usher_jwk *key = &keys.keys[i];
            usher_status rc = usher_jws_verify(&payload, a, &jws, (usher_jws_alg)alg, key, NULL);

            assert(!payload.ptr == (rc != USHER_OK));
            if (!rc) check_good(a, &jws, (usher_jws_alg)alg, key, payload);
            /* what we signed with Ed25519 is accepted as such */
            if (ours && alg == USHER_EDDSA && i == 0 && usher_str_eq(jws.alg, USHER_STR("EdDSA")))
                assert(rc == USHER_OK);
        }
}

static uint8_t secret_bytes[] = "a secret that both sides know";
static const usher_secret secret = {secret_bytes, sizeof secret_bytes - 1};

static usher_str sign_mac(usher_arena *a, usher_str header, usher_str payload, bool encoded)
{
    uint8_t mac[USHER_DIGEST_MAX];
    usher_buf b;
    usher_str token;

    usher_buf_init(&b, a, 1 << 20);
    usher_base64url_put(&b, (const uint8_t *)header.ptr, header.len);
    usher_buf_put_char(&b, '.');
    if (encoded)
        usher_buf_put(&b, payload);
    else
        usher_base64url_put(&b, (const uint8_t *)payload.ptr, payload.len);
    usher_digest_kind kind =
        usher_str_find(header, USHER_STR("HS512")) != SIZE_MAX ? USHER_SHA512 : USHER_SHA256;
    usher_status rc = usher_hmac(mac, kind, secret, usher_buf_view(&b), NULL);
    usher_buf_put_char(&b, '.');
    usher_base64url_put(&b, mac, usher_digest_size(kind));
    if (rc || usher_buf_take(&token, &b, NULL)) abort();
    return token;
}

/* Only what the secret's holder wrote is accepted, as what it was written as, and no change of it.
 */
static void read_mac(usher_arena *a, usher_str token, bool ours)
{
    usher_jws jws;
    usher_str payload;

    if (usher_jws_read(&jws, a, token, NULL)) return;
    for (int alg = USHER_JWS_NONE; alg < USHER_JWS_ALGS; alg++) {
        usher_status rc = usher_jws_verify_mac(&payload, a, &jws, (usher_jws_alg)alg, secret, NULL);
        assert(!payload.ptr == (rc != USHER_OK) && (rc || ours));
        assert(rc || usher_jws_alg_is_mac((usher_jws_alg)alg));
        if (rc) continue;
        assert(usher_str_eq(jws.alg, usher_jws_alg_name((usher_jws_alg)alg)));
        usher_jws forged = jws;
        forged.signing_input.len--;
        assert(usher_jws_verify_mac(&payload, a, &forged, (usher_jws_alg)alg, secret, NULL));
        assert(!payload.ptr);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    usher_str input = {(const char *)data, size}, payload;
    usher_arena a;

    if (!keys.count) {
        set_up();
        check_tables();
    }
    if (size > 1 << 16) return 0;
    usher_arena_init(&a, usher_allocator_default(), 4096, 4 << 20);
    if (usher_str_starts(input, USHER_STR("{"))) {
        usher_str header = usher_str_cut(input, '\n', &payload);
        if (kit_sampled(data, size, 8))
            read_token(&a, sample_sign(&a, true, header, payload), true);
        else
            read_mac(&a, sign_mac(&a, header, payload, false), true);
    } else if (usher_str_starts(input, USHER_STR("M")) || usher_str_starts(input, USHER_STR("N"))) {
        usher_str header = usher_str_cut(usher_str_from(input, 1), '\n', &payload);
        read_mac(&a, sign_mac(&a, header, payload, data[0] == 'N'), true);
    } else {
        read_token(&a, input, false);
        read_mac(&a, input, false);
    }
    usher_arena_deinit(&a);
    return 0;
}
