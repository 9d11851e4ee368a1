#include "flow/hooks.h"

#include "base/error.h"
#include "base/str.h"
#include "flow/account.h"
#include "flow/store.h"
#include "flow/write.h"
#include "wire/json_set.h"
#include "wire/url.h"

#define VALUE_MAX        (4u * USHER_TOKEN_MAX)
#define CALLBACK_URL_MAX 2048

/* --- asking ----------------------------------------------------------------------------------- */

bool usher_hook_has(const usher_exchange *ex, usher_site_hook hook)
{
    return (ex->site->hooks & (1u << hook)) != 0;
}

usher_status usher_hook_ask(usher_exchange *ex, usher_want *want, usher_hook_kind kind,
                            usher_str name, usher_buf *value, usher_step *answered,
                            usher_error *err)
{
    usher_str text;
    usher_status rc = usher_buf_take(&text, value, err);

    if (rc) return rc;
    *want = (usher_want){.kind = USHER_WANT_HOOK,
                         .hook = {.kind = kind,
                                  .name = name,
                                  .value = text,
                                  .cookie_name = ex->site->formats[0].cookie.name}};
    ex->state = USHER_AT_HOOK;
    ex->hooked.answered = answered;
    return USHER_OK;
}

usher_status usher_flow_hooked(usher_exchange *ex, const usher_event *event, usher_want *want,
                               usher_error *err)
{
    usher_status rc = USHER_OK;

    if (event->kind == USHER_EVENT_HOOK_FAILED) usher_flow_report(ex, USHER_CAUSE_HOOK, NULL);
    if (event->kind == USHER_EVENT_HOOK_FAILED && !ex->hooked.is_event && !ex->hooked.may_fail)
        return usher_fail(err, USHER_E_IO, "exchange: a function of the program failed", 0);
    ex->hooked.is_event = ex->hooked.may_fail = false;
    usher_event copy = *event;
    if (event->kind != USHER_EVENT_HOOK_FAILED &&
        (rc = usher_arena_dup(&copy.value, &ex->arena, event->value, err)))
        return rc;
    if (usher_str_eq(copy.value, USHER_STR("null"))) copy.kind = USHER_EVENT_HOOK_REFUSED;
    return ex->hooked.answered(ex, &copy, want, err);
}

static void open(usher_exchange *ex, usher_buf *b, usher_json_writer *w)
{
    usher_buf_init(b, &ex->arena, VALUE_MAX);
    usher_json_write_init(w, b);
    usher_json_open_object(w);
}

static void put_raw(usher_json_writer *w, const char *name, usher_str json)
{
    if (!json.ptr) return;
    usher_json_name(w, usher_str_z(name));
    usher_json_put_raw(w, json);
}

usher_status usher_hook_nonsense(usher_exchange *ex, usher_error *err)
{
    usher_flow_report(ex, USHER_CAUSE_HOOK, NULL);
    return usher_fail(err, USHER_E_IO, "exchange: what a function of the program answered", 0);
}

/* Events are told, not asked: whatever comes of it, the flow goes on. */
static usher_status told(usher_exchange *ex, const usher_event *event, usher_want *want,
                         usher_error *err)
{
    (void)event;
    return ex->hooked.after(ex, want, err);
}

usher_status usher_hook_tell(usher_exchange *ex, usher_str name, usher_buf *value,
                             usher_operation *after, usher_want *want, usher_error *err)
{
    ex->hooked.after = after;
    ex->hooked.is_event = true;
    return usher_hook_ask(ex, want, USHER_HOOK_EVENT, name, value, told, err);
}

/* --- redirect --------------------------------------------------------------------------------- */

static bool is_clean_url(usher_str url)
{
    for (size_t i = 0; i < url.len; i++)
        if ((unsigned char)url.ptr[i] < ' ' || url.ptr[i] == 0x7f) return false;
    return url.len != 0 && url.len <= CALLBACK_URL_MAX;
}

/* A text answer, unquoted; *is_text false for anything else. */
static usher_status text_of(usher_str *out, bool *is_text, usher_exchange *ex, usher_str json,
                            usher_error *err)
{
    usher_json value;
    usher_status rc = usher_json_read(&value, json, &usher_json_limits_document, err);

    *out = (usher_str){0};
    *is_text = rc == USHER_OK && value.type == USHER_JSON_STRING;
    if (usher_flow_peer_fault(ex, rc)) return USHER_OK;
    return *is_text ? usher_json_string(out, &ex->arena, value, err) : rc;
}

static usher_status redirected(usher_exchange *ex, const usher_event *event, usher_want *want,
                               usher_error *err)
{
    bool is_text = false;
    usher_str url = {0};
    usher_status rc = USHER_OK;

    if (event->kind == USHER_EVENT_HOOKED) rc = text_of(&url, &is_text, ex, event->value, err);
    if (rc) return rc;
    if (!is_text || !is_clean_url(url)) return usher_hook_nonsense(ex, err);
    ex->callback_url = url;
    rc = usher_respond_cookie(ex, USHER_COOKIE_CALLBACK_URL, url, 0, 0, err);
    return rc ? rc : ex->hooked.after(ex, want, err);
}

/* What the browser sent, as it came: the function decides what it is worth. */
static usher_status sent_url(usher_str *url, usher_exchange *ex, usher_error *err)
{
    *url = usher_form_last(&ex->body, USHER_STR("callbackUrl"));
    if (!url->len) *url = usher_form_last(&ex->query, USHER_STR("callbackUrl"));
    return url->len ? USHER_OK : usher_flow_cookie(url, ex, USHER_COOKIE_CALLBACK_URL, err);
}

usher_status usher_hook_redirect(usher_exchange *ex, usher_operation *after, usher_want *want,
                                 usher_error *err)
{
    usher_buf b;
    usher_json_writer w;
    usher_status rc;
    usher_str url;

    if (!usher_hook_has(ex, USHER_HAS_REDIRECT)) return after(ex, want, err);
    if ((rc = sent_url(&url, ex, err))) return rc;
    if (!is_clean_url(url)) return after(ex, want, err);
    ex->hooked.after = after;
    open(ex, &b, &w);
    usher_json_put_member(&w, USHER_STR("url"), url);
    usher_json_put_member(&w, USHER_STR("baseUrl"), ex->site->base_url);
    usher_json_close_object(&w);
    return usher_hook_ask(ex, want, USHER_HOOK_REDIRECT, (usher_str){0}, &b, redirected, err);
}

/* --- jwt -------------------------------------------------------------------------------------- */

/* What is ours stays, whatever the function returns: the session's id, and when it began. */
static usher_status keep_private(usher_str *claims, usher_exchange *ex,
                                 const usher_json_object *before, usher_error *err)
{
    static const usher_str names[] = {USHER_STR_INIT("usid"), USHER_STR_INIT("ucat"),
                                      USHER_STR_INIT("uend")};
    usher_json_object now;
    usher_status rc;

    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        usher_json value = usher_json_get(before, names[i]);

        if (value.type == USHER_JSON_ABSENT) continue;
        if ((rc = usher_json_read_object(&now, &ex->arena, *claims, &usher_json_limits_claims,
                                         err)) ||
            (rc = usher_json_set(claims, &ex->arena, &now, names[i], value.text, USHER_STR(""),
                                 err)))
            return rc;
    }
    return USHER_OK;
}

/* The function's token with the old one's life: it may not lengthen it by leaving out a claim. */
static usher_status take_token(usher_exchange *ex, usher_str token, usher_error *err)
{
    usher_claims next = ex->held.claims;
    usher_status rc = USHER_OK;

    ex->hooked.has_shown = true;
    ex->hooked.shown = next;
    if (usher_str_eq(token, next.text)) return USHER_OK; /* most functions change nothing */
    rc = usher_json_read_object(&next.object, &ex->arena, token, &usher_json_limits_claims, err);
    if (usher_flow_peer_fault(ex, rc)) return usher_hook_nonsense(ex, err);
    if (rc || (rc = keep_private(&token, ex, &ex->held.claims.object, err)) ||
        (rc = usher_json_read_object(&next.object, &ex->arena, token, &usher_json_limits_claims,
                                     err)))
        return rc;
    next.text = token;
    if (!ex->site->profile->session_of_old_token) ex->hooked.shown = next;
    ex->held.claims = next;
    return USHER_OK;
}

static usher_status jwt_answered(usher_exchange *ex, const usher_event *event, usher_want *want,
                                 usher_error *err)
{
    bool is_session = false;
    int64_t expires_ms = ex->session.expires_ms;
    usher_status rc;

    if (event->kind == USHER_EVENT_HOOK_REFUSED) {
        ex->verdict = USHER_SESSION_REVOKED;
        usher_flow_report(ex, USHER_CAUSE_SESSION_ENDED, NULL);
        return ex->hooked.after(ex, want, err);
    }
    if ((rc = take_token(ex, event->value, err)) ||
        (rc = usher_session_from_claims(&ex->session, &is_session, &ex->arena, &ex->held.claims,
                                        expires_ms, err)))
        return rc;
    if (!is_session) return usher_hook_nonsense(ex, err);
    return ex->hooked.after(ex, want, err);
}

usher_status usher_hook_jwt(usher_exchange *ex, usher_str changes, bool is_update,
                            usher_operation *after, usher_want *want, usher_error *err)
{
    usher_buf b;
    usher_json_writer w;
    usher_status rc;

    if (!usher_hook_has(ex, USHER_HAS_JWT) || ex->held.auth0 ||
        (ex->hooked.jwt_asked && !is_update))
        return after(ex, want, err);
    ex->hooked.jwt_asked = true;
    ex->hooked.after = after;
    open(ex, &b, &w);
    put_raw(&w, "token", ex->held.claims.text);
    put_raw(&w, "session", changes);
    if (is_update) usher_json_put_member(&w, USHER_STR("trigger"), USHER_STR("update"));
    usher_json_close_object(&w);
    rc = usher_hook_ask(ex, want, USHER_HOOK_JWT, (usher_str){0}, &b, jwt_answered, err);
    if (rc == USHER_OK) want->hook.same = ex->held.claims.text;
    return rc;
}

/* --- session ---------------------------------------------------------------------------------- */

static usher_status session_event(usher_exchange *ex, usher_operation *after, usher_want *want,
                                  usher_error *err)
{
    usher_buf b;
    usher_json_writer w;

    if (!usher_hook_has(ex, USHER_HAS_EVENTS) || !ex->session.json.ptr) return after(ex, want, err);
    open(ex, &b, &w);
    put_raw(&w, "session", ex->session.json);
    if (!ex->held.stored) put_raw(&w, "token", ex->held.claims.text);
    usher_json_close_object(&w);
    return usher_hook_tell(ex, USHER_STR("session"), &b, after, want, err);
}

static usher_status session_answered(usher_exchange *ex, const usher_event *event, usher_want *want,
                                     usher_error *err)
{
    usher_json value;
    usher_status rc;

    ex->session.json = (usher_str){0};
    if (event->kind == USHER_EVENT_HOOK_REFUSED) return ex->hooked.after(ex, want, err);
    rc = usher_json_read(&value, event->value, &usher_json_limits_claims, err);
    if (usher_flow_peer_fault(ex, rc)) return usher_hook_nonsense(ex, err);
    if (rc) return rc;
    ex->session.json = event->value;
    return session_event(ex, ex->hooked.after, want, err);
}

static void put_row(const usher_exchange *ex, usher_json_writer *w)
{
    put_raw(w, "user", ex->held.stored->user.text);
    if (!ex->hooked.must_write) return;
    put_raw(w, "newSession", ex->hooked.changes);
    usher_json_put_member(w, USHER_STR("trigger"), USHER_STR("update"));
}

usher_status usher_hook_session(usher_exchange *ex, usher_operation *after, usher_want *want,
                                usher_error *err)
{
    usher_buf b;
    usher_json_writer w;
    usher_status rc;

    if (ex->held.auth0) return after(ex, want, err);
    if (!usher_hook_has(ex, USHER_HAS_SESSION)) return session_event(ex, after, want, err);
    ex->hooked.after = after;
    open(ex, &b, &w);
    put_raw(&w, "session", ex->session.json);
    if (ex->held.stored)
        put_row(ex, &w);
    else
        put_raw(&w, "token", ex->held.claims.text);
    usher_json_close_object(&w);
    rc = usher_hook_ask(ex, want, USHER_HOOK_SESSION, (usher_str){0}, &b, session_answered, err);
    if (rc == USHER_OK) want->hook.same = ex->session.json;
    return rc;
}

/* --- sign-in ---------------------------------------------------------------------------------- */

static void put_user(usher_json_writer *w, const usher_user *u)
{
    usher_json_name(w, USHER_STR("user"));
    usher_json_open_object(w);
    usher_json_put_member(w, USHER_STR("id"), u->id);
    usher_json_put_member(w, USHER_STR("name"), u->name);
    usher_json_put_member(w, USHER_STR("email"), u->email);
    usher_json_put_member(w, USHER_STR("image"), u->picture);
    usher_json_close_object(w);
}

/* His id may be a number, and is one for the program, too. */
static void put_form_account(usher_exchange *ex, usher_json_writer *w)
{
    put_raw(w, "providerAccountId", ex->hooked.person_id);
    usher_json_put_member(w, USHER_STR("type"), USHER_STR("credentials"));
    usher_json_put_member(w, USHER_STR("provider"), ex->sign_in.provider->id);
}

void usher_hook_put_account(usher_exchange *ex, usher_json_writer *w)
{
    const usher_sign_in *s = &ex->sign_in;
    bool oidc = s->provider->type == USHER_PROVIDER_OIDC;

    if (s->provider->type == USHER_PROVIDER_CREDENTIALS) {
        put_form_account(ex, w);
        return;
    }
    usher_json_put_member(w, USHER_STR("provider"), s->provider->id);
    usher_json_put_member(w, USHER_STR("type"),
                          oidc ? ex->site->profile->oidc_type : USHER_STR("credentials"));
    usher_json_put_member(w, USHER_STR("providerAccountId"),
                          ex->who ? ex->who->account
                          : oidc  ? s->subject
                                  : ex->hooked.user.id);
    usher_json_put_member(w, USHER_STR("access_token"), s->tokens.access_token);
    usher_json_put_member(w, USHER_STR("id_token"), s->tokens.id_token);
    usher_json_put_member(w, USHER_STR("refresh_token"), s->tokens.refresh_token);
    usher_json_put_member(w, USHER_STR("scope"), s->tokens.scope);
    if (oidc) usher_json_put_member(w, USHER_STR("token_type"), USHER_STR("bearer"));
    if (s->tokens.has_expires) {
        usher_json_name(w, USHER_STR("expires_at"));
        usher_json_put_int(w, usher_now_s(ex) + s->tokens.expires_in_s);
    }
}

static void put_people(usher_exchange *ex, usher_json_writer *w)
{
    if (ex->who)
        put_raw(w, "user", ex->who->shown);
    else if (ex->hooked.person.ptr)
        put_raw(w, "user", ex->hooked.person);
    else
        put_user(w, &ex->hooked.user);
    usher_json_name(w, USHER_STR("account"));
    usher_json_open_object(w);
    usher_hook_put_account(ex, w);
    usher_json_close_object(w);
    put_raw(w, "profile", ex->hooked.profile);
}

static bool is_new(const usher_exchange *ex)
{
    return ex->who && ex->who->is_new;
}

/* Who is here for the first time is shown around, if there is a page for it. */
static usher_status new_user_url(usher_str *out, usher_exchange *ex, usher_error *err)
{
    usher_str page = ex->site->pages.new_user;
    usher_buf url;

    usher_buf_init(&url, &ex->arena, 4 * CALLBACK_URL_MAX);
    if (usher_str_starts(page, USHER_STR("/"))) usher_buf_put(&url, ex->site->base_url);
    usher_buf_put(&url, page);
    usher_url_put_param(&url, USHER_STR("callbackUrl"), ex->callback_url);
    return usher_buf_take(out, &url, err);
}

static usher_status way_back(usher_exchange *ex, usher_want *want, usher_error *err)
{
    usher_str url = ex->callback_url;
    usher_status rc = USHER_OK;

    (void)want;
    if (is_new(ex) && ex->site->pages.new_user.len) rc = new_user_url(&url, ex, err);
    return rc ? rc : usher_respond_url(ex, url, 200, err);
}

static usher_status tell_signed_in(usher_exchange *ex, usher_want *want, usher_error *err)
{
    usher_buf b;
    usher_json_writer w;

    open(ex, &b, &w);
    put_people(ex, &w);
    if (!ex->hooked.person.ptr) { /* who comes by a form is nobody's new user */
        usher_json_name(&w, USHER_STR("isNewUser"));
        usher_json_put_bool(&w, is_new(ex));
    }
    usher_json_close_object(&w);
    return usher_hook_tell(ex, USHER_STR("signIn"), &b, way_back, want, err);
}

usher_status usher_hook_signed_in(usher_exchange *ex, bool issued, usher_want *want,
                                  usher_error *err)
{
    if (!issued) return usher_respond_failure(ex, USHER_FAIL_CALLBACK, 200, err);
    if (!usher_hook_has(ex, USHER_HAS_EVENTS)) return way_back(ex, want, err);
    return usher_store_settle(ex, tell_signed_in, want, err);
}

/* null: signed in at the provider, and no session here, as Auth.js has it. */
static usher_status token_made(usher_exchange *ex, const usher_event *event, usher_want *want,
                               usher_error *err)
{
    usher_str claims = event->value;
    usher_json value;
    bool issued;
    usher_status rc;

    if (event->kind == USHER_EVENT_HOOK_REFUSED) {
        usher_flow_report(ex, USHER_CAUSE_SESSION_ENDED, NULL);
        return way_back(ex, want, err);
    }
    rc = usher_json_read(&value, claims, &usher_json_limits_claims, err);
    if (usher_flow_peer_fault(ex, rc) || (!rc && value.type != USHER_JSON_OBJECT))
        return usher_hook_nonsense(ex, err);
    if (rc || (rc = keep_private(&claims, ex, &ex->hooked.made, err)) ||
        (rc = usher_flow_issue_claims(ex, claims, &issued, err)))
        return rc;
    return usher_hook_signed_in(ex, issued, want, err);
}

usher_status usher_hook_make_token(usher_exchange *ex, usher_want *want, usher_error *err)
{
    usher_buf b;
    usher_json_writer w;
    usher_str claims;
    bool issued;
    usher_status rc;

    if (!usher_hook_has(ex, USHER_HAS_JWT)) {
        rc = usher_flow_issue_session(ex, &ex->hooked.user, &issued, err);
        return rc ? rc : usher_hook_signed_in(ex, issued, want, err);
    }
    if ((rc = usher_session_new_claims(&claims, &ex->arena, &ex->hooked.user, ex->entropy, err)) ||
        (rc = usher_json_read_object(&ex->hooked.made, &ex->arena, claims,
                                     &usher_json_limits_claims, err)))
        return rc;
    open(ex, &b, &w);
    put_raw(&w, "token", claims);
    put_people(ex, &w);
    usher_json_name(&w, USHER_STR("isNewUser"));
    usher_json_put_bool(&w, is_new(ex));
    usher_json_put_member(&w, USHER_STR("trigger"),
                          is_new(ex) ? USHER_STR("signUp") : USHER_STR("signIn"));
    usher_json_close_object(&w);
    return usher_hook_ask(ex, want, USHER_HOOK_JWT, (usher_str){0}, &b, token_made, err);
}

/* Who he is, where users are rows, is looked up first. */
static usher_status admit(usher_exchange *ex, usher_want *want, usher_error *err)
{
    if (ex->hooked.person.ptr && ex->site->formats[0].form == USHER_TOKEN_STORED)
        return usher_account_admit(ex, want, err);
    return ex->who ? usher_account_resolve(ex, want, err) : usher_hook_make_token(ex, want, err);
}

/* He may come in, and what he came with is replaced. */
static usher_status made(usher_exchange *ex, usher_want *want, usher_error *err)
{
    return usher_store_read_all(ex, admit, want, err);
}

/* What it threw may be a no, or that it could not tell: a cause of its own, and the original's
 * answer. */
static void report_denial(usher_exchange *ex, const usher_event *event)
{
    usher_flow_report(ex, event->why ? USHER_CAUSE_CALLBACK_FAILED : USHER_CAUSE_SIGN_IN_DENIED,
                      &(usher_error){.what = event->why});
}

static usher_status denied(usher_exchange *ex, const usher_event *event, usher_error *err)
{
    report_denial(ex, event);
    return usher_respond_failure(ex, USHER_FAIL_DENIED, 403, err);
}

/* true goes on, a text is where to go instead, anything else is a no. */
static usher_status allowed(usher_exchange *ex, const usher_event *event, usher_want *want,
                            usher_error *err)
{
    bool is_text = false;
    usher_str url = {0};
    usher_status rc = USHER_OK;

    if (event->kind == USHER_EVENT_HOOKED || event->why)
        rc = text_of(&url, &is_text, ex, event->value, err);
    if (rc) return rc;
    if (is_text && is_clean_url(url)) {
        report_denial(ex, event);
        return usher_respond_url(ex, url, 200, err);
    }
    if (!usher_str_eq(event->value, USHER_STR("true")) || event->kind != USHER_EVENT_HOOKED)
        return denied(ex, event, err);
    return made(ex, want, err);
}

usher_status usher_hook_sign_in(usher_exchange *ex, const usher_user *user, usher_str profile,
                                usher_want *want, usher_error *err)
{
    usher_buf b;
    usher_json_writer w;

    ex->hooked.user = *user;
    ex->hooked.profile = profile;
    if (!usher_hook_has(ex, USHER_HAS_SIGN_IN)) return made(ex, want, err);
    open(ex, &b, &w);
    put_people(ex, &w);
    put_raw(&w, "credentials", ex->hooked.credentials);
    usher_json_close_object(&w);
    return usher_hook_ask(ex, want, USHER_HOOK_SIGN_IN, (usher_str){0}, &b, allowed, err);
}

/* --- sign-out --------------------------------------------------------------------------------- */

usher_status usher_hook_signed_out(usher_exchange *ex, usher_operation *after, usher_want *want,
                                   usher_error *err)
{
    usher_buf b;
    usher_json_writer w;

    if (!usher_hook_has(ex, USHER_HAS_EVENTS) || !ex->held.claims.text.ptr)
        return after(ex, want, err);
    open(ex, &b, &w);
    if (ex->held.stored)
        put_raw(&w, "session", ex->hooked.ended.ptr ? ex->hooked.ended : USHER_STR("null"));
    else
        put_raw(&w, "token", ex->held.claims.text);
    usher_json_close_object(&w);
    return usher_hook_tell(ex, USHER_STR("signOut"), &b, after, want, err);
}
