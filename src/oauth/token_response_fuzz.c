/* What a token endpoint answers: the content type up to the first line feed, then the body. */
#include <assert.h>

#include "base/str.h"
#include "oauth/text.h"
#include "oauth/token_request.h"
#include "tests/kit/kit.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* A token that was read can go into a header and a form without further thought. */
static void check_tokens(usher_arena *a, const usher_tokens *t)
{
    const usher_provider p = {.timeout_ms = 1};
    const usher_metadata m = {.userinfo_endpoint = USHER_STR("https://op.example/me")};
    usher_fetch f;

    assert(usher_oauth_visible(t->access_token) && usher_oauth_visible(t->id_token));
    assert(!t->refresh_token.ptr || usher_oauth_visible(t->refresh_token));
    assert(t->expires_in_s >= 0 && t->expires_in_s <= INT64_C(315360000));
    assert(t->has_expires || t->expires_in_s == 0);
    if (usher_userinfo_request(&f, a, &p, &m, t->access_token, NULL)) return; /* memory */
    for (size_t i = 0; i < f.header_count; i++)
        assert(usher_oauth_visible(f.headers[i].value));
}

/* The answer to a refresh needs no ID token: whatever is read as the answer to a code is read so,
 * and the other way round if there is one. */
static void check_refresh(usher_arena *a, usher_str type, usher_str body, const usher_tokens *first,
                          bool memory)
{
    usher_tokens t;
    usher_status rc = usher_refresh_response_read(&t, a, 200, type, body, NULL);

    if (rc) assert(!t.access_token.ptr && !t.refresh_token.ptr && !t.has_expires);
    if (!memory) return;
    assert(!first->access_token.len || !rc);
    assert(rc || !t.id_token.len == !first->access_token.len);
    if (!rc) assert(t.access_token.len && t.expires_in_s >= 0);
}

/* An error document is an object or nothing; only the host can make it a failure. */
static void check_error(usher_arena *a, usher_str type, usher_str body, bool memory)
{
    usher_json_object o;
    usher_status rc = usher_token_error_read(&o, a, type, body, NULL);

    assert(!rc || !memory);
    assert(!o.count || (!rc && usher_oauth_is_json(type)));
}

/* The name of a pushed request goes into a URL for the browser: visible characters, or none. */
static void check_pushed(usher_arena *a, usher_str type, usher_str body, bool memory)
{
    usher_str name;
    usher_status rc = usher_pushed_response_read(&name, a, 201, type, body, NULL);

    assert(rc ? !name.ptr : name.len && usher_oauth_visible(name) && usher_oauth_is_json(type));
    assert(!memory || !rc || USHER_STATUS_CLASS(rc) == USHER_CLASS_PEER);
    assert(usher_pushed_response_read(&name, a, 200, type, body, NULL) && !name.ptr);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    usher_str input = {(const char *)data, size}, body, type;
    kit_alloc state = {.fail_at = SIZE_MAX};
    usher_allocator alloc = kit_allocator(&state);
    usher_json_object claims;
    usher_tokens t;
    usher_arena a;

    if (size > 1 && data[0] == '!') { /* and a character: the allocation of that number fails */
        state.fail_at = (size_t)data[1] % 64;
        input = usher_str_from(input, 2);
    }
    type = usher_str_cut(input, '\n', &body);
    usher_arena_init(&a, &alloc, 1024, 4 << 20);
    if (usher_token_response_read(&t, &a, 200, type, body, NULL))
        assert(!t.access_token.ptr && !t.id_token.ptr && !t.refresh_token.ptr && !t.has_expires);
    else
        check_tokens(&a, &t);
    check_refresh(&a, type, body, &t, state.fail_at == SIZE_MAX);
    check_error(&a, type, body, state.fail_at == SIZE_MAX);
    check_pushed(&a, type, body, state.fail_at == SIZE_MAX);
    if (!usher_userinfo_read(&claims, &a, 200, type, body, USHER_STR("42"), NULL))
        assert(!claims.duplicates &&
               usher_json_string_is(usher_json_get(&claims, USHER_STR("sub")), USHER_STR("42")));
    else
        assert(!claims.count);
    usher_arena_deinit(&a);
    assert(state.live == 0);
    return 0;
}
