#include "tests/kit/kit.h"

#include "wire/jose/digest.h"
#include "wire/jose/hkdf.h"

static size_t unhex(uint8_t *out, const char *hex)
{
    size_t n = 0;

    for (unsigned byte; hex[2 * n] && sscanf(hex + 2 * n, "%2x", &byte) == 1; n++)
        out[n] = (uint8_t)byte;
    return n;
}

/* RFC 5869 appendix A.1 to A.3: hexadecimal throughout. */
static const struct {
    const char *name, *ikm, *salt, *info, *okm;
} rfc[] = {
    {"A.1", "0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b", "000102030405060708090a0b0c",
     "f0f1f2f3f4f5f6f7f8f9",
     "3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf34007208d5b887185865"},
    {"A.2, longer than a block",
     "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f202122232425262728292a2b2c2d2"
     "e2f"
     "303132333435363738393a3b3c3d3e3f404142434445464748494a4b4c4d4e4f",
     "606162636465666768696a6b6c6d6e6f707172737475767778797a7b7c7d7e7f808182838485868788898a8b8c8d8"
     "e8f"
     "909192939495969798999a9b9c9d9e9fa0a1a2a3a4a5a6a7a8a9aaabacadaeaf",
     "b0b1b2b3b4b5b6b7b8b9babbbcbdbebfc0c1c2c3c4c5c6c7c8c9cacbcccdcecfd0d1d2d3d4d5d6d7d8d9dadbdcddd"
     "edf"
     "e0e1e2e3e4e5e6e7e8e9eaebecedeeeff0f1f2f3f4f5f6f7f8f9fafbfcfdfeff",
     "b11e398dc80327a1c8e7f78c596a49344f012eda2d4efad8a050cc4c19afa97c59045a99cac7827271cb41c65e590"
     "e09"
     "da3275600c2f09b8367793a9aca3db71cc30c58179ec3e87c14c01d5c1f3434f1d87"},
    {"A.3, no salt and no info", "0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b", "", "",
     "8da4e775a563c18f715f802a063c5a31b8a11f5c5ee1879ec3454e5f3c738d2d9d201395faa4b61a96c8"},
};

static void test_rfc_5869(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof rfc / sizeof *rfc; i++) {
        uint8_t ikm[128], salt[128], info[128], want[128], got[128];
        size_t ikm_len = unhex(ikm, rfc[i].ikm), len = unhex(want, rfc[i].okm);
        usher_str s = {(char *)salt, unhex(salt, rfc[i].salt)};
        usher_str f = {(char *)info, unhex(info, rfc[i].info)};

        assert_ok(usher_hkdf_sha256(got, len, ikm, ikm_len, s, f, NULL));
        assert_memory_equal(got, want, len);
    }
}

/* The keys that the original packages derive from the secret "secret". */
static const struct {
    const char *salt, *info, *key;
} originals[] = {
    {"", "NextAuth.js Generated Encryption Key",
     "9ab5058ebf5be88f82f4aee99d22cf8be7a34a4af1836299d0668f4d83020f5a"},
    {"next-auth.state", "NextAuth.js Generated Encryption Key (next-auth.state)",
     "c01f89640026c3c617ec6a68dc377509d2c405289c116743082c17c9874371a7"},
    {"__Secure-next-auth.pkce.code_verifier",
     "NextAuth.js Generated Encryption Key (__Secure-next-auth.pkce.code_verifier)",
     "92f0a08dbcd9a684cf1d9647c7d345ba5e35480312d5bdef38cc193345a5941b"},
    {"authjs.session-token", "Auth.js Generated Encryption Key (authjs.session-token)",
     "b1ef6cdd915c44c0a71232574a6a70546a5e16d12bb38df4638e3b96bdd32025"
     "131e90695ff072a9d148f1511c7a4981a85b63a628311da1fa7ccfc49c47c2bb"},
    {"__Secure-authjs.session-token",
     "Auth.js Generated Encryption Key (__Secure-authjs.session-token)",
     "0d8bf2d720367891eda6b7cc8f1960cf3fac4c0e5972e05c0ea71f835d01d69a"
     "60b8d258a71a473d46b0eec5ed3dfe45a7bcfbe54ccfa14f50206f3af0f777f5"},
    {"encodedState", "Auth.js Generated Encryption Key (encodedState)",
     "873919037dab91c0520af9b5dbaa5c3642b0ee31f816a0b08fc766b788879243"
     "af6b009a41598809c140510bd5f782dfe391ce3792140318fad4e4cd6b6d99a4"},
};

static void test_keys_of_the_originals(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof originals / sizeof *originals; i++) {
        uint8_t key[64];
        char hex[128];
        size_t len = strlen(originals[i].key) / 2;

        assert_ok(usher_hkdf_sha256(key, len, (const uint8_t *)"secret", 6,
                                    kit_str(originals[i].salt), kit_str(originals[i].info), NULL));
        usher_hex(hex, key, len);
        assert_str(((usher_str){hex, 2 * len}), originals[i].key);
    }
}

static void test_no_key_material_is_refused(void **state)
{
    uint8_t out[32], zero[32] = {0};

    (void)state;
    memset(out, 1, sizeof out);
    assert_int_equal(usher_hkdf_sha256(out, 32, NULL, 0, USHER_STR("s"), USHER_STR("i"), NULL),
                     USHER_E_USAGE);
    assert_memory_equal(out, zero, 32);
    assert_ok(
        usher_hkdf_sha256(out, 32, (const uint8_t *)"x", 1, USHER_STR("s"), USHER_STR("i"), NULL));
}

static void test_too_much_is_refused(void **state)
{
    static uint8_t out[255 * 32 + 1];
    uint8_t key[32];

    (void)state;
    assert_ok(usher_hkdf_sha256(out, 255 * 32, (const uint8_t *)"x", 1, USHER_STR(""),
                                USHER_STR(""), NULL));
    assert_int_equal(usher_hkdf_sha256(out, sizeof out, (const uint8_t *)"x", 1, USHER_STR(""),
                                       USHER_STR(""), NULL),
                     USHER_E_USAGE);
    for (size_t i = 0; i < sizeof out; i++)
        assert_int_equal(out[i], 0);
    usher_str info = {(char *)out, 1025};
    assert_int_equal(usher_hkdf_sha256(out, 32, (const uint8_t *)"x", 1, USHER_STR(""), info, NULL),
                     USHER_E_USAGE);
    info.len--; /* the longest that libcrypto takes */
    assert_ok(usher_hkdf_sha256(key, 32, (const uint8_t *)"x", 1, USHER_STR(""), info, NULL));
}

static void test_every_allocation_may_fail(void **state)
{
    uint8_t right[32], out[32], zero[32] = {0};
    size_t n = 0, live;

    (void)state;
    assert_ok(usher_hkdf_sha256(right, 32, (const uint8_t *)"secret", 6, USHER_STR("s"),
                                USHER_STR("i"), NULL));
    live = kit_crypto.live;
    do {
        kit_crypto.fail_at = n++, kit_crypto.calls = 0, kit_crypto.failed = false;
        usher_status rc = usher_hkdf_sha256(out, 32, (const uint8_t *)"secret", 6, USHER_STR("s"),
                                            USHER_STR("i"), NULL);
        kit_crypto.fail_at = SIZE_MAX;
        if (!kit_crypto.failed) assert_ok(rc);
        if (rc) assert_int_equal(rc, USHER_E_NOMEM);
        assert_memory_equal(out, rc ? zero : right, 32);
        assert_int_equal(kit_crypto.live, live);
    } while (kit_crypto.failed);
    assert_true(n > 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rfc_5869),
        cmocka_unit_test(test_keys_of_the_originals),
        cmocka_unit_test(test_no_key_material_is_refused),
        cmocka_unit_test(test_too_much_is_refused),
        cmocka_unit_test(test_every_allocation_may_fail),
    };

    kit_crypto_install();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
