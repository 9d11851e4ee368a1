#include "session/auth0_rig.h"

static void test_defaults(void **state)
{
    usher_auth0_options o;

    (void)state;
    usher_auth0_options_init(&o);
    assert_str(o.cookie_name, "__session");
    assert_str(o.path, "/");
    assert_int_equal(o.domain.len, 0);
    assert_true(o.secure && o.rolling && o.parallel_transactions);
    assert_false(o.transient || o.as_original);
    assert_int_equal(o.same_site, USHER_SAME_SITE_LAX);
    assert_int_equal(o.absolute_s, 3 * 24 * 3600);
    assert_int_equal(o.inactivity_s, 24 * 3600);
    assert_str(o.transaction_prefix, "__txn_");
    assert_int_equal(o.transaction_max_age_s, 3600);
    assert_int_equal(o.tenant.len, 0);
}

static void test_numbers_in_names(void **state)
{
    static const struct {
        const char *cookie, *name, *separator;
        bool is_piece;
        size_t number;
    } cases[] = {
        {"s__0", "s", "__", true, 0},     {"s__17", "s", "__", true, 17},
        {"s__007", "s", "__", true, 7},   {"s__99999999999999999999999", "s", "__", true, SIZE_MAX},
        {"s", "s", "__", false, 0},       {"s__", "s", "__", false, 0},
        {"s__x", "s", "__", false, 0},    {"s__0a", "s", "__", false, 0},
        {"s__-1", "s", "__", false, 0},   {"s_1", "s", "__", false, 0},
        {"ss__1", "s", "__", false, 0},   {"s.1", "s", "__", false, 0},
        {"s.1", "s", ".", true, 1},       {"s..1", "s", ".", false, 0},
        {"__FC_3", "", "__FC_", true, 3}, {"__FCx", "", "__FC_", false, 0},
        {"", "s", "__", false, 0},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        size_t number = 1;

        assert_int_equal(usher_auth0_piece(&number, kit_str(cases[i].cookie),
                                           kit_str(cases[i].name), kit_str(cases[i].separator)),
                         cases[i].is_piece);
        assert_int_equal(number, cases[i].number);
    }
}

/* The rules of the original, vector by vector. "-" stands for an absent value. */
static void test_values(void **state)
{
    static const struct {
        const char *header, *value;
        bool incomplete;
    } cases[] = {
        {"", "-", false},
        {"a=b", "-", false},
        {"s=v", "v", false},
        {"a=b;s=v;c=d", "v", false},
        {"s=", "-", false},
        {"s", "true", false},
        {"s =v", "-", false},
        {"S=v", "-", false},
        {"s=1; s=2", "2", false},   /* the last wins */
        {"s=1; s=%zz", "1", false}, /* a broken one did not come */
        {"s=%zz", "-", false},
        {"s=a%2Eb", "a.b", false},
        {"s=\"v\"", "\"v\"", false}, /* quotes are kept */
        {"s__0=a", "a", false},
        {"s__0=a; s__1=b; s__2=c", "abc", false},
        {"s__2=c; s__1=b; s__0=a", "abc", false},
        {"s__10=k; s__0=a; s__1=b; s__2=c; s__3=d; s__4=e; s__5=f; s__6=g; s__7=h; s__8=i; s__9=j",
         "abcdefghijk", false},
        {"s__00=a; s__01=b", "ab", false},
        {"s__0=a; s__00=b", "-", true}, /* two, but the highest is 0 */
        {"s__0=a; s__2=c", "-", true},
        {"s__1=b", "-", true},
        {"s__0=a; s__99999999999999999999=b", "-", true},
        {"s__0=a; s__1=", "a", false}, /* an empty piece counts */
        {"s=v; s__0=a", "v", false},   /* the plain one wins */
        {"s=v; s__5=a", "v", false},
        {"s=; s__0=a", "a", false}, /* unless it is empty */
        {"s__0=a; s__x=b; s__0a=c; ss=d; s_1=e; s.1=f", "a", false},
        {"s__0=a; s__1=b; s__1=c", "ac", false},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        usher_auth0_value v;
        a0 t;

        a0_open(&t);
        t.options.cookie_name = USHER_STR("s");
        assert_ok(
            usher_auth0_jar_read(&t.jar, &t.r.arena, &t.options, kit_str(cases[i].header), NULL));
        assert_ok(usher_auth0_jar_value(&v, &t.r.arena, &t.jar, t.options.cookie_name,
                                        USHER_STR("__"), NULL));
        assert_int_equal(v.incomplete, cases[i].incomplete);
        assert_false(v.too_many);
        if (strcmp(cases[i].value, "-") == 0)
            assert_int_equal(v.value.len, 0);
        else
            assert_str(v.value, cases[i].value);
        a0_close(&t);
    }
}

static void test_what_a_jar_takes(void **state)
{
    a0 t;

    (void)state;
    a0_open(&t);
    assert_ok(usher_auth0_jar_read(
        &t.jar, &t.r.arena, &t.options,
        USHER_STR("a=1; appSession=2; __txn_x=3; __FC_0=4; __session=5; __FCx=6; appSession.7=7; "
                  "appSession__0=8; __session__3=9; __session.1=10; theme=11; __FC_0=12"),
        NULL));
    assert_int_equal(t.jar.count, 5);
    assert_str(t.jar.items[0].name, "appSession");
    assert_str(t.jar.items[1].name, "__FC_0"); /* its place is the first one's */
    assert_str(t.jar.items[1].value, "12");
    assert_str(t.jar.items[2].name, "__session");
    assert_str(t.jar.items[3].name, "appSession.7");
    assert_str(t.jar.items[4].name, "__session__3");
    assert_int_equal(usher_auth0_pieces_end(&t.jar, USHER_STR("appSession"), USHER_STR(".")), 8);
    assert_int_equal(usher_auth0_pieces_end(&t.jar, USHER_STR("none"), USHER_STR(".")), 0);
    assert_null(usher_auth0_jar_get(&t.jar, USHER_STR("__txn_x")));
    assert_str(usher_auth0_jar_get(&t.jar, USHER_STR("__session"))->value, "5");
    assert_ok(usher_auth0_jar_read_transactions(
        &t.jar, &t.r.arena, &t.options, USHER_STR("a=1; __txn_x=3%3A4; __txn_=5; _txn_=6"), NULL));
    assert_int_equal(t.jar.count, 2);
    assert_str(t.jar.items[0].value, "3:4");
    assert_str(t.jar.items[1].name, "__txn_");
    a0_close(&t);
}

static usher_str many(a0 *t, const char *stem, size_t count)
{
    usher_buf b;
    usher_str header;

    usher_buf_init(&b, &t->r.arena, 1 << 16);
    for (size_t i = 0; i < count; i++) {
        usher_buf_put_z(&b, stem);
        usher_buf_put_u64(&b, i);
        usher_buf_put_z(&b, "=v; ");
    }
    assert_ok(usher_buf_take(&header, &b, NULL));
    return header;
}

static void test_bounds(void **state)
{
    static const struct {
        size_t pieces;
        bool too_many;
    } cases[] = {{USHER_CHUNKS_MAX, false}, {USHER_CHUNKS_MAX + 1, true}, {128, true}};
    usher_auth0_value v;
    a0 t;

    (void)state;
    a0_open(&t);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        assert_ok(usher_auth0_jar_read(&t.jar, &t.r.arena, &t.options,
                                       many(&t, "__session__", cases[i].pieces), NULL));
        assert_false(t.jar.too_many);
        assert_ok(usher_auth0_jar_value(&v, &t.r.arena, &t.jar, t.options.cookie_name,
                                        t.options.names->chunk, NULL));
        assert_int_equal(v.too_many, cases[i].too_many);
        assert_int_equal(v.value.len, cases[i].too_many ? 0 : USHER_CHUNKS_MAX);
    }
    assert_ok(usher_auth0_jar_read(&t.jar, &t.r.arena, &t.options,
                                   many(&t, "__FC_", USHER_AUTH0_COOKIES_MAX + 1), NULL));
    assert_true(t.jar.too_many);
    assert_int_equal(t.jar.count, USHER_AUTH0_COOKIES_MAX);
    t.options.cookie_name.len = 0;
    assert_int_equal(usher_auth0_jar_read(&t.jar, &t.r.arena, &t.options, USHER_STR("a=b"), NULL),
                     USHER_E_USAGE);
    a0_close(&t);
}

static void test_lines(void **state)
{
    static const struct {
        usher_auth0_attributes at;
        const char *put, *gone;
    } cases[] = {
        {{.path = USHER_STR_INIT("/"),
          .secure = true,
          .same_site = USHER_SAME_SITE_LAX,
          .has_max_age = true,
          .max_age_s = 86400,
          .now_s = RIG_NOW},
         "n=a%3Ab; Path=/; Expires=Fri, 02 Jan 2026 00:00:00 GMT; Max-Age=86400; Secure; HttpOnly; "
         "SameSite=lax",
         "n=; Path=/; Max-Age=0; Secure; HttpOnly; SameSite=lax"},
        {{.path = USHER_STR_INIT("/app"),
          .domain = USHER_STR_INIT("example.com"),
          .same_site = USHER_SAME_SITE_STRICT},
         "n=a%3Ab; Path=/app; Domain=example.com; HttpOnly; SameSite=strict",
         "n=; Path=/app; Max-Age=0; Domain=example.com; HttpOnly; SameSite=strict"},
        {{.same_site = USHER_SAME_SITE_NONE, .has_max_age = true, .now_s = RIG_NOW},
         "n=a%3Ab; Max-Age=0; HttpOnly; SameSite=none",
         "n=; Max-Age=0; HttpOnly; SameSite=none"},
        {{.has_max_age = true, .max_age_s = 1, .now_s = -1},
         "n=a%3Ab; Expires=Thu, 01 Jan 1970 00:00:00 GMT; Max-Age=1; HttpOnly",
         "n=; Max-Age=0; HttpOnly"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        usher_auth0_lines lines = {.count = 0};
        a0 t;

        a0_open(&t);
        assert_ok(usher_auth0_lines_put(&lines, &t.r.arena, USHER_STR("n"), USHER_STR("a:b"),
                                        &cases[i].at, NULL));
        assert_ok(usher_auth0_lines_delete(&lines, &t.r.arena, USHER_STR("n"), &cases[i].at, NULL));
        assert_int_equal(lines.count, 2);
        assert_str(lines.items[0], cases[i].put);
        assert_str(lines.items[1], cases[i].gone);
        a0_close(&t);
    }
}

static void test_lines_refused(void **state)
{
    static const struct {
        const char *name;
        usher_auth0_attributes at;
        size_t before;
        usher_status status;
    } cases[] = {
        {"n", {.path = USHER_STR_INIT("/")}, 0, USHER_OK},
        {"a b", {.path = USHER_STR_INIT("/")}, 0, USHER_E_USAGE},
        {"n", {.path = USHER_STR_INIT("x")}, 0, USHER_E_USAGE},
        {"n", {.path = USHER_STR_INIT("/"), .domain = USHER_STR_INIT("a;b")}, 0, USHER_E_USAGE},
        {"n", {.max_age_s = INT64_MAX, .now_s = 1}, 0, USHER_E_USAGE},
        {"n", {.path = USHER_STR_INIT("/")}, USHER_AUTH0_LINES_MAX, USHER_E_LIMIT},
    };
    static usher_auth0_lines lines;
    a0 t;

    (void)state;
    a0_open(&t);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        lines.count = cases[i].before;
        assert_int_equal(usher_auth0_lines_put(&lines, &t.r.arena, kit_str(cases[i].name),
                                               USHER_STR("v"), &cases[i].at, NULL),
                         cases[i].status);
        assert_int_equal(lines.count, cases[i].before + (cases[i].status == USHER_OK));
    }
    a0_close(&t);
}

/* One reading and writing that allocates at every step. */
static usher_status read_and_write(const usher_allocator *alloc)
{
    usher_auth0_attributes at = {.path = USHER_STR_INIT("/")};
    usher_auth0_lines lines = {.count = 0};
    usher_auth0_options o;
    usher_auth0_jar jar;
    usher_auth0_value v;
    usher_arena a;
    usher_status rc;

    usher_auth0_options_init(&o);
    usher_arena_init(&a, alloc, 256, RIG_LIMIT);
    if ((rc = usher_auth0_jar_read(&jar, &a, &o, USHER_STR("__session__0=%41; __session__1=%42"),
                                   NULL)) == USHER_OK &&
        (rc = usher_auth0_jar_value(&v, &a, &jar, o.cookie_name, o.names->chunk, NULL)) == USHER_OK)
        rc = usher_auth0_lines_put(&lines, &a, o.cookie_name, v.value, &at, NULL);
    if (rc) assert_int_equal(lines.count, 0);
    usher_arena_deinit(&a);
    return rc;
}

static void test_every_allocation_may_fail(void **state)
{
    kit_alloc memory;
    size_t n = 0;

    (void)state;
    do {
        memory = (kit_alloc){.fail_at = n++};
        usher_allocator alloc = kit_allocator(&memory);
        usher_status rc = read_and_write(&alloc);
        assert_int_equal(rc, memory.failed ? USHER_E_NOMEM : USHER_OK);
        assert_int_equal(memory.live, 0);
    } while (memory.failed);
    assert_true(n > 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_defaults),      cmocka_unit_test(test_numbers_in_names),
        cmocka_unit_test(test_values),        cmocka_unit_test(test_what_a_jar_takes),
        cmocka_unit_test(test_bounds),        cmocka_unit_test(test_lines),
        cmocka_unit_test(test_lines_refused), cmocka_unit_test(test_every_allocation_may_fail),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
