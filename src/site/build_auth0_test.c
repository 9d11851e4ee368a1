/* The settings that only Auth0's routes have, and their provider from the environment. */
#include "base/str.h"
#include "site/site_rig.h"

#define OWN  "'secret':'Zr8KvT3nQx5WmBd7LpYc2HsJf9GaUe4o',"
#define SITE "{'site':{'profile':'auth0-4','base_url':'https://app.example.com'," OWN
#define ENV  "AUTH0_DOMAIN=t.eu.auth0.com\nAUTH0_CLIENT_ID=c1\nAUTH0_CLIENT_SECRET=s1"

static void make(site_rig *r, const char *settings, const char *env)
{
    rig_make(r, settings, env);
    if (r->status) rig_print_problems(r->problems);
    assert_ok(r->status);
}

static void test_defaults(void **state)
{
    (void)state;
    site_rig r;
    make(&r, SITE "'title':'x'}}", NULL);
    const usher_auth0_site *s = &r.site->auth0;
    assert_str(s->app_url, "https://app.example.com");
    assert_str(s->sign_in_return_to, "/");
    assert_int_equal(s->parameters.count, 0);
    assert_int_equal(s->logout, USHER_LOGOUT_AUTO);
    assert_true(s->id_token_hint && s->access_token_route && !s->profile_no_content);
    assert_int_equal(s->refresh_buffer_s, 0);
    assert_int_equal(r.site->provider_count, 0);
    rig_free(&r);
}

/* Each row of the settings changes what a site is. */
static void test_every_setting_changes_something(void **state)
{
    (void)state;
    static const char *const rows[] = {
        "'auth0':{'sign_in_return_to':'/in'}",
        "'auth0':{'authorization_parameters':['audience=https://api']}",
        "'auth0':{'authorization_parameters':['audience=https://api','max_age=0']}",
        "'auth0':{'logout_strategy':'oidc'}",
        "'auth0':{'logout_strategy':'v2'}",
        "'auth0':{'id_token_hint':false}",
        "'auth0':{'access_token_route':false}",
        "'auth0':{'profile_no_content':true}",
        "'auth0':{'token_refresh_buffer':'60s'}",
        "'auth0':{'pushed_authorization_requests':true}",
        "'auth0':{'transient':true}",
        "'auth0':{'transaction':{'prefix':'__in_'}}",
        "'auth0':{'transaction':{'max_age':'15m'}}",
        "'auth0':{'transaction':{'parallel':false}}",
        "'auth0':{'routes':{'login':'/in'}}",
        "'auth0':{'routes':{'callback':'/in'}}",
        "'auth0':{'routes':{'logout':'/in'}}",
        "'auth0':{'routes':{'profile':'/in'}}",
        "'auth0':{'routes':{'access_token':'/in'}}",
        "'hooks':['before_session_saved']",
        "'hooks':['on_callback']",
        "'title':'x'",
    };
    enum { COUNT = sizeof rows / sizeof *rows };
    static dump dumps[COUNT];
    char text[512];

    for (size_t i = 0; i < COUNT; i++) {
        site_rig r;
        snprintf(text, sizeof text, SITE "%s}}", rows[i]);
        make(&r, text, NULL);
        dump_site(&dumps[i], r.site);
        rig_free(&r);
        for (size_t j = 0; j < i; j++)
            assert_string_not_equal(dumps[i].text, dumps[j].text);
    }
}

static void test_the_provider(void **state)
{
    (void)state;
    static const struct {
        const char *settings, *env, *issuer, *client;
    } rows[] = {
        {"'title':'x'", ENV, "https://t.eu.auth0.com/", "c1"},
        {"'title':'x'", "AUTH0_DOMAIN=T.EU.auth0.com\nAUTH0_CLIENT_ID=c\nAUTH0_CLIENT_SECRET=s",
         "https://t.eu.auth0.com/", "c"},
        {"'title':'x'",
         "AUTH0_DOMAIN=http://t.example:99/\nAUTH0_CLIENT_ID=c\nAUTH0_CLIENT_SECRET=s",
         "https://t.example/", "c"},
        {"'title':'x'",
         "AUTH0_DOMAIN=https://t.okta.com/oauth2/default\nAUTH0_CLIENT_ID=c\nAUTH0_CLIENT_SECRET=s",
         "https://t.okta.com/oauth2/default", "c"},
        {"'providers':[{'client_id':'own'}]", ENV, "https://t.eu.auth0.com/", "own"},
        {"'providers':[{'issuer':'https://id.example/'}]", ENV, "https://id.example/", "c1"},
    };
    char text[512];

    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        site_rig r;
        snprintf(text, sizeof text, SITE "%s}}", rows[i].settings);
        make(&r, text, rows[i].env);
        assert_int_equal(r.site->provider_count, 1);
        const usher_provider *p = &r.site->providers[0];
        assert_str(p->id, "auth0");
        assert_str(p->issuer, rows[i].issuer);
        assert_str(p->client_id, rows[i].client);
        assert_int_equal(p->client_auth, USHER_CLIENT_SECRET_POST);
        assert_str(p->scope, "openid profile email offline_access");
        assert_true(p->state && p->nonce && p->pkce && p->client_secret.len);
        rig_free(&r);
    }
}

static void test_a_base_url_with_a_path(void **state)
{
    (void)state;
    static const struct {
        const char *settings, *env, *base_path, *app_url;
    } rows[] = {
        {"'base_url':'https://app.example.com/shop/'", NULL, "/shop/auth",
         "https://app.example.com/shop"},
        {"'title':'x'", "APP_BASE_URL=https://app.example.com/a/b", "/a/b/auth",
         "https://app.example.com/a/b"},
        {"'base_url':'https://app.example.com','base_path':'/api/auth'", NULL, "/api/auth",
         "https://app.example.com"},
        {"'base_url':'https://app.example.com/shop','base_path':'/x'", NULL, "/x",
         "https://app.example.com"},
    };
    char text[512];

    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        site_rig r;
        snprintf(text, sizeof text, "{'site':{'profile':'auth0-4'," OWN "%s}}", rows[i].settings);
        make(&r, text, rows[i].env);
        assert_str(r.site->base_path, rows[i].base_path);
        assert_str(r.site->auth0.app_url, rows[i].app_url);
        rig_free(&r);
    }
}

static void test_problems(void **state)
{
    (void)state;
    static const struct {
        const char *settings, *env, *message;
    } rows[] = {
        {"'auth0':{'authorization_parameters':['audience']}", NULL, "write name=value"},
        {"'auth0':{'authorization_parameters':['=x']}", NULL, "write name=value"},
        {"'auth0':{'authorization_parameters':['state=x']}", NULL, "set elsewhere"},
        {"'auth0':{'authorization_parameters':['a=x','a=y']}", NULL, "set elsewhere"},
        {"'auth0':{'authorization_parameters':['max_age=-1']}", NULL, "write seconds"},
        {"'auth0':{'logout_strategy':'v3'}", NULL, "auto, oidc or v2"},
        {"'auth0':{'transaction':{'prefix':'a b'}}", NULL, "write letters"},
        {"'auth0':{'transaction':{'prefix':'__s'}}", NULL, "would be taken for"},
        {"'auth0':{'transaction':{'prefix':'__session__x'}}", NULL, "would be taken for"},
        {"'auth0':{'routes':{'login':'/in','callback':'/in'}}", NULL, "are the same path"},
        {"'auth0':{'routes':{'login':'/auth/logout'}}", NULL, "are the same path"},
        {"'auth0':{'routes':{'login':'in'}}", NULL, "site.auth0.routes.login"},
        {"'hooks':['jwt']", NULL, "has before_session_saved and on_callback only"},
        {"'providers':[{'issuer':'https://a.example/'},{'issuer':'https://b.example/'}]", ENV,
         "has one provider"},
        {"'providers':[{'checks':['state']}]", ENV, "leave it out"},
        {"'providers':[{'pkce':false}]", ENV, "leave it out"},
        {"'providers':[{'userinfo':true}]", ENV, "leave it out"},
        {"'title':'x'", "AUTH0_DOMAIN=t.auth0.com/", "no domain"},
        {"'title':'x'", "AUTH0_DOMAIN=t.auth0.com:8", "no domain"},
        {"'title':'x'", "AUTH0_DOMAIN=10.0.0.1", "no domain"},
        {"'title':'x'", "AUTH0_DOMAIN=localhost", "no domain"},
        {"'title':'x'", "AUTH0_DOMAIN=printer.local", "no domain"},
        {"'title':'x'", "AUTH0_DOMAIN=https://t.auth0.com/?a", "no domain"},
        {"'title':'x'", "AUTH0_DOMAIN=t.auth0.com\nAUTH0_CLIENT_SECRET=s", "set AUTH0_CLIENT_ID"},
        {"'title':'x'", "AUTH0_DOMAIN=t.auth0.com\nAUTH0_CLIENT_ID=c", "set AUTH0_CLIENT_SECRET"},
        {"'profile':'authjs-5','auth0':{'id_token_hint':false}", NULL, "is for profile auth0-4"},
        {"'profile':'authjs-5','auth0':{'routes':{'login':'/in'}}", NULL, "is for profile auth0-4"},
        {"'profile':'authjs-5','hooks':['on_callback']", NULL, "are for profile auth0-4"},
    };
    char text[512];

    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        site_rig r;
        bool found = false, other = strstr(rows[i].settings, "'profile'") != NULL;
        snprintf(text, sizeof text, "{'site':{" OWN "'base_url':'https://app.example.com',%s%s}}",
                 other ? "" : "'profile':'auth0-4',", rows[i].settings);
        rig_make(&r, text, rows[i].env);
        assert_int_equal(r.status, USHER_E_SETTING);
        for (size_t j = 0; j < usher_problems_count(r.problems); j++)
            found |= usher_str_find(usher_problems_at(r.problems, j)->message,
                                    kit_str(rows[i].message)) != SIZE_MAX;
        if (!found) {
            rig_print_problems(r.problems);
            fail_msg("row %zu: no '%s'", i, rows[i].message);
        }
        rig_free(&r);
    }
}

static void test_every_allocation_may_fail(void **state)
{
    (void)state;
    kit_alloc f;
    size_t n = 0;

    do {
        f = (kit_alloc){.fail_at = n++};
        usher_allocator alloc = kit_allocator(&f);
        site_rig r;
        rig_make_with(&r,
                      "{'site':{'profile':'auth0-4','base_url':'https://app.example.com/p'," OWN
                      "'auth0':{'authorization_parameters':['audience=https://api','a=b']}}}",
                      ENV, &alloc);
        if (r.status != (f.failed ? USHER_E_NOMEM : USHER_OK))
            fail_msg("allocation %zu: %s", n - 1, usher_status_name(r.status));
        rig_free(&r);
        assert_int_equal(f.live, 0);
    } while (f.failed);
    assert_true(n > 3);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_defaults),     cmocka_unit_test(test_every_setting_changes_something),
        cmocka_unit_test(test_the_provider), cmocka_unit_test(test_a_base_url_with_a_path),
        cmocka_unit_test(test_problems),     cmocka_unit_test(test_every_allocation_may_fail),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
