#include "hosts/cli/signed.h"

#include <string.h>

#include "base/str.h"
#include "hosts/cli/mask.h"
#include "session/signed.h"

#define KEY_MAX     65536
#define LINE_MAX    (2u * USHER_SIGNED_MAX)
#define TOLERANCE_S 15
#define MAX_AGE_S   2592000 /* 30 days, as the profiles */

typedef struct signed_run {
    cli *c;
    usher_signing_keys keys;
    usher_arena arena; /* of one line */
    int64_t now_s, max_age_s;
    bool show_secrets;
} signed_run;

/* ---- keys ---------------------------------------------------------------------------------- */

static bool read_file(usher_secret *out, cli *c, const char *path)
{
    usher_error err = {0};
    usher_str text;
    uint8_t *bytes;

    if (cli_read_file(&text, c, path, KEY_MAX, &err)) {
        cli_complain_about(c, err.what, usher_str_z(path));
        return false;
    }
    if (usher_str_ends(text, USHER_STR("\n"))) text.len--;
    if (usher_str_ends(text, USHER_STR("\r"))) text.len--;
    if (!(bytes = usher_arena_get(&c->arena, text.len))) {
        cli_complain(c, "out of memory");
        return false;
    }
    memcpy(bytes, text.ptr, text.len);
    *out = (usher_secret){bytes, text.len};
    return true;
}

static bool read_keys(signed_run *r, const cli_args *args)
{
    usher_secret list[USHER_SIGNING_KEYS_MAX];
    usher_jws_alg alg = usher_jws_alg_of(cli_text(args, OPT_SIGNED));
    usher_error err = {0};
    size_t count = 0;

    for (size_t i = 0; i < args->given_count; i++) {
        if (args->given[i].id != OPT_KEY_FILE) continue;
        if (count == USHER_SIGNING_KEYS_MAX) {
            cli_complain(r->c, "more keys than are tried");
            return false;
        }
        if (!read_file(&list[count++], r->c, args->given[i].value)) return false;
    }
    if (!count) {
        cli_complain(r->c, "--signed wants a --key-file");
        return false;
    }
    if (usher_signing_keys_init(&r->keys, r->c->alloc, alg, list, count, &err) == USHER_OK)
        return true;
    cli_complain_about(r->c, err.what, cli_text(args, OPT_SIGNED));
    return false;
}

/* ---- lines --------------------------------------------------------------------------------- */

static cli_exit mint_line(signed_run *r, usher_str line, size_t number)
{
    usher_error err = {0};
    usher_str token;
    int64_t exp_s;
    usher_status rc = usher_signed_seal(&token, &exp_s, &r->arena, &r->keys, line, r->now_s,
                                        r->max_age_s, r->c->entropy, &err);

    if (rc) fprintf(r->c->err, "usher: line %zu: %s\n", number, err.what ? err.what : "failed");
    cli_put(r->c->out, token);
    fputc('\n', r->c->out);
    if (rc == USHER_OK) return CLI_OK;
    return USHER_STATUS_CLASS(rc) == USHER_CLASS_PEER ? CLI_NEGATIVE : CLI_USAGE;
}

static cli_exit inspect_line(signed_run *r, usher_str line, size_t number)
{
    usher_error err = {0};
    usher_claims claims;
    usher_verdict verdict;
    usher_cause cause;
    usher_json_writer w;
    usher_status rc = usher_signed_open(&claims, &verdict, &cause, &r->arena, &r->keys, line,
                                        r->now_s, TOLERANCE_S, &err);
    cli_exit printed;
    usher_buf b;

    (void)number;
    if (rc) return cli_complain_error(r->c, &err);
    usher_buf_init(&b, &r->arena, 2 * LINE_MAX);
    usher_json_write_init(&w, &b);
    usher_json_open_object(&w);
    usher_json_put_member(&w, USHER_STR("token"), usher_str_z(usher_verdict_word(verdict)));
    usher_json_put_member(&w, USHER_STR("cause"), usher_str_z(usher_cause_word(cause)));
    if (claims.text.ptr) {
        usher_json_name(&w, USHER_STR("claims"));
        if (r->show_secrets)
            usher_json_put_raw(&w, claims.text);
        else if (cli_put_masked(&w, &r->arena, &claims.object, &err))
            return cli_complain_error(r->c, &err);
    }
    usher_json_close_object(&w);
    printed = cli_print_buf(r->c, &b);
    return printed ? printed : verdict == USHER_SESSION_VALID ? CLI_OK : CLI_NEGATIVE;
}

static cli_exit each_line(signed_run *r, cli_exit (*run)(signed_run *, usher_str, size_t))
{
    cli_exit code = CLI_OK, one = CLI_OK;
    usher_error err = {0};
    usher_str line;
    bool more = true;

    for (size_t number = 1; more; number++) {
        if (cli_read_line(&line, &more, r->c, &r->arena, LINE_MAX, &err))
            return cli_complain_error(r->c, &err);
        if (more && (one = run(r, line, number)) > code) code = one;
        fflush(r->c->out); /* whoever drives us waits for the answer */
        usher_arena_reset(&r->arena);
    }
    return code;
}

static cli_exit run_lines(cli *c, const cli_args *args,
                          cli_exit (*run)(signed_run *, usher_str, size_t))
{
    const int64_t year_9999 = INT64_C(253402300799);
    signed_run r = {.c = c, .show_secrets = cli_has(args, OPT_SHOW_SECRETS)};
    cli_exit code;

    if (!cli_has(args, OPT_LINES) || args->operand_count)
        return cli_complain(c, "--signed works on standard input only: add --lines");
    if (!cli_number(&r.now_s, c, args, OPT_NOW, c->now_s, 0, year_9999) ||
        !cli_number(&r.max_age_s, c, args, OPT_MAX_AGE, MAX_AGE_S, -year_9999, year_9999) ||
        !read_keys(&r, args))
        return CLI_USAGE;
    usher_arena_init(&r.arena, c->alloc, 1 << 16, (size_t)1 << 27);
    code = each_line(&r, run);
    usher_arena_deinit(&r.arena);
    usher_signing_keys_deinit(&r.keys);
    return code;
}

cli_exit cli_mint_signed(cli *c, const cli_args *args)
{
    return run_lines(c, args, mint_line);
}

cli_exit cli_inspect_signed(cli *c, const cli_args *args)
{
    return run_lines(c, args, inspect_line);
}
