#include "session/verification.h"
#include "session/rig.h"

static const char *const one[] = {"secret", NULL};
static const char *const two[] = {"new", "old", NULL};

/* Digests by coreutils' sha256sum. */
static void test_hash(void **state)
{
    static const struct {
        const usher_profile *profile;
        const char *const *secrets;
        const char *own, *token, *hash;
    } cases[] = {
        {&usher_profile_nextauth_4, one, "",
         "7c7adca64da32d33aaf6e92f3e35e1a4c42464afb83f9f45d33ec3d2a175f057",
         "a3a49459364177c040784dcb3eda369a4efb6ce1d212280f5cf9b67240606b20"},
        {&usher_profile_authjs_5, one, "",
         "7c7adca64da32d33aaf6e92f3e35e1a4c42464afb83f9f45d33ec3d2a175f057",
         "a3a49459364177c040784dcb3eda369a4efb6ce1d212280f5cf9b67240606b20"},
        {&usher_profile_authjs_5, two, "", "t",
         "e1e3bb6209c2e81860d0caf13cc792e57d40df56219300a93fd9225e0e627459"},
        {&usher_profile_nextauth_4, two, "", "t",
         "ed26be2a1dbc1d08c870aa611f4c87f8159603ea1ef7fb3aeea31242fabba2a8"},
        {&usher_profile_authjs_5, two, "new", "t",
         "ed26be2a1dbc1d08c870aa611f4c87f8159603ea1ef7fb3aeea31242fabba2a8"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char hash[USHER_VERIFICATION_HASH];
        usher_secret own = {0};
        rig r;

        rig_open(&r, cases[i].profile, cases[i].secrets);
        if (*cases[i].own)
            assert_ok(usher_secret_dup(&own, &r.alloc, cases[i].own, strlen(cases[i].own), NULL));
        assert_ok(usher_verification_hash(hash, &r.keys, own, kit_str(cases[i].token), NULL));
        assert_str(((usher_str){hash, sizeof hash}), cases[i].hash);
        usher_secret_free(&own, &r.alloc);
        rig_close(&r);
    }
}

static void test_new(void **state)
{
    char token[USHER_VERIFICATION_TOKEN], other[USHER_VERIFICATION_TOKEN];
    rig r;

    (void)state;
    rig_open(&r, &usher_profile_authjs_5, one);
    assert_ok(usher_verification_new(token, r.entropy, NULL));
    assert_ok(usher_verification_new(other, r.entropy, NULL));
    assert_memory_not_equal(token, other, sizeof token);
    for (size_t i = 0; i < sizeof token; i++)
        assert_true(usher_str_has(USHER_STR("0123456789abcdef"), token[i]));
    r.random.fail_at = r.random.calls;
    assert_int_equal(usher_verification_new(token, r.entropy, NULL), USHER_E_CRYPTO);
    rig_close(&r);
}

static void test_urls(void **state)
{
    usher_str out;
    rig r;

    (void)state;
    rig_open(&r, &usher_profile_authjs_5, one);
    assert_ok(usher_verification_link(&out, &r.arena, USHER_STR("http://a/api/auth/callback/email"),
                                      USHER_STR("http://a/after?x=1&y=2"),
                                      USHER_STR("a+b/c=d&e f%"), USHER_STR("a+t@b.example"), NULL));
    assert_str(out, "http://a/api/auth/callback/email?callbackUrl=http%3A%2F%2Fa%2Fafter%3Fx%3D1%26"
                    "y%3D2&token=a%2Bb%2Fc%3Dd%26e+f%25&email=a%2Bt%40b.example");
    assert_ok(usher_verification_sent(&out, &r.arena, USHER_STR("http://a/sent?x"),
                                      USHER_STR("email"), NULL));
    assert_str(out, "http://a/sent?x&provider=email&type=email");
    rig_close(&r);
}

static usher_status use_memory(usher_arena *a)
{
    usher_str out;
    usher_status rc = usher_verification_link(&out, a, USHER_STR("http://a"), USHER_STR("b"),
                                              USHER_STR("c"), USHER_STR("d"), NULL);

    return rc ? rc : usher_verification_sent(&out, a, USHER_STR("http://a"), USHER_STR("b"), NULL);
}

static void test_every_allocation_fails_in_turn(void **state)
{
    kit_alloc memory = {.failed = true};

    (void)state;
    for (size_t n = 0; memory.failed; n++) {
        memory = (kit_alloc){.fail_at = n};
        usher_allocator from = kit_allocator(&memory);
        usher_arena a;
        usher_arena_init(&a, &from, 16, 1 << 20);
        usher_status rc = use_memory(&a);
        assert_int_equal(rc, memory.failed ? USHER_E_NOMEM : USHER_OK);
        usher_arena_deinit(&a);
        assert_int_equal(memory.live, 0);
        assert_true(n || memory.failed);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_hash),
        cmocka_unit_test(test_new),
        cmocka_unit_test(test_urls),
        cmocka_unit_test(test_every_allocation_fails_in_turn),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
