/* GET logout: the session ends here, its refresh token at the provider, and the browser goes on to
 * the provider's own sign-out. Where that leads is the provider's to allow. */
#include "base/error.h"
#include "base/str.h"
#include "flow/auth0.h"
#include "flow/store.h"
#include "wire/url.h"

#define URL_MAX  ((size_t)64 << 10)
#define HINT_MAX ((size_t)8192) /* a longer ID token is not sent: no server reads such a URL */

/* Everything of the session and every transaction that came; the last thing before any answer. */
static usher_status forget_all(usher_exchange *ex, usher_error *err)
{
    usher_auth0_context c = usher_auth0_transactions(ex);
    usher_auth0_lines *lines = usher_arena_get(&ex->arena, sizeof *lines);
    usher_status rc;

    if (!lines) return usher_arena_fail(&ex->arena, err);
    if ((rc = usher_flow_forget_session(ex, true, err))) return rc;
    rc = usher_auth0_transaction_clear(lines, &c, &ex->auth0->jar, (usher_str){0}, err);
    if (!rc) rc = usher_auth0_put_lines(ex, lines, err);
    /* More transactions than one answer can take away: the session goes all the same. */
    if (usher_flow_peer_fault(ex, rc))
        usher_flow_report(ex, USHER_CAUSE_REQUEST_TOO_LARGE, NULL);
    else if (rc)
        return rc;
    ex->signed_out = ex->verdict == USHER_SESSION_VALID;
    ex->verdict = USHER_NO_SESSION;
    return USHER_OK;
}

static usher_status failed(usher_exchange *ex, const char *text, usher_cause cause,
                           const usher_error *why, usher_error *err)
{
    usher_flow_report(ex, cause, why);
    usher_auth0_text(ex, 500, usher_str_z(text));
    return forget_all(ex, err);
}

static usher_status no_discovery(usher_exchange *ex, usher_cause cause, const usher_error *why,
                                 usher_error *err)
{
    return failed(ex, "An error occurred while trying to initiate the logout request.", cause, why,
                  err);
}

static usher_status log_out(usher_exchange *ex, usher_want *want, usher_error *err)
{
    bool asked;
    usher_status rc =
        usher_auth0_want_metadata(&asked, ex, want, USHER_AT_AUTH0_LOGOUT_METADATA, err);

    return rc || asked ? rc : no_discovery(ex, USHER_CAUSE_NONE, NULL, err);
}

/* The original has no such guard: there, a page that is fetched ahead signs its reader out. */
usher_status usher_auth0_logout_get(usher_exchange *ex, usher_want *want, usher_error *err)
{
    usher_status rc;

    if (usher_auth0_is_prefetch(ex)) {
        ex->response.status = 204;
        usher_respond_header(ex, USHER_STR("Cache-Control"), USHER_STR("no-store"));
        return USHER_OK;
    }
    rc = usher_flow_read_session(ex, false, err);
    return rc ? rc : usher_store_read_all(ex, log_out, want, err);
}

/* --- the provider's page ---------------------------------------------------------------------- */

/* A text below a member that is an object; absent if either is not there. */
static usher_status held_text(usher_str *out, usher_exchange *ex, const char *where,
                              const char *name, usher_error *err)
{
    usher_json_object object;
    usher_json value = {0};
    usher_status rc;

    *out = (usher_str){0};
    if (ex->verdict == USHER_SESSION_VALID && ex->held.auth0)
        value = usher_json_get(&ex->held.auth0->members, usher_str_z(where));
    if (value.type != USHER_JSON_OBJECT) return USHER_OK;
    if ((rc = usher_json_members(&object, &ex->arena, value, err))) return rc;
    return usher_auth0_text_of(out, &ex->arena, &object, name, err);
}

static void put_federated(usher_buf *b, const usher_form *query)
{
    usher_str name = USHER_STR("federated");

    if (usher_form_count(query, name) &&
        !usher_str_eq(usher_form_first(query, name), USHER_STR("false")))
        usher_url_put_param(b, name, USHER_STR(""));
}

static usher_str return_to(const usher_exchange *ex)
{
    usher_str asked = usher_form_first(&ex->query, USHER_STR("returnTo"));

    return asked.len ? asked : ex->site->auth0.app_url;
}

/* OpenID Connect RP-Initiated Logout 1.0, with Auth0's logout_hint. */
static usher_status oidc_url(usher_str *out, usher_exchange *ex, usher_error *err)
{
    usher_str state = usher_form_first(&ex->query, USHER_STR("state")), sid, hint;
    usher_buf b;
    usher_status rc;

    if ((rc = held_text(&sid, ex, "internal", "sid", err)) ||
        (rc = held_text(&hint, ex, "tokenSet", "idToken", err)))
        return rc;
    usher_buf_init(&b, &ex->arena, URL_MAX);
    usher_buf_put(&b, ex->sign_in.metadata.end_session_endpoint);
    usher_url_put_param(&b, USHER_STR("client_id"), ex->sign_in.provider->client_id);
    usher_url_put_param(&b, USHER_STR("post_logout_redirect_uri"), return_to(ex));
    if (state.len) usher_url_put_param(&b, USHER_STR("state"), state);
    if (sid.len && sid.len <= HINT_MAX) usher_url_put_param(&b, USHER_STR("logout_hint"), sid);
    if (hint.len && hint.len <= HINT_MAX && ex->site->auth0.id_token_hint)
        usher_url_put_param(&b, USHER_STR("id_token_hint"), hint);
    put_federated(&b, &ex->query);
    return usher_buf_take(out, &b, err);
}

static usher_status v2_url(usher_str *out, usher_exchange *ex, usher_error *err)
{
    usher_url issuer;
    usher_buf b;
    usher_status rc;

    if ((rc = usher_url_read(&issuer, ex->sign_in.provider->issuer, err))) return rc;
    usher_buf_init(&b, &ex->arena, URL_MAX);
    usher_url_put_origin(&b, &issuer);
    usher_buf_put_z(&b, "/v2/logout");
    usher_url_put_param(&b, USHER_STR("returnTo"), return_to(ex));
    usher_url_put_param(&b, USHER_STR("client_id"), ex->sign_in.provider->client_id);
    put_federated(&b, &ex->query);
    return usher_buf_take(out, &b, err);
}

static usher_status finish(usher_exchange *ex, usher_error *err)
{
    usher_status rc = forget_all(ex, err);

    return rc ? rc : usher_auth0_redirect(ex, ex->auth0->where, err);
}

usher_status usher_auth0_logout_metadata(usher_exchange *ex, const usher_event *event,
                                         usher_want *want, usher_error *err)
{
    const usher_metadata *m = &ex->sign_in.metadata;
    usher_logout_strategy how = ex->site->auth0.logout;
    usher_str token;
    usher_fetch fetch;
    usher_error why;
    usher_cause cause;
    bool ready;
    usher_status rc = usher_auth0_metadata(&ready, &cause, ex, event, want, &why, err);

    if (rc || want->kind != USHER_WANT_NOTHING) return rc;
    if (!ready) return no_discovery(ex, cause, &why, err);
    if (how == USHER_LOGOUT_OIDC && !m->end_session_endpoint.len)
        return failed(ex,
                      "OIDC RP-Initiated Logout is not supported by the authorization server. "
                      "Enable it or use a different logout strategy.",
                      USHER_CAUSE_METADATA_INVALID, NULL, err);
    bool oidc = how != USHER_LOGOUT_V2 && m->end_session_endpoint.len;
    if ((rc = (oidc ? oidc_url : v2_url)(&ex->auth0->where, ex, err)) ||
        (rc = held_text(&token, ex, "tokenSet", "refreshToken", err)))
        return rc;
    if (!token.len || !m->revocation_endpoint.len) return finish(ex, err);
    rc = usher_revocation_request(&fetch, &ex->arena, ex->sign_in.provider, m, token, err);
    return rc ? rc : usher_flow_want(ex, want, USHER_AT_AUTH0_LOGOUT_REVOCATION, &fetch);
}

/* Whether it could be revoked or not: the session is over here. */
usher_status usher_auth0_logout_revoked(usher_exchange *ex, const usher_event *event,
                                        usher_want *want, usher_error *err)
{
    usher_error why = {.what = event->why};

    (void)want;
    if (event->kind != USHER_EVENT_FETCHED)
        usher_flow_report(ex, USHER_CAUSE_PROVIDER_UNREACHABLE, &why);
    else if (event->http_status != 200)
        usher_flow_report(ex, USHER_CAUSE_TOKEN_RESPONSE, NULL);
    return finish(ex, err);
}
