#include "hosts/daemon/settings.h"

#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/error.h"
#include "base/str.h"
#include "flow/site.h"
#include "hosts/daemon/listener.h"
#include "io/settings_file.h"
#include "site/complain.h"

typedef struct loading {
    usherd *d;
    usher_arena *arena;
    const usherd_options *options;
    usher_complaints c;
    const usher_node *daemon; /* the daemon's map in the file, for places */
    usher_error *err;
} loading;

static const char *process_env(void *ctx, const char *name)
{
    (void)ctx;
    return getenv(name);
}

static usher_place place_of(const loading *l, const char *setting)
{
    const usher_node *node = usher_node_get(l->daemon, usher_str_z(setting));

    return usher_place_of(node ? node : l->daemon);
}

/* The command line's address takes the place of the file's. */
static void read_listen(loading *l)
{
    usher_daemon_settings *s = &l->d->settings;
    usher_address address;
    uint16_t port;

    if (!l->options->listen) return;
    s->listen = usher_str_z(l->options->listen);
    if (!usherd_listen_read(s->listen, &address, &port)) {
        usher_complain(
            &l->c, (usher_place){0, 0},
            "--listen is '$1'; write an address and a port: 127.0.0.1:3000 or [::1]:3000",
            s->listen, USHER_NIL, USHER_NIL);
        return;
    }
    s->loopback = usher_address_is_loopback(&address);
}

static usher_status read_peers(loading *l)
{
    usher_daemon_settings *s = &l->d->settings;

    l->d->trusted = usher_arena_get_zero(l->arena, s->trusted_peer_count, sizeof *l->d->trusted);
    if (!l->d->trusted) return usher_arena_fail(l->arena, l->err);
    for (size_t i = 0; i < s->trusted_peer_count; i++)
        if (!usher_address_range_read(&l->d->trusted[i], s->trusted_peers[i]))
            usher_complain(&l->c, place_of(l, "trusted_peers"),
                           "daemon.trusted_peers: '$1' is neither an address nor a network",
                           s->trusted_peers[i], USHER_NIL, USHER_NIL);
    return USHER_OK;
}

/* Signing in without a password is for one's own machine, and nothing but the address tells that.
 */
static void check_development(loading *l)
{
    const usher_site *site = l->d->site;
    const char *what = site->development ? "site.development is true" : NULL;

    for (size_t i = 0; i < site->provider_count && !what; i++)
        if (site->providers[i].type == USHER_PROVIDER_DEVELOPMENT)
            what = "there is a development provider";
    if (what && !l->d->settings.loopback)
        usher_complain(
            &l->c, place_of(l, "listen"),
            "$1, but '$2' is no loopback address: anybody who reaches it could sign in as "
            "anybody. Listen on 127.0.0.1 or [::1], or configure a real provider",
            usher_str_z(what), l->d->settings.listen, USHER_NIL);
}

static usher_status path_beside(usher_str *out, loading *l, usher_str path)
{
    usher_str config = usher_str_z(l->options->config);
    usher_buf b;

    if (path.ptr[0] == '/') return usher_arena_dup(out, l->arena, path, l->err);
    while (config.len && config.ptr[config.len - 1] != '/')
        config.len--;
    usher_buf_init(&b, l->arena, 4096);
    usher_buf_put(&b, config);
    usher_buf_put(&b, path);
    return usher_buf_take(out, &b, l->err);
}

static usher_status read_files(loading *l)
{
    usher_str folder, path = l->d->settings.files;
    usher_status rc;

    if (!path.len) return USHER_OK;
    if ((rc = path_beside(&folder, l, path))) return rc;
    return usherd_files_load(&l->d->files, usher_allocator_default(), folder, l->c.list, l->err);
}

/* All problems are found before anything is said, whatever part they are in. */
static usher_status read_parts(loading *l, const usher_node *root)
{
    usher_status rc, worst = USHER_OK;

    if (!usher_settings_check_top(root, l->c.file, l->c.list))
        return usher_fail(l->err, USHER_E_NOMEM, "settings: no memory", 0);
    l->daemon = usher_node_get(root, USHER_STR("daemon"));
    rc = usher_daemon_settings_from_node(&l->d->settings, l->arena, l->c.list, root, l->c.file,
                                         l->err);
    if (rc && rc != USHER_E_SETTING) return rc;
    worst = rc;
    read_listen(l);
    if (!worst && ((rc = read_peers(l)) || (rc = read_files(l)))) {
        if (rc != USHER_E_SETTING) return rc;
        worst = rc;
    }
    rc = usher_site_from_node(&l->d->site, l->c.list, root, l->c.file, process_env, NULL, l->err);
    if (rc) return rc;
    if (usher_site_wants_hooks(l->d->site))
        usher_complain(&l->c, (usher_place){0, 0},
                       "`hooks` and `token: hook` are for programs that embed the library: usherd "
                       "has no functions of yours. Take sealed or signed tokens, and no "
                       "credentials provider",
                       USHER_NIL, USHER_NIL, USHER_NIL);
    if (usher_site_wants_store(l->d->site))
        usher_complain(&l->c, (usher_place){0, 0},
                       "`session.strategy: database` and `users: database` are for programs that "
                       "embed the library and have the rows: usherd has no database yet",
                       USHER_NIL, USHER_NIL, USHER_NIL);
    if (!worst) check_development(l);
    return l->c.no_memory ? usher_fail(l->err, USHER_E_NOMEM, "settings: no memory", 0) : worst;
}

usher_status usherd_settings_load(usherd *d, usher_arena *a, const usherd_options *options,
                                  usher_problems *problems, usher_error *err)
{
    loading l = {.d = d,
                 .arena = a,
                 .options = options,
                 .c = {problems, usher_str_z(options->config), false},
                 .err = err};
    usher_arena tree;
    usher_node *root;
    usher_status rc;

    usher_arena_init(&tree, usher_allocator_default(), 16384, USHER_NODE_MEMORY);
    rc = usher_node_from_file(&root, &tree, options->config, problems, err);
    if (!rc) rc = read_parts(&l, root);
    usher_arena_deinit(&tree); /* wipes the secrets that were read */
    if (!rc && problems->errors)
        rc = usher_fail(err, USHER_E_SETTING, "settings: see the problems", 0);
    if (rc) usherd_settings_free(d);
    return rc;
}

void usherd_settings_free(usherd *d)
{
    usherd_files_free(&d->files);
    usher_site_unref(d->site);
    d->site = NULL;
    d->trusted = NULL; /* the arena's */
}
