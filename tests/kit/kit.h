/* kit - what unit tests and fuzz targets share: an allocator that fails on command, entropy from a
 * seed, a quick arena, and cmocka with its includes. */
#ifndef USHER_TESTS_KIT_H
#define USHER_TESTS_KIT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/arena.h"
#include "usher/base.h"

/* Fails the allocation with number `fail_at` (from 0), and every one after it if `from_then_on`.
 * fail_at = SIZE_MAX never fails. Counts what is live. */
typedef struct kit_alloc {
    size_t fail_at;
    bool from_then_on;
    size_t calls;
    size_t live;
    bool failed; /* at least one allocation was refused */
} kit_alloc;
usher_allocator kit_allocator(kit_alloc *state);

/* The same for everything libcrypto allocates. kit_crypto_install must be the first call of main
 * (before any use of libcrypto); then set kit_crypto.fail_at as needed. */
extern kit_alloc kit_crypto;
void kit_crypto_install(void);

/* Deterministic: the same seed gives the same bytes. `fail_at` counts fills, SIZE_MAX never. */
typedef struct kit_random {
    uint64_t seed;
    size_t fail_at, calls;
} kit_random;
usher_entropy kit_entropy(kit_random *state);
uint64_t kit_next(uint64_t *seed); /* splitmix64 */

/* For the dear half of what a fuzz target checks: true for one input in `of`, by a hash of its
 * bytes, and for every input that is replayed. The same input has the same answer, so a find is
 * found again. */
bool kit_sampled(const uint8_t *data, size_t size, unsigned of);
extern bool kit_replaying;

/* An arena for the length of a test: set-up and tear-down of cmocka. */
extern usher_arena kit_arena;
int kit_arena_up(void **state);
int kit_arena_down(void **state);

/* The whole file, with its path relative to the source root; fails the test if it is not there.
 * Free with free(). */
char *kit_read_file(const char *path, size_t *len);

/* Pages between two that nobody may touch: what reads or writes a byte before `begin` or from `end`
 * on dies there, with a sanitizer or without. */
typedef struct kit_pages {
    char *begin, *end;
} kit_pages;
kit_pages kit_pages_new(size_t room); /* rounded up to whole pages */
void kit_pages_free(kit_pages *pages);

usher_str kit_str(const char *z);
#define assert_str(actual, expected_z) kit_assert_str((actual), (expected_z), __FILE__, __LINE__)
void kit_assert_str(usher_str actual, const char *expected, const char *file, int line);
#define assert_ok(expr) assert_int_equal((expr), USHER_OK)

#endif
