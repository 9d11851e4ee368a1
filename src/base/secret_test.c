#include "base/secret.h"

#include "tests/kit/kit.h"

#define CANARY 0xa5

static size_t seen;

static void *plain_get(void *ctx, size_t size)
{
    (void)ctx;
    return malloc(size);
}

/* What comes back must be wiped. */
static void looking_put(void *ctx, void *ptr, size_t size)
{
    size_t expected = *(const size_t *)ctx;

    assert_int_equal(size, expected ? expected : 1);
    if (expected) assert_null(memchr(ptr, CANARY, size));
    seen++;
    free(ptr);
}

static void test_free_wipes(void **state)
{
    (void)state;
    uint8_t bytes[100];
    memset(bytes, CANARY, sizeof bytes);
    seen = 0;
    for (size_t len = 0; len <= sizeof bytes; len++) {
        usher_allocator alloc = {plain_get, looking_put, &len};
        usher_secret s;
        assert_ok(usher_secret_dup(&s, &alloc, bytes, len, NULL));
        assert_int_equal(s.len, len);
        assert_non_null(s.ptr);
        if (len) assert_memory_equal(s.ptr, bytes, len);
        usher_secret_free(&s, &alloc);
        assert_null(s.ptr);
        assert_int_equal(s.len, 0);
        usher_secret_free(&s, &alloc); /* twice is fine */
    }
    assert_int_equal(seen, sizeof bytes + 1);
    usher_secret_free(NULL, usher_allocator_default());
}

static void test_wipe(void **state)
{
    (void)state;
    uint8_t bytes[9];
    memset(bytes, CANARY, sizeof bytes);
    usher_wipe(bytes + 1, 7);
    assert_int_equal(bytes[0], CANARY);
    assert_int_equal(bytes[8], CANARY);
    for (int i = 1; i < 8; i++)
        assert_int_equal(bytes[i], 0);
    usher_wipe(bytes, 0);
    assert_int_equal(bytes[0], CANARY);
    usher_wipe(NULL, 5);
}

static void test_equal(void **state)
{
    (void)state;
    static const struct {
        usher_str a, b;
        bool equal;
    } rows[] = {
        {USHER_STR_INIT("a"), USHER_STR_INIT("a"), true},
        {USHER_STR_INIT("token|hash"), USHER_STR_INIT("token|hash"), true},
        {USHER_STR_INIT("a\0b"), USHER_STR_INIT("a\0b"), true},
        {USHER_STR_INIT("a\0b"), USHER_STR_INIT("a\0c"), false},
        {USHER_STR_INIT("a"), USHER_STR_INIT("b"), false},
        {USHER_STR_INIT("a"), USHER_STR_INIT("aa"), false},
        {USHER_STR_INIT("aa"), USHER_STR_INIT("a"), false},
        {USHER_STR_INIT("a"), USHER_STR_INIT(""), false},
        {USHER_STR_INIT(""), USHER_STR_INIT(""), false}, /* two missing values do not match */
        {{NULL, 0}, {NULL, 0}, false},
        {{NULL, 0}, USHER_STR_INIT("a"), false},
        {USHER_STR_INIT("a"), {NULL, 0}, false},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        assert_int_equal(usher_secret_equal_str(rows[i].a, rows[i].b), rows[i].equal);
        uint8_t a[16], b[16];
        if (rows[i].a.len) memcpy(a, rows[i].a.ptr, rows[i].a.len);
        if (rows[i].b.len) memcpy(b, rows[i].b.ptr, rows[i].b.len);
        usher_secret sa = {rows[i].a.ptr ? a : NULL, rows[i].a.len};
        usher_secret sb = {rows[i].b.ptr ? b : NULL, rows[i].b.len};
        assert_int_equal(usher_secret_equal(sa, sb), rows[i].equal);
    }
}

static void test_any_flipped_bit_is_seen(void **state)
{
    (void)state;
    uint8_t a[32], b[32];
    for (size_t i = 0; i < sizeof a; i++)
        a[i] = b[i] = (uint8_t)(i * 37);
    usher_secret sa = {a, sizeof a}, sb = {b, sizeof b};
    for (size_t bit = 0; bit < sizeof a * 8; bit++) {
        a[bit / 8] ^= (uint8_t)(1u << bit % 8);
        assert_false(usher_secret_equal(sa, sb));
        a[bit / 8] ^= (uint8_t)(1u << bit % 8);
        assert_true(usher_secret_equal(sa, sb));
    }
}

static void test_no_memory(void **state)
{
    (void)state;
    kit_alloc kit = {.fail_at = 0};
    usher_allocator alloc = kit_allocator(&kit);
    usher_secret s = {(uint8_t *)&kit, 5};
    usher_error err = {0};

    assert_int_equal(usher_secret_dup(&s, &alloc, "abc", 3, &err), USHER_E_NOMEM);
    assert_int_equal(err.status, USHER_E_NOMEM);
    assert_null(s.ptr);
    assert_int_equal(s.len, 0);
    assert_int_equal(kit.live, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_free_wipes), cmocka_unit_test(test_wipe),
        cmocka_unit_test(test_equal),      cmocka_unit_test(test_any_flipped_bit_is_seen),
        cmocka_unit_test(test_no_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
