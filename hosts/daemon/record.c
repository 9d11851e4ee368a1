/* record - the log lines of requests. What is written is chosen here, field by field; nothing that
 * a visitor could use (cookie, query, body, token, state) is among them. */
#include <string.h>

#include "base/str.h"
#include "hosts/daemon/visit.h"

static void put_peer(usherd_line *l, const usher_address *address)
{
    char text[USHER_ADDRESS_TEXT_MAX];

    usherd_line_str(l, "peer", (usher_str){text, usher_address_text(text, address)});
}

static void put_id(usherd_line *l, const usherd_visit *v)
{
    if (v->id_len) usherd_line_str(l, "id", (usher_str){v->id, v->id_len});
}

/* Could not tell is ours to look into; the rest is what visitors and providers do. */
static usherd_level level_of(unsigned cause)
{
    switch (cause) {
    case USHER_CAUSE_NO_MEMORY:
    case USHER_CAUSE_LIMIT:
    case USHER_CAUSE_CRYPTO:
    case USHER_CAUSE_HOST:
    case USHERD_BUSY:
    case USHERD_ANSWER_UNSENDABLE:
    case USHERD_UNDECIDED: return USHERD_ERROR;
    default: return USHERD_WARNING;
    }
}

unsigned usherd_cause_of(usher_status status)
{
    switch (status) {
    case USHER_E_NOMEM: return USHER_CAUSE_NO_MEMORY;
    case USHER_E_LIMIT: return USHER_CAUSE_LIMIT;
    case USHER_E_CRYPTO: return USHER_CAUSE_CRYPTO;
    default: return USHER_CAUSE_HOST;
    }
}

static int64_t now_s(void)
{
    return usher_now_ms() / 1000;
}

static void record_report(usherd_visit *v, unsigned cause, const char *what, const char *where)
{
    usherd_line l;

    if (!usherd_log_may(&v->daemon->log, cause, now_s())) return;
    usherd_line_begin(&l, &v->daemon->log, level_of(cause), "report");
    put_id(&l, v);
    usherd_line_z(&l, "cause", usherd_cause_word(cause));
    usherd_line_z(&l, "what", what);
    usherd_line_z(&l, "where", where);
    usherd_line_str(&l, "provider", usher_exchange_provider(v->exchange));
    usherd_line_end(&l);
}

static void record_audit(usherd_visit *v, const char *event)
{
    usherd_line l;

    usherd_line_begin(&l, &v->daemon->log, USHERD_INFO, event);
    put_id(&l, v);
    put_peer(&l, &v->client->address);
    usherd_line_str(&l, "provider", usher_exchange_provider(v->exchange));
    usherd_line_end(&l);
}

void usherd_record_results(usherd_visit *v)
{
    size_t count = 0;

    if (!v->exchange) return;
    usher_str id = usher_exchange_id(v->exchange);
    v->id_len = id.len < sizeof v->id ? id.len : sizeof v->id;
    if (v->id_len) memcpy(v->id, id.ptr, v->id_len);
    const usher_report *reports = usher_exchange_reports(v->exchange, &count);
    for (size_t i = 0; i < count; i++) {
        usherd_visit_cause(v, reports[i].cause);
        record_report(v, reports[i].cause, reports[i].what, reports[i].where);
    }
    if (v->status) {
        if (!count) record_report(v, usherd_cause_of(v->status), v->error.what, v->error.where);
        return;
    }
    if (usher_exchange_signed_in(v->exchange)) {
        usherd_counted(&v->daemon->counters.sign_ins);
        record_audit(v, "sign_in");
    }
    if (usher_exchange_signed_out(v->exchange)) {
        usherd_counted(&v->daemon->counters.sign_outs);
        record_audit(v, "sign_out");
    }
}

/* A refused request could be anything: its method and path are said only if the head was sound. */
static void put_request(usherd_line *l, const usherd_visit *v)
{
    if (v->stage == USHERD_AT_LINE || !v->counted) return;
    usherd_line_str(l, "method", v->head.method);
    usherd_line_str(l, "path", usherd_visit_path(v));
}

void usherd_record_visit(usherd_visit *v)
{
    usherd *d = v->daemon;
    bool refused = v->refused != USHER_CAUSE_NONE;
    usherd_line l;

    usherd_counters_answer(&d->counters, v->route, v->answer);
    if (refused && !usherd_log_may(&d->log, v->refused, now_s())) return;
    usherd_line_begin(&l, &d->log, refused ? USHERD_WARNING : USHERD_INFO,
                      refused ? "refused" : "request");
    put_id(&l, v);
    put_peer(&l, &v->client->address);
    put_request(&l, v);
    if (!refused) usherd_line_z(&l, "route", usherd_route_word(v->route));
    usherd_line_int(&l, "status", v->answer); /* 0: the visitor left before there was one */
    usherd_line_int(&l, "duration_us", usherd_visit_age_us(v));
    if (refused) usherd_line_z(&l, "cause", usherd_cause_word(v->refused));
    if (!refused && v->cause_count) {
        usherd_line_open(&l, "causes", '[');
        for (size_t i = 0; i < v->cause_count; i++)
            usherd_line_item(&l, usherd_cause_word(v->causes[i]));
        usherd_line_close(&l, ']');
    }
    usherd_line_end(&l);
}

void usherd_record_cut(usherd *d, const usherd_client *client, usherd_phase phase)
{
    unsigned cause = phase == USHERD_PHASE_HEAD   ? USHERD_HEAD_LATE
                     : phase == USHERD_PHASE_BODY ? USHERD_BODY_LATE
                                                  : USHERD_ANSWER_LATE;
    usherd_line l;

    usherd_counters_cause(&d->counters, cause);
    if (!usherd_log_may(&d->log, cause, now_s())) return;
    usherd_line_begin(&l, &d->log, USHERD_WARNING, "cut");
    put_peer(&l, &client->address);
    usherd_line_z(&l, "cause", usherd_cause_word(cause));
    usherd_line_end(&l);
}
