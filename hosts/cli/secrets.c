#include "hosts/cli/secrets.h"

#include <string.h>

#include "base/str.h"
#include "hosts/cli/commands.h"
#include "wire/base64url.h"

#define SECRET_MAX 65536

static bool add_secret(cli_secrets *out, cli *c, usher_str text, const char *from)
{
    uint8_t *bytes;

    if (text.len == 0) {
        cli_complain_about(c, "the secret is empty", usher_str_z(from));
        return false;
    }
    if (out->count == USHER_SECRETS_MAX) {
        cli_complain(c, "more secrets than are tried");
        return false;
    }
    if (!(bytes = usher_arena_get(&c->arena, text.len))) {
        cli_complain(c, "out of memory");
        return false;
    }
    memcpy(bytes, text.ptr, text.len);
    out->list[out->count++] = (usher_secret){bytes, text.len};
    return true;
}

static bool add_secret_file(cli_secrets *out, cli *c, const char *path)
{
    usher_error err = {0};
    usher_str text;

    if (cli_read_file(&text, c, path, SECRET_MAX, &err)) {
        cli_complain_about(c, err.what, usher_str_z(path));
        return false;
    }
    if (usher_str_ends(text, USHER_STR("\n"))) text.len--;
    if (usher_str_ends(text, USHER_STR("\r"))) text.len--;
    return add_secret(out, c, text, path);
}

static bool from_options(cli_secrets *out, cli *c, const cli_args *args)
{
    bool ok = true;

    for (size_t i = 0; i < args->given_count && ok; i++) {
        const char *value = args->given[i].value;

        if (args->given[i].id == OPT_SECRET)
            ok = add_secret(out, c, usher_str_z(value), "--secret");
        else if (args->given[i].id == OPT_SECRET_FILE)
            ok = add_secret_file(out, c, value);
    }
    if (cli_has(args, OPT_SECRET))
        fprintf(c->err, "usher: others can read --secret in the list of processes; prefer "
                        "--secret-file or AUTH_SECRET\n");
    return ok;
}

bool cli_secrets_read(cli_secrets *out, cli *c, const cli_args *args)
{
    static const char *const names[] = {"USHER_SECRET", "AUTH_SECRET", "NEXTAUTH_SECRET"};

    *out = (cli_secrets){.count = 0};
    if (!from_options(out, c, args)) return false;
    for (size_t i = 0; i < sizeof names / sizeof *names && out->count == 0; i++) {
        usher_str text = usher_str_z(c->getenv(c->env_ctx, names[i]));
        if (text.len && !add_secret(out, c, text, names[i])) return false;
    }
    if (out->count) return true;
    cli_complain(c, "no secret: use --secret-file, or set AUTH_SECRET");
    return false;
}

usher_status cli_ring(usher_keyring *out, cli *c, const usher_profile *profile,
                      const cli_secrets *secrets, usher_str cookie_name, usher_error *err)
{
    const usher_str salts[USHER_PURPOSES] = {[USHER_FOR_SESSION] = cookie_name};

    return usher_keyring_init(out, c->alloc, profile, secrets->list, secrets->count, salts, err);
}

bool cli_profile(const usher_profile **out, cli *c, const cli_args *args)
{
    usher_str name = cli_text(args, OPT_PROFILE);

    *out = name.ptr ? usher_profile_by_name(name) : NULL;
    if (*out || !name.ptr) return true;
    cli_complain_about(c, "no such profile (nextauth-4, authjs-5, auth0-4 and robojs are there)",
                       name);
    return false;
}

cli_exit cli_secret_command(cli *c, const cli_args *args)
{
    uint8_t random[1024];
    int64_t count;
    usher_buf b;

    if (!cli_number(&count, c, args, OPT_BYTES, 32, 32, (int64_t)sizeof random)) return CLI_USAGE;
    if (!c->entropy.fill(c->entropy.ctx, random, (size_t)count))
        return cli_complain(c, "no entropy");
    usher_buf_init(&b, &c->arena, 4096);
    usher_base64url_put(&b, random, (size_t)count);
    usher_wipe(random, sizeof random);
    return cli_print_buf(c, &b);
}
