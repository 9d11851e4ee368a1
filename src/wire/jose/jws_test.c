#include "tests/kit/kit.h"

#include <openssl/rsa.h>

#include "base/str.h"
#include "wire/jose/jws.h"
#include "wire/jose/jws_sample.h"
#include "wire/jose/jws_tokens.h"

static usher_arena arena;
static usher_jwks sample; /* the Ed25519 key, then the P-256 key */

static int set_up(void **state)
{
    (void)state;
    usher_arena_init(&arena, usher_allocator_default(), 8192, 8 << 20);
    return usher_jwks_read(&sample, &arena, USHER_STR(SAMPLE_JWKS), NULL) || sample.count != 2;
}

static int tear_down(void **state)
{
    (void)state;
    usher_jwks_free(&sample);
    usher_arena_deinit(&arena);
    return 0;
}

static usher_jwk key_of(const char *json)
{
    usher_json value;
    usher_jwk key;

    assert_ok(usher_json_read(&value, kit_str(json), &usher_json_limits_document, NULL));
    assert_ok(usher_jwk_read(&key, &arena, value, NULL));
    return key;
}

static usher_status verify(usher_str *payload, usher_str token, usher_jws_alg alg,
                           const usher_jwk *key)
{
    usher_jws jws;
    usher_status rc = usher_jws_read(&jws, &arena, token, NULL);

    *payload = (usher_str){0};
    return rc ? rc : usher_jws_verify(payload, &arena, &jws, alg, key, NULL);
}

/* ---- examples of the RFCs ---- */

#define CLAIMS                                                                                     \
    "eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVl" \
    "fQ"
#define CLAIMS_TEXT                                                                                \
    "{\"iss\":\"joe\",\r\n \"exp\":1300819380,\r\n \"http://example.com/is_root\":true}"
#define RSA_A2                                                                                     \
    "{\"kty\":\"RSA\",\"e\":\"AQAB\",\"n\":\""                                                     \
    "ofgWCuLjybRlzo0tZWJjNiuSfb4p4fAkd_wWJcyQoTbji9k0l8W26mPddxHmfHQp-Vaw-"                        \
    "4qPCJrcS2mJPMEzP1Pt0Bm4d4Ql"                                                                  \
    "L-yRT-SFd2lZS-pCgNMsD1W_YpRPEwOWvG6b32690r2jZ47soMZo9wGzjb_7OMg0LOL-"                         \
    "bSf63kpaSHSXndS5z5rexMdbBYUs"                                                                 \
    "LA9e-KXBdQOS-UTo7WTBEMa2R2CapHg665xsmtdVMTBQY4uDZlxvb3qCo5ZwKh9kG4LT6_I5IhlJH7aGhyxXFvUK-"    \
    "DWNmoud"                                                                                      \
    "F8NAco9_h9iaGNj8q2ethFkMLs91kzk2PAcDTW9gb54h4FRWyuXpoQ\""

static const struct {
    const char *name, *key;
    usher_jws_alg alg;
    const char *token, *payload;
} examples[] = {
    {"RFC 7515 A.2", RSA_A2 "}", USHER_RS256,
     "eyJhbGciOiJSUzI1NiJ9." CLAIMS
     ".cC4hiUPoj9Eetdgtv3hF80EGrhuB__dzERat0XF9g2VtQgr9PJbu3XOiZj5RZmh7AAuHIm4Bh-0Qc_lF5YKt_O8W2Fp5"
     "jujGbds9uJdbF9CUAr7t1dnZcAcQjbKBYNX4BAynRFdiuB--f_"
     "nZLgrnbyTyWzO75vRK5h6xBArLIARNPvkSjtQBMHlb1L07"
     "Qe7K0GarZRmB_eSN9383LcOLn6_dO--xi12jzDwusC-"
     "eOkHWEsqtFZESc6BfI7noOPqvhJ1phCnvWh6IeYI2w9QOYEUipUTI"
     "8np6LbgGY9Fs98rqVt5AXLIhWkWywlVmtVrBp0igcN_IoypGlUPQGe77Rw",
     CLAIMS_TEXT},
    {"RFC 7515 A.3", SAMPLE_ES_JWK, USHER_ES256,
     "eyJhbGciOiJFUzI1NiJ9." CLAIMS
     ".DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKTUJqPP3-Kg6NU1Q",
     CLAIMS_TEXT},
    {"RFC 8037 A.4", SAMPLE_ED_JWK, USHER_EDDSA,
     "eyJhbGciOiJFZERTQSJ9.RXhhbXBsZSBvZiBFZDI1NTE5IHNpZ25pbmc."
     "hgyY0il_MGCjP0JzlnLWG1PPOt7-09PGcvMg3AIbQR6dWbhijcNR4ki4iylGjg5BhVsPt9g7sVvpAr_MuM0KAg",
     "Example of Ed25519 signing"},
};

static void test_rfc_examples(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof examples / sizeof *examples; i++) {
        usher_jwk key = key_of(examples[i].key);
        usher_str payload;

        assert_ok(verify(&payload, kit_str(examples[i].token), examples[i].alg, &key));
        assert_str(payload, examples[i].payload);
        /* the same token under every other algorithm, as a mistaken caller would ask */
        for (int alg = USHER_JWS_NONE; alg < USHER_JWS_ALGS; alg++)
            if (alg != (int)examples[i].alg)
                assert_int_equal(
                    verify(&payload, kit_str(examples[i].token), (usher_jws_alg)alg, &key),
                    USHER_E_UNSUPPORTED);
        usher_jwk_free(&key);
    }
}

static usher_secret tokens_secret(void)
{
    static uint8_t bytes[64];

    assert_ok(usher_base64url_decode(bytes, USHER_STR(TOKENS_SECRET), NULL));
    return (usher_secret){bytes, sizeof bytes};
}

/* By what the row says it was made with. */
static usher_status verify_row(usher_str *payload, size_t row, usher_str token, usher_jws_alg alg)
{
    usher_jws jws;
    usher_jwk key;
    usher_status rc = usher_jws_read(&jws, &arena, token, NULL);

    *payload = (usher_str){0};
    if (rc) return rc;
    if (!tokens[row].key)
        return usher_jws_verify_mac(payload, &arena, &jws, alg, tokens_secret(), NULL);
    key = key_of(tokens[row].key);
    rc = usher_jws_verify(payload, &arena, &jws, alg, &key, NULL);
    usher_jwk_free(&key);
    return rc;
}

/* One token of each algorithm, under each algorithm and with each key: the diagonal, no more. */
static void test_tokens_of_another_library(void **state)
{
    usher_str payload;
    usher_jws jws;

    (void)state;
    assert_int_equal(TOKENS, USHER_JWS_ALGS - 1);
    for (size_t i = 0; i < TOKENS; i++) {
        usher_str token = kit_str(tokens[i].token);

        assert_int_equal(usher_jws_alg_of(kit_str(tokens[i].name)), tokens[i].alg);
        assert_true(usher_jws_alg_is_mac(tokens[i].alg) == !tokens[i].key);
        for (int alg = USHER_JWS_NONE; alg < USHER_JWS_ALGS; alg++)
            assert_int_equal(verify_row(&payload, i, token, (usher_jws_alg)alg),
                             alg == (int)tokens[i].alg ? USHER_OK : USHER_E_UNSUPPORTED);
        assert_ok(usher_jws_read(&jws, &arena, token, NULL));
        for (size_t k = 0; k < TOKENS; k++) {
            bool same = tokens[i].key && tokens[k].key && !strcmp(tokens[i].key, tokens[k].key);
            if (!tokens[k].key) continue;
            usher_jwk key = key_of(tokens[k].key);
            usher_status rc = usher_jws_verify(&payload, &arena, &jws, tokens[i].alg, &key, NULL);
            assert_int_equal(rc, same ? USHER_OK : USHER_E_UNSUPPORTED);
            assert_true(usher_jws_alg_fits(tokens[i].alg, &key) == same);
            usher_jwk_free(&key);
        }
        usher_status rc =
            usher_jws_verify_mac(&payload, &arena, &jws, tokens[i].alg, tokens_secret(), NULL);
        assert_int_equal(rc, tokens[i].key ? USHER_E_UNSUPPORTED : USHER_OK);
    }
}

static void test_macs(void **state)
{
    uint8_t bytes[64];
    usher_secret secret = {bytes, sizeof bytes};
    usher_str payload;
    usher_jws jws;

    (void)state;
    memcpy(bytes, tokens_secret().ptr, sizeof bytes);
    assert_ok(usher_jws_read(&jws, &arena, kit_str(tokens[USHER_HS256 - 1].token), NULL));
    assert_ok(
        usher_jws_verify_mac(&payload, &arena, &jws, USHER_HS256, secret, NULL)); /* control */
    secret.len--;
    assert_int_equal(usher_jws_verify_mac(&payload, &arena, &jws, USHER_HS256, secret, NULL),
                     USHER_E_FORGED);
    secret.len++, bytes[0] ^= 1;
    assert_int_equal(usher_jws_verify_mac(&payload, &arena, &jws, USHER_HS256, secret, NULL),
                     USHER_E_FORGED);
    assert_null(payload.ptr);
    assert_int_equal(
        usher_jws_verify_mac(&payload, &arena, &jws, USHER_HS256, (usher_secret){0}, NULL),
        USHER_E_USAGE);
}

/* Every bit of the whole text of a token, of the algorithms that the RFCs have no short example of.
 */
static void test_no_flipped_bit_of_the_others_is_accepted(void **state)
{
    static const usher_jws_alg rows[] = {USHER_ES384, USHER_ES512, USHER_HS256, USHER_HS512};

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        size_t row = rows[i] - 1u;
        usher_str payload, token = kit_str(tokens[row].token);
        char copy[1000];

        memcpy(copy, token.ptr, token.len);
        token.ptr = copy;
        for (size_t bit = 0; bit < token.len * 8; bit++) {
            copy[bit / 8] ^= (char)(1u << bit % 8);
            usher_status rc = verify_row(&payload, row, token, rows[i]);
            assert_int_equal(USHER_STATUS_CLASS(rc), USHER_CLASS_PEER);
            assert_null(payload.ptr);
            copy[bit / 8] ^= (char)(1u << bit % 8);
            if (bit % 512) continue;
            (void)tear_down(NULL);
            assert_int_equal(set_up(NULL), 0);
        }
        assert_ok(verify_row(&payload, row, token, rows[i])); /* control */
    }
}

/* Every bit of the whole text of a token. */
static void test_no_flipped_bit_is_accepted(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof examples / sizeof *examples; i++) {
        usher_jwk key = key_of(examples[i].key);
        usher_str payload, token = kit_str(examples[i].token);
        char *copy = usher_arena_get(&arena, token.len);

        memcpy(copy, token.ptr, token.len);
        token.ptr = copy;
        for (size_t bit = 0; bit < token.len * 8; bit++) {
            copy[bit / 8] ^= (char)(1u << bit % 8);
            usher_status rc = verify(&payload, token, examples[i].alg, &key);
            assert_int_equal(USHER_STATUS_CLASS(rc), USHER_CLASS_PEER);
            assert_null(payload.ptr);
            copy[bit / 8] ^= (char)(1u << bit % 8);
        }
        assert_ok(verify(&payload, token, examples[i].alg, &key)); /* control */
        usher_jwk_free(&key);
    }
}

/* PS256 is not among the RFCs' examples: RSA keys of our own for it, and for RS256 beside it. */
static void test_rsa_padding_is_not_interchangeable(void **state)
{
    EVP_PKEY *pair = EVP_RSA_gen(2048);
    static const struct {
        usher_jws_alg alg;
        int padding, salt;
        bool ok;
    } rows[] = {
        {USHER_RS256, RSA_PKCS1_PADDING, 0, true},
        {USHER_PS256, RSA_PKCS1_PSS_PADDING, 32, true},
        {USHER_PS256, RSA_PKCS1_PSS_PADDING, 20, false},
        {USHER_PS256, RSA_PKCS1_PSS_PADDING, 0, false},
        {USHER_PS256, RSA_PKCS1_PADDING, 0, false},
        {USHER_RS256, RSA_PKCS1_PSS_PADDING, 32, false},
        {USHER_PS256, RSA_PKCS1_PSS_PADDING, 222, false},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        usher_str header = rows[i].alg == USHER_RS256 ? USHER_STR("{\"alg\":\"RS256\"}")
                                                      : USHER_STR("{\"alg\":\"PS256\"}");
        usher_jwk key = {.type = USHER_JWK_RSA, .may_verify = true, .key = pair};
        EVP_MD_CTX *md = EVP_MD_CTX_new();
        EVP_PKEY_CTX *settings;
        uint8_t signature[256];
        size_t len = sizeof signature;
        usher_str token, payload;
        usher_buf b;

        usher_buf_init(&b, &arena, 4096);
        usher_base64url_put(&b, (const uint8_t *)header.ptr, header.len);
        usher_buf_put_z(&b, ".e30");
        assert_int_equal(EVP_DigestSignInit_ex(md, &settings, "SHA256", NULL, NULL, pair, NULL), 1);
        assert_int_equal(EVP_PKEY_CTX_set_rsa_padding(settings, rows[i].padding), 1);
        if (rows[i].padding == RSA_PKCS1_PSS_PADDING)
            assert_int_equal(EVP_PKEY_CTX_set_rsa_pss_saltlen(settings, rows[i].salt), 1);
        assert_int_equal(
            EVP_DigestSign(md, signature, &len, (const uint8_t *)usher_buf_view(&b).ptr, b.len), 1);
        usher_buf_put_char(&b, '.');
        usher_base64url_put(&b, signature, len);
        assert_ok(usher_buf_take(&token, &b, NULL));
        assert_int_equal(verify(&payload, token, rows[i].alg, &key),
                         rows[i].ok ? USHER_OK : USHER_E_FORGED);
        EVP_MD_CTX_free(md);
    }
    const usher_jwk key = {.type = USHER_JWK_RSA, .may_verify = true, .key = pair};
    assert_true(usher_jws_alg_fits(USHER_RS256, &key) && usher_jws_alg_fits(USHER_PS256, &key));
    assert_false(usher_jws_alg_fits(USHER_JWS_NONE, &key));
    assert_false(usher_jws_alg_fits(USHER_ES256, &key));
    EVP_PKEY_free(pair);
}

/* ---- ECDSA signatures as bytes ---- */

static void test_es256_signature_forms(void **state)
{
    usher_str head = USHER_STR("eyJhbGciOiJFUzI1NiJ9.e30"), payload;
    uint8_t good[64], form[128];
    static const uint8_t order[32] = {0xff, 0xff, 0xff, 0xff, 0,    0,    0,    0,
                                      0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
                                      0xbc, 0xe6, 0xfa, 0xad, 0xa7, 0x17, 0x9e, 0x84,
                                      0xf3, 0xb9, 0xca, 0xc2, 0xfc, 0x63, 0x25, 0x51};

    (void)state;
    sample_signature(good, false, head);
    for (int i = 0; i < 9; i++) {
        size_t len = 64;
        usher_str token;
        usher_buf b;

        memcpy(form, good, 64);
        switch (i) {
        case 0: break;                                                     /* as it is */
        case 1: memset(form, 0, 64); break;                                /* r = s = 0 */
        case 2: memset(form, 0, 32); break;                                /* r = 0 */
        case 3: memset(form + 32, 0, 32); break;                           /* s = 0 */
        case 4: memcpy(form, order, 32); break;                            /* r = n */
        case 5: memset(form, 0xff, 64); break;                             /* beyond n */
        case 6: len = 63; break;                                           /* short */
        case 7: memmove(form + 1, good, 64), form[0] = 0, len = 65; break; /* a zero in front */
        case 8: memcpy(form + 64, good, 64), len = 128; break;             /* twice */
        }
        usher_buf_init(&b, &arena, 1000);
        usher_buf_put(&b, head);
        usher_buf_put_char(&b, '.');
        usher_base64url_put(&b, form, len);
        assert_ok(usher_buf_take(&token, &b, NULL));
        assert_int_equal(verify(&payload, token, USHER_ES256, &sample.keys[1]),
                         i ? USHER_E_FORGED : USHER_OK);
    }
}

/* r and s with leading zeros or a set top bit come about by chance: sign until both were seen. */
static void test_es256_numbers_of_every_length(void **state)
{
    unsigned seen = 0;

    (void)state;
    for (unsigned n = 0; n < 3000 && seen != 7; n++) {
        char text[16];
        usher_str payload, body = {text, (size_t)snprintf(text, sizeof text, "%u", n)}, token;
        uint8_t raw[64];

        token = sample_sign(&arena, false, USHER_STR("{\"alg\":\"ES256\"}"), body);
        assert_ok(usher_base64url_decode(raw, usher_str_from(token, token.len - 86), NULL));
        assert_ok(verify(&payload, token, USHER_ES256, &sample.keys[1]));
        seen |= raw[0] & 0x80 || raw[32] & 0x80 ? 1 : 0;
        seen |= !(raw[0] & 0x80) || !(raw[32] & 0x80) ? 2 : 0;
        seen |= (raw[0] == 0 || raw[32] == 0) ? 4 : 0;
        if (n % 64 < 63) continue;
        (void)tear_down(NULL); /* gives the memory of 64 tokens back */
        assert_int_equal(set_up(NULL), 0);
    }
    assert_int_equal(seen, 7);
}

/* ---- reading ---- */

static const struct {
    const char *name, *header;
    usher_status status;
} headers[] = {
    {"plain", "{\"alg\":\"EdDSA\"}", USHER_OK},
    {"with kid and typ", "{\"alg\":\"EdDSA\",\"kid\":\"k\",\"typ\":\"JWT\"}", USHER_OK},
    {"unknown members", "{\"alg\":\"EdDSA\",\"cty\":\"x\",\"foo\":{\"bar\":[1,2]}}", USHER_OK},
    {"a key in the header is not looked at",
     "{\"alg\":\"EdDSA\",\"jwk\":{\"kty\":\"oct\"},\"jku\":\"http://x/\",\"x5u\":1,\"x5c\":[]}",
     USHER_OK},
    {"none can be read", "{\"alg\":\"none\"}", USHER_OK},
    {"an alg nobody knows", "{\"alg\":\"\"}", USHER_OK},
    {"no alg", "{\"typ\":\"JWT\"}", USHER_E_SYNTAX},
    {"alg null", "{\"alg\":null}", USHER_E_SYNTAX},
    {"alg array", "{\"alg\":[\"EdDSA\"]}", USHER_E_SYNTAX},
    {"alg twice", "{\"alg\":\"EdDSA\",\"alg\":\"none\"}", USHER_E_SYNTAX},
    {"kid number", "{\"alg\":\"EdDSA\",\"kid\":1}", USHER_E_SYNTAX},
    {"kid null", "{\"alg\":\"EdDSA\",\"kid\":null}", USHER_E_SYNTAX},
    {"typ number", "{\"alg\":\"EdDSA\",\"typ\":1}", USHER_E_SYNTAX},
    {"crit", "{\"alg\":\"EdDSA\",\"crit\":[\"b64\"],\"b64\":true}", USHER_E_UNSUPPORTED},
    {"crit empty", "{\"alg\":\"EdDSA\",\"crit\":[]}", USHER_E_UNSUPPORTED},
    {"crit null", "{\"alg\":\"EdDSA\",\"crit\":null}", USHER_E_UNSUPPORTED},
    {"b64 false", "{\"alg\":\"EdDSA\",\"b64\":false}", USHER_E_UNSUPPORTED},
    {"b64 true", "{\"alg\":\"EdDSA\",\"b64\":true}", USHER_E_UNSUPPORTED},
    {"an array", "[]", USHER_E_SYNTAX},
    {"no JSON", "alg", USHER_E_SYNTAX},
    {"nothing", "", USHER_E_SYNTAX},
};

static void test_headers(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof headers / sizeof *headers; i++) {
        usher_jws jws;
        usher_str token = sample_sign(&arena, true, kit_str(headers[i].header), USHER_STR("{}")),
                  payload;
        usher_status rc = usher_jws_read(&jws, &arena, token, NULL);

        if (rc != headers[i].status) print_error("%s\n", headers[i].name);
        assert_int_equal(rc, headers[i].status);
        assert_true((jws.alg.ptr != NULL) == (rc == USHER_OK));
        if (rc) continue;
        assert_int_equal(
            usher_jws_verify(&payload, &arena, &jws, USHER_EDDSA, &sample.keys[0], NULL),
            usher_str_eq(jws.alg, USHER_STR("EdDSA")) ? USHER_OK : USHER_E_UNSUPPORTED);
    }
}

static void test_shape(void **state)
{
    static const char *const wrong[] = {
        "",
        ".",
        "..",
        "a",
        "eyJhbGciOiJFZERTQSJ9",
        "eyJhbGciOiJFZERTQSJ9.e30",
        "eyJhbGciOiJFZERTQSJ9.e30.x.y",
        "eyJhbGciOiJFZERTQSJ9..x.y.z",
        "eyJhbGciOiJFZERTQSJ9=.e30.x",
        " eyJhbGciOiJFZERTQSJ9.e30.x",
        "{\"payload\":\"e30\",\"protected\":\"eyJhbGciOiJFZERTQSJ9\",\"signature\":\"x\"}",
    };
    usher_jws jws;
    usher_str payload;
    char long_header[9000];

    (void)state;
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
        assert_int_equal(usher_jws_read(&jws, &arena, kit_str(wrong[i]), NULL), USHER_E_SYNTAX);
    memset(long_header, 'A', sizeof long_header);
    memcpy(long_header + 8990, ".e30.x", 6);
    assert_int_equal(usher_jws_read(&jws, &arena, usher_str_of(long_header, 8996), NULL),
                     USHER_E_SYNTAX);

    /* 8192 characters of header are read, and not one more */
    memset(long_header, ' ', sizeof long_header);
    memcpy(long_header, "{\"alg\":\"x\"}", 11);
    for (size_t more = 0; more < 2; more++)
        assert_int_equal(
            usher_jws_read(
                &jws, &arena,
                sample_sign(&arena, true, usher_str_of(long_header, 6144 + more), USHER_STR("x")),
                NULL),
            more ? USHER_E_SYNTAX : USHER_OK);

    /* what is wrong behind the header shows when it is verified */
    assert_int_equal(
        verify(&payload, USHER_STR("eyJhbGciOiJFZERTQSJ9.e30."), USHER_EDDSA, &sample.keys[0]),
        USHER_E_FORGED);
    usher_str token = sample_sign(&arena, true, USHER_STR("{\"alg\":\"EdDSA\"}"), USHER_STR("{}"));
    char text[256];
    memcpy(text, token.ptr, token.len);
    memcpy(text + token.len, "=\n", 2);
    assert_ok(verify(&payload, usher_str_of(text, token.len), USHER_EDDSA,
                     &sample.keys[0])); /* control */
    assert_int_equal(USHER_STATUS_CLASS(verify(&payload, usher_str_of(text, token.len + 1),
                                               USHER_EDDSA, &sample.keys[0])),
                     USHER_CLASS_PEER);
    text[token.len] = '\n';
    assert_int_equal(USHER_STATUS_CLASS(verify(&payload, usher_str_of(text, token.len + 1),
                                               USHER_EDDSA, &sample.keys[0])),
                     USHER_CLASS_PEER);
    /* a payload that is signed, but not base64url */
    usher_buf b;
    uint8_t signature[64];
    usher_buf_init(&b, &arena, 400);
    usher_buf_put_z(&b, "eyJhbGciOiJFZERTQSJ9.e3!");
    sample_signature(signature, true, usher_buf_view(&b));
    usher_buf_put_char(&b, '.');
    usher_base64url_put(&b, signature, 64);
    assert_int_equal(verify(&payload, usher_buf_view(&b), USHER_EDDSA, &sample.keys[0]),
                     USHER_E_SYNTAX);
    assert_null(payload.ptr);
}

/* ---- keys ---- */

static const struct {
    const char *name, *key;
    usher_status status;
} keys[] = {
    {"the key", SAMPLE_ED_JWK, USHER_OK},
    {"restricted to EdDSA",
     "{\"kty\":\"OKP\",\"crv\":\"Ed25519\",\"alg\":\"EdDSA\",\"x\":\"" SAMPLE_ED_X "\"}", USHER_OK},
    {"restricted to something else",
     "{\"kty\":\"OKP\",\"crv\":\"Ed25519\",\"alg\":\"RS256\",\"x\":\"" SAMPLE_ED_X "\"}",
     USHER_E_UNSUPPORTED},
    {"alg empty", "{\"kty\":\"OKP\",\"crv\":\"Ed25519\",\"alg\":\"\",\"x\":\"" SAMPLE_ED_X "\"}",
     USHER_E_UNSUPPORTED},
    {"for encryption",
     "{\"kty\":\"OKP\",\"crv\":\"Ed25519\",\"use\":\"enc\",\"x\":\"" SAMPLE_ED_X "\"}",
     USHER_E_UNSUPPORTED},
    {"for signing only",
     "{\"kty\":\"OKP\",\"crv\":\"Ed25519\",\"key_ops\":[\"sign\"],\"x\":\"" SAMPLE_ED_X "\"}",
     USHER_E_UNSUPPORTED},
    {"another type", SAMPLE_ES_JWK, USHER_E_UNSUPPORTED},
    {"another key",
     "{\"kty\":\"OKP\",\"crv\":\"Ed25519\",\"x\":\""
     "_DG7q5eJq5tmmgN6nDq0B4vQJoUKxv44IwDnWREz9oE"
     "\"}",
     USHER_E_FORGED},
};

static void test_keys(void **state)
{
    usher_str token = sample_sign(&arena, true, USHER_STR("{\"alg\":\"EdDSA\"}"), USHER_STR("{}")),
              payload;

    (void)state;
    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++) {
        usher_jwk key = key_of(keys[i].key);

        assert_int_equal(verify(&payload, token, USHER_EDDSA, &key), keys[i].status);
        assert_true(usher_jws_alg_fits(USHER_EDDSA, &key) ==
                    (keys[i].status != USHER_E_UNSUPPORTED));
        assert_false(usher_jws_alg_fits(USHER_JWS_NONE, &key));
        usher_jwk_free(&key);
    }
    const usher_jwk none = {.type = USHER_JWK_ED25519, .may_verify = true};
    assert_int_equal(verify(&payload, token, USHER_EDDSA, &none), USHER_E_UNSUPPORTED);
}

static void test_names(void **state)
{
    static const char *const foreign[] = {"",    "none",  "None",   "HS1",  "ES256K",
                                          "dir", "eddsa", "RS256 ", "rs256"};

    (void)state;
    for (int alg = USHER_RS256; alg < USHER_JWS_ALGS; alg++)
        assert_int_equal(usher_jws_alg_of(usher_jws_alg_name((usher_jws_alg)alg)), alg);
    for (size_t i = 0; i < sizeof foreign / sizeof *foreign; i++)
        assert_int_equal(usher_jws_alg_of(kit_str(foreign[i])), USHER_JWS_NONE);
    assert_null(usher_jws_alg_name(USHER_JWS_NONE).ptr);
    assert_null(usher_jws_alg_name((usher_jws_alg)99).ptr);
}

/* ---- failures of the host ---- */

static void test_every_allocation_may_fail(void **state)
{
    (void)state;
    for (size_t i = 0; i < 2 * sizeof examples / sizeof *examples; i++) {
        size_t which = i / 2, n = 0;
        usher_jwk key = key_of(examples[which].key);
        kit_alloc ours;

        do {
            ours = (kit_alloc){.fail_at = n++, .from_then_on = i % 2};
            usher_allocator alloc = kit_allocator(&ours);
            usher_arena a;
            usher_jws jws;
            usher_str payload = {0};
            usher_arena_init(&a, &alloc, 256, 1 << 16);
            usher_status rc = usher_jws_read(&jws, &a, kit_str(examples[which].token), NULL);
            if (!rc) rc = usher_jws_verify(&payload, &a, &jws, examples[which].alg, &key, NULL);
            assert_int_equal(rc, ours.failed ? USHER_E_NOMEM : USHER_OK);
            assert_true((payload.ptr != NULL) == (rc == USHER_OK));
            usher_arena_deinit(&a);
            assert_int_equal(ours.live, 0);
        } while (ours.failed);
        usher_jwk_free(&key);
    }
}

/* Neither may a good signature be called wrong for want of memory, nor a wrong one pass. */
static void test_every_allocation_of_libcrypto_may_fail(void **state)
{
    (void)state;
    for (size_t i = 0; i < 4 * sizeof examples / sizeof *examples; i++) {
        size_t which = i / 4, n = 0;
        bool good = i % 2;
        usher_jwk key = key_of(examples[which].key);
        usher_jws jws;
        usher_str payload;
        char signature[400];

        assert_ok(usher_jws_read(&jws, &arena, kit_str(examples[which].token), NULL));
        memcpy(signature, jws.signature.ptr, jws.signature.len);
        if (!good) signature[20] = signature[20] == 'A' ? 'B' : 'A';
        jws.signature.ptr = signature;
        do {
            kit_crypto.fail_at = n++, kit_crypto.from_then_on = i % 4 >= 2;
            kit_crypto.calls = 0, kit_crypto.failed = false;
            usher_status rc =
                usher_jws_verify(&payload, &arena, &jws, examples[which].alg, &key, NULL);
            kit_crypto.fail_at = SIZE_MAX;
            if (rc == USHER_E_NOMEM)
                assert_true(kit_crypto.failed);
            else
                assert_int_equal(rc, good ? USHER_OK : USHER_E_FORGED);
        } while (kit_crypto.failed);
        assert_true(n > 5);
        usher_jwk_free(&key);
    }
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(test_rfc_examples),
        TEST(test_tokens_of_another_library),
        TEST(test_macs),
        TEST(test_no_flipped_bit_is_accepted),
        TEST(test_no_flipped_bit_of_the_others_is_accepted),
        TEST(test_rsa_padding_is_not_interchangeable),
        TEST(test_es256_signature_forms),
        TEST(test_es256_numbers_of_every_length),
        TEST(test_headers),
        TEST(test_shape),
        TEST(test_keys),
        TEST(test_names),
        TEST(test_every_allocation_may_fail),
        TEST(test_every_allocation_of_libcrypto_may_fail),
    };

    kit_crypto_install();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
