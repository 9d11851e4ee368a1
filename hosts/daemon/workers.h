/* workers - threads that may block, for what wants something. Jobs are taken in order; past `room`
 * of them a new one is refused, so that a slow provider cannot pile up requests without end. */
#ifndef USHERD_WORKERS_H
#define USHERD_WORKERS_H

#include <pthread.h>

#include "usher/base.h"

typedef struct usherd_job usherd_job;
struct usherd_job {
    usherd_job *next;
    void (*run)(usherd_job *job); /* on a worker's thread */
};

#define USHERD_WORKERS_MAX 256

typedef struct usherd_workers {
    pthread_mutex_t lock;
    pthread_cond_t wake;
    pthread_t threads[USHERD_WORKERS_MAX];
    unsigned count;
    usherd_job *first, **last;
    size_t waiting, room;
    bool stop;
} usherd_workers;

USHER_MUST_USE usher_status usherd_workers_init(usherd_workers *w, unsigned count, size_t room,
                                                usher_error *err);
/* Runs what is waiting to its end, then stops. */
void usherd_workers_deinit(usherd_workers *w);
/* False if there is no room: the job was not taken. Threads: any. */
bool usherd_workers_take(usherd_workers *w, usherd_job *job);

#endif
