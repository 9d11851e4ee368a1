/* profile - one system's wire format as a frozen table: names, key derivation, sizes, shapes,
 * codes. Code elsewhere never asks which profile it serves; it asks the table. */
#ifndef USHER_PROFILE_PROFILE_H
#define USHER_PROFILE_PROFILE_H

#include "usher/base.h"
#include "wire/cookie.h"
#include "wire/jose/jwe.h"

/* What a sealed value is for. Each purpose has its own key, so none is taken for another. */
typedef enum usher_purpose {
    USHER_FOR_SESSION,
    USHER_FOR_STATE,       /* the state cookie */
    USHER_FOR_PKCE,        /* the code verifier's cookie */
    USHER_FOR_NONCE,       /* the nonce cookie */
    USHER_FOR_STATE_PARAM, /* authjs-5: the `state` request parameter is itself sealed */
    USHER_PURPOSES,
} usher_purpose;

typedef enum usher_cookie_kind {
    USHER_COOKIE_SESSION,
    USHER_COOKIE_CALLBACK_URL,
    USHER_COOKIE_CSRF,
    USHER_COOKIE_PKCE,
    USHER_COOKIE_STATE,
    USHER_COOKIE_NONCE,
    USHER_COOKIE_KINDS,
} usher_cookie_kind;

typedef struct usher_profile_cookie {
    usher_str name;        /* without the prefix */
    usher_str secure_name; /* as written when secure cookies are on */
    int64_t max_age_s;     /* Max-Age attribute; 0: none is written */
    bool script_readable;  /* without HttpOnly */
} usher_profile_cookie;    /* without a name: this system has no such cookie */

/* Where a failed flow sends the browser. */
typedef enum usher_page {
    USHER_PAGE_SIGN_IN,
    USHER_PAGE_SIGN_OUT,
    USHER_PAGE_ERROR,
    USHER_PAGE_VERIFY
} usher_page;

/* The failures a flow can end in; each profile has its own code and page for them. */
typedef enum usher_failure {
    USHER_FAIL_CONFIGURATION, /* the site is set up wrongly */
    USHER_FAIL_CSRF_SIGN_IN,  /* POST without a valid CSRF token */
    USHER_FAIL_CSRF_SIGN_OUT,
    USHER_FAIL_START,    /* the authorization URL could not be built (provider down) */
    USHER_FAIL_CHECK,    /* state, PKCE or nonce cookie missing, foreign, expired; state differs */
    USHER_FAIL_PROVIDER, /* the provider answered with an error */
    USHER_FAIL_CALLBACK, /* code exchange, ID token or userinfo failed */
    USHER_FAIL_DENIED,   /* refused by a rule */
    USHER_FAIL_CREDENTIALS, /* wrong credentials */
    USHER_FAIL_NOT_LINKED,  /* the account or its address is another user's */
    USHER_FAILURES,
} usher_failure;

typedef struct usher_failure_route {
    usher_page page;
    usher_str code; /* value of the `error` parameter; empty: `csrf=true` is written instead */
} usher_failure_route;

typedef enum usher_json_redirect {
    USHER_JSON_BY_FIELD,  /* body field json=true */
    USHER_JSON_BY_HEADER, /* header X-Auth-Return-Redirect */
} usher_json_redirect;

/* Which routes there are below the base path. */
typedef enum usher_route_family {
    USHER_ROUTES_AUTHJS, /* signin/provider, callback/provider, session, csrf, … */
    USHER_ROUTES_AUTH0,  /* login, callback, logout, profile, access-token */
    USHER_ROUTE_FAMILIES,
} usher_route_family;

/* What only Auth0's SDK has. */
typedef struct usher_auth0_names {
    usher_str signing_info;           /* HKDF info of the key that signs v3's store ids */
    usher_str chunk, legacy_chunk;    /* between a cookie's name and a piece's number */
    usher_str legacy_session;         /* v3's session cookie */
    usher_str connection_prefix;      /* cookies of connection tokens, followed by a number */
    usher_str transaction_prefix;     /* default; followed by the state */
    int64_t absolute_s, inactivity_s; /* default lifetimes */
    int64_t transaction_max_age_s;
    int64_t ceiling_margin_s; /* a session ends so long before its ceiling */
    size_t transactions_max;  /* bytes that cookies of transactions may take together */
    size_t return_to_max;     /* bytes of a path to return to */
    size_t swept_chunks;      /* pieces that are deleted whether or not they came */
    int64_t id_token_skew_s;
    usher_str provider;      /* the one there is, where the settings give it no id */
    usher_str scope;         /* that is asked for by default */
    usher_str cache_control; /* of whatever holds or writes a session */
} usher_auth0_names;

typedef struct usher_profile {
    usher_str name; /* "nextauth-4" */

    /* tokens */
    usher_jwe_enc enc;   /* written */
    bool also_gcm;       /* A256GCM is read too */
    bool kid;            /* written, and read to choose the key */
    bool session_salted; /* HKDF salt of session tokens: the cookie's name; otherwise empty */
    usher_str info;      /* HKDF info; " (salt)" follows if the salt is not empty */
    usher_str state_param_salt; /* empty: the state parameter is a plain random text */
    bool one_key;               /* every purpose has the same key: only the shape of what was opened
                                   tells a session from a transaction */
    bool header_enc_first;      /* the header is written {"enc":...,"alg":"dir"} */

    /* cookies */
    usher_profile_cookie cookies[USHER_COOKIE_KINDS];
    usher_cookie_dialect dialect; /* how the daemon reads a Cookie header */
    size_t chunk_max;             /* characters of one session cookie's value */
    bool nonce_has_max_age;
    bool chunks_ignore_empty; /* an empty chunk does not count as received */
    bool chunk_dot_is_zero;   /* a name that ends in a dot is chunk 0; otherwise it has no number */

    bool keeps_bad_cookies; /* a session cookie that opens as nothing is left where it is */

    /* lifetimes */
    int64_t session_max_age_s, check_max_age_s, update_age_s, tolerance_s;
    bool secret_list; /* several secrets are known to the original; CSRF hashes join them by "," */

    /* endpoints */
    usher_route_family routes;
    usher_str base_path;    /* default */
    bool base_path_below;   /* a path in the base URL goes before it, not in its place */
    usher_str sign_in_path; /* below the base path */
    usher_str return_param; /* of the sign-in page: where to go afterwards */
    bool return_path_only;  /* it is a path of the own site, not a URL */
    usher_json_redirect json_redirect;
    bool session_of_old_token; /* the session shows the token as it was before the jwt function */
    bool row_in_session; /* the program's session function gets whole rows, not a session of them */
    usher_str no_session; /* body of the session endpoint without a session: {} or null */
    bool strict_paths; /* one or two segments, JSON "Bad request."; otherwise extra ones are ignored
                        */
    bool json_status;  /* JSON redirects keep 401/403; otherwise always 200 */
    usher_failure_route failures[USHER_FAILURES];
    bool checks_state_default, checks_nonce_default; /* besides PKCE, which is always sent */
    bool provider_error_first; /* the provider's error is looked at before the checks */
    bool custom_pages_direct;  /* a failure goes straight to the configured page, origin in front */
    bool error_case_free;      /* codes of the error page are compared without case */
    bool error_to_sign_in;     /* the error page hands sign-in codes on to the sign-in page */
    bool failure_keeps_cookies; /* a failed flow still sets the CSRF and callback-url cookies */
    bool log_endpoint;          /* POST _log is answered (200, empty) */
    bool linked_is_new;         /* who gets an account by his address is told of as a new user */
    bool form_rows;             /* who signs in by a form gets a row, where sessions are rows */
    bool user_id_uuid;          /* the user's id is a UUID made from provider and account */
    usher_str oidc_type;        /* how a provider's type is listed: "oauth" or "oidc" */

    const usher_auth0_names *auth0; /* NULL elsewhere */
} usher_profile;

extern const usher_profile usher_profile_nextauth_4;
extern const usher_profile usher_profile_authjs_5;
extern const usher_profile usher_profile_auth0_4;
extern const usher_profile usher_profile_robojs;

const usher_profile *usher_profile_by_name(usher_str name); /* NULL if there is none */
const usher_profile *usher_profile_at(size_t index);        /* NULL past the last */

/* The cookie a purpose is kept in (USHER_FOR_STATE_PARAM has none and must not be asked). */
usher_cookie_kind usher_profile_cookie_of(usher_purpose purpose);

#endif
