#include "session/bridge.h"

#include "session/auth0_rig.h"

static void read_object(usher_json_object *out, usher_arena *a, usher_str text)
{
    assert_ok(usher_json_read_object(out, a, text, &usher_json_limits_claims, NULL));
}

static usher_str to_claims(usher_arena *a, usher_str session)
{
    usher_json_object object;
    usher_str claims;

    read_object(&object, a, session);
    assert_ok(usher_bridge_to_claims(&claims, a, &object, NULL));
    read_object(&object, a, claims); /* what came out is JSON */
    return claims;
}

static usher_str to_auth0(usher_arena *a, usher_str text)
{
    usher_claims claims = {.text = text};
    usher_json_object object;
    usher_str session;

    read_object(&claims.object, a, text);
    assert_ok(usher_bridge_to_auth0(&session, a, &claims, RIG_NOW, NULL));
    read_object(&object, a, session);
    return session;
}

#define MADE "\"internal\":{\"createdAt\":1767225600}"

/* ---- one way ------------------------------------------------------------------------------- */

static void test_auth0_to_claims(void **state)
{
    static const struct {
        const char *session, *claims;
    } cases[] = {
        {"{}", "{}"},
        {"{\"user\":{\"sub\":\"a|1\",\"email\":\"e\",\"picture\":\"p\",\"name\":\"n\"}}",
         "{\"name\":\"n\",\"email\":\"e\",\"picture\":\"p\",\"sub\":\"a|1\"}"},
        {"{\"user\":{\"sub\":\"1\",\"nickname\":\"n\",\"https://a/roles\":[\"x\", {} "
         "],\"z\":1.50}}",
         "{\"sub\":\"1\",\"nickname\":\"n\",\"https://a/roles\":[\"x\", {} ],\"z\":1.50}"},
        {"{\"tokenSet\":{\"accessToken\":\"a\",\"refreshToken\":\"r\",\"idToken\":\"i\","
         "\"expiresAt\":5,\"scope\":\"s\",\"token_type\":\"t\",\"requestedScope\":\"q\","
         "\"audience\":\"u\"}}",
         "{\"access_token\":\"a\",\"id_token\":\"i\",\"scope\":\"s\",\"requested_scope\":\"q\","
         "\"audience\":\"u\",\"refresh_token\":\"r\",\"expires_at\":5,\"token_type\":\"t\"}"},
        /* what is no text is no token, what is no number no time */
        {"{\"tokenSet\":{\"accessToken\":1,\"refreshToken\":{},\"idToken\":null,\"expiresAt\":"
         "\"5\","
         "\"scope\":[],\"token_type\":true,\"other\":\"o\"}}",
         "{}"},
        {"{\"user\":[],\"tokenSet\":\"x\",\"internal\":7}", "{}"},
        {"{\"accessTokens\":[{\"a\":1}],\"connectionTokenSets\":[]}",
         "{\"accessTokens\":[{\"a\":1}],\"connectionTokenSets\":[]}"},
        {"{\"accessTokens\":{},\"connectionTokenSets\":\"x\"}", "{}"},
        {"{\"internal\":{\"sid\":\"S\",\"createdAt\":1.5e3,\"sessionExpiresAt\":9,\"usid\":\"U\","
         "\"mcd\":{\"domain\":\"d\"},\"other\":1}}",
         "{\"sid\":\"S\",\"ucat\":1.5e3,\"uend\":9,\"mcd\":{\"domain\":\"d\"},\"usid\":\"U\"}"},
        {"{\"internal\":{\"sid\":1,\"createdAt\":\"1\",\"mcd\":[]}}", "{}"},
        /* the sealed times are the sealer's */
        {"{\"exp\":1,\"iat\":2,\"nbf\":3,\"jti\":\"4\",\"user\":{\"exp\":1,\"iat\":2,\"nbf\":3,"
         "\"jti\":\"4\",\"\\u0065xp\":5}}",
         "{}"},
        /* a user cannot name himself a token, a session or a time */
        {"{\"user\":{\"access_token\":\"x\",\"accessToken\":\"x\",\"sid\":\"x\",\"ucat\":1,"
         "\"uend\":1,\"usid\":\"x\",\"mcd\":{},\"accessTokens\":[]}}",
         "{}"},
        {"{\"custom\":{\"a\":[1]},\"user\":{\"sub\":\"1\"},\"name\":\"x\"}",
         "{\"sub\":\"1\",\"custom\":{\"a\":[1]}}"},
        {"{\"role\":\"session\",\"user\":{\"role\":\"user\"}}", "{\"role\":\"user\"}"},
        {"{\"r\\u006fle\":\"session\",\"user\":{\"role\":\"user\"}}", "{\"role\":\"user\"}"},
        {"{\"user\":{\"__proto__\":{\"a\":1},\"\":2,\"a\\u0000\\ud800\":\"\\udc00\"}}",
         "{\"__proto__\":{\"a\":1},\"\":2,\"a\\u0000\\ud800\":\"\\udc00\"}"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        usher_arena a;

        usher_arena_init(&a, usher_allocator_default(), 4096, 1 << 20);
        assert_str(to_claims(&a, kit_str(cases[i].session)), cases[i].claims);
        usher_arena_deinit(&a);
    }
}

static void test_claims_to_auth0(void **state)
{
    static const struct {
        const char *claims, *session;
    } cases[] = {
        {"{}", "{\"user\":{},\"tokenSet\":{}," MADE "}"},
        {"{\"name\":\"n\",\"email\":null,\"picture\":null,\"sub\":\"1\",\"iat\":1,\"exp\":2,"
         "\"nbf\":3,\"jti\":\"j\"}",
         "{\"user\":{\"sub\":\"1\",\"name\":\"n\"},\"tokenSet\":{}," MADE "}"},
        {"{\"sub\":\"1\",\"role\": [1 , 2],\"n\":1.50,\"email\":7}",
         "{\"user\":{\"sub\":\"1\",\"email\":7},\"tokenSet\":{}," MADE
         ",\"role\":[1 , 2],\"n\":1.50}"},
        /* what browsers may see, and what they may not */
        {"{\"sub\":\"1\",\"email_verified\":true,\"act\":{},\"apiKey\":\"k\",\"account\":{"
         "\"refresh_token\":"
         "\"r\"},\"nickname\":\"x\"}",
         "{\"user\":{\"sub\":\"1\",\"email_verified\":true,\"act\":{},\"nickname\":\"x\"},"
         "\"tokenSet\":{}," MADE ",\"apiKey\":\"k\",\"account\":{\"refresh_token\":\"r\"}}"},
        {"{\"access_token\":\"a\",\"refresh_token\":\"r\",\"id_token\":\"i\",\"expires_at\":5,"
         "\"scope\":\"s\",\"token_type\":\"t\",\"requested_scope\":\"q\",\"audience\":\"u\"}",
         "{\"user\":{},\"tokenSet\":{\"accessToken\":\"a\",\"idToken\":\"i\",\"scope\":\"s\","
         "\"requestedScope\":\"q\",\"audience\":\"u\",\"refreshToken\":\"r\",\"expiresAt\":5,"
         "\"token_type\":\"t\"}," MADE "}"},
        /* as many applications call them; the names of the standard come first */
        {"{\"accessToken\":\"a\",\"refreshToken\":\"r\",\"idToken\":\"i\",\"expiresAt\":5}",
         "{\"user\":{},\"tokenSet\":{\"accessToken\":\"a\",\"idToken\":\"i\",\"refreshToken\":"
         "\"r\","
         "\"expiresAt\":5}," MADE "}"},
        {"{\"accessToken\":\"x\",\"access_token\":\"a\"}",
         "{\"user\":{},\"tokenSet\":{\"accessToken\":\"a\"}," MADE "}"},
        {"{\"accessToken\":\"x\",\"access_token\":1}",
         "{\"user\":{},\"tokenSet\":{\"accessToken\":\"x\"}," MADE "}"},
        {"{\"access_token\":{},\"scope\":[\"a\"],\"expires_at\":\"5\",\"sid\":4,\"ucat\":\"3\"}",
         "{\"user\":{},\"tokenSet\":{}," MADE "}"},
        {"{\"sid\":\"S\",\"ucat\":1.5e3,\"uend\":9,\"usid\":\"U\",\"mcd\":{\"domain\":\"d\"}}",
         "{\"user\":{},\"tokenSet\":{},\"internal\":{\"sid\":\"S\",\"createdAt\":1.5e3,"
         "\"sessionExpiresAt\":9,\"mcd\":{\"domain\":\"d\"},\"usid\":\"U\"}}"},
        {"{\"accessTokens\":[1],\"connectionTokenSets\":[{\"connection\":\"c\"}]}",
         "{\"user\":{},\"tokenSet\":{},\"accessTokens\":[1],\"connectionTokenSets\":[{"
         "\"connection\":\"c\"}]," MADE "}"},
        /* Auth0's own words have no place when a claim says them */
        {"{\"user\":{\"a\":1},\"tokenSet\":{\"accessToken\":\"x\"},\"internal\":{\"sid\":\"x\"}}",
         "{\"user\":{},\"tokenSet\":{}," MADE "}"},
        {"{\"__proto__\":{\"a\":1},\"\":2,\"a\\u0000\\ud800\":\"\\udc00\"}",
         "{\"user\":{},\"tokenSet\":{}," MADE
         ",\"__proto__\":{\"a\":1},\"\":2,\"a\\u0000\\ud800\":\"\\udc00\"}"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        usher_arena a;

        usher_arena_init(&a, usher_allocator_default(), 4096, 1 << 20);
        assert_str(to_auth0(&a, kit_str(cases[i].claims)), cases[i].session);
        usher_arena_deinit(&a);
    }
}

/* ---- both ways ----------------------------------------------------------------------------- */

/* Once in the bridge's order, nothing changes any more, whichever way it goes. */
static void test_round_trips(void **state)
{
    static const char *const claims[] = {
        "{\"name\":\"n\",\"email\":\"e\",\"picture\":\"p\",\"sub\":\"s\",\"org_id\":{\"a\":[1]},"
        "\"access_token\":\"a\",\"id_token\":\"i\",\"refresh_token\":\"r\",\"expires_at\":7,"
        "\"accessTokens\":[],\"connectionTokenSets\":[{}],\"sid\":\"S\",\"ucat\":1767225540,"
        "\"uend\":1767229200,\"usid\":\"U\",\"role\":[2]}",
        "{\"sub\":\"\\ud83e\\udd89\",\"ucat\":0.5,\"n\":1E+2}",
    };
    static const char *const sessions[] = {
        "{" A0_USER "," A0_TOKENS "," A0_MADE "}",
        "{\"user\":{\"sub\":\"1\",\"act\":{}},\"tokenSet\":{},\"internal\":{\"sid\":\"S\","
        "\"createdAt\":1,\"sessionExpiresAt\":2,\"mcd\":{\"domain\":\"d\"}}}",
    };
    usher_arena a;

    (void)state;
    usher_arena_init(&a, usher_allocator_default(), 4096, 1 << 20);
    for (size_t i = 0; i < sizeof claims / sizeof *claims; i++)
        assert_str(to_claims(&a, to_auth0(&a, kit_str(claims[i]))), claims[i]);
    for (size_t i = 0; i < sizeof sessions / sizeof *sessions; i++)
        assert_str(to_auth0(&a, to_claims(&a, kit_str(sessions[i]))), sessions[i]);
    usher_arena_deinit(&a);
}

/* As large as a token may be: the buffers are large enough for whatever is carried. */
static void test_large(void **state)
{
    const size_t room = 250000;
    char *text = malloc(room);
    size_t len = 0;
    usher_arena a;

    (void)state;
    assert_non_null(text);
    for (size_t i = 0; i < 200; i++)
        len += (size_t)snprintf(text + len, room - len, "%s\"m%zu\":\"%01000zu\"", i ? "," : "{", i,
                                i);
    memcpy(text + len, "}", 2);
    usher_arena_init(&a, usher_allocator_default(), 4096, 1 << 24);
    assert_true(to_claims(&a, to_auth0(&a, kit_str(text))).len >= len);
    usher_arena_deinit(&a);
    free(text);
}

/* ---- memory -------------------------------------------------------------------------------- */

static usher_status there_and_back(usher_arena *a)
{
    usher_claims claims = {
        .text = USHER_STR("{\"sub\":\"1\",\"r\\u006fle\":1,\"access_token\":\"a\"}")};
    usher_json_object object;
    usher_str session, back;
    usher_status rc;

    if ((rc = usher_json_read_object(&claims.object, a, claims.text, &usher_json_limits_claims,
                                     NULL)) ||
        (rc = usher_bridge_to_auth0(&session, a, &claims, RIG_NOW, NULL)) ||
        (rc = usher_json_read_object(&object, a, session, &usher_json_limits_claims, NULL)))
        return rc;
    return usher_bridge_to_claims(&back, a, &object, NULL);
}

static void test_every_allocation_may_fail(void **state)
{
    kit_alloc memory = {.failed = true};
    usher_allocator alloc = kit_allocator(&memory);
    size_t n = 0;

    (void)state;
    for (; memory.failed; n++) {
        usher_arena a;

        memory = (kit_alloc){.fail_at = n};
        usher_arena_init(&a, &alloc, 64, 1 << 20);
        usher_status rc = there_and_back(&a);
        assert_int_equal(rc, memory.failed ? USHER_E_NOMEM : USHER_OK);
        usher_arena_deinit(&a);
        assert_int_equal(memory.live, 0);
    }
    assert_true(n > 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_auth0_to_claims),
        cmocka_unit_test(test_claims_to_auth0),
        cmocka_unit_test(test_round_trips),
        cmocka_unit_test(test_large),
        cmocka_unit_test(test_every_allocation_may_fail),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
