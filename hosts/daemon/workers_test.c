#include "hosts/daemon/workers.h"

#include <sched.h>
#include <stdatomic.h>

#include "hosts/daemon/exchanges.h"
#include "tests/kit/kit.h"

typedef struct task {
    usherd_job job;
    unsigned number;
} task;

static atomic_uint done, order_broken, last, gate;

static void run_task(usherd_job *job)
{
    task *t = (task *)(void *)job;

    while (!atomic_load(&gate))
        sched_yield();
    if (atomic_exchange(&last, t->number) > t->number) atomic_fetch_add(&order_broken, 1);
    atomic_fetch_add(&done, 1);
}

static void prepare(task *tasks, size_t count, unsigned open)
{
    atomic_store(&done, 0);
    atomic_store(&order_broken, 0);
    atomic_store(&last, 0);
    atomic_store(&gate, open);
    for (size_t i = 0; i < count; i++)
        tasks[i] = (task){.job.run = run_task, .number = (unsigned)i};
}

static void test_all_are_run_in_order(void **state)
{
    static task tasks[1000];
    usherd_workers w;

    (void)state;
    prepare(tasks, 1000, 1);
    assert_ok(usherd_workers_init(&w, 1, 1000, NULL));
    for (size_t i = 0; i < 1000; i++)
        assert_true(usherd_workers_take(&w, &tasks[i].job));
    usherd_workers_deinit(&w); /* runs what is waiting */
    assert_int_equal(atomic_load(&done), 1000);
    assert_int_equal(atomic_load(&order_broken), 0);
}

static void test_full_is_refused(void **state)
{
    static task tasks[16];
    usherd_workers w;
    unsigned taken = 0;

    (void)state;
    prepare(tasks, 16, 0);
    assert_ok(usherd_workers_init(&w, 2, 4, NULL));
    for (size_t i = 0; i < 16; i++)
        taken += usherd_workers_take(&w, &tasks[i].job);
    /* Four wait and at most two are under way, held by the gate. */
    assert_in_range(taken, 4, 6);
    atomic_store(&gate, 1);
    usherd_workers_deinit(&w);
    assert_int_equal(atomic_load(&done), taken);
}

static void test_many_threads(void **state)
{
    static task tasks[20000];
    usherd_workers w;

    (void)state;
    prepare(tasks, 20000, 1);
    assert_ok(usherd_workers_init(&w, 8, 20000, NULL));
    for (size_t i = 0; i < 20000; i++)
        assert_true(usherd_workers_take(&w, &tasks[i].job));
    usherd_workers_deinit(&w);
    assert_int_equal(atomic_load(&done), 20000);
}

static void test_bad_numbers(void **state)
{
    usherd_workers w;

    (void)state;
    assert_int_equal(usherd_workers_init(&w, 0, 1, NULL), USHER_E_SETTING);
    assert_int_equal(usherd_workers_init(&w, USHERD_WORKERS_MAX + 1, 1, NULL), USHER_E_SETTING);
}

static void test_exchanges_are_kept(void **state)
{
    usherd_exchanges e;
    usher_exchange *a, *b, *many[USHERD_EXCHANGES_KEPT + 2];

    (void)state;
    usherd_exchanges_init(&e);
    assert_ok(usherd_exchanges_take(&a, &e, NULL));
    assert_ok(usherd_exchanges_take(&b, &e, NULL));
    assert_ptr_not_equal(a, b);
    usherd_exchanges_give(&e, a);
    usherd_exchanges_give(&e, b);
    usherd_exchanges_give(&e, NULL);
    usher_exchange *again;
    assert_ok(usherd_exchanges_take(&again, &e, NULL));
    assert_ptr_equal(again, b); /* the newest: its memory is warm */
    usherd_exchanges_give(&e, again);
    for (size_t i = 0; i < USHERD_EXCHANGES_KEPT + 2; i++)
        assert_ok(usherd_exchanges_take(&many[i], &e, NULL));
    for (size_t i = 0; i < USHERD_EXCHANGES_KEPT + 2; i++)
        usherd_exchanges_give(&e, many[i]);
    assert_int_equal(e.count, USHERD_EXCHANGES_KEPT);
    usherd_exchanges_deinit(&e);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_all_are_run_in_order), cmocka_unit_test(test_full_is_refused),
        cmocka_unit_test(test_many_threads),         cmocka_unit_test(test_bad_numbers),
        cmocka_unit_test(test_exchanges_are_kept),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
