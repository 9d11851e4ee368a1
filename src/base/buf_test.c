#include "base/buf.h"

#include "tests/kit/kit.h"

static void test_puts_add_up(void **state)
{
    (void)state;
    usher_buf b;
    usher_str out;

    usher_buf_init(&b, &kit_arena, 100);
    assert_str(usher_buf_view(&b), "");
    usher_buf_put(&b, USHER_STR("ab"));
    usher_buf_put(&b, (usher_str){0});
    usher_buf_put_z(&b, "cd");
    usher_buf_put_z(&b, "");
    usher_buf_put_char(&b, 0);
    usher_buf_put_char(&b, 'e');
    assert_int_equal(usher_buf_view(&b).len, 6);
    assert_ok(usher_buf_take(&out, &b, NULL));
    assert_int_equal(out.len, 6);
    assert_memory_equal(out.ptr, "abcd\0e", 6);
}

static void test_nothing_put_is_empty_not_absent(void **state)
{
    (void)state;
    usher_buf b;
    usher_str out;

    usher_buf_init(&b, &kit_arena, 0);
    assert_ok(usher_buf_take(&out, &b, NULL));
    assert_non_null(out.ptr);
    assert_int_equal(out.len, 0);
    usher_buf_init(&b, &kit_arena, 0);
    usher_buf_put(&b, (usher_str){"x", 0}); /* fits into nothing */
    assert_ok(usher_buf_take(&out, &b, NULL));
    usher_buf_put_char(&b, 'x');
    assert_int_equal(usher_buf_take(&out, &b, NULL), USHER_E_LIMIT);
    assert_null(out.ptr);
}

static void test_the_maximum_is_exact_and_failure_sticks(void **state)
{
    (void)state;
    static char text[700];
    memset(text, 'x', sizeof text);

    for (size_t max = 0; max < sizeof text - 1; max += 7)
        for (size_t piece = 1; piece < 140; piece += 23) {
            usher_buf b;
            usher_str out;
            usher_error err = {0};
            usher_buf_init(&b, &kit_arena, max);
            size_t put = 0;
            for (; put + piece <= max; put += piece)
                usher_buf_put(&b, (usher_str){text, piece});
            usher_buf_put(&b, (usher_str){text, max - put});
            assert_ok(usher_buf_take(&out, &b, NULL));
            assert_int_equal(out.len, max);
            usher_buf_put_char(&b, 'y');
            usher_buf_put(&b, (usher_str){0}); /* what follows a failure is ignored */
            usher_buf_put_char(&b, 'z');
            assert_null(usher_buf_room(&b, 0));
            assert_int_equal(usher_buf_take(&out, &b, &err), USHER_E_LIMIT);
            assert_int_equal(err.status, USHER_E_LIMIT);
            assert_null(out.ptr);
            usher_arena_reset(&kit_arena);
        }
}

static void test_huge_rooms_are_refused(void **state)
{
    (void)state;
    usher_buf b;

    usher_buf_init(&b, &kit_arena, SIZE_MAX);
    usher_buf_put_char(&b, 'x');
    assert_null(usher_buf_room(&b, SIZE_MAX));
    assert_int_equal(b.failed, USHER_E_LIMIT);
    usher_buf_init(&b, &kit_arena, SIZE_MAX);
    assert_null(usher_buf_room(&b, SIZE_MAX - 8)); /* the arena's limit this time */
    usher_str out;
    assert_int_equal(usher_buf_take(&out, &b, NULL), USHER_E_LIMIT);
}

static void test_room_and_wrote(void **state)
{
    (void)state;
    usher_buf b;
    usher_str out;

    usher_buf_init(&b, &kit_arena, 1000);
    for (size_t n = 0; n < 40; n++) {
        char *p = usher_buf_room(&b, n);
        assert_non_null(p);
        memset(p, 'a' + (int)n % 26, n); /* every byte of the room may be written */
        usher_buf_wrote(&b, n / 2);      /* and less than it may be kept */
    }
    assert_ok(usher_buf_take(&out, &b, NULL));
    size_t at = 0;
    for (size_t n = 0; n < 40; n++)
        for (size_t i = 0; i < n / 2; i++)
            assert_int_equal(out.ptr[at++], 'a' + (int)n % 26);
    assert_int_equal(at, out.len);
}

static void test_numbers(void **state)
{
    (void)state;
    static const struct {
        int64_t n;
        const char *text;
    } rows[] = {
        {0, "0"},
        {7, "7"},
        {10, "10"},
        {-1, "-1"},
        {1893456000, "1893456000"},
        {-62167219200, "-62167219200"},
        {INT64_C(9007199254740993), "9007199254740993"},
        {INT64_MAX, "9223372036854775807"},
        {INT64_MIN, "-9223372036854775808"},
        {INT64_MIN + 1, "-9223372036854775807"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        usher_buf b;
        usher_buf_init(&b, &kit_arena, 20);
        usher_buf_put_i64(&b, rows[i].n);
        assert_str(usher_buf_view(&b), rows[i].text);
        if (rows[i].n < 0) continue;
        usher_buf_init(&b, &kit_arena, 20);
        usher_buf_put_u64(&b, (uint64_t)rows[i].n);
        assert_str(usher_buf_view(&b), rows[i].text);
    }
    usher_buf b;
    usher_buf_init(&b, &kit_arena, 20);
    usher_buf_put_u64(&b, UINT64_MAX);
    assert_str(usher_buf_view(&b), "18446744073709551615");
}

static void test_what_follows_a_take_disturbs_nobody(void **state)
{
    (void)state;
    usher_buf b;
    usher_str out, again;

    usher_buf_init(&b, &kit_arena, 500);
    usher_buf_put(&b, USHER_STR("head"));
    assert_ok(usher_buf_take(&out, &b, NULL));
    char *other = usher_arena_get(&kit_arena, 64); /* where the trimmed tail was */
    memset(other, 'o', 64);
    for (int i = 0; i < 60; i++)
        usher_buf_put_char(&b, 'x');
    for (int i = 0; i < 64; i++)
        assert_int_equal(other[i], 'o');
    assert_str(out, "head");
    assert_ok(usher_buf_take(&again, &b, NULL));
    assert_int_equal(again.len, 64);
    assert_memory_equal(again.ptr, "headxxxx", 8);
}

static void test_a_buffer_may_be_put_into_itself(void **state)
{
    (void)state;
    usher_buf b;
    usher_str out;

    usher_buf_init(&b, &kit_arena, 4096);
    usher_buf_put(&b, USHER_STR("ab"));
    for (int i = 0; i < 10; i++)
        usher_buf_put(&b, usher_buf_view(&b));
    assert_ok(usher_buf_take(&out, &b, NULL));
    assert_int_equal(out.len, 2048);
    for (size_t i = 0; i < out.len; i++)
        assert_int_equal(out.ptr[i], i % 2 ? 'b' : 'a');
}

static void test_growing_is_linear(void **state)
{
    (void)state;
    usher_buf b;

    usher_buf_init(&b, &kit_arena, 100000);
    for (size_t i = 0; i < 100000; i++) {
        usher_buf_put_char(&b, 'x');
        assert_true(kit_arena.used <= 4 * i + 256); /* copies left behind included */
    }
}

static void test_every_allocation_may_fail(void **state)
{
    (void)state;
    bool failed;
    size_t n = 0;

    do {
        kit_alloc kit = {.fail_at = n, .from_then_on = n % 2};
        usher_allocator alloc = kit_allocator(&kit);
        usher_arena a;
        usher_buf b;
        usher_str out;
        usher_arena_init(&a, &alloc, 16, 1 << 20);
        usher_buf_init(&b, &a, 1 << 16);
        for (int i = 0; i < 4000; i++)
            usher_buf_put(&b, USHER_STR("0123456789"));
        usher_status rc = usher_buf_take(&out, &b, NULL);
        assert_int_equal(rc, kit.failed ? USHER_E_NOMEM : USHER_OK);
        assert_int_equal(out.len, kit.failed ? 0 : 40000);
        usher_arena_deinit(&a);
        assert_int_equal(kit.live, 0);
        failed = kit.failed;
        n++;
    } while (failed);
    assert_true(n > 3);
}

/* Whoever asks for room may have written more than counts in the end. */
static void test_what_is_given_back_is_wiped(void **state)
{
    usher_buf b;
    usher_str text;

    (void)state;
    usher_buf_init(&b, &kit_arena, 256);
    memset(usher_buf_room(&b, 64), 's', 64);
    usher_buf_wrote(&b, 3);
    const char *p = usher_buf_view(&b).ptr;
    assert_ok(usher_buf_take(&text, &b, NULL));
    assert_str(text, "sss");
    for (size_t i = 3; i < 64; i++)
        assert_int_equal(p[i], 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_puts_add_up, kit_arena_up, kit_arena_down),
        cmocka_unit_test_setup_teardown(test_nothing_put_is_empty_not_absent, kit_arena_up,
                                        kit_arena_down),
        cmocka_unit_test_setup_teardown(test_the_maximum_is_exact_and_failure_sticks, kit_arena_up,
                                        kit_arena_down),
        cmocka_unit_test_setup_teardown(test_huge_rooms_are_refused, kit_arena_up, kit_arena_down),
        cmocka_unit_test_setup_teardown(test_room_and_wrote, kit_arena_up, kit_arena_down),
        cmocka_unit_test_setup_teardown(test_numbers, kit_arena_up, kit_arena_down),
        cmocka_unit_test_setup_teardown(test_what_follows_a_take_disturbs_nobody, kit_arena_up,
                                        kit_arena_down),
        cmocka_unit_test_setup_teardown(test_a_buffer_may_be_put_into_itself, kit_arena_up,
                                        kit_arena_down),
        cmocka_unit_test_setup_teardown(test_growing_is_linear, kit_arena_up, kit_arena_down),
        cmocka_unit_test_setup_teardown(test_what_is_given_back_is_wiped, kit_arena_up,
                                        kit_arena_down),
        cmocka_unit_test(test_every_allocation_may_fail),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
