/* settings_file - a settings file (YAML, of which JSON is a part) as a tree with places. */
#ifndef USHER_IO_SETTINGS_FILE_H
#define USHER_IO_SETTINGS_FILE_H

#include "site/node.h"

/* Anchors, aliases, tags, merge keys, repeated keys, further documents, NUL, more than 1 MiB and
 * more than 16 levels are refused, each with its place: USHER_E_SETTING, and *out is NULL.
 *
 * Give the arena a limit of USHER_NODE_MEMORY, and deinit it soon: it holds the secrets. */
USHER_MUST_USE usher_status usher_node_from_yaml(usher_node **out, usher_arena *a, usher_str text,
                                                 usher_str file, usher_problems *problems,
                                                 usher_error *err);

/* Reads the file and what it refers to: `secret_file`, `secrets_files` and `client_secret_file`
 * become `secret`, `secrets` and `client_secret`. Relative names are relative to the settings file.
 * A file that cannot be read is a problem, and USHER_E_SETTING. */
USHER_MUST_USE usher_status usher_node_from_file(usher_node **out, usher_arena *a, const char *path,
                                                 usher_problems *problems, usher_error *err);
#endif
