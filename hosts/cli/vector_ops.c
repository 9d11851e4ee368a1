#include "hosts/cli/vector_ops.h"

#include "base/error.h"
#include "base/str.h"
#include "hosts/cli/vectors_auth0.h"
#include "hosts/cli/vectors_authjs.h"
#include "hosts/cli/vectors_email.h"
#include "hosts/cli/vectors_gate.h"
#include "hosts/cli/vectors_id_token.h"
#include "hosts/cli/vectors_oauth.h"
#include "session/bearer.h"
#include "session/chunks.h"
#include "session/csrf.h"
#include "wire/jose/jwk.h"

#define V4 (&usher_profile_nextauth_4)
#define V5 (&usher_profile_authjs_5)

/* ---- opening ------------------------------------------------------------------------------- */

/* A ring for the case's secrets, in which `purpose` has the salt. */
static usher_status ring_of(usher_keyring *keys, const vector *v, const usher_profile *profile,
                            usher_purpose purpose, usher_str salt, usher_error *err)
{
    usher_secret secrets[USHER_SECRETS_MAX];
    usher_str salts[USHER_PURPOSES] = {{0}};
    size_t count;
    usher_status rc;

    salts[purpose] = salt;
    if ((rc = vector_secrets(secrets, &count, v, err))) return rc;
    return usher_keyring_init(keys, usher_allocator_default(), profile, secrets, count, salts, err);
}

static usher_status open_with(vector_outcome *out, vector *v, const usher_profile *profile,
                              usher_purpose purpose, usher_str salt, usher_str token,
                              usher_error *err)
{
    usher_keyring keys;
    usher_claims claims;
    usher_status rc;

    *out = (vector_outcome){.assembled = token};
    if ((rc = ring_of(&keys, v, profile, purpose, salt, err))) return rc;
    rc = usher_token_open(&claims, &out->verdict, &out->cause, v->arena, v->cipher, &keys, purpose,
                          token, vector_now(v), err);
    out->claims = claims.text;
    usher_keyring_deinit(&keys, usher_allocator_default());
    return rc;
}

/* NextAuth v4 does not salt session tokens: a salt means a check cookie's key. */
static usher_status run_v4_decode(vector *v, usher_error *err)
{
    usher_str token, salt;
    vector_outcome got;
    usher_status rc;

    if ((rc = vector_text(&token, v, "token", err)) || (rc = vector_text(&salt, v, "salt", err)) ||
        (rc = open_with(&got, v, V4, salt.len ? USHER_FOR_STATE : USHER_FOR_SESSION, salt, token,
                        err)))
        return rc;
    return vector_judge(v, "", &v->expected, &got, err);
}

/* Auth.js v5 salts everything; one salt is a purpose of its own. */
static usher_status run_v5_decode(vector *v, usher_error *err)
{
    usher_str token, salt;
    vector_outcome got;
    usher_status rc;

    if ((rc = vector_text(&token, v, "token", err)) || (rc = vector_text(&salt, v, "salt", err)))
        return rc;
    bool param = usher_str_eq(salt, V5->state_param_salt);
    rc =
        open_with(&got, v, V5, param ? USHER_FOR_STATE_PARAM : USHER_FOR_SESSION, salt, token, err);
    if (rc) return rc;
    return vector_judge(v, "", &v->expected, &got, err);
}

/* ---- getToken ------------------------------------------------------------------------------ */

static usher_status cookie_name_of(usher_str *out, const vector *v, const usher_profile *profile,
                                   usher_error *err)
{
    const usher_profile_cookie *cookie = &profile->cookies[USHER_COOKIE_SESSION];
    usher_status rc = vector_text(out, v, "cookie_name", err);

    if (rc == USHER_OK && !out->ptr)
        *out = vector_flag(v, "secure_cookie") ? cookie->secure_name : cookie->name;
    return rc;
}

/* The session cookie, or else what Authorization carries. */
static usher_status token_of(usher_str *out, const vector *v, const usher_profile *profile,
                             usher_cookie_dialect dialect, usher_str name, usher_error *err)
{
    usher_session_cookie cookie;
    usher_str header, authorization;
    usher_status rc;

    if ((rc = vector_header(&header, v, "cookie_header", err)) ||
        (rc = vector_header(&authorization, v, "authorization", err)) ||
        (rc = usher_session_cookie_read(&cookie, v->arena, profile, dialect, name, header, err)))
        return rc;
    *out = cookie.value;
    return out->len ? USHER_OK : usher_bearer_read(out, v->arena, authorization, err);
}

static usher_status get_token(vector_outcome *got, vector *v, const usher_profile *profile,
                              usher_cookie_dialect dialect, usher_error *err)
{
    usher_str name, salt, token;
    usher_status rc;

    if ((rc = cookie_name_of(&name, v, profile, err)) ||
        (rc = vector_text(&salt, v, "salt", err)) ||
        (rc = token_of(&token, v, profile, dialect, name, err)))
        return rc;
    return open_with(got, v, profile, USHER_FOR_SESSION, salt.ptr ? salt : name, token, err);
}

static usher_status run_v4_get_token(vector *v, usher_error *err)
{
    static const struct {
        const char *name;
        usher_cookie_dialect dialect;
    } parts[] = {{"pages", USHER_COOKIE_NEXT_PAGES}, {"edge", USHER_COOKIE_NEXT_EDGE}};
    usher_json_object expected;
    vector_outcome got;
    usher_status rc = USHER_OK;

    for (size_t i = 0; i < sizeof parts / sizeof *parts && rc == USHER_OK; i++) {
        usher_json part = usher_json_get(&v->expected, usher_str_z(parts[i].name));

        if (part.type == USHER_JSON_ABSENT) continue;
        if ((rc = usher_json_members(&expected, v->arena, part, err)) ||
            (rc = get_token(&got, v, V4, parts[i].dialect, err)))
            return rc;
        rc = vector_judge(v, parts[i].name, &expected, &got, err);
    }
    return rc;
}

static usher_status run_v5_get_token(vector *v, usher_error *err)
{
    vector_outcome got;
    usher_status rc = get_token(&got, v, V5, V5->dialect, err);

    return rc ? rc : vector_judge(v, "", &v->expected, &got, err);
}

/* ---- CSRF ---------------------------------------------------------------------------------- */

static usher_status csrf_cookie_of(usher_str *out, const vector *v, const usher_profile *profile,
                                   usher_error *err)
{
    const usher_profile_cookie *cookie = &profile->cookies[USHER_COOKIE_CSRF];
    usher_str header, base_url;
    usher_cookies cookies;
    usher_status rc;

    if ((rc = vector_header(&header, v, "cookie_header", err)) ||
        (rc = vector_text(&base_url, v, "base_url", err)) ||
        (rc = usher_cookies_read(&cookies, v->arena, header, profile->dialect, err)))
        return rc;
    bool secure = usher_str_starts(base_url, USHER_STR("https://"));
    *out = usher_cookies_get(&cookies, secure ? cookie->secure_name : cookie->name);
    return USHER_OK;
}

static void judge_csrf(vector *v, usher_str token, usher_str body)
{
    usher_json recorded = usher_json_get(&v->expected, USHER_STR("csrf_token"));

    vector_judge_bool(v, "cookie_accepted", token.ptr != NULL);
    vector_judge_bool(v, "post_accepted", usher_secret_equal_str(token, body));
    if (token.ptr && !usher_json_string_is(recorded, token))
        vector_differs(v, "csrf_token", recorded.text, token);
}

static usher_status run_csrf(vector *v, const usher_profile *profile, usher_error *err)
{
    usher_str value, token, body;
    usher_keyring keys;
    usher_status rc;

    if ((rc = csrf_cookie_of(&value, v, profile, err)) ||
        (rc = vector_text(&body, v, "body_csrf_token", err)) ||
        (rc = ring_of(&keys, v, profile, USHER_FOR_SESSION, USHER_STR(""), err)))
        return rc;
    if (!(rc = usher_csrf_read(&token, &keys, value, err))) judge_csrf(v, token, body);
    usher_keyring_deinit(&keys, usher_allocator_default());
    return rc;
}

static usher_status run_v4_csrf(vector *v, usher_error *err)
{
    return run_csrf(v, V4, err);
}

static usher_status run_v5_csrf(vector *v, usher_error *err)
{
    return run_csrf(v, V5, err);
}

/* ---- wire ---------------------------------------------------------------------------------- */

static bool pair_is(usher_json pair, const usher_cookie *cookie)
{
    usher_str rest = pair.text;
    usher_json name, value;

    return usher_json_next(&name, &rest) && usher_json_next(&value, &rest) &&
           usher_json_string_is(name, cookie->name) && usher_json_string_is(value, cookie->value);
}

static bool pairs_are(usher_json pairs, const usher_cookies *cookies)
{
    usher_str rest = pairs.text;
    usher_json pair;
    size_t i = 0;

    while (usher_json_next(&pair, &rest)) {
        if (i == cookies->count || !pair_is(pair, &cookies->items[i])) return false;
        i++;
    }
    return i == cookies->count;
}

static usher_str shown_pairs(const vector *v, const usher_cookies *cookies)
{
    usher_buf b;
    usher_str text;
    usher_json_writer w;

    usher_buf_init(&b, v->arena, 1 << 20);
    usher_json_write_init(&w, &b);
    usher_json_open_array(&w);
    for (size_t i = 0; i < cookies->count; i++) {
        usher_json_open_array(&w);
        usher_json_put_string(&w, cookies->items[i].name);
        usher_json_put_string(&w, cookies->items[i].value);
        usher_json_close_array(&w);
    }
    usher_json_close_array(&w);
    return usher_buf_take(&text, &b, NULL) ? (usher_str){0} : text;
}

/* The header is what the parser gets as text: here, too, a character is a character. */
static usher_status run_cookie_parse(vector *v, usher_error *err)
{
    static const struct {
        const char *name;
        usher_cookie_dialect dialect;
    } parts[] = {{"cookie", USHER_COOKIE_PACKAGE},
                 {"authjs", USHER_COOKIE_AUTHJS},
                 {"next_pages", USHER_COOKIE_NEXT_PAGES},
                 {"edge", USHER_COOKIE_NEXT_EDGE}};
    usher_cookies cookies;
    usher_str header;
    usher_status rc = vector_text(&header, v, "header", err);

    for (size_t i = 0; i < sizeof parts / sizeof *parts && rc == USHER_OK; i++) {
        usher_json recorded = usher_json_get(&v->expected, usher_str_z(parts[i].name));

        if (recorded.type == USHER_JSON_ABSENT) continue;
        rc = usher_cookies_read(&cookies, v->arena, header, parts[i].dialect, err);
        if (rc == USHER_OK && !pairs_are(recorded, &cookies))
            vector_differs(v, parts[i].name, recorded.text, shown_pairs(v, &cookies));
    }
    return rc;
}

static usher_status run_thumbprint(vector *v, usher_error *err)
{
    static const struct {
        const char *name;
        usher_digest_kind kind;
    } parts[] = {{"sha256", USHER_SHA256}, {"sha384", USHER_SHA384}, {"sha512", USHER_SHA512}};
    usher_json jwk = usher_json_get(&v->input, USHER_STR("jwk"));
    usher_status rc = USHER_OK;

    for (size_t i = 0; i < sizeof parts / sizeof *parts && rc == USHER_OK; i++) {
        usher_json recorded = usher_json_get(&v->expected, usher_str_z(parts[i].name));
        usher_str got;

        if (recorded.type == USHER_JSON_ABSENT) continue;
        rc = usher_jwk_thumbprint(&got, v->arena, jwk, parts[i].kind, err);
        if (rc == USHER_OK && !usher_json_string_is(recorded, got))
            vector_differs(v, parts[i].name, recorded.text, got);
    }
    return rc;
}

const vector_op *vector_op_named(usher_str name)
{
    static const vector_op ops[] = {
        {"authjs4.decode", run_v4_decode},
        {"authjs5.decode", run_v5_decode},
        {"authjs4.get-token", run_v4_get_token},
        {"authjs5.get-token", run_v5_get_token},
        {"authjs4.csrf", run_v4_csrf},
        {"authjs5.csrf", run_v5_csrf},
        {"authjs4.redirect", vectors_authjs4_redirect},
        {"authjs5.redirect", vectors_authjs5_redirect},
        {"authjs4.server-session", vectors_authjs4_server_session},
        {"authjs5.session", vectors_authjs5_session},
        {"authjs4.verification-token", vectors_authjs4_verification},
        {"authjs5.verification-token", vectors_authjs5_verification},
        {"authjs4.oauth-signin", vectors_authjs4_oauth_sign_in},
        {"authjs5.oauth-signin", vectors_authjs5_oauth_sign_in},
        {"authjs4.oauth-callback", vectors_authjs4_oauth_callback},
        {"authjs5.oauth-callback", vectors_authjs5_oauth_callback},
        {"oidc.id-token", vectors_id_token},
        {"next.matcher", vectors_next_matcher},
        {"authjs4.with-auth", vectors_authjs4_with_auth},
        {"cookie.parse", run_cookie_parse},
        {"jwk.thumbprint", run_thumbprint},
        {"auth0.get-session", vectors_auth0_get_session},
        {"auth0.roll", vectors_auth0_roll},
        {"auth0.callback", vectors_auth0_callback},
        {"auth0.return-to", vectors_auth0_return_to},
    };

    for (size_t i = 0; i < sizeof ops / sizeof *ops; i++)
        if (usher_str_eq(usher_str_z(ops[i].name), name)) return &ops[i];
    return NULL;
}
