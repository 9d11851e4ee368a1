/* Which session cookies a site reads, how long they live, and what they cost in headers: what the
 * settings become, and what is refused or warned of. */
#include "base/str.h"
#include "session/session.h"
#include "site/site_rig.h"

#define IN_SITE  "{'site':{" HTTPS_SITE ",%s}}"
#define AUTH0    "'profile':'auth0-4',"
#define NEXTAUTH "'profile':'nextauth-4',"
#define LONG_NAME                                                                                  \
    "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"         \
    "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"

static void make(site_rig *r, const char *settings)
{
    char json[4096];

    snprintf(json, sizeof json, IN_SITE, settings);
    rig_make(r, json, NULL);
}

/* --- lifetimes --- */

static void test_lifetimes(void **state)
{
    (void)state;
    static const struct {
        const char *settings;
        int64_t max_age, absolute, inactivity, auth0_absolute, auth0_inactivity, update_age;
        bool rolling;
    } rows[] = {
        {"'title':'x'", 2592000, 0, 0, 0, 0, 86400, true},
        {NEXTAUTH "'title':'x'", 2592000, 0, 0, 0, 0, 86400, true},
        {AUTH0 "'title':'x'", 86400, 0, 0, 259200, 86400, 300, true},
        {AUTH0 "'session':{'absolute_duration':'7d','inactivity_duration':'2h','update_age':60}",
         7200, 604800, 7200, 604800, 7200, 60, true},
        {"'session':{'max_age':'2h','absolute_duration':'10h','rolling':false,'update_age':1}",
         7200, 36000, 0, 0, 0, 1, false},
    };

    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        site_rig r;

        make(&r, rows[i].settings);
        assert_made(&r);
        assert_int_equal(usher_problems_count(r.problems), 0);
        assert_int_equal(r.site->lifetime.max_age_s, rows[i].max_age);
        assert_int_equal(r.site->lifetime.absolute_s, rows[i].absolute);
        assert_int_equal(r.site->lifetime.inactivity_s, rows[i].inactivity);
        assert_int_equal(r.site->lifetime.rolling, rows[i].rolling);
        assert_int_equal(r.site->update_age_s, rows[i].update_age);
        assert_int_equal(r.site->formats[0].auth0.absolute_s, rows[i].auth0_absolute);
        assert_int_equal(r.site->formats[0].auth0.inactivity_s, rows[i].auth0_inactivity);
        rig_free(&r);
    }
}

/* --- formats --- */

static void test_the_site_alone(void **state)
{
    (void)state;
    static const struct {
        const char *settings, *profile, *cookie, *path;
    } rows[] = {
        {"'title':'x'", "authjs-5", "__Secure-authjs.session-token", "/api/auth"},
        {NEXTAUTH "'title':'x'", "nextauth-4", "__Secure-next-auth.session-token", "/api/auth"},
        {AUTH0 "'title':'x'", "auth0-4", "__session", "/auth"},
        {"'profile':'robojs'", "robojs", "authjs.session-token", "/api/auth"},
    };

    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        site_rig r;

        make(&r, rows[i].settings);
        assert_made(&r);
        assert_int_equal(r.site->format_count, 1);
        assert_str(r.site->formats[0].profile->name, rows[i].profile);
        assert_str(r.site->formats[0].cookie.name, rows[i].cookie);
        assert_str(r.site->base_path, rows[i].path);
        assert_ptr_equal(r.site->keys, r.site->formats[0].keys);
        assert_int_equal(r.site->formats[0].form, USHER_TOKEN_SEALED);
        rig_free(&r);
    }
}

/* Thumbprints tell whether two formats would open each other's tokens. */
static bool same_key(const usher_format *a, const usher_format *b)
{
    const usher_jwe_key *x = &a->keys->keys[USHER_FOR_SESSION][0][0],
                        *y = &b->keys->keys[USHER_FOR_SESSION][0][0];

    return memcmp(x->bytes, y->bytes, sizeof x->bytes) == 0;
}

static void test_accept(void **state)
{
    (void)state;
    site_rig r;

    make(&r, "'cookies':{'domain':'example.com'},'accept':[{'profile':'nextauth-4'},"
             "{'profile':'authjs-5','secrets':['" KEY2 "','" KEY "']},"
             "{'profile':'authjs-5','cookie':'old.session','domain':'app.example.com',"
             "'path':'/x'},"
             "{'profile':'auth0-4','cookie':'appSession'},"
             "{'profile':'nextauth-4','cookie':'jwt','token':'signed'},"
             "{'profile':'nextauth-4','cookie':'own','token':'hook'}]");
    assert_made(&r);
    assert_int_equal(usher_problems_count(r.problems), 0);
    const usher_format *f = r.site->formats;
    assert_int_equal(r.site->format_count, 7);
    assert_str(f[1].cookie.name, "__Secure-next-auth.session-token");
    assert_str(f[1].cookie.domain, "example.com");
    assert_str(f[2].cookie.name, "__Secure-authjs.session-token");
    assert_false(same_key(&f[0], &f[2]));
    assert_int_equal(f[2].keys->secret_count, 2);
    assert_str(f[3].cookie.domain, "app.example.com");
    assert_str(f[3].cookie.path, "/x");
    assert_false(same_key(&f[0], &f[3])); /* the name is the salt */
    assert_str(f[4].auth0.cookie_name, "appSession");
    assert_str(f[4].auth0.domain, "example.com");
    assert_int_equal(f[5].form, USHER_TOKEN_SIGNED);
    assert_non_null(f[5].signing);
    assert_int_equal(f[6].form, USHER_TOKEN_HOOKED);
    for (size_t i = 1; i < 7; i++) {
        assert_true(f[i].keys->has[USHER_FOR_SESSION]);
        assert_int_equal(f[i].keys->has[USHER_FOR_STATE], f[i].profile->auth0 != NULL);
    }
    rig_free(&r);
}

static void test_what_is_refused(void **state)
{
    (void)state;
    static const struct {
        const char *settings, *message;
    } rows[] = {
        {"'accept':[{}]", "site.accept[0].profile is missing: the system that wrote the cookies"},
        {"'accept':[{'profile':'authjs-5'}]",
         "site.accept[0] accepts what the site writes itself; name another profile, cookie or "
         "secret"},
        {"'accept':[{'profile':'nextauth-4','secret':'secret'}]",
         "site.accept[0] is a known sample: whoever guesses it can sign in as anybody; `usher "
         "secret` makes one"},
        {"'accept':[{'profile':'nextauth-4','secret':'" KEY "','secrets':['" KEY2 "']}]",
         "site.accept[0].secrets is given besides `secret`; put all of them in it"},
        {"'accept':[{'profile':'nextauth-4','cookie':'a b'}]",
         "site.accept[0].cookie is 'a b', which no cookie can be called"},
        {"'accept':[{'profile':'nextauth-4','cookie':'__Secure-authjs.session-token-2'}]",
         "site.accept[0].cookie: '__Secure-authjs.session-token-2' begins like "
         "'__Secure-authjs.session-token', and would be read as a part of it"},
        {"'accept':[{'profile':'nextauth-4','cookie':'__Secure-authjs.session'}]",
         "site.accept[0].cookie: '__Secure-authjs.session-token' begins like "
         "'__Secure-authjs.session', and would be read as a part of it"},
        {"'accept':[{'profile':'nextauth-4','cookie':'__Host-authjs'}]",
         "site.accept[0].cookie: the cookie '__Host-authjs.csrf-token' begins like it, and would "
         "be read as a part"},
        {"'accept':[{'profile':'auth0-4','token':'signed'}]",
         "profile auth0-4 has sealed tokens only; leave `token` out"},
        {AUTH0 "'session':{'token':'hook'}",
         "profile auth0-4 has sealed tokens only; leave `token` out"},
        {"'session':{'signing_alg':'ES256'}", "signing_alg and signing_keys are for token: signed"},
        {"'session':{'token':'signed','signing_keys':['short']}",
         "site.session.signing_keys is shorter than 32 bytes: whoever guesses it can sign in as "
         "anybody; `usher secret` makes one"},
        {"'accept':[{'profile':'nextauth-4','signing_keys':['" KEY "']}]",
         "site.accept[0].signing_alg and signing_keys are for token: signed"},
        {"'accept':[{'profile':'nextauth-4','secret_file':'x'}]",
         "site.accept[0]: files are for settings files only; give the secret itself"},
        {"'session':{'strategy':'database'},'accept':[{'profile':'nextauth-4'}]",
         "site.accept[0].subject is missing: where users are rows, say whose id `sub` is: that of "
         "a user's row, that of an account at a provider, or none of these"},
        {"'users':'database','accept':[{'profile':'nextauth-4'}]",
         "site.accept[0].subject is missing: where users are rows, say whose id `sub` is: that of "
         "a user's row, that of an account at a provider, or none of these"},
        {"'users':'database','accept':[{'profile':'nextauth-4','subject':'account','provider':"
         "'op'}]",
         "site.accept[0].subject: account is for tokens that become rows: session.strategy: "
         "database; write user or none"},
        {"'session':{'strategy':'database'},'accept':[{'profile':'nextauth-4','subject':"
         "'account'}]",
         "site.accept[0].provider goes with subject: account, and only with that"},
        {"'accept':[{'profile':'nextauth-4','subject':'user'}]",
         "site.accept[0].subject is for sites whose users are rows: session.strategy: database, "
         "or users: database"},
        {"'accept':[{'profile':'nextauth-4','strategy':'database','token':'hook'}]",
         "site.accept[0].token is for sessions in the cookie; leave it out with strategy: "
         "database"},
        {AUTH0 "'cookies':{'csrf':{'name':'x'}}",
         "site.cookies.csrf.name: profile auth0-4 has no such cookie"},
        {"'cookies':{'session':{'name':'" LONG_NAME LONG_NAME "'}}", NULL},
    };

    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        site_rig r;

        make(&r, rows[i].settings);
        assert_int_equal(r.status, USHER_E_SETTING);
        assert_null(r.site);
        assert_true(usher_problems_count(r.problems) >= 1);
        if (rows[i].message) assert_str(usher_problems_at(r.problems, 0)->message, rows[i].message);
        rig_free(&r);
    }
}

/* Keys that are none: said with their place, not thrown into somebody's face at sign-in. */
static void test_signing_keys_that_do_not_fit(void **state)
{
    (void)state;
    site_rig r;

    make(&r, "'session':{'token':'signed','signing_alg':'RS256','signing_keys':['no key at all']}");
    assert_int_equal(r.status, USHER_E_SETTING);
    assert_int_equal(usher_problems_count(r.problems), 1);
    usher_str message = usher_problems_at(r.problems, 0)->message;
    assert_true(usher_str_starts(message, USHER_STR("the keys of signed tokens cannot be used: ")));
    assert_true(usher_problems_at(r.problems, 0)->line > 0);
    rig_free(&r);
    make(&r, "'session':{'token':'signed','signing_alg':'RS256'}"); /* none at all */
    assert_int_equal(r.status, USHER_E_SETTING);
    rig_free(&r);
}

/* --- headers --- */

static void test_the_budget_of_headers(void **state)
{
    (void)state;
    static const struct {
        const char *settings, *said; /* NULL: nothing */
    } rows[] = {
        {"'title':'x'", NULL},
        {NEXTAUTH "'title':'x'", NULL},
        {AUTH0 "'title':'x'", NULL},
        {"'session':{'claims_max':'4KiB'}", NULL},
        {"'session':{'claims_max':'6KiB'}", "beyond the 8 KiB that nginx reads"},
        {"'session':{'claims_max':'16KiB'}", "beyond what Node.js (16 KiB for all headers)"},
        {"'session':{'claims_max':'128KiB'}", "beyond site.token_max"},
        {"'token_max':'200KiB'", "fit into the 32 cookies of a session"},
        {AUTH0 "'session':{'max_age':'1h'}", "write site.session.inactivity_duration"},
        {"'session':{'inactivity_duration':'1h','update_age':'2h'}",
         "sessions end before they are renewed"},
    };

    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        site_rig r;

        make(&r, rows[i].settings);
        assert_made(&r);
        if ((usher_problems_count(r.problems) == 0) != !rows[i].said)
            fail_msg("%s: %zu problems", rows[i].settings, usher_problems_count(r.problems));
        for (size_t j = 0; j < usher_problems_count(r.problems); j++)
            assert_true(usher_problems_at(r.problems, j)->warning);
        if (rows[i].said && usher_str_find(usher_problems_at(r.problems, 0)->message,
                                           kit_str(rows[i].said)) == SIZE_MAX)
            fail_msg("%s: %.*s", rows[i].settings,
                     (int)usher_problems_at(r.problems, 0)->message.len,
                     usher_problems_at(r.problems, 0)->message.ptr);
        rig_free(&r);
    }
}

static void test_every_allocation_may_fail(void **state)
{
    (void)state;
    static const char json[] =
        "{'site':{" HTTPS_SITE ",'session':{'token':'signed','claims_max':'128KiB'},"
        "'accept':[{'profile':'nextauth-4','secret':'" KEY2 "'},{'profile':'auth0-4'}]}}";
    bool failed = true;

    for (size_t n = 0; failed; n++) {
        kit_alloc memory = {.fail_at = n};
        usher_allocator alloc = kit_allocator(&memory);
        site_rig r;

        rig_make_with(&r, json, NULL, &alloc);
        failed = memory.failed;
        assert_int_equal(r.status, failed ? USHER_E_NOMEM : USHER_OK);
        rig_free(&r);
        assert_int_equal(memory.live, 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_lifetimes),
        cmocka_unit_test(test_the_site_alone),
        cmocka_unit_test(test_accept),
        cmocka_unit_test(test_what_is_refused),
        cmocka_unit_test(test_signing_keys_that_do_not_fit),
        cmocka_unit_test(test_the_budget_of_headers),
        cmocka_unit_test(test_every_allocation_may_fail),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
