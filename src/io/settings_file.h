/* settings_file - a settings file (YAML, of which JSON is a part) as a tree with places. */
#ifndef USHER_IO_SETTINGS_FILE_H
#define USHER_IO_SETTINGS_FILE_H

#include "site/node.h"

/* Reads the file (at most 1 MiB). Anchors, aliases, tags, merge keys, repeated keys and further
 * documents are refused, each with its place. */
USHER_MUST_USE usher_status usher_node_from_file(usher_node **out, usher_arena *a, const char *path,
                                                 usher_problems *problems, usher_error *err);
USHER_MUST_USE usher_status usher_node_from_yaml(usher_node **out, usher_arena *a, usher_str text,
                                                 usher_str file, usher_problems *problems,
                                                 usher_error *err);
#endif
