#include "session/row.h"

#include "base/error.h"
#include "base/str.h"
#include "base/utc.h"
#include "wire/json_set.h"

#define LATEST_MS INT64_C(253402300799999) /* the year 9999 */

static usher_status no_row(usher_error *err)
{
    return usher_fail(err, USHER_E_SYNTAX, "row: that is no such row", 0);
}

bool usher_row_date(int64_t *ms, usher_json value)
{
    *ms = 0;
    if (value.type == USHER_JSON_STRING && !value.escaped && value.text.len > 2)
        return usher_iso_to_ms(ms, (usher_str){value.text.ptr + 1, value.text.len - 2});
    return usher_json_int64(ms, value) && *ms >= 0 && *ms <= LATEST_MS;
}

/* --- reading ---------------------------------------------------------------------------------- */

static usher_status text_of(usher_str *out, usher_arena *a, usher_json value, usher_error *err)
{
    *out = (usher_str){0};
    return value.type == USHER_JSON_STRING ? usher_json_string(out, a, value, err) : USHER_OK;
}

static usher_status read_user(usher_row_user *out, usher_arena *a, usher_error *err)
{
    usher_json id = usher_json_get(&out->members, USHER_STR("id"));
    usher_status rc;

    if ((rc = text_of(&out->subject, a, id, err)) ||
        (rc = text_of(&out->email, a, usher_json_get(&out->members, USHER_STR("email")), err)))
        return rc;
    if (id.type == USHER_JSON_NUMBER) out->subject = id.text;
    out->id = id.text;
    return out->subject.len ? USHER_OK : no_row(err);
}

static usher_status read_session(usher_row_session *out, usher_arena *a, usher_error *err)
{
    usher_json token = usher_json_get(&out->members, USHER_STR("sessionToken"));
    usher_status rc = text_of(&out->token, a, token, err);

    if (rc) return rc;
    if (!out->token.len || out->token.len > USHER_ROW_TOKEN_MAX ||
        !usher_row_date(&out->expires_ms, usher_json_get(&out->members, USHER_STR("expires"))))
        return no_row(err);
    return USHER_OK;
}

usher_status usher_row_user_read(usher_row_user *out, usher_arena *a, usher_str json,
                                 usher_error *err)
{
    usher_row_user row = {.text = json};
    usher_status rc = usher_json_read_object(&row.members, a, json, &usher_json_limits_claims, err);

    *out = (usher_row_user){0};
    if (rc || (rc = read_user(&row, a, err))) return rc;
    *out = row;
    return USHER_OK;
}

usher_status usher_row_session_read(usher_row_session *out, usher_arena *a, usher_str json,
                                    usher_error *err)
{
    usher_row_session row = {.text = json};
    usher_status rc = usher_json_read_object(&row.members, a, json, &usher_json_limits_claims, err);

    *out = (usher_row_session){0};
    if (rc || (rc = read_session(&row, a, err))) return rc;
    *out = row;
    return USHER_OK;
}

usher_status usher_row_read(usher_row_session *session, usher_row_user *user, bool *found,
                            usher_arena *a, usher_str json, usher_error *err)
{
    usher_json_object both;
    usher_json value, one, other;
    usher_status rc;

    *session = (usher_row_session){0};
    *user = (usher_row_user){0};
    *found = false;
    if ((rc = usher_json_read(&value, json, &usher_json_limits_claims, err))) return rc;
    if (value.type == USHER_JSON_NULL) return USHER_OK;
    if ((rc = usher_json_members(&both, a, value, err))) return rc;
    one = usher_json_get(&both, USHER_STR("session"));
    other = usher_json_get(&both, USHER_STR("user"));
    if (one.type == USHER_JSON_NULL || other.type == USHER_JSON_NULL) return USHER_OK;
    if ((rc = usher_row_session_read(session, a, one.text, err)) ||
        (rc = usher_row_user_read(user, a, other.text, err))) {
        *session = (usher_row_session){0};
        return rc;
    }
    *found = true;
    return USHER_OK;
}

/* --- showing ---------------------------------------------------------------------------------- */

static void put_column(usher_json_writer *w, usher_str name, const usher_json_object *row,
                       usher_str column)
{
    usher_json value = usher_json_get(row, column);

    if (value.type == USHER_JSON_ABSENT) return;
    usher_json_name(w, name);
    usher_json_put_raw(w, value.text);
}

usher_status usher_row_claims(usher_str *out, usher_arena *a, const usher_row_user *user,
                              usher_error *err)
{
    usher_json_writer w;
    usher_buf b;

    usher_buf_init(&b, a, user->text.len * 7 + 128);
    usher_json_write_init(&w, &b);
    usher_json_open_object(&w);
    put_column(&w, USHER_STR("name"), &user->members, USHER_STR("name"));
    put_column(&w, USHER_STR("email"), &user->members, USHER_STR("email"));
    put_column(&w, USHER_STR("picture"), &user->members, USHER_STR("image"));
    usher_json_put_member(&w, USHER_STR("sub"), user->subject);
    usher_json_close_object(&w);
    return usher_buf_take(out, &b, err);
}

static void put_known(usher_json_writer *w, const usher_row_session *session,
                      const usher_row_user *user)
{
    char iso[USHER_ISO_LEN];

    usher_iso_from_ms(iso, session->expires_ms);
    usher_json_name(w, USHER_STR("user"));
    usher_json_open_object(w);
    put_column(w, USHER_STR("name"), &user->members, USHER_STR("name"));
    put_column(w, USHER_STR("email"), &user->members, USHER_STR("email"));
    put_column(w, USHER_STR("image"), &user->members, USHER_STR("image"));
    usher_json_close_object(w);
    usher_json_put_member(w, USHER_STR("expires"), (usher_str){iso, sizeof iso});
}

static void put_whole(usher_json_writer *w, const usher_row_session *session,
                      const usher_row_user *user)
{
    for (size_t i = 0; i < session->members.count; i++) {
        const usher_json_member *m = &session->members.members[i];

        if (usher_json_is_named(m, USHER_STR("user"))) continue;
        usher_json_name_raw(w, usher_json_quoted_name(m));
        usher_json_put_raw(w, m->value.text);
    }
    usher_json_name(w, USHER_STR("user"));
    usher_json_put_raw(w, user->text);
}

usher_status usher_row_json(usher_str *out, usher_arena *a, const usher_row_session *session,
                            const usher_row_user *user, bool whole, usher_error *err)
{
    usher_json_writer w;
    usher_buf b;

    usher_buf_init(&b, a, session->text.len + user->text.len + 128);
    usher_json_write_init(&w, &b);
    usher_json_open_object(&w);
    (whole ? put_whole : put_known)(&w, session, user);
    usher_json_close_object(&w);
    return usher_buf_take(out, &b, err);
}
