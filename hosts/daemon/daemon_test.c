/* The built usherd from outside: what it serves, what it waits for, how it starts and stops. */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/str.h"
#include "hosts/daemon/daemon_rig.h"
#include "tests/kit/kit.h"
#include "wire/json.h"

#define HOST   "Host: localhost\r\n"
#define GOOD   "GET /livez HTTP/1.1\r\n" HOST "\r\n"
#define SECRET "0f7a4c2e9b8d61354ac0f7e2d9b8c6a1f04e7d3b"

/* A provider that takes its time */

static struct {
    int listener;
    unsigned port;
    pthread_t thread;
    atomic_uint hits;
    atomic_uint delay_ms;
} provider;

static void *answer_slowly(void *ctx)
{
    int fd = (int)(intptr_t)ctx;
    char text[4096], body[1024];
    ssize_t n = recv(fd, text, sizeof text - 1, 0);

    if (n > 0) {
        atomic_fetch_add(&provider.hits, 1);
        usleep(atomic_load(&provider.delay_ms) * 1000);
        int len = snprintf(body, sizeof body,
                           "{\"issuer\":\"http://127.0.0.1:%u\","
                           "\"authorization_endpoint\":\"http://127.0.0.1:%u/authorize\","
                           "\"token_endpoint\":\"http://127.0.0.1:%u/token\","
                           "\"jwks_uri\":\"http://127.0.0.1:%u/jwks\","
                           "\"response_types_supported\":[\"code\"],"
                           "\"subject_types_supported\":[\"public\"],"
                           "\"id_token_signing_alg_values_supported\":[\"RS256\"]}",
                           provider.port, provider.port, provider.port, provider.port);
        int head = snprintf(text, sizeof text,
                            "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
                            "Content-Length: %d\r\nConnection: close\r\n\r\n",
                            len);
        rig_send(fd, text, (size_t)head);
        rig_send(fd, body, (size_t)len);
    }
    close(fd);
    return NULL;
}

static void *run_provider(void *ctx)
{
    (void)ctx;
    for (int fd; (fd = accept(provider.listener, NULL, NULL)) >= 0;) {
        pthread_t thread;
        if (pthread_create(&thread, NULL, answer_slowly, (void *)(intptr_t)fd) == 0)
            pthread_detach(thread);
    }
    return NULL;
}

static bool start_provider(void)
{
    struct sockaddr_in to = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof to;

    provider.listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (bind(provider.listener, (struct sockaddr *)&to, sizeof to) ||
        listen(provider.listener, 64) ||
        getsockname(provider.listener, (struct sockaddr *)&to, &len))
        return false;
    provider.port = ntohs(to.sin_port);
    return pthread_create(&provider.thread, NULL, run_provider, NULL) == 0;
}

/* The daemon */

static rig_daemon shared;

static const char *settings(const char *daemon_extra)
{
    static char text[4096];

    snprintf(
        text, sizeof text,
        "{\"site\":{\"base_url\":\"http://localhost:3000\",\"development\":true,"
        "\"secret\":\"" SECRET "\",\"open\":[\"/\",\"/style.css\"],"
        "\"providers\":["
        "{\"id\":\"development\",\"type\":\"development\",\"users\":[{\"id\":\"ann\"}]},"
        "{\"id\":\"slow\",\"type\":\"oidc\",\"issuer\":\"http://127.0.0.1:%u\",\"client_id\":\"c\","
        "\"client_secret\":\"s\",\"plain_http\":true,\"private_network\":true}]},"
        "\"daemon\":{\"listen\":\"127.0.0.1:0\"%s}}",
        provider.port, daemon_extra);
    return text;
}

static bool start_with(rig_daemon *d, const char *daemon_extra)
{
    char pages[512];

    if (!rig_make(d)) return false;
    snprintf(pages, sizeof pages, "%s/pages", d->dir);
    if (mkdir(pages, 0700) != 0) return false;
    return rig_put(d, "pages/index.html", "<title>open</title>", 19) &&
           rig_put(d, "pages/closed.html", "<title>closed</title>", 21) &&
           rig_put(d, "pages/style.css", "a{}", 3) && rig_spawn(d, settings(daemon_extra), NULL) &&
           rig_ready(d);
}

static int start_all(void **state)
{
    (void)state;
    signal(SIGPIPE, SIG_IGN);
    return start_provider() && start_with(&shared, ",\"files\":\"pages\"") ? 0 : -1;
}

static int stop_all(void **state)
{
    (void)state;
    shutdown(provider.listener, SHUT_RDWR);
    pthread_join(provider.thread, NULL);
    close(provider.listener);
    return rig_stop(&shared) == 0 ? 0 : -1;
}

/* Whether a header begins with this value. */
static bool header_is(const rig_answer *a, const char *name, const char *value)
{
    const char *hit = rig_header(a, name);

    return hit && strncmp(hit, value, strlen(value)) == 0;
}

static void test_what_is_served(void **state)
{
    static const struct {
        const char *request;
        int status;
        const char *header, *value, *body; /* body NULL: not looked at */
    } cases[] = {
        {"GET /livez", 200, "Content-Type", "text/plain", "ok\n"},
        {"HEAD /livez", 200, "Content-Length", "3", ""},
        {"POST /livez", 405, "Allow", "GET, HEAD", NULL},
        {"GET /readyz", 200, "Cache-Control", "no-store", "ok\n"},
        {"GET /", 200, "Cache-Control", "no-cache", "<title>open</title>"},
        {"GET /", 200, "Content-Security-Policy",
         "default-src 'self'; frame-ancestors 'none'; base-uri 'none'", NULL},
        {"GET /", 200, "X-Content-Type-Options", "nosniff", NULL},
        {"GET /", 200, "Referrer-Policy", "strict-origin-when-cross-origin", NULL},
        {"GET /?a=b", 200, "Content-Type", "text/html; charset=utf-8", "<title>open</title>"},
        {"HEAD /", 200, "Content-Length", "19", ""},
        {"POST /", 405, "Allow", "GET, HEAD", NULL},
        {"GET /style.css", 200, "Content-Type", "text/css", "a{}"},
        {"GET /closed", 302, "Location",
         "http://localhost:3000/api/auth/signin?callbackUrl=", NULL},
        {"GET /closed.html", 302, "Cache-Control", "private, no-cache, no-store", NULL},
        {"HEAD /closed", 302, "Location", "http://localhost:3000/api/auth/signin", ""},
        {"GET /nothing", 404, "Cache-Control", "no-store", NULL},
        {"GET /pages/index.html", 404, "Content-Type", "text/plain", NULL},
        {"GET /../usherd.yaml", 404, "Content-Type", "text/plain", NULL},
        {"GET /usherd.yaml", 404, "Content-Type", "text/plain", NULL},
        {"GET /api/auth/providers", 200, "Content-Type", "application/json", NULL},
        {"GET /api/auth", 302, NULL, NULL, NULL},
        {"GET /_usher/check", 302, "Location", "http://localhost:3000/api/auth/signin", NULL},
    };
    static rig_answer a;

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char request[512];
        snprintf(request, sizeof request,
                 "%s HTTP/1.1\r\n" HOST "Accept: text/html\r\nSec-Fetch-Mode: navigate\r\n\r\n",
                 cases[i].request);
        if (!rig_ask(&shared, request, &a)) fail_msg("%s: no answer", cases[i].request);
        if (strcmp(cases[i].request, "GET /api/auth") == 0) continue; /* the engine's business */
        if (a.status != cases[i].status) fail_msg("%s: %d", cases[i].request, a.status);
        if (cases[i].header && !header_is(&a, cases[i].header, cases[i].value))
            fail_msg("%s: %s is not %s in %s", cases[i].request, cases[i].header, cases[i].value,
                     a.bytes);
        if (cases[i].body) assert_string_equal(a.body, cases[i].body);
        assert_non_null(rig_header(&a, "Date"));
    }
}

/* Sign-in: the CSRF token and its cookie, then the request that wants the provider's document. */

typedef struct visitor {
    char cookie[1024], token[128];
} visitor;

static bool visit(const rig_daemon *d, visitor *v)
{
    static const char name[] = "authjs.csrf-token=", key[] = "\"csrfToken\":\"";
    rig_answer *a = malloc(sizeof *a);
    const char *cookie = NULL, *token = NULL;
    bool ok = a && rig_ask(d, "GET /api/auth/csrf HTTP/1.1\r\n" HOST "\r\n", a) &&
              a->status == 200 && (cookie = strstr(a->bytes, name)) &&
              (token = strstr(a->body, key));

    if (ok) {
        snprintf(v->cookie, sizeof v->cookie, "%.*s", (int)strcspn(cookie, ";\r"), cookie);
        snprintf(v->token, sizeof v->token, "%.64s", token + sizeof key - 1);
    }
    free(a);
    return ok;
}

static int send_sign_in(const rig_daemon *d, const visitor *v, const char *which)
{
    char request[4096], body[256];
    int len = snprintf(body, sizeof body, "csrfToken=%s", v->token), fd = rig_connect(d);
    int n =
        snprintf(request, sizeof request,
                 "POST /api/auth/signin/%s HTTP/1.1\r\n" HOST "Cookie: %s\r\n"
                 "Content-Type: application/x-www-form-urlencoded\r\nContent-Length: %d\r\n\r\n%s",
                 which, v->cookie, len, body);

    if (fd >= 0) rig_send(fd, request, (size_t)n);
    return fd;
}

static bool is_on_its_way(int fd)
{
    char location[64];
    rig_answer *a = malloc(sizeof *a);

    snprintf(location, sizeof location, "http://127.0.0.1:%u/authorize?", provider.port);
    bool ok =
        a && rig_receive(fd, a, false) && a->status == 302 && header_is(a, "Location", location);
    if (a && !ok) print_error("%s\n", a->bytes);
    free(a);
    close(fd);
    return ok;
}

#define WAITING 24

static void test_waiting_holds_nobody_up(void **state)
{
    visitor v;
    int fds[WAITING];
    long long slowest = 0;
    unsigned good = 0;
    static rig_answer a;

    (void)state;
    atomic_store(&provider.delay_ms, 600);
    atomic_store(&provider.hits, 0);
    assert_true(visit(&shared, &v));
    for (size_t i = 0; i < WAITING; i++)
        fds[i] = send_sign_in(&shared, &v, "slow");
    for (int i = 0; i < 30; i++) { /* others are answered meanwhile */
        long long start = rig_now_ms();
        assert_true(rig_ask(&shared, "GET /api/auth/session HTTP/1.1\r\n" HOST "\r\n", &a));
        assert_int_equal(a.status, 200);
        if (rig_now_ms() - start > slowest) slowest = rig_now_ms() - start;
    }
    struct pollfd p = {.fd = fds[0], .events = POLLIN};
    assert_int_equal(poll(&p, 1, 0), 0); /* control: they were waiting all the time */
    for (size_t i = 0; i < WAITING; i++)
        good += is_on_its_way(fds[i]);
    assert_int_equal(good, WAITING);
    assert_true(slowest < 300);
    assert_int_equal(atomic_load(&provider.hits), 1); /* one fetch for all of them */
    assert_int_equal(rig_counter(&shared, "waited"), WAITING);
}

/* A visitor who leaves while a worker has his request. */
static void test_leaving_while_waiting(void **state)
{
    rig_daemon d;
    visitor v;

    (void)state;
    assert_true(start_with(&d, ""));
    atomic_store(&provider.delay_ms, 300);
    assert_true(visit(&d, &v));
    for (int i = 0; i < 10; i++) {
        int fd = send_sign_in(&d, &v, "slow");
        usleep(20000);
        if (i % 2) {
            struct linger reset = {1, 0};
            setsockopt(fd, SOL_SOCKET, SO_LINGER, &reset, sizeof reset);
        }
        close(fd);
    }
    usleep(500000);
    assert_true(is_on_its_way(send_sign_in(&d, &v, "slow")));
    assert_int_equal(rig_stop(&d), 0);
}

/* A closed page is for whoever signed in, and for nobody's cache. */
static void test_signed_in(void **state)
{
    static const char session[] = "authjs.session-token=";
    static rig_answer a;
    char request[4096], cookie[2048], body[256];
    visitor v;

    (void)state;
    assert_true(visit(&shared, &v));
    int len = snprintf(body, sizeof body, "csrfToken=%s&user=ann", v.token);
    snprintf(request, sizeof request,
             "POST /api/auth/callback/development HTTP/1.1\r\n" HOST "Cookie: %s\r\n"
             "Content-Type: application/x-www-form-urlencoded\r\nContent-Length: %d\r\n\r\n%s",
             v.cookie, len, body);
    assert_true(rig_ask(&shared, request, &a));
    assert_int_equal(a.status, 302);
    const char *set = strstr(a.bytes, session);
    assert_non_null(set);
    snprintf(cookie, sizeof cookie, "%.*s", (int)strcspn(set, ";\r"), set);
    assert_true(rig_logged(&shared, "\"event\":\"sign_in\""));

    snprintf(request, sizeof request, "GET /closed HTTP/1.1\r\n" HOST "Cookie: %s\r\n\r\n", cookie);
    assert_true(rig_ask(&shared, request, &a));
    assert_int_equal(a.status, 200);
    assert_string_equal(a.body, "<title>closed</title>");
    assert_true(header_is(&a, "Cache-Control", "private, no-store"));
    snprintf(request, sizeof request, "GET /_usher/check HTTP/1.1\r\n" HOST "Cookie: %s\r\n\r\n",
             cookie);
    assert_true(rig_ask(&shared, request, &a));
    assert_int_equal(a.status, 200);
    assert_true(header_is(&a, "X-Usher-User", "ann\r\n"));
    /* A claim that is not there is said to be empty, so that a proxy overwrites what a client sent.
     */
    assert_non_null(rig_header(&a, "X-Usher-Email"));

    snprintf(request, sizeof request,
             "POST /api/auth/signout HTTP/1.1\r\n" HOST "Cookie: %s; %s\r\n"
             "Content-Type: application/x-www-form-urlencoded\r\nContent-Length: 74\r\n\r\n"
             "csrfToken=%s",
             cookie, v.cookie, v.token);
    assert_true(rig_ask(&shared, request, &a));
    assert_true(rig_logged(&shared, "\"event\":\"sign_out\""));
    assert_int_equal(rig_counter(&shared, "sign_ins"), 1);
    assert_true(rig_counter(&shared, "sealed") >= 1); /* the session, */
    assert_true(rig_counter(&shared, "opened") >= 2); /* which was shown twice */
    assert_int_equal(rig_counter(&shared, "sign_outs"), 1);
}

/* More than the daemon lets wait: those are told to come back, and nobody is forgotten. */
#define TOO_MANY 1100

static void test_too_many_wait(void **state)
{
    static int fds[TOO_MANY];
    static rig_answer a;
    const struct rlimit files = {TOO_MANY * 2, TOO_MANY * 2};
    unsigned on_their_way = 0, turned_away = 0;
    struct rlimit limit;
    rig_daemon d;
    visitor v;

    (void)state;
    getrlimit(RLIMIT_NOFILE, &limit);
    if (limit.rlim_max < files.rlim_cur) skip(); /* too few descriptors here */
    limit.rlim_cur = limit.rlim_max;
    setrlimit(RLIMIT_NOFILE, &limit);
    assert_true(start_with(&d, ",\"workers\":1"));
    atomic_store(&provider.delay_ms, 2500);
    assert_true(visit(&d, &v));
    for (size_t i = 0; i < TOO_MANY; i++)
        fds[i] = send_sign_in(&d, &v, "slow");
    for (size_t i = 0; i < TOO_MANY; i++) {
        assert_true(rig_receive(fds[i], &a, false));
        on_their_way += a.status == 302;
        if (a.status == 503) {
            turned_away++;
            assert_true(header_is(&a, "Retry-After", "5"));
            assert_null(rig_header(&a, "Set-Cookie"));
            assert_non_null(strstr(a.body, "Reference: "));
        }
        close(fds[i]);
    }
    assert_int_equal(on_their_way + turned_away, TOO_MANY);
    assert_in_range(turned_away, TOO_MANY - 1025, TOO_MANY - 1024);
    assert_int_equal(rig_counter(&d, "busy"), turned_away);
    assert_int_equal(rig_stop(&d), 0);
}

/* Many at once */

#define THREADS  8
#define REQUESTS 200

typedef struct client {
    pthread_t thread;
    unsigned good;
} client;

static void *keep_asking(void *ctx)
{
    static const struct {
        const char *request;
        int status;
    } asked[] = {
        {"GET / HTTP/1.1\r\n" HOST "\r\n", 200},
        {"GET /api/auth/session HTTP/1.1\r\n" HOST "Cookie: authjs.session-token=junk\r\n\r\n",
         200},
        {"GET /closed HTTP/1.1\r\n" HOST "\r\n", 401},
        {"GET /_usher/check HTTP/1.1\r\n" HOST "\r\n", 401},
        {"GET /nothing HTTP/1.1\r\n" HOST "\r\n", 404},
    };
    client *c = ctx;
    rig_answer *a = malloc(sizeof *a);
    int fd = -1;

    for (unsigned i = 0; a && i < REQUESTS; i++) {
        const char *request = asked[i % 5].request;
        if (fd < 0) fd = rig_connect(&shared);
        if (rig_send(fd, request, strlen(request)) && rig_receive(fd, a, false) &&
            a->status == asked[i % 5].status)
            c->good++;
        if (i % 50 == 49) { /* now and then a new connection */
            close(fd);
            fd = -1;
        }
    }
    free(a);
    return NULL;
}

static void test_many_at_once(void **state)
{
    client clients[THREADS] = {0};
    unsigned good = 0;

    (void)state;
    int before = rig_descriptors(&shared);
    long closed = rig_counter(&shared, "closed");
    for (size_t i = 0; i < THREADS; i++)
        assert_int_equal(pthread_create(&clients[i].thread, NULL, keep_asking, &clients[i]), 0);
    for (size_t i = 0; i < THREADS; i++) {
        pthread_join(clients[i].thread, NULL);
        good += clients[i].good;
    }
    assert_int_equal(good, THREADS * REQUESTS);
    for (int i = 0; i < 200 && rig_counter(&shared, "closed") < closed + THREADS * 4; i++)
        usleep(10000);
    assert_int_equal(rig_counter(&shared, "closed") - closed, THREADS * 4);
    assert_true(rig_descriptors(&shared) <= before);
}

/* 1000 connections that come and go in every state leave no descriptor behind. */
static void test_no_descriptor_is_lost(void **state)
{
    static const char *const parts[] = {
        "", "G", "GET / HTTP/1.1\r\n", "GET / HTTP/1.1\r\nHost: a\r\n\r\n",
        "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\nab"};

    (void)state;
    int before = rig_descriptors(&shared);
    for (unsigned i = 0; i < 1000; i++) {
        int fd = rig_connect(&shared);
        const char *part = parts[i % 5];
        assert_true(fd >= 0);
        rig_send(fd, part, strlen(part));
        if (i % 2) {
            struct linger reset = {1, 0};
            setsockopt(fd, SOL_SOCKET, SO_LINGER, &reset, sizeof reset);
        }
        close(fd);
    }
    for (int i = 0; i < 1500 && rig_descriptors(&shared) > before; i++)
        usleep(10000);
    assert_true(rig_descriptors(&shared) <= before);
}

/* The log */

static void test_log_is_json_without_secrets(void **state)
{
    static const char *const canaries[] = {"canary-query", "canary-cookie", "canary-body",
                                           "canary-authorization", "canary-header"};
    static const char request[] =
        "POST /api/auth/callback/development?state=canary-query HTTP/1.1\r\n" HOST
        "Cookie: authjs.session-token=canary-cookie; x=canary-cookie\r\n"
        "Authorization: Bearer canary-authorization\r\nX-Other: canary-header\r\n"
        "User-Agent: canary-header\r\n"
        "Content-Type: application/x-www-form-urlencoded\r\nContent-Length: 22\r\n\r\n"
        "csrfToken=canary-body1";
    static rig_answer a;
    char *log;
    size_t lines = 0;

    (void)state;
    assert_true(rig_ask(&shared, request, &a));
    assert_true(rig_ask(&shared, "GET /\x80\"\\path?canary-query HTTP/1.1\r\n" HOST "\r\n", &a));
    assert_true(rig_logged(&shared, "/\\ufffd\\\"\\\\path\""));
    assert_true(rig_logged(&shared, "\"path\":\"/api/auth/callback/development\""));
    assert_non_null(log = rig_log(&shared));
    for (size_t i = 0; i < sizeof canaries / sizeof *canaries; i++)
        if (strstr(log, canaries[i])) fail_msg("%s is in the log", canaries[i]);
    assert_null(strstr(log, SECRET));
    for (usher_str rest = usher_str_z(log); rest.len;) {
        usher_json json;
        usher_str line = usher_str_cut(rest, '\n', &rest);
        if (!line.len || line.ptr[0] != '{') continue; /* warnings about the settings */
        if (usher_json_read(&json, line, &usher_json_limits_document, NULL))
            fail_msg("no JSON: %.*s", (int)line.len, line.ptr);
        lines++;
    }
    assert_true(lines > 100);
    free(log);
}

static void test_hangup_is_no_end(void **state)
{
    static rig_answer a;

    (void)state;
    kill(shared.pid, SIGHUP);
    assert_true(rig_logged(&shared, "\"event\":\"reload_ignored\""));
    assert_true(rig_ask(&shared, GOOD, &a));
}

/* Forwarded headers count only if a configured proxy sends them. */
static void test_only_trusted_peers_describe_requests(void **state)
{
    static const struct {
        const char *peers;
        bool trusted;
    } cases[] = {{"", false},
                 {",\"trusted_peers\":[\"10.0.0.0/8\",\"::1\"]", false},
                 {",\"trusted_peers\":[\"127.0.0.1\"]", true},
                 {",\"trusted_peers\":[\"127.0.0.0/8\"]", true}};
    static rig_answer a;

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        rig_daemon d;
        assert_true(start_with(&d, cases[i].peers));
        assert_true(rig_ask(&d,
                            "GET /_usher/check HTTP/1.1\r\n" HOST
                            "X-Forwarded-Uri: /style.css\r\nX-Forwarded-Method: GET\r\n\r\n",
                            &a));
        assert_int_equal(a.status, cases[i].trusted ? 200 : 401); /* /style.css is open */
        assert_int_equal(rig_stop(&d), 0);
    }
}

/* Stopping */

static void test_stop_answers_what_is_under_way(void **state)
{
    rig_daemon d;
    visitor v;
    static rig_answer a;

    (void)state;
    assert_true(start_with(&d, ""));
    atomic_store(&provider.delay_ms, 1200);
    assert_true(visit(&d, &v));
    int kept = rig_connect(&d), idle = rig_connect(&d), waiting = send_sign_in(&d, &v, "slow");
    assert_true(rig_send(kept, GOOD, sizeof GOOD - 1));
    assert_true(rig_receive(kept, &a, false));
    usleep(200000);
    kill(d.pid, SIGTERM);
    usleep(200000);
    assert_int_equal(rig_connect(&d), -1); /* nobody new */
    static const char ready[] = "GET /readyz HTTP/1.1\r\n" HOST "\r\n";
    assert_true(rig_send(kept, ready, sizeof ready - 1));
    assert_true(rig_receive(kept, &a, false));
    assert_int_equal(a.status, 503);
    assert_true(header_is(&a, "Connection", "close"));
    assert_true(is_on_its_way(waiting));
    assert_int_equal(rig_wait(&d, 10000), 0);
    assert_true(rig_logged(&d, "\"event\":\"stop\",\"why\":\"SIGTERM\",\"unfinished\":0"));
    close(kept);
    close(idle);
    rig_remove(&d);
}

/* What would have to wait for a provider is not begun once the daemon stops: the library could not
 * end with a request that it had put aside. */
static void test_stop_begins_nothing_new(void **state)
{
    rig_daemon d;
    visitor v;
    static rig_answer a;
    char request[4096], body[256];

    (void)state;
    assert_true(start_with(&d, ""));
    atomic_store(&provider.delay_ms, 1500);
    assert_true(visit(&d, &v));
    int len = snprintf(body, sizeof body, "csrfToken=%s", v.token);
    int n =
        snprintf(request, sizeof request,
                 "POST /api/auth/signin/slow HTTP/1.1\r\n" HOST "Cookie: %s\r\n"
                 "Content-Type: application/x-www-form-urlencoded\r\nContent-Length: %d\r\n\r\n%s",
                 v.cookie, len, body);
    int kept = rig_connect(&d), waiting = send_sign_in(&d, &v, "slow");
    assert_true(rig_send(kept, GOOD, sizeof GOOD - 1));
    assert_true(rig_receive(kept, &a, false));
    usleep(200000);
    kill(d.pid, SIGTERM);
    usleep(200000);
    assert_true(rig_send(kept, request, (size_t)n));
    assert_true(rig_receive(kept, &a, false));
    assert_int_equal(a.status, 503);
    assert_true(is_on_its_way(waiting)); /* the control: what was begun is ended */
    assert_int_equal(rig_wait(&d, 10000), 0);
    close(kept);
    rig_remove(&d);
}

static void test_stop_has_an_end(void **state)
{
    (void)state;
    for (int second = 0; second < 2; second++) { /* by a second signal, by the end of patience */
        rig_daemon d;
        visitor v;
        assert_true(start_with(&d, second ? "" : ",\"drain_timeout\":\"1s\""));
        atomic_store(&provider.delay_ms, 4000);
        assert_true(visit(&d, &v));
        int waiting = send_sign_in(&d, &v, "slow");
        usleep(300000);
        long long start = rig_now_ms();
        kill(d.pid, SIGINT);
        if (second) {
            usleep(200000);
            kill(d.pid, SIGTERM);
        }
        assert_int_equal(rig_wait(&d, 3500), 0);
        assert_in_range(rig_now_ms() - start, second ? 200 : 900, 3000);
        assert_true(rig_logged(&d, "\"unfinished\":1"));
        close(waiting);
        rig_remove(&d);
    }
}

/* A head or a body that is half there when the daemon stops. */
static void test_stop_leaves_nothing_behind(void **state)
{
    static const char *const parts[] = {"", "G", "GET / HTTP/1.1\r\nHost:", GOOD};
    rig_daemon d;
    int fds[4];

    (void)state;
    assert_true(start_with(&d, ""));
    for (size_t i = 0; i < 4; i++) {
        fds[i] = rig_connect(&d);
        assert_true(rig_send(fds[i], parts[i], strlen(parts[i])));
    }
    usleep(200000);
    assert_int_equal(rig_stop(&d), 0); /* a leak would be a sanitizer's finding */
    for (size_t i = 0; i < 4; i++)
        close(fds[i]);
}

/* Starting */

static void test_settings_that_cannot_be(void **state)
{
#define SITE                                                                                       \
    "\"site\":{\"base_url\":\"http://localhost:3000\",\"development\":true,\"secret\":\"" SECRET   \
    "\"}"
    static const struct {
        const char *name, *settings, *args[4];
        int status;
        const char *says;
    } cases[] = {
        {"none", NULL, {"--check"}, 2, "usherd.yaml"},
        {"no YAML", "site: [", {"--check"}, 2, "usherd.yaml:1:"},
        {"empty", "", {"--check"}, 2, "usherd.yaml"},
        {"unknown top-level key",
         "{" SITE ",\n \"sitee\":{}}",
         {"--check"},
         2,
         "usherd.yaml:2:2: "},
        {"unknown daemon key",
         "{" SITE ",\n\"daemon\":{\"lisen\":\"127.0.0.1:0\"}}",
         {"--check"},
         2,
         "usherd.yaml:2:"},
        {"two mistakes are both said",
         "{" SITE ",\n\"daemon\":{\"workers\":0,\n\"threads\":-1}}",
         {"--check"},
         2,
         "usherd.yaml:3:"},
        {"development for all",
         "{" SITE ",\n\"daemon\":{\"listen\":\"0.0.0.0:0\"}}",
         {NULL},
         2,
         "usherd.yaml:2:20: "},
        {"development for all by --listen",
         "{" SITE "}",
         {"--listen", "0.0.0.0:0"},
         2,
         "no loopback address"},
        {"--listen that is none",
         "{" SITE "}",
         {"--listen", "localhost"},
         2,
         "--listen is 'localhost'"},
        {"no folder", "{" SITE ",\"daemon\":{\"files\":\"nowhere\"}}", {"--check"}, 2, "nowhere"},
        {"odd argument", "{" SITE "}", {"now"}, 2, "unexpected argument"},
        {"unknown option", "{" SITE "}", {"--chek-it"}, 2, "usherd"},
        {"good", "{" SITE "}", {"--check"}, 0, NULL},
        {"good with --listen", "{" SITE "}", {"--check", "--listen", "[::1]:0"}, 0, NULL},
        {"version", "{" SITE "}", {"--version"}, 0, NULL},
        {"help", "{" SITE "}", {"--help"}, 0, NULL},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        rig_daemon d;
        assert_true(rig_make(&d));
        assert_true(rig_spawn(&d, cases[i].settings, cases[i].args));
        int status = rig_wait(&d, 20000);
        if (status == -2) kill(d.pid, SIGKILL);
        char *log = rig_log(&d);
        if (status != cases[i].status || (cases[i].says && !strstr(log, cases[i].says)))
            fail_msg("%s: exit %d: %s", cases[i].name, status, log);
        if (cases[i].status == 2 && strstr(log, "{\"ts\""))
            fail_msg("%s: it started", cases[i].name);
        free(log);
        rig_remove(&d);
    }
}

static void test_address_in_use(void **state)
{
    rig_daemon d;
    char address[32];
    const char *const args[] = {"--listen", address, NULL};

    (void)state;
    snprintf(address, sizeof address, "127.0.0.1:%u", shared.port);
    assert_true(rig_make(&d));
    assert_true(rig_spawn(&d, "{" SITE "}", args));
    assert_int_equal(rig_wait(&d, 20000), 1);
    assert_true(rig_logged(&d, "already in use"));
    rig_remove(&d);
}

static void test_ipv6(void **state)
{
    rig_daemon d;
    const char *const args[] = {"--listen", "[::1]:0", NULL};
    struct sockaddr_in6 to = {.sin6_family = AF_INET6, .sin6_addr = IN6ADDR_LOOPBACK_INIT};
    static rig_answer a;
    int fd = socket(AF_INET6, SOCK_STREAM, 0);

    (void)state;
    if (fd < 0 || bind(fd, (struct sockaddr *)&to, sizeof to) != 0) skip(); /* no IPv6 here */
    close(fd);
    assert_true(rig_make(&d));
    assert_true(rig_spawn(&d, "{" SITE "}", args));
    assert_true(rig_ready(&d));
    to.sin6_port = htons((uint16_t)d.port);
    fd = socket(AF_INET6, SOCK_STREAM, 0);
    assert_int_equal(connect(fd, (struct sockaddr *)&to, sizeof to), 0);
    assert_true(rig_send(fd, GOOD, sizeof GOOD - 1));
    assert_true(rig_receive(fd, &a, false));
    assert_int_equal(a.status, 200);
    close(fd);
    assert_true(rig_logged(&d, "\"peer\":\"::1\""));
    assert_int_equal(rig_stop(&d), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_what_is_served),
        cmocka_unit_test(test_waiting_holds_nobody_up),
        cmocka_unit_test(test_leaving_while_waiting),
        cmocka_unit_test(test_signed_in),
        cmocka_unit_test(test_too_many_wait),
        cmocka_unit_test(test_many_at_once),
        cmocka_unit_test(test_no_descriptor_is_lost),
        cmocka_unit_test(test_log_is_json_without_secrets),
        cmocka_unit_test(test_hangup_is_no_end),
        cmocka_unit_test(test_only_trusted_peers_describe_requests),
        cmocka_unit_test(test_stop_answers_what_is_under_way),
        cmocka_unit_test(test_stop_begins_nothing_new),
        cmocka_unit_test(test_stop_has_an_end),
        cmocka_unit_test(test_stop_leaves_nothing_behind),
        cmocka_unit_test(test_settings_that_cannot_be),
        cmocka_unit_test(test_address_in_use),
        cmocka_unit_test(test_ipv6),
    };
    return cmocka_run_group_tests(tests, start_all, stop_all);
}
