/* deadline - cuts connections whose request does not come to an end. libmicrohttpd's own timeout
 * counts from the last byte, so a byte a second would hold a connection for ever; these count from
 * the first. A watchdog shuts the socket down, and the library sees a closed connection. */
#ifndef USHERD_DEADLINE_H
#define USHERD_DEADLINE_H

#include <pthread.h>
#include <stdatomic.h>

#include "usher/base.h"

typedef enum usherd_phase {
    USHERD_PHASE_HEAD, /* from accept, or from the first byte of a later request */
    USHERD_PHASE_BODY,
    USHERD_PHASE_THINK,  /* our turn: no deadline here, each want has its own */
    USHERD_PHASE_ANSWER, /* from the answer to its last byte */
    USHERD_PHASE_IDLE,   /* kept, nothing under way: the library's timeout counts */
    USHERD_PHASE_COUNT
} usherd_phase;

/* One accepted socket. */
typedef struct usherd_wire usherd_wire;
struct usherd_wire {
    usherd_wire *next, **link; /* of the watch */
    int fd;
    atomic_bool cut;
    bool gone; /* the other side had closed when the watch last looked */
    atomic_uint phase;
    atomic_int_least64_t since_ms; /* of the phase; for HEAD the time of the first byte */
};

typedef struct usherd_watch {
    pthread_mutex_t lock;
    pthread_cond_t wake;
    pthread_t thread;
    bool running, stop;
    usherd_wire *first;
    atomic_size_t count;                  /* read without the lock */
    int64_t limit_ms[USHERD_PHASE_COUNT]; /* 0: none */
    /* Called for each cut, and once a tick; from the watchdog, with the lock held for cuts. */
    void (*on_cut)(void *ctx, const usherd_wire *wire, usherd_phase phase);
    void (*on_tick)(void *ctx);
    void *ctx;
} usherd_watch;

#define USHERD_WATCH_TICK_MS 250

int64_t usherd_mono_ms(void);

USHER_MUST_USE usher_status usherd_watch_init(usherd_watch *w, usher_error *err);
USHER_MUST_USE usher_status usherd_watch_start(usherd_watch *w, usher_error *err); /* the thread */
void usherd_watch_deinit(usherd_watch *w); /* stops it; no wire may be left */

void usherd_watch_add(usherd_watch *w, usherd_wire *wire, int fd, int64_t now_ms);
/* Before the descriptor is closed, or a stranger's could be shut down. */
void usherd_watch_remove(usherd_watch *w, usherd_wire *wire);

/* From the thread that serves the connection. */
void usherd_wire_enter(usherd_wire *wire, usherd_phase phase, int64_t now_ms);
/* A request line was read: the head began now, unless the watch saw its first byte before. */
void usherd_wire_head(usherd_wire *wire, int64_t now_ms);

/* One look at every connection; returns how many were cut. The thread does this every tick. */
size_t usherd_watch_look(usherd_watch *w, int64_t now_ms);

#endif
