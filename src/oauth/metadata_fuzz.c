/* A discovery document of https://op.example; '!' in front: plain http is allowed. What is accepted
 * gives an authorization URL in which each of the protocol's parameters stands once. */
#include <assert.h>

#include "base/str.h"
#include "oauth/authorization.h"
#include "oauth/metadata.h"
#include "oauth/text.h"
#include "tests/kit/kit.h"
#include "wire/url.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_endpoint(usher_str text, bool plain_http)
{
    usher_url url;
    usher_status rc = usher_url_read(&url, text, NULL);

    assert(!rc && (url.https || plain_http) && !url.fragment.ptr);
    assert(usher_oauth_visible(text) && !usher_str_has(text, ' '));
}

static void check_request(usher_arena *a, const usher_provider *p, const usher_metadata *m)
{
    static const struct {
        usher_str name, value;
    } set[] = {
        {USHER_STR_INIT("response_type"), USHER_STR_INIT("code")},
        {USHER_STR_INIT("client_id"), USHER_STR_INIT("client")},
        {USHER_STR_INIT("redirect_uri"), USHER_STR_INIT("https://app.example/cb")},
        {USHER_STR_INIT("scope"), USHER_STR_INIT("openid email")},
        {USHER_STR_INIT("state"), USHER_STR_INIT("S")},
        {USHER_STR_INIT("code_challenge"), USHER_STR_INIT("C")},
        {USHER_STR_INIT("code_challenge_method"), USHER_STR_INIT("S256")},
        {USHER_STR_INIT("nonce"), USHER_STR_INIT("N")},
    };
    const usher_authorization_request r = {.redirect_uri = USHER_STR("https://app.example/cb"),
                                           .code_challenge = USHER_STR("C"),
                                           .state = USHER_STR("S"),
                                           .nonce = USHER_STR("N")};
    usher_str text;
    usher_url url, endpoint;
    usher_form form;

    if (usher_authorization_url(&text, a, p, m, &r, NULL)) return; /* too many or too long */
    usher_status rc = usher_url_read(&url, text, NULL);
    assert(!rc);
    rc = usher_url_read(&endpoint, m->authorization_endpoint, NULL);
    assert(!rc && usher_url_same_origin(&url, &endpoint) && usher_str_eq(url.path, endpoint.path));
    if (usher_form_read(&form, a, url.query, NULL)) return;
    for (size_t i = 0; i < sizeof set / sizeof *set; i++) {
        assert(usher_form_count(&form, set[i].name) == 1);
        assert(usher_str_eq(usher_form_first(&form, set[i].name), set[i].value));
    }
    assert(usher_form_count(&form, USHER_STR("request")) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    usher_str text = {(const char *)data, size};
    usher_provider p = {.issuer = USHER_STR("https://op.example"),
                        .client_id = USHER_STR("client"),
                        .pkce = true,
                        .scope = USHER_STR("openid email")};
    kit_alloc state = {.fail_at = SIZE_MAX};
    usher_allocator alloc = kit_allocator(&state);
    usher_metadata m;
    usher_arena a;

    if (size && data[0] == '!') {
        p.plain_http = true;
        text = usher_str_from(text, 1);
    }
    usher_arena_init(&a, &alloc, 1024, 4 << 20);
    if (usher_metadata_read(&m, &a, &p, text, NULL)) {
        assert(!m.issuer.ptr && !m.token_endpoint.ptr && !m.response_iss);
    } else {
        assert(usher_str_eq(m.issuer, p.issuer));
        check_endpoint(m.authorization_endpoint, p.plain_http);
        check_endpoint(m.token_endpoint, p.plain_http);
        check_endpoint(m.jwks_uri, p.plain_http);
        if (m.userinfo_endpoint.ptr) check_endpoint(m.userinfo_endpoint, p.plain_http);
        check_request(&a, &p, &m);
    }
    usher_arena_deinit(&a);
    assert(state.live == 0);
    return 0;
}
