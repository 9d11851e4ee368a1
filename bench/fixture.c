#include "bench/fixture.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/str.h"
#include "wire/jose/digest.h"

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

const usher_keyring *fixture_keys(const fixture *f)
{
    return f->site->keys;
}

static bool set_up(fixture *f, int64_t now_ms, usher_entropy entropy)
{
    usher_exchange_options options = {.size = sizeof options, .allocator = &f->alloc};

    /* As an exchange has it that is told nothing, whatever the source. */
    usher_pool_init(&f->pool, entropy);
    options.entropy = f->entropy = usher_pool_entropy(&f->pool);
    f->alloc = (usher_allocator){counted_get, counted_put, &f->memory};
    f->now_ms = now_ms;
    usher_arena_init(&f->arena, &f->alloc, 64 << 10, 1 << 20);
    usher_arena_init(&f->kept, &f->alloc, 64 << 10, 1 << 20);
    f->cipher = usher_jwe_cipher_new(&f->alloc);
    f->scratch = malloc(FLOOR_ROOM);
    return f->cipher && f->scratch && make_site(f) &&
           usher_exchange_new(&f->exchange, &options, NULL) == USHER_OK;
}

/* The token once with the floor and once with the engine: what the rows about sealing and about
 * claims begin with. */
static bool look_inside(fixture *f)
{
    usher_str plain, rest;
    usher_verdict verdict;
    usher_cause cause;

    if (!floor_open(f->floor, f->token, false, &plain)) return false;
    f->header = usher_str_cut(f->token, '.', &rest);
    return usher_arena_dup(&f->claims, &f->kept, plain, NULL) == USHER_OK &&
           usher_token_open(&f->read, &verdict, &cause, &f->kept, f->cipher, fixture_keys(f),
                            USHER_FOR_SESSION, f->token, f->now_ms / 1000, NULL) == USHER_OK &&
           verdict == USHER_SESSION_VALID;
}

static bool is_gcm(const fixture *f)
{
    return usher_str_eq(f->profile, USHER_STR("nextauth-4"));
}

bool fixture_init(fixture *f, int64_t now_ms)
{
    if ((f->floor = floor_new(is_gcm(f), f->key)) && set_up(f, now_ms, usher_entropy_default()) &&
        look_inside(f))
        return true;
    fprintf(stderr, "bench: could not set up %.*s\n", (int)f->profile.len, f->profile.ptr);
    return false;
}

void fixture_deinit(fixture *f)
{
    floor_free(f->floor);
    usher_exchange_free(f->exchange);
    usher_site_unref(f->site);
    usher_jwe_cipher_free(f->cipher);
    usher_arena_deinit(&f->arena);
    usher_arena_deinit(&f->kept);
    usher_pool_deinit(&f->pool);
    free(f->scratch);
    free((char *)(uintptr_t)f->broken.ptr);
}

/* ---- of our own making ---------------------------------------------------------------------- */

#define MADE_MS INT64_C(1767225600000) /* 1 January 2026 */

static bool counting_fill(void *ctx, uint8_t *out, size_t len)
{
    uint32_t *state = ctx;

    for (size_t i = 0; i < len; i++)
        out[i] = (uint8_t)((*state = *state * 1664525u + 1013904223u) >> 24);
    return true;
}

static void put_letters(usher_buf *b, size_t n)
{
    static const char letters[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    uint32_t state = 1815;

    while (n-- > 0)
        usher_buf_put_char(b, letters[(state = state * 1664525u + 1013904223u) >> 26]);
}

static bool write_claims(usher_str *out, usher_arena *a, size_t access_token)
{
    usher_buf b;

    usher_buf_init(&b, a, FLOOR_ROOM);
    usher_buf_put_z(&b, "{\"name\":\"Ada Lovelace-Byron\",\"email\":\"ada.lovelace@example.com\","
                        "\"picture\":\"https://images.example.com/avatars/u/1815?v=4\","
                        "\"sub\":\"5f7c8ec7-c33c-4c00-8bba-fe82ada01815\",\"role\":\"admin\","
                        "\"accessToken\":\"");
    put_letters(&b, access_token);
    usher_buf_put_z(&b, "\"}");
    return usher_buf_take(out, &b, NULL) == USHER_OK;
}

static void put_session(usher_buf *b, const fixture *f)
{
    size_t piece = f->site->profile->chunk_max;
    usher_str name = f->site->cookies[USHER_COOKIE_SESSION].name;

    for (size_t at = 0; at < f->token.len; at += piece) {
        usher_str rest = usher_str_from(f->token, at);
        usher_buf_put_z(b, "; ");
        usher_buf_put(b, name);
        if (f->token.len > piece) {
            usher_buf_put_char(b, '.');
            usher_buf_put_u64(b, at / piece);
        }
        usher_buf_put_char(b, '=');
        usher_buf_put(b, usher_str_of(rest.ptr, rest.len < piece ? rest.len : piece));
    }
}

#define SECRET "a measurement's own secret, at least 32 characters"

/* A good one: nobody has to make another. */
static void put_csrf(usher_buf *b)
{
    char token[65] = "5f7c8ec7c33c4c008bbafe82ada018155f7c8ec7c33c4c008bbafe82ada01815", hex[65];
    uint8_t digest[32];
    const usher_str parts[] = {{token, 64}, USHER_STR(SECRET)};

    if (usher_digest_parts(digest, USHER_SHA256, parts, 2, NULL)) return;
    usher_hex(hex, digest, sizeof digest);
    usher_buf_put(b, usher_str_of(token, 64));
    usher_buf_put_z(b, "%7C");
    usher_buf_put(b, usher_str_of(hex, 64));
}

/* What a browser sends beside the session, up to `total` bytes, as bench/originals.mjs has it. */
static bool write_cookies(fixture *f, size_t total)
{
    usher_buf b;

    usher_buf_init(&b, &f->kept, 2 * FLOOR_ROOM);
    usher_buf_put_z(&b, "_ga=GA1.1.1463218790.1767225600; theme=dark; locale=en-GB");
    put_session(&b, f);
    usher_buf_put_z(&b, is_gcm(f) ? "; next-auth" : "; authjs");
    usher_buf_put_z(&b, ".callback-url=http%3A%2F%2Flocalhost%3A3000%2Fdashboard; ");
    usher_buf_put_z(&b, is_gcm(f) ? "next-auth" : "authjs");
    usher_buf_put_z(&b, ".csrf-token=");
    put_csrf(&b);
    usher_buf_put_z(&b, "; consent=analytics=1&marketing=0; _ga_measurements=");
    if (b.len < total) put_letters(&b, total - b.len);
    return usher_buf_take(&f->cookies, &b, NULL) == USHER_OK;
}

static bool make_one(fixture *f, const char *profile, const char *size, size_t access_token,
                     size_t total)
{
    static uint32_t seed;
    char settings[256];
    usher_str claims;
    int64_t exp;

    seed = 1815;
    *f = (fixture){.profile = usher_str_z(profile), .size = usher_str_z(size)};
    f->email = USHER_STR("ada.lovelace@example.com");
    snprintf(settings, sizeof settings,
             "{\"site\":{\"base_url\":\"http://localhost:3000\",\"development\":true,\"profile\":"
             "\"%s\",\"secret\":\"" SECRET "\"}}",
             profile);
    f->settings = usher_str_z(settings);
    if (!set_up(f, MADE_MS, (usher_entropy){counting_fill, &seed})) return false;
    f->settings = (usher_str){0};
    f->floor = floor_new(is_gcm(f), fixture_keys(f)->keys[USHER_FOR_SESSION][0][0].bytes);
    return f->floor && write_claims(&claims, &f->kept, access_token) &&
           usher_token_seal(&f->token, &exp, &f->kept, f->cipher, fixture_keys(f),
                            USHER_FOR_SESSION, claims, MADE_MS / 1000, 30 * 86400, f->entropy,
                            NULL) == USHER_OK &&
           write_cookies(f, total) && look_inside(f) && break_header(f);
}

size_t fixture_make(fixture out[FIXTURES_MAX])
{
    static const struct {
        const char *profile, *size;
        size_t access_token, total;
    } made[] = {
        {"nextauth-4", "small", 300, 1800},    {"nextauth-4", "large", 3500, 6200},
        {"nextauth-4", "double", 7335, 12400}, {"authjs-5", "small", 300, 1800},
        {"authjs-5", "large", 3500, 6200},     {"authjs-5", "double", 7335, 12400},
    };
    size_t count = sizeof made / sizeof *made;

    for (size_t i = 0; i < count; i++)
        if (!make_one(&out[i], made[i].profile, made[i].size, made[i].access_token,
                      made[i].total)) {
            fprintf(stderr, "bench: could not make %s %s\n", made[i].profile, made[i].size);
            return 0;
        }
    return count;
}
