/* options - every option that some command has, in one table, and a command line read against it.
 */
#ifndef USHER_HOSTS_CLI_OPTIONS_H
#define USHER_HOSTS_CLI_OPTIONS_H

#include "hosts/cli/cli.h"

/* X(symbol, name, argument or NULL, help) */
#define CLI_OPTIONS(X)                                                                             \
    X(BYTES, "bytes", "N", "Random bytes of the secret: 32 (the default) to 1024.")                \
    X(PROFILE, "profile", "NAME", "Whose wire format: nextauth-4, authjs-5, auth0-4 or robojs.")   \
    X(SECRET, "secret", "TEXT",                                                                    \
      "The secret. Others can read it in the list of processes: prefer the two other ways.")       \
    X(SECRET_FILE, "secret-file", "FILE",                                                          \
      "Reads the secret from a file; one line end at its end does not count. Several, also mixed " \
      "with --secret, make a list: the first seals, all open.")                                    \
    X(COOKIE_NAME, "cookie-name", "NAME",                                                          \
      "The session cookie's name, where a site has changed it. authjs-5 derives its key from it.") \
    X(SECURE, "secure", NULL, "Names with the __Secure- prefix, as on https.")                     \
    X(INSECURE, "insecure", NULL, "Names without prefix, as on http.")                             \
    X(JSON, "json", NULL, "One JSON object instead of text for people.")                           \
    X(LINES, "lines", NULL, "Works on standard input, line by line; one line of output for each.") \
    X(SHOW_SECRETS, "show-secrets", NULL, "Prints tokens and secrets among the claims too.")       \
    X(NOW, "now", "SECONDS", "The clock, in seconds since 1970, instead of the system's.")         \
    X(NAME, "name", "TEXT", "The user's name.")                                                    \
    X(EMAIL, "email", "TEXT", "The user's e-mail address.")                                        \
    X(PICTURE, "picture", "URL", "The address of the user's picture.")                             \
    X(SUB, "sub", "TEXT", "The user's id.")                                                        \
    X(CLAIM, "claim", "NAME=JSON", "A further claim. Can be repeated.")                            \
    X(MAX_AGE, "max-age", "SECONDS",                                                               \
      "The session's lifetime; as the profile's original by default.")                             \
    X(COOKIE, "cookie", NULL, "Prints the value of a Cookie header instead of the token.")         \
    X(SET_COOKIE, "set-cookie", NULL, "Prints Set-Cookie lines instead of the token.")             \
    X(SIGNED, "signed", "ALG",                                                                     \
      "Signed tokens instead of sealed ones: HS256, RS256, ES256 or EdDSA. Wants --lines.")        \
    X(KEY_FILE, "key-file", "FILE",                                                                \
      "A key of --signed: a secret, or a key as PEM or JWK. Several make a list: the first "       \
      "signs, "                                                                                    \
      "all verify.")                                                                               \
    X(SETTINGS, "settings", "FILE", "The settings of the site, as usherd reads them.")             \
    X(UPDATE, "update", "JSON", "Changes the session besides, as the site's update call would.")   \
    X(MAN, "man", NULL, "Prints the manual page (roff) of all commands.")                          \
    X(HELP, "help", NULL, "Prints this help.")

typedef enum cli_option_id {
#define CLI_OPTION_ENUM(symbol, name, argument, help) OPT_##symbol,
    CLI_OPTIONS(CLI_OPTION_ENUM)
#undef CLI_OPTION_ENUM
        OPT_COUNT
} cli_option_id;

typedef struct cli_option {
    const char *name, *argument, *help;
} cli_option;
extern const cli_option cli_options[OPT_COUNT];

#define CLI_GIVEN_MAX 128

typedef struct cli_args {
    struct {
        cli_option_id id;
        const char *value;
    } given[CLI_GIVEN_MAX]; /* in order */
    size_t given_count;
    char *const *operands;
    size_t operand_count;
} cli_args;

/* Reads argv[1…] (argv[0] is the command's name). `known` lists the command's options, OPT_COUNT at
 * its end; --help is always known. False: the complaint has been printed. */
bool cli_parse(cli_args *out, cli *c, const cli_option_id *known, int argc, char *const *argv);

bool cli_has(const cli_args *args, cli_option_id id);
const char *cli_value(const cli_args *args, cli_option_id id); /* the last one, or NULL */
usher_str cli_text(const cli_args *args, cli_option_id id);    /* the same; absent if not given */
/* A whole number, perhaps negative; false, with a complaint, if it is none or out of bounds. */
bool cli_number(int64_t *out, cli *c, const cli_args *args, cli_option_id id, int64_t otherwise,
                int64_t low, int64_t high);

#endif
