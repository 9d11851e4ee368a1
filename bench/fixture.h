/* fixture - the sessions that are timed: genuine tokens of the original packages, with everything
 * that is needed to open them by each layer. */
#ifndef USHER_BENCH_FIXTURE_H
#define USHER_BENCH_FIXTURE_H

#include "base/arena.h"
#include "base/pool.h"
#include "bench/floor.h"
#include "flow/site.h"
#include "session/token.h"
#include "usher/exchange.h"

#define FIXTURES_MAX    8
#define FIXTURE_HEADERS 6

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
    usher_header headers[FIXTURE_HEADERS];
    usher_request request;
    usher_allocator alloc;
    fixture_memory memory;
    usher_pool pool;
    usher_entropy entropy;
    usher_arena arena; /* of the token layer's rows */
    usher_jwe_cipher *cipher;
    uint8_t *scratch;         /* FLOOR_ROOM */
    usher_str claims, header; /* of the token: what the sealing rows seal again */
    usher_arena kept;
    usher_claims read; /* the token's, kept for the row that only judges them */
    int64_t now_ms;
} fixture;

/* Reads lines of seven columns: profile, size, key in hex, settings, token, Cookie header, e-mail.
 * The text stays with the process. 0 and a message on failure. */
size_t fixture_read(fixture out[FIXTURES_MAX], const char *path);
/* The same sessions of our own making: each time the same bytes, whoever runs it when. Initialised
 * already. */
size_t fixture_make(fixture out[FIXTURES_MAX]);
bool fixture_init(fixture *f, int64_t now_ms); /* false, and a message, if anything refuses */
void fixture_deinit(fixture *f);

const usher_keyring *fixture_keys(const fixture *f);

#endif
