/* counters - how often what happened. Threads: any. */
#ifndef USHERD_COUNTERS_H
#define USHERD_COUNTERS_H

#include "hosts/daemon/log.h"
#include "usher/site.h"

/* X(symbol, word): what a request was about. */
#define USHERD_ROUTES(X)                                                                           \
    X(NONE, "none")                                                                                \
    X(HANDLE, "handle")                                                                            \
    X(CHECK, "check")                                                                              \
    X(FILE, "file")                                                                                \
    X(LIVE, "live")                                                                                \
    X(READY, "ready")

typedef enum usherd_route {
#define USHERD_ROUTE_ENUM(symbol, word) USHERD_ROUTE_##symbol,
    USHERD_ROUTES(USHERD_ROUTE_ENUM)
#undef USHERD_ROUTE_ENUM
        USHERD_ROUTE_COUNT
} usherd_route;

#define USHERD_STATUS_MAX 600

typedef atomic_uint_least64_t usherd_count;

typedef struct usherd_counters {
    usherd_count connections_opened, connections_closed;
    usherd_count connections_fruitless; /* closed before a request line could be read */
    usherd_count waited;                /* requests that wanted something */
    usherd_count sign_ins, sign_outs;
    usherd_count answers[USHERD_ROUTE_COUNT][USHERD_STATUS_MAX];
    usherd_count causes[USHERD_CAUSE_COUNT];
} usherd_counters;

static inline void usherd_counted(usherd_count *counter)
{
    atomic_fetch_add_explicit(counter, 1, memory_order_relaxed);
}

const char *usherd_route_word(usherd_route route);
void usherd_counters_answer(usherd_counters *c, usherd_route route, unsigned status);
void usherd_counters_cause(usherd_counters *c, unsigned cause);
/* All that are not zero, and what the keys of each secret were used for, as one line. `site` may be
 * NULL. */
void usherd_counters_log(const usherd_counters *c, const usher_site *site, usherd_log *log);

#endif
