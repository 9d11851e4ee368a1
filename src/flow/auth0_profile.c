/* GET profile: the user of the session, as it is. Reading renews nothing. */
#include "base/str.h"
#include "flow/auth0.h"

usher_status usher_auth0_profile_get(usher_exchange *ex, usher_want *want, usher_error *err)
{
    usher_status rc = usher_flow_read_session(ex, false, err);

    (void)want;
    if (rc) return rc;
    usher_respond_private(ex);
    if (ex->verdict != USHER_SESSION_VALID || !ex->held.auth0) {
        ex->response.status = ex->site->auth0.profile_no_content ? 204 : 401;
        return USHER_OK;
    }
    if ((rc = usher_flow_session_json(ex, err))) return rc;
    usher_respond_body(ex, 200, USHER_STR("application/json"), ex->session.json);
    return USHER_OK;
}
