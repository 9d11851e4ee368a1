/* auth0_cookies - the cookies of Auth0's SDK: which of a request's are its session's, a value
 * joined from its pieces, and Set-Cookie as that system writes it. What the values mean is not
 * known here.
 *
 * A session is one cookie, or pieces numbered from 0 without a gap; a plain name that is not empty
 * hides the pieces (vectors auth0-sessions). Bounded: at most USHER_CHUNKS_MAX pieces are joined
 * and written, where the original counts on without end. */
#ifndef USHER_SESSION_AUTH0_COOKIES_H
#define USHER_SESSION_AUTH0_COOKIES_H

#include "base/arena.h"
#include "profile/profile.h"
#include "session/chunks.h"
#include "usher/base.h"
#include "wire/cookie.h"

#define USHER_AUTH0_COOKIES_MAX 128 /* of this system in one request */
#define USHER_AUTH0_LINES_MAX   256 /* Set-Cookie in one response */

/* A site's settings, as far as its cookies go. */
typedef struct usher_auth0_options {
    const usher_auth0_names *names;
    usher_str cookie_name, path, domain; /* of the session; an empty domain is not written */
    bool secure;
    usher_same_site same_site;
    bool transient; /* neither Max-Age nor Expires: the cookie goes with the browser */
    bool rolling;
    int64_t absolute_s, inactivity_s;
    usher_str tenant; /* the domain a session must be of where it names one; empty: any */
    usher_str transaction_prefix;
    int64_t transaction_max_age_s;
    bool parallel_transactions; /* one cookie for each state, not one for all */
    /* The limits and quirks of the original instead of ours: the absolute duration counts only when
     * a session is written, a session may lack members, `transient` is heeded by the session cookie
     * alone. For measuring ourselves against it; never for a site. */
    bool as_original;
} usher_auth0_options;

/* The original's defaults, Secure and rolling. */
void usher_auth0_options_init(usher_auth0_options *out);

/* The cookies of a request that are this system's, decoded: one for each name, in the order in
 * which the names first came, with the value that came last. */
typedef struct usher_auth0_jar {
    usher_cookie items[USHER_AUTH0_COOKIES_MAX];
    size_t count;
    bool too_many; /* more than that: nothing can be said about the session */
} usher_auth0_jar;

/* Everything of sessions: the session's names and v3's, and connection tokens. */
USHER_MUST_USE usher_status usher_auth0_jar_read(usher_auth0_jar *out, usher_arena *a,
                                                 const usher_auth0_options *options,
                                                 usher_str header, usher_error *err);
/* Every cookie whose name begins with the transactions' prefix. */
USHER_MUST_USE usher_status usher_auth0_jar_read_transactions(usher_auth0_jar *out, usher_arena *a,
                                                              const usher_auth0_options *options,
                                                              usher_str header, usher_error *err);
/* NULL if there is no such cookie. */
const usher_cookie *usher_auth0_jar_get(const usher_auth0_jar *jar, usher_str name);

/* True if `name` is `stem`, then digits only; *number is their value, SIZE_MAX if it is larger. */
bool usher_auth0_numbered(size_t *number, usher_str name, usher_str stem);
/* The same for a stem in two parts: a cookie's name, and what stands before a piece's number. */
bool usher_auth0_piece(size_t *number, usher_str cookie, usher_str name, usher_str separator);

typedef struct usher_auth0_value {
    usher_str value; /* absent: no such cookie, or pieces with a gap */
    bool incomplete; /* pieces came, but not all of them */
    bool too_many;   /* more pieces than are joined */
} usher_auth0_value;

/* No copy where one cookie has it all. */
USHER_MUST_USE usher_status usher_auth0_jar_value(usher_auth0_value *out, usher_arena *a,
                                                  const usher_auth0_jar *jar, usher_str name,
                                                  usher_str separator, usher_error *err);

/* The highest number of a piece that came, plus one (SIZE_MAX at most); 0 if none came. */
size_t usher_auth0_pieces_end(const usher_auth0_jar *jar, usher_str name, usher_str separator);

/* Values of Set-Cookie, in the order in which they are sent. */
typedef struct usher_auth0_lines {
    usher_str items[USHER_AUTH0_LINES_MAX];
    size_t count;
} usher_auth0_lines;

typedef struct usher_auth0_attributes {
    usher_str path, domain;
    bool secure;
    usher_same_site same_site;
    bool has_max_age; /* with Expires, unless it is 0 */
    int64_t max_age_s, now_s;
} usher_auth0_attributes;

/* Those of the session's cookies, without lifetime: what deletes. */
usher_auth0_attributes usher_auth0_session_attributes(const usher_auth0_options *options);

/* Appends name=value with its attributes, the value percent-encoded. USHER_E_LIMIT when there are
 * too many lines; USHER_E_USAGE for a name or an attribute that no cookie can have. */
USHER_MUST_USE usher_status usher_auth0_lines_put(usher_auth0_lines *lines, usher_arena *a,
                                                  usher_str name, usher_str value,
                                                  const usher_auth0_attributes *attributes,
                                                  usher_error *err);
/* The line that deletes a cookie: empty, Max-Age=0, without Expires. */
USHER_MUST_USE usher_status usher_auth0_lines_delete(usher_auth0_lines *lines, usher_arena *a,
                                                     usher_str name,
                                                     const usher_auth0_attributes *attributes,
                                                     usher_error *err);

#endif
