#include "hosts/daemon/counters.h"

static const char *const route_words[] = {
#define WORD(symbol, word) word,
    USHERD_ROUTES(WORD)
#undef WORD
};

const char *usherd_route_word(usherd_route route)
{
    return route < USHERD_ROUTE_COUNT ? route_words[route] : "none";
}

void usherd_counters_answer(usherd_counters *c, usherd_route route, unsigned status)
{
    usherd_counted(&c->answers[route < USHERD_ROUTE_COUNT ? route : USHERD_ROUTE_NONE]
                              [status < USHERD_STATUS_MAX ? status : 0]);
}

void usherd_counters_cause(usherd_counters *c, unsigned cause)
{
    if (cause != USHER_CAUSE_NONE && cause < USHERD_CAUSE_COUNT) usherd_counted(&c->causes[cause]);
}

static int64_t read_count(const usherd_count *counter)
{
    return (int64_t)atomic_load_explicit(counter, memory_order_relaxed);
}

static void put_answers(usherd_line *l, const usherd_counters *c, usherd_route route)
{
    bool opened = false;

    for (unsigned status = 0; status < USHERD_STATUS_MAX; status++) {
        const char name[4] = {(char)('0' + status / 100), (char)('0' + status / 10 % 10),
                              (char)('0' + status % 10), 0};
        int64_t n = read_count(&c->answers[route][status]);
        if (!n) continue;
        if (!opened) usherd_line_open(l, route_words[route], '{');
        opened = true;
        usherd_line_int(l, name, n);
    }
    if (opened) usherd_line_close(l, '}');
}

/* An item for each secret, by its place in the settings and not by anything of itself. */
static void put_keys(usherd_line *l, const usher_site *site)
{
    usher_key_counts n;

    usherd_line_open(l, "keys", '[');
    for (size_t i = 0; usher_site_key_counts(site, i, &n); i++) {
        usherd_line_open(l, NULL, '{');
        usherd_line_int(l, "format", (int64_t)n.format);
        usherd_line_int(l, "secret", (int64_t)n.secret);
        usherd_line_int(l, "opened", (int64_t)n.opened);
        usherd_line_int(l, "sealed", (int64_t)n.sealed);
        usherd_line_int(l, "failed", (int64_t)n.failed);
        usherd_line_close(l, '}');
    }
    usherd_line_close(l, ']');
}

void usherd_counters_log(const usherd_counters *c, const usher_site *site, usherd_log *log)
{
    usherd_line l;

    usherd_line_begin(&l, log, USHERD_INFO, "counters");
    usherd_line_open(&l, "connections", '{');
    usherd_line_int(&l, "opened", read_count(&c->connections_opened));
    usherd_line_int(&l, "closed", read_count(&c->connections_closed));
    usherd_line_int(&l, "fruitless", read_count(&c->connections_fruitless));
    usherd_line_close(&l, '}');
    usherd_line_int(&l, "waited", read_count(&c->waited));
    usherd_line_int(&l, "sign_ins", read_count(&c->sign_ins));
    usherd_line_int(&l, "sign_outs", read_count(&c->sign_outs));
    usherd_line_int(&l, "log_lines_lost", read_count(&log->lost));
    if (site) put_keys(&l, site);
    usherd_line_open(&l, "answers", '{');
    for (unsigned route = 0; route < USHERD_ROUTE_COUNT; route++)
        put_answers(&l, c, (usherd_route)route);
    usherd_line_close(&l, '}');
    usherd_line_open(&l, "causes", '{');
    for (unsigned cause = 1; cause < USHERD_CAUSE_COUNT; cause++) {
        int64_t n = read_count(&c->causes[cause]);
        if (n) usherd_line_int(&l, usherd_cause_word(cause), n);
    }
    usherd_line_close(&l, '}');
    usherd_line_end(&l);
}
