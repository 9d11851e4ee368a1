#include "tests/kit/kit.h"

#include "base/str.h"
#include "oauth/metadata.h"

static const usher_provider strict = {.issuer = USHER_STR_INIT("https://op.example/t")};
static const usher_provider lax = {.issuer = USHER_STR_INIT("https://op.example/t"),
                                   .plain_http = true};

static void test_url(void **state)
{
    static const char *const rows[][2] = {
        {"https://op.example", "https://op.example/.well-known/openid-configuration"},
        {"https://op.example/", "https://op.example/.well-known/openid-configuration"},
        {"https://op.example/t/v2.0", "https://op.example/t/v2.0/.well-known/openid-configuration"},
    };
    usher_str url;

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        assert_ok(usher_metadata_url(&url, &kit_arena, kit_str(rows[i][0]), NULL));
        assert_str(url, rows[i][1]);
    }
    assert_int_equal(usher_metadata_url(&url, &kit_arena, USHER_STR(""), NULL), USHER_E_USAGE);
    assert_null(url.ptr);
}

#define ISS      "\"issuer\":\"https://op.example/t\""
#define AUTH     "\"authorization_endpoint\":\"https://op.example/a?p=1\""
#define TOKEN    "\"token_endpoint\":\"https://api.example:8443/t\""
#define JWKS     "\"jwks_uri\":\"https://keys.example/k\""
#define INFO     "\"userinfo_endpoint\":\"https://op.example/u\""
#define ALL      ISS "," AUTH "," TOKEN "," JWKS
#define NOT_AUTH ISS "," TOKEN "," JWKS
#define FLAG     "\"authorization_response_iss_parameter_supported\":"

static const struct {
    const char *name, *members;
    bool ok, http; /* http: accepted if the provider allows plain http */
} rows[] = {
    {"all there is to it", ALL, true, true},
    {"much more", ALL "," INFO ",\"scopes_supported\":[\"openid\"],\"x\":null", true, true},
    {"issuer absent", AUTH "," TOKEN "," JWKS, false, false},
    {"issuer with a slash", "\"issuer\":\"https://op.example/t/\"," AUTH "," TOKEN "," JWKS, false,
     false},
    {"issuer in capitals", "\"issuer\":\"https://op.example/T\"," AUTH "," TOKEN "," JWKS, false,
     false},
    {"issuer with a port", "\"issuer\":\"https://op.example:443/t\"," AUTH "," TOKEN "," JWKS,
     false, false},
    {"issuer with a dot", "\"issuer\":\"https://op.example./t\"," AUTH "," TOKEN "," JWKS, false,
     false},
    {"issuer longer", "\"issuer\":\"https://op.example/tINVALID\"," AUTH "," TOKEN "," JWKS, false,
     false},
    {"issuer null", "\"issuer\":null," AUTH "," TOKEN "," JWKS, false, false},
    {"issuer array", "\"issuer\":[\"https://op.example/t\"]," AUTH "," TOKEN "," JWKS, false,
     false},
    {"issuer twice", ALL "," ISS, false, false},
    {"no authorization endpoint", NOT_AUTH, false, false},
    {"no token endpoint", ISS "," AUTH "," JWKS, false, false},
    {"no keys", ISS "," AUTH "," TOKEN, false, false},
    {"endpoint null", NOT_AUTH ",\"authorization_endpoint\":null", false, false},
    {"endpoint number", NOT_AUTH ",\"authorization_endpoint\":1", false, false},
    {"endpoint empty", NOT_AUTH ",\"authorization_endpoint\":\"\"", false, false},
    {"endpoint relative", NOT_AUTH ",\"authorization_endpoint\":\"/a\"", false, false},
    {"endpoint without scheme", NOT_AUTH ",\"authorization_endpoint\":\"//op.example/a\"", false,
     false},
    {"endpoint http", NOT_AUTH ",\"authorization_endpoint\":\"http://op.example/a\"", false, true},
    {"endpoint javascript", NOT_AUTH ",\"authorization_endpoint\":\"javascript:alert(1)\"", false,
     false},
    {"endpoint file", NOT_AUTH ",\"authorization_endpoint\":\"file:///etc/passwd\"", false, false},
    {"endpoint with user", NOT_AUTH ",\"authorization_endpoint\":\"https://u:p@op.example/a\"",
     false, false},
    {"endpoint with a fragment", NOT_AUTH ",\"authorization_endpoint\":\"https://op.example/a#x\"",
     false, false},
    {"endpoint with an empty fragment",
     NOT_AUTH ",\"authorization_endpoint\":\"https://op.example/a#\"", false, false},
    {"endpoint with a line feed",
     NOT_AUTH ",\"authorization_endpoint\":\"https://op.example/a\\r\\nX: y\"", false, false},
    {"endpoint with a space", NOT_AUTH ",\"authorization_endpoint\":\"https://op.example/a b\"",
     false, false},
    {"endpoint not ASCII", NOT_AUTH ",\"authorization_endpoint\":\"https://op.example/\xc3\xa9\"",
     false, false},
    {"endpoint with a backslash", NOT_AUTH ",\"authorization_endpoint\":\"https:\\\\op.example\"",
     false, false},
    {"userinfo null is none", ALL ",\"userinfo_endpoint\":null", true, true},
    {"userinfo http", ALL ",\"userinfo_endpoint\":\"http://op.example/u\"", false, true},
    {"userinfo array", ALL ",\"userinfo_endpoint\":[]", false, false},
    {"token http", ISS "," AUTH "," JWKS ",\"token_endpoint\":\"http://op.example/t\"", false,
     true},
    {"keys http", ISS "," AUTH "," TOKEN ",\"jwks_uri\":\"http://op.example/k\"", false, true},
    {"flag true", ALL "," FLAG "true", true, true},
    {"flag null", ALL "," FLAG "null", true, true},
    {"flag text", ALL "," FLAG "\"true\"", false, false},
    {"flag number", ALL "," FLAG "1", false, false},
};

static usher_str document(const char *members)
{
    usher_buf b;
    usher_str text;

    usher_buf_init(&b, &kit_arena, 1 << 20);
    usher_buf_put_char(&b, '{');
    usher_buf_put_z(&b, members);
    usher_buf_put_char(&b, '}');
    assert_ok(usher_buf_take(&text, &b, NULL));
    return text;
}

static void test_documents(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        usher_metadata m;
        usher_str text = document(rows[i].members);
        usher_status rc = usher_metadata_read(&m, &kit_arena, &strict, text, NULL);

        if (rc != (rows[i].ok ? USHER_OK : USHER_E_SYNTAX)) print_error("%s\n", rows[i].name);
        assert_int_equal(rc, rows[i].ok ? USHER_OK : USHER_E_SYNTAX);
        assert_true((m.issuer.ptr != NULL) == rows[i].ok);
        assert_int_equal(usher_metadata_read(&m, &kit_arena, &lax, text, NULL),
                         rows[i].http ? USHER_OK : USHER_E_SYNTAX);
    }
}

static void test_what_is_read(void **state)
{
    usher_metadata m;
    usher_str text = document(ALL "," INFO "," FLAG "true");
    char *body = malloc(text.len);

    (void)state;
    memcpy(body, text.ptr, text.len);
    assert_ok(usher_metadata_read(&m, &kit_arena, &strict, usher_str_of(body, text.len), NULL));
    free(body); /* the event's body is gone in the next step */
    assert_str(m.issuer, "https://op.example/t");
    assert_str(m.authorization_endpoint, "https://op.example/a?p=1");
    assert_str(m.token_endpoint, "https://api.example:8443/t");
    assert_str(m.jwks_uri, "https://keys.example/k");
    assert_str(m.userinfo_endpoint, "https://op.example/u");
    assert_true(m.response_iss);
    assert_ok(usher_metadata_read(&m, &kit_arena, &strict, document(ALL "," FLAG "false"), NULL));
    assert_null(m.userinfo_endpoint.ptr);
    assert_false(m.response_iss);
}

/* By these nobody signs in: one that cannot be used is as good as none, and spoils nothing. */
static void test_endpoints_of_the_end(void **state)
{
    static const struct {
        const char *value;
        bool strict_takes, lax_takes;
    } ends[] = {
        {"\"https://op.example/end?p=1\"", true, true},
        {"\"http://op.example/end\"", false, true},
        {"\"https://op.example/#f\"", false, false},
        {"\"/end\"", false, false},
        {"7", false, false},
        {"null", false, false},
        {"\"\"", false, false},
    };
    static const char *const names[] = {"end_session_endpoint", "revocation_endpoint"};
    char members[1024];

    (void)state;
    for (size_t i = 0; i < sizeof ends / sizeof *ends; i++)
        for (size_t n = 0; n < 2; n++) {
            usher_metadata m;

            snprintf(members, sizeof members, ALL ",\"%s\":%s", names[n], ends[i].value);
            const usher_str *one = n ? &m.revocation_endpoint : &m.end_session_endpoint;
            const usher_str *other = n ? &m.end_session_endpoint : &m.revocation_endpoint;
            assert_ok(usher_metadata_read(&m, &kit_arena, &strict, document(members), NULL));
            assert_true((one->len != 0) == ends[i].strict_takes);
            assert_null(other->ptr);
            assert_ok(usher_metadata_read(&m, &kit_arena, &lax, document(members), NULL));
            assert_true((one->len != 0) == ends[i].lax_takes);
        }
}

static void test_other_texts(void **state)
{
    static const char *const texts[] = {"", "[]", "null", "{", "<html></html>", "{}{}"};
    const usher_provider nobody = {0};
    static char big[(1 << 20) + 1];
    usher_metadata m;

    (void)state;
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        assert_int_equal(usher_metadata_read(&m, &kit_arena, &strict, kit_str(texts[i]), NULL),
                         USHER_E_SYNTAX);
    memset(big, ' ', sizeof big);
    assert_int_equal(
        usher_metadata_read(&m, &kit_arena, &strict, usher_str_of(big, sizeof big), NULL),
        USHER_E_SYNTAX);
    /* nothing to expect is not met by an empty issuer */
    assert_int_equal(usher_metadata_read(&m, &kit_arena, &nobody,
                                         document("\"issuer\":\"\"," AUTH "," TOKEN "," JWKS),
                                         NULL),
                     USHER_E_USAGE);
}

static void test_bound_of_endpoints(void **state)
{
    static char members[9000], url[8194];

    (void)state;
    for (size_t more = 0; more < 2; more++) {
        usher_metadata m;

        memset(url, 'a', sizeof url);
        memcpy(url, "https://op.example/", 19);
        url[8192 + more] = 0;
        snprintf(members, sizeof members, "%s,\"authorization_endpoint\":\"%s\"", NOT_AUTH, url);
        assert_int_equal(usher_metadata_read(&m, &kit_arena, &strict, document(members), NULL),
                         more ? USHER_E_SYNTAX : USHER_OK);
    }
}

static void test_every_allocation_may_fail(void **state)
{
    usher_str text = document(ALL ",\"userinfo_endpoint\":\"https:\\/\\/op.example\\/u\","
                                  "\"end_session_endpoint\":\"https:\\/\\/op.example\\/e\"");

    (void)state;
    for (int on = 0; on < 2; on++) {
        kit_alloc ours;
        size_t n = 0;

        do {
            ours = (kit_alloc){.fail_at = n++, .from_then_on = on};
            usher_allocator alloc = kit_allocator(&ours);
            usher_arena a;
            usher_metadata m = {0};
            usher_str url = {0};
            usher_arena_init(&a, &alloc, 256, 1 << 20);
            usher_status rc = usher_metadata_url(&url, &a, strict.issuer, NULL);
            if (!rc) rc = usher_metadata_read(&m, &a, &strict, text, NULL);
            assert_int_equal(rc, ours.failed ? USHER_E_NOMEM : USHER_OK);
            assert_true((m.token_endpoint.ptr != NULL) == (rc == USHER_OK));
            usher_arena_deinit(&a);
            assert_int_equal(ours.live, 0);
        } while (ours.failed);
        assert_true(n > 2);
    }
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, kit_arena_up, kit_arena_down)
    const struct CMUnitTest tests[] = {
        TEST(test_url),
        TEST(test_documents),
        TEST(test_what_is_read),
        TEST(test_endpoints_of_the_end),
        TEST(test_other_texts),
        TEST(test_bound_of_endpoints),
        TEST(test_every_allocation_may_fail),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
