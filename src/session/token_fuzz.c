/* Input: a letter for profile and mode, a byte that says which allocation fails ('~': none), and a
 * token ("4", "5") or the plaintext of an authentic one ("p", "q"; "r", "s": sealed by the last
 * secret, with the header in front, up to a line feed, in which $k is that key's name): behind the
 * seal nothing random would ever arrive. */
#include <assert.h>
#include <stdint.h>
#include <string.h>

#include "base/buf.h"
#include "base/str.h"
#include "session/rig.h"
#include "session/session.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define LIMIT ((size_t)16 << 20)

static const char *const secrets[] = {"zzz", "secret", NULL};

static const usher_keyring *ring(const usher_profile *profile)
{
    static usher_keyring rings[2];
    usher_keyring *k = &rings[profile == &usher_profile_authjs_5];

    if (!k->profile && rig_ring(k, usher_allocator_default(), profile, secrets)) abort();
    return k;
}

static usher_jwe_cipher *cipher(void)
{
    static usher_jwe_cipher *c;

    if (!c) c = usher_jwe_cipher_new(usher_allocator_default());
    if (!c) abort();
    return c;
}

static usher_verdict judge(usher_arena *a, const usher_keyring *k, usher_str token,
                           usher_claims *claims, usher_status *rc)
{
    usher_verdict verdict;
    usher_cause cause;

    *rc = usher_token_open(claims, &verdict, &cause, a, cipher(), k, USHER_FOR_SESSION, token,
                           RIG_NOW, NULL);
    bool has = verdict == USHER_SESSION_VALID || verdict == USHER_SESSION_EXPIRED;
    assert(has == !!claims->text.ptr);
    assert((cause == USHER_CAUSE_NONE) ==
           (verdict == USHER_NO_SESSION || verdict == USHER_SESSION_VALID));
    if (*rc) assert(verdict == USHER_NO_SESSION && USHER_STATUS_CLASS(*rc) == USHER_CLASS_HOST);
    assert(*rc || (verdict == USHER_NO_SESSION) == (token.len == 0));
    return verdict;
}

/* What opened can be sealed again, keeps every member, and opens once more. */
static void check_again(usher_arena *a, const usher_keyring *k, const usher_claims *claims)
{
    kit_random random = {.seed = claims->text.len, .fail_at = SIZE_MAX};
    usher_claims again;
    usher_str token;
    usher_status rc;
    int64_t exp;

    if (usher_token_seal(&token, &exp, a, cipher(), k, USHER_FOR_SESSION, claims->text, RIG_NOW, 60,
                         kit_entropy(&random), NULL))
        return; /* memory, or it would be too long */
    usher_verdict verdict = judge(a, k, token, &again, &rc);
    assert(rc || verdict == USHER_SESSION_VALID || verdict == USHER_SESSION_REJECTED); /* its nbf */
    if (rc || verdict != USHER_SESSION_VALID) return;
    assert(again.has_exp && again.exp == (double)exp && again.has_iat);
    assert(again.object.count >= claims->object.count && again.object.count >= 3);
    for (size_t i = 0; i < claims->object.count; i++)
        assert(usher_str_eq(again.object.members[i].name, claims->object.members[i].name));
}

static void check_session(usher_arena *a, const usher_claims *claims)
{
    struct usher_session s;
    usher_json_object object;
    bool is_session;

    if (usher_session_from_claims(&s, &is_session, a, claims, RIG_NOW * 1000, NULL)) return;
    assert(!is_session || claims->has_exp);
    assert(is_session == !!s.claims.ptr);
    if (is_session && usher_session_write_json(&s, a, claims, NULL) == USHER_OK &&
        usher_json_read_object(&object, a, s.json, &usher_json_limits_claims, NULL) == USHER_OK)
        assert(object.count == 2);
}

/* A token has one spelling: with another character anywhere it is none. */
static void check_change(usher_arena *a, const usher_keyring *k, usher_str token)
{
    char *copy = usher_arena_get(a, token.len);
    usher_claims claims;
    usher_status rc;

    if (!copy) return;
    memcpy(copy, token.ptr, token.len);
    for (size_t i = 0; i < token.len; i += 1 + token.len / 16) {
        copy[i] = copy[i] == 'A' ? 'B' : 'A';
        usher_verdict verdict = judge(a, k, (usher_str){copy, token.len}, &claims, &rc);
        assert(rc || verdict == USHER_SESSION_REJECTED);
        copy[i] = token.ptr[i];
    }
}

static void run(usher_arena *a, const usher_keyring *k, usher_str text, bool plain)
{
    const usher_key_header *h = &k->headers[USHER_FOR_SESSION][0];
    kit_random random = {.seed = text.len, .fail_at = SIZE_MAX};
    usher_str token = text;
    usher_claims claims;
    usher_status rc;

    if (plain &&
        usher_jwe_seal(&token, a, cipher(), &k->keys[USHER_FOR_SESSION][0][0],
                       (usher_str){h->json, h->json_len}, text, kit_entropy(&random), NULL))
        return;
    if (judge(a, k, token, &claims, &rc) == USHER_NO_SESSION || !claims.text.ptr) return;
    if (plain) assert(usher_str_eq(claims.text, text));
    check_again(a, k, &claims);
    check_session(a, &claims);
    check_change(a, k, token);
}

/* Stamped alone, claims are an object again, with the end that was asked for. */
static void check_stamped(usher_arena *a, usher_str json)
{
    kit_random random = {.seed = json.len, .fail_at = SIZE_MAX};
    usher_json_object o;
    usher_str out;
    int64_t exp, end;

    if (usher_stamp(&out, NULL, &exp, a, json, RIG_NOW, 60, kit_entropy(&random), NULL)) {
        assert(!out.ptr && !exp);
        return;
    }
    assert(exp == RIG_NOW + 60);
    if (usher_json_read_object(&o, a, out, &usher_json_limits_document, NULL)) return; /* memory */
    assert(usher_json_int64(&end, usher_json_get(&o, USHER_STR("exp"))) && end == exp);
}

/* Another writer's header: the members are what decides which keys are tried. */
static void run_header(usher_arena *a, const usher_keyring *k, usher_str text)
{
    const usher_jwe_key *key = &k->keys[USHER_FOR_SESSION][k->secret_count - 1][0];
    usher_str before, kid, header, token, rest, head = usher_str_cut(text, '\n', &rest);
    size_t at = usher_str_find(head, USHER_STR("$k"));
    kit_random random = {.seed = text.len, .fail_at = SIZE_MAX};
    usher_claims claims;
    usher_status rc;
    usher_buf b;

    kid = at == SIZE_MAX ? (usher_str){0} : (usher_str){key->kid, key->kid_len};
    before = at == SIZE_MAX ? head : usher_str_of(head.ptr, at);
    usher_buf_init(&b, a, LIMIT);
    usher_buf_put(&b, before);
    usher_buf_put(&b, kid);
    usher_buf_put(&b, usher_str_from(head, before.len + (kid.ptr ? 2 : 0)));
    if (usher_buf_take(&header, &b, NULL) || !header.len ||
        usher_jwe_seal(&token, a, cipher(), key, header, rest, kit_entropy(&random), NULL))
        return;
    (void)judge(a, k, token, &claims, &rc);
    if (claims.text.ptr) assert(usher_str_eq(claims.text, rest));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 2) return 0;
    kit_alloc memory = {.fail_at = data[1] == '~' ? SIZE_MAX : data[1]};
    usher_allocator alloc = kit_allocator(&memory);
    bool v5 = data[0] == '5' || data[0] == 'q' || data[0] == 's',
         plain = data[0] == 'p' || data[0] == 'q';
    const usher_keyring *keys = ring(v5 ? &usher_profile_authjs_5 : &usher_profile_nextauth_4);
    usher_str text = {(const char *)data + 2, size - 2};
    usher_arena a;

    usher_arena_init(&a, &alloc, 4096, LIMIT);
    if (data[0] == 'r' || data[0] == 's')
        run_header(&a, keys, text);
    else
        run(&a, keys, text, plain);
    if (plain) check_stamped(&a, text);
    usher_arena_deinit(&a);
    assert(memory.live == 0);
    return 0;
}
