/* What opening a session must not do, once its thread has opened one: take memory (of ours or of
 * libcrypto's), take a lock, call the system. Counted, not timed.
 *
 * For the system calls the program runs itself once more below strace, with a call that fails
 * before and after the openings as marks. Where tracing is not permitted that one is skipped, and
 * says so. */
#include <dlfcn.h>
#include <pthread.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <openssl/crypto.h>

#include "base/str.h"
#include "bench/rows.h"

extern char **environ;

#ifdef USHER_ARENA_DEBUG
#define ARENA_ASKS "SKIP this build's arena asks the allocator each time"
#else
#define ARENA_ASKS ""
#endif

#define TIMES 100
#define BEGIN "usher-bench: openings begin"
#define END   "usher-bench: openings end"

/* ---- counters -------------------------------------------------------------------------------- */

static size_t crypto_calls, locks;

static void *crypto_get(size_t size, const char *file, int line)
{
    (void)file, (void)line;
    crypto_calls++;
    return malloc(size);
}

static void *crypto_resize(void *ptr, size_t size, const char *file, int line)
{
    (void)file, (void)line;
    crypto_calls++;
    return realloc(ptr, size);
}

static void crypto_put(void *ptr, const char *file, int line)
{
    (void)file, (void)line;
    free(ptr);
}

/* Every library of the process finds these before libc's. */
typedef int rwlock_call(pthread_rwlock_t *lock);

static rwlock_call *next_call(const char *name)
{
    union {
        void *data;
        rwlock_call *call;
    } found = {.data = dlsym(RTLD_NEXT, name)};

    return found.call;
}

int pthread_rwlock_rdlock(pthread_rwlock_t *lock)
{
    locks++;
    return next_call("pthread_rwlock_rdlock")(lock);
}

int pthread_rwlock_wrlock(pthread_rwlock_t *lock)
{
    locks++;
    return next_call("pthread_rwlock_wrlock")(lock);
}

/* ---- the work -------------------------------------------------------------------------------- */

static fixture fixtures[FIXTURES_MAX];
static size_t fixture_count;

static bool open_all(size_t times)
{
    usher_verdict verdict;

    for (size_t i = 0; i < fixture_count; i++)
        for (size_t n = 0; n < times; n++)
            if (!rows_session(&fixtures[i], fixtures[i].cookies, &verdict) ||
                verdict != USHER_SESSION_VALID)
                return false;
    return true;
}

/* A forged one is refused as quietly. */
static bool refuse_all(size_t times)
{
    usher_verdict verdict;

    for (size_t i = 0; i < fixture_count; i++)
        for (size_t n = 0; n < times; n++)
            if (!rows_session(&fixtures[i], fixtures[i].broken, &verdict) ||
                verdict != USHER_SESSION_REJECTED)
                return false;
    return true;
}

static void mark(const char *text)
{
    ssize_t ignored = write(-1, text, strlen(text));

    (void)ignored;
}

/* What strace watches. */
static int openings(void)
{
    if (!open_all(2) || !refuse_all(2)) return 1;
    mark(BEGIN);
    bool fine = open_all(TIMES) && refuse_all(TIMES);
    mark(END);
    return fine ? 0 : 1;
}

/* ---- the tests ------------------------------------------------------------------------------- */

static int number, failed;

static void report(bool good, const char *name, const char *detail)
{
    printf("%s %d - %s%s%s\n", good ? "ok" : "not ok", ++number, name, *detail ? " # " : "",
           detail);
    failed += !good;
}

static size_t own_calls(void)
{
    size_t n = 0;

    for (size_t i = 0; i < fixture_count; i++)
        n += fixtures[i].memory.calls;
    return n;
}

static void test_memory_and_locks(void)
{
    size_t own, crypto, taken;
    bool fine = open_all(2) && refuse_all(2);

    own = own_calls(), crypto = crypto_calls, taken = locks;
    fine = fine && open_all(TIMES) && refuse_all(TIMES);
    own = own_calls() - own, crypto = crypto_calls - crypto, taken = locks - taken;
    report(fine, "every session opens and every forged one is refused", "");
    fprintf(stderr,
            "in %zu openings and as many refusals: %zu allocations of ours, %zu of libcrypto's, "
            "%zu locks\n",
            TIMES * fixture_count, own, crypto, taken);
    report(own == 0 || *ARENA_ASKS, "no allocation of ours", ARENA_ASKS);
    report(crypto == 0, "no allocation of libcrypto's", "");
    report(taken == 0, "no lock", "");
}

/* The counters count: setting up takes memory and locks. */
static void test_counters(size_t own, size_t crypto, size_t taken)
{
    report(own > 0, "control: our allocations are counted", "");
    report(crypto > 0, "control: libcrypto's allocations are counted", "");
    report(taken > 0, "control: locks are counted", "");
}

/* Runs `strace -f -o log self openings`; its exit status, or -1. */
static int run_traced(const char *log)
{
    char self[4096];
    ssize_t len = readlink("/proc/self/exe", self, sizeof self - 1);
    int status = 0;
    pid_t pid;

    if (len <= 0) return -1;
    self[len] = '\0';
    char *args[] = {(char[]){"strace"},
                    (char[]){"-f"},
                    (char[]){"-o"},
                    (char *)(uintptr_t)log,
                    self,
                    (char[]){"openings"},
                    NULL};
    setenv("ASAN_OPTIONS", "detect_leaks=0",
           1); /* looking for leaks traces, and one tracer is all */
    if (posix_spawnp(&pid, "strace", NULL, NULL, args, environ) || waitpid(pid, &status, 0) != pid)
        return -1;
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

typedef struct traced {
    bool began, ended;
    size_t calls, outside;
} traced;

static traced read_trace(const char *log)
{
    traced t = {0};
    char line[4096];
    FILE *f = fopen(log, "r");

    while (f && fgets(line, sizeof line, f)) {
        if (strstr(line, END)) t.ended = true;
        if (t.began && !t.ended) {
            t.calls++;
            fprintf(stderr, "between the marks: %s", line);
        } else
            t.outside++;
        if (strstr(line, BEGIN)) t.began = true;
    }
    if (f) fclose(f);
    return t;
}

static void test_system_calls(void)
{
    static const char name[] = "no system call";
    char log[] = P_tmpdir "/usher-quiet-XXXXXX";
    int fd = mkstemp(log), rc = fd < 0 ? -1 : run_traced(log);
    traced t = {0};

    if (fd >= 0) {
        close(fd);
        t = read_trace(log);
        unlink(log);
    }
    if (*ARENA_ASKS) {
        report(true, name, ARENA_ASKS);
        return;
    }
    if (!t.began) {
        fprintf(stderr, "SKIPPED: strace is missing or may not trace here (status %d)\n", rc);
        report(true, name, "SKIP strace is missing or may not trace here");
        return;
    }
    report(rc == 0 && t.ended && t.calls == 0, name, "");
    report(t.outside > 10, "control: system calls are seen", "");
}

int main(int argc, char **argv)
{
    CRYPTO_set_mem_functions(crypto_get, crypto_resize, crypto_put);
    fixture_count = fixture_make(fixtures);
    if (fixture_count == 0) return 1;
    if (argc > 1 && usher_str_eq(usher_str_z(argv[1]), USHER_STR("openings"))) return openings();
    test_counters(own_calls(), crypto_calls, locks);
    test_memory_and_locks();
    test_system_calls();
    printf("1..%d\n", number);
    for (size_t i = 0; i < fixture_count; i++)
        fixture_deinit(&fixtures[i]);
    return failed ? 1 : 0;
}
