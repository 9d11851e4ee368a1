#include "site/daemon.h"

#include "base/str.h"
#include "site/site_rig.h"

typedef struct rig {
    usher_arena tree, arena;
    usher_problems *problems;
    usher_daemon_settings settings;
    usher_status status;
} rig;

/* `fragment` is what stands in the map, on line 2. */
static void read_with(rig *r, const char *fragment, const usher_allocator *alloc)
{
    char json[2048];
    usher_node *root;

    snprintf(json, sizeof json, "{'site':{},'daemon':{\n%s\n}}", fragment);
    rig_quotes(json);
    r->problems = usher_problems_new_with(alloc);
    assert_non_null(r->problems);
    usher_arena_init(&r->tree, usher_allocator_default(), 4096, USHER_NODE_MEMORY);
    usher_arena_init(&r->arena, alloc, 64, USHER_NODE_MEMORY);
    assert_ok(
        usher_node_from_json(&root, &r->tree, kit_str(json), kit_str("f"), r->problems, NULL));
    r->status = usher_daemon_settings_from_node(&r->settings, &r->arena, r->problems, root,
                                                kit_str("f"), NULL);
    usher_arena_deinit(&r->tree); /* what was handed out lives in the other arena */
    memset(json, 'X', sizeof json);
}

static void read_settings(rig *r, const char *fragment)
{
    read_with(r, fragment, usher_allocator_default());
}

static void free_settings(rig *r)
{
    usher_arena_deinit(&r->arena);
    usher_problems_free(r->problems);
}

static void test_defaults(void **state)
{
    (void)state;
    rig r;
    read_settings(&r, "");
    assert_ok(r.status);
    assert_int_equal(usher_problems_count(r.problems), 0);
    const usher_daemon_settings *s = &r.settings;
    assert_str(s->listen, "127.0.0.1:3000");
    assert_true(s->loopback);
    assert_int_equal(s->threads, 0);
    assert_int_equal(s->workers, 8);
    assert_int_equal(s->head_timeout_s, 10);
    assert_int_equal(s->body_timeout_s, 20);
    assert_int_equal(s->drain_timeout_s, 25);
    assert_int_equal(s->head_max, 65536);
    assert_int_equal(s->body_max, 1048576);
    assert_int_equal(s->connections_max, 10000);
    assert_int_equal(s->trusted_peer_count, 0);
    assert_str(s->check_path, "/_usher/check");
    assert_int_equal(s->files.len, 0);
    free_settings(&r);
}

static void test_values(void **state)
{
    (void)state;
    rig r;
    read_settings(&r, "'listen':'[::1]:0','threads':3,'workers':4,'head_timeout':'7s',"
                      "'body_timeout':'1m','drain_timeout':0,'head_max':'32KiB','body_max':2048,"
                      "'connections_max':5,'trusted_peers':['10.0.0.0/8','::1'],"
                      "'check_path':'/c','files':'pages'");
    assert_ok(r.status);
    const usher_daemon_settings *s = &r.settings;
    assert_str(s->listen, "[::1]:0");
    assert_true(s->loopback);
    assert_int_equal(s->threads, 3);
    assert_int_equal(s->workers, 4);
    assert_int_equal(s->head_timeout_s, 7);
    assert_int_equal(s->body_timeout_s, 60);
    assert_int_equal(s->drain_timeout_s, 0);
    assert_int_equal(s->head_max, 32768);
    assert_int_equal(s->body_max, 2048);
    assert_int_equal(s->connections_max, 5);
    assert_int_equal(s->trusted_peer_count, 2);
    assert_str(s->trusted_peers[0], "10.0.0.0/8");
    assert_str(s->trusted_peers[1], "::1");
    assert_str(s->check_path, "/c");
    assert_str(s->files, "pages");
    free_settings(&r);
}

static void test_listen(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        int loopback; /* -1: refused */
    } cases[] = {
        {"127.0.0.1:3000", 1},
        {"127.255.0.9:1", 1},
        {"localhost:3000", 1},
        {"[::1]:65535", 1},
        {"0.0.0.0:80", 0},
        {"[::]:80", 0},
        {"192.0.2.1:0", 0},
        {"[2001:db8::1]:80", 0},
        {"[::ffff:127.0.0.1]:80", 0}, /* not taken for loopback: safer */
        {"128.0.0.1:80", 0},
        {"127.0.0.1", -1},
        {"127.0.0.1:", -1},
        {":80", -1},
        {"127.0.0.1:65536", -1},
        {"127.0.0.1:080", -1},
        {"127.0.0.1:+8", -1},
        {"127.0.0.1:1:2", -1},
        {"::1:80", -1},
        {"[::1]80", -1},
        {"[::1]", -1},
        {"[::1]:", -1},
        {"[127.0.0.1]:80", -1},
        {"example.com:80", -1},
        {"127.1:80", -1},
        {"0127.0.0.1:80", -1},
        {"256.0.0.1:80", -1},
        {"1.2.3:80", -1},
        {"1.2.3.4.5:80", -1},
        {"[::1%lo]:80", -1},
        {"*:80", -1},
        {"[:::1]:80", -1},
        {"[1:2:3:4:5:6:7:8:9]:80", -1},
        {"unix:/run/x", -1},
        {"[]:80", -1},
        {"[", -1},
        {"[::g]:1", -1},
        {"[1:2:3:4:5:6:7:8]:1", 0},
        {"[1:2:3:4:5:6:7]:1", -1},
        {"[1:2:3:4:5:6:1.2.3.4]:1", 0},
        {"[::1.2.3.4:1]:1", -1},
        {"[1::2::3]:1", -1},
        {"[12345::]:1", -1},
        {"[1:2:3:4:5:6:7::]:1", 0},
        {"[1:2:3:4::5:6:7:8]:1", -1},
    };

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char fragment[128];
        rig r;
        snprintf(fragment, sizeof fragment, "'listen':'%s'", cases[i].text);
        read_settings(&r, fragment);
        if ((r.status != USHER_OK) != (cases[i].loopback < 0) ||
            (r.status == USHER_OK && r.settings.loopback != (cases[i].loopback == 1)))
            fail_msg("%s: %s, loopback %d", cases[i].text, usher_status_name(r.status),
                     r.settings.loopback);
        free_settings(&r);
    }
}

#define PEERS "'trusted_peers':"
static void test_what_is_wrong_is_told_with_its_place(void **state)
{
    (void)state;
    static const struct {
        const char *fragment;
        size_t column;
        const char *message;
    } cases[] = {
        {"'listen':'here'", 10,
         "daemon.listen is 'here'; write an address and a port: 127.0.0.1:3000 or \"[::1]:3000\""},
        {"'listen':3000", 10,
         "daemon.listen is '3000'; write an address and a port: 127.0.0.1:3000 or \"[::1]:3000\""},
        {"'listen':['127.0.0.1:1']", 10, "daemon.listen takes one value, not a list"},
        {"'port':3000", 1, "unknown setting 'daemon.port'; docs/settings.md lists them all"},
        {"'thread':3", 1, "unknown setting 'daemon.thread' (did you mean 'daemon.threads'?)"},
        {"'headTimeout':3", 1,
         "unknown setting 'daemon.headTimeout' (did you mean 'daemon.head_timeout'?)"},
        {"'threads':'4'", 11, "daemon.threads is '4'; write a whole number, without quotes"},
        {"'threads':4.0", 11, "daemon.threads is '4.0'; write a whole number, without quotes"},
        {"'threads':-1", 11, "daemon.threads is '-1'; write a whole number, without quotes"},
        {"'threads':257", 11, "daemon.threads must be from 0 to 256"},
        {"'workers':0", 11, "daemon.workers must be from 1 to 256"},
        {"'workers':18446744073709551617", 11,
         "daemon.workers is '18446744073709551617'; write a whole number, without quotes"},
        {"'head_timeout':0", 16, "daemon.head_timeout must be from 1 to 300 seconds"},
        {"'head_max':'1KiB'", 12, "daemon.head_max must be from 4096 to 1048576 bytes"},
        {"'body_max':'1GiB'", 12,
         "daemon.body_max is '1GiB'; write a number of bytes: 65536, 64KiB or 1MiB"},
        {"'connections_max':0", 19, "daemon.connections_max must be from 1 to 1000000"},
        {"'check_path':'check'", 14,
         "daemon.check_path is 'check'; write a plain path that begins with '/': no query, escapes "
         "or dots"},
        {"'files':''", 9, "daemon.files is empty; give a value or remove it"},
        {PEERS "'127.0.0.1'", 17,
         "daemon.trusted_peers is a list: write [one, two], or lines that begin with '- '"},
        {PEERS "['localhost']", 18,
         "daemon.trusted_peers: 'localhost' is neither an address nor a network; write 127.0.0.1, "
         "::1 or 10.0.0.0/8"},
        {PEERS "['10.0.0.0/8','10.0.0.1/8']", 31,
         "daemon.trusted_peers: '10.0.0.1/8' has bits set after its prefix; is that one address?"},
        {PEERS "['10.0.0.0/6']", 18,
         "daemon.trusted_peers: '10.0.0.0/6' has bits set after its prefix; is that one address?"},
        {PEERS "['10.0.0.0/33']", 18,
         "daemon.trusted_peers: '10.0.0.0/33' has a prefix length that is none; write 10.0.0.0/8 "
         "or "
         "fd00::/8"},
        {PEERS "['10.0.0.0/']", 18,
         "daemon.trusted_peers: '10.0.0.0/' has a prefix length that is none; write 10.0.0.0/8 or "
         "fd00::/8"},
        {PEERS "['10.0.0.0/08']", 18,
         "daemon.trusted_peers: '10.0.0.0/08' has a prefix length that is none; write 10.0.0.0/8 "
         "or "
         "fd00::/8"},
        {PEERS "['fd00::/129']", 18,
         "daemon.trusted_peers: 'fd00::/129' has a prefix length that is none; write 10.0.0.0/8 or "
         "fd00::/8"},
        {PEERS "['fd00::1/64']", 18,
         "daemon.trusted_peers: 'fd00::1/64' has bits set after its prefix; is that one address?"},
        {PEERS "['[::1]']", 18,
         "daemon.trusted_peers: '[::1]' is neither an address nor a network; write 127.0.0.1, ::1 "
         "or "
         "10.0.0.0/8"},
        {PEERS "['10.0.0']", 18,
         "daemon.trusted_peers: '10.0.0' is neither an address nor a network; write 127.0.0.1, ::1 "
         "or 10.0.0.0/8"},
    };

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        rig r;
        read_settings(&r, cases[i].fragment);
        const usher_problem *p = usher_problems_at(r.problems, 0);
        assert_int_equal(r.status, USHER_E_SETTING);
        assert_int_equal(usher_problems_count(r.problems), 1);
        assert_str(p->message, cases[i].message);
        assert_int_equal(p->line, 2);
        assert_int_equal(p->column, cases[i].column);
        free_settings(&r);
    }
}

static void test_peers_that_are_right(void **state)
{
    (void)state;
    static const char *const peers[] = {
        "127.0.0.1",   "10.0.0.0/8",  "192.168.0.0/16", "192.0.2.7/32",
        "::1",         "fd00::/8",    "2001:db8::/32",  "::ffff:10.0.0.0/104",
        "fe80::1/128", "128.0.0.0/1", "FD00::/8",
    };

    for (size_t i = 0; i < sizeof peers / sizeof *peers; i++) {
        char fragment[128];
        rig r;
        snprintf(fragment, sizeof fragment, PEERS "['%s']", peers[i]);
        read_settings(&r, fragment);
        if (r.status || usher_problems_count(r.problems)) fail_msg("%s", peers[i]);
        free_settings(&r);
    }
    for (size_t i = 0; i < 2; i++) {
        rig r;
        read_settings(&r, i ? PEERS "['::/0']" : PEERS "['0.0.0.0/0']");
        assert_ok(r.status);
        assert_int_equal(usher_problems_count(r.problems), 1);
        assert_true(usher_problems_at(r.problems, 0)->warning);
        free_settings(&r);
    }
}

static void test_every_allocation_may_fail(void **state)
{
    (void)state;
    static const char *const fragments[] = {
        "'listen':'localhost:1','files':'x','trusted_peers':['10.0.0.0/8','0.0.0.0/0']",
        "'listen':'x','unknown':1",
    };

    for (size_t i = 0; i < 2; i++) {
        kit_alloc f;
        size_t n = 1; /* the list of problems itself is made before */
        do {
            f = (kit_alloc){.fail_at = n++};
            usher_allocator alloc = kit_allocator(&f);
            rig r;
            read_with(&r, fragments[i], &alloc);
            assert_int_equal(r.status, f.failed ? USHER_E_NOMEM : i ? USHER_E_SETTING : USHER_OK);
            free_settings(&r);
            assert_int_equal(f.live, 0);
        } while (f.failed);
        assert_true(n > 2); /* a plain arena asks its allocator a few times only */
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_defaults),
        cmocka_unit_test(test_values),
        cmocka_unit_test(test_listen),
        cmocka_unit_test(test_what_is_wrong_is_told_with_its_place),
        cmocka_unit_test(test_peers_that_are_right),
        cmocka_unit_test(test_every_allocation_may_fail),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
