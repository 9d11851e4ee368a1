/* Claims about a person; '!' and a character in front: the allocation of that number fails. */
#include <assert.h>

#include "base/str.h"
#include "oauth/text.h"
#include "oauth/userprofile.h"
#include "tests/kit/kit.h"
#include "wire/utf8.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* The first of the claims that is a string of a fair length, looked for in another way. */
static void check_text(const usher_json_object *claims, usher_str text, usher_arena *a,
                       const char *const *names)
{
    for (; *names; names++) {
        usher_json claim = usher_json_get(claims, usher_str_z(*names));
        usher_str value;
        if (claim.type != USHER_JSON_STRING) continue;
        usher_status rc = usher_json_string(&value, a, claim, NULL);
        assert(rc == USHER_OK);
        if (value.len > 2048) continue;
        assert(text.ptr && usher_str_eq(text, value) && usher_utf8_valid(text));
        return;
    }
    assert(!text.ptr);
}

static void check_profile(usher_arena *a, const usher_json_object *claims,
                          const usher_userprofile *p)
{
    static const char *const id[] = {"sub", NULL}, *const email[] = {"email", NULL};
    static const char *const name[] = {"name", "nickname", "preferred_username", NULL};
    static const char *const image[] = {"picture", NULL};

    assert(p->id.len);
    check_text(claims, p->id, a, id);
    check_text(claims, p->name, a, name);
    check_text(claims, p->email, a, email);
    check_text(claims, p->image, a, image);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    usher_str text = {(const char *)data, size};
    kit_alloc state = {.fail_at = SIZE_MAX};
    usher_allocator alloc = kit_allocator(&state);
    usher_json_object claims;
    usher_userprofile p = {0};
    usher_arena a;

    if (size > 1 && data[0] == '!') {
        state.fail_at = (size_t)data[1] % 16;
        text = usher_str_from(text, 2);
    }
    usher_arena_init(&a, &alloc, 1024, 1 << 20);
    if (!usher_oauth_document(&claims, &a, text, NULL)) {
        usher_status rc = usher_userprofile_read(&p, &a, &claims, NULL);
        assert(!rc || rc == USHER_E_SYNTAX || (rc == USHER_E_NOMEM && state.failed));
        assert(!rc || (!p.id.ptr && !p.name.ptr && !p.email.ptr && !p.image.ptr));
        state.fail_at = SIZE_MAX;
        if (!rc) check_profile(&a, &claims, &p);
    }
    usher_arena_deinit(&a);
    assert(state.live == 0);
    return 0;
}
