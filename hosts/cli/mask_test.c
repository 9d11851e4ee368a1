#include "hosts/cli/mask.h"
#include "tests/kit/kit.h"

static void test_names(void **state)
{
    static const struct {
        const char *name;
        bool secret;
    } cases[] = {
        {"access_token", true},
        {"accessToken", true},
        {"refresh_token", true},
        {"id_token", true},
        {"ID_TOKEN", true},
        {"githubTokenValue", true},
        {"client_secret", true},
        {"Secret", true},
        {"password", true},
        {"code_verifier", true},
        {"apiKey", true},
        {"token", true},
        {"token_type", false},
        {"tokenType", false},
        {"token_use", false},
        {"access_token_expires_at", false},
        {"accessTokenExpires", false},
        {"token_endpoint", false},
        {"name", false},
        {"email", false},
        {"sub", false},
        {"", false},
        {"toke", false},
        {"expires_at", false},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        if (cli_is_secret_name(kit_str(cases[i].name)) != cases[i].secret)
            fail_msg("%s", cases[i].name);
}

static void masked(char *out, size_t size, const char *text)
{
    usher_arena a;
    usher_buf b;
    usher_json_writer w;
    usher_json_object object;
    usher_str got;

    usher_arena_init(&a, usher_allocator_default(), 4096, 1 << 24);
    assert_ok(usher_json_read_object(&object, &a, kit_str(text), &usher_json_limits_claims, NULL));
    usher_buf_init(&b, &a, 1 << 20);
    usher_json_write_init(&w, &b);
    assert_ok(cli_put_masked(&w, &a, &object, NULL));
    assert_ok(usher_buf_take(&got, &b, NULL));
    assert_true(got.len < size);
    memcpy(out, got.ptr, got.len);
    out[got.len] = 0;
    usher_arena_deinit(&a);
}

static void test_claims(void **state)
{
    static const struct {
        const char *claims, *shown;
    } cases[] = {
        {"{}", "{}"},
        {"{\"name\":\"Ada\",\"access_token\":\"gho_x\"}",
         "{\"name\":\"Ada\",\"access_token\":\"(hidden, 7 characters)\"}"},
        {"{\"a\":{\"refresh_token\":\"x\",\"n\":1.50}}",
         "{\"a\":{\"refresh_token\":\"(hidden, 3 characters)\",\"n\":1.50}}"},
        {"{\"a\":[{\"id_token\":{\"x\":1}},[2]]}",
         "{\"a\":[{\"id_token\":\"(hidden, 7 characters)\"},[2]]}"},
        {"{\"acc\\u0065ss_token\":\"x\"}", "{\"access_token\":\"(hidden, 3 characters)\"}"},
        {"{\"token\":null,\"secret\":true,\"pin_secret\":1234}",
         "{\"token\":null,\"secret\":true,\"pin_secret\":\"(hidden, 4 characters)\"}"},
        {"{\"s\":\"\\ud83d\",\"token_type\":\"bearer\"}",
         "{\"s\":\"\\ud83d\",\"token_type\":\"bearer\"}"},
    };
    char shown[1024];

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        masked(shown, sizeof shown, cases[i].claims);
        assert_string_equal(shown, cases[i].shown);
    }
}

/* However deep: no secret comes out, and the writer is not asked for more levels than it has. */
static void test_deep_claims(void **state)
{
    char text[8192], shown[8192];
    size_t at = 0;

    (void)state;
    for (size_t i = 0; i < 500; i++)
        at += (size_t)snprintf(text + at, sizeof text - at, "{\"a\":");
    at += (size_t)snprintf(text + at, sizeof text - at, "{\"token\":\"DEEP\"}");
    memset(text + at, '}', 500);
    text[at + 500] = 0;
    masked(shown, sizeof shown, text);
    assert_null(strstr(shown, "DEEP"));
    assert_non_null(strstr(shown, "(hidden, "));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_names),
        cmocka_unit_test(test_claims),
        cmocka_unit_test(test_deep_claims),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
