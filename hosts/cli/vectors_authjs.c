#include "hosts/cli/vectors_authjs.h"

#include "base/error.h"
#include "base/str.h"
#include "flow/site.h"
#include "hosts/cli/vector_site.h"
#include "session/token.h"
#include "wire/base64url.h"
#include "wire/form.h"
#include "wire/url.h"

#define TARGET_MAX ((size_t)64 << 10)

static usher_json expected_of(const vector *v, const char *part, const char *name)
{
    usher_json_object o;

    if (usher_json_members(&o, v->arena, usher_json_get(&v->expected, usher_str_z(part)), NULL))
        return (usher_json){0};
    return usher_json_get(&o, usher_str_z(name));
}

/* ---- redirects ----------------------------------------------------------------------------- */

/* The rule alone. It throws where there is no URL; a path needs none. */
static usher_status judge_rule(vector *v, usher_str url, usher_str base, usher_error *err)
{
    usher_json result = expected_of(v, "callback", "result");
    usher_url_kind kind;
    usher_str got;
    usher_status rc = usher_url_callback(&got, &kind, v->arena, url, base, err);

    if (rc) return rc;
    bool throws = kind == USHER_URL_NONE && !usher_str_starts(url, USHER_STR("/"));
    bool refused = throws || usher_str_eq(got, base);
    if (throws ? !result.type : usher_json_string_is(result, got)) return USHER_OK;
    if (!vector_allows(v, !refused))
        vector_differs(v, "callback", result.type ? result.text : USHER_STR("an error"),
                       throws ? USHER_STR("an error") : got);
    return USHER_OK;
}

static usher_status sign_in_target(usher_str *out, usher_arena *a, usher_str url, usher_error *err)
{
    usher_buf b;

    usher_buf_init(&b, a, TARGET_MAX);
    usher_buf_put_z(&b, "/api/auth/signin?");
    usher_form_put(&b, USHER_STR("callbackUrl"), url);
    return usher_buf_take(out, &b, err);
}

static usher_status judge_handler(vector *v, const vector_site *s, usher_str base, usher_error *err)
{
    usher_json result = expected_of(v, "handler", "result"),
               url = expected_of(v, "handler", "callback_url");
    bool failed = usher_exchange_response(s->ex)->status == 500;
    usher_str got, name = s->site->cookies[USHER_COOKIE_CALLBACK_URL].name;
    usher_status rc = vector_site_cookie(&got, s, v->arena, name, err);

    if (rc) return rc;
    bool same =
        usher_json_string_is(result, failed ? USHER_STR("config-error") : USHER_STR("ok")) &&
        (failed || usher_json_string_is(url, got));
    if (same || vector_allows(v, !failed && !usher_str_eq(got, base))) return USHER_OK;
    vector_differs(v, "handler", url.type ? url.text : result.text,
                   failed ? USHER_STR("config-error") : got);
    return USHER_OK;
}

static usher_status run_redirect(vector *v, const char *profile, usher_error *err)
{
    vector_request request = {0};
    usher_str url, base;
    vector_site s = {0};
    usher_want want;
    usher_status rc;

    if ((rc = vector_text(&url, v, "url", err)) || (rc = vector_text(&base, v, "base_url", err)) ||
        (rc = judge_rule(v, url, base, err)) ||
        (rc = vector_site_open(&s, v, profile, (usher_str){0}, err)) ||
        (rc = sign_in_target(&request.target, v->arena, url, err)) ||
        (rc = vector_site_ask(&s, v, usher_handle, &request, &want, err)))
        goto done;
    rc = judge_handler(v, &s, base, err);
done:
    vector_site_close(&s);
    return rc;
}

usher_status vectors_authjs4_redirect(vector *v, usher_error *err)
{
    return run_redirect(v, "nextauth-4", err);
}

usher_status vectors_authjs5_redirect(vector *v, usher_error *err)
{
    return run_redirect(v, "authjs-5", err);
}

/* ---- sessions ------------------------------------------------------------------------------ */

/* Ours against the recorded JSON, byte for byte: what a browser gets is text. `none` is what stands
 * for no session. */
static usher_status judge_session(vector *v, usher_str got, usher_str none, usher_error *err)
{
    usher_json recorded = usher_json_get(&v->expected, USHER_STR("session_json"));
    usher_str want = none;
    usher_status rc = USHER_OK;

    if (recorded.type == USHER_JSON_STRING) rc = usher_json_string(&want, v->arena, recorded, err);
    if (rc == USHER_OK && !usher_str_eq(want, got)) vector_differs(v, "session_json", want, got);
    return rc;
}

static void judge_status(vector *v, int got)
{
    usher_json recorded = usher_json_get(&v->expected, USHER_STR("status"));
    int64_t want;

    if (recorded.type && (!usher_json_int64(&want, recorded) || want != got))
        vector_differs(v, "status", recorded.text, USHER_STR("another one"));
}

/* The claims of the new token; its jti is random, and recorded as a mask. */
static usher_status judge_claims(vector *v, const vector_site *s, usher_str token,
                                 usher_str payload, usher_error *err)
{
    usher_str mask = USHER_STR("<uuid>"), jti = {0};
    size_t at = usher_str_find(payload, mask);
    usher_verdict verdict;
    usher_claims claims;
    usher_cause cause;
    usher_status rc = usher_token_open(&claims, &verdict, &cause, v->arena, v->cipher,
                                       s->site->keys, USHER_FOR_SESSION, token, vector_now(v), err);

    if (rc) return rc;
    usher_json id = usher_json_get(&claims.object, USHER_STR("jti"));
    if (id.type && (rc = usher_json_string(&jti, v->arena, id, err))) return rc;
    bool same = at != SIZE_MAX && claims.text.len == payload.len - mask.len + jti.len &&
                jti.len == 36 && usher_str_find(claims.text, jti) == at &&
                usher_str_starts(claims.text, (usher_str){payload.ptr, at}) &&
                usher_str_ends(claims.text, usher_str_from(payload, at + mask.len));
    if (!same) vector_differs(v, "new_token.payload_json", payload, claims.text);
    return USHER_OK;
}

static usher_status judge_header(vector *v, usher_str token, usher_json recorded, usher_error *err)
{
    usher_str rest, b64 = usher_str_cut(token, '.', &rest);
    size_t size = usher_base64url_decoded_size(b64.len);
    uint8_t *bytes = usher_arena_get(v->arena, size + 1);

    if (!bytes) return usher_arena_fail(v->arena, err);
    usher_status rc = usher_base64url_decode(bytes, b64, err);
    usher_str header = {(const char *)bytes, rc ? 0 : size};
    if (!usher_json_string_is(recorded, header))
        vector_differs(v, "new_token.header_json", recorded.text, header);
    return USHER_OK;
}

/* The chunks that were set, joined. */
static usher_status token_set(usher_str *out, const vector *v, const vector_site *s,
                              usher_error *err)
{
    usher_str name = s->site->cookies[USHER_COOKIE_SESSION].name, chunk, label;
    usher_status rc = vector_site_cookie(out, s, v->arena, name, err);
    usher_buf token, b;

    usher_buf_init(&token, v->arena, USHER_TOKEN_MAX);
    for (unsigned i = 0; rc == USHER_OK && !out->len; i++) {
        usher_buf_init(&b, v->arena, 256);
        usher_buf_put(&b, name);
        usher_buf_put_char(&b, '.');
        usher_buf_put_u64(&b, i);
        if ((rc = usher_buf_take(&label, &b, err)) ||
            (rc = vector_site_cookie(&chunk, s, v->arena, label, err)))
            return rc;
        if (!chunk.len) return usher_buf_take(out, &token, err);
        usher_buf_put(&token, chunk);
    }
    return rc;
}

static usher_status judge_token(vector *v, const vector_site *s, usher_error *err)
{
    usher_json recorded = usher_json_get(&v->expected, USHER_STR("new_token"));
    usher_json_object want;
    usher_str token, payload;
    int64_t length;
    usher_status rc = token_set(&token, v, s, err);

    if (rc || recorded.type == USHER_JSON_ABSENT) {
        if (token.len) vector_differs(v, "new_token", (usher_str){0}, token);
        return rc;
    }
    if ((rc = usher_json_members(&want, v->arena, recorded, err)) ||
        (rc = usher_json_string(&payload, v->arena,
                                usher_json_get(&want, USHER_STR("payload_json")), err)) ||
        (rc = judge_header(v, token, usher_json_get(&want, USHER_STR("header_json")), err)))
        return rc;
    usher_json number = usher_json_get(&want, USHER_STR("length"));
    if (!usher_json_int64(&length, number) || length != (int64_t)token.len)
        vector_differs(v, "new_token.length", number.text, token);
    return judge_claims(v, s, token, payload, err);
}

static usher_status run_session(vector *v, const char *profile, vector_operation *operation,
                                const vector_request *request, usher_error *err)
{
    vector_site s = {0};
    usher_want want;
    usher_status rc;

    if ((rc = vector_site_open(&s, v, profile, (usher_str){0}, err)) ||
        (rc = vector_site_ask(&s, v, operation, request, &want, err)))
        goto done;
    const usher_response *r = usher_exchange_response(s.ex);
    judge_status(v, r->status);
    if ((rc = judge_session(v, r->body, s.site->profile->no_session, err)) ||
        (rc = vector_site_judge_cookies(v, &s, err)))
        goto done;
    rc = judge_token(v, &s, err);
done:
    vector_site_close(&s);
    return rc;
}

/* Any page may ask for its session. */
usher_status vectors_authjs4_server_session(vector *v, usher_error *err)
{
    vector_request request = {.target = USHER_STR("/page")};
    usher_status rc = vector_header(&request.cookies, v, "cookie_header", err);

    return rc ? rc : run_session(v, "nextauth-4", usher_get_session, &request, err);
}

usher_status vectors_authjs5_session(vector *v, usher_error *err)
{
    vector_request request = {.target = USHER_STR("/api/auth/session")};
    usher_status rc = vector_header(&request.cookies, v, "cookie_header", err);

    return rc ? rc : run_session(v, "authjs-5", usher_handle, &request, err);
}
