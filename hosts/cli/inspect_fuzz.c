/* What somebody pasted into `usher inspect`. Input: 'p' printed for people or 'j' as JSON; 't' the
 * text as it was pasted, or 's' claims that are sealed here first; the allocation that fails ('~':
 * none); and the text. */
#include <assert.h>
#include <stdio_ext.h>

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
static usher_arena own; /* what is sealed here */

static void set_up(void)
{
    static uint8_t bytes[] = SECRET;
    const usher_secret secret = {bytes, sizeof bytes - 1};
    usher_str salts[USHER_PURPOSES] = {{0}};
    usher_status rc = usher_keyring_init(&ring, usher_allocator_default(),
                                         &usher_profile_nextauth_4, &secret, 1, salts, NULL);

    cipher = usher_jwe_cipher_new(usher_allocator_default());
    usher_arena_init(&own, usher_allocator_default(), 8192, 16 << 20);
    if (rc || !cipher) abort();
}

static const char *test_env(void *ctx, const char *name)
{
    (void)ctx;
    return strcmp(name, "AUTH_SECRET") == 0 ? SECRET : NULL;
}

/* --- streams: opened once, since that took half of the time ------------------------------------
 */

typedef struct stream {
    FILE *file;
    char *text; /* what was written; what is to be read is somebody else's */
    size_t len, room;
} stream;

static stream in, out, errors;

static ssize_t take(void *cookie, char *buf, size_t size)
{
    stream *s = cookie;
    size_t n = size < s->len ? size : s->len;

    if (n) memcpy(buf, s->text, n);
    s->text += n;
    s->len -= n;
    return (ssize_t)n;
}

static ssize_t put(void *cookie, const char *buf, size_t size)
{
    stream *s = cookie;

    if (size > s->room - s->len) {
        s->room = 2 * (s->len + size);
        s->text = realloc(s->text, s->room);
        if (!s->text) abort();
    }
    memcpy(s->text + s->len, buf, size);
    s->len += size;
    return (ssize_t)size;
}

static void open_streams(void)
{
    in.file = fopencookie(&in, "r", (cookie_io_functions_t){.read = take});
    out.file = fopencookie(&out, "w", (cookie_io_functions_t){.write = put});
    errors.file = fopencookie(&errors, "w", (cookie_io_functions_t){.write = put});
    if (!in.file || !out.file || !errors.file) abort();
}

static cli_exit inspect(usher_str text, bool json, const usher_allocator *alloc)
{
    static char words[3][10] = {"usher", "inspect", "--json"};
    char *argv[] = {words[0], words[1], json ? words[2] : NULL, NULL};
    kit_random random = {.seed = 5, .fail_at = SIZE_MAX};
    cli c = {.in = in.file,
             .out = out.file,
             .err = errors.file,
             .getenv = test_env,
             .now_s = NOW,
             .entropy = kit_entropy(&random),
             .alloc = alloc};

    __fpurge(in.file);
    clearerr(in.file);
    in.text = (char *)(uintptr_t)text.ptr;
    in.len = text.len;
    out.len = errors.len = 0;
    cli_exit code = cli_run(&c, json ? 3 : 2, argv);
    if (fflush(out.file) || fflush(errors.file)) abort();
    return code;
}

/* A terminal is not told what to do by what somebody pasted. */
static void check_printable(usher_str text)
{
    assert(usher_utf8_valid(text));
    for (size_t i = 0; i < text.len; i++) {
        unsigned char c = (unsigned char)text.ptr[i], next;

        assert((c >= ' ' && c != 0x7f) || c == '\n');
        next = i + 1 < text.len ? (unsigned char)text.ptr[i + 1] : 0;
        assert(c != 0xc2 || next >= 0xa0); /* C1: an escape and "[" are one of them */
    }
}

/* What is itself a key to something stays hidden, wherever else its text does not stand. */
static void check_hidden(usher_arena *a, usher_str claims, usher_str printed)
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
        assert(usher_str_find(rest, text) != SIZE_MAX || usher_str_find(printed, text) == SIZE_MAX);
    }
}

static void check_output(cli_exit code, usher_str printed, bool json)
{
    usher_json value;

    assert(code <= CLI_USAGE && (code == CLI_USAGE) == (errors.len != 0));
    check_printable(printed);
    check_printable((usher_str){errors.text, errors.len});
    if (!json || code == CLI_USAGE) return;
    assert(printed.len && printed.ptr[printed.len - 1] == '\n');
    printed.len--;
    usher_status rc = usher_json_read(&value, printed, &usher_json_limits_claims, NULL);
    assert(!rc && value.type == USHER_JSON_OBJECT), (void)rc;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    kit_alloc memory = {.fail_at = SIZE_MAX};
    usher_allocator alloc = kit_allocator(&memory);
    kit_random random = {.seed = 1, .fail_at = SIZE_MAX};
    usher_str text, pasted;
    int64_t exp;

    if (size < 3) return 0;
    if (!cipher) {
        set_up();
        open_streams();
    }
    text = pasted = (usher_str){(const char *)data + 3, size - 3};
    if (data[1] == 's' && usher_token_seal(&pasted, &exp, &own, cipher, &ring, USHER_FOR_SESSION,
                                           text, NOW, 3600, kit_entropy(&random), NULL))
        pasted = text;
    if (data[2] != '~') memory.fail_at = data[2];
    cli_exit code = inspect(pasted, data[0] == 'j', &alloc);
    usher_str printed = {out.text, out.len};
    check_output(code, printed, data[0] == 'j');
    if (data[1] == 's') check_hidden(&own, text, printed);
    usher_arena_reset(&own);
    assert(memory.live == 0);
    return 0;
}
