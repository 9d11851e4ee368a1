#include "tests/kit/kit.h"

#include "base/str.h"
#include "oauth/authorization.h"
#include "wire/jose/sha.h"

static usher_form form_of(const char *text)
{
    usher_form form;

    assert_ok(usher_form_read(&form, &kit_arena, kit_str(text), NULL));
    return form;
}

static void test_random_text(void **state)
{
    kit_random random = {.seed = 1, .fail_at = SIZE_MAX}, none = {.fail_at = 0};
    char a[USHER_RANDOM_TEXT], b[USHER_RANDOM_TEXT], zero[USHER_RANDOM_TEXT] = {0};

    (void)state;
    assert_ok(usher_random_text(a, kit_entropy(&random), NULL));
    assert_ok(usher_random_text(b, kit_entropy(&random), NULL));
    assert_memory_not_equal(a, b, USHER_RANDOM_TEXT);
    for (size_t i = 0; i < USHER_RANDOM_TEXT; i++)
        assert_non_null(
            memchr("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_", a[i], 64));
    assert_int_equal(usher_random_text(a, kit_entropy(&none), NULL), USHER_E_CRYPTO);
    assert_memory_equal(a, zero, USHER_RANDOM_TEXT); /* nothing that could be sent */
}

/* RFC 7636 appendix B */
static void test_pkce(void **state)
{
    char challenge[USHER_RANDOM_TEXT];

    (void)state;
    assert_ok(usher_pkce_challenge(challenge,
                                   USHER_STR("dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"), NULL));
    assert_str(usher_str_of(challenge, sizeof challenge),
               "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM");
    assert_int_equal(usher_pkce_challenge(challenge, USHER_STR(""), NULL), USHER_E_USAGE);
}

/* ---- the request ---- */

#define BASE                                                                                       \
    "response_type=code&client_id=cl+ient%26&redirect_uri=https%3A%2F%2Fapp.example%2Fcb&scope="   \
    "openid+profile"
#define PKCE "&code_challenge=CH&code_challenge_method=S256"

static const struct {
    const char *name, *endpoint, *extra, *state, *nonce, *url;
} requests[] = {
    {"all of it", "https://op.example/a", NULL, "S1", "N1",
     "https://op.example/a?" BASE "&state=S1" PKCE "&nonce=N1"},
    {"PKCE only", "https://op.example/a", NULL, NULL, NULL, "https://op.example/a?" BASE PKCE},
    {"the endpoint's query is kept as written", "https://op.example/a?p=B2C_1%5f&q", NULL, NULL,
     NULL, "https://op.example/a?p=B2C_1%5f&q&" BASE PKCE},
    {"a query that ends in '?'", "https://op.example/a?x=1?", NULL, NULL, NULL,
     "https://op.example/a?x=1?&" BASE PKCE},
    {"an empty query", "https://op.example/a?", NULL, NULL, NULL,
     "https://op.example/a?" BASE PKCE},
    {"parameters of ours in it go", "https://op.example/a?client_id=x&p=1&%73tate=y&request_uri=z&",
     NULL, "S1", NULL, "https://op.example/a?p=1&" BASE "&state=S1" PKCE},
    {"extra", "https://op.example/a", "prompt=login&login_hint=a%40b.c", "S1", NULL,
     "https://op.example/a?" BASE "&prompt=login&login_hint=a%40b.c&state=S1" PKCE},
    {"the last of each name", "https://op.example/a", "prompt=none&a=1&prompt=login", NULL, NULL,
     "https://op.example/a?" BASE "&a=1&prompt=login" PKCE},
    {"what only we set", "https://op.example/a",
     "response_type=token&client_id=x&redirect_uri=https://"
     "evil.example&scope=admin&state=x&nonce=x&code_challenge=x"
     "&code_challenge_method=plain&request=x&request_uri=x&response_mode=fragment&client_secret=x&="
     "x",
     "S1", "N1", "https://op.example/a?" BASE "&state=S1" PKCE "&nonce=N1"},
    {"spelt with escapes", "https://op.example/a", "%73tate=x&code%5fchallenge=x", NULL, NULL,
     "https://op.example/a?" BASE PKCE},
    {"the endpoint's own beat extra ones", "https://op.example/a?p=1", "p=2&P=3", NULL, NULL,
     "https://op.example/a?p=1&" BASE "&P=3" PKCE},
    {"nothing escapes its value", "https://op.example/a", "x=%26state%3Devil%23%0d%0a&%26y=1", NULL,
     NULL, "https://op.example/a?" BASE "&x=%26state%3Devil%23%0D%0A&%26y=1" PKCE},
};

static const usher_provider provider = {.client_id = USHER_STR_INIT("cl ient&"),
                                        .pkce = true,
                                        .scope = USHER_STR_INIT("openid profile")};

static usher_authorization_request request_of(const char *state, const char *nonce,
                                              const usher_form *extra)
{
    return (usher_authorization_request){.redirect_uri = USHER_STR("https://app.example/cb"),
                                         .code_challenge = USHER_STR("CH"),
                                         .state = kit_str(state),
                                         .nonce = kit_str(nonce),
                                         .extra = extra};
}

static void test_requests(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof requests / sizeof *requests; i++) {
        usher_metadata m = {.authorization_endpoint = kit_str(requests[i].endpoint)};
        usher_form extra = {0};
        usher_str url;

        if (requests[i].extra) extra = form_of(requests[i].extra);
        usher_authorization_request r =
            request_of(requests[i].state, requests[i].nonce, requests[i].extra ? &extra : NULL);
        assert_ok(usher_authorization_url(&url, &kit_arena, &provider, &m, &r, NULL));
        assert_str(url, requests[i].url);
    }
}

static void test_requests_that_lack_something(void **state)
{
    const usher_metadata m = {.authorization_endpoint = USHER_STR("https://op.example/a")};
    const usher_provider nobody = {.scope = USHER_STR("openid")};

    (void)state;
    for (int i = 0; i < 5; i++) {
        usher_authorization_request r = request_of(NULL, NULL, NULL);
        usher_str url = USHER_STR("before");

        if (i == 1) r.redirect_uri = USHER_STR("");
        if (i == 2) r.code_challenge = USHER_STR("");
        if (i == 3) r.state = USHER_STR("");
        if (i == 4) r.nonce = USHER_STR("");
        assert_int_equal(
            usher_authorization_url(&url, &kit_arena, i ? &provider : &nobody, &m, &r, NULL),
            USHER_E_USAGE);
        assert_null(url.ptr);
    }
}

/* Both ways: a challenge that is not to be sent is as wrong as one that lacks. */
static void test_a_provider_without_pkce(void **state)
{
    const usher_metadata m = {.authorization_endpoint = USHER_STR("https://op.example/a")};
    usher_provider p = provider;
    usher_authorization_request r = request_of("S1", NULL, NULL);
    usher_str url;

    (void)state;
    p.pkce = false;
    assert_int_equal(usher_authorization_url(&url, &kit_arena, &p, &m, &r, NULL), USHER_E_USAGE);
    r.code_challenge = (usher_str){0};
    assert_ok(usher_authorization_url(&url, &kit_arena, &p, &m, &r, NULL));
    assert_str(url, "https://op.example/a?" BASE "&state=S1");
}

static void test_bound_of_requests(void **state)
{
    const usher_metadata m = {.authorization_endpoint = USHER_STR("https://op.example/a")};
    static char value[40000];
    usher_form_pair pair = {USHER_STR("x"), {value, sizeof value}};
    usher_form extra = {&pair, 1};
    usher_authorization_request r = request_of("S", NULL, &extra);
    usher_str url;

    (void)state;
    memset(value, 'a', sizeof value);
    assert_int_equal(usher_authorization_url(&url, &kit_arena, &provider, &m, &r, NULL),
                     USHER_E_LIMIT);
    pair.value.len = 30000;
    assert_ok(usher_authorization_url(&url, &kit_arena, &provider, &m, &r, NULL));
}

/* ---- the response ---- */

static const struct {
    const char *query;
    bool ok;
    const char *code, *state, *iss, *error; /* NULL: absent */
} responses[] = {
    {"code=C", true, "C", NULL, NULL, NULL},
    {"code=C&state=S", true, "C", "S", NULL, NULL},
    {"state=S&iss=https%3A%2F%2Fop.example&code=C&session_state=x&x=1&x=2", true, "C", "S",
     "https://op.example", NULL},
    {"error=access_denied&state=S&error_description=no", true, NULL, "S", NULL, "access_denied"},
    {"error=access_denied&error_description=a&error_description=b", true, NULL, NULL, NULL,
     "access_denied"},
    {"code=a+b%2B", true, "a b+", NULL, NULL, NULL},
    {"", false, NULL, NULL, NULL, NULL},
    {"state=S", false, NULL, NULL, NULL, NULL},
    {"code=C&error=x", false, NULL, NULL, NULL, NULL},
    {"code=C&code=C", false, NULL, NULL, NULL, NULL},
    {"code=C&c%6fde=D", false, NULL, NULL, NULL, NULL},
    {"code=C&state=S&state=S", false, NULL, NULL, NULL, NULL},
    {"code=C&iss=a&iss=b", false, NULL, NULL, NULL, NULL},
    {"error=a&error=b", false, NULL, NULL, NULL, NULL},
    {"code=", false, NULL, NULL, NULL, NULL},
    {"code", false, NULL, NULL, NULL, NULL},
    {"code=C&state=", false, NULL, NULL, NULL, NULL},
    {"code=C&iss=", false, NULL, NULL, NULL, NULL},
    {"error=", false, NULL, NULL, NULL, NULL},
    {"code=C&error=", false, NULL, NULL, NULL, NULL},
    {"code=a%00b", false, NULL, NULL, NULL, NULL},
    {"code=a%0D%0AX:%20y", false, NULL, NULL, NULL, NULL},
    {"code=%C3%A9", false, NULL, NULL, NULL, NULL},
    {"error=a%0Ab", false, NULL, NULL, NULL, NULL},
    {"Code=C", false, NULL, NULL, NULL, NULL},
};

static void assert_value(usher_str actual, const char *expected)
{
    if (!expected)
        assert_null(actual.ptr);
    else
        assert_str(actual, expected);
}

static void test_responses(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof responses / sizeof *responses; i++) {
        usher_form form = form_of(responses[i].query);
        usher_authorization_response r;
        usher_status rc = usher_authorization_response_read(&r, &form, NULL);

        if (rc != (responses[i].ok ? USHER_OK : USHER_E_SYNTAX))
            print_error("%s\n", responses[i].query);
        assert_int_equal(rc, responses[i].ok ? USHER_OK : USHER_E_SYNTAX);
        assert_value(r.code, responses[i].code);
        assert_value(r.state, responses[i].state);
        assert_value(r.iss, responses[i].iss);
        assert_value(r.error, responses[i].error);
    }
}

/* ---- failures of the host ---- */

static usher_status whole_life(const usher_allocator *alloc)
{
    const usher_metadata m = {.authorization_endpoint =
                                  USHER_STR("https://op.example/a?%70=1&q=2")};
    usher_authorization_request r;
    char challenge[USHER_RANDOM_TEXT];
    usher_form extra = form_of("prompt=login&x=1");
    usher_status rc;
    usher_arena a;
    usher_str url;

    usher_arena_init(&a, alloc, 256, 1 << 20);
    r = request_of("S", "N", &extra);
    if (!(rc = usher_pkce_challenge(challenge, USHER_STR("verifier"), NULL)))
        rc = usher_authorization_url(&url, &a, &provider, &m, &r, NULL);
    usher_arena_deinit(&a);
    return rc;
}

static void test_every_allocation_may_fail(void **state)
{
    (void)state;
    assert_ok(whole_life(usher_allocator_default()));
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
        n = 0;
        do {
            kit_crypto.fail_at = n++, kit_crypto.from_then_on = on;
            kit_crypto.calls = 0, kit_crypto.failed = false;
            usher_status rc = whole_life(usher_allocator_default());
            kit_crypto.fail_at = SIZE_MAX;
            assert_int_equal(rc, kit_crypto.failed ? USHER_E_NOMEM : USHER_OK);
        } while (kit_crypto.failed);
        /* Digests take no memory where libcrypto's hash functions may be called by themselves. */
        assert_int_equal(n > 1, !USHER_SHA_STATES);
    }
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, kit_arena_up, kit_arena_down)
    const struct CMUnitTest tests[] = {
        TEST(test_random_text),
        TEST(test_pkce),
        TEST(test_requests),
        TEST(test_requests_that_lack_something),
        TEST(test_a_provider_without_pkce),
        TEST(test_bound_of_requests),
        TEST(test_responses),
        TEST(test_every_allocation_may_fail),
    };

    kit_crypto_install();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
