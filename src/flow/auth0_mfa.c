/* The provider wants another factor before it refreshes: the answer that tells the page so. What
 * the page needs to go on is sealed, so that a script never holds the provider's own token. */
#include "base/error.h"
#include "base/str.h"
#include "flow/auth0.h"
#include "session/auth0_write.h"

#define JSON_MAX   ((size_t)256 << 10)
#define LIFETIME_S 300

static usher_str or_empty(usher_str text)
{
    return text.ptr ? text : USHER_STR("");
}

static usher_status context_json(usher_str *out, usher_exchange *ex, usher_str token,
                                 usher_json requirements, usher_error *err)
{
    const usher_auth0_pick *p = &ex->auth0->pick;
    usher_json_writer w;
    usher_buf b;

    usher_buf_init(&b, &ex->arena, JSON_MAX);
    usher_json_write_init(&w, &b);
    usher_json_open_object(&w);
    usher_json_put_member(&w, USHER_STR("mfaToken"), token);
    usher_json_put_member(&w, USHER_STR("audience"), or_empty(p->question.audience));
    usher_json_put_member(&w, USHER_STR("scope"), p->wanted);
    if (requirements.type) {
        usher_json_name(&w, USHER_STR("mfaRequirements"));
        usher_json_put_raw(&w, requirements.text);
    }
    usher_json_name(&w, USHER_STR("createdAt"));
    usher_json_put_int(&w, ex->now_ms);
    usher_json_close_object(&w);
    return usher_buf_take(out, &b, err);
}

/* An empty text if the provider gave none: then its user has to sign in again. */
static usher_status seal_context(usher_str *out, usher_exchange *ex, usher_str token,
                                 usher_json requirements, usher_error *err)
{
    usher_auth0_context c = usher_flow_auth0(ex, &ex->site->formats[0]);
    usher_json_object members;
    usher_str text;
    usher_status rc;

    *out = USHER_STR("");
    if (!token.len) return USHER_OK;
    if ((rc = context_json(&text, ex, token, requirements, err)) ||
        (rc = usher_json_read_object(&members, &ex->arena, text, &usher_json_limits_claims, err)))
        return rc;
    return usher_auth0_seal(out, &c, &members, (usher_str){0}, LIFETIME_S, ex->entropy, err);
}

static usher_status write_answer(usher_str *out, usher_exchange *ex, usher_str description,
                                 usher_str sealed, usher_json requirements, usher_error *err)
{
    usher_json_writer w;
    usher_buf b;

    usher_buf_init(&b, &ex->arena, JSON_MAX);
    usher_json_write_init(&w, &b);
    usher_json_open_object(&w);
    usher_json_put_member(&w, USHER_STR("error"), USHER_STR("mfa_required"));
    usher_json_put_member(&w, USHER_STR("error_description"), description);
    usher_json_put_member(&w, USHER_STR("mfa_token"), sealed);
    if (requirements.type) {
        usher_json_name(&w, USHER_STR("mfa_requirements"));
        usher_json_put_raw(&w, requirements.text);
    }
    usher_json_close_object(&w);
    return usher_buf_take(out, &b, err);
}

usher_status usher_auth0_mfa_answer(bool *answered, usher_exchange *ex, const usher_event *event,
                                    usher_error *err)
{
    usher_arena *a = &ex->arena;
    usher_json_object error;
    usher_str token, description, sealed, body;
    bool written;
    usher_status rc = usher_token_error_read(&error, a, event->content_type, event->body, err);

    *answered = false;
    if (rc || !usher_json_string_is(usher_json_get(&error, USHER_STR("error")),
                                    USHER_STR("mfa_required")))
        return rc;
    usher_json requirements = usher_json_get(&error, USHER_STR("mfa_requirements"));
    if ((rc = usher_auth0_text_of(&token, a, &error, "mfa_token", err)) ||
        (rc = usher_auth0_text_of(&description, a, &error, "error_description", err)) ||
        (rc = seal_context(&sealed, ex, token, requirements, err)))
        return rc;
    if (!description.ptr)
        description = USHER_STR("Multi-factor authentication is required. Please log in again.");
    if ((rc = write_answer(&body, ex, description, sealed, requirements, err)) ||
        (rc = usher_flow_replace_auth0(ex, ex->held.auth0->json, &written, err)))
        return rc;
    *answered = true;
    usher_respond_body(ex, 403, USHER_STR("application/json"), body);
    usher_respond_private(ex);
    return USHER_OK;
}
