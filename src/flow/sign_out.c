/* Sign-out: a page on GET, the end of the session on POST. */
#include "base/error.h"
#include "base/str.h"
#include "flow/hooks.h"
#include "flow/store.h"

usher_status usher_sign_out_get(usher_exchange *ex, usher_error *err)
{
    usher_str url;

    if (!ex->site->pages.sign_out.len) return usher_page_sign_out(ex, err);
    usher_status rc = usher_respond_page_url(&url, ex, USHER_PAGE_SIGN_OUT, err);
    return rc ? rc : usher_respond_redirect(ex, url, err);
}

static usher_status way_back(usher_exchange *ex, usher_want *want, usher_error *err)
{
    (void)want;
    return usher_respond_url(ex, ex->callback_url, 200, err);
}

static usher_status tell(usher_exchange *ex, usher_want *want, usher_error *err)
{
    return usher_hook_signed_out(ex, way_back, want, err);
}

static usher_status forget(usher_exchange *ex, usher_want *want, usher_error *err)
{
    usher_status rc = usher_flow_forget_session(ex, true, err);

    if (rc) return rc;
    ex->signed_out = ex->verdict == USHER_SESSION_VALID;
    ex->verdict = USHER_NO_SESSION;
    return usher_store_settle(ex, tell, want, err);
}

/* Nobody is told that he is signed out while his row may still be there. */
static usher_status row_deleted(usher_exchange *ex, const usher_event *event, usher_want *want,
                                usher_error *err)
{
    if (event->kind != USHER_EVENT_STORED)
        return usher_store_failed(ex, "exchange: the store failed to end a session", err);
    /* An adapter may throw if it is told once more. */
    usher_store_is_gone(ex, false, ex->held.stored->session.token);
    ex->hooked.ended = event->value;
    return forget(ex, want, err);
}

static usher_status end_session(usher_exchange *ex, usher_want *want, usher_error *err)
{
    if (!usher_store_is_row(ex) || ex->verdict != USHER_SESSION_VALID) return forget(ex, want, err);
    const usher_store store = {.op = USHER_STORE_DELETE_SESSION,
                               .id = ex->held.stored->session.token};
    return usher_store_ask(ex, want, &store, row_deleted, err);
}

usher_status usher_sign_out_post(usher_exchange *ex, usher_want *want, usher_error *err)
{
    usher_status rc;

    if (!ex->csrf_verified) {
        usher_flow_report(ex, USHER_CAUSE_CSRF_TOKEN, NULL);
        return usher_respond_failure(ex, USHER_FAIL_CSRF_SIGN_OUT, 200, err);
    }
    rc = usher_flow_read_session(ex, false, err);
    return rc ? rc : usher_store_read_all(ex, end_session, want, err);
}
