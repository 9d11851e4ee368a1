#include "wire/jose/jwe.h"

#include <limits.h>
#include <stdatomic.h>
#include <string.h>

#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/params.h>

#include "base/error.h"
#include "base/secret.h"
#include "base/str.h"
#include "wire/base64url.h"
#include "wire/jose/crypto.h"
#include "wire/jose/hmac512.h"
#include "wire/json.h"

#define HALF         32 /* A256CBC-HS512: MAC key, then AES key (RFC 7518 section 5.2.5) */
#define BLOCK        16
#define TAG_MAX      32
#define DATA_MAX     (INT_MAX / 4) /* libcrypto counts in int; the arena's bound is far below */
#define HEADER_CHARS 4096
#define HEADER_B64   ((HEADER_CHARS + 2) / 3 * 4)

static const struct {
    usher_str name;
    size_t key, iv, tag;
} encs[] = {
    [USHER_A256GCM] = {USHER_STR_INIT("A256GCM"), 32, 12, 16},
    [USHER_A256CBC_HS512] = {USHER_STR_INIT("A256CBC-HS512"), 64, 16, 32},
};

size_t usher_jwe_key_size(usher_jwe_enc enc)
{
    return encs[enc].key;
}

/* The RFC 7638 thumbprint of {"k":"…","kty":"oct"}, as the originals name their keys. */
static usher_status key_name(usher_jwe_key *key, usher_error *err)
{
    usher_digest_kind kind = encs[key->enc].key == 64 ? USHER_SHA512 : USHER_SHA256;
    size_t size = encs[key->enc].key, chars = usher_base64url_encoded_size(size);
    char text[(USHER_JWE_KEY_MAX + 2) / 3 * 4];
    uint8_t digest[USHER_DIGEST_MAX];
    usher_status rc;

    usher_base64url_encode(text, key->bytes, size);
    const usher_str parts[] = {
        USHER_STR("{\"k\":\""), {text, chars}, USHER_STR("\",\"kty\":\"oct\"}")};
    if (!(rc = usher_digest_parts(digest, kind, parts, 3, err))) {
        usher_base64url_encode(key->kid, digest, usher_digest_size(kind));
        key->kid_len = usher_base64url_encoded_size(usher_digest_size(kind));
    }
    usher_wipe(text, sizeof text);
    return rc;
}

usher_status usher_jwe_key_init(usher_jwe_key *key, usher_jwe_enc enc, const uint8_t *bytes,
                                usher_error *err)
{
    static atomic_uint_fast64_t last; /* serial 0 is never given out: it marks a free slot */
    usher_status rc;

    *key = (usher_jwe_key){.serial = atomic_fetch_add(&last, 1) + 1, .enc = enc};
    memcpy(key->bytes, bytes, encs[enc].key);
    if ((rc = key_name(key, err))) {
        usher_wipe(key, sizeof *key);
        *key = (usher_jwe_key){0};
    }
    return rc;
}

usher_status usher_jwe_split(usher_jwe_parts *out, usher_str token, usher_error *err)
{
    usher_str rest, part[5];

    *out = (usher_jwe_parts){0};
    rest = token;
    for (int i = 0; i < 5; i++) {
        if (!rest.ptr)
            return usher_fail(err, USHER_E_SYNTAX, "jwe: fewer than five segments", token.len);
        part[i] = usher_str_cut(rest, '.', &rest);
    }
    if (rest.ptr)
        return usher_fail(err, USHER_E_SYNTAX, "jwe: more than five segments",
                          token.len - rest.len);
    *out = (usher_jwe_parts){part[0], part[1], part[2], part[3], part[4]};
    return USHER_OK;
}

bool usher_jwe_split_under(usher_jwe_parts *out, usher_str token, usher_str header,
                           usher_jwe_enc enc)
{
    size_t iv_len = usher_base64url_encoded_size(encs[enc].iv);
    size_t tag_len = usher_base64url_encoded_size(encs[enc].tag);
    size_t iv = header.len + 2, text = iv + iv_len + 1, tag = token.len - tag_len;

    if (token.len < text + 1 + tag_len || !usher_str_starts(token, header)) return false;
    const char *p = token.ptr;
    if (p[iv - 2] != '.' || p[iv - 1] != '.' || p[text - 1] != '.' || p[tag - 1] != '.')
        return false;
    *out = (usher_jwe_parts){.header = {p, header.len},
                             .encrypted_key = {p + iv - 1, 0},
                             .iv = {p + iv, iv_len},
                             .ciphertext = {p + text, tag - 1 - text},
                             .tag = {p + tag, tag_len}};
    return true;
}

/* Copies of claims (RFC 7519, 5.3), which would have to be held against them: nobody writes any. */
static bool repeats_claims(const usher_json_object *object)
{
    return usher_json_get(object, USHER_STR("iss")).type ||
           usher_json_get(object, USHER_STR("sub")).type ||
           usher_json_get(object, USHER_STR("aud")).type;
}

static usher_status header_members(usher_jwe_header *out, usher_arena *a,
                                   const usher_json_object *object, usher_error *err)
{
    usher_json alg = usher_json_get(object, USHER_STR("alg"));
    usher_json enc = usher_json_get(object, USHER_STR("enc"));
    usher_json kid = usher_json_get(object, USHER_STR("kid"));

    if (object->duplicates)
        return usher_fail(err, USHER_E_SYNTAX, "jwe: a header member is repeated", 0);
    if (alg.type != USHER_JSON_STRING || enc.type != USHER_JSON_STRING)
        return usher_fail(err, USHER_E_SYNTAX, "jwe: alg or enc is no string", 0);
    if (usher_json_get(object, USHER_STR("crit")).type ||
        usher_json_get(object, USHER_STR("zip")).type)
        return usher_fail(err, USHER_E_UNSUPPORTED, "jwe: crit or zip", 0);
    if (repeats_claims(object))
        return usher_fail(err, USHER_E_UNSUPPORTED, "jwe: claims in the header", 0);
    out->dir = usher_json_string_is(alg, USHER_STR("dir"));
    for (size_t i = 1; i < sizeof encs / sizeof *encs; i++)
        if (usher_json_string_is(enc, encs[i].name)) out->enc = (usher_jwe_enc)i;
    out->known = out->enc != 0;
    if (!out->dir || !out->known)
        return usher_fail(err, USHER_E_UNSUPPORTED, "jwe: alg or enc is not accepted", 0);
    return kid.type ? usher_json_string(&out->kid, a, kid, err) : USHER_OK;
}

usher_status usher_jwe_read_header(usher_jwe_header *out, usher_arena *a, usher_str header_b64,
                                   usher_error *err)
{
    usher_status rc;
    usher_jwe_header header = {0};
    usher_json_object object;
    size_t size = usher_base64url_decoded_size(header_b64.len);
    uint8_t *bytes;

    *out = header;
    if (header_b64.len == 0 || header_b64.len > HEADER_CHARS)
        return usher_fail(err, USHER_E_SYNTAX, "jwe: header empty or too long", 0);
    if (!(bytes = usher_arena_get(a, size))) return usher_arena_fail(a, err);
    if ((rc = usher_base64url_decode(bytes, header_b64, err)) ||
        (rc = usher_json_read_object(&object, a, (usher_str){(const char *)bytes, size},
                                     &usher_json_limits_document, err)) ||
        (rc = header_members(&header, a, &object, err)))
        return rc;
    *out = header;
    return USHER_OK;
}

/* ---- contexts ---- */

#define SLOTS 8

/* Keyed contexts of one key. Sealing has its own: AES-CBC needs another key schedule for it, and a
 * context that changes direction is one more thing to get wrong. */
typedef struct slot {
    uint64_t serial, used;
    EVP_CIPHER_CTX *open, *seal;
    usher_hmac512 mac;    /* A256CBC-HS512 only, and: */
    uint8_t chain[BLOCK]; /* the last block that was sealed */
} slot;

struct usher_jwe_cipher {
    const usher_allocator *alloc;
    EVP_CIPHER *gcm, *cbc;
    bool at_once; /* IV and tag may be set in one call: gcm_begin() */
    uint64_t tick;
    slot slots[SLOTS];
};

static void slot_clear(slot *s)
{
    EVP_CIPHER_CTX_free(s->open);
    EVP_CIPHER_CTX_free(s->seal);
    usher_hmac512_deinit(&s->mac);
    *s = (slot){0};
}

void usher_jwe_cipher_free(usher_jwe_cipher *c)
{
    if (!c) return;
    for (size_t i = 0; i < SLOTS; i++)
        slot_clear(&c->slots[i]);
    EVP_CIPHER_free(c->gcm);
    EVP_CIPHER_free(c->cbc);
    c->alloc->put(c->alloc->ctx, c, sizeof *c);
}

static EVP_CIPHER_CTX *cipher_ctx(const usher_jwe_cipher *c, const usher_jwe_key *key, int seal)
{
    static const uint8_t no_iv[BLOCK]; /* nobody sets another: cbc_open(), cbc_seal() */
    bool gcm = key->enc == USHER_A256GCM;
    EVP_CIPHER_CTX *ctx = EVP_CIPHER_CTX_new();

    /* Padding is ours to check: libcrypto would hold the last block back. */
    if (ctx &&
        EVP_CipherInit_ex2(ctx, gcm ? c->gcm : c->cbc, key->bytes + (gcm ? 0 : HALF),
                           gcm ? NULL : no_iv, seal, NULL) == 1 &&
        (gcm || EVP_CIPHER_CTX_set_padding(ctx, 0) == 1))
        return ctx;
    EVP_CIPHER_CTX_free(ctx);
    return NULL;
}

/* The key's slot, or the least recently used one, emptied for it. */
static slot *slot_find(usher_jwe_cipher *c, uint64_t serial)
{
    slot *oldest = c->slots;

    for (slot *s = c->slots; s < c->slots + SLOTS; s++) {
        if (s->serial == serial) return s;
        if (s->used < oldest->used) oldest = s;
    }
    slot_clear(oldest);
    oldest->serial = serial;
    return oldest;
}

static usher_status slot_get(slot **out, usher_jwe_cipher *c, const usher_jwe_key *key, bool seal,
                             usher_error *err)
{
    if (key->serial == 0) return usher_fail(err, USHER_E_USAGE, "jwe: a key nobody initialised", 0);
    slot *s = slot_find(c, key->serial);
    EVP_CIPHER_CTX **ctx = seal ? &s->seal : &s->open;
    usher_status rc;

    s->used = ++c->tick;
    if (!*ctx && !(*ctx = cipher_ctx(c, key, seal))) {
        slot_clear(s);
        return usher_crypto_fail(err, "jwe: no context for the key");
    }
    if (key->enc == USHER_A256CBC_HS512 && !s->mac.ready &&
        (rc = usher_hmac512_init(&s->mac, key->bytes, HALF, err))) {
        slot_clear(s);
        return rc;
    }
    *out = s;
    return USHER_OK;
}

/* A context in an unknown state is not used again: the next call makes new ones. */
static usher_status slot_failed(slot *s, usher_error *err, const char *what)
{
    slot_clear(s);
    return usher_crypto_fail(err, what);
}

/* ---- A256CBC-HS512 ---- */

/* HMAC-SHA-512 over header, IV, ciphertext and the header's length in bits. The IV stands in the
 * block before `text`. */
static usher_status cbc_tag(uint8_t tag[64], slot *s, usher_str header, const uint8_t *text,
                            size_t len, usher_error *err)
{
    uint64_t bits = (uint64_t)header.len * 8;
    uint8_t al[8];
    usher_status rc;

    for (int i = 0; i < 8; i++)
        al[i] = (uint8_t)(bits >> (56 - 8 * i));
    const usher_str parts[] = {{(const char *)text - BLOCK, BLOCK + len},
                               {(const char *)al, sizeof al}};
    if ((rc = usher_hmac512_begun(tag, &s->mac, header, parts, 2, err))) slot_clear(s);
    return rc;
}

/* Called on authentic text only, so how it fails tells an attacker nothing. */
static usher_status unpad(size_t *len, const uint8_t *text, usher_error *err)
{
    size_t pad = text[*len - 1];

    if (pad == 0 || pad > BLOCK)
        return usher_fail(err, USHER_E_SYNTAX, "jwe: authentic, but badly padded", *len);
    for (size_t i = 1; i <= pad; i++)
        if (text[*len - i] != pad)
            return usher_fail(err, USHER_E_SYNTAX, "jwe: authentic, but badly padded", *len);
    *len -= pad;
    return USHER_OK;
}

/* There is room for a block before `text`, for the IV: each block is undone with the one before it,
 * so an IV that goes first as if it were ciphertext needs no setting, which costs as much as
 * decrypting half a kilobyte. What becomes of it is of no use to anyone. */
static usher_status cbc_open(uint8_t *text, size_t *len, slot *s, usher_str header,
                             const uint8_t *iv, const uint8_t *tag, usher_error *err)
{
    usher_status rc;
    uint8_t want[64];
    int n = 0;

    if (*len == 0 || *len % BLOCK)
        return usher_fail(err, USHER_E_SYNTAX, "jwe: ciphertext is not whole blocks", *len);
    memcpy(text - BLOCK, iv, BLOCK);
    if ((rc = cbc_tag(want, s, header, text, *len, err))) return rc;
    bool same = CRYPTO_memcmp(want, tag, 32) == 0;
    usher_wipe(want, sizeof want); /* the tag that would have been right */
    if (!same) return usher_fail(err, USHER_E_FORGED, "jwe: does not authenticate", 0);
    if (EVP_DecryptUpdate(s->open, text - BLOCK, &n, text - BLOCK, (int)(*len + BLOCK)) != 1 ||
        (size_t)n != *len + BLOCK)
        return slot_failed(s, err, "jwe: decryption failed");
    return unpad(len, text, err);
}

/* A context adds the last block it made to the next one. So the IV needs no setting here either: it
 * is added together with that block, which takes the latter away again. */
static usher_status cbc_seal(uint8_t *text, size_t *len, uint8_t *tag, slot *s, usher_str header,
                             const uint8_t *iv, usher_str plain, usher_error *err)
{
    usher_status rc;
    uint8_t full[64];
    size_t pad = BLOCK - plain.len % BLOCK;
    int n = 0;

    if (plain.len) memcpy(text, plain.ptr, plain.len);
    memset(text + plain.len, (int)pad, pad);
    *len = plain.len + pad;
    for (size_t i = 0; i < BLOCK; i++)
        text[i] ^= iv[i] ^ s->chain[i];
    if (EVP_EncryptUpdate(s->seal, text, &n, text, (int)*len) != 1 || (size_t)n != *len)
        return slot_failed(s, err, "jwe: encryption failed");
    memcpy(s->chain, text + *len - BLOCK, BLOCK);
    memcpy(text - BLOCK, iv, BLOCK);
    if (!(rc = cbc_tag(full, s, header, text, *len, err))) memcpy(tag, full, 32);
    return rc;
}

/* ---- A256GCM ---- */

/* What a cipher may be told is looked for by name, each among all: setting the IV and then the tag
 * costs as much as decrypting half a kilobyte. The IV may also be set as TLS does (a length of -1
 * says that it is all of it, as for EVP_CTRL_AEAD_SET_IV_FIXED), which asks for less, and the tag
 * in the same call. Documents do not promise that this is all it does, so works_at_once() tries it
 * before it is used. */
#define WHOLE_IV SIZE_MAX

static bool gcm_begin_open(EVP_CIPHER_CTX *ctx, bool at_once, uint8_t *iv, uint8_t *tag)
{
    const OSSL_PARAM params[] = {
        OSSL_PARAM_octet_string(OSSL_CIPHER_PARAM_AEAD_TAG, tag, BLOCK),
        OSSL_PARAM_octet_string(OSSL_CIPHER_PARAM_AEAD_TLS1_IV_FIXED, iv, WHOLE_IV),
        OSSL_PARAM_END,
    };

    if (at_once) return EVP_CIPHER_CTX_set_params(ctx, params) == 1;
    return EVP_DecryptInit_ex2(ctx, NULL, NULL, iv, NULL) == 1 &&
           EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_AEAD_SET_TAG, BLOCK, tag) == 1;
}

static bool gcm_begin_seal(EVP_CIPHER_CTX *ctx, bool at_once, uint8_t *iv)
{
    const OSSL_PARAM params[] = {
        OSSL_PARAM_octet_string(OSSL_CIPHER_PARAM_AEAD_TLS1_IV_FIXED, iv, WHOLE_IV),
        OSSL_PARAM_END,
    };

    if (at_once) return EVP_CIPHER_CTX_set_params(ctx, params) == 1;
    return EVP_EncryptInit_ex2(ctx, NULL, NULL, iv, NULL) == 1;
}

static bool gcm_tag(EVP_CIPHER_CTX *ctx, uint8_t *tag)
{
    OSSL_PARAM params[] = {OSSL_PARAM_octet_string(OSSL_CIPHER_PARAM_AEAD_TAG, tag, BLOCK),
                           OSSL_PARAM_END};

    return EVP_CIPHER_CTX_get_params(ctx, params) == 1 && OSSL_PARAM_modified(params);
}

static usher_status gcm_open(uint8_t *text, size_t *len, slot *s, bool at_once, usher_str header,
                             uint8_t *iv, uint8_t *tag, usher_error *err)
{
    int n = 0;

    if (!gcm_begin_open(s->open, at_once, iv, tag) ||
        EVP_DecryptUpdate(s->open, NULL, &n, (const uint8_t *)header.ptr, (int)header.len) != 1 ||
        EVP_DecryptUpdate(s->open, text, &n, text, (int)*len) != 1 || (size_t)n != *len)
        return slot_failed(s, err, "jwe: decryption failed");
    if (EVP_DecryptFinal_ex(s->open, text + *len, &n) != 1)
        return usher_fail(err, USHER_E_FORGED, "jwe: does not authenticate", 0);
    return USHER_OK;
}

static usher_status gcm_seal(uint8_t *text, size_t *len, uint8_t *tag, slot *s, bool at_once,
                             usher_str header, uint8_t *iv, usher_str plain, usher_error *err)
{
    const uint8_t *from = (const uint8_t *)(plain.ptr ? plain.ptr : "");
    int n = 0;

    *len = plain.len;
    if (!gcm_begin_seal(s->seal, at_once, iv) ||
        EVP_EncryptUpdate(s->seal, NULL, &n, (const uint8_t *)header.ptr, (int)header.len) != 1 ||
        EVP_EncryptUpdate(s->seal, text, &n, from, (int)plain.len) != 1 || (size_t)n != *len ||
        EVP_EncryptFinal_ex(s->seal, text + *len, &n) != 1 || !gcm_tag(s->seal, tag))
        return slot_failed(s, err, "jwe: encryption failed");
    return USHER_OK;
}

static usher_str bytes_of(const uint8_t *bytes, size_t len)
{
    return (usher_str){(const char *)bytes, len};
}

/* One round of works_at_once(): the same text and tag as the documented way makes, read by both,
 * and a forged tag by none. */
static bool agrees_at_once(slot *s, uint8_t iv[BLOCK])
{
    const usher_str header = USHER_STR("header"), plain = USHER_STR("more than one block of text");
    struct {
        uint8_t text[32], tag[BLOCK];
        size_t len;
    } made[2]; /* the documented way, at once */

    for (int way = 0; way < 2; way++)
        if (gcm_seal(made[way].text, &made[way].len, made[way].tag, s, way, header, iv, plain,
                     NULL))
            return false;
    if (!usher_str_eq(bytes_of(made[0].text, made[0].len), bytes_of(made[1].text, made[1].len)) ||
        !usher_str_eq(bytes_of(made[0].tag, BLOCK), bytes_of(made[1].tag, BLOCK)))
        return false;
    for (int way = 0; way < 2; way++)
        if (gcm_open(made[way].text, &made[way].len, s, way, header, iv, made[way].tag, NULL) ||
            !usher_str_eq(bytes_of(made[way].text, made[way].len), plain))
            return false;
    made[1].tag[iv[0]] ^= 1;
    return gcm_open(made[1].text, &made[1].len, s, true, header, iv, made[1].tag, NULL) ==
           USHER_E_FORGED;
}

/* With a key of zeroes, and more than once, since contexts are kept. */
static bool works_at_once(const usher_jwe_cipher *c)
{
    const usher_jwe_key key = {.enc = USHER_A256GCM};
    slot s = {.open = cipher_ctx(c, &key, 0), .seal = cipher_ctx(c, &key, 1)};
    bool works = s.open && s.seal;

    for (uint8_t n = 1; n <= 2 && works; n++)
        works = agrees_at_once(&s, (uint8_t[BLOCK]){n, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12});
    slot_clear(&s);
    return works;
}

usher_jwe_cipher *usher_jwe_cipher_new(const usher_allocator *alloc)
{
    usher_jwe_cipher *c = alloc->get(alloc->ctx, sizeof *c);

    if (!c) return NULL;
    *c = (usher_jwe_cipher){.alloc = alloc};
    if ((c->gcm = EVP_CIPHER_fetch(NULL, "AES-256-GCM", NULL)) &&
        (c->cbc = EVP_CIPHER_fetch(NULL, "AES-256-CBC", NULL))) {
        if (!(c->at_once = works_at_once(c))) (void)usher_crypto_fail(NULL, "jwe: one by one");
        return c;
    }
    (void)usher_crypto_fail(NULL, "jwe: an algorithm cannot be fetched"); /* empties the queue */
    usher_jwe_cipher_free(c);
    return NULL;
}

/* ---- open and seal ---- */

static usher_status decode_exactly(uint8_t *out, size_t size, usher_str text, usher_error *err)
{
    if (text.len != usher_base64url_encoded_size(size))
        return usher_fail(err, USHER_E_SYNTAX, "jwe: IV or tag of another size", 0);
    return usher_base64url_decode(out, text, err);
}

/* What can be refused before any memory is taken. */
static usher_status decode_small(uint8_t *iv, uint8_t *tag, usher_jwe_enc enc,
                                 const usher_jwe_parts *parts, usher_error *err)
{
    usher_status rc;

    if (parts->header.len == 0 || parts->encrypted_key.len)
        return usher_fail(err, USHER_E_SYNTAX, "jwe: no header, or an encrypted key", 0);
    if (parts->header.len > DATA_MAX || parts->ciphertext.len > DATA_MAX)
        return usher_fail(err, USHER_E_LIMIT, "jwe: too long", parts->ciphertext.len);
    if ((rc = decode_exactly(iv, encs[enc].iv, parts->iv, err))) return rc;
    return decode_exactly(tag, encs[enc].tag, parts->tag, err);
}

usher_status usher_jwe_open(usher_str *plain, usher_arena *a, usher_jwe_cipher *c,
                            const usher_jwe_key *key, const usher_jwe_parts *parts,
                            usher_error *err)
{
    usher_status rc;
    uint8_t iv[BLOCK], tag[TAG_MAX], *room, *text;
    size_t size = usher_base64url_decoded_size(parts->ciphertext.len), len = size;
    slot *s;

    *plain = (usher_str){0};
    if ((rc = decode_small(iv, tag, key->enc, parts, err)) ||
        (rc = slot_get(&s, c, key, false, err)))
        return rc;
    if (!(room = usher_arena_get(a, BLOCK + size))) return usher_arena_fail(a, err);
    text = room + BLOCK;
    if (!(rc = usher_base64url_decode(text, parts->ciphertext, err)))
        rc = key->enc == USHER_A256GCM
                 ? gcm_open(text, &len, s, c->at_once, parts->header, iv, tag, err)
                 : cbc_open(text, &len, s, parts->header, iv, tag, err);
    if (rc) {
        usher_wipe(text, size); /* GCM has already written what it could not vouch for */
        usher_arena_trim(a, room, BLOCK + size, 0);
        return rc;
    }
    *plain = (usher_str){(const char *)text, len};
    return USHER_OK;
}

/* Segments of known sizes after each other, with dots between. */
static char *put_segment(char *at, const uint8_t *bytes, size_t size)
{
    *at++ = '.';
    usher_base64url_encode(at, bytes, size);
    return at + usher_base64url_encoded_size(size);
}

static usher_status seal_text(uint8_t *text, size_t *len, uint8_t *iv, uint8_t *tag,
                              usher_jwe_cipher *c, const usher_jwe_key *key, usher_str header,
                              usher_str plain, usher_entropy entropy, usher_error *err)
{
    usher_status rc;
    slot *s;

    if (!entropy.fill(entropy.ctx, iv, encs[key->enc].iv))
        return usher_fail(err, USHER_E_CRYPTO, "jwe: no entropy for the IV", 0);
    if ((rc = slot_get(&s, c, key, true, err))) return rc;
    return key->enc == USHER_A256GCM
               ? gcm_seal(text, len, tag, s, c->at_once, header, iv, plain, err)
               : cbc_seal(text, len, tag, s, header, iv, plain, err);
}

usher_status usher_jwe_seal_under(usher_str *token, usher_arena *a, usher_jwe_cipher *c,
                                  const usher_jwe_key *key, usher_str header_b64, usher_str plain,
                                  usher_entropy entropy, usher_error *err)
{
    usher_status rc;
    size_t len = 0, text_max = plain.len + BLOCK;
    size_t iv_size = encs[key->enc].iv, tag_size = encs[key->enc].tag;
    uint8_t iv[BLOCK], tag[TAG_MAX];

    *token = (usher_str){0};
    if (header_b64.len == 0)
        return usher_fail(err, USHER_E_USAGE, "jwe: no header to seal with", 0);
    if (plain.len > DATA_MAX || header_b64.len > HEADER_B64)
        return usher_fail(err, USHER_E_LIMIT, "jwe: too long to seal", plain.len);
    size_t size = header_b64.len + 4 + usher_base64url_encoded_size(text_max) +
                  usher_base64url_encoded_size(iv_size) + usher_base64url_encoded_size(tag_size);
    char *out = usher_arena_get(a, size), *end;
    uint8_t *room = out ? usher_arena_get(a, BLOCK + text_max) : NULL, *text;
    if (!room) return usher_arena_fail(a, err);
    text = room + BLOCK; /* for the IV, as in opening */

    memcpy(out, header_b64.ptr, header_b64.len);
    end = out + header_b64.len;
    rc = seal_text(text, &len, iv, tag, c, key, header_b64, plain, entropy, err);
    if (!rc) {
        *end++ = '.'; /* no encrypted key */
        end = put_segment(end, iv, iv_size);
        end = put_segment(end, text, len);
        end = put_segment(end, tag, tag_size);
        *token = (usher_str){out, (size_t)(end - out)};
    }
    /* On a failure it may still be plaintext; otherwise it is what everybody gets to see. */
    if (rc) usher_wipe(text, text_max);
    usher_arena_untouched(a, room, BLOCK + text_max, 0);
    usher_arena_untouched(a, out, size, token->len);
    return rc;
}

usher_status usher_jwe_seal(usher_str *token, usher_arena *a, usher_jwe_cipher *c,
                            const usher_jwe_key *key, usher_str header_json, usher_str plain,
                            usher_entropy entropy, usher_error *err)
{
    char header[HEADER_B64];

    *token = (usher_str){0};
    if (header_json.len > HEADER_CHARS)
        return usher_fail(err, USHER_E_LIMIT, "jwe: too long to seal", header_json.len);
    usher_base64url_encode(header, (const uint8_t *)header_json.ptr, header_json.len);
    return usher_jwe_seal_under(token, a, c, key,
                                (usher_str){header, usher_base64url_encoded_size(header_json.len)},
                                plain, entropy, err);
}
