/* text - checks that several units of this folder make on what a provider sends. */
#ifndef USHER_OAUTH_TEXT_H
#define USHER_OAUTH_TEXT_H

#include "base/arena.h"
#include "usher/base.h"
#include "wire/json.h"

/* 1*VSCHAR of RFC 6749 appendix A: printable ASCII, at least one character. What passes can stand
 * in a header field or a form without further thought. */
bool usher_oauth_visible(usher_str text);

/* application/json or application/…+json, with or without parameters. */
bool usher_oauth_is_json(usher_str content_type);

/* A JSON object without repeated members, indexed over a copy in the arena: it stays when `body`
 * has gone. */
USHER_MUST_USE usher_status usher_oauth_document(usher_json_object *out, usher_arena *a,
                                                 usher_str body, usher_error *err);

/* A member as text. Absent or null: absent. Another type: USHER_E_SYNTAX. */
USHER_MUST_USE usher_status usher_oauth_optional(usher_str *out, usher_arena *a,
                                                 const usher_json_object *o, usher_str name,
                                                 usher_error *err);

#endif
