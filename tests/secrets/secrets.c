/* secrets - does anything that takes time depend on a secret? Run under valgrind's memcheck: keys,
 * the secrets' text and the values that ought to be in a token are marked undefined, and memcheck
 * reports every branch and every address that depends on them.
 *
 * What the protocol makes public is marked defined again, here and nowhere else, by standing
 * between the engine and libcrypto (the linker prefers a program's own functions):
 *
 *   CRYPTO_memcmp         whether two values are equal: the answer to the browser. libcrypto
 * compares A256GCM's tag with it too; one that binds its calls to itself would be reported for
 * branching on the result. EVP_DecryptUpdate     the plaintext of A256CBC-HS512: its tag has been
 * compared before EVP_DecryptFinal_ex   the plaintext of A256GCM, once that says that it is
 * authentic
 *
 * Each row runs a second time with a comparison that stops at the first difference, and then
 * memcheck must report something: a harness that is blind shows. `./dev test secrets` runs it. */
#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <valgrind/memcheck.h>

#include "base/secret.h"
#include "base/str.h"
#include "session/auth0_legacy.h"
#include "session/csrf.h"
#include "session/token.h"
#include "session/verification.h"
#include "wire/base64url.h"
#include "wire/jose/digest.h"
#include "wire/jose/hkdf.h"

#define NOW    INT64_C(1767225600)
#define MEMORY ((size_t)1 << 20)

/* ---- what a row must not get wrong --------------------------------------------------------- */

static unsigned wrong;

static void expect_at(bool true_here, const char *what, int line)
{
    if (true_here) return;
    wrong++;
    printf("# line %d: not so: %s\n", line, what);
}
#define EXPECT(x) expect_at((x), #x, __LINE__)

static void hide(const void *bytes, size_t len)
{
    (void)VALGRIND_MAKE_MEM_UNDEFINED(bytes, len);
}

static void show(const void *bytes, size_t len)
{
    (void)VALGRIND_MAKE_MEM_DEFINED(bytes, len);
}

/* Whether some bit is marked; asking is no report. */
static bool is_hidden(const void *bytes, size_t len)
{
    const uint8_t *p = bytes;
    uint8_t bits = 0;

    for (size_t i = 0; i < len && !bits; i++)
        (void)VALGRIND_GET_VBITS(p + i, &bits, 1);
    return bits != 0;
}

/* ---- between the engine and libcrypto ------------------------------------------------------ */

static bool careless;     /* compare as memcmp does */
static bool equal_before; /* what the last comparison said */
static bool making;       /* a cipher, which tries itself with a key that is no secret */
static unsigned compared; /* comparisons of something hidden */
static struct {
    unsigned char *out;
    size_t len;
} unauthenticated; /* what A256GCM has decrypted but not vouched for */

static void *next(const char *name)
{
    void *f = dlsym(RTLD_NEXT, name);

    if (f) return f;
    printf("# libcrypto has no %s\n", name);
    exit(2);
}

/* A pointer to data becomes one to a function, as POSIX allows and C does not say. */
#define NEXT(type, name)                                                                           \
    static type *name##_next;                                                                      \
    if (!name##_next) {                                                                            \
        void *found = next(#name);                                                                 \
        memcpy(&name##_next, &found, sizeof found);                                                \
    }

/* Not inlined: what a compiler knows of one side may spare it the branches. */
__attribute__((noinline)) static int first_difference(const uint8_t *a, const uint8_t *b,
                                                      size_t len)
{
    for (size_t i = 0; i < len; i++)
        if (a[i] != b[i]) return 1;
    return 0;
}

typedef int compare_function(const void *, const void *, size_t);
int CRYPTO_memcmp(const void *a, const void *b, size_t len)
{
    NEXT(compare_function, CRYPTO_memcmp)
    compared += is_hidden(a, len) || is_hidden(b, len);
    int differ = careless ? first_difference(a, b, len) : CRYPTO_memcmp_next(a, b, len);
    show(&differ, sizeof differ);
    equal_before = differ == 0;
    return differ;
}

typedef int update_function(EVP_CIPHER_CTX *, unsigned char *, int *, const unsigned char *, int);
int EVP_DecryptUpdate(EVP_CIPHER_CTX *ctx, unsigned char *out, int *out_len,
                      const unsigned char *in, int len)
{
    NEXT(update_function, EVP_DecryptUpdate)
    int ok = EVP_DecryptUpdate_next(ctx, out, out_len, in, len);
    if (!out || ok != 1) return ok;
    EXPECT(making || is_hidden(out, (size_t)*out_len)); /* else the key was not */
    if (EVP_CIPHER_CTX_get_mode(ctx) == EVP_CIPH_CBC_MODE) {
        EXPECT(equal_before);
        show(out, (size_t)*out_len);
    } else {
        unauthenticated.out = out;
        unauthenticated.len = (size_t)*out_len;
    }
    return ok;
}

typedef int final_function(EVP_CIPHER_CTX *, unsigned char *, int *);
int EVP_DecryptFinal_ex(EVP_CIPHER_CTX *ctx, unsigned char *out, int *out_len)
{
    NEXT(final_function, EVP_DecryptFinal_ex)
    int ok = EVP_DecryptFinal_ex_next(ctx, out, out_len);
    if (ok == 1 && unauthenticated.out) show(unauthenticated.out, unauthenticated.len);
    unauthenticated.out = NULL;
    return ok;
}

/* ---- a ring whose keys are hidden ---------------------------------------------------------- */

typedef struct world {
    usher_arena arena;
    usher_jwe_cipher *cipher;
    usher_keyring *ring;
} world;

static const char *const ours[] = {"the newer secret of this site, 0123456789",
                                   "the older secret of this site, 9876543210", NULL};
static const char *const older[] = {"the older secret of this site, 9876543210", NULL};
static const char *const strange[] = {"a secret of another site, 55555555555555", NULL};

static usher_secret secret_of(const char *text)
{
    union {
        const char *text;
        uint8_t *bytes;
    } u = {.text = text};

    return (usher_secret){u.bytes, strlen(text)};
}

static void world_open(world *w, const usher_profile *profile, const char *const *texts)
{
    usher_secret secrets[USHER_SECRETS_MAX];
    usher_str salts[USHER_PURPOSES] = {{0}};
    size_t count = 0;

    for (; texts[count]; count++)
        secrets[count] = secret_of(texts[count]);
    for (unsigned p = 0; p < USHER_FOR_STATE_PARAM; p++)
        salts[p] = profile->cookies[usher_profile_cookie_of((usher_purpose)p)].name;
    usher_arena_init(&w->arena, usher_allocator_default(), 1 << 14, MEMORY);
    making = true;
    w->cipher = usher_jwe_cipher_new(usher_allocator_default());
    making = false;
    if (!w->cipher || usher_keyring_new(&w->ring, usher_allocator_default(), profile, secrets,
                                        count, salts, NULL)) {
        printf("# no ring of %.*s\n", (int)profile->name.len, profile->name.ptr);
        exit(2);
    }
}

static void world_close(world *w)
{
    usher_jwe_cipher_free(w->cipher);
    usher_keyring_free(w->ring);
    usher_arena_deinit(&w->arena);
}

/* From here on everything that was made of the secrets is hidden, except a kid and the headers:
 * they stand in every cookie. */
static void world_hide(const world *w)
{
    const usher_keyring *k = w->ring;

    for (unsigned p = 0; p < USHER_PURPOSES; p++)
        for (size_t s = 0; s < k->secret_count; s++)
            for (size_t e = 0; e < 2; e++)
                hide(k->keys[p][s][e].bytes, sizeof k->keys[p][s][e].bytes);
    hide(k->signing, sizeof k->signing);
    hide(k->csrf.ptr, k->csrf.len);
}

/* A token sealed while nothing is hidden, by the key at [0][column] of a ring. */
static usher_str sealed_by(world *w, const char *const *texts, unsigned column)
{
    const usher_profile *profile = w->ring->profile;
    usher_str token = {0}, header, own;
    world other;

    world_open(&other, profile, texts);
    const usher_jwe_key *key = &other.ring->keys[USHER_FOR_SESSION][0][column];
    const usher_key_header *h = &other.ring->headers[USHER_FOR_SESSION][0];
    char gcm[200];
    header = (usher_str){h->json, h->json_len};
    if (column) {
        int len =
            snprintf(gcm, sizeof gcm, "{\"alg\":\"dir\",\"enc\":\"A256GCM\",\"kid\":\"%.*s\"}",
                     (int)key->kid_len, key->kid);
        header = (usher_str){gcm, (size_t)len};
    }
    EXPECT(usher_jwe_seal(&own, &other.arena, other.cipher, key, header,
                          USHER_STR("{\"sub\":\"1\",\"name\":\"Ann\",\"iat\":1767225600,"
                                    "\"exp\":1767225660}"),
                          usher_entropy_default(), NULL) == USHER_OK);
    EXPECT(usher_arena_dup(&token, &w->arena, own, NULL) == USHER_OK);
    world_close(&other);
    return token;
}

/* ---- rows ---------------------------------------------------------------------------------- */

static void row_equal(void)
{
    uint8_t a[64], b[64];

    for (size_t len = 1; len <= sizeof a; len++)
        for (size_t at = 0; at <= len;
             at += len > 2 ? len / 2 : 1) { /* at == len: they are equal */
            for (size_t i = 0; i < len; i++)
                a[i] = b[i] = (uint8_t)(i * 37 + 1);
            if (at < len) b[at] ^= 0x10;
            hide(a, len);
            if (len % 2) hide(b, len); /* one of the two, or both */
            EXPECT(usher_secret_equal((usher_secret){a, len}, (usher_secret){b, len}) ==
                   (at == len));
            EXPECT(usher_secret_equal_str((usher_str){(char *)a, len},
                                          (usher_str){(char *)b, len}) == (at == len));
        }
}

/* Whether one exists at all, and how long it is, anybody may see. */
static void row_equal_of_other_lengths(void)
{
    uint8_t a[32] = {0};

    hide(a, sizeof a);
    EXPECT(!usher_secret_equal((usher_secret){a, 32}, (usher_secret){a, 31}));
    EXPECT(!usher_secret_equal((usher_secret){0}, (usher_secret){a, 32}));
    EXPECT(!usher_secret_equal((usher_secret){0}, (usher_secret){0}));
}

static const usher_profile *row_profile;
static unsigned
    row_column; /* of usher_keyring.keys: 1 is A256GCM in a profile that seals otherwise */

static usher_verdict open_with(world *w, usher_str token)
{
    usher_claims claims;
    usher_verdict verdict;
    usher_cause cause;

    hide(&cause, sizeof cause); /* written by the call, or the harness is wrong */
    EXPECT(usher_token_open(&claims, &verdict, &cause, &w->arena, w->cipher, w->ring,
                            USHER_FOR_SESSION, token, NOW, NULL) == USHER_OK);
    return verdict;
}

static void row_open_good(void)
{
    world w;

    world_open(&w, row_profile, ours);
    usher_str token = sealed_by(&w, ours, row_column), aged = sealed_by(&w, older, row_column);
    world_hide(&w);
    EXPECT(open_with(&w, token) == USHER_SESSION_VALID);
    EXPECT(open_with(&w, aged) == USHER_SESSION_VALID);
    world_close(&w);
}

/* The start of a segment, from 0. */
static size_t segment_at(usher_str token, int n)
{
    size_t at = 0;

    for (; n > 0; at++)
        n -= token.ptr[at] == '.';
    return at;
}

/* A character of one segment becomes another of the alphabet: IV, ciphertext or tag. */
static void open_tampered(int segment)
{
    world w;

    world_open(&w, row_profile, ours);
    usher_str token = sealed_by(&w, ours, row_column);
    union {
        const char *view;
        char *bytes;
    } u = {.view = token.ptr};
    char *at = u.bytes + segment_at(token, segment);
    *at = *at == 'A' ? 'B' : 'A';
    world_hide(&w);
    EXPECT(open_with(&w, token) == USHER_SESSION_REJECTED);
    world_close(&w);
}

static void row_open_tampered_iv(void)
{
    open_tampered(2);
}

static void row_open_tampered_text(void)
{
    open_tampered(3);
}

static void row_open_tampered_tag(void)
{
    open_tampered(4);
}

/* With a kid no key of ours is tried on a stranger's token, so it gets the name of ours. */
static void row_open_wrong_key(void)
{
    world w;

    world_open(&w, row_profile, ours);
    usher_str mine = sealed_by(&w, ours, row_column), theirs = sealed_by(&w, strange, row_column);
    size_t head = segment_at(mine, 1), skip = segment_at(theirs, 1);
    char *token = usher_arena_get(&w.arena, head + theirs.len);
    memcpy(token, mine.ptr, head);
    memcpy(token + head, theirs.ptr + skip, theirs.len - skip);
    world_hide(&w);
    EXPECT(open_with(&w, (usher_str){token, head + theirs.len - skip}) == USHER_SESSION_REJECTED);
    world_close(&w);
}

static void row_csrf(void)
{
    usher_str token, value, read;
    world w;

    world_open(&w, row_profile, ours);
    EXPECT(usher_csrf_new(&token, &value, &w.arena, w.ring, usher_entropy_default(), NULL) ==
           USHER_OK);
    world_hide(&w);
    EXPECT(usher_csrf_read(&read, w.ring, value, NULL) == USHER_OK);
    EXPECT(usher_str_eq(read, token));
    union {
        const char *view;
        char *bytes;
    } u = {.view = value.ptr};
    u.bytes[value.len - 1] ^= 1;
    EXPECT(usher_csrf_read(&read, w.ring, value, NULL) == USHER_OK);
    EXPECT(read.len == 0);
    world_close(&w);
}

static void row_verification(void)
{
    const usher_str token =
        USHER_STR("00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff");
    char stored[USHER_VERIFICATION_HASH], hash[USHER_VERIFICATION_HASH];
    world w;

    world_open(&w, row_profile, ours);
    EXPECT(usher_verification_hash(stored, w.ring, (usher_secret){0}, token, NULL) == USHER_OK);
    world_hide(&w);
    for (int other = 0; other < 2; other++) {
        EXPECT(usher_verification_hash(hash, w.ring, (usher_secret){0},
                                       other ? USHER_STR("another token") : token,
                                       NULL) == USHER_OK);
        EXPECT(is_hidden(hash, sizeof hash));
        EXPECT(usher_secret_equal_str((usher_str){hash, sizeof hash},
                                      (usher_str){stored, sizeof stored}) == !other);
    }
    world_close(&w);
}

/* HMAC of version 3's header and name=id, made here by libcrypto for itself. */
static usher_str signed_id(char out[128], const world *w, bool good)
{
    static const char text[] = "eyJhbGciOiJIUzI1NiIsImI2NCI6ZmFsc2UsImNyaXQiOlsiYjY0Il19."
                               "appSession=00112233445566778899aabbccddeeff";
    uint8_t mac[32];
    size_t len = 0;

    EXPECT(EVP_Q_mac(NULL, "HMAC", NULL, "SHA256", NULL, w->ring->signing[1], USHER_SIGNING_KEY,
                     (const uint8_t *)text, sizeof text - 1, mac, sizeof mac, &len) != NULL);
    if (!good) mac[31] ^= 1;
    memcpy(out, "00112233445566778899aabbccddeeff.", 33);
    usher_base64url_encode(out + 33, mac, sizeof mac);
    return (usher_str){out, 33 + usher_base64url_encoded_size(sizeof mac)};
}

static void row_signed_id(void)
{
    char good[128], bad[128];
    usher_str id;
    world w;

    world_open(&w, &usher_profile_auth0_4, ours);
    usher_str accepted = signed_id(good, &w, true), refused = signed_id(bad, &w, false);
    world_hide(&w);
    EXPECT(usher_auth0_v3_signed_id(&id, w.ring, USHER_STR("appSession"), accepted, NULL) ==
           USHER_OK);
    EXPECT(id.len == 32);
    EXPECT(usher_auth0_v3_signed_id(&id, w.ring, USHER_STR("appSession"), refused, NULL) ==
           USHER_OK);
    EXPECT(id.len == 0);
    world_close(&w);
}

/* ---- rows without a comparison ------------------------------------------------------------- */

static void row_hkdf(void)
{
    uint8_t secret[40], key[64];

    memset(secret, 7, sizeof secret);
    hide(secret, sizeof secret);
    EXPECT(usher_hkdf_sha256(key, sizeof key, secret, sizeof secret, USHER_STR("salt"),
                             USHER_STR("info"), NULL) == USHER_OK);
    EXPECT(is_hidden(key, sizeof key));
}

static void row_hex(void)
{
    uint8_t bytes[256];
    char hex[512];

    for (size_t i = 0; i < sizeof bytes; i++)
        bytes[i] = (uint8_t)i;
    hide(bytes, sizeof bytes);
    usher_hex(hex, bytes, sizeof bytes);
    EXPECT(is_hidden(hex, sizeof hex));
}

static void row_csrf_new(void)
{
    usher_str token, value;
    world w;

    world_open(&w, row_profile, ours);
    world_hide(&w);
    EXPECT(usher_csrf_new(&token, &value, &w.arena, w.ring, usher_entropy_default(), NULL) ==
           USHER_OK);
    EXPECT(is_hidden(value.ptr, value.len));
    world_close(&w);
}

/* ---- running them -------------------------------------------------------------------------- */

static unsigned passed, failed;

static void verdict(const char *name, const char *suffix, bool good, unsigned reports)
{
    *(good ? &passed : &failed) += 1;
    printf("%s %u - %s%s (%u reports)\n", good ? "ok" : "not ok", passed + failed, name, suffix,
           reports);
}

/* `compares`: the row compares something hidden, and so must be caught when that is done
 * carelessly. */
static void run(const char *name, void (*row)(void), bool compares)
{
    unsigned before = VALGRIND_COUNT_ERRORS, reports;

    wrong = compared = 0;
    row();
    reports = VALGRIND_COUNT_ERRORS - before;
    verdict(name, "", reports == 0 && wrong == 0 && (compared != 0) == compares, reports);
    if (!compares) return;
    careless = true;
    wrong = 0;
    before = VALGRIND_COUNT_ERRORS;
    row();
    reports = VALGRIND_COUNT_ERRORS - before;
    verdict(name, ", compared carelessly: reported", reports != 0 && wrong == 0, reports);
    careless = false;
}

static void run_opening(const char *enc, const usher_profile *profile, unsigned column)
{
    static const struct {
        const char *name;
        void (*row)(void);
    } rows[] = {
        {"good", row_open_good},
        {"IV changed", row_open_tampered_iv},
        {"ciphertext changed", row_open_tampered_text},
        {"tag changed", row_open_tampered_tag},
        {"another key", row_open_wrong_key},
    };
    char name[100];

    row_profile = profile;
    row_column = column;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        snprintf(name, sizeof name, "open %.*s %s: %s", (int)profile->name.len, profile->name.ptr,
                 enc, rows[i].name);
        run(name, rows[i].row, true);
    }
}

/* A branch and an address that depend on what is hidden: is memcheck listening at all? */
static void row_branch(void)
{
    uint8_t a[32] = {0}, b[32] = {0};

    hide(a, sizeof a);
    int differ = first_difference(a, b, sizeof a);
    show(&differ, sizeof differ);
    EXPECT(differ == 0);
}

static void row_address(void)
{
    static const char letters[] = "0123456789abcdef";
    volatile uint8_t n = 3;
    volatile char c;

    hide((const void *)(uintptr_t)&n, sizeof n);
    c = letters[n & 15];
    (void)c;
}

static void run_planted(const char *name, void (*row)(void))
{
    unsigned before = VALGRIND_COUNT_ERRORS;

    row();
    before = VALGRIND_COUNT_ERRORS - before;
    verdict(name, ": reported", before != 0, before);
}

int main(void)
{
    if (!RUNNING_ON_VALGRIND) {
        printf("this program shows something under valgrind only: ./dev test secrets\n");
        return 2;
    }
    setvbuf(stdout, NULL, _IOLBF, 0);
    run_planted("a branch on a secret", row_branch);
    run_planted("an address made of a secret", row_address);
    run("equal or not, of 1 to 64 bytes", row_equal, true);
    run("other lengths", row_equal_of_other_lengths, false);
    run_opening("gcm", &usher_profile_nextauth_4, 0);
    run_opening("cbc", &usher_profile_authjs_5, 0);
    run_opening("gcm", &usher_profile_authjs_5, 1);
    run_opening("gcm", &usher_profile_auth0_4, 0);
    for (size_t i = 0; i < 2; i++) {
        row_profile = i ? &usher_profile_authjs_5 : &usher_profile_nextauth_4;
        run(i ? "CSRF cookie, authjs-5" : "CSRF cookie, nextauth-4", row_csrf, true);
        run(i ? "mail token, authjs-5" : "mail token, nextauth-4", row_verification, true);
        run(i ? "new CSRF cookie, authjs-5" : "new CSRF cookie, nextauth-4", row_csrf_new, false);
    }
    run("signed id of version 3", row_signed_id, true);
    run("HKDF of a secret", row_hkdf, false);
    run("hex of a digest", row_hex, false);
    printf("%u passed, %u failed\n", passed, failed);
    return failed != 0;
}
