#include "session/lifetime.h"

#include <math.h>

#include "base/str.h"

#define YEAR_9999 INT64_C(253402300799)

static bool number_claim(double *out, const usher_claims *claims, usher_known_claim which)
{
    usher_json spare;
    const usher_json *value = usher_claims_find(claims, which, &spare);

    *out = 0;
    return value && usher_json_double(out, *value) && isfinite(*out);
}

usher_life usher_life_of(const usher_claims *claims)
{
    double created_s, end_s;
    bool has_created = number_claim(&created_s, claims, USHER_KNOWN_CREATED);
    bool has_end = number_claim(&end_s, claims, USHER_KNOWN_END);

    return (usher_life){.has_sealed = claims->has_iat && isfinite(claims->iat),
                        .has_exp = claims->has_exp && isfinite(claims->exp),
                        .has_created = has_created,
                        .has_end = has_end,
                        .sealed_s = claims->iat,
                        .exp_s = claims->exp,
                        .created_s = created_s,
                        .end_s = end_s};
}

static void earlier(double *end, bool applies, double other)
{
    if (applies && other < *end) *end = other;
}

double usher_lifetime_limit(const usher_lifetime *l, const usher_life *life)
{
    double end = INFINITY;
    bool has_start = life->has_created || life->has_sealed;
    double start = life->has_created ? life->created_s : life->sealed_s;

    earlier(&end, life->has_end, life->end_s);
    earlier(&end, l->absolute_s && has_start, start + (double)l->absolute_s);
    earlier(&end, l->inactivity_s && life->has_sealed, life->sealed_s + (double)l->inactivity_s);
    return end;
}

double usher_lifetime_end(const usher_lifetime *l, const usher_life *life)
{
    double end = usher_lifetime_limit(l, life);

    earlier(&end, life->has_exp, life->exp_s);
    return end;
}

static int64_t whole(double seconds)
{
    if (!(seconds > 0)) return 0;
    return seconds < (double)YEAR_9999 ? (int64_t)seconds : YEAR_9999;
}

void usher_lifetime_next(const usher_lifetime *l, const usher_life *life, bool keep_exp,
                         int64_t now_s, int64_t *sealed_s, int64_t *exp_s)
{
    usher_life renewed = *life;
    double end;

    *sealed_s = now_s;
    if (life->has_sealed && life->sealed_s > (double)now_s) *sealed_s = whole(life->sealed_s);
    renewed.has_sealed = true;
    renewed.sealed_s = (double)*sealed_s;
    /* Who was never told when it was created learns it from the first time of sealing. */
    if (!life->has_created && life->has_sealed) {
        renewed.has_created = true;
        renewed.created_s = life->sealed_s;
    }
    end = usher_lifetime_limit(l, &renewed);
    if (life->has_exp && !l->rolling)
        earlier(&end, true, life->exp_s);
    else
        earlier(&end, true, renewed.sealed_s + (double)l->max_age_s);
    earlier(&end, keep_exp && life->has_exp, life->exp_s);
    *exp_s = whole(end);
}
