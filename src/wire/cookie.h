/* cookie - the Cookie header as each original reads it, and Set-Cookie as both write it.
 *
 * The originals disagree about duplicates, quotes and percent signs, and a session opens only if it
 * is read as its writer's system reads it; hence the dialects. No meaning of a cookie is known. */
#ifndef USHER_WIRE_COOKIE_H
#define USHER_WIRE_COOKIE_H

#include "base/arena.h"
#include "base/buf.h"
#include "usher/base.h"

typedef enum usher_cookie_dialect {
    USHER_COOKIE_PACKAGE,    /* the npm package `cookie` 0.7: NextAuth v4 given a Request */
    USHER_COOKIE_AUTHJS,     /* @auth/core 0.41's own copy */
    USHER_COOKIE_NEXT_PAGES, /* Next.js API routes and getServerSideProps */
    USHER_COOKIE_NEXT_EDGE,  /* Next.js middleware, route handlers and server components */
} usher_cookie_dialect;

typedef struct usher_cookie {
    usher_str name;
    usher_str value; /* decoded as the dialect does; in the arena if it is not the source's text */
} usher_cookie;

#define USHER_COOKIES_MAX 1024 /* pairs in one header; more is USHER_E_LIMIT */

/* Takes the next pair off *header; false at the end. The value is raw (undecoded, quotes kept);
 * pairs the dialect skips are skipped. Duplicates are NOT resolved. What is left in *header is for
 * the next call only: it begins with the ';' that ended the pair. Bytes above 7F are kept as they
 * came (to the originals each is one Latin-1 character). Linear in the bytes it passes; allocates
 * nothing. */
typedef struct usher_cookie_raw {
    usher_str name, value;
} usher_cookie_raw;
bool usher_cookie_next(usher_cookie_raw *out, usher_str *header, usher_cookie_dialect dialect);
/* The next pair whose name begins with `prefix`: what calling usher_cookie_next until then would
 * find, without taking the others apart. */
bool usher_cookie_seek(usher_cookie_raw *out, usher_str *header, usher_str prefix,
                       usher_cookie_dialect dialect);

/* One raw value decoded as the dialect does (percent signs, quotes). *keep = false if the dialect
 * drops the pair. Without anything to decode, *out is the raw view: no copy. */
USHER_MUST_USE usher_status usher_cookie_decode(usher_str *out, bool *keep, usher_arena *a,
                                                usher_str raw, usher_cookie_dialect dialect,
                                                usher_error *err);

/* The pairs as the dialect holds them: decoded, one for each name, in its order (names that are
 * array indices come first, by value, in the three that hold an object). */
typedef struct usher_cookies {
    usher_cookie *items;
    size_t count;
} usher_cookies;
USHER_MUST_USE usher_status usher_cookies_read(usher_cookies *out, usher_arena *a, usher_str header,
                                               usher_cookie_dialect dialect, usher_error *err);
/* The value, or the absent view. */
usher_str usher_cookies_get(const usher_cookies *cookies, usher_str name);
/* What usher_cookies_read and usher_cookies_get would give under one name that is not empty,
 * without taking the other cookies apart. Their number is not looked at: */
USHER_MUST_USE usher_status usher_cookie_read_one(usher_str *out, usher_arena *a, usher_str header,
                                                  usher_str name, usher_cookie_dialect dialect,
                                                  usher_error *err);
bool usher_cookies_too_many(usher_str header, usher_cookie_dialect dialect);

typedef enum usher_same_site {
    USHER_SAME_SITE_UNSET = 0,
    USHER_SAME_SITE_LAX,
    USHER_SAME_SITE_STRICT,
    USHER_SAME_SITE_NONE,
} usher_same_site;

typedef struct usher_set_cookie {
    usher_str name;
    usher_str value; /* unencoded; encodeURIComponent is applied */
    bool plain;      /* a value of base64url and dots only, which has nothing to encode */
    bool has_max_age, has_expires;
    int64_t max_age_s;
    int64_t expires_s;
    usher_str domain, path; /* written if not empty */
    bool http_only, secure;
    usher_same_site same_site;
    bool edge; /* in the order of Next.js' edge runtime, and SameSite in lower case */
} usher_set_cookie;

/* True for a name that a cookie can be set with: a token of RFC 9110. Requests bring others too. */
bool usher_cookie_is_name(usher_str name);

/* The value of one Set-Cookie header, attributes in the originals' order. USHER_E_USAGE for a name
 * or attribute that no cookie can have. What a browser demands of "__Host-" and "__Secure-" names
 * is the business of who sets the attributes. */
USHER_MUST_USE usher_status usher_set_cookie_write(usher_str *out, usher_arena *a,
                                                   const usher_set_cookie *c, usher_error *err);

#endif
