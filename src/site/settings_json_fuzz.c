/* Settings as JSON, whatever is in them: a site is made or refused with a reason, and what is made
 * keeps the promises that docs/settings.md gives. An input "!NN…" has the allocation of that number
 * fail, so that the fuzzer decides when memory runs out. */
#include <assert.h>

#include "base/str.h"
#include "site/site_rig.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_problems(const usher_problems *list, usher_str text)
{
    size_t lines = 1;

    for (size_t i = 0; i < text.len; i++)
        lines += text.ptr[i] == '\n';
    for (size_t i = 0; i < usher_problems_count(list); i++) {
        const usher_problem *p = usher_problems_at(list, i);
        assert(p->message.len > 0 && p->line <= lines && p->column <= text.len + 1);
        assert((p->line == 0) == (p->column == 0));
        for (size_t j = 0; j < p->message.len; j++)
            assert((unsigned char)p->message.ptr[j] >= 0x20 && p->message.ptr[j] != 0x7f);
    }
}

/* Past the end, and in no list, there is no problem. */
static void check_list_ends(const usher_problems *list)
{
    assert(!usher_problems_at(list, usher_problems_count(list)));
    assert(usher_problems_count(list) <= USHER_PROBLEMS_MAX);
    assert(usher_problems_count(NULL) == 0 && !usher_problems_at(NULL, 0));
}

static void check_cookie(const usher_site *s, const usher_site_cookie *c)
{
    usher_str host = USHER_STR("__host-"), secure = USHER_STR("__secure-");
    bool is_host =
        c->name.len >= host.len && usher_str_eq_case(usher_str_of(c->name.ptr, host.len), host);
    bool is_secure = c->name.len >= secure.len &&
                     usher_str_eq_case(usher_str_of(c->name.ptr, secure.len), secure);

    assert(c->name.len && c->http_only && c->secure == s->secure_cookies);
    assert(!(is_host || is_secure) || c->secure);
    assert(!is_host || (usher_str_eq(c->path, USHER_STR("/")) && !c->domain.len));
    assert(c->same_site != USHER_SAME_SITE_NONE || c->secure);
    assert(c->path.len && c->path.ptr[0] == '/');
}

static void check_provider(const usher_site *s, const usher_provider *p)
{
    usher_url base;

    assert(usher_site_provider(s, p->id) == p); /* ids are not repeated */
    assert(p->id.len && p->id.len <= 64);
    if (p->type == USHER_PROVIDER_DEVELOPMENT) {
        assert(s->development && p->user_count > 0);
        assert(usher_url_read(&base, s->base_url, NULL) == USHER_OK);
        assert(usher_url_is_loopback(&base));
        return;
    }
    if (p->type == USHER_PROVIDER_CREDENTIALS) {
        assert(s->hooks & 1u << USHER_HAS_AUTHORIZE);
        for (size_t i = 0; i < p->field_count; i++)
            assert(p->fields[i].name.len && p->fields[i].label.len && p->fields[i].type.len);
        return;
    }
    assert(p->issuer.len && p->client_id.len && p->scope.len && p->id_token_alg);
    assert((p->client_auth == USHER_CLIENT_NONE) == (p->client_secret.len == 0));
    assert(p->timeout_ms >= 100 && p->timeout_ms <= 60000);
    assert(!p->plain_http || s->development);
}

static void check_site(const usher_site *s)
{
    usher_url base;

    assert(usher_url_read(&base, s->base_url, NULL) == USHER_OK);
    assert(base.https || s->development || usher_url_is_loopback(&base));
    assert(!base.path.len && !base.query.ptr);
    assert(!s->base_path.len || s->base_path.ptr[0] == '/');
    assert(!usher_str_ends(s->base_path, USHER_STR("/")));
    assert(s->keys->secret_count > 0 && s->keys->csrf.len > 0);
    assert(s->lifetime.max_age_s > 0 && s->token_max >= 1024);
    assert(s->title.len && s->header_prefix.len);
    for (size_t i = 0; i < USHER_COOKIE_KINDS; i++) {
        if (!s->profile->cookies[i].name.len) continue; /* not every system has every cookie */
        check_cookie(s, &s->cookies[i]);
        for (size_t j = 0; j < i; j++)
            assert(!usher_str_eq(s->cookies[i].name, s->cookies[j].name));
    }
    for (size_t i = 0; i < s->provider_count; i++)
        check_provider(s, &s->providers[i]);
    for (size_t i = 0; s->rules && i < s->rules->open_count; i++)
        assert(usher_rules_check(s->rules->open[i], NULL) == USHER_OK);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    kit_alloc f = {.fail_at = SIZE_MAX};
    kit_random random = {.seed = 1, .fail_at = SIZE_MAX};
    usher_allocator alloc = kit_allocator(&f);
    usher_site_parts parts = {&alloc, kit_entropy(&random), NULL, NULL};
    usher_problems *problems;
    usher_site *site;

    if (size >= 3 && data[0] == '!') {
        f.fail_at = (size_t)(data[1] << 8 | data[2]);
        data += 3, size -= 3;
    }
    usher_str text = {size ? (const char *)data : NULL, size}; /* an empty text may be none */
    usher_status rc = usher_site_new_with(&site, &problems, text, &parts, NULL);
    assert((rc == USHER_OK) == (site != NULL));
    assert(rc == USHER_OK || rc == USHER_E_SETTING || (rc == USHER_E_NOMEM && f.failed));
    assert(!f.failed || rc == USHER_E_NOMEM);
    if (problems) check_problems(problems, text);
    check_list_ends(problems);
    if (rc == USHER_OK) assert(problems->errors == 0);
    if (rc == USHER_E_SETTING) assert(problems->errors > 0);
    if (site) check_site(site);
    usher_site_unref(site);
    usher_problems_free(problems);
    assert(f.live == 0);
    return 0;
}
