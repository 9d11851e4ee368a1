/* mint - seals sessions for tests. */
#include "base/str.h"
#include "hosts/cli/auth0.h"
#include "hosts/cli/commands.h"
#include "hosts/cli/secrets.h"
#include "hosts/cli/signed.h"
#include "session/chunks.h"
#include "session/session.h"

#define LINE_MAX (2u * USHER_TOKEN_MAX)

typedef struct mint {
    cli *c;
    const cli_args *args;
    const usher_profile *profile;
    cli_secrets secrets;
    usher_keyring ring;
    usher_jwe_cipher *cipher;
    usher_arena arena; /* of the token that is being made */
    usher_str cookie_name;
    bool secure;
    int64_t now_s, max_age_s;
} mint;

typedef struct minted {
    usher_str claims, token;
    int64_t exp_s;
} minted;

/* ---- claims -------------------------------------------------------------------------------- */

static bool split_claim(usher_str *name, usher_str *json, cli *c, usher_str text)
{
    usher_json value;
    usher_error err = {0};

    *name = usher_str_cut(text, '=', json);
    if (!json->ptr || name->len == 0) {
        cli_complain_about(c, "--claim wants NAME=JSON", text);
        return false;
    }
    if (usher_json_read(&value, *json, &usher_json_limits_claims, &err)) {
        cli_complain_about(c, "not JSON (a text needs its quotes: 'role=\"admin\"')", text);
        return false;
    }
    return true;
}

/* The user's claims, then the further ones. A name given twice is the sealer's business: the last
 * value counts. */
static bool user_claims(usher_str *out, mint *m)
{
    const cli_args *args = m->args;
    const usher_user user = {.id = cli_text(args, OPT_SUB),
                             .name = cli_text(args, OPT_NAME),
                             .email = cli_text(args, OPT_EMAIL),
                             .picture = cli_text(args, OPT_PICTURE)};
    usher_error err = {0};
    usher_json_object object;
    usher_json_writer w;
    usher_str claims;
    usher_buf b;

    if (usher_session_new_claims(&claims, &m->arena, &user, m->c->entropy, &err) ||
        usher_json_read_object(&object, &m->arena, claims, &usher_json_limits_claims, &err)) {
        cli_complain_error(m->c, &err);
        return false;
    }
    usher_buf_init(&b, &m->arena, LINE_MAX);
    usher_json_write_init(&w, &b);
    usher_json_open_object(&w);
    for (size_t i = 0; i < object.count; i++) {
        usher_json_name(&w, object.members[i].name);
        usher_json_put_raw(&w, object.members[i].value.text);
    }
    for (size_t i = 0; i < args->given_count; i++) {
        usher_str name, json;

        if (args->given[i].id != OPT_CLAIM) continue;
        if (!split_claim(&name, &json, m->c, usher_str_z(args->given[i].value))) return false;
        usher_json_name(&w, name);
        usher_json_put_raw(&w, json);
    }
    usher_json_close_object(&w);
    if (usher_buf_take(out, &b, &err) == USHER_OK) return true;
    cli_complain_error(m->c, &err);
    return false;
}

/* ---- output -------------------------------------------------------------------------------- */

static usher_auth0_context auth0_context(mint *m)
{
    return (usher_auth0_context){
        .arena = &m->arena, .cipher = m->cipher, .keys = &m->ring, .now_s = m->now_s};
}

static usher_status auth0_lines(usher_str **lines, size_t *count, mint *m, usher_str session,
                                usher_error *err)
{
    const usher_auth0_context c = auth0_context(m);
    const cli_auth0_sealing what = {.session = session,
                                    .cookie_name = m->cookie_name,
                                    .secure = m->secure,
                                    .max_age_s = m->max_age_s,
                                    .entropy = m->c->entropy};

    return cli_auth0_lines(lines, count, &c, &what, err);
}

static usher_status cookie_lines(usher_str **lines, size_t *count, mint *m, const minted *made,
                                 usher_error *err)
{
    const usher_session_cookie none = {.count = 0};
    const usher_session_cookie_attributes attributes = {.name = m->cookie_name,
                                                        .path = USHER_STR("/"),
                                                        .secure = m->secure,
                                                        .same_site = USHER_SAME_SITE_LAX,
                                                        .expires_s = made->exp_s};

    if (m->profile->auth0) return auth0_lines(lines, count, m, made->claims, err);
    return usher_session_cookie_write(lines, count, &m->arena, m->profile, &none, &attributes,
                                      made->token, err);
}

static usher_status print_token(mint *m, const minted *made, usher_error *err)
{
    bool set = cli_has(m->args, OPT_SET_COOKIE), header = cli_has(m->args, OPT_COOKIE);
    usher_str *lines, rest;
    size_t count;
    usher_status rc;

    if (!set && !header) {
        cli_put(m->c->out, made->token);
        fputc('\n', m->c->out);
        return USHER_OK;
    }
    if ((rc = cookie_lines(&lines, &count, m, made, err))) return rc;
    for (size_t i = 0; i < count; i++) {
        if (set) fprintf(m->c->out, "Set-Cookie: ");
        if (header && i) fprintf(m->c->out, "; ");
        cli_put(m->c->out, set ? lines[i] : usher_str_cut(lines[i], ';', &rest));
        if (set) fputc('\n', m->c->out);
    }
    if (header) fputc('\n', m->c->out);
    return USHER_OK;
}

static usher_status seal(minted *made, mint *m, usher_str claims, usher_error *err)
{
    const usher_auth0_context c = auth0_context(m);

    made->claims = claims;
    if (m->profile->auth0)
        return cli_auth0_seal(&made->token, &made->exp_s, &c, claims, m->max_age_s, m->c->entropy,
                              err);
    return usher_token_seal(&made->token, &made->exp_s, &m->arena, m->cipher, &m->ring,
                            USHER_FOR_SESSION, claims, m->now_s, m->max_age_s, m->c->entropy, err);
}

static cli_exit mint_one(mint *m)
{
    usher_error err = {0};
    usher_str claims;
    minted made;

    if (!user_claims(&claims, m)) return CLI_USAGE;
    if ((m->profile->auth0 && cli_auth0_new(&claims, &m->arena, claims, m->now_s, &err)) ||
        seal(&made, m, claims, &err) || print_token(m, &made, &err))
        return cli_complain_error(m->c, &err);
    return CLI_OK;
}

/* A line of output for each line of input, whatever happens: who drives us counts them. */
static cli_exit mint_line(mint *m, usher_str line, size_t number)
{
    usher_error err = {0};
    minted made;

    if (seal(&made, m, line, &err) == USHER_OK && print_token(m, &made, &err) == USHER_OK)
        return CLI_OK;
    fprintf(m->c->err, "usher: line %zu: %s\n", number, err.what ? err.what : "failed");
    fputc('\n', m->c->out);
    return USHER_STATUS_CLASS(err.status) == USHER_CLASS_PEER ? CLI_NEGATIVE : CLI_USAGE;
}

static cli_exit mint_lines(mint *m)
{
    cli_exit code = CLI_OK, one = CLI_OK;
    usher_error err = {0};
    usher_str line;
    bool more = true;

    for (size_t number = 1; more; number++) {
        if (cli_read_line(&line, &more, m->c, &m->arena, LINE_MAX, &err))
            return cli_complain_error(m->c, &err);
        if (more && (one = mint_line(m, line, number)) > code) code = one;
        fflush(m->c->out);
        usher_arena_reset(&m->arena);
    }
    return code;
}

/* ---- the command --------------------------------------------------------------------------- */

static bool mint_read(mint *m, cli *c, const cli_args *args)
{
    *m = (mint){.c = c, .args = args, .secure = cli_has(args, OPT_SECURE)};
    if (!cli_profile(&m->profile, c, args)) return false;
    if (!m->profile) {
        cli_complain(c, "--profile is missing: nextauth-4, authjs-5, auth0-4 or robojs");
        return false;
    }
    if (m->secure && cli_has(args, OPT_INSECURE)) {
        cli_complain(c, "--secure and --insecure exclude each other");
        return false;
    }
    const usher_profile_cookie *cookie = &m->profile->cookies[USHER_COOKIE_SESSION];
    m->cookie_name = cli_text(args, OPT_COOKIE_NAME);
    if (!m->cookie_name.len) m->cookie_name = m->secure ? cookie->secure_name : cookie->name;
    const int64_t year_9999 = INT64_C(253402300799);
    return cli_number(&m->now_s, c, args, OPT_NOW, c->now_s, 0, year_9999) &&
           cli_number(&m->max_age_s, c, args, OPT_MAX_AGE, m->profile->session_max_age_s,
                      -year_9999, year_9999) &&
           cli_secrets_read(&m->secrets, c, args);
}

cli_exit cli_mint_command(cli *c, const cli_args *args)
{
    usher_error err = {0};
    cli_exit code;
    mint m;

    if (cli_has(args, OPT_SIGNED)) return cli_mint_signed(c, args);
    if (!mint_read(&m, c, args)) return CLI_USAGE;
    if (cli_ring(&m.ring, c, m.profile, &m.secrets, m.cookie_name, &err))
        return cli_complain_error(c, &err);
    if (!(m.cipher = usher_jwe_cipher_new(c->alloc))) {
        code = cli_complain(c, "out of memory");
    } else {
        usher_arena_init(&m.arena, c->alloc, 1 << 16, (size_t)1 << 27);
        code = cli_has(args, OPT_LINES) ? mint_lines(&m) : mint_one(&m);
        usher_arena_deinit(&m.arena);
    }
    usher_jwe_cipher_free(m.cipher);
    usher_keyring_deinit(&m.ring, c->alloc);
    return code;
}
