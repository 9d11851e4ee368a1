#include "io/documents.h"

#include <sched.h>

#include "base/error.h"
#include "tests/kit/kit.h"

/* A provider and a clock on strings. */
typedef struct world {
    int64_t now_ms;
    atomic_uint fetches;
    int status;
    const char *why; /* not NULL: there is no answer */
    const char *body;
    usher_status rc;
    atomic_uint *asking; /* the fetch lasts until so many threads ask */
    unsigned wait_for;
    const usher_allocator *alloc;
} world;

static usher_status world_fetch(void *ctx, usher_answer **out, const usher_fetch *fetch,
                                usher_error *err)
{
    world *w = ctx;
    usher_answer *a;
    usher_status rc;

    *out = NULL;
    w->fetches++;
    while (w->asking && atomic_load(w->asking) < w->wait_for)
        sched_yield();
    if (w->rc) return usher_fail(err, w->rc, "world: as told", 0);
    if ((rc = usher_answer_new(&a, w->alloc, err))) return rc;
    a->status = w->status;
    a->why = w->why;
    if (!w->why && (rc = usher_answer_add(a, w->body, strlen(w->body), fetch->answer_max, err))) {
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

#define START_MS INT64_C(1800000000000)

static void begin(world *w, usher_documents *d)
{
    *w = (world){
        .now_ms = START_MS, .status = 200, .body = "v1", .alloc = usher_allocator_default()};
    assert_ok(usher_documents_init(d, w->alloc, (usher_document_source){world_fetch, world_now, w},
                                   NULL));
}

static usher_fetch want(const char *url)
{
    return (usher_fetch){
        .method = USHER_STR("GET"), .url = kit_str(url), .cache_s = 600, .answer_max = 4u << 20};
}

/* The body that comes back, or why there is none, or the status of the call. */
static const char *get(usher_documents *d, const usher_fetch *fetch)
{
    static char text[64];
    usher_answer *a;
    usher_status rc = usher_documents_get(&a, d, fetch, NULL);

    if (rc) return usher_status_name(rc);
    if (a->why)
        snprintf(text, sizeof text, "%s", a->why);
    else
        snprintf(text, sizeof text, "%d %.*s", a->status, (int)a->body.len, a->body.ptr);
    usher_answer_unref(a);
    return text;
}

static void test_what_may_be_cached(void **state)
{
    usher_fetch f = want("https://op/keys");

    (void)state;
    assert_true(usher_documents_may(&f));
    f.cache_s = 0;
    assert_false(usher_documents_may(&f));
    f = want("https://op/keys");
    f.method = USHER_STR("POST");
    assert_false(usher_documents_may(&f));
    f = want("https://op/keys");
    f.body = USHER_STR("x");
    assert_false(usher_documents_may(&f));
}

static void test_kept_for_cache_s(void **state)
{
    world w;
    usher_documents d;
    usher_fetch f = want("https://op/keys"), other = want("https://op/other");

    (void)state;
    begin(&w, &d);
    assert_string_equal(get(&d, &f), "200 v1");
    w.body = "v2";
    w.now_ms += 599999;
    assert_string_equal(get(&d, &f), "200 v1");
    assert_int_equal(w.fetches, 1);
    assert_string_equal(get(&d, &other), "200 v2"); /* another document */
    w.now_ms += 1;
    assert_string_equal(get(&d, &f), "200 v2");
    assert_int_equal(w.fetches, 3);
    w.body = "v3";
    w.now_ms = START_MS - 1; /* the clock stepped back: the age is unknown */
    assert_string_equal(get(&d, &f), "200 v3");
    usher_documents_deinit(&d);
}

static void test_policy_is_part_of_the_key(void **state)
{
    world w;
    usher_documents d;
    usher_fetch f = want("http://op/keys");

    (void)state;
    begin(&w, &d);
    f.private_network = true;
    assert_string_equal(get(&d, &f), "200 v1");
    w.body = "v2";
    f.private_network = false;
    assert_string_equal(get(&d, &f), "200 v2");
    f.plain_http = true;
    assert_string_equal(get(&d, &f), "200 v2");
    assert_int_equal(w.fetches, 3);
    usher_documents_deinit(&d);
}

static void test_only_good_documents_are_kept(void **state)
{
    static const struct {
        int status;
        const char *why, *out;
    } cases[] = {
        {404, NULL, "404 v1"},
        {500, NULL, "500 v1"},
        {302, NULL, "302 v1"},
        {0, "no answer", "no answer"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        world w;
        usher_documents d;
        usher_fetch f = want("https://op/keys");

        begin(&w, &d);
        w.status = cases[i].status;
        w.why = cases[i].why;
        assert_string_equal(get(&d, &f), cases[i].out);
        assert_string_equal(get(&d, &f), cases[i].out);
        assert_int_equal(w.fetches, cases[i].why ? 1 : 2); /* no answer: not waited for twice */
        w.now_ms += USHER_DOCUMENT_RETRY_MS - 1;
        assert_string_equal(get(&d, &f), cases[i].out);
        assert_int_equal(w.fetches, cases[i].why ? 1 : 3);
        w.now_ms += 1;
        w.fetches = 2;
        w.status = 200, w.why = NULL;
        assert_string_equal(get(&d, &f), "200 v1");
        assert_string_equal(get(&d, &f), "200 v1");
        assert_int_equal(w.fetches, 3);
        usher_documents_deinit(&d);
    }
}

static void test_too_large_to_keep(void **state)
{
    world w;
    usher_documents d;
    usher_fetch f = want("https://op/keys");
    usher_answer *a;
    char *big = malloc(USHER_DOCUMENT_BYTES_MAX + 2);

    (void)state;
    assert_non_null(big);
    memset(big, 'x', USHER_DOCUMENT_BYTES_MAX + 1);
    big[USHER_DOCUMENT_BYTES_MAX + 1] = 0;
    begin(&w, &d);
    for (unsigned i = 1; i <= 4; i++) {
        w.body = i <= 2 ? big : big + 1; /* one byte less fits */
        assert_ok(usher_documents_get(&a, &d, &f, NULL));
        assert_int_equal(w.fetches, i < 4 ? i : 3);
        usher_answer_unref(a);
    }
    usher_documents_deinit(&d);
    free(big);
}

static void test_newer_than_is_forced_once_a_minute(void **state)
{
    world w;
    usher_documents d;
    usher_fetch f = want("https://op/keys");

    (void)state;
    begin(&w, &d);
    assert_string_equal(get(&d, &f), "200 v1");
    w.body = "v2";
    f.newer_than_ms = START_MS - 1; /* the copy is newer */
    assert_string_equal(get(&d, &f), "200 v1");
    assert_int_equal(w.fetches, 1);
    w.now_ms += 1000;
    f.newer_than_ms = START_MS; /* it is not: fetched after this is wanted */
    assert_string_equal(get(&d, &f), "200 v2");
    assert_int_equal(w.fetches, 2);
    w.body = "v3";
    for (unsigned i = 0; i < 100000; i++) { /* as many tokens with made-up key ids */
        f.newer_than_ms = w.now_ms;
        if (i == 50000) w.now_ms += USHER_DOCUMENT_FORCED_MS - 1;
        assert_string_equal(get(&d, &f), "200 v2");
    }
    assert_int_equal(w.fetches, 2);
    w.now_ms += 1;
    f.newer_than_ms = w.now_ms - 1;
    assert_string_equal(get(&d, &f), "200 v3");
    assert_int_equal(w.fetches, 3);
    usher_documents_deinit(&d);
}

static void test_first_fetch_is_not_forced(void **state)
{
    world w;
    usher_documents d;
    usher_fetch f = want("https://op/keys");

    (void)state;
    begin(&w, &d);
    f.newer_than_ms = START_MS - 5;
    assert_string_equal(get(&d, &f), "200 v1");
    w.body = "v2";
    w.now_ms += 10;
    f.newer_than_ms = START_MS + 5; /* the minute has not begun yet */
    assert_string_equal(get(&d, &f), "200 v2");
    usher_documents_deinit(&d);
}

static void test_outage_is_bridged_for_a_day(void **state)
{
    world w;
    usher_documents d;
    usher_fetch f = want("https://op/keys");

    (void)state;
    begin(&w, &d);
    assert_string_equal(get(&d, &f), "200 v1");
    w.why = "cannot connect";
    w.now_ms += 600000;
    assert_string_equal(get(&d, &f), "200 v1");
    assert_int_equal(w.fetches, 2);
    w.now_ms += USHER_DOCUMENT_RETRY_MS - 1; /* nobody waits for the dead provider meanwhile */
    assert_string_equal(get(&d, &f), "200 v1");
    assert_int_equal(w.fetches, 2);
    w.now_ms += 1;
    w.why = NULL, w.status = 503; /* a bad gateway in front of it is no better */
    assert_string_equal(get(&d, &f), "200 v1");
    assert_int_equal(w.fetches, 3);
    w.rc = USHER_E_NOMEM; /* nor is trouble of our own */
    w.now_ms += USHER_DOCUMENT_RETRY_MS;
    assert_string_equal(get(&d, &f), "200 v1");
    w.rc = USHER_OK;
    w.now_ms = START_MS + USHER_DOCUMENT_STALE_MS - 1;
    assert_string_equal(get(&d, &f), "200 v1");
    w.now_ms = START_MS + USHER_DOCUMENT_STALE_MS;
    assert_string_equal(get(&d, &f), "503 v1"); /* what the provider says now */
    w.status = 200, w.body = "v2";
    assert_string_equal(get(&d, &f), "200 v2");
    usher_documents_deinit(&d);
}

static void test_bounded(void **state)
{
    world w;
    usher_documents d;
    char url[64];

    (void)state;
    begin(&w, &d);
    for (unsigned i = 0; i < 3 * USHER_DOCUMENTS_MAX; i++) {
        snprintf(url, sizeof url, "https://op/%u", i);
        usher_fetch f = want(url), first = want("https://op/0");
        w.now_ms++;
        assert_string_equal(get(&d, &f), "200 v1");
        assert_true(d.count <= USHER_DOCUMENTS_MAX);
        w.now_ms++;
        assert_string_equal(get(&d, &first), "200 v1"); /* asked for often, so kept */
    }
    assert_int_equal(w.fetches, 3 * USHER_DOCUMENTS_MAX);
    usher_documents_deinit(&d);
}

/* single flight */

typedef struct crowd {
    usher_documents *d;
    usher_fetch fetch;
    const char *body;
    atomic_uint asking, good;
} crowd;

static void *ask_in_a_crowd(void *ctx)
{
    crowd *c = ctx;
    usher_answer *a;

    atomic_fetch_add(&c->asking, 1);
    if (usher_documents_get(&a, c->d, &c->fetch, NULL) == USHER_OK) {
        if (a->body.len == strlen(c->body) && memcmp(a->body.ptr, c->body, a->body.len) == 0)
            atomic_fetch_add(&c->good, 1);
        usher_answer_unref(a);
    }
    return NULL;
}

static void run_crowd(crowd *c)
{
    pthread_t threads[8];

    for (size_t i = 0; i < 8; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, ask_in_a_crowd, c), 0);
    for (size_t i = 0; i < 8; i++)
        assert_int_equal(pthread_join(threads[i], NULL), 0);
}

static void test_one_fetch_for_all(void **state)
{
    world w;
    usher_documents d;
    crowd c = {.d = &d, .fetch = want("https://op/keys"), .body = "v1"};

    (void)state;
    begin(&w, &d);
    w.asking = &c.asking;
    w.wait_for = 8;
    run_crowd(&c);
    assert_int_equal(w.fetches, 1);
    assert_int_equal(atomic_load(&c.good), 8);

    /* The provider changed its keys: all wait for the forced fetch, and none is fobbed off. */
    c.fetch.newer_than_ms = w.now_ms++;
    c.body = w.body = "v2";
    atomic_store(&c.asking, 0);
    atomic_store(&c.good, 0);
    run_crowd(&c);
    assert_int_equal(w.fetches, 2);
    assert_int_equal(atomic_load(&c.good), 8);
    usher_documents_deinit(&d);
}

/* While a forced fetch lasts, whoever is content with the copy is not kept waiting. */
static void test_the_content_do_not_wait(void **state)
{
    world w;
    usher_documents d;
    crowd forced = {.d = &d, .fetch = want("https://op/keys"), .body = "v2"};
    usher_fetch content = want("https://op/keys");
    pthread_t thread;
    atomic_uint released = 0;

    (void)state;
    begin(&w, &d);
    assert_string_equal(get(&d, &content), "200 v1");
    w.asking = &released;
    w.wait_for = 1;
    w.body = "v2";
    forced.fetch.newer_than_ms = START_MS;
    assert_int_equal(pthread_create(&thread, NULL, ask_in_a_crowd, &forced), 0);
    for (bool flying = false; !flying;) { /* the other thread is inside the fetch */
        flying = atomic_load(&w.fetches) == 2;
        sched_yield();
    }
    assert_string_equal(get(&d, &content), "200 v1");
    atomic_store(&released, 1);
    assert_int_equal(pthread_join(thread, NULL), 0);
    assert_string_equal(get(&d, &content), "200 v2");
    assert_int_equal(w.fetches, 2);
    usher_documents_deinit(&d);
}

static void test_every_allocation_may_fail(void **state)
{
    kit_alloc k;
    size_t n = 0;

    (void)state;
    do {
        k = (kit_alloc){.fail_at = n++};
        usher_allocator alloc = kit_allocator(&k);
        world w = {.now_ms = START_MS, .status = 200, .body = "v1", .alloc = &alloc};
        usher_documents d;
        usher_fetch f = want("https://op/keys");
        usher_answer *a = NULL;
        usher_error err = {0};

        assert_ok(usher_documents_init(&d, &alloc,
                                       (usher_document_source){world_fetch, world_now, &w}, NULL));
        usher_status rc = usher_documents_get(&a, &d, &f, &err);
        /* Without memory for its entry the cache is passed by; without memory for the answer it
         * fails. */
        if (rc) {
            assert_int_equal(rc, USHER_E_NOMEM);
            assert_int_equal(err.status, USHER_E_NOMEM);
            assert_null(a);
            assert_true(k.failed);
        } else {
            assert_str(a->body, "v1");
            usher_answer_unref(a);
        }
        usher_documents_deinit(&d);
        assert_int_equal(k.live, 0);
    } while (k.failed);
    assert_true(n > 3);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_what_may_be_cached),
        cmocka_unit_test(test_kept_for_cache_s),
        cmocka_unit_test(test_policy_is_part_of_the_key),
        cmocka_unit_test(test_only_good_documents_are_kept),
        cmocka_unit_test(test_too_large_to_keep),
        cmocka_unit_test(test_newer_than_is_forced_once_a_minute),
        cmocka_unit_test(test_first_fetch_is_not_forced),
        cmocka_unit_test(test_outage_is_bridged_for_a_day),
        cmocka_unit_test(test_bounded),
        cmocka_unit_test(test_one_fetch_for_all),
        cmocka_unit_test(test_the_content_do_not_wait),
        cmocka_unit_test(test_every_allocation_may_fail),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
