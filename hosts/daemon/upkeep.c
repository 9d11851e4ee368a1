#include "hosts/daemon/upkeep.h"

#include "hosts/daemon/visit.h"

static void on_cut(void *ctx, const usherd_wire *wire, usherd_phase phase)
{
    const usherd_client *client = (const usherd_client *)(const void *)wire; /* its first member */

    usherd_record_cut(ctx, client, phase);
}

static void on_tick(void *ctx)
{
    usherd *d = ctx;

    usherd_log_sum_up(&d->log, usher_now_ms() / 1000);
    usher_host_sweep(d->host);
}

usher_status usherd_upkeep_start(usherd *d, usher_error *err)
{
    usher_status rc = usherd_watch_init(&d->watch, err);

    if (rc) return rc;
    d->watch.limit_ms[USHERD_PHASE_HEAD] = (int64_t)d->settings.head_timeout_s * 1000;
    d->watch.limit_ms[USHERD_PHASE_BODY] = (int64_t)d->settings.body_timeout_s * 1000;
    d->watch.limit_ms[USHERD_PHASE_ANSWER] = USHERD_ANSWER_TIMEOUT_S * 1000;
    d->watch.on_cut = on_cut;
    d->watch.on_tick = on_tick;
    d->watch.ctx = d;
    return usherd_watch_start(&d->watch, err);
}
