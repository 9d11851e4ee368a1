#include "oauth/token_request.h"

#include "base/buf.h"
#include "base/error.h"
#include "base/secret.h"
#include "base/str.h"
#include "oauth/text.h"
#include "wire/base64url.h"
#include "wire/form.h"
#include "wire/percent.h"

#define BODY_MAX      (64u << 10)
#define ANSWER_MAX    (1u << 20)
#define EXPIRES_MAX_S INT64_C(315360000) /* ten years */
#define SCOPE_MAX     (16u << 10)
#define HEADERS_MAX   3

/* ---- the token request ---- */

static usher_str secret_text(const usher_provider *p)
{
    return (usher_str){(const char *)p->client_secret.ptr, p->client_secret.len};
}

/* encodeURIComponent with '+' for a space: what both originals put before Basic's base64. */
static void put_credential(usher_buf *b, usher_str text)
{
    for (usher_str rest; text.ptr; text = rest) {
        usher_percent_put(b, usher_str_cut(text, ' ', &rest));
        if (rest.ptr) usher_buf_put_char(b, '+');
    }
}

/* RFC 6749 section 2.3.1 */
static usher_status basic(usher_str *out, usher_arena *a, const usher_provider *p, usher_error *err)
{
    usher_status rc;
    usher_buf pair, value;
    usher_str text;

    usher_buf_init(&pair, a, BODY_MAX);
    put_credential(&pair, p->client_id);
    usher_buf_put_char(&pair, ':');
    put_credential(&pair, secret_text(p));
    if ((rc = usher_buf_take(&text, &pair, err))) return rc;
    usher_buf_init(&value, a, BODY_MAX);
    usher_buf_put(&value, USHER_STR("Basic "));
    usher_base64_put(&value, (const uint8_t *)text.ptr, text.len);
    return usher_buf_take(out, &value, err);
}

static void put_client(usher_buf *b, const usher_provider *p)
{
    if (p->client_auth != USHER_CLIENT_SECRET_BASIC)
        usher_form_put(b, USHER_STR("client_id"), p->client_id);
    if (p->client_auth == USHER_CLIENT_SECRET_POST)
        usher_form_put(b, USHER_STR("client_secret"), secret_text(p));
}

static usher_status body(usher_str *out, usher_arena *a, const usher_provider *p, usher_str code,
                         usher_str redirect_uri, usher_str verifier, usher_error *err)
{
    usher_buf b;

    usher_buf_init(&b, a, BODY_MAX);
    usher_form_put(&b, USHER_STR("grant_type"), USHER_STR("authorization_code"));
    usher_form_put(&b, USHER_STR("code"), code);
    usher_form_put(&b, USHER_STR("redirect_uri"), redirect_uri);
    if (p->pkce) usher_form_put(&b, USHER_STR("code_verifier"), verifier);
    put_client(&b, p);
    return usher_buf_take(out, &b, err);
}

static usher_status check_client(const usher_provider *p, usher_error *err)
{
    if (p->client_id.len == 0 || (p->client_auth != USHER_CLIENT_NONE && !p->client_secret.len))
        return usher_fail(err, USHER_E_SETTING, "token request: no client id or secret", 0);
    return USHER_OK;
}

/* A missing value must not go out as an empty one: some servers take that for "not used". */
static usher_status check_request(const usher_provider *p, usher_str code, usher_str redirect_uri,
                                  usher_str verifier, usher_error *err)
{
    usher_status rc = check_client(p, err);

    if (rc) return rc;
    if (code.len == 0 || redirect_uri.len == 0 || p->pkce != (verifier.len != 0))
        return usher_fail(err, USHER_E_USAGE, "token request: no code, redirect URI or verifier",
                          0);
    return USHER_OK;
}

static usher_fetch fetch_of(const usher_provider *p, usher_str method, usher_str url,
                            const usher_header *headers, size_t header_count)
{
    return (usher_fetch){.method = method,
                         .url = url,
                         .headers = headers,
                         .header_count = header_count,
                         .timeout_ms = p->timeout_ms,
                         .answer_max = ANSWER_MAX,
                         .plain_http = p->plain_http,
                         .private_network = p->private_network};
}

/* A form for an endpoint where the client proves itself. */
static usher_status post(usher_fetch *out, usher_arena *a, const usher_provider *p,
                         usher_str endpoint, usher_str text, usher_error *err)
{
    usher_status rc;
    usher_header *headers;
    size_t count = 0;

    if (!(headers = usher_arena_get_zero(a, HEADERS_MAX, sizeof *headers)))
        return usher_arena_fail(a, err);
    headers[count++] = (usher_header){USHER_STR("Accept"), USHER_STR("application/json")};
    headers[count++] =
        (usher_header){USHER_STR("Content-Type"), USHER_STR("application/x-www-form-urlencoded")};
    if (p->client_auth == USHER_CLIENT_SECRET_BASIC) {
        headers[count].name = USHER_STR("Authorization");
        if ((rc = basic(&headers[count++].value, a, p, err))) return rc;
    }
    *out = fetch_of(p, USHER_STR("POST"), endpoint, headers, count);
    out->body = text;
    return USHER_OK;
}

usher_status usher_token_request(usher_fetch *out, usher_arena *a, const usher_provider *p,
                                 const usher_metadata *metadata, usher_str code,
                                 usher_str redirect_uri, usher_str verifier, usher_error *err)
{
    usher_str text;
    usher_status rc;

    *out = (usher_fetch){0};
    if ((rc = check_request(p, code, redirect_uri, verifier, err)) ||
        (rc = body(&text, a, p, code, redirect_uri, verifier, err)))
        return rc;
    return post(out, a, p, metadata->token_endpoint, text, err);
}

usher_status usher_refresh_request(usher_fetch *out, usher_arena *a, const usher_provider *p,
                                   const usher_metadata *metadata, usher_str refresh_token,
                                   usher_str scope, usher_str audience, usher_error *err)
{
    usher_str text;
    usher_buf b;
    usher_status rc;

    *out = (usher_fetch){0};
    if ((rc = check_client(p, err))) return rc;
    if (refresh_token.len == 0)
        return usher_fail(err, USHER_E_USAGE, "token request: no refresh token", 0);
    usher_buf_init(&b, a, BODY_MAX);
    if (scope.len) usher_form_put(&b, USHER_STR("scope"), scope);
    if (audience.len) usher_form_put(&b, USHER_STR("audience"), audience);
    usher_form_put(&b, USHER_STR("refresh_token"), refresh_token);
    usher_form_put(&b, USHER_STR("grant_type"), USHER_STR("refresh_token"));
    put_client(&b, p);
    if ((rc = usher_buf_take(&text, &b, err))) return rc;
    return post(out, a, p, metadata->token_endpoint, text, err);
}

usher_status usher_revocation_request(usher_fetch *out, usher_arena *a, const usher_provider *p,
                                      const usher_metadata *metadata, usher_str refresh_token,
                                      usher_error *err)
{
    usher_str text;
    usher_buf b;
    usher_status rc;

    *out = (usher_fetch){0};
    if ((rc = check_client(p, err))) return rc;
    if (refresh_token.len == 0 || metadata->revocation_endpoint.len == 0)
        return usher_fail(err, USHER_E_USAGE, "revocation: no endpoint or no token", 0);
    usher_buf_init(&b, a, BODY_MAX);
    usher_form_put(&b, USHER_STR("token_type_hint"), USHER_STR("refresh_token"));
    usher_form_put(&b, USHER_STR("token"), refresh_token);
    put_client(&b, p);
    if ((rc = usher_buf_take(&text, &b, err))) return rc;
    return post(out, a, p, metadata->revocation_endpoint, text, err);
}

/* ---- its answer ---- */

/* The whole of what every answer must be before its members are looked at. */
static usher_status answer(usher_json_object *o, usher_arena *a, int status, usher_str content_type,
                           usher_str text, usher_error *err)
{
    if (status != 200) return usher_fail(err, USHER_E_SYNTAX, "oauth: an answer other than 200", 0);
    if (!usher_oauth_is_json(content_type))
        return usher_fail(err, USHER_E_SYNTAX, "oauth: an answer that is not JSON", 0);
    return usher_oauth_document(o, a, text, err);
}

static usher_status read_token(usher_str *out, usher_arena *a, const usher_json_object *o,
                               usher_str name, bool required, usher_error *err)
{
    usher_status rc = usher_oauth_optional(out, a, o, name, err);

    if (rc || (!required && !out->len)) {
        *out = (usher_str){0}; /* an empty refresh token is none */
        return rc;
    }
    if (usher_oauth_visible(*out)) return USHER_OK;
    return usher_fail(err, USHER_E_SYNTAX, "token response: a token is missing, empty or not text",
                      0);
}

/* A number, or one in a string, as both originals read it. Fractions are cut; what is longer than
 * ten years counts as ten years. */
static usher_status read_expires(usher_tokens *out, const usher_json_object *o, usher_error *err)
{
    usher_json v = usher_json_get(o, USHER_STR("expires_in"));
    double seconds;

    if (v.type == USHER_JSON_ABSENT || v.type == USHER_JSON_NULL) return USHER_OK;
    if (v.type == USHER_JSON_STRING && !v.escaped && v.text.len > 2) {
        uint64_t whole; /* digits only, without the quotes */
        if (!usher_str_u64(&whole, (usher_str){v.text.ptr + 1, v.text.len - 2}))
            return usher_fail(err, USHER_E_SYNTAX, "token response: expires_in is no number", 0);
        seconds = (double)whole;
    } else if (!usher_json_double(&seconds, v)) {
        return usher_fail(err, USHER_E_SYNTAX, "token response: expires_in is no number", 0);
    }
    if (!(seconds >= 0))
        return usher_fail(err, USHER_E_SYNTAX, "token response: expires_in is negative", 0);
    out->has_expires = true;
    out->expires_in_s = seconds < (double)EXPIRES_MAX_S ? (int64_t)seconds : EXPIRES_MAX_S;
    return USHER_OK;
}

/* Text, or an array of texts as some providers send it. */
static usher_status read_scope(usher_str *out, usher_arena *a, const usher_json_object *o,
                               usher_error *err)
{
    usher_json v = usher_json_get(o, USHER_STR("scope")), item;
    usher_status rc;
    usher_buf b;
    usher_str text;

    if (v.type != USHER_JSON_ARRAY) return usher_oauth_optional(out, a, o, USHER_STR("scope"), err);
    usher_buf_init(&b, a, SCOPE_MAX);
    for (usher_str rest = v.text; usher_json_next(&item, &rest);) {
        if ((rc = usher_json_string(&text, a, item, err))) return rc;
        if (b.len) usher_buf_put_char(&b, ' ');
        usher_buf_put(&b, text);
    }
    return usher_buf_take(out, &b, err);
}

static usher_status check_type(const usher_json_object *o, usher_arena *a, usher_error *err)
{
    usher_str type;
    usher_status rc = usher_json_string(&type, a, usher_json_get(o, USHER_STR("token_type")), err);

    if (rc || usher_str_eq_case(type, USHER_STR("bearer"))) return rc;
    return usher_fail(err, USHER_E_SYNTAX, "token response: a token_type other than bearer", 0);
}

static usher_status read_tokens(usher_tokens *out, usher_arena *a, int status,
                                usher_str content_type, usher_str body_text, bool id_token,
                                usher_error *err)
{
    usher_status rc;
    usher_tokens t = {0};
    usher_json_object o;

    *out = t;
    if ((rc = answer(&o, a, status, content_type, body_text, err))) return rc;
    if (usher_json_get(&o, USHER_STR("error")).type)
        return usher_fail(err, USHER_E_SYNTAX, "token response: an error document", 0);
    if ((rc = check_type(&o, a, err)) ||
        (rc = read_token(&t.access_token, a, &o, USHER_STR("access_token"), true, err)) ||
        (rc = read_token(&t.id_token, a, &o, USHER_STR("id_token"), id_token, err)) ||
        (rc = read_token(&t.refresh_token, a, &o, USHER_STR("refresh_token"), false, err)) ||
        (rc = read_scope(&t.scope, a, &o, err)) || (rc = read_expires(&t, &o, err)))
        return rc;
    *out = t;
    return USHER_OK;
}

usher_status usher_token_response_read(usher_tokens *out, usher_arena *a, int status,
                                       usher_str content_type, usher_str body_text,
                                       usher_error *err)
{
    return read_tokens(out, a, status, content_type, body_text, true, err);
}

usher_status usher_refresh_response_read(usher_tokens *out, usher_arena *a, int status,
                                         usher_str content_type, usher_str body_text,
                                         usher_error *err)
{
    return read_tokens(out, a, status, content_type, body_text, false, err);
}

usher_status usher_token_error_read(usher_json_object *out, usher_arena *a, usher_str content_type,
                                    usher_str body_text, usher_error *err)
{
    usher_error why = {0};
    usher_status rc;

    *out = (usher_json_object){0};
    if (!usher_oauth_is_json(content_type)) return USHER_OK;
    rc = usher_oauth_document(out, a, body_text, &why);
    if (rc == USHER_OK) return USHER_OK;
    *out = (usher_json_object){0};
    return USHER_STATUS_CLASS(rc) == USHER_CLASS_PEER ? USHER_OK : usher_pass(err, &why);
}

/* ---- pushed requests ---- */

usher_status usher_pushed_request(usher_fetch *out, usher_arena *a, const usher_provider *p,
                                  const usher_metadata *metadata, const usher_form *parameters,
                                  usher_error *err)
{
    usher_str text;
    usher_buf b;
    usher_status rc;

    *out = (usher_fetch){0};
    if (!metadata->pushed_request_endpoint.len)
        return usher_fail(err, USHER_E_USAGE, "token request: nowhere to push a request to", 0);
    if ((rc = check_client(p, err))) return rc;
    usher_buf_init(&b, a, BODY_MAX);
    for (size_t i = 0; i < parameters->count; i++)
        usher_form_put(&b, parameters->pairs[i].name, parameters->pairs[i].value);
    if (p->client_auth == USHER_CLIENT_SECRET_POST)
        usher_form_put(&b, USHER_STR("client_secret"), secret_text(p));
    if ((rc = usher_buf_take(&text, &b, err))) return rc;
    return post(out, a, p, metadata->pushed_request_endpoint, text, err);
}

usher_status usher_pushed_response_read(usher_str *request_uri, usher_arena *a, int status,
                                        usher_str content_type, usher_str body, usher_error *err)
{
    usher_json_object o;
    usher_status rc;

    *request_uri = (usher_str){0};
    if (status != 201 || !usher_oauth_is_json(content_type))
        return usher_fail(err, USHER_E_SYNTAX, "pushed request: refused, or no JSON", 0);
    if ((rc = usher_oauth_document(&o, a, body, err)) ||
        (rc = usher_oauth_optional(request_uri, a, &o, USHER_STR("request_uri"), err)))
        return rc;
    if (usher_oauth_visible(*request_uri)) return USHER_OK;
    *request_uri = (usher_str){0};
    return usher_fail(err, USHER_E_SYNTAX, "pushed request: no request_uri", 0);
}

/* ---- userinfo ---- */

usher_status usher_userinfo_request(usher_fetch *out, usher_arena *a, const usher_provider *p,
                                    const usher_metadata *metadata, usher_str access_token,
                                    usher_error *err)
{
    usher_status rc;
    usher_header *headers;
    usher_buf b;

    *out = (usher_fetch){0};
    if (!metadata->userinfo_endpoint.len)
        return usher_fail(err, USHER_E_USAGE, "userinfo: the provider has no such endpoint", 0);
    if (!usher_oauth_visible(access_token))
        return usher_fail(err, USHER_E_SYNTAX, "userinfo: no token for a header", 0);
    if (!(headers = usher_arena_get_zero(a, HEADERS_MAX, sizeof *headers)))
        return usher_arena_fail(a, err);
    usher_buf_init(&b, a, ANSWER_MAX);
    usher_buf_put(&b, USHER_STR("Bearer "));
    usher_buf_put(&b, access_token);
    headers[0] = (usher_header){USHER_STR("Accept"), USHER_STR("application/json")};
    headers[1].name = USHER_STR("Authorization");
    if ((rc = usher_buf_take(&headers[1].value, &b, err))) return rc;
    *out = fetch_of(p, USHER_STR("GET"), metadata->userinfo_endpoint, headers, 2);
    return USHER_OK;
}

usher_status usher_userinfo_read(usher_json_object *out, usher_arena *a, int status,
                                 usher_str content_type, usher_str body_text, usher_str subject,
                                 usher_error *err)
{
    usher_status rc;
    usher_json_object o;
    usher_str sub;

    *out = (usher_json_object){0};
    if ((rc = answer(&o, a, status, content_type, body_text, err)) ||
        (rc = usher_json_string(&sub, a, usher_json_get(&o, USHER_STR("sub")), err)))
        return rc;
    /* OpenID Connect Core section 5.3.2: otherwise the claims are somebody else's */
    if (sub.len == 0 || !usher_str_eq(sub, subject))
        return usher_fail(err, USHER_E_SYNTAX, "userinfo: about another subject", 0);
    *out = o;
    return USHER_OK;
}
