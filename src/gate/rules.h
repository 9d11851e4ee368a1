/* rules - which paths need no session. Compared on segment boundaries, on canonical paths only. */
#ifndef USHER_GATE_RULES_H
#define USHER_GATE_RULES_H

#include "base/arena.h"
#include "usher/base.h"

/* "/about" is that path exactly. With a last segment of one star, as in "/docs/" and a star, it is
 * /docs/ and everything below it, and /docs itself; "/" and a star is every path. */
typedef struct usher_rules {
    const usher_str *open; /* patterns */
    size_t open_count;
} usher_rules;

/* USHER_E_SETTING with what is wrong: no leading '/', a '*' elsewhere than at the end, a path that
 * is not canonical, a query. */
USHER_MUST_USE usher_status usher_rules_check(usher_str pattern, usher_error *err);
/* True only for a canonical path (gate/path.h) that a pattern names, compared with case. The
 * patterns have passed usher_rules_check. A request target's query, its method and its headers play
 * no part. */
/* `rules` may be NULL: then nothing is open. */
bool usher_rules_open(const usher_rules *rules, usher_str target);

#endif
