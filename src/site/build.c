#include "site/build.h"

#include "base/error.h"
#include "base/str.h"

#define SITE_MEMORY    (32u << 20)
#define SCRATCH_MEMORY (4u << 20)

usher_str usher_build_keep(usher_building *b, usher_str text)
{
    usher_str copy = {0};
    usher_status rc = usher_arena_dup(&copy, &b->site->arena, text, NULL);

    if (rc && !b->status) b->status = rc;
    return copy;
}

void *usher_build_get(usher_building *b, size_t count, size_t size)
{
    void *p = usher_arena_get_zero(&b->site->arena, count, size);

    if (!p && !b->status) b->status = usher_arena_fail(&b->site->arena, NULL);
    return p;
}

usher_str usher_build_env(usher_building *b, const char *name)
{
    usher_getenv *env = b->parts->env;
    usher_str value = usher_str_z(env ? env(b->parts->env_ctx, name) : NULL), copy = {0};
    usher_status rc = value.len ? usher_arena_dup(&copy, &b->scratch, value, NULL) : USHER_OK;

    if (rc && !b->status) b->status = rc;
    return copy;
}

const usher_environment *usher_build_environment(const usher_building *b)
{
    static const usher_environment systems[] = {
        {&usher_profile_authjs_5,
         {"AUTH_URL", "NEXTAUTH_URL"},
         {"AUTH_SECRET", "NEXTAUTH_SECRET"},
         {"AUTH_SECRET_3", "AUTH_SECRET_2", "AUTH_SECRET_1"},
         false,
         {NULL, NULL, NULL}},
        {&usher_profile_nextauth_4,
         {"NEXTAUTH_URL", "AUTH_URL"},
         {"NEXTAUTH_SECRET", "AUTH_SECRET"},
         {NULL, NULL, NULL},
         true,
         {NULL, NULL, NULL}},
        {&usher_profile_auth0_4,
         {"APP_BASE_URL", "AUTH_URL"},
         {"AUTH0_SECRET", "AUTH_SECRET"},
         {NULL, NULL, NULL},
         false,
         {"AUTH0_DOMAIN", "AUTH0_CLIENT_ID", "AUTH0_CLIENT_SECRET"}},
        {&usher_profile_robojs,
         {"AUTH_URL", "NEXTAUTH_URL"},
         {"AUTH_SECRET", "NEXTAUTH_SECRET"},
         {NULL, NULL, NULL},
         false,
         {NULL, NULL, NULL}},
    };

    for (size_t i = 0; i < sizeof systems / sizeof *systems; i++)
        if (systems[i].profile == b->site->profile) return &systems[i];
    return &systems[0];
}

static usher_site *site_new(const usher_allocator *alloc)
{
    usher_site *site = alloc->get(alloc->ctx, sizeof *site);

    if (!site) return NULL;
    *site = (usher_site){.alloc = *alloc};
    atomic_init(&site->references, 1);
    usher_arena_init(&site->arena, &site->alloc, 4096, SITE_MEMORY);
    return site;
}

/* What the other rooms depend on. */
static void build_basics(usher_building *b)
{
    usher_site *site = b->site;

    site->development = b->v[USHER_ROW_SITE_DEVELOPMENT].number != 0;
    site->profile = usher_profile_by_name(b->v[USHER_ROW_SITE_PROFILE].text);
    site->token_max = (size_t)b->v[USHER_ROW_SITE_TOKEN_MAX].number;
}

/* Their content is put where the tree has them by who reads the settings file. */
static void refuse_files(usher_building *b)
{
    static const int rows[] = {USHER_ROW_SITE_SECRET_FILE, USHER_ROW_SITE_SECRETS_FILES,
                               USHER_ROW_SITE_SESSION_SIGNING_KEYS_FILES};

    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        if (b->v[rows[i]].node)
            usher_complain(&b->c, usher_place_of_key(b->v[rows[i]].node),
                           "site.$1 is for settings files only; give the secret itself",
                           usher_str_z(usher_site_table.rows[rows[i]].path), USHER_NIL, USHER_NIL);
}

const usher_node *usher_build_next_map(const usher_node *from, size_t *index)
{
    for (; from && from->kind != USHER_NODE_MAP; from = from->next)
        ++*index;
    return from;
}

const usher_node *usher_build_first_map(const usher_value *list, size_t *index)
{
    bool is_list = list->node && list->node->kind == USHER_NODE_LIST;

    *index = 0;
    return usher_build_next_map(is_list ? list->node->first : NULL, index);
}

usher_str usher_build_indexed_name(usher_complaints *c, usher_str list, size_t index)
{
    usher_str text = {0};
    usher_buf buf;

    usher_buf_init(&buf, &c->list->arena, 128);
    usher_buf_put(&buf, list);
    usher_buf_put_char(&buf, '[');
    usher_buf_put_u64(&buf, index);
    usher_buf_put_char(&buf, ']');
    if (usher_buf_take(&text, &buf, NULL)) c->no_memory = true;
    return text;
}

static usher_status build_all(usher_building *b, size_t errors_before, usher_error *err)
{
    build_basics(b);
    refuse_files(b);
    usher_build_base(b);
    usher_build_secrets(b);
    usher_build_cookies(b);
    usher_build_pages(b);
    usher_build_providers(b);
    usher_build_auth0(b);
    usher_build_lifetimes(b);
    usher_build_formats(b);
    usher_build_budget(b);
    if (b->c.no_memory) return usher_fail(err, USHER_E_NOMEM, "site: out of memory", 0);
    if (b->status) return usher_fail(err, b->status, "site: it could not be made", 0);
    if (b->c.list->errors > errors_before)
        return usher_fail(err, USHER_E_SETTING, "site: see the problems", 0);
    return usher_build_keys(b, err);
}

usher_status usher_site_build(usher_site **out, usher_problems *problems, const usher_node *root,
                              usher_str file, const usher_site_parts *parts, usher_error *err)
{
    usher_building b = {.c = {problems, file, false}, .parts = parts};
    size_t errors_before = problems->errors;
    usher_status rc;

    *out = NULL;
    if (!(b.site = site_new(parts->alloc)))
        return usher_fail(err, USHER_E_NOMEM, "site: out of memory", 0);
    usher_arena_init(&b.scratch, parts->alloc, 1024, SCRATCH_MEMORY);
    usher_settings_read(b.v, &b.c, &usher_site_table, USHER_STR("site"),
                        usher_node_get(root, USHER_STR("site")));
    rc = build_all(&b, errors_before, err);
    usher_arena_deinit(&b.scratch);
    usher_wipe(b.made, sizeof b.made);
    if (rc)
        usher_site_unref(b.site);
    else
        *out = b.site;
    return rc;
}
