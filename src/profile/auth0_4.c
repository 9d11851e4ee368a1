/* Auth0's Next.js SDK 4, as @auth0/nextjs-auth0 4.30.0 behaves, and the cookies of its version 3.
 */
#include "profile/profile.h"

static const usher_auth0_names names = {
    .signing_info = USHER_STR_INIT("JWS Cookie Signing"),
    .chunk = USHER_STR_INIT("__"),
    .legacy_chunk = USHER_STR_INIT("."),
    .legacy_session = USHER_STR_INIT("appSession"),
    .connection_prefix = USHER_STR_INIT("__FC_"),
    .transaction_prefix = USHER_STR_INIT("__txn_"),
    .absolute_s = 259200,
    .inactivity_s = 86400,
    .transaction_max_age_s = 3600,
    .ceiling_margin_s = 30,
    .transactions_max = 3500,
    .return_to_max = 2048,
    .swept_chunks = 5,
    .id_token_skew_s = 30,
    .provider = USHER_STR_INIT("auth0"),
    .scope = USHER_STR_INIT("openid profile email offline_access"),
    .cache_control = USHER_STR_INIT("private, no-cache, no-store, must-revalidate, max-age=0"),
};

const usher_profile usher_profile_auth0_4 = {
    .name = USHER_STR_INIT("auth0-4"),

    .enc = USHER_A256GCM,
    .info = USHER_STR_INIT("JWE CEK"),
    .one_key = true,
    .header_enc_first = true,

    .cookies =
        {
            [USHER_COOKIE_SESSION] = {USHER_STR_INIT("__session"), USHER_STR_INIT("__session"), 0,
                                      false},
        },
    .dialect = USHER_COOKIE_NEXT_EDGE,
    .chunk_max = 3500,
    .keeps_bad_cookies = true,

    .session_max_age_s = 259200,
    .check_max_age_s = 3600,
    .update_age_s = 300, /* for who renews now and then; the original renews at each request */
    .tolerance_s = 15,

    .routes = USHER_ROUTES_AUTH0,
    .base_path = USHER_STR_INIT("/auth"),
    .base_path_below = true,
    .sign_in_path = USHER_STR_INIT("/login"),
    .return_param = USHER_STR_INIT("returnTo"),
    .return_path_only = true,
    .no_session = USHER_STR_INIT("null"),
    .checks_state_default = true,
    .checks_nonce_default = true,

    .auth0 = &names,
};
