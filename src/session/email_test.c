#include "session/email.h"
#include "tests/kit/kit.h"

static const struct {
    const char *text, *v4, *v5; /* NULL: no address */
} cases[] = {
    {"Reader@Example.com", "reader@example.com", "reader@example.com"},
    {"  a@b.example ", "a@b.example", "a@b.example"},
    {"\xc2\xa0"
     "a@b.example\xe2\x80\x8a\xef\xbb\xbf\t\n",
     "a@b.example", "a@b.example"},
    {"a@localhost", NULL, "a@localhost"},
    {"a@b.example,c", "a@b.example", "a@b.example"},
    {"a@b.example, c", "a@b.example", "a@b.example"},
    {"a@b,c.example", NULL, "a@b"},
    {"a,b@c.example", "a,b@c.example", "a,b@c.example"},
    {"a+tag@b.example", "a+tag@b.example", "a+tag@b.example"},
    /* the full-width at-sign is one, and so it may not come twice */
    {"a\xef\xbc\xa0"
     "b.example",
     "a@b.example", "a@b.example"},
    {"a@x.example\xef\xbc\xa0"
     "evil.example",
     NULL, NULL},
    {"\xef\xbd\x81"
     "bc@b.example",
     "abc@b.example", "abc@b.example"},
    /* capital sharp s, dotted capital I, angstrom sign, fi ligature, roman four */
    {"STRA\xe1\xba\x9e"
     "E\xc4\xb0@b.example",
     "stra\xc3\x9f"
     "ei\xcc\x87@b.example",
     "stra\xc3\x9f"
     "ei\xcc\x87@b.example"},
    {"\xe2\x84\xab\xef\xac\x81\xe2\x85\xa3@b.example",
     "\xc3\xa5"
     "fiiv@b.example",
     "\xc3\xa5"
     "fiiv@b.example"},
    /* composed from two, and a sigma at the end of a word, in it, and alone */
    {"U\xcc\x88@b.example", "\xc3\xbc@b.example", "\xc3\xbc@b.example"},
    {"\xce\x91\xce\xa3@b.example", "\xce\xb1\xcf\x82@b.example", "\xce\xb1\xcf\x82@b.example"},
    {"\xce\x91\xce\xa3'\xce\x91@b.example", "\xce\xb1\xcf\x83'\xce\xb1@b.example",
     "\xce\xb1\xcf\x83'\xce\xb1@b.example"},
    {"\xce\x91'\xce\xa3'@b.example", "\xce\xb1'\xcf\x82'@b.example",
     "\xce\xb1'\xcf\x82'@b.example"},
    {"\xce\xa3@b.example", "\xcf\x83@b.example", "\xcf\x83@b.example"},
    {"a@b\xc3\xbc"
     "cher.example",
     "a@b\xc3\xbc"
     "cher.example",
     "a@b\xc3\xbc"
     "cher.example"},
    {"", NULL, NULL},
    {" ", NULL, NULL},
    {"@", NULL, NULL},
    {"a@", NULL, NULL},
    {"a@,b", NULL, NULL},
    {"@b.example", NULL, NULL},
    {"ab.example", NULL, NULL},
    {"a@b@c.example", NULL, NULL},
    {"a@b.example,c@d.example", NULL, NULL},
    {"\"a@x\"@b.example", NULL, NULL},
    {"a\"b@c.example", NULL, NULL},
    {"a\xef\xbc\x82"
     "b@c.example",
     NULL, NULL}, /* a full-width quote */
    /* ours: nothing that a header or a list of addresses could break at */
    {"a b@c.example", NULL, NULL},
    {"a\xe3\x80\x80"
     "b@c.example",
     NULL, NULL},
    {"a\nb@c.example", NULL, NULL},
    {"a@b.example\nX-Header: y", NULL, NULL},
    {"a\x7f@b.example", NULL, NULL},
    {"a\xc2\x85@b.example", NULL, NULL},
    {"a\xff@b.example", NULL, NULL},
    {"a@b.example\xc3", NULL, NULL},
};

static void check(usher_arena *a, const char *text, bool dotted, const char *expected)
{
    usher_str out, again;

    assert_ok(usher_email_read(&out, a, kit_str(text), dotted, NULL));
    if (!expected != !out.ptr) fail_msg("%s: %.*s", text, (int)out.len, out.ptr ? out.ptr : "");
    if (!expected) return;
    assert_str(out, expected);
    assert_ok(usher_email_read(&again, a, out, dotted, NULL));
    assert_str(again, expected);
}

static void test_addresses(void **state)
{
    usher_arena a;

    (void)state;
    usher_arena_init(&a, usher_allocator_default(), 4096, 1 << 20);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        check(&a, cases[i].text, true, cases[i].v4);
        check(&a, cases[i].text, false, cases[i].v5);
    }
    usher_arena_deinit(&a);
}

static void test_nul_and_absent(void **state)
{
    usher_arena a;
    usher_str out;

    (void)state;
    usher_arena_init(&a, usher_allocator_default(), 4096, 1 << 20);
    assert_ok(usher_email_read(&out, &a, (usher_str){"a\0@b.example", 12}, true, NULL));
    assert_null(out.ptr);
    assert_ok(usher_email_read(&out, &a, (usher_str){0}, true, NULL));
    assert_null(out.ptr);
    usher_arena_deinit(&a);
}

/* Every length up to past the bound; and the letter that folds into the most others. */
static void test_bounds(void **state)
{
    char text[USHER_EMAIL_MAX + 8];
    usher_arena a;
    usher_str out;

    (void)state;
    usher_arena_init(&a, usher_allocator_default(), 4096, 1 << 20);
    memset(text, 'A', sizeof text);
    memcpy(text, "x@y.z", 5);
    for (size_t len = 5; len <= sizeof text; len++) {
        assert_ok(usher_email_read(&out, &a, (usher_str){text, len}, true, NULL));
        assert_int_equal(out.len, len <= USHER_EMAIL_MAX ? len : 0);
        usher_arena_reset(&a);
    }
    for (size_t i = 6; i + 3 <= USHER_EMAIL_MAX; i += 3)
        memcpy(text + i, "\xef\xb7\xbb", 3); /* U+FDFB, eight letters, one of them a space */
    assert_ok(usher_email_read(&out, &a, (usher_str){text, 6 + 3 * 300}, true, NULL));
    assert_null(out.ptr);
    usher_arena_deinit(&a);
}

static void test_every_allocation_fails_in_turn(void **state)
{
    kit_alloc memory = {.failed = true};

    (void)state;
    for (size_t n = 0; memory.failed; n++) {
        memory = (kit_alloc){.fail_at = n};
        usher_allocator from = kit_allocator(&memory);
        usher_arena a;
        usher_str out;
        usher_arena_init(&a, &from, 16, 1 << 20);
        usher_status rc = usher_email_read(&out, &a, USHER_STR("Reader@Example.com"), true, NULL);
        assert_int_equal(rc, memory.failed ? USHER_E_NOMEM : USHER_OK);
        assert_int_equal(!out.ptr, memory.failed);
        usher_arena_deinit(&a);
        assert_int_equal(memory.live, 0);
        assert_true(n || memory.failed);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_addresses),
        cmocka_unit_test(test_nul_and_absent),
        cmocka_unit_test(test_bounds),
        cmocka_unit_test(test_every_allocation_fails_in_turn),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
