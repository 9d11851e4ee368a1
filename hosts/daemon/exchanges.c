#include "hosts/daemon/exchanges.h"

void usherd_exchanges_init(usherd_exchanges *e)
{
    *e = (usherd_exchanges){0};
    pthread_mutex_init(&e->lock, NULL);
}

void usherd_exchanges_deinit(usherd_exchanges *e)
{
    for (size_t i = 0; i < e->count; i++)
        usher_exchange_free(e->kept[i]);
    e->count = 0;
    pthread_mutex_destroy(&e->lock);
}

usher_status usherd_exchanges_take(usher_exchange **out, usherd_exchanges *e, usher_error *err)
{
    const usher_exchange_options options = {.size = sizeof options};

    *out = NULL;
    pthread_mutex_lock(&e->lock);
    if (e->count) *out = e->kept[--e->count];
    pthread_mutex_unlock(&e->lock);
    return *out ? USHER_OK : usher_exchange_new(out, &options, err);
}

void usherd_exchanges_give(usherd_exchanges *e, usher_exchange *ex)
{
    if (!ex) return;
    usher_exchange_forget(ex); /* the next request may be long in coming */
    pthread_mutex_lock(&e->lock);
    if (e->count < USHERD_EXCHANGES_KEPT) {
        e->kept[e->count++] = ex;
        ex = NULL;
    }
    pthread_mutex_unlock(&e->lock);
    usher_exchange_free(ex);
}
