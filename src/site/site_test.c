#include <openssl/crypto.h>

#include "base/str.h"
#include "site/site_rig.h"

#define LOCAL_SITE "'base_url':'http://localhost:3000','development':true"

static void test_defaults(void **state)
{
    (void)state;
    site_rig r;
    rig_make(&r, "{'site':{" HTTPS_SITE "}}", NULL);
    assert_made(&r);
    assert_int_equal(usher_problems_count(r.problems), 0);
    const usher_site *s = r.site;
    assert_str(usher_site_base_url(s), "https://app.example.com");
    assert_str(usher_site_base_path(s), "/api/auth");
    assert_str(usher_site_profile(s), "authjs-5");
    assert_false(s->development);
    assert_true(s->secure_cookies);
    assert_int_equal(s->lifetime.max_age_s, 30 * 86400);
    assert_int_equal(s->update_age_s, 86400);
    assert_int_equal(s->token_max, 65536);
    assert_str(s->title, "app.example.com");
    assert_str(s->header_prefix, "X-Usher-");
    assert_null(s->rules);
    assert_null(s->pages.sign_in.ptr);
    assert_int_equal(s->provider_count, 0);
    assert_null(usher_site_provider(s, kit_str("p")));
    for (size_t i = 0; i < USHER_COOKIE_KINDS; i++) {
        const usher_site_cookie *c = &s->cookies[i];
        assert_true(usher_str_eq(c->name, s->profile->cookies[i].secure_name));
        assert_null(c->domain.ptr);
        assert_str(c->path, "/");
        assert_true(c->secure);
        assert_true(c->http_only);
        assert_int_equal(c->same_site, USHER_SAME_SITE_LAX);
    }
    for (size_t p = 0; p < USHER_PURPOSES; p++)
        assert_true(s->keys->has[p]);
    assert_int_equal(s->keys->secret_count, 1);
    rig_free(&r);
}

static void test_the_site_level_may_be_left_out(void **state)
{
    (void)state;
    site_rig whole, bare;
    dump a, b;

    rig_make(&whole, "{'daemon':{'anything':1},'site':{" HTTPS_SITE ",'title':'T'}}", NULL);
    rig_make(&bare, "{" HTTPS_SITE ",'title':'T'}", NULL);
    assert_made(&whole);
    assert_made(&bare);
    dump_site(&a, whole.site);
    dump_site(&b, bare.site);
    assert_string_equal(a.text, b.text);
    rig_free(&whole);
    rig_free(&bare);
}

static void test_everything_from_the_environment(void **state)
{
    (void)state;
    site_rig r;
    rig_make(&r, "{}", "AUTH_URL=https://app.example.com\nAUTH_SECRET=" KEY);
    assert_made(&r);
    assert_int_equal(usher_problems_count(r.problems), 0);
    assert_str(usher_site_base_url(r.site), "https://app.example.com");
    rig_free(&r);
}

/* --- base URL and path --- */

#define V4 "'profile':'nextauth-4',"
static void test_base_urls(void **state)
{
    (void)state;
    static const struct {
        const char *settings, *env, *url, *path;
        size_t warnings;
    } cases[] = {
        {"'base_url':'https://App.Example.COM:443'", NULL, "https://app.example.com", "/api/auth",
         0},
        {"'base_url':'https://app.example.com:8443/'", NULL, "https://app.example.com:8443",
         "/api/auth", 0},
        {"'base_url':'https://app.example.com/auth'", NULL, "https://app.example.com", "/auth", 0},
        {"'base_url':'https://app.example.com/a/b/'", NULL, "https://app.example.com", "/a/b", 0},
        {"'base_url':'https://app.example.com','base_path':'/auth/'", NULL,
         "https://app.example.com", "/auth", 0},
        {"'base_url':'https://app.example.com','base_path':'/'", NULL, "https://app.example.com",
         "", 0},
        {"'base_url':'https://app.example.com','base_path':''", NULL, "https://app.example.com", "",
         0},
        {"'base_url':'https://app.example.com/x','base_path':'/auth'", NULL,
         "https://app.example.com", "/auth", 1},
        {"'base_url':'https://app.example.com/auth/','base_path':'/auth'", NULL,
         "https://app.example.com", "/auth", 0},
        {"'base_url':'http://localhost:3000'", NULL, "http://localhost:3000", "/api/auth", 0},
        {"'base_url':'http://127.0.0.1'", NULL, "http://127.0.0.1", "/api/auth", 0},
        {"'base_url':'http://[::1]:3000'", NULL, "http://[::1]:3000", "/api/auth", 0},
        {"'base_url':'http://app.localhost'", NULL, "http://app.localhost", "/api/auth", 0},
        {"'base_url':'http://app.example.com','development':true", NULL, "http://app.example.com",
         "/api/auth", 0},
        /* the environment, in the order of each system */
        {"'title':'x'", "AUTH_URL=https://a.example", "https://a.example", "/api/auth", 0},
        {"'title':'x'", "AUTH_URL=https://a.example/auth/", "https://a.example", "/auth", 0},
        {"'title':'x'", "NEXTAUTH_URL=https://b.example", "https://b.example", "/api/auth", 0},
        {"'title':'x'", "NEXTAUTH_URL=https://b.example\nAUTH_URL=https://a.example",
         "https://a.example", "/api/auth", 0},
        {"'title':'x'", "AUTH_URL=\nNEXTAUTH_URL=https://b.example", "https://b.example",
         "/api/auth", 0},
        {V4 "'title':'x'", "NEXTAUTH_URL=https://b.example/api/auth\nAUTH_URL=https://a.example",
         "https://b.example", "/api/auth", 0},
        {V4 "'title':'x'", "AUTH_URL=https://a.example", "https://a.example", "/api/auth", 0},
        {V4 "'title':'x'", "NEXTAUTH_URL=b.example", "https://b.example", "/api/auth", 0},
        {V4 "'title':'x'", "NEXTAUTH_URL=b.example/auth", "https://b.example", "/auth", 0},
        {"'base_path':'/auth'", "AUTH_URL=https://a.example", "https://a.example", "/auth", 0},
        {"'base_path':'/auth'", "AUTH_URL=https://a.example/other", "https://a.example", "/auth",
         1},
        /* the setting wins, and says so when the two differ */
        {"'base_url':'https://app.example.com'", "AUTH_URL=https://app.example.com",
         "https://app.example.com", "/api/auth", 0},
        {"'base_url':'https://app.example.com'", "AUTH_URL=https://APP.example.com:443/api/auth",
         "https://app.example.com", "/api/auth", 0},
        {"'base_url':'https://app.example.com'", "AUTH_URL=https://other.example",
         "https://app.example.com", "/api/auth", 1},
        {"'base_url':'https://app.example.com'", "AUTH_URL=https://app.example.com/other",
         "https://app.example.com", "/api/auth", 1},
        {"'base_url':'https://app.example.com'", "AUTH_URL=nonsense", "https://app.example.com",
         "/api/auth", 1},
        {"'base_url':'https://app.example.com'", "AUTH_URL=", "https://app.example.com",
         "/api/auth", 0},
    };

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char json[1024];
        site_rig r;
        snprintf(json, sizeof json, "{'site':{'secret':'" KEY "',%s}}", cases[i].settings);
        rig_make(&r, json, cases[i].env);
        if (r.status || usher_problems_count(r.problems) != cases[i].warnings)
            print_error("%s with %s\n", cases[i].settings, cases[i].env ? cases[i].env : "nothing");
        assert_made(&r);
        assert_int_equal(usher_problems_count(r.problems), cases[i].warnings);
        assert_str(usher_site_base_url(r.site), cases[i].url);
        assert_str(usher_site_base_path(r.site), cases[i].path);
        rig_free(&r);
    }
}

/* --- secrets --- */

/* The thumbprints of all keys, which tell secrets apart. */
static void keys_of(dump *d, const char *settings, const char *env)
{
    char json[1024];
    site_rig r;

    snprintf(json, sizeof json, "{'site':{'base_url':'https://app.example.com',%s}}", settings);
    rig_make(&r, json, env);
    assert_made(&r);
    *d = (dump){.len = 0};
    dump_keys(d, r.site->keys);
    rig_free(&r);
}

static void test_where_secrets_come_from(void **state)
{
    (void)state;
    static const struct {
        const char *settings, *env, *same_as;
    } cases[] = {
        {"'title':'x'", "AUTH_SECRET=" KEY, "'secret':'" KEY "'"},
        {"'title':'x'", "NEXTAUTH_SECRET=" KEY, "'secret':'" KEY "'"},
        {"'title':'x'", "NEXTAUTH_SECRET=" KEY2 "\nAUTH_SECRET=" KEY, "'secret':'" KEY "'"},
        {"'title':'x'", "AUTH_SECRET=\nNEXTAUTH_SECRET=" KEY, "'secret':'" KEY "'"},
        {"'title':'x'", "AUTH_SECRET_1=" KEY, "'secret':'" KEY "'"},
        {"'title':'x'", "AUTH_SECRET_1=" KEY "\nAUTH_SECRET_3=" KEY2,
         "'secrets':['" KEY2 "','" KEY "']"},
        {"'title':'x'", "AUTH_SECRET_1=" KEY2 "\nAUTH_SECRET=" KEY, "'secret':'" KEY "'"},
        {"'secret':'" KEY "'", "AUTH_SECRET=" KEY2, "'secret':'" KEY "'"},
        {"'secrets':['" KEY "']", "AUTH_SECRET=" KEY2 "\nAUTH_SECRET_1=" KEY2,
         "'secret':'" KEY "'"},
        {V4 "'title':'x'", "NEXTAUTH_SECRET=" KEY "\nAUTH_SECRET=" KEY2, V4 "'secret':'" KEY "'"},
        {V4 "'title':'x'", "AUTH_SECRET=" KEY, V4 "'secret':'" KEY "'"},
        {V4 "'secret':'" KEY "'", "NEXTAUTH_SECRET=" KEY2, V4 "'secret':'" KEY "'"},
    };

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        dump got, wanted;
        keys_of(&got, cases[i].settings, cases[i].env);
        keys_of(&wanted, cases[i].same_as, NULL);
        if (strcmp(got.text, wanted.text) != 0)
            fail_msg("%s with %s", cases[i].settings, cases[i].env);
    }
    site_rig r; /* NextAuth.js v4 knows no numbered ones */
    rig_make(&r, "{'site':{'base_url':'https://app.example.com','profile':'nextauth-4'}}",
             "AUTH_SECRET_1=" KEY);
    assert_int_equal(r.status, USHER_E_SETTING);
    rig_free(&r);
}

static void test_keys_depend_on_secret_profile_and_cookie_name(void **state)
{
    (void)state;
    static const char *const settings[] = {
        "'secret':'" KEY "'",
        "'secret':'" KEY2 "'",
        "'secrets':['" KEY "','" KEY2 "']",
        "'secrets':['" KEY2 "','" KEY "']",
        V4 "'secret':'" KEY "'",
        "'cookies':{'session':{'name':'app.session'}},'secret':'" KEY "'",
        "'cookies':{'secure':'false'},'secret':'" KEY "'",
    };
    enum { COUNT = sizeof settings / sizeof *settings };
    static dump dumps[COUNT];

    for (size_t i = 0; i < COUNT; i++) {
        keys_of(&dumps[i], settings[i], NULL);
        for (size_t j = 0; j < i; j++)
            assert_string_not_equal(dumps[i].text, dumps[j].text);
    }
}

static void test_development_makes_a_secret(void **state)
{
    (void)state;
    site_rig r;
    rig_make(&r, "{'site':{" LOCAL_SITE "}}", NULL);
    assert_made(&r);
    assert_int_equal(usher_problems_count(r.problems), 1);
    assert_true(usher_problems_at(r.problems, 0)->warning);
    assert_str(usher_problems_at(r.problems, 0)->message,
               "there is no secret: a random one was made, and all sessions end with this process");
    assert_int_equal(r.random.calls, 1);
    assert_int_equal(r.site->keys->csrf.len, 43);
    rig_free(&r);

    /* with the real generator: two processes' worth of secrets differ */
    usher_site *one, *two;
    const usher_str json = USHER_STR("{\"base_url\":\"http://localhost\",\"development\":true}");
    assert_ok(usher_site_new(&one, NULL, json, NULL, NULL, NULL));
    assert_ok(usher_site_new(&two, NULL, json, NULL, NULL, NULL));
    assert_memory_not_equal(one->keys->csrf.ptr, two->keys->csrf.ptr, 43);
    usher_site_unref(one);
    usher_site_unref(two);
}

static bool no_entropy(void *ctx, uint8_t *out, size_t len)
{
    (void)ctx, (void)out, (void)len;
    return false;
}

static void test_without_entropy_nothing_is_made(void **state)
{
    (void)state;
    usher_site_parts parts = {usher_allocator_default(), {no_entropy, NULL}, NULL, NULL};
    usher_site *site;

    assert_int_equal(usher_site_new_with(&site, NULL,
                                         USHER_STR("{\"base_url\":\"http://localhost\","
                                                   "\"development\":true}"),
                                         &parts, NULL),
                     USHER_E_CRYPTO);
    assert_null(site);
}

static void test_warnings(void **state)
{
    (void)state;
    static const struct {
        const char *settings, *message;
    } cases[] = {
        {LOCAL_SITE ",'secret':'secret'",
         "site.secret is a known sample: whoever guesses it can sign in as anybody; `usher secret` "
         "makes one"},
        {LOCAL_SITE ",'secret':'k'",
         "site.secret is shorter than 32 bytes: whoever guesses it can sign in as anybody; `usher "
         "secret` makes one"},
        {"'base_url':'https://app.example.com','secrets':['" KEY "','" KEY "']",
         "site.secrets has the same secret twice"},
        {"'base_url':'https://app.example.com','secret':'" KEY "\\n'",
         "site.secret ends with white space, which is part of the secret"},
        {HTTPS_SITE ",'session':{'max_age':'1h','update_age':'2h'}",
         "site.session.update_age is longer than a session lives: sessions end before they are "
         "renewed"},
        {HTTPS_SITE ",'cookies':{'secure':'false'}",
         "site.cookies.secure is false: browsers send the session over http too"},
        {"'base_url':'http://localhost','secret':'" KEY "','cookies':{'secure':true}",
         "site.cookies.secure is true, but browsers drop such cookies over http"},
        {HTTPS_SITE ",'cookies':{'csrf':{'path':'/api'}}",
         "site.cookies.csrf.path is not used: a cookie called '__Host-authjs.csrf-token' has no "
         "domain, and the path '/'; give it a name of its own"},
        {HTTPS_SITE ",'cookies':{'csrf':{'domain':'example.com'}}",
         "site.cookies.csrf.domain is not used: a cookie called '__Host-authjs.csrf-token' has no "
         "domain, and the path '/'; give it a name of its own"},
    };

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char json[1024];
        site_rig r;
        snprintf(json, sizeof json, "{'site':{%s}}", cases[i].settings);
        rig_make(&r, json, NULL);
        assert_made(&r);
        assert_int_equal(usher_problems_count(r.problems), 1);
        assert_str(usher_problems_at(r.problems, 0)->message, cases[i].message);
        rig_free(&r);
    }
    site_rig r; /* a session shorter than the default update age is nobody's mistake */
    rig_make(&r, "{'site':{" HTTPS_SITE ",'session':{'max_age':'1h'}}}", NULL);
    assert_made(&r);
    assert_int_equal(usher_problems_count(r.problems), 0);
    rig_free(&r);
}

/* --- cookies --- */

#define OWN "'session':{'domain':'example.com','path':'/api','same_site':'strict'}"

static void test_cookies(void **state)
{
    (void)state;
    static const struct {
        const char *settings;
        usher_cookie_kind kind;
        const char *name, *domain, *path; /* domain NULL: absent */
        bool secure;
        usher_same_site same_site;
    } cases[] = {
        {HTTPS_SITE, USHER_COOKIE_CSRF, "__Host-authjs.csrf-token", NULL, "/", true,
         USHER_SAME_SITE_LAX},
        {V4 HTTPS_SITE, USHER_COOKIE_SESSION, "__Secure-next-auth.session-token", NULL, "/", true,
         USHER_SAME_SITE_LAX},
        {LOCAL_SITE ",'secret':'" KEY "'", USHER_COOKIE_SESSION, "authjs.session-token", NULL, "/",
         false, USHER_SAME_SITE_LAX},
        {LOCAL_SITE ",'secret':'" KEY "'", USHER_COOKIE_CSRF, "authjs.csrf-token", NULL, "/", false,
         USHER_SAME_SITE_LAX},
        {HTTPS_SITE ",'cookies':{'secure':'false'}", USHER_COOKIE_PKCE, "authjs.pkce.code_verifier",
         NULL, "/", false, USHER_SAME_SITE_LAX},
        {HTTPS_SITE ",'cookies':{'domain':'example.com'}", USHER_COOKIE_SESSION,
         "__Secure-authjs.session-token", "example.com", "/", true, USHER_SAME_SITE_LAX},
        {HTTPS_SITE ",'cookies':{'domain':'.example.com'}", USHER_COOKIE_SESSION,
         "__Secure-authjs.session-token", ".example.com", "/", true, USHER_SAME_SITE_LAX},
        {HTTPS_SITE ",'cookies':{'domain':'example.com','path':'/api'}", USHER_COOKIE_CSRF,
         "__Host-authjs.csrf-token", NULL, "/", true, USHER_SAME_SITE_LAX},
        {HTTPS_SITE ",'cookies':{'domain':'example.com','path':'/api','csrf':{'name':'x'}}",
         USHER_COOKIE_CSRF, "x", "example.com", "/api", true, USHER_SAME_SITE_LAX},
        {HTTPS_SITE ",'cookies':{'same_site':'strict'}", USHER_COOKIE_SESSION,
         "__Secure-authjs.session-token", NULL, "/", true, USHER_SAME_SITE_STRICT},
        {HTTPS_SITE ",'cookies':{'same_site':'strict'}", USHER_COOKIE_STATE,
         "__Secure-authjs.state", NULL, "/", true, USHER_SAME_SITE_LAX},
        {HTTPS_SITE ",'cookies':{'same_site':'none'}", USHER_COOKIE_NONCE, "__Secure-authjs.nonce",
         NULL, "/", true, USHER_SAME_SITE_NONE},
        {HTTPS_SITE ",'cookies':{'session':{'name':'__Host-app'}}", USHER_COOKIE_SESSION,
         "__Host-app", NULL, "/", true, USHER_SAME_SITE_LAX},
        {HTTPS_SITE ",'cookies':{" OWN "}", USHER_COOKIE_SESSION, "__Secure-authjs.session-token",
         "example.com", "/api", true, USHER_SAME_SITE_STRICT},
        {HTTPS_SITE ",'cookies':{" OWN "}", USHER_COOKIE_PKCE, "__Secure-authjs.pkce.code_verifier",
         NULL, "/", true, USHER_SAME_SITE_LAX},
        {HTTPS_SITE ",'cookies':{'domain':'example.com',"
                    "'state':{'domain':'app.example.com','same_site':'none'}}",
         USHER_COOKIE_STATE, "__Secure-authjs.state", "app.example.com", "/", true,
         USHER_SAME_SITE_NONE},
        {HTTPS_SITE ",'cookies':{'same_site':'none','nonce':{'same_site':'strict'}}",
         USHER_COOKIE_NONCE, "__Secure-authjs.nonce", NULL, "/", true, USHER_SAME_SITE_LAX},
        {HTTPS_SITE ",'cookies':{'csrf':{'domain':'example.com'}}", USHER_COOKIE_CSRF,
         "__Host-authjs.csrf-token", NULL, "/", true, USHER_SAME_SITE_LAX},
        {HTTPS_SITE ",'cookies':{'callback_url':{'domain':'example.com','path':'/api/auth'}}",
         USHER_COOKIE_CALLBACK_URL, "__Secure-authjs.callback-url", "example.com", "/api/auth",
         true, USHER_SAME_SITE_LAX},
    };

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char json[1024];
        site_rig r;
        snprintf(json, sizeof json, "{'site':{%s}}", cases[i].settings);
        rig_make(&r, json, NULL);
        assert_made(&r);
        const usher_site_cookie *c = &r.site->cookies[cases[i].kind];
        assert_str(c->name, cases[i].name);
        assert_str(c->path, cases[i].path);
        assert_str(c->domain, cases[i].domain ? cases[i].domain : "");
        assert_int_equal(c->secure, cases[i].secure);
        assert_int_equal(c->same_site, cases[i].same_site);
        rig_free(&r);
    }
}

/* --- providers --- */

/* The client secret verifies: it must be there, and should be as long as the digest. */
static void test_a_provider_whose_tokens_have_a_mac(void **state)
{
    static const struct {
        const char *members;
        size_t problems;
    } rows[] = {
        {"'client_secret':'0123456789abcdef0123456789abcdef','id_token_alg':'HS256'", 0},
        {"'client_secret':'0123456789abcdef0123456789abcde','id_token_alg':'HS256'", 1},
        {"'client_secret':'0123456789abcdef0123456789abcdef','id_token_alg':'HS512'", 1},
        {"'client_secret':'s','id_token_alg':'ES384'", 0},
    };
    char text[600];
    site_rig r;

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        snprintf(text, sizeof text,
                 "{'site':{" HTTPS_SITE ",'providers':[{'id':'one','issuer':'https://one.example/',"
                 "'client_id':'c1',%s}]}}",
                 rows[i].members);
        rig_make(&r, text, NULL);
        assert_non_null(r.site);
        assert_int_equal(usher_problems_count(r.problems), rows[i].problems);
        rig_free(&r);
    }
}

static void test_a_provider(void **state)
{
    (void)state;
    site_rig r;
    rig_make(&r,
             "{'site':{" HTTPS_SITE ",'providers':["
             "{'id':'one','issuer':'https://one.example/','client_id':'c1','client_secret':'s1'},"
             "{'id':'two','issuer':'https://two.example','client_id':'c2','client_auth':'none',"
             "'checks':['nonce'],'id_token_alg':'EdDSA','timeout':'1500ms','name':'Zwei',"
             "'scope':'openid','userinfo':true,'private_network':true}]}}",
             NULL);
    assert_made(&r);
    assert_int_equal(r.site->provider_count, 2);
    const usher_provider *p = usher_site_provider(r.site, kit_str("one"));
    assert_int_equal(p->type, USHER_PROVIDER_OIDC);
    assert_str(p->name, "one");
    assert_str(p->issuer, "https://one.example/"); /* exactly as written */
    assert_str(p->client_id, "c1");
    assert_int_equal(p->client_secret.len, 2);
    assert_memory_equal(p->client_secret.ptr, "s1", 2);
    assert_int_equal(p->client_auth, USHER_CLIENT_SECRET_BASIC);
    assert_str(p->scope, "openid profile email");
    assert_int_equal(p->id_token_alg, USHER_RS256);
    assert_int_equal(p->state, r.site->profile->checks_state_default);
    assert_int_equal(p->nonce, r.site->profile->checks_nonce_default);
    assert_false(p->userinfo || p->plain_http || p->private_network);
    assert_int_equal(p->timeout_ms, 5000);
    p = usher_site_provider(r.site, kit_str("two"));
    assert_str(p->name, "Zwei");
    assert_int_equal(p->client_auth, USHER_CLIENT_NONE);
    assert_int_equal(p->client_secret.len, 0);
    assert_int_equal(p->id_token_alg, USHER_EDDSA);
    assert_false(p->state);
    assert_true(p->nonce && p->userinfo && p->private_network);
    assert_int_equal(p->timeout_ms, 1500);
    assert_null(usher_site_provider(r.site, kit_str("tw")));
    rig_free(&r);
}

static void test_checks(void **state)
{
    (void)state;
    static const struct {
        const char *profile, *checks;
        bool state, nonce;
    } cases[] = {
        {"authjs-5", "['state','nonce']", true, true},
        {"authjs-5", "['pkce']", false, false},
        {"authjs-5", "[]", false, false},
        {"nextauth-4", "['nonce']", false, true},
        {"nextauth-4", "['state']", true, false},
        {"nextauth-4", "[]", false, false},
    };

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char json[512];
        site_rig r;
        snprintf(json, sizeof json,
                 "{'site':{" HTTPS_SITE ",'profile':'%s','providers':[{'id':'p','client_id':'c',"
                 "'issuer':'https://op.example','client_auth':'none','checks':%s}]}}",
                 cases[i].profile, cases[i].checks);
        rig_make(&r, json, NULL);
        assert_made(&r);
        assert_int_equal(r.site->providers[0].state, cases[i].state);
        assert_int_equal(r.site->providers[0].nonce, cases[i].nonce);
        assert_true(r.site->providers[0].pkce);
        rig_free(&r);
    }
}

static void test_a_provider_from_the_environment(void **state)
{
    (void)state;
    static const char env[] = "AUTH_MY_OP_ID=env-id\nAUTH_MY_OP_SECRET=env-secret\n"
                              "AUTH_MY_OP_ISSUER=https://env.example";
    site_rig r;
    rig_make(&r, "{'site':{" HTTPS_SITE ",'providers':[{'id':'my-op'}]}}", env);
    assert_made(&r);
    const usher_provider *p = usher_site_provider(r.site, kit_str("my-op"));
    assert_str(p->client_id, "env-id");
    assert_str(p->issuer, "https://env.example");
    assert_memory_equal(p->client_secret.ptr, "env-secret", 10);
    rig_free(&r);

    rig_make(&r,
             "{'site':{" HTTPS_SITE ",'providers':[{'id':'my-op','issuer':'https://set.example',"
             "'client_id':'set-id','client_secret':'set-secret'}]}}",
             env);
    assert_made(&r);
    p = usher_site_provider(r.site, kit_str("my-op"));
    assert_str(p->client_id, "set-id");
    assert_str(p->issuer, "https://set.example");
    assert_memory_equal(p->client_secret.ptr, "set-secret", 10);
    rig_free(&r);

    /* a secret in the environment is no contradiction for a client that uses none */
    rig_make(&r, "{'site':{" HTTPS_SITE ",'providers':[{'id':'my-op','client_auth':'none'}]}}",
             env);
    assert_made(&r);
    assert_int_equal(usher_site_provider(r.site, kit_str("my-op"))->client_secret.len, 0);
    rig_free(&r);
}

static void test_a_development_provider(void **state)
{
    (void)state;
    site_rig r;
    rig_make(&r,
             "{'site':{" LOCAL_SITE ",'secret':'" KEY "','providers':["
             "{'id':'dev','type':'development'},"
             "{'id':'dev2','type':'development','name':'D','users':[{'id':'u1'},"
             "{'id':'u2','name':'N','email':'e@example.com','image':'/p.png'}]}]}}",
             NULL);
    assert_made(&r);
    const usher_provider *p = usher_site_provider(r.site, kit_str("dev"));
    assert_int_equal(p->type, USHER_PROVIDER_DEVELOPMENT);
    assert_int_equal(p->user_count, 2);
    assert_str(p->users[0].id, "ada");
    p = usher_site_provider(r.site, kit_str("dev2"));
    assert_int_equal(p->user_count, 2);
    assert_null(p->users[0].name.ptr);
    assert_str(p->users[1].email, "e@example.com");
    assert_str(p->users[1].image, "/p.png");
    rig_free(&r);
}

static void test_pages_for_visitors_are_open(void **state)
{
    (void)state;
    site_rig r;
    rig_make(&r,
             "{'site':{" HTTPS_SITE ",'open':['/docs/*'],'pages':{'sign_in':'/login?from=usher',"
             "'error':'https://app.example.com/oops','sign_out':'/bye','new_user':'/hi'}}}",
             NULL);
    assert_made(&r);
    static const struct {
        const char *target;
        bool open;
    } cases[] = {
        {"/login", true},  {"/login?callbackUrl=x", true},
        {"/oops", true},   {"/docs/a", true},
        {"/bye", false},   {"/hi", false},
        {"/", false},      {"/login/x", false},
        {"/oops/", false},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        assert_int_equal(usher_rules_open(r.site->rules, kit_str(cases[i].target)), cases[i].open);
    assert_str(r.site->pages.sign_in, "/login?from=usher");
    rig_free(&r);
}

/* --- life --- */

static void test_references(void **state)
{
    (void)state;
    kit_alloc f = {.fail_at = SIZE_MAX};
    usher_allocator alloc = kit_allocator(&f);
    site_rig r;

    rig_make_with(&r, "{'site':{" HTTPS_SITE "}}", NULL, &alloc);
    assert_made(&r);
    usher_problems_free(r.problems);
    alloc = (usher_allocator){NULL, NULL, NULL}; /* the site keeps its own copy of the functions */
    assert_ptr_equal(usher_site_ref(r.site), r.site);
    usher_site_unref(r.site);
    assert_str(usher_site_base_url(r.site), "https://app.example.com");
    usher_site_unref(r.site);
    assert_int_equal(f.live, 0);
    usher_site_unref(NULL);
    assert_null(usher_site_ref(NULL));
}

/* Everything that a site can be made of, so that every allocation there is comes up. */
#define RICH_SITE                                                                                  \
    "{'site':{'base_url':'https://app.example.com/x\\u0079z','secrets':['" KEY "','" KEY2 "'],"    \
    "'cookies':{'domain':'example.com','csrf':{'name':'c'}},'pages':{'sign_in':'/login'},"         \
    "'open':['/','/d/*'],'matcher':['/m/:path*'],'title':'T',"                                     \
    "'providers':[{'id':'op','issuer':'https://op.example','client_id':'id'}],"                    \
    "'session':{'max_age':'1h','update_age':'2h'}}}"
#define RICH_DEVELOPMENT                                                                           \
    "{" LOCAL_SITE ",'providers':[{'id':'dev','type':'development','users':[{'id':'u'}]}]}"
#define RICH_BROKEN "{'site':{'base_url':'x','sesion':1,'open':['x']}}"

static void sweep(const char *json, usher_status otherwise)
{
    static const char env[] = "AUTH_OP_SECRET=environment-secret";
    kit_alloc f;
    size_t n = 0;

    do {
        f = (kit_alloc){.fail_at = n++};
        usher_allocator alloc = kit_allocator(&f);
        site_rig r;
        rig_make_with(&r, json, env, &alloc);
        if (r.status != (f.failed ? USHER_E_NOMEM : otherwise))
            fail_msg("allocation %zu: %s", n - 1, usher_status_name(r.status));
        assert_true((r.site != NULL) == (r.status == USHER_OK));
        rig_free(&r);
        assert_int_equal(f.live, 0);
    } while (f.failed);
    assert_true(n > 3); /* a plain arena asks its allocator a few times only */
}

static void test_every_allocation_may_fail(void **state)
{
    (void)state;
    sweep(RICH_SITE, USHER_OK);
    sweep(RICH_DEVELOPMENT, USHER_OK);
    sweep(RICH_BROKEN, USHER_E_SETTING);
}

static void test_every_allocation_of_the_crypto_library_may_fail(void **state)
{
    (void)state;
    site_rig r;
    size_t n = 0;

    rig_make(&r, RICH_SITE, "AUTH_OP_SECRET=s"); /* what it keeps for good is made here */
    assert_made(&r);
    rig_free(&r);
    for (bool failed = true; failed; n++) {
        size_t live = kit_crypto.live;
        kit_crypto.calls = 0;
        kit_crypto.failed = false;
        kit_crypto.fail_at = n;
        rig_make(&r, RICH_SITE, "AUTH_OP_SECRET=s");
        failed = kit_crypto.failed;
        kit_crypto.fail_at = SIZE_MAX;
        if (r.status) {
            assert_true(failed);
            assert_int_equal(USHER_STATUS_CLASS(r.status), USHER_CLASS_HOST);
            assert_null(r.site);
        } else { /* libcrypto did without, or nothing failed: then the site is whole */
            assert_true(r.site->keys->has[USHER_FOR_SESSION]);
        }
        rig_free(&r);
        assert_int_equal(kit_crypto.live, live);
    }
    assert_true(n > 2); /* a plain arena asks its allocator a few times only */
}

/* --- what is left in memory --- */

typedef struct canary {
    const usher_str *needles;
    size_t count, freed, found;
} canary;

static void *canary_get(void *ctx, size_t size)
{
    (void)ctx;
    return calloc(1, size ? size : 1);
}

static void canary_put(void *ctx, void *ptr, size_t size)
{
    canary *c = ctx;

    for (size_t i = 0; ptr && i < c->count; i++)
        c->found += memmem(ptr, size, c->needles[i].ptr, c->needles[i].len) != NULL;
    c->freed++;
    free(ptr);
}

static void test_freed_memory_holds_no_secret(void **state)
{
    (void)state;
    static const char client_secret[] = "client-secret-4711";
    usher_str needles[16] = {kit_str(KEY), kit_str(KEY2), kit_str(client_secret),
                             kit_str("environment-secret")};
    canary c = {needles, 4, 0, 0};
    usher_allocator alloc = {canary_get, canary_put, &c};
    uint8_t keys[8][USHER_JWE_KEY_MAX];
    site_rig r;

    rig_make_with(&r,
                  "{'site':{'base_url':'https://app.example.com','secrets':['" KEY "','" KEY2 "'],"
                  "'providers':[{'id':'a','issuer':'https://a.example','client_id':'i',"
                  "'client_secret':'client-secret-4711'},"
                  "{'id':'op','issuer':'https://b.example','client_id':'i'}]}}",
                  "AUTH_OP_SECRET=environment-secret", &alloc);
    assert_made(&r);
    assert_int_equal(c.found, 0); /* what was needed only while reading is wiped already */
    for (size_t p = 0; p < 4; p++)
        for (size_t i = 0; i < 2; i++, c.count++) {
            memcpy(keys[p * 2 + i], r.site->keys->keys[p][i][0].bytes, USHER_JWE_KEY_MAX);
            needles[c.count] = (usher_str){(const char *)keys[p * 2 + i], 32};
        }
    /* the control: the site does hold them until the last reference goes */
    assert_non_null(memmem(r.site->keys, sizeof *r.site->keys, keys[0], 32));
    assert_memory_equal(r.site->providers[0].client_secret.ptr, client_secret, 18);
    rig_free(&r);
    assert_int_equal(c.found, 0);
    assert_true(c.freed > 3);

    c.freed = 0; /* the control of the control */
    void *p = alloc.get(alloc.ctx, 64);
    memcpy(p, client_secret, sizeof client_secret);
    alloc.put(alloc.ctx, p, 64);
    assert_int_equal(c.found, 1);
}

int main(void)
{
    kit_crypto_install();
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_defaults),
        cmocka_unit_test(test_the_site_level_may_be_left_out),
        cmocka_unit_test(test_everything_from_the_environment),
        cmocka_unit_test(test_base_urls),
        cmocka_unit_test(test_where_secrets_come_from),
        cmocka_unit_test(test_keys_depend_on_secret_profile_and_cookie_name),
        cmocka_unit_test(test_development_makes_a_secret),
        cmocka_unit_test(test_without_entropy_nothing_is_made),
        cmocka_unit_test(test_warnings),
        cmocka_unit_test(test_cookies),
        cmocka_unit_test(test_a_provider),
        cmocka_unit_test(test_a_provider_whose_tokens_have_a_mac),
        cmocka_unit_test(test_checks),
        cmocka_unit_test(test_a_provider_from_the_environment),
        cmocka_unit_test(test_a_development_provider),
        cmocka_unit_test(test_pages_for_visitors_are_open),
        cmocka_unit_test(test_references),
        cmocka_unit_test(test_every_allocation_may_fail),
        cmocka_unit_test(test_every_allocation_of_the_crypto_library_may_fail),
        cmocka_unit_test(test_freed_memory_holds_no_secret),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
