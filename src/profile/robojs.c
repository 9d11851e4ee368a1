/* The configured runtime of @robojs/auth 0.1.0, with @auth/core of the 0.40 line below it: Auth.js
 * v5 whose cookies never carry a prefix, on https too, and whose secret is one text. */
#include "profile/profile.h"

const usher_profile usher_profile_robojs = {
    .name = USHER_STR_INIT("robojs"),

    .enc = USHER_A256CBC_HS512,
    .also_gcm = true,
    .kid = true,
    .session_salted = true,
    .info = USHER_STR_INIT("Auth.js Generated Encryption Key"),
    .state_param_salt = USHER_STR_INIT("encodedState"),

    .cookies =
        {
            [USHER_COOKIE_SESSION] = {USHER_STR_INIT("authjs.session-token"),
                                      USHER_STR_INIT("authjs.session-token"), 0, false},
            [USHER_COOKIE_CALLBACK_URL] = {USHER_STR_INIT("authjs.callback-url"),
                                           USHER_STR_INIT("authjs.callback-url"), 0, true},
            [USHER_COOKIE_CSRF] = {USHER_STR_INIT("authjs.csrf-token"),
                                   USHER_STR_INIT("authjs.csrf-token"), 0, false},
            [USHER_COOKIE_PKCE] = {USHER_STR_INIT("authjs.pkce.code_verifier"),
                                   USHER_STR_INIT("authjs.pkce.code_verifier"), 900, false},
            [USHER_COOKIE_STATE] = {USHER_STR_INIT("authjs.state"), USHER_STR_INIT("authjs.state"),
                                    900, false},
            [USHER_COOKIE_NONCE] = {USHER_STR_INIT("authjs.nonce"), USHER_STR_INIT("authjs.nonce"),
                                    0, false},
        },
    .dialect = USHER_COOKIE_AUTHJS,
    .chunk_max = 3936, /* 4096 less what the original allows for name and attributes, 160 */
    .nonce_has_max_age = false,
    .chunks_ignore_empty = true,
    .chunk_dot_is_zero = true,

    .session_max_age_s = 2592000,
    .check_max_age_s = 900,
    .update_age_s = 86400,
    .tolerance_s = 15,
    .secret_list = false,

    .base_path = USHER_STR_INIT("/api/auth"),
    .sign_in_path = USHER_STR_INIT("/signin"),
    .return_param = USHER_STR_INIT("callbackUrl"),
    .json_redirect = USHER_JSON_BY_HEADER,
    .row_in_session = true,
    .no_session = USHER_STR_INIT("null"),
    .strict_paths = true,
    .json_status = false,
    .failures =
        {
            [USHER_FAIL_CONFIGURATION] = {USHER_PAGE_ERROR, USHER_STR_INIT("Configuration")},
            [USHER_FAIL_CSRF_SIGN_IN] = {USHER_PAGE_SIGN_IN, USHER_STR_INIT("MissingCSRF")},
            [USHER_FAIL_CSRF_SIGN_OUT] = {USHER_PAGE_SIGN_IN, USHER_STR_INIT("MissingCSRF")},
            [USHER_FAIL_START] = {USHER_PAGE_ERROR, USHER_STR_INIT("Configuration")},
            [USHER_FAIL_CHECK] = {USHER_PAGE_ERROR, USHER_STR_INIT("Configuration")},
            [USHER_FAIL_PROVIDER] = {USHER_PAGE_SIGN_IN, USHER_STR_INIT("OAuthCallbackError")},
            [USHER_FAIL_CALLBACK] = {USHER_PAGE_ERROR, USHER_STR_INIT("Configuration")},
            [USHER_FAIL_DENIED] = {USHER_PAGE_ERROR, USHER_STR_INIT("AccessDenied")},
            [USHER_FAIL_CREDENTIALS] = {USHER_PAGE_SIGN_IN, USHER_STR_INIT("CredentialsSignin")},
            [USHER_FAIL_NOT_LINKED] = {USHER_PAGE_SIGN_IN, USHER_STR_INIT("OAuthAccountNotLinked")},
        },
    .checks_state_default = false,
    .checks_nonce_default = false,
    .provider_error_first = false,
    .custom_pages_direct = true,
    .error_case_free = false,
    .error_to_sign_in = false,
    .failure_keeps_cookies = false,
    .log_endpoint = false,
    .form_rows = true,
    .user_id_uuid = true,
    .oidc_type = USHER_STR_INIT("oidc"),
};
