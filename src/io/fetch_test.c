/* Fetches over a real socket: a small server in this process whose path says how it misbehaves. */
#include "io/fetch.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "base/str.h"
#include "io/host.h"
#include "tests/kit/kit.h"

/* server */

static struct {
    int listener, stop[2];
    unsigned port;
    pthread_t thread;
    atomic_uint connections, requests;
    char last[8192]; /* the newest request: read it while no fetch is under way */
    size_t last_len;
    pthread_mutex_t lock;
} server;

static usher_fetcher shared; /* of the tests that need none of their own */

static void say(int fd, const char *text)
{
    for (size_t len = strlen(text); len;) {
        ssize_t n = send(fd, text, len, MSG_NOSIGNAL);
        if (n <= 0) return;
        text += n;
        len -= (size_t)n;
    }
}

static void nap_ms(long ms)
{
    nanosleep(&(struct timespec){ms / 1000, ms % 1000 * 1000000}, NULL);
}

/* False if the connection is to be closed. */
static bool answer(int fd, const char *path)
{
    if (!strcmp(path, "/plain") || !strncmp(path, "/doc", 4)) {
        if (!strcmp(path, "/doc-slow")) nap_ms(200);
        say(fd, "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{}");
        return true;
    }
    if (!strcmp(path, "/chunked"))
        say(fd, "HTTP/1.1 200 OK\r\nTransfer-Encoding: "
                "chunked\r\n\r\n3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n");
    else if (!strcmp(path, "/missing"))
        say(fd, "HTTP/1.1 404 Not Found\r\nContent-Length: 4\r\n\r\nnope");
    else if (!strcmp(path, "/redirect"))
        say(fd, "HTTP/1.1 302 Found\r\nLocation: /plain\r\nContent-Length: 0\r\n\r\n");
    else if (!strcmp(path, "/large"))
        say(fd, "HTTP/1.1 200 OK\r\nContent-Length: 2000000\r\n\r\n");
    else if (!strcmp(path, "/large-chunked")) {
        say(fd, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n");
        for (int i = 0; i < 200; i++)
            say(fd, "40\r\n0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef\r\n");
        say(fd, "0\r\n\r\n");
    } else if (!strcmp(path, "/cut"))
        say(fd, "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nonly this");
    else if (!strcmp(path, "/empty"))
        return false;
    else if (!strcmp(path, "/garbage"))
        say(fd, "SSH-2.0-OpenSSH_9.2\r\n");
    else if (!strcmp(path, "/cookie"))
        say(fd, "HTTP/1.1 200 OK\r\nSet-Cookie: a=1\r\nContent-Length: 0\r\n\r\n");
    else if (!strcmp(path, "/heads")) {
        say(fd, "HTTP/1.1 200 OK\r\n");
        for (int i = 0; i < 4000; i++)
            say(fd, "X-Padding: 0123456789abcdef0123456789abcdef\r\n");
        say(fd, "Content-Length: 0\r\n\r\n");
    } else if (!strcmp(path, "/early-hints")) {
        for (int i = 0; i < 4000; i++)
            say(fd, "HTTP/1.1 103 Early Hints\r\nLink: </style.css>; rel=preload\r\n\r\n");
        say(fd, "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
    } else if (!strcmp(path, "/drip")) {
        say(fd, "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n");
        for (int i = 0; i < 100; i++) {
            if (send(fd, "x", 1, MSG_NOSIGNAL) != 1) break;
            nap_ms(50);
        }
    } else if (!strcmp(path, "/silent")) {
        struct pollfd p = {.fd = fd, .events = POLLIN};
        poll(&p, 1, 5000);
    }
    return !strcmp(path, "/cookie");
}

/* Reads one request head (and its body, if it is short) into `text`. */
static bool read_request(int fd, char *text, size_t room)
{
    size_t len = 0, want = SIZE_MAX;

    while (len < want) {
        ssize_t n = len + 1 < room ? recv(fd, text + len, room - len - 1, 0) : 0;
        if (n <= 0) return false;
        len += (size_t)n;
        text[len] = 0;
        const char *end = strstr(text, "\r\n\r\n"), *cl = strstr(text, "Content-Length: ");
        if (end) want = (size_t)(end - text) + 4 + (cl ? (size_t)strtoul(cl + 16, NULL, 10) : 0);
    }
    pthread_mutex_lock(&server.lock);
    server.last_len = len;
    memcpy(server.last, text, len + 1);
    pthread_mutex_unlock(&server.lock);
    return true;
}

static void *serve_one(void *ctx)
{
    int fd = (int)(intptr_t)ctx;
    char text[8192], path[64];

    while (read_request(fd, text, sizeof text)) {
        atomic_fetch_add(&server.requests, 1);
        if (sscanf(text, "%*s %63s", path) != 1 || !answer(fd, path)) break;
    }
    close(fd);
    return NULL;
}

static void *serve(void *ctx)
{
    (void)ctx;
    for (;;) {
        struct pollfd p[] = {{.fd = server.listener, .events = POLLIN},
                             {.fd = server.stop[0], .events = POLLIN}};
        pthread_t thread;
        if (poll(p, 2, -1) < 0 || p[1].revents) return NULL;
        int fd = accept(server.listener, NULL, NULL);
        if (fd < 0) continue;
        atomic_fetch_add(&server.connections, 1);
        if (pthread_create(&thread, NULL, serve_one, (void *)(intptr_t)fd) == 0)
            pthread_detach(thread);
    }
}

static int start_server(void **state)
{
    struct sockaddr_in to = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof to;

    (void)state;
    if (usher_fetcher_init(&shared, usher_allocator_default(), NULL, NULL)) return -1;
    pthread_mutex_init(&server.lock, NULL);
    server.listener = socket(AF_INET, SOCK_STREAM, 0);
    if (bind(server.listener, (struct sockaddr *)&to, sizeof to) || listen(server.listener, 64) ||
        getsockname(server.listener, (struct sockaddr *)&to, &len) || pipe(server.stop))
        return -1;
    server.port = ntohs(to.sin_port);
    return pthread_create(&server.thread, NULL, serve, NULL);
}

static int stop_server(void **state)
{
    (void)state;
    if (write(server.stop[1], "", 1) != 1) return -1;
    pthread_join(server.thread, NULL);
    close(server.listener);
    usher_fetcher_deinit(&shared);
    return 0;
}

/* fetches */

static char url_text[128];

static usher_fetch want(const char *path)
{
    snprintf(url_text, sizeof url_text, "http://127.0.0.1:%u%s", server.port, path);
    return (usher_fetch){.method = USHER_STR("GET"),
                         .url = kit_str(url_text),
                         .timeout_ms = 2000,
                         .answer_max = 1000,
                         .plain_http = true,
                         .private_network = true};
}

static int64_t mono_ms(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

static void test_answers_and_failures(void **state)
{
    static const struct {
        const char *path;
        int status;
        const char *body, *why; /* of these one */
    } cases[] = {
        {"/plain", 200, "{}", NULL},
        {"/chunked", 200, "abcde", NULL},
        {"/missing", 404, "nope", NULL},
        {"/redirect", 302, "", NULL}, /* an answer like any other: nothing is followed */
        {"/large", 0, NULL, "the answer is too large"},
        {"/large-chunked", 0, NULL, "the answer is too large"},
        {"/heads", 0, NULL, "the answer is too large"},
        {"/early-hints", 0, NULL, "the answer is too large"},
        {"/cut", 0, NULL, "the connection broke before the answer was complete"},
        {"/empty", 0, NULL, "the connection broke before the answer was complete"},
        {"/garbage", 0, NULL, "not a protocol that is allowed"}, /* HTTP/0.9 is not spoken */
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        usher_fetch f = want(cases[i].path);
        usher_answer *a;

        assert_ok(usher_fetch_run(&a, &shared, &f, NULL));
        if (cases[i].why) {
            if (!a->why || strcmp(a->why, cases[i].why) != 0)
                fail_msg("%s: %s", cases[i].path, a->why ? a->why : "no failure");
            assert_int_equal(a->body.len, 0);
        } else {
            if (a->why) fail_msg("%s: %s", cases[i].path, a->why);
            assert_int_equal(a->status, cases[i].status);
            assert_str(a->body, cases[i].body);
        }
        usher_answer_unref(a);
    }
}

static void test_content_type(void **state)
{
    usher_fetch f = want("/plain");
    usher_answer *a;

    (void)state;
    assert_ok(usher_fetch_run(&a, &shared, &f, NULL));
    assert_str(a->content_type, "application/json");
    usher_answer_unref(a);
}

static const char *sent(void)
{
    return server.last;
}

static void test_what_is_sent(void **state)
{
    usher_header headers[] = {
        {USHER_STR_INIT("Authorization"), USHER_STR_INIT("Basic abc")},
        {USHER_STR_INIT("Content-Type"), USHER_STR_INIT("application/x-www-form-urlencoded")},
        {USHER_STR_INIT("X-Empty"), USHER_STR_INIT("")},
    };
    usher_fetch f = want("/plain");
    usher_answer *a;

    (void)state;
    f.headers = headers;
    f.header_count = 3;
    f.method = USHER_STR("POST");
    f.body = (usher_str){"a=1&b=\0z", 8};
    assert_ok(usher_fetch_run(&a, &shared, &f, NULL));
    usher_answer_unref(a);
    assert_non_null(strstr(sent(), "POST /plain HTTP/1.1\r\n"));
    assert_non_null(strstr(sent(), "\r\nAuthorization: Basic abc\r\n"));
    assert_non_null(strstr(sent(), "\r\nContent-Type: application/x-www-form-urlencoded\r\n"));
    assert_non_null(strstr(sent(), "\r\nX-Empty:\r\n"));
    assert_non_null(strstr(sent(), "\r\nUser-Agent: usher/0.1\r\n"));
    assert_non_null(strstr(sent(), "\r\nAccept-Encoding: identity\r\n"));
    assert_non_null(strstr(sent(), "\r\nContent-Length: 8\r\n"));
    assert_null(strstr(sent(), "Expect"));
    assert_memory_equal(server.last + server.last_len - 8, "a=1&b=\0z", 8);

    f = want("/plain"); /* nothing of the POST is left on the kept handle */
    assert_ok(usher_fetch_run(&a, &shared, &f, NULL));
    usher_answer_unref(a);
    assert_non_null(strstr(sent(), "GET /plain HTTP/1.1\r\n"));
    assert_null(strstr(sent(), "Authorization"));
    assert_null(strstr(sent(), "Content-"));
}

static void test_cookies_are_not_kept(void **state)
{
    usher_fetch f = want("/cookie");
    usher_answer *a;

    (void)state;
    for (int i = 0; i < 2; i++) {
        assert_ok(usher_fetch_run(&a, &shared, &f, NULL));
        usher_answer_unref(a);
    }
    assert_null(strstr(sent(), "Cookie"));
}

static void test_environment_proxy_is_ignored(void **state)
{
    usher_fetch f = want("/plain");
    usher_answer *a;

    (void)state;
    setenv("http_proxy", "http://127.0.0.1:1", 1);
    setenv("ALL_PROXY", "http://127.0.0.1:1", 1);
    assert_ok(usher_fetch_run(&a, &shared, &f, NULL));
    unsetenv("http_proxy");
    unsetenv("ALL_PROXY");
    assert_null(a->why);
    usher_answer_unref(a);
}

static void test_connections_are_reused(void **state)
{
    usher_fetch f = want("/plain");
    usher_answer *a;
    usher_fetcher own;

    (void)state;
    assert_ok(usher_fetcher_init(&own, usher_allocator_default(), NULL, NULL));
    unsigned before = atomic_load(&server.connections);
    for (int i = 0; i < 5; i++) {
        assert_ok(usher_fetch_run(&a, &own, &f, NULL));
        assert_null(a->why);
        usher_answer_unref(a);
    }
    assert_int_equal(atomic_load(&server.connections) - before, 1);
    /* That connection leads to a private address: a fetch that may not go there cannot have it. */
    f.private_network = false;
    assert_ok(usher_fetch_run(&a, &own, &f, NULL));
    assert_string_equal(a->why, "the address is not public");
    usher_answer_unref(a);
    usher_fetcher_deinit(&own);
}

static void test_time_is_bounded(void **state)
{
    static const char *const paths[] = {"/drip", "/silent"};

    (void)state;
    for (size_t i = 0; i < 2; i++) {
        usher_fetch f = want(paths[i]);
        usher_answer *a;
        int64_t start = mono_ms();

        f.timeout_ms = 300;
        assert_ok(usher_fetch_run(&a, &shared, &f, NULL));
        assert_string_equal(a->why, "no answer in time");
        assert_in_range(mono_ms() - start, 250, 1500);
        usher_answer_unref(a);
    }
}

static void test_private_addresses_are_refused(void **state)
{
    static const char *const hosts[] = {
        "127.0.0.1", "localhost",          "2130706433",        "0x7f000001", "0177.1",
        "[::1]",     "[::ffff:127.0.0.1]", "0.0.0.0",           "0",          "[::]",
        "10.0.0.1",  "192.168.1.1",        "172.16.0.1",        "100.64.0.1", "169.254.169.254",
        "[fe80::1]", "[fd00:ec2::254]",    "[64:ff9b::7f00:1]", "224.0.0.1",
    };
    unsigned before = atomic_load(&server.connections);

    (void)state;
    for (size_t i = 0; i < sizeof hosts / sizeof *hosts; i++) {
        usher_fetch f = want("/plain");
        usher_answer *a;

        snprintf(url_text, sizeof url_text, "http://%s:%u/plain", hosts[i], server.port);
        f.url = kit_str(url_text);
        f.private_network = false;
        assert_ok(usher_fetch_run(&a, &shared, &f, NULL));
        if (!a->why || strcmp(a->why, "the address is not public") != 0)
            fail_msg("%s: %s", hosts[i], a->why ? a->why : "answered");
        usher_answer_unref(a);
    }
    assert_int_equal(atomic_load(&server.connections), before);
}

static void test_urls_and_schemes(void **state)
{
    static const struct {
        const char *url;
        bool plain_http;
        const char *why;
    } cases[] = {
        {"http://127.0.0.1:1/", false, "not a protocol that is allowed"},
        {"ftp://127.0.0.1/", true, "not a protocol that is allowed"},
        {"file:///etc/passwd", true, "not a protocol that is allowed"},
        {"http://user@127.0.0.1:1/", true, "the URL names a user"},
        {"http://127.0.0.1:99999/", true, "the URL cannot be used"},
        {"http://127.0.0.1:1/", true, "cannot connect"},
        {"http://name.invalid/", true, "the name does not resolve"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        usher_fetch f = want("/");
        usher_answer *a;

        f.url = kit_str(cases[i].url);
        f.plain_http = cases[i].plain_http;
        assert_ok(usher_fetch_run(&a, &shared, &f, NULL));
        if (!a->why || strcmp(a->why, cases[i].why) != 0)
            fail_msg("%s: %s", cases[i].url, a->why ? a->why : "answered");
        usher_answer_unref(a);
    }
}

static void test_impossible_wants(void **state)
{
    usher_header split = {USHER_STR_INIT("X"), USHER_STR_INIT("a\r\nHost: evil")};
    usher_header nameless = {USHER_STR_INIT(""), USHER_STR_INIT("a")};
    usher_answer *a;

    (void)state;
    for (int i = 0; i < 5; i++) {
        usher_fetch f = want("/plain");
        if (i == 0) f.method = USHER_STR("DELETE");
        if (i == 1) f.url = (usher_str){"http://a\0b/", 11};
        if (i == 2) f.headers = &split, f.header_count = 1;
        if (i == 3) f.headers = &nameless, f.header_count = 1;
        if (i == 4) f.answer_max = 0;
        assert_int_equal(usher_fetch_run(&a, &shared, &f, NULL), USHER_E_USAGE);
        assert_null(a);
    }
}

static void test_every_allocation_may_fail(void **state)
{
    kit_alloc k;
    size_t n = 0;
    usher_header header = {USHER_STR_INIT("Accept"), USHER_STR_INIT("application/json")};

    (void)state;
    do {
        k = (kit_alloc){.fail_at = n++};
        usher_allocator alloc = kit_allocator(&k);
        usher_fetcher f;
        usher_fetch fetch = want("/plain");
        usher_answer *a = NULL;
        usher_error err = {0};
        usher_status rc =
            usher_fetcher_init(&f, &alloc, "/etc/ssl/certs/ca-certificates.crt", &err);

        fetch.headers = &header;
        fetch.header_count = 1;
        if (!rc) {
            rc = usher_fetch_run(&a, &f, &fetch, &err);
            usher_answer_unref(a);
            usher_fetcher_deinit(&f);
        }
        assert_int_equal(rc, k.failed ? USHER_E_NOMEM : USHER_OK);
        if (rc) assert_int_equal(err.status, rc);
        assert_int_equal(k.live, 0);
    } while (k.failed);
    assert_true(n > 6);
}

/* host: documents over the network */

static int64_t clock_ms;

static int64_t test_now_ms(void *ctx)
{
    return *(int64_t *)ctx;
}

typedef struct crowd {
    usher_host *host;
    usher_fetch fetch;
    atomic_uint good;
} crowd;

static void *ask_in_a_crowd(void *ctx)
{
    crowd *c = ctx;
    usher_answer *a;

    if (usher_host_fetch(&a, c->host, &c->fetch, NULL) == USHER_OK) {
        if (!a->why && a->status == 200 && a->fetched_ms == clock_ms) atomic_fetch_add(&c->good, 1);
        usher_answer_unref(a);
    }
    return NULL;
}

static void test_host_shares_documents(void **state)
{
    crowd c = {.fetch = want("/doc-slow")};
    pthread_t threads[8];
    usher_answer *a;

    (void)state;
    clock_ms = 1800000000000;
    assert_ok(
        usher_host_make(&c.host, usher_allocator_default(), test_now_ms, &clock_ms, NULL, NULL));
    c.fetch.cache_s = 60;
    unsigned before = atomic_load(&server.requests);
    for (size_t i = 0; i < 8; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, ask_in_a_crowd, &c), 0);
    for (size_t i = 0; i < 8; i++)
        assert_int_equal(pthread_join(threads[i], NULL), 0);
    assert_int_equal(atomic_load(&c.good), 8);
    assert_int_equal(atomic_load(&server.requests) - before, 1);
    c.fetch.cache_s = 0; /* without leave to cache it is asked for again */
    assert_ok(usher_host_fetch(&a, c.host, &c.fetch, NULL));
    assert_int_equal(a->fetched_ms, clock_ms);
    usher_answer_unref(a);
    assert_int_equal(atomic_load(&server.requests) - before, 2);
    usher_host_free(c.host);
}

static void test_host_options(void **state)
{
    usher_host *host;
    usher_host_options options = {.size = sizeof options, .ca_file = "/nonexistent.pem"};
    usher_fetch f = want("/plain");
    usher_answer *a;

    (void)state;
    assert_ok(usher_host_new(&host, NULL, NULL));
    usher_host_free(host);
    assert_ok(usher_host_new(&host, &options, NULL));
    snprintf(url_text, sizeof url_text, "https://127.0.0.1:%u/plain", server.port);
    f.url = kit_str(url_text);
    assert_ok(usher_host_fetch(&a, host, &f, NULL));
    assert_string_equal(a->why, "the certificate is not trusted");
    usher_answer_unref(a);
    usher_host_free(host);
    options.size = 0;
    assert_int_equal(usher_host_new(&host, &options, NULL), USHER_E_USAGE);
    assert_null(host);
    usher_host_free(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_answers_and_failures),
        cmocka_unit_test(test_content_type),
        cmocka_unit_test(test_what_is_sent),
        cmocka_unit_test(test_cookies_are_not_kept),
        cmocka_unit_test(test_environment_proxy_is_ignored),
        cmocka_unit_test(test_connections_are_reused),
        cmocka_unit_test(test_time_is_bounded),
        cmocka_unit_test(test_private_addresses_are_refused),
        cmocka_unit_test(test_urls_and_schemes),
        cmocka_unit_test(test_impossible_wants),
        cmocka_unit_test(test_every_allocation_may_fail),
        cmocka_unit_test(test_host_shares_documents),
        cmocka_unit_test(test_host_options),
    };
    return cmocka_run_group_tests(tests, start_server, stop_server);
}
