#include "flow/account.h"

#include "base/error.h"
#include "base/str.h"
#include "flow/hooks.h"
#include "flow/store.h"
#include "flow/write.h"
#include "wire/json_set.h"

#define ROW_MAX ((size_t)256 << 10)

static usher_status no_row(usher_exchange *ex, usher_error *err)
{
    return usher_store_failed(ex, "exchange: what the store answered is no user", err);
}

static usher_status read_user(usher_row_user *out, usher_exchange *ex, usher_str row,
                              usher_error *err)
{
    usher_status rc = usher_row_user_read(out, &ex->arena, row, err);

    return usher_flow_peer_fault(ex, rc) ? no_row(ex, err) : rc;
}

static usher_status store_failed(usher_exchange *ex, usher_error *err)
{
    return usher_store_failed(ex, "exchange: the store failed during a sign-in", err);
}

static void open(usher_exchange *ex, usher_buf *b, usher_json_writer *w)
{
    usher_buf_init(b, &ex->arena, ROW_MAX);
    usher_json_write_init(w, b);
    usher_json_open_object(w);
}

static void put_raw(usher_json_writer *w, const char *name, usher_str json)
{
    usher_json_name(w, usher_str_z(name));
    usher_json_put_raw(w, json);
}

/* --- the profile ------------------------------------------------------------------------------ */

/* As both systems compare addresses; beyond ASCII the program's profile function has done it. */
static usher_status lower(usher_str *text, usher_exchange *ex, usher_error *err)
{
    char *copy = usher_arena_get(&ex->arena, text->len);

    if (!copy) return usher_arena_fail(&ex->arena, err);
    for (size_t i = 0; i < text->len; i++) {
        char c = text->ptr[i];
        copy[i] = c >= 'A' && c <= 'Z' ? (char)(c + 32) : c;
    }
    text->ptr = copy;
    return USHER_OK;
}

static usher_status quoted(usher_str *out, usher_exchange *ex, usher_str text, usher_error *err)
{
    usher_buf b;
    usher_json_writer w;

    usher_buf_init(&b, &ex->arena, 6 * text.len + 2);
    usher_json_write_init(&w, &b);
    usher_json_put_string(&w, text);
    return usher_buf_take(out, &b, err);
}

static usher_status set_text(usher_str *json, usher_exchange *ex, usher_str name, usher_str text,
                             usher_error *err)
{
    usher_json_object object;
    usher_str value;
    usher_status rc;

    if ((rc = quoted(&value, ex, text, err)) ||
        (rc = usher_json_read_object(&object, &ex->arena, *json, &usher_json_limits_claims, err)))
        return rc;
    return usher_json_set(json, &ex->arena, &object, name, value, USHER_STR(""), err);
}

/* His id is the account's in v4, and one that nobody has yet in v5. */
static usher_status profile_id(usher_str *json, usher_exchange *ex, usher_error *err)
{
    char uuid[36];
    usher_str id = ex->who->account;
    usher_status rc = USHER_OK;

    if (ex->site->profile->user_id_uuid) {
        if ((rc = usher_uuid4(uuid, ex->entropy, err))) return rc;
        id = (usher_str){uuid, sizeof uuid};
    }
    return set_text(json, ex, USHER_STR("id"), id, err);
}

static usher_status take_profile(usher_exchange *ex, usher_str json, usher_error *err)
{
    struct usher_who *who = ex->who;
    usher_json_object object;
    usher_json email;
    usher_status rc;

    if ((rc = usher_json_read_object(&object, &ex->arena, json, &usher_json_limits_claims, err)))
        return rc;
    email = usher_json_get(&object, USHER_STR("email"));
    who->profile = json;
    if (email.type == USHER_JSON_STRING && email.text.len > 2) {
        if ((rc = usher_json_string(&who->email, &ex->arena, email, err)) ||
            (rc = lower(&who->email, ex, err)) ||
            (rc = set_text(&who->profile, ex, USHER_STR("email"), who->email, err)))
            return rc;
    }
    if ((rc = profile_id(&who->profile, ex, err))) return rc;
    who->shown = who->profile;
    return USHER_OK;
}

static usher_status own_profile(usher_exchange *ex, const usher_user *user, usher_error *err)
{
    usher_buf b;
    usher_json_writer w;
    usher_str json;

    open(ex, &b, &w);
    usher_json_put_member(&w, USHER_STR("id"), ex->who->account);
    usher_json_put_member(&w, USHER_STR("name"), user->name);
    usher_json_put_member(&w, USHER_STR("email"), user->email);
    usher_json_put_member(&w, USHER_STR("image"), user->picture);
    usher_json_close_object(&w);
    usher_status rc = usher_buf_take(&json, &b, err);
    return rc ? rc : take_profile(ex, json, err);
}

/* --- whose the account is --------------------------------------------------------------------- */

static usher_step owner_came;

static usher_status want_owner(usher_exchange *ex, usher_want *want, usher_step *answered,
                               usher_error *err)
{
    const usher_store store = {.op = USHER_STORE_GET_USER_BY_ACCOUNT,
                               .provider = ex->sign_in.provider->id,
                               .id = ex->who->account};

    return usher_store_ask(ex, want, &store, answered, err);
}

static usher_status take_owner(usher_exchange *ex, const usher_event *event, usher_error *err)
{
    struct usher_who *who = ex->who;

    if (event->kind != USHER_EVENT_STORED) return store_failed(ex, err);
    who->has_owner = event->value.ptr != NULL;
    return who->has_owner ? read_user(&who->owner, ex, event->value, err) : USHER_OK;
}

static usher_status owner_came(usher_exchange *ex, const usher_event *event, usher_want *want,
                               usher_error *err)
{
    usher_status rc = take_owner(ex, event, err);

    if (rc) return rc;
    if (ex->who->has_owner) ex->who->shown = ex->who->owner.text;
    return usher_hook_sign_in(ex, &ex->hooked.user, ex->hooked.profile, want, err);
}

/* What the provider's profile() made of its answer; its id may be a number. */
static usher_status profiled(usher_exchange *ex, const usher_event *event, usher_want *want,
                             usher_error *err)
{
    usher_row_user made = {0};
    usher_status rc = USHER_E_SYNTAX;

    if (event->kind == USHER_EVENT_HOOKED)
        rc = usher_row_user_read(&made, &ex->arena, event->value, err);
    if (usher_flow_peer_fault(ex, rc)) {
        usher_flow_report(ex, USHER_CAUSE_HOOK, NULL);
        return usher_fail(err, USHER_E_IO, "exchange: what profile() answered is no user", 0);
    }
    if (rc) return rc;
    ex->who->account = made.subject;
    rc = take_profile(ex, made.text, err);
    return rc ? rc : want_owner(ex, want, owner_came, err);
}

static usher_status ask_profile(usher_exchange *ex, usher_str said, usher_want *want,
                                usher_error *err)
{
    usher_buf b;
    usher_json_writer w;

    open(ex, &b, &w);
    put_raw(&w, "profile", said);
    usher_json_name(&w, USHER_STR("account"));
    usher_json_open_object(&w);
    usher_hook_put_account(ex, &w);
    usher_json_close_object(&w);
    usher_json_close_object(&w);
    return usher_hook_ask(ex, want, USHER_HOOK_PROFILE, (usher_str){0}, &b, profiled, err);
}

usher_status usher_account_sign_in(usher_exchange *ex, const usher_user *user, usher_str said,
                                   usher_want *want, usher_error *err)
{
    usher_status rc;

    if (!(ex->who = usher_arena_get_zero(&ex->arena, 1, sizeof *ex->who)))
        return usher_arena_fail(&ex->arena, err);
    ex->who->account = ex->sign_in.subject;
    ex->hooked.user = *user;
    ex->hooked.profile = said;
    if (usher_hook_has(ex, USHER_HAS_PROFILE)) return ask_profile(ex, said, want, err);
    rc = own_profile(ex, user, err);
    return rc ? rc : want_owner(ex, want, owner_came, err);
}

/* --- the session ------------------------------------------------------------------------------ */

static usher_status column(usher_str *out, bool *is_null, usher_exchange *ex, const char *name,
                           usher_error *err)
{
    usher_json value = usher_json_get(&ex->who->user.members, usher_str_z(name));

    *out = (usher_str){0};
    *is_null = value.type == USHER_JSON_NULL;
    if (value.type != USHER_JSON_STRING) return USHER_OK;
    return usher_json_string(out, &ex->arena, value, err);
}

static usher_status with_token(usher_exchange *ex, usher_want *want, usher_error *err)
{
    usher_user *u = &ex->hooked.user;
    usher_status rc;

    *u = (usher_user){.id = ex->who->user.subject};
    if ((rc = column(&u->name, &u->null_name, ex, "name", err)) ||
        (rc = column(&u->email, &u->null_email, ex, "email", err)) ||
        (rc = column(&u->picture, &u->null_picture, ex, "image", err)))
        return rc;
    return usher_hook_make_token(ex, want, err);
}

static usher_status with_cookie(usher_exchange *ex, const usher_row_session *s, usher_want *want,
                                usher_error *err)
{
    bool written;
    const usher_writing w = {.anew = true, .written = &written};
    usher_status rc = usher_store_put_cookie(ex, s->token, s->expires_ms / 1000, &w, err);

    if (rc) return rc;
    ex->signed_in = written;
    return usher_hook_signed_in(ex, written, want, err);
}

static usher_status session_made(usher_exchange *ex, const usher_event *event, usher_want *want,
                                 usher_error *err)
{
    usher_row_session session;
    usher_status rc;

    if (event->kind != USHER_EVENT_STORED) return store_failed(ex, err);
    rc = usher_row_session_read(&session, &ex->arena, event->value, err);
    if (usher_flow_peer_fault(ex, rc))
        return usher_store_failed(ex, "exchange: what the store answered is no session", err);
    return rc ? rc : with_cookie(ex, &session, want, err);
}

static usher_status make_row(usher_exchange *ex, usher_want *want, usher_error *err)
{
    usher_store store = {.op = USHER_STORE_CREATE_SESSION,
                         .id = ex->storing->token,
                         .expires_ms = ex->now_ms + ex->site->lifetime.max_age_s * 1000};
    usher_status rc =
        usher_store_session_row(&store.value, ex, store.id, &ex->who->user, store.expires_ms, err);

    return rc ? rc : usher_store_ask(ex, want, &store, session_made, err);
}

static usher_status finish(usher_exchange *ex, usher_want *want, usher_error *err)
{
    ex->who->shown = ex->who->user.text;
    ex->verdict = USHER_NO_SESSION; /* the answer is about the new one */
    ex->session = (usher_session){0};
    if (ex->site->formats[0].form == USHER_TOKEN_STORED)
        return usher_store_new_token(ex, make_row, want, err);
    return with_token(ex, want, err);
}

usher_status usher_account_admit(usher_exchange *ex, usher_want *want, usher_error *err)
{
    usher_status rc;

    if (!(ex->who = usher_arena_get_zero(&ex->arena, 1, sizeof *ex->who)))
        return usher_arena_fail(&ex->arena, err);
    rc = usher_row_user_read(&ex->who->user, &ex->arena, ex->hooked.person, err);
    if (usher_flow_peer_fault(ex, rc)) return usher_hook_nonsense(ex, err); /* nobody's id */
    return rc ? rc : finish(ex, want, err);
}

/* --- linking ---------------------------------------------------------------------------------- */

static usher_operation decide;

/* Somebody else made that row in between: it is looked up once more. */
static usher_status again_came(usher_exchange *ex, const usher_event *event, usher_want *want,
                               usher_error *err)
{
    usher_status rc = take_owner(ex, event, err);

    return rc ? rc : decide(ex, want, err);
}

static usher_status look_again(usher_exchange *ex, usher_want *want, usher_error *err)
{
    if (ex->who->again) return store_failed(ex, err);
    ex->who->again = true;
    ex->who->is_new = false;
    return want_owner(ex, want, again_came, err);
}

static usher_status tell_linked(usher_exchange *ex, usher_want *want, usher_error *err)
{
    usher_buf b;
    usher_json_writer w;

    if (!usher_hook_has(ex, USHER_HAS_EVENTS)) return finish(ex, want, err);
    open(ex, &b, &w);
    put_raw(&w, "user", ex->who->user.text);
    usher_json_name(&w, USHER_STR("account"));
    usher_json_open_object(&w);
    usher_hook_put_account(ex, &w);
    usher_json_close_object(&w);
    put_raw(&w, "profile", ex->who->profile);
    usher_json_close_object(&w);
    return usher_hook_tell(ex, USHER_STR("linkAccount"), &b, finish, want, err);
}

static usher_status linked(usher_exchange *ex, const usher_event *event, usher_want *want,
                           usher_error *err)
{
    if (event->kind == USHER_EVENT_STORE_CONFLICT) return look_again(ex, want, err);
    if (event->kind != USHER_EVENT_STORED) return store_failed(ex, err);
    return tell_linked(ex, want, err);
}

static usher_status link(usher_exchange *ex, usher_want *want, usher_error *err)
{
    usher_store store = {.op = USHER_STORE_LINK_ACCOUNT,
                         .provider = ex->sign_in.provider->id,
                         .id = ex->who->account};
    usher_json_writer w;
    usher_buf b;

    open(ex, &b, &w);
    usher_hook_put_account(ex, &w);
    put_raw(&w, "userId", ex->who->user.id);
    usher_json_close_object(&w);
    usher_status rc = usher_buf_take(&store.value, &b, err);
    return rc ? rc : usher_store_ask(ex, want, &store, linked, err);
}

/* Also of a user who was there before and gets this account by his address, as the originals. */
static usher_status tell_created(usher_exchange *ex, usher_want *want, usher_error *err)
{
    usher_buf b;
    usher_json_writer w;

    if (!usher_hook_has(ex, USHER_HAS_EVENTS)) return link(ex, want, err);
    open(ex, &b, &w);
    put_raw(&w, "user", ex->who->user.text);
    usher_json_close_object(&w);
    return usher_hook_tell(ex, USHER_STR("createUser"), &b, link, want, err);
}

/* --- somebody new ----------------------------------------------------------------------------- */

static usher_status created(usher_exchange *ex, const usher_event *event, usher_want *want,
                            usher_error *err)
{
    usher_status rc;

    if (event->kind == USHER_EVENT_STORE_CONFLICT) return look_again(ex, want, err);
    if (event->kind != USHER_EVENT_STORED) return store_failed(ex, err);
    if ((rc = read_user(&ex->who->user, ex, event->value, err))) return rc;
    ex->who->is_new = true;
    return tell_created(ex, want, err);
}

static usher_status create(usher_exchange *ex, usher_want *want, usher_error *err)
{
    usher_store store = {.op = USHER_STORE_CREATE_USER};
    usher_str id = ex->site->profile->user_id_uuid ? USHER_STR("") : USHER_STR("id");
    usher_json_object object;
    usher_status rc;

    if ((rc = usher_json_read_object(&object, &ex->arena, ex->who->profile,
                                     &usher_json_limits_claims, err)) ||
        (rc = usher_json_set(&store.value, &ex->arena, &object, USHER_STR("emailVerified"),
                             USHER_STR("null"), id, err)))
        return rc;
    return usher_store_ask(ex, want, &store, created, err);
}

static usher_status refuse(usher_exchange *ex, usher_error *err)
{
    usher_flow_report(ex, USHER_CAUSE_ACCOUNT_NOT_LINKED, NULL);
    return usher_respond_failure(ex, USHER_FAIL_NOT_LINKED, 200, err);
}

/* Absent from the answers of many providers, which is why the site says whom it trusts with this.
 */
static usher_status is_verified(bool *out, usher_exchange *ex, usher_error *err)
{
    usher_json_object said;
    usher_json value;
    usher_status rc = usher_json_read_object(&said, &ex->arena, ex->hooked.profile,
                                             &usher_json_limits_document, err);

    *out = false;
    if (rc) return usher_flow_peer_fault(ex, rc) ? USHER_OK : rc;
    value = usher_json_get(&said, USHER_STR("email_verified"));
    *out = value.type == USHER_JSON_ABSENT || value.type == USHER_JSON_TRUE ||
           usher_str_eq(value.text, USHER_STR("\"true\""));
    return USHER_OK;
}

static usher_status namesake_came(usher_exchange *ex, const usher_event *event, usher_want *want,
                                  usher_error *err)
{
    bool verified;
    usher_status rc;

    if (event->kind != USHER_EVENT_STORED) return store_failed(ex, err);
    if (!event->value.ptr) return create(ex, want, err);
    if (!ex->sign_in.provider->link_by_email) return refuse(ex, err);
    if ((rc = is_verified(&verified, ex, err))) return rc;
    if (!verified) return refuse(ex, err);
    if ((rc = read_user(&ex->who->user, ex, event->value, err))) return rc;
    ex->who->is_new = ex->site->profile->linked_is_new;
    return tell_created(ex, want, err);
}

/* --- who it is -------------------------------------------------------------------------------- */

static usher_status decide(usher_exchange *ex, usher_want *want, usher_error *err)
{
    struct usher_who *who = ex->who;
    const usher_store namesake = {.op = USHER_STORE_GET_USER_BY_EMAIL, .id = who->email};

    if (who->has_owner && who->has_current && !usher_str_eq(who->owner.id, who->current.id))
        return refuse(ex, err);
    who->user = who->has_owner ? who->owner : who->current;
    if (who->has_owner) return finish(ex, want, err);
    if (who->has_current) return link(ex, want, err);
    if (who->email.len) return usher_store_ask(ex, want, &namesake, namesake_came, err);
    return create(ex, want, err);
}

static usher_status current_came(usher_exchange *ex, const usher_event *event, usher_want *want,
                                 usher_error *err)
{
    struct usher_who *who = ex->who;
    usher_status rc;

    if (event->kind != USHER_EVENT_STORED) return store_failed(ex, err);
    who->has_current = event->value.ptr != NULL;
    if (who->has_current && (rc = read_user(&who->current, ex, event->value, err))) return rc;
    return decide(ex, want, err);
}

/* Whoever is signed in already. That an old session is over is nobody's concern now. */
static usher_status find_current(usher_exchange *ex, usher_want *want, usher_error *err)
{
    struct usher_who *who = ex->who;
    size_t reports = ex->report_count;
    usher_status rc = usher_flow_read_session(ex, false, err);

    if (rc) return rc;
    ex->report_count = reports;
    if (ex->verdict != USHER_SESSION_VALID) return decide(ex, want, err);
    if (ex->held.stored) {
        who->current = ex->held.stored->user;
        who->has_current = true;
        return decide(ex, want, err);
    }
    if (!ex->session.subject.len || ex->held.found->of_nobody) return decide(ex, want, err);
    const usher_store store = {.op = USHER_STORE_GET_USER, .id = ex->session.subject};
    return usher_store_ask(ex, want, &store, current_came, err);
}

usher_status usher_account_resolve(usher_exchange *ex, usher_want *want, usher_error *err)
{
    return usher_store_read(ex, find_current, want, err);
}
