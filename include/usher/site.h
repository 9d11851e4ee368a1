/* usher/site.h - one configured site: base URL, profile, keys, providers, lifetimes, rules.
 * Immutable and counted: replace it whole to change a setting. Since 0.1. */
#ifndef USHER_SITE_H
#define USHER_SITE_H

#include "usher/base.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct usher_site usher_site; /* opaque */

/* One thing wrong with the settings. Text lives as long as the list. */
typedef struct usher_problem {
    usher_str file;
    size_t line,
        column; /* from 1; 0 if it has no place (an environment variable, a missing setting) */
    usher_str message;
    bool warning; /* the site can be used all the same */
} usher_problem;

typedef struct usher_problems usher_problems;             /* opaque list */
USHER_API void usher_problems_free(usher_problems *list); /* NULL is fine */
USHER_API size_t usher_problems_count(const usher_problems *list);
USHER_API const usher_problem *usher_problems_at(const usher_problems *list, size_t index);

/* A variable of the environment, or NULL: the originals' AUTH_SECRET, NEXTAUTH_URL, … */
typedef const char *usher_getenv(void *ctx, const char *name);

/* Makes a site from settings written as JSON (docs/settings.md lists them). `env` may be NULL: then
 * no environment is consulted. USHER_OK: *out is the caller's reference. USHER_E_SETTING: *problems
 * has every error with its place. *problems may hold warnings after USHER_OK too; it may be NULL if
 * nobody wants to know. YAML files: usher_site_load in usher/drive.h. */
USHER_API USHER_MUST_USE usher_status usher_site_new(usher_site **out, usher_problems **problems,
                                                     usher_str settings_json, usher_getenv *env,
                                                     void *env_ctx, usher_error *err);
USHER_API usher_site *usher_site_ref(usher_site *site); /* thread-safe */
USHER_API void usher_site_unref(usher_site *site); /* NULL is fine; the last one wipes the keys */

/* Borrowed from the site. */
USHER_API usher_str usher_site_base_url(const usher_site *site);  /* origin, no trailing slash */
USHER_API usher_str usher_site_base_path(const usher_site *site); /* "/api/auth" */
USHER_API usher_str usher_site_profile(const usher_site *site);   /* "authjs-5" */

/* True if operations on this site may want a hook (settings: hooks, session.token: hook): only a
 * program that has the functions can serve it. */
USHER_API bool usher_site_wants_hooks(const usher_site *site);
/* True if operations may want steps on rows (settings: session.strategy, users): only a program
 * that has a store can serve it. */
USHER_API bool usher_site_wants_store(const usher_site *site);

/* What the keys of one secret were used for, since the site was made and by this process. */
typedef struct usher_key_counts {
    size_t format;   /* 0: the site's own sessions; from 1: those of site.accept[], in its order */
    size_t secret;   /* its place in that one's list; the first seals, all open */
    uint64_t opened; /* sealed values that opened with it: sessions and check cookies alike */
    uint64_t sealed;
    uint64_t failed; /* values it was tried on and that no secret of the list opened */
} usher_key_counts;

/* Of one secret after the other, over all formats. False past the last. Threads: any. */
USHER_API bool usher_site_key_counts(const usher_site *site, size_t index, usher_key_counts *out);

#ifdef __cplusplus
}
#endif
#endif
