/* documents - the cache of provider documents (discovery, key sets), which are the same for every
 * visitor. One fetch at a time for each document, however many ask; a flood of tokens with unknown
 * key ids costs the provider one request a minute; an outage of the provider is bridged for a day.
 */
#ifndef USHER_IO_DOCUMENTS_H
#define USHER_IO_DOCUMENTS_H

#include "io/fetch.h"

#define USHER_DOCUMENTS_MAX      64
#define USHER_DOCUMENT_BYTES_MAX (1024u * 1024)
#define USHER_DOCUMENT_FORCED_MS (60 * 1000) /* between two fetches that newer_than_ms forces */
#define USHER_DOCUMENT_RETRY_MS                                                                    \
    (10 * 1000) /* the provider is not asked again so soon after it gave no answer */
#define USHER_DOCUMENT_STALE_MS                                                                    \
    (24 * 60 * 60 * 1000) /* how old a copy may be if the fetch fails                              \
                           */

/* How a document is really fetched, and what time it is: the network and the clock, or a test. */
typedef struct usher_document_source {
    usher_status (*fetch)(void *ctx, usher_answer **out, const usher_fetch *fetch,
                          usher_error *err);
    int64_t (*now_ms)(void *ctx);
    void *ctx;
} usher_document_source;

typedef struct usher_document usher_document;

typedef struct usher_documents {
    const usher_allocator *alloc;
    usher_document_source source;
    pthread_mutex_t lock;
    pthread_cond_t landed; /* some fetch came to its end */
    usher_document *first; /* at most USHER_DOCUMENTS_MAX */
    size_t count;
} usher_documents;

USHER_MUST_USE usher_status usher_documents_init(usher_documents *d, const usher_allocator *alloc,
                                                 usher_document_source source, usher_error *err);
void usher_documents_deinit(usher_documents *d); /* nobody may be asking */

/* Whether a fetch may be answered from here: a GET with cache_s and without a body. */
bool usher_documents_may(const usher_fetch *fetch);
/* An answer from the cache or from the source; *out is counted. Blocks, at most about the time of
 * two fetches. Threads: shared by all. */
USHER_MUST_USE usher_status usher_documents_get(usher_answer **out, usher_documents *d,
                                                const usher_fetch *fetch, usher_error *err);

#endif
