/* node - settings as a tree with places, whatever text they came from (JSON here, YAML in src/io).
 */
#ifndef USHER_SITE_NODE_H
#define USHER_SITE_NODE_H

#include "base/arena.h"
#include "usher/base.h"
#include "usher/site.h"

typedef enum usher_node_kind { USHER_NODE_SCALAR, USHER_NODE_LIST, USHER_NODE_MAP } usher_node_kind;

typedef struct usher_node usher_node;
struct usher_node {
    usher_node_kind kind;
    usher_str key; /* of this entry in its map; absent in lists */
    size_t key_line, key_column;
    usher_str text; /* of a scalar */
    bool quoted;    /* a scalar in quotes is text whatever it looks like */
    size_t line, column;
    usher_node *first, *next; /* children of a list or map; siblings, in order */
};

#define USHER_SETTINGS_MAX   (1u << 20) /* bytes of a settings text */
#define USHER_NODE_DEPTH_MAX 16
#define USHER_NODES_MAX      10000
#define USHER_NODE_MEMORY    (16u << 20) /* a limit for the arena of the largest tree */

/* The entry of that name, or NULL; also if `map` is NULL or no map. */
const usher_node *usher_node_get(const usher_node *map, usher_str key);

/* Collects problems; grows with its allocator. Past USHER_PROBLEMS_MAX they are only counted. */
#define USHER_PROBLEMS_MAX 500
struct usher_problems {
    const usher_allocator *alloc;
    usher_arena arena;
    usher_problem *items;
    size_t count, room;
    size_t errors; /* those that are no warnings */
};
usher_problems *usher_problems_new(void); /* with the default allocator */
usher_problems *usher_problems_new_with(const usher_allocator *alloc);
bool usher_problems_full(const usher_problems *list);
/* The views are copied. False when memory ran out. */
bool usher_problems_add(usher_problems *list, usher_str file, size_t line, size_t column,
                        bool warning, usher_str message);

/* Reads JSON into a tree. Problems get line and column (in characters, from 1). USHER_E_SETTING:
 * a problem says what is wrong. Repeated names, NUL, and more than the bounds above are refused. */
USHER_MUST_USE usher_status usher_node_from_json(usher_node **out, usher_arena *a, usher_str text,
                                                 usher_str file, usher_problems *problems,
                                                 usher_error *err);

/* The host's part: refuses top-level keys other than `site` and `daemon`, and a root that is no
 * map. False only when memory ran out; what is wrong is among the problems. */
bool usher_settings_check_top(const usher_node *root, usher_str file, usher_problems *problems);

/* Makes a site from the tree's `site` map (other top-level maps belong to the host and are left
 * alone; unknown top-level keys are refused by the host). `env` may be NULL. */
USHER_MUST_USE usher_status usher_site_from_node(usher_site **out, usher_problems *problems,
                                                 const usher_node *root, usher_str file,
                                                 usher_getenv *env, void *env_ctx,
                                                 usher_error *err);
#endif
