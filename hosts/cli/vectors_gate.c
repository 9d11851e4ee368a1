#include "hosts/cli/vectors_gate.h"

#include "base/error.h"
#include "base/str.h"
#include "gate/matcher.h"
#include "gate/with_auth.h"
#include "session/chunks.h"
#include "session/keyring.h"
#include "wire/percent.h"
#include "wire/url.h"

#define HEADERS_MAX ((size_t)32)
#define TEXT_MAX    ((size_t)64 << 10)

static usher_json input(const vector *v, const char *name)
{
    return usher_json_get(&v->input, usher_str_z(name));
}

static usher_json expected(const vector *v, const char *name)
{
    return usher_json_get(&v->expected, usher_str_z(name));
}

static void judge_text(vector *v, const char *name, usher_str got)
{
    usher_json recorded = expected(v, name);

    if (recorded.type ? usher_json_string_is(recorded, got) : !got.len) return;
    vector_differs(v, name, recorded.text, got);
}

static void judge_bool(vector *v, const char *name, bool got)
{
    usher_json recorded = expected(v, name);

    if ((recorded.type == USHER_JSON_TRUE) != got)
        vector_differs(v, name, recorded.text, got ? USHER_STR("true") : USHER_STR("false"));
}

/* ---- matchers ------------------------------------------------------------------------------ */

static usher_status options_of(usher_matcher_options *out, const vector *v, usher_error *err)
{
    usher_json config = input(v, "next_config");
    usher_json_object o;
    usher_status rc;

    *out = (usher_matcher_options){.unchecked = true};
    if (!config.type) return USHER_OK;
    if ((rc = usher_json_members(&o, v->arena, config, err))) return rc;
    usher_json base = usher_json_get(&o, USHER_STR("basePath"));
    if (base.type && (rc = usher_json_string(&out->base_path, v->arena, base, err))) return rc;
    out->locales = usher_json_get(&o, USHER_STR("i18n")).type != USHER_JSON_ABSENT;
    return USHER_OK;
}

/* input.cookies as the header they came in. */
static usher_status cookie_line(usher_str *out, const vector *v, usher_error *err)
{
    usher_json cookies = input(v, "cookies");
    usher_json_object o;
    usher_status rc;
    usher_str value;
    usher_buf b;

    *out = (usher_str){0};
    if (!cookies.type) return USHER_OK;
    if ((rc = usher_json_members(&o, v->arena, cookies, err))) return rc;
    usher_buf_init(&b, v->arena, TEXT_MAX);
    for (size_t i = 0; i < o.count; i++) {
        if ((rc = usher_json_string(&value, v->arena, o.members[i].value, err))) return rc;
        if (i) usher_buf_put_z(&b, "; ");
        usher_buf_put(&b, o.members[i].name);
        usher_buf_put_char(&b, '=');
        usher_percent_put(&b, value);
    }
    return usher_buf_take(out, &b, err);
}

static usher_status headers_of(usher_header headers[HEADERS_MAX], size_t *count, const vector *v,
                               usher_error *err)
{
    usher_json given = input(v, "headers");
    usher_json_object o = {0};
    usher_str cookie, value;
    usher_status rc;

    *count = 0;
    if ((rc = cookie_line(&cookie, v, err)) ||
        (given.type && (rc = usher_json_members(&o, v->arena, given, err))))
        return rc;
    if (cookie.ptr) headers[(*count)++] = (usher_header){USHER_STR("Cookie"), cookie};
    for (size_t i = 0; i < o.count && *count < HEADERS_MAX; i++) {
        usher_header *h = &headers[(*count)++];
        h->name = o.members[i].name;
        if ((rc = usher_json_string(&value, v->arena, o.members[i].value, err)) ||
            (rc = vector_bytes(&h->value, v, value, err)))
            return rc;
    }
    return USHER_OK;
}

static void judge_regexps(vector *v, const usher_matcher *m)
{
    usher_json recorded = expected(v, "regexps"), item;
    usher_str rest = recorded.text;
    size_t i = 0;

    if (!recorded.type) return;
    while (usher_json_next(&item, &rest)) {
        usher_str got = usher_matcher_regexp(m, i++);
        if (!usher_json_string_is(item, got)) vector_differs(v, "regexps", item.text, got);
    }
    if (i != usher_matcher_count(m))
        vector_differs(v, "regexps", recorded.text, USHER_STR("another number of them"));
}

static usher_status judge_matcher(vector *v, const usher_matcher *m, usher_error *err)
{
    usher_header headers[HEADERS_MAX];
    usher_request request = {.size = sizeof request, .headers = headers};
    usher_matched got;
    usher_status rc;

    if ((rc = headers_of(headers, &request.header_count, v, err)) ||
        (rc = vector_header(&request.target, v, "path", err)) ||
        (rc = usher_matcher_ask(&got, m, v->arena, &request, err)))
        return rc;
    judge_text(v, "result", USHER_STR("ok"));
    judge_bool(v, "match_raw", got.raw);
    judge_bool(v, "match_decoded", got.decoded);
    judge_bool(v, "runs", got.raw || got.decoded);
    judge_regexps(v, m);
    return USHER_OK;
}

usher_status vectors_next_matcher(vector *v, usher_error *err)
{
    usher_matcher_options options;
    const usher_matcher *m;
    usher_error why = {0};
    usher_status rc = options_of(&options, v, err);

    if (rc) return rc;
    rc = usher_matcher_new(&m, v->arena, input(v, "matcher"), &options, &why);
    if (rc == USHER_E_SETTING) {
        judge_text(v, "result", USHER_STR("invalid-pattern"));
        return USHER_OK;
    }
    return rc ? usher_pass(err, &why) : judge_matcher(v, m, err);
}

/* ---- withAuth ------------------------------------------------------------------------------ */

/* The claims of the request's token, as the middleware's getToken finds them. */
static usher_status read_token(usher_claims *out, usher_verdict *verdict, vector *v,
                               usher_str auth_url, usher_error *err)
{
    const usher_profile *profile = &usher_profile_nextauth_4;
    usher_secret secrets[USHER_SECRETS_MAX];
    usher_str name, header, salts[USHER_PURPOSES] = {{0}};
    usher_session_cookie cookie;
    usher_cause cause;
    usher_keyring keys;
    size_t count;
    usher_status rc;

    if ((rc = vector_text(&name, v, "cookie_name", err)) ||
        (rc = vector_header(&header, v, "cookie_header", err)) ||
        (rc = vector_secrets(secrets, &count, v, err)))
        return rc;
    if (!name.len)
        name = usher_str_starts(auth_url, USHER_STR("https://"))
                   ? profile->cookies[USHER_COOKIE_SESSION].secure_name
                   : profile->cookies[USHER_COOKIE_SESSION].name;
    if ((rc = usher_session_cookie_read(&cookie, v->arena, profile, USHER_COOKIE_NEXT_EDGE, name,
                                        header, err)) ||
        (rc = usher_keyring_init(&keys, usher_allocator_default(), profile, secrets, count, salts,
                                 err)))
        return rc;
    rc = usher_token_open(out, verdict, &cause, v->arena, v->cipher, &keys, USHER_FOR_SESSION,
                          cookie.value, vector_now(v), err);
    usher_keyring_deinit(&keys, usher_allocator_default());
    return rc;
}

/* input.require_claim [name, value] stands for an `authorized` callback; without it a token does.
 */
static usher_status read_authorized(bool *out, vector *v, usher_str auth_url, usher_error *err)
{
    usher_json required = input(v, "require_claim"), name, value;
    usher_str rest = required.text, key, want;
    usher_verdict verdict;
    usher_claims claims;
    usher_status rc = read_token(&claims, &verdict, v, auth_url, err);

    *out = rc == USHER_OK && verdict == USHER_SESSION_VALID;
    if (rc || !required.type || !*out) return rc;
    if (!usher_json_next(&name, &rest) || !usher_json_next(&value, &rest))
        return usher_fail(err, USHER_E_SYNTAX, "vectors: require_claim has a name and a value", 0);
    if ((rc = usher_json_string(&key, v->arena, name, err)) ||
        (rc = usher_json_string(&want, v->arena, value, err)))
        return rc;
    *out = usher_json_string_is(usher_json_get(&claims.object, key), want);
    return USHER_OK;
}

/* Next.js shows every loopback address as "localhost". */
static usher_status origin_of(usher_str *out, vector *v, usher_url *url, usher_error *err)
{
    usher_buf b;

    if (usher_str_starts(url->host, USHER_STR("127.")) ||
        usher_str_eq(url->host, USHER_STR("[::1]")))
        url->host = USHER_STR("localhost");
    usher_buf_init(&b, v->arena, TEXT_MAX);
    usher_url_put_origin(&b, url);
    return usher_buf_take(out, &b, err);
}

static usher_status page_of(usher_str *out, vector *v, const char *name, usher_error *err)
{
    usher_json pages = input(v, "pages");
    usher_json_object o;
    usher_status rc;

    *out = (usher_str){0};
    if (!pages.type) return USHER_OK;
    if ((rc = usher_json_members(&o, v->arena, pages, err))) return rc;
    usher_json page = usher_json_get(&o, usher_str_z(name));
    return page.type ? usher_json_string(out, v->arena, page, err) : USHER_OK;
}

static usher_status settings_of(usher_with_auth *w, usher_next_path *place, usher_url *url,
                                vector *v, usher_error *err)
{
    usher_str text, base;
    usher_status rc;

    *w = (usher_with_auth){0};
    if ((rc = vector_text(&text, v, "url", err)) ||
        (rc = vector_text(&base, v, "base_path", err)) ||
        (rc = vector_text(&w->auth_url, v, "nextauth_url", err)) ||
        (rc = page_of(&w->sign_in_page, v, "signIn", err)) ||
        (rc = page_of(&w->error_page, v, "error", err)) || (rc = usher_url_read(url, text, err)) ||
        (rc = origin_of(&w->origin, v, url, err)))
        return rc;
    *place = usher_next_path_of(base, url->path);
    w->base_path = place->base;
    return USHER_OK;
}

static usher_str search_of(const usher_url *url)
{
    if (!url->query.len) return USHER_STR("");
    return (usher_str){url->query.ptr - 1, url->query.len + 1};
}

static bool has_secret(const vector *v)
{
    return input(v, "secret").type > USHER_JSON_NULL;
}

/* Where the visitor is sent; absent: it goes on. */
static usher_status location_of(usher_str *out, vector *v, usher_error *err)
{
    usher_with_auth w;
    usher_next_path place;
    usher_url url;
    bool fine;
    usher_status rc;

    *out = (usher_str){0};
    if ((rc = settings_of(&w, &place, &url, v, err)) ||
        (rc = usher_with_auth_skips(&fine, &w, v->arena, place.path, err)) || fine)
        return rc;
    if (!has_secret(v)) return usher_with_auth_misconfigured(out, &w, v->arena, err);
    if ((rc = read_authorized(&fine, v, w.auth_url, err)) || fine) return rc;
    return usher_with_auth_sign_in(out, &w, v->arena, place.path, search_of(&url), err);
}

usher_status vectors_authjs4_with_auth(vector *v, usher_error *err)
{
    usher_str location;
    usher_status rc = location_of(&location, v, err);
    bool next = location.ptr == NULL;
    usher_str decision = next ? USHER_STR("next") : USHER_STR("redirect");

    if (rc) return rc;
    if (!usher_json_string_is(expected(v, "decision"), decision)) {
        if (!vector_allows(v, next))
            vector_differs(v, "decision", expected(v, "decision").text, next ? decision : location);
        return USHER_OK;
    }
    judge_text(v, "location", location);
    return USHER_OK;
}
