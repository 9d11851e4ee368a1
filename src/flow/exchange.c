#include "flow/exchange.h"

#include <string.h>

#include "base/error.h"
#include "base/secret.h"
#include "base/str.h"
#include "flow/auth0.h"
#include "flow/hooks.h"
#include "flow/store.h"
#include "wire/jose/digest.h"

#define MEMORY_FIRST     ((size_t)32 << 10)
#define MEMORY_MAX       ((size_t)2 << 20) /* four documents of the largest size, and their index */
#define DOCUMENT_MAX     ((size_t)256 << 10)
#define DOCUMENT_CACHE_S 300

/* Which function goes on after which event. */
static const struct {
    usher_state state;
    usher_event_kind event;
    usher_step *run;
} steps[] = {
    {USHER_AT_DECODE, USHER_EVENT_HOOKED, usher_flow_decoded},
    {USHER_AT_DECODE, USHER_EVENT_HOOK_REFUSED, usher_flow_decoded},
    {USHER_AT_DECODE, USHER_EVENT_HOOK_FAILED, usher_flow_decoded},
    {USHER_AT_HOOK, USHER_EVENT_HOOKED, usher_flow_hooked},
    {USHER_AT_HOOK, USHER_EVENT_HOOK_REFUSED, usher_flow_hooked},
    {USHER_AT_HOOK, USHER_EVENT_HOOK_FAILED, usher_flow_hooked},
    {USHER_AT_STORE, USHER_EVENT_STORED, usher_store_answered},
    {USHER_AT_STORE, USHER_EVENT_STORE_CONFLICT, usher_store_answered},
    {USHER_AT_STORE, USHER_EVENT_STORE_FAILED, usher_store_answered},
    {USHER_AT_ENCODE, USHER_EVENT_HOOKED, usher_flow_encoded},
    {USHER_AT_ENCODE, USHER_EVENT_HOOK_REFUSED, usher_flow_encoded},
    {USHER_AT_ENCODE, USHER_EVENT_HOOK_FAILED, usher_flow_encoded},
    {USHER_AT_SIGN_IN_METADATA, USHER_EVENT_FETCHED, usher_sign_in_metadata},
    {USHER_AT_SIGN_IN_METADATA, USHER_EVENT_FETCH_FAILED, usher_sign_in_unreachable},
    {USHER_AT_CALLBACK_METADATA, USHER_EVENT_FETCHED, usher_callback_metadata},
    {USHER_AT_CALLBACK_METADATA, USHER_EVENT_FETCH_FAILED, usher_callback_unreachable},
    {USHER_AT_CALLBACK_TOKENS, USHER_EVENT_FETCHED, usher_callback_tokens},
    {USHER_AT_CALLBACK_TOKENS, USHER_EVENT_FETCH_FAILED, usher_callback_unreachable},
    {USHER_AT_CALLBACK_KEYS, USHER_EVENT_FETCHED, usher_callback_keys},
    {USHER_AT_CALLBACK_KEYS, USHER_EVENT_FETCH_FAILED, usher_callback_unreachable},
    {USHER_AT_CALLBACK_NEWER_KEYS, USHER_EVENT_FETCHED, usher_callback_keys},
    {USHER_AT_CALLBACK_NEWER_KEYS, USHER_EVENT_FETCH_FAILED, usher_callback_unreachable},
    {USHER_AT_CALLBACK_USERINFO, USHER_EVENT_FETCHED, usher_callback_userinfo},
    {USHER_AT_CALLBACK_USERINFO, USHER_EVENT_FETCH_FAILED, usher_callback_unreachable},
    {USHER_AT_AUTH0_LOGIN_METADATA, USHER_EVENT_FETCHED, usher_auth0_login_metadata},
    {USHER_AT_AUTH0_LOGIN_METADATA, USHER_EVENT_FETCH_FAILED, usher_auth0_login_metadata},
    {USHER_AT_AUTH0_LOGIN_PUSHED, USHER_EVENT_FETCHED, usher_auth0_login_pushed},
    {USHER_AT_AUTH0_LOGIN_PUSHED, USHER_EVENT_FETCH_FAILED, usher_auth0_login_pushed},
    {USHER_AT_AUTH0_CALLBACK_METADATA, USHER_EVENT_FETCHED, usher_auth0_callback_metadata},
    {USHER_AT_AUTH0_CALLBACK_METADATA, USHER_EVENT_FETCH_FAILED, usher_auth0_callback_metadata},
    {USHER_AT_AUTH0_CALLBACK_TOKENS, USHER_EVENT_FETCHED, usher_auth0_callback_tokens},
    {USHER_AT_AUTH0_CALLBACK_TOKENS, USHER_EVENT_FETCH_FAILED, usher_auth0_callback_tokens},
    {USHER_AT_AUTH0_CALLBACK_KEYS, USHER_EVENT_FETCHED, usher_auth0_callback_keys},
    {USHER_AT_AUTH0_CALLBACK_KEYS, USHER_EVENT_FETCH_FAILED, usher_auth0_callback_keys},
    {USHER_AT_AUTH0_CALLBACK_NEWER_KEYS, USHER_EVENT_FETCHED, usher_auth0_callback_keys},
    {USHER_AT_AUTH0_CALLBACK_NEWER_KEYS, USHER_EVENT_FETCH_FAILED, usher_auth0_callback_keys},
    {USHER_AT_AUTH0_LOGOUT_METADATA, USHER_EVENT_FETCHED, usher_auth0_logout_metadata},
    {USHER_AT_AUTH0_LOGOUT_METADATA, USHER_EVENT_FETCH_FAILED, usher_auth0_logout_metadata},
    {USHER_AT_AUTH0_LOGOUT_REVOCATION, USHER_EVENT_FETCHED, usher_auth0_logout_revoked},
    {USHER_AT_AUTH0_LOGOUT_REVOCATION, USHER_EVENT_FETCH_FAILED, usher_auth0_logout_revoked},
    {USHER_AT_AUTH0_REFRESH_METADATA, USHER_EVENT_FETCHED, usher_auth0_refresh_metadata},
    {USHER_AT_AUTH0_REFRESH_METADATA, USHER_EVENT_FETCH_FAILED, usher_auth0_refresh_metadata},
    {USHER_AT_AUTH0_REFRESH_KEYS, USHER_EVENT_FETCHED, usher_auth0_refresh_keys},
    {USHER_AT_AUTH0_REFRESH_KEYS, USHER_EVENT_FETCH_FAILED, usher_auth0_refresh_keys},
    {USHER_AT_AUTH0_REFRESH_TOKENS, USHER_EVENT_FETCHED, usher_auth0_refresh_tokens},
    {USHER_AT_AUTH0_REFRESH_TOKENS, USHER_EVENT_FETCH_FAILED, usher_auth0_refresh_tokens},
    {USHER_AT_AUTH0_REFRESH_NEWER_KEYS, USHER_EVENT_FETCHED, usher_auth0_refresh_newer_keys},
    {USHER_AT_AUTH0_REFRESH_NEWER_KEYS, USHER_EVENT_FETCH_FAILED, usher_auth0_refresh_newer_keys},
};

usher_status usher_exchange_new(usher_exchange **out, const usher_exchange_options *options,
                                usher_error *err)
{
    const usher_allocator *alloc =
        options && options->allocator ? options->allocator : usher_allocator_default();
    bool own = !options || !options->entropy.fill; /* a host's source is asked as it asks us to */
    size_t max = options && options->memory_max ? options->memory_max : MEMORY_MAX;

    *out = NULL;
    if (options && options->size != sizeof *options)
        return usher_fail(err, USHER_E_USAGE, "exchange: options of another version", 0);
    usher_exchange *ex = alloc->get(alloc->ctx, sizeof *ex);
    if (!ex) return usher_fail(err, USHER_E_NOMEM, "exchange: out of memory", 0);
    memset(ex, 0, sizeof *ex);
    ex->alloc = *alloc;
    if (own) usher_pool_init(&ex->pool, usher_entropy_default());
    ex->entropy = own ? usher_pool_entropy(&ex->pool) : options->entropy;
    usher_arena_init(&ex->arena, &ex->alloc, MEMORY_FIRST < max ? MEMORY_FIRST : max, max);
    ex->cipher = usher_jwe_cipher_new(&ex->alloc);
    if (!ex->cipher) {
        usher_exchange_free(ex);
        return usher_fail(err, USHER_E_NOMEM, "exchange: no cipher contexts", 0);
    }
    if (!ex->entropy.fill(ex->entropy.ctx, (uint8_t *)&ex->id_seed, sizeof ex->id_seed)) {
        usher_exchange_free(ex);
        return usher_fail(err, USHER_E_CRYPTO, "exchange: no entropy", 0);
    }
    *out = ex;
    return USHER_OK;
}

void usher_exchange_free(usher_exchange *ex)
{
    if (!ex) return;
    usher_arena_deinit(&ex->arena);
    usher_jwe_cipher_free(ex->cipher);
    usher_pool_deinit(&ex->pool);
    usher_site_unref(ex->site);
    usher_allocator alloc = ex->alloc;
    usher_wipe(ex, sizeof *ex);
    alloc.put(alloc.ctx, ex, sizeof *ex);
}

static void zero(usher_exchange *ex, size_t from, size_t to)
{
    memset((char *)ex + from, 0, to - from);
}

/* Every request pays for what is zeroed here, so it is what a request may have left, no more. */
void usher_exchange_forget(usher_exchange *ex)
{
    usher_arena_reset(&ex->arena);
    zero(ex, offsetof(usher_exchange, request), offsetof(usher_exchange, first.pieces.names));
    if (ex->did_more)
        zero(ex, offsetof(usher_exchange, sign_in), offsetof(usher_exchange, response_headers));
    ex->did_more = false;
    ex->is_fresh = true;
}

usher_status usher_exchange_start(usher_exchange *ex, usher_site *site,
                                  const usher_request *request, int64_t now_ms, usher_error *err)
{
    if (!ex || !site || !request || request->size != sizeof *request)
        return usher_fail(err, USHER_E_USAGE, "exchange: no site, or a request of another version",
                          0);
    if (!ex->is_fresh) usher_exchange_forget(ex);
    ex->is_fresh = false;
    if (ex->site != site) {
        usher_site_unref(ex->site);
        ex->site = usher_site_ref(site);
    }
    ex->request = request;
    ex->read_only = request->read_only;
    ex->now_ms = now_ms;
    ex->id_seed += UINT64_C(0x9e3779b97f4a7c15);
    usher_status rc = usher_flow_read_request(ex, err);
    if (rc) return rc;
    ex->state = USHER_AT_START;
    return USHER_OK;
}

void usher_flow_report(usher_exchange *ex, usher_cause cause, const usher_error *err)
{
    if (cause == USHER_CAUSE_NONE || ex->report_count == USHER_REPORTS_MAX) return;
    usher_report *r = &ex->reports[ex->report_count++];
    *r = (usher_report){.cause = cause};
    if (err && err->what) {
        r->what = err->what;
        r->where = err->where;
    }
}

bool usher_flow_peer_fault(const usher_exchange *ex, usher_status status)
{
    return USHER_STATUS_CLASS(status) == USHER_CLASS_PEER ||
           (status == USHER_E_LIMIT && ex->arena.failed != USHER_E_LIMIT);
}

static usher_cause cause_of(usher_status status)
{
    switch (status) {
    case USHER_E_NOMEM: return USHER_CAUSE_NO_MEMORY;
    case USHER_E_LIMIT: return USHER_CAUSE_LIMIT;
    case USHER_E_CRYPTO: return USHER_CAUSE_CRYPTO;
    default: return USHER_CAUSE_HOST;
    }
}

/* Could not tell: nothing that was prepared may reach the browser. */
static void withdraw(usher_exchange *ex, usher_status rc, const usher_error *err)
{
    (void)usher_exchange_id(ex); /* while the visit is known */
    ex->verdict = USHER_NO_SESSION;
    ex->session = (usher_session){0};
    ex->decision = USHER_UNDECIDED;
    ex->response = (usher_response){0};
    ex->set_cookie_count = 0;
    ex->signed_in = ex->signed_out = false;
    ex->held = (usher_held){0};
    ex->csrf_token = (usher_str){0};
    ex->access = NULL;
    usher_flow_report(ex, cause_of(rc), err);
}

static usher_status add_cookie_headers(usher_exchange *ex, usher_error *err)
{
    if (ex->response.header_count + ex->set_cookie_count > USHER_HEADERS_MAX)
        return usher_fail(err, USHER_E_LIMIT, "exchange: too many response headers", 0);
    for (size_t i = 0; i < ex->set_cookie_count; i++)
        ex->response_headers[ex->response.header_count++] =
            (usher_header){USHER_STR("Set-Cookie"), ex->set_cookies[i].line};
    ex->response.headers = ex->response_headers;
    return USHER_OK;
}

/* An operation's answer, unless it waits for something: of the host, or of the program's hook. */
static usher_status end(usher_exchange *ex, usher_status rc, usher_want *want, usher_error *err)
{
    usher_error spare = {0};

    if (!err) err = &spare;
    if (rc == USHER_OK && want->kind == USHER_WANT_NOTHING) rc = usher_store_flush(ex, want, err);
    if (rc == USHER_OK && want->kind == USHER_WANT_NOTHING) rc = usher_flow_encode(ex, want, err);
    if (rc == USHER_OK && want->kind != USHER_WANT_NOTHING) return USHER_OK;
    ex->state = rc == USHER_OK && !ex->final ? USHER_AT_START : USHER_AT_REST;
    if (ex->read_only) ex->set_cookie_count = 0;
    if (rc == USHER_OK) rc = add_cookie_headers(ex, err);
    if (rc == USHER_OK) return USHER_OK;
    *want = (usher_want){0};
    withdraw(ex, rc, err);
    return rc;
}

/* The program has made claims of its tokens; rows come next, where the operation wants one. */
usher_status usher_flow_run(usher_exchange *ex, usher_want *want, usher_error *err)
{
    return ex->on_session ? usher_store_read(ex, ex->run, want, err) : ex->run(ex, want, err);
}

usher_status usher_flow_operate(usher_exchange *ex, usher_operation *run, unsigned operating,
                                usher_want *want, usher_error *err)
{
    usher_status rc;

    *want = (usher_want){0};
    if (!ex || ex->state != USHER_AT_START || ex->final)
        return usher_fail(err, USHER_E_USAGE, "exchange: start it before this operation", 0);
    ex->did_more |= run != usher_flow_get_token;
    ex->final = operating & USHER_OPERATING_FINAL;
    ex->on_session = operating & USHER_OPERATING_ON_SESSION;
    ex->run = run;
    ex->access = NULL;
    ex->response = (usher_response){0};
    rc = usher_flow_decode(ex, want, err);
    if (rc == USHER_OK && want->kind == USHER_WANT_NOTHING) rc = usher_flow_run(ex, want, err);
    return end(ex, rc, want, err);
}

usher_status usher_resume(usher_exchange *ex, const usher_event *event, usher_want *want,
                          usher_error *err)
{
    *want = (usher_want){0};
    if (!ex || !event || event->size != sizeof *event)
        return usher_fail(err, USHER_E_USAGE, "exchange: no event, or one of another version", 0);
    for (size_t i = 0; i < sizeof steps / sizeof *steps; i++) {
        if (steps[i].state != ex->state || steps[i].event != event->kind) continue;
        ex->did_more = true;
        if (event->now_ms > ex->now_ms) ex->now_ms = event->now_ms; /* time does not run back */
        return end(ex, steps[i].run(ex, event, want, err), want, err);
    }
    return usher_fail(err, USHER_E_USAGE, "exchange: this event was not wanted", 0);
}

usher_status usher_flow_want(usher_exchange *ex, usher_want *want, usher_state state,
                             const usher_fetch *fetch)
{
    const usher_provider *p = ex->sign_in.provider;

    *want = (usher_want){.kind = USHER_WANT_FETCH, .fetch = *fetch};
    want->fetch.timeout_ms = p->timeout_ms;
    want->fetch.answer_max = DOCUMENT_MAX;
    want->fetch.plain_http = p->plain_http;
    want->fetch.private_network = p->private_network;
    ex->state = state;
    return USHER_OK;
}

bool usher_flow_look_again(usher_exchange *ex, const usher_event *event)
{
    bool copy = event->fetched_ms < event->now_ms;

    if (!copy || ex->sign_in.looked_again) return false;
    ex->sign_in.looked_again = true;
    return true;
}

usher_status usher_flow_want_document(usher_exchange *ex, usher_want *want, usher_state state,
                                      usher_str url, int64_t newer_than_ms)
{
    static const usher_header accept = {USHER_STR_INIT("Accept"),
                                        USHER_STR_INIT("application/json")};
    usher_fetch fetch = {.method = USHER_STR("GET"),
                         .url = url,
                         .headers = &accept,
                         .header_count = 1,
                         .cache_s = DOCUMENT_CACHE_S,
                         .newer_than_ms = newer_than_ms};

    return usher_flow_want(ex, want, state, &fetch);
}

/* --- results --------------------------------------------------------------------------------- */

usher_verdict usher_exchange_verdict(const usher_exchange *ex)
{
    return ex->verdict;
}

const usher_session *usher_exchange_session(const usher_exchange *ex)
{
    return ex->verdict == USHER_SESSION_VALID ? &ex->session : NULL;
}

usher_decision usher_exchange_decision(const usher_exchange *ex)
{
    return ex->decision;
}

const usher_response *usher_exchange_response(const usher_exchange *ex)
{
    return &ex->response;
}

const usher_report *usher_exchange_reports(const usher_exchange *ex, size_t *count)
{
    *count = ex->report_count;
    return ex->reports;
}

/* One for all requests of a browser's visit, so that the error page shows what the log calls the
 * request that failed: a digest of the CSRF token, which is neither secret nor reversible here. */
static bool visit_id(uint8_t *digest, usher_str csrf_token)
{
    const usher_str parts[] = {USHER_STR_INIT("usher visit|"), csrf_token};

    return csrf_token.ptr && !usher_digest_parts(digest, USHER_SHA256, parts, 2, NULL);
}

/* Not a secret and not unique in the universe: something to find in the log. No entropy is spent on
 * it (splitmix64). */
static void number_id(uint8_t *bytes, uint64_t z)
{
    z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
    z ^= z >> 31;
    memcpy(bytes, &z, sizeof z);
}

usher_str usher_exchange_id(usher_exchange *ex)
{
    uint8_t bytes[USHER_DIGEST_MAX];

    if (!ex->id[0]) {
        if (!visit_id(bytes, ex->csrf_token)) number_id(bytes, ex->id_seed);
        usher_hex(ex->id, bytes, USHER_ID_LEN / 2);
    }
    return (usher_str){ex->id, USHER_ID_LEN};
}

usher_str usher_exchange_provider(const usher_exchange *ex)
{
    return ex->sign_in.provider ? ex->sign_in.provider->id : (usher_str){0};
}

usher_str usher_exchange_csrf_token(const usher_exchange *ex)
{
    return ex->csrf_token;
}

const usher_access_token *usher_exchange_access_token(const usher_exchange *ex)
{
    return ex->access;
}

bool usher_exchange_session_written(const usher_exchange *ex)
{
    return ex->held.written;
}

usher_str usher_exchange_session_profile(const usher_exchange *ex)
{
    bool valid = ex->verdict == USHER_SESSION_VALID && ex->held.found;

    return valid ? ex->held.found->profile->name : (usher_str){0};
}

bool usher_exchange_signed_in(const usher_exchange *ex)
{
    return ex->signed_in;
}

bool usher_exchange_signed_out(const usher_exchange *ex)
{
    return ex->signed_out;
}
