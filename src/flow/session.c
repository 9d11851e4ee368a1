/* What programs ask about the session, and the endpoint that answers browsers. */
#include <string.h>

#include "base/error.h"
#include "base/str.h"
#include "flow/hooks.h"
#include "flow/store.h"
#include "wire/json_set.h"

usher_status usher_flow_session_json(usher_exchange *ex, usher_error *err)
{
    const usher_hooked *h = &ex->hooked;

    if (ex->held.stored) {
        bool asked = (ex->site->hooks & (1u << USHER_HAS_SESSION)) != 0;
        return usher_row_json(&ex->session.json, &ex->arena, &ex->held.stored->session,
                              &ex->held.stored->user, asked && ex->site->profile->row_in_session,
                              err);
    }
    if (!ex->held.auth0)
        return usher_session_write_json(&ex->session, &ex->arena,
                                        h->has_shown ? &h->shown : &ex->held.claims, err);
    /* Auth0's SDK answers with the user alone. */
    ex->session.json = usher_json_get(&ex->held.auth0->members, USHER_STR("user")).text;
    return USHER_OK;
}

/* The last step: what the browser or the program gets to see. */
static usher_status show(usher_exchange *ex, usher_want *want, usher_error *err)
{
    bool shown = ex->verdict == USHER_SESSION_VALID && ex->session.json.ptr;

    (void)want;
    (void)err;
    usher_respond_body(ex, 200, USHER_STR("application/json"),
                       shown ? ex->session.json : ex->site->profile->no_session);
    usher_respond_private(ex);
    return USHER_OK;
}

static usher_status renew(usher_exchange *ex, usher_want *want, usher_error *err)
{
    usher_status rc = usher_flow_roll_session(ex, false, err);

    if (rc || (rc = usher_flow_session_json(ex, err))) return rc;
    return usher_hook_session(ex, show, want, err);
}

/* Renewed under the claims that the program's jwt function left; cleared if it ended the session.
 */
static usher_status renew_and_show(usher_exchange *ex, usher_want *want, usher_error *err)
{
    usher_status rc = USHER_OK;

    if (ex->verdict == USHER_SESSION_VALID) return usher_store_carry(ex, renew, want, err);
    if (ex->verdict != USHER_NO_SESSION) rc = usher_flow_forget_session(ex, false, err);
    return rc ? rc : show(ex, want, err);
}

static usher_status answer(usher_exchange *ex, usher_str changes, bool is_update, usher_want *want,
                           usher_error *err)
{
    if (ex->verdict != USHER_SESSION_VALID) return renew_and_show(ex, want, err);
    ex->hooked.must_write |= is_update;
    if (is_update) ex->held.written = false; /* what was written before is written again */
    if (ex->held.stored) {
        ex->hooked.changes = is_update ? changes : (usher_str){0};
        return renew_and_show(ex, want, err);
    }
    return usher_hook_jwt(ex, changes, is_update, renew_and_show, want, err);
}

/* POST session: {"csrfToken": …, "data": …}; what a browser's update() was given. */
static usher_status posted_data(usher_str *out, usher_exchange *ex, usher_error *err)
{
    usher_json_object body;
    usher_status rc = usher_json_read_object(&body, &ex->arena, ex->request->body,
                                             &usher_json_limits_document, err);

    *out = (usher_str){0};
    if (rc == USHER_OK) *out = usher_json_get(&body, USHER_STR("data")).text;
    return usher_flow_peer_fault(ex, rc) ? USHER_OK : rc;
}

usher_status usher_flow_session_answer(usher_exchange *ex, usher_want *want, usher_error *err)
{
    usher_str data = {0};
    usher_status rc = usher_flow_read_session(ex, false, err);

    if (rc) return rc;
    if (ex->post && !ex->csrf_verified) {
        usher_flow_report(ex, USHER_CAUSE_CSRF_TOKEN, NULL);
        ex->verdict = USHER_NO_SESSION;
        usher_respond_body(ex, 400, USHER_STR("application/json"), ex->site->profile->no_session);
        return USHER_OK;
    }
    if (ex->post && (rc = posted_data(&data, ex, err))) return rc;
    return answer(ex, data, ex->post, want, err);
}

/* --- operations ------------------------------------------------------------------------------- */

/* The cookies that Auth.js' endpoints renew beside the session. */
static usher_status side_cookies(usher_exchange *ex, bool *readable, usher_error *err)
{
    bool usable;
    usher_status rc;

    *readable = true;
    if (!ex->site->cookies[USHER_COOKIE_CSRF].name.len) return USHER_OK;
    rc = usher_flow_check_cookies(ex, err);
    if (usher_flow_peer_fault(ex, rc)) {
        *readable = false;
        ex->verdict = USHER_SESSION_REJECTED;
        usher_flow_report(ex, USHER_CAUSE_REQUEST_TOO_LARGE, NULL);
        return USHER_OK;
    }
    if (rc || (rc = usher_flow_csrf(ex, err))) return rc;
    return usher_flow_callback_url(ex, &usable, err);
}

/* Where nothing can be set, those cookies are of no use, unless there is a line for the log: it is
 * known by the browser's CSRF token. */
static usher_status read_only_session(usher_exchange *ex, usher_want *want, usher_error *err)
{
    bool readable;
    usher_status rc = usher_flow_read_session(ex, false, err);
    size_t reports = ex->report_count;

    if (rc == USHER_OK && reports) rc = side_cookies(ex, &readable, err);
    ex->report_count = reports; /* what is wrong with them has been said */
    return rc ? rc : answer(ex, (usher_str){0}, false, want, err);
}

/* What getServerSession and auth() do: the session endpoint's work, whatever the request's method.
 */
static usher_status get_session(usher_exchange *ex, usher_want *want, usher_error *err)
{
    bool readable;
    usher_status rc;

    ex->post = false;
    if (ex->read_only) return read_only_session(ex, want, err);
    rc = side_cookies(ex, &readable, err);
    if (rc || !readable) return rc;
    rc = usher_flow_read_session(ex, false, err);
    return rc ? rc : answer(ex, (usher_str){0}, false, want, err);
}

usher_status usher_get_session(usher_exchange *ex, usher_want *want, usher_error *err)
{
    return usher_flow_operate(ex, get_session, USHER_OPERATING_ON_SESSION, want, err);
}

usher_status usher_flow_get_token(usher_exchange *ex, usher_want *want, usher_error *err)
{
    (void)want;
    return usher_flow_read_session(ex, true, err);
}

usher_status usher_get_token(usher_exchange *ex, usher_want *want, usher_error *err)
{
    return usher_flow_operate(ex, usher_flow_get_token, USHER_OPERATING_ON_SESSION, want, err);
}

static usher_status get_csrf_token(usher_exchange *ex, usher_want *want, usher_error *err)
{
    usher_status rc;

    (void)want;
    if (!ex->site->cookies[USHER_COOKIE_CSRF].name.len)
        return usher_fail(err, USHER_E_USAGE, "exchange: this profile has no CSRF token", 0);
    rc = usher_flow_check_cookies(ex, err);
    if (usher_flow_peer_fault(ex, rc)) { /* nothing that came is believed: a new one it is */
        usher_flow_report(ex, USHER_CAUSE_REQUEST_TOO_LARGE, NULL);
        rc = USHER_OK;
    }
    if (rc || (rc = usher_flow_csrf(ex, err))) return rc;
    return usher_csrf_get(ex, err);
}

usher_status usher_get_csrf_token(usher_exchange *ex, usher_want *want, usher_error *err)
{
    return usher_flow_operate(ex, get_csrf_token, USHER_OPERATING_PLAIN, want, err);
}

static usher_status update_session(usher_exchange *ex, usher_want *want, usher_error *err)
{
    bool hooked = (ex->site->hooks & (1u << USHER_HAS_JWT)) != 0;
    usher_str changes;
    usher_status rc;

    if ((rc = usher_flow_read_session(ex, false, err))) return rc;
    if (ex->verdict != USHER_SESSION_VALID) {
        usher_respond_body(ex, 200, USHER_STR("application/json"), ex->site->profile->no_session);
        return USHER_OK;
    }
    hooked |= ex->held.stored != NULL; /* what it shows of them; a row has no room for them */
    if (hooked && !ex->held.auth0) {   /* what they mean is the program's to say */
        rc = usher_json_object_text(&changes, &ex->arena, &ex->changes, err);
        return rc ? rc : answer(ex, changes, true, want, err);
    }
    if ((rc = usher_flow_change_session(ex, &ex->changes, err)) ||
        (rc = usher_flow_read_session(ex, false, err)) || (rc = usher_flow_session_json(ex, err)))
        return rc;
    usher_respond_body(ex, 200, USHER_STR("application/json"), ex->session.json);
    usher_respond_private(ex);
    return USHER_OK;
}

usher_status usher_update_session(usher_exchange *ex, usher_str changes, usher_want *want,
                                  usher_error *err)
{
    usher_status rc = USHER_OK;

    *want = (usher_want){0};
    if (!ex || ex->state != USHER_AT_START || ex->final)
        return usher_fail(err, USHER_E_USAGE, "exchange: start it before this operation", 0);
    if (ex->read_only)
        return usher_fail(err, USHER_E_USAGE, "exchange: a request that is read only", 0);
    if ((rc = usher_arena_dup(&changes, &ex->arena, changes, err))) return rc;
    rc = usher_json_read_object(&ex->changes, &ex->arena, changes, &usher_json_limits_claims, err);
    if (usher_flow_peer_fault(ex, rc))
        return usher_fail(err, USHER_E_USAGE, "exchange: the changes are no JSON object", 0);
    if (rc) return rc;
    return usher_flow_operate(ex, update_session, USHER_OPERATING_ON_SESSION, want, err);
}
