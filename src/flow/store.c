#include "flow/store.h"

#include "base/error.h"
#include "base/str.h"
#include "flow/write.h"
#include "session/auth0_write.h"

const char *usher_store_op_word(usher_store_op op)
{
    static const char *const words[USHER_STORE_OPS] = {
        [USHER_STORE_GET_SESSION_AND_USER] = "getSessionAndUser",
        [USHER_STORE_CREATE_SESSION] = "createSession",
        [USHER_STORE_UPDATE_SESSION] = "updateSession",
        [USHER_STORE_DELETE_SESSION] = "deleteSession",
        [USHER_STORE_GET_USER] = "getUser",
        [USHER_STORE_GET_USER_BY_EMAIL] = "getUserByEmail",
        [USHER_STORE_GET_USER_BY_ACCOUNT] = "getUserByAccount",
        [USHER_STORE_CREATE_USER] = "createUser",
        [USHER_STORE_UPDATE_USER] = "updateUser",
        [USHER_STORE_LINK_ACCOUNT] = "linkAccount",
        [USHER_STORE_GET_RECORD] = "get",
        [USHER_STORE_SET_RECORD] = "set",
        [USHER_STORE_REPLACE_RECORD] = "update",
        [USHER_STORE_DELETE_RECORD] = "delete",
        [USHER_STORE_DELETE_BY_LOGOUT_TOKEN] = "deleteByLogoutToken",
    };

    return op > 0 && op < USHER_STORE_OPS && words[op] ? words[op] : "";
}

/* --- asking ----------------------------------------------------------------------------------- */

struct usher_storing *usher_store_state(usher_exchange *ex)
{
    if (!ex->storing) ex->storing = usher_arena_get_zero(&ex->arena, 1, sizeof *ex->storing);
    return ex->storing;
}

usher_status usher_store_ask(usher_exchange *ex, usher_want *want, const usher_store *store,
                             usher_step *answered, usher_error *err)
{
    struct usher_storing *s = usher_store_state(ex);

    if (!s) return usher_arena_fail(&ex->arena, err);
    s->answered = answered;
    *want = (usher_want){.kind = USHER_WANT_STORE, .store = *store};
    ex->state = USHER_AT_STORE;
    return USHER_OK;
}

usher_status usher_store_failed(usher_exchange *ex, const char *what, usher_error *err)
{
    usher_flow_report(ex, USHER_CAUSE_STORE, &(usher_error){.what = what});
    return usher_fail(err, USHER_E_IO, what, 0);
}

/* A row must be JSON whatever it is for; null is an absent text from here on. */
static usher_status copy_row(usher_event *copy, usher_exchange *ex, usher_error *err)
{
    usher_json value;
    usher_status rc;

    if (copy->kind != USHER_EVENT_STORED) return USHER_OK;
    if ((rc = usher_arena_dup(&copy->value, &ex->arena, copy->value, err))) return rc;
    rc = usher_json_read(&value, copy->value, &usher_json_limits_claims, err);
    if (usher_flow_peer_fault(ex, rc))
        return usher_store_failed(ex, "exchange: what the store answered is no row", err);
    if (rc == USHER_OK && value.type == USHER_JSON_NULL) copy->value = (usher_str){0};
    return rc;
}

usher_status usher_store_answered(usher_exchange *ex, const usher_event *event, usher_want *want,
                                  usher_error *err)
{
    usher_event copy = *event;
    usher_status rc;

    if ((rc = copy_row(&copy, ex, err))) return rc;
    return ex->storing->answered(ex, &copy, want, err);
}

/* --- the session's row ------------------------------------------------------------------------ */

static usher_status row_came(usher_exchange *ex, const usher_event *event, usher_want *want,
                             usher_error *err)
{
    usher_brought *b = usher_flow_brought(ex, ex->storing->format);

    if (event->kind != USHER_EVENT_STORED)
        return usher_store_failed(ex, "exchange: the store failed to find a session", err);
    if (!b) return usher_arena_fail(&ex->arena, err);
    b->row = event->value;
    b->asked = true;
    return ex->storing->reading(ex, want, err);
}

static usher_status want_row(usher_exchange *ex, size_t format, const usher_store *store,
                             usher_want *want, usher_error *err)
{
    ex->storing->format = format;
    return usher_store_ask(ex, want, store, row_came, err);
}

/* The id cookie of Auth0's is opened first: nothing that somebody made up is looked for. */
static usher_status read_record(usher_exchange *ex, size_t format, usher_brought *b,
                                usher_want *want, usher_error *err)
{
    usher_auth0_context c = usher_flow_auth0(ex, &ex->site->formats[format]);
    usher_status rc = usher_auth0_id_open(&b->id, &b->id_verdict, &b->id_cause, &c, b->jar, err);
    const usher_store store = {.op = USHER_STORE_GET_RECORD, .id = b->id.id};

    if (rc) return rc;
    if (b->id_verdict == USHER_SESSION_VALID) return want_row(ex, format, &store, want, err);
    b->asked = true;
    return ex->storing->reading(ex, want, err);
}

/* A token in the cookie that once held, or will hold, the key of a row: what can be opened has no
 * business in the log of a database. */
static bool looks_sealed(usher_str value)
{
    size_t dots = 0;

    for (size_t i = 0; i < value.len; i++)
        dots += value.ptr[i] == '.';
    return usher_str_starts(value, USHER_STR("eyJ")) && (dots == 2 || dots == 4);
}

static bool shares_its_name(const usher_exchange *ex, size_t format)
{
    const usher_format *f = ex->site->formats;

    for (size_t i = 0; i < ex->site->format_count; i++)
        if (i != format && f[i].form != USHER_TOKEN_STORED &&
            usher_str_eq(f[i].cookie.name, f[format].cookie.name))
            return true;
    return false;
}

static usher_status read_key(usher_exchange *ex, size_t format, usher_brought *b, usher_want *want,
                             usher_error *err)
{
    const usher_store store = {.op = USHER_STORE_GET_SESSION_AND_USER, .id = b->token};

    b->asked = !b->token.len || b->too_many || b->token.len > USHER_ROW_TOKEN_MAX ||
               (shares_its_name(ex, format) && looks_sealed(b->token));
    return b->asked ? ex->storing->reading(ex, want, err) : want_row(ex, format, &store, want, err);
}

static usher_status read_format(usher_exchange *ex, size_t format, usher_want *want,
                                usher_error *err)
{
    usher_brought *b;
    usher_status rc = usher_flow_bring(&b, ex, format, err);

    if (usher_flow_peer_fault(ex, rc)) return ex->storing->after(ex, want, err); /* judging says */
    if (rc) return rc;
    return b->jar ? read_record(ex, format, b, want, err) : read_key(ex, format, b, want, err);
}

/* What the store has to be asked about other formats: found by judging as far as that goes. */
static usher_status read_others(usher_exchange *ex, usher_want *want, usher_error *err)
{
    size_t reports = ex->report_count, unasked;
    usher_store owner;
    usher_status rc;

    if (ex->site->format_count == 1) return ex->storing->after(ex, want, err);
    if ((rc = usher_flow_judge(ex, false, err))) return rc;
    unasked = ex->held.unasked;
    if (unasked) owner = usher_store_owner(ex, unasked - 1);
    ex->held = (usher_held){0}; /* the operation judges for itself */
    ex->session = (usher_session){0};
    ex->verdict = USHER_NO_SESSION;
    ex->report_count = reports;
    if (!unasked) return ex->storing->after(ex, want, err);
    if (ex->site->formats[unasked - 1].form == USHER_TOKEN_STORED)
        return read_format(ex, unasked - 1, want, err);
    return want_row(ex, unasked - 1, &owner, want, err);
}

usher_status usher_store_read(usher_exchange *ex, usher_operation *after, usher_want *want,
                              usher_error *err)
{
    bool own = ex->site->formats[0].form == USHER_TOKEN_STORED && !ex->first.asked;

    if (!ex->site->stores || ex->too_large || ex->held.judged) return after(ex, want, err);
    if (!usher_store_state(ex)) return usher_arena_fail(&ex->arena, err);
    ex->storing->after = after;
    ex->storing->reading = read_others;
    return own ? read_format(ex, 0, want, err) : read_others(ex, want, err);
}

/* The next row that nobody has asked for. */
static usher_status read_rest(usher_exchange *ex, usher_want *want, usher_error *err)
{
    for (size_t i = 0; i < ex->site->format_count; i++) {
        usher_brought *b;
        usher_status rc;

        if (ex->site->formats[i].form != USHER_TOKEN_STORED) continue;
        rc = usher_flow_bring(&b, ex, i, err);
        if (usher_flow_peer_fault(ex, rc)) continue; /* judging says */
        if (rc) return rc;
        if (!b->asked) return read_format(ex, i, want, err);
    }
    return ex->storing->after(ex, want, err);
}

usher_status usher_store_read_all(usher_exchange *ex, usher_operation *after, usher_want *want,
                                  usher_error *err)
{
    if (!ex->site->stores || ex->too_large) return after(ex, want, err);
    if (!usher_store_state(ex)) return usher_arena_fail(&ex->arena, err);
    ex->storing->after = after;
    ex->storing->reading = read_rest;
    return read_rest(ex, want, err);
}

static usher_status refuse(usher_exchange *ex, usher_verdict verdict, usher_cause cause)
{
    ex->verdict = verdict;
    usher_flow_report(ex, cause, NULL);
    return USHER_OK;
}

bool usher_store_is_row(const usher_exchange *ex)
{
    return ex->held.stored && ex->held.stored->session.token.len;
}

usher_status usher_store_hold(usher_exchange *ex, struct usher_stored *s, usher_error *err)
{
    usher_held *h = &ex->held;
    bool is_session;
    usher_status rc;

    h->claims = (usher_claims){.has_exp = true, .exp = (double)s->session.expires_ms / 1000};
    h->end_s = h->claims.exp;
    if ((rc = usher_row_claims(&h->claims.text, &ex->arena, &s->user, err)) ||
        (rc = usher_json_read_object(&h->claims.object, &ex->arena, h->claims.text,
                                     &usher_json_limits_claims, err)) ||
        (rc = usher_session_from_claims(&ex->session, &is_session, &ex->arena, &h->claims,
                                        s->session.expires_ms, err)))
        return rc;
    ex->verdict = USHER_SESSION_VALID;
    return USHER_OK;
}

static usher_status read_row(struct usher_stored *s, bool *found, usher_exchange *ex, usher_str row,
                             usher_error *err)
{
    usher_status rc = usher_row_read(&s->session, &s->user, found, &ex->arena, row, err);

    if (!usher_flow_peer_fault(ex, rc)) return rc;
    return usher_store_failed(ex, "exchange: what the store answered is no session", err);
}

usher_status usher_store_judge(usher_exchange *ex, size_t format, usher_error *err)
{
    const usher_brought *b = usher_flow_brought(ex, format);
    struct usher_stored *s;
    bool found;
    usher_status rc;

    if (!b->token.len && !b->too_many) return USHER_OK;
    if (b->too_many || b->token.len > USHER_ROW_TOKEN_MAX)
        return refuse(ex, USHER_SESSION_REJECTED, USHER_CAUSE_TOKEN_TOO_LARGE);
    if (!b->asked) {
        ex->held.unasked = format + 1;
        return USHER_OK;
    }
    if (!b->row.ptr) return refuse(ex, USHER_SESSION_REJECTED, USHER_CAUSE_SESSION_UNKNOWN);
    if (!(s = usher_arena_get_zero(&ex->arena, 1, sizeof *s)))
        return usher_arena_fail(&ex->arena, err);
    if ((rc = read_row(s, &found, ex, b->row, err))) return rc;
    if (!found) return refuse(ex, USHER_SESSION_REJECTED, USHER_CAUSE_SESSION_UNKNOWN);
    s->session.token = b->token; /* what an adapter keeps, and so shows, may be a digest of it */
    if (s->session.expires_ms < ex->now_ms)
        return refuse(ex, USHER_SESSION_EXPIRED, USHER_CAUSE_TOKEN_EXPIRED);
    ex->held.stored = s;
    return usher_store_hold(ex, s, err);
}

/* --- writing ---------------------------------------------------------------------------------- */

usher_status usher_store_later(usher_exchange *ex, const usher_store *store, usher_write_rule rule,
                               usher_error *err)
{
    struct usher_storing *s = usher_store_state(ex);

    if (!s) return usher_arena_fail(&ex->arena, err);
    if (s->count == USHER_WRITES_MAX)
        return usher_fail(err, USHER_E_LIMIT, "exchange: too many steps for the store", s->count);
    s->writes[s->count++] = (usher_write){.store = *store, .rule = rule};
    return USHER_OK;
}

/* What the browser was to be told did not come about. */
static void keep_the_old(usher_exchange *ex)
{
    usher_flow_drop_session_lines(ex);
    ex->held.written = false;
}

static usher_status judge_write(usher_exchange *ex, const usher_event *event, usher_error *err)
{
    const usher_write *w = &ex->storing->writes[ex->storing->next++];
    bool stored = event->kind == USHER_EVENT_STORED;
    bool gone = stored && w->store.op == USHER_STORE_REPLACE_RECORD && !event->value.ptr;

    if (stored && !gone) return USHER_OK;
    if (gone) { /* somebody ended it meanwhile: it must not come back */
        usher_flow_report(ex, USHER_CAUSE_SESSION_UNKNOWN, NULL);
        keep_the_old(ex);
        return USHER_OK;
    }
    if (w->rule == USHER_WRITE_MUST)
        return usher_store_failed(ex, "exchange: the store failed to write", err);
    usher_flow_report(ex, USHER_CAUSE_STORE, NULL);
    if (w->rule == USHER_WRITE_OR_NO_COOKIE) keep_the_old(ex);
    return USHER_OK;
}

static usher_status written(usher_exchange *ex, const usher_event *event, usher_want *want,
                            usher_error *err)
{
    struct usher_storing *s = ex->storing;
    usher_status rc = judge_write(ex, event, err);

    return rc || !s->settled ? rc : usher_store_settle(ex, s->settled, want, err);
}

usher_status usher_store_flush(usher_exchange *ex, usher_want *want, usher_error *err)
{
    struct usher_storing *s = ex->storing;

    if (!s) return USHER_OK;
    if (s->next == s->count) s->next = s->count = 0;
    if (s->next == s->count) return USHER_OK;
    return usher_store_ask(ex, want, &s->writes[s->next].store, written, err);
}

usher_status usher_store_settle(usher_exchange *ex, usher_operation *after, usher_want *want,
                                usher_error *err)
{
    usher_status rc = usher_store_flush(ex, want, err);

    if (ex->storing) ex->storing->settled = after;
    if (rc || want->kind != USHER_WANT_NOTHING) return rc;
    if (ex->storing) ex->storing->settled = NULL;
    return after(ex, want, err);
}

/* --- renewing --------------------------------------------------------------------------------- */

/* A row is written again once it is update_age older than a new one. */
static bool is_due(const usher_exchange *ex)
{
    const usher_site *site = ex->site;
    int64_t written_ms = ex->held.stored->session.expires_ms - site->lifetime.max_age_s * 1000;

    return written_ms + site->update_age_s * 1000 <= ex->now_ms;
}

usher_status usher_store_roll(usher_exchange *ex, bool only_one_cookie, usher_error *err)
{
    const usher_row_session *row = &ex->held.stored->session;
    bool rolls = ex->site->lifetime.rolling || ex->hooked.must_write;
    int64_t expires_ms = rolls ? ex->now_ms + ex->site->lifetime.max_age_s * 1000 : row->expires_ms;
    usher_store store = {
        .op = USHER_STORE_UPDATE_SESSION, .id = row->token, .expires_ms = expires_ms};
    bool done;
    const usher_writing w = {.only_one = only_one_cookie, .written = &done};
    usher_status rc = usher_store_put_cookie(ex, row->token, expires_ms / 1000, &w, err);

    if (rc || !done || !rolls || !is_due(ex)) return rc;
    if ((rc = usher_store_session_row(&store.value, ex, store.id, NULL, expires_ms, err)))
        return rc;
    return usher_store_later(ex, &store, USHER_WRITE_OR_NO_COOKIE, err);
}
