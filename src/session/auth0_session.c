#include "session/auth0_session.h"

#include <math.h>

#include "base/error.h"
#include "base/str.h"
#include "session/auth0_legacy.h"
#include "wire/json_set.h"

static const usher_str sets_name = USHER_STR_INIT("connectionTokenSets");

/* An answer on its way out: what is not refused yet is valid. */
typedef struct answer {
    usher_verdict verdict;
    usher_cause cause;
} answer;

static void refuse(answer *an, usher_verdict verdict, usher_cause cause)
{
    *an = (answer){verdict, cause};
}

static void reject(answer *an, usher_cause cause)
{
    refuse(an, USHER_SESSION_REJECTED, cause);
}

static void expire(answer *an)
{
    refuse(an, USHER_SESSION_EXPIRED, USHER_CAUSE_TOKEN_EXPIRED);
}

static bool is_valid(const answer *an)
{
    return an->verdict == USHER_SESSION_VALID;
}

static usher_status open_token(usher_claims *claims, answer *an, const usher_auth0_context *c,
                               usher_str token, usher_error *err)
{
    return usher_token_open(claims, &an->verdict, &an->cause, c->arena, c->cipher, c->keys,
                            USHER_FOR_SESSION, token, c->now_s, err);
}

static bool finite_member(double *out, const usher_json_object *o, usher_str name)
{
    *out = 0;
    return usher_json_double(out, usher_json_get(o, name)) && isfinite(*out);
}

static bool member_is(const usher_json_object *o, usher_str name, usher_json_type type)
{
    return usher_json_get(o, name).type == type;
}

/* An object's members; none where the value is something else. */
static usher_status members_of(usher_json_object *out, usher_arena *a, usher_json value,
                               usher_error *err)
{
    *out = (usher_json_object){0};
    return value.type == USHER_JSON_OBJECT ? usher_json_members(out, a, value, err) : USHER_OK;
}

/* ---- limits -------------------------------------------------------------------------------- */

static bool is_over(double end_s, const usher_auth0_context *c)
{
    return end_s <= (double)c->now_s - (double)c->keys->profile->tolerance_s;
}

/* Version 3 wrote its end into the header and looked at it; who came after it no longer does. */
static void judge_v3_times(answer *an, const usher_auth0_v3_times *t, const usher_auth0_context *c)
{
    if (!t->has_iat) return;
    if (t->has_exp && t->exp_s <= (double)c->now_s) expire(an);
    if (!c->options->as_original && c->options->rolling && t->has_uat &&
        is_over(t->uat_s + (double)c->options->inactivity_s, c))
        expire(an);
}

/* A session named for one tenant is none of another's. */
static usher_status judge_tenant(answer *an, const usher_auth0_context *c,
                                 const usher_json_object *internal, usher_error *err)
{
    usher_json mcd = usher_json_get(internal, USHER_STR("mcd"));
    usher_json_object members;
    usher_status rc;

    if (c->options->tenant.len == 0 || mcd.type == USHER_JSON_ABSENT || mcd.type == USHER_JSON_NULL)
        return USHER_OK;
    if ((rc = members_of(&members, c->arena, mcd, err))) return rc;
    if (!usher_json_string_is(usher_json_get(&members, USHER_STR("domain")), c->options->tenant))
        reject(an, USHER_CAUSE_TOKEN_CLAIMS);
    return USHER_OK;
}

/* An end that somebody else set. One that is no number was meant to be one all the same. */
static void judge_ceiling(answer *an, const usher_auth0_context *c,
                          const usher_json_object *internal)
{
    usher_json end = usher_json_get(internal, USHER_STR("sessionExpiresAt"));
    double end_s;

    if (end.type == USHER_JSON_ABSENT || end.type == USHER_JSON_NULL) return;
    if (!finite_member(&end_s, internal, USHER_STR("sessionExpiresAt")))
        reject(an, USHER_CAUSE_TOKEN_CLAIMS);
    else if ((double)c->now_s >= end_s - (double)c->options->names->ceiling_margin_s)
        expire(an);
}

static usher_status judge_internal(answer *an, usher_auth0_session *s, const usher_auth0_context *c,
                                   usher_error *err)
{
    usher_json_object internal;
    usher_status rc;

    if ((rc = members_of(&internal, c->arena, usher_json_get(&s->members, USHER_STR("internal")),
                         err)))
        return rc;
    s->has_created = finite_member(&s->created_s, &internal, USHER_STR("createdAt"));
    /* To the original a session whose createdAt is no number is as old as can be. */
    if (c->options->as_original && member_is(&s->members, USHER_STR("internal"), USHER_JSON_OBJECT))
        s->has_created = true;
    judge_ceiling(an, c, &internal);
    if (!c->options->as_original && !s->has_created) reject(an, USHER_CAUSE_TOKEN_CLAIMS);
    if (!c->options->as_original && s->has_created &&
        is_over(s->created_s + (double)c->options->absolute_s, c))
        expire(an);
    return is_valid(an) ? judge_tenant(an, c, &internal, err) : USHER_OK;
}

/* ---- shape --------------------------------------------------------------------------------- */

/* Transactions, ids, connection tokens and MFA contexts have no user. What the original's testing
 * helpers and version 3 leave out is asked for all the same when it is our own site. */
static bool looks_like_session(const usher_json_object *o, const usher_auth0_options *options)
{
    return member_is(o, USHER_STR("user"), USHER_JSON_OBJECT) &&
           (options->as_original || member_is(o, USHER_STR("tokenSet"), USHER_JSON_OBJECT));
}

static bool looks_like_set(const usher_json_object *o)
{
    return member_is(o, USHER_STR("connection"), USHER_JSON_STRING) &&
           member_is(o, USHER_STR("accessToken"), USHER_JSON_STRING);
}

/* ---- connection tokens --------------------------------------------------------------------- */

static usher_status take_set(usher_auth0_session *s, const usher_auth0_context *c, usher_str value,
                             usher_error *err)
{
    usher_claims claims;
    answer an;
    usher_status rc = open_token(&claims, &an, c, value, err);

    if (rc == USHER_OK && is_valid(&an) && looks_like_set(&claims.object) &&
        s->set_count < USHER_AUTH0_SETS_MAX)
        s->sets[s->set_count++] = claims.text;
    return rc;
}

/* What a session carries inside, as a stored one does. */
static void take_sets_inside(usher_auth0_session *s)
{
    usher_json inside = usher_json_get(&s->members, sets_name), item;
    usher_str rest = inside.text;

    if (inside.type != USHER_JSON_ARRAY) return;
    while (s->set_count < USHER_AUTH0_SETS_MAX && usher_json_next(&item, &rest))
        if (item.type == USHER_JSON_OBJECT) s->sets[s->set_count++] = item.text;
}

static usher_status sets_text(usher_str *out, usher_arena *a, const usher_auth0_session *s,
                              usher_error *err)
{
    size_t size = 2;
    usher_buf b;

    for (size_t i = 0; i < s->set_count; i++)
        size += s->sets[i].len + 1;
    usher_buf_init(&b, a, size);
    for (size_t i = 0; i < s->set_count; i++) {
        usher_buf_put_char(&b, i ? ',' : '[');
        usher_buf_put(&b, s->sets[i]);
    }
    usher_buf_put_char(&b, ']');
    return usher_buf_take(out, &b, err);
}

/* The connection tokens that came in cookies of their own belong to what a program is handed. */
static usher_status take_sets(usher_auth0_session *s, const usher_auth0_context *c,
                              const usher_auth0_jar *jar, usher_error *err)
{
    usher_str sets;
    usher_status rc = USHER_OK;
    size_t number;

    for (size_t i = 0; i < jar->count && rc == USHER_OK; i++)
        if (usher_auth0_numbered(&number, jar->items[i].name, c->options->names->connection_prefix))
            rc = take_set(s, c, jar->items[i].value, err);
    if (rc || s->set_count == 0) {
        if (rc == USHER_OK) take_sets_inside(s);
        return rc;
    }
    if ((rc = sets_text(&sets, c->arena, s, err))) return rc;
    return usher_json_set(&s->json, c->arena, &s->members, sets_name, sets, (usher_str){0}, err);
}

/* ---- a session's text ---------------------------------------------------------------------- */

/* A converted session is read like any other: it is small, and there is one place that judges. */
static usher_status convert(usher_auth0_session *s, answer *an, const usher_auth0_context *c,
                            const usher_auth0_v3_times *times, const usher_json_object *data,
                            usher_error *err)
{
    usher_status rc;

    judge_v3_times(an, times, c);
    if (!is_valid(an)) return USHER_OK;
    s->legacy = true;
    if ((rc = usher_auth0_v3_convert(&s->json, c->arena, times, data, err))) return rc;
    if (!s->json.ptr) {
        reject(an, USHER_CAUSE_TOKEN_CLAIMS);
        return USHER_OK;
    }
    return usher_json_read_object(&s->members, c->arena, s->json, &usher_json_limits_claims, err);
}

/* Hands out *s if it is still valid after all. */
static usher_status finish(usher_auth0_session *out, usher_verdict *verdict, usher_cause *cause,
                           const usher_auth0_session *s, const answer *an, usher_status rc)
{
    *out = (usher_auth0_session){0};
    *verdict = USHER_NO_SESSION;
    *cause = USHER_CAUSE_NONE;
    if (rc) return rc;
    *verdict = an->verdict;
    *cause = an->cause;
    if (is_valid(an)) *out = *s;
    return USHER_OK;
}

/* ---- stateless ----------------------------------------------------------------------------- */

/* The value of the session's cookie, or else of version 3's. */
static usher_status find_value(usher_str *value, answer *an, const usher_auth0_context *c,
                               const usher_auth0_jar *jar, usher_error *err)
{
    const usher_auth0_names *names = c->options->names;
    usher_auth0_value now, old;
    usher_status rc;

    *an = (answer){USHER_NO_SESSION, USHER_CAUSE_NONE};
    *value = (usher_str){0};
    if ((rc = usher_auth0_jar_value(&now, c->arena, jar, c->options->cookie_name, names->chunk,
                                    err)) ||
        (rc = usher_auth0_jar_value(&old, c->arena, jar, names->legacy_session, names->legacy_chunk,
                                    err)))
        return rc;
    if (jar->too_many || now.too_many || (!now.value.ptr && old.too_many)) {
        reject(an, USHER_CAUSE_TOKEN_TOO_LARGE);
        return USHER_OK;
    }
    *value = now.value.ptr ? now.value : old.value;
    if (!value->ptr && (now.incomplete || old.incomplete)) reject(an, USHER_CAUSE_TOKEN_MALFORMED);
    return USHER_OK;
}

/* The header that version 4 writes says nothing; only another is read. */
static bool has_own_header(const usher_auth0_context *c, usher_str token)
{
    const usher_key_header *h = &c->keys->headers[USHER_FOR_SESSION][0];
    usher_str rest;

    return usher_str_eq(usher_str_cut(token, '.', &rest), (usher_str){h->b64, h->b64_len});
}

static usher_status judge_claims(usher_auth0_session *s, answer *an, const usher_auth0_context *c,
                                 const usher_claims *claims, usher_str token, usher_error *err)
{
    usher_auth0_v3_times times = {.is_v3 = false};
    usher_status rc;

    s->json = claims->text;
    s->members = claims->object;
    if (!has_own_header(c, token) &&
        (rc = usher_auth0_v3_token_times(&times, c->arena, token, err)))
        return rc;
    if (times.is_v3 && (rc = convert(s, an, c, &times, &claims->object, err))) return rc;
    if (!is_valid(an)) return USHER_OK;
    if (!looks_like_session(&s->members, c->options)) {
        reject(an, USHER_CAUSE_TOKEN_CLAIMS);
        return USHER_OK;
    }
    return judge_internal(an, s, c, err);
}

usher_status usher_auth0_session_open(usher_auth0_session *out, usher_verdict *verdict,
                                      usher_cause *cause, const usher_auth0_context *c,
                                      const usher_auth0_jar *jar, usher_error *err)
{
    usher_auth0_session s = {0};
    usher_claims claims;
    usher_str token;
    answer an;
    usher_status rc = find_value(&token, &an, c, jar, err);

    if (rc == USHER_OK && token.len) {
        rc = open_token(&claims, &an, c, token, err);
        if (rc == USHER_OK && is_valid(&an)) rc = judge_claims(&s, &an, c, &claims, token, err);
        if (rc == USHER_OK && is_valid(&an)) rc = take_sets(&s, c, jar, err);
    }
    return finish(out, verdict, cause, &s, &an, rc);
}

/* ---- stored -------------------------------------------------------------------------------- */

static usher_status id_of_claims(usher_auth0_id *out, answer *an, const usher_auth0_context *c,
                                 const usher_claims *claims, usher_error *err)
{
    usher_json id = usher_json_get(&claims->object, USHER_STR("id"));
    bool user = usher_json_get(&claims->object, USHER_STR("user")).type != USHER_JSON_ABSENT;
    usher_status rc = USHER_OK;

    if (id.type == USHER_JSON_STRING && !user) rc = usher_json_string(&out->id, c->arena, id, err);
    if (rc == USHER_OK && out->id.len == 0) reject(an, USHER_CAUSE_TOKEN_CLAIMS);
    out->has_exp = claims->has_exp;
    out->exp = claims->exp;
    return rc;
}

/* Only what is no token at all may be a signed id: a sealed one that fails has failed. */
static usher_status id_of_value(usher_auth0_id *out, answer *an, const usher_auth0_context *c,
                                const usher_cookie *cookie, usher_error *err)
{
    usher_claims claims;
    usher_status rc = open_token(&claims, an, c, cookie->value, err);

    if (rc) return rc;
    if (is_valid(an)) return id_of_claims(out, an, c, &claims, err);
    if (an->cause != USHER_CAUSE_TOKEN_MALFORMED) return USHER_OK;
    if ((rc = usher_auth0_v3_signed_id(&out->id, c->keys, cookie->name, cookie->value, err)))
        return rc;
    out->is_old = out->id.ptr != NULL;
    if (out->is_old)
        *an = (answer){USHER_SESSION_VALID, USHER_CAUSE_NONE};
    else if (usher_str_has(cookie->value, '.'))
        reject(an, USHER_CAUSE_TOKEN_FORGED);
    return USHER_OK;
}

usher_status usher_auth0_id_open(usher_auth0_id *out, usher_verdict *verdict, usher_cause *cause,
                                 const usher_auth0_context *c, const usher_auth0_jar *jar,
                                 usher_error *err)
{
    const usher_cookie *cookie = usher_auth0_jar_get(jar, c->options->cookie_name);
    usher_auth0_id id = {0};
    answer an = {USHER_NO_SESSION, USHER_CAUSE_NONE};
    usher_status rc = USHER_OK;

    *out = (usher_auth0_id){0};
    *verdict = USHER_NO_SESSION;
    *cause = USHER_CAUSE_NONE;
    /* An empty cookie hides version 3's, unlike a stateless one. */
    if (!cookie) cookie = usher_auth0_jar_get(jar, c->options->names->legacy_session);
    if (jar->too_many)
        reject(&an, USHER_CAUSE_TOKEN_TOO_LARGE);
    else if (cookie && cookie->value.len)
        rc = id_of_value(&id, &an, c, cookie, err);
    if (rc) return rc;
    *verdict = an.verdict;
    *cause = an.cause;
    if (!is_valid(&an)) return USHER_OK;
    *out = id;
    out->is_old |= !usher_str_eq(cookie->name, c->options->cookie_name);
    return USHER_OK;
}

/* A record of version 3 is the session in an envelope with its times. */
static usher_status judge_record(usher_auth0_session *s, answer *an, const usher_auth0_context *c,
                                 usher_error *err)
{
    usher_json_object header, data;
    usher_auth0_v3_times times;
    usher_status rc;

    if ((rc = members_of(&header, c->arena, usher_json_get(&s->members, USHER_STR("header")), err)))
        return rc;
    usher_auth0_v3_times_read(&times, &header);
    if (times.is_v3) {
        usher_json inner = usher_json_get(&s->members, USHER_STR("data"));

        if ((rc = members_of(&data, c->arena, inner, err)) ||
            (rc = convert(s, an, c, &times, &data, err)))
            return rc;
    }
    if (!is_valid(an)) return USHER_OK;
    take_sets_inside(s);
    /* The store is the site's own and holds no other kind: what has no user is no record. */
    if (!c->options->as_original && !looks_like_session(&s->members, c->options)) {
        bool user = member_is(&s->members, USHER_STR("user"), USHER_JSON_OBJECT);
        reject(an, user ? USHER_CAUSE_TOKEN_CLAIMS : USHER_CAUSE_TOKEN_MALFORMED);
        return USHER_OK;
    }
    return judge_internal(an, s, c, err);
}

usher_status usher_auth0_record_open(usher_auth0_session *out, usher_verdict *verdict,
                                     usher_cause *cause, const usher_auth0_context *c,
                                     usher_str record, usher_error *err)
{
    usher_auth0_session s = {.json = record};
    answer an = {USHER_SESSION_VALID, USHER_CAUSE_NONE};
    usher_status rc =
        usher_json_read_object(&s.members, c->arena, record, &usher_json_limits_claims, err);

    if (rc == USHER_E_SYNTAX || (rc == USHER_E_LIMIT && c->arena->failed == USHER_OK)) {
        reject(&an, USHER_CAUSE_TOKEN_MALFORMED);
        rc = USHER_OK;
    } else if (rc == USHER_OK) {
        rc = judge_record(&s, &an, c, err);
    }
    return finish(out, verdict, cause, &s, &an, rc);
}
