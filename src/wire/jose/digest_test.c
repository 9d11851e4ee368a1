#include "wire/jose/sha.h" /* before any header of libcrypto */

#include "tests/kit/kit.h"

#include "wire/jose/digest.h"

/* FIPS 180-4 examples ("abc" and the two-block message), and the empty message. */
static const struct {
    const char *name, *text;
    usher_digest_kind kind;
    const char *hex;
} cases[] = {
    {"SHA-256 abc", "abc", USHER_SHA256,
     "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"},
    {"SHA-256 empty", "", USHER_SHA256,
     "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"},
    {"SHA-384 abc", "abc", USHER_SHA384,
     "cb00753f45a35e8bb5a03d699ac65007272c32ab0eded1631a8b605a43ff5bed"
     "8086072ba1e7cc2358baeca134c825a7"},
    {"SHA-512 abc", "abc", USHER_SHA512,
     "ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a"
     "2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f"},
    {"SHA-256, two blocks", "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
     USHER_SHA256, "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"},
};

static void test_known_answers(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        uint8_t out[USHER_DIGEST_MAX];
        char hex[2 * USHER_DIGEST_MAX];
        size_t size = usher_digest_size(cases[i].kind);

        assert_ok(usher_digest(out, cases[i].kind, kit_str(cases[i].text), NULL));
        usher_hex(hex, out, size);
        assert_str(((usher_str){hex, 2 * size}), cases[i].hex);
    }
}

static void test_parts_are_one_text(void **state)
{
    uint8_t whole[32], split[32];
    const usher_str parts[] = {
        USHER_STR("to"), {0}, USHER_STR(""), USHER_STR("ken|sec"), USHER_STR("ret")};

    (void)state;
    assert_ok(usher_digest(whole, USHER_SHA256, USHER_STR("token|secret"), NULL));
    assert_ok(usher_digest_parts(split, USHER_SHA256, parts, 5, NULL));
    assert_memory_equal(whole, split, 32);
    assert_ok(usher_digest_parts(split, USHER_SHA256, parts, 4, NULL)); /* control */
    assert_memory_not_equal(whole, split, 32);
}

/* The second case of RFC 4231, and a key longer than a block. */
static void test_hmac(void **state)
{
    static const char k64[] = "kkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkk"
                              "kkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkk"
                              "kkk";
    static const struct {
        const char *name, *key, *text;
        usher_digest_kind kind;
        const char *hex;
    } macs[] = {
        {"RFC 4231 case 2, SHA256", "Jefe", "what do ya want for nothing?", USHER_SHA256,
         "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"},
        {"RFC 4231 case 2, SHA384", "Jefe", "what do ya want for nothing?", USHER_SHA384,
         "af45d2e376484031617f78d2b58a6b1b9c7ef464f5a01b47e42ec3736322445e8e2240ca5e69e2c78b3239ecf"
         "ab21649"},
        {"RFC 4231 case 2, SHA512", "Jefe", "what do ya want for nothing?", USHER_SHA512,
         "164b7a7bfcf819e2e395fbe73b56e0a387bd64222e831fd610270cd7ea2505549758bf75c05a994a6d034f65f"
         "8f0e6fdcaeab1a34d4a6b4b636e070a38bce737"},
        {"131 bytes of key", k64, "abc", USHER_SHA256,
         "9e8f3782f349f42411b8e7e0546210f6ae2b0a54c05cf4e33e3aabc55c66fb15"},
        {"no text", "Jefe", "", USHER_SHA256,
         "923598ca6d64af2a5dba79dcd021a8a0fe5c5f557519adaaf0ad532d4506dd30"},
    };
    uint8_t out[USHER_DIGEST_MAX], key[200], zero[USHER_DIGEST_MAX] = {0};
    char hex[2 * USHER_DIGEST_MAX];

    (void)state;
    for (size_t i = 0; i < sizeof macs / sizeof *macs; i++) {
        size_t size = usher_digest_size(macs[i].kind), len = strlen(macs[i].key);

        memcpy(key, macs[i].key, len);
        assert_ok(
            usher_hmac(out, macs[i].kind, (usher_secret){key, len}, kit_str(macs[i].text), NULL));
        usher_hex(hex, out, size);
        assert_str(((usher_str){hex, 2 * size}), macs[i].hex);
    }
    assert_int_equal(usher_hmac(out, USHER_SHA256, (usher_secret){0}, USHER_STR("abc"), NULL),
                     USHER_E_USAGE);
    assert_memory_equal(out, zero, 32);
}

static void test_every_allocation_of_hmac_may_fail(void **state)
{
    uint8_t right[64], out[64], zero[64] = {0}, bytes[4] = "key";
    usher_secret key = {bytes, sizeof bytes};
    size_t n = 0, live;

    (void)state;
    assert_ok(usher_hmac(right, USHER_SHA512, key, USHER_STR("abc"), NULL));
    live = kit_crypto.live;
    do {
        kit_crypto.fail_at = n++, kit_crypto.calls = 0, kit_crypto.failed = false;
        usher_status rc = usher_hmac(out, USHER_SHA512, key, USHER_STR("abc"), NULL);
        kit_crypto.fail_at = SIZE_MAX;
        /* a hint that could not be kept costs nothing */
        assert_true(rc == USHER_OK || (kit_crypto.failed && rc == USHER_E_NOMEM));
        assert_memory_equal(out, rc ? zero : right, 64);
        assert_true(kit_crypto.live <= live + 16); /* texts in the error queue */
    } while (kit_crypto.failed);
    assert_true(n > 3);
}

static void test_every_allocation_may_fail(void **state)
{
    uint8_t right[64], out[64], zero[64] = {0};
    size_t n = 0, live = kit_crypto.live;

    (void)state;
    assert_ok(usher_digest(right, USHER_SHA512, USHER_STR("abc"), NULL));
    live = kit_crypto.live;
    do {
        kit_crypto.fail_at = n++, kit_crypto.calls = 0, kit_crypto.failed = false;
        usher_status rc = usher_digest(out, USHER_SHA512, USHER_STR("abc"), NULL);
        kit_crypto.fail_at = SIZE_MAX;
        assert_int_equal(rc, kit_crypto.failed ? USHER_E_NOMEM : USHER_OK);
        assert_memory_equal(out, rc ? zero : right, 64);
        assert_int_equal(kit_crypto.live, live);
    } while (kit_crypto.failed);
    assert_int_equal(n > 1, !USHER_SHA_STATES); /* hash states are ours to keep */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_known_answers),
        cmocka_unit_test(test_parts_are_one_text),
        cmocka_unit_test(test_hmac),
        cmocka_unit_test(test_every_allocation_may_fail),
        cmocka_unit_test(test_every_allocation_of_hmac_may_fail),
    };

    kit_crypto_install();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
