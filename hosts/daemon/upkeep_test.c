/* The daemon's own watch, with a real host and nobody who asks for anything. */
#include "hosts/daemon/upkeep.h"

#include <unistd.h>

#include "base/str.h"
#include "io/host.h"
#include "tests/kit/kit.h"

static usherd d;

static int begin(void **state)
{
    (void)state;
    usherd_log_init(&d.log, STDERR_FILENO);
    d.settings.head_timeout_s = 10;
    d.settings.body_timeout_s = 20;
    return usher_host_new(&d.host, NULL, NULL) == USHER_OK ? 0 : -1;
}

static int end(void **state)
{
    (void)state;
    usher_host_free(d.host);
    usherd_log_deinit(&d.log);
    return 0;
}

/* No answer comes from there, and so what is kept is over at once. */
static void spend(void)
{
    const usher_fetch refresh = {.method = USHER_STR("POST"),
                                 .url = USHER_STR("http://127.0.0.1:1/token"),
                                 .body = USHER_STR("refresh_token=a"),
                                 .timeout_ms = 1000,
                                 .answer_max = 4096,
                                 .once_s = 10,
                                 .plain_http = true,
                                 .private_network = true};
    usher_answer *answer;

    assert_ok(usher_host_fetch(&answer, d.host, &refresh, NULL));
    assert_non_null(answer->why);
    usher_answer_unref(answer);
}

static bool is_forgotten_within(int ms)
{
    for (int waited = 0; waited < ms && d.host->spending.count; waited += 10)
        usleep(10000);
    return d.host->spending.count == 0;
}

/* A daemon that gets no request for hours keeps nobody's tokens meanwhile; and not just once. */
static void test_forgets_what_is_over(void **state)
{
    (void)state;
    spend();
    assert_false(is_forgotten_within(2 * USHERD_WATCH_TICK_MS)); /* control: not by itself */
    assert_ok(usherd_upkeep_start(&d, NULL));
    bool first = is_forgotten_within(40 * USHERD_WATCH_TICK_MS);
    spend();
    bool second = is_forgotten_within(40 * USHERD_WATCH_TICK_MS);
    usherd_watch_deinit(&d.watch);
    assert_true(first);
    assert_true(second);
}

static void test_limits_are_the_settings(void **state)
{
    (void)state;
    assert_ok(usherd_upkeep_start(&d, NULL));
    usherd_watch_deinit(&d.watch);
    assert_int_equal(d.watch.limit_ms[USHERD_PHASE_HEAD], 10000);
    assert_int_equal(d.watch.limit_ms[USHERD_PHASE_BODY], 20000);
    assert_int_equal(d.watch.limit_ms[USHERD_PHASE_ANSWER], USHERD_ANSWER_TIMEOUT_S * 1000);
    assert_int_equal(d.watch.limit_ms[USHERD_PHASE_THINK], 0);
    assert_int_equal(d.watch.limit_ms[USHERD_PHASE_IDLE], 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_forgets_what_is_over),
                                       cmocka_unit_test(test_limits_are_the_settings)};
    return cmocka_run_group_tests(tests, begin, end);
}
