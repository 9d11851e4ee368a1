/* cli - what the commands of `usher` share: streams, clock and environment (so that a test can
 * bring its own), the arena, and small ways to print. */
#ifndef USHER_HOSTS_CLI_CLI_H
#define USHER_HOSTS_CLI_CLI_H

#include <stdio.h>

#include "base/arena.h"
#include "base/buf.h"
#include "usher/base.h"

typedef enum cli_exit {
    CLI_OK = 0,
    CLI_NEGATIVE = 1, /* the answer is no: a session that is not valid, a case that failed */
    CLI_USAGE = 2,    /* the command line, a file or a setting is wrong, or the host failed */
} cli_exit;

typedef struct cli {
    FILE *in, *out, *err;
    const char *(*getenv)(void *ctx, const char *name);
    void *env_ctx;
    int64_t now_s;
    usher_entropy entropy;
    const usher_allocator *alloc;
    usher_arena arena; /* of the command that runs */
} cli;

/* The whole program: argv[0] is ignored, argv[1] names the command. */
cli_exit cli_run(cli *c, int argc, char *const *argv);

/* Text from outside on a terminal: control characters become '?', whatever they would have done. */
void cli_put_text(FILE *to, usher_str text);
void cli_put_json(FILE *to, usher_str json); /* the same value, without controls */
void cli_put(FILE *to, usher_str text);      /* as it is: text of ours, or for a program to read */

/* "usher: <what>" on the error stream, and CLI_USAGE. */
cli_exit cli_complain(cli *c, const char *what);
cli_exit cli_complain_about(cli *c, const char *what, usher_str about);
/* The same for a status of the engine. */
cli_exit cli_complain_error(cli *c, const usher_error *err);

/* One line without its end. *more is false at the end of the input. */
usher_status cli_read_line(usher_str *line, bool *more, cli *c, usher_arena *a, size_t max,
                           usher_error *err);
/* Everything, up to `max` bytes. "-" is standard input. */
usher_status cli_read_file(usher_str *text, cli *c, const char *path, size_t max, usher_error *err);

/* What was written into `b`, printed with a line end; the outcome as an exit code. */
cli_exit cli_print_buf(cli *c, usher_buf *b);

#endif
