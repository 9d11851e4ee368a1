#include "hosts/daemon/workers.h"

#include "base/error.h"

static usherd_job *next_job(usherd_workers *w)
{
    pthread_mutex_lock(&w->lock);
    while (!w->first && !w->stop)
        pthread_cond_wait(&w->wake, &w->lock);
    usherd_job *job = w->first;
    if (job) {
        w->first = job->next;
        if (!w->first) w->last = &w->first;
        w->waiting--;
    }
    pthread_mutex_unlock(&w->lock);
    return job;
}

static void *work(void *ctx)
{
    usherd_workers *w = ctx;

    for (usherd_job *job; (job = next_job(w));)
        job->run(job);
    return NULL;
}

usher_status usherd_workers_init(usherd_workers *w, unsigned count, size_t room, usher_error *err)
{
    *w = (usherd_workers){.room = room};
    w->last = &w->first;
    if (count == 0 || count > USHERD_WORKERS_MAX)
        return usher_fail(err, USHER_E_SETTING, "workers: too few or too many", count);
    if (pthread_mutex_init(&w->lock, NULL) != 0 || pthread_cond_init(&w->wake, NULL) != 0)
        return usher_fail(err, USHER_E_NOMEM, "workers: no mutex", 0);
    for (; w->count < count; w->count++) {
        if (pthread_create(&w->threads[w->count], NULL, work, w) == 0) continue;
        usherd_workers_deinit(w);
        return usher_fail(err, USHER_E_NOMEM, "workers: no thread", w->count);
    }
    return USHER_OK;
}

void usherd_workers_deinit(usherd_workers *w)
{
    pthread_mutex_lock(&w->lock);
    w->stop = true;
    pthread_cond_broadcast(&w->wake);
    pthread_mutex_unlock(&w->lock);
    for (unsigned i = 0; i < w->count; i++)
        pthread_join(w->threads[i], NULL);
    pthread_cond_destroy(&w->wake);
    pthread_mutex_destroy(&w->lock);
}

bool usherd_workers_take(usherd_workers *w, usherd_job *job)
{
    pthread_mutex_lock(&w->lock);
    bool taken = w->waiting < w->room && !w->stop;
    if (taken) {
        job->next = NULL;
        *w->last = job;
        w->last = &job->next;
        w->waiting++;
        pthread_cond_signal(&w->wake);
    }
    pthread_mutex_unlock(&w->lock);
    return taken;
}
