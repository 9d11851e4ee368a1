#include "hosts/cli/options.h"

#include <getopt.h>
#include <string.h>

#include "base/str.h"

const cli_option cli_options[OPT_COUNT] = {
#define CLI_OPTION_ROW(symbol, name, argument, help) {name, argument, help},
    CLI_OPTIONS(CLI_OPTION_ROW)
#undef CLI_OPTION_ROW
};

#define FIRST 256 /* values of getopt_long above every character */

static void option_add(struct option *to, cli_option_id id)
{
    *to = (struct option){cli_options[id].name,
                          cli_options[id].argument ? required_argument : no_argument, NULL,
                          FIRST + (int)id};
}

static bool complain_option(cli *c, const char *what, const char *word)
{
    cli_complain_about(c, what, usher_str_z(word));
    return false;
}

bool cli_parse(cli_args *out, cli *c, const cli_option_id *known, int argc, char *const *argv)
{
    struct option table[OPT_COUNT + 1] = {{0}};
    size_t count = 0;
    int got;

    *out = (cli_args){0};
    for (; known[count] != OPT_COUNT; count++)
        option_add(&table[count], known[count]);
    option_add(&table[count], OPT_HELP);
    optind = 0; /* getopt_long starts anew */
    opterr = 0;
    while ((got = getopt_long(argc, argv, ":h", table, NULL)) != -1) {
        if (got == ':') return complain_option(c, "an option wants a value", argv[optind - 1]);
        if (got == '?') return complain_option(c, "no such option", argv[optind - 1]);
        if (got == 'h') got = FIRST + OPT_HELP;
        if (out->given_count == CLI_GIVEN_MAX)
            return complain_option(c, "too many options from here on", argv[optind - 1]);
        out->given[out->given_count].id = (cli_option_id)(got - FIRST);
        out->given[out->given_count++].value = optarg;
    }
    out->operands = argv + optind;
    out->operand_count = (size_t)(argc - optind);
    return true;
}

bool cli_has(const cli_args *args, cli_option_id id)
{
    for (size_t i = 0; i < args->given_count; i++)
        if (args->given[i].id == id) return true;
    return false;
}

const char *cli_value(const cli_args *args, cli_option_id id)
{
    const char *value = NULL;

    for (size_t i = 0; i < args->given_count; i++)
        if (args->given[i].id == id) value = args->given[i].value;
    return value;
}

usher_str cli_text(const cli_args *args, cli_option_id id)
{
    return usher_str_z(cli_value(args, id));
}

bool cli_number(int64_t *out, cli *c, const cli_args *args, cli_option_id id, int64_t otherwise,
                int64_t low, int64_t high)
{
    usher_str text = cli_text(args, id);
    bool negative = text.len && text.ptr[0] == '-';
    uint64_t n;

    *out = otherwise;
    if (!text.ptr) return true;
    if (usher_str_u64(&n, usher_str_from(text, negative)) && n <= INT64_MAX) {
        *out = negative ? -(int64_t)n : (int64_t)n;
        if (*out >= low && *out <= high) return true;
    }
    fprintf(c->err, "usher: --%s wants a whole number from %lld to %lld\n", cli_options[id].name,
            (long long)low, (long long)high);
    return false;
}
