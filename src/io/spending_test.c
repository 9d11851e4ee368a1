#include "io/spending.h"

#include <sched.h>

#include "base/error.h"
#include "tests/kit/kit.h"

/* A token endpoint that rotates, and a clock. */
typedef struct world {
    int64_t now_ms;
    atomic_uint fetches;
    int status;
    const char *why; /* not NULL: there is no answer */
    usher_status rc;
    usher_spending *spending;
    unsigned wait_for; /* the request lasts until so many threads want its answer */
    const usher_allocator *alloc;
} world;

#define START_MS INT64_C(1800000000000)

static size_t asking(usher_spending *s);

static usher_status world_fetch(void *ctx, usher_answer **out, const usher_fetch *fetch,
                                usher_error *err)
{
    world *w = ctx;
    usher_answer *a;
    usher_status rc;
    char body[32];
    unsigned number = ++w->fetches;

    *out = NULL;
    while (asking(w->spending) < w->wait_for)
        sched_yield();
    if (w->rc) return usher_fail(err, w->rc, "world: as told", 0);
    if ((rc = usher_answer_new(&a, w->alloc, err))) return rc;
    a->status = w->status;
    a->why = w->why;
    snprintf(body, sizeof body, "token %u", number);
    if (!w->why && (rc = usher_answer_add(a, body, strlen(body), fetch->answer_max, err))) {
        usher_answer_unref(a);
        return rc;
    }
    *out = a;
    return USHER_OK;
}

static int64_t world_now(void *ctx)
{
    return ((world *)ctx)->now_ms;
}

static void begin_with(world *w, usher_spending *s, const usher_allocator *alloc)
{
    *w = (world){.now_ms = START_MS, .status = 200, .alloc = alloc, .spending = s};
    assert_ok(
        usher_spending_init(s, alloc, (usher_document_source){world_fetch, world_now, w}, NULL));
}

static void begin(world *w, usher_spending *s)
{
    begin_with(w, s, usher_allocator_default());
}

static const usher_header basic = {USHER_STR_INIT("Authorization"), USHER_STR_INIT("Basic YTpi")};

static usher_fetch want(const char *body)
{
    return (usher_fetch){.method = USHER_STR("POST"),
                         .url = USHER_STR("https://op/token"),
                         .headers = &basic,
                         .header_count = 1,
                         .body = kit_str(body),
                         .once_s = 10,
                         .answer_max = 1024};
}

/* The body that comes back, or why there is none, or the status of the call. */
static const char *get(usher_spending *s, const usher_fetch *fetch)
{
    static _Thread_local char text[64];
    usher_answer *a;
    usher_status rc = usher_spending_get(&a, s, fetch, NULL);

    if (rc) return usher_status_name(rc);
    snprintf(text, sizeof text, "%s%.*s", a->why ? a->why : "", (int)a->body.len,
             a->body.len ? a->body.ptr : "");
    usher_answer_unref(a);
    return text;
}

static void test_once_for_a_while(void **state)
{
    world w;
    usher_spending s;
    usher_fetch f = want("refresh_token=a");

    (void)state;
    begin(&w, &s);
    assert_string_equal(get(&s, &f), "token 1");
    w.now_ms += 9999;
    assert_string_equal(get(&s, &f), "token 1");
    w.now_ms += 1;
    assert_string_equal(get(&s, &f), "token 2");
    w.now_ms = START_MS - 1; /* the clock stepped back */
    assert_string_equal(get(&s, &f), "token 3");
    /* what is over is not kept */
    assert_int_equal(s.count, 1);
    w.now_ms += 10000;
    usher_spending_sweep(&s);
    assert_int_equal(s.count, 0);
    usher_spending_deinit(&s);
}

/* Whatever differs makes another request of it. */
static void test_only_the_same_request(void **state)
{
    static const usher_header other[] = {
        {USHER_STR_INIT("Authorization"), USHER_STR_INIT("Basic YTpj")},
        {USHER_STR_INIT("Accept"), USHER_STR_INIT("x")}};
    world w;
    usher_spending s;
    usher_fetch f[10];

    (void)state;
    begin(&w, &s);
    for (size_t i = 0; i < 10; i++)
        f[i] = want("refresh_token=a");
    f[1].body = USHER_STR("refresh_token=b");
    f[2].url = USHER_STR("https://op/token2");
    f[3].method = USHER_STR("PUT");
    f[4].headers = other;
    f[5].header_count = 0;
    f[6].private_network = true;
    f[7].plain_http = true;
    /* the same bytes in a row, cut elsewhere */
    f[8].url = USHER_STR("https://op/tokenrefresh_token=");
    f[8].body = USHER_STR("a");
    f[9].headers = other;
    f[9].header_count = 2;
    for (size_t again = 0; again < 2; again++)
        for (size_t i = 0; i < 10; i++) {
            char expected[32];
            snprintf(expected, sizeof expected, "token %zu", i + 1);
            assert_string_equal(get(&s, &f[i]), expected);
        }
    assert_int_equal(w.fetches, 10);
    usher_spending_deinit(&s);
}

/* A refusal, an outage and a failure of ours are nobody's answer afterwards. */
static void test_only_what_was_given_is_kept(void **state)
{
    world w;
    usher_spending s;
    usher_fetch f = want("refresh_token=a");

    (void)state;
    begin(&w, &s);
    w.status = 400;
    assert_string_equal(get(&s, &f), "token 1");
    w.status = 200;
    w.why = "no answer";
    assert_string_equal(get(&s, &f), "no answer");
    w.rc = USHER_E_NOMEM;
    assert_string_equal(get(&s, &f), usher_status_name(USHER_E_NOMEM));
    w.rc = USHER_OK;
    w.why = NULL;
    assert_string_equal(get(&s, &f), "token 4");
    assert_string_equal(get(&s, &f), "token 4");
    assert_int_equal(s.count, 1);
    usher_spending_deinit(&s);
}

/* --- at once ---------------------------------------------------------------------------------- */

#define THREADS 4

/* Threads that have asked and have no answer: only those of the one request count here. */
static atomic_size_t waiting;

static size_t asking(usher_spending *s)
{
    (void)s;
    return atomic_load(&waiting);
}

typedef struct asker {
    usher_spending *s;
    char said[64];
} asker;

static void *ask(void *ctx)
{
    asker *a = ctx;
    usher_fetch f = want("refresh_token=a");

    atomic_fetch_add(&waiting, 1);
    snprintf(a->said, sizeof a->said, "%s", get(a->s, &f));
    return NULL;
}

static void test_at_once(void **state)
{
    static const struct {
        int status;
        usher_status rc;
        const char *said;
    } rows[] = {{200, USHER_OK, "token 1"}, {400, USHER_OK, "token 1"}, {0, USHER_E_NOMEM, NULL}};

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        asker askers[THREADS];
        pthread_t threads[THREADS];
        usher_spending s;
        world w;

        begin(&w, &s);
        atomic_store(&waiting, 0);
        w.status = rows[i].status;
        w.rc = rows[i].rc;
        w.wait_for = THREADS;
        for (size_t k = 0; k < THREADS; k++) {
            askers[k].s = &s;
            assert_int_equal(pthread_create(&threads[k], NULL, ask, &askers[k]), 0);
        }
        for (size_t k = 0; k < THREADS; k++)
            assert_int_equal(pthread_join(threads[k], NULL), 0);
        /* Who was counted and came to the lock late may find a refusal gone, and ask for himself.
         */
        if (rows[i].status == 200) assert_int_equal(w.fetches, 1);
        for (size_t k = 0; k < THREADS && rows[i].status == 200; k++)
            assert_string_equal(askers[k].said, rows[i].said);
        for (size_t k = 0; k < THREADS && rows[i].rc; k++)
            assert_string_equal(askers[k].said, usher_status_name(rows[i].rc));
        usher_spending_deinit(&s);
    }
}

/* --- bounds ----------------------------------------------------------------------------------- */

static void test_too_many(void **state)
{
    world w;
    usher_spending s;
    char body[64];

    (void)state;
    begin(&w, &s);
    for (size_t i = 0; i < USHER_SPENDINGS_MAX + 2; i++) {
        snprintf(body, sizeof body, "refresh_token=%zu", i);
        usher_fetch f = want(body);
        (void)get(&s, &f);
    }
    assert_int_equal(s.count, USHER_SPENDINGS_MAX);
    /* The newest is who is asked for again: the oldest made room. */
    snprintf(body, sizeof body, "refresh_token=%d", USHER_SPENDINGS_MAX + 1);
    usher_fetch newest = want(body), oldest = want("refresh_token=0");
    unsigned fetches = w.fetches;
    (void)get(&s, &newest);
    assert_int_equal(w.fetches, fetches);
    (void)get(&s, &oldest);
    assert_int_equal(w.fetches, fetches + 1);
    assert_int_equal(s.count, USHER_SPENDINGS_MAX);
    w.now_ms += 10000;
    usher_fetch f = want("refresh_token=new");
    (void)get(&s, &f);
    assert_int_equal(s.count, 1);
    usher_spending_deinit(&s);
}

/* Without memory for it nothing is shared; without memory for an answer there is none. */
static void test_every_allocation_may_fail(void **state)
{
    size_t at = 0;

    (void)state;
    for (bool failed = true; failed; at++) {
        kit_alloc alloc = {.fail_at = SIZE_MAX};
        usher_allocator allocator = kit_allocator(&alloc);
        usher_fetch f = want("refresh_token=a");
        usher_spending s;
        usher_answer *a;
        world w;

        begin_with(&w, &s, &allocator);
        alloc.fail_at = alloc.calls + at;
        usher_status rc = usher_spending_get(&a, &s, &f, NULL);
        failed = alloc.failed != 0;
        assert_true(rc == USHER_OK || (failed && rc == USHER_E_NOMEM));
        assert_int_equal(w.fetches, 1);
        if (rc == USHER_OK) usher_answer_unref(a);
        usher_spending_deinit(&s);
        assert_int_equal(alloc.live, 0);
    }
    assert_true(at > 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_once_for_a_while),
        cmocka_unit_test(test_only_the_same_request),
        cmocka_unit_test(test_only_what_was_given_is_kept),
        cmocka_unit_test(test_at_once),
        cmocka_unit_test(test_too_many),
        cmocka_unit_test(test_every_allocation_may_fail),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
