#include "hosts/daemon/files.h"

#include <fcntl.h>
#include <ftw.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/kit/kit.h"

static char root[256];

static int begin(void **state)
{
    const char *tmp = getenv("TMPDIR");

    (void)state;
    snprintf(root, sizeof root, "%s/usherd-files-XXXXXX", tmp ? tmp : P_tmpdir);
    return mkdtemp(root) ? 0 : -1;
}

static int drop(const char *path, const struct stat *st, int kind, struct FTW *ftw)
{
    (void)st, (void)kind, (void)ftw;
    return remove(path);
}

static int end(void **state)
{
    (void)state;
    return nftw(root, drop, 16, FTW_DEPTH | FTW_PHYS);
}

static const char *at(const char *name)
{
    static char path[1024];

    snprintf(path, sizeof path, "%s/%s", root, name);
    return path;
}

static void put_file(const char *name, const char *text, size_t len)
{
    int fd = open(at(name), O_WRONLY | O_CREAT | O_TRUNC, 0600);

    assert_true(fd >= 0);
    assert_int_equal(write(fd, text, len), (ssize_t)len);
    close(fd);
}

static void put_text(const char *name, const char *text)
{
    put_file(name, text, strlen(text));
}

static usher_status load(usherd_files *f, usher_problems **problems)
{
    *problems = usher_problems_new();
    assert_non_null(*problems);
    return usherd_files_load(f, usher_allocator_default(), kit_str(root), *problems, NULL);
}

static const char *body_of(const usherd_files *f, const char *path)
{
    static char text[64];
    const usherd_file *file = usherd_files_find(f, kit_str(path));

    if (!file) return NULL;
    snprintf(text, sizeof text, "%.*s", (int)file->body.len, file->body.len ? file->body.ptr : "");
    return text;
}

static void test_names_and_types(void **state)
{
    static const struct {
        const char *path, *body, *type; /* body NULL: not there */
    } cases[] = {
        {"/", "index", "text/html; charset=utf-8"},
        {"/index.html", "index", "text/html; charset=utf-8"},
        {"/index", NULL, NULL},
        {"/about", "about", "text/html; charset=utf-8"},
        {"/about.html", "about", "text/html; charset=utf-8"},
        {"/about/", NULL, NULL},
        {"/style.css", "css", "text/css; charset=utf-8"},
        {"/style", NULL, NULL},
        {"/sub/", "sub index", "text/html; charset=utf-8"},
        {"/sub", NULL, NULL},
        {"/sub/page", "sub page", "text/html; charset=utf-8"},
        {"/sub/deep/a.json", "{}", "application/json"},
        {"/data", "data", "application/octet-stream"}, /* not data.html */
        {"/data.html", "page", "text/html; charset=utf-8"},
        {"/empty.txt", "", "text/plain; charset=utf-8"},
        {"/.hidden", NULL, NULL},
        {"/.git/config", NULL, NULL},
        {"/a b.txt", NULL, NULL},
        {"/a%20b.txt", NULL, NULL},
        {"/../etc/passwd", NULL, NULL},
        {"/sub/../about", NULL, NULL},
        {"//about", NULL, NULL},
        {"", NULL, NULL},
    };
    usher_problems *problems;
    usherd_files f;

    (void)state;
    assert_int_equal(mkdir(at("sub"), 0700), 0);
    assert_int_equal(mkdir(at("sub/deep"), 0700), 0);
    assert_int_equal(mkdir(at(".git"), 0700), 0);
    put_text("index.html", "index");
    put_text("about.html", "about");
    put_text("style.css", "css");
    put_text("sub/index.html", "sub index");
    put_text("sub/page.html", "sub page");
    put_text("sub/deep/a.json", "{}");
    put_text("data", "data");
    put_text("data.html", "page");
    put_text("empty.txt", "");
    put_text(".hidden", "secret");
    put_text(".git/config", "secret");
    put_text("a b.txt", "odd");
    assert_ok(load(&f, &problems));
    assert_int_equal(usher_problems_count(problems), 1); /* a warning about "a b.txt" */
    assert_true(usher_problems_at(problems, 0)->warning);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const char *body = body_of(&f, cases[i].path);
        if ((body != NULL) != (cases[i].body != NULL)) fail_msg("%s", cases[i].path);
        if (!body) continue;
        assert_string_equal(body, cases[i].body);
        assert_string_equal(usherd_files_find(&f, kit_str(cases[i].path))->type, cases[i].type);
    }
    put_text("about.html", "swapped"); /* what is served was read at the start */
    assert_string_equal(body_of(&f, "/about"), "about");
    usherd_files_free(&f);
    assert_null(usherd_files_find(&f, USHER_STR("/")));
    usher_problems_free(problems);
}

static void test_links(void **state)
{
    usher_problems *problems;
    usherd_files f;

    (void)state;
    assert_int_equal(mkdir(at("..data"), 0700), 0); /* how mounted configuration looks */
    put_text("..data/page.html", "inside");
    assert_int_equal(symlink("..data/page.html", at("page.html")), 0);
    assert_ok(load(&f, &problems));
    assert_string_equal(body_of(&f, "/page"), "inside");
    assert_null(body_of(&f, "/..data/page"));
    usherd_files_free(&f);
    usher_problems_free(problems);

    static const char *const outside[] = {"/etc/passwd", "../../etc/passwd", "..", "/", "nowhere"};
    for (size_t i = 0; i < sizeof outside / sizeof *outside; i++) {
        assert_int_equal(symlink(outside[i], at("link.txt")), 0);
        assert_int_equal(load(&f, &problems), USHER_E_SETTING);
        assert_int_equal(usher_problems_count(problems), 1);
        assert_false(usher_problems_at(problems, 0)->warning);
        assert_null(f.items);
        usher_problems_free(problems);
        assert_int_equal(unlink(at("link.txt")), 0);
    }
}

static void test_bounds(void **state)
{
    usher_problems *problems;
    usherd_files f;
    char *big = calloc(USHERD_FILE_BYTES_MAX + 1, 1), name[64];

    (void)state;
    assert_non_null(big);
    put_file("big.bin", big, USHERD_FILE_BYTES_MAX);
    assert_ok(load(&f, &problems));
    assert_int_equal(usherd_files_find(&f, USHER_STR("/big.bin"))->body.len, USHERD_FILE_BYTES_MAX);
    usherd_files_free(&f);
    usher_problems_free(problems);
    put_file("big.bin", big, USHERD_FILE_BYTES_MAX + 1);
    assert_int_equal(load(&f, &problems), USHER_E_SETTING);
    usher_problems_free(problems);
    free(big);
    assert_int_equal(unlink(at("big.bin")), 0);

    for (unsigned i = 0; i <= USHERD_FILES_MAX; i++) {
        snprintf(name, sizeof name, "page-%u.html", i);
        put_text(name, "x");
        if (i == USHERD_FILES_MAX - 1) {
            assert_ok(load(&f, &problems));
            assert_int_equal(f.count, 2 * USHERD_FILES_MAX);
            usherd_files_free(&f);
            usher_problems_free(problems);
        }
    }
    assert_int_equal(load(&f, &problems), USHER_E_SETTING);
    usher_problems_free(problems);
}

static void test_odd_entries(void **state)
{
    usher_problems *problems;
    usherd_files f;
    char path[256] = "a";

    (void)state;
    assert_int_equal(mkfifo(at("pipe"), 0600), 0); /* must not be waited for */
    put_text("page.html", "x");
    assert_ok(load(&f, &problems));
    assert_int_equal(usher_problems_count(problems), 1);
    assert_null(body_of(&f, "/pipe"));
    usherd_files_free(&f);
    usher_problems_free(problems);

    for (unsigned i = 0; i <= USHERD_FILES_DEPTH; i++) {
        assert_int_equal(mkdir(at(path), 0700), 0);
        size_t len = strlen(path);
        snprintf(path + len, sizeof path - len, "/a");
    }
    assert_int_equal(load(&f, &problems), USHER_E_SETTING); /* too deep */
    usher_problems_free(problems);
}

static void test_no_folder(void **state)
{
    usher_problems *problems = usher_problems_new();
    usherd_files f;

    (void)state;
    put_text("file", "x");
    assert_int_equal(
        usherd_files_load(&f, usher_allocator_default(), kit_str(at("file")), problems, NULL),
        USHER_E_SETTING);
    assert_int_equal(
        usherd_files_load(&f, usher_allocator_default(), kit_str(at("none")), problems, NULL),
        USHER_E_SETTING);
    assert_int_equal(usher_problems_count(problems), 2);
    usher_problems_free(problems);
}

static void test_every_allocation_may_fail(void **state)
{
    kit_alloc k;
    size_t n = 0;

    (void)state;
    put_text("index.html", "index");
    put_text("a.css", "css");
    do {
        k = (kit_alloc){.fail_at = n++};
        usher_allocator alloc = kit_allocator(&k);
        usher_problems *problems = usher_problems_new();
        usherd_files f;
        usher_status rc = usherd_files_load(&f, &alloc, kit_str(root), problems, NULL);

        assert_int_equal(rc, k.failed ? USHER_E_NOMEM : USHER_OK);
        usherd_files_free(&f);
        usher_problems_free(problems);
        assert_int_equal(k.live, 0);
    } while (k.failed);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, begin, end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_names_and_types), TEST(test_links),     TEST(test_bounds),
        TEST(test_odd_entries),     TEST(test_no_folder), TEST(test_every_allocation_may_fail),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
