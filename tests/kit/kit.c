#include "tests/kit/kit.h"

#include <openssl/crypto.h>
#include <sys/mman.h>
#include <unistd.h>

static void *counted_get(void *ctx, size_t size)
{
    kit_alloc *s = ctx;
    size_t n = s->calls++;

    if (n == s->fail_at || (s->from_then_on && n > s->fail_at)) {
        s->failed = true;
        return NULL;
    }
    void *p = malloc(size ? size : 1);
    if (p) s->live++;
    return p;
}

static void counted_put(void *ctx, void *ptr, size_t size)
{
    kit_alloc *s = ctx;

    (void)size;
    if (ptr) s->live--;
    free(ptr);
}

usher_allocator kit_allocator(kit_alloc *state)
{
    return (usher_allocator){counted_get, counted_put, state};
}

usher_arena kit_arena;

int kit_arena_up(void **state)
{
    (void)state;
    usher_arena_init(&kit_arena, usher_allocator_default(), 8192, 64 << 20);
    return 0;
}

int kit_arena_down(void **state)
{
    (void)state;
    usher_arena_deinit(&kit_arena);
    return 0;
}

static size_t page_size(void)
{
    return (size_t)sysconf(_SC_PAGESIZE);
}

kit_pages kit_pages_new(size_t room)
{
    size_t page = page_size(), size = (room + page - 1) / page * page;
    char *all = mmap(NULL, size + 2 * page, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

    if (all == MAP_FAILED || mprotect(all + page, size, PROT_READ | PROT_WRITE)) abort();
    return (kit_pages){all + page, all + page + size};
}

void kit_pages_free(kit_pages *pages)
{
    size_t page = page_size();

    if (munmap(pages->begin - page, (size_t)(pages->end - pages->begin) + 2 * page)) abort();
    *pages = (kit_pages){0};
}

kit_alloc kit_crypto = {.fail_at = SIZE_MAX};

static void *crypto_get(size_t size, const char *file, int line)
{
    (void)file, (void)line;
    return counted_get(&kit_crypto, size);
}

static void *crypto_resize(void *ptr, size_t size, const char *file, int line)
{
    (void)file, (void)line;
    size_t n = kit_crypto.calls++;

    if (n == kit_crypto.fail_at || (kit_crypto.from_then_on && n > kit_crypto.fail_at)) {
        kit_crypto.failed = true;
        return NULL;
    }
    if (!ptr) kit_crypto.live++;
    return realloc(ptr, size ? size : 1);
}

static void crypto_put(void *ptr, const char *file, int line)
{
    (void)file, (void)line;
    counted_put(&kit_crypto, ptr, 0);
}

void kit_crypto_install(void)
{
    if (!CRYPTO_set_mem_functions(crypto_get, crypto_resize, crypto_put)) {
        fprintf(stderr, "kit: libcrypto was used before kit_crypto_install\n");
        abort();
    }
}

uint64_t kit_next(uint64_t *seed)
{
    uint64_t z = *seed += UINT64_C(0x9e3779b97f4a7c15);

    z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
    return z ^ (z >> 31);
}

static bool seeded_fill(void *ctx, uint8_t *out, size_t len)
{
    kit_random *s = ctx;

    if (s->calls++ == s->fail_at) return false;
    for (size_t i = 0; i < len; i++)
        out[i] = (uint8_t)kit_next(&s->seed);
    return true;
}

usher_entropy kit_entropy(kit_random *state)
{
    return (usher_entropy){seeded_fill, state};
}

bool kit_replaying;

bool kit_sampled(const uint8_t *data, size_t size, unsigned of)
{
    uint64_t hash = size;

    if (kit_replaying) return true;
    for (size_t i = 0; i < size; i++)
        hash = (hash ^ data[i]) * UINT64_C(0x100000001b3); /* FNV-1a */
    return (hash >> 32) % of == 0;
}

char *kit_read_file(const char *path, size_t *len)
{
    FILE *f = fopen(path, "rb");
    if (!f) fail_msg("cannot open %s (tests run in the source root)", path);
    fseek(f, 0, SEEK_END);
    long size = ftell(f);
    assert_true(size >= 0);
    rewind(f);
    char *text = malloc((size_t)size + 1);
    assert_non_null(text);
    assert_int_equal(fread(text, 1, (size_t)size, f), (size_t)size);
    fclose(f);
    text[size] = 0;
    *len = (size_t)size;
    return text;
}

usher_str kit_str(const char *z)
{
    return (usher_str){z, z ? strlen(z) : 0};
}

void kit_assert_str(usher_str actual, const char *expected, const char *file, int line)
{
    size_t len = strlen(expected);
    if (actual.len == len && (len == 0 || memcmp(actual.ptr, expected, len) == 0)) return;
    print_error("\"%.*s\" is not \"%s\"\n", (int)actual.len, actual.len ? actual.ptr : "",
                expected);
    _fail(file, line);
}
