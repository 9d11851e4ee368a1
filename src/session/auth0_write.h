/* auth0_write - the Set-Cookie lines that renew, replace or end a session of Auth0's SDK. */
#ifndef USHER_SESSION_AUTH0_WRITE_H
#define USHER_SESSION_AUTH0_WRITE_H

#include "session/auth0_session.h"

/* How long a session created then may live from now on: rolling, until it has been idle too long or
 * is as old as it may get; otherwise until the latter. Never negative. */
int64_t usher_auth0_max_age(const usher_auth0_options *options, double created_s, int64_t now_s);

/* When a session that is written now ends, in Unix seconds; not after `now_s` if it is over. */
int64_t usher_auth0_end(const usher_auth0_options *options, const usher_auth0_session *session,
                        int64_t now_s);

/* Renews: the session sealed anew under the times of now, connection tokens in cookies of their
 * own, deletions for what was there before (pieces, surplus connection tokens, version 3's
 * cookies). *token is the sealed session, whole. USHER_E_LIMIT if it would need more cookies than
 * are read: then *lines is empty and the old session stays. USHER_E_USAGE for a session without
 * createdAt. */
USHER_MUST_USE usher_status usher_auth0_session_write(usher_auth0_lines *lines, usher_str *token,
                                                      const usher_auth0_context *c,
                                                      const usher_auth0_jar *jar,
                                                      const usher_auth0_session *session,
                                                      usher_entropy entropy, usher_error *err);

/* The same for a stored session: only its id travels. */
USHER_MUST_USE usher_status usher_auth0_id_write(usher_auth0_lines *lines, usher_str *token,
                                                 const usher_auth0_context *c,
                                                 const usher_auth0_jar *jar, usher_str id,
                                                 const usher_auth0_session *session,
                                                 usher_entropy entropy, usher_error *err);
/* 32 lower-case hex digits. */
USHER_MUST_USE usher_status usher_auth0_id_new(char out[32], usher_entropy entropy,
                                               usher_error *err);

/* Ends: the session's cookie and pieces, connection tokens, version 3's cookies if they came. */
USHER_MUST_USE usher_status usher_auth0_session_clear(usher_auth0_lines *lines,
                                                      const usher_auth0_context *c,
                                                      const usher_auth0_jar *jar, usher_error *err);

/* Seals an object: `exp` is set to now + max_age_s, every other member keeps its bytes, the one
 * called `without`, if any, is left out. Nothing else is added. */
USHER_MUST_USE usher_status usher_auth0_seal(usher_str *token, const usher_auth0_context *c,
                                             const usher_json_object *members, usher_str without,
                                             int64_t max_age_s, usher_entropy entropy,
                                             usher_error *err);

#endif
