/* Sign-in by a form of our own. For now the development provider: pick a name, be signed in. The
 * site refuses to be made with one unless it is a development site on a loopback address. */
#include "base/error.h"
#include "base/str.h"
#include "flow/hooks.h"

static const usher_development_user *picked_user(const usher_provider *p, usher_str id)
{
    for (size_t i = 0; i < p->user_count; i++)
        if (usher_str_eq(p->users[i].id, id)) return &p->users[i];
    return NULL;
}

usher_status usher_credentials_post(usher_exchange *ex, const usher_provider *p, usher_want *want,
                                    usher_error *err)
{
    const usher_development_user *u;

    if (!ex->csrf_verified) {
        usher_flow_report(ex, USHER_CAUSE_CSRF_TOKEN, NULL);
        return usher_respond_failure(ex, USHER_FAIL_CSRF_SIGN_IN, 200, err);
    }
    u = picked_user(p, usher_form_last(&ex->body, USHER_STR("user")));
    if (!u || !ex->site->development) {
        usher_flow_report(ex, USHER_CAUSE_CREDENTIALS, NULL);
        return usher_respond_failure(ex, USHER_FAIL_CREDENTIALS, 401, err);
    }
    usher_user user = {.id = u->id, .name = u->name, .email = u->email, .picture = u->image};
    return usher_hook_sign_in(ex, &user, (usher_str){0}, want, err);
}
