#include "hosts/cli/vectors_authjs.h"

#include "base/error.h"
#include "base/str.h"
#include "flow/site.h"
#include "hosts/cli/vector_site.h"
#include "wire/form.h"
#include "wire/url.h"

#define TARGET_MAX ((size_t)64 << 10)

static usher_json expected_of(const vector *v, const char *part, const char *name)
{
    usher_json_object o;

    if (usher_json_members(&o, v->arena, usher_json_get(&v->expected, usher_str_z(part)), NULL))
        return (usher_json){0};
    return usher_json_get(&o, usher_str_z(name));
}

/* ---- redirects ----------------------------------------------------------------------------- */

/* The rule alone. It throws where there is no URL; a path needs none. */
static usher_status judge_rule(vector *v, usher_str url, usher_str base, usher_error *err)
{
    usher_json result = expected_of(v, "callback", "result");
    usher_url_kind kind;
    usher_str got;
    usher_status rc = usher_url_callback(&got, &kind, v->arena, url, base, err);

    if (rc) return rc;
    bool throws = kind == USHER_URL_NONE && !usher_str_starts(url, USHER_STR("/"));
    bool refused = throws || usher_str_eq(got, base);
    if (throws ? !result.type : usher_json_string_is(result, got)) return USHER_OK;
    if (!vector_allows(v, !refused))
        vector_differs(v, "callback", result.type ? result.text : USHER_STR("an error"),
                       throws ? USHER_STR("an error") : got);
    return USHER_OK;
}

static usher_status sign_in_target(usher_str *out, usher_arena *a, usher_str url, usher_error *err)
{
    usher_buf b;

    usher_buf_init(&b, a, TARGET_MAX);
    usher_buf_put_z(&b, "/api/auth/signin?");
    usher_form_put(&b, USHER_STR("callbackUrl"), url);
    return usher_buf_take(out, &b, err);
}

static usher_status judge_handler(vector *v, const vector_site *s, usher_str base, usher_error *err)
{
    usher_json result = expected_of(v, "handler", "result"),
               url = expected_of(v, "handler", "callback_url");
    bool failed = usher_exchange_response(s->ex)->status == 500;
    usher_str got, name = s->site->cookies[USHER_COOKIE_CALLBACK_URL].name;
    usher_status rc = vector_site_cookie(&got, s, v->arena, name, err);

    if (rc) return rc;
    bool same =
        usher_json_string_is(result, failed ? USHER_STR("config-error") : USHER_STR("ok")) &&
        (failed || usher_json_string_is(url, got));
    if (same || vector_allows(v, !failed && !usher_str_eq(got, base))) return USHER_OK;
    vector_differs(v, "handler", url.type ? url.text : result.text,
                   failed ? USHER_STR("config-error") : got);
    return USHER_OK;
}

static usher_status run_redirect(vector *v, const char *profile, usher_error *err)
{
    vector_request request = {0};
    usher_str url, base;
    vector_site s = {0};
    usher_want want;
    usher_status rc;

    if ((rc = vector_text(&url, v, "url", err)) || (rc = vector_text(&base, v, "base_url", err)) ||
        (rc = judge_rule(v, url, base, err)) ||
        (rc = vector_site_open(&s, v, profile, (usher_str){0}, err)) ||
        (rc = sign_in_target(&request.target, v->arena, url, err)) ||
        (rc = vector_site_ask(&s, v, usher_handle, &request, &want, err)))
        goto done;
    rc = judge_handler(v, &s, base, err);
done:
    vector_site_close(&s);
    return rc;
}

usher_status vectors_authjs4_redirect(vector *v, usher_error *err)
{
    return run_redirect(v, "nextauth-4", err);
}

usher_status vectors_authjs5_redirect(vector *v, usher_error *err)
{
    return run_redirect(v, "authjs-5", err);
}
