/* The life of a site, and what may be asked of it. */
#include "base/error.h"
#include "base/str.h"
#include "site/build.h"

void usher_site_forget_keys(usher_site *site)
{
    for (size_t i = 0; i < site->format_count; i++) {
        usher_format *f = &site->formats[i];

        usher_keyring_free(f->keys);
        if (f->signing) {
            usher_signing_keys_deinit(f->signing);
            usher_wipe(f->signing, sizeof *f->signing);
            site->alloc.put(site->alloc.ctx, f->signing, sizeof *f->signing);
        }
        f->keys = NULL;
        f->signing = NULL;
    }
    site->keys = NULL;
}

usher_site *usher_site_ref(usher_site *site)
{
    if (site) atomic_fetch_add_explicit(&site->references, 1, memory_order_relaxed);
    return site;
}

void usher_site_unref(usher_site *site)
{
    /* Whoever frees must have seen all that the others did with it. */
    if (!site || atomic_fetch_sub_explicit(&site->references, 1, memory_order_acq_rel) != 1) return;
    usher_allocator alloc = site->alloc;
    usher_site_forget_keys(site);
    usher_arena_deinit(&site->arena); /* client secrets are in it; it wipes */
    usher_wipe(site, sizeof *site);
    alloc.put(alloc.ctx, site, sizeof *site);
}

usher_str usher_site_base_url(const usher_site *site)
{
    return site->base_url;
}

usher_str usher_site_base_path(const usher_site *site)
{
    return site->base_path;
}

usher_str usher_site_profile(const usher_site *site)
{
    return site->profile->name;
}

bool usher_site_wants_hooks(const usher_site *site)
{
    for (size_t i = 0; i < site->format_count; i++)
        if (site->formats[i].form == USHER_TOKEN_HOOKED) return true;
    return site->hooks != 0;
}

bool usher_site_wants_store(const usher_site *site)
{
    return site->stores || site->users_stored;
}

bool usher_site_key_counts(const usher_site *site, size_t index, usher_key_counts *out)
{
    for (size_t i = 0; i < site->format_count; i++) {
        const usher_keyring *keys = site->formats[i].keys;

        if (usher_keyring_counts(keys, index, out)) {
            out->format = i;
            return true;
        }
        index -= keys->secret_count;
    }
    *out = (usher_key_counts){0};
    return false;
}

const usher_provider *usher_site_provider(const usher_site *site, usher_str id)
{
    for (size_t i = 0; i < site->provider_count; i++)
        if (usher_str_eq(site->providers[i].id, id)) return &site->providers[i];
    return NULL;
}

static usher_site_parts default_parts(usher_getenv *env, void *env_ctx)
{
    return (usher_site_parts){usher_allocator_default(), usher_entropy_default(), env, env_ctx};
}

usher_status usher_site_from_node(usher_site **out, usher_problems *problems,
                                  const usher_node *root, usher_str file, usher_getenv *env,
                                  void *env_ctx, usher_error *err)
{
    usher_site_parts parts = default_parts(env, env_ctx);

    return usher_site_build(out, problems, root, file, &parts, err);
}

/* A whole settings file, or only what is in its `site` map: no setting is called like a level. */
static usher_status wrap_bare(const usher_node **out, usher_arena *a, usher_node *root,
                              usher_error *err)
{
    *out = root;
    if (root->kind != USHER_NODE_MAP || usher_node_get(root, USHER_STR("site")) ||
        usher_node_get(root, USHER_STR("daemon")))
        return USHER_OK;
    usher_node *top = usher_arena_get_zero(a, 1, sizeof *top);
    if (!top) return usher_arena_fail(a, err);
    *top = (usher_node){.kind = USHER_NODE_MAP, .line = 1, .column = 1, .first = root};
    root->key = USHER_STR("site");
    *out = top;
    return USHER_OK;
}

static usher_status from_json(usher_site **out, usher_problems *list, usher_arena *a,
                              usher_str json, const usher_site_parts *parts, usher_error *err)
{
    usher_node *root;
    const usher_node *top;
    usher_status rc;

    if ((rc = usher_node_from_json(&root, a, json, USHER_STR("settings"), list, err)) ||
        (rc = wrap_bare(&top, a, root, err)))
        return rc;
    if (!usher_settings_check_top(top, USHER_STR("settings"), list))
        return usher_fail(err, USHER_E_NOMEM, "site: out of memory", 0);
    size_t errors = list->errors;
    rc = usher_site_build(out, list, top, USHER_STR("settings"), parts, err);
    if (rc || !errors) return rc;
    usher_site_unref(*out);
    *out = NULL;
    return usher_fail(err, USHER_E_SETTING, "site: see the problems", 0);
}

usher_status usher_site_new_with(usher_site **out, usher_problems **problems,
                                 usher_str settings_json, const usher_site_parts *parts,
                                 usher_error *err)
{
    usher_problems *list = usher_problems_new_with(parts->alloc);
    usher_arena scratch;
    usher_status rc;

    *out = NULL;
    if (problems) *problems = NULL;
    if (!list) return usher_fail(err, USHER_E_NOMEM, "site: out of memory", 0);
    usher_arena_init(&scratch, parts->alloc, 8192, USHER_NODE_MEMORY);
    rc = from_json(out, list, &scratch, settings_json, parts, err);
    usher_arena_deinit(&scratch); /* wipes the secrets that were read */
    if (problems)
        *problems = list;
    else
        usher_problems_free(list);
    return rc;
}

usher_status usher_site_new(usher_site **out, usher_problems **problems, usher_str settings_json,
                            usher_getenv *env, void *env_ctx, usher_error *err)
{
    usher_site_parts parts = default_parts(env, env_ctx);

    return usher_site_new_with(out, problems, settings_json, &parts, err);
}
