/* check - reads a settings file as usherd would, and lists what is wrong with it. */
#include "hosts/cli/commands.h"
#include "io/settings_file.h"
#include "site/daemon.h"
#include "usher/site.h"

static void print_problem(cli *c, const usher_problem *p, const char *path)
{
    if (p->file.len)
        cli_put_text(c->out, p->file);
    else
        fprintf(c->out, "%s", path);
    if (p->line) fprintf(c->out, ":%zu:%zu", p->line, p->column);
    fprintf(c->out, ": %s", p->warning ? "warning: " : "");
    cli_put_text(c->out, p->message);
    fputc('\n', c->out);
}

/* Every part is read even if another is wrong: one run tells everything. */
static usher_status read_parts(const usher_node *root, cli *c, const char *path,
                               usher_problems *problems, usher_error *err)
{
    usher_str file = {path, 0};
    usher_daemon_settings daemon;
    usher_site *site = NULL;
    usher_status rc;

    while (path[file.len])
        file.len++;
    if (!usher_settings_check_top(root, file, problems)) return USHER_E_NOMEM;
    rc = usher_site_from_node(&site, problems, root, file, c->getenv, c->env_ctx, err);
    usher_site_unref(site);
    if (rc && rc != USHER_E_SETTING) return rc;
    rc = usher_daemon_settings_from_node(&daemon, &c->arena, problems, root, file, err);
    return rc == USHER_E_SETTING ? USHER_OK : rc;
}

static cli_exit check_file(cli *c, const char *path, usher_problems *problems)
{
    usher_node *root = NULL;
    usher_error err = {0};
    usher_status rc = usher_node_from_file(&root, &c->arena, path, problems, &err);

    if (rc == USHER_OK && root) rc = read_parts(root, c, path, problems, &err);
    for (size_t i = 0; i < usher_problems_count(problems); i++)
        print_problem(c, usher_problems_at(problems, i), path);
    if (rc && rc != USHER_E_SETTING) return cli_complain_error(c, &err);
    size_t warnings = problems->count - problems->errors;
    if (problems->errors || rc) {
        fprintf(c->out, "%zu error%s, %zu warning%s\n", problems->errors,
                problems->errors == 1 ? "" : "s", warnings, warnings == 1 ? "" : "s");
        return CLI_USAGE;
    }
    fprintf(c->out, "%s: fine%s\n", path, warnings ? ", with warnings" : "");
    return CLI_OK;
}

cli_exit cli_check_command(cli *c, const cli_args *args)
{
    if (args->operand_count == 0) return cli_complain(c, "check wants a settings file");
    usher_problems *problems = usher_problems_new();
    if (!problems) return cli_complain(c, "out of memory");
    cli_exit code = check_file(c, args->operands[0], problems);
    usher_problems_free(problems);
    return code;
}
