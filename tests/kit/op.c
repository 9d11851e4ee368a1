#include "tests/kit/op.h"

#include "base/str.h"

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/ecdsa.h>
#include <openssl/evp.h>

static void base64url(char *out, const uint8_t *in, size_t len)
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    size_t o = 0;

    for (size_t i = 0; i < len; i += 3) {
        uint32_t v = (uint32_t)in[i] << 16 | (i + 1 < len ? (uint32_t)in[i + 1] << 8 : 0) |
                     (i + 2 < len ? in[i + 2] : 0);
        out[o++] = digits[v >> 18];
        out[o++] = digits[v >> 12 & 63];
        if (i + 1 < len) out[o++] = digits[v >> 6 & 63];
        if (i + 2 < len) out[o++] = digits[v & 63];
    }
    out[o] = 0;
}

void kit_op_init(kit_op *op, int64_t now_s)
{
    *op = (kit_op){.kid = "k1", .now_s = now_s};
    snprintf(op->client_id, sizeof op->client_id, "client-1");
    op->key = EVP_EC_gen("P-256");
    assert_non_null(op->key);
}

void kit_op_free(kit_op *op)
{
    EVP_PKEY_free(op->key);
    free(op->body);
    *op = (kit_op){0};
}

static void point(EVP_PKEY *key, char *x, char *y)
{
    uint8_t bytes[65];
    size_t len;

    assert_int_equal(
        EVP_PKEY_get_octet_string_param(key, OSSL_PKEY_PARAM_PUB_KEY, bytes, sizeof bytes, &len),
        1);
    assert_int_equal(len, 65);
    base64url(x, bytes + 1, 32);
    base64url(y, bytes + 33, 32);
}

static void sign(EVP_PKEY *key, const char *input, char *signature_b64)
{
    uint8_t der[128], raw[64];
    size_t len = sizeof der;
    EVP_MD_CTX *md = EVP_MD_CTX_new();

    assert_int_equal(EVP_DigestSignInit(md, NULL, EVP_sha256(), NULL, key), 1);
    assert_int_equal(EVP_DigestSign(md, der, &len, (const uint8_t *)input, strlen(input)), 1);
    EVP_MD_CTX_free(md);
    const uint8_t *p = der;
    ECDSA_SIG *sig = d2i_ECDSA_SIG(NULL, &p, (long)len);
    assert_non_null(sig);
    BN_bn2binpad(ECDSA_SIG_get0_r(sig), raw, 32);
    BN_bn2binpad(ECDSA_SIG_get0_s(sig), raw + 32, 32);
    ECDSA_SIG_free(sig);
    base64url(signature_b64, raw, sizeof raw);
}

static void id_token(kit_op *op, char *out, size_t room)
{
    char claims[2048], header[256], part1[512], part2[4096], input[4700], signature[128];

    if (op->id_token_claims)
        snprintf(claims, sizeof claims, "%s", op->id_token_claims);
    else
        snprintf(claims, sizeof claims,
                 "{\"iss\":\"" KIT_ISSUER "\",\"sub\":\"user-1\",\"aud\":\"%s\",\"iat\":%lld,"
                 "\"exp\":%lld,%s%s%s\"name\":\"Ada Lovelace\",\"email\":\"ada@example.com\"}",
                 op->client_id, (long long)op->now_s, (long long)op->now_s + 300,
                 op->nonce[0] ? "\"nonce\":\"" : "", op->nonce, op->nonce[0] ? "\"," : "");
    snprintf(header, sizeof header, "{\"alg\":\"ES256\",\"kid\":\"%s\"}", op->kid);
    base64url(part1, (const uint8_t *)header, strlen(header));
    base64url(part2, (const uint8_t *)claims, strlen(claims));
    snprintf(input, sizeof input, "%s.%s", part1, part2);
    sign(op->key, input, signature);
    snprintf(out, room, "%s.%s", input, signature);
}

static char *document(kit_op *op, const usher_fetch *fetch)
{
    static const char discovery[] =
        "{\"issuer\":\"" KIT_ISSUER "\",\"authorization_endpoint\":\"" KIT_ISSUER "/auth\","
        "\"token_endpoint\":\"" KIT_ISSUER "/token\",\"jwks_uri\":\"" KIT_ISSUER "/jwks\","
        "\"userinfo_endpoint\":\"" KIT_ISSUER "/userinfo\","
        "\"code_challenge_methods_supported\":[\"S256\"]}";
    char *out = malloc(8192), token[5000], x[64], y[64];
    usher_str path = {fetch->url.ptr + sizeof KIT_ISSUER - 1,
                      fetch->url.len - (sizeof KIT_ISSUER - 1)};

    assert_non_null(out);
    if (path.len > 12 && !memcmp(path.ptr, "/.well-known", 12)) {
        snprintf(out, 8192, "%.*s%s}", (int)sizeof discovery - 2, discovery,
                 op->metadata ? op->metadata : "");
    } else if (path.len == 5 && !memcmp(path.ptr, "/jwks", 5)) {
        point(op->key, x, y);
        bool old = op->old_keys_first && op->keys_asked == 0;
        snprintf(out, 8192,
                 "{\"keys\":[{\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":\"%s\",\"y\":\"%s\","
                 "\"kid\":\"%s\",\"use\":\"sig\",\"alg\":\"ES256\"}]}",
                 x, y, old ? "old" : op->kid);
        op->keys_asked++;
    } else if (path.len == 6 && !memcmp(path.ptr, "/token", 6)) {
        id_token(op, token, sizeof token);
        snprintf(
            out, 8192,
            "{\"access_token\":\"at-1\",\"token_type\":\"Bearer\",\"expires_in\":3600%s%s%s%s}",
            op->no_id_token ? "" : ",\"id_token\":\"", op->no_id_token ? "" : token,
            op->no_id_token ? "" : "\"", op->tokens ? op->tokens : "");
    } else if (path.len == 4 && !memcmp(path.ptr, "/par", 4)) {
        snprintf(out, 8192, "{\"request_uri\":\"urn:example:r?1&2\",\"expires_in\":60}");
    } else if (path.len == 7 && !memcmp(path.ptr, "/revoke", 7)) {
        snprintf(out, 8192, "{}");
    } else if (path.len == 9 && !memcmp(path.ptr, "/userinfo", 9)) {
        snprintf(out, 8192,
                 "{\"sub\":\"user-1\",\"name\":\"Ada L.\",\"email\":\"ada@example.com\","
                 "\"picture\":\"https://img.example/ada.png\"}");
    } else {
        fail_msg("the engine asked for %.*s", (int)fetch->url.len, fetch->url.ptr);
    }
    return out;
}

void kit_op_answer(kit_op *op, const usher_fetch *fetch, usher_event *event)
{
    free(op->body);
    if (fetch->body.len)
        snprintf(op->asked, sizeof op->asked, "%.*s", (int)fetch->body.len, fetch->body.ptr);
    op->body = document(op, fetch);
    *event = (usher_event){.size = sizeof *event,
                           .kind = USHER_EVENT_FETCHED,
                           .now_ms = op->now_s * 1000,
                           .fetched_ms = op->now_s * 1000,
                           .http_status = usher_str_ends(fetch->url, USHER_STR("/par")) ? 201 : 200,
                           .content_type = USHER_STR("application/json"),
                           .body = kit_str(op->body)};
}
