/* session - what a site makes of a browser's cookies: verdict, session, and the cookies that it
 * sets. The whole path of a request, without a server. */
#include "base/error.h"
#include "base/str.h"
#include "base/utc.h"
#include "flow/site.h"
#include "hosts/cli/commands.h"
#include "hosts/cli/mask.h"
#include "io/settings_file.h"
#include "site/complain.h"
#include "usher/exchange.h"

#define INPUT_MAX ((size_t)1 << 20)

typedef struct asking {
    cli *c;
    usher_site *site;
    usher_exchange *ex;
    usher_str changes; /* of --update; absent: the session is only read */
    int64_t now_s;
    bool json, show_secrets;
} asking;

/* ---- settings ------------------------------------------------------------------------------ */

static void print_errors(cli *c, const usher_problems *list, const char *path)
{
    for (size_t i = 0; i < usher_problems_count(list); i++) {
        const usher_problem *p = usher_problems_at(list, i);

        if (p->warning) continue;
        fprintf(c->err, "%s", path);
        if (p->line) fprintf(c->err, ":%zu:%zu", p->line, p->column);
        fprintf(c->err, ": ");
        cli_put_text(c->err, p->message);
        fputc('\n', c->err);
    }
}

static usher_status make_site(asking *q, usher_problems *list, const char *path, usher_error *err)
{
    cli *c = q->c;
    usher_arena tree; /* holds the secrets */
    usher_node *root = NULL;

    usher_arena_init(&tree, c->alloc, 1 << 16, USHER_NODE_MEMORY);
    usher_status rc = usher_node_from_file(&root, &tree, path, list, err);
    if (rc == USHER_OK && root)
        rc = usher_site_from_node(&q->site, list, root, usher_str_z(path), c->getenv, c->env_ctx,
                                  err);
    usher_arena_deinit(&tree);
    return rc;
}

static bool load(asking *q, const char *path)
{
    usher_problems *list = usher_problems_new();
    usher_error err = {0};
    usher_status rc = list ? make_site(q, list, path, &err) : USHER_E_NOMEM;

    if (rc || !q->site) {
        if (list) print_errors(q->c, list, path);
        if (rc && rc != USHER_E_SETTING) cli_complain_error(q->c, &err);
        cli_complain_about(q->c, "the settings make no site; \"usher check\" says more",
                           usher_str_z(path));
    }
    usher_problems_free(list);
    return q->site != NULL;
}

/* ---- asking -------------------------------------------------------------------------------- */

static usher_status ask(asking *q, usher_str cookies, usher_error *err)
{
    const usher_header header = {USHER_STR("Cookie"), cookies};
    const usher_request request = {.size = sizeof request,
                                   .method = USHER_STR("GET"),
                                   .target = USHER_STR("/"),
                                   .headers = &header,
                                   .header_count = cookies.len != 0};
    usher_want want = {0};
    usher_status rc = usher_exchange_start(q->ex, q->site, &request, q->now_s * 1000, err);

    if (rc == USHER_OK)
        rc = q->changes.ptr ? usher_update_session(q->ex, q->changes, &want, err)
                            : usher_get_session(q->ex, &want, err);
    if (rc == USHER_OK && want.kind != USHER_WANT_NOTHING)
        return usher_fail(err, USHER_E_USAGE, "the site's tokens are opened by a program's hook",
                          0);
    return rc;
}

/* ---- saying it ----------------------------------------------------------------------------- */

static usher_str cause_of(const usher_exchange *ex)
{
    size_t count;
    const usher_report *reports = usher_exchange_reports(ex, &count);

    return usher_str_z(usher_cause_word(count ? reports[count - 1].cause : USHER_CAUSE_NONE));
}

static bool sets_cookie(const usher_header *h)
{
    return usher_str_eq_case(h->name, USHER_STR("Set-Cookie"));
}

static usher_status put_claims(usher_json_writer *w, asking *q, usher_arena *a,
                               const usher_session *s, usher_error *err)
{
    usher_json_object claims;
    usher_status rc;

    if (q->show_secrets) {
        usher_json_name(w, USHER_STR("claims"));
        usher_json_put_raw(w, usher_session_claims(s));
        return USHER_OK;
    }
    rc =
        usher_json_read_object(&claims, a, usher_session_claims(s), &usher_json_limits_claims, err);
    if (rc) return rc;
    usher_json_name(w, USHER_STR("claims"));
    return cli_put_masked(w, a, &claims, err);
}

static usher_status put_session(usher_json_writer *w, asking *q, usher_arena *a,
                                const usher_session *s, usher_error *err)
{
    char iso[USHER_ISO_LEN];

    usher_iso_from_ms(iso, usher_session_expires_ms(s));
    usher_json_put_member(w, USHER_STR("profile"), usher_exchange_session_profile(q->ex));
    usher_json_put_member(w, USHER_STR("expires"), (usher_str){iso, sizeof iso});
    usher_json_name(w, USHER_STR("session"));
    usher_json_put_raw(w, usher_session_json(s));
    return put_claims(w, q, a, s, err);
}

static usher_status put_answer(usher_json_writer *w, asking *q, usher_arena *a, usher_error *err)
{
    const usher_session *s = usher_exchange_session(q->ex);
    const usher_response *r = usher_exchange_response(q->ex);
    usher_status rc = USHER_OK;

    usher_json_open_object(w);
    usher_json_put_member(w, USHER_STR("verdict"),
                          usher_str_z(usher_verdict_word(usher_exchange_verdict(q->ex))));
    usher_json_put_member(w, USHER_STR("cause"), cause_of(q->ex));
    if (s && (rc = put_session(w, q, a, s, err))) return rc; /* half written: of no use */
    usher_json_name(w, USHER_STR("written"));
    usher_json_put_bool(w, usher_exchange_session_written(q->ex));
    usher_json_name(w, USHER_STR("set_cookie"));
    usher_json_open_array(w);
    for (size_t i = 0; i < r->header_count; i++)
        if (sets_cookie(&r->headers[i])) usher_json_put_string(w, r->headers[i].value);
    usher_json_close_array(w);
    usher_json_close_object(w);
    return USHER_OK;
}

static usher_status say_json(asking *q, usher_arena *a, usher_error *err)
{
    usher_json_writer w;
    usher_str text;
    usher_buf b;
    usher_status rc;

    usher_buf_init(&b, a, 8 * INPUT_MAX);
    usher_json_write_init(&w, &b);
    if ((rc = put_answer(&w, q, a, err)) || (rc = usher_buf_take(&text, &b, err))) return rc;
    cli_put_json(q->c->out, text);
    fputc('\n', q->c->out);
    return USHER_OK;
}

static void print_row(FILE *to, const char *label, usher_str text)
{
    fprintf(to, "%-9s ", label);
    cli_put_text(to, text);
    fputc('\n', to);
}

static void say(asking *q)
{
    const usher_session *s = usher_exchange_session(q->ex);
    const usher_response *r = usher_exchange_response(q->ex);
    char iso[USHER_ISO_LEN];

    print_row(q->c->out, "verdict", usher_str_z(usher_verdict_word(usher_exchange_verdict(q->ex))));
    if (!s) print_row(q->c->out, "cause", cause_of(q->ex));
    if (s) {
        usher_iso_from_ms(iso, usher_session_expires_ms(s));
        print_row(q->c->out, "profile", usher_exchange_session_profile(q->ex));
        print_row(q->c->out, "expires", (usher_str){iso, sizeof iso});
        print_row(q->c->out, "session", usher_session_json(s));
    }
    for (size_t i = 0; i < r->header_count; i++) {
        if (!sets_cookie(&r->headers[i])) continue;
        fprintf(q->c->out, "Set-Cookie: ");
        cli_put_text(q->c->out, r->headers[i].value);
        fputc('\n', q->c->out);
    }
}

/* ---- the command --------------------------------------------------------------------------- */

static usher_str without_field(usher_str text)
{
    const usher_str field = USHER_STR("Cookie:");

    text = usher_str_trim(text);
    if (text.len >= field.len && usher_str_eq_case((usher_str){text.ptr, field.len}, field))
        text = usher_str_trim(usher_str_from(text, field.len));
    while (text.len && (text.ptr[text.len - 1] == '\n' || text.ptr[text.len - 1] == '\r'))
        text.len--;
    return text;
}

static cli_exit answer_one(asking *q, usher_arena *a, usher_str text)
{
    usher_error err = {0};
    usher_status rc = ask(q, without_field(text), &err);

    if (rc == USHER_OK && q->json) rc = say_json(q, a, &err);
    if (rc) return cli_complain_error(q->c, &err);
    if (!q->json) say(q);
    return usher_exchange_verdict(q->ex) == USHER_SESSION_VALID ? CLI_OK : CLI_NEGATIVE;
}

static cli_exit answer_lines(asking *q)
{
    cli_exit code = CLI_OK, one;
    usher_error err = {0};
    usher_arena a;
    usher_str line;
    bool more = true;

    usher_arena_init(&a, q->c->alloc, 1 << 16, (size_t)1 << 27);
    while (more) {
        if (cli_read_line(&line, &more, q->c, &a, INPUT_MAX, &err)) {
            code = cli_complain_error(q->c, &err);
            break;
        }
        if (more && (one = answer_one(q, &a, line)) > code) code = one;
        fflush(q->c->out); /* whoever drives us waits for the answer */
        usher_arena_reset(&a);
    }
    usher_arena_deinit(&a);
    return code;
}

static cli_exit answer(asking *q, const cli_args *args)
{
    const char *operand = args->operand_count ? args->operands[0] : "-";
    usher_error err = {0};
    usher_str text = usher_str_z(operand);

    if (cli_has(args, OPT_LINES)) return answer_lines(q);
    if (usher_str_eq(text, USHER_STR("-")) && cli_read_file(&text, q->c, operand, INPUT_MAX, &err))
        return cli_complain_error(q->c, &err);
    return answer_one(q, &q->c->arena, text);
}

cli_exit cli_session_command(cli *c, const cli_args *args)
{
    const usher_exchange_options options = {
        .size = sizeof options, .allocator = c->alloc, .entropy = c->entropy};
    usher_error err = {0};
    cli_exit code = CLI_USAGE;
    asking q = {.c = c,
                .changes = cli_text(args, OPT_UPDATE),
                .json = cli_has(args, OPT_JSON) || cli_has(args, OPT_LINES),
                .show_secrets = cli_has(args, OPT_SHOW_SECRETS)};

    if (!cli_has(args, OPT_SETTINGS))
        return cli_complain(c, "--settings is missing: the file that usherd reads");
    if (cli_has(args, OPT_LINES) && args->operand_count)
        return cli_complain(c, "--lines reads standard input only");
    if (!cli_number(&q.now_s, c, args, OPT_NOW, c->now_s, 0, INT64_C(253402300799)) ||
        !load(&q, cli_value(args, OPT_SETTINGS)))
        return CLI_USAGE;
    if (usher_exchange_new(&q.ex, &options, &err))
        code = cli_complain_error(c, &err);
    else
        code = answer(&q, args);
    usher_exchange_free(q.ex);
    usher_site_unref(q.site);
    return code;
}
