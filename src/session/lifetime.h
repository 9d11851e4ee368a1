/* lifetime - when a session is over, and when one that is written now ends.
 *
 * The originals know one end, sealed as `exp`. A site may set two more limits, which are held
 * against every session that is read, so lowering them takes effect at once:
 *
 *   absolute duration    since it was created, however often it was renewed
 *   inactivity duration  since it was last sealed
 *
 * When it was created is kept in a claim of our own, `ucat`; where that is missing, the time of
 * sealing is the earliest that is known. `uend` is an end that somebody else set (a provider's
 * ceiling, carried over from another system). Both are Unix seconds.
 *
 * A clock that was set back does not take time away: a session sealed "in the future" is valid, and
 * is renewed as of the moment it was sealed, never to an earlier end. */
#ifndef USHER_SESSION_LIFETIME_H
#define USHER_SESSION_LIFETIME_H

#include "session/token.h"

#define USHER_CLAIM_CREATED USHER_STR("ucat")
#define USHER_CLAIM_END     USHER_STR("uend")

typedef struct usher_lifetime {
    int64_t max_age_s;    /* from writing to `exp` */
    int64_t absolute_s;   /* 0: no such limit */
    int64_t inactivity_s; /* 0: no such limit */
    bool rolling;         /* renewing moves the end; otherwise the first one stays */
} usher_lifetime;

/* What a session's claims say about its life; only finite numbers count. */
typedef struct usher_life {
    bool has_sealed, has_exp, has_created, has_end;
    double sealed_s, exp_s, created_s, end_s;
} usher_life;

usher_life usher_life_of(const usher_claims *claims);

/* The earliest of the ends that apply, in seconds; infinity if there is none. */
double usher_lifetime_end(const usher_lifetime *l, const usher_life *life);

/* The same without `exp`, which whoever opened the token has judged already. */
double usher_lifetime_limit(const usher_lifetime *l, const usher_life *life);

/* The moment that a session written now is sealed at, and when it ends. `keep_exp`: it is carried
 * over from elsewhere and gets no longer life than it had. *exp_s is not after *sealed_s if there
 * is no life left. */
void usher_lifetime_next(const usher_lifetime *l, const usher_life *life, bool keep_exp,
                         int64_t now_s, int64_t *sealed_s, int64_t *exp_s);

#endif
