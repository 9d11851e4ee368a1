#include "tests/kit/kit.h"

#include "oauth/userprofile.h"

static usher_json_object claims_of(const char *json)
{
    usher_json_object claims;

    assert_ok(usher_json_read_object(&claims, &kit_arena, kit_str(json),
                                     &usher_json_limits_document, NULL));
    return claims;
}

static const struct {
    const char *name, *json, *id, *person, *email, *image; /* NULL: absent */
} rows[] = {
    {"everything",
     "{\"sub\":\"1\",\"name\":\"Ann\",\"nickname\":\"A\",\"email\":\"a@b.c\",\"picture\":\"https://"
     "p/1\"}",
     "1", "Ann", "a@b.c", "https://p/1"},
    {"the subject only", "{\"sub\":\"1\"}", "1", NULL, NULL, NULL},
    {"nickname", "{\"sub\":\"1\",\"preferred_username\":\"p\",\"nickname\":\"A\"}", "1", "A", NULL,
     NULL},
    {"preferred_username", "{\"sub\":\"1\",\"preferred_username\":\"p\"}", "1", "p", NULL, NULL},
    {"null counts as absent", "{\"sub\":\"1\",\"name\":null,\"nickname\":\"A\",\"email\":null}",
     "1", "A", NULL, NULL},
    {"an empty name is a name", "{\"sub\":\"1\",\"name\":\"\",\"nickname\":\"A\"}", "1", "", NULL,
     NULL},
    {"other types are left out",
     "{\"sub\":\"1\",\"name\":{\"x\":1},\"email\":[\"a@b.c\"],\"picture\":7}", "1", NULL, NULL,
     NULL},
    {"escapes", "{\"sub\":\"1\",\"name\":\"A\\u00e9\\\"\"}", "1", "A\xc3\xa9\"", NULL, NULL},
    {"a lone surrogate", "{\"sub\":\"1\",\"name\":\"\\ud83d\"}", "1", "\xef\xbf\xbd", NULL, NULL},
};

static void assert_value(usher_str actual, const char *expected)
{
    if (!expected)
        assert_null(actual.ptr);
    else
        assert_str(actual, expected);
}

static void test_profiles(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        usher_json_object claims = claims_of(rows[i].json);
        usher_userprofile p;

        assert_ok(usher_userprofile_read(&p, &kit_arena, &claims, NULL));
        assert_value(p.id, rows[i].id);
        assert_value(p.name, rows[i].person);
        assert_value(p.email, rows[i].email);
        assert_value(p.image, rows[i].image);
    }
}

static void test_without_a_subject(void **state)
{
    static const char *const jsons[] = {"{}", "{\"sub\":\"\"}", "{\"sub\":1}",
                                        "{\"sub\":null,\"name\":\"A\"}"};

    (void)state;
    for (size_t i = 0; i < sizeof jsons / sizeof *jsons; i++) {
        usher_json_object claims = claims_of(jsons[i]);
        usher_userprofile p;

        assert_int_equal(usher_userprofile_read(&p, &kit_arena, &claims, NULL), USHER_E_SYNTAX);
        assert_null(p.name.ptr);
    }
}

static void test_bound_of_texts(void **state)
{
    static char json[5000];

    (void)state;
    for (int more = 0; more < 2; more++) {
        char text[2050];
        usher_userprofile p;

        memset(text, 'x', sizeof text);
        text[2048 + more] = 0;
        snprintf(json, sizeof json,
                 "{\"sub\":\"1\",\"picture\":\"%s\",\"nickname\":\"n\",\"name\":\"%s\"}", text,
                 text);
        usher_json_object claims = claims_of(json);
        assert_ok(usher_userprofile_read(&p, &kit_arena, &claims, NULL));
        assert_int_equal(p.image.len, more ? 0 : 2048);
        assert_int_equal(p.name.len, more ? 1 : 2048);
    }
}

static void test_every_allocation_may_fail(void **state)
{
    kit_alloc ours;
    size_t n = 0;

    (void)state;
    do {
        ours = (kit_alloc){.fail_at = n++};
        usher_allocator alloc = kit_allocator(&ours);
        usher_json_object claims =
            claims_of("{\"sub\":\"\\u0031\",\"name\":\"\\u0041\",\"email\":\"\\u0041\"}");
        usher_arena a;
        usher_userprofile p;
        usher_arena_init(&a, &alloc, 8, 1 << 20);
        usher_status rc = usher_userprofile_read(&p, &a, &claims, NULL);
        assert_int_equal(rc, ours.failed ? USHER_E_NOMEM : USHER_OK);
        assert_true((p.id.ptr != NULL) == (rc == USHER_OK));
        usher_arena_deinit(&a);
        assert_int_equal(ours.live, 0);
    } while (ours.failed);
    assert_true(n > 1);
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, kit_arena_up, kit_arena_down)
    const struct CMUnitTest tests[] = {
        TEST(test_profiles),
        TEST(test_without_a_subject),
        TEST(test_bound_of_texts),
        TEST(test_every_allocation_may_fail),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
