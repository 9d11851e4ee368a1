#include "tests/kit/kit.h"

#include "base/str.h"
#include "oauth/id_token.h"
#include "wire/jose/jws_sample.h"
#include "wire/jose/jws_tokens.h"

#define NOW INT64_C(1800000000)

static usher_arena arena;
static usher_jwks sample;

static int set_up(void **state)
{
    (void)state;
    usher_arena_init(&arena, usher_allocator_default(), 16384, 16 << 20);
    return usher_jwks_read(&sample, &arena, USHER_STR(SAMPLE_JWKS), NULL) || sample.count != 2;
}

static int tear_down(void **state)
{
    (void)state;
    usher_jwks_free(&sample);
    usher_arena_deinit(&arena);
    return 0;
}

/* ---- the vectors ---- */

static usher_json member(usher_json object, const char *name)
{
    usher_json_object o;

    assert_ok(usher_json_members(&o, &arena, object, NULL));
    return usher_json_get(&o, kit_str(name));
}

static usher_str text_of(usher_json value)
{
    usher_str text = {0};

    if (value.type) assert_ok(usher_json_string(&text, &arena, value, NULL));
    return text;
}

static int64_t number_of(usher_json value)
{
    int64_t n;

    assert_true(usher_json_int64(&n, value));
    return n;
}

static usher_secret secret_of(usher_str text)
{
    uint8_t *copy = usher_arena_get(&arena, text.len);

    if (text.len) memcpy(copy, text.ptr, text.len);
    return (usher_secret){copy, text.len};
}

static usher_id_token_rules rules_of(usher_json input)
{
    usher_json algs = member(input, "allowed_algs"), alg, max_age = member(input, "max_age");
    usher_str rest = algs.text;

    assert_true(usher_json_next(&alg, &rest));
    return (usher_id_token_rules){.issuer = text_of(member(input, "issuer")),
                                  .client_id = text_of(member(input, "client_id")),
                                  .alg = usher_jws_alg_of(text_of(alg)),
                                  .nonce = text_of(member(input, "nonce")),
                                  .access_token = text_of(member(input, "access_token")),
                                  .now_s = number_of(member(input, "now")),
                                  .skew_s = number_of(member(input, "clock_tolerance")),
                                  .code = text_of(member(input, "code")),
                                  .has_max_age = max_age.type != USHER_JSON_ABSENT,
                                  .max_age_s = max_age.type ? number_of(max_age) : 0,
                                  .client_secret =
                                      secret_of(text_of(member(input, "client_secret")))};
}

/* Where we differ from a verdict that is not binding (strength SHOULD or MAY), and why. */
static const struct {
    const char *tests, *why;
} differences[] = {
    {"no kid, two fitting keys", "every key of the set is the issuer's, so each may be tried"},
    {"duplicate claim: the last one counts", "two readers could take it for two different tokens"},
    {"nonce present, none was sent", "it answers somebody else's request"},
};

static bool is_difference(usher_str tests)
{
    for (size_t i = 0; i < sizeof differences / sizeof *differences; i++)
        if (usher_str_eq(tests, kit_str(differences[i].tests))) return true;
    return false;
}

static void check_vector(usher_json item, size_t counts[2])
{
    usher_json input = member(item, "input"), expected = member(item, "expected");
    usher_id_token_rules rules = rules_of(input);
    usher_str tests = text_of(member(item, "tests"));
    bool accept = usher_json_string_is(member(expected, "verdict"), USHER_STR("accept"));
    bool must = usher_json_string_is(member(expected, "strength"), USHER_STR("MUST"));
    usher_jwks keys;
    usher_id_token out;
    usher_cause cause;

    assert_ok(usher_jwks_read(&keys, &arena, member(input, "jwks").text, NULL));
    usher_status rc = usher_id_token_verify(
        &out, &cause, &arena, text_of(member(input, "id_token")), &keys, &rules, NULL);
    usher_jwks_free(&keys);
    assert_true((cause == USHER_CAUSE_NONE) == (rc == USHER_OK));
    if (rc) assert_int_equal(USHER_STATUS_CLASS(rc), USHER_CLASS_PEER);
    if (is_difference(tests)) {
        assert_false(must);
        assert_true(accept == (rc != USHER_OK));
        counts[0]++;
        return;
    }
    if (accept != (rc == USHER_OK))
        fail_msg("%.*s: %s", (int)tests.len, tests.ptr, usher_cause_word(cause));
    if (accept) assert_true(usher_json_string_is(member(expected, "claims_json"), out.text));
    counts[1]++;
}

static void test_vectors(void **state)
{
    size_t len, counts[2] = {0};
    char *file = kit_read_file("tests/vectors/jose-id-token.json", &len);
    usher_json all, item;

    (void)state;
    assert_ok(usher_json_read(&all, (usher_str){file, len}, &usher_json_limits_document, NULL));
    for (usher_str rest = member(all, "vectors").text; usher_json_next(&item, &rest);)
        check_vector(item, counts);
    assert_int_equal(counts[0] + counts[1], 117);
    assert_int_equal(counts[0], sizeof differences / sizeof *differences);
    free(file);
}

/* ---- one claim at a time ---- */

#define ISS           "\"iss\":\"https://op.example\""
#define SUB           "\"sub\":\"42\""
#define AUD           "\"aud\":\"client\""
#define EXP           "\"exp\":1800000060"
#define IAT           "\"iat\":1799999990"
#define NONCE         "\"nonce\":\"n0nce\""
#define WITHOUT_ISS   SUB "," AUD "," EXP "," IAT "," NONCE
#define WITHOUT_SUB   ISS "," AUD "," EXP "," IAT "," NONCE
#define WITHOUT_AUD   ISS "," SUB "," EXP "," IAT "," NONCE
#define WITHOUT_EXP   ISS "," SUB "," AUD "," IAT "," NONCE
#define WITHOUT_IAT   ISS "," SUB "," AUD "," EXP "," NONCE
#define WITHOUT_NONCE ISS "," SUB "," AUD "," EXP "," IAT
#define ALL           WITHOUT_NONCE "," NONCE
#define L64           "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
#define L255          L64 L64 L64 "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcde"

/* The table of what passes must not do: for each claim absent, null, another type, empty, other. */
static const struct {
    const char *name, *claims;
    usher_cause cause; /* NONE: accepted */
} claims[] = {
    {"all", ALL, USHER_CAUSE_NONE},
    {"other claims", ALL ",\"x\":{\"y\":[1,2,null]},\"__proto__\":{},\"email_verified\":\"true\"",
     USHER_CAUSE_NONE},

    {"iss absent", WITHOUT_ISS, USHER_CAUSE_ID_TOKEN_ISS},
    {"iss null", WITHOUT_ISS ",\"iss\":null", USHER_CAUSE_ID_TOKEN_ISS},
    {"iss array", WITHOUT_ISS ",\"iss\":[\"https://op.example\"]", USHER_CAUSE_ID_TOKEN_ISS},
    {"iss empty", WITHOUT_ISS ",\"iss\":\"\"", USHER_CAUSE_ID_TOKEN_ISS},
    {"iss with a slash", WITHOUT_ISS ",\"iss\":\"https://op.example/\"", USHER_CAUSE_ID_TOKEN_ISS},
    {"iss in capitals", WITHOUT_ISS ",\"iss\":\"https://OP.example\"", USHER_CAUSE_ID_TOKEN_ISS},
    {"iss with the default port", WITHOUT_ISS ",\"iss\":\"https://op.example:443\"",
     USHER_CAUSE_ID_TOKEN_ISS},
    {"iss of another scheme", WITHOUT_ISS ",\"iss\":\"http://op.example\"",
     USHER_CAUSE_ID_TOKEN_ISS},
    {"iss with escapes is the same text", WITHOUT_ISS ",\"iss\":\"https:\\/\\/op.example\"",
     USHER_CAUSE_NONE},
    {"iss twice", ALL "," ISS, USHER_CAUSE_ID_TOKEN_CLAIMS},

    {"aud absent", WITHOUT_AUD, USHER_CAUSE_ID_TOKEN_AUD},
    {"aud null", WITHOUT_AUD ",\"aud\":null", USHER_CAUSE_ID_TOKEN_AUD},
    {"aud object", WITHOUT_AUD ",\"aud\":{\"client\":\"client\"}", USHER_CAUSE_ID_TOKEN_AUD},
    {"aud empty", WITHOUT_AUD ",\"aud\":\"\"", USHER_CAUSE_ID_TOKEN_AUD},
    {"aud other", WITHOUT_AUD ",\"aud\":\"client2\"", USHER_CAUSE_ID_TOKEN_AUD},
    {"aud prefix", WITHOUT_AUD ",\"aud\":\"clien\"", USHER_CAUSE_ID_TOKEN_AUD},
    {"aud array of one", WITHOUT_AUD ",\"aud\":[\"client\"]", USHER_CAUSE_NONE},
    {"aud empty array", WITHOUT_AUD ",\"aud\":[]", USHER_CAUSE_ID_TOKEN_AUD},
    {"aud nested", WITHOUT_AUD ",\"aud\":[[\"client\"]]", USHER_CAUSE_ID_TOKEN_AUD},
    {"aud with null", WITHOUT_AUD ",\"aud\":[\"client\",null]", USHER_CAUSE_ID_TOKEN_AUD},
    {"aud of two", WITHOUT_AUD ",\"aud\":[\"x\",\"client\"]", USHER_CAUSE_ID_TOKEN_AUD},
    {"aud of two with azp", WITHOUT_AUD ",\"aud\":[\"x\",\"client\"],\"azp\":\"client\"",
     USHER_CAUSE_NONE},
    {"aud of others with azp", WITHOUT_AUD ",\"aud\":[\"x\",\"y\"],\"azp\":\"client\"",
     USHER_CAUSE_ID_TOKEN_AUD},
    {"azp", ALL ",\"azp\":\"client\"", USHER_CAUSE_NONE},
    {"azp other", ALL ",\"azp\":\"x\"", USHER_CAUSE_ID_TOKEN_AUD},
    {"azp null", ALL ",\"azp\":null", USHER_CAUSE_ID_TOKEN_AUD},
    {"azp array", ALL ",\"azp\":[\"client\"]", USHER_CAUSE_ID_TOKEN_AUD},

    {"exp absent", WITHOUT_EXP, USHER_CAUSE_ID_TOKEN_TIME},
    {"exp null", WITHOUT_EXP ",\"exp\":null", USHER_CAUSE_ID_TOKEN_TIME},
    {"exp text", WITHOUT_EXP ",\"exp\":\"1800000060\"", USHER_CAUSE_ID_TOKEN_TIME},
    {"exp array", WITHOUT_EXP ",\"exp\":[1800000060]", USHER_CAUSE_ID_TOKEN_TIME},
    {"exp true", WITHOUT_EXP ",\"exp\":true", USHER_CAUSE_ID_TOKEN_TIME},
    {"exp with a fraction", WITHOUT_EXP ",\"exp\":1800000000.5", USHER_CAUSE_NONE},
    {"exp with an exponent", WITHOUT_EXP ",\"exp\":1.8000001e9", USHER_CAUSE_NONE},
    {"exp now, within the skew", WITHOUT_EXP ",\"exp\":1800000000", USHER_CAUSE_NONE},
    {"exp 59 s ago", WITHOUT_EXP ",\"exp\":1799999941", USHER_CAUSE_NONE},
    {"exp 60 s ago", WITHOUT_EXP ",\"exp\":1799999940", USHER_CAUSE_ID_TOKEN_TIME},
    {"exp 0", WITHOUT_EXP ",\"exp\":0", USHER_CAUSE_ID_TOKEN_TIME},
    {"exp -1", WITHOUT_EXP ",\"exp\":-1", USHER_CAUSE_ID_TOKEN_TIME},
    {"exp 2^31", WITHOUT_EXP ",\"exp\":2147483648", USHER_CAUSE_NONE},
    {"exp 2^53", WITHOUT_EXP ",\"exp\":9007199254740992", USHER_CAUSE_ID_TOKEN_TIME},
    {"exp 2^63", WITHOUT_EXP ",\"exp\":9223372036854775808", USHER_CAUSE_ID_TOKEN_TIME},
    {"exp 1e300", WITHOUT_EXP ",\"exp\":1e300", USHER_CAUSE_ID_TOKEN_TIME},
    {"exp 1e999", WITHOUT_EXP ",\"exp\":1e999", USHER_CAUSE_ID_TOKEN_MALFORMED},

    {"iat absent", WITHOUT_IAT, USHER_CAUSE_ID_TOKEN_TIME},
    {"iat null", WITHOUT_IAT ",\"iat\":null", USHER_CAUSE_ID_TOKEN_TIME},
    {"iat text", WITHOUT_IAT ",\"iat\":\"1799999990\"", USHER_CAUSE_ID_TOKEN_TIME},
    {"iat 60 s ahead", WITHOUT_IAT ",\"iat\":1800000060", USHER_CAUSE_NONE},
    {"iat 61 s ahead", WITHOUT_IAT ",\"iat\":1800000061", USHER_CAUSE_ID_TOKEN_TIME},
    {"iat long ago", WITHOUT_IAT ",\"iat\":1", USHER_CAUSE_NONE},
    {"iat -1e300", WITHOUT_IAT ",\"iat\":-1e300", USHER_CAUSE_ID_TOKEN_TIME},
    {"nbf past", ALL ",\"nbf\":1799999990", USHER_CAUSE_NONE},
    {"nbf 60 s ahead", ALL ",\"nbf\":1800000060", USHER_CAUSE_NONE},
    {"nbf 61 s ahead", ALL ",\"nbf\":1800000061", USHER_CAUSE_ID_TOKEN_TIME},
    {"nbf null", ALL ",\"nbf\":null", USHER_CAUSE_ID_TOKEN_TIME},
    {"nbf text", ALL ",\"nbf\":\"0\"", USHER_CAUSE_ID_TOKEN_TIME},

    {"nonce absent", WITHOUT_NONCE, USHER_CAUSE_ID_TOKEN_NONCE},
    {"nonce null", WITHOUT_NONCE ",\"nonce\":null", USHER_CAUSE_ID_TOKEN_NONCE},
    {"nonce empty", WITHOUT_NONCE ",\"nonce\":\"\"", USHER_CAUSE_ID_TOKEN_NONCE},
    {"nonce array", WITHOUT_NONCE ",\"nonce\":[\"n0nce\"]", USHER_CAUSE_ID_TOKEN_NONCE},
    {"nonce with another letter", WITHOUT_NONCE ",\"nonce\":\"n0nceX\"",
     USHER_CAUSE_ID_TOKEN_NONCE},
    {"nonce in capitals", WITHOUT_NONCE ",\"nonce\":\"N0NCE\"", USHER_CAUSE_ID_TOKEN_NONCE},

    {"sub absent", WITHOUT_SUB, USHER_CAUSE_ID_TOKEN_CLAIMS},
    {"sub null", WITHOUT_SUB ",\"sub\":null", USHER_CAUSE_ID_TOKEN_CLAIMS},
    {"sub number", WITHOUT_SUB ",\"sub\":42", USHER_CAUSE_ID_TOKEN_CLAIMS},
    {"sub empty", WITHOUT_SUB ",\"sub\":\"\"", USHER_CAUSE_ID_TOKEN_CLAIMS},
    {"sub of 255", WITHOUT_SUB ",\"sub\":\"" L255 "\"", USHER_CAUSE_NONE},
    {"sub of 256", WITHOUT_SUB ",\"sub\":\"" L255 "x\"", USHER_CAUSE_ID_TOKEN_CLAIMS},
    {"sub with NUL", WITHOUT_SUB ",\"sub\":\"a\\u0000b\"", USHER_CAUSE_ID_TOKEN_CLAIMS},
    {"sub with a line feed", WITHOUT_SUB ",\"sub\":\"a\\nb\"", USHER_CAUSE_ID_TOKEN_CLAIMS},
    {"sub not ASCII", WITHOUT_SUB ",\"sub\":\"\xc3\xa9\"", USHER_CAUSE_ID_TOKEN_CLAIMS},
    {"sub a lone surrogate", WITHOUT_SUB ",\"sub\":\"\\ud83d\"", USHER_CAUSE_ID_TOKEN_CLAIMS},

    /* SHA-512 for Ed25519, the left half: of "at" and of "co" */
    {"at_hash right", ALL ",\"at_hash\":\"dTR5nNqNrsxqjWP_lCTH2ESWpeTv9f1yZraJ_wsSjjE\"",
     USHER_CAUSE_NONE},
    {"at_hash wrong", ALL ",\"at_hash\":\"eTR5nNqNrsxqjWP_lCTH2ESWpeTv9f1yZraJ_wsSjjE\"",
     USHER_CAUSE_ID_TOKEN_CLAIMS},
    {"at_hash empty", ALL ",\"at_hash\":\"\"", USHER_CAUSE_ID_TOKEN_CLAIMS},
    {"at_hash null", ALL ",\"at_hash\":null", USHER_CAUSE_ID_TOKEN_CLAIMS},
    {"at_hash array", ALL ",\"at_hash\":[]", USHER_CAUSE_ID_TOKEN_CLAIMS},
    {"c_hash right", ALL ",\"c_hash\":\"1XiQw4QAuNWqMdo4mv4LdOmZlfqrbcMEONhKBJBsi7w\"",
     USHER_CAUSE_NONE},
    {"c_hash wrong", ALL ",\"c_hash\":\"dTR5nNqNrsxqjWP_lCTH2ESWpeTv9f1yZraJ_wsSjjE\"",
     USHER_CAUSE_ID_TOKEN_CLAIMS},
    {"c_hash number", ALL ",\"c_hash\":1", USHER_CAUSE_ID_TOKEN_CLAIMS},
};

static usher_id_token_rules rules(void)
{
    return (usher_id_token_rules){.issuer = USHER_STR("https://op.example"),
                                  .client_id = USHER_STR("client"),
                                  .alg = USHER_EDDSA,
                                  .nonce = USHER_STR("n0nce"),
                                  .access_token = USHER_STR("at"),
                                  .code = USHER_STR("co"),
                                  .now_s = NOW,
                                  .skew_s = 60};
}

static usher_str token_of(const char *members)
{
    usher_buf b;
    usher_str text;

    usher_buf_init(&b, &arena, 1 << 20);
    usher_buf_put_char(&b, '{');
    usher_buf_put_z(&b, members);
    usher_buf_put_char(&b, '}');
    assert_ok(usher_buf_take(&text, &b, NULL));
    return sample_sign(&arena, true, USHER_STR("{\"alg\":\"EdDSA\",\"kid\":\"ed\"}"), text);
}

static usher_cause judge(usher_str token, const usher_jwks *keys, const usher_id_token_rules *r)
{
    usher_id_token out;
    usher_cause cause = USHER_CAUSE_COUNT;
    usher_error err = {0};
    usher_status rc = usher_id_token_verify(&out, &cause, &arena, token, keys, r, &err);

    assert_true((rc == USHER_OK) == (cause == USHER_CAUSE_NONE));
    assert_true((rc == USHER_OK) == (out.subject.len > 0));
    assert_true((rc == USHER_OK) == (out.claims.count > 0));
    assert_true((rc == USHER_OK) == (out.text.len > 0));
    if (rc) assert_int_equal(err.status, rc);
    if (rc) assert_int_equal(USHER_STATUS_CLASS(rc), USHER_CLASS_PEER);
    return cause;
}

static void test_claims(void **state)
{
    usher_id_token_rules r = rules();

    (void)state;
    for (size_t i = 0; i < sizeof claims / sizeof *claims; i++) {
        usher_cause cause = judge(token_of(claims[i].claims), &sample, &r);

        if (cause != claims[i].cause)
            print_error("%s: %s\n", claims[i].name, usher_cause_word(cause));
        assert_int_equal(cause, claims[i].cause);
    }
}

static void test_what_is_handed_out(void **state)
{
    usher_id_token_rules r = rules();
    usher_id_token out;
    usher_cause cause;

    (void)state;
    assert_ok(usher_id_token_verify(&out, &cause, &arena, token_of(ALL ",\"name\":\"Ann\""),
                                    &sample, &r, NULL));
    assert_str(out.subject, "42");
    assert_str(out.text, "{" ALL ",\"name\":\"Ann\"}");
    assert_true(
        usher_json_string_is(usher_json_get(&out.claims, USHER_STR("name")), USHER_STR("Ann")));
}

static void test_without_a_nonce_sent(void **state)
{
    usher_id_token_rules r = rules();

    (void)state;
    r.nonce = (usher_str){0};
    assert_int_equal(judge(token_of(WITHOUT_NONCE), &sample, &r), USHER_CAUSE_NONE);
    assert_int_equal(judge(token_of(ALL), &sample, &r), USHER_CAUSE_ID_TOKEN_NONCE);
    assert_int_equal(judge(token_of(WITHOUT_NONCE ",\"nonce\":null"), &sample, &r),
                     USHER_CAUSE_ID_TOKEN_NONCE);
    r.nonce = USHER_STR(""); /* a lost value must not be met by an empty claim */
    assert_int_equal(judge(token_of(WITHOUT_NONCE ",\"nonce\":\"\""), &sample, &r),
                     USHER_CAUSE_ID_TOKEN_NONCE);
    assert_int_equal(judge(token_of(WITHOUT_NONCE), &sample, &r), USHER_CAUSE_ID_TOKEN_NONCE);
}

/* A refreshed token may repeat the nonce of its sign-in, which nobody knows any more. */
static void test_any_nonce(void **state)
{
    usher_id_token_rules r = rules();

    (void)state;
    r.any_nonce = true;
    r.nonce = (usher_str){0};
    assert_int_equal(judge(token_of(WITHOUT_NONCE), &sample, &r), USHER_CAUSE_NONE);
    assert_int_equal(judge(token_of(ALL), &sample, &r), USHER_CAUSE_NONE);
    assert_int_equal(judge(token_of(WITHOUT_NONCE ",\"nonce\":1"), &sample, &r), USHER_CAUSE_NONE);
}

static void test_without_an_access_token(void **state)
{
    usher_id_token_rules r = rules();

    (void)state;
    r.access_token = r.code = (usher_str){0};
    assert_int_equal(judge(token_of(ALL ",\"at_hash\":\"x\",\"c_hash\":\"x\""), &sample, &r),
                     USHER_CAUSE_NONE);
    assert_int_equal(judge(token_of(ALL ",\"at_hash\":1"), &sample, &r),
                     USHER_CAUSE_ID_TOKEN_CLAIMS);
}

static void test_max_age(void **state)
{
    static const struct {
        const char *claim;
        bool ok;
    } rows[] = {
        {",\"auth_time\":1799999700", true}, /* 300 s ago */
        {",\"auth_time\":1799999640", true}, /* 360 s: with the skew */
        {",\"auth_time\":1799999639", false}, {"", false},
        {",\"auth_time\":null", false},       {",\"auth_time\":\"1799999990\"", false},
        {",\"auth_time\":-1e300", false},     {",\"auth_time\":1e300", false},
    };
    usher_id_token_rules r = rules();

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        char text[400];

        snprintf(text, sizeof text, "%s%s", ALL, rows[i].claim);
        r.has_max_age = false;
        assert_int_equal(judge(token_of(text), &sample, &r), USHER_CAUSE_NONE);
        r.has_max_age = true, r.max_age_s = 300;
        assert_int_equal(judge(token_of(text), &sample, &r),
                         rows[i].ok ? USHER_CAUSE_NONE : USHER_CAUSE_ID_TOKEN_CLAIMS);
    }
}

/* T26: the clock swept over ten minutes on both sides, second by second. */
static void test_clock_sweep(void **state)
{
    usher_id_token_rules r = rules();
    usher_str token = token_of(WITHOUT_IAT ",\"iat\":1800000000,\"nbf\":1800000000");

    (void)state;
    for (int64_t d = -600; d <= 600; d++) {
        r.now_s = NOW + d;
        assert_int_equal(judge(token, &sample, &r),
                         d >= -60 && d < 120 ? USHER_CAUSE_NONE : USHER_CAUSE_ID_TOKEN_TIME);
    }
}

/* ---- headers and algorithms ---- */

static const struct {
    const char *name, *header;
    usher_cause cause;
} headers[] = {
    {"with kid", "{\"alg\":\"EdDSA\",\"kid\":\"ed\"}", USHER_CAUSE_NONE},
    {"without kid", "{\"alg\":\"EdDSA\"}", USHER_CAUSE_NONE},
    {"unknown kid", "{\"alg\":\"EdDSA\",\"kid\":\"x\"}", USHER_CAUSE_ID_TOKEN_KEY},
    {"kid of a key of another type", "{\"alg\":\"EdDSA\",\"kid\":\"es\"}",
     USHER_CAUSE_ID_TOKEN_KEY},
    {"empty kid", "{\"alg\":\"EdDSA\",\"kid\":\"\"}", USHER_CAUSE_ID_TOKEN_KEY},
    {"kid like a path", "{\"alg\":\"EdDSA\",\"kid\":\"../../ed\"}", USHER_CAUSE_ID_TOKEN_KEY},
    {"kid with NUL", "{\"alg\":\"EdDSA\",\"kid\":\"ed\\u0000\"}", USHER_CAUSE_ID_TOKEN_KEY},
    {"kid number", "{\"alg\":\"EdDSA\",\"kid\":1}", USHER_CAUSE_ID_TOKEN_MALFORMED},
    {"none", "{\"alg\":\"none\"}", USHER_CAUSE_ID_TOKEN_ALG},
    {"nOnE", "{\"alg\":\"nOnE\"}", USHER_CAUSE_ID_TOKEN_ALG},
    {"HS256", "{\"alg\":\"HS256\",\"kid\":\"ed\"}", USHER_CAUSE_ID_TOKEN_ALG},
    {"ES256", "{\"alg\":\"ES256\",\"kid\":\"ed\"}", USHER_CAUSE_ID_TOKEN_ALG},
    {"crit", "{\"alg\":\"EdDSA\",\"crit\":[\"x\"],\"x\":1}", USHER_CAUSE_ID_TOKEN_MALFORMED},
    {"b64", "{\"alg\":\"EdDSA\",\"b64\":false}", USHER_CAUSE_ID_TOKEN_MALFORMED},
    {"alg twice", "{\"alg\":\"none\",\"alg\":\"EdDSA\"}", USHER_CAUSE_ID_TOKEN_MALFORMED},
    {"a key in the header", "{\"alg\":\"EdDSA\",\"kid\":\"x\",\"jwk\":" SAMPLE_ED_JWK "}",
     USHER_CAUSE_ID_TOKEN_KEY},
};

static void test_headers(void **state)
{
    usher_id_token_rules r = rules();

    (void)state;
    for (size_t i = 0; i < sizeof headers / sizeof *headers; i++) {
        usher_cause cause =
            judge(sample_sign(&arena, true, kit_str(headers[i].header), USHER_STR("{" ALL "}")),
                  &sample, &r);

        if (cause != headers[i].cause) print_error("%s\n", headers[i].name);
        assert_int_equal(cause, headers[i].cause);
    }
}

static void test_shapes(void **state)
{
    static const char *const wrong[] = {"", "x", "a.b.c", "....",
                                        "eyJhbGciOiJkaXIiLCJlbmMiOiJBMjU2R0NNIn0..a.b.c"};
    static const char *const payloads[] = {
        "", "[]", "null", "{", "{}x", "\xff", "{\"a\":\"\xff\"}"};
    usher_id_token_rules r = rules();
    static char huge[(256 << 10) + 1];

    (void)state;
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
        assert_int_equal(judge(kit_str(wrong[i]), &sample, &r), USHER_CAUSE_ID_TOKEN_MALFORMED);
    for (size_t i = 0; i < sizeof payloads / sizeof *payloads; i++)
        assert_int_equal(
            judge(sample_sign(&arena, true, USHER_STR("{\"alg\":\"EdDSA\"}"), kit_str(payloads[i])),
                  &sample, &r),
            USHER_CAUSE_ID_TOKEN_MALFORMED);
    /* at the bound and beyond it: header and dots take 22 characters, the signature 86 */
    memset(huge, ' ', sizeof huge);
    memcpy(huge, "{" ALL "}", sizeof "{" ALL "}" - 1);
    for (size_t more = 0; more < 2; more++) {
        usher_str token = sample_sign(&arena, true, USHER_STR("{\"alg\":\"EdDSA\"}"),
                                      (usher_str){huge, ((256 << 10) - 108) / 4 * 3 + more});
        assert_int_equal(token.len > 256 << 10, more);
        assert_int_equal(judge(token, &sample, &r),
                         more ? USHER_CAUSE_ID_TOKEN_MALFORMED : USHER_CAUSE_NONE);
    }
}

static void test_a_wrong_signature(void **state)
{
    usher_id_token_rules r = rules();
    usher_str token = token_of(ALL);
    char copy[1000];

    (void)state;
    memcpy(copy, token.ptr, token.len);
    copy[token.len - 10] = copy[token.len - 10] == 'A' ? 'B' : 'A';
    assert_int_equal(judge((usher_str){copy, token.len}, &sample, &r),
                     USHER_CAUSE_ID_TOKEN_SIGNATURE);
    copy[token.len - 10] = '=';
    assert_int_equal(judge((usher_str){copy, token.len}, &sample, &r),
                     USHER_CAUSE_ID_TOKEN_MALFORMED);
    memcpy(copy, token.ptr, token.len);
    assert_int_equal(judge((usher_str){copy, token.len}, &sample, &r),
                     USHER_CAUSE_NONE); /* control */
    assert_int_equal(judge((usher_str){copy, token.len - 86}, &sample, &r),
                     USHER_CAUSE_ID_TOKEN_SIGNATURE);
}

/* ---- keys ---- */

#define ED(x, rest) "{\"kty\":\"OKP\",\"crv\":\"Ed25519\",\"x\":\"" x "\"" rest "}"
#define OTHER       "_DG7q5eJq5tmmgN6nDq0B4vQJoUKxv44IwDnWREz9oE"
#define WRONG       ED(OTHER, "")
#define RIGHT       ED(SAMPLE_ED_X, "")
#define FIVE        WRONG "," WRONG "," WRONG "," WRONG "," WRONG

static const struct {
    const char *name, *set;
    bool kid;
    usher_cause cause;
} sets[] = {
    {"no keys", "", false, USHER_CAUSE_ID_TOKEN_KEY},
    {"the key", RIGHT, false, USHER_CAUSE_NONE},
    {"keys without kid, token with", WRONG "," RIGHT, true, USHER_CAUSE_NONE},
    {"the key among others, no kid anywhere", WRONG "," SAMPLE_ES_JWK "," WRONG "," RIGHT, false,
     USHER_CAUSE_NONE},
    {"the eighth", FIVE "," WRONG "," WRONG "," RIGHT, false, USHER_CAUSE_NONE},
    {"the ninth is not tried", FIVE "," WRONG "," WRONG "," WRONG "," RIGHT, false,
     USHER_CAUSE_ID_TOKEN_KEY},
    {"those of other types do not count",
     FIVE "," SAMPLE_ES_JWK "," SAMPLE_ES_JWK "," SAMPLE_ES_JWK "," SAMPLE_ES_JWK "," RIGHT, false,
     USHER_CAUSE_NONE},
    {"same kid twice, the second is right",
     ED(OTHER, ",\"kid\":\"ed\"") "," ED(SAMPLE_ED_X, ",\"kid\":\"ed\""), true, USHER_CAUSE_NONE},
    {"the kid's key is another", ED(OTHER, ",\"kid\":\"ed\""), true,
     USHER_CAUSE_ID_TOKEN_SIGNATURE},
    {"the right key under another kid", ED(SAMPLE_ED_X, ",\"kid\":\"x\""), true,
     USHER_CAUSE_ID_TOKEN_KEY},
    {"none verifies, no kid: newer keys may", WRONG, false, USHER_CAUSE_ID_TOKEN_KEY},
    {"restricted to another algorithm", ED(SAMPLE_ED_X, ",\"alg\":\"ES256\""), false,
     USHER_CAUSE_ID_TOKEN_KEY},
    {"for encryption", ED(SAMPLE_ED_X, ",\"use\":\"enc\""), false, USHER_CAUSE_ID_TOKEN_KEY},
    {"not for verifying", ED(SAMPLE_ED_X, ",\"key_ops\":[\"sign\"]"), false,
     USHER_CAUSE_ID_TOKEN_KEY},
};

static void test_choice_of_keys(void **state)
{
    usher_id_token_rules r = rules();

    (void)state;
    for (size_t i = 0; i < sizeof sets / sizeof *sets; i++) {
        char text[4000];
        usher_jwks keys;
        usher_str header = sets[i].kid ? USHER_STR("{\"alg\":\"EdDSA\",\"kid\":\"ed\"}")
                                       : USHER_STR("{\"alg\":\"EdDSA\"}");

        snprintf(text, sizeof text, "{\"keys\":[%s]}", sets[i].set);
        assert_ok(usher_jwks_read(&keys, &arena, kit_str(text), NULL));
        usher_cause cause =
            judge(sample_sign(&arena, true, header, USHER_STR("{" ALL "}")), &keys, &r);
        if (cause != sets[i].cause) print_error("%s\n", sets[i].name);
        assert_int_equal(cause, sets[i].cause);
        usher_jwks_free(&keys);
    }
}

static void test_rules_that_expect_nothing(void **state)
{
    usher_str token = token_of(WITHOUT_ISS ",\"iss\":\"\"");

    (void)state;
    for (int i = 0; i < 4; i++) {
        usher_id_token_rules r = rules();
        usher_id_token out;
        usher_cause cause;

        if (i == 0) r.issuer = USHER_STR("");
        if (i == 1) r.client_id = (usher_str){0};
        if (i == 2) r.alg = USHER_JWS_NONE;
        if (i == 3) r.skew_s = -1;
        assert_int_equal(usher_id_token_verify(&out, &cause, &arena, token, &sample, &r, NULL),
                         USHER_E_USAGE);
        assert_true(cause != USHER_CAUSE_NONE && !out.text.ptr);
    }
}

/* ---- every algorithm ---- */

static usher_secret tokens_secret(void)
{
    static uint8_t bytes[64];

    assert_ok(usher_base64url_decode(bytes, USHER_STR(TOKENS_SECRET), NULL));
    return (usher_secret){bytes, sizeof bytes};
}

static usher_str mac_token(usher_jws_alg alg, usher_secret secret)
{
    uint8_t mac[USHER_DIGEST_MAX];
    usher_digest_kind kind = usher_jws_alg_digest(alg);
    char header[40];
    usher_str name = usher_jws_alg_name(alg), token;
    usher_buf b;

    snprintf(header, sizeof header, "{\"alg\":\"%.*s\"}", (int)name.len, name.ptr);
    usher_buf_init(&b, &arena, 4096);
    usher_base64url_put(&b, (const uint8_t *)header, strlen(header));
    usher_buf_put_char(&b, '.');
    usher_base64url_put(&b, (const uint8_t *)"{" ALL "}", sizeof "{" ALL "}" - 1);
    assert_ok(usher_hmac(mac, kind, secret, usher_buf_view(&b), NULL));
    usher_buf_put_char(&b, '.');
    usher_base64url_put(&b, mac, usher_digest_size(kind));
    assert_ok(usher_buf_take(&token, &b, NULL));
    return token;
}

/* Each token of another library under each configured algorithm, with the whole key set and the
 * secret at hand: what the header says chooses nothing. at_hash is checked with each digest. */
static void test_every_algorithm(void **state)
{
    usher_jwks keys, others;
    usher_id_token_rules r = rules();

    (void)state;
    assert_ok(usher_jwks_read(&keys, &arena, USHER_STR(TOKENS_JWKS), NULL));
    assert_int_equal(keys.count, 5);
    r.client_secret = tokens_secret();
    for (size_t i = 0; i < TOKENS; i++)
        for (int alg = USHER_RS256; alg < USHER_JWS_ALGS; alg++) {
            r.alg = (usher_jws_alg)alg;
            assert_int_equal(judge(kit_str(tokens[i].token), &keys, &r),
                             alg == (int)tokens[i].alg ? USHER_CAUSE_NONE
                                                       : USHER_CAUSE_ID_TOKEN_ALG);
        }
    /* the right algorithm, and keys of every other type: with an empty set, and with one whose keys
     * all have the token's kid */
    for (size_t i = 0; i < TOKENS; i++) {
        if (!tokens[i].key) continue;
        r.alg = tokens[i].alg;
        others = keys;
        others.count = 0;
        assert_int_equal(judge(kit_str(tokens[i].token), &others, &r), USHER_CAUSE_ID_TOKEN_KEY);
        for (size_t k = 0; k < keys.count; k++) {
            usher_jwk key = keys.keys[k];
            key.kid = (usher_str){0};
            others = (usher_jwks){&key, 1, 0};
            assert_int_equal(judge(kit_str(tokens[i].token), &others, &r),
                             usher_jws_alg_fits(r.alg, &key) ? USHER_CAUSE_NONE
                                                             : USHER_CAUSE_ID_TOKEN_KEY);
        }
    }
    usher_jwks_free(&keys);
}

/* A secret is the client's, and nothing public: the set's keys, as text in the ways that libraries
 * were once made to take them, are no secrets. */
static void test_secrets(void **state)
{
    static const usher_jws_alg macs[] = {USHER_HS256, USHER_HS384, USHER_HS512};
    static const char *const guesses[] = {TOKENS_RSA, TOKENS_ED, TOKENS_JWKS, "", "x", "client"};
    usher_jwks keys;

    (void)state;
    assert_ok(usher_jwks_read(&keys, &arena, USHER_STR(TOKENS_JWKS), NULL));
    for (size_t i = 0; i < 3; i++) {
        usher_id_token_rules r = rules();
        usher_str right = kit_str(tokens[macs[i] - 1].token);
        usher_id_token out;
        usher_cause cause;

        r.alg = macs[i];
        assert_int_equal(usher_id_token_verify(&out, &cause, &arena, right, &keys, &r, NULL),
                         USHER_E_USAGE); /* no secret, no verdict */
        r.client_secret = tokens_secret();
        assert_int_equal(judge(right, &keys, &r), USHER_CAUSE_NONE); /* control */
        keys.count = 0;
        assert_int_equal(judge(right, &keys, &r), USHER_CAUSE_NONE); /* no key set is needed */
        keys.count = 5;
        r.client_secret.len--;
        assert_int_equal(judge(right, &keys, &r), USHER_CAUSE_ID_TOKEN_SIGNATURE);
        r.client_secret.len++;
        /* signed with what everybody knows, though the header says what is configured */
        for (size_t g = 0; g < sizeof guesses / sizeof *guesses; g++) {
            usher_str guess = kit_str(guesses[g]);
            if (!guess.len) continue;
            assert_int_equal(judge(mac_token(macs[i], secret_of(guess)), &keys, &r),
                             USHER_CAUSE_ID_TOKEN_SIGNATURE);
            /* and where a key pair is configured, it is another algorithm */
            r.alg = USHER_RS256;
            assert_int_equal(judge(mac_token(macs[i], secret_of(guess)), &keys, &r),
                             USHER_CAUSE_ID_TOKEN_ALG);
            r.alg = macs[i];
        }
        assert_int_equal(judge(mac_token(macs[i], r.client_secret), &keys, &r),
                         USHER_CAUSE_NONE); /* control: the maker above makes good ones */
    }
    usher_jwks_free(&keys);
}

/* T25: forgeries by the hundred. The P-256 key signs what claims to be Ed25519's and the reverse,
 * with all headers; nothing of it is accepted by the other algorithm's rules. */
static void test_confusion(void **state)
{
    static const char *const algs[] = {"EdDSA", "ES256", "RS256", "PS256",
                                       "HS256", "none",  "ES384", "eddsa"};
    static const char *const kids[] = {"", ",\"kid\":\"ed\"", ",\"kid\":\"es\"", ",\"kid\":\"x\""};
    static const usher_jws_alg ours[] = {USHER_RS256, USHER_PS256, USHER_ES256, USHER_EDDSA};
    size_t accepted = 0, tried = 0;

    (void)state;
    for (size_t a = 0; a < 8; a++)
        for (size_t k = 0; k < 4; k++)
            for (int ed = 0; ed < 2; ed++) {
                char header[100];
                snprintf(header, sizeof header, "{\"alg\":\"%s\"%s}", algs[a], kids[k]);
                usher_str token = sample_sign(&arena, ed, kit_str(header), USHER_STR("{" ALL "}"));
                for (size_t i = 0; i < 4; i++, tried++) {
                    usher_id_token_rules r = rules();
                    r.alg = ours[i];
                    bool right =
                        ed ? a == 0 && i == 3 && k < 2 : a == 1 && i == 2 && (k == 0 || k == 2);
                    usher_cause cause = judge(token, &sample, &r);
                    assert_true((cause == USHER_CAUSE_NONE) == right);
                    accepted += cause == USHER_CAUSE_NONE;
                }
            }
    assert_int_equal(tried, 256);
    assert_int_equal(accepted, 4);
}

/* ---- failures of the host ---- */

static usher_status whole_life(const usher_allocator *alloc, usher_str token, usher_cause *cause)
{
    usher_id_token_rules r = rules();
    usher_arena a;
    usher_id_token out;

    usher_arena_init(&a, alloc, 256, 1 << 20);
    usher_status rc = usher_id_token_verify(&out, cause, &a, token, &sample, &r, NULL);
    assert_true((rc == USHER_OK) == (out.subject.len > 0));
    usher_arena_deinit(&a);
    return rc;
}

static void test_every_allocation_may_fail(void **state)
{
    usher_str token = token_of(
        WITHOUT_SUB
        ",\"sub\":\"\\u0034\",\"at_hash\":\"dTR5nNqNrsxqjWP_lCTH2ESWpeTv9f1yZraJ_wsSjjE\"");
    usher_cause cause;

    (void)state;
    for (int on = 0; on < 2; on++) {
        kit_alloc ours;
        size_t n = 0;

        do {
            ours = (kit_alloc){.fail_at = n++, .from_then_on = on};
            usher_allocator alloc = kit_allocator(&ours);
            usher_status rc = whole_life(&alloc, token, &cause);
            assert_int_equal(rc, ours.failed ? USHER_E_NOMEM : USHER_OK);
            assert_int_equal(cause, ours.failed ? USHER_CAUSE_NO_MEMORY : USHER_CAUSE_NONE);
            assert_int_equal(ours.live, 0);
        } while (ours.failed);
        assert_true(n > 2);

        n = 0;
        do {
            kit_crypto.fail_at = n++, kit_crypto.from_then_on = on;
            kit_crypto.calls = 0, kit_crypto.failed = false;
            usher_status rc = whole_life(usher_allocator_default(), token, &cause);
            kit_crypto.fail_at = SIZE_MAX;
            assert_true(rc == USHER_OK || (kit_crypto.failed && rc == USHER_E_NOMEM));
            assert_int_equal(cause, rc ? USHER_CAUSE_NO_MEMORY : USHER_CAUSE_NONE);
        } while (kit_crypto.failed);
        assert_true(n > 5);
    }
}

static void test_the_arena_may_be_full(void **state)
{
    usher_id_token_rules r = rules();
    usher_str token = token_of(ALL);
    usher_id_token out;
    usher_cause cause;
    usher_arena small;

    (void)state;
    usher_arena_init(&small, usher_allocator_default(), 64, 64);
    assert_int_equal(usher_id_token_verify(&out, &cause, &small, token, &sample, &r, NULL),
                     USHER_E_LIMIT);
    assert_int_equal(cause, USHER_CAUSE_LIMIT);
    usher_arena_deinit(&small);
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(test_vectors),
        TEST(test_claims),
        TEST(test_what_is_handed_out),
        TEST(test_without_a_nonce_sent),
        TEST(test_any_nonce),
        TEST(test_without_an_access_token),
        TEST(test_max_age),
        TEST(test_clock_sweep),
        TEST(test_headers),
        TEST(test_shapes),
        TEST(test_a_wrong_signature),
        TEST(test_choice_of_keys),
        TEST(test_rules_that_expect_nothing),
        TEST(test_every_algorithm),
        TEST(test_secrets),
        TEST(test_confusion),
        TEST(test_every_allocation_may_fail),
        TEST(test_the_arena_may_be_full),
    };

    kit_crypto_install();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
