/* Requests that never end, all at once: each is cut within 12 seconds. */
#include <poll.h>
#include <signal.h>
#include <sys/socket.h>
#include <unistd.h>

#include "hosts/daemon/daemon_rig.h"
#include "tests/kit/kit.h"

#define SETTINGS                                                                                   \
    "{\"site\":{\"base_url\":\"http://localhost:3000\",\"development\":true,"                      \
    "\"secret\":\"0f7a4c2e9b8d61354ac0f7e2d9b8c6a1f04e7d3b\"},"                                    \
    "\"daemon\":{\"listen\":\"127.0.0.1:0\",\"body_timeout\":\"10s\"}}"

static rig_daemon shared;

static int start(void **state)
{
    (void)state;
    signal(SIGPIPE, SIG_IGN);
    return rig_start(&shared, SETTINGS) ? 0 : -1;
}

static int stop(void **state)
{
    (void)state;
    return rig_stop(&shared) == 0 ? 0 : -1;
}

#define GOOD "GET /livez HTTP/1.1\r\nHost: localhost\r\n\r\n"

/* Each sends `first`, then one byte of `drip` a second, over and over. */
static const struct {
    const char *name, *first, *drip;
    int cut_after_s; /* between this and two seconds more; 0: still there in the end */
} late[] = {
    {"silent", "", "", 10},
    {"request line", "G", "E", 10},
    {"target", "GET /", "a", 10},
    {"field name", "GET / HTTP/1.1\r\n", "x", 10},
    {"fields", "GET / HTTP/1.1\r\nHost: a\r\n", "X: y\r\n", 10},
    {"empty lines", "\r\n", "\r\n", 10},
    {"body", "POST /api/auth/signin HTTP/1.1\r\nHost: a\r\nContent-Length: 99999\r\n\r\n", "a", 10},
    {"chunked body",
     "POST /api/auth/signin HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n",
     "1\r\na\r\n", 10},
    {"chunk size",
     "POST /api/auth/signin HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n", "0", 10},
    {"trailer",
     "POST /api/auth/signin HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n",
     "X: y\r\n", 10},
    {"second request", GOOD, "GET /aaaaaaaaaaaaaaaaaaaaaaaaaaa", 10},
    {"second request with empty lines", GOOD, "\r\n", 10},
    {"kept and idle", GOOD, "", 0},
};
#define LATE (sizeof late / sizeof *late)

static void test_late_is_cut(void **state)
{
    int fds[LATE];
    size_t sent[LATE] = {0};
    long long start = rig_now_ms(), ended[LATE] = {0};

    (void)state;
    for (size_t i = 0; i < LATE; i++) {
        fds[i] = rig_connect(&shared);
        assert_true(rig_send(fds[i], late[i].first, strlen(late[i].first)));
    }
    usleep(100000);
    for (int s = 0; s < 12 * 4; s++) {
        for (size_t i = 0; i < LATE; i++) {
            struct pollfd p = {.fd = fds[i], .events = POLLIN};
            char bytes[4096];
            size_t n = strlen(late[i].drip);
            while (!ended[i] && poll(&p, 1, 0) == 1)
                if (recv(fds[i], bytes, sizeof bytes, 0) <= 0) ended[i] = rig_now_ms() - start;
            if (!ended[i] && n && s % 4 == 0)
                if (!rig_send(fds[i], late[i].drip + sent[i]++ % n, 1))
                    ended[i] = rig_now_ms() - start;
        }
        usleep(250000);
    }
    for (size_t i = 0; i < LATE; i++) {
        close(fds[i]);
        bool right = late[i].cut_after_s ? ended[i] >= late[i].cut_after_s * 1000 - 500 &&
                                               ended[i] <= late[i].cut_after_s * 1000 + 2000
                                         : ended[i] == 0;
        if (!right) fail_msg("%s: ended after %lld ms", late[i].name, ended[i]);
    }
    assert_true(rig_logged(&shared, "\"event\":\"cut\""));
    assert_int_equal(rig_counter(&shared, "head_late"), 8);
    assert_int_equal(rig_counter(&shared, "body_late"), 4);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_late_is_cut)};
    return cmocka_run_group_tests(tests, start, stop);
}
