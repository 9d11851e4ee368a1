#include "tests/kit/kit.h"

#include "base/str.h"
#include "gate/path.h"
#include "gate/rules.h"

static void test_kinds(void **state)
{
    static const struct {
        const char *target, *path;
        usher_path_kind kind;
    } cases[] = {
        {"/", "/", USHER_PATH_CANONICAL},
        {"/admin", "/admin", USHER_PATH_CANONICAL},
        {"/admin/", "/admin/", USHER_PATH_CANONICAL},
        {"/a/b.c/d-e_f~g", "/a/b.c/d-e_f~g", USHER_PATH_CANONICAL},
        {"/.well-known/x", "/.well-known/x", USHER_PATH_CANONICAL},
        {"/a/..b/c..", "/a/..b/c..", USHER_PATH_CANONICAL},
        {"/@user:1/a+b,c=d!$&'()*", "/@user:1/a+b,c=d!$&'()*", USHER_PATH_CANONICAL},
        {"/pub?x=%zz#\\//../", "/pub", USHER_PATH_CANONICAL}, /* not looked at */
        {"/?", "/", USHER_PATH_CANONICAL},
        {"/tags/c%23", "/tags/c%23", USHER_PATH_UNCLEAR},
        {"/a%3Fb?c", "/a%3Fb", USHER_PATH_UNCLEAR},
        {"/a;b", "/a;b", USHER_PATH_UNCLEAR},
        {"/a/", "/a/", USHER_PATH_CANONICAL},
        {"/a//", "/a//", USHER_PATH_UNCLEAR},
        {"/a/.", "/a/.", USHER_PATH_UNCLEAR},
        {"/a/..", "/a/..", USHER_PATH_UNCLEAR},
        {"/.../a", "/.../a", USHER_PATH_UNCLEAR},
        {"/a b", "/a b", USHER_PATH_UNCLEAR},
        {"/a|b", "/a|b", USHER_PATH_UNCLEAR},
        {"/a\"b", "/a\"b", USHER_PATH_UNCLEAR},
        {"/stra\xc3\x9f"
         "e",
         "/stra\xc3\x9f"
         "e",
         USHER_PATH_UNCLEAR},
        {"/\xff", "/\xff", USHER_PATH_UNCLEAR},
        {"/%25zz", "/%25zz", USHER_PATH_UNCLEAR},
        {"/%252d", "/%252d", USHER_PATH_UNCLEAR},
        {"/%25", "/%25", USHER_PATH_UNCLEAR},
        {"/%252f", "/%252f", USHER_PATH_INVALID},
        {"/%252E", "/%252E", USHER_PATH_INVALID},
        {"/%255c", "/%255c", USHER_PATH_INVALID},
        {"/%25%32%46", "/%25%32%46", USHER_PATH_INVALID},
        {"/%252%66", "/%252%66", USHER_PATH_INVALID},
        {"/%", "/%", USHER_PATH_INVALID},
        {"/%4", "/%4", USHER_PATH_INVALID},
        {"/%4?1", "/%4", USHER_PATH_INVALID},
        {"/%4g", "/%4g", USHER_PATH_INVALID},
        {"/%g4", "/%g4", USHER_PATH_INVALID},
        {"/%00", "/%00", USHER_PATH_INVALID},
        {"/%1f", "/%1f", USHER_PATH_INVALID},
        {"/%7F", "/%7F", USHER_PATH_INVALID},
        {"/\x01", "/\x01", USHER_PATH_INVALID},
        {"/\x7f", "/\x7f", USHER_PATH_INVALID},
        {"", "", USHER_PATH_INVALID},
        {"?/x", "", USHER_PATH_INVALID},
        {"admin", "admin", USHER_PATH_INVALID},
        {"a/../b", "a/../b", USHER_PATH_INVALID},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        usher_str path;
        usher_path_kind kind = usher_path_classify(&path, kit_str(cases[i].target));
        if (kind != cases[i].kind) fail_msg("%s is kind %d", cases[i].target, (int)kind);
        assert_str(path, cases[i].path);
    }
    usher_str path;
    assert_int_equal(usher_path_classify(&path, (usher_str){0}), USHER_PATH_INVALID);
    assert_int_equal(usher_path_classify(&path, USHER_STR("/a\0b")), USHER_PATH_INVALID);
}

/* T53: the targets about which nginx, Caddy, HAProxy and Node were measured to disagree. Whatever
 * is not its own plain spelling must never be open; one that is may only be open under that
 * spelling. */
static void test_targets_that_servers_read_differently(void **state)
{
    static const struct {
        const char *target;
        usher_path_kind kind;
    } cases[] = {
        {"//admin", USHER_PATH_UNCLEAR},
        {"/%61dmin", USHER_PATH_UNCLEAR},
        {"/ADMIN", USHER_PATH_CANONICAL},
        {"/pub/../admin", USHER_PATH_UNCLEAR},
        {"/pub/%2e%2e/admin", USHER_PATH_UNCLEAR},
        {"/pub/.%2e/admin", USHER_PATH_UNCLEAR},
        {"/./admin", USHER_PATH_UNCLEAR},
        {"/pub/..%2fadmin", USHER_PATH_UNCLEAR},
        {"/pub%2f..%2fadmin", USHER_PATH_UNCLEAR},
        {"/%2fadmin", USHER_PATH_UNCLEAR},
        {"/a//../admin", USHER_PATH_UNCLEAR},
        {"/pub/..;/admin", USHER_PATH_UNCLEAR},
        {"/;x/admin", USHER_PATH_UNCLEAR},
        {"/%5cadmin", USHER_PATH_UNCLEAR},
        {"/pub/%252e%252e/admin", USHER_PATH_INVALID},
        {"/%c0%af/admin", USHER_PATH_UNCLEAR},
        {"/\\admin", USHER_PATH_INVALID},
        {"/admin%00", USHER_PATH_INVALID},
        {"/pub#/../admin", USHER_PATH_INVALID},
        {"/admin#x", USHER_PATH_INVALID},
        {"http://b.example/admin", USHER_PATH_INVALID},
        {"*", USHER_PATH_INVALID},
        {"/%zzadmin", USHER_PATH_INVALID},
        {"/admi\tn", USHER_PATH_INVALID},
        {"/admi\nn", USHER_PATH_INVALID},
    };
    static const usher_str all[] = {USHER_STR_INIT("/*")};
    static const usher_str lower[] = {USHER_STR_INIT("/admin"), USHER_STR_INIT("/admin/*")};

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        usher_str path, target = kit_str(cases[i].target);
        if (usher_path_classify(&path, target) != cases[i].kind) fail_msg("%s", cases[i].target);
        assert_int_equal(usher_rules_open(&(usher_rules){all, 1}, target),
                         cases[i].kind == USHER_PATH_CANONICAL);
        assert_false(usher_rules_open(&(usher_rules){lower, 2}, target));
    }
}

/* Texts that make somebody read another path than the one that is written. */
static const char *const disguises[] = {
    "%61", "%2e", "%2E",  "%2f",    "%2F",       "%5c",  "%5C",  "%25",      "%252e",  "%252f",
    "%00", "%09", "%0a",  "%c0%af", "%e0%80%af", "%ff",  "%zz",  "%",        "%4",     "%u002f",
    "//",  "/./", "/../", "/.../",  ";",         ";x",   "..;/", "\\",       "\\..\\", "#",
    "#/",  "\t",  "\n",   "\r",     "\x01",      "\x7f", " ",    "\xc3\xa9", "\xff",   "\"",
    "<",   ">",   "^",    "`",      "{",         "|",    "}",    "[",        "]",
};

/* Every disguise at every place of some paths: none may be canonical, and none may be open even to
 * the widest rule. The undisguised path is the control: it is. */
static void test_no_rule_opens_a_disguised_path(void **state)
{
    static const char *const paths[] = {"/pub/x", "/pub", "/pub/", "/", "/a/b/c/admin"};
    static const usher_str open[] = {USHER_STR_INIT("/*"), USHER_STR_INIT("/pub/*"),
                                     USHER_STR_INIT("/pub"), USHER_STR_INIT("/a/*")};
    static const usher_rules rules = {open, 4};
    size_t tried = 0;

    (void)state;
    for (size_t p = 0; p < sizeof paths / sizeof *paths; p++) {
        size_t len = strlen(paths[p]);
        assert_true(usher_rules_open(&rules, kit_str(paths[p])));
        for (size_t d = 0; d < sizeof disguises / sizeof *disguises; d++)
            for (size_t at = 1; at <= len; at++, tried++) {
                char text[64];
                int n = snprintf(text, sizeof text, "%.*s%s%s", (int)at, paths[p], disguises[d],
                                 paths[p] + at);
                usher_str path, target = {text, (size_t)n};
                if (usher_path_classify(&path, target) == USHER_PATH_CANONICAL)
                    fail_msg("canonical: %s", text);
                if (usher_rules_open(&rules, target)) fail_msg("open: %s", text);
            }
    }
    assert_true(tried >= 1000);
}

static bool is_canonical(const char *text, size_t len)
{
    usher_str path;

    return usher_path_classify(&path, (usher_str){text, len}) == USHER_PATH_CANONICAL;
}

/* What the words "raw, decoded and cleaned forms are the same text" mean, done the slow way: a path
 * that a plain decoder or a plain cleaner would change is not canonical. */
static bool plain_readings_agree(const char *text, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        bool dots = text[i] == '/' && i + 1 < len && text[i + 1] == '.';
        size_t end = i + 1;
        while (dots && end < len && text[end] == '.')
            end++;
        if (dots && (end == len || text[end] == '/')) return false;
        if (text[i] == '/' && i + 1 < len && text[i + 1] == '/') return false;
        if (text[i] == '%' || text[i] == ';' || text[i] == '\\' || text[i] == '#') return false;
    }
    return len > 0 && text[0] == '/';
}

static void test_short_paths_all(void **state)
{
    static const char alphabet[] = "/.a%2;\\#e";
    char text[5];
    size_t canonical = 0, total = 1, base = sizeof alphabet - 1;

    (void)state;
    for (size_t i = 0; i < sizeof text; i++)
        total *= base;
    for (size_t n = 0; n < total; n++) {
        size_t left = n;
        for (size_t i = 0; i < sizeof text; i++, left /= base)
            text[i] = alphabet[left % base];
        bool fine = is_canonical(text, sizeof text);
        if (fine != plain_readings_agree(text, sizeof text)) fail_msg("%.5s", text);
        canonical += fine;
    }
    assert_true(canonical > 300); /* control: "/aaaa" and many like it */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_kinds),
        cmocka_unit_test(test_targets_that_servers_read_differently),
        cmocka_unit_test(test_no_rule_opens_a_disguised_path),
        cmocka_unit_test(test_short_paths_all),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
