#include "session/rig.h"
#include "session/session.h"

static const char *const one[] = {"secret", NULL};

#define EXPIRES_MS INT64_C(1769817600000)

static usher_claims claims_of(usher_arena *a, const char *text)
{
    usher_claims c = {.text = kit_str(text)};

    assert_ok(usher_json_read_object(&c.object, a, c.text, &usher_json_limits_claims, NULL));
    c.has_exp = usher_json_double(&c.exp, usher_json_get(&c.object, USHER_STR("exp")));
    return c;
}

#define ENDS ",\"expires\":\"2026-01-31T00:00:00.000Z\"}"

static void test_session_of_claims(void **state)
{
    static const struct {
        const char *claims, *json;
    } cases[] = {
        {"{\"name\":\"Ada\",\"email\":\"a@b.c\",\"picture\":\"p\",\"sub\":\"1\",\"exp\":1}",
         "{\"user\":{\"name\":\"Ada\",\"email\":\"a@b.c\",\"image\":\"p\"}" ENDS},
        {"{\"sub\":\"x\",\"exp\":1}", "{\"user\":{}" ENDS},
        {"{\"exp\":1}", "{\"user\":{}" ENDS},
        {"{\"sub\":\"x\",\"name\":null,\"email\":null,\"picture\":null,\"exp\":1}",
         "{\"user\":{\"name\":null,\"email\":null,\"image\":null}" ENDS},
        {"{\"role\":\"admin\",\"email\":\"a@b.c\",\"image\":\"not this\",\"exp\":1}",
         "{\"user\":{\"email\":\"a@b.c\"}" ENDS},
        {"{\"name\":{\"first\": \"A\"},\"email\":[1,2],\"picture\":1.50,\"exp\":1}",
         "{\"user\":{\"name\":{\"first\": \"A\"},\"email\":[1,2],\"image\":1.50}" ENDS},
        {"{\"name\":\"\\ud83d\\u0000\\/\",\"exp\":1}",
         "{\"user\":{\"name\":\"\\ud83d\\u0000\\/\"}" ENDS},
        {"{\"name\":\"a\",\"name\":\"b\",\"exp\":1}", "{\"user\":{\"name\":\"b\"}" ENDS},
        /* beside a user, the two members of a check cookie mean nothing */
        {"{\"value\":\"v\",\"provider\":\"p\",\"sub\":\"1\",\"exp\":1}", "{\"user\":{}" ENDS},
        {"{\"value\":1,\"provider\":\"p\",\"exp\":1}", "{\"user\":{}" ENDS},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct usher_session s;
        bool is_session;
        rig r;

        rig_open(&r, &usher_profile_authjs_5, one);
        usher_claims c = claims_of(&r.arena, cases[i].claims);
        assert_ok(usher_session_from_claims(&s, &is_session, &r.arena, &c, EXPIRES_MS, NULL));
        assert_true(is_session);
        assert_null(usher_session_json(&s).ptr);
        assert_ok(usher_session_write_json(&s, &r.arena, &c, NULL));
        assert_str(s.json, cases[i].json);
        assert_true(usher_str_eq(usher_session_json(&s), s.json));
        assert_true(usher_str_eq(usher_session_claims(&s), c.text));
        assert_int_equal(usher_session_expires_ms(&s), EXPIRES_MS);
        rig_close(&r);
    }
}

static void test_texts_are_decoded(void **state)
{
    struct usher_session s;
    bool is_session;
    rig r;

    (void)state;
    rig_open(&r, &usher_profile_nextauth_4, one);
    usher_claims c = claims_of(&r.arena, "{\"sub\":\"u\\u002d1\",\"name\":\"Zo\\u00eb\",\"email\":"
                                         "null,\"picture\":7,\"exp\":1}");
    assert_ok(usher_session_from_claims(&s, &is_session, &r.arena, &c, 0, NULL));
    assert_str(usher_session_subject(&s), "u-1");
    assert_str(usher_session_name(&s), "Zo\xc3\xab");
    assert_null(usher_session_email(&s).ptr);
    assert_null(usher_session_picture(&s).ptr);
    rig_close(&r);
}

static void test_what_is_no_session(void **state)
{
    static const char *const cases[] = {
        "{\"value\":\"v\",\"provider\":\"github\",\"iat\":1,\"exp\":1,\"jti\":\"j\"}", /* a check */
        "{\"value\":\"v\",\"provider\":\"github\",\"picture\":\"p\",\"exp\":1}",
        "{\"sub\":\"forever\"}", /* no end */
        "{}",
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct usher_session s;
        bool is_session = true;
        rig r;

        rig_open(&r, &usher_profile_authjs_5, one);
        usher_claims c = claims_of(&r.arena, cases[i]);
        assert_ok(usher_session_from_claims(&s, &is_session, &r.arena, &c, EXPIRES_MS, NULL));
        assert_false(is_session);
        assert_null(s.json.ptr);
        assert_null(s.claims.ptr);
        rig_close(&r);
    }
}

static void test_claims_of_a_user(void **state)
{
    static const struct {
        usher_user user;
        const char *json; /* # stands for the session's id */
    } cases[] = {
        {{USHER_STR_INIT("1"), USHER_STR_INIT("Ada"), USHER_STR_INIT("a@b.c"), USHER_STR_INIT("p"),
          false, false, false},
         "{\"name\":\"Ada\",\"email\":\"a@b.c\",\"picture\":\"p\",\"sub\":\"1\",\"usid\":\"#\"}"},
        {{.id = USHER_STR_INIT("1")}, "{\"sub\":\"1\",\"usid\":\"#\"}"},
        {{.id = USHER_STR_INIT("1"), .null_name = true, .null_email = true, .null_picture = true},
         "{\"name\":null,\"email\":null,\"picture\":null,\"sub\":\"1\",\"usid\":\"#\"}"},
        {{.id = USHER_STR_INIT("1"), .name = USHER_STR_INIT(""), .null_name = true},
         "{\"name\":\"\",\"sub\":\"1\",\"usid\":\"#\"}"},
        {{.name = USHER_STR_INIT("a\"b\xff")}, "{\"name\":\"a\\\"b\xef\xbf\xbd\",\"usid\":\"#\"}"},
    };
    static const char alphabet[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        usher_str json, again;
        char text[512];
        rig r;

        rig_open(&r, &usher_profile_authjs_5, one);
        assert_ok(usher_session_new_claims(&json, &r.arena, &cases[i].user, r.entropy, NULL));
        assert_int_equal(json.len, strlen(cases[i].json) + 21);
        memcpy(text, json.ptr, json.len);
        char *id = text + json.len - 2 - 22;
        for (size_t k = 0; k < 22; k++)
            assert_non_null(strchr(alphabet, id[k]));
        memcpy(id, "#\"}", 3);
        assert_str(((usher_str){text, json.len - 21}), cases[i].json);
        assert_ok(usher_session_new_claims(&again, &r.arena, &cases[i].user, r.entropy, NULL));
        assert_false(usher_str_eq(json, again)); /* each session has its own id */
        r.random.fail_at = r.random.calls;
        assert_int_equal(
            usher_session_new_claims(&again, &r.arena, &cases[i].user, r.entropy, NULL),
            USHER_E_CRYPTO);
        assert_null(again.ptr);
        rig_close(&r);
    }
}

/* Sealing again keeps the session's id: what revocation will name. */
static void test_the_id_survives_sealing(void **state)
{
    const usher_user user = {.id = USHER_STR_INIT("1"), .name = USHER_STR_INIT("Ada")};
    usher_claims first, second;
    usher_cause cause;
    usher_str json;
    rig r;

    (void)state;
    rig_open(&r, &usher_profile_authjs_5, one);
    assert_ok(usher_session_new_claims(&json, &r.arena, &user, r.entropy, NULL));
    rig_judge(&r, USHER_FOR_SESSION, rig_seal(&r, USHER_FOR_SESSION, json, 60), RIG_NOW, &cause,
              &first);
    rig_judge(&r, USHER_FOR_SESSION, rig_seal(&r, USHER_FOR_SESSION, first.text, 60), RIG_NOW,
              &cause, &second);
    assert_true(usher_str_eq(usher_json_get(&first.object, USHER_STR("usid")).text,
                             usher_json_get(&second.object, USHER_STR("usid")).text));
    assert_false(usher_str_eq(usher_json_get(&first.object, USHER_STR("jti")).text,
                              usher_json_get(&second.object, USHER_STR("jti")).text));
    rig_close(&r);
}

static void test_verdict_words(void **state)
{
    (void)state;
    assert_string_equal(usher_verdict_word(USHER_NO_SESSION), "none");
    assert_string_equal(usher_verdict_word(USHER_SESSION_VALID), "valid");
    assert_string_equal(usher_verdict_word(USHER_SESSION_EXPIRED), "expired");
    assert_string_equal(usher_verdict_word(USHER_SESSION_REJECTED), "rejected");
    assert_string_equal(usher_verdict_word(USHER_SESSION_REVOKED), "revoked");
}

static usher_status build_both(const usher_allocator *alloc)
{
    const usher_user user = {.id = USHER_STR_INIT("1"), .name = USHER_STR_INIT("Ada")};
    kit_random random = {.fail_at = SIZE_MAX};
    struct usher_session s;
    bool is_session;
    usher_arena a;
    usher_str json;
    usher_claims c = {.text = USHER_STR("{\"name\":\"\\u0041\",\"exp\":1,\"sub\":\"\\u0041\"}"),
                      .has_exp = true};
    usher_status rc;

    usher_arena_init(&a, alloc, 64, 1 << 20);
    if ((rc = usher_json_read_object(&c.object, &a, c.text, &usher_json_limits_claims, NULL)) ||
        (rc = usher_session_from_claims(&s, &is_session, &a, &c, 0, NULL)) ||
        (rc = usher_session_write_json(&s, &a, &c, NULL)))
        goto done;
    assert_true(is_session); /* short memory never makes a refusal */
    rc = usher_session_new_claims(&json, &a, &user, kit_entropy(&random), NULL);
done:
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
        usher_status rc = build_both(&alloc);
        assert_int_equal(rc, memory.failed ? USHER_E_NOMEM : USHER_OK);
        assert_int_equal(memory.live, 0);
    }
    assert_true(n >= 2); /* more where each get is an allocation of its own */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_session_of_claims),         cmocka_unit_test(test_texts_are_decoded),
        cmocka_unit_test(test_what_is_no_session),        cmocka_unit_test(test_claims_of_a_user),
        cmocka_unit_test(test_the_id_survives_sealing),   cmocka_unit_test(test_verdict_words),
        cmocka_unit_test(test_every_allocation_may_fail),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
