/* auth0 - the routes of Auth0's SDK: login, callback, logout, profile, access-token. One provider,
 * no pages of ours, no CSRF tokens; what Auth.js' flows spread over several cookies stands in one
 * transaction cookie. Only these files include this. */
#ifndef USHER_FLOW_AUTH0_H
#define USHER_FLOW_AUTH0_H

#include "flow/exchange.h"
#include "session/auth0_transaction.h"

/* What somebody asks of a session's tokens. */
typedef struct usher_auth0_question {
    usher_str audience, scope; /* absent: whatever the site is configured for */
    usher_str default_scope;   /* what the scope is added to; absent: the configured one */
    bool no_merge;             /* the scope alone, not with the configured one */
    bool refresh;              /* even if it is not due */
} usher_auth0_question;

/* The token set of a session that fits the question, and what the answer of a refresh goes into. */
typedef struct usher_auth0_pick {
    usher_auth0_question question;
    usher_str wanted;               /* scope: what is asked, with the configured one */
    usher_json_object session;      /* whole, connection tokens inside */
    usher_json_object main;         /* its tokenSet */
    usher_json_object set;          /* the one that fits; without members if none does */
    size_t entry;                   /* its place in accessTokens, or SIZE_MAX */
    usher_str token, refresh_token; /* absent if there is none */
    bool has_end;
    double end_s;
} usher_auth0_pick;

/* How a sign-in failed, in the original's words. */
typedef struct usher_auth0_failure {
    usher_str code, text;
} usher_auth0_failure;

/* What a visit to one of these routes carries from step to step. */
typedef struct usher_auth0_visit {
    usher_auth0_options options; /* of the transaction cookies */
    usher_auth0_jar jar;         /* the transactions that came */
    usher_auth0_transaction transaction;
    usher_auth0_pick pick;
    usher_str keys;     /* the key set, until an ID token comes */
    int64_t keys_ms;    /* when it was fetched */
    int64_t tokens_ms;  /* when new tokens were; 0: as if now */
    usher_str where;    /* logout: the provider's page */
    usher_str session;  /* what is to be saved */
    usher_str location; /* where the program wants to go */
    usher_str provider_error, provider_description;
} usher_auth0_visit;

/* auth0_handle.c */
usher_status usher_auth0_handle(usher_exchange *ex, usher_want *want, usher_error *err);
/* The absolute URL of a route. */
usher_status usher_auth0_own_url(usher_str *out, usher_exchange *ex, usher_auth0_route route,
                                 usher_error *err);
usher_auth0_context usher_auth0_transactions(usher_exchange *ex);
usher_status usher_auth0_put_lines(usher_exchange *ex, const usher_auth0_lines *lines,
                                   usher_error *err);
/* A fixed text, never one of the provider's. */
void usher_auth0_text(usher_exchange *ex, int status, usher_str text);
usher_status usher_auth0_redirect(usher_exchange *ex, usher_str url, usher_error *err);
/* A browser that asks ahead of its user; nothing may begin or end because of it. */
bool usher_auth0_is_prefetch(const usher_exchange *ex);
/* Finds the provider and asks for its discovery document. *asked is false without a provider. */
usher_status usher_auth0_want_metadata(bool *asked, usher_exchange *ex, usher_want *want,
                                       usher_state state, usher_error *err);
/* What came of it. *ready: it is in ex->sign_in.metadata. Otherwise a newer copy is wanted, or
 * *cause says why there is none. */
usher_status usher_auth0_metadata(bool *ready, usher_cause *cause, usher_exchange *ex,
                                  const usher_event *event, usher_want *want, usher_error *why,
                                  usher_error *err);
/* Verifies ex->sign_in.tokens.id_token; its claims are then in ex->sign_in. A status of the peer's
 * class is a refusal, with its cause. */
usher_status usher_auth0_verify(usher_exchange *ex, usher_cause *cause, usher_str key_set,
                                bool refreshed, usher_error *why);

/* auth0_login.c, auth0_callback.c, auth0_logout.c, auth0_profile.c, auth0_refresh.c */
usher_operation usher_auth0_login_get, usher_auth0_callback_get, usher_auth0_logout_get,
    usher_auth0_profile_get, usher_auth0_token_get;
usher_step usher_auth0_login_metadata, usher_auth0_login_pushed, usher_auth0_callback_metadata,
    usher_auth0_callback_tokens, usher_auth0_callback_keys, usher_auth0_logout_metadata,
    usher_auth0_logout_revoked, usher_auth0_refresh_metadata, usher_auth0_refresh_keys,
    usher_auth0_refresh_tokens, usher_auth0_refresh_newer_keys;

/* auth0_mfa.c: an answer of the token endpoint that is no token may ask for another factor.
 * *answered is false if it does not. */
usher_status usher_auth0_mfa_answer(bool *answered, usher_exchange *ex, const usher_event *event,
                                    usher_error *err);

/* auth0_hooks.c: functions of the program. `after` finds the session in ex->auth0->session. */
bool usher_auth0_is_hooked(const usher_exchange *ex);
usher_status usher_auth0_before_saved(usher_exchange *ex, usher_str json, usher_str id_token,
                                      usher_operation *after, usher_want *want, usher_error *err);
/* `failure` is NULL for a sign-in that went well; then there is a session. */
usher_status usher_auth0_on_callback(usher_exchange *ex, const usher_auth0_failure *failure,
                                     usher_str session, usher_operation *after, usher_want *want,
                                     usher_error *err);

/* auth0_sets.c: the session's object, made and changed. A program that is asked gets all claims of
 * the user; without one, those are kept that the original keeps. */
usher_status usher_auth0_new_session(usher_str *json, usher_exchange *ex, usher_error *err);
usher_status usher_auth0_filter(usher_str *json, usher_exchange *ex, usher_error *err);
usher_status usher_auth0_choose(usher_auth0_pick *p, usher_exchange *ex, usher_error *err);
/* The session with the answer to a refresh in it, and the set as it is now in p->set. `claims`: of
 * the ID token that came, or NULL. */
usher_status usher_auth0_renewed(usher_str *json, usher_auth0_pick *p, usher_exchange *ex,
                                 const usher_json_object *claims, usher_error *err);
/* A text of the object; absent if it is no text. */
usher_status usher_auth0_text_of(usher_str *out, usher_arena *a, const usher_json_object *o,
                                 const char *name, usher_error *err);

#endif
