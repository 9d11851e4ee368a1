#include "tests/kit/kit.h"

#include "base/buf.h"
#include "base/str.h"
#include "wire/form.h"

static usher_str listed(usher_str text)
{
    usher_form form;
    usher_buf b;
    usher_str out;

    assert_ok(usher_form_read(&form, &kit_arena, text, NULL));
    usher_buf_init(&b, &kit_arena, 1 << 16);
    for (size_t i = 0; i < form.count; i++) {
        if (i) usher_buf_put_char(&b, '|');
        usher_buf_put(&b, form.pairs[i].name);
        usher_buf_put_char(&b, '>');
        usher_buf_put(&b, form.pairs[i].value);
    }
    assert_ok(usher_buf_take(&out, &b, NULL));
    return out;
}

/* Checked by hand against URLSearchParams of Node 20: [...new URLSearchParams(text)]. */
static void test_read(void **state)
{
    static const struct {
        const char *text, *pairs;
    } cases[] = {
        {"", ""},
        {"a=1&b=2", "a>1|b>2"},
        {"a=1&a=2", "a>1|a>2"},
        {"&&a=1&&&", "a>1"},
        {"a", "a>"},
        {"=", ">"},
        {"=1", ">1"},
        {"a=b=c", "a>b=c"},
        {"a+b=c+d", "a b>c d"},
        {"a%20b=%26%3D%2B", "a b>&=+"},
        {"a=%zz&b=%&c=%4", "a>%zz|b>%|c>%4"},
        {"a=%C3%A9&b=\xc3\xa9", "a>\xc3\xa9|b>\xc3\xa9"},
        {"a=%ff", "a>\xef\xbf\xbd"},
        {"a=\xff", "a>\xef\xbf\xbd"},
        {"a=1;b=2", "a>1;b=2"}, /* ';' separates nothing */
        {"?a=1", "?a>1"},       /* the caller has cut the '?' off */
        {"callbackUrl=%2Fx%3Fa%3Db%2520c&csrfToken=ab", "callbackUrl>/x?a=b%20c|csrfToken>ab"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        assert_str(listed(kit_str(cases[i].text)), cases[i].pairs);
    assert_str(listed((usher_str){0}), "");
    usher_str with_nul = listed(USHER_STR("a=%00b"));
    assert_memory_equal(with_nul.ptr, "a>\0b", 4);
    assert_int_equal(with_nul.len, 4);
}

static void test_look_up(void **state)
{
    usher_form form;

    (void)state;
    assert_ok(usher_form_read(&form, &kit_arena, USHER_STR("a=1&b&a=2&c=3"), NULL));
    assert_str(usher_form_first(&form, USHER_STR("a")), "1");
    assert_str(usher_form_last(&form, USHER_STR("a")), "2");
    assert_str(usher_form_last(&form, USHER_STR("c")), "3");
    assert_int_equal(usher_form_count(&form, USHER_STR("a")), 2);
    assert_int_equal(usher_form_count(&form, USHER_STR("A")), 0);
    assert_non_null(usher_form_first(&form, USHER_STR("b")).ptr); /* there, and empty */
    assert_int_equal(usher_form_first(&form, USHER_STR("b")).len, 0);
    assert_null(usher_form_first(&form, USHER_STR("d")).ptr);
    assert_null(usher_form_last(&form, USHER_STR("d")).ptr);
    assert_null(usher_form_first(&(usher_form){0}, USHER_STR("a")).ptr);
}

static void test_views_where_nothing_is_encoded(void **state)
{
    usher_form form;
    usher_str text = USHER_STR("ab=cd&e=%66");

    (void)state;
    assert_ok(usher_form_read(&form, &kit_arena, text, NULL));
    assert_ptr_equal(form.pairs[0].name.ptr, text.ptr);
    assert_ptr_equal(form.pairs[0].value.ptr, text.ptr + 3);
    assert_str(form.pairs[1].value, "f");
}

static void test_bound(void **state)
{
    char text[2 * USHER_FORM_PAIRS_MAX + 2];
    usher_form form;
    usher_error err;

    (void)state;
    for (size_t i = 0; i < sizeof text; i++)
        text[i] = i % 2 ? '&' : 'a';
    assert_ok(usher_form_read(&form, &kit_arena, (usher_str){text, sizeof text - 2}, NULL));
    assert_int_equal(form.count, USHER_FORM_PAIRS_MAX);
    assert_int_equal(usher_form_read(&form, &kit_arena, (usher_str){text, sizeof text}, &err),
                     USHER_E_LIMIT);
    assert_int_equal(err.status, USHER_E_LIMIT);
    assert_null(form.pairs);
    assert_int_equal(form.count, 0);
}

static void test_put(void **state)
{
    static const struct {
        const char *before, *name, *value, *after;
    } cases[] = {
        {"", "a", "1", "a=1"},
        {"a=1", "b", "2", "a=1&b=2"},
        {"/x?", "a", "1", "/x?a=1"},
        {"/x?z=1&", "a", "1", "/x?z=1&a=1"},
        {"", "", "", "="},
        {"", "a b", "c&d=e+f/\xc3\xa9~*", "a+b=c%26d%3De%2Bf%2F%C3%A9%7E*"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        usher_buf b;
        usher_str out;
        usher_buf_init(&b, &kit_arena, 1000);
        usher_buf_put_z(&b, cases[i].before);
        usher_form_put(&b, kit_str(cases[i].name), kit_str(cases[i].value));
        assert_ok(usher_buf_take(&out, &b, NULL));
        assert_str(out, cases[i].after);
    }
}

/* What is put comes back, whatever valid text it is. */
static void test_round_trip(void **state)
{
    uint64_t seed = 11;

    (void)state;
    for (size_t round = 0; round < 300; round++) {
        char raw[24];
        size_t len = kit_next(&seed) % sizeof raw;
        for (size_t i = 0; i < len; i++)
            raw[i] = (char)(kit_next(&seed) & 0x7f);
        usher_str name = {raw, len / 2}, value = {raw + len / 2, len - len / 2}, text;
        usher_form form;
        usher_buf b;
        usher_buf_init(&b, &kit_arena, 1000);
        usher_form_put(&b, name, value);
        usher_form_put(&b, value, name);
        assert_ok(usher_buf_take(&text, &b, NULL));
        assert_ok(usher_form_read(&form, &kit_arena, text, NULL));
        assert_int_equal(form.count, 2);
        assert_true(usher_str_eq(form.pairs[0].name, name));
        assert_true(usher_str_eq(form.pairs[0].value, value));
        assert_true(usher_str_eq(form.pairs[1].name, value));
        usher_arena_reset(&kit_arena);
    }
}

static void test_every_allocation_fails_in_turn(void **state)
{
    kit_alloc memory = {.failed = true};

    (void)state;
    for (size_t n = 0; memory.failed; n++) {
        memory = (kit_alloc){.fail_at = n};
        usher_allocator from = kit_allocator(&memory);
        usher_arena a;
        usher_form form;
        usher_arena_init(&a, &from, 64, 1 << 20);
        usher_status rc = usher_form_read(&form, &a, USHER_STR("a=%41&b+c=%ff%ff"), NULL);
        assert_int_equal(rc, memory.failed ? USHER_E_NOMEM : USHER_OK);
        assert_int_equal(form.count, memory.failed ? 0 : 2);
        usher_arena_deinit(&a);
        assert_int_equal(memory.live, 0);
        assert_true(n || memory.failed);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_read, kit_arena_up, kit_arena_down),
        cmocka_unit_test_setup_teardown(test_look_up, kit_arena_up, kit_arena_down),
        cmocka_unit_test_setup_teardown(test_views_where_nothing_is_encoded, kit_arena_up,
                                        kit_arena_down),
        cmocka_unit_test_setup_teardown(test_bound, kit_arena_up, kit_arena_down),
        cmocka_unit_test_setup_teardown(test_put, kit_arena_up, kit_arena_down),
        cmocka_unit_test_setup_teardown(test_round_trip, kit_arena_up, kit_arena_down),
        cmocka_unit_test(test_every_allocation_fails_in_turn),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
