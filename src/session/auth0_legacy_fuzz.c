/* Input: a letter, a byte that says which allocation fails ('~': none), and
 *   't'  a token, whose header's times are read,
 *   'c'  a version 3 session, to be converted,
 *   's'  the value of a signed cookie. */
#include <assert.h>

#include "session/auth0_legacy.h"
#include "session/auth0_rig.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define LIMIT ((size_t)16 << 20)

/* The one value whose signature is known: that of the specification. */
#define KNOWN_ID    "legacyid"
#define KNOWN_VALUE "legacyid.-d29YlLoG6WMZn-oSBFtdWXkbploBYNa0yKGydhjnuU"

static void run_token(usher_arena *a, usher_str token)
{
    usher_auth0_v3_times t;
    usher_status rc = usher_auth0_v3_token_times(&t, a, token, NULL);

    if (rc) {
        assert(!t.is_v3 && !t.has_iat && !t.has_uat && !t.has_exp);
        return;
    }
    assert(!t.is_v3 || t.iat.len);
    assert(!t.has_iat || t.iat.len);
}

/* A conversion is an object with a user, a token set and internals, and converts to itself's shape.
 */
static void run_conversion(usher_arena *a, usher_str text)
{
    const usher_auth0_v3_times times = {.is_v3 = true, .iat = USHER_STR("5")};
    usher_json_object session, made;
    usher_str json;

    if (usher_json_read_object(&session, a, text, &usher_json_limits_claims, NULL)) return;
    if (usher_auth0_v3_convert(&json, a, &times, &session, NULL)) {
        assert(!json.ptr);
        return;
    }
    bool user = usher_json_get(&session, USHER_STR("user")).type == USHER_JSON_OBJECT;
    assert(user == (json.ptr != NULL));
    if (!user || usher_json_read_object(&made, a, json, &usher_json_limits_claims, NULL)) {
        assert(!user || a->failed);
        return;
    }
    assert(made.count == 3 && !made.duplicates);
    assert(usher_str_eq(usher_json_get(&made, USHER_STR("user")).text,
                        usher_json_get(&session, USHER_STR("user")).text));
    assert(usher_json_get(&made, USHER_STR("tokenSet")).type == USHER_JSON_OBJECT);
    assert(usher_json_get(&made, USHER_STR("internal")).type == USHER_JSON_OBJECT);
}

/* Nobody but a holder of the secret signs: what is accepted is the one value we know, perhaps with
 * more parts behind it. */
static void run_signed(usher_str value)
{
    usher_str id;

    if (usher_auth0_v3_signed_id(&id, a0_ring(), USHER_STR("appSession"), value, NULL)) {
        assert(!id.ptr);
        return;
    }
    if (!id.ptr) {
        assert(!usher_str_eq(value, USHER_STR(KNOWN_VALUE)));
        return;
    }
    assert(usher_str_eq(id, USHER_STR(KNOWN_ID)) &&
           usher_str_starts(value, USHER_STR(KNOWN_VALUE)));
    assert(!usher_auth0_v3_signed_id(&id, a0_ring(), USHER_STR("__session"), value, NULL) &&
           !id.ptr);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    kit_alloc memory = {.fail_at = SIZE_MAX};
    usher_allocator alloc = kit_allocator(&memory);
    usher_arena arena;

    if (size < 2) return 0;
    usher_str text = {(const char *)data + 2, size - 2};
    usher_arena_init(&arena, &alloc, 1 << 12, LIMIT);
    if (data[1] != '~') memory.fail_at = data[1];
    switch (data[0]) {
    case 't': run_token(&arena, text); break;
    case 'c': run_conversion(&arena, text); break;
    case 's': run_signed(text); break;
    default: break;
    }
    usher_arena_deinit(&arena);
    assert(memory.live == 0);
    return 0;
}
