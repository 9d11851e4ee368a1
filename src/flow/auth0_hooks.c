/* The two functions of the program that Auth0's SDK knows: onCallback hears how a sign-in ended and
 * may lead elsewhere, beforeSessionSaved makes what is stored of what would be. */
#include "base/error.h"
#include "base/str.h"
#include "flow/auth0.h"
#include "flow/hooks.h"
#include "wire/json_set.h"

#define VALUE_MAX    ((size_t)512 << 10)
#define LOCATION_MAX ((size_t)8192)

static bool has(const usher_exchange *ex, usher_site_hook hook)
{
    return (ex->site->hooks & (1u << hook)) != 0;
}

bool usher_auth0_is_hooked(const usher_exchange *ex)
{
    return has(ex, USHER_HAS_BEFORE_SAVED) || has(ex, USHER_HAS_ON_CALLBACK);
}

static void open(usher_exchange *ex, usher_buf *b, usher_json_writer *w)
{
    usher_buf_init(b, &ex->arena, VALUE_MAX);
    usher_json_write_init(w, b);
    usher_json_open_object(w);
}

static void put_or_null(usher_json_writer *w, const char *name, usher_str json)
{
    usher_json_name(w, usher_str_z(name));
    usher_json_put_raw(w, json.ptr ? json : USHER_STR("null"));
}

/* --- beforeSessionSaved ----------------------------------------------------------------------- */

/* A session in shape, with what is nobody's to say as it was. */
static usher_status take_saved(bool *good, usher_exchange *ex, usher_str answer, usher_error *err)
{
    usher_auth0_visit *v = ex->auth0;
    usher_json_object now, before;
    usher_status rc =
        usher_json_read_object(&now, &ex->arena, answer, &usher_json_limits_claims, err);

    *good = rc == USHER_OK && usher_json_get(&now, USHER_STR("user")).type == USHER_JSON_OBJECT &&
            usher_json_get(&now, USHER_STR("tokenSet")).type == USHER_JSON_OBJECT;
    if (usher_flow_peer_fault(ex, rc)) return USHER_OK;
    if (rc || !*good) return rc;
    rc = usher_json_read_object(&before, &ex->arena, v->session, &usher_json_limits_claims, err);
    return rc ? rc
              : usher_json_set(&v->session, &ex->arena, &now, USHER_STR("internal"),
                               usher_json_get(&before, USHER_STR("internal")).text,
                               USHER_STR("exp"), err);
}

/* A refresh token may have been spent for these tokens: they are kept with the user as it was,
 * whatever the function has come to. */
static usher_status save_tokens(usher_exchange *ex, usher_want *want, usher_error *err)
{
    usher_auth0_visit *v = ex->auth0;
    usher_json_object now;
    usher_status rc =
        usher_json_read_object(&now, &ex->arena, v->session, &usher_json_limits_claims, err);

    if (rc || (rc = usher_json_set(&v->session, &ex->arena, &now, USHER_STR("user"),
                                   usher_json_get(&v->pick.session, USHER_STR("user")).text,
                                   USHER_STR("exp"), err)))
        return rc;
    return ex->hooked.after(ex, want, err);
}

static usher_status saved(usher_exchange *ex, const usher_event *event, usher_want *want,
                          usher_error *err)
{
    bool good = false;
    usher_status rc = USHER_OK;

    if (event->kind == USHER_EVENT_HOOKED) rc = take_saved(&good, ex, event->value, err);
    if (rc) return rc;
    if (good) return ex->hooked.after(ex, want, err);
    if (!ex->auth0->pick.session.count) return usher_hook_nonsense(ex, err);
    if (event->kind != USHER_EVENT_HOOK_FAILED) usher_flow_report(ex, USHER_CAUSE_HOOK, NULL);
    return save_tokens(ex, want, err);
}

usher_status usher_auth0_before_saved(usher_exchange *ex, usher_str json, usher_str id_token,
                                      usher_operation *after, usher_want *want, usher_error *err)
{
    usher_buf b;
    usher_json_writer w;

    ex->auth0->session = json;
    if (!has(ex, USHER_HAS_BEFORE_SAVED)) return after(ex, want, err);
    ex->hooked.after = after;
    ex->hooked.is_event = ex->auth0->pick.session.count != 0; /* its failure ends nothing */
    open(ex, &b, &w);
    put_or_null(&w, "session", json);
    usher_json_name(&w, USHER_STR("idToken"));
    if (id_token.len)
        usher_json_put_string(&w, id_token);
    else
        usher_json_put_raw(&w, USHER_STR("null"));
    usher_json_close_object(&w);
    return usher_hook_ask(ex, want, USHER_HOOK_BEFORE_SESSION_SAVED, (usher_str){0}, &b, saved,
                          err);
}

/* --- onCallback ------------------------------------------------------------------------------- */

static void put_context(usher_exchange *ex, usher_json_writer *w)
{
    const usher_auth0_transaction *t = &ex->auth0->transaction;

    usher_json_name(w, USHER_STR("context"));
    usher_json_open_object(w);
    if (t->return_to.ptr) { /* a transaction was found */
        usher_json_put_member(w, USHER_STR("responseType"), USHER_STR("code"));
        usher_json_put_member(w, USHER_STR("returnTo"), t->return_to);
        usher_json_put_member(w, USHER_STR("challengeMode"), USHER_STR("redirect"));
        usher_json_put_member(w, USHER_STR("appBaseUrl"), ex->site->auth0.app_url);
    }
    usher_json_close_object(w);
}

static void put_failure(usher_exchange *ex, usher_json_writer *w, const usher_auth0_failure *f)
{
    const usher_auth0_visit *v = ex->auth0;

    usher_json_name(w, USHER_STR("error"));
    if (!f) {
        usher_json_put_raw(w, USHER_STR("null"));
        return;
    }
    usher_json_open_object(w);
    usher_json_put_member(w, USHER_STR("code"), f->code);
    usher_json_put_member(w, USHER_STR("message"), f->text);
    if (v->provider_error.len) {
        usher_json_name(w, USHER_STR("cause"));
        usher_json_open_object(w);
        usher_json_put_member(w, USHER_STR("code"), v->provider_error);
        usher_json_put_member(w, USHER_STR("message"), v->provider_description);
        usher_json_close_object(w);
    }
    usher_json_close_object(w);
}

static bool is_location(usher_str url)
{
    for (size_t i = 0; i < url.len; i++)
        if ((unsigned char)url.ptr[i] <= ' ' || url.ptr[i] == 0x7f) return false;
    return url.len != 0 && url.len <= LOCATION_MAX;
}

/* A text is where to go; anything else leaves the answer as it would be. */
static usher_status answered(usher_exchange *ex, const usher_event *event, usher_want *want,
                             usher_error *err)
{
    usher_json value = {0};
    usher_status rc = USHER_OK;

    if (event->kind == USHER_EVENT_HOOKED)
        rc = usher_json_read(&value, event->value, &usher_json_limits_document, err);
    if (usher_flow_peer_fault(ex, rc)) return usher_hook_nonsense(ex, err);
    if (rc == USHER_OK && value.type == USHER_JSON_STRING) {
        rc = usher_json_string(&ex->auth0->location, &ex->arena, value, err);
        if (rc == USHER_OK && !is_location(ex->auth0->location))
            return usher_hook_nonsense(ex, err);
    }
    return rc ? rc : ex->hooked.after(ex, want, err);
}

usher_status usher_auth0_on_callback(usher_exchange *ex, const usher_auth0_failure *failure,
                                     usher_str session, usher_operation *after, usher_want *want,
                                     usher_error *err)
{
    usher_buf b;
    usher_json_writer w;

    ex->auth0->session = session;
    if (!has(ex, USHER_HAS_ON_CALLBACK)) return after(ex, want, err);
    ex->hooked.after = after;
    open(ex, &b, &w);
    put_failure(ex, &w, failure);
    put_context(ex, &w);
    put_or_null(&w, "session", session);
    usher_json_close_object(&w);
    return usher_hook_ask(ex, want, USHER_HOOK_ON_CALLBACK, (usher_str){0}, &b, answered, err);
}
