/* url - absolute http(s) URLs and same-origin paths, judged as a browser would (WHATWG URL).
 *
 * usher_url_read is stricter than a browser: control characters, backslashes, user information and
 * non-http schemes are refused rather than repaired. usher_url_callback repairs as a browser does,
 * for its rule is the originals', and refuses control characters alone. */
#ifndef USHER_WIRE_URL_H
#define USHER_WIRE_URL_H

#include "base/arena.h"
#include "base/buf.h"
#include "usher/base.h"

typedef struct usher_url {
    bool https;
    usher_str host; /* as it stands; compare without case; brackets kept for IPv6 */
    uint16_t port;  /* effective: 80 or 443 if none is written */
    bool port_given;
    usher_str path;  /* begins with '/', or is empty */
    usher_str query; /* without '?'; absent if there is no '?' */
    usher_str fragment;
} usher_url;

/* An absolute http or https URL. Views into `text`. Refused beside the above (USHER_E_SYNTAX, with
 * the offset): text that is not UTF-8; a host that is not ASCII (write it as "xn--..."), or an IPv4
 * address in another spelling than four decimal numbers; an empty port, 0, or one with leading
 * zeros. Outside the host, spaces and UTF-8 are kept as they are: who writes a header from them
 * encodes them. A backslash in the query or the fragment stands for itself and stays. */
USHER_MUST_USE usher_status usher_url_read(usher_url *out, usher_str text, usher_error *err);
/* scheme, host and effective port are the same (host without case). */
bool usher_url_same_origin(const usher_url *a, const usher_url *b);
/* scheme://host[:port], lower-cased host, default port left out. */
void usher_url_put_origin(usher_buf *b, const usher_url *url);
/* 127.0.0.0/8, [::1] or localhost (any label below .localhost too). */
bool usher_url_is_loopback(const usher_url *url);

/* What JavaScript's URL parser makes of a text, paths being resolved against the site's origin. */
typedef enum usher_url_kind {
    USHER_URL_NONE,  /* it throws: "dashboard", "https://", "//[" */
    USHER_URL_OTHER, /* a URL of another scheme */
    USHER_URL_WEB,   /* http or https */
} usher_url_kind;

/* The rule both systems apply to a callback URL by default: `url` beginning with '/' gives base +
 * url; a URL of the same origin is itself, blob: URLs and user information included; everything
 * else is `base`. "//host" and "/\host" are paths here: never cut the origin off the result again,
 * and encode its backslashes in Location. Stricter than the originals where text cannot stand in a
 * header: with control characters or invalid UTF-8 it gives the base. *kind is of `url` (the
 * originals throw at NONE, unless it begins with '/'). `base` is an origin (else USHER_E_USAGE).
 * Given its own result again, it gives the same. *out is in the arena, or is `url` or `base`. */
USHER_MUST_USE usher_status usher_url_callback(usher_str *out, usher_url_kind *kind, usher_arena *a,
                                               usher_str url, usher_str base, usher_error *err);

/* Puts `?` or `&` and name=value (form-encoded) behind the query of the URL in the buffer. */
void usher_url_put_param(usher_buf *b, usher_str name, usher_str value);

#endif
