#include "session/csrf.h"
#include "session/rig.h"

static const char *const one[] = {"secret", NULL};
static const char *const two[] = {"new", "old", NULL};

#define A16 "aaaaaaaaaaaaaaaa"
#define A64 A16 A16 A16 A16
/* Hashes of the specification's appendix A, which the originals made. */
#define HASH_ONE "903c1490e042a075338b0e597cd889260f671063edb09ab070d2634e8277cf9c"
#define HASH_TWO "9c18442e55a051fa6f99bbf245176c408ce1d26bb8b56656a77fb79e2029ab12"

static void test_read(void **state)
{
    static const struct {
        const char *name;
        const char *const *secrets;
        const char *value, *token; /* NULL: not trusted */
    } cases[] = {
        {"one secret", one, A64 "|" HASH_ONE, A64},
        {"a list is joined by commas", two, A64 "|" HASH_TWO, A64},
        {"a third part is ignored", one, A64 "|" HASH_ONE "|extra", A64},
        {"an empty third part too", one, A64 "|" HASH_ONE "|", A64},
        {"hash of another secret", two, A64 "|" HASH_ONE, NULL},
        {"hash in capitals", one,
         A64 "|903C1490E042A075338B0E597CD889260F671063EDB09AB070D2634E8277CF9C", NULL},
        {"hash cut short", one,
         A64 "|903c1490e042a075338b0e597cd889260f671063edb09ab070d2634e8277cf9", NULL},
        {"another token", one, "b" A16 A16 A16 "aaaaaaaaaaaaaaa|" HASH_ONE, NULL},
        {"token only", one, A64, NULL},
        {"token and bar", one, A64 "|", NULL},
        {"hash only", one, "|" HASH_ONE, NULL},
        {"empty token with a right hash is not trusted", one,
         "|2bb80d537b1da3e38bd30361aa855686bde0eacd7162fef6a25fe97bf527a25b", NULL},
        {"bar only", one, "|", NULL},
        {"empty", one, "", NULL},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        usher_str token;
        rig r;

        rig_open(&r, &usher_profile_authjs_5, cases[i].secrets);
        assert_ok(usher_csrf_read(&token, &r.keys, kit_str(cases[i].value), NULL));
        if (!cases[i].token != !token.ptr) fail_msg("%s", cases[i].name);
        if (cases[i].token) assert_str(token, cases[i].token);
        rig_close(&r);
    }
}

static void test_absent_cookie(void **state)
{
    usher_str token;
    rig r;

    (void)state;
    rig_open(&r, &usher_profile_nextauth_4, one);
    assert_ok(usher_csrf_read(&token, &r.keys, (usher_str){0}, NULL));
    assert_null(token.ptr);
    rig_close(&r);
}

static void test_new_is_read_and_no_flipped_bit_is(void **state)
{
    usher_str token, value, again;
    rig r;

    (void)state;
    rig_open(&r, &usher_profile_nextauth_4, one);
    assert_ok(usher_csrf_new(&token, &value, &r.arena, &r.keys, r.entropy, NULL));
    assert_int_equal(token.len, 64);
    assert_int_equal(value.len, 129);
    for (size_t i = 0; i < token.len; i++)
        assert_non_null(strchr("0123456789abcdef", token.ptr[i]));
    assert_ok(usher_csrf_read(&again, &r.keys, value, NULL));
    assert_true(usher_str_eq(again, token));
    char copy[129];
    memcpy(copy, value.ptr, sizeof copy);
    for (size_t bit = 0; bit < sizeof copy * 8; bit++) {
        copy[bit / 8] = (char)(copy[bit / 8] ^ (1 << bit % 8));
        assert_ok(usher_csrf_read(&again, &r.keys, (usher_str){copy, sizeof copy}, NULL));
        assert_null(again.ptr);
        copy[bit / 8] = (char)(copy[bit / 8] ^ (1 << bit % 8));
    }
    for (size_t len = 0; len < sizeof copy; len++) {
        assert_ok(usher_csrf_read(&again, &r.keys, (usher_str){copy, len}, NULL));
        assert_null(again.ptr);
    }
    assert_ok(usher_csrf_new(&again, &value, &r.arena, &r.keys, r.entropy, NULL));
    assert_false(usher_str_eq(again, token));
    rig_close(&r);
}

static bool fill_with_ab(void *ctx, uint8_t *out, size_t len)
{
    (void)ctx;
    memset(out, 0xab, len);
    return true;
}

/* Every byte of the token is the entropy's. */
static void test_the_whole_token_is_random(void **state)
{
    usher_str token, value;
    rig r;

    (void)state;
    rig_open(&r, &usher_profile_nextauth_4, one);
    assert_ok(usher_csrf_new(&token, &value, &r.arena, &r.keys, (usher_entropy){fill_with_ab, NULL},
                             NULL));
    assert_int_equal(token.len, 64);
    for (size_t i = 0; i < token.len; i++)
        assert_int_equal(token.ptr[i], "ab"[i % 2]);
    rig_close(&r);
}

static void test_no_entropy_and_no_memory(void **state)
{
    usher_str token, value;
    rig r;

    (void)state;
    rig_open(&r, &usher_profile_authjs_5, one);
    r.random.fail_at = r.random.calls;
    assert_int_equal(usher_csrf_new(&token, &value, &r.arena, &r.keys, r.entropy, NULL),
                     USHER_E_CRYPTO);
    assert_null(value.ptr);
    r.memory.fail_at = r.memory.calls;
    r.memory.from_then_on = true;
    assert_int_equal(usher_csrf_new(&token, &value, &r.arena, &r.keys, r.entropy, NULL),
                     USHER_E_NOMEM);
    assert_null(token.ptr);
    assert_null(value.ptr);
    rig_close(&r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_read),
        cmocka_unit_test(test_absent_cookie),
        cmocka_unit_test(test_new_is_read_and_no_flipped_bit_is),
        cmocka_unit_test(test_the_whole_token_is_random),
        cmocka_unit_test(test_no_entropy_and_no_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
