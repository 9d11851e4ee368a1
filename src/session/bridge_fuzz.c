/* Input: a letter, a byte that says which allocation fails ('~': none), and then
 *   'c'  claims of one of Auth.js' systems,
 *   's'  a session object of Auth0's.
 * What comes out is JSON with every name once, holds no sealed time, and what the user's claims
 * were is still there after the way there and back. */
#include <assert.h>

#include "session/bridge.h"
#include "base/str.h"
#include "tests/kit/kit.h"
#include "wire/json_set.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define LIMIT     ((size_t)32 << 20)
#define STR(text) USHER_STR_INIT(text)

static const usher_str stamps[] = {STR("iat"), STR("exp"), STR("nbf"), STR("jti")};
/* Claims that have a place of their own on the other side, if they have the right type. */
static const usher_str placed[] = {STR("access_token"),
                                   STR("accessToken"),
                                   STR("refresh_token"),
                                   STR("refreshToken"),
                                   STR("id_token"),
                                   STR("idToken"),
                                   STR("expires_at"),
                                   STR("expiresAt"),
                                   STR("scope"),
                                   STR("token_type"),
                                   STR("requested_scope"),
                                   STR("audience"),
                                   STR("accessTokens"),
                                   STR("connectionTokenSets"),
                                   STR("sid"),
                                   STR("mcd"),
                                   STR("usid"),
                                   STR("ucat"),
                                   STR("uend"),
                                   STR("iat"),
                                   STR("exp"),
                                   STR("nbf"),
                                   STR("jti")};
static const usher_str people[] = {STR("name"), STR("email"), STR("picture")};

#define COUNT(list) (sizeof(list) / sizeof *(list))

static bool named_in(const usher_json_member *m, const usher_str *names, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (usher_json_is_named(m, names[i])) return true;
    return false;
}

/* What was written is read again; deeper or wider than is read is an answer of the reader's. */
static bool reads(usher_json_object *out, usher_arena *a, usher_str text)
{
    usher_status rc = usher_json_read_object(out, a, text, &usher_json_limits_claims, NULL);

    assert(rc == USHER_OK || rc == USHER_E_LIMIT);
    return rc == USHER_OK;
}

static usher_json part(const usher_json_object *o, usher_str name)
{
    usher_json value = usher_json_get(o, name);

    assert(value.type == USHER_JSON_OBJECT);
    return value;
}

static void check_no_stamps(const usher_json_object *o)
{
    for (size_t i = 0; i < o->count; i++)
        assert(!named_in(&o->members[i], stamps, COUNT(stamps)));
}

/* A member of the bridge's own making stands once. */
static void check_once(const usher_json_object *o)
{
    for (size_t i = 0; i < COUNT(placed); i++) {
        size_t count = 0;

        for (size_t j = 0; j < o->count; j++)
            count += usher_json_is_named(&o->members[j], placed[i]);
        assert(count <= 1);
    }
}

static usher_str unquoted(usher_arena *a, const usher_json_member *m)
{
    usher_json quoted = {USHER_JSON_STRING, m->name_escaped, usher_json_quoted_name(m)};
    usher_str name = {0};

    assert(usher_json_string(&name, a, quoted, NULL) == USHER_OK);
    return name;
}

/* Claims with these names have no place in Auth0's session. */
static const usher_str parts[] = {USHER_STR_INIT("user"), USHER_STR_INIT("tokenSet"),
                                  USHER_STR_INIT("internal")};

/* Every claim of the user is still there, with its bytes. */
static void check_kept(usher_arena *a, const usher_json_object *before,
                       const usher_json_object *after, bool placeless)
{
    for (size_t i = 0; i < before->count; i++) {
        const usher_json_member *m = &before->members[i];
        usher_str name = unquoted(a, m);
        usher_json was = usher_json_get(before, name), is = usher_json_get(after, name);

        if (named_in(m, placed, COUNT(placed))) continue;
        if (named_in(m, people, COUNT(people)) && was.type == USHER_JSON_NULL) continue;
        if (placeless && named_in(m, parts, COUNT(parts))) continue;
        assert(usher_str_eq(was.text, is.text));
    }
}

static void check_session(usher_arena *a, const usher_json_object *session)
{
    usher_json_object internal, user, tokens;
    double created;

    assert(usher_json_members(&internal, a, part(session, USHER_STR("internal")), NULL) ==
           USHER_OK);
    assert(usher_json_members(&user, a, part(session, USHER_STR("user")), NULL) == USHER_OK);
    assert(usher_json_members(&tokens, a, part(session, USHER_STR("tokenSet")), NULL) == USHER_OK);
    assert(usher_json_double(&created, usher_json_get(&internal, USHER_STR("createdAt"))));
    check_no_stamps(session);
    check_no_stamps(&user);
    check_once(&internal);
    check_once(&tokens);
}

/* A browser is shown what the SDK itself keeps of a user, and none of a site's own claims. */
static void check_shown(usher_arena *a, const usher_json_object *session)
{
    static const usher_str shown[] = {USHER_STR_INIT("sub"),
                                      USHER_STR_INIT("name"),
                                      USHER_STR_INIT("email"),
                                      USHER_STR_INIT("picture"),
                                      USHER_STR_INIT("nickname"),
                                      USHER_STR_INIT("given_name"),
                                      USHER_STR_INIT("family_name"),
                                      USHER_STR_INIT("email_verified"),
                                      USHER_STR_INIT("org_id"),
                                      USHER_STR_INIT("act"),
                                      USHER_STR_INIT("urn:auth0:my_org_current_user_permissions")};
    usher_json_object user;

    assert(usher_json_members(&user, a, part(session, USHER_STR("user")), NULL) == USHER_OK);
    for (size_t i = 0; i < user.count; i++)
        assert(named_in(&user.members[i], shown, COUNT(shown)));
}

static void from_claims(usher_arena *a, const usher_json_object *object)
{
    usher_claims claims = {.object = *object};
    usher_json_object session, again;
    usher_str text;

    if (usher_bridge_to_auth0(&text, a, &claims, 1767225600, NULL) || !reads(&session, a, text))
        return;
    check_session(a, &session);
    check_shown(a, &session);
    if (usher_bridge_to_claims(&text, a, &session, NULL) || !reads(&again, a, text)) return;
    check_no_stamps(&again);
    check_once(&again);
    check_kept(a, object, &again, true);
}

static void from_session(usher_arena *a, const usher_json_object *session)
{
    usher_json_object claims, user, again;
    usher_str text;

    if (usher_bridge_to_claims(&text, a, session, NULL) || !reads(&claims, a, text)) return;
    check_no_stamps(&claims);
    check_once(&claims);
    usher_json value = usher_json_get(session, USHER_STR("user"));
    if (value.type == USHER_JSON_OBJECT) {
        assert(usher_json_members(&user, a, value, NULL) == USHER_OK);
        check_kept(a, &user, &claims, false);
    }
    usher_claims c = {.object = claims};
    if (usher_bridge_to_auth0(&text, a, &c, 1767225600, NULL) || !reads(&again, a, text)) return;
    check_session(a, &again);
}

static void bridge(usher_arena *a, uint8_t kind, usher_str text)
{
    usher_json_object object;

    if (usher_json_read_object(&object, a, text, &usher_json_limits_claims, NULL)) return;
    if (kind == 's')
        from_session(a, &object);
    else
        from_claims(a, &object);
}

/* With too little memory: the status says so, and nothing is handed out. */
static void short_of_memory(uint8_t kind, usher_str text, size_t fail_at)
{
    kit_alloc memory = {.fail_at = fail_at};
    usher_allocator alloc = kit_allocator(&memory);
    usher_claims claims = {.text = text};
    usher_json_object *o = &claims.object;
    usher_arena a;
    usher_str out = {0};
    usher_status rc;

    usher_arena_init(&a, &alloc, 64, LIMIT);
    rc = usher_json_read_object(o, &a, text, &usher_json_limits_claims, NULL);
    if (rc == USHER_OK)
        rc = kind == 's' ? usher_bridge_to_claims(&out, &a, o, NULL)
                         : usher_bridge_to_auth0(&out, &a, &claims, 0, NULL);
    assert((rc == USHER_OK) == (out.ptr != NULL));
    if (memory.failed) assert(rc);
    usher_arena_deinit(&a);
    assert(memory.live == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    usher_arena a;

    if (size < 2) return 0;
    usher_str text = {(const char *)data + 2, size - 2};
    if (data[1] != '~') {
        short_of_memory(data[0], text, data[1]);
        return 0;
    }
    usher_arena_init(&a, usher_allocator_default(), 1 << 12, LIMIT);
    bridge(&a, data[0], text);
    usher_arena_deinit(&a);
    return 0;
}
