#include "site/weak.h"

#include "site/table.h"
#include "tests/kit/kit.h"
#include "usher/site.h"

static void test_weakness(void **state)
{
    (void)state;
    static const struct {
        const char *secret, *weakness; /* NULL: none */
    } cases[] = {
        {"", "is shorter than 32 bytes"},
        {"k", "is shorter than 32 bytes"},
        {"m4Hn0cXrT7uZk2Qe9wLbVy5sJd8pGa1", "is shorter than 32 bytes"}, /* 31 */
        {"m4Hn0cXrT7uZk2Qe9wLbVy5sJd8pGa1f", NULL},                      /* 32 */
        {"secret", "is a known sample"},
        {"Secret", "is a known sample"},
        {"  secret\t", "is a known sample"},
        {"public-test-secret-do-not-use-0123456789", "is a known sample"},
        {"another-public-test-secret-9876543210", "is a known sample"},
        {"the-secret-that-was-rotated-out-5555", "is a known sample"},
        {"PUBLIC-TEST-SECRET-do-not-use-0123456789", "is a known sample"},
        {"changeme", "is a placeholder"},
        {"please-CHANGEME-before-going-live-0123", "is a placeholder"},
        {"my-very-long-text-replace-me-0123456789", "is a placeholder"},
        {"This is an example", "is a known sample"}, /* as Auth.js' documentation has it */
        {"LONG_RANDOM_VALUE", "is a known sample"},  /* as Auth0's once had it */
        {"use [openssl rand -hex 32] to generate a 32 bytes value", "is a known sample"},
        {"use [openssl rand -base64 48] to generate it", "is a placeholder"},
        {"K7gNU3sdo+OL0wNhqoVWhr3g6s1xYv72ol/pe/Unols=", "is a known sample"},
        {"zH4NRP1HMALxxCFnRZABFA7GOJtzU_gIj02alfL1lvI", "is a known sample"},
        {"a-string-secret-at-least-256-bits-long-and-more", "is a placeholder"},
        {"your-generated-value-that-nobody-else-has", "is a placeholder"},
        {"Your_32_random_letters_are_to_stand_here", "is a placeholder"},
        {"m4Hn0cXrT7uZk2Qe9wLbVyyour-5sJd8pGa1f", NULL}, /* not at the beginning */
        {"${AUTH_KEY:-0123456789-abcdefghij-klmno}", "is a placeholder"},
        {"{{ site_key_of_32_letters_or_even_more }}", "is a placeholder"},
        {"m4Hn0cXr${T7uZk2Qe9wLbVy5sJd8pGa1f}", NULL},
        {"your", "is shorter than 32 bytes"},
        {"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", "repeats a few characters"},
        {"abcabcabcabcabcabcabcabcabcabcabcabcabcabc", "repeats a few characters"},
        {"0123456789abcdef!0123456789abcdef!", "repeats a few characters"},
        {"aabbccddeeffaabbccddeeffaabbccddeeffgg", NULL}, /* seven kinds, no period */
        {"ababababcdcdcdcdefefefefabababababab", "repeats a few characters"}, /* six kinds */
        {"5f4dcc3b5aa765d61d8327deb882cf99a1b2c3d4", NULL},
        {"пароль-и-ещё-что-нибудь-длинное", NULL},
        {"31415926535897932384626433832795", NULL},
    };

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const char *weakness = usher_secret_weakness(kit_str(cases[i].secret));
        if ((weakness == NULL) != (cases[i].weakness == NULL) ||
            (weakness && strcmp(weakness, cases[i].weakness) != 0))
            fail_msg("'%s' %s", cases[i].secret, weakness ? weakness : "is fine");
    }
}

static void test_every_sample_is_refused_in_any_case(void **state)
{
    (void)state;
    size_t count = 0;

    for (const char *sample; (sample = usher_secret_sample(count)); count++) {
        char upper[128];
        size_t len = strlen(sample);
        assert_true(len < sizeof upper);
        for (size_t i = 0; i < len; i++)
            upper[i] = sample[i] >= 'a' && sample[i] <= 'z' ? (char)(sample[i] - 32) : sample[i];
        assert_string_equal(usher_secret_weakness((usher_str){sample, len}), "is a known sample");
        assert_string_equal(usher_secret_weakness((usher_str){upper, len}), "is a known sample");
    }
    assert_true(count >= 50);
}

/* T14: a site with such a secret does not start, and one under development does with a warning. */
static void check_site(const char *secret, bool development)
{
    char settings[512];
    usher_problems *problems;
    usher_site *site;
    bool said = false;

    int len = snprintf(settings, sizeof settings,
                       "{\"base_url\":\"%s\",\"development\":%s,\"secret\":\"%s\"}",
                       development ? "http://localhost:3000" : "https://app.example.com",
                       development ? "true" : "false", secret);
    assert_true(len > 0 && (size_t)len < sizeof settings);
    usher_status rc =
        usher_site_new(&site, &problems, (usher_str){settings, (size_t)len}, NULL, NULL, NULL);
    for (size_t i = 0; i < usher_problems_count(problems); i++) {
        const usher_problem *p = usher_problems_at(problems, i);

        said = said ||
               (memmem(p->message.ptr, p->message.len, "guesses", 7) && p->warning == development);
    }
    if (rc != (development ? USHER_OK : USHER_E_SETTING) || !said || (site != NULL) != development)
        fail_msg("'%s': status %x", secret, (unsigned)rc);
    usher_site_unref(site);
    usher_problems_free(problems);
}

static void test_no_site_starts_with_one(void **state)
{
    (void)state;
    static const char *const more[] = {
        "changeme",
        "k",
        "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
        "m4Hn0cXrT7uZk2Qe9wLbVy5sJd8pGa1",
        "your-super-secret-jwt-key-minimum-32-characters",
        "${AUTH_KEY:-0123456789-abcdefghij-klmno}",
    };

    for (size_t i = 0; usher_secret_sample(i); i++) {
        check_site(usher_secret_sample(i), false);
        check_site(usher_secret_sample(i), true);
    }
    for (size_t i = 0; i < sizeof more / sizeof *more; i++) {
        check_site(more[i], false);
        check_site(more[i], true);
    }
}

/* Whoever copies an example from our documentation is told. */
static void test_examples_of_our_documentation_are_samples(void **state)
{
    (void)state;
    usher_str rest = kit_str(usher_site_table.rows[USHER_ROW_SITE_SECRETS].example);
    const char *one = usher_site_table.rows[USHER_ROW_SITE_SECRET].example;

    assert_string_equal(usher_secret_weakness(kit_str(one)), "is a known sample");
    assert_int_equal(rest.len, 2 + 43 * 2 + 2); /* [first, second] */
    assert_string_equal(usher_secret_weakness((usher_str){rest.ptr + 1, 43}), "is a known sample");
    assert_string_equal(usher_secret_weakness((usher_str){rest.ptr + 46, 43}), "is a known sample");
}

static void test_random_secrets_pass(void **state)
{
    (void)state;
    uint64_t seed = 7;

    for (int i = 0; i < 20000; i++) {
        char hex[32], letters[43];
        for (size_t j = 0; j < sizeof hex; j++)
            hex[j] = "0123456789abcdef"[kit_next(&seed) % 16];
        for (size_t j = 0; j < sizeof letters; j++)
            letters[j] =
                "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"[kit_next(&seed) %
                                                                                   64];
        assert_null(usher_secret_weakness((usher_str){hex, sizeof hex}));
        assert_null(usher_secret_weakness((usher_str){letters, sizeof letters}));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_weakness),
        cmocka_unit_test(test_every_sample_is_refused_in_any_case),
        cmocka_unit_test(test_no_site_starts_with_one),
        cmocka_unit_test(test_examples_of_our_documentation_are_samples),
        cmocka_unit_test(test_random_secrets_pass),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
