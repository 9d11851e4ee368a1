#include "hosts/cli/vectors_oauth.h"

#include "base/error.h"
#include "base/str.h"
#include "flow/site.h"
#include "hosts/cli/vector_provider.h"
#include "hosts/cli/vector_site.h"
#include "oauth/authorization.h"
#include "session/token.h"
#include "wire/form.h"

#define TEXT_MAX ((size_t)64 << 10)

static bool has_check(const vector *v, const char *name)
{
    usher_str rest = usher_json_get(&v->input, USHER_STR("checks")).text;
    usher_json item;

    while (usher_json_next(&item, &rest))
        if (usher_json_string_is(item, usher_str_z(name))) return true;
    return false;
}

static usher_status providers_of(usher_str *out, const vector *v, usher_error *err)
{
    usher_json_writer w;
    usher_str id;
    usher_buf b;
    usher_status rc = vector_text(&id, v, "provider", err);

    if (rc) return rc;
    usher_buf_init(&b, v->arena, TEXT_MAX);
    usher_json_write_init(&w, &b);
    usher_json_open_array(&w);
    usher_json_open_object(&w);
    usher_json_put_member(&w, USHER_STR("id"), id);
    usher_json_put_member(&w, USHER_STR("issuer"), USHER_STR(VECTOR_ISSUER));
    usher_json_put_member(&w, USHER_STR("client_id"), USHER_STR("cid"));
    usher_json_put_member(&w, USHER_STR("client_secret"), USHER_STR("csecret"));
    usher_json_put_member(&w, USHER_STR("scope"), USHER_STR("openid"));
    usher_json_put_member(&w, USHER_STR("id_token_alg"), USHER_STR("ES256"));
    usher_json_name(&w, USHER_STR("pkce"));
    usher_json_put_bool(&w, has_check(v, "pkce"));
    usher_json_name(&w, USHER_STR("checks"));
    usher_json_open_array(&w);
    if (has_check(v, "state")) usher_json_put_string(&w, USHER_STR("state"));
    if (has_check(v, "nonce")) usher_json_put_string(&w, USHER_STR("nonce"));
    usher_json_close_array(&w);
    usher_json_close_object(&w);
    usher_json_close_array(&w);
    return usher_buf_take(out, &b, err);
}

/* {action}/{provider}?{query} */
static usher_status target_of(usher_str *out, const vector *v, const char *action, usher_error *err)
{
    usher_json query = usher_json_get(&v->input, USHER_STR("query"));
    usher_json_object o = {0};
    usher_str id, value;
    usher_buf b;
    usher_status rc = vector_text(&id, v, "provider", err);

    if (rc) return rc;
    if (query.type && (rc = usher_json_members(&o, v->arena, query, err))) return rc;
    usher_buf_init(&b, v->arena, TEXT_MAX);
    usher_buf_put_z(&b, "/api/auth/");
    usher_buf_put_z(&b, action);
    usher_buf_put_char(&b, '/');
    usher_buf_put(&b, id);
    usher_buf_put_char(&b, '?');
    for (size_t i = 0; i < o.count; i++) {
        if ((rc = usher_json_string(&value, v->arena, o.members[i].value, err))) return rc;
        usher_form_put(&b, o.members[i].name, value);
    }
    return usher_buf_take(out, &b, err);
}

/* Everything that is wanted, from the provider. */
static usher_status drive(vector_site *s, vector_provider *p, usher_want *want, usher_error *err)
{
    usher_status rc = USHER_OK;
    usher_event event;

    while (rc == USHER_OK && want->kind == USHER_WANT_FETCH) {
        if ((rc = vector_provider_answer(p, &want->fetch, &event, err))) return rc;
        rc = usher_resume(s->ex, &event, want, err);
    }
    return rc;
}

/* ---- the way back -------------------------------------------------------------------------- */

static void judge_text(vector *v, const char *name, usher_str got)
{
    usher_json recorded = usher_json_get(&v->expected, usher_str_z(name));

    if (recorded.type == USHER_JSON_ABSENT) return;
    if (recorded.type == USHER_JSON_NULL ? got.ptr != NULL : !usher_json_string_is(recorded, got))
        vector_differs(v, name, recorded.text, got);
}

static usher_status judge_verifier(vector *v, const vector_provider *p, usher_error *err)
{
    usher_form form;
    usher_status rc = usher_form_read(&form, v->arena, p->token_body, err);

    if (rc == USHER_OK)
        judge_text(v, "code_verifier", usher_form_first(&form, USHER_STR("code_verifier")));
    return rc;
}

/* The check cookies that were taken back, in order. */
static void judge_cleared(vector *v, const vector_site *s)
{
    usher_json recorded = usher_json_get(&v->expected, USHER_STR("cleared")), item;
    usher_str rest = recorded.text, left;
    const usher_response *r = usher_exchange_response(s->ex);

    if (recorded.type == USHER_JSON_ABSENT) return;
    for (size_t i = 0; i < r->header_count; i++) {
        usher_str name = usher_str_cut(r->headers[i].value, '=', &left);
        if (!usher_str_eq(r->headers[i].name, USHER_STR("Set-Cookie")) ||
            usher_str_find(left, USHER_STR("Max-Age=0;")) == SIZE_MAX)
            continue;
        if (!usher_json_next(&item, &rest) || !usher_json_string_is(item, name))
            vector_differs(v, "cleared", recorded.text, name);
    }
    if (usher_json_next(&item, &rest)) vector_differs(v, "cleared", item.text, (usher_str){0});
}

static usher_status judge_callback(vector *v, const vector_site *s, const vector_provider *p,
                                   usher_error *err)
{
    bool accepted = usher_exchange_signed_in(s->ex);
    usher_json sent = usher_json_get(&v->expected, USHER_STR("token_request_sent"));

    judge_text(v, "result", accepted ? USHER_STR("accepted") : USHER_STR("rejected"));
    judge_text(v, "location", vector_site_header(s, USHER_STR("Location")));
    judge_cleared(v, s);
    if (sent.type && (sent.type == USHER_JSON_TRUE) != (p->token_body.ptr != NULL))
        vector_differs(v, "token_request_sent", sent.text, p->token_body);
    return accepted ? judge_verifier(v, p, err) : USHER_OK;
}

static usher_status run_callback(vector *v, const char *profile, usher_error *err)
{
    vector_request request = {0};
    vector_provider p = {0};
    vector_site s = {0};
    usher_str providers;
    usher_want want;
    usher_status rc;

    if ((rc = providers_of(&providers, v, err)) ||
        (rc = vector_site_open(&s, v, profile, providers, err)) ||
        (rc = vector_provider_open(&p, v->arena, vector_now(v), err)) ||
        (rc = vector_text(&p.nonce, v, "id_token_nonce", err)) ||
        (rc = vector_header(&request.cookies, v, "cookie_header", err)) ||
        (rc = target_of(&request.target, v, "callback", err)) ||
        (rc = vector_site_ask(&s, v, usher_handle, &request, &want, err)) ||
        (rc = drive(&s, &p, &want, err)))
        goto done;
    rc = judge_callback(v, &s, &p, err);
done:
    vector_provider_close(&p);
    vector_site_close(&s);
    return rc;
}

usher_status vectors_authjs4_oauth_callback(vector *v, usher_error *err)
{
    return run_callback(v, "nextauth-4", err);
}

usher_status vectors_authjs5_oauth_callback(vector *v, usher_error *err)
{
    return run_callback(v, "authjs-5", err);
}

/* ---- masks --------------------------------------------------------------------------------- */

/* Recorded text with masks against text: each stands for a value of its kind. */
static bool fits(usher_str pattern, usher_str text)
{
    static const struct {
        usher_str mask;
        size_t min, max;
    } masks[] = {{USHER_STR_INIT("<43 characters>"), 43, 43},
                 {USHER_STR_INIT("<uuid>"), 36, 36},
                 {USHER_STR_INIT("<token with salt encodedState>"), 100, 4096},
                 {USHER_STR_INIT("<token>"), 100, 4096}};

    while (pattern.len) {
        size_t i = 0, len = 0;
        while (i < 4 && !usher_str_starts(pattern, masks[i].mask))
            i++;
        if (i == 4) {
            if (!text.len || text.ptr[0] != pattern.ptr[0]) return false;
            pattern = usher_str_from(pattern, 1);
            text = usher_str_from(text, 1);
            continue;
        }
        while (len < text.len && text.ptr[len] != '"')
            len++;
        if (len < masks[i].min || len > masks[i].max) return false;
        pattern = usher_str_from(pattern, masks[i].mask.len);
        text = usher_str_from(text, len);
    }
    return text.len == 0;
}

static usher_status judge_masked(vector *v, const char *name, usher_json recorded, usher_str got,
                                 usher_error *err)
{
    usher_str pattern;
    usher_status rc;

    if (recorded.type == USHER_JSON_ABSENT) return USHER_OK;
    if ((rc = usher_json_string(&pattern, v->arena, recorded, err))) return rc;
    if (!fits(pattern, got)) vector_differs(v, name, pattern, got);
    return USHER_OK;
}

/* ---- the way there ------------------------------------------------------------------------- */

static usher_status open_check(usher_claims *out, vector *v, const vector_site *s,
                               usher_purpose purpose, usher_str token, usher_error *err)
{
    usher_verdict verdict;
    usher_cause cause;
    usher_status rc = usher_token_open(out, &verdict, &cause, v->arena, v->cipher, s->site->keys,
                                       purpose, token, vector_now(v), err);

    if (rc == USHER_OK && verdict != USHER_SESSION_VALID)
        vector_differs(v, "check cookie", USHER_STR("one that opens"), token);
    return rc;
}

/* expected.set_cookies[].payload_json of one check, and *value: what it keeps. */
static usher_status judge_check(usher_str *value, vector *v, const vector_site *s,
                                usher_purpose purpose, usher_error *err)
{
    usher_str name = s->site->cookies[usher_profile_cookie_of(purpose)].name, token,
              rest = usher_json_get(&v->expected, USHER_STR("set_cookies")).text;
    usher_json item;
    usher_json_object want;
    usher_claims claims, inner;
    usher_status rc;

    *value = (usher_str){0};
    while (usher_json_next(&item, &rest)) {
        if ((rc = usher_json_members(&want, v->arena, item, err))) return rc;
        if (!usher_json_string_is(usher_json_get(&want, USHER_STR("name")), name)) continue;
        if ((rc = vector_site_cookie(&token, s, v->arena, name, err)) ||
            (rc = open_check(&claims, v, s, purpose, token, err)) ||
            (rc = judge_masked(v, "payload_json", usher_json_get(&want, USHER_STR("payload_json")),
                               claims.text, err)) ||
            (rc = usher_json_string(value, v->arena,
                                    usher_json_get(&claims.object, USHER_STR("value")), err)))
            return rc;
        usher_json sealed = usher_json_get(&want, USHER_STR("inner_payload_json"));
        if (sealed.type == USHER_JSON_ABSENT) continue;
        if ((rc = open_check(&inner, v, s, USHER_FOR_STATE_PARAM, *value, err)) ||
            (rc = judge_masked(v, "inner_payload_json", sealed, inner.text, err)))
            return rc;
    }
    return USHER_OK;
}

static usher_status judge_parameters(vector *v, const usher_form *form, usher_error *err)
{
    usher_json_object want;
    usher_status rc = usher_json_members(
        &want, v->arena, usher_json_get(&v->expected, USHER_STR("parameters")), err);

    for (size_t i = 0; i < want.count && rc == USHER_OK; i++) {
        usher_str got = usher_form_first(form, want.members[i].name);
        rc = judge_masked(v, "parameters", want.members[i].value, got, err);
    }
    if (rc == USHER_OK && want.count != form->count)
        vector_differs(v, "parameters", USHER_STR("those alone"),
                       form->count ? form->pairs[form->count - 1].name : USHER_STR(""));
    return rc;
}

static void judge_equal(vector *v, const char *what, usher_str kept, usher_str sent)
{
    if (!usher_str_eq(kept, sent)) vector_differs(v, what, kept, sent);
}

/* What the cookies keep is what was sent, or its digest. */
static usher_status judge_relations(vector *v, const vector_site *s, const usher_form *form,
                                    usher_error *err)
{
    char challenge[USHER_RANDOM_TEXT];
    usher_str state, verifier, nonce;
    usher_status rc;

    if ((rc = judge_check(&state, v, s, USHER_FOR_STATE, err)) ||
        (rc = judge_check(&verifier, v, s, USHER_FOR_PKCE, err)) ||
        (rc = judge_check(&nonce, v, s, USHER_FOR_NONCE, err)))
        return rc;
    judge_equal(v, "state", state, usher_form_first(form, USHER_STR("state")));
    judge_equal(v, "nonce", nonce, usher_form_first(form, USHER_STR("nonce")));
    if (!verifier.len) return USHER_OK;
    if ((rc = usher_pkce_challenge(challenge, verifier, err))) return rc;
    judge_equal(v, "code_challenge", (usher_str){challenge, sizeof challenge},
                usher_form_first(form, USHER_STR("code_challenge")));
    return USHER_OK;
}

static usher_status judge_sign_in(vector *v, const vector_site *s, usher_error *err)
{
    usher_str query,
        endpoint = usher_str_cut(vector_site_header(s, USHER_STR("Location")), '?', &query);
    usher_form form;
    usher_status rc;

    judge_text(v, "authorization_endpoint", endpoint);
    if ((rc = usher_form_read(&form, v->arena, query, err)) ||
        (rc = judge_parameters(v, &form, err)) || (rc = vector_site_judge_cookies(v, s, err)))
        return rc;
    return judge_relations(v, s, &form, err);
}

/* The CSRF cookie and the form that goes with it, as a browser has them from the page before. */
static usher_status fill_form(vector_request *r, vector *v, vector_site *s, usher_error *err)
{
    const vector_request first = {.target = USHER_STR("/api/auth/csrf")};
    usher_str name = s->site->cookies[USHER_COOKIE_CSRF].name, value, rest, url;
    usher_want want;
    usher_buf form, cookie;
    usher_status rc;

    if ((rc = vector_site_ask(s, v, usher_handle, &first, &want, err)) ||
        (rc = vector_site_cookie(&value, s, v->arena, name, err)) ||
        (rc = vector_text(&url, v, "callback_url", err)))
        return rc;
    usher_buf_init(&form, v->arena, TEXT_MAX);
    usher_form_put(&form, USHER_STR("csrfToken"), usher_str_cut(value, '|', &rest));
    if (url.ptr) usher_form_put(&form, USHER_STR("callbackUrl"), url);
    usher_buf_init(&cookie, v->arena, TEXT_MAX);
    usher_buf_put(&cookie, name);
    usher_buf_put_char(&cookie, '=');
    usher_buf_put(&cookie, value);
    if ((rc = usher_buf_take(&r->form, &form, err))) return rc;
    return usher_buf_take(&r->cookies, &cookie, err);
}

static usher_status run_sign_in(vector *v, const char *profile, usher_error *err)
{
    vector_request request = {0};
    vector_provider p = {0};
    vector_site s = {0};
    usher_str providers;
    usher_want want;
    usher_status rc;

    if ((rc = providers_of(&providers, v, err)) ||
        (rc = vector_site_open(&s, v, profile, providers, err)) ||
        (rc = vector_provider_open(&p, v->arena, vector_now(v), err)) ||
        (rc = fill_form(&request, v, &s, err)) ||
        (rc = target_of(&request.target, v, "signin", err)) ||
        (rc = vector_site_ask(&s, v, usher_handle, &request, &want, err)) ||
        (rc = drive(&s, &p, &want, err)))
        goto done;
    rc = judge_sign_in(v, &s, err);
done:
    vector_provider_close(&p);
    vector_site_close(&s);
    return rc;
}

usher_status vectors_authjs4_oauth_sign_in(vector *v, usher_error *err)
{
    return run_sign_in(v, "nextauth-4", err);
}

usher_status vectors_authjs5_oauth_sign_in(vector *v, usher_error *err)
{
    return run_sign_in(v, "authjs-5", err);
}
