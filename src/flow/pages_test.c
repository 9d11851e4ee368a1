/* Our own pages in the site's colours: what they show, and that the content security policy allows
 * exactly that. */
#include "tests/kit/kit.h"

#include "base/arena.h"
#include "base/str.h"
#include "usher/usher.h"
#include "wire/base64url.h"
#include "wire/jose/digest.h"

#define SITE                                                                                       \
    "\"base_url\":\"https://app.example.com\",\"secret\":\"Zr8KvT3nQx5WmBd7LpYc2HsJf9GaUe4o\","    \
    "\"providers\":[{\"id\":\"op\",\"issuer\":\"https://op.example\",\"client_id\":\"c\","         \
    "\"client_auth\":\"none\"}]"

typedef struct look {
    const char *theme;
    const char *has[4]; /* of the page */
    const char *policy; /* the end of the header */
    size_t warnings;
} look;

#define AUTO "<body class=\"__next-auth-theme-auto\">"

static const look looks[] = {
    {"", {AUTO, "margin:0 0 1rem}</style>"}, "'", 0},
    {"\"color_scheme\":\"auto\"", {AUTO}, "'", 0},
    {"\"color_scheme\":\"dark\"", {"<body class=\"__next-auth-theme-dark\">"}, "'", 0},
    {"\"color_scheme\":\"light\"", {"<body class=\"__next-auth-theme-light\">"}, "'", 0},
    {"\"brand_color\":\"#0f766e\"", {"body[class]{--go:#0f766e}</style>"}, "'", 0},
    {"\"brand_color\":\"rgb(1 2 3 / 50%)\",\"button_text\":\"White\"",
     {"body[class]{--go:rgb(1 2 3 / 50%)}body[class]{--go-ink:White}</style>"},
     "'",
     0},
    {"\"button_text\":\"hsl(0.5turn, 10%, 1%)\"", {"{--go-ink:hsl(0.5turn, 10%, 1%)}"}, "'", 0},
    {"\"logo\":\"/logo.svg?a=1&b\"",
     {"<img class=\"logo\" alt=\"\" src=\"/logo.svg?a=1&amp;b\"><h1>"},
     "'; img-src 'self'",
     0},
    {"\"logo\":\"https://CDN.example.com:443/l.png\"",
     {"src=\"https://CDN.example.com:443/l.png\""},
     "'; img-src https://cdn.example.com",
     0},
    /* what could be more than a colour or an address is left out, and said */
    {"\"brand_color\":\"red}body{display:none\"", {"margin:0 0 1rem}</style>"}, "'", 1},
    {"\"brand_color\":\"url(//evil.example)\"", {"margin:0 0 1rem}</style>"}, "'", 1},
    {"\"brand_color\":\"rgb(1,2,3);x:y()\"", {"margin:0 0 1rem}</style>"}, "'", 1},
    {"\"brand_color\":\"var(--x)\"", {"margin:0 0 1rem}</style>"}, "'", 1},
    {"\"brand_color\":\"#12345\"", {"margin:0 0 1rem}</style>"}, "'", 1},
    {"\"button_text\":\"</style><script>\"", {"margin:0 0 1rem}</style>"}, "'", 1},
    {"\"logo\":\"//evil.example/x\"", {"<main><h1>"}, "'", 1},
    {"\"logo\":\"/x\\\" onerror=alert(1)\"", {"<main><h1>"}, "'", 1},
    {"\"logo\":\"javascript:alert(1)\"", {"<main><h1>"}, "'", 1},
    {"\"logo\":\"http://cdn.example.com/l.png\"", {"<main><h1>"}, "'", 1},
    {"\"logo\":\"data:image/png;base64,AA==\"", {"<main><h1>"}, "'", 1},
    {"\"logo\":\"logo.png\"", {"<main><h1>"}, "'", 1},
};

static const char *const pages[] = {"signin", "signout", "error?error=x", "verify-request"};

static usher_str header_of(const usher_response *r, const char *name)
{
    for (size_t i = 0; i < r->header_count; i++)
        if (usher_str_eq(r->headers[i].name, kit_str(name))) return r->headers[i].value;
    return (usher_str){0};
}

/* The style sheet is what the policy names, byte for byte; and no other style or script is there.
 */
static void check_policy(usher_str policy, usher_str body, const char *end)
{
    size_t from = usher_str_find(body, USHER_STR("<style>")) + 7;
    usher_str sheet = usher_str_from(body, from), digest64, expected;
    uint8_t digest[USHER_DIGEST_MAX];
    char text[512];
    usher_arena a;
    usher_buf b;

    sheet.len = usher_str_find(sheet, USHER_STR("</style>"));
    usher_arena_init(&a, usher_allocator_default(), 1024, 4096);
    usher_buf_init(&b, &a, 64);
    assert_ok(usher_digest(digest, USHER_SHA256, sheet, NULL));
    usher_base64_put(&b, digest, 32);
    assert_ok(usher_buf_take(&digest64, &b, NULL));
    snprintf(text, sizeof text,
             "default-src 'none'; base-uri 'none'; frame-ancestors 'none'; "
             "style-src 'sha256-%.*s%s",
             (int)digest64.len, digest64.ptr, end);
    expected = kit_str(text);
    if (!usher_str_eq(policy, expected))
        fail_msg("%.*s is not %s", (int)policy.len, policy.ptr, text);
    usher_arena_deinit(&a);
    assert_int_equal(usher_str_find(body, USHER_STR("<script")), SIZE_MAX);
    assert_int_equal(usher_str_find(usher_str_from(body, from), USHER_STR("<style")), SIZE_MAX);
}

static void check_page(usher_site *site, const look *l, const char *page)
{
    char target[64];
    usher_request request = {.size = sizeof request, .method = USHER_STR("GET")};
    usher_exchange *ex;
    usher_want want;

    snprintf(target, sizeof target, "/api/auth/%s", page);
    request.target = kit_str(target);
    assert_ok(usher_exchange_new(&ex, NULL, NULL));
    assert_ok(usher_exchange_start(ex, site, &request, INT64_C(1767225600000), NULL));
    assert_ok(usher_handle(ex, &want, NULL));
    const usher_response *r = usher_exchange_response(ex);
    for (size_t i = 0; i < sizeof l->has / sizeof *l->has && l->has[i]; i++)
        if (usher_str_find(r->body, kit_str(l->has[i])) == SIZE_MAX)
            fail_msg("%s, %s: %s is not in it", l->theme, page, l->has[i]);
    check_policy(header_of(r, "Content-Security-Policy"), r->body, l->policy);
    usher_exchange_free(ex);
}

static void test_looks(void **state)
{
    char json[1024];

    (void)state;
    for (size_t i = 0; i < sizeof looks / sizeof *looks; i++) {
        usher_problems *problems = NULL;
        usher_site *site;

        snprintf(json, sizeof json, "{" SITE ",\"theme\":{%s}}", looks[i].theme);
        assert_ok(usher_site_new(&site, &problems, kit_str(json), NULL, NULL, NULL));
        assert_int_equal(usher_problems_count(problems), looks[i].warnings);
        for (size_t k = 0; k < sizeof pages / sizeof *pages; k++)
            check_page(site, &looks[i], pages[k]);
        usher_site_unref(site);
        usher_problems_free(problems);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_looks)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
