/* The operations, and which route goes to which flow. */
#include "base/error.h"
#include "base/str.h"
#include "flow/auth0.h"
#include "flow/hooks.h"
#include "flow/store.h"

typedef enum usher_action {
    ACTION_UNKNOWN,
    ACTION_SIGN_IN,
    ACTION_SIGN_OUT,
    ACTION_CALLBACK,
    ACTION_SESSION,
    ACTION_CSRF,
    ACTION_PROVIDERS,
    ACTION_ERROR,
    ACTION_VERIFY,
    ACTION_LOG,
} usher_action;

static const struct {
    usher_str name;
    usher_action action;
    bool takes_argument;
    bool get, post;
    bool page; /* a person looks at the answer */
} actions[] = {
    {USHER_STR_INIT("signin"), ACTION_SIGN_IN, true, true, true, true},
    {USHER_STR_INIT("signout"), ACTION_SIGN_OUT, false, true, true, true},
    {USHER_STR_INIT("callback"), ACTION_CALLBACK, true, true, true, false},
    {USHER_STR_INIT("session"), ACTION_SESSION, false, true, true, false},
    {USHER_STR_INIT("csrf"), ACTION_CSRF, false, true, false, false},
    {USHER_STR_INIT("providers"), ACTION_PROVIDERS, false, true, false, false},
    {USHER_STR_INIT("error"), ACTION_ERROR, false, true, false, true},
    {USHER_STR_INIT("verify-request"), ACTION_VERIFY, false, true, false, true},
    {USHER_STR_INIT("_log"), ACTION_LOG, false, false, true, false},
};

/* The next path segment; empty ones do not count. */
static usher_str next_segment(usher_str *path)
{
    usher_str segment = {0};

    while (path->ptr && !segment.len)
        segment = usher_str_cut(*path, '/', path);
    return segment;
}

/* Splits what follows the base path into action and argument. False if it is not below it, or has
 * more segments than the profile allows. */
static bool split_path(usher_exchange *ex, usher_str path)
{
    usher_str base = ex->site->base_path, rest;

    if (!usher_str_starts(path, base)) return false;
    rest = usher_str_from(path, base.len);
    if (rest.len && rest.ptr[0] != '/') return false;
    ex->action = next_segment(&rest);
    ex->argument = next_segment(&rest);
    return ex->action.len && (!ex->site->profile->strict_paths || !next_segment(&rest).len);
}

/* The row of this request, or SIZE_MAX. */
static size_t find_action(const usher_exchange *ex)
{
    bool get = usher_str_eq(ex->request->method, USHER_STR("GET"));

    for (size_t i = 0; i < sizeof actions / sizeof *actions; i++) {
        if (!usher_str_eq(actions[i].name, ex->action)) continue;
        if (!(get && actions[i].get) && !(ex->post && actions[i].post)) return SIZE_MAX;
        if (actions[i].action == ACTION_LOG && !ex->site->profile->log_endpoint) return SIZE_MAX;
        if (ex->argument.len && !actions[i].takes_argument && ex->site->profile->strict_paths)
            return SIZE_MAX;
        return i;
    }
    return SIZE_MAX;
}

static usher_status run_get(usher_exchange *ex, usher_action action, usher_want *want,
                            usher_error *err)
{
    switch (action) {
    case ACTION_SIGN_IN: return usher_sign_in_get(ex, err);
    case ACTION_SIGN_OUT: return usher_sign_out_get(ex, err);
    case ACTION_CALLBACK: return usher_callback(ex, want, err);
    case ACTION_SESSION: return usher_store_read(ex, usher_flow_session_answer, want, err);
    case ACTION_CSRF: return usher_csrf_get(ex, err);
    case ACTION_PROVIDERS: return usher_providers_get(ex, err);
    case ACTION_ERROR: return usher_error_get(ex, err);
    case ACTION_VERIFY: return usher_verify_get(ex, err);
    case ACTION_LOG:
    case ACTION_UNKNOWN: break;
    }
    return usher_respond_unknown(ex, err);
}

static usher_status run_post(usher_exchange *ex, usher_action action, usher_want *want,
                             usher_error *err)
{
    switch (action) {
    case ACTION_SIGN_IN: return usher_sign_in_post(ex, want, err);
    case ACTION_SIGN_OUT: return usher_store_read(ex, usher_sign_out_post, want, err);
    case ACTION_CALLBACK: return usher_callback(ex, want, err);
    case ACTION_SESSION: return usher_store_read(ex, usher_flow_session_answer, want, err);
    case ACTION_LOG: /* the browser's reports; acknowledged and not believed */
        ex->set_cookie_count = 0;
        ex->response.status = 200;
        return USHER_OK;
    default: return usher_respond_unknown(ex, err);
    }
}

/* A callback URL in the query that is none: the originals answer a configuration error. */
static usher_status unusable_callback_url(usher_exchange *ex, bool page, usher_error *err)
{
    ex->set_cookie_count = 0;
    if (page && !ex->post) return usher_page_error(ex, USHER_STR("Configuration"), err);
    usher_respond_body(ex, 500, USHER_STR("application/json"),
                       USHER_STR("{\"message\":\"There is a problem with the server configuration. "
                                 "Check the server logs for more information.\"}"));
    return USHER_OK;
}

static usher_status run_action(usher_exchange *ex, usher_want *want, usher_error *err)
{
    usher_action action = actions[find_action(ex)].action;

    return ex->post ? run_post(ex, action, want, err) : run_get(ex, action, want, err);
}

static usher_status handle_authjs(usher_exchange *ex, usher_want *want, usher_error *err)
{
    usher_error why = {0};
    bool usable;
    usher_status rc;
    size_t row = split_path(ex, ex->path) ? find_action(ex) : SIZE_MAX;

    if (row == SIZE_MAX) return usher_respond_unknown(ex, err);
    if ((rc = usher_flow_read_body(ex, &why)) || (rc = usher_flow_check_cookies(ex, &why))) {
        if (!usher_flow_peer_fault(ex, rc)) return usher_pass(err, &why);
        usher_flow_report(
            ex, rc == USHER_E_LIMIT ? USHER_CAUSE_REQUEST_TOO_LARGE : USHER_CAUSE_BODY_MALFORMED,
            &why);
        usher_respond_body(ex, 400, USHER_STR("application/json"), USHER_STR("\"Bad request.\""));
        return USHER_OK;
    }
    ex->json_mode =
        usher_str_eq(usher_form_last(&ex->body, USHER_STR("json")), USHER_STR("true")) ||
        ex->headers.return_redirect.ptr;
    if ((rc = usher_flow_csrf(ex, err)) || (rc = usher_flow_callback_url(ex, &usable, err)))
        return rc;
    if (!usable) return unusable_callback_url(ex, actions[row].page, err);
    return usher_hook_redirect(ex, run_action, want, err);
}

static usher_operation *const families[USHER_ROUTE_FAMILIES] = {
    [USHER_ROUTES_AUTHJS] = handle_authjs,
    [USHER_ROUTES_AUTH0] = usher_auth0_handle,
};

static usher_status handle(usher_exchange *ex, usher_want *want, usher_error *err)
{
    return families[ex->site->profile->routes](ex, want, err);
}

usher_status usher_handle(usher_exchange *ex, usher_want *want, usher_error *err)
{
    *want = (usher_want){0};
    if (ex && ex->read_only)
        return usher_fail(err, USHER_E_USAGE, "exchange: a request that is read only", 0);
    return usher_flow_operate(ex, handle, USHER_OPERATING_FINAL, want, err);
}
