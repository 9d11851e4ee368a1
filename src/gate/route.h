/* route - the paths that Next.js' `source` patterns name ("/post/:id(\\d+)", "/docs/:path*"), as
 * the text of a JavaScript regular expression: the grammar of path-to-regexp 6 with its default
 * options. The same text as the original's, so that one recorded there can be compared. */
#ifndef USHER_GATE_ROUTE_H
#define USHER_GATE_ROUTE_H

#include "base/arena.h"
#include "usher/base.h"

#define USHER_ROUTE_SOURCE_MAX 4096 /* characters, as Next.js allows */

/* The expression in the arena, anchored at both ends, "/" escaped as RegExp.source shows it. What
 * stands in parentheses is copied unread: usher_pattern_compile judges it. USHER_E_SETTING, with
 * the offset, for a source that path-to-regexp refuses. As Next.js does, a repeated parameter
 * without any text around it ("/a:b*") is compiled as if "/" stood before each repetition. */
USHER_MUST_USE usher_status usher_route_regexp(usher_str *out, usher_arena *a, usher_str source,
                                               usher_error *err);

#endif
