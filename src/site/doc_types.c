/* doc_types - the table as types of TypeScript: what createSite of the npm package takes. */
#include "base/str.h"
#include "site/doc.h"
#include "site/table.h"

#define DEPTH_MAX 8

/* The maps that a program gives; the daemon's are for settings files. */
static const struct {
    const usher_setting_table *table;
    const char *name;
} interfaces[] = {
    {&usher_site_table, "SiteSettings"},         {&usher_accept_table, "AcceptSettings"},
    {&usher_provider_table, "ProviderSettings"}, {&usher_user_table, "DevelopmentUser"},
    {&usher_field_table, "CredentialField"},
};

static void indent(usher_buf *b, size_t depth)
{
    for (size_t i = 0; i <= depth; i++)
        usher_buf_put_z(b, "  ");
}

/* Nothing in it ends the comment. */
static void put_prose(usher_buf *b, usher_str text)
{
    for (size_t i = 0; i < text.len; i++) {
        if (text.ptr[i] == '/' && i && text.ptr[i - 1] == '*') usher_buf_put_char(b, '\\');
        usher_buf_put_char(b, text.ptr[i]);
    }
}

static void put_comment(usher_buf *b, const usher_setting *row, size_t depth)
{
    const char *fallback = row->note ? row->note : row->fallback;

    indent(b, depth);
    usher_buf_put_z(b, "/** ");
    put_prose(b, usher_str_z(row->help));
    if (fallback) {
        bool required = usher_str_starts(usher_str_z(fallback), USHER_STR("required"));
        usher_buf_put_z(b, required ? " Is " : " Default: ");
        put_prose(b, usher_str_z(fallback));
        usher_buf_put_char(b, '.');
    }
    if (row->env) {
        usher_buf_put_z(b, " Environment: ");
        put_prose(b, usher_str_z(row->env));
        usher_buf_put_char(b, '.');
    }
    usher_buf_put_z(b, " */\n");
}

/* true and false are taken without quotes, too. */
static void put_words(usher_buf *b, const char *words)
{
    usher_str word;

    for (size_t i = 0; (word = usher_setting_word(words, i)).ptr; i++) {
        if (i) usher_buf_put_z(b, " | ");
        if (usher_str_eq(word, USHER_STR("true")) || usher_str_eq(word, USHER_STR("false"))) {
            usher_buf_put(b, word);
            usher_buf_put_z(b, " | ");
        }
        usher_buf_put_char(b, '\'');
        usher_buf_put(b, word);
        usher_buf_put_char(b, '\'');
    }
}

/* The interface of the maps in a list: "site" and "accept" are "site.accept[]". */
static const char *interface_of(const usher_setting_table *t, const usher_setting *row)
{
    for (size_t i = 0; i < sizeof interfaces / sizeof *interfaces; i++) {
        usher_str name = usher_str_z(interfaces[i].table->name), outer = usher_str_z(t->name);

        if (!usher_str_starts(name, outer) || name.len <= outer.len) continue;
        name = usher_str_from(name, outer.len + 1); /* and its dot */
        if (usher_str_starts(name, usher_str_z(row->path)) &&
            usher_str_eq(usher_str_from(name, usher_str_z(row->path).len), USHER_STR("[]")))
            return interfaces[i].name;
    }
    return "never";
}

static void put_type(usher_buf *b, const usher_setting_table *t, const usher_setting *row)
{
    switch (row->type) {
    case USHER_SETTING_BOOL: usher_buf_put_z(b, "boolean"); break;
    case USHER_SETTING_INTEGER: usher_buf_put_z(b, "number"); break;
    case USHER_SETTING_BYTES: usher_buf_put_z(b, "Size"); break;
    case USHER_SETTING_DURATION:
        usher_buf_put_z(b, row->unit == USHER_UNIT_MS ? "Milliseconds | Duration" : "Duration");
        break;
    case USHER_SETTING_WORD: put_words(b, row->words); break;
    case USHER_SETTING_TEXTS:
    case USHER_SETTING_SECRETS: usher_buf_put_z(b, "readonly string[]"); break;
    case USHER_SETTING_WORDS:
        usher_buf_put_z(b, "ReadonlyArray<");
        put_words(b, row->words);
        usher_buf_put_char(b, '>');
        break;
    case USHER_SETTING_MAPS:
        usher_buf_put_z(b, "readonly ");
        usher_buf_put_z(b, interface_of(t, row));
        usher_buf_put_z(b, "[]");
        break;
    default: usher_buf_put_z(b, "string"); break;
    }
}

/* Programs have no settings file that a path could be relative to. */
static bool is_for_programs(const usher_setting *row)
{
    return row->type != USHER_SETTING_FILE && row->type != USHER_SETTING_FILES;
}

static void put_member(usher_buf *b, const usher_setting_table *t, const usher_setting *row,
                       usher_str name, size_t depth)
{
    bool must =
        row->note && !row->env && usher_str_eq(usher_str_z(row->note), USHER_STR("required"));

    put_comment(b, row, depth);
    indent(b, depth);
    usher_buf_put(b, name);
    usher_buf_put_z(b, must ? ": " : "?: ");
    put_type(b, t, row);
    usher_buf_put_z(b, ";\n");
}

/* A row's path below the group, absent if it is elsewhere. */
static usher_str below(const usher_setting *row, usher_str group)
{
    usher_str path = usher_str_z(row->path);

    if (!is_for_programs(row) || !usher_str_starts(path, group)) return (usher_str){0};
    return usher_str_from(path, group.len);
}

/* Was this member of the group begun by an earlier row? */
static bool is_begun(const usher_setting_table *t, size_t count, usher_str group, usher_str name)
{
    for (size_t i = 0; i < count; i++)
        if (usher_str_eq(usher_str_cut(below(&t->rows[i], group), '.', &(usher_str){0}), name))
            return true;
    return false;
}

/* `group` is "" or "session.": its members, and the groups in it. */
static void put_group(usher_buf *b, const usher_setting_table *t, usher_str group, size_t depth)
{
    for (size_t i = 0; i < t->count && depth < DEPTH_MAX; i++) {
        usher_str rest, name = usher_str_cut(below(&t->rows[i], group), '.', &rest);

        if (!name.len || is_begun(t, i, group, name)) continue;
        if (!rest.ptr) {
            put_member(b, t, &t->rows[i], name, depth);
            continue;
        }
        indent(b, depth);
        usher_buf_put(b, name);
        usher_buf_put_z(b, "?: {\n");
        put_group(b, t, (usher_str){t->rows[i].path, group.len + name.len + 1}, depth + 1);
        indent(b, depth);
        usher_buf_put_z(b, "};\n");
    }
}

void usher_settings_types(usher_buf *b)
{
    usher_buf_put_z(
        b, "/** Settings of a site. Made from src/site/table.h by ./dev docs. */\n\n"
           "/** Seconds, or a number with its unit: `90`, `'15m'`, `'30d'`. */\n"
           "export type Duration = number | `${number}` | `${number}${'s' | 'm' | 'h' | 'd' | "
           "'w'}`;\n\n"
           "/** The same where milliseconds count. */\n"
           "export type Milliseconds = `${number}ms`;\n\n"
           "/** Bytes, or a number with its unit: `65536`, `'64KiB'`. */\n"
           "export type Size = number | `${number}` | `${number}${'KiB' | 'MiB'}`;\n");
    for (size_t i = 0; i < sizeof interfaces / sizeof *interfaces; i++) {
        usher_buf_put_z(b, "\n/** ");
        put_prose(b, usher_str_z(interfaces[i].table->intro));
        usher_buf_put_z(b, " */\nexport interface ");
        usher_buf_put_z(b, interfaces[i].name);
        usher_buf_put_z(b, " {\n");
        put_group(b, interfaces[i].table, USHER_STR(""), 0);
        usher_buf_put_z(b, "}\n");
    }
}
