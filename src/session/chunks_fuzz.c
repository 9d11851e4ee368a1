/* Input: a letter for profile and dialect ('a'-'h'), a byte that says which allocation fails ('~':
 * none), and a Cookie header in which the session cookie is called "s". */
#include <assert.h>
#include <string.h>

#include "session/chunks.h"
#include "session/rig.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const usher_session_cookie_attributes plain = {
    .name = USHER_STR_INIT("s"), .path = USHER_STR_INIT("/"), .same_site = USHER_SAME_SITE_LAX};

static bool is_token_text(usher_str s)
{
    for (size_t i = 0; i < s.len; i++) {
        char c = s.ptr[i];
        if (!((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
              c == '-' || c == '_' || c == '.'))
            return false;
    }
    return true;
}

/* What a browser sends after these lines. */
static usher_str browser(usher_arena *a, const usher_str *lines, size_t count)
{
    usher_buf b;
    usher_str header;

    usher_buf_init(&b, a, 1 << 20);
    for (size_t i = 0; i < count; i++) {
        usher_str rest, pair = usher_str_cut(lines[i], ';', &rest);
        if (usher_str_find(rest, USHER_STR("Max-Age=0")) != SIZE_MAX) continue;
        if (b.len) usher_buf_put_z(&b, "; ");
        usher_buf_put(&b, pair);
    }
    return usher_buf_take(&header, &b, NULL) ? (usher_str){0} : header;
}

static void check_lines(const usher_str *lines, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        usher_str rest, name = usher_str_cut(lines[i], '=', &rest);

        assert(usher_str_starts(name, plain.name) && rest.ptr);
        assert(!usher_str_has(lines[i], '\n') && !usher_str_has(lines[i], '\r'));
        for (size_t j = 0; j < i; j++) { /* one value for each name */
            usher_str other = usher_str_cut(lines[j], '=', &rest);
            assert(!usher_str_eq(name, other));
        }
    }
}

static void run(usher_arena *a, const usher_profile *profile, usher_cookie_dialect dialect,
                usher_str header)
{
    usher_session_cookie c, again;
    usher_str *lines;
    size_t count;

    usher_status rc = usher_session_cookie_read(&c, a, profile, dialect, plain.name, header, NULL);
    assert(!rc || (USHER_STATUS_CLASS(rc) == USHER_CLASS_HOST && c.count == 0));
    if (rc) return;
    assert(c.count <= USHER_CHUNKS_MAX);
    assert(!c.too_many || (c.count == USHER_CHUNKS_MAX && !c.value.ptr) ||
           profile->chunks_ignore_empty);
    for (size_t i = 0; i < c.count; i++)
        assert(usher_str_starts(c.names[i], plain.name));
    rc = usher_session_cookie_write(&lines, &count, a, profile, &c, &plain, c.value, NULL);
    assert(!rc || (USHER_STATUS_CLASS(rc) == USHER_CLASS_HOST && count == 0));
    if (rc) return;
    check_lines(lines, count);
    if (!is_token_text(c.value)) return;
    usher_str sent = browser(a, lines, count);
    if (sent.len && !usher_session_cookie_read(&again, a, profile, dialect, plain.name, sent, NULL))
        assert(c.too_many || usher_str_eq(again.value, c.value));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 2) return 0;
    kit_alloc memory = {.fail_at = data[1] == '~' ? SIZE_MAX : data[1]};
    usher_allocator alloc = kit_allocator(&memory);
    unsigned choice = (unsigned)(data[0] - 'a') & 7;
    usher_arena a;

    usher_arena_init(&a, &alloc, 4096, (size_t)16 << 20);
    run(&a, choice & 4 ? &usher_profile_authjs_5 : &usher_profile_nextauth_4,
        (usher_cookie_dialect)(choice & 3), (usher_str){(const char *)data + 2, size - 2});
    usher_arena_deinit(&a);
    assert(memory.live == 0);
    return 0;
}
