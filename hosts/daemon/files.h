/* files - a folder of pages, read once when the daemon starts: what is served cannot be swapped for
 * something else behind it, and a request touches no file system. */
#ifndef USHERD_FILES_H
#define USHERD_FILES_H

#include "base/arena.h"
#include "site/node.h"

#define USHERD_FILES_MAX      256
#define USHERD_FILE_BYTES_MAX (1024u * 1024)
#define USHERD_FILES_DEPTH    8

typedef struct usherd_file {
    usher_str path; /* of the URL: "/", "/style.css", "/about" for about.html */
    usher_str body;
    const char *type; /* Content-Type; static */
} usherd_file;

typedef struct usherd_files {
    usher_arena arena;
    usherd_file *items; /* by path */
    size_t count;
} usherd_files;

/* Reads every regular file below `folder` whose name is made of letters, digits, '.', '-' and '_'
 * and does not begin with a dot. Symbolic links count only if they stay inside. What cannot be
 * served is a problem of `problems` (USHER_E_SETTING), a file that is left out a warning there. */
USHER_MUST_USE usher_status usherd_files_load(usherd_files *out, const usher_allocator *alloc,
                                              usher_str folder, usher_problems *problems,
                                              usher_error *err);
void usherd_files_free(usherd_files *files);

/* The page of a path as it stands in a request, undecoded; NULL if there is none. */
const usherd_file *usherd_files_find(const usherd_files *files, usher_str path);

#endif
