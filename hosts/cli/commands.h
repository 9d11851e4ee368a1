/* commands - the one table of what `usher` can do: dispatch, help and manual page come from it. */
#ifndef USHER_HOSTS_CLI_COMMANDS_H
#define USHER_HOSTS_CLI_COMMANDS_H

#include "hosts/cli/options.h"

typedef struct cli_command {
    const char *name;
    cli_exit (*run)(cli *c, const cli_args *args);
    const char *operands; /* as in the synopsis; NULL: it takes none */
    size_t operands_max;
    const char *summary;          /* one line, no full stop */
    const char *text;             /* paragraphs, separated by \n */
    const char *examples;         /* lines */
    const cli_option_id *options; /* OPT_COUNT at the end */
} cli_command;

const cli_command *cli_command_at(size_t index); /* NULL past the last */
const cli_command *cli_command_named(usher_str name);

cli_exit cli_secret_command(cli *c, const cli_args *args);
cli_exit cli_inspect_command(cli *c, const cli_args *args);
cli_exit cli_mint_command(cli *c, const cli_args *args);
cli_exit cli_session_command(cli *c, const cli_args *args);
cli_exit cli_check_command(cli *c, const cli_args *args);
cli_exit cli_doctor_command(cli *c, const cli_args *args);
cli_exit cli_vectors_command(cli *c, const cli_args *args);
cli_exit cli_version_command(cli *c, const cli_args *args);
cli_exit cli_help_command(cli *c, const cli_args *args);

void cli_print_help(FILE *to);                                 /* all commands */
void cli_print_command_help(FILE *to, const cli_command *cmd); /* one */
void cli_print_man(FILE *to);

#endif
