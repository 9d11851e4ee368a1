/* GET login: from the link to the provider's door. Nothing changes but the transaction cookie, so
 * that a GET may do it; what the query names goes along, unless the protocol itself sets it. */
#include "base/error.h"
#include "base/secret.h"
#include "base/str.h"
#include "flow/auth0.h"
#include "session/auth0_return_to.h"
#include "wire/url.h"

#define URL_MAX  ((size_t)64 << 10)
#define TEXT_MAX ((size_t)2048) /* of a scope or audience that the transaction remembers */

static usher_status failed(usher_exchange *ex, usher_cause cause, const usher_error *why)
{
    usher_flow_report(ex, cause, why);
    usher_auth0_text(ex, 500,
                     USHER_STR("An error occurred while trying to initiate the login request."));
    return USHER_OK;
}

/* --- the query -------------------------------------------------------------------------------- */

/* Ours to say, and what would replace it (RFC 9101: a request object wins over the query), send the
 * answer elsewhere, or tell a secret. */
static const usher_str reserved[] = {
    USHER_STR_INIT("client_id"),     USHER_STR_INIT("redirect_uri"),
    USHER_STR_INIT("response_type"), USHER_STR_INIT("code_challenge"),
    USHER_STR_INIT("state"),         USHER_STR_INIT("code_challenge_method"),
    USHER_STR_INIT("nonce"),         USHER_STR_INIT("request"),
    USHER_STR_INIT("request_uri"),   USHER_STR_INIT("response_mode"),
    USHER_STR_INIT("client_secret"), USHER_STR_INIT("dpop_jkt"),
    USHER_STR_INIT("returnTo"),      USHER_STR_INIT("challengeMode"),
};

static bool is_reserved(usher_str name)
{
    for (size_t i = 0; i < sizeof reserved / sizeof *reserved; i++)
        if (usher_str_eq(name, reserved[i])) return true;
    return name.len == 0;
}

static void add(usher_form *to, const usher_form *query, usher_str name, usher_str value)
{
    if (is_reserved(name) || usher_form_count(to, name)) return;
    if (query && usher_form_count(query, name)) value = usher_form_last(query, name);
    to->pairs[to->count++] = (usher_form_pair){name, value};
}

/* What is configured, each replaced where the query names it too, then what only the query names.
 */
static usher_status merge(usher_form *out, usher_exchange *ex, usher_error *err)
{
    const usher_form *own = &ex->site->auth0.parameters, *query = &ex->query;
    size_t most = own->count + query->count + 1;

    *out = (usher_form){.pairs = usher_arena_get_zero(&ex->arena, most, sizeof *out->pairs)};
    if (!out->pairs) return usher_arena_fail(&ex->arena, err);
    add(out, query, USHER_STR("scope"), ex->sign_in.provider->scope);
    for (size_t i = 0; i < own->count; i++)
        add(out, query, own->pairs[i].name, own->pairs[i].value);
    for (size_t i = 0; i < query->count; i++)
        add(out, query, query->pairs[i].name, query->pairs[i].value);
    return USHER_OK;
}

/* A text of digits; others, and more than can be reckoned with, are the asker's mistake. */
static bool is_age(usher_str text)
{
    uint64_t n;

    return usher_str_u64(&n, text) && n <= INT64_MAX / 2;
}

static usher_status bad_query(usher_exchange *ex, const char *before, usher_str value,
                              const char *after, usher_error *err)
{
    usher_buf b;
    usher_str text;

    usher_buf_init(&b, &ex->arena, URL_MAX);
    usher_buf_put_z(&b, before);
    usher_buf_put(&b, value);
    usher_buf_put_z(&b, after);
    usher_status rc = usher_buf_take(&text, &b, err);
    if (rc) return rc;
    usher_flow_report(ex, USHER_CAUSE_BODY_MALFORMED, NULL);
    usher_auth0_text(ex, 400, text);
    return USHER_OK;
}

usher_status usher_auth0_login_get(usher_exchange *ex, usher_want *want, usher_error *err)
{
    usher_str mode = usher_form_last(&ex->query, USHER_STR("challengeMode"));
    usher_str age = usher_form_last(&ex->query, USHER_STR("max_age"));
    bool asked;
    usher_status rc;

    if (usher_auth0_is_prefetch(ex)) {
        ex->response.status = 204;
        usher_respond_header(ex, USHER_STR("Cache-Control"), USHER_STR("no-store"));
        return USHER_OK;
    }
    if (usher_str_eq(mode, USHER_STR("popup")))
        return bad_query(ex, "challengeMode=popup is not supported", USHER_STR(""), ".", err);
    if (mode.len && !usher_str_eq(mode, USHER_STR("redirect")))
        return bad_query(ex, "Invalid challengeMode query param: ", mode,
                         ". Expected 'redirect', 'popup', or omit.", err);
    if (age.ptr && !is_age(age))
        return bad_query(ex, "Invalid max_age query param: \"", age,
                         "\". Must be a non-negative integer.", err);
    rc = usher_auth0_want_metadata(&asked, ex, want, USHER_AT_AUTH0_LOGIN_METADATA, err);
    return rc || asked ? rc : failed(ex, USHER_CAUSE_NONE, NULL);
}

/* --- the transaction -------------------------------------------------------------------------- */

static usher_str remembered(const usher_form *parameters, usher_str name)
{
    usher_str value = usher_form_first(parameters, name);

    return value.len && value.len <= TEXT_MAX ? value : (usher_str){0};
}

static usher_status random_text(usher_str *out, usher_exchange *ex, usher_error *err)
{
    char text[USHER_RANDOM_TEXT];
    usher_status rc = usher_random_text(text, ex->entropy, err);

    if (rc == USHER_OK) rc = usher_arena_dup(out, &ex->arena, usher_str_of(text, sizeof text), err);
    usher_wipe(text, sizeof text);
    return rc;
}

static usher_status begin(usher_exchange *ex, const usher_form *parameters, usher_error *err)
{
    usher_auth0_transaction *t = &ex->auth0->transaction;
    const usher_auth0_site *site = &ex->site->auth0;
    usher_str age = usher_form_first(parameters, USHER_STR("max_age"));
    usher_auth0_context c = usher_auth0_transactions(ex);
    uint64_t age_s = 0;
    usher_status rc;

    t->has_max_age = age.len && usher_str_u64(&age_s, age);
    t->max_age_s = (int64_t)age_s;
    t->scope = remembered(parameters, USHER_STR("scope"));
    t->audience = remembered(parameters, USHER_STR("audience"));
    if ((rc = random_text(&t->state, ex, err)) || (rc = random_text(&t->nonce, ex, err)) ||
        (rc = random_text(&t->code_verifier, ex, err)))
        return rc;
    return usher_auth0_return_to(&t->return_to, &ex->arena,
                                 usher_form_last(&ex->query, USHER_STR("returnTo")), site->app_url,
                                 site->sign_in_return_to, c.options->names->return_to_max, err);
}

/* The cookie, once nothing can fail any more. */
static usher_status remember(usher_exchange *ex, usher_error *err)
{
    usher_auth0_context c = usher_auth0_transactions(ex);
    usher_auth0_lines *lines = usher_arena_get(&ex->arena, sizeof *lines);
    usher_status rc;

    if (!lines) return usher_arena_fail(&ex->arena, err);
    rc = usher_auth0_transaction_write(lines, &c, &ex->auth0->jar, &ex->auth0->transaction,
                                       ex->entropy, err);
    return rc ? rc : usher_auth0_put_lines(ex, lines, err);
}

/* --- the request ------------------------------------------------------------------------------ */

static void put(usher_form *form, usher_str name, usher_str value)
{
    form->pairs[form->count++] = (usher_form_pair){name, value};
}

#define OURS 7 /* parameters that the protocol itself sets */

/* All of them: the program's and the query's, then ours. */
static usher_status complete(usher_form *out, usher_exchange *ex, const usher_form *parameters,
                             usher_error *err)
{
    const usher_auth0_transaction *t = &ex->auth0->transaction;
    char challenge[USHER_RANDOM_TEXT];
    usher_str uri, challenged;
    usher_status rc;

    *out = (usher_form){
        .pairs = usher_arena_get_zero(&ex->arena, parameters->count + OURS, sizeof *out->pairs)};
    if (!out->pairs) return usher_arena_fail(&ex->arena, err);
    if ((rc = usher_pkce_challenge(challenge, t->code_verifier, err)) ||
        (rc = usher_arena_dup(&challenged, &ex->arena, usher_str_of(challenge, sizeof challenge),
                              err)) ||
        (rc = usher_auth0_own_url(&uri, ex, USHER_AUTH0_CALLBACK, err)))
        return rc;
    for (size_t i = 0; i < parameters->count; i++)
        put(out, parameters->pairs[i].name, parameters->pairs[i].value);
    put(out, USHER_STR("client_id"), ex->sign_in.provider->client_id);
    put(out, USHER_STR("redirect_uri"), uri);
    put(out, USHER_STR("response_type"), USHER_STR("code"));
    put(out, USHER_STR("code_challenge"), challenged);
    put(out, USHER_STR("code_challenge_method"), USHER_STR("S256"));
    put(out, USHER_STR("state"), t->state);
    put(out, USHER_STR("nonce"), t->nonce);
    return USHER_OK;
}

/* Any query of the endpoint itself is dropped, as the original drops it. */
static usher_status leave(usher_exchange *ex, const usher_form *parameters, usher_error *err)
{
    usher_str url, rest;
    usher_buf b;
    usher_status rc;

    usher_buf_init(&b, &ex->arena, URL_MAX);
    usher_buf_put(&b, usher_str_cut(ex->sign_in.metadata.authorization_endpoint, '?', &rest));
    for (size_t i = 0; i < parameters->count; i++)
        usher_url_put_param(&b, parameters->pairs[i].name, parameters->pairs[i].value);
    if ((rc = usher_buf_take(&url, &b, err)) || (rc = remember(ex, err))) return rc;
    return usher_auth0_redirect(ex, url, err);
}

static usher_status push(usher_exchange *ex, const usher_form *parameters, usher_want *want,
                         usher_error *err)
{
    const usher_metadata *m = &ex->sign_in.metadata;
    usher_fetch fetch;
    usher_status rc;

    if (!m->pushed_request_endpoint.len) return failed(ex, USHER_CAUSE_METADATA_INVALID, NULL);
    rc = usher_pushed_request(&fetch, &ex->arena, ex->sign_in.provider, m, parameters, err);
    return rc ? rc : usher_flow_want(ex, want, USHER_AT_AUTH0_LOGIN_PUSHED, &fetch);
}

usher_status usher_auth0_login_metadata(usher_exchange *ex, const usher_event *event,
                                        usher_want *want, usher_error *err)
{
    usher_form parameters, all;
    usher_error why;
    usher_cause cause;
    bool ready;
    usher_status rc = usher_auth0_metadata(&ready, &cause, ex, event, want, &why, err);

    if (rc || want->kind != USHER_WANT_NOTHING) return rc;
    if (!ready) return failed(ex, cause, &why);
    if ((rc = merge(&parameters, ex, err)) || (rc = begin(ex, &parameters, err)) ||
        (rc = complete(&all, ex, &parameters, err)))
        return rc;
    return ex->site->auth0.pushed ? push(ex, &all, want, err) : leave(ex, &all, err);
}

/* The reference and whose it is: all else is with the provider already. */
usher_status usher_auth0_login_pushed(usher_exchange *ex, const usher_event *event,
                                      usher_want *want, usher_error *err)
{
    usher_error why = {.what = event->why};
    usher_form_pair pairs[2];
    usher_form form = {.pairs = pairs};
    usher_str uri;
    usher_status rc;

    (void)want;
    if (event->kind != USHER_EVENT_FETCHED)
        return failed(ex, USHER_CAUSE_PROVIDER_UNREACHABLE, &why);
    rc = usher_pushed_response_read(&uri, &ex->arena, event->http_status, event->content_type,
                                    event->body, &why);
    if (usher_flow_peer_fault(ex, rc)) return failed(ex, USHER_CAUSE_TOKEN_RESPONSE, &why);
    if (rc) return usher_pass(err, &why);
    put(&form, USHER_STR("request_uri"), uri);
    put(&form, USHER_STR("client_id"), ex->sign_in.provider->client_id);
    return leave(ex, &form, err);
}
