/* usher/drive.h - libusher-io: performs wants for hosts that may block, and loads settings files.
 * Since 0.1. */
#ifndef USHER_DRIVE_H
#define USHER_DRIVE_H

#include "usher/exchange.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Connections and the cache of provider documents. Threads: shared by all. */
typedef struct usher_host usher_host; /* opaque */

/* A function of the program: what sites with hooks want (settings: session.token: hook). Called on
 * the thread that drives, for many exchanges at once. Answer USHER_EVENT_HOOKED with *value, which
 * must stay as it is until this thread calls again; USHER_EVENT_HOOK_REFUSED for no; or
 * USHER_EVENT_HOOK_FAILED if you cannot tell. */
typedef usher_event_kind usher_hook_fn(void *ctx, const usher_hook *hook, usher_str *value);

/* The rows: what sites with a store want (settings: session.strategy, users). Called as a hook is.
 * Answer USHER_EVENT_STORED with *row, USHER_EVENT_STORE_CONFLICT or USHER_EVENT_STORE_FAILED. */
typedef usher_event_kind usher_store_fn(void *ctx, const usher_store *store, usher_str *row);

typedef struct usher_host_options {
    size_t size;         /* sizeof(usher_host_options) */
    const char *ca_file; /* NULL: the system's certificates */
    usher_hook_fn *hook; /* NULL: every hook fails */
    void *hook_ctx;
    usher_store_fn *store; /* NULL: every step fails */
    void *store_ctx;
} usher_host_options;

/* USHER_OK: *out is the caller's. `options` may be NULL; its contexts must outlive the host. */
USHER_API USHER_MUST_USE usher_status usher_host_new(usher_host **out,
                                                     const usher_host_options *options,
                                                     usher_error *err);
USHER_API void usher_host_free(usher_host *host); /* NULL is fine; no exchange may be using it */

/* Forgets what is kept for others and over: the answers to refresh tokens, ten seconds after they
 * came. usher_drive does so at each turn; a host that may have none for long calls this now and
 * then. From any thread, also while exchanges are driven. */
USHER_API void usher_host_sweep(usher_host *host);

typedef usher_status usher_operation(usher_exchange *ex, usher_want *want, usher_error *err);

/* Runs one operation to its end, blocking on what it wants: usher_drive(host, ex, usher_handle,
 * &err). USHER_OK: the results can be read. Other statuses: could not tell. */
USHER_API USHER_MUST_USE usher_status usher_drive(usher_host *host, usher_exchange *ex,
                                                  usher_operation *operation, usher_error *err);
/* Goes on with an exchange that already wants something (see usher_handle). */
USHER_API USHER_MUST_USE usher_status usher_drive_on(usher_host *host, usher_exchange *ex,
                                                     usher_want *want, usher_error *err);

/* Milliseconds since 1970 by the system's clock. */
USHER_API int64_t usher_now_ms(void);

/* As usher_site_new, from a YAML (or JSON) file, with this process's environment. Errors carry the
 * file's name, line and column. */
USHER_API USHER_MUST_USE usher_status usher_site_load(usher_site **out, usher_problems **problems,
                                                      const char *path, usher_error *err);

#ifdef __cplusplus
}
#endif
#endif
