/* Sessions of other formats, where the site's own are rows; and rows, where they are not. */
#include "base/error.h"
#include "base/str.h"
#include "base/utc.h"
#include "flow/hooks.h"
#include "flow/store.h"
#include "flow/write.h"

#define GRACE_MS INT64_C(60000)

static usher_status refuse(usher_exchange *ex, usher_verdict verdict, usher_cause cause)
{
    ex->verdict = verdict;
    ex->session = (usher_session){0};
    usher_flow_report(ex, cause, NULL);
    return USHER_OK;
}

usher_status usher_store_session_row(usher_str *out, usher_exchange *ex, usher_str token,
                                     const usher_row_user *user, int64_t expires_ms,
                                     usher_error *err)
{
    char iso[USHER_ISO_LEN];
    usher_json_writer w;
    usher_buf b;

    usher_iso_from_ms(iso, expires_ms);
    usher_buf_init(&b, &ex->arena, 7 * USHER_ROW_TOKEN_MAX + (user ? user->id.len : 0));
    usher_json_write_init(&w, &b);
    usher_json_open_object(&w);
    usher_json_put_member(&w, USHER_STR("sessionToken"), token);
    if (user) {
        usher_json_name(&w, USHER_STR("userId"));
        usher_json_put_raw(&w, user->id);
    }
    usher_json_put_member(&w, USHER_STR("expires"), (usher_str){iso, sizeof iso});
    usher_json_close_object(&w);
    return usher_buf_take(out, &b, err);
}

/* --- whose a session is ----------------------------------------------------------------------- */

usher_store usher_store_owner(const usher_exchange *ex, size_t format)
{
    const usher_format *f = &ex->site->formats[format];

    return (usher_store){.op =
                             f->of_account ? USHER_STORE_GET_USER_BY_ACCOUNT : USHER_STORE_GET_USER,
                         .provider = f->provider,
                         .id = ex->session.subject};
}

/* The row that is not there yet: what is shown of it, and what it will be. */
static usher_status row_to_be(struct usher_stored *s, usher_exchange *ex, usher_error *err)
{
    int64_t longest_ms = ex->now_ms + ex->site->lifetime.max_age_s * 1000;
    usher_row_session *row = &s->session;
    usher_status rc;

    row->expires_ms = ex->session.expires_ms < longest_ms ? ex->session.expires_ms : longest_ms;
    rc = usher_store_session_row(&row->text, ex, (usher_str){0}, &s->user, row->expires_ms, err);
    return rc ? rc
              : usher_json_read_object(&row->members, &ex->arena, row->text,
                                       &usher_json_limits_claims, err);
}

static usher_status adopt(usher_exchange *ex, usher_str row, usher_error *err)
{
    struct usher_stored *s = usher_arena_get_zero(&ex->arena, 1, sizeof *s);
    usher_status rc;

    if (!s) return usher_arena_fail(&ex->arena, err);
    /* A provider's ceiling has no column, and the next renewal would lift it. */
    s->stays = usher_life_of(&ex->held.claims).has_end;
    rc = usher_row_user_read(&s->user, &ex->arena, row, err);
    if (usher_flow_peer_fault(ex, rc))
        return usher_store_failed(ex, "exchange: what the store answered is no user", err);
    if (rc || (rc = row_to_be(s, ex, err))) return rc;
    ex->held.stored = s;
    return usher_store_hold(ex, s, err);
}

usher_status usher_store_adopt(usher_exchange *ex, size_t format, usher_error *err)
{
    const usher_brought *b = usher_flow_brought(ex, format);

    if (!b) return usher_arena_fail(&ex->arena, err);
    if (ex->held.stored) return USHER_OK; /* a row of the same store, under another cookie */
    if (ex->site->formats[format].of_nobody) return USHER_OK; /* shown from its own cookie */
    if (!ex->session.subject.len)
        return refuse(ex, USHER_SESSION_REJECTED, USHER_CAUSE_TOKEN_CLAIMS);
    if (!b->asked) {
        ex->held.unasked = format + 1;
        return USHER_OK;
    }
    if (!b->row.ptr) return refuse(ex, USHER_SESSION_REJECTED, USHER_CAUSE_USER_UNKNOWN);
    return adopt(ex, b->row, err);
}

/* --- a key for a row -------------------------------------------------------------------------- */

static usher_status token_came(usher_exchange *ex, const usher_event *event, usher_want *want,
                               usher_error *err)
{
    usher_str *token = &ex->storing->token;
    usher_json value;
    usher_status rc = USHER_E_SYNTAX;

    if (event->kind == USHER_EVENT_HOOKED)
        rc = usher_json_read(&value, event->value, &usher_json_limits_claims, err);
    if (!rc) rc = usher_json_string(token, &ex->arena, value, err);
    if (usher_flow_peer_fault(ex, rc) || (!rc && !token->len)) {
        usher_flow_report(ex, USHER_CAUSE_HOOK, NULL);
        return usher_fail(err, USHER_E_IO, "exchange: what generateSessionToken() answered", 0);
    }
    return rc ? rc : ex->storing->after(ex, want, err);
}

usher_status usher_store_new_token(usher_exchange *ex, usher_operation *after, usher_want *want,
                                   usher_error *err)
{
    char uuid[36];
    usher_buf b;
    usher_status rc;

    if (!usher_store_state(ex)) return usher_arena_fail(&ex->arena, err);
    ex->storing->after = after;
    if (usher_hook_has(ex, USHER_HAS_SESSION_TOKEN)) {
        usher_buf_init(&b, &ex->arena, 2);
        usher_buf_put(&b, USHER_STR("{}"));
        return usher_hook_ask(ex, want, USHER_HOOK_SESSION_TOKEN, (usher_str){0}, &b, token_came,
                              err);
    }
    if ((rc = usher_uuid4(uuid, ex->entropy, err)) ||
        (rc =
             usher_arena_dup(&ex->storing->token, &ex->arena, (usher_str){uuid, sizeof uuid}, err)))
        return rc;
    return after(ex, want, err);
}

/* --- a row for a session ---------------------------------------------------------------------- */

/* The row is there: now the cookie for it, and the old one's end. */
static usher_status with_row(usher_exchange *ex, const usher_row_session *row, usher_error *err)
{
    struct usher_stored *s = ex->held.stored;
    bool written;
    const usher_writing w = {.written = &written};
    usher_status rc = usher_store_put_cookie(ex, row->token, row->expires_ms / 1000, &w, err);

    if (rc || !written) return rc;
    s->session = *row;
    ex->held.end_s = (double)row->expires_ms / 1000;
    ex->session.expires_ms = row->expires_ms;
    ex->first.token = row->token; /* whatever looks again sees that one came */
    ex->first.asked = true;
    return USHER_OK;
}

static usher_status row_made(usher_exchange *ex, const usher_event *event, usher_want *want,
                             usher_error *err)
{
    usher_row_session row;
    usher_status rc = USHER_E_SYNTAX;

    if (event->kind == USHER_EVENT_STORED)
        rc = usher_row_session_read(&row, &ex->arena, event->value, err);
    if (usher_flow_peer_fault(ex, rc)) {
        usher_flow_report(ex, USHER_CAUSE_STORE, NULL); /* it stays where it was */
        rc = USHER_OK;
    } else if (rc == USHER_OK) {
        rc = with_row(ex, &row, err);
    }
    return rc ? rc : ex->storing->carried(ex, want, err);
}

static usher_status make_row(usher_exchange *ex, usher_want *want, usher_error *err)
{
    const struct usher_stored *s = ex->held.stored;
    usher_store store = {.op = USHER_STORE_CREATE_SESSION,
                         .id = ex->storing->token,
                         .expires_ms = s->session.expires_ms};
    usher_status rc =
        usher_store_session_row(&store.value, ex, store.id, &s->user, store.expires_ms, err);

    return rc ? rc : usher_store_ask(ex, want, &store, row_made, err);
}

usher_status usher_store_carry(usher_exchange *ex, usher_operation *after, usher_want *want,
                               usher_error *err)
{
    const struct usher_stored *s = ex->held.stored;

    if (!s || s->session.token.len || s->stays || ex->read_only ||
        s->session.expires_ms <= ex->now_ms)
        return after(ex, want, err);
    ex->storing->carried = after;
    return usher_store_new_token(ex, make_row, want, err);
}

/* --- a row that is left ----------------------------------------------------------------------- */

bool usher_store_was_left(const usher_exchange *ex)
{
    const usher_format *found = ex->held.found, *own = ex->site->formats;
    bool row = found && found != own && found->form == USHER_TOKEN_STORED && !found->profile->auth0;

    return row && own->form != USHER_TOKEN_STORED &&
           ex->held.end_s * 1000 <= (double)(ex->now_ms + GRACE_MS);
}

static usher_status end_soon(usher_exchange *ex, const usher_brought *b, usher_error *err)
{
    usher_store store = {
        .op = USHER_STORE_UPDATE_SESSION, .id = b->token, .expires_ms = ex->now_ms + GRACE_MS};
    usher_row_session session;
    usher_row_user user;
    bool found;
    usher_status rc = usher_row_read(&session, &user, &found, &ex->arena, b->row, err);

    if (usher_flow_peer_fault(ex, rc)) return USHER_OK; /* judging it said so */
    if (rc || !found || session.expires_ms <= store.expires_ms) return rc;
    if ((rc = usher_store_session_row(&store.value, ex, b->token, NULL, store.expires_ms, err)))
        return rc;
    return usher_store_later(ex, &store, USHER_WRITE_OR_REPORT, err);
}

void usher_store_is_gone(usher_exchange *ex, bool record, usher_str key)
{
    for (size_t i = 0; i < ex->site->format_count; i++) {
        const usher_format *f = &ex->site->formats[i];
        usher_brought *b = usher_flow_brought(ex, i);

        if (b && f->form == USHER_TOKEN_STORED && (f->profile->auth0 != NULL) == record &&
            usher_str_eq(record ? b->id.id : b->token, key))
            b->row = (usher_str){0};
    }
}

/* One that is over already ends nobody's session, whatever comes of it. */
static usher_status end_now(usher_exchange *ex, size_t format, const usher_brought *b,
                            usher_error *err)
{
    bool record = ex->site->formats[format].profile->auth0 != NULL, over = !format && b->over;
    const usher_store store = {.op =
                                   record ? USHER_STORE_DELETE_RECORD : USHER_STORE_DELETE_SESSION,
                               .id = record ? b->id.id : b->token};
    usher_status rc =
        usher_store_later(ex, &store, over ? USHER_WRITE_OR_REPORT : USHER_WRITE_MUST, err);

    usher_store_is_gone(ex, record, store.id);
    return rc;
}

usher_status usher_store_let_go(usher_exchange *ex, size_t format, bool ended, usher_error *err)
{
    const usher_format *f = &ex->site->formats[format];
    const usher_brought *b = usher_flow_brought(ex, format);

    if (!b) return usher_arena_fail(&ex->arena, err);
    if (f->form != USHER_TOKEN_STORED || !b->row.ptr) return USHER_OK;
    if (ended) return end_now(ex, format, b, err);
    if (f->profile->auth0 || ex->site->formats[0].form == USHER_TOKEN_STORED) return USHER_OK;
    return end_soon(ex, b, err);
}
