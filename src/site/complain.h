/* complain - how a problem with the settings is put into words: one call at the place that knows.
 * Text of the input goes in shortened and with control characters spelt out, since it ends on a
 * terminal; secrets are never handed in. */
#ifndef USHER_SITE_COMPLAIN_H
#define USHER_SITE_COMPLAIN_H

#include "site/node.h"

/* Where problems go. Memory may run out while one is recorded; then the list is not the whole
 * truth, and the operation must end with USHER_E_NOMEM. */
typedef struct usher_complaints {
    usher_problems *list;
    usher_str file;
    bool no_memory;
} usher_complaints;

typedef struct usher_place {
    size_t line, column; /* 0: none */
} usher_place;

usher_place usher_place_of(const usher_node *node);     /* of its value; none for NULL */
usher_place usher_place_of_key(const usher_node *node); /* of its key, if it has one */

/* `$1`, `$2` and `$3` in the text stand for the views. */
void usher_complain(usher_complaints *c, usher_place at, const char *text, usher_str v1,
                    usher_str v2, usher_str v3);
void usher_warn(usher_complaints *c, usher_place at, const char *text, usher_str v1, usher_str v2,
                usher_str v3);
#define USHER_NIL ((usher_str){0})

#endif
