/* What sealing and opening count on a ring, by one thread and by several. */
#include <pthread.h>

#include "session/auth0_write.h"
#include "session/rig.h"

static const char *const two[] = {"the newer secret of a ring", "the older secret of a ring", NULL};
static const char *const older[] = {"the older secret of a ring", NULL};
static const char *const other[] = {"a secret of another site", NULL};

static usher_keyring *ring_new(const usher_profile *profile, const char *const *texts)
{
    usher_secret list[USHER_SECRETS_MAX];
    usher_str salts[USHER_PURPOSES];
    usher_keyring *k;
    size_t count = 0;

    for (; texts[count]; count++) {
        union {
            const char *text;
            uint8_t *bytes;
        } u = {.text = texts[count]};
        list[count] = (usher_secret){u.bytes, strlen(texts[count])};
    }
    rig_salts(salts, profile);
    assert_ok(usher_keyring_new(&k, usher_allocator_default(), profile, list, count, salts, NULL));
    return k;
}

/* One thread's belongings. */
typedef struct worker {
    usher_arena arena;
    usher_jwe_cipher *cipher;
    kit_random random;
    const usher_keyring *ring;
    const usher_str *tokens; /* by the ring's first secret, by its second, by nobody's */
    size_t rounds, wrong;
} worker;

static void worker_open(worker *w, const usher_keyring *ring)
{
    *w = (worker){.random = {.seed = 7, .fail_at = SIZE_MAX}, .ring = ring};
    usher_arena_init(&w->arena, usher_allocator_default(), 1 << 14, RIG_LIMIT);
    w->cipher = usher_jwe_cipher_new(usher_allocator_default());
    assert_non_null(w->cipher);
}

static void worker_close(worker *w)
{
    usher_jwe_cipher_free(w->cipher);
    usher_arena_deinit(&w->arena);
}

static usher_str seal_with(worker *w, const usher_keyring *ring)
{
    usher_str token = {0};
    int64_t exp;

    w->wrong += usher_token_seal(&token, &exp, &w->arena, w->cipher, ring, USHER_FOR_SESSION,
                                 USHER_STR("{\"sub\":\"1\"}"), RIG_NOW, 60, kit_entropy(&w->random),
                                 NULL) != USHER_OK;
    return token;
}

static usher_verdict judge_with(worker *w, const usher_keyring *ring, usher_str token, int64_t now)
{
    usher_claims claims;
    usher_verdict verdict;
    usher_cause cause;

    w->wrong += usher_token_open(&claims, &verdict, &cause, &w->arena, w->cipher, ring,
                                 USHER_FOR_SESSION, token, now, NULL) != USHER_OK;
    return verdict;
}

static void check_counts(const usher_keyring *k, size_t secret, uint64_t opened, uint64_t sealed,
                         uint64_t failed)
{
    usher_key_counts counts;

    assert_true(usher_keyring_counts(k, secret, &counts));
    assert_int_equal(counts.opened, opened);
    assert_int_equal(counts.sealed, sealed);
    assert_int_equal(counts.failed, failed);
}

/* Where a profile names its key in the token, a stranger's is tried on none of ours. */
static void test_each_outcome(void **state)
{
    (void)state;
    for (size_t i = 0; usher_profile_at(i); i++) {
        const usher_profile *profile = usher_profile_at(i);
        uint64_t tried = profile->kid ? 0 : 1;
        usher_keyring *ours = ring_new(profile, two), *old = ring_new(profile, older),
                      *foreign = ring_new(profile, other);
        worker w;

        worker_open(&w, ours);
        usher_str mine = seal_with(&w, ours), aged = seal_with(&w, old),
                  strange = seal_with(&w, foreign);
        check_counts(ours, 0, 0, 1, 0);
        assert_int_equal(judge_with(&w, ours, mine, RIG_NOW), USHER_SESSION_VALID);
        check_counts(ours, 0, 1, 1, 0);
        assert_int_equal(judge_with(&w, ours, mine, RIG_NOW + 999), USHER_SESSION_EXPIRED);
        check_counts(ours, 0, 2, 1, 0); /* it opened: the clock says no, not the key */
        assert_int_equal(judge_with(&w, ours, aged, RIG_NOW), USHER_SESSION_VALID);
        check_counts(ours, 0, 2, 1, 0); /* tried in vain on the way to the second: no failure */
        check_counts(ours, 1, 1, 0, 0);
        assert_int_equal(judge_with(&w, ours, strange, RIG_NOW), USHER_SESSION_REJECTED);
        check_counts(ours, 0, 2, 1, tried);
        check_counts(ours, 1, 1, 0, tried);
        assert_int_equal(judge_with(&w, ours, USHER_STR("a.b.c"), RIG_NOW), USHER_SESSION_REJECTED);
        assert_int_equal(judge_with(&w, ours, USHER_STR(""), RIG_NOW), USHER_NO_SESSION);
        check_counts(ours, 0, 2, 1, tried);
        check_counts(ours, 1, 1, 0, tried);
        check_counts(foreign, 0, 0, 1, 0);
        assert_int_equal(w.wrong, 0);
        worker_close(&w);
        usher_keyring_free(ours);
        usher_keyring_free(old);
        usher_keyring_free(foreign);
    }
}

/* Every other value that Auth0's sessions seal goes through this one function. */
static void test_what_auth0_seals(void **state)
{
    usher_keyring *ours = ring_new(&usher_profile_auth0_4, two);
    usher_json_object members;
    usher_str token;
    worker w;

    (void)state;
    worker_open(&w, ours);
    usher_auth0_context c = {.arena = &w.arena, .cipher = w.cipher, .keys = ours, .now_s = RIG_NOW};
    assert_ok(usher_json_read_object(&members, &w.arena, USHER_STR("{\"user\":{\"sub\":\"1\"}}"),
                                     &usher_json_limits_claims, NULL));
    assert_ok(
        usher_auth0_seal(&token, &c, &members, (usher_str){0}, 60, kit_entropy(&w.random), NULL));
    check_counts(ours, 0, 0, 1, 0);
    assert_int_equal(judge_with(&w, ours, token, RIG_NOW), USHER_SESSION_VALID);
    check_counts(ours, 0, 1, 1, 0);
    check_counts(ours, 1, 0, 0, 0);
    worker_close(&w);
    usher_keyring_free(ours);
}

#define ROUNDS 500

static void *work(void *ctx)
{
    worker *w = ctx;

    for (size_t i = 0; i < ROUNDS; i++) {
        usher_arena_reset(&w->arena);
        usher_str own = seal_with(w, w->ring);
        w->wrong += judge_with(w, w->ring, own, RIG_NOW) != USHER_SESSION_VALID;
        w->wrong += judge_with(w, w->ring, w->tokens[0], RIG_NOW) != USHER_SESSION_VALID;
        w->wrong += judge_with(w, w->ring, w->tokens[1], RIG_NOW) != USHER_SESSION_VALID;
        w->wrong += judge_with(w, w->ring, w->tokens[2], RIG_NOW) != USHER_SESSION_REJECTED;
    }
    return NULL;
}

#define THREADS 2

static void test_threads_lose_nothing(void **state)
{
    const usher_profile *profile = &usher_profile_nextauth_4; /* no kid: every key is tried */
    usher_keyring *ours = ring_new(profile, two), *old = ring_new(profile, older),
                  *foreign = ring_new(profile, other);
    pthread_t threads[THREADS];
    worker makes, workers[THREADS];

    (void)state;
    worker_open(&makes, ours);
    const usher_str tokens[] = {seal_with(&makes, ours), seal_with(&makes, old),
                                seal_with(&makes, foreign)};
    for (size_t i = 0; i < THREADS; i++) {
        worker_open(&workers[i], ours);
        workers[i].tokens = tokens;
        assert_int_equal(pthread_create(&threads[i], NULL, work, &workers[i]), 0);
    }
    for (size_t i = 0; i < THREADS; i++) {
        usher_key_counts meanwhile; /* reading is allowed at any time */
        assert_true(usher_keyring_counts(ours, 0, &meanwhile));
        assert_int_equal(pthread_join(threads[i], NULL), 0);
        assert_int_equal(workers[i].wrong, 0);
        worker_close(&workers[i]);
    }
    assert_int_equal(makes.wrong, 0);
    check_counts(ours, 0, 2 * THREADS * ROUNDS, THREADS * ROUNDS + 1, THREADS * ROUNDS);
    check_counts(ours, 1, THREADS * ROUNDS, 0, THREADS * ROUNDS);
    worker_close(&makes);
    usher_keyring_free(ours);
    usher_keyring_free(old);
    usher_keyring_free(foreign);
}

#define HAMMERED 3000000

static pthread_barrier_t together;

static void *hammer(void *ctx)
{
    const usher_keyring *k = ctx;
    const usher_jwe_key *tried[] = {&k->keys[USHER_FOR_SESSION][0][0]};

    pthread_barrier_wait(&together);
    for (size_t i = 0; i < HAMMERED; i++) {
        usher_keyring_count_seal(k, k);
        usher_keyring_count_open(k, k, tried, 1, USHER_OK);
    }
    return NULL;
}

/* Shards make threads meet rarely; here they meet all the time. */
static void test_threads_in_one_shard_lose_nothing(void **state)
{
    usher_keyring *ours = ring_new(&usher_profile_nextauth_4, two);
    pthread_t threads[THREADS];

    (void)state;
    assert_int_equal(pthread_barrier_init(&together, NULL, THREADS), 0);
    for (size_t i = 0; i < THREADS; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, hammer, ours), 0);
    for (size_t i = 0; i < THREADS; i++)
        assert_int_equal(pthread_join(threads[i], NULL), 0);
    pthread_barrier_destroy(&together);
    check_counts(ours, 0, THREADS * HAMMERED, THREADS * HAMMERED, 0);
    usher_keyring_free(ours);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_each_outcome),
        cmocka_unit_test(test_what_auth0_seals),
        cmocka_unit_test(test_threads_lose_nothing),
        cmocka_unit_test(test_threads_in_one_shard_lose_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
