/* signed - mint and inspect for signed tokens (session/signed.h), line by line. */
#ifndef USHER_HOSTS_CLI_SIGNED_H
#define USHER_HOSTS_CLI_SIGNED_H

#include "hosts/cli/options.h"

/* With --signed: a token for each line of claims, and an answer (JSON) for each line with a token.
 */
cli_exit cli_mint_signed(cli *c, const cli_args *args);
cli_exit cli_inspect_signed(cli *c, const cli_args *args);

#endif
