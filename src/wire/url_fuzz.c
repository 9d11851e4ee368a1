#include <assert.h>
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/str.h"
#include "tests/kit/kit.h"
#include "wire/url.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_header_safe(usher_str s)
{
    for (size_t i = 0; i < s.len; i++)
        assert((unsigned char)s.ptr[i] >= ' ' && s.ptr[i] != 0x7f);
}

static usher_str origin_of(usher_arena *a, const usher_url *url)
{
    usher_buf b;
    usher_str out;

    usher_buf_init(&b, a, 1000);
    usher_url_put_origin(&b, url);
    usher_status rc = usher_buf_take(&out, &b, NULL);
    assert(rc == USHER_OK);
    return out;
}

static void check_read(usher_arena *a, usher_str text)
{
    usher_url url, origin;

    if (usher_url_read(&url, text, NULL)) {
        assert(!url.host.ptr && !url.path.ptr);
        return;
    }
    assert(url.host.len && url.port && (url.path.len == 0 || url.path.ptr[0] == '/'));
    for (size_t i = 0; i < url.host.len; i++)
        assert(url.host.ptr[i] > ' ' && url.host.ptr[i] <= '~' &&
               !usher_str_has(USHER_STR("@/\\?#%"), url.host.ptr[i]));
    check_header_safe(text);
    usher_status rc = usher_url_read(&origin, origin_of(a, &url), NULL);
    assert(rc == USHER_OK && usher_url_same_origin(&url, &origin));
    assert(origin.path.len == 0 && !origin.query.ptr && !origin.fragment.ptr);
    assert(usher_str_eq(origin_of(a, &url), origin_of(a, &origin)));
    assert(usher_url_is_loopback(&url) == usher_url_is_loopback(&origin));
}

/* A host that decodes to the site's, with the end of a host behind it, is somewhere in the text. */
static bool names_the_host(usher_str text)
{
    static const char host[] = "app.example.com";

    for (size_t i = 0; i < text.len; i++) {
        size_t at = i, n = 0;
        while (n < sizeof host - 1 && at < text.len) {
            char c = text.ptr[at];
            bool escape = c == '%' && text.len - at > 2;
            char hex[3] = {escape ? text.ptr[at + 1] : 0, escape ? text.ptr[at + 2] : 0, 0};
            if (escape) c = (char)strtoul(hex, NULL, 16);
            if (tolower((unsigned char)c) != host[n]) break;
            at += escape ? 3 : 1;
            n++;
        }
        if (n == sizeof host - 1 && (at == text.len || strchr("/\\?#: ", text.ptr[at])))
            return true;
    }
    return false;
}

static void check_callback(usher_arena *a, usher_str text)
{
    usher_str base = USHER_STR("https://app.example.com"), out, again;
    usher_url_kind kind;
    usher_url url;

    usher_status rc = usher_url_callback(&out, &kind, a, text, base, NULL);
    assert(rc == USHER_OK);
    check_header_safe(out);
    bool path = usher_str_starts(text, USHER_STR("/"));
    if (path && !usher_str_eq(out, base)) { /* it never leaves the origin */
        assert(usher_str_starts(out, base));
        assert(usher_str_eq(usher_str_from(out, base.len), text));
    } else if (!usher_str_eq(out, base)) {
        assert(usher_str_eq(out, text) && kind != USHER_URL_NONE && names_the_host(text));
    }
    if (usher_url_read(&url, text, NULL) == USHER_OK) assert(kind == USHER_URL_WEB);
    rc = usher_url_callback(&again, &kind, a, out, base, NULL);
    assert(rc == USHER_OK && kind != USHER_URL_NONE && usher_str_eq(out, again));
}

/* The input as the base too: whatever is accepted there is an origin. */
static void check_base(usher_arena *a, usher_str text)
{
    usher_url_kind kind;
    usher_str out;
    usher_url base, to;

    if (usher_url_callback(&out, &kind, a, USHER_STR("/x"), text, NULL)) {
        assert(!out.ptr);
        return;
    }
    usher_status rc = usher_url_read(&base, text, NULL);
    assert(rc == USHER_OK);
    rc = usher_url_read(&to, out, NULL);
    assert(rc == USHER_OK && usher_url_same_origin(&base, &to));
    assert(usher_str_eq(to.path, USHER_STR("/x")));
}

/* A parameter that is put never moves into the fragment or changes what was there. */
static void check_param(usher_arena *a, usher_str text)
{
    usher_url before, after;
    usher_buf b;
    usher_str out;

    if (usher_url_read(&before, text, NULL)) return;
    usher_buf_init(&b, a, text.len + 100);
    usher_buf_put(&b, text);
    usher_url_put_param(&b, USHER_STR("a"), USHER_STR("&#?/"));
    usher_status rc = usher_buf_take(&out, &b, NULL);
    assert(rc == USHER_OK);
    rc = usher_url_read(&after, out, NULL);
    assert(rc == USHER_OK && usher_url_same_origin(&before, &after));
    assert(usher_str_eq(before.path, after.path) && usher_str_eq(before.fragment, after.fragment));
    assert(usher_str_starts(after.query, before.query));
    assert(usher_str_ends(after.query, USHER_STR("a=%26%23%3F%2F")));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    usher_str text = {(const char *)data, size};
    usher_arena a;

    usher_arena_init(&a, usher_allocator_default(), 4096, 64u << 20);
    check_read(&a, text);
    check_callback(&a, text);
    check_base(&a, text);
    check_param(&a, text);
    usher_arena_deinit(&a);
    return 0;
}
