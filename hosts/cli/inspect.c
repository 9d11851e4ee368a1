/* inspect - opens what somebody pasted and says what it is. */
#include <string.h>

#include "base/error.h"
#include "base/str.h"
#include "base/utc.h"
#include "hosts/cli/auth0.h"
#include "hosts/cli/commands.h"
#include "hosts/cli/found.h"
#include "hosts/cli/mask.h"
#include "hosts/cli/secrets.h"
#include "hosts/cli/signed.h"
#include "session/session.h"

#define INPUT_MAX (4u * USHER_TOKEN_MAX)

typedef struct inspection {
    cli_found found;
    usher_str cookie_name; /* whose key opened it, or was tried last */
    usher_verdict verdict, token_verdict;
    usher_cause cause;
    usher_claims claims;
    usher_str header; /* the token's, as JSON; absent if it is none */
    usher_str kid;
    struct usher_session session;
} inspection;

typedef struct inspector {
    cli *c;
    cli_wanted wanted;
    cli_secrets secrets;
    usher_jwe_cipher *cipher; /* once there was a token */
    usher_keyring ring;       /* of ring_profile and ring_name: kept from line to line */
    const usher_profile *ring_profile;
    char ring_name[512];
    size_t ring_name_len;
    int64_t now_s;
    bool json, show_secrets;
} inspector;

/* ---- judging ------------------------------------------------------------------------------- */

/* What opens the tokens of a profile and a cookie's name. */
static usher_status ring_for(inspector *in, const usher_profile *profile, usher_str name,
                             usher_error *err)
{
    usher_status rc;

    if (in->ring_profile == profile &&
        usher_str_eq(name, (usher_str){in->ring_name, in->ring_name_len}))
        return USHER_OK;
    usher_keyring_deinit(&in->ring, in->c->alloc);
    in->ring_profile = NULL;
    if (!in->cipher && !(in->cipher = usher_jwe_cipher_new(in->c->alloc)))
        return usher_fail(err, USHER_E_NOMEM, "inspect: no cipher contexts", 0);
    if ((rc = cli_ring(&in->ring, in->c, profile, &in->secrets, name, err))) return rc;
    if (name.len <= sizeof in->ring_name) {
        in->ring_profile = profile;
        memcpy(in->ring_name, name.ptr, name.len);
        in->ring_name_len = name.len;
    }
    return USHER_OK;
}

/* Tries the names that the cookie may have had, as long as none has the key. */
static usher_status open_token(inspection *out, inspector *in, usher_arena *a, usher_error *err)
{
    usher_status rc = USHER_OK;

    for (size_t i = 0; i < out->found.name_count && rc == USHER_OK; i++) {
        out->cookie_name = out->found.names[i];
        if ((rc = ring_for(in, out->found.profile, out->cookie_name, err))) return rc;
        rc = usher_token_open(&out->claims, &out->token_verdict, &out->cause, a, in->cipher,
                              &in->ring, USHER_FOR_SESSION, out->found.token, in->now_s, err);
        if (out->cause != USHER_CAUSE_TOKEN_FORGED) break;
    }
    return rc;
}

static int64_t expires_ms(double exp)
{
    if (exp > 253402300799.0) return INT64_C(253402300799999); /* the year 9999 */
    return exp < 0 ? 0 : (int64_t)(exp * 1000);
}

static usher_status judge_auth0(inspection *out, inspector *in, usher_arena *a, usher_error *err)
{
    usher_auth0_context c = {
        .arena = a, .cipher = in->cipher, .keys = &in->ring, .now_s = in->now_s};

    return cli_auth0_judge(&out->claims, &out->verdict, &out->cause, &c, &out->found, err);
}

/* A token that opens is not yet a session. */
static usher_status judge_session(inspection *out, inspector *in, usher_arena *a, usher_error *err)
{
    bool is_session;
    usher_status rc;

    if (out->found.profile->auth0) return judge_auth0(out, in, a, err);
    out->verdict = out->token_verdict;
    if (!out->claims.text.ptr) return USHER_OK;
    rc = usher_session_from_claims(&out->session, &is_session, a, &out->claims,
                                   expires_ms(out->claims.exp), err);
    if (rc || is_session) return rc;
    out->verdict = USHER_SESSION_REJECTED;
    out->cause = USHER_CAUSE_TOKEN_CLAIMS;
    return USHER_OK;
}

static usher_status read_header(inspection *out, usher_arena *a, usher_error *err)
{
    usher_json_object members;
    usher_status rc = cli_read_header(&out->header, &members, a, out->found.token, err);
    usher_json kid = usher_json_get(&members, USHER_STR("kid"));

    if (rc || kid.type != USHER_JSON_STRING) return rc;
    return usher_json_string(&out->kid, a, kid, err);
}

static usher_status inspect(inspection *out, inspector *in, usher_arena *a, usher_str text,
                            usher_error *err)
{
    usher_status rc;

    *out = (inspection){0};
    if ((rc = cli_find_token(&out->found, a, &in->wanted, text, err))) return rc;
    if (out->found.too_many) {
        out->verdict = out->token_verdict = USHER_SESSION_REJECTED;
        out->cause = USHER_CAUSE_TOKEN_TOO_LARGE;
        return USHER_OK;
    }
    if ((rc = read_header(out, a, err)) || (rc = open_token(out, in, a, err))) return rc;
    return judge_session(out, in, a, err);
}

/* ---- saying it ----------------------------------------------------------------------------- */

static usher_status put_claims(usher_json_writer *w, inspector *in, usher_arena *a,
                               const usher_claims *claims, usher_error *err)
{
    if (!in->show_secrets) return cli_put_masked(w, a, &claims->object, err);
    usher_json_put_raw(w, claims->text);
    return USHER_OK;
}

static void put_number(usher_json_writer *w, usher_str name, size_t n)
{
    usher_json_name(w, name);
    usher_json_put_int(w, (int64_t)n);
}

static usher_status put_json(usher_json_writer *w, inspector *in, usher_arena *a,
                             const inspection *i, usher_error *err)
{
    usher_status rc = USHER_OK;
    char iso[USHER_ISO_LEN];

    usher_json_open_object(w);
    usher_json_put_member(w, USHER_STR("verdict"), usher_str_z(usher_verdict_word(i->verdict)));
    usher_json_put_member(w, USHER_STR("cause"), usher_str_z(usher_cause_word(i->cause)));
    usher_json_put_member(w, USHER_STR("token"), usher_str_z(usher_verdict_word(i->token_verdict)));
    usher_json_put_member(w, USHER_STR("profile"), i->found.profile->name);
    usher_json_put_member(w, USHER_STR("cookie"), i->cookie_name);
    put_number(w, USHER_STR("pieces"), i->found.pieces);
    put_number(w, USHER_STR("characters"), i->found.token.len);
    if (i->header.ptr) usher_json_name(w, USHER_STR("header"));
    if (i->header.ptr) usher_json_put_raw(w, i->header);
    usher_json_put_member(w, USHER_STR("kid"), i->kid);
    if (i->claims.has_exp) {
        usher_iso_from_ms(iso, expires_ms(i->claims.exp));
        usher_json_put_member(w, USHER_STR("expires"), (usher_str){iso, sizeof iso});
    }
    if (i->claims.text.ptr) {
        usher_json_name(w, USHER_STR("claims"));
        rc = put_claims(w, in, a, &i->claims, err);
    }
    if (rc == USHER_OK) usher_json_close_object(w); /* else it is half written, and of no use */
    return rc;
}

static void print_row(FILE *to, const char *label, usher_str text)
{
    fprintf(to, "%-9s ", label);
    cli_put_text(to, text);
    fputc('\n', to);
}

static void print_expiry(FILE *to, const inspection *i, int64_t now_s)
{
    char iso[USHER_ISO_LEN];
    int64_t left = expires_ms(i->claims.exp) / 1000 - now_s, size = left < 0 ? -left : left;
    const char *unit = size >= 172800 ? "days" : size >= 7200 ? "hours" : "seconds";

    if (!i->claims.has_exp) return;
    size = size >= 172800 ? size / 86400 : size >= 7200 ? size / 3600 : size;
    usher_iso_from_ms(iso, expires_ms(i->claims.exp));
    fprintf(to, "%-9s %.*s (%lld %s %s)\n", "expires", USHER_ISO_LEN, iso, (long long)size, unit,
            left < 0 ? "ago" : "left");
}

/* One claim a line, as JSON. */
static void print_claims(FILE *to, const usher_json_object *claims)
{
    for (size_t i = 0; i < claims->count; i++) {
        fprintf(to, "%-9s ", i ? "" : "claims");
        cli_put_text(to, claims->members[i].name);
        fprintf(to, ": ");
        cli_put_text(to, claims->members[i].value.text);
        fputc('\n', to);
    }
    if (claims->count == 0) fprintf(to, "%-9s (none)\n", "claims");
}

static usher_status print_people(inspector *in, usher_arena *a, const inspection *i,
                                 usher_error *err)
{
    FILE *to = in->c->out;
    usher_json_object shown;
    usher_json_writer w;
    usher_str text;
    usher_buf b;
    usher_status rc;

    fprintf(to, "%-9s %s%s%s\n", "verdict", usher_verdict_word(i->verdict), i->cause ? ": " : "",
            i->cause ? usher_cause_meaning(i->cause) : "");
    fprintf(to, "%-9s %.*s%s\n", "profile", (int)i->found.profile->name.len,
            i->found.profile->name.ptr, i->found.guessed ? " (a guess: --profile decides)" : "");
    if (i->found.token.len) {
        print_row(to, "cookie", i->cookie_name);
        fprintf(to, "%-9s %zu characters in %zu piece%s\n", "token", i->found.token.len,
                i->found.pieces, i->found.pieces == 1 ? "" : "s");
    }
    if (i->header.ptr) print_row(to, "header", i->header);
    if (i->kid.ptr) print_row(to, "key id", i->kid);
    if (!i->claims.text.ptr) return USHER_OK;
    print_expiry(to, i, in->now_s);
    usher_buf_init(&b, a, INPUT_MAX);
    usher_json_write_init(&w, &b);
    if ((rc = put_claims(&w, in, a, &i->claims, err)) || (rc = usher_buf_take(&text, &b, err)) ||
        (rc = usher_json_read_object(&shown, a, text, &usher_json_limits_claims, err)))
        return rc;
    print_claims(to, &shown);
    return USHER_OK;
}

static usher_status say(inspector *in, usher_arena *a, const inspection *i, usher_error *err)
{
    usher_json_writer w;
    usher_str text;
    usher_buf b;
    usher_status rc;

    if (!in->json) return print_people(in, a, i, err);
    usher_buf_init(&b, a, 2 * INPUT_MAX);
    usher_json_write_init(&w, &b);
    if ((rc = put_json(&w, in, a, i, err)) || (rc = usher_buf_take(&text, &b, err))) return rc;
    cli_put_json(in->c->out, text);
    fputc('\n', in->c->out);
    return USHER_OK;
}

/* ---- the command --------------------------------------------------------------------------- */

static cli_exit inspect_one(inspector *in, usher_arena *a, usher_str text)
{
    inspection i;
    usher_error err = {0};

    if (inspect(&i, in, a, text, &err) || say(in, a, &i, &err))
        return cli_complain_error(in->c, &err);
    return i.verdict == USHER_SESSION_VALID ? CLI_OK : CLI_NEGATIVE;
}

static cli_exit inspect_line(inspector *in, usher_arena *a, bool *more)
{
    usher_error err = {0};
    usher_str line;

    if (cli_read_line(&line, more, in->c, a, INPUT_MAX, &err)) {
        *more = false;
        return cli_complain_error(in->c, &err);
    }
    return *more ? inspect_one(in, a, line) : CLI_OK;
}

/* What a line needs is given back before the next: a run may be as long as it likes. */
static cli_exit inspect_lines(inspector *in)
{
    cli_exit code = CLI_OK, one;
    usher_arena a;
    bool more = true;

    while (more) {
        usher_arena_init(&a, in->c->alloc, 1 << 16, (size_t)1 << 27);
        if ((one = inspect_line(in, &a, &more)) > code) code = one;
        usher_arena_deinit(&a);
        fflush(in->c->out); /* whoever drives us waits for the answer */
    }
    return code;
}

static cli_exit inspect_operand(inspector *in, const cli_args *args)
{
    const char *operand = args->operand_count ? args->operands[0] : "-";
    usher_error err = {0};
    usher_str text = usher_str_z(operand);

    if (usher_str_eq(text, USHER_STR("-")) && cli_read_file(&text, in->c, operand, INPUT_MAX, &err))
        return cli_complain_error(in->c, &err);
    return inspect_one(in, &in->c->arena, text);
}

static bool inspector_read(inspector *in, cli *c, const cli_args *args)
{
    *in = (inspector){
        .c = c, .json = cli_has(args, OPT_JSON), .show_secrets = cli_has(args, OPT_SHOW_SECRETS)};
    in->wanted.cookie_name = cli_text(args, OPT_COOKIE_NAME);
    in->wanted.secure = cli_has(args, OPT_SECURE);
    in->wanted.insecure = cli_has(args, OPT_INSECURE);
    if (in->wanted.secure && in->wanted.insecure) {
        cli_complain(c, "--secure and --insecure exclude each other");
        return false;
    }
    if (in->wanted.cookie_name.ptr && !in->wanted.cookie_name.len) {
        cli_complain(c, "--cookie-name wants a name");
        return false;
    }
    return cli_profile(&in->wanted.profile, c, args) &&
           cli_number(&in->now_s, c, args, OPT_NOW, c->now_s, 0, INT64_C(253402300799)) &&
           cli_secrets_read(&in->secrets, c, args);
}

cli_exit cli_inspect_command(cli *c, const cli_args *args)
{
    inspector in;

    if (cli_has(args, OPT_SIGNED)) return cli_inspect_signed(c, args);
    if (!inspector_read(&in, c, args)) return CLI_USAGE;
    if (cli_has(args, OPT_LINES) && args->operand_count)
        return cli_complain(c, "--lines reads standard input only");
    cli_exit code = cli_has(args, OPT_LINES) ? inspect_lines(&in) : inspect_operand(&in, args);
    usher_jwe_cipher_free(in.cipher);
    usher_keyring_deinit(&in.ring, c->alloc);
    return code;
}
