/* The numbers of json.h (json_number.c). */
#include <math.h>

#include "tests/kit/kit.h"
#include "wire/json.h"

#define COUNT(rows) (sizeof(rows) / sizeof *(rows))

static char *last;

/* The value of a copy that ends where the text ends, until the next call: the sanitizer sees one
 * byte too many. */
static usher_json number(usher_str text)
{
    usher_json v = {0};

    free(last);
    last = malloc(text.len);
    assert_non_null(last);
    memcpy(last, text.ptr, text.len);
    text.ptr = last;

    usher_json number = {USHER_JSON_NUMBER, false, text};
    double value;

    /* What no double can hold is no JSON of ours; its value is infinity all the same. */
    if (usher_json_double(&value, number) && isinf(value)) {
        assert_int_equal(usher_json_read(&v, text, &usher_json_limits_claims, NULL),
                         USHER_E_SYNTAX);
        return number;
    }
    if (usher_json_read(&v, text, &usher_json_limits_claims, NULL))
        fail_msg("%.*s is not JSON", (int)text.len, text.ptr);
    return v;
}

static uint64_t bits_of(double d)
{
    uint64_t bits;

    memcpy(&bits, &d, sizeof bits);
    return bits;
}

/* What JavaScript reads: JSON.parse of Node 20.20.2. Among them halves of the last place, borders
 * of the subnormal range and of overflow, and texts that other readers are known to have got wrong.
 */
static const struct {
    const char *text;
    uint64_t bits;
} doubles[] = {
    {"0", UINT64_C(0x0000000000000000)},
    {"-0", UINT64_C(0x8000000000000000)},
    {"0.0", UINT64_C(0x0000000000000000)},
    {"-0.0", UINT64_C(0x8000000000000000)},
    {"0e5", UINT64_C(0x0000000000000000)},
    {"1", UINT64_C(0x3ff0000000000000)},
    {"-1", UINT64_C(0xbff0000000000000)},
    {"0.1", UINT64_C(0x3fb999999999999a)},
    {"0.2", UINT64_C(0x3fc999999999999a)},
    {"0.3", UINT64_C(0x3fd3333333333333)},
    {"-0.1", UINT64_C(0xbfb999999999999a)},
    {"1.5", UINT64_C(0x3ff8000000000000)},
    {"100", UINT64_C(0x4059000000000000)},
    {"1e2", UINT64_C(0x4059000000000000)},
    {"1e3", UINT64_C(0x408f400000000000)},
    {"1e21", UINT64_C(0x444b1ae4d6e2ef50)},
    {"1e+21", UINT64_C(0x444b1ae4d6e2ef50)},
    {"1e22", UINT64_C(0x4480f0cf064dd592)},
    {"1e23", UINT64_C(0x44b52d02c7e14af6)},
    {"9e22", UINT64_C(0x44b30ee8e7179044)},
    {"1e-22", UINT64_C(0x3b5e392010175ee6)},
    {"1e-23", UINT64_C(0x3b282db34012b251)},
    {"123456789", UINT64_C(0x419d6f3454000000)},
    {"1.7976931348623157e308", UINT64_C(0x7fefffffffffffff)},
    {"1.7976931348623158e308", UINT64_C(0x7fefffffffffffff)},
    {"1.7976931348623159e308", UINT64_C(0x7ff0000000000000)},
    {"1.797693134862315807e308", UINT64_C(0x7fefffffffffffff)},
    {"5e-324", UINT64_C(0x0000000000000001)},
    {"4.9406564584124654e-324", UINT64_C(0x0000000000000001)},
    {"2.4703282292062327e-324", UINT64_C(0x0000000000000000)},
    {"2.4703282292062328e-324", UINT64_C(0x0000000000000001)},
    {"2.47032822920623272088284396434110686182e-324", UINT64_C(0x0000000000000000)},
    {"2.5e-324", UINT64_C(0x0000000000000001)},
    {"7.4e-324", UINT64_C(0x0000000000000001)},
    {"7.5e-324", UINT64_C(0x0000000000000002)},
    {"1e-323", UINT64_C(0x0000000000000002)},
    {"1e-400", UINT64_C(0x0000000000000000)},
    {"1e400", UINT64_C(0x7ff0000000000000)},
    {"-1e400", UINT64_C(0xfff0000000000000)},
    {"2.2250738585072014e-308", UINT64_C(0x0010000000000000)},
    {"2.2250738585072011e-308", UINT64_C(0x000fffffffffffff)},
    {"2.225073858507201e-308", UINT64_C(0x000fffffffffffff)},
    {"2.2250738585072012e-308", UINT64_C(0x0010000000000000)},
    {"1e-310", UINT64_C(0x000012688b70e62b)},
    {"1.2345e-315", UINT64_C(0x000000000ee4a56e)},
    {"9007199254740991", UINT64_C(0x433fffffffffffff)},
    {"9007199254740992", UINT64_C(0x4340000000000000)},
    {"9007199254740993", UINT64_C(0x4340000000000000)},
    {"9007199254740994", UINT64_C(0x4340000000000001)},
    {"9007199254740995", UINT64_C(0x4340000000000002)},
    {"9007199254740993.0000000000000000000000000000001", UINT64_C(0x4340000000000001)},
    {"9007199254740992.9999999999999999999999999999", UINT64_C(0x4340000000000000)},
    {"4503599627370496.5", UINT64_C(0x4330000000000000)},
    {"4503599627370497.5", UINT64_C(0x4330000000000002)},
    {"4503599627370497.4999999999999999999", UINT64_C(0x4330000000000001)},
    {"18014398509481985", UINT64_C(0x4350000000000000)},
    {"36028797018963970", UINT64_C(0x4360000000000000)},
    {"36028797018963971", UINT64_C(0x4360000000000000)},
    {"18446744073709551615", UINT64_C(0x43f0000000000000)},
    {"18446744073709551616", UINT64_C(0x43f0000000000000)},
    {"18446744073709552000", UINT64_C(0x43f0000000000000)},
    {"12345678901234567000", UINT64_C(0x43e56a95319d63e1)},
    {"12345678901234567890", UINT64_C(0x43e56a95319d63e1)},
    {"1234567890123456789012345678901234567890", UINT64_C(0x480d064903ae06e0)},
    {"0.3e-5", UINT64_C(0x3ec92a737110e454)},
    {"0.000001", UINT64_C(0x3eb0c6f7a0b5ed8d)},
    {"0.0000001", UINT64_C(0x3e7ad7f29abcaf48)},
    {"1e-6", UINT64_C(0x3eb0c6f7a0b5ed8d)},
    {"1e-7", UINT64_C(0x3e7ad7f29abcaf48)},
    {"0.1e1", UINT64_C(0x3ff0000000000000)},
    {"10e-1", UINT64_C(0x3ff0000000000000)},
    {"3.141592653589793", UINT64_C(0x400921fb54442d18)},
    {"2.718281828459045", UINT64_C(0x4005bf0a8b145769)},
    {"1.00000000000000011102230246251565404236316680908203125", UINT64_C(0x3ff0000000000000)},
    {"1.00000000000000011102230246251565404236316680908203124", UINT64_C(0x3ff0000000000000)},
    {"1.00000000000000011102230246251565404236316680908203126", UINT64_C(0x3ff0000000000001)},
    {"1.00000000000000033306690738754696212708950042724609375", UINT64_C(0x3ff0000000000002)},
    {"0.500000000000000166533453693773481063544750213623046875", UINT64_C(0x3fe0000000000002)},
    {"6.631236846766476e-316", UINT64_C(0x0000000008000000)},
    {"3.237883913302901e-319", UINT64_C(0x000000000000ffff)},
    {"6.953355807847677e-310", UINT64_C(0x0000800000000100)},
    {"8.41e21", UINT64_C(0x447c7e83209e90b2)},
    {"9.2234e18", UINT64_C(0x43e000032dd5aad0)},
    {"9223372036854775807", UINT64_C(0x43e0000000000000)},
    {"9223372036854775808", UINT64_C(0x43e0000000000000)},
    {"-9223372036854775808", UINT64_C(0xc3e0000000000000)},
    {"1767225600", UINT64_C(0x41da556e40000000)},
    {"1767225600.5", UINT64_C(0x41da556e40200000)},
    {"1.7672256e9", UINT64_C(0x41da556e40000000)},
    {"5708990770823838890407843763683279797179383808", UINT64_C(0x496fffffffffffff)},
    {"5708990770823839207320493820740630171355185151", UINT64_C(0x496fffffffffffff)},
    {"5708990770823839524233143877797980545530986496", UINT64_C(0x4970000000000000)},
    {"7120190517612959703e120", UINT64_C(0x5cc3220dcd5899fd)},
    {"8.87e-277", UINT64_C(0x069f72707f20bf32)},
    {"1.3278e-300", UINT64_C(0x01ac7479bce4df95)},
    {"1e-325", UINT64_C(0x0000000000000000)},
    {"1e99999999999999999999", UINT64_C(0x7ff0000000000000)},
    {"1e-99999999999999999999", UINT64_C(0x0000000000000000)},
    {"0e99999999999999999999", UINT64_C(0x0000000000000000)},
    {"123456789012345678e-17", UINT64_C(0x3ff3c0ca428c59fb)},
    {"1234567890123456789e-18", UINT64_C(0x3ff3c0ca428c59fb)},
    {"12345678901234567891e-19", UINT64_C(0x3ff3c0ca428c59fb)},
    {"0.1234567890123456789", UINT64_C(0x3fbf9add3746f65f)},
    {"0.12345678901234567891", UINT64_C(0x3fbf9add3746f65f)},
};

static void test_doubles(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(doubles); i++) {
        double d = 42;
        if (!usher_json_double(&d, number(kit_str(doubles[i].text))) ||
            bits_of(d) != doubles[i].bits)
            fail_msg("%s gives %.17g", doubles[i].text, d);
    }
}

static void test_only_numbers_have_a_value(void **state)
{
    (void)state;
    static const char *others[] = {"null", "true", "\"1\"", "[1]", "{}"};

    for (size_t i = 0; i < COUNT(others); i++) {
        double d = 42;
        int64_t n = 42;
        assert_false(usher_json_double(&d, number(kit_str(others[i]))));
        assert_true(d == 0);
        assert_false(usher_json_int64(&n, number(kit_str(others[i]))));
        assert_int_equal(n, 0);
    }
    double d = 42;
    assert_false(usher_json_double(&d, (usher_json){0}));
}

/* The C library rounds correctly too (glibc does, for any length), so it is the reference; tests
 * run in the C locale. */
static void check(const char *text)
{
    double d, reference = strtod(text, NULL);

    assert_true(usher_json_double(&d, number(kit_str(text))));
    if (bits_of(d) != bits_of(reference)) fail_msg("%s: %.17g, not %.17g", text, d, reference);
}

static void test_any_double_comes_back(void **state)
{
    (void)state;
    uint64_t seed = 1;
    char text[64];

    for (int i = 0; i < 60000; i++) {
        uint64_t bits = kit_next(&seed);
        if (i % 4 == 1) bits &= UINT64_C(0x800fffffffffffff); /* subnormal */
        if (i % 4 == 2) bits = UINT64_C(0x3ff0000000000000) + (bits >> 12);
        double d, back;
        memcpy(&d, &bits, sizeof d);
        if (!isfinite(d)) continue;
        snprintf(text, sizeof text, "%.*g", 17 + (int)(kit_next(&seed) % 3), d);
        assert_true(usher_json_double(&back, number(kit_str(text))));
        if (bits_of(back) != bits) fail_msg("%s", text);
        check(text);
    }
}

static void test_any_digits(void **state)
{
    (void)state;
    uint64_t seed = 2;
    char text[80];

    for (int i = 0; i < 60000; i++) {
        size_t digits = 1 + kit_next(&seed) % 40, len = 0, point = kit_next(&seed) % 44;
        if (kit_next(&seed) % 2) text[len++] = '-';
        text[len++] = (char)('1' + kit_next(&seed) % 9);
        for (size_t k = 1; k < digits; k++) {
            if (k == point) text[len++] = '.';
            text[len++] = (char)('0' + kit_next(&seed) % 10);
        }
        int range = kit_next(&seed) % 3 ? 400 : 30;
        snprintf(text + len, sizeof text - len, "e%d",
                 (int)(kit_next(&seed) % (uint64_t)range) - range / 2 - (int)(digits / 2));
        check(text);
    }
}

#define PLACES 1100 /* behind the point: no double and no half between two needs more than 1075 */
#define WIDTH  (310 + 1 + PLACES)

/* The decimal halfway between two, digit by digit; all have the same width. */
static void average(char *out, const char *a, const char *b)
{
    int sum[WIDTH], carry = 0, rest = 0;

    for (size_t i = WIDTH; i-- > 0;) {
        if (a[i] == '.') continue;
        sum[i] = a[i] - '0' + b[i] - '0' + carry;
        carry = sum[i] / 10;
        sum[i] %= 10;
    }
    for (size_t i = 0; i < WIDTH; i++) {
        out[i] = '.';
        if (a[i] == '.') continue;
        out[i] = (char)('0' + (rest * 10 + sum[i]) / 2);
        rest = sum[i] % 2;
    }
    out[WIDTH] = 0;
}

/* JSON wants no zeros in front. */
static const char *without_zeros(const char *text)
{
    while (text[0] == '0' && text[1] != '.')
        text++;
    return text;
}

static void check_side(const char *text, uint64_t bits)
{
    double d;

    check(text);
    assert_true(usher_json_double(&d, number(kit_str(text))));
    assert_true(bits_of(d) == bits);
}

/* Exactly half a last place between two doubles goes to the even one; a hair to each side, behind
 * all digits that count, goes there. */
static void test_halves(void **state)
{
    (void)state;
    uint64_t seed = 3;
    static char low[WIDTH + 1], high[WIDTH + 1], half[WIDTH + 1];

    for (int i = 0; i < 1500; i++) {
        uint64_t bits = kit_next(&seed) & UINT64_C(0x7fffffffffffffff);
        if (i % 3 == 0) bits &= UINT64_C(0x000fffffffffffff); /* subnormal */
        if (i % 3 == 1) bits = UINT64_C(0x3f00000000000000) + (bits >> 11);
        uint64_t next = bits + 1;
        double a, b;
        memcpy(&a, &bits, sizeof a);
        memcpy(&b, &next, sizeof b);
        if (!isfinite(a) || !isfinite(b)) continue;
        snprintf(low, sizeof low, "%0*.*f", WIDTH, PLACES, a);
        snprintf(high, sizeof high, "%0*.*f", WIDTH, PLACES, b);
        average(half, low, high);
        check_side(without_zeros(half), bits + (bits & 1));
        half[WIDTH - 1] = '1';
        check_side(without_zeros(half), bits + 1);
        half[WIDTH - 1] = '0';
        char *p = half + WIDTH - 1;
        for (; *p == '0' || *p == '.'; p--) /* borrow from the last digit that is something */
            if (*p == '0') *p = '9';
        --*p;
        check_side(without_zeros(half), bits);
    }
}

static void test_very_long_numbers(void **state)
{
    (void)state;
    static char text[40000];
    static const struct {
        const char *head, *fill, *tail;
        size_t times;
    } rows[] = {
        {"1", "0", "", 308},
        {"1", "0", "", 309},
        {"9", "9", "", 308},
        {"1", "0", "e-400", 400},
        {"0.", "0", "1e401", 400},
        {"0.", "0", "1", 322},
        {"0.", "0", "1", 323},
        {"0.", "0", "5", 323},
        {"0.", "0", "1", 330},
        {"0.", "3", "", 30000},
        {"1", "7", "e-30000", 30000},
        {"1.", "0", "1", 30000},
        {"9007199254740993.", "0", "1", 800},
        {"9007199254740993.", "0", "", 800},
        {"9007199254740992.", "9", "", 800},
        {"0.5", "0", "", 30000},
        {"-0.", "0", "", 30000},
        {"0.", "0", "e30000", 30000},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        size_t len = strlen(rows[i].head), tail = strlen(rows[i].tail);
        memcpy(text, rows[i].head, len);
        memset(text + len, rows[i].fill[0], rows[i].times);
        memcpy(text + len + rows[i].times, rows[i].tail, tail + 1);
        check(text);
    }
}

static void test_integers(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        bool whole;
        int64_t n;
    } rows[] = {
        {"0", true, 0},
        {"-0", true, 0},
        {"0.0", true, 0},
        {"0e99999999999999999999", true, 0},
        {"1", true, 1},
        {"-1", true, -1},
        {"1767225600", true, 1767225600},
        {"1767225600.0", true, 1767225600},
        {"1.7672256e9", true, 1767225600},
        {"17672256e2", true, 1767225600},
        {"17672256000000e-4", true, 1767225600},
        {"1e3", true, 1000},
        {"1E+3", true, 1000},
        {"5.0", true, 5},
        {"1.5e1", true, 15},
        {"100e-2", true, 1},
        {"0.001e3", true, 1},
        {"0.00100000000000000000000000000e3", true, 1},
        {"1.000000000000000000000000000000", true, 1},
        {"1000000000000000000000000000e-24", true, 1000},
        {"9007199254740993", true, INT64_C(9007199254740993)},
        {"9223372036854775807", true, INT64_MAX},
        {"9223372036854775807.000", true, INT64_MAX},
        {"9.223372036854775807e18", true, INT64_MAX},
        {"92233720368547758070e-1", true, INT64_MAX},
        {"-9223372036854775808", true, INT64_MIN},
        {"-9.223372036854775808e+18", true, INT64_MIN},
        {"9223372036854775808", false, 0},
        {"-9223372036854775809", false, 0},
        {"18446744073709551615", false, 0},
        {"18446744073709551616", false, 0},
        {"12345678901234567000", false, 0},
        {"1e19", false, 0},
        {"1e20", false, 0},
        {"1e21", false, 0},
        {"1e300", false, 0},
        {"1e99999999999999999999", false, 0},
        {"1.5", false, 0},
        {"-0.5", false, 0},
        {"1e-1", false, 0},
        {"1e-400", false, 0},
        {"1e-99999999999999999999", false, 0},
        {"1767225600.5", false, 0},
        {"1.00000000000000000000000000001", false, 0},
        {"9223372036854775806.99999999999", false, 0},
        {"12345678901234567890123e-4", false, 0},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        int64_t n = 42;
        if (usher_json_int64(&n, number(kit_str(rows[i].text))) != rows[i].whole || n != rows[i].n)
            fail_msg("%s", rows[i].text);
    }
}

static void test_any_integer_in_any_notation(void **state)
{
    (void)state;
    uint64_t seed = 5;

    for (int i = 0; i < 30000; i++) {
        int64_t n = (int64_t)(kit_next(&seed) >> kit_next(&seed) % 64), back;
        char plain[32], text[64];
        if (i % 2) n = -(n & INT64_MAX);
        snprintf(plain, sizeof plain, "%lld", (long long)n);
        size_t digits = strlen(plain) - (n < 0), at = 1 + kit_next(&seed) % digits;
        size_t head = at + (n < 0);
        snprintf(text, sizeof text, "%.*s%s%se%d", (int)head, plain, at < digits ? "." : "",
                 plain + head, (int)(digits - at));
        assert_true(usher_json_int64(&back, number(kit_str(text))));
        assert_true(back == n);
        check(text);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_doubles),
        cmocka_unit_test(test_only_numbers_have_a_value),
        cmocka_unit_test(test_any_double_comes_back),
        cmocka_unit_test(test_any_digits),
        cmocka_unit_test(test_halves),
        cmocka_unit_test(test_very_long_numbers),
        cmocka_unit_test(test_integers),
        cmocka_unit_test(test_any_integer_in_any_notation),
    };
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    free(last);
    return failed;
}
