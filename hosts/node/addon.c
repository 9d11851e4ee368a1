/* addon - the module: one entry for each environment. */
#include "hosts/node/addon.h"

static void finalize(napi_env env, void *data, void *hint)
{
    (void)env;
    (void)hint;
    addon_free(data);
}

addon *addon_of(napi_env env)
{
    void *data = NULL;

    return napi_get_instance_data(env, &data) == napi_ok ? data : NULL;
}

static bool add(napi_env env, napi_value exports, const char *name, napi_callback callback)
{
    napi_value function;

    return napi_create_function(env, name, NAPI_AUTO_LENGTH, callback, NULL, &function) ==
               napi_ok &&
           napi_set_named_property(env, exports, name, function) == napi_ok;
}

static const struct {
    const char *name;
    napi_callback callback;
} functions[] = {
    {"siteNew", addon_site_new},
    {"siteInfo", addon_site_info},
    {"run", addon_run},
    {"resume", addon_resume},
    {"abandon", addon_abandon},
    {"rawToken", addon_raw_token},
    {"mint", addon_mint},
    {"openCheck", addon_open_check},
    {"info", addon_info},
    {"sessionCookies", addon_session_cookies},
    {"withAuth", addon_with_auth},
};

/* The macro below defines both without a word before. */
int32_t node_api_module_get_api_version_v1(void);
napi_value napi_register_module_v1(napi_env env, napi_value exports);

NAPI_MODULE_INIT()
{
    const usher_allocator *alloc = usher_allocator_default();
    addon *a = alloc->get(alloc->ctx, sizeof *a);

    if (!a) {
        napi_throw_error(env, "USHER_E_NOMEM", "usher: no memory");
        return NULL;
    }
    *a = (addon){.alloc = *alloc};
    if (napi_set_instance_data(env, a, finalize, NULL) != napi_ok) {
        addon_free(a);
        return NULL;
    }
    for (size_t i = 0; i < sizeof functions / sizeof *functions; i++)
        if (!add(env, exports, functions[i].name, functions[i].callback)) return NULL;
    return exports;
}
