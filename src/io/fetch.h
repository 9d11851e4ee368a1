/* fetch - performs USHER_WANT_FETCH with libcurl: one HTTP request, no redirect, no proxy, no
 * cookie, bounded in time and size, to public addresses only unless the want says otherwise. */
#ifndef USHER_IO_FETCH_H
#define USHER_IO_FETCH_H

#include <pthread.h>
#include <stdatomic.h>

#include "usher/exchange.h"

/* What came of one fetch; immutable and counted, so that a cache and several exchanges may hold it.
 * Wiped with the last reference: token answers pass through here. */
typedef struct usher_answer {
    atomic_uint references;
    const usher_allocator *alloc;
    const char *why; /* static text: there was no answer, and this is why; else NULL */
    int status;
    int64_t fetched_ms; /* set by whoever knows the clock */
    usher_str content_type, body;
    size_t room; /* of body */
} usher_answer;

USHER_MUST_USE usher_status usher_answer_new(usher_answer **out, const usher_allocator *alloc,
                                             usher_error *err);
usher_answer *usher_answer_ref(usher_answer *answer);
void usher_answer_unref(usher_answer *answer); /* NULL is fine */
/* Adds bytes to the body of an answer that nobody else holds yet. */
USHER_MUST_USE usher_status usher_answer_add(usher_answer *answer, const void *bytes, size_t len,
                                             size_t max, usher_error *err);

/* Connections that are kept for the next fetch. One set for each policy: a connection that was
 * allowed to reach a private address must not serve a fetch that may not. Threads: shared by all.
 */
#define USHER_FETCH_KEPT_MAX 16
typedef struct usher_fetcher {
    const usher_allocator *alloc;
    char *ca_file; /* NULL: the system's */
    pthread_mutex_t lock;
    struct {
        void *handles[USHER_FETCH_KEPT_MAX]; /* CURL * */
        size_t count;
    } kept[2]; /* by private_network */
} usher_fetcher;

USHER_MUST_USE usher_status usher_fetcher_init(usher_fetcher *f, const usher_allocator *alloc,
                                               const char *ca_file, usher_error *err);
void usher_fetcher_deinit(usher_fetcher *f);

/* Blocks until there is an answer or a reason why there is none: USHER_OK, *out counted. Other
 * statuses: memory, or a want that no engine of ours makes. */
USHER_MUST_USE usher_status usher_fetch_run(usher_answer **out, usher_fetcher *f,
                                            const usher_fetch *fetch, usher_error *err);

#endif
