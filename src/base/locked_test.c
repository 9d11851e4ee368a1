#include "base/locked.h"

#include <signal.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/kit/kit.h"

/* Sanitizers answer a write to a guarded page with a report of their own, and make mlock do
 * nothing. */
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define SANITIZED 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define SANITIZED 1
#endif
#endif
#ifndef SANITIZED
#define SANITIZED 0
#endif

#define SIZES 6
static const size_t sizes[SIZES] = {1, 63, 64, 4096, 4097, 60000};

/* How a child that runs `act` ends: the signal, or -1 - the exit status. */
static int fate(void (*act)(const usher_locked *, size_t), const usher_locked *l, size_t at)
{
    int status = 0;
    pid_t child = fork();

    if (child == 0) {
        signal(SIGSEGV, SIG_DFL); /* the kernel's word, not a sanitizer's */
        act(l, at);
        _exit(0);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    return WIFSIGNALED(status) ? WTERMSIG(status) : -1 - WEXITSTATUS(status);
}

static void do_write(const usher_locked *l, size_t at)
{
    ((volatile uint8_t *)l->map)[at] = 1;
}

static void do_read(const usher_locked *l, size_t at)
{
    (void)((const volatile uint8_t *)l->map)[at];
}

static void test_zeroed_aligned_and_at_the_end(void **state)
{
    (void)state;
    for (size_t i = 0; i < SIZES; i++) {
        usher_locked l;

        assert_ok(usher_locked_init(&l, sizes[i], NULL));
        uint8_t *p = l.ptr;
        size_t page = (size_t)sysconf(_SC_PAGESIZE);
        assert_int_equal((uintptr_t)p % 64, 0);
        assert_int_equal(l.size, sizes[i]);
        for (size_t j = 0; j < sizes[i]; j++)
            assert_int_equal(p[j], 0);
        memset(p, 0x5a, sizes[i]);
        size_t slack = (size_t)((uint8_t *)l.map + l.map_size - page - (p + sizes[i]));
        assert_true(slack < 64);
        usher_locked_deinit(&l);
        assert_null(l.ptr);
        usher_locked_deinit(&l);
    }
    usher_locked_deinit(NULL);
}

static void test_guards(void **state)
{
    (void)state;
    for (size_t i = 0; i < SIZES; i++) {
        usher_locked l;
        size_t page = (size_t)sysconf(_SC_PAGESIZE);

        assert_ok(usher_locked_init(&l, sizes[i], NULL));
        assert_int_equal(fate(do_read, &l, page - 1), SIGSEGV);
        assert_int_equal(fate(do_read, &l, l.map_size - page), SIGSEGV);
        assert_int_equal(fate(do_write, &l, page), -1); /* controls: inside, both ends */
        assert_int_equal(fate(do_write, &l, l.map_size - page - 1), -1);
        usher_locked_deinit(&l);
    }
}

static void test_frozen_is_read_only(void **state)
{
    (void)state;
    usher_locked l;

    assert_ok(usher_locked_init(&l, 100, NULL));
    memcpy(l.ptr, "key", 3);
    size_t at = (size_t)((uint8_t *)l.ptr - (uint8_t *)l.map);
    assert_int_equal(fate(do_write, &l, at), -1);
    assert_ok(usher_locked_freeze(&l, NULL));
    assert_int_equal(fate(do_write, &l, at), SIGSEGV);
    assert_int_equal(fate(do_read, &l, at), -1);
    assert_memory_equal(l.ptr, "key", 3);
    usher_locked_deinit(&l);
}

/* A worker has the keys its master read, and what it wipes is its own copy. */
static void test_a_child_has_the_keys(void **state)
{
    (void)state;
    usher_locked l;
    int status = 0;

    assert_ok(usher_locked_init(&l, 32, NULL));
    memcpy(l.ptr, "0123456789abcdef0123456789abcdef", 32);
    assert_ok(usher_locked_freeze(&l, NULL));
    pid_t child = fork();
    if (child == 0) {
        bool same = memcmp(l.ptr, "0123456789abcdef0123456789abcdef", 32) == 0;
        usher_locked_deinit(&l);
        _exit(same ? 0 : 1);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
    assert_memory_equal(l.ptr, "0123456789abcdef0123456789abcdef", 32);
    usher_locked_deinit(&l);
}

/* The flags that the kernel shows for the mapping around `at`; false if it shows none. */
static bool flags_of(char *out, size_t size, const void *at)
{
    FILE *f = fopen("/proc/self/smaps", "r");
    char line[512];
    bool here = false, found = false;

    while (f && !found && fgets(line, sizeof line, f)) {
        unsigned long from, to;

        if (sscanf(line, "%lx-%lx ", &from, &to) == 2)
            here = (uintptr_t)at >= from && (uintptr_t)at < to;
        else if (here && strncmp(line, "VmFlags:", 8) == 0)
            found = snprintf(out, size, "%s", line + 8) > 0;
    }
    if (f) fclose(f);
    return found;
}

static void test_locked_and_not_dumped(void **state)
{
    (void)state;
    usher_locked l;
    char flags[256];

    assert_ok(usher_locked_init(&l, 5000, NULL));
    assert_ok(usher_locked_freeze(&l, NULL)); /* freezing must not lose either */
    bool shown = flags_of(flags, sizeof flags, l.ptr);
    if (shown) assert_non_null(strstr(flags, " dd"));
    if (shown && l.in_memory && !SANITIZED) assert_non_null(strstr(flags, " lo"));
    usher_locked_deinit(&l);
}

/* Root is not bound by the limit, so the child stops being root. */
static void refused_in_child(const usher_locked *l, size_t at)
{
    const struct rlimit none = {0, 0};
    usher_locked mine;

    (void)l, (void)at;
    if (setrlimit(RLIMIT_MEMLOCK, &none) || (geteuid() == 0 && setuid(65534))) _exit(9);
    if (usher_locked_refused() != 0) _exit(1);
    if (usher_locked_init(&mine, 100, NULL)) _exit(2);
    if (mine.in_memory || usher_locked_refused() != 1) _exit(3);
    memset(mine.ptr, 1, 100); /* usable all the same */
    usher_locked_deinit(&mine);
}

static void test_a_refused_lock_is_counted(void **state)
{
    (void)state;
    if (SANITIZED) return;
    assert_int_equal(fate(refused_in_child, NULL, 0), -1);
}

static void test_no_pages(void **state)
{
    (void)state;
    static const size_t impossible[] = {0, SIZE_MAX, SIZE_MAX / 2 + 1, (size_t)1 << 50};
    usher_error err;

    for (size_t i = 0; i < sizeof impossible / sizeof *impossible; i++) {
        usher_locked l = {.ptr = &err};

        assert_int_equal(usher_locked_init(&l, impossible[i], &err), USHER_E_NOMEM);
        assert_null(l.ptr);
        usher_locked_deinit(&l);
    }
}

/* The call that gives the pages back, so that they can be looked at just before. */
static const uint8_t *watched;
static size_t watched_size, clean, dirty;

int munmap(void *ptr, size_t size)
{
    if (watched && watched >= (uint8_t *)ptr && watched < (uint8_t *)ptr + size)
        for (size_t i = 0; i < watched_size; i++)
            *(watched[i] ? &dirty : &clean) += 1;
    return (int)syscall(SYS_munmap, ptr, size);
}

static void test_wiped_before_the_pages_go(void **state)
{
    (void)state;
    for (int frozen = 0; frozen < 2; frozen++) {
        usher_locked l;

        assert_ok(usher_locked_init(&l, 5000, NULL));
        memset(l.ptr, 0x5a, 5000);
        if (frozen) assert_ok(usher_locked_freeze(&l, NULL));
        watched = l.ptr;
        watched_size = 5000;
        clean = dirty = 0;
        usher_locked_deinit(&l);
        watched = NULL;
        assert_int_equal(clean, 5000);
        assert_int_equal(dirty, 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_zeroed_aligned_and_at_the_end),
        cmocka_unit_test(test_guards),
        cmocka_unit_test(test_frozen_is_read_only),
        cmocka_unit_test(test_a_child_has_the_keys),
        cmocka_unit_test(test_locked_and_not_dumped),
        cmocka_unit_test(test_a_refused_lock_is_counted),
        cmocka_unit_test(test_no_pages),
        cmocka_unit_test(test_wiped_before_the_pages_go),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
