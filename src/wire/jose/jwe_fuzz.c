/* A token as it comes with a cookie; '+' in front: a plaintext to seal and open; '!' and a
 * character: the arena's allocation of that number fails. The keys are those of the originals for
 * the secret "secret", so their tokens (in the corpus) open. */
#include <assert.h>
#include <string.h>

#include "base/str.h"
#include "tests/kit/kit.h"
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
static usher_jwe_cipher *cipher; /* kept, as an exchange keeps it */

static void set_up(void)
{
    uint8_t bytes[USHER_JWE_KEY_MAX];

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

/* An authentic token has one spelling: with any character changed it is another, and refused. */
static void check_spelling(usher_arena *a, const usher_jwe_key *key, usher_str token)
{
    char *copy = usher_arena_get(a, token.len);
    usher_str plain;
    uint64_t seed = token.len;

    if (!copy) return;
    memcpy(copy, token.ptr, token.len);
    for (int i = 0; i < 8; i++) {
        size_t at = kit_next(&seed) % token.len;
        copy[at] = copy[at] == 'A' ? 'B' : 'A';
        usher_status rc = open_token(&plain, a, key, (usher_str){copy, token.len});
        assert(rc && !plain.ptr);
        copy[at] = token.ptr[at];
    }
}

static void read_token(usher_arena *a, usher_str token)
{
    usher_jwe_parts parts;
    usher_jwe_header header;
    usher_str plain;

    if (usher_jwe_split(&parts, token, NULL)) {
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
        if (!rc) check_spelling(a, &keys[i].key, token);
    }
}

static void seal_and_open(usher_arena *a, usher_str text)
{
    kit_random random = {.seed = text.len, .fail_at = SIZE_MAX};

    for (size_t i = 0; i < KEYS; i++) {
        usher_str token, plain;

        if (usher_jwe_seal(&token, a, cipher, &keys[i].key, USHER_STR("{\"alg\":\"dir\"}"), text,
                           kit_entropy(&random), NULL)) {
            assert(!token.ptr);
            continue;
        }
        if (!open_token(&plain, a, &keys[i].key, token)) assert(usher_str_eq(plain, text));
        assert(open_token(&plain, a, &keys[(i + 1) % KEYS].key, token) != USHER_OK);
    }
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
    if (usher_str_starts(input, USHER_STR("+")))
        seal_and_open(&a, usher_str_from(input, 1));
    else
        read_token(&a, input);
    usher_arena_deinit(&a);
    assert(state.live == 0);
    return 0;
}
