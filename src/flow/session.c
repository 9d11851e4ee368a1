/* What programs ask about the session, and the endpoint that answers browsers. */
#include <string.h>

#include "base/error.h"
#include "base/str.h"
#include "flow/exchange.h"

/* Auth0's SDK answers with the user alone. */
static usher_status auth0_json(usher_exchange *ex, usher_error *err)
{
    usher_json user = usher_json_get(&ex->held.auth0->members, USHER_STR("user"));

    (void)err;
    ex->session.json = user.text;
    return USHER_OK;
}

usher_status usher_flow_session_json(usher_exchange *ex, usher_error *err)
{
    if (ex->held.auth0 && ex->site->profile->auth0) return auth0_json(ex, err);
    if (!ex->held.auth0)
        return usher_session_write_json(&ex->session, &ex->arena, &ex->held.claims, err);
    /* Carried over but not written: the same members under their names here. */
    usher_json user = usher_json_get(&ex->held.auth0->members, USHER_STR("user"));
    usher_claims claims = {.text = user.text};
    usher_status rc = usher_json_members(&claims.object, &ex->arena, user, err);
    return rc ? rc : usher_session_write_json(&ex->session, &ex->arena, &claims, err);
}

static usher_status answer(usher_exchange *ex, usher_error *err)
{
    usher_str body = ex->site->profile->no_session;
    usher_status rc;

    if (ex->verdict == USHER_SESSION_VALID) {
        if ((rc = usher_flow_roll_session(ex, false, err)) ||
            (rc = usher_flow_session_json(ex, err)))
            return rc;
        body = ex->session.json;
    } else if (ex->verdict != USHER_NO_SESSION) {
        if ((rc = usher_flow_forget_session(ex, false, err))) return rc;
    }
    usher_respond_body(ex, 200, USHER_STR("application/json"), body);
    usher_respond_private(ex);
    return USHER_OK;
}

usher_status usher_flow_session_answer(usher_exchange *ex, usher_error *err)
{
    usher_status rc = usher_flow_read_session(ex, false, err);

    if (rc) return rc;
    if (ex->post && !ex->csrf_verified) {
        usher_flow_report(ex, USHER_CAUSE_CSRF_TOKEN, NULL);
        ex->verdict = USHER_NO_SESSION;
        usher_respond_body(ex, 400, USHER_STR("application/json"), ex->site->profile->no_session);
        return USHER_OK;
    }
    return answer(ex, err);
}

/* --- operations ------------------------------------------------------------------------------- */

/* The cookies that Auth.js' endpoints renew beside the session. */
static usher_status side_cookies(usher_exchange *ex, bool *readable, usher_error *err)
{
    bool usable;
    usher_status rc;

    *readable = true;
    if (!ex->site->cookies[USHER_COOKIE_CSRF].name.len) return USHER_OK;
    rc = usher_flow_read_cookies(ex, err);
    if (usher_flow_peer_fault(ex, rc)) {
        *readable = false;
        ex->verdict = USHER_SESSION_REJECTED;
        usher_flow_report(ex, USHER_CAUSE_REQUEST_TOO_LARGE, NULL);
        return USHER_OK;
    }
    if (rc || (rc = usher_flow_csrf(ex, err))) return rc;
    return usher_flow_callback_url(ex, &usable, err);
}

/* What getServerSession and auth() do: the session endpoint's work, whatever the request's method.
 */
static usher_status get_session(usher_exchange *ex, usher_want *want, usher_error *err)
{
    bool readable;
    usher_status rc;

    (void)want;
    ex->post = false;
    rc = side_cookies(ex, &readable, err);
    if (rc || !readable) return rc;
    rc = usher_flow_read_session(ex, false, err);
    return rc ? rc : answer(ex, err);
}

usher_status usher_get_session(usher_exchange *ex, usher_want *want, usher_error *err)
{
    return usher_flow_operate(ex, get_session, false, want, err);
}

static usher_status get_token(usher_exchange *ex, usher_want *want, usher_error *err)
{
    (void)want;
    return usher_flow_read_session(ex, true, err);
}

usher_status usher_get_token(usher_exchange *ex, usher_want *want, usher_error *err)
{
    return usher_flow_operate(ex, get_token, false, want, err);
}

static usher_status get_csrf_token(usher_exchange *ex, usher_want *want, usher_error *err)
{
    usher_status rc;

    (void)want;
    if (!ex->site->cookies[USHER_COOKIE_CSRF].name.len)
        return usher_fail(err, USHER_E_USAGE, "exchange: this profile has no CSRF token", 0);
    rc = usher_flow_read_cookies(ex, err);
    if (usher_flow_peer_fault(ex, rc)) { /* nothing that came is believed: a new one it is */
        usher_flow_report(ex, USHER_CAUSE_REQUEST_TOO_LARGE, NULL);
        rc = USHER_OK;
    }
    if (rc || (rc = usher_flow_csrf(ex, err))) return rc;
    return usher_csrf_get(ex, err);
}

usher_status usher_get_csrf_token(usher_exchange *ex, usher_want *want, usher_error *err)
{
    return usher_flow_operate(ex, get_csrf_token, false, want, err);
}

static usher_status update_session(usher_exchange *ex, usher_want *want, usher_error *err)
{
    usher_status rc;

    (void)want;
    if ((rc = usher_flow_read_session(ex, false, err))) return rc;
    if (ex->verdict != USHER_SESSION_VALID) {
        usher_respond_body(ex, 200, USHER_STR("application/json"), ex->site->profile->no_session);
        return USHER_OK;
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
    return rc ? rc : usher_flow_operate(ex, update_session, false, want, err);
}
