#include "session/chunks.h"
#include "session/rig.h"

static const char *const one[] = {"secret", NULL};

#define V4   &usher_profile_nextauth_4
#define V5   &usher_profile_authjs_5
#define NAME USHER_STR("s")

/* "s" is the session cookie's name, so that the rows can be read. */
static usher_session_cookie read_as(rig *r, const usher_profile *profile,
                                    usher_cookie_dialect dialect, usher_str header)
{
    usher_session_cookie c;

    assert_ok(usher_session_cookie_read(&c, &r->arena, profile, dialect, NAME, header, NULL));
    return c;
}

/* Joined values, measured with next-auth 4.24.15 and @auth/core 0.41.3 on Node 20.20.2. */
static void test_joined(void **state)
{
    static const struct {
        const char *header, *v4, *v5; /* v5 NULL: the same */
    } cases[] = {
        {"s=A", "A", NULL},
        {"s.0=A", "A", NULL},
        {"s.10=k; s.2=c; s.0=a; s.1=b", "abck", NULL},
        {"s.1=b; s.0=a", "ab", NULL},
        {"s.00=a; s.01=b", "ab", NULL},
        {"s.5=a; s.6=b", "ab", NULL},
        {"s.2=b; x=1; s.1=a; s.30=c", "abc", NULL},
        /* a name without number is equal to every other one */
        {"s=A; s.1=C; s.0=B", "ABC", NULL},
        {"s.1=C; s=A; s.0=B", "CAB", NULL},
        {"sZ=z; s=A", "zA", NULL},
        {"s=A; s-legacy=z", "Az", NULL},
        {"s.3=d; sx=n; s.2=c; sy=m; s.1=b; s.0=a", "dnacmb", NULL},
        {"s.4=A; s.3=C; s.2x=D; s.1=E; sq=F; s.0=G; s.6=H; s.5=I", "GEDCAFIH", NULL},
        {"s.5=a; s.4=b; sz=c; s.3=d; s.9=e; s=f; s.1=g; s.2=h; sy=i; s.0=j", "jdbacefghi", NULL},
        /* how a number is read */
        {"s.1x=b; s.0=a", "ab", NULL},
        {"s.-1=m; s.0=z", "mz", NULL},
        {"s.+1=q; s.0=p", "pq", NULL},
        {"s.1e3=a; s.2=b", "ab", NULL},
        {"s.0x10=P; s.9=n; s.17=Q", "nPQ", NULL},
        {"s.0x10=P; s.12=n", "nP", NULL},
        {"s.99999999999999999999=a; s.1=b", "ba", NULL},
        {"s.1.0=b; s.0.5=a; s.2=c", "bca", NULL},
        {"s.=x; s.1=y; s.0=z", "xzy", NULL},
        {"s.1=b; s.=a", "ba", "ab"},
        /* empty ones */
        {"s.0=a; s.1=; s.2=b", "ab", NULL},
        {"s=", "", NULL},
        {"s=; s.0=", "", NULL},
        {"", "", NULL},
        {"t=1; S=2", "", NULL},
        /* first of a name */
        {"s=A; s=B", "A", NULL},
        {"s.0=A; s.0=B; s.1=C", "AC", NULL},
        {"s=; s=B", "", NULL},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const char *v5 = cases[i].v5 ? cases[i].v5 : cases[i].v4;
        usher_str header = kit_str(cases[i].header);
        rig r;

        rig_open(&r, V4, one);
        assert_str(read_as(&r, V4, USHER_COOKIE_PACKAGE, header).value, cases[i].v4);
        assert_str(read_as(&r, V5, USHER_COOKIE_AUTHJS, header).value, v5);
        rig_close(&r);
    }
}

static void test_dialects(void **state)
{
    static const struct {
        usher_cookie_dialect dialect;
        const char *header, *value;
    } cases[] = {
        {USHER_COOKIE_NEXT_EDGE, "s=A; s=B", "B"}, /* the last of a name */
        {USHER_COOKIE_NEXT_EDGE, "s.0=A; s.1=C; s.0=B", "BC"},
        {USHER_COOKIE_NEXT_EDGE, "s=A; s=%zz", "A"}, /* a pair that is dropped does not overwrite */
        {USHER_COOKIE_NEXT_PAGES, "s=A; s=B", "A"},
        {USHER_COOKIE_PACKAGE, "s=\"A\"", "A"},
        {USHER_COOKIE_AUTHJS, "s=\"A\"", "\"A\""},
        {USHER_COOKIE_NEXT_EDGE, "s=\"A\"", "\"A\""},
        {USHER_COOKIE_AUTHJS, "s=%41%42", "AB"},
        {USHER_COOKIE_PACKAGE, "s=%41%zz", "%41%zz"},
        {USHER_COOKIE_NEXT_EDGE, "s=%41%zz", ""},
        {USHER_COOKIE_NEXT_EDGE, "s", "true"}, /* a name alone */
        {USHER_COOKIE_PACKAGE, "s", ""},
        {USHER_COOKIE_PACKAGE, " s = A ; t=1", "A"},
        {USHER_COOKIE_NEXT_EDGE, "s = A ; t=1", " A "},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        rig r;

        rig_open(&r, V4, one);
        assert_str(read_as(&r, V4, cases[i].dialect, kit_str(cases[i].header)).value,
                   cases[i].value);
        rig_close(&r);
    }
}

/* What was received, in order: what will have to be deleted. */
static void test_names(void **state)
{
    usher_session_cookie c;
    rig r;

    (void)state;
    rig_open(&r, V4, one);
    c = read_as(&r, V4, USHER_COOKIE_PACKAGE, USHER_STR("s.1=b; x=1; s.0=; s-old=c; s.1=z"));
    assert_int_equal(c.count, 3);
    assert_str(c.names[0], "s.1");
    assert_str(c.names[1], "s.0");
    assert_str(c.names[2], "s-old");
    c = read_as(&r, V5, USHER_COOKIE_AUTHJS, USHER_STR("s.1=b; x=1; s.0=; s-old=c; s.1=z"));
    assert_int_equal(c.count, 2); /* an empty one was not noticed there */
    assert_str(c.names[1], "s-old");
    rig_close(&r);
}

static void test_a_plain_cookie_is_not_copied(void **state)
{
    usher_str header = USHER_STR("a=1; s=token; s.0=");
    rig r;

    (void)state;
    rig_open(&r, V4, one);
    size_t calls = r.memory.calls;
    usher_session_cookie c = read_as(&r, V4, USHER_COOKIE_PACKAGE, header);
    assert_ptr_equal(c.value.ptr, header.ptr + 7);
    assert_int_equal(r.memory.calls, calls);
    rig_close(&r);
}

static void test_at_most_32(void **state)
{
    char header[1024];
    rig r;

    (void)state;
    rig_open(&r, V4, one);
    for (size_t n = 31; n < 40; n++) {
        size_t len = 0;

        for (size_t i = 0; i < n; i++)
            len += (size_t)snprintf(header + len, sizeof header - len, "s.%zu=x; ", i);
        usher_session_cookie c = read_as(&r, V4, USHER_COOKIE_PACKAGE, (usher_str){header, len});
        assert_int_equal(c.too_many, n > 32);
        assert_int_equal(c.value.len, n > 32 ? 0 : n);
        assert_int_equal(c.count, n > 32 ? 32 : n);
    }
    usher_session_cookie c;
    assert_int_equal(usher_session_cookie_read(&c, &r.arena, V4, USHER_COOKIE_PACKAGE,
                                               (usher_str){0}, USHER_STR("a=1"), NULL),
                     USHER_E_USAGE);
    rig_close(&r);
}

/* ---- writing ------------------------------------------------------------------------------- */

static const usher_session_cookie_attributes plain = {
    .name = USHER_STR_INIT("s"),
    .path = USHER_STR_INIT("/"),
    .same_site = USHER_SAME_SITE_LAX,
    .expires_s = INT64_C(1769817600),
};

#define SET "; Path=/; Expires=Sat, 31 Jan 2026 00:00:00 GMT; HttpOnly; SameSite=Lax"
#define DEL "=; Max-Age=0; Path=/; HttpOnly; SameSite=Lax"

static void test_written_lines(void **state)
{
    static const struct {
        const char *received, *token;
        const char *lines[5];
    } cases[] = {
        {"", "T", {"s=T" SET}},
        {"s=old", "T", {"s=T" SET}},
        {"s=old", "", {"s" DEL}},
        {"", "", {NULL}},
        {"s.1=b; s.0=a", "", {"s.1" DEL, "s.0" DEL}},
        {"s.0=a; s.1=b; s.2=c", "T", {"s.0" DEL, "s.1" DEL, "s.2" DEL, "s=T" SET}},
        {"s=fresh; s.0=; s.1=", "T", {"s=T" SET, "s.0" DEL, "s.1" DEL}},
        {"sX=1; s=old", "T", {"sX" DEL, "s=T" SET}},
        {"s.bak=1; other=2", "", {"s.bak" DEL}},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        usher_str *lines;
        size_t count;
        rig r;

        rig_open(&r, V4, one);
        usher_session_cookie received =
            read_as(&r, V4, USHER_COOKIE_PACKAGE, kit_str(cases[i].received));
        assert_ok(usher_session_cookie_write(&lines, &count, &r.arena, V4, &received, &plain,
                                             kit_str(cases[i].token), NULL));
        for (size_t k = 0; k < count; k++) {
            assert_non_null(cases[i].lines[k]);
            assert_str(lines[k], cases[i].lines[k]);
        }
        assert_null(cases[i].lines[count]);
        rig_close(&r);
    }
}

static void test_attributes(void **state)
{
    static const usher_session_cookie_attributes all = {
        .name = USHER_STR_INIT("__Secure-s"),
        .domain = USHER_STR_INIT("example.com"),
        .path = USHER_STR_INIT("/app"),
        .secure = true,
        .same_site = USHER_SAME_SITE_STRICT,
        .expires_s = INT64_C(1769817600),
    };
    usher_session_cookie received = {.names = {USHER_STR_INIT("__Secure-s.0")}, .count = 1};
    usher_str *lines;
    size_t count;
    rig r;

    (void)state;
    rig_open(&r, V5, one);
    assert_ok(usher_session_cookie_write(&lines, &count, &r.arena, V5, &received, &all,
                                         USHER_STR("T"), NULL));
    assert_int_equal(count, 2);
    assert_str(lines[0], "__Secure-s.0=; Max-Age=0; Domain=example.com; Path=/app; HttpOnly; "
                         "Secure; SameSite=Strict");
    assert_str(lines[1],
               "__Secure-s=T; Domain=example.com; Path=/app; "
               "Expires=Sat, 31 Jan 2026 00:00:00 GMT; HttpOnly; Secure; SameSite=Strict");
    rig_close(&r);
}

/* A received name that no Set-Cookie can hold does not hold up the rest. */
static void test_a_name_that_cannot_be_written(void **state)
{
    usher_session_cookie received = {.names = {USHER_STR_INIT("s.0 x\""), USHER_STR_INIT("s.1")},
                                     .count = 2};
    usher_str *lines;
    size_t count;
    rig r;

    (void)state;
    rig_open(&r, V4, one);
    assert_ok(usher_session_cookie_write(&lines, &count, &r.arena, V4, &received, &plain,
                                         USHER_STR(""), NULL));
    assert_int_equal(count, 1);
    assert_str(lines[0], "s.1" DEL);
    rig_close(&r);
}

/* The Cookie header that a browser sends after these lines: what is deleted is gone. */
static usher_str browser(rig *r, const usher_str *lines, size_t count)
{
    usher_buf b;
    usher_str header;

    usher_buf_init(&b, &r->arena, 1 << 20);
    for (size_t i = 0; i < count; i++) {
        usher_str rest, pair = usher_str_cut(lines[i], ';', &rest);
        if (usher_str_find(rest, USHER_STR("Max-Age=0")) != SIZE_MAX) continue;
        if (usher_buf_view(&b).len) usher_buf_put_z(&b, "; ");
        usher_buf_put(&b, pair);
    }
    assert_ok(usher_buf_take(&header, &b, NULL));
    return header;
}

static usher_str text_of(rig *r, size_t len)
{
    static const char alphabet[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.";
    char *p = usher_arena_get(&r->arena, len);

    assert_non_null(p);
    for (size_t i = 0; i < len; i++)
        p[i] = alphabet[kit_next(&r->random.seed) % 65];
    return (usher_str){p, len};
}

/* read(write(x)) = x for every size around each boundary, whatever was there before. */
static void test_round_trip(void **state)
{
    static const char *const before[] = {"", "s=old", "s.0=a; s.1=b; s.2=c; s.3=d; s.40=e; sQ=f"};

    (void)state;
    for (size_t p = 0; usher_profile_at(p); p++) {
        const usher_profile *profile = usher_profile_at(p);
        size_t max = profile->chunk_max;

        for (size_t n = 1; n <= 33; n += n < 4 ? 1 : 7)
            for (size_t len = max * n - 2; len <= max * n + 2; len++) {
                usher_session_cookie got, received;
                usher_str *lines;
                size_t count, chunks = len / max + (len % max != 0);
                rig r;

                rig_open(&r, profile, one);
                usher_str token = text_of(&r, len);
                received = read_as(&r, profile, profile->dialect, kit_str(before[len % 3]));
                usher_status rc = usher_session_cookie_write(&lines, &count, &r.arena, profile,
                                                             &received, &plain, token, NULL);
                if (chunks > USHER_CHUNKS_MAX) {
                    assert_int_equal(rc, USHER_E_LIMIT);
                    assert_int_equal(count, 0); /* the old session stays */
                } else {
                    assert_ok(rc);
                    for (size_t i = 0; i < count; i++) {
                        usher_str rest, pair = usher_str_cut(lines[i], ';', &rest), value;
                        usher_str_cut(pair, '=', &value);
                        assert_true(value.len <= max);
                    }
                    got = read_as(&r, profile, profile->dialect, browser(&r, lines, count));
                    assert_true(usher_str_eq(got.value, token));
                    assert_int_equal(got.count, chunks);
                }
                rig_close(&r);
            }
    }
}

/* Sealed, cut, joined, opened: and no bit of it may change. */
static void test_a_chunked_session(void **state)
{
    (void)state;
    for (size_t p = 0; usher_profile_at(p); p++) {
        const usher_profile *profile = usher_profile_at(p);
        usher_session_cookie none = {0}, got;
        usher_str *lines;
        size_t count, accepted = 0;
        char claims[5000] = "{\"b\":\"";
        rig r;

        rig_open(&r, profile, one);
        memset(claims + 6, 'x', 4000);
        memcpy(claims + 4006, "\"}", 2);
        usher_str token = rig_seal(&r, USHER_FOR_SESSION, (usher_str){claims, 4008}, 60);
        assert_ok(usher_session_cookie_write(&lines, &count, &r.arena, profile, &none, &plain,
                                             token, NULL));
        assert_int_equal(count, 2);
        usher_str header = browser(&r, lines, count);
        char *copy = malloc(header.len);
        assert_non_null(copy);
        memcpy(copy, header.ptr, header.len);
        for (size_t bit = 0; bit < header.len * 8; bit += bit < 400 ? 1 : 13) {
            copy[bit / 8] = (char)(copy[bit / 8] ^ (1 << bit % 8));
            got = read_as(&r, profile, profile->dialect, (usher_str){copy, header.len});
            /* a flip in a name or between the pairs may leave the value whole: only values count */
            if (got.value.len && !usher_str_eq(got.value, token))
                accepted += rig_opens(&r, USHER_FOR_SESSION, got.value);
            copy[bit / 8] = (char)(copy[bit / 8] ^ (1 << bit % 8));
        }
        assert_int_equal(accepted, 0);
        for (size_t len = 0; len < header.len; len += 37) {
            got = read_as(&r, profile, profile->dialect, (usher_str){copy, len});
            assert_false(rig_opens(&r, USHER_FOR_SESSION, got.value));
        }
        got = read_as(&r, profile, profile->dialect, (usher_str){copy, header.len});
        assert_true(rig_opens(&r, USHER_FOR_SESSION, got.value)); /* control */
        free(copy);
        rig_close(&r);
    }
}

static usher_status read_and_write(const usher_allocator *alloc)
{
    usher_session_cookie c;
    usher_arena a;
    usher_str *lines;
    size_t count;
    usher_status rc;

    usher_arena_init(&a, alloc, 16, 1 << 20);
    if (!(rc = usher_session_cookie_read(&c, &a, V4, USHER_COOKIE_PACKAGE, NAME,
                                         USHER_STR("s.1=%41; s.0=x; s.2=y"), NULL)))
        rc = usher_session_cookie_write(&lines, &count, &a, V4, &c, &plain, c.value, NULL);
    usher_arena_deinit(&a);
    return rc;
}

static void test_every_allocation_may_fail(void **state)
{
    kit_alloc memory = {.failed = true};
    usher_allocator alloc = kit_allocator(&memory);
    size_t n = 0;

    (void)state;
    for (; memory.failed; n++) {
        memory = (kit_alloc){.fail_at = n};
        usher_status rc = read_and_write(&alloc);
        assert_int_equal(rc, memory.failed ? USHER_E_NOMEM : USHER_OK);
        assert_int_equal(memory.live, 0);
    }
    assert_true(n > 2); /* a plain arena asks its allocator a few times only */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_joined),
        cmocka_unit_test(test_dialects),
        cmocka_unit_test(test_names),
        cmocka_unit_test(test_a_plain_cookie_is_not_copied),
        cmocka_unit_test(test_at_most_32),
        cmocka_unit_test(test_written_lines),
        cmocka_unit_test(test_attributes),
        cmocka_unit_test(test_a_name_that_cannot_be_written),
        cmocka_unit_test(test_round_trip),
        cmocka_unit_test(test_a_chunked_session),
        cmocka_unit_test(test_every_allocation_may_fail),
    };

    kit_crypto_install();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
