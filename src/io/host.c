#include "io/host.h"

#include <time.h>

#include "base/error.h"

int64_t usher_now_ms(void)
{
    struct timespec t;

    clock_gettime(CLOCK_REALTIME, &t);
    return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

static int64_t system_now_ms(void *ctx)
{
    (void)ctx;
    return usher_now_ms();
}

static usher_status fetch_from_network(void *ctx, usher_answer **out, const usher_fetch *fetch,
                                       usher_error *err)
{
    usher_host *host = ctx;

    return usher_fetch_run(out, &host->fetcher, fetch, err);
}

static int64_t host_now_ms(void *ctx)
{
    usher_host *host = ctx;

    return host->now_ms(host->clock_ctx);
}

usher_status usher_host_make(usher_host **out, const usher_allocator *alloc,
                             int64_t (*now_ms)(void *ctx), void *clock_ctx, const char *ca_file,
                             usher_error *err)
{
    usher_status rc;
    usher_host *host = alloc->get(alloc->ctx, sizeof *host);

    *out = NULL;
    if (!host) return usher_fail(err, USHER_E_NOMEM, "host: no memory", 0);
    *host = (usher_host){.alloc = alloc, .now_ms = now_ms, .clock_ctx = clock_ctx};
    if ((rc = usher_fetcher_init(&host->fetcher, alloc, ca_file, err))) goto no_fetcher;
    rc = usher_documents_init(&host->documents, alloc,
                              (usher_document_source){fetch_from_network, host_now_ms, host}, err);
    if (rc) goto no_documents;
    rc = usher_spending_init(&host->spending, alloc,
                             (usher_document_source){fetch_from_network, host_now_ms, host}, err);
    if (rc) goto no_spending;
    *out = host;
    return USHER_OK;
no_spending:
    usher_documents_deinit(&host->documents);
no_documents:
    usher_fetcher_deinit(&host->fetcher);
no_fetcher:
    alloc->put(alloc->ctx, host, sizeof *host);
    return rc;
}

usher_status usher_host_new(usher_host **out, const usher_host_options *options, usher_error *err)
{
    *out = NULL;
    if (options && options->size < sizeof *options)
        return usher_fail(err, USHER_E_USAGE, "host: options.size is not set", 0);
    usher_status rc = usher_host_make(out, usher_allocator_default(), system_now_ms, NULL,
                                      options ? options->ca_file : NULL, err);
    if (rc || !options) return rc;
    (*out)->hook = options->hook;
    (*out)->hook_ctx = options->hook_ctx;
    (*out)->store = options->store;
    (*out)->store_ctx = options->store_ctx;
    return USHER_OK;
}

void usher_host_free(usher_host *host)
{
    if (!host) return;
    usher_spending_deinit(&host->spending);
    usher_documents_deinit(&host->documents);
    usher_fetcher_deinit(&host->fetcher);
    host->alloc->put(host->alloc->ctx, host, sizeof *host);
}

void usher_host_sweep(usher_host *host)
{
    if (host) usher_spending_sweep(&host->spending);
}

usher_status usher_host_fetch(usher_answer **out, usher_host *host, const usher_fetch *fetch,
                              usher_error *err)
{
    if (fetch->once_s) return usher_spending_get(out, &host->spending, fetch, err);
    if (usher_documents_may(fetch)) return usher_documents_get(out, &host->documents, fetch, err);
    usher_status rc = usher_fetch_run(out, &host->fetcher, fetch, err);
    if (!rc) (*out)->fetched_ms = host_now_ms(host);
    return rc;
}
