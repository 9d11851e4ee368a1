/* json_set - an object with one member changed; every other member keeps its bytes. */
#ifndef USHER_WIRE_JSON_SET_H
#define USHER_WIRE_JSON_SET_H

#include "wire/json.h"

/* The object with `name` (plain ASCII) set to `value`, the source text of a value: replaced where
 * it stands, or else put last. The member called `without`, if any, is left out. Written without
 * white space, from the index of an object that was read before. */
USHER_MUST_USE usher_status usher_json_set(usher_str *out, usher_arena *a,
                                           const usher_json_object *object, usher_str name,
                                           usher_str value, usher_str without, usher_error *err);

/* The object as text: its members as they stand in the source, without white space. */
USHER_MUST_USE usher_status usher_json_object_text(usher_str *out, usher_arena *a,
                                                   const usher_json_object *object,
                                                   usher_error *err);

/* The member's name as it stands in the source, with its quotes. */
usher_str usher_json_quoted_name(const usher_json_member *m);
/* True if the member is called so; names are compared after unescaping. */
bool usher_json_is_named(const usher_json_member *m, usher_str name);

#endif
