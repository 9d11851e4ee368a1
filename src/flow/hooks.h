/* hooks - the functions of the program that a flow asks on its way (NextAuth's `callbacks` and
 * `events`): what they are handed, what their answers mean, and where the flow goes on. A site says
 * which it has (settings: hooks); without them every flow runs through as if they did not exist.
 *
 * An answer is JSON. "Refused" is the JavaScript function's null or false; "failed" is an
 * exception, and nobody can tell: nothing is set, nothing is cleared. Failed events are reported
 * and change nothing. */
#ifndef USHER_FLOW_HOOKS_H
#define USHER_FLOW_HOOKS_H

#include "flow/exchange.h"

/* callbacks.redirect: replaces the callback URL of this request by what the program makes of the
 * one that was sent. Goes on with `after`, at once if there is nothing to ask. */
usher_status usher_hook_redirect(usher_exchange *ex, usher_operation *after, usher_want *want,
                                 usher_error *err);

/* callbacks.jwt on the held session; `changes` is what update() was given, absent otherwise. When
 * `after` runs, the held claims are the program's, or the verdict is REVOKED. */
usher_status usher_hook_jwt(usher_exchange *ex, usher_str changes, bool is_update,
                            usher_operation *after, usher_want *want, usher_error *err);

/* callbacks.session on ex->session.json, which `after` finds replaced; then events.session. An
 * absent json: the program shows nothing. */
usher_status usher_hook_session(usher_exchange *ex, usher_operation *after, usher_want *want,
                                usher_error *err);

/* A sign-in: callbacks.signIn, callbacks.jwt, the session, events.signIn, the way back. `profile`
 * is what the provider said, as JSON; absent for a form of our own. */
usher_status usher_hook_sign_in(usher_exchange *ex, const usher_user *user, usher_str profile,
                                usher_want *want, usher_error *err);

/* events.signOut with the claims of the session that ended. */
usher_status usher_hook_signed_out(usher_exchange *ex, usher_operation *after, usher_want *want,
                                   usher_error *err);

/* What other flows ask and tell of: with the JSON in `value`; `answered` reads the answer. */
bool usher_hook_has(const usher_exchange *ex, usher_site_hook hook);
usher_status usher_hook_ask(usher_exchange *ex, usher_want *want, usher_hook_kind kind,
                            usher_str name, usher_buf *value, usher_step *answered,
                            usher_error *err);
usher_status usher_hook_tell(usher_exchange *ex, usher_str name, usher_buf *value,
                             usher_operation *after, usher_want *want, usher_error *err);
/* An answer that makes no sense is as good as none. */
usher_status usher_hook_nonsense(usher_exchange *ex, usher_error *err);
/* The members of an account, as a store keeps them but for whose it is. */
void usher_hook_put_account(usher_exchange *ex, usher_json_writer *w);
/* callbacks.jwt for who signs in, the session, and what follows. */
usher_operation usher_hook_make_token;
/* events.signIn and the way back; a failure if there is no session. */
usher_status usher_hook_signed_in(usher_exchange *ex, bool issued, usher_want *want,
                                  usher_error *err);

/* The answer to whatever was asked. */
usher_step usher_flow_hooked;

#endif
