#include "hosts/cli/found.h"

#include "base/str.h"
#include "hosts/cli/auth0.h"
#include "session/bearer.h"
#include "wire/base64url.h"
#include "wire/json_set.h"

static usher_str cut_space(usher_str s)
{
    while (s.len && (s.ptr[s.len - 1] == '\n' || s.ptr[s.len - 1] == '\r'))
        s.len--;
    while (s.len && (s.ptr[0] == '\n' || s.ptr[0] == '\r'))
        s = usher_str_from(s, 1);
    return usher_str_trim(s);
}

/* Takes "Name:" off the front. */
static bool cut_field(usher_str *s, usher_str name)
{
    if (s->len <= name.len || s->ptr[name.len] != ':' ||
        !usher_str_eq_case((usher_str){s->ptr, name.len}, name))
        return false;
    *s = usher_str_trim(usher_str_from(*s, name.len + 1));
    return true;
}

static void add_name(cli_found *out, usher_str name)
{
    if (out->name_count < 2) out->names[out->name_count++] = name;
}

/* The cookie's possible names, the likeliest first. */
static void names_of(cli_found *out, const cli_wanted *wanted, const usher_profile *profile)
{
    const usher_profile_cookie *cookie = &profile->cookies[USHER_COOKIE_SESSION];

    out->name_count = 0;
    if (wanted->cookie_name.ptr) {
        add_name(out, wanted->cookie_name);
        return;
    }
    if (!wanted->secure) add_name(out, cookie->name);
    if (!wanted->insecure && !(out->name_count && usher_str_eq(cookie->name, cookie->secure_name)))
        add_name(out, cookie->secure_name);
}

/* What is wrong with the text is an answer; that memory ran out is none. */
static usher_status unless_host(usher_status rc, const usher_arena *a)
{
    return a->failed != USHER_OK || rc == USHER_E_NOMEM ? rc : USHER_OK;
}

usher_status cli_read_header(usher_str *text, usher_json_object *members, usher_arena *a,
                             usher_str token, usher_error *err)
{
    usher_str rest, b64 = usher_str_cut(token, '.', &rest);
    size_t size = usher_base64url_decoded_size(b64.len);
    uint8_t *bytes = usher_arena_get(a, size);
    usher_str json = {(const char *)bytes, size};
    usher_status rc;

    *text = (usher_str){0};
    *members = (usher_json_object){0};
    if (!bytes) return usher_arena_fail(a, err);
    if (!rest.ptr || usher_base64url_decode(bytes, b64, NULL)) return USHER_OK;
    if ((rc = usher_json_read_object(members, a, json, &usher_json_limits_document, err)))
        return unless_host(rc, a);
    *text = json;
    return USHER_OK;
}

/* Version 4 of Auth0's SDK writes the encryption first, version 3 its times besides. */
static bool is_auth0_header(const usher_json_object *members)
{
    return (members->count && usher_json_is_named(&members->members[0], USHER_STR("enc"))) ||
           usher_json_get(members, USHER_STR("uat")).type;
}

/* A kid, or the encryption that only Auth.js writes; Auth0's headers. Anything else is read as
 * NextAuth v4's. */
static usher_status guess_by_header(const usher_profile **out, usher_arena *a, usher_str token,
                                    usher_error *err)
{
    usher_json_object members;
    usher_str text;
    usher_status rc = cli_read_header(&text, &members, a, token, err);

    *out = &usher_profile_nextauth_4;
    if (rc || !text.ptr) return rc;
    if (usher_json_get(&members, USHER_STR("kid")).type ||
        usher_json_string_is(usher_json_get(&members, USHER_STR("enc")),
                             USHER_STR("A256CBC-HS512")))
        *out = &usher_profile_authjs_5;
    else if (is_auth0_header(&members))
        *out = &usher_profile_auth0_4;
    return USHER_OK;
}

static usher_status read_cookie(cli_found *out, usher_arena *a, const usher_profile *profile,
                                usher_str name, usher_str header, usher_error *err)
{
    usher_session_cookie cookie;
    usher_status rc;

    if (profile->auth0) return cli_auth0_find(out, a, name, header, err);
    rc = usher_session_cookie_read(&cookie, a, profile, profile->dialect, name, header, err);
    if (rc || (cookie.value.len == 0 && !cookie.too_many)) return rc;
    out->profile = profile;
    out->token = cookie.value;
    out->pieces = cookie.count;
    out->too_many = cookie.too_many;
    out->names[0] = name;
    out->name_count = 1;
    return USHER_OK;
}

/* Auth0's number their pieces in a way of their own, so a site's own name is tried as theirs first.
 */
static usher_status find_auth0(cli_found *out, usher_arena *a, usher_str name, usher_str header,
                               usher_error *err)
{
    const usher_profile *profile = NULL;
    cli_found found = *out;
    usher_status rc = cli_auth0_find(&found, a, name, header, err);

    if (rc || !found.token.len || (rc = guess_by_header(&profile, a, found.token, err))) return rc;
    if (profile->auth0) *out = found;
    return USHER_OK;
}

/* The first of the possible cookies that is there. */
static usher_status find_in_cookies(cli_found *out, usher_arena *a, const cli_wanted *wanted,
                                    usher_str header, usher_error *err)
{
    usher_status rc = USHER_OK;

    out->from_cookie = true;
    if (wanted->cookie_name.ptr && !wanted->profile)
        rc = find_auth0(out, a, wanted->cookie_name, header, err);
    for (size_t p = 0; usher_profile_at(p) && rc == USHER_OK && !out->pieces; p++) {
        const usher_profile *profile = usher_profile_at(p);
        cli_found names = {0};

        if (wanted->profile && wanted->profile != profile) continue;
        names_of(&names, wanted, profile);
        for (size_t i = 0; i < names.name_count && rc == USHER_OK && !out->pieces; i++)
            rc = read_cookie(out, a, profile, names.names[i], header, err);
    }
    /* A name of the site's own says nothing about the profile. */
    if (rc == USHER_OK && out->token.len && wanted->cookie_name.ptr && !wanted->profile &&
        !out->profile->auth0)
        rc = guess_by_header(&out->profile, a, out->token, err);
    return rc;
}

usher_status cli_find_token(cli_found *out, usher_arena *a, const cli_wanted *wanted,
                            usher_str text, usher_error *err)
{
    usher_status rc;

    *out = (cli_found){.profile = wanted->profile, .guessed = !wanted->profile};
    if (!out->profile) out->profile = &usher_profile_nextauth_4;
    text = cut_space(text);
    bool cookies = cut_field(&text, USHER_STR("Cookie")) ||
                   cut_field(&text, USHER_STR("Set-Cookie")) || usher_str_has(text, '=');
    if (!cookies) (void)cut_field(&text, USHER_STR("Authorization"));
    if (cookies) return find_in_cookies(out, a, wanted, text, err);
    out->token = text;
    if (usher_str_starts(text, USHER_STR("Bearer")) &&
        (rc = usher_bearer_read(&out->token, a, text, err)))
        return rc;
    out->pieces = out->token.len != 0;
    if (!wanted->profile && out->token.len &&
        (rc = guess_by_header(&out->profile, a, out->token, err)))
        return rc;
    names_of(out, wanted, out->profile);
    return USHER_OK;
}
