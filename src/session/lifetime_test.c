#include "session/lifetime.h"

#include <math.h>

#include "session/rig.h"

#define DAY   INT64_C(86400)
#define MONTH (30 * DAY)
#define NONE  (-1.0) /* in a row: the session does not say */

/* ---- claims -------------------------------------------------------------------------------- */

static void test_what_claims_say(void **state)
{
    static const struct {
        const char *claims;
        double sealed, exp, created, end;
    } cases[] = {
        {"{}", NONE, NONE, NONE, NONE},
        {"{\"iat\":1,\"exp\":2,\"ucat\":3,\"uend\":4}", 1, 2, 3, 4},
        {"{\"iat\":1.5,\"exp\":2.25,\"ucat\":3e2,\"uend\":0}", 1.5, 2.25, 300, 0},
        {"{\"ucat\":\"3\",\"uend\":[4]}", NONE, NONE, NONE, NONE},
        {"{\"ucat\":null,\"uend\":true}", NONE, NONE, NONE, NONE},
        {"{\"u\\u0063at\":7}", NONE, NONE, 7, NONE},
        {"{\"user\":{\"ucat\":7}}", NONE, NONE, NONE, NONE},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        usher_arena a;
        usher_claims claims = {.text = kit_str(cases[i].claims)};

        usher_arena_init(&a, usher_allocator_default(), 4096, 1 << 20);
        assert_ok(usher_json_read_object(&claims.object, &a, claims.text, &usher_json_limits_claims,
                                         NULL));
        (void)usher_claims_judge(&claims, RIG_NOW, 15);
        usher_life life = usher_life_of(&claims);
        assert_int_equal(life.has_sealed, cases[i].sealed >= 0);
        assert_int_equal(life.has_exp, cases[i].exp >= 0);
        assert_int_equal(life.has_created, cases[i].created >= 0);
        assert_int_equal(life.has_end, cases[i].end >= 0);
        if (life.has_sealed) assert_true(life.sealed_s == cases[i].sealed);
        if (life.has_exp) assert_true(life.exp_s == cases[i].exp);
        if (life.has_created) assert_true(life.created_s == cases[i].created);
        if (life.has_end) assert_true(life.end_s == cases[i].end);
        usher_arena_deinit(&a);
    }
}

/* ---- the end ------------------------------------------------------------------------------- */

static usher_life life_of(double sealed, double exp, double created, double end)
{
    return (usher_life){.has_sealed = sealed >= 0,
                        .has_exp = exp >= 0,
                        .has_created = created >= 0,
                        .has_end = end >= 0,
                        .sealed_s = sealed,
                        .exp_s = exp,
                        .created_s = created,
                        .end_s = end};
}

static void test_the_earliest_end(void **state)
{
    static const struct {
        int64_t absolute, inactivity;
        double sealed, exp, created, uend, end, limit;
    } cases[] = {
        {0, 0, NONE, NONE, NONE, NONE, INFINITY, INFINITY},
        {0, 0, 100, 500, 50, NONE, 500, INFINITY},
        {0, 0, 100, 500, 50, 400, 400, 400},
        {0, 0, 100, 500, 50, 600, 500, 600},
        {300, 0, 100, 500, 50, NONE, 350, 350},         /* since it was created */
        {300, 0, 100, 500, NONE, NONE, 400, 400},       /* or else since it was sealed */
        {300, 0, NONE, 500, NONE, NONE, 500, INFINITY}, /* or else nobody knows */
        {600, 0, 100, 500, 50, NONE, 500, 650},
        {0, 200, 100, 500, 50, NONE, 300, 300},
        {0, 200, NONE, 500, 50, NONE, 500, INFINITY},
        {300, 200, 100, 500, 50, NONE, 300, 300},
        {300, 200, 200, 500, 50, NONE, 350, 350},
        {300, 200, 200, 320, 50, 310, 310, 310},
        {300, 200, 200, 100, 50, 310, 100, 310},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const usher_lifetime l = {.max_age_s = MONTH,
                                  .absolute_s = cases[i].absolute,
                                  .inactivity_s = cases[i].inactivity,
                                  .rolling = true};
        usher_life life = life_of(cases[i].sealed, cases[i].exp, cases[i].created, cases[i].uend);

        assert_true(usher_lifetime_end(&l, &life) == cases[i].end);
        assert_true(usher_lifetime_limit(&l, &life) == cases[i].limit);
    }
}

/* ---- what is written next ------------------------------------------------------------------ */

static void test_what_is_written_next(void **state)
{
    static const struct {
        const char *what;
        usher_lifetime l;
        double sealed, exp, created, uend;
        bool keep_exp;
        int64_t now, sealed_after, exp_after;
    } cases[] = {
        {"a new session",
         {.max_age_s = 100, .rolling = true},
         NONE,
         NONE,
         NONE,
         NONE,
         false,
         1000,
         1000,
         1100},
        {"renewed",
         {.max_age_s = 100, .rolling = true},
         950,
         1050,
         NONE,
         NONE,
         false,
         1000,
         1000,
         1100},
        {"the end stays", {.max_age_s = 100}, 950, 1050, NONE, NONE, false, 1000, 1000, 1050},
        {"no end to stay", {.max_age_s = 100}, 950, NONE, NONE, NONE, false, 1000, 1000, 1100},
        {"carried over",
         {.max_age_s = 100, .rolling = true},
         950,
         1050,
         NONE,
         NONE,
         true,
         1000,
         1000,
         1050},
        {"carried over, longer than here",
         {.max_age_s = 100, .rolling = true},
         950,
         9000,
         NONE,
         NONE,
         true,
         1000,
         1000,
         1100},
        {"as old as it may get",
         {.max_age_s = 100, .absolute_s = 120, .rolling = true},
         950,
         1050,
         900,
         NONE,
         false,
         1000,
         1000,
         1020},
        {"older",
         {.max_age_s = 100, .absolute_s = 50, .rolling = true},
         950,
         1050,
         900,
         NONE,
         false,
         1000,
         1000,
         950},
        {"the first sealing counts as the creation",
         {.max_age_s = 100, .absolute_s = 120, .rolling = true},
         950,
         1050,
         NONE,
         NONE,
         false,
         1000,
         1000,
         1070},
        {"idle time starts anew",
         {.max_age_s = 100, .inactivity_s = 30, .rolling = true},
         980,
         1080,
         NONE,
         NONE,
         false,
         1000,
         1000,
         1030},
        {"a ceiling of somebody else's",
         {.max_age_s = 100, .rolling = true},
         950,
         1050,
         NONE,
         1010,
         false,
         1000,
         1000,
         1010},
        {"nothing is left",
         {.max_age_s = 100, .rolling = true},
         950,
         1050,
         NONE,
         990,
         false,
         1000,
         1000,
         990},
        {"the clock was set back",
         {.max_age_s = 100, .rolling = true},
         5000,
         5100,
         NONE,
         NONE,
         false,
         1000,
         5000,
         5100},
        {"back, and idle time",
         {.max_age_s = 100, .inactivity_s = 30, .rolling = true},
         5000,
         5100,
         NONE,
         NONE,
         false,
         1000,
         5000,
         5030},
        {"back, absolute",
         {.max_age_s = 100, .absolute_s = 70, .rolling = true},
         5000,
         5100,
         4990,
         NONE,
         false,
         1000,
         5000,
         5060},
        {"fractions end a little early",
         {.max_age_s = 100},
         950.5,
         1050.75,
         NONE,
         NONE,
         false,
         1000,
         1000,
         1050},
        {"before 1970", {.max_age_s = 100}, 950, 0, NONE, NONE, false, 1000, 1000, 0},
        {"the calendar has an end",
         {.max_age_s = 100, .rolling = true},
         1e18,
         1e18,
         NONE,
         NONE,
         false,
         1000,
         253402300799,
         253402300799},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        usher_life life = life_of(cases[i].sealed, cases[i].exp, cases[i].created, cases[i].uend);
        int64_t sealed, exp;

        usher_lifetime_next(&cases[i].l, &life, cases[i].keep_exp, cases[i].now, &sealed, &exp);
        if (sealed != cases[i].sealed_after || exp != cases[i].exp_after)
            fail_msg("%s: sealed %lld, exp %lld", cases[i].what, (long long)sealed, (long long)exp);
    }
}

/* ---- sweeps -------------------------------------------------------------------------------- */

static const usher_lifetime lifetimes[] = {
    {.max_age_s = MONTH, .rolling = true},
    {.max_age_s = MONTH},
    {.max_age_s = MONTH, .absolute_s = 90 * DAY, .rolling = true},
    {.max_age_s = MONTH, .absolute_s = 90 * DAY, .inactivity_s = 7 * DAY, .rolling = true},
    {.max_age_s = MONTH, .absolute_s = 10 * DAY},
    {.max_age_s = DAY, .absolute_s = 3 * DAY, .inactivity_s = DAY, .rolling = true},
};

/* What the next reader sees of a session that was written so. */
static usher_life next_life(const usher_lifetime *l, const usher_life *life, int64_t now_s)
{
    int64_t sealed, exp;
    usher_life next = *life;

    usher_lifetime_next(l, life, false, now_s, &sealed, &exp);
    if (l->absolute_s && !life->has_created) {
        next.has_created = true;
        next.created_s = life->has_sealed ? life->sealed_s : (double)sealed;
    }
    next.has_sealed = next.has_exp = true;
    next.sealed_s = (double)sealed;
    next.exp_s = (double)exp;
    return next;
}

/* A clock that is set back, by however much: nobody is signed out, and renewing takes nothing. */
static void test_a_step_back(void **state)
{
    uint64_t seed = 11;

    (void)state;
    for (size_t i = 0; i < sizeof lifetimes / sizeof *lifetimes; i++) {
        const usher_lifetime *l = &lifetimes[i];

        for (int n = 0; n < 20000; n++) {
            int64_t age = (int64_t)(kit_next(&seed) % (uint64_t)(DAY / 2));
            int64_t back = (int64_t)(kit_next(&seed) % (uint64_t)(3650 * DAY));
            usher_life none = {0}, first = next_life(l, &none, RIG_NOW);
            usher_life renewed = next_life(l, &first, RIG_NOW + age);
            usher_life again = next_life(l, &renewed, RIG_NOW + age - back);
            double end = usher_lifetime_end(l, &renewed);

            assert_true(usher_lifetime_end(l, &first) > (double)RIG_NOW);
            assert_true(end > (double)(RIG_NOW + age - back));
            assert_true(usher_lifetime_end(l, &again) >= end);
            assert_true(again.created_s == renewed.created_s);
        }
    }
}

/* However often and whenever it is renewed, no limit is passed, and the first creation counts. */
static void test_no_renewal_passes_a_limit(void **state)
{
    uint64_t seed = 12;

    (void)state;
    for (size_t i = 0; i < sizeof lifetimes / sizeof *lifetimes; i++) {
        const usher_lifetime *l = &lifetimes[i];

        for (int n = 0; n < 500; n++) {
            usher_life none = {0}, life = next_life(l, &none, RIG_NOW);
            double first_end = life.exp_s;
            int64_t now = RIG_NOW;

            for (int step = 0; step < 50; step++) {
                now += (int64_t)(kit_next(&seed) % (uint64_t)(2 * DAY));
                if (usher_lifetime_end(l, &life) <= (double)now) break;
                life = next_life(l, &life, now);
                double end = usher_lifetime_end(l, &life);

                if (l->absolute_s) assert_true(end <= (double)(RIG_NOW + l->absolute_s));
                if (l->inactivity_s) assert_true(end <= (double)(now + l->inactivity_s));
                if (!l->rolling) assert_true(end <= first_end);
                assert_true(end <= (double)(now + l->max_age_s));
            }
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_what_claims_say),           cmocka_unit_test(test_the_earliest_end),
        cmocka_unit_test(test_what_is_written_next),      cmocka_unit_test(test_a_step_back),
        cmocka_unit_test(test_no_renewal_passes_a_limit),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
