/* path - one reading of a request path, or none. A path that a proxy, a framework and we might read
 * differently is "unclear": never public, whatever the rules say. */
#ifndef USHER_GATE_PATH_H
#define USHER_GATE_PATH_H

#include "usher/base.h"

typedef enum usher_path_kind {
    USHER_PATH_CANONICAL, /* raw, decoded and cleaned forms are the same text */
    /* Escapes, segments of dots only, "//", or a byte that is no pchar of RFC 3986, nor '/', or is
     * ';'. An honest client may send it ("/tags/c%23"): serve it, but only to who is signed in. */
    USHER_PATH_UNCLEAR,
    /* NUL or control (also escaped), '%' that begins no escape, one that a second decoding makes a
     * '.', '/' or backslash ("%252f"), '#', backslash, no leading '/': refuse the request. */
    USHER_PATH_INVALID,
} usher_path_kind;

/* `target` is a request target in origin form; what follows '?' is not looked at. *path gets the
 * part before it, whatever the kind: for the log if it is not canonical. */
usher_path_kind usher_path_classify(usher_str *path, usher_str target);

#endif
