/* Changing the session that is held: update() and updateSession(). */
#include "base/error.h"
#include "base/str.h"
#include "flow/store.h"
#include "flow/write.h"
#include "wire/json_set.h"

static const usher_str unchangeable[] = {
    USHER_STR_INIT("iat"),  USHER_STR_INIT("exp"),  USHER_STR_INIT("nbf"),
    USHER_STR_INIT("jti"),  USHER_STR_INIT("sub"),  USHER_STR_INIT("usid"),
    USHER_STR_INIT("ucat"), USHER_STR_INIT("uend"), USHER_STR_INIT("user"),
};

static const struct {
    usher_str member, claim;
} people[] = {
    {USHER_STR_INIT("name"), USHER_STR_INIT("name")},
    {USHER_STR_INIT("email"), USHER_STR_INIT("email")},
    {USHER_STR_INIT("image"), USHER_STR_INIT("picture")},
};

static usher_status set_claim(usher_str *claims, usher_exchange *ex, usher_str name,
                              usher_str value, usher_error *err)
{
    usher_json_object object;
    usher_status rc =
        usher_json_read_object(&object, &ex->arena, *claims, &usher_json_limits_claims, err);

    return rc ? rc : usher_json_set(claims, &ex->arena, &object, name, value, USHER_STR(""), err);
}

static bool may_change(const usher_json_member *m)
{
    for (size_t i = 0; i < sizeof unchangeable / sizeof *unchangeable; i++)
        if (usher_json_is_named(m, unchangeable[i])) return false;
    return true;
}

static void put_member(usher_json_writer *w, const usher_json_member *m)
{
    usher_json_name_raw(w, usher_json_quoted_name(m));
    usher_json_put_raw(w, m->value.text);
}

/* The claims and behind them what may be changed, read once more: a repeated name keeps its first
 * place and gets its last value there, however it is spelt. Looking each up in the other would cost
 * the product of their numbers. */
static usher_status merge_claims(usher_str *out, usher_exchange *ex,
                                 const usher_json_object *claims, const usher_json_object *changes,
                                 usher_error *err)
{
    const usher_json_limits both = {.depth = usher_json_limits_claims.depth,
                                    .members = 2 * usher_json_limits_claims.members};
    usher_json_object merged;
    usher_str text;
    usher_buf b;
    usher_json_writer w;
    usher_status rc;

    usher_buf_init(&b, &ex->arena, USHER_TOKEN_MAX);
    usher_json_write_init(&w, &b);
    usher_json_open_object(&w);
    for (size_t i = 0; i < claims->count; i++)
        put_member(&w, &claims->members[i]);
    for (size_t i = 0; i < changes->count; i++)
        if (may_change(&changes->members[i])) put_member(&w, &changes->members[i]);
    usher_json_close_object(&w);
    if ((rc = usher_buf_take(&text, &b, err)) ||
        (rc = usher_json_read_object(&merged, &ex->arena, text, &both, err)))
        return rc;
    return usher_json_object_text(out, &ex->arena, &merged, err);
}

static usher_status change_user(usher_str *claims, usher_exchange *ex,
                                const usher_json_object *changes, usher_error *err)
{
    usher_json user = usher_json_get(changes, USHER_STR("user"));
    usher_json_object members;
    usher_status rc;

    if (user.type != USHER_JSON_OBJECT) return USHER_OK;
    if ((rc = usher_json_members(&members, &ex->arena, user, err))) return rc;
    for (size_t i = 0; i < sizeof people / sizeof *people; i++) {
        usher_json value = usher_json_get(&members, people[i].member);

        if (value.type != USHER_JSON_ABSENT &&
            (rc = set_claim(claims, ex, people[i].claim, value.text, err)))
            return rc;
    }
    return USHER_OK;
}

/* More than a session may hold: it stays as it is. */
static usher_status too_large(usher_exchange *ex)
{
    usher_flow_report(ex, USHER_CAUSE_SESSION_TOO_LARGE, NULL);
    return USHER_OK;
}

static usher_status change_claims(usher_exchange *ex, const usher_json_object *changes,
                                  const usher_writing *w, usher_error *err)
{
    usher_life life = usher_life_of(&ex->held.claims);
    usher_str claims;
    usher_status rc;

    if ((rc = merge_claims(&claims, ex, &ex->held.claims.object, changes, err)) ||
        (rc = change_user(&claims, ex, changes, err))) {
        if (usher_flow_peer_fault(ex, rc)) return too_large(ex);
        return rc;
    }
    return usher_flow_write_claims(ex, claims, &life, w, err);
}

/* Auth0's: a new session altogether, but for what is not the caller's to say. */
static usher_status change_auth0(usher_exchange *ex, const usher_json_object *changes,
                                 const usher_writing *w, usher_error *err)
{
    const usher_json_object *old = &ex->held.auth0->members;
    usher_json tokens = usher_json_get(changes, USHER_STR("tokenSet"));
    usher_json_object object;
    usher_auth0_session *s;
    usher_str json;
    usher_status rc;

    if (usher_json_get(changes, USHER_STR("user")).type != USHER_JSON_OBJECT)
        return usher_fail(err, USHER_E_USAGE, "exchange: a session of Auth0's needs a user", 0);
    if (tokens.type != USHER_JSON_OBJECT) tokens = usher_json_get(old, USHER_STR("tokenSet"));
    if ((rc = usher_json_set(&json, &ex->arena, changes, USHER_STR("tokenSet"), tokens.text,
                             USHER_STR("exp"), err)) ||
        (rc = usher_json_read_object(&object, &ex->arena, json, &usher_json_limits_claims, err)) ||
        (rc = usher_json_set(&json, &ex->arena, &object, USHER_STR("internal"),
                             usher_json_get(old, USHER_STR("internal")).text, USHER_STR("exp"),
                             err)) ||
        (rc = usher_flow_auth0_from(&s, ex, json, err)))
        return rc;
    if (!s) return usher_fail(err, USHER_E_USAGE, "exchange: that is no session of Auth0's", 0);
    return usher_flow_write_auth0(ex, s, w, err);
}

usher_status usher_flow_change_session(usher_exchange *ex, const usher_json_object *changes,
                                       usher_error *err)
{
    bool written = false, foreign = ex->held.format != &ex->site->formats[0], lives;
    const usher_writing w = {.keep_exp = foreign, .must = true, .written = &written};
    usher_status rc;

    if ((rc = usher_flow_own_form(ex, &lives, err)) || !lives || usher_store_was_left(ex))
        return rc;
    if (!ex->site->profile->auth0) return change_claims(ex, changes, &w, err);
    return change_auth0(ex, changes, &w, err);
}
