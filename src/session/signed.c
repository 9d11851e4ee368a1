#include "session/signed.h"

#include <string.h>

#include "base/buf.h"
#include "base/error.h"
#include "base/str.h"
#include "wire/jose/jws_sign.h"
#include "wire/jose/key_pair.h"

#define KEYS_BYTES ((size_t)1 << 20) /* what reading one key may take */
#define KID_MAX    256u

static usher_str text_of(usher_secret s)
{
    return (usher_str){(const char *)s.ptr, s.len};
}

/* ---- keys ---------------------------------------------------------------------------------- */

static usher_status unfit(usher_error *err, const char *what, size_t index)
{
    return usher_fail(err, USHER_E_SETTING, what, index);
}

/* Whoever puts the PEM of a pair here has the wrong algorithm in mind; and a public one would let
 * everybody sign. */
static usher_status read_secret(usher_signing_key *key, const usher_signing_keys *k,
                                usher_secret bytes, size_t index, usher_error *err)
{
    if (bytes.len == 0) return unfit(err, "signing key: an empty secret", index);
    if (usher_str_starts(text_of(bytes), USHER_STR("-----BEGIN ")))
        return unfit(err, "signing key: PEM where the algorithm takes a secret", index);
    return usher_secret_dup(&key->secret, &k->alloc, bytes.ptr, bytes.len, err);
}

static usher_status thumbprint(usher_str *out, usher_arena *a, const usher_jwk *pair,
                               usher_error *err)
{
    usher_status rc;
    usher_str public;
    usher_json value;

    if ((rc = usher_jwk_write(&public, a, pair, err)) ||
        (rc = usher_json_read(&value, public, &usher_json_limits_document, err)))
        return rc;
    return usher_jwk_thumbprint(out, a, value, USHER_SHA256, err);
}

/* Halves that do not belong together would sign what nobody, we least of all, can verify. */
static usher_status try_pair(usher_signing_keys *k, const usher_signing_key *key, usher_arena *a,
                             size_t index, usher_error *err)
{
    usher_str name = usher_jws_alg_name(k->alg), token, payload, header;
    usher_status rc;
    usher_jws jws;
    usher_buf b;

    usher_buf_init(&b, a, 64);
    usher_buf_put_z(&b, "{\"alg\":\"");
    usher_buf_put(&b, name);
    usher_buf_put_z(&b, "\"}");
    if ((rc = usher_buf_take(&header, &b, err)) ||
        (rc = usher_jws_sign(&token, a, k->alg, &key->pair, header, header, err)) ||
        (rc = usher_jws_read(&jws, a, token, err)))
        return rc;
    rc = usher_jws_verify(&payload, a, &jws, k->alg, &key->pair, err);
    return rc == USHER_E_FORGED ? unfit(err, "signing key: its halves do not match", index) : rc;
}

static usher_status read_pair(usher_signing_key *key, usher_signing_keys *k, usher_arena *a,
                              usher_secret bytes, size_t index, usher_error *err)
{
    usher_status rc = usher_key_pair_read(&key->pair, a, text_of(bytes), err);
    usher_str kid;

    if (USHER_STATUS_CLASS(rc) == USHER_CLASS_PEER)
        return unfit(err, "signing key: no key that is read, as PEM or JWK", index);
    if (rc) return rc;
    if (!usher_jws_alg_fits(k->alg, &key->pair))
        return unfit(err, "signing key: not of the algorithm's kind, or not for signatures", index);
    if (index == 0 && !key->pair.may_sign)
        return unfit(err, "signing key: the first one signs, and must be a private key", index);
    kid = key->pair.kid;
    if (kid.len > KID_MAX) return unfit(err, "signing key: its kid is too long", index);
    if (key->pair.may_sign && (rc = try_pair(k, key, a, index, err))) return rc;
    if (!kid.len && (rc = thumbprint(&kid, a, &key->pair, err))) return rc;
    key->pair.kid = key->pair.alg = key->pair.use = (usher_str){0}; /* they end with the arena */
    return usher_secret_dup(&key->kid, &k->alloc, kid.ptr, kid.len, err);
}

static usher_status read_key(usher_signing_keys *k, usher_secret bytes, usher_error *err)
{
    usher_signing_key *key = &k->keys[k->count];
    usher_status rc;
    usher_arena a;

    if (usher_jws_alg_is_mac(k->alg)) {
        rc = read_secret(key, k, bytes, k->count, err);
    } else {
        usher_arena_init(&a, &k->alloc, 4096, KEYS_BYTES);
        rc = read_pair(key, k, &a, bytes, k->count, err);
        usher_arena_deinit(&a);
    }
    k->count++; /* also one that failed half-way is given back */
    return rc;
}

/* With one key there is nothing to choose; and a digest of a secret is nobody's business. */
static usher_status make_header(usher_signing_keys *k, usher_error *err)
{
    usher_status rc;
    usher_json_writer w;
    usher_arena a;
    usher_str text;
    usher_buf b;

    usher_arena_init(&a, &k->alloc, 512, KEYS_BYTES);
    usher_buf_init(&b, &a, 64 + 6 * KID_MAX);
    usher_json_write_init(&w, &b);
    usher_json_open_object(&w);
    usher_json_put_member(&w, USHER_STR("alg"), usher_jws_alg_name(k->alg));
    usher_json_put_member(&w, USHER_STR("typ"), USHER_STR("JWT"));
    if (k->count > 1 && k->keys[0].kid.len)
        usher_json_put_member(&w, USHER_STR("kid"), text_of(k->keys[0].kid));
    usher_json_close_object(&w);
    if (!(rc = usher_buf_take(&text, &b, err)))
        rc = usher_secret_dup(&k->header, &k->alloc, text.ptr, text.len, err);
    usher_arena_deinit(&a);
    return rc;
}

usher_status usher_signing_keys_init(usher_signing_keys *out, const usher_allocator *alloc,
                                     usher_signed_alg alg, const usher_secret *keys, size_t count,
                                     usher_error *err)
{
    usher_signing_keys k = {.alg = alg, .alloc = *alloc};
    usher_status rc = USHER_OK;

    *out = (usher_signing_keys){0};
    if (alg != USHER_HS256 && alg != USHER_RS256 && alg != USHER_ES256 && alg != USHER_EDDSA)
        return usher_fail(err, USHER_E_USAGE, "signing keys: not an algorithm of sessions", 0);
    if (count == 0 || count > USHER_SIGNING_KEYS_MAX)
        return unfit(err, "signing keys: none, or more than there may be", count);
    if (!(k.keys = alloc->get(alloc->ctx, count * sizeof *k.keys)))
        return usher_fail(err, USHER_E_NOMEM, "signing keys: out of memory", 0);
    memset(k.keys, 0, count * sizeof *k.keys);
    for (size_t i = 0; i < count && !rc; i++)
        rc = read_key(&k, keys[i], err);
    if (rc || (rc = make_header(&k, err))) {
        k.alg = USHER_JWS_NONE;
        for (; k.count < count; k.count++) { /* deinit gives all of the block back */
        }
        usher_signing_keys_deinit(&k);
        return rc;
    }
    *out = k;
    return USHER_OK;
}

void usher_signing_keys_deinit(usher_signing_keys *k)
{
    if (!k->keys) return;
    for (size_t i = 0; i < k->count; i++) {
        usher_jwk_free(&k->keys[i].pair);
        usher_secret_free(&k->keys[i].secret, &k->alloc);
        usher_secret_free(&k->keys[i].kid, &k->alloc);
    }
    usher_secret_free(&k->header, &k->alloc);
    k->alloc.put(k->alloc.ctx, k->keys, k->count * sizeof *k->keys);
    *k = (usher_signing_keys){0};
}

/* ---- opening ------------------------------------------------------------------------------- */

static usher_cause cause_of(usher_status rc)
{
    switch (rc) {
    case USHER_E_UNSUPPORTED: return USHER_CAUSE_TOKEN_UNSUPPORTED;
    case USHER_E_FORGED: return USHER_CAUSE_TOKEN_FORGED;
    default: return USHER_CAUSE_TOKEN_MALFORMED;
    }
}

static bool is_jwt(usher_str typ)
{
    return !typ.ptr || usher_str_eq_case(typ, USHER_STR("JWT"));
}

static usher_status read_header(usher_jws *jws, usher_arena *a, const usher_signing_keys *k,
                                usher_str token, usher_error *err)
{
    usher_status rc = usher_jws_read(jws, a, token, err);

    if (rc) return rc;
    if (usher_jws_alg_of(jws->alg) != k->alg)
        return usher_fail(err, USHER_E_UNSUPPORTED, "signed: not the configured algorithm", 0);
    if (!is_jwt(jws->typ) || jws->has_zip)
        return usher_fail(err, USHER_E_UNSUPPORTED, "signed: another typ than JWT, or zip", 0);
    return USHER_OK;
}

static usher_status verify(usher_str *payload, usher_arena *a, const usher_signing_keys *k,
                           const usher_signing_key *key, const usher_jws *jws, usher_error *err)
{
    if (usher_jws_alg_is_mac(k->alg))
        return usher_jws_verify_mac(payload, a, jws, k->alg, key->secret, err);
    return usher_jws_verify(payload, a, jws, k->alg, &key->pair, err);
}

static bool is_named(const usher_signing_key *key, usher_str kid)
{
    return kid.ptr && key->kid.len && usher_str_eq(kid, text_of(key->kid));
}

static usher_status verify_any(usher_str *payload, usher_arena *a, const usher_signing_keys *k,
                               const usher_jws *jws, usher_error *err)
{
    usher_status rc = USHER_E_FORGED;
    bool known = false;

    for (size_t i = 0; i < k->count; i++)
        known |= is_named(&k->keys[i], jws->kid);
    for (size_t i = 0; i < k->count && rc == USHER_E_FORGED; i++)
        if (!known || is_named(&k->keys[i], jws->kid))
            rc = verify(payload, a, k, &k->keys[i], jws, err);
    return rc;
}

static usher_status open_parts(usher_claims *out, usher_arena *a, const usher_signing_keys *k,
                               usher_str token, usher_error *err)
{
    usher_status rc;
    usher_jws jws;

    if (!(rc = read_header(&jws, a, k, token, err)) &&
        !(rc = verify_any(&out->text, a, k, &jws, err)))
        rc = usher_json_read_object(&out->object, a, out->text, &usher_json_limits_claims, err);
    /* A bound of the JSON reader refuses the token today and tomorrow; the arena's is the
     * exchange's, and leaves the answer open. */
    if (rc != USHER_E_LIMIT || a->failed != USHER_OK) return rc;
    return usher_fail(err, USHER_E_SYNTAX, "signed: JSON beyond what is read", 0);
}

static void judge(usher_claims *out, usher_verdict *verdict, usher_cause *cause,
                  usher_claims *claims, int64_t now_s, int64_t tolerance_s)
{
    *cause = usher_claims_judge(claims, now_s, tolerance_s);
    *verdict = *cause == USHER_CAUSE_NONE            ? USHER_SESSION_VALID
               : *cause == USHER_CAUSE_TOKEN_EXPIRED ? USHER_SESSION_EXPIRED
                                                     : USHER_SESSION_REJECTED;
    if (*verdict != USHER_SESSION_REJECTED) *out = *claims;
}

usher_status usher_signed_open(usher_claims *out, usher_verdict *verdict, usher_cause *cause,
                               usher_arena *a, const usher_signing_keys *keys, usher_str token,
                               int64_t now_s, int64_t tolerance_s, usher_error *err)
{
    usher_claims claims = {0};
    usher_status rc;

    *out = (usher_claims){0};
    *verdict = USHER_NO_SESSION;
    *cause = USHER_CAUSE_NONE;
    if (!keys->count) return usher_fail(err, USHER_E_USAGE, "signed: no keys", 0);
    if (token.len == 0) return USHER_OK;
    if (token.len > USHER_SIGNED_MAX) {
        *verdict = USHER_SESSION_REJECTED;
        *cause = USHER_CAUSE_TOKEN_TOO_LARGE;
        return USHER_OK;
    }
    if (!(rc = open_parts(&claims, a, keys, token, err))) {
        judge(out, verdict, cause, &claims, now_s, tolerance_s);
    } else if (USHER_STATUS_CLASS(rc) == USHER_CLASS_PEER) {
        *verdict = USHER_SESSION_REJECTED;
        *cause = cause_of(rc);
        rc = USHER_OK;
    }
    return rc;
}

/* ---- signing ------------------------------------------------------------------------------- */

static usher_status sign(usher_str *token, usher_arena *a, const usher_signing_keys *k,
                         usher_str claims, usher_error *err)
{
    usher_str header = text_of(k->header);

    if (usher_jws_alg_is_mac(k->alg))
        return usher_jws_sign_mac(token, a, k->alg, k->keys[0].secret, header, claims, err);
    return usher_jws_sign(token, a, k->alg, &k->keys[0].pair, header, claims, err);
}

usher_status usher_signed_seal(usher_str *token, int64_t *exp_s, usher_arena *a,
                               const usher_signing_keys *keys, usher_str claims_json, int64_t now_s,
                               int64_t max_age_s, usher_entropy entropy, usher_error *err)
{
    usher_status rc;
    usher_str stamped, made;
    size_t members;
    int64_t exp;

    *token = (usher_str){0};
    *exp_s = 0;
    if (!keys->count) return usher_fail(err, USHER_E_USAGE, "signed: no keys", 0);
    if ((rc = usher_stamp(&stamped, &members, &exp, a, claims_json, now_s, max_age_s, entropy,
                          err)) ||
        (rc = sign(&made, a, keys, stamped, err)))
        return rc;
    /* What would not be read again is not written. */
    if (made.len > USHER_SIGNED_MAX || members > usher_json_limits_claims.members)
        return usher_fail(err, USHER_E_LIMIT, "signed: more than what is read", made.len);
    *token = made;
    *exp_s = exp;
    return USHER_OK;
}
