/* bridge - a session of one system carried into the claims of another.
 *
 * Auth.js' systems (nextauth-4, authjs-5, robojs) share one set of claims, which needs no carrying.
 * Between them and Auth0's, member by member (docs/compatibility.md has the same table):
 *
 *   Auth0                          claims
 *   user.sub name email picture    sub name email picture
 *   user.*                         * (other members, as they are)
 *   user.nickname given_name family_name email_verified org_id act
 *     urn:auth0:my_org_current_user_permissions
 *                                  those claims; any other claim becomes a member of the session
 *                                  beside the user: its profile route shows the user to browsers,
 *                                  and a claim was never meant for them
 *   tokenSet.accessToken           access_token   (accessToken is read too)
 *           .refreshToken          refresh_token  (refreshToken)
 *           .idToken               id_token       (idToken)
 *           .expiresAt             expires_at     (expiresAt)
 *           .scope .token_type     scope token_type
 *           .requestedScope        requested_scope
 *           .audience              audience
 *   accessTokens                   accessTokens
 *   connectionTokenSets            connectionTokenSets
 *   internal.sid .mcd .usid        sid mcd usid
 *           .createdAt             ucat           (if missing, what the caller says)
 *           .sessionExpiresAt      uend
 *   other members                  * (unless the user has one of that name; claims called user,
 *                                  tokenSet or internal have no place and are dropped)
 *
 * Values keep their bytes. Tokens are believed only as texts, times only as numbers. The sealed
 * times (iat, exp, nbf) and jti are not carried: whoever seals writes them anew, and sees to it
 * that the session does not live longer than it would have. */
#ifndef USHER_SESSION_BRIDGE_H
#define USHER_SESSION_BRIDGE_H

#include "session/token.h"

/* `session` is Auth0's session object, connection tokens inside. */
USHER_MUST_USE usher_status usher_bridge_to_claims(usher_str *claims_json, usher_arena *a,
                                                   const usher_json_object *session,
                                                   usher_error *err);
/* `created_s` stands for a creation that the claims say nothing about. */
USHER_MUST_USE usher_status usher_bridge_to_auth0(usher_str *session_json, usher_arena *a,
                                                  const usher_claims *claims, int64_t created_s,
                                                  usher_error *err);

#endif
