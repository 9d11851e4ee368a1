#include "base/arena.h"

#include <stdalign.h>

#include "tests/kit/kit.h"

#define ALIGN alignof(max_align_t)

/* The kit's allocator, watched: each block comes back with the size it was asked for, and without
 * the bytes that the tests put into what must be wiped (three in a row: a block's head may hold one
 * by chance). */
#define CANARY    0xa5
#define HUGE_SIZE (SIZE_MAX / 4) /* what no machine has; sanitizers stop the program over it */

typedef struct watched {
    kit_alloc kit;
    usher_allocator inner;
} watched;

static void *watched_get(void *ctx, size_t size)
{
    watched *w = ctx;
    size_t *p = size < HUGE_SIZE ? w->inner.get(w->inner.ctx, size + ALIGN) : NULL;

    if (!p) return NULL;
    memset(p, 0x5a, size + ALIGN); /* memory comes dirty */
    *p = size;
    return (char *)p + ALIGN;
}

static void watched_put(void *ctx, void *ptr, size_t size)
{
    watched *w = ctx;
    static const uint8_t canaries[] = {CANARY, CANARY, CANARY};

    if (!ptr) return;
    size_t *p = (size_t *)(void *)((char *)ptr - ALIGN);
    assert_int_equal(*p, size);
    assert_null(memmem(ptr, size, canaries, sizeof canaries));
    w->inner.put(w->inner.ctx, p, size + ALIGN);
}

static usher_allocator watch(watched *w)
{
    *w = (watched){.kit = {.fail_at = SIZE_MAX}};
    w->inner = kit_allocator(&w->kit);
    return (usher_allocator){watched_get, watched_put, w};
}

static void test_pieces_are_aligned_and_apart(void **state)
{
    (void)state;
    watched w;
    usher_allocator alloc = watch(&w);
    usher_arena a;
    uint8_t *piece[300];

    usher_arena_init(&a, &alloc, 512, 1 << 20);
    assert_int_equal(w.kit.calls, 0); /* nothing is taken before the first get */
    for (size_t i = 0; i < 300; i++) {
        piece[i] = usher_arena_get(&a, i);
        assert_non_null(piece[i]);
        assert_int_equal((uintptr_t)piece[i] % ALIGN, 0);
        memset(piece[i], (int)(i & 0x7f), i);
    }
    for (size_t i = 0; i < 300; i++)
        for (size_t k = 0; k < i; k++)
            assert_int_equal(piece[i][k], i & 0x7f);
    usher_arena_deinit(&a);
    assert_int_equal(w.kit.live, 0);
}

static void test_the_limit_is_exact(void **state)
{
    (void)state;
    usher_arena a;
    usher_error err = {0};

    for (size_t limit = 16; limit <= 4096; limit += 16) {
        usher_arena_init(&a, usher_allocator_default(), 64, limit);
        assert_null(usher_arena_get(&a, limit + 1));
        assert_int_equal(usher_arena_fail(&a, &err), USHER_E_LIMIT);
        assert_int_equal(err.status, USHER_E_LIMIT);
        assert_non_null(usher_arena_get(&a, limit)); /* a refusal spoils nothing */
        assert_int_equal(a.used, limit);
        assert_non_null(usher_arena_get(&a, 0));
        assert_null(usher_arena_get(&a, 1));
        usher_arena_reset(&a);
        assert_non_null(usher_arena_get(&a, limit)); /* a reset gives it all back */
        usher_arena_deinit(&a);
    }
}

static void test_sizes_that_wrap_are_refused(void **state)
{
    (void)state;
    usher_arena a;
    watched w;
    usher_allocator alloc = watch(&w);

    usher_arena_init(&a, &alloc, 64, SIZE_MAX);
    for (size_t less = 0; less < 80; less++)
        assert_null(usher_arena_get(&a, SIZE_MAX - less));
    assert_null(usher_arena_get_zero(&a, SIZE_MAX / 2, 3));
    assert_int_equal(usher_arena_fail(&a, NULL), USHER_E_LIMIT);
    void *p = usher_arena_get(&a, 32);
    assert_non_null(p);
    assert_null(usher_arena_grow(&a, p, 32, SIZE_MAX - 3));
    usher_arena_deinit(&a);
    assert_int_equal(w.kit.live, 0);
}

static void test_reset_and_deinit_wipe(void **state)
{
    (void)state;
    watched w;
    usher_allocator alloc = watch(&w);
    usher_arena a;

    usher_arena_init(&a, &alloc, 256, 1 << 20);
    for (int round = 0; round < 3; round++) {
        for (size_t size = 1; size < 2000; size += 97) {
            uint8_t *p = usher_arena_get(&a, size);
            assert_non_null(p);
            memset(p, CANARY, size);
            uint8_t *grown = usher_arena_grow(&a, p, size, size + 33);
            assert_non_null(grown);
            memset(grown, CANARY, size + 33);
            usher_arena_trim(&a, grown, size + 33, size / 2);
        }
        if (round < 2) usher_arena_reset(&a); /* watched_put looks */
    }
    usher_arena_deinit(&a);
    assert_int_equal(w.kit.live, 0);
}

static void test_reset_keeps_the_first_block(void **state)
{
    (void)state;
#ifndef USHER_ARENA_DEBUG
    watched w;
    usher_allocator alloc = watch(&w);
    usher_arena a;

    usher_arena_init(&a, &alloc, 1024, 1 << 20);
    uint8_t *first = usher_arena_get(&a, 100);
    memset(first, CANARY, 100);
    for (int round = 0; round < 5; round++) {
        usher_arena_reset(&a);
        uint8_t *again = usher_arena_get(&a, 100);
        assert_ptr_equal(again, first);
        assert_null(memchr(again, CANARY, 100));
        memset(again, CANARY, 100);
        assert_non_null(usher_arena_get(&a, 1024 - 112));
    }
    assert_int_equal(w.kit.calls, 1); /* nothing more was ever needed */
    assert_non_null(usher_arena_get(&a, 5000));
    assert_int_equal(w.kit.live, 2);
    usher_arena_reset(&a);
    assert_int_equal(w.kit.live, 1);
    usher_arena_deinit(&a);
    assert_int_equal(w.kit.live, 0);
#endif
}

static void test_blocks_double(void **state)
{
    (void)state;
#ifndef USHER_ARENA_DEBUG
    kit_alloc counted = {.fail_at = SIZE_MAX};
    usher_allocator alloc = kit_allocator(&counted);
    usher_arena a;

    usher_arena_init(&a, &alloc, 64, 16 << 20);
    for (size_t i = 0; i < (8 << 20) / 64; i++)
        assert_non_null(usher_arena_get(&a, 64));
    assert_true(counted.calls <= 16); /* 8 MiB: not one block each few kilobytes */
    usher_arena_deinit(&a);
#endif
}

static void fill(uint8_t *p, size_t from, size_t to)
{
    for (size_t i = from; i < to; i++)
        p[i] = (uint8_t)(i * 7);
}

static void check(const uint8_t *p, size_t to)
{
    for (size_t i = 0; i < to; i++)
        assert_int_equal(p[i], (uint8_t)(i * 7));
}

static void test_grow_keeps_what_was_there(void **state)
{
    (void)state;
    static const size_t steps[] = {0, 1, 15, 16, 17, 64, 65, 500, 4000, 4001, 20000};
    usher_arena a;

    for (int between = 0; between < 2; between++) { /* the newest, and one that is not */
        usher_arena_init(&a, usher_allocator_default(), 256, 1 << 20);
        uint8_t *p = NULL;
        size_t size = 0;
        for (size_t i = 0; i < sizeof steps / sizeof *steps; i++) {
            p = usher_arena_grow(&a, p, size, steps[i]);
            assert_non_null(p);
            check(p, size);
            fill(p, size, steps[i]);
            size = steps[i];
            if (between) memset(usher_arena_get(&a, 24), 0xff, 24);
        }
        p = usher_arena_grow(&a, p, size, 40); /* smaller is allowed too */
        assert_non_null(p);
        check(p, 40);
        usher_arena_deinit(&a);
    }
}

static void test_grow_in_place(void **state)
{
    (void)state;
    usher_arena a;

    usher_arena_init(&a, usher_allocator_default(), 1024, 4096);
    uint8_t *p = usher_arena_get(&a, 100);
    fill(p, 0, 100);
    uint8_t *q = usher_arena_grow(&a, p, 100, 1000);
#ifdef USHER_ARENA_DEBUG
    assert_ptr_not_equal(p, q); /* stale pointers show */
#else
    assert_ptr_equal(p, q);
    assert_int_equal(a.used, 1008);
#endif
    check(q, 100);
    fill(q, 0, 1000);
    assert_null(usher_arena_grow(&a, q, 1000, 5000)); /* past the limit: the old one stays good */
    assert_int_equal(usher_arena_fail(&a, NULL), USHER_E_LIMIT);
    check(q, 1000);
    usher_arena_deinit(&a);
#ifndef USHER_ARENA_DEBUG
    usher_arena_init(&a, usher_allocator_default(), 1024, 1024); /* to the last byte, and no more */
    p = usher_arena_get(&a, 16);
    for (size_t size = 16; size < 1024; size += 16) {
        assert_ptr_equal(usher_arena_grow(&a, p, size, size + 16), p);
        assert_int_equal(a.used, size + 16);
    }
    assert_null(usher_arena_grow(&a, p, 1024, 1025));
    for (size_t size = 1024; size; size -= 16) {
        usher_arena_trim(&a, p, size, size - 16);
        assert_int_equal(a.used, size - 16);
    }
    usher_arena_deinit(&a);
#endif
}

static void test_trim_gives_the_tail_back(void **state)
{
    (void)state;
    usher_arena a;

    usher_arena_init(&a, usher_allocator_default(), 1024, 1024);
    uint8_t *p = usher_arena_get(&a, 1000);
    memset(p, CANARY, 1000);
    usher_arena_trim(&a, p, 1000, 10);
    assert_int_equal(p[9], CANARY);
#ifndef USHER_ARENA_DEBUG
    uint8_t *next = usher_arena_get(&a, 1008);
    assert_ptr_equal(next, p + 16);
    assert_null(memchr(next, CANARY, 1008)); /* wiped, as all that is given back */
    usher_arena_trim(&a, p, 10, 0);          /* no longer the newest: nothing happens */
    assert_int_equal(a.used, 1024);
    usher_arena_trim(&a, next, 1008, 2000); /* nor for a "tail" that is none */
    usher_arena_trim(&a, NULL, 100, 0);
    assert_int_equal(a.used, 1024);
#endif
    usher_arena_deinit(&a);
}

static void test_get_zero_is_zero(void **state)
{
    (void)state;
    watched w;
    usher_allocator alloc = watch(&w);
    usher_arena a;

    usher_arena_init(&a, &alloc, 4096, 8192);
    uint8_t *p = usher_arena_get_zero(&a, 50, 12);
    assert_non_null(p);
    for (size_t i = 0; i < 600; i++)
        assert_int_equal(p[i], 0);
    assert_non_null(usher_arena_get_zero(&a, 0, 12));
    assert_non_null(usher_arena_get_zero(&a, 12, 0));
    usher_arena_deinit(&a);
}

static void test_dup(void **state)
{
    (void)state;
    usher_arena a;
    usher_str out;
    char text[] = "claims";

    usher_arena_init(&a, usher_allocator_default(), 64, 64);
    assert_ok(usher_arena_dup(&out, &a, (usher_str){text, 6}, NULL));
    text[0] = 'X';
    assert_str(out, "claims");
    assert_ok(usher_arena_dup(&out, &a, (usher_str){text, 0}, NULL));
    assert_non_null(out.ptr); /* empty stays empty */
    assert_int_equal(out.len, 0);
    assert_ok(usher_arena_dup(&out, &a, (usher_str){0}, NULL));
    assert_null(out.ptr); /* absent stays absent */
    char big[65] = {0};
    out = USHER_STR("x");
    assert_int_equal(usher_arena_dup(&out, &a, (usher_str){big, 65}, NULL), USHER_E_LIMIT);
    assert_null(out.ptr);
    usher_arena_deinit(&a);
}

static usher_status use(usher_arena *a)
{
    usher_str out;
    usher_status rc;
    uint8_t *p = usher_arena_get(a, 100);

    if (!p) return usher_arena_fail(a, NULL);
    fill(p, 0, 100);
    if (!(p = usher_arena_grow(a, p, 100, 9000))) return usher_arena_fail(a, NULL);
    check(p, 100);
    if (!usher_arena_get_zero(a, 100, 200)) return usher_arena_fail(a, NULL);
    if ((rc = usher_arena_dup(&out, a, USHER_STR("abc"), NULL))) return rc;
    usher_arena_reset(a);
    return usher_arena_get(a, 3000) ? USHER_OK : usher_arena_fail(a, NULL);
}

static void test_every_allocation_may_fail(void **state)
{
    (void)state;
    bool failed;
    size_t n = 0;

    do {
        kit_alloc kit = {.fail_at = n / 2, .from_then_on = n % 2};
        usher_allocator alloc = kit_allocator(&kit);
        usher_arena a;
        usher_arena_init(&a, &alloc, 64, 1 << 20);
        usher_status rc = use(&a);
        assert_int_equal(rc, kit.failed ? USHER_E_NOMEM : USHER_OK);
        usher_arena_deinit(&a);
        assert_int_equal(kit.live, 0);
        failed = kit.failed;
        n++;
    } while (failed);
    assert_true(n > 4);
}

/* Any sequence of operations against plain memory beside it. */
static void test_any_sequence(void **state)
{
    (void)state;
    uint64_t seed = 20261122;

    for (int round = 0; round < 200; round++) {
        watched w;
        usher_allocator alloc = watch(&w);
        usher_arena a;
        struct {
            uint8_t *p;
            size_t size;
            uint8_t mark;
        } live[64];
        size_t count = 0, limit = 4096 + kit_next(&seed) % 60000;

        usher_arena_init(&a, &alloc, kit_next(&seed) % 2000, limit);
        for (int step = 0; step < 64; step++) {
            size_t size = kit_next(&seed) % 900;
            uint64_t what = kit_next(&seed) % 8;
            if (what == 0 && count) { /* trim the newest */
                size_t *n = &live[count - 1].size, less = *n ? kit_next(&seed) % *n : 0;
                usher_arena_trim(&a, live[count - 1].p, *n, less);
                *n = less;
            } else if (what < 4 && count) {
                size_t i = kit_next(&seed) % count;
                uint8_t *p = usher_arena_grow(&a, live[i].p, live[i].size, live[i].size + size);
                if (!p) continue;
                live[i].p = p;
                live[i].size += size;
                for (size_t k = 0; k < live[i].size - size; k++)
                    assert_int_equal(p[k], live[i].mark);
                memset(p, live[i].mark, live[i].size);
            } else if (what == 4 && kit_next(&seed) % 4 == 0) {
                for (size_t i = 0; i < count; i++) /* the watch is on the arena's own blocks */
                    memset(live[i].p, CANARY, live[i].size);
                usher_arena_reset(&a);
                count = 0;
            } else {
                uint8_t *p = usher_arena_get(&a, size);
                if (!p) continue;
                memset(p, step & 0x7f, size);
                live[count].p = p;
                live[count].size = size;
                live[count++].mark = (uint8_t)(step & 0x7f);
            }
            assert_true(a.used <= limit);
        }
        for (size_t i = 0; i < count; i++)
            for (size_t k = 0; k < live[i].size; k++)
                assert_int_equal(live[i].p[k], live[i].mark);
        usher_arena_deinit(&a);
        assert_int_equal(w.kit.live, 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_pieces_are_aligned_and_apart),
        cmocka_unit_test(test_the_limit_is_exact),
        cmocka_unit_test(test_sizes_that_wrap_are_refused),
        cmocka_unit_test(test_reset_and_deinit_wipe),
        cmocka_unit_test(test_reset_keeps_the_first_block),
        cmocka_unit_test(test_blocks_double),
        cmocka_unit_test(test_grow_keeps_what_was_there),
        cmocka_unit_test(test_grow_in_place),
        cmocka_unit_test(test_trim_gives_the_tail_back),
        cmocka_unit_test(test_get_zero_is_zero),
        cmocka_unit_test(test_dup),
        cmocka_unit_test(test_every_allocation_may_fail),
        cmocka_unit_test(test_any_sequence),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
