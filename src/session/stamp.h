/* stamp - the claims about time and the identifier that every token carries: written when one is
 * sealed or signed, judged when one is read. */
#ifndef USHER_SESSION_STAMP_H
#define USHER_SESSION_STAMP_H

#include "base/arena.h"
#include "usher/base.h"
#include "usher/cause.h"
#include "wire/json.h"

/* What the engine itself looks at in a session's claims. */
typedef enum usher_known_claim {
    USHER_KNOWN_SUB,
    USHER_KNOWN_NAME,
    USHER_KNOWN_EMAIL,
    USHER_KNOWN_PICTURE,
    USHER_KNOWN_IAT,
    USHER_KNOWN_NBF,
    USHER_KNOWN_EXP,
    USHER_KNOWN_CREATED,
    USHER_KNOWN_END,
    USHER_KNOWN_VALUE, /* of a check cookie, as PROVIDER is */
    USHER_KNOWN_PROVIDER,
    USHER_KNOWN_COUNT
} usher_known_claim;

/* Where those stand: found in one pass, since looking for each by name took as long as decrypting
 * a third of the token. */
typedef struct usher_known_claims {
    const usher_json_member *of; /* the members they were found among; NULL: not looked for */
    const usher_json *value[USHER_KNOWN_COUNT];
} usher_known_claims;

typedef struct usher_claims {
    usher_str text;           /* the sealed JSON, as it was; in the arena */
    usher_json_object object; /* its members */
    bool has_exp, has_iat;
    double exp, iat;          /* seconds; fractions as they were */
    usher_known_claims known; /* usher_claims_get's business; zero is right */
} usher_claims;

/* By name, for claims that nobody judged. */
usher_json usher_claims_look(const usher_claims *claims, usher_known_claim which);

/* The value of a claim, or NULL if it is not there. `spare` is room for it. */
static inline const usher_json *usher_claims_find(const usher_claims *claims,
                                                  usher_known_claim which, usher_json *spare)
{
    if (claims->known.of && claims->known.of == claims->object.members)
        return claims->known.value[which];
    *spare = usher_claims_look(claims, which);
    return spare->type ? spare : NULL;
}

/* The value of a claim; type ABSENT if it is not there. */
static inline usher_json usher_claims_get(const usher_claims *claims, usher_known_claim which)
{
    usher_json spare;
    const usher_json *value = usher_claims_find(claims, which, &spare);

    return value ? *value : (usher_json){0};
}

/* Reads exp, iat and nbf of `object` into the claims and judges them, by the originals' rules: exp
 * is over once it is the tolerance or more in the past, nbf may be up to the tolerance ahead, iat
 * is compared with nothing. USHER_CAUSE_NONE, _TOKEN_EXPIRED, _TOKEN_NOT_YET, or _TOKEN_CLAIMS for
 * one that is no number. */
usher_cause usher_claims_judge(usher_claims *claims, int64_t now_s, int64_t tolerance_s);

/* `claims_json` (an object) with iat, exp and jti set: replaced where they stand, appended in that
 * order where they are missing; every other member keeps its place and its bytes. *exp_s gets
 * now_s + max_age_s; *members (may be NULL) how many members there are now. */
USHER_MUST_USE usher_status usher_stamp(usher_str *out, size_t *members, int64_t *exp_s,
                                        usher_arena *a, usher_str claims_json, int64_t now_s,
                                        int64_t max_age_s, usher_entropy entropy, usher_error *err);

/* The same where `claims_json` was read before: `claims` are its members. */
USHER_MUST_USE usher_status usher_stamp_again(usher_str *out, size_t *members, int64_t *exp_s,
                                              usher_arena *a, const usher_json_object *claims,
                                              usher_str claims_json, int64_t now_s,
                                              int64_t max_age_s, usher_entropy entropy,
                                              usher_error *err);

/* A random UUID (version 4), lower case, 36 characters. */
USHER_MUST_USE usher_status usher_uuid4(char out[36], usher_entropy entropy, usher_error *err);

#endif
