#include "session/token.h"

#include "base/error.h"
#include "base/str.h"

/* Which keys a token may have been sealed with, most likely first. */
typedef struct token_keys {
    const usher_jwe_key *try[USHER_SECRETS_MAX];
    size_t count;
} token_keys;

static usher_cause cause_of(usher_status rc)
{
    switch (rc) {
    case USHER_E_UNSUPPORTED: return USHER_CAUSE_TOKEN_UNSUPPORTED;
    case USHER_E_FORGED: return USHER_CAUSE_TOKEN_FORGED;
    default: return USHER_CAUSE_TOKEN_MALFORMED;
    }
}

/* A bound of the JSON reader (nesting, members) is no passing trouble: it refuses the token today
 * and tomorrow. The arena's bound is the exchange's, and leaves the answer open. */
static usher_status bounded(usher_status rc, const usher_arena *a, usher_error *err)
{
    if (rc != USHER_E_LIMIT || a->failed != USHER_OK) return rc;
    return usher_fail(err, USHER_E_SYNTAX, "token: JSON beyond what is read", 0);
}

/* A failure that is the token's is an answer; any other is "could not tell". */
static usher_status answer(usher_verdict *verdict, usher_cause *cause, usher_status rc)
{
    if (USHER_STATUS_CLASS(rc) != USHER_CLASS_PEER) return rc;
    *verdict = USHER_SESSION_REJECTED;
    *cause = cause_of(rc);
    return USHER_OK;
}

/* ---- which keys ---------------------------------------------------------------------------- */

/* The hot path: the header is, byte for byte, one that we write ourselves. It names its key if it
 * has a kid; without one every secret's header is the same, and it names them all. */
static bool keys_by_header(token_keys *out, usher_jwe_parts *parts, const usher_keyring *k,
                           usher_purpose purpose, usher_str token)
{
    for (size_t i = 0; i < k->secret_count; i++) {
        const usher_key_header *h = &k->headers[purpose][i];

        if (!usher_jwe_split_under(parts, token, (usher_str){h->b64, h->b64_len}, k->profile->enc))
            continue;
        out->try[out->count++] = &k->keys[purpose][i][0];
        if (k->profile->kid) break;
    }
    return out->count != 0;
}

/* The profile's keys for an `enc`: 0 or 1 in usher_keyring.keys, -1 if it does not read that. */
static int keys_column(const usher_profile *profile, usher_jwe_enc enc)
{
    if (enc == profile->enc) return 0;
    return profile->also_gcm && enc == USHER_A256GCM ? 1 : -1;
}

/* Auth.js chooses by kid, and without one knows the first secret only; NextAuth v4 looks at no kid,
 * and since it has one secret where we may have several, each is tried. */
static usher_status keys_by_members(token_keys *out, const usher_keyring *k, usher_purpose purpose,
                                    const usher_jwe_header *h, usher_error *err)
{
    int column = h->known ? keys_column(k->profile, h->enc) : -1;

    if (!h->dir || column < 0)
        return usher_fail(err, USHER_E_UNSUPPORTED, "token: not an encryption of this profile", 0);
    for (size_t i = 0; i < k->secret_count; i++) {
        const usher_jwe_key *key = &k->keys[purpose][i][column];
        bool named = h->kid.ptr && usher_str_eq(h->kid, (usher_str){key->kid, key->kid_len});

        if (k->profile->kid && h->kid.ptr && !named) continue;
        out->try[out->count++] = key;
        if (k->profile->kid) break;
    }
    if (out->count == 0)
        return usher_fail(err, USHER_E_FORGED, "token: its kid is of no key we have", 0);
    return USHER_OK;
}

static usher_status keys_find(token_keys *out, usher_jwe_parts *parts, usher_arena *a,
                              const usher_keyring *k, usher_purpose purpose, usher_str token,
                              usher_error *err)
{
    usher_jwe_header h;
    usher_status rc;

    out->count = 0; /* the keys need no zeroes */
    if (keys_by_header(out, parts, k, purpose, token)) return USHER_OK;
    if ((rc = usher_jwe_split(parts, token, err)) ||
        (rc = bounded(usher_jwe_read_header(&h, a, parts->header, err), a, err)))
        return rc;
    return keys_by_members(out, k, purpose, &h, err);
}

/* ---- opening ------------------------------------------------------------------------------- */

static usher_status unseal(usher_str *plain, usher_arena *a, usher_jwe_cipher *cipher,
                           const usher_keyring *ring, const token_keys *keys,
                           const usher_jwe_parts *parts, usher_error *err)
{
    usher_status rc = USHER_E_FORGED;
    size_t tried = 0;

    while (tried < keys->count && rc == USHER_E_FORGED)
        rc = usher_jwe_open(plain, a, cipher, keys->try[tried++], parts, err);
    usher_keyring_count_open(ring, cipher, keys->try, tried, rc);
    return rc;
}

static usher_status open_parts(usher_claims *out, usher_arena *a, usher_jwe_cipher *cipher,
                               const usher_keyring *keys, usher_purpose purpose, usher_str token,
                               usher_error *err)
{
    usher_status rc;
    usher_jwe_parts parts;
    token_keys which;

    if ((rc = keys_find(&which, &parts, a, keys, purpose, token, err)) ||
        (rc = unseal(&out->text, a, cipher, keys, &which, &parts, err)))
        return rc;
    rc = usher_json_read_object(&out->object, a, out->text, &usher_json_limits_claims, err);
    return bounded(rc, a, err);
}

usher_status usher_token_open(usher_claims *out, usher_verdict *verdict, usher_cause *cause,
                              usher_arena *a, usher_jwe_cipher *cipher, const usher_keyring *keys,
                              usher_purpose purpose, usher_str token, int64_t now_s,
                              usher_error *err)
{
    usher_status rc;

    *out = (usher_claims){0};
    *verdict = USHER_NO_SESSION;
    *cause = USHER_CAUSE_NONE;
    if ((unsigned)purpose >= USHER_PURPOSES || !keys->has[purpose])
        return usher_fail(err, USHER_E_USAGE, "token: no key for this purpose", 0);
    if (token.len == 0) return USHER_OK;
    if (token.len > USHER_TOKEN_MAX) {
        *verdict = USHER_SESSION_REJECTED;
        *cause = USHER_CAUSE_TOKEN_TOO_LARGE;
        return USHER_OK;
    }
    /* Where it stays: a copy of what was just written waits until that has reached the cache. */
    if ((rc = open_parts(out, a, cipher, keys, purpose, token, err))) {
        *out = (usher_claims){0};
        return answer(verdict, cause, rc);
    }
    *cause = usher_claims_judge(out, now_s, keys->profile->tolerance_s);
    *verdict = *cause == USHER_CAUSE_NONE            ? USHER_SESSION_VALID
               : *cause == USHER_CAUSE_TOKEN_EXPIRED ? USHER_SESSION_EXPIRED
                                                     : USHER_SESSION_REJECTED;
    if (*verdict == USHER_SESSION_REJECTED) *out = (usher_claims){0};
    return USHER_OK;
}

/* ---- sealing ------------------------------------------------------------------------------- */

/* What would not be read again is not written. */
static usher_status token_fits(usher_str token, size_t members, usher_error *err)
{
    if (token.len > USHER_TOKEN_MAX)
        return usher_fail(err, USHER_E_LIMIT, "token: longer than what is read", token.len);
    if (members > usher_json_limits_claims.members)
        return usher_fail(err, USHER_E_LIMIT, "token: more claims than are read", members);
    return USHER_OK;
}

static usher_status may_seal(const usher_keyring *keys, usher_purpose purpose, usher_error *err)
{
    if ((unsigned)purpose < USHER_PURPOSES && keys->has[purpose]) return USHER_OK;
    return usher_fail(err, USHER_E_USAGE, "token: no key for this purpose", 0);
}

static usher_status seal_stamped(usher_str *token, usher_arena *a, usher_jwe_cipher *cipher,
                                 const usher_keyring *keys, usher_purpose purpose,
                                 usher_str stamped, size_t members, usher_entropy entropy,
                                 usher_error *err)
{
    const usher_key_header *h = &keys->headers[purpose][0];
    usher_status rc;
    usher_str sealed;

    if ((rc = usher_jwe_seal_under(&sealed, a, cipher, &keys->keys[purpose][0][0],
                                   (usher_str){h->b64, h->b64_len}, stamped, entropy, err)) ||
        (rc = token_fits(sealed, members, err)))
        return rc;
    usher_keyring_count_seal(keys, cipher);
    *token = sealed;
    return USHER_OK;
}

usher_status usher_token_seal_again(usher_str *token, int64_t *exp_s, usher_arena *a,
                                    usher_jwe_cipher *cipher, const usher_keyring *keys,
                                    usher_purpose purpose, const usher_json_object *members,
                                    usher_str claims_json, int64_t now_s, int64_t max_age_s,
                                    usher_entropy entropy, usher_error *err)
{
    usher_status rc;
    usher_str stamped;
    size_t count;
    int64_t exp;

    *token = (usher_str){0};
    *exp_s = 0;
    if ((rc = may_seal(keys, purpose, err)) ||
        (rc = usher_stamp_again(&stamped, &count, &exp, a, members, claims_json, now_s, max_age_s,
                                entropy, err)) ||
        (rc = seal_stamped(token, a, cipher, keys, purpose, stamped, count, entropy, err)))
        return rc;
    *exp_s = exp;
    return USHER_OK;
}

usher_status usher_token_seal(usher_str *token, int64_t *exp_s, usher_arena *a,
                              usher_jwe_cipher *cipher, const usher_keyring *keys,
                              usher_purpose purpose, usher_str claims_json, int64_t now_s,
                              int64_t max_age_s, usher_entropy entropy, usher_error *err)
{
    usher_status rc;
    usher_str stamped;
    size_t count;
    int64_t exp;

    *token = (usher_str){0};
    *exp_s = 0;
    if ((rc = may_seal(keys, purpose, err)) ||
        (rc =
             usher_stamp(&stamped, &count, &exp, a, claims_json, now_s, max_age_s, entropy, err)) ||
        (rc = seal_stamped(token, a, cipher, keys, purpose, stamped, count, entropy, err)))
        return rc;
    *exp_s = exp;
    return USHER_OK;
}
