/* node - settings as a tree with places, whatever text they came from (JSON here, YAML in src/io). */
#ifndef USHER_SITE_NODE_H
#define USHER_SITE_NODE_H

#include "base/arena.h"
#include "usher/base.h"
#include "usher/site.h"

typedef enum usher_node_kind { USHER_NODE_SCALAR, USHER_NODE_LIST, USHER_NODE_MAP } usher_node_kind;

typedef struct usher_node usher_node;
struct usher_node {
    usher_node_kind kind;
    usher_str key;  /* of this entry in its map; absent in lists */
    size_t key_line, key_column;
    usher_str text; /* of a scalar */
    bool quoted;    /* a scalar in quotes is text whatever it looks like */
    size_t line, column;
    usher_node *first, *next; /* children of a list or map; siblings, in order */
};

/* Collects problems; grows with the default allocator. */
struct usher_problems {
    usher_arena arena;
    usher_problem *items;
    size_t count, room;
    size_t errors; /* those that are no warnings */
};
usher_problems *usher_problems_new(void);
/* printf-like text is built by the caller; `message` is copied. False when memory ran out. */
bool usher_problems_add(usher_problems *list, usher_str file, size_t line, size_t column,
                        bool warning, usher_str message);

/* Reads JSON into a tree. Problems get line and column. */
USHER_MUST_USE usher_status usher_node_from_json(usher_node **out, usher_arena *a, usher_str text,
                                                 usher_str file, usher_problems *problems,
                                                 usher_error *err);

/* Makes a site from the tree's `site` map (other top-level maps belong to the host and are left
 * alone; unknown top-level keys are refused by the host). `env` may be NULL. */
USHER_MUST_USE usher_status usher_site_from_node(usher_site **out, usher_problems *problems,
                                                 const usher_node *root, usher_str file,
                                                 usher_getenv *env, void *env_ctx, usher_error *err);
#endif
