/* GET providers: what a sign-in page of the application needs to know. */
#include "base/error.h"
#include "base/str.h"
#include "flow/exchange.h"
#include "wire/json.h"

static usher_status url_of(usher_str *out, usher_exchange *ex, const char *kind,
                           const usher_provider *p, usher_error *err)
{
    usher_buf tail;
    usher_str text;

    usher_buf_init(&tail, &ex->arena, 256);
    usher_buf_put_z(&tail, kind);
    usher_buf_put(&tail, p->id);
    usher_status rc = usher_buf_take(&text, &tail, err);
    return rc ? rc : usher_respond_own_url(out, ex, text, err);
}

static usher_status put_provider(usher_exchange *ex, usher_json_writer *w, const usher_provider *p,
                                 usher_error *err)
{
    usher_str sign_in, callback;
    usher_status rc;

    if ((rc = url_of(&sign_in, ex, "/signin/", p, err)) ||
        (rc = url_of(&callback, ex, "/callback/", p, err)))
        return rc;
    usher_json_name(w, p->id);
    usher_json_open_object(w);
    usher_json_put_member(w, USHER_STR("id"), p->id);
    usher_json_put_member(w, USHER_STR("name"), p->name);
    usher_json_put_member(w, USHER_STR("type"),
                          p->type == USHER_PROVIDER_OIDC ? ex->site->profile->oidc_type
                                                         : USHER_STR("credentials"));
    usher_json_put_member(w, USHER_STR("signinUrl"), sign_in);
    usher_json_put_member(w, USHER_STR("callbackUrl"), callback);
    usher_json_close_object(w);
    return USHER_OK;
}

usher_status usher_providers_get(usher_exchange *ex, usher_error *err)
{
    usher_buf text;
    usher_json_writer w;
    usher_str body;
    usher_status rc = USHER_OK;

    usher_buf_init(&text, &ex->arena, (size_t)256 << 10);
    usher_json_write_init(&w, &text);
    usher_json_open_object(&w);
    for (size_t i = 0; i < ex->site->provider_count && rc == USHER_OK; i++)
        rc = put_provider(ex, &w, &ex->site->providers[i], err);
    usher_json_close_object(&w);
    if (rc || (rc = usher_buf_take(&body, &text, err))) return rc;
    ex->set_cookie_count = 0; /* this one sets none in either system */
    usher_respond_body(ex, 200, USHER_STR("application/json"), body);
    return USHER_OK;
}
