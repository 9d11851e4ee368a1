/* Sign-in at an OpenID provider: from the button to the provider's door. */
#include <string.h>

#include "base/error.h"
#include "base/str.h"
#include "flow/exchange.h"
#include "wire/json.h"
#include "wire/url.h"

#define CHECK_MAX ((size_t)4096)

usher_status usher_sign_in_get(usher_exchange *ex, usher_error *err)
{
    usher_str page, error;
    usher_buf url;
    usher_status rc;

    if (ex->argument.len && ex->site->profile->strict_paths)
        return usher_respond_failure(ex, USHER_FAIL_CONFIGURATION, 200, err);
    if (!ex->site->pages.sign_in.len) return usher_page_sign_in(ex, err);
    if ((rc = usher_respond_page_url(&page, ex, USHER_PAGE_SIGN_IN, err))) return rc;
    usher_buf_init(&url, &ex->arena, (size_t)32 << 10);
    usher_buf_put(&url, page);
    usher_url_put_param(&url, USHER_STR("callbackUrl"), ex->callback_url);
    error = usher_form_last(&ex->query, USHER_STR("error"));
    if (error.len) usher_url_put_param(&url, USHER_STR("error"), error);
    if ((rc = usher_buf_take(&page, &url, err))) return rc;
    return usher_respond_redirect(ex, page, err);
}

usher_status usher_sign_in_post(usher_exchange *ex, usher_want *want, usher_error *err)
{
    usher_str url;
    const usher_provider *p = usher_site_provider(ex->site, ex->argument);

    if (!ex->csrf_verified) {
        usher_flow_report(ex, USHER_CAUSE_CSRF_TOKEN, NULL);
        return usher_respond_failure(ex, USHER_FAIL_CSRF_SIGN_IN, 200, err);
    }
    if (ex->argument.len && !p) {
        usher_flow_report(ex, USHER_CAUSE_PROVIDER_UNKNOWN, NULL);
        return usher_respond_failure(ex,
                                     ex->site->profile->strict_paths ? USHER_FAIL_CONFIGURATION
                                                                     : USHER_FAIL_CSRF_SIGN_IN,
                                     200, err);
    }
    if (!p || p->type != USHER_PROVIDER_OIDC) { /* credentials come in through the callback */
        usher_status rc = usher_respond_own_url(&url, ex, ex->site->profile->sign_in_path, err);
        return rc ? rc : usher_respond_url(ex, url, 200, err);
    }
    ex->sign_in.provider = p;
    usher_status rc = usher_metadata_url(&url, &ex->arena, p->issuer, err);
    return rc ? rc : usher_flow_want_document(ex, want, USHER_AT_SIGN_IN_METADATA, url, 0);
}

/* {"value": …, "provider": …} sealed under the cookie's own key. */
static usher_status set_check(usher_exchange *ex, usher_purpose purpose, usher_str value,
                              usher_error *err)
{
    const usher_profile *profile = ex->site->profile;
    usher_cookie_kind kind = usher_profile_cookie_of(purpose);
    int64_t exp_s, age_s = profile->check_max_age_s;
    usher_str claims, token;
    usher_buf text;
    usher_json_writer w;
    usher_status rc;

    usher_buf_init(&text, &ex->arena, CHECK_MAX);
    usher_json_write_init(&w, &text);
    usher_json_open_object(&w);
    usher_json_put_member(&w, USHER_STR("value"), value);
    usher_json_put_member(&w, USHER_STR("provider"), ex->sign_in.provider->id);
    usher_json_close_object(&w);
    if ((rc = usher_buf_take(&claims, &text, err)) ||
        (rc = usher_token_seal(&token, &exp_s, &ex->arena, ex->cipher, ex->site->keys, purpose,
                               claims, usher_now_s(ex), age_s, ex->entropy, err)))
        return rc;
    bool max_age = kind != USHER_COOKIE_NONCE || profile->nonce_has_max_age;
    return usher_respond_cookie(ex, kind, token, exp_s, max_age ? age_s : 0, err);
}

/* The state parameter: random text, or (authjs-5) random text sealed under a key of its own. */
static usher_status make_state(usher_str *out, usher_exchange *ex, usher_str random,
                               usher_error *err)
{
    int64_t exp_s;
    usher_buf text;
    usher_json_writer w;
    usher_str claims;
    usher_status rc;

    if (!ex->site->profile->state_param_salt.len)
        return usher_arena_dup(out, &ex->arena, random, err);
    usher_buf_init(&text, &ex->arena, CHECK_MAX);
    usher_json_write_init(&w, &text);
    usher_json_open_object(&w);
    usher_json_put_member(&w, USHER_STR("random"), random);
    usher_json_close_object(&w);
    if ((rc = usher_buf_take(&claims, &text, err))) return rc;
    return usher_token_seal(out, &exp_s, &ex->arena, ex->cipher, ex->site->keys,
                            USHER_FOR_STATE_PARAM, claims, usher_now_s(ex),
                            ex->site->profile->check_max_age_s, ex->entropy, err);
}

static usher_status set_checks(usher_exchange *ex, usher_authorization_request *request,
                               usher_error *err)
{
    const usher_provider *p = ex->sign_in.provider;
    char verifier[USHER_RANDOM_TEXT], random[USHER_RANDOM_TEXT], challenge[USHER_RANDOM_TEXT];
    usher_str verifier_text = {verifier, sizeof verifier}, random_text = {random, sizeof random};
    usher_status rc = USHER_OK;

    if (p->state) {
        if ((rc = usher_random_text(random, ex->entropy, err)) ||
            (rc = make_state(&request->state, ex, random_text, err)) ||
            (rc = set_check(ex, USHER_FOR_STATE, request->state, err)))
            return rc;
    }
    if (p->pkce && ((rc = usher_random_text(verifier, ex->entropy, err)) ||
                    (rc = usher_pkce_challenge(challenge, verifier_text, err)) ||
                    (rc = usher_arena_dup(&request->code_challenge, &ex->arena,
                                          (usher_str){challenge, sizeof challenge}, err)) ||
                    (rc = set_check(ex, USHER_FOR_PKCE, verifier_text, err))))
        goto done;
    if (p->nonce) {
        if ((rc = usher_random_text(random, ex->entropy, err)) ||
            (rc = usher_arena_dup(&request->nonce, &ex->arena, random_text, err)) ||
            (rc = set_check(ex, USHER_FOR_NONCE, request->nonce, err)))
            goto done;
    }
done:
    usher_wipe(verifier, sizeof verifier);
    return rc;
}

static usher_status blame_provider(usher_exchange *ex, usher_cause cause, const usher_error *why,
                                   usher_error *err)
{
    usher_flow_report(ex, cause, why);
    return usher_respond_failure(ex, USHER_FAIL_START, 200, err);
}

usher_status usher_sign_in_metadata(usher_exchange *ex, const usher_event *event, usher_want *want,
                                    usher_error *err)
{
    const usher_provider *p = ex->sign_in.provider;
    usher_authorization_request request = {.extra = &ex->query};
    usher_str url, tail;
    usher_buf path;
    usher_error why = {0};
    usher_status rc;

    if (event->http_status != 200)
        return blame_provider(ex, USHER_CAUSE_PROVIDER_UNREACHABLE, NULL, err);
    rc = usher_metadata_read(&ex->sign_in.metadata, &ex->arena, p, event->body, &why);
    if (usher_flow_peer_fault(ex, rc) && usher_flow_look_again(ex, event)) {
        rc = usher_metadata_url(&url, &ex->arena, p->issuer, err);
        return rc ? rc
                  : usher_flow_want_document(ex, want, USHER_AT_SIGN_IN_METADATA, url,
                                             event->fetched_ms);
    }
    if (usher_flow_peer_fault(ex, rc))
        return blame_provider(ex, USHER_CAUSE_METADATA_INVALID, &why, err);
    if (rc) goto failed;
    usher_buf_init(&path, &ex->arena, 256);
    usher_buf_put(&path, USHER_STR("/callback/"));
    usher_buf_put(&path, p->id);
    if ((rc = usher_buf_take(&tail, &path, &why)) ||
        (rc = usher_respond_own_url(&request.redirect_uri, ex, tail, &why)) ||
        (rc = set_checks(ex, &request, &why)) ||
        (rc = usher_authorization_url(&url, &ex->arena, p, &ex->sign_in.metadata, &request, &why)))
        goto failed;
    return usher_respond_url(ex, url, 200, err);
failed:
    return usher_pass(err, &why);
}

usher_status usher_sign_in_unreachable(usher_exchange *ex, const usher_event *event,
                                       usher_want *want, usher_error *err)
{
    usher_error why = {.what = event->why};

    (void)want;
    return blame_provider(ex, USHER_CAUSE_PROVIDER_UNREACHABLE, &why, err);
}
