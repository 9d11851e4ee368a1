#include "oauth/id_token.h"

#include "base/error.h"
#include "base/secret.h"
#include "base/str.h"
#include "oauth/text.h"
#include "wire/base64url.h"
#include "wire/jose/digest.h"

#define KEY_TRIES_MAX 8
#define SUBJECT_MAX   255
#define TOKEN_MAX     (256u << 10)
#define NUMERIC_MAX   9007199254740992.0 /* 2^53: beyond it seconds are no longer told apart */

/* ---- signature ---- */

/* Verifies with every key that may be the one (RFC 7515 section 4.1.4): of the configured
 * algorithm, and of the token's kid where both have one. *cause is set on a refusal. */
static usher_status verify(usher_str *payload, usher_cause *cause, usher_arena *a,
                           const usher_jws *jws, const usher_jwks *keys, usher_jws_alg alg,
                           usher_error *err)
{
    usher_status rc = usher_fail(err, USHER_E_FORGED, "id token: no key fits", 0);
    size_t tries = 0;

    *cause = USHER_CAUSE_ID_TOKEN_KEY;
    for (size_t i = 0; i < keys->count && tries < KEY_TRIES_MAX; i++) {
        const usher_jwk *key = &keys->keys[i];
        bool named = jws->kid.ptr && key->kid.ptr;

        if (!usher_jws_alg_fits(alg, key)) continue;
        if (named && !usher_str_eq(jws->kid, key->kid)) continue;
        if ((rc = usher_jws_verify(payload, a, jws, alg, key, err)) != USHER_E_FORGED) break;
        if (named) *cause = USHER_CAUSE_ID_TOKEN_SIGNATURE; /* the very key that was meant */
        tries++;
    }
    if (rc == USHER_E_SYNTAX) *cause = USHER_CAUSE_ID_TOKEN_MALFORMED;
    return rc;
}

/* The client secret is the only one that there is: a key set cannot help. */
static usher_status verify_mac(usher_str *payload, usher_cause *cause, usher_arena *a,
                               const usher_jws *jws, const usher_id_token_rules *rules,
                               usher_error *err)
{
    usher_status rc = usher_jws_verify_mac(payload, a, jws, rules->alg, rules->client_secret, err);

    *cause = rc == USHER_E_SYNTAX ? USHER_CAUSE_ID_TOKEN_MALFORMED : USHER_CAUSE_ID_TOKEN_SIGNATURE;
    return rc;
}

/* ---- claims ---- */

typedef struct check {
    const usher_json_object *claims;
    const usher_id_token_rules *rules;
    usher_arena *arena;
} check;

static usher_json claim(const check *c, const char *name)
{
    return usher_json_get(c->claims, usher_str_z(name));
}

static usher_status check_iss(const check *c, usher_error *err)
{
    if (usher_json_string_is(claim(c, "iss"), c->rules->issuer)) return USHER_OK;
    return usher_fail(err, USHER_E_FORGED, "id token: no iss, or another issuer's", 0);
}

/* Counts the audiences and looks for ours. Anything that is not a string spoils the claim. */
static usher_status read_aud(size_t *count, bool *ours, const check *c, usher_error *err)
{
    usher_json aud = claim(c, "aud"), item;

    *count = aud.type == USHER_JSON_STRING;
    *ours = usher_json_string_is(aud, c->rules->client_id);
    if (*count) return USHER_OK;
    if (aud.type != USHER_JSON_ARRAY) return usher_fail(err, USHER_E_SYNTAX, "id token: no aud", 0);
    for (usher_str rest = aud.text; usher_json_next(&item, &rest); ++*count) {
        if (item.type != USHER_JSON_STRING)
            return usher_fail(err, USHER_E_SYNTAX, "id token: an audience is no string", 0);
        if (usher_json_string_is(item, c->rules->client_id)) *ours = true;
    }
    return USHER_OK;
}

/* Core 3.1.3.7, items 3 to 5: we are an audience; among several, the authorized party too. */
static usher_status check_aud(const check *c, usher_error *err)
{
    usher_status rc;
    usher_json azp = claim(c, "azp");
    size_t count;
    bool ours;

    if ((rc = read_aud(&count, &ours, c, err))) return rc;
    if (!ours) return usher_fail(err, USHER_E_FORGED, "id token: for another client", 0);
    if (count > 1 && !azp.type)
        return usher_fail(err, USHER_E_FORGED, "id token: several audiences without azp", 0);
    if (azp.type && !usher_json_string_is(azp, c->rules->client_id))
        return usher_fail(err, USHER_E_FORGED, "id token: another authorized party", 0);
    return USHER_OK;
}

/* A NumericDate: whole or not, but a number one can reckon with. */
static bool numeric_date(double *out, usher_json value)
{
    return usher_json_double(out, value) && *out > -NUMERIC_MAX && *out < NUMERIC_MAX;
}

static usher_status check_time(const check *c, usher_error *err)
{
    double exp, iat, nbf, now = (double)c->rules->now_s, skew = (double)c->rules->skew_s;
    usher_json nbf_claim = claim(c, "nbf");

    if (!numeric_date(&exp, claim(c, "exp")) || !numeric_date(&iat, claim(c, "iat")))
        return usher_fail(err, USHER_E_SYNTAX, "id token: exp or iat is no date", 0);
    if (!(exp > now - skew)) return usher_fail(err, USHER_E_FORGED, "id token: expired", 0);
    if (!(iat <= now + skew))
        return usher_fail(err, USHER_E_FORGED, "id token: issued in the future", 0);
    if (!nbf_claim.type) return USHER_OK;
    if (!numeric_date(&nbf, nbf_claim))
        return usher_fail(err, USHER_E_SYNTAX, "id token: nbf is no date", 0);
    if (nbf <= now + skew) return USHER_OK;
    return usher_fail(err, USHER_E_FORGED, "id token: not valid yet", 0);
}

/* A nonce without one sent means the token answers somebody else's request. */
static usher_status check_nonce(const check *c, usher_error *err)
{
    usher_json value = claim(c, "nonce");
    usher_status rc;
    usher_str nonce;

    if (c->rules->any_nonce) return USHER_OK;
    if (!c->rules->nonce.ptr) {
        if (!value.type) return USHER_OK;
        return usher_fail(err, USHER_E_FORGED, "id token: a nonce, though none was sent", 0);
    }
    if ((rc = usher_json_string(&nonce, c->arena, value, err))) return rc;
    if (usher_secret_equal_str(nonce, c->rules->nonce)) return USHER_OK;
    return usher_fail(err, USHER_E_FORGED, "id token: another nonce", 0);
}

/* Core 3.1.3.6: base64url of the left half of the digest that goes with the algorithm. */
static usher_status check_half_hash(const check *c, const char *name, usher_str of,
                                    usher_error *err)
{
    usher_digest_kind kind = usher_jws_alg_digest(c->rules->alg);
    size_t half = usher_digest_size(kind) / 2;
    usher_json value = claim(c, name);
    uint8_t digest[USHER_DIGEST_MAX];
    char want[(USHER_DIGEST_MAX + 2) / 3 * 4];
    usher_status rc;

    if (!value.type) return USHER_OK;
    if (value.type != USHER_JSON_STRING)
        return usher_fail(err, USHER_E_SYNTAX, "id token: at_hash or c_hash is no string", 0);
    if (!of.ptr) return USHER_OK;
    if ((rc = usher_digest(digest, kind, of, err))) return rc;
    usher_base64url_encode(want, digest, half);
    if (usher_json_string_is(value, (usher_str){want, usher_base64url_encoded_size(half)}))
        return USHER_OK;
    return usher_fail(err, USHER_E_FORGED, "id token: issued with another token or code", 0);
}

static usher_status check_auth_time(const check *c, usher_error *err)
{
    const usher_id_token_rules *r = c->rules;
    double at;

    if (!r->has_max_age) return USHER_OK;
    if (!numeric_date(&at, claim(c, "auth_time")))
        return usher_fail(err, USHER_E_SYNTAX, "id token: auth_time is no date", 0);
    if (at + (double)r->max_age_s >= (double)r->now_s - (double)r->skew_s) return USHER_OK;
    return usher_fail(err, USHER_E_FORGED, "id token: signed in too long ago", 0);
}

static usher_status check_other(const check *c, usher_error *err)
{
    usher_status rc;
    usher_str sub;

    if ((rc = usher_json_string(&sub, c->arena, claim(c, "sub"), err))) return rc;
    if (!usher_oauth_visible(sub) || sub.len > SUBJECT_MAX)
        return usher_fail(err, USHER_E_SYNTAX, "id token: sub is not 1 to 255 ASCII characters", 0);
    if ((rc = check_half_hash(c, "at_hash", c->rules->access_token, err)) ||
        (rc = check_half_hash(c, "c_hash", c->rules->code, err)))
        return rc;
    return check_auth_time(c, err);
}

static const struct {
    usher_cause cause;
    usher_status (*run)(const check *, usher_error *);
} checks[] = {
    {USHER_CAUSE_ID_TOKEN_ISS, check_iss},      {USHER_CAUSE_ID_TOKEN_AUD, check_aud},
    {USHER_CAUSE_ID_TOKEN_TIME, check_time},    {USHER_CAUSE_ID_TOKEN_NONCE, check_nonce},
    {USHER_CAUSE_ID_TOKEN_CLAIMS, check_other},
};

static usher_status read_claims(usher_id_token *out, usher_cause *cause, usher_arena *a,
                                const usher_id_token_rules *rules, usher_error *err)
{
    usher_status rc;
    const check c = {&out->claims, rules, a};

    *cause = USHER_CAUSE_ID_TOKEN_MALFORMED;
    if ((rc = usher_json_read_object(&out->claims, a, out->text, &usher_json_limits_document, err)))
        return rc;
    *cause = USHER_CAUSE_ID_TOKEN_CLAIMS;
    if (out->claims.duplicates)
        return usher_fail(err, USHER_E_SYNTAX, "id token: a claim is repeated", 0);
    for (size_t i = 0; i < sizeof checks / sizeof *checks; i++) {
        *cause = checks[i].cause;
        if ((rc = checks[i].run(&c, err))) return rc;
    }
    return usher_json_string(&out->subject, a, claim(&c, "sub"), err);
}

/* ---- the whole ---- */

static usher_status check_rules(const usher_id_token_rules *r, usher_error *err)
{
    /* An empty expectation would be met by an empty claim. */
    if (!r->issuer.len || !r->client_id.len || !usher_jws_alg_name(r->alg).len || r->skew_s < 0)
        return usher_fail(err, USHER_E_USAGE, "id token: no issuer, client or algorithm to expect",
                          0);
    if (usher_jws_alg_is_mac(r->alg) && !r->client_secret.len)
        return usher_fail(err, USHER_E_USAGE, "id token: no client secret to verify with", 0);
    return USHER_OK;
}

static usher_status verify_all(usher_id_token *out, usher_cause *cause, usher_arena *a,
                               usher_str token, const usher_jwks *keys,
                               const usher_id_token_rules *rules, usher_error *err)
{
    usher_status rc;
    usher_jws jws;

    *cause = USHER_CAUSE_ID_TOKEN_ALG;
    if ((rc = check_rules(rules, err))) return rc;
    *cause = USHER_CAUSE_ID_TOKEN_MALFORMED;
    if (token.len > TOKEN_MAX)
        return usher_fail(err, USHER_E_SYNTAX, "id token: too long", token.len);
    if ((rc = usher_jws_read(&jws, a, token, err))) return rc;
    if (usher_jws_alg_of(jws.alg) != rules->alg) {
        *cause = USHER_CAUSE_ID_TOKEN_ALG;
        return usher_fail(err, USHER_E_UNSUPPORTED, "id token: not the configured algorithm", 0);
    }
    rc = usher_jws_alg_is_mac(rules->alg)
             ? verify_mac(&out->text, cause, a, &jws, rules, err)
             : verify(&out->text, cause, a, &jws, keys, rules->alg, err);
    if (rc) return rc;
    return read_claims(out, cause, a, rules, err);
}

/* A status of the host's has its own cause: nothing is wrong with the token, as far as is known. */
static usher_cause cause_of(usher_status rc, usher_cause refused)
{
    switch (rc) {
    case USHER_OK: return USHER_CAUSE_NONE;
    case USHER_E_NOMEM: return USHER_CAUSE_NO_MEMORY;
    case USHER_E_LIMIT: return USHER_CAUSE_LIMIT;
    case USHER_E_CRYPTO: return USHER_CAUSE_CRYPTO;
    default: return refused;
    }
}

usher_status usher_id_token_verify(usher_id_token *out, usher_cause *cause, usher_arena *a,
                                   usher_str token, const usher_jwks *keys,
                                   const usher_id_token_rules *rules, usher_error *err)
{
    usher_id_token it = {0};
    usher_cause refused = USHER_CAUSE_ID_TOKEN_MALFORMED;
    usher_status rc;

    *out = it;
    rc = verify_all(&it, &refused, a, token, keys, rules, err);
    *cause = cause_of(rc, refused);
    if (!rc) *out = it;
    return rc;
}
