/* auth0_legacy - what version 3 of Auth0's SDK left in browsers and stores: sessions sealed with
 * their times in the token's header, ids of stored sessions with a signature behind them, stored
 * records in an envelope. Read here, written never. */
#ifndef USHER_SESSION_AUTH0_LEGACY_H
#define USHER_SESSION_AUTH0_LEGACY_H

#include "session/keyring.h"
#include "usher/base.h"
#include "wire/json.h"

/* The times that version 3 put beside a session, in the token's header or in the record's. */
typedef struct usher_auth0_v3_times {
    bool is_v3;    /* iat is there and JavaScript takes it for true: the original's only sign */
    usher_str iat; /* source text: becomes internal.createdAt as it stands */
    bool has_iat, has_uat, has_exp; /* the member is a number */
    double iat_s, uat_s, exp_s;
} usher_auth0_v3_times;

void usher_auth0_v3_times_read(usher_auth0_v3_times *out, const usher_json_object *header);

/* Those of a token that opened: only then is its header authentic. */
USHER_MUST_USE usher_status usher_auth0_v3_token_times(usher_auth0_v3_times *out, usher_arena *a,
                                                       usher_str token, usher_error *err);

/* A version 3 session as version 4 would have it:
 *   {"user", "tokenSet": {idToken, accessToken, scope, refreshToken, expiresAt},
 *    "internal": {sid, createdAt}}
 * Values keep their source text, what is absent stays absent (so does a token that is null),
 * everything else is dropped. *json is absent if there is no user: then it is no session. */
USHER_MUST_USE usher_status usher_auth0_v3_convert(usher_str *json, usher_arena *a,
                                                   const usher_auth0_v3_times *times,
                                                   const usher_json_object *session,
                                                   usher_error *err);

/* The id in `<id>.<signature>`, a view into `value`; absent if the signature is not one of our
 * keys' under this cookie's name. A third part is ignored, as the original ignores it. */
USHER_MUST_USE usher_status usher_auth0_v3_signed_id(usher_str *id, const usher_keyring *keys,
                                                     usher_str cookie_name, usher_str value,
                                                     usher_error *err);

#endif
