/* path - one reading of a request path, or none. A path that a proxy, a framework and we might read
 * differently is "unclear": never public, whatever the rules say. */
#ifndef USHER_GATE_PATH_H
#define USHER_GATE_PATH_H

#include "usher/base.h"

typedef enum usher_path_kind {
    USHER_PATH_CANONICAL, /* raw, decoded and cleaned forms are the same text */
    USHER_PATH_UNCLEAR,   /* escapes, dot segments, "//", ";" or bytes outside printable ASCII */
    USHER_PATH_INVALID,   /* NUL or control, invalid escape, '#', backslash, no leading '/' */
} usher_path_kind;

/* `target` is a request target in origin form; what follows '?' is not looked at. *path gets the
 * part before it. */
usher_path_kind usher_path_classify(usher_str *path, usher_str target);

#endif
