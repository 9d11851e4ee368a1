#include <assert.h>
#include <string.h>

#include "base/str.h"
#include "tests/kit/kit.h"
#include "wire/cookie.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static size_t walk(usher_str header, usher_cookie_dialect dialect)
{
    usher_cookie_raw c;
    size_t n = 0;

    for (size_t left = header.len; usher_cookie_next(&c, &header, dialect); left = header.len) {
        assert(header.len < left); /* it always advances */
        assert(header.len == 0 || header.ptr[0] == ';');
        assert(c.name.ptr && c.value.ptr);
        assert(!usher_str_has(c.name, '=') && !usher_str_has(c.name, ';'));
        assert(!usher_str_has(c.value, ';'));
        n++;
    }
    assert(header.len == 0 && !c.name.ptr);
    return n;
}

/* Seeking finds what walking and comparing finds. The prefix is the header's own beginning. */
static void check_seek(usher_str header, usher_cookie_dialect dialect)
{
    usher_str walked = header, sought = header;
    usher_str prefix = {header.ptr, header.len < 3 ? header.len : 3};
    usher_cookie_raw w, s;
    bool more;

    do {
        while ((more = usher_cookie_next(&w, &walked, dialect)) &&
               !usher_str_starts(w.name, prefix)) {
        }
        assert(usher_cookie_seek(&s, &sought, prefix, dialect) == more);
        assert(s.name.ptr == w.name.ptr && s.name.len == w.name.len);
        assert(s.value.ptr == w.value.ptr && s.value.len == w.value.len);
        assert(sought.len == walked.len);
    } while (more);
}

/* Alone as among the others. */
static void check_one(usher_str header, usher_cookie_dialect dialect, const usher_cookie *among)
{
    usher_arena a;
    usher_str alone;

    usher_arena_init(&a, usher_allocator_default(), 256, 16u << 20);
    assert(!usher_cookie_read_one(&alone, &a, header, among->name, dialect, NULL));
    assert(alone.ptr && usher_str_eq(alone, among->value));
    usher_arena_deinit(&a);
}

static void check_read(usher_str header, usher_cookie_dialect dialect, size_t fail_at)
{
    kit_alloc memory = {.fail_at = fail_at};
    usher_allocator from = kit_allocator(&memory);
    usher_arena a;
    usher_cookies got;
    size_t pairs = walk(header, dialect);
    check_seek(header, dialect);

    usher_arena_init(&a, &from, 256, 16u << 20);
    usher_status rc = usher_cookies_read(&got, &a, header, dialect, NULL);
    assert(memory.failed ? rc == USHER_E_NOMEM
                         : rc == (pairs > USHER_COOKIES_MAX ? USHER_E_LIMIT : USHER_OK));
    assert(got.count <= pairs && (rc == USHER_OK || got.count == 0));
    assert(usher_cookies_too_many(header, dialect) == (pairs > USHER_COOKIES_MAX));
    for (size_t i = 0; i < got.count; i++) {
        usher_str value = usher_cookies_get(&got, got.items[i].name);
        if (got.items[i].name.len) check_one(header, dialect, &got.items[i]);
        assert(value.ptr == got.items[i].value.ptr); /* names are unique: the first is this one */
        assert(value.len <= header.len || usher_str_eq(value, USHER_STR("true")));
    }
    usher_arena_deinit(&a);
    assert(memory.live == 0);
}

/* Lines: name=value, path, domain, and a number whose bits are the rest. One line: as most are. */
static usher_set_cookie cookie_of(usher_str text)
{
    usher_str rest, value, name = usher_str_cut(usher_str_cut(text, '\n', &rest), '=', &value);
    usher_set_cookie c = {.name = name, .value = value, .path = USHER_STR("/"), .http_only = true};
    uint64_t bits;

    if (!rest.ptr) return c;
    c.path = usher_str_cut(rest, '\n', &rest);
    c.domain = usher_str_cut(rest, '\n', &rest);
    if (!usher_str_u64(&bits, rest)) bits = 0;
    c.http_only = bits & 1;
    c.secure = bits & 2;
    c.same_site = (usher_same_site)(bits >> 2 & 3);
    c.edge = bits & 16;
    c.has_max_age = bits & 32;
    c.has_expires = bits & 64;
    c.max_age_s = c.expires_s = (int64_t)(bits >> 7);
    return c;
}

/* Attributes stand once and whole, whatever their values were. */
static void check_attributes(usher_str line, const usher_set_cookie *c)
{
    const bool expected[] = {c->path.len,
                             c->domain.len,
                             c->has_max_age,
                             c->has_expires,
                             c->secure,
                             c->http_only,
                             c->same_site != USHER_SAME_SITE_UNSET};
    static const char *const names[] = {"Path",   "Domain",   "Max-Age", "Expires",
                                        "Secure", "HttpOnly", "SameSite"};
    bool seen[7] = {false};

    while (line.len) {
        usher_str value,
            name = usher_str_cut(usher_str_trim(usher_str_cut(line, ';', &line)), '=', &value);
        size_t i = 0;
        if (name.len == 0) continue; /* what precedes the first ';' */
        while (i < 7 && !usher_str_eq(name, kit_str(names[i])))
            i++;
        assert(i < 7 && !seen[i] && (i == 4 || i == 5 ? !value.ptr : value.len > 0));
        seen[i] = true;
        if (i == 0) assert(usher_str_eq(value, c->path));
        if (i == 1) assert(usher_str_eq(value, c->domain));
    }
    assert(!memcmp(seen, expected, sizeof seen));
}

/* What is written for any name and value is read back by the dialects that decode and do not
 * unquote an encoded value; a name that is no token is refused. */
static void check_write(usher_str text)
{
    usher_set_cookie c = cookie_of(text);
    usher_arena a;
    usher_cookie_raw raw;
    usher_str decoded, line;
    bool keep;

    usher_arena_init(&a, usher_allocator_default(), 256, 1u << 20);
    usher_status rc = usher_set_cookie_write(&line, &a, &c, NULL);
    assert(rc || !usher_str_has(c.path, ';'));
    if (rc == USHER_OK) {
        for (size_t i = 0; i < line.len; i++)
            assert(line.ptr[i] >= ' ' && line.ptr[i] <= '~');
        assert(usher_cookie_next(&raw, &line, USHER_COOKIE_AUTHJS));
        assert(usher_str_eq(raw.name, c.name));
        rc = usher_cookie_decode(&decoded, &keep, &a, raw.value, USHER_COOKIE_AUTHJS, NULL);
        assert(rc == USHER_OK && keep);
        assert(usher_str_eq(decoded, c.value) || usher_str_eq(decoded, raw.value));
        check_attributes(line, &c);
    } else {
        assert(!line.ptr);
    }
    usher_arena_deinit(&a);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    usher_str header = {(const char *)data, size};
    size_t fail_at = size && data[0] < 8 ? data[0] : SIZE_MAX; /* the input decides */

    for (int dialect = USHER_COOKIE_PACKAGE; dialect <= USHER_COOKIE_NEXT_EDGE; dialect++)
        check_read(header, (usher_cookie_dialect)dialect, fail_at);
    check_write(header);
    return 0;
}
