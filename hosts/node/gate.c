/* gate - the rules of NextAuth v4's middleware for JavaScript. */
#include "gate/with_auth.h"

#include "base/str.h"
#include "hosts/node/addon.h"

#define ARENA_MAX ((size_t)2 << 20)

/* Arguments: sign-in page, error page, NEXTAUTH_URL, base path, origin; then path and search. */
enum { G_SIGN_IN, G_ERROR, G_AUTH_URL, G_BASE, G_ORIGIN, G_PATH, G_SEARCH, G_COUNT };

static bool read_rules(usher_with_auth *w, napi_env env, usher_arena *a, const napi_value *args)
{
    *w = (usher_with_auth){.sign_in_page = {0}};
    return addon_text(&w->sign_in_page, env, a, args[G_SIGN_IN], "pages.signIn") &&
           addon_text(&w->error_page, env, a, args[G_ERROR], "pages.error") &&
           addon_text(&w->auth_url, env, a, args[G_AUTH_URL], "NEXTAUTH_URL") &&
           addon_text(&w->base_path, env, a, args[G_BASE], "basePath") &&
           addon_text(&w->origin, env, a, args[G_ORIGIN], "origin");
}

static usher_status answer(napi_value *out, napi_env env, usher_arena *a, const usher_with_auth *w,
                           usher_str path, usher_str search, usher_error *err)
{
    usher_str sign_in, failed;
    bool skips;
    usher_status rc;

    if ((rc = usher_with_auth_skips(&skips, w, a, path, err)) || skips) {
        if (!rc) (void)napi_get_null(env, out);
        return rc;
    }
    if ((rc = usher_with_auth_sign_in(&sign_in, w, a, path, search, err)) ||
        (rc = usher_with_auth_misconfigured(&failed, w, a, err)))
        return rc;
    (void)napi_create_array_with_length(env, 2, out);
    (void)napi_set_element(env, *out, 0, addon_string(env, sign_in));
    (void)napi_set_element(env, *out, 1, addon_string(env, failed));
    return USHER_OK;
}

/* null: the path is let through unseen. Otherwise where to send a visitor without permission, and
 * where everybody while there is no secret. */
napi_value addon_with_auth(napi_env env, napi_callback_info info)
{
    napi_value args[G_COUNT], value = NULL;
    usher_error err = {0};
    usher_with_auth w;
    usher_str path, search;
    usher_arena a;
    usher_status rc;

    if (!addon_arguments(args, G_COUNT, env, info)) return NULL;
    usher_arena_init(&a, usher_allocator_default(), 4096, ARENA_MAX);
    if (read_rules(&w, env, &a, args) &&
        addon_text(&path, env, &a, args[G_PATH], "nextUrl.pathname") &&
        addon_text(&search, env, &a, args[G_SEARCH], "nextUrl.search") &&
        (rc = answer(&value, env, &a, &w, path, search, &err)))
        addon_throw(env, rc, &err);
    usher_arena_deinit(&a);
    return value;
}
