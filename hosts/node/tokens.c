/* tokens - the sealed text itself: read from a request, or made for tests. */
#include "base/str.h"
#include "flow/site.h"
#include "hosts/node/addon.h"
#include "session/bearer.h"
#include "session/chunks.h"
#include "session/session.h"
#include "session/token.h"

#define ARENA_MAX ((size_t)8 << 20)

/* The session token of a request, unread; absent if none came. */
static usher_status find_token(usher_str *out, usher_arena *a, const usher_site *site,
                               usher_str cookie, usher_str authorization, usher_error *err)
{
    usher_session_cookie found;
    usher_status rc = usher_session_cookie_read(&found, a, site->profile, site->profile->dialect,
                                                site->formats[0].cookie.name, cookie, err);

    *out = (usher_str){0};
    if (rc) return rc;
    *out = found.value;
    return out->len ? USHER_OK : usher_bearer_read(out, a, authorization, err);
}

static bool optional_bytes(usher_str *out, napi_env env, usher_arena *a, napi_value value,
                           const char *name)
{
    *out = (usher_str){0};
    return !addon_is(env, value, napi_string) || addon_bytes(out, env, a, value, name);
}

/* Arguments: site, Cookie, Authorization. */
napi_value addon_raw_token(napi_env env, napi_callback_info info)
{
    napi_value args[3], value = NULL;
    usher_str cookie, authorization, token;
    usher_error err = {0};
    usher_site *site;
    usher_arena a;
    usher_status rc;

    if (!addon_arguments(args, 3, env, info) || !addon_site_of(&site, env, args[0])) return NULL;
    usher_arena_init(&a, usher_allocator_default(), 4096, ARENA_MAX);
    if (optional_bytes(&cookie, env, &a, args[1], "cookie") &&
        optional_bytes(&authorization, env, &a, args[2], "authorization")) {
        if ((rc = find_token(&token, &a, site, cookie, authorization, &err)))
            addon_throw(env, rc, &err);
        else if (token.len)
            value = addon_string(env, token);
        else
            (void)napi_get_null(env, &value);
    }
    usher_arena_deinit(&a);
    return value;
}

static usher_status seal(usher_str *token, usher_arena *a, const usher_site *site,
                         usher_purpose purpose, usher_str claims, int64_t now_s, int64_t max_age_s,
                         usher_error *err)
{
    usher_jwe_cipher *cipher = usher_jwe_cipher_new(usher_allocator_default());
    int64_t exp_s;
    usher_status rc = USHER_E_NOMEM;

    *token = (usher_str){0};
    if (cipher && purpose == USHER_FOR_SESSION && site->formats[0].form == USHER_TOKEN_SIGNED)
        rc = usher_signed_seal(token, &exp_s, a, site->formats[0].signing, claims, now_s, max_age_s,
                               usher_entropy_default(), err);
    else if (cipher)
        rc = usher_token_seal(token, &exp_s, a, cipher, site->keys, purpose, claims, now_s,
                              max_age_s, usher_entropy_default(), err);
    usher_jwe_cipher_free(cipher);
    return rc;
}

static usher_status cookie_lines(usher_str *out, usher_arena *a, const usher_site *site,
                                 usher_str cookie, usher_str token, int64_t exp_s, usher_error *err)
{
    const usher_site_cookie *c = &site->formats[0].cookie;
    const usher_session_cookie_attributes attributes = {.name = c->name,
                                                        .domain = c->domain,
                                                        .path = c->path,
                                                        .secure = c->secure,
                                                        .same_site = c->same_site,
                                                        .expires_s = exp_s};
    usher_session_cookie received;
    usher_json_writer w;
    usher_str *lines;
    size_t count;
    usher_buf b;
    usher_status rc;

    if ((rc = usher_session_cookie_read(&received, a, site->profile, site->profile->dialect,
                                        c->name, cookie, err)) ||
        (rc = usher_session_cookie_write(&lines, &count, a, site->profile, &received, &attributes,
                                         token, err)))
        return rc;
    usher_buf_init(&b, a, ARENA_MAX);
    usher_json_write_init(&w, &b);
    usher_json_open_array(&w);
    for (size_t i = 0; i < count; i++)
        usher_json_put_string(&w, lines[i]);
    usher_json_close_array(&w);
    return usher_buf_take(out, &b, err);
}

/* Arguments: site, Cookie as received, the new token, its end in seconds. Values of Set-Cookie that
 * replace what was received, as a JSON array. */
napi_value addon_session_cookies(napi_env env, napi_callback_info info)
{
    napi_value args[4], value = NULL;
    usher_str cookie, token, text;
    usher_error err = {0};
    usher_site *site;
    usher_arena a;
    double exp;
    usher_status rc;

    if (!addon_arguments(args, 4, env, info) || !addon_site_of(&site, env, args[0]) ||
        !addon_number(&exp, env, args[3], "expires"))
        return NULL;
    if (site->profile->auth0) {
        (void)napi_throw_error(
            env, "USHER_E_USAGE",
            "sessionCookies: profile auth0-4 writes its cookies with the session");
        return NULL;
    }
    if (!(exp >= 0 && exp < 1e12)) return addon_throw_type(env, "expires", "a time in seconds");
    usher_arena_init(&a, usher_allocator_default(), 4096, ARENA_MAX);
    if (optional_bytes(&cookie, env, &a, args[1], "cookie") &&
        addon_bytes(&token, env, &a, args[2], "token")) {
        if ((rc = cookie_lines(&text, &a, site, cookie, token, (int64_t)exp, &err)))
            addon_throw(env, rc, &err);
        else
            value = addon_string(env, text);
    }
    usher_arena_deinit(&a);
    return value;
}

/* What is made here must be what the site reads: not where its program makes the tokens, and not
 * Auth0's sessions, which are objects and have cookies of their own. */
static bool makes_tokens(napi_env env, const usher_site *site)
{
    const char *why = site->profile->auth0
                          ? "profile auth0-4 has sessions, not claims: sign in, or "
                            "make one with `usher mint`"
                      : site->formats[0].form == USHER_TOKEN_HOOKED
                          ? "this site's tokens are made by the program's own encode"
                      : site->formats[0].form == USHER_TOKEN_STORED
                          ? "this site's sessions are rows: make one with its adapter"
                          : NULL;

    if (why) (void)napi_throw_error(env, "USHER_E_USAGE", why);
    return !why;
}

/* Arguments: site, claims as JSON, now and lifetime in seconds, whether it is a check token: one
 * whose salt is the state cookie's name. */
napi_value addon_mint(napi_env env, napi_callback_info info)
{
    napi_value args[5], value = NULL;
    double now, age;
    bool check = false;
    usher_error err = {0};
    usher_str claims, token;
    usher_site *site;
    usher_arena a;
    usher_status rc;

    if (!addon_arguments(args, 5, env, info) || !addon_site_of(&site, env, args[0]) ||
        !makes_tokens(env, site) || !addon_number(&now, env, args[2], "now") ||
        !addon_number(&age, env, args[3], "maxAge"))
        return NULL;
    (void)napi_get_value_bool(env, args[4], &check); /* left out: a session */
    if (!(now >= 0 && now < 1e12 && age > -1e10 && age < 1e10))
        return addon_throw_type(env, "maxAge", "a number of seconds");
    usher_arena_init(&a, usher_allocator_default(), 4096, ARENA_MAX);
    if (addon_text(&claims, env, &a, args[1], "claims")) {
        if ((rc = seal(&token, &a, site, check ? USHER_FOR_STATE : USHER_FOR_SESSION, claims,
                       (int64_t)now, (int64_t)age, &err)))
            addon_throw(env, rc, &err);
        else
            value = addon_string(env, token);
    }
    usher_arena_deinit(&a);
    return value;
}

static usher_status open_check(usher_str *json, usher_arena *a, const usher_site *site,
                               usher_str token, int64_t now_s, usher_error *err)
{
    usher_jwe_cipher *cipher = usher_jwe_cipher_new(usher_allocator_default());
    usher_claims claims;
    usher_verdict verdict = USHER_NO_SESSION;
    usher_cause cause;
    usher_status rc = USHER_E_NOMEM;

    *json = (usher_str){0};
    if (cipher)
        rc = usher_token_open(&claims, &verdict, &cause, a, cipher, site->keys, USHER_FOR_STATE,
                              token, now_s, err);
    if (!rc && verdict == USHER_SESSION_VALID) *json = claims.text;
    usher_jwe_cipher_free(cipher);
    return rc;
}

/* Arguments: site, token, now in seconds. The claims of a check token as JSON, or null. */
napi_value addon_open_check(napi_env env, napi_callback_info info)
{
    napi_value args[3], value = NULL;
    double now;
    usher_error err = {0};
    usher_str json, token;
    usher_site *site;
    usher_arena a;
    usher_status rc;

    if (!addon_arguments(args, 3, env, info) || !addon_site_of(&site, env, args[0]) ||
        !addon_number(&now, env, args[2], "now"))
        return NULL;
    if (!(now >= 0 && now < 1e12)) return addon_throw_type(env, "now", "a time in seconds");
    usher_arena_init(&a, usher_allocator_default(), 4096, ARENA_MAX);
    if (addon_bytes(&token, env, &a, args[1], "token")) {
        if ((rc = open_check(&json, &a, site, token, (int64_t)now, &err)))
            addon_throw(env, rc, &err);
        else if (json.len)
            value = addon_string(env, json);
        else
            (void)napi_get_null(env, &value);
    }
    usher_arena_deinit(&a);
    return value;
}
