/* host - what usher_drive works with: connections, documents, a clock. */
#ifndef USHER_IO_HOST_H
#define USHER_IO_HOST_H

#include "io/spending.h"
#include "usher/drive.h"

struct usher_host {
    const usher_allocator *alloc;
    usher_fetcher fetcher;
    usher_documents documents;
    usher_spending spending;
    int64_t (*now_ms)(void *ctx);
    void *clock_ctx;
    usher_hook_fn *hook;
    void *hook_ctx;
    usher_store_fn *store;
    void *store_ctx;
};

/* As usher_host_new, with an allocator and a clock of the caller's (both outlive the host). */
USHER_MUST_USE usher_status usher_host_make(usher_host **out, const usher_allocator *alloc,
                                            int64_t (*now_ms)(void *ctx), void *clock_ctx,
                                            const char *ca_file, usher_error *err);

/* Performs one want of the kind FETCH: *out is counted. */
USHER_MUST_USE usher_status usher_host_fetch(usher_answer **out, usher_host *host,
                                             const usher_fetch *fetch, usher_error *err);
#endif
