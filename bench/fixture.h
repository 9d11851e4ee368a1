/* fixture - the sessions that are timed: genuine tokens of the original packages, with everything
 * that is needed to open them by each layer. */
#ifndef USHER_BENCH_FIXTURE_H
#define USHER_BENCH_FIXTURE_H

#include "base/arena.h"
#include "bench/floor.h"
#include "flow/site.h"
#include "usher/exchange.h"

#define FIXTURES_MAX 8

/* Counts what one exchange takes; the crypto library's calls are counted apart (bench.c). */
typedef struct fixture_memory {
    size_t calls;
} fixture_memory;

typedef struct fixture {
    usher_str profile, size;  /* "nextauth-4", "small" */
    usher_str settings;       /* JSON */
    usher_str token, cookies; /* the sealed value; a browser's whole Cookie header with it */
    usher_str broken;         /* the same header, one character of the token changed */
    usher_str email;          /* what a reader must find */
    uint8_t key[64];

    floor_state *floor;
    usher_site *site;
    usher_exchange *exchange;
    usher_allocator alloc;
    fixture_memory memory;
    usher_arena arena; /* of the token layer's rows */
    usher_jwe_cipher *cipher;
    usher_str claims, header; /* of the token: what the sealing rows seal again */
    int64_t now_ms;
} fixture;

/* Reads lines of seven columns: profile, size, key in hex, settings, token, Cookie header, e-mail.
 * The text stays with the process. 0 and a message on failure. */
size_t fixture_read(fixture out[FIXTURES_MAX], const char *path);
bool fixture_init(fixture *f, int64_t now_ms); /* false, and a message, if anything refuses */
void fixture_deinit(fixture *f);

#endif
