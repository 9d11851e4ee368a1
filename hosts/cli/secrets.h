/* secrets - where a command's secret comes from, and the key ring made with it. */
#ifndef USHER_HOSTS_CLI_SECRETS_H
#define USHER_HOSTS_CLI_SECRETS_H

#include "hosts/cli/options.h"
#include "session/keyring.h"

typedef struct cli_secrets {
    usher_secret list[USHER_SECRETS_MAX];
    size_t count;
} cli_secrets;

/* From the options, else from the environment. False: the complaint has been printed. The bytes lie
 * in the arena, which wipes them. */
bool cli_secrets_read(cli_secrets *out, cli *c, const cli_args *args);

/* A ring for session tokens; authjs-5 salts its key with the cookie's name. */
USHER_MUST_USE usher_status cli_ring(usher_keyring *out, cli *c, const usher_profile *profile,
                                     const cli_secrets *secrets, usher_str cookie_name,
                                     usher_error *err);

/* The profile that --profile names; NULL if it is not given. False: a complaint, no such profile.
 */
bool cli_profile(const usher_profile **out, cli *c, const cli_args *args);

#endif
