/* token - opens and seals the tokens of a profile: sessions and check cookies alike. */
#ifndef USHER_SESSION_TOKEN_H
#define USHER_SESSION_TOKEN_H

#include "session/keyring.h"
#include "session/stamp.h"
#include "usher/cause.h"
#include "usher/session.h"
#include "wire/json.h"

#define USHER_TOKEN_MAX (256u * 1024) /* characters that are read at this level; sites set less */

/* An answer, not a status: VALID with claims, EXPIRED with claims too, or REJECTED; *cause says why
 * for the latter two. An empty token is NO_SESSION. A status other than USHER_OK is "could not
 * tell". Which keys are tried: the profile's rule (by kid where it has one; otherwise each in
 * turn). */
USHER_MUST_USE usher_status usher_token_open(usher_claims *out, usher_verdict *verdict,
                                             usher_cause *cause, usher_arena *a,
                                             usher_jwe_cipher *cipher, const usher_keyring *keys,
                                             usher_purpose purpose, usher_str token, int64_t now_s,
                                             usher_error *err);

/* Seals `claims_json` (an object) after setting iat, exp and jti: replaced where they stand,
 * appended in that order where they are missing. *exp_s gets now_s + max_age_s. */
USHER_MUST_USE usher_status usher_token_seal(usher_str *token, int64_t *exp_s, usher_arena *a,
                                             usher_jwe_cipher *cipher, const usher_keyring *keys,
                                             usher_purpose purpose, usher_str claims_json,
                                             int64_t now_s, int64_t max_age_s,
                                             usher_entropy entropy, usher_error *err);

/* The same of claims that were read before: `members` are those of `claims_json`. */
USHER_MUST_USE usher_status usher_token_seal_again(usher_str *token, int64_t *exp_s, usher_arena *a,
                                                   usher_jwe_cipher *cipher,
                                                   const usher_keyring *keys, usher_purpose purpose,
                                                   const usher_json_object *members,
                                                   usher_str claims_json, int64_t now_s,
                                                   int64_t max_age_s, usher_entropy entropy,
                                                   usher_error *err);

#endif
