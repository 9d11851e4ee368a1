/* usher/cause.h - why something was refused or could not be told: one stable word each, the same in
 * logs, counters and documentation. Since 0.1. */
#ifndef USHER_CAUSE_H
#define USHER_CAUSE_H

#include "usher/base.h"

#ifdef __cplusplus
extern "C" {
#endif

/* X(symbol, word, meaning) */
#define USHER_CAUSES(X)                                                                            \
    X(NONE, "none", "nothing was refused")                                                         \
    X(TOKEN_MALFORMED, "token_malformed",                                                          \
      "not a token of this profile: segments, base64url, header or JSON")                          \
    X(TOKEN_UNSUPPORTED, "token_unsupported",                                                      \
      "an algorithm or header member that is not accepted")                                        \
    X(TOKEN_FORGED, "token_forged",                                                                \
      "does not authenticate: tampered, or sealed with a key we do not have")                      \
    X(TOKEN_EXPIRED, "token_expired", "past its expiry")                                           \
    X(TOKEN_NOT_YET, "token_not_yet", "its nbf is in the future")                                  \
    X(TOKEN_CLAIMS, "token_claims", "authentic, but not the claims of a session")                  \
    X(TOKEN_TOO_LARGE, "token_too_large", "larger than this site reads")                           \
    X(SESSION_TOO_LARGE, "session_too_large",                                                      \
      "the session would not fit into cookies; the old one stays")                                 \
    X(HOOK, "hook", "a function of the program failed, or its answer makes no sense")              \
    X(SESSION_ENDED, "session_ended", "the program's jwt function ended the session")              \
    X(SESSION_UNKNOWN, "session_unknown",                                                          \
      "the store has no such session: it was ended, or never was")                                 \
    X(USER_UNKNOWN, "user_unknown",                                                                \
      "a session of another system, and the store has no such user: he was removed, or never was") \
    X(STORE, "store", "the store failed, or its answer makes no sense: could not tell")            \
    X(ACCOUNT_NOT_LINKED, "account_not_linked",                                                    \
      "the account is another user's, or its e-mail address is and nobody allowed linking")        \
    X(SIGN_IN_DENIED, "sign_in_denied", "the program's signIn function did not let somebody in")   \
    X(CSRF_COOKIE, "csrf_cookie", "the CSRF cookie is missing or forged")                          \
    X(CSRF_TOKEN, "csrf_token", "the CSRF token of the body does not match the cookie")            \
    X(ORIGIN_FOREIGN, "origin_foreign", "the request was started by another site")                 \
    X(CALLBACK_URL, "callback_url", "a callback URL leads to another site or is no URL")           \
    X(STATE_COOKIE, "state_cookie",                                                                \
      "the state cookie is missing, forged, expired or another provider's")                        \
    X(STATE_MISMATCH, "state_mismatch",                                                            \
      "the state parameter is missing or differs from the cookie's")                               \
    X(PKCE_COOKIE, "pkce_cookie",                                                                  \
      "the PKCE cookie is missing, forged, expired or another provider's")                         \
    X(NONCE_COOKIE, "nonce_cookie",                                                                \
      "the nonce cookie is missing, forged, expired or another provider's")                        \
    X(RESPONSE_ISS, "response_iss",                                                                \
      "the response's iss is missing though promised, or another issuer's")                        \
    X(RESPONSE_PARAMS, "response_params", "a response parameter is missing, empty or repeated")    \
    X(PROVIDER_ERROR, "provider_error", "the provider answered with an error")                     \
    X(PROVIDER_UNREACHABLE, "provider_unreachable", "no answer from the provider, or not in time") \
    X(METADATA_INVALID, "metadata_invalid",                                                        \
      "the discovery document is malformed or another issuer's")                                   \
    X(JWKS_INVALID, "jwks_invalid", "the key set is malformed or has no usable key")               \
    X(TOKEN_RESPONSE, "token_response", "the token endpoint's answer is an error or malformed")    \
    X(ID_TOKEN_MALFORMED, "id_token_malformed", "the ID token is missing or malformed")            \
    X(ID_TOKEN_ALG, "id_token_alg", "the ID token's algorithm is not the configured one")          \
    X(ID_TOKEN_KEY, "id_token_key", "no key of the issuer fits the ID token")                      \
    X(ID_TOKEN_SIGNATURE, "id_token_signature", "the ID token's signature is wrong")               \
    X(ID_TOKEN_ISS, "id_token_iss", "the ID token's iss is not the configured issuer")             \
    X(ID_TOKEN_AUD, "id_token_aud", "the ID token's aud or azp is not this client")                \
    X(ID_TOKEN_TIME, "id_token_time",                                                              \
      "the ID token's exp, iat or nbf is missing, malformed or out of range")                      \
    X(ID_TOKEN_NONCE, "id_token_nonce", "the ID token's nonce is missing or not ours")             \
    X(ID_TOKEN_CLAIMS, "id_token_claims", "another claim of the ID token is missing or malformed") \
    X(USERINFO_INVALID, "userinfo_invalid",                                                        \
      "the userinfo answer is malformed or about another subject")                                 \
    X(CREDENTIALS, "credentials", "no such user or wrong credentials")                             \
    X(CALLBACK_FAILED, "callback_failed",                                                          \
      "the program's authorize or signIn threw: it refused somebody, or could not tell")           \
    X(STRATEGY, "strategy",                                                                        \
      "who signs in by a form has no row, and sessions are rows: nobody could stay signed in")     \
    X(PROVIDER_UNKNOWN, "provider_unknown", "no provider of that name")                            \
    X(ACTION_UNKNOWN, "action_unknown", "no such endpoint or method")                              \
    X(BODY_MALFORMED, "body_malformed", "the request body could not be read")                      \
    X(PATH_UNCLEAR, "path_unclear", "the request path has more than one reading")                  \
    X(QUESTION_UNCLEAR, "question_unclear",                                                        \
      "a proxy asked about two requests at once, or twice about one")                              \
    X(REQUEST_TOO_LARGE, "request_too_large",                                                      \
      "more headers, cookies or form fields than are read")                                        \
    X(NO_MEMORY, "no_memory", "memory was refused: could not tell")                                \
    X(LIMIT, "limit", "a bound of ours was reached: could not tell")                               \
    X(CRYPTO, "crypto", "entropy or the crypto library failed: could not tell")                    \
    X(HOST, "host", "the host could not do what was wanted: could not tell")

typedef enum usher_cause {
#define USHER_CAUSE_ENUM(symbol, word, meaning) USHER_CAUSE_##symbol,
    USHER_CAUSES(USHER_CAUSE_ENUM)
#undef USHER_CAUSE_ENUM
        USHER_CAUSE_COUNT
} usher_cause;

/* Static text; "none" for a value that is no cause. */
USHER_API const char *usher_cause_word(usher_cause cause);
USHER_API const char *usher_cause_meaning(usher_cause cause);

#ifdef __cplusplus
}
#endif
#endif
