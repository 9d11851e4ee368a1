/* site - what an exchange reads of its site. Built by src/site from the settings, immutable after.
 */
#ifndef USHER_FLOW_SITE_H
#define USHER_FLOW_SITE_H

#include <stdatomic.h>

#include "base/arena.h"
#include "oauth/provider.h"
#include "profile/profile.h"
#include "session/auth0_cookies.h"
#include "session/keyring.h"
#include "session/lifetime.h"
#include "session/signed.h"
#include "usher/site.h"
#include "wire/cookie.h"
#include "wire/form.h"

/* A cookie of this site: the profile's, with what the settings changed. */
typedef struct usher_site_cookie {
    usher_str name; /* complete, prefix included */
    usher_str domain, path;
    bool secure, http_only;
    usher_same_site same_site;
} usher_site_cookie;

typedef struct usher_pages {
    usher_str sign_in, sign_out, error, verify_request, new_user; /* absent: our own page */
} usher_pages;

typedef enum usher_color_scheme {
    USHER_SCHEME_AUTO, /* as the browser is set */
    USHER_SCHEME_LIGHT,
    USHER_SCHEME_DARK,
} usher_color_scheme;

/* How our own pages look; every text is known to be harmless in a style sheet and a header. */
typedef struct usher_theme {
    usher_color_scheme scheme;
    usher_str brand, button_text; /* colours; absent: ours */
    usher_str logo, logo_source;  /* its address, and where that is: "'self'" or an origin */
} usher_theme;

struct usher_rules; /* gate/rules.h */

/* Who makes the tokens of a format. */
typedef enum usher_token_form {
    USHER_TOKEN_SEALED, /* the profile's encryption */
    USHER_TOKEN_SIGNED, /* plain JWTs, signed */
    USHER_TOKEN_HOOKED, /* the program itself: USHER_WANT_HOOK */
    USHER_TOKEN_STORED, /* nobody: it is the key of a row (auth0-4: its id, sealed) */
} usher_token_form;

/* Functions that the program has; in the order of the setting's words. */
typedef enum usher_site_hook {
    USHER_HAS_JWT,
    USHER_HAS_SESSION,
    USHER_HAS_SIGN_IN,
    USHER_HAS_REDIRECT,
    USHER_HAS_EVENTS,
    USHER_HAS_PROFILE,
    USHER_HAS_SESSION_TOKEN,
    USHER_HAS_BEFORE_SAVED, /* these two: Auth0's */
    USHER_HAS_ON_CALLBACK,
    USHER_HAS_AUTHORIZE,
} usher_site_hook;

/* One kind of session cookie that a site reads. */
typedef struct usher_format {
    const usher_profile *profile;
    usher_token_form form;
    usher_site_cookie cookie;    /* the session's */
    usher_keyring *keys;         /* owned */
    usher_signing_keys *signing; /* owned; NULL unless signed */
    usher_auth0_options auth0;   /* of a profile that has them */
    bool of_account;             /* `sub` is an account's id at a provider, not a user's row */
    bool of_nobody;              /* it is neither: such sessions stay what they are */
    usher_str provider;          /* that one */
} usher_format;

#define USHER_FORMATS_MAX 9

typedef enum usher_logout_strategy {
    USHER_LOGOUT_AUTO, /* the provider's end_session_endpoint, else as V2 */
    USHER_LOGOUT_OIDC,
    USHER_LOGOUT_V2, /* Auth0's own /v2/logout */
} usher_logout_strategy;

typedef enum usher_auth0_route {
    USHER_AUTH0_LOGIN,
    USHER_AUTH0_CALLBACK,
    USHER_AUTH0_LOGOUT,
    USHER_AUTH0_PROFILE,
    USHER_AUTH0_ACCESS_TOKEN,
    USHER_AUTH0_ROUTES,
} usher_auth0_route;

/* What only the routes of Auth0's SDK look at. */
typedef struct usher_auth0_site {
    usher_str app_url; /* base URL with its path: what returnTo is held against */
    usher_str routes[USHER_AUTH0_ROUTES]; /* whole paths */
    usher_str sign_in_return_to;          /* where a sign-in ends that names no place of the site */
    usher_form parameters; /* of authorization requests, besides the provider's scope */
    usher_logout_strategy logout;
    bool id_token_hint; /* sent along to the end_session_endpoint */
    bool access_token_route, profile_no_content;
    bool pushed;              /* authorization requests */
    int64_t refresh_buffer_s; /* tokens are refreshed so long before they end */
} usher_auth0_site;

struct usher_site {
    atomic_uint references;
    usher_allocator alloc; /* a copy */
    usher_arena arena;     /* owns every text below */

    const usher_profile *profile;
    bool development;
    usher_str base_url;  /* origin: "https://app.example.com" */
    usher_str base_path; /* "/api/auth": begins with '/', no trailing slash; may be "" */
    bool secure_cookies;
    usher_site_cookie cookies[USHER_COOKIE_KINDS];
    /* The first format is the one that is written, and `profile` its profile. The others are read,
     * and what they hold is written anew as the first. */
    usher_format formats[USHER_FORMATS_MAX];
    size_t format_count;
    const usher_keyring *keys; /* of the first */
    usher_auth0_site auth0;    /* of a profile with those routes */

    unsigned hooks;    /* a bit for each usher_site_hook */
    bool stores;       /* some format's sessions are rows */
    bool users_stored; /* users and accounts are */

    usher_lifetime lifetime;
    int64_t update_age_s;
    const usher_provider *providers;
    size_t provider_count;
    usher_pages pages;
    usher_str title; /* of our own pages: the site's host name by default */
    usher_theme theme;

    struct usher_rules *rules;           /* which paths are public; NULL: none is */
    const struct usher_matcher *matcher; /* which paths need a session; NULL: all others */
    usher_str header_prefix;             /* of the identity headers: "X-Usher-" */
    size_t token_max;                    /* characters of a session token that is read */
    size_t claims_max;                   /* bytes of claims that are sealed; 0: as many as fit */
};

void usher_site_forget_keys(usher_site *site); /* wipes them; for who frees it */
const usher_provider *usher_site_provider(const usher_site *site, usher_str id); /* or NULL */

#endif
