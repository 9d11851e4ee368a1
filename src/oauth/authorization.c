#include "oauth/authorization.h"

#include "base/buf.h"
#include "base/error.h"
#include "base/secret.h"
#include "base/str.h"
#include "oauth/text.h"
#include "wire/base64url.h"
#include "wire/jose/digest.h"
#include "wire/percent.h"
#include "wire/url.h"

#define URL_MAX (32u << 10)

usher_status usher_random_text(char out[USHER_RANDOM_TEXT], usher_entropy entropy, usher_error *err)
{
    uint8_t bytes[32] = {0};
    bool filled = entropy.fill(entropy.ctx, bytes, sizeof bytes);

    usher_base64url_encode(out, bytes, sizeof bytes);
    usher_wipe(bytes, sizeof bytes);
    if (filled) return USHER_OK;
    usher_wipe(out, USHER_RANDOM_TEXT);
    return usher_fail(err, USHER_E_CRYPTO, "authorization: no entropy", 0);
}

usher_status usher_pkce_challenge(char out[USHER_RANDOM_TEXT], usher_str verifier, usher_error *err)
{
    uint8_t digest[USHER_DIGEST_MAX];
    usher_status rc;

    usher_wipe(out, USHER_RANDOM_TEXT);
    if (verifier.len == 0) return usher_fail(err, USHER_E_USAGE, "authorization: no verifier", 0);
    if (!(rc = usher_digest(digest, USHER_SHA256, verifier, err)))
        usher_base64url_encode(out, digest, 32);
    return rc;
}

/* ---- the request ---- */

/* Parameters that only we set, and those that would replace ours (RFC 9101: a request object wins
 * over the query) or send the response elsewhere. */
static const usher_str reserved[] = {
    USHER_STR_INIT("response_type"),
    USHER_STR_INIT("client_id"),
    USHER_STR_INIT("redirect_uri"),
    USHER_STR_INIT("scope"),
    USHER_STR_INIT("state"),
    USHER_STR_INIT("code_challenge"),
    USHER_STR_INIT("code_challenge_method"),
    USHER_STR_INIT("nonce"),
    USHER_STR_INIT("request"),
    USHER_STR_INIT("request_uri"),
    USHER_STR_INIT("response_mode"),
    USHER_STR_INIT("client_secret"),
};

static bool is_reserved(usher_str name)
{
    for (size_t i = 0; i < sizeof reserved / sizeof *reserved; i++)
        if (usher_str_eq(name, reserved[i])) return true;
    return false;
}

/* The endpoint with its own query (RFC 6749 section 3.1 wants it kept), but without parameters of
 * our names: a repeated one leaves it to the provider which counts. Its pairs stay as written. */
static usher_status put_endpoint(usher_buf *b, usher_arena *a, usher_str endpoint, usher_error *err)
{
    usher_str query, rest, name;
    bool first = true;

    usher_buf_put(b, usher_str_cut(endpoint, '?', &query));
    for (usher_str pair; query.ptr; query = rest) {
        pair = usher_str_cut(query, '&', &rest);
        usher_str ignored;
        usher_status rc =
            usher_percent_decode_form(&name, a, usher_str_cut(pair, '=', &ignored), err);
        if (rc) return rc;
        if (pair.len == 0 || is_reserved(name)) continue;
        if (first) usher_buf_put_char(b, '?');
        usher_buf_put(b, pair);
        usher_buf_put_char(
            b, '&'); /* here, for a pair that ends in '?' looks like the start of a query */
        first = false;
    }
    return USHER_OK;
}

/* One value for each name, the last, as the originals' query objects keep it. */
static usher_status put_extra(usher_buf *b, usher_arena *a, usher_str endpoint,
                              const usher_form *extra, usher_error *err)
{
    usher_status rc;
    usher_form own = {0};
    usher_str query;

    if (!extra) return USHER_OK;
    (void)usher_str_cut(endpoint, '?', &query);
    if (query.len && (rc = usher_form_read(&own, a, query, err))) return rc;
    for (size_t i = 0; i < extra->count; i++) {
        usher_str name = extra->pairs[i].name;
        usher_form later = {extra->pairs + i + 1, extra->count - i - 1};

        if (name.len == 0 || is_reserved(name) || usher_form_count(&own, name) ||
            usher_form_count(&later, name))
            continue;
        usher_url_put_param(b, name, extra->pairs[i].value);
    }
    return USHER_OK;
}

static usher_status check_request(const usher_provider *p, const usher_authorization_request *r,
                                  usher_error *err)
{
    if (p->client_id.len == 0 || r->redirect_uri.len == 0 ||
        p->pkce != (r->code_challenge.len != 0))
        return usher_fail(err, USHER_E_USAGE, "authorization: no client, redirect URI or challenge",
                          0);
    if ((r->state.ptr && !r->state.len) || (r->nonce.ptr && !r->nonce.len))
        return usher_fail(err, USHER_E_USAGE, "authorization: an empty state or nonce", 0);
    return USHER_OK;
}

usher_status usher_authorization_url(usher_str *out, usher_arena *a, const usher_provider *p,
                                     const usher_metadata *metadata,
                                     const usher_authorization_request *request, usher_error *err)
{
    usher_status rc;
    usher_buf b;

    *out = (usher_str){0};
    usher_buf_init(&b, a, URL_MAX);
    if ((rc = check_request(p, request, err)) ||
        (rc = put_endpoint(&b, a, metadata->authorization_endpoint, err)))
        return rc;
    usher_url_put_param(&b, USHER_STR("response_type"), USHER_STR("code"));
    usher_url_put_param(&b, USHER_STR("client_id"), p->client_id);
    usher_url_put_param(&b, USHER_STR("redirect_uri"), request->redirect_uri);
    usher_url_put_param(&b, USHER_STR("scope"), p->scope);
    if ((rc = put_extra(&b, a, metadata->authorization_endpoint, request->extra, err))) return rc;
    if (request->state.ptr) usher_url_put_param(&b, USHER_STR("state"), request->state);
    if (p->pkce) {
        usher_url_put_param(&b, USHER_STR("code_challenge"), request->code_challenge);
        usher_url_put_param(&b, USHER_STR("code_challenge_method"), USHER_STR("S256"));
    }
    if (request->nonce.ptr) usher_url_put_param(&b, USHER_STR("nonce"), request->nonce);
    return usher_buf_take(out, &b, err);
}

/* ---- the response ---- */

/* At most one, and if there is one, printable and not empty. */
static bool take(usher_str *out, const usher_form *params, usher_str name)
{
    *out = usher_form_first(params, name);
    switch (usher_form_count(params, name)) {
    case 0: return true;
    case 1: return usher_oauth_visible(*out);
    default: return false;
    }
}

usher_status usher_authorization_response_read(usher_authorization_response *out,
                                               const usher_form *params, usher_error *err)
{
    usher_authorization_response r = {0};

    *out = r;
    if (!take(&r.code, params, USHER_STR("code")) || !take(&r.state, params, USHER_STR("state")) ||
        !take(&r.iss, params, USHER_STR("iss")) || !take(&r.error, params, USHER_STR("error")))
        return usher_fail(err, USHER_E_SYNTAX,
                          "authorization: a response parameter is empty, repeated or not text", 0);
    if (!r.code.ptr == !r.error.ptr)
        return usher_fail(err, USHER_E_SYNTAX, "authorization: not one of code and error", 0);
    *out = r;
    return USHER_OK;
}
