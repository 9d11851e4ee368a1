#include "io/spending.h"

#include <string.h>

#include "base/error.h"
#include "base/str.h"
#include "wire/jose/digest.h"

#define KEY         32
#define HEADERS_MAX 16

struct usher_spent {
    usher_spent *next;
    uint8_t key[KEY]; /* a digest of the request: the request itself is not kept */
    size_t users;     /* threads that wait for the answer */
    bool flying;
    usher_status status;
    usher_answer *answer;
    int64_t landed_ms, keep_ms; /* 0: only for those who wait */
};

/* Each length is part of it, so that no two requests are spelled alike. */
static usher_status key_of(uint8_t key[KEY], const usher_fetch *f, usher_error *err)
{
    size_t lengths[4 + 2 * HEADERS_MAX] = {0}, n = 0;
    usher_str parts[4 + 2 * HEADERS_MAX];
    uint8_t digest[USHER_DIGEST_MAX];

    parts[n++] = (usher_str){(const char *)lengths, sizeof lengths};
    parts[n++] = f->method;
    parts[n++] = f->url;
    parts[n++] = f->body;
    for (size_t i = 0; i < f->header_count; i++) {
        parts[n++] = f->headers[i].name;
        parts[n++] = f->headers[i].value;
    }
    /* what one may not reach, it may not read */
    lengths[0] = (f->plain_http ? 1u : 0u) + (f->private_network ? 2u : 0u);
    for (size_t i = 1; i < n; i++)
        lengths[i] = parts[i].len;
    usher_status rc = usher_digest_parts(digest, USHER_SHA256, parts, n, err);
    if (rc == USHER_OK) memcpy(key, digest, KEY);
    return rc;
}

static void spent_free(usher_spending *s, usher_spent *one)
{
    usher_answer_unref(one->answer);
    s->alloc->put(s->alloc->ctx, one, sizeof *one);
}

static void drop(usher_spending *s, usher_spent **at)
{
    usher_spent *one = *at;

    *at = one->next;
    s->count--;
    spent_free(s, one);
}

/* A clock that stepped back says nothing about an answer's age: it is not given out any more. */
static bool is_over(const usher_spent *one, int64_t now_ms)
{
    return now_ms < one->landed_ms || now_ms - one->landed_ms >= one->keep_ms;
}

static void sweep(usher_spending *s, int64_t now_ms)
{
    for (usher_spent **p = &s->first; *p;) {
        usher_spent *one = *p;
        if (one->flying || one->users || !is_over(one, now_ms)) {
            p = &one->next;
            continue;
        }
        drop(s, p);
    }
}

void usher_spending_sweep(usher_spending *s)
{
    if (!atomic_load_explicit(&s->count, memory_order_relaxed)) return;
    pthread_mutex_lock(&s->lock);
    sweep(s, s->source.now_ms(s->source.ctx));
    pthread_mutex_unlock(&s->lock);
}

/* Who waits for an answer that is kept for nobody else may still hold one that landed. */
static usher_spent *find(usher_spending *s, const uint8_t key[KEY], int64_t now_ms)
{
    for (usher_spent *one = s->first; one; one = one->next)
        if (usher_str_eq((usher_str){(const char *)one->key, KEY},
                         (usher_str){(const char *)key, KEY}) &&
            (one->flying || !is_over(one, now_ms)))
            return one;
    return NULL;
}

/* The oldest answer goes first: whoever else wanted it has asked by then, more likely than somebody
 * who wants the one that is under way now. */
static bool make_room(usher_spending *s)
{
    usher_spent **oldest = NULL;

    for (usher_spent **p = &s->first; *p; p = &(*p)->next)
        if (!(*p)->flying && !(*p)->users) oldest = p;
    if (oldest) drop(s, oldest);
    return oldest != NULL;
}

static usher_spent *add(usher_spending *s, const uint8_t key[KEY])
{
    if (s->count >= USHER_SPENDINGS_MAX && !make_room(s)) return NULL;
    usher_spent *one = s->alloc->get(s->alloc->ctx, sizeof *one);
    if (!one) return NULL;
    *one = (usher_spent){.next = s->first, .flying = true};
    memcpy(one->key, key, KEY);
    s->first = one;
    s->count++;
    return one;
}

static usher_status run(usher_answer **out, usher_spending *s, const usher_fetch *fetch,
                        usher_error *err)
{
    usher_status rc = s->source.fetch(s->source.ctx, out, fetch, err);

    if (rc == USHER_OK) (*out)->fetched_ms = s->source.now_ms(s->source.ctx);
    return rc;
}

/* With the lock held on entry and on return; gives it up while the request is under way. What was
 * refused, or got no answer, may be asked once more by whoever comes later. */
static void fly(usher_spending *s, usher_spent *one, const usher_fetch *fetch, usher_error *err)
{
    usher_answer *answer = NULL;

    pthread_mutex_unlock(&s->lock);
    usher_status rc = run(&answer, s, fetch, err);
    pthread_mutex_lock(&s->lock);
    one->status = rc;
    one->answer = answer;
    one->landed_ms = s->source.now_ms(s->source.ctx);
    if (answer && !answer->why && answer->status == 200)
        one->keep_ms = (int64_t)fetch->once_s * 1000;
    one->flying = false;
    pthread_cond_broadcast(&s->landed);
}

static usher_status take(usher_answer **out, const usher_spent *one, usher_error *err)
{
    if (one->status)
        return usher_fail(err, one->status, "spending: the request could not be made", 0);
    *out = usher_answer_ref(one->answer);
    return USHER_OK;
}

/* With the lock held on entry; without it on return. */
static usher_status share(usher_answer **out, usher_spending *s, const uint8_t key[KEY],
                          const usher_fetch *fetch, usher_error *err)
{
    int64_t now_ms = s->source.now_ms(s->source.ctx);

    sweep(s, now_ms);
    usher_spent *one = find(s, key, now_ms);
    bool known = one != NULL;
    if (!known) one = add(s, key);
    if (!one) {
        pthread_mutex_unlock(&s->lock);
        return run(out, s, fetch, err);
    }
    one->users++;
    if (!known) fly(s, one, fetch, err);
    while (one->flying)
        pthread_cond_wait(&s->landed, &s->lock);
    usher_status rc = take(out, one, err);
    one->users--;
    pthread_mutex_unlock(&s->lock);
    return rc;
}

usher_status usher_spending_get(usher_answer **out, usher_spending *s, const usher_fetch *fetch,
                                usher_error *err)
{
    uint8_t key[KEY];
    usher_status rc;

    *out = NULL;
    if (fetch->header_count > HEADERS_MAX) return run(out, s, fetch, err);
    if ((rc = key_of(key, fetch, err))) return rc;
    pthread_mutex_lock(&s->lock);
    return share(out, s, key, fetch, err);
}

usher_status usher_spending_init(usher_spending *s, const usher_allocator *alloc,
                                 usher_document_source source, usher_error *err)
{
    *s = (usher_spending){.alloc = alloc, .source = source};
    if (pthread_mutex_init(&s->lock, NULL) != 0)
        return usher_fail(err, USHER_E_NOMEM, "spending: no mutex", 0);
    if (pthread_cond_init(&s->landed, NULL) != 0) {
        pthread_mutex_destroy(&s->lock);
        return usher_fail(err, USHER_E_NOMEM, "spending: no condition", 0);
    }
    return USHER_OK;
}

void usher_spending_deinit(usher_spending *s)
{
    for (usher_spent *one = s->first, *next; one; one = next) {
        next = one->next;
        spent_free(s, one);
    }
    pthread_cond_destroy(&s->landed);
    pthread_mutex_destroy(&s->lock);
    *s = (usher_spending){0};
}
