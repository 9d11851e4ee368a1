/* sites - a site for JavaScript: an external value that holds a reference. */
#include <string.h>

#include "base/buf.h"
#include "base/str.h"
#include "hosts/node/addon.h"
#include "wire/json.h"

#define TEXT_MAX     ((size_t)1 << 20)
#define NAME_MAX_ENV 128

static void finalize(napi_env env, void *site, void *hint)
{
    (void)env;
    (void)hint;
    usher_site_unref(site);
}

bool addon_site_of(usher_site **out, napi_env env, napi_value value)
{
    void *data = NULL;

    *out = NULL;
    if (napi_get_value_external(env, value, &data) != napi_ok || !data) {
        addon_throw_type(env, "site", "a site");
        return false;
    }
    *out = data;
    return true;
}

/* ---- the environment ----------------------------------------------------------------------- */

/* The variables are asked of a JavaScript object, and live until the site is made. */
typedef struct variables {
    napi_env env;
    napi_value object;
    usher_arena arena;
} variables;

static const char *variable(void *ctx, const char *name)
{
    variables *v = ctx;
    napi_value value;
    usher_str text;

    if (napi_get_named_property(v->env, v->object, name, &value) != napi_ok ||
        !addon_is(v->env, value, napi_string) ||
        !addon_text(&text, v->env, &v->arena, value, "a variable"))
        return NULL;
    return text.ptr; /* ends with a NUL, as Node-API writes it */
}

/* ---- problems ------------------------------------------------------------------------------ */

static void put_problem(usher_json_writer *w, const usher_problem *p)
{
    usher_json_open_object(w);
    usher_json_put_member(w, USHER_STR("message"), p->message);
    usher_json_name(w, USHER_STR("warning"));
    usher_json_put_bool(w, p->warning);
    usher_json_name(w, USHER_STR("line"));
    usher_json_put_int(w, (int64_t)p->line);
    usher_json_name(w, USHER_STR("column"));
    usher_json_put_int(w, (int64_t)p->column);
    usher_json_close_object(w);
}

static usher_status problems_json(usher_str *out, usher_arena *a, const usher_problems *problems,
                                  usher_error *err)
{
    usher_json_writer w;
    usher_buf b;

    usher_buf_init(&b, a, TEXT_MAX);
    usher_json_write_init(&w, &b);
    usher_json_open_array(&w);
    for (size_t i = 0; problems && i < usher_problems_count(problems); i++)
        put_problem(&w, usher_problems_at(problems, i));
    usher_json_close_array(&w);
    return usher_buf_take(out, &b, err);
}

/* ---- calls --------------------------------------------------------------------------------- */

/* [site or null, the problems as JSON] */
static napi_value pair_of(napi_env env, usher_site *site, usher_str problems)
{
    napi_value array = NULL, item = NULL;

    (void)napi_create_array_with_length(env, 2, &array);
    if (!site || napi_create_external(env, site, finalize, NULL, &item) != napi_ok) {
        usher_site_unref(site);
        (void)napi_get_null(env, &item);
    }
    (void)napi_set_element(env, array, 0, item);
    (void)napi_set_element(env, array, 1, addon_string(env, problems));
    return array;
}

/* Arguments: the settings as JSON; an object with the environment, or null. */
napi_value addon_site_new(napi_env env, napi_callback_info info)
{
    napi_value args[2], value = NULL;
    variables v = {.env = env};
    usher_problems *problems = NULL;
    usher_site *site = NULL;
    usher_str settings, text;
    usher_error err = {0};
    usher_status rc;

    if (!addon_arguments(args, 2, env, info)) return NULL;
    usher_arena_init(&v.arena, usher_allocator_default(), 4096, TEXT_MAX * 4);
    if (!addon_text(&settings, env, &v.arena, args[0], "settings")) goto done;
    v.object = args[1];
    rc = usher_site_new(&site, &problems, settings,
                        addon_is(env, args[1], napi_object) ? variable : NULL, &v, &err);
    if ((rc && rc != USHER_E_SETTING) || (rc = problems_json(&text, &v.arena, problems, &err))) {
        usher_site_unref(site);
        addon_throw(env, rc, &err);
        goto done;
    }
    value = pair_of(env, site, text);
done:
    usher_problems_free(problems);
    usher_arena_deinit(&v.arena);
    return value;
}

napi_value addon_site_info(napi_env env, napi_callback_info info)
{
    usher_error err = {0};
    napi_value arg, value = NULL;
    usher_json_writer w;
    usher_site *site;
    usher_arena a;
    usher_str text;
    usher_buf b;

    if (!addon_arguments(&arg, 1, env, info) || !addon_site_of(&site, env, arg)) return NULL;
    usher_arena_init(&a, usher_allocator_default(), 1024, TEXT_MAX);
    usher_buf_init(&b, &a, TEXT_MAX);
    usher_json_write_init(&w, &b);
    usher_json_open_object(&w);
    usher_json_put_member(&w, USHER_STR("baseUrl"), usher_site_base_url(site));
    usher_json_put_member(&w, USHER_STR("basePath"), usher_site_base_path(site));
    usher_json_put_member(&w, USHER_STR("profile"), usher_site_profile(site));
    usher_json_close_object(&w);
    usher_status rc = usher_buf_take(&text, &b, &err);
    if (rc)
        addon_throw(env, rc, &err);
    else
        value = addon_string(env, text);
    usher_arena_deinit(&a);
    return value;
}
