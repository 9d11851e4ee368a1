/* build - from settings to a site: what the rooms of src/site share while one is made. Every part
 * complains about all it finds and goes on, so that one run shows everything that is wrong. */
#ifndef USHER_SITE_BUILD_H
#define USHER_SITE_BUILD_H

#include "flow/site.h"
#include "session/keyring.h"
#include "site/reader.h"
#include "wire/base64url.h"
#include "wire/url.h"

/* What a site is made with; tests lend their own. */
typedef struct usher_site_parts {
    const usher_allocator *alloc;
    usher_entropy entropy;
    usher_getenv *env; /* NULL: no environment */
    void *env_ctx;
} usher_site_parts;

/* usher_site_from_node and usher_site_new with other parts than the defaults. */
USHER_MUST_USE usher_status usher_site_build(usher_site **out, usher_problems *problems,
                                             const usher_node *root, usher_str file,
                                             const usher_site_parts *parts, usher_error *err);
USHER_MUST_USE usher_status usher_site_new_with(usher_site **out, usher_problems **problems,
                                                usher_str settings_json,
                                                const usher_site_parts *parts, usher_error *err);

/* A secret as found; the text is borrowed from the tree, the environment or `made`. */
typedef struct usher_found_secret {
    usher_str text;
    usher_place place;
    usher_str name; /* "site.secret", "AUTH_SECRET" */
} usher_found_secret;

#define USHER_KEYS_MAX 16 /* of one format's signing keys */

/* What the keys of a format are made from, until they are. */
typedef struct usher_format_secrets {
    usher_found_secret secrets[USHER_SECRETS_MAX], signing[USHER_KEYS_MAX];
    size_t secret_count, signing_count; /* no secrets: the site's */
    int64_t signing_alg;                /* index of the word */
    const usher_node *node;             /* of the accept entry; NULL: the site itself */
} usher_format_secrets;

#define USHER_MADE_SECRET 43 /* base64url of 32 bytes */

typedef struct usher_building {
    usher_complaints c;
    const usher_site_parts *parts;
    usher_site *site;
    usher_arena scratch; /* wiped when the site is made */
    usher_value v[USHER_ROWS_SITE];
    usher_status status; /* the first failure that is not a problem of the settings */
    bool base_known; /* the base URL could be read; otherwise what follows from it is not judged */
    bool loopback;
    usher_url base;     /* views into the site's base_url */
    usher_str url_path; /* that base_url had, where base_path is below it; absent: none */
    usher_found_secret secrets[USHER_SECRETS_MAX];
    size_t secret_count;
    usher_format_secrets format_secrets[USHER_FORMATS_MAX];
    char made[USHER_MADE_SECRET]; /* wiped by usher_site_build */
} usher_building;

/* The environment variables of the system a profile stands for, in the order it asks them. */
typedef struct usher_environment {
    const usher_profile *profile;
    const char *url[2], *secret[2];
    const char *numbered[3]; /* secrets, asked if none of the above is set */
    bool scheme_optional;    /* "app.example.com" is taken for https */
    /* Of a system with one provider: its domain, client id and secret. */
    const char *provider[3];
} usher_environment;
const usher_environment *usher_build_environment(const usher_building *b);

/* A copy in the site's arena; absent stays absent. A failure is kept in b->status. */
usher_str usher_build_keep(usher_building *b, usher_str text);
/* Zeroed memory in the site's arena, or NULL with b->status set. */
void *usher_build_get(usher_building *b, size_t count, size_t size);
/* The variable's value, in b->scratch (a host may use the same buffer for the next one); absent if
 * it is not set or empty. */
usher_str usher_build_env(usher_building *b, const char *name);

/* The maps of a list, with the index that each has in it. An entry of another kind was complained
 * about; the others are read all the same, so that one run shows everything. */
const usher_node *usher_build_first_map(const usher_value *list, size_t *index);
const usher_node *usher_build_next_map(const usher_node *from, size_t *index);
/* "site.providers[2]" */
usher_str usher_build_indexed_name(usher_complaints *c, usher_str list, size_t index);

/* A secret that is too weak is an error, in development a warning. */
void usher_build_judge_secret(usher_building *b, const usher_found_secret *s);
bool usher_build_is_cookie_name(usher_str name);

void usher_build_base(usher_building *b);
void usher_build_secrets(usher_building *b);
void usher_build_cookies(usher_building *b);
void usher_build_pages(usher_building *b); /* pages, title, open paths, header prefix */
void usher_build_providers(usher_building *b);
void usher_build_lifetimes(usher_building *b);
void usher_build_auth0(usher_building *b); /* what only the routes of Auth0's SDK look at */
/* A domain as AUTH0_DOMAIN has it, or its URL, as the issuer that it is, in b->scratch; absent
 * after a complaint. */
usher_str usher_build_auth0_issuer(usher_building *b, usher_str domain, usher_str name);
void usher_build_formats(usher_building *b); /* what is written and what is read too */
/* Keys of all formats; after the rest was found to be right. */
USHER_MUST_USE usher_status usher_build_keys(usher_building *b, usher_error *err);
void usher_build_budget(usher_building *b); /* warns of headers that grow too large */

#endif
