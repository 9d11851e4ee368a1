#include "hosts/daemon/deadline.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "tests/kit/kit.h"

typedef struct cuts {
    unsigned count, ticks;
    usherd_phase last;
} cuts;

static void on_cut(void *ctx, const usherd_wire *wire, usherd_phase phase)
{
    cuts *c = ctx;

    (void)wire;
    c->count++;
    c->last = phase;
}

static void on_tick(void *ctx)
{
    ((cuts *)ctx)->ticks++;
}

static void begin(usherd_watch *w, cuts *c)
{
    *c = (cuts){0};
    assert_ok(usherd_watch_init(w, NULL));
    w->limit_ms[USHERD_PHASE_HEAD] = 10000;
    w->limit_ms[USHERD_PHASE_BODY] = 20000;
    w->limit_ms[USHERD_PHASE_ANSWER] = 60000;
    w->on_cut = on_cut;
    w->on_tick = on_tick;
    w->ctx = c;
}

/* Both ends of a TCP connection. */
static void connect_pair(int fds[2])
{
    struct sockaddr_in to = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof to;
    int listener = socket(AF_INET, SOCK_STREAM, 0);

    assert_int_equal(bind(listener, (struct sockaddr *)&to, sizeof to), 0);
    assert_int_equal(listen(listener, 1), 0);
    assert_int_equal(getsockname(listener, (struct sockaddr *)&to, &len), 0);
    fds[0] = socket(AF_INET, SOCK_STREAM, 0);
    assert_int_equal(connect(fds[0], (struct sockaddr *)&to, sizeof to), 0);
    fds[1] = accept(listener, NULL, NULL);
    assert_true(fds[1] >= 0);
    close(listener);
}

static bool is_cut(int peer)
{
    struct pollfd p = {.fd = peer, .events = POLLIN};

    return poll(&p, 1, 0) == 1 && recv(peer, (char[1]){0}, 1, MSG_DONTWAIT) == 0;
}

#define T0 INT64_C(1000000)

static void test_each_phase_has_its_limit(void **state)
{
    static const struct {
        usherd_phase phase;
        int64_t limit_ms; /* 0: never */
    } cases[] = {
        {USHERD_PHASE_HEAD, 10000}, {USHERD_PHASE_BODY, 20000}, {USHERD_PHASE_ANSWER, 60000},
        {USHERD_PHASE_THINK, 0},    {USHERD_PHASE_IDLE, 0},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        usherd_watch w;
        usherd_wire wire = {0};
        cuts c;
        int fds[2];

        begin(&w, &c);
        connect_pair(fds);
        usherd_watch_add(&w, &wire, fds[1], T0);
        usherd_wire_enter(&wire, cases[i].phase, T0);
        int64_t limit_ms = cases[i].limit_ms ? cases[i].limit_ms : 1000000;
        assert_int_equal(usherd_watch_look(&w, T0 + limit_ms - 1), 0);
        assert_false(is_cut(fds[0]));
        assert_int_equal(usherd_watch_look(&w, T0 + limit_ms), cases[i].limit_ms != 0);
        assert_int_equal(is_cut(fds[0]), cases[i].limit_ms != 0);
        if (cases[i].limit_ms) assert_int_equal(c.last, cases[i].phase);
        assert_int_equal(usherd_watch_look(&w, T0 + limit_ms + 1), 0); /* once */
        usherd_watch_remove(&w, &wire);
        usherd_watch_deinit(&w);
        close(fds[0]);
        close(fds[1]);
    }
}

static void test_bytes_do_not_move_the_deadline(void **state)
{
    usherd_watch w;
    usherd_wire wire = {0};
    cuts c;
    int fds[2];

    (void)state;
    begin(&w, &c);
    connect_pair(fds);
    usherd_watch_add(&w, &wire, fds[1], T0);
    for (int64_t s = 1; s < 10; s++) {
        assert_int_equal(send(fds[0], "x", 1, 0), 1);
        usherd_wire_head(&wire,
                         T0 + s * 1000); /* nor does the request line, in the first request */
        assert_int_equal(usherd_watch_look(&w, T0 + s * 1000), 0);
    }
    assert_int_equal(usherd_watch_look(&w, T0 + 10000), 1);
    usherd_watch_remove(&w, &wire);
    usherd_watch_deinit(&w);
    close(fds[0]);
    close(fds[1]);
}

/* A kept connection: the head of the next request counts from its first byte, though the library
 * says nothing of it before the request line is complete. */
static void test_first_byte_of_the_next_request(void **state)
{
    usherd_watch w;
    usherd_wire wire = {0};
    cuts c;
    int fds[2];
    int64_t now = usherd_mono_ms();

    (void)state;
    begin(&w, &c);
    connect_pair(fds);
    usherd_watch_add(&w, &wire, fds[1], now);
    assert_int_equal(send(fds[0], "x", 1, 0), 1);
    nanosleep(&(struct timespec){0, 60000000}, NULL);
    now = usherd_mono_ms();
    usherd_wire_enter(&wire, USHERD_PHASE_IDLE, now);
    usherd_watch_look(&w, now); /* the byte of before does not count */
    assert_int_equal(atomic_load(&wire.phase), USHERD_PHASE_IDLE);
    nanosleep(&(struct timespec){0, 60000000}, NULL);
    assert_int_equal(send(fds[0], "x", 1, 0), 1);
    nanosleep(&(struct timespec){0, 10000000}, NULL);
    now = usherd_mono_ms();
    assert_int_equal(usherd_watch_look(&w, now), 0);
    assert_int_equal(atomic_load(&wire.phase), USHERD_PHASE_HEAD);
    usherd_wire_head(&wire, now + 9000); /* the request line came late: too late to matter */
    assert_int_equal(usherd_watch_look(&w, now + 10000), 1);
    assert_int_equal(c.last, USHERD_PHASE_HEAD);
    usherd_watch_remove(&w, &wire);
    usherd_watch_deinit(&w);
    close(fds[0]);
    close(fds[1]);
}

static void test_request_line_begins_a_head(void **state)
{
    usherd_watch w;
    usherd_wire wire = {0};
    cuts c;
    int fds[2];

    (void)state;
    begin(&w, &c);
    connect_pair(fds);
    usherd_watch_add(&w, &wire, fds[1], T0);
    usherd_wire_enter(&wire, USHERD_PHASE_IDLE, T0 + 500000000);
    usherd_wire_head(&wire, T0 + 500005000);
    assert_int_equal(usherd_watch_look(&w, T0 + 500014999), 0);
    assert_int_equal(usherd_watch_look(&w, T0 + 500015000), 1);
    usherd_watch_remove(&w, &wire);
    usherd_watch_deinit(&w);
    close(fds[0]);
    close(fds[1]);
}

static void test_removed_is_left_alone(void **state)
{
    usherd_watch w;
    usherd_wire wires[3] = {0};
    cuts c;
    int fds[3][2];

    (void)state;
    begin(&w, &c);
    for (size_t i = 0; i < 3; i++) {
        connect_pair(fds[i]);
        usherd_watch_add(&w, &wires[i], fds[i][1], T0);
    }
    usherd_watch_remove(&w, &wires[1]);
    assert_int_equal(atomic_load(&w.count), 2);
    assert_int_equal(usherd_watch_look(&w, T0 + 10000), 2);
    assert_false(is_cut(fds[1][0]));
    usherd_watch_remove(&w, &wires[0]);
    usherd_watch_remove(&w, &wires[2]);
    assert_null(w.first);
    assert_int_equal(atomic_load(&w.count), 0);
    usherd_watch_deinit(&w);
    for (size_t i = 0; i < 3; i++)
        close(fds[i][0]), close(fds[i][1]);
}

/* Half a request and then the end: nobody waits for the other half. */
static void test_gone_is_dropped(void **state)
{
    usherd_watch w;
    usherd_wire wire = {0};
    cuts c;
    int fds[2];
    char byte;

    (void)state;
    begin(&w, &c);
    connect_pair(fds);
    usherd_watch_add(&w, &wire, fds[1], T0);
    assert_int_equal(send(fds[0], "x", 1, 0), 1);
    assert_int_equal(shutdown(fds[0], SHUT_WR), 0);
    nanosleep(&(struct timespec){0, 10000000}, NULL);
    for (int64_t i = 0; i < 4; i++) /* not while there is something to read */
        usherd_watch_look(&w, T0 + i);
    assert_false(is_cut(fds[0]));
    assert_int_equal(recv(fds[1], &byte, 1, 0), 1);
    usherd_watch_look(&w, T0 + 5);
    assert_false(is_cut(fds[0])); /* seen once: it may be a whole request that was just read */
    usherd_wire_enter(&wire, USHERD_PHASE_THINK, T0 + 6);
    usherd_watch_look(&w, T0 + 7);
    usherd_watch_look(&w, T0 + 8);
    assert_false(is_cut(fds[0]));
    usherd_wire_enter(&wire, USHERD_PHASE_BODY, T0 + 9);
    usherd_watch_look(&w, T0 + 10);
    usherd_watch_look(&w, T0 + 11);
    assert_true(is_cut(fds[0]));
    assert_int_equal(c.count, 0); /* it was not late */
    usherd_watch_remove(&w, &wire);
    usherd_watch_deinit(&w);
    close(fds[0]);
    close(fds[1]);
}

static void test_the_thread_looks(void **state)
{
    usherd_watch w;
    usherd_wire wire = {0};
    cuts c;
    int fds[2];

    (void)state;
    begin(&w, &c);
    w.limit_ms[USHERD_PHASE_HEAD] = 100;
    connect_pair(fds);
    usherd_watch_add(&w, &wire, fds[1], usherd_mono_ms());
    assert_ok(usherd_watch_start(&w, NULL));
    struct pollfd p = {.fd = fds[0], .events = POLLIN};
    assert_int_equal(poll(&p, 1, 5000), 1);
    assert_true(is_cut(fds[0]));
    usherd_watch_remove(&w, &wire);
    usherd_watch_deinit(&w); /* joins */
    assert_int_equal(c.count, 1);
    close(fds[0]);
    close(fds[1]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_each_phase_has_its_limit),
        cmocka_unit_test(test_bytes_do_not_move_the_deadline),
        cmocka_unit_test(test_first_byte_of_the_next_request),
        cmocka_unit_test(test_request_line_begins_a_head),
        cmocka_unit_test(test_removed_is_left_alone),
        cmocka_unit_test(test_gone_is_dropped),
        cmocka_unit_test(test_the_thread_looks),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
