#include "io/address.h"

#include <arpa/inet.h>
#include <netinet/in.h>

#include "base/str.h"
#include "tests/kit/kit.h"

static void test_reads_and_writes(void **state)
{
    static const struct {
        const char *text, *out; /* out NULL: refused */
    } cases[] = {
        {"192.0.2.1", "192.0.2.1"},
        {"2001:DB8::1", "2001:db8::1"},
        {"[::1]", "::1"},
        {"::ffff:10.0.0.1", "10.0.0.1"},
        {"", NULL},
        {"[]", NULL},
        {"127.1", NULL},
        {"0177.0.0.1", NULL},
        {"2130706433", NULL},
        {"0x7f.0.0.1", NULL},
        {"1.2.3.4.5", NULL},
        {"1.2.3.256", NULL},
        {"fe80::1%eth0", NULL},
        {"localhost", NULL},
        {" 1.2.3.4", NULL},
        {"1:2:3:4:5:6:7:8:9", NULL},
        {"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", NULL},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        usher_address a;
        char text[USHER_ADDRESS_TEXT_MAX];
        bool ok = usher_address_read(&a, kit_str(cases[i].text));
        if (ok != (cases[i].out != NULL)) fail_msg("\"%s\"", cases[i].text);
        if (ok) assert_str(((usher_str){text, usher_address_text(text, &a)}), cases[i].out);
    }
    usher_address a;
    assert_false(usher_address_read(&a, USHER_STR("1.2.3.4\0x")));
}

static void test_ranges(void **state)
{
    static const struct {
        const char *range, *inside, *outside; /* inside NULL: no range */
    } cases[] = {
        {"10.0.0.0/8", "10.255.0.1", "11.0.0.0"},
        {"10.0.0.0/8", "::ffff:10.1.1.1", "::10.1.1.1"},
        {"192.168.4.0/22", "192.168.7.255", "192.168.8.0"},
        {"127.0.0.1", "127.0.0.1", "127.0.0.2"},
        {"::1", "::1", "::2"},
        {"fd00::/8", "fd12:3456::1", "fc00::1"},
        {"2001:db8::/33", "2001:db8:7fff::", "2001:db8:8000::"},
        {"0.0.0.0/0", "8.8.8.8", "2001:4860::8888"},
        {"::/0", "8.8.8.8", NULL},
        {"10.0.0.1/8", NULL, NULL},
        {"10.0.0.0/33", NULL, NULL},
        {"10.0.0.0/08", NULL, NULL},
        {"10.0.0.0/", NULL, NULL},
        {"10.0.0.0/-1", NULL, NULL},
        {"::/129", NULL, NULL},
        {"/8", NULL, NULL},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        usher_address_range r;
        usher_address a;
        bool ok = usher_address_range_read(&r, kit_str(cases[i].range));
        if (ok != (cases[i].inside != NULL)) fail_msg("range \"%s\"", cases[i].range);
        if (!ok) continue;
        assert_true(usher_address_read(&a, kit_str(cases[i].inside)));
        if (!usher_address_in(&r, &a)) fail_msg("%s in %s", cases[i].inside, cases[i].range);
        if (!cases[i].outside) continue;
        assert_true(usher_address_read(&a, kit_str(cases[i].outside)));
        if (usher_address_in(&r, &a)) fail_msg("%s not in %s", cases[i].outside, cases[i].range);
    }
}

static void test_public(void **state)
{
    static const struct {
        const char *text;
        bool public;
    } cases[] = {
        {"8.8.8.8", true},
        {"9.255.255.255", true},
        {"11.0.0.0", true},
        {"100.63.255.255", true},
        {"100.128.0.0", true},
        {"172.15.255.255", true},
        {"172.32.0.0", true},
        {"192.167.255.255", true},
        {"223.255.255.255", true},
        {"2606:4700::1111", true},
        {"2a00:1450:4001::1", true},
        {"64:ff9b::8.8.8.8", true},
        {"2002:808:808::1", true},
        {"::ffff:8.8.8.8", true},
        {"0.0.0.0", false},
        {"0.1.2.3", false},
        {"10.0.0.1", false},
        {"100.64.0.1", false},
        {"100.127.255.255", false},
        {"127.0.0.1", false},
        {"127.255.255.254", false},
        {"169.254.169.254", false},
        {"172.16.0.1", false},
        {"172.31.255.255", false},
        {"192.0.0.8", false},
        {"192.0.2.1", false},
        {"192.168.0.1", false},
        {"198.18.0.1", false},
        {"198.19.255.255", false},
        {"198.51.100.7", false},
        {"203.0.113.7", false},
        {"224.0.0.1", false},
        {"240.0.0.1", false},
        {"255.255.255.255", false},
        {"::", false},
        {"::1", false},
        {"::127.0.0.1", false},
        {"::8.8.8.8", false},
        {"::ffff:127.0.0.1", false},
        {"::ffff:169.254.169.254", false},
        {"::ffff:0:127.0.0.1", false},
        {"64:ff9b::10.0.0.1", false},
        {"64:ff9b::7f00:1", false},
        {"64:ff9b:1::8.8.8.8", false},
        {"2002:7f00:1::", false},
        {"2002:a00:1::1", false},
        {"2001:0:1::1", false},
        {"2001:db8::1", false},
        {"100::1", false},
        {"fc00::1", false},
        {"fd00:ec2::254", false},
        {"fe80::1", false},
        {"fec0::1", false},
        {"ff02::1", false},
        {"3fff::1", false},
        {"4000::1", false},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        usher_address a;
        if (!usher_address_read(&a, kit_str(cases[i].text))) fail_msg("%s", cases[i].text);
        if (usher_address_is_public(&a) != cases[i].public) fail_msg("public: %s", cases[i].text);
    }
}

static void test_loopback(void **state)
{
    static const struct {
        const char *text;
        bool loopback;
    } cases[] = {{"127.0.0.1", true}, {"127.9.9.9", true}, {"::1", true},
                 {"::2", false},      {"0.0.0.0", false},  {"::ffff:127.0.0.1", true},
                 {"::", false},       {"128.0.0.1", false}};

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        usher_address a;
        assert_true(usher_address_read(&a, kit_str(cases[i].text)));
        if (usher_address_is_loopback(&a) != cases[i].loopback) fail_msg("%s", cases[i].text);
    }
}

static void test_of_socket_address(void **state)
{
    struct sockaddr_in v4 = {.sin_family = AF_INET};
    struct sockaddr_in6 v6 = {.sin6_family = AF_INET6, .sin6_addr = IN6ADDR_LOOPBACK_INIT};
    struct sockaddr other = {.sa_family = AF_UNIX};
    usher_address a;
    char text[USHER_ADDRESS_TEXT_MAX];

    (void)state;
    v4.sin_addr.s_addr = htonl(0xc0000201);
    assert_true(usher_address_of(&a, (struct sockaddr *)&v4));
    assert_str(((usher_str){text, usher_address_text(text, &a)}), "192.0.2.1");
    assert_true(usher_address_of(&a, (struct sockaddr *)&v6));
    assert_str(((usher_str){text, usher_address_text(text, &a)}), "::1");
    assert_false(usher_address_of(&a, &other));
    assert_false(usher_address_of(&a, NULL));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_reads_and_writes),
        cmocka_unit_test(test_ranges),
        cmocka_unit_test(test_public),
        cmocka_unit_test(test_loopback),
        cmocka_unit_test(test_of_socket_address),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
