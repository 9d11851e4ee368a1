#include "session/auth0_rig.h"

#define SPEC_TRANSACTION                                                                           \
    "eyJlbmMiOiJBMjU2R0NNIiwiYWxnIjoiZGlyIn0..AAECAwQFBgcICQoL."                                   \
    "XTdA_LNiiS1emT4DkP8631cw8ZuKLbLJk6vjPRXuTa5RfCz_s52Z_kTToUVjNizBDt3NVA_5kxk0YEAVBzuiNCs4lSsZ" \
    "RxnF9PgjMFaPGgDhuKMfRsZgvOI40RqOjjSR648G03Dqwc5evkWPgz1uX9cPc3A.SNz0iSOIrqn1xFflLm7HQw"

static void transactions(a0 *t, const char *name, usher_str value)
{
    assert_ok(usher_auth0_jar_read_transactions(&t->jar, &t->r.arena, &t->options,
                                                a0_header(t, &name, &value, 1), NULL));
}

static usher_auth0_callback open_for(a0 *t, const char *state, usher_auth0_transaction *tx,
                                     usher_cause *cause)
{
    usher_auth0_callback answer;

    assert_ok(
        usher_auth0_transaction_open(tx, &answer, cause, &t->c, &t->jar, kit_str(state), NULL));
    assert_int_equal(answer == USHER_AUTH0_TRANSACTION_FOUND, tx->state.ptr != NULL);
    assert_int_equal(answer == USHER_AUTH0_TRANSACTION_FOUND, *cause == USHER_CAUSE_NONE);
    return answer;
}

static void test_the_original_s(void **state)
{
    static const char *const forms[] = {SPEC_TRANSACTION, "1700000000%3A" SPEC_TRANSACTION,
                                        "1700000000:" SPEC_TRANSACTION, "0:" SPEC_TRANSACTION};
    usher_auth0_transaction tx;
    usher_cause cause;
    a0 t;

    (void)state;
    a0_open(&t);
    for (size_t i = 0; i < sizeof forms / sizeof *forms; i++) {
        transactions(&t, "__txn_ST", kit_str(forms[i]));
        assert_int_equal(open_for(&t, "ST", &tx, &cause), USHER_AUTH0_TRANSACTION_FOUND);
        assert_str(tx.state, "ST");
        assert_str(tx.nonce, "N");
        assert_str(tx.code_verifier, "V");
        assert_str(tx.return_to, "/");
        assert_str(tx.scope, "openid");
        assert_null(tx.audience.ptr);
        assert_false(tx.connect || tx.has_max_age);
    }
    a0_close(&t);
}

/* The value is "<prefix><token of plain>". */
static void test_what_is_found(void **state)
{
    static const struct {
        const char *name, *prefix, *plain, *state;
        usher_auth0_callback answer;
    } cases[] = {
        {"__txn_ST", "1:", A0_TRANSACTION, "ST", USHER_AUTH0_TRANSACTION_FOUND},
        {"__txn_ST", "", A0_TRANSACTION, "ST", USHER_AUTH0_TRANSACTION_FOUND},
        {"__txn_ST", "1:2:", A0_TRANSACTION, "ST", USHER_AUTH0_STATE_INVALID},
        /* the original cuts at the colon whatever precedes it */
        {"__txn_ST", "hello:", A0_TRANSACTION, "ST", USHER_AUTH0_STATE_INVALID},
        {"__txn_ST", ":", A0_TRANSACTION, "ST", USHER_AUTH0_STATE_INVALID},
        {"__txn_ST", "-1:", A0_TRANSACTION, "ST", USHER_AUTH0_STATE_INVALID},
        {"__txn_ST", "1:", A0_TRANSACTION, "S", USHER_AUTH0_STATE_INVALID},
        {"__txn_ST", "1:", A0_TRANSACTION, "", USHER_AUTH0_STATE_MISSING},
        {"__txn_", "1:", A0_TRANSACTION, "ST", USHER_AUTH0_STATE_INVALID},
        {"__txn_XX", "1:", A0_TRANSACTION, "XX", USHER_AUTH0_STATE_FOREIGN},
        {"__txn_ST", "1:", A0_SESSION, "ST", USHER_AUTH0_STATE_FOREIGN},
        {"__txn_ST", "1:", "{\"state\":\"ST\",\"codeVerifier\":\"V\"}", "ST",
         USHER_AUTH0_STATE_FOREIGN}, /* no responseType */
        {"__txn_ST", "1:", "{\"state\":\"ST\",\"codeVerifier\":\"V\",\"responseType\":\"token\"}",
         "ST", USHER_AUTH0_STATE_FOREIGN},
        {"__txn_ST",
         "1:", "{\"state\":\"ST\",\"codeVerifier\":\"V\",\"responseType\":\"connect_code\"}", "ST",
         USHER_AUTH0_TRANSACTION_FOUND},
        {"__txn_ST", "1:", "{\"state\":\"ST\",\"responseType\":\"code\"}", "ST",
         USHER_AUTH0_STATE_FOREIGN}, /* no verifier: the original goes on without */
        {"__txn_ST", "1:", "{\"state\":\"ST\",\"codeVerifier\":\"\",\"responseType\":\"code\"}",
         "ST", USHER_AUTH0_STATE_FOREIGN},
        {"__txn_ST",
         "1:", "{\"state\":\"ST\",\"codeVerifier\":\"V\",\"responseType\":\"code\",\"returnTo\":5}",
         "ST", USHER_AUTH0_STATE_FOREIGN},
        {"__txn_ST",
         "1:", "{\"state\":\"ST\",\"codeVerifier\":\"V\",\"responseType\":\"code\",\"maxAge\":-1}",
         "ST", USHER_AUTH0_STATE_FOREIGN},
        {"__txn_ST", "1:",
         "{\"state\":\"ST\",\"codeVerifier\":\"V\",\"responseType\":\"code\",\"maxAge\":\"1\"}",
         "ST", USHER_AUTH0_STATE_FOREIGN},
        {"__txn_ST", "1:", "{\"state\":5,\"codeVerifier\":\"V\",\"responseType\":\"code\"}", "ST",
         USHER_AUTH0_STATE_FOREIGN},
        /* 15 s of tolerance */
        {"__txn_ST", "1:",
         "{\"state\":\"ST\",\"codeVerifier\":\"V\",\"responseType\":\"code\",\"exp\":1767225586}",
         "ST", USHER_AUTH0_TRANSACTION_FOUND},
        {"__txn_ST", "1:",
         "{\"state\":\"ST\",\"codeVerifier\":\"V\",\"responseType\":\"code\",\"exp\":1767225585}",
         "ST", USHER_AUTH0_STATE_INVALID},
        {"__txn_ST", "1:", "[]", "ST", USHER_AUTH0_STATE_INVALID},
    };
    static const char *const messages[] = {NULL, "The state parameter is missing.",
                                           "The state parameter is invalid.",
                                           "An error occurred during the authorization flow."};

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        usher_auth0_transaction tx;
        usher_cause cause;
        usher_str value;
        usher_buf b;
        a0 t;

        a0_open(&t);
        usher_buf_init(&b, &t.r.arena, 4096);
        usher_buf_put_z(&b, cases[i].prefix);
        usher_buf_put(&b, a0_seal(&t, cases[i].plain));
        assert_ok(usher_buf_take(&value, &b, NULL));
        transactions(&t, cases[i].name, value);
        usher_auth0_callback answer = open_for(&t, cases[i].state, &tx, &cause);
        assert_int_equal(answer, cases[i].answer);
        if (messages[answer])
            assert_string_equal(usher_auth0_callback_message(answer), messages[answer]);
        else
            assert_null(usher_auth0_callback_message(answer));
        a0_close(&t);
    }
}

static void test_one_cookie_for_all(void **state)
{
    usher_auth0_transaction tx;
    usher_cause cause;
    a0 t;

    (void)state;
    a0_open(&t);
    t.options.parallel_transactions = false;
    t.options.transaction_prefix = USHER_STR("login_");
    transactions(&t, "login_", a0_seal(&t, A0_TRANSACTION));
    assert_int_equal(open_for(&t, "ST", &tx, &cause), USHER_AUTH0_TRANSACTION_FOUND);
    assert_int_equal(open_for(&t, "older", &tx, &cause), USHER_AUTH0_STATE_FOREIGN);
    assert_int_equal(cause, USHER_CAUSE_STATE_MISMATCH);
    transactions(&t, "login_ST", a0_seal(&t, A0_TRANSACTION));
    assert_int_equal(open_for(&t, "ST", &tx, &cause), USHER_AUTH0_STATE_INVALID);
    assert_int_equal(cause, USHER_CAUSE_STATE_COOKIE);
    a0_close(&t);
}

static void test_no_flipped_bit_is_accepted(void **state)
{
    char value[] = SPEC_TRANSACTION;
    size_t len = sizeof value - 1;
    usher_auth0_transaction tx;
    usher_cause cause;
    a0 t;

    (void)state;
    a0_open(&t);
    t.jar.items[0] = (usher_cookie){USHER_STR("__txn_ST"), {value, len}};
    t.jar.count = 1;
    for (size_t bit = 0; bit < 8 * len; bit++) {
        usher_arena_reset(&t.r.arena);
        value[bit / 8] = (char)(value[bit / 8] ^ 1 << bit % 8);
        assert_int_equal(open_for(&t, "ST", &tx, &cause), USHER_AUTH0_STATE_INVALID);
        value[bit / 8] = (char)(value[bit / 8] ^ 1 << bit % 8);
    }
    assert_int_equal(open_for(&t, "ST", &tx, &cause), USHER_AUTH0_TRANSACTION_FOUND);
    a0_close(&t);
}

/* ---- writing -----------------------------------------------------------------------------------
 */

/* 43 characters, as 32 random bytes have. */
static usher_auth0_transaction login(char room[43], unsigned number)
{
    memset(room, 's', 43);
    room[42] = (char)('0' + number);
    return (usher_auth0_transaction){
        .state = {room, 43},
        .nonce = USHER_STR("nnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnn"),
        .code_verifier = USHER_STR("vvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvv"),
        .return_to = USHER_STR("/"),
        .scope = USHER_STR("openid profile email offline_access"),
    };
}

static void take_lines(a0 *t, const usher_auth0_lines *lines)
{
    usher_str header;
    usher_buf b;

    usher_buf_init(&b, &t->r.arena, 1 << 16);
    for (size_t i = 0; i < t->jar.count; i++) {
        bool gone = false;

        for (size_t j = 0; j < lines->count; j++) {
            usher_str rest, name = usher_str_cut(lines->items[j], '=', &rest);
            gone |= usher_str_eq(name, t->jar.items[i].name);
        }
        if (gone) continue;
        usher_buf_put(&b, t->jar.items[i].name);
        usher_buf_put_char(&b, '=');
        usher_buf_put(&b, t->jar.items[i].value);
        usher_buf_put_z(&b, "; ");
    }
    for (size_t j = 0; j < lines->count; j++) {
        usher_str rest;

        if (a0_is_deletion(lines->items[j])) continue;
        usher_buf_put(&b, usher_str_cut(lines->items[j], ';', &rest));
        usher_buf_put_z(&b, "; ");
    }
    assert_ok(usher_buf_take(&header, &b, NULL));
    assert_ok(usher_auth0_jar_read_transactions(&t->jar, &t->r.arena, &t->options, header, NULL));
}

static void test_round_trip(void **state)
{
    usher_auth0_transaction in = {.state = USHER_STR("S\"\\\xc3\xa9"),
                                  .nonce = USHER_STR("N"),
                                  .code_verifier = USHER_STR("V"),
                                  .return_to = USHER_STR("/x?y#z"),
                                  .scope = USHER_STR("a b"),
                                  .audience = USHER_STR("https://api"),
                                  .challenge_mode = USHER_STR("popup"),
                                  .connect = true,
                                  .has_max_age = true,
                                  .max_age_s = 60};
    usher_auth0_transaction out;
    usher_auth0_callback answer;
    usher_auth0_lines lines;
    usher_cause cause;
    a0 t;

    (void)state;
    a0_open(&t);
    t.options.parallel_transactions = false; /* such a state fits into no cookie's name */
    assert_ok(usher_auth0_transaction_write(&lines, &t.c, &t.jar, &in, t.r.entropy, NULL));
    assert_int_equal(lines.count, 1);
    take_lines(&t, &lines);
    assert_ok(usher_auth0_transaction_open(&out, &answer, &cause, &t.c, &t.jar, in.state, NULL));
    assert_int_equal(answer, USHER_AUTH0_TRANSACTION_FOUND);
    const usher_str pairs[][2] = {{in.state, out.state},
                                  {in.nonce, out.nonce},
                                  {in.code_verifier, out.code_verifier},
                                  {in.return_to, out.return_to},
                                  {in.scope, out.scope},
                                  {in.audience, out.audience},
                                  {in.challenge_mode, out.challenge_mode}};
    for (size_t i = 0; i < sizeof pairs / sizeof *pairs; i++)
        assert_true(usher_str_eq(pairs[i][0], pairs[i][1]));
    assert_true(out.connect && out.has_max_age && out.max_age_s == 60);
    a0_close(&t);
}

static void test_the_line(void **state)
{
    usher_auth0_transaction in = {.state = USHER_STR("ST"),
                                  .nonce = USHER_STR("N"),
                                  .code_verifier = USHER_STR("V"),
                                  .return_to = USHER_STR("/x"),
                                  .scope = USHER_STR("openid")};
    usher_auth0_lines lines;
    usher_str rest, token;
    usher_claims claims;
    usher_cause cause;
    a0 t;

    (void)state;
    a0_open(&t);
    assert_ok(usher_auth0_transaction_write(&lines, &t.c, &t.jar, &in, t.r.entropy, NULL));
    assert_int_equal(lines.count, 1);
    assert_true(usher_str_starts(lines.items[0], USHER_STR("__txn_ST=1767225600%3AeyJ")));
    assert_true(usher_str_ends(
        lines.items[0], USHER_STR("; Path=/; Expires=Thu, 01 Jan 2026 01:00:00 GMT; Max-Age=3600; "
                                  "Secure; HttpOnly; SameSite=lax")));
    token =
        usher_str_cut(usher_str_from(lines.items[0], strlen("__txn_ST=1767225600%3A")), ';', &rest);
    assert_int_equal(rig_judge(&t.r, USHER_FOR_STATE, token, RIG_NOW, &cause, &claims),
                     USHER_SESSION_VALID);
    assert_str(claims.text, A0_TRANSACTION); /* which is how the original writes it */
    t.options.transaction_max_age_s = 0;     /* means the default */
    assert_ok(usher_auth0_transaction_write(&lines, &t.c, &t.jar, &in, t.r.entropy, NULL));
    assert_true(usher_str_find(lines.items[0], USHER_STR("Max-Age=3600")) != SIZE_MAX);
    a0_close(&t);
}

/* A default sign-in takes about 500 bytes, so six coexist and the seventh pushes the oldest out. */
static void test_the_oldest_go(void **state)
{
    usher_auth0_lines lines;
    char rooms[9][43];
    a0 t;

    (void)state;
    a0_open(&t);
    for (unsigned i = 0; i < 9; i++) {
        usher_auth0_transaction tx = login(rooms[i], i);

        t.c.now_s = RIG_NOW + i;
        assert_ok(usher_auth0_transaction_write(&lines, &t.c, &t.jar, &tx, t.r.entropy, NULL));
        assert_int_equal(lines.count, i < 6 ? 1 : 2);
        if (i >= 6) {
            usher_str rest, name = usher_str_cut(lines.items[1], '=', &rest);
            assert_true(a0_is_deletion(lines.items[1]));
            assert_int_equal(name.ptr[name.len - 1], '0' + (int)i - 6);
        }
        take_lines(&t, &lines);
    }
    a0_close(&t);
}

static void test_those_without_a_number_go_first(void **state)
{
    static const char *const names[] = {"__txn_a", "__txn_b", "__txn_c"};
    usher_auth0_lines lines;
    char big[1200], room[43];
    a0 t;

    (void)state;
    a0_open(&t);
    memset(big, 'x', sizeof big);
    usher_str values[] = {{big, sizeof big}, {big, sizeof big}, {big, sizeof big}};
    usher_auth0_transaction tx = login(room, 0);
    usher_buf b;
    usher_buf_init(&b, &t.r.arena, 4096);
    usher_buf_put_z(&b, "5:");
    usher_buf_put(&b, values[0]);
    assert_ok(usher_buf_take(&values[0], &b, NULL));
    assert_ok(usher_auth0_jar_read_transactions(&t.jar, &t.r.arena, &t.options,
                                                a0_header(&t, names, values, 3), NULL));
    assert_ok(usher_auth0_transaction_write(&lines, &t.c, &t.jar, &tx, t.r.entropy, NULL));
    assert_int_equal(lines.count, 2); /* 3 * 1200 + 500: one has to go */
    assert_true(usher_str_starts(lines.items[1], USHER_STR("__txn_b=")));
    a0_close(&t);
}

static void test_clear(void **state)
{
    static const char *const names[] = {"__txn_a", "__txn_b"};
    usher_auth0_lines lines;
    a0 t;

    (void)state;
    a0_open(&t);
    usher_str values[] = {USHER_STR("x"), USHER_STR("y")};
    assert_ok(usher_auth0_jar_read_transactions(&t.jar, &t.r.arena, &t.options,
                                                a0_header(&t, names, values, 2), NULL));
    assert_ok(usher_auth0_transaction_clear(&lines, &t.c, &t.jar, USHER_STR("b"), NULL));
    assert_int_equal(lines.count, 1);
    assert_str(lines.items[0], "__txn_b=; Path=/; Max-Age=0; Secure; HttpOnly; SameSite=lax");
    assert_ok(usher_auth0_transaction_clear(&lines, &t.c, &t.jar, (usher_str){0}, NULL));
    assert_int_equal(lines.count, 2);
    a0_close(&t);
}

static void test_misuse(void **state)
{
    usher_auth0_transaction tx = {.state = USHER_STR("s")};
    usher_auth0_lines lines;
    a0 t;

    (void)state;
    a0_open(&t);
    assert_int_equal(usher_auth0_transaction_write(&lines, &t.c, &t.jar, &tx, t.r.entropy, NULL),
                     USHER_E_USAGE);
    tx = (usher_auth0_transaction){.code_verifier = USHER_STR("v")};
    assert_int_equal(usher_auth0_transaction_write(&lines, &t.c, &t.jar, &tx, t.r.entropy, NULL),
                     USHER_E_USAGE);
    tx = (usher_auth0_transaction){.state = USHER_STR("a b"), .code_verifier = USHER_STR("v")};
    assert_int_equal(usher_auth0_transaction_write(&lines, &t.c, &t.jar, &tx, t.r.entropy, NULL),
                     USHER_E_USAGE); /* no name of a cookie */
    tx.state = USHER_STR("s");
    t.r.random = (kit_random){.fail_at = 0};
    assert_int_equal(usher_auth0_transaction_write(&lines, &t.c, &t.jar, &tx, t.r.entropy, NULL),
                     USHER_E_CRYPTO);
    assert_int_equal(lines.count, 0);
    a0_close(&t);
}

static void test_every_allocation_may_fail(void **state)
{
    kit_alloc memory;
    size_t n = 0;
    char room[43];
    a0 t;

    (void)state;
    a0_open(&t);
    usher_auth0_transaction in = login(room, 1), out;
    do {
        usher_auth0_context c = t.c;
        usher_auth0_callback answer;
        usher_auth0_lines lines;
        usher_arena a;
        usher_cause cause;

        memory = (kit_alloc){.fail_at = n++};
        usher_allocator alloc = kit_allocator(&memory);
        usher_arena_init(&a, &alloc, 64, RIG_LIMIT);
        c.arena = &a;
        t.jar.items[0] = (usher_cookie){
            USHER_STR("__txn_ST"), usher_str_of(SPEC_TRANSACTION, sizeof SPEC_TRANSACTION - 1)};
        t.jar.count = 1;
        usher_status rc =
            usher_auth0_transaction_open(&out, &answer, &cause, &c, &t.jar, USHER_STR("ST"), NULL);
        assert_int_equal(rc == USHER_OK, answer == USHER_AUTH0_TRANSACTION_FOUND);
        if (rc == USHER_OK)
            rc = usher_auth0_transaction_write(&lines, &c, &t.jar, &in, t.r.entropy, NULL);
        if (rc == USHER_OK)
            rc = usher_auth0_transaction_clear(&lines, &c, &t.jar, USHER_STR("s"), NULL);
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
        cmocka_unit_test(test_the_original_s),
        cmocka_unit_test(test_what_is_found),
        cmocka_unit_test(test_one_cookie_for_all),
        cmocka_unit_test(test_no_flipped_bit_is_accepted),
        cmocka_unit_test(test_round_trip),
        cmocka_unit_test(test_the_line),
        cmocka_unit_test(test_the_oldest_go),
        cmocka_unit_test(test_those_without_a_number_go_first),
        cmocka_unit_test(test_clear),
        cmocka_unit_test(test_misuse),
        cmocka_unit_test(test_every_allocation_may_fail),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
