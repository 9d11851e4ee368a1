/* usher-bench - one process that times the engine and the floor on the same tokens, in rounds, on
 * the word of bench/run.mjs, which lets the original packages take their turn in between:
 *
 *     usher-bench count                 runs each row a fixed number of times, on sessions of its
 * own usher-bench open|seal FIXTURES    then on its standard input, a line each: check     every
 * row must give the right answer, and refuse a broken token mint      seals each fixture's claims:
 * the originals must be able to open that round MS  times each row for about MS milliseconds
 *
 * Answers are lines of tab-separated columns; "end" closes each. */
#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <openssl/crypto.h>

#include "base/str.h"
#include "bench/rows.h"

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

    if (!rows_session(f, f->cookies, &verdict) || verdict != USHER_SESSION_VALID)
        return complain(f, "the engine does not open the original's cookie");
    const usher_session *s = usher_exchange_session(f->exchange);
    if (!usher_str_eq(usher_session_email(s), f->email)) return complain(f, "wrong claims");
    if (!floor_open(f->floor, f->token, false, &plain) ||
        !usher_str_eq(plain, usher_session_claims(s)))
        return complain(f, "the floor reads other bytes than the engine");
    if (!rows_session(f, f->broken, &verdict) || verdict != USHER_SESSION_REJECTED)
        return complain(f, "the engine takes a broken cookie");
    if (!copy) return complain(f, "no memory");
    memcpy(copy, f->token.ptr, f->token.len);
    copy[f->token.len / 2] = copy[f->token.len / 2] == 'A' ? 'B' : 'A';
    f->token = (usher_str){copy, f->token.len};
    bool taken = rows_open_floor(f) || rows_open_token(f);
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

    if (!rows_seal_token(f, &token)) return complain(f, "does not seal");
    answer(f, "minted", "token");
    printf("\t%.*s\n", (int)token.len, token.ptr);
    if (!rows_seal_again(f, &token)) return complain(f, "does not seal again");
    answer(f, "minted", "again");
    printf("\t%.*s\n", (int)token.len, token.ptr);
    return true;
}

/* ---- rounds ---------------------------------------------------------------------------------- */

#define ROWS_MAX   16
#define SLICES_MAX 256
#define SLICE_NS   500000

/* What a row took in each slice of a round, a call. Rows take turns slice by slice, so that a
 * neighbour who halves the core's speed for a while does so to all of them. */
typedef struct timing {
    double wall[SLICES_MAX], cpu[SLICES_MAX];
    size_t batch, allocations;
} timing;

static bool time_slice(fixture *f, const row *r, timing *t, size_t slice)
{
    int64_t wall = clock_ns(CLOCK_MONOTONIC), cpu = clock_ns(CLOCK_THREAD_CPUTIME_ID);

    for (size_t i = 0; i < t->batch; i++)
        if (!r->run(f)) return complain(f, r->name);
    t->cpu[slice] = (double)(clock_ns(CLOCK_THREAD_CPUTIME_ID) - cpu) / (double)t->batch;
    t->wall[slice] = (double)(clock_ns(CLOCK_MONOTONIC) - wall) / (double)t->batch;
    return true;
}

/* Warms the row up, counts what one call allocates, and finds how many calls fill a slice. */
static bool prepare(fixture *f, const row *r, timing *t)
{
    size_t before;

    t->batch = 64;
    if (!time_slice(f, r, t, 0)) return false;
    before = f->memory.calls + crypto_calls;
    if (!r->run(f)) return complain(f, r->name);
    t->allocations = f->memory.calls + crypto_calls - before;
    t->batch = 1 + (size_t)(SLICE_NS / (t->wall[0] + 1));
    return true;
}

static int compare_doubles(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;

    return (x > y) - (x < y);
}

/* The quicker quarter's slowest: neighbours only ever add. */
static double low_quarter(double *values, size_t count)
{
    qsort(values, count, sizeof *values, compare_doubles);
    return values[count / 4];
}

static bool round_of(fixture *f, const row *rows, int64_t round_ns)
{
    static timing timings[ROWS_MAX];
    size_t slices = (size_t)(round_ns / SLICE_NS), count = 0;

    if (slices > SLICES_MAX) slices = SLICES_MAX;
    for (; rows[count].name && count < ROWS_MAX; count++)
        if (!prepare(f, &rows[count], &timings[count])) return false;
    for (size_t slice = 0; slice < slices; slice++)
        for (size_t i = 0; i < count; i++)
            if (!time_slice(f, &rows[i], &timings[i], slice)) return false;
    for (size_t i = 0; i < count; i++) {
        answer(f, "timed", rows[i].name);
        printf("\t%.2f\t%.2f\t%zu\n", low_quarter(timings[i].wall, slices),
               low_quarter(timings[i].cpu, slices), timings[i].allocations);
    }
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

/* ---- two threads ----------------------------------------------------------------------------- */

#define THREAD_NS     3000000 /* how long an arrangement runs at a time */
#define THREAD_ROUNDS 100

typedef struct runner {
    fixture *f;
    size_t core;
    pthread_barrier_t *start;
    bool fine;
    double ns; /* of processor time, for an opening */
} runner;

static bool stay_on(size_t core)
{
    cpu_set_t set;

    CPU_ZERO(&set);
    CPU_SET(core, &set);
    return pthread_setaffinity_np(pthread_self(), sizeof set, &set) == 0;
}

/* The machine's first two cores that we may use. */
static bool two_cores(size_t core[2])
{
    cpu_set_t set;
    size_t count = 0;

    if (sched_getaffinity(0, sizeof set, &set)) return false;
    for (size_t i = 0; i < CPU_SETSIZE && count < 2; i++)
        if (CPU_ISSET(i, &set)) core[count++] = i;
    return count == 2;
}

static void *run_alone(void *arg)
{
    runner *r = arg;
    const row *session = &open_rows[ROW_SESSION];
    int64_t until, cpu;
    size_t n = 0;

    r->fine = stay_on(r->core) && session->run(r->f);
    pthread_barrier_wait(r->start);
    cpu = clock_ns(CLOCK_THREAD_CPUTIME_ID);
    until = clock_ns(CLOCK_MONOTONIC) + THREAD_NS;
    for (; r->fine && clock_ns(CLOCK_MONOTONIC) < until; n += 64)
        for (int i = 0; i < 64 && r->fine; i++)
            r->fine = session->run(r->f);
    r->ns = (double)(clock_ns(CLOCK_THREAD_CPUTIME_ID) - cpu) / (double)n;
    return NULL;
}

/* What an opening costs each of `count` threads that run at the same time. */
static bool run_threads(runner *runners, size_t count)
{
    pthread_t threads[2];
    pthread_barrier_t start;
    bool fine = true;

    pthread_barrier_init(&start, NULL, (unsigned)count);
    for (size_t i = 0; i < count; i++) {
        runners[i].start = &start;
        if (pthread_create(&threads[i], NULL, run_alone, &runners[i])) exit(1);
    }
    for (size_t i = 0; i < count; i++) {
        pthread_join(threads[i], NULL);
        fine = fine && runners[i].fine;
    }
    pthread_barrier_destroy(&start);
    return fine;
}

/* One fixture three times: two exchanges on one site, and one whose site is its own. */
typedef struct trio {
    fixture first, same_site, own_site;
} trio;

/* Each core alone, both on one site, and both with nothing in common, by turns: what the last two
 * have to bear from the machine and its neighbours is the same. */
static bool threads_round(trio *t, const size_t core[2], double ns[6])
{
    runner alone[] = {{.f = &t->first, .core = core[0]}, {.f = &t->same_site, .core = core[1]}};
    runner both[] = {alone[0], alone[1]};
    runner apart[] = {alone[0], {.f = &t->own_site, .core = core[1]}};

    if (!run_threads(&alone[0], 1) || !run_threads(&alone[1], 1) || !run_threads(both, 2) ||
        !run_threads(apart, 2))
        return false;
    for (size_t i = 0; i < 2; i++) {
        ns[i] = alone[i].ns;
        ns[2 + i] = both[i].ns;
        ns[4 + i] = apart[i].ns;
    }
    return true;
}

static bool trio_init(trio *t, int64_t now_ms)
{
    if (!fixture_init(&t->first, now_ms) || !fixture_init(&t->same_site, now_ms) ||
        !fixture_init(&t->own_site, now_ms))
        return false;
    usher_site_unref(t->same_site.site);
    t->same_site.site = usher_site_ref(t->first.site);
    return true;
}

static bool compare_trio(trio *t, const size_t core[2])
{
    static double ns[6][THREAD_ROUNDS];
    double round[6];

    for (size_t i = 0; i < THREAD_ROUNDS; i++) {
        if (!threads_round(t, core, round)) return false;
        for (size_t k = 0; k < 6; k++)
            ns[k][i] = round[k];
    }
    answer(&t->first, "threads", "session");
    for (size_t k = 0; k < 6; k++)
        printf("\t%.2f", low_quarter(ns[k], THREAD_ROUNDS));
    printf("\n");
    return true;
}

static int compare_threads(const char *path)
{
    static fixture first[FIXTURES_MAX], same_site[FIXTURES_MAX], own_site[FIXTURES_MAX];
    size_t count = fixture_read(first, path);
    int64_t now_ms = clock_ns(CLOCK_REALTIME) / 1000000;
    size_t core[2];
    bool fine = two_cores(core) && count > 0 && fixture_read(same_site, path) == count &&
                fixture_read(own_site, path) == count;

    for (size_t i = 0; i < count && fine; i++) {
        static trio t;
        t = (trio){first[i], same_site[i], own_site[i]};
        fine = trio_init(&t, now_ms) && compare_trio(&t, core);
        fixture_deinit(&t.first);
        fixture_deinit(&t.same_site);
        fixture_deinit(&t.own_site);
    }
    printf("end\n");
    return fine ? 0 : 1;
}

/* ---- fixed workloads ------------------------------------------------------------------------ */

#ifdef __clang__
#define ONE_OF_ITS_NAME __attribute__((noinline))
#else
#define ONE_OF_ITS_NAME __attribute__((noinline, noclone))
#endif

/* A name that a profiler can be told: it counts inside this function only. */
ONE_OF_ITS_NAME static bool counted_work(fixture *f, const row *r, size_t times)
{
    for (size_t i = 0; i < times; i++)
        if (!r->run(f)) return complain(f, r->name);
    return true;
}

#define COUNTED 50

static bool count_rows(fixture *f, const char *kind, const row *rows)
{
    bool fine = true;

    for (const row *r = rows; r->name && fine; r++) {
        for (int i = 0; i < 4 && fine; i++)
            fine = r->run(f);
        fine = fine && counted_work(f, r, COUNTED);
        answer(f, kind, r->name);
        printf("\t%d\n", COUNTED);
    }
    return fine;
}

static int count_all(void)
{
    static fixture fixtures[FIXTURES_MAX];
    size_t count = fixture_make(fixtures);
    bool fine = count > 0;

    for (size_t i = 0; i < count && fine; i++)
        fine = check(&fixtures[i]) && count_rows(&fixtures[i], "open", open_rows) &&
               count_rows(&fixtures[i], "seal", seal_rows);
    for (size_t i = 0; i < count; i++)
        fixture_deinit(&fixtures[i]);
    return fine ? 0 : 1;
}

int main(int argc, char **argv)
{
    static fixture fixtures[FIXTURES_MAX];
    char line[64];
    bool fine = CRYPTO_set_mem_functions(crypto_get, crypto_resize, crypto_put) == 1;
    usher_str mode = usher_str_z(argc > 1 ? argv[1] : "");
    const row *rows = usher_str_eq(mode, USHER_STR("open"))   ? open_rows
                      : usher_str_eq(mode, USHER_STR("seal")) ? seal_rows
                                                              : NULL;

    if (usher_str_eq(mode, USHER_STR("count"))) return count_all();
    if (usher_str_eq(mode, USHER_STR("threads")) && argc == 3) return compare_threads(argv[2]);
    if (!rows || argc != 3) {
        fprintf(stderr,
                "usage: usher-bench count | threads FIXTURES | open FIXTURES | seal FIXTURES\n");
        return 2;
    }
    size_t count = fixture_read(fixtures, argv[2]);
    fine = fine && count > 0;
    for (size_t i = 0; fine && i < count; i++)
        fine = fixture_init(&fixtures[i], clock_ns(CLOCK_REALTIME) / 1000000);
    printf("ready\t%s\n", OpenSSL_version(OPENSSL_VERSION));
    fflush(stdout);
    while (fine && fgets(line, sizeof line, stdin))
        fine = obey(usher_str_of(line, strcspn(line, "\n")), fixtures, count, rows);
    for (size_t i = 0; i < count; i++)
        fixture_deinit(&fixtures[i]);
    return fine ? 0 : 1;
}
