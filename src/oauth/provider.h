/* provider - an identity provider as configured: immutable, part of the site. */
#ifndef USHER_OAUTH_PROVIDER_H
#define USHER_OAUTH_PROVIDER_H

#include "base/secret.h"
#include "usher/base.h"
#include "wire/jose/jws.h"

typedef enum usher_provider_type {
    USHER_PROVIDER_OIDC,
    USHER_PROVIDER_DEVELOPMENT, /* pick a name, be signed in: loopback and development only */
    USHER_PROVIDER_CREDENTIALS, /* a form, which a function of the program judges */
} usher_provider_type;

typedef enum usher_client_auth {
    USHER_CLIENT_SECRET_BASIC,
    USHER_CLIENT_SECRET_POST,
    USHER_CLIENT_NONE,
} usher_client_auth;

typedef struct usher_development_user {
    usher_str id, name, email, image;
} usher_development_user;

/* An input of the form of a credentials provider. */
typedef struct usher_field {
    usher_str name, label, type, placeholder;
} usher_field;

typedef struct usher_provider {
    usher_provider_type type;
    usher_str id, name;
    usher_str issuer; /* exactly as configured; compared byte for byte */
    usher_str client_id;
    usher_secret client_secret;
    usher_client_auth client_auth;
    usher_str scope;            /* "openid profile email" by default */
    usher_jws_alg id_token_alg; /* RS256 by default */
    bool state, nonce;          /* checks besides PKCE */
    bool pkce;                  /* true by default; some providers refuse it */
    bool userinfo;              /* ask the userinfo endpoint and use its claims */
    bool link_by_email;         /* its addresses are verified, and so tell who somebody is */
    bool plain_http, private_network;
    uint32_t timeout_ms;
    const usher_development_user *users; /* of a development provider */
    size_t user_count;
    const usher_field *fields; /* of a credentials provider */
    size_t field_count;
} usher_provider;

#endif
