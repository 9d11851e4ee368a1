#include "tests/kit/kit.h"

#include <limits.h>

#include <openssl/core_names.h>
#include <openssl/evp.h>

#include "base/str.h"
#include "wire/base64url.h"
#include "wire/jose/hkdf.h"
#include "wire/jose/hmac512.h"
#include "wire/jose/jwe.h"

static usher_arena arena;
static usher_jwe_cipher *cipher;

static int set_up(void **state)
{
    (void)state;
    usher_arena_init(&arena, usher_allocator_default(), 8192, 1 << 20);
    cipher = usher_jwe_cipher_new(usher_allocator_default());
    return cipher ? 0 : -1;
}

static int tear_down(void **state)
{
    (void)state;
    usher_jwe_cipher_free(cipher);
    usher_arena_deinit(&arena);
    return 0;
}

static usher_jwe_key sample_key(usher_jwe_enc enc, uint8_t seed)
{
    uint8_t bytes[USHER_JWE_KEY_MAX];
    usher_jwe_key key;

    for (size_t i = 0; i < sizeof bytes; i++)
        bytes[i] = (uint8_t)(seed + i * 7);
    assert_ok(usher_jwe_key_init(&key, enc, bytes, NULL));
    return key;
}

static usher_status open_token(usher_str *plain, const usher_jwe_key *key, usher_str token)
{
    usher_jwe_parts parts;
    usher_status rc = usher_jwe_split(&parts, token, NULL);

    *plain = (usher_str){0};
    return rc ? rc : usher_jwe_open(plain, &arena, cipher, key, &parts, NULL);
}

static usher_str seal(const usher_jwe_key *key, usher_str plain)
{
    kit_random random = {.seed = 7, .fail_at = SIZE_MAX};
    usher_str header = key->enc == USHER_A256GCM
                           ? USHER_STR("{\"alg\":\"dir\",\"enc\":\"A256GCM\"}")
                           : USHER_STR("{\"alg\":\"dir\",\"enc\":\"A256CBC-HS512\"}");
    usher_str token;

    assert_ok(
        usher_jwe_seal(&token, &arena, cipher, key, header, plain, kit_entropy(&random), NULL));
    return token;
}

static const usher_jwe_enc both[] = {USHER_A256GCM, USHER_A256CBC_HS512};

/* ---- tokens of the original packages, made with the secret "secret" ---- */

static const char v4_session[] =
    "eyJhbGciOiJkaXIiLCJlbmMiOiJBMjU2R0NNIn0..oMZR1YBiQpNj8iww.vbnZ5nBdn0nMKYCXNW0_SAPbgFpHO0"
    "EOijaGQz1gAPSD0afkpY4pHYn58LBZjn6dZkx0fPGeSwrRAxnwWdHPvNq0NOW_a0fXnYlQmCn0HiDp4GMLniiiL5"
    "RiKwY30UO3GEaOoJzUjV7d_H2tPJE59fqtPq760eTfmnXAouIJZa0zsIjtevZZTUcy0tEzO_nld908JNOtZDACfe"
    "9tfGCQcg53DQ.ZvrpCGvAAnmnoNbtk5RLtA";
static const char v4_state[] =
    "eyJhbGciOiJkaXIiLCJlbmMiOiJBMjU2R0NNIn0..9R_zytAEzInOuqca.EYLLj48LrwLdqcEV1v70rjmoXCmz_e"
    "8klnDA8UMOgCf_VjblASj7aIYdrzHdApEZhMni079ctNql047HDKaynK7h-h6UWv8wLniqiBvhB-Jrj2yv2oYY96"
    "KHmcd4cbWW5wUj7Pt-eZCQvDZQ6kDA2qyRm023XK4Dy3bymwwHvwCD2dCHpWRODkAxvkV39__D0C_NpRJwyacHcg"
    ".WhQh9WxGE7MPgMM3BXWZYA";
static const char v4_expired[] =
    "eyJhbGciOiJkaXIiLCJlbmMiOiJBMjU2R0NNIn0..u5oxoYHfE8S0Mh9y.sihHcKUACOVccoOk7iaQvbXfaaqelR"
    "Twjy7npZaBCOTmB-UG49IgUgms5Lc2CjciULRVaGSGUvJQCUi3M42PfO4aE8nYp8CRs1dtLKl0EcvBMJhTolO481"
    "H2Cw.sFodqe5YMOyAOMOHIVfpZg";
static const char v5_session[] =
    "eyJhbGciOiJkaXIiLCJlbmMiOiJBMjU2Q0JDLUhTNTEyIiwia2lkIjoiN3g5RFVNVmFFVTZnaWFiMGwwT1dEdDRl"
    "NFNzUkhfY2J3TW9mMkV6RXl5Nm9uSzVvOHhTUFBCNzk5UlZvcW0ydjZ6Njc0a1FDdjlqb20yVDhTLWExZFEifQ.."
    "c2HuEl--SandAlZIm1Qd0Q.SfbPlJCT65RBlVIY5-6wXO9-hVZcQ1g4eflMgsV3IKUL2bpZ2Am3aH97OdIlrO_4j"
    "v8mYeOXqMkNtofxVaPSrnEm6r6BABgZmbbwKEmK0nnqfpihB98nWkNwukNiD0lmmKAhgR1ngMHHfU8KuHoDKb7cR"
    "eslN1jFhEm4hHO7x2ls-CD3y-YHO4qGQLSYBobIK0WKmiOokcfRkuloGMVtEA.BVi0kl-_RelORkyqNBNnrIkg5l"
    "iWtOmlDSz5m1xpusM";
static const char v5_gcm[] =
    "eyJhbGciOiJkaXIiLCJlbmMiOiJBMjU2R0NNIn0..a-YXPurbFf0sO2Xo.iewEm5540suc4udFBw5ZhBK70aqOpf"
    "te1n9xNKZR6W81ZdYPW6PO3NnbXqNmGg.hirFN-ZhBYEOKtx2ryZxtg";
static const char v5_state[] =
    "eyJhbGciOiJkaXIiLCJlbmMiOiJBMjU2Q0JDLUhTNTEyIiwia2lkIjoiemUxckdNUEdWRHViY1hEblhvOE5rZElx"
    "ZUR5dVNTRzNtSTVnUlBneFJpUmxnRHU5TU1qcnBLdzQtcE5vbWdjVHFpUVpsaXRoMWRDeXNSNnVWUGZLZmcifQ.."
    "5e-irXJJdHS7iQJ9OeYl3w.IFZC5ItrISmZ-3IshXQZpFHVhatCu5qObV8hOPlZEGpawIQOI5Movzp9Wp4bPOhH1"
    "q3hGcWXYxSzg0hxWwgFcJmCnEYVK_Q0HhP9_DUiCcNSgajw7LRzXtvEbeFfB59K6hfHOt9pA5oIlmW5EBGdjg.ot"
    "89EursZOhNIbS3223c8tgsPbBBc4rnvaeMiqwwXac";

#define V4 "NextAuth.js Generated Encryption Key"
#define V5 "Auth.js Generated Encryption Key (authjs.session-token)"
static const struct {
    const char *token, *salt, *info;
    usher_jwe_enc enc;
    const char *begins, *kid; /* of the plaintext; of the key */
} originals[] = {
    {v4_session, "", V4, USHER_A256GCM,
     "{\"name\":\"Ann \xc3\xa9\",\"email\":\"ann@example.com\",\"picture\":null,", NULL},
    {v4_state, "next-auth.state", V4 " (next-auth.state)", USHER_A256GCM,
     "{\"value\":\"Eoh0VmhRDVjje0Gt2VuNojtf03mLzYkWpeGL_GmIaPM\",\"provider\":\"github\",", NULL},
    {v4_expired, "", V4, USHER_A256GCM, "{\"sub\":\"42\",", NULL},
    {v5_session, "authjs.session-token", V5, USHER_A256CBC_HS512, "{\"name\":\"Ann \xc3\xa9\",",
     "7x9DUMVaEU6giab0l0OWDt4e4SsRH_cbwMof2EzEyy6onK5o8xSPPB799RVoqm2v6z674kQCv9jom2T8S-a1dQ"},
    {v5_gcm, "authjs.session-token", V5, USHER_A256GCM, "{\"sub\":\"42\",",
     "tgdt-VLOTRviBTc4vwSS-WjOhg14Bq0M6tGDvSzfdgs"},
    {v5_state, "encodedState", "Auth.js Generated Encryption Key (encodedState)",
     USHER_A256CBC_HS512, "{\"random\":\"r4nd0m\",",
     "ze1rGMPGVDubcXDnXo8NkdIqeDyuSSG3mI5gRPgxRiRlgDu9MMjrpKw4-pNomgcTqiQZlith1dCysR6uVPfKfg"},
};
#undef V4
#undef V5

static usher_jwe_key original_key(size_t i)
{
    uint8_t bytes[USHER_JWE_KEY_MAX];
    usher_jwe_key key;

    assert_ok(usher_hkdf_sha256(bytes, usher_jwe_key_size(originals[i].enc),
                                (const uint8_t *)"secret", 6, kit_str(originals[i].salt),
                                kit_str(originals[i].info), NULL));
    assert_ok(usher_jwe_key_init(&key, originals[i].enc, bytes, NULL));
    return key;
}

static void test_tokens_of_the_originals(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof originals / sizeof *originals; i++) {
        usher_jwe_key key = original_key(i);
        usher_jwe_parts parts;
        usher_jwe_header header;
        usher_str plain;

        assert_ok(usher_jwe_split(&parts, kit_str(originals[i].token), NULL));
        assert_ok(usher_jwe_read_header(&header, &arena, parts.header, NULL));
        assert_true(header.dir && header.known);
        assert_int_equal(header.enc, originals[i].enc);
        assert_ok(usher_jwe_open(&plain, &arena, cipher, &key, &parts, NULL));
        assert_true(usher_str_starts(plain, kit_str(originals[i].begins)));
        assert_true(usher_str_ends(plain, USHER_STR("}")));
        if (originals[i].kid) assert_str(((usher_str){key.kid, key.kid_len}), originals[i].kid);
        if (header.kid.ptr) assert_str(header.kid, originals[i].kid);
        assert_true(!header.kid.ptr == (i != 3 && i != 5));
    }
}

static void test_another_key_opens_nothing(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof originals / sizeof *originals; i++)
        for (size_t k = 0; k < sizeof originals / sizeof *originals; k++) {
            usher_jwe_key key = original_key(k);
            usher_str plain;
            usher_status rc = open_token(&plain, &key, kit_str(originals[i].token));
            bool same = strcmp(originals[i].info, originals[k].info) == 0 &&
                        originals[i].enc == originals[k].enc;

            if (same)
                assert_ok(rc);
            else if (originals[i].enc == originals[k].enc)
                assert_int_equal(rc, USHER_E_FORGED);
            else /* IV and tag have another size */
                assert_int_equal(rc, USHER_E_SYNTAX);
            assert_true(same == (plain.ptr != NULL));
        }
}

/* ---- examples of the RFCs ---- */

static usher_str b64(const void *bytes, size_t len)
{
    char *p = usher_arena_get(&arena, usher_base64url_encoded_size(len));

    assert_non_null(p);
    usher_base64url_encode(p, bytes, len);
    return (usher_str){p, usher_base64url_encoded_size(len)};
}

/* RFC 7516 appendix A.1: the content part, with the content key that is wrapped there. */
static void test_rfc_7516_a1(void **state)
{
    static const uint8_t bytes[] = {177, 161, 244, 128, 84,  143, 225, 115, 63, 180, 3,
                                    255, 107, 154, 212, 246, 138, 7,   110, 91, 112, 46,
                                    34,  105, 47,  130, 203, 46,  122, 234, 64, 252};
    const usher_jwe_parts parts = {
        USHER_STR("eyJhbGciOiJSU0EtT0FFUCIsImVuYyI6IkEyNTZHQ00ifQ"), USHER_STR(""),
        USHER_STR("48V1_ALb6US04U3b"),
        USHER_STR(
            "5eym8TW_c8SuK0ltJ3rpYIzOeDQz7TALvtu6UG9oMo4vpzs9tX_EFShS8iB7j6jiSdiwkIr3ajwQzaBtQD_A"),
        USHER_STR("XFBoMYUZodetZdvTiFvSkQ")};
    usher_jwe_header header;
    usher_jwe_key key;
    usher_str plain;

    (void)state;
    assert_ok(usher_jwe_key_init(&key, USHER_A256GCM, bytes, NULL));
    assert_ok(usher_jwe_open(&plain, &arena, cipher, &key, &parts, NULL));
    assert_str(plain, "The true sign of intelligence is not knowledge but imagination.");
    /* but its header is not one that we accept */
    assert_int_equal(usher_jwe_read_header(&header, &arena, parts.header, NULL),
                     USHER_E_UNSUPPORTED);
}

/* RFC 7518 appendix B.3. Its associated data is text, which is all the same to the cipher. */
static void test_rfc_7518_b3(void **state)
{
    static const uint8_t iv[] = {0x1a, 0xf3, 0x8c, 0x2d, 0xc2, 0xb9, 0x6f, 0xfd,
                                 0xd8, 0x66, 0x94, 0x09, 0x23, 0x41, 0xbc, 0x04};
    static const uint8_t text[] = {
        0x4a, 0xff, 0xaa, 0xad, 0xb7, 0x8c, 0x31, 0xc5, 0xda, 0x4b, 0x1b, 0x59, 0x0d, 0x10, 0xff,
        0xbd, 0x3d, 0xd8, 0xd5, 0xd3, 0x02, 0x42, 0x35, 0x26, 0x91, 0x2d, 0xa0, 0x37, 0xec, 0xbc,
        0xc7, 0xbd, 0x82, 0x2c, 0x30, 0x1d, 0xd6, 0x7c, 0x37, 0x3b, 0xcc, 0xb5, 0x84, 0xad, 0x3e,
        0x92, 0x79, 0xc2, 0xe6, 0xd1, 0x2a, 0x13, 0x74, 0xb7, 0x7f, 0x07, 0x75, 0x53, 0xdf, 0x82,
        0x94, 0x10, 0x44, 0x6b, 0x36, 0xeb, 0xd9, 0x70, 0x66, 0x29, 0x6a, 0xe6, 0x42, 0x7e, 0xa7,
        0x5c, 0x2e, 0x08, 0x46, 0xa1, 0x1a, 0x09, 0xcc, 0xf5, 0x37, 0x0d, 0xc8, 0x0b, 0xfe, 0xcb,
        0xad, 0x28, 0xc7, 0x3f, 0x09, 0xb3, 0xa3, 0xb7, 0x5e, 0x66, 0x2a, 0x25, 0x94, 0x41, 0x0a,
        0xe4, 0x96, 0xb2, 0xe2, 0xe6, 0x60, 0x9e, 0x31, 0xe6, 0xe0, 0x2c, 0xc8, 0x37, 0xf0, 0x53,
        0xd2, 0x1f, 0x37, 0xff, 0x4f, 0x51, 0x95, 0x0b, 0xbe, 0x26, 0x38, 0xd0, 0x9d, 0xd7, 0xa4,
        0x93, 0x09, 0x30, 0x80, 0x6d, 0x07, 0x03, 0xb1, 0xf6};
    static const uint8_t tag[] = {0x4d, 0xd3, 0xb4, 0xc0, 0x88, 0xa7, 0xf4, 0x5c, 0x21, 0x68, 0x39,
                                  0x64, 0x5b, 0x20, 0x12, 0xbf, 0x2e, 0x62, 0x69, 0xa8, 0xc5, 0x6a,
                                  0x81, 0x6d, 0xbc, 0x1b, 0x26, 0x77, 0x61, 0x95, 0x5b, 0xc5};
    uint8_t bytes[64];
    usher_jwe_key key;
    usher_str plain;

    (void)state;
    for (size_t i = 0; i < sizeof bytes; i++)
        bytes[i] = (uint8_t)i;
    assert_ok(usher_jwe_key_init(&key, USHER_A256CBC_HS512, bytes, NULL));
    const usher_jwe_parts parts = {USHER_STR("The second principle of Auguste Kerckhoffs"),
                                   USHER_STR(""), b64(iv, sizeof iv), b64(text, sizeof text),
                                   b64(tag, sizeof tag)};
    assert_ok(usher_jwe_open(&plain, &arena, cipher, &key, &parts, NULL));
    assert_str(plain,
               "A cipher system must not be required to be secret, and it must be able to fall "
               "into the hands of the enemy without inconvenience");
}

/* ---- shape ---- */

static const struct {
    const char *name, *token;
    bool ok;
} shapes[] = {
    {"five", "a..b.c.d", true},        {"five, one of them the encrypted key", "a.k.b.c.d", true},
    {"five empty ones", "....", true}, {"empty", "", false},
    {"three: a JWS", "a.b.c", false},  {"four", "a.b.c.d", false},
    {"six", "a..b.c.d.e", false},      {"a dot at the end", "a..b.c.d.", false},
};

static void test_split(void **state)
{
    usher_jwe_parts parts;

    (void)state;
    for (size_t i = 0; i < sizeof shapes / sizeof *shapes; i++)
        assert_int_equal(usher_jwe_split(&parts, kit_str(shapes[i].token), NULL),
                         shapes[i].ok ? USHER_OK : USHER_E_SYNTAX);
    assert_int_equal(usher_jwe_split(&parts, (usher_str){0}, NULL), USHER_E_SYNTAX);
    assert_null(parts.header.ptr);
    assert_ok(usher_jwe_split(&parts, USHER_STR("h.k.i.c.t"), NULL));
    assert_str(parts.header, "h");
    assert_str(parts.encrypted_key, "k");
    assert_str(parts.iv, "i");
    assert_str(parts.ciphertext, "c");
    assert_str(parts.tag, "t");
}

/* Where the header is known: the parts that looking for the dots would find, or nothing. */
static void test_split_under_a_known_header(void **state)
{
    (void)state;
    for (size_t e = 0; e < 2; e++) {
        usher_jwe_key key = sample_key(both[e], 3);
        usher_str rest, plain, token = seal(&key, USHER_STR("some text")), header;
        usher_jwe_parts found, known;
        char other[256];

        header = usher_str_cut(token, '.', &rest);
        assert_ok(usher_jwe_split(&found, token, NULL));
        assert_true(usher_jwe_split_under(&known, token, header, both[e]));
        assert_memory_equal(&found, &known, sizeof found);
        assert_false(usher_jwe_split_under(&known, token, header, both[!e]));
        assert_false(usher_jwe_split_under(&known, token, rest, both[e]));
        for (size_t len = 0; len < token.len; len++)
            assert_false(
                usher_jwe_split_under(&known, (usher_str){token.ptr, len}, header, both[e]));
        for (size_t i = 0; i < token.len; i++) { /* any character but those of three segments */
            const char *p = token.ptr + i;
            bool inside =
                (p >= found.iv.ptr && p < found.iv.ptr + found.iv.len) ||
                (p >= found.ciphertext.ptr && p < found.ciphertext.ptr + found.ciphertext.len) ||
                (p >= found.tag.ptr && p < found.tag.ptr + found.tag.len);
            memcpy(other, token.ptr, token.len);
            other[i] = *p == '.' ? 'A' : '.';
            usher_str changed = {other, token.len};
            assert_int_equal(usher_jwe_split_under(&known, changed, header, both[e]), inside);
            if (inside) /* a sixth segment, then */
                assert_int_equal(usher_jwe_open(&plain, &arena, cipher, &key, &known, NULL),
                                 USHER_E_SYNTAX);
        }
    }
}

static const struct {
    const char *name, *json;
    usher_status status;
    usher_jwe_enc enc;
} headers[] = {
    {"GCM", "{\"alg\":\"dir\",\"enc\":\"A256GCM\"}", USHER_OK, USHER_A256GCM},
    {"CBC", "{\"enc\":\"A256CBC-HS512\",\"alg\":\"dir\",\"kid\":\"k\"}", USHER_OK,
     USHER_A256CBC_HS512},
    {"typ and members we do not know",
     "{\"alg\":\"dir\",\"enc\":\"A256GCM\",\"typ\":\"JWT\",\"x\":[1]}", USHER_OK, USHER_A256GCM},
    {"escaped letters are the same letters", "{\"alg\":\"d\\u0069r\",\"enc\":\"A256GCM\"}",
     USHER_OK, USHER_A256GCM},
    {"zip", "{\"alg\":\"dir\",\"enc\":\"A256GCM\",\"zip\":\"DEF\"}", USHER_E_UNSUPPORTED, 0},
    {"zip null", "{\"alg\":\"dir\",\"enc\":\"A256GCM\",\"zip\":null}", USHER_E_UNSUPPORTED, 0},
    {"crit", "{\"alg\":\"dir\",\"enc\":\"A256GCM\",\"crit\":[\"exp\"],\"exp\":1}",
     USHER_E_UNSUPPORTED, 0},
    {"crit, empty", "{\"alg\":\"dir\",\"enc\":\"A256GCM\",\"crit\":[]}", USHER_E_UNSUPPORTED, 0},
    {"crit, spelt with an escape", "{\"alg\":\"dir\",\"enc\":\"A256GCM\",\"cr\\u0069t\":[]}",
     USHER_E_UNSUPPORTED, 0},
    {"iss", "{\"alg\":\"dir\",\"enc\":\"A256GCM\",\"iss\":\"x\"}", USHER_E_UNSUPPORTED, 0},
    {"sub", "{\"alg\":\"dir\",\"enc\":\"A256GCM\",\"sub\":\"x\"}", USHER_E_UNSUPPORTED, 0},
    {"aud", "{\"alg\":\"dir\",\"enc\":\"A256GCM\",\"aud\":[]}", USHER_E_UNSUPPORTED, 0},
    {"A256KW", "{\"alg\":\"A256KW\",\"enc\":\"A256GCM\"}", USHER_E_UNSUPPORTED, 0},
    {"PBES2", "{\"alg\":\"PBES2-HS256+A128KW\",\"enc\":\"A256GCM\",\"p2c\":1000000}",
     USHER_E_UNSUPPORTED, 0},
    {"none", "{\"alg\":\"none\",\"enc\":\"A256GCM\"}", USHER_E_UNSUPPORTED, 0},
    {"DIR", "{\"alg\":\"DIR\",\"enc\":\"A256GCM\"}", USHER_E_UNSUPPORTED, 0},
    {"A128GCM", "{\"alg\":\"dir\",\"enc\":\"A128GCM\"}", USHER_E_UNSUPPORTED, 0},
    {"A128CBC-HS256", "{\"alg\":\"dir\",\"enc\":\"A128CBC-HS256\"}", USHER_E_UNSUPPORTED, 0},
    {"empty enc", "{\"alg\":\"dir\",\"enc\":\"\"}", USHER_E_UNSUPPORTED, 0},
    {"no alg", "{\"enc\":\"A256GCM\"}", USHER_E_SYNTAX, 0},
    {"no enc", "{\"alg\":\"dir\"}", USHER_E_SYNTAX, 0},
    {"alg is an array", "{\"alg\":[\"dir\"],\"enc\":\"A256GCM\"}", USHER_E_SYNTAX, 0},
    {"alg is null", "{\"alg\":null,\"enc\":\"A256GCM\"}", USHER_E_SYNTAX, 0},
    {"kid is a number", "{\"alg\":\"dir\",\"enc\":\"A256GCM\",\"kid\":1}", USHER_E_SYNTAX, 0},
    {"alg twice", "{\"alg\":\"dir\",\"alg\":\"dir\",\"enc\":\"A256GCM\"}", USHER_E_SYNTAX, 0},
    {"another member twice", "{\"alg\":\"dir\",\"enc\":\"A256GCM\",\"x\":1,\"x\":2}",
     USHER_E_SYNTAX, 0},
    {"an array", "[\"dir\"]", USHER_E_SYNTAX, 0},
    {"no JSON", "{\"alg\":\"dir\",\"enc\":\"A256GCM\"", USHER_E_SYNTAX, 0},
    {"more behind it", "{\"alg\":\"dir\",\"enc\":\"A256GCM\"}{}", USHER_E_SYNTAX, 0},
};

static void test_headers(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof headers / sizeof *headers; i++) {
        usher_jwe_header header;
        usher_str json = kit_str(headers[i].json);
        usher_status rc = usher_jwe_read_header(&header, &arena, b64(json.ptr, json.len), NULL);

        if (rc != headers[i].status) print_error("%s\n", headers[i].name);
        assert_int_equal(rc, headers[i].status);
        assert_int_equal(header.enc, headers[i].enc);
        assert_true(header.known == !rc && header.dir == !rc);
    }
}

static void test_header_text(void **state)
{
    static const char *const wrong[] = {"", "e", "e30=", "e30\n", "e3+", "e31", "%7B%7D"};
    static char many[5000];
    usher_jwe_header header;

    (void)state;
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
        assert_int_equal(usher_jwe_read_header(&header, &arena, kit_str(wrong[i]), NULL),
                         USHER_E_SYNTAX);
    memset(many, 'A', sizeof many);
    assert_int_equal(usher_jwe_read_header(&header, &arena, (usher_str){many, sizeof many}, NULL),
                     USHER_E_SYNTAX);
    assert_true(arena.used < 4000); /* refused before it was copied */
    /* 4096 characters are read, and not one more */
    memset(many, ' ', sizeof many);
    memcpy(many, "{\"alg\":\"dir\",\"enc\":\"A256GCM\"}", 29);
    assert_ok(usher_jwe_read_header(&header, &arena, b64(many, 3072), NULL));
    assert_int_equal(usher_jwe_read_header(&header, &arena, b64(many, 3073), NULL), USHER_E_SYNTAX);
}

/* Exact sizes: a tag of four bytes would be guessed in an afternoon. */
static void test_sizes_of_iv_and_tag(void **state)
{
    (void)state;
    for (size_t e = 0; e < 2; e++) {
        usher_jwe_key key = sample_key(both[e], 1);
        usher_jwe_parts good, bad;
        usher_str plain;

        assert_ok(usher_jwe_split(&good, seal(&key, USHER_STR("plain")), NULL));
        assert_ok(usher_jwe_open(&plain, &arena, cipher, &key, &good, NULL)); /* control */
        for (size_t n = 0; n < good.tag.len; n++) {
            bad = good;
            bad.tag.len = n;
            assert_int_equal(usher_jwe_open(&plain, &arena, cipher, &key, &bad, NULL),
                             USHER_E_SYNTAX);
        }
        for (size_t n = 0; n < good.iv.len; n++) {
            bad = good;
            bad.iv.len = n;
            assert_int_equal(usher_jwe_open(&plain, &arena, cipher, &key, &bad, NULL),
                             USHER_E_SYNTAX);
        }
        bad = good;
        bad.tag = b64("0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef", 64);
        assert_int_equal(usher_jwe_open(&plain, &arena, cipher, &key, &bad, NULL), USHER_E_SYNTAX);
        bad = good;
        bad.encrypted_key = USHER_STR("AAAA");
        assert_int_equal(usher_jwe_open(&plain, &arena, cipher, &key, &bad, NULL), USHER_E_SYNTAX);
        bad = good;
        bad.header = USHER_STR("");
        assert_int_equal(usher_jwe_open(&plain, &arena, cipher, &key, &bad, NULL), USHER_E_SYNTAX);
        assert_null(plain.ptr);
    }
}

/* ---- properties ---- */

static void test_every_length_comes_back(void **state)
{
    static char text[5000];
    uint64_t seed = 3;

    (void)state;
    for (size_t i = 0; i < sizeof text; i++)
        text[i] = (char)kit_next(&seed);
    for (size_t e = 0; e < 2; e++) {
        usher_jwe_key key = sample_key(both[e], 9);
        for (size_t len = 0; len <= sizeof text; len += len < 70 ? 1 : 493) {
            usher_str plain, token = seal(&key, (usher_str){text, len});

            assert_ok(open_token(&plain, &key, token));
            assert_int_equal(plain.len, len);
            assert_non_null(plain.ptr);
            if (len) assert_memory_equal(plain.ptr, text, len);
            usher_arena_reset(&arena);
        }
    }
}

/* A property of the whole token, not a sample: no flipped bit is accepted. */
static void test_no_flipped_bit_is_accepted(void **state)
{
    (void)state;
    for (size_t e = 0; e < 2; e++) {
        usher_jwe_key key = sample_key(both[e], 5);
        usher_str plain, token = seal(&key, USHER_STR("{\"sub\":\"42\",\"exp\":1}"));
        char copy[512];
        size_t refused = 0;

        assert_true(token.len <= sizeof copy);
        memcpy(copy, token.ptr, token.len);
        token.ptr = copy;
        for (size_t bit = 0; bit < token.len * 8; bit++) {
            copy[bit / 8] ^= (char)(1u << bit % 8);
            usher_status rc = open_token(&plain, &key, token);
            assert_int_equal(USHER_STATUS_CLASS(rc), USHER_CLASS_PEER);
            assert_null(plain.ptr);
            refused += rc != USHER_OK;
            copy[bit / 8] ^= (char)(1u << bit % 8);
        }
        assert_int_equal(refused, token.len * 8);
        assert_ok(open_token(&plain, &key, token)); /* control: untouched, it opens */
        assert_str(plain, "{\"sub\":\"42\",\"exp\":1}");
    }
}

static void test_no_truncated_token_is_accepted(void **state)
{
    (void)state;
    for (size_t e = 0; e < 2; e++) {
        usher_jwe_key key = sample_key(both[e], 5);
        usher_str plain, token = seal(&key, USHER_STR("0123456789abcdef0123456789abcdef")),
                         cut = token;

        for (cut.len = 0; cut.len < token.len; cut.len++)
            assert_int_equal(USHER_STATUS_CLASS(open_token(&plain, &key, cut)), USHER_CLASS_PEER);
        assert_ok(open_token(&plain, &key, token));
    }
}

/* Memory that remembers: what the arena was given can be searched after it was given back. */
static struct {
    char bytes[1 << 16];
    size_t used;
} pool;

static void *pool_get(void *ctx, size_t size)
{
    (void)ctx;
    size_t at = (pool.used + 15) / 16 * 16;
    if (size > sizeof pool.bytes - at) return NULL;
    pool.used = at + size;
    return pool.bytes + at;
}

static void pool_put(void *ctx, void *ptr, size_t size)
{
    (void)ctx, (void)ptr, (void)size;
}

static void test_a_failure_leaves_no_plaintext(void **state)
{
    static const char secret[] = "a rather recognisable piece of text";
    const usher_allocator forgetful = {pool_get, pool_put, NULL};

    (void)state;
    for (size_t e = 0; e < 2; e++) {
        usher_jwe_key key = sample_key(both[e], 5);
        usher_jwe_parts parts;
        usher_arena a;
        usher_str plain;
        char tag[64];

        assert_ok(usher_jwe_split(&parts, seal(&key, kit_str(secret)), NULL));
        usher_arena_init(&a, &forgetful, 4096, 1 << 15);
        assert_ok(usher_jwe_open(&plain, &a, cipher, &key, &parts, NULL));
        usher_str all = {pool.bytes, sizeof pool.bytes};
        assert_true(usher_str_find(all, kit_str(secret)) != SIZE_MAX); /* control: it can be seen */
        usher_arena_deinit(&a);
        assert_true(usher_str_find(all, kit_str(secret)) == SIZE_MAX);

        memcpy(tag, parts.tag.ptr, parts.tag.len);
        tag[0] = tag[0] == 'A' ? 'B' : 'A';
        parts.tag.ptr = tag;
        assert_int_equal(usher_jwe_open(&plain, &a, cipher, &key, &parts, NULL), USHER_E_FORGED);
        assert_true(usher_str_find(all, USHER_STR("recognisable")) == SIZE_MAX);
        usher_arena_deinit(&a);
    }
}

/* Padding that only the holder of the key can have written wrongly. */
static usher_str seal_with_padding(const usher_jwe_key *key, const uint8_t *blocks, size_t len)
{
    static const uint8_t iv[16] = {1, 2, 3};
    usher_str header = USHER_STR("eyJhbGciOiJkaXIiLCJlbmMiOiJBMjU2Q0JDLUhTNTEyIn0"), token;
    EVP_CIPHER *aes = EVP_CIPHER_fetch(NULL, "AES-256-CBC", NULL);
    EVP_CIPHER_CTX *ctx = EVP_CIPHER_CTX_new();
    uint8_t text[64], tag[64], al[8] = {0};
    int n = 0;
    usher_buf b;

    assert_int_equal(EVP_EncryptInit_ex2(ctx, aes, key->bytes + 32, iv, NULL), 1);
    assert_int_equal(EVP_CIPHER_CTX_set_padding(ctx, 0), 1);
    assert_int_equal(EVP_EncryptUpdate(ctx, text, &n, blocks, (int)len), 1);
    EVP_CIPHER_CTX_free(ctx);
    EVP_CIPHER_free(aes);
    al[6] = (uint8_t)(header.len * 8 >> 8), al[7] = (uint8_t)(header.len * 8);
    usher_buf_init(&b, &arena, 1000);
    usher_buf_put(&b, header);
    usher_buf_put(&b, (usher_str){(const char *)iv, 16});
    usher_buf_put(&b, (usher_str){(const char *)text, len});
    usher_buf_put(&b, (usher_str){(const char *)al, 8});
    assert_non_null(EVP_Q_mac(NULL, "HMAC", NULL, "SHA512", NULL, key->bytes, 32,
                              (const uint8_t *)usher_buf_view(&b).ptr, usher_buf_view(&b).len, tag,
                              sizeof tag, NULL));
    usher_buf_init(&b, &arena, 1000);
    usher_buf_put(&b, header);
    usher_buf_put_z(&b, "..");
    usher_base64url_put(&b, iv, 16);
    usher_buf_put_char(&b, '.');
    usher_base64url_put(&b, text, len);
    usher_buf_put_char(&b, '.');
    usher_base64url_put(&b, tag, 32);
    assert_ok(usher_buf_take(&token, &b, NULL));
    return token;
}

static const struct {
    const char *name;
    uint8_t last[4]; /* of two blocks */
    bool ok;
} paddings[] = {
    {"one", {9, 9, 9, 1}, true},
    {"three", {9, 3, 3, 3}, true},
    {"zero", {9, 9, 9, 0}, false},
    {"more than a block", {17, 17, 17, 17}, false},
    {"a whole block and a bit", {9, 9, 9, 255}, false},
    {"unequal", {9, 4, 3, 3}, false},
    {"two of three", {9, 9, 3, 3}, false},
};

static void test_padding(void **state)
{
    usher_jwe_key key = sample_key(USHER_A256CBC_HS512, 4);
    uint8_t blocks[32];
    usher_str plain;

    (void)state;
    for (size_t i = 0; i < sizeof paddings / sizeof *paddings; i++) {
        memset(blocks, 9, sizeof blocks);
        memcpy(blocks + 28, paddings[i].last, 4);
        assert_int_equal(open_token(&plain, &key, seal_with_padding(&key, blocks, 32)),
                         paddings[i].ok ? USHER_OK : USHER_E_SYNTAX);
        assert_true(paddings[i].ok == (plain.ptr != NULL));
    }
    memset(blocks + 16, 16, 16); /* a whole block of padding */
    assert_ok(open_token(&plain, &key, seal_with_padding(&key, blocks, 32)));
    assert_int_equal(plain.len, 16);
    memset(blocks, 16, 16);
    assert_ok(open_token(&plain, &key, seal_with_padding(&key, blocks, 16)));
    assert_int_equal(plain.len, 0);
    /* neither can what is not whole blocks be decrypted */
    usher_jwe_parts parts;
    assert_ok(usher_jwe_split(&parts, seal_with_padding(&key, blocks, 16), NULL));
    parts.ciphertext.len -= 2;
    assert_int_equal(usher_jwe_open(&plain, &arena, cipher, &key, &parts, NULL), USHER_E_SYNTAX);
    parts.ciphertext = USHER_STR("AAAA");
    assert_int_equal(usher_jwe_open(&plain, &arena, cipher, &key, &parts, NULL), USHER_E_SYNTAX);
    /* no block at all cannot have padding */
    assert_int_equal(open_token(&plain, &key, seal_with_padding(&key, blocks, 0)), USHER_E_SYNTAX);
}

/* ---- keys and contexts ---- */

static void test_serials_differ(void **state)
{
    usher_jwe_key a = sample_key(USHER_A256GCM, 1), b = sample_key(USHER_A256GCM, 1), none = {0};
    usher_str plain, token = seal(&a, USHER_STR("x"));

    (void)state;
    assert_true(a.serial != 0 && b.serial != 0 && a.serial != b.serial);
    assert_int_equal(a.kid_len, 43);
    assert_memory_equal(a.kid, b.kid, 43); /* the name depends on the bytes only */
    none.enc = USHER_A256GCM;
    assert_int_equal(open_token(&plain, &none, token), USHER_E_USAGE);
}

/* More keys than contexts are kept for, in several orders: every token still opens with its own key
 * and with no other. */
static void test_contexts_come_and_go(void **state)
{
    enum { KEYS = 12 };
    usher_jwe_key keys[KEYS];
    usher_str tokens[KEYS], plain;
    uint64_t seed = 1;

    (void)state;
    for (size_t i = 0; i < KEYS; i++) {
        keys[i] = sample_key(both[i % 2], (uint8_t)(i * 11));
        char text[] = {(char)('a' + i)};
        tokens[i] = seal(&keys[i], (usher_str){text, 1});
    }
    for (size_t round = 0; round < 400; round++) {
        size_t k = kit_next(&seed) % KEYS, t = kit_next(&seed) % KEYS;
        usher_status rc = open_token(&plain, &keys[k], tokens[t]);

        assert_int_equal(USHER_STATUS_CLASS(rc), k == t ? 0 : USHER_CLASS_PEER);
        assert_ok(open_token(&plain, &keys[k], tokens[k]));
        assert_int_equal(plain.ptr[0], 'a' + k);
    }
}

/* The contract of the hot path: neither ours nor libcrypto's, unless there is only EVP_MAC. */
static void test_opening_with_kept_contexts_allocates_nothing(void **state)
{
    const size_t allowed[] = {0, USHER_SHA_STATES ? 0 : 2};

    (void)state;
    for (size_t e = 0; e < 2; e++) {
        usher_jwe_key key = sample_key(both[e], 2), other = sample_key(both[e], 3);
        kit_alloc ours = {.fail_at = SIZE_MAX};
        usher_allocator alloc = kit_allocator(&ours);
        usher_jwe_cipher *c = usher_jwe_cipher_new(&alloc);
        usher_jwe_parts parts;
        usher_str plain;

        assert_ok(usher_jwe_split(&parts, seal(&key, USHER_STR("some plaintext")), NULL));
        assert_ok(usher_jwe_open(&plain, &arena, c, &key, &parts, NULL));
        assert_int_equal(usher_jwe_open(&plain, &arena, c, &other, &parts, NULL), USHER_E_FORGED);
        for (size_t i = 0; i < 5; i++) {
            kit_crypto.calls = 0, ours.calls = 0;
            assert_ok(usher_jwe_open(&plain, &arena, c, &key, &parts, NULL));
            assert_true(kit_crypto.calls <= allowed[e]);
            kit_crypto.calls = 0;
            assert_int_equal(usher_jwe_open(&plain, &arena, c, &other, &parts, NULL),
                             USHER_E_FORGED);
            assert_true(kit_crypto.calls <= allowed[e]); /* nor does refusing */
            assert_int_equal(ours.calls, 0);
        }
        usher_jwe_cipher_free(c);
        assert_int_equal(ours.live, 0);
    }
}

/* ---- failures of the host ---- */

static void test_without_entropy_nothing_is_sealed(void **state)
{
    (void)state;
    for (size_t e = 0; e < 2; e++) {
        usher_jwe_key key = sample_key(both[e], 1);
        kit_random random = {.seed = 1, .fail_at = 0};
        usher_str token = USHER_STR("before");

        assert_int_equal(usher_jwe_seal(&token, &arena, cipher, &key, USHER_STR("{}"),
                                        USHER_STR("x"), kit_entropy(&random), NULL),
                         USHER_E_CRYPTO);
        assert_null(token.ptr);
        assert_int_equal(usher_jwe_seal(&token, &arena, cipher, &key, USHER_STR(""), USHER_STR("x"),
                                        kit_entropy(&random), NULL),
                         USHER_E_USAGE);
    }
}

/* Everything the unit does, in one go; the key is the caller's, since it outlives the cipher. */
static usher_status whole_life(const usher_allocator *alloc, const usher_jwe_key *key)
{
    static const char header[] = "{\"alg\":\"dir\",\"enc\":\"A256GCM\",\"kid\":\"\\u0061\"}";
    kit_random random = {.seed = 1, .fail_at = SIZE_MAX};
    usher_jwe_cipher *c = usher_jwe_cipher_new(alloc);
    usher_arena a;
    usher_status rc = USHER_E_NOMEM;
    usher_str token, plain = {0};
    usher_jwe_parts parts;
    usher_jwe_header h;

    usher_arena_init(&a, alloc, 256, 1 << 20);
    if (!c ||
        (rc = usher_jwe_seal(&token, &a, c, key, kit_str(header), USHER_STR("plain text"),
                             kit_entropy(&random), NULL)) ||
        (rc = usher_jwe_split(&parts, token, NULL)) ||
        (rc = usher_jwe_read_header(&h, &a, parts.header, NULL)) ||
        (rc = usher_jwe_open(&plain, &a, c, key, &parts, NULL)))
        goto done;
    assert_str(plain, "plain text");
    assert_str(h.kid, "a");
done:
    if (rc) assert_null(plain.ptr);
    usher_arena_deinit(&a);
    usher_jwe_cipher_free(c);
    return rc;
}

static void test_every_allocation_may_fail(void **state)
{
    (void)state;
    for (size_t e = 0; e < 4; e++) {
        usher_jwe_key key = sample_key(both[e % 2], 1);
        kit_alloc ours;
        size_t n = 0;

        do {
            ours = (kit_alloc){.fail_at = n++, .from_then_on = e >= 2};
            usher_allocator alloc = kit_allocator(&ours);
            usher_status rc = whole_life(&alloc, &key);
            assert_int_equal(rc, ours.failed ? USHER_E_NOMEM : USHER_OK);
            assert_int_equal(ours.live, 0);
        } while (ours.failed);
        assert_true(n > 2);
    }
}

static void test_every_allocation_of_libcrypto_may_fail(void **state)
{
    (void)state;
    for (size_t e = 0; e < 4; e++) {
        usher_jwe_key key = sample_key(both[e % 2], 1), again;
        size_t n = 0, live;

        assert_ok(whole_life(usher_allocator_default(), &key));
        live = kit_crypto.live;
        do {
            kit_crypto.fail_at = n++, kit_crypto.from_then_on = e >= 2;
            kit_crypto.calls = 0, kit_crypto.failed = false;
            usher_status rc = usher_jwe_key_init(&again, both[e % 2], key.bytes, NULL);
            if (!rc) rc = whole_life(usher_allocator_default(), &again);
            kit_crypto.fail_at = SIZE_MAX;
            /* libcrypto gets over some of them by itself */
            assert_true(rc == USHER_OK || (kit_crypto.failed && rc == USHER_E_NOMEM));
            assert_int_equal(kit_crypto.live, live);
        } while (kit_crypto.failed);
        assert_true(n > 2);
    }
}

/* A failed attempt must not spoil the contexts for the next. */
static void test_a_cipher_recovers(void **state)
{
    (void)state;
    for (size_t e = 0; e < 2; e++) {
        usher_jwe_key key = sample_key(both[e], 6);
        usher_str plain, token = seal(&key, USHER_STR("text"));
        size_t n = 0;

        do {
            usher_jwe_cipher_free(cipher);
            cipher = usher_jwe_cipher_new(usher_allocator_default());
            kit_crypto.fail_at = n++, kit_crypto.calls = 0, kit_crypto.failed = false;
            (void)!open_token(&plain, &key, token);
            (void)!open_token(&plain, &key, token);
            kit_crypto.fail_at = SIZE_MAX;
            assert_ok(open_token(&plain, &key, token));
            assert_str(plain, "text");
        } while (kit_crypto.failed);
    }
}

static void test_the_arena_may_be_full(void **state)
{
    usher_jwe_key key = sample_key(USHER_A256GCM, 6);
    kit_random random = {.seed = 1, .fail_at = SIZE_MAX};
    static char text[5000];
    usher_arena small;
    usher_str out;

    (void)state;
    usher_arena_init(&small, usher_allocator_default(), 256, 2048);
    assert_int_equal(usher_jwe_seal(&out, &small, cipher, &key, USHER_STR("{}"),
                                    (usher_str){text, sizeof text}, kit_entropy(&random), NULL),
                     USHER_E_LIMIT);
    usher_jwe_parts parts;
    assert_ok(usher_jwe_split(&parts, seal(&key, (usher_str){text, sizeof text}), NULL));
    assert_int_equal(usher_jwe_open(&out, &small, cipher, &key, &parts, NULL), USHER_E_LIMIT);
    usher_arena_deinit(&small);

    /* more than libcrypto can count: refused by the length alone */
    usher_str endless = {text, (size_t)INT_MAX};
    parts.ciphertext = endless;
    assert_int_equal(usher_jwe_open(&out, &arena, cipher, &key, &parts, NULL), USHER_E_LIMIT);
    assert_int_equal(usher_jwe_seal(&out, &arena, cipher, &key, USHER_STR("{}"), endless,
                                    kit_entropy(&random), NULL),
                     USHER_E_LIMIT);
    endless.len = 4097;
    assert_int_equal(usher_jwe_seal(&out, &arena, cipher, &key, endless, USHER_STR(""),
                                    kit_entropy(&random), NULL),
                     USHER_E_LIMIT);
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(test_tokens_of_the_originals),
        TEST(test_another_key_opens_nothing),
        TEST(test_rfc_7516_a1),
        TEST(test_rfc_7518_b3),
        TEST(test_split),
        TEST(test_split_under_a_known_header),
        TEST(test_headers),
        TEST(test_header_text),
        TEST(test_sizes_of_iv_and_tag),
        TEST(test_every_length_comes_back),
        TEST(test_no_flipped_bit_is_accepted),
        TEST(test_no_truncated_token_is_accepted),
        TEST(test_a_failure_leaves_no_plaintext),
        TEST(test_padding),
        TEST(test_serials_differ),
        TEST(test_contexts_come_and_go),
        TEST(test_opening_with_kept_contexts_allocates_nothing),
        TEST(test_without_entropy_nothing_is_sealed),
        TEST(test_every_allocation_may_fail),
        TEST(test_every_allocation_of_libcrypto_may_fail),
        TEST(test_a_cipher_recovers),
        TEST(test_the_arena_may_be_full),
    };

    kit_crypto_install();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
