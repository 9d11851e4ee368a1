/* A request to NextAuth v4's middleware. Input: the allocation that fails ('~': none), then lines:
 * sign-in page, error page, NEXTAUTH_URL, Next.js' base path, and the path with its query. */
#include <assert.h>

#include "base/str.h"
#include "gate/path.h"
#include "gate/with_auth.h"
#include "tests/kit/kit.h"
#include "wire/form.h"
#include "wire/utf8.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define ORIGIN "https://app.example"
#define ROOM   ((size_t)4 << 20)

/* Views of what came, and nothing that did not. */
static usher_next_path check_path(const usher_with_auth *w, usher_str path)
{
    usher_next_path got = usher_next_path_of(w->base_path, path);
    usher_str folder = USHER_STR("/_next/data/");

    assert(got.path.len);
    if (got.base.len)
        assert(usher_str_starts(path, got.base) && usher_str_eq(got.base, w->base_path));
    if (path.len && path.ptr[0] == '/' && !got.base.len && !usher_str_starts(path, folder))
        assert(usher_str_eq(got.path, path));
    return got;
}

/* The folder itself, or what has a slash behind it. */
static bool in_folder(usher_str path, const char *folder)
{
    size_t len = strlen(folder);

    return path.len >= len && memcmp(path.ptr, folder, len) == 0 &&
           (path.len == len || path.ptr[len] == '/');
}

/* Nothing is let through unseen but what is one of these as it stands, and says so once. */
static void check_left_open(const usher_with_auth *w, usher_str path)
{
    usher_str plain, page = w->sign_in_page.len ? w->sign_in_page : USHER_STR("/api/auth/signin");
    usher_str error = w->error_page.len ? w->error_page : USHER_STR("/api/auth/error");

    assert(usher_path_classify(&plain, path) == USHER_PATH_CANONICAL);
    assert(usher_str_find(path, USHER_STR("/../")) == SIZE_MAX && !usher_str_has(path, '%'));
    assert(!usher_str_ends(path, USHER_STR("/..")));
    assert(usher_str_find(path, USHER_STR("//")) == SIZE_MAX && !usher_str_has(path, '\\'));
    bool own = usher_str_eq(path, page) || usher_str_eq(path, error) || in_folder(path, "/_next") ||
               in_folder(path, "/favicon.ico");
    if (!w->auth_url.len && !w->base_path.len) assert(own || in_folder(path, "/api/auth"));
}

/* A path stays on the origin; the way back is one parameter, whole, however it is spelt. */
static void check_redirect(const usher_with_auth *w, usher_arena *a, usher_str url, usher_str path,
                           usher_str search)
{
    usher_str page = w->sign_in_page.len ? w->sign_in_page : USHER_STR("/api/auth/signin");
    usher_str rest, query, last = {0};
    usher_form form;
    usher_buf b;
    usher_str back;

    if (page.ptr[0] == '/') {
        assert(usher_str_starts(url, USHER_STR(ORIGIN)));
        rest = usher_str_from(url, sizeof ORIGIN - 1);
        assert(usher_str_starts(rest, w->base_path));
        rest = usher_str_from(rest, w->base_path.len);
        assert(rest.ptr[0] == '/'); /* no port, no user and no name goes on */
    }
    (void)usher_str_cut(url, '#', &rest);
    (void)usher_str_cut((usher_str){url.ptr, url.len - (rest.ptr ? rest.len + 1 : 0)}, '?', &query);
    if (usher_form_read(&form, a, query, NULL)) return; /* of the page's own */
    for (size_t i = 0; i < form.count; i++)
        if (usher_str_eq(form.pairs[i].name, USHER_STR("callbackUrl"))) last = form.pairs[i].value;
    usher_buf_init(&b, a, ROOM);
    usher_buf_put(&b, w->base_path);
    usher_buf_put(&b, path);
    usher_buf_put(&b, search);
    usher_status rc = usher_buf_take(&back, &b, NULL);
    if (!rc && usher_utf8_valid(back)) assert(usher_str_eq(last, back));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    kit_alloc memory = {.fail_at = SIZE_MAX};
    usher_allocator alloc = kit_allocator(&memory);
    usher_with_auth w = {.origin = USHER_STR(ORIGIN)};
    usher_str lines[5] = {{0}}, rest, url, search = {0};
    usher_arena a;
    bool skips;

    if (size < 1 || size > 1 << 15) return 0;
    rest = (usher_str){(const char *)data + 1, size - 1};
    for (size_t i = 0; i < 5 && rest.ptr; i++)
        lines[i] = usher_str_cut(rest, '\n', &rest);
    w.sign_in_page = lines[0];
    w.error_page = lines[1];
    w.auth_url = lines[2];
    w.base_path = lines[3];
    if (lines[3].len && lines[3].ptr[0] != '/') return 0; /* Next.js takes none such */
    if (usher_str_has(lines[3], '#') || usher_str_has(lines[3], '?')) return 0;
    usher_str whole = usher_str_cut(lines[4], '?', &rest);
    if (rest.ptr) search = (usher_str){rest.ptr - 1, rest.len + 1};
    usher_str path = check_path(&w, whole).path;
    usher_arena_init(&a, &alloc, 1024, ROOM);
    if (data[0] != '~') memory.fail_at = data[0] % 16;
    usher_status rc = usher_with_auth_skips(&skips, &w, &a, path, NULL);
    assert(!rc || (rc == USHER_E_NOMEM && memory.failed));
    assert(!rc || !skips); /* could not tell */
    if (skips) check_left_open(&w, path);
    rc = usher_with_auth_sign_in(&url, &w, &a, path, search, NULL);
    assert(!rc || rc == USHER_E_SETTING || (rc == USHER_E_NOMEM && memory.failed));
    assert(!rc == (url.len != 0));
    memory.fail_at = SIZE_MAX;
    if (!rc) check_redirect(&w, &a, url, path, search);
    rc = usher_with_auth_misconfigured(&url, &w, &a, NULL);
    assert(!rc || rc == USHER_E_SETTING);
    usher_arena_deinit(&a);
    assert(memory.live == 0);
    return 0;
}
