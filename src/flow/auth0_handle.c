/* The routes of Auth0's SDK, and what all of them share. A path is matched exactly, but for one
 * slash at its end; the original lets everything else pass to the application. */
#include "base/error.h"
#include "base/str.h"
#include "flow/auth0.h"
#include "flow/store.h"

#define QUERY_MAX   ((size_t)8192) /* three times as much fits into a Location */
#define OWN_URL_MAX ((size_t)8192)

static usher_operation *const routes[] = {
    [USHER_AUTH0_LOGIN] = usher_auth0_login_get,
    [USHER_AUTH0_CALLBACK] = usher_auth0_callback_get,
    [USHER_AUTH0_LOGOUT] = usher_auth0_logout_get,
    [USHER_AUTH0_PROFILE] = usher_auth0_profile_get,
    [USHER_AUTH0_ACCESS_TOKEN] = usher_auth0_token_get,
};

static usher_auth0_route route_of(const usher_site *site, usher_str path)
{
    if (usher_str_ends(path, USHER_STR("/"))) path.len--;
    for (size_t i = 0; i < USHER_AUTH0_ROUTES; i++) {
        bool off = i == USHER_AUTH0_ACCESS_TOKEN && !site->auth0.access_token_route;
        if (usher_str_eq(site->auth0.routes[i], path) && !off) return (usher_auth0_route)i;
    }
    return USHER_AUTH0_ROUTES;
}

bool usher_auth0_owns(const usher_site *site, usher_str path)
{
    return site->profile->auth0 && route_of(site, path) != USHER_AUTH0_ROUTES;
}

static usher_operation *find_route(const usher_exchange *ex)
{
    usher_auth0_route route = route_of(ex->site, ex->path);

    return route == USHER_AUTH0_ROUTES ? NULL : routes[route];
}

usher_status usher_auth0_own_url(usher_str *out, usher_exchange *ex, usher_auth0_route route,
                                 usher_error *err)
{
    usher_buf url;

    usher_buf_init(&url, &ex->arena, OWN_URL_MAX);
    usher_buf_put(&url, ex->site->base_url);
    usher_buf_put(&url, ex->site->auth0.routes[route]);
    return usher_buf_take(out, &url, err);
}

void usher_auth0_text(usher_exchange *ex, int status, usher_str text)
{
    usher_respond_body(ex, status, USHER_STR("text/plain; charset=utf-8"), text);
    usher_respond_private(ex);
}

static usher_status no_route(usher_exchange *ex, bool wrong_method)
{
    usher_flow_report(ex, USHER_CAUSE_ACTION_UNKNOWN, NULL);
    if (wrong_method) usher_respond_header(ex, USHER_STR("Allow"), USHER_STR("GET"));
    if (wrong_method)
        usher_auth0_text(ex, 405, USHER_STR("Method not allowed."));
    else
        usher_auth0_text(ex, 404, USHER_STR("Not found."));
    return USHER_OK;
}

/* --- what every route needs ------------------------------------------------------------------- */

/* The browser comes back from the provider's site with the transaction. */
static usher_status open_visit(usher_exchange *ex, usher_error *err)
{
    usher_auth0_visit *v = usher_arena_get_zero(&ex->arena, 1, sizeof *v);

    if (!v) return usher_arena_fail(&ex->arena, err);
    ex->auth0 = v;
    v->options = ex->site->formats[0].auth0;
    if (v->options.same_site == USHER_SAME_SITE_STRICT) v->options.same_site = USHER_SAME_SITE_LAX;
    return usher_auth0_jar_read_transactions(&v->jar, &ex->arena, &v->options, ex->headers.cookie,
                                             err);
}

usher_auth0_context usher_auth0_transactions(usher_exchange *ex)
{
    usher_auth0_context c = usher_flow_auth0(ex, &ex->site->formats[0]);

    c.options = &ex->auth0->options;
    return c;
}

usher_status usher_auth0_put_lines(usher_exchange *ex, const usher_auth0_lines *lines,
                                   usher_error *err)
{
    usher_status rc = USHER_OK;
    usher_str rest;

    for (size_t i = 0; i < lines->count && rc == USHER_OK; i++)
        rc = usher_respond_set_cookie(ex, usher_str_cut(lines->items[i], '=', &rest),
                                      lines->items[i], err);
    return rc;
}

usher_status usher_auth0_redirect(usher_exchange *ex, usher_str url, usher_error *err)
{
    usher_status rc = usher_respond_redirect(ex, url, err);

    if (rc == USHER_OK) ex->response.status = 307;
    return rc;
}

static usher_str header(const usher_exchange *ex, usher_str name)
{
    for (size_t i = 0; i < ex->request->header_count; i++)
        if (usher_str_eq_case(ex->request->headers[i].name, name))
            return ex->request->headers[i].value;
    return (usher_str){0};
}

bool usher_auth0_is_prefetch(const usher_exchange *ex)
{
    usher_str router = header(ex, USHER_STR("next-router-prefetch"));
    usher_str ahead = header(ex, USHER_STR("sec-purpose"));

    if (router.len && !usher_str_eq(router, USHER_STR("0")) &&
        !usher_str_eq(router, USHER_STR("false")))
        return true;
    if (usher_str_eq(header(ex, USHER_STR("purpose")), USHER_STR("prefetch"))) return true;
    if (usher_str_eq(header(ex, USHER_STR("x-middleware-prefetch")), USHER_STR("1"))) return true;
    return usher_str_find(ahead, USHER_STR("prefetch")) != SIZE_MAX &&
           usher_str_find(ahead, USHER_STR("prerender")) == SIZE_MAX;
}

usher_status usher_auth0_handle(usher_exchange *ex, usher_want *want, usher_error *err)
{
    usher_operation *run = find_route(ex);
    usher_error why = {0};
    usher_status rc;

    if (!run || !usher_str_eq(ex->request->method, USHER_STR("GET"))) return no_route(ex, run);
    rc = ex->too_large || ex->query_text.len > QUERY_MAX
             ? usher_fail(&why, USHER_E_LIMIT,
                          "auth0: more headers or a longer query than are read", 0)
             : usher_flow_read_body(ex, &why);
    if (rc == USHER_OK) rc = open_visit(ex, &why);
    if (rc == USHER_OK && run == usher_auth0_login_get) return run(ex, want, err);
    if (rc == USHER_OK) return usher_store_read(ex, run, want, err);
    if (!usher_flow_peer_fault(ex, rc)) return usher_pass(err, &why);
    usher_flow_report(ex, USHER_CAUSE_REQUEST_TOO_LARGE, &why);
    usher_auth0_text(ex, 400, USHER_STR("Bad request."));
    return USHER_OK;
}

/* --- the provider's documents ----------------------------------------------------------------- */

static usher_status ask_metadata(usher_exchange *ex, usher_want *want, usher_state state,
                                 int64_t newer_than_ms, usher_error *err)
{
    usher_str url;
    usher_status rc = usher_metadata_url(&url, &ex->arena, ex->sign_in.provider->issuer, err);

    return rc ? rc : usher_flow_want_document(ex, want, state, url, newer_than_ms);
}

usher_status usher_auth0_want_metadata(bool *asked, usher_exchange *ex, usher_want *want,
                                       usher_state state, usher_error *err)
{
    *asked = ex->site->provider_count != 0;
    if (!*asked) {
        usher_flow_report(ex, USHER_CAUSE_PROVIDER_UNKNOWN, NULL);
        return USHER_OK;
    }
    ex->sign_in.provider = &ex->site->providers[0];
    return ask_metadata(ex, want, state, 0, err);
}

usher_status usher_auth0_metadata(bool *ready, usher_cause *cause, usher_exchange *ex,
                                  const usher_event *event, usher_want *want, usher_error *why,
                                  usher_error *err)
{
    usher_sign_in *s = &ex->sign_in;
    usher_status rc;

    *ready = false;
    *cause = USHER_CAUSE_PROVIDER_UNREACHABLE;
    *why = (usher_error){.what = event->why};
    if (event->kind != USHER_EVENT_FETCHED || event->http_status != 200) return USHER_OK;
    rc = usher_metadata_read(&s->metadata, &ex->arena, s->provider, event->body, why);
    *cause = USHER_CAUSE_METADATA_INVALID;
    if (rc && !usher_flow_peer_fault(ex, rc)) return usher_pass(err, why);
    if (rc && usher_flow_look_again(ex, event)) {
        *cause = USHER_CAUSE_NONE;
        return ask_metadata(ex, want, ex->state, event->fetched_ms, err);
    }
    *ready = rc == USHER_OK;
    return USHER_OK;
}

usher_status usher_auth0_verify(usher_exchange *ex, usher_cause *cause, usher_str key_set,
                                bool refreshed, usher_error *why)
{
    const usher_auth0_transaction *t = &ex->auth0->transaction;
    usher_id_token_rules rules = {.nonce = t->nonce,
                                  .any_nonce = refreshed,
                                  .skew_s = ex->site->profile->auth0->id_token_skew_s,
                                  .has_max_age = t->has_max_age,
                                  .max_age_s = t->max_age_s};

    return usher_callback_verify(ex, cause, &rules, key_set, why);
}
