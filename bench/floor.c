#include "bench/floor.h"

#include <stdlib.h>
#include <string.h>

#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/params.h>

#include "wire/base64url.h"
#include "wire/jose/hmac512.h"

struct floor_state {
    bool gcm, best;
    usher_hmac512 hmac;
    EVP_CIPHER_CTX *open, *seal;
    EVP_MAC_CTX *mac;
    uint8_t iv[16], tag[64], cipher[FLOOR_ROOM + 64], plain[FLOOR_ROOM + 64];
    char token[FLOOR_ROOM * 2];
};

static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
static uint8_t value_of[256];

static void fill_table(void)
{
    memset(value_of, 0xff, sizeof value_of);
    for (uint8_t i = 0; i < 64; i++)
        value_of[(uint8_t)alphabet[i]] = i;
}

/* The last two or three characters; their unused bits must be zero. */
static long decode_tail(uint8_t *out, const uint8_t *s, size_t n)
{
    if (n == 0) return 0;
    if (n == 1) return -1;
    unsigned a = value_of[s[0]], b = value_of[s[1]], c = n == 3 ? value_of[s[2]] : 0;
    if (((a | b | c) & 0x80) || (n == 2 ? b & 15 : c & 3)) return -1;
    out[0] = (uint8_t)(a << 2 | b >> 4);
    if (n == 3) out[1] = (uint8_t)(b << 4 | c >> 2);
    return (long)n - 1;
}

static long decode(uint8_t *out, usher_str in)
{
    const uint8_t *s = (const uint8_t *)in.ptr, *last = s + in.len / 4 * 4;
    uint8_t *o = out;
    unsigned bad = 0;

    for (; s < last; s += 4, o += 3) {
        unsigned a = value_of[s[0]], b = value_of[s[1]], c = value_of[s[2]], d = value_of[s[3]];
        unsigned v = a << 18 | b << 12 | c << 6 | d;
        bad |= a | b | c | d;
        o[0] = (uint8_t)(v >> 16), o[1] = (uint8_t)(v >> 8), o[2] = (uint8_t)v;
    }
    long tail = decode_tail(o, s, in.len % 4);
    return tail < 0 || (bad & 0x80) ? -1 : o - out + tail;
}

/* The engine's own is the best we have. */
static long decode_with(const floor_state *f, uint8_t *out, usher_str in)
{
    if (!f->best) return decode(out, in);
    return usher_base64url_decode(out, in, NULL) ? -1 : (long)usher_base64url_decoded_size(in.len);
}

static char *encode(char *out, const uint8_t *in, size_t n)
{
    for (; n >= 3; n -= 3, in += 3) {
        unsigned v = (unsigned)in[0] << 16 | (unsigned)in[1] << 8 | in[2];
        *out++ = alphabet[v >> 18], *out++ = alphabet[v >> 12 & 63];
        *out++ = alphabet[v >> 6 & 63], *out++ = alphabet[v & 63];
    }
    if (!n) return out;
    unsigned v = (unsigned)in[0] << 16 | (n == 2 ? (unsigned)in[1] << 8 : 0);
    *out++ = alphabet[v >> 18], *out++ = alphabet[v >> 12 & 63];
    if (n == 2) *out++ = alphabet[v >> 6 & 63];
    return out;
}

static char *encode_with(const floor_state *f, char *out, const uint8_t *in, size_t n)
{
    if (!f->best) return encode(out, in, n);
    usher_base64url_encode(out, in, n);
    return out + usher_base64url_encoded_size(n);
}

/* Five segments; the second is empty for direct encryption. */
static bool split(usher_str part[5], usher_str token)
{
    const char *p = token.ptr, *end = token.ptr + token.len;

    for (int i = 0; i < 5; i++) {
        const char *dot = i < 4 ? memchr(p, '.', (size_t)(end - p)) : end;
        if (!dot) return false;
        part[i] = (usher_str){p, (size_t)(dot - p)};
        p = dot + 1;
    }
    return part[3].len / 4 * 3 <= FLOOR_ROOM && part[2].len <= 22 && part[4].len <= 43;
}

static bool open_gcm(floor_state *f, usher_str aad, long n, int tag_len, int *out)
{
    int head = 0, tail = 0;

    return EVP_DecryptInit_ex2(f->open, NULL, NULL, f->iv, NULL) == 1 &&
           EVP_CIPHER_CTX_ctrl(f->open, EVP_CTRL_AEAD_SET_TAG, tag_len, f->tag) == 1 &&
           EVP_DecryptUpdate(f->open, NULL, &head, (const uint8_t *)aad.ptr, (int)aad.len) == 1 &&
           EVP_DecryptUpdate(f->open, f->plain, &head, f->cipher, (int)n) == 1 &&
           EVP_DecryptFinal_ex(f->open, f->plain + head, &tail) == 1 && (*out = head + tail) >= 0;
}

/* RFC 7518 section 5.2.2.1: HMAC over the header, the IV, the cipher text and the header's length
 * in bits; the first half is the tag. Restarting with a NULL key keeps the keyed state. */
static bool cbc_tag(floor_state *f, uint8_t tag[64], usher_str aad, size_t n)
{
    uint64_t bits = (uint64_t)aad.len * 8;
    uint8_t length[8];
    size_t got = 0;

    for (int i = 0; i < 8; i++)
        length[7 - i] = (uint8_t)(bits >> 8 * i);
    if (f->best) {
        const usher_str parts[] = {aad,
                                   {(const char *)f->iv, 16},
                                   {(const char *)f->cipher, n},
                                   {(const char *)length, 8}};
        return usher_hmac512_parts(tag, &f->hmac, parts, 4, NULL) == USHER_OK;
    }
    return EVP_MAC_init(f->mac, NULL, 0, NULL) == 1 &&
           EVP_MAC_update(f->mac, (const uint8_t *)aad.ptr, aad.len) == 1 &&
           EVP_MAC_update(f->mac, f->iv, 16) == 1 && EVP_MAC_update(f->mac, f->cipher, n) == 1 &&
           EVP_MAC_update(f->mac, length, 8) == 1 && EVP_MAC_final(f->mac, tag, &got, 64) == 1 &&
           got == 64;
}

static bool open_cbc(floor_state *f, usher_str aad, long n, int *out)
{
    uint8_t tag[64];
    int head = 0, tail = 0;

    return cbc_tag(f, tag, aad, (size_t)n) && CRYPTO_memcmp(tag, f->tag, 32) == 0 &&
           EVP_DecryptInit_ex2(f->open, NULL, NULL, f->iv, NULL) == 1 &&
           EVP_DecryptUpdate(f->open, f->plain, &head, f->cipher, (int)n) == 1 &&
           EVP_DecryptFinal_ex(f->open, f->plain + head, &tail) == 1 && (*out = head + tail) >= 0;
}

bool floor_open(floor_state *f, usher_str token, bool best, usher_str *plain)
{
    usher_str part[5];
    int out = 0;

    if (!split(part, token)) return false;
    f->best = best;
    long iv = decode_with(f, f->iv, part[2]), n = decode_with(f, f->cipher, part[3]),
         tag = decode_with(f, f->tag, part[4]);
    if (iv != (f->gcm ? 12 : 16) || n < 0 || tag != (f->gcm ? 16 : 32)) return false;
    if (!(f->gcm ? open_gcm(f, part[0], n, (int)tag, &out) : open_cbc(f, part[0], n, &out)))
        return false;
    *plain = (usher_str){(const char *)f->plain, (size_t)out};
    return true;
}

static bool seal_bytes(floor_state *f, usher_str aad, usher_str plain, size_t *n)
{
    int head = 0, tail = 0;

    if (EVP_EncryptInit_ex2(f->seal, NULL, NULL, f->iv, NULL) != 1) return false;
    if (f->gcm &&
        EVP_EncryptUpdate(f->seal, NULL, &head, (const uint8_t *)aad.ptr, (int)aad.len) != 1)
        return false;
    if (EVP_EncryptUpdate(f->seal, f->cipher, &head, (const uint8_t *)plain.ptr, (int)plain.len) !=
            1 ||
        EVP_EncryptFinal_ex(f->seal, f->cipher + head, &tail) != 1)
        return false;
    *n = (size_t)(head + tail);
    return f->gcm ? EVP_CIPHER_CTX_ctrl(f->seal, EVP_CTRL_AEAD_GET_TAG, 16, f->tag) == 1
                  : cbc_tag(f, f->tag, aad, *n);
}

bool floor_seal(floor_state *f, usher_str header_b64, usher_str plain, bool best, usher_str *token)
{
    char *o = f->token;
    size_t n = 0;

    if (plain.len > FLOOR_ROOM || header_b64.len > 512) return false;
    f->best = best;
    memset(f->iv, 7, sizeof f->iv);
    if (!seal_bytes(f, header_b64, plain, &n)) return false;
    memcpy(o, header_b64.ptr, header_b64.len);
    o += header_b64.len;
    *o++ = '.', *o++ = '.';
    o = encode_with(f, o, f->iv, f->gcm ? 12 : 16);
    *o++ = '.';
    o = encode_with(f, o, f->cipher, n);
    *o++ = '.';
    o = encode_with(f, o, f->tag, f->gcm ? 16 : 32);
    *token = (usher_str){f->token, (size_t)(o - f->token)};
    return true;
}

static bool make_mac(floor_state *f, const uint8_t *key)
{
    char digest[] = "SHA512";
    OSSL_PARAM params[] = {OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, digest, 0),
                           OSSL_PARAM_END};
    EVP_MAC *hmac = EVP_MAC_fetch(NULL, "HMAC", NULL);

    f->mac = hmac ? EVP_MAC_CTX_new(hmac) : NULL;
    EVP_MAC_free(hmac);
    return f->mac && EVP_MAC_init(f->mac, key, 32, params) == 1 &&
           usher_hmac512_init(&f->hmac, key, 32, NULL) == USHER_OK;
}

floor_state *floor_new(bool gcm, const uint8_t *key)
{
    floor_state *f = calloc(1, sizeof *f);
    EVP_CIPHER *cipher = EVP_CIPHER_fetch(NULL, gcm ? "AES-256-GCM" : "AES-256-CBC", NULL);
    const uint8_t *cipher_key = gcm ? key : key + 32;

    fill_table();
    if (!f || !cipher) goto fail;
    f->gcm = gcm;
    f->open = EVP_CIPHER_CTX_new();
    f->seal = EVP_CIPHER_CTX_new();
    if (!f->open || !f->seal || EVP_DecryptInit_ex2(f->open, cipher, cipher_key, NULL, NULL) != 1 ||
        EVP_EncryptInit_ex2(f->seal, cipher, cipher_key, NULL, NULL) != 1 ||
        (!gcm && !make_mac(f, key)))
        goto fail;
    EVP_CIPHER_free(cipher);
    return f;
fail:
    EVP_CIPHER_free(cipher);
    floor_free(f);
    return NULL;
}

void floor_free(floor_state *f)
{
    if (!f) return;
    EVP_CIPHER_CTX_free(f->open);
    EVP_CIPHER_CTX_free(f->seal);
    EVP_MAC_CTX_free(f->mac);
    usher_hmac512_deinit(&f->hmac);
    free(f);
}
