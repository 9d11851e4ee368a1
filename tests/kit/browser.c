#include "tests/kit/browser.h"

#include "base/str.h"

usher_site *kit_site(const char *settings)
{
    usher_problems *problems = NULL;
    usher_site *site = NULL;
    usher_status rc = usher_site_new(&site, &problems, kit_str(settings), NULL, NULL, NULL);

    for (size_t i = 0; rc && i < usher_problems_count(problems); i++) {
        const usher_problem *p = usher_problems_at(problems, i);
        print_error("%zu:%zu %.*s\n", p->line, p->column, (int)p->message.len, p->message.ptr);
    }
    usher_problems_free(problems);
    assert_ok(rc);
    return site;
}

void browser_start(browser *b, usher_site *site, int64_t now_s)
{
    memset(b, 0, sizeof *b);
    b->site = site;
    b->now_s = now_s;
    kit_op_init(&b->op, now_s);
}

void browser_close(browser *b)
{
    recorded_free(&b->last);
    usher_site_unref(b->site);
    kit_op_free(&b->op);
}

/* --- the jar ---------------------------------------------------------------------------------- */

size_t browser_count(const browser *b, const char *prefix)
{
    size_t n = 0;

    for (size_t i = 0; i < b->cookies; i++)
        n += !strncmp(b->jar[i][0], prefix, strlen(prefix));
    return n;
}

size_t browser_find(const browser *b, const char *part)
{
    size_t at = 0;

    while (at < b->cookies && !strstr(b->jar[at][0], part))
        at++;
    return at;
}

static size_t find_cookie(const browser *b, usher_str name)
{
    size_t at = 0;

    while (at < b->cookies && !usher_str_eq(kit_str(b->jar[at][0]), name))
        at++;
    return at;
}

/* An answer that is cut off would pass tests that it should not. */
static void copy(char *out, size_t room, usher_str s)
{
    assert_true(s.len < room);
    if (s.len) memcpy(out, s.ptr, s.len);
    out[s.len] = 0;
}

void browser_put_cookie(browser *b, usher_str name, usher_str value)
{
    size_t at = find_cookie(b, name);

    assert_true(at < BROWSER_COOKIES);
    copy(b->jar[at][0], BROWSER_COOKIE_MAX, name);
    copy(b->jar[at][1], BROWSER_COOKIE_MAX, value);
    if (at == b->cookies) b->cookies++;
}

void browser_drop_cookie(browser *b, size_t at)
{
    assert_true(at < b->cookies);
    b->cookies--;
    memmove(b->jar[at], b->jar[at + 1], (b->cookies - at) * sizeof *b->jar);
}

static void obey(browser *b, usher_str line)
{
    usher_str rest, pair = usher_str_cut(line, ';', &rest), value;
    usher_str name = usher_str_cut(pair, '=', &value);
    size_t at = find_cookie(b, name);

    assert_true(usher_str_find(rest, USHER_STR("HttpOnly")) != SIZE_MAX ||
                usher_str_find(name, USHER_STR("callback-url")) != SIZE_MAX); /* robojs' */
    if (usher_str_starts(name, USHER_STR("__session")) ||
        usher_str_starts(name, USHER_STR("__txn_")) || usher_str_starts(name, USHER_STR("__FC_")))
        assert_true(usher_str_find(rest, USHER_STR("SameSite=lax")) != SIZE_MAX);
    if (usher_str_find(rest, USHER_STR("Max-Age=0")) == SIZE_MAX)
        browser_put_cookie(b, name, value);
    else if (at < b->cookies)
        browser_drop_cookie(b, at);
}

/* --- requests and answers --------------------------------------------------------------------- */

static void keep_header(browser *b, const usher_header *h)
{
    if (usher_str_eq(h->name, USHER_STR("Location")))
        copy(b->location, sizeof b->location, h->value);
    if (usher_str_eq(h->name, USHER_STR("Cache-Control")))
        copy(b->cache, sizeof b->cache, h->value);
    if (usher_str_eq(h->name, USHER_STR("X-Usher-User")))
        copy(b->user_header, sizeof b->user_header, h->value);
    if (!usher_str_eq(h->name, USHER_STR("Set-Cookie"))) return;
    b->set_cookies++;
    obey(b, h->value);
}

void browser_keep_answer(browser *b, const usher_exchange *ex)
{
    const usher_response *r = usher_exchange_response(ex);
    const usher_session *s = usher_exchange_session(ex);
    const usher_report *reports = usher_exchange_reports(ex, &b->cause_count);

    b->status = r->status;
    b->location[0] = b->cache[0] = b->user_header[0] = b->session[0] = 0;
    b->set_cookies = 0;
    copy(b->body, sizeof b->body, r->body);
    if (s) copy(b->session, sizeof b->session, usher_session_claims(s));
    for (size_t i = 0; i < r->header_count; i++)
        keep_header(b, &r->headers[i]);
    assert_true(b->cause_count <= sizeof b->causes / sizeof *b->causes);
    b->cause = USHER_CAUSE_NONE;
    for (size_t i = 0; i < b->cause_count; i++)
        b->cause = b->causes[i] = reports[i].cause;
    b->verdict = usher_exchange_verdict(ex);
    b->decision = usher_exchange_decision(ex);
    b->signed_in = usher_exchange_signed_in(ex);
    b->signed_out = usher_exchange_signed_out(ex);
    b->written = usher_exchange_session_written(ex);
}

bool browser_has_cause(const browser *b, usher_cause cause)
{
    for (size_t i = 0; i < b->cause_count; i++)
        if (b->causes[i] == cause) return true;
    return false;
}

#define HEADERS 4

static void load(usher_request *request, usher_header headers[HEADERS], const recorded *r)
{
    size_t n = 0;

    if (r->cookies[0]) headers[n++] = (usher_header){USHER_STR("Cookie"), kit_str(r->cookies)};
    if (r->body[0]) /* a form, unless it is JSON */
        headers[n++] = (usher_header){USHER_STR("Content-Type"),
                                      strchr("[{", r->body[0])
                                          ? USHER_STR("application/json")
                                          : USHER_STR("application/x-www-form-urlencoded")};
    if (r->accept[0]) headers[n++] = (usher_header){USHER_STR("Accept"), kit_str(r->accept)};
    if (r->extra[0][0]) headers[n++] = (usher_header){kit_str(r->extra[0]), kit_str(r->extra[1])};
    *request = (usher_request){.size = sizeof *request,
                               .method = kit_str(r->method),
                               .target = kit_str(r->target),
                               .headers = headers,
                               .header_count = n,
                               .body = r->body[0] ? kit_str(r->body) : (usher_str){0}};
}

static void record(browser *b, usher_operation_fn *op, const char *method, const char *target,
                   const char *body)
{
    recorded *r = &b->last;
    size_t n = 0;

    recorded_free(r);
    memset(r, 0, sizeof *r);
    copy(r->method, sizeof r->method, kit_str(method));
    copy(r->target, sizeof r->target, kit_str(target));
    if (body) copy(r->body, sizeof r->body, kit_str(body));
    if (b->accept) copy(r->accept, sizeof r->accept, kit_str(b->accept));
    memcpy(r->extra, b->extra, sizeof r->extra);
    for (size_t i = 0; i < b->cookies; i++) {
        n += (size_t)snprintf(r->cookies + n, sizeof r->cookies - n, "%s%s=%s", i ? "; " : "",
                              b->jar[i][0], b->jar[i][1]);
        assert_true(n < sizeof r->cookies);
    }
    r->operation = op;
    r->now_s = b->now_s;
    r->seed = ++b->seed;
}

static void answer(browser *b, const usher_want *want, meddler *meddle, void *ctx,
                   usher_event *event)
{
    bool fetched = want->kind == USHER_WANT_FETCH;
    recorded *r = &b->last;

    assert_true(b->wants < BROWSER_WANTS);
    b->op.now_s = b->now_s;
    if (!fetched)
        *event = (usher_event){.size = sizeof *event,
                               .kind = USHER_EVENT_HOOKED,
                               .now_ms = b->now_s * 1000,
                               .value = USHER_STR("null")};
    if (want->kind == USHER_WANT_STORE) {
        event->kind = kit_store_answer(b->store, &want->store, &event->value);
    } else if (!fetched) {
        b->hook(b->hook_ctx, &want->hook, event);
    } else {
        kit_op_answer(&b->op, &want->fetch, event);
        if (meddle) meddle(ctx, b->wants, &want->fetch, event);
    }
    usher_str text = fetched ? event->body : event->value;
    r->kinds[b->wants] = event->kind;
    r->http_status[b->wants] = event->http_status;
    r->bodies[b->wants] = strndup(text.ptr ? text.ptr : "", text.len);
    r->events = ++b->wants;
}

static bool can_answer(const usher_want *want, bool hooks, bool rows)
{
    switch (want->kind) {
    case USHER_WANT_FETCH: return true;
    case USHER_WANT_HOOK: return hooks;
    case USHER_WANT_STORE: return rows;
    default: return false;
    }
}

static void check_end(const usher_exchange *ex, usher_status rc, const recorded *r)
{
    const usher_response *response = usher_exchange_response(ex);

    if (rc == USHER_OK) { /* a token is no response */
        assert_true(response->status != 0 || r->operation == usher_get_token);
        return;
    }
    assert_int_equal(response->status, 0);
    assert_int_equal(response->header_count, 0);
    assert_int_equal(usher_exchange_decision(ex), USHER_UNDECIDED);
    assert_null(usher_exchange_session(ex));
    assert_false(usher_exchange_signed_in(ex) || usher_exchange_signed_out(ex));
}

void browser_ask(browser *b, usher_operation_fn *op, const char *method, const char *target,
                 const char *body, meddler *meddle, void *ctx)
{
    usher_exchange *ex;
    usher_error err = {0};
    usher_want want;
    usher_event event;
    usher_request request;
    usher_header headers[HEADERS];

    record(b, op, method, target, body);
    kit_random random = {.seed = b->last.seed, .fail_at = SIZE_MAX};
    usher_exchange_options options = {.size = sizeof options, .entropy = kit_entropy(&random)};
    load(&request, headers, &b->last);
    assert_ok(usher_exchange_new(&ex, &options, &err));
    assert_ok(usher_exchange_start(ex, b->site, &request, b->now_s * 1000, &err));
    b->wants = 0;
    usher_status rc = op(ex, &want, &err);
    while (rc == USHER_OK && can_answer(&want, b->hook != NULL, b->store != NULL)) {
        answer(b, &want, meddle, ctx, &event);
        rc = usher_resume(ex, &event, &want, &err);
    }
    b->rc = rc;
    if (rc) check_end(ex, rc, &b->last);
    if (rc != b->fails && !b->may_fail)
        fail_msg("%s %s: %s (%s)", method, target, err.what ? err.what : "?", err.where);
    browser_keep_answer(b, ex);
    if (b->look) b->look(ex);
    usher_exchange_free(ex);
}

void browser_get(browser *b, const char *target)
{
    browser_ask(b, usher_handle, "GET", target, NULL, NULL, NULL);
}

bool kit_parameter(const char *url, const char *name, char *out, size_t room)
{
    size_t n = 0, len = strlen(name);
    const char *at = strchr(url, '?');

    out[0] = 0;
    while (at && (strncmp(at + 1, name, len) || at[1 + len] != '='))
        at = strchr(at + 1, '&');
    if (!at) return false;
    for (at += len + 2; *at && *at != '&'; at++) {
        unsigned c = (unsigned char)*at;
        if (c == '%') {
            assert_int_equal(sscanf(at + 1, "%2x", &c), 1);
            at += 2;
        }
        assert_true(n + 1 < room);
        out[n++] = c == '+' ? ' ' : (char)c;
    }
    out[n] = 0;
    return true;
}

/* --- the same again, while something fails ---------------------------------------------------- */

void browser_take_record(browser *b, recorded *out)
{
    *out = b->last;
    b->last.events = 0;
}

void recorded_free(recorded *r)
{
    for (size_t i = 0; i < r->events; i++)
        free(r->bodies[i]);
    r->events = 0;
}

void recorded_free_all(recorded *all, size_t count)
{
    for (size_t i = 0; i < count; i++)
        recorded_free(&all[i]);
}

static usher_status run(usher_site *site, const recorded *r, kit_alloc *alloc, kit_random *random)
{
    usher_allocator allocator = kit_allocator(alloc);
    usher_exchange_options options = {
        .size = sizeof options, .allocator = &allocator, .entropy = kit_entropy(random)};
    usher_exchange *ex = NULL;
    usher_request request;
    usher_header headers[HEADERS];
    usher_want want;
    size_t at = 0;

    load(&request, headers, r);
    usher_status rc = usher_exchange_new(&ex, &options, NULL);
    if (rc == USHER_OK) rc = usher_exchange_start(ex, site, &request, r->now_s * 1000, NULL);
    if (rc == USHER_OK) rc = r->operation(ex, &want, NULL);
    while (rc == USHER_OK && can_answer(&want, true, true)) {
        assert_true(at < r->events);
        usher_event event = {.size = sizeof event,
                             .kind = r->kinds[at],
                             .now_ms = r->now_s * 1000,
                             .fetched_ms = r->now_s * 1000,
                             .http_status = r->http_status[at],
                             .content_type = USHER_STR("application/json"),
                             .body = kit_str(r->bodies[at]),
                             .value = kit_str(r->bodies[at])};
        at++;
        rc = usher_resume(ex, &event, &want, NULL);
    }
    if (ex) check_end(ex, rc, r);
    usher_exchange_free(ex);
    if (alloc->live) fail_msg("%s: %zu leak", r->target, alloc->live);
    return rc;
}

static void sweep_memory(usher_site *site, const recorded *r, bool from_then_on)
{
    size_t at = 0;
    kit_alloc alloc;

    do {
        kit_random random = {.seed = r->seed, .fail_at = SIZE_MAX};
        alloc = (kit_alloc){.fail_at = at++, .from_then_on = from_then_on};
        usher_status rc = run(site, r, &alloc, &random);
        if (rc != (alloc.failed ? USHER_E_NOMEM : USHER_OK))
            fail_msg("%s: allocation %zu refused: %s", r->target, at - 1, usher_status_name(rc));
    } while (alloc.failed);
    assert_true(at > 2);
}

void recorded_without_memory(usher_site *site, const recorded *all, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        sweep_memory(site, &all[i], false);
        sweep_memory(site, &all[i], true);
    }
}

/* libcrypto may survive a refusal; then the answer is right. */
static void sweep_crypto(usher_site *site, const recorded *r)
{
    for (size_t at = 0; at < 100000; at++) {
        kit_alloc alloc = {.fail_at = SIZE_MAX};
        kit_random random = {.seed = r->seed, .fail_at = SIZE_MAX};

        kit_crypto.calls = 0;
        kit_crypto.failed = false;
        kit_crypto.fail_at = at;
        usher_status rc = run(site, r, &alloc, &random);
        kit_crypto.fail_at = SIZE_MAX;
        if (rc != USHER_OK && rc != USHER_E_NOMEM && rc != USHER_E_CRYPTO)
            fail_msg("%s: crypto allocation %zu refused: %s", r->target, at, usher_status_name(rc));
        if (!kit_crypto.failed) break;
    }
}

void recorded_without_crypto(usher_site *site, const recorded *all, size_t count)
{
    for (size_t i = 0; i < count; i++)
        sweep_crypto(site, &all[i]);
}

static size_t sweep_entropy(usher_site *site, const recorded *r)
{
    for (size_t at = 0;; at++) {
        kit_alloc alloc = {.fail_at = SIZE_MAX};
        kit_random random = {.seed = r->seed, .fail_at = at};
        usher_status rc = run(site, r, &alloc, &random);

        assert_int_equal(rc, random.calls <= at ? USHER_OK : USHER_E_CRYPTO);
        if (random.calls <= at) return at;
    }
}

void recorded_without_entropy(usher_site *site, const recorded *all, size_t count)
{
    size_t refused = 0;

    for (size_t i = 0; i < count; i++)
        refused += sweep_entropy(site, &all[i]);
    assert_true(refused > count);
}
