#include "session/bridge.h"

#include "base/str.h"
#include "session/lifetime.h"
#include "wire/json_set.h"

/* Room for what is written besides the values that are carried. */
#define FRAME ((size_t)1024)

typedef struct pair {
    usher_str auth0, claim, claim_too; /* claim_too: as many applications call it */
    usher_json_type type;
} pair;

static const pair tokens[] = {
    {USHER_STR_INIT("accessToken"), USHER_STR_INIT("access_token"), USHER_STR_INIT("accessToken"),
     USHER_JSON_STRING},
    {USHER_STR_INIT("idToken"), USHER_STR_INIT("id_token"), USHER_STR_INIT("idToken"),
     USHER_JSON_STRING},
    {USHER_STR_INIT("scope"), USHER_STR_INIT("scope"), {0}, USHER_JSON_STRING},
    {USHER_STR_INIT("requestedScope"), USHER_STR_INIT("requested_scope"), {0}, USHER_JSON_STRING},
    {USHER_STR_INIT("audience"), USHER_STR_INIT("audience"), {0}, USHER_JSON_STRING},
    {USHER_STR_INIT("refreshToken"), USHER_STR_INIT("refresh_token"),
     USHER_STR_INIT("refreshToken"), USHER_JSON_STRING},
    {USHER_STR_INIT("expiresAt"), USHER_STR_INIT("expires_at"), USHER_STR_INIT("expiresAt"),
     USHER_JSON_NUMBER},
    {USHER_STR_INIT("token_type"), USHER_STR_INIT("token_type"), {0}, USHER_JSON_STRING},
};

static const pair internals[] = {
    {USHER_STR_INIT("sid"), USHER_STR_INIT("sid"), {0}, USHER_JSON_STRING},
    {USHER_STR_INIT("createdAt"), USHER_STR_INIT("ucat"), {0}, USHER_JSON_NUMBER},
    {USHER_STR_INIT("sessionExpiresAt"), USHER_STR_INIT("uend"), {0}, USHER_JSON_NUMBER},
    {USHER_STR_INIT("mcd"), USHER_STR_INIT("mcd"), {0}, USHER_JSON_OBJECT},
    {USHER_STR_INIT("usid"), USHER_STR_INIT("usid"), {0}, USHER_JSON_STRING},
};

static const pair lists[] = {
    {USHER_STR_INIT("accessTokens"), USHER_STR_INIT("accessTokens"), {0}, USHER_JSON_ARRAY},
    {USHER_STR_INIT("connectionTokenSets"),
     USHER_STR_INIT("connectionTokenSets"),
     {0},
     USHER_JSON_ARRAY},
};

/* In the order in which the originals write a new session. */
static const usher_str people[] = {USHER_STR_INIT("name"), USHER_STR_INIT("email"),
                                   USHER_STR_INIT("picture"), USHER_STR_INIT("sub")};
/* What the SDK keeps of a user on its own, and so what its profile route may show a browser. */
static const usher_str shown[] = {
    USHER_STR_INIT("nickname"),
    USHER_STR_INIT("given_name"),
    USHER_STR_INIT("family_name"),
    USHER_STR_INIT("email_verified"),
    USHER_STR_INIT("org_id"),
    USHER_STR_INIT("act"),
    USHER_STR_INIT("urn:auth0:my_org_current_user_permissions"),
};
static const usher_str stamps[] = {USHER_STR_INIT("iat"), USHER_STR_INIT("exp"),
                                   USHER_STR_INIT("nbf"), USHER_STR_INIT("jti")};
static const usher_str parts[] = {USHER_STR_INIT("user"), USHER_STR_INIT("tokenSet"),
                                  USHER_STR_INIT("internal")};

#define COUNT(list) (sizeof(list) / sizeof *(list))

static bool named_in(const usher_json_member *m, const usher_str *names, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (usher_json_is_named(m, names[i])) return true;
    return false;
}

static bool paired_in(const usher_json_member *m, const pair *pairs, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (usher_json_is_named(m, pairs[i].claim) ||
            (pairs[i].claim_too.len && usher_json_is_named(m, pairs[i].claim_too)))
            return true;
    return false;
}

/* Whether a claim of this name means something of its own, and is not one of the user's. */
static bool is_spoken_for(const usher_json_member *m)
{
    return named_in(m, stamps, COUNT(stamps)) || paired_in(m, tokens, COUNT(tokens)) ||
           paired_in(m, internals, COUNT(internals)) || paired_in(m, lists, COUNT(lists));
}

static void put(usher_json_writer *w, usher_str name, usher_json value)
{
    if (value.type == USHER_JSON_ABSENT) return;
    usher_json_name(w, name);
    usher_json_put_raw(w, value.text);
}

/* A member's name goes over as it stands in the source, escapes and all. */
static void put_as_is(usher_json_writer *w, const usher_json_member *m)
{
    usher_json_name_raw(w, usher_json_quoted_name(m));
    usher_json_put_raw(w, m->value.text);
}

static usher_status members_of(usher_json_object *out, usher_arena *a,
                               const usher_json_object *object, usher_str name, usher_error *err)
{
    usher_json value = usher_json_get(object, name);

    *out = (usher_json_object){0};
    return value.type == USHER_JSON_OBJECT ? usher_json_members(out, a, value, err) : USHER_OK;
}

/* The member that `p` names on one side, if it has the right type. */
static usher_json pick(const usher_json_object *from, usher_str name, usher_json_type type)
{
    usher_json value = usher_json_get(from, name);

    return name.len && value.type == type ? value : (usher_json){0};
}

/* ---- Auth0's to claims --------------------------------------------------------------------- */

static void put_claims(usher_json_writer *w, const usher_json_object *from, const pair *pairs,
                       size_t count)
{
    for (size_t i = 0; i < count; i++)
        put(w, pairs[i].claim, pick(from, pairs[i].auth0, pairs[i].type));
}

static void put_user_claims(usher_json_writer *w, const usher_json_object *user)
{
    for (size_t i = 0; i < COUNT(people); i++)
        put(w, people[i], usher_json_get(user, people[i]));
    for (size_t i = 0; i < user->count; i++) {
        const usher_json_member *m = &user->members[i];

        if (!is_spoken_for(m) && !named_in(m, people, COUNT(people))) put_as_is(w, m);
    }
}

/* Names are the same however they are spelt. */
static usher_status user_has(bool *has, usher_arena *a, const usher_json_object *user,
                             const usher_json_member *m, usher_error *err)
{
    usher_json quoted = {USHER_JSON_STRING, m->name_escaped, usher_json_quoted_name(m)};
    usher_str name;
    usher_status rc = usher_json_string(&name, a, quoted, err);

    *has = rc == USHER_OK && usher_json_get(user, name).type != USHER_JSON_ABSENT;
    return rc;
}

static usher_status put_other_claims(usher_json_writer *w, usher_arena *a,
                                     const usher_json_object *session,
                                     const usher_json_object *user, usher_error *err)
{
    usher_status rc = USHER_OK;
    bool has;

    for (size_t i = 0; i < session->count && rc == USHER_OK; i++) {
        const usher_json_member *m = &session->members[i];

        if (is_spoken_for(m) || named_in(m, parts, COUNT(parts)) ||
            named_in(m, people, COUNT(people)))
            continue;
        rc = user_has(&has, a, user, m, err);
        if (rc == USHER_OK && !has) put_as_is(w, m);
    }
    return rc;
}

static size_t source_length(const usher_json_object *o)
{
    size_t n = FRAME;

    for (size_t i = 0; i < o->count; i++)
        n += o->members[i].name.len + o->members[i].value.text.len + 8;
    return n;
}

usher_status usher_bridge_to_claims(usher_str *claims_json, usher_arena *a,
                                    const usher_json_object *session, usher_error *err)
{
    usher_json_object user, token_set, internal;
    usher_status rc;
    usher_buf b;
    usher_json_writer w;

    *claims_json = (usher_str){0};
    if ((rc = members_of(&user, a, session, USHER_STR("user"), err)) ||
        (rc = members_of(&token_set, a, session, USHER_STR("tokenSet"), err)) ||
        (rc = members_of(&internal, a, session, USHER_STR("internal"), err)))
        return rc;
    usher_buf_init(&b, a, source_length(session));
    usher_json_write_init(&w, &b);
    usher_json_open_object(&w);
    put_user_claims(&w, &user);
    put_claims(&w, &token_set, tokens, COUNT(tokens));
    put_claims(&w, session, lists, COUNT(lists));
    put_claims(&w, &internal, internals, COUNT(internals));
    if ((rc = put_other_claims(&w, a, session, &user, err))) return rc;
    usher_json_close_object(&w);
    return usher_buf_take(claims_json, &b, err);
}

/* ---- claims to Auth0's --------------------------------------------------------------------- */

static void put_from_claims(usher_json_writer *w, const usher_json_object *claims,
                            const pair *pairs, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        usher_json value = pick(claims, pairs[i].claim, pairs[i].type);

        if (value.type == USHER_JSON_ABSENT)
            value = pick(claims, pairs[i].claim_too, pairs[i].type);
        put(w, pairs[i].auth0, value);
    }
}

/* What Auth.js writes as null, Auth0 leaves out. */
static void put_user(usher_json_writer *w, const usher_json_object *claims)
{
    usher_json_open_object(w);
    put(w, USHER_STR("sub"), usher_json_get(claims, USHER_STR("sub")));
    for (size_t i = 0; i + 1 < COUNT(people); i++) {
        usher_json value = usher_json_get(claims, people[i]);
        if (value.type != USHER_JSON_NULL) put(w, people[i], value);
    }
    for (size_t i = 0; i < claims->count; i++) {
        const usher_json_member *m = &claims->members[i];

        if (named_in(m, shown, COUNT(shown))) put_as_is(w, m);
    }
    usher_json_close_object(w);
}

/* Claims that are nobody's business but the site's: beside the user, whom browsers may see. */
static void put_rest(usher_json_writer *w, const usher_json_object *claims)
{
    for (size_t i = 0; i < claims->count; i++) {
        const usher_json_member *m = &claims->members[i];

        if (!is_spoken_for(m) && !named_in(m, people, COUNT(people)) &&
            !named_in(m, shown, COUNT(shown)) && !named_in(m, parts, COUNT(parts)))
            put_as_is(w, m);
    }
}

static void put_internal(usher_json_writer *w, const usher_claims *claims, int64_t created_s)
{
    bool created = usher_life_of(claims).has_created;

    usher_json_open_object(w);
    for (size_t i = 0; i < COUNT(internals); i++)
        if (created || !usher_str_eq(internals[i].claim, USHER_CLAIM_CREATED))
            put_from_claims(w, &claims->object, &internals[i], 1);
    if (!created) {
        usher_json_name(w, USHER_STR("createdAt"));
        usher_json_put_int(w, created_s);
    }
    usher_json_close_object(w);
}

usher_status usher_bridge_to_auth0(usher_str *session_json, usher_arena *a,
                                   const usher_claims *claims, int64_t created_s, usher_error *err)
{
    usher_buf b;
    usher_json_writer w;

    usher_buf_init(&b, a, source_length(&claims->object));
    usher_json_write_init(&w, &b);
    usher_json_open_object(&w);
    usher_json_name(&w, USHER_STR("user"));
    put_user(&w, &claims->object);
    usher_json_name(&w, USHER_STR("tokenSet"));
    usher_json_open_object(&w);
    put_from_claims(&w, &claims->object, tokens, COUNT(tokens));
    usher_json_close_object(&w);
    put_from_claims(&w, &claims->object, lists, COUNT(lists));
    usher_json_name(&w, USHER_STR("internal"));
    put_internal(&w, claims, created_s);
    put_rest(&w, &claims->object);
    usher_json_close_object(&w);
    return usher_buf_take(session_json, &b, err);
}
