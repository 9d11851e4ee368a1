/* NextAuth.js v4, as next-auth 4.24.15 behaves. */
#include "profile/profile.h"

const usher_profile usher_profile_nextauth_4 = {
    .name = USHER_STR_INIT("nextauth-4"),

    .enc = USHER_A256GCM,
    .also_gcm = false,
    .kid = false,
    .session_salted = false,
    .info = USHER_STR_INIT("NextAuth.js Generated Encryption Key"),
    .state_param_salt = USHER_STR_INIT(""),

    .cookies =
        {
            [USHER_COOKIE_SESSION] = {USHER_STR_INIT("next-auth.session-token"),
                                      USHER_STR_INIT("__Secure-next-auth.session-token"), 0, false},
            [USHER_COOKIE_CALLBACK_URL] = {USHER_STR_INIT("next-auth.callback-url"),
                                           USHER_STR_INIT("__Secure-next-auth.callback-url"), 0,
                                           false},
            [USHER_COOKIE_CSRF] = {USHER_STR_INIT("next-auth.csrf-token"),
                                   USHER_STR_INIT("__Host-next-auth.csrf-token"), 0, false},
            [USHER_COOKIE_PKCE] = {USHER_STR_INIT("next-auth.pkce.code_verifier"),
                                   USHER_STR_INIT("__Secure-next-auth.pkce.code_verifier"), 900,
                                   false},
            [USHER_COOKIE_STATE] = {USHER_STR_INIT("next-auth.state"),
                                    USHER_STR_INIT("__Secure-next-auth.state"), 900, false},
            [USHER_COOKIE_NONCE] = {USHER_STR_INIT("next-auth.nonce"),
                                    USHER_STR_INIT("__Secure-next-auth.nonce"), 0, false},
        },
    .dialect = USHER_COOKIE_PACKAGE,
    .chunk_max = 3933, /* 4096 less what the original allows for name and attributes, 163 */
    .nonce_has_max_age = false,
    .chunks_ignore_empty = false,
    .chunk_dot_is_zero = false,

    .session_max_age_s = 2592000,
    .check_max_age_s = 900,
    .update_age_s = 86400,
    .tolerance_s = 15,
    .secret_list = false,

    .base_path = USHER_STR_INIT("/api/auth"),
    .sign_in_path = USHER_STR_INIT("/signin"),
    .return_param = USHER_STR_INIT("callbackUrl"),
    .json_redirect = USHER_JSON_BY_FIELD,
    .session_of_old_token = true,
    .no_session = USHER_STR_INIT("{}"),
    .strict_paths = false,
    .json_status = true,
    .failures =
        {
            [USHER_FAIL_CONFIGURATION] = {USHER_PAGE_ERROR, USHER_STR_INIT("Configuration")},
            [USHER_FAIL_CSRF_SIGN_IN] = {USHER_PAGE_SIGN_IN, USHER_STR_INIT("")},
            [USHER_FAIL_CSRF_SIGN_OUT] = {USHER_PAGE_SIGN_OUT, USHER_STR_INIT("")},
            [USHER_FAIL_START] = {USHER_PAGE_ERROR, USHER_STR_INIT("OAuthSignin")},
            [USHER_FAIL_CHECK] = {USHER_PAGE_ERROR, USHER_STR_INIT("OAuthCallback")},
            [USHER_FAIL_PROVIDER] = {USHER_PAGE_ERROR, USHER_STR_INIT("Callback")},
            [USHER_FAIL_CALLBACK] = {USHER_PAGE_ERROR, USHER_STR_INIT("OAuthCallback")},
            [USHER_FAIL_DENIED] = {USHER_PAGE_ERROR, USHER_STR_INIT("AccessDenied")},
            [USHER_FAIL_CREDENTIALS] = {USHER_PAGE_ERROR, USHER_STR_INIT("CredentialsSignin")},
        },
    .checks_state_default = true,
    .checks_nonce_default = false,
    .provider_error_first = true,
    .custom_pages_direct = false,
    .error_case_free = true,
    .error_to_sign_in = true,
    .failure_keeps_cookies = true,
    .log_endpoint = true,
    .user_id_uuid = false,
    .oidc_type = USHER_STR_INIT("oauth"),
};
