/* routes - whose request it is, and what becomes of the engine's judgement. */
#include <string.h>

#include "base/str.h"
#include "flow/exchange.h"
#include "gate/rules.h"
#include "hosts/daemon/visit.h"

static bool is_below(usher_str path, usher_str base)
{
    return usher_str_starts(path, base) && (path.len == base.len || path.ptr[base.len] == '/');
}

static bool is_reading(const usherd_visit *v)
{
    return usher_str_eq(v->head.method, USHER_STR("GET")) ||
           usher_str_eq(v->head.method, USHER_STR("HEAD"));
}

static usherd_route route_of(usherd_visit *v)
{
    const usherd *d = v->daemon;
    usher_str path = usherd_visit_path(v), base = usher_site_base_path(d->site);

    if (usher_str_eq(path, USHER_STR("/livez"))) return USHERD_ROUTE_LIVE;
    if (usher_str_eq(path, USHER_STR("/readyz"))) return USHERD_ROUTE_READY;
    if (usher_str_eq(path, d->settings.check_path)) return USHERD_ROUTE_CHECK;
    if (base.len && is_below(path, base)) return USHERD_ROUTE_HANDLE;
    if (usher_auth0_owns(d->site, path)) return USHERD_ROUTE_HANDLE;
    v->file = usherd_files_find(&d->files, path);
    if (v->file) return USHERD_ROUTE_FILE;
    return base.len ? USHERD_ROUTE_NONE : USHERD_ROUTE_HANDLE;
}

static usher_operation *operation_of(const usherd_visit *v)
{
    switch (v->route) {
    case USHERD_ROUTE_HANDLE: return usher_handle;
    case USHERD_ROUTE_CHECK: return usher_forward_auth;
    case USHERD_ROUTE_FILE: return is_reading(v) ? usher_guard : NULL;
    default: return NULL;
    }
}

static usher_status start(usherd_visit *v)
{
    usher_status rc = usherd_exchanges_take(&v->exchange, &v->daemon->exchanges, &v->error);

    if (rc) return rc;
    v->request = (usher_request){
        .size = sizeof v->request,
        .method = v->head.method,
        .target = {v->target, v->target_len},
        .headers = v->head.fields,
        .header_count = v->head.field_count,
        .body = {v->body, v->body_len},
        .peer_trusted = v->client->trusted,
    };
    return usher_exchange_start(v->exchange, v->daemon->site, &v->request, usher_now_ms(),
                                &v->error);
}

bool usherd_visit_begin(usherd_visit *v)
{
    usher_operation *operation;

    v->stage = USHERD_AT_REPLY;
    v->route = route_of(v);
    if (!(operation = operation_of(v))) return true;
    if ((v->status = start(v)) || (v->status = operation(v->exchange, &v->want, &v->error)))
        return true;
    return v->want.kind == USHER_WANT_NOTHING;
}

void usherd_visit_go_on(usherd_visit *v)
{
    v->status = usher_drive_on(v->daemon->host, v->exchange, &v->want, &v->error);
    v->stage = USHERD_AT_REPLY;
}

/* answers */

static enum MHD_Result reply_engine(usherd_visit *v)
{
    const usher_response *r = usher_exchange_response(v->exchange);
    const usherd_reply reply = {
        .status = r->status > 0 ? (unsigned)r->status : 0,
        .headers = r->headers,
        .header_count = r->header_count,
        .body = r->body,
    };

    return usherd_reply_queue(v, &reply);
}

/* The headers of a page; a session that was renewed on the way goes out with it. */
#define PAGE_HEADERS 5
#define PAGE_COOKIES 48

static enum MHD_Result reply_page(usherd_visit *v)
{
    const usher_site *site = v->daemon->site;
    const usher_response *r = usher_exchange_response(v->exchange);
    bool open = usher_rules_open(site->rules, (usher_str){v->target, v->target_len});
    usher_header headers[PAGE_HEADERS + PAGE_COOKIES] = {
        {USHER_STR("Content-Type"), usher_str_z(v->file->type)},
        /* A closed page must not come out of anybody's cache once the visitor has left. */
        {USHER_STR("Cache-Control"), open ? USHER_STR("no-cache") : USHER_STR("private, no-store")},
        {USHER_STR("Content-Security-Policy"),
         USHER_STR("default-src 'self'; frame-ancestors 'none'; base-uri 'none'")},
        {USHER_STR("X-Content-Type-Options"), USHER_STR("nosniff")},
        {USHER_STR("Referrer-Policy"), USHER_STR("strict-origin-when-cross-origin")},
    };
    size_t count = PAGE_HEADERS;

    for (size_t i = 0; i < r->header_count && count < sizeof headers / sizeof *headers; i++)
        if (usher_str_eq_case(r->headers[i].name, USHER_STR("set-cookie")))
            headers[count++] = r->headers[i];
    return usherd_reply_queue(v, &(usherd_reply){.status = MHD_HTTP_OK,
                                                 .headers = headers,
                                                 .header_count = count,
                                                 .body = v->file->body,
                                                 .lasting = true});
}

static enum MHD_Result reply_file(usherd_visit *v)
{
    if (!is_reading(v))
        return usherd_reply_text(v, MHD_HTTP_METHOD_NOT_ALLOWED, "GET only.\n", false);
    switch (usher_exchange_decision(v->exchange)) {
    case USHER_ALLOW: return reply_page(v);
    case USHER_DENY: return reply_engine(v);
    default: usherd_visit_cause(v, USHERD_UNDECIDED); return usherd_reply_unknown(v);
    }
}

static enum MHD_Result reply_health(usherd_visit *v)
{
    if (!is_reading(v))
        return usherd_reply_text(v, MHD_HTTP_METHOD_NOT_ALLOWED, "GET only.\n", false);
    if (v->route == USHERD_ROUTE_READY && atomic_load(&v->daemon->draining))
        return usherd_reply_text(v, MHD_HTTP_SERVICE_UNAVAILABLE, "stopping\n", false);
    return usherd_reply_text(v, MHD_HTTP_OK, "ok\n", false);
}

static enum MHD_Result reply(usherd_visit *v)
{
    usherd_record_results(v);
    if (v->status) {
        if (!v->cause_count) usherd_visit_cause(v, usherd_cause_of(v->status));
        return usherd_reply_unknown(v);
    }
    switch (v->route) {
    case USHERD_ROUTE_HANDLE:
    case USHERD_ROUTE_CHECK: return reply_engine(v);
    case USHERD_ROUTE_FILE: return reply_file(v);
    case USHERD_ROUTE_LIVE:
    case USHERD_ROUTE_READY: return reply_health(v);
    default: return usherd_reply_text(v, MHD_HTTP_NOT_FOUND, "There is nothing here.\n", false);
    }
}

enum MHD_Result usherd_visit_reply(usherd_visit *v)
{
    enum MHD_Result result = reply(v);

    usherd_visit_let_go(v);
    return result;
}
