/* check - reads a settings file as usherd would, and lists what is wrong with it. */
#include <dirent.h>

#include "base/str.h"
#include "flow/site.h"
#include "hosts/cli/commands.h"
#include "io/settings_file.h"
#include "site/complain.h"
#include "site/daemon.h"

typedef struct checking {
    cli *c;
    const char *path;
    usher_complaints said;
    const usher_node *root;
    usher_site *site; /* NULL: it could not be made */
    usher_daemon_settings daemon;
    bool has_daemon;
    usher_error err;
} checking;

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

/* ---- what usherd looks at besides ---------------------------------------------------------- */

static usher_place place_of(const checking *k, usher_str setting)
{
    const usher_node *daemon = usher_node_get(k->root, USHER_STR("daemon"));
    const usher_node *node = usher_node_get(daemon, setting);

    return usher_place_of(node ? node : daemon);
}

static bool signs_in_anybody(const usher_site *site)
{
    if (site->development) return true;
    for (size_t i = 0; i < site->provider_count; i++)
        if (site->providers[i].type == USHER_PROVIDER_DEVELOPMENT) return true;
    return false;
}

static void check_listen(checking *k)
{
    if (k->site && signs_in_anybody(k->site) && !k->daemon.loopback)
        usher_complain(&k->said, place_of(k, USHER_STR("listen")),
                       "site.development or a development provider, but '$1' is no loopback "
                       "address: anybody who reaches it could sign in as anybody",
                       k->daemon.listen, USHER_NIL, USHER_NIL);
}

/* The folder only has to be there; what usherd makes of each page it says when it starts. */
static void check_files(checking *k)
{
    usher_str folder = {k->path, 0}, files = k->daemon.files, path;
    usher_buf b;

    if (!files.len) return;
    for (size_t i = 0; k->path[i]; i++)
        if (k->path[i] == '/') folder.len = i + 1;
    usher_buf_init(&b, &k->c->arena, 8192);
    if (files.ptr[0] != '/') usher_buf_put(&b, folder);
    usher_buf_put(&b, files);
    usher_buf_put_char(&b, '\0');
    DIR *dir = usher_buf_take(&path, &b, NULL) ? NULL : opendir(path.ptr);
    if (!dir)
        usher_complain(&k->said, place_of(k, USHER_STR("files")),
                       "daemon.files: the folder '$1' cannot be opened", files, USHER_NIL,
                       USHER_NIL);
    else
        closedir(dir);
}

/* ---- the parts ----------------------------------------------------------------------------- */

/* Every part is read even if another is wrong: one run tells everything. */
static usher_status read_parts(checking *k)
{
    usher_status rc;

    if (!usher_settings_check_top(k->root, k->said.file, k->said.list)) return USHER_E_NOMEM;
    rc = usher_site_from_node(&k->site, k->said.list, k->root, k->said.file, k->c->getenv,
                              k->c->env_ctx, &k->err);
    if (rc && rc != USHER_E_SETTING) return rc;
    rc = usher_daemon_settings_from_node(&k->daemon, &k->c->arena, k->said.list, k->root,
                                         k->said.file, &k->err);
    k->has_daemon = rc == USHER_OK;
    if (rc && rc != USHER_E_SETTING) return rc;
    if (k->has_daemon) {
        check_listen(k);
        check_files(k);
    }
    return k->said.no_memory ? USHER_E_NOMEM : USHER_OK;
}

static cli_exit say(const checking *k)
{
    const usher_problems *list = k->said.list;
    size_t warnings = list->count - list->errors;

    for (size_t i = 0; i < usher_problems_count(list); i++)
        print_problem(k->c, usher_problems_at(list, i), k->path);
    if (list->errors == 0) {
        fprintf(k->c->out, "%s: fine%s\n", k->path, warnings ? ", with warnings" : "");
        return CLI_OK;
    }
    fprintf(k->c->out, "%zu error%s, %zu warning%s\n", list->errors, list->errors == 1 ? "" : "s",
            warnings, warnings == 1 ? "" : "s");
    return CLI_USAGE;
}

static cli_exit check_file(checking *k)
{
    usher_arena tree; /* holds the secrets: it goes first */
    usher_node *root = NULL;

    usher_arena_init(&tree, k->c->alloc, 1 << 16, USHER_NODE_MEMORY);
    usher_status rc = usher_node_from_file(&root, &tree, k->path, k->said.list, &k->err);
    k->root = root;
    if (rc == USHER_OK && root) rc = read_parts(k);
    usher_site_unref(k->site);
    usher_arena_deinit(&tree);
    if (rc == USHER_OK || (rc == USHER_E_SETTING && k->said.list->errors)) return say(k);
    if (rc == USHER_E_NOMEM) return cli_complain(k->c, "out of memory");
    return cli_complain_error(k->c, &k->err);
}

cli_exit cli_check_command(cli *c, const cli_args *args)
{
    if (args->operand_count == 0) return cli_complain(c, "check wants a settings file");
    checking k = {.c = c, .path = args->operands[0]};
    k.said = (usher_complaints){usher_problems_new(), usher_str_z(k.path), false};
    if (!k.said.list) return cli_complain(c, "out of memory");
    cli_exit code = check_file(&k);
    usher_problems_free(k.said.list);
    return code;
}
