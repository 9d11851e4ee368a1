#include "hosts/cli/auth0.h"

#include "base/error.h"
#include "base/str.h"
#include "session/auth0_write.h"
#include "session/bridge.h"
#include "wire/json_set.h"

/* Longer than anybody lives: what --max-age says is the only limit. */
#define NO_LIMIT_S (INT64_C(1) << 40)

static usher_auth0_options options_for(usher_str name)
{
    usher_auth0_options o;

    usher_auth0_options_init(&o);
    if (name.len) o.cookie_name = name;
    return o;
}

/* ---- reading ------------------------------------------------------------------------------- */

static size_t pieces_of(const usher_auth0_jar *jar, usher_str name, usher_str separator)
{
    const usher_cookie *whole = usher_auth0_jar_get(jar, name);

    return whole && whole->value.len ? 1 : usher_auth0_pieces_end(jar, name, separator);
}

static usher_status take(cli_found *out, usher_arena *a, const usher_auth0_jar *jar, usher_str name,
                         usher_str separator, usher_error *err)
{
    usher_auth0_value value;
    usher_status rc = usher_auth0_jar_value(&value, a, jar, name, separator, err);

    if (rc) return rc;
    out->token = value.value;
    out->too_many = jar->too_many || value.too_many;
    /* Pieces with a gap are no value, and yet something came. */
    if (value.value.len || value.incomplete || out->too_many)
        out->pieces = pieces_of(jar, name, separator);
    return USHER_OK;
}

usher_status cli_auth0_find(cli_found *out, usher_arena *a, usher_str name, usher_str header,
                            usher_error *err)
{
    const usher_auth0_names *names = usher_profile_auth0_4.auth0;
    usher_auth0_options o = options_for(name);
    usher_auth0_jar jar;
    usher_status rc;

    if ((rc = usher_auth0_jar_read(&jar, a, &o, header, err)) ||
        (rc = take(out, a, &jar, o.cookie_name, names->chunk, err)))
        return rc;
    if (!out->pieces) rc = take(out, a, &jar, names->legacy_session, names->legacy_chunk, err);
    if (rc || !out->pieces) return rc;
    out->profile = &usher_profile_auth0_4;
    out->names[0] = o.cookie_name; /* whose site it is; version 3's is looked for besides */
    out->name_count = 1;
    out->header = header;
    return USHER_OK;
}

static usher_status jar_of(usher_auth0_jar *jar, const usher_auth0_context *c,
                           const cli_found *found, usher_error *err)
{
    if (found->header.len)
        return usher_auth0_jar_read(jar, c->arena, c->options, found->header, err);
    jar->too_many = false;
    jar->count = 1;
    jar->items[0] = (usher_cookie){.name = c->options->cookie_name, .value = found->token};
    return USHER_OK;
}

usher_status cli_auth0_judge(usher_claims *claims, usher_verdict *verdict, usher_cause *cause,
                             usher_auth0_context *c, const cli_found *found, usher_error *err)
{
    usher_auth0_options o = options_for(found->names[0]);
    usher_auth0_session s;
    usher_auth0_jar jar;
    usher_status rc;

    c->options = &o;
    if ((rc = jar_of(&jar, c, found, err)) == USHER_OK)
        rc = usher_auth0_session_open(&s, verdict, cause, c, &jar, err);
    c->options = NULL;
    if (rc || *verdict != USHER_SESSION_VALID) return rc;
    claims->text = s.json;
    return usher_json_read_object(&claims->object, c->arena, s.json, &usher_json_limits_claims,
                                  err);
}

/* ---- writing ------------------------------------------------------------------------------- */

/* `sid` is what a provider would have called the session; a new one is as good. */
static usher_status with_sid(usher_claims *claims, usher_arena *a, usher_str text, usher_error *err)
{
    usher_json sid;
    usher_status rc =
        usher_json_read_object(&claims->object, a, text, &usher_json_limits_claims, err);

    claims->text = text;
    if (rc || usher_json_get(&claims->object, USHER_STR("sid")).type) return rc;
    sid = usher_json_get(&claims->object, USHER_STR("usid"));
    if (sid.type != USHER_JSON_STRING) return USHER_OK;
    if ((rc = usher_json_set(&claims->text, a, &claims->object, USHER_STR("sid"), sid.text,
                             USHER_STR("usid"), err)))
        return rc;
    return usher_json_read_object(&claims->object, a, claims->text, &usher_json_limits_claims, err);
}

usher_status cli_auth0_new(usher_str *session, usher_arena *a, usher_str claims_json, int64_t now_s,
                           usher_error *err)
{
    usher_claims claims = {0};
    usher_status rc = with_sid(&claims, a, claims_json, err);

    *session = (usher_str){0};
    return rc ? rc : usher_bridge_to_auth0(session, a, &claims, now_s, err);
}

usher_status cli_auth0_seal(usher_str *token, int64_t *exp_s, const usher_auth0_context *c,
                            usher_str session, int64_t max_age_s, usher_entropy entropy,
                            usher_error *err)
{
    usher_json_object members;
    usher_status rc =
        usher_json_read_object(&members, c->arena, session, &usher_json_limits_claims, err);

    *token = (usher_str){0};
    *exp_s = c->now_s + max_age_s;
    return rc ? rc : usher_auth0_seal(token, c, &members, (usher_str){0}, max_age_s, entropy, err);
}

static bool deletes(usher_str line)
{
    usher_str rest;

    (void)usher_str_cut(line, '=', &rest);
    return usher_str_starts(rest, USHER_STR(";"));
}

/* A browser that has nothing needs no deletions. */
static usher_status keep_written(usher_str **lines, size_t *count, usher_arena *a,
                                 const usher_auth0_lines *all, usher_error *err)
{
    if (!(*lines = usher_arena_get(a, all->count * sizeof **lines)))
        return usher_arena_fail(a, err);
    for (size_t i = 0; i < all->count; i++)
        if (!deletes(all->items[i])) (*lines)[(*count)++] = all->items[i];
    return USHER_OK;
}

usher_status cli_auth0_lines(usher_str **lines, size_t *count, const usher_auth0_context *c,
                             const cli_auth0_sealing *what, usher_error *err)
{
    usher_auth0_options o = options_for(what->cookie_name);
    usher_auth0_context wide = *c;
    usher_auth0_jar none = {.count = 0};
    usher_auth0_lines all;
    usher_auth0_session s;
    usher_verdict verdict;
    usher_cause cause;
    usher_str token;
    usher_status rc;

    *lines = NULL;
    *count = 0;
    o.secure = what->secure;
    o.absolute_s = o.inactivity_s = NO_LIMIT_S;
    wide.options = &o;
    if ((rc = usher_auth0_record_open(&s, &verdict, &cause, &wide, what->session, err))) return rc;
    if (verdict != USHER_SESSION_VALID || what->max_age_s <= 0)
        return usher_fail(err, USHER_E_USAGE,
                          "no site would take this for a session of Auth0's that is still valid",
                          0);
    s.has_end = true;
    s.end_s = (double)(c->now_s + what->max_age_s);
    if ((rc = usher_auth0_session_write(&all, &token, &wide, &none, &s, what->entropy, err)))
        return rc;
    return keep_written(lines, count, c->arena, &all, err);
}
