/* Input: a byte that says which allocation fails ('~': none) and what a store answered. */
#include <assert.h>
#include <string.h>

#include "session/row.h"
#include "session/rig.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* What is made of a row is JSON, and what is shown whole is a row again, of the same values. */
static void check_shown(usher_arena *a, const usher_row_session *session,
                        const usher_row_user *user)
{
    usher_row_session again;
    usher_json_object claims;
    usher_str text;

    if (usher_row_claims(&text, a, user, NULL)) return;
    usher_status rc = usher_json_read_object(&claims, a, text, &usher_json_limits_claims, NULL);
    assert(!rc || USHER_STATUS_CLASS(rc) == USHER_CLASS_HOST);
    if (!rc) assert(usher_json_string_is(usher_json_get(&claims, USHER_STR("sub")), user->subject));
    if (usher_row_json(&text, a, session, user, true, NULL)) return;
    rc = usher_row_session_read(&again, a, text, NULL);
    assert(!rc || rc == USHER_E_LIMIT || USHER_STATUS_CLASS(rc) == USHER_CLASS_HOST);
    if (rc) return;
    assert(usher_str_eq(again.token, session->token));
    assert(again.expires_ms == session->expires_ms);
    rc = usher_row_json(&text, a, session, user, false, NULL);
    assert(!rc || USHER_STATUS_CLASS(rc) == USHER_CLASS_HOST);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size == 0) return 0;
    kit_alloc memory = {.fail_at = data[0] == '~' ? SIZE_MAX : data[0]};
    usher_allocator alloc = kit_allocator(&memory);
    usher_str json = {(const char *)data + 1, size - 1};
    usher_row_session session;
    usher_row_user user;
    usher_arena a;
    bool found;

    usher_arena_init(&a, &alloc, 256, (size_t)1 << 24);
    usher_status rc = usher_row_read(&session, &user, &found, &a, json, NULL);
    if (rc) assert(!found);
    if (!found) assert(!session.token.ptr && !user.id.ptr);
    if (found) {
        assert(session.token.len && session.token.len <= USHER_ROW_TOKEN_MAX);
        assert(session.expires_ms >= INT64_C(-62167219200000));
        assert(user.subject.len && user.id.len);
        check_shown(&a, &session, &user);
    }
    usher_arena_deinit(&a);
    assert(memory.live == 0);
    return 0;
}
