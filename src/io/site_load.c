/* usher_site_load: a site from a settings file, for programs that embed the library. */
#include <stdlib.h>

#include "base/error.h"
#include "base/str.h"
#include "io/settings_file.h"
#include "usher/drive.h"

static const char *process_env(void *ctx, const char *name)
{
    (void)ctx;
    return getenv(name);
}

static usher_status load(usher_site **out, usher_problems *list, usher_arena *a, const char *path,
                         usher_error *err)
{
    usher_str file = usher_str_z(path);
    usher_node *root;
    usher_status rc = usher_node_from_file(&root, a, path, list, err);

    if (rc) return rc;
    if (!usher_settings_check_top(root, file, list))
        return usher_fail(err, USHER_E_NOMEM, "settings: out of memory", 0);
    size_t errors = list->errors;
    rc = usher_site_from_node(out, list, root, file, process_env, NULL, err);
    if (rc || !errors) return rc;
    usher_site_unref(*out);
    *out = NULL;
    return usher_fail(err, USHER_E_SETTING, "settings: see the problems", 0);
}

usher_status usher_site_load(usher_site **out, usher_problems **problems, const char *path,
                             usher_error *err)
{
    usher_problems *list = usher_problems_new();
    usher_arena a;
    usher_status rc;

    *out = NULL;
    if (problems) *problems = NULL;
    if (!list) return usher_fail(err, USHER_E_NOMEM, "settings: out of memory", 0);
    usher_arena_init(&a, usher_allocator_default(), 16384, USHER_NODE_MEMORY);
    rc = load(out, list, &a, path, err);
    usher_arena_deinit(&a); /* wipes the secrets that were read */
    if (problems)
        *problems = list;
    else
        usher_problems_free(list);
    return rc;
}
