#include "io/documents.h"

#include <string.h>

#include "base/error.h"
#include "base/str.h"

struct usher_document {
    usher_document *next;
    bool plain_http, private_network; /* part of the key: what one may not reach, it may not read */
    size_t users;                     /* threads that hold this entry outside the lock */
    bool flying;                      /* a fetch is under way */
    uint64_t flights;                 /* fetches that came to their end */
    usher_answer *last; /* the outcome of the last of them: while somebody waits for it, and for a
                         * while after a failure */
    usher_status last_status;
    usher_answer *copy; /* the newest good document */
    int64_t asked_ms;   /* when the copy was last asked for: the oldest is evicted */
    int64_t forced_ms, failed_ms;
    bool forced, failed; /* whether those two have happened */
    size_t url_len;
    char url[];
};

bool usher_documents_may(const usher_fetch *fetch)
{
    return fetch->cache_s > 0 && fetch->body.len == 0 &&
           usher_str_eq(fetch->method, USHER_STR("GET"));
}

static bool is_about(const usher_document *doc, const usher_fetch *fetch)
{
    return doc->plain_http == fetch->plain_http && doc->private_network == fetch->private_network &&
           usher_str_eq((usher_str){doc->url, doc->url_len}, fetch->url);
}

static void document_free(usher_documents *d, usher_document *doc)
{
    usher_answer_unref(doc->last);
    usher_answer_unref(doc->copy);
    d->alloc->put(d->alloc->ctx, doc, sizeof *doc + doc->url_len);
}

/* Makes room by giving up the document nobody asked for the longest. False if all are in use. */
static bool evict(usher_documents *d)
{
    usher_document **oldest = NULL;

    for (usher_document **p = &d->first; *p; p = &(*p)->next)
        if ((*p)->users == 0 && (!oldest || (*p)->asked_ms < (*oldest)->asked_ms)) oldest = p;
    if (!oldest) return false;
    usher_document *gone = *oldest;
    *oldest = gone->next;
    d->count--;
    document_free(d, gone);
    return true;
}

/* The entry of a URL, made if it is new. NULL if there is no room: then nothing is shared. */
static usher_document *find(usher_documents *d, const usher_fetch *fetch)
{
    for (usher_document *doc = d->first; doc; doc = doc->next)
        if (is_about(doc, fetch)) return doc;
    if (d->count >= USHER_DOCUMENTS_MAX && !evict(d)) return NULL;
    usher_document *doc = d->alloc->get(d->alloc->ctx, sizeof *doc + fetch->url.len);
    if (!doc) return NULL;
    *doc = (usher_document){.next = d->first,
                            .plain_http = fetch->plain_http,
                            .private_network = fetch->private_network,
                            .url_len = fetch->url.len};
    memcpy(doc->url, fetch->url.ptr, fetch->url.len);
    d->first = doc;
    d->count++;
    return doc;
}

/* An age below zero is a clock that stepped back: the copy may be of any age then. */
static bool younger(int64_t then_ms, int64_t now_ms, int64_t age_ms)
{
    return now_ms >= then_ms && now_ms - then_ms < age_ms;
}

/* The copy, if it answers this fetch without asking the provider. */
static usher_answer *usable_copy(const usher_document *doc, const usher_fetch *fetch,
                                 int64_t now_ms)
{
    if (!doc->copy) return NULL;
    bool fresh = younger(doc->copy->fetched_ms, now_ms, (int64_t)fetch->cache_s * 1000);
    bool new_enough = fetch->newer_than_ms == 0 || doc->copy->fetched_ms > fetch->newer_than_ms;
    if (fresh && new_enough) return doc->copy;
    if (doc->flying) return NULL; /* something better is coming already */
    /* Whoever sends tokens with made-up key ids must not decide how often the provider is asked. */
    if (fresh && doc->forced && younger(doc->forced_ms, now_ms, USHER_DOCUMENT_FORCED_MS))
        return doc->copy;
    /* The provider is down: nobody waits for that again and again while there is something to give.
     */
    if (doc->failed && younger(doc->failed_ms, now_ms, USHER_DOCUMENT_RETRY_MS) &&
        younger(doc->copy->fetched_ms, now_ms, USHER_DOCUMENT_STALE_MS))
        return doc->copy;
    return NULL;
}

/* The provider was down a moment ago and there is no copy to give: that is the answer for everybody
 * now. Otherwise each visitor would hold a worker for as long as a provider can be waited for. */
static usher_answer *recent_failure(const usher_document *doc, int64_t now_ms)
{
    bool recent = doc->failed && younger(doc->failed_ms, now_ms, USHER_DOCUMENT_RETRY_MS);

    return recent && !doc->flying && doc->last && doc->last->why ? doc->last : NULL;
}

static bool keepable(const usher_answer *answer)
{
    return !answer->why && answer->status == 200 && answer->body.len <= USHER_DOCUMENT_BYTES_MAX;
}

/* What everybody gets who waited for this fetch: its answer, or the last good document instead. */
static void land(usher_documents *d, usher_document *doc, usher_status rc, usher_answer *answer)
{
    int64_t now_ms = d->source.now_ms(d->source.ctx);

    usher_answer_unref(doc->last);
    doc->last = NULL;
    doc->last_status = rc;
    if (answer) answer->fetched_ms = now_ms;
    if (answer && keepable(answer)) {
        usher_answer_unref(doc->copy);
        doc->copy = usher_answer_ref(answer);
        doc->failed = false;
    } else {
        doc->failed = true;
        doc->failed_ms = now_ms;
        if (doc->copy && younger(doc->copy->fetched_ms, now_ms, USHER_DOCUMENT_STALE_MS)) {
            usher_answer_unref(answer);
            answer = usher_answer_ref(doc->copy);
            doc->last_status = USHER_OK;
        }
    }
    doc->last = answer;
    doc->flying = false;
    doc->flights++;
    pthread_cond_broadcast(&d->landed);
}

/* With the lock held on entry and on return; gives it up while the fetch is under way. */
static void fly(usher_documents *d, usher_document *doc, const usher_fetch *fetch, int64_t now_ms,
                usher_error *err)
{
    usher_answer *answer = NULL;

    if (doc->copy && fetch->newer_than_ms != 0) {
        doc->forced = true;
        doc->forced_ms = now_ms;
    }
    doc->flying = true;
    pthread_mutex_unlock(&d->lock);
    usher_status rc = d->source.fetch(d->source.ctx, &answer, fetch, err);
    pthread_mutex_lock(&d->lock);
    land(d, doc, rc, answer);
}

static usher_status ask(usher_answer **out, usher_documents *d, usher_document *doc,
                        const usher_fetch *fetch, usher_error *err)
{
    int64_t now_ms = d->source.now_ms(d->source.ctx);

    usher_answer *copy = usable_copy(doc, fetch, now_ms);

    doc->asked_ms = now_ms;
    if (!copy) copy = recent_failure(doc, now_ms);
    if (copy) {
        *out = usher_answer_ref(copy);
        return USHER_OK;
    }
    if (!doc->flying) {
        fly(d, doc, fetch, now_ms, err);
    } else {
        uint64_t flight = doc->flights;
        while (doc->flights == flight)
            pthread_cond_wait(&d->landed, &d->lock);
    }
    /* The outcome of the flight this thread made or waited for, or of a later one. */
    if (doc->last_status != USHER_OK)
        return usher_fail(err, doc->last_status, "documents: the fetch failed", 0);
    *out = usher_answer_ref(doc->last);
    return USHER_OK;
}

usher_status usher_documents_get(usher_answer **out, usher_documents *d, const usher_fetch *fetch,
                                 usher_error *err)
{
    usher_status rc;

    *out = NULL;
    pthread_mutex_lock(&d->lock);
    usher_document *doc = find(d, fetch);
    if (doc) {
        doc->users++;
        rc = ask(out, d, doc, fetch, err);
        if (--doc->users == 0 && !(doc->last && doc->last->why)) {
            usher_answer_unref(doc->last);
            doc->last = NULL;
        }
    }
    pthread_mutex_unlock(&d->lock);
    if (doc) return rc;
    rc = d->source.fetch(d->source.ctx, out, fetch, err);
    if (!rc) (*out)->fetched_ms = d->source.now_ms(d->source.ctx);
    return rc;
}

usher_status usher_documents_init(usher_documents *d, const usher_allocator *alloc,
                                  usher_document_source source, usher_error *err)
{
    *d = (usher_documents){.alloc = alloc, .source = source};
    if (pthread_mutex_init(&d->lock, NULL) != 0)
        return usher_fail(err, USHER_E_NOMEM, "documents: no mutex", 0);
    if (pthread_cond_init(&d->landed, NULL) != 0) {
        pthread_mutex_destroy(&d->lock);
        return usher_fail(err, USHER_E_NOMEM, "documents: no condition", 0);
    }
    return USHER_OK;
}

void usher_documents_deinit(usher_documents *d)
{
    for (usher_document *doc = d->first, *next; doc; doc = next) {
        next = doc->next;
        document_free(d, doc);
    }
    pthread_cond_destroy(&d->landed);
    pthread_mutex_destroy(&d->lock);
    *d = (usher_documents){0};
}
