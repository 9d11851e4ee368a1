#include "bench/fixture.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"

static void *counted_get(void *ctx, size_t size)
{
    fixture_memory *m = ctx;
    m->calls++;
    return malloc(size ? size : 1);
}

static void counted_put(void *ctx, void *ptr, size_t size)
{
    (void)ctx, (void)size;
    free(ptr);
}

static char *read_whole(const char *path, size_t *len)
{
    FILE *f = fopen(path, "rb");
    char *text = malloc(1 << 20);

    *len = f && text ? fread(text, 1, 1 << 20, f) : 0;
    if (f) fclose(f);
    return text;
}

static int nibble(char c)
{
    return c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static bool read_hex(uint8_t out[64], usher_str hex)
{
    if (hex.len != 64 && hex.len != 128) return false;
    for (size_t i = 0; i < hex.len; i += 2) {
        int high = nibble(hex.ptr[i]), low = nibble(hex.ptr[i + 1]);
        if (high < 0 || low < 0) return false;
        out[i / 2] = (uint8_t)(high << 4 | low);
    }
    return true;
}

/* The header again with one character of the token's cipher text changed. */
static bool break_header(fixture *f)
{
    usher_str probe = {f->token.ptr + f->token.len / 2, 24};
    size_t at = usher_str_find(f->cookies, probe);
    char *copy = malloc(f->cookies.len);

    if (at == SIZE_MAX || !copy) {
        free(copy);
        return false;
    }
    memcpy(copy, f->cookies.ptr, f->cookies.len);
    copy[at] = copy[at] == 'A' ? 'B' : 'A';
    f->broken = (usher_str){copy, f->cookies.len};
    return true;
}

static bool read_line(fixture *f, usher_str line)
{
    usher_str key;
    usher_str *columns[] = {&f->profile, &f->size,    &key,     &f->settings,
                            &f->token,   &f->cookies, &f->email};

    for (size_t i = 0; i < sizeof columns / sizeof *columns; i++)
        *columns[i] = usher_str_cut(line, '\t', &line);
    return f->email.len && f->token.len > 64 && read_hex(f->key, key) && break_header(f);
}

size_t fixture_read(fixture out[FIXTURES_MAX], const char *path)
{
    size_t count = 0, len;
    char *text = read_whole(path, &len);
    usher_str rest = {text, len};

    while (rest.len && count < FIXTURES_MAX) {
        usher_str line = usher_str_cut(rest, '\n', &rest);
        if (!line.len) continue;
        out[count] = (fixture){0};
        if (!read_line(&out[count], line)) {
            fprintf(stderr, "bench: %s, line %zu: not a fixture\n", path, count + 1);
            return 0;
        }
        count++;
    }
    return count;
}

static void print_problems(usher_problems *problems)
{
    for (size_t i = 0; i < usher_problems_count(problems); i++) {
        const usher_problem *p = usher_problems_at(problems, i);
        if (!p->warning) fprintf(stderr, "bench: %.*s\n", (int)p->message.len, p->message.ptr);
    }
    usher_problems_free(problems);
}

static bool make_site(fixture *f)
{
    usher_problems *problems = NULL;
    usher_error err = {0};
    usher_status rc = usher_site_new(&f->site, &problems, f->settings, NULL, NULL, &err);

    if (rc) fprintf(stderr, "bench: the settings are refused: %s\n", err.what ? err.what : "?");
    if (rc)
        print_problems(problems);
    else
        usher_problems_free(problems);
    return rc == USHER_OK;
}

bool fixture_init(fixture *f, int64_t now_ms)
{
    usher_exchange_options options = {.size = sizeof options, .allocator = &f->alloc};
    usher_error err = {0};

    f->alloc = (usher_allocator){counted_get, counted_put, &f->memory};
    f->now_ms = now_ms;
    usher_arena_init(&f->arena, &f->alloc, 64 << 10, 1 << 20);
    f->floor = floor_new(usher_str_eq(f->profile, USHER_STR("nextauth-4")), f->key);
    f->cipher = usher_jwe_cipher_new(&f->alloc);
    if (f->floor && f->cipher && make_site(f) &&
        usher_exchange_new(&f->exchange, &options, &err) == USHER_OK)
        return true;
    fprintf(stderr, "bench: could not set up: %s\n", err.what ? err.what : "no detail");
    return false;
}

void fixture_deinit(fixture *f)
{
    floor_free(f->floor);
    usher_exchange_free(f->exchange);
    usher_site_unref(f->site);
    usher_jwe_cipher_free(f->cipher);
    usher_arena_deinit(&f->arena);
    free((char *)(uintptr_t)f->broken.ptr);
}
