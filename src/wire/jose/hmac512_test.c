#include "wire/jose/hmac512.h"

#include <openssl/evp.h>
#include <openssl/hmac.h>

#include "tests/kit/kit.h"

#define COUNT(rows) (sizeof(rows) / sizeof *(rows))

static void unhex(uint8_t *out, const char *hex)
{
    for (; *hex; hex += 2)
        *out++ = (uint8_t)strtoul((char[]){hex[0], hex[1], 0}, NULL, 16);
}

/* RFC 4231 sections 4.2 to 4.5: those whose keys are shorter than a block. */
static const struct {
    const char *key, *data, *mac;
} vectors[] = {
    {"0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b", "4869205468657265",
     "87aa7cdea5ef619d4ff0b4241a1d6cb02379f4e2ce4ec2787ad0b30545e17cde"
     "daa833b7d6b8a702038b274eaea3f4e4be9d914eeb61f1702e696c203a126854"},
    {"4a656665", "7768617420646f2079612077616e7420666f72206e6f7468696e673f",
     "164b7a7bfcf819e2e395fbe73b56e0a387bd64222e831fd610270cd7ea250554"
     "9758bf75c05a994a6d034f65f8f0e6fdcaeab1a34d4a6b4b636e070a38bce737"},
    {"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
     "dddddddddddddddddddddddddddddddddddddddddddddddddd"
     "dddddddddddddddddddddddddddddddddddddddddddddddddd",
     "fa73b0089d56a284efb0f0756c890be9b1b5dbdd8ee81a3655f83e33b2279d39"
     "bf3e848279a722c806b485a47e67c807b946a337bee8942674278859e13292fb"},
};

static void test_vectors(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(vectors); i++) {
        uint8_t key[32], data[64], want[64], got[64];
        size_t n = strlen(vectors[i].data) / 2;
        usher_hmac512 h = {0};
        unhex(key, vectors[i].key);
        unhex(data, vectors[i].data);
        unhex(want, vectors[i].mac);
        assert_ok(usher_hmac512_init(&h, key, strlen(vectors[i].key) / 2, NULL));
        for (size_t cut = 0; cut <= n; cut++) { /* wherever it is cut, and again and again */
            const usher_str parts[] = {{(char *)data, cut}, {(char *)data + cut, n - cut}};
            assert_ok(usher_hmac512_parts(got, &h, parts, 2, NULL));
            assert_memory_equal(got, want, 64);
        }
        usher_hmac512_deinit(&h);
        assert_false(h.ready);
    }
}

static void test_as_libcrypto_has_it(void **state)
{
    (void)state;
    uint8_t key[128], data[600], want[64], got[64];
    uint64_t seed = 4231;

    for (size_t len = 0; len < sizeof data; len += 7) {
        usher_hmac512 h = {0};
        size_t key_len = 1 + len % sizeof key;
        for (size_t i = 0; i < sizeof data; i++)
            data[i] = (uint8_t)kit_next(&seed);
        memcpy(key, data + 300, sizeof key);
        const usher_str parts[] = {{(char *)data, len}};
        assert_ok(usher_hmac512_init(&h, key, key_len, NULL));
        assert_ok(usher_hmac512_parts(got, &h, parts, 1, NULL));
        assert_non_null(HMAC(EVP_sha512(), key, (int)key_len, data, len, want, NULL));
        assert_memory_equal(got, want, 64);
        usher_hmac512_deinit(&h);
    }
}

/* Whatever was hashed before: the same beginning, another one, a longer one, none. */
static void test_beginnings(void **state)
{
    (void)state;
    static const size_t lengths[] = {182, 182, 0,   1,   127, 128, 128,
                                     129, 255, 256, 257, 182, 40,  40};
    static const uint8_t key[32] = {4, 2, 3, 1};
    uint8_t data[600], want[64], got[64];
    uint64_t seed = 512;
    usher_hmac512 h = {0};

    for (size_t i = 0; i < sizeof data; i++)
        data[i] = (uint8_t)kit_next(&seed);
    assert_ok(usher_hmac512_init(&h, key, sizeof key, NULL));
    for (size_t i = 0; i < 4 * COUNT(lengths); i++) {
        size_t begin = lengths[i % COUNT(lengths)], rest = 50 + 5 * i;
        if (i >= 2 * COUNT(lengths)) data[0] ^= (uint8_t)(i & 1); /* of the same length, another */
        const usher_str parts[] = {{(char *)data + begin, rest / 2},
                                   {(char *)data + begin + rest / 2, rest - rest / 2}};
        assert_ok(usher_hmac512_begun(got, &h, (usher_str){(char *)data, begin}, parts, 2, NULL));
        assert_non_null(HMAC(EVP_sha512(), key, sizeof key, data, begin + rest, want, NULL));
        assert_memory_equal(got, want, 64);
        assert_ok(usher_hmac512_parts(got, &h, parts, 2, NULL)); /* which knows of none */
        assert_non_null(HMAC(EVP_sha512(), key, sizeof key, data + begin, rest, want, NULL));
        assert_memory_equal(got, want, 64);
    }
    usher_hmac512_deinit(&h);
    assert_int_not_equal(usher_hmac512_begun(got, &h, USHER_STR("x"), NULL, 0, NULL), USHER_OK);
}

static void test_refused(void **state)
{
    (void)state;
    uint8_t key[129] = {0}, out[64];
    usher_hmac512 h = {0};

    assert_int_equal(usher_hmac512_init(&h, key, sizeof key, NULL), USHER_E_USAGE);
    assert_false(h.ready);
    assert_ok(usher_hmac512_init(&h, key, 128, NULL));
    usher_hmac512_deinit(&h);
    /* Without a key there is no MAC, rather than one under a key of zeroes. */
    assert_int_not_equal(usher_hmac512_parts(out, &h, NULL, 0, NULL), USHER_OK);
}

#if USHER_SHA_STATES
static void test_takes_no_memory(void **state)
{
    (void)state;
    static const uint8_t key[32] = {1, 2, 3};
    const usher_str part = USHER_STR("twelve bytes");
    uint8_t out[64];
    usher_hmac512 h = {0};
    size_t before = kit_crypto.calls;

    assert_ok(usher_hmac512_init(&h, key, sizeof key, NULL));
    for (int i = 0; i < 10; i++)
        assert_ok(usher_hmac512_parts(out, &h, &part, 1, NULL));
    for (int i = 0; i < 10; i++)
        assert_ok(usher_hmac512_begun(out, &h, i < 5 ? part : USHER_STR("begin"), &part, 1, NULL));
    usher_hmac512_deinit(&h);
    assert_int_equal(kit_crypto.calls, before);
}
#endif

int main(void)
{
    kit_crypto_install();
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_vectors),
        cmocka_unit_test(test_as_libcrypto_has_it),
        cmocka_unit_test(test_beginnings),
        cmocka_unit_test(test_refused),
#if USHER_SHA_STATES
        cmocka_unit_test(test_takes_no_memory),
#endif
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
