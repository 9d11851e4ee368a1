/* The way back from the provider: checks, code exchange, ID token, userinfo, session. Nothing is
 * believed before all of it has been verified. */
#include <string.h>

#include "base/error.h"
#include "base/secret.h"
#include "base/str.h"
#include "flow/account.h"
#include "flow/hooks.h"
#include "oauth/userprofile.h"
#include "wire/jose/digest.h"
#include "wire/json_set.h"

#define ID_TOKEN_SKEW_S 60

static usher_status refuse(usher_exchange *ex, usher_failure failure, usher_cause cause,
                           const usher_error *why, usher_error *err)
{
    usher_flow_report(ex, cause, why);
    return usher_respond_failure(ex, failure, 200, err);
}

/* --- the checks that need no network -----------------------------------------------------------
 */

/* The value sealed in a check cookie, if it is genuine, in time, and made for this provider. */
static usher_status open_check(usher_str *value, usher_exchange *ex, usher_purpose purpose,
                               usher_error *err)
{
    usher_str token;
    usher_verdict verdict;
    usher_cause cause;
    usher_claims claims;
    usher_status rc = usher_flow_cookie(&token, ex, usher_profile_cookie_of(purpose), err);

    *value = (usher_str){0};
    if (rc) return rc;
    rc = usher_token_open(&claims, &verdict, &cause, &ex->arena, ex->cipher, ex->site->keys,
                          purpose, token, usher_now_s(ex), err);
    if (rc || verdict != USHER_SESSION_VALID || !claims.has_exp) return rc;
    if (!usher_json_string_is(usher_json_get(&claims.object, USHER_STR("provider")),
                              ex->sign_in.provider->id))
        return USHER_OK;
    rc = usher_json_string(value, &ex->arena, usher_json_get(&claims.object, USHER_STR("value")),
                           err);
    return usher_flow_peer_fault(ex, rc) ? USHER_OK : rc;
}

/* *cause stays NONE if state, PKCE and nonce are as they must be. */
static usher_status run_checks(usher_exchange *ex, usher_cause *cause, usher_error *err)
{
    usher_sign_in *s = &ex->sign_in;
    usher_str state;
    usher_status rc;

    *cause = USHER_CAUSE_NONE;
    if (s->provider->state) {
        if ((rc = open_check(&state, ex, USHER_FOR_STATE, err))) return rc;
        if (!state.len)
            *cause = USHER_CAUSE_STATE_COOKIE;
        else if (!usher_secret_equal_str(state, s->answer.state))
            *cause = USHER_CAUSE_STATE_MISMATCH;
    } else if (s->answer.state.ptr && !ex->site->profile->strict_paths) {
        *cause = USHER_CAUSE_STATE_MISMATCH; /* one that nobody asked for */
    }
    /* RFC 9207: also an error is only the issuer's to tell. */
    if (!*cause && s->answer.iss.ptr && !usher_str_eq(s->answer.iss, s->provider->issuer))
        *cause = USHER_CAUSE_RESPONSE_ISS;
    if (*cause) return USHER_OK;
    if (s->answer.error.ptr) return USHER_OK; /* no code to protect */
    if (s->provider->pkce) {
        if ((rc = open_check(&s->verifier, ex, USHER_FOR_PKCE, err))) return rc;
        if (!s->verifier.len) *cause = USHER_CAUSE_PKCE_COOKIE;
    }
    if (*cause || !s->provider->nonce) return USHER_OK;
    if ((rc = open_check(&s->nonce, ex, USHER_FOR_NONCE, err))) return rc;
    /* Auth.js v5 looks for it after the exchange, as usher_callback_tokens does. */
    if (!s->nonce.len && !ex->site->profile->strict_paths) *cause = USHER_CAUSE_NONCE_COOKIE;
    return USHER_OK;
}

static usher_status want_metadata(usher_exchange *ex, usher_want *want, int64_t newer_than_ms,
                                  usher_error *err)
{
    usher_str url;
    usher_status rc = usher_metadata_url(&url, &ex->arena, ex->sign_in.provider->issuer, err);

    return rc ? rc
              : usher_flow_want_document(ex, want, USHER_AT_CALLBACK_METADATA, url, newer_than_ms);
}

static usher_status oidc_callback(usher_exchange *ex, usher_want *want, usher_error *err)
{
    usher_sign_in *s = &ex->sign_in;
    usher_error why = {0};
    usher_cause cause;
    usher_status rc =
        usher_authorization_response_read(&s->answer, ex->post ? &ex->body : &ex->query, &why);

    if (usher_flow_peer_fault(ex, rc))
        return refuse(ex, USHER_FAIL_CHECK, USHER_CAUSE_RESPONSE_PARAMS, &why, err);
    if (rc) return usher_pass(err, &why);
    if (s->answer.error.ptr && ex->site->profile->provider_error_first)
        return refuse(ex, USHER_FAIL_PROVIDER, USHER_CAUSE_PROVIDER_ERROR, NULL, err);
    if ((rc = run_checks(ex, &cause, err))) return rc;
    if (cause) return refuse(ex, USHER_FAIL_CHECK, cause, NULL, err);
    if (s->answer.error.ptr)
        return refuse(ex, USHER_FAIL_PROVIDER, USHER_CAUSE_PROVIDER_ERROR, NULL, err);
    return want_metadata(ex, want, 0, err);
}

usher_status usher_callback(usher_exchange *ex, usher_want *want, usher_error *err)
{
    const usher_provider *p = usher_site_provider(ex->site, ex->argument);

    if (!p) {
        usher_flow_report(ex, USHER_CAUSE_PROVIDER_UNKNOWN, NULL);
        if (!ex->site->profile->strict_paths) return usher_respond_unknown(ex, err);
        return usher_respond_failure(ex, USHER_FAIL_CONFIGURATION, 200, err);
    }
    ex->sign_in.provider = p;
    if (p->type == USHER_PROVIDER_OIDC) return oidc_callback(ex, want, err);
    return ex->post ? usher_credentials_post(ex, p, want, err) : usher_credentials_get(ex, err);
}

/* --- metadata → tokens -------------------------------------------------------------------------
 */

static usher_status redirect_uri(usher_str *out, usher_exchange *ex, usher_error *err)
{
    usher_buf tail;
    usher_str text;

    usher_buf_init(&tail, &ex->arena, 256);
    usher_buf_put(&tail, USHER_STR("/callback/"));
    usher_buf_put(&tail, ex->sign_in.provider->id);
    usher_status rc = usher_buf_take(&text, &tail, err);
    return rc ? rc : usher_respond_own_url(out, ex, text, err);
}

usher_status usher_callback_metadata(usher_exchange *ex, const usher_event *event, usher_want *want,
                                     usher_error *err)
{
    usher_sign_in *s = &ex->sign_in;
    usher_str uri;
    usher_fetch fetch;
    usher_error why = {0};
    usher_status rc;

    if (event->http_status != 200)
        return refuse(ex, USHER_FAIL_CALLBACK, USHER_CAUSE_PROVIDER_UNREACHABLE, NULL, err);
    rc = usher_metadata_read(&s->metadata, &ex->arena, s->provider, event->body, &why);
    if (usher_flow_peer_fault(ex, rc) && usher_flow_look_again(ex, event))
        return want_metadata(ex, want, event->fetched_ms, err);
    if (usher_flow_peer_fault(ex, rc))
        return refuse(ex, USHER_FAIL_CALLBACK, USHER_CAUSE_METADATA_INVALID, &why, err);
    if (rc) return usher_pass(err, &why);
    if (!s->answer.iss.ptr && s->metadata.response_iss) /* it was promised */
        return refuse(ex, USHER_FAIL_CHECK, USHER_CAUSE_RESPONSE_ISS, NULL, err);
    if ((rc = redirect_uri(&uri, ex, err)) ||
        (rc = usher_token_request(&fetch, &ex->arena, s->provider, &s->metadata, s->answer.code,
                                  uri, s->verifier, err)))
        return rc;
    return usher_flow_want(ex, want, USHER_AT_CALLBACK_TOKENS, &fetch);
}

usher_status usher_callback_tokens(usher_exchange *ex, const usher_event *event, usher_want *want,
                                   usher_error *err)
{
    usher_sign_in *s = &ex->sign_in;
    usher_error why = {0};
    usher_status rc;

    rc = usher_token_response_read(&s->tokens, &ex->arena, event->http_status, event->content_type,
                                   event->body, &why);
    if (usher_flow_peer_fault(ex, rc))
        return refuse(ex, USHER_FAIL_CALLBACK, USHER_CAUSE_TOKEN_RESPONSE, &why, err);
    if (rc) return usher_pass(err, &why);
    if (s->provider->nonce && !s->nonce.len)
        return refuse(ex, USHER_FAIL_CHECK, USHER_CAUSE_NONCE_COOKIE, NULL, err);
    if (!s->tokens.id_token.len)
        return refuse(ex, USHER_FAIL_CALLBACK, USHER_CAUSE_ID_TOKEN_MALFORMED, NULL, err);
    return usher_flow_want_document(ex, want, USHER_AT_CALLBACK_KEYS, s->metadata.jwks_uri, 0);
}

/* --- ID token ----------------------------------------------------------------------------------
 */

static usher_status sign_in_from(usher_exchange *ex, const usher_json_object *claims,
                                 usher_want *want, usher_error *err);

static usher_status want_userinfo(usher_exchange *ex, usher_want *want, usher_error *err)
{
    usher_sign_in *s = &ex->sign_in;
    usher_fetch fetch;
    usher_status rc = usher_userinfo_request(&fetch, &ex->arena, s->provider, &s->metadata,
                                             s->tokens.access_token, err);

    return rc ? rc : usher_flow_want(ex, want, USHER_AT_CALLBACK_USERINFO, &fetch);
}

usher_status usher_callback_verify(usher_exchange *ex, usher_cause *cause,
                                   usher_id_token_rules *rules, usher_str key_set, usher_error *why)
{
    usher_sign_in *s = &ex->sign_in;
    usher_jwks keys;
    usher_id_token token;
    usher_status rc = usher_jwks_read(&keys, &ex->arena, key_set, why);

    *cause = USHER_CAUSE_JWKS_INVALID;
    if (rc) return rc;
    rules->issuer = s->provider->issuer;
    rules->client_id = s->provider->client_id;
    rules->client_secret = s->provider->client_secret;
    rules->alg = s->provider->id_token_alg;
    rules->access_token = s->tokens.access_token;
    rules->now_s = usher_now_s(ex);
    rc = usher_id_token_verify(&token, cause, &ex->arena, s->tokens.id_token, &keys, rules, why);
    usher_jwks_free(&keys);
    if (rc) return rc;
    s->id_claims = token.claims;
    s->subject = token.subject;
    return USHER_OK;
}

static usher_status verify_id_token(usher_exchange *ex, usher_cause *cause, usher_str key_set,
                                    usher_error *why)
{
    usher_id_token_rules rules = {.nonce = ex->sign_in.nonce, .skew_s = ID_TOKEN_SKEW_S};

    return usher_callback_verify(ex, cause, &rules, key_set, why);
}

usher_status usher_callback_keys(usher_exchange *ex, const usher_event *event, usher_want *want,
                                 usher_error *err)
{
    usher_sign_in *s = &ex->sign_in;
    usher_cause cause = USHER_CAUSE_JWKS_INVALID;
    usher_error why = {0};
    usher_status rc;

    if (event->http_status != 200)
        return refuse(ex, USHER_FAIL_CALLBACK, USHER_CAUSE_PROVIDER_UNREACHABLE, NULL, err);
    rc = verify_id_token(ex, &cause, event->body, &why);
    if (rc && !usher_flow_peer_fault(ex, rc)) return usher_pass(err, &why);
    if (rc && ex->state == USHER_AT_CALLBACK_KEYS &&
        (cause == USHER_CAUSE_ID_TOKEN_KEY ||
         (cause == USHER_CAUSE_JWKS_INVALID && usher_flow_look_again(ex, event))))
        /* The provider may have changed its keys since: one more look, at a newer copy. */
        return usher_flow_want_document(ex, want, USHER_AT_CALLBACK_NEWER_KEYS,
                                        s->metadata.jwks_uri, event->fetched_ms);
    if (rc) return refuse(ex, USHER_FAIL_CALLBACK, cause, &why, err);
    if (s->provider->userinfo) {
        if (s->metadata.userinfo_endpoint.len) return want_userinfo(ex, want, err);
        return refuse(ex, USHER_FAIL_CALLBACK, USHER_CAUSE_METADATA_INVALID, NULL, err);
    }
    return sign_in_from(ex, &s->id_claims, want, err);
}

usher_status usher_callback_userinfo(usher_exchange *ex, const usher_event *event, usher_want *want,
                                     usher_error *err)
{
    usher_sign_in *s = &ex->sign_in;
    usher_json_object claims;
    usher_error why = {0};
    usher_status rc;

    rc = usher_userinfo_read(&claims, &ex->arena, event->http_status, event->content_type,
                             event->body, s->subject, &why);
    if (usher_flow_peer_fault(ex, rc))
        return refuse(ex, USHER_FAIL_CALLBACK, USHER_CAUSE_USERINFO_INVALID, &why, err);
    if (rc) return usher_pass(err, &why);
    return sign_in_from(ex, &claims, want, err);
}

usher_status usher_callback_unreachable(usher_exchange *ex, const usher_event *event,
                                        usher_want *want, usher_error *err)
{
    usher_error why = {.what = event->why};

    (void)want;
    return refuse(ex, USHER_FAIL_CALLBACK, USHER_CAUSE_PROVIDER_UNREACHABLE, &why, err);
}

/* --- the user ----------------------------------------------------------------------------------
 */

/* Without a database the user's id must come from the account: the same person gets the same id at
 * every sign-in. A version 8 UUID (RFC 9562 section 5.8) over provider and account. */
static usher_status account_uuid(usher_str *out, usher_exchange *ex, usher_str account,
                                 usher_error *err)
{
    const usher_str parts[] = {USHER_STR_INIT("usher account|"), ex->sign_in.provider->id,
                               USHER_STR_INIT("|"), account};
    uint8_t digest[USHER_DIGEST_MAX];
    char hex[32];
    usher_buf text;
    usher_status rc = usher_digest_parts(digest, USHER_SHA256, parts, 4, err);

    if (rc) return rc;
    digest[6] = (uint8_t)((digest[6] & 0x0f) | 0x80);
    digest[8] = (uint8_t)((digest[8] & 0x3f) | 0x80);
    usher_hex(hex, digest, 16);
    usher_buf_init(&text, &ex->arena, 36);
    static const size_t groups[] = {0, 8, 12, 16, 20, 32};
    for (size_t i = 0; i + 1 < sizeof groups / sizeof *groups; i++) {
        if (i) usher_buf_put_char(&text, '-');
        usher_buf_put(&text, (usher_str){hex + groups[i], groups[i + 1] - groups[i]});
    }
    return usher_buf_take(out, &text, err);
}

static usher_status forget_checks(usher_exchange *ex, usher_error *err)
{
    const usher_provider *p = ex->sign_in.provider;
    usher_status rc = USHER_OK;

    if (p->state) rc = usher_respond_forget_cookie(ex, USHER_COOKIE_STATE, err);
    if (rc == USHER_OK && p->pkce) rc = usher_respond_forget_cookie(ex, USHER_COOKIE_PKCE, err);
    if (rc == USHER_OK && p->nonce) rc = usher_respond_forget_cookie(ex, USHER_COOKIE_NONCE, err);
    return rc;
}

static usher_status sign_in_from(usher_exchange *ex, const usher_json_object *claims,
                                 usher_want *want, usher_error *err)
{
    usher_userprofile profile;
    usher_user user;
    usher_str said;
    usher_status rc = usher_userprofile_read(&profile, &ex->arena, claims, err);

    if (rc) return rc;
    user = (usher_user){.id = ex->sign_in.subject,
                        .name = profile.name,
                        .email = profile.email,
                        .picture = profile.image};
    if (ex->site->profile->user_id_uuid)
        if ((rc = account_uuid(&user.id, ex, ex->sign_in.subject, err))) return rc;
    if ((rc = forget_checks(ex, err))) return rc;
    if ((rc = usher_json_object_text(&said, &ex->arena, claims, err))) return rc;
    if (ex->site->users_stored) return usher_account_sign_in(ex, &user, said, want, err);
    return usher_hook_sign_in(ex, &user, said, want, err);
}
