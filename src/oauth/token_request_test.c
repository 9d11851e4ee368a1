#include "tests/kit/kit.h"

#include "base/str.h"
#include "oauth/token_request.h"

/* ---- requests ---- */

static char secret_bytes[] = "s \xc3\xa9&=%'";
static const usher_metadata metadata = {
    .token_endpoint = USHER_STR_INIT("https://op.example/token"),
    .userinfo_endpoint = USHER_STR_INIT("https://op.example/me")};

static usher_provider provider_of(usher_client_auth auth)
{
    return (usher_provider){.client_id = USHER_STR("c s+:\xc3\xa9"),
                            .client_secret = {(uint8_t *)secret_bytes, sizeof secret_bytes - 1},
                            .client_auth = auth,
                            .pkce = true,
                            .private_network = true,
                            .timeout_ms = 5000};
}

static usher_str header(const usher_fetch *f, const char *name)
{
    usher_str value = {0};

    for (size_t i = 0; i < f->header_count; i++)
        if (usher_str_eq(f->headers[i].name, kit_str(name))) {
            assert_null(value.ptr); /* once at most */
            value = f->headers[i].value;
        }
    return value;
}

#define BODY                                                                                       \
    "grant_type=authorization_code&code=co%2Fde+1&redirect_uri=https%3A%2F%2Fapp.example%2Fcb%"    \
    "3Fx%3D1&code_verifier=ver"

/* The id and secret as both originals encode them: encodeURIComponent, then '+' for a space. Basic
 * decodes to "c+s%2B%3A%C3%A9:s+%C3%A9%26%3D%25'". */
static const struct {
    usher_client_auth auth;
    const char *authorization, *body;
} requests[] = {
    {USHER_CLIENT_SECRET_BASIC, "Basic YytzJTJCJTNBJUMzJUE5OnMrJUMzJUE5JTI2JTNEJTI1Jw==", BODY},
    {USHER_CLIENT_SECRET_POST, NULL,
     BODY "&client_id=c+s%2B%3A%C3%A9&client_secret=s+%C3%A9%26%3D%25%27"},
    {USHER_CLIENT_NONE, NULL, BODY "&client_id=c+s%2B%3A%C3%A9"},
};

static usher_status token_request(usher_fetch *f, usher_arena *a, const usher_provider *p)
{
    return usher_token_request(f, a, p, &metadata, USHER_STR("co/de 1"),
                               USHER_STR("https://app.example/cb?x=1"), USHER_STR("ver"), NULL);
}

static void test_token_requests(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof requests / sizeof *requests; i++) {
        usher_provider p = provider_of(requests[i].auth);
        usher_fetch f;

        assert_ok(token_request(&f, &kit_arena, &p));
        assert_str(f.method, "POST");
        assert_str(f.url, "https://op.example/token");
        assert_str(f.body, requests[i].body);
        assert_str(header(&f, "Accept"), "application/json");
        assert_str(header(&f, "Content-Type"), "application/x-www-form-urlencoded");
        if (requests[i].authorization)
            assert_str(header(&f, "Authorization"), requests[i].authorization);
        else
            assert_null(header(&f, "Authorization").ptr);
        assert_int_equal(f.timeout_ms, 5000);
        assert_int_equal(f.answer_max, 1 << 20);
        assert_true(f.private_network && !f.plain_http);
        assert_int_equal(f.cache_s, 0);
    }
}

static void test_token_requests_that_lack_something(void **state)
{
    static const usher_client_auth with_secret[] = {USHER_CLIENT_SECRET_BASIC,
                                                    USHER_CLIENT_SECRET_POST};
    const usher_str good = USHER_STR("x"), none = {0};
    usher_fetch f;

    (void)state;
    for (size_t i = 0; i < 2; i++) {
        usher_provider p = provider_of(with_secret[i]);
        p.client_secret.len = 0;
        assert_int_equal(token_request(&f, &kit_arena, &p), USHER_E_SETTING);
        assert_null(f.url.ptr);
        p = provider_of(with_secret[i]);
        p.client_id.len = 0;
        assert_int_equal(token_request(&f, &kit_arena, &p), USHER_E_SETTING);
    }
    usher_provider p = provider_of(USHER_CLIENT_NONE);
    p.client_secret.len = 0;
    assert_ok(token_request(&f, &kit_arena, &p));
    assert_int_equal(usher_token_request(&f, &kit_arena, &p, &metadata, none, good, good, NULL),
                     USHER_E_USAGE);
    assert_int_equal(usher_token_request(&f, &kit_arena, &p, &metadata, good, none, good, NULL),
                     USHER_E_USAGE);
    assert_int_equal(usher_token_request(&f, &kit_arena, &p, &metadata, good, good, none, NULL),
                     USHER_E_USAGE);
    p.pkce = false; /* then a verifier is what should not be there */
    assert_int_equal(usher_token_request(&f, &kit_arena, &p, &metadata, good, good, good, NULL),
                     USHER_E_USAGE);
    assert_null(f.url.ptr);
    assert_ok(usher_token_request(&f, &kit_arena, &p, &metadata, good, good, none, NULL));
    assert_int_equal(usher_str_find(f.body, USHER_STR("code_verifier")), SIZE_MAX);
}

static void test_userinfo_requests(void **state)
{
    static const char *const wrong[] = {"", "a\r\nX: y", "a\n", "\xc3\xa9", "a\x7f"};
    usher_provider p = provider_of(USHER_CLIENT_SECRET_BASIC);
    const usher_metadata without = {.token_endpoint = USHER_STR("https://op.example/token")};
    usher_fetch f;

    (void)state;
    assert_ok(usher_userinfo_request(&f, &kit_arena, &p, &metadata, USHER_STR("at.-_~+/="), NULL));
    assert_str(f.method, "GET");
    assert_str(f.url, "https://op.example/me"); /* never in the query */
    assert_str(header(&f, "Authorization"), "Bearer at.-_~+/=");
    assert_str(header(&f, "Accept"), "application/json");
    assert_int_equal(f.body.len, 0);
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        assert_int_equal(
            usher_userinfo_request(&f, &kit_arena, &p, &metadata, kit_str(wrong[i]), NULL),
            USHER_E_SYNTAX);
        assert_int_equal(f.header_count, 0);
    }
    assert_int_equal(usher_userinfo_request(&f, &kit_arena, &p, &without, USHER_STR("at"), NULL),
                     USHER_E_USAGE);
}

/* ---- token responses ---- */

#define AT   "\"access_token\":\"at\""
#define ID   "\"id_token\":\"a.b.c\""
#define TYPE "\"token_type\":\"Bearer\""
#define ALL  "{" AT "," ID "," TYPE

static const struct {
    const char *name, *body;
    bool ok;
    const char *refresh, *scope; /* NULL: absent */
    int64_t expires;             /* -1: absent */
} answers[] = {
    {"the least", ALL "}", true, NULL, NULL, -1},
    {"the most",
     ALL ",\"refresh_token\":\"rt\",\"scope\":\"openid email\",\"expires_in\":3600,\"x\":{}}", true,
     "rt", "openid email", 3600},
    {"bearer", "{" AT "," ID ",\"token_type\":\"bearer\"}", true, NULL, NULL, -1},
    {"BEARER", "{" AT "," ID ",\"token_type\":\"BEARER\"}", true, NULL, NULL, -1},
    {"nulls where nothing is needed",
     ALL ",\"refresh_token\":null,\"scope\":null,\"expires_in\":null}", true, NULL, NULL, -1},
    {"an empty refresh token is none", ALL ",\"refresh_token\":\"\"}", true, NULL, NULL, -1},
    {"an empty scope", ALL ",\"scope\":\"\"}", true, NULL, "", -1},
    {"scope as an array", ALL ",\"scope\":[\"openid\",\"email\"]}", true, NULL, "openid email", -1},
    {"an empty array", ALL ",\"scope\":[]}", true, NULL, "", -1},

    {"expires 0", ALL ",\"expires_in\":0}", true, NULL, NULL, 0},
    {"expires with a fraction", ALL ",\"expires_in\":1.9}", true, NULL, NULL, 1},
    {"expires 1e3", ALL ",\"expires_in\":1e3}", true, NULL, NULL, 1000},
    {"expires text", ALL ",\"expires_in\":\"3600\"}", true, NULL, NULL, 3600},
    {"expires ten years", ALL ",\"expires_in\":315360000}", true, NULL, NULL, 315360000},
    {"expires later", ALL ",\"expires_in\":315360001}", true, NULL, NULL, 315360000},
    {"expires 10^12", ALL ",\"expires_in\":1000000000000}", true, NULL, NULL, 315360000},
    {"expires 2^63", ALL ",\"expires_in\":9223372036854775808}", true, NULL, NULL, 315360000},
    {"expires 1e300", ALL ",\"expires_in\":1e300}", true, NULL, NULL, 315360000},
    {"expires 1e999", ALL ",\"expires_in\":1e999}", false, NULL, NULL, -1},
    {"expires text, long", ALL ",\"expires_in\":\"18446744073709551615\"}", true, NULL, NULL,
     315360000},
    {"expires text, longer", ALL ",\"expires_in\":\"18446744073709551616\"}", false, NULL, NULL,
     -1},
    {"expires negative", ALL ",\"expires_in\":-1}", false, NULL, NULL, -1},
    {"expires text negative", ALL ",\"expires_in\":\"-1\"}", false, NULL, NULL, -1},
    {"expires text with a fraction", ALL ",\"expires_in\":\"1.5\"}", false, NULL, NULL, -1},
    {"expires word", ALL ",\"expires_in\":\"soon\"}", false, NULL, NULL, -1},
    {"expires empty", ALL ",\"expires_in\":\"\"}", false, NULL, NULL, -1},
    {"expires true", ALL ",\"expires_in\":true}", false, NULL, NULL, -1},
    {"expires array", ALL ",\"expires_in\":[3600]}", false, NULL, NULL, -1},

    {"an error document", "{\"error\":\"invalid_grant\"}", false, NULL, NULL, -1},
    {"tokens and an error", ALL ",\"error\":\"x\"}", false, NULL, NULL, -1},
    {"tokens and a null error", ALL ",\"error\":null}", false, NULL, NULL, -1},
    {"no access token", "{" ID "," TYPE "}", false, NULL, NULL, -1},
    {"access token null", "{\"access_token\":null," ID "," TYPE "}", false, NULL, NULL, -1},
    {"access token empty", "{\"access_token\":\"\"," ID "," TYPE "}", false, NULL, NULL, -1},
    {"access token number", "{\"access_token\":1," ID "," TYPE "}", false, NULL, NULL, -1},
    {"access token array", "{\"access_token\":[\"at\"]," ID "," TYPE "}", false, NULL, NULL, -1},
    {"access token with a line feed", "{\"access_token\":\"a\\nb\"," ID "," TYPE "}", false, NULL,
     NULL, -1},
    {"access token not ASCII", "{\"access_token\":\"\xc3\xa9\"," ID "," TYPE "}", false, NULL, NULL,
     -1},
    {"access token twice", ALL "," AT "}", false, NULL, NULL, -1},
    {"no id token", "{" AT "," TYPE "}", false, NULL, NULL, -1},
    {"id token null", "{" AT ",\"id_token\":null," TYPE "}", false, NULL, NULL, -1},
    {"id token empty", "{" AT ",\"id_token\":\"\"," TYPE "}", false, NULL, NULL, -1},
    {"id token object", "{" AT ",\"id_token\":{}," TYPE "}", false, NULL, NULL, -1},
    {"no type", "{" AT "," ID "}", false, NULL, NULL, -1},
    {"type null", "{" AT "," ID ",\"token_type\":null}", false, NULL, NULL, -1},
    {"type number", "{" AT "," ID ",\"token_type\":1}", false, NULL, NULL, -1},
    {"type empty", "{" AT "," ID ",\"token_type\":\"\"}", false, NULL, NULL, -1},
    {"type DPoP", "{" AT "," ID ",\"token_type\":\"DPoP\"}", false, NULL, NULL, -1},
    {"refresh token number", ALL ",\"refresh_token\":1}", false, NULL, NULL, -1},
    {"refresh token with NUL", ALL ",\"refresh_token\":\"a\\u0000\"}", false, NULL, NULL, -1},
    {"scope number", ALL ",\"scope\":1}", false, NULL, NULL, -1},
    {"scope array of numbers", ALL ",\"scope\":[1]}", false, NULL, NULL, -1},
    {"an array", "[]", false, NULL, NULL, -1},
    {"text", "\"at\"", false, NULL, NULL, -1},
    {"HTML", "<html></html>", false, NULL, NULL, -1},
    {"cut off", ALL, false, NULL, NULL, -1},
    {"nothing", "", false, NULL, NULL, -1},
};

static void assert_value(usher_str actual, const char *expected)
{
    if (!expected)
        assert_null(actual.ptr);
    else
        assert_str(actual, expected);
}

static void test_token_responses(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof answers / sizeof *answers; i++) {
        usher_tokens t;
        usher_status rc = usher_token_response_read(
            &t, &kit_arena, 200, USHER_STR("application/json"), kit_str(answers[i].body), NULL);

        if (rc != (answers[i].ok ? USHER_OK : USHER_E_SYNTAX)) print_error("%s\n", answers[i].name);
        assert_int_equal(rc, answers[i].ok ? USHER_OK : USHER_E_SYNTAX);
        assert_value(t.access_token, answers[i].ok ? "at" : NULL);
        assert_value(t.id_token, answers[i].ok ? "a.b.c" : NULL);
        assert_value(t.refresh_token, answers[i].refresh);
        assert_value(t.scope, answers[i].scope);
        assert_true(t.has_expires == (answers[i].expires >= 0));
        if (t.has_expires) assert_int_equal(t.expires_in_s, answers[i].expires);
    }
}

static void test_token_responses_of_another_kind(void **state)
{
    static const int statuses[] = {0, 100, 201, 204, 302, 304, 400, 401, 429, 500, 503};
    usher_tokens t;

    (void)state;
    assert_ok(usher_token_response_read(&t, &kit_arena, 200,
                                        USHER_STR("application/json; charset=utf-8"),
                                        USHER_STR(ALL "}"), NULL));
    for (size_t i = 0; i < sizeof statuses / sizeof *statuses; i++)
        assert_int_equal(usher_token_response_read(&t, &kit_arena, statuses[i],
                                                   USHER_STR("application/json"),
                                                   USHER_STR(ALL "}"), NULL),
                         USHER_E_SYNTAX);
    assert_int_equal(usher_token_response_read(&t, &kit_arena, 200, USHER_STR("text/html"),
                                               USHER_STR(ALL "}"), NULL),
                     USHER_E_SYNTAX);
    assert_int_equal(
        usher_token_response_read(&t, &kit_arena, 200, (usher_str){0}, USHER_STR(ALL "}"), NULL),
        USHER_E_SYNTAX);
    assert_null(t.access_token.ptr);
}

static void test_tokens_outlive_the_body(void **state)
{
    char *body = malloc(sizeof ALL);
    usher_tokens t;

    (void)state;
    memcpy(body, ALL "}", sizeof ALL);
    assert_ok(usher_token_response_read(&t, &kit_arena, 200, USHER_STR("application/json"),
                                        usher_str_of(body, sizeof ALL), NULL));
    free(body);
    assert_str(t.access_token, "at");
    assert_str(t.id_token, "a.b.c");
}

/* ---- refresh and revocation ---- */

static const usher_metadata more_metadata = {
    .token_endpoint = USHER_STR_INIT("https://op.example/token"),
    .revocation_endpoint = USHER_STR_INIT("https://op.example/revoke")};

static void test_refresh_requests(void **state)
{
    static const struct {
        usher_client_auth auth;
        const char *scope, *audience, *body;
    } refreshes[] = {
        {USHER_CLIENT_NONE, NULL, NULL,
         "refresh_token=r+t&grant_type=refresh_token&client_id=c+s%2B%3A%C3%A9"},
        {USHER_CLIENT_NONE, "a b", "https://api",
         "scope=a+b&audience=https%3A%2F%2Fapi&refresh_token=r+t&grant_type=refresh_token"
         "&client_id=c+s%2B%3A%C3%A9"},
        {USHER_CLIENT_SECRET_BASIC, "", "", "refresh_token=r+t&grant_type=refresh_token"},
        {USHER_CLIENT_SECRET_POST, NULL, NULL,
         "refresh_token=r+t&grant_type=refresh_token&client_id=c+s%2B%3A%C3%A9"
         "&client_secret=s+%C3%A9%26%3D%25%27"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof refreshes / sizeof *refreshes; i++) {
        usher_provider p = provider_of(refreshes[i].auth);
        usher_fetch f;

        assert_ok(usher_refresh_request(&f, &kit_arena, &p, &more_metadata, USHER_STR("r t"),
                                        kit_str(refreshes[i].scope), kit_str(refreshes[i].audience),
                                        NULL));
        assert_str(f.method, "POST");
        assert_str(f.url, "https://op.example/token");
        assert_str(f.body, refreshes[i].body);
        assert_true((header(&f, "Authorization").ptr != NULL) ==
                    (refreshes[i].auth == USHER_CLIENT_SECRET_BASIC));
        assert_str(header(&f, "Content-Type"), "application/x-www-form-urlencoded");
        assert_int_equal(f.cache_s, 0);
        assert_int_equal(usher_refresh_request(&f, &kit_arena, &p, &more_metadata, USHER_STR(""),
                                               (usher_str){0}, (usher_str){0}, NULL),
                         USHER_E_USAGE);
        assert_null(f.url.ptr);
    }
}

static void test_pushed_requests(void **state)
{
    (void)state;
    static const struct {
        const char *name, *type, *body;
        int status;
        bool good;
    } cases[] = {
        {"as it should be", "application/json", "{\"request_uri\":\"urn:a\"}", 201, true},
        {"200", "application/json", "{\"request_uri\":\"urn:a\"}", 200, false},
        {"an error", "application/json", "{\"error\":\"invalid_request\"}", 400, false},
        {"no JSON", "text/html", "{\"request_uri\":\"urn:a\"}", 201, false},
        {"cut off", "application/json", "{\"request_uri\":\"urn:a", 201, false},
        {"none", "application/json", "{}", 201, false},
        {"empty", "application/json", "{\"request_uri\":\"\"}", 201, false},
        {"no text", "application/json", "{\"request_uri\":1}", 201, false},
        {"a line end", "application/json", "{\"request_uri\":\"urn:a\\n\"}", 201, false},
    };
    usher_form_pair pairs[] = {{USHER_STR("client_id"), USHER_STR("c")},
                               {USHER_STR("scope"), USHER_STR("a b")}};
    const usher_form form = {.pairs = pairs, .count = 2};
    usher_metadata m = more_metadata;
    usher_provider p = provider_of(USHER_CLIENT_SECRET_POST);
    usher_fetch f;
    usher_str uri;

    assert_int_equal(usher_pushed_request(&f, &kit_arena, &p, &m, &form, NULL), USHER_E_USAGE);
    m.pushed_request_endpoint = USHER_STR("https://op.example/par");
    assert_ok(usher_pushed_request(&f, &kit_arena, &p, &m, &form, NULL));
    assert_str(f.url, "https://op.example/par");
    assert_true(usher_str_starts(f.body, USHER_STR("client_id=c&scope=a+b&client_secret=")));
    p.client_auth = USHER_CLIENT_SECRET_BASIC;
    assert_ok(usher_pushed_request(&f, &kit_arena, &p, &m, &form, NULL));
    assert_str(f.body, "client_id=c&scope=a+b");
    assert_int_equal(f.header_count, 3);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        usher_status rc =
            usher_pushed_response_read(&uri, &kit_arena, cases[i].status, kit_str(cases[i].type),
                                       kit_str(cases[i].body), NULL);
        if (rc != (cases[i].good ? USHER_OK : USHER_E_SYNTAX) || (uri.len != 0) != cases[i].good)
            fail_msg("%s: %s", cases[i].name, usher_status_name(rc));
    }
}

static void test_revocation_requests(void **state)
{
    usher_provider p = provider_of(USHER_CLIENT_SECRET_POST);
    usher_fetch f;

    (void)state;
    assert_ok(usher_revocation_request(&f, &kit_arena, &p, &more_metadata, USHER_STR("r t"), NULL));
    assert_str(f.url, "https://op.example/revoke");
    assert_str(f.body, "token_type_hint=refresh_token&token=r+t&client_id=c+s%2B%3A%C3%A9"
                       "&client_secret=s+%C3%A9%26%3D%25%27");
    assert_int_equal(usher_revocation_request(&f, &kit_arena, &p, &metadata, USHER_STR("r"), NULL),
                     USHER_E_USAGE);
    assert_int_equal(
        usher_revocation_request(&f, &kit_arena, &p, &more_metadata, USHER_STR(""), NULL),
        USHER_E_USAGE);
    p.client_secret.len = 0;
    assert_int_equal(
        usher_revocation_request(&f, &kit_arena, &p, &more_metadata, USHER_STR("r"), NULL),
        USHER_E_SETTING);
    assert_null(f.url.ptr);
}

static void test_answers_to_a_refresh(void **state)
{
    const usher_str json = USHER_STR("application/json");
    const usher_str bare = USHER_STR("{\"access_token\":\"at\",\"token_type\":\"bearer\"}");
    usher_tokens t;

    (void)state;
    assert_ok(usher_refresh_response_read(&t, &kit_arena, 200, json, bare, NULL));
    assert_str(t.access_token, "at");
    assert_null(t.id_token.ptr);
    assert_int_equal(usher_token_response_read(&t, &kit_arena, 200, json, bare, NULL),
                     USHER_E_SYNTAX);
    assert_ok(usher_refresh_response_read(&t, &kit_arena, 200, json, USHER_STR(ALL "}"), NULL));
    assert_str(t.id_token, "a.b.c");
    assert_int_equal(usher_refresh_response_read(&t, &kit_arena, 400, json, bare, NULL),
                     USHER_E_SYNTAX);
    assert_int_equal(usher_refresh_response_read(&t, &kit_arena, 200, json,
                                                 USHER_STR("{\"token_type\":\"bearer\"}"), NULL),
                     USHER_E_SYNTAX);
}

static void test_error_documents(void **state)
{
    static const struct {
        const char *type, *body;
        size_t members;
    } documents[] = {
        {"application/json", "{\"error\":\"mfa_required\",\"x\":1}", 2},
        {"text/html", "{\"error\":\"mfa_required\"}", 0},
        {"application/json", "{\"error\":", 0},
        {"application/json", "{\"error\":\"a\",\"error\":\"b\"}", 0},
        {"application/json", "[]", 0},
        {"application/json", "", 0},
    };
    usher_json_object o;

    (void)state;
    for (size_t i = 0; i < sizeof documents / sizeof *documents; i++) {
        assert_ok(usher_token_error_read(&o, &kit_arena, kit_str(documents[i].type),
                                         kit_str(documents[i].body), NULL));
        assert_int_equal(o.count, documents[i].members);
    }
}

/* ---- userinfo ---- */

static const struct {
    int status;
    const char *type, *body, *subject;
    bool ok;
} infos[] = {
    {200, "application/json", "{\"sub\":\"42\",\"name\":\"Ann\"}", "42", true},
    {200, "application/json", "{\"sub\":\"\\u0034\\u0032\"}", "42", true},
    {200, "application/json", "{\"sub\":\"42invalid\"}", "42", false},
    {200, "application/json", "{\"sub\":\"4\"}", "42", false},
    {200, "application/json", "{\"sub\":42}", "42", false},
    {200, "application/json", "{\"sub\":[\"42\"]}", "42", false},
    {200, "application/json", "{\"sub\":null}", "42", false},
    {200, "application/json", "{}", "42", false},
    {200, "application/json", "{\"sub\":\"\"}", "", false},
    {200, "application/json", "{\"sub\":\"1\",\"sub\":\"42\"}", "42", false},
    {200, "application/json", "[{\"sub\":\"42\"}]", "42", false},
    {200, "application/json", "{\"sub\":\"42\"", "42", false},
    {401, "application/json", "{\"sub\":\"42\"}", "42", false},
    {204, "application/json", "{\"sub\":\"42\"}", "42", false},
    {200, "application/jwt", "{\"sub\":\"42\"}", "42", false},
    {200, "", "{\"sub\":\"42\"}", "42", false},
};

static void test_userinfo(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof infos / sizeof *infos; i++) {
        usher_json_object claims;
        size_t len = strlen(infos[i].body);
        char *body = malloc(len ? len : 1);

        memcpy(body, infos[i].body, len);
        usher_status rc =
            usher_userinfo_read(&claims, &kit_arena, infos[i].status, kit_str(infos[i].type),
                                usher_str_of(body, len), kit_str(infos[i].subject), NULL);
        free(body); /* the claims must not need it */
        assert_int_equal(rc, infos[i].ok ? USHER_OK : USHER_E_SYNTAX);
        assert_true((claims.count > 0) == infos[i].ok);
        if (infos[i].ok)
            assert_true(
                usher_json_string_is(usher_json_get(&claims, USHER_STR("sub")), USHER_STR("42")));
    }
}

/* ---- failures of the host ---- */

static usher_status whole_life(const usher_allocator *alloc)
{
    usher_provider p = provider_of(USHER_CLIENT_SECRET_BASIC);
    usher_status rc;
    usher_arena a;
    usher_fetch f, g = {0};
    usher_tokens t = {0};
    usher_json_object claims = {0}, error;

    usher_arena_init(&a, alloc, 256, 1 << 20);
    if ((rc = token_request(&f, &a, &p)) ||
        (rc = usher_token_response_read(
             &t, &a, 200, USHER_STR("application/json"),
             USHER_STR("{\"access_token\":\"a\\u0074\",\"id_token\":\"\\u0061\",\"token_type\":"
                       "\"b\\u0065arer\""
                       ",\"refresh_token\":\"\\u0061\",\"scope\":[\"a\",\"\\u0062\"]}"),
             NULL)) ||
        (rc = usher_refresh_request(&f, &a, &p, &more_metadata, t.refresh_token, t.scope, t.scope,
                                    NULL)) ||
        (rc = usher_revocation_request(&f, &a, &p, &more_metadata, t.refresh_token, NULL)) ||
        (rc = usher_token_error_read(&error, &a, USHER_STR("application/json"),
                                     USHER_STR("{\"error\":\"x\",\"error_description\":\"y\"}"),
                                     NULL)) ||
        (rc = usher_userinfo_request(&g, &a, &p, &metadata, t.access_token, NULL)) ||
        (rc = usher_userinfo_read(&claims, &a, 200, USHER_STR("application/json"),
                                  USHER_STR("{\"sub\":\"\\u0061\"}"), USHER_STR("a"), NULL)))
        goto done;
    assert_str(t.refresh_token, "a");
    assert_str(t.scope, "a b");
done:
    assert_true((claims.count == 1) == (rc == USHER_OK));
    usher_arena_deinit(&a);
    return rc;
}

static void test_every_allocation_may_fail(void **state)
{
    (void)state;
    for (int on = 0; on < 2; on++) {
        kit_alloc ours;
        size_t n = 0;

        do {
            ours = (kit_alloc){.fail_at = n++, .from_then_on = on};
            usher_allocator alloc = kit_allocator(&ours);
            usher_status rc = whole_life(&alloc);
            assert_int_equal(rc, ours.failed ? USHER_E_NOMEM : USHER_OK);
            assert_int_equal(ours.live, 0);
        } while (ours.failed);
        assert_true(n > 2);
    }
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, kit_arena_up, kit_arena_down)
    const struct CMUnitTest tests[] = {
        TEST(test_token_requests),
        TEST(test_token_requests_that_lack_something),
        TEST(test_userinfo_requests),
        TEST(test_token_responses),
        TEST(test_token_responses_of_another_kind),
        TEST(test_tokens_outlive_the_body),
        TEST(test_refresh_requests),
        TEST(test_pushed_requests),
        TEST(test_revocation_requests),
        TEST(test_answers_to_a_refresh),
        TEST(test_error_documents),
        TEST(test_userinfo),
        TEST(test_every_allocation_may_fail),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
