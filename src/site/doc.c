#include "site/doc.h"

#include "base/str.h"
#include "site/table.h"
#include "wire/json.h"

/* In the order of usher_setting_type. */
static const struct {
    const char *word, *people;
} types[] = {
    [USHER_SETTING_TEXT] = {"text", "text"},
    [USHER_SETTING_SECRET] = {"secret", "secret text"},
    [USHER_SETTING_BOOL] = {"bool", "true or false"},
    [USHER_SETTING_INTEGER] = {"integer", "whole number"},
    [USHER_SETTING_BYTES] = {"bytes", "size"},
    [USHER_SETTING_DURATION] = {"duration", "time"},
    [USHER_SETTING_WORD] = {"word", "one of"},
    [USHER_SETTING_URL] = {"url", "URL"},
    [USHER_SETTING_PATH] = {"path", "path of a URL"},
    [USHER_SETTING_FILE] = {"file", "file name"},
    [USHER_SETTING_TEXTS] = {"texts", "list of texts"},
    [USHER_SETTING_SECRETS] = {"secrets", "list of secret texts"},
    [USHER_SETTING_WORDS] = {"words", "list of"},
    [USHER_SETTING_FILES] = {"files", "list of file names"},
    [USHER_SETTING_MAPS] = {"maps", "list of maps"},
};

/* What both pages tell before the rows. `code` texts stand between backquotes. */
static const char *const general[] = {
    "usherd reads one YAML file (JSON is a part of YAML): a map with `site`, the site whose "
    "sessions "
    "are kept, and `daemon`, what the daemon needs besides. Programs that embed the library give "
    "the "
    "same settings as JSON to `usher_site_new`, or a file to `usher_site_load`.",
    "Every problem is shown with file, line and column, all of them in one run, and nothing starts "
    "before they are gone: unknown settings, repeated keys, values of another type or out of "
    "range, "
    "anchors, aliases, tags, merge keys and further documents. `usher check FILE` looks without "
    "starting anything. Warnings are shown and do no harm.",
    "true, false and numbers are written without quotes. A time is a number with `s`, `m`, `h`, "
    "`d` or "
    "`w` (`ms` where it says milliseconds), or seconds without one: `90`, `15m`, `30d`. A size is "
    "a "
    "number of bytes, or one with `KiB` or `MiB`.",
    "The environment is asked only for what the file does not say. In names of variables that "
    "belong "
    "to a provider, ID stands for its id in upper case with `_` for `-`: the client secret of "
    "`my-company` is `AUTH_MY_COMPANY_SECRET`. Empty variables count as not set.",
    "A secret has at least 32 bytes, is nowhere printed, and does not repeat a few characters: "
    "anything "
    "else is refused, except with `development: true`, where it is a warning. With `development: "
    "true` "
    "and no secret at all a random one is made, and sessions end with the process.",
};

static void put_words(usher_buf *b, const char *words, const char *quote)
{
    usher_str word;

    for (size_t i = 0; (word = usher_setting_word(words, i)).ptr; i++) {
        if (i) usher_buf_put_z(b, ", ");
        usher_buf_put_z(b, quote);
        usher_buf_put(b, word);
        usher_buf_put_z(b, quote);
    }
}

/* A number in the largest unit that divides it. */
static void put_scaled(usher_buf *b, int64_t n, const int64_t *scales, const char *const *units,
                       size_t count)
{
    size_t i = 0;

    while (i + 1 < count && (n % scales[i] || n < scales[i]))
        i++;
    usher_buf_put_i64(b, n / scales[i]);
    usher_buf_put_z(b, units[i]);
}

static void put_number(usher_buf *b, const usher_setting *row, int64_t n)
{
    static const int64_t times[] = {86400000, 3600000, 60000, 1000, 1},
                         sizes[] = {1048576, 1024, 1};
    static const char *const time_units[] = {"d", "h", "m", "s", "ms"};
    static const char *const size_units[] = {"MiB", "KiB", " bytes"};

    if (row->type == USHER_SETTING_DURATION)
        put_scaled(b, row->unit == USHER_UNIT_MS ? n : n * 1000, times, time_units, n ? 5 : 4);
    else if (row->type == USHER_SETTING_BYTES)
        put_scaled(b, n, sizes, size_units, 3);
    else
        usher_buf_put_i64(b, n);
}

static bool has_range(const usher_setting *row)
{
    return row->type == USHER_SETTING_INTEGER || row->type == USHER_SETTING_BYTES ||
           row->type == USHER_SETTING_DURATION;
}

static void put_type(usher_buf *b, const usher_setting *row, const char *quote)
{
    usher_buf_put_z(b, types[row->type].people);
    if (row->words) {
        usher_buf_put_char(b, ' ');
        put_words(b, row->words, quote);
    }
    if (!has_range(row)) return;
    usher_buf_put_z(b, " from ");
    put_number(b, row, row->min);
    usher_buf_put_z(b, " to ");
    put_number(b, row, row->max);
}

/* "session: {max_age: 12h}": the example at its place in the map. */
static void put_example(usher_buf *b, const usher_setting *row)
{
    usher_str rest = usher_str_z(row->path);
    size_t open = 0;

    for (;;) {
        usher_buf_put(b, usher_str_cut(rest, '.', &rest));
        usher_buf_put_z(b, ": ");
        if (!rest.ptr) break;
        usher_buf_put_char(b, '{');
        open++;
    }
    usher_buf_put_z(b, row->example);
    while (open--)
        usher_buf_put_char(b, '}');
}

/* --- Markdown --- */

static void markdown_default(usher_buf *b, const usher_setting *row)
{
    if (row->note && row->note[0] != '/') {
        usher_buf_put_z(b, row->note);
        return;
    }
    usher_buf_put_char(b, '`');
    usher_buf_put_z(b, row->note ? row->note : row->fallback);
    usher_buf_put_char(b, '`');
}

static void markdown_variables(usher_buf *b, const usher_setting *row)
{
    usher_str rest = usher_str_z(row->env);

    usher_buf_put_z(b, " · environment: ");
    while (rest.ptr) {
        usher_buf_put_char(b, '`');
        usher_buf_put(b, usher_str_trim(usher_str_cut(rest, ',', &rest)));
        usher_buf_put_z(b, rest.ptr ? "`, " : "`");
    }
}

static void markdown_row(usher_buf *b, const usher_setting_table *t, const usher_setting *row)
{
    usher_buf_put_z(b, "\n### `");
    usher_buf_put_z(b, t->name);
    usher_buf_put_char(b, '.');
    usher_buf_put_z(b, row->path);
    usher_buf_put_z(b, "`\n\n");
    put_type(b, row, "`");
    usher_buf_put_z(b, row->note && usher_str_starts(usher_str_z(row->note), USHER_STR("required"))
                           ? " · "
                           : " · default: ");
    markdown_default(b, row);
    if (row->env) markdown_variables(b, row);
    usher_buf_put_z(b, " · since ");
    usher_buf_put_z(b, row->since);
    usher_buf_put_z(b, "\n\n");
    usher_buf_put_z(b, row->help);
    usher_buf_put_z(b, "\n\n```yaml\n");
    put_example(b, row);
    usher_buf_put_z(b, "\n```\n");
}

static void markdown_table(usher_buf *b, const usher_setting_table *t)
{
    usher_buf_put_z(b, "\n## `");
    usher_buf_put_z(b, t->name);
    usher_buf_put_z(b, "`\n\n");
    usher_buf_put_z(b, t->intro);
    usher_buf_put_char(b, '\n');
    for (size_t i = 0; i < t->count; i++)
        markdown_row(b, t, &t->rows[i]);
}

void usher_settings_markdown(usher_buf *b)
{
    usher_buf_put_z(b, "# Settings\n\n<!-- Made from src/site/table.h by ./dev docs. -->\n");
    for (size_t i = 0; i < sizeof general / sizeof *general; i++) {
        usher_buf_put_char(b, '\n');
        usher_buf_put_z(b, general[i]);
        usher_buf_put_char(b, '\n');
    }
    usher_buf_put_z(b, "\n```yaml\n"
                       "site:\n"
                       "  base_url: https://app.example.com\n"
                       "  secret_file: /run/secrets/usher\n"
                       "  open: [/, /docs/*]\n"
                       "  providers:\n"
                       "    - id: company\n"
                       "      name: My Company\n"
                       "      issuer: https://id.example.com\n"
                       "      client_id: app\n"
                       "      client_secret_file: /run/secrets/company-client\n"
                       "daemon:\n"
                       "  listen: 127.0.0.1:3000\n"
                       "  trusted_peers: [127.0.0.1]\n"
                       "```\n");
    for (size_t i = 0; i < USHER_SETTING_TABLES; i++)
        markdown_table(b, usher_setting_tables[i]);
}

/* --- man page --- */

/* Text for roff: no line begins with a control character, no hyphen becomes another one. */
static void man_text(usher_buf *b, usher_str text)
{
    for (size_t i = 0; i < text.len; i++) {
        char c = text.ptr[i];
        if (c == '`') continue;
        if (c == '\\')
            usher_buf_put_z(b, "\\e");
        else if (c == '-')
            usher_buf_put_z(b, "\\-");
        else if ((c == '.' || c == '\'') && i == 0)
            usher_buf_put_z(b, "\\&"), usher_buf_put_char(b, c);
        else
            usher_buf_put_char(b, c);
    }
}

static void man_z(usher_buf *b, const char *text)
{
    man_text(b, usher_str_z(text));
}

static void man_row(usher_buf *b, const usher_setting *row)
{
    usher_buf_put_z(b, ".TP\n.B ");
    man_z(b, row->path);
    usher_buf_put_char(b, '\n');
    man_z(b, row->help);
    usher_buf_put_z(b, "\n.br\n");
    usher_str type;
    usher_buf plain;
    usher_buf_init(&plain, b->arena, 1024);
    put_type(&plain, row, "");
    if (usher_buf_take(&type, &plain, NULL) == USHER_OK) man_text(b, type);
    usher_buf_put_z(b, "; ");
    if (!row->note || !usher_str_starts(usher_str_z(row->note), USHER_STR("required")))
        usher_buf_put_z(b, "default: ");
    man_z(b, row->note ? row->note : row->fallback);
    if (row->env) {
        usher_buf_put_z(b, "; environment: ");
        man_z(b, row->env);
    }
    usher_buf_put_z(b, ".\n");
}

void usher_settings_man(usher_buf *b)
{
    usher_buf_put_z(
        b, ".\\\" Made from src/site/table.h by ./dev docs.\n"
           ".TH USHERD.YAML 5 \"\" \"usher 0.1\" \"usher\"\n"
           ".SH NAME\nusherd.yaml \\- settings of usherd and of programs that embed usher\n"
           ".SH SYNOPSIS\n.I /etc/usher/usherd.yaml\n"
           ".SH DESCRIPTION\n");
    for (size_t i = 0; i < sizeof general / sizeof *general; i++) {
        if (i) usher_buf_put_z(b, ".PP\n");
        man_z(b, general[i]);
        usher_buf_put_char(b, '\n');
    }
    for (size_t i = 0; i < USHER_SETTING_TABLES; i++) {
        const usher_setting_table *t = usher_setting_tables[i];
        usher_buf_put_z(b, ".SH \"SETTINGS OF ");
        man_z(b, t->name);
        usher_buf_put_z(b, "\"\n");
        man_z(b, t->intro);
        usher_buf_put_char(b, '\n');
        for (size_t j = 0; j < t->count; j++)
            man_row(b, &t->rows[j]);
    }
    usher_buf_put_z(b,
                    ".SH FILES\n.TP\n.I /etc/usher/usherd.yaml\nRead if no other file is named.\n"
                    ".SH SEE ALSO\n.BR usherd (8),\n.BR usher (1)\n");
}

/* --- JSON --- */

static void json_text(usher_json_writer *w, const char *name, const char *text)
{
    usher_json_put_member(w, usher_str_z(name), usher_str_z(text)); /* absent: nothing */
}

static void json_words(usher_json_writer *w, const char *words)
{
    usher_str word;

    usher_json_name(w, USHER_STR("words"));
    usher_json_open_array(w);
    for (size_t i = 0; (word = usher_setting_word(words, i)).ptr; i++)
        usher_json_put_string(w, word);
    usher_json_close_array(w);
}

static void json_variables(usher_json_writer *w, const char *env)
{
    usher_str rest = usher_str_z(env);

    usher_json_name(w, USHER_STR("environment"));
    usher_json_open_array(w);
    while (rest.ptr)
        usher_json_put_string(w, usher_str_trim(usher_str_cut(rest, ',', &rest)));
    usher_json_close_array(w);
}

static void json_row(usher_json_writer *w, const usher_setting *row)
{
    static const char *const units[] = {NULL, "s", "ms"};

    usher_json_open_object(w);
    json_text(w, "path", row->path);
    json_text(w, "type", types[row->type].word);
    json_text(w, "unit", units[row->unit]);
    if (row->words) json_words(w, row->words);
    if (row->min || row->max) {
        usher_json_name(w, USHER_STR("min"));
        usher_json_put_int(w, row->min);
        usher_json_name(w, USHER_STR("max"));
        usher_json_put_int(w, row->max);
    }
    json_text(w, "default", row->fallback);
    json_text(w, "note", row->note);
    if (row->env) json_variables(w, row->env);
    json_text(w, "since", row->since);
    json_text(w, "help", row->help);
    json_text(w, "example", row->example);
    usher_json_close_object(w);
}

void usher_settings_table_json(usher_buf *b)
{
    usher_json_writer w;

    usher_json_write_init(&w, b);
    usher_json_open_object(&w);
    usher_json_name(&w, USHER_STR("tables"));
    usher_json_open_array(&w);
    for (size_t i = 0; i < USHER_SETTING_TABLES; i++) {
        const usher_setting_table *t = usher_setting_tables[i];
        usher_json_open_object(&w);
        json_text(&w, "name", t->name);
        json_text(&w, "intro", t->intro);
        usher_json_name(&w, USHER_STR("settings"));
        usher_json_open_array(&w);
        for (size_t j = 0; j < t->count; j++)
            json_row(&w, &t->rows[j]);
        usher_json_close_array(&w);
        usher_json_close_object(&w);
    }
    usher_json_close_array(&w);
    usher_json_close_object(&w);
    usher_buf_put_char(b, '\n');
}
