/* Sign-in by a form of our own: the development provider (pick a name, be signed in), and
 * credentials, which a function of the program judges. What was posted holds passwords: it is in
 * the exchange's memory alone, which is wiped, and in no report. */
#include "base/error.h"
#include "base/str.h"
#include "flow/hooks.h"
#include "session/stamp.h"
#include "wire/json_set.h"

#define BODY_MAX    ((size_t)64 << 10)  /* of a form that people fill in */
#define REQUEST_MAX ((size_t)512 << 10) /* that, its headers and query, as JSON */

/* --- the development provider ----------------------------------------------------------------- */

static const usher_development_user *picked_user(const usher_provider *p, usher_str id)
{
    for (size_t i = 0; i < p->user_count; i++)
        if (usher_str_eq(p->users[i].id, id)) return &p->users[i];
    return NULL;
}

static usher_status refuse(usher_exchange *ex, usher_str word, usher_error *err)
{
    usher_flow_report(ex, USHER_CAUSE_CREDENTIALS, NULL);
    return usher_respond_refused(ex, word, err);
}

/* With the original a wrong password may be an exception, and a database that is down is one: who
 * tried is told what it says, and whoever runs the site sees that something was thrown. */
static usher_status threw(usher_exchange *ex, const usher_event *event, usher_error *err)
{
    usher_flow_report(ex, USHER_CAUSE_CALLBACK_FAILED, &(usher_error){.what = event->why});
    return usher_respond_refused(ex, event->value, err);
}

static usher_status pick(usher_exchange *ex, const usher_provider *p, usher_want *want,
                         usher_error *err)
{
    const usher_development_user *u = picked_user(p, usher_form_last(&ex->body, USHER_STR("user")));

    if (!u || !ex->site->development) return refuse(ex, (usher_str){0}, err);
    usher_user user = {.id = u->id, .name = u->name, .email = u->email, .picture = u->image};
    return usher_hook_sign_in(ex, &user, (usher_str){0}, want, err);
}

/* --- what the program is asked ---------------------------------------------------------------- */

/* Of a repeated name the last value, where the first one stood. Each pair looks at all: there are
 * no more than USHER_FORM_PAIRS_MAX, 256. */
static void put_form(usher_json_writer *w, const usher_form *form)
{
    usher_json_open_object(w);
    for (size_t i = 0; i < form->count; i++) {
        const usher_form before = {form->pairs, i};
        usher_str name = form->pairs[i].name;

        if (usher_form_count(&before, name)) continue;
        usher_json_name(w, name);
        usher_json_put_string(w, usher_form_last(form, name));
    }
    usher_json_close_object(w);
}

/* Each field looks at all others. With more than a thousand of them (request.c) no cookie counts,
 * so no form is verified and nobody comes here. */
static bool came_before(const usher_request *r, size_t at)
{
    for (size_t i = 0; i < at; i++)
        if (usher_str_eq_case(r->headers[i].name, r->headers[at].name)) return true;
    return false;
}

/* A field holds bytes, and no encoding says which characters they are: each is one, as in fetch. */
static void put_bytes(usher_buf *b, usher_str bytes)
{
    for (size_t i = 0; i < bytes.len; i++) {
        unsigned char c = (unsigned char)bytes.ptr[i];
        if (c >= 0x80) usher_buf_put_char(b, (char)(0xc0 | c >> 6));
        usher_buf_put_char(b, c < 0x80 ? (char)c : (char)(0x80 | (c & 0x3f)));
    }
}

/* Several fields of a name are one, as HTTP has it; pieces of a cookie are joined by another sign.
 */
static usher_status put_header(usher_exchange *ex, usher_json_writer *w, size_t at,
                               usher_error *err)
{
    const usher_request *r = ex->request;
    usher_str name = r->headers[at].name, text;
    bool cookie = usher_str_eq_case(name, USHER_STR("cookie"));
    usher_buf small, value;
    usher_status rc;

    usher_buf_init(&small, &ex->arena, name.len + 1);
    for (size_t i = 0; i < name.len; i++) {
        char c = name.ptr[i];
        usher_buf_put_char(&small, c >= 'A' && c <= 'Z' ? (char)(c + 32) : c);
    }
    if ((rc = usher_buf_take(&text, &small, err))) return rc;
    usher_json_name(w, text);
    usher_buf_init(&value, &ex->arena, REQUEST_MAX);
    for (size_t i = at; i < r->header_count; i++) {
        if (!usher_str_eq_case(r->headers[i].name, name)) continue;
        if (i > at) usher_buf_put(&value, cookie ? USHER_STR("; ") : USHER_STR(", "));
        put_bytes(&value, r->headers[i].value);
    }
    if ((rc = usher_buf_take(&text, &value, err))) return rc;
    usher_json_put_string(w, text);
    return USHER_OK;
}

static usher_status put_request(usher_exchange *ex, usher_json_writer *w, usher_error *err)
{
    const usher_request *r = ex->request;
    usher_buf b;
    usher_str url;
    usher_status rc;

    usher_buf_init(&b, &ex->arena, REQUEST_MAX);
    usher_buf_put(&b, ex->site->base_url);
    usher_buf_put(&b, r->target);
    if ((rc = usher_buf_take(&url, &b, err))) return rc;
    usher_json_put_member(w, USHER_STR("method"), r->method);
    usher_json_put_member(w, USHER_STR("url"), url);
    usher_json_name(w, USHER_STR("query"));
    put_form(w, &ex->query);
    usher_json_name(w, USHER_STR("headers"));
    usher_json_open_object(w);
    for (size_t i = 0; i < r->header_count; i++)
        if (!came_before(r, i) && (rc = put_header(ex, w, i, err))) return rc;
    usher_json_close_object(w);
    return USHER_OK;
}

static usher_status posted(usher_str *out, usher_exchange *ex, usher_error *err)
{
    usher_json_writer w;
    usher_buf b;

    if (usher_flow_body_is_json(
            ex)) { /* it has been read as an object, and is passed on as it is */
        *out = ex->request->body;
        return USHER_OK;
    }
    usher_buf_init(&b, &ex->arena, REQUEST_MAX);
    usher_json_write_init(&w, &b);
    put_form(&w, &ex->body);
    return usher_buf_take(out, &b, err);
}

static usher_status question(usher_buf *b, usher_exchange *ex, const usher_provider *p,
                             usher_error *err)
{
    usher_json_writer w;
    usher_status rc = posted(&ex->hooked.credentials, ex, err);

    if (rc) return rc;
    usher_buf_init(b, &ex->arena, REQUEST_MAX);
    usher_json_write_init(&w, b);
    usher_json_open_object(&w);
    usher_json_put_member(&w, USHER_STR("provider"), p->id);
    usher_json_name(&w, USHER_STR("credentials"));
    usher_json_put_raw(&w, ex->hooked.credentials);
    if ((rc = put_request(ex, &w, err))) return rc;
    usher_json_close_object(&w);
    return USHER_OK;
}

/* --- what it answers -------------------------------------------------------------------------- */

static usher_status column(usher_str *out, bool *is_null, usher_exchange *ex,
                           const usher_json_object *user, const char *name, usher_error *err)
{
    usher_json value = usher_json_get(user, usher_str_z(name));

    *is_null = value.type == USHER_JSON_NULL;
    return value.type == USHER_JSON_STRING ? usher_json_string(out, &ex->arena, value, err)
                                           : USHER_OK;
}

/* A text, or a number as JavaScript writes it; v5 makes one up where there is none. */
static usher_status subject(usher_str *out, usher_exchange *ex, const usher_json_object *user,
                            usher_error *err)
{
    usher_json id = usher_json_get(user, USHER_STR("id"));
    char uuid[36];
    usher_status rc;

    if (id.type == USHER_JSON_STRING) return usher_json_string(out, &ex->arena, id, err);
    if (id.type == USHER_JSON_NUMBER) *out = id.text;
    if (out->ptr || !ex->site->profile->user_id_uuid) return USHER_OK;
    rc = usher_uuid4(uuid, ex->entropy, err);
    return rc ? rc : usher_arena_dup(out, &ex->arena, (usher_str){uuid, sizeof uuid}, err);
}

/* What the program's other functions get: the user as it is; in v5 the id is a text. */
static usher_status keep_person(usher_exchange *ex, const usher_json_object *user, usher_str json,
                                usher_str id, usher_error *err)
{
    usher_hooked *h = &ex->hooked;
    usher_json_writer w;
    usher_buf b;
    usher_status rc;

    h->person = json;
    h->person_id = usher_json_get(user, USHER_STR("id")).text;
    if (!ex->site->profile->user_id_uuid) return USHER_OK;
    usher_buf_init(&b, &ex->arena, 6 * id.len + 2);
    usher_json_write_init(&w, &b);
    usher_json_put_string(&w, id);
    if ((rc = usher_buf_take(&h->person_id, &b, err))) return rc;
    return usher_json_set(&h->person, &ex->arena, user, USHER_STR("id"), h->person_id,
                          USHER_STR(""), err);
}

static usher_status read_person(usher_user *u, usher_exchange *ex, usher_str json, usher_error *err)
{
    usher_json_object user;
    usher_status rc;

    if ((rc = usher_json_read_object(&user, &ex->arena, json, &usher_json_limits_claims, err)) ||
        (rc = subject(&u->id, ex, &user, err)) ||
        (rc = column(&u->name, &u->null_name, ex, &user, "name", err)) ||
        (rc = column(&u->email, &u->null_email, ex, &user, "email", err)) ||
        (rc = column(&u->picture, &u->null_picture, ex, &user, "image", err)))
        return rc;
    return keep_person(ex, &user, json, u->id, err);
}

/* It could not tell: nobody is signed in, and whoever was stays so. */
static usher_status blame(usher_exchange *ex, usher_error *err)
{
    return usher_respond_failure(ex, USHER_FAIL_CONFIGURATION, 500, err);
}

static usher_status authorized(usher_exchange *ex, const usher_event *event, usher_want *want,
                               usher_error *err)
{
    usher_user user = {0};
    usher_status rc;

    if (event->kind == USHER_EVENT_HOOK_FAILED) return blame(ex, err); /* reported */
    if (event->kind == USHER_EVENT_HOOK_REFUSED) {
        if (event->why) return threw(ex, event, err);
        bool none = usher_str_eq(event->value, USHER_STR("null"));
        return refuse(ex, none ? (usher_str){0} : event->value, err);
    }
    rc = read_person(&user, ex, event->value, err);
    if (usher_flow_peer_fault(ex, rc)) {
        usher_flow_report(ex, USHER_CAUSE_HOOK, NULL);
        return blame(ex, err);
    }
    return rc ? rc : usher_hook_sign_in(ex, &user, (usher_str){0}, want, err);
}

/* --- routes ----------------------------------------------------------------------------------- */

static usher_status too_large(usher_exchange *ex, const usher_error *why, usher_error *err)
{
    (void)err;
    usher_flow_report(ex, USHER_CAUSE_REQUEST_TOO_LARGE, why);
    ex->set_cookie_count = 0;
    usher_respond_body(ex, 400, USHER_STR("application/json"), USHER_STR("\"Bad request.\""));
    return USHER_OK;
}

/* Rows are of people who came by other providers: the originals write a token that the next request
 * throws away, and the session that was there with it. */
static bool nobody_stays(const usher_exchange *ex)
{
    return ex->site->formats[0].form == USHER_TOKEN_STORED && !ex->site->profile->form_rows;
}

static usher_status ask(usher_exchange *ex, const usher_provider *p, usher_want *want,
                        usher_error *err)
{
    usher_error why = {0};
    usher_buf b;
    usher_status rc;

    if (nobody_stays(ex)) {
        usher_flow_report(ex, USHER_CAUSE_STRATEGY, NULL);
        return blame(ex, err);
    }
    if (ex->request->body.len > BODY_MAX) return too_large(ex, NULL, err);
    if (!(rc = question(&b, ex, p, &why))) {
        ex->hooked.may_fail = true;
        rc = usher_hook_ask(ex, want, USHER_HOOK_AUTHORIZE, (usher_str){0}, &b, authorized, &why);
    }
    if (rc == USHER_OK) return USHER_OK;
    return usher_flow_peer_fault(ex, rc) ? too_large(ex, &why, err) : usher_pass(err, &why);
}

usher_status usher_credentials_post(usher_exchange *ex, const usher_provider *p, usher_want *want,
                                    usher_error *err)
{
    if (!ex->csrf_verified) {
        usher_flow_report(ex, USHER_CAUSE_CSRF_TOKEN, NULL);
        return usher_respond_failure(ex, USHER_FAIL_CSRF_SIGN_IN, 200, err);
    }
    if (p->type == USHER_PROVIDER_DEVELOPMENT) return pick(ex, p, want, err);
    return ask(ex, p, want, err);
}

usher_status usher_credentials_get(usher_exchange *ex, usher_error *err)
{
    usher_flow_report(ex, USHER_CAUSE_ACTION_UNKNOWN, NULL);
    if (ex->site->profile->strict_paths)
        return usher_respond_failure(ex, USHER_FAIL_CONFIGURATION, 200, err);
    usher_respond_body(ex, 500, USHER_STR("text/plain; charset=utf-8"),
                       USHER_STR("Error: Callback for provider type credentials not supported"));
    return USHER_OK;
}
