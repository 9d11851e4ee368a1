/* with_auth - the rules of NextAuth v4's middleware: which paths it lets through without a look,
 * and where it sends a visitor it does not let through. The session and the application's own
 * `authorized` callback are the caller's. */
#ifndef USHER_GATE_WITH_AUTH_H
#define USHER_GATE_WITH_AUTH_H

#include "base/arena.h"
#include "usher/base.h"

/* Absent (or empty) texts have the originals' defaults. */
typedef struct usher_with_auth {
    usher_str sign_in_page; /* "/api/auth/signin"; may be an absolute URL, and have a query */
    usher_str error_page;   /* "/api/auth/error" */
    usher_str auth_url;     /* NEXTAUTH_URL: the path in it is the one of the endpoints */
    usher_str base_path;    /* Next.js' own: "/base" */
    usher_str origin;       /* of the request, as Next.js has it */
} usher_with_auth;

/* The path of a request as Next.js shows it to a middleware. */
typedef struct usher_next_path {
    usher_str base; /* Next.js' base path, if the request has it; else empty */
    usher_str
        path; /* what follows; of a data route ("/_next/data/<build>/x.json") its page's ("/x") */
} usher_next_path;
/* `path` has been through a URL parser: no query, no dot segments. The result is views. */
usher_next_path usher_next_path_of(usher_str base, usher_str path);

/* Let through unseen: the endpoints, the two pages, "/_next" and "/favicon.ico". `path` is without
 * the base path. Unlike the original, whose prefixes end anywhere ("/api/authors", "/_nextdoor"), a
 * prefix ends with a segment, and no path is open that is not canonical (gate/path.h). */
USHER_MUST_USE usher_status usher_with_auth_skips(bool *out, const usher_with_auth *w,
                                                  usher_arena *a, usher_str path, usher_error *err);

/* Where a visitor without permission goes: the sign-in page, with the way back. `search` begins
 * with '?', or is empty. USHER_E_SETTING if the page is no URL. */
USHER_MUST_USE usher_status usher_with_auth_sign_in(usher_str *out, const usher_with_auth *w,
                                                    usher_arena *a, usher_str path,
                                                    usher_str search, usher_error *err);

/* Where everybody goes while there is no secret: the error page. */
USHER_MUST_USE usher_status usher_with_auth_misconfigured(usher_str *out, const usher_with_auth *w,
                                                          usher_arena *a, usher_error *err);

#endif
