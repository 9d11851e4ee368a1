/* An ID token as it comes; or, if it begins with '{', claims that are signed here with the client's
 * secret first, so that the checks of the claims are reached (a MAC: a signature would take most of
 * the time); '+' in front of that: with the sample's Ed25519 key; 'm': a request without nonce,
 * with a code and a largest age. */
#include <assert.h>

#include "base/str.h"
#include "oauth/id_token.h"
#include "oauth/text.h"
#include "tests/kit/kit.h"
#include "wire/jose/digest.h"
#include "wire/jose/jws_sample.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static usher_jwks keys;
static usher_arena keys_arena;

static void set_up(void)
{
    usher_arena_init(&keys_arena, usher_allocator_default(), 4096, 1 << 20);
    usher_status rc = usher_jwks_read(&keys, &keys_arena, USHER_STR(SAMPLE_JWKS), NULL);
    assert(!rc && keys.count == 2);
}

/* What was accepted, checked a second time and in another way. */
static void check_accepted(const usher_id_token *t, const usher_id_token_rules *r)
{
    usher_json_object reread;
    usher_json aud = usher_json_get(&t->claims, USHER_STR("aud")), item;
    usher_arena a;
    double exp, iat;
    bool ours = usher_json_string_is(aud, r->client_id);

    assert(usher_oauth_visible(t->subject) && t->subject.len <= 255);
    assert(usher_json_string_is(usher_json_get(&t->claims, USHER_STR("sub")), t->subject));
    assert(usher_json_string_is(usher_json_get(&t->claims, USHER_STR("iss")), r->issuer));
    assert(!r->nonce.ptr ||
           usher_json_string_is(usher_json_get(&t->claims, USHER_STR("nonce")), r->nonce));
    assert(usher_json_double(&exp, usher_json_get(&t->claims, USHER_STR("exp"))));
    assert(usher_json_double(&iat, usher_json_get(&t->claims, USHER_STR("iat"))));
    assert(exp > (double)(r->now_s - r->skew_s) && iat <= (double)(r->now_s + r->skew_s));
    for (usher_str rest = aud.text; aud.type == USHER_JSON_ARRAY && usher_json_next(&item, &rest);)
        ours |= usher_json_string_is(item, r->client_id);
    assert(ours && !t->claims.duplicates);
    usher_arena_init(&a, usher_allocator_default(), 4096, 1 << 20);
    usher_status rc =
        usher_json_read_object(&reread, &a, t->text, &usher_json_limits_document, NULL);
    assert(!rc && reread.count == t->claims.count);
    usher_arena_deinit(&a);
}

static uint8_t secret_bytes[] = {1, 2, 3, 4};
static const usher_secret client_secret = {secret_bytes, sizeof secret_bytes};

static usher_str sign_mac(usher_arena *a, usher_str header, usher_str claims)
{
    uint8_t mac[USHER_DIGEST_MAX];
    usher_buf b;
    usher_str token;

    usher_buf_init(&b, a, 1 << 20);
    usher_base64url_put(&b, (const uint8_t *)header.ptr, header.len);
    usher_buf_put_char(&b, '.');
    usher_base64url_put(&b, (const uint8_t *)claims.ptr, claims.len);
    usher_status rc = usher_hmac(mac, USHER_SHA256, client_secret, usher_buf_view(&b), NULL);
    usher_buf_put_char(&b, '.');
    usher_base64url_put(&b, mac, 32);
    if (rc || usher_buf_take(&token, &b, NULL)) abort();
    return token;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const usher_jws_alg algs[] = {USHER_EDDSA, USHER_ES256, USHER_RS256, USHER_HS256};
    usher_id_token_rules r = {.issuer = USHER_STR("https://op.example"),
                              .client_id = USHER_STR("client"),
                              .nonce = USHER_STR("n"),
                              .access_token = USHER_STR("at"),
                              .now_s = INT64_C(1800000000),
                              .skew_s = 60,
                              .client_secret = client_secret};
    usher_str token = {(const char *)data, size};
    usher_arena a;

    if (!keys.count) set_up();
    if (size > 1 << 16) return 0;
    usher_arena_init(&a, usher_allocator_default(), 4096, 4 << 20);
    if (usher_str_starts(token, USHER_STR("m"))) {
        r.nonce = (usher_str){0};
        r.code = USHER_STR("c");
        r.has_max_age = true;
        r.max_age_s = 600;
        token = usher_str_from(token, 1);
    }
    if (usher_str_starts(token, USHER_STR("{")))
        token = sign_mac(&a, USHER_STR("{\"alg\":\"HS256\"}"), token);
    else if (usher_str_starts(token, USHER_STR("+")))
        token = sample_sign(&a, true, USHER_STR("{\"alg\":\"EdDSA\",\"kid\":\"ed\"}"),
                            usher_str_from(token, 1));
    for (size_t i = 0; i < sizeof algs / sizeof *algs; i++) {
        usher_id_token t;
        usher_cause cause = USHER_CAUSE_COUNT;

        r.alg = algs[i];
        usher_status rc = usher_id_token_verify(&t, &cause, &a, token, &keys, &r, NULL);
        assert((cause == USHER_CAUSE_NONE) == (rc == USHER_OK) && cause != USHER_CAUSE_COUNT);
        if (rc)
            assert(!t.text.ptr && !t.subject.ptr && !t.claims.count);
        else
            check_accepted(&t, &r);
    }
    usher_arena_deinit(&a);
    return 0;
}
