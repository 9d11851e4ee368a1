/* usher-bench - one process that times the engine and the floor on the same tokens, in rounds, on
 * the word of bench/run.mjs, which lets the original packages take their turn in between:
 *
 *     usher-bench open|seal FIXTURES    then on its standard input, a line each:
 *     check     every row must give the right answer, and refuse a broken token
 *     mint      seals each fixture's claims: the originals must be able to open that
 *     round MS  times each row for about MS milliseconds
 *
 * Answers are lines of tab-separated columns; "end" closes each. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <openssl/crypto.h>

#include "base/str.h"
#include "bench/fixture.h"
#include "session/token.h"

typedef bool row_run(fixture *f);
typedef struct row {
    const char *name;
    row_run *run;
} row;

/* What libcrypto takes, counted for the "allocations" column. */
static size_t crypto_calls;

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

static int64_t clock_ns(clockid_t which)
{
    struct timespec t;

    clock_gettime(which, &t);
    return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

/* ---- opening */

static bool open_floor(fixture *f)
{
    usher_str plain;
    return floor_open(f->floor, f->token, &plain);
}

static bool open_token(fixture *f)
{
    usher_claims claims;
    usher_verdict verdict;
    usher_cause cause;

    usher_arena_reset(&f->arena);
    return usher_token_open(&claims, &verdict, &cause, &f->arena, f->cipher, &f->site->keys,
                            USHER_FOR_SESSION, f->token, f->now_ms / 1000, NULL) == USHER_OK &&
           verdict == USHER_SESSION_VALID;
}

/* As a server calls it: a whole request with a browser's headers. */
static bool session_of(fixture *f, usher_str cookies, usher_verdict *verdict)
{
    const usher_header headers[] = {
        {USHER_STR("host"), USHER_STR("localhost:3000")},
        {USHER_STR("user-agent"),
         USHER_STR("Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0")},
        {USHER_STR("accept"), USHER_STR("text/html,application/xhtml+xml,*/*;q=0.8")},
        {USHER_STR("accept-language"), USHER_STR("en-GB,en;q=0.5")},
        {USHER_STR("accept-encoding"), USHER_STR("gzip, deflate, br")},
        {USHER_STR("cookie"), cookies},
    };
    usher_request request = {.size = sizeof request,
                             .method = USHER_STR("GET"),
                             .target = USHER_STR("/dashboard?tab=reports"),
                             .headers = headers,
                             .header_count = sizeof headers / sizeof *headers};
    usher_want want;

    if (usher_exchange_start(f->exchange, f->site, &request, f->now_ms, NULL) ||
        usher_get_token(f->exchange, &want, NULL) || want.kind != USHER_WANT_NOTHING)
        return false;
    *verdict = usher_exchange_verdict(f->exchange);
    return true;
}

static bool open_session(fixture *f)
{
    usher_verdict verdict;

    return session_of(f, f->cookies, &verdict) && verdict == USHER_SESSION_VALID;
}

static const row open_rows[] = {
    {"floor", open_floor}, {"token", open_token}, {"session", open_session}, {NULL, NULL}};

/* ---- sealing */

static bool seal_floor(fixture *f)
{
    usher_str token;
    return floor_seal(f->floor, f->header, f->claims, &token);
}

static bool seal(fixture *f, usher_str *token)
{
    int64_t exp;

    usher_arena_reset(&f->arena);
    return usher_token_seal(token, &exp, &f->arena, f->cipher, &f->site->keys, USHER_FOR_SESSION,
                            f->claims, f->now_ms / 1000, 30 * 86400, usher_entropy_default(),
                            NULL) == USHER_OK;
}

static bool seal_token(fixture *f)
{
    usher_str token;
    return seal(f, &token);
}

static const row seal_rows[] = {{"floor", seal_floor}, {"token", seal_token}, {NULL, NULL}};

/* ---- the words of the driver */

static void answer(const fixture *f, const char *what, const char *row_name)
{
    printf("%s\t%.*s\t%.*s\t%s", what, (int)f->profile.len, f->profile.ptr, (int)f->size.len,
           f->size.ptr, row_name);
}

static bool complain(const fixture *f, const char *what)
{
    fprintf(stderr, "bench: %.*s %.*s: %s\n", (int)f->profile.len, f->profile.ptr, (int)f->size.len,
            f->size.ptr, what);
    return false;
}

/* Positive and negative control of both layers, and of the floor. */
static bool check(fixture *f)
{
    usher_verdict verdict;
    usher_str plain, swapped = f->token;
    char *copy = malloc(f->token.len);

    if (!session_of(f, f->cookies, &verdict) || verdict != USHER_SESSION_VALID)
        return complain(f, "the engine does not open the original's cookie");
    const usher_session *s = usher_exchange_session(f->exchange);
    if (!usher_str_eq(usher_session_email(s), f->email)) return complain(f, "wrong claims");
    if (!floor_open(f->floor, f->token, &plain) || !usher_str_eq(plain, usher_session_claims(s)))
        return complain(f, "the floor reads other bytes than the engine");
    if (!session_of(f, f->broken, &verdict) || verdict != USHER_SESSION_REJECTED)
        return complain(f, "the engine takes a broken cookie");
    if (!copy) return complain(f, "no memory");
    memcpy(copy, f->token.ptr, f->token.len);
    copy[f->token.len / 2] = copy[f->token.len / 2] == 'A' ? 'B' : 'A';
    f->token = (usher_str){copy, f->token.len};
    bool taken = open_floor(f) || open_token(f);
    f->token = swapped;
    free(copy);
    if (taken) return complain(f, "a broken token opens");
    answer(f, "checked", "all");
    printf("\n");
    return true;
}

static bool mint(fixture *f)
{
    usher_str token;

    if (!seal(f, &token)) return complain(f, "does not seal");
    answer(f, "minted", "token");
    printf("\t%.*s\n", (int)token.len, token.ptr);
    return true;
}

/* What the sealing rows seal again: the claims and the header of the original's token. */
static bool remember_claims(fixture *f)
{
    usher_str plain, rest;

    if (!floor_open(f->floor, f->token, &plain)) return complain(f, "the floor does not open it");
    char *copy = malloc(plain.len);
    if (!copy) return complain(f, "no memory");
    memcpy(copy, plain.ptr, plain.len);
    f->claims = (usher_str){copy, plain.len};
    f->header = usher_str_cut(f->token, '.', &rest);
    return true;
}

static bool time_row(fixture *f, const row *r, int64_t round_ns)
{
    size_t times = 0, batch = 64, before;
    int64_t began, cpu, wall = 0;

    for (int i = 0; i < 32; i++)
        if (!r->run(f)) return complain(f, r->name);
    before = f->memory.calls + crypto_calls;
    if (!r->run(f)) return complain(f, r->name);
    size_t allocations = f->memory.calls + crypto_calls - before;
    began = clock_ns(CLOCK_MONOTONIC);
    cpu = clock_ns(CLOCK_THREAD_CPUTIME_ID);
    for (; wall < round_ns; wall = clock_ns(CLOCK_MONOTONIC) - began, times += batch)
        for (size_t i = 0; i < batch; i++)
            if (!r->run(f)) return complain(f, r->name);
    cpu = clock_ns(CLOCK_THREAD_CPUTIME_ID) - cpu;
    answer(f, "timed", r->name);
    printf("\t%.2f\t%.2f\t%zu\n", (double)wall / (double)times, (double)cpu / (double)times,
           allocations);
    return true;
}

static bool round_of(fixture *f, const row *rows, int64_t round_ns)
{
    for (const row *r = rows; r->name; r++)
        if (!time_row(f, r, round_ns)) return false;
    return true;
}

static bool obey(usher_str line, fixture *fixtures, size_t count, const row *rows)
{
    usher_str rest, word = usher_str_cut(line, ' ', &rest);
    uint64_t ms = 0;
    bool fine = true;

    for (size_t i = 0; fine && i < count; i++) {
        if (usher_str_eq(word, USHER_STR("check")))
            fine = check(&fixtures[i]);
        else if (usher_str_eq(word, USHER_STR("mint")))
            fine = mint(&fixtures[i]);
        else if (usher_str_eq(word, USHER_STR("round")) && usher_str_u64(&ms, rest) && ms < 60000)
            fine = round_of(&fixtures[i], rows, (int64_t)ms * 1000000);
        else
            fine = complain(&fixtures[i], "check, mint or round MS");
    }
    printf("end\n");
    fflush(stdout);
    return fine;
}

int main(int argc, char **argv)
{
    static fixture fixtures[FIXTURES_MAX];
    char line[64];
    bool fine = CRYPTO_set_mem_functions(crypto_get, crypto_resize, crypto_put) == 1;
    usher_str mode = usher_str_z(argc == 3 ? argv[1] : "");
    const row *rows = usher_str_eq(mode, USHER_STR("open"))   ? open_rows
                      : usher_str_eq(mode, USHER_STR("seal")) ? seal_rows
                                                              : NULL;

    if (!rows) {
        fprintf(stderr, "usage: usher-bench open|seal FIXTURES\n");
        return 2;
    }
    size_t count = fixture_read(fixtures, argv[2]);
    fine = fine && count > 0;
    for (size_t i = 0; fine && i < count; i++)
        fine = fixture_init(&fixtures[i], clock_ns(CLOCK_REALTIME) / 1000000) &&
               remember_claims(&fixtures[i]);
    printf("ready\t%s\n", OpenSSL_version(OPENSSL_VERSION));
    fflush(stdout);
    while (fine && fgets(line, sizeof line, stdin))
        fine = obey(usher_str_of(line, strcspn(line, "\n")), fixtures, count, rows);
    for (size_t i = 0; i < count; i++) {
        free((char *)(uintptr_t)fixtures[i].claims.ptr);
        fixture_deinit(&fixtures[i]);
    }
    return fine ? 0 : 1;
}
