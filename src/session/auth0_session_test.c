#include "session/auth0_rig.h"
#include "wire/json_set.h"

#define YEAR (INT64_C(365) * 24 * 3600)

/* ---- what the specification gives ------------------------------------------------------------ */

#define SPEC_NOW INT64_C(1700000050)
#define SPEC_SESSION                                                                               \
    "eyJlbmMiOiJBMjU2R0NNIiwiYWxnIjoiZGlyIn0..AAECAwQFBgcICQoL."                                   \
    "XTdb4LhzzjUfmQNU3v9jklIg05bIOOWC2vuvZlrdTbhRTyfi4Y_br1Xos1BoR3OXT4jSE0y20g8zcmAfTmTuRUU42H1J" \
    "Dk_Z4sIYNBHbGhXh_fVOCYtjuq9yllfEyTWI6sNDlTe-k54B-wHawn0_D7xcLH1CgHmUYUQxAMZv-GFMMXGNQtYVBXG"  \
    "GsIZuJveYsucbvS2DpaU1Q9cEHLZcsdgGHMfUnadoW2sC3HiIpIwRC_udB1umU1ebJ20sooikoaMNL3uB5GyY2ktntaj" \
    "TPOeCwpYOkMT7LvUVBnIJhRjdhqUDbAl4StUgi7BMIw.zOkvZuxF6slLik-RQTsv1Q"
#define SPEC_ID                                                                                    \
    "eyJlbmMiOiJBMjU2R0NNIiwiYWxnIjoiZGlyIn0..AAECAwQFBgcICQoL."                                   \
    "XTdH9_87zj9UikETju5qhAdgksjOc-OYzuD4ZlbaDeEQai3pppSRrw2lvU12NizXXIKbBRnhiVpwfA."              \
    "MlwNRvbpgthE7DMzFcwOcQ"
#define SPEC_V3                                                                                    \
    "eyJhbGciOiJkaXIiLCJlbmMiOiJBMjU2R0NNIiwidWF0IjoxNzAwMDAwMTAwLCJpYXQiOjE3MDAwMDAwMDAsImV4cCI6" \
    "MTcwMDA4NjUwMH0..AAECAwQFBgcICQoL."                                                           \
    "XTdb4LhzzjUfmQNU3v9jklIg05bIOOWC2vuyblOaVaAgRw294Y_br0jjjFptcXjBV5DARQ_5kwsjYlEDVlXvDBp0mzNJ" \
    "QxmSqrQWPBfQS1yX--oJS_pztrBn0U_chCqd4cRO0zmw0I8H7wfM5WYxDoF6O31O0CbFT0B2VJs66n9adyDbAINKT1eM" \
    "vZFld6Xur_hc_y3c_6coE88.qCKHdvi_ntvIKB3A8FwK1Q"

static void test_tokens_of_the_original(void **state)
{
    static const struct {
        const char *name, *token, *json;
        bool legacy;
    } cases[] = {
        {"__session", SPEC_SESSION,
         "{\"user\":{\"sub\":\"auth0|1\",\"name\":\"Ann\"},\"tokenSet\":{\"accessToken\":\"at\","
         "\"idToken\":\"it\",\"scope\":\"openid\",\"requestedScope\":\"openid\",\"refreshToken\":"
         "\"rt\",\"expiresAt\":4102444000},\"internal\":{\"sid\":\"SID1\",\"createdAt\":1700000000}"
         ",\"exp\":4102444800}",
         false},
        {"appSession", SPEC_V3,
         "{\"user\":{\"sub\":\"auth0|1\",\"sid\":\"SID1\"},\"tokenSet\":{\"idToken\":\"it\","
         "\"accessToken\":\"at\",\"scope\":\"openid\",\"refreshToken\":\"rt\",\"expiresAt\":"
         "4102444000},\"internal\":{\"sid\":\"SID1\",\"createdAt\":1700000000}}",
         true},
        {"__session", SPEC_V3,
         "{\"user\":{\"sub\":\"auth0|1\",\"sid\":\"SID1\"},\"tokenSet\":{\"idToken\":\"it\","
         "\"accessToken\":\"at\",\"scope\":\"openid\",\"refreshToken\":\"rt\",\"expiresAt\":"
         "4102444000},\"internal\":{\"sid\":\"SID1\",\"createdAt\":1700000000}}",
         true},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        usher_auth0_session s;
        usher_cause cause;
        a0 t;

        a0_open(&t);
        t.c.now_s = SPEC_NOW;
        a0_cookie(&t, cases[i].name, kit_str(cases[i].token));
        assert_int_equal(a0_judge(&t, &s, &cause), USHER_SESSION_VALID);
        assert_int_equal(cause, USHER_CAUSE_NONE);
        assert_str(s.json, cases[i].json);
        assert_int_equal(s.legacy, cases[i].legacy);
        assert_true(s.has_created && s.created_s == 1700000000);
        a0_close(&t);
    }
}

static usher_verdict judge_id(a0 *t, usher_auth0_id *id, usher_cause *cause)
{
    usher_verdict verdict;

    assert_ok(usher_auth0_id_open(id, &verdict, cause, &t->c, &t->jar, NULL));
    if (verdict != USHER_SESSION_VALID) assert_null(id->id.ptr);
    return verdict;
}

static void test_ids(void **state)
{
    static const struct {
        const char *name, *value, *id;
        usher_verdict verdict;
        usher_cause cause;
        bool is_old;
    } cases[] = {
        {"__session", SPEC_ID, "00112233445566778899aabbccddeeff", USHER_SESSION_VALID,
         USHER_CAUSE_NONE, false},
        {"appSession", SPEC_ID, "00112233445566778899aabbccddeeff", USHER_SESSION_VALID,
         USHER_CAUSE_NONE, true},
        {"appSession", "legacyid.-d29YlLoG6WMZn-oSBFtdWXkbploBYNa0yKGydhjnuU", "legacyid",
         USHER_SESSION_VALID, USHER_CAUSE_NONE, true},
        {"__session", "legacyid.-d29YlLoG6WMZn-oSBFtdWXkbploBYNa0yKGydhjnuU", "",
         USHER_SESSION_REJECTED, USHER_CAUSE_TOKEN_FORGED, false},
        {"__session", "legacyid", "", USHER_SESSION_REJECTED, USHER_CAUSE_TOKEN_MALFORMED, false},
        {"__session", "", "", USHER_NO_SESSION, USHER_CAUSE_NONE, false},
        {"other", SPEC_ID, "", USHER_NO_SESSION, USHER_CAUSE_NONE, false},
        {"__session__0", SPEC_ID, "", USHER_NO_SESSION, USHER_CAUSE_NONE, false}, /* no pieces */
        {"__session", SPEC_SESSION, "", USHER_SESSION_REJECTED, USHER_CAUSE_TOKEN_CLAIMS, false},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        usher_auth0_id id;
        usher_cause cause;
        a0 t;

        a0_open(&t);
        t.c.now_s = SPEC_NOW;
        a0_cookie(&t, cases[i].name, kit_str(cases[i].value));
        assert_int_equal(judge_id(&t, &id, &cause), cases[i].verdict);
        assert_int_equal(cause, cases[i].cause);
        assert_str(id.id, cases[i].id);
        assert_int_equal(id.is_old, cases[i].is_old);
        a0_close(&t);
    }
}

static void test_which_id_cookie_counts(void **state)
{
    usher_auth0_id id;
    usher_cause cause;
    a0 t;

    (void)state;
    a0_open(&t);
    assert_ok(usher_auth0_jar_read(&t.jar, &t.r.arena, &t.options,
                                   USHER_STR("__session=; appSession=" SPEC_ID), NULL));
    assert_int_equal(judge_id(&t, &id, &cause), USHER_NO_SESSION); /* an empty one hides it */
    assert_ok(usher_auth0_jar_read(&t.jar, &t.r.arena, &t.options,
                                   USHER_STR("appSession=junk; __session=" SPEC_ID), NULL));
    assert_int_equal(judge_id(&t, &id, &cause), USHER_SESSION_VALID);
    t.jar.too_many = true;
    assert_int_equal(judge_id(&t, &id, &cause), USHER_SESSION_REJECTED);
    assert_int_equal(cause, USHER_CAUSE_TOKEN_TOO_LARGE);
    a0_close(&t);
}

/* ---- limits and shapes ------------------------------------------------------------------------
 */

typedef struct judged {
    usher_verdict verdict;
    usher_cause cause;
} judged;

#define VALID                                                                                      \
    {                                                                                              \
        USHER_SESSION_VALID, USHER_CAUSE_NONE                                                      \
    }
#define EXPIRED                                                                                    \
    {                                                                                              \
        USHER_SESSION_EXPIRED, USHER_CAUSE_TOKEN_EXPIRED                                           \
    }
#define REJECTED(cause)                                                                            \
    {                                                                                              \
        USHER_SESSION_REJECTED, USHER_CAUSE_##cause                                                \
    }
#define MADE(more) "\"internal\":{\"sid\":\"S\",\"createdAt\":1767225540" more "}"

/* Each payload as a site judges it and as the original does. */
static void test_payloads(void **state)
{
    static const struct {
        const char *plain;
        judged ours, original;
    } cases[] = {
        {A0_SESSION, VALID, VALID},
        {"{" A0_USER "," A0_TOKENS "," A0_MADE "," A0_EXP ",\"more\":[1,{}]}", VALID, VALID},
        /* the sealed expiry, with a tolerance of 15 s */
        {"{" A0_USER "," A0_TOKENS "," A0_MADE ",\"exp\":1767225600}", VALID, VALID},
        {"{" A0_USER "," A0_TOKENS "," A0_MADE ",\"exp\":1767225586}", VALID, VALID},
        {"{" A0_USER "," A0_TOKENS "," A0_MADE ",\"exp\":1767225585.5}", VALID, VALID},
        {"{" A0_USER "," A0_TOKENS "," A0_MADE ",\"exp\":1767225585}", EXPIRED, EXPIRED},
        {"{" A0_USER "," A0_TOKENS "," A0_MADE ",\"exp\":0}", EXPIRED, EXPIRED},
        {"{" A0_USER "," A0_TOKENS "," A0_MADE ",\"exp\":\"1767229200\"}", REJECTED(TOKEN_CLAIMS),
         REJECTED(TOKEN_CLAIMS)},
        {"{" A0_USER "," A0_TOKENS "," A0_MADE ",\"exp\":null}", REJECTED(TOKEN_CLAIMS),
         REJECTED(TOKEN_CLAIMS)},
        {"{" A0_USER "," A0_TOKENS "," A0_MADE "," A0_EXP ",\"nbf\":1767225615}", VALID, VALID},
        {"{" A0_USER "," A0_TOKENS "," A0_MADE "," A0_EXP ",\"nbf\":1767225616}",
         REJECTED(TOKEN_NOT_YET), REJECTED(TOKEN_NOT_YET)},
        {"{" A0_USER "," A0_TOKENS "," A0_MADE "," A0_EXP ",\"iat\":\"x\"}", REJECTED(TOKEN_CLAIMS),
         REJECTED(TOKEN_CLAIMS)},
        /* no expiry: bounded by the absolute duration, 259200 s */
        {"{" A0_USER "," A0_TOKENS "," A0_MADE "}", VALID, VALID},
        {"{" A0_USER "," A0_TOKENS ",\"internal\":{\"createdAt\":1766966386}}", VALID, VALID},
        {"{" A0_USER "," A0_TOKENS ",\"internal\":{\"createdAt\":1766966385}}", EXPIRED, VALID},
        /* and so with one */
        {"{" A0_USER "," A0_TOKENS ",\"internal\":{\"createdAt\":1766966386}," A0_EXP "}", VALID,
         VALID},
        {"{" A0_USER "," A0_TOKENS ",\"internal\":{\"createdAt\":1766966385}," A0_EXP "}", EXPIRED,
         VALID},
        {"{" A0_USER "," A0_TOKENS ",\"internal\":{\"createdAt\":1767999999}," A0_EXP "}", VALID,
         VALID},
        {"{" A0_USER "," A0_TOKENS ",\"internal\":{\"createdAt\":\"1767225540\"}," A0_EXP "}",
         REJECTED(TOKEN_CLAIMS), VALID},
        {"{" A0_USER "," A0_TOKENS ",\"internal\":{\"createdAt\":1e999}," A0_EXP "}",
         REJECTED(TOKEN_MALFORMED), REJECTED(TOKEN_MALFORMED)},
        {"{" A0_USER "," A0_TOKENS ",\"internal\":{}," A0_EXP "}", REJECTED(TOKEN_CLAIMS), VALID},
        {"{" A0_USER "," A0_TOKENS ",\"internal\":[]," A0_EXP "}", REJECTED(TOKEN_CLAIMS), VALID},
        {"{" A0_USER "," A0_TOKENS "," A0_EXP "}", REJECTED(TOKEN_CLAIMS), VALID},
        /* the ceiling, 30 s before its time */
        {"{" A0_USER "," A0_TOKENS "," MADE(",\"sessionExpiresAt\":1767225631") "," A0_EXP "}",
         VALID, VALID},
        {"{" A0_USER "," A0_TOKENS "," MADE(",\"sessionExpiresAt\":1767225630") "," A0_EXP "}",
         EXPIRED, EXPIRED},
        {"{" A0_USER "," A0_TOKENS "," MADE(",\"sessionExpiresAt\":\"1\"") "," A0_EXP "}",
         REJECTED(TOKEN_CLAIMS), REJECTED(TOKEN_CLAIMS)},
        {"{" A0_USER "," A0_TOKENS "," MADE(",\"sessionExpiresAt\":\"\"") "," A0_EXP "}",
         REJECTED(TOKEN_CLAIMS), REJECTED(TOKEN_CLAIMS)},
        {"{" A0_USER "," A0_TOKENS "," MADE(",\"sessionExpiresAt\":null") "," A0_EXP "}", VALID,
         VALID},
        /* another tenant's */
        {"{" A0_USER "," A0_TOKENS "," MADE(",\"mcd\":{\"domain\":\"t.example\"}") "," A0_EXP "}",
         VALID, VALID},
        {"{" A0_USER "," A0_TOKENS "," MADE(",\"mcd\":{\"domain\":\"o.example\"}") "," A0_EXP "}",
         REJECTED(TOKEN_CLAIMS), REJECTED(TOKEN_CLAIMS)},
        {"{" A0_USER "," A0_TOKENS "," MADE(",\"mcd\":null") "," A0_EXP "}", VALID, VALID},
        {"{" A0_USER "," A0_TOKENS "," MADE(",\"mcd\":5") "," A0_EXP "}", REJECTED(TOKEN_CLAIMS),
         REJECTED(TOKEN_CLAIMS)},
        /* shape */
        {"{\"user\":{}," A0_TOKENS "," A0_MADE "," A0_EXP "}", VALID, VALID},
        {"{" A0_USER "," A0_MADE "," A0_EXP "}", REJECTED(TOKEN_CLAIMS), VALID},
        {"{" A0_USER ",\"tokenSet\":[]," A0_MADE "," A0_EXP "}", REJECTED(TOKEN_CLAIMS), VALID},
        {"{\"user\":\"u\"," A0_TOKENS "," A0_MADE "," A0_EXP "}", REJECTED(TOKEN_CLAIMS),
         REJECTED(TOKEN_CLAIMS)},
        {"{\"user\":null," A0_TOKENS "," A0_MADE "," A0_EXP "}", REJECTED(TOKEN_CLAIMS),
         REJECTED(TOKEN_CLAIMS)},
        {"{" A0_TOKENS "," A0_MADE "," A0_EXP "}", REJECTED(TOKEN_CLAIMS), REJECTED(TOKEN_CLAIMS)},
        {"{}", REJECTED(TOKEN_CLAIMS), REJECTED(TOKEN_CLAIMS)},
        {"[1]", REJECTED(TOKEN_MALFORMED), REJECTED(TOKEN_MALFORMED)},
        {"{}x", REJECTED(TOKEN_MALFORMED), REJECTED(TOKEN_MALFORMED)},
    };

    (void)state;
    for (size_t i = 0; i < 2 * (sizeof cases / sizeof *cases); i++) {
        bool original = i % 2;
        judged expected = original ? cases[i / 2].original : cases[i / 2].ours;
        usher_cause cause;
        a0 t;

        a0_open(&t);
        t.options.as_original = original;
        t.options.tenant = USHER_STR("t.example");
        assert_int_equal(a0_judge_plain(&t, "__session", cases[i / 2].plain, &cause),
                         expected.verdict);
        assert_int_equal(cause, expected.cause);
        a0_close(&t);
    }
}

static void test_tenants_are_not_looked_at_where_none_is_set(void **state)
{
    usher_cause cause;
    a0 t;

    (void)state;
    a0_open(&t);
    assert_int_equal(a0_judge_plain(&t, "__session",
                                    "{" A0_USER "," A0_TOKENS
                                    "," MADE(",\"mcd\":{\"domain\":\"o\"}") "}",
                                    &cause),
                     USHER_SESSION_VALID);
    a0_close(&t);
}

/* Version 3's own limits: its header's exp to the second, its uat within the inactivity duration.
 */
static void test_v3_limits(void **state)
{
    static const struct {
        const char *times;
        judged ours, original;
    } cases[] = {
        {"\"uat\":1767225540,\"iat\":1767225540,\"exp\":1767225601", VALID, VALID},
        {"\"uat\":1767225540,\"iat\":1767225540,\"exp\":1767225600", EXPIRED, EXPIRED},
        {"\"uat\":1767225540,\"iat\":1767225540", VALID, VALID},
        {"\"uat\":1767139186,\"iat\":1767139186", VALID, VALID}, /* idle for a day and 14 s */
        {"\"uat\":1767139185,\"iat\":1767139185", EXPIRED, VALID},
        {"\"uat\":1767225540,\"iat\":1766966385", EXPIRED, VALID}, /* three days and 15 s old */
        {"\"iat\":\"x\",\"exp\":1", REJECTED(TOKEN_CLAIMS), VALID},
        {"\"iat\":0", REJECTED(TOKEN_CLAIMS), VALID}, /* not version 3's: no tokenSet */
    };

    (void)state;
    for (size_t i = 0; i < 2 * (sizeof cases / sizeof *cases); i++) {
        bool original = i % 2;
        judged expected = original ? cases[i / 2].original : cases[i / 2].ours;
        usher_auth0_session s;
        usher_cause cause;
        char header[256];
        a0 t;

        a0_open(&t);
        t.options.as_original = original;
        snprintf(header, sizeof header, "{\"alg\":\"dir\",\"enc\":\"A256GCM\",%s}",
                 cases[i / 2].times);
        a0_cookie(&t, "appSession", a0_seal_under(&t, header, A0_V3));
        assert_int_equal(a0_judge(&t, &s, &cause), expected.verdict);
        assert_int_equal(cause, expected.cause);
        a0_close(&t);
    }
}

static void test_headers(void **state)
{
    static const struct {
        const char *header;
        judged expected;
    } cases[] = {
        {"{\"alg\":\"dir\",\"enc\":\"A256GCM\"}", VALID},
        {"{\"enc\":\"A256GCM\",\"alg\":\"dir\",\"typ\":\"JWT\"}", VALID},
        {"{\"enc\":\"A256GCM\",\"alg\":\"dir\",\"kid\":\"x\"}", VALID},
        {"{\"enc\":\"A256GCM\",\"alg\":\"none\"}", REJECTED(TOKEN_UNSUPPORTED)},
        {"{\"enc\":\"A256GCM\",\"alg\":\"A256KW\"}", REJECTED(TOKEN_UNSUPPORTED)},
        {"{\"enc\":\"A128GCM\",\"alg\":\"dir\"}", REJECTED(TOKEN_UNSUPPORTED)},
        {"{\"enc\":\"A256CBC-HS512\",\"alg\":\"dir\"}", REJECTED(TOKEN_UNSUPPORTED)},
        {"{\"enc\":\"A256GCM\",\"alg\":\"dir\",\"zip\":\"DEF\"}", REJECTED(TOKEN_UNSUPPORTED)},
        {"{\"enc\":\"A256GCM\",\"alg\":\"dir\",\"crit\":[\"x\"],\"x\":1}",
         REJECTED(TOKEN_UNSUPPORTED)},
        {"[]", REJECTED(TOKEN_MALFORMED)},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        usher_auth0_session s;
        usher_cause cause;
        a0 t;

        a0_open(&t);
        a0_cookie(&t, "__session", a0_seal_under(&t, cases[i].header, A0_SESSION));
        assert_int_equal(a0_judge(&t, &s, &cause), cases[i].expected.verdict);
        assert_int_equal(cause, cases[i].expected.cause);
        a0_close(&t);
    }
}

/* ---- one key for all: only the diagonal opens --------------------------------------------------
 */

static bool opens_as(a0 *t, unsigned as, usher_str value)
{
    usher_auth0_session s;
    usher_auth0_id id;
    usher_auth0_transaction tx;
    usher_auth0_callback answer;
    usher_verdict verdict;
    usher_cause cause;
    const char *const names[] = {"__session", "__session", "__FC_0"};
    const char *two[] = {"__session", "__FC_0"};
    usher_str values[] = {a0_seal(t, A0_SESSION), value}, name = {0};

    if (as == 3) {
        const char *cookie = "__txn_ST";
        assert_ok(usher_auth0_jar_read_transactions(&t->jar, &t->r.arena, &t->options,
                                                    a0_header(t, &cookie, &value, 1), NULL));
        assert_ok(usher_auth0_transaction_open(&tx, &answer, &cause, &t->c, &t->jar,
                                               USHER_STR("ST"), NULL));
        return answer == USHER_AUTH0_TRANSACTION_FOUND;
    }
    a0_cookie(t, names[as], value);
    if (as == 0) return a0_judge(t, &s, &cause) == USHER_SESSION_VALID;
    if (as == 1) return judge_id(t, &id, &cause) == USHER_SESSION_VALID;
    name = a0_header(t, two, values, 2);
    assert_ok(usher_auth0_jar_read(&t->jar, &t->r.arena, &t->options, name, NULL));
    assert_ok(usher_auth0_session_open(&s, &verdict, &cause, &t->c, &t->jar, NULL));
    assert_int_equal(verdict, USHER_SESSION_VALID);
    return s.set_count == 1;
}

static void test_no_kind_passes_for_another(void **state)
{
    static const char *const kinds[] = {A0_SESSION, A0_ID, A0_SET, A0_TRANSACTION, A0_MFA};

    (void)state;
    for (unsigned original = 0; original < 2; original++)
        for (unsigned kind = 0; kind < sizeof kinds / sizeof *kinds; kind++)
            for (unsigned as = 0; as < 4; as++) {
                a0 t;

                a0_open(&t);
                t.options.as_original = original;
                assert_int_equal(opens_as(&t, as, a0_seal(&t, kinds[kind])), kind == as);
                a0_close(&t);
            }
}

/* ---- the whole token ---------------------------------------------------------------------------
 */

static void test_no_flipped_bit_is_accepted(void **state)
{
    usher_auth0_session s;
    usher_cause cause;
    a0 t;

    (void)state;
    a0_open(&t);
    size_t len = a0_seal(&t, A0_SESSION).len;
    char *token = malloc(len);
    assert_non_null(token);
    memcpy(token, a0_seal(&t, A0_SESSION).ptr, len);
    for (size_t bit = 0; bit <= len * 8; bit++) {
        usher_verdict verdict;
        bool flip = bit < len * 8;

        usher_arena_reset(&t.r.arena);
        t.jar.items[0] = (usher_cookie){USHER_STR("__session"), {token, len}};
        t.jar.count = 1;
        if (flip) token[bit / 8] = (char)(token[bit / 8] ^ 1 << bit % 8);
        verdict = a0_judge(&t, &s, &cause);
        assert_int_equal(verdict, flip ? USHER_SESSION_REJECTED : USHER_SESSION_VALID);
        if (flip) token[bit / 8] = (char)(token[bit / 8] ^ 1 << bit % 8);
    }
    free(token);
    a0_close(&t);
}

static void test_no_prefix_is_accepted(void **state)
{
    usher_auth0_session s;
    usher_cause cause;
    a0 t;

    (void)state;
    a0_open(&t);
    usher_str token = a0_seal(&t, A0_SESSION);
    for (size_t n = 0; n < token.len; n++) {
        a0_cookie(&t, "__session", (usher_str){token.ptr, n});
        assert_int_equal(a0_judge(&t, &s, &cause), n ? USHER_SESSION_REJECTED : USHER_NO_SESSION);
    }
    a0_close(&t);
}

/* Over twenty years of clocks: once a session has ended it stays ended, and a clock that is behind
 * loses nobody. */
static void test_clock_sweep(void **state)
{
    static const char *const plains[] = {A0_SESSION, "{" A0_USER "," A0_TOKENS "," A0_MADE "}",
                                         "{" A0_USER "," A0_TOKENS
                                         "," MADE(",\"sessionExpiresAt\":1767229230") "}"};
    static const int64_t ends[] = {1767229200 + 15, 1767225540 + 259200 + 15, 1767229200};

    (void)state;
    for (size_t i = 0; i < sizeof plains / sizeof *plains; i++) {
        usher_auth0_session s;
        usher_cause cause;
        a0 t;

        a0_open(&t);
        a0_cookie(&t, "__session", a0_seal(&t, plains[i]));
        for (int64_t now = RIG_NOW - 10 * YEAR; now < RIG_NOW + 10 * YEAR; now += 86399) {
            t.c.now_s = now;
            assert_int_equal(a0_judge(&t, &s, &cause),
                             now < ends[i] ? USHER_SESSION_VALID : USHER_SESSION_EXPIRED);
        }
        for (int64_t now = ends[i] - 2; now < ends[i] + 2; now++) {
            t.c.now_s = now;
            assert_int_equal(a0_judge(&t, &s, &cause),
                             now < ends[i] ? USHER_SESSION_VALID : USHER_SESSION_EXPIRED);
        }
        a0_close(&t);
    }
}

static void test_secrets(void **state)
{
    static const char *const old[] = {A0_SECRET, NULL};
    static const char *const rotated[] = {"new secret", A0_SECRET, NULL};
    static const char *const dropped[] = {"new secret", NULL};
    static const struct {
        const char *const *secrets;
        usher_verdict verdict;
    } cases[] = {{old, USHER_SESSION_VALID},
                 {rotated, USHER_SESSION_VALID},
                 {dropped, USHER_SESSION_REJECTED}};

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        usher_auth0_session s;
        usher_cause cause;
        a0 t;

        a0_open_with(&t, cases[i].secrets);
        t.c.now_s = SPEC_NOW;
        a0_cookie(&t, "__session", USHER_STR(SPEC_SESSION));
        assert_int_equal(a0_judge(&t, &s, &cause), cases[i].verdict);
        a0_close(&t);
    }
}

/* ---- several cookies ---------------------------------------------------------------------------
 */

/* 'S' a session, 'L' version 3's, 'X' junk, '1'..'3' the session in that many pieces. */
static void test_which_cookie_counts(void **state)
{
    static const struct {
        const char *header;
        usher_verdict verdict;
        bool legacy;
    } cases[] = {
        {"appSession=L", USHER_SESSION_VALID, true},
        {"appSession=L; __session=S", USHER_SESSION_VALID, false},
        {"__session=X; appSession=L", USHER_SESSION_REJECTED, false},
        {"__session=; appSession=L", USHER_SESSION_VALID, true},
        {"__session__1=X; appSession=L", USHER_SESSION_VALID,
         true}, /* pieces with a gap are none */
        {"__session__1=X", USHER_SESSION_REJECTED, false},
        {"__session__0=X; appSession=L", USHER_SESSION_REJECTED, false},
        {"appSession.0=X; appSession.2=X", USHER_SESSION_REJECTED, false},
        {"appSession__0=L", USHER_NO_SESSION, false},
        {"__session.0=S", USHER_NO_SESSION, false},
        {"appSession=L; appSession.0=X", USHER_SESSION_VALID, true},
        {"__session=X; __session=S", USHER_SESSION_VALID, false},
        {"__session=S; __session=X", USHER_SESSION_REJECTED, false},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        usher_auth0_session s;
        usher_cause cause;
        usher_str header;
        usher_buf b;
        a0 t;

        a0_open(&t);
        usher_str session = a0_seal(&t, A0_SESSION), v3 = a0_seal_under(&t, A0_V3_HEADER, A0_V3);
        usher_buf_init(&b, &t.r.arena, 1 << 16);
        for (const char *p = cases[i].header; *p; p++) {
            usher_buf_put_char(&b, *p);
            if (p[0] != '=' || !p[1] || p[1] == ';') continue;
            p++;
            usher_buf_put(&b, *p == 'S' ? session : *p == 'L' ? v3 : USHER_STR("junk"));
        }
        assert_ok(usher_buf_take(&header, &b, NULL));
        assert_ok(usher_auth0_jar_read(&t.jar, &t.r.arena, &t.options, header, NULL));
        assert_int_equal(a0_judge(&t, &s, &cause), cases[i].verdict);
        assert_int_equal(s.legacy, cases[i].legacy);
        a0_close(&t);
    }
}

static void test_connection_tokens(void **state)
{
    static const char *const names[] = {"__FC_3", "__FC_1",    "__FC_7", "__FC_0",
                                        "__FCx",  "__session", "__FC_9"};
    usher_auth0_session s;
    usher_cause cause;
    a0 t;

    (void)state;
    a0_open(&t);
    usher_str values[] = {
        a0_seal(&t, "{\"connection\":\"c3\",\"accessToken\":\"a\",\"exp\":1767225660}"),
        a0_seal(&t, "{\"connection\":\"c1\",\"accessToken\":\"a\",\"exp\":1767225540}"), /* over */
        USHER_STR("junk"),
        a0_seal(&t, "{\"connection\":\"c0\",\"accessToken\":\"a\"}"),
        a0_seal(&t, A0_SET),
        a0_seal(&t, A0_SESSION),
        a0_seal(&t, "{\"connection\":5,\"accessToken\":\"a\"}"),
    };
    assert_ok(usher_auth0_jar_read(&t.jar, &t.r.arena, &t.options, a0_header(&t, names, values, 7),
                                   NULL));
    assert_int_equal(a0_judge(&t, &s, &cause), USHER_SESSION_VALID);
    assert_int_equal(s.set_count, 2);
    assert_str(s.json, "{" A0_USER "," A0_TOKENS "," A0_MADE "," A0_EXP ",\"connectionTokenSets\":["
                       "{\"connection\":\"c3\",\"accessToken\":\"a\",\"exp\":1767225660},"
                       "{\"connection\":\"c0\",\"accessToken\":\"a\"}]}");
    /* without a session they are nothing */
    assert_ok(usher_auth0_jar_read(&t.jar, &t.r.arena, &t.options, a0_header(&t, names, values, 4),
                                   NULL));
    assert_int_equal(a0_judge(&t, &s, &cause), USHER_NO_SESSION);
    a0_close(&t);
}

static void test_more_pieces_than_are_read(void **state)
{
    usher_auth0_session s;
    usher_cause cause;
    usher_str header;
    usher_buf b;
    a0 t;

    (void)state;
    a0_open(&t);
    for (unsigned legacy = 0; legacy < 2; legacy++) {
        usher_buf_init(&b, &t.r.arena, 1 << 16);
        for (unsigned i = 0; i <= USHER_CHUNKS_MAX; i++) {
            usher_buf_put_z(&b, legacy ? "appSession." : "__session__");
            usher_buf_put_u64(&b, i);
            usher_buf_put_z(&b, "=x;");
        }
        assert_ok(usher_buf_take(&header, &b, NULL));
        assert_ok(usher_auth0_jar_read(&t.jar, &t.r.arena, &t.options, header, NULL));
        assert_int_equal(a0_judge(&t, &s, &cause), USHER_SESSION_REJECTED);
        assert_int_equal(cause, USHER_CAUSE_TOKEN_TOO_LARGE);
    }
    a0_close(&t);
}

/* ---- records -----------------------------------------------------------------------------------
 */

static void test_records(void **state)
{
    static const struct {
        const char *record, *json; /* NULL: refused */
        judged ours, original;
    } cases[] = {
        {"{" A0_USER "," A0_TOKENS "," A0_MADE "}", "{" A0_USER "," A0_TOKENS "," A0_MADE "}",
         VALID, VALID},
        {"{" A0_USER "," A0_TOKENS "," MADE(",\"sessionExpiresAt\":1767225600") "}", NULL, EXPIRED,
         EXPIRED},
        {"{" A0_USER "," A0_TOKENS ",\"internal\":{\"createdAt\":1}}", NULL, EXPIRED, VALID},
        {"{\"header\":{\"iat\":1767225100,\"uat\":1767225200,\"exp\":1767226599},\"data\":" A0_V3
         "}",
         "{\"user\":{\"sub\":\"u\",\"sid\":\"S3\"},\"tokenSet\":{\"idToken\":\"i\","
         "\"accessToken\":\"a\",\"scope\":\"openid\",\"refreshToken\":\"r\",\"expiresAt\":5},"
         "\"internal\":{\"sid\":\"S3\",\"createdAt\":1767225100}}",
         VALID, VALID},
        {"{\"header\":{\"iat\":1767225100,\"exp\":1767225600},\"data\":" A0_V3 "}", NULL, EXPIRED,
         EXPIRED},
        {"{\"header\":{\"iat\":1767225100},\"data\":{}}", NULL, REJECTED(TOKEN_CLAIMS),
         REJECTED(TOKEN_CLAIMS)},
        {"{\"header\":{\"iat\":1767225100}}", NULL, REJECTED(TOKEN_CLAIMS), REJECTED(TOKEN_CLAIMS)},
        {"{\"header\":{\"iat\":0},\"data\":{\"user\":{}}}", NULL, REJECTED(TOKEN_MALFORMED), VALID},
        {"{\"header\":5}", NULL, REJECTED(TOKEN_MALFORMED), VALID},
        {"{" A0_USER "," A0_MADE "}", NULL, REJECTED(TOKEN_CLAIMS), VALID},
        {"[]", NULL, REJECTED(TOKEN_MALFORMED), REJECTED(TOKEN_MALFORMED)},
        {"", NULL, REJECTED(TOKEN_MALFORMED), REJECTED(TOKEN_MALFORMED)},
    };

    (void)state;
    for (size_t i = 0; i < 2 * (sizeof cases / sizeof *cases); i++) {
        bool original = i % 2;
        judged expected = original ? cases[i / 2].original : cases[i / 2].ours;
        usher_auth0_session s;
        usher_verdict verdict;
        usher_cause cause;
        a0 t;

        a0_open(&t);
        t.options.as_original = original;
        assert_ok(usher_auth0_record_open(&s, &verdict, &cause, &t.c, kit_str(cases[i / 2].record),
                                          NULL));
        assert_int_equal(verdict, expected.verdict);
        assert_int_equal(cause, expected.cause);
        if (verdict == USHER_SESSION_VALID && cases[i / 2].json)
            assert_str(s.json, cases[i / 2].json);
        else if (verdict != USHER_SESSION_VALID)
            assert_null(s.json.ptr);
        a0_close(&t);
    }
}

static void test_connection_tokens_of_a_record(void **state)
{
    usher_auth0_session s;
    usher_verdict verdict;
    usher_cause cause;
    a0 t;

    (void)state;
    a0_open(&t);
    usher_str record = USHER_STR("{" A0_USER "," A0_TOKENS "," A0_MADE
                                 ",\"connectionTokenSets\":[" A0_SET ",5,{}]}");
    assert_ok(usher_auth0_record_open(&s, &verdict, &cause, &t.c, record, NULL));
    assert_int_equal(verdict, USHER_SESSION_VALID);
    assert_int_equal(s.set_count, 2);
    assert_str(s.sets[0], A0_SET);
    assert_int_equal(s.json.len, record.len); /* handed out as it is stored */
    a0_close(&t);
}

static void test_more_than_is_read_of_a_record(void **state)
{
    static char deep[4096];
    usher_auth0_session s;
    usher_verdict verdict;
    usher_cause cause;
    usher_str record;
    usher_buf b;
    a0 t;

    (void)state;
    a0_open(&t);
    usher_buf_init(&b, &t.r.arena, 1 << 16);
    usher_buf_put_z(&b, "{" A0_USER "," A0_TOKENS "," A0_MADE ",\"connectionTokenSets\":[{}");
    for (unsigned i = 0; i < USHER_AUTH0_SETS_MAX; i++)
        usher_buf_put_z(&b, ",{}");
    usher_buf_put_z(&b, "]}");
    assert_ok(usher_buf_take(&record, &b, NULL));
    assert_ok(usher_auth0_record_open(&s, &verdict, &cause, &t.c, record, NULL));
    assert_int_equal(s.set_count, USHER_AUTH0_SETS_MAX);
    /* nested deeper than any reader goes: the record's fault, not a passing trouble */
    memset(deep, '[', sizeof deep);
    memcpy(deep, "{\"a\":", 5);
    assert_ok(
        usher_auth0_record_open(&s, &verdict, &cause, &t.c, (usher_str){deep, sizeof deep}, NULL));
    assert_int_equal(verdict, USHER_SESSION_REJECTED);
    assert_int_equal(cause, USHER_CAUSE_TOKEN_MALFORMED);
    a0_close(&t);
}

/* ---- members -----------------------------------------------------------------------------------
 */

static void test_members_set(void **state)
{
    static const struct {
        const char *object, *without, *result;
    } cases[] = {
        {"{}", "", "{\"exp\":9}"},
        {"{\"a\":1}", "", "{\"a\":1,\"exp\":9}"},
        {"{\"exp\":1,\"a\":2}", "", "{\"exp\":9,\"a\":2}"},
        {"{ \"a\" : 1.50 , \"\\u0065xp\" : null }", "", "{\"a\":1.50,\"\\u0065xp\":9}"},
        {"{\"a\":1,\"b\":[2]}", "b", "{\"a\":1,\"exp\":9}"},
        {"{\"b\":[2]}", "b", "{\"exp\":9}"},
        {"{\"\\u0062\":[2],\"exp\":1}", "b", "{\"exp\":9}"},
        {"{\"a\":1,\"a\":2}", "", "{\"a\":2,\"exp\":9}"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        usher_json_object o;
        usher_str text;
        a0 t;

        a0_open(&t);
        assert_ok(usher_json_read_object(&o, &t.r.arena, kit_str(cases[i].object),
                                         &usher_json_limits_claims, NULL));
        assert_ok(usher_json_set(&text, &t.r.arena, &o, USHER_STR("exp"), USHER_STR("9"),
                                 kit_str(cases[i].without), NULL));
        assert_str(text, cases[i].result);
        a0_close(&t);
    }
}

/* ---- memory ------------------------------------------------------------------------------------
 */

typedef struct texts {
    char *session, *v3, *id, *record;
} texts;

static usher_status open_all(const texts *x, const usher_auth0_context *c)
{
    const char *const headers[] = {x->session, x->v3, x->id};
    usher_auth0_session s;
    usher_auth0_id id;
    usher_auth0_jar jar;
    usher_verdict verdict;
    usher_cause cause;
    usher_status rc = USHER_OK;

    for (size_t i = 0; i < 3 && rc == USHER_OK; i++) {
        if ((rc = usher_auth0_jar_read(&jar, c->arena, c->options, kit_str(headers[i]), NULL)))
            break;
        if (i < 2) {
            rc = usher_auth0_session_open(&s, &verdict, &cause, c, &jar, NULL);
            assert_true(rc || s.json.ptr);
        } else {
            rc = usher_auth0_id_open(&id, &verdict, &cause, c, &jar, NULL);
            assert_true(rc || id.id.ptr);
        }
        assert_int_equal(verdict, rc ? USHER_NO_SESSION : USHER_SESSION_VALID);
    }
    if (rc) return rc;
    return usher_auth0_record_open(&s, &verdict, &cause, c, kit_str(x->record), NULL);
}

static char *text_of(usher_str s)
{
    char *z = malloc(s.len + 1);

    assert_non_null(z);
    memcpy(z, s.ptr, s.len);
    z[s.len] = 0;
    return z;
}

static void test_every_allocation_may_fail(void **state)
{
    static const char *const two[] = {"__session", "__FC_0"};
    static const char *const v3[] = {"appSession"}, *const id[] = {"__session"};
    kit_alloc memory;
    size_t n = 0;
    a0 t;

    (void)state;
    a0_open(&t);
    usher_str values[] = {a0_seal(&t, A0_SESSION), a0_seal(&t, A0_SET)};
    usher_str old = a0_seal_under(&t, A0_V3_HEADER, A0_V3), sealed = a0_seal(&t, A0_ID);
    texts x = {.session = text_of(a0_header(&t, two, values, 2)),
               .v3 = text_of(a0_header(&t, v3, &old, 1)),
               .id = text_of(a0_header(&t, id, &sealed, 1)),
               .record =
                   text_of(USHER_STR("{\"header\":{\"iat\":1767225100},\"data\":" A0_V3 "}"))};
    do {
        usher_arena a;
        usher_auth0_context c = t.c;

        memory = (kit_alloc){.fail_at = n++};
        usher_allocator alloc = kit_allocator(&memory);
        usher_arena_init(&a, &alloc, 64, RIG_LIMIT);
        c.arena = &a;
        usher_status rc = open_all(&x, &c);
        assert_int_equal(rc, memory.failed ? USHER_E_NOMEM : USHER_OK);
        usher_arena_deinit(&a);
        assert_int_equal(memory.live, 0);
    } while (memory.failed);
    assert_true(n > 1);
    free(x.session);
    free(x.v3);
    free(x.id);
    free(x.record);
    a0_close(&t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_tokens_of_the_original),
        cmocka_unit_test(test_ids),
        cmocka_unit_test(test_which_id_cookie_counts),
        cmocka_unit_test(test_payloads),
        cmocka_unit_test(test_tenants_are_not_looked_at_where_none_is_set),
        cmocka_unit_test(test_v3_limits),
        cmocka_unit_test(test_headers),
        cmocka_unit_test(test_no_kind_passes_for_another),
        cmocka_unit_test(test_no_flipped_bit_is_accepted),
        cmocka_unit_test(test_no_prefix_is_accepted),
        cmocka_unit_test(test_clock_sweep),
        cmocka_unit_test(test_secrets),
        cmocka_unit_test(test_which_cookie_counts),
        cmocka_unit_test(test_connection_tokens),
        cmocka_unit_test(test_more_pieces_than_are_read),
        cmocka_unit_test(test_records),
        cmocka_unit_test(test_connection_tokens_of_a_record),
        cmocka_unit_test(test_more_than_is_read_of_a_record),
        cmocka_unit_test(test_members_set),
        cmocka_unit_test(test_every_allocation_may_fail),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
