#include "session/rig.h"

static const char *const one[] = {"secret", NULL};
static const char *const two[] = {"zzz", "secret", NULL};

#define V4 &usher_profile_nextauth_4
#define V5 &usher_profile_authjs_5

/* Tokens that the originals made (appendix A of the specification; good for a hundred years). */
static const char v4_session[] =
    "eyJhbGciOiJkaXIiLCJlbmMiOiJBMjU2R0NNIn0..oMZR1YBiQpNj8iww.vbnZ5nBdn0nMKYCXNW0_SAPbgFpHO0EOijaG"
    "Qz1gAPSD0afkpY4pHYn58LBZjn6dZkx0fPGeSwrRAxnwWdHPvNq0NOW_a0fXnYlQmCn0HiDp4GMLniiiL5RiKwY30UO3GE"
    "aOoJzUjV7d_H2tPJE59fqtPq760eTfmnXAouIJZa0zsIjtevZZTUcy0tEzO_nld908JNOtZDACfe9tfGCQcg53DQ.ZvrpC"
    "GvAAnmnoNbtk5RLtA";
static const char v4_state[] =
    "eyJhbGciOiJkaXIiLCJlbmMiOiJBMjU2R0NNIn0..9R_zytAEzInOuqca.EYLLj48LrwLdqcEV1v70rjmoXCmz_e8klnDA"
    "8UMOgCf_VjblASj7aIYdrzHdApEZhMni079ctNql047HDKaynK7h-h6UWv8wLniqiBvhB-"
    "Jrj2yv2oYY96KHmcd4cbWW5wU"
    "j7Pt-eZCQvDZQ6kDA2qyRm023XK4Dy3bymwwHvwCD2dCHpWRODkAxvkV39__D0C_NpRJwyacHcg."
    "WhQh9WxGE7MPgMM3BXW"
    "ZYA";
static const char v4_expired[] =
    "eyJhbGciOiJkaXIiLCJlbmMiOiJBMjU2R0NNIn0..u5oxoYHfE8S0Mh9y.sihHcKUACOVccoOk7iaQvbXfaaqelRTwjy7n"
    "pZaBCOTmB-UG49IgUgms5Lc2CjciULRVaGSGUvJQCUi3M42PfO4aE8nYp8CRs1dtLKl0EcvBMJhTolO481H2Cw."
    "sFodqe5Y"
    "MOyAOMOHIVfpZg";
static const char v5_session[] =
    "eyJhbGciOiJkaXIiLCJlbmMiOiJBMjU2Q0JDLUhTNTEyIiwia2lkIjoiN3g5RFVNVmFFVTZnaWFiMGwwT1dEdDRlNFNzUk"
    "h"
    "fY2J3TW9mMkV6RXl5Nm9uSzVvOHhTUFBCNzk5UlZvcW0ydjZ6Njc0a1FDdjlqb20yVDhTLWExZFEifQ..c2HuEl--"
    "SandAl"
    "ZIm1Qd0Q.SfbPlJCT65RBlVIY5-6wXO9-hVZcQ1g4eflMgsV3IKUL2bpZ2Am3aH97OdIlrO_"
    "4jv8mYeOXqMkNtofxVaPSrn"
    "Em6r6BABgZmbbwKEmK0nnqfpihB98nWkNwukNiD0lmmKAhgR1ngMHHfU8KuHoDKb7cReslN1jFhEm4hHO7x2ls-CD3y-"
    "YHO"
    "4qGQLSYBobIK0WKmiOokcfRkuloGMVtEA.BVi0kl-_RelORkyqNBNnrIkg5liWtOmlDSz5m1xpusM";
static const char v5_gcm[] = /* no kid */
    "eyJhbGciOiJkaXIiLCJlbmMiOiJBMjU2R0NNIn0..a-YXPurbFf0sO2Xo.iewEm5540suc4udFBw5ZhBK70aqOpfte1n9x"
    "NKZR6W81ZdYPW6PO3NnbXqNmGg.hirFN-ZhBYEOKtx2ryZxtg";
static const char v5_state_param[] =
    "eyJhbGciOiJkaXIiLCJlbmMiOiJBMjU2Q0JDLUhTNTEyIiwia2lkIjoiemUxckdNUEdWRHViY1hEblhvOE5rZElxZUR5dV"
    "NTRzNtSTVnUlBneFJpUmxnRHU5TU1qcnBLdzQtcE5vbWdjVHFpUVpsaXRoMWRDeXNSNnVWUGZLZmcifQ..5e-irXJJdHS7"
    "iQJ9OeYl3w.IFZC5ItrISmZ-3IshXQZpFHVhatCu5qObV8hOPlZEGpawIQOI5Movzp9Wp4bPOhH1q3hGcWXYxSzg0hxWwg"
    "FcJmCnEYVK_Q0HhP9_DUiCcNSgajw7LRzXtvEbeFfB59K6hfHOt9pA5oIlmW5EBGdjg.ot89EursZOhNIbS3223c8tgsPb"
    "BBc4rnvaeMiqwwXac";

static void test_tokens_of_the_originals(void **state)
{
    static const struct {
        const char *name;
        const usher_profile *profile;
        const char *const *secrets;
        usher_purpose purpose;
        const char *token;
        usher_verdict verdict;
        usher_cause cause;
        const char *begins;
    } cases[] = {
        {"v4 session", V4, one, USHER_FOR_SESSION, v4_session, USHER_SESSION_VALID, 0,
         "{\"name\":\"Ann "
         "\xc3\xa9\",\"email\":\"ann@example.com\",\"picture\":null,\"sub\":\"42\""},
        {"v4 state", V4, one, USHER_FOR_STATE, v4_state, USHER_SESSION_VALID, 0,
         "{\"value\":\"Eoh0VmhRDVjje0Gt2VuNojtf03mLzYkWpeGL_GmIaPM\",\"provider\":\"github\""},
        {"v4 state as session", V4, one, USHER_FOR_SESSION, v4_state, USHER_SESSION_REJECTED,
         USHER_CAUSE_TOKEN_FORGED, NULL},
        {"v4 expired", V4, one, USHER_FOR_SESSION, v4_expired, USHER_SESSION_EXPIRED,
         USHER_CAUSE_TOKEN_EXPIRED, "{\"sub\":\"42\""},
        {"v4 second secret: rotation is ours to offer", V4, two, USHER_FOR_SESSION, v4_session,
         USHER_SESSION_VALID, 0, "{\"name\":"},
        {"v5 session", V5, one, USHER_FOR_SESSION, v5_session, USHER_SESSION_VALID, 0,
         "{\"name\":\"Ann "
         "\xc3\xa9\",\"email\":\"ann@example.com\",\"picture\":null,\"sub\":\"42\""},
        {"v5 session, second secret by kid", V5, two, USHER_FOR_SESSION, v5_session,
         USHER_SESSION_VALID, 0, "{\"name\":"},
        {"v5 GCM without kid", V5, one, USHER_FOR_SESSION, v5_gcm, USHER_SESSION_VALID, 0,
         "{\"sub\":\"42\""},
        {"v5 GCM without kid: the second secret is not tried", V5, two, USHER_FOR_SESSION, v5_gcm,
         USHER_SESSION_REJECTED, USHER_CAUSE_TOKEN_FORGED, NULL},
        {"v5 state parameter", V5, one, USHER_FOR_STATE_PARAM, v5_state_param, USHER_SESSION_VALID,
         0, "{\"random\":\"r4nd0m\""},
        {"v5 state parameter as session: kid of no key", V5, one, USHER_FOR_SESSION, v5_state_param,
         USHER_SESSION_REJECTED, USHER_CAUSE_TOKEN_FORGED, NULL},
        {"v4 token at v5", V5, one, USHER_FOR_SESSION, v4_session, USHER_SESSION_REJECTED,
         USHER_CAUSE_TOKEN_FORGED, NULL},
        {"v5 token at v4", V4, one, USHER_FOR_SESSION, v5_session, USHER_SESSION_REJECTED,
         USHER_CAUSE_TOKEN_UNSUPPORTED, NULL},
        {"empty", V4, one, USHER_FOR_SESSION, "", USHER_NO_SESSION, 0, NULL},
        {"a word", V4, one, USHER_FOR_SESSION, "abc", USHER_SESSION_REJECTED,
         USHER_CAUSE_TOKEN_MALFORMED, NULL},
    };

    const int64_t made = INT64_C(1800000000); /* later than when the expired one was made */

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        usher_claims claims;
        usher_cause cause;
        rig r;

        rig_open(&r, cases[i].profile, cases[i].secrets);
        usher_verdict verdict =
            rig_judge(&r, cases[i].purpose, kit_str(cases[i].token), made, &cause, &claims);
        if (verdict != cases[i].verdict || cause != cases[i].cause)
            fail_msg("%s: %s, %s", cases[i].name, usher_verdict_word(verdict),
                     usher_cause_word(cause));
        if (cases[i].begins)
            assert_true(usher_str_starts(claims.text, kit_str(cases[i].begins)));
        else
            assert_null(claims.text.ptr);
        rig_close(&r);
    }
}

/* Authentic plaintexts: what the claims are decides. */
static void test_claims(void **state)
{
    static const struct {
        const char *plain;
        usher_verdict verdict;
        usher_cause cause;
    } cases[] = {
        {"{\"sub\":\"x\"}", USHER_SESSION_VALID, 0},
        {"{\"exp\":1767225601}", USHER_SESSION_VALID, 0},
        {"{\"exp\":1767225585.5}", USHER_SESSION_VALID, 0},
        {"{\"exp\":1e300}", USHER_SESSION_VALID, 0},
        {"{\"exp\":1e999}", USHER_SESSION_REJECTED, USHER_CAUSE_TOKEN_MALFORMED}, /* for ever? */
        {"{\"exp\":-1e999}", USHER_SESSION_REJECTED, USHER_CAUSE_TOKEN_MALFORMED},
        {"{\"exp\":1767225601,\"a\":[{\"b\":1e309}]}", USHER_SESSION_REJECTED,
         USHER_CAUSE_TOKEN_MALFORMED},
        {"{\"exp\":\"1767225601\"}", USHER_SESSION_REJECTED, USHER_CAUSE_TOKEN_CLAIMS},
        {"{\"exp\":null}", USHER_SESSION_REJECTED, USHER_CAUSE_TOKEN_CLAIMS},
        {"{\"exp\":[1767225601]}", USHER_SESSION_REJECTED, USHER_CAUSE_TOKEN_CLAIMS},
        {"{\"exp\":true}", USHER_SESSION_REJECTED, USHER_CAUSE_TOKEN_CLAIMS},
        {"{\"iat\":\"1\",\"exp\":1767225601}", USHER_SESSION_REJECTED, USHER_CAUSE_TOKEN_CLAIMS},
        {"{\"iat\":\"1\",\"exp\":1}", USHER_SESSION_REJECTED, USHER_CAUSE_TOKEN_CLAIMS},
        {"{\"iat\":9999999999,\"exp\":1767225601}", USHER_SESSION_VALID, 0},
        {"{\"nbf\":\"1\",\"exp\":1767225601}", USHER_SESSION_REJECTED, USHER_CAUSE_TOKEN_CLAIMS},
        {"{\"nbf\":1767225616,\"exp\":1767229200}", USHER_SESSION_REJECTED,
         USHER_CAUSE_TOKEN_NOT_YET},
        {"{\"exp\":1,\"exp\":1767225601}", USHER_SESSION_VALID, 0}, /* the last counts */
        {"{\"exp\":1767225601,\"exp\":1}", USHER_SESSION_EXPIRED, USHER_CAUSE_TOKEN_EXPIRED},
        {"{\"e\\u0078p\":1}", USHER_SESSION_EXPIRED, USHER_CAUSE_TOKEN_EXPIRED},
        {" {\"exp\" : 1767225601 } ", USHER_SESSION_VALID, 0},
        {"{\"a\":\"\\ud800\",\"exp\":1767225601}", USHER_SESSION_VALID, 0},
        {"[1]", USHER_SESSION_REJECTED, USHER_CAUSE_TOKEN_MALFORMED},
        {"null", USHER_SESSION_REJECTED, USHER_CAUSE_TOKEN_MALFORMED},
        {"\"text\"", USHER_SESSION_REJECTED, USHER_CAUSE_TOKEN_MALFORMED},
        {"", USHER_SESSION_REJECTED, USHER_CAUSE_TOKEN_MALFORMED},
        {"{\"exp\":1767225601}x", USHER_SESSION_REJECTED, USHER_CAUSE_TOKEN_MALFORMED},
        {"{\"n\":\"\xff\",\"exp\":1767225601}", USHER_SESSION_REJECTED,
         USHER_CAUSE_TOKEN_MALFORMED},
    };

    (void)state;
    for (size_t p = 0; usher_profile_at(p); p++) {
        rig r;

        rig_open(&r, usher_profile_at(p), one);
        const usher_key_header *h = &r.keys.headers[USHER_FOR_SESSION][0];
        for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
            usher_claims claims;
            usher_cause cause;
            usher_str token =
                rig_seal_raw(&r, &r.keys.keys[USHER_FOR_SESSION][0][0],
                             (usher_str){h->json, h->json_len}, kit_str(cases[i].plain));
            usher_verdict verdict =
                rig_judge(&r, USHER_FOR_SESSION, token, RIG_NOW, &cause, &claims);

            if (verdict != cases[i].verdict || cause != cases[i].cause)
                fail_msg("%s: %s, %s", cases[i].plain, usher_verdict_word(verdict),
                         usher_cause_word(cause));
            assert_int_equal(!!claims.text.ptr, verdict != USHER_SESSION_REJECTED);
        }
        rig_close(&r);
    }
}

static void test_limits_of_the_reader_are_an_answer(void **state)
{
    size_t depth = 2000, members = 10001, at;
    char *text = malloc(12 * members + 2 * depth + 64);
    usher_claims claims;
    usher_cause cause;
    rig r;

    (void)state;
    assert_non_null(text);
    rig_open(&r, V4, one);
    const usher_jwe_key *key = &r.keys.keys[USHER_FOR_SESSION][0][0];
    const usher_key_header *h = &r.keys.headers[USHER_FOR_SESSION][0];
    usher_str header = {h->json, h->json_len};
    at = (size_t)snprintf(text, 64, "{\"exp\":1767225601,\"n\":");
    memset(text + at, '[', depth);
    memset(text + at + depth, ']', depth);
    text[at + 2 * depth] = '}';
    usher_str token = rig_seal_raw(&r, key, header, (usher_str){text, at + 2 * depth + 1});
    assert_int_equal(rig_judge(&r, USHER_FOR_SESSION, token, RIG_NOW, &cause, &claims),
                     USHER_SESSION_REJECTED);
    assert_int_equal(cause, USHER_CAUSE_TOKEN_MALFORMED);
    text[0] = '{';
    at = 1;
    for (size_t i = 0; i < members; i++)
        at += (size_t)snprintf(text + at, 32, "\"m%zu\":1,", i);
    text[at - 1] = '}';
    token = rig_seal_raw(&r, key, header, (usher_str){text, at});
    assert_int_equal(rig_judge(&r, USHER_FOR_SESSION, token, RIG_NOW, &cause, &claims),
                     USHER_SESSION_REJECTED);
    /* A header nested beyond measure comes from anybody: it must not read as "could not tell". */
    memset(text, '[', 100);
    memset(text + 100, ']', 100);
    token = rig_seal_raw(&r, key, (usher_str){text, 200}, USHER_STR("{}"));
    assert_int_equal(rig_judge(&r, USHER_FOR_SESSION, token, RIG_NOW, &cause, &claims),
                     USHER_SESSION_REJECTED);
    rig_close(&r);
    free(text);
}

static void test_headers(void **state)
{
    static const struct {
        const usher_profile *profile;
        int column; /* of the key it is sealed with */
        const char *header;
        usher_cause cause; /* NONE: it opens */
    } cases[] = {
        {V4, 0, "{\"alg\":\"dir\",\"enc\":\"A256GCM\"}", 0},
        {V4, 0, "{\"enc\":\"A256GCM\",\"alg\":\"dir\"}", 0},
        {V4, 0, "{\"alg\":\"dir\",\"enc\":\"A256GCM\",\"kid\":\"any\",\"typ\":\"JWT\"}", 0},
        {V4, 0, "{\"alg\":\"dir\",\"enc\":\"A256GCM\",\"zip\":\"DEF\"}",
         USHER_CAUSE_TOKEN_UNSUPPORTED},
        {V4, 0, "{\"alg\":\"dir\",\"enc\":\"A256GCM\",\"crit\":[\"exp\"]}",
         USHER_CAUSE_TOKEN_UNSUPPORTED},
        {V4, 0, "{\"alg\":\"A256KW\",\"enc\":\"A256GCM\"}", USHER_CAUSE_TOKEN_UNSUPPORTED},
        {V4, 0, "{\"alg\":\"dir\",\"enc\":\"A256CBC-HS512\"}", USHER_CAUSE_TOKEN_UNSUPPORTED},
        {V4, 0, "{\"alg\":\"dir\"}", USHER_CAUSE_TOKEN_MALFORMED},
        {V4, 0, "not json", USHER_CAUSE_TOKEN_MALFORMED},
        {V5, 0, "{\"alg\":\"dir\",\"enc\":\"A256CBC-HS512\"}", 0}, /* no kid: the first secret */
        {V5, 1, "{\"alg\":\"dir\",\"enc\":\"A256GCM\"}", 0},
        {V5, 1,
         "{\"alg\":\"dir\",\"enc\":\"A256GCM\",\"kid\":"
         "\"tgdt-VLOTRviBTc4vwSS-WjOhg14Bq0M6tGDvSzfdgs\"}",
         0},
        {V5, 1, "{\"alg\":\"dir\",\"enc\":\"A256GCM\",\"kid\":\"nope\"}", USHER_CAUSE_TOKEN_FORGED},
        {V5, 0, "{\"alg\":\"dir\",\"enc\":\"A256CBC-HS512\",\"kid\":\"\"}",
         USHER_CAUSE_TOKEN_FORGED},
        {V5, 0, "{\"alg\":\"dir\",\"enc\":\"A256CBC-HS512\",\"kid\":null}",
         USHER_CAUSE_TOKEN_MALFORMED},
        {V5, 0,
         "{\"alg\":\"dir\",\"enc\":\"A256CBC-HS512\",\"kid\":"
         "\"tgdt-VLOTRviBTc4vwSS-WjOhg14Bq0M6tGDvSzfdgs\"}",
         USHER_CAUSE_TOKEN_FORGED},
        {V5, 0, "{\"alg\":\"none\",\"enc\":\"A256CBC-HS512\"}", USHER_CAUSE_TOKEN_UNSUPPORTED},
        {V5, 0, "{\"alg\":\"dir\",\"enc\":\"A128GCM\"}", USHER_CAUSE_TOKEN_UNSUPPORTED},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        usher_claims claims;
        usher_cause cause;
        rig r;

        rig_open(&r, cases[i].profile, one);
        usher_str token = rig_seal_raw(&r, &r.keys.keys[USHER_FOR_SESSION][0][cases[i].column],
                                       kit_str(cases[i].header), USHER_STR("{\"exp\":1767229200}"));
        usher_verdict verdict = rig_judge(&r, USHER_FOR_SESSION, token, RIG_NOW, &cause, &claims);
        if (cause != cases[i].cause || (verdict == USHER_SESSION_VALID) != (cause == 0))
            fail_msg("%s: %s", cases[i].header, usher_cause_word(cause));
        rig_close(&r);
    }
}

/* Each second around both ends: no gap, no overlap. */
static void test_clock_sweep(void **state)
{
    (void)state;
    for (size_t p = 0; usher_profile_at(p); p++) {
        rig r;

        rig_open(&r, usher_profile_at(p), one);
        usher_str token = rig_seal(&r, USHER_FOR_SESSION, USHER_STR("{\"nbf\":1767225660}"), 120);
        for (int64_t now = RIG_NOW - 100; now < RIG_NOW + 300; now++) {
            usher_claims claims;
            usher_cause cause;
            usher_verdict verdict = rig_judge(&r, USHER_FOR_SESSION, token, now, &cause, &claims);
            bool early = now < RIG_NOW + 60 - 15, late = now >= RIG_NOW + 120 + 15;

            assert_int_equal(verdict, early  ? USHER_SESSION_REJECTED
                                      : late ? USHER_SESSION_EXPIRED
                                             : USHER_SESSION_VALID);
            assert_int_equal(cause, early  ? USHER_CAUSE_TOKEN_NOT_YET
                                    : late ? USHER_CAUSE_TOKEN_EXPIRED
                                           : USHER_CAUSE_NONE);
        }
        rig_close(&r);
    }
}

static char *copy_of(usher_str s)
{
    char *p = malloc(s.len + 1);

    assert_non_null(p);
    memcpy(p, s.ptr, s.len);
    return p;
}

static void test_no_flipped_bit_is_accepted(void **state)
{
    (void)state;
    for (size_t p = 0; usher_profile_at(p); p++) {
        rig r;

        rig_open(&r, usher_profile_at(p), one);
        usher_str token = rig_seal(&r, USHER_FOR_SESSION, USHER_STR("{\"sub\":\"42\"}"), 3600);
        char *copy = copy_of(token);
        usher_str view = {copy, token.len};
        for (size_t bit = 0; bit < token.len * 8; bit++) {
            copy[bit / 8] = (char)(copy[bit / 8] ^ (1 << bit % 8));
            assert_false(rig_opens(&r, USHER_FOR_SESSION, view));
            copy[bit / 8] = (char)(copy[bit / 8] ^ (1 << bit % 8));
        }
        assert_true(rig_opens(&r, USHER_FOR_SESSION, view)); /* control: untouched, it opens */
        free(copy);
        rig_close(&r);
    }
}

static void test_no_truncation_or_addition_is_accepted(void **state)
{
    (void)state;
    for (size_t p = 0; usher_profile_at(p); p++) {
        rig r;

        rig_open(&r, usher_profile_at(p), one);
        usher_str token = rig_seal(&r, USHER_FOR_SESSION, USHER_STR("{\"sub\":\"42\"}"), 3600);
        for (size_t len = 0; len < token.len; len++) {
            assert_false(rig_opens(&r, USHER_FOR_SESSION, (usher_str){token.ptr, len}));
            assert_false(rig_opens(&r, USHER_FOR_SESSION, usher_str_from(token, len + 1)));
        }
        for (int c = 0; c < 256; c++) {
            char *longer = copy_of(token);
            longer[token.len] = (char)c;
            assert_false(rig_opens(&r, USHER_FOR_SESSION, (usher_str){longer, token.len + 1}));
            free(longer);
        }
        assert_true(rig_opens(&r, USHER_FOR_SESSION, token)); /* control */
        rig_close(&r);
    }
}

/* Every sealed thing at every purpose, across both profiles and another secret: only the diagonal.
 */
static void test_purposes_matrix(void **state)
{
    static const char *const other[] = {"another secret", NULL};
    const struct {
        const usher_profile *profile;
        const char *const *secrets;
    } sites[] = {{V4, one}, {V5, one}, {V4, other}, {V5, other}};
    rig rigs[4];
    size_t opened = 0, tried = 0;

    (void)state;
    for (size_t i = 0; i < 4; i++)
        rig_open(&rigs[i], sites[i].profile, sites[i].secrets);
    for (size_t i = 0; i < 4; i++)
        for (unsigned p = 0; p < USHER_PURPOSES; p++) {
            if (!rigs[i].keys.has[p]) continue;
            usher_str token =
                rig_seal(&rigs[i], (usher_purpose)p, USHER_STR("{\"sub\":\"1\"}"), 3600);
            for (size_t j = 0; j < 4; j++)
                for (unsigned q = 0; q < USHER_PURPOSES; q++) {
                    if (!rigs[j].keys.has[q]) continue;
                    bool opens = rig_opens(&rigs[j], (usher_purpose)q, token);
                    assert_int_equal(opens, i == j && p == q);
                    opened += opens;
                    tried++;
                }
        }
    assert_int_equal(opened, 18);
    assert_int_equal(tried, 18 * 18);
    for (size_t i = 0; i < 4; i++)
        rig_close(&rigs[i]);
}

static void test_stamps(void **state)
{
    static const struct {
        const char *claims, *sealed;
    } cases[] = {
        {"{}", "{\"iat\":1767225600,\"exp\":1767229200,\"jti\":\"#\"}"},
        {"{\"sub\":\"s\"}", "{\"sub\":\"s\",\"iat\":1767225600,\"exp\":1767229200,\"jti\":\"#\"}"},
        {"{\"jti\":\"x\",\"z\":1,\"exp\":5,\"sub\":\"s\",\"iat\":4}",
         "{\"jti\":\"#\",\"z\":1,\"exp\":1767229200,\"sub\":\"s\",\"iat\":1767225600}"},
        {"{\"exp\":1,\"a\":1}", "{\"exp\":1767229200,\"a\":1,\"iat\":1767225600,\"jti\":\"#\"}"},
        {"{\"e\\u0078p\":1}", "{\"e\\u0078p\":1767229200,\"iat\":1767225600,\"jti\":\"#\"}"},
        /* bytes of what we do not know: numbers, escapes, lone surrogates, spaces inside */
        {"{\"n\":1.50e+1,\"s\":\"\\ud83d\\/\",\"o\":{ \"x\" : [ 1 ] }}",
         "{\"n\":1.50e+1,\"s\":\"\\ud83d\\/\",\"o\":{ \"x\" : [ 1 ] },\"iat\":1767225600,"
         "\"exp\":1767229200,\"jti\":\"#\"}"},
        {"{\"a\":1,\"b\":2,\"a\":3}",
         "{\"a\":3,\"b\":2,\"iat\":1767225600,\"exp\":1767229200,\"jti\":\"#\"}"},
        {"{\"2\":\"two\",\"__proto__\":{\"admin\":true}}",
         "{\"2\":\"two\",\"__proto__\":{\"admin\":true},\"iat\":1767225600,\"exp\":1767229200,"
         "\"jti\":\"#\"}"},
        {" { \"sub\" : \"s\" } ",
         "{\"sub\":\"s\",\"iat\":1767225600,\"exp\":1767229200,\"jti\":\"#\"}"},
    };

    (void)state;
    for (size_t p = 0; usher_profile_at(p); p++)
        for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
            usher_claims claims;
            usher_cause cause;
            rig r;

            rig_open(&r, usher_profile_at(p), one);
            usher_str token = rig_seal(&r, USHER_FOR_SESSION, kit_str(cases[i].claims), 3600);
            const usher_key_header *h = &r.keys.headers[USHER_FOR_SESSION][0];
            assert_true(usher_str_starts(token, (usher_str){h->b64, h->b64_len}));
            assert_int_equal(rig_judge(&r, USHER_FOR_SESSION, token, RIG_NOW, &cause, &claims),
                             USHER_SESSION_VALID);
            usher_str jti;
            assert_ok(usher_json_string(&jti, &r.arena,
                                        usher_json_get(&claims.object, USHER_STR("jti")), NULL));
            assert_int_equal(jti.len, 36);
            size_t at = usher_str_find(claims.text, jti);
            char *text = copy_of(claims.text);
            text[at] = '#';
            memmove(text + at + 1, text + at + 36, claims.text.len - at - 36);
            assert_str(((usher_str){text, claims.text.len - 35}), cases[i].sealed);
            assert_true(claims.has_exp && claims.has_iat && claims.exp == 1767229200.0 &&
                        claims.iat == 1767225600.0);
            free(text);
            rig_close(&r);
        }
}

static void test_what_is_not_sealed(void **state)
{
    usher_str token;
    int64_t exp = 1;
    rig r;
    usher_error err;

    (void)state;
    rig_open(&r, V4, one);
    static const char *const no_object[] = {"", "[]", "null", "{", "{}x", "\"a\""};
    for (size_t i = 0; i < sizeof no_object / sizeof *no_object; i++)
        assert_int_equal(usher_token_seal(&token, &exp, &r.arena, r.cipher, &r.keys,
                                          USHER_FOR_SESSION, kit_str(no_object[i]), RIG_NOW, 1,
                                          r.entropy, &err),
                         USHER_E_SYNTAX);
    assert_int_equal(exp, 0);
    assert_int_equal(usher_token_seal(&token, &exp, &r.arena, r.cipher, &r.keys,
                                      USHER_FOR_STATE_PARAM, USHER_STR("{}"), RIG_NOW, 1, r.entropy,
                                      &err),
                     USHER_E_USAGE); /* nextauth-4 has no such key */
    assert_int_equal(usher_token_seal(&token, &exp, &r.arena, r.cipher, &r.keys, USHER_PURPOSES,
                                      USHER_STR("{}"), RIG_NOW, 1, r.entropy, &err),
                     USHER_E_USAGE);
    assert_int_equal(usher_token_seal(&token, &exp, &r.arena, r.cipher, &r.keys, USHER_FOR_SESSION,
                                      USHER_STR("{}"), RIG_NOW, INT64_MAX, r.entropy, &err),
                     USHER_E_USAGE);
    /* Entropy that fails: for the identifier, then for the IV. Nothing is issued. */
    for (size_t n = 0; n < 2; n++) {
        r.random = (kit_random){.seed = 1, .fail_at = n};
        assert_int_equal(usher_token_seal(&token, &exp, &r.arena, r.cipher, &r.keys,
                                          USHER_FOR_SESSION, USHER_STR("{}"), RIG_NOW, 1, r.entropy,
                                          &err),
                         USHER_E_CRYPTO);
        assert_null(token.ptr);
    }
    usher_claims claims;
    usher_verdict verdict;
    usher_cause cause;
    assert_int_equal(usher_token_open(&claims, &verdict, &cause, &r.arena, r.cipher, &r.keys,
                                      USHER_FOR_STATE_PARAM, USHER_STR("x"), RIG_NOW, &err),
                     USHER_E_USAGE);
    rig_close(&r);
}

/* What is written is what can be read: the bound is met from both sides. */
static void test_the_longest_token(void **state)
{
    (void)state;
    for (size_t p = 0; usher_profile_at(p); p++) {
        size_t written = 0, refused = 0;

        for (size_t len = 196000; len < 197000; len += 16) {
            char *claims = malloc(len + 16);
            usher_str token;
            int64_t exp;
            rig r;

            assert_non_null(claims);
            rig_open(&r, usher_profile_at(p), one);
            memcpy(claims, "{\"b\":\"", 6);
            memset(claims + 6, 'x', len);
            memcpy(claims + 6 + len, "\"}", 2);
            usher_status rc =
                usher_token_seal(&token, &exp, &r.arena, r.cipher, &r.keys, USHER_FOR_SESSION,
                                 (usher_str){claims, len + 8}, RIG_NOW, 60, r.entropy, NULL);
            if (rc == USHER_OK) {
                assert_true(rig_opens(&r, USHER_FOR_SESSION, token));
                written++;
            } else {
                assert_int_equal(rc, USHER_E_LIMIT);
                assert_null(token.ptr);
                refused++;
            }
            free(claims);
            rig_close(&r);
        }
        assert_true(written > 0 && refused > 0);
    }
    rig r;
    usher_claims claims;
    usher_cause cause;
    char *text = calloc(1, USHER_TOKEN_MAX + 1);
    assert_non_null(text);
    rig_open(&r, V4, one);
    assert_int_equal(rig_judge(&r, USHER_FOR_SESSION, (usher_str){text, USHER_TOKEN_MAX + 1},
                               RIG_NOW, &cause, &claims),
                     USHER_SESSION_REJECTED);
    assert_int_equal(cause, USHER_CAUSE_TOKEN_TOO_LARGE);
    rig_judge(&r, USHER_FOR_SESSION, (usher_str){text, USHER_TOKEN_MAX}, RIG_NOW, &cause, &claims);
    assert_int_equal(cause, USHER_CAUSE_TOKEN_MALFORMED); /* control: it is looked at */
    free(text);
    rig_close(&r);
}

/* The other bound of what is read: the stamps count too. */
static void test_the_most_claims(void **state)
{
    size_t most = usher_json_limits_claims.members;

    (void)state;
    for (size_t members = most - 4; members < most + 2; members++) {
        char *claims = malloc(16 * members);
        size_t at = 1;
        usher_str token;
        int64_t exp;
        rig r;

        assert_non_null(claims);
        claims[0] = '{';
        for (size_t i = 0; i < members; i++)
            at += (size_t)snprintf(claims + at, 16, "\"m%zu\":1,", i);
        claims[at - 1] = '}';
        rig_open(&r, V4, one);
        usher_status rc =
            usher_token_seal(&token, &exp, &r.arena, r.cipher, &r.keys, USHER_FOR_SESSION,
                             (usher_str){claims, at}, RIG_NOW, 60, r.entropy, NULL);
        assert_int_equal(rc, members + 3 > most ? USHER_E_LIMIT : USHER_OK);
        if (rc == USHER_OK) assert_true(rig_opens(&r, USHER_FOR_SESSION, token));
        free(claims);
        rig_close(&r);
    }
}

/* A token that is fine, in an exchange that has no room left: "could not tell", at every bound
 * until there is room enough. */
static void test_the_arenas_bound_is_no_answer(void **state)
{
    size_t undecided = 0;

    (void)state;
    for (size_t p = 0; usher_profile_at(p); p++) {
        bool opened = false;
        rig r;

        rig_open(&r, usher_profile_at(p), one);
        usher_str token = rig_seal(&r, USHER_FOR_SESSION, USHER_STR("{\"sub\":\"42\"}"), 60);
        for (size_t limit = 0; !opened; limit += 16) {
            usher_claims claims;
            usher_verdict verdict;
            usher_cause cause;
            usher_arena a;

            usher_arena_init(&a, &r.alloc, 64, limit);
            usher_status rc = usher_token_open(&claims, &verdict, &cause, &a, r.cipher, &r.keys,
                                               USHER_FOR_SESSION, token, RIG_NOW, NULL);
            opened = rc == USHER_OK;
            assert_int_equal(rc, opened ? USHER_OK : USHER_E_LIMIT);
            assert_int_equal(verdict, opened ? USHER_SESSION_VALID : USHER_NO_SESSION);
            undecided += !opened;
            usher_arena_deinit(&a);
        }
        rig_close(&r);
    }
    assert_true(undecided > 10);
}

static void test_uuid(void **state)
{
    kit_random random = {.seed = 3, .fail_at = SIZE_MAX};
    char a[36], b[36];

    (void)state;
    for (size_t n = 0; n < 200; n++) {
        assert_ok(usher_uuid4(a, kit_entropy(&random), NULL));
        for (size_t i = 0; i < 36; i++) {
            bool dash = i == 8 || i == 13 || i == 18 || i == 23;
            assert_true(dash ? a[i] == '-' : !!strchr("0123456789abcdef", a[i]));
        }
        assert_int_equal(a[14], '4');
        assert_non_null(strchr("89ab", a[19]));
        assert_ok(usher_uuid4(b, kit_entropy(&random), NULL));
        assert_memory_not_equal(a, b, 36);
    }
    random.fail_at = random.calls;
    assert_int_equal(usher_uuid4(a, kit_entropy(&random), NULL), USHER_E_CRYPTO);
}

/* One seal and one open with a fresh cipher; the status of the first thing that failed. */
static usher_status seal_and_open(const usher_allocator *alloc, const usher_keyring *keys)
{
    usher_arena a;
    kit_random random = {.seed = 9, .fail_at = SIZE_MAX};
    usher_claims claims;
    usher_verdict verdict;
    usher_cause cause;
    usher_str token;
    int64_t exp;
    usher_error err = {0};
    usher_status rc = USHER_E_NOMEM;

    usher_arena_init(&a, alloc, 512, RIG_LIMIT);
    usher_jwe_cipher *cipher = usher_jwe_cipher_new(alloc);
    if (!cipher) goto done;
    if ((rc = usher_token_seal(&token, &exp, &a, cipher, keys, USHER_FOR_SESSION,
                               USHER_STR("{\"sub\":\"\\u0041\"}"), RIG_NOW, 60,
                               kit_entropy(&random), &err)) ||
        (rc = usher_token_open(&claims, &verdict, &cause, &a, cipher, keys, USHER_FOR_SESSION,
                               token, RIG_NOW, &err))) {
        assert_int_equal(err.status, rc);
        goto done;
    }
    assert_int_equal(verdict, USHER_SESSION_VALID); /* never a verdict because memory was short */
done:
    usher_jwe_cipher_free(cipher);
    usher_arena_deinit(&a);
    return rc;
}

static void test_every_allocation_may_fail(void **state)
{
    kit_alloc memory = {.fail_at = SIZE_MAX}, *const sources[] = {&memory, &kit_crypto};
    usher_allocator alloc = kit_allocator(&memory);
    size_t refused = 0;

    (void)state;
    for (size_t p = 0; usher_profile_at(p); p++)
        for (size_t s = 0; s < 2; s++) {
            usher_keyring keys;
            bool failed = true;

            assert_ok(rig_ring(&keys, usher_allocator_default(), usher_profile_at(p), two));
            for (size_t n = 0; failed; n++) {
                *sources[s] = (kit_alloc){.fail_at = n, .live = sources[s]->live};
                usher_status rc = seal_and_open(&alloc, &keys);
                failed = sources[s]->failed;
                sources[s]->fail_at = SIZE_MAX;
                assert_int_equal(memory.live, 0);
                if (!failed) assert_ok(rc);
                if (failed && rc) refused++;
                /* libcrypto does not always say that it was memory, and sometimes does without */
                if (failed && s == 0) assert_int_equal(rc, USHER_E_NOMEM);
                if (failed && s == 1)
                    assert_true(!rc || USHER_STATUS_CLASS(rc) == USHER_CLASS_HOST);
            }
            usher_keyring_deinit(&keys, usher_allocator_default());
        }
    assert_true(refused > 20);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_tokens_of_the_originals),
        cmocka_unit_test(test_claims),
        cmocka_unit_test(test_limits_of_the_reader_are_an_answer),
        cmocka_unit_test(test_headers),
        cmocka_unit_test(test_clock_sweep),
        cmocka_unit_test(test_no_flipped_bit_is_accepted),
        cmocka_unit_test(test_no_truncation_or_addition_is_accepted),
        cmocka_unit_test(test_purposes_matrix),
        cmocka_unit_test(test_stamps),
        cmocka_unit_test(test_what_is_not_sealed),
        cmocka_unit_test(test_the_longest_token),
        cmocka_unit_test(test_the_most_claims),
        cmocka_unit_test(test_the_arenas_bound_is_no_answer),
        cmocka_unit_test(test_uuid),
        cmocka_unit_test(test_every_allocation_may_fail),
    };

    kit_crypto_install();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
