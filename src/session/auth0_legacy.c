#include "session/auth0_legacy.h"

#include <math.h>

#include "base/buf.h"
#include "base/error.h"
#include "base/str.h"
#include "wire/base64url.h"
#include "wire/jose/digest.h"

/* ---- times --------------------------------------------------------------------------------- */

/* JavaScript's idea of a value that counts as true. */
static bool is_true(usher_json value)
{
    double number;

    switch (value.type) {
    case USHER_JSON_ABSENT:
    case USHER_JSON_NULL:
    case USHER_JSON_FALSE: return false;
    case USHER_JSON_NUMBER: return usher_json_double(&number, value) && number != 0;
    case USHER_JSON_STRING: return value.text.len > 2;
    case USHER_JSON_TRUE:
    case USHER_JSON_ARRAY:
    case USHER_JSON_OBJECT: break;
    }
    return true;
}

static bool finite_number(double *out, usher_json value)
{
    return usher_json_double(out, value) && isfinite(*out);
}

void usher_auth0_v3_times_read(usher_auth0_v3_times *out, const usher_json_object *header)
{
    usher_json iat = usher_json_get(header, USHER_STR("iat"));

    *out = (usher_auth0_v3_times){.is_v3 = is_true(iat), .iat = iat.text};
    out->has_iat = finite_number(&out->iat_s, iat);
    out->has_uat = finite_number(&out->uat_s, usher_json_get(header, USHER_STR("uat")));
    out->has_exp = finite_number(&out->exp_s, usher_json_get(header, USHER_STR("exp")));
}

usher_status usher_auth0_v3_token_times(usher_auth0_v3_times *out, usher_arena *a, usher_str token,
                                        usher_error *err)
{
    usher_json_object header;
    usher_str rest, segment = usher_str_cut(token, '.', &rest);
    size_t size = usher_base64url_decoded_size(segment.len);
    usher_status rc;

    *out = (usher_auth0_v3_times){0};
    uint8_t *bytes = usher_arena_get(a, size);
    if (!bytes) return usher_arena_fail(a, err);
    if ((rc = usher_base64url_decode(bytes, segment, err)) ||
        (rc = usher_json_read_object(&header, a, (usher_str){(const char *)bytes, size},
                                     &usher_json_limits_claims, err)))
        return rc;
    usher_auth0_v3_times_read(out, &header);
    return USHER_OK;
}

/* ---- conversion ---------------------------------------------------------------------------- */

static void put_raw(usher_json_writer *w, usher_str name, usher_str source)
{
    if (source.len == 0) return;
    usher_json_name(w, name);
    usher_json_put_raw(w, source);
}

static void put_token_set(usher_json_writer *w, const usher_json_object *session)
{
    static const struct {
        usher_str v4, v3;
        bool null_is_absent;
    } members[] = {
        {USHER_STR_INIT("idToken"), USHER_STR_INIT("idToken"), true},
        {USHER_STR_INIT("accessToken"), USHER_STR_INIT("accessToken"), true},
        {USHER_STR_INIT("scope"), USHER_STR_INIT("accessTokenScope"), false},
        {USHER_STR_INIT("refreshToken"), USHER_STR_INIT("refreshToken"), false},
        {USHER_STR_INIT("expiresAt"), USHER_STR_INIT("accessTokenExpiresAt"), false},
    };

    usher_json_name(w, USHER_STR("tokenSet"));
    usher_json_open_object(w);
    for (size_t i = 0; i < sizeof members / sizeof *members; i++) {
        usher_json value = usher_json_get(session, members[i].v3);

        if (value.type != USHER_JSON_NULL || !members[i].null_is_absent)
            put_raw(w, members[i].v4, value.text);
    }
    usher_json_close_object(w);
}

static size_t source_length(const usher_json_object *session)
{
    size_t n = 0;

    for (size_t i = 0; i < session->count; i++)
        n += session->members[i].value.text.len;
    return n;
}

usher_status usher_auth0_v3_convert(usher_str *json, usher_arena *a,
                                    const usher_auth0_v3_times *times,
                                    const usher_json_object *session, usher_error *err)
{
    usher_json user = usher_json_get(session, USHER_STR("user"));
    usher_json_object claims;
    usher_status rc;
    usher_buf b;
    usher_json_writer w;

    *json = (usher_str){0};
    if (user.type != USHER_JSON_OBJECT) return USHER_OK;
    if ((rc = usher_json_members(&claims, a, user, err))) return rc;
    /* The session's id stands twice in the result. */
    usher_buf_init(&b, a, 2 * source_length(session) + times->iat.len + 256);
    usher_json_write_init(&w, &b);
    usher_json_open_object(&w);
    put_raw(&w, USHER_STR("user"), user.text);
    put_token_set(&w, session);
    usher_json_name(&w, USHER_STR("internal"));
    usher_json_open_object(&w);
    put_raw(&w, USHER_STR("sid"), usher_json_get(&claims, USHER_STR("sid")).text);
    put_raw(&w, USHER_STR("createdAt"), times->iat);
    usher_json_close_object(&w);
    usher_json_close_object(&w);
    return usher_buf_take(json, &b, err);
}

/* ---- signed ids ---------------------------------------------------------------------------- */

#define BLOCK 64 /* of SHA-256 */

static usher_str view(const uint8_t *bytes, size_t len)
{
    return (usher_str){(const char *)bytes, len};
}

/* RFC 2104, for a key shorter than a block. */
static usher_status hmac_sha256(uint8_t out[32], const uint8_t key[USHER_SIGNING_KEY],
                                const usher_str *parts, size_t count, usher_error *err)
{
    uint8_t inner[BLOCK], outer[BLOCK], first[32];
    usher_str message[8] = {{(const char *)inner, BLOCK}};
    const usher_str again[] = {view(outer, BLOCK), view(first, sizeof first)};
    usher_status rc;

    for (size_t i = 0; i < BLOCK; i++) {
        uint8_t k = i < USHER_SIGNING_KEY ? key[i] : 0;
        inner[i] = k ^ 0x36;
        outer[i] = k ^ 0x5c;
    }
    for (size_t i = 0; i < count; i++)
        message[i + 1] = parts[i];
    if ((rc = usher_digest_parts(first, USHER_SHA256, message, count + 1, err)) == USHER_OK)
        rc = usher_digest_parts(out, USHER_SHA256, again, 2, err);
    usher_wipe(inner, sizeof inner);
    usher_wipe(outer, sizeof outer);
    return rc;
}

/* The text that was signed (RFC 7797, unencoded payload): the header {"alg":"HS256","b64":false,
 * "crit":["b64"]}, then name=id. */
static usher_status signature_of(uint8_t out[32], const uint8_t key[USHER_SIGNING_KEY],
                                 usher_str name, usher_str id, usher_error *err)
{
    const usher_str parts[] = {
        USHER_STR("eyJhbGciOiJIUzI1NiIsImI2NCI6ZmFsc2UsImNyaXQiOlsiYjY0Il19."), name,
        USHER_STR("="), id};

    return hmac_sha256(out, key, parts, sizeof parts / sizeof *parts, err);
}

usher_status usher_auth0_v3_signed_id(usher_str *id, const usher_keyring *keys,
                                      usher_str cookie_name, usher_str value, usher_error *err)
{
    usher_str rest, candidate = usher_str_cut(value, '.', &rest),
                    text = usher_str_cut(rest, '.', &rest);
    uint8_t signature[32], expected[32];
    bool good = false;
    usher_status rc = USHER_OK;

    *id = (usher_str){0};
    if (candidate.len == 0 || usher_base64url_decoded_size(text.len) != sizeof signature ||
        usher_base64url_decode(signature, text, NULL) != USHER_OK)
        return USHER_OK;
    for (size_t i = 0; i < keys->secret_count && rc == USHER_OK && !good; i++) {
        rc = signature_of(expected, keys->signing[i], cookie_name, candidate, err);
        good = rc == USHER_OK &&
               usher_secret_equal_str(view(signature, sizeof signature), view(expected, 32));
    }
    if (good) *id = candidate;
    return rc;
}
