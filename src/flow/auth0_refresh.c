/* GET access-token and usher_get_access_token: the session's access token, refreshed when it is
 * due. The key set is asked for before the refresh token is spent: whatever can fail without harm
 * fails first, for a token that was rotated and not kept is a session lost. */
#include "base/error.h"
#include "base/str.h"
#include "flow/auth0.h"

#define SCOPE_MAX    ((size_t)2048)
#define ANSWER_MAX   ((size_t)512 << 10)
#define ASKED_ONCE_S 1 /* somebody wants a new one now */
#define ONCE_S       10 /* requests that a browser sent before it got the rotated token come so late */

/* --- answers ---------------------------------------------------------------------------------- */

static usher_status answer_json(usher_exchange *ex, int status, usher_buf *b, usher_error *err)
{
    usher_str body;
    usher_status rc = usher_buf_take(&body, b, err);

    if (rc) return rc;
    usher_respond_body(ex, status, USHER_STR("application/json"), body);
    usher_respond_private(ex);
    return USHER_OK;
}

typedef enum refusal {
    MISSING_SESSION,
    MISSING_REFRESH_TOKEN,
    MISSING_TOKENS,
    DISCOVERY,
    FAILED_TO_REFRESH,
} refusal;

static const struct {
    usher_str code, message;
} refusals[] = {
    [MISSING_SESSION] = {USHER_STR_INIT("missing_session"),
                         USHER_STR_INIT("The user does not have an active session.")},
    [MISSING_REFRESH_TOKEN] =
        {USHER_STR_INIT("missing_refresh_token"),
         USHER_STR_INIT("The access token has expired and a refresh token was not provided. The "
                        "user needs to re-authenticate.")},
    [MISSING_TOKENS] =
        {USHER_STR_INIT("missing_refresh_token"),
         USHER_STR_INIT(
             "No access token found and a refresh token was not provided. The user needs "
             "to re-authenticate.")},
    [DISCOVERY] = {USHER_STR_INIT("discovery_error"),
                   USHER_STR_INIT("Discovery failed for the OpenID Connect configuration.")},
    [FAILED_TO_REFRESH] =
        {USHER_STR_INIT("failed_to_refresh_token"),
         USHER_STR_INIT("The access token has expired and there was an error while trying to "
                        "refresh it.")},
};

static usher_status refuse(usher_exchange *ex, refusal why, usher_cause cause,
                           const usher_error *detail, usher_error *err)
{
    usher_json_writer w;
    usher_buf b;

    usher_flow_report(ex, cause, detail);
    if (ex->access) {
        ex->access->code = refusals[why].code.ptr;
        ex->access->message = refusals[why].message.ptr;
    }
    usher_buf_init(&b, &ex->arena, ANSWER_MAX);
    usher_json_write_init(&w, &b);
    usher_json_open_object(&w);
    usher_json_name(&w, USHER_STR("error"));
    usher_json_open_object(&w);
    usher_json_put_member(&w, USHER_STR("message"), refusals[why].message);
    usher_json_put_member(&w, USHER_STR("code"), refusals[why].code);
    usher_json_close_object(&w);
    usher_json_close_object(&w);
    return answer_json(ex, 401, &b, err);
}

/* As a program gets it. */
static usher_status give_program(usher_exchange *ex, usher_error *err)
{
    const usher_json_object *set = &ex->auth0->pick.set;
    usher_access_token *out = ex->access;
    usher_status rc;

    if ((rc = usher_auth0_text_of(&out->token, &ex->arena, set, "accessToken", err)) ||
        (rc = usher_auth0_text_of(&out->scope, &ex->arena, set, "scope", err)) ||
        (rc = usher_auth0_text_of(&out->audience, &ex->arena, set, "audience", err)) ||
        (rc = usher_auth0_text_of(&out->type, &ex->arena, set, "token_type", err)))
        return rc;
    out->has_expires =
        usher_json_int64(&out->expires_s, usher_json_get(set, USHER_STR("expiresAt")));
    return USHER_OK;
}

static usher_status give(usher_exchange *ex, usher_error *err)
{
    const usher_json_object *set = &ex->auth0->pick.set;
    usher_str token, scope, type;
    int64_t end_s = 0, now_s = usher_now_s(ex);
    usher_json_writer w;
    usher_buf b;
    usher_status rc;

    if ((rc = usher_auth0_text_of(&token, &ex->arena, set, "accessToken", err)) ||
        (rc = usher_auth0_text_of(&scope, &ex->arena, set, "scope", err)) ||
        (rc = usher_auth0_text_of(&type, &ex->arena, set, "token_type", err)) ||
        (ex->access && (rc = give_program(ex, err))))
        return rc;
    if (!usher_json_int64(&end_s, usher_json_get(set, USHER_STR("expiresAt")))) end_s = 0;
    usher_buf_init(&b, &ex->arena, ANSWER_MAX);
    usher_json_write_init(&w, &b);
    usher_json_open_object(&w);
    usher_json_put_member(&w, USHER_STR("token"), token);
    usher_json_put_member(&w, USHER_STR("scope"), scope);
    usher_json_name(&w, USHER_STR("expires_at"));
    usher_json_put_int(&w, end_s);
    usher_json_name(&w, USHER_STR("expires_in"));
    usher_json_put_int(&w, end_s > now_s ? end_s - now_s : 0);
    if (type.len) usher_json_put_member(&w, USHER_STR("token_type"), type);
    usher_json_close_object(&w);
    return answer_json(ex, 200, &b, err);
}

/* --- the question ----------------------------------------------------------------------------- */

static usher_auth0_question read_question(const usher_exchange *ex)
{
    const usher_form *q = &ex->query;

    return (usher_auth0_question){
        .audience = usher_form_first(q, USHER_STR("audience")),
        .scope = usher_form_first(q, USHER_STR("scope")),
        .no_merge = usher_str_eq(usher_form_first(q, USHER_STR("mergeScopes")), USHER_STR("false")),
    };
}

static bool is_due(const usher_auth0_pick *p, const usher_exchange *ex)
{
    double now = (double)usher_now_s(ex), buffer = (double)ex->site->auth0.refresh_buffer_s;

    return p->refresh_token.len &&
           (p->question.refresh || !p->token.len || !p->has_end || p->end_s <= now + buffer);
}

static bool is_over(const usher_auth0_pick *p, const usher_exchange *ex)
{
    return !p->token.len || (p->has_end && p->end_s <= (double)usher_now_s(ex));
}

/* What the question in the visit finds. */
static usher_status ask(usher_exchange *ex, usher_want *want, usher_error *err)
{
    usher_auth0_pick *p = &ex->auth0->pick;
    bool asked;
    usher_status rc;

    if ((rc = usher_flow_read_session(ex, false, err))) return rc;
    if (ex->verdict != USHER_SESSION_VALID || !ex->held.auth0)
        return refuse(ex, MISSING_SESSION, USHER_CAUSE_NONE, NULL, err);
    if ((rc = usher_auth0_choose(p, ex, err))) return rc;
    if (!is_due(p, ex)) {
        if (!is_over(p, ex)) return give(ex, err);
        return refuse(ex, p->token.len ? MISSING_REFRESH_TOKEN : MISSING_TOKENS, USHER_CAUSE_NONE,
                      NULL, err);
    }
    rc = usher_auth0_want_metadata(&asked, ex, want, USHER_AT_AUTH0_REFRESH_METADATA, err);
    return rc || asked ? rc : refuse(ex, DISCOVERY, USHER_CAUSE_NONE, NULL, err);
}

usher_status usher_auth0_token_get(usher_exchange *ex, usher_want *want, usher_error *err)
{
    usher_auth0_pick *p = &ex->auth0->pick;

    p->question = read_question(ex);
    if (p->question.scope.len <= SCOPE_MAX && p->question.audience.len <= SCOPE_MAX)
        return ask(ex, want, err);
    usher_flow_report(ex, USHER_CAUSE_REQUEST_TOO_LARGE, NULL);
    usher_auth0_text(ex, 400, USHER_STR("Bad request."));
    return USHER_OK;
}

/* --- the operation ---------------------------------------------------------------------------- */

/* Texts of the caller's, who need not keep them while we wait. */
static usher_status keep_question(usher_auth0_question *out, usher_exchange *ex,
                                  const usher_access_token_question *q, usher_error *err)
{
    usher_arena *a = &ex->arena;
    usher_status rc;

    *out = (usher_auth0_question){.no_merge = q->no_merge, .refresh = q->refresh};
    if ((q->audience.ptr && (rc = usher_arena_dup(&out->audience, a, q->audience, err))) ||
        (q->scope.ptr && (rc = usher_arena_dup(&out->scope, a, q->scope, err))))
        return rc;
    return q->default_scope.ptr ? usher_arena_dup(&out->default_scope, a, q->default_scope, err)
                                : USHER_OK;
}

static usher_status get_access_token(usher_exchange *ex, usher_want *want, usher_error *err)
{
    ex->access = usher_arena_get_zero(&ex->arena, 1, sizeof *ex->access);
    return ex->access ? ask(ex, want, err) : usher_arena_fail(&ex->arena, err);
}

usher_status usher_get_access_token(usher_exchange *ex, const usher_access_token_question *question,
                                    usher_want *want, usher_error *err)
{
    usher_status rc;

    *want = (usher_want){0};
    if (!ex || ex->state != USHER_AT_START || ex->final)
        return usher_fail(err, USHER_E_USAGE, "exchange: start it before this operation", 0);
    if (!question || question->size != sizeof *question)
        return usher_fail(err, USHER_E_USAGE, "exchange: a question of another version", 0);
    if (!ex->site->profile->auth0)
        return usher_fail(err, USHER_E_USAGE, "exchange: this profile hands out no tokens", 0);
    if (ex->read_only)
        return usher_fail(err, USHER_E_USAGE, "exchange: a request that is read only", 0);
    if (question->scope.len > SCOPE_MAX || question->audience.len > SCOPE_MAX ||
        question->default_scope.len > SCOPE_MAX)
        return usher_fail(err, USHER_E_USAGE, "exchange: a scope or an audience is too long", 0);
    if (!(ex->auth0 = usher_arena_get_zero(&ex->arena, 1, sizeof *ex->auth0)))
        return usher_arena_fail(&ex->arena, err);
    if ((rc = keep_question(&ex->auth0->pick.question, ex, question, err))) return rc;
    return usher_flow_operate(ex, get_access_token, USHER_OPERATING_ON_SESSION, want, err);
}

/* --- the refresh ------------------------------------------------------------------------------ */

usher_status usher_auth0_refresh_metadata(usher_exchange *ex, const usher_event *event,
                                          usher_want *want, usher_error *err)
{
    usher_error why;
    usher_cause cause;
    bool ready;
    usher_status rc = usher_auth0_metadata(&ready, &cause, ex, event, want, &why, err);

    if (rc || want->kind != USHER_WANT_NOTHING) return rc;
    if (!ready) return refuse(ex, DISCOVERY, cause, &why, err);
    return usher_flow_want_document(ex, want, USHER_AT_AUTH0_REFRESH_KEYS,
                                    ex->sign_in.metadata.jwks_uri, 0);
}

usher_status usher_auth0_refresh_keys(usher_exchange *ex, const usher_event *event,
                                      usher_want *want, usher_error *err)
{
    const usher_auth0_pick *p = &ex->auth0->pick;
    usher_error why = {.what = event->why};
    usher_fetch fetch;
    usher_status rc;

    if (event->kind != USHER_EVENT_FETCHED || event->http_status != 200)
        return refuse(ex, FAILED_TO_REFRESH, USHER_CAUSE_PROVIDER_UNREACHABLE, &why, err);
    ex->auth0->keys_ms = event->fetched_ms;
    if ((rc = usher_arena_dup(&ex->auth0->keys, &ex->arena, event->body, err)) ||
        (rc = usher_refresh_request(
             &fetch, &ex->arena, ex->sign_in.provider, &ex->sign_in.metadata, p->refresh_token,
             p->question.scope.len ? p->wanted : (usher_str){0}, p->question.audience, err)))
        return rc;
    fetch.once_s = p->question.refresh ? ASKED_ONCE_S : ONCE_S;
    return usher_flow_want(ex, want, USHER_AT_AUTH0_REFRESH_TOKENS, &fetch);
}

/* A session that does not fit any more stays as it was: its answer is given all the same. */
static usher_status replace(usher_exchange *ex, usher_want *want, usher_error *err)
{
    bool written;
    usher_status rc = usher_flow_replace_auth0(ex, ex->auth0->session, &written, err);

    (void)want;
    return rc ? rc : give(ex, err);
}

static usher_status keep(usher_exchange *ex, const usher_json_object *claims, usher_want *want,
                         usher_error *err)
{
    usher_str json;
    usher_status rc = usher_auth0_renewed(&json, &ex->auth0->pick, ex, claims, err);

    if (rc) return rc;
    return usher_auth0_before_saved(ex, json, claims ? ex->sign_in.tokens.id_token : (usher_str){0},
                                    replace, want, err);
}

/* The ID token of a refresh is about whom the session is about (OpenID Connect Core 12.2). */
static usher_status same_person(bool *same, usher_exchange *ex, usher_error *err)
{
    usher_json_object user;
    usher_status rc = usher_json_members(
        &user, &ex->arena, usher_json_get(&ex->held.auth0->members, USHER_STR("user")), err);

    *same = rc == USHER_OK &&
            usher_json_string_is(usher_json_get(&user, USHER_STR("sub")), ex->sign_in.subject);
    return rc;
}

static usher_status verify(usher_exchange *ex, usher_want *want, usher_str key_set, bool newest,
                           usher_error *err)
{
    usher_error why = {0};
    usher_cause cause;
    bool same;
    usher_status rc = usher_auth0_verify(ex, &cause, key_set, true, &why);

    if (rc && !usher_flow_peer_fault(ex, rc)) return usher_pass(err, &why);
    if (rc && !newest && (cause == USHER_CAUSE_ID_TOKEN_KEY || cause == USHER_CAUSE_JWKS_INVALID))
        return usher_flow_want_document(ex, want, USHER_AT_AUTH0_REFRESH_NEWER_KEYS,
                                        ex->sign_in.metadata.jwks_uri, ex->auth0->keys_ms);
    if (rc) return refuse(ex, FAILED_TO_REFRESH, cause, &why, err);
    if ((rc = same_person(&same, ex, err))) return rc;
    if (!same) return refuse(ex, FAILED_TO_REFRESH, USHER_CAUSE_ID_TOKEN_CLAIMS, NULL, err);
    return keep(ex, &ex->sign_in.id_claims, want, err);
}

/* What the provider says of it, for the program. */
static usher_status keep_reason(usher_exchange *ex, const usher_event *event, bool mfa,
                                usher_error *err)
{
    usher_arena *a = &ex->arena;
    usher_json_object error;
    usher_status rc = usher_token_error_read(&error, a, event->content_type, event->body, err);

    if (mfa) ex->access->code = "mfa_required";
    if (mfa) ex->access->message = "Multi-factor authentication is required.";
    if (rc || (rc = usher_auth0_text_of(&ex->access->provider_error, a, &error, "error", err)))
        return rc;
    return usher_auth0_text_of(&ex->access->provider_description, a, &error, "error_description",
                               err);
}

static usher_status no_tokens(usher_exchange *ex, const usher_event *event, const usher_error *why,
                              usher_error *err)
{
    bool answered;
    usher_status rc = usher_auth0_mfa_answer(&answered, ex, event, err);

    if (rc == USHER_OK && ex->access) rc = keep_reason(ex, event, answered, err);
    if (rc) return rc;
    if (!answered) return refuse(ex, FAILED_TO_REFRESH, USHER_CAUSE_TOKEN_RESPONSE, why, err);
    usher_flow_report(ex, USHER_CAUSE_TOKEN_RESPONSE, why);
    return USHER_OK;
}

usher_status usher_auth0_refresh_tokens(usher_exchange *ex, const usher_event *event,
                                        usher_want *want, usher_error *err)
{
    usher_tokens *tokens = &ex->sign_in.tokens;
    usher_error why = {.what = event->why};
    usher_status rc;

    if (event->kind != USHER_EVENT_FETCHED)
        return refuse(ex, FAILED_TO_REFRESH, USHER_CAUSE_PROVIDER_UNREACHABLE, &why, err);
    ex->auth0->tokens_ms = event->fetched_ms;
    rc = usher_refresh_response_read(tokens, &ex->arena, event->http_status, event->content_type,
                                     event->body, &why);
    if (usher_flow_peer_fault(ex, rc)) return no_tokens(ex, event, &why, err);
    if (rc) return usher_pass(err, &why);
    if (tokens->id_token.len) return verify(ex, want, ex->auth0->keys, false, err);
    return keep(ex, NULL, want, err);
}

/* Keys that cannot be had leave the ID token unread; the other tokens came from the provider
 * itself, and the old refresh token may be spent. */
usher_status usher_auth0_refresh_newer_keys(usher_exchange *ex, const usher_event *event,
                                            usher_want *want, usher_error *err)
{
    usher_error why = {.what = event->why};

    if (event->kind == USHER_EVENT_FETCHED && event->http_status == 200)
        return verify(ex, want, event->body, true, err);
    usher_flow_report(ex, USHER_CAUSE_PROVIDER_UNREACHABLE, &why);
    return keep(ex, NULL, want, err);
}
