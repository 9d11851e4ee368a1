/* What the originals answered and set when a session was read: authjs4-write and authjs5-write. The
 * files are about whole requests; here, everything in them that is about the session cookie. */
#include "session/chunks.h"
#include "session/rig.h"
#include "session/session.h"
#include "wire/json.h"

typedef struct write_case {
    rig r;
    const usher_profile *profile;
    usher_json_object input, expected;
    const char *id;
    char id_text[64];
    int64_t now_s, max_age_s;
    usher_session_cookie_attributes attributes;
    usher_str header;
} write_case;

static usher_str text_at(write_case *c, const usher_json_object *o, const char *name)
{
    usher_json value = usher_json_get(o, kit_str(name));
    usher_str text;

    if (value.type != USHER_JSON_STRING) return (usher_str){0};
    assert_ok(usher_json_string(&text, &c->r.arena, value, NULL));
    return text;
}

static void read_secrets(write_case *c)
{
    usher_json secret = usher_json_get(&c->input, USHER_STR("secret")), item = secret;
    usher_str salts[USHER_PURPOSES], text, rest = secret.text;
    usher_secret list[USHER_SECRETS_MAX] = {{0}};
    size_t count = 0;

    while (secret.type == USHER_JSON_STRING ? count == 0 : usher_json_next(&item, &rest)) {
        assert_ok(usher_json_string(&text, &c->r.arena, item, NULL));
        assert_ok(usher_secret_dup(&list[count++], &c->r.alloc, text.ptr, text.len, NULL));
    }
    rig_salts(salts, c->profile);
    salts[USHER_FOR_SESSION] = c->attributes.name;
    assert_ok(usher_keyring_init(&c->r.keys, &c->r.alloc, c->profile, list, count, salts, NULL));
    for (size_t i = 0; i < count; i++)
        usher_secret_free(&list[i], &c->r.alloc);
}

/* input.session_cookie: the name, and options over the defaults. */
static void read_cookie_settings(write_case *c)
{
    usher_json settings = usher_json_get(&c->input, USHER_STR("session_cookie"));
    usher_json_object o, options;

    if (settings.type == USHER_JSON_ABSENT) return;
    assert_ok(usher_json_members(&o, &c->r.arena, settings, NULL));
    c->attributes.name = text_at(c, &o, "name");
    assert_ok(
        usher_json_members(&options, &c->r.arena, usher_json_get(&o, USHER_STR("options")), NULL));
    c->attributes.domain = text_at(c, &options, "domain");
    if (text_at(c, &options, "path").ptr) c->attributes.path = text_at(c, &options, "path");
    if (usher_str_eq(text_at(c, &options, "sameSite"), USHER_STR("strict")))
        c->attributes.same_site = USHER_SAME_SITE_STRICT;
    if (usher_json_get(&options, USHER_STR("secure")).type == USHER_JSON_TRUE)
        c->attributes.secure = true;
}

static void read_case(write_case *c, const usher_profile *profile, usher_json item)
{
    usher_json_object o;

    *c = (write_case){.profile = profile, .max_age_s = profile->session_max_age_s};
    c->r = (rig){.memory = {.fail_at = SIZE_MAX}, .random = {.seed = 1, .fail_at = SIZE_MAX}};
    c->r.alloc = kit_allocator(&c->r.memory);
    c->r.entropy = kit_entropy(&c->r.random);
    usher_arena_init(&c->r.arena, &c->r.alloc, 1 << 16, RIG_LIMIT);
    assert_non_null(c->r.cipher = usher_jwe_cipher_new(&c->r.alloc));
    assert_ok(usher_json_members(&o, &c->r.arena, item, NULL));
    assert_ok(
        usher_json_members(&c->input, &c->r.arena, usher_json_get(&o, USHER_STR("input")), NULL));
    assert_ok(usher_json_members(&c->expected, &c->r.arena,
                                 usher_json_get(&o, USHER_STR("expected")), NULL));
    usher_str id = text_at(c, &o, "id");
    snprintf(c->id_text, sizeof c->id_text, "%.*s", (int)id.len, id.ptr);
    assert_true(usher_json_int64(&c->now_s, usher_json_get(&c->input, USHER_STR("now"))));
    (void)usher_json_int64(&c->max_age_s, usher_json_get(&c->input, USHER_STR("max_age")));
    if (c->max_age_s == 0) c->max_age_s = profile->session_max_age_s;
    usher_json secure = usher_json_get(&c->input, USHER_STR("use_secure_cookies"));
    bool on = secure.type
                  ? secure.type == USHER_JSON_TRUE
                  : usher_str_starts(text_at(c, &c->input, "base_url"), USHER_STR("https:"));
    const usher_profile_cookie *cookie = &profile->cookies[USHER_COOKIE_SESSION];
    c->attributes =
        (usher_session_cookie_attributes){.name = on ? cookie->secure_name : cookie->name,
                                          .path = USHER_STR("/"),
                                          .secure = on,
                                          .same_site = USHER_SAME_SITE_LAX,
                                          .expires_s = c->now_s + c->max_age_s};
    read_cookie_settings(c);
    c->header = text_at(c, &c->input, "cookie_header");
    read_secrets(c);
}

static void close_case(write_case *c)
{
    rig_close(&c->r);
}

/* The recorded lines that are about the session, in order, against ours. */
static void check_lines(write_case *c, const usher_str *lines, size_t count)
{
    usher_json list = usher_json_get(&c->expected, USHER_STR("set_cookies")), item;
    usher_str rest = list.text;
    size_t at = 0;

    while (usher_json_next(&item, &rest)) {
        usher_json_object o;
        usher_str value, after;
        int64_t length = 0;

        assert_ok(usher_json_members(&o, &c->r.arena, item, NULL));
        if (!usher_str_starts(text_at(c, &o, "name"), c->attributes.name)) continue;
        if (at == count) fail_msg("%s: a line is missing", c->id_text);
        assert_true(usher_str_eq(usher_str_cut(lines[at], '=', &after), text_at(c, &o, "name")));
        value = usher_str_cut(after, ';', &after);
        if (!usher_str_eq(usher_str_from(after, 1), text_at(c, &o, "attributes")))
            fail_msg("%s: %.*s", c->id_text, (int)lines[at].len, lines[at].ptr);
        (void)usher_json_int64(&length, usher_json_get(&o, USHER_STR("value_length")));
        if (value.len != (size_t)length) fail_msg("%s: length %zu", c->id_text, value.len);
        at++;
    }
    if (at != count) fail_msg("%s: a line too many", c->id_text);
}

static void check_payload(write_case *c, usher_str token, const usher_json_object *recorded)
{
    usher_str want = text_at(c, recorded, "payload_json"), jti, rest;
    usher_claims claims;
    usher_cause cause;

    assert_int_equal(rig_judge(&c->r, USHER_FOR_SESSION, token, c->now_s, &cause, &claims),
                     USHER_SESSION_VALID);
    assert_ok(usher_json_string(&jti, &c->r.arena, usher_json_get(&claims.object, USHER_STR("jti")),
                                NULL));
    assert_int_equal(jti.len, 36);
    size_t at = usher_str_find(claims.text, jti), mask = usher_str_find(want, USHER_STR("<uuid>"));
    assert_int_equal(at, mask); /* every member in its place, byte for byte */
    assert_memory_equal(claims.text.ptr, want.ptr, at);
    rest = usher_str_from(want, mask + 6);
    assert_true(usher_str_eq(usher_str_from(claims.text, at + 36), rest));
}

static void check_token(write_case *c, usher_str token)
{
    usher_json recorded = usher_json_get(&c->expected, USHER_STR("new_token"));
    const usher_key_header *h = &c->r.keys.headers[USHER_FOR_SESSION][0];
    usher_json_object o;
    int64_t length;

    assert_ok(usher_json_members(&o, &c->r.arena, recorded, NULL));
    assert_true(usher_json_int64(&length, usher_json_get(&o, USHER_STR("length"))));
    assert_int_equal(token.len, length);
    assert_true(usher_str_eq((usher_str){h->json, h->json_len}, text_at(c, &o, "header_json")));
    assert_true(usher_str_starts(token, (usher_str){h->b64, h->b64_len}));
    check_payload(c, token, &o);
}

static void check_session(write_case *c, const usher_claims *claims, bool *is_session)
{
    struct usher_session s;
    usher_str want = text_at(c, &c->expected, "session_json");

    assert_ok(usher_session_from_claims(&s, is_session, &c->r.arena, claims,
                                        c->attributes.expires_s * 1000, NULL));
    if (!*is_session) return;
    assert_ok(usher_session_write_json(&s, &c->r.arena, claims, NULL));
    if (!usher_str_eq(s.json, want)) fail_msg("%s: %.*s", c->id_text, (int)s.json.len, s.json.ptr);
}

static void run_case(write_case *c)
{
    usher_session_cookie received;
    usher_claims claims = {0};
    usher_verdict verdict;
    usher_cause cause;
    usher_str token = {0}, *lines;
    size_t count;
    int64_t exp_s;
    bool is_session = false;

    assert_ok(usher_session_cookie_read(&received, &c->r.arena, c->profile, c->profile->dialect,
                                        c->attributes.name, c->header, NULL));
    verdict = rig_judge(&c->r, USHER_FOR_SESSION, received.value, c->now_s, &cause, &claims);
    if (verdict == USHER_SESSION_VALID) check_session(c, &claims, &is_session);
    bool recorded = usher_json_get(&c->expected, USHER_STR("new_token")).type != USHER_JSON_ABSENT;
    if (is_session != recorded) fail_msg("%s: %s", c->id_text, usher_verdict_word(verdict));
    if (is_session) {
        assert_ok(usher_token_seal(&token, &exp_s, &c->r.arena, c->r.cipher, &c->r.keys,
                                   USHER_FOR_SESSION, claims.text, c->now_s, c->max_age_s,
                                   c->r.entropy, NULL));
        assert_int_equal(exp_s, c->attributes.expires_s);
        check_token(c, token);
    }
    if (verdict == USHER_NO_SESSION) received.count = 0;
    for (int plain = 0; plain < 2; plain++) { /* a token of ours is the same in both */
        c->attributes.plain = plain;
        assert_ok(usher_session_cookie_write(&lines, &count, &c->r.arena, c->profile, &received,
                                             &c->attributes, token, NULL));
        check_lines(c, lines, count);
    }
}

static void run_file(const usher_profile *profile, const char *path, size_t expected)
{
    static const usher_json_limits limits = {.depth = 32, .members = 64};
    usher_arena a;
    usher_json_object file;
    usher_json item;
    size_t len, count = 0;
    char *text = kit_read_file(path, &len);

    usher_arena_init(&a, usher_allocator_default(), 1 << 16, RIG_LIMIT);
    assert_ok(usher_json_read_object(&file, &a, (usher_str){text, len}, &limits, NULL));
    usher_str rest = usher_json_get(&file, USHER_STR("vectors")).text;
    for (; usher_json_next(&item, &rest); count++) {
        write_case c;

        read_case(&c, profile, item);
        run_case(&c);
        close_case(&c);
    }
    assert_int_equal(count, expected);
    usher_arena_deinit(&a);
    free(text);
}

static void test_nextauth_4(void **state)
{
    (void)state;
    run_file(&usher_profile_nextauth_4, "tests/vectors/authjs4-write.json", 25);
}

static void test_authjs_5(void **state)
{
    (void)state;
    run_file(&usher_profile_authjs_5, "tests/vectors/authjs5-write.json", 23);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_nextauth_4),
        cmocka_unit_test(test_authjs_5),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
