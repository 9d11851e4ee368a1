/* exchanges - those that are not in use, newest first: a thread that answers one request after the
 * other gets the same one again and again, with its memory and its cipher contexts warm. */
#ifndef USHERD_EXCHANGES_H
#define USHERD_EXCHANGES_H

#include <pthread.h>

#include "usher/exchange.h"

#define USHERD_EXCHANGES_KEPT 64

typedef struct usherd_exchanges {
    pthread_mutex_t lock;
    usher_exchange *kept[USHERD_EXCHANGES_KEPT];
    size_t count;
} usherd_exchanges;

void usherd_exchanges_init(usherd_exchanges *e);
void usherd_exchanges_deinit(usherd_exchanges *e);
USHER_MUST_USE usher_status usherd_exchanges_take(usher_exchange **out, usherd_exchanges *e,
                                                  usher_error *err);
void usherd_exchanges_give(usherd_exchanges *e, usher_exchange *ex); /* NULL is fine */

#endif
