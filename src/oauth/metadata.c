#include "oauth/metadata.h"

#include "base/buf.h"
#include "base/error.h"
#include "base/str.h"
#include "oauth/text.h"
#include "wire/url.h"

#define URL_MAX 8192

usher_status usher_metadata_url(usher_str *out, usher_arena *a, usher_str issuer, usher_error *err)
{
    usher_buf b;

    *out = (usher_str){0};
    if (issuer.len == 0) return usher_fail(err, USHER_E_USAGE, "metadata: no issuer", 0);
    usher_buf_init(&b, a, URL_MAX);
    usher_buf_put(&b, issuer);
    if (!usher_str_ends(issuer, USHER_STR("/"))) usher_buf_put_char(&b, '/');
    usher_buf_put(&b, USHER_STR(".well-known/openid-configuration"));
    return usher_buf_take(out, &b, err);
}

/* An endpoint that we or the browser will call: an absolute URL of an allowed scheme, no fragment
 * (RFC 6749 section 3.1), no user information (usher_url_read refuses it). */
static usher_status endpoint(usher_str text, bool plain_http, usher_error *err)
{
    usher_status rc;
    usher_url url;

    /* It goes into a header as it stands, so what a URI cannot hold (RFC 3986) ends here. */
    if (text.len > URL_MAX || !usher_oauth_visible(text) || usher_str_has(text, ' '))
        return usher_fail(err, USHER_E_SYNTAX, "metadata: an endpoint too long or no URI", 0);
    if ((rc = usher_url_read(&url, text, err))) return rc;
    if (!url.https && !plain_http)
        return usher_fail(err, USHER_E_SYNTAX, "metadata: an endpoint is not https", 0);
    if (url.fragment.ptr)
        return usher_fail(err, USHER_E_SYNTAX, "metadata: an endpoint has a fragment", 0);
    return USHER_OK;
}

static usher_status read_endpoints(usher_metadata *out, usher_arena *a, const usher_provider *p,
                                   const usher_json_object *o, usher_error *err)
{
    const struct {
        usher_str name, *to;
        enum { REQUIRED, OPTIONAL, LENIENT } kind;
    } rows[] = {
        {USHER_STR("authorization_endpoint"), &out->authorization_endpoint, REQUIRED},
        {USHER_STR("token_endpoint"), &out->token_endpoint, REQUIRED},
        {USHER_STR("jwks_uri"), &out->jwks_uri, REQUIRED},
        {USHER_STR("userinfo_endpoint"), &out->userinfo_endpoint, OPTIONAL},
        {USHER_STR("end_session_endpoint"), &out->end_session_endpoint, LENIENT},
        {USHER_STR("revocation_endpoint"), &out->revocation_endpoint, LENIENT},
        {USHER_STR("pushed_authorization_request_endpoint"), &out->pushed_request_endpoint,
         LENIENT},
    };

    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        bool lenient = rows[i].kind == LENIENT;
        usher_error spare = {0}, *why = lenient ? &spare : err;
        usher_status rc = usher_oauth_optional(rows[i].to, a, o, rows[i].name, why);

        if (rc == USHER_OK && (rows[i].to->ptr || rows[i].kind == REQUIRED))
            rc = endpoint(*rows[i].to, p->plain_http, why);
        if (rc == USHER_OK) continue;
        if (!lenient || USHER_STATUS_CLASS(rc) != USHER_CLASS_PEER)
            return lenient ? usher_pass(err, why) : rc;
        *rows[i].to = (usher_str){0};
    }
    return USHER_OK;
}

/* RFC 9207 section 3: a boolean, false if left out. */
static usher_status read_response_iss(bool *out, const usher_json_object *o, usher_error *err)
{
    usher_json v = usher_json_get(o, USHER_STR("authorization_response_iss_parameter_supported"));

    *out = v.type == USHER_JSON_TRUE;
    if (*out || v.type == USHER_JSON_FALSE || v.type == USHER_JSON_NULL || !v.type) return USHER_OK;
    return usher_fail(err, USHER_E_SYNTAX, "metadata: a flag is no boolean", 0);
}

usher_status usher_metadata_read(usher_metadata *out, usher_arena *a, const usher_provider *p,
                                 usher_str text, usher_error *err)
{
    usher_status rc;
    usher_metadata m = {0};
    usher_json_object o;

    *out = m;
    if (p->issuer.len == 0) return usher_fail(err, USHER_E_USAGE, "metadata: no issuer", 0);
    if ((rc = usher_oauth_document(&o, a, text, err)) ||
        (rc = usher_json_string(&m.issuer, a, usher_json_get(&o, USHER_STR("issuer")), err)))
        return rc;
    /* Byte for byte (Discovery section 4.3): a slash or a letter's case makes another issuer. */
    if (!usher_str_eq(m.issuer, p->issuer))
        return usher_fail(err, USHER_E_SYNTAX, "metadata: another issuer's document", 0);
    if ((rc = read_endpoints(&m, a, p, &o, err)) ||
        (rc = read_response_iss(&m.response_iss, &o, err)))
        return rc;
    *out = m;
    return USHER_OK;
}
