/* Input: a letter, a byte that says which allocation fails ('~': none), and
 *   'h'  a Cookie header with transactions, of which the one for the state "ST" is looked for,
 *   'p'  the plaintext of an authentic transaction,
 *   'w'  a state, for which a transaction is written beside those of a full browser. */
#include <assert.h>

#include "session/auth0_rig.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define LIMIT ((size_t)16 << 20)

static void run_open(const usher_auth0_context *c, const usher_auth0_jar *jar)
{
    usher_auth0_transaction t;
    usher_auth0_callback answer;
    usher_cause cause;
    usher_status rc =
        usher_auth0_transaction_open(&t, &answer, &cause, c, jar, USHER_STR("ST"), NULL);

    if (rc) assert(USHER_STATUS_CLASS(rc) == USHER_CLASS_HOST && !t.state.ptr);
    bool found = rc == USHER_OK && answer == USHER_AUTH0_TRANSACTION_FOUND;
    assert(found == (cause == USHER_CAUSE_NONE) && found == (t.state.ptr != NULL));
    if (!found) return;
    assert(usher_str_eq(t.state, USHER_STR("ST")) && t.code_verifier.len);
    assert(!t.has_max_age || t.max_age_s >= 0);
}

/* All of them together stay below the bound, unless the new one alone does not. */
static void run_write(const usher_auth0_context *c, const usher_auth0_jar *jar, usher_str state)
{
    kit_random random = {.seed = state.len, .fail_at = SIZE_MAX};
    usher_auth0_transaction t = {.state = state, .code_verifier = USHER_STR("V")};
    usher_auth0_lines lines;
    usher_status rc = usher_auth0_transaction_write(&lines, c, jar, &t, kit_entropy(&random), NULL);
    size_t total = 0, mine = 0;
    usher_str rest, value;

    assert((rc == USHER_OK) == (lines.count != 0));
    if (rc) return;
    usher_str pair = usher_str_cut(lines.items[0], ';', &rest);
    mine = pair.len - 2; /* its colon is written %3A */
    for (size_t i = 0; i < jar->count; i++) {
        bool gone = false;

        for (size_t j = 0; j < lines.count; j++)
            gone |= usher_str_eq(usher_str_cut(lines.items[j], '=', &value), jar->items[i].name);
        if (!gone) total += jar->items[i].name.len + 1 + jar->items[i].value.len;
    }
    assert(total == 0 || total + mine < c->options->names->transactions_max);
}

static void fill(usher_auth0_jar *jar)
{
    static const char big[] = "7:................................................................";

    for (size_t i = 0; i < 60; i++) {
        static char names[60][10];
        snprintf(names[i], sizeof names[i], "__txn_%02u", (unsigned)i);
        jar->items[jar->count++] =
            (usher_cookie){kit_str(names[i]), usher_str_of(big + i % 3, sizeof big - 4)};
    }
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
    usher_auth0_options_init(&options);
    usher_arena_init(&arena, &alloc, 1 << 12, LIMIT);
    usher_arena_init(&sealed, &other, 1 << 12, LIMIT);
    usher_auth0_context c = {.arena = &arena,
                             .cipher = a0_cipher(),
                             .keys = a0_ring(),
                             .options = &options,
                             .now_s = RIG_NOW};
    if (data[0] == 'h')
        (void)!usher_auth0_jar_read_transactions(&jar, &sealed, &options, text, NULL);
    else if (data[0] == 'p')
        jar.items[jar.count++] =
            (usher_cookie){USHER_STR("__txn_ST"), a0_sealed(&sealed, USHER_FOR_STATE, text)};
    else
        fill(&jar);
    if (data[1] != '~') memory.fail_at = data[1];
    if (data[0] == 'w')
        run_write(&c, &jar, text);
    else
        run_open(&c, &jar);
    usher_arena_deinit(&arena);
    usher_arena_deinit(&sealed);
    assert(memory.live == 0 && plenty.live == 0);
    return 0;
}
