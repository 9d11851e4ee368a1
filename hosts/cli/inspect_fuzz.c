/* What somebody pasted into `usher inspect`. Input: 'p' printed for people or 'j' as JSON; 't' the
 * text as it was pasted, or 's' claims that are sealed here first; the allocation that fails ('~':
 * none); and the text. */
#include <assert.h>

#include "base/str.h"
#include "hosts/cli/commands.h"
#include "hosts/cli/mask.h"
#include "session/token.h"
#include "tests/kit/kit.h"
#include "wire/utf8.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define SECRET "a secret for tests, thirty-two bytes long"
#define NOW    INT64_C(1767225600)

static usher_keyring ring;
static usher_jwe_cipher *cipher;

static void set_up(void)
{
    static uint8_t bytes[] = SECRET;
    const usher_secret secret = {bytes, sizeof bytes - 1};
    usher_str salts[USHER_PURPOSES] = {{0}};
    usher_status rc = usher_keyring_init(&ring, usher_allocator_default(),
                                         &usher_profile_nextauth_4, &secret, 1, salts, NULL);

    cipher = usher_jwe_cipher_new(usher_allocator_default());
    if (rc || !cipher) abort();
}

static const char *test_env(void *ctx, const char *name)
{
    (void)ctx;
    return strcmp(name, "AUTH_SECRET") == 0 ? SECRET : NULL;
}

typedef struct ran {
    cli_exit code;
    char *out, *err;
    size_t out_len, err_len;
} ran;

static ran inspect(usher_str text, bool json, const usher_allocator *alloc)
{
    static char words[3][10] = {"usher", "inspect", "--json"};
    char *argv[] = {words[0], words[1], json ? words[2] : NULL, NULL};
    kit_random random = {.seed = 5, .fail_at = SIZE_MAX};
    ran r = {0};
    cli c = {.in = text.len ? fmemopen((void *)(uintptr_t)text.ptr, text.len, "r")
                            : fopen("/dev/null", "r"),
             .out = open_memstream(&r.out, &r.out_len),
             .err = open_memstream(&r.err, &r.err_len),
             .getenv = test_env,
             .now_s = NOW,
             .entropy = kit_entropy(&random),
             .alloc = alloc};

    if (!c.in || !c.out || !c.err) abort();
    r.code = cli_run(&c, json ? 3 : 2, argv);
    fclose(c.in);
    fclose(c.out);
    fclose(c.err);
    return r;
}

/* A terminal is not told what to do by what somebody pasted. */
static void check_printable(usher_str text)
{
    assert(usher_utf8_valid(text));
    for (size_t i = 0; i < text.len; i++)
        assert(((unsigned char)text.ptr[i] >= ' ' && text.ptr[i] != 0x7f) || text.ptr[i] == '\n');
}

/* What is itself a key to something stays hidden, wherever else its text does not stand. */
static void check_hidden(usher_arena *a, usher_str claims, usher_str out)
{
    usher_json_object o;

    if (usher_json_read_object(&o, a, claims, &usher_json_limits_claims, NULL)) return;
    for (size_t i = 0; i < o.count; i++) {
        usher_json value = o.members[i].value;
        usher_str text = usher_str_from(value.text, 1), rest;

        if (value.type != USHER_JSON_STRING || value.text.len < 14 || value.escaped) continue;
        if (o.members[i].name_escaped || !cli_is_secret_name(o.members[i].name)) continue;
        text.len--;
        rest = usher_str_from(claims, usher_str_find(claims, text) + 1);
        assert(usher_str_find(rest, text) != SIZE_MAX || usher_str_find(out, text) == SIZE_MAX);
    }
}

static void check_output(const ran *r, bool json)
{
    usher_str out = {r->out, r->out_len};
    usher_json value;

    assert(r->code <= CLI_USAGE && (r->code == CLI_USAGE) == (r->err_len != 0));
    check_printable(out);
    check_printable((usher_str){r->err, r->err_len});
    if (!json || r->code == CLI_USAGE) return;
    assert(out.len && out.ptr[out.len - 1] == '\n');
    out.len--;
    usher_status rc = usher_json_read(&value, out, &usher_json_limits_claims, NULL);
    assert(!rc && value.type == USHER_JSON_OBJECT), (void)rc;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    kit_alloc memory = {.fail_at = SIZE_MAX};
    usher_allocator alloc = kit_allocator(&memory);
    kit_random random = {.seed = 1, .fail_at = SIZE_MAX};
    usher_str text, pasted;
    usher_arena a;
    int64_t exp;

    if (size < 3) return 0;
    if (!cipher) set_up();
    text = pasted = (usher_str){(const char *)data + 3, size - 3};
    usher_arena_init(&a, usher_allocator_default(), 8192, 16 << 20);
    if (data[1] == 's' && usher_token_seal(&pasted, &exp, &a, cipher, &ring, USHER_FOR_SESSION,
                                           text, NOW, 3600, kit_entropy(&random), NULL))
        pasted = text;
    if (data[2] != '~') memory.fail_at = data[2];
    ran r = inspect(pasted, data[0] == 'j', &alloc);
    check_output(&r, data[0] == 'j');
    if (data[1] == 's') check_hidden(&a, text, (usher_str){r.out, r.out_len});
    free(r.out);
    free(r.err);
    usher_arena_deinit(&a);
    assert(memory.live == 0);
    return 0;
}
