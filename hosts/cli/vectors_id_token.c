#include "hosts/cli/vectors_id_token.h"

#include <string.h>

#include "base/error.h"
#include "base/str.h"
#include "hosts/cli/compare.h"
#include "oauth/id_token.h"

static usher_json input(const vector *v, const char *name)
{
    return usher_json_get(&v->input, usher_str_z(name));
}

/* A site has one algorithm for each provider, and so has every case. */
static usher_status alg_of(usher_jws_alg *out, const vector *v, usher_error *err)
{
    usher_str rest = input(v, "allowed_algs").text, name;
    usher_json item;
    usher_status rc = USHER_OK;

    *out = USHER_JWS_NONE;
    if (!usher_json_next(&item, &rest)) return USHER_OK;
    if ((rc = usher_json_string(&name, v->arena, item, err))) return rc;
    *out = usher_jws_alg_of(name);
    return USHER_OK;
}

static usher_status secret_of(usher_secret *out, const vector *v, usher_error *err)
{
    usher_str text;
    usher_status rc = vector_text(&text, v, "client_secret", err);
    uint8_t *copy;

    *out = (usher_secret){0};
    if (rc || !text.len) return rc;
    if (!(copy = usher_arena_get(v->arena, text.len))) return usher_arena_fail(v->arena, err);
    memcpy(copy, text.ptr, text.len);
    *out = (usher_secret){copy, text.len};
    return USHER_OK;
}

static usher_status rules_of(usher_id_token_rules *out, const vector *v, usher_error *err)
{
    usher_status rc;

    *out = (usher_id_token_rules){.now_s = vector_now(v)};
    (void)usher_json_int64(&out->skew_s, input(v, "clock_tolerance"));
    out->has_max_age = usher_json_int64(&out->max_age_s, input(v, "max_age"));
    if ((rc = secret_of(&out->client_secret, v, err)) || (rc = alg_of(&out->alg, v, err)) ||
        (rc = vector_text(&out->issuer, v, "issuer", err)) ||
        (rc = vector_text(&out->client_id, v, "client_id", err)) ||
        (rc = vector_text(&out->nonce, v, "nonce", err)) ||
        (rc = vector_text(&out->access_token, v, "access_token", err)))
        return rc;
    return vector_text(&out->code, v, "code", err);
}

static usher_status verify(usher_id_token *out, usher_cause *cause, vector *v, usher_error *err)
{
    usher_id_token_rules rules;
    usher_jwks keys;
    usher_str token;
    usher_status rc;

    *out = (usher_id_token){0};
    *cause = USHER_CAUSE_JWKS_INVALID;
    if ((rc = rules_of(&rules, v, err)) || (rc = vector_text(&token, v, "id_token", err)) ||
        (rc = usher_jwks_read(&keys, v->arena, input(v, "jwks").text, err)))
        return rc;
    rc = usher_id_token_verify(out, cause, v->arena, token, &keys, &rules, err);
    usher_jwks_free(&keys);
    return rc;
}

static usher_status judge_claims(vector *v, usher_str claims, usher_error *err)
{
    usher_json recorded = usher_json_get(&v->expected, USHER_STR("claims_json")), one, other;
    usher_str text;
    usher_status rc;
    bool same;

    if (recorded.type == USHER_JSON_ABSENT) return USHER_OK;
    if ((rc = usher_json_string(&text, v->arena, recorded, err)) ||
        (rc = usher_json_read(&one, text, &usher_json_limits_claims, err)) ||
        (rc = usher_json_read(&other, claims, &usher_json_limits_claims, err)) ||
        (rc = cli_json_same(&same, v->arena, one, other, err)))
        return rc;
    if (!same) vector_differs(v, "claims_json", text, claims);
    return USHER_OK;
}

/* A status of the peer's class is a refusal; so is what cannot be configured, an algorithm we do
 * not have. Anything else could not be told. */
usher_status vectors_id_token(vector *v, usher_error *err)
{
    usher_json verdict = usher_json_get(&v->expected, USHER_STR("verdict")),
               strength = usher_json_get(&v->expected, USHER_STR("strength"));
    usher_id_token token;
    usher_cause cause;
    usher_status rc = verify(&token, &cause, v, err);
    bool accepted = rc == USHER_OK;

    if (rc && USHER_STATUS_CLASS(rc) == USHER_CLASS_HOST) return rc;
    bool same = usher_json_string_is(verdict, accepted ? USHER_STR("accept") : USHER_STR("reject"));
    if (!same && usher_json_string_is(strength, USHER_STR("MUST")) && !vector_allows(v, accepted))
        vector_differs(v, "verdict", verdict.text,
                       accepted ? USHER_STR("accept") : usher_str_z(usher_cause_word(cause)));
    return same && accepted ? judge_claims(v, token.text, err) : USHER_OK;
}
