#include "session/auth0_rig.h"

#define ATTRIBUTES                                                                                 \
    "; Path=/; Expires=Fri, 02 Jan 2026 00:00:00 GMT; Max-Age=86400; Secure; HttpOnly; "           \
    "SameSite=lax"
#define GONE  "=; Path=/; Max-Age=0; Secure; HttpOnly; SameSite=lax"
#define SWEPT "__session__0 __session__1 __session__2 __session__3 __session__4"

static void test_max_age(void **state)
{
    static const struct {
        bool rolling;
        int64_t absolute_s, inactivity_s, age_s;
        int64_t ours, original;
    } cases[] = {
        {true, 259200, 86400, 0, 86400, 86400},
        {true, 259200, 86400, 172800, 86400, 86400},
        {true, 259200, 86400, 172801, 86399, 86399},
        {true, 259200, 86400, 250000, 9200, 9200},
        {true, 259200, 86400, 259199, 1, 1},
        {true, 259200, 86400, 259200, 0, 0},
        {true, 259200, 86400, 999999, 0, 0},
        {true, 1000, 86400, 100, 900, 900},
        {true, 259200, 86400, -500, 86400, 86400},
        {true, 1000, 86400, -500, 1000, 1500}, /* created later than now */
        {false, 1000, 50, 900, 100, 1000},     /* the original starts anew */
        {false, 1000, 50, 2000, 0, 1000},
        {false, 1000, 50, -500, 1000, 1000},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        usher_auth0_options o;
        double created = (double)(RIG_NOW - cases[i].age_s);

        usher_auth0_options_init(&o);
        o.rolling = cases[i].rolling;
        o.absolute_s = cases[i].absolute_s;
        o.inactivity_s = cases[i].inactivity_s;
        assert_int_equal(usher_auth0_max_age(&o, created, RIG_NOW), cases[i].ours);
        o.as_original = true;
        assert_int_equal(usher_auth0_max_age(&o, created, RIG_NOW), cases[i].original);
    }
}

static void test_max_age_of_odd_times(void **state)
{
    static const double odd[] = {-1e300, 1e300, 1767225600.7, 0.0};
    usher_auth0_options o;

    (void)state;
    usher_auth0_options_init(&o);
    for (size_t i = 0; i < sizeof odd / sizeof *odd; i++) {
        int64_t age = usher_auth0_max_age(&o, odd[i], RIG_NOW);
        assert_true(age >= 0 && age <= o.inactivity_s);
    }
}

/* ---- rolling -----------------------------------------------------------------------------------
 */

static void roll(a0 *t, usher_auth0_lines *lines, usher_str *token)
{
    usher_auth0_session s;
    usher_cause cause;

    assert_int_equal(a0_judge(t, &s, &cause), USHER_SESSION_VALID);
    assert_ok(usher_auth0_session_write(lines, token, &t->c, &t->jar, &s, t->r.entropy, NULL));
}

static usher_str opened(a0 *t, usher_str token)
{
    usher_claims claims;
    usher_cause cause;

    assert_int_equal(rig_judge(&t->r, USHER_FOR_SESSION, token, RIG_NOW, &cause, &claims),
                     USHER_SESSION_VALID);
    return claims.text;
}

/* The names of the lines, in order: those that are set, then those that are deleted, as "a b|c d".
 */
static void check_names(const usher_auth0_lines *lines, const char *expected)
{
    char text[4096];
    size_t len = 0;

    for (unsigned gone = 0; gone < 2; gone++) {
        bool first = true;

        for (size_t i = 0; i < lines->count; i++) {
            usher_str rest, name = usher_str_cut(lines->items[i], '=', &rest);

            if (a0_is_deletion(lines->items[i]) != gone) continue;
            len += (size_t)snprintf(text + len, sizeof text - len, "%s%.*s", first ? "" : " ",
                                    (int)name.len, name.ptr);
            first = false;
        }
        if (!gone) text[len++] = '|';
    }
    text[len] = 0;
    assert_string_equal(text, expected);
}

static void test_payload_of_a_renewal(void **state)
{
    static const struct {
        const char *before, *after;
    } cases[] = {
        {A0_SESSION, "{" A0_USER "," A0_TOKENS "," A0_MADE ",\"exp\":1767312000}"},
        {"{" A0_EXP "," A0_USER "," A0_TOKENS "," A0_MADE "}",
         "{\"exp\":1767312000," A0_USER "," A0_TOKENS "," A0_MADE "}"},
        {"{" A0_USER "," A0_TOKENS "," A0_MADE "}",
         "{" A0_USER "," A0_TOKENS "," A0_MADE ",\"exp\":1767312000}"},
        /* what we do not know comes back byte for byte */
        {"{" A0_USER "," A0_TOKENS "," A0_MADE
         ",\"n\":1.50e+1,\"s\":\"\\ud83d\\/\",\"__proto__\":{ \"x\" : [ 1 ] }," A0_EXP "}",
         "{" A0_USER "," A0_TOKENS "," A0_MADE
         ",\"n\":1.50e+1,\"s\":\"\\ud83d\\/\",\"__proto__\":{ \"x\" : [ 1 ] },\"exp\":1767312000}"},
        {"{" A0_USER "," A0_TOKENS "," A0_MADE ",\"connectionTokenSets\":[" A0_SET "]," A0_EXP "}",
         "{" A0_USER "," A0_TOKENS "," A0_MADE ",\"exp\":1767312000}"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        usher_auth0_lines lines;
        usher_str token;
        a0 t;

        a0_open(&t);
        a0_cookie(&t, "__session", a0_seal(&t, cases[i].before));
        roll(&t, &lines, &token);
        assert_true(usher_str_starts(token, USHER_STR("eyJlbmMiOiJBMjU2R0NNIiwiYWxnIjoiZGlyIn0.")));
        assert_str(opened(&t, token), cases[i].after);
        a0_close(&t);
    }
}

static void test_lines_of_a_renewal(void **state)
{
    usher_auth0_lines lines;
    usher_str token;
    a0 t;

    (void)state;
    a0_open(&t);
    a0_cookie(&t, "__session", a0_seal(&t, A0_SESSION));
    roll(&t, &lines, &token);
    check_names(&lines, "__session|" SWEPT);
    assert_true(usher_str_ends(lines.items[0], USHER_STR(ATTRIBUTES)));
    assert_int_equal(lines.items[0].len, strlen("__session=") + token.len + strlen(ATTRIBUTES));
    assert_str(lines.items[1], "__session__0" GONE);
    a0_close(&t);
}

#define WITH_SETS "{" A0_USER "," A0_TOKENS "," A0_MADE ",\"connectionTokenSets\":[" A0_SET "]}"

/* What travels with the session, and what has to go: 'S' stands for a session, 'I' for one with a
 * token set inside, 'L' for version 3's, 'F' for a token set. */
static void test_names_of_a_renewal(void **state)
{
    static const struct {
        const char *name, *header, *names;
    } cases[] = {
        {"__session", "__session=S; __session__0=x; __session__7=x",
         "__session|" SWEPT " __session__5 __session__6 __session__7"},
        {"__session", "__session=S; __session__99999999999=x",
         "__session|" SWEPT
         " __session__5 __session__6 __session__7 __session__8 __session__9 __session__10"
         " __session__11 __session__12 __session__13 __session__14 __session__15 __session__16"
         " __session__17 __session__18 __session__19 __session__20 __session__21 __session__22"
         " __session__23 __session__24 __session__25 __session__26 __session__27 __session__28"
         " __session__29 __session__30 __session__31 __session__99999999999"},
        {"__session", "__FC_0=F; __FC_5=F; __session=S; __FC_2=x",
         "__session __FC_0 __FC_1|" SWEPT " __FC_5 __FC_2"},
        {"__session", "__session=S; __FC_3=x; __FCx=x", "__session|" SWEPT " __FC_3"},
        {"__session", "appSession=L", "__session|" SWEPT " appSession"},
        {"__session", "appSession=L; appSession.4=x; appSession.0=x",
         "__session|" SWEPT " appSession appSession.4 appSession.0"},
        {"__session", "__session=S; appSession.1=x", "__session|" SWEPT}, /* no value: as it was */
        {"__session", "__session=S; appSession=x", "__session|" SWEPT " appSession"},
        {"appSession", "appSession=S",
         "appSession|appSession__0 appSession__1 appSession__2 appSession__3 appSession__4"},
        {"appSession", "appSession=L; appSession.0=x",
         "appSession|appSession__0 appSession__1 appSession__2 appSession__3 appSession__4"
         " appSession.0"},
        {"s", "s=S", "s|s__0 s__1 s__2 s__3 s__4"},
        {"__session", "__session=I; __FC_1=x", "__session __FC_0|" SWEPT " __FC_1"},
        {"__session", "__session=S; __session__32=x; __session__2=x",
         "__session|" SWEPT
         " __session__5 __session__6 __session__7 __session__8 __session__9 __session__10"
         " __session__11 __session__12 __session__13 __session__14 __session__15 __session__16"
         " __session__17 __session__18 __session__19 __session__20 __session__21 __session__22"
         " __session__23 __session__24 __session__25 __session__26 __session__27 __session__28"
         " __session__29 __session__30 __session__31 __session__32"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        usher_auth0_lines lines;
        usher_str token, header;
        usher_buf b;
        a0 t;

        a0_open(&t);
        t.options.cookie_name = kit_str(cases[i].name);
        usher_buf_init(&b, &t.r.arena, 1 << 16);
        for (const char *p = cases[i].header; *p; p++) {
            bool value = *p == '=';

            usher_buf_put_char(&b, *p);
            if (!value) continue;
            p++;
            usher_buf_put(&b, *p == 'S'   ? a0_seal(&t, A0_SESSION)
                              : *p == 'I' ? a0_seal(&t, WITH_SETS)
                              : *p == 'F' ? a0_seal(&t, A0_SET)
                              : *p == 'L' ? a0_seal_under(&t, A0_V3_HEADER, A0_V3)
                                          : USHER_STR("x"));
        }
        assert_ok(usher_buf_take(&header, &b, NULL));
        assert_ok(usher_auth0_jar_read(&t.jar, &t.r.arena, &t.options, header, NULL));
        roll(&t, &lines, &token);
        check_names(&lines, cases[i].names);
        a0_close(&t);
    }
}

static void test_transient(void **state)
{
    static const struct {
        bool original;
        bool set_has_max_age;
    } cases[] = {{false, false}, {true, true}};

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        static const char *const names[] = {"__session", "__FC_0"};
        usher_auth0_lines lines;
        usher_str token;
        a0 t;

        a0_open(&t);
        t.options.transient = true;
        t.options.as_original = cases[i].original;
        usher_str values[] = {a0_seal(&t, A0_SESSION), a0_seal(&t, A0_SET)};
        assert_ok(usher_auth0_jar_read(&t.jar, &t.r.arena, &t.options,
                                       a0_header(&t, names, values, 2), NULL));
        roll(&t, &lines, &token);
        assert_true(
            usher_str_ends(lines.items[0], USHER_STR("; Path=/; Secure; HttpOnly; SameSite=lax")));
        assert_int_equal(usher_str_find(lines.items[0], USHER_STR("Max-Age")), SIZE_MAX);
        assert_true(usher_str_starts(lines.items[6], USHER_STR("__FC_0=")));
        assert_int_equal(usher_str_find(lines.items[6], USHER_STR("Max-Age")) != SIZE_MAX,
                         cases[i].set_has_max_age);
        assert_true(usher_str_find(opened(&t, token), USHER_STR("\"exp\":1767312000")) != SIZE_MAX);
        a0_close(&t);
    }
}

/* ---- sizes -------------------------------------------------------------------------------------
 */

/* A session whose token has exactly so many characters. */
static usher_str session_of_size(a0 *t, size_t token_size, usher_auth0_session *s)
{
    static const char start[] = "{" A0_USER "," A0_TOKENS "," A0_MADE "," A0_EXP ",\"pad\":\"";
    size_t plain = (token_size - 81) * 3 / 4, used = sizeof start - 1 + 2;
    char *text = usher_arena_get(&t->r.arena, plain);
    usher_cause cause;

    assert_non_null(text);
    memcpy(text, start, sizeof start - 1);
    memset(text + sizeof start - 1, 'p', plain - used);
    memcpy(text + plain - 2, "\"}", 2);
    usher_str token = rig_seal_raw(&t->r, &t->r.keys.keys[USHER_FOR_SESSION][0][0],
                                   USHER_STR(A0_HEADER), (usher_str){text, plain});
    t->jar.items[0] = (usher_cookie){USHER_STR("__session"), token};
    t->jar.count = 1;
    assert_int_equal(a0_judge(t, s, &cause), USHER_SESSION_VALID);
    return token;
}

static void test_every_size_around_a_boundary_comes_back(void **state)
{
    static const size_t boundaries[] = {3500, 7000, 10500, 14000, 21000, 35000, 70000, 108500};

    (void)state;
    for (size_t i = 0; i < sizeof boundaries / sizeof *boundaries; i++)
        for (size_t size = boundaries[i] - 3; size <= boundaries[i] + 3; size++) {
            usher_auth0_session s, again;
            usher_auth0_lines lines;
            usher_str token, old;
            usher_cause cause;
            a0 t;

            a0_open(&t);
            old = session_of_size(&t, size, &s);
            assert_ok(
                usher_auth0_session_write(&lines, &token, &t.c, &t.jar, &s, t.r.entropy, NULL));
            assert_int_equal(token.len, old.len);
            size_t pieces = token.len <= 3500 ? 0 : (token.len + 3499) / 3500;
            a0_browse(&t, &lines);
            assert_int_equal(t.jar.count, pieces ? pieces : 1);
            assert_int_equal(a0_judge(&t, &again, &cause), USHER_SESSION_VALID);
            assert_int_equal(again.json.len, s.json.len);
            a0_close(&t);
        }
}

static void test_shrinking_and_growing(void **state)
{
    static const size_t sizes[] = {1000, 30000, 3500, 3502, 90000, 500, 7001, 111999, 600};
    usher_auth0_session s;
    usher_auth0_lines lines;
    usher_str token;
    usher_cause cause;
    a0 t;

    (void)state;
    a0_open(&t);
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        usher_auth0_jar before = t.jar;

        session_of_size(&t, sizes[i], &s);
        if (i) t.jar = before;
        assert_ok(usher_auth0_session_write(&lines, &token, &t.c, &t.jar, &s, t.r.entropy, NULL));
        a0_browse(&t, &lines);
        assert_int_equal(a0_judge(&t, &s, &cause), USHER_SESSION_VALID);
        assert_int_equal(t.jar.count, token.len > 3500 ? (token.len + 3499) / 3500 : 1);
    }
    a0_close(&t);
}

static void test_what_would_not_be_read_is_not_written(void **state)
{
    usher_auth0_session s;
    usher_auth0_lines lines;
    usher_str token;
    a0 t;

    (void)state;
    a0_open(&t);
    session_of_size(&t, 112000, &s); /* 32 pieces */
    assert_ok(usher_auth0_session_write(&lines, &token, &t.c, &t.jar, &s, t.r.entropy, NULL));
    session_of_size(&t, 112004, &s);
    assert_int_equal(usher_auth0_session_write(&lines, &token, &t.c, &t.jar, &s, t.r.entropy, NULL),
                     USHER_E_LIMIT);
    assert_int_equal(lines.count, 0);
    assert_null(token.ptr);
    a0_close(&t);
}

/* ---- stored ------------------------------------------------------------------------------------
 */

static void test_id_cookie(void **state)
{
    static const struct {
        const char *cookie, *name, *names;
        bool transient, original, has_max_age;
    } cases[] = {
        {"__session", "__session", "__session|", false, false, true},
        {"appSession", "__session", "__session|appSession", false, false, true},
        {"appSession", "appSession", "appSession|", false, false, true},
        {"__session", "__session", "__session|", true, false, false},
        {"__session", "__session", "__session|", true, true, true},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        usher_auth0_session s = {.has_created = true, .created_s = (double)RIG_NOW - 60};
        usher_auth0_lines lines;
        usher_auth0_id id;
        usher_verdict verdict;
        usher_cause cause;
        usher_str token;
        a0 t;

        a0_open(&t);
        t.options.cookie_name = kit_str(cases[i].name);
        t.options.transient = cases[i].transient;
        t.options.as_original = cases[i].original;
        a0_cookie(&t, cases[i].cookie, a0_seal(&t, A0_ID));
        assert_ok(usher_auth0_id_write(&lines, &token, &t.c, &t.jar,
                                       USHER_STR("00112233445566778899aabbccddeeff"), &s,
                                       t.r.entropy, NULL));
        check_names(&lines, cases[i].names);
        assert_int_equal(token.len, 159);
        assert_str(opened(&t, token),
                   "{\"id\":\"00112233445566778899aabbccddeeff\",\"exp\":1767312000}");
        assert_int_equal(usher_str_find(lines.items[0], USHER_STR("Max-Age=86400")) != SIZE_MAX,
                         cases[i].has_max_age);
        a0_browse(&t, &lines);
        assert_ok(usher_auth0_id_open(&id, &verdict, &cause, &t.c, &t.jar, NULL));
        assert_int_equal(verdict, USHER_SESSION_VALID);
        assert_str(id.id, "00112233445566778899aabbccddeeff");
        a0_close(&t);
    }
}

static void test_new_ids(void **state)
{
    kit_random random = {.seed = 1, .fail_at = SIZE_MAX};
    char one[32], other[32];

    (void)state;
    assert_ok(usher_auth0_id_new(one, kit_entropy(&random), NULL));
    assert_ok(usher_auth0_id_new(other, kit_entropy(&random), NULL));
    assert_memory_not_equal(one, other, 32);
    for (size_t i = 0; i < 32; i++)
        assert_true((one[i] >= '0' && one[i] <= '9') || (one[i] >= 'a' && one[i] <= 'f'));
    random.fail_at = 0;
    random.calls = 0;
    assert_int_equal(usher_auth0_id_new(one, kit_entropy(&random), NULL), USHER_E_CRYPTO);
    for (size_t i = 0; i < 32; i++)
        assert_int_equal(one[i], '0');
}

/* ---- ending ------------------------------------------------------------------------------------
 */

static void test_clear(void **state)
{
    static const struct {
        const char *header, *names;
    } cases[] = {
        {"", "|__session " SWEPT},
        {"__session=x", "|__session " SWEPT},
        {"__session__6=x", "|__session " SWEPT " __session__5 __session__6"},
        {"__session=x; __FC_1=x; __FC_0=x", "|__session " SWEPT " __FC_1 __FC_0"},
        {"appSession=x; appSession.0=x", "|__session " SWEPT " appSession appSession.0"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        usher_auth0_lines lines;
        a0 t;

        a0_open(&t);
        t.options.transient = true; /* a deletion has its Max-Age all the same */
        assert_ok(
            usher_auth0_jar_read(&t.jar, &t.r.arena, &t.options, kit_str(cases[i].header), NULL));
        assert_ok(usher_auth0_session_clear(&lines, &t.c, &t.jar, NULL));
        check_names(&lines, cases[i].names);
        a0_browse(&t, &lines);
        assert_int_equal(t.jar.count, 0);
        a0_close(&t);
    }
}

/* ---- what goes wrong ----------------------------------------------------------------------------
 */

static void test_misuse(void **state)
{
    usher_auth0_session s = {.has_created = false};
    usher_auth0_lines lines;
    usher_str token;
    a0 t;

    (void)state;
    a0_open(&t);
    assert_int_equal(usher_auth0_session_write(&lines, &token, &t.c, &t.jar, &s, t.r.entropy, NULL),
                     USHER_E_USAGE);
    assert_int_equal(
        usher_auth0_id_write(&lines, &token, &t.c, &t.jar, USHER_STR("x"), &s, t.r.entropy, NULL),
        USHER_E_USAGE);
    s.has_created = true;
    assert_int_equal(
        usher_auth0_id_write(&lines, &token, &t.c, &t.jar, USHER_STR(""), &s, t.r.entropy, NULL),
        USHER_E_USAGE);
    t.c.now_s = INT64_MAX;
    s.created_s = 9.3e18;
    assert_int_equal(usher_auth0_session_write(&lines, &token, &t.c, &t.jar, &s, t.r.entropy, NULL),
                     USHER_E_USAGE);
    assert_int_equal(lines.count, 0);
    a0_close(&t);
}

static void test_entropy_may_fail(void **state)
{
    static const char *const names[] = {"__session", "__FC_0"};
    usher_auth0_session s;
    usher_auth0_lines lines;
    usher_cause cause;
    usher_str token;
    a0 t;

    (void)state;
    a0_open(&t);
    usher_str values[] = {a0_seal(&t, A0_SESSION), a0_seal(&t, A0_SET)};
    assert_ok(usher_auth0_jar_read(&t.jar, &t.r.arena, &t.options, a0_header(&t, names, values, 2),
                                   NULL));
    assert_int_equal(a0_judge(&t, &s, &cause), USHER_SESSION_VALID);
    for (size_t n = 0; n < 3; n++) { /* one IV for each of the two tokens */
        t.r.random = (kit_random){.seed = 1, .fail_at = n};
        assert_int_equal(
            usher_auth0_session_write(&lines, &token, &t.c, &t.jar, &s, t.r.entropy, NULL),
            n < 2 ? USHER_E_CRYPTO : USHER_OK);
        assert_int_equal(lines.count, n < 2 ? 0 : 7);
        assert_int_equal(token.ptr == NULL, n < 2);
    }
    a0_close(&t);
}

static void test_every_allocation_may_fail(void **state)
{
    static const char *const names[] = {"__session", "__FC_0", "__FC_4", "appSession"};
    kit_alloc memory;
    size_t n = 0;
    a0 t;

    (void)state;
    a0_open(&t);
    usher_auth0_session s;
    usher_cause cause;
    usher_str values[] = {a0_seal(&t, A0_SESSION), a0_seal(&t, A0_SET), USHER_STR("x"),
                          USHER_STR("x")};
    assert_ok(usher_auth0_jar_read(&t.jar, &t.r.arena, &t.options, a0_header(&t, names, values, 4),
                                   NULL));
    assert_int_equal(a0_judge(&t, &s, &cause), USHER_SESSION_VALID);
    do {
        usher_auth0_lines lines;
        usher_auth0_context c = t.c;
        usher_arena a;
        usher_str token;

        memory = (kit_alloc){.fail_at = n++};
        usher_allocator alloc = kit_allocator(&memory);
        usher_arena_init(&a, &alloc, 64, RIG_LIMIT);
        c.arena = &a;
        usher_status rc =
            usher_auth0_session_write(&lines, &token, &c, &t.jar, &s, t.r.entropy, NULL);
        assert_int_equal(lines.count, rc ? 0 : 9);
        if (rc == USHER_OK)
            rc = usher_auth0_id_write(&lines, &token, &c, &t.jar, USHER_STR("id"), &s, t.r.entropy,
                                      NULL);
        if (rc == USHER_OK) rc = usher_auth0_session_clear(&lines, &c, &t.jar, NULL);
        assert_int_equal(rc, memory.failed ? USHER_E_NOMEM : USHER_OK);
        usher_arena_deinit(&a);
        assert_int_equal(memory.live, 0);
    } while (memory.failed);
    assert_true(n > 1);
    a0_close(&t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_max_age),
        cmocka_unit_test(test_max_age_of_odd_times),
        cmocka_unit_test(test_payload_of_a_renewal),
        cmocka_unit_test(test_lines_of_a_renewal),
        cmocka_unit_test(test_names_of_a_renewal),
        cmocka_unit_test(test_transient),
        cmocka_unit_test(test_every_size_around_a_boundary_comes_back),
        cmocka_unit_test(test_shrinking_and_growing),
        cmocka_unit_test(test_what_would_not_be_read_is_not_written),
        cmocka_unit_test(test_id_cookie),
        cmocka_unit_test(test_new_ids),
        cmocka_unit_test(test_clear),
        cmocka_unit_test(test_misuse),
        cmocka_unit_test(test_entropy_may_fail),
        cmocka_unit_test(test_every_allocation_may_fail),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
