/* Input: a letter, a byte that says which allocation fails ('~': none), and
 *   'h' 'H'  a Cookie header (small letter: as a site, capital: as the original),
 *   'p' 'P'  the plaintext of an authentic session token, 's' 'S' of a token set beside a session,
 *   'd' 'D'  'p' at a site of the tenant "acme.example", 'i' 'I'  the plaintext of an id token, 'r'
 * 'R' a stored record. Behind the seal nothing random would ever arrive. */
#include <assert.h>

#include "session/auth0_rig.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define LIMIT ((size_t)32 << 20)

static void check_answer(usher_status rc, usher_verdict verdict, usher_cause cause, bool has)
{
    if (rc) assert(verdict == USHER_NO_SESSION && USHER_STATUS_CLASS(rc) == USHER_CLASS_HOST);
    assert(has == (rc == USHER_OK && verdict == USHER_SESSION_VALID));
    assert((cause == USHER_CAUSE_NONE) ==
           (verdict == USHER_NO_SESSION || verdict == USHER_SESSION_VALID));
}

static void check_lines(const usher_auth0_lines *lines)
{
    for (size_t i = 0; i < lines->count; i++) {
        usher_str rest, name = usher_str_cut(lines->items[i], '=', &rest);

        assert(name.len && rest.ptr && usher_str_has(rest, ';'));
        assert(!usher_str_has(lines->items[i], '\n') && !usher_str_has(lines->items[i], '\r'));
        for (size_t j = 0; j < i; j++) { /* one value for each name */
            usher_str other = usher_str_cut(lines->items[j], '=', &rest);
            assert(!usher_str_eq(name, other));
        }
    }
}

/* What opened can be renewed, and the browser's next request opens again with the same members. */
static void check_again(const usher_auth0_context *c, const usher_auth0_jar *jar,
                        const usher_auth0_session *s)
{
    static a0 t;
    kit_random random = {.seed = s->json.len, .fail_at = SIZE_MAX};
    usher_auth0_session again;
    usher_auth0_lines lines;
    usher_verdict verdict;
    usher_cause cause;
    usher_str token;
    usher_status rc;

    if (!s->has_created) return;
    rc = usher_auth0_session_write(&lines, &token, c, jar, s, kit_entropy(&random), NULL);
    assert((rc == USHER_OK) == (lines.count != 0) && (rc == USHER_OK) == (token.ptr != NULL));
    if (rc) return;
    check_lines(&lines);
    if (usher_auth0_max_age(c->options, s->created_s, c->now_s) == 0) return;
    t.r.arena = *c->arena;
    t.options = *c->options;
    t.jar = *jar;
    a0_browse(&t, &lines);
    usher_auth0_context next = *c;
    next.arena = &t.r.arena;
    rc = usher_auth0_session_open(&again, &verdict, &cause, &next, &t.jar, NULL);
    assert(rc == USHER_OK && verdict == USHER_SESSION_VALID);
    assert(again.set_count <= s->set_count && again.created_s == s->created_s);
    *c->arena = t.r.arena;
}

static void run_session(const usher_auth0_context *c, const usher_auth0_jar *jar, bool renew)
{
    usher_auth0_session s;
    usher_verdict verdict;
    usher_cause cause;
    usher_status rc = usher_auth0_session_open(&s, &verdict, &cause, c, jar, NULL);

    check_answer(rc, verdict, cause, s.json.ptr != NULL);
    if (s.json.ptr && renew) check_again(c, jar, &s);
}

static void run_id(const usher_auth0_context *c, const usher_auth0_jar *jar)
{
    usher_auth0_id id;
    usher_verdict verdict;
    usher_cause cause;
    usher_status rc = usher_auth0_id_open(&id, &verdict, &cause, c, jar, NULL);

    check_answer(rc, verdict, cause, id.id.len != 0);
}

static void run_record(const usher_auth0_context *c, usher_str text)
{
    usher_auth0_session s;
    usher_verdict verdict;
    usher_cause cause;
    usher_status rc = usher_auth0_record_open(&s, &verdict, &cause, c, text, NULL);

    check_answer(rc, verdict, cause, s.json.ptr != NULL);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    kit_alloc memory = {.fail_at = SIZE_MAX}, plenty = {.fail_at = SIZE_MAX};
    usher_allocator alloc = kit_allocator(&memory), other = kit_allocator(&plenty);
    usher_auth0_options options;
    usher_auth0_jar jar = {.count = 0};
    usher_arena arena, sealed;

    if (size < 2) return 0;
    usher_str text = {(const char *)data + 2, size - 2};
    char mode = (char)(data[0] | 32);
    usher_auth0_options_init(&options);
    options.as_original = !(data[0] & 32);
    if (mode == 'd') options.tenant = USHER_STR("acme.example");
    usher_arena_init(&arena, &alloc, 1 << 12, LIMIT);
    usher_arena_init(&sealed, &other, 1 << 12, LIMIT);
    usher_auth0_context c = {.arena = &arena,
                             .cipher = a0_cipher(),
                             .keys = a0_ring(),
                             .options = &options,
                             .now_s = RIG_NOW};
    if (mode == 'h') {
        (void)!usher_auth0_jar_read(&jar, &sealed, &options, text, NULL);
    } else if (mode == 's') {
        jar.items[jar.count++] = (usher_cookie){
            USHER_STR("__session"), a0_sealed(&sealed, USHER_FOR_SESSION, USHER_STR(A0_SESSION))};
        jar.items[jar.count++] =
            (usher_cookie){USHER_STR("__FC_0"), a0_sealed(&sealed, USHER_FOR_SESSION, text)};
    } else {
        jar.items[jar.count++] =
            (usher_cookie){USHER_STR("__session"), a0_sealed(&sealed, USHER_FOR_SESSION, text)};
    }
    if (data[1] != '~') memory.fail_at = data[1];
    if (mode == 'r')
        run_record(&c, text);
    else if (mode == 'i')
        run_id(&c, &jar);
    else
        run_session(&c, &jar, memory.fail_at == SIZE_MAX);
    if (mode == 'h') run_id(&c, &jar);
    usher_arena_deinit(&arena);
    usher_arena_deinit(&sealed);
    assert(memory.live == 0 && plenty.live == 0);
    return 0;
}
