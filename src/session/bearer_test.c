#include "session/bearer.h"
#include "session/rig.h"

static void test_read(void **state)
{
    static const struct {
        const char *header, *token; /* NULL: none */
    } cases[] = {
        {"Bearer abc", "abc"},
        {"Bearer abc def", "abc"},
        {"Bearer a%2Eb", "a.b"},
        {"Bearer a+b", "a+b"},
        {"Bearer", "undefined"}, /* a token that fails */
        {"Bearer ", NULL},
        {"Bearer  abc", NULL}, /* the word between the two spaces */
        {"Bearer %", NULL},
        {"Bearer %A", NULL},
        {"Bearer %ZZ", NULL},
        {"Bearer %ff", NULL},
        {"Bearer\tabc", NULL},
        {"bearer abc", NULL},
        {"BEARER abc", NULL},
        {" Bearer abc", NULL},
        {"Bearerabc", NULL},
        {"Basic abc", NULL},
        {"", NULL},
        {NULL, NULL},
    };
    kit_alloc memory = {.fail_at = SIZE_MAX};
    usher_allocator alloc = kit_allocator(&memory);

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        usher_arena a;
        usher_str token;

        usher_arena_init(&a, &alloc, 64, 4096);
        assert_ok(usher_bearer_read(&token, &a, kit_str(cases[i].header), NULL));
        assert_str(token, cases[i].token ? cases[i].token : "");
        usher_arena_deinit(&a);
    }
}

static void test_no_memory_is_no_answer(void **state)
{
    kit_alloc memory = {.fail_at = 0};
    usher_allocator alloc = kit_allocator(&memory);
    usher_arena a;
    usher_str token;
    usher_error err;

    (void)state;
    usher_arena_init(&a, &alloc, 64, 4096);
    assert_int_equal(usher_bearer_read(&token, &a, USHER_STR("Bearer a%2Eb"), &err), USHER_E_NOMEM);
    assert_int_equal(err.status, USHER_E_NOMEM);
    assert_null(token.ptr);
    usher_arena_deinit(&a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_read),
        cmocka_unit_test(test_no_memory_is_no_answer),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
