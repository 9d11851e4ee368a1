#include "base/str.h"
#include "hosts/cli/found.h"
#include "tests/kit/kit.h"

/* {"alg":"dir","enc":"A256GCM"} and {"alg":"dir","enc":"A256CBC-HS512"} */
#define GCM "eyJhbGciOiJkaXIiLCJlbmMiOiJBMjU2R0NNIn0..a.b.c"
#define CBC "eyJhbGciOiJkaXIiLCJlbmMiOiJBMjU2Q0JDLUhTNTEyIn0..a.b.c"
/* {"enc":"A256GCM","alg":"dir"} and {"alg":"dir","enc":"A256GCM","uat":1} */
#define AUTH0 "eyJlbmMiOiJBMjU2R0NNIiwiYWxnIjoiZGlyIn0..a.b.c"
#define V3    "eyJhbGciOiJkaXIiLCJlbmMiOiJBMjU2R0NNIiwidWF0IjoxfQ..a.b.c"

static void test_what_is_found(void **state)
{
    static const struct {
        const char *text, *profile, *token;
        size_t pieces, names;
        const char *name;
    } cases[] = {
        {GCM, "nextauth-4", GCM, 1, 2, "next-auth.session-token"},
        {CBC "\n", "authjs-5", CBC, 1, 2, "authjs.session-token"},
        {"Bearer " CBC, "authjs-5", CBC, 1, 2, "authjs.session-token"},
        {"authorization: Bearer " CBC, "authjs-5", CBC, 1, 2, "authjs.session-token"},
        {"authjs.session-token=" CBC, "authjs-5", CBC, 1, 1, "authjs.session-token"},
        {"a=1; __Secure-authjs.session-token=" CBC, "authjs-5", CBC, 1, 1,
         "__Secure-authjs.session-token"},
        {"Cookie: a=1; next-auth.session-token.1=y; next-auth.session-token.0=x\r\n", "nextauth-4",
         "xy", 2, 1, "next-auth.session-token"},
        {"set-cookie: authjs.session-token=" CBC "; Path=/; HttpOnly", "authjs-5", CBC, 1, 1,
         "authjs.session-token"},
        {"a=1; b=2", "nextauth-4", "", 0, 0, NULL},
        {"", "nextauth-4", "", 0, 2, "next-auth.session-token"},
        {"  \n", "nextauth-4", "", 0, 2, "next-auth.session-token"},
        {"word", "nextauth-4", "word", 1, 2, "next-auth.session-token"},
        {AUTH0, "auth0-4", AUTH0, 1, 1, "__session"},
        {V3, "auth0-4", V3, 1, 1, "__session"},
        {"a=1; __session=" AUTH0, "auth0-4", AUTH0, 1, 1, "__session"},
        {"__session__1=y; __FC_0=z; __session__0=x", "auth0-4", "xy", 2, 1, "__session"},
        {"__session__1=y", "auth0-4", "", 2, 1, "__session"},
        {"appSession=" V3, "auth0-4", V3, 1, 1, "__session"},
        {"appSession.0=x; appSession.1=y", "auth0-4", "xy", 2, 1, "__session"},
        {"__session=" AUTH0 "; appSession=" V3, "auth0-4", AUTH0, 1, 1, "__session"},
        {"__txn_abc=" AUTH0, "nextauth-4", "", 0, 0, NULL},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const cli_wanted wanted = {0};
        usher_arena a;
        cli_found f;

        usher_arena_init(&a, usher_allocator_default(), 4096, 1 << 24);
        assert_ok(cli_find_token(&f, &a, &wanted, kit_str(cases[i].text), NULL));
        assert_str(f.profile->name, cases[i].profile);
        assert_true(f.guessed);
        assert_str(f.token, cases[i].token);
        assert_int_equal(f.pieces, cases[i].pieces);
        assert_int_equal(f.name_count, cases[i].names);
        if (cases[i].name) assert_str(f.names[0], cases[i].name);
        usher_arena_deinit(&a);
    }
}

static void test_what_is_wanted(void **state)
{
    static const char *const both =
        "authjs.session-token=A; __Secure-authjs.session-token=B; "
        "next-auth.session-token=C; sid=" CBC "; mine__1=more; mine__0=" AUTH0;
    static const struct {
        cli_wanted wanted;
        const char *profile, *token;
    } cases[] = {
        {{.profile = &usher_profile_authjs_5}, "authjs-5", "A"},
        {{.profile = &usher_profile_authjs_5, .secure = true}, "authjs-5", "B"},
        {{.profile = &usher_profile_nextauth_4}, "nextauth-4", "C"},
        {{.profile = &usher_profile_nextauth_4, .secure = true}, "nextauth-4", ""},
        {{.cookie_name = USHER_STR_INIT("sid")}, "authjs-5", CBC},
        {{.profile = &usher_profile_nextauth_4, .cookie_name = USHER_STR_INIT("sid")},
         "nextauth-4",
         CBC},
        {{.cookie_name = USHER_STR_INIT("none")}, "nextauth-4", ""},
        {{.cookie_name = USHER_STR_INIT("mine")}, "auth0-4", AUTH0 "more"},
        {{.profile = &usher_profile_auth0_4, .cookie_name = USHER_STR_INIT("mine")},
         "auth0-4",
         AUTH0 "more"},
        {{.profile = &usher_profile_auth0_4}, "auth0-4", ""},
        {{.profile = &usher_profile_robojs, .secure = true}, "robojs", "A"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        usher_arena a;
        cli_found f;

        usher_arena_init(&a, usher_allocator_default(), 4096, 1 << 24);
        assert_ok(cli_find_token(&f, &a, &cases[i].wanted, kit_str(both), NULL));
        assert_str(f.profile->name, cases[i].profile);
        assert_str(f.token, cases[i].token);
        usher_arena_deinit(&a);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_what_is_found),
        cmocka_unit_test(test_what_is_wanted),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
