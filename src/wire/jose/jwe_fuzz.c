/* A token as it comes with a cookie; '+' in front: a plaintext to seal and open; '!' and a
 * character: the arena's allocation of that number fails; '?': a plaintext, and each allocation of
 * libcrypto fails in turn while it is sealed and opened; 'H': a header up to the first line feed,
 * and the plaintext; 'P': a padded text, encrypted and authenticated as it stands. The keys are
 * those of the originals for the secret "secret", so their tokens (in the corpus) open. */
#include <assert.h>
#include <string.h>

#include <openssl/evp.h>

#include "base/buf.h"
#include "base/str.h"
#include "tests/kit/kit.h"
#include "wire/base64url.h"
#include "wire/jose/digest.h"
#include "wire/jose/hkdf.h"
#include "wire/jose/jwe.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define V5 "Auth.js Generated Encryption Key (authjs.session-token)"
static struct {
    usher_str salt, info;
    usher_jwe_enc enc;
    usher_jwe_key key;
} keys[] = {
    {USHER_STR_INIT(""),
     USHER_STR_INIT("NextAuth.js Generated Encryption Key"),
     USHER_A256GCM,
     {0}},
    {USHER_STR_INIT("authjs.session-token"), USHER_STR_INIT(V5), USHER_A256CBC_HS512, {0}},
    {USHER_STR_INIT("authjs.session-token"), USHER_STR_INIT(V5), USHER_A256GCM, {0}},
};
#define KEYS (sizeof keys / sizeof *keys)
static const usher_str header_json = USHER_STR_INIT("{\"alg\":\"dir\"}");
static const usher_str header_of_ours = USHER_STR_INIT("eyJhbGciOiJkaXIiLCJlbmMiOiJBMjU2R0NNIn0");
static usher_jwe_cipher *cipher; /* kept, as an exchange keeps it */

static void set_up(void)
{
    uint8_t bytes[USHER_JWE_KEY_MAX];

    kit_crypto_install();
    for (size_t i = 0; i < KEYS; i++) {
        size_t len = usher_jwe_key_size(keys[i].enc);
        usher_status rc = usher_hkdf_sha256(bytes, len, (const uint8_t *)"secret", 6, keys[i].salt,
                                            keys[i].info, NULL);
        assert(!rc);
        rc = usher_jwe_key_init(&keys[i].key, keys[i].enc, bytes, NULL);
        assert(!rc);
    }
    cipher = usher_jwe_cipher_new(usher_allocator_default());
    assert(cipher);
}

static usher_status open_token(usher_str *plain, usher_arena *a, const usher_jwe_key *key,
                               usher_str token)
{
    usher_jwe_parts parts;
    usher_status rc = usher_jwe_split(&parts, token, NULL);

    *plain = (usher_str){0};
    return rc ? rc : usher_jwe_open(plain, a, cipher, key, &parts, NULL);
}

/* The same by the quick way to split, under the header that the token had before it was changed. */
static bool opens_quickly(usher_arena *a, size_t which, usher_str header, usher_str token)
{
    usher_jwe_parts parts;
    usher_str plain;

    return usher_jwe_split_under(&parts, token, header, keys[which].enc) &&
           !usher_jwe_open(&plain, a, cipher, &keys[which].key, &parts, NULL);
}

static void check_changed(usher_arena *a, size_t which, usher_str header, usher_str token)
{
    usher_str plain;

    assert(open_token(&plain, a, &keys[which].key, token) && !plain.ptr);
    assert(!opens_quickly(a, which, header, token));
}

/* An authentic token has one spelling: with any character changed it is another, and refused. */
static void check_spelling(usher_arena *a, size_t which, usher_str token)
{
    char *copy = usher_arena_get(a, token.len);
    usher_str rest, header = usher_str_cut(token, '.', &rest), changed = {copy, token.len};
    uint64_t seed = token.len;

    if (!copy) return;
    memcpy(copy, token.ptr, token.len);
    assert(opens_quickly(a, which, header, changed) || a->failed);
    for (size_t dot = 0; dot < token.len; dot++) {
        if (token.ptr[dot] != '.') continue;
        copy[dot] = 'A';
        check_changed(a, which, header, changed);
        copy[dot] = '.';
    }
    for (int i = 0; i < 8; i++) {
        size_t at = kit_next(&seed) % token.len;
        copy[at] = copy[at] == 'A' ? 'B' : 'A';
        check_changed(a, which, header, changed);
        copy[at] = token.ptr[at];
    }
}

static bool same_parts(const usher_jwe_parts *a, const usher_jwe_parts *b)
{
    return usher_str_eq(a->header, b->header) && usher_str_eq(a->encrypted_key, b->encrypted_key) &&
           usher_str_eq(a->iv, b->iv) && usher_str_eq(a->ciphertext, b->ciphertext) &&
           usher_str_eq(a->tag, b->tag);
}

/* The quick way to split agrees with the slow one, wherever that splits and the lengths are those
 * of the key's algorithm; what it alone takes apart does not open. `slow` is NULL if there are no
 * parts. */
static void check_quick(usher_arena *a, usher_str token, usher_str header,
                        const usher_jwe_parts *slow)
{
    for (size_t i = 0; i < KEYS; i++) {
        usher_jwe_enc enc = keys[i].enc;
        usher_jwe_parts quick;
        usher_str plain;
        bool cbc = enc == USHER_A256CBC_HS512;
        bool fits = slow && !slow->encrypted_key.len && slow->iv.len == (cbc ? 22 : 16) &&
                    slow->tag.len == (cbc ? 43 : 22) && usher_str_eq(slow->header, header);

        if (!usher_jwe_split_under(&quick, token, header, enc)) {
            assert(!fits);
            continue;
        }
        assert(usher_str_eq(quick.header, header));
        if (fits)
            assert(same_parts(&quick, slow));
        else
            assert(usher_jwe_open(&plain, a, cipher, &keys[i].key, &quick, NULL) && !plain.ptr);
    }
}

static void read_token(usher_arena *a, usher_str token)
{
    usher_jwe_parts parts;
    usher_jwe_header header;
    usher_str plain, rest, own = usher_str_cut(token, '.', &rest);

    usher_status split = usher_jwe_split(&parts, token, NULL);
    check_quick(a, token, own, split ? NULL : &parts);
    check_quick(a, token, header_of_ours, split ? NULL : &parts);
    if (split) {
        assert(!parts.header.ptr);
        return;
    }
    assert(parts.header.len + parts.encrypted_key.len + parts.iv.len + parts.ciphertext.len +
               parts.tag.len + 4 ==
           token.len);
    if (!usher_jwe_read_header(&header, a, parts.header, NULL))
        assert(header.dir && header.known && usher_jwe_key_size(header.enc));
    for (size_t i = 0; i < KEYS; i++) {
        usher_status rc = usher_jwe_open(&plain, a, cipher, &keys[i].key, &parts, NULL);

        assert(!plain.ptr == (rc != USHER_OK));
        assert(plain.len <= token.len);
        if (!rc && kit_sampled((const uint8_t *)token.ptr, token.len, 4))
            check_spelling(a, i, token);
    }
}

static void seal_and_open(usher_arena *a, usher_str header, usher_str text)
{
    kit_random random = {.seed = text.len, .fail_at = SIZE_MAX};

    for (size_t i = 0; i < KEYS; i++) {
        usher_str token, plain;

        if (usher_jwe_seal(&token, a, cipher, &keys[i].key, header, text, kit_entropy(&random),
                           NULL)) {
            assert(!token.ptr);
            continue;
        }
        if (!open_token(&plain, a, &keys[i].key, token)) assert(usher_str_eq(plain, text));
        assert(open_token(&plain, a, &keys[(i + 1) % KEYS].key, token) != USHER_OK);
    }
}

/* A new cipher and key, a token, and what is in it; whatever fails, the outputs are empty. */
static usher_status round_trip(usher_arena *a, size_t which, usher_str text)
{
    kit_random random = {.seed = 1, .fail_at = SIZE_MAX};
    usher_jwe_cipher *c = usher_jwe_cipher_new(usher_allocator_default());
    usher_jwe_parts parts;
    usher_jwe_key key;
    usher_str token, plain = {0};
    usher_status rc = USHER_E_NOMEM;

    if (c && !(rc = usher_jwe_key_init(&key, keys[which].enc, keys[which].key.bytes, NULL)) &&
        !(rc = usher_jwe_seal(&token, a, c, &key, header_json, text, kit_entropy(&random), NULL)) &&
        !(rc = usher_jwe_split(&parts, token, NULL)))
        rc = usher_jwe_open(&plain, a, c, &key, &parts, NULL);
    assert(rc ? !plain.ptr : usher_str_eq(plain, text));
    usher_jwe_cipher_free(c);
    return rc;
}

static void fail_in_turn(usher_arena *a, usher_str text)
{
    for (size_t i = 0; i < KEYS; i++) {
        usher_status rc;

        kit_crypto.fail_at = 0;
        do {
            kit_crypto.calls = 0, kit_crypto.failed = false;
            rc = round_trip(a, i, text);
            assert(!rc || (kit_crypto.failed && USHER_STATUS_CLASS(rc) == USHER_CLASS_HOST));
            kit_crypto.fail_at++;
        } while (kit_crypto.failed);
        kit_crypto.fail_at = SIZE_MAX;
    }
}

/* RFC 7518 section 5.2.2.1 without its padding: whoever has the key may write any. */
static usher_str seal_padded(usher_arena *a, const usher_jwe_key *key, usher_str padded)
{
    static const uint8_t iv[16] = {1};
    uint8_t tag[USHER_DIGEST_MAX], *text = usher_arena_get(a, padded.len), al[8] = {0};
    EVP_CIPHER_CTX *ctx = EVP_CIPHER_CTX_new();
    usher_str token = {0}, header, signed_text;
    usher_buf b, mac;
    int n = 0;

    usher_buf_init(&b, a, 1 << 20);
    usher_base64url_put(&b, (const uint8_t *)header_json.ptr, header_json.len);
    header = usher_buf_view(&b);
    al[7] = (uint8_t)(header.len * 8);
    if (!text || !ctx ||
        EVP_EncryptInit_ex2(ctx, EVP_aes_256_cbc(), key->bytes + 32, iv, NULL) != 1 ||
        EVP_CIPHER_CTX_set_padding(ctx, 0) != 1 ||
        EVP_EncryptUpdate(ctx, text, &n, (const uint8_t *)padded.ptr, (int)padded.len) != 1)
        goto done;
    usher_buf_init(&mac, a, 1 << 20);
    usher_buf_put(&mac, header);
    usher_buf_put(&mac, (usher_str){(const char *)iv, sizeof iv});
    usher_buf_put(&mac, (usher_str){(const char *)text, padded.len});
    usher_buf_put(&mac, (usher_str){(const char *)al, sizeof al});
    if (usher_buf_take(&signed_text, &mac, NULL) ||
        usher_hmac(tag, USHER_SHA512, (usher_secret){(uint8_t *)(uintptr_t)key->bytes, 32},
                   signed_text, NULL))
        goto done;
    usher_buf_put_z(&b, "..");
    usher_base64url_put(&b, iv, sizeof iv);
    usher_buf_put_char(&b, '.');
    usher_base64url_put(&b, text, padded.len);
    usher_buf_put_char(&b, '.');
    usher_base64url_put(&b, tag, 32);
    (void)!usher_buf_take(&token, &b, NULL);
done:
    EVP_CIPHER_CTX_free(ctx);
    return token;
}

/* How many bytes of padding end the text: 0 if they are none. */
static size_t padding(usher_str text)
{
    size_t pad = text.len ? (unsigned char)text.ptr[text.len - 1] : 0;

    if (pad > 16) return 0;
    for (size_t i = 1; i <= pad; i++)
        if ((unsigned char)text.ptr[text.len - i] != pad) return 0;
    return pad;
}

static void open_padded(usher_arena *a, usher_str padded)
{
    usher_str token, plain;

    padded.len -= padded.len % 16;
    if (!padded.len || !(token = seal_padded(a, &keys[1].key, padded)).ptr) return;
    usher_status rc = open_token(&plain, a, &keys[1].key, token);
    if (padding(padded))
        assert(rc == USHER_E_NOMEM || plain.len == padded.len - padding(padded));
    else
        assert(rc && !plain.ptr);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    usher_str input = {(const char *)data, size};
    kit_alloc state = {.fail_at = SIZE_MAX};
    usher_allocator alloc = kit_allocator(&state);
    usher_arena a;

    if (!cipher) set_up();
    if (size > 1 && data[0] == '!') {
        state.fail_at = (size_t)data[1] % 16;
        input = usher_str_from(input, 2);
    }
    usher_arena_init(&a, &alloc, 1024, 1 << 20);
    usher_str rest = usher_str_from(input, 1), header;
    switch (input.len ? input.ptr[0] : 0) {
    case '+': seal_and_open(&a, header_json, rest); break;
    case '?':
        if (kit_sampled(data, size, 16)) fail_in_turn(&a, rest); /* dozens of new ciphers */
        break;
    case 'P': open_padded(&a, rest); break;
    case 'H':
        header = usher_str_cut(rest, '\n', &rest);
        seal_and_open(&a, header, rest);
        break;
    default: read_token(&a, input);
    }
    usher_arena_deinit(&a);
    assert(state.live == 0);
    return 0;
}
