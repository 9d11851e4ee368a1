#include "base/pool.h"

#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/kit/kit.h"

/* Every byte pair of the stream is different, so that a byte handed out twice shows. */
typedef struct counter {
    uint32_t next;
    size_t calls;
    bool fails;
} counter;

static bool count_fill(void *ctx, uint8_t *out, size_t len)
{
    counter *c = ctx;

    c->calls++;
    if (c->fails) return false;
    assert_int_equal(len % 4, 0);
    for (size_t i = 0; i < len; i += 4, c->next++)
        memcpy(out + i, &c->next, 4);
    return true;
}

static bool kept_here(void)
{
    usher_pool p;

    usher_pool_init(&p, usher_entropy_default());
    bool kept = p.page != NULL;
    usher_pool_deinit(&p);
    return kept;
}

static void test_each_byte_once(void **state)
{
    static bool seen[20000];
    counter c = {0};
    usher_pool p;
    (void)state;

    usher_pool_init(&p, (usher_entropy){count_fill, &c});
    usher_entropy e = usher_pool_entropy(&p);
    for (size_t i = 0; i < 3000; i++) {
        uint8_t out[16];
        size_t len = 4 * (1 + i % 4);
        assert_true(e.fill(e.ctx, out, len));
        for (size_t at = 0; at < len; at += 4) {
            uint32_t n;
            memcpy(&n, out + at, 4);
            assert_true(n < c.next && n < 20000 && !seen[n]);
            seen[n] = true;
        }
    }
    /* 30,000 bytes: many at a time where it may keep them, else each by itself. */
    assert_true(kept_here() ? c.calls < 60 : c.calls == 3000);
    usher_pool_deinit(&p);
    assert_null(p.page);
}

static void test_much_at_once_is_not_kept(void **state)
{
    uint8_t out[4096];
    counter c = {0};
    usher_pool p;
    (void)state;

    usher_pool_init(&p, (usher_entropy){count_fill, &c});
    usher_entropy e = usher_pool_entropy(&p);
    assert_true(e.fill(e.ctx, out, sizeof out));
    assert_int_equal(c.calls, 1);
    assert_int_equal(c.next, sizeof out / 4);
    usher_pool_deinit(&p);
}

static void test_handed_out_is_wiped(void **state)
{
    static const uint8_t none[64];
    uint8_t out[64];
    counter c = {.next = UINT32_C(0x5a5a5a5a)};
    usher_pool p;
    (void)state;

    usher_pool_init(&p, (usher_entropy){count_fill, &c});
    usher_entropy e = usher_pool_entropy(&p);
    if (!p.page)
        skip(); /* nothing is kept where a child of fork would find it (no MADV_WIPEONFORK) */
    assert_true(e.fill(e.ctx, out, sizeof out));
    const uint8_t *page = (const uint8_t *)p.page;
    size_t live = 0;
    for (size_t i = 0; i < 1024 + sizeof(size_t); i++)
        live += page[i] == 0x5a;
    assert_in_range(live, 2 * 960 / 4, 1024);                         /* the rest is there ... */
    assert_memory_equal(page + sizeof(size_t) + 1024 - 64, none, 64); /* ... and this is not */
    usher_pool_deinit(&p);
}

/* Lengths below and above those that are moved by themselves. */
static void test_each_length_is_moved_and_wiped(void **state)
{
    static const uint8_t none[1024];
    uint8_t before[1024], out[40];
    counter c = {.next = UINT32_C(0x5a5a5a5a)};
    size_t left = 1024;
    usher_pool p;
    (void)state;

    usher_pool_init(&p, (usher_entropy){count_fill, &c});
    usher_entropy e = usher_pool_entropy(&p);
    if (!p.page)
        skip(); /* nothing is kept where a child of fork would find it (no MADV_WIPEONFORK) */
    assert_true(e.fill(e.ctx, out, 0)); /* nothing yet */
    assert_true(e.fill(e.ctx, out, 4));
    const uint8_t *bytes = (const uint8_t *)p.page + sizeof(size_t);
    memcpy(before, bytes, sizeof before);
    left -= 4;
    for (size_t len = 1; len <= sizeof out; len++) {
        assert_true(e.fill(e.ctx, out, len));
        left -= len;
        assert_memory_equal(out, before + left, len);
        assert_memory_equal(bytes, before, left);
        assert_memory_equal(bytes + left, none, 1024 - left);
    }
    assert_int_equal(c.calls, 1);
    usher_pool_deinit(&p);
}

static void test_no_entropy(void **state)
{
    uint8_t out[8] = {0};
    counter c = {.fails = true};
    usher_pool p;
    (void)state;

    usher_pool_init(&p, (usher_entropy){count_fill, &c});
    usher_entropy e = usher_pool_entropy(&p);
    assert_false(e.fill(e.ctx, out, sizeof out));
    assert_false(e.fill(e.ctx, out, sizeof out)); /* nothing half-filled is handed out later */
    c.fails = false;
    assert_true(e.fill(e.ctx, out, sizeof out));
    usher_pool_deinit(&p);
}

/* What a parent has waiting, its child has not. */
static void test_a_child_fetches_its_own(void **state)
{
    typedef struct shared {
        size_t calls;
        uint8_t bytes[16];
    } shared;
    counter c = {0};
    uint8_t first[16], mine[16];
    usher_pool p;
    (void)state;

    shared *child =
        mmap(NULL, sizeof *child, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    assert_ptr_not_equal(child, MAP_FAILED);
    usher_pool_init(&p, (usher_entropy){count_fill, &c});
    usher_entropy e = usher_pool_entropy(&p);
    assert_true(e.fill(e.ctx, first, sizeof first));
    assert_int_equal(c.calls, 1);
    pid_t pid = fork();
    if (pid == 0) {
        e.fill(e.ctx, child->bytes, sizeof child->bytes);
        child->calls = c.calls;
        _exit(0);
    }
    int status = 1;
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_int_equal(status, 0);
    assert_int_equal(child->calls, 2);
    assert_true(e.fill(e.ctx, mine, sizeof mine));
    assert_memory_not_equal(mine, child->bytes, sizeof mine);
    assert_memory_not_equal(mine, first, sizeof mine);
    usher_pool_deinit(&p);
    munmap(child, sizeof *child);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_each_byte_once),
        cmocka_unit_test(test_much_at_once_is_not_kept),
        cmocka_unit_test(test_handed_out_is_wiped),
        cmocka_unit_test(test_each_length_is_moved_and_wiped),
        cmocka_unit_test(test_no_entropy),
        cmocka_unit_test(test_a_child_fetches_its_own),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
