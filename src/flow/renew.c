/* A session written once more, carried over from another format, or new. */
#include <math.h>

#include "base/error.h"
#include "base/str.h"
#include "flow/store.h"
#include "flow/write.h"
#include "session/bridge.h"

/* --- between Auth0's and claims ----------------------------------------------------------------
 */

/* *out stays NULL if Auth0's rules leave it no life. When it was created is known if its claims say
 * so; to a site that has an absolute duration, sealing is the earliest that is known; otherwise it
 * begins here, and ends no later than it would have. */
static usher_status auth0_of_claims(usher_auth0_session **out, usher_exchange *ex, usher_error *err)
{
    const usher_claims *claims = &ex->held.claims;
    usher_life life = usher_life_of(claims);
    bool sealed = ex->site->lifetime.absolute_s && life.has_sealed;
    usher_str json;
    usher_status rc;

    *out = NULL;
    rc = usher_bridge_to_auth0(&json, &ex->arena, claims,
                               sealed ? (int64_t)life.sealed_s : usher_now_s(ex), err);
    return rc ? rc : usher_flow_auth0_from(out, ex, json, err);
}

/* --- the site's own form ---------------------------------------------------------------------- */

static usher_status as_auth0(usher_exchange *ex, usher_error *err)
{
    double end_s = ex->held.end_s;
    int64_t expires_ms = ex->session.expires_ms;
    usher_auth0_session *s;
    usher_status rc;

    if ((rc = auth0_of_claims(&s, ex, err)) || !s ||
        (rc = usher_flow_hold_auth0(ex, ex->site->formats, s, err)))
        return rc;
    ex->held.end_s = end_s;
    ex->session.expires_ms = expires_ms;
    return USHER_OK;
}

static usher_status as_claims(usher_exchange *ex, usher_error *err)
{
    usher_claims claims = {.has_exp = isfinite(ex->held.end_s), .exp = ex->held.end_s};
    bool is_session = false;
    usher_json_object whole;
    usher_session session;
    usher_status rc;

    /* What came in cookies of its own stands in the object that programs are handed. */
    if ((rc = usher_json_read_object(&whole, &ex->arena, ex->held.auth0->json,
                                     &usher_json_limits_claims, err)) ||
        (rc = usher_bridge_to_claims(&claims.text, &ex->arena, &whole, err)) ||
        (rc = usher_json_read_object(&claims.object, &ex->arena, claims.text,
                                     &usher_json_limits_claims, err)) ||
        (rc = usher_session_from_claims(&session, &is_session, &ex->arena, &claims,
                                        ex->session.expires_ms, err)) ||
        !is_session)
        return rc;
    ex->session = session;
    ex->held.claims = claims;
    ex->held.auth0 = NULL;
    return USHER_OK;
}

usher_status usher_flow_own_form(usher_exchange *ex, bool *lives, usher_error *err)
{
    bool auth0 = ex->site->profile->auth0 != NULL;
    usher_status rc = USHER_OK;

    if (ex->site->formats[0].form != USHER_TOKEN_STORED || auth0)
        ex->held.stored = NULL; /* its claims are what goes on */
    if (auth0 && !ex->held.auth0) rc = as_auth0(ex, err);
    if (!auth0 && ex->held.auth0) rc = as_claims(ex, err);
    *lives = rc == USHER_OK && auth0 == (ex->held.auth0 != NULL);
    return rc;
}

/* --- renewing --------------------------------------------------------------------------------- */

/* The clock was set back since this was written: whatever is written now would end too early. */
static bool auth0_from_the_future(const usher_exchange *ex)
{
    return ex->held.auth0->has_created && ex->held.auth0->created_s > (double)usher_now_s(ex);
}

static usher_status renew(usher_exchange *ex, const usher_writing *w, usher_error *err)
{
    usher_life life = usher_life_of(&ex->held.claims);

    if (!ex->held.auth0) return usher_flow_write_claims(ex, ex->held.claims.text, &life, w, err);
    if (!w->keep_exp && auth0_from_the_future(ex)) return USHER_OK;
    return usher_flow_write_auth0(ex, ex->held.auth0, w, err);
}

usher_status usher_flow_roll_session(usher_exchange *ex, bool only_one_cookie, usher_error *err)
{
    bool written = false, foreign = ex->held.format != &ex->site->formats[0];
    bool old_cookies = ex->held.auth0 && ex->held.auth0->legacy;
    const usher_writing w = {.only_one = only_one_cookie, .keep_exp = foreign, .written = &written};

    if (ex->read_only || ex->held.written || ex->unencoded.len) return USHER_OK;
    if (!ex->site->lifetime.rolling && !foreign && !old_cookies && !ex->hooked.must_write)
        return USHER_OK;
    if (foreign && only_one_cookie)
        return USHER_OK; /* the old cookie has to go in the same answer */
    if (usher_store_was_left(ex)) return USHER_OK;
    if (usher_store_is_row(ex)) return usher_store_roll(ex, only_one_cookie, err);
    if (ex->held.stored) return USHER_OK; /* it did not become a row */
    usher_status rc = renew(ex, &w, err);
    /* To the millisecond where the end is counted from now, as the originals print it. */
    if (rc == USHER_OK && written)
        ex->session.expires_ms = (int64_t)ex->held.end_s * 1000 + (foreign ? 0 : ex->now_ms % 1000);
    return rc;
}

/* --- new sessions ----------------------------------------------------------------------------- */

/* Whatever was there, the answer is about the new one: what came goes, and is not judged. */
static usher_status forget_the_old(usher_exchange *ex, usher_error *err)
{
    usher_brought *b;
    usher_status rc = usher_flow_bring(&b, ex, 0, err);

    ex->verdict = USHER_NO_SESSION;
    ex->session = (usher_session){0};
    ex->held = (usher_held){.judged = true};
    return usher_flow_peer_fault(ex, rc) ? USHER_OK : rc;
}

usher_status usher_flow_issue_claims(usher_exchange *ex, usher_str claims, bool *issued,
                                     usher_error *err)
{
    const usher_writing w = {.anew = true, .written = issued};
    usher_life life = {0};
    usher_status rc;

    *issued = false;
    if ((rc = forget_the_old(ex, err))) return rc;
    if ((rc = usher_flow_write_claims(ex, claims, &life, &w, err))) return rc;
    ex->signed_in = *issued;
    return USHER_OK;
}

usher_status usher_flow_issue_session(usher_exchange *ex, const usher_user *user, bool *issued,
                                      usher_error *err)
{
    usher_str claims;
    usher_status rc = usher_session_new_claims(&claims, &ex->arena, user, ex->entropy, err);

    *issued = false;
    return rc ? rc : usher_flow_issue_claims(ex, claims, issued, err);
}

usher_status usher_flow_issue_auth0(usher_exchange *ex, usher_str json, bool *issued,
                                    usher_error *err)
{
    const usher_writing w = {.anew = true, .must = true, .written = issued};
    usher_auth0_session *s;
    usher_status rc;

    *issued = false;
    if ((rc = forget_the_old(ex, err))) return rc;
    if ((rc = usher_flow_auth0_from(&s, ex, json, err)) || !s ||
        (rc = usher_flow_write_auth0(ex, s, &w, err)))
        return rc;
    if (*issued) ex->verdict = USHER_SESSION_VALID;
    ex->signed_in = *issued;
    return USHER_OK;
}

usher_status usher_flow_replace_auth0(usher_exchange *ex, usher_str json, bool *written,
                                      usher_error *err)
{
    const usher_writing w = {
        .keep_exp = ex->held.format != &ex->site->formats[0], .must = true, .written = written};
    usher_auth0_session *s;
    usher_status rc;

    *written = false;
    if ((rc = usher_flow_auth0_from(&s, ex, json, err)) || !s) return rc;
    return usher_flow_write_auth0(ex, s, &w, err);
}
