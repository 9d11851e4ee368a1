#include "hosts/cli/vector_provider.h"

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/ecdsa.h>
#include <openssl/evp.h>

#include "base/buf.h"
#include "base/error.h"
#include "base/str.h"
#include "wire/base64url.h"
#include "wire/json.h"

#define TEXT_MAX ((size_t)16 << 10)
#define POINT    65
#define COORD    32

static usher_status crypto_failed(usher_error *err)
{
    return usher_fail(err, USHER_E_CRYPTO, "provider: the crypto library failed", 0);
}

usher_status vector_provider_open(vector_provider *out, usher_arena *a, int64_t now_s,
                                  usher_error *err)
{
    *out = (vector_provider){
        .key = EVP_EC_gen("P-256"), .arena = a, .client_id = USHER_STR("cid"), .now_s = now_s};
    return out->key ? USHER_OK : crypto_failed(err);
}

void vector_provider_close(vector_provider *p)
{
    EVP_PKEY_free(p->key);
    *p = (vector_provider){0};
}

static void put_base64url(usher_buf *b, const uint8_t *bytes, size_t len)
{
    size_t chars = (len * 4 + 2) / 3;
    char *room = usher_buf_room(b, chars);

    if (!room) return;
    usher_base64url_encode(room, bytes, len);
    usher_buf_wrote(b, chars);
}

/* ---- documents ----------------------------------------------------------------------------- */

static usher_status key_set(usher_str *out, const vector_provider *p, usher_error *err)
{
    uint8_t point[POINT];
    size_t len;
    usher_buf b;

    if (EVP_PKEY_get_octet_string_param(p->key, OSSL_PKEY_PARAM_PUB_KEY, point, sizeof point,
                                        &len) != 1 ||
        len != POINT)
        return crypto_failed(err);
    usher_buf_init(&b, p->arena, TEXT_MAX);
    usher_buf_put_z(&b, "{\"keys\":[{\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":\"");
    put_base64url(&b, point + 1, COORD);
    usher_buf_put_z(&b, "\",\"y\":\"");
    put_base64url(&b, point + 1 + COORD, COORD);
    usher_buf_put_z(&b, "\"}]}");
    return usher_buf_take(out, &b, err);
}

static usher_status claims_of(usher_str *out, const vector_provider *p, usher_error *err)
{
    usher_json_writer w;
    usher_buf b;

    usher_buf_init(&b, p->arena, TEXT_MAX);
    usher_json_write_init(&w, &b);
    usher_json_open_object(&w);
    usher_json_put_member(&w, USHER_STR("iss"), USHER_STR(VECTOR_ISSUER));
    usher_json_put_member(&w, USHER_STR("sub"), USHER_STR("1001"));
    usher_json_put_member(&w, USHER_STR("aud"), p->client_id);
    usher_json_put_member(&w, USHER_STR("nonce"), p->nonce);
    usher_json_name(&w, USHER_STR("iat"));
    usher_json_put_int(&w, p->now_s);
    usher_json_name(&w, USHER_STR("exp"));
    usher_json_put_int(&w, p->now_s + 300);
    usher_json_close_object(&w);
    return usher_buf_take(out, &b, err);
}

static usher_status sign(uint8_t raw[2 * COORD], const vector_provider *p, usher_str text,
                         usher_error *err)
{
    uint8_t der[128];
    const uint8_t *at = der;
    size_t len = sizeof der;
    ECDSA_SIG *signature = NULL;
    EVP_MD_CTX *md = EVP_MD_CTX_new();
    bool done = md && EVP_DigestSignInit(md, NULL, EVP_sha256(), NULL, p->key) == 1 &&
                EVP_DigestSign(md, der, &len, (const uint8_t *)text.ptr, text.len) == 1 &&
                (signature = d2i_ECDSA_SIG(NULL, &at, (long)len)) &&
                BN_bn2binpad(ECDSA_SIG_get0_r(signature), raw, COORD) == COORD &&
                BN_bn2binpad(ECDSA_SIG_get0_s(signature), raw + COORD, COORD) == COORD;

    ECDSA_SIG_free(signature);
    EVP_MD_CTX_free(md);
    return done ? USHER_OK : crypto_failed(err);
}

static usher_status id_token(usher_str *out, const vector_provider *p, usher_error *err)
{
    static const uint8_t header[] = "{\"alg\":\"ES256\"}";
    uint8_t signature[2 * COORD];
    usher_str claims;
    usher_buf b;
    usher_status rc = claims_of(&claims, p, err);

    if (rc) return rc;
    usher_buf_init(&b, p->arena, TEXT_MAX);
    put_base64url(&b, header, sizeof header - 1);
    usher_buf_put_char(&b, '.');
    put_base64url(&b, (const uint8_t *)claims.ptr, claims.len);
    if ((rc = sign(signature, p, usher_buf_view(&b), err))) return rc;
    usher_buf_put_char(&b, '.');
    put_base64url(&b, signature, sizeof signature);
    return usher_buf_take(out, &b, err);
}

static usher_status token_answer(usher_str *out, const vector_provider *p, usher_error *err)
{
    usher_json_writer w;
    usher_str token;
    usher_buf b;
    usher_status rc = id_token(&token, p, err);

    if (rc) return rc;
    usher_buf_init(&b, p->arena, TEXT_MAX);
    usher_json_write_init(&w, &b);
    usher_json_open_object(&w);
    usher_json_put_member(&w, USHER_STR("access_token"), USHER_STR("an-access-token"));
    usher_json_put_member(&w, USHER_STR("token_type"), USHER_STR("Bearer"));
    usher_json_put_member(&w, USHER_STR("id_token"), token);
    usher_json_close_object(&w);
    return usher_buf_take(out, &b, err);
}

/* ---- answers ------------------------------------------------------------------------------- */

usher_status vector_provider_answer(vector_provider *p, const usher_fetch *fetch,
                                    usher_event *event, usher_error *err)
{
    usher_str body = USHER_STR("{\"issuer\":\"" VECTOR_ISSUER
                               "\",\"authorization_endpoint\":\"" VECTOR_ISSUER "/authorize\","
                               "\"token_endpoint\":\"" VECTOR_ISSUER "/token\","
                               "\"jwks_uri\":\"" VECTOR_ISSUER "/keys\"}");
    usher_status rc = USHER_OK;

    if (usher_str_ends(fetch->url, USHER_STR("/token"))) {
        rc = usher_arena_dup(&p->token_body, p->arena, fetch->body, err);
        if (rc == USHER_OK) rc = token_answer(&body, p, err);
    } else if (usher_str_ends(fetch->url, USHER_STR("/keys"))) {
        rc = key_set(&body, p, err);
    }
    *event = (usher_event){.size = sizeof *event,
                           .kind = USHER_EVENT_FETCHED,
                           .now_ms = p->now_s * 1000,
                           .fetched_ms = p->now_s * 1000,
                           .http_status = 200,
                           .content_type = USHER_STR("application/json"),
                           .body = body};
    return rc;
}
