#include "hosts/cli/commands.h"

#include "base/str.h"

#define LIST(...) ((const cli_option_id[]){__VA_ARGS__, OPT_COUNT})

static const cli_command commands[] = {
    {
        .name = "secret",
        .run = cli_secret_command,
        .summary = "make a secret",
        .text = "Prints random bytes from the system's generator as base64url: a value for "
                "AUTH_SECRET.",
        .examples = "usher secret > secret.txt",
        .options = LIST(OPT_BYTES),
    },
    {
        .name = "inspect",
        .run = cli_inspect_command,
        .operands = "[TOKEN | COOKIES | -]",
        .operands_max = 1,
        .summary = "open a session cookie or token and say what it is",
        .text =
            "Takes a token, a cookie as name=value, or a whole Cookie header, in pieces or not; "
            "from the command line, or from standard input if it is \"-\" or missing. Prints the "
            "verdict (valid, expired, rejected, none), its cause, the token's header with the "
            "key's id, and the claims. Values that are secrets themselves are masked.\n"
            "Profile and cookie are guessed where they are not given. What it says about a session "
            "of "
            "Auth0's goes by the lifetimes that their SDK has when nothing is set.\n"
            "The secret comes from --secret-file or --secret, else from USHER_SECRET, "
            "AUTH_SECRET or NEXTAUTH_SECRET, whichever is set first.\n"
            "The exit status is 0 for a valid session and 1 for any other verdict.",
        .examples = "usher inspect < cookie.txt\n"
                    "usher inspect --json 'authjs.session-token=eyJhbGci...'\n"
                    "usher inspect --lines --json < tokens.txt",
        .options = LIST(OPT_PROFILE, OPT_SECRET, OPT_SECRET_FILE, OPT_COOKIE_NAME, OPT_SECURE,
                        OPT_INSECURE, OPT_JSON, OPT_LINES, OPT_SHOW_SECRETS, OPT_NOW, OPT_SIGNED,
                        OPT_KEY_FILE),
    },
    {
        .name = "mint",
        .run = cli_mint_command,
        .summary = "make a valid session for a test",
        .text =
            "Seals a session for the user that the options describe, as the profile's original "
            "would, and prints the token. Whoever has the secret can be anybody: keep both out "
            "of logs.\n"
            "With auth0-4, claims of the user's tokens (access_token, refresh_token, id_token, "
            "scope, "
            "expires_at) go into the session's tokenSet, the others into its user.\n"
            "With --lines, each line of standard input is a JSON object of claims, or with auth0-4 "
            "a session; iat, exp and jti (auth0-4: exp) are set, nothing else is changed. A line "
            "that is no object gives an empty line, "
            "a complaint, and exit status 1.\n"
            "The secret comes from where inspect takes it.",
        .examples = "usher mint --profile authjs-5 --sub 1 --name Ada --cookie\n"
                    "usher mint --profile nextauth-4 --sub 1 --claim 'role=\"admin\"'",
        .options = LIST(OPT_PROFILE, OPT_SECRET, OPT_SECRET_FILE, OPT_NAME, OPT_EMAIL, OPT_PICTURE,
                        OPT_SUB, OPT_CLAIM, OPT_MAX_AGE, OPT_COOKIE_NAME, OPT_SECURE, OPT_INSECURE,
                        OPT_COOKIE, OPT_SET_COOKIE, OPT_LINES, OPT_NOW, OPT_SIGNED, OPT_KEY_FILE),
    },
    {
        .name = "session",
        .run = cli_session_command,
        .operands = "[COOKIES | -]",
        .operands_max = 1,
        .summary = "say what a site makes of a browser's cookies",
        .text =
            "Takes a Cookie header, from the command line or from standard input, and does what a "
            "request to the site of these settings would: prints the verdict, the system whose "
            "cookie it was, the session as programs see it, and the Set-Cookie lines of the "
            "answer, with which it is renewed or carried over from a format that the site "
            "accepts. Those lines are somebody's session: keep them out of logs.\n"
            "The exit status is 0 for a valid session and 1 for any other verdict.",
        .examples = "usher session --settings usher.yaml < cookies.txt\n"
                    "usher session --settings usher.yaml --json --update '{\"role\":\"admin\"}' -",
        .options = LIST(OPT_SETTINGS, OPT_UPDATE, OPT_JSON, OPT_LINES, OPT_SHOW_SECRETS, OPT_NOW),
    },
    {
        .name = "check",
        .run = cli_check_command,
        .operands = "FILE",
        .operands_max = 1,
        .summary = "read a settings file and list what is wrong with it",
        .text = "Reads the file as usherd would, environment included, and prints every problem as "
                "file:line:column: message. The exit status is 2 if one of them is an error.",
        .examples = "usher check usher.yaml",
        .options = LIST(OPT_COUNT),
    },
    {
        .name = "doctor",
        .run = cli_doctor_command,
        .operands = "[FILE]",
        .operands_max = 1,
        .summary = "say what usher works with here, and what is in the way",
        .text = "Looks at libcrypto, the processor, the limit of locked memory and the secrets of "
                "the environment, and at a settings file as `usher check` does. No secret is "
                "shown. The exit status is 1 if something is in the way, and 2 if it is in the "
                "file. The npm package has a doctor of its own: npx usher doctor.",
        .examples = "usher doctor usher.yaml",
        .options = LIST(OPT_COUNT),
    },
    {
        .name = "vectors",
        .run = cli_vectors_command,
        .operands = "FILE...",
        .operands_max = SIZE_MAX,
        .summary = "run files of measured cases against this engine",
        .text =
            "Each case says what one of the original packages did with an input. Prints each "
            "case that comes out otherwise, then \"N passed, N failed\". Cases about operations "
            "that the engine does not have count as failed.",
        .examples = "usher vectors tests/vectors/authjs5-tokens.json",
        .options = LIST(OPT_COUNT),
    },
    {
        .name = "version",
        .run = cli_version_command,
        .summary = "print the version",
        .text = "Prints the name and the version.",
        .options = LIST(OPT_COUNT),
    },
    {
        .name = "help",
        .run = cli_help_command,
        .operands = "[COMMAND]",
        .operands_max = 1,
        .summary = "explain a command",
        .text = "Prints the list of commands, or what one of them does and takes.",
        .options = LIST(OPT_MAN),
    },
};

const cli_command *cli_command_at(size_t index)
{
    return index < sizeof commands / sizeof *commands ? &commands[index] : NULL;
}

const cli_command *cli_command_named(usher_str name)
{
    for (size_t i = 0; i < sizeof commands / sizeof *commands; i++)
        if (usher_str_eq(usher_str_z(commands[i].name), name)) return &commands[i];
    return NULL;
}

/* ---- text for people ----------------------------------------------------------------------- */

#define WIDTH 78

/* Words up to the width, each line indented; a \n begins a paragraph. */
static void print_wrapped(FILE *to, usher_str text, int indent)
{
    int column = 0;

    while (text.len) {
        size_t len = 0;

        while (len < text.len && text.ptr[len] != ' ' && text.ptr[len] != '\n')
            len++;
        if (column && column + 1 + (int)len > WIDTH) {
            fputc('\n', to);
            column = 0;
        }
        column += column ? fprintf(to, " ") : fprintf(to, "%*s", indent, "");
        cli_put(to, (usher_str){text.ptr, len});
        column += (int)len;
        bool paragraph = len < text.len && text.ptr[len] == '\n';
        if (paragraph) {
            fprintf(to, "\n\n");
            column = 0;
        }
        text = usher_str_from(text, len + 1);
    }
    if (column) fputc('\n', to);
}

void cli_print_help(FILE *to)
{
    fprintf(to, "usher: web sessions and sign-in\n\nusage: usher COMMAND [OPTION...]\n\n");
    for (size_t i = 0; i < sizeof commands / sizeof *commands; i++)
        fprintf(to, "  %-9s %s\n", commands[i].name, commands[i].summary);
    fprintf(to, "\n\"usher help COMMAND\" says more.\n");
}

static void print_option_help(FILE *to, cli_option_id id)
{
    const cli_option *o = &cli_options[id];

    fprintf(to, "  --%s%s%s\n", o->name, o->argument ? " " : "", o->argument ? o->argument : "");
    print_wrapped(to, usher_str_z(o->help), 6);
}

static void print_lines(FILE *to, usher_str lines, const char *before, const char *after)
{
    while (lines.len) {
        usher_str line = usher_str_cut(lines, '\n', &lines);

        fprintf(to, "%s", before);
        cli_put(to, line);
        fprintf(to, "%s", after);
    }
}

void cli_print_command_help(FILE *to, const cli_command *cmd)
{
    fprintf(to, "usher %s: %s\n\nusage: usher %s [OPTION...]%s%s\n\n", cmd->name, cmd->summary,
            cmd->name, cmd->operands ? " " : "", cmd->operands ? cmd->operands : "");
    print_wrapped(to, usher_str_z(cmd->text), 0);
    fprintf(to, "\n");
    for (const cli_option_id *o = cmd->options; *o != OPT_COUNT; o++)
        print_option_help(to, *o);
    print_option_help(to, OPT_HELP);
    if (cmd->examples) fprintf(to, "\n");
    print_lines(to, usher_str_z(cmd->examples), "  ", "\n");
}

/* ---- the manual page ----------------------------------------------------------------------- */

/* Text in roff: a backslash is spelt out, a hyphen is one and not a dash, and no line begins with
 * a control character. */
static void put_roff(FILE *to, usher_str text)
{
    for (size_t i = 0; i < text.len; i++) {
        char c = text.ptr[i];
        bool starts = i == 0 || text.ptr[i - 1] == '\n';

        if (starts && (c == '.' || c == '\'')) fprintf(to, "\\&");
        if (c == '\\')
            fprintf(to, "\\e");
        else if (c == '-')
            fprintf(to, "\\-");
        else if (c == '\n')
            fprintf(to, "\n.PP\n");
        else
            fputc(c, to);
    }
    fputc('\n', to);
}

static void put_roff_option(FILE *to, cli_option_id id)
{
    const cli_option *o = &cli_options[id];

    fprintf(to, ".TP\n.B \\-\\-");
    for (const char *p = o->name; *p; p++)
        fprintf(to, *p == '-' ? "\\-" : "%c", *p);
    if (o->argument) fprintf(to, " \\fI%s\\fR", o->argument);
    fprintf(to, "\n");
    put_roff(to, usher_str_z(o->help));
}

static void put_roff_command(FILE *to, const cli_command *cmd)
{
    fprintf(to, ".SS usher %s", cmd->name);
    if (cmd->operands) fprintf(to, " %s", cmd->operands);
    fprintf(to, "\n");
    put_roff(to, usher_str_z(cmd->text));
    for (const cli_option_id *o = cmd->options; *o != OPT_COUNT; o++)
        put_roff_option(to, *o);
}

void cli_print_man(FILE *to)
{
    fprintf(to, ".TH USHER 1 \"\" \"usher %s\" \"usher\"\n", USHER_VERSION);
    fprintf(to, ".SH NAME\nusher \\- web sessions and sign\\-in, on the command line\n");
    fprintf(to, ".SH SYNOPSIS\n.B usher\n.I COMMAND\n[\\fIOPTION\\fR...]\n.SH COMMANDS\n");
    for (size_t i = 0; i < sizeof commands / sizeof *commands; i++)
        put_roff_command(to, &commands[i]);
    fprintf(to, ".SH EXIT STATUS\n.TP\n.B 0\nIt worked, and the answer is yes.\n.TP\n.B 1\n"
                "It worked, and the answer is no.\n.TP\n.B 2\n"
                "The command line, a file or a setting is wrong, or the system failed.\n");
    fprintf(to, ".SH ENVIRONMENT\n.TP\n.BR USHER_SECRET \", \" AUTH_SECRET \", \" NEXTAUTH_SECRET\n"
                "The secret, where no option gives one.\n.SH EXAMPLES\n");
    for (size_t i = 0; i < sizeof commands / sizeof *commands; i++) {
        usher_str lines = usher_str_z(commands[i].examples);
        while (lines.len) {
            fprintf(to, ".PP\n.nf\n");
            put_roff(to, usher_str_cut(lines, '\n', &lines));
            fprintf(to, ".fi\n");
        }
    }
}

/* ---- dispatch ------------------------------------------------------------------------------ */

cli_exit cli_version_command(cli *c, const cli_args *args)
{
    (void)args;
    fprintf(c->out, "usher %s\n", USHER_VERSION);
    return CLI_OK;
}

cli_exit cli_help_command(cli *c, const cli_args *args)
{
    if (cli_has(args, OPT_MAN)) {
        cli_print_man(c->out);
        return CLI_OK;
    }
    if (args->operand_count == 0) {
        cli_print_help(c->out);
        return CLI_OK;
    }
    usher_str name = usher_str_z(args->operands[0]);
    const cli_command *cmd = cli_command_named(name);
    if (!cmd) return cli_complain_about(c, "no such command", name);
    cli_print_command_help(c->out, cmd);
    return CLI_OK;
}

static bool is_help(usher_str word)
{
    return usher_str_eq(word, USHER_STR("--help")) || usher_str_eq(word, USHER_STR("-h"));
}

static cli_exit run_command(cli *c, const cli_command *cmd, int argc, char *const *argv)
{
    cli_args args;

    if (!cli_parse(&args, c, cmd->options, argc, argv)) {
        fprintf(c->err, "\"usher help %s\" lists its options.\n", cmd->name);
        return CLI_USAGE;
    }
    if (cli_has(&args, OPT_HELP)) {
        cli_print_command_help(c->out, cmd);
        return CLI_OK;
    }
    if (args.operand_count > cmd->operands_max)
        return cli_complain_about(c, "one word too many",
                                  usher_str_z(args.operands[cmd->operands_max]));
    return cmd->run(c, &args);
}

cli_exit cli_run(cli *c, int argc, char *const *argv)
{
    cli_exit code = CLI_USAGE;

    if (argc < 2) {
        cli_print_help(c->err);
        return CLI_USAGE;
    }
    usher_str name = usher_str_z(argv[1]);
    if (is_help(name)) {
        cli_print_help(c->out);
        return CLI_OK;
    }
    if (usher_str_eq(name, USHER_STR("--version"))) name = USHER_STR("version");
    const cli_command *cmd = cli_command_named(name);
    if (!cmd) {
        cli_complain_about(c, "no such command", name);
        cli_print_help(c->err);
        return CLI_USAGE;
    }
    usher_arena_init(&c->arena, c->alloc, 1 << 16, (size_t)1 << 29);
    code = run_command(c, cmd, argc - 1, argv + 1);
    usher_arena_deinit(&c->arena);
    if (fflush(c->out) != 0 || ferror(c->out)) {
        cli_complain(c, "the output could not be written");
        code = CLI_USAGE;
    }
    return code;
}
