/* GET callback: the transaction found, the code redeemed, the ID token verified, the session made.
 * What the browser is told of a failure is one of the original's fixed texts. */
#include "base/error.h"
#include "base/str.h"
#include "flow/auth0.h"
#include "flow/store.h"
#include "oauth/text.h"
#include "session/auth0_return_to.h"

/* Texts of the original, by the step that failed. */
static const usher_auth0_failure discovery = {
    USHER_STR_INIT("discovery_error"),
    USHER_STR_INIT("Discovery failed for the OpenID Connect configuration.")};
static const usher_auth0_failure flow = {
    USHER_STR_INIT("authorization_error"),
    USHER_STR_INIT("An error occurred during the authorization flow.")};
static const usher_auth0_failure grant_request = {
    USHER_STR_INIT("authorization_code_grant_request_error"),
    USHER_STR_INIT("An error occurred while preparing or performing the authorization code grant "
                   "request.")};
static const usher_auth0_failure grant = {
    USHER_STR_INIT("authorization_code_grant_error"),
    USHER_STR_INIT("An error occurred while trying to exchange the authorization code.")};
static const usher_auth0_failure expired = {
    USHER_STR_INIT("session_expired"),
    USHER_STR_INIT("The session has expired and the user must re-authenticate.")};

/* A transaction serves once, however it ends. */
static usher_status forget(usher_exchange *ex, usher_error *err)
{
    usher_auth0_context c = usher_auth0_transactions(ex);
    usher_auth0_lines *lines = usher_arena_get(&ex->arena, sizeof *lines);
    usher_status rc;

    if (!lines) return usher_arena_fail(&ex->arena, err);
    rc = usher_auth0_transaction_clear(lines, &c, &ex->auth0->jar,
                                       usher_form_first(&ex->query, USHER_STR("state")), err);
    return rc ? rc : usher_auth0_put_lines(ex, lines, err);
}

/* The answer stands, unless the program wants to go elsewhere. */
static usher_status failed(usher_exchange *ex, usher_want *want, usher_error *err)
{
    (void)want;
    if (!ex->auth0->location.len) return USHER_OK;
    ex->response = (usher_response){0};
    return usher_auth0_redirect(ex, ex->auth0->location, err);
}

static usher_status refuse(usher_exchange *ex, const usher_auth0_failure *failure,
                           usher_cause cause, const usher_error *why, usher_want *want,
                           usher_error *err)
{
    usher_status rc;

    usher_flow_report(ex, cause, why);
    usher_auth0_text(ex, 500, failure->text);
    if ((rc = forget(ex, err))) return rc;
    return usher_auth0_on_callback(ex, failure, (usher_str){0}, failed, want, err);
}

/* Whose it was is not known: whatever came stays. */
static usher_status refuse_unknown(usher_exchange *ex, usher_auth0_callback found,
                                   usher_cause cause, usher_want *want, usher_error *err)
{
    bool missing = found == USHER_AUTH0_STATE_MISSING;
    const usher_auth0_failure failure = {missing ? USHER_STR("missing_state")
                                                 : USHER_STR("invalid_state"),
                                         usher_str_z(usher_auth0_callback_message(found))};

    usher_flow_report(ex, cause, NULL);
    usher_auth0_text(ex, 500, failure.text);
    return usher_auth0_on_callback(ex, &failure, (usher_str){0}, failed, want, err);
}

/* --- the checks that need no network ---------------------------------------------------------- */

usher_status usher_auth0_callback_get(usher_exchange *ex, usher_want *want, usher_error *err)
{
    usher_auth0_transaction *t = &ex->auth0->transaction;
    usher_auth0_context c = usher_auth0_transactions(ex);
    usher_auth0_callback found;
    usher_cause cause;
    bool asked;
    usher_status rc =
        usher_auth0_transaction_open(t, &found, &cause, &c, &ex->auth0->jar,
                                     usher_form_first(&ex->query, USHER_STR("state")), err);

    if (rc) return rc;
    if (found == USHER_AUTH0_STATE_FOREIGN) return refuse(ex, &flow, cause, NULL, want, err);
    if (found != USHER_AUTH0_TRANSACTION_FOUND) return refuse_unknown(ex, found, cause, want, err);
    /* Nobody signs in by these; another program that shares the secret may have begun one. */
    if (t->connect || usher_str_eq(t->challenge_mode, USHER_STR("popup")))
        return refuse(ex, &flow, USHER_CAUSE_RESPONSE_PARAMS, NULL, want, err);
    rc = usher_auth0_want_metadata(&asked, ex, want, USHER_AT_AUTH0_CALLBACK_METADATA, err);
    return rc || asked ? rc : refuse(ex, &discovery, USHER_CAUSE_NONE, NULL, want, err);
}

/* RFC 9207, and nothing that belongs to another kind of flow. `state` was compared already. */
static usher_cause judge_response(const usher_exchange *ex)
{
    static const usher_str single[] = {USHER_STR_INIT("iss"), USHER_STR_INIT("state"),
                                       USHER_STR_INIT("error")};
    static const usher_str never[] = {USHER_STR_INIT("response"), USHER_STR_INIT("id_token"),
                                      USHER_STR_INIT("token")};
    const usher_form *q = &ex->query;
    usher_str iss = usher_form_first(q, USHER_STR("iss"));

    for (size_t i = 0; i < 3; i++)
        if (usher_form_count(q, single[i]) > 1 || usher_form_count(q, never[i]))
            return USHER_CAUSE_RESPONSE_PARAMS;
    if (iss.ptr ? !usher_str_eq(iss, ex->sign_in.provider->issuer)
                : ex->sign_in.metadata.response_iss)
        return USHER_CAUSE_RESPONSE_ISS;
    return usher_form_count(q, USHER_STR("error")) ? USHER_CAUSE_PROVIDER_ERROR : USHER_CAUSE_NONE;
}

/* What the provider says for itself; for the program alone, never for the browser. */
static void keep_query_error(usher_exchange *ex)
{
    ex->auth0->provider_error = usher_form_first(&ex->query, USHER_STR("error"));
    ex->auth0->provider_description = usher_form_first(&ex->query, USHER_STR("error_description"));
}

static usher_status keep_answer_error(usher_exchange *ex, const usher_event *event,
                                      usher_error *err)
{
    usher_auth0_visit *v = ex->auth0;
    usher_arena *a = &ex->arena;
    usher_json_object error;
    usher_status rc = usher_token_error_read(&error, a, event->content_type, event->body, err);

    if (rc || (rc = usher_auth0_text_of(&v->provider_error, a, &error, "error", err))) return rc;
    return usher_auth0_text_of(&v->provider_description, a, &error, "error_description", err);
}

static usher_status redeem(usher_exchange *ex, usher_want *want, usher_str code, usher_error *err)
{
    usher_sign_in *s = &ex->sign_in;
    usher_fetch fetch;
    usher_str uri;
    usher_status rc;

    if ((rc = usher_auth0_own_url(&uri, ex, USHER_AUTH0_CALLBACK, err)) ||
        (rc = usher_token_request(&fetch, &ex->arena, s->provider, &s->metadata, code, uri,
                                  ex->auth0->transaction.code_verifier, err)))
        return rc;
    return usher_flow_want(ex, want, USHER_AT_AUTH0_CALLBACK_TOKENS, &fetch);
}

usher_status usher_auth0_callback_metadata(usher_exchange *ex, const usher_event *event,
                                           usher_want *want, usher_error *err)
{
    usher_str code = usher_form_first(&ex->query, USHER_STR("code"));
    usher_error why;
    usher_cause cause;
    bool ready;
    usher_status rc = usher_auth0_metadata(&ready, &cause, ex, event, want, &why, err);

    if (rc || want->kind != USHER_WANT_NOTHING) return rc;
    if (!ready) return refuse(ex, &discovery, cause, &why, want, err);
    if ((cause = judge_response(ex)) == USHER_CAUSE_PROVIDER_ERROR) keep_query_error(ex);
    if (cause) return refuse(ex, &flow, cause, NULL, want, err);
    if (usher_form_count(&ex->query, USHER_STR("code")) != 1 || !usher_oauth_visible(code))
        return refuse(ex, &grant_request, USHER_CAUSE_RESPONSE_PARAMS, NULL, want, err);
    return redeem(ex, want, code, err);
}

/* --- tokens ----------------------------------------------------------------------------------- */

usher_status usher_auth0_callback_tokens(usher_exchange *ex, const usher_event *event,
                                         usher_want *want, usher_error *err)
{
    usher_sign_in *s = &ex->sign_in;
    usher_error why = {.what = event->why};
    usher_status rc;

    if (event->kind != USHER_EVENT_FETCHED)
        return refuse(ex, &grant_request, USHER_CAUSE_PROVIDER_UNREACHABLE, &why, want, err);
    rc = usher_token_response_read(&s->tokens, &ex->arena, event->http_status, event->content_type,
                                   event->body, &why);
    if (usher_flow_peer_fault(ex, rc)) {
        if ((rc = keep_answer_error(ex, event, err))) return rc;
        return refuse(ex, &grant, USHER_CAUSE_TOKEN_RESPONSE, &why, want, err);
    }
    if (rc) return usher_pass(err, &why);
    return usher_flow_want_document(ex, want, USHER_AT_AUTH0_CALLBACK_KEYS, s->metadata.jwks_uri,
                                    0);
}

/* --- the session ------------------------------------------------------------------------------ */

/* A provider may say when its own session is over; one that is over already is none. */
static bool is_over(const usher_exchange *ex)
{
    const usher_json_object *claims = &ex->sign_in.id_claims;
    double end, issued, margin = (double)ex->site->profile->auth0->ceiling_margin_s;

    if (!usher_json_double(&end, usher_json_get(claims, USHER_STR("session_expiry"))) ||
        !(end > 0) || !(end < 1e10))
        return false;
    if (!usher_json_double(&issued, usher_json_get(claims, USHER_STR("iat"))))
        issued = (double)usher_now_s(ex);
    return end <= issued + margin || end <= (double)usher_now_s(ex) + margin;
}

static usher_status issue(usher_exchange *ex, usher_want *want, usher_error *err)
{
    usher_str url = ex->auth0->location;
    bool issued;
    usher_status rc;

    if ((rc = usher_flow_issue_auth0(ex, ex->auth0->session, &issued, err))) return rc;
    if (!issued) return refuse(ex, &flow, USHER_CAUSE_NONE, NULL, want, err);
    if ((!url.len && (rc = usher_auth0_location(&url, &ex->arena, ex->auth0->transaction.return_to,
                                                ex->site->auth0.app_url, err))) ||
        (rc = forget(ex, err)))
        return rc;
    return usher_auth0_redirect(ex, url, err);
}

static usher_status replace(usher_exchange *ex, usher_want *want, usher_error *err)
{
    return usher_store_read_all(ex, issue, want, err);
}

static usher_status save(usher_exchange *ex, usher_want *want, usher_error *err)
{
    usher_str json = ex->auth0->session;

    if (!(ex->site->hooks & (1u << USHER_HAS_BEFORE_SAVED)) && usher_auth0_is_hooked(ex)) {
        usher_status rc = usher_auth0_filter(&json, ex, err);
        if (rc) return rc;
    }
    return usher_auth0_before_saved(ex, json, ex->sign_in.tokens.id_token, replace, want, err);
}

static usher_status sign_in(usher_exchange *ex, usher_want *want, usher_error *err)
{
    usher_str json;
    usher_status rc;

    if (is_over(ex)) return refuse(ex, &expired, USHER_CAUSE_TOKEN_EXPIRED, NULL, want, err);
    if ((rc = usher_auth0_new_session(&json, ex, err))) return rc;
    return usher_auth0_on_callback(ex, NULL, json, save, want, err);
}

usher_status usher_auth0_callback_keys(usher_exchange *ex, const usher_event *event,
                                       usher_want *want, usher_error *err)
{
    usher_cause cause = USHER_CAUSE_JWKS_INVALID;
    usher_error why = {.what = event->why};
    usher_status rc;

    if (event->kind != USHER_EVENT_FETCHED || event->http_status != 200)
        return refuse(ex, &grant, USHER_CAUSE_PROVIDER_UNREACHABLE, &why, want, err);
    rc = usher_auth0_verify(ex, &cause, event->body, false, &why);
    if (rc && !usher_flow_peer_fault(ex, rc)) return usher_pass(err, &why);
    if (rc && ex->state == USHER_AT_AUTH0_CALLBACK_KEYS &&
        (cause == USHER_CAUSE_ID_TOKEN_KEY ||
         (cause == USHER_CAUSE_JWKS_INVALID && usher_flow_look_again(ex, event))))
        return usher_flow_want_document(ex, want, USHER_AT_AUTH0_CALLBACK_NEWER_KEYS,
                                        ex->sign_in.metadata.jwks_uri, event->fetched_ms);
    if (rc) return refuse(ex, &grant, cause, &why, want, err);
    return sign_in(ex, want, err);
}
