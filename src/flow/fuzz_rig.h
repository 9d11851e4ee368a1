/* fuzz_rig - what the fuzz targets of whole requests share: worlds (a site, and what its visitors
 * hold), requests and answers read from the input, and what must hold of every answer. Input, after
 * the target's own line:
 *   method and target in a line, then header fields, an empty line, a body;
 *   "\n=\n"  begins an answer: status and content type in a line, then its body ('!': no answer).
 * To a function of the program or a store, an answer is its value; '-' refuses, with the word
 * behind it (or is a conflict). What nobody could guess is written as $ and a letter, which each
 * target explains. Test code only.
 */
#ifndef USHER_FLOW_FUZZ_RIG_H
#define USHER_FLOW_FUZZ_RIG_H

#include <assert.h>

#include "base/buf.h"
#include "base/str.h"
#include "flow/exchange.h"
#include "tests/kit/kit.h"
#include "wire/jose/jws_sample.h"
#include "wire/url.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define NOW_S     INT64_C(1767225600)
#define BASE      "http://localhost:3000"
#define ISSUER    "https://op.example"
#define HEADERS   24
#define INPUT_MAX ((size_t)64 << 10)
#define METADATA(more)                                                                             \
    "{\"issuer\":\"" ISSUER "\",\"authorization_endpoint\":\"" ISSUER "/auth\","                   \
    "\"token_endpoint\":\"" ISSUER "/token\",\"jwks_uri\":\"" ISSUER "/jwks\"," more "}"

typedef usher_status operation(usher_exchange *ex, usher_want *want, usher_error *err);

typedef struct world {
    usher_site *site;
    usher_str of[128]; /* what '$' and a letter stand for */
} world;

typedef struct visit visit;
struct visit {
    const world *w;
    operation *run;
    usher_request request;
    usher_header headers[HEADERS];
    usher_str answers; /* what is left of them */
    size_t wants, wants_max;
    void (*watch)(visit *v, const usher_want *want, const usher_event *event); /* or NULL */
};

static usher_exchange *exchange;
static kit_alloc memory = {.fail_at = SIZE_MAX};
static usher_allocator allocator;
static kit_random randomness = {.fail_at = SIZE_MAX};
static usher_arena kept; /* of the worlds */
static size_t live_at_rest;
static bool may_be_told_nonsense; /* by a store or a function of the program */
static void (*overhears)(visit *v, const usher_want *want,
                         const usher_event *event); /* what ask() makes */

/* --- one request, whoever made it ------------------------------------------------------------- */

static inline void check_fetch(const usher_fetch *f)
{
    usher_url url;
    usher_status rc = usher_url_read(&url, f->url, NULL);

    assert(!rc && url.https && f->timeout_ms && f->answer_max && !f->plain_http);
    for (size_t i = 0; i < f->header_count; i++)
        for (size_t j = 0; j < f->headers[i].value.len; j++)
            assert(f->headers[i].value.ptr[j] >= ' ' && f->headers[i].value.ptr[j] <= '~');
}

/* The next answer of the input; absent if there are no more. */
static inline usher_str next_answer(visit *v)
{
    usher_str answer = v->answers;
    size_t end = usher_str_find(answer, USHER_STR("\n=\n"));

    v->answers = (usher_str){0};
    if (end == SIZE_MAX) return answer;
    v->answers = usher_str_from(answer, end + 3);
    return (usher_str){answer.ptr, end};
}

static inline usher_event fetched(usher_str answer)
{
    usher_event event = {.size = sizeof event,
                         .kind = USHER_EVENT_FETCH_FAILED,
                         .now_ms = NOW_S * 1000 + 5,
                         .why = "no answer"};
    uint64_t status;
    usher_str body, type;

    if (answer.len == 0 || answer.ptr[0] == '!') return event;
    usher_str line = usher_str_cut(answer, '\n', &body);
    if (!usher_str_u64(&status, usher_str_cut(line, ' ', &type)) || status > 999) return event;
    event.kind = USHER_EVENT_FETCHED;
    event.http_status = (int)status;
    event.content_type = type;
    event.body = body;
    /* "+" behind the type: a copy from the host's cache */
    event.fetched_ms = event.now_ms - (usher_str_ends(type, USHER_STR("+")) ? 1000 : 0);
    return event;
}

/* Of a store or a function of the program: the three ways it may end follow each other. */
static inline usher_event told(usher_event_kind done, usher_str answer)
{
    usher_event event = {.size = sizeof event, .kind = done, .now_ms = NOW_S * 1000 + 5};
    bool none = answer.len == 0 || answer.ptr[0] == '!';

    if (none || answer.ptr[0] == '-') event.kind = (usher_event_kind)(done + (none ? 2 : 1));
    if (event.kind == USHER_EVENT_HOOK_REFUSED)
        event.value = usher_str_from(answer, 1);
    else if (event.kind == done)
        event.value = answer;
    return event;
}

static inline usher_status perform(visit *v)
{
    usher_want want;
    usher_status rc = usher_exchange_start(exchange, v->w->site, &v->request, NOW_S * 1000, NULL);

    v->wants = 0;
    if (!rc) rc = v->run(exchange, &want, NULL);
    while (!rc && want.kind != USHER_WANT_NOTHING) {
        usher_event event;

        assert(++v->wants <= v->wants_max);
        if (want.kind == USHER_WANT_FETCH) {
            check_fetch(&want.fetch);
            event = fetched(next_answer(v));
        } else {
            event = told(want.kind == USHER_WANT_HOOK ? USHER_EVENT_HOOKED : USHER_EVENT_STORED,
                         next_answer(v));
        }
        if (v->watch) v->watch(v, &want, &event);
        rc = usher_resume(exchange, &event, &want, NULL);
    }
    return rc;
}

/* --- making worlds ---------------------------------------------------------------------------- */

static inline usher_str keep(usher_str s)
{
    usher_str out;

    if (usher_arena_dup(&out, &kept, s, NULL)) abort();
    return out;
}

/* `format` with the first '$' replaced by `a` and the others by `b`. */
static inline usher_str text(const char *format, usher_str a, usher_str b)
{
    usher_str out, part = kit_str(format), rest;
    usher_buf buf;

    usher_buf_init(&buf, &kept, 1 << 16);
    for (int i = 0; part.ptr; part = rest, i++) {
        usher_buf_put(&buf, usher_str_cut(part, '$', &rest));
        if (rest.ptr) usher_buf_put(&buf, i ? b : a);
    }
    if (usher_buf_take(&out, &buf, NULL)) abort();
    return out;
}

/* A visitor's own request: a form if there is a body. */
static inline void ask(const world *w, usher_str target, usher_str cookies, usher_str body,
                       usher_str answers)
{
    visit v = {.w = w, .run = usher_handle, .answers = answers, .wants_max = 8, .watch = overhears};

    v.headers[0] = (usher_header){USHER_STR("Cookie"), cookies};
    v.headers[1] =
        (usher_header){USHER_STR("Content-Type"), USHER_STR("application/x-www-form-urlencoded")};
    v.request = (usher_request){.size = sizeof v.request,
                                .method = body.ptr ? USHER_STR("POST") : USHER_STR("GET"),
                                .target = target,
                                .headers = v.headers,
                                .header_count = body.ptr ? 2 : 1,
                                .body = body};
    if (perform(&v)) abort();
}

/* The first header of that name that has `part` in it; absent if there is none. */
static inline usher_str answer_header(const char *name, const char *part)
{
    const usher_response *r = usher_exchange_response(exchange);

    for (size_t i = 0; i < r->header_count; i++)
        if (usher_str_eq(r->headers[i].name, kit_str(name)) &&
            usher_str_find(r->headers[i].value, kit_str(part)) != SIZE_MAX)
            return keep(r->headers[i].value);
    return (usher_str){0};
}

/* Absent if the URL does not have it. */
static inline usher_str parameter(usher_str url, const char *name)
{
    usher_str query, rest, value;

    (void)usher_str_cut(url, '?', &query);
    for (; query.len; query = rest) {
        usher_str pair = usher_str_cut(query, '&', &rest);
        if (usher_str_eq(usher_str_cut(pair, '=', &value), kit_str(name))) return value;
    }
    return (usher_str){0};
}

static inline void make_site(world *w, const char *json)
{
    usher_problems *problems = NULL;
    usher_status rc = usher_site_new(&w->site, &problems, kit_str(json), NULL, NULL, NULL);

    usher_problems_free(problems);
    assert(rc == USHER_OK), (void)rc;
    w->of['J'] = USHER_STR(SAMPLE_JWKS);
}

static inline void make_exchange(void)
{
    allocator = kit_allocator(&memory);
    usher_arena_init(&kept, usher_allocator_default(), 4096, 4 << 20);
    usher_exchange_options options = {
        .size = sizeof options, .allocator = &allocator, .entropy = kit_entropy(&randomness)};
    if (usher_exchange_new(&exchange, &options, NULL)) abort();
}

/* --- the input -------------------------------------------------------------------------------- */

/* With the secrets written out; absent if that is too long. */
static inline usher_str expand(char out[INPUT_MAX], const world *w, usher_str in)
{
    size_t len = 0;

    while (in.len) {
        const char *dollar = memchr(in.ptr, '$', in.len);
        usher_str piece = {in.ptr, dollar ? (size_t)(dollar - in.ptr) : in.len};
        size_t taken = piece.len;

        if (piece.len == 0) {
            unsigned char letter = in.len > 1 ? (unsigned char)in.ptr[1] : 0;
            bool known = letter < sizeof w->of / sizeof *w->of && w->of[letter].ptr;
            piece = known ? w->of[letter] : (usher_str){in.ptr, 1};
            taken = known ? 2 : 1;
        }
        if (piece.len > INPUT_MAX - len) return (usher_str){0};
        if (piece.len) memcpy(out + len, piece.ptr, piece.len);
        len += piece.len;
        in = usher_str_from(in, taken);
    }
    return (usher_str){out, len};
}

static inline void read_input(visit *v, usher_str in)
{
    size_t end = usher_str_find(in, USHER_STR("\n=\n"));
    usher_str line, target;

    if (end != SIZE_MAX) {
        v->answers = usher_str_from(in, end + 3);
        in.len = end;
    }
    line = usher_str_cut(in, '\n', &in);
    v->request.method = usher_str_cut(line, ' ', &target);
    v->request.target = target;
    while (in.len && v->request.header_count < HEADERS) {
        usher_header *h = &v->headers[v->request.header_count];
        line = usher_str_cut(in, '\n', &in);
        if (line.len == 0) break;
        h->name = usher_str_cut(line, ':', &h->value);
        h->value = usher_str_trim(h->value);
        v->request.header_count++;
    }
    v->request.headers = v->headers;
    v->request.body = in;
}

/* As the input has it; '~': no allocation fails. */
static inline usher_status run(visit *v, uint8_t fail_at)
{
    if (!live_at_rest) live_at_rest = (usher_exchange_forget(exchange), memory.live);
    randomness.seed = 7;
    memory.calls = 0;
    memory.failed = false;
    memory.fail_at = fail_at == '~' ? SIZE_MAX : fail_at;
    usher_status rc = perform(v);
    memory.fail_at = SIZE_MAX;
    return rc;
}

static inline void come_to_rest(void)
{
    usher_exchange_forget(exchange);
    assert(memory.live == live_at_rest);
}

/* --- what must hold --------------------------------------------------------------------------- */

static inline bool clean(usher_str s)
{
    for (size_t i = 0; i < s.len; i++)
        if ((unsigned char)s.ptr[i] < ' ' || s.ptr[i] == 0x7f) return false;
    return true;
}

/* Nothing splits a header; a cookie is set once, and for HTTP alone. */
static inline void check_headers(const usher_response *r)
{
    usher_str rest;

    for (size_t i = 0; i < r->header_count; i++) {
        const usher_header *h = &r->headers[i];

        assert(h->name.len && clean(h->name) && clean(h->value));
        if (!usher_str_eq(h->name, USHER_STR("Set-Cookie"))) continue;
        usher_str name = usher_str_cut(h->value, '=', &rest);
        assert(name.len && (usher_str_find(rest, USHER_STR("; HttpOnly")) != SIZE_MAX ||
                            usher_str_ends(name, USHER_STR(".callback-url")))); /* robojs' */
        for (size_t j = 0; j < i; j++)
            assert(!usher_str_eq(r->headers[j].name, h->name) ||
                   !usher_str_eq(usher_str_cut(r->headers[j].value, '=', &rest), name));
    }
}

/* Could not tell: nothing is said, set or cleared. */
static inline void check_failure(usher_status rc)
{
    const usher_response *r = usher_exchange_response(exchange);

    assert((rc == USHER_E_NOMEM && memory.failed) || rc == USHER_E_LIMIT ||
           (rc == USHER_E_IO && may_be_told_nonsense));
    assert(r->status == 0 && r->header_count == 0 && r->body.len == 0), (void)r;
    assert(usher_exchange_verdict(exchange) == USHER_NO_SESSION);
    assert(usher_exchange_decision(exchange) == USHER_UNDECIDED);
    assert(!usher_exchange_signed_in(exchange) && !usher_exchange_signed_out(exchange));
}

#endif
