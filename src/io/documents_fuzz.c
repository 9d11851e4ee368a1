/* The cache of provider documents, asked again and again. Input: the allocation that fails ('~':
 * none), then steps of four bytes: which document (and what may be reached for it), how long a copy
 * counts, how much later it is, and what the provider answers. A second account of the rules, by
 * what was asked and answered, says what each answer may be. */
#include <assert.h>

#include "base/str.h"
#include "io/documents.h"
#include "tests/kit/kit.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define URLS  80 /* more than are kept */
#define STEPS 256

typedef struct known {
    bool copy, failed, forced;
    uint64_t serial; /* of the copy: each good answer has its own */
    int64_t fetched_ms, failed_ms, forced_ms;
} known;

typedef struct provider {
    const usher_allocator *alloc;
    int64_t now_ms;
    uint8_t answer;
    uint64_t serial;
    size_t asked;
    usher_status failed;
} provider;

static int64_t now_ms(void *ctx)
{
    return ((provider *)ctx)->now_ms;
}

/* 0: it could not be asked; 1: no answer; 2: not found; else a document. */
static usher_status fetch(void *ctx, usher_answer **out, const usher_fetch *f, usher_error *err)
{
    provider *p = ctx;
    usher_status rc = p->answer % 8 ? usher_answer_new(out, p->alloc, err) : USHER_E_NOMEM;

    p->asked++;
    p->serial++;
    if (!rc && p->answer % 8 != 1)
        rc = usher_answer_add(*out, (char *)&p->serial, sizeof p->serial, f->answer_max, err);
    if (rc && *out) usher_answer_unref(*out);
    if (rc) *out = NULL;
    p->failed = rc;
    if (rc) return rc;
    (*out)->why = p->answer % 8 == 1 ? "no answer" : NULL;
    (*out)->status = p->answer % 8 == 1 ? 0 : p->answer % 8 == 2 ? 404 : 200;
    return USHER_OK;
}

static uint64_t serial_of(const usher_answer *answer)
{
    uint64_t serial = 0;

    if (answer->body.len == sizeof serial) memcpy(&serial, answer->body.ptr, sizeof serial);
    return serial;
}

static bool within(int64_t then, int64_t now, int64_t age)
{
    return now >= then && now - then < age;
}

/* What must hold of one answer, by what is known of the document so far. */
static void check(const known *k, const provider *p, const usher_fetch *f, usher_status rc,
                  const usher_answer *answer, size_t asked)
{
    int64_t now = p->now_ms;
    bool fresh = k->copy && within(k->fetched_ms, now, (int64_t)f->cache_s * 1000);
    bool newer = !f->newer_than_ms || (k->copy && k->fetched_ms > f->newer_than_ms);

    if (p->asked == asked) { /* from what is kept */
        assert(!rc);
        if (answer->why) {
            assert(k->failed && within(k->failed_ms, now, USHER_DOCUMENT_RETRY_MS));
            return;
        }
        assert(k->copy && serial_of(answer) == k->serial && answer->status == 200);
        bool flood = fresh && k->forced && within(k->forced_ms, now, USHER_DOCUMENT_FORCED_MS);
        bool down = k->failed && within(k->failed_ms, now, USHER_DOCUMENT_RETRY_MS) &&
                    within(k->fetched_ms, now, USHER_DOCUMENT_STALE_MS);
        assert((fresh && newer) || flood || down);
        return;
    }
    /* A flood of tokens with unknown keys does not become a flood of requests. */
    assert(!fresh || !newer);
    if (fresh && k->forced) assert(!within(k->forced_ms, now, USHER_DOCUMENT_FORCED_MS));
    if (rc) {
        assert(rc == p->failed);
        return;
    }
    if (serial_of(answer) == p->serial || answer->why || answer->status == 404) return;
    /* The provider had nothing: the last good document, unless it is too old. */
    assert(k->copy && serial_of(answer) == k->serial);
    assert(within(k->fetched_ms, now, USHER_DOCUMENT_STALE_MS));
}

static void learn(known *k, const provider *p, const usher_fetch *f, size_t asked, bool had_copy)
{
    bool good = !p->failed && p->answer % 8 > 2;

    if (p->asked == asked) return;
    if (had_copy && f->newer_than_ms) {
        k->forced = true;
        k->forced_ms = p->now_ms;
    }
    k->failed = !good;
    if (!good) k->failed_ms = p->now_ms;
    if (!good) return;
    k->copy = true;
    k->serial = p->serial;
    k->fetched_ms = p->now_ms;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const int64_t later[] = {0, 1, 999, 9999, 10000, 59999, 60001, 86400000, -5, -86400000};
    kit_alloc memory = {.fail_at = SIZE_MAX};
    usher_allocator alloc = kit_allocator(&memory);
    provider p = {.alloc = &alloc, .now_ms = INT64_C(1767225600000)};
    known all[URLS][4] = {0};
    size_t different = 0;
    usher_documents d;

    if (size < 1 ||
        usher_documents_init(&d, &alloc, (usher_document_source){fetch, now_ms, &p}, NULL))
        return 0;
    if (data[0] != '~') memory.fail_at = data[0];
    for (size_t i = 0; i < STEPS && 4 * i + 5 <= size; i++) {
        const uint8_t *s = data + 1 + 4 * i;
        size_t url = s[0] % URLS, way = s[1] % 4, asked = p.asked;
        char text[32];
        int len = snprintf(text, sizeof text, "https://op.example/%zu", url);
        usher_fetch f = {.method = USHER_STR("GET"),
                         .url = {text, (size_t)len},
                         .answer_max = 64,
                         .cache_s = s[1] / 4 % 16 ? 1u << (s[1] / 4 % 16) : 1,
                         .plain_http = way & 1,
                         .private_network = way & 2};
        known *k = &all[url][way];
        usher_answer *answer;

        p.now_ms += later[s[2] % 10];
        p.answer = s[3];
        p.failed = USHER_OK;
        if (s[2] & 16) f.newer_than_ms = p.now_ms - (s[2] >> 5) * 1000 - 1;
        if (!k->copy && !k->failed) different++;
        bool had_copy = k->copy;
        usher_status rc = usher_documents_get(&answer, &d, &f, NULL);
        /* Of more than are kept, and of what there was no memory for, who knows what is left? */
        if (different <= USHER_DOCUMENTS_MAX && !memory.failed) check(k, &p, &f, rc, answer, asked);
        assert(p.asked - asked <= 1 && !rc == (answer != NULL));
        assert(rc == USHER_OK || (rc == USHER_E_NOMEM && (memory.failed || !(s[3] % 8))));
        learn(k, &p, &f, asked, had_copy);
        usher_answer_unref(answer);
        assert(d.count <= USHER_DOCUMENTS_MAX);
    }
    usher_documents_deinit(&d);
    assert(memory.live == 0);
    return 0;
}
